"""Songs of ours for the tables: from genre, seed and length alone, composed two at a time and once for all tables.

No command: the others ask it. A song is kept in the state folder under what it was made with (the package, genres, models), so
that another table about the same songs need not compose them again; songs of another state are thrown away.
"""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from hashlib import blake2b
from pathlib import Path

import scorekit
from scorekit import files, pipeline, studio
from scorekit.smells.piece import Piece, piece_of

Job = tuple[str, int, str, str]
"""Genre, seed, length, and metre or ''."""


def named(text: str) -> list[str]:
    """The genres of an option, or all of them."""
    return [name for name in text.split(",") if name] or [name for name in files.known("genres") if name != "base44"]


@cache
def shelf() -> Path:
    """Where songs of this state of the package, the genres and the models are kept; those of others are removed."""
    made_of = blake2b(digest_size=8)
    folders = [files.shipped(kind) for kind in ("genres", "models")]
    for folder in (Path(scorekit.__file__).parent, *filter(None, folders)):
        for path in sorted([*folder.rglob("*.py"), *folder.glob("*.toml")]):
            made_of.update(path.read_bytes())
    shelves = files.state_folder() / "benchmark-songs"
    own = shelves / made_of.hexdigest()
    for other in shelves.glob("*"):
        if other != own:
            shutil.rmtree(other, ignore_errors=True)
    own.mkdir(parents=True, exist_ok=True)
    return own


def song(job: Job) -> Piece:
    """One song."""
    genre, seed, length, metre = job
    kept = shelf() / f"{genre}-{seed}-{length}-{metre.replace('/', '.')}"
    if kept.exists():
        return pickle.loads(kept.read_bytes())  # written by nobody but us, below
    more = f'meter = "{metre}"\n' if metre else ""
    score = studio.compose(f'genre = "{genre}"\nseed = {seed}\nlength = "{length}"\n{more}')
    piece = piece_of(score, pipeline.perform(score))
    kept.write_bytes(pickle.dumps(piece))
    return piece


def composed(jobs: Sequence[Job]) -> list[Piece]:
    """Songs in the order asked for."""
    shelf()
    with ProcessPoolExecutor(2) as pool:
        return list(pool.map(song, jobs, chunksize=4))


def by_genre(genres: Iterable[str], seeds: int, length: str) -> dict[str, list[Piece]]:
    """Songs of the first so many seeds of each genre."""
    names = list(genres)
    found = composed([(genre, seed, length, "") for genre in names for seed in range(1, seeds + 1)])
    return {genre: found[n * seeds : (n + 1) * seeds] for n, genre in enumerate(names)}
