"""Signal helpers for patches and the mix: oscillators, noise, envelopes, filters, resonators, shaping.

Every number here comes from + - * / sqrt, rounding, table look-up and ``np.fft``, whose results are the same on every
x86-64 machine; sine and exponential come from ``exact``, complex products are written out in real and imaginary planes.
Sounds are float32, shape (n,) mono or (2, n) stereo, at RATE; time runs along the last axis.

>>> tone = osc("saw", phase(hertz(57), 44_100), hertz(57)) * decay(1.5, 44_100)
>>> mild = filtered(tone, lowpass(2_000.0))
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scorekit.render.curves import Curve as Curve
from scorekit.render.curves import bandpass as bandpass
from scorekit.render.curves import chain as chain
from scorekit.render.curves import high_shelf as high_shelf
from scorekit.render.curves import highpass as highpass
from scorekit.render.curves import low_shelf as low_shelf
from scorekit.render.curves import lowpass as lowpass
from scorekit.render.curves import peak as peak
from scorekit.render.curves import points as points
from scorekit.render.exact import LN2, PI, Reals
from scorekit.render.exact import RATE as RATE
from scorekit.render.exact import Samples as Samples
from scorekit.render.exact import circle as circle
from scorekit.render.exact import cos as cos
from scorekit.render.exact import cosines as cosines
from scorekit.render.exact import decibels as decibels
from scorekit.render.exact import eased as eased
from scorekit.render.exact import exp2 as exp2
from scorekit.render.exact import f32 as f32
from scorekit.render.exact import gain as gain
from scorekit.render.exact import hertz as hertz
from scorekit.render.exact import log2 as log2
from scorekit.render.exact import power as power
from scorekit.render.exact import samples as samples
from scorekit.render.exact import sin as sin
from scorekit.render.exact import tanh as tanh
from scorekit.render.spectra import BATCH as BATCH
from scorekit.render.spectra import Spectrum as Spectrum
from scorekit.render.spectra import Weights as Weights
from scorekit.render.spectra import back as back
from scorekit.render.spectra import bins as bins
from scorekit.render.spectra import crossed as crossed
from scorekit.render.spectra import ease as ease
from scorekit.render.spectra import forth as forth
from scorekit.render.spectra import through as through
from scorekit.render.spectra import times as times
from scorekit.render.spectra import weights as weights
from scorekit.render.spectra import windows as windows
from scorekit.values import blake2b

_FINE, _BLOCK = 256, 12_288
TURN = 65_536
"""Places in a table of sines."""
FALL = 9.965784284662087
"""Halvings in 60 dB: log2 1000."""


# -- oscillators -----------------------------------------------------------------------------------------------------


def phase(hz: float | NDArray[Any], n: int, start: float = 0.0) -> Reals:
    """Phase in cycles of a constant frequency, or of a frequency for each sample (n,), starting at ``start`` cycles."""
    if np.ndim(hz) == 0:
        return np.arange(n, dtype=np.float64) * (float(hz) / RATE) + start
    steps = np.asarray(hz, np.float64)[:n] / RATE
    return np.cumsum(steps) - steps[:1] + start


@lru_cache(maxsize=1)
def _sine_table() -> Samples:
    return f32(cosines(TURN, 1.0 / TURN, 0.5 / TURN - 0.25))


def sine(cycles: NDArray[Any]) -> Samples:
    """Sine by look-up (noise -98 dB) of phases in cycles: for vibrato, phase modulation. Fixed pitch: ``partial``."""
    places = cycles * float(TURN)
    index = np.floor(places, out=places).astype(np.intp)
    index &= TURN - 1
    return np.take(_sine_table(), index, mode="wrap")


def sine_at(places: NDArray[Any]) -> Samples:
    """The same of places of which ``TURN`` are a cycle, from 0 to 2**31: in half the time."""
    index = places.astype(np.int32)
    index &= TURN - 1
    return np.take(_sine_table(), index, mode="wrap")


def partial(hz: float, n: int, t60: float = 0.0, start: float = 0.0) -> Samples:
    """Sine of fixed frequency, falling 60 dB in ``t60`` seconds (0: not at all), from phase ``start`` in cycles.

    An outer sum of angles: sin(a + b) = sin a cos b + cos a sin b, with a for the block and b within it.
    """
    blocks = -(-n // _FINE)
    a = np.arange(blocks)[:, None] * (hz * _FINE / RATE) + start
    b = np.arange(_FINE)[None, :] * (hz / RATE)
    (cos_a, sin_a), (cos_b, sin_b) = circle(a), (_decaying(wave, 1, t60) for wave in circle(b))
    out = _decaying(sin_a, _FINE, t60) * cos_b
    out += _decaying(cos_a, _FINE, t60) * sin_b
    return out.reshape(-1)[:n]


def _decaying(wave: Reals, step: int, t60: float) -> Samples:
    if t60 <= 0:
        return f32(wave)
    at = np.arange(wave.size).reshape(wave.shape) * step
    return f32(wave * exp2(np.maximum(at * (-FALL / (t60 * RATE)), -120.0)))


def cycle(sines: ArrayLike, cosines: ArrayLike | None = None) -> Samples:
    """One period from the amplitudes of harmonics 1, 2, 3 ...: a table to ``read``. Power-of-two length."""
    s = np.asarray(sines, np.float64)
    c = np.zeros_like(s) if cosines is None else np.asarray(cosines, np.float64)
    size = min(max(1 << (32 * s.size - 1).bit_length(), 2_048), 32_768)
    spectrum = np.zeros(size // 2 + 1, np.complex64)
    spectrum.real[1 : s.size + 1] = c[: size // 2] * (size / 2)
    spectrum.imag[1 : s.size + 1] = s[: size // 2] * (-size / 2)
    return back(spectrum, size)


@lru_cache(maxsize=256)
def _shape(shape: str, harmonics: int) -> Samples:
    k = np.arange(1, harmonics + 1)
    rows = {
        "saw": (2.0 / PI) / k,
        "square": np.where(k % 2, (4.0 / PI) / k, 0.0),
        "triangle": np.where(k % 2, (8.0 / PI / PI) / (k * k) * (1 - (k // 2 % 2) * 2), 0.0),
    }
    table = cycle(rows[shape])
    table.setflags(write=False)
    return table


def read(table: Samples, cycles: NDArray[Any]) -> Samples:
    """A period table read at phases in cycles, linearly interpolated."""
    at: Reals = cycles * float(table.size)
    whole = np.floor(at)
    share = f32(at - whole)
    index = whole.astype(np.intp)
    mask = table.size - 1
    here = np.take(table, index & mask, mode="wrap")
    there = np.take(table, (index + 1) & mask, mode="wrap")
    there -= here
    there *= share
    there += here
    return there


def osc(shape: str, cycles: NDArray[Any], hz: float, top: float = 20_000.0) -> Samples:
    """Band-limited ``saw``, ``square`` or ``triangle``, peak about 1, at phases in cycles.

    ``hz`` is the highest frequency the phase reaches; no harmonic of it goes above ``top`` Hz.
    """
    return read(_shape(shape, max(int(top / hz), 1)), cycles)


# -- noise -----------------------------------------------------------------------------------------------------------


def noise(address: str, n: int, start: int = 0) -> Samples:
    """White noise, uniform in [-1, 1) (RMS 0.577), fixed by its address; ``start`` looks further into it."""
    size = 65_536
    first, last = start // size, (start + max(n, 1) - 1) // size
    blocks = [_noise_block(f"{address}/{b}", size) for b in range(first, last)]
    blocks.append(_noise_block(f"{address}/{last}", start + n - last * size))
    return np.concatenate(blocks)[start - first * size :]


def _noise_block(address: str, n: int) -> Samples:
    key = int.from_bytes(blake2b(address.encode(), digest_size=16).digest(), "little")
    out = np.random.Generator(np.random.PCG64(key)).random(n, dtype=np.float32)
    out *= np.float32(2.0)
    out -= np.float32(1.0)
    return out


def uniform(address: str, low: float = 0.0, high: float = 1.0) -> float:
    """One number fixed by its address: a detune, a phase, a delay."""
    word = int.from_bytes(blake2b(address.encode(), digest_size=8).digest(), "big")
    return low + (high - low) * (word >> 11) * 2.0**-53


def drift(address: str, n: int, hz: float) -> Samples:
    """Slow random wander in [-1, 1], about ``hz`` turns a second, smooth (cosine-eased between random points)."""
    hop = max(int(RATE / (2.0 * hz)), 2)
    points = noise(address, n // hop + 2)
    ease = f32(0.5 - 0.5 * cos(np.arange(hop) / (2.0 * hop)))
    return (points[:-1, None] + (points[1:] - points[:-1])[:, None] * ease).reshape(-1)[:n]


# -- envelopes -------------------------------------------------------------------------------------------------------


def decay(t60: float, n: int, level: float = 1.0) -> Samples:
    """Exponential from ``level``, falling 60 dB in ``t60`` seconds."""
    coarse, fine = _falls(max(t60, 1e-4), -(-n // _FINE))
    if level != 1.0:
        coarse = coarse * np.float32(level)
    return (coarse[:, None] * fine).reshape(-1)[:n]


@lru_cache(maxsize=512)
def _falls(t60: float, count: int) -> tuple[Samples, Samples]:
    """Every 256th sample of a decay, so many of them, and its first 256."""
    at = np.concatenate((np.arange(count) * _FINE, np.arange(_FINE)))
    falls = f32(exp2(np.maximum(at * (-FALL / (t60 * RATE)), -120.0)))
    falls.setflags(write=False)
    return falls[:count], falls[count:]


def rise(t60: float, n: int) -> Samples:
    """1 minus ``decay``: an attack that eases into its level."""
    return np.float32(1.0) - decay(t60, n)


def lines(points: Sequence[tuple[float, float]], n: int) -> Samples:
    """Straight lines through (seconds, value), the first at 0 s; holds the last value."""
    out = np.full(n, points[-1][1], np.float32)
    for (t0, v0), (t1, v1) in pairwise(points):
        a, b = samples(t0), samples(t1)
        out[a:b] = np.linspace(v0, v1, max(b - a, 1), endpoint=False, dtype=np.float32)[: max(n - a, 0)]
    return out


def stretch(control: NDArray[Any], n: int) -> Samples:
    """A control curve of a few points stretched to n samples by straight lines (first point at 0, last at the end)."""
    points = f32(control)
    hop = -(-n // max(points.size - 1, 1))
    ramp = np.arange(hop, dtype=np.float32) / np.float32(hop)
    return (points[:-1, None] + (points[1:] - points[:-1])[:, None] * ramp).reshape(-1)[:n]


def fade_in(x: Samples, seconds: float) -> Samples:
    """Copy with a raised-cosine start."""
    n, out = min(samples(seconds), x.shape[-1]), x.copy()
    out[..., :n] *= ease(n)
    return out


def fade_out(x: Samples, seconds: float) -> Samples:
    """Copy with a raised-cosine end."""
    return faded_out(x.copy(), seconds)


def faded_out(x: Samples, seconds: float) -> Samples:
    """The same in place."""
    n = min(samples(seconds), x.shape[-1])
    x[..., x.shape[-1] - n :] *= ease(n)[::-1]
    return x


# -- filters ---------------------------------------------------------------------------------------------------------


def fast_size(n: int) -> int:
    """The smallest length of the form 2**a x (1, 3, 5 or 9) / 8 not below n: quick for the FFT."""
    whole = 1 << max(n - 1, 1).bit_length()
    return next(size for size in (whole * 9 // 16, whole * 5 // 8, whole * 3 // 4, whole) if size >= n)


def kernel(curve: Curve, taps: int = 2_048, minimum: bool = True) -> Samples:
    """Impulse response (taps,) of a magnitude curve: minimum phase (cepstrum), or linear phase centred at taps // 2."""
    size = 4 * taps
    magnitude = np.maximum(curve(bins(size)), 1e-5)
    if not minimum:
        response = np.roll(np.fft.irfft(magnitude, size), taps // 2)[:taps]
        return f32(response * (0.5 - 0.5 * cos(np.arange(taps) / taps)))
    cepstrum = np.fft.irfft(log2(magnitude) * LN2, size)
    cepstrum[1 : size // 2] *= 2.0
    cepstrum[size // 2 + 1 :] = 0.0
    turns = np.fft.rfft(cepstrum).imag / (2.0 * PI)
    spectrum = np.empty(size // 2 + 1, np.complex128)
    spectrum.real, spectrum.imag = (magnitude * wave for wave in circle(turns))
    response = np.fft.irfft(spectrum, size)[:taps]
    response[taps // 2 :] *= 0.5 + 0.5 * cos(np.arange(taps - taps // 2) / (2.0 * (taps - taps // 2)))
    return f32(response)


def convolve(x: Samples, response: Samples) -> Samples:
    """x (..., n) with an impulse response (m,): (..., n + m - 1), by overlap-add of FFT blocks in float32."""
    n, m = x.shape[-1], response.shape[-1]
    whole = n + m - 1
    size = fast_size(whole) if whole <= _BLOCK else max(_BLOCK, fast_size(4 * m))
    heavy = weights(forth(response, size) * np.float32(size))
    return through(x, heavy, size, size, size - m + 1)[..., :whole]


def even(curve: Curve, size: int, points: int = 0) -> Samples:
    """A magnitude curve for spectra of ``size`` samples, for the real and the imaginary part of each bin; for those that
    return with fewer ``points`` too."""
    level = np.repeat(f32(curve(bins(size)[: (points or size) // 2 + 1]) * (points or size)), 2)
    level.setflags(write=False)
    return level


def tinted(spectrum: Spectrum, level: Samples) -> Spectrum:
    """Spectra (..., bins) of NumPy's "forward" norm by an ``even`` curve, which makes up for that."""
    return (spectrum.view(np.float32) * level).view(np.complex64)


def shaped(rows: Samples, level: Samples) -> Samples:
    """Rows (..., n) through an ``even`` curve, which shifts nothing in time. Each row goes round: its end meets its
    beginning."""
    spectrum: Spectrum = np.fft.rfft(rows, norm="forward")
    planes = spectrum.view(np.float32)
    planes *= level
    return back(spectrum, rows.shape[-1])


def filtered(x: Samples, curve: Curve, taps: int = 2_048) -> Samples:
    """x through a filter of minimum phase: onset stays put, same length. 4,096 taps or more for cuts below 40 Hz."""
    return convolve(x, kernel(curve, taps))[..., : x.shape[-1]]


def one_pole(x: Samples, keep: float) -> Samples:
    """y[t] = x[t] + keep * y[t - 1] along (n,), as a recurrence over 64 rows of blocks, then over their ends."""
    n = x.size
    if n <= 64:
        out = x.copy()
        for t in range(1, n):
            out[t] += np.float32(keep) * out[t - 1]
        return out
    flat = np.zeros(-(-n // 64) * 64, np.float32)
    flat[:n] = x
    rows = flat.reshape(-1, 64).T.copy()
    for t in range(1, 64):
        rows[t] += np.float32(keep) * rows[t - 1]
    fall = np.cumprod(np.full(64, keep))
    rows[:, 1:] += f32(fall)[:, None] * one_pole(rows[-1], float(fall[-1]))[:-1]
    return rows.T.reshape(-1)[:n]


def smooth(x: Samples, seconds: float) -> Samples:
    """One-pole low-pass with a time constant in seconds, gain 1 at 0 Hz: for envelopes."""
    keep = float(exp2(-1.0 / (LN2 * max(seconds, 1e-5) * RATE)))
    return one_pole(x * np.float32(1.0 - keep), keep)


# -- shaping ---------------------------------------------------------------------------------------------------------


def softclip(x: Samples) -> Samples:
    """x / sqrt(1 + x^2): smooth saturation, exact on every machine."""
    root: Samples = np.sqrt(np.float32(1.0) + x * x)
    return x / root


def normal(x: Samples, level: float = 1.0) -> Samples:
    """x scaled so that its peak is ``level``; silence stays silence."""
    top = float(np.max(np.abs(x), initial=0.0))
    return x if top == 0.0 else x * np.float32(level / top)


def add(into: Samples, x: Samples, at: int, level: float = 1.0) -> None:
    """into += x * level from sample ``at`` of the last axis; whatever falls outside is left out."""
    a, b = max(at, 0), min(at + x.shape[-1], into.shape[-1])
    if b > a:
        part = x[..., a - at : b - at]
        into[..., a:b] += part if level == 1.0 else part * np.float32(level)


def pan(position: float) -> tuple[float, float]:
    """Constant-power gains (left, right) for -1 left to 1 right; 0.707 each in the middle."""
    angle = (min(max(position, -1.0), 1.0) + 1.0) / 8.0
    return float(cos(angle)), float(sin(angle))
