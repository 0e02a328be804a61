"""Mistakes of type and range in plain words: what was found, what is allowed, and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import ErrorDetails

from scorekit.compiler import parlance
from scorekit.compiler.keypath import around, spelled
from scorekit.compiler.schema import kind_of, rule, whole
from scorekit.compiler.specs import VERSION, GenreSpec, SongSpec
from scorekit.compiler.tables import Table
from scorekit.errors import Problem, did_you_mean, printable

Location = tuple[str | int, ...]

_WANTED = {
    "float_type": "a number",
    "float_parsing": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number",
    "string_type": "text",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}
_PATTERNS = {
    "^[a-z0-9_-]{1,64}$": "small letters, digits, - and _, at most 64",
    "^e[1-5]$": "1 to 5, or e1 to e5",
    f"^{VERSION}$": "numbers and dots, such as 0.1",
}
_NUMBER = re.compile(r"\s*([+-]?\d{1,18}(?:\.\d{1,18})?)(?![\d.:/,])\s*", re.ASCII)
"""What a text begins with that may have been meant as a number."""
_COUNTS = ("too_long", "too_short", "string_too_long", "string_too_short")


def problems(model: type[Table], values: Mapping[str, Any], errors: Sequence[ErrorDetails]) -> list[Problem]:
    """Pydantic's errors as mistakes of a spec, without those that only follow from others.

    A list is not too short because its items are wrong, and a key is not missing when it is there misspelt.
    """
    steps = [error["loc"] for error in errors]
    real = [
        error
        for error in errors
        if error["type"] not in _COUNTS or not any(_inside(other, error["loc"]) for other in steps)
    ]
    found = [problem(model, values, error) for error in real]
    hints = {(around(one.path), one.hint) for one in found if one.code == "key"}
    follows = [
        error["type"] == "missing" and (one.path, f"did you mean '{error['loc'][-1]}'?") in hints
        for one, error in zip(found, real, strict=True)
    ]
    return list(dict.fromkeys(one for one, after in zip(found, follows, strict=True) if not after))


def _inside(steps: Sequence[object], outer: Sequence[object]) -> bool:
    return len(steps) > len(outer) and tuple(steps[: len(outer)]) == tuple(outer)


def problem(model: type[Table], values: Mapping[str, Any], error: ErrorDetails) -> Problem:
    """One of pydantic's errors as a mistake of a spec."""
    location, on_key = located(values, error["loc"])
    kind, found = error["type"], error["input"]
    if kind == "extra_forbidden":
        return _unknown(model, values, location)
    if kind == "missing":
        return _missing(model, values, location)
    if kind == "literal_error" and on_key:
        known = re.findall(r"'([^']*)'", error.get("ctx", {})["expected"])
        told, hint = (
            f"unknown key '{printable(str(found))}' in {_table(location[:-1])}",
            did_you_mean(str(found), known),
        )
        return Problem(spelled(values, location), told, hint, on_key=True, code="key")
    told, hint = _told(model, location, kind, found, error.get("ctx", {}))
    path = spelled(values, location)
    return Problem(path, told, hint, on_key=on_key)


def located(values: object, steps: Sequence[str | int]) -> tuple[Location, bool]:
    """Where an error is, without the tags pydantic puts in between, and whether it is about the key."""
    where: Location = ()
    for step in steps:
        if isinstance(values, Mapping) and step in values:
            values = values[step]
        elif isinstance(values, (list, tuple)) and isinstance(step, int):
            values = values[step] if step < len(values) else None
        elif step == "[key]":
            return where, True
        elif step in ("a number", "a table", "a list", "text"):
            continue
        where = (*where, step)
    return where, False


def _unknown(model: type[Table], values: Mapping[str, Any], location: Location) -> Problem:
    name = str(location[-1])
    known = tuple(rule(model, location[:-1]).get("properties", {}))
    asked = parlance.advice(values, location, _at(values, location)) if model is SongSpec else ""
    hint = asked or did_you_mean(name, known)
    if not asked and not hint.startswith("did"):
        hint = _inside_one(model, values, location) or _elsewhere(model, location) or hint
    told = f"unknown key '{printable(name)}'" + (f" in {_table(location[:-1])}" if len(location) > 1 else "")
    return Problem(spelled(values, location), told, hint or "leave it out", on_key=True, code="key")


def _inside_one(model: type[Table], values: Mapping[str, Any], location: Location) -> str:
    """``write sound = { patch = "grand" }``, where a table beside the key has a key of this name."""
    *around, name = location
    for table in rule(model, around).get("properties", {}):
        inner = rule(model, (*around, table))
        if inner.get("type") == "object" and name in inner.get("properties", {}) and around:
            return f"write {table} = {_toml({name: _at(values, location)})}"
    return ""


def _elsewhere(model: type[Table], location: Location) -> str:
    """``it belongs in [master]``, where a table of the spec has a key of this name, or each of its tables has."""
    name = location[-1]
    if model is SongSpec and location[:-1] == ("chords",):
        return f"a section's chords stand in its table: [sections.{name}] chords = ..."
    for table in whole(model).get("properties", {}):
        for home in ((table,), (table, "NAME")):
            if name in rule(model, home).get("properties", {}) and location[:1] != home[:1]:
                return f"it belongs in [{'.'.join(home)}]"
    if model is SongSpec and name in GenreSpec.entries:
        return f"it is a table of genres: for this song alone write [override.{name}]"
    return ""


def _missing(model: type[Table], values: Mapping[str, Any], location: Location) -> Problem:
    parent, name = location[:-1], location[-1]
    if isinstance(name, int):
        found, wanted = _at(values, parent), len(rule(model, parent).get("prefixItems", ()))
        return Problem(spelled(values, parent), f"{_name(parent)} has {_items(len(found))}, {wanted} are wanted")
    where = f" in {_table(parent)}" if parent else ""
    return Problem(spelled(values, parent), f"'{name}' is missing{where}", _example(model, location), code="missing")


def _told(
    model: type[Table], location: Location, kind: str, found: object, limits: Mapping[str, Any]
) -> tuple[str, str]:
    """Message and hint for a wrong value."""
    name, allowed = _name(location), rule(model, location)
    if kind in _WANTED or kind.startswith("union_tag"):
        hint = (model is SongSpec and parlance.shaped(location, found)) or _mend(model, location, found)
        return _wrong_type(name, found, _WANTED.get(kind) or _tags(limits)), hint
    if kind == "shape":
        return str(limits["told"]), str(limits["hint"])
    if kind == "finite_number":
        return f"{name} is {found}", "write a finite number"
    if kind == "literal_error":
        choices = allowed.get("enum", [allowed.get("const")])
        hint = did_you_mean(found, [str(c) for c in choices]) if isinstance(found, str) else ""
        asked = parlance.shaped(location, found) if model is SongSpec else ""
        return f"{name} is {shown(found)}, allowed is {_listed(choices)}", hint if hint.startswith("did") else asked
    if kind == "string_pattern_mismatch":
        return f"{name} is {shown(found)}", _PATTERNS.get(limits.get("pattern", ""), "other characters are not allowed")
    if kind in _COUNTS:
        return _wrong_count(name, found, limits), _example(model, location)
    low, high = allowed.get("minimum"), allowed.get("maximum")
    return f"{name} is {shown(found)}, allowed is {_span(low, high)}", str(allowed.get("description", ""))


def _wrong_type(name: str, found: object, wanted: str) -> str:
    kind = kind_of(found)
    what = kind if kind in ("a list", "a table") else shown(found)
    what = f"text ({what})" if kind == "text" else what
    return f"{name} is {what}, {wanted} is wanted"


def _wrong_count(name: str, found: object, limits: Mapping[str, Any]) -> str:
    size = len(found) if isinstance(found, (str, list, tuple, dict)) else 0
    low, high = limits.get("min_length"), limits.get("max_length")
    noun = f"{size:,} characters" if isinstance(found, str) else _items(size)
    wanted = f"at least {low}" if low is not None else f"at most {high:,}"
    return f"{name} is empty" if size == 0 else f"{name} has {noun}, {wanted} are wanted"


def _mend(model: type[Table], location: Location, found: object) -> str:
    """How to write it instead: the quotes to leave out or to add, an example, or what the key means."""
    allowed, name = rule(model, location), location[-1] if location else ""
    example = allowed.get("examples", [None])[0]
    if isinstance(found, str) and isinstance(example, dict):
        texts = [key for key, one in example.items() if isinstance(one, str)]
        return f"write {name} = {_toml({texts[0]: found} if texts else example)}"
    if allowed.get("type") == "array" and isinstance(name, str):
        item = rule(model, (*location, 0)).get("type")
        if item == "string" and isinstance(found, str):
            whole_lines = isinstance(example, str) and " " in example
            return f"write {name} = {_toml([found] if whole_lines else re.split('[ ,]+', found.strip()))}"
        if item == "object" and isinstance(found, Mapping):
            return f"write [[{'.'.join(map(str, location))}]] above its keys"
    if allowed.get("type") == "string" and isinstance(name, int) and isinstance(found, (bool, int, float)):
        return f"text stands in quotes: {_toml(str(found))}"
    if rule(model, location).get("type") == "boolean":
        return f"write {name} = true, or false"
    if rule(model, (*location, "")).get("type") == "object" and location:
        return f"write [{name}.NAME], and below it what holds there"
    if isinstance(found, str) and rule(model, location).get("type") in ("number", "integer"):
        number = _NUMBER.match(found)
        if number and isinstance(name, int):
            return f"leave out the quotes: {number[1]}"
        if number and found[number.end() :].strip() == "%" and allowed.get("maximum") == 1:
            return f"write {name} = {float(number[1]) / 100:g}"
        if number:
            how = "leave out the quotes" if number.end() == len(found) else "write the number alone"
            return f"{how}: {name} = {number[1]}"
    return _example(model, location)


def _example(model: type[Table], location: Location) -> str:
    """``write length = "30 s"``, or the description of the key."""
    allowed = rule(model, location)
    if allowed.get("examples") and location and isinstance(location[-1], str):
        return f"write {location[-1]} = {_toml(allowed['examples'][0])}"
    return str(allowed.get("description", ""))


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    import json

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


def _at(values: Any, location: Location) -> Any:
    for step in location:
        values = values[step]
    return values


def _name(location: Location) -> str:
    """What a value is called: its key, or its number in a list."""
    key = next((printable(step) for step in reversed(location) if isinstance(step, str)), "the file")
    return f"item {location[-1] + 1} of {key}" if location and isinstance(location[-1], int) else key


def _table(location: Location) -> str:
    return "[" + ".".join(printable(str(step)) for step in location if isinstance(step, str)) + "]"


def _tags(limits: Mapping[str, Any]) -> str:
    return _listed([tag.strip("'") for tag in str(limits.get("expected_tags", "another kind")).split(", ")])


def _listed(choices: Sequence[object]) -> str:
    texts = [str(choice) or "''" for choice in choices]
    return ", ".join(texts[:-1]) + (" or " if len(texts) > 1 else "") + texts[-1]


def _span(low: float | None, high: float | None) -> str:
    if low is not None and low == high:
        return _number(low)
    if low is not None and high is not None:
        return f"{_number(low)} to {_number(high)}"
    return f"at least {_number(low)}" if low is not None else f"at most {_number(high)}" if high is not None else "less"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:g}"


def _items(number: int) -> str:
    return f"{number} item" if number == 1 else f"{number} items"
