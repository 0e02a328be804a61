"""Specs: what is typed how, that every key is explained, and that the schemas for editors say the same."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from scorekit.compiler.layers import frozen
from scorekit.compiler.schema import KINDS, rule, schema
from scorekit.compiler.specs import GenreSpec, ModelSpec, SongSpec
from scorekit.compiler.tables import Change


def song(text: str) -> SongSpec:
    """A song, straight from TOML."""
    return SongSpec.model_validate(frozen(tomllib.loads('genre = "funk"\n' + text)))


def test_a_song_needs_only_a_genre() -> None:
    """Everything else has a default."""
    assert song("").length == "30 s"


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
    with pytest.raises(ValidationError):
        spec.seed = 3


def test_a_sound_takes_any_parameter_that_is_a_number() -> None:
    """Which ones a patch has is the catalog's business."""
    sound = song("[parts.bass]\nsound = { patch = 'upright', bright = 1 }").parts["bass"].sound
    assert sound is not None
    assert (sound.patch, sound.params) == ("upright", {"bright": 1.0})


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
    with pytest.raises(ValidationError) as caught:
        GenreSpec.model_validate(values)
    assert {error["loc"] for error in caught.value.errors()} == {("tempo",), ("form",), ("harmony",)}
