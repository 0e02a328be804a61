"""What the whole band agrees on, as spans of ticks: where intents fall, where a part is silent, what may ring.

Ticks count from the start of the section. A span is (from, to): a note may not *begin* at ``from <= tick < to`` and one
that sounds is cut at ``from``. Every player asks here, so that a stop is the same stop for everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from scorekit.ensemble.grid import early, strokes
from scorekit.ideas import Ending
from scorekit.score import Brief, Chord, Intent, Note, Section
from scorekit.timebase import Tick

Span = tuple[Tick, Tick]

HARMONY = ("guitar", "keys", "strings", "brass", "pads")
"""The parts ``nochord`` silences."""
STRIKES = ("accent", "hold", "shot", "crash", "break", "drop")
"""Intents at which something is struck."""
SPANS = ("build", "strip", "tag", "ritardando")
"""Intents over some bars: they end nothing that was begun before them."""
HELD = ("drums", "strings", "pads", "lead")
"""The parts that go on while all others are stripped away: who plays on the drums has no kick there."""
_BUILD, _RAMP = 15.0, 4.0
"""Velocity gained over a build, and over a ramp."""


def binds(intent: Intent, part: str) -> bool:
    """Whether an intent is for a part: intents that name nobody are for everybody."""
    return not intent.parts or part in intent.parts


def at(section: Section, kind: str, part: str) -> tuple[Tick, ...]:
    """Ticks of the intents of a kind that bind a part, rising."""
    if not section.intents:
        return ()
    return tuple(sorted({i.tick for i in section.intents if i.kind == kind and binds(i, part)}))


def bar_end(section: Section, tick: Tick) -> Tick:
    """The bar line after a tick."""
    return (tick // section.meter.bar + 1) * section.meter.bar


def last_bar(section: Section) -> Tick:
    """Where the last bar of the section begins."""
    return section.length - section.meter.bar


def ring(section: Section, tick: Tick, part: str) -> Tick:
    """Where a note held from a tick ends: at the next intent for the part, or the bar line."""
    return min([bar_end(section, tick), *_later(section, tick, part)])


def _later(section: Section, tick: Tick, part: str) -> list[Tick]:
    """Ticks of the intents for a part at one place after a tick."""
    return [i.tick for i in section.intents if i.tick > tick and binds(i, part) and i.kind not in SPANS]


def holds(section: Section, part: str) -> tuple[Span, ...]:
    """(struck at, let go at) of each hold."""
    return tuple((tick, ring(section, tick, part)) for tick in at(section, "hold", part))


def strikes(section: Section, part: str) -> tuple[Tick, ...]:
    """Ticks at which the part must strike: accents, holds, shots, crashes, drops, the one hit of a break bar; horns, which
    else wait for the tune's rests, also where a hook arrives."""
    ticks = {tick for kind in STRIKES for tick in at(section, kind, part)} | set(breaks(section, part))
    ticks |= {0} if part == "brass" and peaks(section) else set()
    return tuple(sorted(tick for tick in ticks if tick < section.length))


def shorts(section: Section, part: str) -> tuple[Tick, ...]:
    """Ticks at which the part strikes short: shots, and the one hit of a break bar."""
    return tuple(sorted({*at(section, "shot", part), *breaks(section, part)}))


def breaks(section: Section, part: str) -> tuple[Tick, ...]:
    """Where break bars begin: those asked for, and the last one of a section that ends with a break."""
    closing = {last_bar(section)} if "break" in section.flags else set()
    return tuple(sorted({*at(section, "break", part), *closing}))


def closing_break(section: Section, part: str) -> Tick | None:
    """Where the last bar breaks off; None when it does not."""
    return next((tick for tick in breaks(section, part) if tick >= last_bar(section)), None)


def strips(section: Section) -> tuple[Span, ...]:
    """The bars stripped bare before a drop."""
    return tuple((i.tick, i.tick + i.length) for i in section.intents if i.kind == "strip")


def begun_by_all(section: Section) -> bool:
    """Whether a section begins with a drop: everybody is there from its first beat."""
    return any(i.kind == "drop" and i.tick == 0 for i in section.intents)


def peaks(section: Section) -> bool:
    """Whether the hook is played with energy: nobody comes late or rests, what leads to it is thinner instead."""
    return section.melody == "hook" and section.tier >= 4


LONG = 8
"""Bars from which a chorus has a second half that is unlike the first."""


def lifts(section: Section) -> Tick:
    """From where on a long chorus rises: its middle; 0 in all others and in other sections."""
    return section.bars // 2 * section.meter.bar if section.bars >= LONG and section.melody == "hook" else 0


def risen(section: Section, tick: Tick) -> bool:
    """Whether a tick lies in the second half of a long chorus that is played with energy: there it is wider."""
    return peaks(section) and 0 < lifts(section) <= tick


def build(section: Section) -> Span | None:
    """The bars of a section that build."""
    if not section.intents:
        return None
    return next(((i.tick, i.tick + i.length) for i in section.intents if i.kind == "build"), None)


def rise(section: Section, tick: Tick) -> float:
    """How far a build (or without one, a ramp over the whole section) has risen at a tick: 0 to 1."""
    span = build(section) or ((0, section.length) if "ramp" in section.flags else None)
    return 0.0 if span is None else min(1.0, max(0.0, (tick - span[0]) / (span[1] - span[0])))


def swell(section: Section, tick: Tick) -> float:
    """Velocity gained by a tick of a build or a ramp."""
    if not section.intents and "ramp" not in section.flags:
        return 0.0
    return (_RAMP if build(section) is None else _BUILD) * rise(section, tick)


def lift(section: Section, bar: int) -> int:
    """Tiers gained by a bar: one in the second half of a ramp; over a build one from its middle, two in its last quarter."""
    up = rise(section, bar * section.meter.bar)
    return 0 if up < 0.5 else 1 if build(section) is None or up < 0.75 else 2


def pedals(section: Section, part: str) -> tuple[Span, ...]:
    """Spans under a pedal point: from each pedal to the next intent for the part, or the end of the section."""
    starts = at(section, "pedal", part)
    return tuple((tick, min([section.length, *_later(section, tick, part)])) for tick in starts)


def pushes(section: Section, part: str) -> tuple[tuple[Tick, Chord | None], ...]:
    """(tick, chord) of each push: the chord that begins at or after the intent is struck an eighth early, at that tick.

    The chord is None when it is the next section's first. A push to the very start of the section cannot be played.
    """
    found = []
    for tick in at(section, "push", part):
        chord = next((c for c in section.chords if c.start >= tick), None)
        struck = (chord.start if chord else section.length) - early(section)
        if struck >= 0:
            found.append((struck, chord))
    return tuple(found)


def silences(section: Section, part: str) -> tuple[Span, ...]:
    """Where a part may not begin a note: stops, what follows the hit of a hold or a break bar, nochord, a vacuum, a strip."""
    spans = [(tick, bar_end(section, tick)) for tick in at(section, "stop", part)]
    spans += [(tick + 1, end) for tick, end in holds(section, part)]
    if part in HARMONY:
        spans += [(tick, bar_end(section, tick)) for tick in at(section, "nochord", part)]
    spans += [(tick + 1, bar_end(section, tick)) for tick in breaks(section, part)]
    spans += [span for span in strips(section) if part not in HELD]
    if part == "bass" and "vacuum" in section.flags:
        spans.append((section.length - sum(section.meter.pulses[-2:]), section.length))
    return tuple(sorted(spans))


def absences(brief: Brief) -> tuple[Span, ...]:
    """Where the lane keeps a part silent: before it enters, once it leaves, in its bars of rest, or throughout."""
    section, lane = brief.section, brief.lane
    if not lane.plays:
        return ((0, section.length),)
    bar = section.meter.bar
    spans = [(n * bar, (n + 1) * bar) for n in lane.rests if 0 <= n < section.bars]
    if lane.enter > 0:
        spans.append((0, lane.enter))
    if lane.leave is not None and lane.leave < section.length:
        spans.append((lane.leave, section.length))
    return tuple(sorted(spans))


class Touch(Struct, frozen=True):
    """One stroke of the song's ending: ticks from the start of the section, how hard, and on which degree of which chord
    (the one that sounds at a tick: the next, when it is struck early)."""

    at: Tick
    length: Tick
    mark: str
    sounds: Tick
    degree: str = "R"


def finale(brief: Brief) -> Tick | None:
    """Where the song's ending begins: the first stroke of anybody in it; None in every section but the last."""
    ending = brief.ending
    if ending is None:
        return None
    firsts = [t.at for name, _ in ending.rows for t in laid_out(ending, name, brief.section)]
    return min(firsts, default=last_bar(brief.section))


def laid_out(ending: Ending, name: str, section: Section) -> tuple[Touch, ...]:
    """What a part, or a kit row, strikes in an ending, whatever the tier."""
    row = ending.row(name)
    if row is None:
        end = last_bar(section)
        return (Touch(end, section.meter.bar, "X", end),)
    degrees = dict(ending.degrees).get(name, ())
    first, found = section.bars - row.bars, []
    for bar in range(max(0, first), section.bars):
        for s in strokes(row, section.meter, section.grid, bar - first):
            at = bar * section.meter.bar + s.at
            degree = degrees[s.index] if s.index < len(degrees) else "R"
            found.append(Touch(at, min(s.length, section.length - at), s.mark, at, degree))
    return tuple(_anticipated(touch, found, section) for touch in found)


def _anticipated(touch: Touch, touches: Sequence[Touch], section: Section) -> Touch:
    """A stroke up to an eighth before a chord on which nothing is struck comes early, for that chord."""
    coming = (c.start for c in section.chords if 0 < c.start - touch.at <= early(section))
    struck = {t.at for t in touches}
    return replace(touch, sounds=next((tick for tick in coming if tick not in struck), touch.at))


def touches(brief: Brief, name: str = "") -> tuple[Touch, ...]:
    """What the part of a brief strikes last, rising: softer where the song goes out quietly. ``name`` is a kit row."""
    if brief.ending is None:
        return ()
    soft = brief.lane.tier < 3
    found = laid_out(brief.ending, name or brief.part, brief.section)
    return tuple(replace(t, mark="x") if soft and t.mark in "X!" else t for t in found)


def told(brief: Brief) -> str:
    """Why a note of the song's ending is there."""
    return f"ending, {brief.ending.id}" if brief.ending else ""


def quiet(brief: Brief) -> tuple[Span, ...]:
    """All spans in which the part of a brief may not begin a note: intents, its lane, and around what it strikes last."""
    end, length = finale(brief), brief.section.length
    after: list[Span] = []
    if end is not None:
        begins = [end, *(t.at + 1 for t in touches(brief))]
        after = [(a, b) for a, b in zip(begins, [*(t.at for t in touches(brief)), length], strict=True) if a < b]
    return tuple(sorted((*silences(brief.section, brief.part), *absences(brief), *after)))


def inside(spans: Iterable[Span], tick: Tick) -> bool:
    """Whether a tick lies in one of the spans."""
    return any(start <= tick < end for start, end in spans)


def hush(notes: Iterable[Note], spans: Sequence[Span]) -> tuple[Note, ...]:
    """The notes that may sound: those beginning in a span are left out, those sounding into one are cut at its start.

    The hit a silence frames (a hold, a break, the song's last) begins one tick before its span and is left to ring.
    """
    if not spans:
        return tuple(notes)
    kept = []
    for note in notes:
        if inside(spans, note.start):
            continue
        cut = min((s for s, _ in spans if note.start + 1 < s < note.end), default=note.end)
        kept.append(note if cut == note.end else replace(note, length=cut - note.start))
    return tuple(kept)
