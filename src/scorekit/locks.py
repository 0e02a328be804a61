"""Locks: files that one process holds, and that nobody holds when it dies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class Busy(Exception):
    """Another run is writing the same outputs."""


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """Holds a lock for this process alone, a file that is made for it: its descriptor. Busy when another process has it."""
    try:
        import fcntl
    except ImportError:  # Windows: opening for writing is exclusive enough, and renames fail loudly there
        fcntl = None  # type: ignore[assignment]
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        _held.add(descriptor)
        try:
            if fcntl is not None:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise Busy(str(path)) from None
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), path.stat()):
                    yield descriptor
                    return
        finally:
            _held.discard(descriptor)
            os.close(descriptor)


def remove(path: Path, descriptor: int) -> None:
    """A lock's file removed while it is held: whoever waits for it notices that the path no longer leads to what it locked."""
    with suppress(OSError):
        if os.path.samestat(os.fstat(descriptor), path.stat()):
            path.unlink()


def unlock(path: Path) -> None:
    """The lock's file of a watch that was killed, removed; that of a living one stays."""
    with suppress(Busy, OSError):
        if path.exists():
            with locked(path) as descriptor:
                remove(path, descriptor)


_held: set[int] = set()
"""Locks of this process."""
_shared: list[None] = []
"""Not empty while a process is forked that is to hold them too."""


@contextmanager
def shared() -> Iterator[None]:
    """Who is forked meanwhile holds the locks of this process too: they are free when both are done."""
    _shared.append(None)
    try:
        yield
    finally:
        _shared.pop()


def _let_go() -> None:
    """In a process that was forked: the locks are its parent's, and end with that one alone, unless they are shared."""
    if not _shared:
        for descriptor in _held:
            os.close(descriptor)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)
