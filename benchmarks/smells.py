"""The 25 smells over all genres: how many songs trip each, beside the same alarms on real music.

    python benchmarks/smells.py [--seeds 20] [--genres rock,funk] [--length "90 s"] [--corpus PATH]

Prints a Markdown table: per smell the share of songs that trip it, per genre and overall, and what real band music and
drum takes trip. A song is composed from nothing but genre, seed and length.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from songs import by_genre, named

from scorekit.smells import Smell, sniff

Row = dict[int, tuple[str, bool, bool, list[float | None]]]


def row(found: tuple[Smell, ...]) -> Row:
    """The alarms of one piece as plain data: name, known, trips, values."""
    return {s.number: (s.name, s.known, s.trips, [r.value for r in s.readings]) for s in found}


def share(rows: list[Row], number: int) -> str:
    """Percent of the pieces that trip an alarm, of those that say anything about it."""
    known = [r[number][2] for r in rows if r[number][1]]
    return f"{100 * float(np.mean(known)):.0f}" if known else ""


def middle(rows: list[Row], number: int) -> str:
    """Medians of the values."""
    columns = zip(*(r[number][3] for r in rows), strict=True)
    kept = [[v for v in column if v is not None] for column in columns]
    return " · ".join(f"{float(np.median(column)):.2f}" if column else "–" for column in kept)


def table(by: dict[str, list[Row]], real: dict[str, list[Row]]) -> str:
    """The table: a line for each smell, a column for each genre."""
    every = [r for rows in by.values() for r in rows]
    known = [r for rows in real.values() for r in rows]
    names = list(by)
    head = ["#", "smell", *names, "all", *real, "median ours"] + (["median real"] if known else [])
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for number, (name, *_) in every[0].items():
        cells = [str(number), name, *(share(by[g], number) for g in names), share(every, number)]
        cells += [*(share(rows, number) for rows in real.values()), middle(every, number)]
        lines.append("| " + " | ".join(cells + ([middle(known, number)] if known else [])) + " |")
    return "\n".join(lines)


def crowded(rows: list[Row]) -> str:
    """Percent of pieces that trip more than three alarms."""
    return f"{100 * float(np.mean([sum(v[2] for v in r.values()) > 3 for r in rows])):.1f}" if rows else ""


def main() -> None:
    """Measures and prints."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seeds", type=int, default=20)
    asked.add_argument("--genres", default="")
    asked.add_argument("--length", default="90 s")
    asked.add_argument("--corpus", type=Path)
    args = asked.parse_args()
    songs = by_genre(named(args.genres), args.seeds, args.length)
    by = {genre: [row(sniff(piece)) for piece in pieces] for genre, pieces in songs.items()}
    real: dict[str, list[Row]] = {}
    if args.corpus:
        from corpus import real_pieces

        real = {name: [row(sniff(p)) for p in pieces] for name, pieces in real_pieces(args.corpus).items()}
    print(f"Percent of pieces that trip each alarm: {args.seeds} seeds of {args.length} a genre.\n")
    print(table(by, real))
    every = [r for rows in by.values() for r in rows]
    print(
        f"\nPieces that trip more than three: ours {crowded(every)} %"
        + "".join(f", {name} {crowded(rows)} %" for name, rows in {**by, **real}.items())
    )


if __name__ == "__main__":
    main()
