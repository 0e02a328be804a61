"""Genres in metres not their own: the measures of ``benchmarks/metres.py`` see what they should, and songs keep to the bar."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from scorekit import pipeline, studio
from scorekit.smells import Piece, piece_of
from scorekit.smells.piece import line
from scorekit.timebase import PPQ, Meter
from tests.bench import bench

GENRES = ("rock", "funk", "jazz_swing", "country", "lofi", "metal", "soul")


@pytest.fixture(scope="module")
def metres() -> ModuleType:
    """The benchmark that measures."""
    return bench("metres")


def beaten(meter: Meter, kicks: tuple[int, ...], snares: tuple[int, ...], bass: tuple[int, ...]) -> Piece:
    """Sixteen bars of strokes given in eighths of a bar."""

    def rows(places: tuple[int, ...], pitch: int) -> list[tuple[int, int, int, int, float]]:
        at = [n * meter.bar + place * PPQ // 2 for n in range(16) for place in places]
        return [(tick, tick + 60, pitch, 100, 0.0) for tick in at]

    drums = line("drums", [*rows(kicks, 36), *rows(snares, 38)])
    return Piece((drums, line("bass", rows(bass, 40))), np.arange(17) * meter.bar, meter, 4)


def test_measures_know_a_waltz_from_four_written_in_three(metres: ModuleType) -> None:
    """One-two-three: kick and bass on one, snare on the others, the bar told. Every fourth quarter in bars of three: nothing."""
    waltz = beaten(Meter(3, 4), (0,), (2, 4), (0,))
    assert [metres.kick_one(waltz), metres.backbeat(waltz), metres.bass_one(waltz)] == [1.0, 1.0, 1.0]
    assert metres.bar_told(waltz) == 1.0
    off = beaten(Meter(3, 4), (3,), (1, 5), (3,))
    assert [metres.kick_one(off), metres.backbeat(off), metres.bass_one(off)] == [0.0, 0.0, 0.0]
    wrong = beaten(Meter(12, 4), (0, 8, 16), (4, 12, 20), (0, 8, 16))
    three = Piece(wrong.lines, np.arange(16 * 4 + 1) * 3 * PPQ, Meter(3, 4), 4)
    assert metres.bar_told(three) == 0.0


def test_measures_know_three_and_two_from_two_and_three(metres: ModuleType) -> None:
    """In 5/4 a kick and bass on one and four are three and two, on one and three they are not; an empty fifth beat is hollow."""
    assert metres.grouping(beaten(Meter(5, 4), (0, 6), (2, 4, 8), (0, 6))) == 1.0
    assert metres.grouping(beaten(Meter(5, 4), (0, 4), (2, 6), (0, 4))) == 0.0
    assert metres.hollow(beaten(Meter(5, 4), (0, 4), (2, 6), (0, 4))) == 1.0


@pytest.mark.parametrize("genre", GENRES)
def test_a_bar_of_five_is_three_and_two(genre: str, metres: ModuleType) -> None:
    """Kick and bass come on one, no beat is left empty, and the band leans on one and on four, where the groups begin."""
    score = studio.compose(f'genre = "{genre}"\nseed = 2\nlength = "45 s"\nmeter = "5/4"\n')
    piece = piece_of(score, pipeline.perform(score))
    assert metres.kick_one(piece) >= 0.6
    assert metres.bass_one(piece) >= 0.8
    assert metres.hollow(piece) <= 0.6
    weights = metres.profile(piece)
    assert min(weights[0], weights[6]) >= np.median(weights)
