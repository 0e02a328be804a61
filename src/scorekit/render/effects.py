"""What is done to parts and to the mix: equalisers, room, echo, ducking. Pure functions.

Everything is local in time: a change in one bar moves no sample far from it, and nothing delays an onset.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from scorekit.render import dsp
from scorekit.render.dsp import RATE, Samples
from scorekit.render.exact import DB, Reals

# -- tone of a part --------------------------------------------------------------------------------------------------


class Tone(Struct, frozen=True):
    """Equaliser of a part: high-pass in Hz (0: none), the family whose voicing it gets, stereo width (1: as it is)."""

    highpass: float = 0.0
    family: str = ""
    width: float = 1.0


FLAT = Tone()

VOICINGS: dict[str, tuple[float, tuple[tuple[float, float, float], ...], float]] = {
    "bass": (32.0, ((260.0, 1.0, 0.9), (800.0, 1.0, 0.8)), -1.0),
    "guitar": (85.0, ((480.0, 2.5, 0.8), (2_400.0, -1.5, 0.8)), 1.0),
    "keys": (40.0, ((280.0, 1.0, 0.9), (620.0, -2.0, 0.9), (1_900.0, 1.5, 0.7)), 0.5),
    "strings": (100.0, ((350.0, -1.5, 0.8), (2_900.0, -1.5, 0.9)), -1.0),
    "brass": (100.0, ((450.0, -1.0, 0.9), (2_600.0, -2.0, 0.9)), -0.5),
    "lead": (110.0, ((560.0, -2.5, 0.8), (3_000.0, 0.5, 0.8)), 0.0),
    "pads": (140.0, ((560.0, -3.0, 0.7), (2_000.0, 1.0, 0.7)), -0.5),
}
"""Per family: high-pass in Hz, bells as (Hz, dB, q), dB of the shelf above 7 kHz: room for the tune and the kick.
Drums have theirs in their pieces."""


def tone_curve(tone: Tone) -> dsp.Curve:
    """The equaliser as a curve."""
    _, bells, air = VOICINGS.get(tone.family, (0.0, (), 0.0))
    curves = [dsp.peak(*bell) for bell in bells]
    if air:
        curves.append(dsp.high_shelf(7_000.0, air))
    if edge := _edge(tone):
        curves.append(dsp.highpass(edge))
    return dsp.chain(*curves)


def _edge(tone: Tone) -> float:
    """Hz under which nothing is left."""
    return max(tone.highpass, VOICINGS.get(tone.family, (0.0,))[0])


def _taps(tone: Tone) -> int:
    """Samples of the equaliser's answer: the lower it goes, the longer it takes."""
    return 1_024 if _edge(tone) >= 80.0 else 2_048


@lru_cache(maxsize=64)
def _tone_kernel(tone: Tone, slow: int = 1) -> Samples | None:
    curve = tone_curve(tone)
    return (
        dsp.kernel(lambda f: curve(f / slow), _taps(tone) // slow) if tone.highpass or tone.family in VOICINGS else None
    )


SPEEDS = {-2: (98, 110, 49), -1: (135, 143, 135), 0: (128, 128, 1), 1: (143, 135, 143), 2: (110, 98, 55)}
"""Per shift in semitones: lengths of the FFT there and back, as multiples of some of ``_SIZES``, whose ratio is right within .4
cents, and the smallest number of samples there that is a whole number back."""
_SIZES = (60, 80, 90, 120)
"""All are quick; of these there is one with which a body fills its rows well."""
_EASE = 256
"""Samples, at least, over which a block goes over into the next where it changes its speed."""


class _Blocks(NamedTuple):
    """How a sound goes there and back: points of the FFTs, samples of a block, and those over which it is faded in."""

    there: int
    back: int
    hop: int
    ease: int


@lru_cache(maxsize=256)
def _blocks(shape: tuple[int, ...], shift: int, taps: int, slow: int) -> _Blocks:
    """The blocks that take the least time for a sound of a shape and an answer of so many taps: rows are dealt with in fours."""
    (there, back, grain), rows = SPEEDS[shift], {}
    ease = -(-_EASE // slow // grain) * grain if shift or slow > 1 else 0
    for size in _SIZES:
        hop = (there * size // slow - taps - ease) // grain * grain
        count = shape[0] * -(-(shape[1] + ease) // hop)
        rows[_Blocks(there * size // slow, back * size, hop, ease)] = (-(-count // 4) if count > 1 else 0.6) * size
    return min(rows, key=rows.__getitem__)


@lru_cache(maxsize=128)
def _tone_weights(tone: Tone, there: int, back: int, slow: int) -> dsp.Weights:
    response = _tone_kernel(tone, slow)
    spectrum = dsp.forth(np.ones(1, np.float32) if response is None else response, there)
    if back > there:  # half of it would belong to the bin above
        spectrum[-1] = 0.0
    return dsp.weights(spectrum * np.float32(back))


def voiced(x: Samples, shift: int, tone: Tone, slow: int = 1) -> Samples:
    """x (1, n) or (2, n), one of ``slow`` (1 or 2) samples, read ``shift`` semitones higher, and as much faster, through a
    tone's filter and width."""
    if shift or slow > 1 or _tone_kernel(tone) is not None:
        blocks = _blocks(x.shape, shift, _taps(tone) // slow, slow)
        there, back, _ = SPEEDS[shift]
        n = x.shape[-1] * back * slow // there
        x = dsp.through(x, _tone_weights(tone, blocks.there, blocks.back, slow), *blocks)[:, :n]
    if tone.width == 1.0 or len(x) == 1:
        return x
    nearer = (x[0] - x[1]) * np.float32(0.5 - 0.5 * tone.width)
    return np.stack([x[0] - nearer, x[1] + nearer])


# -- room ------------------------------------------------------------------------------------------------------------


_SIDE = 0.65
"""Share of the side in a room: 1 would be two strangers, 3 dB weaker in mono."""


@lru_cache(maxsize=4)
def room(size: float, tone: float) -> Samples:
    """Impulse response of a room (2, m): size 0 to 1 (decay .5 to 2.6 s), tone 0 dark to 1 bright. Energy 1 a channel.

    Early reflections, then noise whose every frequency falls at its own rate: dense from the start, so it neither rings
    nor flutters. Left and right differ, but have a middle: heard in mono a song of pads must not lose its room.
    """
    seconds = 0.5 + 2.1 * size
    fall = _fall(seconds, tone)
    late = np.stack([_tail(f"room/{side}", fall) for side in "lr"])
    delay = dsp.samples(0.008 + 0.022 * size)
    out = np.zeros((2, late.shape[-1] + delay), np.float32)
    dsp.add(out, late, delay)
    for side, early in enumerate(_reflections(size)):
        dsp.add(out[side], early, 0)
    out = dsp.filtered(out, dsp.chain(dsp.highpass(150.0), dsp.lowpass(6_000.0 + 10_000.0 * tone, 0.6)))
    out = dsp.fade_out(out, 0.2 * seconds)
    middle, side = out[0] + out[1], (out[0] - out[1]) * np.float32(_SIDE)
    out = np.stack([middle + side, middle - side])
    out *= np.float32(1.0 / np.sqrt(np.square(out).sum(dtype=np.float64) / 2.0))
    out.setflags(write=False)
    return out


_FRAME, _FRAME_HOP = 1_024, 512
"""Samples in a frame of a tail, and between frames."""


def _fall(seconds: float, tone: float) -> Reals:
    """How loud the bins of each frame of a tail are (frames, bins): 60 dB down after ``seconds`` at 500 Hz, later below and
    sooner above."""
    count = dsp.samples(1.1 * seconds) // _FRAME_HOP
    damping = dsp.points((60, 1.2), (500, 0.0), (2_000, -1.2), (6_000, -5.5 + 4.0 * tone), (16_000, -12.0 + 6.0 * tone))
    step = -dsp.FALL * _FRAME_HOP / RATE / (seconds * damping(dsp.bins(_FRAME)))
    coarse, fine = (dsp.exp2(np.outer(frames, step)) for frames in (np.arange(0, count, 16), np.arange(16)))
    return (coarse[:, None] * fine).reshape(-1, step.size)[:count]


def _tail(address: str, fall: Reals) -> Samples:
    """Noise (m,) that falls so, swelling in over 25 ms."""
    frame, hop, count = _FRAME, _FRAME_HOP, len(fall)
    white = dsp.noise(address, (count + 1) * hop)
    window = dsp.f32(dsp.sin((np.arange(frame) + 0.5) / (2.0 * frame)))
    frames = dsp.windows(white, frame, hop)[:count] * window
    spectrum = dsp.forth(frames)
    spectrum.real *= fall
    spectrum.imag *= fall
    shaped = dsp.back(spectrum, frame) * window
    out = np.zeros((count + 1) * hop, np.float32)
    for part in range(2):
        out[part * hop : (part + count) * hop] += shaped[:, part * hop : (part + 1) * hop].reshape(-1)
    return out * dsp.rise(0.08, out.size)


def _reflections(size: float) -> tuple[Samples, Samples]:
    """Twelve early echoes for each ear in the first 25 to 75 ms, each softer and from its own place."""
    span = 0.025 + 0.05 * size
    sides = []
    for ear in "lr":
        out = np.zeros(dsp.samples(span) + 2, np.float32)
        for k in range(12):
            when = span * (0.12 + 0.88 * (k + dsp.uniform(f"room/early/{ear}/{k}")) / 12.0)
            sign = 1.0 if dsp.uniform(f"room/sign/{ear}/{k}") < 0.5 else -1.0
            out[dsp.samples(when)] += np.float32(sign * 1.6 * dsp.gain(-9.0 * when / span))
        sides.append(out)
    return sides[0], sides[1]


class Room:
    """A room being sounded, hop by hop: partitioned overlap-save convolution of a mono send into a stereo bus.

    Of each piece of the response only the frequencies are worked out at which it is less than 90 dB under the loudest,
    and none above 12 kHz, since a room has next to nothing there. Silence is free. One that begins ``reach`` samples
    early gives the same bits as one that heard the song from its start, whoever calls for how much at a time.
    """

    def __init__(self, response: Samples, hop: int = 16_384) -> None:
        self.hop = hop
        self.weights = _partitions(response.tobytes(), hop)
        self.kept = max(straight.shape[-1] for straight, _ in self.weights)
        self.reach = len(self.weights) * hop
        self.stride = _HOPS * hop
        """Samples that are answered together."""
        self.wet: dsp.Spectrum = np.zeros((_HOPS, 2, hop + 1), np.complex64)
        self.work = np.empty((_HOPS, 2, _PARTS), np.float32)
        self._silence()

    def _silence(self) -> None:
        self.past = np.zeros((2, len(self.weights) - 1, self.kept), np.float32)
        self.before = np.zeros(self.hop, np.float32)
        """The hop heard last."""
        self.quiet = len(self.weights)
        """Hops since something was heard."""

    def silent(self) -> Room:
        """The same room as before the song, to be sounded on its own; what is worked in is one for all."""
        room = copy(self)
        room._silence()
        return room

    def feed(self, send: Samples) -> Samples:
        """The room's answer (2, n) to a send (n,), and to all that was sent before."""
        out = np.zeros((2, send.size), np.float32)
        for at in range(0, send.size, self.stride):
            heard = self.hear(send[at : at + self.stride])
            for number, answer in enumerate(self._answers(heard)) if heard is not None else ():
                part = out[:, at + number * self.hop :][:, : self.hop]
                part[:] = answer[:, : part.shape[1]]
        return out

    def hear(self, send: Samples) -> Samples | None:
        """Take in a send (n,), whole hops but for the end of the song. Returns what is known now, the latest last: the
        spectra (hops, parts) of each hop with the one before it, those that were heard earlier and these, and after them
        the same with the parts of each number crossed; None when all is silent."""
        count = -(-send.size // self.hop)
        self.quiet = 0 if send.any() else self.quiet + count
        if self.quiet >= len(self.weights) + count:
            self.past[:], self.before[:] = 0.0, 0.0
            return None
        around = np.zeros((count + 1) * self.hop, np.float32)
        around[: self.hop], around[self.hop : self.hop + send.size] = self.before, send
        self.before = around[count * self.hop :]
        spectra = np.fft.rfft(dsp.windows(around, 2 * self.hop, self.hop), norm="forward")[:, : self.kept // 2]
        known = np.empty((2, self.past.shape[1] + count, self.kept), np.float32)
        known[:, :-count], known[0, -count:], known[1, -count:] = (
            self.past,
            spectra.view(np.float32),
            dsp.crossed(spectra),
        )
        self.past = known[:, count:]
        return known

    def _answers(self, known: Samples) -> Samples:
        """The answer at each of the latest hops, (hops, 2, hop)."""
        before = len(self.weights) - 1
        count = known.shape[1] - before
        total = self.wet.view(np.float32)[:count]
        for a in range(0, self.kept, _PARTS):
            for late, (straight, crossed) in enumerate(self.weights):
                b = min(a + _PARTS, straight.shape[-1])
                if b > a:
                    here, heard = total[..., a:b], known[:, before - late : before - late + count, None, a:b]
                    made = self.work[:count, :, : b - a]
                    if late:
                        here += np.multiply(straight[:, a:b], heard[0], out=made)
                    else:
                        np.multiply(straight[:, a:b], heard[0], out=here)
                    here += np.multiply(crossed[:, a:b], heard[1], out=made)
        return dsp.back(self.wet[:count], 2 * self.hop)[..., self.hop :]


_HOPS = dsp.BATCH
"""Hops that are answered together, sixteen rows in two channels."""
_PARTS = 9_000
"""Real and imaginary parts that are worked out together: few enough to stay near the processor."""


def reverberate(send: Samples, response: Samples, into: Samples, hop: int = 16_384) -> None:
    """Add a mono send (n,) through a stereo response (2, m) to a bus (2, n)."""
    into += Room(response, hop).feed(send)


@lru_cache(maxsize=2)
def _partitions(data: bytes, hop: int) -> list[dsp.Weights]:
    """Spectra (each part (2, parts)) of the pieces of a response, ``hop`` samples each, as far as they count; the first is
    the widest."""
    response = np.frombuffer(data, np.float32).reshape(2, -1)
    count = -(-response.shape[-1] // hop)
    padded = np.zeros((2, count * hop), np.float32)
    padded[:, : response.shape[-1]] = response * np.float32(2 * hop)  # as spectra are taken in the "forward" norm
    spectra = dsp.forth(padded.reshape(2, count, hop).transpose(1, 0, 2), 2 * hop)[
        :, :, : int(12_000.0 / RATE * 2 * hop)
    ]
    energy = (np.square(spectra.real) + np.square(spectra.imag)).max(axis=1)
    loud = energy > energy.max() * np.float32(dsp.gain(2.0 * -90.0))
    last = [int(np.flatnonzero(row)[-1]) + 1 if row.any() else 1 for row in loud]
    return [
        dsp.weights(piece[:, :bins])
        for piece, bins in zip(spectra, np.maximum.accumulate(last[::-1])[::-1], strict=True)
    ]


# -- echo and duck ---------------------------------------------------------------------------------------------------


class Echo:
    """Six ping-pong echoes of a mono send, ``delay`` samples apart (2,048 or more), each softer and darker than the last.

    One side hears the odd echoes and the other the even ones, which are the odd ones an echo later. All are first rid of
    lows and highs by a filter whose lateness is a part of the delay.
    """

    def __init__(self, delay: int) -> None:
        self.delay = delay
        self.heard = np.zeros(2 * _LATE, np.float32)
        self.sent = np.zeros(3 * delay - _LATE + 2, np.float32)
        self.later = np.zeros(2 * delay + 2, np.float32)
        self.odd = np.zeros(delay + 1, np.float32)
        self.reach = self.lasting(delay)
        self.quiet = 0

    @staticmethod
    def lasting(delay: int) -> int:
        """Samples for which such an echo rings on."""
        return 6 * (delay + 1) + _ECHO_HOP + 2 * _LATE

    def feed(self, send: Samples) -> Samples:
        """The echoes (2, n) of a send (n,), and of all that was sent before."""
        n, d = send.size, self.delay
        self.quiet = 0 if send.any() else self.quiet + n
        if self.quiet > self.reach + n:
            return np.zeros((2, n), np.float32)
        sent = np.concatenate([self.sent, self._coloured(send)])
        first = sent[2 * d + 2 : 2 * d + 2 + n]
        later = np.concatenate([self.later, first + _twice_darker(sent, n)])
        odd = np.concatenate([self.odd, first + _twice_darker(later, n)])
        self.sent, self.later, self.odd = sent[n:].copy(), later[n:].copy(), odd[n:].copy()
        here, even = odd[d + 1 :], odd[:n] + odd[1 : n + 1]
        even *= np.float32(0.5 * _FEEDBACK)
        both = np.stack([here, even])
        both *= np.float32(0.9)
        both[0] += even * np.float32(0.35)
        both[1] += here * np.float32(0.35)
        return both

    def _coloured(self, send: Samples) -> Samples:
        """The send (n,) without lows and highs, late by ``_LATE`` samples."""
        around = np.zeros(-(-send.size // _ECHO_HOP) * _ECHO_HOP + 2 * _LATE, np.float32)
        around[: 2 * _LATE], around[2 * _LATE : 2 * _LATE + send.size] = self.heard, send
        self.heard = around[send.size : send.size + 2 * _LATE].copy()
        rows = dsp.windows(around, _ECHO_HOP + 2 * _LATE, _ECHO_HOP)
        return dsp.shaped(rows, _echo_curve())[:, _LATE : _LATE + _ECHO_HOP].reshape(-1)[: send.size]


_ECHO_HOP, _LATE = 16_384, 1_024


@lru_cache(maxsize=1)
def _echo_curve() -> Samples:
    return dsp.even(dsp.chain(dsp.highpass(250.0), dsp.lowpass(4_500.0)), _ECHO_HOP + 2 * _LATE)


_FEEDBACK = 0.38


def _twice_darker(x: Samples, n: int) -> Samples:
    """The first n samples of x, two later, softer by two echoes and through (1, 2, 1) / 4."""
    out = x[:n] + x[2 : n + 2]
    out += x[1 : n + 1]
    out += x[1 : n + 1]
    out *= np.float32(0.25 * _FEEDBACK * _FEEDBACK)
    return out


@lru_cache(maxsize=16)
def _dip(depth: float) -> Samples:
    """Gain of a duck of ``depth`` dB: down in 4 ms, back within a quarter of a second."""
    attack, back = dsp.samples(0.004), dsp.samples(0.25)
    shape = np.concatenate([0.5 - 0.5 * dsp.cos(np.arange(attack) / (2.0 * attack)), _recovery(back)])
    return dsp.f32(dsp.exp2(shape * (-depth / DB)))


def _recovery(n: int) -> Reals:
    t = np.arange(n) / n
    return (1.0 - t) * (1.0 - t) * (1.0 + 2.0 * t)


def duck(onsets: Sequence[int], depth: float, n: int) -> Samples:
    """Gain (n,) that dips by ``depth`` dB at each onset (in samples); overlapping dips do not add up."""
    out, dip = np.ones(n, np.float32), _dip(depth)
    for at in onsets:
        a, b = max(at, 0), min(at + dip.size, n)
        if b > a:
            np.minimum(out[a:b], dip[a - at : b - at], out=out[a:b])
    return out
