"""What is true of a bar, in the words of masks: see ``ideas.MASKS``."""

from __future__ import annotations

from collections.abc import Iterator

from scorekit.score import Brief, Chord, Section
from scorekit.theory import CHORDS

_STEPS = {
    0: "next-same",
    1: "next-step",
    2: "next-step",
    3: "next-third",
    4: "next-third",
    5: "next-fourth",
    6: "next-tritone",
}


def of_section(section: Section) -> frozenset[str]:
    """What is true of a whole section."""
    words = {"first" if section.occurrence == 1 else "return"}
    return frozenset(words | ({"lift"} if "ramp" in section.flags else set()))


def of_bar(brief: Brief, bar: int, fills: frozenset[int]) -> frozenset[str]:
    """What is true of a bar of a section, with the bars in which the drums play a fill."""
    section = brief.section
    chord = section.chord_at(bar * section.meter.bar)
    after = next((c for c in section.chords if c.start > bar * section.meter.bar), None) or brief.seam.next_chord
    words = {f"bar{bar % 4 + 1}", family(chord), brief.band}
    words |= {"last"} if bar >= section.bars - 4 else set()
    words |= {"next-same" if after is None else step(chord, after)}
    return of_section(section) | words | frozenset(_around(bar, fills))


def _around(bar: int, fills: frozenset[int]) -> Iterator[str]:
    yield from (word for word, at in (("before-fill", bar + 1), ("fill", bar), ("after-fill", bar - 1)) if at in fills)


def family(chord: Chord) -> str:
    """The family of a chord by its third, fifth and seventh."""
    tones = CHORDS[chord.quality]
    if 3 not in tones and 4 not in tones:
        return "suspended"
    if 3 in tones:
        return "diminished" if 6 in tones else "minor"
    return "dominant" if 10 in tones else "major"


def step(chord: Chord, after: Chord) -> str:
    """The interval between the roots of two chords, up or down."""
    apart = (after.root - chord.root) % 12
    return _STEPS[min(apart, 12 - apart)]
