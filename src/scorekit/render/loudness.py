"""Loudness and true peak by ITU-R BS.1770-4."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from scorekit.render import dsp
from scorekit.render.dsp import RATE, Samples
from scorekit.render.exact import Reals

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
REACH = 2_048
"""Samples on both sides of a block that the filter hears."""
_SIZE = 16_384


def energies(x: Samples) -> Reals:
    """K-weighted energy of x (c, n), summed over channels, in each piece of each whole cell."""
    n = x.shape[-1] // CELL * CELL
    return energy_of(lambda a, b: x[:, a:b], n, 0, n)


def energy_of(read: Callable[[int, int], Samples], whole: int, a: int, b: int) -> Reals:
    """The same for samples a to b (multiples of ``GRID``, or the end) of a sound of ``whole`` samples that is read in
    pieces; what lies within ``REACH`` before and after is heard too."""
    total = np.zeros((b - a) // PIECE)
    for at in range(a, b, GRID):
        low, high = max(at - REACH, 0), min(at + GRID + REACH, whole)
        heard = read(low, high)
        if not heard.any():
            continue
        window = np.zeros((len(heard), _SIZE), np.float32)
        window[:, low - at + REACH : high - at + REACH] = heard
        spectrum = dsp.forth(window)
        planes = spectrum.view(np.float32)
        planes *= _levels()
        block = dsp.back(spectrum, _SIZE)[:, REACH : REACH + min(GRID, b - at)]
        for channel in np.square(block).reshape(len(block), -1, PIECE).sum(axis=2):
            start = (at - a) // PIECE
            total[start : start + channel.size] += channel
    return total


@lru_cache(maxsize=1)
def _levels() -> Samples:
    """The K filter at each bin of a block, for its real and its imaginary part."""
    level = np.repeat(dsp.f32(k_weighting(dsp.bins(_SIZE))), 2)
    level.setflags(write=False)
    return level


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


@lru_cache(maxsize=1)
def _window() -> Samples:
    """512 samples round a cell: ones, with eased margins, so that cutting a cell out does not ring into it."""
    window = np.ones(512, np.float32)
    ease = dsp.f32(0.5 - 0.5 * dsp.cos((np.arange(35) + 0.5) / 70.0))
    window[:35], window[-35:] = ease, ease[::-1]
    return window


def peaks(x: Samples, above: float = 0.0) -> Samples:
    """True peak (4x oversampled) over all channels of x (c, n) in each piece of 49 samples, nine to a cell.

    Cells whose samples stay under 0.6 ``above`` keep the peak of their samples.
    """
    return peaks_of(lambda a, b: x[:, a:b], x.shape[-1], above, 0, x.shape[-1])


def peaks_of(read: Callable[[int, int], Samples], n: int, above: float, a: int, b: int) -> Samples:
    """The same for samples a to b (multiples of 64 cells, or the end) of a sound of n samples, read in pieces."""
    out = np.zeros((-(-(b - a) // CELL), PIECES), np.float32)
    for at in range(0, len(out), 64):
        cells = min(64, len(out) - at)
        start = a + at * CELL - 35
        heard = read(max(start, 0), min(start + cells * CELL + 71, n))
        for channel in heard:
            padded = np.zeros(cells * CELL + 71, np.float32)
            padded[max(-start, 0) : max(-start, 0) + channel.size] = channel
            np.maximum(out[at : at + cells], _piece_peaks(padded, cells, above), out=out[at : at + cells])
    return out.reshape(-1)


def _piece_peaks(padded: Samples, cells: int, above: float) -> Samples:
    """Peaks (cells, 9) of some cells of a channel, 35 samples before and 36 after them, oversampled where loud."""
    own: Samples = np.abs(padded[35 : 35 + cells * CELL]).reshape(cells, PIECES, -1).max(axis=2)
    loud = np.flatnonzero(own.max(axis=1) > 0.6 * above)
    if loud.size:
        frames = np.lib.stride_tricks.sliding_window_view(padded, 512)[::CELL][loud]
        wide = dsp.back(dsp.forth(frames * _window()), 2_048)[:, 140 : 140 + 4 * CELL]
        high = np.abs(wide, out=wide).reshape(loud.size, PIECES, -1).max(axis=2) * np.float32(4.0)
        own[loud] = np.maximum(own[loud], high)
    return own


def true_peak(x: Samples) -> float:
    """True peak of x (c, n) in dBTP."""
    return dsp.decibels(float(np.max(peaks(np.atleast_2d(x)), initial=0.0)))
