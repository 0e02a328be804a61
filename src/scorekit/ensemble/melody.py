"""Pitch for rhythm: what a tune is made from, what is true at each tone, and a beam search with named chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import inf, log, pi, sin

from msgspec import Struct
from msgspec.structs import replace

from scorekit import theory
from scorekit.ensemble.motifs import SCHEMAS, Tone
from scorekit.ideas import MelodyIdeas, Pattern
from scorekit.score import Chord, Section
from scorekit.seeds import Seed
from scorekit.stage import Dials
from scorekit.timebase import PPQ

__all__ = ["SCHEMAS", "Aim", "Setting", "Spot", "dissonance", "search", "spot"]

BEAM = 8
BLUE = {3: -0.3, 10: -0.3, 6: 0.15}
"""What tones of a blues scale cost, by semitones above the tonic: flat third and seventh are its voice, the flat fifth is passed
through."""
_STEPS = (0.12, 0.2, 0.0, 0.22, 0.3, 0.45, 1.2, 0.6)
_GUMBEL = tuple(min(2.2, -log(-log((n + 0.5) / 1024))) for n in range(1024))
"""A Gumbel number for each of 1024 chances, its tail cut off: chance may choose among good tones, not make a wrong one good."""


def _interval_cost(move: int) -> float:
    """What a melodic interval costs, in semitones: steps least, repeats and thirds little, beyond a fifth dear."""
    size = abs(move)
    return _STEPS[size] if size < 8 else 1.6 + 0.3 * (size - 8)


_STILL = 128
"""Where the tables of what intervals cost have the interval of none."""
_OCTAVE = range(-12, 13)
_MOVE = tuple(_interval_cost(move) for move in range(-_STILL, _STILL + 1))
_UPWARD = {3: 1.0, 4: 0.9, 5: -1.2, 7: -1.0, 8: -0.2, 9: -0.4, 12: 0.0}
_LEAP = tuple(_UPWARD.get(move, 1.2) for move in range(-_STILL, _STILL + 1))
"""The same where a tune leaps: a fourth or a fifth up, seldom more."""


class Setting(Struct, frozen=True):
    """All a tune is made from."""

    section: Section
    ideas: MelodyIdeas
    cells: tuple[Pattern, ...]
    dials: Dials
    seed: Seed
    low: int
    high: int
    kind: str
    """hook, lead, riff or solo."""
    temper: float
    """Size of the chance in the search, in units of cost."""
    heat: float
    """How far choices stray, 1 as written."""
    opening: int = -1
    """Pitch with which the tune begins on its first beat; -1 where it begins as it likes."""
    pace: str = "normal"
    """half: a hook's note values are doubled; double: a solo runs more."""

    @property
    def centre(self) -> float:
        """Where the tune lies: a hook some seven semitones above a verse, solos a little above the middle."""
        return centre(self.low, self.high, self.kind, self.section.motif or self.section.name)

    @property
    def roof(self) -> float:
        """How high the tune may well rise: what lies above a verse, and above what leads from it, is kept for the chorus."""
        if self.kind != "lead":
            return self.high
        over = self.centre + ROOF
        return min(over, (self.low + self.high) / 2 + UNDER) if self.section.name in ("bridge", "pre") else over


HEIGHT = {"hook": 4.4, "solo": 1.0, "riff": -1.0}
"""Semitones over the middle of a voice by what the melody does; a verse lies as far under it as leaves a chorus room."""
VERSE = -3.2
RAISED = {"B": 1.2, "C": 1.2, "bloom": 1.2, "bridge": 0.4, "pre": -1.4}
"""Sections that a verse goes up into: the middle of a song form, a bridge, what climbs to the chorus."""
UNDER = 3.5
"""Semitones over the middle of the voice that what stands between verse and chorus may well rise."""


def centre(low: int, high: int, kind: str, name: str) -> float:
    """The middle of a voice, a little higher or lower by what the melody does, and in what section."""
    return (low + high) / 2 + HEIGHT.get(kind, RAISED.get(name, VERSE))


REST = 0.35
"""What it costs a long tone, or one before a rest, to be none of its plain chord's."""
LATE = 0.7
"""Where a single tone stands in the contour it ends."""
ROOF = 7
"""Semitones over its middle a verse may well rise: what lies above is kept for the chorus."""
SPAN = 17
"""Semitones a tune may span; sung melodies cover 12 to 19."""
WIDE = 20
"""The same for soloists, and for choruses, which reach higher."""
ON_ONE = 0.4
"""How many tunes begin on their first beat, with a tone that whoever leads into it knows."""


def window(low: int, high: int, kind: str) -> tuple[int, int]:
    """The middle of a register, no wider than a voice (wider for soloists and choruses)."""
    spare = max(0, high - low - (WIDE if kind in ("solo", "hook") else SPAN))
    return low + spare // 2, high - (spare - spare // 2)


def opening(song: Seed, motif: str, kind: str, root: int, quality: str, low: int, high: int) -> int:
    """The pitch with which a tune begins on its first beat, a tone of its first chord a little below its middle; -1 for a
    tune that begins as it likes. Drawn from the motif's name alone: no take of any cell moves what leads into it."""
    seed = song.at("opening", motif)
    if kind not in ("hook", "lead", "solo") or not seed.chance("on one", ON_ONE):
        return -1
    low, high = window(low, high, kind)
    wanted = seed.choose("tone", theory.core_classes(root, quality))
    return theory.nearest(round(centre(low, high, kind, motif)) - 2, (wanted,), low, high)


def welcomed(pitch: int, chord: Chord, low: int, high: int) -> int:
    """A first tone over the chord it meets: itself where it belongs to that, else the nearest tone that does."""
    if pitch < 0 or pitch % 12 in theory.chord_classes(chord.root, chord.quality):
        return pitch
    return theory.nearest(pitch, theory.core_classes(chord.root, chord.quality), low, high)


class Spot(Struct, frozen=True):
    """What is true of one tone's place: the chord it is heard against, the scale, its weight."""

    chord: frozenset[int]
    scale: frozenset[int]
    strong: bool
    long: bool
    """Heard for long: a beat and a half, or the last before a rest."""
    half: bool = False
    """Heard for half a beat or more."""
    root: int = 0
    core: frozenset[int] = frozenset()
    """The chord's root, third and fifth, on which a phrase rests."""


_Pcs = frozenset[int]


@lru_cache(maxsize=4096)
def _classes(root: int, quality: str, tonic: int, mode: str, scale: str) -> tuple[_Pcs, _Pcs, _Pcs]:
    """Chord tones, the plain chord's, and every pitch class a tune may use over the chord.

    A scale of the tune's own (a pentatonic, a blues scale) stands beside the chord's tones; without one the key's scale
    bends to the chord.
    """
    chord = frozenset(theory.chord_classes(root, quality))
    core = frozenset(theory.core_classes(root, quality))
    if scale:
        own = frozenset((tonic + step) % 12 for step in theory.scale(scale))
        return chord, core, own | core if "blues" in scale else _unclashed(own, core) | core
    return chord, core, frozenset(theory.chord_scale(root, quality, tonic, mode))


def _unclashed(scale: frozenset[int], core: frozenset[int]) -> frozenset[int]:
    """A scale without the tones a semitone from a chord tone that the scale lacks."""
    foreign = core - scale
    return frozenset(pc for pc in scale if not any((pc - f) % 12 in (1, 11) for f in foreign))


def spot(setting: Setting, tone: Tone) -> Spot:
    """What is true at a tone. One held across a chord change it runs ahead of belongs to the new chord."""
    section = setting.section
    chord = section.chord_at(tone.start)
    if tone.end > chord.end > tone.start and chord.end - tone.start <= PPQ // 2 and chord.end < section.length:
        chord = section.chord_at(chord.end)
    tones, core, scale = _classes(chord.root, chord.quality, section.key.tonic, section.key.mode, setting.ideas.scale)
    strong = section.meter.strength(tone.start) >= 0.8
    return Spot(tones, scale, strong, tone.length >= PPQ * 3 // 2, tone.length >= PPQ // 2, chord.root, core)


def dissonance(pitch: int, place: Spot) -> float:
    """What a pitch costs: little off the beat, more where it is heard, most a semitone above a chord tone."""
    pc = pitch % 12
    if pc in place.chord:
        return 0.0
    rub = (pc - 1) % 12 in place.chord
    if not (place.strong or place.long):
        return 0.18 if not rub else 0.7 if place.half else 0.4
    under = place.long and (pc + 1) % 12 in place.chord
    return (1.2 if place.long else 1.1) + (1.0 if rub else 0.4 if under else 0.0)


# -- the search ------------------------------------------------------------------------------------------------------


class Aim(Struct, frozen=True):
    """Where a stretch of tune is going."""

    shape: str = "convex"
    lift: float = 0.0
    close: str = ""
    before: tuple[int, ...] = ()
    """Pitches already sung, the last one last."""
    after: int = -1
    """Pitch that is known to follow; -1 where nothing is."""
    first: int = -1
    """Pitch to begin with; -1 for any."""
    leap: int = 0
    """Number of the tone that is reached by a leap up; 0 where the line has none of its own."""


def _bend(shape: str, u: float, top: float = 0.0) -> float:
    """Height of a contour, -1 to 1, at a share of its way; one that leaps rises a little, is at its ``top`` and comes down."""
    if top > 0.0:
        return -0.5 + 0.5 * u if u < top else 1.0 - 1.8 * (u - top)
    if shape == "descending":
        return 1.0 - 2.0 * u
    if shape == "ascending":
        return 2.0 * u - 1.0
    arch = 2.0 * sin(pi * u) - 1.0
    return arch if shape == "convex" else -arch


def _ending(pitch: int, close: str, place: Spot, tonic: int) -> float:
    """What a last tone costs: home on the tonic when closed; the second or fifth degree when open."""
    degree, outside = (pitch - tonic) % 12, 0.0 if pitch % 12 in place.chord else 2.5
    if close == ".":
        return outside + (0.0 if degree == 0 else 1.0 if degree in (3, 4) else 1.6 if degree == 7 else 3.0)
    return outside + (0.0 if degree in (2, 7) else 1.5 if degree == 0 else 0.7)


def _offers(setting: Setting, tones: Sequence[Tone], aim: Aim, seed: Seed) -> list[list[tuple[int, float, bool]]]:
    """For each tone the pitches it may take as (pitch, cost, outside the chord)."""
    amp = {"hook": 9.0, "riff": 4.0, "solo": 8.0}.get(setting.kind, 5.5)
    count, offers, bar = len(tones), [], setting.section.meter.bar
    top = aim.leap / max(1, count - 1)
    pull, held = (0.11, 0.13) if setting.kind == "hook" else (0.09, 0.09)
    roof = setting.roof - 4 * (setting.kind != "lead" and aim.lift < 0)
    blue, tonic = "blues" in setting.ideas.scale, setting.section.key.tonic
    wanted, offset = sum(setting.ideas.chord_tones) / 2, seed.unit("loose")
    for n, (tone, after) in enumerate(zip(tones, [*tones, None][1:], strict=True)):
        place = spot(setting, tone)
        if after is None or after.start - tone.end >= PPQ * 3 // 4:
            place = replace(place, long=True)
        bits = seed.bits(f"pitch/{tone.start}")
        loose = place.strong and _turns(tone.start // bar, 1 - wanted, offset)
        target = setting.centre + aim.lift + amp * _bend(aim.shape, n / (count - 1) if count > 1 else LATE, top)
        closing = aim.close if n == count - 1 else ""
        row = []
        for pitch in range(setting.low, setting.high + 1):
            if pitch % 12 not in place.scale:
                continue
            cost = dissonance(pitch, place)
            if loose and not closing:
                cost = 1.5 if cost == 0 else cost + 1.5 if (pitch - 1) % 12 in place.chord else 0.25 * cost
            cost += 0.4 * max(0.0, pitch - roof)
            cost += BLUE.get((pitch - tonic) % 12, 0.0) if blue else 0.0
            cost += REST if place.long and setting.kind != "solo" and pitch % 12 not in place.core else 0.0
            cost += 9.0 if n == 0 and aim.first >= 0 and pitch != aim.first else 0.0
            cost += (held if place.long else pull) * abs(pitch - target) - setting.temper * _gumbel(bits, pitch)
            if n == count - 1 and aim.after >= 0:
                cost += 0.4 * max(0, abs(pitch - aim.after) - 4)
            if closing:
                cost += _ending(pitch, closing, place, setting.section.key.tonic)
            row.append((pitch, cost, pitch % 12 not in place.chord))
        offers.append(row or [(round(setting.centre), 0.0, False)])
    return offers


def _turns(place: int, share: float, offset: float) -> bool:
    """Whether a place is one of an evenly spaced share of places."""
    return int((place + 1) * share + offset) > int(place * share + offset)


def _gumbel(bits: int, pitch: int) -> float:
    """Chance of one pitch at one place: a Gumbel number from the place's bits."""
    mixed = (bits ^ (pitch * 0x9E3779B97F4A7C15)) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    return _GUMBEL[mixed >> 54]


_State = tuple[float, int, int, int, int, bool, tuple]  # type: ignore[type-arg]
"""Cost, pitch, move that led there, steps in one direction, pitch before, outside the chord, (pitch, way here)."""


def search(setting: Setting, tones: Sequence[Tone], aim: Aim, seed: Seed) -> tuple[Tone, ...]:
    """Pitches for a rhythm by beam search: the cheapest way through intervals, dissonance, contour and ending."""
    if not tones:
        return ()
    before = aim.before[-2:]
    last, first = (before[-1], before[0]) if before else (-1, -1)
    beam: list[_State] = [(0.0, last, 0, 0, first, False, ())]
    stay, leap = {"solo": (0.35, 0.0), "hook": (0.0, 0.5), "lead": (-0.1, 0.2)}.get(setting.kind, (0.0, 0.2))
    for n, row in enumerate(_offers(setting, tones, aim, seed)):
        leaps = n == aim.leap > 0
        beam = _advance(beam, row, _LEAP if leaps else _MOVE, stay, 0.0 if leaps else leap)
    way, pitches = beam[0][6], []
    while way:
        pitches.append(way[0])
        way = way[1]
    return tuple(replace(tone, pitch=p) for tone, p in zip(tones, reversed(pitches), strict=True))


def _advance(
    beam: Sequence[_State], row: Sequence[tuple[int, float, bool]], moves: Sequence[float], stay: float, leap: float
) -> list[_State]:
    """The best ways one tone further, one for each pitch and interval; ``moves`` is what intervals cost, ``stay`` what a
    repeated tone costs more, ``leap`` what a fourth or more down, or into a tone outside the chord, does."""
    best: dict[int, _State] = {}
    steps, strays = _charges(stay, leap)
    for cost, last, move, run, older, outside, way in beam:
        if last < 0:
            for pitch, local, foreign in row:
                best[pitch] = (cost + local, pitch, 0, 0, -1, foreign, (pitch, way))
            continue
        new, again = _manners(move, run >= 5, outside)
        still = last - _STILL
        for pitch, local, foreign in row:
            at = pitch - still
            manner = (again if pitch == older else new)[at]
            total = cost + local + moves[at] + manner + (strays if foreign else steps)[at]
            known = best.get(pitch << 10 | at)
            if total < (inf if known is None else known[0]):
                step = at - _STILL
                length = run + 1 if 0 < abs(step) <= 2 and step * move > 0 else 1
                best[pitch << 10 | at] = (total, pitch, step, length, last, foreign, (pitch, way))
    if not best:
        return [(cost, row[0][0], 0, 0, -1, False, (row[0][0], way)) for cost, *_, way in beam[:1]]
    return sorted(best.values())[:BEAM]  # by cost, pitch and interval; no two have all of them the same


@lru_cache(maxsize=64)
def _charges(stay: float, leap: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """What each interval costs more, to a tone of the chord and to one outside it."""
    inside, outside = (
        _table({s: stay if s == 0 else leap * ((s < -4) + 2 * foreign * (abs(s) > 4)) for s in _OCTAVE})
        for foreign in (False, True)
    )
    return inside, outside


@lru_cache(maxsize=512)
def _manners(move: int, long: bool, outside: bool) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """What each interval costs after another: unresolved dissonance, leaps on, drones, see-saws, endless scales; to a tone
    that is not, and to one that is, that of two before. None beyond an octave."""
    new, again = (_table({s: _manner(s, move, long, outside, back) for s in _OCTAVE}) for back in (False, True))
    return new, again


def _table(costs: Mapping[int, float]) -> tuple[float, ...]:
    """What intervals cost as a table; those that have no cost are not to be had."""
    table = [inf] * (2 * _STILL + 1)
    for step, cost in costs.items():
        table[step + _STILL] = cost
    return tuple(table)


def _manner(step: int, move: int, long: bool, outside: bool, again: bool) -> float:
    size = abs(step)
    cost = 0.0 if not outside else 1.2 if size > 4 else 0.3 if size > 2 else -0.1 if step < 0 else 0.0
    if move > 4 or move < -4:
        back = step * move < 0 and abs(step) <= 2
        cost += -0.3 if back else 0.8 if step * move > 0 else 0.0
    if step == 0 and move == 0:
        cost += 0.6
    elif again and step:
        cost += 0.25
    return cost + (0.8 if long and step * move > 0 else 0.0)
