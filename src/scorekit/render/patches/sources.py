"""What sounds are made of where they are not strings: modes, membranes, shaped noise, clicks.

Times are seconds, T60 is the time to fall by 60 dB, frequencies are Hz.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

import numpy as np
from msgspec import Struct

from scorekit.render import dsp
from scorekit.render.dsp import RATE, Samples, samples
from scorekit.render.exact import Reals
from scorekit.values import blake2b

Curve = tuple[tuple[float, float, float], ...]
"""Rows of (Hz, dB, T60): the spectrum of a noise at its onset and how fast each part of it dies."""


class Roll:
    """Random numbers from 0 to 1 fixed by an address, one after another: where it says, there the ``grit`` is read."""

    def __init__(self, address: str) -> None:
        self._at = int(dsp.uniform(address) * (grit().size // 2))

    def one(self) -> float:
        """The next."""
        self._at += 1
        return float(grit()[self._at - 1]) + 0.5

    def random(self, *shape: int) -> Reals:
        """The next so many."""
        first, self._at = self._at, self._at + math.prod(shape)
        return grit()[first : self._at].reshape(shape).astype(np.float64) + 0.5


class Stroke(Struct, frozen=True):
    """A hit as a piece sees it."""

    force: float
    """0 to 1."""
    ratio: float
    """Factor on every tuned frequency."""
    ring: float
    """Factor on every decay time."""
    bright: float
    """Factor on beater and stick noise, 1 as designed."""
    rng: Roll

    def jitter(self, spread: float) -> float:
        """A factor near 1, different at each round."""
        return 1.0 + spread * (2.0 * self.rng.one() - 1.0)


Piece = Callable[[Stroke], Samples]
"""A drum, a bar, a shaker: mono samples of any level, which the kit that uses it scales and places."""


def dice(address: str) -> np.random.Generator:
    """Random numbers fixed by an address: for what is made once. ``Roll`` is for what is made for every note."""
    return np.random.Generator(
        np.random.PCG64(int.from_bytes(blake2b(address.encode(), digest_size=16).digest(), "little"))
    )


# -- sources -----------------------------------------------------------------------------------------------------------


def attack(x: Samples, seconds: float) -> Samples:
    """Raise the start along half a cosine; in place."""
    n = max(samples(seconds), 2)
    x[..., :n] *= _ease(n)[: x.shape[-1]]
    return x


def fade(x: Samples, seconds: float) -> Samples:
    """Lower the end along half a cosine to silence; in place."""
    n = min(max(samples(seconds), 2), x.shape[-1])
    x[..., -n:] *= _ease(n)[::-1]
    return x


@lru_cache(maxsize=64)
def _ease(n: int) -> Samples:
    return dsp.f32(dsp.eased(n))


def _poles(fall: Reals, turn: Reals, step: int, count: int) -> tuple[Reals, Reals]:
    """2**(fall s) cos and sin(turn s) at s = step k, k < count, shape (modes, count): two short tables multiplied."""
    inner = max(int(count**0.5), 1)
    k1, k2 = step * np.arange(inner), step * inner * np.arange(-(-count // inner))
    (r1, i1), (r2, i2) = (
        tuple(e * wave for wave in dsp.circle(turn[:, None] * k))
        for k, e in ((k, dsp.exp2(np.maximum(fall[:, None] * k, -200.0))) for k in (k1, k2))
    )
    re = r2[:, :, None] * r1[:, None, :] - i2[:, :, None] * i1[:, None, :]
    im = r2[:, :, None] * i1[:, None, :] + i2[:, :, None] * r1[:, None, :]
    return re.reshape(len(fall), -1)[:, :count], im.reshape(len(fall), -1)[:, :count]


def modal(n: int, hz: Reals, t60: Reals, amp: Reals, turn: Reals) -> Samples:
    """Sum of many decaying sines from phases ``turn`` (cycles): coarse times fine powers of the poles, contracted."""
    brief = t60 * (1.25 * RATE) < n // 2
    if n > 16_384 and brief.sum() > 3 and not brief.all():
        out = modal(n, *(row[~brief] for row in (hz, t60, amp, turn)))
        out[: n // 2] += fade(modal(n // 2, *(row[brief] for row in (hz, t60, amp, turn))), 0.1 * n / RATE)
        return out
    fine = 256
    keep = hz < 0.45 * RATE
    hz, t60, amp, turn = hz[keep], np.maximum(t60[keep], 1e-3), amp[keep], turn[keep]
    fall = -dsp.FALL / (t60 * RATE)
    cr, ci = _poles(fall, hz / RATE, fine, n // fine + 1)
    fr, fi = _poles(fall, hz / RATE, 1, fine)
    a, b = ((amp * wave)[:, None] for wave in dsp.circle(turn))
    left = dsp.f32(np.concatenate((a * ci + b * cr, a * cr - b * ci)).T.copy())
    left[np.abs(left) < 1e-12] = 0.0
    right = dsp.f32(np.concatenate((fr, fi)))
    whole: Samples = np.einsum("km,mj->kj", left, right)
    return whole.reshape(-1)[:n]


def head(n: int, hz: float, drop: float, tau: float, modes: Sequence[tuple[float, float, float]]) -> Samples:
    """A struck membrane: modes of (ratio, T60, level) whose common pitch starts (1 + drop) high and settles in tau.

    The tension of a skin rises with its excursion, hence the drop; the ratios of an ideal skin are 1, 1.59, 2.14, 2.30,
    2.65, 2.92 (zeros of the Bessel functions; Fletcher and Rossing, The Physics of Musical Instruments, chapter 3). What is
    low is made of every other sample, and straight lines between.
    """
    slow = 2 if hz * (1.0 + drop) * max(ratio for ratio, _, _ in modes) < _LOW else 1
    lengths = [-(-min(n, samples(1.6 * t60) + 64) // slow) for _, t60, _ in modes]
    longest, step = max(lengths), slow * hz * dsp.TURN / RATE
    bend = hz * drop * tau * dsp.TURN
    places = np.arange(longest, dtype=np.float32) * np.float32(step)
    places -= dsp.decay(6.9078 * tau / slow, longest) * np.float32(bend)
    places += np.float32(bend)
    out = np.zeros(-(-n // slow), np.float32)
    for (ratio, t60, level), m in zip(modes, lengths, strict=True):
        wave = dsp.sine_at(places[:m] * np.float32(ratio))
        wave *= dsp.decay(t60 / slow, m, level * _heard_at(hz * ratio))
        out[:m] += wave
    return _doubled(out)[:n] if slow > 1 else out


_LOW = 1_000.0
"""Hz below which every other sample is enough: lines between them are 55 dB down where they are not sines."""


def _doubled(x: Samples) -> Samples:
    """Twice as many samples, by straight lines."""
    out = np.empty((x.size, 2), np.float32)
    out[:, 0] = x
    np.add(x[:-1], x[1:], out=out[:-1, 1])
    out[-1, 1] = x[-1]
    out[:, 1] *= np.float32(0.5)
    return out.reshape(2 * x.size)


# -- as it is heard ----------------------------------------------------------------------------------------------------

HEARD = dsp.chain(dsp.peak(360.0, -2.0, 0.9), dsp.high_shelf(7_000.0, 2.0), dsp.highpass(28.0))
"""What microphones and mixer make of a kit: less cardboard, more air, nothing too low to be heard. It is in every piece as it
is made, where it costs nothing; a filter over the finished sound took a third of its time."""
_GRID = 10.0


@lru_cache(maxsize=1)
def _heard() -> list[float]:
    return [float(level) for level in HEARD(np.arange(0.0, 0.5 * RATE + 2.0 * _GRID, _GRID))]


def _heard_at(hz: float) -> float:
    """``HEARD`` at a frequency, by a table."""
    levels, place = _heard(), min(hz, 0.5 * RATE) / _GRID
    row = int(place)
    return levels[row] + (levels[row + 1] - levels[row]) * (place - row)


def rung(n: int, hz: Reals, t60: Reals, amp: Reals, turn: Reals) -> Samples:
    """``modal``, as it is heard."""
    return modal(n, hz, t60, amp * HEARD(hz), turn)


def wash(s: Stroke, n: int, curve: Curve, frame: int = 512) -> Samples:
    """``hiss``, as it is heard."""
    noise: Samples = _hissed(s.rng, n, curve, frame, "", True, 1)[0]
    return noise


def washes(s: Stroke, n: int, curve: Curve, frame: int, grain: str) -> Samples:
    """Two of them (2, n): the ringing of a plate, whose address the grain is. Each bin has its own level and life."""
    return _hissed(s.rng, n, curve, frame, grain, True, 2)


@lru_cache(maxsize=8)
def _bins(frame: int) -> tuple[Reals, Reals]:
    """Of each bin of a frame its octaves above 1 Hz, and what is ``HEARD`` of it."""
    hz = dsp.bins(frame)
    return dsp.log2(np.maximum(hz, 1.0)), HEARD(hz)


def hop(frame: int) -> int:
    """Samples from one frame of a noise to the next."""
    return 3 * frame // 4


def frames(n: int, frame: int) -> int:
    """How many frames make a noise of n samples."""
    return (n + frame // 4) // hop(frame) + 1


@lru_cache(maxsize=256)
def _spectrum(curve: Curve, frame: int, grain: str, heard: bool) -> tuple[Samples, Samples, Samples]:
    """Magnitude of each bin (twice: real, imaginary) at onset, its factor from one frame to the next, and the window: within a
    frame all falls as fast as most of it does."""
    octave, mixed = _bins(frame)
    knots = dsp.log2(np.array([row[0] for row in curve]))
    level = np.interp(octave, knots, [row[1] for row in curve])
    t60 = np.interp(octave, knots, [row[2] for row in curve])
    magnitude = dsp.exp2(level / 6.0206) * (6 * frame) ** 0.5
    if grain:
        height, life = _modes(grain, magnitude.size)
        magnitude *= height
        t60 = t60 * life
    if heard:
        magnitude *= mixed
    magnitude[0] = 0.0
    fall = dsp.FALL / RATE / np.maximum(t60, 1e-3)
    power = magnitude * magnitude
    most = float((fall * power).sum() / power.sum())
    powers = dsp.f32(dsp.exp2(np.concatenate((-hop(frame) * fall, most * (frame // 4 - np.arange(frame))))))
    return dsp.f32(magnitude).repeat(2), powers[: fall.size].repeat(2), _arch(frame) * powers[fall.size :]


@lru_cache(maxsize=16)
def _modes(grain: str, bins: int) -> tuple[Reals, Reals]:
    """Of each bin of a plate its level and life: modes cluster and part again, so that few bins are loud, none alone, and those
    that lose little stay."""
    height, life = dice(grain).random((2, bins))
    return np.minimum(-0.51 * dsp.log2(1.0 - height), 1.8), 0.7 + 0.6 * life


@lru_cache(maxsize=1)
def grit() -> Samples:
    """Half a million random numbers from -.5 to .5: what every noise is cut from."""
    numbers = dice("grit").random(1 << 19, dtype=np.float32)
    numbers -= np.float32(0.5)
    numbers.setflags(write=False)
    return numbers


_ROWS = 32
"""Frames of noise made at a time: they stay in cache."""


def hiss(rng: Roll, n: int, curve: Curve, frame: int = 512) -> Samples:
    """Noise whose spectrum and decay follow a curve: random overlapped frames, each with its own magnitudes.

    0 dB everywhere is RMS 1. The frame bounds how fast it can change: 256 for sticks, 512 for hats, 2048 for cymbals.
    """
    noise: Samples = _hissed(rng, n, curve, frame, "", False, 1)[0]
    return noise


def _hissed(rng: Roll, n: int, curve: Curve, frame: int, grain: str, heard: bool, sides: int) -> Samples:
    count = frames(n, frame)
    start, falls, ratio, window = _dying(curve, frame, grain, heard, min(count, _ROWS))
    return coloured(rng, n, _fading(start, falls, ratio, count), sides, window)


@lru_cache(maxsize=64)
def _dying(curve: Curve, frame: int, grain: str, heard: bool, count: int) -> tuple[Samples, Samples, Samples, Samples]:
    """Magnitudes at the onset, their factors at each of ``count`` frames from it on, and at the one after those; the window."""
    start, ratio, window = _spectrum(curve, frame, grain, heard)
    falls = np.empty((count, frame + 2), np.float32)
    falls[0], size = 1.0, 1
    while size < count:
        np.multiply(falls[: min(size, count - size)], ratio, out=falls[size : 2 * size])
        ratio, size = ratio * ratio, 2 * size
    return start, falls, ratio, window


def _fading(level: Samples, falls: Samples, ratio: Samples, count: int) -> Iterator[Samples]:
    """Magnitudes of ``count`` frames, as many at a time as there are rows of ``falls``, which is ``ratio`` in all."""
    for first in range(0, count, len(falls)):
        yield level * falls[: count - first]
        level = np.maximum(level * ratio, np.float32(1e-15))


def coloured(
    rng: Roll, n: int, magnitudes: Iterable[Samples], sides: int = 1, window: Samples | None = None
) -> Samples:
    """Noises (sides, n) of given magnitudes, a row to each frame, each bin twice: random spectra, overlapped by a quarter."""
    numbers, out, at = grit(), np.empty((sides, 0), np.float32), 0
    start, before = int(rng.one() * numbers.size), np.zeros((sides, 1), np.float32)
    for rows in magnitudes:
        start = start if start + sides * rows.size <= numbers.size else 0
        random = numbers[start : start + sides * rows.size].reshape(sides, *rows.shape)
        start += random.size
        step = hop(frame := rows.shape[1] - 2)
        if not at:
            out = np.empty((sides, frames(n, frame) * step), np.float32)
        noise = dsp.back((random * rows).view(np.complex64), frame)
        noise *= _arch(frame) if window is None else window
        noise[:, 1:, : frame - step] += noise[:, :-1, step:]
        noise[:, 0, : frame - step] += before
        before = noise[:, -1, step:]
        out[:, at : at + len(rows) * step].reshape(sides, -1, step)[:] = noise[..., :step]
        at += len(rows) * step
    return out[:, frame - step : frame - step + n]


@lru_cache(maxsize=8)
def _arch(n: int) -> Samples:
    """A window that rises along a quarter of a sine in a quarter of its length, and falls so."""
    arch = np.ones(n, np.float32)
    arch[: n // 4] = dsp.f32(dsp.cosines(n // 4, 1.0 / n, 0.5 / n - 0.25))
    arch[-(n // 4) :] = arch[n // 4 - 1 :: -1]
    return arch


_SPRAYS = 4
"""Noises of one colour, of which each stroke has one: what else it is made of is its own."""


def spray(s: Stroke, n: int, curve: Curve, frame: int) -> Samples:
    """``wash`` of a colour that every stroke has, for as long as it is heard: made once, and read-only. At most n samples."""
    noise: Samples = _sprayed(curve, frame, 0.0)[int(s.rng.one() * _SPRAYS), :n]
    return noise


@lru_cache(maxsize=128)
def _sprayed(curve: Curve, frame: int, rise: float) -> Samples:
    n = max(samples(1.3 * max(t60 for _, _, t60 in curve)), 256)
    noises = fade(attack(_hissed(Roll("spray"), n, curve, frame, "", True, _SPRAYS), rise), 0.003)
    noises.setflags(write=False)
    return noises


def click(s: Stroke, into: Samples, hz: float, width: float, seconds: float, level: float, at: int = 0) -> None:
    """Adds a stick or beater tip: a few milliseconds of noise around hz, width in octaves."""
    tips = _sprayed(_tip(hz, width, seconds), 128, 0.0003)
    dsp.add(into, tips[int(s.rng.one() * _SPRAYS)], at, level)


@lru_cache(maxsize=64)
def _tip(hz: float, width: float, seconds: float) -> Curve:
    wide = float(dsp.exp2(width))
    return ((hz / wide / wide, -50.0, seconds), (hz / wide, -18.0, seconds), (hz, 0.0, seconds),
        (hz * wide, -18.0, seconds), (hz * wide * wide, -50.0, seconds))  # fmt: skip


def soft(x: Samples, drive: float) -> Samples:
    """Rounded saturation, near tanh: x (27 + x2) / (27 + 9 x2) up to 3, then flat; in place."""
    x *= np.float32(drive)
    np.clip(x, np.float32(-3), np.float32(3), out=x)
    square = x * x
    square += np.float32(3)
    # x (27 + x2) / (27 + 9 x2) = x / 9 (1 + 24 / (3 + x2))
    np.divide(np.float32(24.0 / 9.0), square, out=square)
    square += np.float32(1.0 / 9.0)
    x *= square
    return x
