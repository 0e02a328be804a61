"""Where every key and value of a TOML text stands, by its location: ``("form", 0, "sections", 2)``.

Needed only to print a mistake or an explanation, so the parser behind it is imported only then.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from tree_sitter import Node

Location = tuple[str | int, ...]
Extent = tuple[int, int]
"""First character and the one after the last."""

_HEADERS = ("table", "table_array_element")
_KEYS = ("bare_key", "quoted_key", "dotted_key")


class Place(Struct, frozen=True):
    """Where a key was first written, and its value (for a table: its header's key)."""

    key: Extent
    value: Extent


class Positions(Struct):
    """The places of a text, and keys that were written twice (location, second place)."""

    places: dict[Location, Place] = field(default_factory=dict)
    twice: list[tuple[Location, Place]] = field(default_factory=list)
    counts: dict[Location, int] = field(default_factory=dict)


def positions(text: str) -> Positions:
    """Read the places of all keys and values of a text."""
    import tree_sitter
    import tree_sitter_toml

    data = text.encode()
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_toml.language()))
    walk = _Walk(data, Positions())
    walk.document(parser.parse(data).root_node)
    return walk.found


class _Walk:
    """One pass over a syntax tree."""

    def __init__(self, data: bytes, found: Positions) -> None:
        self.data, self.found = data, found
        self.characters = _Characters(data)

    def document(self, root: Node) -> None:
        tables: set[Location] = set()
        for node in root.named_children:
            if node.type == "pair":
                self.pair(node, ())
            elif node.type in _HEADERS:
                where = self.header(node, tables)
                for child in node.named_children:
                    if child.type == "pair":
                        self.pair(child, where)

    def header(self, node: Node, tables: set[Location]) -> Location:
        """The location a table's header opens."""
        keys = [child for child in node.named_children if child.type in _KEYS]
        where: Location = ()
        parts = list(self.parts(keys[0])) if keys else []
        for index, (name, extent) in enumerate(parts):
            where = (*where, name)
            self.place(where, extent, extent)
            last = index == len(parts) - 1
            if last and node.type == "table_array_element":
                self.found.counts[where] = self.found.counts.get(where, 0) + 1
            elif last and where in tables:
                self.found.twice.append((where, Place(extent, extent)))
            elif last:
                tables.add(where)
            if where in self.found.counts:
                where = (*where, self.found.counts[where] - 1)
                self.place(where, extent, extent)
        return where

    def pair(self, node: Node, base: Location) -> None:
        """Note the places of a key, its value, and all inside it."""
        named = [child for child in node.named_children if child.type != "comment"]
        if len(named) < 2 or named[0].type not in _KEYS:
            return
        where, value = base, named[-1]
        parts = list(self.parts(named[0]))
        for index, (name, extent) in enumerate(parts):
            where = (*where, name)
            if index < len(parts) - 1:
                self.place(where, extent, extent)
            elif where in self.found.places:
                self.found.twice.append((where, Place(extent, self.extent(value))))
            else:
                self.place(where, extent, self.extent(value))
        self.value(value, where)

    def value(self, node: Node, where: Location) -> None:
        if node.type == "inline_table":
            for child in node.named_children:
                if child.type == "pair":
                    self.pair(child, where)
        elif node.type == "array":
            items = [child for child in node.named_children if child.type != "comment"]
            for index, child in enumerate(items):
                self.place((*where, index), self.extent(child), self.extent(child))
                self.value(child, (*where, index))

    def place(self, where: Location, key: Extent, value: Extent) -> None:
        self.found.places.setdefault(where, Place(key, value))

    def parts(self, node: Node) -> Iterator[tuple[str, Extent]]:
        """The names of a dotted key, with their places."""
        if node.type == "dotted_key":
            for child in node.named_children:
                yield from self.parts(child)
        else:
            raw = (node.text or b"").decode()
            yield (raw if node.type == "bare_key" else unquoted(raw)), self.extent(node)

    def extent(self, node: Node) -> Extent:
        return self.characters.before(node.start_byte), self.characters.before(node.end_byte)


class _Characters:
    """Byte offsets to character offsets, quick for text that is all ASCII."""

    def __init__(self, data: bytes) -> None:
        self.wide = [] if data.isascii() else [i for i, byte in enumerate(data) if byte & 0xC0 == 0x80]

    def before(self, offset: int) -> int:
        """How many characters stand before a byte."""
        return offset - bisect_right(self.wide, offset - 1)


def unquoted(raw: str) -> str:
    """A quoted key as it is meant."""
    try:
        return str(tomllib.loads(f"k = {raw}")["k"])
    except (tomllib.TOMLDecodeError, KeyError):
        return raw


def inside(raw: str, offset: int) -> int:
    """How far into the source of a string value its character number ``offset`` stands."""
    quotes = next((q for q in ('"""', "'''", '"', "'") if raw.startswith(q)), "")
    at, end = len(quotes), max(len(raw) - len(quotes), len(quotes))
    if len(quotes) == 3 and raw.startswith("\n", at):
        at += 1
    escaped = quotes[:1] == '"'
    for _ in range(offset):
        if at >= end:
            break
        at = _next(raw, _joined(raw, at, end) if escaped else at, escaped)
    return min(_joined(raw, at, end) if escaped else at, max(end - 1, len(quotes)))


def _joined(raw: str, at: int, end: int) -> int:
    """The place after a backslash that ends a line, and the blanks it swallows."""
    while at < end and raw[at] == "\\" and raw[at + 1 : at + 2] in ("\n", " ", "\t"):
        rest = raw[at + 1 : end]
        at += 1 + len(rest) - len(rest.lstrip(" \t\n"))
    return at


def _next(raw: str, at: int, escaped: bool) -> int:
    if not escaped or raw[at : at + 1] != "\\":
        return at + 1
    return at + {"u": 6, "U": 10, "x": 4}.get(raw[at + 1 : at + 2], 2)
