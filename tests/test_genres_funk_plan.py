"""Thirty seconds of funk in E, seeds 1 to 20: the plan a bandleader would make, whatever the seed fills it with."""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from scorekit import pipeline, studio
from scorekit.score import Passage, Placement, Score
from scorekit.smells import Piece, bands, piece_of
from scorekit.theory import chord_classes
from scorekit.timebase import PPQ

SEEDS = range(1, 21)
FORM = "intro:2:e2 A:4:e3 B:4:e4 A:2:e4:b tag:1:e5:t"
"""The form the genre keeps for half a minute, written out so that every seed plays this plan."""


@cache
def funk(seed: int, form: str = FORM) -> tuple[Score, Piece]:
    """The song of a seed, and as the measures see it. Without a form the genre chooses one."""
    wish = f'form = "{form}"\n' if form else ""
    score = studio.compose(f'genre = "funk"\nseed = {seed}\nkey = "E dorian"\nlength = "30 s"\n{wish}')
    return score, piece_of(score, pipeline.perform(score))


def last_hit(piece: Piece) -> float:
    """Seconds of the last onset as written."""
    return piece.tempo.seconds(max(int(line.start.max()) for line in piece.lines if len(line)))


@pytest.mark.parametrize("seed", SEEDS)
def test_twelve_bars_and_a_hit_at_28_seconds(seed: int) -> None:
    """Twelve bars before a last hit at 28.0 s are 102.86 beats a minute; the tiers are those of the form."""
    score, piece = funk(seed)
    assert score.plan.tempo.bpm_at(0) == pytest.approx(12 * 4 * 60 / 28, abs=0.005)
    assert last_hit(piece) == pytest.approx(28.0, abs=0.001)
    assert [p.section.tier for p in score.plan.placements] == [2, 3, 4, 4, 5]
    assert piece.tempo.seconds(score.plan.end) + score.plan.tail == pytest.approx(30.0, abs=0.5)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_last_hit_lands_in_any_form_the_genre_chooses(seed: int) -> None:
    """Left to choose, the genre takes whole bars inside its tempo range; the last hit rings for 1.4 to 3.2 s, and the song lasts
    half a minute."""
    score, piece = funk(seed, "")
    assert 26.8 - 0.001 <= last_hit(piece) <= 28.6 + 0.001
    assert piece.tempo.seconds(score.plan.end) + score.plan.tail == pytest.approx(30.0, abs=0.001)
    assert score.plan.tempo.bpm_at(0) * last_hit(piece) / 240 == pytest.approx(piece.count - 1, abs=0.001)
    assert 92 <= score.plan.tempo.bpm_at(0) <= 116


def test_seeds_take_tempi_all_over_the_range() -> None:
    """Forms of several lengths and tempi fit half a minute: twenty seeds spread over two thirds of it."""
    tempi = [round(funk(seed, "")[0].plan.tempo.bpm_at(0)) for seed in SEEDS]
    assert max(tempi) - min(tempi) >= 15
    assert max(Counter(tempi).values()) <= 6


@pytest.mark.parametrize("seed", SEEDS)
def test_harmony_vamps_climbs_and_comes_home(seed: int) -> None:
    """A vamps on the tonic, and returns as it was; B is elsewhere and ends on the dominant; the last chord is E."""
    score, _ = funk(seed)
    a, b, again, tag = (p.section for p in score.plan.placements[1:])
    home = 4
    assert a.chords[0].root == home
    assert all(
        a.chord_at(bar * a.meter.bar).root == again.chord_at(bar * a.meter.bar).root for bar in range(again.bars)
    )
    assert b.chords[0].root != home
    assert b.chords[-1].root == (home + 7) % 12
    assert tag.chords[-1].root == home
    sets = [{(c.root, frozenset(chord_classes(c.root, c.quality))) for c in s.chords} for s in (a, b)]
    assert len(sets[0] & sets[1]) / len(sets[0] | sets[1]) <= 0.6


def statements(score: Score) -> int:
    """How often the commonest bar of the tune (three onsets or more) is played, by its rhythm; upbeats lead into bars, and are
    no part of them."""
    bars = Counter[tuple[int, ...]]()
    for placement, passage in zip(score.plan.placements, score.passages, strict=True):
        phrase, bar = passage.phrase("lead"), placement.section.meter.bar
        sung = [n.start for n in phrase.notes if not phrase.origins[n.origin].idea.startswith("upbeat")]
        for number in range(placement.section.bars):
            bars[tuple(tick % bar for tick in sung if tick // bar == number)] += 1
    return max((count for onsets, count in bars.items() if len(onsets) >= 3), default=0)


@pytest.mark.parametrize("form", [FORM, ""])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_hook_is_heard_twice(seed: int, form: str) -> None:
    """One bar of the tune comes at least twice in its rhythm."""
    assert statements(funk(seed, form)[0]) >= 2


def layers(score: Score, piece: Piece, a: int, b: int) -> set[str]:
    """What changes between two sections: patterns of the rhythm section, who plays, how loud (by eight), chord rhythm."""

    def ideas(passage: Passage) -> dict[str, str]:
        return {phrase.part: phrase.idea for phrase in passage.phrases if phrase.notes}

    def loud(placement: Placement) -> float:
        return float(bands.loudness(piece)[placement.bar - 1 : placement.bar - 1 + placement.section.bars].mean())

    def rate(placement: Placement) -> float:
        return len(placement.section.chords) / placement.section.bars

    one, two = (ideas(score.passages[n]) for n in (a, b))
    first, second = (score.plan.placements[n] for n in (a, b))
    changed = {part for part in ("drums", "bass", "guitar", "keys") if one.get(part) != two.get(part)}
    facts = {
        "players": set(one) != set(two),
        "loudness": abs(loud(first) - loud(second)) >= 8,
        "chords": not 0.67 < rate(first) / rate(second) < 1.5,
    }
    return changed | {name for name, true in facts.items() if true}


@pytest.mark.parametrize("form", [FORM, ""])
@pytest.mark.parametrize("seed", SEEDS)
def test_every_boundary_changes_two_layers(seed: int, form: str) -> None:
    """From section to section at least two of groove, bass, comping, players, loudness and chord rhythm change."""
    score, piece = funk(seed, form)
    for a, b in pairwise(range(len(score.passages))):
        assert len(layers(score, piece, a, b)) >= 2, score.plan.placements[b].section.id


@pytest.mark.parametrize("seed", SEEDS)
def test_the_peak_comes_late(seed: int) -> None:
    """The bar of most energy is one of bars 10 to 13."""
    assert np.argmax(bands.energy(funk(seed)[1])) + 1 >= 10


def sounding(piece: Piece, pickups: bool = False) -> dict[str, list[int]]:
    """Bars (from 0) in which each pitched part strikes, those in which it only has a pickup in the last beat left out."""
    found = {}
    for line in piece.pitched:
        bars = piece.bar_of(line.start)
        before = np.full(len(line), True) if pickups else line.start < piece.bars[bars + 1] - PPQ
        found[line.part] = sorted(set(bars[before].tolist()))
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_every_pitched_part_rests_for_two_bars(seed: int) -> None:
    """Of thirteen bars every pitched part is silent in two or more; a pickup into the next bar is no playing."""
    _, piece = funk(seed)
    silent = {part: piece.count - len(bars) for part, bars in sounding(piece).items()}
    assert min(silent.values()) >= 2, silent


@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_crowds_in(seed: int) -> None:
    """Each phrase of four bars brings two new parts at most; one that leads itself in with a pickup may count on either side."""
    _, piece = funk(seed)
    phrases = [(b, min(b + 4, s.last)) for s in piece.sections for b in range(s.first, s.last, 4)]
    counts = []
    for pickups in (False, True):
        first = [bars[0] for bars in sounding(piece, pickups).values() if bars]
        counts.append([sum(begin <= bar < end for bar in first) for begin, end in phrases])
    assert min(max(found) for found in counts) <= 2, counts
