"""Spectra: FFTs in single precision, products of them, and long sounds through a response, many blocks in a call."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scorekit.render.exact import RATE, Reals, Samples, eased, f32

Spectrum = NDArray[np.complexfloating[Any, Any]]

BATCH = 8
"""Rows that are transformed together where there are many: NumPy's FFT takes four at a time, in the time of two, to the
same bits."""


@lru_cache(maxsize=64)
def ease(n: int) -> Samples:
    """Half a cosine up, n samples."""
    ramp = f32(eased(n))
    ramp.setflags(write=False)
    return ramp


def bins(size: int) -> Reals:
    """Frequency in Hz of each bin of an rfft of ``size`` samples."""
    return np.arange(size // 2 + 1, dtype=np.float64) * (RATE / size)


def forth(x: Samples, size: int = 0, out: Any = None) -> Spectrum:
    """Real FFT of float32 samples, of ``size`` points or as many as there are. Single precision throughout: the default
    norm, a whole number, would have NumPy go by way of doubles, at four times the price."""
    points = size or x.shape[-1]
    spectrum: Spectrum = np.fft.rfft(x, points, norm="forward", out=out)
    planes = spectrum.view(np.float32)
    planes *= np.float32(points)
    return spectrum


def windows(x: Samples, width: int, hop: int) -> Samples:
    """All whole windows of ``width`` samples of x (..., n), ``hop`` apart: (..., windows, width), a view to be read. x is one
    that was made as it stands (NumPy's own way to one takes as long as a transform)."""
    step, count = x.strides[-1], (x.shape[-1] - width) // hop + 1
    strides = (*x.strides[:-1], hop * step, step)
    return np.ndarray((*x.shape[:-1], count, width), np.float32, buffer=x.data, strides=strides)


def back(spectrum: Spectrum, size: int) -> Samples:
    """Inverse real FFT to float32 samples; complex64 spectra stay in single precision throughout."""
    return np.fft.irfft(spectrum, size).astype(np.float32, copy=False)


class Weights(NamedTuple):
    """A spectrum others are multiplied by: its real parts twice each, its imaginary parts twice each."""

    straight: Samples
    crossed: Samples


def weights(spectrum: Spectrum) -> Weights:
    """A spectrum (..., bins) made ready for ``times``."""
    straight, crossed = np.empty((2, *spectrum.shape, 2), np.float32)
    straight[:], crossed[:] = spectrum.real[..., None], spectrum.imag[..., None]
    shape = (*spectrum.shape[:-1], 2 * spectrum.shape[-1])
    return Weights(straight.reshape(shape), crossed.reshape(shape))


def crossed(spectrum: Spectrum) -> Samples:
    """The parts of complex64 numbers (..., bins) times i: minus the imaginary part, then the real one. That product is exact
    on every machine, as nothing is added but zeros."""
    return np.multiply(spectrum, _I).view(np.float32)


_I = np.complex64(1j)


def times(a: Spectrum, b: Weights) -> Spectrum:
    """Product of complex64 spectra (..., bins), written out in parts (complex multiply differs between machines); a is written
    over."""
    product, planes = crossed(a), a.view(np.float32)
    product *= b.crossed
    planes *= b.straight
    planes += product
    return a


def through(x: Samples, response: Weights, there: int, back: int, hop: int, ease_in: int = 0) -> Samples:
    """x (..., n) through the spectrum of a response, and read ``there / back`` times as fast: the samples of it that
    are ready, from the first on.

    Blocks of ``hop`` samples go there with ``there`` points and return with ``back``; the response and ``ease_in`` samples
    of cross-fade, which keeps blocks that change their speed from ringing at their ends, fit in the rest. ``hop`` and
    ``ease_in`` become whole numbers there and back. Blocks of all lines stand in rows one after another, since the FFT is
    quick for rows in fours, and as long as what returns, since filling them up there is slow.
    """
    flat, width = x.reshape(-1, x.shape[-1]), hop + ease_in
    count, step, lead = -(-(x.shape[-1] + ease_in) // hop), hop * back // there, ease_in * back // there
    places, bins = [divmod(number, count) for number in range(len(flat) * count)], response.straight.size // 2
    out = np.zeros((len(flat), count * step + back - step), np.float32)
    few, rise = min(BATCH, -(-len(places) // 4) * 4), ease(ease_in)
    rows = np.zeros((few, there), np.float32)
    wet: Any = np.zeros((few, back), np.float32)
    spectra: Any = np.zeros((few, max(there, back) // 2 + 1), np.complex64)
    for first in range(0, len(places), few):
        here = places[first : first + few]
        for row, (line, block) in zip(rows, here, strict=False):
            part = flat[line, max(block * hop - ease_in, 0) : block * hop + hop]
            begin = ease_in if not block else 0
            row[:begin], row[begin : begin + part.size], row[begin + part.size :] = 0.0, part, 0.0
        if ease_in:
            rows[:, :ease_in] *= rise
            rows[:, hop:width] *= rise[::-1]
        some = len(here) if len(here) % 4 == 1 else -(-len(here) // 4) * 4
        np.fft.rfft(rows[:some], norm="forward", out=spectra[:some, : there // 2 + 1])
        times(spectra[: len(here), :bins], response)
        np.fft.irfft(spectra[:some, : back // 2 + 1], back, out=wet[:some])
        for row, (line, block) in zip(wet, here, strict=False):
            out[line, block * step : block * step + back] += row
    return out.reshape(*x.shape[:-1], -1)[..., lead:]
