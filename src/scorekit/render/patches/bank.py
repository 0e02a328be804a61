"""A bank of ringing partials: what strings, bars and tines are rendered as.

Anything struck or plucked that is linear is a sum of decaying sines, each with a frequency, a level, a decay and a phase.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
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
_ALONG = WIDTH.bit_length() - 1
_STEPS = 2.0 ** np.arange(32)[:, None]
FLOOR = 2.5e-5
"""Level, against the least partial, at which a partial is given up (-92 dB)."""
EASED = 8
"""Rows over which it then goes, so that it leaves no click."""


class Partials(Struct, frozen=True, eq=False):
    """Decaying sines: rows of Hz, level, T60 in seconds, start phase in cycles."""

    hertz: Reals
    level: Reals
    t60: Reals
    phase: Reals

    def joined(self, *others: Partials) -> Partials:
        """All sets of rows."""
        sets = (self, *others)
        return Partials(
            np.concatenate([rows.hertz for rows in sets]),
            np.concatenate([rows.level for rows in sets]),
            np.concatenate([rows.t60 for rows in sets]),
            np.concatenate([rows.phase for rows in sets]),
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


def _squares(rows: Partials, count: int) -> Samples:
    """What decaying sines do in 1, 2, 4, 8 ... samples: (count, 3, p), real, imaginary with the other sign, and imaginary. Nothing
    is left of what would fall by -240 dB: numbers too small to be normal take a hundred times as long."""
    fall = _STEPS[:count] * (-dsp.FALL / (rows.t60 * RATE))
    fall[fall < -40.0] = -1000.0
    shrink, (cosine, sine) = dsp.exp2(fall), dsp.circle(_STEPS[:count] * (rows.hertz / RATE))
    out = np.empty((count, 3, rows.hertz.size), np.float32)
    np.multiply(shrink, cosine, out=out[:, 0], casting="same_kind")
    np.multiply(shrink, sine, out=out[:, 2], casting="same_kind")
    np.negative(out[:, 2], out=out[:, 1])
    return out


def _powers(squares: Samples, count: int, first: tuple[Reals, Reals] | tuple[float, float] = (1.0, 0.0)) -> Samples:
    """Powers 0 .. count - 1 of complex numbers, times a first one, by products of those before with a square: (2, count, p), real
    and imaginary planes. Right to some 1e-6, and as quick as a row is long."""
    out = np.empty((2, count, squares.shape[-1]), np.float32)
    work = np.empty((2, -(-count // 2), squares.shape[-1]), np.float32)
    (out[0, 0], out[1, 0]), size = first, 1
    for straight, crossed in zip(squares[:, :1], squares[:, 1:], strict=True):
        further = out[:, size : 2 * size]
        before, part = out[:, : further.shape[1]], work[:, : further.shape[1]]
        np.multiply(before, straight, out=further)
        further += np.multiply(before[::-1], crossed[:, None], out=part)
        size *= 2
    return out


def _ranked(rows: Partials) -> tuple[Partials, Reals]:
    """The partials that are heard, those that live longest first, and the rows for which they live."""
    keep = np.flatnonzero((rows.hertz > 0.0) & (rows.hertz < TOP))
    level = np.abs(rows.level[keep])
    least = float(level.max(initial=1e-9)) * FLOOR
    loud = level > least
    keep = keep[loud]
    lives = np.ceil(rows.t60[keep] * dsp.log2(level[loud] / least) * (RATE / WIDTH / dsp.FALL))
    order = np.argsort(-lives, kind="stable")
    return rows.where(keep[order]), lives[order]


def ring(rows: Partials, count: int) -> Samples:
    """Sum of decaying sines: ``count`` samples."""
    sound: Samples = rung((rows,), count)[0]
    return sound


def rung(sets: Sequence[Partials], count: int) -> Samples:
    """Sums of decaying sines, one for each set of them: (sets, ``count``) samples.

    Sample row * WIDTH + column of a sine is a product of a power for the row and one for the column, so the sum over
    partials is a sum of outer products, added in order by `np.einsum` (no BLAS). Partials are sorted by life, and each
    stretch of rows takes only those still alive.
    """
    depth = -(-count // WIDTH)
    out = np.zeros((len(sets), depth, WIDTH), np.float32)
    ranked, living = zip(*map(_ranked, sets), strict=True)
    rows, lives = ranked[0].joined(*ranked[1:]), np.concatenate(living)
    squares = _squares(rows, _ALONG + max(depth - 1, 1).bit_length())
    real, imaginary = (rows.level * wave for wave in dsp.circle(rows.phase))
    across = np.ascontiguousarray(_powers(squares[:_ALONG], WIDTH)[::-1].transpose(0, 2, 1))
    down = _powers(squares[_ALONG:], depth, (real, imaginary))
    ending = np.subtract.outer(-np.arange(depth, dtype=np.float32), dsp.f32(-lives))
    ending *= np.float32(1.0 / EASED)
    np.maximum(np.minimum(ending, np.float32(1.0), out=ending), np.float32(0.0), out=ending)
    down *= ending
    begin = 0
    for sound, lives in zip(out, living, strict=True):
        first, ends = 0, (-lives).tolist()
        while first < depth:
            last, alive = min(first + max(4, first // 3), depth), begin + bisect_left(ends, -first)
            np.einsum("cmp,cpl->ml", down[:, first:last, begin:alive], across[:, begin:alive], out=sound[first:last])
            first = last
        begin += lives.size
    return out.reshape(len(sets), -1)[:, :count]


def scatter(address: str, count: int) -> Reals:
    """Numbers in [-1, 1) fixed by their address: what makes one string unlike the next."""
    return _scattered(address, -(-count // 128) * 128)[:count]


@lru_cache(maxsize=512)
def _scattered(address: str, count: int) -> Reals:
    numbers = np.asarray(dsp.noise(address, count), np.float64)
    numbers.setflags(write=False)
    return numbers
