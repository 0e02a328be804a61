"""Where a band strikes together: what the others strike, as one row of places in a figure of two bars that a comper reads.

A band has common accents: the left hand falls with the bass, the guitar with both, all of them with the tune. So a comper
likes a cell that meets the row, moves what lies a sixteenth beside it onto it, and takes up what two others strike.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from scorekit.ensemble.families import FIGURES
from scorekit.ensemble.playing import rooted, strength
from scorekit.ensemble.pushing import BLOCK
from scorekit.ensemble.stabs import Stab
from scorekit.score import Brief
from scorekit.timebase import PPQ, Tick


class Row(Struct, frozen=True):
    """How many of the others have an accent at each place of a figure, where one of them strikes."""

    span: Tick
    """Length of the figure."""
    counts: Mapping[Tick, int]

    def place(self, tick: Tick) -> Tick:
        """Where a tick lies in the figure."""
        return tick % self.span

    def folded(self, span: Tick) -> Row:
        """The same for a shorter figure: what is struck each time it comes round counts, what is struck only now and then is
        known and counts for nothing."""
        times = range(0, self.span, span)
        spots = {at % span for at in self.counts}
        return Row(span, {spot: min(self.counts.get(spot + at, 0) for at in times) for spot in sorted(spots)})


FOND = 200.0
"""How much likelier a cell is all of whose strokes meet another's."""
JOINS = (0.0, 0.5, 0.8, 0.9)
"""How often a stroke is added where so many others strike."""
LEAVES = 0.6
"""How often a weak stroke goes that nobody meets."""


def common(brief: Brief, parts: Sequence[str]) -> Row:
    """The row of a section: the places where a part strikes in most of its figures, and how many do. What a part does once is no
    accent, nor is a tune, which changes where a figure does not: so the row is the same when the section returns."""
    span = BLOCK * brief.section.meter.bar
    row = Counter[Tick]()
    for part in parts:
        row.update(brief.gist(part).figure)
    return Row(span, row)


def fondness(ticks: Sequence[Tick], row: Row) -> float:
    """How much likelier strokes are chosen for what of them meets the row: 1 to FOND."""
    met = sum(row.place(tick) in row.counts for tick in ticks)
    return float(FOND ** (met / len(ticks))) if ticks and row.counts else 1.0


def clock(written: Sequence[Stab]) -> frozenset[Tick]:
    """The strokes that others hear the time by: an even pulse of beats or longer under all scratches and ghosts, such as a
    skank, a chop on two and four, four to the bar. They make room for a tune, but are never thinned."""
    full = [s.at for s in written if s.mark not in "gmp"]
    gaps = {b - a for a, b in itertools.pairwise(full)}
    return frozenset(full if len(full) > BLOCK and len(gaps) == 1 and min(gaps) >= PPQ else ())


def loose(stab: Stab) -> bool:
    """Whether a stroke is a chord that may go where others are: no line, walk, ghost or scratch."""
    return not stab.tone and stab.mark not in "gmp" and stab.family not in FIGURES


def met(brief: Brief, found: list[Stab], row: Row) -> list[Stab]:
    """Chords between the beats a sixteenth beside a stroke of the others, held ones an eighth, moved onto it; of lines, what
    lies between the eighths and nobody meets goes as often as not. An even pulse is its own."""
    if brief.section.grid != 4 or len(row.counts) < 2 * BLOCK:
        return found
    kept, own = clock(found), {s.at for s in found}
    result = []
    for s in found:
        if row.place(s.at) in row.counts or s.at in kept or strength(brief.section, s.at) >= 0.6:
            result.append(s)
            continue
        if s.tone and s.mark not in "gmp" and s.at % (PPQ // 2) and _leaves(brief, s, row):
            continue
        reach = (PPQ // 4, PPQ // 2) if s.held else (PPQ // 4,)
        near = (at for far in reach for at in (s.at - far, s.at + far))
        bar = brief.section.meter.bar
        free = (at for at in near if at // bar == s.at // bar and row.counts.get(row.place(at)) and at not in own)
        at = next(free, s.at) if loose(s) else s.at
        own.add(at)
        result.append(s if at == s.at else replace(s, at=at, sounds=at, idea=f"{s.idea}, with the others"))
    return sorted(result, key=lambda s: s.at)


def _leaves(brief: Brief, stab: Stab, row: Row) -> bool:
    """Whether a weak stroke goes that nobody meets: the same in every figure."""
    return rooted(brief).at("together", row.place(stab.at)).chance("leaves", LEAVES)


def joining(brief: Brief, found: list[Stab], first: int, row: Row) -> list[Stab]:
    """Where others strike and nothing of one's own is near, now and then a stroke with them, the likelier the more they are;
    strokes that nobody meets go as often, but where fewer than two a bar would be left: the same in every figure. Lines and even
    pulses are their own."""
    if not found or not row.counts or any(s.tone for s in found) or clock(found):
        return found
    section, half = brief.section, PPQ // 2
    begin, end = first * section.meter.bar, min((first + BLOCK) * section.meter.bar, section.length)
    seed = rooted(brief).at("together")
    weak = (s for s in found if loose(s) and not s.held and strength(section, s.at) < 0.6)
    gone = {s.at for s in weak if row.place(s.at) not in row.counts and _leaves(brief, s, row)}
    gone = gone if len(found) - len(gone) >= 2 * BLOCK else set()
    kept = [s for s in found if s.at not in gone]
    added, taken = list[Stab](), [s.at for s in kept]
    for at in sorted(begin + turn + spot for turn in range(0, end - begin, row.span) for spot in row.counts):
        after = bisect_right(taken, at - half)
        near = after < len(taken) and taken[after] < at + half
        odds = JOINS[min(row.counts[row.place(at)], 3)]
        if at < end and not near and seed.at(row.place(at)).chance("joins", odds):
            bar = at // section.meter.bar
            before = next((s for s in reversed(found) if s.at // section.meter.bar == bar), None)
            if before is not None:
                idea = f"{before.idea.split(',')[0]}, with the others"
                added.append(Stab(at, half, "x", at, before.path, idea, family=before.family))
                insort(taken, at)
    ends = sorted(s.at for s in added)
    kept = [replace(s, length=min([s.length, *(t - s.at for t in ends if t > s.at)])) for s in kept]
    return sorted([*kept, *added], key=lambda s: s.at)
