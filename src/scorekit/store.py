"""Remembering: a stage runs again only when one of its input values differs."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Hashable, Mapping
from itertools import chain
from typing import Any, TypeVar

from msgspec import Struct, field

from scorekit.values import blake2b, compared, content, reader

Value = TypeVar("Value")
_PLAIN = frozenset((str, int, float, bool, bytes, type(None)))
_SHORT = 12
"""Longest tuple that is marked item by item; a longer one is marked as a whole."""


def plain(value: Any) -> Any:
    """A frozen value as nested tuples of strings and numbers; fields that take no part in equality are left out.

    Raises TypeError for anything that is not a frozen value.
    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is tuple:
        return _rows(value) or tuple([item if type(item) in _PLAIN else plain(item) for item in value])
    if isinstance(value, Struct):
        return (kind.__name__, *[item if type(item) in _PLAIN else plain(item) for item in content(value)])
    if isinstance(value, (str, int, float, bytes)):
        return value
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    if isinstance(value, frozenset):
        return ("frozenset", *sorted(map(plain, value)))
    if isinstance(value, Mapping):
        return ("mapping", *sorted((key, plain(item)) for key, item in value.items()))
    raise TypeError(f"{kind.__name__} is not a frozen value")


def _rows(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Values of one kind that hold nothing but strings and numbers, such as the notes of a phrase, read all at once; nothing for
    any others."""
    kind: Any = type(values[0]) if values else object
    if not issubclass(kind, Struct) or set(map(type, values)) != {kind}:
        return ()
    found = tuple(map(reader(kind), values))
    return ("rows", kind.__name__, found) if _PLAIN.issuperset(map(type, chain.from_iterable(found))) else ()


def fingerprint(value: Any) -> str:
    """A content hash of a frozen value, equal for equal values in every process."""
    return blake2b(marshal.dumps(plain(value), 2), digest_size=16).hexdigest()


_NOTHING = object()


class Memo:
    """What pure functions of a few texts returned, by those texts; beyond ``most`` the least recently asked are let go.

    For what is read again and again and seldom changes, such as a genre under a song that is being edited.
    """

    def __init__(self, most: int = 64) -> None:
        self.most = most
        self._kept: dict[Hashable, Any] = {}
        """The least recently asked first."""

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """What ``make`` returned for this key; it must be a function of the key alone."""
        known = self._kept.pop(key, _NOTHING)
        value: Value = make() if known is _NOTHING else known
        self._kept[key] = value
        while len(self._kept) > self.most:
            self._kept.pop(next(iter(self._kept)), None)
        return value


def _one(value: object, other: object) -> bool:
    return value is other or (type(value) is type(other) in (int, str) and value == other)


class Store(Struct):
    """Remembers what each stage returned for the inputs it had, and can say why one ran again."""

    values: dict[str, Any] = field(default_factory=dict)
    ran: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    """(name, inputs that differed) of every stage that ran since the list was last cleared; no inputs: first time.
    A field of an input is told as ``brief.lane``."""
    turns: int = 8
    """For how many turns a value is kept that nobody asks for."""
    _prints: dict[str, dict[str, Any]] = field(default_factory=dict)
    _marks: dict[int, tuple[Any, str, int]] = field(default_factory=dict)
    _asked: dict[str, int] = field(default_factory=dict)
    _groups: dict[Any, tuple[Any, tuple[str, ...]]] = field(default_factory=dict)
    _same: dict[str, tuple[tuple[object, ...], Any, tuple[str, ...]]] = field(default_factory=dict)
    _within: list[str] = field(default_factory=list)
    _turn: int = 0

    def turn(self) -> None:
        """Begins a new version of the song: what none of the last versions asked for is let go."""
        self.ran.clear()
        self._turn += 1
        self._marks = {key: known for key, known in self._marks.items() if known[2] >= self._turn - self.turns}
        for key in [key for key, last in self._asked.items() if last < self._turn - self.turns]:
            del self._asked[key], self.values[key]
        for whole in [whole for whole, (_, keys) in self._groups.items() if any(k not in self.values for k in keys)]:
            del self._groups[whole]

    def mark(self, value: Any) -> Any:
        """A value inside an input, for its print: one that is still the same object is not looked through again."""
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind is tuple and len(value) <= _SHORT:
            return tuple([self.mark(item) for item in value])
        known = self._marks.get(id(value))
        if known is None or known[0] is not value or known[2] != self._turn:
            found = known[1] if known is not None and known[0] is value else fingerprint(value)
            known = self._marks[id(value)] = value, found, self._turn
        return known[1]

    def prints(self, name: str, value: Any) -> dict[str, Any]:
        """What a stage's input is known by: a mark for each field of a frozen value, one for anything else."""
        if isinstance(value, Struct):
            return {f"{name}.{inner}": self.mark(getattr(value, inner)) for inner in compared(type(value))}
        return {name: self.mark(value)}

    def run(self, name: str, stage: Callable[..., Value], **inputs: Any) -> Value:
        """The stage's value for these inputs: remembered when every input is equal, computed otherwise."""
        prints = {key: mark for name_, value in inputs.items() for key, mark in self.prints(name_, value).items()}
        joined = marshal.dumps((stage.__module__, stage.__qualname__, sorted(prints.items())), 2)
        key = blake2b(joined, digest_size=16).hexdigest()
        before = self._prints.get(name)
        self._prints[name] = prints
        if key not in self.values:
            differing = () if before is None else tuple(k for k in prints if before.get(k) != prints[k])
            self.ran.append((name, differing))
            self.values[key] = stage(**inputs)
        self._asked[key] = self._turn
        self._within.append(key)
        value: Value = self.values[key]
        return value

    def together(self, whole: Any, stages: Callable[[], Value]) -> Value:
        """What some stages return that know nothing but a frozen value: when all of it was asked for before, none of them
        is even looked at. To be called outside any other ``together``."""
        print_ = tuple(self.prints("", whole).values())
        found = self._groups.get(print_)
        if found is None:
            self._within = []
            found = self._groups[print_] = stages(), tuple(self._within)
        for key in found[1]:
            self._asked[key] = self._turn
        value: Value = found[0]
        return value

    def again(self, name: str, inputs: tuple[object, ...], stages: Callable[[], Value]) -> Value:
        """What some stages return that know nothing but these inputs: when the last ones of this name were the same objects, or
        the same numbers or words, none of them is even looked at. To be called outside any ``together``."""
        known = self._same.get(name)
        if known is None or not all(map(_one, known[0], inputs)):
            self._within = []
            known = self._same[name] = inputs, stages(), tuple(self._within)
        for key in known[2]:
            self._asked[key] = self._turn
        value: Value = known[1]
        return value


class Once(Store):
    """Remembers nothing: for a song that is composed once, marks of its inputs would cost more than they could save."""

    def run(self, name: str, stage: Callable[..., Value], **inputs: Any) -> Value:
        """The stage's value for these inputs."""
        return stage(**inputs)

    def together(self, whole: Any, stages: Callable[[], Value]) -> Value:
        """What some stages return."""
        return stages()
