"""Licks: a guitar's sixths between the singer's lines."""

from __future__ import annotations

import pytest

from scorekit import studio, theory
from scorekit.playable import on_guitar


@pytest.mark.parametrize(("genre", "songs"), [("country", 20), ("soul", 24)])
def test_licks_answer_the_singer_in_sixths(genre: str, songs: int) -> None:
    """Two strings a sixth or so apart that a hand can hold, all tones of the chord's scale, the last two of the chord; no tune
    begins inside one. What the resolver mended is its own affair."""
    heard = 0
    for seed in range(1, songs + 1):
        score = studio.compose(f'genre = "{genre}"\nseed = {seed}\nlength = "90 s"\n')
        for place, passage in zip(score.plan.placements, score.passages, strict=True):
            section, phrase = place.section, passage.phrase("guitar")
            said = [n for n in phrase.notes if phrase.origins[n.origin].idea == "lick in sixths"]
            sung = {n.start for n in passage.phrase("lead").notes}
            mended = {edit.before.start for edit in passage.edits if edit.part == "guitar" and edit.before}
            groups = {
                at: sorted(n.pitch for n in said if n.start == at) for at in sorted({n.start for n in said} - mended)
            }
            heard += len(groups)
            for at, pair in groups.items():
                chord = section.chord_at(at)
                scale = theory.chord_scale(chord.root, chord.quality, section.key.tonic, section.key.mode)
                assert len(pair) == 2 and 7 <= pair[1] - pair[0] <= 10 and on_guitar(tuple(pair))
                assert {pitch % 12 for pitch in pair} <= set(scale)
                follows = any(at < n.start <= at + 960 for n in said)
                assert follows or {pitch % 12 for pitch in pair} <= set(theory.chord_classes(chord.root, chord.quality))
                assert at not in sung
    assert heard > 20
