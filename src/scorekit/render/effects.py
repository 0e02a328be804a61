"""What is done to parts and to the mix: equalisers, room, echo, ducking, compression, limiting. Pure functions.

Everything is local in time: a change in one bar moves no sample far from it, and nothing delays an onset.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from scorekit.render import dsp
from scorekit.render.dsp import RATE, Samples
from scorekit.render.exact import DB, LN2, Reals

# -- tone of a part --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tone:
    """Equaliser of a part: high-pass in Hz (0: none), the family whose voicing it gets, stereo width (1: as it is)."""

    highpass: float = 0.0
    family: str = ""
    width: float = 1.0


FLAT = Tone()
_TAPS, _SIZE = 2_048, 16_384
GRAIN = _SIZE - _TAPS + 1
"""Samples in a block of the equaliser: a sound cut after a whole number of them has the same samples as the whole."""

VOICINGS: dict[str, tuple[float, tuple[tuple[float, float, float], ...], float]] = {
    "drums": (28.0, ((360.0, -2.0, 0.9),), 2.0),
    "bass": (32.0, ((260.0, -2.0, 0.9), (800.0, 1.0, 0.8)), -1.0),
    "guitar": (85.0, ((280.0, -1.5, 0.9), (3_400.0, 1.0, 0.8)), 1.0),
    "keys": (40.0, ((300.0, -2.0, 0.8), (2_800.0, -1.0, 0.9)), 0.5),
    "strings": (100.0, ((350.0, -1.5, 0.8), (2_900.0, -1.5, 0.9)), -1.0),
    "brass": (100.0, ((450.0, -1.0, 0.9), (2_600.0, -2.0, 0.9)), -0.5),
    "lead": (110.0, ((350.0, -1.0, 0.9), (3_000.0, 0.5, 0.8)), 0.0),
    "pads": (140.0, ((400.0, -2.5, 0.7), (2_600.0, -2.0, 0.7)), -1.5),
}
"""Per family: high-pass in Hz, bells as (Hz, dB, q), dB of the shelf above 7 kHz: room for the tune and the kick."""


def tone_curve(tone: Tone) -> dsp.Curve | None:
    """The equaliser as a curve, or None when it does nothing."""
    lowest, bells, air = VOICINGS.get(tone.family, (0.0, (), 0.0))
    curves = [dsp.peak(*bell) for bell in bells]
    if air:
        curves.append(dsp.high_shelf(7_000.0, air))
    if tone.highpass or lowest:
        curves.append(dsp.highpass(max(tone.highpass, lowest)))
    return dsp.chain(*curves) if curves else None


@lru_cache(maxsize=64)
def _tone_kernel(tone: Tone) -> Samples | None:
    curve = tone_curve(tone)
    return None if curve is None else dsp.kernel(curve, _TAPS)


def equalised(x: Samples, tone: Tone) -> Samples:
    """x (1, n) or (2, n) through a tone: its filter (minimum phase, length kept) and its width."""
    response = _tone_kernel(tone)
    if response is not None:
        x = dsp.convolve(x, response, _SIZE)[:, : x.shape[-1]]
    if tone.width == 1.0 or len(x) == 1:
        return x
    middle = (x[0] + x[1]) * np.float32(0.5)
    side = (x[0] - x[1]) * np.float32(0.5 * tone.width)
    return np.stack([middle + side, middle - side])


# -- room ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def room(size: float, tone: float) -> Samples:
    """Impulse response of a room (2, m): size 0 to 1 (decay .5 to 2.6 s), tone 0 dark to 1 bright. Energy 1 a channel.

    Early reflections, then noise whose every frequency falls at its own rate: dense from the start, different left
    and right, so it neither rings nor flutters.
    """
    seconds = 0.5 + 2.1 * size
    late = np.stack([_tail(f"room/{side}", seconds, tone) for side in "lr"])
    delay = dsp.samples(0.008 + 0.022 * size)
    out = np.zeros((2, late.shape[-1] + delay), np.float32)
    dsp.add(out, late, delay)
    for side, early in enumerate(_reflections(size)):
        dsp.add(out[side], early, 0)
    out = dsp.filtered(out, dsp.chain(dsp.highpass(150.0), dsp.lowpass(5_000.0 + 7_000.0 * tone, 0.6)))
    out = dsp.fade_out(out, 0.2 * seconds)
    out *= np.float32(1.0 / np.sqrt(np.square(out).sum(dtype=np.float64) / 2.0))
    out.setflags(write=False)
    return out


def _tail(address: str, seconds: float, tone: float) -> Samples:
    """Noise (m,) falling 60 dB in ``seconds`` at 500 Hz, longer below and shorter above, swelling in over 25 ms."""
    frame, hop = 1_024, 256
    count = dsp.samples(1.1 * seconds) // hop
    white = dsp.noise(address, (count + 3) * hop)
    window = dsp.f32(dsp.sin((np.arange(frame) + 0.5) / (2.0 * frame)))
    frames = np.lib.stride_tricks.sliding_window_view(white, frame)[::hop][:count] * window
    f = dsp.bins(frame)
    damping = dsp.points((60, 1.2), (500, 0.0), (2_000, -1.2), (6_000, -6.0 + 3.0 * tone), (16_000, -12.0 + 4.0 * tone))
    t60 = seconds * damping(f)
    fall = dsp.exp2(-9.965784284662087 * hop / RATE * np.arange(count)[:, None] / t60)
    spectrum = np.fft.rfft(frames)
    spectrum.real *= fall
    spectrum.imag *= fall
    shaped = dsp.back(spectrum, frame) * window
    out = np.zeros((count + 3) * hop, np.float32)
    for part in range(4):
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


def reverberate(send: Samples, response: Samples, into: Samples, hop: int = 8_192) -> None:
    """Add a mono send (n,) through a stereo response (2, m) to a bus (2, >= n): partitioned overlap-add convolution.

    Only frequencies below 12 kHz are worked out, since a room has next to nothing above. Silence costs nothing.
    """
    size, kept = 2 * hop, int(12_000.0 / RATE * 2 * hop)
    weights = _partitions(response, hop, kept)
    past: deque[tuple[Samples, Samples] | None] = deque(maxlen=len(weights))
    total, work = np.empty((2, 2, kept), np.float32), np.empty((2, kept), np.float32)
    wet = np.zeros((2, hop + 1), np.complex64)
    for at in range(0, into.shape[-1], hop):
        block = send[at : at + hop]
        spectrum = np.fft.rfft(block, size)[:kept] if block.any() else None
        past.appendleft(None if spectrum is None else (dsp.f32(spectrum.real), dsp.f32(spectrum.imag)))
        if all(heard is None for heard in past):
            continue
        total[:] = 0.0
        for heard, (real, imag) in zip(past, weights, strict=False):
            if heard is not None:
                total[0] += np.multiply(real, heard[0], out=work)
                total[0] -= np.multiply(imag, heard[1], out=work)
                total[1] += np.multiply(real, heard[1], out=work)
                total[1] += np.multiply(imag, heard[0], out=work)
        wet.real[:, :kept], wet.imag[:, :kept] = total
        dsp.add(into, dsp.back(wet, size), at)


def _partitions(response: Samples, hop: int, kept: int) -> list[tuple[Samples, Samples]]:
    """Spectra (real, imaginary; each (2, kept)) of the pieces of a response, ``hop`` samples each."""
    count = -(-response.shape[-1] // hop)
    padded = np.zeros((2, count * hop), np.float32)
    padded[:, : response.shape[-1]] = response
    spectra = np.fft.rfft(padded.reshape(2, count, hop).transpose(1, 0, 2), 2 * hop)[:, :, :kept]
    return [(dsp.f32(piece.real), dsp.f32(piece.imag)) for piece in spectra]


# -- echo and duck ---------------------------------------------------------------------------------------------------


def echo(send: Samples, delay: int, into: Samples, feedback: float = 0.38, repeats: int = 6) -> None:
    """Add ping-pong echoes of a mono send (n,), ``delay`` samples apart, each softer and darker than the last."""
    response = dsp.kernel(dsp.chain(dsp.highpass(250.0), dsp.lowpass(4_500.0)), _TAPS)
    for at in range(0, send.size, GRAIN):
        if not send[at : at + GRAIN].any():
            continue
        tap = dsp.convolve(send[at : at + GRAIN], response)
        for repeat in range(1, repeats + 1):
            near, far = (0.9, 0.35) if repeat % 2 else (0.35, 0.9)
            dsp.add(into[0], tap, at + repeat * delay, near)
            dsp.add(into[1], tap, at + repeat * delay, far)
            tap = _darker(tap, feedback)


def _darker(x: Samples, level: float) -> Samples:
    """x (n,) times ``level`` through (1, 1) / 2, one sample longer."""
    out = np.zeros(x.size + 1, np.float32)
    out[:-1] = x * np.float32(0.5 * level)
    out[1:] += out[:-1].copy()
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


# -- bus -------------------------------------------------------------------------------------------------------------


def mono_lows(x: Samples, hz: float = 120.0) -> None:
    """Take the side signal out of a stereo bus (2, n) below ``hz`` (24 dB an octave, no phase shift), in place."""
    half = np.float32(0.5)

    def side(a: int, b: int) -> Samples:
        return (x[0, a:b] - x[1, a:b]) * half

    for at, low in dsp.zero_phase(side, x.shape[-1], lambda f: 1.0 / (1.0 + np.square(np.square(f / hz)))):
        x[0, at : at + low.size] -= low
        x[1, at : at + low.size] += low


@lru_cache(maxsize=8)
def _bell(before: int, after: int) -> Samples:
    """A smoothing window of unit sum, rising over ``before`` and falling over ``after`` points."""
    up = 0.5 - 0.5 * dsp.cos((np.arange(before) + 0.5) / (2.0 * before))
    down = 0.5 + 0.5 * dsp.cos((np.arange(after) + 0.5) / (2.0 * after))
    window = np.concatenate([up, down])
    return dsp.f32(window / window.sum())


def _smeared(x: Samples, window: Samples, ahead: int) -> Samples:
    """x (n,) smoothed by a window that reaches ``ahead`` points into the future and the rest of it into the past."""
    behind = window.size - ahead
    padded = np.concatenate([np.full(behind, x[0]), x, np.full(ahead, x[-1])])
    return dsp.convolve(padded, window)[ahead + behind :][: x.size]


def amplify(x: Samples, gains: Samples, hop: int) -> None:
    """Multiply x (2, n) by a gain given at the start of every ``hop`` samples, straight lines between, in place."""
    held = np.append(gains, gains[-1])
    for first in range(0, gains.size, 512):
        a, b = first * hop, min((first + 512) * hop, x.shape[-1])
        if b > a:
            points = held[first : first + 513]
            x[:, a:b] *= dsp.stretch(points, (points.size - 1) * hop)[: b - a]


def compression(power: Reals, threshold: float, ratio: float = 1.6) -> Samples:
    """Gains of a gentle bus compressor for mean powers of cells of 10 ms: averaged over some 100 ms, knee of 8 dB
    round ``threshold`` (dB of power). Local: no state is carried along."""
    level = np.maximum(_smeared(dsp.f32(power), _bell(3, 9), 3), np.float32(1e-9))
    over = dsp.log2(level) * (0.5 * DB) - threshold
    knee = np.clip(over + 4.0, 0.0, 8.0)
    excess = np.where(over > 4.0, over, knee * knee / 16.0)
    return dsp.f32(dsp.exp2(excess * ((1.0 / ratio - 1.0) / DB)))


def _released(x: Samples, fall: float) -> Samples:
    """max over k of x[t - k] * fall**k: an instant rise and an exponential fall, by doubling."""
    out, step = x.copy(), 1
    while step < x.size and fall > 1e-4:
        out[step:] = np.maximum(out[step:], out[:-step] * np.float32(fall))
        step, fall = 2 * step, fall * fall
    return out


def _coming(x: Samples, ahead: int) -> Samples:
    """Greatest of x[t] ... x[t + ahead], by doubling."""
    high = np.concatenate([x, np.full(ahead, x[-1])])
    span = 1
    while span <= ahead:
        step = min(span, ahead + 1 - span)
        high = np.maximum(high[:-step], high[step:])
        span += step
    return high


def limiting(peaks: Samples, ceiling: float, hop: int, ahead: int = 4) -> Samples:
    """Gains of a limiter, one for each piece of ``hop`` samples, from true peaks: ``ahead`` pieces early, 60 ms back.

    The cut a piece needs is released exponentially, held over a window ahead, then smoothed by a bell inside that
    window: always deep enough, never bent fast. It looks ahead in the buffer, so nothing is delayed.
    """
    top = np.float32(dsp.gain(ceiling - 0.05))
    cut = np.maximum(np.float32(1.0) - top / np.maximum(peaks, np.float32(1e-9)), np.float32(0.0))
    cut[1:] = np.maximum(cut[1:], cut[:-1])
    held = _coming(_released(cut, float(dsp.exp2(-hop / (0.06 * RATE * LN2)))), ahead)
    return np.float32(1.0) - _smeared(held, _bell(ahead // 2, ahead // 2), 0)
