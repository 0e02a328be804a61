"""Synthesizers: unison leads with a filter envelope, pads drawn on the frequency axis, a choir, a noise riser.

Leads read period tables made for the pitch and for three settings of the filter, so nothing aliases and the filter
moves by cross-fading. Pads are painted as a spectrum, each harmonic a narrow bell with random phases, and turned into
sound by one inverse FFT: as many voices as bins (the idea of PADsynth, N. O. Paul, 2005).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from scorekit.render import dsp
from scorekit.render.dsp import RATE, Samples, samples
from scorekit.render.effects import tone_curve
from scorekit.render.exact import Reals
from scorekit.render.patches.base import STILL, Body, Param, Patch, Take
from scorekit.render.patches.players import MANNERS, Voice, colour, play, wander
from scorekit.render.patches.players import PARAMS as PLAYED
from scorekit.render.patches.reading import HOP, faded, grow, path, scale, sung
from scorekit.render.patches.sources import Curve, Roll, attack, coloured, fade, frames, grit, hop, modal

# -- leads -------------------------------------------------------------------------------------------------------------


class Lead(Struct, frozen=True):
    """A subtractive voice: oscillator, unison and filter."""

    square: float
    """0 saw, 1 square: share of even harmonics taken away."""
    slope: float
    """Power of 1/k."""
    voices: int
    cents: float
    """Unison spread at detune 0.5."""
    cutoff: float
    """Resting cutoff in Hz at middle brightness, for A4; follows the keyboard by a third."""
    octaves: float
    """How far the envelope opens the filter at full force."""
    closing: float
    """T60 of the filter envelope."""
    q: float
    rise: float
    """Attack in seconds."""
    scoop: float = 0.0
    """Cents from which each note glides up."""
    glide: float = 0.06
    vibrato: float = 0.0
    """Cents each way, after a third of a second."""
    sub: float = 0.0
    """Level of a square an octave below."""


def _filtered_period(hz: float, lead: Lead, cutoff: float) -> Samples:
    """A period of the oscillator through a two-pole low-pass, twice: 24 dB an octave."""
    count = max(min(int(18_500.0 / (hz * 1.03)), 500), 1)
    k = np.arange(1, count + 1, dtype=np.float64)
    u = (k * hz / cutoff) ** 2
    low = 1.0 / np.sqrt((1.0 - u) ** 2 + u / lead.q**2) / np.sqrt(1.0 + u * u)
    source = dsp.power(k, -lead.slope) * np.where(k % 2 == 0, 1.0 - lead.square, 1.0)
    norm = float(np.sqrt(np.sum((source * low) ** 2) * 0.5))
    return dsp.cycle(source * low * (0.3 / max(norm, 1e-9)))


def _lead(name: str, moving: Lead, release: float) -> Body:
    def body(take: Take) -> Samples:
        still = take.manner == STILL
        lead = replace(moving, cents=0.0, vibrato=0.0, scoop=0.0) if still else moving
        n, hz, force = take.upto(samples(take.seconds + release)), dsp.hertz(take.pitch), min(max(take.force, 0.0), 1.0)
        points = -(-n // HOP) + 1
        t: Reals = np.arange(points, dtype=np.float64) * (HOP / RATE)
        rest = lead.cutoff * float(dsp.power(hz / 440.0, 0.33)) * float(dsp.exp2((take.param("bright") - 0.5) * 4.0))
        span = max(lead.octaves * (0.25 + 0.75 * force), 0.01)
        rest *= float(dsp.exp2(1.6 * (force - 0.6)))
        tabs = [
            _filtered_period(hz, lead, min(max(rest * float(dsp.exp2(span * part)), 60.0), 17_000.0))
            for part in (0.0, 0.5, 1.0)
        ]
        closing = lead.closing * (0.35 if take.manner == "short" else 1.0)
        slow = 0.93 + 0.07 * dsp.sin(t * 0.37 + dsp.uniform(f"{name}/{take.pitch}/{take.round}/lfo"))
        place = 2.0 * _falling(t, closing) * slow
        level = np.clip(t / max(lead.rise * take.param("attack"), 0.0015), 0.0, 1.0)
        level = level * level * (3.0 - 2.0 * level)
        level *= 0.88 + 0.12 * _falling(t, 0.8)
        if take.manner == "short":
            level = level * _falling(np.maximum(t - 0.06, 0.0), 0.35)
        cents, address = _bends(name, lead, take, t), f"{name}/{take.pitch}/{take.round}"
        opened, loud = (np.broadcast_to(row, (lead.voices, points)) for row in (place, level))
        seats = np.array([_seat(i, lead.voices) for i in range(lead.voices)])
        spread = cents + seats[:, None] * lead.cents * take.param("detune")
        if not still:
            spread += 0.8 * wander(f"{address}/drift", lead.voices, points, 0.5)
        starts = Roll(f"{address}/start").random(lead.voices) * (not still)
        gains = (1.0 - 0.5 * np.abs(seats)) / lead.voices**0.5 * 1.3
        places = [
            dsp.pan(_seat(i * 2 % lead.voices, lead.voices) * 1.6 * take.param("width")) for i in range(lead.voices)
        ]
        rows = [(gain * left, gain * right) for gain, (left, right) in zip(gains.tolist(), places, strict=True)]
        out = faded([scale(tabs)], opened, [loud], path(hz, spread, starts), rows)
        if lead.sub:
            out += sung(tabs[:1], [level * lead.sub], path(hz * 0.5, cents[None], np.zeros(1)), [(1.0, 1.0)])
        return fade(out[:, :n], 0.006)

    return body


def _seat(i: int, count: int) -> float:
    """Place of one of ``count`` (odd) in a row, -1 to 1."""
    return 2.0 * i / (count - 1) - 1.0


def _falling(t: Reals, t60: float) -> Reals:
    return dsp.exp2(np.maximum(-t * (9.965784 / t60), -40.0))


def _bends(name: str, lead: Lead, take: Take, t: Reals) -> Reals:
    """Glide into the note, vibrato after a while, and what the manner asks for."""
    grown = np.clip((t - 0.25) / 0.45, 0.0, 1.0)
    cents = lead.vibrato * grown * dsp.sin(t * 5.4)
    if take.manner == "slide":
        cents = cents - 300.0 * _falling(t, 0.22)
    elif take.manner != "legato" and lead.scoop:
        cents = cents - lead.scoop * _falling(t, lead.glide * 4.0)
    if take.manner == "fall":
        span = max(min(take.seconds * 0.45, 0.6), 0.16)
        gone = np.clip((t - (take.seconds - span)) / span, 0.0, 1.6)
        cents = cents - 900.0 * gone * gone
    return np.asarray(cents, np.float64)


# -- pads --------------------------------------------------------------------------------------------------------------


_SIDE, _LOOP, _STRUCK = 0.65, 100_000, 1.8
"""Share of the side; samples of a loop: four of them still fit beside the processor, longer ones take thrice the time; T60
of what is struck."""


def painted(address: str, hz: Reals, levels: Reals, cents: Reals, air: Samples) -> Samples:
    """Partials as bells on the spectrum, one sigma ``cents`` wide, phases random: a loop without a seam, (layers, 2, n).
    Layers differ in ``levels`` (layers, partials) alone, so to go from one to the other is to move a filter. The first has
    ``air`` besides, levels of noise for all bins, for each side its own.

    A common middle and a side of its own, ``_SIDE`` of it: wide, and in mono only 1.5 dB weaker.
    """
    half, centre = _LOOP // 2 + 1, hz * (_LOOP / RATE)
    sigma = np.maximum(centre * (dsp.exp2(cents / 1200.0) - 1.0), 0.4)
    low = np.maximum((centre - 3.5 * sigma).astype(np.intp), 1)
    wide = np.maximum(np.minimum((centre + 3.5 * sigma).astype(np.intp) + 2, half - 1) - low, 1)
    first = np.cumsum(wide) - wide
    off = np.arange(int(wide.sum())) * np.repeat(1.0 / sigma, wide) + np.repeat((low - first - centre) / sigma, wide)
    bell = np.take(_bell(), (np.abs(off) * _FINE).astype(np.intp), mode="clip")
    bell *= np.repeat(dsp.f32(0.5 * _LOOP / np.sqrt((1.0 + _SIDE * _SIDE) * np.add.reduceat(bell * bell, first))), wide)
    bells = np.repeat(bell, 2)
    middle, side = (bells * _turns(f"{address}/{which}", bells.size) for which in "ms")
    side *= np.float32(_SIDE)
    ears = np.stack([middle + side, middle - side])
    planes, steps = np.zeros((len(levels), 2, 2 * half), np.float32), dsp.f32(levels)[:, :, None, None]
    for which in (0, 1):
        at = int(dsp.uniform(f"{address}/air/{which}") * (grit().size - air.size))
        np.multiply(grit()[at : at + air.size], air, out=planes[0, which])
    for number, (begin, at, count) in enumerate(zip(2 * first, 2 * low, 2 * wide, strict=True)):
        planes[:, :, at : at + count] += steps[:, number] * ears[:, begin : begin + count]
    return dsp.back(planes.view(np.complex64), _LOOP)


_FINE = 256


@lru_cache(maxsize=1)
def _bell() -> Samples:
    """A bell, ``_FINE`` points to its sigma."""
    off = (np.arange(4 * _FINE + 1) + 0.5) / _FINE
    return dsp.f32(dsp.exp2(-0.7213475 * off * off))


def _turns(address: str, n: int) -> Samples:
    """Random turns fixed by an address, cosine after sine: (n,), n even."""
    start = 2 * int(dsp.uniform(address) * _ROUND)
    return np.resize(_circling()[start : start + 2 * _ROUND], n)


_ROUND = 1 << 16


@lru_cache(maxsize=1)
def _circling() -> Samples:
    """As many random turns, twice: so that from any of them on they are there in a row."""
    angle = grit()[:_ROUND]
    turns = np.stack([dsp.sine(angle + np.float32(0.75)), dsp.sine(angle + np.float32(0.5))], axis=1)
    return np.tile(turns.reshape(-1), 2)


_LEAST = 5e-4
"""Level, against the loudest, under which a partial of a pad is left out (-66 dB)."""


class Pad(Struct, frozen=True):
    """A pad's partials and its motion."""

    ratios: tuple[float, ...]
    slope: float
    """Power of 1/ratio at middle brightness."""
    cutoff: float
    """Hz above which the dark layer falls away; the bright layer opens two octaves more."""
    cents: float
    """Bandwidth of a partial at width 0.5."""
    rise: float
    sway: float
    """Hz of the slow motion between dark and bright."""
    air: float
    """Level of breath noise."""
    strike: float = 0.0
    """Level of a soft bell at the onset."""
    octave: float = 0.0
    """Level of the octave below."""


_AIR: Curve = ((400.0, -30.0, 1e6), (1500.0, -10.0, 1e6), (4000.0, 0.0, 1e6), (7000.0, -4.0, 1e6),
    (14000.0, -20.0, 1e6))  # fmt: skip


def _pad(name: str, pad: Pad, release: float) -> Body:
    def body(take: Take) -> Samples:
        n, hz, force = take.upto(samples(take.seconds + release)), dsp.hertz(take.pitch), min(max(take.force, 0.0), 1.0)
        open_by = float(dsp.exp2((take.param("bright") - 0.5) * 2.5 + (force - 0.6) * 2.2))
        ratios = np.array([r for r in pad.ratios if r * hz < 17_000.0] or [1.0])
        freq = ratios * hz
        still = take.manner == STILL
        width = pad.cents * 2.0 * take.param("width") + 0.3
        address = f"{name}/{take.pitch}/{take.round}"
        levels = dsp.power(ratios, -pad.slope) / (1.0 + (freq / (pad.cutoff * open_by * np.array([[1.0], [4.0]]))) ** 2)
        levels *= 0.22 / np.sqrt(np.sum(levels * levels, axis=1, keepdims=True))
        heard = tone_curve(take.tone)
        levels *= heard(freq)
        loud = levels[1] > _LEAST * levels[1].max()
        freq, ratios, levels = freq[loud], ratios[loud], levels[:, loud]
        levels[1] -= levels[0]
        if still:
            layers = np.stack([[modal(n, freq, np.full(freq.size, 1e6), amp, 0.0 * freq)] * 2 for amp in levels])
        else:
            cents = width * np.minimum(0.3 + 0.12 * ratios, 1.0)
            rows = (
                np.append(freq, 0.5 * hz),
                np.append(levels, np.array([[0.15], [0.0]]) * pad.octave * heard(0.5 * np.array([hz])), 1),
                np.append(cents, width),
            )
            air = colour(_AIR, _LOOP, take.tone) * np.float32(pad.air * open_by**0.5)
            layers = painted(address, *rows, air)
        points = -(-n // HOP) + 1
        t: Reals = np.arange(points, dtype=np.float64) * (HOP / RATE)
        motion = grow(dsp.f32(0.6 + 0.3 * (not still) * dsp.sin(t * pad.sway - 0.25) + 0.15 * (force - 0.5)))
        (dark, step), out = layers, np.empty((2, n), np.float32)
        for a in range(0, n, dark.shape[1]):
            part = out[:, a : a + dark.shape[1]]
            np.multiply(step[:, : part.shape[1]], motion[a : a + part.shape[1]], out=part)
            part += dark[:, : part.shape[1]]
        out = attack(out, pad.rise * take.param("attack") * (1.3 - 0.6 * force))
        if pad.strike:
            tones = freq[:8]
            struck = 0.5 * dsp.power(ratios[:8], 0.5 * force - 1.2) * heard(tones)
            bell = modal(samples(_STRUCK), tones, _STRUCK / np.sqrt(ratios[:8]), struck, np.zeros(len(tones)))
            dsp.add(out, fade(attack(bell, 0.006), 0.1), 0, pad.strike * (0.3 + 0.7 * force))
        return fade(out, 0.01)

    return body


def vocal(k: Reals, f: Reals, b: float) -> Reals:
    """Glottal source: steeper when sung softly."""
    return 1.0 / (dsp.power(k, 1.45 - 0.4 * b) * (1.0 + (f / (1000.0 + 4500.0 * b)) ** 2))


@lru_cache(maxsize=8)
def formants(vowel: float) -> dsp.Curve:
    """From oo (0) to ah (1): four formants, between those of men and of women, over a floor as far as 7 kHz."""
    centres = [a + (b - a) * vowel for a, b in ((360.0, 720.0), (820.0, 1180.0), (2500.0, 2700.0), (3300.0, 3500.0))]
    levels = [1.0, 0.35 + 0.25 * vowel, 0.20 + 0.22 * vowel, 0.16 + 0.20 * vowel]
    bells = [(dsp.bandpass(hz, q), level) for hz, level, q in zip(centres, levels, (4.0, 7.0, 11.0, 12.0), strict=True)]
    return lambda f: (
        0.05 / (1.0 + (f / 7_000.0) ** 4) + sum((level * bell(f) for bell, level in bells), np.zeros_like(f))
    )


_SIGH: Curve = ((90.0, -30.0, 0.1), (300.0, -3.0, 0.1), (900.0, -1.0, 0.15), (2500.0, -2.0, 0.16), (6000.0, -14.0, 0.12),
    (11000.0, -36.0, 0.08))  # fmt: skip


def _choir(take: Take) -> Samples:
    voice = Voice(
        vocal,
        formants(take.param("vowel")),
        0.16 * take.param("attack"),
        _SIGH,
        0.036,
        _SIGH,
        0.02,
        players=6,
        spread=22.0,
        width=0.9,
        scatter=0.05,
        vibrato=5.4,
        depth=max(16.0 * take.param("vibrato"), 0.01),
        delay=0.35,
        scoop=28.0,
        blare=0.1,
        sway=0.10,
        rough=True,
    )
    return play("choir", voice, take, 0.4, take.param("bright"), voice.width * 2.0 * take.param("width"))


# -- riser -------------------------------------------------------------------------------------------------------------


def _riser(take: Take) -> Samples:
    """Noise through a resonant low-pass that climbs six octaves while its level rises, up to the end of the note."""
    hold = samples(max(take.seconds, 0.05))
    n = hold + samples(0.12)
    frame = 1024
    rows = frames(n, frame)
    f = np.arange(frame // 2 + 1) * (RATE / frame)
    along, summit = np.arange(rows)[:, None] * hop(frame), max(hold - samples(0.04), 1)
    up, past = np.minimum(along / summit, 1.0), np.maximum(along - hold, 0) / (n - hold)
    top = 4500.0 * float(
        dsp.exp2((take.pitch - 60) / 24.0 + (take.param("bright") - 0.5) * 2.0 + (take.force - 0.6) * 1.5)
    )
    u = f[None, :] / (min(top, 15_000.0) * dsp.exp2(-5.5 * (1.0 - dsp.power(np.maximum(up, 1e-6), 1.3))))
    u = u * u
    q = 0.9 + 2.6 * take.param("resonance")
    level = dsp.exp2(-7.0 * (1.0 - up) - 5.0 * past) * np.minimum(f / 120.0, 1.0) * (6.0 * frame) ** 0.5
    magnitude = level / np.sqrt((1.0 - u) ** 2 + u / (q * q))
    parts = (dsp.f32(magnitude[at : at + 32]).repeat(2, axis=1) for at in range(0, rows, 32))
    out = coloured(Roll(f"riser/{take.pitch}/{take.round}"), n, parts, 2)
    mid = (out[0] + out[1]) * np.float32(0.5)
    wide = np.float32(take.param("width"))
    out = mid + (out - mid) * wide
    return fade(attack(dsp.normal(out), 0.02), 0.12)


# -- the patches -------------------------------------------------------------------------------------------------------

_LEADING = (
    Param("bright", "", 0.0, 1.0, 0.5, "Cutoff of the filter: two octaves either way."),
    Param("attack", "", 0.3, 8.0, 1.0, "Factor on the attack."),
    Param("detune", "", 0.0, 1.0, 0.5, "Spread of the unison."),
    Param("width", "", 0.0, 1.0, 0.5, "Stereo spread of the unison."),
)
_PADDING = (
    Param("bright", "", 0.0, 1.0, 0.5, "Dark to open."),
    Param("attack", "", 0.1, 3.0, 1.0, "Factor on the time to swell."),
    Param("width", "", 0.0, 1.0, 0.5, "Bandwidth of the partials: still to swarming."),
)
_SINGING = (*PLAYED[:2], Param("vowel", "", 0.0, 1.0, 0.7, "oo to ah."), PLAYED[2], PLAYED[3])
_RISING = (
    Param("bright", "", 0.0, 1.0, 0.5, "Where the sweep ends."),
    Param("resonance", "", 0.0, 1.0, 0.4, "Whistle of the sweep."),
    Param("width", "", 0.0, 1.0, 0.9, "Mono to wide."),
)

_STEPS = ("slide", "short", "fall")
"""Manners of who steps from note to note: legato is nothing else."""
_WHOLE = tuple(float(k) for k in range(1, 61))
_SAW = Lead(0.0, 1.0, 7, 32.0, 2600.0, 2.1, 1.6, 0.9, 0.004)
_SQUARE = Lead(0.94, 1.0, 3, 10.0, 2400.0, 2.0, 1.2, 0.85, 0.004, vibrato=7.0)
_GLIDE = Lead(0.45, 0.85, 3, 9.0, 2300.0, 1.6, 1.4, 0.85, 0.016, scoop=140.0, glide=0.05, vibrato=16.0, sub=0.10)
_WARM = Pad(_WHOLE, 1.3, 380.0, 9.0, 0.45, 0.11, air=0.004, octave=0.18)
_AIRY = Pad(_WHOLE, 1.25, 1100.0, 14.0, 0.60, 0.14, air=0.022)
_GLASS = Pad((1.0, 2.0, 3.01, 4.02, 5.43, 6.79, 8.21, 10.6, 13.3), 1.1, 2600.0, 3.0, 0.22, 0.19, air=0.004, strike=0.55)


def _patch(
    name: str, about: str, body: Body, programs: tuple[int, ...], gain: float, release: float,
    manners: tuple[str, ...] = (), params: tuple[Param, ...] = _PADDING, slow: int = 1,
) -> Patch:  # fmt: skip
    family, painted = "lead" if params is _LEADING else "pads", params is _PADDING
    rounds = 1 if painted else 2  # a pad that is struck again has no attack by which to tell
    haze = 1.0 if family == "lead" else 0.0
    return Patch(
        name, family, about, body, params, gain, True, release, 3, rounds, programs=programs, manners=manners,
        painted=painted, slow=slow, haze=haze,
    )  # fmt: skip


SYNTHS = (
    _patch("saw", "Seven detuned saws through a closing filter.", _lead("saw", _SAW, 0.16), (81,), -7.0, 0.16, _STEPS, _LEADING),
    _patch("square", "Hollow lead, three squares.", _lead("square", _SQUARE, 0.10), (80,), -3.8, 0.10, _STEPS, _LEADING),
    _patch("glide", "Soft lead that slides into its notes, with vibrato.", _lead("glide", _GLIDE, 0.18),
        tuple(range(82, 88)), -7.5, 0.18, MANNERS, _LEADING),
    _patch("warm", "Warm analogue pad, slowly opening and closing.", _pad("warm", _WARM, 0.9), (88, 89, 90), -5.4, 0.9),
    _patch("airy", "Breathy, wide, far.", _pad("airy", _AIRY, 1.1), (91, 94, 95, 97, 99, 101, 102, 103), -5.1, 1.1),
    _patch("glass", "Struck and bowed glass.", _pad("glass", _GLASS, 1.2), (92, 93, 96, 98, 100), -6.2, 1.2),
    _patch("choir", "Six singers, from oo to ah.", _choir, (52, 53, 54), -7.9, 0.4, MANNERS, _SINGING, 2),
    Patch("noise_riser", "pads", "Noise that climbs to the end of its note.", _riser, _RISING, -6.2, True, 0.12,
        measured=True, programs=(119, 122), manners=()),
)  # fmt: skip
