"""Where those who accompany sit in a song's band."""

from __future__ import annotations

from collections import Counter

from scorekit.ensemble.seats import BOUNDS, NEAR, SEATS, opened, seated
from scorekit.ideas import CompIdeas, Ideas, SustainIdeas
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
    """Where there is a seat below the tune, few sit on it or in the octave above."""
    under = [seated(("bass", "keys", "lead"), IDEAS, Seed(str(seed)))["keys"] <= 0 for seed in range(60)]
    assert sum(under) >= 54


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
