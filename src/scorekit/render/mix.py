"""From a performance to a mastered stereo mix: clips to strips, strips to buses, buses to the master.

The order of every sum is the order of the takes, so the same performance gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scorekit.render import dsp, effects, loudness
from scorekit.render.dsp import RATE, Samples
from scorekit.render.effects import Tone
from scorekit.render.exact import Reals
from scorekit.render.loudness import CELL, PIECE, PIECES
from scorekit.render.patches.base import Patch
from scorekit.render.voices import Bodies, Clip, Stroke, clip, hushes
from scorekit.score import MANNERS, Master, Part, Performance, Plan, Sound, Take
from scorekit.timebase import PPQ, TempoMap

Progress = Callable[[float, str], None]
"""Told how far the work is, 0 to 1, and what is being done."""
Render = Callable[[Patch, Sound, Sequence[Stroke], Bodies, Tone], Clip]
"""``voices.clip``, or something that remembers what it returned."""

KICKS = (35, 36)
_BLOCK = 32_768
_CLOSED = "click"
"""The family that is neither sent to the room nor equalised."""


@dataclass(frozen=True, eq=False, slots=True)
class Mix:
    """The finished song, and what it was made of. Arrays are float32 (2, n), sample 0 is the first bar line."""

    samples: Samples
    stems: Mapping[str, Samples] = field(default_factory=dict)
    """Each part dry, after level, pan and duck, before room and master. They add up to the dry bus."""
    lufs: float = -120.0
    peak: float = -200.0
    """True peak in dBTP."""


# -- time ------------------------------------------------------------------------------------------------------------


def sample_positions(tempo: TempoMap, ticks: NDArray[np.int64]) -> NDArray[np.int64]:
    """``TempoMap.sample`` for an int64 array of ticks, in the same exact integer arithmetic."""
    at = np.array([tick for tick, _ in tempo.changes], np.int64)
    pace = np.array([micros for _, micros in tempo.changes], np.int64)
    total = np.concatenate([[0], np.cumsum(np.diff(at) * pace[:-1])])
    row = np.maximum(np.searchsorted(at, ticks, side="right") - 1, 0)
    whole = PPQ * 1_000_000
    micro: NDArray[np.int64] = total[row] + (ticks - at[row]) * pace[row]
    return (micro * (2 * RATE) + whole) // (2 * whole)


def strokes(take: Take, tempo: TempoMap) -> list[Stroke]:
    """The events of a take on the samples they fall on."""
    events = take.events
    begin = sample_positions(tempo, events["start"].astype(np.int64))
    end = sample_positions(tempo, (events["start"] + events["length"]).astype(np.int64))
    rows = zip(begin, np.maximum(end - begin, 1), events["pitch"], events["velocity"], events["manner"], strict=True)
    return [Stroke(int(a), int(n), int(p), int(v), MANNERS[m]) for a, n, p, v, m in rows]


def length(plan: Plan) -> int:
    """Samples from the first bar line to the end of the tail."""
    return plan.tempo.sample(plan.end) + dsp.samples(plan.tail)


def kicks(performance: Performance) -> list[int]:
    """Where the bass drum strikes, in samples."""
    drums = {part.name for part in performance.plan.parts if part.channel == 9}
    found = set()
    for take in performance.takes:
        if take.part in drums:
            hits = take.events["start"][np.isin(take.events["pitch"], KICKS)]
            found.update(sample_positions(performance.plan.tempo, hits.astype(np.int64)).tolist())
    return sorted(found)


# -- strips and buses ------------------------------------------------------------------------------------------------


class Desk:
    """The buses of one mix while it is being added up: dry, room send, echo send, and a stem for each part."""

    def __init__(self, n: int, parts: Sequence[str]) -> None:
        self.dry = np.zeros((2, n), np.float32)
        self.verb = np.zeros(n, np.float32)
        self.delay = np.zeros(n, np.float32)
        self.echoes = False
        self.stems = {name: np.zeros((2, n), np.float32) for name in parts}

    def add(self, part: Part, closed: bool, sound: Clip, dips: Samples | None) -> None:
        """Bring a clip in through the part's strip, block by block so that it stays in the processor's cache."""
        strip, n = part.strip, self.dry.shape[-1]
        sides = np.array([[g] for g in dsp.pan(strip.pan)], np.float32) * np.float32(dsp.gain(strip.level))
        verb, delay = (0.0, 0.0) if closed else (strip.verb, strip.delay)
        self.echoes |= delay > 0
        stem = self.stems.get(part.name)
        a, b = max(sound.start, 0), min(sound.start + sound.samples.shape[-1], n)
        for at in range(a, b, _BLOCK):
            to = min(at + _BLOCK, b)
            block = sound.samples[:, at - sound.start : to - sound.start] * sides
            if dips is not None:
                block *= dips[at:to]
            self.dry[:, at:to] += block
            if stem is not None:
                stem[:, at:to] += block
            if verb or delay:
                middle = block[0] + block[1]
                self.verb[at:to] += middle * np.float32(0.7071 * verb)
            if delay:
                self.delay[at:to] += middle * np.float32(0.7071 * delay)


def tone_of(part: Part, patch: Patch) -> Tone:
    """The equaliser and width of a part's strip."""
    return Tone() if patch.family == _CLOSED else Tone(part.strip.highpass, patch.family, part.strip.width)


def summed(
    performance: Performance,
    patches: Mapping[str, Patch],
    bodies: Bodies,
    render: Render = clip,
    stems: bool = True,
    progress: Progress | None = None,
) -> Desk:
    """Every take rendered and brought to the desk, in order."""
    plan = performance.plan
    n, onsets = length(plan), kicks(performance)
    parts = {part.name: part for part in plan.parts}
    desk = Desk(n, list(parts) if stems else [])
    dips = {d: effects.duck(onsets, d, n) for d in {part.strip.duck for part in plan.parts} if d > 0 and onsets}
    for index, take in enumerate(performance.takes):
        part = parts[take.part]
        patch = patches[part.sound.patch]
        if len(take.events):
            heard = strokes(take, plan.tempo)
            if patch.chokes:
                after = next((later for later in performance.takes[index + 1 :] if later.part == take.part), None)
                heard += hushes(patch, heard, strokes(after, plan.tempo)) if after else []
            sound = render(patch, part.sound, heard, bodies, tone_of(part, patch))
            desk.add(part, patch.family == _CLOSED, sound, dips.get(part.strip.duck))
        if progress:
            progress(0.8 * (index + 1) / len(performance.takes), take.part)
    return desk


def wet(desk: Desk, plan: Plan) -> Samples:
    """The dry bus with room and echoes added, lows in the middle: the mix before mastering. Uses the dry bus up."""
    bus = desk.dry
    if desk.echoes:
        beat = plan.tempo.tempo_at(0)
        effects.echo(desk.delay, (3 * beat * RATE + 2_000_000) // 4_000_000, bus)
    if desk.verb.any():
        effects.reverberate(desk.verb, effects.room(plan.master.room, plan.master.tone), bus)
    effects.mono_lows(bus)
    return bus


# -- master ----------------------------------------------------------------------------------------------------------


def ended(x: Samples, plan: Plan) -> Samples:
    """x faded to silence in place: over the last section when the song ends by fading, else within the tail."""
    n = x.shape[-1]
    last = plan.tempo.sample(plan.placements[-1].start)
    fade = min(n - last if plan.ending == "fade" else max(dsp.samples(0.6 * plan.tail), 256), n)
    if fade:
        x[:, n - fade :] *= dsp.f32(0.5 + 0.5 * dsp.cos((np.arange(fade) + 0.5) / (2.0 * fade)))
    return x


def mastered(x: Samples, master: Master) -> tuple[Samples, float, float]:
    """x (2, n) compressed, brought to the loudness asked for and limited: with the LUFS and the dBTP reached.

    The sound is measured once, in cells of 10 ms. Compressor, gain and limiter are one curve of gains, settled on those
    measures, in a few rounds, since the limiter takes some loudness away again. Then the curve is applied.
    """
    energy = loudness.energies(x)
    level = loudness.gated(loudness.powers(energy))
    if level <= -70.0:
        return x, level, loudness.true_peak(x)
    squeeze = effects.compression(energy.reshape(-1, PIECES).sum(axis=1) / CELL, level - 1.0)
    base = dsp.stretch(np.append(squeeze, squeeze[-1]), energy.size)
    push = min(master.lufs - loudness.gated(loudness.powers(energy * np.square(base))), 40.0)
    for room in (3.0, 12.0):
        peaks = loudness.peaks(x, above=dsp.gain(master.ceiling - push - room))
        whole = np.append(base, np.full(peaks.size - base.size, base[-1]))
        gains, level, used = _settled(energy, peaks, whole, push, master)
        if used <= push + room:
            break
    effects.amplify(x, gains, PIECE)
    return x, level, dsp.decibels(float((peaks * gains).max()))


def _settled(energy: Reals, peaks: Samples, base: Samples, push: float, master: Master) -> tuple[Samples, float, float]:
    """Gains of all pieces, limiter included; the loudness they give; the push, found by secants, 12 dB more at most."""
    slope, last, level, most = 1.0, push, master.lufs, push + 12.0
    for attempt in range(8):
        gains = base * np.float32(dsp.gain(push))
        gains *= effects.limiting(peaks * gains, master.ceiling, PIECE)
        before, level = level, loudness.gated(loudness.powers(energy * np.square(gains[: energy.size])))
        if abs(level - master.lufs) < 0.02 or (push >= most and level < master.lufs):
            break
        if attempt and push != last:
            slope = min(max((level - before) / (push - last), 0.2), 1.0)
        last, push = push, min(push + (master.lufs - level) / slope, most)
    return gains, level, push


def mix(
    performance: Performance,
    patches: Mapping[str, Patch],
    bodies: Bodies,
    *,
    render: Render = clip,
    stems: bool = True,
    progress: Progress | None = None,
) -> Mix:
    """The whole song, mastered. ``render`` may be a remembering ``voices.clip``; ``stems=False`` saves their memory."""
    desk = summed(performance, patches, bodies, render, stems, progress)
    out, level, peak = mastered(ended(wet(desk, performance.plan), performance.plan), performance.plan.master)
    if progress:
        progress(1.0, "master")
    return Mix(out, desk.stems, level, peak)
