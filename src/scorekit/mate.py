"""A second process at the sound of songs that are edited, on memory that both have.

It is forked while there is nothing yet to be copied, knows no note, and is told over which samples a room is to answer, or the
mix to be measured or written (``booth``), and which bodies are to be made; this process does the rest at the same time. Processes and not threads: NumPy's
small calls only get in each other's way in threads. And one that stays: to fork a process that holds a song costs 6 ms and
as much again in pages that are copied.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import pickle
import signal
import sys
import termios
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from scorekit.aside import Aside, forks, processors

if TYPE_CHECKING:
    from scorekit.booth import Booth, World
    from scorekit.render.effects import Tone
    from scorekit.render.patches.base import Take
    from scorekit.render.voices import Body


class Lost(Exception):
    """The other process is no more."""


class Block:
    """Memory full of zeros, which another process can have too."""

    def __init__(self, size: int) -> None:
        self.file, self.size = os.memfd_create("scorekit"), size
        os.truncate(self.file, size)
        self.memory = mmap.mmap(self.file, size)

    def __del__(self) -> None:
        os.close(self.file)


class Mate:
    """The other process, as this one has it. It is told one thing at a time, and asked for what came of it."""

    @staticmethod
    def found() -> Mate | None:
        """One, where there is a processor for it and memory can be shared."""
        able = forks() and hasattr(os, "memfd_create") and os.path.isdir("/proc/self/fd") and processors() > 1
        return Mate() if able else None

    def __init__(self) -> None:
        self._flag = mmap.mmap(-1, mmap.PAGESIZE)
        """Whose first byte says that what is being done is given up."""
        (heard, told), (answers, answered) = os.pipe(), os.pipe()
        self._left, self._put = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        """A byte for each piece of a common work that nobody has begun."""
        parent = os.getpid()

        def serve() -> None:
            os.close(told)
            os.close(answers)
            _serve(heard, answered, parent, self._flag, self.claim)

        self._process: Aside[None] | None = Aside(serve)
        os.close(heard)
        os.close(answered)
        self._told, self._answers = os.fdopen(told, "wb"), os.fdopen(answers, "rb")

    @property
    def process(self) -> int:
        """Its number; 0 when it was ended."""
        return self._process.process if self._process else 0

    def begin(self, song: int, world: World, blocks: Mapping[str, Block]) -> None:
        """A song, by a number of its own, stands on other memory from now on."""
        self._tell(("begin", song, world, {name: (block.file, block.size) for name, block in blocks.items()}))
        self.answer()

    def forget(self, song: int) -> None:
        """A song stands nowhere for the time being."""
        self._tell(("forget", song, None, None))
        self.answer()

    def tell(self, song: int, told: tuple[Any, ...], spans: Sequence[tuple[int, int]]) -> None:
        """What is to be done with a song: what, with what, and over which samples, span by span as long as there is one to
        ``claim``."""
        self._offer(len(spans))
        self._tell(("do", song, told, spans))

    def follow(
        self, song: int, spans: Sequence[tuple[int, int]], pieces: int, rings: bool, above: float | None
    ) -> None:
        """The room of a song, if it ``rings``, is to answer over some spans of so many pieces, as far as it is told what was
        ``reached``, and as long as there is a piece to ``claim``; what comes of it is to be measured (see ``booth.Booth.follow``)."""
        self._offer(pieces)
        self._tell(("follow", song, (rings, above), spans))

    def _offer(self, pieces: int) -> None:
        self._flag[0] = 0
        self.claim(self.left())
        os.write(self._put, bytes(pieces))

    def left(self) -> int:
        """How many pieces nobody has begun."""
        return int.from_bytes(fcntl.ioctl(self._left, termios.FIONREAD, bytes(4)), sys.byteorder)

    def claim(self, pieces: int = 1) -> int:
        """Begins so many pieces, or those that are left. Whichever process does, nobody else has the same."""
        try:
            return len(os.read(self._left, pieces)) if pieces else 0
        except BlockingIOError:
            return 0

    def make(self, families: Sequence[Sequence[tuple[str, Take, Tone]]]) -> None:
        """Bodies are wanted: by family the name of the patch, the take, the tone of each."""
        self._flag[0] = 0
        self._tell(("make", None, families, None))

    def reached(self, at: int) -> None:
        """All that is sent to the room is there up to a sample; the last that is told is ``booth.FAR``."""
        self._tell(("reached", None, at, None))

    def answer(self) -> list[Any]:
        """What came of it. Lost when the other process is no more; what went wrong there is raised here."""
        try:
            found, error = pickle.load(self._answers)
        except (OSError, EOFError, ValueError, pickle.UnpicklingError):
            raise Lost from None
        if error is not None:
            raise error
        done: list[Any] = found
        return done

    def stop(self) -> None:
        """What it is doing is given up; what it has done by then is asked for and forgotten."""
        self._flag[0] = 1
        with suppress(Exception):
            self.answer()

    def close(self) -> None:
        """Ends it."""
        for file in (self._told, self._answers):
            with suppress(OSError):
                file.close()
        for number in (self._left, self._put):
            with suppress(OSError):
                os.close(number)
        if self._process is not None:
            self._process.__exit__(None, None, None)
            self._process = None

    def _tell(self, what: object) -> None:
        try:
            pickle.dump(what, self._told, protocol=5)
            self._told.flush()
        except (OSError, ValueError):
            raise Lost from None


def _serve(heard: int, answered: int, parent: int, flag: mmap.mmap, claim: Callable[[], int]) -> None:
    """The other process: until the pipe is closed, by whatever end of the first one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that will say so
    songs: dict[int, Booth] = {}
    with open(heard, "rb") as told, open(answered, "wb") as out:
        while True:
            try:
                wish, song, what, where = pickle.load(told)
            except EOFError:
                return
            if wish == "reached":
                continue  # whoever was to wait for it is not there
            found, problem = list[Any](), None
            try:
                if wish == "do":
                    found = songs[song].done(what, where, lambda: claim() > 0)
                elif wish == "follow":
                    found = songs[song].follow(where, what[0], what[1], lambda: claim() > 0)
                elif wish == "make":
                    found = _made(what, flag)
                else:
                    songs.pop(song, None)
                if wish == "begin":
                    songs[song] = _booth(what, where, parent, flag, lambda: pickle.load(told)[2])
            except Exception as error:
                problem = error
            try:
                pickle.dump((found, problem), out, protocol=5)
                out.flush()
            except BrokenPipeError:
                return


def _made(families: Sequence[Sequence[tuple[str, Take, Tone]]], flag: mmap.mmap) -> list[list[Body]]:
    from scorekit.render.master import made
    from scorekit.render.patches import PATCHES
    from scorekit.render.voices import Bodies, Order

    bodies, found = Bodies(0), []
    for family in families:
        if flag[0]:
            break
        found.append(made([Order(PATCHES[name], take, tone) for name, take, tone in family], bodies))
    return found


def _booth(
    world: World, files: Mapping[str, tuple[int, int]], parent: int, flag: mmap.mmap, reached: Callable[[], int]
) -> Booth:
    from scorekit.booth import Booth

    blocks = {}
    for name, (file, size) in files.items():
        with open(f"/proc/{parent}/fd/{file}", "r+b") as opened:
            blocks[name] = mmap.mmap(opened.fileno(), size)
    return Booth(world, blocks, lambda: flag[0] != 0, reached)
