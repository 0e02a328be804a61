"""Replies: what one part says where the tune rests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import pytest

from scorekit import studio
from scorekit.ensemble.replies import SAID, WAYS, gaps, replies
from scorekit.score import Note, Passage, Placement, Score
from scorekit.seeds import Seed
from scorekit.theory import chord_scale, core_classes
from scorekit.timebase import PPQ

GENRES = ("pop", "soul", "country", "bossa", "blues")


@cache
def song(genre: str, seed: int) -> Score:
    return studio.compose(f'genre = "{genre}"\nseed = {seed}\nlength = "120 s"\n')


def sections(genre: str) -> Iterator[tuple[Placement, Passage]]:
    for seed in range(1, 9):
        yield from zip(song(genre, seed).plan.placements, song(genre, seed).passages, strict=True)


@pytest.mark.parametrize("part", WAYS)
def test_replies_lie_in_the_rests_of_the_tune(part: str) -> None:
    """Each reply lies between two tones of the tune, or against one that is held, in the part's register; it comes to rest on a
    tone of the chord unless it runs into what follows; said again it keeps the distances between the tones of its call."""
    ways, low, high = Counter[str](), 55, 84
    for genre in GENRES:
        for place, passage in sections(genre):
            section, sung = place.section, passage.phrase("lead").notes
            rests = list(gaps(section, sung))
            for reply in replies(section, sung, part, low, high, Seed(place.section.id)):
                ways[reply.idea] += 1
                starts = sorted({note.start for note in reply.notes})
                gap = next(gap for gap in rests if gap.start <= starts[0] < gap.end)
                assert max(note.end for note in reply.notes) <= gap.end
                assert all(low <= note.pitch <= high for note in reply.notes)
                last = [note for note in reply.notes if note.start == starts[-1]]
                chord, key = section.chord_at(starts[-1]), section.key
                if reply.idea != SAID["run"]:
                    assert {note.pitch % 12 for note in last} <= set(core_classes(chord.root, chord.quality))
                if reply.idea == SAID["run"]:
                    assert gap.after is not None and reply.notes[-1].end == gap.after.start
                if reply.idea in (SAID["echo"], SAID["mirror"]):
                    call = [note.start for note in gap.call][-len(starts) :]
                    assert [b - a for a, b in pairwise(starts)] == [b - a for a, b in pairwise(call)]
                for note in reply.notes:
                    if note.length >= PPQ:
                        chord = section.chord_at(note.start)
                        known = chord_scale(chord.root, chord.quality, key.tonic, key.mode)
                        assert note.pitch % 12 in {*known, *core_classes(chord.root, chord.quality)}
    assert set(ways) == {SAID[way] for way, _ in WAYS[part]}
    assert sum(ways.values()) > 100


@pytest.mark.parametrize("genre", GENRES)
def test_one_part_replies_in_a_section(genre: str) -> None:
    """In a section one part replies at most, and to no soloist."""
    count = 0
    for place, passage in sections(genre):
        said = {
            phrase.part
            for phrase in passage.phrases
            if any(phrase.origins[note.origin].idea in SAID.values() for note in phrase.notes)
        }
        assert len(said) <= 1 and (not said or place.section.melody in ("lead", "hook"))
        count += len(said)
    assert count > 5


def test_what_is_called_the_same_is_answered_the_same() -> None:
    """A reply hangs upon nothing but the tune, the chords and the place in eight bars: the same section, the same words."""
    place, sung = next(
        (place, passage.phrase("lead").notes) for place, passage in sections("pop") if place.section.melody == "hook"
    )
    again = tuple(Note(n.start, n.length, n.pitch, n.velocity, n.manner, 0) for n in sung)
    once = replies(place.section, sung, "brass", 55, 84, Seed("a"))
    twice = replies(place.section, again, "brass", 55, 84, Seed("a"))
    assert [r.idea for r in once] == [r.idea for r in twice]
    assert [(n.start, n.pitch) for r in once for n in r.notes] == [(n.start, n.pitch) for r in twice for n in r.notes]


def test_the_only_guitar_replies_in_a_loud_chorus() -> None:
    """In a metal trio with a singer nobody else has the chords: for a reply bass and drums do without."""
    rest = "".join(f"[parts.{part}]\nplay = false\n" for part in ("keys", "strings", "brass", "pads"))
    trios = [studio.compose(f'genre = "metal"\nseed = {seed}\nlength = "60 s"\n{rest}') for seed in range(1, 4)]
    told = [
        origin.path
        for trio in trios
        for placement, passage in zip(trio.plan.placements, trio.passages, strict=True)
        if placement.section.melody == "hook" and placement.section.tier >= 4
        for origin in passage.phrase("guitar").origins
    ]
    assert "genre.voices.answers.guitar" in told
