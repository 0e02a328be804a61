"""Measures of a tune: what returns, what resolves, how it moves and breathes."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np

from scorekit.smells.piece import Floats, Ints, Line, Piece, steps_of
from scorekit.timebase import PPQ

FEWEST = 24
"""A tune of fewer notes says nothing about repetition."""


def intervals(tune: Line) -> Ints:
    """Semitones from each note to the next."""
    return np.diff(tune.pitch)


def repetition(piece: Piece, tune: Line, length: int = 5) -> float | None:
    """Share of 5-grams of (interval, onset distance in grid steps) that occur twice or more; None for short tunes."""
    if len(tune) < FEWEST:
        return None
    gaps = np.minimum(np.diff(steps_of(piece, tune.start)), 4 * piece.grid)
    tokens = list(zip(intervals(tune).tolist(), gaps.tolist(), strict=True))
    grams = [tuple(tokens[n : n + length]) for n in range(len(tokens) - length + 1)]
    counts = Counter(grams)
    return sum(counts[gram] >= 2 for gram in grams) / len(grams)


_RETURNS = ((24, 0.0), (32, 0.04), (48, 0.16), (64, 0.42), (96, 0.50))
"""(bars, 5th percentile of repetition) of excerpts of POP909 songs: a short piece has had less time to come back."""

_STATEMENTS = ((16, 1.0), (32, 2.0), (48, 3.0))
"""The same for statements of the commonest rhythm."""


def least_statements(bars: int) -> float:
    """Statements of the commonest rhythm that nineteen of twenty real songs of so many bars have."""
    at, least = zip(*_STATEMENTS, strict=True)
    return float(np.interp(bars, at, least))


def least_repetition(bars: int) -> float:
    """Repetition that nineteen of twenty real songs of so many bars have."""
    at, least = zip(*_RETURNS, strict=True)
    return float(np.interp(bars, at, least))


def resolution(piece: Piece, tune: Line) -> float | None:
    """Share of notes outside the chord, not left by a rest of half a beat, that go on by two semitones or less."""
    outside = resolved = 0
    for n in range(len(tune) - 1):
        chord = piece.chord_at(int(tune.start[n]))
        if chord is None or tune.pitch[n] % 12 in chord.classes or tune.start[n + 1] - tune.end[n] >= PPQ // 2:
            continue
        outside += 1
        resolved += abs(int(tune.pitch[n + 1] - tune.pitch[n])) <= 2
    return resolved / outside if outside >= 8 else None


def leaps(tune: Line) -> float | None:
    """Share of intervals wider than a fifth."""
    return float(np.mean(np.abs(intervals(tune)) > 7)) if len(tune) >= FEWEST else None


def steps(tune: Line) -> float | None:
    """Share of intervals of one or two semitones."""
    size = np.abs(intervals(tune))
    return float(np.mean((size >= 1) & (size <= 2))) if len(tune) >= FEWEST else None


def longest_scale(tune: Line) -> float | None:
    """Notes of the longest run of steps in one direction."""
    if len(tune) < FEWEST:
        return None
    best = run = way = 0
    for interval in intervals(tune).tolist():
        sign = (interval > 0) - (interval < 0) if 1 <= abs(interval) <= 2 else 0
        run = run + 1 if sign and sign == way else abs(sign)
        way, best = sign, max(best, run)
    return float(best + 1)


def on_chord(piece: Piece, tune: Line) -> float | None:
    """Share of notes on the downbeat and the middle beat that belong to the chord."""
    strong = tune.only(piece.strong(tune.start)) if len(tune) else tune
    known = [
        int(pitch) % 12 in chord.classes
        for start, pitch in zip(strong.start, strong.pitch, strict=True)
        if (chord := piece.chord_at(int(start))) is not None
    ]
    return float(np.mean(known)) if len(known) >= 8 else None


def syncopated(tune: Line) -> float | None:
    """Share of onsets off the beat with none on the next beat."""
    if len(tune) < FEWEST:
        return None
    beats = set((tune.start[tune.start % PPQ == 0] // PPQ).tolist())
    off = tune.start[tune.start % PPQ != 0]
    return sum(int(t) // PPQ + 1 not in beats for t in off) / len(tune)


def breaths(piece: Piece, tune: Line) -> float | None:
    """Rests of three quarters of a beat or more, in eight bars."""
    if len(tune) < FEWEST:
        return None
    rests = tune.start[1:] - tune.end[:-1] >= 3 * PPQ // 4
    return float(np.sum(rests)) / piece.count * 8


def longest_breath(piece: Piece, blown: Line) -> float | None:
    """Seconds of the longest stretch without a quarter of a beat of rest."""
    if not len(blown):
        return None
    seconds: Floats = np.array([piece.tempo.seconds(int(t)) for t in (*blown.start, *blown.end)])
    starts, ends = seconds[: len(blown)], seconds[len(blown) :]
    begun, longest, until = starts[0], 0.0, -1
    for n in range(len(blown)):
        if until >= 0 and blown.start[n] - until >= PPQ // 4:
            begun = starts[n]
        until = max(until, int(blown.end[n]))
        longest = max(longest, float(ends[n] - begun))
    return longest


def commonest_rhythm(piece: Piece, tune: Line) -> float | None:
    """How often the commonest rhythm of one bar (three onsets or more) or two bars is stated."""
    if len(tune) < FEWEST:
        return None
    bars: list[list[int]] = [[] for _ in range(piece.count + 1)]
    for bar, step in zip(piece.bar_of(tune.start).tolist(), piece.in_bar(tune.start).tolist(), strict=True):
        bars[bar].append(step)
    ones = Counter(tuple(bar) for bar in bars if len(bar) >= 3)
    twos = Counter((tuple(a), tuple(b)) for a, b in pairwise(bars) if len(a) + len(b) >= 4)
    return float(max([0, *ones.values(), *twos.values()]))
