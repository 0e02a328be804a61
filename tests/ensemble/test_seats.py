"""Where those who accompany sit in a song's band."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from scorekit.ensemble.seats import BOUNDS, NEAR, SEATS, opened, seated
from scorekit.ideas import CompIdeas, Ideas, SustainIdeas
from scorekit.seeds import Seed

BAND = ("drums", "bass", "guitar", "keys", "lead", "pads")
IDEAS = Ideas(guitar=CompIdeas(50, 74), keys=CompIdeas(52, 76), pads=SustainIdeas(50, 74))


def middles(seed: int) -> dict[str, float]:
    found = seated(BAND, IDEAS, Seed(str(seed)))
    return {"guitar": 62.0, "keys": 64.0 + found["keys"], "pads": 62.0 + found["pads"]}


def test_seats_differ_from_song_to_song() -> None:
    """Keys and pads sit in three places and more over many songs, inside their bounds, and only those who choose are told."""
    for part, low, high in (("keys", 52, 76), ("pads", 50, 74)):
        taken = Counter(seated(BAND, IDEAS, Seed(str(seed)))[part] for seed in range(60))
        assert len(taken) >= 3 and set(taken) <= {by for by, _ in SEATS[part]}
        assert all(BOUNDS[part][0] <= low + by and high + by <= BOUNDS[part][1] for by in taken)
    assert seated(("drums", "bass", "lead"), IDEAS, Seed("1")) == {}


def test_two_seldom_share_a_chair() -> None:
    """In most bands no two of guitar, keys and pads lie within a fourth of each other, where all would by their genre."""
    bands = [sorted(middles(seed).values()) for seed in range(60)]
    apart = [min(b - a for a, b in pairwise(band)) >= NEAR for band in bands]
    assert sum(apart) >= 40


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
