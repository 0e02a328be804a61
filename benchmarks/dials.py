"""What complexity and creativity change, measured: three genres, twenty seeds, each dial at 0, .5 and 1.

    python benchmarks/dials.py [--seeds 20]

Prints a Markdown table of means over all songs. The same table stands in docs/models.md.
"""

from __future__ import annotations

import argparse
import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from math import log2

from scorekit import studio
from scorekit.score import Note, Score
from scorekit.theory import CHORDS
from scorekit.timebase import PPQ

GENRES = ("rock", "jazz_swing", "melodic_house")
FORM = {
    "rock": "verse:8:e3 chorus:8:e5 verse:8:e3",
    "jazz_swing": "A:8:e3 B:8:e3 A:8:e4",
    "melodic_house": "groove:8:e3 drop:8:e5 groove:8:e3",
}


def song(genre: str, seed: int, complexity: float, creativity: float) -> Score:
    """One song with both dials set."""
    return studio.compose(
        f'genre = "{genre}"\nseed = {seed}\nform = "{FORM[genre]}"\n[dials]\ncomplexity = {complexity}\ncreativity = {creativity}\n'
    )


def lines(score: Score, parts: Sequence[str]) -> list[tuple[Note, ...]]:
    """The phrases of some parts."""
    return [p.notes for passage in score.passages for p in passage.phrases if p.part in parts]


def bars(score: Score) -> int:
    """Bars of the song."""
    return sum(p.section.bars for p in score.plan.placements)


PITCHED = ("bass", "guitar", "keys", "strings", "brass", "lead", "pads")


def onsets(score: Score) -> float:
    """Onsets a bar, all pitched parts together."""
    return sum(len({n.start for n in line}) for line in lines(score, PITCHED)) / bars(score)


def hits(score: Score) -> float:
    """Drum strokes a bar."""
    return sum(map(len, lines(score, ("drums",)))) / bars(score)


def fine(score: Score) -> float:
    """Share of pitched onsets that lie on neither beats nor eighths."""
    ticks = [n.start for line in lines(score, PITCHED) for n in line]
    return sum(t % (PPQ // 2) != 0 for t in ticks) / max(1, len(ticks))


def players(score: Score) -> float:
    """Parts that play in a section."""
    return sum(bool(p.notes) for passage in score.passages for p in passage.phrases) / len(score.passages)


def colour(score: Score) -> float:
    """Notes of a chord beyond the triad, as written in the plan."""
    chords = [c for p in score.plan.placements for c in p.section.chords]
    return sum(max(0, len(CHORDS[c.quality]) - 3) for c in chords) / len(chords)


def change(score: Score) -> float:
    """Bars of drums that differ from the bar before: 1 - Jaccard of (place, piece), mean."""
    found = []
    for placement, passage in zip(score.plan.placements, score.passages, strict=True):
        bar = placement.section.meter.bar
        sets: list[set[tuple[int, int]]] = [set() for _ in range(placement.section.bars)]
        for note in passage.phrase("drums").notes:
            sets[note.start // bar].add((note.start % bar, note.pitch))
        found += [1 - len(a & b) / len(a | b) for a, b in itertools.pairwise(sets) if a | b]
    return sum(found) / max(1, len(found))


def surprise(scores: Sequence[Score]) -> float:
    """Entropy in bits of the ideas chosen for a section and part, over the seeds: how far choices stray from the typical."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for score in scores:
        for placement, passage in zip(score.plan.placements, score.passages, strict=True):
            for phrase in passage.phrases:
                if phrase.notes:
                    counts.setdefault((placement.section.id, phrase.part), Counter())[phrase.idea] += 1
    return sum(entropy(c) for c in counts.values()) / len(counts)


def entropy(counts: Counter[str]) -> float:
    """Bits."""
    total = sum(counts.values())
    return -sum(n / total * log2(n / total) for n in counts.values())


MEASURES: tuple[tuple[str, Callable[[Score], float]], ...] = (
    ("pitched onsets a bar", onsets),
    ("drum strokes a bar", hits),
    ("onsets off the eighths", fine),
    ("parts in a section", players),
    ("chord notes beyond the triad", colour),
    ("drums: change from bar to bar", change),
)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    seeds = range(1, parser.parse_args().seeds + 1)
    print("| measure | complexity 0 | .5 | 1 | creativity 0 | .5 | 1 |\n|---|---|---|---|---|---|---|")
    settings = [(c, 0.5) for c in (0.0, 0.5, 1.0)] + [(0.5, c) for c in (0.0, 0.5, 1.0)]
    songs = [[[song(g, s, *dials) for s in seeds] for g in GENRES] for dials in settings]
    for name, measure in MEASURES:
        means = [sum(measure(s) for genre in setting for s in genre) / sum(map(len, setting)) for setting in songs]
        print(f"| {name} | " + " | ".join(f"{m:.2f}" for m in means) + " |")
    bits = [sum(map(surprise, setting)) / len(setting) for setting in songs]
    print("| ideas chosen over the seeds, bits | " + " | ".join(f"{b:.2f}" for b in bits) + " |")


if __name__ == "__main__":
    main()
