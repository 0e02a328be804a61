"""Hand percussion, machine metal and toms: pieces made of ``sources``, and the table of the hand instruments."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
from msgspec.structs import replace

from scorekit.render import dsp
from scorekit.render.dsp import RATE, Samples, samples
from scorekit.render.patches.sources import (
    HEARD,
    Curve,
    Piece,
    Stroke,
    attack,
    click,
    dice,
    fade,
    head,
    rung,
    soft,
    wash,
)


def skin(hz: float, ring: float, slap: float, muted: bool = False) -> Piece:
    """Bongo, conga, timbale: a hand or stick on a tuned skin. slap 0 (palm) to 1 (stick)."""

    def piece(s: Stroke) -> Samples:
        f, t = hz * s.ratio * s.jitter(0.004), ring * s.ring * (0.25 if muted else 1.0)
        n = samples(max(1.2 * t, 0.10))
        hard = 0.25 + 0.75 * s.force
        upper = hard * (0.5 + 0.5 * slap)
        modes = ((1.0, t, 1.0), (1.58, t * 0.6, 0.6 * upper * s.jitter(0.2)),
            (2.13, t * 0.5, 0.55 * upper * s.jitter(0.2)), (2.31, t * 0.4, 0.4 * upper),
            (2.66, t * 0.35, 0.4 * upper), (3.5, t * 0.28, 0.34 * upper),
            (4.2, t * 0.2, 0.28 * upper * hard))  # fmt: skip
        x = attack(head(n, f, 0.10 * s.force, 0.012, modes), 0.0008)
        click(s, x, 1400.0 + 1800.0 * slap, 1.0, 0.030, (0.8 + 0.8 * slap) * hard * s.force * s.bright)
        if muted:
            click(s, x, 1900.0, 0.8, 0.05, 0.8 * hard * s.bright)
        return x

    return piece


def bar(partials: tuple[tuple[float, float, float], ...], seconds: float, tip: float, tip_hz: float = 3500.0) -> Piece:
    """Wood and metal: partials of (Hz, T60, level), the upper ones stronger when hit hard; tip: level of the stick."""

    def piece(s: Stroke) -> Samples:
        n = samples(seconds * (0.4 + 0.6 * s.ring))
        hz, t60, amp = (np.array(column) for column in zip(*partials, strict=True))
        above = dsp.log2(hz / hz.min())
        amp = amp * dsp.exp2(-(1.0 - s.force) * 7.0 * above / 6.02) * (0.9 + 0.2 * s.rng.random(len(hz)))
        x = rung(n, hz * s.ratio * s.jitter(0.002), t60 * s.ring, amp, np.zeros(len(hz)))
        click(s, x, tip_hz, 1.0, 0.020, 1.6 * tip * s.force * s.bright)
        return fade(attack(x, 0.0004), 0.2 * n / RATE)

    return piece


def grains(curve: Curve, bursts: tuple[tuple[float, float], ...], rise: float, seconds: float) -> Piece:
    """Shakers, claps, scrapers: bursts of (time, level) of one shaped noise, each rising over ``rise``."""

    def piece(s: Stroke) -> Samples:
        n = samples(seconds * (0.4 + 0.6 * s.ring))
        soft_rise = rise * (1.6 - 0.8 * s.force)
        shape = tuple(
            (f, db - (1.0 - s.force) * 3.0 * max(float(dsp.log2(f / 2500.0)), 0.0), t * s.ring) for f, db, t in curve
        )
        out = np.zeros(n, np.float32)
        for start, level in bursts:
            at = samples(start * s.jitter(0.06))
            if at < n - 64:
                burst = attack(wash(s, n - at, shape, 256), soft_rise)
                out[at:] += burst * np.float32(level * s.jitter(0.12))
        return soft(
            out, 0.12 / float(np.sqrt((out * out).mean() + 1e-20))
        )  # rounds are set to one peak: here to one level too

    return piece


def jingles(seconds: float, low: float, count: int, rise: float) -> Piece:
    """Tambourine, sleigh bells, cabasa beads: many small high modes struck at slightly different times."""

    def piece(s: Stroke) -> Samples:
        n = samples(seconds * (0.4 + 0.6 * s.ring))
        hz = low * dsp.exp2(2.1 * s.rng.random(count))
        t60 = seconds * s.ring * (0.35 + 0.6 * s.rng.random(count)) * dsp.power(low / hz, 0.4)
        amp = (0.3 + s.rng.random(count)) * dsp.power(low / hz, 1.6 - 1.5 * s.force)
        x = rung(n, hz, t60, amp, s.rng.random(count))
        x = attack(x, rise) * np.float32(0.5 / count**0.5)
        curve = ((1500.0, -40.0, 0.1), (low, -14.0, 0.12), (9000.0, -9.0 - 8.0 * (1 - s.force), 0.16),
            (16000.0, -16.0 - 12.0 * (1 - s.force), 0.12))  # fmt: skip
        x += attack(wash(s, n, curve, 256), rise * 0.7)
        return x

    return piece


def sweep(start: float, end: float, seconds: float) -> Piece:
    """Whistle, cuica, zap: one voice gliding from start to end."""

    def piece(s: Stroke) -> Samples:
        n = samples(seconds)
        ratio = start / end
        x = head(n, end * s.ratio, ratio - 1.0, seconds * 0.25, ((1.0, seconds * 1.6, 1.0),
            (2.0, seconds, 0.3 * s.force), (3.0, seconds * 0.8, 0.2 * s.force)))  # fmt: skip
        return fade(attack(x, 0.004), seconds * 0.3)

    return piece


def repeated(piece: Piece, gaps: tuple[float, ...], fall: float) -> Piece:
    """The same stroke again after each gap, each ``fall`` times as strong: castanets, vibraslap, guiro."""

    def again(s: Stroke) -> Samples:
        times = [0.0]
        for gap in gaps:
            times.append(times[-1] + gap * s.jitter(0.08))
        levels = [float(dsp.power(fall, i)) for i in range(len(times))]
        strokes = [piece(replace(s, force=max(s.force * level, 0.05))) for level in levels]
        out = np.zeros(max(samples(at) + len(x) for at, x in zip(times, strokes, strict=True)), np.float32)
        for at, x, level in zip(times, strokes, levels, strict=True):
            dsp.add(out, x, samples(at), level)
        return out

    return again


def side_stick(s: Stroke) -> Samples:
    """Cross stick: wood on the hoop, a little shell behind it."""
    n = samples(0.22)
    hz = np.array([455.0, 820.0, 1640.0, 2330.0, 3480.0, 5100.0]) * s.ratio * s.jitter(0.006)
    amp = np.array([0.35, 0.5, 1.0, 0.6, 0.4, 0.2]) * dsp.exp2(-(1.0 - s.force) * np.arange(6) * 0.45)
    t60 = np.array([0.10, 0.08, 0.055, 0.045, 0.03, 0.02]) * s.ring
    x = rung(n, hz, t60, amp, np.zeros(6))
    click(s, x, 3400.0, 1.2, 0.035, 1.6 * s.bright * s.force)
    return attack(x, 0.0004)


# -- machine metal and toms --------------------------------------------------------------------------------------------

_SQUARES = (205.3, 304.4, 369.6, 522.7, 635.0, 800.0)
_EDGES = (1_200.0, 2_400.0, 3_300.0, 4_500.0, 7_000.0, 11_000.0, 18_500.0)
_BANDS = tuple(float(np.sqrt(low * high)) for low, high in pairwise(_EDGES))
"""Hz of the oscillators of a machine's metal, of the edges of the bands they are mixed in, and of their middles."""
_ROUND = 1 << 15


@lru_cache(maxsize=16)
def _squares(tone: float) -> Samples:
    """Six square oscillators that never stop, band by band, as they are heard: no harmonic above 18.5 kHz, so none can alias,
    and each on a whole bin, so that ``_ROUND`` samples go round."""
    rows = [(f * tone * k, 1.0 / k) for f in _SQUARES for k in range(1, 91, 2) if _EDGES[0] < f * tone * k < _EDGES[-1]]
    hz, size = (np.array(column) for column in zip(*rows, strict=True))
    spectrum = np.zeros((len(_BANDS), _ROUND // 2 + 1), np.complex64)
    waves = dsp.circle(dice("squares").random(len(rows)))
    at = np.searchsorted(_EDGES, hz) - 1, np.rint(hz * (_ROUND / RATE)).astype(np.intp)
    for plane, wave in zip((spectrum.real, spectrum.imag), waves, strict=True):
        np.add.at(plane, at, dsp.f32(wave * size * HEARD(hz) * (_ROUND / 2)))
    bands = dsp.back(spectrum, _ROUND)
    bands.setflags(write=False)
    return bands


def metal(t60: float, seconds: float, floor: float, sheen: float, tone: float = 1.0) -> Piece:
    """Machine cymbal: what six oscillators just happen to play above ``floor``, each band with a life of its own, and noise."""

    def piece(s: Stroke) -> Samples:
        n = samples(seconds * (0.3 + 0.7 * s.ring))
        around = n // _ROUND + 2 if n > _ROUND else 1
        x, at = np.zeros(n, np.float32), int(s.rng.one() * (around * _ROUND - n))
        for hz, band in zip(_BANDS, _squares(tone * s.ratio), strict=True):
            if hz > 0.5 * floor:
                level = 1.5 * min(hz / floor, 1.0) ** 2 * float(dsp.power(hz / 6000.0, 0.4 - 0.9 * (1.0 - s.force)))
                life = t60 * s.ring * float(dsp.power(7000.0 / hz, 0.25))
                wave = dsp.decay(life, min(n, samples(1.3 * life)), level)
                wave *= (band if around == 1 else np.tile(band, around))[at : at + wave.size]
                x[: wave.size] += wave
        tilt = (1.0 - s.force) * -5.0
        curve = ((floor * 0.4, -45.0, t60 * s.ring), (floor, -6.0, t60 * s.ring),
            (9000.0, 0.0 + tilt, t60 * s.ring), (17000.0, -4.0 + 2 * tilt, 0.7 * t60 * s.ring))  # fmt: skip
        x += wash(s, n, curve, 512 if t60 < 0.6 else 1024) * np.float32(sheen)
        click(s, x, 8000.0, 1.0, 0.01, 0.15 * s.bright * s.force)
        return fade(attack(x, 0.0006), 0.4 * n / RATE)

    return piece


def machine_tom(hz: float) -> Piece:
    """A swept sine with a breath of noise."""

    def piece(s: Stroke) -> Samples:
        n = samples(0.7 * (0.4 + 0.6 * s.ring))
        x = head(n, hz * s.ratio, 0.5 + 0.5 * s.force, 0.03, ((1.0, 0.55 * s.ring, 1.0), (1.5, 0.2 * s.ring, 0.22)))
        x = soft(x, 0.8 + 0.8 * s.force)
        click(s, x, 2000.0, 1.3, 0.07, 0.3 * s.force * s.bright)
        return attack(x, 0.0008)

    return piece


# -- the tables --------------------------------------------------------------------------------------------------------

_DRY: Curve = ((800.0, -40.0, 0.05), (2500.0, -12.0, 0.06), (6000.0, 0.0, 0.07), (12000.0, -4.0, 0.06),
    (18000.0, -14.0, 0.05))  # fmt: skip
_BEADS: Curve = ((1500.0, -45.0, 0.04), (4000.0, -14.0, 0.06), (8000.0, 0.0, 0.09), (13000.0, -4.0, 0.07),
    (18000.0, -12.0, 0.05))  # fmt: skip
_HANDS: Curve = ((300.0, -30.0, 0.03), (800.0, -6.0, 0.08), (1200.0, 0.0, 0.11), (2200.0, -5.0, 0.12),
    (5000.0, -14.0, 0.10), (12000.0, -26.0, 0.06))  # fmt: skip
_SCRAPE: Curve = ((1200.0, -30.0, 0.02), (2600.0, 0.0, 0.02), (5200.0, -3.0, 0.018), (11000.0, -16.0, 0.012))

_TOOTH = grains(_SCRAPE, ((0.0, 1.0),), 0.001, 0.05)
_CASTANET = bar(((1180.0, 0.035, 0.7), (2450.0, 0.03, 1.0), (3900.0, 0.02, 0.5)), 0.08, 0.5)

HANDS: dict[int, tuple[Piece, float, float]] = {
    27: (sweep(3200.0, 240.0, 0.14), -0.1, 0.35),
    28: (grains(_HANDS, ((0.0, 1.0),), 0.0008, 0.2), 0.1, 0.35),
    29: (grains(_SCRAPE, tuple((0.008 * i, 0.4 + 0.1 * i) for i in range(7)), 0.004, 0.16), 0.2, 0.30),
    30: (grains(_SCRAPE, tuple((0.010 * i, 1.0 - 0.12 * i) for i in range(7)), 0.004, 0.18), 0.2, 0.285),
    31: (bar(((1750.0, 0.05, 1.0), (3350.0, 0.035, 0.8), (5400.0, 0.02, 0.5)), 0.12, 0.6), 0.0, 0.4),
    32: (bar(((1000.0, 0.03, 1.0), (3000.0, 0.02, 0.3)), 0.06, 0.1), 0.0, 0.35),
    33: (bar(((1320.0, 0.05, 1.0), (2640.0, 0.03, 0.4)), 0.1, 0.3), 0.0, 0.35),
    34: (bar(((1760.0, 0.5, 1.0), (4750.0, 0.3, 0.5), (8800.0, 0.15, 0.2)), 0.6, 0.2), 0.0, 0.3),
    39: (grains(_HANDS, ((0.0, 0.75), (0.0095, 0.7), (0.0205, 0.8), (0.0285, 1.0)), 0.0007, 0.24), 0.08, 0.435),
    54: (jingles(0.42, 4200.0, 26, 0.003), 0.35, 0.385),
    56: (
        bar(
            (
                (562.0, 0.26, 0.8),
                (845.0, 0.32, 1.0),
                (1480.0, 0.14, 0.42),
                (2150.0, 0.12, 0.34),
                (2890.0, 0.09, 0.26),
                (4050.0, 0.07, 0.2),
                (5600.0, 0.05, 0.12),
            ),
            0.45,
            0.35,
        ),
        0.25,
        0.39,
    ),
    58: (repeated(jingles(0.12, 2400.0, 8, 0.001), (0.030,) * 12, 0.84), 0.3, 0.40),
    60: (skin(415.0, 0.24, 0.9), -0.35, 0.435),
    61: (skin(305.0, 0.30, 0.85), -0.25, 0.44),
    62: (skin(262.0, 0.30, 0.8, muted=True), 0.3, 0.44),
    63: (skin(255.0, 0.48, 0.35), 0.3, 0.49),
    64: (skin(190.0, 0.60, 0.3), 0.42, 0.52),
    65: (skin(330.0, 0.60, 0.95), -0.42, 0.47),
    66: (skin(232.0, 0.75, 0.95), -0.3, 0.50),
    67: (
        bar(((945.0, 0.5, 1.0), (2330.0, 0.35, 0.6), (3980.0, 0.25, 0.35), (5920.0, 0.16, 0.22)), 0.6, 0.25),
        0.45,
        0.36,
    ),
    68: (
        bar(((706.0, 0.55, 1.0), (1745.0, 0.4, 0.6), (2990.0, 0.28, 0.35), (4460.0, 0.18, 0.22)), 0.65, 0.25),
        0.45,
        0.365,
    ),
    69: (grains(_BEADS, ((0.0, 0.6), (0.022, 1.0)), 0.008, 0.16), 0.4, 0.215),
    70: (grains(_DRY, ((0.0, 1.0),), 0.010, 0.12), -0.42, 0.195),
    71: (sweep(2050.0, 2350.0, 0.22), 0.3, 0.25),
    72: (sweep(2050.0, 2350.0, 0.6), 0.3, 0.25),
    73: (repeated(_TOOTH, (0.010,) * 9, 1.0), -0.4, 0.18),
    74: (repeated(_TOOTH, (0.016,) * 22, 1.0), -0.4, 0.16),
    75: (bar(((2480.0, 0.09, 1.0), (4960.0, 0.03, 0.12), (6700.0, 0.02, 0.2)), 0.16, 0.25), -0.3, 0.42),
    76: (bar(((985.0, 0.07, 1.0), (2140.0, 0.05, 0.5), (3620.0, 0.03, 0.25)), 0.14, 0.35), 0.2, 0.45),
    77: (bar(((740.0, 0.085, 1.0), (1600.0, 0.06, 0.5), (2750.0, 0.035, 0.25)), 0.16, 0.35), 0.28, 0.43),
    78: (sweep(420.0, 640.0, 0.14), -0.2, 0.30),
    79: (sweep(380.0, 620.0, 0.34), -0.2, 0.295),
    80: (
        bar(
            ((1720.0, 0.12, 0.4), (4380.0, 0.1, 0.8), (6120.0, 0.09, 1.0), (8760.0, 0.07, 0.8), (11400.0, 0.06, 0.5)),
            0.16,
            0.3,
            7000.0,
        ),
        0.5,
        0.26,
    ),
    81: (
        bar(
            (
                (1720.0, 2.4, 0.25),
                (3120.0, 2.2, 0.3),
                (4380.0, 2.3, 0.7),
                (4391.0, 2.1, 0.5),
                (6120.0, 1.9, 1.0),
                (6131.0, 1.7, 0.6),
                (8760.0, 1.3, 0.8),
                (11400.0, 0.9, 0.5),
                (13900.0, 0.6, 0.3),
            ),
            1.9,
            0.3,
            7000.0,
        ),
        0.5,
        0.265,
    ),
    82: (grains(_BEADS, ((0.0, 1.0),), 0.018, 0.16), 0.42, 0.19),
    83: (jingles(0.55, 4800.0, 30, 0.006), 0.3, 0.34),
    84: (repeated(jingles(0.5, 3600.0, 6, 0.001), (0.060,) * 9, 0.95), -0.3, 0.315),
    85: (repeated(_CASTANET, (0.034, 0.03), 0.85), 0.25, 0.4),
    86: (skin(82.0, 0.30, 0.2, muted=True), -0.1, 0.605),
    87: (skin(78.0, 0.85, 0.2), -0.1, 0.69),
}
"""General MIDI note: the piece, its place (-1 left to 1 right) and its peak beside a kick of 1."""
