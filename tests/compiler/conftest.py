"""Texts in, mistakes out: what the tests of the language share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scorekit.catalog import CATALOG
from scorekit.compiler.compile import compile_text
from scorekit.compiler.layers import ordered, resolve, validate
from scorekit.compiler.schema import KINDS
from scorekit.compiler.specs import GenreSpec
from scorekit.compiler.toml import Document, parse
from scorekit.compiler.vocabulary import ideas
from scorekit.errors import Diagnostic

HERE = Path(__file__).resolve().parent
TEXTS = {
    "base44": (HERE.parents[1] / "genres" / "base44.toml").read_text(),
    "funk": (HERE / "data" / "funk.toml").read_text(),
    "instrument_focused": 'name = "instrument_focused"\n',
    "me.toml": 'genre = "funk"\nextends = "me.toml"\n',
}


def find(kind: str, name: str, beside: str) -> tuple[str, str] | Diagnostic:
    """The files there are."""
    return (name, TEXTS[name]) if name in TEXTS else Diagnostic(kind, f"there is no {kind[:-1]} '{name}'")


def load(name: str, beside: str) -> Document | Diagnostic:
    """A file read."""
    found = find("genres", name, beside)
    return found if isinstance(found, Diagnostic) else parse(found[1], found[0])


def mistakes(text: str, kind: str = "song") -> list[Diagnostic]:
    """Every mistake in a text."""
    file = f"{kind}.toml"
    if kind == "song":
        return list(compile_text(text, file, "Test", find, CATALOG).diagnostics)
    document = parse(text, file)
    if isinstance(document, Diagnostic):
        return [document]
    layered, wrong = resolve(document, load)
    spec, more = validate(KINDS[kind], layered)
    found = wrong + more
    if isinstance(spec, GenreSpec):
        found += [layered.diagnose(problem) for problem in ideas(spec, CATALOG)[1]]
    return ordered(found)


@pytest.fixture(scope="session", name="check")
def _check() -> Callable[..., list[Diagnostic]]:
    """Every mistake in a text of a kind."""
    return mistakes
