"""What ``benchmarks/groups.py`` measures of players: that it sees a figure kept, a line doubled, an answer, a swell."""

from __future__ import annotations

import numpy as np
import pytest

from scorekit.smells.piece import Line, Piece, line
from scorekit.timebase import PPQ, Meter
from tests.bench import bench

groups = bench("groups")
BAR = 4 * PPQ
BARS = 16


def piece(**rows: list[tuple[int, int, int, int, float]]) -> Piece:
    """Sixteen bars of four quarters."""
    lines = tuple(line(part, found) for part, found in rows.items())
    return Piece(lines, np.arange(BARS + 1, dtype=np.int64) * BAR, Meter(4, 4), 4)


def strummed(places: list[tuple[float, ...]], low: int = 60) -> list[tuple[int, int, int, int, float]]:
    """Triads at these beats of each bar, in turn."""
    return [
        (n * BAR + round(beat * PPQ), n * BAR + round(beat * PPQ) + PPQ // 2, low + step, 80, 0.0)
        for n in range(BARS)
        for beat in places[n % len(places)]
        for step in (0, 4, 7)
    ]


def sung(bars: range, velocity: tuple[int, ...] = (80,) * 6) -> list[tuple[int, int, int, int, float]]:
    """Six quavers at the start of every second bar."""
    return [
        (n * BAR + k * PPQ // 2, n * BAR + (k + 1) * PPQ // 2, 72 + k, loud, 0.0)
        for n in bars
        for k, loud in enumerate(velocity)
    ]


def measured(name: str, made: Piece) -> float | None:
    """A measure by its name."""
    measure = next(found for (_, known), found in groups.MEASURES.items() if known == name)
    value: float | None = measure(groups.group_of(made))
    return value


@pytest.mark.parametrize(
    ("places", "before", "four"), [([(0, 2)], 1.0, 1.0), ([(0, 2), (1, 3), (0, 1), (2, 3)], 0.0, 1.0)]
)
def test_a_figure_kept_is_told_from_one_that_changes(
    places: list[tuple[float, ...]], before: float, four: float
) -> None:
    """A comper in one figure repeats every bar; one in a figure of four bars repeats every fourth."""
    made = piece(lead=sung(range(0, BARS, 2)), keys=strummed(places))
    assert measured("bar in the rhythm of the bar before", made) == before
    assert measured("bar in the rhythm of four before", made) == four


def test_two_lines_in_octaves_are_one() -> None:
    """A line doubled an octave higher is heard as in unison; one that goes another way is not."""
    one, other = strummed([(0, 2)]), strummed([(0, 2)], low=72)
    assert measured("four bars with two lines in unison", piece(guitar=one, keys=other)) == 1.0
    assert measured("four bars with two lines in unison", piece(guitar=one, keys=strummed([(1, 3)]))) == 0.0


def test_a_rest_is_answered_by_who_was_silent() -> None:
    """Two notes in the tune's rest, by a line that left it room before."""
    tune = sung(range(0, BARS, 2))
    reply = [(n * BAR + k * PPQ, n * BAR + (k + 1) * PPQ, 65 + k, 80, 0.0) for n in range(1, BARS, 2) for k in (0, 1)]
    assert measured("rests answered by a new voice", piece(lead=tune, brass=reply)) == 1.0
    assert measured("rests answered by a new voice", piece(lead=tune, keys=strummed([(0, 1, 2, 3)]))) == 0.0


def test_a_swell_is_measured_over_a_phrase() -> None:
    """The middle of each phrase twenty louder than its ends, or as loud."""
    swelling = piece(lead=sung(range(0, BARS, 2), (70, 70, 90, 90, 70, 70)), keys=strummed([(0, 2)]))
    assert measured("velocity of a phrase's middle over its ends", swelling) == 20.0
    assert measured("velocity of a phrase's middle over its ends", piece(lead=sung(range(0, BARS, 2)))) == 0.0


def test_who_comes_in_is_counted() -> None:
    """A line that plays every second block of four bars comes in once in eight bars, alone."""
    there = [row for row in strummed([(0, 2)]) if row[0] // (4 * BAR) % 2]
    made = piece(lead=sung(range(0, BARS, 2)), bass=strummed([(0,)], low=40), keys=there)
    group = groups.group_of(made)
    assert [bool(on) for on in group.playing[2][[0, 4, 8, 12]]] == [False, True, False, True]
    assert isinstance(group.bass, Line)
    assert len(group.tune) == len(made.part("lead"))


def test_a_tune_is_found_without_its_name() -> None:
    """Of lines nobody named, the one that sings is the tune."""
    made = piece(bass=strummed([(0,)], low=36), keys=strummed([(0, 2)]), winds=sung(range(BARS)))
    assert groups.group_of(made).tune.part == "winds"
