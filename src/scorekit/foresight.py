"""What a song will want, seen in its text before anybody has understood it: work for a process that waits.

A guess costs nothing but time that would be lost, and changes nothing: bodies that are there already are not made again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scorekit import files
from scorekit.compiler.toml import Document, parse
from scorekit.render import effects
from scorekit.render.console import Line
from scorekit.render.effects import Tone
from scorekit.render.master import Hands
from scorekit.render.mix import DRUMMED
from scorekit.render.patches import PATCHES
from scorekit.render.voices import Bodies, Order
from scorekit.stage import Master, Sound, Strip


def begun(text: str, name: str, bodies: Bodies, hands: Hands | None = None) -> Iterator[None]:
    """Renders what a song will want, a little after each step: its room, its drums. Most of them are for another process, when
    there are more hands."""
    song = _parsed(text)
    orders = kit(song, name)
    theirs = len(orders) * 2 // 3 if hands is not None and hands.count > 1 else 0
    if hands is not None and theirs:
        hands.ahead(orders[:theirs], bodies)
    yield
    size, tone = (_number(_table(song, "master"), key, getattr(Master(), key), 1.0) for key in ("room", "tone"))
    if size is not None and tone is not None:
        effects.room(size, tone)
    for order in orders[theirs:]:
        yield
        bodies.get(*order)


def kit(song: dict[str, Any], name: str) -> list[Order]:
    """Bodies of the drums that a song's genre has; none when the song has drums of its own, or makes no sense."""
    genre = song.get("genre")
    if not isinstance(genre, str) or "drums" in _table(song, "parts"):
        return []
    found = files.load("genres", genre, name)
    drums = _table(_table(_parsed(found[1]), "mix"), "drums") if isinstance(found, tuple) else {}
    patch = PATCHES.get(str(drums.get("patch")))
    highpass, width = _number(drums, "hp", 0.0, 2_000.0), _number(drums, "width", 1.0, 2.0)
    if patch is None or highpass is None or width is None:
        return []
    given = _table(drums, "params")
    if any(not isinstance(value := given.get(p.name, p.default), (int, float)) or not p.low <= value <= p.high
           for p in patch.params):  # fmt: skip
        return []
    tone = Tone(highpass, patch.family, width)
    return Line("drums", patch, Sound(patch.name, tuple(given.items())), tone, Strip(), DRUMMED).orders()


def _parsed(text: str) -> dict[str, Any]:
    read = parse(text, "")
    return read.values if isinstance(read, Document) else {}  # somebody else tells


def _number(within: dict[str, Any], name: str, default: float, most: float) -> float | None:
    """A number that is not negative, nor too great."""
    value = within.get(name, default)
    return float(value) if isinstance(value, (int, float)) and 0.0 <= value <= most else None


def _table(within: dict[str, Any], name: str) -> dict[str, Any]:
    found = within.get(name)
    return found if isinstance(found, dict) else {}
