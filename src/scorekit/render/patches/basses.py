"""Bass guitars, double bass, slap and synth bass: strings as sums of ringing partials.

A plucked string is linear, so it is rendered as what it is: partials. They come from a few numbers about the string and
the player (`Strung`), are coloured by velocity and rung in one pass (``bank``). Guitars and keyboards do the same.

Sources: Fletcher and Rossing, *The Physics of Musical Instruments*, ch. 2, 9 and 10 (plucked string, stiffness, two
polarisations, pickups); Woodhouse, *Acta Acustica* 90 (2004) 945 (decay rates of guitar strings).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from scorekit.render import dsp
from scorekit.render.dsp import RATE, Curve
from scorekit.render.exact import Reals
from scorekit.render.patches.bank import TOP, Partials, partials, ring, scatter
from scorekit.render.patches.base import STILL, Body, Param, Patch, Samples, Take
from scorekit.render.patches.reading import HOP, falling, path, sung

# -- a plucked string --------------------------------------------------------------------------------------------------


class Strung(Struct, frozen=True):
    """A string and how it is played. Frequencies in Hz, positions as fractions of the sounding length."""

    name: str
    ring: float
    """T60 of the low partials at the reference pitch, s."""
    damp: float
    """Further loss at 1 kHz, 1/s of T60 rate (1/T60 = 1/ring + damp * (f/kHz) ** fall)."""
    corner: float
    """Frequency above which finger or pick stops exciting the string, at force 1/2."""
    reach: float
    """Octaves by which the corner moves from force 0 to force 1."""
    pluck: float = 0.2
    pickup: float = 0.0
    """0: heard at the bridge."""
    stiff: float = 5e-5
    """B at the reference pitch: partials at k f sqrt(1 + B k^2)."""
    tilt: float = 1.0
    """Levels fall as k ** -tilt (1 for the velocity of a plucked string, 2 for its displacement)."""
    reference: int = 40
    fall: float = 1.2
    rough: float = 0.25
    """Spread of decay times and levels from partial to partial."""
    second: float = 0.25
    """Level of the second polarisation, which decays slower and beats."""
    cents: float = 0.5
    """Detune of the second polarisation."""
    linger: float = 1.7
    """How much longer the second polarisation rings."""
    top: float = TOP
    """Hz above which nothing is rung: what follows would not let it through."""
    seconds: float = 3.0
    """Length of an open note."""
    rise: float = 0.2
    """Octaves by which ringing shortens per octave of pitch."""


def flat(f: Reals) -> Reals:
    """The filter that does nothing."""
    return np.ones_like(f)


def string(strung: Strung, take: Take, body: Curve = flat, choke: float = 0.0, damp: float = 0.0) -> Partials:
    """Partials of a pluck: comb of pluck and pickup position, low-pass of finger or pick, body, decay by frequency."""
    f0 = dsp.hertz(take.pitch)
    octaves = (take.pitch - strung.reference) / 12.0
    if take.manner == STILL:
        strung = replace(strung, stiff=0.0, cents=0.0)
    stiff = strung.stiff * float(dsp.exp2(0.5 * octaves))
    corner = strung.corner * float(dsp.exp2(strung.reach * (take.force - 0.5) + 0.25 * octaves))
    top = min(strung.top, 3.0 * corner + 6.0 * f0)
    count = int(top / f0)
    k = np.arange(1, count + 1)
    f = k * f0 * np.sqrt((1.0 + stiff * k * k) / (1.0 + stiff))
    address = f"{strung.name}/{take.pitch}"
    moved = strung.pluck * (1.0 + 0.06 * dsp.uniform(f"{address}/{take.round}/place", -1.0, 1.0))
    high = dsp.log2(f)
    level = dsp.sin(0.5 * k * moved) * _fallen_off(-strung.tilt, -(-count // 256) * 256)[:count]
    level = level / (1.0 + dsp.exp2(2.6 * (high - float(dsp.log2(corner)))))
    if strung.pickup:
        level = level * dsp.sin(0.5 * k * strung.pickup)
    level = level * (1.0 + strung.rough * scatter(f"{address}/level", count)) * body(f)
    level = level * np.minimum(4.0 * (1.0 - k / (count + 1.0)), 1.0)
    loss = (strung.damp + damp) * dsp.exp2(strung.fall * (high - _THOUSAND))
    rate = float(dsp.exp2(strung.rise * octaves)) / strung.ring + choke + loss
    t60 = (1.0 + strung.rough * scatter(f"{address}/t60", count)) / rate
    phase = 0.02 * scatter(f"{address}/{take.round}/phase", count)
    main = Partials(f, level, t60, phase)
    slow = slice(0, min(count, 16))
    bend = float(dsp.exp2(strung.cents * dsp.uniform(f"{address}/{take.round}/bend", 0.6, 1.4) / 1200.0))
    late = phase[slow] + 0.07 * (k[slow] % 2)
    return main.joined(Partials(f[slow] * bend, level[slow] * strung.second, t60[slow] * strung.linger, late))


@lru_cache(maxsize=64)
def _fallen_off(tilt: float, count: int) -> Reals:
    """The numbers of so many partials to a power."""
    return dsp.power(np.arange(1, count + 1), tilt)


_THOUSAND = float(dsp.log2(1000.0))
_RUSH = 20_000


@lru_cache(maxsize=64)
def _rush(low: float, high: float) -> Samples:
    """Noise between two frequencies, of which bursts are pieces."""
    band = dsp.kernel(dsp.chain(dsp.highpass(low), dsp.lowpass(high)), 512)
    whole = dsp.convolve(dsp.noise(f"{low:.0f}/{high:.0f}", _RUSH + band.size), band)
    return whole[band.size :]


def burst(address: str, low: float, high: float, t60: float, attack: float = 0.001) -> Samples:
    """Noise between two frequencies (Hz), dying in ``t60`` seconds, peak 1: fingers, picks, hammers."""
    n = dsp.samples(min(1.2 * t60, 0.3))
    start = int(dsp.uniform(address) * (_RUSH - n))
    sound = _rush(low, high)[start : start + n] * dsp.decay(t60, n)
    return dsp.normal(dsp.faded_out(dsp.fade_in(sound, attack), 0.25 * n / RATE))


def slid(x: Samples, semitones: float, seconds: float) -> Samples:
    """x starting ``semitones`` away, home after ``seconds``: read at a moving speed, then shifted by whole samples."""
    n = dsp.samples(seconds)
    along = (np.arange(n) + 0.5) / n
    speed = dsp.exp2(semitones / 12.0 * (0.5 + 0.5 * dsp.cos(0.5 * along)))
    speed *= np.rint(speed.sum()) / speed.sum()
    at = np.cumsum(speed) - speed[0]
    head = np.interp(at, np.arange(x.shape[-1]), x)
    return np.concatenate([dsp.f32(head), x[round(float(speed.sum())) :]])


def fallen(x: Samples, semitones: float, start: float, seconds: float) -> Samples:
    """x that from ``start`` seconds on slides down and away."""
    n = dsp.samples(start + seconds)
    along = np.clip((np.arange(n) / RATE - start) / seconds, 0.0, 1.0)
    speed = dsp.exp2(-semitones / 12.0 * along * along)
    return dsp.fade_out(dsp.f32(np.interp(np.cumsum(speed) - speed[0], np.arange(x.size), x)), 0.8 * seconds)


# -- level -------------------------------------------------------------------------------------------------------------


_WINDOW, _FRAME = 16_384, 4_096


@lru_cache(maxsize=2)
def _weighting(slow: int) -> Samples:
    """Roughly K-weighting (ITU-R BS.1770): a shelf of 4 dB above 1.5 kHz, a high-pass at 40 Hz; for the real and the imaginary
    part of each bin, in NumPy's "forward" norm."""
    frame = _FRAME // slow
    weight = dsp.chain(dsp.high_shelf(1_500.0, 4.0), dsp.highpass(40.0))(dsp.bins(frame) / slow)
    return dsp.f32(weight * frame).repeat(2)


CEILING = 1.25
"""Peak no body goes above: what is too short to be loud is not made loud."""


def levelled(
    x: Samples, loudness: float, level: float = 1.0, start: float = 0.0012, end: float = 0.2, n: int = 0, slow: int = 1
) -> Samples:
    """x brought to a weighted RMS, or a peak, over its first 0.37 s, then to a level; start and end (seconds) eased.

    ``n`` is where it ends when x is only the beginning of it, in samples; x has one of ``slow`` of them.
    """
    window, frame, start, end, n = _WINDOW // slow, _FRAME // slow, start / slow, end / slow, n // slow
    head = np.zeros((*x.shape[:-1], window), np.float32)
    beginning = x[..., :window]
    head[..., : beginning.shape[-1]] = beginning
    parts = np.fft.rfft(head.reshape(-1, frame), norm="forward").view(np.float32)
    parts *= _weighting(slow)
    rms = float(np.sqrt(np.square(parts, out=parts).sum() * 2.0 / (x[..., 0].size * window * frame)))
    scale = level * min(loudness / max(rms, 1e-9), CEILING / max(float(np.abs(beginning).max()), 1e-9))
    out: Samples = x * np.float32(scale)
    n = max(n, x.shape[-1])
    first, last = dsp.samples(start), dsp.samples(min(end, 0.4 * n / RATE))
    out[..., :first] = dsp.fade_in(out[..., :first], start)
    eased = out[..., n - last :]
    if eased.size:
        eased *= dsp.fade_out(np.ones(last, np.float32), last / RATE)[: eased.shape[-1]]
    return out


# -- manners and common controls ---------------------------------------------------------------------------------------


class Stroke(Struct, frozen=True):
    """What a manner does to a plucked string."""

    choke: float = 0.0
    """Loss a hand adds at all frequencies, 1/s of T60 rate."""
    damp: float = 0.0
    """Loss it adds at 1 kHz, 1/s."""
    corner: float = 0.0
    """Octaves by which finger or pick excites higher."""
    noise: float = 1.0
    level: float = 1.0
    seconds: float = 9.0
    glide: float = 0.0
    """Semitones from which the note slides in."""
    fall: float = 0.0
    """Semitones down which it slides away."""


STROKES: dict[str, Stroke] = {
    "": Stroke(),
    "mute": Stroke(choke=2.6, damp=2.0, corner=-0.5, noise=1.4, level=0.9, seconds=0.7),
    "dead": Stroke(choke=13.0, damp=9.0, noise=4.0, level=0.55, seconds=0.26),
    "ghost": Stroke(choke=11.0, damp=10.0, corner=-0.6, noise=3.0, level=0.4, seconds=0.26),
    "short": Stroke(choke=0.5, damp=0.5, seconds=1.5),
    "slide": Stroke(glide=-2.0),
    "up": Stroke(corner=0.35, noise=1.2),
    "down": Stroke(corner=-0.12),
    "legato": Stroke(corner=-0.6, noise=0.25),
    "fall": Stroke(fall=9.0),
}


def stroke_of(take: Take) -> Stroke:
    """The stroke of a manner; unknown manners are played plainly."""
    return STROKES.get(take.manner, STROKES[""])


def octaves(value: float, span: float) -> float:
    """A 0 to 1 control as a factor: 2**-span to 2**span, 1 at a half."""
    return float(dsp.exp2(2.0 * span * (value - 0.5)))


BRIGHT = Param("bright", "", 0.0, 1.0, 0.5, "how far up the string is excited: thumb to finger-nail, tone control")
DECAY = Param("decay", "", 0.0, 1.0, 0.5, "how long notes ring: foam mute to new strings")
NOISE = Param("noise", "", 0.0, 1.0, 0.5, "finger, pick and fret noise")


def lasts(take: Take, strung: Strung) -> int:
    """Samples for which a string rings."""
    return dsp.samples(min(stroke_of(take).seconds, strung.seconds))


_FALLEN = (0.14, 0.55)
"""Seconds after which a string begins to slide away, and in which it does."""


def plucked(
    take: Take,
    strung: Strung,
    body: Curve,
    noise: tuple[float, float, float, float],
    extra: Partials | None = None,
) -> Samples:
    """A string with the common controls and its noise: (low Hz, high Hz, T60 s, level against the string's peak). With every
    ``slow``-th sample only all is that much higher and shorter."""
    stroke, slow = stroke_of(take), take.slow
    corner = octaves(take.param("bright"), 1.4) * float(dsp.exp2(stroke.corner))
    ringing = octaves(take.param("decay"), 1.5)
    strung = replace(
        strung, corner=strung.corner * corner, ring=strung.ring * ringing, damp=strung.damp / ringing
    )  # fmt: skip
    rows = string(strung, take, body, stroke.choke / ringing, stroke.damp / ringing)
    rows = (rows if extra is None else rows.joined(extra)).hastened(slow)
    n = dsp.samples(sum(_FALLEN)) // slow + 1 if stroke.fall else take.upto(lasts(take, strung))
    sound = dsp.normal(ring(rows, n))
    low, high, t60, level = noise
    level *= stroke.noise * 1.6 * octaves(take.param("noise"), 2.2) * (0.5 + take.force)
    address = f"{strung.name}/{take.pitch}/{take.round}"
    dsp.add(sound, burst(address, slow * low, slow * high, t60 / slow, 0.001 / slow), 0, level)
    if stroke.fall:
        return fallen(sound, stroke.fall, *(seconds / slow for seconds in _FALLEN))
    return slid(sound, stroke.glide, 0.09 / slow) if stroke.glide else sound


# -- the basses --------------------------------------------------------------------------------------------------------

_FINGERED = Strung("fingered", 12.0, 0.2, 1_050.0, 2.4, pluck=0.24, pickup=0.13, stiff=7e-5, tilt=0.9, reference=33)
_PICKED = Strung("picked", 12.0, 0.2, 1_700.0, 2.0, pluck=0.17, pickup=0.12, stiff=7e-5, tilt=1.0, reference=33)
_UPRIGHT = Strung(
    "upright", 2.4, 0.8, 560.0, 2.2, pluck=0.3, stiff=6e-5, tilt=1.05, reference=33, second=0.42, linger=2.8, rise=0.05
)
_SLAP = Strung("slap", 12.0, 0.18, 2_200.0, 2.0, pluck=0.33, pickup=0.11, stiff=8e-5, tilt=1.15, reference=33)


def _fingered(take: Take) -> Samples:
    tone = dsp.chain(dsp.peak(110.0, 2.0, 0.8), dsp.peak(750.0, 2.5, 0.9), dsp.highpass(32.0))
    sound = plucked(take, _FINGERED, tone, (150.0, 1_400.0, 0.05, 0.07))
    return levelled(sound, 0.3, stroke_of(take).level, n=lasts(take, _FINGERED), slow=take.slow)


def _picked(take: Take) -> Samples:
    tone = dsp.chain(dsp.peak(1_400.0, 3.0, 0.8), dsp.peak(350.0, -2.0, 0.9), dsp.highpass(38.0))
    sound = plucked(take, _PICKED, tone, (1_200.0, 4_500.0, 0.022, 0.16))
    return levelled(sound, 0.26, stroke_of(take).level, start=0.0006, n=lasts(take, _PICKED), slow=take.slow)


def _upright(take: Take) -> Samples:
    tone = dsp.chain(
        dsp.peak(62.0, 3.0, 2.0), dsp.peak(105.0, 5.0, 2.5), dsp.peak(215.0, 3.0, 3.0), dsp.peak(900.0, 3.0, 1.5),
        dsp.highpass(45.0),
    )  # fmt: skip
    f0 = dsp.hertz(take.pitch)
    knock = partials([68.0, 106.0, 218.0, 390.0], [0.05, 0.05, 0.03, 0.015], [0.3, 0.22, 0.12, 0.08])
    # The string leans against the fingerboard as it swings: high partials speak late and long, the "growl".
    growl = partials(f0 * np.arange(3, 9), 0.02 * take.force * dsp.power(np.arange(3, 9), -0.7), 1.1, 0.5)
    sound = plucked(take, _UPRIGHT, tone, (120.0, 900.0, 0.07, 0.1), knock.joined(growl))
    return levelled(sound, 0.21, stroke_of(take).level, n=lasts(take, _UPRIGHT), slow=take.slow)


def _slap(take: Take) -> Samples:
    scooped = dsp.chain(dsp.peak(80.0, 4.0, 0.8), dsp.peak(480.0, -9.0, 0.5), dsp.peak(2_800.0, 8.0, 0.6))
    tone = dsp.chain(scooped, dsp.highpass(38.0))
    f0 = dsp.hertz(take.pitch)
    # The string hits the frets: every partial at once, gone in a tenth of a second.
    f = f0 * np.arange(2.0, int(7_000.0 / f0) + 2)
    clack = partials(f, (0.007 + 0.018 * take.force) * tone(f), 0.13, 0.5 * scatter("slap/clack", f.size))
    sound = plucked(take, _SLAP, tone, (1_800.0, 7_500.0, 0.03, 0.22 * take.force + 0.06), clack)
    return levelled(sound, 0.17, stroke_of(take).level, start=0.0005, n=lasts(take, _SLAP), slow=take.slow)


def _subbass(take: Take) -> Samples:
    f0 = dsp.hertz(take.pitch)
    k = np.arange(1, int(min(9_000.0, TOP) / f0) + 2)
    f = f0 * k
    cutoff = 560.0 * octaves(take.param("bright"), 1.8) + 0.8 * f0
    opened = cutoff * float(dsp.exp2(1.2 + 2.2 * take.force * take.param("punch") * 2.0))
    held, whole = (1.0 / (1.0 + dsp.power(f / edge, 2.5)) for edge in (cutoff, opened))
    saw = np.where(k == 1, 1.0 + take.param("sub"), 0.62 / k)
    drift = dsp.uniform(f"subbass/{take.pitch}/{take.round}", 0.02, 0.06)
    n, slow = take.upto(dsp.samples(max(take.seconds, 0.1))), take.slow
    points = -(-n // HOP) + 1
    one, other = np.array([[1.0], [0.0]]), np.array([[0.0], [1.0]])
    shares = [one * np.ones(points), one * falling(points, 0.9 / slow), other * np.ones(points)]
    twin = np.where((k > 1) & (k < 40), 0.7 * saw * held, 0.0)
    periods = [dsp.cycle(level) for level in (saw * held, saw * np.maximum(whole - held, 0.0), twin)]
    cents = np.array([[0.0], [1200.0 * float(dsp.log2(1.0 + drift / f0))]])
    sound = sung(periods, shares, path(slow * f0, cents * np.ones(points), np.zeros(2)), [(1.0, 1.0), (1.0, 1.0)])[
        0, :n
    ]
    return levelled(sound, 0.53, start=0.002, end=0.012, slow=slow)


STRING_PARAMS = (BRIGHT, DECAY, NOISE)


def _bass(name: str, about: str, body: Body, gain: float, *programs: int, layers: int = 3, slow: int = 1) -> Patch:
    return Patch(
        name, "bass", about, body, STRING_PARAMS, gain, layers=layers, rounds=2, programs=programs, slow=slow, haze=4.0
    )


BASSES = (
    _bass("fingered", "electric bass, fingers", _fingered, -8.9, 33, 35, slow=2),
    _bass("picked", "electric bass, pick near the bridge", _picked, -7.9, 34, layers=2),
    _bass("upright", "double bass, plucked", _upright, -3.7, 32, slow=2),
    _bass("slap", "slapped and popped bass", _slap, -3.5, 36, 37, layers=2),
    Patch(
        "subbass", "bass", "synth bass: saw through a closing filter over a sine", _subbass,
        (
            Param("bright", "", 0.0, 1.0, 0.5, "where the filter comes to rest"),
            Param("punch", "", 0.0, 1.0, 0.5, "how far the filter opens on a hard note"),
            Param("sub", "", 0.0, 1.0, 0.5, "sine at the played pitch"),
        ),
        gain=-14.8, sustains=True, release=0.06, programs=(38, 39), manners=(), slow=2, haze=1.5,
    ),
)  # fmt: skip
