"""Broken specs: each is refused at the right line and column, in plain words, with all else that is wrong in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from scorekit.errors import Diagnostic

Check = Callable[[str, str], list[Diagnostic]]


def broken() -> list[tuple[str, str, list[str]]]:
    """The table in data/broken.txt: kind, text, and the mistakes expected as ``line:column message``."""
    entries = (Path(__file__).parent / "data" / "broken.txt").read_text().split("\n=== ")[1:]
    table = []
    for entry in entries:
        kind, _, rest = entry.partition("\n")
        text = "".join(f"{line}\n" for line in rest.split("\n") if not line.startswith("--- "))
        table.append((kind, text.rstrip("\n") + "\n", re.findall(r"^--- (.*)$", rest, re.MULTILINE)))
    return table


TABLE = broken()


@pytest.mark.parametrize(("kind", "text", "expected"), TABLE, ids=[expected[0] for _, _, expected in TABLE])
def test_a_broken_spec_is_refused_at_its_place(check: Check, kind: str, text: str, expected: list[str]) -> None:
    """Every mistake, and nothing else, is told at the line and column where it was written."""
    found = check(text, kind)
    assert [f"{one.span.line}:{one.span.column} {one.message}" for one in found if one.span] == expected


def test_the_table_is_broad_and_deep() -> None:
    """At least forty broken specs, and one whose five mistakes are told all at once."""
    assert len(TABLE) >= 40
    assert max(len(expected) for _, _, expected in TABLE) >= 5


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, text, _ in TABLE])
def test_a_refusal_is_short_and_safe_to_print(check: Check, kind: str, text: str) -> None:
    """At most fifteen lines a mistake, no control characters, at a place that exists in the text."""
    for found in check(text, kind):
        shown = found.render().split("\n")
        assert len(shown) <= 15
        assert all(line.isprintable() for line in shown)
        assert found.span is not None
        assert 1 <= found.span.column <= len(found.span.text) + 1


@pytest.mark.parametrize(
    "text", ["\x1b[31m = 1\n", 'genre = "\\u202e\\u001b[2Jx"\n', '[sections."\\u0007"]\nbarz = 1\n']
)
def test_control_characters_never_reach_the_screen(check: Check, text: str) -> None:
    """Escape sequences and direction marks in a spec are shown escaped."""
    shown = "\n".join(found.render() for found in check(text, "song"))
    assert shown
    assert all(char.isprintable() or char == "\n" for char in shown)
