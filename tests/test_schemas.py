"""The committed JSON Schemas are those of the classes, and every shipped file names its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scorekit.compiler.schema import schema

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {"song": "specs", "genre": "genres", "model": "models"}


@pytest.mark.parametrize("kind", FOLDERS)
def test_the_committed_schema_is_the_one_scorekit_prints(kind: str) -> None:
    """specs/song.schema.json and its like equal ``scorekit schema``; print them again after changing a key."""
    path = ROOT / FOLDERS[kind] / f"{kind}.schema.json"
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(json.dumps(schema(kind)))


@pytest.mark.parametrize("kind", FOLDERS)
def test_every_shipped_file_names_its_schema(kind: str) -> None:
    """Each TOML file begins with its #:schema line, so that editors complete and explain its keys."""
    for path in sorted((ROOT / FOLDERS[kind]).glob("*.toml")):
        assert path.read_text(encoding="utf-8").splitlines()[0] == f"#:schema ./{kind}.schema.json", path
