"""The roll of a build: one drum, quarter by quarter of its time in smaller strokes, up to the bar line."""

from __future__ import annotations

from scorekit.ensemble.beats.kit import Knock
from scorekit.ensemble.intents import Span
from scorekit.score import Section
from scorekit.timebase import PPQ, Tick

_LONGEST = 4
"""Bars a roll lasts at most; half of a shorter build."""
_STRAIGHT = (PPQ, PPQ // 2, PPQ // 4, PPQ // 8)
_TRIPLETS = (PPQ, 2 * PPQ // 3, PPQ // 3, PPQ // 6)
"""Ticks between strokes in each quarter of the roll."""


def rolled(section: Section, span: Span, end: Tick, row: str) -> tuple[Tick, tuple[tuple[int, Knock], ...]]:
    """Where the roll of a build begins that ends at a tick, and its strokes by bar."""
    bar = section.meter.bar
    bars = max(1, min(_LONGEST, (end - span[0]) // bar // 2))
    start = max(span[0], end - bars * bar)
    steps = _TRIPLETS if section.grid % 3 == 0 else _STRAIGHT
    found, at = [], start
    while at < end:
        found.append((at // bar, Knock(at % bar, row, "X" if at % bar in section.meter.onsets else "x")))
        at += steps[4 * (at - start) // (end - start)]
    return start, tuple(found)
