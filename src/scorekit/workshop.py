"""Two forked processes that share the work of a render, and the long sound they pass between them.

Processes and not threads: NumPy's small calls only get in each other's way in threads. Many jobs of all sizes, bodies, are
handed out through a pipe, so that nobody waits. From the mix to the file both go the same way together, fork once, do each
their half of whatever can be halved and tell each other what they found. The sound lies in a nameless file.
"""

from __future__ import annotations

import mmap
import os
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from io import FileIO
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from scorekit import pipeline, writing
from scorekit.aside import Aside, forks, processors
from scorekit.draft import Sheet, nameless, put, reserve
from scorekit.render import console, effects, loudness, wav
from scorekit.render.dsp import Samples
from scorekit.render.effects import Tone
from scorekit.render.master import Family, Hands, Spool, families_of, made
from scorekit.render.mix import orders, usual
from scorekit.render.patches import PATCHES
from scorekit.render.patches.base import Take
from scorekit.render.voices import Bodies, Body, Order, Root, root_of
from scorekit.score import Plan

Result = TypeVar("Result")
_MOST = 16_384
"""Jobs that a pipe holds for certain."""


class Filed:
    """A spool in a nameless file, from a byte on: left plane, then right."""

    def __init__(self, n: int, file: FileIO, begin: int = 0) -> None:
        self.n, self.file, self.begin = n, file, begin

    def write(self, at: int, x: Samples) -> None:
        """Puts samples (2, n) at their place."""
        for side in (0, 1):
            data = memoryview(np.ascontiguousarray(x[side]).data).cast("B")
            put(self.file.fileno(), self.begin + 4 * (side * self.n + at), data)

    def read(self, a: int, b: int) -> Samples:
        """Samples a to b, a copy (2, b - a)."""
        out = np.empty((2, b - a), np.float32)
        for side in (0, 1):
            left = memoryview(out[side].data).cast("B")
            place = self.begin + 4 * (side * self.n + a)
            while left:
                done = os.preadv(self.file.fileno(), [left], place)
                if not done:
                    raise OSError("the mix on disk is cut short")
                left, place = left[done:], place + done
        return out


class Common:
    """A nameless file of processes that are forked later: one and the same for all of them if they cut the same pieces from it
    in the same order. (Memory they share would be had from the system page by page, at thrice the price.)"""

    def __init__(self) -> None:
        self.file = nameless()
        self.size = 0

    def cut(self, size: int) -> int:
        """Where the next piece begins; the file has yet to be made so long."""
        begin = self.size
        self.size = begin + -(-max(size, 1) // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY
        return begin


class Wire(NamedTuple):
    """How a process speaks with another, and which one that is where it is known."""

    told: BinaryIO
    heard: BinaryIO
    other: Aside[None] | None = None

    def tell(self, value: object) -> None:
        """Says something."""
        pickle.dump(value, self.told, protocol=5)
        self.told.flush()

    def hear(self) -> dict[int, object]:
        """What the other one says; what went wrong there is raised here."""
        try:
            return cast("dict[int, object]", pickle.load(self.heard))
        except (EOFError, pickle.UnpicklingError):
            if self.other is not None:
                self.other.result()
            raise MemoryError("a process of the render was killed") from None


class Workshop(Hands):
    """As many forked processes as asked for; one where the system cannot fork."""

    def __init__(self, count: int | None = None, folder: Path | None = None) -> None:
        self.folder = folder
        """Where the sound is going to be, if that is known: then it is written there at once, and only named in the end."""
        self.count = (count or min(processors(), 2)) if forks() else 1
        self._common, self._rank = Common(), 0
        self._wires: list[Wire] = []
        """To the other processes while all go together; in all but the first to that one alone."""
        self._apprentice: Apprentice | None = None

    def spool(self, n: int) -> Spool:
        """Room for n samples, in reach of all processes."""
        return Filed(n, self._common.file, self._cut(8 * n)) if hasattr(os, "preadv") else super().spool(n)

    def store(self, size: int) -> memoryview:
        """Bytes that all processes write."""
        if self.folder and (sheet := self._sheet(self.folder, size)) is not None:
            return memoryview(sheet)
        return memoryview(mmap.mmap(self._common.file.fileno(), size, offset=self._cut(size)))

    def _sheet(self, folder: Path, size: int) -> mmap.mmap | None:
        """One that all processes have: the others open it by way of the first."""
        sheet = None if self._rank else Sheet.blank(folder, size)
        if not self._wires:
            return sheet
        there = self._gathered({} if sheet is None else {os.getpid(): sheet.file})
        for process, file in there.items() if self._rank else ():
            return Sheet.opened(os.open(f"/proc/{process}/fd/{file}", os.O_RDWR | os.O_CLOEXEC), size)
        return sheet

    def _cut(self, size: int) -> int:
        """Where a new piece of the common file begins."""
        begin = self._common.cut(size)
        if not self._rank:
            with _placed():
                reserve(self._common.file.fileno(), begin, self._common.size - begin)
        if self._wires:
            self._gathered({})  # nobody writes to what is not there
        return begin

    def put(self, tail: memoryview, at: int, data: memoryview) -> None:
        """Writes bytes to the rest of a ``store``, at their place in that."""
        if isinstance(sheet := tail.obj, Sheet):
            sheet.put(len(sheet) - len(tail) + at, data)
        else:
            super().put(tail, at, data)

    def rest(self, written: Iterable[memoryview]) -> None:
        """Lets what is in a file leave the memory of this process, and the system begin to put it on the disk."""
        for view in written:
            writing.let_go(view)
            if isinstance(view.obj, Sheet) and not self._rank:
                view.obj.begin()

    def together(self, job: Callable[[], Result]) -> Result:
        """What a job returns, done by all processes at the same time: what it gives to ``work`` they share, everything else
        each of them does for itself."""
        if self.count < 2:
            return job()
        try:
            with ExitStack() as stack:
                for rank in range(1, self.count):
                    there, back = os.pipe(), os.pipe()
                    other = stack.enter_context(Aside(partial(self._joined, job, rank, there, back)))
                    os.close(there[0])
                    os.close(back[1])
                    told = stack.enter_context(os.fdopen(there[1], "wb"))
                    heard = stack.enter_context(os.fdopen(back[0], "rb"))
                    self._wires.append(Wire(told, heard, other))
                result = job()
                for wire in self._wires:
                    if wire.other is not None:
                        wire.other.result()
                return result
        finally:
            self._wires = []

    def _joined(self, job: Callable[[], object], rank: int, there: tuple[int, int], back: tuple[int, int]) -> None:
        os.close(there[1])
        os.close(back[0])
        self._rank, self._wires = rank, [Wire(os.fdopen(back[1], "wb"), os.fdopen(there[0], "rb"))]
        job()

    def _gathered(self, found: dict[int, object]) -> dict[int, object]:
        """What all processes have found."""
        if self._rank:
            self._wires[0].tell(found)
            return self._wires[0].hear()
        for wire in self._wires:
            found |= wire.hear()
        for wire in self._wires:
            wire.tell(found)
        return found

    def ahead(self, orders: Sequence[Order], bodies: Bodies) -> None:
        """Told of bodies that will be asked for: another process begins with them."""
        families = families_of(orders, bodies) if self.count > 1 else {}
        if families:
            self._apprentice = self._apprentice or Apprentice(bodies)
            self._apprentice.tell(families)

    def made(self, families: Sequence[Family], bodies: Bodies) -> list[list[Body]]:
        """The bodies of some families; an apprentice has begun with them."""
        if self._apprentice is None:
            return super().made(families, bodies)
        apprentice, self._apprentice = self._apprentice, None
        with apprentice.process:
            return apprentice.made(families, bodies)

    def dismiss(self) -> None:
        """Told that no more will be asked for: an apprentice may go."""
        if self._apprentice is not None:
            self._apprentice.process.__exit__(KeyboardInterrupt, None, None)
            self._apprentice = None

    def alone(self, job: Callable[[], Result]) -> Result | None:
        """What a job returns, done by the first process; None for the others."""
        return None if self._rank else job()

    def work(self, jobs: Sequence[Callable[[], Result]]) -> list[Result]:
        """The results of the jobs, in order; whoever is free takes the next, or each its share when all go together."""
        if self._wires:
            mine: dict[int, object] = {
                number: job() for number, job in enumerate(jobs) if number % self.count == self._rank
            }
            found = self._gathered(mine)
        elif self.count < 2 or not 2 <= len(jobs) <= _MOST:
            return super().work(jobs)
        else:
            found = self._handed_out(jobs)
        return [cast(Result, found[number]) for number in range(len(jobs))]

    def _handed_out(self, jobs: Sequence[Callable[[], object]]) -> dict[int, object]:
        queue = _queued(range(len(jobs)))
        try:
            with ExitStack() as stack:
                others = []
                for _ in range(self.count - 1):
                    trunk = stack.enter_context(nameless())
                    packed = partial(_packed, _numbers(queue, os.getpid()), jobs.__getitem__, trunk)
                    others.append((stack.enter_context(Aside(packed)), trunk))
                found = {number: jobs[number]() for number in _numbers(queue)}
                for other, trunk in others:
                    found.update(_unpacked(other.result(), trunk))
        finally:
            os.close(queue)
        return found


def _queued(numbers: Iterable[int]) -> int:
    """A pipe from which some numbers, as many as it holds, can be read by anybody."""
    queue, feed = os.pipe()
    os.write(feed, _words(numbers))
    os.close(feed)
    return queue


def _words(numbers: Iterable[int]) -> bytes:
    return b"".join(number.to_bytes(2, "little") for number in numbers)


def _numbers(queue: int, parent: int = 0) -> Iterator[int]:
    """Numbers read from a queue until none is left; for a parent that was killed nothing more is done."""
    while number := os.read(queue, 2):
        if parent and os.getppid() != parent:
            break
        yield int.from_bytes(number, "little")


def ahead(plan: Plan, sounding: pipeline.Sounding) -> tuple[pipeline.Ahead, Iterator[None]]:
    """Hands that begin with the sounds of a song while it is still being composed, and before with what most songs want; and
    what there is to do for who waits, step by step: what all mix with, and a third of those."""
    hands, bodies = sounding.hands, sounding.bodies
    if hands is None or bodies is None or not bodies.lacking:
        return pipeline.nobody, iter(())
    likely = usual(plan, PATCHES)
    theirs = len(likely) * 2 // 3 if hands.count > 1 else 0
    hands.ahead(likely[:theirs], bodies)

    def spare() -> Iterator[None]:
        if any(part.strip.verb > 0 for part in plan.parts):
            effects.Room(effects.room(plan.master.room, plan.master.tone))
            yield
        for table in (wav.dither, loudness.weighting, console.low):
            table()
        for order in likely[theirs:]:
            yield
            bodies.get(*order)

    return lambda takes: hands.ahead(orders(takes, plan, PATCHES), bodies), spare()


class Apprentice:
    """Another process that renders the roots of bodies as soon as they are known to be wanted, while this one still composes;
    and in the end its share of the bodies: those of the roots it has begun with, then whatever is next."""

    def __init__(self, bodies: Bodies) -> None:
        self._families: dict[Root, Family] = {}
        shared = mmap.mmap(-1, 8 + _MOST)
        self._told: NDArray[np.int64] = np.frombuffer(shared, np.int64, 1)
        """How often something was told."""
        self._begun: NDArray[np.bool_] = np.frombuffer(shared, np.bool_, offset=8)
        """By number of a family, whether the apprentice has begun with it."""
        self._trunk = nameless()
        (heard, told), (queue, feed) = os.pipe(), os.pipe()
        self._wire, self._queue, self._feed = (
            os.fdopen(told, "wb", 0), os.fdopen(queue, "rb", 0), os.fdopen(feed, "wb", 0)
        )  # fmt: skip
        self.process = Aside(partial(self._work, heard, os.getpid(), bodies))
        os.close(heard)

    def tell(self, families: Mapping[Root, Family], own: Sequence[int] | None = None) -> None:
        """Says which bodies will be wanted, and which families, by number, are for the apprentice when that was all."""
        known = self._families
        rows = [
            (root, [order[1:] for order in row if order not in known.get(root, {})]) for root, row in families.items()
        ]
        _learn(known, rows)
        self._told[0] += 1
        with suppress(BrokenPipeError):  # then its result says what happened
            self._wire.write(pickle.dumps((rows, own), protocol=5))

    def made(self, families: Sequence[Family], bodies: Bodies) -> list[list[Body]]:
        """The bodies of some families, by both processes."""
        wanted = {root_of(next(iter(family))): family for family in families}
        begun, known = self._begun.copy(), self._families
        self.tell(wanted)
        places = {root: number for number, root in enumerate(known)}
        numbers = [places[root] for root in wanted]
        self._feed.write(_words(number for number in numbers if not begun[number]))
        self.tell({}, [number for number in numbers if begun[number]])
        self._feed.close()
        rows = list(known.values())
        found = {number: made(rows[number], bodies) for number in _numbers(self._queue.fileno())}
        found.update(cast("dict[int, list[Body]]", dict(_unpacked(self.process.result(), self._trunk))))
        there = {order: body for number, row in found.items() for order, body in zip(rows[number], row, strict=True)}
        return [[there[order] for order in family] for family in families]

    def _work(self, wire: int, parent: int, bodies: Bodies) -> Packed:
        """What the apprentice does. What it was told last is the surest to be wanted (first comes what most songs want), so
        it begins with that."""
        self._wire.close()
        self._feed.close()
        families: dict[Root, Family] = {}
        places: dict[Root, int] = {}
        coming: list[Root] = []
        own: list[int] | None = None
        with open(wire, "rb") as told:
            heard, more = 0, True
            while own is None:
                if heard < self._told[0] or not coming or not more:
                    rows, own = pickle.load(told)
                    _learn(families, rows)
                    places = {root: number for number, root in enumerate(families)}
                    coming += [root for root, _ in reversed(rows)]
                    heard += 1
                elif not self._begun[number := places[root := coming.pop()]]:
                    self._begun[number] = True
                    more = bodies.begin(families[root])
        rows = list(families.values())
        numbers = chain(own, _numbers(self._queue.fileno(), parent))
        return _packed(numbers, lambda number: partial(made, rows[number], bodies), self._trunk)


def _learn(families: dict[Root, Family], rows: Iterable[tuple[Root, list[tuple[Take, Tone]]]]) -> None:
    """Adds what was told to what is known."""
    for root, family in rows:
        orders = (Order(PATCHES[root[0]], take, tone) for take, tone in family)
        families.setdefault(root, {}).update(dict.fromkeys(orders))


Packed = dict[int, tuple[bytes, list[int]]]
"""Results without their samples, and how many bytes of those lie in a file."""


def _packed(numbers: Iterable[int], jobs: Callable[[int], Callable[[], object]], trunk: FileIO) -> Packed:
    """What some jobs return, with all samples in a file, from where they are read as they lie: a pipe would take long."""
    found: Packed = {}
    for index in numbers:
        pieces: list[pickle.PickleBuffer] = []
        rest = pickle.dumps(jobs(index)(), protocol=5, buffer_callback=pieces.append)
        found[index] = rest, [_put(trunk, piece.raw()) for piece in pieces]
    return found


def _put(trunk: FileIO, piece: memoryview) -> int:
    left = piece
    with _placed():
        while left:
            left = left[trunk.write(left) :]
    return len(piece)


@contextmanager
def _placed() -> Iterator[None]:
    """A file without a name says where it is when its disk is full: not where the song was to be written."""
    try:
        yield
    except OSError as error:
        from tempfile import gettempdir

        error.filename = error.filename or gettempdir()
        raise


def _unpacked(found: Packed, trunk: FileIO) -> Iterator[tuple[int, object]]:
    size = os.fstat(trunk.fileno()).st_size
    data, at = memoryview(mmap.mmap(trunk.fileno(), size, access=mmap.ACCESS_READ)) if size else memoryview(b""), 0
    for index, (rest, sizes) in found.items():
        ends = list(accumulate(sizes, initial=at))
        yield index, pickle.loads(rest, buffers=[data[a:b] for a, b in pairwise(ends)])
        at = ends[-1]
