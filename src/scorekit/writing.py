"""What is written: new files, and outputs replaced as whole sets.

What can go wrong on a disk is no bug, so it comes back as a Diagnostic. Outputs are written beside their place under a
temporary name, flushed to the disk, and renamed all at once while a lock is held: a reader never sees half a file, and
what an earlier run left behind under a temporary name is swept by the next. Two renames are two steps of the system, and
a process can be killed between them; so a set of several files is renamed by a process that is not killed with its render.
That one is there before the disk is waited for, and the lock is free when all files are in place.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path

from scorekit.aside import sworn
from scorekit.draft import Draft, place
from scorekit.errors import Diagnostic
from scorekit.files import reason, refusal
from scorekit.locks import Busy as Busy
from scorekit.locks import locked, remove, unlock

_TEMPORARY, _OLD, _NEW = ".part", ".old.part", ".new.part"
_PIECE = 1 << 24
"""Bytes written at a time."""
NOTHING: Mapping[str, Draft] = {}
"""No drafts."""


def create(path: Path, text: str) -> Diagnostic | None:
    """Writes a new text file, the whole of it; never over one that exists. Why not, when it cannot be done."""
    begun = False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "x", encoding="utf-8", newline="\n") as file:
            begun = True
            file.write(text)
    except FileExistsError:
        return refusal(path, "exists already", "give it another name; nothing was changed")
    except OSError as error:
        if begun:
            with suppress(OSError):
                path.unlink()
        return unwritten(error, path)
    return None


def unwritten(error: OSError, place: Path, more: str = "") -> Diagnostic:
    """Why something cannot be written at a place, told of what people named and not of what stands beside it meanwhile."""
    where = Path(error.filename or place)
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        return refusal(where, "cannot be written: a file is where a folder is wanted", more)
    if where.name.endswith(".lock"):
        where = where.parent
    elif where.name.endswith(_TEMPORARY):
        where = where.with_name(where.name.partition("~")[2].removesuffix(_TEMPORARY))
    return refusal(where, f"cannot be written: {reason(error)}", more)


@contextmanager
def claim(folder: Path, name: str) -> Iterator[None]:
    """Holds the outputs of one name in a folder for this process alone; Busy when another one has them.

    The lock dies with its process, so a killed run blocks nobody. OSError when the folder cannot be made or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f".{name}.lock"
    with locked(path) as descriptor:
        _sweep(folder, name)
        unlock(folder / f".{name}.watch.lock")
        try:
            yield
        finally:
            remove(path, descriptor)


def _sweep(folder: Path, name: str) -> None:
    """Removes what was left under temporary names, by a killed run or by this one.

    When new files still wait beside names that were kept, a set was being replaced: then the old set is put back.
    """
    left = []
    for here in (folder, folder / name):
        with suppress(OSError):
            names = os.listdir(here)
            left += [here / one for one in names if one.startswith(f".{name}~") and one.endswith(_TEMPORARY)]
    kept = [path for path in left if path.name.endswith((_OLD, _NEW))]
    for path in kept if len(kept) < len(left) else ():
        target = path.with_name(path.name.removeprefix(f".{name}~").removesuffix(_OLD).removesuffix(_NEW))
        if path.name.endswith(_OLD):
            os.replace(path, target)
        elif target.exists() and path.samefile(target):
            target.unlink()
    for path in left:
        path.unlink(missing_ok=True)


def replace_all(
    folder: Path, name: str, outputs: Mapping[str, bytes | memoryview], drafts: Mapping[str, Draft] = NOTHING
) -> Diagnostic | None:
    """Writes a set of outputs (path inside the folder, content), all or none; why not, when it cannot be done.

    To be called inside ``claim(folder, name)``. Whatever happens, each file is afterwards whole: the old or the new. Whoever
    kills the run finds all old or all new ones as soon as nobody holds the claim; when the whole machine stops, whoever claims
    them next.
    Numbered part files of ``name/`` that are not in the set are from an older band and go. Of an output that has a
    draft, only what changed is written.
    """
    staged: dict[Path, Path] = {}
    try:
        for target in map(folder.joinpath, outputs):
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_dir():
                return refusal(target, "is a folder, where a file is to be written")
            staged[target] = target.parent / f".{name}~{target.name}{_TEMPORARY}"
        swap = partial(_swap, staged, name, folder)
        with sworn(swap) if len(staged) > 1 else nullcontext(swap) as swapped:  # ready while the disk is waited for
            for (inner, data), temporary in zip(outputs.items(), staged.values(), strict=True):
                if not place(temporary, data) and (inner not in drafts or not drafts[inner].place(temporary, data)):
                    _write(temporary, data)
            swapped()
    except OSError as error:
        return unwritten(error, folder, "nothing was changed")
    finally:
        with suppress(OSError):
            _sweep(folder, name)
    return None


def _write(path: Path, data: bytes | memoryview) -> None:
    """A new file, on the disk before this returns."""
    try:
        with open(path, "wb") as file:
            for at in range(0, len(data), _PIECE):
                file.write(data[at : at + _PIECE])
                let_go(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        error.filename = error.filename or str(path)  # a full disk names no file by itself
        raise


def let_go(data: bytes | memoryview) -> None:
    """Lets the pages of a mapped file leave this process; what was written to them is kept by the system."""
    mapped = data.obj if isinstance(data, memoryview) else None
    if isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)


def _swap(staged: Mapping[Path, Path], name: str, folder: Path) -> None:
    """Renames every staged file into its place, and parts of an older band go; puts the old ones back when one fails."""
    kept = {target: _keep(target, temporary, name) for target, temporary in staged.items()}
    done: list[Path] = []
    try:
        for target, temporary in staged.items():
            done.append(target)
            os.replace(temporary, target)
    except BaseException:
        for target in reversed(done):
            if (old := kept[target]) is not None:
                os.replace(old, target)  # two names of one file: this leaves both, and the sweep takes the other
            elif not staged[target].exists():
                target.unlink(missing_ok=True)
        raise
    _drop_older(folder / name, set(staged))
    for here in {target.parent for target in staged}:
        _flush_folder(here)


def _keep(target: Path, staged: Path, name: str) -> Path | None:
    """A second name for the old file until all of its set are replaced; None when there is no old file: then the new one has
    a second name, which says that it is to go when its set does not become whole."""
    kept = target.parent / f".{name}~{target.name}{_OLD}"
    kept.unlink(missing_ok=True)
    try:
        os.link(target, kept)
    except FileNotFoundError:
        with suppress(OSError):
            os.link(staged, target.parent / f".{name}~{target.name}{_NEW}")
        return None
    except OSError:  # a file system without hard links
        import shutil  # here, as it loads three ways to pack files

        half = kept.with_name(f".{name}~{target.name}.copy{_TEMPORARY}")
        shutil.copy2(target, half)
        os.replace(half, kept)
    return kept


def _drop_older(folder: Path, fresh: set[Path]) -> None:
    """Removes numbered part files that a band of other parts left, of the kinds just written."""
    kinds = {path.suffix for path in fresh if path.parent == folder}
    if not kinds:
        return
    from scorekit.score import PARTS

    for path in folder.glob("[0-9][0-9]-*.*"):
        if path not in fresh and path.suffix in kinds and path.stem[3:] in PARTS:
            path.unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    """The renames themselves on the disk, where the system can do that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
