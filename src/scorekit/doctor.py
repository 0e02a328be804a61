"""Whether this machine can render: what is installed, what is found, and what may be written."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module, metadata
from pathlib import Path

from msgspec import Struct

import scorekit
from scorekit import files

LIBRARIES = {
    "numpy": "numpy", "msgspec": "msgspec", "pydantic": "pydantic", "typer": "typer", "mido": "mido", "soundfile": "soundfile",
    "pretty_midi": "pretty_midi", "tomli-w": "tomli_w", "tree-sitter": "tree_sitter",
    "tree-sitter-toml": "tree_sitter_toml", "watchfiles": "watchfiles", "spotipy": "spotipy",
}  # fmt: skip
"""Packages scorekit needs, and the modules they bring."""
_SOUNDFONTS = ("/usr/share/sounds/sf2", "/usr/share/sounds/sf3", "/usr/share/soundfonts", "~/.local/share/soundfonts",
               "~/Library/Audio/Sounds/Banks")  # fmt: skip


class Finding(Struct, frozen=True):
    """One thing looked at: ``ok``, ``note`` (works without it), or ``bad``."""

    name: str
    state: str
    words: str


def examine(out: Path) -> list[Finding]:
    """Everything looked at, in the order it is shown."""
    return [*_machine(), *_libraries(), *_data(), *_places(out), *_soundfonts()]


def _machine() -> Iterator[Finding]:
    yield Finding("scorekit", "ok", f"{scorekit.__version__} in {Path(__file__).parent}")
    good = sys.version_info >= (3, 11)
    yield Finding("python", "ok" if good else "bad", f"{platform.python_version()} ({sys.executable})")
    yield Finding("system", "ok", f"{platform.system()} {platform.machine()}, {os.cpu_count() or 1} processors")


def _libraries() -> Iterator[Finding]:
    """Each is really imported: a wheel whose native library does not load is a common trouble."""
    for package, module in LIBRARIES.items():
        try:
            import_module(module)
            yield Finding(package, "ok", metadata.version(package))
        except Exception as error:  # whatever a broken installation raises is the finding
            yield Finding(package, "bad", f"cannot be imported: {type(error).__name__}: {error}")


def _data() -> Iterator[Finding]:
    for kind in files.KINDS:
        found = files.folders(kind)
        names = files.known(kind)
        state = "ok" if names else "bad" if kind == "genres" else "note"
        where = ", ".join(str(folder) for folder in found) or "no folder found"
        yield Finding(kind, state, f"{len(names)} in {where}" if found else where)


def _places(out: Path) -> Iterator[Finding]:
    for name, folder, state in (("outputs", out, "bad"), ("state", files.state_folder(), "note")):
        trouble = unwritable(folder)
        words = f"{folder} can be written" if trouble is None else f"{folder} cannot be written: {trouble}"
        yield Finding(name, "ok" if trouble is None else state, words)


def unwritable(folder: Path) -> str | None:
    """Why a folder, or the nearest one above it that exists, takes no files; None when it does."""
    place = Path(os.path.abspath(folder))
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"scorekit")
    except OSError as error:
        return files.reason(error)
    return None


def _soundfonts() -> Iterator[Finding]:
    if program := shutil.which("fluidsynth"):
        yield Finding("fluidsynth", "ok", _fluidsynth(program))
    else:
        yield Finding("fluidsynth", "note", "not found, not needed")
    places = (Path(place).expanduser() for place in _SOUNDFONTS)
    fonts = sorted(str(path) for place in places for path in place.glob("*.sf[23]"))
    yield Finding("soundfonts", "ok" if fonts else "note", ", ".join(fonts) or "none found, none needed")


def _fluidsynth(program: str) -> str:
    try:
        told = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return f"{program} does not answer"
    number = next((word for line in told.stdout.splitlines() for word in line.split() if word[:1].isdigit()), "")
    return f"{number} ({program})".strip()
