"""What genres assert of themselves under ``[assess]``, and how far their songs are that.

    python benchmarks/traits.py [--seeds 10] [--genres rock,funk] [--length "90 s"] [--all]

Prints a Markdown table: of each genre the medians that lie outside the inner band, b to c, with the whole band and the share
of songs inside; all of them with ``--all``. Below it how many medians lie inside.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from scorekit import files, pipeline, studio
from scorekit.compiler.compile import read_spec
from scorekit.compiler.genres import GenreSpec
from scorekit.compiler.layers import NOTHING
from scorekit.smells.piece import piece_of
from scorekit.smells.traits import Band, Trait, fitness, judged
from scorekit.store import Memo


def asserted(genre: str) -> dict[str, Band]:
    """The bands of a genre's file."""
    spec = read_spec(GenreSpec, "genres", genre, "genre", NOTHING, files.load, "", Memo()).spec
    assert spec is not None
    return dict(spec.assess)


def song(job: tuple[str, int, str]) -> tuple[str, tuple[Trait, ...]]:
    """One song, judged by its genre."""
    genre, seed, length = job
    score = studio.compose(f'genre = "{genre}"\nseed = {seed}\nlength = "{length}"\n')
    return genre, judged(piece_of(score, pipeline.perform(score)), asserted(genre))


def main() -> None:
    """Measures and prints."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, default=10)
    options.add_argument("--genres", default="")
    options.add_argument("--length", default="90 s")
    options.add_argument("--all", action="store_true")
    args = options.parse_args()
    genres = [g for g in args.genres.split(",") if g] or [g for g in files.known("genres") if g != "base44"]
    jobs = [(genre, seed, args.length) for genre in genres for seed in range(1, args.seeds + 1)]
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    with ProcessPoolExecutor(2) as pool:
        for genre, found in pool.map(song, jobs, chunksize=5):
            for trait in found:
                values[genre, trait.name].append(trait.value)
    print("| genre | trait | median | a, b, c, d | % of songs in b to c |\n|---|---|---|---|---|")
    inside = 0
    for genre in genres:
        for name, band in asserted(genre).items():
            own = values[genre, name]
            middle = float(np.median(own)) if own else float("nan")
            fits = fitness(middle, band) == 1
            inside += fits
            share = 100 * float(np.mean([fitness(v, band) == 1 for v in own])) if own else 0.0
            if args.all or not fits:
                print(f"| {genre} | {name} | {middle:.2f} | {', '.join(f'{v:g}' for v in band)} | {share:.0f} |")
    total = sum(len(asserted(genre)) for genre in genres)
    print(f"\n{inside} of {total} medians of {args.seeds} songs of {args.length} lie inside the inner band.")


if __name__ == "__main__":
    main()
