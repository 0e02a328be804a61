"""What is on disk: reading what people wrote, finding what is shipped, and what files are called.

What can go wrong on a disk is no bug, so it comes back as a Diagnostic.
"""

from __future__ import annotations

import os
import re
import stat
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from scorekit.errors import Diagnostic, did_you_mean, printable

SPEC_LIMIT = 1 << 20
"""Most bytes in a song or genre file."""
MODEL_LIMIT = 64 << 20
"""Most bytes in a model file."""
TUNE_LIMIT = 1 << 20
"""Most bytes in a MIDI file that a song takes notes from."""
KINDS = ("genres", "models", "specs")
"""Folders of a project, and of what is shipped."""
_NAME = re.compile(r"[a-z0-9_-]{1,80}\Z")
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
            return refusal(path, "is not a regular file", kind if path.is_dir() else "")
        # The file may have become something else by now: opened without waiting, and looked at again.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                return refusal(path, "is not a regular file")
            if found.st_size > limit:
                return refusal(path, f"is {found.st_size:,} bytes long", f"at most {limit:,} bytes")
            return file.read(limit + 1)
    except FileNotFoundError:
        return nowhere(path)
    except (OSError, ValueError) as error:
        return refusal(path, f"cannot be read: {reason(error)}")


def nowhere(path: Path) -> Diagnostic:
    """There is no such file, but maybe one that was meant: beside it, or among the songs of the project."""
    return refusal(path, "does not exist", _nearest(path))


def _nearest(path: Path) -> str:
    kind = path.suffix or ".toml"
    meant = path.with_suffix(kind).name
    found = locate("specs", path.stem, path) if kind == ".toml" else None
    if (path.parent / meant).is_file() or found is None:
        there = {one.stem: one.name for one in path.parent.glob(f"*{kind}")}
        hint = did_you_mean(path.stem, there)  # by names alone: any two have an ending in common
        if hint.startswith("did"):
            beside = f"{path.parent}{os.sep}" if path.parent.name else ""
            return hint.replace("'", f"'{beside}", 1).replace("'?", f"{kind}'?")
        if hint:
            return f"known: {', '.join(sorted(there.values()))}"
        return f"looked for in {printable(os.path.abspath(path.parent), 200)}"
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


def refusal(path: Path | str, what: str, hint: str = "") -> Diagnostic:
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
            return refusal(path, f"cannot be read: {reason(error)}")
        if not inside:
            return refusal(path, "holds no songs", "a song is a .toml file with a line  genre = …")
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
            return refusal(path, "is outside the project", f"the project is {project(near)}")
    else:
        folder = {"songs": "specs"}.get(kind, kind)
        located = locate(folder, name, near) or (aliased(name, near) if kind == "genres" else None)
        if located is None:
            blind = (place / f"{name}.toml" for place in folders(folder, near) if _NAME.match(name))
            for one in blind:
                if os.path.lexists(one):
                    return refusal(one, "leads nowhere" if one.is_symlink() else "is not a regular file")
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


# -- names -------------------------------------------------------------------------------------------------------------


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
