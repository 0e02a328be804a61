"""Players of sustained notes: brass, reeds, flutes, bowed strings and voices are all made of them.

A player is one phase, bent by vibrato and drift, reading a handful of period tables that go from dark to bright; a
section is several, no two alike. The tables are made for the pitch, so none holds a harmonic above 18 kHz: nothing
aliases.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from scorekit.render import dsp
from scorekit.render.dsp import RATE, Samples, samples
from scorekit.render.effects import FLAT, tone_curve
from scorekit.render.effects import Tone as Equaliser
from scorekit.render.exact import Reals
from scorekit.render.patches.base import STILL, Body, Param, Take
from scorekit.render.patches.reading import HOP, Scale, faded, grow, path, scale
from scorekit.render.patches.sources import Curve, Roll, attack, dice, fade, grit, hiss

MANNERS = ("slide", "short", "legato", "fall")
"""How players can be told to play."""
SHORT = 0.65
"""Seconds after which a note played short is silent."""
Tone = Callable[[Reals, Reals, float], Reals]
"""Amplitudes of harmonics from their numbers, their frequencies in Hz, and brightness 0 to 1."""


class Voice(Struct, frozen=True):
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
    bloom: float = 0.0
    """Seconds in which a note becomes as bright as it will be: upper harmonics enter after lower ones, in brass most."""

    def still(self) -> Voice:
        """One player, unmoved and breathless."""
        return replace(self, breath_level=0.0, chiff_level=0.0, players=1, spread=0.0, scatter=0.0, depth=1e-3,
            scoop=0.0, sway=0.0, pulse=0.0, grain=0.0, drift=0.0)  # fmt: skip


# -- tables and reading ------------------------------------------------------------------------------------------------


@lru_cache(maxsize=24)
def tables(voice: Voice, hz: float, stages: tuple[float, ...], slow: int = 1) -> tuple[Scale, ...]:
    """One period for each brightness, of RMS 0.3 at most (when the voice bends: all of them flat, and all sharp by vibrato)."""
    count = max(min(int(min(18_000.0, 0.49 * RATE / slow) / (hz * 1.03)), 500), 1)
    k = np.arange(1, count + 1, dtype=np.float64)
    turn = dice("phases").random(500)[:count] if voice.rough else np.zeros(count)
    shifts = (-voice.depth, voice.depth) if voice.bend else ()
    plain = voice.body(k * hz)
    bodies = [voice.body(k * hz * float(dsp.exp2(shift / 1200.0))) for shift in shifts] or [plain]
    cosines, sines = dsp.circle(turn)
    out: list[Samples] = []
    for stage in stages:
        source = voice.tone(k, k * hz, stage)
        source *= 0.3 / max(float(np.sqrt(np.sum((source * plain) ** 2) * 0.5)), 1e-9)
        periods = [dsp.cycle(source * body * cosines, source * body * sines) for body in bodies]
        tame = min(1.0, 1.1 / max(float(period.max() - period.min()) * 0.5 for period in periods))
        out += [period * np.float32(tame) for period in periods]
    return tuple(scale(out[number :: len(bodies)]) for number in range(len(bodies)))


# -- playing -----------------------------------------------------------------------------------------------------------


def wander(address: str, players: int, points: int, hz: float) -> Reals:
    """Slow drifts at the control points, about ``hz`` turns a second: (players, points), the beginning of what more points
    would give."""
    hop = max(int(RATE / (2.0 * hz * HOP)), 2)
    knots = 2.0 * Roll(address).random(points // hop + 2, players).T.copy() - 1.0
    steps = knots[:, 1:] - knots[:, :-1]
    curves: Reals = (knots[:, :-1, None] + steps[:, :, None] * _ways(hop)).reshape(players, -1)
    return curves[:, :points]


@lru_cache(maxsize=32)
def _ways(count: int) -> Reals:
    """From 0 towards 1 in so many steps, smoothly."""
    return _ease(np.arange(count, dtype=np.float64), count)


def _ease(t: Reals, seconds: float) -> Reals:
    """0 to 1, level at both ends."""
    way = t * (1.0 / max(seconds, 1e-4))
    np.maximum(np.minimum(way, 1.0, out=way), 0.0, out=way)
    eased: Reals = way * way * (3.0 - 2.0 * way)
    return eased


def _fall(t: Reals, t60: float) -> Reals:
    return dsp.exp2(np.maximum(np.minimum(-t, 0.0) * (9.965784 / t60), -40.0))


class Shape(Struct, frozen=True):
    """What players do over time: (players, points)."""

    level: Reals
    cents: Reals
    bright: Reals


def shape(voice: Voice, take: Take, t: Reals, address: str) -> Shape:
    """Level, pitch and brightness of all players. What they do alike is drawn once and read by each from when it comes
    in, which is on a control point."""
    force, manner, count, players = take.force, take.manner, t.size, voice.players
    target, rate, start, depth, scoop, late, when = Roll(f"{address}/players").random(7, players, 1)
    late[0] = 0.0
    lag = np.rint(late * (voice.scatter * (1.3 - force_of(take)) * RATE / HOP)).astype(np.intp)
    own = np.maximum(np.arange(count) - lag, 0)
    pace = {"legato": 0.75 if voice.attack > 0.1 else 1.2, "short": 0.45}.get(manner, 1.0) * (1.5 - force)
    pace *= dsp.uniform(f"{address}/pace", 0.8, 1.2)
    attack = voice.attack * pace + 0.004
    since = t - lag * (HOP / RATE)
    grown = _ease((since - voice.delay * (0.2 + 0.5 * when)) / (1.2 + when), voice.delay)
    lively = 1.0 + voice.blare * force * _fall(t - attack * 0.6, 0.5) * (manner != "legato")
    level = _ease(t, attack) * (0.86 + 0.14 * _fall(t - attack, 1.2))
    bright = (0.25 + 0.75 * _ease(t, max(attack * 1.3, voice.bloom * pace))) * lively
    bent = np.zeros(count)
    if manner != "legato":
        bent = _fall(t, 0.28)
    if manner == "short":
        hold = min(take.seconds * 0.6, 0.11)
        level = level * _fall(t - hold, 0.42)
        bright = bright * (0.45 + 0.55 * _fall(t - hold, 0.6))
    louder, brighter, faster, deeper, higher = wander(f"{address}/ways", 5 * players, count, 1.2).reshape(
        5, players, -1
    )
    level = level[own] * (1.0 + voice.sway * louder)
    bright = bright[own] * (force * (0.9 + 0.1 * target)) + 0.05 * brighter
    swing = dsp.sin(since * (voice.vibrato * (0.95 + 0.1 * rate)) + 0.04 * faster + start * (players > 1))
    swing *= grown * (1.0 + 0.35 * deeper)
    cents = voice.depth * (0.8 + 0.4 * depth) * swing - voice.scoop * (0.6 + 0.8 * scoop) * bent[own]
    if voice.pulse:
        beat = voice.pulse * min(voice.depth / 8.0, 1.0) * swing
        level *= 1.0 + beat
        bright *= 1.0 + 1.5 * beat
    cents += (voice.drift + voice.spread * 0.28) * higher
    if voice.grain:
        grain, rub = (voice.grain * wander(f"{address}/grain", 2 * players, count, 23.0)).reshape(2, players, -1)
        cents += 3.0 * grain
        level *= 1.0 + 0.05 * rub
        bright *= 1.0 + 0.12 * rub
    if manner == "slide":
        cents -= 200.0 * (1.0 - _ease(t, 0.14))[own]
    if manner == "fall":
        span = max(min(take.seconds * 0.45, 0.6), 0.16)
        gone = np.clip((t - (take.seconds - span)) / span, 0.0, 1.6)
        cents -= 750.0 * gone * gone
        level *= dsp.exp2(-1.8 * gone)
        bright *= 1.0 - 0.45 * np.minimum(gone, 1.0)
    return Shape(level, cents, np.clip(bright, 0.0, 1.0))


def bends(voice: Voice, s: Shape) -> list[Reals]:
    """Share of each set of tables: one, or a flat and a sharp one along the bend of the pitch."""
    if not voice.bend:
        return [s.level]
    sharp = np.clip(0.5 + s.cents / (2.0 * voice.depth), 0.0, 1.0)
    return [s.level * (1.0 - sharp), s.level * sharp]


def play(name: str, voice: Voice, take: Take, release: float, bright: float, wide: float) -> Samples:
    """A note by all players of a voice: (2, n), for the time of the key and of the release after it."""
    voice = voice.still() if take.manner == STILL else voice
    n = take.upto(samples(take.seconds + release))
    slow, hop = take.slow, HOP // take.slow
    if take.manner == "short":
        n = min(n, samples(SHORT + voice.scatter) // slow)
    points = -(-n // hop) + 1
    t: Reals = np.arange(points, dtype=np.float64) * (HOP / RATE)
    hz = dsp.hertz(take.pitch)
    tilt = (bright - 0.5) * 0.8
    stages = tuple(min(max(b + tilt * (0.4 + 0.6 * b), 0.0), 1.35) for b in (0.0, 0.5, 1.0))
    address, players = f"{name}/{take.pitch}/{take.round}/{take.manner}", voice.players
    s = shape(voice, take, t, address)
    order = (np.arange(players) * (3 if players % 3 else 5) + 1) % players
    detune = voice.spread * ((order + 0.5) / players - 0.5)
    along = path(slow * hz, s.cents + detune[:, None], Roll(f"{address}/start").random(players) * (players > 1), hop)
    share, turned = 1.0 / players**0.5, -1.0 if take.round % 2 else 1.0
    seats = (np.arange(players) - 0.5 * (players - 1)) / max(0.5 * (players - 1), 0.5) * wide * turned
    places = [(share * left, share * right) for left, right in map(dsp.pan, seats.tolist())]
    out = faded(tables(voice, hz, stages, slow), s.bright * (len(stages) - 1), bends(voice, s), along, places)
    if players == 1:
        lag = samples(0.0127 / slow)
        side = out[0, :-lag] * np.float32(0.7 * wide)
        out[0, lag:] += side
        out[1, lag:] -= side
    _air(address, voice, take, out, s.level.mean(axis=0), bright, wide)
    return fade(out[:, :n], 0.006 / slow)


def force_of(take: Take) -> float:
    """Force within 0 to 1."""
    return min(max(take.force, 0.0), 1.0)


@lru_cache(maxsize=16)
def colour(curve: Curve, size: int, tone: Equaliser = FLAT, slow: int = 1) -> Samples:
    """Levels of the bins of ``size`` samples, real and imaginary parts, that make ``grit`` noise of a colour (T60 not used),
    RMS 1 at 0 dB."""
    knots = np.maximum(np.arange(size // 2 // HOP + 2) * (HOP * RATE / size / slow), 1.0)
    octaves = dsp.log2(np.array([row[0] for row in curve]))
    level = (
        dsp.exp2(np.interp(dsp.log2(knots), octaves, [row[1] / 6.0206 for row in curve])) * (6.0 * size / slow) ** 0.5
    )
    level *= tone_curve(tone)(knots)
    levels = grow(dsp.f32(level))[: size // 2 + 1].repeat(2)
    levels[:2] = 0.0
    levels.setflags(write=False)
    return levels


@lru_cache(maxsize=16)
def bed(curve: Curve, slow: int = 1) -> Samples:
    """Three seconds of noise of a colour that join without a seam: one spectrum."""
    size = (1 << 17) // slow
    loop = dsp.back((grit()[: size + 2] * colour(curve, size, slow=slow)).view(np.complex64), size)
    loop.setflags(write=False)
    return loop


def lasting(address: str, n: int, curve: Curve, slow: int = 1) -> Samples:
    """n samples of noise of a colour, from a place in its bed that the address names."""
    loop, out = bed(curve, slow), np.empty(n, np.float32)
    start, at = int(dsp.uniform(address) * loop.size), 0
    while at < n:
        part = loop[start : start + n - at]
        out[at : at + part.size] = part
        start, at = 0, at + part.size
    return out


_ONSETS = 4
"""Noises of an onset, of which each note has one: no two that follow one another are alike in all."""


@lru_cache(maxsize=32)
def _onset(curve: Curve, number: int, slow: int) -> Samples:
    faster = tuple((slow * hz, db, t60 / slow) for hz, db, t60 in curve)
    onset = hiss(Roll(f"onset/{number}"), samples(0.35 / slow), faster, 256 // slow) * np.float32(slow**-0.5)
    onset.setflags(write=False)
    return onset


def _air(address: str, voice: Voice, take: Take, out: Samples, level: Reals, bright: float, wide: float) -> None:
    """Breath or bow noise that lasts, and the noise of the onset, added to both sides."""
    n, slow = out.shape[1], take.slow
    if not voice.breath_level:
        return
    amount = voice.breath_level * (0.5 + bright) * (1.05 - 0.45 * take.force)
    mono = lasting(f"{address}/air", n, voice.breath, slow)
    mono *= grow(dsp.f32(level * amount), HOP // slow)[:n]
    if take.manner != "legato":
        onset = _onset(voice.chiff, int(dsp.uniform(f"{address}/chiff", 0.0, _ONSETS)), slow)
        onset = onset[:n] * np.float32(voice.chiff_level * (0.25 + 0.75 * take.force) * (0.5 + bright))
        mono[: onset.size] += attack(onset, (0.25 * voice.attack + 0.004) / slow)
    lag = samples(0.0113 * wide / slow)
    near, far = mono * np.float32(0.7), mono * np.float32(0.35)
    out += near
    if lag:
        out[1, lag:] += far[:-lag]
        out[0] -= mono * np.float32(0.12)


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
