"""Filters as curves: a magnitude (not dB) for each frequency in Hz. ``dsp.filtered`` applies them."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np

from scorekit.render.exact import DB, Reals, exp2, gain, log2

Curve = Callable[[Reals], Reals]


def _two_pole(hz: float, q: float, top: Callable[[Reals], Reals]) -> Curve:
    def curve(f: Reals) -> Reals:
        u = (f / hz) ** 2
        return np.sqrt(top(u) / ((1.0 - u) ** 2 + u / (q * q)))

    return curve


def lowpass(hz: float, q: float = 0.7071) -> Curve:
    """Two-pole low-pass (12 dB an octave) with resonance q."""
    return _two_pole(hz, q, lambda u: np.ones_like(u))


def highpass(hz: float, q: float = 0.7071) -> Curve:
    """Two-pole high-pass."""
    return _two_pole(hz, q, lambda u: u * u)


def bandpass(hz: float, q: float = 1.0) -> Curve:
    """Two-pole band-pass, 0 dB at its centre."""
    return _two_pole(hz, q, lambda u: u / (q * q))


def peak(hz: float, db: float, q: float = 1.0) -> Curve:
    """Bell of ``db`` at ``hz`` (analogue prototype of the usual peaking equaliser)."""
    a = gain(db / 2.0)

    def curve(f: Reals) -> Reals:
        u = (f / hz) ** 2
        return np.sqrt(((1 - u) ** 2 + u * (a / q) ** 2) / ((1 - u) ** 2 + u / (a * q) ** 2))

    return curve


def low_shelf(hz: float, db: float) -> Curve:
    """``db`` below ``hz``, 0 dB above, first order."""
    g = gain(db)
    return lambda f: np.sqrt((g + (f / hz) ** 2) / (1.0 / g + (f / hz) ** 2))


def high_shelf(hz: float, db: float) -> Curve:
    """``db`` above ``hz``, 0 dB below, first order."""
    g = gain(db)
    return lambda f: np.sqrt((1.0 + g * (f / hz) ** 2) / (1.0 + (f / hz) ** 2 / g))


def points(*rows: tuple[float, float]) -> Curve:
    """A response drawn through (Hz, dB) points, straight on a log-frequency scale, flat outside: cabinets, bodies."""
    at = log2(np.array([hz for hz, _ in rows]))
    db = np.array([level for _, level in rows])
    return lambda f: exp2(np.interp(log2(np.maximum(f, 1.0)), at, db) / DB)


def chain(*curves: Curve) -> Curve:
    """Filters one after another."""
    return lambda f: reduce(lambda total, curve: total * curve(f), curves, np.ones_like(f))
