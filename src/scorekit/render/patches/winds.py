"""Players of sustained notes, and the winds among them: brass, trumpet, trombone, horn, sax, flute, clarinet.

A player is one phase, bent by vibrato and drift, reading a handful of period tables that go from dark to bright; a
section is several, no two alike. The tables are made for the pitch, so none holds a harmonic above 18 kHz: nothing
aliases. Bowed strings use the same players with other tables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scorekit.render import dsp
from scorekit.render.dsp import RATE, Samples, samples
from scorekit.render.exact import Reals
from scorekit.render.patches.base import STILL, Body, Param, Patch, Take
from scorekit.render.patches.percussion import Curve, dice, fade, hiss

HOP = 64
"""Samples between control points: envelopes, vibrato and brightness are drawn 689 times a second."""

_BLOCK = 128
"""Control points to a block of reading."""

Tone = Callable[[Reals, Reals, float], Reals]
"""Amplitudes of harmonics from their numbers, their frequencies in Hz, and brightness 0 to 1."""


@dataclass(frozen=True, slots=True)
class Voice:
    """How an instrument speaks."""

    tone: Tone
    body: dsp.Curve
    """Formants and radiation: the same for all pitches."""
    attack: float
    """Seconds to full level at middle force."""
    breath: Curve
    """Colour of the breath or bow noise that lasts (its T60 column is not used)."""
    breath_level: float
    chiff: Curve
    """Noise of the onset, with its decay."""
    chiff_level: float
    players: int = 1
    spread: float = 0.0
    """Cents between the outer players."""
    width: float = 0.3
    scatter: float = 0.0
    """Seconds over which the players come in."""
    vibrato: float = 5.3
    """Hz."""
    depth: float = 12.0
    """Cents each way."""
    delay: float = 0.35
    """Seconds before the vibrato has grown."""
    scoop: float = 25.0
    """Cents below pitch at the onset."""
    blare: float = 0.25
    """How far the brightness overshoots during the attack."""
    sway: float = 0.06
    """Depth of the slow wander in level."""
    pulse: float = 0.0
    """How much vibrato beats in level and brightness too: breath vibrato."""
    grain: float = 0.0
    """Unsteadiness from cycle to cycle: lip, reed or rosin."""
    bend: bool = False
    """Whether vibrato also sweeps the harmonics across the body's resonances (solo strings)."""
    rough: bool = False
    """Whether the phases of the harmonics are scattered, as a resonant body does."""
    drift: float = 2.0
    """Cents a player wanders."""

    def still(self) -> Voice:
        """One player, unmoved and breathless."""
        return replace(self, breath_level=0.0, chiff_level=0.0, players=1, spread=0.0, scatter=0.0, depth=1e-3,
            scoop=0.0, sway=0.0, pulse=0.0, grain=0.0, drift=0.0)  # fmt: skip


# -- tables and reading ------------------------------------------------------------------------------------------------


def tables(voice: Voice, hz: float, stages: tuple[float, ...]) -> list[Samples]:
    """One period for each brightness (twice, flat and sharp by vibrato, when the voice bends), of RMS 0.3 at most."""
    count = max(min(int(18_000.0 / (hz * 1.03)), 500), 1)
    k = np.arange(1, count + 1, dtype=np.float64)
    turn = dice("phases").random(500)[:count] if voice.rough else np.zeros(count)
    shifts = (-voice.depth, voice.depth) if voice.bend else ()
    plain = voice.body(k * hz)
    bodies = [voice.body(k * hz * float(dsp.exp2(shift / 1200.0))) for shift in shifts] or [plain]
    cosines, sines = dsp.cos(turn), dsp.sin(turn)
    out = []
    for stage in stages:
        source = voice.tone(k, k * hz, stage)
        source *= 0.3 / max(float(np.sqrt(np.sum((source * plain) ** 2) * 0.5)), 1e-9)
        periods = [dsp.cycle(source * body * cosines, source * body * sines) for body in bodies]
        tame = min(1.0, 1.1 / max(float(period.max() - period.min()) * 0.5 for period in periods))
        out += [period * np.float32(tame) for period in periods]
    return out


def grow(control: NDArray[np.float32]) -> Samples:
    """Control points to samples by straight lines: (k + 1,) to (k HOP,)."""
    ramp = np.arange(HOP, dtype=np.float32) / np.float32(HOP)
    return (control[:-1, None] + (control[1:] - control[:-1])[:, None] * ramp).reshape(-1)


def phases(hz: float, cents: Reals, start: float) -> NDArray[np.int64]:
    """Phase in 2**-32 cycles at each sample, from the deviation in cents at each control point."""
    step = np.rint(dsp.exp2(cents[:-1] / 1200.0) * (hz / RATE * 2.0**32)).astype(np.int64)
    base = np.cumsum(step * HOP) - step * HOP + int(start * 2**32)
    return (base[:, None] + step[:, None] * np.arange(HOP)).reshape(-1)


def read(tabs: list[Samples], weights: list[Reals], at: NDArray[np.int64]) -> Samples:
    """The tables (of one size) at those phases, linearly interpolated, mixed by weights at the control points.

    In blocks that stay in cache, where tables without weight cost nothing.
    """
    bits = 33 - tabs[0].size.bit_length()
    pairs = [
        (table, np.append(table[1:], table[:1]) - table, dsp.f32(weight))
        for table, weight in zip(tabs, weights, strict=True)
    ]
    out = np.zeros(at.size, np.float32)
    for start in range(0, at.size // HOP, _BLOCK):
        here = slice(start * HOP, (start + _BLOCK) * HOP)
        index = at[here] >> bits
        index &= tabs[0].size - 1
        share = dsp.f32(at[here] & ((1 << bits) - 1))
        share *= np.float32(2.0**-bits)
        for table, slope, weight in pairs:
            part = weight[start : start + _BLOCK + 1]
            if part.any():
                wave = slope.take(index, mode="wrap")
                wave *= share
                wave += table.take(index, mode="wrap")
                wave *= grow(part)
                out[here] += wave
    return out


# -- playing -----------------------------------------------------------------------------------------------------------


def wander(address: str, points: int, hz: float) -> Reals:
    """Slow drift at the control points, without a mean."""
    curve: Reals = dsp.drift(address, points, hz * HOP).astype(np.float64)
    curve -= float(curve.mean())
    return curve


def _ease(t: Reals, seconds: float) -> Reals:
    """0 to 1 along half a cosine."""
    return 0.5 - 0.5 * dsp.cos(np.clip(t / max(seconds, 1e-4), 0.0, 1.0) * 0.5)


def _fall(t: Reals, t60: float) -> Reals:
    return dsp.exp2(np.maximum(np.minimum(-t, 0.0) * (9.965784 / t60), -40.0))


@dataclass(frozen=True, slots=True)
class Shape:
    """What a player does over time, at the control points."""

    level: Reals
    cents: Reals
    bright: Reals


def shape(voice: Voice, take: Take, t: Reals, address: str, late: float) -> Shape:
    """Level, pitch and brightness of one player who comes in ``late`` seconds after the onset."""
    now = t - late
    force, manner, points = take.force, take.manner, t.size
    smooth = 0.75 if voice.attack > 0.1 else 1.2
    attack = voice.attack * (1.5 - force) * {"legato": smooth, "short": 0.45}.get(manner, 1.0) + 0.004
    rise = _ease(now, attack)
    target = force * (0.9 + 0.1 * dsp.uniform(address + "/b"))
    accent = 1.0 + voice.blare * force * _fall(now - attack * 0.6, 0.5) * (manner != "legato")
    level = rise * (0.86 + 0.14 * _fall(now - attack, 1.2)) * (1.0 + voice.sway * wander(address + "/l", points, 1.1))
    bright = np.clip(target * (0.25 + 0.75 * _ease(now,
        attack * 1.3)) * accent + 0.05 * wander(address + "/c", points, 1.7), 0.0, 1.0)  # fmt: skip
    grown = _ease(now - voice.delay * 0.4, voice.delay * 1.6)
    rate = voice.vibrato * (1.0 + 0.05 * dsp.uniform(address + "/v", -1.0, 1.0))
    swing = dsp.sin(
        now * rate + 0.04 * wander(address + "/w", points, 0.8) + dsp.uniform(address + "/s") * (voice.players > 1)
    )
    cents = voice.depth * (0.8 + 0.4 * dsp.uniform(address + "/d")) * grown * swing
    if voice.pulse:
        beat = voice.pulse * min(voice.depth / 8.0, 1.0) * grown * swing
        level = level * (1.0 + beat)
        bright = np.clip(bright * (1.0 + 1.5 * beat), 0.0, 1.0)
    cents += (voice.drift + voice.spread * 0.28) * wander(address + "/p", points, 1.3)
    if voice.grain:
        cents += 3.0 * voice.grain * wander(address + "/g", points, 19.0)
        rub = wander(address + "/h", points, 27.0)
        level = level * (1.0 + 0.05 * voice.grain * rub)
        bright = np.clip(bright * (1.0 + 0.12 * voice.grain * rub), 0.0, 1.0)
    if manner != "legato":
        cents -= voice.scoop * (0.6 + 0.8 * dsp.uniform(address + "/o")) * _fall(now, 0.28)
    if manner == "slide":
        cents -= 200.0 * (1.0 - _ease(now, 0.14))
    if manner == "short":
        hold = min(take.seconds * 0.6, 0.11)
        level = level * _fall(now - hold, 0.42)
        bright = bright * (0.45 + 0.55 * _fall(now - hold, 0.6))
    if manner == "fall":
        span = max(min(take.seconds * 0.45, 0.6), 0.16)
        gone = np.clip((t - (take.seconds - span)) / span, 0.0, 1.6)
        cents -= 750.0 * gone * gone
        level = level * dsp.exp2(-1.8 * gone)
        bright = bright * (1.0 - 0.45 * np.minimum(gone, 1.0))
    return Shape(level, cents, bright)


def weights(voice: Voice, s: Shape, stages: int) -> list[Reals]:
    """Share of each table: a cross-fade along brightness, times one along the bend of the pitch."""
    place = s.bright * (stages - 1)
    rows = []
    for i in range(stages):
        share = np.maximum(1.0 - np.abs(place - i), 0.0) * s.level
        if voice.bend:
            sharp = np.clip(0.5 + s.cents / (2.0 * voice.depth), 0.0, 1.0)
            rows += [share * (1.0 - sharp), share * sharp]
        else:
            rows.append(share)
    return rows


def play(name: str, voice: Voice, take: Take, release: float, bright: float, wide: float) -> Samples:
    """A note by all players of a voice: (2, n), for the time of the key and of the release after it."""
    voice = voice.still() if take.manner == STILL else voice
    n = samples(take.seconds + release)
    points = -(-n // HOP) + 1
    t: Reals = np.arange(points, dtype=np.float64) * (HOP / RATE)
    hz = dsp.hertz(take.pitch)
    tilt = (bright - 0.5) * 0.8
    stages = tuple(min(max(b + tilt * (0.4 + 0.6 * b), 0.0), 1.35) for b in (0.0, 0.5, 1.0))
    tabs = tables(voice, hz, stages)
    out = np.zeros((2, (points - 1) * HOP), np.float32)
    share = 1.0 / voice.players**0.5
    level = np.zeros(points)
    for i in range(voice.players):
        address = f"{name}/{take.pitch}/{take.round}/{take.manner}/{i}"
        seat = (i - 0.5 * (voice.players - 1)) / max(0.5 * (voice.players - 1), 0.5)
        order = (i * (3 if voice.players % 3 else 5) + 1) % voice.players
        detune = voice.spread * ((order + 0.5) / voice.players - 0.5)
        late = voice.scatter * (1.3 - force_of(take)) * dsp.uniform(address + "/t") * (i > 0)
        s = shape(voice, take, t, address, late)
        at = phases(hz, s.cents + detune, dsp.uniform(address + "/start") * (voice.players > 1))
        wave = read(tabs, weights(voice, s, len(stages)), at)
        left, right = dsp.pan(seat * wide * (-1.0 if take.round % 2 else 1.0))
        wave *= np.float32(share)
        out[0] += wave * np.float32(left)
        out[1] += wave * np.float32(right)
        level += s.level / voice.players
    if voice.players == 1:
        lag = samples(0.0127)
        side = out[0, :-lag] * np.float32(0.7 * wide)
        out[0, lag:] += side
        out[1, lag:] -= side
    _air(name, voice, take, out, level, bright, wide)
    return fade(out[:, :n], 0.006)


def force_of(take: Take) -> float:
    """Force within 0 to 1."""
    return min(max(take.force, 0.0), 1.0)


def _air(name: str, voice: Voice, take: Take, out: Samples, level: Reals, bright: float, wide: float) -> None:
    """Breath or bow noise that lasts, and the noise of the onset, added to both sides."""
    n = out.shape[1]
    lasting = tuple((hz, db, 1e6) for hz, db, _ in voice.breath)
    rng = dice(f"{name}/air/{take.pitch}/{take.round}/{take.manner}")
    amount = voice.breath_level * (0.5 + bright) * (1.05 - 0.45 * take.force)
    mono = hiss(rng, n, lasting, 512)
    mono *= grow(dsp.f32(level * amount))
    if take.manner != "legato":
        m = min(n, samples(0.35))
        onset = hiss(rng, m, voice.chiff, 256)
        onset *= np.float32(voice.chiff_level * (0.25 + 0.75 * take.force) * (0.5 + bright))
        onset *= dsp.f32(_ease(np.arange(m) / RATE, 0.25 * voice.attack + 0.004))
        mono[:m] += onset
    lag = samples(0.0113 * wide)
    out += mono * np.float32(0.7)
    if lag:
        out[1, lag:] += mono[:-lag] * np.float32(0.35)
        out[0] -= mono * np.float32(0.12)


# -- instruments -------------------------------------------------------------------------------------------------------


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


_BREATH: Curve = ((250.0, -40.0, 1.0), (900.0, -16.0, 1.0), (2500.0, -4.0, 1.0), (5000.0, 0.0, 1.0),
    (9000.0, -8.0, 1.0), (15000.0, -24.0, 1.0))  # fmt: skip
_WIND: Curve = ((250.0, -30.0, 1.0), (800.0, -8.0, 1.0), (1800.0, -1.0, 1.0), (3500.0, 0.0, 1.0),
    (7000.0, -12.0, 1.0), (15000.0, -34.0, 1.0))  # fmt: skip
_SPIT: Curve = ((200.0, -30.0, 0.05), (700.0, -6.0, 0.07), (1800.0, 0.0, 0.08), (4500.0, -6.0, 0.07),
    (12000.0, -22.0, 0.05))  # fmt: skip
_PUFF: Curve = ((250.0, -18.0, 0.10), (700.0, -6.0, 0.12), (2000.0, 0.0, 0.12), (5500.0, -5.0, 0.10),
    (12000.0, -20.0, 0.07))  # fmt: skip

_TRUMPET = Voice(lipped(700.0, 2900.0, (3.2, 2.5), 420.0), dsp.points((300, -1), (900, 1), (1400, 3),
    (2600, 1), (6000, -3), (12000, -12)), 0.045, _BREATH, 0.010, _SPIT, 0.055, vibrato=5.4, depth=9.0,
    delay=0.45, scoop=32.0, sway=0.08, pulse=0.05, grain=0.6)  # fmt: skip
_TROMBONE = Voice(lipped(380.0, 1700.0, (3.0, 2.5), 230.0), dsp.points((150, -1), (500, 2), (800, 2),
    (1800, 1), (5000, -4), (12000, -14)), 0.055, _BREATH, 0.010, _SPIT, 0.06, vibrato=5.0, depth=7.0,
    delay=0.5, scoop=38.0, sway=0.08, pulse=0.05, grain=0.6)  # fmt: skip
_HORN = Voice(lipped(320.0, 1200.0, (3.4, 2.8), 180.0), dsp.points((150, 0), (350, 2), (600, 1), (1100, -2),
    (2500, -6), (6000, -14)), 0.075, _BREATH, 0.008, _SPIT, 0.035, players=2, spread=7.0, width=0.35,
    scatter=0.012, vibrato=4.8, depth=4.0, delay=0.6, scoop=26.0, blare=0.35)  # fmt: skip
_BRASS = Voice(lipped(540.0, 2600.0, (3.0, 2.4), 300.0), dsp.points((180, -2), (600, 1), (1300, 3),
    (2600, 1), (6000, -3), (12000, -12)), 0.045, _BREATH, 0.009, _SPIT, 0.06, players=4, spread=14.0,
    width=0.75, scatter=0.018, vibrato=5.2, depth=6.0, delay=0.5, scoop=36.0, grain=0.5, blare=0.4)  # fmt: skip
_SAX = Voice(reed(1000.0, 3600.0, 1.9, 0.9), dsp.points((150, -3), (450, 3), (750, 2), (1000, -2),
    (1500, 3), (2100, -2), (2900, 2), (4500, -5), (9000, -14)), 0.035, _BREATH, 0.030, _PUFF, 0.10,
    vibrato=5.0, depth=16.0, delay=0.40, scoop=48.0, sway=0.12, pulse=0.12, grain=1.0, blare=0.2)  # fmt: skip
_FLUTE = Voice(pipe, dsp.points((200, -2), (700, 1), (1800, 0), (5000, -6)), 0.055, _WIND, 0.050, _PUFF,
    0.10, vibrato=5.2, depth=9.0, delay=0.35, scoop=14.0, sway=0.10, pulse=0.18, grain=0.7, blare=0.1)  # fmt: skip
_CLARINET = Voice(reed(560.0, 2000.0, 2.0, 0.10), dsp.points((150, 0), (1500, 1), (3000, -2), (6000, -10)),
    0.040, _BREATH, 0.014, _PUFF, 0.04, vibrato=4.8, depth=3.0, delay=0.6, scoop=12.0, sway=0.08,
    pulse=0.04, blare=0.1)  # fmt: skip

PARAMS = (
    Param("bright", "", 0.0, 1.0, 0.5, "Dark to brilliant."),
    Param("attack", "", 0.3, 3.0, 1.0, "Factor on the time a note takes to speak."),
    Param("vibrato", "", 0.0, 2.0, 1.0, "Factor on the depth of vibrato."),
    Param("width", "", 0.0, 1.0, 0.5, "Spread of the players, 0 mono to 1 wide."),
)


def sustained(name: str, voice: Voice, release: float) -> Body:
    """The body of a blown or bowed patch with PARAMS."""

    def body(take: Take) -> Samples:
        tuned = replace(
            voice, attack=voice.attack * take.param("attack"), depth=max(voice.depth * take.param("vibrato"), 0.01)
        )
        return play(name, tuned, take, release, take.param("bright"), voice.width * 2.0 * take.param("width"))

    return body


def _wind(
    name: str, about: str, voice: Voice, programs: tuple[int, ...], gain: float, release: float, family: str = "brass"
) -> Patch:
    return Patch(
        name, family, about, sustained(name, voice, release), PARAMS, gain, True, release, 3, 2, programs=programs
    )


WINDS = (
    _wind("brass", "Section of four: trumpets and trombones, bright when pushed.", _BRASS, (61, 62, 63), -8.5, 0.14),
    _wind("trumpet", "One trumpet, open.", _TRUMPET, (56, 59), -8.7, 0.12),
    _wind("trombone", "One trombone.", _TROMBONE, (57, 58), -7.7, 0.14),
    _wind("horn", "Two horns, round and far.", _HORN, (60,), -7.1, 0.20),
    _wind("sax", "Saxophone: reedy, breathy, leaning into its notes.", _SAX, (64, 65, 66, 67), -8.2, 0.12),
    _wind("flute", "Flute with audible breath.", _FLUTE, (72, 73, 74, 75, 76, 77, 78, 79), -7.5, 0.12),
    _wind("clarinet", "Clarinet: hollow low register.", _CLARINET, (68, 69, 70, 71), -7.5, 0.12),
)
