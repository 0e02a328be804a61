"""Guitars: nylon and steel strings on a wooden body, and electric strings through an amplifier and a cabinet.

Each note has its own amplifier, so the drive is moderate and the clipping smooth: a chord stays clear. What makes the
sound of a distorted guitar, a flattened top, a long even sustain and a cabinet that ends at 5 kHz, needs only one note.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from msgspec.structs import replace

from scorekit.render import dsp
from scorekit.render.dsp import RATE, Curve, Weights
from scorekit.render.exact import PI, Reals
from scorekit.render.patches.bank import partials
from scorekit.render.patches.base import Body, Param, Patch, Samples, Take
from scorekit.render.patches.basses import (
    STRING_PARAMS,
    Strung,
    lasts,
    levelled,
    octaves,
    plucked,
    stroke_of,
)

# -- wood --------------------------------------------------------------------------------------------------------------


def _wood(name: str, air: float, top: float) -> Curve:
    """Response of a body: air and top resonance (Hz), then ever denser plate modes drawn by chance and kept."""
    rows = [(60.0, -9.0), (air, 3.0), (1.4 * air, -3.0), (top, 4.0), (1.45 * top, -2.0)]
    edges = 310.0 * dsp.power(1.17, np.arange(20.0))
    rows += [(float(hz), dsp.uniform(f"{name}/{i}", -4.5, 4.5) - 0.27 * i) for i, hz in enumerate(edges)]
    return dsp.points(*rows)


_NYLON_WOOD, _STEEL_WOOD = _wood("nylon", 98.0, 196.0), _wood("steel", 104.0, 215.0)
_GUITAR = Strung("guitar", 9.0, 0.2, 1_300.0, 2.4, second=0.4, cents=0.6, rise=0.25, seconds=3.4)
_NYLON = replace(_GUITAR, name="nylon", pluck=0.28, stiff=3e-5, tilt=0.95)
_STEEL = replace(
    _GUITAR, name="steel", ring=7.0, damp=0.09, corner=3_000.0, reach=2.0, pluck=0.18, stiff=6e-5, tilt=0.8
)
_CLEAN = replace(
    _GUITAR, name="clean", ring=11.0, damp=0.15, corner=2_400.0, reach=2.2, pluck=0.17, pickup=0.21, stiff=6e-5,
    tilt=0.8, rise=0.35, second=0.25, top=9_000.0,
)  # fmt: skip
# As stiff as wound strings are: through the amplifier, partials out of true beat with one another and roughen each line.
_DRIVEN = replace(
    _GUITAR, name="driven", ring=24.0, damp=0.06, corner=2_600.0, reach=1.6, pluck=0.13, pickup=0.09, stiff=1.1e-4,
    tilt=0.7, rise=0.2, second=0.3, cents=1.2, top=6_500.0,
)  # fmt: skip


def _acoustic(
    take: Take, strung: Strung, wood: Curve, noise: tuple[float, float, float, float], loud: float
) -> Samples:
    knock = partials(
        [98.0, 203.0, 246.0, 385.0, 560.0], np.array([0.05, 0.06, 0.03, 0.03, 0.015]) * (0.4 + take.force),
        [0.35, 0.22, 0.16, 0.12, 0.08],
    )  # fmt: skip
    sound = plucked(take, strung, wood, noise, knock)
    return levelled(sound, loud, stroke_of(take).level, start=0.0008, end=0.8, n=lasts(take, strung), slow=take.slow)


def _nylon(take: Take) -> Samples:
    return _acoustic(take, _NYLON, _NYLON_WOOD, (250.0, 2_600.0, 0.035, 0.06), 0.25)


def _steel(take: Take) -> Samples:
    return _acoustic(take, _STEEL, _STEEL_WOOD, (1_500.0, 7_000.0, 0.02, 0.1), 0.22)


# -- amplifier ---------------------------------------------------------------------------------------------------------

_CABINET = dsp.chain(
    dsp.highpass(70.0, 0.9),
    dsp.points(
        (85.0, 4.0), (115.0, 6.5), (190.0, 4.0), (330.0, -4.5), (480.0, -4.5), (700.0, -3.0), (1_100.0, -1.0),
        (1_700.0, 0.5), (2_300.0, 4.5), (2_700.0, 3.5), (3_300.0, 4.5), (4_000.0, 3.0), (4_700.0, 1.5), (5_400.0, -3.0),
        (6_500.0, -11.0), (8_000.0, -20.0), (12_000.0, -46.0), (20_000.0, -80.0),
    ),
)  # fmt: skip
_OPEN_CABINET = dsp.chain(
    dsp.highpass(70.0, 0.8),
    dsp.points(
        (100.0, 1.0), (200.0, 1.5), (400.0, -2.0), (800.0, -1.0), (1_600.0, 1.0), (2_600.0, 3.0), (3_600.0, 2.0),
        (5_000.0, 0.0), (6_500.0, -8.0), (9_000.0, -22.0), (14_000.0, -45.0), (20_000.0, -70.0),
    ),
)  # fmt: skip
_CABINETS = {"closed": _CABINET, "open": _OPEN_CABINET}
_CLOSED = dsp.points((9_300.0, 0.0), (9_800.0, -20.0), (10_600.0, -100.0))
"""What neither lets through: half the samples have nothing to ring with where their bins end."""

SLOW = 2
"""How many times slower than it is heard a string is rung before the amplifier: it has nothing above 9 kHz."""
_SIZE, _SMOOTH, _TAPS = 3_840, 128, 512
"""Samples, of those, of a block's spectrum, of the filter before the limiter, of the cabinet after it."""
_HOP = _SIZE - _TAPS


@lru_cache(maxsize=8)
def _cabinet(name: str, factor: int, slow: int) -> Weights:
    def risen(f: Reals) -> Reals:  # what the limiter's mean of two samples takes away
        return 1.0 / np.maximum(dsp.cos(np.minimum(f, 15_000.0) * (SLOW / 2.0 / RATE / factor)), 0.25)

    response = dsp.kernel(dsp.chain(_CABINETS[name], risen, _CLOSED), _TAPS * SLOW)
    # A response this short does not quite stop DC: take out its sum, smoothly.
    bump = 0.5 - 0.5 * dsp.cos((np.arange(response.size) + 0.5) / response.size)
    level = dsp.forth(response - dsp.f32(bump * (float(response.sum()) * 2.0 / response.size)), _SIZE * SLOW)
    size = _SIZE * SLOW // slow
    return dsp.weights(level[: size // 2 + 1] * np.float32(size))


@lru_cache(maxsize=4)
def _upward(factor: int) -> Weights:
    smooth = dsp.points(
        *((SLOW * hz, db) for hz, db in ((9_000.0, 0.0), (9_700.0, -6.0), (10_500.0, -50.0), (11_000.0, -100.0)))
    )
    return dsp.weights(dsp.forth(dsp.kernel(smooth, _SMOOTH, minimum=False), _SIZE) * np.float32(_SIZE * factor))


def amplified(x: Samples, push: float, lean: float, cabinet: str, factor: int = 4, slow: int = 1) -> Samples:
    """x, of ``SLOW`` times less samples than are heard, pushed (factor) into a smooth limiter that leans to one side, then
    through a cabinet: one of ``slow`` samples. Of a sound of full blocks the last few samples are left out.

    The limiter is u / sqrt(1 + u^2), taken as its mean over the step from one sample to the next, which keeps its
    overtones from folding (antiderivative antialiasing: Parker, Zavalishin, Le Bivic, DAFx-16). Here that mean is just
    (u + v) / (sqrt(1 + u^2) + sqrt(1 + v^2)). It runs at ``factor`` times the rate of x: one spectrum up, one down with
    the cabinet in it. The lean makes even harmonics; its DC goes with the cabinet.
    """
    late, wide = 0, x * np.float32(push)
    if factor > 1:
        late, more = _SMOOTH // 2, _SMOOTH if x.size % _HOP else 0
        wide = dsp.through(wide, _upward(factor), _SIZE, _SIZE * factor, _HOP)[: (x.size + more) * factor]
    pushed = np.full(wide.size + 1, lean, np.float32)
    pushed[1:] += wide
    root = pushed * pushed
    root += np.float32(1.0)
    np.sqrt(root, out=root)
    bent, under = pushed[1:] + pushed[:-1], root[1:] + root[:-1]
    bent /= under
    bent -= np.float32(lean / np.sqrt(1.0 + lean * lean))
    times = SLOW // slow
    heard = dsp.through(bent, _cabinet(cabinet, factor, slow), _SIZE * factor, _SIZE * times, _HOP * factor)
    return heard[late * times : (late + x.size) * times]


def _filled(seconds: float) -> float:
    """So many seconds, and more until blocks are full: a sound cut later begins with the same samples. 0 is all, as ever."""
    return -(-(dsp.samples(seconds) // SLOW + _SMOOTH) // _HOP) * _HOP * SLOW / RATE if seconds else 0.0


def _read(x: Samples, late: Samples) -> Samples:
    """x (n,) as it was ``late`` samples (n,) before, between samples by cubics (Lagrange's); silence before its start."""
    at = np.maximum(np.arange(x.size, dtype=np.float32) - late, np.float32(0.0))
    index = at.astype(np.intp)
    at -= index
    wide = np.zeros(x.size + 3, np.float32)
    wide[1:-2] = x
    before, here, after, then = (wide[i : x.size + i] for i in range(4))
    straight = after - before * _THIRD - here * np.float32(0.5) - then * np.float32(0.5 * _THIRD)
    square = (before + after) * np.float32(0.5) - here
    cube = (then - before) * np.float32(0.5 * _THIRD) + (here - after) * np.float32(0.5)
    out: Samples = np.take(cube, index, mode="wrap")
    for row in (square, straight, here):
        out *= at
        out += np.take(row, index, mode="wrap")
    return out


_THIRD = np.float32(1.0 / 3.0)
_SWUNG = 64
"""Samples, more than any vibrato looks back."""


def _swing(hz: float, cents: float) -> float:
    """Samples by which a delay that swings ``hz`` times a second has to swing for so many cents either way."""
    return cents / 1731.2 * RATE / (2.0 * PI * hz)


def _shaken(x: Samples, cents: float, address: str, slow: int) -> Samples:
    """x with the vibrato of a finger, which comes late and is no machine's: its rate and its start are the note's own."""
    hz, start = dsp.uniform(f"{address}/rate", 4.7, 5.8), dsp.uniform(f"{address}/start", 0.2, 0.45)
    depth = _swing(hz, 0.5 * cents * dsp.uniform(f"{address}/depth", 0.75, 1.25)) / slow
    still, moved = np.split(x, [dsp.samples(start / slow)])
    before = still[-_SWUNG:]
    begun = before.size / RATE
    grown = dsp.lines([(0.0, 0.0), (begun, 0.0), (begun + 0.65 / slow, depth)], before.size + moved.size)
    swung = _read(np.concatenate([before, moved]), dsp.partial(slow * hz, grown.size) * grown)
    return np.concatenate([still, swung[before.size :]])


def _doubled(x: Samples, apart: float, address: str, slow: int) -> Samples:
    """x on one side and, on the other, a second take of it: some 12 ms late, and up to 6 cents out of tune by turns."""
    hz = dsp.uniform(f"{address}/turns", 0.45, 0.75)
    late = dsp.partial(slow * hz, x.size, start=dsp.uniform(f"{address}/turn")) * np.float32(_swing(hz, 6.0) / slow)
    again = _read(x, late + np.float32(RATE / slow * dsp.uniform(f"{address}/late", 0.008, 0.017)))
    sides = zip(dsp.pan(-apart), dsp.pan(apart), strict=True)
    return np.stack([x * np.float32(first) + again * np.float32(second) for first, second in sides])


def _electric(take: Take, strung: Strung, tone: Curve, push: float, lean: float, cabinet: str, loud: float) -> Samples:
    stroke = stroke_of(take)
    thump = 0.9 if take.manner == "mute" else 0.0
    low = max(0.5 * dsp.hertz(take.pitch), 92.0)
    knock = partials([low, 1.9 * low], [0.05 * thump, 0.03 * thump], [0.16, 0.1])
    sound = plucked(
        replace(take, slow=SLOW, cut=_filled(take.cut)), strung, tone, (1_300.0, 5_000.0, 0.018, 0.16), knock
    )
    address = f"{strung.name}/{take.pitch}/{take.round}"
    touch = float(dsp.exp2(2.4 * (take.force - 1.0)))
    push *= touch * octaves(take.param("drive"), 2.5)
    # The harder it clips the more room it needs above before it folds: at worst -90 dB, -62 from the second step on.
    factor = 1 + sum(push > step for step in (3.0, 12.0, 30.0))
    driven = amplified(sound, push, lean, cabinet, factor, take.slow)
    if take.param("vibrato"):  # a limiter has no memory: before or after it is the same
        driven = _shaken(driven, 45.0 * take.param("vibrato"), address, take.slow)
    if take.param("double"):
        driven = _doubled(driven, take.param("double"), address, take.slow)
    return levelled(driven, loud, stroke.level, start=0.0008, end=0.6, n=lasts(take, strung), slow=take.slow)


def _clean(take: Take) -> Samples:
    tone = dsp.chain(dsp.highpass(70.0), dsp.peak(2_800.0, 4.0, 0.8))
    return _electric(take, _CLEAN, tone, 0.8, 0.1, "open", 0.31)


def _crunch(take: Take) -> Samples:
    tone = dsp.chain(dsp.highpass(90.0), dsp.peak(1_000.0, 4.0, 0.7))
    return _electric(take, _DRIVEN, tone, 9.0, 0.35, "closed", 0.345)


def _distorted(take: Take) -> Samples:
    tone = dsp.chain(dsp.highpass(95.0), dsp.peak(1_000.0, 4.0, 0.7), dsp.lowpass(6_500.0))
    return _electric(take, _DRIVEN, tone, 36.0, 0.25, "closed", 0.42)


DRIVE = Param("drive", "", 0.0, 1.0, 0.5, "gain before the valves: 15 dB down to 15 dB up")
VIBRATO = Param(
    "vibrato", "", 0.0, 1.0, 0.0, "depth of the fretting finger's vibrato on held notes: up to 45 cents wide"
)
DOUBLE = Param(
    "double", "", 0.0, 1.0, 0.0, "how far from the first a second take of every note stands: none to the other side"
)
AMP_PARAMS = (*STRING_PARAMS, DRIVE, VIBRATO, DOUBLE)


def _guitar(
    name: str,
    about: str,
    body: Body,
    params: tuple[Param, ...],
    gain: float,
    *programs: int,
    layers: int = 3,
    slow: int = 1,
    haze: float = 1.2,
) -> Patch:
    return Patch(
        name, "guitar", about, body, params, gain, layers=layers, rounds=2, programs=programs, slow=slow, haze=haze
    )


GUITARS = (
    _guitar("nylon", "classical guitar", _nylon, STRING_PARAMS, -6.7, 24, 46, 107, slow=2),
    _guitar("steel", "steel-string guitar, plectrum", _steel, STRING_PARAMS, -5.5, 25, 104, 105, 106),
    _guitar("clean", "electric guitar, clean", _clean, AMP_PARAMS, -8.9, 26, 27, 28, slow=2, haze=1.5),
    _guitar("crunch", "electric guitar, overdriven", _crunch, AMP_PARAMS, -11.3, 29, slow=2, haze=1.5),
    _guitar(
        "distorted", "electric guitar, distorted", _distorted, AMP_PARAMS, -13.7, 30, 31, layers=2, slow=2, haze=1.5
    ),
)
