"""Can a genre be told by its notes alone, and are two songs of a genre two songs?

    python benchmarks/genres.py [--seeds 20] [--genres rock,funk] [--length "90 s"]

Features know neither tempo nor sound nor the names of parts: percussion and pitched notes each in three layers by height,
where in the bar they fall, how often, how loud, how long; intervals, chords and their roots; swing; contrast of sections.
A regularised linear discriminant (NumPy) is fitted to some songs and asked about others: songs of other seeds, and songs
of forms it has never seen. Prints accuracy, the confusion matrix, distances within and between genres, and how much of
one song's tune, drums and harmony is found in another of its genre (5-grams, after composition practice: at most .35).
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise, permutations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scorekit.smells import Piece, bands, beats
from scorekit.smells.piece import Line, steps_of, top
from scorekit.timebase import PPQ

Floats = NDArray[np.float64]
Gram = tuple[object, ...]

# -- features --------------------------------------------------------------------------------------

_LOW_DRUMS = (*beats.KICKS, 41, 43, 45, 64, 66)
_HIGH_DRUMS = (42, 44, 46, 22, 26, 49, 51, 52, 53, 54, 55, 57, 59, 69, 70, 80, 81, 82)


def layers(piece: Piece) -> Iterator[Line]:
    """Six layers, by height alone: low, middle and high percussion; low, middle and high notes."""
    drums = piece.part("drums")
    low, high = np.isin(drums.pitch, _LOW_DRUMS), np.isin(drums.pitch, _HIGH_DRUMS)
    yield from (drums.only(mask) for mask in (low, ~low & ~high, high))
    names = ("start", "end", "pitch", "velocity", "late")
    every = piece.pitched or (drums.only(np.zeros(len(drums), bool)),)
    joined = Line("", *(np.concatenate([getattr(one, name) for one in every]) for name in names))
    yield from (joined.only((joined.pitch >= a) & (joined.pitch < b)) for a, b in ((0, 50), (50, 65), (65, 128)))


def histogram(values: NDArray[np.int64], bins: int) -> Floats:
    """Shares of whole numbers 0 to bins - 1; zeros for nothing."""
    counts = np.bincount(values, minlength=bins)[:bins].astype(np.float64)
    return counts / max(1.0, counts.sum())


def rhythm(piece: Piece, layer: Line) -> Floats:
    """Of one layer: share of onsets at each sixteenth of the bar, off the sixteenths, a bar; velocity and length."""
    if not len(layer):
        return np.zeros(21)
    ticks = piece.in_bar(layer.start)
    place = np.clip(ticks * 16 // piece.meter.bar, 0, 15)
    off = float(np.mean(ticks % (PPQ // 4) != 0))
    beats_long = np.minimum((layer.end - layer.start) / PPQ, 8.0)
    rest = (off, np.log1p(len(layer) / piece.count), layer.velocity.mean() / 32, layer.velocity.std() / 16)
    return np.concatenate([histogram(place, 16) * 4, rest, [float(np.log1p(beats_long.mean()))]])


_QUALITIES = ({3, 10}, {4, 11}, {4, 10}, {3}, {4}, {5}, {6})
"""What tells kinds of chord apart, the first that fits: minor and major seventh, dominant, minor, major, sus, diminished."""


def chords(piece: Piece) -> Floats:
    """Kinds of chord, ninths and more, roots from the tonic, root motion, chords a bar: as shares of chords."""
    kinds = np.zeros(len(_QUALITIES) + 1)
    for chord in piece.chords:
        above = {(p - chord.root) % 12 for p in chord.classes}
        kinds[next((n for n, need in enumerate(_QUALITIES) if need <= above), -1)] += 1
    total = max(1, len(piece.chords))
    roots = np.array([(c.root - (piece.tonic or 0)) % 12 for c in piece.chords], np.int64)
    moves = np.array([(b.root - a.root) % 12 for a, b in pairwise(piece.chords)], np.int64)
    size = float(np.mean([len(c.classes) for c in piece.chords])) if piece.chords else 0.0
    rate = len(piece.chords) / piece.count
    return np.concatenate([kinds / total * 2, histogram(roots, 12), histogram(moves, 12), [size, rate]])


def lines(piece: Piece) -> Floats:
    """Intervals of the highest and of the lowest line of notes, and how the lowest lies to the chord."""
    *_, low, middle, high = layers(piece)
    found = []
    for line in (high if len(high) else middle, low):
        steps = np.minimum(np.abs(np.diff(top(line).pitch)), 12)
        found.append(histogram(steps.astype(np.int64), 13))
    pairs = zip(low.start.tolist(), low.pitch.tolist(), strict=True)
    degrees = [(pitch - chord.root) % 12 for tick, pitch in pairs if (chord := piece.chord_at(tick))]
    return np.concatenate([*found, histogram(np.array(degrees, np.int64), 12)])


def swing(piece: Piece) -> float:
    """Where the second half of a beat falls as played, in the mean: .5 straight, .67 triplets."""
    found = []
    for line in piece.lines:
        per_ms = piece.tempo.ticks_for(1.0, 0)
        place = (line.start % PPQ + line.late * per_ms) / PPQ
        found.append(place[(place > 0.42) & (place < 0.75)])
    every = np.concatenate(found) if found else np.zeros(0)
    return float(every.mean()) if len(every) else 0.5


def whole(piece: Piece) -> Floats:
    """Swing, memory and syncopation of percussion, density, presence, contrast of sections."""
    values = (
        swing(piece) * 10,
        beats.jaccard(piece),
        beats.exact_two(piece),
        (beats.syncopation(piece) or 0.0) / 4,
        float(np.log1p(bands.density(piece).mean())),
        bands.presence(piece),
        bands.moves(piece),
        bands.contrast(piece),
        np.log1p(bands.density_range(piece) or 0.0),
        float(piece.grid == 3) * 2,
    )
    return np.array([0.0 if v is None else v for v in values])


def percussion(piece: Piece) -> Floats:
    """Rhythm of the three layers of percussion."""
    return np.concatenate([rhythm(piece, layer) for layer in list(layers(piece))[:3]])


def notes(piece: Piece) -> Floats:
    """Rhythm of the three layers of notes."""
    return np.concatenate([rhythm(piece, layer) for layer in list(layers(piece))[3:]])


BLOCKS: dict[str, Callable[[Piece], Floats]] = {
    "percussion": percussion,
    "rhythm of notes": notes,
    "chords": chords,
    "lines": lines,
    "whole": whole,
}
"""What is known of a piece: everything but its tempo, its sounds and the names of its parts."""


def features(piece: Piece) -> dict[str, Floats]:
    """All blocks of a piece."""
    return {name: block(piece) for name, block in BLOCKS.items()}


def table(found: Sequence[dict[str, Floats]], names: Sequence[str] = tuple(BLOCKS)) -> Floats:
    """Rows of some blocks."""
    rows = np.array([np.concatenate([one[name] for name in names]) for one in found])
    assert np.all(np.isfinite(rows))
    return rows


# -- telling genres apart --------------------------------------------------------------------------


@dataclass(frozen=True)
class Discriminant:
    """A linear discriminant: class means in a space in which the scatter inside classes is a sphere."""

    names: tuple[str, ...]
    mean: Floats
    scale: Floats
    white: Floats
    means: Floats

    def told(self, rows: Floats) -> list[str]:
        """The nearest class of each row."""
        seen = (rows - self.mean) / self.scale @ self.white
        distance = ((seen[:, None, :] - self.means[None]) ** 2).sum(axis=2)
        return [self.names[n] for n in distance.argmin(axis=1)]


def fitted(rows: Floats, labels: Sequence[str], shrink: float = 0.3) -> Discriminant:
    """Linear discriminant analysis; the pooled covariance is drawn to its diagonal by ``shrink`` (Friedman 1989)."""
    names = tuple(sorted(set(labels)))
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    z = (rows - mean) / scale
    which = np.array([names.index(label) for label in labels])
    means = np.array([z[which == n].mean(axis=0) for n in range(len(names))])
    inside = z - means[which]
    covariance = inside.T @ inside / max(1, len(z) - len(names))
    covariance = (1 - shrink) * covariance + shrink * np.diag(np.diag(covariance)) + 0.05 * np.eye(len(covariance))
    values, vectors = np.linalg.eigh(covariance)
    white = vectors / np.sqrt(values)
    return Discriminant(names, mean, scale, white, means @ white)


def balanced(truth: Sequence[str], told: Sequence[str]) -> float:
    """Mean over classes of the share that is told right."""
    return float(
        np.mean(
            [np.mean([t == g for t, g in zip(told, truth, strict=True) if g == genre]) for genre in sorted(set(truth))]
        )
    )


def held_out(rows: Floats, labels: Sequence[str], groups: Sequence[object]) -> tuple[list[str], list[str]]:
    """(truth, told) over all groups, each told by a discriminant fitted to songs of no such group.

    A song is left out where no other song of its genre is outside its group.
    """
    truth, told = [], []
    for group in dict.fromkeys(groups):
        out = np.array([g == group for g in groups])
        kept = {label for label, gone in zip(labels, out, strict=True) if not gone}
        asked = [n for n in np.flatnonzero(out) if labels[n] in kept]
        if asked:
            model = fitted(rows[~out], [labels[n] for n in np.flatnonzero(~out)])
            truth += [labels[n] for n in asked]
            told += model.told(rows[asked])
    return truth, told


def distances(rows: Floats, labels: Sequence[str]) -> dict[str, float]:
    """Mean distance of two songs of a genre, over the mean distance of two songs of different genres.

    Of standardised features, each as it is: nothing is fitted to set genres apart.
    """
    scale = rows.std(axis=0)
    z = rows[:, scale > 1e-9] / scale[scale > 1e-9]
    apart: dict[bool, list[float]] = {True: [], False: []}
    within: dict[str, list[float]] = {}
    for a, b in combinations(range(len(z)), 2):
        distance = float(np.linalg.norm(z[a] - z[b]))
        apart[labels[a] == labels[b]].append(distance)
        if labels[a] == labels[b]:
            within.setdefault(labels[a], []).append(distance)
    between = float(np.mean(apart[False]))
    return {genre: float(np.mean(found)) / between for genre, found in within.items()}


def occupancy(piece: Piece) -> Floats:
    """How often each sixteenth of a bar has kick, snare, hat, ride, tom or crash; and whether beats fall in three."""
    bars_ = [found for found in beats.bar_sets(piece) if found]
    rows = ("kick", "snare", "hat", "ride", "tom", "crash")
    counts = np.zeros((len(rows), 16))
    for found in bars_:
        for step, name in found:
            if name in rows:
                counts[rows.index(name), min(15, step * 16 * PPQ // (piece.meter.bar * piece.grid))] += 1
    return np.append(np.minimum(counts / max(1, len(bars_)), 1).ravel(), float(piece.grid == 3))


def human(corpus: Path, labels: Sequence[str], drums: Sequence[Floats]) -> str:
    """What a discriminant of human drummers' styles says of our drums, and of takes of its own it was not fitted to."""
    from corpus import STYLES, groove

    takes = [(style, occupancy(piece)) for style, piece in groove(corpus)]
    styles = [style for style, count in Counter(s for s, _ in takes).items() if count >= 10]
    known = [(style, row) for style, row in takes if style in styles]
    real, names = np.array([row for _, row in known]), [style for style, _ in known]
    folds = [n % 5 for n in range(len(names))]
    lines_ = [
        f"Human drummers, {len(names)} takes of {len(styles)} styles: {balanced(*held_out(real, names, folds)):.3f}"
    ]
    model = fitted(real, names)
    for genre, style in STYLES.items():
        mine = [row for row, label in zip(drums, labels, strict=True) if label == genre]
        if mine and style in styles:
            told = Counter(model.told(np.array(mine)))
            said = ", ".join(f"{name} {count}" for name, count in told.most_common())
            lines_.append(f"- our {genre}, wanted {style}: {said}")
    return "\n".join(lines_)


# -- photocopies -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Prints:
    """What of a song could be found in another: tokens of the tune, bars of drums, roots of chords, names of sections."""

    tune: tuple[tuple[int, int], ...]
    drums: tuple[frozenset[tuple[int, str]], ...]
    chords: tuple[Gram, ...]
    form: tuple[str, ...]


def prints(piece: Piece) -> Prints:
    """Tune as (interval, sixteenths to the next, 8 at most); drums as bars of (step, instrument); chords from the tonic."""
    lead = top(piece.part("lead"))
    gaps = np.minimum(np.diff(steps_of(piece, lead.start)), 8)
    tune = tuple(zip(np.diff(lead.pitch).tolist(), gaps.tolist(), strict=True))
    tonic = piece.tonic or 0
    roots = tuple(
        ((c.root - tonic) % 12, frozenset((p - c.root) % 12 for p in c.classes), c.end - c.start) for c in piece.chords
    )
    return Prints(tune, tuple(b for b in beats.bar_sets(piece) if b), roots, tuple(s.name for s in piece.sections))


def grams(tokens: Sequence[object], length: int = 5) -> list[Gram]:
    """Runs of tokens."""
    return [tuple(tokens[n : n + length]) for n in range(len(tokens) - length + 1)]


def coverage(a: Sequence[Gram], b: Sequence[Gram], rarity: dict[Gram, float] | None = None) -> float:
    """Share of the grams of a that are found in b, each weighed by how rare it is."""
    weights = [1.0 if rarity is None else rarity[gram] for gram in a]
    there = set(b)
    return sum(w for gram, w in zip(a, weights, strict=True) if gram in there) / sum(weights) if sum(weights) else 0.0


def rarities(songs: Sequence[Prints]) -> dict[Gram, float]:
    """Inverse document frequency of 5-grams over all songs: log(songs / songs that have it)."""
    counts = Counter(gram for song in songs for gram in set(grams(song.tune)))
    return {gram: float(np.log((len(songs) + 1) / count)) for gram, count in counts.items()}


def longest_run(a: Sequence[object], b: Sequence[object]) -> int:
    """Tokens of the longest run both have."""
    best, before = 0, [0] * (len(b) + 1)
    for x in a:
        now = [0] * (len(b) + 1)
        for n, y in enumerate(b, 1):
            if x == y:
                now[n] = before[n - 1] + 1
        best, before = max(best, *now), now
    return best


@dataclass(frozen=True)
class Copies:
    """How alike the songs of a genre are, over all ordered pairs: 95 % and most of the tune's, drums' and chords' coverage."""

    tune: tuple[float, float]
    run: int
    drums: tuple[float, float]
    chords: tuple[float, float]
    twins: int
    """Pairs that have drums (nine bars in ten), chords and form all equal."""


def copies(songs: Sequence[Prints], rarity: dict[Gram, float]) -> Copies:
    """Of one genre's songs."""
    tune, drums, chord, twins, run = [], [], [], 0, 0
    for a, b in permutations(songs, 2):
        if len(a.tune) >= 24 and len(b.tune) >= 24:
            tune.append(coverage(grams(a.tune), grams(b.tune), rarity))
        drums.append(coverage([(bar,) for bar in a.drums], [(bar,) for bar in b.drums]))
        chord.append(coverage(grams(a.chords, 8), grams(b.chords, 8)))
        twins += drums[-1] > 0.9 and a.chords == b.chords and a.form == b.form
    for a, b in combinations(songs, 2):
        run = max(run, longest_run(a.tune, b.tune))
    high = [(float(np.percentile(v, 95)), max(v)) if v else (0.0, 0.0) for v in (tune, drums, chord)]
    return Copies(high[0], run, high[1], high[2], twins)


# -- the report ------------------------------------------------------------------------------------


def confusion(truth: Sequence[str], told: Sequence[str]) -> str:
    """Rows of truth, columns of what was told, in songs."""
    names = sorted(set(truth))
    counts = Counter(zip(truth, told, strict=True))
    head = "| is \\ told | " + " | ".join(name[:6] for name in names) + " |"
    body = ["| " + " | ".join([name, *(str(counts[name, other] or "") for other in names)]) + " |" for name in names]
    return "\n".join([head, "|" + "---|" * (len(names) + 1), *body])


def main() -> None:
    """Measures and prints."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seeds", type=int, default=20)
    asked.add_argument("--genres", default="")
    asked.add_argument("--length", default="90 s")
    asked.add_argument("--corpus", type=Path, help="Also ask a discriminant of human drummers about our drums.")
    args = asked.parse_args()
    from songs import by_genre, named

    genres = named(args.genres)
    pieces = [(genre, piece) for genre, own in by_genre(genres, args.seeds, args.length).items() for piece in own]
    labels, blocks = [genre for genre, _ in pieces], [features(piece) for _, piece in pieces]
    songs, drums = [prints(piece) for _, piece in pieces], [occupancy(piece) for _, piece in pieces]
    rows = table(blocks)
    seeds = [seed for _ in genres for seed in range(1, args.seeds + 1)]
    half = [seed <= args.seeds // 2 for seed in seeds]
    print(f"{len(genres)} genres, {args.seeds} seeds of {args.length}, {rows.shape[1]} features.\n")
    told = fitted(rows[half], [g for g, first in zip(labels, half, strict=True) if first]).told(rows[~np.array(half)])
    truth = [g for g, first in zip(labels, half, strict=True) if not first]
    print(
        f"Fitted to the first half of the seeds, asked about the other: balanced accuracy {balanced(truth, told):.3f}"
    )
    print(f"Seeds in five folds: {balanced(*held_out(rows, labels, [seed % 5 for seed in seeds])):.3f}")
    forms = [(genre, song_.form) for genre, song_ in zip(labels, songs, strict=True)]
    print(f"Forms never seen: {balanced(*held_out(rows, labels, forms)):.3f}")
    folds = [seed % 5 for seed in seeds]
    for name in BLOCKS:
        print(f"Seeds in five folds, {name} alone: {balanced(*held_out(table(blocks, [name]), labels, folds)):.3f}")
    dealt = [labels[n] for n in np.random.default_rng(0).permutation(len(labels))]
    print(f"The same with genres dealt out at random: {balanced(*held_out(rows, dealt, folds)):.3f}\n")
    if args.corpus:
        print(human(args.corpus, labels, drums) + "\n")
    print(confusion(truth, told) + "\n")
    spread, rarity = distances(rows, labels), rarities(songs)
    print(
        "| genre | within / between | tune: 95 %, most | longest run | drum bars: 95 %, most | chords: 95 %, most | twins |"
    )
    print("|---|---|---|---|---|---|---|")
    for genre in genres:
        own = copies([s for s, g in zip(songs, labels, strict=True) if g == genre], rarity)
        pairs = " | ".join(f"{a:.2f}, {b:.2f}" for a, b in (own.drums, own.chords))
        print(
            f"| {genre} | {spread[genre]:.2f} | {own.tune[0]:.2f}, {own.tune[1]:.2f} | {own.run} | {pairs} | {own.twins} |"
        )
    print(f"\nWithin over between, mean of genres: {np.mean(list(spread.values())):.2f}")


if __name__ == "__main__":
    main()
