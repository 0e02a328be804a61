"""A piece of music as the measures see it: lines of notes over bars, chords and sections.

Our own scores become pieces here; a benchmark makes pieces of MIDI files, and both are measured by the same functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from scorekit.score import Performance, Placement, Score, Take
from scorekit.theory import SCALES, chord_classes
from scorekit.timebase import PPQ, Meter, TempoMap, Tick

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

WITH, INSTEAD = 1, 2
"""What a note that sings has to do with the tune."""

_STEADY = TempoMap(((0, 500_000),))


class Line(Struct, frozen=True, eq=False, dict=True):
    """The notes of one part by (start, pitch): written ticks of the song, velocity and lateness (ms) as played."""

    part: str
    start: Ints
    end: Ints
    pitch: Ints
    velocity: Ints
    late: Floats
    sings: Ints | None = None
    """0 for each that is harmony, WITH for what sings with the tune or in reply, INSTEAD for the tune itself in the lead's place;
    None where nobody knows."""

    def __len__(self) -> int:
        return len(self.start)

    def only(self, mask: NDArray[np.bool_]) -> Line:
        """The notes a mask keeps."""
        whole = (self.start[mask], self.end[mask], self.pitch[mask], self.velocity[mask])
        return Line(self.part, *whole, self.late[mask], None if self.sings is None else self.sings[mask])

    @cached_property
    def harmony(self) -> Line:
        """The notes without what is known to be tune: of a pianist who has it the left hand."""
        return self if self.sings is None else self.only(self.sings == 0)

    @cached_property
    def taken(self) -> Line:
        """What it has of the tune in the lead's place, as far as is known."""
        return self.only(self.sings == INSTEAD if self.sings is not None else np.zeros(len(self), bool))


def line(part: str, rows: Sequence[tuple[int, int, int, int, float]]) -> Line:
    """A line from (start, end, pitch, velocity, late) rows in any order."""
    ordered = sorted(rows)
    columns = list(zip(*ordered, strict=True)) if ordered else [()] * 5
    start, end, pitch, velocity = (np.array(column, np.int64) for column in columns[:4])
    return Line(part, start, end, pitch, velocity, np.array(columns[4], np.float64))


class Harmony(Struct, frozen=True):
    """A chord of a piece, in ticks of the song; neighbours that are the same chord are one."""

    start: Tick
    end: Tick
    root: int
    bass: int
    classes: frozenset[int]


class Stretch(Struct, frozen=True):
    """A section of a piece: bars from ``first`` up to ``last``, counted from 0."""

    name: str
    first: int
    last: int
    tune: str = "lead"
    """What the melody does: hook, lead, riff, solo, none."""
    scale: frozenset[int] = frozenset()
    """Pitch classes of its key."""


class Piece(Struct, frozen=True, eq=False, dict=True):
    """A piece of music to measure. What is not known of it is empty."""

    lines: tuple[Line, ...]
    bars: Ints
    """Tick of every bar line, the last one included."""
    meter: Meter
    grid: int
    """Steps per quarter note: 4 or 3."""
    chords: tuple[Harmony, ...] = ()
    sections: tuple[Stretch, ...] = ()
    tempo: TempoMap = _STEADY
    amount: float = 0.35
    """Share of human timing asked for."""
    tonic: int | None = None
    walks: bool = False
    """Whether the bass walks rather than plays patterns."""
    tail: float | None = None
    """Seconds from the last bar line to the end of the sound."""
    ghosted: bool = False
    """Whether the genre lives on ghost notes: funk, soul, hip-hop, reggae."""
    improvised: bool = False
    """Whether the tune is improvised, so that nothing need return."""

    @property
    def live(self) -> bool:
        """People play it, rather than machines."""
        return self.amount > 0.15

    @property
    def count(self) -> int:
        """Number of bars."""
        return len(self.bars) - 1

    def part(self, name: str) -> Line:
        """The line of a part, empty when it is silent or absent."""
        return next((one for one in self.lines if one.part == name), line(name, ()))

    @cached_property
    def pitched(self) -> tuple[Line, ...]:
        """All lines but the drums, those that have notes."""
        return tuple(one for one in self.lines if one.part != "drums" and len(one))

    def bar_of(self, ticks: Ints) -> Ints:
        """Bar number of ticks, from 0."""
        return np.clip(np.searchsorted(self.bars, ticks, "right") - 1, 0, self.count - 1).astype(np.int64)

    def in_bar(self, ticks: Ints) -> Ints:
        """Ticks since the bar line."""
        return (ticks - self.bars[self.bar_of(ticks)]).astype(np.int64)

    def strong(self, ticks: Ints) -> NDArray[np.bool_]:
        """Whether ticks lie on the downbeat or the middle beat."""
        return np.array([self.meter.strength(int(t)) >= 0.8 for t in self.in_bar(ticks)], bool)

    def chord_at(self, tick: int) -> Harmony | None:
        """The chord sounding at a tick."""
        starts = self._chord_starts
        n = int(np.searchsorted(starts, tick, "right")) - 1
        return self.chords[n] if n >= 0 and tick < self.chords[n].end else None

    @cached_property
    def _chord_starts(self) -> Ints:
        return np.array([chord.start for chord in self.chords], np.int64)

    @cached_property
    def tune(self) -> Line:
        """The top line of the lead outside solos, and of whoever has it in its place: what should be remembered."""
        lead = top(merged([self.part("lead"), *(one.taken for one in self.lines)]))
        if not self.sections or not len(lead):
            return lead
        kinds = {bar: s.tune for s in self.sections for bar in range(s.first, s.last)}
        kept = [kinds.get(int(bar), "lead") != "solo" for bar in self.bar_of(lead.start)]
        return lead.only(np.array(kept, bool))


def top(chords: Line) -> Line:
    """The highest note of every onset."""
    if not len(chords):
        return chords
    last = np.append(chords.start[1:] != chords.start[:-1], True)
    return chords.only(last)


def merged(lines: Sequence[Line]) -> Line:
    """The notes of several lines as one line of the first one's part."""
    heard = [one for one in lines if len(one)]
    if len(heard) < 2:
        return heard[0] if heard else lines[0]
    columns = [np.concatenate([getattr(one, name) for one in heard]) for name in _COLUMNS]
    order = np.lexsort((columns[2], columns[0]))
    return Line(lines[0].part, *(column[order] for column in columns))


_COLUMNS = ("start", "end", "pitch", "velocity", "late")

# -- our own scores --------------------------------------------------------------------------------

_SUNG, _TAKEN = "genre.voices.", ("genre.voices.takes.", "genre.voices.solos.")
"""Where the wishes are written to sing with the tune, and instead of the lead."""
_GHOSTED = ("funk", "soul", "hiphop", "hip_hop", "lofi", "reggae", "rnb")


def piece_of(score: Score, performance: Performance) -> Piece:
    """A score and its performance as a piece."""
    plan = score.plan
    bars = [p.start + n * p.section.meter.bar for p in plan.placements for n in range(p.section.bars)]
    walk = plan.ideas.bass.walk
    sections = tuple(_stretch(placement) for placement in plan.placements)
    first = plan.placements[0].section
    return Piece(
        lines=tuple(_line(part.name, score, performance) for part in plan.parts),
        bars=np.array([*bars, plan.end], np.int64),
        meter=first.meter,
        grid=first.grid,
        chords=_harmony(plan.placements),
        sections=sections,
        tempo=plan.tempo,
        amount=plan.feel.amount,
        tonic=plan.placements[-1].section.key.tonic,
        walks=walk is not None and any(p.section.tier in walk.tiers for p in plan.placements),
        tail=plan.tail,
        ghosted=plan.genre.startswith(_GHOSTED),
        improvised=plan.ideas.arrange.axis == "melody" and plan.genre.startswith("jazz"),
    )


def _stretch(placement: Placement) -> Stretch:
    section, first = placement.section, placement.bar - 1
    scale = frozenset((section.key.tonic + step) % 12 for step in SCALES[section.key.mode])
    return Stretch(section.name, first, first + section.bars, section.melody, scale)


def _harmony(placements: Sequence[Placement]) -> tuple[Harmony, ...]:
    found: list[Harmony] = []
    for placement in placements:
        for chord in placement.section.chords:
            classes = frozenset(chord_classes(chord.root, chord.quality)) | {chord.bass}
            start, end = placement.start + chord.start, placement.start + chord.end
            if found and (found[-1].root, found[-1].bass, found[-1].classes) == (chord.root, chord.bass, classes):
                start = found.pop().start
            found.append(Harmony(start, end, chord.root, chord.bass, classes))
    return tuple(found)


def _line(part: str, score: Score, performance: Performance) -> Line:
    takes = {take.placement: take for take in performance.takes if take.part == part}
    rows: list[tuple[int, int, int, int, float, int]] = []
    for number, (placement, passage) in enumerate(zip(score.plan.placements, score.passages, strict=True)):
        phrase = passage.phrase(part)
        notes, sings = phrase.notes, [_sings(origin.path) for origin in phrase.origins]
        heard = _heard(takes[number], len(notes)) if number in takes else None
        per_ms = score.plan.tempo.ticks_for(1.0, placement.start)
        for n, note in enumerate(notes):
            start = placement.start + note.start
            played = heard[n] if heard is not None else (start, note.velocity)
            late, tune = (played[0] - start) / per_ms, sings[note.origin] if sings else 0
            rows.append((start, placement.start + note.end, note.pitch, played[1], late, tune))
    rows.sort()
    return replace(line(part, [row[:5] for row in rows]), sings=np.array([row[5] for row in rows], np.int64))


def _sings(path: str) -> int:
    """What a note that was written for a wish has to do with the tune."""
    return INSTEAD if path.startswith(_TAKEN) else WITH if path.startswith(_SUNG) else 0


def _heard(take: Take, count: int) -> list[tuple[int, int]]:
    """(tick, velocity) at which each note of the phrase is played; of a flam the stroke, not its grace."""
    found = [(0, 0)] * count
    rows = zip(*(take.events[name].tolist() for name in ("source", "start", "velocity")), strict=True)
    for source, start, velocity in rows:
        found[source] = max(found[source], (start, velocity))
    return found


def steps_of(piece: Piece, ticks: Ints) -> Ints:
    """Grid steps of ticks."""
    return np.rint(ticks * piece.grid / PPQ).astype(np.int64)
