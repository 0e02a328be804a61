"""A jazz soloist: phrases with rests between them, eighths that lead from chord tone to chord tone, licks that come back.

Each strong beat of a phrase is aimed at: a third or a seventh where the chord is new, else any tone of it near by. What leads
there is what players practise: the scale or the arpeggio, then an enclosure (a step above, a semitone below), a chromatic pair
or a single neighbour. A solo begins low and sparse and goes up and on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec.structs import replace

from scorekit import theory
from scorekit.ensemble.melody import Setting, Spot, spot
from scorekit.ensemble.motifs import Tone, beats
from scorekit.seeds import Seed
from scorekit.timebase import PPQ

FIRST, LAST = (4, 9), (11, 22)
"""Slots of a phrase where a solo begins and where it is at its height (transcribed solos: 13 tones in the middle)."""
AIR = ((5, 9), (2, 4))
"""Slots of rest after a phrase, there and there."""
LICK, RETURNS = 7, 0.75
"""Tones of the solo's own lick, and how many phrases begin with it where it fits."""
_STEP = (1.6, 0.0, 0.0, 0.25, 0.35, 0.7, 1.2, 0.9)
_CANDIDATES = 3

Place = tuple[int, Spot]


def improvised(setting: Setting) -> tuple[Tone, ...]:
    """A section's solo."""
    places = [replace(tone, pitch=0, mark="x", idea="line") for tone in beats(setting.section, True)]
    seed = setting.seed.at("solo")
    line, lick, number = list[Tone](), list[Tone](), 0
    at = 0 if setting.opening >= 0 else seed.choose("in", (1, 2, 3))
    while at < len(places) - 2:
        own = seed.at(number)
        heat = _heat(setting, places[at].start)
        size, head = _between(own, "size", FIRST, LAST, heat), list[Tone]()
        if at == 0 and setting.opening >= 0:
            head = [replace(places[0], pitch=setting.opening)]
        elif lick and own.chance("lick", RETURNS):
            tries = (_returning(setting, lick, places[at + late : at + late + size]) for late in range(4))
            late, head = next(((late, found) for late, found in enumerate(tries) if found), (0, head))
            at += late
        phrase = places[at : at + size]
        if len(places) - at - size < 4:
            phrase = places[at : max(at + 3, len(places) - 2)]
        sung = _phrase(setting, phrase, head[: len(phrase)], line[-1].pitch if line else -1, heat, own)
        lick = lick or [replace(t, idea="lick") for t in sung[:LICK] if len(sung) > LICK]
        line += sung
        at += len(phrase) + _between(own, "air", *AIR, heat)
        number += 1
    return tuple(line)


def _heat(setting: Setting, tick: int) -> float:
    """How far a solo has come: 0 where its first chorus begins, 1 at three quarters of it; later choruses begin higher."""
    u = tick / setting.section.length
    base = min(0.4, 0.2 * (setting.section.occurrence - 1)) + 0.25 * (setting.dials.complexity - 0.5)
    return min(1.0, max(0.0, base + (u / 0.75 if u <= 0.75 else 1.0 - 1.6 * (u - 0.75))))


def _between(seed: Seed, draw: str, low: tuple[int, int], high: tuple[int, int], heat: float) -> int:
    """A whole number from a range that slides from ``low`` to ``high`` with the heat."""
    floor = low[0] + (high[0] - low[0]) * heat
    return round(floor + (low[1] + (high[1] - low[1]) * heat - floor) * seed.unit(draw))


def _returning(setting: Setting, lick: Sequence[Tone], phrase: Sequence[Tone]) -> list[Tone]:
    """The lick from the phrase's first place on, moved by the semitones that suit its chords best; nothing where none do, or
    where it would not fall on the same sides of the beat."""
    places = [replace(p, pitch=t.pitch, idea="lick") for p, t in zip(phrase, lick, strict=False)]
    if len(places) < len(lick) or phrase[0].start % PPQ != lick[0].start % PPQ:
        return []
    spots = [spot(setting, place) for place in places]

    def price(shift: int) -> float:
        foreign = sum(
            (t.pitch + shift) % 12 not in (s.chord if s.strong else s.scale) for t, s in zip(places, spots, strict=True)
        )
        outside = sum(not setting.low <= t.pitch + shift <= setting.high for t in places)
        return foreign + 9 * outside + 0.05 * abs(shift)

    shift = min(range(-6, 7), key=lambda s: (price(s), s))
    return [replace(t, pitch=t.pitch + shift) for t in places] if price(shift) < 2 else []


def _phrase(
    setting: Setting, places: Sequence[Tone], head: Sequence[Tone], before: int, heat: float, seed: Seed
) -> list[Tone]:
    """One phrase: aimed from strong place to strong place, its end a tone of the chord."""
    centre = setting.centre + 9.0 * (heat - 0.5)
    spots = [spot(setting, place) for place in places]
    line = list(head)
    if not line:
        near = before if before >= 0 and abs(before - centre) < 8 else round(centre) - 2
        classes = tuple(sorted(spots[0].chord))
        line = [replace(places[0], pitch=theory.nearest(near, classes, setting.low, setting.high))]
    while len(line) < len(places):
        at = len(line)
        goal = next((n for n in range(at, len(places)) if _aimed(setting, places, n)), len(places) - 1)
        goal = min(goal, len(places) - 1)
        run = _run(setting, line[-1].pitch, places[at : goal + 1], spots[at : goal + 1], centre, seed.at(at))
        line += [
            replace(place, pitch=p, idea=idea) for place, (p, idea) in zip(places[at : goal + 1], run, strict=True)
        ]
    return _spoken(setting, line, heat, seed)


def _aimed(setting: Setting, places: Sequence[Tone], n: int) -> bool:
    """Whether a place is aimed at: strong in its bar, or the first of a chord."""
    start = places[n].start
    return setting.section.meter.strength(start) >= 0.8 or setting.section.chord_at(start).start == start


def _run(
    setting: Setting, last: int, places: Sequence[Tone], spots: Sequence[Spot], centre: float, seed: Seed
) -> list[tuple[int, str]]:
    """Pitches from the tone after ``last`` to the tone aimed at, with what each is."""
    offers, weights = [], []
    for goal in _goals(setting, last, places[-1], spots[-1], centre):
        for lead, idea in _leads(goal, spots[-1]):
            lead = lead[-(len(places) - 1) :] if len(places) > 1 else ()
            for way in _ways(last, (*lead, goal)[0], len(places) - 1 - len(lead), spots[0]):
                pitches = (*way, *lead, goal)
                if not all(setting.low <= p <= setting.high for p in pitches):
                    continue
                moves = [b - a for a, b in zip((last, *pitches), pitches, strict=False)]
                cost = sum(_STEP[abs(m)] if abs(m) < 8 else 3.0 for m in moves) + 0.08 * abs(goal - centre)
                cost += sum(1.0 for a, b in pairwise(moves) if a + b == 0)
                offers.append([(p, "line") for p in way] + [(p, idea) for p in lead] + [(goal, "goal")])
                weights.append(2.0 ** -(2.0 * cost))
    if not offers:
        near = theory.nearest(last, tuple(sorted(spots[-1].chord)), setting.low, setting.high)
        return [(near, "goal")] * len(places)
    return offers[seed.pick("run", weights)]


def _goals(setting: Setting, last: int, place: Tone, there: Spot, centre: float) -> list[int]:
    """Tones to aim at: the nearest of the chord, guide tones alone where it is new."""
    chord = setting.section.chord_at(place.start)
    guides = {(chord.root + step) % 12 for step in (3, 4, 10, 11)} & there.chord
    wanted = guides if chord.start == place.start and guides else there.chord
    reach = [
        p for p in range(last - 8, last + 9) if p % 12 in wanted and p != last and setting.low <= p <= setting.high
    ]
    return sorted(reach, key=lambda p: (abs(p - last) + 0.5 * abs(p - centre), p))[:_CANDIDATES]


def _leads(goal: int, there: Spot) -> Iterator[tuple[tuple[int, ...], str]]:
    """What may stand before a goal."""
    above = next(p for p in range(goal + 1, goal + 4) if p % 12 in there.scale or p == goal + 3)
    below = next(p for p in range(goal - 1, goal - 4, -1) if p % 12 in there.scale or p == goal - 3)
    yield (), "line"
    yield (above, goal - 1), "approach"
    yield (below, above), "approach"
    yield (goal - 1,), "approach"
    yield (goal + 2, goal + 1), "approach"
    yield (above,), "line"
    yield (below,), "line"


def _ways(last: int, goal: int, count: int, here: Spot) -> Iterator[tuple[int, ...]]:
    """So many tones from the one after ``last`` on: the scale up or down, the arpeggio up or down."""
    if count <= 0:
        yield ()
        return
    for classes in (here.scale, here.chord):
        for way in (1, -1):
            pitches, at = [], last
            for _ in range(count):
                at = next((p for p in range(at + way, at + 8 * way, way) if p % 12 in classes), at + way)
                pitches.append(at)
            if abs(goal - pitches[-1]) <= 5 and goal != pitches[-1]:
                yield tuple(pitches)


def _spoken(setting: Setting, line: Sequence[Tone], heat: float, seed: Seed) -> list[Tone]:
    """The phrase as it is said: some goals held where it is calm, a turn in triplets where it is hot, its last tone short
    on the off-beat or held."""
    out, skip, triplet = list[Tone](), False, PPQ // 3
    for n, tone in enumerate(line[:-1]):
        after = line[n + 1]
        if skip:
            skip = False
            continue
        tied = tone.idea == "goal" and n + 2 < len(line) and seed.chance(f"hold/{n}", 0.4 - 0.3 * heat)
        falls = tone.start % PPQ == 0 and after.end - tone.start == PPQ and -2 <= after.pitch - tone.pitch < 0
        if tied:
            out.append(replace(tone, length=after.end - tone.start))
            skip = True
        elif falls and setting.section.grid % 3 == 0 and n + 2 < len(line) and seed.chance(f"turn/{n}", 0.5 * heat):
            upper = next(p for p in range(tone.pitch + 1, tone.pitch + 4) if p % 12 in spot(setting, tone).scale)
            pitches = (tone.pitch, upper, tone.pitch)
            out += [
                replace(tone, start=tone.start + k * triplet, length=triplet, pitch=p) for k, p in enumerate(pitches)
            ]
            out[-1] = replace(out[-1], pitch=after.pitch)
            skip = True
        else:
            out.append(tone)
    last = line[-1]
    held = last.start % PPQ == 0 or seed.chance("held", 0.4)
    return [*out, replace(last, length=PPQ * 3 // 2 if held else last.length)]
