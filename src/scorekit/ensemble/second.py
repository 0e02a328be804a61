"""A second voice: the line that sings with a tune, in thirds and sixths that belong to the chord.

Two singers keep to thirds where the harmony lets them, stay on their tone where it does not (oblique), and go against the
tune where a phrase comes to rest. The line is found as a tune is: the cheapest way through what each tone may take.
"""

from __future__ import annotations

from collections.abc import Sequence

from scorekit import theory
from scorekit.score import Note, Section
from scorekit.timebase import PPQ

APART = {3: 0.0, 4: 0.0, 5: 1.1, 6: 1.6, 7: 1.2, 8: 0.3, 9: 0.3}
"""What a distance from the tune costs, in semitones. A fourth, a fifth and a tritone stand only where both tones are the
chord's."""
SIXTHS = {3: 0.5, 4: 0.5, 8: 0.0, 9: 0.0}
"""The same where a genre sings in sixths."""
PERFECT = (5, 7)
REST = PPQ * 3 // 4
"""Ticks of silence that end a phrase."""
GRACE = PPQ // 4
"""Tones of the tune shorter than this are its own affair."""

_Way = tuple[float, tuple[int, ...]]


def second(section: Section, sung: Sequence[Note], low: int, high: int, above: bool, wide: bool) -> tuple[Note, ...]:
    """The tune's notes with the pitches of a voice below it (``above``: over it), from ``low`` to ``high``; ``wide`` in sixths
    rather than thirds. A tone for which there is none is left out."""
    ways: dict[int, _Way] = {-1: (0.0, ())}
    kept = [note for note in sung if note.length >= GRACE]
    ends = [*(note.start for note in kept), section.length][1:]
    for n, (note, end) in enumerate(zip(kept, ends, strict=True)):
        before = kept[n - 1] if n else None
        rests = end - note.end >= REST
        offers = _offers(section, note, low, high, above, wide)
        found: dict[int, _Way] = {}
        for pitch, cost in offers:
            steps = (
                (total + cost + _move(before, note, last, pitch, rests), way) for last, (total, way) in ways.items()
            )
            total, way = min(steps)
            found[pitch] = (total, (*way, pitch))
        ways = found or {last: (total, (*way, -1)) for last, (total, way) in ways.items()}
    line = min(ways.values())[1]
    return tuple(
        Note(note.start, note.length, pitch, note.velocity, note.manner, note.origin)
        for note, pitch in zip(kept, line, strict=True)
        if pitch >= 0
    )


def _offers(section: Section, note: Note, low: int, high: int, above: bool, wide: bool) -> list[tuple[int, float]]:
    """(pitch, cost) of each tone the second voice may take with one of the tune's."""
    chord = section.chord_at(note.start)
    if note.end > chord.end > note.start and chord.end - note.start <= PPQ // 2 and chord.end < section.length:
        chord = section.chord_at(chord.end)
    own = theory.chord_classes(chord.root, chord.quality)
    scale = theory.chord_scale(chord.root, chord.quality, section.key.tonic, section.key.mode)
    heard = note.length >= PPQ or section.meter.strength(note.start) >= 0.8
    offers = []
    for apart, price in APART.items():
        pitch = note.pitch + (apart if above else -apart)
        both = pitch % 12 in own and note.pitch % 12 in own
        if not low <= pitch <= high or pitch % 12 not in scale or (5 <= apart <= 7 and not both):
            continue
        cost = SIXTHS.get(apart, price) if wide else price
        if pitch % 12 not in own:
            rubs = (pitch - 1) % 12 in own
            cost += (1.8 if rubs else 0.9) if heard else 0.2
        offers.append((pitch, cost))
    return offers


def _move(before: Note | None, note: Note, last: int, pitch: int, rests: bool) -> float:
    """What it costs the voice to go on from its last pitch: leaps, fifths or fourths side by side, and going the tune's way
    into a phrase's last tone."""
    if before is None or last < 0 or note.start - before.end >= REST:
        return 0.0
    step, tune = pitch - last, note.pitch - before.pitch
    size = abs(step)
    cost = (
        (0.15 if tune else 0.0) if size == 0 else 0.0 if size <= 2 else 0.5 if size <= 4 else 1.2 if size <= 7 else 2.5
    )
    apart, were = abs(note.pitch - pitch), abs(before.pitch - last)
    cost += 2.0 if apart in PERFECT and were == apart and step else 0.0
    cost += 0.15 if (apart > 5) != (were > 5) else 0.0
    return cost + (0.4 if rests and step * tune > 0 else 0.0)
