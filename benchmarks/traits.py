"""What genres assert of themselves under ``[assess]``, and how far their songs are that.

    python benchmarks/traits.py [--seeds 10] [--genres rock,funk] [--length "90 s"] [--all]

Prints a Markdown table: of each genre the medians that lie outside the inner band, b to c, with the whole band and the share
of songs inside; all of them with ``--all``. Below it how many medians lie inside.
"""

from __future__ import annotations

import argparse
from collections import defaultdict

import numpy as np
from songs import by_genre, named

from scorekit import files
from scorekit.compiler.compile import read_spec
from scorekit.compiler.genres import GenreSpec
from scorekit.compiler.layers import NOTHING
from scorekit.smells.traits import Band, fitness, judged
from scorekit.store import Memo


def asserted(genre: str) -> dict[str, Band]:
    """The bands of a genre's file."""
    spec = read_spec(GenreSpec, "genres", genre, "genre", NOTHING, files.load, "", Memo()).spec
    assert spec is not None
    return dict(spec.assess)


def main() -> None:
    """Measures and prints."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, default=10)
    options.add_argument("--genres", default="")
    options.add_argument("--length", default="90 s")
    options.add_argument("--all", action="store_true")
    args = options.parse_args()
    songs = by_genre(named(args.genres), args.seeds, args.length)
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    for genre, pieces in songs.items():
        for trait in (trait for piece in pieces for trait in judged(piece, asserted(genre))):
            values[genre, trait.name].append(trait.value)
    print("| genre | trait | median | a, b, c, d | % of songs in b to c |\n|---|---|---|---|---|")
    inside = 0
    for genre in songs:
        for name, band in asserted(genre).items():
            own = values[genre, name]
            middle = float(np.median(own)) if own else float("nan")
            fits = fitness(middle, band) == 1
            inside += fits
            share = 100 * float(np.mean([fitness(v, band) == 1 for v in own])) if own else 0.0
            if args.all or not fits:
                print(f"| {genre} | {name} | {middle:.2f} | {', '.join(f'{v:g}' for v in band)} | {share:.0f} |")
    total = sum(len(asserted(genre)) for genre in songs)
    print(f"\n{inside} of {total} medians of {args.seeds} songs of {args.length} lie inside the inner band.")


if __name__ == "__main__":
    main()
