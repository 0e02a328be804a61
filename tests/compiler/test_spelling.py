"""Chords are spelt by their degree in the key, and letters of the user's as they are written."""

from __future__ import annotations

import pytest

from scorekit import files, pipeline
from scorekit.theory import root_names


def symbols(key: str, chords: str) -> list[str]:
    """The symbols of some chords in a key."""
    bars = chords.count("|") + 1
    text = f'genre = "rock"\nkey = "{key}"\nform = "verse:{bars}"\n[sections.verse]\nchords = "{chords}"'
    plan = pipeline.compile_song(text, "song.toml", find=files.load).plan
    assert plan is not None
    return [chord.symbol for chord in plan.placements[0].section.chords]


@pytest.mark.parametrize(
    ("key", "chords", "told"),
    [
        ("A major", "bII | bIII | bVI | bVII | #IV", ["Bb", "C", "F", "G", "D#"]),
        ("E minor", "i | bII7 | iv | bVII", ["Em", "F7", "Am", "D"]),
        ("D dorian", "i7 | bII | bIII | IV", ["Dm7", "Eb", "F", "G"]),
        ("B major", "bII | bVI | V/3", ["C", "G", "F#/A#"]),
        ("F major", "bIII | IV | bII7 | #IVdim", ["Ab", "Bb", "Gb7", "Bdim"]),
        ("Bb minor", "bVI | bII | V7", ["Gb", "B", "F7"]),
        ("C major", "Db7 | C#7 | F#m7b5 | D/F# | Gb/Bb", ["Db7", "C#7", "F#m7b5", "D/F#", "Gb/Bb"]),
    ],
)
def test_roots_are_spelt_by_degree(key: str, chords: str, told: list[str]) -> None:
    """bII of A is Bb and not A#; letters keep the spelling they came with."""
    assert symbols(key, chords) == told


def test_every_name_is_its_pitch_class() -> None:
    """In every key and mode the twelve names stand for the twelve pitch classes, with one accidental at most."""
    letters = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
    for tonic, name in enumerate(("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")):
        for mode in ("major", "minor", "dorian", "phrygian"):
            names = root_names(tonic, mode, name)
            assert [(letters[n[0]] + n.count("#") - n[1:].count("b")) % 12 for n in names] == list(range(12))
            assert max(map(len, names)) <= 2 and names[tonic] == name
