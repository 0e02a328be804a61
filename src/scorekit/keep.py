"""Files that outlive a run, in the user's own folder (``scorekit cache``): put there whole, the oldest let go.

Written under a temporary name and renamed, so that two processes may share them. What goes wrong here is never the song's
trouble: then there is nothing to be had, and it is made anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from scorekit import files


def bodies() -> Path:
    """Where rendered bodies stand."""
    return files.state_folder() / "cache" / "bodies"


def put(folder: Path, inner: str, *pieces: bytes | memoryview) -> None:
    """A file made of some pieces, in its place inside a folder, where it is written; silently not, when the disk will not have
    it."""
    path = folder / inner
    temporary = folder / f".{path.name}.{os.getpid()}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "wb") as file:
            file.writelines(pieces)
        os.replace(temporary, path)
    except OSError:
        with suppress(OSError):
            temporary.unlink()


def sweep(folder: Path) -> None:
    """Removes what killed runs left of files that they ``put`` into a folder: what they were writing stands in it, not deeper."""
    with suppress(OSError):
        for name in filter(left_over, os.listdir(folder)):
            with suppress(OSError):
                os.unlink(folder / name)


def tidy(folder: Path, limit: int) -> None:
    """Removes what killed runs left, and the oldest files beyond so many bytes, down to three quarters of them."""
    rows = []
    for row in sorted(_rows(folder)):
        if not left_over(os.path.basename(row[2])):
            rows.append(row)
            continue
        with suppress(OSError):
            os.unlink(row[2])
    total = sum(size for _, size, _ in rows)
    if total <= limit:
        return
    for _, size, path in rows:
        if total <= limit * 3 // 4:
            break
        with suppress(OSError):
            os.unlink(path)
        total -= size


def _rows(folder: str | Path) -> Iterator[tuple[float, int, str]]:
    """When it was written, its size and path, of each file; thousands of them at the start of every render."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _rows(entry.path)
                continue
            with suppress(OSError):
                found = entry.stat()
                yield found.st_mtime, found.st_size, entry.path


def left_over(name: str) -> bool:
    """Whether a file was being written by a process that is no more."""
    process = name.rpartition(".")[2]
    if not name.startswith(".") or not process.isdecimal() or os.name == "nt":  # there, asking a process ends it
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
