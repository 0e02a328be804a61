"""Which chords notes make: template matching beat by beat, and the likeliest way through the beats.

Every beat is heard as the square root of the time each pitch class sounds in it, so that a tone long held or doubled in octaves
does not drown the short strokes of the others; the lowest note counts half as much again. A chord fits a beat by
the cosine of what is heard and its tones: root 1, third .9, others .8; a seventh chord may also be heard
without its root, which hands leave to the bass, and with the ninth in its place. Notes foreign to it cost by themselves, tones foreign to the key
a little. The best sequence is found by dynamic programming: a chord changes readily on a bar line, less so inside the bar, and
most readily by a fifth down.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import pairwise
from math import sqrt

from scorekit.score import Key, Note
from scorekit.theory import CHORDS, chord_symbol, scale
from scorekit.timebase import PPQ, Meter, Tick

KNOWN = ("maj", "min", "7", "min7", "maj7", "sus4", "7sus4", "dim", "min7b5", "dim7", "aug", "6", "min6", "5")
"""Qualities that are recognised, the plainer first: of two that fit alike the first is heard."""
_PLAIN = 0.02
"""What each tone above three must earn."""
_ROOT = (0.3, 0.2, 0.1)
"""What a root in the bass adds: on a bar line, on a strong beat, elsewhere, where a bass may walk."""
_ROOTLESS = {"7": ((4, 1.0), (10, 1.0), (7, 0.5), (14, 0.6), (21, 0.4)), "min7": ((3, 1.0), (10, 1.0), (7, 0.7), (14, 0.6)),
             "maj7": ((4, 1.0), (11, 0.9), (7, 0.7), (14, 0.6))}  # fmt: skip
"""How hands voice seventh chords whose root they leave to the bass: tones above the root, and how much each tells."""
_LEFT_OUT = 0.08
"""What a root that nobody plays costs."""
_KEY = 0.05
"""What each tone outside the key costs."""
_FIFTH = 0.12
"""What a root a fifth under the last one saves of a change."""
_CHANGE = (0.25, 0.5, 0.9)
"""What a change costs: on a bar line, on a strong beat, elsewhere."""

State = tuple[int, str]


@cache
def states() -> tuple[tuple[State, tuple[tuple[int, float], ...], float], ...]:
    """(root, quality), its (pitch class, weight) rows with length 1, and what its richness costs; plain chords first."""
    found = []
    for quality in KNOWN:
        tones = [i for i in CHORDS[quality] if i < 12]
        weights = [1.0 if i == 0 else 0.9 if i in (3, 4) else 0.8 for i in tones]
        cost = _PLAIN * abs(len(tones) - 3) + (0.03 if quality in ("6", "min6", "aug", "sus4", "7sus4") else 0.0)
        size = sqrt(sum(w * w for w in weights))
        for root in range(12):
            rows = tuple(((root + i) % 12, w / size) for i, w in zip(tones, weights, strict=True))
            found.append(((root, quality), rows, cost))
    return tuple(found)


@lru_cache(maxsize=64)
def recognised(
    notes: tuple[Note, ...], meter: Meter, bars: int, per: str, names: tuple[str, ...], key: Key | None = None
) -> str:
    """The chords of some bars as the language writes them: ``Em7:2 A7:2 | D | .``; empty when nothing sounds. A ``key``, where
    it is known, helps where hands leave out roots."""
    frames = _frames(meter, bars, per)
    heard = [_heard(notes, start, end) for start, end in frames]
    if not any(any(weights) for weights, _ in heard):
        return ""
    path = _path(
        [(start % meter.bar, weights, bass) for (start, _), (weights, bass) in zip(frames, heard, strict=True)],
        meter,
        key,
    )
    return _spelled(frames, path, [bass for _, bass in heard], meter, names)


def _frames(meter: Meter, bars: int, per: str) -> list[tuple[Tick, Tick]]:
    """(from, to) of what a chord lasts at least: felt beats, or bars."""
    inner = [0, meter.bar] if per == "bar" else [*meter.onsets, meter.bar]
    return [(bar * meter.bar + start, bar * meter.bar + end) for bar in range(bars) for start, end in pairwise(inner)]


def _heard(notes: Sequence[Note], start: Tick, end: Tick) -> tuple[tuple[float, ...], int]:
    """How much of each pitch class is heard between two ticks, with length 1, and the pitch class that is lowest where they begin
    (-1: nothing sounds): a bass may walk on from there. What only ends late from before is not the bass."""
    times = [0.0] * 12
    inside = [n for n in notes if n.start < end and n.end > start]
    staying = [n for n in inside if min(n.end, end) - max(n.start, start) > PPQ // 8]
    lowest = min((n.pitch for n in staying), default=0)
    for note in inside:
        time = float(min(note.end, end) - max(note.start, start))
        time *= 1.5 if note.pitch == lowest else 1.0
        times[note.pitch % 12] += time
    size = sqrt(sum(times)) or 1.0
    first = min((n.pitch for n in staying if n.start < start + PPQ // 4), default=lowest)
    return tuple(sqrt(t) / size for t in times), first % 12 if inside else -1


def _path(beats: Sequence[tuple[Tick, tuple[float, ...], int]], meter: Meter, key: Key | None = None) -> list[State]:
    """The likeliest chord of every beat. From one beat to the next any change costs the same but those by a fifth down, so two
    looks back are enough: at the best of all, and at the best a fifth above."""
    table = _in_key(key)
    best = [0.0] * len(table)
    back: list[list[int]] = []
    for at, weights, bass in beats:
        top = max(range(len(table)), key=best.__getitem__)
        tops = [max(range(root, len(table), 12), key=best.__getitem__) for root in range(12)]
        place = 0 if at == 0 else 1 if meter.strength(at) >= 0.5 else 2
        cost = _CHANGE[place] if any(weights) else 9.0
        ways = []
        for n in range(len(table)):
            above = tops[(n + 7) % 12]
            ways.append(max((best[n], n), (best[top] - cost, top), (best[above] - cost + _FIFTH, above), key=_first))
        back.append([way for _, way in ways])
        best = [
            ways[n][0] + (_heard_as(state, rows, weights) - plain + (_ROOT[place] if state[0] == bass else 0.0))
            for n, (state, rows, plain) in enumerate(table)
        ]
    last = max(range(len(table)), key=best.__getitem__)
    found = []
    for arrived in reversed(back):
        found.append(table[last][0])
        last = arrived[last]
    return found[::-1]


def _first(pair: tuple[float, int]) -> float:
    return pair[0]


@lru_cache(maxsize=32)
def _in_key(key: Key | None) -> tuple[tuple[State, tuple[tuple[int, float], ...], float], ...]:
    """The states with what they cost in a key besides: a little for each of their tones outside it."""
    if key is None:
        return states()
    inside = {(key.tonic + step) % 12 for step in scale(key.mode)} | (
        {(key.tonic + 11) % 12} if key.mode == "minor" else set()
    )

    def cost(state: State) -> float:
        return _KEY * sum((state[0] + i) % 12 not in inside for i in CHORDS[state[1]])

    return tuple((state, rows, plain + cost(state)) for state, rows, plain in states())


@cache
def _without_root(state: State) -> tuple[tuple[int, float], ...]:
    tones = _ROOTLESS.get(state[1], ())
    size = sqrt(sum(w * w for _, w in tones))
    return tuple(((state[0] + i) % 12, w / size) for i, w in tones)


def _heard_as(state: State, rows: Sequence[tuple[int, float]], weights: Sequence[float]) -> float:
    """How well a chord fits a beat, with its root or without."""
    return max(_fit(rows, weights), _fit(_without_root(state), weights) - _LEFT_OUT)


def _fit(rows: Sequence[tuple[int, float]], weights: Sequence[float]) -> float:
    return sum([weight * weights[pc] for pc, weight in rows])


def _spelled(
    frames: Sequence[tuple[Tick, Tick]],
    path: Sequence[State],
    basses: Sequence[int],
    meter: Meter,
    names: Sequence[str],
) -> str:
    """States as chords bar by bar; a chord over another of its tones for as long as it lasts is written with a slash."""
    spans: list[tuple[Tick, Tick, State, list[int]]] = []
    for (start, end), state, bass in zip(frames, path, basses, strict=True):
        if spans and spans[-1][2] == state:
            spans[-1] = (spans[-1][0], end, state, [*spans[-1][3], bass])
        else:
            spans.append((start, end, state, [bass]))
    bars: list[list[str]] = [[] for _ in range(frames[-1][1] // meter.bar)]
    unit = 4 * PPQ // meter.unit
    for start, end, (root, quality), lows in spans:
        heard = {low for low in lows if low >= 0}
        low = heard.pop() if len(heard) == 1 else root
        slash = low if (low - root) % 12 in CHORDS[quality] else root
        name = chord_symbol(root, quality, slash, names)
        for bar in range(start // meter.bar, -(-end // meter.bar)):
            first, last = max(start, bar * meter.bar), min(end, (bar + 1) * meter.bar)
            whole = last - first == meter.bar
            text = name if first == start else "."
            bars[bar].append(text if whole else f"{text}:{(last - first) / unit:g}")
    return " | ".join(" ".join(bar) for bar in bars)
