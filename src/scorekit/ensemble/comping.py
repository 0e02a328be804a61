"""Comping, for whoever comps: when the chords under the hands are struck.

A comp is a row of stabs in time over a row of slots in harmony (hands); guitar and keys turn both into notes in their
own way.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from scorekit.ensemble.base import busier
from scorekit.ensemble.families import FIGURES
from scorekit.ensemble.grid import Stroke, offbeat
from scorekit.ensemble.playing import (
    LOOP,
    Tune,
    busyness,
    chord_starts,
    figure_of,
    figured,
    grounds,
    grouped,
    heeded,
    home,
    keeps,
    leaning_to,
    looped,
    momentous,
    paced,
    period,
    rooted,
    span,
    strength,
    tier_at,
    tune,
    usable,
    window,
)
from scorekit.ensemble.pushing import BLOCK, pushed
from scorekit.ensemble.stabs import Stab, lifted, restruck, trimmed
from scorekit.ensemble.together import Row, clock, common, fondness, joining, met
from scorekit.ideas import CompCell, CompIdeas, Hit, Pattern
from scorekit.score import Brief
from scorekit.seeds import Seed
from scorekit.timebase import PPQ, Tick

PHRASE = 4
"""Bars for which a comper lays out; those who hardly play a thing twice do for two."""
RIFF = 300.0
"""How much likelier a cell is that has all its onsets in common with the twin's."""


class Around(Struct, frozen=True):
    """When others begin notes: the one with whom a riff is played, the row of all whose accents are shared, and that of the bass
    alone, by which a figure is chosen: whoever else is there now may be missing when the section returns."""

    twin: frozenset[Tick]
    row: Row
    ground: Row


# -- rhythm ------------------------------------------------------------------------------------------------------------


def stabs(brief: Brief, ideas: CompIdeas, others: Sequence[str], twin: frozenset[Tick] = frozenset()) -> list[Stab]:
    """When the part strikes, before intents: cells chosen, thinned around the tune, varied, pushed, answering.

    A comper finds a figure of two bars and keeps it through the section: what is left out, pushed or added comes again
    at the same place, but in blocks where it strays (``ideas.stray``).
    ``others`` are the parts whose accents are shared, ``twin`` when one strikes with which it makes a riff.
    """
    heard = tune(brief)
    ground = ("bass",) if ideas.stray < LOOP else heeded(brief, ("bass",))
    row = ground if ideas.stray < LOOP else heeded(brief, others)
    around = Around(twin, common(brief, row), common(brief, ground))
    cells = _cells(brief, ideas, around)
    found: list[Stab] = []
    for first in range(0, brief.section.bars, BLOCK):
        found += _block(brief, ideas, cells, first, around, heard)
    found = lifted(brief, _answered(brief, ideas, pushed(brief, ideas, found, around.twin), heard))
    return restruck(brief, trimmed(found, brief.section.length))


def _cells(brief: Brief, ideas: CompIdeas, around: Around) -> tuple[tuple[CompCell, CompCell], ...]:
    """(what goes on, what is called for) in each bar: its block's cell, and what takes over in single bars, the same twice in
    all others; a riff takes up only what its twin plays too."""
    bars = brief.section.bars
    weighed: dict[tuple[object, ...], list[float]] = {}
    blocks = [_cell(brief, ideas, first, around, weighed) for first in range(0, bars, BLOCK)]
    going = [blocks[bar // BLOCK] for bar in range(bars)]
    if any(cell.id == brief.cell.pattern for cell in ideas.cells):
        return tuple(zip(going, going, strict=True))

    def fit(cell: CompCell, bar: int) -> float:
        tie = _tied(brief, cell, bar, 1, around)
        return tie / RIFF if around.twin else tie

    return tuple(zip(going, momentous(ideas.cells, brief, going, fit), strict=True))


def _strays(brief: Brief, ideas: CompIdeas, bar: int) -> bool:
    """Whether the player leaves its figure in the block of a bar; never in the first, and who plays grooves only at the end of
    eight bars."""
    first = bar // BLOCK * BLOCK
    return (
        first > 0
        and (ideas.stray >= 0.5 or first % 8 == 8 - BLOCK)
        and grounds(brief).at(first).chance("stray", ideas.stray * (0.5 + brief.dials.creativity))
    )


def _place(brief: Brief, ideas: CompIdeas, tick: Tick) -> Seed:
    """Where the chance of a stroke is drawn from, which gives way to the section's tune: its place in the figure, or its own
    where the player strays."""
    bar = brief.section.meter.bar
    own = _strays(brief, ideas, tick // bar)
    if own:
        return grounds(brief).at("own", tick)
    return (rooted(brief) if keeps(brief) else home(brief)).at("figure", tick % (period(brief) * bar))


def _usual(brief: Brief, ideas: CompIdeas, tick: Tick, heard: Tune) -> float:
    """How active the tune is at a place of the figure, in the mean over the section but for what leads into the next; there
    and then where it strays."""
    bar, length = brief.section.meter.bar, brief.section.length - PPQ
    if not heard.notes:
        return 0.0
    if _strays(brief, ideas, tick // bar):
        return heard.activity(tick)
    return heard.usual(tick, period(brief) * bar, length)


def _block(
    brief: Brief, ideas: CompIdeas, cells: Sequence[tuple[CompCell, CompCell]], first: int, around: Around, heard: Tune
) -> list[Stab]:
    """Two bars of comping, or none; whoever is in front does not lay out. No bar of a figure is emptied by thinning; of those
    who have none, unless a tune is heard there."""
    bar = brief.section.meter.bar
    loud = (1.3, 1.2, 1.0, 0.6, 0.0)[brief.lane.tier - 1]
    whole = first if ideas.stray >= 0.5 else first // PHRASE * PHRASE
    odds = ideas.layout * loud * (1.5 - brief.lane.density)
    if whole and brief.lane.layer != "front" and brief.seed.at(whole).chance("lay out", odds):
        return []
    written = _laid(brief, cells, first)
    if around.twin:
        written = _joined(brief, written, around.twin)
    else:
        row = around.row.folded(span(brief, cells[0][0]))
        written = joining(brief, met(brief, written, row), first, row)
    shyness = ideas.gapfill * min(1.0, 0.25 + len(written) / (6.0 * BLOCK))
    pulse = clock(written)
    found = [s for s in written if _wanted(brief, ideas, shyness, s, heard, s.at not in pulse)]
    left = {s.at // bar for s in found}
    firsts = {s.at // bar: s for s in reversed(written) if ideas.stray < 0.5 or not heard.activity(s.at)}
    found = sorted([*found, *(s for n, s in firsts.items() if n not in left)], key=lambda s: s.at) or written[:1]
    found = found if around.twin else _varied(brief, ideas, found, first)
    return _thickened(brief, found, heard, ideas, around.twin)


def _cell(
    brief: Brief, ideas: CompIdeas, first: int, around: Around, weighed: dict[tuple[object, ...], list[float]]
) -> CompCell:
    """The cell of a block: the section's own, or now and then another, that leaves the other part's rhythm alone and
    takes up its twin's. What was weighed for another block is not weighed again."""
    cells = ideas.cells or (_held(brief),)
    asked = next((cell for cell in cells if cell.id == brief.cell.pattern), None)
    if asked is not None:
        return asked
    tier = tier_at(brief, first)
    fitting, shares = grouped(usable(cells, brief, first), tier, keeps(brief))
    strays = _strays(brief, ideas, first)
    place = first if strays else 0
    key = (place, *map(id, fitting))
    weighed[key] = weighed.get(key) or _weights(brief, ideas, fitting, place, around)
    weights = [w * s for w, s in zip(weighed[key], shares, strict=True)]
    main = looped(brief, cells, fitting) if ideas.stray < LOOP else figure_of(brief, "cell", cells, fitting, weights)
    others = [n for n, cell in enumerate(fitting) if cell.id != main.id]
    if others and strays and grounds(brief).at(first).chance("another cell", 0.7):
        return grounds(brief).at(first).choose("which cell", [fitting[n] for n in others], [weights[n] for n in others])
    return main


def _weights(brief: Brief, ideas: CompIdeas, cells: Sequence[CompCell], first: int, around: Around) -> list[float]:
    """Weights of cells from a bar on, by how busy they are and what others play there, a section's last bar aside: that
    belongs to what comes after as well."""
    rates = [len(cell.rhythm.hits) / cell.rhythm.bars for cell in cells]
    low, span = min(rates), (max(rates) - min(rates)) or 1.0
    dials = leaning_to(brief)
    known = max(1, min(BLOCK, brief.section.bars - 1 - first))
    ties = [_tied(brief, cell, first, known, around) for cell in cells]
    return [busier(c.weight, (r - low) / span, dials) * t for c, r, t in zip(cells, rates, ties, strict=True)]


def _tied(brief: Brief, cell: CompCell, first: int, bars: int, around: Around) -> float:
    """Likelier the more of a cell's strokes meet another's; up to three hundred times as likely in its twin's rhythm."""
    begin, end = (brief.section.meter.bar * bar for bar in (first, first + bars))
    played = range(first, min(first + bars, brief.section.bars))
    own = [brief.section.meter.bar * bar + at for bar in played for at in _struck(brief, cell, bar)]
    theirs = {tick for tick in around.twin if begin <= tick < end}
    if around.twin:
        return RIFF ** (len(theirs.intersection(own)) / len(theirs.union(own))) if theirs else 1.0
    return fondness(own, around.ground)


def _struck(brief: Brief, cell: CompCell, bar: int) -> list[Tick]:
    """When a cell is struck in a bar, in ticks from the bar line."""
    return [s.at for s in _strokes(brief, cell, bar)]


def _strokes(brief: Brief, cell: CompCell, bar: int) -> list[Stroke]:
    """The strokes of a cell in a bar. What is left to chance is the same whenever the figure comes round."""
    steady = isinstance(brief.ideas, CompIdeas) and brief.ideas.stray < 0.5
    number = figured(brief, cell, bar)
    place = rooted(brief).at("hit", number % max(BLOCK, cell.rhythm.bars)) if steady else brief.seed.at(bar)
    here = paced(cell.rhythm, brief.section, brief.lane.pace, number)
    return [s for s in here if s.chance >= 1.0 or place.at(s.at).chance("hit", s.chance)]


def _held(brief: Brief) -> CompCell:
    """One chord a bar, for a genre that says nothing."""
    steps = 4 * brief.section.grid
    return CompCell("held", (1, 2, 3, 4, 5), 1.0, "", "", Pattern(steps, steps, (Hit(0, "x", steps),)))


def _laid(brief: Brief, cells: Sequence[tuple[CompCell, CompCell]], first: int, bars: int = BLOCK) -> list[Stab]:
    """The strokes of some bars, each of its cell but where another takes over."""
    bar, found = brief.section.meter.bar, list[Stab]()
    for number in range(first, min(first + bars, brief.section.bars)):
        cell, moment = cells[number]
        own = _written(brief, cell, number)
        if moment is not cell:
            begin, end = window(brief, number, moment)
            own = [s for s in own if not begin <= s.at % bar < end]
            own += [s for s in _written(brief, moment, number) if begin <= s.at % bar < end]
        found += sorted(own, key=lambda s: s.at)
    return found


def _written(brief: Brief, cell: CompCell, bar: int) -> list[Stab]:
    """A cell in a bar. One without ``-`` lets go at the next stroke or after an eighth; strummed ones ring on."""
    section, start = brief.section, bar * brief.section.meter.bar
    written = any(hit.length > 1 for hit in cell.rhythm.hits)
    here, found = paced(cell.rhythm, section, brief.lane.pace, figured(brief, cell, bar)), []
    ends = dict(zip([s.at for s in here], [*(s.at for s in here[1:]), section.meter.bar], strict=False))
    for s in _strokes(brief, cell, bar):
        rings = 2 * PPQ if s.mark in "v^" else PPQ // 2
        length = s.length if written and s.length * section.grid > PPQ else max(s.length, min(ends[s.at] - s.at, rings))
        held = s.length >= 2 * PPQ // section.grid
        tone = cell.degrees[s.index % len(cell.degrees)] if cell.degrees else ""
        mark = "x" if s.mark == "m" and _palm_off(brief, cell) else s.mark
        found.append(Stab(start + s.at, length, mark, start + s.at, cell.path, cell.id, held, cell.voicing, tone))
    return found


def _palm_off(brief: Brief, cell: CompCell) -> bool:
    """Whether what is muted in a figure for quiet sections rings, as it is kept where power chords are loud."""
    ideas = brief.ideas
    return isinstance(ideas, CompIdeas) and "power" in ideas.voicings and max(cell.tiers) < 4 <= brief.lane.tier


def _joined(brief: Brief, found: list[Stab], twin: frozenset[Tick]) -> list[Stab]:
    """Strokes a step beside one of the twin's that nobody joins, moved onto it: a riff is one rhythm."""
    step, own = PPQ // brief.section.grid, {s.at for s in found}
    result = []
    for s in found:
        free = (at for at in (s.at - step, s.at + step) if s.at not in twin and at in twin and at not in own)
        at = next(free, s.at)
        own.add(at)
        result.append(s if at == s.at else replace(s, at=at, sounds=at))
    return sorted(result, key=lambda s: s.at)


def _wanted(brief: Brief, ideas: CompIdeas, shyness: float, stab: Stab, heard: Tune, thins: bool) -> bool:
    """Whether a stroke is played: less likely under a busy tune and, where it ``thins``, when the dials ask for less. Held
    chords and figures stay, and so does the stroke that brings a chord, but of those who never play a thing twice. A line
    of single tones gives way to no tune: half of it is none."""
    section = brief.section
    if stab.family in FIGURES or (stab.held and stab.length >= PPQ):
        return True
    weight = strength(section, stab.at)
    anchor = stab.at in chord_starts(section)
    if anchor and ideas.stray < 0.5:
        return True
    gap = (
        (0.0 if stab.tone else shyness)
        * _usual(brief, ideas, stab.at, heard)
        * (0.3 if anchor else 0.5 if stab.mark == "m" or weight >= 0.6 else 1.0)
    )
    lost = 0.0 if anchor or not thins else max(0.0, 1.0 - 2.0 * busyness(brief)) * 1.1 * (0.95 - weight)
    if lost > 0 and rooted(brief).at("thin", stab.at % (period(brief) * section.meter.bar)).unit("stay") < lost:
        return False
    return gap <= 0 or _place(brief, ideas, stab.at).unit("play") >= gap


def _varied(brief: Brief, ideas: CompIdeas, found: list[Stab], first: int) -> list[Stab]:
    """A block with a turn drops or anticipates one weak stroke, the same in every eight; an even pulse is never
    shifted, and a loop (no straying) is left alone."""
    seed, meter = rooted(brief).at("turn", first % 8), brief.section.meter
    loose = [n for n, s in enumerate(found) if not s.held and s.family not in FIGURES and not s.tone]
    weak = [n for n in loose if strength(brief.section, found[n].at) < 0.6]
    odds = min(1.2, 6.0 * ideas.stray) * brief.dials.creativity
    turns = any(bar in brief.lane.turns for bar in range(first, first + BLOCK))
    if not turns or len(weak) < 3 or not seed.chance("varied", odds):
        return found
    n = weak[int(seed.unit("which") * len(weak))]
    if seed.chance("drop it", 0.5):
        return found[:n] + found[n + 1 :]
    sooner = found[n].at - PPQ // brief.section.grid
    even = len({b.at - a.at for a, b in itertools.pairwise(found)}) == 1
    free = n > 0 and found[n - 1].at < sooner and sooner % meter.bar < found[n].at % meter.bar and not even
    moved = replace(found[n], at=sooner, sounds=sooner, idea=f"{found[n].idea}, a step early")
    return [*found[:n], moved, *found[n + 1 :]] if free else found


def _thickened(brief: Brief, found: list[Stab], heard: Tune, ideas: CompIdeas, twin: frozenset[Tick]) -> list[Stab]:
    """Softer strokes an eighth after short ones where the dials ask for more, the tune leaves room and a twin plays."""
    extra = max(0.0, 2.0 * busyness(brief) - 1.0)
    if not extra or not found:
        return found
    step, bar = offbeat(brief.section), brief.section.meter.bar
    taken = {s.at for s in found}
    added = []
    for s in found:
        at = s.at + step
        room = all(at + d not in taken for d in (0, PPQ // brief.section.grid, -(PPQ // brief.section.grid)))
        odds = 0.7 * extra * (1.0 - ideas.gapfill * _usual(brief, ideas, at, heard))
        joined = (not twin or at in twin) and at // bar == s.at // bar
        if (
            room
            and joined
            and not s.tone
            and s.length <= 2 * step
            and _place(brief, ideas, at).chance("strike again", odds)
        ):
            mark = "m" if s.mark == "m" else "^" if s.mark in "v^" else "s"
            added.append(Stab(at, step // 2, mark, at, s.path, f"{s.idea}, struck again"))
    return sorted([*found, *added], key=lambda s: s.at)


# -- answers ------------------------------------------------------------------------------------------


def _answered(brief: Brief, ideas: CompIdeas, found: list[Stab], heard: Tune) -> list[Stab]:
    """A stroke on the next off-beat after the tune stops for a beat or more, where nothing is struck already; a line of its own
    needs no more."""
    if not found or any(s.tone for s in found):
        return found
    half = offbeat(brief.section)
    added: list[Stab] = []
    for start, end in heard.rests(brief.section.length):
        at = -(-start // PPQ) * PPQ + half
        crowded = any(abs(s.at - at) < half for s in found)
        odds = 0.5 * ideas.gapfill * (0.5 + busyness(brief))
        if not crowded and at < end and _place(brief, ideas, at).chance("answer", odds):
            mark = "v" if found[0].mark in "v^m" else "x"
            added.append(Stab(at, PPQ // 2, mark, at, found[0].path, "answers the tune"))
    return sorted([*found, *added], key=lambda s: s.at)
