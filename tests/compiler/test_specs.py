"""Specs: what is typed how, that every key is explained, and that the schemas for editors say the same."""

from __future__ import annotations

import datetime
import math
import re
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from sys import float_info
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from msgspec import Meta, ValidationError, convert

from scorekit.compiler.layers import frozen
from scorekit.compiler.schema import KINDS, errors, rule, schema
from scorekit.compiler.specs import GenreSpec, ModelSpec, SongSpec, Sound
from scorekit.compiler.tables import Change, Table


def song(text: str) -> SongSpec:
    """A song, straight from TOML."""
    return convert(tomllib.loads('genre = "funk"\n' + text), SongSpec)


def test_a_song_needs_only_a_genre() -> None:
    """Everything else has a default."""
    assert song("").wanted == "30 s"


@pytest.mark.parametrize("tempo", ["120", "120.0", "1.2e2"])
def test_a_number_may_be_written_whole_or_not(tempo: str) -> None:
    """120 and 120.0 are the same tempo."""
    assert song(f"tempo = {tempo}").tempo == 120


def test_a_tempo_has_four_shapes() -> None:
    """A number, a ramp, dotted quarters, or changes at bars."""
    assert song("tempo = { start = 96, end = 104 }").tempo == Change(start=96, end=104)
    assert song("tempo = { dotted = 80 }").tempo == Change(dotted=80)
    assert song("tempo = [[1, 96], [9, 120.5]]").tempo == ((1, 96), (9, 120.5))


@pytest.mark.parametrize(
    "text",
    [
        "tempo = true",
        "seed = true",
        "seed = 1.0",
        "title = 1",
        "energy = '0.5'",
        "tempo = nan",
        "energy = inf",
        "parts = []",
    ],
)
def test_types_are_strict(text: str) -> None:
    """true is no number, text is no number, a number is no text, and nothing is infinite."""
    with pytest.raises(ValidationError):
        song(text)


def test_a_spec_is_frozen() -> None:
    """Specs cannot be changed after they were read, and lists are tuples."""
    spec = song("[sections.A]\nintents = ['1.1 stop']")
    assert spec.sections["A"].intents == ("1.1 stop",)
    with pytest.raises(AttributeError):
        spec.seed = 3  # type: ignore[misc]


def test_a_sound_takes_any_parameter_that_is_a_number() -> None:
    """Which ones a patch has is the catalog's business."""
    sound = song("[parts.bass]\nsound = { patch = 'upright', bright = 1 }").parts["bass"].sound
    assert sound == {"patch": "upright", "bright": 1.0}
    assert isinstance(sound["bright"], float)


def _entries(node: Any) -> list[tuple[str, Any]]:
    found = []
    if isinstance(node, dict):
        found += list(node.get("properties", {}).items())
        found += [pair for value in node.values() for pair in _entries(value)]
    elif isinstance(node, list):
        found += [pair for value in node for pair in _entries(value)]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_is_explained_in_a_sentence(kind: str) -> None:
    """Descriptions are hover text in editors and hints of errors."""
    made = schema(kind)
    entries = _entries(made)
    assert len(entries) > 8
    for name, entry in entries:
        table = made["$defs"][entry["$ref"].rsplit("/", 1)[1]] if "$ref" in entry else {}
        assert (entry.get("description") or table.get("description", "")).endswith("."), name


@pytest.mark.parametrize("kind", KINDS)
def test_schemas_are_the_2020_dialect_and_refuse_unknown_keys(kind: str) -> None:
    """Editors mark a misspelt key as scorekit does."""
    made = schema(kind)
    assert made["$schema"].endswith("2020-12/schema")
    assert made["additionalProperties"] is False
    assert "null" not in str(made)


def test_a_rule_is_found_at_its_place() -> None:
    """Limits, choices and keys of a place in a spec, through tables, lists and alternatives."""
    assert rule(SongSpec, ("master", "lufs"))["maximum"] == -6
    assert rule(SongSpec, ("tempo",))["minimum"] == 20
    assert "density" in rule(SongSpec, ("sections", "A", "parts", "bass"))["properties"]
    assert rule(GenreSpec, ("drums", "groove", 0, "bars"))["maximum"] == 16
    assert rule(ModelSpec, ("type",))["enum"] == ["general", "instrument_focused"]
    assert rule(SongSpec, ("nothing", "here")) == {}


def test_the_genres_that_come_along_are_complete_with_their_base(root: Path) -> None:
    """base44 is no genre by itself: it has no forms and no chords, and its tables are valid."""
    values = frozen(tomllib.loads((root / "genres" / "base44.toml").read_text()))
    with pytest.raises(ValidationError):
        convert(values, GenreSpec)
    assert {error["loc"] for error in errors(GenreSpec, values)} == {("tempo",), ("form",), ("harmony",)}


# -- the two who judge ---------------------------------------------------------------------------------------------------

ODD: tuple[Any, ...] = (
    True, 0, 1, -1, 3, 20, 0.5, 1.5, -0.0, 1e9, math.nan, math.inf, -math.inf, 2**63 - 1, 2**63, 2**64, -(2**63), 10**30,
    "", "bass", "bass\n", "e1", "e1\n", "a", "a\n", "A", "0.1", "0.1\n", "first", "first nonesuch", "fix", "é" * 80,
    "x" * 81, "x" * 201, "x" * 2001, [], [1], [1, 2], [2, 1], [0.5, 0.5], ["a"], ["bass"], ["a"] * 17, [[1, 96]],
    [[2, 96]], [[1, 96], [1, 97]], [[100, 0.5]], {}, {"a": 1}, {"bass": {}}, {"a": {}}, {"a": [1.0]}, {"a": 0.5},
    {"patch": "a"}, {"patch": 1}, {"bright": "a"}, {"patch": "a", "bright": math.nan}, {"midi": "a"}, {"start": 96},
    {"start": 96, "end": 104}, {"dotted": 80}, {"dotted": 80, "end": 90}, {"notes": "a", "at": 1}, {"section": "a"},
    datetime.date(2001, 1, 1), datetime.time(1, 2),
)  # fmt: skip
"""What may be written in the wrong place, the limits of many a place, and what looks right."""
ALONE = {"dotted", "notes"}
"""Keys that rule others out."""


def tables(kind: type[Table] = Table) -> list[type[Table]]:
    """Every table there is."""
    return [found for table in kind.__subclasses__() for found in (table, *tables(table))]


def filled(table: type[Table], way: int, whole: bool = True) -> dict[str, Any]:
    """A table with every key there is, or only those it must have; all right."""
    hints = get_type_hints(table, include_extras=True)
    keys = {
        n: said.alias or n for n, said in table.entries.items() if n not in ALONE and (whole or said.default is ...)
    }
    return {key: sample(hints[name], way) for name, key in keys.items()}


def sample(hint: Any, way: int) -> Any:
    """A value that is right; of alternatives one by ``way``."""
    origin, args = get_origin(hint), get_args(hint)
    if hint is Sound:
        return {"patch": "first", "bright": 0.5}
    if isinstance(hint, type) and issubclass(hint, Table):
        return filled(hint, way, whole=hint is Change)
    if origin in (Union, UnionType):
        ways = [one for one in args if one is not NoneType]
        return sample(ways[way % len(ways)], way)
    if origin is Annotated:
        limits = next(one for one in args[1:] if isinstance(one, Meta))
        if limits.pattern:
            return next(text for text in ("bass", "e1", "0.1") if re.search(limits.pattern, text))
        return sample(args[0], way) if limits.ge in (None, -float_info.max) else limits.ge
    if origin is Literal:
        return args[0]
    if origin is tuple:
        return [sample(one, way) for one in args if one is not ...]
    if origin is dict:
        return {sample(args[0], way): sample(args[1], way)}
    return {bool: True, int: 1, float: 0.5, str: "first"}.get(hint, {})


def places(node: Any, steps: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in values."""
    if steps:
        yield steps
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in list(pairs):
        yield from places(value, (*steps, key))


def variants(values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The values; without one of their keys, or with one they should not have; and with odd ones at every place."""
    for steps in [(), *places(values)]:
        for odd in (*ODD, KeyError):
            copy = deepcopy(values)
            holder: Any = copy
            for step in steps[:-1]:
                holder = holder[step]
            if not steps:
                copy["nonesuch"] = odd
            elif odd is KeyError:
                del holder[steps[-1]]
            else:
                holder[steps[-1]] = odd
            yield copy


def takes(table: type[Table], values: dict[str, Any]) -> bool:
    """Whether a table can be made of values."""
    try:
        return convert(values, table) is not None
    except ValidationError:
        return False


@pytest.mark.parametrize("way", range(3))
@pytest.mark.parametrize("table", tables(), ids=lambda table: table.__name__)
def test_what_a_table_refuses_pydantic_tells_and_nothing_else(table: type[Table], way: int) -> None:
    """Both judge alike, at every key of every table and about everything that may be written there."""
    values = filled(table, way)
    assert takes(table, values)
    judged = [(takes(table, one), not errors(table, frozen(one)), one) for one in variants(values)]
    assert sum(not taken for taken, _, _ in judged) > len(ODD)
    assert [one for taken, fine, one in judged if taken != fine] == []


def test_no_word_is_without_effect() -> None:
    """Every key that a file may hold is asked for somewhere, but where a model says what it comes from."""
    source = Path(__file__).resolve().parents[2] / "src" / "scorekit"
    written = ("genres.py", "specs.py")
    code = "\n".join(path.read_text() for path in sorted(source.rglob("*.py")) if path.name not in written)
    asked = set(re.findall(r"(?:\.|[\"'])([a-z_]+)\b", code))
    tables = [*Table.__subclasses__()]
    tables += [below for table in tables for below in table.__subclasses__()]
    words = {name for table in tables for name in table.entries}
    assert len(words) > 100
    assert words - asked == {"provenance"}
