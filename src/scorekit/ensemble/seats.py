"""Where those who accompany sit in a song: low, where their genre has them, or high, drawn once for the band, so that no two
players sit on one chair and not every band has the same chairs; how their chords give way to the tune, and how they open
in its loud sections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from scorekit.ideas import Ideas
from scorekit.score import Brief, Note
from scorekit.seeds import Seed
from scorekit.theory import LOW_LIMITS
from scorekit.timebase import Tick

SEATS: Mapping[str, tuple[tuple[int, float], ...]] = {
    "keys": ((-9, 2.5), (-5, 2.0), (0, 2.0), (7, 0.7), (12, 1.0)),
    "pads": ((-9, 2.0), (-5, 1.5), (0, 1.0), (12, 1.0)),
    "strings": ((-7, 1.5), (0, 2.0), (9, 1.0)),
    "brass": ((-5, 1.5), (0, 2.0), (5, 1.5)),
}
"""Semitones from the genre's lane, and how often, of those who choose, in the order in which they do."""
BOUNDS = {"keys": (43, 91), "pads": (43, 88), "strings": (48, 95), "brass": (50, 84)}
"""Lowest and highest pitch anybody goes for it."""
NEAR = 5.0
"""Semitones between the middles of two lanes under which they are one chair."""
BELOW, CLEAR = 2, 14
"""Semitones below and above the middle of the tune's lane between which chords lie on it."""
SHARED = 0.1
"""What is left of the weight of a chair that somebody sits on."""
COVERING = 0.03
"""What is left of the weight of a chair on the tune's."""


def seated(parts: Sequence[str], ideas: Ideas, seed: Seed) -> dict[str, int]:
    """How many semitones each part sits above or below its genre's lane, by name; those who have no choice are left out.
    A guitar whose lane is the tune's plays an octave under it."""
    known = {"guitar": ideas.guitar, "lead": ideas.melody, **{part: getattr(ideas, part) for part in SEATS}}
    lanes = {part: (own.low, own.high) for part, own in known.items() if part in parts}
    middles = [sum(lane) / 2 for part, lane in lanes.items() if part not in SEATS]
    tune = sum(lanes["lead"]) / 2 if "lead" in lanes else 0.0
    found: dict[str, int] = {}
    if {"guitar", "lead"} <= lanes.keys() and middles[0] >= tune and lanes["guitar"][0] - 12 >= LOWEST:
        found["guitar"] = -12
        middles[0] -= 12
    for part in (name for name in SEATS if name in lanes):
        low, high = lanes[part]
        bottom, top = BOUNDS[part]
        able = [(by, often) for by, often in SEATS[part] if not by or (bottom <= low + by and high + by <= top)]
        places = [(low + high) / 2 + by for by, _ in able]
        free = [all(abs(p - other) >= NEAR for other in middles) for p in places]
        shares = [
            (COVERING if tune - BELOW < p < tune + CLEAR else 1.0) * (1.0 if f else SHARED)
            for p, f in zip(places, free, strict=True)
        ]
        weights = [often * share for (_, often), share in zip(able, shares, strict=True)]
        found[part] = seed.at("seat").choose(part, [by for by, _ in able], weights)
        middles.append((low + high) / 2 + found[part])
    return found


OVER = 5
"""Semitones from the highest tone of the tune to chords over it."""
ROOM = 12
"""Semitones that chords over the tune need below the top of their bounds."""
UPON = 4
"""Semitones above a tone of the tune under which a tone of a chord covers it."""


def beside(brief: Brief) -> Brief:
    """The brief of one who holds chords with its lane wholly over the tune it hears, where it would lie on it and there is
    room, else octaves down until it lies under."""
    lane, sung = brief.lane, sorted(note.pitch for note in brief.hears("lead"))
    bottom, top = BOUNDS.get(brief.part, (lane.low, lane.high))
    if not sung or lane.low >= sung[-1] + OVER:
        return brief
    middle, over = sung[len(sung) // 2], sung[-1] + OVER
    if lane.low >= middle - BELOW and top - over >= ROOM:
        return replace(brief, lane=replace(lane, low=over, high=max(lane.high, over + ROOM)))
    low, high = lane.low, lane.high
    while low + high > 2 * (middle - BELOW) and low - 12 >= bottom:
        low, high = low - 12, high - 12
    return replace(brief, lane=replace(lane, low=low, high=high))


def yielding(voicing: Sequence[int], sung: Sequence[int], low: int, kept: Sequence[int] = ()) -> tuple[int, ...]:
    """A chord that gives way to what is sung over it: tones that lie on the tune or just above sound an octave lower, from
    ``low`` on, those that have no place there are left out, but the last two, and pitch classes that must be ``kept``."""
    chord = sorted(voicing)
    for pitch in sorted((p for p in chord if _covers(p, sung)), reverse=True):
        others = [p for p in chord if p != pitch]
        below = pitch - 12
        if below >= low and not _covers(below, sung) and all(_clear(below, p) for p in others):
            chord = sorted((*others, below))
        elif len(others) >= 2 and (pitch % 12 not in kept or any((p - pitch) % 12 == 0 for p in others)):
            chord = others
    return tuple(chord)


def _clear(pitch: int, other: int) -> bool:
    """Whether two tones of a chord neither rub nor make mud."""
    gap = abs(pitch - other)
    return gap > 1 and min(pitch, other) >= LOW_LIMITS.get(gap, 0)


def _covers(pitch: int, sung: Sequence[int]) -> bool:
    return any(0 < pitch - tone <= UPON for tone in sung)


def sung_over(lead: Sequence[Note], start: Tick, end: Tick) -> tuple[int, ...]:
    """Pitches of the tune that sound between two ticks."""
    return tuple(sorted({note.pitch for note in lead if note.start < end and note.end > start}))


OPENS = 5
"""Tier at which chords open: the last chorus is wider than the first."""


def opened(part: str, tier: int, pitches: Sequence[int]) -> tuple[int, ...]:
    """What a loud section adds to a chord, in octaves: hands close theirs with its lowest tone above, strings divide the
    top of their chords, horns spread from the second voice. Nothing below E2 or above E6."""
    chord = sorted(pitches)
    if tier < OPENS or not chord:
        return ()
    several = len(chord) >= 3
    more = {
        "keys": (chord[0] + 12,) if several and chord[-1] < chord[0] + 12 else (),
        "strings": (chord[-1] + 12,) if len(chord) > 1 else (),
        "brass": (chord[-2] - 12,) if several and chord[-2] - 12 < chord[0] else (),
    }.get(part, ())
    return tuple(pitch for pitch in more if LOWEST <= pitch <= HIGHEST)


LOWEST, HIGHEST = 40, 88
