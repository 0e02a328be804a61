"""Form: which sections, how many bars each, and the tempo at which the last hit lands where the song's length wants it.

The method is a shortest-path search over total bars: every section of a genre's form may keep its length, take another of
the genre's lengths for its role, be halved, or be left out, each at a cost; the body may be played again for long songs.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

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
ONCE = frozenset({"bridge", "breakdown", "solo", "C"})
"""What a song comes to once, however often the rest is played."""
_NATURAL = frozenset({1, 2, 4, 6, 8})
"""Lengths in bars that a section may be brought to where the genre does not list them."""
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
    bars: int,
    short: bool,
    luck: Callable[[str, float], float],
    named: frozenset[str] = frozenset(),
    prices: Mapping[str, float] | None = None,
) -> Choice:
    """The form whose fitted version costs least for about so many bars.

    ``lengths`` maps roles to the genre's lengths; ``luck`` gives a seeded handicap for a form's path and weight, so that the
    weights decide among forms that fit about equally well. Sections the song speaks of (``named``) are kept, and forms that
    have them are preferred. Costs: 30 |bars - wanted| / wanted, dropped sections, changed lengths.
    """
    best: Choice | None = None
    for shape in shapes:
        bias = luck(shape.path, shape.weight)
        for tokens, settled in versions(shape, bars, short):
            missing = len(named - {token.name for token in tokens})
            choice = fit_one(shape, tokens, lengths, bars, bias + 20.0 * missing, named, prices or {}, settled)
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
    bars: int,
    bias: float,
    named: frozenset[str] = frozenset(),
    prices: Mapping[str, float] | None = None,
    settled: range = range(0),
) -> Choice:
    """The cheapest way to bring one token list to about so many bars; ``settled`` places keep theirs."""
    offered, dear = tuple(sorted(lengths.items())), tuple(sorted((prices or {}).items()))
    found, total, cost = _cheapest(tokens, offered, bars, named, dear, settled)
    return Choice(shape.id, shape.path, found, total, cost + bias)


@lru_cache(maxsize=256)
def _cheapest(
    tokens: tuple[SectionToken, ...],
    lengths: tuple[tuple[str, tuple[int, ...]], ...],
    bars: int,
    named: frozenset[str],
    prices: tuple[tuple[str, float], ...],
    settled: range,
) -> tuple[tuple[SectionToken, ...], int, float]:
    """The tokens, their bars and what they cost. Remembered, for a song that is edited seldom gets another form."""
    offers, dear = dict(lengths), dict(prices)
    table: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, ())}
    kept = tuple(tokens[place].bars for place in settled)
    for place, token in enumerate(tokens):
        if place in settled:
            if place == settled.start:
                table = {total + sum(kept): (cost, path + kept) for total, (cost, path) in table.items()}
            continue
        grown: dict[int, tuple[float, tuple[int, ...]]] = {}
        gone = dear.get(token.name, DROP_COST.get(token.name, 3.0))
        offered = options(token, offers.get(token.name, ()), place == len(tokens) - 1, gone)
        for total, (cost, path) in table.items():
            for length, price in offered:
                after = total + length
                if not length and token.name in named:
                    continue
                if after <= bars * 2 + 16 and (after not in grown or cost + price < grown[after][0] - 1e-9):
                    grown[after] = (cost + price, (*path, length))
        table = grown or table
    costs = {
        total: cost + 30 * abs(total - bars) / bars for total, (cost, path) in table.items() if len(path) == len(tokens)
    }
    if not costs:
        return tokens, sum(t.bars for t in tokens), 1e6
    total = min(costs, key=lambda t: (costs[t], t))
    fitted = tuple(replace(token, bars=n) for token, n in zip(tokens, table[total][1], strict=True) if n)
    return fitted, total, costs[total] + clumsiness(fitted)


@lru_cache(maxsize=1024)
def options(token: SectionToken, lengths: tuple[int, ...], last: bool, gone: float) -> tuple[tuple[int, float], ...]:
    """Lengths a section may take and what each costs; 0 bars leaves it out, at the price ``gone``.

    A role with one length, such as twelve-bar blues, has that alone.
    """
    prefer = token.bars
    found = {prefer: 0.0} | {length: abs(length - prefer) / prefer for length in lengths if length != prefer}
    if len(lengths) != 1:
        near = {prefer // 2, prefer - 2, prefer + 2} if prefer > 2 else {2} if last else {2, 4}
        for length in sorted(near & _NATURAL):
            found.setdefault(length, 0.6 + 0.4 * abs(length - prefer) / prefer)
    if not last:
        found[0] = gone
    return tuple(sorted(found.items()))


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
    return 1.5 * twins + early + 0.8 * short


def exact(tokens: tuple[SectionToken, ...], bars: int) -> tuple[SectionToken, ...]:
    """A form brought to exactly so many bars by lengthening its longest section, or cutting from the back."""
    missing = bars - sum(token.bars for token in tokens)
    if missing >= 0:
        longest = max(range(len(tokens)), key=lambda n: (tokens[n].bars, -n))
        return tuple(replace(t, bars=t.bars + missing) if n == longest else t for n, t in enumerate(tokens))
    kept = list(tokens)
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
