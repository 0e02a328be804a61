"""Key paths: ``drums.groove[pocket].rows.kick``, ``form.0.sections.2``, ``sections."chorus/2".chords``.

An item of a list of tables is named by its ``id`` where all items have one, so a path means the same in every layer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

Step = str | int
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_NEEDS_BACKSLASH, _BACKSLASHED = re.compile(r"([\\\]])"), r"\\\1"
_PIECE = re.compile(r'\.?(?:"((?:[^"\\]|\\.)*)"|\[((?:[^\]\\]|\\.)*)\]|([^.\[\]"]+))')


@lru_cache(maxsize=4096)
def quoted(key: str) -> str:
    """A key as TOML writes it: bare where it may be."""
    return key if _BARE.fullmatch(key) else '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


def join(base: str, *keys: Step) -> str:
    """A path with more keys after it."""
    for key in keys:
        name = quoted(key) if isinstance(key, str) else str(key)
        base = f"{base}.{name}" if base else name
    return base


def item(base: str, index: int, name: str | None) -> str:
    """The path of an item of a list: by name, or by index when it has none."""
    return f"{base}.{index}" if name is None else f"{base}[{_NEEDS_BACKSLASH.sub(_BACKSLASHED, name)}]"


def identified(values: object) -> bool:
    """Whether a list is one of tables that all have an ``id``."""
    if not isinstance(values, (list, tuple)) or not values:
        return False
    return all(isinstance(v, Mapping) and _id(v) for v in values)


def _id(table: Mapping[str, Any]) -> bool:
    return isinstance(table.get("id"), str)


def steps(path: str) -> Iterator[tuple[str, str]]:
    """The pieces of a path, each with its kind: ``key`` or ``id``."""
    for match in _PIECE.finditer(path):
        quote, name, bare = match.groups()
        if name is not None:
            yield "id", re.sub(r"\\(.)", r"\1", name)
        else:
            yield "key", bare if quote is None else re.sub(r"\\(.)", r"\1", quote)


def every(values: object, path: str = "") -> Iterator[str]:
    """The paths of all values, in order."""
    if path:
        yield path
    if isinstance(values, dict):
        for key, value in values.items():
            yield from every(value, join(path, key))
    elif isinstance(values, list):
        named = identified(values)
        for index, value in enumerate(values):
            yield from every(value, item(path, index, value["id"] if named else None))


def spelled(values: object, location: Sequence[Step]) -> str:
    """The path of a location given as keys and indices, by looking it up in the values."""
    path = ""
    for step in location:
        if isinstance(step, int) and isinstance(values, Sequence) and not isinstance(values, str):
            name = values[step]["id"] if identified(values) and step < len(values) else None
            path = item(path, step, name)
            values = values[step] if step < len(values) else None
        else:
            path = join(path, step)
            values = values.get(step) if isinstance(values, Mapping) else None
    return path


def around(path: str) -> str:
    """The path of the table or list that holds a path."""
    if path.endswith("]"):
        return path[: path.rindex("[")]
    if path.endswith('"'):
        return path[: path.rindex('"', 0, -1)].rstrip(".")
    return path.rpartition(".")[0]
