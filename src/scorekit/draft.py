"""The next version of a big file, written ahead: so that replacing it costs what differs and not what it holds.

A sound of three minutes is 31 MB, of which an edit changes two. While nothing else is to be done, the whole of it is
copied into a file without a name. When the next version is there, its changes are written over the copy, and only then
the copy gets a name and may be renamed into its place. No reader ever sees it grow, and nothing is left when the process
dies. Where there are no files without a name (other than on Linux), versions are written whole.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable
from contextlib import suppress
from io import FileIO
from pathlib import Path


class Draft:
    """A copy of the last version of one file, kept for the next."""

    def __init__(self) -> None:
        self.changed: tuple[tuple[int, int], ...] = ()
        """Where, in bytes from a to b, the next version differs from the last."""
        self._file: int | None = None
        self._size = 0
        self._older: int | None = None

    def take(self, folder: Path, data: bytes | memoryview, wait: bool = True) -> None:
        """Copies a version into the folder it stands in, on the disk before this returns, or under way to it; silently not,
        where that cannot be done."""
        self.drop()
        self.let_go()
        if hasattr(os, "O_TMPFILE"):
            with suppress(OSError):
                self._file, self._size = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o666), len(data)
                try:
                    _write(self._file, data, [(0, len(data))])
                    if wait:
                        os.fsync(self._file)
                    else:
                        os.posix_fadvise(self._file, 0, 0, os.POSIX_FADV_DONTNEED)  # Linux begins to write them
                except OSError:
                    self.drop()

    def place(self, path: Path, data: bytes | memoryview) -> bool:
        """Puts a version under a name that is free, on the disk before this returns; False when it has to be written
        some other way. A copy serves once."""
        if self._file is None or self._size != len(data):
            return False
        try:
            _write(self._file, data, self.changed)
            os.fsync(self._file)
            os.link(f"/proc/self/fd/{self._file}", path, src_dir_fd=self._file, follow_symlinks=True)
        except OSError:
            return False
        finally:
            self.drop()
        return True

    def hold(self, path: Path) -> None:
        """Holds a version that is about to be replaced, since it takes the system a while to do away with a big file."""
        self.let_go()
        with suppress(OSError):
            self._older = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))

    def let_go(self) -> None:
        """Lets go of the version that was replaced."""
        if self._older is not None:
            os.close(self._older)
            self._older = None

    def drop(self) -> None:
        """Lets go of the copy, if there is one."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __del__(self) -> None:
        self.drop()
        self.let_go()


class Sheet(mmap.mmap):
    """A file of a known size, without a name, written as memory: it has but to be given its name."""

    file = -1

    @staticmethod
    def blank(folder: Path, size: int) -> Sheet | None:
        """A sheet that is to have its place in a folder; None where that cannot be done."""
        if not hasattr(os, "O_TMPFILE") or not size or not os.path.isdir("/proc/self/fd"):
            return None
        file = -1
        try:
            file = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o666)
            reserve(file, 0, size)
            return Sheet.opened(file, size)
        except OSError:
            if file >= 0:
                os.close(file)
            return None

    @staticmethod
    def opened(file: int, size: int) -> Sheet:
        """The sheet that is an open file, which is closed with it; OSError when it cannot be had as memory."""
        sheet = Sheet(file, size)
        sheet.file = file
        return sheet

    def put(self, at: int, data: memoryview) -> None:
        """Writes bytes at their place by way of the file: as memory it would be had page by page, at five times the price."""
        put(self.file, at, data)

    def begin(self) -> None:
        """The system begins to put on the disk what was written so far."""
        if hasattr(os, "posix_fadvise") and self.file >= 0:
            os.posix_fadvise(self.file, 0, 0, os.POSIX_FADV_DONTNEED)

    def __del__(self) -> None:
        if self.file >= 0:
            os.close(self.file)


def nameless() -> FileIO:
    """A file for a while, without a name, where the system keeps such; OSError where there is no room for it."""
    if hasattr(os, "O_TMPFILE"):
        with suppress(OSError):
            flags = os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC | os.O_EXCL
            return FileIO(os.open(os.environ.get("TMPDIR") or "/tmp", flags, 0o600), "r+b")
    from tempfile import TemporaryFile  # here, as it loads three ways to pack files

    return TemporaryFile(buffering=0)


def reserve(file: int, begin: int, size: int) -> None:
    """Makes a file long enough for some bytes, with room for them on the disk; OSError where there is none. Who writes to a
    file as to memory is not told that the disk is full, but killed."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, begin, size)
    else:
        os.truncate(file, begin + size)


def place(path: Path, data: bytes | memoryview) -> bool:
    """Puts a whole sheet under a name that is free, on the disk before this returns; False when that is no sheet, or has to be
    written some other way."""
    sheet = data.obj if isinstance(data, memoryview) else None
    if not isinstance(sheet, Sheet) or len(data) != len(sheet):
        return False
    try:
        os.fsync(sheet.file)
        os.link(f"/proc/self/fd/{sheet.file}", path, src_dir_fd=sheet.file, follow_symlinks=True)
    except OSError:
        return False
    return True


def put(file: int, at: int, data: memoryview) -> None:
    """Writes all of some bytes at their place in an open file."""
    while data:
        done = os.pwrite(file, data, at)
        data, at = data[done:], at + done


def _write(file: int, data: bytes | memoryview, spans: Iterable[tuple[int, int]]) -> None:
    for a, b in spans:
        put(file, a, memoryview(data)[a:b])
