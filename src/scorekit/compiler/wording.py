"""Mistakes of type and range in plain words: what was found, what is allowed, and how to mend it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from scorekit.compiler.keypath import around, spelled
from scorekit.compiler.schema import rule, whole
from scorekit.compiler.specs import VERSION
from scorekit.compiler.typed import Limits, Table, Where, Wrong, kind_of
from scorekit.errors import Problem, did_you_mean, printable

_PATTERNS = {
    "^[a-z0-9_-]{1,64}$": "small letters, digits, - and _, at most 64",
    "^e[1-5]$": "1 to 5, or e1 to e5",
    f"^{VERSION}$": "numbers and dots, such as 0.1",
}


def problems(table: type[Table], values: Mapping[str, Any], errors: Sequence[Wrong]) -> list[Problem]:
    """What was refused as mistakes of a spec, without those that only follow from others.

    A list is not too short because its items are wrong, and a key is not missing when it is there misspelt.
    """
    steps = [error.where for error in errors]
    real = [
        error for error in errors if error.kind != "count" or not any(_inside(other, error.where) for other in steps)
    ]
    found = [problem(table, values, error) for error in real]
    hints = {(around(one.path), one.hint) for one in found if one.code == "key"}
    follows = [
        error.kind == "missing" and (one.path, f"did you mean '{error.where[-1]}'?") in hints
        for one, error in zip(found, real, strict=True)
    ]
    return list(dict.fromkeys(one for one, after in zip(found, follows, strict=True) if not after))


def _inside(steps: Where, outer: Where) -> bool:
    return len(steps) > len(outer) and steps[: len(outer)] == outer


def problem(table: type[Table], values: Mapping[str, Any], error: Wrong) -> Problem:
    """What was refused as a mistake of a spec."""
    on_key = error.where[-1:] == ("[key]",)
    location = error.where[:-1] if on_key else error.where
    if error.kind == "key":
        return _unknown(table, values, location)
    if error.kind == "missing":
        return _missing(table, values, location)
    told, hint = _told(table, location, error)
    path = spelled(values, location)
    return Problem(path, told, hint, on_key=on_key)


def _unknown(table: type[Table], values: Mapping[str, Any], location: Where) -> Problem:
    name = str(location[-1])
    known = tuple(rule(table, location[:-1]).get("properties", {}))
    hint = did_you_mean(name, known)
    if not hint.startswith("did"):
        home = _home(table, name)
        hint = f"it belongs in {home}" if home and home != ".".join(map(str, location[:-1])) else hint
    told = f"unknown key '{printable(name)}'" + (f" in {_table(location[:-1])}" if len(location) > 1 else "")
    return Problem(spelled(values, location), told, hint or "leave it out", on_key=True, code="key")


def _home(table: type[Table], name: str) -> str:
    """A table at the top of a spec that has a key of this name."""
    for inner in whole(table).get("properties", {}):
        if name in rule(table, (inner,)).get("properties", {}):
            return f"[{inner}]"
    return ""


def _missing(table: type[Table], values: Mapping[str, Any], location: Where) -> Problem:
    parent, name = location[:-1], location[-1]
    if isinstance(name, int):
        found, wanted = _at(values, parent), len(rule(table, parent).get("prefixItems", ()))
        return Problem(spelled(values, parent), f"{_name(parent)} has {_items(len(found))}, {wanted} are wanted")
    where = f" in {_table(parent)}" if parent else ""
    return Problem(spelled(values, parent), f"'{name}' is missing{where}", _example(table, location), code="missing")


def _told(table: type[Table], location: Where, error: Wrong) -> tuple[str, str]:
    """Message and hint for a wrong value."""
    name, allowed, found = _name(location), rule(table, location), error.found
    match error.kind:
        case "type":
            return _wrong_type(name, found, error.told), _mend(table, location, found)
        case "shape":
            return error.told, error.hint
        case "finite":
            return f"{name} is {found}", "write a finite number"
        case "choice":
            choices = allowed.get("enum", ())
            hint = did_you_mean(found, [str(c) for c in choices]) if isinstance(found, str) else ""
            return f"{name} is {shown(found)}, allowed is {_listed(choices)}", hint if hint.startswith("did") else ""
        case "pattern":
            hint = _PATTERNS.get(error.limits.pattern or "", "other characters are not allowed")
            return f"{name} is {shown(found)}", hint
        case "count":
            return _wrong_count(name, found, error.limits), _example(table, location)
    low, high = allowed.get("minimum"), allowed.get("maximum")
    return f"{name} is {shown(found)}, allowed is {_span(low, high)}", str(allowed.get("description", ""))


def _wrong_type(name: str, found: object, wanted: str) -> str:
    kind = kind_of(found)
    what = kind if kind in ("a list", "a table") else shown(found)
    what = f"text ({what})" if kind == "text" else what
    return f"{name} is {what}, {wanted} is wanted"


def _wrong_count(name: str, found: object, limits: Limits) -> str:
    size = len(found) if isinstance(found, (str, list, tuple, dict)) else 0
    noun = f"{size:,} characters" if isinstance(found, str) else _items(size)
    low = limits.min_length or 0
    wanted = f"at least {low}" if size < low else f"at most {limits.max_length:,}"
    return f"{name} is empty" if size == 0 else f"{name} has {noun}, {wanted} are wanted"


def _mend(table: type[Table], location: Where, found: object) -> str:
    """How to write it instead: the quotes to leave out or to add, an example, or what the key means."""
    example = _example(table, location)
    if rule(table, location).get("type") == "boolean":
        return f"write {location[-1]} = true, or false"
    if isinstance(found, str) and rule(table, location).get("type") in ("number", "integer") and _numeric(found):
        return f"leave out the quotes: {location[-1]} = {found}"
    return example


def _numeric(text: str) -> bool:
    return len(text) < 20 and text.strip("+-").replace(".", "", 1).isdigit()


def _example(table: type[Table], location: Where) -> str:
    """``write length = "30 s"``, or the description of the key."""
    allowed = rule(table, location)
    if allowed.get("examples") and location and isinstance(location[-1], str):
        return f"write {location[-1]} = {_toml(allowed['examples'][0])}"
    return str(allowed.get("description", ""))


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def shown(value: object) -> str:
    """A value as it may be printed: short, on one line, never a number of thousands of digits."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) >= 10**18:
        return "a number of more than 18 digits"
    if isinstance(value, float):
        return f"{value:g}"
    return f"'{printable(value, 40)}'" if isinstance(value, str) else printable(str(value), 40)


def _at(values: Any, location: Where) -> Any:
    for step in location:
        values = values[step]
    return values


def _name(location: Where) -> str:
    """What a value is called: its key, or its number in a list."""
    key = next((printable(step) for step in reversed(location) if isinstance(step, str)), "the file")
    return f"item {location[-1] + 1} of {key}" if location and isinstance(location[-1], int) else key


def _table(location: Where) -> str:
    return "[" + ".".join(printable(str(step)) for step in location if isinstance(step, str)) + "]"


def _listed(choices: Sequence[object]) -> str:
    texts = [str(choice) or "''" for choice in choices]
    return ", ".join(texts[:-1]) + (" or " if len(texts) > 1 else "") + texts[-1]


def _span(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"{_number(low)} to {_number(high)}"
    return f"at least {_number(low)}" if low is not None else f"at most {_number(high)}" if high is not None else "less"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:g}"


def _items(number: int) -> str:
    return f"{number} item" if number == 1 else f"{number} items"
