"""A bank of ringing partials: what strings, bars and tines are rendered as.

Anything struck or plucked that is linear is a sum of decaying sines, each with a frequency, a level, a decay and a phase.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike

from scorekit.render import dsp
from scorekit.render.dsp import RATE, Samples
from scorekit.render.exact import Reals

TOP = 0.44 * RATE
"""Hz: no partial is rung above."""
WIDTH = 256
"""Samples in a row of the partial bank."""
FINE = 16
"""Powers that are computed one by one; the rest are products."""
FLOOR = 5e-5
"""Level, against the loudest partial, at which a partial is given up (-86 dB)."""
EASED = 8
"""Rows over which it then goes, so that it leaves no click."""


class Partials(Struct, frozen=True, eq=False):
    """Decaying sines: rows of Hz, level, T60 in seconds, start phase in cycles."""

    hertz: Reals
    level: Reals
    t60: Reals
    phase: Reals

    def joined(self, other: Partials) -> Partials:
        """Both sets of rows."""
        return Partials(
            np.concatenate([self.hertz, other.hertz]),
            np.concatenate([self.level, other.level]),
            np.concatenate([self.t60, other.t60]),
            np.concatenate([self.phase, other.phase]),
        )

    def hastened(self, times: float) -> Partials:
        """The same so many times as high and as short."""
        return Partials(times * self.hertz, self.level, self.t60 / times, self.phase)

    def where(self, keep: np.ndarray) -> Partials:
        """The rows that are kept."""
        return Partials(self.hertz[keep], self.level[keep], self.t60[keep], self.phase[keep])


def partials(hertz: ArrayLike, level: ArrayLike, t60: ArrayLike, phase: ArrayLike = 0.0) -> Partials:
    """Rows from numbers and lists, broadcast against each other."""
    rows = np.broadcast_arrays(*(np.atleast_1d(np.asarray(x, np.float64)) for x in (hertz, level, t60, phase)))
    return Partials(*rows)


def _powers(re: Reals, im: Reals, count: int) -> tuple[Reals, Reals]:
    """Powers 0 .. count-1 of complex numbers (p,), by doubling: real and imaginary planes (count, p)."""
    out_re, out_im = np.empty((count, re.size)), np.empty((count, re.size))
    out_re[0], out_im[0] = 1.0, 0.0
    size = 1
    while size < count:
        n = min(size, count - size)
        x, y = out_re[:n], out_im[:n]
        out_re[size : size + n] = x * re - y * im
        out_im[size : size + n] = x * im + y * re
        re, im = re * re - im * im, 2.0 * re * im
        size *= 2
    return out_re, out_im


def _planes(fine: tuple[Reals, Reals], wide: tuple[Reals, Reals]) -> Samples:
    """Powers of complex numbers, real and imaginary planes (p, 2, count * FINE): products, in float32, of exact powers of
    every FINE-th (count, p) and of the FINE between. Right to 1e-7, and far cheaper."""
    a, b = (dsp.f32(rows.T)[:, :, None] for rows in wide)
    x, y = (dsp.f32(rows.T)[:, None, :] for rows in fine)
    out = np.empty((a.shape[0], 2, a.shape[1], FINE), np.float32)
    part = b * y
    np.multiply(a, x, out=out[:, 0])
    out[:, 0] -= part
    np.multiply(b, x, out=part)
    np.multiply(a, y, out=out[:, 1])
    out[:, 1] += part
    return out.reshape(a.shape[0], 2, -1)


def _grid(re: Reals, im: Reals, depth: int) -> tuple[Samples, Samples]:
    """Powers of complex numbers (p,) along a row, and those of whole rows down to ``depth``: planes (p, 2, columns or rows)."""
    p, row = re.size, (re, im)
    for _ in range(WIDTH.bit_length() - 1):
        row = row[0] * row[0] - row[1] * row[1], 2.0 * row[0] * row[1]
    fine = _powers(np.concatenate((re, row[0])), np.concatenate((im, row[1])), FINE + 1)
    wide = _powers(fine[0][FINE], fine[1][FINE], max(WIDTH, depth + FINE - 1) // FINE)
    across, down = (
        _planes((fine[0][:FINE, part], fine[1][:FINE, part]), (wide[0][:count, part], wide[1][:count, part]))
        for part, count in ((slice(0, p), WIDTH // FINE), (slice(p, None), -(-depth // FINE)))
    )
    return across, down


def ring(rows: Partials, count: int) -> Samples:
    """Sum of decaying sines: ``count`` samples.

    Sample row * WIDTH + column of a sine is a product of a power for the row and one for the column, so the sum over
    partials is a sum of outer products, added in order by `np.einsum` (no BLAS). Partials are sorted by life, and each
    stretch of rows takes only those still alive.
    """
    depth = -(-count // WIDTH)
    out = np.zeros((depth, WIDTH), np.float32)
    rows = rows.where((rows.hertz > 0.0) & (rows.hertz < TOP))
    rows = rows.where(np.abs(rows.level) > FLOOR * np.abs(rows.level).max(initial=1e-9))
    if not rows.level.size:
        return out.reshape(-1)[:count]
    level = np.abs(rows.level)
    seconds = rows.t60 / dsp.FALL * dsp.log2(level / (level.max() * FLOOR))
    lives = np.ceil(seconds * (RATE / WIDTH)).astype(np.intp)
    order = np.argsort(-lives, kind="stable")
    rows, lives = rows.where(order), lives[order]
    shrink = dsp.exp2(-dsp.FALL / (rows.t60 * RATE))
    re, im = (shrink * wave for wave in dsp.circle(rows.hertz / RATE))
    column, down = _grid(re, im, depth)
    ending = dsp.f32(lives[:, None] - np.arange(down.shape[2])) * np.float32(1.0 / EASED)
    down *= np.clip(ending, 0.0, 1.0)[:, None]
    a, b = (dsp.f32(rows.level * wave)[:, None] for wave in dsp.circle(rows.phase))
    across = np.empty_like(column)
    np.add(a * column[:, 1], b * column[:, 0], out=across[:, 0])
    np.subtract(a * column[:, 0], b * column[:, 1], out=across[:, 1])
    first = 0
    while first < depth:
        last = min(first + max(4, first // 3), depth)
        alive = int((lives > first).sum())
        np.einsum("pcm,pcl->ml", down[:alive, :, first:last], across[:alive], out=out[first:last])
        first = last
    return out.reshape(-1)[:count]


def scatter(address: str, count: int) -> Reals:
    """Numbers in [-1, 1) fixed by their address: what makes one string unlike the next."""
    return _scattered(address, -(-count // 128) * 128)[:count]


@lru_cache(maxsize=512)
def _scattered(address: str, count: int) -> Reals:
    numbers = np.asarray(dsp.noise(address, count), np.float64)
    numbers.setflags(write=False)
    return numbers
