"""Loudness and true peak by ITU-R BS.1770-4."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scorekit.render import dsp
from scorekit.render.dsp import RATE, Samples
from scorekit.render.exact import PI, Reals

CELL = RATE // 100
"""Samples in a cell, 10 ms: what loudness, compression and limiting are reckoned in. 40 make a measuring block."""
PIECES = 9
PIECE = CELL // PIECES
"""Nine pieces of 49 samples make a cell. Energies and true peaks are kept for each of them."""
_OFFSET, _ABSOLUTE, _RELATIVE = -0.691, -70.0, -10.0


# -- K weighting -----------------------------------------------------------------------------------------------------


def _tan(cycles: float) -> float:
    """Tangent of pi times the argument."""
    return float(dsp.sin(cycles / 2) / dsp.cos(cycles / 2))


def _magnitude(top: tuple[float, float, float], bottom: tuple[float, float, float], f: Reals) -> Reals:
    """|b0 + b1/z + b2/z^2| / |a0 + a1/z + a2/z^2| on the unit circle at f Hz."""
    c1, c2 = dsp.cos(f / RATE), dsp.cos(2.0 * f / RATE)

    def squared(b: tuple[float, float, float]) -> Reals:
        return b[0] * b[0] + b[1] * b[1] + b[2] * b[2] + 2.0 * (b[0] * b[1] + b[1] * b[2]) * c1 + 2.0 * b[0] * b[2] * c2

    magnitude: Reals = np.sqrt(np.maximum(squared(top), 0.0) / squared(bottom))
    return magnitude


def k_weighting(f: Reals) -> Reals:
    """Magnitude of the K filter: the standard's two biquads, redrawn from 48 kHz to the engine's rate.

    From the analogue prototypes behind the standard's coefficients: a shelf of +4.0 dB, f0 = 1681.97 Hz, Q = 0.70718,
    and a high-pass, f0 = 38.135 Hz, Q = 0.50033 (Mansbridge, Finn and Reiss, AES 2012), by the bilinear transform.
    """
    k, q = _tan(1681.974450955533 / RATE), 0.7071752369554196
    high, middle = dsp.gain(3.999843853973347), dsp.gain(3.999843853973347 * 0.4996667741545416)
    shelf = (high + middle * k / q + k * k, 2 * (k * k - high), high - middle * k / q + k * k)
    lifted = _magnitude(shelf, (1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k), f)
    k, q = _tan(38.13547087602444 / RATE), 0.5003270373238773
    return (
        lifted
        * _magnitude((1.0, -2.0, 1.0), (1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k), f)
        * (1 + k / q + k * k)
    )


# -- loudness --------------------------------------------------------------------------------------------------------


GRID = 12_250
"""Samples in a block of the K filter: energies are worked out in these."""
REACH = 787
"""Samples on both sides of a block that the filter hears."""
_SIZE = GRID + 2 * REACH
_BLOCKS = dsp.BATCH
"""Blocks that are worked out together, in two channels."""


def energies(x: Samples) -> Reals:
    """K-weighted energy of x (c, n), summed over channels, in each piece of each whole cell."""
    n = x.shape[-1] // CELL * CELL
    return energy_of(lambda a, b: x[:, a:b], n, 0, n)


def energy_of(read: Callable[[int, int], Samples], whole: int, a: int, b: int) -> Reals:
    """The same for samples a to b (multiples of ``GRID``, or the end) of a sound of ``whole`` samples that is read in
    pieces; what lies within ``REACH`` before and after is heard too."""
    total = np.zeros((b - a) // PIECE)
    for at in range(a, b, _BLOCKS * GRID):
        end = min(at + _BLOCKS * GRID, b)
        low, high = max(at - REACH, 0), min(end + REACH, whole)
        heard = read(low, high)
        if not heard.any():
            continue
        blocks = -(-(end - at) // GRID)
        around = np.zeros((len(heard), (blocks - 1) * GRID + _SIZE), np.float32)
        around[:, low - at + REACH : high - at + REACH] = heard
        weighted = dsp.shaped(dsp.windows(around, _SIZE, GRID), weighting())[:, :, REACH : REACH + GRID]
        np.square(weighted, out=weighted)
        energy = weighted.sum(axis=0).reshape(-1, PIECE).sum(axis=1)
        total[(at - a) // PIECE : (end - a) // PIECE] = energy[: (end - at) // PIECE]
    return total


@lru_cache(maxsize=1)
def weighting() -> Samples:
    """The K filter for those blocks."""
    return dsp.even(k_weighting, _SIZE)


def powers(energy: Reals) -> Reals:
    """Mean power of each measuring block, 400 ms long, one every 100 ms, from the energies of pieces."""
    tenths = energy[: energy.size // (10 * PIECES) * 10 * PIECES].reshape(-1, 10 * PIECES).sum(axis=1)
    mean: Reals = (tenths[:-3] + tenths[1:-2] + tenths[2:-1] + tenths[3:]) / (40.0 * CELL)
    return mean


def lufs(power: float) -> float:
    """Mean power to LUFS."""
    return _OFFSET + 0.5 * dsp.decibels(max(power, 1e-20))


def gated(power: Reals) -> float:
    """Loudness of block powers after the absolute and the relative gate; -120 when nothing passes."""
    loud = power[power > dsp.gain(2.0 * (_ABSOLUTE - _OFFSET))]
    if not loud.size:
        return -120.0
    return lufs(float(loud[loud > dsp.gain(2.0 * _RELATIVE) * loud.mean()].mean()))


def integrated(x: Samples) -> float:
    """Integrated loudness in LUFS of x (c, n), gated at -70 LUFS and at 10 LU below the mean; -120 for silence."""
    return gated(powers(energies(np.atleast_2d(x))))


def range_lu(x: Samples) -> float:
    """Loudness range in LU (EBU Tech 3342, from 400 ms blocks averaged over 3 s): percentiles 10 to 95."""
    power = powers(energies(np.atleast_2d(x)))
    total = np.concatenate([[0.0], np.cumsum(power)])
    short = (total[27:] - total[:-27]) / 27.0
    short = short[short > dsp.gain(2.0 * (_ABSOLUTE - _OFFSET))]
    if short.size < 2:
        return 0.0
    low, high = np.percentile(short[short > dsp.gain(-40.0) * short.mean()], (10, 95))
    return lufs(float(high)) - lufs(float(low))


# -- true peak -------------------------------------------------------------------------------------------------------


_FEW, _MANY = 12, 64
"""Samples on either side of a crest that say roughly, and exactly, how high it is; exactly, even of what is near half the
rate: to .04 dB."""
NEAR = _MANY
"""Samples on both sides that have a say in a peak."""
_PHASES = (0.25, 0.5)
"""How far from a crest's highest sample it is looked at, to either side: four times as finely as it is sampled."""


@lru_cache(maxsize=2)
def _sinc(taps: int) -> tuple[Samples, Samples]:
    """What a sample (first), and the sums of those as far before and after it, count for the even part of what is between
    the samples, (phases, 1 + taps); and what their differences count for the odd part, (phases, taps)."""
    k, phase = np.arange(-taps, taps + 1), np.array(_PHASES)[:, None]
    turn = phase - k
    rows = dsp.sin(0.5 * turn) / (PI * turn) * (0.5 + 0.5 * dsp.cos(turn / (2.0 * (taps + 1))))
    rows /= rows.sum(axis=1, keepdims=True)
    before, after = rows[:, taps - 1 :: -1], rows[:, taps + 1 :]
    return dsp.f32(np.hstack([rows[:, taps : taps + 1], 0.5 * (after + before)])), dsp.f32(0.5 * (after - before))


def peaks(x: Samples, above: float = 0.0) -> Samples:
    """True peak (4x oversampled) over all channels of x (c, n) in each piece of 49 samples, nine to a cell.

    Crests whose highest sample stays under 0.6 ``above`` are taken to be as high as that, and looked at roughly when they
    stay under 0.9 ``above``.
    """
    return peaks_of(lambda a, b: x[:, a:b], x.shape[-1], above, 0, x.shape[-1])


def peaks_of(read: Callable[[int, int], Samples], n: int, above: float, a: int, b: int) -> Samples:
    """The same for samples a to b (multiples of 64 cells, or the end) of a sound of n samples, read in pieces."""
    out = np.zeros(-(-(b - a) // CELL) * PIECES, np.float32)
    for at in range(0, out.size, 256 * PIECES):
        pieces = min(256 * PIECES, out.size - at)
        start = a + at * PIECE - _MANY
        low, high = max(start, 0), min(start + pieces * PIECE + 2 * _MANY, n)
        around = np.zeros((len(heard := read(low, high)), pieces * PIECE + 2 * _MANY), np.float32)
        around[:, low - start : high - start] = heard
        out[at : at + pieces] = _piece_peaks(around, above)
    return out


def _piece_peaks(around: Samples, above: float) -> Samples:
    """Peaks of some pieces in channels (c, n), ``_MANY`` samples before and after them: crest by crest where loud."""
    size = np.abs(around)
    own = np.maximum.reduceat(size[:, _MANY:-_MANY].max(axis=0), np.arange(0, around.shape[-1] - 2 * _MANY, PIECE))
    for channel, height in zip(around, size, strict=True):
        at = np.flatnonzero(height[_MANY:-_MANY] > np.float32(0.6 * above)) + _MANY
        high = height[at]
        at = at[(high >= height[at - 1]) & (high >= height[at + 1])]
        if at.size:
            crests = _crests(channel, at, _FEW)
            loud = np.flatnonzero(np.maximum(crests, height[at]) > np.float32(0.9 * above))
            if loud.size:
                crests[loud] = _crests(channel, at[loud], _MANY)
            np.maximum.at(own, (at - _MANY) // PIECE, crests)
    return own


def _crests(x: Samples, at: NDArray[np.intp], taps: int) -> Samples:
    """The highest of what is between the samples next to some samples of x (n,), without its sign."""
    even, odd = _sinc(taps)
    many = np.append(at, at[:1].repeat(max(8 - at.size, 0)))  # the sum of a single column is rounded in another order
    far = np.arange(1, taps + 1)[:, None]
    after, before = x[many + far], x[many - far]
    beside = np.concatenate([x[many][None], after + before])
    level = np.abs((even[:, :, None] * beside).sum(axis=1)) + np.abs((odd[:, :, None] * (after - before)).sum(axis=1))
    highest: Samples = level.max(axis=0)
    return highest[: at.size]


def true_peak(x: Samples) -> float:
    """True peak of x (c, n) in dBTP."""
    return dsp.decibels(float(np.max(peaks(np.atleast_2d(x)), initial=0.0)))
