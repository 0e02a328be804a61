"""From drafts to notes, for strings, brass and pads: :func:`perform` meets the band's strokes, carries out its intents, the
lane and the song's ending, and hands out the phrase."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from msgspec.structs import replace

from scorekit import theory
from scorekit.ensemble import intents
from scorekit.ensemble.base import VELOCITY, Pen
from scorekit.ensemble.chorale import Span, Voicing
from scorekit.ensemble.listening import begun, unfolded
from scorekit.ensemble.seats import opened
from scorekit.ensemble.sustain import Draft, Player, led, voicing_at
from scorekit.score import Brief, Note, Origin, Phrase
from scorekit.timebase import PPQ, Tick


def perform(player: Player, drafts: Sequence[Draft]) -> Phrase:
    """The phrase: entrances and rests of the lane, the band's hits, silences, and the last chord of the song."""
    brief, pen = player.brief, Pen(player.brief.part)
    if not brief.lane.plays:
        return pen.phrase(brief.section.length)
    out = _entered(anchored(player, drafts), intents.absences(brief))
    parts = player.spans
    breathes = _breathes(player)
    chain = led(player, parts) if intents.strikes(brief.section, brief.part) or brief.ending or breathes else ()
    out = _breathed(player, out, parts, chain) if breathes else out
    out = _struck(player, out, parts, chain)
    out = _ended(player, out, parts, chain)
    low, high = brief.lane.low, brief.lane.high
    notes = [
        Note(d.start, d.length, theory.fold(d.pitch, low, max(high, low + 11)), _loud(d), d.manner, n)
        for n, d in enumerate(out)
        if d.length > 0
    ]
    for note in intents.hush((*notes, *_opened(brief, notes)), intents.quiet(brief)):
        draft = out[note.origin]
        place = f"{brief.seed.address}/{note.start // player.bar}"
        origin = Origin(player.behaviour.path, brief.part, draft.idea or player.behaviour.kind, place)
        pen.write(note.start, note.length, note.pitch, note.velocity, origin, note.manner)
    return pen.phrase(brief.section.length, player.behaviour.id)


def _opened(brief: Brief, notes: Sequence[Note]) -> Iterator[Note]:
    """The octaves that a loud section adds to chords and long tones, a little softer."""
    by_start = {start: list(struck) for start, struck in groupby(sorted(notes, key=_start), key=_start)}
    for struck in by_start.values():
        model = struck[-1]
        for pitch in opened(brief.part, brief.lane.tier, [note.pitch for note in struck]):
            yield replace(model, pitch=pitch, velocity=max(1, model.velocity - 8))


def _start(note: Note) -> Tick:
    return note.start


EVEN = frozenset({"ostinato", "ostinato_16", "tremolo", "pizz", "pulse", "unison_riff", "soli_close4", "riser"})
"""Kinds whose rhythm is their own."""


def anchored(player: Player, drafts: Sequence[Draft]) -> Sequence[Draft]:
    """What begins where none of those heard does, moved to where the nearest does within an eighth: who seldom strikes,
    strikes with the band. What ended there ends with it."""
    brief = player.brief
    if player.behaviour.kind in EVEN or not brief.gist("bass").plays:
        return drafts
    figures = (*brief.gist("bass").figure, *brief.gist("keys").figure)
    heard = unfolded(figures, brief.section) | begun(brief.hears("lead"))
    taken = {draft.start for draft in drafts}
    moved: dict[Tick, Tick] = {}
    for start in sorted(taken - heard):
        near = (start + far for far in (-PPQ // 4, PPQ // 4, PPQ // 2, -PPQ // 2))
        at = next((t for t in near if t in heard and t not in taken and t not in moved.values()), start)
        moved[start] = at
    return [_shifted(draft, moved) for draft in drafts]


def _shifted(draft: Draft, moved: Mapping[Tick, Tick]) -> Draft:
    start = moved.get(draft.start, draft.start)
    end = start + draft.length if draft.length < PPQ else moved.get(draft.end, draft.end)
    return replace(draft, start=start, length=max(PPQ // 6, end - start))


def _breathes(player: Player) -> bool:
    """Whether the player announces what comes after a section without drums."""
    brief = player.brief
    leads = "nodrums" in brief.section.flags and not brief.ending and brief.section.bars >= 2
    return leads and player.behaviour.kind != "riser" and brief.seed.chance("breath in", 0.95)


def _breathed(player: Player, drafts: list[Draft], parts: Sequence[Span], chain: Sequence[Voicing]) -> list[Draft]:
    """In the last bar the voices of the chord come in one after another, the lowest first, each louder and held to the end,
    nothing struck twice; where the chord changes there they stay."""
    section, high = player.brief.section, player.brief.lane.high
    end = section.length
    begin = end - player.bar
    if any(begin < span.start < end for span in parts):
        return drafts
    voicing = voicing_at(parts, chain, begin)
    ladder = sorted({p + up for p in voicing for up in (0, 12) if p + up <= high})
    ticks = [begin + at for at in section.meter.onsets][: len(ladder)]
    kept = [d if d.end <= begin else replace(d, length=begin - d.start) for d in drafts if d.start < begin]
    for n, tick in enumerate(ticks):
        loud = player.velocity(tick, 0.0) - 4 + 40 * n / len(ticks)
        some = ladder[n * len(ladder) // len(ticks) : (n + 1) * len(ladder) // len(ticks)]
        kept += [Draft(tick, end - tick, pitch, loud, "legato", "breathes in") for pitch in some]
    return kept


def _loud(draft: Draft) -> int:
    return min(127, max(1, round(draft.velocity)))


def _entered(drafts: Sequence[Draft], absences: Sequence[intents.Span]) -> list[Draft]:
    """What sounds on when a rest ends is struck there."""
    out = []
    for draft in drafts:
        for start, end in absences:
            if start <= draft.start < end < draft.end and draft.end - end >= PPQ // 2:
                draft = replace(draft, start=end, length=draft.end - end)
        out.append(draft)
    return out


def _struck(player: Player, drafts: list[Draft], parts: Sequence[Span], chain: Sequence[Voicing]) -> list[Draft]:
    """The band's hits: everything that sounds is struck again at the tick, and short or held on as asked."""
    section, part = player.brief.section, player.brief.part
    shorts, held = intents.shorts(section, part), dict(intents.holds(section, part))
    for tick in intents.strikes(section, part):
        end = tick + PPQ // 2 if tick in shorts else held.get(tick, 0)
        here = [d for d in drafts if d.start == tick]
        if not end and here:
            drafts = [replace(d, velocity=d.velocity + 14) if d.start == tick else d for d in drafts]
            continue
        rest = [d if d.end <= tick else replace(d, length=tick - d.start) for d in drafts if d.start < tick]
        later = [d for d in drafts if d.start > tick and d.start >= end]
        sounding = [d for d in drafts if d.start < tick and d.end > tick]
        pitches = tuple(d.pitch for d in here or sounding) or voicing_at(parts, chain, tick)
        end = end or max([d.end for d in sounding], default=tick + PPQ)
        loud = player.velocity(tick, 0.0) + 18
        manner = "short" if tick in shorts else ""
        drafts = rest + [Draft(tick, end - tick, p, loud, manner, "hit with the band") for p in pitches] + later
    return drafts


def _ended(player: Player, drafts: list[Draft], parts: Sequence[Span], chain: Sequence[Voicing]) -> list[Draft]:
    """The song's ending: its chords at its strokes."""
    end = intents.finale(player.brief)
    if end is None:
        return drafts
    kept = [d if d.end <= end else replace(d, length=end - d.start) for d in drafts if d.start < end]
    touches = intents.touches(player.brief)
    for t in touches:
        loud = player.velocity(t.at, 0.0) + 10 + (VELOCITY[t.mark] - VELOCITY["X"]) / 2
        manner = "short" if t.length < PPQ else ""
        voicing = voicing_at(parts, chain, t.sounds)
        if player.brief.part == "pads" and t is touches[-1]:
            voicing = _rooted(player.brief, voicing, t.sounds)
        kept += [Draft(t.at, t.length, p, loud, manner, intents.told(player.brief)) for p in voicing]
    return kept


def _rooted(brief: Brief, voicing: Voicing, tick: Tick) -> Voicing:
    """What sounds last with the root and the fifth of its chord at the bottom: everybody else may have left."""
    chord, low = brief.section.chord_at(tick), brief.lane.low
    if not voicing:
        return voicing
    root = low + (chord.root - low) % 12
    fifth = {root + 7} if (chord.root + 7) % 12 in theory.chord_classes(chord.root, chord.quality) else set()
    low_end = {root, *fifth}
    above = sorted({p for p in voicing if p > root} - low_end)
    return tuple(sorted({*low_end, *above[-max(2, len(voicing) - len(low_end)) :]}))
