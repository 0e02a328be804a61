"""Cymbals and hats: noise with the grain of a plate, and a stick.

A plate has thousands of modes. Few of them, rung one by one, sound like a chord; here each narrow band of a noise has its
own level and life, the same at every stroke, which is what is left of modes too dense to count. How loud and how long each
region sounds follows two recorded kits, band by band (``quality.py --soundfont``).
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from scorekit.render import dsp
from scorekit.render.dsp import Samples, samples
from scorekit.render.patches.sources import Curve, Piece, Stroke, attack, click, fade, rung, washes


class Plate(Struct, frozen=True):
    """A cymbal: how its wash is coloured and dies, how it builds up, what a stick adds."""

    wash: Curve
    seconds: float
    bloom: float
    """Seconds until the wash has come up."""
    stick: float
    """Level of the stick, beside a wash of about 1."""
    tip: float = 8000.0
    """Hz about which the stick sounds."""
    knock: float = 0.0
    """Level of the blow itself, some 500 Hz: what a plate gives way by."""
    bell: tuple[float, ...] = ()
    soft: float = 4.0
    """dB an octave by which the softest stroke is darker."""
    frame: int = 2048
    seed: int = 0
    slosh: float = 0.0
    """Share by which the hardest stroke rings longer: plates that a foot holds together give way."""


def plate(p: Plate) -> Piece:
    """A cymbal of that description: the same plate at every stroke, never the same noise."""

    def piece(s: Stroke) -> Samples:
        n, dull = samples(p.seconds * (0.35 + 0.65 * s.ring)), p.soft * (1.0 - s.force)
        ring = s.ring * (1.0 + p.slosh * s.force * s.force)
        curve = tuple((f, db - dull * max(float(dsp.log2(f / 1500.0)), 0.0), t60 * ring) for f, db, t60 in p.wash)
        out = washes(s, n, curve, p.frame, f"plate/{p.seed}")
        attack(out, p.bloom * (1.4 - 0.7 * s.force))
        click(s, out, p.tip, 1.2, 0.05, p.stick * (0.3 + 0.7 * s.force) * s.bright)
        if p.knock:
            click(s, out, 520.0, 0.9, 0.09, p.knock * (0.3 + 0.7 * s.force))
        if p.bell:
            # Each mode of a bell is two, a few Hz apart, since no bell is round.
            low = np.array(p.bell)
            tones, level = np.concatenate((low, 1.002 * low + 1.0)), dsp.power(1000.0 / low, 0.5 - 0.4 * s.force)
            t60 = 2.6 * s.ring * dsp.power(1000.0 / tones, 0.6)
            level = np.concatenate((level, 0.5 * level))
            out += rung(n, tones, t60, 0.3 * level, s.rng.random(tones.size))
        return fade(attack(out, 0.0006), 0.35 * n / dsp.RATE)

    return piece


def softer(p: Plate) -> Piece:
    """The same cymbal touched by a brush: hardly a stick, no blow, slower bloom."""
    return plate(replace(p, stick=0.3 * p.stick, knock=0.0, bloom=max(p.bloom * 1.8, 0.004), soft=1.2 * p.soft))


def _pair(seconds: float, up: float, below: float) -> Curve:
    """Two plates on one another: they lose their lows first by their edges, and all at once when closed; ``up`` dB more of what
    lies ``below`` some Hz."""
    return tuple((f, db + up * (f < below), seconds * share) for f, db, share in (
        (120.0, -40.0, 0.8), (300.0, -14.0, 0.8), (600.0, -13.0, 0.9), (1200.0, -9.0, 0.9), (2000.0, -8.0, 0.9),
        (3200.0, -4.0, 0.95), (5000.0, 0.0, 0.95), (8000.0, -1.0, 0.85), (11000.0, 0.0, 0.75), (14000.0, -1.0, 0.66),
        (18000.0, -4.0, 0.54),
    ))  # fmt: skip


def _ridden(up: float) -> Curve:
    """A heavy plate ridden with the tip of a stick: ``up`` dB brighter than most."""
    return tuple((f, db + up * float(dsp.log2(f / 3000.0)), t60) for f, db, t60 in (
        (140.0, -40.0, 2.2), (300.0, -9.0, 2.8), (600.0, -10.0, 3.0), (1200.0, -4.0, 3.2), (2000.0, -6.0, 3.0),
        (3200.0, 0.0, 2.7), (5000.0, -1.0, 2.3), (8000.0, -3.0, 1.6), (11000.0, -6.0, 1.2), (14000.0, -11.0, 0.8),
        (18000.0, -20.0, 0.5),
    ))  # fmt: skip


def _crashed(ring: float, up: float) -> Curve:
    """A thin plate struck at its edge: it blooms from its middle upwards and washes long."""
    return tuple((f, db + up * float(dsp.log2(f / 3000.0)), ring * t60) for f, db, t60 in (
        (110.0, -40.0, 1.4), (240.0, -12.0, 1.6), (500.0, -9.0, 1.8), (900.0, -7.0, 2.1), (1600.0, -4.0, 2.6),
        (3000.0, 0.0, 3.1), (5000.0, 0.5, 3.1), (8000.0, -4.0, 2.6), (11000.0, -6.0, 2.1), (14000.0, -9.0, 1.7),
        (18000.0, -16.0, 1.2),
    ))  # fmt: skip


_RIDE_BELL = (587.0, 1012.0, 1634.0, 2347.0, 3190.0, 4125.0, 5230.0)
HAT = Plate(_pair(0.26, 0.0, 0.0), 0.45, 0.0010, 0.9, 9500.0, 0.4, frame=1024, seed=1, slosh=0.7)
FOOT = Plate(_pair(0.13, 8.0, 700.0), 0.20, 0.003, 0.1, 9000.0, frame=512, seed=1)
OPEN = Plate(_pair(2.1, 7.0, 2500.0), 1.8, 0.002, 0.6, 9500.0, 0.3, seed=1)
CRASH = Plate(_crashed(1.0, 0.0), 3.0, 0.014, 0.8, 7000.0, 3.4, seed=2)
CRASH2 = Plate(_crashed(0.88, 0.5), 2.8, 0.012, 0.8, 7500.0, 2.8, seed=3)
SPLASH = Plate(_crashed(0.38, 0.8), 1.4, 0.005, 0.7, 8000.0, 1.0, seed=4)
CHINA = Plate(_crashed(0.62, -1.5), 2.2, 0.005, 0.8, 6000.0, 2.0, seed=5)
RIDE = Plate(_ridden(0.0), 2.8, 0.020, 2.6, 9000.0, 0.8, frame=4096, seed=6)
RIDE2 = Plate(_ridden(0.5), 2.6, 0.020, 2.6, 9500.0, 0.8, frame=4096, seed=7)
BELL = Plate(_ridden(-1.0), 2.6, 0.020, 1.6, 6000.0, bell=_RIDE_BELL, frame=4096, seed=6)
