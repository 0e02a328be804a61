"""The gains of the master: a gentle compressor, a limiter, and how gains are laid over samples.

Everything is local in time: a gain depends on the 25 ms before it and the 4 ms after it in the compressor, on .6 s before
and 10 ms after in the limiter, and on nothing else. So a stretch of a song gives the same bits as the whole of it, and a
change in one bar turns no gain far from it.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from scorekit.render import dsp
from scorekit.render.dsp import RATE, Samples
from scorekit.render.exact import DB, LN2, Reals
from scorekit.render.loudness import CELL, PIECE, PIECES

REACH = 64 * CELL
"""Samples, on both sides, that have a say in a gain; a multiple of ``CELL``."""
_AHEAD = 4
"""Pieces by which the limiter is early."""


@lru_cache(maxsize=8)
def _bell(before: int, after: int) -> Samples:
    """A smoothing window of unit sum, rising over ``before`` and falling over ``after`` points."""
    up = 0.5 - 0.5 * dsp.cos((np.arange(before) + 0.5) / (2.0 * before))
    down = 0.5 + 0.5 * dsp.cos((np.arange(after) + 0.5) / (2.0 * after))
    window = np.concatenate([up, down])
    return dsp.f32(window / window.sum())


def _smeared(x: Samples, window: Samples, ahead: int) -> Samples:
    """x (n,) smoothed by a window that reaches ``ahead`` points into the future and the rest of it into the past."""
    behind = window.size - ahead
    padded = np.concatenate([np.full(behind, x[0]), x, np.full(ahead, x[-1])])
    out = np.zeros_like(x)
    for index, weight in enumerate(window):
        start = behind + ahead - index
        out += padded[start : start + x.size] * weight
    return out


def amplify(x: Samples, gains: Samples, hop: int) -> None:
    """Multiply x (2, n) by a gain given at the start of every ``hop`` samples, straight lines between, in place."""
    held = np.append(gains, gains[-1])
    for first in range(0, gains.size, 512):
        a, b = first * hop, min((first + 512) * hop, x.shape[-1])
        if b > a:
            points = held[first : first + 513]
            x[:, a:b] *= dsp.stretch(points, (points.size - 1) * hop)[: b - a]


def compression(power: Reals, threshold: float, ratio: float = 1.6) -> Samples:
    """Gains of a gentle bus compressor for mean powers of cells of 10 ms: averaged over some 100 ms, knee of 8 dB
    round ``threshold`` (dB of power). No state is carried along."""
    level = np.maximum(_smeared(dsp.f32(power), _bell(3, 9), 3), np.float32(1e-9))
    over = dsp.log2(level) * (0.5 * DB) - threshold
    knee = np.clip(over + 4.0, 0.0, 8.0)
    excess = np.where(over > 4.0, over, knee * knee / 16.0)
    return dsp.f32(dsp.exp2(excess * ((1.0 / ratio - 1.0) / DB)))


def squeezed(energy: Reals, threshold: float, a: int, b: int) -> Samples:
    """The compressor's gains for the pieces from sample a to b (multiples of ``CELL``), from the energies of all pieces;
    what comes after the last whole cell is squeezed as it is."""
    cells = energy.size // PIECES
    first, last = max((a - REACH) // CELL, 0), min((b + REACH) // CELL, cells)
    power = energy[first * PIECES : last * PIECES].reshape(-1, PIECES).sum(axis=1) / CELL
    gains = compression(power, threshold)
    gains = np.append(gains, np.full(max(b // CELL - cells, 0) + 1, gains[-1]))
    steps = dsp.stretch(gains, (gains.size - 1) * PIECES)
    start = (a // CELL - first) * PIECES
    return steps[start : start + (b - a) // PIECE]


def limited(gains: Samples, peaks: Samples, ceiling: float, a: int, b: int) -> Samples:
    """Gains and what the limiter makes of them, for the pieces from sample a to b (multiples of ``CELL``), from the gains
    and true peaks of all pieces."""
    first, last = max(a - REACH, 0) // PIECE, min((b + REACH) // PIECE, gains.size)
    near = gains[first:last]
    near = near * limiting(peaks[first:last] * near, ceiling)
    return near[a // PIECE - first : b // PIECE - first]


def limiting(peaks: Samples, ceiling: float, hop: int = PIECE, ahead: int = _AHEAD) -> Samples:
    """Gains of a limiter, one for each piece of ``hop`` samples, from true peaks: ``ahead`` pieces early, 60 ms back.

    The cut a piece needs is released exponentially, held over a window ahead, then smoothed by a bell inside that
    window: always deep enough, never bent fast. It looks ahead in the buffer, so nothing is delayed.
    """
    top = np.float32(dsp.gain(ceiling - 0.05))
    cut = np.maximum(np.float32(1.0) - top / np.maximum(peaks, np.float32(1e-9)), np.float32(0.0))
    cut[1:] = np.maximum(cut[1:], cut[:-1])
    held = _coming(_released(cut, float(dsp.exp2(-hop / (0.06 * RATE * LN2)))), ahead)
    return np.float32(1.0) - _smeared(held, _bell(ahead // 2, ahead // 2), 0)


def _released(x: Samples, fall: float) -> Samples:
    """max over k of x[t - k] * fall**k: an instant rise and an exponential fall, by doubling, down to -80 dB."""
    out, step = x.copy(), 1
    while step < x.size and fall > 1e-4:
        out[step:] = np.maximum(out[step:], out[:-step] * np.float32(fall))
        step, fall = 2 * step, fall * fall
    return out


def _coming(x: Samples, ahead: int) -> Samples:
    """Greatest of x[t] ... x[t + ahead], by doubling."""
    high = np.concatenate([x, np.full(ahead, x[-1])])
    span = 1
    while span <= ahead:
        step = min(span, ahead + 1 - span)
        high = np.maximum(high[:-step], high[step:])
        span += step
    return high
