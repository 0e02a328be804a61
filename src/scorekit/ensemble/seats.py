"""Where those who accompany sit in a song: low, where their genre has them, or high, drawn once for the band, so that no two
players sit on one chair and not every band has the same chairs; and how their chords open in its loud sections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scorekit.ideas import Ideas
from scorekit.seeds import Seed

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
CLEAR = 9.0
"""Semitones above the middle of the tune's lane under which a chord covers it."""
SHARED = 0.1
"""What is left of the weight of a chair that somebody sits on."""


def seated(parts: Sequence[str], ideas: Ideas, seed: Seed) -> dict[str, int]:
    """How many semitones each part sits above or below its genre's lane, by name; those who have no choice are left out."""
    known = {"guitar": ideas.guitar, "lead": ideas.melody, **{part: getattr(ideas, part) for part in SEATS}}
    lanes = {part: (own.low, own.high) for part, own in known.items() if part in parts}
    middles = [sum(lane) / 2 for part, lane in lanes.items() if part not in SEATS]
    tune = sum(lanes["lead"]) / 2 if "lead" in lanes else 0.0
    found: dict[str, int] = {}
    for part in (name for name in SEATS if name in lanes):
        low, high = lanes[part]
        bottom, top = BOUNDS[part]
        able = [(by, often) for by, often in SEATS[part] if not by or (bottom <= low + by and high + by <= top)]
        places = [(low + high) / 2 + by for by, _ in able]
        free = [not tune < p < tune + CLEAR and all(abs(p - other) >= NEAR for other in middles) for p in places]
        weights = [often * (1.0 if empty else SHARED) for (_, often), empty in zip(able, free, strict=True)]
        found[part] = seed.at("seat").choose(part, [by for by, _ in able], weights)
        middles.append((low + high) / 2 + found[part])
    return found


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
