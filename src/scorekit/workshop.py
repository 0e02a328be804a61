"""Two forked processes that share the work of a render, and the long sound they pass between them.

Processes and not threads: NumPy's small calls only get in each other's way in threads. Jobs are handed out through a
pipe, so that nobody waits; results come back through another; the sound lies in shared memory, or in a file when long.
"""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TypeVar, cast

import numpy as np

from scorekit import files
from scorekit.aside import Aside, forks, processors
from scorekit.render.dsp import Samples
from scorekit.render.master import Hands, Spool

Result = TypeVar("Result")
SMALL = 96 << 20
"""Bytes up to which a sound is kept in memory."""
_MOST = 16_384
"""Jobs that a pipe holds for certain."""


class Shared:
    """A spool in memory that forked processes share."""

    def __init__(self, n: int) -> None:
        self.samples = np.frombuffer(mmap.mmap(-1, max(8 * n, 1)), np.float32, 2 * n).reshape(2, n)

    def write(self, at: int, x: Samples) -> None:
        """Puts samples (2, n) at their place."""
        self.samples[:, at : at + x.shape[-1]] = x

    def read(self, a: int, b: int) -> Samples:
        """Samples a to b, a copy (2, b - a)."""
        return self.samples[:, a:b].copy()


class Filed:
    """A spool in a nameless file: left plane, then right."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - it lives as long as the spool
        self.file.truncate(8 * n)

    def write(self, at: int, x: Samples) -> None:
        """Puts samples (2, n) at their place."""
        for side in (0, 1):
            left = memoryview(np.ascontiguousarray(x[side]).data).cast("B")
            place = 4 * (side * self.n + at)
            while left:
                done = os.pwrite(self.file.fileno(), left, place)
                left, place = left[done:], place + done

    def read(self, a: int, b: int) -> Samples:
        """Samples a to b, a copy (2, b - a)."""
        out = np.empty((2, b - a), np.float32)
        for side in (0, 1):
            left = memoryview(out[side].data).cast("B")
            place = 4 * (side * self.n + a)
            while left:
                done = os.preadv(self.file.fileno(), [left], place)
                if not done:
                    raise OSError("the mix on disk is cut short")
                left, place = left[done:], place + done
        return out


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
_GRASP, HUGE = 31 << 20, 2 << 20
"""Bytes that are asked for at once, fewer than the first of those; and of a large page."""


class Workshop(Hands):
    """As many forked processes as asked for; one where the system cannot fork."""

    def __init__(self, count: int | None = None) -> None:
        self.count = (count or min(processors(), 2)) if forks() else 1

    def spool(self, n: int) -> Spool:
        """Room for n samples, in reach of all processes."""
        return Shared(n) if 8 * n <= SMALL or not hasattr(os, "preadv") else Filed(n)

    def store(self, size: int) -> memoryview:
        """Bytes that all processes write: in memory, or in a nameless file when there are many."""
        if size <= SMALL // 16:
            return memoryview(mmap.mmap(-1, max(size, 1)))[:size]
        with tempfile.TemporaryFile() as file:
            file.truncate(size)
            return memoryview(mmap.mmap(file.fileno(), size))

    def rest(self, written: Iterable[memoryview]) -> None:
        """Lets what is in a file leave the memory of this process."""
        for view in written:
            files.let_go(view)

    def work(self, jobs: Sequence[Callable[[], Result]]) -> list[Result]:
        """The results of the jobs, in order; whoever is free takes the next."""
        if self.count < 2 or not 2 <= len(jobs) <= _MOST:
            return super().work(jobs)
        queue, feed = os.pipe()
        os.write(feed, b"".join(number.to_bytes(2, "little") for number in range(len(jobs))))
        os.close(feed)
        try:
            with ExitStack() as stack:
                share = partial(_taken, queue, jobs, os.getpid())
                others = [stack.enter_context(Aside(share)) for _ in range(self.count - 1)]
                found = _taken(queue, jobs)
                for other in others:
                    found |= other.result()
        finally:
            os.close(queue)
        return [cast(Result, found[number]) for number in range(len(jobs))]


def _taken(queue: int, jobs: Sequence[Callable[[], object]], parent: int = 0) -> dict[int, object]:
    """Jobs done until none is left; for a parent that was killed nothing more is done."""
    found: dict[int, object] = {}
    while number := os.read(queue, 2):
        if parent and os.getppid() != parent:
            break
        index = int.from_bytes(number, "little")
        found[index] = jobs[index]()
    return found
