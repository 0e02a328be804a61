"""How songs end: every genre has several ways in every kind of key, drawn by seed, told by name, and played as written."""

from __future__ import annotations

import pytest

from scorekit import files, studio
from scorekit.repeats import tag_of
from scorekit.score import Score
from scorekit.theory import MAJOR_LIKE, chord_classes

GENRES = tuple(g for g in files.known("genres") if g != "base44")


def composed(genre: str, seed: int, more: str = "") -> Score:
    return studio.compose(f'genre = "{genre}"\nseed = {seed}\nlength = "40 s"\n{more}')


@pytest.mark.parametrize("genre", GENRES)
def test_songs_of_a_genre_end_in_many_ways(genre: str) -> None:
    """Eight songs end in three ways at least, and come home: the last chord is the tonic's."""
    ways = set()
    for seed in range(1, 9):
        plan = composed(genre, seed).plan
        last = plan.placements[-1].section
        assert plan.ending is not None
        ways.add(plan.ending.id)
        assert last.chords[-1].root == last.key.tonic
        home = chord_classes(last.chords[-1].root, last.chords[-1].quality)
        wrong = (last.key.tonic + (3 if last.key.mode in MAJOR_LIKE else 4)) % 12
        assert wrong not in home or "#9" in last.chords[-1].quality
    assert len(ways) >= 3


def test_each_plays_its_own_row() -> None:
    """A part with an empty row is silent from the first stroke of all on; kit rows are the drummer's."""
    rows = 'rows = { band = "X--- ---- ---- ----", keys = ".... .... .... ....", kick = "X... .... X... ...." }'
    names = ("ring-out", "stop-on-one", "left-with-the-chords", "four-and-out", "deceptive-tag", "slow-down")
    drop = ", ".join(f'"{name}"' for name in names)
    score = composed("pop", 1, f'[override]\ndrop = [{drop}]\n[[override.ending]]\nid = "own"\n{rows}\n')
    assert score.plan.ending is not None and score.plan.ending.id == "own"
    section, passage = score.plan.placements[-1].section, score.passages[-1]
    end = section.length - section.meter.bar
    late = {p.part: sorted({n.start - end for n in p.notes if n.start >= end}) for p in passage.phrases if p.notes}
    assert late["bass"] == [0] and late["drums"] == [0, section.meter.bar // 2]
    assert late.get("keys", []) == []


def test_a_last_line_is_played_again_inside_the_length() -> None:
    """A way with ``again`` repeats the line before the last bar; the song is no longer for it."""
    found = [composed("bossa", seed).plan for seed in range(1, 20)]
    tags = [plan for plan in found if tag_of(plan.placements[-1].section) is not None]
    assert tags
    for plan in tags:
        assert plan.ending is not None and plan.ending.id == "once-more-and-again"
        assert abs(plan.tempo.seconds(plan.end) + plan.tail - 40.0) <= 0.5


def test_chords_the_song_wrote_are_kept() -> None:
    """An ending with chords of its own is not for a song that wrote its chords."""
    for seed in range(1, 9):
        plan = composed("country", seed, 'chords = "G | C | G | D"\n').plan
        assert {chord.root for p in plan.placements for chord in p.section.chords} <= {7, 0, 2}


@pytest.mark.parametrize("genre", GENRES)
def test_a_loop_has_none_and_lasts_as_long_as_its_bars(genre: str) -> None:
    """Its last bar leads into the first: nobody comes home and rings, those who play the bar before play on, and no second is
    added; a length that is asked for comes out."""
    form = 'form = "A:4:e3 B:8:e4"\n'
    ends, loops = composed(genre, 3, form), composed(genre, 3, form + "loop = true")
    assert loops.plan.loops
    assert loops.plan.ending is None
    assert loops.plan.seconds == loops.plan.tempo.seconds(loops.plan.end)
    last, bar = loops.plan.placements[-1], loops.plan.placements[-1].section.meter.bar
    assert (last.seam.before, last.seam.after) == (3, 3)
    assert loops.plan.placements[0].seam.before == last.section.tier
    struck = {s: sum(n.start >= 7.25 * bar for p in s.passages[-1].phrases for n in p.notes) for s in (ends, loops)}
    assert struck[loops] > struck[ends]
    timed = studio.compose(f'genre = "{genre}"\nseed = 3\nlength = "40 s"\nloop = true').plan
    assert abs(timed.seconds - 40) <= 0.5


def test_a_song_may_name_how_it_ends() -> None:
    """It ends so whatever the seed and the energy of its last section; with its own form too, where no line is played again."""
    base = 'genre = "rock"\nending = "slow-down"\n'
    for seed in range(4):
        ending = studio.compose(f"{base}seed = {seed}").plan.ending
        assert ending is not None and ending.id == "slow-down"
    quiet = studio.compose(base + 'form = "verse:4:e1 chorus:4:e1"').plan.ending
    assert quiet is not None and quiet.id == "slow-down"


@pytest.mark.parametrize(
    ("text", "told", "fix"),
    [
        ('ending = "slow-dwn"', "unknown ending 'slow-dwn'", "slow-down"),
        ('ending = "three-times-home"\nform = "verse:4 chorus:4"', "plays the last line again", "leave out"),
        ('ending = "slow-down"\nloop = true', "a loop never ends", "leave one of the two out"),
    ],
)
def test_an_ending_that_cannot_be_is_told(text: str, told: str, fix: str) -> None:
    """At its line: a name the genre lacks, a line played again in a form of the song's own, the end of a loop."""
    found = studio.check(f'genre = "rock"\n{text}')
    assert [d.span.line for d in found if d.span] == [2] and told in found[0].message and fix in found[0].hint
