"""Work in a forked process of its own: what it found comes back through a pipe."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from itertools import islice
from types import TracebackType
from typing import Any, BinaryIO, Generic, Self, TypeVar, cast

from scorekit.locks import shared

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
    """A function at work in another process, which is gone when this is left, or about to go. MemoryError where there is none
    to be had."""

    def __init__(self, work: Callable[[], Result]) -> None:
        _leaving[:] = [process for process in _leaving if not _gone(process, os.WNOHANG)]
        heard, told = os.pipe()
        try:
            self.process = os.fork()
        except OSError as error:  # no trouble of a file's, for which others would take it
            os.close(heard)
            os.close(told)
            raise MemoryError(f"no other process is to be had: {error.strerror}") from None
        if not self.process:
            code = 1
            try:
                os.close(heard)
                with os.fdopen(told, "wb") as out:
                    self._say(work, out)
                code = 0
            finally:
                os._exit(code)
        os.close(told)
        self.told = False
        """Whether it has said all it had to say."""
        self.pipe: BinaryIO = os.fdopen(heard, "rb")

    def _say(self, work: Callable[[], Any], out: BinaryIO) -> None:
        """Says what it found, there."""
        import pickle

        pickle.dump(_outcome(work), out, protocol=5)

    def __enter__(self) -> Self:
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
        """Whether it has begun to say what it found, or is gone."""
        return bool(select.select([self.pipe], [], [], 0.0)[0])

    def result(self) -> Result:
        """What it found; what went wrong there is raised here. MemoryError when it was killed, before or while it said so."""
        import pickle  # here, as most commands need no other process

        try:
            found, error = pickle.load(self.pipe)
        except (EOFError, pickle.UnpicklingError):
            raise MemoryError("a process of the render was killed") from None
        self.told = True
        if error is not None:
            raise error
        result: Result = found
        return result


@contextmanager
def sworn(work: Callable[[], Result]) -> Iterator[Callable[[], Result]]:
    """A function that is worked to its end once it is called, whatever becomes of who calls it: in a process of its own, there
    from now on, that no signal ends and that holds the same locks until it is done. It is called once or, where this is left
    before, not at all. Here, where there is no process to be had; what is told to stop meanwhile stops then. MemoryError when that
    process alone was killed."""
    with _undisturbed():
        try:
            oath = _Oath(work) if forks() else None
        except MemoryError:
            oath = None

    def kept() -> Result:
        with _undisturbed():
            return oath.result() if oath else work()

    with oath or nullcontext():
        yield kept


class _Oath(Aside[Result]):
    """The process of ``sworn``. It begins when its result is asked for. Who waits for it does not leave before it is gone, and does
    not end it."""

    def __init__(self, work: Callable[[], Result]) -> None:
        self._told, self._word = os.pipe()
        try:
            with shared():
                super().__init__(work)
        except MemoryError:
            os.close(self._word)
            raise
        finally:
            os.close(self._told)

    def _say(self, work: Callable[[], Any], out: BinaryIO) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        os.setsid()
        os.close(self._word)
        if os.read(self._told, 1):  # nothing when who would ask is gone
            super()._say(work, out)

    def result(self) -> Result:
        """What it found, now that it may begin."""
        with suppress(BrokenPipeError):  # it was killed: its result says so
            os.write(self._word, b"!")
        return super().result()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._word)
        super().__exit__(None, None, None)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """What a signal would raise here is raised when this is left. (Only the first thread of a process hears of signals.)"""
    import threading

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    known = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    raising = {number: what for number, what in known.items() if callable(what)}
    try:
        for number in raising:
            signal.signal(number, lambda number, _: came.append(number))
        yield
    finally:
        for number, what in raising.items():
            signal.signal(number, what)
        for late in came:
            signal.raise_signal(late)


class Stream(Aside[Result]):
    """A generator at work in another process: what it yields comes one by one. It is stopped when this is left before its end."""

    def __init__(self, work: Callable[[], Iterator[Result]]) -> None:
        super().__init__(cast("Callable[[], Result]", work))

    def _say(self, work: Callable[[], Any], out: BinaryIO) -> None:
        import pickle

        items = work()
        while True:
            found, error = _outcome(lambda: next(items, _END))
            said = pickle.dumps((None if found is _END else (found,), error), protocol=5)
            out.write(len(said).to_bytes(4, "little") + said)
            out.flush()
            if found is _END or error is not None:
                return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind if kind or self.told else GeneratorExit, error, trace)

    def __iter__(self) -> Iterator[Result]:
        return self

    def __next__(self) -> Result:
        """What it yields next, as soon as that is there; what went wrong there is raised here."""
        import pickle

        if self.told:
            raise StopIteration
        found, error = pickle.loads(self._read(int.from_bytes(self._read(4), "little")))
        self.told = found is None
        if error is not None:
            raise error
        if found is None:
            raise StopIteration
        result: Result = found[0]
        return result

    def _read(self, size: int) -> bytes:
        """So many bytes, and none beyond them: ``ready`` asks the pipe itself."""
        data = b""
        while len(data) < size:
            part = os.read(self.pipe.fileno(), size - len(data))
            if not part:
                raise MemoryError("a process of the render was killed")
            data += part
        return data


_END = object()


class Pile:
    """Numbers of things to do, from which processes that are forked from this one each take the next, and nobody what another
    has. All are put there at once, before anybody takes one."""

    def __init__(self) -> None:
        self.size = 0
        """How many this process has put there."""
        self._taken, self._put = os.pipe()
        os.set_blocking(self._taken, False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._taken)
        os.close(self._put)

    def put(self, numbers: Sequence[int]) -> None:
        """Puts numbers there, two bytes each: no more of them than a pipe is sure to hold, 2048."""
        self.size = len(numbers)
        os.write(self._put, b"".join(number.to_bytes(2, "little") for number in numbers))

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        """The next that nobody has taken."""
        try:
            return int.from_bytes(os.read(self._taken, 2), "little")
        except BlockingIOError:
            raise StopIteration from None


def both(mine: Iterator[Result], theirs: Iterator[Result], leaving: ExitStack) -> Iterator[Result]:
    """Items that this process finds and those that another does, which goes when that is left; each as soon as it is there."""
    other = theirs if isinstance(theirs, Stream) else leaving.enter_context(Stream(lambda: theirs))
    for item in mine:
        yield item
        while other.ready() and not other.told:
            yield from islice(other, 1)
    yield from other


def waiting(items: Iterator[Result], spare: Iterator[None]) -> Iterator[Result]:
    """Items as they come; while another process has none yet, something is done that can be ``spare``d, step by step."""
    while True:
        if isinstance(items, Stream):
            any(items.ready() for _ in spare)
        try:
            item = next(items)
        except StopIteration:
            return
        yield item


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
