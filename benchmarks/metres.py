"""Every genre in metres that are not its own: whether accents, backbeat, bass and comping know where the bar's groups are.

    python benchmarks/metres.py [--seeds 4] [--genres rock,funk] [--metres 3/4,7/8] [--all]

Prints a Markdown table, a line for each genre and metre, the genre's own first: medians over the songs, ``**`` where a
value falls below two thirds of what the same genre has in its own metre (or, for what should be little, is much more).
Only lines with a flag are printed but for the genre's own, unless ``--all``. A table of numbers; rolls must be looked at too.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from scorekit.smells import Piece
from scorekit.smells.beats import KICKS, SNARES
from scorekit.smells.piece import Ints, Line
from scorekit.timebase import PPQ

METRES = ("3/4", "5/4", "6/8", "7/8")
GROUPINGS = {"6/8": ((3, 3), (2, 2, 2)), "5/4": ((6, 4), (4, 6))}
"""Groups of eighths a bar may be heard in, its own first. 7/8 is a bar of four with its last eighth cut: 2 + 2 + 2 + 1."""


def _struck(piece: Piece, pitches: tuple[int, ...], loud: int = 0) -> Line:
    drums = piece.part("drums")
    return drums.only(np.isin(drums.pitch, pitches) & (drums.velocity >= loud)) if len(drums) else drums


def _bars(piece: Piece, one: Line) -> Ints:
    """Bars in which a line begins notes; the first and last of the song left out."""
    bars = np.unique(piece.bar_of(one.start)) if len(one) else np.zeros(0, np.int64)
    return bars[(bars > 0) & (bars < piece.count - 1)]


def on_one(piece: Piece, one: Line, among: Line) -> float | None:
    """Share of bars with notes of some line whose downbeat another line strikes."""
    bars = _bars(piece, among)
    return float(np.mean(np.isin(piece.bars[bars], one.start))) if len(bars) >= 4 else None


def groups(piece: Piece) -> Ints:
    """Ticks of the felt beats of a bar."""
    return np.array(piece.meter.onsets, np.int64)


def share_on(piece: Piece, one: Line, places: Ints) -> float | None:
    """Share of a line's onsets at places of the bar."""
    return float(np.mean(np.isin(piece.in_bar(one.start), places))) if len(one) >= 8 else None


def kick_one(piece: Piece) -> float | None:
    """Share of bars with drums that have a kick on the downbeat."""
    return on_one(piece, _struck(piece, KICKS), piece.part("drums"))


def backbeat(piece: Piece) -> float | None:
    """Share of loud snare strokes on a beat that is not the downbeat; 7/8 has a short fourth beat, its last eighth."""
    beats = groups(piece)
    if piece.meter.unit == 8 and not piece.meter.compound:
        beats = np.arange(0, piece.meter.bar, PPQ)
    return share_on(piece, _struck(piece, SNARES, 75), beats[1:])


def bass_one(piece: Piece) -> float | None:
    """Share of the bars in which the bass plays that it begins on the downbeat."""
    return on_one(piece, piece.part("bass"), piece.part("bass"))


def bass_groups(piece: Piece) -> float | None:
    """Share of felt beats that the bass strikes, of bars in which it plays."""
    bass = piece.part("bass")
    bars = _bars(piece, bass)
    wanted = (piece.bars[bars][:, None] + groups(piece)[None, :]).ravel()
    return float(np.mean(np.isin(wanted, bass.start))) if len(bars) >= 4 else None


def comping(piece: Piece) -> float | None:
    """Share of chord strokes of guitar and keys that fall on felt beats or their halves (thirds in compound time)."""
    starts = np.concatenate([np.unique(piece.part(name).start) for name in ("guitar", "keys")]).astype(np.int64)
    if len(starts) < 12:
        return None
    return float(np.mean([piece.meter.strength(int(at)) >= 0.35 for at in piece.in_bar(starts)]))


def accents(piece: Piece) -> float | None:
    """How much louder the band is on felt beats than between them, in velocities, all lines together."""
    at = np.concatenate([piece.in_bar(one.start) for one in piece.lines if len(one)])
    loud = np.concatenate([one.velocity for one in piece.lines if len(one)])
    on = np.isin(at, groups(piece))
    return float(loud[on].mean() - loud[~on].mean()) if np.any(on) and np.any(~on) else None


def hollow(piece: Piece) -> float | None:
    """How much less than the fullest the emptiest group of the bar has, in drum strokes a tick: leftovers without a beat."""
    drums = piece.part("drums")
    if len(drums) < 40:
        return None
    which = np.searchsorted(groups(piece), piece.in_bar(drums.start), "right") - 1
    rates = np.bincount(which, minlength=len(groups(piece))) / np.array(piece.meter.pulses)
    return float(1 - rates.min() / rates.max())


def profile(piece: Piece) -> np.ndarray:
    """Weight of each eighth of the bar: velocities of kick, bass and chords, each line as a whole as heavy as another."""
    eighths = piece.meter.bar // (PPQ // 2)
    found = np.zeros(eighths)
    for one in (
        _struck(piece, KICKS),
        _struck(piece, SNARES, 75),
        *(piece.part(p) for p in ("bass", "guitar", "keys")),
    ):
        if len(one):
            at = piece.in_bar(one.start)
            kept = at % (PPQ // 2) == 0
            own = np.bincount(at[kept] // (PPQ // 2), one.velocity[kept].astype(np.float64), eighths)
            found += own / max(own.sum(), 1.0)
    return found


def grouping(piece: Piece) -> float | None:
    """1 when the weights of the bar fit its own grouping better than any other of the same eighths, else 0."""
    ways = GROUPINGS.get(str(piece.meter))
    if ways is None:
        return None
    weights = profile(piece)
    fits = [float(np.mean(weights[np.cumsum((0, *way))[:-1]])) for way in ways]
    return float(fits[0] >= max(fits))


def bar_told(piece: Piece) -> float | None:
    """1 when onsets weighed by loudness repeat after a bar better than after a bar less or more an eighth or a beat, else 0."""
    step, end = PPQ // 2, int(piece.bars[-1])
    row = np.zeros(end // step + 1)
    for one in (piece.part("drums"), piece.part("bass"), piece.part("guitar"), piece.part("keys")):
        if len(one):
            np.add.at(row, one.start // step, one.velocity.astype(np.float64))
    row = row - row.mean()
    bar, beat = piece.meter.bar // step, 4 * PPQ // piece.meter.unit // step
    lags = {bar, bar - 1, bar + 1, bar - beat, bar + beat} - {0}
    likeness = {lag: float(row[lag:] @ row[:-lag]) / len(row[lag:]) for lag in lags}
    return float(likeness[bar] >= max(likeness.values()))


MEASURES: dict[str, tuple[Callable[[Piece], float | None], bool]] = {
    "kick on one": (kick_one, True),
    "snare on other beats": (backbeat, True),
    "bass on one": (bass_one, True),
    "beats with bass": (bass_groups, True),
    "chords on beats and halves": (comping, True),
    "accents": (accents, True),
    "hollow group": (hollow, False),
    "grouping told": (grouping, True),
    "bar told": (bar_told, True),
}
"""Measures, and whether more is better."""


def middle(values: list[float | None]) -> float | None:
    """Median of what is known; the mean of yes and no."""
    known = [v for v in values if v is not None]
    if not known:
        return None
    return float(np.mean(known) if set(known) <= {0.0, 1.0} else np.median(known))


def fails(value: float | None, own: float | None, more: bool) -> bool:
    """Whether a value is nonsense beside what the genre has in its own metre; beside half when there it has none."""
    if value is None:
        return False
    if own is None:
        return more and value < 0.5
    return value < own * 2 / 3 - 0.02 if more else value > own + 0.3


def main() -> None:
    """Measures and prints."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, default=4)
    options.add_argument("--genres", default="")
    options.add_argument("--metres", default=",".join(METRES))
    options.add_argument("--all", action="store_true")
    args = options.parse_args()
    from songs import composed, named

    genres, metres = named(args.genres), ["", *args.metres.split(",")]
    jobs = [(genre, seed, "45 s", metre) for genre in genres for metre in metres for seed in range(1, args.seeds + 1)]
    found = [
        (genre, metre, {name: measure(piece) for name, (measure, _) in MEASURES.items()})
        for (genre, _, _, metre), piece in zip(jobs, composed(jobs), strict=True)
    ]
    print(f"{args.seeds} songs of 45 s a genre and metre.\n")
    print(f"| genre | metre | {' | '.join(MEASURES)} |\n|---|---|{'---|' * len(MEASURES)}")
    flags = 0
    for genre in genres:
        own: dict[str, float | None] = {}
        for metre in metres:
            rows = [row for g, m, row in found if (g, m) == (genre, metre)]
            values = {name: middle([row[name] for row in rows]) for name in MEASURES}
            own = own or values
            bad = {n for n, (_, more) in MEASURES.items() if metre and fails(values[n], own[n], more)}
            flags += len(bad)
            cells = ["" if v is None else f"{v:.2f}{' **' if n in bad else ''}" for n, v in values.items()]
            if args.all or not metre or bad:
                print(f"| {genre} | {metre or 'own'} | {' | '.join(cells)} |")
    print(f"\n{flags} of {len(genres) * (len(metres) - 1) * len(MEASURES)} values flagged.")


if __name__ == "__main__":
    main()
