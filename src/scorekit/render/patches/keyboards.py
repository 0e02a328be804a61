"""Keyboards and mallets: piano, electric piano, organ, clavinet, vibraphone, marimba, bells and a synth pluck.

Sources: Fletcher and Rossing, *The Physics of Musical Instruments*, ch. 12 (piano: stiffness, hammer, two-stage decay)
and ch. 19 (bars tuned 1 : 4 : 10, chimes); Weinreich, JASA 62 (1977) 1474 (coupled strings); Gabrielsson, Sound On
Sound 2005, and Pfeifle, DAFx-17 (tine and pickup of the electric piano); Smith et al., DAFx-02 (rotating speaker).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from msgspec.structs import replace

from scorekit.render import dsp
from scorekit.render.dsp import RATE
from scorekit.render.exact import PI, Reals
from scorekit.render.patches.bank import TOP, Partials, partials, ring, rung, scatter
from scorekit.render.patches.base import STILL, Param, Patch, Samples, Take
from scorekit.render.patches.basses import (
    BRIGHT,
    DECAY,
    STRING_PARAMS,
    Strung,
    burst,
    lasts,
    levelled,
    octaves,
    plucked,
    stroke_of,
)
from scorekit.render.patches.reading import HOP, faded, falling, path, scale

_DULL = 9_600.0
"""Hz above which nothing is rung of what every other sample is enough for."""

# -- piano -------------------------------------------------------------------------------------------------------------


def _stiffness(pitch: float) -> float:
    """B of a grand's strings: least around C3, rising into the treble and, less, into the wound bass."""
    return 7e-4 * float(dsp.exp2((pitch - 69.0) / 8.0)) + 2.5e-4 * float(dsp.exp2((21.0 - pitch) / 6.0))


def _board(f: Reals) -> Reals:
    """The soundboard: little below 60 Hz, a ripple of resonances, a slow fall above 3 kHz."""
    low = f * f / (f * f + 62.0 * 62.0)
    return low / (1.0 + (f / 6_500.0) ** 2)


_BED = [58.0, 97.0, 151.0, 233.0, 342.0]
"""Resonances of the key bed, Hz."""
_WASH = 65_536
_EARS = ("left", "right")


@lru_cache(maxsize=2)
def _struck(slow: int) -> Samples:
    """What answers any blow, as each ear has it: the key bed, and a wash of the board's modes and of strings left free."""
    bed = partials(_BED, [0.016, 0.022, 0.02, 0.013, 0.009], [0.3, 0.24, 0.2, 0.14, 0.1])
    ears = []
    for ear in _EARS:
        modes = 180.0 * dsp.power(18.0, (np.arange(90) + 0.5 * scatter(f"grand/board/{ear}", 90)) / 90.0)
        level = 0.009 * dsp.power(modes / 180.0, -0.35)
        wash = partials(modes, level, 1.5 / (1.0 + modes / 1_500.0), scatter(f"grand/wash/{ear}", 90))
        ears.append(bed.joined(wash).hastened(slow))
    return dsp.fade_out(rung(ears, _WASH // slow), 0.6 / slow)


def _strings(take: Take) -> tuple[Partials, Partials]:
    """Partials of a key, middle and side: a loud fast-dying sound and a quiet one that stays, beating with it."""
    pitch, f0 = take.pitch, dsp.hertz(take.pitch)
    stiff, beat = (0.0, 0.0) if take.manner == STILL else (_stiffness(pitch), 1.0)
    hammer = 1_150.0 * float(dsp.exp2((pitch - 48.0) / 48.0 + 3.0 * (take.force - 0.6)))
    hammer *= octaves(take.param("bright"), 1.3)
    top = min(_DULL, 5.0 * hammer + 3.0 * f0)
    k = np.arange(1, min(int(top / f0) + 1, 80) + 1)
    f = k * f0 * np.sqrt((1.0 + stiff * k * k) / (1.0 + stiff))
    comb = np.abs(dsp.sin(0.5 * k / 8.3)) + 0.06
    felt = (1.0 + dsp.power(f / hammer, 1.6)) * (1.0 + dsp.power(f / (3.2 * hammer), 3.0))
    uneven = 1.0 + 0.3 * scatter(f"grand/{pitch}/level", k.size)
    level = comb * dsp.power(k, -0.45) * _board(f) * uneven / felt
    ringing = octaves(take.param("decay"), 1.0)
    rate = float(dsp.exp2((pitch - 30.0) / 20.0)) / (19.0 * ringing) + 0.085 * dsp.power(f / 1000.0, 1.15)
    t60 = (1.0 + 0.2 * scatter(f"grand/{pitch}/t60", k.size)) / rate
    loud = Partials(f, level, 0.55 * t60, 0.04 * scatter(f"grand/{pitch}/{take.round}/phase", k.size))
    few = slice(0, 24)
    sway = scatter(f"grand/{pitch}/beat", k.size)[few]
    quiet = Partials(
        f[few] + beat * (0.16 + 0.1 * sway), level[few] * (0.24 + 0.1 * sway), 1.25 * t60[few], 0.12 + 0.1 * sway
    )
    # The bridge carries each partial to its own part of the board; below 150 Hz nothing has a side.
    wide = 0.85 * scatter(f"grand/{pitch}/side", k.size)[few] * f[few] / (f[few] + 150.0)
    side = Partials(f[few], level[few] * wide, 0.55 * t60[few], loud.phase[few])
    third = Partials(f[few] - 0.12 * beat, quiet.level * 2.0 * wide, quiet.t60, quiet.phase + 0.3)
    return loud.joined(quiet), side.joined(third)


def _grand(take: Take) -> Samples:
    seconds = min(max(4.6 * float(dsp.exp2((45.0 - take.pitch) / 32.0)), 1.4), 4.7)
    n, slow = dsp.samples(seconds), take.slow
    strings = [rows.where(rows.hertz < _DULL).hastened(slow) for rows in _strings(take)]
    middle, side = rung(strings, take.upto(n))
    side += middle * np.float32(0.1 * (take.pitch - 62.0) / 40.0)
    sound = dsp.normal(np.stack([middle - side, middle + side]))
    # The key bed and the hammer: a thud in the board, and felt on steel.
    noise = (0.2 + take.force) * octaves(take.param("noise"), 2.0) * (take.manner != STILL)
    high = slow * (1_500.0 + 2_500.0 * take.force)
    for ear, address in zip(sound, _EARS, strict=True):
        felt = burst(f"grand/{take.pitch}/{take.round}/{address}", slow * 350.0, high, 0.045 / slow, 0.001 / slow)
        dsp.add(ear, felt, 0, 0.05 * noise)
    dsp.add(sound, _struck(slow), 0, 0.8 * noise)
    return levelled(sound, 0.2, start=0.0012, end=0.45 * seconds, n=n, slow=slow)


# -- electric piano ----------------------------------------------------------------------------------------------------


def _epiano(take: Take) -> Samples:
    f0, pitch = dsp.hertz(take.pitch), take.pitch
    seconds = min(max(3.4 * float(dsp.exp2((48.0 - pitch) / 40.0)), 1.6), 3.7)
    whole, slow = dsp.samples(seconds), take.slow
    n = take.upto(whole)
    ringing = octaves(take.param("decay"), 1.0)
    t60 = 8.0 * ringing * float(dsp.exp2((48.0 - pitch) / 34.0))
    chime = (0.008 + 0.028 * take.force) * octaves(take.param("bright"), 1.2) * float(dsp.exp2((60.0 - pitch) / 12.0))
    address = f"epiano/{pitch}"
    rows = partials(
        [f0, f0 * 1.0004, 6.27 * f0, 7.11 * f0, 17.5 * f0],
        [1.0, 0.12, min(chime, 0.1), 0.5 * min(chime, 0.1), 0.3 * min(chime, 0.05)],
        [t60, 1.5 * t60, 0.5, 0.3, 0.1],
        [0.0, 0.1, dsp.uniform(f"{address}/{take.round}", -0.1, 0.1), 0.0, 0.0],
    )
    tine = ring(rows.where(rows.hertz < _DULL).hastened(slow), n + 1)
    # The tine swings past the tip of a magnet: the flux is a bell curve of the distance, the voltage its change.
    swing = (0.3 + 0.85 * take.force * take.force) * octaves(take.param("bark"), 1.0)
    swing *= min(float(dsp.exp2((63.0 - pitch) / 24.0)), 2.0)
    place = tine * np.float32(swing) + np.float32(0.5)
    flux = np.float32(1.0) / (np.float32(1.0) + place * place)
    sound = dsp.normal(flux[:-1] - flux[1:])
    key = burst(f"{address}/{take.round}", slow * 180.0, slow * 1_100.0, 0.04 / slow, 0.001 / slow)
    dsp.add(sound, key, 0, 0.05 * (0.3 + take.force))
    depth = take.param("tremolo")
    if depth:
        sway = np.float32(0.5 * depth) * dsp.partial(slow * 5.1, n)
        sound = np.stack([sound * (np.float32(1.0) + sway), sound * (np.float32(1.0) - sway)])
    return levelled(sound, 0.275, start=0.001, end=0.3 * seconds, n=whole, slow=slow)


# -- organ -------------------------------------------------------------------------------------------------------------

_FEET = np.array([0.5, 1.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0])
"""Frequency of each drawbar against the key: 16', 5 1/3', 8', 4', 2 2/3', 2', 1 3/5', 1 1/3', 1'."""
_MELLOW = np.array([0.7, 0.55, 1.0, 0.3, 0.08, 0.05, 0.0, 0.0, 0.03])
_FULL = np.array([0.8, 0.7, 1.0, 0.8, 0.55, 0.5, 0.35, 0.4, 0.5])


def _rotor(points: int, hertz: float, depth: float, phases: Reals) -> tuple[Reals, Reals]:
    """How a rotor that turns at ``hertz`` swings as each ear has it, -1 to 1 at the control points, and the cents by which
    what comes nearer and goes away by ``depth`` samples is higher."""
    cosine, sine = dsp.circle(np.arange(points) * (hertz * HOP / RATE) + phases[:, None])
    return sine, 1200.0 * dsp.log2(1.0 + cosine * (depth * 2.0 * PI * hertz / RATE))


def _period(k: Reals, level: Reals, phase: Reals) -> Samples:
    """A period of harmonics ``k``, up to the sixteenth, starting at their phases (cycles)."""
    number = np.rint(k).astype(np.intp)
    sines, cosines = (np.bincount(number, level * turn(phase), 17)[1:] for turn in (dsp.cos, dsp.sin))
    return dsp.cycle(sines, cosines)


def _overdriven(period: Samples, push: float, harmonics: int) -> Samples:
    """A period through a valve stage, as far as it can be played, without the DC it makes of unequal half waves."""
    spectrum = dsp.forth(dsp.softclip(period * np.float32(push)))
    spectrum[0], spectrum[harmonics + 1 :] = 0.0, 0.0
    return dsp.back(spectrum, period.size)


def _organ(take: Take) -> Samples:
    n, slow = take.upto(dsp.samples(max(take.seconds, 0.15))), take.slow
    f0 = dsp.hertz(take.pitch)
    bright = take.param("bright")
    bars = _MELLOW + (_FULL - _MELLOW) * min(max(bright * 0.9 + 0.25 * (take.force - 0.5), 0.0), 1.0)
    f = f0 * _FEET
    f = np.where(f > 6_000.0, 0.5 * f, f)
    address = f"organ/{take.pitch}"
    bars = bars * (1.0 + 0.12 * scatter(address, 9))
    # Tone wheels run on without the key, so they are met at any phase. The last row is the percussion's.
    f, bars = np.append(f, 3.0 * f0), np.append(bars, 1.5 * take.param("percussion")) * (np.append(f, 3.0 * f0) < TOP)
    phase = np.append(0.5 * scatter(f"{address}/{take.round}", 9), 0.0)
    horn = 1.0 / (1.0 + dsp.power(f / 800.0, -3.0))
    wheels, strike = slice(0, 9), slice(9, 10)
    push, still, fast = 0.35 * octaves(take.param("drive"), 2.0), take.manner == STILL, take.param("rotor")

    def played(share: Reals, turns: float, depth: float, swell: float, phases: Reals) -> Samples:
        """What one rotor makes of its share of the key: for each ear, or one for both."""
        held, struck = (_period(f[rows] / (0.5 * f0), (bars * share)[rows], phase[rows]) for rows in (wheels, strike))
        tables = [_overdriven(period, push, int(2.0 * _DULL / f0)) for period in (held, held + struck)]
        swing, cents = _rotor(points, turns, depth * (not still), phases)
        level = 1.0 + swell * (not still) * swing
        along = path(0.5 * slow * f0, cents, 0.5 * f0 / RATE * depth * (not still) * swing[:, 0] % 1.0, HOP // slow)
        places = [(1.0, 0.0), (0.0, 1.0)] if len(phases) > 1 else [(1.0, 1.0)]
        return faded([scale(tables)], np.broadcast_to(falling(points, 0.9), level.shape), [level], along, places)

    points, turn = -(-n * slow // HOP) + 1, dsp.uniform(f"{address}/{take.round}/turn")
    out = played(horn, 0.8 + 5.9 * fast, 9.0, 0.32, np.array([turn, turn + 0.3]))
    out += played(1.0 - horn, 0.7 + 5.0 * fast, 5.0, 0.16, np.array([-turn]))
    click = burst(f"{address}/{take.round}/click", slow * 900.0, slow * 4_500.0, 0.012 / slow, 0.001 / slow)
    dsp.add(out, click, 0, 0.25 * push * (0.4 + take.force) * (not still))
    return levelled(out[:, :n], 0.36, start=0.003, end=0.012, slow=slow)


# -- clavinet ----------------------------------------------------------------------------------------------------------

_CLAV = Strung(
    "clav", 12.0, 0.09, 4_200.0, 2.0, pluck=0.06, pickup=0.11, stiff=9e-5, tilt=0.4, reference=48, second=0.15
)


def _clav(take: Take) -> Samples:
    tone = dsp.chain(dsp.highpass(140.0), dsp.peak(1_900.0, 5.0, 0.8), dsp.lowpass(7_500.0))
    # The pickups stand still: on a short string they sit further along it, and so does the tangent.
    up = float(dsp.exp2((take.pitch - 48.0) / 26.0))
    tilt = _CLAV.tilt + 0.012 * (take.pitch - 36.0)
    clav = replace(_CLAV, pluck=_CLAV.pluck * up, pickup=_CLAV.pickup * up, tilt=tilt)
    sound = plucked(take, clav, tone, (1_000.0, 5_000.0, 0.015, 0.18))
    return levelled(sound, 0.19, stroke_of(take).level, start=0.0006, end=0.5, n=lasts(take, clav), slow=take.slow)


# -- mallets -----------------------------------------------------------------------------------------------------------


def _bars(take: Take, ratios: Reals, levels: Reals, t60: Reals, corner: float, reach: float) -> Partials:
    """Modes of a bar under a mallet: ``corner`` Hz at force 1/2, moving ``reach`` octaves over the range of force."""
    f = dsp.hertz(take.pitch) * ratios
    edge = corner * octaves(take.param("bright"), 1.4) * float(dsp.exp2(reach * (take.force - 0.5)))
    edge *= float(dsp.exp2((take.pitch - 60.0) / 16.0))
    soft = 1.0 / (1.0 + dsp.power(f / edge, 2.0))
    colour = 1.0 + 0.2 * scatter(f"bars/{take.pitch}/{ratios[1]:.2f}", ratios.size)
    return Partials(f, levels * soft * colour / soft[0], t60 * octaves(take.param("decay"), 1.0), np.zeros(ratios.size))


def _vibes(take: Take) -> Samples:
    whole = dsp.samples(min(max(3.6 * float(dsp.exp2((60.0 - take.pitch) / 30.0)), 1.8), 3.7))
    n = take.upto(whole)
    slow = float(dsp.exp2((60.0 - take.pitch) / 22.0))
    # Where bars get short, the overtones come closer (wyndorps.de, bars of three makers: 4 to 3.5 and 11 to 6.5).
    first, second = 4.0 - max(take.pitch - 77.0, 0.0) / 24.0, 11.0 - 0.125 * min(max(take.pitch - 53.0, 0.0), 36.0)
    rows = _bars(
        take, np.array([1.0, 1.0012, first, second, 1.75 * second]), np.array([1.0, 0.15, 0.5, 0.5, 0.25]),
        np.array([6.5, 7.5, 2.2, 0.5, 0.2]) * slow, 1_300.0, 2.6,
    )  # fmt: skip
    sound = ring(rows, n)
    dsp.add(sound, burst(f"vibes/{take.pitch}/{take.round}", 500.0, 5_000.0, 0.03), 0, 0.16 * (0.2 + take.force))
    depth = np.float32(0.45 * take.param("motor"))
    turn = dsp.partial(5.3, n, start=0.25)
    sound *= np.float32(1.0) - depth * (np.float32(0.5) - np.float32(0.5) * turn)
    return levelled(sound, 0.31, start=0.0012, end=0.9, n=whole)


def _marimba(take: Take) -> Samples:
    whole = dsp.samples(min(max(1.5 * float(dsp.exp2((60.0 - take.pitch) / 24.0)), 0.5), 2.4))
    n = take.upto(whole)
    slow = float(dsp.exp2((60.0 - take.pitch) / 14.0))
    rows = _bars(
        take, np.array([1.0, 1.003, 3.95, 9.4, 16.2]), np.array([1.0, 0.1, 0.9, 0.7, 0.4]),
        np.array([1.5, 1.9, 0.35, 0.12, 0.06]) * slow, 1_500.0, 2.8,
    )  # fmt: skip
    sound = ring(rows, n)
    # The wooden bar as a plate: short dense modes, none below its first; then the mallet itself.
    low, k = max(310.0, 1.2 * dsp.hertz(take.pitch)), np.arange(1, 13)
    wood = partials(low * dsp.power(k, 1.25) * (1.0 + 0.1 * scatter(f"marimba/{take.pitch}/wood", 12)), 0.05, 0.11)
    sound += ring(wood, n) * np.float32(0.3 + take.force)
    dsp.add(sound, burst(f"marimba/{take.pitch}/{take.round}", 400.0, 5_000.0, 0.035), 0, 0.3 * (0.2 + take.force))
    return levelled(sound, 0.16, start=0.001, end=0.3, n=whole)


def _bells(take: Take) -> Samples:
    whole = dsp.samples(min(max(3.6 * float(dsp.exp2((72.0 - take.pitch) / 30.0)), 1.6), 3.7))
    n = take.upto(whole)
    slow = float(dsp.exp2((72.0 - take.pitch) / 20.0))
    tube = take.param("tube")
    bar = (np.array([1.0, 2.756, 5.404, 8.933, 13.34]), np.array([0.6, 1.0, 0.75, 0.4, 0.2]),
           np.array([4.5, 3.6, 2.4, 1.0, 0.45]))  # fmt: skip
    pipe = (np.array([0.5, 1.0, 1.506, 2.08, 2.72, 3.43]), np.array([0.2, 0.5, 0.6, 0.55, 0.35, 0.2]),
            np.array([5.0, 5.5, 4.5, 3.6, 2.6, 1.8]))  # fmt: skip
    ratios, t60 = np.concatenate([bar[0], pipe[0]]), np.concatenate([bar[2], pipe[2]])
    levels = np.concatenate([bar[1] * (1.0 - 0.8 * tube), pipe[1] * tube])
    rows = _bars(take, ratios, levels, t60 * slow, 6_500.0, 2.2)
    twin = Partials(rows.hertz * 1.0007 + 0.3, 0.3 * rows.level, rows.t60, rows.phase + 0.1)
    sound = ring(rows.joined(twin), n)
    dsp.add(sound, burst(f"bells/{take.pitch}/{take.round}", 1_500.0, 9_000.0, 0.03), 0, 0.2 * (0.3 + take.force))
    return levelled(sound, 0.24, start=0.0006, end=1.0, n=whole)


# -- synth pluck -------------------------------------------------------------------------------------------------------


def _pluck(take: Take) -> Samples:
    f0 = dsp.hertz(take.pitch)
    whole = dsp.samples(1.6)
    n = take.upto(whole)
    k = np.arange(1, int(_DULL / f0) + 1)
    f = f0 * k
    opened = 1_600.0 * float(dsp.exp2(3.0 * (take.force - 0.5))) * octaves(take.param("bright"), 1.8) + f0
    level = 1.0 / k / (1.0 + dsp.power(f / opened, 3.0))
    fall = 1.1 * octaves(take.param("decay"), 1.6)
    t60 = fall / (1.0 + 0.55 * dsp.power(f / f0 - 0.999, 0.6) + 0.7 * f / opened)
    width = take.param("width")
    saws = [partials(f, level, t60)]
    for side, sign in (("left", 1.0), ("right", -1.0)):
        phase = 0.5 * scatter(f"pluck/{take.pitch}/{side}/{take.round}", k.size) * np.minimum(width * 4.0, 1.0)
        bent = f * float(dsp.exp2(sign * 9.0 * width / 1200.0))
        saws.append(partials(bent, 0.5 * level, t60, np.where(k > 2, phase, 0.0)))
    middle, *ears = rung([saw.hastened(take.slow) for saw in saws], n)
    sound = np.stack(ears)
    sound += middle
    return levelled(sound, 0.24, start=0.0012, end=0.3, n=whole, slow=take.slow)


TREMOLO = Param("tremolo", "", 0.0, 1.0, 0.0, "swing between left and right, 5 times a second")
KEYBOARDS = (
    Patch("grand", "keys", "concert grand", _grand, STRING_PARAMS, gain=-9.9, release=0.22, programs=(0, 1, 2, 3),
          slow=2, manners=(), haze=2.5),
    Patch("epiano", "keys", "tine electric piano", _epiano,
          (BRIGHT, DECAY, Param("bark", "", 0.0, 1.0, 0.5, "how far the tines swing past the pickups"), TREMOLO),
          gain=-7.8, programs=(4, 5), slow=2, manners=(), haze=1.2),
    Patch("organ", "keys", "drawbar organ with a rotating speaker", _organ,
          (Param("bright", "", 0.0, 1.0, 0.45, "upper drawbars"),
           Param("drive", "", 0.0, 1.0, 0.4, "gain of the speaker's amplifier"),
           Param("percussion", "", 0.0, 1.0, 0.25, "decaying third harmonic on each key"),
           Param("rotor", "", 0.0, 1.0, 1.0, "speed of the rotating speaker: slow to fast")),
          gain=-12.4, sustains=True, release=0.05, layers=1, programs=(16, 17, 18, 19, 20, 21, 22, 23), manners=(),
          slow=2, haze=1.2),
    Patch("clav", "keys", "clavinet", _clav, STRING_PARAMS, gain=-6.8, release=0.05, programs=(6, 7), haze=1.2),
    Patch("vibes", "keys", "vibraphone", _vibes,
          (BRIGHT, DECAY, Param("motor", "", 0.0, 1.0, 0.5, "depth of the turning discs")),
          gain=-8.5, release=0.3, programs=(11,), manners=()),
    Patch("marimba", "keys", "marimba", _marimba, (BRIGHT, DECAY), gain=-5.3, release=0.5, programs=(12, 13, 108, 114),
          manners=()),
    Patch("bells", "keys", "glockenspiel and tubular bells", _bells,
          (BRIGHT, DECAY, Param("tube", "", 0.0, 1.0, 0.15, "from a steel bar to a tubular bell")),
          gain=-5.7, release=0.8, programs=(9, 10, 14, 112), manners=()),
    Patch("pluck", "keys", "synth pluck: detuned saws, closing filter", _pluck,
          (BRIGHT, DECAY, Param("width", "", 0.0, 1.0, 0.4, "detune between left and right")),
          gain=-4.6, release=0.2, programs=(98, 8, 15), slow=2, manners=(), haze=1.5),
)  # fmt: skip
