"""Where those who accompany sit in a song: low, where their genre has them, or high, drawn once for the band, so that no two
players sit on one chair, guitar and keys least of all, and not every band has the same chairs; how their chords give way to
the tune, and how they open in its loud sections."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from operator import attrgetter

from scorekit.ideas import Ideas
from scorekit.score import Note
from scorekit.seeds import Seed
from scorekit.theory import LOW_LIMITS
from scorekit.timebase import Tick

_start = attrgetter("start")
SEATS: Mapping[str, tuple[tuple[int, float], ...]] = {
    "guitar": ((-14, 2.0), (0, 2.0)),
    "keys": ((-9, 2.0), (-4, 2.0), (3, 2.0), (9, 2.0)),
    "pads": ((-9, 2.0), (-5, 1.5), (0, 1.0), (12, 1.5)),
    "strings": ((-7, 1.0), (0, 2.0), (9, 0.8)),
    "brass": ((0, 1.0), (5, 2.0), (9, 1.5)),
}
"""Semitones from the genre's lane, and how often, of those who choose, in the order in which they do; a guitar does where keys
play too."""
BOUNDS = {"guitar": (40, 88), "keys": (45, 91), "pads": (45, 88), "strings": (48, 95), "brass": (50, 84)}
"""Lowest and highest pitch anybody goes for it."""
NEAR, APART = 5.0, 8.0
"""Semitones between where two play under which they sit on one chair, and from which on they have a register each: the lowest
and the highest accompanist of a band lie two octaves apart."""
HAND = {"guitar": 24, "keys": 20}
"""Semitones that a comper's chair is wide, where it is not the genre's: a voicing goes through the middle of its lane."""
UNDER, OVER = 1, 8
"""Semitones over the lowest tone of the tune's lane up to which a chair's middle is under the tune, and under the highest from
which on a chair is over it."""
BETWEEN = {"brass": 11, "keys": 6}
"""By how many semitones more those may reach into the tune's lane who speak between its phrases or leave out what would cover
it: horns lie at its height (bands: median A4), and so do hands where a guitar or pads have the chords below."""
ROOF = 14
"""Semitones over the lowest tone of its chair up to which a comper's chords go, whatever is sung."""
ROOM = 14
"""Semitones that a chair over the tune needs below its bounds, and that it is wide at most: what is over a tune lies close to it."""
SHARED, BESIDE = 0.03, 0.15
"""What is left of the weight of a chair that somebody sits on, and of one right beside."""
BLENDS = {"strings": 0.3}
"""Of whom more is left than that, as held chords blend with what is struck on the same chair: bands' strings lie where keys and
guitars do, a little under the tune."""

Range = tuple[int, int]
"""Lowest and highest pitch."""


def seated(parts: Sequence[str], ideas: Ideas, seed: Seed) -> dict[str, Range]:
    """Where each part sits all through the song, by name; those who have no choice are left out. No chair lies on the tune's,
    which everybody knows before a note is sung: a guitar whose lane is the tune's plays an octave under it. Of two compers one
    sits low and the other high; pads that alone give the chords sit no higher than the genre has them."""
    known = {part: getattr(ideas, part) for part in SEATS} | {"lead": ideas.melody}
    lanes = {part: (own.low, own.high) for part, own in known.items() if part in parts}
    tune, found = lanes.get("lead"), dict[str, Range]()
    if tune and "guitar" in lanes and sum(lanes["guitar"]) >= sum(tune) and lanes["guitar"][0] - 12 >= LOWEST:
        found["guitar"] = lanes["guitar"] = (lanes["guitar"][0] - 12, lanes["guitar"][1] - 12)
    heights: list[float] = []
    for part in (name for name in SEATS if name in lanes):
        alone = part == "pads" and not lanes.keys() & {"guitar", "keys"}
        chairs = _chairs(part, lanes, tune, all(part in row for _, row in ideas.arrange.layers or [("", ())]))
        chairs = [row for row in chairs if row[0][0] <= lanes[part][0]] if alone else chairs
        if len(chairs) > 1:
            least = BLENDS.get(part, 0.0)
            weights = [often * max(least, _free(_height(part, chair, tune), heights)) for chair, often in chairs]
            found[part] = seed.at("seat").choose(part, [chair for chair, _ in chairs], weights)
        heights.append(_height(part, found.get(part, lanes[part]), tune))
    return found


def _chairs(part: str, lanes: Mapping[str, Range], tune: Range | None, floor: bool) -> list[tuple[Range, float]]:
    """The chairs a part may take, and how often; only its lane for a guitar that no keys play beside. What lies lower than
    its lane is no wider than a hand needs. Hands do not sit over the tune, nor does the ``floor`` on which a genre lays all
    its sections."""
    (low, high), bounds = lanes[part], BOUNDS[part]
    if part == "guitar":
        (by, often), (_, usual) = SEATS[part]
        down = max(by, bounds[0] - low)
        lower = [((low + down, min(high, low + down + HAND[part])), often)] if "keys" in lanes and down < -3 else []
        return [((low, high), usual), *lower]
    joined = part != "keys" or {"guitar", "pads"} & lanes.keys()
    under = UNDER + (BETWEEN.get(part, 0) if joined else 0)
    lane = (low, min(high, low + HAND.get(part, high - low)))
    return [(_chair(lane, by, tune, bounds, under, not floor and part not in HAND), often) for by, often in SEATS[part]]


def _height(part: str, chair: Range, tune: Range | None) -> float:
    """Where a part plays that sits on a chair: hands in its middle, or halfway up to the middle of the tune."""
    low, high = chair
    return (low + (min(high, max(low + ROOF, sum(tune) // 2)) if tune and part in HAND else high)) / 2


def _free(height: float, others: Sequence[float]) -> float:
    """How much of the weight of a chair is left beside those who sit already."""
    gap = min((abs(height - other) for other in others), default=APART)
    return SHARED if gap < NEAR else BESIDE if gap < APART else 1.0


def _chair(lane: Range, by: int, tune: Range | None, bounds: Range, under: int, over: bool) -> Range:
    """A lane moved by so many semitones, as far as its bounds let it; one that would lie on the tune (its middle more than
    ``under`` semitones over the tune's lowest tone) goes on ``over`` it, if it may, is on its way up and there is room, else
    under it."""
    low, high = lane
    if tune and 2 * (tune[0] + under) < low + high + 2 * by and low + by < tune[1] - OVER:
        if over and by > 0 and bounds[1] - tune[1] + OVER >= ROOM:
            return tune[1] - OVER, min(bounds[1], tune[1] - OVER + min(ROOM, high - low))
        by = tune[0] + under - (low + high) // 2
    by = max(by, min(0, bounds[0] - low)) if by < 0 else min(by, max(0, bounds[1] - high))
    return low + by, high + by


UPON = 4
"""Semitones above a tone of the tune under which a tone of a chord covers it."""


def yielding(voicing: Sequence[int], sung: Sequence[int], kept: Sequence[int] = ()) -> tuple[int, ...]:
    """A chord that gives way to what is sung over it: tones that lie on the tune or just above are left out, but the last two,
    and pitch classes that must be ``kept`` and that no other tone has."""
    chord = sorted(voicing)
    for pitch in sorted((p for p in chord if covers(p, sung)), reverse=True):
        others = [p for p in chord if p != pitch]
        if len(others) >= 2 and (pitch % 12 not in kept or any((p - pitch) % 12 == 0 for p in others)):
            chord = others
    return tuple(chord)


NEXT = 7
"""Semitones to the next voice up to which a top voice may give way to it."""


def tucked(voicing: Sequence[int], sung: Sequence[int], low: int) -> tuple[int, ...]:
    """A chord whose tones that still lie on the tune sound an octave lower, where a hand has room there: no lower than ``low``, a
    tone and more from all others, and clear for their intervals; a top voice only where the next one is near."""
    chord = sorted(voicing)
    for pitch in sorted((p for p in chord if covers(p, sung)), reverse=True):
        others, down = [p for p in chord if p != pitch], pitch - 12
        clear = all(min(down, p) >= LOW_LIMITS.get(abs(p - down), 0) and abs(p - down) >= 2 for p in others)
        near = pitch < chord[-1] or pitch - max(others, default=0) <= NEXT
        if down >= low and clear and near and not covers(down, sung):
            chord = sorted([*others, down])
    return tuple(chord)


def covers(pitch: int, sung: Sequence[int]) -> bool:
    """Whether a tone lies just above one that is sung."""
    return any(0 < pitch - tone <= UPON for tone in sung)


def sung_over(lead: Sequence[Note], start: Tick, end: Tick) -> tuple[int, ...]:
    """Pitches of the tune that sound between two ticks."""
    begun = lead[: bisect_left(lead, end, key=_start)]
    return tuple(sorted({note.pitch for note in begun if note.start + note.length > start}))


OPENS = 5
"""Tier at which chords open: the last chorus is wider than the first."""


def opened(part: str, tier: int, pitches: Sequence[int]) -> tuple[int, ...]:
    """What a loud section adds to a chord, in octaves: hands close theirs with its lowest tone above, strings divide the
    top of their chords, horns spread from the second voice. Nothing below E2 or above E6, or too low for its interval."""
    chord = sorted(pitches)
    if tier < OPENS or not chord:
        return ()
    several = len(chord) >= 3
    more = {
        "keys": (chord[0] + 12,) if several and chord[-1] < chord[0] + 12 else (),
        "strings": (chord[-1] + 12,) if len(chord) > 1 else (),
        "brass": (chord[-2] - 12,) if several and chord[-2] - 12 < chord[0] else (),
    }.get(part, ())
    clear = (pitch for pitch in more if all(pitch >= LOW_LIMITS.get(other - pitch, 0) for other in chord))
    return tuple(pitch for pitch in clear if LOWEST <= pitch <= HIGHEST)


LOWEST, HIGHEST = 40, 88
