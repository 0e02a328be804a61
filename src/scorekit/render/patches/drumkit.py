"""Three drum kits: acoustic, brush and electronic. Each answers General MIDI notes 27 to 87.

A piece is a function of a stroke (see ``sources``); a kit is a table of note, piece, place and peak level, with a
small room around it. Levels follow records: kick and snare lead, toms close behind, hats 10 and cymbals 5-9 dB below.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from msgspec.structs import replace

from scorekit.render import dsp
from scorekit.render.dsp import Samples, samples
from scorekit.render.patches.base import Body, Param, Patch, Take
from scorekit.render.patches.cymbals import (
    BELL,
    CHINA,
    CRASH,
    CRASH2,
    FOOT,
    HAT,
    OPEN,
    RIDE,
    RIDE2,
    SPLASH,
    plate,
    softer,
)
from scorekit.render.patches.percussion import HANDS, bar, machine_tom, metal, side_stick
from scorekit.render.patches.sources import (
    Curve,
    Piece,
    Roll,
    Stroke,
    attack,
    click,
    fade,
    head,
    hiss,
    soft,
    spray,
    wash,
)

Seat = tuple[Piece, float, float]
"""A piece, its place (-1 left to 1 right) and its peak beside a kick of 1."""


# -- acoustic ----------------------------------------------------------------------------------------------------------


def kick(hz: float, felt: float) -> Piece:
    """Bass drum: fundamental with pitch drop, short shell knock, beater. felt 0 (plastic) to 1 (soft)."""

    def piece(s: Stroke) -> Samples:
        f, t, hard = hz * s.ratio * s.jitter(0.003), s.ring, 0.2 + 0.8 * s.force
        n = samples(0.42 * t)
        x = head(n, f, 0.55 + 0.9 * s.force, 0.017, ((1.0, 0.34 * t, 1.0), (1.62, 0.16 * t, 0.30),
            (2.3, 0.10 * t, 0.26 * hard)))  # fmt: skip
        x += head(n, f * 3.3, 0.5, 0.010, ((1.0, 0.085 * t, 0.42 * hard), (1.7, 0.07 * t, 0.36 * hard),
            (2.7, 0.06 * t, 0.32 * hard)))  # fmt: skip
        snap = (1.0 - 0.75 * felt) * hard * s.bright
        click(s, x, 2700.0 - 1200.0 * felt, 0.9, 0.034, 3.4 * snap * s.force)
        click(s, x, 5400.0, 0.9, 0.022, 2.4 * snap * s.force * s.force)
        click(s, x, 700.0, 1.0, 0.07, 0.75 * hard)
        return attack(soft(x, 1.1), 0.0012)

    return piece


_WIRES: Curve = ((150.0, -60.0, 0.1), (700.0, -20.0, 0.20), (1800.0, -7.0, 0.28), (3500.0, -2.0, 0.32),
    (6500.0, -4.0, 0.30), (10500.0, -10.0, 0.24), (15000.0, -18.0, 0.16))  # fmt: skip
_SMACK: Curve = ((250.0, -40.0, 0.02), (900.0, -8.0, 0.035), (2200.0, 0.0, 0.035), (5000.0, -4.0, 0.028),
    (12000.0, -16.0, 0.02))  # fmt: skip


def snare(hz: float, wires: float = 1.0, rim: float = 0.0) -> Piece:
    """Snare drum: two strong membrane modes and a few weak ones, wire noise that answers them, stick.

    Soft strokes are mostly wires; above force 0.8 (or always, with ``rim``) the hoop joins in.
    """

    def piece(s: Stroke) -> Samples:
        f, t, hard = hz * s.ratio * s.jitter(0.006), s.ring, s.force * (0.8 + 0.2 * s.force)
        n = samples(0.41 * t * (0.55 + 0.5 * s.force))
        shell = 0.16 + 0.60 * hard
        x = head(n, f, 0.22 * s.force, 0.014, ((1.0, 0.17 * t, shell),
            (1.79, 0.13 * t, 0.62 * shell * s.jitter(0.1)),
            (2.41, 0.10 * t, 0.3 * shell * hard * s.jitter(0.3)),
            (3.05, 0.09 * t, 0.28 * shell * hard * s.jitter(0.3)), (3.9, 0.06 * t, 0.22 * shell * hard)))  # fmt: skip
        tilt = (1.0 - s.force) * 5.0
        curve = tuple(
            (c, db - tilt * max(float(dsp.log2(c / 3000.0)), 0.0), d * t * (0.55 + 0.5 * s.force))
            for c, db, d in _WIRES
        )
        noise = attack(wash(s, n, curve, 256), 0.0022 - 0.0012 * s.force)
        x += noise * np.float32(wires * (0.40 + 0.20 * hard))
        smack = spray(s, n, _SMACK, 128) * np.float32(0.85 * hard * s.bright)
        dsp.add(x, attack(smack, 0.0004), 0)
        hoop = max(rim, (s.force - 0.8) * 3.0) * hard
        if hoop > 0.0:
            x += head(n, f * 2.45, 0.02, 0.01, ((1.0, 0.16 * t, 0.34 * hoop), (1.83, 0.11 * t, 0.30 * hoop),
                (3.1, 0.06 * t, 0.22 * hoop)))  # fmt: skip
        return attack(soft(x, 0.9), 0.0004)

    return piece


_SHELL: Curve = ((150.0, -36.0, 0.30), (450.0, -12.0, 0.34), (900.0, -10.0, 0.33), (2000.0, -14.0, 0.30),
    (5000.0, -19.0, 0.18), (9000.0, -28.0, 0.14), (14000.0, -38.0, 0.10))  # fmt: skip
"""What is heard of a drum beside its skin: shell, air, the other skin, the snare's wires answering."""


def tom(hz: float, mallet: float = 0.0) -> Piece:
    """Tom: ideal-membrane ratios with air loading, pitch drop growing with force, stick contact, and a breath of what
    answers it. mallet 1 is soft."""

    def piece(s: Stroke) -> Samples:
        t = (0.45 + 34.0 / hz) * s.ring
        n, f, hard = samples(min(1.25 * t, 1.4)), hz * s.ratio * s.jitter(0.003), 0.25 + 0.75 * s.force
        up = hard * (1.0 - 0.5 * mallet)
        x = head(n, f, 0.10 + 0.22 * s.force, 0.035, ((1.0, t, 1.0),
            (1.51, t * 0.55, 0.42 * up * s.jitter(0.2)), (1.97, t * 0.42, 0.32 * up * s.jitter(0.2)),
            (2.24, t * 0.3, 0.22 * up), (2.62, t * 0.25, 0.2 * up * hard),
            (3.2, t * 0.18, 0.16 * up * hard), (4.1, t * 0.12, 0.12 * up * hard)))  # fmt: skip
        click(s, x, 2600.0, 1.2, 0.045, 1.8 * up * s.force * s.bright)
        click(s, x, 800.0, 1.0, 0.12, 0.30 * hard)
        answer = spray(s, n, tuple((c, db, d * s.ring) for c, db, d in _SHELL), 256)
        dsp.add(x, attack(answer * np.float32(hard * float(np.sqrt(s.force * s.bright))), 0.004), 0)
        return attack(soft(x, 0.9), 0.0012)

    return piece


_TOMS = {50: 196.0, 48: 165.0, 47: 139.0, 45: 120.0, 43: 98.0, 41: 82.0}
_TOM_PLACE = {50: -0.38, 48: -0.26, 47: -0.04, 45: 0.12, 43: 0.36, 41: 0.48}

ACOUSTIC: dict[int, Seat] = {
    **HANDS,
    35: (kick(50.0, 0.55), 0.0, 0.97),
    36: (kick(56.0, 0.2), 0.0, 0.98),
    37: (side_stick, 0.06, 0.5),
    38: (snare(192.0), 0.04, 0.88),
    40: (snare(214.0, 0.85, 0.6), 0.04, 0.87),
    42: (plate(HAT), -0.38, 0.34),
    44: (plate(FOOT), -0.38, 0.27),
    46: (plate(OPEN), -0.38, 0.34),
    **{note: (tom(hz), _TOM_PLACE[note], 0.78) for note, hz in _TOMS.items()},
    49: (plate(CRASH), -0.45, 0.65),
    57: (plate(CRASH2), 0.50, 0.63),
    55: (plate(SPLASH), -0.15, 0.41),
    52: (plate(CHINA), 0.6, 0.48),
    51: (plate(RIDE), 0.42, 0.48),
    59: (plate(RIDE2), 0.48, 0.49),
    53: (plate(BELL), 0.42, 0.37),
}


# -- brushes -----------------------------------------------------------------------------------------------------------

_BRISTLES: Curve = ((300.0, -34.0, 0.10), (1000.0, -12.0, 0.16), (2600.0, -2.0, 0.24), (5000.0, 0.0, 0.28),
    (9000.0, -6.0, 0.24), (15000.0, -18.0, 0.18))  # fmt: skip


def brushed(hz: float, swish: float, tap: float) -> Piece:
    """Snare under brushes: bristles landing one by one (tap) and drawn across the coated head (swish, seconds)."""

    def piece(s: Stroke) -> Samples:
        f, dull, ring = hz * s.ratio * s.jitter(0.006), 3.0 * (1.0 - s.force), s.ring * (0.6 + 2.0 * swish)
        n = samples(0.36 * ring + swish)
        curve = tuple(
            (c, db - dull * (1.0 + max(float(dsp.log2(c / 2500.0)), 0.0)), t * ring) for c, db, t in _BRISTLES
        )
        x = attack(wash(s, n, curve, 256), max(swish * (1.3 - 0.6 * s.force), 0.003)) * np.float32(0.42)
        if swish > 0.02:
            grit = dsp.smooth(np.abs(hiss(s.rng, n, ((20.0, 0.0, 9.0), (20000.0, 0.0, 9.0)), 256)), 0.004)
            x *= np.float32(0.5) + grit * np.float32(0.65)
        hit = tap * (0.62 + 0.38 * s.force)
        x += head(n, f, 0.1 * s.force, 0.012, ((1.0, 0.12 * s.ring, 0.5 * hit), (1.79, 0.08, 0.25 * hit),
            (2.4, 0.06, 0.12 * hit * s.force)))  # fmt: skip
        for _ in range(5):
            at = int(s.rng.one() * 0.007 * dsp.RATE)
            click(s, x, 3000.0, 1.2, 0.024, 0.22 * tap * s.force * s.bright, at)
        return x

    return piece


BRUSH: dict[int, Seat] = {
    **ACOUSTIC,
    35: (kick(48.0, 1.0), 0.0, 0.87),
    36: (kick(52.0, 0.9), 0.0, 0.875),
    38: (brushed(188.0, 0.0, 1.0), 0.04, 0.61),
    39: (brushed(205.0, 0.012, 0.8), 0.04, 0.58),
    40: (brushed(188.0, 0.07, 0.25), 0.04, 0.37),
    42: (softer(HAT), -0.38, 0.35),
    46: (softer(OPEN), -0.38, 0.39),
    **{note: (tom(hz * 1.04, 0.8), _TOM_PLACE[note], 0.63) for note, hz in _TOMS.items()},
    49: (softer(CRASH), -0.45, 0.39),
    57: (softer(CRASH2), 0.50, 0.39),
    51: (softer(RIDE), 0.42, 0.28),
    59: (softer(RIDE2), 0.48, 0.28),
}


# -- electronic --------------------------------------------------------------------------------------------------------


def thump(hz: float, top: float, tau: float, t60: float, drive: float, tick: float) -> Piece:
    """Analogue bass drum: one sine swept from top times hz, saturated; a tick from the trigger pulse."""

    def piece(s: Stroke) -> Samples:
        n = samples(min(1.2 * t60, 1.5) * (0.3 + 0.7 * s.ring))
        x = head(n, hz * s.ratio, top * (0.4 + 0.6 * s.force), tau, ((1.0, t60 * s.ring, 1.0),))
        x *= np.minimum(dsp.decay(t60 * s.ring, n) * np.float32(1.6), np.float32(1.0))
        click(s, x, 3800.0, 1.4, 0.016, tick * s.force * s.bright)
        x += head(n, hz * 6.0, 1.5, 0.004, ((1.0, 0.02, 0.3 * s.force),))
        x = soft(x, drive * (0.5 + 0.7 * s.force))
        return attack(x, 0.0006)

    return piece


def machine_snare(hz: float) -> Piece:
    """Two bent tones and two noises, a long bright one and a short broad one, as the classic circuits have it."""

    def piece(s: Stroke) -> Samples:
        n, t = samples(0.34 * s.ring), s.ring
        f = hz * s.ratio
        x = head(n, f, 0.9 * s.force, 0.009, ((1.0, 0.15 * t, 0.75), (2.0, 0.06, 0.12), (3.0, 0.05, 0.1 * s.force)))
        x += head(n, f * 1.83, 0.4 * s.force, 0.007, ((1.0, 0.10 * t, 0.5), (3.0, 0.04, 0.08 * s.force)))
        tilt = (1.0 - s.force) * 4.0
        curve = ((350.0, -30.0, 0.1), (750.0, -1.0, 0.16 * t), (1600.0, 3.0, 0.2 * t), (4000.0, 0.0, 0.26 * t),
            (9000.0, 0.0 - tilt, 0.24 * t), (16000.0, -5.0 - 2 * tilt, 0.2 * t))  # fmt: skip
        x += attack(wash(s, n, curve, 256), 0.0008) * np.float32(0.2 + 0.14 * s.force)
        click(s, x, 2600.0, 1.4, 0.025, 0.35 * s.force * s.bright)
        return soft(attack(x, 0.0005), 1.2)

    return piece


ELECTRONIC: dict[int, Seat] = {
    **HANDS,
    35: (thump(43.0, 2.2, 0.016, 1.15, 1.3, 0.45), 0.0, 0.95),
    36: (thump(50.0, 4.2, 0.020, 0.52, 2.0, 1.2), 0.0, 0.97),
    37: (bar(((1667.0, 0.045, 1.0), (455.0, 0.03, 0.8), (3300.0, 0.02, 0.4)), 0.1, 0.5), 0.0, 0.46),
    38: (machine_snare(182.0), 0.0, 0.85),
    40: (machine_snare(224.0), 0.0, 0.84),
    42: (metal(0.10, 0.18, 7000.0, 0.22), -0.15, 0.345),
    44: (metal(0.07, 0.12, 6500.0, 0.20), -0.15, 0.30),
    46: (metal(0.60, 0.75, 6500.0, 0.22), -0.15, 0.375),
    **{note: (machine_tom(hz * 0.95), _TOM_PLACE[note], 0.75) for note, hz in _TOMS.items()},
    49: (metal(2.2, 2.0, 3200.0, 0.75), -0.3, 0.51),
    57: (metal(1.9, 1.8, 3600.0, 0.75, 1.1), 0.35, 0.51),
    55: (metal(0.9, 0.9, 4200.0, 0.7, 1.2), -0.1, 0.445),
    52: (metal(1.4, 1.3, 2400.0, 0.9, 0.87), 0.4, 0.48),
    51: (metal(1.3, 1.2, 4500.0, 0.10, 1.13), 0.25, 0.36),
    59: (metal(1.1, 1.0, 5000.0, 0.10, 1.27), 0.3, 0.36),
    53: (metal(0.9, 0.9, 2600.0, 0.03, 1.31), 0.25, 0.37),
    56: (
        bar(
            ((540.0, 0.30, 0.8), (800.0, 0.30, 1.0), (1620.0, 0.12, 0.5), (2400.0, 0.1, 0.5), (4000.0, 0.06, 0.25)),
            0.4,
            0.1,
        ),
        0.15,
        0.395,
    ),
}


# -- the kit around the pieces -----------------------------------------------------------------------------------------

PARAMS = (
    Param("bright", "", 0.0, 1.0, 0.5, "Balance of sticks, wires and cymbal air against the bodies."),
    Param("tune", "semitones", -7.0, 7.0, 0.0, "Tuning of kick, snare, toms and hand drums."),
    Param("ring", "", 0.4, 1.6, 1.0, "Factor on every decay: damped to open."),
    Param("room", "", 0.0, 1.0, 0.3, "Amount of the short room around the kit."),
    Param("width", "", 0.0, 1.0, 0.8, "Spread of the kit, 0 mono to 1 wide."),
)

_FLAM = ((0.0, 0.4), (0.022, 1.0))
_BUZZ = ((0.0, 1.0), (0.038, 0.62), (0.071, 0.52), (0.101, 0.42), (0.128, 0.33), (0.152, 0.25), (0.174, 0.18))
"""Strokes as (seconds, level)."""
_FIRST = samples(0.0071), samples(0.0083)
_WALLS = tuple(
    (samples(left), samples(right), np.float32(level))
    for left, right, level in ((0.0053, 0.0041, 0.85), (0.0069, 0.0081, 0.80), (0.0151, 0.0139, 0.72), (0.0229, 0.0241, 0.55),
    (0.0457, 0.0437, 0.40))
)  # fmt: skip
"""How late each side hears itself first, in samples; then how late it hears the other side, and how loud, time and again."""
_HEARD, _RUNG = samples(0.16), max(_FIRST) + sum(max(wall[:2]) for wall in _WALLS)
"""Samples of a stroke that its reflections are made of, and after which they are over."""


def _roomed(x: Samples, gains: Samples, amount: float) -> Samples:
    """A piece (n,) or (2, n) at the gains (2, 1) of its sides, in a room: an early reflection, and each wall answers all there is
    on the other side; adds 0.1 s."""
    n, m = x.shape[-1], min(x.shape[-1], _HEARD)
    end = m + _RUNG
    whole = np.empty((2, max(n, end) if amount > 0.0 else n), np.float32)
    np.multiply(x, gains, out=whole[:, :n])
    if amount <= 0.0:
        return whole
    whole[:, n:] = 0.0
    heard = fade(whole[:, :m] * np.float32(0.43 * 0.5 * amount), 0.25 * m / dsp.RATE)
    heard[:, 1:] += heard[:, :-1]
    rung, now = np.zeros((2, end), np.float32), max(_FIRST) + m
    for side, late in enumerate(_FIRST):
        rung[side, late : late + m] = heard[side]
    for left, right, level in _WALLS:
        answer = rung[::-1, :now] * level
        rung[0, left : left + now] += answer[0]
        rung[1, right : right + now] += answer[1]
        now += max(left, right)
    whole[:, :end] += rung
    return whole


def _bodies(name: str, seats: Mapping[int, Seat]) -> Body:
    """The function that renders any note of a kit."""

    def body(take: Take) -> Samples:
        note = take.pitch if take.pitch in seats else min(seats, key=lambda seat: (abs(seat - take.pitch), seat))
        piece, place, level = seats[note]
        force, ring = take.force, take.param("ring")
        if take.manner == "ghost":
            force *= 0.45
        if take.manner in ("mute", "dead", "short"):
            ring *= 0.4
        bright, width = take.param("bright"), take.param("width")
        stroke = Stroke(
            min(max(force, 0.02), 1.0),
            float(dsp.exp2(take.param("tune") / 12.0)),
            ring,
            0.4 + 1.2 * bright,
            Roll(f"{name}/{note}/{take.round}/{take.force:.3f}/{take.manner}"),
        )
        x = _manner(take, stroke, piece)
        gains = np.array([dsp.pan(place * width * (1.0 if x.ndim == 1 else 0.8))], np.float32).T
        gains /= gains.max()
        if x.ndim > 1:
            near = gains * np.float32(1.0 / (1.0 + (1.0 - 0.75 * width) / (1.0 + 0.75 * width)))
            x, gains = x * near + x[::-1] * (gains - near), np.ones_like(gains)
        x = _without_dc(_tilted(x, bright))
        top = max(float(x.max()), -float(x.min()), 1e-9)
        return fade(_roomed(x, gains * np.float32(level / top), 0.5 * take.param("room")), 0.03)

    return body


def _manner(take: Take, stroke: Stroke, piece: Piece) -> Samples:
    """One stroke; a flam, grace note first; or one buzzed stroke of a press roll, the stick left to bounce."""
    plan = {"flam": _FLAM, "roll": _BUZZ}.get(take.manner)
    if plan is None:
        return piece(stroke)
    strokes = [piece(replace(stroke, force=stroke.force * share)) for _, share in plan[:4]]
    out = np.zeros((*strokes[0].shape[:-1], samples(plan[-1][0] + 0.01) + strokes[0].shape[-1]), np.float32)
    for i, (at, share) in enumerate(plan):
        dsp.add(out, strokes[i % 4], samples(at * stroke.jitter(0.02)), share)
    return out


def _tilted(x: Samples, bright: float) -> Samples:
    """A gentle tilt: towards the running mean of five samples (dull) or away from it (bright). Nothing at 0.5."""
    amount = (bright - 0.5) * 1.2
    if abs(amount) < 0.01:
        return x
    mean = x.copy()
    for lag in (1, 2, 3, 4):
        mean[..., lag:] += x[..., :-lag]
    mean *= np.float32(0.2)
    return x + (x - mean) * np.float32(amount)


@lru_cache(maxsize=16)
def _bump(n: int) -> Samples:
    """A slow hump whose sum is 1."""
    bump = 0.5 - 0.5 * dsp.cosines(n, 1.0 / n)
    return dsp.f32(bump / bump.sum())


def _without_dc(x: Samples) -> Samples:
    """Takes a slow bump of the same area away, so that the sum is nothing: a skin's first swing is one-sided."""
    m = min(x.shape[-1], samples(0.25))
    x[..., :m] -= _bump(m) * x.sum(axis=-1, keepdims=True)
    return x


def _kit(name: str, about: str, seats: Mapping[int, Seat], gain: float) -> Patch:
    chokes = ((46, (42, 44)), (81, (80,)), (79, (78,)), (74, (73,)), (72, (71,)))
    body = _bodies(name, seats)
    return Patch(name, "drums", about, body, PARAMS, gain, False, 0.05, 4, 4, True, chokes)


KITS = (
    _kit("acoustic", "Studio kit with sticks: layered drums, tuned toms, dense cymbals, a short room.", ACOUSTIC, -4.0),
    _kit("brush", "Small kit under brushes: taps and swishes, soft kick, washing cymbals.", BRUSH, -1.0),
    _kit("electronic", "Drum machine: swept kicks, bent snares, claps, square-wave metal.", ELECTRONIC, -7.5),
)
