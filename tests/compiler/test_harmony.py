"""Harmony: which progression a section gets, and what it has to do with those of the others."""

from __future__ import annotations

from scorekit import studio

SOLO = 'form = "A:8:e3 solo:8:e4 A:8:e3 tag:2:e3:t"'


def paths(text: str) -> dict[str, set[str]]:
    """Where the chords of each section but the last come from."""
    score = studio.compose(text)
    found: dict[str, set[str]] = {}
    for place in score.plan.placements[:-1]:
        found.setdefault(place.section.name, set()).update(chord.path for chord in place.section.chords)
    return found


def test_a_solo_is_played_over_the_chords_of_the_tune() -> None:
    """Whatever the seed: nobody improvises over changes that the tune never had."""
    for seed in range(1, 9):
        found = paths(f'genre = "jazz_swing"\nseed = {seed}\nlength = "26 bars"\n{SOLO}')
        assert found["solo"] == found["A"], (seed, found)


def test_an_introduction_has_chords_of_the_song_or_its_own() -> None:
    """It announces what follows, or is written as an introduction; it borrows from no section that is not there."""
    form = 'form = "intro:4:e2 blues:12:e3 blues:12:e4 tag:2:e3:t"'
    for seed in range(1, 9):
        found = paths(f'genre = "jazz_swing"\nseed = {seed}\nlength = "30 bars"\n{form}')
        assert not any("[a-" in path for path in found["intro"]), (seed, found)


def test_chords_written_for_one_section_change_no_other() -> None:
    """The others keep the progressions they would have had."""
    plain = 'genre = "pop"\nseed = 3\nlength = "20 bars"\nform = "verse:8:e3 chorus:8:e5 verse:4:e3"\n'
    before, after = paths(plain), paths(plain + '[sections.verse]\nchords = "| C | G |"\n')
    assert before["verse"] != after["verse"]
    assert before["chorus"] == after["chorus"]


def test_a_song_comes_home_from_somewhere() -> None:
    """The last bar is the tonic's, and the bar before it is not: a jazz tag ends ii V I, whatever was cut away."""
    for seed in range(1, 9):
        score = studio.compose(
            f'genre = "jazz_swing"\nseed = {seed}\nlength = "14 bars"\nform = "A:8:e3 B:4:e3 tag:2:e3:t"'
        )
        last = score.plan.placements[-1].section
        roots = [(chord.root - last.key.tonic) % 12 for chord in last.chords]
        assert roots[-1] == 0 and roots[-2] in (7, 1), (seed, roots)
