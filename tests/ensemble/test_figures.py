"""Shapes that walk: the boogie's upper string, the turnaround's falling line, and cells with voicings of their own."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import pytest
from msgspec.structs import replace

from scorekit import files, pipeline
from scorekit.ensemble.guitar import Guitar
from scorekit.ensemble.keys import Keys
from scorekit.ensemble.listening import told as gathered
from scorekit.ideas import CompCell, CompIdeas, Hit, Pattern
from scorekit.playable import on_guitar
from scorekit.score import Brief, Cell, Chord, Key, Lane, Note, Phrase, Section
from scorekit.seeds import Seed
from scorekit.stage import Dials
from scorekit.timebase import PPQ, Meter

BAR = 4 * PPQ
SHUFFLE = Pattern(12, 12, tuple(Hit(step, "x", 2 if step % 3 == 0 else 1) for step in (0, 2, 3, 5, 6, 8, 9, 11)))
BLUES = [(9, "7"), (2, "9"), (9, "7"), (9, "7"), (2, "9"), (2, "9"), (9, "7"), (4, "9")]


def brief(
    part: str, voicing: str, loop: Sequence[tuple[int, str]] = BLUES, seed: int = 1, tune: tuple[Note, ...] = ()
) -> Brief:
    """Eight bars in A, a chord a bar, for a player of one shuffle in a voicing of its own."""
    chords = tuple(Chord(n * BAR, BAR, root, quality, root) for n, (root, quality) in enumerate(loop))
    section = Section("A", 1, 8, Meter(4, 4), 3, 3, Key(9, "mixolydian", "A"), chords, cadence="half")
    cells = (CompCell("walk", (1, 2, 3, 4, 5), 1.0, "cells.walk", "", SHUFFLE, voicing),)
    ideas = CompIdeas(40, 76, cells, ("9th_top4",), 0.0, 0.5, 0.0)
    heard, bass = (Phrase("lead", tune),), (Phrase("bass", (Note(0, PPQ, 33, 90),)),)
    return Brief(
        part,
        section,
        Lane(low=40, high=76),
        ideas,
        Dials(),
        Cell(),
        Seed(f"{seed}/A/1/{part}"),
        "medium",
        heard=heard,
        gists=gathered(part, bass, section),
    )


def struck(phrase: Phrase, bar: int) -> list[tuple[int, ...]]:
    """The chords of a bar, in order."""
    inside = [n for n in phrase.notes if n.start // BAR == bar]
    return [tuple(n.pitch for n in some) for _, some in groupby(inside, lambda n: n.start)]


@pytest.mark.parametrize("seed", range(8))
def test_a_boogie_walks_over_its_root(seed: int) -> None:
    """Root and fifth, sixth, fifth or flat seventh, sixth, a beat each: two strings a hand can hold, low on the neck."""
    phrase = Guitar().play(brief("guitar", "boogie", seed=seed))
    for bar, (root, _) in enumerate(BLUES):
        chords = struck(phrase, bar)
        assert len(chords) == 8 and all(on_guitar(chord) for chord in chords)
        assert all(chord[0] % 12 == root and chord[0] <= 53 for chord in chords)
        steps = [chord[1] - chord[0] for chord in chords]
        assert steps[::2] == steps[1::2] and steps[::2] in ([7, 9, 7, 9], [7, 9, 10, 9])


def test_both_walks_are_played_and_one_a_section() -> None:
    """Some sections go up to the flat seventh and some do not; none does both."""
    tops = [
        {c[1] - c[0] for bar in range(8) for c in struck(Guitar().play(brief("guitar", "boogie", seed=s)), bar)}
        for s in range(12)
    ]
    assert {frozenset(t) for t in tops} == {frozenset({7, 9}), frozenset({7, 9, 10})}


def test_over_other_chords_a_boogie_stays_or_leans_on_the_seventh() -> None:
    """A minor chord has its flat seventh, never a major sixth; a diminished one has its own."""
    phrase = Guitar().play(brief("guitar", "boogie", [(9, "min7"), (3, "dim7")] * 4))
    assert {c[1] - c[0] for c in struck(phrase, 0)} == {7, 10}
    assert {c[1] - c[0] for c in struck(phrase, 1)} == {9}


def test_a_boogie_keeps_its_pulse_under_a_tune() -> None:
    """A tune in eighths over it takes no stroke away; it takes some from a plain chord in the same rhythm."""
    tune = tuple(Note(n * PPQ // 2, PPQ // 2, 76, 90) for n in range(64))
    full, thin = (len({n.start for n in Guitar().play(brief("guitar", v, tune=tune)).notes}) for v in ("boogie", ""))
    assert full == 64 > thin


def test_a_turnaround_falls_to_the_fifth() -> None:
    """In the last two bars the line comes down from the flat seventh under the tonic, then the dominant is a full chord."""
    loop = [*BLUES[:6], (9, "7"), (9, "7")]
    phrase = Guitar().play(brief("guitar", "turnaround", loop))
    before, last = struck(phrase, 6), struck(phrase, 7)
    top = before[-1][-1]
    assert [(top - c[0], c[-1] - top) for c in before[::2]] == [(8, 0), (2, 0), (3, 0), (4, 0)]
    assert all(len(c) == 2 and on_guitar(c) for c in before)
    assert last[0] == (top - 5, top) and all(len(c) > 2 for c in last[2:])


@pytest.mark.parametrize("player", [Guitar(), Keys()])
def test_a_cell_may_have_a_voicing_of_its_own(player: Guitar | Keys) -> None:
    """The strokes of a cell are voiced in the family it asks for, and in the section's where it asks for none."""
    sizes = {v: {len(c) for c in struck(player.play(brief(player.name, v)), 4)} for v in ("", "power", "octaves")}
    assert max(sizes[""]) == 4 and sizes["power"] <= {1, 2, 3} and sizes["octaves"] <= {1, 2}


def test_the_thumb_plays_one_low_string_and_the_fingers_the_rest() -> None:
    """Boom: bass and fifth in turn, from the bass again on each chord, never below the open string; chick: upper strings."""
    cell = CompCell("boom", (3,), 1.0, "boom", "", Pattern(12, 12, tuple(Hit(3 * n, "pvpv"[n]) for n in range(4))))
    told = brief("guitar", "", [(7, "maj"), (2, "maj"), (4, "min"), (0, "maj")] * 2)
    assert isinstance(told.ideas, CompIdeas)
    phrase = Guitar().play(replace(told, ideas=replace(told.ideas, cells=(cell,))))
    for bar, (root, fifth) in enumerate([(43, 50), (50, 45), (40, 47), (48, 43)] * 2):
        boom, chick, again, last = struck(phrase, bar)
        assert (boom, again) == ((root,), (fifth,))
        assert len(chick) == len(last) == 3 and min(chick) > boom[0]


def test_an_unknown_voicing_of_a_cell_is_a_mistake() -> None:
    """It is told with the nearest name, at its place."""
    text = 'genre = "blues"\n[[override.comp.guitar.rhythms]]\nid = "boogie-low"\nvoicing = "boogy"\n'
    found = pipeline.compile_song(text, "song.toml", find=files.load)
    assert [(d.message, d.hint) for d in found.diagnostics] == [("unknown voicing 'boogy'", "did you mean 'boogie'?")]
