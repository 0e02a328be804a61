"""Alarms as words and as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scorekit.smells import Reading, Smell


def rows(found: Sequence[Smell]) -> list[tuple[str, str, str, str]]:
    """Rows of a table: ``!`` where an alarm goes off, number and name, where its limit is from, what was measured."""
    return [(mark(smell), f"{smell.number:>2} {smell.name}", smell.source, measured(smell)) for smell in found]


def mark(smell: Smell) -> str:
    """``!`` for an alarm, a dash where the song says nothing about it."""
    return "!" if smell.trips else " " if smell.known else "-"


def measured(smell: Smell) -> str:
    """``.41 repeated 5-grams (alarm below .5)``, several joined."""
    joint = " and " if smell.together else "; "
    return joint.join(reading(one) for one in smell.readings if one.value is not None)


def reading(one: Reading) -> str:
    """One reading in words."""
    return f"{one.value:.3g} {one.what} (alarm {one.alarm} {one.threshold:.3g})"


def data(found: Sequence[Smell]) -> list[dict[str, Any]]:
    """The same as plain data."""
    return [
        {
            "number": smell.number,
            "name": smell.name,
            "alarm": smell.trips,
            "known": smell.known,
            "source": smell.source,
            "readings": [
                {
                    "what": r.what,
                    "value": None if r.value is None else round(r.value, 4),
                    "threshold": round(r.threshold, 4),
                    "direction": r.alarm,
                    "alarm": r.trips,
                }
                for r in smell.readings
            ],
        }
        for smell in found
    ]
