"""Which key notes speak for, by Krumhansl's and Kessler's profiles (1982)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from math import sqrt

from scorekit.score import Key, Note, Section
from scorekit.theory import MAJOR_LIKE, key_name

_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
CLEAR = 0.05
"""By how much the planned key must fit better than its relative."""


def _unit(values: Sequence[float]) -> tuple[float, ...]:
    """Values with mean 0 and length 1."""
    mean = sum(values) / len(values)
    size = sqrt(sum((v - mean) ** 2 for v in values)) or 1.0
    return tuple((v - mean) / size for v in values)


@cache
def _profile(tonic: int, major: bool) -> tuple[float, ...]:
    profile = _MAJOR if major else _MINOR
    return _unit([profile[(pc - tonic) % 12] for pc in range(12)])


def weights(notes: Mapping[str, Sequence[Note]]) -> tuple[float, ...]:
    """Sounding time of each pitch class in all pitched parts, with mean 0 and length 1."""
    found = [0.0] * 12
    for part, line in notes.items():
        if part != "drums":
            for note in line:
                found[note.pitch % 12] += note.length
    return _unit(found)


def fit(heard: Sequence[float], tonic: int, major: bool) -> float:
    """Correlation of pitch-class weights with a key's profile, -1 to 1."""
    return sum(a * b for a, b in zip(heard, _profile(tonic, major), strict=True))


def relative(key: Key) -> Key:
    """The key with the same notes and the other third, A minor for C major; modes count by their third."""
    tonic, mode = ((key.tonic + 9) % 12, "minor") if key.mode in MAJOR_LIKE else ((key.tonic + 3) % 12, "major")
    return Key(tonic, mode, key_name(tonic, mode))


def ambiguous(section: Section, notes: Mapping[str, Sequence[Note]], clear: float = CLEAR) -> Key | None:
    """The relative key, if the notes of a section do not fit the planned one better by ``clear``."""
    heard, other = weights(notes), relative(section.key)
    planned = fit(heard, section.key.tonic, section.key.mode in MAJOR_LIKE)
    return other if planned - fit(heard, other.tonic, other.mode == "major") < clear else None
