"""The percussion generator: shakers, tambourines and hand drums around the kit, one phrase with its own answer bar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace

from scorekit.ensemble.base import Pen
from scorekit.ensemble.beats.groove import bar_at, chosen, drum_ideas, facts_at, humanity, swell
from scorekit.ensemble.beats.kit import (
    Bar,
    Knock,
    busyness,
    energy,
    knocks,
    live,
    over,
    strength,
    strike,
    velocity,
)
from scorekit.ensemble.masks import momentary, of_section
from scorekit.ensemble.playing import whole_song
from scorekit.ideas import SECTION_MASKS, Layer, fits
from scorekit.score import Brief, Note, Origin, Phrase
from scorekit.theory import DRUM_NOTES
from scorekit.timebase import PPQ, Tick

_HAT_PITCHES = frozenset(DRUM_NOTES[row] for row in ("hh", "oh", "ride", "bell"))
_SHAKEN = ("shaker", "cabasa", "tamb")
_ROOM = (0, 0, 1, 2, 2)
"""Layers at tiers 1 to 5: a chorus that returns louder has no more."""
_CEILING = 1.3
"""Most strokes of cymbals and shakers together, per sixteenth."""


def layers(brief: Brief, bar: int) -> tuple[Layer, ...]:
    """The layers of a bar in the genre's order: more with energy and in the second half of 16 bars, never
    more than the song's percussionist has hands for; none in songs that have none. Where percussion is the style
    (``percussion`` is 1) somebody always plays; elsewhere nobody does in the quiet sections of a song's beginning, nor in the first bars
    of a new verse."""
    ideas = drum_ideas(brief)
    if not whole_song(brief).at("percussion").chance("hired", ideas.percussion):
        return ()
    tier = round(energy(brief, bar))
    true = facts_at(brief, bar)
    able = [layer for layer in ideas.layers if not momentary(layer) or fits(layer.mask, true)]
    here = of_section(brief.section)
    fitting = [layer for layer in able if tier in layer.tiers and fits(layer.mask, here, SECTION_MASKS)]
    later = brief.section.bars >= 16 and bar >= brief.section.bars // 2
    room = _ROOM[tier - 1] + later + round(busyness(brief))
    waits = (
        ideas.percussion < 1.0 and brief.section.bars >= 8 and brief.section.occurrence == 1 and bar < 4 and tier <= 3
    )
    room = min(ideas.hands, max(room - waits, int(ideas.percussion >= 1.0)))
    song = whole_song(brief).at("percussion")
    appeal = [layer.weight * (0.3 + song.unit(f"layer/{layer.path}")) for layer in fitting]
    rank = sorted(range(len(fitting)), key=lambda n: (-appeal[n], n))
    return tuple(fitting[n] for n in sorted(rank[:room]))


def phrase_length(brief: Brief) -> int:
    """Bars of the percussion's own phrase: two, or four when the groove itself is a loop of two."""
    groove = chosen(brief)
    loop = max((pattern.bars for _, pattern in groove.rows), default=1) if groove else 1
    return 4 if loop == 2 else 2


def answered(played: list[Knock], bar: Bar, wish: float) -> list[Knock]:
    """The answer bar of a phrase, by the chance wished for: one late stroke doubled, another left out."""
    late = [k for k in played if 2 * k.at >= bar.meter.bar and k.row not in _SHAKEN]
    if not late or not bar.seed.chance("answer", wish):
        return played
    doubled = bar.seed.choose("answer/double", late)
    to = doubled.at + bar.step
    taken = {k.at for k in played if k.row == doubled.row}
    more = [] if to in taken or to >= bar.meter.bar else [replace(doubled, at=to, mark="s", length=0, why="answer")]
    gone = bar.seed.choose("answer/drop", late) if len(late) > 2 else None
    return [k for k in played if k is not gone or k is doubled] + more


def interlocked(played: list[Knock], loud: set[Tick], bar: Bar) -> list[Knock]:
    """Accents that fall on another layer's accents step back, seven times in ten."""

    def yields(k: Knock) -> bool:
        return k.mark == "X" and k.at in loud and bar.seed.chance(f"interlock/{k.row}/{k.at}", 0.7)

    return [replace(k, mark="x") if yields(k) else k for k in played]


def shakes(brief: Brief, played: Sequence[Note]) -> int:
    """How many shaken strokes a bar has room for under the ceiling, beside the busiest bar of cymbals."""
    bar = brief.section.meter.bar
    counts = Counter(note.start // bar for note in played if note.pitch in _HAT_PITCHES)
    return int(_CEILING * bar / (PPQ // 4)) - max(counts.values(), default=0)


def shared(played: list[Knock], room: int, bar: Bar) -> list[Knock]:
    """Shaken strokes that fit the room: whole metric classes leave, the weakest first: the pattern stays even."""
    weights = [strength(bar.meter, k.at) for k in played if k.row in _SHAKEN]
    floor = next((low for low in (0.0, 0.3, 0.5) if sum(w >= low for w in weights) <= room), 2.0)
    return [k for k in played if k.row not in _SHAKEN or strength(bar.meter, k.at) >= floor] if floor else played


def bar_of(brief: Brief, bar: Bar, room: int, answers: bool) -> list[tuple[Layer, Knock]]:
    """What all layers play in a bar; ``answers`` when it ends their phrase."""
    wish = (0.4 + brief.dials.creativity) * (1.0 if live(drum_ideas(brief)) else 0.3)
    loud: set[Tick] = set()
    found: list[tuple[Layer, Knock]] = []
    for layer in layers(brief, bar.number):
        played = [k for row, pattern in layer.rows for k in knocks(row, pattern, bar)]
        played = interlocked(answered(played, bar, wish) if answers else played, loud, bar)
        loud |= {k.at for k in played if k.mark == "X"}
        found += [(layer, k) for k in shared(played, room, bar)]
    return found


class PercussionBeats:
    """Writes the auxiliary percussion."""

    name = "percussion"

    def write(self, brief: Brief, so_far: Phrase) -> Phrase:
        """The layers of every bar, on top of what there is."""
        if not drum_ideas(brief).layers:
            return so_far
        pen, room = over(so_far, so_far.notes), shakes(brief, so_far.notes)
        span = phrase_length(brief)
        for number in range(brief.section.bars):
            bar = bar_at(brief, number)
            self._write_bar(pen, brief, bar, bar_of(brief, bar, room, number % span == span - 1))
        return pen.phrase(brief.section.length, so_far.idea)

    def _write_bar(self, pen: Pen, brief: Brief, bar: Bar, played: Sequence[tuple[Layer, Knock]]) -> None:
        own = replace(bar, seed=brief.seed.at(bar.number))
        tier, human = energy(brief, bar.number), humanity(drum_ideas(brief))
        for layer, knock in played:
            idea = f"{layer.id}, {knock.why}" if knock.why else layer.id
            origin = Origin(layer.path, "percussion", idea, own.seed.address)
            strike(pen, knock, own, velocity(knock, own, tier, swell(bar.number), human), origin)
