"""Every note can say why it is there, and resolving twice is resolving once."""

from __future__ import annotations

import pytest

from scorekit import files, pipeline
from scorekit.answers import note, values
from scorekit.ensemble.conflicts.reconcile import Case, reconcile

from .test_sameness import SONG

GENRES = ["rock", "jazz_swing", "melodic_house"]


def song(genre: str) -> str:
    return f'genre = "{genre}"\nseed = 4\nlength = "40 s"\n'


@pytest.mark.parametrize("genre", GENRES)
def test_every_note_has_an_origin_that_can_be_printed(genre: str) -> None:
    """Every bar of every part is explained, and every note's written path leads to a line of a file."""
    compiled = pipeline.compile_song(song(genre), "song.toml", find=files.load)
    assert compiled.plan is not None
    score = pipeline.compose(compiled.plan)
    performance = pipeline.perform(score)
    for placement, passage in zip(score.plan.placements, score.passages, strict=True):
        for phrase in passage.phrases:
            for sounding in phrase.notes:
                origin = phrase.origins[sounding.origin]
                assert (
                    origin.path and origin.maker and origin.idea and origin.place.startswith(score.plan.seed + "/")
                ), origin
            for bar in range(placement.bar, placement.bar + placement.section.bars):
                lines = note(compiled, score, performance, phrase.part, bar, None)
                told = [line for line in lines if line.strip().startswith("written")]
                assert all(".toml:" in line for line in told), told
                assert sum(line.strip().startswith("midi") for line in lines) == len(told)


def test_explained_values_name_file_line_and_column() -> None:
    """A value set in the song beats the genre's, and explain names both places."""
    text = SONG + "\n[override.bass]\ngate = 0.5\n"
    compiled = pipeline.compile_song(text, "song.toml", find=files.load)
    row = next(r for r in values(compiled) if r.path == "genre.bass.gate")
    line = text[: text.index("gate = 0.5")].count("\n") + 1
    assert row.value == "0.5" and row.place == f"song.toml:{line}:8"
    assert "0.88" in row.beat and "rock.toml:" in row.beat


@pytest.mark.parametrize("genre", GENRES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_resolving_twice_is_resolving_once(genre: str, seed: int) -> None:
    """resolve(resolve(x)) == resolve(x), and the second time nothing is edited."""
    compiled = pipeline.compile_song(song(genre), "song.toml", find=files.load, seed=seed)
    plan = compiled.plan
    assert plan is not None
    for placement, passage in zip(plan.placements, pipeline.compose(plan).passages, strict=True):
        arrangement, _ = pipeline.arranged(plan, placement)
        again = reconcile(Case.of(plan, placement, arrangement), passage.phrases)
        assert again.phrases == passage.phrases
        assert again.edits == ()
