"""Values that know where they come from, and which fields of a value make it what it is.

What crosses from stage to stage is a frozen ``msgspec.Struct``. A run makes a hundred and fifty such classes before it does
anything, and values by the ten thousand; the library does both in C.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from operator import attrgetter
from typing import Any, ClassVar, TypeVar, cast

from msgspec import Struct

try:  # by itself: ``hashlib`` has the same one, and loads OpenSSL first
    from _blake2 import blake2b as blake2b
except ImportError:
    from hashlib import blake2b as blake2b


Value = TypeVar("Value", bound=Struct)
Found = TypeVar("Found")


def fact(find: Callable[[Value], Found]) -> Callable[[Value], Found]:
    """A pure function of one frozen value that is asked at every note: what it found stays with the value, and goes with it.
    The value's class has a place for it (``dict=True``), which takes no part in equality."""
    name = f"{find.__module__}.{find.__name__}"

    @wraps(find)
    def asked(value: Value) -> Found:
        known = value.__dict__
        if name not in known:
            known[name] = find(value)
        return cast(Found, known[name])

    return asked


class Traced(Struct, frozen=True):
    """A value with provenance: fields that say where it was written or how it is called, for people. They take no part in
    equality, so that a comment above it, or another name for it, changes nothing."""

    PROVENANCE: ClassVar[tuple[str, ...]] = ()

    def __eq__(self, other: object) -> bool:
        kind = type(self)
        return type(other) is kind and (read := reader(kind))(self) == read(other)

    def __hash__(self) -> int:
        return hash(reader(type(self))(self))


@cache
def compared(kind: type[Struct]) -> tuple[str, ...]:
    """Names of the fields that take part in equality, in order."""
    apart = kind.PROVENANCE if issubclass(kind, Traced) else ()
    return tuple(name for name in kind.__struct_fields__ if name not in apart)


def content(value: Struct) -> tuple[Any, ...]:
    """The fields of a value that take part in equality."""
    return reader(type(value))(value)


@cache
def reader(kind: type[Struct]) -> Callable[[Any], tuple[Any, ...]]:
    """What reads those fields of a class's values, all at once."""
    names = compared(kind)
    return attrgetter(*names) if len(names) > 1 else lambda value: tuple([getattr(value, name) for name in names])
