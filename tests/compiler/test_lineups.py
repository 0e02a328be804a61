"""Line-ups: who is in the band, and on what."""

from __future__ import annotations

from pathlib import Path
from statistics import mean

import pytest

from scorekit import files, studio
from scorekit.catalog import CATALOG
from scorekit.errors import SpecError
from scorekit.score import PARTS, Plan

GENRES = tuple(name for name in files.known("genres") if name != "base44")

CHORDS = {"guitar", "keys", "strings", "pads", "brass"}


def planned(text: str, **settings: object) -> Plan:
    plan = studio.compiled(
        f'length = "20 s"\n{text}', None, {k.replace("__", "."): v for k, v in settings.items()}
    ).plan
    assert plan is not None
    return plan


def names(plan: Plan) -> tuple[str, ...]:
    return tuple(part.name for part in plan.parts)


@pytest.mark.parametrize("genre", GENRES)
def test_ten_seeds_are_several_bands(genre: str) -> None:
    """Ten songs of one genre are played by at least three different bands, and the seed alone says which."""
    bands = [planned(f'genre = "{genre}"\nseed = {seed}') for seed in range(10)]
    assert len({(names(plan), tuple(part.sound.patch for part in plan.parts)) for plan in bands}) >= 3
    assert bands[3].lineup == planned(f'genre = "{genre}"\nseed = 3\ntempo = 90').lineup


@pytest.mark.parametrize("genre", GENRES)
def test_every_line_up_can_play_the_genre(genre: str) -> None:
    """Whatever the line-up, somebody plays the tune, the bass and the chords, and all it plays on is known."""
    first = planned(f'genre = "{genre}"')
    offered = studio.compiled(f'genre = "{genre}"', None, {}).genre.values["lineup"]
    assert first.lineup in {one["id"] for one in offered} and len(offered) >= 3
    for one in offered:
        plan = planned(f'genre = "{genre}"\nlineup = "{one["id"]}"')
        assert set(names(plan)) == set(one["parts"])
        assert {"bass", "lead"} <= set(names(plan)) and set(names(plan)) & CHORDS
        assert all(CATALOG.patch(part.sound.patch) for part in plan.parts)


def test_full_is_everybody_everywhere() -> None:
    """lineup = "full" is all eight, also in a genre that has no line-ups."""
    assert names(planned('genre = "country"\nlineup = "full"')) == PARTS
    assert names(planned('genre = "rock"\nlineup = "full"')) == PARTS


def test_who_a_song_speaks_of_is_there() -> None:
    """A table under [parts] brings its player into any line-up, unless it says that nothing is played; the decision is told."""
    plan = planned('genre = "rock"\nlineup = "two_guitars"\n[parts.brass]\nlevel = -3\n[parts.keys]\nplay = false')
    assert names(plan) == ("drums", "bass", "guitar", "brass", "lead")
    assert any(d.rule == "I7" and "brass joins" in str(d) for d in plan.decisions)


def test_a_section_that_speaks_of_somebody_who_is_not_there_is_told() -> None:
    """What a section asks of a part outside the line-up is warned of at its place, with what to write; a part that joins,
    plays there, or is silenced is not."""
    song = 'genre = "rock"\nlineup = "two_guitars"\nform = "verse:4 chorus:4"\n'
    cell = "[sections.chorus.parts.brass]\nlock = true\n"

    def warned(text: str) -> list[str]:
        return [f"{one.path}: {one.hint}" for one in studio.compiled(text, None, {}).diagnostics]

    assert warned(song + cell) == ["sections.chorus.parts.brass: write [parts.brass] play = true"]
    assert not warned(f"{song}{cell}[parts.brass]\nplay = true\n")
    assert not warned(f"{song}{cell}play = true\n")
    assert not warned(f"{song}{cell}[parts.brass]\nplay = false\n")


def test_another_patch_has_its_own_parameters_and_program() -> None:
    """What a line-up plays on does not inherit the parameters of what the genre would have; the song's own sound beats both."""
    slap = planned('genre = "funk"\nlineup = "slap"').part("bass")
    usual = planned('genre = "funk"\nlineup = "horns"').part("bass")
    assert (slap.sound.patch, slap.program, slap.sound.params) == ("slap", 36, ())
    assert usual.sound.patch == "fingered" and usual.sound.params
    own = planned('genre = "funk"\nlineup = "slap"\n[parts.bass]\nsound = { patch = "upright" }').part("bass")
    assert own.sound.patch == "upright"


def test_complex_songs_have_bigger_bands() -> None:
    """Over twenty seeds the line-ups of complexity 1 have more players than those of .5, and those more than 0 has."""
    low, middle, high = (
        mean(len(names(planned(f'genre = "rock"\nseed = {seed}', dials__complexity=c))) for seed in range(20))
        for c in (0.0, 0.5, 1.0)
    )
    assert low < middle < high


def test_an_unknown_line_up_is_refused_with_those_there_are() -> None:
    """A line-up the genre does not have is a mistake at its place, with the nearest name or all of them."""
    with pytest.raises(SpecError) as wrong:
        studio.compose('genre = "rock"\nlineup = "two_guitar"')
    told = wrong.value.diagnostics[0]
    assert told.span is not None and told.span.line == 2
    assert "two_guitar" in told.message and "two_guitars" in (told.hint or "")


def test_explain_says_who_chose_the_band() -> None:
    """The line-up and the sounds it decides are told with the file and line that say so."""
    rows = {row.path: row for row in studio.explain('genre = "funk"\nlineup = "slap"')}
    assert rows["lineup"].value == "slap" and rows["lineup"].place.endswith("2:10")
    assert "funk.toml" in rows["parts.bass.patch"].place and rows["parts.bass.patch"].value == "slap"


def test_explain_leads_to_the_very_band_that_was_chosen() -> None:
    """The place is that line-up's own, whichever of a genre's the seed draws."""
    places = {}
    for seed in range(12):
        row = next(row for row in studio.explain(f'genre = "rock"\nseed = {seed}') if row.path == "lineup")
        file, line, _ = row.place.partition(" ")[0].rsplit(":", 2)
        places[row.value] = Path(file).read_text().splitlines()[int(line) - 1 : int(line) + 2]
    assert len(places) > 2
    assert all(any(f'id = "{name}"' in text for text in lines) for name, lines in places.items()), places
