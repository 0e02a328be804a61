"""The tune changes hands and is sung in two voices: where, by whom, and what stays true of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest

from scorekit import pipeline, studio
from scorekit.ensemble.duet import CHORDS
from scorekit.score import Note, Passage, Phrase, Placement, Score
from scorekit.store import Store
from scorekit.theory import chord_classes, chord_scale
from scorekit.timebase import PPQ

GENRES = ("pop", "soul", "metal", "country", "jazz_swing")
SEEDS = range(1, 13)
TAKEN = "the lead's tune, in its place"
DOUBLED = "the lead's tune, doubled"


@cache
def song(genre: str, seed: int, more: str = "") -> Score:
    return studio.compose(f'genre = "{genre}"\nseed = {seed}\nlength = "120 s"\n{more}')


def voices(passage: Passage, idea: str) -> Iterator[tuple[Phrase, list[Note]]]:
    """The parts of a section that sing so, with what they sing."""
    for phrase in passage.phrases:
        sung = [n for n in phrase.notes if phrase.origins[n.origin].idea.startswith(idea)]
        if sung:
            yield phrase, sung


def sections(genre: str) -> Iterator[tuple[Placement, Passage]]:
    for seed in SEEDS:
        score = song(genre, seed)
        yield from zip(score.plan.placements, score.passages, strict=True)


@pytest.mark.parametrize("genre", GENRES)
def test_a_second_voice_sings_with_the_tune(genre: str) -> None:
    """Every tone of a second voice begins with one of the tune's and lies a third to a sixth from it, nine in ten exactly; where
    it is held it belongs to the chord or its scale. Most are thirds and sixths."""
    apart, held, told = Counter[int](), 0, 0
    for placement, passage in sections(genre):
        tune = {n.start: n for n in passage.phrase("lead").notes}
        for _, sung in voices(passage, "second voice"):
            for note in sung:
                chord, key = placement.section.chord_at(note.end - 1), placement.section.key
                near = tune.get(note.start)
                apart[abs(near.pitch - note.pitch) if near else -1] += 1
                if note.length >= PPQ:
                    told += 1
                    known = {
                        *chord_classes(chord.root, chord.quality),
                        *chord_scale(chord.root, chord.quality, key.tonic, key.mode),
                    }
                    held += note.pitch % 12 in known
    count = sum(apart.values())
    assert count > 40
    assert sum(apart[size] for size in range(3, 10)) >= 0.9 * count
    assert sum(apart[size] for size in (3, 4, 8, 9)) >= 0.75 * count
    assert told > 5
    assert held >= 0.9 * told


@pytest.mark.parametrize("genre", GENRES)
def test_only_one_sings_with_the_tune(genre: str) -> None:
    """In no section do two parts sing a second voice; a first chorus has it in half its bars at most."""
    found = 0
    for placement, passage in sections(genre):
        sung = list(voices(passage, "second voice"))
        assert len(sung) <= 1
        found += len(sung)
        if sung and placement.section.occurrence == 1:
            bars = {n.start // placement.section.meter.bar for n in sung[0][1]}
            assert 2 * len(bars) <= placement.section.bars + 2
    assert found > 3


def test_a_tune_is_doubled_by_one_of_the_band() -> None:
    """In some songs of most genres, in a quarter over all, one part sings the lead's own tones with it, in some octave and
    through a section but for what the band strikes together, softer; the chords are left to somebody."""
    doubled = set[tuple[str, int]]()
    for genre in GENRES:
        for seed in SEEDS:
            score = song(genre, seed)
            for placement, passage in zip(score.plan.placements, score.passages, strict=True):
                found = list(voices(passage, DOUBLED))
                if not found:
                    continue
                ((phrase, sung),) = found
                doubled.add((genre, seed))
                tune = {(n.start, n.pitch % 12): n for n in passage.phrase("lead").notes}
                told = [(n, tune[n.start, n.pitch % 12]) for n in sung if (n.start, n.pitch % 12) in tune]
                assert len(told) >= max(0.9 * len(sung), 0.75 * len(tune)), (genre, seed, placement.section.id)
                assert sum(a.velocity < b.velocity for a, b in told) >= 0.9 * len(told)
                others = {other.part for other in passage.phrases if other.notes} - {phrase.part}
                assert phrase.part not in CHORDS or others & CHORDS
    assert len({genre for genre, _ in doubled}) >= 3
    assert 0.1 <= len(doubled) / (len(GENRES) * len(SEEDS)) <= 0.5


@pytest.mark.parametrize("genre", ["country", "jazz_swing"])
def test_a_tune_that_is_taken_over_is_the_leads(genre: str) -> None:
    """Where another part has the tune the lead is silent, and what is heard are the lead's own tones in some octave."""
    found = 0
    for seed in SEEDS:
        score = song(genre, seed)
        for placement, passage in zip(score.plan.placements, score.passages, strict=True):
            for phrase, sung in voices(passage, TAKEN):
                found += 1
                store = Store()
                arrangement, _ = pipeline.arranged(score.plan, placement)
                whole = pipeline.heard(score.plan, placement, arrangement, store)["lead"].notes
                own = {(n.start, n.pitch % 12) for n in whole}
                kept = sum((n.start, n.pitch % 12) in own for n in sung)
                assert kept >= 0.9 * len(sung), (placement.section.id, phrase.part)
                left = {n.start for n in passage.phrase("lead").notes}
                assert not left & {n.start for n in sung}
                bars = arrangement.lane(phrase.part).tune
                assert bars and arrangement.lane("lead").gives == bars
    assert found >= 2


def test_who_is_told_what_to_play_does_not_sing() -> None:
    """A part that a song gives a pattern in a section is asked by nobody to sing there."""
    seed, section, part = next(
        (seed, placement.section.id, phrase.part)
        for seed in SEEDS
        for placement, passage in zip(song("soul", seed).plan.placements, song("soul", seed).passages, strict=True)
        for phrase, _ in voices(passage, "second voice")
        if phrase.part == "brass"
    )
    score = song("soul", seed, f'[sections."{section}".parts.{part}]\npattern = "stabs"\n')
    number = [p.section.id for p in score.plan.placements].index(section)
    assert part not in [phrase.part for phrase, _ in voices(score.passages[number], "second voice")]
