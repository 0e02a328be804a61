"""The 25 smells over all genres: how many songs trip each, beside the same alarms on real music.

    python benchmarks/smells.py [--seeds 20] [--genres rock,funk] [--length "90 s"] [--corpus PATH]

Prints a Markdown table: per smell the share of songs that trip it, per genre and overall, and what real band music and
drum takes trip (those alone with ``--seeds 0``). A song is composed from nothing but genre, seed and length.
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
    columns = {**by, "all": every} if every else {}
    columns |= real
    medians = {what: rows for what, rows in (("median ours", every), ("median real", known)) if rows}
    lines = [
        f"| # | smell | {' | '.join([*columns, *medians])} |",
        "|---|---|" + "---|" * (len(columns) + len(medians)),
    ]
    for number, (name, *_) in (every or known)[0].items():
        cells = [share(rows, number) for rows in columns.values()] + [middle(rows, number) for rows in medians.values()]
        lines.append(f"| {number} | {name} | {' | '.join(cells)} |")
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
    songs = by_genre(named(args.genres), args.seeds, args.length) if args.seeds else {}
    by = {genre: [row(sniff(piece)) for piece in pieces] for genre, pieces in songs.items()}
    real: dict[str, list[Row]] = {}
    if args.corpus:
        from corpus import real_pieces

        real = {name: [row(sniff(p)) for p in pieces] for name, pieces in real_pieces(args.corpus).items()}
    of = f": {args.seeds} seeds of {args.length} a genre" if args.seeds else ""
    print(f"Percent of pieces that trip each alarm{of}.\n")
    print(table(by, real))
    every = {"ours": [r for rows in by.values() for r in rows]} if args.seeds else {}
    crowds = {**every, **by, **real}.items()
    print("\nPieces that trip more than three: " + ", ".join(f"{name} {crowded(rows)} %" for name, rows in crowds))


if __name__ == "__main__":
    main()
