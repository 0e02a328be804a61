"""Phases that read tables: what sustained notes and synthesizers are sung from.

A player is one phase, bent from control point to control point, that reads period tables between which it fades.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scorekit.render import dsp
from scorekit.render.dsp import RATE, Samples
from scorekit.render.exact import Reals

HOP = 96
"""Samples between control points: envelopes, vibrato and brightness are drawn 459 times a second."""

_BLOCK = 342
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
"""What a player reads between some control points, at these places of a table and so far on from there."""


def sung(
    tabs: Sequence[Samples], shares: Sequence[Reals], along: Path, places: Sequence[tuple[float, float]]
) -> Samples:
    """Players reading the tables (of one size) along their paths, linearly interpolated, each at its place (gains left
    and right): (2, n). ``shares`` are those of the tables, (players, points) or the same for all. Tables without a share
    cost nothing."""
    rows = [(table, np.append(table[1:], table[:1]) - table) for table in tabs]
    weights = [dsp.f32(np.broadcast_to(share, (len(places), share.shape[-1]))) for share in shares]

    def read(player: int, here: slice, index: NDArray[np.intp], part: Samples) -> Samples:
        total = np.zeros(index.size, np.float32)
        for (table, slope), share in zip(rows, weights, strict=True):
            heard = share[player, here.start : here.stop + 1]
            if heard.any():
                wave = _looked_up(table, slope, index, part)
                wave *= grow(heard, along.hop)
                total += wave
        return total

    return _swept(read, tabs[0].size, along, places)


def faded(
    sets: Sequence[Sequence[Samples]],
    place: Reals,
    shares: Sequence[Reals],
    along: Path,
    places: Sequence[tuple[float, float]],
) -> Samples:
    """The same where tables of a set go from dark to bright and a player stands between two of them: at ``place`` (players,
    points), 0 being the first. ``shares`` are those of the sets."""
    size, last, hop = sets[0][0].size, len(sets[0]) - 2, along.hop
    slopes = [[np.append(table[1:], table[:1]) - table for table in row] for row in sets]
    rows = [(np.concatenate(row), np.concatenate(slope)) for row, slope in zip(sets, slopes, strict=True)]
    weights, ramp = [dsp.f32(share) for share in shares], np.arange(hop, dtype=np.float32) / np.float32(hop)
    lower = np.clip(np.floor(0.5 * (place[:, :-1] + place[:, 1:])), 0, last)
    begin, step, shift = dsp.f32(place[:, :-1] - lower), dsp.f32(np.diff(place)), (lower * size).astype(np.intp)

    def read(player: int, here: slice, index: NDArray[np.intp], part: Samples) -> Samples:
        index.reshape(-1, hop)[:] += shift[player, here, None]
        between = step[player, here, None] * ramp
        between += begin[player, here, None]
        waves = []
        for (table, slope), share in zip(rows, weights, strict=True):
            wave, above = (_looked_up(table[at:], slope[at:], index, part) for at in (0, size))
            above -= wave
            above *= between.reshape(-1)
            wave += above
            wave *= grow(share[player, here.start : here.stop + 1], hop)
            waves.append(wave)
        return reduce(np.add, waves)

    return _swept(read, size, along, places)


def _looked_up(table: Samples, slope: Samples, index: NDArray[np.intp], part: Samples) -> Samples:
    wave: Samples = np.take(slope, index, mode="wrap")
    wave *= part
    wave += np.take(table, index, mode="wrap")
    return wave


def _swept(read: Read, table: int, along: Path, places: Sequence[tuple[float, float]]) -> Samples:
    """What players read from tables of a size along their paths, each at its place, in blocks that stay in cache."""
    hop, count = along.hop, along.step.shape[1]
    bits, size = 33 - table.bit_length(), _BLOCK * hop
    out = np.zeros((2, count * hop), np.float32)
    ramp = np.arange(hop, dtype=np.uint32)
    words, index, part = np.empty((2, size), np.uint32), np.empty(size, np.intp), np.empty(size, np.float32)
    for first in range(0, count, _BLOCK):
        here = slice(first, min(first + _BLOCK, count))
        n = (here.stop - first) * hop
        for player, gains in enumerate(places):
            at, low = words[:, :n]
            np.multiply(along.step[player, here, None], ramp, out=at.reshape(-1, hop))
            at.reshape(-1, hop)[:] += along.base[player, here, None]
            np.right_shift(at, np.uint32(bits), out=low)
            index[:n] = low
            np.bitwise_and(at, np.uint32((1 << bits) - 1), out=low)
            part[:n] = low
            part[:n] *= np.float32(2.0**-bits)
            heard = read(player, here, index[:n], part[:n])
            for side, gain in enumerate(gains):
                if gain:
                    out[side, first * hop : first * hop + n] += heard * np.float32(gain)
    return out
