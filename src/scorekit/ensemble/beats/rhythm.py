"""The rhythm generator: timelines, cross rhythms and the accent mask everybody reads. It strikes nothing itself.

Timelines and rhythmic tools are pure functions of whole numbers; the mask is one number per grid step of the section.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct

from scorekit.ensemble.base import busier, heat, suited
from scorekit.ensemble.beats.kit import usable
from scorekit.ensemble.grid import strokes
from scorekit.ensemble.intents import bar_end, binds, holds, pushes, strikes
from scorekit.ideas import DrumIdeas, Timeline
from scorekit.score import Brief, Phrase, Section
from scorekit.seeds import Seed
from scorekit.stage import Dials
from scorekit.timebase import PPQ, Meter

EVERYBODY = ""
"""The part name of intents that name nobody."""


# -- tools -----------------------------------------------------------------------------------------


def euclid(onsets: int, steps: int, turn: int = 0) -> tuple[int, ...]:
    """``onsets`` spread as evenly as whole steps allow over ``steps``, turned left by ``turn`` (Toussaint 2005).

    >>> euclid(3, 8)
    (0, 3, 6)
    """
    onsets = max(0, min(onsets, steps))
    spread = [-(-i * steps // onsets) for i in range(onsets)]
    return tuple(sorted((at - turn) % steps for at in spread))


def cycle(many: int, beats: int, grid: int) -> tuple[int, ...]:
    """Where ``many`` even strokes fall over so many beats of ``grid`` steps, to the nearest step: 3 over 2 is 3:2.

    >>> cycle(3, 2, 6)
    (0, 4, 8)
    """
    return tuple((2 * i * beats * grid + many) // (2 * many) for i in range(many))


def regroup(groups: Sequence[int], steps: int) -> tuple[int, ...]:
    """Onsets at the start of each group, groups repeated until ``steps`` are full: 3-3-2, 3-3-3-3-4, 5-5-6.

    >>> regroup((3, 3, 2), 16)
    (0, 3, 6, 8, 11, 14)
    """
    onsets, at, turn = [], 0, 0
    while at < steps:
        onsets.append(at)
        at += groups[turn % len(groups)]
        turn += 1
    return tuple(onsets)


def hemiola(meter: Meter, step: int) -> tuple[int, ...]:
    """Two bars of three felt as three of two (or the reverse): six strokes regrouped, in steps of ``step`` ticks."""
    return cycle(3 if len(meter.onsets) == 3 else 6, 2, meter.bar // step)


def balance(onsets: Sequence[int], meter: Meter, step: int) -> float:
    """How syncopated onsets are: mean weakness (1 - metric strength) of where they fall, 0 on downbeats alone."""
    return sum(1.0 - meter.strength(at * step) for at in onsets) / max(1, len(onsets))


# -- the mask --------------------------------------------------------------------------------------


class _Cross(Struct, frozen=True):
    """A rhythm laid over one or more bars: its onsets in steps, and how it is called."""

    name: str
    onsets: tuple[int, ...]
    bars: int = 1


@lru_cache(maxsize=256)
def _crosses(meter: Meter, grid: int) -> tuple[_Cross, ...]:
    """Cross rhythms of a meter on a grid: of one bar, and threes that run over four before they are set right."""
    step = PPQ // grid
    steps = meter.bar // step
    found = [_Cross("the beats", tuple(on // step for on in meter.onsets))]
    found += [_Cross(f"euclid {k} in {steps}", euclid(k, steps)) for k in (3, 5, 7) if k * 2 <= steps]
    if grid == 4:
        groups: tuple[tuple[int, ...], ...] = ((3, 3, 2), (3, 3, 3, 3, 4), (5, 5, 6), (3, 2))
        found += [_Cross("-".join(map(str, g)), regroup(g, steps)) for g in groups if steps % sum(g) == 0]
        found.append(_Cross("threes over four bars", regroup((3,), 4 * steps), 4))
    found.append(_Cross("3 against the bar", cycle(3, 1, steps)))
    return tuple(found)


_WANTED = (0.0, 0.15, 0.28, 0.42, 0.48, 0.52)
"""Syncopation (see balance) aimed at by tier: grooves please most in the middle (Witek et al. 2014)."""


def _cross(section: Section, seed: Seed, dials: Dials) -> _Cross:
    """The cross rhythm of a section: near the syncopation its tier and the complexity ask for."""
    step = PPQ // section.grid
    aim = _WANTED[section.tier] * (0.5 + dials.complexity)
    found = _crosses(section.meter, section.grid)
    long = 0.25 - 0.2 * dials.creativity if section.tier >= 4 and section.bars >= 4 else 9.0
    costs = [abs(balance(c.onsets, section.meter, step) - aim) + long * (c.bars > 1) for c in found]
    return seed.choose("cross", found, [2.0 ** (-12.0 * cost) for cost in costs], heat(dials))


def timeline(section: Section, ideas: DrumIdeas, seed: Seed, dials: Dials) -> Timeline | None:
    """The timeline in force, None when the genre has none."""
    fitting = suited(usable(ideas.timelines, section), section.tier)
    if not fitting:
        return None
    most = max(len(t.pattern.hits) for t in fitting)
    weights = [busier(t.weight, len(t.pattern.hits) / max(1, most), dials) for t in fitting]
    return seed.choose("timeline", fitting, weights, heat(dials))


def _onsets(section: Section, ideas: DrumIdeas, seed: Seed, dials: Dials) -> tuple[list[int], float]:
    """Steps of the section that the timeline or cross rhythm marks, and how much it counts against the meter."""
    step, per_bar = PPQ // section.grid, section.meter.bar * section.grid // PPQ
    line = timeline(section, ideas, seed, dials)
    if line is not None:
        laid = [(bar, strokes(line.pattern, section.meter, section.grid, bar)) for bar in range(section.bars)]
        return [bar * per_bar + s.at // step for bar, found in laid for s in found], 0.6
    over = _cross(section, seed, dials)
    laps = (lap * per_bar for lap in range(0, section.bars, over.bars))
    total = section.bars * per_bar
    return [lap + at for lap in laps for at in over.onsets if lap + at < total], 0.2 + 0.3 * dials.complexity


def accents(section: Section, ideas: DrumIdeas, seed: Seed, dials: Dials) -> tuple[float, ...]:
    """How much each grid step of the section wants to be struck, 0 to 1: meter, timeline or cross rhythm, then intents.

    The seed should be one that returns of the section share, so that they lean on the same places.
    """
    step = PPQ // section.grid
    marked, share = _onsets(section, ideas, seed, dials)
    mask = [(1.0 - share) * section.meter.strength(at) for at in range(0, section.length, step)]
    for at in marked:
        mask[at] += share
    _lean(mask, section, seed, dials)
    _obey(mask, section)
    return tuple(round(min(1.0, value), 4) for value in mask)


def _lean(mask: list[float], section: Section, seed: Seed, dials: Dials) -> None:
    """The last two bars before a closed cadence may turn into a hemiola, where two bars of it fit."""
    step = PPQ // section.grid
    ternary = len(section.meter.onsets) == 3 or section.meter.beats % 3 == 0
    if section.bars < 4 or section.cadence != "closed" or not ternary or not seed.chance("hemiola", dials.creativity):
        return
    start = (section.length - 2 * section.meter.bar) // step
    for at in hemiola(section.meter, step):
        mask[start + at] += 0.35


def _obey(mask: list[float], section: Section) -> None:
    """Intents for everybody: full weight where something is struck, none where the band is silent."""
    step = PPQ // section.grid
    stops = [(i.tick, bar_end(section, i.tick)) for i in section.intents if i.kind == "stop" and binds(i, EVERYBODY)]
    for start, end in [*stops, *holds(section, EVERYBODY)]:
        for at in range(start // step, min(end // step, len(mask))):
            mask[at] = 0.0
    struck = [*strikes(section, EVERYBODY), *(tick for tick, _ in pushes(section, EVERYBODY))]
    for tick in struck:
        mask[tick // step] = 1.0


class RhythmBeats:
    """Publishes accents (see ``accents``); leaves the drums to others."""

    name = "rhythm"

    def write(self, brief: Brief, so_far: Phrase) -> Phrase:
        """The drums as they are."""
        return so_far
