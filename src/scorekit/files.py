"""Everything on disk: reading what people wrote, finding what is shipped, and replacing outputs as whole sets.

What can go wrong on a disk is no bug, so it comes back as a Diagnostic. Outputs are written beside their place under a
temporary name, flushed to the disk, and renamed all at once while a lock is held: a reader never sees half a file, and
what an earlier run left behind under a temporary name is swept by the next.
"""

from __future__ import annotations

import mmap
import os
import re
import stat
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from scorekit.draft import Draft, place
from scorekit.errors import Diagnostic, did_you_mean, printable
from scorekit.locks import Busy as Busy
from scorekit.locks import locked, remove, unlock

SPEC_LIMIT = 1 << 20
"""Most bytes in a song or genre file."""
MODEL_LIMIT = 64 << 20
"""Most bytes in a model file."""
TUNE_LIMIT = 1 << 20
"""Most bytes in a MIDI file that a song takes notes from."""
KINDS = ("genres", "models", "specs")
"""Folders of a project, and of what is shipped."""
_NAME = re.compile(r"[a-z0-9_-]{1,80}\Z")
_TEMPORARY, _OLD = ".part", ".old.part"
_PIECE = 1 << 24
"""Bytes written at a time."""
NOTHING: Mapping[str, Draft] = {}
"""No drafts."""
_SETTINGS = r"(?m)^[ \t]*\[[ \t]*(?:project|build-system|tool\.[^\]\n]+)\]"
"""What the settings of a Python project have, which stand in many a folder."""
_OTHER = r"(?m)^[ \t]*(?:\[[ \t]*genre[ \t]*\]|genre[ \t]*(?:\.|=[ \t]*\{))|\A(?:(?![ \t]*\[).*\n)*?[ \t]*name[ \t]*="
"""What a genre or a model has and a song has not: a table ``genre``, or a top-level ``name``."""


# -- reading -----------------------------------------------------------------------------------------------------------


def read_text(path: Path, limit: int = SPEC_LIMIT) -> str | Diagnostic:
    """The text of a regular file in UTF-8, or why it is refused."""
    from scorekit.compiler.text import decode

    data = read_bytes(path, limit, "a spec is a .toml file")
    return data if isinstance(data, Diagnostic) else decode(data, printable(str(path), 200), limit)


def read_bytes(path: Path, limit: int, kind: str = "") -> bytes | Diagnostic:
    """The bytes of a regular file, or why it is refused. Never waits: pipes and devices are not opened."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return _refusal(path, "is not a regular file", kind if path.is_dir() else "")
        # The file may have become something else by now: opened without waiting, and looked at again.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                return _refusal(path, "is not a regular file")
            if found.st_size > limit:
                return _refusal(path, f"is {found.st_size:,} bytes long", f"at most {limit:,} bytes")
            return file.read(limit + 1)
    except FileNotFoundError:
        return nowhere(path)
    except (OSError, ValueError) as error:
        return _refusal(path, f"cannot be read: {reason(error)}")


def nowhere(path: Path) -> Diagnostic:
    """There is no such file, but maybe one that was meant: beside it, or among the songs of the project."""
    return _refusal(path, "does not exist", _nearest(path))


def _nearest(path: Path) -> str:
    kind = path.suffix or ".toml"
    meant = path.with_suffix(kind).name
    found = locate("specs", path.stem, path) if kind == ".toml" else None
    if (path.parent / meant).is_file() or found is None:
        hint = did_you_mean(meant, [one.name for one in path.parent.glob(f"*{kind}")])
        hint = hint.replace("'", f"'{path.parent}{os.sep}", 1) if hint.startswith("did") and path.parent.name else hint
        return hint or f"looked for in {printable(os.path.abspath(path.parent), 200)}"
    return f"did you mean '{os.path.relpath(found)}'?"


def read_stdin(limit: int = SPEC_LIMIT) -> str | Diagnostic:
    """The text on standard input, or why it is refused."""
    from scorekit.compiler.text import decode

    if sys.stdin is None:
        return Diagnostic("file", "standard input is closed")
    try:
        return decode(sys.stdin.buffer.read(limit + 1), "<stdin>", limit)
    except OSError as error:
        return Diagnostic("file", f"standard input cannot be read: {reason(error)}")


def reason(error: OSError | ValueError) -> str:
    """Why the system refused, in its own words."""
    return (error.strerror if isinstance(error, OSError) else None) or printable(str(error)) or type(error).__name__


def _refusal(path: Path | str, what: str, hint: str = "") -> Diagnostic:
    return Diagnostic("file", f"{printable(str(path), 200)} {what}", hint=hint)


# -- finding -----------------------------------------------------------------------------------------------------------


def shipped(kind: str) -> Path | None:
    """The folder of genres, models or specs that came with scorekit: in the package, or in the checkout around it."""
    package = Path(__file__).resolve().parent
    for folder in (package / "_data" / kind, package.parents[1] / kind):
        if folder.is_dir() and (folder.parent.name == "_data" or (package.parents[1] / "pyproject.toml").is_file()):
            return folder
    return None


def project(beside: Path) -> Path:
    """The folder a file's project lives in: the nearest one, up to three above, that holds genres, models or specs."""
    near = Path(os.path.abspath(beside)).parent
    above = (near, *near.parents[:3])
    return next((folder for folder in above if any((folder / kind).is_dir() for kind in KINDS)), near)


def folders(kind: str, beside: Path | None = None) -> list[Path]:
    """Where a kind of file is looked for: the project of a song first (of the current folder), then what is shipped."""
    found = (project(beside or Path("song.toml")) / kind, shipped(kind))
    seen: dict[str, Path] = {}
    for folder in found:
        if folder is not None and folder.is_dir():
            seen.setdefault(os.path.realpath(folder), folder)
    return list(seen.values())


def known(kind: str, beside: Path | None = None) -> list[str]:
    """Names of all genres, models or specs that can be found, sorted."""
    names = {path.stem for folder in folders(kind, beside) for path in folder.glob("*.toml")}
    return sorted(name for name in names if _NAME.match(name))


def locate(kind: str, name: str, beside: Path | None = None) -> Path | None:
    """The file of a genre, model or spec, by its name."""
    if not _NAME.match(name):
        return None
    paths = (folder / f"{name}.toml" for folder in folders(kind, beside))
    return next((path for path in paths if path.is_file()), None)


def songs(paths: Sequence[str], others: bool = False) -> list[str] | Diagnostic:
    """Paths with every folder replaced by the songs in it; ``-`` and files stay as they are, each once.

    With ``others``, genres and models are taken out of folders too.
    """
    found: dict[str, None] = {}
    for path in paths:
        if not path:
            return Diagnostic("file", "the name of a song is empty", hint="name a song or a folder; this one is .")
        if path == "-" or not Path(path).is_dir():
            found[path] = None
            continue
        try:
            inside = sorted(str(entry) for entry in Path(path).glob("*.toml") if _meant(entry, others))
        except OSError as error:
            return _refusal(path, f"cannot be read: {reason(error)}")
        if not inside:
            return _refusal(path, "holds no songs", "a song is a .toml file with a line  genre = …")
        found.update(dict.fromkeys(inside))
    return list(found)


def _meant(path: Path, others: bool) -> bool:
    """Whether a file is a song, or may be meant as one; with ``others``, a genre or a model.

    A file with a mistake in it must not be passed over, so this looks for what only other files have.
    """
    text = read_text(path, MODEL_LIMIT if others else SPEC_LIMIT)
    return not isinstance(text, str) or not (re.search(_SETTINGS, text) or (not others and re.search(_OTHER, text)))


def state_folder() -> Path:
    """Where scorekit remembers things between runs: SCOREKIT_HOME, or the system's usual place."""
    if home := os.environ.get("SCOREKIT_HOME"):
        return Path(home)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "scorekit"


def load(kind: str, name: str, beside: str) -> tuple[str, str] | Diagnostic:
    """(file, text) of the genre, model or song that another file speaks of, by name or by a path from there.

    A MIDI file (kind ``tunes``) is always a path, and its text has one character for each byte.
    """
    near = Path(beside if beside.endswith(".toml") else "song.toml")
    if name.endswith(".toml") or kind == "tunes":
        path = Path(os.path.normpath(near.parent / name))
        if not Path(os.path.abspath(path)).is_relative_to(project(near)):
            return _refusal(path, "is outside the project", f"the project is {project(near)}")
    else:
        folder = {"songs": "specs"}.get(kind, kind)
        located = locate(folder, name, near) or (aliased(name, near) if kind == "genres" else None)
        if located is None:
            blind = (place / f"{name}.toml" for place in folders(folder, near) if _NAME.match(name))
            for one in blind:
                if os.path.lexists(one):
                    return _refusal(one, "leads nowhere" if one.is_symlink() else "is not a regular file")
            hint = did_you_mean(name, offered(folder, near)) or "a name, or a path from here that ends in .toml"
            return Diagnostic(kind, f"there is no {kind[:-1]} '{printable(name)}'", hint=hint)
        path = located
    if kind == "tunes":
        data = read_bytes(path, TUNE_LIMIT, "a tune is a .mid file")
        return data if isinstance(data, Diagnostic) else (str(path), data.decode("latin-1"))
    text = read_text(path, MODEL_LIMIT if kind == "models" else SPEC_LIMIT)
    return text if isinstance(text, Diagnostic) else (str(path), text)


def aliased(name: str, beside: Path) -> Path | None:
    """The file of a genre that is also called by this name."""
    also = ((path, _about(values).get("aliases", [])) for path, values in _genres(beside))
    return next((path for path, names in also if name.lower() in [str(one).lower() for one in names]), None)


def offered(kind: str, asker: Path) -> list[str]:
    """Names that the file ``asker`` may write: songs are not offered the bases that are shipped."""
    text = read_text(asker) if kind == "genres" else None
    if kind != "genres" or (isinstance(text, str) and re.search(_OTHER, text)):
        return known(kind, asker)
    # A base of the project is offered: it may be a genre that somebody is about to write.
    ours = shipped(kind)
    return [p.stem for p, values in _genres(asker) if p.parent.resolve() != ours or not values or playable(values)]


def playable(genre: Mapping[str, Any]) -> bool:
    """Whether songs can be in a genre, as far as its own file tells: it has a form, or extends what may have one."""
    return "form" in genre or "extends" in _about(genre)


def _genres(beside: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Every genre that can be found: its file and what that says, nothing when it is broken."""
    from scorekit.compiler.toml import Document, parse

    for path in filter(None, (locate("genres", name, beside) for name in known("genres", beside))):
        text = read_text(path)
        read = parse(text, path.stem) if isinstance(text, str) else None
        yield path, read.values if isinstance(read, Document) else {}


def _about(genre: Mapping[str, Any]) -> Mapping[str, Any]:
    said = genre.get("genre")
    return said if isinstance(said, Mapping) else {}


# -- writing -----------------------------------------------------------------------------------------------------------


def slug(text: str, otherwise: str = "song") -> str:
    """A file name made of a title: lower-case letters of whatever script, digits, - and _; never a path."""
    plain = "".join(map(_folded, unicodedata.normalize("NFC", text))).lower()
    parts = "".join(
        char if char.isalnum() or char == "_" or unicodedata.category(char)[0] == "M" else "-" for char in plain
    )
    return re.sub("-+", "-", parts).strip("-").encode()[:80].decode(errors="ignore").rstrip("-") or otherwise


def _folded(char: str) -> str:
    """A character without its accent where it is one of the Latin alphabet, others as they are."""
    latin = unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
    return latin if latin.strip() else char


def create(path: Path, text: str) -> Diagnostic | None:
    """Writes a new text file; never over one that exists. Why not, when it cannot be done."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        return _refusal(path, "exists already", "give it another name; nothing was changed")
    except OSError as error:
        return unwritten(error, path)
    return None


def unwritten(error: OSError, place: Path, more: str = "") -> Diagnostic:
    """Why something cannot be written at a place, told of what people named and not of what stands beside it meanwhile."""
    where = Path(error.filename or place)
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        return _refusal(where, "cannot be written: a file is where a folder is wanted", more)
    if where.name.endswith(".lock"):
        where = where.parent
    elif where.name.endswith(_TEMPORARY):
        where = where.with_name(where.name.partition("~")[2].removesuffix(_TEMPORARY))
    return _refusal(where, f"cannot be written: {reason(error)}", more)


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

    When new files still wait beside old ones that were kept, a set was being replaced: then the old set is put back.
    """
    left = []
    for here in (folder, folder / name):
        with suppress(OSError):
            names = os.listdir(here)
            left += [here / one for one in names if one.startswith(f".{name}~") and one.endswith(_TEMPORARY)]
    old = [path for path in left if path.name.endswith(_OLD)]
    for path in old if len(old) < len(left) else ():
        os.replace(path, path.with_name(path.name.removeprefix(f".{name}~").removesuffix(_OLD)))
    for path in left:
        path.unlink(missing_ok=True)


def replace_all(
    folder: Path, name: str, outputs: Mapping[str, bytes | memoryview], drafts: Mapping[str, Draft] = NOTHING
) -> Diagnostic | None:
    """Writes a set of outputs (path inside the folder, content), all or none; why not, when it cannot be done.

    To be called inside ``claim(folder, name)``. Whatever happens, each file is afterwards whole: the old or the new.
    Numbered part files of ``name/`` that are not in the set are from an older band and go. Of an output that has a
    draft, only what changed is written.
    """
    staged: dict[Path, Path] = {}
    try:
        for inner, data in outputs.items():
            target = folder / inner
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_dir():
                return _refusal(target, "is a folder, where a file is to be written")
            staged[target] = target.parent / f".{name}~{target.name}{_TEMPORARY}"
            if not place(staged[target], data) and (
                inner not in drafts or not drafts[inner].place(staged[target], data)
            ):
                _write(staged[target], data)
        _swap(staged, name)
        _drop_older(folder / name, set(staged))
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


def _swap(staged: Mapping[Path, Path], name: str) -> None:
    """Renames every staged file into its place; puts the old ones back when one fails."""
    kept = {target: _keep(target, name) for target in staged}
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
    for folder in {target.parent for target in staged}:
        _flush_folder(folder)


def _keep(target: Path, name: str) -> Path | None:
    """A second name for the old file until all of its set are replaced; None when there is no old file."""
    kept = target.parent / f".{name}~{target.name}{_OLD}"
    kept.unlink(missing_ok=True)
    try:
        os.link(target, kept)
    except FileNotFoundError:
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
