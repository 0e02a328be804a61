"""Laws of voicing: what is under the hands, and how it moves."""

from __future__ import annotations

from itertools import pairwise
from statistics import mean, median

import pytest

from scorekit.ensemble.families import shapes
from scorekit.ensemble.voicing import FAMILIES, coloured, lead_voices, revoiced
from scorekit.playable import on_guitar
from scorekit.score import Chord, Key
from scorekit.seeds import Seed
from scorekit.theory import CHORDS, LOW_LIMITS, VOICINGS, guide_tones

C = Key(0, "major")
BAR = 3840
POP = [(0, "maj"), (7, "maj"), (9, "min"), (5, "maj")] * 2
JAZZ = [(2, "min9"), (7, "13"), (0, "maj7"), (9, "7b9")] * 2
GUITAR = ("triad_top3", "power", "freddie_shell", "9th_top4", "double_stop", "open_chord", "barre")


def chords(loop: list[tuple[int, str]]) -> list[Chord]:
    return [Chord(n * BAR, BAR, root, quality, root) for n, (root, quality) in enumerate(loop)]


@pytest.mark.parametrize("family", VOICINGS)
@pytest.mark.parametrize("loop", [POP, JAZZ])
def test_every_family_voices_inside_its_lane(family: str, loop: list[tuple[int, str]]) -> None:
    """Every family gives one rising voicing a chord, all inside the lane, the same every time."""
    found = lead_voices(chords(loop), family, 43, 76, key=C)
    assert FAMILIES == VOICINGS
    assert len(found) == len(loop)
    for voicing in found:
        assert list(voicing) == sorted(set(voicing))
        assert len(voicing) >= 2
        assert 43 <= voicing[0] <= voicing[-1] <= 76
    assert found == lead_voices(chords(loop), family, 43, 76, key=C)


@pytest.mark.parametrize("quality", sorted(CHORDS))
def test_every_quality_can_be_voiced_anywhere(quality: str) -> None:
    """No quality, root or family leaves a player without a voicing, even in a lane of an octave."""
    loop = chords([(root, quality) for root in range(12)])
    for family in FAMILIES:
        assert all(len(v) >= 2 for v in lead_voices(loop, family, 55, 67, key=C))


@pytest.mark.parametrize(
    "family", ["close", "shell", "shell_9", "rootless_ab", "drop2", "spread4", "9th_top4", "barre"]
)
def test_guide_tones_are_there(family: str) -> None:
    """A full voicing tells its chord: third and seventh sound."""
    for chord, voicing in zip(chords(JAZZ), lead_voices(chords(JAZZ), family, 40, 79, key=C), strict=True):
        classes = {(pitch - chord.root) % 12 for pitch in voicing}
        assert {tone % 12 for tone in guide_tones(chord.quality)} <= classes


@pytest.mark.parametrize("family", GUITAR)
@pytest.mark.parametrize("loop", [POP, JAZZ])
def test_guitar_voicings_can_be_held(family: str, loop: list[tuple[int, str]]) -> None:
    """With guitar hands every voicing is a shape on six strings within four frets."""
    assert all(on_guitar(v) for v in lead_voices(chords(loop), family, 40, 79, key=C, hands="guitar"))


def test_what_a_hand_cannot_hold() -> None:
    """An open E chord and an F barre are playable; seven notes, or a cluster low on one string, are not."""
    assert on_guitar((40, 47, 52, 56, 59, 64))
    assert on_guitar((41, 48, 53, 57, 60, 65))
    assert not on_guitar((40, 41))
    assert not on_guitar(tuple(range(40, 68, 4)))


@pytest.mark.parametrize(("family", "low", "high"), [("close", 55, 76), ("rootless_ab", 50, 76), ("spread4", 48, 79)])
def test_voices_move_as_hands_do(family: str, low: int, high: int) -> None:
    """The top line moves, but not far (median 1 to 3 semitones, none above 7), and the voices less than 3 each."""
    steps, spread = [], []
    for loop in (POP, JAZZ):
        found = lead_voices(chords(loop), family, low, high, key=C)
        for before, after in pairwise(found):
            steps.append(abs(after[-1] - before[-1]))
            spread.append(mean(min(abs(x - y) for x in before) for y in after))
    assert 1 <= median(steps) <= 3
    assert max(steps) <= 7
    assert mean(spread) < 3


def test_low_intervals_are_clear() -> None:
    """No interval lies below the pitch at which it turns to mud."""
    for family in ("close", "spread4", "open_triad9", "drop2", "rootless_ab"):
        for voicing in lead_voices(chords(JAZZ), family, 40, 79, key=C):
            for low, high in pairwise(voicing):
                assert low >= LOW_LIMITS.get(high - low, 0)


def test_voicings_stay_under_the_tune() -> None:
    """With a tune in the lane the top voice keeps below it where a voicing can."""
    sung = lead_voices(chords(POP), "close", 48, 76, melody_tops=[62] * len(POP), key=C)
    free = lead_voices(chords(POP), "close", 48, 76, key=C)
    assert mean(v[-1] for v in sung) < mean(v[-1] for v in free)
    assert all(v[-1] <= 63 for v in sung)


def test_a_loop_leads_back_to_its_start() -> None:
    """Looped, the way from the last voicing to the first is as short as any other."""
    loop = chords(POP[:4])
    found = lead_voices(loop, "close", 52, 76, key=C, looped=True)
    assert abs(found[0][-1] - found[-1][-1]) <= 5


def test_where_the_chord_stands_does_not_matter() -> None:
    """Only the chords count: the same ones later, or spelt otherwise, are voiced the same."""
    moved = [Chord(c.start + BAR, c.length, c.root, c.quality, c.bass, "x") for c in chords(POP)]
    assert lead_voices(moved, "close", 52, 76, key=C) == lead_voices(chords(POP), "close", 52, 76, key=C)
    assert lead_voices(moved, "close", 52, 76, key=C, seed=Seed("1"))


def test_colour_follows_complexity() -> None:
    """Below .35 extensions go, below .15 sevenths; above .65 the key's ninth comes, and never one the key lacks."""
    quality = {c: coloured(Chord(0, BAR, 2, "min9", 2), c, C).quality for c in (0.1, 0.3, 0.5, 0.8)}
    assert quality == {0.1: "min", 0.3: "min7", 0.5: "min9", 0.8: "min9"}
    assert coloured(Chord(0, BAR, 0, "maj7", 0), 0.8, C).quality == "maj9"
    assert coloured(Chord(0, BAR, 4, "min7", 4), 0.8, C).quality == "min7"


def test_a_chord_that_stays_moves_one_voice() -> None:
    """Revoicing changes at most one pitch, by at most a tone, and makes no semitone."""
    chord = Chord(0, BAR, 0, "maj", 0)
    for n in range(8):
        moved = revoiced((60, 64, 67), chord, C, 55, 76, n / 8)
        assert len(set(moved) ^ {60, 64, 67}) in (0, 2)
        assert all(b - a > 1 for a, b in pairwise(moved))


@pytest.mark.parametrize("family", ["close", "shell_9", "rootless_ab", "drop2"])
def test_no_semitone_on_top(family: str) -> None:
    """Of minor ninths and altered dominants, too, the two highest notes are never a semitone apart."""
    loop = chords([(2, "min9"), (7, "7#9"), (9, "min9"), (11, "7#9"), (4, "7b9"), (9, "min7")])
    for low in (48, 52, 55):
        assert all(v[-1] - v[-2] > 1 for v in lead_voices(loop, family, low, low + 27, key=C))


def test_hands_never_flatten_the_sixth() -> None:
    """A voice that moves over a minor chord that stays does not go to the flat sixth, which would be another chord."""
    for pick in (0.0, 0.3, 0.6, 0.99):
        found = revoiced((51, 54, 58, 61), Chord(0, 4 * BAR, 3, "min7", 3), Key(3, "minor"), 48, 72, pick)
        assert 11 not in {pitch % 12 for pitch in found}


@pytest.mark.parametrize("family", ["power", "boogie"])
def test_a_riff_lives_in_the_lowest_octave(family: str) -> None:
    """Power chords and boogies keep their root within an octave of the bottom, wherever the chord before was."""
    for root in range(12):
        pair = chords([(2, "5"), (root, "5")])
        found = lead_voices(pair, (family,), 40, 62, key=C, hands="guitar")
        assert all(voicing[0] <= 51 for voicing in found)


def test_a_sharp_ninth_is_on_top_of_its_third() -> None:
    """No family but chords that have no other shape puts the sharp ninth a semitone under the third."""
    shapes_of = {family: shapes(family, 11, "7#9", (11, 1, 2, 3, 6, 8, 9)) for family in ("9th_top4", "close", "drop2")}
    assert all(shapes_of.values())
    assert all((a % 12, b - a) != (3, 1) for made in shapes_of.values() for s in made for a, b in pairwise(s))
