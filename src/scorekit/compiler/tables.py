"""The kinds of value that keys of specs may have."""

from __future__ import annotations

from typing import Annotated, Literal

from scorekit.compiler.typed import Limits, Misshapen, Table, entry
from scorekit.errors import did_you_mean, printable
from scorekit.ideas import MASKS
from scorekit.score import PARTS

# -- kinds of value ----------------------------------------------------------------------------------------------------

Unit = Annotated[float, Limits(ge=0, le=1)]
Bpm = Annotated[float, Limits(ge=20, le=400)]
DottedBpm = Annotated[float, Limits(ge=14, le=266)]
Weight = Annotated[float, Limits(ge=0, le=1000)]
Pitch = Annotated[int, Limits(ge=0, le=127)]
Tier = Annotated[int, Limits(ge=1, le=5)]
Tiers = Annotated[tuple[Tier, ...], Limits(min_length=1, max_length=5)]
Milliseconds = Annotated[float, Limits(ge=-100, le=100)]
Decibels = Annotated[float, Limits(ge=-60, le=12)]
Range = tuple[Pitch, Pitch]
Chances = dict[str, Unit]
Weights = dict[str, Weight]
Band = tuple[Unit, Unit]
Curve = Annotated[tuple[tuple[Bpm, float], ...], Limits(min_length=1)]
Name = Annotated[str, Limits(min_length=1, max_length=80)]
Line = Annotated[str, Limits(max_length=200)]
Text = Annotated[str, Limits(max_length=100_000)]
Bars = Annotated[int, Limits(ge=1, le=256)]
Steps = Annotated[int, Limits(ge=1, le=96)]
Beats = Annotated[float, Limits(ge=0, le=64)]
Pole = Annotated[float, Limits(ge=-1, le=1)]
Euclid = tuple[Steps, Steps, Annotated[int, Limits(ge=-96, le=96)]]
Slug = Annotated[str, Limits(pattern="^[a-z0-9_-]{1,64}$")]
Count = Annotated[int, Limits(ge=1, le=200)]
Size = Annotated[int, Limits(ge=0, le=16)]
Cadence = Literal["open", "half", "closed", "loop"]


def _part(name: str) -> None:
    if name not in PARTS:
        raise Misshapen(f"unknown part '{printable(name)}'", did_you_mean(name, PARTS))


PartName = Annotated[str, _part]


def _mask(text: str) -> None:
    known = [word for words in MASKS.values() for word in words]
    wrong = next((word for word in text.split() if word not in known), None)
    if wrong is not None:
        raise Misshapen(
            f"unknown mask '{printable(wrong)}'", did_you_mean(wrong, known) or f"known: {', '.join(known)}"
        )


Mask = Annotated[str, Limits(max_length=200), _mask]


class Change(Table):
    """A tempo given as more than one number: a ramp, or dotted quarter notes."""

    start: Bpm | None = entry("Tempo at the start, in quarter notes a minute.", None)
    end: Bpm | None = entry("Tempo reached at the end, in quarter notes a minute.", None)
    dotted: DottedBpm | None = entry("Dotted quarter notes a minute, for 6/8, 9/8 and 12/8.", None)

    def check(self) -> None:
        """A ramp or dotted quarter notes, not both."""
        given = {name for name in ("start", "end", "dotted") if getattr(self, name) is not None}
        if given not in ({"start", "end"}, {"dotted"}):
            raise Misshapen("a tempo table is start and end, or dotted", "write { start = 96, end = 104 }")


def _rising(steps: tuple[tuple[int, float], ...]) -> None:
    bars = [bar for bar, _ in steps]
    if bars[0] != 1 or sorted(set(bars)) != bars:
        raise Misshapen("tempo changes start at bar 1 and go forward", "write [[1, 96], [9, 120]]")


_Steps = Annotated[tuple[tuple[Annotated[int, Limits(ge=1, le=2000)], Bpm], ...], Limits(min_length=1), _rising]
Tempo = Bpm | Change | _Steps
SectionTempo = Bpm | Change
SectionTier = Tier | Annotated[str, Limits(pattern="^e[1-5]$")]
Playability = Literal["strict", "fix", "off"]
Grid = Literal["free", "1/4", "1/8", "1/16", "1/32", "1/8T", "1/16T"]
Track = Annotated[int, Limits(ge=1, le=999)] | Name
NameOrNames = Name | Annotated[tuple[Name, ...], Limits(max_length=16)]
