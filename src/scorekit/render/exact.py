"""Exact mathematics: sine, exponential and logarithm whose bits are the same on every machine, and units from them.

They are tables and short polynomials in float64, made of + - * / and rounding only, because the C library and NumPy's vector
units differ in the last bit of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, reduce
from math import frexp, ldexp

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scorekit.timebase import SAMPLE_RATE

Samples = NDArray[np.float32]
Reals = NDArray[np.float64]

RATE = SAMPLE_RATE
"""Samples a second."""
PI = 3.141592653589793
LN2 = 0.6931471805599453
DB = 6.020599913279624
"""Decibels of a doubling: 20 log10 2."""


def _powers(step: float, count: int) -> list[float]:
    """step**i / i! for i below count."""
    return reduce(lambda row, i: [*row, row[-1] * step / i], range(1, count), [1.0])


def _horner(x: Reals, terms: Sequence[float]) -> Reals:
    total = x * terms[-1]
    for term in reversed(terms[1:-1]):
        total += term
        total *= x
    total += terms[0]
    return total


# -- tables, by long polynomials ---------------------------------------------------------------------------------------

_TURN, _HALVES, _PLACES = 4_096, 1_024, 2_048
"""Entries to a turn, to a doubling, to a mantissa below 1."""


@lru_cache(maxsize=1)
def _turn() -> tuple[Reals, Reals, list[float], list[float]]:
    """Sine and cosine of each entry, as arrays and as lists."""
    turn = np.arange(_TURN) / _TURN + 0.25
    turn = 0.25 - np.abs(turn - np.floor(turn) - 0.5)
    terms = [term * (-1) ** (i // 2) for i, term in enumerate(_powers(2 * PI, 20)) if i % 2]
    sines = turn * _horner(turn * turn, terms)
    cosines = np.roll(sines, -_TURN // 4)
    return sines, cosines, sines.tolist(), cosines.tolist()


@lru_cache(maxsize=1)
def _halves() -> tuple[Reals, list[float]]:
    """2 to the power of each share of 1."""
    powers = _horner(np.arange(_HALVES) / _HALVES, _powers(LN2, 19))
    return powers, powers.tolist()


@lru_cache(maxsize=1)
def _places() -> tuple[Reals, Reals, list[float], list[float]]:
    """Of each mantissa from 1/2 on: 1 over the middle of its entry, and minus the logarithm of that."""
    middle = np.maximum(np.arange(_PLACES) + 0.5, _PLACES / 2) / _PLACES
    inverse = 1.0 / middle
    low = inverse > 1.4142135623730951
    near = np.where(low, 0.5 * inverse, inverse)
    ratio = (near - 1.0) / (near + 1.0)
    logs = -(ratio * _horner(ratio * ratio, [2.0 / LN2 / (2 * i + 1) for i in range(12)]) + low)
    return inverse, logs, inverse.tolist(), logs.tolist()


_EXP2, _LOG2 = _powers(1.0, 4), [1.0 / LN2, -0.5 / LN2, 1.0 / 3.0 / LN2, -0.25 / LN2]
_ARC, _GRAIN = 2.0 * PI / _TURN, LN2 / _HALVES
_SIXTH, _FOURTH = -1.0 / 6.0, 1.0 / 24.0
"""Of the series of sine and cosine."""


def circle(cycles: ArrayLike) -> tuple[Reals, Reals]:
    """Cosine and sine of an angle in cycles (turns), within 1e-15."""
    sine, cosine, part, square = _near(cycles)
    return cosine - (part * sine - cosine * square), sine + (part * cosine + sine * square)


def _near(cycles: ArrayLike) -> tuple[Reals, Reals, Reals, Reals]:
    """Sine and cosine of the nearest entry; sine, and cosine less 1, of what is left to it."""
    sines, cosines, _, _ = _turn()
    part = np.asarray(cycles, np.float64) * _TURN
    whole = np.rint(part)
    part -= whole
    part *= _ARC
    index = whole.astype(np.intp)
    index &= _TURN - 1
    square = part * part
    part *= square * _SIXTH + 1.0
    square *= square * _FOURTH - 0.5
    return sines.take(index, mode="wrap"), cosines.take(index, mode="wrap"), part, square


def _circle(cycles: float) -> tuple[float, float]:
    """The same, in the same order, of one number: Python's floats are NumPy's float64."""
    _, _, sines, cosines = _turn()
    whole = round(cycles * _TURN)
    part = (cycles * _TURN - whole) * _ARC
    sine, cosine = sines[whole % _TURN], cosines[whole % _TURN]
    square = part * part
    part *= square * _SIXTH + 1.0
    square *= square * _FOURTH - 0.5
    return cosine - (part * sine - cosine * square), sine + (part * cosine + sine * square)


def sin(cycles: ArrayLike) -> Reals:
    """Sine of an angle in cycles."""
    if isinstance(cycles, float):
        return np.float64(_circle(cycles)[1])
    sine, cosine, part, square = _near(cycles)
    part *= cosine
    square *= sine
    part += square
    part += sine
    return part


def cos(cycles: ArrayLike) -> Reals:
    """Cosine of an angle in cycles."""
    if isinstance(cycles, float):
        return np.float64(_circle(cycles)[0])
    sine, cosine, part, square = _near(cycles)
    part *= sine
    square *= cosine
    part -= square
    cosine -= part
    return cosine


def cosines(n: int, step: float, start: float = 0.0) -> Reals:
    """Cosines of n angles ``step`` cycles apart: of a block, turned by each place in it."""
    fine = max(min(256, n), 1)
    (a, b), (c, d) = circle(np.arange(-(-n // fine))[:, None] * (step * fine) + start), circle(np.arange(fine) * step)
    return (a * c - b * d).reshape(-1)[:n]


def eased(n: int) -> Reals:
    """Half a cosine from 0 up to 1, n points between."""
    return 0.5 - 0.5 * cosines(n, 0.5 / max(n, 1), 0.25 / max(n, 1))


def exp2(x: ArrayLike) -> Reals:
    """2**x within 1e-15 relative."""
    if isinstance(x, float):
        nearest = round(x * _HALVES)
        left = (x * _HALVES - nearest) * _GRAIN
        near = ((left * _EXP2[3] + _EXP2[2]) * left + _EXP2[1]) * left + _EXP2[0]
        return np.float64(ldexp(near * _halves()[1][nearest % _HALVES], nearest // _HALVES))
    part = np.asarray(x, np.float64) * _HALVES
    whole = np.rint(part)
    part -= whole
    part *= _GRAIN
    index = whole.astype(np.int32)
    scaled = _horner(part, _EXP2)
    scaled *= _halves()[0].take(index & (_HALVES - 1), mode="wrap")
    result: Reals = np.ldexp(scaled, index >> 10)
    return result


def log2(x: ArrayLike) -> Reals:
    """Base-2 logarithm of positive numbers within 1e-15."""
    if isinstance(x, float) and x > 0.0:
        return np.float64(_log2_of(x))
    mantissa, exponent = np.frexp(np.asarray(x, np.float64))
    index = (mantissa * _PLACES).astype(np.intp)
    inverse, logs, _, _ = _places()
    part = mantissa * inverse.take(index, mode="wrap")
    part -= 1.0
    result = part * _horner(part, _LOG2)
    result += logs.take(index, mode="wrap")
    result += exponent
    return result


def _log2_of(x: float) -> float:
    mantissa, exponent = frexp(x)
    _, _, inverse, logs = _places()
    index = int(mantissa * _PLACES)
    part = mantissa * inverse[index] - 1.0
    near = ((part * _LOG2[3] + _LOG2[2]) * part + _LOG2[1]) * part + _LOG2[0]
    return part * near + logs[index] + exponent


def power(base: ArrayLike, exponent: ArrayLike) -> Reals:
    """base**exponent for positive bases."""
    if isinstance(base, float) and isinstance(exponent, float):
        return exp2(float(log2(base)) * exponent)
    return exp2(log2(base) * np.asarray(exponent, np.float64))


def tanh(x: ArrayLike) -> Reals:
    """Hyperbolic tangent; for tables. In the sample path take ``softclip``."""
    e = exp2(np.clip(np.asarray(x, np.float64), -20.0, 20.0) * (2.0 / LN2))
    ratio: Reals = (e - 1.0) / (e + 1.0)
    return ratio


# -- units -----------------------------------------------------------------------------------------------------------


def gain(decibels: float) -> float:
    """Decibels to a factor: gain(-6.02) is about a half."""
    return float(exp2(decibels / DB))


def decibels(factor: float) -> float:
    """A factor to decibels; -200 for silence."""
    return float(log2(max(factor, 1e-10))) * DB


def hertz(pitch: float) -> float:
    """Frequency of a MIDI pitch (69 is 440 Hz); fractions are cents / 100."""
    return 440.0 * float(exp2((pitch - 69.0) / 12.0))


def samples(seconds: float) -> int:
    """Seconds to a whole number of samples."""
    return int(seconds * RATE + 0.5)


def f32(values: ArrayLike) -> Samples:
    """Float32 copy of anything."""
    return np.asarray(values).astype(np.float32)
