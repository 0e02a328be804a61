"""Ideas for single bars in seven genres: there, heard, in their place and told of; and percussion that interlocks."""

from __future__ import annotations

import tomllib
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from scorekit import choices, studio
from scorekit.ensemble.masks import momentary
from scorekit.ideas import Idea, Ideas
from scorekit.score import Passage, Placement, Score

GENRES = ("rock", "pop", "funk", "soul", "blues", "country", "metal")
ELSEWHERE = ("pushed", "a step early", "coming in", "tag")
"""What is played outside the bar its idea was chosen for."""
BARS = {f"bar{n}": n - 1 for n in range(1, 5)}


@cache
def songs(genre: str) -> tuple[Score, ...]:
    """Eight songs of a genre."""
    return tuple(studio.compose(f'genre = "{genre}"\nseed = {seed}\nlength = "75 s"\n') for seed in range(1, 9))


def asked(ideas: Ideas) -> dict[str, Idea]:
    """A genre's lines, cells and grooves for single bars, by the path they were written at."""
    known = [*ideas.bass.lines, *ideas.guitar.cells, *ideas.keys.cells, *ideas.drums.grooves]
    return {idea.path: idea for idea in known if momentary(idea)}


def heard(place: Placement, passage: Passage, wanted: dict[str, Idea]) -> set[tuple[str, str, int]]:
    """(part, path, bar) of every idea for a moment that begins a note as written in a section."""
    found = set()
    for phrase in passage.phrases:
        for note in phrase.notes:
            origin = phrase.origins[note.origin]
            if origin.path in wanted and origin.idea.split(", ")[-1] not in ELSEWHERE:
                found.add((phrase.part, origin.path, note.start // place.section.meter.bar))
    return found


@pytest.mark.parametrize("genre", GENRES)
def test_moments_are_heard_in_their_place(genre: str) -> None:
    """A dozen ideas and more know their bars; eight songs play at least half of them (each gets
    its turn where the band gives it one), and never in another bar of the phrase."""
    played: set[str] = set()
    wanted = asked(songs(genre)[0].plan.ideas)
    assert len(wanted) >= 12
    for score in songs(genre):
        for place, passage in zip(score.plan.placements, score.passages, strict=True):
            for part, path, bar in heard(place, passage, wanted):
                numbers = {BARS[word] for word in wanted[path].mask.split() if word in BARS}
                assert not numbers or bar % 4 in numbers, (part, path, bar)
                played.add(path)
    assert len(played) >= len(wanted) / 2, set(wanted) - played


@pytest.mark.parametrize("genre", GENRES)
def test_why_a_moment_came_is_told(genre: str) -> None:
    """Explain names the idea a bar was given to, what it was chosen over, and with what chance."""
    wanted = asked(songs(genre)[0].plan.ideas)
    told_of = [
        (score, *pair) for score in songs(genre) for pair in zip(score.plan.placements, score.passages, strict=True)
    ]
    for score, place, passage in told_of:
        for part, path, bar in sorted(heard(place, passage, wanted)):
            if part != "drums":
                told = "\n".join(choices.told(score.plan, place, part, bar, frozenset({path})))
                assert f"chosen   {wanted[path].id}: score" in told and "#moment" in told, told
                return
    pytest.fail("no moment was heard")


def steps(layer: dict[str, Any]) -> set[tuple[int, int]]:
    """Where a layer strikes in two bars."""
    bars = [row.replace(" ", "").split("|") for row in layer["rows"].values()]
    return {
        (bar, step)
        for row in bars
        for bar in (0, 1)
        for step, mark in enumerate(row[bar % len(row)])
        if mark not in ".-"
    }


@pytest.mark.parametrize("genre", ["rock", "pop", "funk", "soul", "blues", "country"])
def test_percussion_fills_what_the_other_leaves(genre: str, root: Path) -> None:
    """Two layers of one energy share at most three strokes in five of the thinner; only a cowbell keeps the beat it is for."""
    genre_file = tomllib.loads((root / "genres" / f"{genre}.toml").read_text(encoding="utf-8"))
    layers = [layer for layer in genre_file["perc"]["layer"] if layer["id"] != "cowbell"]
    tiers = [set(layer.get("tiers", range(layer.get("tier_min", 1), 6))) for layer in layers]
    pairs = [(a, b) for (a, x), (b, y) in combinations(zip(layers, tiers, strict=True), 2) if x & y]
    assert pairs
    for a, b in pairs:
        one, two = steps(a), steps(b)
        assert len(one & two) <= 0.6 * min(len(one), len(two)), (a["id"], b["id"])
