"""The language as it is explained: every TOML block of tests/language says what is told about it, and it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from scorekit.errors import Diagnostic

FOLDER = Path(__file__).resolve().parents[1] / "language"
KINDS = {"songs": "song", "genres": "genre", "models": "model"}
BLOCK = re.compile(r"^```toml\n(.*?)^```\n((?:→ [^\n]*\n?)*)", re.MULTILINE | re.DOTALL)


def blocks() -> list[tuple[str, str, list[str]]]:
    """Every example: what kind of file it is, its text, and what is told about it."""
    return [
        (kind, text, [line.removeprefix("→ ") for line in told.splitlines()])
        for name, kind in KINDS.items()
        for text, told in BLOCK.findall((FOLDER / f"{name}.md").read_text())
    ]


def line(found: Diagnostic) -> str:
    """A mistake as the pages write it: ``2:1 unknown key 'tempoo' (did you mean 'tempo'?)``."""
    assert found.span
    hint = f" ({found.hint})" if found.hint else ""
    return f"{found.span.line}:{found.span.column} {found.message}{hint}"


@pytest.mark.parametrize(("kind", "text", "told"), blocks())
def test_the_pages_are_true(
    check: Callable[[str, str], list[Diagnostic]], kind: str, text: str, told: list[str]
) -> None:
    """What stands under an example is what scorekit says."""
    assert ([line(found) for found in check(text, kind)] or ["fine"]) == told
