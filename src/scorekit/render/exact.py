"""Exact mathematics: sine, exponential and logarithm whose bits are the same on every machine, and units from them.

They are polynomials in float64, made of + - * / and rounding only, because the C library and NumPy's vector units
differ in the last bit of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import floor, frexp, ldexp

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


_SINE = [term * (-1) ** (i // 2) for i, term in enumerate(_powers(2 * PI, 20)) if i % 2]
_EXP2 = _powers(LN2, 14)
_LOG2 = [2.0 / LN2 / (2 * i + 1) for i in range(11)]


def _horner(x: Reals, terms: Sequence[float]) -> Reals:
    total = x * terms[-1]
    for term in reversed(terms[1:-1]):
        total += term
        total *= x
    total += terms[0]
    return total


def _single(x: float, terms: Sequence[float]) -> float:
    """The same sum, in the same order, of one number: Python's floats are NumPy's float64."""
    total = x * terms[-1]
    for term in reversed(terms[1:-1]):
        total = (total + term) * x
    return total + terms[0]


def sin(cycles: ArrayLike) -> Reals:
    """Sine of an angle in cycles (turns), within 1e-14 (Taylor, folded to a quarter turn)."""
    if isinstance(cycles, float):
        part = cycles + 0.25
        part = 0.25 - abs(part - floor(part) - 0.5)
        return np.float64(part * _single(part * part, _SINE))
    turn = np.asarray(cycles, np.float64) + 0.25
    turn = 0.25 - np.abs(turn - np.floor(turn) - 0.5)
    wave: Reals = turn * _horner(turn * turn, _SINE)
    return wave


def cos(cycles: ArrayLike) -> Reals:
    """Cosine of an angle in cycles."""
    return sin(cycles + 0.25 if isinstance(cycles, float) else np.asarray(cycles, np.float64) + 0.25)


def exp2(x: ArrayLike) -> Reals:
    """2**x within 1e-15 relative."""
    if isinstance(x, float):
        near = round(x)
        return np.float64(ldexp(_single(x - near, _EXP2), near))
    power = np.asarray(x, np.float64)
    whole = np.rint(power)
    scaled: Reals = np.ldexp(_horner(power - whole, _EXP2), whole.astype(np.int32))
    return scaled


def log2(x: ArrayLike) -> Reals:
    """Base-2 logarithm of positive numbers within 1e-15 (atanh series)."""
    if isinstance(x, float) and x > 0.0:
        return np.float64(_log2_of(x))
    mantissa, exponent = np.frexp(np.asarray(x, np.float64))
    low = mantissa < 0.7071067811865476
    mantissa = np.where(low, 2.0 * mantissa, mantissa)
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    result: Reals = ratio * _horner(ratio * ratio, _LOG2) + (exponent - low)
    return result


def _log2_of(x: float) -> float:
    part, exponent = frexp(x)
    if part < 0.7071067811865476:
        part, exponent = 2.0 * part, exponent - 1
    ratio = (part - 1.0) / (part + 1.0)
    return ratio * _single(ratio * ratio, _LOG2) + exponent


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
