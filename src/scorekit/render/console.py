"""The mixing console: every part through its strip onto the buses, chunk by chunk.

A chunk of the song can be worked out on its own, with the same bits whoever does it and in whatever order: notes are
added in the order of the lines, and what rings on (room, echo) is warmed up first. So a song of any length takes little
memory, and two processes share it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scorekit.render import dsp, effects
from scorekit.render.dsp import Samples
from scorekit.render.effects import Tone
from scorekit.render.exact import Reals
from scorekit.render.patches.base import Patch
from scorekit.render.voices import Bodies, Body, Clip, Cue, Order, Stroke, cues, strike
from scorekit.stage import Sound, Strip

CHUNK = 1 << 17
"""Samples in a chunk: 3 s."""
_BLOCK = 32_768
_HOP, _REACH = 12_288, 2_048
"""Blocks and reach of the filter that keeps the lows in the middle."""
Ride = Callable[[int, int], Samples]
"""Gain from sample a to b, (n,): a fader being moved; or (1,) where it stands still."""
Warp = Callable[[Samples, int, Body, Cue], bool]
"""Adds a note to a stretch (1 or 2, n) from a sample on, read at a moving speed; False when nothing bends it."""


@dataclass(frozen=True, eq=False)
class Line:
    """One part in one section, ready to be struck: its notes, its strip, and what moves its fader."""

    part: str
    patch: Patch
    sound: Sound
    tone: Tone
    strip: Strip
    strokes: Sequence[Stroke]
    closed: bool = False
    """Neither sent to the room nor to the echo."""
    ride: Ride | None = None
    warp: Warp | None = None

    @cached_property
    def cues(self) -> list[Cue]:
        """What is struck."""
        return cues(self.patch, self.sound, self.strokes)

    def orders(self) -> list[Order]:
        """The bodies it is cut from."""
        found = {id(cue.take): cue.take for cue in self.cues}
        return [Order(self.patch, take, self.tone) for take in found.values()]


class Laid:
    """A line with its bodies at hand: where each note begins and ends, to find those that sound in a chunk."""

    def __init__(self, line: Line, bodies: Bodies) -> None:
        self.line = line
        found = {id(order.take): bodies.get(*order) for order in line.orders()}
        self.bodies = [found[id(cue.take)] for cue in line.cues]
        self.starts: NDArray[np.int64] = np.array([cue.at for cue in line.cues], np.int64)
        lengths = [
            min(cue.full + cue.fade, body.samples.shape[-1]) for cue, body in zip(line.cues, self.bodies, strict=True)
        ]
        self.ends = self.starts + np.array(lengths, np.int64)
        self.rows = max((len(body.samples) for body in self.bodies), default=1)

    def sound(self, at: int, n: int, scratch: Samples) -> tuple[int, Samples] | None:
        """What is heard of it from sample ``at`` on, (1 or 2, m), and where that begins; None for silence."""
        heard = np.flatnonzero((self.starts < at + n) & (self.ends > at))
        if not heard.size:
            return None
        start = max(int(self.starts[heard].min()), at)
        out = np.zeros((self.rows, min(int(self.ends[heard].max()), at + n) - start), np.float32)
        for number in heard.tolist():
            cue, body = self.line.cues[number], self.bodies[number]
            if self.line.warp is None or not self.line.warp(out, start, body, cue):
                strike(out, start, body, cue, scratch)
        return start, out


class Held:
    """A line whose clip is there already."""

    def __init__(self, line: Line, clip: Clip) -> None:
        self.line, self.clip = line, clip

    def sound(self, at: int, n: int, scratch: Samples) -> tuple[int, Samples] | None:
        """As ``Laid.sound``."""
        a, b = max(at, self.clip.start), min(at + n, self.clip.start + self.clip.samples.shape[-1])
        return (a, self.clip.samples[:, a - self.clip.start : b - self.clip.start]) if b > a else None


@dataclass(frozen=True, eq=False, slots=True)
class Buses:
    """A chunk of the dry mix (2, n), of what is sent to the room and the echo (n,), and of each part's stem (2, n)."""

    dry: Samples
    verb: Samples
    delay: Samples
    stems: Mapping[str, Samples]


class Console:
    """All lines of a song of ``n`` samples on the strips; kicks (in samples) duck what is to be ducked."""

    def __init__(
        self, n: int, laid: Sequence[Laid | Held], kicks: Sequence[int] = (), *,
        room: Samples | None = None, delay: int = 0, fade: int = 0,
    ) -> None:  # fmt: skip
        self.n, self.room, self.delay, self.fade = n, room, delay, fade
        self.laid = laid
        self.kicks = np.array(sorted(kicks), np.int64)
        self.scratch = np.empty((2, CHUNK), np.float32)

    def buses(self, at: int, stems: Sequence[str] = ()) -> Buses:
        """The chunk that begins at a sample."""
        n = min(CHUNK, self.n - at)
        made = Buses(
            np.zeros((2, n), np.float32), np.zeros(n, np.float32), np.zeros(n, np.float32),
            {name: np.zeros((2, n), np.float32) for name in stems},
        )  # fmt: skip
        dips: dict[float, Samples] = {}
        for laid in self.laid:
            heard = laid.sound(at, n, self.scratch)
            if heard is not None:
                depth = laid.line.strip.duck
                if depth > 0 and depth not in dips and self.kicks.size:
                    dips[depth] = self._dips(depth, at, n)
                _bring(made, laid.line, heard[0] - at, heard[0], heard[1], dips.get(depth))
        return made

    def _dips(self, depth: float, at: int, n: int) -> Samples:
        near = self.kicks[(self.kicks > at - dsp.RATE) & (self.kicks < at + n)] - at
        return effects.duck(near.tolist(), depth, n)

    def wet(self, a: int, b: int) -> Iterator[tuple[int, Samples]]:
        """Chunks (first sample, (2, n)) that cover samples a to b, with room and echo."""
        room = effects.Room(self.room) if self.room is not None else None
        echo = effects.Echo(self.delay) if self.delay else None
        reach = max(room.reach if room else 0, echo.reach + effects.Echo(1, repeats=1).reach if echo else 0)
        for at in range(max(a - reach, 0) // CHUNK * CHUNK, b, CHUNK):
            made = self.buses(at)
            if echo:
                echo.feed(made.delay, made.dry)
            if room:
                room.feed(made.verb, made.dry)
            if at + CHUNK > a:
                yield at, made.dry

    def bus(self, a: int, b: int) -> Iterator[tuple[int, Samples]]:
        """Blocks (first sample, (2, n)) from a to b of the mix before mastering: lows in the middle, its end faded.

        ``a`` and ``b`` are multiples of ``GRID``, or the ends of the song.
        """
        first = max(a - _HOP, 0)
        stop = min(b + _HOP + _REACH, self.n)
        flow = Flow(self.wet(first, stop))
        half = np.float32(0.5)

        def side(start: int, end: int) -> Samples:
            both = flow.read(first + start, first + end)
            apart: Samples = (both[0] - both[1]) * half
            return apart

        def curve(f: Reals) -> Reals:
            return 1.0 / (1.0 + np.square(np.square(f / 120.0)))

        for start, low in dsp.zero_phase(side, stop - first, curve):
            at = first + start
            if a <= at < b:
                block = flow.read(at, at + low.size)[:, : b - at]
                block[0] -= low[: b - at]
                block[1] += low[: b - at]
                yield at, self._ended(at, block)

    def _ended(self, at: int, block: Samples) -> Samples:
        first = max(self.n - self.fade - at, 0)
        if first < block.shape[-1] and self.fade:
            step = np.arange(at + first, at + block.shape[-1]) - (self.n - self.fade)
            block[:, first:] *= dsp.f32(0.5 + 0.5 * dsp.cos((step + 0.5) / (2.0 * self.fade)))
        return block


GRID = _HOP
"""The mix is worked out in blocks of this many samples."""


class Flow:
    """Chunks that come one after another, read as one stretch of samples; what is far behind is forgotten."""

    def __init__(self, chunks: Iterator[tuple[int, Samples]]) -> None:
        self.chunks, self.held = chunks, list[tuple[int, Samples]]()

    def read(self, a: int, b: int) -> Samples:
        """Samples a to b, a copy (2, b - a); never more than a chunk behind what was read before."""
        while b > a and (not self.held or self.held[-1][0] + self.held[-1][1].shape[-1] < b):
            self.held = [*self.held[-2:], next(self.chunks)]
        out = np.zeros((2, b - a), np.float32)
        for at, chunk in self.held:
            dsp.add(out, chunk, at - a)
        return out


def _bring(made: Buses, line: Line, at: int, start: int, sound: Samples, dips: Samples | None) -> None:
    """A sound ``at`` samples into the chunk, ``start`` into the song, through a line's strip to the buses."""
    strip, n = line.strip, sound.shape[-1]
    sides = np.array([[g] for g in dsp.pan(strip.pan)], np.float32) * np.float32(dsp.gain(strip.level))
    verb, delay = (0.0, 0.0) if line.closed else (strip.verb, strip.delay)
    stem = made.stems.get(line.part)
    ride = line.ride(start, start + n) if line.ride else None
    if ride is not None and ride.size == 1:
        sides, ride = sides * ride, None
    whole, half = np.empty((2, _BLOCK), np.float32), np.empty(_BLOCK, np.float32)
    for a in range(0, n, _BLOCK):
        b = min(a + _BLOCK, n)
        block, middle, to = whole[:, : b - a], half[: b - a], slice(at + a, at + b)
        np.multiply(sound[:, a:b], sides, out=block)
        if ride is not None:
            block *= ride[a:b]
        if dips is not None:
            block *= dips[to]
        made.dry[:, to] += block
        if stem is not None:
            stem[:, to] += block
        for level, send in ((verb, made.verb), (delay, made.delay)):
            if level:
                np.add(block[0], block[1], out=middle)
                middle *= np.float32(0.7071 * level)
                send[to] += middle
