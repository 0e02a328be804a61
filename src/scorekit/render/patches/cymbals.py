"""Cymbals and hats: modes that are the cymbal's own over a wash of those too dense to count."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from scorekit.render import dsp
from scorekit.render.dsp import Samples, samples
from scorekit.render.exact import Reals
from scorekit.render.patches.sources import Piece, Stroke, attack, click, dice, fade, hiss, modal


@dataclass(frozen=True, slots=True)
class Plate:
    """A cymbal: where its modes lie, how long they ring, how its wash builds up."""

    low: float
    high: float
    count: int
    ring: float
    """T60 at 1 kHz; falls as frequency to the -0.45."""
    seconds: float
    wash: float
    """Level of the noise that stands for the modes too dense to count."""
    bloom: float
    """Seconds until the wash has come up: energy climbs from low modes to high ones."""
    air: float = 0.0
    """dB an octave above 5 kHz."""
    lean: float = 1.0
    """Slope of the mode amplitudes below 4 kHz, as a power of frequency: thin cymbals have little body."""
    stick: float = 0.3
    bell: tuple[float, ...] = ()
    seed: int = 0


@lru_cache(maxsize=32)
def _modes(p: Plate) -> tuple[Reals, Reals]:
    """The modes of a cymbal, Hz, and their levels: its own, the same at every stroke."""
    own = dice(f"plate/{p.seed}")
    spot = (np.arange(p.count) + own.random(p.count)) / p.count
    hz: Reals = p.low + (p.high - p.low) * (0.75 * spot + 0.55 * (spot * spot) ** 2)
    weight: Reals = (0.35 + own.random(p.count)) * dsp.power(np.minimum(hz / 4000.0, 1.0), p.lean)
    return hz, weight / (1.0 + ((hz / (1.1 * p.high)) ** 2) ** 2)


def plate(p: Plate) -> Piece:
    """A cymbal of that description. Phases and levels of its modes vary from stroke to stroke."""

    def piece(s: Stroke) -> Samples:
        n, (hz, weight) = samples(p.seconds * (0.35 + 0.65 * s.ring)), _modes(p)
        ring = p.ring * s.ring
        t60 = ring * dsp.power(1000.0 / hz, 0.45)
        amp = weight * (0.7 + 0.6 * s.rng.random(p.count)) * dsp.power(1500.0 / hz, (1.0 - s.force) * 0.6)
        turn = s.rng.random(p.count)
        db = (1.0 - s.force) * -4.0
        curve = tuple((f, level + octaves * (db + (p.air if f > 5000.0 else 0.0)), ring * share) for f,
            level, octaves, share in ((p.low * 0.5, -50.0, 0.0, 0.8),
            (p.low * 1.6, -14.0 - 8.0 * p.lean, 0.0, 0.9), (2500.0, -6.0, 0.0, 0.68),
            (5000.0, 0.0, 0.6, 0.54), (8500.0, 0.0, 1.0, 0.42), (12500.0, -3.0, 1.5, 0.33),
            (17000.0, -12.0, 2.0, 0.24)))  # fmt: skip
        out = np.empty((2, n), np.float32)
        for side in (0, 1):
            x = hiss(s.rng, n, curve, 512 if p.ring < 0.6 else 1024)
            x *= np.float32(p.wash)
            attack(x, p.bloom * (1.4 - 0.7 * s.force))
            ringing = modal(n, hz[side::2], t60[side::2], amp[side::2], turn[side::2])
            ringing *= np.float32(2.2 / p.count**0.5)
            np.add(x, ringing, out=out[side])
        front = click(s, n, 5200.0, 1.3, 0.035) * np.float32(p.stick * (0.3 + 0.7 * s.force) * s.bright)
        if p.bell:
            tones = np.array(p.bell)
            front += modal(n, tones, 0.8 * ring * dsp.power(1000.0 / tones, 0.3),
                dsp.power(1000.0 / tones, 0.5 - 0.4 * s.force), np.zeros(len(tones))) * np.float32(0.4)  # fmt: skip
        out += front
        return fade(attack(out, 0.0006), 0.35 * n / dsp.RATE)

    return piece


def softer(p: Plate) -> Piece:
    """The same cymbal touched by a brush: no stick, slower bloom, darker."""
    return plate(Plate(p.low, p.high, p.count, p.ring * 0.9, p.seconds, p.wash * 1.2, max(p.bloom * 1.8,
        0.004), p.air - 1.0, p.lean, 0.1, p.bell, p.seed))  # fmt: skip


_RIDE_BELL = (587.0, 1012.0, 1634.0, 2347.0, 3190.0, 4125.0, 5230.0)
HAT = Plate(600.0, 12500.0, 56, 0.38, 0.40, 0.75, 0.0010, 1.5, 1.7, 0.7, seed=1)
FOOT = Plate(450.0, 9500.0, 44, 0.20, 0.22, 0.60, 0.003, -1.0, 1.3, 0.1, seed=1)
OPEN = Plate(500.0, 12500.0, 64, 2.6, 1.8, 0.70, 0.002, 1.0, 1.5, 0.4, seed=1)
CRASH = Plate(300.0, 9000.0, 100, 4.4, 3.0, 0.70, 0.014, -1.0, 0.9, 0.8, seed=2)
CRASH2 = Plate(350.0, 9500.0, 90, 3.9, 2.8, 0.70, 0.012, 0.0, 1.0, 0.8, seed=3)
SPLASH = Plate(550.0, 11000.0, 70, 1.8, 1.4, 0.70, 0.005, 0.5, 1.1, 0.6, seed=4)
CHINA = Plate(220.0, 7500.0, 100, 2.9, 2.2, 0.90, 0.005, -1.5, 0.5, 0.8, seed=5)
RIDE = Plate(400.0, 10000.0, 80, 4.6, 2.8, 0.30, 0.020, 0.0, 1.0, 1.0, (3120.0, 4410.0, 5870.0), seed=6)
RIDE2 = Plate(450.0, 10500.0, 80, 4.0, 2.6, 0.32, 0.020, 0.5, 1.1, 1.0, (3480.0, 4790.0, 6260.0), seed=7)
BELL = Plate(500.0, 9000.0, 50, 3.6, 2.6, 0.11, 0.020, 0.0, 1.0, 0.9, _RIDE_BELL, seed=6)
