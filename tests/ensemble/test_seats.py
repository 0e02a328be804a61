"""Where those who accompany sit in a song's band."""

from __future__ import annotations

from collections import Counter

import pytest

from scorekit import studio
from scorekit.ensemble.seats import BOUNDS, NEAR, SEATS, UPON, opened, seated, yielding
from scorekit.ideas import CompIdeas, Ideas, MelodyIdeas, SustainIdeas
from scorekit.score import Passage
from scorekit.seeds import Seed

BAND = ("drums", "bass", "guitar", "keys", "lead", "pads")
IDEAS = Ideas(guitar=CompIdeas(50, 74), keys=CompIdeas(52, 76), pads=SustainIdeas(50, 74))


def test_seats_differ_from_song_to_song() -> None:
    """Keys and pads sit in three places and more over many songs, inside their bounds, and only those who choose are told."""
    for part, low, high in (("keys", 52, 76), ("pads", 50, 74)):
        taken = Counter(seated(BAND, IDEAS, Seed(str(seed)))[part] for seed in range(60))
        assert len(taken) >= 3 and set(taken) <= {by for by, _ in SEATS[part]}
        assert all(BOUNDS[part][0] <= low + by and high + by <= BOUNDS[part][1] for by in taken)
    assert seated(("drums", "bass", "lead"), IDEAS, Seed("1")) == {}


def test_two_compers_seldom_share_a_chair() -> None:
    """In most bands guitar and keys do not lie within a fourth of each other, where by their genre they would."""
    seats = [64.0 + seated(BAND, IDEAS, Seed(str(seed)))["keys"] for seed in range(60)]
    assert sum(abs(seat - 62.0) >= NEAR for seat in seats) >= 40


def test_nobody_covers_the_tune_by_choice() -> None:
    """Where there is a seat below the tune, few sit on it or in the octave above, and a guitar whose lane is the tune's
    plays an octave under it."""
    under = [seated(("bass", "keys", "lead"), IDEAS, Seed(str(seed)))["keys"] <= 0 for seed in range(60)]
    assert sum(under) >= 54
    shared = Ideas(guitar=CompIdeas(64, 86), melody=MelodyIdeas(64, 86))
    assert seated(("guitar", "lead"), shared, Seed("1")) == {"guitar": -12}
    assert seated(("guitar",), shared, Seed("1")) == {}


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
    for seed in range(1, 9):
        score = studio.compose(f'genre = "{genre}"\nseed = {seed}\nlength = "60 s"\n')
        pairs = [covering(passage) for passage in score.passages]
        counted.append((sum(strokes for strokes, _ in pairs), sum(above for _, above in pairs)))
    heard = [(strokes, above) for strokes, above in counted if strokes >= 30]
    assert len(heard) >= 3
    assert all(above <= 0.12 * strokes for strokes, above in heard)
    assert sum(above for _, above in heard) <= 0.05 * sum(strokes for strokes, _ in heard)


def test_a_chord_gives_way_to_the_tune() -> None:
    """A tone that lies just above the tune sounds an octave lower; where there is no place it is left out, unless two tones
    remain or it is to be kept; what lies under the tune or well over it stays."""
    assert yielding((60, 64, 67), (65,), 40) == (55, 60, 64)
    assert yielding((60, 64, 67), (65,), 60) == (60, 64)
    assert yielding((60, 64, 67), (65,), 60, kept=(7,)) == (60, 64, 67)
    assert yielding((64, 67), (65,), 60) == (64, 67)
    assert yielding((60, 64, 67), (67,), 40) == yielding((60, 64, 67), (55,), 40) == (60, 64, 67)


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
