"""The haze of a real sound: its partials are no lines, since nothing that is plucked, struck or amplified moves quite evenly.

Every sample is read some millionths of a second early or late, by chance. So each partial gets skirts that live and die
with it, as loud as it is high: a low one stays clear. That costs a product and two sums a sample.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from scorekit.render import dsp
from scorekit.render.dsp import RATE, Samples

_SIZE, _NEAR = 1 << 15, 1 << 14
"""Samples after which chance comes round again, and those that are dealt with together."""
_WIDE = 400.0
"""Hz from a partial by which its skirts have fallen 6 dB, 12 more an octave from there."""


@lru_cache(maxsize=2)
def _chance(slow: int) -> Samples:
    """How much earlier or later each sample is than it should be, RMS 1; there is one of ``slow`` samples."""
    away = dsp.bins(_SIZE) * (1.0 / (slow * _WIDE))
    level = 1.0 / (1.0 + away * away)
    level[0] = 0.0
    wave = dsp.back((dsp.noise("haze", _SIZE + 2) * dsp.f32(level).repeat(2)).view(np.complex64), _SIZE)
    return wave * np.float32(1.0 / np.sqrt(np.square(wave, dtype=np.float64).mean()))


@lru_cache(maxsize=16)
def _wavering(micros: float, slow: int) -> Samples:
    """The same in samples."""
    wave = _chance(slow) * np.float32(micros * 1e-6 * RATE / slow)
    wave.setflags(write=False)
    return wave


def hazy(x: Samples, micros: float, address: str, slow: int = 1) -> Samples:
    """x (..., n), one of ``slow`` samples, its partials with skirts: at f Hz ``2 pi f micros / 1e6`` as loud as they are."""
    wave, n = _wavering(micros, slow), x.shape[-1]
    out, at = np.empty_like(x), 0
    start = int(dsp.uniform(address) * _SIZE)
    while at < n:
        end = min(at + _NEAR, at + _SIZE - start, n)
        part, here, first = out[..., at:end], x[..., at:end], min(at, 1)
        np.subtract(here[..., 1 - first :], x[..., at - first : end - 1], out=part[..., 1 - first :])
        if not first:
            part[..., 0] = 0.0
        part *= wave[start : start + end - at]
        part += here
        start, at = (start + end - at) % _SIZE, end
    return out
