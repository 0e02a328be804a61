"""What gives a generated band away: our songs beside real bands, by what players do with one another.

    python benchmarks/tells.py --corpus PATH [--seeds 8] [--genres rock,funk] [--length "90 s"] [--only comp] [--each]

Prints a Markdown table, the plainest tell first: 5 %, median and 95 % of real pieces and of ours, the share of ours outside the
real band (one in ten lies outside of any band by chance), how well this one number tells ours from real (the area under the curve:
.5 cannot tell, 1 always, and whether ours have more or less), and the genres that lie outside most. Ours and real pieces are cut
to the same number of bars and read by the same rules: nobody is known by name but drums, bass and, where there is one, the lead;
else the tune is guessed. ``--only`` takes the areas whose names begin so; ``--each`` prints the medians of every genre.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from corpus import band, excerpt, pop909
from groups import MEASURES, SUNG, WHOLE, Value, group_of
from msgspec import Struct
from songs import by_genre, named

from genres import balanced, held_out
from scorekit.smells.piece import Piece


def apart(real: Sequence[float], mine: Sequence[float]) -> float:
    """Chance that one of ours is above one of theirs, equals half: the area under the curve."""
    a, b = np.array(mine)[:, None], np.array(real)[None, :]
    return float(np.mean((a > b) + 0.5 * (a == b)))


def known(values: Iterable[Value]) -> list[float]:
    """Those that are there."""
    return [value for value in values if value is not None]


def spread(values: Sequence[float]) -> str:
    """5 %, median, 95 %."""
    return " · ".join(f"{v:.2f}" for v in np.percentile(values, (5, 50, 95)))


class Tell(Struct, frozen=True, dict=True):
    """One measure over all pieces."""

    area: str
    name: str
    real: list[float]
    mine: dict[str, list[float]]

    @cached_property
    def own(self) -> list[float]:
        """Ours, all genres."""
        return [value for values in self.mine.values() for value in values]

    def outside(self, values: Sequence[float]) -> float:
        """Share outside the real 5 to 95 %."""
        low, high = np.percentile(self.real, (5, 95))
        return float(np.mean([not low <= value <= high for value in values]))

    @cached_property
    def area_under(self) -> float:
        """How often one of ours is above one of theirs."""
        return apart(self.real, self.own)

    def row(self) -> str:
        """The line of the table."""
        worst = sorted(((self.outside(v), genre) for genre, v in self.mine.items() if v), reverse=True)
        told = ", ".join(f"{genre} {100 * share:.0f}" for share, genre in worst[:4] if share >= 0.3)
        way = "more" if self.area_under >= 0.5 else "less"
        told_by = f"{max(self.area_under, 1 - self.area_under):.2f} {way}"
        out = self.outside(self.own)
        flag = " **" if out > 0.3 else ""
        return f"| {self.area} | {self.name} | {spread(self.real)} | {spread(self.own)} | {100 * out:.0f}{flag} | {told_by} | {told} |"

    def medians(self) -> str:
        """The medians of every genre."""
        found = [f"{np.median(v):.2f}" if v else "" for v in self.mine.values()]
        return f"| {self.area} | {self.name} | {np.median(self.real):.2f} | {' | '.join(found)} |"


Values = dict[tuple[str, str], Value]


def values(piece: Piece, bars: int, only: str) -> Values:
    """All measures of one piece: most of its first bars, some of the whole."""
    groups = ((group_of(excerpt(piece, bars)), MEASURES), (group_of(piece), WHOLE))
    return {
        name: measure(group) for group, some in groups for name, measure in some.items() if name[0].startswith(only)
    }


def told(
    real: Sequence[Values], mine: dict[str, list[Values]], names: Iterable[tuple[str, str]], of: str = ""
) -> list[Tell]:
    """Measures that enough pieces have; ``of`` names the collection where it is not the bands."""
    found = [
        Tell(
            area + of,
            name,
            known(row[area, name] for row in real),
            {genre: known(row[area, name] for row in rows) for genre, rows in mine.items()},
        )
        for area, name in names
    ]
    return [tell for tell in found if len(tell.real) >= 8 and len(tell.own) >= 3]


def told_by_all(real: Sequence[Values], mine: Sequence[Values], names: Sequence[tuple[str, str]]) -> float:
    """How many of pieces not fitted to a linear discriminant of these measures tells right, half ours and half theirs."""
    rows = np.array([[row[name] for name in names] for row in (*real, *mine)], np.float64)
    rows = np.where(np.isnan(rows), np.nanmedian(rows, axis=0), rows)
    labels = ["real"] * len(real) + ["ours"] * len(mine)
    return balanced(*held_out(rows, labels, [n % 5 for n in range(len(labels))]))


def main() -> None:
    """Measures and prints."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--corpus", type=Path, required=True)
    asked.add_argument("--seeds", type=int, default=8)
    asked.add_argument("--genres", default="")
    asked.add_argument("--length", default="90 s")
    asked.add_argument("--only", default="")
    asked.add_argument("--each", action="store_true")
    args = asked.parse_args()
    mine = by_genre(named(args.genres), args.seeds, args.length)
    every = [piece for pieces in mine.values() for piece in pieces]
    bars = round(float(np.median([piece.count for piece in every])))
    real = [values(piece, bars, args.only) for piece in band(args.corpus)]
    ours = {genre: [values(piece, bars, args.only) for piece in pieces] for genre, pieces in mine.items()}
    tells = told(real, ours, real[0])
    together = told_by_all(real, [row for rows in ours.values() for row in rows], [(t.area, t.name) for t in tells])
    if "tune".startswith(args.only):
        songs = [values(piece, bars, "tune") for piece in pop909(args.corpus, 150)]
        tells += told(songs, ours, [("tune", name) for name in SUNG], ", pop909")
    tells.sort(key=lambda tell: -abs(tell.area_under - 0.5))
    print(
        f"{len(every)} songs of {args.length} beside {len(real)} pieces for bands, and 150 songs of POP909 where told, the first "
        f"{bars} bars of each. `**`: more than three in ten of ours outside the real 5 to 95 %. All of the band's numbers "
        f"together tell {together:.2f} of pieces right that they were not fitted to.\n"
    )
    print("| | measure | real 5 · 50 · 95 % | ours 5 · 50 · 95 % | % outside | told by it | genres outside, % |")
    print("|---|---|---|---|---|---|---|")
    print("\n".join(tell.row() for tell in tells))
    if args.each:
        print(f"\n| | measure | real | {' | '.join(mine)} |\n|---|---|---|{'---|' * len(mine)}")
        print("\n".join(tell.medians() for tell in tells))


if __name__ == "__main__":
    main()
