"""Form: which sections, how many bars each, and the tempo at which the last hit lands where the song's length wants it.

The method is a shortest-path search over total bars: every section of a genre's form may keep its length, take another of
the genre's lengths for its role, be halved, or be left out, each at a cost; the body may be played again for long songs.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from scorekit.compiler.harmony import FOLLOWERS
from scorekit.compiler.strings import SectionToken

DROP_COST = {
    "chorus": 40.0,
    "hook": 40.0,
    "drop": 40.0,
    "A": 6.0,
    "verse": 6.0,
    "head": 40.0,
    "blues": 40.0,
    "bridge": 3.0,
    "break": 3.0,
    "pre": 2.0,
    "prechorus": 2.0,
    "intro": 2.0,
    "solo": 1.0,
    "interlude": 1.0,
    "B": 5.0,
}
"""What leaving a section out costs where the genre does not say; other names cost 3, the last section may never go."""
SHORT = 35.0
"""Seconds under which a song uses the compressed form."""
LONGEST = 36
"""Bars of the longest solo."""
RETURN = 4.0
"""What leaving out one of several statements of a section costs at most."""
AGAIN = 4.0
"""What it costs to play a form's body more than once."""
ONCE = frozenset({"bridge", "breakdown", "solo", "C"})
"""What a song comes to once, however often the rest is played."""
_NATURAL = frozenset({1, 2, 4, 6, 8})
"""Lengths in bars that a section may be brought to where the genre does not list them."""
BRIEF = frozenset({"intro", "pre", "prechorus", "break", "build", "turn", "tag", "outro", "coda"})
"""Sections that may be shorter than four bars; a verse of two is none."""
TRIED, FITTED = 4, 4
"""Of a long song only the last few numbers of repeats are tried; with more repeats than FITTED, all but the first and the
last keep their lengths as written. Anything else would take a minute for an hour of music."""


class Choice(Struct, frozen=True):
    """A form fitted to a length: tokens in order, their total bars, and what the fit cost."""

    id: str
    path: str
    tokens: tuple[SectionToken, ...]
    bars: int
    cost: float


class Goal(Struct, frozen=True):
    """How many bars are wanted: about ``bars``, and from ``low`` to ``high`` if the song's length is to come out at a tempo
    it may have."""

    bars: float
    low: int
    high: int

    def miss(self, total: int) -> float:
        """What so many bars cost instead: 60 for a tempo e times as fast, and 25 for each bar that cannot be made up."""
        out = max(self.low - total, total - self.high, 0)
        return 60.0 * abs(math.log(total / self.bars)) + 25.0 * out

    def nearest(self, total: int) -> int:
        """The number of bars nearest to another at which the length comes out."""
        return min(self.high, max(self.low, total))


class Shape(Struct, frozen=True):
    """A form a genre offers: its weight, full and compressed token lists."""

    id: str
    path: str
    weight: float
    full: tuple[SectionToken, ...]
    short: tuple[SectionToken, ...]


def fit(
    shapes: Sequence[Shape],
    lengths: dict[str, tuple[int, ...]],
    goal: Goal,
    short: bool,
    luck: Callable[[str, float], float],
    named: frozenset[str] = frozenset(),
    prices: Mapping[str, float] | None = None,
    over: frozenset[str] = frozenset(),
) -> Choice:
    """The form whose fitted version costs least for a goal.

    ``lengths`` maps roles to the genre's lengths; ``luck`` gives a seeded handicap for a form's path and weight, so that the
    weights decide among forms that fit about equally well. Sections the song speaks of (``named``) are kept, and forms that
    have them are preferred. Costs: what the bars are off, dropped sections, changed lengths, ``AGAIN`` for a body played again.
    """
    best: Choice | None = None
    for shape in shapes:
        bias = luck(shape.path, shape.weight)
        for tokens, settled in versions(shape, round(goal.bars), short):
            missing = len(named - {token.name for token in tokens})
            extra = bias + 20.0 * missing + (AGAIN if len(tokens) > len(shape.full) else 0.0)
            choice = fit_one(shape, tokens, lengths, goal, extra, named, prices or {}, settled, over)
            if best is None or choice.cost < best.cost - 1e-9:
                best = choice
    assert best is not None, "a genre has at least one form"
    return best


def versions(shape: Shape, bars: int, short: bool) -> Iterator[tuple[tuple[SectionToken, ...], range]]:
    """The token lists to try: the compressed form for short songs, else the full one with its body played again as needed.

    With each the places whose lengths are settled.
    """
    if short and shape.short:
        yield shape.short, range(0)
    yield shape.full, range(0)
    head, body, end = parts_of(shape.full)
    once = sum(token.bars for token in body)
    most = 2 + (bars - sum(token.bars for token in shape.full)) // once if body else 1
    for repeats in range(max(2, most + 1 - TRIED), most + 1):
        inner = range(len(head) + len(body), len(head) + len(body) * (repeats - 1)) if repeats > FITTED else range(0)
        yield head + played_again(body, repeats) + end, inner


def played_again(body: tuple[SectionToken, ...], repeats: int) -> tuple[SectionToken, ...]:
    """A body several times over: its bridge, solo or breakdown comes the last time only, and what ends a round does not
    begin the next as well."""
    plain = tuple(token for token in body if token.name not in ONCE)
    if len(plain) < 2 or repeats > FITTED:
        return body * repeats
    rounds = [plain] * (repeats - 1) + [body]
    kept = [later[1:] if before[-1].name == later[0].name else later for before, later in itertools.pairwise(rounds)]
    return sum([rounds[0], *kept], ())


def parts_of(tokens: tuple[SectionToken, ...]) -> tuple[tuple[SectionToken, ...], ...]:
    """A form as introduction, body and ending."""
    first = 1 if tokens[0].name == "intro" else 0
    last = len(tokens)
    while last > first and "ending" in tokens[last - 1].flags:
        last -= 1
    return tokens[:first], tokens[first:last], tokens[last:]


def fit_one(
    shape: Shape,
    tokens: tuple[SectionToken, ...],
    lengths: dict[str, tuple[int, ...]],
    goal: Goal,
    bias: float,
    named: frozenset[str] = frozenset(),
    prices: Mapping[str, float] | None = None,
    settled: range = range(0),
    over: frozenset[str] = frozenset(),
) -> Choice:
    """The cheapest way to bring one token list to a goal; ``settled`` places keep their bars."""
    offered, dear = tuple(sorted(lengths.items())), tuple(sorted((prices or {}).items()))
    found, total, cost = _cheapest(tokens, offered, goal, named, dear, settled, over)
    return Choice(shape.id, shape.path, found, total, cost + bias)


_Way = tuple[()] | tuple["_Way", int]
"""Bars of the sections so far: the way before, and the last one's."""


@lru_cache(maxsize=256)
def _cheapest(
    tokens: tuple[SectionToken, ...],
    lengths: tuple[tuple[str, tuple[int, ...]], ...],
    goal: Goal,
    named: frozenset[str],
    prices: tuple[tuple[str, float], ...],
    settled: range,
    over: frozenset[str],
) -> tuple[tuple[SectionToken, ...], int, float]:
    """The tokens, their bars and what they cost. Of sections of one name the last is the dearest: a song without its last chorus
    lacks more than one without its first. Remembered, for a song that is edited seldom gets another form."""
    offers, dear = dict(lengths), dict(prices)
    last = {token.name: place for place, token in enumerate(tokens)}
    table: dict[int, tuple[float, _Way]] = {0: (0.0, ())}
    whole, most = True, goal.bars * 2 + 16
    for place, token in enumerate(tokens):
        if place in settled:
            table = {total + token.bars: (cost, (path, token.bars)) for total, (cost, path) in table.items()}
            continue
        grown: dict[int, tuple[float, _Way]] = {}
        gone = dear.get(token.name, DROP_COST.get(token.name, 3.0))
        gone = gone if place == last[token.name] else min(gone, RETURN)
        own = offers.get(token.name, ())
        offered = choruses(token, gone) if token.name in over else options(token, own, place == len(tokens) - 1, gone)
        offered = tuple(offer for offer in offered if offer[0]) if token.name in named else offered
        for total, (cost, path) in table.items():
            for length, price in offered:
                after, spent = total + length, cost + price
                if after <= most and ((known := grown.get(after)) is None or spent < known[0] - 1e-9):
                    grown[after] = (spent, (path, length))
        table, whole = grown or table, whole and bool(grown)
    costs = {total: cost + goal.miss(total) for total, (cost, _) in table.items() if total} if whole else {}
    if not costs:
        return tokens, sum(t.bars for t in tokens), 1e6
    total = min(costs, key=lambda t: (costs[t], t))
    bars, way = list[int](), table[total][1]
    while way:
        way, length = way
        bars.append(length)
    fitted = tuple(replace(token, bars=n) for token, n in zip(tokens, reversed(bars), strict=True) if n)
    return fitted, total, costs[total] + clumsiness(fitted)


@lru_cache(maxsize=1024)
def options(token: SectionToken, lengths: tuple[int, ...], last: bool, gone: float) -> tuple[tuple[int, float], ...]:
    """Lengths a section may take and what each costs; 0 bars leaves it out, at the price ``gone``.

    A role with one length, such as twelve-bar blues, has that alone.
    """
    prefer = token.bars
    found = {prefer: 0.0} | {n: abs(n - prefer) / prefer * (1.0 + 0.25 * (n < prefer)) for n in lengths if n != prefer}
    if len(lengths) != 1:
        more = set() if token.name in BRIEF else {prefer + 2}
        near = {prefer // 2, prefer - 2} | more if prefer > 2 else {2} if last else {2, 4}
        natural = _NATURAL - {6} if token.name in BRIEF else _NATURAL
        for length in sorted(near & natural):
            found.setdefault(length, 0.6 + 0.4 * abs(length - prefer) / prefer)
    if token.name not in BRIEF:
        odd = {n: 2.0 * (n < min(4, prefer)) + 3.0 * (n > 4 and n % 4 > 0 and n != prefer) for n in found}
        found = {n: price + odd[n] for n, price in found.items()}
    if not last:
        found[0] = gone
    return tuple(sorted(found.items()))


def choruses(token: SectionToken, gone: float) -> tuple[tuple[int, float], ...]:
    """Lengths of a solo over the changes of the whole form: as written or a multiple of it, never cut inside a chorus."""
    most = max(1, LONGEST // token.bars)
    return ((0, gone), *((token.bars * times, 0.5 * (times - 1)) for times in range(1, most + 1)))


def clumsiness(tokens: tuple[SectionToken, ...]) -> float:
    """What makes a form dull: equal neighbours at equal energy, a peak too early or at the very end, a first statement shorter
    than a later one."""
    total = sum(token.bars for token in tokens) or 1
    twins = sum(a.name == b.name and a.tier == b.tier and a.bars < 8 for a, b in itertools.pairwise(tokens))
    peak = max((token.tier or 3) for token in tokens)
    at, ends = 0, []
    for token in tokens:
        at += token.bars
        if (token.tier or 3) == peak:
            ends.append(at / total)
    early = 2.0 if not any(end >= 0.55 for end in ends) else 0.0
    firsts: dict[str, int] = {}
    short = sum(firsts.setdefault(token.name, token.bars) < token.bars for token in tokens)
    return 1.5 * twins + early + 2.5 * short


def exact(tokens: tuple[SectionToken, ...], bars: int) -> tuple[SectionToken, ...]:
    """A form brought to exactly so many bars: up to three more in the last section that may be brief, or one less in each of
    them; the rest by lengthening its longest section, or cutting from the back."""
    missing = bars - sum(token.bars for token in tokens)
    brief = [n for n, token in enumerate(tokens) if token.name in BRIEF][::-1]
    if missing > 0:
        spare = brief[0] if brief and missing <= 3 else max(range(len(tokens)), key=lambda n: (tokens[n].bars, -n))
        return tuple(replace(t, bars=t.bars + missing) if n == spare else t for n, t in enumerate(tokens))
    kept = list(tokens)
    for place in brief:
        if missing < 0 and kept[place].bars > 1:
            kept[place] = replace(kept[place], bars=kept[place].bars - 1)
            missing += 1
    while missing < 0:
        spare = max(range(len(kept)), key=lambda n: (kept[n].bars, n))
        cut = min(-missing, kept[spare].bars - 1)
        if not cut:
            kept.pop(0)
            missing += 1
            continue
        kept[spare] = replace(kept[spare], bars=kept[spare].bars - cut)
        missing += cut
    return tuple(kept)


# -- solos over the form -----------------------------------------------------------------------------------------------

AWAY = frozenset({"break", "breakdown"})
"""Sections that are no part of the tune."""
Steps = tuple[tuple[str, int], ...]
"""Sections whose chords are played one after the other, and bars of each."""


def head_of(tokens: Sequence[SectionToken]) -> Steps:
    """The tune once through, as a soloist plays over it: the sections from the first to the next one that has no chords of its
    own; nothing for a song without such."""
    own = [t.name not in FOLLOWERS and t.name not in AWAY for t in tokens]
    first = next((n for n, mine in enumerate(own) if mine), 0)
    end = next((n for n in range(first, len(tokens)) if not own[n]), len(tokens))
    return tuple((t.name, t.bars) for t in tokens[first:end])


def walk(head: Steps, walked: int, bars: int) -> tuple[Steps, int]:
    """So many bars of the form from its bar ``walked`` on, as far as whole sections or what is left of them; and the bar
    after them."""
    total, found, at = sum(bars for _, bars in head), list[tuple[str, int]](), 0
    end = walked + bars
    for name, length in head * (end // max(1, total) + 1):
        begin, at = at, at + length
        inside = min(at, end) - max(begin, walked)
        if inside > 0:
            found.append((name, inside))
    return tuple(found), end % max(1, total)
