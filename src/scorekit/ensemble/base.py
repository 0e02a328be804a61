"""The two contracts of the ensemble, who listens to whom, and the tools every player shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp
from typing import Protocol, TypeVar

from msgspec import Struct, field

from scorekit.ideas import Idea
from scorekit.score import Bid, Brief, Note, Origin, Phrase
from scorekit.seeds import Seed
from scorekit.stage import Dials
from scorekit.timebase import Tick

AnyIdea = TypeVar("AnyIdea", bound=Idea)


class Specialist(Protocol):
    """Plays one part. Both methods are pure: the same brief always gives the same answer."""

    name: str

    def bid(self, brief: Brief) -> tuple[Bid, ...]:
        """What it would like in this section, before a note is written. ``brief.heard`` is empty then."""
        ...

    def play(self, brief: Brief) -> Phrase:
        """The part's notes for this section, sorted by (start, pitch), all inside the section."""
        ...


class BeatGenerator(Protocol):
    """Writes one ingredient of the drums part: groove, percussion or fills; rhythm writes accents instead."""

    name: str

    def write(self, brief: Brief, so_far: Phrase) -> Phrase:
        """The drum notes so far, with this generator's added or put in their place."""
        ...


class Ear(Struct, frozen=True):
    """What one part may know besides its own brief."""

    parts: Mapping[str, tuple[str, ...]] = {}
    """Parts it hears, all played before it, and what of each: its ``notes``, or fields of its Gist."""
    seam: tuple[str, ...] = ()
    """Fields of the Seam it is told: before, after, next_chord."""
    accents: bool = False
    reason: str = ""


LISTENS: dict[str, Ear] = {
    "drums": Ear({}, ("before", "after"), True, "a crash answers the section before, a fill prepares the one after"),
    "lead": Ear({}, ("next_chord", "next_tune"), True, "the tune leads; its last notes lead into the next"),
    "bass": Ear(
        {"drums": ("kicks", "fills", "turns")}, ("next_chord",), True, "hears the kick, aims at the next chord"
    ),
    "guitar": Ear(
        {"drums": ("fills", "turns"), "lead": ("notes",), "bass": ("figure", "rubs")},
        ("next_chord",),
        True,
        "clears for fills and the tune, may push into the next chord",
    ),
    "keys": Ear(
        {"lead": ("notes",), "bass": ("figure", "rubs"), "guitar": ("figure", "middle", "running")},
        ("next_chord",),
        True,
        "leaves room for tune and guitar, may push",
    ),
    "brass": Ear(
        {"lead": ("notes",), "bass": ("figure",), "keys": ("figure",)},
        (),
        True,
        "answers the tune's rests, stabs with the bass",
    ),
    "strings": Ear(
        {"lead": ("notes",), "bass": ("figure",), "keys": ("figure",)},
        (),
        False,
        "stays under the tune, moves with the bass",
    ),
    "pads": Ear(
        {"lead": ("notes",), "bass": ("figure",)},
        (),
        False,
        "stays out of the tune's register, changes with the bass",
    ),
}
"""Who listens to whom, and for what: no more than it plays by, as who gathers the same plays the same. An edit changes its
own cell, the cells that hear it by this table, and gestures at its seams."""

PLAY_ORDER = ("drums", "lead", "bass", "guitar", "keys", "brass", "strings", "pads")
"""Every part is played after all those it hears."""


class Pen(Struct):
    """Gathers notes with their origins and hands out the finished phrase."""

    part: str
    _notes: list[Note] = field(default_factory=list)
    _origins: dict[Origin, int] = field(default_factory=dict)

    def write(self, start: Tick, length: Tick, pitch: int, velocity: float, origin: Origin, manner: str = "") -> None:
        """Adds a note; velocity is rounded and kept within 1 to 127, length is at least one tick."""
        row = self._origins.setdefault(origin, len(self._origins))
        loud = round(velocity)
        loud = 1 if loud < 1 else loud if loud < 127 else 127
        self._notes.append(Note(start, length if length > 1 else 1, pitch, loud, manner, row))

    def copy(self, phrase: Phrase, note: Note) -> None:
        """Adds a note of another phrase with the origin it has there."""
        self.write(note.start, note.length, note.pitch, note.velocity, phrase.origins[note.origin], note.manner)

    def phrase(self, length: Tick, idea: str = "") -> Phrase:
        """The phrase: notes in order, none beyond ``length`` ticks, no pitch overlapping or doubled."""
        return Phrase(self.part, tidy(self._notes, length), tuple(self._origins), idea)


def tidy(notes: Sequence[Note], length: Tick) -> tuple[Note, ...]:
    """Notes in order of (start, pitch), inside [0, length); a pitch struck again ends the one before it.

    Of two notes of one pitch on one tick the louder stays.
    """
    kept: list[Note] = []
    last: dict[int, int] = {}
    # (start, pitch, softness) as one number, which is compared in one step
    places = [(note.start << 20) + (note.pitch << 8) - note.velocity for note in notes]
    for number in sorted(range(len(places)), key=places.__getitem__):
        note = notes[number]
        start, pitch = note.start, note.pitch
        if not 0 <= start < length:
            continue
        before = last.get(pitch)
        if before is not None:
            other = kept[before]
            if other.start == start:
                continue
            if other.start + other.length > start:
                kept[before] = with_length(other, start - other.start)
        last[pitch] = len(kept)
        kept.append(note if start + note.length <= length else with_length(note, length - start))
    return tuple(kept)


def with_length(note: Note, length: Tick) -> Note:
    """The same note, at least one tick long."""
    return Note(note.start, max(1, length), note.pitch, note.velocity, note.manner, note.origin)


def heat(dials: Dials) -> float:
    """How far choices stray from the most typical: .3 at creativity 0, 1 (the weights as written) at .5, 1.7 at 1."""
    return 0.3 + 1.4 * dials.creativity


def busier(weight: float, busyness: float, dials: Dials) -> float:
    """A weight leaning toward busy ideas with complexity and density, and toward sparse ones without.

    ``busyness`` is 0 for the sparsest alternative and 1 for the busiest.
    """
    lean = (dials.complexity - 0.5) + (dials.density - 0.5)
    return weight * exp(3.0 * lean * (busyness - 0.5))


def suited(ideas: Sequence[AnyIdea], tier: int) -> tuple[AnyIdea, ...]:
    """The ideas for a tier; those for the nearest tier when there are none."""
    if not ideas:
        return ()
    gaps = [min([abs(t - tier) for t in idea.tiers]) for idea in ideas]
    nearest = min(gaps)
    return tuple([idea for idea, gap in zip(ideas, gaps, strict=True) if gap == nearest])


def select(
    ideas: Sequence[AnyIdea], tier: int, seed: Seed, draw: str, dials: Dials, onsets: Sequence[float]
) -> AnyIdea:
    """One idea for a tier by weight, leaning by the dials. ``onsets`` is the onsets per bar of each idea, in order.

    Raises ValueError when there is none at all.
    """
    fitting = suited(ideas, tier)
    counts = {id(idea): count for idea, count in zip(ideas, onsets, strict=True)}
    chosen = [counts[id(idea)] for idea in fitting]
    low, span = min(chosen, default=0.0), (max(chosen, default=0.0) - min(chosen, default=0.0)) or 1.0
    weights = [busier(idea.weight, (c - low) / span, dials) for idea, c in zip(fitting, chosen, strict=True)]
    return seed.choose(draw, fitting, weights, heat(dials))


VELOCITY = {
    "g": 31,
    "s": 55,
    "x": 75,
    "X": 101,
    "!": 119,
    "f": 100,
    "d": 92,
    "b": 70,
    "v": 80,
    "^": 68,
    "m": 52,
    "p": 78,
}
"""Centre of each mark's velocity class."""


LOUDER = 2
"""Velocity steps from tier to tier: sections differ more in who plays, and in how the band hits (``HEFT``), than in how loud
each player is (bands: 4.6 between the loudest and the softest eight bars)."""


def loudness(mark: str, tier: int) -> float:
    """Velocity of a mark at a tier: class centre, ``LOUDER`` for each tier above the third."""
    return VELOCITY.get(mark, 75) + LOUDER * (tier - 3)
