"""What strings, brass and pads share: voices led through the chords, behaviours they have in common, and their notes.

A behaviour is a function from a :class:`Player` to drafts of notes (see ``drafts`` for what becomes of them).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from math import pi, sin

from msgspec import Struct
from msgspec.structs import replace

from scorekit import theory
from scorekit.ensemble import intents
from scorekit.ensemble.base import LOUDER, select
from scorekit.ensemble.chorale import Span, Voicing, led_through, spans
from scorekit.ensemble.grid import strokes
from scorekit.ensemble.masks import of_section
from scorekit.ensemble.motifs import Tone
from scorekit.ensemble.playing import home
from scorekit.ensemble.seats import sung_over, yielding
from scorekit.ensemble.voicing import revoiced
from scorekit.ideas import SECTION_MASKS, Behaviour, Pattern, SustainIdeas, fits
from scorekit.score import Brief, Key
from scorekit.timebase import PPQ, Tick

OPENINGS = (4.0, 2.0, 1.0)
"""Weights of the best way through the chords, and of the best that open otherwise."""

CROSSING = {"brass": 5}
"""Semitones by which a part's chords may rise over the lowest tone the tune has meanwhile: what is struck in its gaps may lie
at its height."""
STIRS = 0.75
"""How many held chords would move a voice within; two in three of these have none that can without rubbing."""


class Draft(Struct, frozen=True):
    """A note in the making."""

    start: Tick
    length: Tick
    pitch: int
    velocity: float
    manner: str = ""
    idea: str = ""

    @property
    def end(self) -> Tick:
        return self.start + self.length


class Player(Struct, frozen=True, dict=True):
    """One section player at work: the brief, the behaviour chosen, and how many voices it has."""

    brief: Brief
    ideas: SustainIdeas
    behaviour: Behaviour
    voices: int
    loud: float
    """Velocity at tier 3."""
    still: float = 1.0
    """Weight of the top line's movement in leading voices; small: minimum motion."""

    @property
    def bar(self) -> Tick:
        return self.brief.section.meter.bar

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """The chords it plays over."""
        return spans(self.brief)

    def velocity(self, tick: Tick, depth: float = 6.0) -> float:
        """Velocity at a tick: the tier's, swelling over each four bars, rising through a ramp or a build."""
        section = self.brief.section
        u = tick % (4 * self.bar) / (4 * self.bar)
        base = self.loud + LOUDER * (self.brief.lane.tier - 3) + self.brief.cell.velocity
        return base + depth * (2 * sin(pi * min(1.0, u * 1.1)) - 1) + intents.swell(section, tick)


Kind = Callable[[Player], list[Draft]]


# -- choosing --------------------------------------------------------------------------------------------------------


def chosen(brief: Brief, ideas: SustainIdeas, kinds: Mapping[str, Kind], default: str) -> Behaviour:
    """The behaviour of a cell: the one asked for, else by tier, weight and dials; the default where there is none."""
    known = [b for b in ideas.behaviours if b.kind in kinds and _allowed(b, brief)]
    if brief.lane.answers:
        known = [b for b in known if b.kind != "answer"] or known
    named = [b for b in ideas.behaviours if brief.cell.pattern in (b.id, b.kind) and b.kind in kinds]
    if named:
        return named[0]
    if brief.cell.pattern in kinds:
        return Behaviour(brief.cell.pattern, (1, 2, 3, 4, 5), 1.0, brief.cell.path, "", brief.cell.pattern)
    if not known:
        return Behaviour(default, (1, 2, 3, 4, 5), 1.0, f"genre.{brief.part}", "", default)
    return select(known, brief.lane.tier, home(brief), "behaviour", brief.dials, [_busyness(b) for b in known])


def _allowed(behaviour: Behaviour, brief: Brief) -> bool:
    """Whether a behaviour's mask fits the section."""
    return fits(behaviour.mask, of_section(brief.section), SECTION_MASKS)


_NOTES = {
    "ostinato": 8.0,
    "ostinato_16": 10.0,
    "tremolo": 12.0,
    "pulse": 6.0,
    "pizz": 5.0,
    "soli_close4": 5.0,
    "unison_riff": 4.0,
    "stabs": 3.0,
    "countermelody": 3.0,
    "line": 3.0,
    "answer": 2.0,
    "backgrounds": 2.0,
}


def _busyness(behaviour: Behaviour) -> float:
    """Onsets per bar of a behaviour, as written or as usual for its kind."""
    if behaviour.rhythm:
        return len(behaviour.rhythm.hits) / behaviour.rhythm.bars
    return _NOTES.get(behaviour.kind, 1.0)


def players(brief: Brief, voices: Sequence[int]) -> int:
    """How many voices play: by tier, more or fewer with complexity and density."""
    lean = 2 * (brief.dials.complexity - 0.5) + 5 * (brief.dials.density - 0.5)
    return min(4, max(1, voices[brief.lane.tier - 1] + round(lean)))


# -- voices ----------------------------------------------------------------------------------------------------------


def led(player: Player, parts: Sequence[Span], count: int | None = None) -> tuple[Voicing, ...]:
    """One voicing for each span: minimal but not frozen motion, under the tune and clear of its held notes.

    Where the first chord sits is a choice, the same for all statements of a section.
    """
    lane = player.brief.lane
    over = CROSSING.get(player.brief.part, 0)
    key = tuple((s.chord.root, s.chord.quality, min(127, s.ceiling + over), s.held) for s in parts)
    take = home(player.brief).pick("opening", OPENINGS)
    chain = led_through(key, lane.low, max(lane.high, lane.low + 12), count or player.voices, player.still, take)
    if player.brief.part == "brass":
        return chain
    lead = player.brief.hears("lead")
    return tuple(
        yielding(voicing, sung_over(lead, s.start, s.end)) if s.ceiling < 127 else voicing
        for voicing, s in zip(chain, parts, strict=True)
    )


def tied(player: Player, parts: Sequence[Span], chain: Sequence[Voicing], idea: str) -> list[Draft]:
    """Each voice as a line: a pitch that stays is held on, and struck again after the genre's longest sustain."""
    most = player.ideas.max_sustain * PPQ
    drafts: list[Draft] = []
    for voice in range(max(map(len, chain), default=0)):
        open_note: Draft | None = None
        for span, voicing in zip(parts, chain, strict=True):
            if voice >= len(voicing):
                continue
            long = open_note is not None and span.end - open_note.start > most
            if open_note and open_note.pitch == voicing[voice] and not long and open_note.end == span.start:
                open_note = replace(open_note, length=span.end - open_note.start)
                drafts[-1] = open_note
                continue
            loud = player.velocity(span.start) + (3 if voice == len(voicing) - 1 else 0)
            open_note = Draft(span.start, span.end - span.start, voicing[voice], loud, "legato", idea)
            drafts.append(open_note)
    return drafts


def inner(player: Player, span: Span, voicing: Voicing, before: Voicing) -> list[tuple[Span, Voicing]]:
    """A held chord as its voices move within it: now and then a fourth that the chord before had waits for its third, or in
    the second half one voice goes on by step; never over power chords, where the tune would rub against it or the song ends."""
    section, chord = player.brief.section, span.chord
    seed = home(player.brief).at("inner", span.start)
    half = (span.end - span.start) // 2 // PPQ * PPQ
    odds = STIRS * (0.5 + player.brief.dials.complexity)
    last = bool(player.brief.ending) and span.end + player.bar > section.length
    plain = last or section.chord_at(span.start).quality == "5"
    if half < PPQ or plain or not seed.chance("moves", odds):
        return [(span, voicing)]
    turn = span.start + half
    waits = _suspended(span, section.key, voicing, before)
    if waits != voicing:
        first, then = waits, voicing
    else:
        top = min(player.brief.lane.high, max(span.ceiling - 1, voicing[-1]))
        first, then = voicing, revoiced(voicing, chord, section.key, player.brief.lane.low, top, seed.unit("which"))
        if (
            half < 2 * PPQ
            or first == then
            or any((p - m) % 12 in (1, 11) for p in set(then) - set(first) for m in span.held)
        ):
            return [(span, voicing)]
    return [(replace(span, end=turn), first), (replace(span, start=turn), then)]


def _suspended(span: Span, key: Key, voicing: Voicing, before: Voicing) -> Voicing:
    """A voicing with the fourth that sounds already in place of its third; the voicing itself where there is none."""
    root, classes = span.chord.root, theory.chord_classes(span.chord.root, span.chord.quality)
    known = {p % 12 for p in theory.scale_pitches(key.tonic, key.mode)}
    fourth = (root + 5) % 12
    if fourth not in known or fourth in classes or (root + 7) % 12 not in classes:
        return voicing
    for n, pitch in enumerate(voicing):
        wait = pitch + 5 - (pitch - root) % 12
        rubs = any((wait - m) % 12 in (1, 11) for m in (*span.held, *voicing[:n], *voicing[n + 1 :]))
        if n and (pitch - root) % 12 in (3, 4) and wait in before and wait not in voicing and not rubs:
            return (*voicing[:n], wait, *voicing[n + 1 :])
    return voicing


def moving(player: Player, parts: Sequence[Span]) -> list[list[tuple[Span, Voicing]]]:
    """The chords of the section, each in one piece or in two between which a voice moves."""
    chain = led(player, parts)
    befores = [(), *chain][: len(chain)]
    return [inner(player, *told) for told in zip(parts, chain, befores, strict=True)]


# -- behaviours they share -------------------------------------------------------------------------------------------


def sustain(player: Player) -> list[Draft]:
    """Held chords, each voice moving only when it must."""
    pieces = [piece for chord in moving(player, player.spans) for piece in chord]
    return tied(player, [span for span, _ in pieces], [voicing for _, voicing in pieces], "held chords, voices led")


def organ_hold(player: Player) -> list[Draft]:
    """Held chords struck anew at each change."""
    return [
        replace(draft, velocity=player.velocity(draft.start, 3.0), manner="")
        for pieces in moving(player, player.spans)
        for draft in tied(player, [span for span, _ in pieces], [v for _, v in pieces], "held organ chords")
    ]


def swell(player: Player) -> list[Draft]:
    """In the second half of every four bars (in all of them in a loud hook) voices enter one after another, lowest first,
    louder and louder, and stop together at the end."""
    block, drafts = 4 * player.bar, []
    whole = intents.peaks(player.brief.section)
    parts = player.spans
    chain = led(player, parts)
    length = player.brief.section.length
    for start in range(0, length, block):
        end = min(start + block, length)
        first = start if whole else end - (end - start) // 2
        rise = [(s, v) for s, v in zip(parts, chain, strict=True) if s.start < end and s.end > first]
        for span, voicing in rise:
            begin, stop = max(span.start, first), min(span.end, end)
            drafts += _stagger(player, begin, stop, voicing, (begin - start) / max(1, end - start))
    return drafts


def _stagger(player: Player, start: Tick, stop: Tick, voicing: Voicing, u: float) -> list[Draft]:
    unit = PPQ // player.brief.section.grid
    step = min(PPQ, (stop - start) // (2 * len(voicing)) // unit * unit)
    drafts = []
    for n, pitch in enumerate(voicing):
        at = start + n * step
        loud = player.velocity(at, 0.0) - 14 + 24 * u + 5 * n
        drafts.append(Draft(at, stop - at, pitch, loud, "legato", "swell, voices entering"))
    return drafts


def high_pedal(player: Player) -> list[Draft]:
    """One high tone that belongs to most of the chords, giving way where it would clash; octaves at high energy."""
    brief, parts = player.brief, player.spans
    low, high = max(brief.lane.low, brief.lane.high - 12), brief.lane.high
    home = max(range(low, high + 1), key=lambda p: (_belonging(p, parts), -abs(p - (high - 4))))
    deep = brief.lane.tier >= 4 and home - 12 >= brief.lane.low and not brief.hears("lead")
    lines = (0, -12) if deep else (0,)
    chain = [tuple(sorted(_kept(home, span) + shift for shift in lines)) for span in parts]
    return tied(player, parts, chain, "high pedal")


def _belonging(pitch: int, parts: Sequence[Span]) -> int:
    """Ticks during which a pitch is a chord tone."""
    return sum(s.end - s.start for s in parts if pitch % 12 in theory.chord_classes(s.chord.root, s.chord.quality))


def _kept(home: int, span: Span) -> int:
    """The pedal's pitch in a span: itself unless a semitone from a chord tone, then the nearest chord tone."""
    classes = theory.chord_classes(span.chord.root, span.chord.quality)
    rubs = any((home - pc) % 12 in (1, 11) for pc in classes) and home % 12 not in classes
    return theory.nearest(home, classes) if rubs else home


def rhythm(player: Player, default: Pattern | None = None) -> Iterator[Tone]:
    """The onsets of the behaviour's rhythm (or a default one): ticks, length and mark; fewer when simple or thin."""
    brief, pattern = player.brief, player.behaviour.rhythm or default
    lean = (brief.dials.complexity - 0.5) + 2 * (brief.dials.density - 0.5)
    if pattern is None:
        return
    for bar in range(brief.section.bars):
        for stroke in strokes(pattern, brief.section.meter, brief.section.grid, bar):
            at = bar * player.bar + stroke.at
            if brief.seed.at(bar).unit(f"hit/{stroke.at}") < min(stroke.chance, 1.2 + lean):
                yield Tone(at, stroke.length, 0, stroke.mark)


def voicing_at(parts: Sequence[Span], chain: Sequence[Voicing], tick: Tick) -> Voicing:
    """The voicing sounding at a tick."""
    for span, voicing in zip(parts, chain, strict=True):
        if tick < span.end:
            return voicing
    return chain[-1] if chain else ()
