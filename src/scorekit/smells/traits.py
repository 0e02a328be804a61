"""What a genre is known by, measured: the assertions a genre file makes of itself under ``[assess]``, and how well they hold.

Definitions follow the field: backbeat and clave as shares of bars, syncopation after Witek et al. (2014), likeness of drum
bars as Jaccard. Shares are 0 to 1. A trait is None where the piece says nothing about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise

import numpy as np
from msgspec import Struct

from scorekit.smells import bands, beats, tunes
from scorekit.smells.piece import Harmony, Ints, Line, Piece, steps_of, top
from scorekit.timebase import PPQ

Band = tuple[float, float, float, float]


class Trait(Struct, frozen=True):
    """A measured value, the band the genre wants it in, and how well it lies there: 0 to 1."""

    name: str
    value: float
    band: Band
    score: float


def judged(piece: Piece, wanted: Mapping[str, Band]) -> tuple[Trait, ...]:
    """The traits a genre asserts, of those the piece says anything about. KeyError for a trait nobody measures."""
    values = ((name, TRAITS[name](piece), band) for name, band in wanted.items())
    return tuple(Trait(name, value, band, fitness(value, band)) for name, value, band in values if value is not None)


def fitness(value: float, band: Band) -> float:
    """Trapezoid: 0 outside [a, d], 1 on [b, c], straight in between."""
    a, b, c, d = band
    if b <= value <= c:
        return 1.0
    if value <= a or value >= d:
        return 0.0
    return (value - a) / (b - a) if value < b else (d - value) / (d - c)


# -- drums -----------------------------------------------------------------------------------------


def _struck(piece: Piece, pitches: Iterable[int], loud: int = 0) -> Line:
    drums = piece.part("drums")
    return drums.only(np.isin(drums.pitch, tuple(pitches)) & (drums.velocity >= loud)) if len(drums) else drums


def _on_beats(
    piece: Piece, hits: Line, beats_: tuple[int, ...], of: Callable[[list[bool]], float] = np.mean
) -> float | None:
    """How many of these beats (from 0) of bars with a drum set have a hit on them: mean over bars of the mean, or of all."""
    drums = _struck(piece, (*beats.KICKS, 37, 38, 39, 40))
    played = sorted(set(piece.bar_of(drums.start).tolist())) if len(drums) else []
    if len(played) < 4 or piece.meter.beats <= max(beats_):
        return None
    struck = set(hits.start.tolist()) if len(hits) else set()
    pulse = piece.meter.bar // piece.meter.beats
    return float(np.mean([of([int(piece.bars[bar]) + beat * pulse in struck for beat in beats_]) for bar in played]))


def backbeat(piece: Piece) -> float | None:
    """Share of bars with a snare, stick or clap (35 or louder) on the second beat and on the fourth."""
    return _on_beats(piece, _struck(piece, (37, 38, 39, 40), 35), (1, 3), all)


def half_backbeat(piece: Piece) -> float | None:
    """The same of the third beat: half time."""
    return _on_beats(piece, _struck(piece, (37, 38, 39, 40), 35), (2,))


def four_floor(piece: Piece) -> float | None:
    """Share of beats with a kick."""
    return _on_beats(piece, _struck(piece, beats.KICKS), (0, 1, 2, 3))


def kick_on_one(piece: Piece) -> float | None:
    """Share of downbeats with a kick."""
    return _on_beats(piece, _struck(piece, beats.KICKS), (0,))


def kick_on_two_and_four(piece: Piece) -> float | None:
    """Share of second and fourth beats with a kick."""
    return _on_beats(piece, _struck(piece, beats.KICKS), (1, 3))


def kick_density(piece: Piece) -> float | None:
    """Kicks in a bar that has any."""
    kicks = _struck(piece, beats.KICKS)
    return len(kicks) / len(set(piece.bar_of(kicks.start).tolist())) if len(kicks) >= 8 else None


_CLAVE = frozenset({0, 6, 12, 20, 26})
"""The bossa nova's clave: sixteenths of two bars, three strokes and two."""


def clave(piece: Piece) -> float | None:
    """Strokes of the stick on the clave, over all of it and what else the stick plays (Jaccard), the better way round."""
    sticks = _struck(piece, (37,))
    if piece.grid != 4 or piece.meter.bar != 4 * PPQ or len(sticks) < 16:
        return None
    heard: dict[int, set[int]] = {}
    for tick, bar in zip(piece.in_bar(sticks.start).tolist(), piece.bar_of(sticks.start).tolist(), strict=True):
        heard.setdefault(bar // 2, set()).add(bar % 2 * 16 + tick * 4 // PPQ)
    ways = (_CLAVE, frozenset((step + 16) % 32 for step in _CLAVE))
    return float(np.mean([max(len(found & way) / len(found | way) for way in ways) for found in heard.values()]))


def odd_sixteenths(piece: Piece) -> float | None:
    """Share of strokes of the kit on sixteenths between the eighths."""
    hits = _struck(piece, (*range(35, 54), 55, 57, 59))
    if piece.grid != 4 or len(hits) < 40:
        return None
    return float(np.mean(steps_of(piece, piece.in_bar(hits.start)) % 2 == 1))


# -- bass ------------------------------------------------------------------------------------------


def bass_root_fifth(piece: Piece) -> float | None:
    """Share of bass notes that are root, bass or fifth of their chord."""
    bass = piece.part("bass")
    found = []
    for start, pitch in zip(bass.start.tolist(), bass.pitch.tolist(), strict=True):
        chord = piece.chord_at(start)
        if chord is not None:
            found.append(pitch % 12 in (chord.root, chord.bass, (chord.root + 7) % 12))
    return float(np.mean(found)) if len(found) >= 16 else None


def bass_onsets(piece: Piece) -> float | None:
    """Bass onsets in a bar in which it plays."""
    bass = piece.part("bass")
    return len(np.unique(bass.start)) / len(set(piece.bar_of(bass.start).tolist())) if len(bass) >= 8 else None


def bass_silence(piece: Piece) -> float | None:
    """Share of the time without bass, in bars in which it plays."""
    bass = piece.part("bass")
    if len(bass) < 16:
        return None
    played = len(set(piece.bar_of(bass.start).tolist())) * piece.meter.bar
    ends = np.minimum(bass.end, np.append(bass.start[1:], bass.end[-1]))
    return max(0.0, 1.0 - float(np.sum(ends - bass.start)) / played)


# -- chords ----------------------------------------------------------------------------------------


def _share(piece: Piece, holds: Callable[[Harmony], bool]) -> float | None:
    """Share of the time with chords in which the chord is such."""
    total = sum(chord.end - chord.start for chord in piece.chords)
    return sum(c.end - c.start for c in piece.chords if holds(c)) / total if len(piece.chords) >= 4 else None


def seventh_share(piece: Piece) -> float | None:
    """Share of the time under a chord with a seventh or a sixth."""
    return _share(piece, lambda chord: bool({(p - chord.root) % 12 for p in chord.classes} & {9, 10, 11}))


def dominant_share(piece: Piece) -> float | None:
    """Share of the time under the major chord on the fifth degree."""
    tonic = piece.tonic
    if tonic is None:
        return None
    return _share(piece, lambda chord: chord.root == (tonic + 7) % 12 and (chord.root + 4) % 12 in chord.classes)


def diatonic_share(piece: Piece) -> float | None:
    """Share of the time under a chord of the section's scale."""
    scales = {s.first: s.scale for s in piece.sections if s.scale}
    if not scales:
        return None

    def inside(chord: Harmony) -> bool:
        bar = int(piece.bar_of(np.array([chord.start]))[0])
        return chord.classes <= scales[max(first for first in scales if first <= bar)]

    return _share(piece, inside)


def chords_per_bar(piece: Piece) -> float | None:
    """Chord changes in a bar, the first chord included."""
    return len(piece.chords) / piece.count if piece.chords else None


def distinct_chords(piece: Piece) -> float | None:
    """Different chords."""
    return float(len({(c.root, c.classes) for c in piece.chords})) if piece.chords else None


def root_motion_p4(piece: Piece) -> float | None:
    """Share of changes of root by a fourth or a fifth."""
    moves = [(b.root - a.root) % 12 for a, b in pairwise(piece.chords) if a.root != b.root]
    return float(np.mean([m in (5, 7) for m in moves])) if len(moves) >= 6 else None


def _attacks(piece: Piece, part: str) -> list[frozenset[int]]:
    one = piece.part(part)
    found: dict[int, set[int]] = {}
    for start, pitch in zip(one.start.tolist(), one.pitch.tolist(), strict=True):
        found.setdefault(start // (PPQ // 4), set()).add(pitch % 12)
    return [frozenset(notes) for notes in found.values() if len(notes) >= 2]


def power_chords(piece: Piece) -> float | None:
    """Share of the guitar's chords that are a fifth and nothing else."""
    chords = _attacks(piece, "guitar")
    fifths = [len(chord) == 2 and (max(chord) - min(chord)) in (5, 7) for chord in chords]
    return float(np.mean(fifths)) if len(fifths) >= 8 else None


def offbeat_chops(piece: Piece) -> float | None:
    """Share of the chord attacks of guitar and keys in the second half of a beat."""
    starts: list[Ints] = [np.unique(piece.part(name).start) for name in ("guitar", "keys")]
    ticks = np.concatenate(starts)
    return float(np.mean(ticks % PPQ >= PPQ // 2)) if len(ticks) >= 24 else None


# -- tune and band ---------------------------------------------------------------------------------


def blue_notes(piece: Piece) -> float | None:
    """Share of tune notes on the minor third, flat fifth or minor seventh of the key."""
    lead, tonic = piece.part("lead"), piece.tonic
    if tonic is None or len(lead) < tunes.FEWEST:
        return None
    return float(np.mean(np.isin((lead.pitch - tonic) % 12, (3, 6, 10))))


def solo_rep(piece: Piece) -> float | None:
    """Share of 5-grams of intervals that occur twice or more in solos."""
    lead = top(piece.part("lead"))
    solos = {bar for s in piece.sections if s.tune == "solo" for bar in range(s.first, s.last)}
    inside = np.array([bar in solos for bar in piece.bar_of(lead.start).tolist()], bool)
    steps = tunes.intervals(lead.only(inside)).tolist() if np.any(inside) else []
    grams = [tuple(steps[n : n + 5]) for n in range(len(steps) - 4)]
    return sum(grams.count(gram) >= 2 for gram in grams) / len(grams) if len(grams) >= tunes.FEWEST else None


def onsets_per_bar(piece: Piece) -> float | None:
    """Onsets of all pitched lines in a bar."""
    return float(bands.density(piece).mean()) if piece.pitched else None


def mean_velocity(piece: Piece) -> float | None:
    """Mean velocity of all notes."""
    return float(np.concatenate([one.velocity for one in piece.lines]).mean()) if piece.pitched else None


TRAITS: Mapping[str, Callable[[Piece], float | None]] = {
    "backbeat": backbeat,
    "half_backbeat": half_backbeat,
    "kick_four_floor": four_floor,
    "kick_on_one": kick_on_one,
    "kick_on_two_and_four": kick_on_two_and_four,
    "kick_density": kick_density,
    "clave": clave,
    "odd_sixteenths": odd_sixteenths,
    "syncopation": beats.syncopation,
    "ghost_share": lambda piece: beats.ghosts(piece.part("drums")),
    "drum_jaccard1": beats.jaccard,
    "kick_lock": bands.kick_lock,
    "bass_on_kick": bands.bass_on_kick,
    "bass_root_fifth": bass_root_fifth,
    "bass_onsets_per_bar": bass_onsets,
    "bass_silence": bass_silence,
    "bass_approach": bands.approaches,
    "chords_per_bar": chords_per_bar,
    "distinct_chords": distinct_chords,
    "root_motion_p4": root_motion_p4,
    "seventh_share": seventh_share,
    "dominant_share": dominant_share,
    "diatonic_share": diatonic_share,
    "power_chord_share": power_chords,
    "chop_offbeat": offbeat_chops,
    "blue_notes": blue_notes,
    "motif_rep": lambda piece: tunes.repetition(piece, piece.tune),
    "solo_rep": solo_rep,
    "onsets_per_bar": onsets_per_bar,
    "mean_velocity": mean_velocity,
    "layer_change_8": bands.layers_changed,
}
"""Every trait a genre may assert, by name."""
