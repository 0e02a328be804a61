"""A WAV file renewed: of a song rendered once more, only what differs from the file that is there is mixed again.

What the last render left (``ledger``) says which lines it mixed, where each of them sounded, and how the mix measured: 25
kB for each second of song. The sound itself stands in the file it wrote. Where no line differs that could be heard, the
measures are true of this version too, and so are the frames, unless a gain is another one there.
"""

from __future__ import annotations

import marshal
import mmap
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from scorekit.draft import Draft
from scorekit.recall import Recall, sheets, spread
from scorekit.render import console as consoles
from scorekit.render import effects, loudness, wav
from scorekit.render.console import CHUNK, GRID, Console, Laid, Line, Stretch, Track
from scorekit.render.dsp import RATE, Samples
from scorekit.render.loudness import CELL
from scorekit.render.master import Family, Spool, prepare
from scorekit.render.tape import Span, aligned, halves
from scorekit.render.voices import Bodies, Body, Order
from scorekit.values import blake2b
from scorekit.workshop import Workshop

Result = TypeVar("Result")
Ringing = tuple[effects.Room | None, effects.Echo | None]
MOST = 0.6
"""Share of a song that may differ, beyond which it is mixed as if nothing were known."""
_LONG = 12 * RATE
"""Samples from which on two processes are quicker than one."""
_NEAR = max(loudness.GRID + 2 * loudness.REACH, 64 * CELL + loudness.NEAR)
"""Samples beyond what is stale that are read to measure it."""
_FRAME = 4
"""Bytes of a frame: 16 bits, two channels."""


class Row(NamedTuple):
    """What a ledger knows of a line: a hash of all that it is, where it sounds, and where it goes."""

    digest: bytes
    a: int
    b: int
    verb: bool
    delay: bool
    duck: bool


class Known(NamedTuple):
    """What a ledger knows of a sound."""

    world: tuple[Any, ...]
    """Length, end, echo and room."""
    kicks: bytes
    rows: tuple[tuple[bytes, int, int, bool, bool, bool], ...]
    energy: bytes
    curves: tuple[tuple[Any, bytes], ...]
    gains: bytes
    head: int
    """Bytes of the file before its frames."""


class TooMuch(Exception):
    """So much of a song differs from what is known that it had better be mixed anew."""


class Later:
    """A line that is laid out of its bodies only when something of it is to be heard."""

    def __init__(self, line: Line, row: Row, bodies: Bodies) -> None:
        self.line, self.row, self._bodies = line, row, bodies
        self._laid: Laid | None = None

    def laid(self) -> Laid:
        """The line with its bodies at hand."""
        self._laid = self._laid or Laid(self.line, self._bodies)
        return self._laid

    def sound(self, at: int, n: int, scratch: Samples) -> Stretch | None:
        """As ``Laid.sound``."""
        return self.laid().sound(at, n, scratch) if self.row.a < at + n and self.row.b > at else None


class Renewal(Recall):
    """The hands of a workshop, which know what the last render left and the file it wrote. ``or_else`` they raise TooMuch."""

    def __init__(
        self,
        shop: Workshop,
        left: tuple[Any, ...] = (),
        file: Path | None = None,
        told: bytes = b"",
        or_else: bool = False,
    ) -> None:
        super().__init__()
        self.shop, self.count = shop, shop.count
        self._or_else = or_else
        self.again: tuple[int, int] = (0, 0)
        """Samples that were mixed again, of how many."""
        self._last, self._file, self._draft = None, memoryview(b""), Draft()
        from hashlib import sha256  # here, as it comes with OpenSSL

        if left and file and (data := _read(file)) and sha256(data).digest() == told:
            self._last, self._file = Known(*left), data
            self._draft.take(file.parent, data, wait=False)
        self._rows: tuple[Row, ...] = ()
        self._console, self._head = Console(0, ()), 0
        self._gains: Samples = np.zeros(0, np.float32)
        self._around: tuple[Span, ...] = ()
        self._mix: Patchwork | None = None
        self._bodies = Bodies()
        self._shared = True
        self._size = 0

    # -- as the workshop has it

    def work(self, jobs: Sequence[Callable[[], Result]]) -> list[Result]:
        """The results of the jobs, in order; whoever is free takes the next."""
        return self.shop.work(jobs) if self._shared else super().work(jobs)

    def ahead(self, orders: Sequence[Order], bodies: Bodies) -> None:
        """Told of bodies that will be asked for: all of them, where nothing is known from before."""
        if not self._last:
            self.shop.ahead(orders, bodies)

    def made(self, families: Sequence[Family], bodies: Bodies) -> list[list[Body]]:
        """The bodies of some families."""
        return self.shop.made(families, bodies) if self._shared else super().made(families, bodies)

    def dismiss(self) -> None:
        """Told that no more will be asked for."""
        self.shop.dismiss()

    def spool(self, n: int) -> Spool:
        """Room for n samples, in reach of all processes."""
        return self.shop.spool(n)

    def put(self, tail: memoryview, at: int, data: memoryview) -> None:
        """Writes bytes to the rest of a ``store``, at their place in that."""
        self.shop.put(tail, at, data)

    def rest(self, written: Iterable[memoryview]) -> None:
        """What was written to a ``store`` need not stay in memory."""
        self.shop.rest(written)

    def store(self, size: int) -> memoryview:
        """The last file, to be written over by one process; else bytes to be written by all processes."""
        self._size = size
        if self._last and size == len(self._file):
            return self._file
        self._draft.drop()
        return self.shop.store(size)

    def together(self, job: Callable[[], Result]) -> Result:
        """What a job returns, done by all processes at the same time, where that is long."""
        self._shared = self.again[0] > _LONG
        return self.shop.together(job) if self._shared else job()

    def both(
        self, work: Callable[[int, int], Result], spans: Sequence[Span], told: tuple[Any, ...] = ()
    ) -> list[Result]:
        """``work(a, b)`` over spans, in order."""
        return self.work([partial(work, *span) for span in spans])

    # -- mixing

    def laid(self, rows: Sequence[Line], bodies: Bodies) -> Sequence[Track]:
        """Lines with their bodies at hand; those that are known from the last render can wait."""
        self._bodies = bodies
        known = {row.digest: row for row in map(Row._make, self._last.rows)} if self._last else {}
        prints = [digest(line) for line in rows]
        prepare(
            [o for line, one in zip(rows, prints, strict=True) if one not in known for o in line.orders()], bodies, self
        )
        tracks: list[Laid | Later] = []
        for line, one in zip(rows, prints, strict=True):
            tracks.append(Later(line, known[one], bodies) if one in known else Laid(line, bodies))
        self._rows = tuple(
            track.row if isinstance(track, Later) else row(track, one)
            for track, one in zip(tracks, prints, strict=True)
        )
        return tracks

    def ready(self, console: Console) -> None:
        """What is to be mixed again is compared with the last render, and its bodies seen to."""
        n, last = console.n, self._last
        self._console, here = console, world(console)
        stale: tuple[Span, ...] = ((0, n),)
        if last and last.world == here:
            spans = ((a - consoles.REACH, b + consoles.REACH) for a, b in self._differing(console, last))
            stale = aligned(spans, GRID, n)
        self.again = sum(b - a for a, b in stale), n
        if last and self.again[0] <= MOST * n:
            self.energy = np.frombuffer(last.energy, np.float64).copy()
            self.curves = {key: np.frombuffer(data, np.float32) for key, data in last.curves}
            self.begin(stale)
        else:
            if self._or_else:
                raise TooMuch
            self._last, self.again = None, (n, n)
            self.begin(((0, n),))
        self._around = aligned(((a - _NEAR, b + _NEAR) for a, b in self.stale), GRID, n)
        self._wake(console, self._around)

    def mixed(self, console: Console) -> Spool:
        """The mix before mastering: what differs from the last one, and the rest for the asking."""
        self._mix = Patchwork(console, self.spool(console.n))
        self._mix.fill(self._around, self)
        return self._mix

    def _wake(self, console: Console, spans: Sequence[Span]) -> None:
        """Sees to it that all bodies are there of what is heard when some spans are mixed."""
        reach = console.reach + CHUNK
        heard = [
            one for one in console.laid if isinstance(one, Later)
            and any(one.row.a < b + CHUNK and one.row.b > a - reach for a, b in spans)
        ]  # fmt: skip
        prepare([order for one in heard for order in one.line.orders()], self._bodies, self)
        for one in heard:
            one.laid()

    def _differing(self, console: Console, last: Known) -> list[Span]:
        """Where the buses differ from those of the last render."""
        ringing = console.ringing
        now, then = Counter(self._rows), Counter(map(Row._make, last.rows))
        kicks = sorted({*console.kicks.tolist()} ^ {*np.frombuffer(last.kicks, np.int64).tolist()})
        found = [
            span for row in [*(now - then), *(then - now)] for span in answered(row, row.a, row.b, console.n, ringing)
        ]
        for row in now & then if kicks else ():
            if row.duck:
                found += [span for kick in kicks for span in answered(row, kick, kick + RATE, console.n, ringing)]
        return found

    # -- writing

    def curve(self, given: tuple[Any, ...], work: Callable[[int, int], Samples], n: int, reach: int) -> Samples:
        """As ``Recall.curve``; the last gains that are asked for are those of the file."""
        found = super().curve(given, work, n, reach)
        if given[0] == "gains":
            self._gains = found
        return found

    def written(self, work: partial[Any], n: int) -> None:
        """Writes the sheets that differ; the others are those of the last file."""
        frames, last = work.args[2], self._last
        self._head = self._size - frames.nbytes
        if last is None:
            self.both(work, halves([(0, n)], wav.GRID))
            return
        assert self._mix is not None
        before = np.frombuffer(last.gains, np.float32)
        alike = before.shape == self._gains.shape
        turned = np.flatnonzero(before != self._gains) if alike else np.arange(self._gains.size)
        chosen = sheets(turned, self.stale, n)
        spans = spread(chosen, n)
        self._mix.fill(spans, self)
        if self._size == len(self._file):
            self.shop.alone(lambda: [work(*span) for span in spans])
            end = self._head + _FRAME * n
            changed = ((self._head + _FRAME * a, self._head + _FRAME * b) for a, b in spans)
            self._draft.changed = ((0, self._head), *changed, (end, self._size))
        else:
            copy = partial(_copied, self._file[last.head :], frames)
            jobs = [partial(work, *span) for span in halves(spans, wav.GRID)]
            self.work([*jobs, *(partial(copy, *span) for span in halves(spread(~chosen, n), 1))])

    @property
    def renewing(self) -> Renewal:
        """These."""
        return self

    def drafts(self, inner: str) -> dict[str, Draft]:
        """The last file as a draft of the next, by its place."""
        return {inner: self._draft}

    @property
    def mixed_again(self) -> float:
        """Seconds that were mixed again."""
        return self.again[0] / RATE

    def left(self) -> tuple[Any, ...]:
        """What the next render is to know; nothing of silence."""
        self.done()
        return measures(self._console, self._rows, self, self._gains, self._head)


class Patchwork:
    """A mix of which only what was asked for is worked out, block by block."""

    def __init__(self, console: Console, spool: Spool) -> None:
        self.console, self._spool = console, spool
        self._there = np.zeros(-(-console.n // GRID), np.bool_)

    def missing(self, spans: Iterable[Span]) -> tuple[Span, ...]:
        """What of some spans is not there, on the grid."""
        wanted = np.zeros_like(self._there)
        for a, b in spans:
            wanted[a // GRID : -(-b // GRID)] = True
        blocks = np.flatnonzero(wanted & ~self._there).tolist()
        return aligned(((block * GRID, (block + 1) * GRID) for block in blocks), GRID, self.console.n)

    def fill(self, spans: Iterable[Span], hands: Recall) -> None:
        """Works out what of some spans is not there."""
        spans = self.missing(spans)
        hands.both(self._made, halves(spans, GRID) if sum(b - a for a, b in spans) > _LONG else spans)
        for a, b in spans:
            self._there[a // GRID : -(-b // GRID)] = True

    def _made(self, a: int, b: int) -> None:
        for at, block in self.console.bus(a, b):
            self._spool.write(at, block)

    def write(self, at: int, x: Samples) -> None:
        """It is only read."""
        raise NotImplementedError

    def read(self, a: int, b: int) -> Samples:
        """Samples a to b, a copy (2, b - a)."""
        for first, last in self.missing([(a, b)]):  # other processes do not know: it is not said to be there
            self._made(first, last)
        return self._spool.read(a, b)


# -- what is left ------------------------------------------------------------------------------------------------------


def world(console: Console) -> tuple[Any, ...]:
    """What holds for a whole song: its length, its echo, its end, its room."""
    room = b"" if console.room is None else blake2b(console.room.tobytes(), digest_size=16).digest()
    return (console.n, console.delay, console.fade, room)


def measures(console: Console, rows: Iterable[Row], hands: Recall, gains: Samples, head: int) -> tuple[Any, ...]:
    """What a ledger is to know of a sound, as ``Known``; nothing of silence."""
    if not gains.size:
        return ()
    curves = tuple((plain(key), found.tobytes()) for key, found in hands.curves.items())
    kicks, told = console.kicks.tobytes(), tuple(map(tuple, rows))
    return (world(console), kicks, told, hands.energy.tobytes(), curves, gains.tobytes(), head)


# -- lines -------------------------------------------------------------------------------------------------------------


def digest(line: Line) -> bytes:
    """A hash of all that a line is."""
    about = (line.part, line.patch.name, line.closed, line.sound, line.tone, line.strip)
    told = repr(about).encode() + marshal.dumps([tuple(stroke) for stroke in line.strokes], 2)
    return blake2b(told, digest_size=16).digest()


def row(laid: Laid, told: bytes) -> Row:
    """What a ledger is to know of a line."""
    line, heard = laid.line, laid.starts.size > 0
    a, b = (int(laid.starts.min()), int(laid.ends.max())) if heard else (0, 0)
    sent = not line.closed
    return Row(told, a, b, sent and line.strip.verb > 0, sent and line.strip.delay > 0, line.strip.duck > 0)


def answered(row: Row, a: int, b: int, n: int, ringing: Ringing) -> list[Span]:
    """Where a mix of n samples is another one when a line is, from a to b: there, and as long as room and echo answer."""
    (room, echo), found = ringing, [(a, b)]
    if row.verb and room:
        found += [(first, last + room.reach) for first, last in aligned([(a, b)], room.hop, n)]
    if row.delay and echo:
        found += [(first, last + echo.reach) for first, last in aligned([(a, b)], CHUNK, n)]
    return found


def plain(value: Any) -> Any:
    """A key made of tuples and of numbers as Python has them."""
    if isinstance(value, tuple):
        return tuple([plain(item) for item in value])
    return float(value) if isinstance(value, float) else value


def _copied(old: memoryview, frames: memoryview, a: int, b: int) -> None:
    frames[_FRAME * a : _FRAME * b] = old[_FRAME * a : _FRAME * b]


def _read(path: Path) -> memoryview:
    """A file, mapped, to be written over here and nowhere else; nothing when it cannot be."""
    try:
        with open(path, "rb") as file:
            return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY), np.uint8).data
    except (OSError, ValueError):
        return memoryview(b"")
