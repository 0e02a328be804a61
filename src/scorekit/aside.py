"""Work in a forked process of its own: what it found comes back through a pipe."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable
from types import TracebackType
from typing import BinaryIO, Generic, TypeVar

Result = TypeVar("Result")


def forks() -> bool:
    """Whether this system can fork, and does it safely."""
    return hasattr(os, "fork") and sys.platform != "darwin"


def processors() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def helped() -> bool:
    """Whether there is a processor for another process, and something to load meanwhile."""
    return "numpy" not in sys.modules and forks() and processors() > 1


class Aside(Generic[Result]):
    """A function at work in another process, which is gone when this is left, or about to go."""

    def __init__(self, work: Callable[[], Result]) -> None:
        _leaving[:] = [process for process in _leaving if not _gone(process, os.WNOHANG)]
        heard, told = os.pipe()
        self.process = os.fork()
        if not self.process:
            code = 1
            try:
                os.close(heard)
                import pickle

                with os.fdopen(told, "wb") as out:
                    pickle.dump(_outcome(work), out, protocol=5)
                code = 0
            finally:
                os._exit(code)
        os.close(told)
        self.told = False
        """Whether it has said all it had to say."""
        self.pipe: BinaryIO = os.fdopen(heard, "rb")

    def __enter__(self) -> Aside[Result]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            os.kill(self.process, signal.SIGKILL)  # in the middle of its work: nobody wants the result any more
        self.pipe.close()  # a reader who leaves early makes it stop
        if kind is None and self.told:
            _leaving.append(self.process)  # it has but to give its memory back, which takes a while
        else:
            _gone(self.process)

    def ready(self) -> bool:
        """Whether it has begun to say what it found."""
        return bool(select.select([self.pipe], [], [], 0.0)[0])

    def result(self) -> Result:
        """What it found; what went wrong there is raised here."""
        import pickle  # here, as most commands need no other process

        try:
            found, error = pickle.load(self.pipe)
        except EOFError:
            raise MemoryError("a process of the render was killed") from None
        self.told = True
        if error is not None:
            raise error
        result: Result = found
        return result


def both(mine: Callable[[], Result], theirs: Callable[[], Result]) -> tuple[Result, Result]:
    """Two pieces of work at the same time, the second in a process of its own, where that is a gain."""
    if not forks() or processors() < 2:
        return mine(), theirs()
    with Aside(theirs) as other:
        return mine(), other.result()


_leaving: list[int] = []
"""Processes that are done and about to go."""


def _gone(process: int, how: int = 0) -> bool:
    """Whether a process is gone; waits for that, unless ``how`` says otherwise."""
    try:
        return os.waitpid(process, how)[0] == process
    except ChildProcessError:
        return True


def alone() -> None:
    """Waits until those that are about to go are gone: what they used counts as used by this process."""
    while _leaving:
        _gone(_leaving.pop())


def _outcome(work: Callable[[], object]) -> tuple[object, Exception | None]:
    try:
        return work(), None
    except Exception as error:
        import traceback

        error.add_note(traceback.format_exc())
        return None, error
