"""Winds: brass, trumpet, trombone, horn, sax, flute, clarinet. How they are played stands in ``players``."""

from __future__ import annotations

import numpy as np

from scorekit.render import dsp
from scorekit.render.exact import Reals
from scorekit.render.patches.base import Patch
from scorekit.render.patches.players import MANNERS, PARAMS, Tone, Voice, sustained
from scorekit.render.patches.sources import Curve


def lipped(dark: float, loud: float, slopes: tuple[float, float], bell: float) -> Tone:
    """Brass: harmonics flat up to a cutoff climbing from ``dark`` to ``loud`` Hz with brightness, then falling.

    Loud playing steepens the wave in the bore, so the fall gets gentler too (Benade; Hirschberg et al. 1996); below
    ``bell`` Hz the bell radiates poorly.
    """

    def tone(k: Reals, f: Reals, b: float) -> Reals:
        cutoff = dark * float(dsp.power(loud / dark, b))
        slope = slopes[0] + (slopes[1] - slopes[0]) * b
        u = (f / bell) ** 2
        return np.sqrt(u / (1.0 + u)) / (1.0 + dsp.power(f / cutoff, slope))

    return tone


def reed(dark: float, loud: float, slope: float, even: float) -> Tone:
    """Reeds: as brass but falling at once from the fundamental; ``even`` scales even harmonics (a cylinder has few)."""

    def tone(k: Reals, f: Reals, b: float) -> Reals:
        cutoff = dark * float(dsp.power(loud / dark, b))
        weak = np.where(k % 2 == 0, even + (1.0 - even) * np.minimum(f / 6000.0, 0.8), 1.0)
        return weak / (dsp.power(k, 0.35) * (1.0 + dsp.power(f / cutoff, slope)))

    return tone


def pipe(k: Reals, f: Reals, b: float) -> Reals:
    """Flute: fundamental, and upper harmonics that come in with the wind."""
    steep = 2.6 - 1.2 * b
    lift = np.where(k == 2, 0.45 + 1.0 * b, 1.0)
    return lift / (dsp.power(k, steep) * (1.0 + (f / (2500.0 + 3500.0 * b)) ** 2))


_BREATH: Curve = ((120.0, -30.0, 1.0), (300.0, -14.0, 1.0), (800.0, -4.0, 1.0), (1800.0, -1.0, 1.0), (3200.0, 0.0, 1.0),
    (6000.0, -11.0, 1.0), (10000.0, -24.0, 1.0), (11500.0, -34.0, 1.0))  # fmt: skip
_WIND: Curve = ((250.0, -30.0, 1.0), (700.0, -8.0, 1.0), (1500.0, 0.0, 1.0), (2800.0, -2.0, 1.0),
    (5500.0, -13.0, 1.0), (10000.0, -26.0, 1.0), (11500.0, -36.0, 1.0))  # fmt: skip
_SPIT: Curve = ((200.0, -30.0, 0.05), (700.0, -6.0, 0.07), (1800.0, 0.0, 0.08), (4500.0, -6.0, 0.07),
    (12000.0, -22.0, 0.05))  # fmt: skip
_PUFF: Curve = ((250.0, -18.0, 0.10), (700.0, -6.0, 0.12), (2000.0, 0.0, 0.12), (5500.0, -5.0, 0.10),
    (8500.0, -15.0, 0.09), (11500.0, -32.0, 0.07))  # fmt: skip

_TRUMPET = Voice(lipped(700.0, 2250.0, (3.2, 2.7), 420.0), dsp.points((300, -1), (900, 1), (1400, 3),
    (2600, 1), (6000, -4), (9000, -10), (11000, -25), (18000, -50)), 0.045, _BREATH, 0.016, _SPIT, 0.055, vibrato=5.4, depth=9.0,
    delay=0.45, scoop=32.0, sway=0.08, pulse=0.05, grain=0.6, bloom=0.13)  # fmt: skip
_TROMBONE = Voice(lipped(360.0, 1120.0, (3.0, 2.7), 230.0), dsp.points((150, -1), (500, 2), (800, 2),
    (1800, 1), (5000, -5), (12000, -16), (18000, -40)), 0.068, _BREATH, 0.013, _SPIT, 0.06, vibrato=5.0, depth=7.0,
    delay=0.5, scoop=38.0, sway=0.08, pulse=0.05, grain=0.6, bloom=0.15)  # fmt: skip
_HORN = Voice(lipped(310.0, 1080.0, (3.4, 2.9), 180.0), dsp.points((150, 0), (350, 2), (600, 1), (1100, -2),
    (2500, -6), (6000, -14)), 0.085, _BREATH, 0.010, _SPIT, 0.035, players=2, spread=10.0, width=0.35,
    scatter=0.012, vibrato=4.8, depth=4.0, delay=0.6, scoop=26.0, blare=0.35, bloom=0.15)  # fmt: skip
_BRASS = Voice(lipped(540.0, 2050.0, (3.0, 2.55), 300.0), dsp.points((180, -2), (600, 1), (1300, 3),
    (2600, 1), (6000, -3), (9000, -8), (11000, -25), (18000, -50)), 0.045, _BREATH, 0.019, _SPIT, 0.06, players=4, spread=14.0,
    width=0.75, scatter=0.012, vibrato=5.2, depth=6.0, delay=0.5, scoop=36.0, grain=0.5, blare=0.4,
    bloom=0.16)  # fmt: skip
_SAX = Voice(reed(950.0, 3000.0, 2.1, 0.9), dsp.points((150, -3), (450, 3), (750, 2), (1000, -2),
    (1500, 3), (2100, -2), (2900, 2), (4500, -5), (8000, -13), (11000, -28), (18000, -60)), 0.042, _BREATH, 0.024, _PUFF, 0.10,
    vibrato=5.0, depth=16.0, delay=0.40, scoop=48.0, sway=0.12, pulse=0.12, grain=1.0, blare=0.2, bloom=0.08)  # fmt: skip
_FLUTE = Voice(pipe, dsp.points((200, -2), (700, 1), (1800, 0), (5000, -6), (9000, -12),
    (11500, -28)), 0.080, _WIND, 0.042, _PUFF,
    0.10, vibrato=5.2, depth=9.0, delay=0.50, scoop=14.0, sway=0.07, pulse=0.12, grain=0.7, blare=0.1)  # fmt: skip
_CLARINET = Voice(reed(560.0, 2000.0, 2.0, 0.10), dsp.points((150, 0), (1500, 1), (3000, -2), (6000, -10), (9000, -15),
    (11500, -30)),
    0.040, _BREATH, 0.018, _PUFF, 0.04, vibrato=4.8, depth=3.0, delay=0.6, scoop=12.0, sway=0.08,
    pulse=0.04, blare=0.1, bloom=0.06)  # fmt: skip


def _wind(name: str, about: str, voice: Voice, programs: tuple[int, ...], gain: float, release: float) -> Patch:
    return Patch(
        name, "brass", about, sustained(name, voice, release), PARAMS, gain, True, release, 3, 2, programs=programs, slow=2,
        manners=MANNERS,
    )  # fmt: skip


WINDS = (
    _wind("brass", "Section of four: trumpets and trombones, bright when pushed.", _BRASS, (61, 62, 63), -8.5, 0.14),
    _wind("trumpet", "One trumpet, open.", _TRUMPET, (56, 59), -8.7, 0.12),
    _wind("trombone", "One trombone.", _TROMBONE, (57, 58), -7.7, 0.14),
    _wind("horn", "Two horns, round and far.", _HORN, (60,), -4.1, 0.20),
    _wind("sax", "Saxophone: reedy, breathy, leaning into its notes.", _SAX, (64, 65, 66, 67), -8.2, 0.12),
    _wind("flute", "Flute with audible breath.", _FLUTE, (72, 73, 74, 75, 76, 77, 78, 79), -7.5, 0.12),
    _wind("clarinet", "Clarinet: hollow low register.", _CLARINET, (68, 69, 70, 71), -5.0, 0.12),
)
