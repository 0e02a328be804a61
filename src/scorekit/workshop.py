"""Two forked processes that share the work of a render, and the long sound they pass between them.

Processes and not threads: NumPy's small calls only get in each other's way in threads. Many jobs of all sizes, bodies, are
handed out through a pipe, so that nobody waits. From the mix to the file both go the same way together, fork once, do each
their half of whatever can be halved and tell each other what they found. The sound lies in a nameless file.
"""

from __future__ import annotations

import mmap
import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from io import FileIO
from itertools import accumulate, pairwise
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeVar, cast

import numpy as np

from scorekit import files
from scorekit.aside import Aside, forks, processors
from scorekit.draft import Sheet
from scorekit.render.dsp import Samples
from scorekit.render.master import Hands, Spool

Result = TypeVar("Result")
HUGE = 2 << 20
"""Bytes of a large page."""
_MOST = 16_384
"""Jobs that a pipe holds for certain."""


class Filed:
    """A spool in a nameless file, from a byte on: left plane, then right."""

    def __init__(self, n: int, file: FileIO, begin: int = 0) -> None:
        self.n, self.file, self.begin = n, file, begin

    def write(self, at: int, x: Samples) -> None:
        """Puts samples (2, n) at their place."""
        for side in (0, 1):
            left = memoryview(np.ascontiguousarray(x[side]).data).cast("B")
            place = self.begin + 4 * (side * self.n + at)
            while left:
                done = os.pwrite(self.file.fileno(), left, place)
                left, place = left[done:], place + done

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
        self.file: FileIO = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - it lives as long as its pieces
        self.size = 0

    def cut(self, size: int) -> int:
        """Where the next piece begins; the file has yet to be made so long."""
        begin = self.size
        self.size = begin + -(-max(size, 1) // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY
        return begin


def keep_memory() -> None:
    """Tells glibc to keep what arrays leave behind, for the next ones, and Linux to have that memory in pages of 2 MB:
    otherwise each large array is had from the system anew, page by page, and every look into a body is a look into tables of
    pages first: a sixth of a render's time. For processes that end when their song is done; elsewhere it does nothing."""
    import ctypes

    if sys.platform != "linux" or not hasattr(own := ctypes.CDLL(None), "mallopt"):
        return
    for name, value in _KEPT:
        own.mallopt(name, value)
    own.malloc.restype = own.sbrk.restype = ctypes.c_void_p
    blocks = [own.malloc(ctypes.c_size_t(_GRASP)) for _ in range(6)]
    if all(blocks) and max(blocks) < (top := own.sbrk(ctypes.c_ssize_t(0))):
        first = -(-min(blocks) // HUGE) * HUGE
        own.madvise(ctypes.c_void_p(first), ctypes.c_size_t(top - first), mmap.MADV_HUGEPAGE)
    for block in blocks:
        own.free(ctypes.c_void_p(block))


_KEPT = ((-3, 32 << 20), (-1, 512 << 20), (-2, 16 << 20))
"""M_MMAP_THRESHOLD (it takes no more), M_TRIM_THRESHOLD, M_TOP_PAD and their values in bytes: mallopt(3)."""
_GRASP = 31 << 20
"""Bytes that are asked for at once, fewer than the first of those."""


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
        except EOFError:
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
            with open(f"/proc/{process}/fd/{file}", "r+b") as opened:
                return mmap.mmap(opened.fileno(), size)
        return sheet

    def _cut(self, size: int) -> int:
        """Where a new piece of the common file begins."""
        begin = self._common.cut(size)
        if not self._rank:
            self._common.file.truncate(self._common.size)
        if self._wires:
            self._gathered({})  # nobody writes to what is not there
        return begin

    def rest(self, written: Iterable[memoryview]) -> None:
        """Lets what is in a file leave the memory of this process."""
        for view in written:
            files.let_go(view)

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
        queue, feed = os.pipe()
        os.write(feed, b"".join(number.to_bytes(2, "little") for number in range(len(jobs))))
        os.close(feed)
        try:
            with ExitStack() as stack:
                others = []
                for _ in range(self.count - 1):
                    trunk: FileIO = stack.enter_context(tempfile.TemporaryFile(buffering=0))
                    others.append(
                        (stack.enter_context(Aside(partial(_packed, queue, jobs, os.getpid(), trunk))), trunk)
                    )
                found = dict(_taken(queue, jobs))
                for other, trunk in others:
                    found.update(_unpacked(other.result(), trunk))
        finally:
            os.close(queue)
        return found


def _taken(queue: int, jobs: Sequence[Callable[[], object]], parent: int = 0) -> Iterator[tuple[int, object]]:
    """Jobs done until none is left; for a parent that was killed nothing more is done."""
    while number := os.read(queue, 2):
        if parent and os.getppid() != parent:
            break
        index = int.from_bytes(number, "little")
        yield index, jobs[index]()


Packed = dict[int, tuple[bytes, list[int]]]
"""Results without their samples, and how many bytes of those lie in a file."""


def _packed(queue: int, jobs: Sequence[Callable[[], object]], parent: int, trunk: FileIO) -> Packed:
    """The same with all samples in a file, from where they are read as they lie: a pipe would take long."""
    found: Packed = {}
    for index, result in _taken(queue, jobs, parent):
        pieces: list[pickle.PickleBuffer] = []
        rest = pickle.dumps(result, protocol=5, buffer_callback=pieces.append)
        found[index] = rest, [_put(trunk, piece.raw()) for piece in pieces]
    return found


def _put(trunk: FileIO, piece: memoryview) -> int:
    left = piece
    while left:
        left = left[trunk.write(left) :]
    return len(piece)


def _unpacked(found: Packed, trunk: FileIO) -> Iterator[tuple[int, object]]:
    size = os.fstat(trunk.fileno()).st_size
    data, at = memoryview(mmap.mmap(trunk.fileno(), size, access=mmap.ACCESS_READ)) if size else memoryview(b""), 0
    for index, (rest, sizes) in found.items():
        ends = list(accumulate(sizes, initial=at))
        yield index, pickle.loads(rest, buffers=[data[a:b] for a, b in pairwise(ends)])
        at = ends[-1]
