"""Measures of the whole band: who plays when, how loud, how chords move, what the bass aims at, where it all goes."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations, groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from scorekit.smells.beats import KICKS
from scorekit.smells.piece import Floats, Ints, Line, Piece, top
from scorekit.theory import LOW_LIMITS
from scorekit.timebase import PPQ

Bools = NDArray[np.bool_]
Chord = tuple[int, ...]

# -- who plays, how much, how loud -----------------------------------------------------------------


def active(piece: Piece, one: Line) -> Bools:
    """Whether a line sounds in each bar."""
    found = np.zeros(piece.count, bool)
    if len(one):
        for first, last in zip(piece.bar_of(one.start).tolist(), piece.bar_of(one.end - 1).tolist(), strict=True):
            found[first : last + 1] = True
    return found


def least_present(piece: Piece) -> float | None:
    """Share of bars in which the line that plays least plays, drums included."""
    lines = [one for one in piece.lines if len(one)]
    return min(float(active(piece, one).mean()) for one in lines) if len(lines) >= 2 else None


def presence(piece: Piece) -> float | None:
    """Share of bars a line sounds in, mean of all."""
    lines = [one for one in piece.lines if len(one)]
    return float(np.mean([active(piece, one).mean() for one in lines])) if lines else None


def density(piece: Piece) -> Floats:
    """Onsets in each bar, all pitched lines together."""
    found = np.zeros(piece.count)
    for one in piece.pitched:
        found += np.bincount(piece.bar_of(np.unique(one.start)), minlength=piece.count)
    return found


def density_range(piece: Piece) -> float | None:
    """90th percentile of onsets a bar over the 10th; the last bar, which only rings, is left out."""
    found = density(piece)[:-1]
    if piece.count < 8 or not piece.pitched:
        return None
    low, high = np.percentile(found, (10, 90))
    return float(high / max(low, 1.0))


def loudness(piece: Piece) -> Floats:
    """Mean velocity of all notes in each bar; silent bars as the one before."""
    total, count = np.zeros(piece.count), np.zeros(piece.count)
    for one in piece.lines:
        if len(one):
            bars = piece.bar_of(one.start)
            total += np.bincount(bars, one.velocity.astype(np.float64), piece.count)
            count += np.bincount(bars, minlength=piece.count)
    found: Floats = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    for bar in range(1, piece.count):
        if np.isnan(found[bar]):
            found[bar] = found[bar - 1]
    return found[~np.isnan(found)]


def spread(piece: Piece) -> float | None:
    """Standard deviation of the velocity of all pitched notes."""
    found = [one.velocity for one in piece.pitched]
    return float(np.std(np.concatenate(found))) if sum(len(one) for one in found) >= 40 else None


def phrase_dynamics(piece: Piece) -> float | None:
    """Standard deviation of the mean velocity of four-bar phrases."""
    found = loudness(piece)
    whole = found[: len(found) // 4 * 4].reshape(-1, 4).mean(axis=1)
    return float(np.std(whole)) if len(whole) >= 3 else None


def moves(piece: Piece) -> float | None:
    """Entrances and exits per four bars."""
    lines = [active(piece, one) for one in piece.lines if len(one)]
    if piece.count < 8 or not lines:
        return None
    return float(sum(int(np.sum(a[1:] != a[:-1])) for a in lines)) / piece.count * 4


def layers_change(piece: Piece) -> float | None:
    """Share of neighbouring blocks of eight bars between which at least one line comes, goes or changes its rhythm."""
    changes = [any(x != y for x, y in zip(a, b, strict=True)) for a, b in pairwise(_blocks(piece))]
    return float(np.mean(changes)) if changes else None


def layers_changed(piece: Piece) -> float | None:
    """Lines that come, go or keep less than three quarters of their places from one block of eight bars to the next."""
    changes = [
        sum(len(x & y) < 0.75 * len(x | y) for x, y in zip(a, b, strict=True)) for a, b in pairwise(_blocks(piece))
    ]
    return float(np.mean(changes)) if changes else None


def _blocks(piece: Piece) -> list[tuple[frozenset[int], ...]]:
    """What every line's rhythm is in each block of eight bars, a last one of four or more included."""
    blocks = [range(b, min(b + 8, piece.count)) for b in range(0, piece.count, 8)]
    return [tuple(_rhythm(piece, one, block) for one in piece.lines) for block in blocks if len(block) >= 4]


def _rhythm(piece: Piece, one: Line, block: range) -> frozenset[int]:
    """Places in a two-bar cell at which a line plays anywhere in a block."""
    if not len(one):
        return frozenset()
    bars = piece.bar_of(one.start)
    inside = (bars >= block.start) & (bars < block.stop)
    return frozenset((piece.in_bar(one.start) + bars % 2 * piece.meter.bar)[inside].tolist())


# -- energy ----------------------------------------------------------------------------------------


def _z(values: Floats) -> Floats:
    spread = float(values.std())
    found: Floats = (values - values.mean()) / spread if spread > 0 else np.zeros(len(values))
    return found


def energy(piece: Piece) -> Floats:
    """Energy of each bar: z(log onsets) + z(mean velocity) + z(sounding parts) + z(share of velocity above 72) / 2."""
    rate, total, high = np.zeros(piece.count), np.zeros(piece.count), np.zeros(piece.count)
    for one in piece.lines:
        if len(one):
            bars = piece.bar_of(one.start)
            loud = one.velocity.astype(np.float64)
            rate += np.bincount(bars, minlength=piece.count)
            total += np.bincount(bars, loud, piece.count)
            high += np.bincount(bars, loud * ((one.pitch > 72) & (one.part != "drums")), piece.count)
    parts = np.sum([active(piece, one) for one in piece.lines], axis=0).astype(np.float64)
    mean = np.where(rate > 0, total / np.maximum(rate, 1), 0.0)
    return _z(np.log1p(rate)) + _z(mean) + _z(parts) + 0.5 * _z(high / np.maximum(total, 1))


def contrast(piece: Piece) -> float | None:
    """Standard deviation between sections of their mean energy."""
    return _contrast(piece, energy(piece)) if len(piece.sections) >= 3 else None


def _contrast(piece: Piece, values: Floats) -> float:
    return float(np.std([values[s.first : s.last].mean() for s in piece.sections if s.last - s.first >= 2]))


def peak(piece: Piece) -> float | None:
    """Where the loudest four bars lie, 0 the beginning and 1 the end; of equals the last. The last bar is left out."""
    values = energy(piece)[:-1]
    if len(values) < 12:
        return None
    smooth = np.convolve(values, np.ones(4) / 4, "valid")
    best = np.flatnonzero(smooth >= smooth.max() - 0.25)[-1]
    return float((best + 2) / len(values))


def ends_home(piece: Piece) -> float | None:
    """1 when the last chord is the tonic's (or the lowest last note is the tonic), else 0."""
    if piece.tonic is None or not piece.pitched:
        return None
    if piece.chords:
        return float(piece.chords[-1].root == piece.tonic)
    last = max(int(one.end.max()) for one in piece.pitched)
    low = min(int(one.pitch[one.end >= last - PPQ].min()) for one in piece.pitched if np.any(one.end >= last - PPQ))
    return float(low % 12 == piece.tonic)


def gesture_at_end(piece: Piece) -> float | None:
    """1 when the song ends: in its last bar three lines in four strike once or twice, or by its middle, and then hold or stop."""
    if piece.count < 2:
        return None
    begin, end = int(piece.bars[-2]), int(piece.bars[-1])
    ends = [one.only((one.start >= begin) & (one.start < end)) for one in piece.lines]
    moments = [np.unique(one.start) - begin for one in ends if len(one)]
    sparse = float(np.mean([len(m) <= 2 or 2 * m[-1] <= end - begin for m in moments])) if moments else 1.0
    return float(sparse >= 0.75)


def ring(piece: Piece) -> float | None:
    """Seconds from the last onset to the end of the sound."""
    if piece.tail is None:
        return None
    last = max(int(one.start.max()) for one in piece.lines if len(one))
    return piece.tempo.seconds(int(piece.bars[-1])) - piece.tempo.seconds(last) + piece.tail


# -- chords ----------------------------------------------------------------------------------------


def chords_of(one: Line) -> list[Chord]:
    """The chords a line strikes (three notes or more within a sixteenth), repeats left out, and what it sings over them."""
    found: list[Chord] = []
    one = one.harmony
    for _, rows in groupby(zip(one.start.tolist(), one.pitch.tolist(), strict=True), lambda row: row[0] // (PPQ // 4)):
        chord = tuple(sorted({pitch for _, pitch in rows}))
        if len(chord) >= 3 and (not found or found[-1] != chord):
            found.append(chord)
    return found


def displacement(a: Chord, b: Chord) -> float:
    """Mean distance of each note of b to the nearest of a, in semitones."""
    return float(np.mean([min(abs(p - q) for q in a) for p in b]))


def top_motion(a: Chord, b: Chord) -> int:
    """Semitones by which the top voice moves; an octave struck over it doubles it and is no voice of its own."""
    return min(abs(p - q) for p in _tops(a) for q in _tops(b))


def _tops(chord: Chord) -> tuple[int, ...]:
    return (chord[-1], chord[-1] - 12) if chord[-1] - 12 in chord else chord[-1:]


def voice_leading(piece: Piece) -> dict[str, float]:
    """Of the keys (or strings): 90th percentile of the top voice's motion, mean displacement, share of parallel moves.

    Guitar shapes move in parallel by nature and are left out.
    """
    pairs = [pair for name in ("keys", "piano", "strings", "pads") for pair in pairwise(chords_of(piece.part(name)))]
    if len(pairs) < 8:
        return {}
    tops = [top_motion(a, b) for a, b in pairs]
    parallel = [len(a) == len(b) and len({q - p for p, q in zip(a, b, strict=True)}) == 1 for a, b in pairs]
    return {
        "top": float(np.percentile(tops, 90)),
        "displacement": float(np.mean([displacement(a, b) for a, b in pairs])),
        "parallel": float(np.mean(parallel)),
    }


def root_position(piece: Piece) -> float | None:
    """Share of struck chords of three notes or more that stand on their root within an octave, keys, strings and pads."""
    found = []
    for one in (piece.part(name).harmony for name in ("keys", "piano", "strings", "pads")):
        rows = zip(one.start.tolist(), one.pitch.tolist(), strict=True)
        for step, struck in groupby(rows, lambda row: row[0] // (PPQ // 4)):
            notes, chord = sorted({pitch for _, pitch in struck}), piece.chord_at(step * (PPQ // 4))
            if len(notes) >= 3 and chord is not None:
                found.append(notes[0] % 12 == chord.root and notes[-1] - notes[0] <= 12)
    return float(np.mean(found)) if len(found) >= 8 else None


def frozen_top(piece: Piece) -> float | None:
    """Chord changes in a row over which the top note of the pads stays."""
    pads = top(piece.part("pads"))
    if not len(pads) or len(piece.chords) < 4:
        return None
    longest = run = 0
    before = -1
    for chord in piece.chords:
        sounding = pads.pitch[(pads.start < chord.end) & (pads.end > chord.start)]
        now = int(sounding[-1]) if len(sounding) else -1
        run = run + 1 if now == before and now >= 0 else 0
        before, longest = now, max(longest, run)
    return float(longest)


def mud(piece: Piece, together: bool = False) -> float | None:
    """Share of pairs struck at once that lie below their interval's limit: inside each line, or over all lines."""
    notes: dict[tuple[int, str], set[int]] = defaultdict(set)
    for one in piece.pitched:
        for start, pitch in zip(one.start.tolist(), one.pitch.tolist(), strict=True):
            notes[start, "" if together else one.part].add(pitch)
    low = total = 0
    for chord in notes.values():
        for a, b in combinations(sorted(chord), 2):
            total += 1
            low += a < LOW_LIMITS.get(b - a, 0)
    return low / total if total >= 40 else None


def clashes(piece: Piece, strong: bool = True) -> float | None:
    """Share of tune notes on strong beats (or on others) with another line a semitone or minor ninth off."""
    lead = top(piece.part("lead"))
    if not len(lead):
        return None
    lead = lead.only(piece.strong(lead.start) == strong)
    others = [one for one in piece.pitched if one.part not in ("lead", "drums")]
    if len(lead) < 12 or not others:
        return None
    start, end, pitch = (np.concatenate([getattr(one, name) for one in others]) for name in ("start", "end", "pitch"))
    bad = 0
    for s, e, p in zip(lead.start.tolist(), lead.end.tolist(), lead.pitch.tolist(), strict=True):
        near = np.isin(np.abs(pitch - p), (1, 13))
        bad += bool(np.any(near & (np.minimum(end, e) - np.maximum(start, s) >= PPQ // 2)))
    return bad / len(lead)


# -- bass ------------------------------------------------------------------------------------------


def approaches(piece: Piece) -> float | None:
    """Share of chord changes the bass reaches by a semitone or a tone."""
    bass = piece.part("bass")
    found = []
    for chord in piece.chords[1:]:
        n = int(np.searchsorted(bass.start, chord.start - PPQ // 3))
        if (
            0 < n < len(bass)
            and abs(int(bass.start[n]) - chord.start) <= PPQ // 3
            and chord.start - bass.start[n - 1] <= 2 * PPQ
        ):
            found.append(1 <= abs(int(bass.pitch[n] - bass.pitch[n - 1])) <= 2)
    return float(np.mean(found)) if len(found) >= 8 else None


def missing_roots(piece: Piece) -> float | None:
    """Share of chords under which the bass plays, but not the chord's bass note or root in its first two beats."""
    bass = piece.part("bass")
    found = []
    for chord in piece.chords:
        inside = (
            (bass.start >= chord.start - PPQ // 2) & (bass.start < chord.start + 2 * PPQ) & (bass.start < chord.end)
        )
        sounding = inside | ((bass.start < chord.start) & (bass.end > chord.start + PPQ // 8))
        if np.any(inside):
            found.append(not {int(p) % 12 for p in bass.pitch[sounding]} & {chord.bass, chord.root})
    return float(np.mean(found)) if len(found) >= 6 else None


def _bass_and_kick(piece: Piece) -> tuple[Ints, Ints]:
    """Onsets of bass and kick, each only in bars in which both play."""
    drums = piece.part("drums")
    bass, kicks = np.unique(piece.part("bass").start), np.unique(drums.start[np.isin(drums.pitch, KICKS)])
    if not len(bass) or not len(kicks):
        return bass[:0], kicks[:0]
    mine, theirs = piece.bar_of(bass), piece.bar_of(kicks)
    return bass[np.isin(mine, theirs)], kicks[np.isin(theirs, mine)]


def kick_lock(piece: Piece) -> float | None:
    """Share of kicks on which the bass strikes too, P(bass | kick)."""
    bass, kicks = _bass_and_kick(piece)
    return float(np.mean(np.isin(kicks, bass))) if len(bass) >= 16 and len(kicks) >= 16 else None


def bass_on_kick(piece: Piece) -> float | None:
    """Share of bass onsets on a kick, P(kick | bass)."""
    bass, kicks = _bass_and_kick(piece)
    return float(np.mean(np.isin(bass, kicks))) if len(bass) >= 16 and len(kicks) >= 16 else None
