"""What may be written in a table, as a class: a key to a line, with its type, its limits, and a sentence that explains it.

    class Meter(Table):
        sig: Annotated[str, Limits(max_length=9)] = entry("Time signature.", "4/4")

``read`` makes such a table of plain values, or tells all that is wrong with them. Types are strict: true is no number, 1.0
no whole number, nothing is infinite, and a key that is not known is a mistake. They may be bool, int, float, str, Any,
Literal, a Table, ``tuple[X, ...]``, ``tuple[X, Y]``, ``dict[str, X]``, ``X | None``, and unions of what TOML tells apart:
text, a number, a list, a table. ``Annotated`` adds Limits, and functions that look at a value that was read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Where = tuple[str | int, ...]
T = TypeVar("T", bound="Table")
REQUIRED: Any = ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What values of a type are allowed: a range of numbers, lengths of text, lists and tables, a pattern of text."""

    ge: float | None = None
    le: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None


FREE = Limits()


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a key besides its type."""

    about: str
    default: Any
    limits: Limits
    alias: str
    """How files write it, when that is no name in Python."""
    examples: Sequence[Any]
    names: Sequence[str]
    """The only keys that its table may have."""


def entry(
    about: str,
    default: Any = REQUIRED,
    *,
    ge: float | None = None,
    le: float | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    alias: str = "",
    examples: Sequence[Any] = (),
    names: Sequence[str] = (),
) -> Any:
    """A key of a table: the sentence that explains it, its default (none: it must be given), and its limits."""
    return Entry(about, default, Limits(ge, le, min_length, max_length), alias, examples, names)


class Misshapen(ValueError):
    """A mistake in how the keys of a table, or the items of a list, go together; told at the whole of it."""

    def __init__(self, told: str, hint: str) -> None:
        super().__init__(told)
        self.told, self.hint = told, hint


@dataclass(frozen=True, slots=True)
class Wrong:
    """A value that was refused."""

    where: Where
    kind: str
    """type, finite, range, choice, pattern, count, key (nobody knows it), missing, or shape."""
    found: Any
    told: str = ""
    """Of a type: what is wanted; of a shape: what is wrong."""
    hint: str = ""
    limits: Limits = FREE


class Mistaken(ValueError):
    """Values that are no such table."""

    def __init__(self, errors: list[Wrong]) -> None:
        super().__init__(f"{len(errors)} mistakes, the first: {errors[0]}")
        self.errors = errors


class Table:
    """A table of a file: what stands in it, or else its defaults. Nothing in it can be changed."""

    given: frozenset[str]
    """Names of the keys that were written."""
    more: Mapping[str, Any]
    """Keys beyond those of the class, where it allows them."""
    others: ClassVar[Any] = None
    """Type of the values of other keys; None: there may be none."""

    def __init__(self, **values: Any) -> None:
        errors: list[Wrong] = []
        self.__dict__.update(_items(type(self), values, (), errors))
        if not errors:
            _checked(self, (), values, errors)
        if errors:
            raise Mistaken(errors)

    def check(self) -> None:
        """Raises Misshapen when the keys do not go together."""

    def but(self: T, **changes: Any) -> T:
        """The same table with other values by name, taken as they are."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__ | changes)
        return other

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items() if name not in ("given", "more"))
        return f"{type(self).__name__}({told})"


def read(table: type[T], values: Mapping[str, Any]) -> tuple[T | None, list[Wrong]]:
    """Plain values as a table; None and all that is wrong with them."""
    errors: list[Wrong] = []
    found = _table(table, values, (), errors)
    return (None, errors) if errors else (found, [])


# -- keys ----------------------------------------------------------------------------------------------------------------

Reader = Callable[[Any, Where, list[Wrong]], Any]


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a table: its name in Python, what is known of it, its type, and how its value is read."""

    name: str
    entry: Entry
    type: Any
    read: Reader


_KEYS: dict[type, dict[str, Key]] = {}


def keys(table: type[Table]) -> dict[str, Key]:
    """The keys of a table as files write them, those of its bases first."""
    if table in _KEYS:
        return _KEYS[table]
    entries: dict[str, Entry] = {}
    for base in reversed(table.__mro__):
        entries |= {name: value for name, value in vars(base).items() if isinstance(value, Entry)}
    types = get_type_hints(table, include_extras=True)
    found = _KEYS[table] = {
        known.alias or name: Key(name, known, types[name], reader(types[name], known.limits))
        for name, known in entries.items()
    }
    return found


def parted(kind: Any) -> tuple[Any, Limits, list[Callable[[Any], Any]]]:
    """A type without what Annotated says of it, its limits, and the functions that look at its values."""
    if get_origin(kind) is not Annotated:
        return kind, FREE, []
    bare, *marks = get_args(kind)
    limits = next((mark for mark in marks if isinstance(mark, Limits)), FREE)
    return bare, limits, [mark for mark in marks if not isinstance(mark, Limits)]


def alternatives(kind: Any) -> tuple[Any, ...]:
    """The types of a union apart from None; of anything else, itself."""
    return tuple(a for a in get_args(kind) if a is not NoneType) if get_origin(kind) in (Union, UnionType) else (kind,)


# -- reading -------------------------------------------------------------------------------------------------------------


@cache
def reader(kind: Any, limits: Limits = FREE) -> Reader:
    """The function that reads values of a type."""
    bare, own, checks = parted(kind)
    limits = own if limits == FREE else limits
    among = alternatives(bare)
    if len(among) > 1:
        plain = _either({word_of(one): reader(one, limits) for one in among})
    elif among[0] is not bare:
        return reader(among[0], limits)
    else:
        plain = _plain(bare, limits)
    for check in checks:
        plain = _looked_at(plain, check)
    return plain


def _plain(kind: Any, limits: Limits) -> Reader:
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return lambda value, where, errors: frozen(value)
    if kind in (int, float):
        return _number(kind, limits)
    if kind is str:
        return _text(limits)
    if kind is bool:
        return lambda value, where, errors: (
            value if isinstance(value, bool) else _no(errors, where, value, "true or false")
        )
    if origin is Literal:
        return _choice(inner)
    if origin is tuple:
        return _list(reader(inner[0]), limits) if inner[-1] is ... else _row([reader(one) for one in inner])
    if origin is dict:
        return _named(reader(inner[0]), reader(inner[1]), limits)
    return lambda value, where, errors: _table(kind, value, where, errors)


def word_of(kind: Any) -> str:
    """What values of a type are, in a musician's words: the word ``kind_of`` has for them."""
    bare, _, _ = parted(kind)
    if bare in (int, float):
        return "a number"
    return "text" if bare is str else "a list" if get_origin(bare) is tuple else "a table"


def kind_of(value: object) -> str:
    """What a value is, in a musician's words."""
    return next((word for word, types in _KINDS if isinstance(value, types)), f"a {type(value).__name__}")


_KINDS: tuple[tuple[str, type | tuple[type, ...]], ...] = (
    ("true or false", bool),
    ("a number", (int, float)),
    ("text", str),
    ("a list", (list, tuple)),
    ("a table", (dict, Table)),
)


def _no(errors: list[Wrong], where: Where, found: Any, wanted: str) -> Any:
    errors.append(Wrong(where, "type", found, wanted))


def _number(kind: type, limits: Limits) -> Reader:
    whole, low, high = kind is int, limits.ge, limits.le

    def read(value: Any, where: Where, errors: list[Wrong]) -> Any:
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            return _no(errors, where, value, "a whole number" if whole else "a number")
        if not -_INFINITE < value < _INFINITE:
            errors.append(Wrong(where, "finite", value))
        elif (low is not None and value < low) or (high is not None and value > high):
            errors.append(Wrong(where, "range", value))
        else:
            return value if whole else float(value)
        return None

    return read


_INFINITE = float("inf")


def _text(limits: Limits) -> Reader:
    pattern = re.compile(limits.pattern) if limits.pattern else None

    def read(value: Any, where: Where, errors: list[Wrong]) -> Any:
        if not isinstance(value, str):
            return _no(errors, where, value, "text")
        if pattern is None or pattern.search(value):
            return _counted(value, limits, where, errors)
        errors.append(Wrong(where, "pattern", value, limits=limits))
        return value

    return read


def _counted(value: Any, limits: Limits, where: Where, errors: list[Wrong]) -> Any:
    size = len(value)
    if size < (limits.min_length or 0) or (limits.max_length is not None and size > limits.max_length):
        errors.append(Wrong(where, "count", value, limits=limits))
    return value


def _choice(choices: tuple[Any, ...]) -> Reader:
    def read(value: Any, where: Where, errors: list[Wrong]) -> Any:
        if not any(value == one and type(value) is type(one) for one in choices):
            errors.append(Wrong(where, "choice", value))
        return value

    return read


def _list(item: Reader, limits: Limits) -> Reader:
    def read(value: Any, where: Where, errors: list[Wrong]) -> Any:
        if not isinstance(value, (list, tuple)):
            return _no(errors, where, value, "a list")
        return _counted(tuple([item(one, (*where, n), errors) for n, one in enumerate(value)]), limits, where, errors)

    return read


def _row(items: list[Reader]) -> Reader:
    limits = Limits(min_length=len(items), max_length=len(items))

    def read(value: Any, where: Where, errors: list[Wrong]) -> Any:
        if not isinstance(value, (list, tuple)):
            return _no(errors, where, value, "a list")
        if len(value) < len(items):
            errors.append(Wrong((*where, len(value)), "missing", value))
        found = tuple([item(one, (*where, n), errors) for n, (item, one) in enumerate(zip(items, value, strict=False))])
        return found if len(value) <= len(items) else _counted(value, limits, where, errors)

    return read


def _named(name: Reader, item: Reader, limits: Limits) -> Reader:
    def read(value: Any, where: Where, errors: list[Wrong]) -> Any:
        if not isinstance(value, dict):
            return _no(errors, where, value, "a table")
        found = {}
        for key, one in value.items():
            name(key, (*where, key, "[key]"), errors)
            found[key] = item(one, (*where, key), errors)
        return _counted(found, limits, where, errors)

    return read


def _either(readers: dict[str, Reader]) -> Reader:
    words = list(readers)
    wanted = ", ".join(words[:-1]) + f" or {words[-1]}"

    def read(value: Any, where: Where, errors: list[Wrong]) -> Any:
        chosen = readers.get(kind_of(value))
        return _no(errors, where, value, wanted) if chosen is None else chosen(value, where, errors)

    return read


def _looked_at(plain: Reader, check: Callable[[Any], Any]) -> Reader:
    def read(value: Any, where: Where, errors: list[Wrong]) -> Any:
        before = len(errors)
        found = plain(value, where, errors)
        if len(errors) == before:
            try:
                check(found)
            except Misshapen as wrong:
                errors.append(Wrong(where, "shape", value, wrong.told, wrong.hint))
        return found

    return read


def _table(kind: type[Table], value: Any, where: Where, errors: list[Wrong]) -> Any:
    if isinstance(value, kind):
        return value
    if not isinstance(value, dict):
        return _no(errors, where, value, "a table")
    before = len(errors)
    found = object.__new__(kind)
    found.__dict__.update(_items(kind, value, where, errors))
    if len(errors) == before:
        _checked(found, where, value, errors)
    return found


def _checked(table: Table, where: Where, value: Any, errors: list[Wrong]) -> None:
    try:
        table.check()
    except Misshapen as wrong:
        errors.append(Wrong(where, "shape", value, wrong.told, wrong.hint))


def _items(kind: type[Table], values: Mapping[str, Any], where: Where, errors: list[Wrong]) -> dict[str, Any]:
    known = keys(kind)
    found: dict[str, Any] = {}
    for written, key in known.items():
        if written in values:
            found[key.name] = key.read(values[written], (*where, written), errors)
        elif key.entry.default is REQUIRED:
            errors.append(Wrong((*where, written), "missing", values))
        else:
            found[key.name] = key.entry.default
    given = frozenset(known[written].name for written in values if written in known)
    more = {name: value for name, value in values.items() if name not in known}
    if kind.others is None:
        errors += [Wrong((*where, name), "key", value) for name, value in more.items()]
    else:
        other = reader(kind.others)
        more = {name: other(value, (*where, name), errors) for name, value in more.items()}
    return found | {"given": given, "more": more}


def frozen(values: Any) -> Any:
    """Plain values with tuples for lists, so that what is made of them cannot change."""
    if isinstance(values, dict):
        return {key: frozen(value) for key, value in values.items()}
    return tuple(map(frozen, values)) if isinstance(values, (list, tuple)) else values
