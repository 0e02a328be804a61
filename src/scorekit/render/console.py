"""The mixing console: every part through its strip onto the buses, chunk by chunk.

A chunk of the song can be worked out on its own, with the same bits whoever does it and in whatever order: lines are
summed in whole numbers, and what rings on (room, echo) is warmed up first. So a song of any length takes little memory,
and two processes share it; and of a song that is edited only the lines that changed are summed again (``tape``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from scorekit.render import dsp, effects
from scorekit.render.dsp import Samples
from scorekit.render.effects import Tone
from scorekit.render.patches.base import Patch
from scorekit.render.voices import Bodies, Body, Clip, Cue, Order, Stroke, cues, strike
from scorekit.stage import Sound, Strip

CHUNK = 1 << 17
"""Samples in a chunk: 3 s."""
RUNG = 1 << 14
"""Samples of a hop of room and echo, which a song is heard from where it begins in the middle."""
_QUIET = 60.0
"""Voices (notes by their sides) that sound at a time when they are half the work of a mix."""
_HOP, _REACH = 12_288, 768
"""Blocks and reach of the filter that keeps the lows in the middle."""
Ride = Callable[[int, int], Samples]
"""Gain from sample a to b, (n,): a fader being moved; or (1,) where it stands still."""
Stretch = tuple[int, Samples]
"""Where in the song a sound begins, and the sound, (1 or 2, n)."""
Warp = Callable[[Samples, int, Body, Cue], bool]
"""Adds a note to a stretch (1 or 2, n) from a sample on, read at a moving speed; False when nothing bends it."""


class Line(Struct, frozen=True, eq=False, dict=True):
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


class Track(Protocol):
    """A line that can be heard."""

    line: Line

    def sound(self, at: int, n: int, scratch: Samples) -> Stretch | None:
        """What is heard of it from sample ``at`` on, (1 or 2, m), and where that begins; None for silence."""


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
        self.size = int((self.ends - self.starts).sum()) * self.rows
        """Samples of all its notes."""

    def sound(self, at: int, n: int, scratch: Samples) -> Stretch | None:
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

    def sound(self, at: int, n: int, scratch: Samples) -> Stretch | None:
        """As ``Laid.sound``."""
        a, b = max(at, self.clip.start), min(at + n, self.clip.start + self.clip.samples.shape[-1])
        return (a, self.clip.samples[:, a - self.clip.start : b - self.clip.start]) if b > a else None


# -- buses -----------------------------------------------------------------------------------------------------------

Whole = NDArray[np.int32]
UNIT = 2.0**24
"""Buses are summed in whole numbers of which so many are full scale (-144 dB each, room for +42 dB). Sums of whole
numbers do not hang upon their order, so a line can be taken away again, and the rest is as if it had never been there."""


def whole(x: Samples) -> Whole:
    """Samples as whole numbers; x is written over."""
    x *= np.float32(UNIT)
    return np.rint(x, out=x).astype(np.int32)


def audible(x: Whole) -> Samples:
    """Whole numbers as samples."""
    heard = x.astype(np.float32)
    heard *= np.float32(1.0 / UNIT)
    return heard


class Buses(Struct, frozen=True, eq=False):
    """A stretch of the dry mix (2, n), of what is sent to the room and the echo (n,), and of each part's stem (2, n)."""

    dry: Whole
    verb: Whole
    delay: Whole
    stems: Mapping[str, Whole]

    @staticmethod
    def silent(n: int, stems: Sequence[str] = (), dry: bool = True) -> Buses:
        """Buses nothing has been brought to; without the dry mix only what is sent is heard."""
        verb, delay = np.zeros(n, np.int32), np.zeros(n, np.int32)
        return Buses(
            np.zeros((2 if dry else 0, n), np.int32), verb, delay, {name: np.zeros((2, n), np.int32) for name in stems}
        )


Read = Callable[[int, int], Samples]
"""Samples a to b (2, b - a)."""


class Console:
    """All lines of a song of ``n`` samples on the strips; kicks (in samples) duck what is to be ducked.

    ``standing`` reads the mix before its lows are put in the middle, where it is known; else it is worked out. ``loop`` is
    the length of a round of music that repeats, 0 of any other: what sounds after it is heard at the start.
    """

    def __init__(
        self, n: int, laid: Sequence[Track], kicks: Sequence[int] = (), *,
        room: Samples | None = None, delay: int = 0, fade: int = 0, standing: Read | None = None, loop: int = 0,
    ) -> None:  # fmt: skip
        self.n, self.room, self.delay, self.fade, self.loop = n, room, delay, fade, loop
        self.laid, self.standing = laid, standing
        self.kicks: NDArray[np.int64] = np.array(sorted(kicks), np.int64)
        self.scratch = np.empty((2, CHUNK), np.float32)

    def buses(self, at: int, stems: Sequence[str] = ()) -> Buses:
        """The chunk that begins at a sample."""
        return self._brought(at, min(at + CHUNK, self.n), Buses.silent(min(CHUNK, self.n - at), stems), self.laid)

    def _brought(self, at: int, end: int, made: Buses, laid: Iterable[Track]) -> Buses:
        for one in laid:
            if heard := one.sound(at, end - at, self.scratch):
                self.place(made, one.line, heard, at)
        return made

    def place(self, made: Buses, line: Line, heard: Stretch, at: int, put: np.ufunc = np.add) -> None:
        """A sound and where it begins, through a line's strip to buses that begin at sample ``at``; ``np.subtract`` takes it
        away."""
        start, sound = heard
        depth = line.strip.duck
        dips = self._dips(depth, start, sound.shape[-1]) if depth > 0 and self.kicks.size else None
        _bring(made, line, start - at, start, sound, dips, put)

    def _dips(self, depth: float, at: int, n: int) -> Samples:
        near = self.kicks[(self.kicks > at - dsp.RATE) & (self.kicks < at + n)] - at
        return effects.duck(near.tolist(), depth, n)

    @property
    def ringing(self) -> tuple[effects.Room | None, effects.Echo | None]:
        """Room and echo as before the song."""
        return self._room.silent() if self._room else None, effects.Echo(self.delay) if self.delay else None

    @cached_property
    def _room(self) -> effects.Room | None:
        return effects.Room(self.room) if self.room is not None else None

    @cached_property
    def _sending(self) -> list[Track]:
        """Those that are sent to room or echo."""
        strips = [(one, one.line.strip) for one in self.laid if not one.line.closed]
        return [one for one, strip in strips if strip.verb or strip.delay]

    @cached_property
    def reach(self) -> int:
        """Samples for which something rings on."""
        return max(self._room.reach if self._room else 0, effects.Echo.lasting(self.delay) if self.delay else 0)

    def shares(self, count: int) -> list[int]:
        """Where the song is cut, at multiples of ``GRID``, for so many to mix it in the same time. Whoever begins later hears
        what still rings there first, three quarters of the work: those before take so much more."""
        blocks, laid = -(-self.n // GRID), [one for one in self.laid if isinstance(one, Laid)]
        places = np.concatenate([np.zeros(0, np.int64), *(one.starts for one in laid), *(one.ends for one in laid)])
        rows = np.repeat([one.rows for one in laid], [one.starts.size for one in laid])
        busy = np.bincount(np.clip(places // GRID, 0, blocks), np.concatenate([rows, -rows]), blocks + 1)
        work = np.cumsum(np.cumsum(busy)[:-1] + _QUIET)
        rung = work[-1] * (0.75 * self.reach) / self.n
        share = max(work[-1] - (count - 1) * rung, 0.0) / count
        return [int(np.searchsorted(work, work[-1] - share * left)) * GRID for left in range(count - 1, 0, -1)]

    def wet(self, a: int, b: int) -> Iterator[tuple[int, Samples]]:
        """Chunks (first sample, (2, n)) that cover samples a to b, with room and echo."""
        room, echo = self.ringing
        first = a // RUNG * RUNG
        for at, end in _chunks(max(first - self.reach, 0) // RUNG * RUNG, first):  # what still rings there
            made = self._brought(at, end, Buses.silent(end - at, dry=False), self._sending)
            if echo:
                answer(echo, made.delay)
            if room:
                room.hear(made.verb.astype(np.float32))
        for at, end in _chunks(first, min(-(-b // RUNG) * RUNG, self.n)):
            made = self._brought(at, end, Buses.silent(end - at), self.laid)
            for ringing, send in ((echo, made.delay), (room, made.verb)):
                if ringing:
                    made.dry[:] += answer(ringing, send)
            yield at, audible(made.dry)

    def bus(self, a: int, b: int) -> Iterator[tuple[int, Samples]]:
        """Blocks (first sample, (2, n)) from a to b of the mix before mastering: lows in the middle, its end faded.

        ``a`` and ``b`` are multiples of ``GRID``, or the ends of the song.
        """
        for at, both, slow in self.sides(a, b):
            yield at, self.mended(at, both, raised(slow))

    def sides(self, a: int, b: int) -> Iterator[tuple[int, Samples, Samples]]:
        """The same before its lows are put in the middle, and what they are on one side, as rows for ``raised``."""
        first, stop = max(a - _REACH, 0), min(b + _REACH, self.n)
        read = self.standing or Flow(self.wet(first, stop)).read
        for at in range(a, b, dsp.BATCH * _HOP):
            end = min(at + dsp.BATCH * _HOP, b)
            low, high = max(at - _REACH, 0), min(end + _REACH, self.n)
            both = read(low, high)
            side = np.zeros(-(-(end - at) // _HOP) * _HOP + 2 * _REACH, np.float32)
            place = low - (at - _REACH)
            np.subtract(both[0], both[1], out=side[place : place + high - low])
            yield at, both[:, at - low : end - low], _slow(side)

    def mended(self, at: int, both: Samples, lows: Samples) -> Samples:
        """Samples (2, n) from ``at`` on, without the lows (n or more,) of their sides, the end faded; in place."""
        both[0] -= lows[: both.shape[-1]]
        both[1] += lows[: both.shape[-1]]
        return self.ended(at, both)

    def ended(self, at: int, block: Samples) -> Samples:
        """Samples (2, n) from ``at`` on with the end of the song faded, in place."""
        first = max(self.n - self.fade - at, 0)
        if first < block.shape[-1] and self.fade:
            step = np.arange(at + first, at + block.shape[-1]) - (self.n - self.fade)
            block[:, first:] *= dsp.f32(0.5 + 0.5 * dsp.cos((step + 0.5) / (2.0 * self.fade)))
        return block


def _chunks(a: int, b: int) -> Iterator[tuple[int, int]]:
    """Samples a to b in pieces that end where chunks do."""
    while a < b:
        end = min((a // CHUNK + 1) * CHUNK, b)
        yield a, end
        a = end


GRID = _HOP
"""The mix is worked out in blocks of this many samples."""
REACH = _REACH
"""Samples on both sides that have a say in a block."""


_STEP = 8
SLOW = _HOP // _STEP + 1
"""Points in a row that says what is low in a block: one every eight samples, and the first of the next block."""


def _slow(difference: Samples) -> Samples:
    """What of half a difference, ``REACH`` samples before and after some blocks, is below 120 Hz, by 24 dB an octave: a
    row (blocks, ``SLOW``) for each block. So low it needs few points, and straight lines between them do (-66 dB)."""
    windows = dsp.windows(difference, _HOP + 2 * _REACH, _HOP)
    if not difference.any():
        return np.zeros((len(windows), SLOW), np.float32)
    size = windows.shape[-1] // _STEP
    spectrum = np.fft.rfft(windows, norm="forward")[:, : size // 2 + 1]
    return dsp.back(dsp.tinted(spectrum, low()), size)[:, _REACH // _STEP :][:, :SLOW]


@lru_cache(maxsize=1)
def low() -> Samples:
    """The filter for what is low."""
    whole = _HOP + 2 * _REACH
    return dsp.even(lambda f: 0.5 / (1.0 + np.square(np.square(f / 120.0))), whole, whole // _STEP)


def raised(slow: Samples) -> Samples:
    """Rows of points (blocks, ``SLOW``) as samples (blocks * ``GRID``,)."""
    out = np.empty((len(slow), SLOW - 1, _STEP), np.float32)
    now, step = slow[:, :-1].copy(), np.diff(slow) * np.float32(1.0 / _STEP)
    for phase in range(_STEP):
        out[..., phase] = now
        now += step
    return out.reshape(-1)


def answer(ringing: effects.Room | effects.Echo, send: Whole) -> Whole:
    """What a room or an echo answers to the next piece of a send (n,), and to all before it: (2, n). Both hear and answer in
    the steps of whole numbers, as the loudness of what they are told is nothing to them."""
    heard = ringing.feed(send.astype(np.float32))
    return np.rint(heard, out=heard).astype(np.int32)


class Flow:
    """Chunks that come one after another, read as one stretch of samples; what is far behind is forgotten."""

    def __init__(self, chunks: Iterator[tuple[int, Samples]]) -> None:
        self.chunks, self.held = chunks, list[tuple[int, Samples]]()

    def read(self, a: int, b: int) -> Samples:
        """Samples a to b, a copy (2, b - a); never more than a chunk behind what was read before."""
        while b > a and (not self.held or self.held[-1][0] + self.held[-1][1].shape[-1] < b):
            self.held = [*self.held[-2:], next(self.chunks)]
        return np.concatenate([chunk[:, max(a - at, 0) : max(b - at, 0)] for at, chunk in self.held], axis=1)


def _bring(made: Buses, line: Line, at: int, start: int, sound: Samples, dips: Samples | None, put: np.ufunc) -> None:
    """A sound ``at`` samples into the buses, ``start`` into the song, through a line's strip to the buses."""
    strip, n = line.strip, sound.shape[-1]
    sides = np.array([[g] for g in dsp.pan(strip.pan)], np.float32) * np.float32(dsp.gain(strip.level) * UNIT)
    verb, delay = (0.0, 0.0) if line.closed else (strip.verb, strip.delay)
    sends = [(np.float32(0.7071 * level), send) for level, send in ((verb, made.verb), (delay, made.delay)) if level]
    targets = [bus for bus in (made.dry, made.stems.get(line.part)) if bus is not None and len(bus)]
    ride = line.ride(start, start + n) if line.ride else None
    if ride is not None and ride.size == 1:
        sides, ride = sides * ride, None
    moves = [moved for moved in (ride, dips) if moved is not None]
    wide, cut = np.empty((2, min(n, _NEAR)), np.float32), np.empty((2, min(n, _NEAR)), np.int32)
    for a in range(0, n, _NEAR):
        b = min(a + _NEAR, n)
        block, steps, to = wide[:, : b - a], cut[:, : b - a], slice(at + a, at + b)
        np.multiply(sound[:, a:b], sides, out=block)
        for moved in moves:
            block *= moved[a:b]
        if targets:
            np.copyto(steps, block, casting="unsafe")  # cut, not rounded: 144 dB down nobody knows
        for target in targets:
            put(target[:, to], steps, out=target[:, to])
        if sends:
            middle = np.add(block[0], block[1], out=block[0])
            for level, send in sends:
                np.copyto(steps[0], np.multiply(middle, level, out=block[1]), casting="unsafe")
                put(send[to], steps[0], out=send[to])


_NEAR = 16_384
"""Samples that go through a strip together: few enough to stay near the processor from the first step to the last."""
