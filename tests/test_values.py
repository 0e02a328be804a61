"""Values are frozen structs, and where they come from takes no part in what they are."""

from __future__ import annotations

import ast

import pytest
from msgspec.structs import replace

from scorekit.ideas import Groove
from scorekit.score import Cell, Chord, Intent, Note, Phrase
from scorekit.store import fingerprint
from scorekit.values import Traced, compared, content
from tests.test_architecture import MODULES

SAME: dict[str, tuple[Traced, Traced]] = {
    "a note of another origin": (Note(0, 960, 60, 80), Note(0, 960, 60, 80, origin=3)),
    "a phrase of notes of other origins": (
        Phrase("bass", (Note(0, 960, 60, 80), Note(960, 480, 62, 80))),
        Phrase("bass", (Note(0, 960, 60, 80, origin=1), Note(960, 480, 62, 80, origin=2))),
    ),
    "a phrase of another idea": (Phrase("bass", (), (), "walk"), Phrase("bass", (), (), "pedal")),
    "a chord spelt otherwise": (Chord(0, 960, 1, "maj", 1, "C#"), Chord(0, 960, 1, "maj", 1, "Db", "chords")),
    "an intent written elsewhere": (Intent(0, "stop"), Intent(0, "stop", path="sections.bridge.intents.0")),
    "a wish written elsewhere": (Cell(), Cell(path="parts.bass")),
    "a groove of another name": (Groove("a", (1,), 1.0, "x"), Groove("b", (1,), 1.0, "y")),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME.keys())
def test_provenance_changes_nothing(one: Traced, other: Traced) -> None:
    """Two values that differ only in where they come from are equal, hash alike and have one fingerprint."""
    assert one == other
    assert hash(one) == hash(other)
    assert fingerprint(one) == fingerprint(other)
    assert content(one) == content(other)


@pytest.mark.parametrize("kind", sorted({type(one) for one, _ in SAME.values()}, key=lambda kind: kind.__name__))
def test_provenance_names_fields_and_the_rest_counts(kind: type[Traced]) -> None:
    """What is called provenance are fields of the class, and every other field is compared, in order."""
    assert set(kind.PROVENANCE) <= set(kind.__struct_fields__)
    assert kind.PROVENANCE
    assert compared(kind) == tuple(name for name in kind.__struct_fields__ if name not in kind.PROVENANCE)


def test_everything_else_makes_another_value() -> None:
    """A note with any other field changed, and a value of another class with the same fields, are not equal."""
    note = Note(0, 960, 60, 80)
    for name in compared(Note):
        assert replace(note, **{name: "dead" if name == "manner" else 5}) != note
    assert Intent(0, "stop") != Chord(0, 0, 0, "stop", 0)


def test_a_value_cannot_be_changed() -> None:
    """Setting a field raises."""
    with pytest.raises(AttributeError):
        Note(0, 960, 60, 80).pitch = 61  # type: ignore[misc]


def test_there_is_one_way_to_make_a_frozen_class() -> None:
    """Frozen classes are structs; the standard library's are for the few that change, and its ``replace`` is for none."""
    frozen = [
        f"{module}.{node.name}"
        for module, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for mark in node.decorator_list
        if "frozen" in ast.unparse(mark)
    ]
    assert not frozen
    taken = {
        alias.name
        for tree in MODULES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "dataclasses"
        for alias in node.names
    }
    assert taken == {"dataclass", "field"}


def test_each_note_of_a_phrase_counts_and_their_order_does() -> None:
    """Phrases of other notes, of the same in another order, of one more or of none have fingerprints of their own, and a value is
    none of the numbers it holds."""
    low, high = Note(0, 960, 60, 80), Note(0, 960, 67, 80)
    rows = (
        (),
        (low,),
        (low, high),
        (high, low),
        (low, low),
        (low, Intent(0, "stop")),
        (low, 960),
        (0, 960, 60, 80, ""),
    )
    assert len({fingerprint(row) for row in rows}) == len(rows)
    assert fingerprint((low,)) != fingerprint(low)
