"""Riffs: one figure for the song, said together by those the genre names, in octaves, where its sections have it."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest

from scorekit import pipeline, studio
from scorekit.ensemble.band import feel_band
from scorekit.ensemble.riffs import riff_of
from scorekit.ideas import Riff
from scorekit.score import Passage, Placement, Score
from scorekit.seeds import Seed
from scorekit.store import Store

GENRES = ("rock", "metal", "blues", "funk", "drum_and_bass", "country")
SEEDS = range(1, 9)


@cache
def song(genre: str, seed: int, length: str = "90 s") -> Score:
    return studio.compose(f'genre = "{genre}"\nseed = {seed}\nlength = "{length}"\n')


def riffs(score: Score) -> list[tuple[Placement, Passage, Riff]]:
    """The sections of a song that have a riff."""
    plan = score.plan
    found = []
    for placement, passage in zip(score.plan.placements, score.passages, strict=True):
        riff = riff_of(plan.ideas, placement.section, Seed(plan.seed), feel_band(plan.tempo.bpm_at(0)))
        if riff is not None:
            found.append((placement, passage, riff))
    return found


@pytest.mark.parametrize("genre", GENRES)
def test_whoever_says_a_riff_says_the_same(genre: str) -> None:
    """In bars of a riff every part that plays it strikes its unmuted tones, at the same ticks, in octaves: at least nine in
    ten of the tones that fall where nobody strikes with the band or comes in late."""
    told, together = 0, 0
    for seed in SEEDS:
        for placement, passage, riff in riffs(song(genre, seed)):
            bar = placement.section.meter.bar
            if placement.section.melody == "none" or placement.section.intents:
                continue
            for part in riff.parts:
                own = {(n.start, n.pitch % 12) for n in passage.phrase(part).notes}
                bars = {start // bar for start, _ in own}.intersection(riff.bars_of(part))
                plays = part != "lead" or placement.section.melody == "riff"
                clear = [t for t in riff.tones if not t.manner and t.start // bar in bars]
                told += len(clear) if plays else 0
                together += sum((t.start, t.pitch % 12) in own for t in clear) if plays else 0
    assert told > 150
    assert together >= 0.9 * told


@pytest.mark.parametrize("genre", GENRES)
def test_a_song_owns_its_riff(genre: str) -> None:
    """All sections of a song that have a riff have the same figure, and of eight songs at least four have another."""
    figures = []
    for seed in SEEDS:
        found = riffs(song(genre, seed))
        assert len({riff.id for *_, riff in found}) <= 1
        figures += [tuple((t.start, t.pitch - riff.tones[0].pitch) for t in riff.tones[:20]) for *_, riff in found[:1]]
    assert len(figures) >= 4
    assert len(set(figures)) >= min(4, len(figures))


@pytest.mark.parametrize("genre", ["rock", "blues"])
def test_the_tune_leaves_room_for_the_riff_that_answers_it(genre: str) -> None:
    """Where the riff answers, which verses of eight bars have, the tune, whoever has it, sings nothing but an
    upbeat into the next section."""
    answered = 0
    for seed in range(1, 15):
        score = song(genre, seed, "120 s")
        for placement, _, riff in riffs(score):
            section = placement.section
            if section.melody != "lead" or len(riff.bars) == section.bars or section.intents:
                continue
            answered += 1
            bar = section.meter.bar
            phrase = pipeline.heard(score.plan, placement, pipeline.arranged(score.plan, placement)[0], Store())["lead"]
            sung = [n for n in phrase.notes if phrase.origins[n.origin].idea != "upbeat"]
            assert sung
            assert not [n for n in sung if n.start // bar in riff.bars]
    assert answered >= 4


def test_explain_says_who_else_says_it() -> None:
    """The origin of a note of a riff names the riff, the place in the genre it was written at, and the others who say it."""
    _, passage, riff = riffs(song("metal", 1))[0]
    phrase = passage.phrase("bass")
    origin = next(phrase.origins[n.origin] for n in phrase.notes if "riff" in phrase.origins[n.origin].idea)
    assert origin.idea == f"riff {riff.id}, with guitar and lead"
    assert origin.path == f"riff.patterns[{riff.id}]"


def test_riffs_do_not_overlap() -> None:
    """A riff is one line: no tone sounds into the next."""
    lines = [riff.tones for genre in GENRES for *_, riff in riffs(song(genre, 1))]
    assert lines
    assert all(a.end <= b.start for tones in lines for a, b in pairwise(tones))
