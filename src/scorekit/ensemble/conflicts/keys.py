"""Which key the notes of a section speak for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scorekit.score import Key, Note, Section
from scorekit.theory import MAJOR_LIKE, key_fit, key_name, pitch_weights

CLEAR = 0.05
"""By how much the planned key must fit better than its relative."""


def weights(notes: Mapping[str, Sequence[Note]]) -> tuple[float, ...]:
    """Sounding time of each pitch class in all pitched parts, with mean 0 and length 1."""
    found = [0.0] * 12
    for part, line in notes.items():
        if part != "drums":
            for note in line:
                found[note.pitch % 12] += note.length
    return pitch_weights(found)


def relative(key: Key) -> Key:
    """The key with the same notes and the other third, A minor for C major; modes count by their third."""
    tonic, mode = ((key.tonic + 9) % 12, "minor") if key.mode in MAJOR_LIKE else ((key.tonic + 3) % 12, "major")
    return Key(tonic, mode, key_name(tonic, mode))


def ambiguous(section: Section, notes: Mapping[str, Sequence[Note]], clear: float = CLEAR) -> Key | None:
    """The relative key, if the notes of a section do not fit the planned one better by ``clear``."""
    heard, other = weights(notes), relative(section.key)
    planned = key_fit(heard, section.key.tonic, section.key.mode in MAJOR_LIKE)
    return other if planned - key_fit(heard, other.tonic, other.mode == "major") < clear else None
