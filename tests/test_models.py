"""Models: two casts, and dials that are heard."""

from __future__ import annotations

import itertools

import pytest

from scorekit import studio
from scorekit.score import PARTS, Score
from scorekit.theory import CHORDS

SONG = 'genre = "{genre}"\nseed = {seed}\nlength = "32 bars"\n'
GENRES = ("rock", "jazz_swing", "melodic_house")


def composed(genre: str, seed: int = 1, **settings: object) -> Score:
    return studio.compose(
        SONG.format(genre=genre, seed=seed), settings={k.replace("__", "."): v for k, v in settings.items()}
    )


def sounding(score: Score) -> set[str]:
    return {p.part for passage in score.passages for p in passage.phrases if p.notes}


@pytest.mark.parametrize("genre", GENRES)
def test_general_casts_one_player_each_for_drums_bass_harmony_and_melody(genre: str) -> None:
    """Under the model general the band is drums, bass, keys and lead, and all four are heard."""
    score = composed(genre, model="general")
    assert [p.name for p in score.plan.parts] == ["drums", "bass", "keys", "lead"]
    assert sounding(score) == {"drums", "bass", "keys", "lead"}


@pytest.mark.parametrize("genre", GENRES)
def test_instrument_focused_casts_all_eight(genre: str) -> None:
    """Under the orchestrator the full line-up is the eight specialists, and more of them are heard than under general."""
    score = composed(genre, lineup="full")
    assert tuple(p.name for p in score.plan.parts) == PARTS
    assert len(sounding(score)) > 4


def test_both_models_share_form_tempo_key_and_chords() -> None:
    """What the song is does not depend on who plays it: the same spec has the same plan under both models, but for the cast."""
    a, b = composed("rock", model="general"), composed("rock", model="instrument_focused")
    assert (a.plan.tempo, a.plan.key) == (b.plan.tempo, b.plan.key)
    assert [p.section for p in a.plan.placements] == [p.section for p in b.plan.placements]


def onsets(score: Score) -> int:
    return sum(
        len({n.start for n in p.notes}) for passage in score.passages for p in passage.phrases if p.part != "drums"
    )


def colour(score: Score) -> int:
    return sum(len(CHORDS[c.quality]) for p in score.plan.placements for c in p.section.chords)


@pytest.mark.parametrize("genre", GENRES)
def test_complexity_is_heard_in_density_and_colour(genre: str) -> None:
    """Over five seeds, more complexity means more onsets and richer chords, at each step from 0 to .5 to 1."""
    songs = [[composed(genre, seed, dials__complexity=c) for seed in range(1, 6)] for c in (0, 0.5, 1)]
    dense, rich = [[sum(map(measure, some)) for some in songs] for measure in (onsets, colour)]
    assert dense[0] < dense[1] < dense[2]
    assert rich[0] <= rich[1] <= rich[2] and rich[0] < rich[2]


@pytest.mark.parametrize("genre", GENRES)
def test_creativity_is_heard_in_variation(genre: str) -> None:
    """Over five seeds, the drums differ more from bar to bar at creativity 1 than at 0."""

    def change(score: Score) -> float:
        shares = []
        for placement, passage in zip(score.plan.placements, score.passages, strict=True):
            bar = placement.section.meter.bar
            bars = [
                {(n.start % bar, n.pitch) for n in passage.phrase("drums").notes if n.start // bar == b}
                for b in range(placement.section.bars)
            ]
            shares += [1 - len(x & y) / len(x | y) for x, y in itertools.pairwise(bars) if x | y]
        return sum(shares) / len(shares)

    low, high = [sum(change(composed(genre, seed, dials__creativity=c)) for seed in range(1, 6)) for c in (0, 1)]
    assert low < high
