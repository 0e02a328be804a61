"""A band without a bass still has roots: the left hand at the keys gives them where energy asks for it."""

from __future__ import annotations

import pytest

from scorekit import files, pipeline
from scorekit.playable import in_two_hands


@pytest.mark.parametrize("genre", ["rock", "pop", "soul", "funk", "jazz_swing", "country"])
def test_the_left_hand_takes_the_roots(genre: str) -> None:
    """With the bass silenced, most chords of a section at energy 4 have their bass note below C3 in the keys;
    with a bass the keys leave it alone. All of it lies under two hands."""
    text = (
        f'genre = "{genre}"\nseed = 2\nform = "verse:8:e4 chorus:8:e2"\n[sections.verse]\nchords = "I | vi | IV | V"\n'
    )
    text += "[sections.chorus]\nchords = 'I'\n[parts.keys]\nplay = true\n"
    found = {}
    for silent in (True, False):
        done = pipeline.compile_song(text + "[parts.bass]\nplay = false\n" * silent, "song.toml", find=files.load)
        assert done.plan is not None
        score = pipeline.compose(done.plan)
        section, passage = score.plan.placements[0].section, score.passages[0]
        keys = passage.phrase("keys").notes
        found[silent] = sum(
            any(n.pitch < 48 and n.pitch % 12 == chord.bass and chord.start <= n.start < chord.end for n in keys)
            for chord in section.chords
        )
        for tick in {n.start for n in keys}:
            assert in_two_hands(tuple(sorted(n.pitch for n in keys if n.start == tick)))
    assert found[True] >= 4 and found[True] > found[False]
