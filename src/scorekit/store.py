"""Remembering: a stage runs again only when one of its input values differs."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from hashlib import blake2b
from typing import Any, TypeVar

Value = TypeVar("Value")
_FIELDS: dict[type, tuple[str, ...]] = {}


def _compared(kind: type) -> tuple[str, ...]:
    names = _FIELDS.get(kind)
    if names is None:
        names = _FIELDS[kind] = tuple(f.name for f in fields(kind) if f.compare)
    return names


def plain(value: Any) -> Any:
    """A frozen value as nested tuples of strings and numbers; fields that take no part in equality are left out.

    Raises TypeError for anything that is not a frozen value.
    """
    if value is None or isinstance(value, (str, int, float, bytes)):
        return value
    if isinstance(value, tuple):
        return tuple([plain(item) for item in value])
    if is_dataclass(value) and not isinstance(value, type):
        kind = type(value)
        return (kind.__name__, *[plain(getattr(value, name)) for name in _compared(kind)])
    if isinstance(value, frozenset):
        return ("frozenset", *sorted(map(plain, value)))
    if isinstance(value, Mapping):
        return ("mapping", *sorted((key, plain(item)) for key, item in value.items()))
    raise TypeError(f"{type(value).__name__} is not a frozen value")


def fingerprint(value: Any) -> str:
    """A content hash of a frozen value, equal for equal values in every process."""
    return blake2b(marshal.dumps(plain(value), 2), digest_size=16).hexdigest()


@dataclass
class Store:
    """Remembers what each stage returned for the inputs it had, and can say why one ran again."""

    values: dict[str, Any] = field(default_factory=dict)
    ran: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    """(name, inputs that differed) of every stage that ran since the list was last cleared; no inputs: first time."""
    _prints: dict[str, dict[str, str]] = field(default_factory=dict)

    def run(self, name: str, stage: Callable[..., Value], **inputs: Any) -> Value:
        """The stage's value for these inputs: remembered when every input is equal, computed otherwise."""
        prints = {key: fingerprint(value) for key, value in inputs.items()}
        joined = marshal.dumps((stage.__module__, stage.__qualname__, sorted(prints.items())), 2)
        key = blake2b(joined, digest_size=16).hexdigest()
        before = self._prints.get(name)
        self._prints[name] = prints
        if key not in self.values:
            differing = () if before is None else tuple(k for k in prints if before.get(k) != prints[k])
            self.ran.append((name, differing))
            self.values[key] = stage(**inputs)
        value: Value = self.values[key]
        return value
