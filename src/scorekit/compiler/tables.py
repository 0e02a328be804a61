"""What a table of a spec is, and the kinds of value its keys may have.

Here and where tables are written, annotations are read as they stand: kept as text, each would be compiled again.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from scorekit.errors import did_you_mean, printable
from scorekit.ideas import MASKS
from scorekit.score import PARTS


class Table(BaseModel):
    """A table of a spec: strict types, no unknown keys, no infinities."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, frozen=True, defer_build=True)


def kind_of(value: object) -> str:
    """What a value is, in a musician's words; also the tag by which alternatives are told apart."""
    for kind, types in _KINDS:
        if isinstance(value, types):
            return kind
    return f"a {type(value).__name__}"


def entry(about: str, default: Any = ..., **more: Any) -> Any:
    """A key of a table: the sentence that explains it, its default (none: it must be given), and its limits."""
    return Field(default, description=about, **more)


_KINDS: tuple[tuple[str, type | tuple[type, ...]], ...] = (
    ("true or false", bool),
    ("a number", (int, float)),
    ("text", str),
    ("a list", (list, tuple)),
    ("a table", (dict, BaseModel)),
)
EITHER = Discriminator(kind_of)
PER_PART = {"propertyNames": {"enum": list(PARTS)}}


# -- kinds of value ----------------------------------------------------------------------------------------------------

Unit = Annotated[float, Field(ge=0, le=1)]
Bpm = Annotated[float, Field(ge=20, le=400)]
DottedBpm = Annotated[float, Field(ge=14, le=266)]
Weight = Annotated[float, Field(ge=0, le=1000)]
Pitch = Annotated[int, Field(ge=0, le=127)]
Tier = Annotated[int, Field(ge=1, le=5)]
Tiers = Annotated[tuple[Tier, ...], Field(min_length=1, max_length=5)]
Milliseconds = Annotated[float, Field(ge=-100, le=100)]
Decibels = Annotated[float, Field(ge=-60, le=12)]
Range = tuple[Pitch, Pitch]
Chances = dict[str, Unit]
Weights = dict[str, Weight]
Band = tuple[Unit, Unit]
Curve = Annotated[tuple[tuple[Bpm, float], ...], Field(min_length=1)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Line = Annotated[str, Field(max_length=200)]
Text = Annotated[str, Field(max_length=100_000)]
Bars = Annotated[int, Field(ge=1, le=256)]
Steps = Annotated[int, Field(ge=1, le=96)]
Beats = Annotated[float, Field(ge=0, le=64)]
Pole = Annotated[float, Field(ge=-1, le=1)]
Euclid = tuple[Steps, Steps, Annotated[int, Field(ge=-96, le=96)]]
Slug = Annotated[str, Field(pattern="^[a-z0-9_-]{1,64}$")]
Count = Annotated[int, Field(ge=1, le=200)]
Size = Annotated[int, Field(ge=0, le=16)]
Cadence = Literal["open", "half", "closed", "loop"]


def misshapen(told: str, hint: str) -> PydanticCustomError:
    """A mistake in how the keys of a table, or the items of a list, go together."""
    return PydanticCustomError("shape", "{told}", {"told": told, "hint": hint})


def _part(name: str) -> str:
    if name not in PARTS:
        raise misshapen(f"unknown part '{printable(name)}'", did_you_mean(name, PARTS))
    return name


PartName = Annotated[str, AfterValidator(_part)]


def _mask(text: str) -> str:
    known = [word for words in MASKS.values() for word in words]
    wrong = next((word for word in text.split() if word not in known), None)
    if wrong is not None:
        raise misshapen(
            f"unknown mask '{printable(wrong)}'", did_you_mean(wrong, known) or f"known: {', '.join(known)}"
        )
    return text


Mask = Annotated[str, Field(max_length=200), AfterValidator(_mask)]


class Change(Table):
    """A tempo given as more than one number: a ramp, or dotted quarter notes."""

    start: Bpm | None = entry("Tempo at the start, in quarter notes a minute.", None)
    end: Bpm | None = entry("Tempo reached at the end, in quarter notes a minute.", None)
    dotted: DottedBpm | None = entry("Dotted quarter notes a minute, for 6/8, 9/8 and 12/8.", None)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        given = {name for name in ("start", "end", "dotted") if getattr(self, name) is not None}
        if given not in ({"start", "end"}, {"dotted"}):
            raise misshapen("a tempo table is start and end, or dotted", "write { start = 96, end = 104 }")
        return self


def _rising(steps: tuple[tuple[int, float], ...]) -> tuple[tuple[int, float], ...]:
    bars = [bar for bar, _ in steps]
    if bars[0] != 1 or sorted(set(bars)) != bars:
        raise misshapen("tempo changes start at bar 1 and go forward", "write [[1, 96], [9, 120]]")
    return steps


_Steps = Annotated[
    tuple[tuple[Annotated[int, Field(ge=1, le=2000)], Bpm], ...], Field(min_length=1), AfterValidator(_rising)
]
Tempo = Annotated[
    Annotated[Bpm, Tag("a number")] | Annotated[Change, Tag("a table")] | Annotated[_Steps, Tag("a list")], EITHER
]
SectionTempo = Annotated[Annotated[Bpm, Tag("a number")] | Annotated[Change, Tag("a table")], EITHER]
SectionTier = Annotated[
    Annotated[Tier, Tag("a number")] | Annotated[str, Field(pattern="^e[1-5]$"), Tag("text")], EITHER
]
Playability = Literal["strict", "fix", "off"]
Grid = Literal["free", "1/4", "1/8", "1/16", "1/32", "1/8T", "1/16T"]
Track = Annotated[Annotated[int, Field(ge=1, le=999), Tag("a number")] | Annotated[Name, Tag("text")], EITHER]
NameOrNames = Annotated[
    Annotated[Name, Tag("text")] | Annotated[tuple[Name, ...], Field(max_length=16), Tag("a list")], EITHER
]
