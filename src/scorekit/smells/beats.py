"""Measures of drums: how a groove remembers, how it is struck, and how human its timing is."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np

from scorekit.smells.piece import Floats, Line, Piece, steps_of
from scorekit.timebase import PPQ

KICKS, SNARES = (35, 36), (37, 38, 39, 40)
TOMS = (41, 43, 45, 47, 48, 50)
HATS = (42, 44, 46, 22, 26)
RIDES = (51, 53, 59)
CRASHES = (49, 52, 55, 57)
_CLASS = {
    pitch: name
    for name, pitches in {
        "kick": KICKS,
        "snare": SNARES,
        "tom": TOMS,
        "hat": HATS,
        "ride": RIDES,
        "crash": CRASHES,
    }.items()
    for pitch in pitches
}
_STICKS = {*SNARES, *TOMS, 42, 46, 22, 26, *RIDES, *CRASHES} - {39}
"""Voices that take a hand; claps are no stick voice."""

Bar = frozenset[tuple[int, str]]


def bar_sets(piece: Piece) -> list[Bar]:
    """What is struck in each bar, as (step, instrument)."""
    drums = piece.part("drums")
    sets: list[set[tuple[int, str]]] = [set() for _ in range(piece.count)]
    if len(drums):
        steps = steps_of(piece, piece.in_bar(drums.start)).tolist()
        for bar, step, pitch in zip(piece.bar_of(drums.start).tolist(), steps, drums.pitch.tolist(), strict=True):
            sets[bar].add((step, _CLASS.get(pitch, str(pitch))))
    return [frozenset(found) for found in sets]


def likeness(a: Bar, b: Bar) -> float:
    """Shared hits of all hits (Jaccard)."""
    return len(a & b) / len(a | b) if a | b else 1.0


def jaccard(piece: Piece) -> float | None:
    """Mean likeness of each bar to the one before it, bars without drums left out."""
    sets = bar_sets(piece)
    pairs = [likeness(a, b) for a, b in pairwise(sets) if a and b]
    return float(np.mean(pairs)) if len(pairs) >= 6 else None


def exact_two(piece: Piece) -> float | None:
    """Share of bars that are exactly the bar two before."""
    sets = bar_sets(piece)
    pairs = [a == b for a, b in zip(sets, sets[2:], strict=False) if a and b]
    return float(np.mean(pairs)) if len(pairs) >= 6 else None


def novelty(piece: Piece) -> Floats:
    """How far each bar with drums is from the core: the hits of more than half of the bars."""
    sets = [found for found in bar_sets(piece) if found]
    counts = Counter(hit for found in sets for hit in found)
    core = frozenset(hit for hit, count in counts.items() if count > len(sets) / 2)
    return np.array([1.0 - likeness(found, core) for found in sets])


def acf(values: Floats, lag: int) -> float:
    """Autocorrelation at a lag."""
    centred = values - values.mean()
    power = float(centred @ centred)
    return float(centred[lag:] @ centred[:-lag]) / power if power > 0 and len(values) > lag else 0.0


def hypermeter(piece: Piece) -> float | None:
    """Autocorrelation of novelty at four bars less that at three: positive where the drummer counts in fours."""
    values = novelty(piece)
    return acf(values, 4) - acf(values, 3) if len(values) >= 32 else None


# -- strokes ---------------------------------------------------------------------------------------


def spread(drums: Line) -> float | None:
    """Standard deviation of velocity."""
    return float(np.std(drums.velocity)) if len(drums) >= 40 else None


def distinct(drums: Line) -> float | None:
    """Distinct velocities among the first 200 strokes."""
    return float(len(set(drums.velocity[:200].tolist()))) if len(drums) >= 200 else None


def ghosts(drums: Line) -> float | None:
    """Share of snare strokes below velocity 50."""
    snare = drums.velocity[np.isin(drums.pitch, (37, 38, 40))]
    return float(np.mean(snare < 50)) if len(snare) >= 16 else None


def three_handed(drums: Line) -> float | None:
    """Share of onsets at which more than two voices want a stick."""
    if len(drums) < 40:
        return None
    hands: dict[int, set[int]] = defaultdict(set)
    for start, pitch in zip(drums.start.tolist(), drums.pitch.tolist(), strict=True):
        hands[start] |= {pitch} & _STICKS
    return float(np.mean([len(found) > 2 for found in hands.values()]))


def fill_slopes(piece: Piece) -> list[float]:
    """Rise in velocity along every fill, see ``rise``.

    A fill is four strokes or more on snare and toms in the last two beats of a bar, from the first on that no bar
    around it has there, and three of them such.
    """
    drums = piece.part("drums")
    hit = drums.only(np.isin(drums.pitch, (38, 40, *TOMS))) if len(drums) else drums
    if not len(hit):
        return []
    bars = piece.bar_of(hit.start)
    left = piece.bars[bars + 1] - hit.start
    by_bar: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for bar, ticks, pitch, velocity in zip(*(a.tolist() for a in (bars, left, hit.pitch, hit.velocity)), strict=True):
        if ticks <= 2 * PPQ:
            by_bar[bar].append((-ticks, pitch, velocity))
    found = []
    for bar, strokes in by_bar.items():
        known = {(t, p) for other in (bar - 2, bar - 1, bar + 1, bar + 2) for t, p, _ in by_bar.get(other, ())}
        fresh = [t for t, p, _ in strokes if (t, p) not in known]
        played = [(t, velocity) for t, _, velocity in strokes if fresh and t >= fresh[0]]
        if bar and len(played) >= 4 and len(fresh) >= 3:
            found.append(rise(played))
    return found


def rise(strokes: list[tuple[int, int]]) -> float:
    """Velocity gained along the straight line through (tick, velocity) strokes."""
    at, loud = np.array(strokes, np.float64).T
    return float(np.polyfit(at, loud, 1)[0] * (at[-1] - at[0])) if at[-1] > at[0] else 0.0


# -- timing ----------------------------------------------------------------------------------------


def residuals(piece: Piece, drums: Line) -> Floats:
    """Lateness of each stroke less the mean of its drum at its place in the bar, ms; 0 for what comes once."""
    places = piece.in_bar(drums.start) * 128 + drums.pitch
    _, which, counts = np.unique(places, return_inverse=True, return_counts=True)
    means = np.bincount(which, drums.late) / counts
    centred: Floats = np.where(counts[which] >= 2, drums.late - means[which], 0.0)
    return centred


def often(piece: Piece, drums: Line) -> Line:
    """Strokes whose drum plays at their place of the bar four times or more."""
    places = piece.in_bar(drums.start) * 128 + drums.pitch
    _, which, counts = np.unique(places, return_inverse=True, return_counts=True)
    return drums.only(counts[which] >= 4)


def machine_share(piece: Piece, every: Line) -> float | None:
    """Share of onsets within half a millisecond of the middle of their place: swing and habits taken out."""
    kept = often(piece, every) if len(every) else every
    if len(kept) < 40:
        return None
    places = piece.in_bar(kept.start) * 128 + kept.pitch
    medians = {place: float(np.median(kept.late[places == place])) for place in np.unique(places).tolist()}
    return float(np.mean(np.abs(kept.late - np.array([medians[p] for p in places.tolist()])) < 0.5))


def scatter(piece: Piece) -> float | None:
    """Standard deviation of timing residuals, ms."""
    drums = often(piece, piece.part("drums")) if len(piece.part("drums")) else piece.part("drums")
    return float(np.std(residuals(piece, drums))) if len(drums) >= 40 else None


def wander(piece: Piece) -> tuple[float, float, float, float] | None:
    """Scatter by span, ms: of means of four bars, of bars within them, of beats within bars, of strokes within beats.

    The first two are the tempo that drifts against the click, the last two the hands.
    """
    drums = often(piece, piece.part("drums")) if len(piece.part("drums")) else piece.part("drums")
    if len(drums) < 40:
        return None
    bars = piece.bar_of(drums.start)
    rest, found = residuals(piece, drums), []
    for span in (bars // 4, bars, drums.start // PPQ):
        _, which, counts = np.unique(span, return_inverse=True, return_counts=True)
        means = (np.bincount(which, rest) / counts)[which]
        found.append(float(np.std(means)))
        rest = rest - means
    return found[0], found[1], found[2], float(np.std(rest))


def _cymbal(piece: Piece) -> Line:
    drums = piece.part("drums")
    hats, rides = (drums.only(np.isin(drums.pitch, pitches)) for pitches in ((42, 46, 22, 26), RIDES))
    best = hats if len(hats) >= len(rides) else rides
    return often(piece, best) if len(best) else best


def drift(piece: Piece) -> float | None:
    """Correlation of hat or ride residuals an eighth apart."""
    cymbal = _cymbal(piece)
    if len(cymbal) < 40:
        return None
    late = dict(zip(cymbal.start.tolist(), residuals(piece, cymbal).tolist(), strict=True))
    after = {3: (PPQ, PPQ * 2 // 3, PPQ // 3), 4: (PPQ // 2,)}[piece.grid]
    pairs = [(value, late[t + d]) for t, value in late.items() for d in after if t + d in late]
    return correlation(pairs)


def together(piece: Piece) -> float | None:
    """Correlation of residuals of kick and hat struck together."""
    drums, cymbal = piece.part("drums"), _cymbal(piece)
    kick = drums.only(np.isin(drums.pitch, KICKS))
    kick = often(piece, kick) if len(kick) else kick
    if len(kick) < 16 or len(cymbal) < 16:
        return None
    late = dict(zip(cymbal.start.tolist(), residuals(piece, cymbal).tolist(), strict=True))
    mine = zip(kick.start.tolist(), residuals(piece, kick).tolist(), strict=True)
    return correlation([(value, late[t]) for t, value in mine if t in late])


def correlation(pairs: list[tuple[float, float]]) -> float | None:
    """Pearson's r of pairs; None for fewer than twelve or without variation."""
    if len(pairs) < 12:
        return None
    a, b = np.array(pairs).T
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 1e-6 and b.std() > 1e-6 else None


# -- syncopation -----------------------------------------------------------------------------------

_WEIGHTS = (0, -3, -2, -3, -1, -3, -2, -3) * 2
"""How strong each sixteenth of a bar is (Witek et al. 2014, simplified)."""


def syncopation(piece: Piece) -> float | None:
    """Mean syncopation index of a bar of kick and snare; only in four-four of sixteenths.

    Every stroke that is followed by silence of its own drum through the next stronger place adds the difference of the
    weights, and 2 (kick), 1 (snare) or 5 (nothing there at all); nothing where hat and the other drum both mark it.
    """
    if piece.grid != 4 or piece.meter.bar != 4 * PPQ:
        return None
    sets = [found for found in bar_sets(piece) if found]
    pairs = zip(sets, [*sets[1:], frozenset[tuple[int, str]]()], strict=True)
    return float(np.mean([_syncopated(a, b) for a, b in pairs])) if len(sets) >= 4 else None


def _syncopated(bar: Bar, following: Bar) -> float:
    rows: dict[str, set[int]] = defaultdict(set)
    for step, name in (*bar, *((step + 16, name) for step, name in following)):
        rows["hat" if name in ("hat", "ride", "crash") else name].add(step)
    total = 0.0
    for own, other, alone in (("kick", "snare", 2), ("snare", "kick", 1)):
        for n in (step for step in rows[own] if step < 16):
            m = next((m for m in range(n + 1, n + 17) if _WEIGHTS[m % 16] > _WEIGHTS[n]), None)
            if m is None or any(n < step <= m for step in rows[own]):
                continue
            marks = (m in rows["hat"]) + (m in rows[other])
            total += (0, _WEIGHTS[m % 16] - _WEIGHTS[n] + (5 if marks == 0 else alone))[marks < 2]
    return total
