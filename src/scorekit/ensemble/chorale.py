"""Voices that hold chords: what they hold under the tune, and a path through the chords on which each moves little."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from scorekit import theory
from scorekit.ensemble import intents
from scorekit.ensemble.grid import early
from scorekit.score import Brief, Chord, Key, Note
from scorekit.timebase import PPQ, Tick

Voicing = tuple[int, ...]
"""Pitches of one chord, the lowest first."""
TOP = (2.4, 0.4, 0.0, 0.0, 0.6, 1.2)
"""What it costs the top voice to move by 0 to 5 semitones: neither frozen nor leaping."""
SQUATS = 1.6
"""What it costs to stand on the root in close position, where the bass is already."""
COMES = 1.0
"""What it costs that a voice comes or goes."""
_BEAM = 5


class Span(Struct, frozen=True):
    """A stretch of one chord, at most two bars long, and what the tune does there."""

    start: Tick
    end: Tick
    chord: Chord
    ceiling: int
    """Lowest pitch of the tune in the span; 127 where it is silent."""
    held: tuple[int, ...]
    """Pitches the tune holds for a beat or more."""


# -- harmony under the tune ------------------------------------------------------------------------------------------


def spans(brief: Brief) -> tuple[Span, ...]:
    """The section's chords in order, long ones divided every two bars, pushed ones an eighth early."""
    section, lead = brief.section, brief.hears("lead")
    pushed = pushes(brief)
    edges: list[tuple[Tick, Tick, Chord]] = []
    for chord in section.chords:
        end = min(chord.end, section.length)
        two = 2 * section.meter.bar
        full = dressed(chord, section.key)
        edges += [(start, min(end, start + two), full) for start in range(chord.start, end, two)]
    ahead = early(section)
    moved = [(s - ahead * (s in pushed), e - ahead * (e in pushed), chord) for s, e, chord in edges]
    return tuple(_span(s, e, chord, lead) for s, e, chord in moved if e > s)


def dressed(chord: Chord, key: Key) -> Chord:
    """A power chord with the third the key has above its root, so that those who hold chords have one to hold; in minor keys with
    a raised sixth or seventh that of natural minor: those lead, they are no thirds."""
    if chord.quality != "5":
        return chord
    mode = "minor" if key.mode in ("harmonic_minor", "melodic_minor") else key.mode
    classes = {(key.tonic + step) % 12 for step in theory.scale(mode)}
    third = next((i for i in (3, 4) if (chord.root + i) % 12 in classes), None)
    return chord if third is None else replace(chord, quality="min" if third == 3 else "maj")


def _span(start: Tick, end: Tick, chord: Chord, lead: Sequence[Note]) -> Span:
    heard = [n for n in lead if n.start < end and n.start + n.length > start]
    held = tuple(sorted({n.pitch for n in heard if min(n.end, end) - max(n.start, start) >= PPQ}))
    return Span(start, end, chord, min((n.pitch for n in heard), default=127), held)


def pushes(brief: Brief) -> frozenset[Tick]:
    """Where the chords begin that the whole band anticipates: the first chord or bar at or after each push."""
    section = brief.section
    found = []
    for tick in intents.at(section, "push", brief.part):
        starts = [c.start for c in section.chords if c.start >= max(tick, early(section))]
        found += starts[:1]
    return frozenset(found)


@lru_cache(maxsize=2048)
def voicings(root: int, quality: str, low: int, high: int, count: int) -> tuple[tuple[Voicing, float], ...]:
    """The best-sounding voicings of a chord in a register, with what each costs by itself."""
    classes = theory.chord_classes(root, quality)
    guides = frozenset((root + i) % 12 for i in theory.guide_tones(quality))
    pitches = [p for p in range(low, high + 1) if p % 12 in classes]
    found = [(v, _vertical(v, root, guides, (low + high) / 2)) for v in _stacks(pitches, count)]
    wanted = min(len(guides), count)
    full = [f for f in found if len(guides & {p % 12 for p in f[0]}) >= wanted]
    return tuple(sorted(full or found, key=lambda f: (f[1], f[0]))[:20])


def _stacks(pitches: Sequence[int], count: int) -> Iterator[Voicing]:
    """Rising stacks of so many pitches, neighbours 2 to 9 semitones apart and every pair clear in the low register."""
    if count == 1:
        yield from ((p,) for p in pitches)
        return
    for lower in _stacks(pitches, count - 1):
        for p in pitches:
            clear = all(q >= theory.LOW_LIMITS.get(p - q, 0) for q in lower)
            if 2 <= p - lower[-1] <= 9 and clear and p - lower[0] <= 21:
                yield (*lower, p)


def squats(voicing: Voicing, root: int) -> bool:
    """Whether a full chord stands on its root in close position."""
    return len(voicing) > 2 and voicing[0] % 12 == root and voicing[-1] - voicing[0] <= 12


def _vertical(voicing: Voicing, root: int, guides: frozenset[int], centre: float) -> float:
    """What a voicing costs alone: off centre, wide, closed at the top, close on its root as the bass is already, poor in
    classes, guide tones doubled."""
    classes = [p % 12 for p in voicing]
    cost = 0.15 * abs(sum(voicing) / len(voicing) - centre) + 0.4 * max(0, voicing[-1] - voicing[0] - 16)
    cost += 0.6 * (len(voicing) > 1 and voicing[-1] - voicing[-2] == 2)
    cost += SQUATS * squats(voicing, root)
    cost += 1.2 * (len(classes) - len(set(classes)))
    return cost + sum(0.8 for pc in guides if classes.count(pc) > 1) + 0.3 * (root not in classes and len(classes) > 2)


# -- the path --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def led_through(
    key: tuple[tuple[int, str, int, Voicing], ...], low: int, high: int, count: int, still: float, take: int = 0
) -> tuple[Voicing, ...]:
    """One voicing for each (root, quality, lowest pitch of the tune, pitches it holds): a beam search over cost alone,
    motion and the tune. ``still`` weighs the top line's motion: small for pads. Take 0 is the best way, each further one
    the best that opens with a voicing none before it opens with, while there is one."""
    opened = {way[0] for n in range(take) if (way := led_through(key, low, high, count, still, n))}
    beam: list[tuple[float, tuple[Voicing, ...]]] = [(0.0, ())]
    for root, quality, ceiling, held in key:
        own = seats(root, quality, (low, min(high, max(low + 7, ceiling - 1)), high), count)
        offers = [(v, cost + _under(v, ceiling, held)) for v, cost in own]
        if not beam[0][1]:
            offers = [offer for offer in offers if offer[0] not in opened] or offers
        grown = [(cost + price + _joined(way, v, still), (*way, v)) for cost, way in beam for v, price in offers]
        best: dict[Voicing, tuple[float, tuple[Voicing, ...]]] = {}
        for state in sorted(grown):
            best.setdefault(state[1][-1], state)
        beam = list(best.values())[:_BEAM]
    return beam[0][1]


def seats(root: int, quality: str, lane: tuple[int, int, int], count: int) -> tuple[tuple[Voicing, float], ...]:
    """Voicings under the tune (low, roof, high), of two voices rather than across it, else up to the top of the lane, else
    of one; where there is room for none but close on the root, those with a voice less as well."""
    low, roof, high = lane
    for top, voices in (*((roof, n) for n in range(count, 1, -1)), *((high, n) for n in range(count, 0, -1))):
        found = voicings(root, quality, low, top, voices)
        if found:
            cramped = all(squats(voicing, root) for voicing, _ in found)
            return (*found, *voicings(root, quality, low, top, voices - 1)) if cramped else found
    return (((low,), 0.0),)


def _under(voicing: Voicing, ceiling: int, held: Voicing) -> float:
    """What a voicing costs under a tune: above it, and semitones against what it holds."""
    over = max(0, voicing[-1] - (ceiling - 2))
    clashes = sum(1 for m in held for v in voicing if (m - v) % 12 == 1 or m - v in (-1, 2))
    return min(6.0, 0.8 * over) + 3.0 * clashes


def _joined(way: Sequence[Voicing], voicing: Voicing, still: float) -> float:
    """What it costs to go on to a voicing: motion of each voice, the top line, blocks moving in one direction."""
    if not way or len(way[-1]) != len(voicing):
        return COMES * bool(way)
    voices, top, block = _motion(way[-1], voicing)
    cost = voices + still * top
    if len(way) > 1 and way[-1][-1] == voicing[-1] == way[-2][-1]:
        cost += 2.0
    return cost + block


@lru_cache(maxsize=16384)
def _motion(before: Voicing, after: Voicing) -> tuple[float, float, float]:
    """What the motion of each voice costs, that of the top line, and blocks that move in one direction."""
    moves = [b - a for a, b in zip(before, after, strict=True)]
    top = abs(moves[-1])
    block = len(moves) > 1 and (min(moves) > 0 or max(moves) < 0)
    return (
        sum([0.7 * abs(m) + (0.12 * m * m if abs(m) > 4 else 0.0) for m in moves]),
        TOP[top] if top < 6 else 1.2 + 0.8 * (top - 5),
        5.0 if block and (max(map(abs, moves)) > 2 or len(set(moves)) == 1) else 0.0,
    )
