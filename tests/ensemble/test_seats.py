"""Where those who accompany sit in a song's band."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from msgspec.structs import replace

from scorekit import studio
from scorekit.ensemble.seats import BETWEEN, BOUNDS, NEAR, OVER, SEATS, UNDER, UPON, opened, seated, tucked, yielding
from scorekit.ideas import Arrange, CompIdeas, Ideas, MelodyIdeas, SustainIdeas
from scorekit.score import Passage
from scorekit.seeds import Seed

BAND = ("drums", "bass", "guitar", "keys", "lead", "pads")
IDEAS = Ideas(guitar=CompIdeas(50, 74), keys=CompIdeas(52, 76), pads=SustainIdeas(50, 74))


def middle(band: tuple[str, ...], part: str, seed: int, ideas: Ideas = IDEAS) -> float:
    """The middle of the lane in which a part sits."""
    return sum(seated(band, ideas, Seed(str(seed)))[part]) / 2


def test_seats_differ_from_song_to_song() -> None:
    """Keys and pads sit in two places and more over many songs, inside their bounds, and only those who choose are told."""
    for part in ("keys", "pads"):
        taken = Counter(seated(BAND, IDEAS, Seed(str(seed)))[part] for seed in range(60))
        assert len(taken) >= 2
        assert all(BOUNDS[part][0] <= low < high <= BOUNDS[part][1] for low, high in taken)
    assert seated(("drums", "bass", "lead"), IDEAS, Seed("1")) == {}


def test_two_compers_seldom_share_a_chair() -> None:
    """In most bands without a singer guitar and keys do not lie within a fourth of each other, where by their genre they
    would, and where somebody sings neither: one of them sits low, the other high."""
    for band in (("drums", "bass", "guitar", "keys"), BAND):
        apart = [abs(middle(band, "keys", seed) - middle(band, "guitar", seed)) for seed in range(60)]
        assert sum(gap >= NEAR for gap in apart) >= 40


def test_the_floor_of_a_genre_is_never_over_the_tune() -> None:
    """Whoever all sections of a genre are laid upon sits under the tune; elsewhere the same part sits over it in some songs."""
    laid = replace(IDEAS, arrange=Arrange(layers=(("A", ("pads",)), ("B", ("keys", "pads")))))
    high = [[seated(BAND, ideas, Seed(str(seed)))["pads"][0] >= 70 for seed in range(60)] for ideas in (IDEAS, laid)]
    assert any(high[0]) and not any(high[1])


def test_nobody_sits_on_the_tune() -> None:
    """Where somebody sings, the middle of the pads' chair lies under the tune's lane or just within, or its lowest tone over
    nearly all of it; hands, who leave out what would cover the tune, sit half an octave higher at most, and only under it. A
    guitar whose lane is the tune's plays an octave under it."""
    low, high = IDEAS.melody.low, IDEAS.melody.high
    for seed in range(60):
        seats = seated(BAND, IDEAS, Seed(str(seed)))
        assert sum(seats["pads"]) <= 2 * (low + UNDER) or seats["pads"][0] >= high - OVER
        assert sum(seats["keys"]) <= 2 * (low + UNDER + BETWEEN["keys"])
    shared = Ideas(guitar=CompIdeas(64, 86), melody=MelodyIdeas(64, 86))
    assert seated(("guitar", "lead"), shared, Seed("1")) == {"guitar": (52, 74)}
    assert seated(("guitar",), shared, Seed("1")) == {}


def tops(passage: Passage) -> list[int]:
    """The top tone of every stroke of the keys with two tones and more, sorted."""
    strokes: dict[int, list[int]] = {}
    for note in passage.phrase("keys").notes:
        strokes.setdefault(note.start, []).append(note.pitch)
    return sorted(max(pitches) for pitches in strokes.values() if len(pitches) > 1)


def test_hands_keep_one_seat_all_through_a_song() -> None:
    """The middle top tone of the keys' chords moves by nine semitones and more at hardly a seam, and in no song by an octave
    up and down again."""
    jumps = seams = 0
    for genre, seed in itertools.product(("pop", "rock", "soul", "funk"), range(1, 6)):
        score = studio.compose(f'genre = "{genre}"\nseed = {seed}\nlength = "60 s"\n')
        played = [found for passage in score.passages if len(found := tops(passage)) >= 4]
        moves = [abs(a[len(a) // 2] - b[len(b) // 2]) for a, b in itertools.pairwise(played)]
        seams, jumps = seams + len(moves), jumps + sum(move >= 9 for move in moves)
        assert sum(move >= 12 for move in moves) < 2
    assert seams >= 30 and jumps <= 0.08 * seams


def covering(passage: Passage) -> tuple[int, int]:
    """(strokes of keys and strings while the tune sounds, those of them just above it)."""
    told = {phrase.part: phrase for phrase in passage.phrases}
    lead = told["lead"].notes if "lead" in told else ()
    strokes = above = 0
    for part in {"keys", "strings"} & told.keys():
        phrase = told[part]
        for note in phrase.notes:
            sung = [n.pitch for n in lead if n.start <= note.start + 20 < n.end]
            if sung and not {"second voice", "the lead's tune"} & set(phrase.origins[note.origin].idea.split(", ")):
                strokes += 1
                above += 1 <= note.pitch - sung[-1] <= UPON
    return strokes, above


@pytest.mark.parametrize("genre", ["pop", "blues", "rock", "soul", "bossa"])
def test_chords_do_not_lie_on_the_tune(genre: str) -> None:
    """While the tune sounds few strokes of keys and strings lie within a third above it (bands: .03), in each of several
    songs."""
    counted = []
    for seed in range(1, 13):
        score = studio.compose(f'genre = "{genre}"\nseed = {seed}\nlength = "60 s"\n')
        pairs = [covering(passage) for passage in score.passages]
        counted.append((sum(strokes for strokes, _ in pairs), sum(above for _, above in pairs)))
    heard = [(strokes, above) for strokes, above in counted if strokes >= 30]
    assert len(heard) >= 3
    assert all(above <= 0.12 * strokes for strokes, above in heard)
    assert sum(above for _, above in heard) <= 0.05 * sum(strokes for strokes, _ in heard)


def test_a_chord_gives_way_to_the_tune() -> None:
    """A tone that lies just above the tune is left out, unless two tones remain or it is to be kept; what lies under the tune
    or well over it stays, and no tone moves."""
    assert yielding((60, 64, 67), (65,)) == (60, 64)
    assert yielding((60, 64, 67), (65,), kept=(7,)) == (60, 64, 67)
    assert yielding((64, 67), (65,)) == (64, 67)
    assert yielding((60, 64, 67), (67,)) == yielding((60, 64, 67), (55,)) == (60, 64, 67)


def test_what_must_be_said_is_said_below_the_tune() -> None:
    """A kept tone that lies on the tune sounds an octave lower, unless it is too low there, or a top voice far over the next one."""
    assert tucked((54, 63, 70), (66,), 45) == (54, 58, 63)
    assert tucked((54, 63, 70), (66,), 59) == tucked((54, 63, 70), (72,), 45) == (54, 63, 70)
    assert tucked((54, 61, 70), (66,), 45) == (54, 61, 70)


def test_a_seat_hangs_upon_those_before_it_alone() -> None:
    """Who comes into the band later moves nobody who sat before."""
    for seed in range(20):
        small, large = (seated(band, IDEAS, Seed(str(seed))) for band in (BAND[:5], BAND))
        assert small["keys"] == large["keys"]


def test_chords_open_in_the_loudest_sections() -> None:
    """Hands close with their lowest tone above, strings divide the top of their chords, horns spread; below the loudest tier nobody does, nor
    where the hand has its octave already."""
    assert opened("keys", 5, (60, 64, 67)) == (72,)
    assert opened("keys", 5, (48, 55, 64)) == ()
    assert opened("strings", 5, (62, 70)) == (82,) and opened("strings", 5, (70,)) == ()
    assert opened("brass", 5, (62, 65, 69)) == (53,)
    assert all(opened(part, 4, (60, 64, 67)) == () for part in SEATS) and opened("pads", 5, (60, 64, 67)) == ()
