"""Bowed and plucked strings of the orchestra: a section, a solo player, and pizzicato.

The bow drives a saw-toothed string (Helmholtz motion); what is heard is that through the body, whose many resonances
vibrato sweeps the harmonics across. How they are played stands in ``players``.
"""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from scorekit.render import dsp
from scorekit.render.dsp import RATE, Samples, samples
from scorekit.render.exact import Reals
from scorekit.render.patches.base import STILL, Body, Param, Patch, Take
from scorekit.render.patches.players import MANNERS, PARAMS, Tone, Voice, play
from scorekit.render.patches.sources import Curve, Roll, attack, dice, fade, hiss, modal


def bow(dark: float, loud: float) -> Tone:
    """A bowed string: 1/k, rounded above a frequency that climbs from ``dark`` to ``loud`` Hz with bow force."""

    def tone(k: Reals, f: Reals, b: float) -> Reals:
        corner = dark * float(dsp.power(loud / dark, b))
        return 1.0 / (k * (1.0 + dsp.power(f / corner, 2.2)))

    return tone


def resonances(address: str, low: float, count: int, depth: float) -> dsp.Curve:
    """A rippled response: bells of up to ``depth`` dB either way, from ``low`` Hz up, closer as they go higher."""
    roll = dice(address)
    bells = []
    hz = low
    for _ in range(count):
        bells.append(dsp.peak(hz, depth * (2.0 * float(roll.random()) - 1.0), 5.0 + 5.0 * float(roll.random())))
        hz *= 1.13 + 0.10 * float(roll.random())
    return dsp.chain(*bells)


_VIOLIN = dsp.points((150, -18), (220, -8), (280, 0), (350, -3), (460, 3), (560, 4), (800, 0), (1200, 1),
    (1900, 4), (2600, 7), (3400, 4), (4800, -4), (8000, -16), (14000, -30))  # fmt: skip
_CELLO = dsp.points((55, -8), (100, 2), (180, 3), (260, 0), (420, 2), (700, -2), (1000, -2), (1500, 1),
    (2200, 2), (3000, -3), (5000, -12), (9000, -24), (14000, -34))  # fmt: skip
_HALL = dsp.points((50, -5), (110, 1), (220, 2), (500, 2), (1000, 0), (1700, 1), (2600, 4), (3600, 2),
    (5500, -4), (9000, -13), (14000, -26))  # fmt: skip

_ROSIN: Curve = ((90.0, -30.0, 1.0), (200.0, -14.0, 1.0), (500.0, -9.0, 1.0), (1000.0, -6.0, 1.0), (2200.0, -1.0, 1.0), (3800.0, 0.0, 1.0),
    (7000.0, -9.0, 1.0), (11000.0, -26.0, 1.0), (16000.0, -42.0, 1.0))  # fmt: skip
_GRIP: Curve = ((200.0, -24.0, 0.05), (600.0, -8.0, 0.06), (1800.0, 0.0, 0.08), (4000.0, -3.0, 0.08),
    (9000.0, -14.0, 0.06))  # fmt: skip

_SECTION = Voice(bow(1300.0, 4600.0), dsp.chain(_HALL, resonances("hall", 180.0, 22, 3.0)), 0.19, _ROSIN,
    0.026, _GRIP, 0.040, players=6, spread=18.0, width=0.95, scatter=0.045, vibrato=5.6, depth=13.0,
    delay=0.25, scoop=10.0, blare=0.15, sway=0.12, grain=0.4, rough=True)  # fmt: skip
_SOLO_HIGH = Voice(bow(1500.0, 6400.0), dsp.chain(_VIOLIN, resonances("violin", 260.0, 22, 7.0)), 0.105,
    _ROSIN, 0.021, _GRIP, 0.055, width=0.2, vibrato=5.7, depth=20.0, delay=0.28, scoop=16.0, blare=0.25,
    sway=0.10, grain=1.2, bend=True, rough=True)  # fmt: skip
_SOLO_LOW = replace(_SOLO_HIGH, tone=bow(1000.0, 5600.0), body=dsp.chain(_CELLO, resonances("cello", 110.0,
    26, 7.0)), attack=0.10, vibrato=5.2, depth=15.0)  # fmt: skip


def _strings(take: Take) -> Samples:
    return _bowed("strings", _SECTION, take, 0.38)


def _solo(take: Take) -> Samples:
    return _bowed("solo_strings", _SOLO_HIGH if take.pitch >= 57 else _SOLO_LOW, take, 0.18)


def _bowed(name: str, voice: Voice, take: Take, release: float) -> Samples:
    """With the bow's own ways: spiccato leaves the string, a section thins out towards the top."""
    speed = 0.30 if take.manner == "short" else 1.0
    tuned = replace(
        voice, attack=voice.attack * speed * take.param("attack"), depth=max(voice.depth * take.param("vibrato"), 0.01)
    )
    return play(name, tuned, take, release, take.param("bright"), voice.width * 2.0 * take.param("width"))


def _pizzicato(take: Take) -> Samples:
    """Four players plucking nearly together: string modes through the body, the upper ones short, and a fingertip."""
    hz, force = dsp.hertz(take.pitch), min(max(take.force, 0.05), 1.0)
    ring = take.param("ring") * (0.5 if take.manner in ("mute", "dead", "short") else 1.0)
    t0 = float(np.clip(1.5 * dsp.power(150.0 / hz, 0.45), 0.35, 2.2)) * ring
    n = samples(min(t0 * 1.1, 1.7))
    k = np.arange(1, max(min(int(9_000.0 / hz), 40), 2), dtype=np.float64)
    corner = (500.0 + 3200.0 * force * (0.3 + 0.7 * force)) * (0.5 + take.param("bright"))
    body = dsp.chain(_HALL, resonances("pizz", 150.0, 20, 5.0))(k * hz)
    out = np.zeros((2, n), np.float32)
    roll = Roll(f"pizzicato/{take.pitch}/{take.round}/{take.manner}")
    still = take.manner == STILL
    stiff, apart = (0.0, 0.0) if still else (1.5e-5, 3.0)
    for i in range(1 if still else 4):
        place = 0.13 + 0.12 * float(roll.random())
        shape = np.abs(dsp.sin(k * place * 0.5)) / k / (1.0 + (k * hz / corner) ** 2)
        f = k * hz * np.sqrt(1.0 + stiff * k * k) * float(dsp.exp2(((i * 3 + 1) % 4 - 1.5) * apart / 1200.0))
        t60 = t0 * (0.85 + 0.3 * float(roll.random())) / (1.0 + k * hz / 900.0)
        late = samples(0.012 * float(roll.random()) * (i > 0))
        x = modal(n - late, f, t60, shape * body, np.zeros(len(k)))
        left, right = dsp.pan((i * 3 % 4 - 1.5) * take.param("width"))
        dsp.add(out[0], x, late, left)
        dsp.add(out[1], x, late, right)
    out = dsp.normal(out, 0.92)
    tip = hiss(roll, n, ((150.0, -20.0, 0.06), (500.0, -3.0, 0.07), (1500.0, 0.0, 0.05),
        (4000.0, -14.0, 0.03), (10000.0, -34.0, 0.02)), 256)  # fmt: skip
    out += attack(tip, 0.0015) * np.float32(0.22 * force * (0.4 + 1.2 * take.param("bright")) * (not still))
    return fade(attack(out, 0.0012 + 0.002 * (1.0 - force)), 0.2 * n / RATE)


_PLUCK = (
    Param("bright", "", 0.0, 1.0, 0.5, "Fleshy to nail-like."),
    Param("ring", "", 0.4, 1.6, 1.0, "Factor on the decay."),
    Param("width", "", 0.0, 1.0, 0.5, "Spread of the players."),
)


def _patch(name: str, about: str, body: Body, programs: tuple[int, ...], gain: float, release: float) -> Patch:
    return Patch(
        name, "strings", about, body, PARAMS, gain, True, release, 3, 2, programs=programs, slow=2, manners=MANNERS
    )


BOWED = (
    _patch(
        "strings",
        "String section of six, wide, slow to speak when soft; short is spiccato.",
        _strings,
        (44, 48, 49, 50, 51),
        -7.3,
        0.38,
    ),
    _patch(
        "solo_strings",
        "One violin above A3, one cello below, with a living vibrato.",
        _solo,
        (40, 41, 42, 43),
        -7.8,
        0.18,
    ),
    Patch(
        "pizzicato",
        "strings",
        "Section plucking.",
        _pizzicato,
        _PLUCK,
        -3.9,
        False,
        0.25,
        3,
        3,
        programs=(45,),
        manners=("mute", "dead", "short"),
        haze=4.0,
    ),
)
