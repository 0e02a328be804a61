"""A diff of two songs says what a musician would say."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from scorekit import diff, files, pipeline
from scorekit.__main__ import run
from scorekit.score import Note, Phrase, Score
from scorekit.theory import DRUM_NOTES

SONG = """
genre = "rock"
seed = 11
tempo = 120
key = "A minor"
form = "intro:2:e2 verse:4:e3 chorus:4:e5 verse:4:e3 chorus:4:e5 tag:1:e5"

[sections.verse]
chords = "Am | G | F | E"

[sections.verse.parts.keys]
density = 0.6
"""


def composed(text: str = SONG, *settings: str) -> Score:
    compiled = pipeline.compile_song(text, "song.toml", find=files.load, settings=settings)
    assert compiled.plan is not None, [d.render() for d in compiled.diagnostics]
    return pipeline.compose(compiled.plan)


@pytest.fixture(scope="module")
def before() -> Score:
    return composed()


def lines(before: Score, *settings: str, text: str = SONG) -> list[str]:
    after = composed(text, *settings)
    among = diff.ids(after.plan)
    return [diff.told(change, among) for change in diff.grouped(diff.compare(before, after))]


def test_a_song_does_not_differ_from_itself(before: Score) -> None:
    """The same text, and the same text with a comment, differ in nothing."""
    assert lines(before) == []
    assert lines(before, text=SONG + "# more\n") == []


def test_chords_are_told_by_bar_with_what_stayed_left_out(before: Score) -> None:
    """One other chord is told with the one before it, once for both verses."""
    told = lines(before, text=SONG.replace("F | E", "F | C"))
    assert told[0] == "verse: chords F | E -> F | C"


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("tempo=126", "tempo 120 bpm -> 126 bpm"),
        ("parts.bass.level=-9", "bass: level "),
        ("master.lufs=-16", "master lufs -14 -> -16"),
        ('parts.keys.sound.patch="vibes"', "keys: sound "),
        ("seed=12", "seed 11 -> 12"),
    ],
)
def test_what_holds_for_the_whole_song_is_told_in_its_own_words(before: Score, setting: str, words: str) -> None:
    """Tempo, level, loudness, sound and seed are each told as such."""
    assert any(line.startswith(words) for line in lines(before, setting))


def test_the_mixer_is_told_without_notes(before: Score) -> None:
    """A level that moved is the only thing told: no note is said to have changed."""
    assert len(lines(before, "parts.bass.level=-9")) == 1


def test_a_key_that_moved_does_not_tell_every_chord(before: Score) -> None:
    """When the song's key moves and the degrees stay, chords are not told; the key is."""
    free = SONG.replace('[sections.verse]\nchords = "Am | G | F | E"\n', "")
    told = lines(composed(free), text=free.replace("A minor", "C minor"))
    assert "key A minor -> C minor" in told
    assert not any("chords" in line for line in told)


def test_a_new_section_is_told_with_its_place(before: Score) -> None:
    """A bridge is told with its bars and what it follows; sections that stayed are not said to have moved."""
    told = lines(before, text=SONG.replace("chorus:4:e5 tag", "bridge:4:e3 chorus:4:e5 tag"))
    assert "bridge: new section of 4 bars after verse 2" in told
    assert not any("moved" in line for line in told if "fill" not in line)


def test_one_cell_is_told_by_part_and_statement(before: Score) -> None:
    """Another take of the bass in the second chorus names the bass and ``chorus 2``, with its bars."""
    after = composed(SONG + '\n[sections."chorus/2".parts.bass]\nreroll = 3\n')
    changes = [change for change in diff.compare(before, after) if change.part == "bass"]
    assert [change.sections for change in changes] == [("chorus/2",)]
    assert changes[0].notes and set(changes[0].bars) <= {15, 16, 17, 18}
    assert diff.told(changes[0], diff.ids(after.plan)).startswith("bass in chorus 2: ")


# -- words for notes ---------------------------------------------------------------------------------------------------


def phrase(*notes: Note, part: str = "bass", idea: str = "") -> Phrase:
    return Phrase(part, tuple(sorted(notes, key=lambda n: (n.start, n.pitch))), idea=idea)


FOUR = [Note(960 * beat, 480, 40 + beat, 90) for beat in range(4)]


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ([replace(n, velocity=n.velocity + 9) for n in FOUR], "4 notes louder"),
        ([replace(n, length=240) for n in FOUR], "4 notes shorter"),
        ([replace(n, pitch=n.pitch + 12) for n in FOUR], "4 notes an octave higher"),
        ([replace(n, pitch=n.pitch - 2) for n in FOUR[:1]] + FOUR[1:], "1 note 2 semitones lower"),
        ([*FOUR, Note(480, 100, 45, 80)], "1 note more"),
        (FOUR[:2], "2 notes fewer"),
        ([], "falls silent (4 notes gone)"),
        ([Note(480 + 960 * b, 300, 50 - b, 70) for b in range(5)], "rewritten (4 -> 5 notes)"),
    ],
)
def test_the_manner_of_a_change_is_named(before: Score, now: list[Note], words: str) -> None:
    """Louder, shorter, higher, more, fewer, silent, rewritten: each is told as what it is."""
    placement = before.plan.placements[1]
    (change,) = diff.cell(placement, phrase(*FOUR), phrase(*now))
    assert change.words == words


def test_drums_are_told_by_their_pieces(before: Score) -> None:
    """What was struck more is named by the drum, not by an interval."""
    kick, snare = DRUM_NOTES["kick"], DRUM_NOTES["snare"]
    was = phrase(Note(0, 60, kick, 100), part="drums")
    now = phrase(Note(0, 60, kick, 100), Note(960, 60, snare, 100), part="drums")
    (change,) = diff.cell(before.plan.placements[1], was, now)
    assert change.words == "1 note more (snare)"
    (change,) = diff.cell(before.plan.placements[1], was, phrase(Note(0, 60, snare, 100), part="drums"))
    assert change.words == "1 note changed (kick, snare)"


def test_sections_are_spoken_as_people_say_them() -> None:
    """All statements are the bare name, all sections are ``every section``, one statement has its number."""
    among = ("verse/1", "chorus/1", "verse/2", "chorus/2")
    assert diff.spoken(("chorus/1", "chorus/2"), among) == "chorus"
    assert diff.spoken(("chorus/2",), among) == "chorus 2"
    assert diff.spoken(among, among) == "every section"


def test_the_command_compares_songs_and_changes(tmp_path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """``diff A B`` and ``diff A --set`` tell changes on standard output; --json gives them as data; nothing to compare is usage."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.toml").write_text(SONG)
    (tmp_path / "b.toml").write_text(SONG.replace("F | E", "F | C"))
    assert run(["diff", "a.toml", "b.toml"]) == 0
    assert "verse: chords F | E -> F | C" in capsys.readouterr().out
    assert run(["diff", "a.toml", "--set", "tempo=126", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert not found["same"] and found["changes"][0] == {"kind": "song", "words": "tempo 120 bpm -> 126 bpm"}
    assert run(["diff", "a.toml", "a.toml"]) == 0
    assert capsys.readouterr().out == "the same music\n"
    assert run(["diff", "a.toml"]) == 2
    (tmp_path / "b.toml").write_text("tempo = ")
    assert run(["diff", "a.toml", "b.toml"]) == 1
