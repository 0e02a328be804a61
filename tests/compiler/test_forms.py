"""A form of the genre may be named by its id."""

from __future__ import annotations

from scorekit import studio
from scorekit.score import Score


def sections(score: Score) -> list[tuple[str, int]]:
    """The sections of a song, with their bars."""
    return [(placement.section.name, placement.section.bars) for placement in score.plan.placements]


def test_a_named_form_is_fitted_to_the_length() -> None:
    """``form = "riff-rock"`` takes that form of rock whatever the seed, whole in three minutes, less of it in one."""
    long = [studio.compose(f'genre = "rock"\nform = "riff-rock"\nlength = "3 min"\nseed = {seed}') for seed in range(3)]
    assert {sections(score)[0][0] for score in long} == {"riff"}
    short = studio.compose('genre = "rock"\nform = "riff-rock"\nlength = "1 min"')
    assert {name for name, _ in sections(short)} <= {name for name, _ in sections(long[0])}
    assert abs(short.plan.seconds - 60) < 5 < abs(long[0].plan.seconds - 60)


def test_explain_tells_what_the_named_form_became() -> None:
    """Its sections, and the line of the song that names it."""
    row = next(row for row in studio.explain('genre = "rock"\nform = "riff-rock"') if row.path == "form")
    assert row.place.endswith("2:8") and row.value.startswith("riff:")
