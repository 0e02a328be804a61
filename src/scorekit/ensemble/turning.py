"""Who turns where: the bars in which a player may leave its figure, decided once for the whole band.

A band that turns all together, every fourth bar, is a machine. Of real players four in five go on through a fourth bar as
through any other; every eighth one of two turns, two at once in one of eight (54 band MIDI files, bars unlike the three on
either side). So the drummer and those who keep figures take turns; what a turn is, a fill, a run or a lick, is their own matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from scorekit.score import Lane, Section
from scorekit.seeds import Seed

FIGURED = ("bass", "guitar", "keys")
"""The players who keep a figure, besides the drummer."""


class Turn(Struct, frozen=True):
    """How likely players turn at a place: the drummer, another with him, another alone."""

    drummer: float
    joined: float
    alone: float


TURNS: Mapping[str, Turn] = {
    "end": Turn(1.0, 0.6, 0.7),
    "eighth": Turn(0.6, 0.3, 0.8),
    "fourth": Turn(0.3, 0.0, 0.7),
}
"""At the end of a section, of eight bars inside it, and of four."""


def place_of(section: Section, bar: int) -> str:
    """The row of ``TURNS`` for a bar; nothing where the figure goes on."""
    if bar == section.bars - 1:
        return "end"
    return "eighth" if bar % 8 == 7 else "fourth" if bar % 4 == 3 else ""


def turns(section: Section, lanes: Mapping[str, Lane], seed: Seed) -> dict[str, tuple[int, ...]]:
    """The bars, rising, in which each part turns: the same whenever the section returns, as far as the same are there. One
    part more or less on stage moves no turn of the others but those it takes or leaves."""
    found: dict[str, list[int]] = {part: [] for part in lanes}
    for bar in range(section.bars):
        place, there = place_of(section, bar), _there(section, lanes, bar)
        for part in _turning(TURNS[place], seed.at("turn", section.name, bar), there) if place else ():
            found[part].append(bar)
    return {part: tuple(bars) for part, bars in found.items()}


def _turning(turn: Turn, draw: Seed, there: Mapping[str, Lane]) -> Iterator[str]:
    """Who turns among those who are there: of several who keep figures rather one who lay out before."""
    drummer = "drums" in there and draw.chance("drums", turn.drummer)
    if drummer:
        yield "drums"
    others = [part for part in there if part in FIGURED]
    if others and draw.chance("another", turn.joined if drummer else turn.alone):
        yield max(others, key=lambda part: (bool(there[part].rests), draw.unit(f"who/{part}")))


def _there(section: Section, lanes: Mapping[str, Lane], bar: int) -> dict[str, Lane]:
    """The lanes of those who play a bar to its end."""
    end = (bar + 1) * section.meter.bar
    return {
        part: lane
        for part, lane in lanes.items()
        if lane.plays and bar not in lane.rests and lane.enter < end and (lane.leave is None or lane.leave >= end)
    }
