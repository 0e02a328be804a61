"""Notices of the file system: that something changed in some folders, never what."""

from __future__ import annotations

import os
import select
import struct
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

STEP_MS = 1
"""How long the file system has to be quiet before it is looked at, where it does not say when a save is over. One that is not
looks broken, and is read again; or it looks whole, and what follows is another save."""
BURST_MS = 10
"""The longest burst that is waited for."""
_REST = 0.5
"""Seconds between looks at whether the folders are still the same ones."""
_ENDED = 0x8 | 0x4 | 0x40 | 0x80 | 0x200 | 0x400 | 0x800
"""IN_CLOSE_WRITE, ATTRIB, MOVED_FROM, MOVED_TO, DELETE, DELETE_SELF, MOVE_SELF: what is so as soon as it is told."""
_BEGUN = 0x100
"""IN_CREATE: a link, or a file that is about to be written."""
_LOST = 0x4000 | 0x8000
"""IN_Q_OVERFLOW, IN_IGNORED: what is told from now on is not all."""


class Notices(threading.Thread):
    """Sets an event when something in the folders changes. It never says what: that is found by asking."""

    def __init__(self, wake: threading.Event) -> None:
        super().__init__(name="scorekit-notices", daemon=True)
        self.wake = wake
        self.folders: frozenset[str] = frozenset()
        self._again, self._over = threading.Event(), threading.Event()
        self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK) if sys.platform == "linux" else -1
        """Rung with ``_again``, for who waits for the system."""

    def follow(self, folders: Iterable[str]) -> None:
        """From now on these folders are watched, those that exist; a folder that was recreated is watched anew."""
        wanted = frozenset(folders)
        if wanted != self.folders:
            self.folders = wanted
            self._ring()

    def close(self) -> None:
        """Ends the thread."""
        self._over.set()
        self._ring()
        if self.is_alive():
            self.join(2.0)
        if self._bell >= 0 and not self.is_alive():
            os.close(self._bell)
            self._bell = -1

    def _ring(self) -> None:
        self._again.set()
        if self._bell >= 0:
            os.eventfd_write(self._bell, 1)

    def run(self) -> None:
        watch = self._told if sys.platform == "linux" else self._asked
        while not self._over.is_set():
            self._again.clear()
            here = identities(self.folders)
            try:
                if here:
                    watch(here)
                else:
                    self._again.wait(0.2)
            except Exception:  # an overflow, a name that is no text, a folder just gone: look, and begin again
                self.wake.set()
                self._over.wait(0.1)

    def _told(self, here: dict[str, tuple[int, int]]) -> None:
        """Linux says when a file was closed that was written to: so nothing has to be waited for, and nobody wakes in vain."""
        with _inotify(here) as file:
            poll = select.poll()
            poll.register(file, select.POLLIN)
            poll.register(self._bell, select.POLLIN)
            while True:
                poll.poll(1000 * _REST)
                with suppress(BlockingIOError):
                    os.eventfd_read(self._bell)
                if self._again.is_set():
                    return
                seen = _seen(file)
                if seen == _BEGUN:
                    time.sleep(BURST_MS / 1000)
                if seen:
                    self.wake.set()
                if seen & _LOST or identities(self.folders) != here:
                    self.wake.set()
                    return

    def _asked(self, here: dict[str, tuple[int, int]]) -> None:
        import watchfiles

        changes = watchfiles.watch(
            *here, recursive=False, watch_filter=lambda change, path: worth_a_look(path), step=STEP_MS, debounce=BURST_MS,
            rust_timeout=int(1000 * _REST), yield_on_timeout=True, stop_event=self._again, raise_interrupt=False,
            ignore_permission_denied=True,
        )  # fmt: skip
        for found in changes:
            if found:
                self.wake.set()
            if identities(self.folders) != here:
                self.wake.set()
                return


@contextmanager
def _inotify(folders: Iterable[str]) -> Iterator[int]:
    """The descriptor on which Linux tells of some folders; OSError where it will not. See inotify(7)."""
    import ctypes

    system = ctypes.CDLL(None, use_errno=True)
    file = int(system.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
    if file < 0:
        raise OSError(ctypes.get_errno(), "inotify")
    try:
        for folder in folders:
            system.inotify_add_watch(file, os.fsencode(folder), ctypes.c_uint32(_ENDED | _BEGUN))
        yield file
    finally:
        os.close(file)


def _seen(file: int) -> int:
    """All that was told of what is worth a look, as one mask; 0 for nothing."""
    found = 0
    with suppress(BlockingIOError):
        while data := os.read(file, 1 << 16):
            at = 0
            while at < len(data):
                _, mask, _, size = struct.unpack_from("iIII", data, at)
                name = data[at + 16 : at + 16 + size].rstrip(b"\0")
                at += 16 + size
                if worth_a_look(os.fsdecode(name)):
                    found |= mask & (_ENDED | _BEGUN | _LOST)
    return found


def identities(folders: Iterable[str]) -> dict[str, tuple[int, int]]:
    """The folders that exist, each with what tells it from another one of the same name."""
    found = {}
    for folder in sorted(folders):
        with suppress(OSError):
            status = os.stat(folder)
            found[folder] = (status.st_dev, status.st_ino)
    return found


def worth_a_look(path: str) -> bool:
    """Whether a path that changed may be a song, a genre, a model, a tune, or a folder of them."""
    return os.path.splitext(path)[1].lower() in ("", ".toml", ".mid", ".midi")
