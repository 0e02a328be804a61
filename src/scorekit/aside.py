"""Work in a forked process of its own: what it found comes back through a pipe."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
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
    """A function at work in another process, which is gone when this is left."""

    def __init__(self, work: Callable[[], Result]) -> None:
        heard, told = os.pipe()
        self.process = os.fork()
        if not self.process:
            code = 1
            try:
                os.close(heard)
                with os.fdopen(told, "wb") as out:
                    pickle.dump(_outcome(work), out, protocol=5)
                code = 0
            finally:
                os._exit(code)
        os.close(told)
        self.pipe: BinaryIO = os.fdopen(heard, "rb")

    def __enter__(self) -> Aside[Result]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            os.kill(self.process, signal.SIGKILL)  # in the middle of its work: nobody wants the result any more
        self.pipe.close()  # a reader who leaves early makes it stop
        with suppress(ChildProcessError):
            os.waitpid(self.process, 0)

    def result(self) -> Result:
        """What it found; what went wrong there is raised here."""
        try:
            found, error = pickle.load(self.pipe)
        except EOFError:
            raise MemoryError("a process of the render was killed") from None
        if error is not None:
            raise error
        result: Result = found
        return result


def _outcome(work: Callable[[], object]) -> tuple[object, Exception | None]:
    try:
        return work(), None
    except Exception as error:
        error.add_note(traceback.format_exc())
        return None, error
