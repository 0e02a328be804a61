"""Frozen classes, made in a sixth of the time that the standard library takes, and their values in two thirds.

A run makes a hundred and forty of them before it does anything. ``dataclasses`` compiles six functions for each; here
``__init__`` alone is compiled at once, what compares when something is first compared, and the rest is shared. What comes
out is a dataclass in every way: ``fields``, ``replace``, ``asdict``, pickling and type checkers find what they look for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(kind=None, /, *, frozen=False, slots=False, eq=True):
        """As ``dataclasses.dataclass``; where the class is to be frozen, by the short way."""
        if kind is None:
            return lambda kind: dataclass(kind, frozen=frozen, slots=slots, eq=eq)
        return _made(kind, slots, eq) if frozen else dataclasses.dataclass(kind, slots=slots, eq=eq)


Field = dataclasses.Field[Any]
_NONE = dataclasses.MISSING


def _made(kind: Any, slots: bool, eq: bool) -> Any:
    """The frozen class of a body."""
    body = dict(kind.__dict__)
    own = {name: _field(name, told, body.pop(name, _NONE)) for name, told in kind.__annotations__.items()}
    every: dict[str, Field] = {}
    for base in kind.__mro__[:0:-1]:
        every |= getattr(base, "__dataclass_fields__", {})
    every |= own
    body |= {"__dataclass_fields__": every, "__setattr__": _fixed, "__delattr__": _fixed}
    body.setdefault("__match_args__", tuple(name for name, one in every.items() if one.init))
    body.setdefault("__repr__", _told)
    if slots:
        inherited = {name for base in kind.__mro__ for name in base.__dict__.get("__slots__", ())}
        body["__slots__"] = tuple(name for name in every if name not in inherited)
        body |= {"__getstate__": _state, "__setstate__": _restore}
    else:
        body |= {name: one.default for name, one in own.items() if one.default is not _NONE}
    for name in ("__dict__", "__weakref__"):
        body.pop(name, None)
    made = type(kind)(kind.__name__, kind.__bases__, body)
    made.__qualname__ = kind.__qualname__
    made.__init__ = _beginning(made, every, slots)
    if eq:
        _comparing(made, [name for name, one in every.items() if one.compare])
    return made


def _field(name: str, told: str, value: Any) -> Any:
    one: Any = value if isinstance(value, dataclasses.Field) else dataclasses.field(default=value)
    one.name, one.type, one.kw_only = name, told, False
    one._field_type = dataclasses._FIELD  # type: ignore[attr-defined]
    return one


def _beginning(kind: Any, every: dict[str, Field], slots: bool) -> Any:
    """The ``__init__`` of a class: with slots, what sets each is called straight."""
    known: dict[str, Any] = {"_none": _NONE}
    taken, lines = ["self"], []
    for name, one in every.items():
        made = one.default_factory is not _NONE
        other = one.default_factory if made else one.default
        known |= {f"_{name}_set": getattr(kind, name).__set__ if slots else None, f"_{name}_other": other}
        value = f"_{name}_other()" if made else f"_{name}_other"
        if one.init:
            taken.append(f"{name}=_none" if made else name if other is _NONE else f"{name}={value}")
            value = f"{value} if {name} is _none else {name}" if made else name
        if one.init or other is not _NONE:
            lines.append(f"_{name}_set(self, {value})" if slots else f"self.__dict__[{name!r}] = {value}")
    return _compiled(f"def __init__({', '.join(taken)}):\n " + "\n ".join(lines or ["pass"]), known)


def _comparing(kind: Any, names: Sequence[str]) -> None:
    """Gives a class ``__eq__`` and ``__hash__`` by its fields of these names; they are compiled when first asked for."""
    mine, other = (f"({''.join(f'{who}.{name}, ' for name in names)})" for who in ("self", "other"))

    def equal(self: Any, other_: object) -> Any:
        same = f"{mine} == {other} if other.__class__ is self.__class__ else NotImplemented"
        kind.__eq__ = _compiled(f"def __eq__(self, other):\n return {same}")
        return kind.__eq__(self, other_)

    def hashed(self: Any) -> int:
        kind.__hash__ = _compiled(f"def __hash__(self):\n return hash({mine})")
        return kind.__hash__(self)  # type: ignore[no-any-return]

    if "__eq__" not in kind.__dict__:
        kind.__eq__ = equal
    if kind.__dict__.get("__hash__") is None:
        kind.__hash__ = hashed


def _compiled(text: str, known: dict[str, Any] | None = None) -> Any:
    """The one function of a text, which holds nothing but names of fields."""
    known = known or {}
    exec(text, known)
    return known[text[4 : text.index("(")]]


def _told(self: Any) -> str:
    shown = [f"{name}={getattr(self, name)!r}" for name, one in self.__dataclass_fields__.items() if one.repr]
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _fixed(self: Any, name: str, value: object = None) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__dataclass_fields__]


def _restore(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__dataclass_fields__, state, strict=True):
        object.__setattr__(self, name, value)
