"""The library: what was read for one song and serves the next is never older than the files."""

from __future__ import annotations

from pathlib import Path

import pytest

from scorekit import studio
from scorekit.errors import SpecError
from scorekit.store import Memo

GENRE = '[genre]\nid = "ours"\nname = "Ours"\nextends = "rock"\n'
SONG = 'genre = "ours"\nseed = 1\nlength = "10 s"\n'


def test_a_genre_is_read_again_when_it_has_changed(tmp_path: Path) -> None:
    """Its new tempo holds for the next song; its mistake is told, in this version and in no other."""
    (tmp_path / "genres").mkdir()
    (tmp_path / "specs").mkdir()
    genre, song = tmp_path / "genres" / "ours.toml", tmp_path / "specs" / "song.toml"
    song.write_text(SONG)

    def tempo(text: str) -> float:
        genre.write_text(GENRE + text)
        return round(60e6 / studio.compose(song).plan.tempo.changes[0][1], 2)  # a beat is whole microseconds

    slow = "[tempo]\nmean = 80\nmin = 70\nmax = 90\n"
    assert 70 <= tempo(slow) <= 90
    assert 150 <= tempo("[tempo]\nmean = 160\nmin = 150\nmax = 170\n") <= 170
    with pytest.raises(SpecError, match="mean"):
        tempo("[tempo]\nmean = 8\nmin = 70\nmax = 90\n")
    assert 70 <= tempo(slow) <= 90


def test_songs_of_one_genre_do_not_hear_of_each_other() -> None:
    """A song composed after others of its genre, one with overrides among them, is what it is alone."""
    texts = ['genre = "soul"\nseed = 3\nlength = "12 s"\n']
    texts.append(texts[0] + "[override.tempo]\nmean = 66\nmin = 60\nmax = 70\n")
    first, other, again = (studio.compose(texts[n]) for n in (0, 1, 0))
    assert first == again != other


def test_what_was_asked_for_last_is_let_go_last() -> None:
    """A memo of two keeps those two that were asked for most recently."""
    memo, made = Memo(2), list[str]()
    for key in "abacab":
        assert memo.get(key, lambda key=key: made.append(key) or key) == key
    assert made == ["a", "b", "c", "b"]


@pytest.mark.parametrize(
    ("meter", "chords"),
    [
        ("7/8", "Dm:4 C:3 | Bb A7 | % | Dm:2 C:2 Bb:3 | . G:1 | ."),
        ("4/4", "Dm7:3 G7:1 | . | Cmaj7 A7 | .:3 A7:1 | N | C N"),
        ("6/8", "Dm | .:5 C:1 | Bb C | . | Dm C Bb | Am"),
    ],
)
def test_chords_are_written_down_as_a_song_writes_them(meter: str, chords: str) -> None:
    """What explain says of chords, given to the song instead, is the same harmony: beats, held chords and silences too."""
    song = f'genre = "rock"\nloop = true\nmeter = "{meter}"\nkey = "D minor"\nform = "verse:6"\n[sections.verse]\nchords = '
    (told,) = [row.value for row in studio.explain(f'{song}"{chords}"') if row.path.startswith("chords of")]
    was, now = (studio.compose(f'{song}"{text}"').plan.placements[0].section for text in (chords, told))
    assert [(c.start, c.length, c.symbol) for c in now.chords] == [(c.start, c.length, c.symbol) for c in was.chords]
    assert now.intents == was.intents
