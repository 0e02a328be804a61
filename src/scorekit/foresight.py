"""What a song will want, seen in its text before anybody has understood it: work for a process that waits.

A guess costs nothing but time that would be lost, and changes nothing: bodies that are there already are not made again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scorekit import files
from scorekit.compiler.toml import Document, parse
from scorekit.render.console import Line
from scorekit.render.effects import Tone
from scorekit.render.patches import PATCHES
from scorekit.render.voices import Bodies, Order, Stroke
from scorekit.stage import Sound, Strip

_KICK, _SNARE = 36, 38
_STROKES = tuple(
    Stroke(10_000 * number, 1, pitch, velocity)
    for pitch in (_KICK, _SNARE) for number, velocity in enumerate((110,) * 4 + (80,) * 4)
)  # fmt: skip
"""What every groove is made of, firm and middling, each four times in a row: all rounds of it."""


def begun(text: str, name: str, bodies: Bodies) -> Iterator[None]:
    """Renders what a song will want, a little after each step."""
    for order in kit(text, name):
        yield
        bodies.get(*order)


def kit(text: str, name: str) -> list[Order]:
    """Bodies of the drums that a song's genre has; none when the song has drums of its own, or makes no sense."""
    song = _parsed(text)
    genre = song.get("genre")
    if not isinstance(genre, str) or "drums" in _table(song, "parts"):
        return []
    found = files.load("genres", genre, name)
    mix = _table(_parsed(found[1]), "mix") if isinstance(found, tuple) else {}
    drums, params = _table(mix, "drums"), _table(_table(mix, "drums"), "params")
    patch = PATCHES.get(str(drums.get("patch")))
    if patch is None:
        return []
    tone = Tone(float(drums.get("hp", 0.0)), patch.family, float(drums.get("width", 1.0)))
    return Line("drums", patch, Sound(patch.name, tuple(params.items())), tone, Strip(), _STROKES).orders()


def _parsed(text: str) -> dict[str, Any]:
    read = parse(text, "")
    return read.values if isinstance(read, Document) else {}  # somebody else tells


def _table(within: dict[str, Any], name: str) -> dict[str, Any]:
    found = within.get(name)
    return found if isinstance(found, dict) else {}
