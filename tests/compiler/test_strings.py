"""The small languages: what they mean, and the exact character of every mistake."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scorekit.compiler import strings
from scorekit.compiler.strings import COMP_MARKS, PITCH_MARKS, Wrong
from scorekit.ideas import Hit
from scorekit.score import Key
from scorekit.timebase import PPQ, Meter

FOUR = Meter(4, 4)
SEVEN = Meter(7, 8)


def mistakes(read: Callable[[str], object], text: str) -> tuple[Wrong, ...]:
    """What a reader refuses a text for; nothing when it reads it."""
    try:
        read(text)
    except Wrong as wrong:
        return wrong.every
    return ()


def wrong(read: Callable[[], object]) -> list[tuple[int, int, str]]:
    """Offset, width and message of every mistake."""
    with pytest.raises(Wrong) as caught:
        read()
    return [(one.offset, one.width, one.message) for one in caught.value.every]


# -- steps -------------------------------------------------------------------------------------------------------------


def test_a_step_string_is_hits_on_a_grid() -> None:
    """Blanks are for the eye, | divides bars, a digit is a chance, - holds."""
    pattern = strings.steps("X--. g.3.|x... ...x", 8, 2, PITCH_MARKS)
    assert (pattern.steps, pattern.per_bar, pattern.bars) == (16, 8, 2)
    assert pattern.hits == (Hit(0, "X", 3), Hit(4, "g"), Hit(6, "x", 1, 0.3), Hit(8, "x"), Hit(15, "x"))


def test_strums_are_marks_of_comping_players_only() -> None:
    """v down, ^ up, m muted."""
    assert [hit.mark for hit in strings.steps("v.^m", 4, 1, COMP_MARKS).hits] == ["v", "^", "m"]
    assert wrong(lambda: strings.steps("v...", 4))[0][:2] == (0, 1)


def test_steps_must_fill_their_bars() -> None:
    """Too short points at the last step, too long at the first one too many."""
    assert wrong(lambda: strings.steps("X... x..", 8)) == [(7, 1, "bar 1 has 7 steps, 8 wanted")]
    assert wrong(lambda: strings.steps("X...|x...x", 4)) == [(9, 1, "bar 2 has 5 steps, 4 wanted")]
    assert wrong(lambda: strings.steps("X...", 4, 2)) == [(0, 4, "1 bar written, 2 wanted")]


def test_all_mistakes_of_a_string_are_told() -> None:
    """Three in one string."""
    assert [place for place, _, _ in wrong(lambda: strings.steps("Q..q|-xxx|x", 4, 3, PITCH_MARKS))] == [0, 3, 5, 10]


def test_fills_count_loose_steps() -> None:
    """A fill is so many beats, wherever its bar lines are."""
    assert strings.steps("xx|XX", 16, total=4).steps == 4
    assert wrong(lambda: strings.steps("xxX", 16, total=4)) == [(2, 1, "the fill has 3 steps, 4 wanted")]


@pytest.mark.parametrize("text", ["R", "3", "b7", "#4", "8", "5-", "9+", "<", ">", "(", ")", "D", "x", "~", "~R"])
def test_degrees(text: str) -> None:
    """Chord tones, literal degrees, octaves, approaches, dead notes, slides."""
    assert strings.degree(text) == text


@pytest.mark.parametrize("text", ["", "r", "0", "bb7", "5*", "R R", "10"])
def test_what_is_no_degree(text: str) -> None:
    """Anything else."""
    wrong(lambda: strings.degree(text))


# -- chords ------------------------------------------------------------------------------------------------------------


def laid(text: str, meter: Meter = FOUR) -> list[tuple[str, float, float]]:
    """Chords with start and length in quarter notes."""
    return [(t.text, t.start / PPQ, t.length / PPQ) for t in strings.chords(text, meter).tokens]


def test_chords_share_a_bar_or_carry_beats() -> None:
    """Bar lines at the ends are decoration; tokens without beats share what is left."""
    assert laid("| Em7:2 A9:2 | C |") == [("Em7", 0, 2), ("A9", 2, 2), ("C", 4, 4)]
    assert laid("I IV | V:3 I") == [("I", 0, 2), ("IV", 2, 2), ("V", 4, 3), ("I", 7, 1)]


def test_repeat_and_hold() -> None:
    """% writes the bar before again, . goes on."""
    assert laid("I:1 IV:3 | % | . V") == [("I", 0, 1), ("IV", 1, 3), ("I", 4, 1), ("IV", 5, 5), ("V", 10, 2)]


def test_a_beat_is_the_meters_lower_number() -> None:
    """An eighth in 7/8."""
    assert laid("i:4 iv:3", SEVEN) == [("i", 0, 2), ("iv", 2, 1.5)]


@pytest.mark.parametrize(
    ("text", "kind", "root", "quality", "bass"),
    [
        ("I", "roman", 0, "maj", ""),
        ("ii7", "roman", 2, "min7", ""),
        ("bVIImaj7", "roman", 10, "maj7", ""),
        ("#IVo7", "roman", 6, "dim7", ""),
        ("iim7b5", "roman", 2, "min7b5", ""),
        ("i69", "roman", 0, "min69", ""),
        ("I7/3", "roman", 0, "7", "3"),
        ("V7sus4", "roman", 7, "7sus4", ""),
        ("v7sus4", "roman", 7, "7sus4", ""),
        ("Em7", "letter", 4, "min7", ""),
        ("Bb13", "letter", 10, "13", ""),
        ("C6/9", "letter", 0, "69", ""),
        ("D/F#", "letter", 2, "maj", "F#"),
        ("Bb", "letter", 10, "maj", ""),
        ("N", "none", 0, "", ""),
    ],
)
def test_chord_symbols(text: str, kind: str, root: int, quality: str, bass: str) -> None:
    """Numerals count from the major scale and their case is the third; letters are notes."""
    token = strings.chord(text)
    assert (token.kind, token.root, token.quality, token.bass) == (kind, root, quality, bass)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Em7 | Axx", (7, 2, "unknown chord quality 'xx' in 'Axx'")),
        ("Em7:2 A7:3", (0, 10, "bar 1 lasts 5 beats, 4 wanted")),
        ("I:4 V", (0, 5, "bar 1 has no room left for 1 token without beats")),
        ("% | I", (0, 1, "nothing before it to repeat")),
        ("I | % V", (4, 1, "'%' repeats a whole bar and stands alone in it")),
        (". | I", (0, 1, "no chord before it to hold")),
        ("I | | V", (3, 1, "bar 2 is empty")),
        ("imaj9", (0, 5, "'imaj9' is minor and major at once")),
        ("I:x", (2, 1, "'x' is not a number of beats")),
        ("I:1/0", (2, 3, "'1/0' is not a number of beats")),
        ("D/H", (2, 1, "unknown bass 'H'")),
        ("am7", (0, 3, "unknown chord 'am7'")),
    ],
)
def test_wrong_chords(text: str, expected: tuple[int, int, str]) -> None:
    """Offset, width and message."""
    assert wrong(lambda: strings.chords(text, FOUR)) == [expected]


# -- sections, notes, and the rest -------------------------------------------------------------------------------------


def test_a_form_is_sections_in_order() -> None:
    """name:bars:eN:flags, with places for mistakes found later."""
    intro, chorus = strings.form("intro:2:e2  chorus:8:e5:rvk+2")
    assert (intro.name, intro.bars, intro.tier, intro.flags, intro.lift) == ("intro", 2, 2, frozenset(), 0)
    assert (chorus.flags, chorus.lift, chorus.offset, chorus.width) == (frozenset({"ramp", "vacuum"}), 2, 12, 17)
    named, flagged = strings.form("outro:2:e2 coming:2:e2:t")
    assert named.flags == flagged.flags == {"ending"}


def test_every_wrong_section_is_told() -> None:
    """Energy, bars, flag, name, shape."""
    found = wrong(lambda: strings.form("A:4:e9 A:x:e4 A:4:e3:z 9:1:e1 A"))
    assert [(offset, width) for offset, width, _ in found] == [(4, 2), (9, 1), (21, 1), (23, 1), (30, 1)]


def test_notes_fill_their_bars() -> None:
    """. rests, - holds, + joins; the beat is the meter's."""
    notes, bars = strings.notes("E4:1 G4:.5 A4:.5 C4+E4:2 | - . | C5", FOUR)
    assert bars == 3
    assert [(n.pitch, n.start / PPQ, n.length / PPQ) for n in notes] == [
        (64, 0, 1), (67, 1, 0.5), (69, 1.5, 0.5), (60, 2, 4), (64, 2, 4), (72, 8, 4),
    ]  # fmt: skip
    assert wrong(lambda: strings.notes("E4:1 H4:3 | E4:3", FOUR)) == [
        (5, 2, "unknown note 'H4'"),
        (12, 4, "bar 2 lasts 3 beats, 4 wanted"),
    ]


def test_triplets_add_up() -> None:
    """1/3 is exact, .333 is forgiven."""
    for third in ("1/3", ".333"):
        notes, _ = strings.notes(f"C4:{third} D4:{third} E4:{third} .", FOUR)
        assert [note.start for note in notes] == [0, 320, 640]


def test_drums_are_written_by_their_rows() -> None:
    """kick and snare instead of pitches."""
    notes, _ = strings.notes("kick+hh snare", FOUR, {"kick": 36, "snare": 38, "hh": 42})
    assert [note.pitch for note in notes] == [36, 42, 38]


def test_a_tune_is_lines_of_sections() -> None:
    """Each line names its section; offsets count from the start of the whole text."""
    first, second = strings.tune("A: E4 | F4\n  chorus/2: G4\n")
    assert (first.section, first.notes, first.offset) == ("A", "E4 | F4", 3)
    assert (second.section, second.notes, second.offset) == ("chorus/2", "G4", 23)
    assert wrong(lambda: strings.tune("A: E4\nE4:1"))[0][0] == 6


def test_intents_are_places_and_deeds() -> None:
    """bar.beat what parts, & is the second half of a beat."""
    found = strings.intent("4.3& stop bass, drums", FOUR)
    assert (found.bar, found.tick, found.kind, found.parts) == (3, 14 * PPQ + PPQ // 2, "stop", ("bass", "drums"))
    assert strings.intent("2.7 push", SEVEN).tick == SEVEN.bar + 6 * PPQ // 2
    assert wrong(lambda: strings.intent("4.8 stop", SEVEN)) == [(2, 1, "no beat 8 in 7/8")]
    assert wrong(lambda: strings.intent("1.1 accent brss", FOUR)) == [(11, 4, "unknown part 'brss'")]
    assert wrong(lambda: strings.intent("0.1 stop", FOUR)) == [(0, 3, "'0.1' is not bar.beat")]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("E dorian", Key(4, "dorian", "E")),
        ("Em", Key(4, "minor", "E")),
        ("C", Key(0, "major", "C")),
        ("CM", Key(0, "major", "C")),
        ("Bb minor", Key(10, "minor", "Bb")),
        ("F# Mixolydian", Key(6, "mixolydian", "F#")),
        ("a minor", Key(9, "minor", "A")),
        ("D♭ harmonic minor", Key(1, "harmonic_minor", "Db")),
    ],
)
def test_keys(text: str, key: Key) -> None:
    """Tonic and mode, written as people write them."""
    assert strings.key(text) == key


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("H moll", "B minor"),
        ("fis-Moll", "F# minor"),
        ("Es-Dur", "Eb major"),
        ("As Dur", "Ab major"),
        ("la mineur", "A minor"),
        ("si bémol majeur", "Bb major"),
        ("do# menor", "C# minor"),
        ("sol maggiore", "G major"),
    ],
)
def test_keys_of_other_languages_are_told_in_ours(text: str, written: str) -> None:
    """The hint is a key that can be read."""
    assert [one.hint for one in mistakes(strings.key, text)] == [f'write key = "{written}"']
    assert not mistakes(strings.key, written)


@pytest.mark.parametrize(
    ("text", "seconds", "bars"),
    [("30 s", 30, None), ("2 min", 120, None), ("1 min 30 s", 90, None), ("90s", 90, None), ("48 bars", None, 48)],
)
def test_lengths(text: str, seconds: float | None, bars: int | None) -> None:
    """Seconds, minutes or bars."""
    assert strings.length(text) == strings.Length(seconds, bars)


@pytest.mark.parametrize(
    "text", ["", "30", "0 s", "2 h", "2001 bars", "1.5 bars", "3 weeks", "30 s x", "1 bar 2 s", "٣ s"]
)
def test_what_is_no_length(text: str) -> None:
    """No unit, too long, too short, half a bar."""
    wrong(lambda: strings.length(text))


@pytest.mark.parametrize("text", ["4/4", "6/8", "7/8", "32/32", " 3 / 4 "])
def test_meters(text: str) -> None:
    """1 to 32 over a power of two."""
    assert str(strings.meter(text)) == text.replace(" ", "")


@pytest.mark.parametrize("text", ["4", "0/4", "33/4", "4/5", "4/64", "x/4", "-3/4", "٤/4"])
def test_what_is_no_meter(text: str) -> None:
    """Anything else."""
    wrong(lambda: strings.meter(text))


def test_a_meter_of_groups_is_told_its_sum() -> None:
    """As other programs write them."""
    with pytest.raises(Wrong) as caught:
        strings.meter("3+2+2/8")
    assert [one.hint for one in caught.value.every] == ["write 7/8"]


@pytest.mark.parametrize(
    "read",
    [
        lambda text: strings.steps(text, 16),
        lambda text: strings.chords(text, FOUR),
        lambda text: strings.notes(text, FOUR),
        lambda text: strings.intent(text, FOUR),
        strings.form, strings.tune, strings.degree, strings.key, strings.length, strings.meter, strings.chord,
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "text", ["", " ", "|", "||||", ":", "a:" * 20_000, "(" * 50_000, "9" * 50_000, "I" * 50_000, "\0", "٣", "|x" * 9000]
)
def test_no_text_breaks_a_reader(read: Callable[[str], object], text: str) -> None:
    """Every text is read or refused, never anything else, and few mistakes stand for many."""
    found = mistakes(read, text)
    assert len(found) <= 10
    assert all(0 <= one.offset <= len(text) and len(one.message) < 300 for one in found)
