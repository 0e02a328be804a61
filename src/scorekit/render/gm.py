"""Any General MIDI file as lines of the console: its bytes read, its programs given to patches, its controllers obeyed.

Ticks become samples here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from scorekit.render import dsp
from scorekit.render.console import Line, Ride, Warp
from scorekit.render.dsp import RATE, Samples
from scorekit.render.effects import Tone
from scorekit.render.exact import Reals
from scorekit.render.patches.base import Patch
from scorekit.render.voices import Body, Cue, Stroke
from scorekit.smf import DRUMS, Broken, Events, initial
from scorekit.stage import Sound, Strip

LONGEST = 2 * 3_600
"""Seconds of the longest song that is played."""
_KITS = {40: "brush", 24: "electronic", 25: "electronic"}
_STEP = 64
"""Samples between the points of a bend."""


# -- time ------------------------------------------------------------------------------------------------------------


def samples_of(ticks: NDArray[np.int64], found: Events) -> NDArray[np.int64]:
    """The samples that ticks fall on."""
    if found.division < 0:
        even: NDArray[np.int64] = np.floor(ticks * (RATE / -found.division) + 0.5).astype(np.int64)
        return even
    tempos = dict([(0, 500_000), *found.tempos])
    at, pace = np.array(list(tempos), np.int64), np.array(list(tempos.values()), np.float64)
    total = np.concatenate([[0.0], np.cumsum(np.diff(at) * pace[:-1])])
    row = np.maximum(np.searchsorted(at, ticks, side="right") - 1, 0)
    micros = (total[row] + (ticks - at[row]) * pace[row]) / found.division
    return np.floor(micros * (RATE / 1e6) + 0.5).astype(np.int64)


# -- controllers -----------------------------------------------------------------------------------------------------


class Dial(Struct, frozen=True, eq=False):
    """A controller of a channel over time: its value from each sample on."""

    at: NDArray[np.int64]
    value: NDArray[np.int64]

    def when(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Its value at some samples."""
        values: NDArray[np.int64] = self.value[np.searchsorted(self.at, places, side="right") - 1]
        return values


def dials(found: Events) -> dict[tuple[int, int], Dial]:
    """All controllers that are touched, by (channel, controller)."""
    if not found.turns:
        return {}
    places = samples_of(np.array([row[0] for row in found.turns], np.int64), found)
    rows: dict[tuple[int, int], dict[int, int]] = {}
    for (_, channel, number, value), at in zip(found.turns, places.tolist(), strict=True):
        rows.setdefault((channel, number), {-1: initial(number)})[at or -1] = value
    return {
        key: Dial(np.array(list(row), np.int64), np.array(list(row.values()), np.int64)) for key, row in rows.items()
    }


def still(number: int) -> Dial:
    """A controller that nobody touches."""
    return Dial(np.array([-1], np.int64), np.array([initial(number)], np.int64))


def ride(volume: Dial, expression: Dial) -> Ride | None:
    """The fader of a channel, CC7 and CC11, as (v / 127)^2 against CC7 at 100; eased over 5 ms. None at rest."""
    if (volume.value == 100).all() and (expression.value == 127).all():
        return None
    at = np.array(sorted({*volume.at.tolist(), *expression.at.tolist()}), np.int64)
    level = np.square(volume.when(at) / 100.0) * np.square(expression.when(at) / 127.0)
    at, level = np.concatenate([[-2], at]), np.concatenate([level[:1], level])
    knots = np.repeat(at, 2).astype(np.float64)
    knots[1::2] += np.minimum(np.append(np.diff(at), 221), 220)
    gains = np.repeat(level, 2)
    gains[2::2] = level[:-1]
    return partial(_ridden, knots, gains)


def _ridden(knots: Reals, gains: Reals, a: int, b: int) -> Samples:
    """The fader from sample a to b: one number (1,) where it stands still."""
    first, last = np.searchsorted(knots, (a, b), side="right")
    near = gains[max(first - 1, 0) : last + 1]
    if (near == near[0]).all():
        return dsp.f32(near[:1])
    return dsp.f32(np.interp(np.arange(a, b), knots, gains))


def warp(bend: Dial, reach: Dial, wheel: Dial) -> Warp | None:
    """How a channel bends its notes: the pitch wheel, and a vibrato by CC1. None when neither is ever touched."""
    if (bend.value == 8_192).all() and not wheel.value.any():
        return None
    return partial(_bent, bend, reach, wheel)


def _cents(bend: Dial, reach: Dial, wheel: Dial, places: NDArray[np.int64]) -> Reals:
    cents: Reals = (bend.when(places) - 8_192) / 8_192.0 * reach.when(places)
    return cents + wheel.when(places) * (40.0 / 127.0) * dsp.sin(places * (5.4 / RATE))


def _bent(bend: Dial, reach: Dial, wheel: Dial, into: Samples, start: int, body: Body, cue: Cue) -> bool:
    last = min(cue.at + cue.full + cue.fade, start + into.shape[-1], cue.at + 2 * body.samples.shape[-1])
    points = np.arange(cue.at, max(last, cue.at + 1) + _STEP, _STEP)
    cents = _cents(bend, reach, wheel, points)
    if not cents.any():
        return False
    first = max(cue.at, start)
    if last > first:
        speed = dsp.exp2(cents / 1200.0)
        place = np.concatenate([[0.0], np.cumsum((speed[1:] + speed[:-1]) * (0.5 * _STEP))])
        at = np.interp(np.arange(first, last), points, place)
        whole = np.minimum(np.floor(at), body.samples.shape[-1] - 2.0)
        share, index = dsp.f32(at - whole), whole.astype(np.intp)
        here = body.samples[:, index].astype(np.float32)
        here += (body.samples[:, index + 1] - here) * share
        here *= np.float32(cue.level * body.step) * (at < body.samples.shape[-1] - 1.0)
        full = cue.at + cue.full
        if last > full:
            gone = (np.arange(max(full, first), last) - full + 0.5) / cue.fade
            here[:, max(full, first) - first :] *= dsp.f32(np.square(0.5 + 0.5 * dsp.cos(0.5 * gone)))
        into[:, first - start : last - start] += here
    return True


# -- lines -----------------------------------------------------------------------------------------------------------


def patch_of(program: int, patches: Mapping[str, Patch]) -> Patch:
    """The patch that answers for a program: its own, or the nearest, in its group of eight when there is one."""

    def distance(patch: Patch) -> tuple[bool, int]:
        near = min(patch.programs, key=lambda other: (other // 8 != program // 8, abs(other - program)))
        return near // 8 != program // 8, abs(near - program)

    return min((patch for patch in patches.values() if patch.programs), key=distance)


def kit_of(program: int) -> str:
    """The drum kit of a program on channel 10."""
    return _KITS.get(program, "acoustic")


def lines(found: Events, patches: Mapping[str, Patch]) -> tuple[list[Line], int]:
    """A file as lines of the console, a channel and program to each; and where its last note ends, in samples."""
    if not found.notes:
        return [], 0
    table = np.array(found.notes, np.int64)
    begin, end = samples_of(table[:, 0], found), samples_of(table[:, 1], found)
    last = int(end.max())
    if last > LONGEST * RATE:
        raise Broken(f"this MIDI file is {last // RATE // 60:,} minutes long; at most {LONGEST // 60}")
    turned, made = dials(found), []
    for channel in range(16):
        mine = np.flatnonzero(table[:, 2] == channel)
        if not mine.size:
            continue
        own = {number: turned.get((channel, number), still(number)) for number in (-3, -2, -1, 1, 7, 10, 11, 91)}
        program, pan, send = (own[number].when(begin[mine]) for number in (-1, 10, 91))
        kind = program << 14 | pan << 7 | send
        for row in sorted(set(kind.tolist())):
            chosen = mine[kind == row]
            dialled = (row >> 14, row >> 7 & 127, row & 127)
            made.append(_line(channel, dialled, own, begin[chosen], end[chosen], table[chosen], patches))
    return made, last


def _line(
    channel: int, row: Sequence[int], own: Mapping[int, Dial], begin: NDArray[np.int64], end: NDArray[np.int64],
    table: NDArray[np.int64], patches: Mapping[str, Patch],
) -> Line:  # fmt: skip
    program, pan, send = row
    patch = patches[kit_of(program)] if channel == DRUMS else patch_of(program, patches)
    length = np.maximum(end - begin, 1)
    strokes = [
        Stroke(at, n, pitch, velocity)
        for at, n, pitch, velocity in zip(
            begin.tolist(), length.tolist(), table[:, 3].tolist(), table[:, 4].tolist(), strict=True
        )
    ]
    strip = Strip(pan=min(max((pan - 64) / 63.0, -1.0), 1.0), verb=0.5 * send / 127.0)
    bends = None if channel == DRUMS else warp(own[-2], own[-3], own[1])
    return Line(
        f"{channel + 1}", patch, Sound(patch.name), Tone(0.0, patch.family), strip, strokes,
        ride=ride(own[7], own[11]), warp=bends,
    )  # fmt: skip
