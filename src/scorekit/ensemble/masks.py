"""What is true of a bar, in the words of masks (``ideas.MASKS``), and which idea such a bar calls for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from scorekit.ensemble.base import AnyIdea, heat
from scorekit.ideas import MASKS, MOMENTS, Idea, fits
from scorekit.score import Brief, Chord, Section
from scorekit.theory import CHORDS

_TIRED = 0.5
"""What is left of the weight of an idea for a moment each time the section has heard it."""
_RESTLESS = 0.5
"""What is left of the weight of what goes on where it is the player's turn."""
_NAMED = frozenset(word for kind in MOMENTS for word in MASKS[kind])
_PLACED = frozenset((*MASKS["phrase"], *MASKS["fill"], "last"))

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
    words |= {"lift"} if "ramp" in section.flags else set()
    return frozenset(words | ({section.clave} if section.clave else set()))


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


# -- ideas for a moment ------------------------------------------------------------------------------------------------


def momentary(idea: Idea) -> bool:
    """Whether an idea is for single bars: its mask names bars of the phrase, fills or what comes next."""
    return bool(idea.mask) and _names(idea.mask, _NAMED)


@lru_cache(maxsize=512)
def _names(mask: str, words: frozenset[str]) -> bool:
    return not words.isdisjoint(mask.split())


def _timely(idea: Idea, bar: int, every: int) -> bool:
    """Whether a bar is the place for what its neighbours call for: where figures last for longer than a phrase, its end."""
    return every <= 4 or bar % 4 == 3 or _names(idea.mask, _PLACED)


def _open(brief: Brief, bar: int) -> bool:
    """Whether a bar may be taken over: the end of four, or of the section, where the player turns and no other does."""
    return bar in brief.lane.turns or (bar % 4 != 3 and bar != brief.section.bars - 1)


def moments(
    brief: Brief,
    ideas: Sequence[AnyIdea],
    going: Sequence[AnyIdea],
    facts: Sequence[frozenset[str]],
    fit: Callable[[AnyIdea, int], float] = lambda idea, bar: 1.0,
    every: int = 4,
) -> tuple[AnyIdea, ...]:
    """What is played in each bar: what goes on there, or one of ``ideas`` whose mask the bar fulfils.

    They are drawn by weight beside what goes on, both times their ``fit`` to the bar; the more often the section has heard
    one, the rarer it comes. Of ``every`` so many bars one at most is taken over, the last that was drawn: a figure that
    never comes round is none. Those of the section's last four bars (``last``) may follow one another, as turnarounds do,
    and its last bar stands for itself: what comes after may change it, and nothing else.
    ``going`` and ``facts`` have one entry a bar.
    """
    able = [idea for idea in ideas if brief.lane.tier in idea.tiers]
    found, heard = list(going), [0] * len(able)
    for first in range(0, len(facts), every):
        drawn: dict[int, int] = {}
        for bar in range(first, min(first + every, len(facts))):
            here = [n for n, idea in enumerate(able) if fits(idea.mask, facts[bar]) and _timely(idea, bar, every)]
            if not here or not _open(brief, bar):
                continue
            weights = [able[n].weight * fit(able[n], bar) * _TIRED ** heard[n] for n in here]
            offered = (going[bar], *(able[n] for n in here))
            stay = going[bar].weight * fit(going[bar], bar) * (_RESTLESS if bar in brief.lane.turns else 1.0)
            won = brief.seed.at(bar).choose("moment", offered, (stay, *weights), heat(brief.dials))
            if won is not going[bar]:
                drawn[bar] = next(n for n in here if able[n] is won)
        closing = {bar: n for bar, n in drawn.items() if bar == len(facts) - 1}
        others = {bar: n for bar, n in drawn.items() if bar not in closing}
        turning = {bar: n for bar, n in others.items() if "last" in able[n].mask.split()}
        for bar, n in ((turning or dict([*others.items()][-1:])) | closing).items():
            found[bar] = able[n]
            heard[n] += 1
    return tuple(found)
