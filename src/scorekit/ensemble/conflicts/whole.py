"""What can be heard of a whole song only: is the energy where the plan has it, is there one peak, is the key clear.

These are findings. Nothing is mended here: what a section plays must not depend on the rest of the song.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log

from msgspec import Struct

from scorekit.ensemble.conflicts.keys import ambiguous
from scorekit.score import Claim, Decision, Key, Passage, Placement, Score

REALISED = 0.6
"""Rank correlation of planned and heard energy below which the curve is not realised."""
_NEAR = 0.05
"""How close a rival must come to the peak, as a share of the song's range of energy."""


class Heard(Struct, frozen=True):
    """The energy of one section as it is heard, in standard deviations around the song's mean."""

    placement: Placement
    energy: float


Facts = tuple[float, float, float]
"""Log of onsets a bar, mean velocity, and how many parts play in a section."""
Known = Callable[[int, Placement, Passage], Facts]
"""``facts`` of the section with a number, or something that remembers them."""


def whole(
    score: Score, known: Known = lambda number, placement, passage: facts(placement, passage)
) -> tuple[Decision, ...]:
    """Findings about the song as a whole, in the order key, energy."""
    if score.plan.resolver == "off":
        return ()
    pairs = list(zip(score.plan.placements, score.passages, strict=True))
    sounding = [n for n, (_, passage) in enumerate(pairs) if any(phrase.notes for phrase in passage.phrases)]
    rows = [known(n, *pairs[n]) for n in sounding]
    heard = [Heard(pairs[n][0], energy) for n, energy in zip(sounding, energies(rows), strict=True)]
    return (*unclear(pairs), *unrealised(heard), *no_peak(heard, score.plan.end))


# -- energy ----------------------------------------------------------------------------------------


def energies(rows: Sequence[Facts]) -> list[float]:
    """Heard energy of sections: the sum of the standard scores of log onset rate, mean velocity and parts playing."""
    columns = [scores(column) for column in zip(*rows, strict=True)]
    return [sum(row) for row in zip(*columns, strict=True)]


def facts(placement: Placement, passage: Passage) -> Facts:
    """What the energy of a section is reckoned from."""
    lines = [phrase.notes for phrase in passage.phrases if phrase.notes]
    onsets = sum(len({note.start for note in line}) for line in lines)
    notes = [note for line in lines for note in line]
    loud = sum(note.velocity for note in notes) / len(notes)
    return log(onsets / placement.section.bars), loud, float(len(lines))


def scores(values: Sequence[float]) -> list[float]:
    """Standard scores; zeros where all are equal."""
    mean = sum(values) / len(values)
    spread = (sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5
    return [(v - mean) / spread if spread > 1e-9 else 0.0 for v in values]


def ranks(values: Sequence[float]) -> list[float]:
    """Ranks from 0; equal values share the mean of theirs."""
    order = sorted(values)
    return [order.index(v) + (order.count(v) - 1) / 2 for v in values]


def spearman(a: Sequence[float], b: Sequence[float]) -> float:
    """Rank correlation, -1 to 1; 1 where one side is constant and nothing can be out of order."""
    x, y = scores(ranks(a)), scores(ranks(b))
    return sum(p * q for p, q in zip(x, y, strict=True)) / len(a) if any(x) and any(y) else 1.0


def unrealised(heard: Sequence[Heard]) -> tuple[Decision, ...]:
    """E1: the sections are not as loud and busy in order as the form has them. Names the one that is furthest off."""
    planned = [float(h.placement.section.tier) for h in heard]
    if len(heard) < 4 or len(set(planned)) < 2:
        return ()
    found = spearman(planned, [h.energy for h in heard])
    if found >= REALISED:
        return ()
    gaps = [p - e for p, e in zip(scores(planned), scores([h.energy for h in heard]), strict=True)]
    worst = max(range(len(heard)), key=lambda n: abs(gaps[n]))
    section = heard[worst].placement.section
    less, more = ("less", "more") if gaps[worst] > 0 else ("more", "less")
    sides = (Claim("form", f"energy {section.tier} in {section.id}", 1.0), Claim("band", less, 0.5))
    reason = f"planned and heard energy agree by {found:.2f}, {REALISED} is expected; a part {more} there would help"
    return (Decision("E1", "energy", "song", sides, "left as it is", reason),)


def no_peak(heard: Sequence[Heard], end: int) -> tuple[Decision, ...]:
    """E5: the loudest section comes in the first half, or one there comes as near as makes no difference."""
    if len(heard) < 4:
        return ()
    top = max(heard, key=lambda h: (h.energy, h.placement.start))
    reach = _NEAR * (top.energy - min(h.energy for h in heard))
    high = [h for h in heard if h.energy >= top.energy - reach]
    early = next((h.placement.section.id for h in high if h.placement.start + h.placement.end < end), "")
    second = [h for h in heard if h.placement.start + h.placement.end >= end]
    if not early or not second or reach <= 0:
        return ()
    late = max(second, key=lambda h: (h.energy, h.placement.start)).placement.section.id
    sides = (Claim("form", "the peak in the second half", 1.0), Claim(early, "the peak", 0.5))
    reason = f"a layer more in {late}, or one less in {early}, would make it plain"
    return (Decision("E5", "energy", "song", sides, "left as it is", reason),)


# -- key -------------------------------------------------------------------------------------------


def unclear(pairs: Sequence[tuple[Placement, Passage]]) -> tuple[Decision, ...]:
    """K2: sections whose notes fit the relative key better, and that neither begin nor end on their tonic."""
    found: dict[str, tuple[Key, Key]] = {}
    for placement, passage in pairs:
        section = placement.section
        shown = section.key.tonic in (section.chords[0].root, section.chords[-1].root)
        if section.bars < 4 or shown or section.name in found:
            continue
        rival = ambiguous(section, {phrase.part: phrase.notes for phrase in passage.phrases}, 0.0)
        if rival is not None:
            found[section.name] = (section.key, rival)
    if not found:
        return ()
    key, rival = next(iter(found.values()))
    sides = (Claim("song", str(key), 1.0), Claim("notes", f"{rival}, in {', '.join(found)}", 0.5))
    reason = "the key of the song stands; a cadence on its tonic would make it plain"
    return (Decision("K2", "key", "song", sides, f"stays in {key}", reason),)
