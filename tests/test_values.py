"""Frozen classes made by the short way are what the standard library makes of the same body."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import re
from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, TypeVar

import pytest

from scorekit import values
from tests.test_architecture import SOURCE

Item = TypeVar("Item")
HOMES = ("scorekit.values", "dataclasses")
Decorator = Callable[[type[Any]], type[Any]]


def family(decorated: Decorator) -> dict[str, type[Any]]:
    """Classes of every kind there is: with defaults, with factories, compared in part, derived, generic, empty."""

    class Plain:
        """Two fields and a default."""

        first: int
        second: str = "b"

    class Partly:
        """Fields that are not compared, not shown, not taken."""

        first: int
        path: str = dataclasses.field(default="", compare=False)
        rows: dict[str, int] = dataclasses.field(default_factory=dict)
        hidden: int = dataclasses.field(default=3, repr=False)
        fixed: int = dataclasses.field(default=4, init=False)
        made: list[int] = dataclasses.field(default_factory=list, init=False, compare=False)

    class Own:
        """What a class says itself stays."""

        first: int

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 7

        def __repr__(self) -> str:
            return "own"

    class One(Generic[Item]):
        """A single field, of any type."""

        first: Item

    class Empty:
        """No field."""

    plain = decorated(Plain)

    class Derived(plain):  # type: ignore[misc, valid-type]
        """More fields, and another default for one."""

        second: str = "c"
        third: tuple[int, ...] = ()

    return {"plain": plain, **{c.__name__.lower(): decorated(c) for c in (Partly, Own, One, Empty, Derived)}}


KINDS = {
    "slots": {"frozen": True, "slots": True},
    "open": {"frozen": True},
    "apart": {"frozen": True, "slots": True, "eq": False},
}
NAMES = ("plain", "partly", "own", "one", "empty", "derived")


@pytest.fixture(params=[(kind, name) for kind in KINDS for name in NAMES], ids="-".join)
def pair(request: pytest.FixtureRequest) -> tuple[type[Any], type[Any]]:
    """The class as made here, and as the library makes it."""
    kind, name = request.param
    ours, theirs = (family(maker(**KINDS[kind]))[name] for maker in (values.dataclass, dataclasses.dataclass))
    return ours, theirs


def arguments(kind: type[Any]) -> list[tuple[Any, ...]]:
    """Some ways to call a class."""
    needed = sum(p.default is p.empty for p in inspect.signature(kind).parameters.values())
    return [(1,) * needed, (2,) * needed] + ([(1, "x")] if len(inspect.signature(kind).parameters) > 1 else [])


def described(kind: type[Any]) -> list[object]:
    """Fields, parameters and class attributes."""
    told = [
        (f.name, f.type, f.default, f.default_factory, f.init, f.repr, f.compare, f.hash, f.kw_only)
        for f in dataclasses.fields(kind)
    ]
    taken = [(p.name, p.kind, p.default is p.empty) for p in inspect.signature(kind).parameters.values()]
    names = [
        getattr(kind, name, None) for name in ("__match_args__", "__slots__", "__doc__", "__name__", "__qualname__")
    ]
    defaults = [
        kind.__dict__[f.name]
        for f in dataclasses.fields(kind)
        if "__slots__" not in kind.__dict__ and f.name in kind.__dict__
    ]
    return [told, taken, names, defaults, dataclasses.is_dataclass(kind)]


def test_it_looks_the_same(pair: tuple[type[Any], type[Any]]) -> None:
    """Fields, parameters, slots, class attributes."""
    ours, theirs = map(described, pair)
    assert ours == theirs


def test_values_are_the_same(pair: tuple[type[Any], type[Any]]) -> None:
    """Shown, compared, hashed, copied, replaced, taken apart as the library's."""
    for given in arguments(pair[1]):
        ours, theirs = (kind(*given) for kind in pair)
        assert repr(ours) == repr(theirs)
        assert dataclasses.asdict(ours) == dataclasses.asdict(theirs)
        again = [copy.copy(ours), copy.deepcopy(ours), dataclasses.replace(ours)]
        assert [dataclasses.astuple(one) for one in again] == [dataclasses.astuple(theirs)] * 3
        assert [one == ours for one in again] == [one == theirs for one in (copy.copy(theirs),) * 3]
        assert ours != theirs or "own" in repr(ours)
        others = [kind(*other) for other in arguments(pair[1]) for kind in pair]
        assert [ours == one for one in others[::2]] == [theirs == one for one in others[1::2]]
        if isinstance(getattr(ours, "rows", None), dict):  # no value of this one can be hashed
            continue
        alike, equal = type(ours)(*given), theirs == type(theirs)(*given)
        assert (hash(ours) == hash(alike)) == equal
        assert len({ours, alike}) == 2 - equal


def test_nothing_can_be_set(pair: tuple[type[Any], type[Any]]) -> None:
    """Neither a field nor anything else, nor can it be deleted."""
    one = pair[0](*arguments(pair[0])[0])
    for name in ("first", "more"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(one, name, 1)
        with pytest.raises(dataclasses.FrozenInstanceError):
            delattr(one, name)


@values.dataclass(frozen=True, slots=True)
class Sent:
    """A value that goes to another process."""

    first: int
    rest: tuple[str, ...] = ()


@values.dataclass(frozen=True)
class Kept:
    """A value that remembers what was made of it."""

    first: int

    @cached_property
    def twice(self) -> int:
        return 2 * self.first


def test_values_can_be_sent() -> None:
    """Pickled and read again they are equal; what was remembered along with them is no part of that."""
    kept = Kept(3)
    assert kept.twice == 6
    for one in (Sent(1, ("a",)), kept):
        assert pickle.loads(pickle.dumps(one, 5)) == one
    assert Kept(3) == kept


def test_wrong_calls_are_refused() -> None:
    """A call without a value, or with one too many, raises as that of any function."""
    for wrong in ((), (1, (), 2)):
        with pytest.raises(TypeError, match="__init__"):
            Sent(*wrong)


def test_every_frozen_class_is_made_so() -> None:
    """No module asks the standard library for a frozen class."""
    paths = [path for path in SOURCE.rglob("*.py") if path.name != "values.py"]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    ours, theirs = ([t for t in texts if re.search(rf"from {home} import .*\bdataclass\b", t)] for home in HOMES)
    assert len(ours) > 50
    assert not any("frozen=True" in text for text in theirs)
