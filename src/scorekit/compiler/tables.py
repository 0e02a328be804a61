"""What a table of a spec is, and the kinds of value its keys may have.

A table is a ``Struct`` whose limits stand in its types, so a file that is right is read at once. What is wrong in one that is
not, and the schema for editors, is for pydantic to say: see `schema`.

Here and where tables are written, annotations are read as they stand: kept as text, each would be compiled again.
"""

from sys import float_info
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, StructMeta, field

from scorekit.errors import did_you_mean, printable
from scorekit.ideas import MASKS
from scorekit.score import PARTS


class Entry(Struct, frozen=True):
    """A key of a table: the sentence that explains it, its default, and what else editors are told."""

    about: str
    default: Any = ...
    usual: Any = None
    examples: list[Any] | None = None
    alias: str | None = None
    more: dict[str, Any] | None = None


def entry(
    about: str,
    default: Any = ...,
    *,
    usual: Any = None,
    examples: list[Any] | None = None,
    alias: str | None = None,
    more: dict[str, Any] | None = None,
) -> Any:
    """A key of a table: the sentence that explains it, and its default (none: it must be given).

    Where it matters whether a key was written at all, its default is None and ``usual`` what holds then. ``alias`` is the
    key's name in files, ``more`` belongs to its JSON Schema.
    """
    return Entry(about, default, usual, examples, alias, more)


class Tables(StructMeta):
    """Makes tables: frozen, keys by name only and no unknown ones; what their entries say is kept in ``entries``."""

    entries: dict[str, Entry]

    def __new__(mcs, name: str, bases: tuple[type, ...], space: dict[str, Any]) -> "Tables":
        """A table whose keys have the defaults of its entries."""
        own = {key: said for key, said in space.items() if isinstance(said, Entry)}
        made = super().__new__(
            mcs, name, bases, space | {key: _default(said) for key, said in own.items()},
            frozen=True, kw_only=True, forbid_unknown_fields=True,
        )  # fmt: skip
        inherited = [base.entries for base in bases if isinstance(base, Tables)]
        made.entries = {key: said for table in (*inherited, own) for key, said in table.items()}
        return made


def _default(said: Entry) -> Any:
    if said.default is ...:
        return field(name=said.alias)
    if isinstance(said.default, dict):
        return field(default_factory=said.default.copy, name=said.alias)
    return field(default=said.default, name=said.alias)


class Table(Struct, metaclass=Tables):
    """A table of a spec: strict types, no unknown keys, no infinities."""


class Misshapen(ValueError):
    """A mistake in how the keys of a table, or the items of a list, go together."""

    def __init__(self, told: str, hint: str) -> None:
        super().__init__(told)
        self.told, self.hint = told, hint


PER_PART = {"propertyNames": {"enum": list(PARTS)}}


# -- kinds of value ----------------------------------------------------------------------------------------------------

_MOST = float_info.max
Real = Annotated[float, Meta(ge=-_MOST, le=_MOST)]
"""Any number that is not infinite."""
Unit = Annotated[float, Meta(ge=0, le=1)]
Bpm = Annotated[float, Meta(ge=20, le=400)]
DottedBpm = Annotated[float, Meta(ge=14, le=266)]
Weight = Annotated[float, Meta(ge=0, le=1000)]
Pitch = Annotated[int, Meta(ge=0, le=127)]
Tier = Annotated[int, Meta(ge=1, le=5)]
Tiers = Annotated[tuple[Tier, ...], Meta(min_length=1, max_length=5)]
Milliseconds = Annotated[float, Meta(ge=-100, le=100)]
Decibels = Annotated[float, Meta(ge=-60, le=12)]
Range = tuple[Pitch, Pitch]
Chances = dict[str, Unit]
Weights = dict[str, Weight]
Band = tuple[Unit, Unit]
Curve = Annotated[tuple[tuple[Bpm, Real], ...], Meta(min_length=1)]
Name = Annotated[str, Meta(min_length=1, max_length=80)]
Line = Annotated[str, Meta(max_length=200)]
Text = Annotated[str, Meta(max_length=100_000)]
Bars = Annotated[int, Meta(ge=1, le=256)]
Steps = Annotated[int, Meta(ge=1, le=96)]
Beats = Annotated[float, Meta(ge=0, le=64)]
Pole = Annotated[float, Meta(ge=-1, le=1)]
Euclid = tuple[Steps, Steps, Annotated[int, Meta(ge=-96, le=96)]]
Slug = Annotated[str, Meta(pattern=r"^[a-z0-9_-]{1,64}\Z")]
Size = Annotated[int, Meta(ge=0, le=16)]
Cadence = Literal["open", "half", "closed", "loop"]


def part(name: str) -> None:
    """Refuses a name that is no part's."""
    if name not in PARTS:
        raise Misshapen(f"unknown part '{printable(name)}'", did_you_mean(name, PARTS))


def mask(text: str) -> None:
    """Refuses words that no mask knows."""
    known = [word for words in MASKS.values() for word in words]
    wrong = next((word for word in text.split() if word not in known), None)
    if wrong is not None:
        raise Misshapen(
            f"unknown mask '{printable(wrong)}'", did_you_mean(wrong, known) or f"known: {', '.join(known)}"
        )


def rising(steps: object) -> None:
    """Refuses tempo changes that do not go forward."""
    bars = [bar for bar, _ in steps] if isinstance(steps, tuple) else [1]
    if bars[0] != 1 or sorted(set(bars)) != bars:
        raise Misshapen("tempo changes start at bar 1 and go forward", "write [[1, 96], [9, 120]]")


# A function beside the limits of a kind tells in words what it refuses. Whether there is anything to refuse, the limits say, or
# the ``__post_init__`` of the table.
PartName = Annotated[str, Meta(pattern=rf"^(?:{'|'.join(PARTS)})\Z"), part]
Mask = Annotated[str, Meta(max_length=200), mask]


class Change(Table):
    """A tempo given as more than one number: a ramp, or dotted quarter notes."""

    start: Bpm | None = entry("Tempo at the start, in quarter notes a minute.", None)
    end: Bpm | None = entry("Tempo reached at the end, in quarter notes a minute.", None)
    dotted: DottedBpm | None = entry("Dotted quarter notes a minute, for 6/8, 9/8 and 12/8.", None)

    def __post_init__(self) -> None:
        given = {name for name in ("start", "end", "dotted") if getattr(self, name) is not None}
        if given not in ({"start", "end"}, {"dotted"}):
            raise Misshapen("a tempo table is start and end, or dotted", "write { start = 96, end = 104 }")


_Steps = Annotated[tuple[tuple[Annotated[int, Meta(ge=1, le=2000)], Bpm], ...], Meta(min_length=1), rising]
Tempo = Bpm | Change | _Steps
SectionTempo = Bpm | Change
SectionTier = Tier | Annotated[str, Meta(pattern=r"^e[1-5]\Z")]
Playability = Literal["strict", "fix", "off"]
Grid = Literal["free", "1/4", "1/8", "1/16", "1/32", "1/8T", "1/16T"]
Track = Annotated[int, Meta(ge=1, le=999)] | Name
NameOrNames = Name | Annotated[tuple[Name, ...], Meta(max_length=16)]
