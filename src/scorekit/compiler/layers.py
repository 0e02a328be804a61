"""Values from several files laid over each other: defaults under genre under song under command line.

Tables merge. Lists of tables whose items have an ``id`` merge by it, and ``drop = ["id"]`` beside them takes items out.
Everything else replaces. Who wrote a value, and what it beat, is remembered by key path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

from msgspec import Struct, ValidationError, convert, field
from msgspec.structs import replace

from scorekit.compiler.keypath import around, every, identified, item, join
from scorekit.compiler.tables import Table
from scorekit.compiler.text import point
from scorekit.compiler.toml import Document, locate, parse
from scorekit.errors import Diagnostic, Problem, Span, did_you_mean, printable

Spec = TypeVar("Spec", bound=Table)
Load = Callable[[str, str], "Document | Diagnostic"]
"""Finds a file by the name it is extended by, and the file that says so."""

MAX_CHAIN = 16
MAX_TOLD = 100
"""Most mistakes told of one file."""


class Layer(Struct, frozen=True):
    """The values of one file, or of one table in it (``under``) that speaks about another kind of file."""

    document: Document
    values: dict[str, Any]
    under: str = ""

    @property
    def name(self) -> str:
        """The file, or the option, it comes from."""
        return self.document.file

    def within(self, key: str) -> Layer:
        """One of its tables as a layer of its own: ``override`` of a song, over the genre."""
        table = self.values.get(key)
        return Layer(self.document, table if isinstance(table, dict) else {}, join(self.under, key))

    def span(self, path: str, offset: int | None = None, width: int = 1, on_key: bool = False) -> Span:
        """Where a path of this layer stands in its file."""
        full = f"{self.under}.{path}" if self.under and path else self.under or path
        return self.document.span(full, offset, width, on_key)


class Wrote(Struct, frozen=True):
    """Somebody wrote a value for a key."""

    layer: Layer
    path: str
    value: Any

    @property
    def name(self) -> str:
        """The file, or the option, it was written in."""
        return self.layer.name

    @property
    def span(self) -> Span:
        """Where it was written."""
        return self.layer.span(self.path)


class Layered(Struct, frozen=True, dict=True):
    """The values that hold, and the layers they come from."""

    values: dict[str, Any] = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()

    @cached_property
    def written(self) -> dict[str, tuple[Wrote, ...]]:
        """What was written at any path, also at those that hold no longer: found by laying the layers once more."""
        pile = _Pile(tells=True)
        pile.laid(self.layers, {})
        return pile.written

    @cached_property
    def history(self) -> dict[str, tuple[Wrote, ...]]:
        """Everybody who wrote the values that hold, by their paths; the last one won."""
        kept = set(every(self.values))
        return {path: wrote for path, wrote in self.written.items() if path in kept}

    def winner(self, path: str) -> Wrote | None:
        """Who wrote the value that holds at a path, or at the nearest place around it."""
        while path:
            if path in self.written and locate(self.values, path)[1]:
                return self.written[path][-1]
            path = around(path)
        return None

    def span(self, path: str, offset: int | None = None, width: int = 1, on_key: bool = False) -> Span | None:
        """Where the value that holds was written; the start of the last file when nobody wrote it."""
        winner = self.winner(path)
        layer = winner.layer if winner else self.layers[-1] if self.layers else None
        return layer.span(path, offset, width, on_key) if layer else None

    def diagnose(self, found: Problem) -> Diagnostic:
        """A mistake at a key path as one at a place in a file."""
        path = self.told_at(found)
        span = self.span(path, found.offset, found.width, found.on_key)
        if span and found.code == "missing":
            span = replace(span, width=1)
        return Diagnostic(found.code, found.message, span, found.hint, path, found.severity)

    def told_at(self, found: Problem) -> str:
        """The path at which a mistake is told: of values that do not go together, the one written furthest up."""
        return max((found.path, *found.beside), key=self.rank) if found.beside else found.path

    def rank(self, path: str) -> int:
        """How far up the layer lies that wrote a value; -1 when nobody did."""
        winner = self.winner(path)
        return self.layers.index(winner.layer) if winner else -1


# -- laying over each other --------------------------------------------------------------------------------------------


NOTHING = Layered()
"""No values from nowhere."""


def stack(layers: Sequence[Layer], ground: Layered = NOTHING) -> tuple[Layered, list[Diagnostic]]:
    """Lay layers over each other and over what is laid already, the last on top; also what they say that cannot be done."""
    if not layers:
        return ground, []
    pile = _Pile(tells=False)
    values = pile.laid(layers, ground.values)
    if pile.wrong:
        pile = _Pile(tells=True)
        pile.laid(layers, ground.values)
    return Layered(values, (*ground.layers, *layers)), pile.wrong


class _Pile:
    """Merges layer by layer. If it ``tells``, it remembers who wrote what, and knows the path of what is wrong; which takes three
    times as long, and nobody asks for it of files that are right."""

    def __init__(self, tells: bool) -> None:
        self.tells = tells
        self.written: dict[str, tuple[Wrote, ...]] = {}
        self.wrong: list[Diagnostic] = []

    def laid(self, layers: Sequence[Layer], values: dict[str, Any]) -> dict[str, Any]:
        """The values with those of some layers over them."""
        for layer in layers:
            values = self.table(values, layer.values, "", layer)
        return values

    def under(self, path: str, key: str) -> str:
        """A path with a key after it; of one that nobody will read the first key alone."""
        return join(path, key) if self.tells or not path else path

    def table(self, base: Mapping[str, Any], over: Mapping[str, Any], path: str, layer: Layer) -> dict[str, Any]:
        merged = dict(base)
        lists = "drop" in over and any(identified(value) for value in (*base.values(), *over.values()))
        if lists and _dropping(path, over.get("drop")):
            merged = self.dropped(merged, over["drop"], self.under(path, "drop"), layer)
        for key, value in over.items():
            if key != "drop" or not lists or not _dropping(path, value):
                merged[key] = self.value(merged.get(key), value, self.under(path, key), layer)
        return merged

    def value(self, base: Any, over: Any, path: str, layer: Layer) -> Any:
        if self.tells:
            self.wrote(layer, path, over)
        if isinstance(over, dict):
            return self.table(base if isinstance(base, dict) else {}, over, path, layer)
        if not isinstance(over, list):
            return over
        if identified(over):
            return self.items(base if identified(base) else [], over, path, layer)
        places = (item(path, index, None) if self.tells else path for index in range(len(over)))
        return [self.value(None, one, place, layer) for one, place in zip(over, places, strict=True)]

    def wrote(self, layer: Layer, path: str, value: Any) -> None:
        self.written[path] = (*self.written.get(path, ()), Wrote(layer, path, value))

    def items(self, base: list[dict[str, Any]], over: list[dict[str, Any]], path: str, layer: Layer) -> list[Any]:
        merged = {one["id"]: one for one in base}
        seen: set[str] = set()
        for index, one in enumerate(over):
            name = one["id"]
            if name in seen:
                span = layer.span(item(path, index, None) + ".id")
                told = f"'{printable(name)}' is written twice in {path}"
                self.wrong.append(Diagnostic("id", told, span, "give each its own id", path))
            seen.add(name)
            where = item(path, index, name) if self.tells else path
            if self.tells:
                self.wrote(layer, where, one)
            merged[name] = self.table(merged.get(name, {}), one, where, layer)
        return list(merged.values())

    def dropped(self, table: dict[str, Any], names: list[str], path: str, layer: Layer) -> dict[str, Any]:
        lists = {key: value for key, value in table.items() if identified(value)}
        known = {one["id"] for value in lists.values() for one in value}
        for index, name in enumerate(names):
            if name not in known:
                told = f"nothing called '{printable(name)}' to drop"
                self.wrong.append(
                    Diagnostic("drop", told, layer.span(f"{path}.{index}"), did_you_mean(name, known), path)
                )
        return table | {key: [one for one in value if one["id"] not in names] for key, value in lists.items()}


def _dropping(path: str, value: object) -> bool:
    """Whether ``drop`` is meant for the lists beside it; in a song's ``override`` it is meant for the genre's."""
    listed = isinstance(value, list) and all(isinstance(name, str) for name in value)
    return listed and path.split(".")[0] != "override"


# -- files that start from other files ---------------------------------------------------------------------------------


def chain(document: Document, load: Load) -> tuple[tuple[Layer, ...], list[Diagnostic]]:
    """A file and all it extends as layers, the ground first. A file met twice is laid once, where it was met first."""
    links = _Links(load)
    links.follow(document, ())
    return tuple(Layer(one, one.values) for one in links.found), links.wrong


def resolve(document: Document, load: Load, *over: Layer) -> tuple[Layered, list[Diagnostic]]:
    """A file laid over all it extends, and more layers on top of it."""
    layers, broken = chain(document, load)
    layered, wrong = stack((*layers, *over))
    return layered, broken + wrong


class _Links:
    """Follows ``extends`` from file to file."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.found: list[Document] = []
        self.wrong: list[Diagnostic] = []

    def follow(self, document: Document, trail: tuple[str, ...]) -> None:
        trail = (*trail, document.file)
        for path, name in extended(document.values):
            loaded = self.load(name, document.file)
            if isinstance(loaded, Diagnostic):
                span = loaded.span or document.span(path)
                self.wrong.append(replace(loaded, span=span, path=loaded.path or path))
            elif loaded.file in trail:
                ring = " → ".join([*trail[trail.index(loaded.file) :], loaded.file])
                told = f"extends itself: {printable(ring, 300)}"
                self.wrong.append(
                    Diagnostic("extends", told, document.span(path), "name another one, or take this out", path)
                )
            elif len(trail) >= MAX_CHAIN:
                told = f"more than {MAX_CHAIN} files in a row"
                fix = "extend one of those further down"
                self.wrong.append(Diagnostic("extends", told, document.span(path), fix, path))
            elif all(one.file != loaded.file for one in self.found):
                self.follow(loaded, trail)
        self.found.append(document)


def extended(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The names a file extends, each with its key path: ``extends`` of a song, ``genre.extends`` of a genre."""
    genre = values.get("genre")
    base, named = (
        ("genre.extends", genre.get("extends")) if isinstance(genre, Mapping) else ("extends", values.get("extends"))
    )
    if isinstance(named, str):
        yield base, named
    elif isinstance(named, list):
        yield from ((f"{base}.{index}", name) for index, name in enumerate(named[:MAX_CHAIN]) if isinstance(name, str))


# -- the command line --------------------------------------------------------------------------------------------------


class _Option(Document, frozen=True):
    """An option whose value is a bare word: ``key=E dorian``."""

    def span(self, path: str, offset: int | None = None, width: int = 1, on_key: bool = False) -> Span:
        """Its key, its value, or a character of the value."""
        split = self.text.index("=")
        if on_key:
            return point(self.text, self.file, 0, split)
        if offset is None:
            return point(self.text, self.file, split + 1, len(self.text) - split - 1)
        return point(self.text, self.file, split + 1 + offset, width)


def options(settings: Iterable[str], name: str = "--set") -> tuple[tuple[Layer, ...], list[Diagnostic]]:
    """``key.path=value`` options as layers. A value is read as TOML; what is not TOML is text."""
    layers, wrong = [], []
    for text in settings:
        read = _option(text, name)
        if isinstance(read, Diagnostic):
            wrong.append(read)
        else:
            layers.append(Layer(read, read.values))
    return tuple(layers), wrong


def _option(text: str, name: str) -> Document | Diagnostic:
    import json

    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        return Diagnostic("option", "not key=value", Span(name, 1, 1, len(text), text), "such as tempo=120")
    read = parse(text, name) if "\n" not in text else None
    if isinstance(read, Document):
        return read
    bare = parse(f"{key} = {json.dumps(value.strip())}", name) if "\n" not in key else None
    if isinstance(bare, Document):
        return _Option(bare.values, name, f"{key}={value.strip()}")
    return Diagnostic(
        "option", f"'{printable(key)}' is not a key", Span(name, 1, 1, len(key), text), "such as parts.bass.play"
    )


# -- values to a spec --------------------------------------------------------------------------------------------------


def validate(table: type[Spec], layered: Layered) -> tuple[Spec | None, list[Diagnostic]]:
    """The values as a spec, or every mistake in them, each at the place that wrote the value."""
    try:
        return convert(layered.values, table), []
    except ValidationError as error:
        from scorekit.compiler.schema import errors  # here, as they are needed for mistakes alone
        from scorekit.compiler.wording import problems

        found = errors(table, frozen(layered.values))
        refused = [Problem("", str(error))]
    told = ordered(map(layered.diagnose, problems(table, layered.values, found[:MAX_TOLD]) or refused))
    if len(found) > MAX_TOLD:
        told.append(Diagnostic("more", f"and {len(found) - MAX_TOLD:,} more mistakes", told[-1].span))
    return None, told


def ordered(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Mistakes in the order of their places."""
    return sorted(diagnostics, key=lambda d: (d.span.file, d.span.line, d.span.column) if d.span else ("", 0, 0))


def frozen(values: Any) -> Any:
    """Values with tuples for lists, so that what is made of them cannot change."""
    if isinstance(values, dict):
        return {key: frozen(value) for key, value in values.items()}
    return tuple(map(frozen, values)) if isinstance(values, list) else values
