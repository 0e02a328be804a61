"""Notes cut from bodies: the body cache, and the clip one part plays in one section.

A body is what a patch renders once for (pitch, velocity layer, round, manner). A note is the first part of a body,
scaled by its velocity and faded at note-off. Timbres may be dear, then: they are paid per pitch and not per note.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import numpy as np

from scorekit.render import dsp
from scorekit.render.dsp import RATE, Samples
from scorekit.render.effects import FLAT, GRAIN, Tone, equalised
from scorekit.render.patches.base import Patch, Take
from scorekit.score import Sound

CHOKE = 0.008
"""Seconds in which a choked drum falls silent."""
_SHORTEST, _QUIET = 0.75, 2e-5


class Stroke(NamedTuple):
    """A note in samples of the song. One of velocity 0 is not heard; it only chokes what it would have choked."""

    at: int
    length: int
    pitch: int
    velocity: int
    manner: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class Clip:
    """What one part sounds like in one section: float32 (2, n) from sample ``start`` of the song."""

    start: int
    samples: Samples


# -- bodies ----------------------------------------------------------------------------------------------------------


class Bodies:
    """Bodies rendered so far, the least recently used let go beyond ``limit`` bytes. Read-only arrays (2, n)."""

    def __init__(self, limit_bytes: int = 512 << 20) -> None:
        self.limit = limit_bytes
        self.size = 0
        self._kept: OrderedDict[tuple[str, Take, Tone], tuple[Samples, bool]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, patch: Patch, take: Take, tone: Tone = FLAT, need: int = 1 << 40) -> Samples:
        """The body of a take, equalised, at the patch's output gain: at least its first ``need`` samples, or all of it.

        Its samples do not depend on how many were asked for, now or before.
        """
        key = (patch.name, take, tone)
        body, whole = self._kept.get(key, (None, False))
        if body is None or (body.shape[-1] < need and not whole):
            self.size -= 0 if body is None else body.nbytes
            body, whole = self._kept[key] = prepared(patch, take, tone, need)
            self.size += body.nbytes
        self._kept.move_to_end(key)
        while self.size > self.limit and len(self._kept) > 1:
            self.size -= self._kept.popitem(last=False)[1][0].nbytes
        return body


def prepared(patch: Patch, take: Take, tone: Tone, need: int) -> tuple[Samples, bool]:
    """A body as notes are cut from it, (2, n): trimmed, equalised, eased to silence at its end, scaled; is it whole?

    Equalising here and not on the stem costs nothing per note, since filters and sums may be swapped. What no note
    has asked for is left out, cut between two blocks of the filter so that no bit of the rest depends on it.
    """
    sound = np.atleast_2d(trimmed(patch.body(take)))
    length = GRAIN
    while length < min(need, sound.shape[-1]):
        length *= 2
    whole = sound.shape[-1] <= length
    sound = equalised(sound[:, :length], tone)
    if whole and sound.shape[-1] > 2 * dsp.samples(CHOKE):
        sound = dsp.fade_out(sound, CHOKE)
    body = np.ascontiguousarray(np.broadcast_to(sound, (2, sound.shape[-1]))) * np.float32(dsp.gain(patch.gain))
    body.setflags(write=False)
    return body, whole


def trimmed(x: Samples) -> Samples:
    """x (..., n) without what lies after its last audible sample (-94 dB of its peak)."""
    level = np.abs(x) if x.ndim == 1 else np.maximum(np.abs(x[0]), np.abs(x[1]))
    loud = np.flatnonzero(level > _QUIET * level.max(initial=0.0))
    return x[..., : int(loud[-1]) + 1] if loud.size else x[..., :1]


# -- notes -----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _loudness() -> tuple[float, ...]:
    """Gain of each velocity: (v / 127) ** 1.6, a range of some 40 dB as players use it."""
    return tuple(float(g) for g in dsp.power(np.maximum(np.arange(128), 0.5) / 127.0, 1.6))


def settings(patch: Patch, sound: Sound) -> tuple[tuple[str, float], ...]:
    """Every parameter of a patch, as the sound sets it or as the patch has it."""
    chosen = dict(sound.params)
    return tuple((param.name, float(chosen.get(param.name, param.default))) for param in patch.params)


def held(seconds: float) -> float:
    """The length at which a sustained body is rendered: .75 s doubled until it is long enough."""
    length = _SHORTEST
    while length < seconds:
        length *= 2.0
    return length


def takes(patch: Patch, sound: Sound, strokes: Iterable[Stroke]) -> list[Take]:
    """The body each stroke is cut from. Strokes of one pitch go round the round-robins in turn."""
    params, layers, turns, chosen = settings(patch, sound), max(patch.layers, 1), dict[int, int](), []
    for stroke in strokes:
        turn = turns[stroke.pitch] = turns.get(stroke.pitch, -1) + 1
        layer = min(stroke.velocity * layers // 128, layers - 1)
        seconds = held(stroke.length / RATE + patch.release) if patch.sustains else 4.0
        force = round((layer + 0.7) / layers, 6)
        chosen.append(Take(stroke.pitch, force, turn % max(patch.rounds, 1), seconds, stroke.manner, params))
    return chosen


def silencer(patch: Patch, strokes: Sequence[Stroke], index: int) -> int | None:
    """The sample at which a stroke is choked by a later one, or None."""
    stopped_by = next((stops for pitch, stops in patch.chokes if pitch == strokes[index].pitch), ())
    if not stopped_by:
        return None
    later = (s.at for s in islice(strokes, index + 1, None) if s.pitch in stopped_by and s.at > strokes[index].at)
    return next(later, None)


def hushes(patch: Patch, strokes: Sequence[Stroke], after: Sequence[Stroke]) -> list[Stroke]:
    """Strokes of velocity 0 that carry the chokes of the section after into this one: the first of each kind."""
    choked = {pitch for pitch, _ in patch.chokes} & {stroke.pitch for stroke in strokes}
    rows = [next((s for s in after if s.pitch in stops), None) for pitch, stops in patch.chokes if pitch in choked]
    return sorted({row._replace(velocity=0, length=1, manner="") for row in rows if row})


@lru_cache(maxsize=64)
def _release(n: int) -> Samples:
    """A fade of n samples: the square of a raised cosine, quick at first and smooth at both ends."""
    ease = 0.5 + 0.5 * dsp.cos((np.arange(n) + 0.5) / (2.0 * n))
    fade = dsp.f32(ease * ease)
    fade.setflags(write=False)
    return fade


def sounding(patch: Patch, strokes: Sequence[Stroke], index: int) -> tuple[int, int]:
    """How many samples a stroke sounds in full, and how many its fade lasts."""
    choked = silencer(patch, strokes, index)
    if choked is not None:
        return choked - strokes[index].at, dsp.samples(CHOKE)
    return (1 << 40 if patch.oneshot else strokes[index].length), max(dsp.samples(patch.release), 1)


def strike(into: Samples, body: Samples, at: int, level: float, full: int, fade: int) -> None:
    """Add a note to a buffer (2, n): ``full`` samples of the body, then a fade."""
    dsp.add(into, body[:, :full], at, level)
    if full < body.shape[-1]:
        tail = body[:, full : full + fade] * (_release(fade)[: body.shape[-1] - full] * np.float32(level))
        dsp.add(into, tail, at + full)


def clip(patch: Patch, sound: Sound, strokes: Sequence[Stroke], bodies: Bodies, tone: Tone = FLAT) -> Clip:
    """All strokes of a part in a section, in the order given, as one Clip from the first onset to the last sound.

    The samples depend on distances between strokes only, so a repeated section gives the same clip elsewhere.
    """
    spans = [sounding(patch, strokes, index) for index in range(len(strokes))]
    heard = [row for row in zip(strokes, takes(patch, sound, strokes), spans, strict=True) if row[0].velocity > 0]
    if not heard:
        return Clip(0, np.zeros((2, 0), np.float32))
    needs: dict[Take, int] = {}
    for _, take, span in heard:
        needs[take] = max(needs.get(take, 0), sum(span))
    cut = {take: bodies.get(patch, take, tone, need) for take, need in needs.items()}
    start, loud = min(stroke.at for stroke, _, _ in heard), _loudness()
    end = max(stroke.at + min(sum(span), cut[take].shape[-1]) for stroke, take, span in heard)
    out = np.zeros((2, end - start), np.float32)
    for stroke, take, span in heard:
        strike(out, cut[take], stroke.at - start, loud[stroke.velocity], *span)
    return Clip(start, out)
