"""Phases that read tables: what sustained notes and synthesizers are sung from.

A player is one phase, bent from control point to control point, that reads period tables between which it fades.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scorekit.render import dsp
from scorekit.render.dsp import RATE, Samples
from scorekit.render.exact import Reals

HOP = 96
"""Samples between control points: envelopes, vibrato and brightness are drawn 459 times a second."""

_BLOCK = 512
"""Control points to a block of reading."""
Words = NDArray[np.uint32]


def falling(points: int, t60: float) -> Reals:
    """Control points from 1, falling 60 dB in ``t60`` seconds, nothing from -80 dB on."""
    level = dsp.exp2(np.arange(points) * (-9.965784 * HOP / RATE / t60))
    return np.where(level > 1e-4, level, 0.0)


def grow(control: Samples, hop: int = HOP) -> Samples:
    """Control points to samples by straight lines: (k + 1,) to (k hop,)."""
    ramp = np.arange(hop, dtype=np.float32) / np.float32(hop)
    whole = np.empty((control.size - 1) * hop, np.float32)
    lines = whole.reshape(-1, hop)
    np.multiply((control[1:] - control[:-1])[:, None], ramp, out=lines)
    lines += control[:-1, None]
    return whole


class Path(NamedTuple):
    """Phases at the control points in 2**-32 cycles, and their steps from sample to sample: uint32 (players, points); and
    samples from point to point."""

    base: Words
    step: Words
    hop: int


def path(hz: float, cents: Reals, start: Reals, hop: int = HOP) -> Path:
    """The phases of players (rows) from their deviations in cents at the control points and their first phases."""
    step = np.rint(dsp.exp2(cents[:, :-1] / 1200.0) * (hz / RATE * 2.0**32)).astype(np.uint32)
    base = np.cumsum(step * np.uint32(hop), axis=1, dtype=np.uint32) - step * np.uint32(hop)
    return Path(base + np.floor(start[:, None] * 2.0**32).astype(np.uint32), step, hop)


Read = Callable[[int, slice, NDArray[np.intp], Samples], Samples]
"""What a player reads between some control points, at these places of a table and so far on from there: (samples from one
point to the next, points), since arithmetic is quick along rows that are long."""


def sung(
    tabs: Sequence[Samples], shares: Sequence[Reals], along: Path, places: Sequence[tuple[float, float]]
) -> Samples:
    """Players reading the tables (of one size) along their paths, linearly interpolated, each at its place (gains left
    and right): (2, n). ``shares`` are those of the tables, (players, points) or the same for all. Tables without a share
    cost nothing."""
    rows = [_row([table]) for table in tabs]
    middle, sides = _seated(places)
    weights = [dsp.f32(share * middle) for share in shares]

    def read(player: int, here: slice, index: NDArray[np.intp], part: Samples) -> Samples:
        total = np.zeros_like(part)
        for row, share in zip(rows, weights, strict=True):
            heard = share[player, here.start : here.stop + 1]
            if heard.any():
                wave = _looked_up(row, index, part)
                wave *= _lines(heard, along.hop)
                total += wave
        return total

    return _swept(read, tabs[0].size, along, np.zeros_like(along.step), sides)


class Row(NamedTuple):
    """Tables of one size in a row, and what there is from each place of them to the next, by a word of phase."""

    table: Samples
    slope: Samples


class Scale(NamedTuple):
    """Tables of a size that go from dark to bright: all but the last, and what each of them lacks of the next."""

    size: int
    dark: Row
    more: Row


def scale(tables: Sequence[Samples]) -> Scale:
    """Tables, two at least, from dark to bright."""
    return Scale(tables[0].size, _row(tables[:-1]), _row([above - table for table, above in pairwise(tables)]))


def _row(tables: Sequence[Samples]) -> Row:
    word = np.float32(2.0 ** -_bits(tables[0].size))
    slopes = [(np.append(table[1:], table[:1]) - table) * word for table in tables]
    return Row(np.concatenate(tables), np.concatenate(slopes))


def faded(
    sets: Sequence[Scale], place: Reals, shares: Sequence[Reals], along: Path, places: Sequence[tuple[float, float]]
) -> Samples:
    """The same where a player stands between two tables of a scale: at ``place`` (players, points), 0 being the first.
    ``shares`` are those of the scales."""
    size, last, hop = sets[0].size, sets[0].dark.table.size // sets[0].size - 1, along.hop
    middle, sides = _seated(places)
    weights = [dsp.f32(share * middle) for share in shares]
    lower = np.clip(np.floor(0.5 * (place[:, :-1] + place[:, 1:])), 0, last)
    begin, step, ramp = dsp.f32(place[:, :-1] - lower), dsp.f32(np.diff(place)), _ramp(hop)

    def read(player: int, here: slice, index: NDArray[np.intp], part: Samples) -> Samples:
        between = ramp * step[player, here]
        between += begin[player, here]
        waves = []
        for (_, dark, more), share in zip(sets, weights, strict=True):
            wave, above = _looked_up(dark, index, part), _looked_up(more, index, part)
            above *= between
            wave += above
            wave *= _lines(share[player, here.start : here.stop + 1], hop)
            waves.append(wave)
        return reduce(np.add, waves)

    return _swept(read, size, along, (lower * size).astype(np.uint32), sides)


def _ramp(hop: int) -> Samples:
    """From 0 towards 1 in so many steps: (hop, 1)."""
    return np.arange(hop, dtype=np.float32)[:, None] / np.float32(hop)


def _lines(control: Samples, hop: int) -> Samples:
    """``grow``, as (hop, points)."""
    lines: Samples = _ramp(hop) * (control[1:] - control[:-1])
    lines += control[:-1]
    return lines


def _bits(size: int) -> int:
    """Bits of a phase that lie within a place of a table."""
    return 33 - size.bit_length()


def _looked_up(row: Row, index: NDArray[np.intp], part: Samples) -> Samples:
    wave: Samples = row.slope.take(index, mode="wrap")
    wave *= part
    wave += row.table.take(index, mode="wrap")
    return wave


def _seated(places: Sequence[tuple[float, float]]) -> tuple[Reals, list[float]]:
    """Gains left and right as a gain of the middle (players, 1), and the share of that which is at the side."""
    gains = np.array(places)
    middle = gains.sum(axis=1, keepdims=True)
    return 0.5 * middle, ((gains[:, 0] - gains[:, 1]) / middle[:, 0]).tolist()


def _swept(read: Read, table: int, along: Path, shift: Words, sides: Sequence[float]) -> Samples:
    """What players read from tables of a size along their paths, so far on in a row of them, each so far at a side, in blocks
    that stay in cache."""
    hop, count = along.hop, along.step.shape[1]
    bits, ramp = _bits(table), np.arange(hop, dtype=np.uint32)[:, None]
    out = np.empty((2, count, hop), np.float32)
    for first in range(0, count, _BLOCK):
        here = slice(first, min(first + _BLOCK, count))
        size = hop, here.stop - first
        at, low, index, part = (np.empty(size, kind) for kind in (np.uint32, np.uint32, np.intp, np.float32))
        middle, side = np.zeros((2, *size), np.float32)
        for player, share in enumerate(sides):
            np.multiply(ramp, along.step[player, here], out=at)
            at += along.base[player, here]
            np.right_shift(at, np.uint32(bits), out=low)
            low += shift[player, here]
            index[:] = low
            at &= np.uint32((1 << bits) - 1)
            part[:] = at
            wave = read(player, here, index, part)
            middle += wave
            if share:
                wave *= np.float32(share)
                side += wave
        np.add(middle, side, out=out[0, here].T)
        np.subtract(middle, side, out=out[1, here].T)
    return out.reshape(2, -1)
