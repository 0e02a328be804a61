"""Measures of form: what differs when a section returns, and what tells that one ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations, pairwise

import numpy as np

from scorekit.smells.piece import Ints, Line, Piece, Stretch
from scorekit.timebase import PPQ

# -- returns ---------------------------------------------------------------------------------------


def variation(piece: Piece) -> float | None:
    """Least share of notes that a return has different, all parts together: 0 is a photocopy. None without a return."""
    found = []
    for a, b in returns(piece):
        own = [set(_tokens(piece, one, a)) for one in piece.lines]
        again = [set(_tokens(piece, one, b)) for one in piece.lines]
        both, either = (
            sum(len(x & y) for x, y in zip(own, again, strict=True)),
            sum(len(x | y) for x, y in zip(own, again, strict=True)),
        )
        found.append(1.0 - both / either if either else 0.0)
    return min(found) if found else None


def returns(piece: Piece) -> Iterator[tuple[Stretch, Stretch]]:
    """Each section of four bars or more with each later statement of it that is as long."""
    long = [s for s in piece.sections if s.last - s.first >= 4]
    return ((a, b) for a, b in combinations(long, 2) if a.name == b.name and a.last - a.first == b.last - b.first)


def _tokens(piece: Piece, one: Line, section: Stretch) -> list[tuple[int, int]]:
    start, end = piece.bars[section.first], piece.bars[section.last]
    inside = (one.start >= start) & (one.start < end)
    return list(zip((one.start[inside] - start).tolist(), one.pitch[inside].tolist(), strict=True))


# -- ends ------------------------------------------------------------------------------------------


def announced(piece: Piece) -> float | None:
    """Share of section ends with a gesture in the last bar: a fill, a pickup, a drop or a swell.

    What comes round every other bar says nothing: a gesture is what few of the section's other bars do, or none.
    """
    ends = [s for s in piece.sections[:-1] if s.last - s.first >= 2]
    if len(ends) < 2:
        return None
    kinds = (_fills, _picks_up, _drops, _swells)
    return float(np.mean([any(kind(piece, section) for kind in kinds) for section in ends]))


def _fills(piece: Piece, section: Stretch) -> bool:
    """In the last two beats the drums strike two things that less than a quarter of the other bars do, or leave out half of
    what three quarters do."""
    drums = piece.part("drums")
    rows: list[set[tuple[int, int]]] = [set() for _ in range(section.last - section.first)]
    if not len(drums):
        return False
    bars = piece.bar_of(drums.start)
    left = piece.bars[bars + 1] - drums.start
    for bar, ticks, pitch in zip(bars.tolist(), left.tolist(), drums.pitch.tolist(), strict=True):
        if section.first <= bar < section.last and ticks <= 2 * PPQ:
            rows[bar - section.first].add((ticks, pitch))
    last = rows.pop()
    counts = Counter(hit for hits in rows for hit in hits)
    known, usual = ({hit for hit, count in counts.items() if count >= share * len(rows)} for share in (0.25, 0.75))
    return len(last - known) >= 2 or len(usual - last) * 2 > len(usual)


def _picks_up(piece: Piece, section: Stretch) -> bool:
    """A line begins in the last two beats, after four without an onset; less than a quarter of the other bars end so."""
    starts = [one.start for one in piece.pitched]

    def begins(end: int) -> bool:
        return any(
            bool(np.any((start >= end - 2 * PPQ) & (start < end)))
            and not np.any((start >= end - 6 * PPQ) & (start < end - 2 * PPQ))
            for start in starts
        )

    *others, last = (begins(end) for end in piece.bars[section.first + 1 : section.last + 1].tolist())
    return last and float(np.mean(others)) < 0.25


def _drops(piece: Piece, section: Stretch) -> bool:
    """The last beat has a third of what the same beat of the other bars has, or less, and less than any."""
    beat = int(piece.bars[section.last] - piece.bars[section.last - 1]) // piece.meter.beats
    ends = piece.bars[section.first + 1 : section.last + 1].tolist()
    *others, last = (len(_velocities(piece, end - beat, end)) for end in ends)
    return last <= float(np.mean(others)) / 3 and last < min(others)


def _swells(piece: Piece, section: Stretch) -> bool:
    """The last bar is louder than the others by eight, or has half as many strokes again, and more than any."""
    lines = piece.bars[section.first : section.last + 1].tolist()
    struck = [_velocities(piece, low, high) for low, high in pairwise(lines)]
    *loud, loudest = (float(found.mean()) if len(found) else 0.0 for found in struck)
    *counts, most = (len(found) for found in struck)
    louder = loudest - float(np.mean(loud)) >= 8 and loudest > max(loud)
    return louder or (most > 1.5 * float(np.mean(counts)) and most > max(counts))


def _velocities(piece: Piece, low: int, high: int) -> Ints:
    """Of all notes that begin from one tick to before another."""
    return np.concatenate([one.velocity[(one.start >= low) & (one.start < high)] for one in piece.lines])
