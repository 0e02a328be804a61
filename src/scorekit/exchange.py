"""What differs between two versions of a song as its mixer has it: which lines go, which come, and over which samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scorekit.render.console import Console, Laid, Line
from scorekit.render.dsp import RATE
from scorekit.render.tape import Move, Span, aligned

Kicks = NDArray[np.int64]
_PASSED, _STRUCK = 8, 30
"""Samples that a line takes to the buses, and samples of its notes that are struck, while a room answers to one."""


class Change(NamedTuple):
    """A line that goes, one that comes, and what that means."""

    old: Laid | None
    now: Laid | None
    moves: Sequence[Move]

    @property
    def cost(self) -> float:
        """About as much as the room's answer to so many samples: to strike notes, and to take what is struck to the buses."""
        found = 0.0
        for laid, spans, _ in self.moves:
            passed, whole = sum(b - a for a, b in spans), int((laid.ends - laid.starts).sum())
            found += passed / _PASSED + laid.size * min(passed / max(whole, 1), 1.0) / _STRUCK
        return found


def changes(on: Mapping[Line, tuple[Laid, Kicks]], desk: Console, laid: Sequence[Laid]) -> list[Change]:
    """What is to be done to the lines on a tape, each with the kicks it was ducked by, until they are those of a version."""
    come = {one.line for one in laid}
    gone = [one for one, _ in on.values() if one.line not in come]
    new = [one for one in laid if one.line not in on]
    turned = [one for one in laid if one.line in on and one.line.strip.duck > 0]
    found = []
    for old, now in [*partners(gone, new), *((one, one) for one in turned)]:
        spans = differing(old, now)
        before = on[old.line][1] if old else desk.kicks
        if (old or now or laid[0]).line.strip.duck > 0:
            spans += [(kick, kick + RATE) for kick in np.setxor1d(before, desk.kicks).tolist()]
        apart, last = aligned(spans, 1, desk.n), Console(desk.n, (), before.tolist())
        take = [(last, old.line, np.subtract)] if old else []
        put = [(desk, now.line, np.add)] if now else []
        if old and now and sounding(old.line) == sounding(now.line) and old.line.cues == now.line.cues:
            moves = [Move(now, apart, [*put, *take])]
        else:
            moves = [Move(one, apart, way) for one, way in ((old, take), (now, put)) if one]
        found.append(Change(old, now, moves))
    return found


def strokes(lines: Iterable[Line]) -> int:
    """How often lines are struck."""
    return sum(len(line.strokes) for line in lines)


def partners(gone: Sequence[Laid], new: Sequence[Laid]) -> list[tuple[Laid | None, Laid | None]]:
    """Lines that go and lines that come, those together that differ in their notes only or in all but their notes; None for
    one without a twin."""
    left = list(gone)
    found: list[tuple[Laid | None, Laid | None]] = []
    for now in new:
        near = [old for old in left if sounding(old.line) == sounding(now.line) and alike(old.line, now.line)]
        twin = near[0] if near else None
        if twin is not None:
            left.remove(twin)
        found.append((twin, now))
    return [*found, *((old, None) for old in left)]


def alike(one: Line, other: Line) -> bool:
    """Whether two lines of one sound may be compared note by note, or have the same notes."""
    near = other.strokes[0].at < one.strokes[-1].at + RATE and one.strokes[0].at < other.strokes[-1].at + RATE
    return near and (one.strip == other.strip or one.cues == other.cues)


def sounding(line: Line) -> tuple[object, ...]:
    """The sound of a line, before its way through the mixer."""
    return line.part, line.patch.name, line.sound, line.tone, line.closed


def differing(old: Laid | None, new: Laid | None) -> list[Span]:
    """Where the notes of a line sound that another one has not; everywhere, when those of both come in another order or
    take another way through the mixer."""
    if old is new:
        return []
    everywhere = [(int(one.starts.min()), int(one.ends.max())) for one in (old, new) if one and one.starts.size]
    if old and new and old.line.strip != new.line.strip:
        return everywhere
    cues = [Counter(one.line.cues if one else ()) for one in (old, new)]
    kept, spans = [], []
    for one, more in ((old, cues[0] - cues[1]), (new, cues[1] - cues[0])):
        same = []
        for cue, a, b in zip(one.line.cues, one.starts.tolist(), one.ends.tolist(), strict=True) if one else ():
            if more[cue] > 0:
                more[cue] -= 1
                spans.append((a, b))
            else:
                same.append(cue)
        kept.append(same)
    return spans if kept[0] == kept[1] else everywhere
