"""The walking bass: a search over beats in which every bar aims at the next chord, and the two-feel.

Weights are the genre's (measured on human lines); costs are -log of them in whole thousandths.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import log
from operator import add

from msgspec import Struct

from scorekit.ensemble.degrees import Register, interval, scale_of
from scorekit.ensemble.playing import changes, following, whole_song
from scorekit.ideas import Walk
from scorekit.score import Brief, Chord
from scorekit.seeds import Seed
from scorekit.theory import chord_scale
from scorekit.timebase import Tick

Weights = tuple[tuple[str, float], ...]
_LEADS: Weights = (("+1", 29), ("-1", 21), ("-2", 18), ("+2", 7), ("+5", 7), ("-7", 3), ("other", 15))
"""Approaches of human walking lines, for a genre that names none."""
_GUMBEL = tuple(round(-1000 * log(-log((n + 0.5) / 32))) for n in range(32))
_LEAPS = (3200, 1110, 1430, 1960, 1960, 2590, 3600, 2590, 4500, 4700, 5200, 5600, 3600)
"""Cost of an interval between beats by semitones: repeat .04, semitone .33, tone .24, 3rds .17, 4ths 5ths .15."""


class Step(Struct, frozen=True):
    """A note of the walk: ticks from the start of the section, ``weight`` added to its velocity."""

    at: Tick
    length: Tick
    pitch: int
    mark: str
    weight: float
    idea: str
    manner: str = ""


class Beat(Struct, frozen=True):
    """A felt beat of the section: its chord, whether the chord begins on it, whether it is the last before a change."""

    number: int
    at: Tick
    length: Tick
    chord: Chord
    first: bool
    last: bool


def walk(brief: Brief, ideas: Walk, register: Register, pedals: Sequence[tuple[Tick, Tick, int]]) -> tuple[Step, ...]:
    """The line of a section: in two at the tiers of the two-feel, else a note on every beat with skips between."""
    beats = _beats(brief)
    if brief.lane.tier in ideas.two_feel:
        return _in_two(brief, ideas, register, beats, pedals)
    pitches = _search(brief, ideas, register, beats, pedals)
    return tuple(step for n in range(len(beats)) for step in _stepped(brief, ideas, beats, pitches, n))


def _beats(brief: Brief) -> tuple[Beat, ...]:
    section = brief.section
    meter = section.meter
    starts = {chord.start for chord in changes(section)}
    grid = [
        (bar * meter.bar + at, length)
        for bar in range(section.bars)
        for at, length in zip(meter.onsets, meter.pulses, strict=True)
    ]
    found = []
    for n, (at, length) in enumerate(grid):
        begins = any(at <= start < at + length for start in starts)
        ends = n + 1 == len(grid) or any(at + length <= start < grid[n + 1][0] + grid[n + 1][1] for start in starts)
        found.append(Beat(n, at, length, section.chord_at(at + length - 1 if begins else at), begins, ends))
    return tuple(found)


# -- the search --------------------------------------------------------------------------------------------------------

Path = tuple[int, ...]
Costs = list[int]
"""What each pitch of the register costs, the lowest first."""


def _search(
    brief: Brief, ideas: Walk, register: Register, beats: Sequence[Beat], pedals: Sequence[tuple[Tick, Tick, int]]
) -> Path:
    """The cheapest line: one pitch per beat. Bars that repeat one of the two before them and notes that rock to and fro are
    sought again, dearer."""
    local = [_local(brief, beat, ideas, register, pedals) for beat in beats]
    goal = _landing(following(brief, brief.section.length - 1), register, ideas.approach)
    path = _cheapest(beats, local, register, ideas.approach, goal)
    for n in (*_worn(path, len(brief.section.meter.onsets)), *_rocking(path, beats)):
        local[n][path[n] - register.low] += 1500
    return _cheapest(beats, local, register, ideas.approach, goal)


def _cheapest(
    beats: Sequence[Beat], local: Sequence[Costs], register: Register, approach: Weights, goal: Costs
) -> Path:
    """Viterbi over (direction, pitch): the line falls or rises to a pitch, or repeats it on its way.

    A state is one number, its cost so far above its place (pitches falling to, then pitches rising to, from the lowest):
    so the smallest is the cheapest, and of equally cheap ones the first.
    """
    size = len(goal)
    falling = [cost + 60 * abs(n + register.low - register.middle) for n, cost in enumerate(local[0])]
    rising = falling
    back: list[list[int]] = []
    for before, beat, price in zip(beats, beats[1:], local[1:], strict=False):
        up, down = _moves(size, (approach or _LEADS) if before.last else ())
        turning = 0 if beat.first else 300
        f = [cost << _PLACE | n for n, cost in enumerate(falling)]
        r = [cost << _PLACE | n for n, cost in enumerate(rising, size)]
        turned = turning << _PLACE
        on = [a + turned if a + turned < b else b for a, b in zip(f, r, strict=True)]
        off = [a if a < b + turned else b + turned for a, b in zip(f, r, strict=True)]
        fell = [min(map(add, (f[n], *off[n + 1 :]), down)) for n in range(size)]
        rose = [min(map(add, (r[n], *on[:n][::-1]), up)) for n in range(size)]
        falling = [(best >> _PLACE) + cost for best, cost in zip(fell, price, strict=True)]
        rising = [(best >> _PLACE) + cost for best, cost in zip(rose, price, strict=True)]
        back.append([best & _PLACES for best in (*fell, *rose)])
    ends = [cost + landing for cost, landing in zip((*falling, *rising), (*goal, *goal), strict=True)]
    at = ends.index(min(ends))
    path = [at % size]
    for best in reversed(back):
        at = best[at]
        path.append(at % size)
    return tuple(register.low + pitch for pitch in reversed(path))


_PLACE = 8
_PLACES = (1 << _PLACE) - 1


@lru_cache(maxsize=64)
def _moves(size: int, approach: Weights) -> tuple[Costs, Costs]:
    """Cost of staying and of rising, and of staying and of falling, by so many semitones; as states have it."""
    leads = _leads(approach) if approach else {}
    up, down = ([_led(step, leads) if leads else _leap(step) for step in range(0, way * size, way)] for way in (1, -1))
    return [cost << _PLACE for cost in up], [cost << _PLACE for cost in down]


@lru_cache(maxsize=256)
def _leads(weights: Weights) -> dict[int, int]:
    """Cost of the interval from an approach note to the first note of the next chord; 99 stands for any other."""
    table = dict(weights)
    total = sum(table.values())
    named = {int(name): _cost(w / total) * 7 // 10 for name, w in table.items() if name != "other"}
    return {**named, 99: _cost(table.get("other", 1.0) / total / 12) * 7 // 10}


def _cost(share: float) -> int:
    return round(-1000 * log(max(share, 1e-4)))


def _led(step: int, leads: dict[int, int]) -> int:
    """Cost of an approach by an interval: what is not named, the dearer the wider beyond a fourth."""
    return leads.get(step, leads[99] + 300 * max(0, abs(step) - 5))


def _leap(step: int) -> int:
    return _LEAPS[abs(step)] if abs(step) <= 12 else 9000


def _worn(path: Path, bar: int) -> list[int]:
    """Beats after the first of every bar whose notes are those of one of the two bars before it."""
    bars = [path[n : n + bar] for n in range(0, len(path), bar)]
    tired = [n for n in range(1, len(bars)) if bars[n] in bars[max(0, n - 2) : n]]
    return [n * bar + beat for n in tired for beat in range(1, bar)]


def _rocking(path: Path, beats: Sequence[Beat]) -> list[int]:
    """Beats that come back to the note of two beats before with a neighbour between, other than to a root."""
    return [
        n
        for n in range(2, len(path))
        if path[n] == path[n - 2] and abs(path[n] - path[n - 1]) <= 2 and path[n] % 12 != beats[n].chord.bass
    ]


def _landing(goal: Chord | None, register: Register, approach: Weights) -> Costs:
    """What each last pitch costs on the way to the next section's first root."""
    pitches = range(register.low, register.high + 1)
    if goal is None:
        return [0] * len(pitches)
    leads = _leads(approach or _LEADS)
    roots = [pitch for pitch in pitches if pitch % 12 == goal.bass]
    return [min((_led(r - p, leads) for r in roots), default=0) for p in pitches]


def _local(
    brief: Brief, beat: Beat, ideas: Walk, register: Register, pedals: Sequence[tuple[Tick, Tick, int]]
) -> Costs:
    """What each pitch of the register costs on a beat by itself: its degree, its height, and a touch of chance.

    The last beat before a change may take any pitch: what matters is where it leads. Chance is a Gumbel number for
    each pitch class, five bits of one draw.
    """
    pitches = range(register.low, register.high + 1)
    held = next((pitch for start, end, pitch in pedals if start <= beat.at < end), None)
    if held is not None:
        return [0 if pitch == held else 100_000 for pitch in pitches]
    costs = _classes(
        beat.chord.root,
        beat.chord.quality,
        beat.chord.bass,
        register.key.tonic,
        register.key.mode,
        ideas.first if beat.first else ideas.inner,
        beat.first,
    )
    degree = [cost * (12 if beat.first else 10) // 10 for cost in costs]
    if beat.last and not beat.first:
        degree = [min(cost, 4200) // 3 for cost in degree]
    bits = _place(brief, beat).bits("pitches")
    heat = 0.2 + 1.1 * brief.dials.creativity
    classes = [cost - round(heat * _GUMBEL[bits >> 5 * pc & 31]) for pc, cost in enumerate(degree)]
    middle = min(register.low + 12, register.high)
    return [classes[pitch % 12] + 40 * abs(pitch - middle) for pitch in pitches]


@lru_cache(maxsize=2048)
def _classes(
    root: int, quality: str, bass: int, tonic: int, mode: str, weights: Weights, first: bool
) -> tuple[int, ...]:
    """-log weight (thousandths) of the twelve pitch classes; ``s`` shares its weight among the scale's others."""
    scale = chord_scale(root, quality, tonic, mode)
    total = sum(weight for _, weight in weights) or 1.0
    named = {name: weight for name, weight in weights if name != "s"}
    found: dict[int, int] = {}
    for name, weight in named.items():
        pc = bass if name == "R" else (root + interval(name, root, quality, scale)) % 12
        found.setdefault(pc, _cost(weight / total))
    others = [pc for pc in scale if pc not in found]
    spread = dict(weights).get("s", 0.0)
    found.update({pc: _cost(spread / total / len(others)) for pc in others} if spread else {})
    if first and not named:
        found[bass] = 0
    return tuple(found.get(pc, 20_000) for pc in range(12))


# -- the line played ---------------------------------------------------------------------------------------------------


OWN = 0.4
"""How often a bar over chords that come again is another, at creativity 1."""


def _place(brief: Brief, beat: Beat) -> Seed:
    """Where the chance of a beat is drawn from: over the same chords a player has the same way through them all through a song;
    now and then a bar has its own."""
    bar = brief.section.meter.bar
    if brief.cell.reroll or brief.seed.at("walk", beat.at // bar).chance("own", OWN * brief.dials.creativity):
        return brief.seed.at("walk", beat.at)
    chord, after = beat.chord, following(brief, beat.at)
    where = (chord.root, chord.quality, chord.bass, beat.at % bar, after.bass if after else "")
    return whole_song(brief).at("walk", brief.part, *where)


def _stepped(brief: Brief, ideas: Walk, beats: Sequence[Beat], pitches: Path, n: int) -> list[Step]:
    """A beat's note, and now and then a skip before the next beat."""
    beat, pitch = beats[n], pitches[n]
    meter = brief.section.meter
    backbeat = meter.onsets.index(beat.at % meter.bar) % 2 == 1
    idea = "walk, arrives" if beat.first else "walk, approach" if beat.last else "walk"
    main = Step(beat.at, beat.length, pitch, "x", 3.0 if backbeat else 0.0, idea, _slide(brief, pitches, n, beat))
    seed = _place(brief, beat)
    odds = dict(ideas.skips).get(brief.band, 0.0) * 2 * brief.lane.density * (0.5 + brief.dials.complexity)
    if not seed.chance("skip", odds):
        return [main]
    split = beat.length * 2 // 3
    dead = seed.chance("skip is dead", 0.55)
    after = pitch if dead or n + 1 == len(beats) else _between(pitch, pitches[n + 1])
    skip = Step(
        beat.at + split, beat.length - split, after, "g" if dead else "s", 0.0, "walk, skip", "dead" if dead else ""
    )
    return [Step(main.at, split, pitch, "x", main.weight, idea, main.manner), skip]


def _between(here: int, there: int) -> int:
    """The octave's worth of a skip: the same note, or its octave toward where the line goes."""
    return here + 12 if there - here > 7 else here - 12 if here - there > 9 else here


def _slide(brief: Brief, pitches: Path, n: int, beat: Beat) -> str:
    rises = n > 0 and 1 <= pitches[n] - pitches[n - 1] <= 4
    return "slide" if rises and brief.seed.at("walk", beat.at).chance("slide", 0.07) else ""


def _in_two(
    brief: Brief, ideas: Walk, register: Register, beats: Sequence[Beat], pedals: Sequence[tuple[Tick, Tick, int]]
) -> tuple[Step, ...]:
    """Half notes: the chord on one, a third or fifth in the middle of the bar, sometimes a step into the next chord."""
    meter = brief.section.meter
    middle = meter.onsets[(len(meter.onsets) + 1) // 2] if len(meter.onsets) > 1 else 0
    played: list[Beat] = []
    for beat in beats:
        seed = _place(brief, beat)
        leads = beat.last and not beat.first and seed.chance("lead-in", 0.2 + 0.3 * brief.lane.density)
        third = beat.at % meter.bar == middle and (len(meter.onsets) != 3 or seed.chance("third beat", 0.5))
        if beat.at % meter.bar == 0 or beat.first or third or leads:
            played.append(beat)
    ends = [*(beat.at for beat in played), brief.section.length][1:]
    steps: list[Step] = []
    near = register.middle
    for beat, end in zip(played, ends, strict=True):
        held = next((pitch for start, stop, pitch in pedals if start <= beat.at < stop), None)
        near, idea = (held, "two-feel, pedal") if held is not None else _two(brief, ideas, register, beat, near, middle)
        steps.append(Step(beat.at, end - beat.at, near, "x", 2.0 if beat.first else -2.0, idea))
    return tuple(steps)


def _two(brief: Brief, ideas: Walk, register: Register, beat: Beat, near: int, middle: Tick) -> tuple[int, str]:
    """Pitch and idea of a note in two."""
    seed = _place(brief, beat)
    chord = beat.chord
    root = register.root(chord.bass, near)
    at = beat.at % brief.section.meter.bar
    goal = following(brief, beat.at)
    if beat.last and not beat.first and at not in (0, middle) and goal is not None:
        target = register.root(goal.bass, near)
        return register.fold(
            target + seed.choose("lead-in by", (-1, 1, -2, 2), (29.0, 21.0, 18.0, 7.0))
        ), "two-feel, lead-in"
    weights = ideas.first if beat.first or at == 0 else ideas.third or ideas.first
    names = [(name, weight) for name, weight in weights if name != "s"]
    name = (
        "R"
        if beat.first and seed.chance("on the root", 0.9)
        else seed.choose("degree", [n for n, _ in names], [w for _, w in names])
    )
    if name == "R":
        return root, "two-feel"
    above = interval(name, chord.root, chord.quality, scale_of(chord, register.key))
    pitch = root + (chord.root + above - chord.bass) % 12
    below = pitch - 12
    return (
        below if below >= register.low and abs(below - near) < abs(pitch - near) else register.fold(pitch)
    ), "two-feel"
