"""How a pattern becomes a bass line: which pattern, varied how, locked to which kicks.

Everything here is rhythm and degree; pitches come last, in bass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from scorekit.ensemble.base import busier, heat, suited
from scorekit.ensemble.degrees import APPROACHES
from scorekit.ensemble.playing import (
    LOOP,
    busyness,
    figure_of,
    figured,
    fills_of,
    grouped,
    keeps,
    leaning_to,
    looped,
    momentous,
    paced,
    period,
    pulse_at,
    rooted,
    strength,
    tier_at,
    usable,
    window,
)
from scorekit.ideas import BassIdeas, BassLine, Hit, Pattern
from scorekit.score import Brief
from scorekit.seeds import Seed
from scorekit.timebase import PPQ, Tick

_ROLES = ("state", "restate", "answer", "state")


class Pluck(Struct, frozen=True):
    """One onset of a line before it has a pitch: ticks from the start of the section."""

    at: Tick
    length: Tick
    token: str
    mark: str
    path: str
    idea: str


# -- which line --------------------------------------------------------------------------------------------------------


def lines_of(brief: Brief, ideas: BassIdeas) -> tuple[tuple[BassLine, BassLine], ...]:
    """(what goes on, what is called for) in each bar: one line for the section, now and then another to answer, and what
    takes over in single bars; the same twice in all others."""
    lines = ideas.lines or (_plain(brief),)
    asked = next((line for line in lines if line.id == brief.cell.pattern), None)
    mains: dict[tuple[int, tuple[BassLine, ...]], BassLine] = {}
    chosen: list[BassLine] = []
    for bar in range(brief.section.bars):
        tier, able = tier_at(brief, bar), usable(lines, brief, bar)
        if (tier, able) not in mains:
            mains[tier, able] = asked or _choose(brief, able, ideas, tier)
        chosen.append(mains[tier, able])
    if asked is not None or len(lines) == 1:
        return tuple(zip(chosen, chosen, strict=True))
    _answers(brief, lines, chosen, ideas.stray)
    kicks = kicks_of(brief)

    def fit(line: BassLine, bar: int) -> float:
        error = _lock_error(brief, line, kicks, ideas.kick_lock, range(bar, bar + 1))
        return round(float(2.0 ** (-3 * error)), 9)

    return tuple(zip(chosen, momentous(lines, brief, chosen, fit), strict=True))


def _plain(brief: Brief) -> BassLine:
    """Roots on the downbeat, for a genre that says nothing."""
    steps = 4 * brief.section.grid
    return BassLine("roots", (1, 2, 3, 4, 5), 1.0, "", "", Pattern(steps, steps, (Hit(0, "x", steps),)), ("R",))


def _choose(brief: Brief, lines: Sequence[BassLine], ideas: BassIdeas, tier: int) -> BassLine:
    """The section's line by weight, leaning by the dials and toward the wanted share of kicks; a loop's by weight alone."""
    short = [line for line in lines if 2 * line.rhythm.bars <= max(2, brief.section.bars)]
    fitting, shares = grouped(short or lines, tier, keeps(brief))
    if ideas.stray < LOOP:
        return looped(brief, ideas.lines or lines, fitting)
    onsets = [_rate(line) for line in fitting]
    low, span = min(onsets), (max(onsets) - min(onsets)) or 1.0
    kicks = kicks_of(brief)
    dials = leaning_to(brief)
    weights = [
        share
        * busier(line.weight, (rate - low) / span, dials)
        * 2.0 ** (-8 * ideas.kick_lock * _lock_error(brief, line, kicks, ideas.kick_lock))
        for line, rate, share in zip(fitting, onsets, shares, strict=True)
    ]
    return figure_of(brief, "line", ideas.lines or lines, fitting, weights)


def _rate(line: BassLine) -> float:
    return len(line.rhythm.hits) / line.rhythm.bars


def kicks_of(brief: Brief) -> frozenset[Tick]:
    return frozenset(brief.gist("drums").kicks)


def _lock_error(brief: Brief, line: BassLine, kicks: frozenset[Tick], lock: float, bars: range = range(4)) -> float:
    """How far the share of kicks that the line meets is from the wanted one, over some bars (the first four)."""
    section = brief.section
    span = range(bars.start * section.meter.bar, min(bars.stop, section.bars) * section.meter.bar)
    heard = [k for k in sorted(kicks) if k in span]
    if not heard:
        return 0.0
    onsets = {
        b * section.meter.bar + s.at
        for b in range(bars.start, min(bars.stop, section.bars))
        for s in paced(line.rhythm, section, brief.lane.pace, figured(brief, line, b))
    }
    return abs(sum(k in onsets for k in heard) / len(heard) - lock)


def _answers(brief: Brief, lines: Sequence[BassLine], chosen: list[BassLine], stray: float) -> None:
    """Lets another line answer in the last two of eight bars: the one used longest ago, then by weight."""
    used: dict[str, int] = {}
    for first in range(4, len(chosen), 8):
        tier, main = tier_at(brief, first), chosen[first]
        able = suited(usable(lines, brief, first + 2), tier)
        others = [o for o in able if o.id != main.id and 0.55 < _rate(o) / _rate(main) < 1.8]
        seed = rooted(brief).at(first)
        odds = stray * (0.5 + brief.dials.creativity)
        if others and first + 2 < len(chosen) and seed.chance("another line answers", odds):
            fresh = min(used.get(line.id, -1) for line in others)
            rested = [line for line in others if used.get(line.id, -1) == fresh]
            line = seed.choose("which line answers", rested, [o.weight for o in rested], heat(brief.dials))
            used[line.id] = first
            chosen[first + 2 : first + 4] = [line] * len(chosen[first + 2 : first + 4])


# -- rhythm ------------------------------------------------------------------------------------------------------------


def plucks_of(brief: Brief, lines: Sequence[tuple[BassLine, BassLine]]) -> list[Pluck]:
    """The onsets of a section as the lines have them, each bar varied by its place in the four."""
    found: list[Pluck] = []
    section = brief.section
    for bar, (line, moment) in enumerate(lines):
        tied = bar + 1 < len(lines) and lines[bar + 1] == (line, line)
        inside = _written(brief, bar, line, section.meter.bar * (1 + (tied and moment is line)))
        if moment is line:
            found += _varied(brief, bar, inside)
            continue
        begin, end = (bar * section.meter.bar + tick for tick in window(brief, bar, moment))
        theirs = _written(brief, bar, moment, section.meter.bar)
        mixed = [p for p in inside if not begin <= p.at < end] + [p for p in theirs if begin <= p.at < end]
        found += sorted(mixed, key=lambda p: p.at)
    return found


def _written(brief: Brief, bar: int, line: BassLine, end: Tick) -> list[Pluck]:
    """A line in a bar as written, its last onset not past ``end`` ticks from the bar line. What is left to chance is the same
    whenever the figure comes round."""
    section, first = brief.section, bar * brief.section.meter.bar
    ringing = all(hit.length == 1 for hit in line.rhythm.hits)
    here = figured(brief, line, bar)
    place = rooted(brief).at("hit", here % max(2, line.rhythm.bars))
    found = paced(line.rhythm, section, brief.lane.pace, here)
    found = tuple(s for s in found if s.chance >= 1 or place.chance(f"{s.at}", s.chance))
    inside = []
    for s, until in zip(found, [*(s.at for s in found[1:]), end], strict=False):
        length = min(until - s.at, pulse_at(section, s.at)) if ringing else min(s.length, max(1, until - s.at))
        token = line.degrees[s.index % len(line.degrees)] if line.degrees else "R"
        inside.append(Pluck(first + s.at, length, token, s.mark, line.path, line.id))
    return inside


def _varied(brief: Brief, bar: int, plucks: list[Pluck]) -> list[Pluck]:
    """State as written, restate with a ghost, answer with a change of degree, turn toward what follows; a line of one bar is
    only turned."""
    role = "turn" if bar in brief.lane.turns else _ROLES[bar % 4]
    if role == "state" or (role != "turn" and period(brief) == 1):
        return plucks
    seed = rooted(brief).at(bar)
    assert isinstance(brief.ideas, BassIdeas)
    creative = brief.dials.creativity * min(1.0, 4.0 * brief.ideas.stray)
    odds = {"restate": 0.3, "answer": 0.5, "turn": 1.8}[role]
    if len(plucks) < 2 or not seed.chance("varied", odds * creative):
        return plucks
    if role == "restate":
        return _dropped(brief, plucks, seed)
    if role == "answer":
        return _lifted(brief, plucks, seed)
    return _turned(brief, bar, plucks, seed)


def _weak(brief: Brief, plucks: list[Pluck]) -> list[int]:
    """Places of onsets off the felt beats that are roots."""
    return [n for n, p in enumerate(plucks) if n and strength(brief.section, p.at) < 0.5 and p.token in ("R", "5", "8")]


def named(pluck: Pluck, token: str, what: str) -> Pluck:
    return replace(pluck, token=token, idea=f"{pluck.idea.split(',')[0]}, {what}")


def _dropped(brief: Brief, plucks: list[Pluck], seed: Seed) -> list[Pluck]:
    """A weak root becomes a ghost."""
    weak = _weak(brief, plucks)
    if not weak:
        return plucks
    n = weak[int(seed.unit("which ghost") * len(weak))]
    return [*plucks[:n], replace(named(plucks[n], "x", "ghost"), mark="g"), *plucks[n + 1 :]]


def _lifted(brief: Brief, plucks: list[Pluck], seed: Seed) -> list[Pluck]:
    """One onset in the second half goes to the octave or the fifth."""
    half = plucks[0].at // brief.section.meter.bar * brief.section.meter.bar + brief.section.meter.bar // 2
    late = [n for n, p in enumerate(plucks) if p.at >= half and p.token == "R"]
    if not late:
        return plucks
    n = late[int(seed.unit("which lifts") * len(late))]
    token = seed.choose("lifted to", ("8", "5", "5-", "3"), (3.0, 3.0, 2.0, 1.0 * brief.dials.complexity))
    return [*plucks[:n], named(plucks[n], token, f"answer on {token}"), *plucks[n + 1 :]]


class Run(Struct, frozen=True):
    """What a bass player leaves a phrase with: beats from the bar line, and (part of a beat, degree) of each onset."""

    name: str
    weight: float
    beats: int
    steps: tuple[tuple[float, str], ...]
    fine: bool = False
    """In sixteenths: for lines that have some."""


RUNS = (
    Run("walks into the next", 3.0, 1, ((0, "(("), (0.5, "("))),
    Run("walks down into the next", 2.0, 1, ((0, "))"), (0.5, ")"))),
    Run("falls from the octave", 2.0, 2, ((0, "8"), (0.5, "b7"), (1, "5"), (1.5, "("))),
    Run("climbs into the next", 1.5, 2, ((0, "R"), (0.5, "3"), (1, "(("), (1.5, "("))),
    Run("answers an octave up", 1.0, 1, ((0, "R"), (0.5, "8"))),
    Run("rattles into the next", 2.0, 1, ((0, "R"), (0.25, "x"), (0.5, "x"), (0.75, "<")), True),
    Run("hammers into the next", 1.5, 1, ((0, "b7"), (0.25, "8"), (0.5, "5"), (0.75, "(")), True),
)


def _turned(brief: Brief, bar: int, plucks: list[Pluck], seed: Seed) -> list[Pluck]:
    """The last beats of a phrase run into what follows: a step at a time where it is quiet, up and down the chord where it is
    loud, in sixteenths where the line has some."""
    meter, pulse = brief.section.meter, brief.section.meter.pulses[-1]
    even = set(meter.pulses) == {PPQ} and brief.section.grid == 4
    fine = even and any(p.at % (PPQ // 2) for p in plucks)
    able = [r for r in RUNS if (fine or not r.fine) and (even or r.beats == 1)]
    able = [r for r in able if len(r.steps) == 2 or brief.lane.tier >= 3]
    run = seed.choose("run", able, [r.weight for r in able])
    start = bar * meter.bar + meter.onsets[-run.beats]
    kept = [replace(p, length=min(p.length, start - p.at)) for p in plucks if p.at < start]
    if brief.lane.tier <= 1 or not kept:
        return plucks
    ticks = [start + (upbeat(brief, pulse) if part == 0.5 else round(part * pulse)) for part, _ in run.steps]
    ends = [*ticks[1:], (bar + 1) * meter.bar]
    source = named(plucks[-1], "R", f"turn, {run.name}")
    return kept + [
        replace(source, at=at, length=end - at, token=token, mark="g" if token == "x" else "x")
        for at, end, (_, token) in zip(ticks, ends, run.steps, strict=True)
    ]


def upbeat(brief: Brief, span: Tick) -> Tick:
    """Where the second of two notes in a span begins: in the middle, in swing after two thirds."""
    return span // 2 if brief.section.grid != 3 or brief.section.meter.compound else span * 2 // 3


def thinned(brief: Brief, plucks: list[Pluck]) -> list[Pluck]:
    """Fewer or more onsets than written as the dials ask, the same in every two bars: the weakest go first, long notes
    are struck again."""
    busy = busyness(brief)
    if busy < 0.5:
        return [p for p in plucks if not _dispensable(brief, p, 1.0 - 2.0 * busy)]
    ends = [p.at for p in plucks[1:]] + [brief.section.length]
    extra = [again for p, end in zip(plucks, ends, strict=False) if (again := _again(brief, p, end, 2.0 * busy - 1.0))]
    return sorted([*plucks, *extra], key=lambda p: p.at)


def _dispensable(brief: Brief, pluck: Pluck, lost: float) -> bool:
    """Whether an onset is left out of a sparser line."""
    place = rooted(brief).at("thin", pluck.at % (period(brief) * brief.section.meter.bar))
    return place.chance("go", lost * 1.1 * (0.95 - strength(brief.section, pluck.at)))


def _again(brief: Brief, pluck: Pluck, end: Tick, more: float) -> Pluck | None:
    """The second stroke of a note in a busier line: an eighth later, or (rarely) a sixteenth into an eighth."""
    eighth = PPQ // 2 if brief.section.grid != 3 else PPQ * 2 // 3
    step = eighth if pluck.length > eighth else PPQ // 4
    at, odds = pluck.at + step, more * (0.6 if step == eighth else 0.3)
    fits = pluck.length > step and end - at >= PPQ // brief.section.grid and brief.section.grid * step >= PPQ
    place = rooted(brief).at("thicken", at % (period(brief) * brief.section.meter.bar))
    if not fits or pluck.token in APPROACHES or not place.chance("strike again", odds):
        return None
    return replace(named(pluck, pluck.token, "struck again"), at=at, length=pluck.length - step, mark="s")


def _usual(brief: Brief, kicks: frozenset[Tick]) -> frozenset[Tick]:
    """The places in a figure where most have a kick: a line follows the groove, not its every ornament."""
    span = period(brief) * brief.section.meter.bar
    times = -(-brief.section.length // span)
    often = Counter(tick % span for tick in kicks)
    return frozenset(place for place, count in often.items() if 2 * count >= times)


def locked(brief: Brief, plucks: list[Pluck], lock: float) -> list[Pluck]:
    """Onsets moved by at most a step onto kicks the line misses, bar by bar, until the wanted share is met.

    Downbeats, onsets already on a kick and even pulses stay.
    """
    places = _usual(brief, kicks_of(brief))
    step, bar = PPQ // brief.section.grid, brief.section.meter.bar
    taken = {p.at for p in plucks}
    moved: dict[Tick, Tick] = {}
    for first in range(0, brief.section.length, bar):
        here = sorted(first + p % bar for p in places if p // bar == first // bar % period(brief))
        own = [p.at for p in plucks if first <= p.at < first + bar]
        half = [at for at in own if at < first + bar // 2]
        even = any(len(run) > 3 and len({b - a for a, b in pairwise(run)}) == 1 for run in (own, half))
        missing = [] if even else [k for k in here if k not in taken]
        while missing and 1 - len(missing) / len(here) < lock:
            kick = missing.pop(0)
            for at in (kick + step, kick - step):
                free = at in taken and at not in here and at % bar and at not in moved.values()
                if free and first <= at < first + bar:
                    taken = (taken - {at}) | {kick}
                    moved[at] = kick
                    break
    shifted = [replace(named(p, p.token, "with the kick"), at=moved[p.at]) if p.at in moved else p for p in plucks]
    return sorted(shifted, key=lambda p: p.at)


def under_fills(brief: Brief, plucks: list[Pluck]) -> list[Pluck]:
    """While the drums fill, only felt beats and what leads into the next bar; lines that live off the beat stay."""
    bar, onsets = brief.section.meter.bar, brief.section.meter.onsets
    fills = fills_of(brief)
    busy = [p for p in plucks if p.at >= fills.get(p.at // bar, brief.section.length)]
    marked = {p.at // bar for p in busy if p.at % bar in onsets}
    gone = {p.at for p in busy if p.at // bar in marked and p.at % bar not in onsets and p.token not in APPROACHES}
    return [p for p in plucks if p.at not in gone]


def trimmed(plucks: list[Pluck]) -> list[Pluck]:
    """No onset sounds into the next."""
    ends = [p.at for p in plucks[1:]]
    return [
        p if p.at + p.length <= end else replace(p, length=end - p.at) for p, end in zip(plucks, ends, strict=False)
    ] + plucks[-1:]
