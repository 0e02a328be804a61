"""Groove players stay on their figure."""

from __future__ import annotations

import pytest

from scorekit import studio
from scorekit.score import Phrase, Score


def alike(phrase: Phrase, bars: int, bar: int) -> list[bool]:
    """Of each bar from the third on that is played after one that is: whether three of four onsets are those of one of the two
    before."""
    onsets = [{n.start % bar for n in phrase.notes if n.start // bar == number} for number in range(bars)]
    found = []
    for number in range(2, bars):
        before = [one for one in onsets[number - 2 : number] if one]
        if onsets[number] and before:
            found.append(max(len(onsets[number] & one) / len(onsets[number] | one) for one in before) >= 0.75)
    return found


def share(scores: list[Score], part: str) -> float:
    told = [
        one
        for score in scores
        for place, passage in zip(score.plan.placements, score.passages, strict=True)
        for one in alike(passage.phrase(part), place.section.bars, place.section.meter.bar)
    ]
    assert len(told) > 30
    return sum(told) / len(told)


@pytest.mark.parametrize(("genre", "least"), [("funk", 0.6), ("soul", 0.65), ("pop", 0.75), ("rock", 0.7)])
def test_a_bass_finds_a_figure_and_stays_on_it(genre: str, least: float) -> None:
    """Of real band basses nine bars in ten resemble one of the two before; here, with a turn at the end of every phrase and
    bars that strike with the band, at least the share given for the genre."""
    scores = [studio.compose(f'genre = "{genre}"\nseed = {seed}\nlength = "90 s"\n') for seed in range(1, 6)]
    assert share(scores, "bass") >= least
