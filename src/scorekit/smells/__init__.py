"""What gives a machine away: 25 alarms on a score and its performance, each with its limit and where that comes from.

An alarm asks for a listen; it rejects nothing. Thresholds measured on real music lie at its 5th or 95th percentile, so
that about one real piece in twenty trips each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from msgspec import Struct, field

from scorekit.score import Performance, Score
from scorekit.smells import bands, beats, form, tunes
from scorekit.smells.piece import Piece, piece_of

__all__ = ["Piece", "Reading", "Smell", "piece_of", "smells", "sniff", "tripped"]


class Reading(Struct, frozen=True):
    """One measured value and what is alarming about it; None where the piece says nothing about it."""

    what: str
    value: float | None
    threshold: float
    alarm: Literal["below", "above"]

    @property
    def trips(self) -> bool:
        """Whether the value is on the wrong side of the threshold."""
        if self.value is None:
            return False
        return self.value < self.threshold if self.alarm == "below" else self.value > self.threshold


class Smell(Struct, frozen=True):
    """One of the 25 alarms, with its readings."""

    number: int
    name: str
    readings: tuple[Reading, ...]
    source: str
    together: bool = False
    """All readings must trip, not just one."""
    batch: bool = False
    """Only says something about a batch of songs; one song never trips it."""

    @property
    def known(self) -> bool:
        """Whether the piece says anything about it."""
        return any(reading.value is not None for reading in self.readings)

    @property
    def trips(self) -> bool:
        """Whether the alarm goes off."""
        if self.batch:
            return False
        return (all if self.together else any)(reading.trips for reading in self.readings)


class _Case(Struct, frozen=True):
    """A piece with what several alarms need."""

    piece: Piece
    voices: dict[str, float] = field(default_factory=dict)


def smells(score: Score, performance: Performance) -> tuple[Smell, ...]:
    """The 25 alarms of a score as it is played."""
    return sniff(piece_of(score, performance))


def sniff(piece: Piece) -> tuple[Smell, ...]:
    """The 25 alarms of a piece, in order."""
    case = _Case(piece, bands.voice_leading(piece))
    return tuple(alarm(case) for alarm in _ALARMS)


def tripped(found: tuple[Smell, ...]) -> tuple[Smell, ...]:
    """The alarms that went off."""
    return tuple(smell for smell in found if smell.trips)


def _below(what: str, value: float | None, threshold: float) -> Reading:
    return Reading(what, value, threshold, "below")


def _above(what: str, value: float | None, threshold: float) -> Reading:
    return Reading(what, value, threshold, "above")


# -- the tune --------------------------------------------------------------------------------------


def _random_notes(case: _Case) -> Smell:
    value = None if case.piece.improvised else tunes.repetition(case.piece, case.piece.tune)
    limit = tunes.least_repetition(case.piece.count)
    return Smell(
        1, "a tune in which nothing returns", (_below("repeated 5-grams", value, limit),), "pop909, 5 %, by length"
    )


def _wrong_notes(case: _Case) -> Smell:
    value = tunes.resolution(case.piece, case.piece.tune)
    return Smell(2, "wrong notes left hanging", (_below("resolved by step", value, 0.52),), "pop909, 5 %")


def _leap_salad(case: _Case) -> Smell:
    value = tunes.leaps(case.piece.tune)
    return Smell(3, "leap after leap", (_above("intervals over a fifth", value, 0.08),), "pop909, 95 %")


def _exercise(case: _Case) -> Smell:
    tune = case.piece.tune
    readings = (_above("steps", tunes.steps(tune), 0.62), _above("notes in one run", tunes.longest_scale(tune), 8))
    return Smell(4, "scales as in an exercise", readings, "pop909, 95 %; craft")


def _too_correct(case: _Case) -> Smell:
    on, off = tunes.on_chord(case.piece, case.piece.tune), tunes.syncopated(case.piece.tune)
    readings = (_above("chord tones on strong beats", on, 0.95), _below("syncopated onsets", off, 0.02))
    return Smell(5, "too correct", readings, "pop909, 95 % and 5 %", together=True)


def _no_breath(case: _Case) -> Smell:
    piece = case.piece
    readings = (
        _below("rests in eight bars", tunes.breaths(piece, piece.tune), 0.12),
        _above(
            "seconds in one breath, brass", tunes.longest_breath(piece, piece.part("brass")) if piece.live else None, 6
        ),
    )
    return Smell(6, "no breath", readings, "pop909, 5 %; craft")


def _no_motif(case: _Case) -> Smell:
    value = tunes.commonest_rhythm(case.piece, case.piece.tune)
    limit = tunes.least_statements(case.piece.count)
    return Smell(7, "no motif", (_below("statements of the commonest rhythm", value, limit),), "pop909, 5 %, by length")


# -- repetition ------------------------------------------------------------------------------------


def _photocopy(case: _Case) -> Smell:
    value = form.variation(case.piece)
    return Smell(8, "returns are photocopies", (_below("notes changed on a return", value, 0.005),), "craft")


def _loop(case: _Case) -> Smell:
    piece = case.piece
    if piece.live:
        reading = _above("drum bars that equal the one two before", beats.exact_two(piece), 0.71)
    else:
        reading = _below("blocks of eight bars that change a layer", bands.layers_change(piece), 0.5)
    return Smell(9, "a loop of two bars", (reading,), "Groove MIDI, 95 %; craft")


def _amnesia(case: _Case) -> Smell:
    value = beats.jaccard(case.piece)
    return Smell(
        10, "drums forget the last bar", (_below("hits shared with the bar before", value, 0.33),), "Groove MIDI, 5 %"
    )


def _no_hypermeter(case: _Case) -> Smell:
    value = beats.hypermeter(case.piece) if case.piece.live else None
    return Smell(
        11,
        "drums do not count in fours",
        (_below("four-bar less three-bar memory", value, 0.10),),
        "Groove MIDI, means .39 and .09",
        batch=True,
    )


def _dead_boundaries(case: _Case) -> Smell:
    value = form.announced(case.piece)
    return Smell(
        12, "sections change unannounced", (_below("section ends with a gesture", value, 0.80),), "trade practice"
    )


# -- drums -----------------------------------------------------------------------------------------


def _flat_fills(case: _Case) -> Smell:
    slopes = beats.fill_slopes(case.piece)
    value = float(np.median(slopes)) if len(slopes) >= 4 else None
    return Smell(
        13, "fills without direction", (_below("rise of a fill", value, 0.01),), "Groove MIDI, median 23, quarter 4.5"
    )


def _machine_gun(case: _Case) -> Smell:
    drums, live = case.piece.part("drums"), case.piece.live
    readings = (
        _below("spread of drum velocity", beats.spread(drums), 17 if live else 6),
        _below("velocities in 200 strokes", beats.distinct(drums), 12),
        _below("spread of velocity without drums", None if len(drums) else bands.spread(case.piece), 5.8),
    )
    return Smell(14, "struck as by a machine gun", readings, "Groove MIDI, 5 % 17.8; craft; pop909, 5 %")


def _no_ghosts(case: _Case) -> Smell:
    value = beats.ghosts(case.piece.part("drums")) if case.piece.ghosted else None
    return Smell(15, "no ghost notes", (_below("snare strokes below 50", value, 0.15),), "Groove MIDI, .37 to .60")


def _on_grid(case: _Case) -> Smell:
    piece = case.piece
    value = beats.machine_share(piece, piece.part("drums")) if piece.live else None
    return Smell(16, "a band on the grid", (_above("onsets exactly in place", value, 0.50),), "Groove MIDI, .01 to .03")


def _white_noise(case: _Case) -> Smell:
    piece = case.piece
    spread = beats.scatter(piece)
    noisy = piece.live and spread is not None and spread > 4
    readings = (
        _below("drift an eighth later", beats.drift(piece) if noisy else None, 0.10),
        _below("kick with hat", beats.together(piece) if noisy else None, 0.20),
    )
    return Smell(17, "humanised by white noise", readings, "Groove MIDI, 5 % .09 and .22", together=True)


def _drunk(case: _Case) -> Smell:
    limit = 36.0 if case.piece.live else 6.0
    return Smell(
        18,
        "a drunk drummer",
        (_above("scatter, ms", beats.scatter(case.piece), limit),),
        "Groove MIDI, 95 %; Senn 2017",
    )


def _three_hands(case: _Case) -> Smell:
    value = beats.three_handed(case.piece.part("drums")) if case.piece.live else None
    return Smell(
        19, "a drummer with three hands", (_above("onsets for three sticks", value, 0.005),), "Groove MIDI, .0012"
    )


# -- chords and bass -------------------------------------------------------------------------------


def _block_chords(case: _Case) -> Smell:
    voices = case.voices
    readings = (
        _above("top voice moves, 90 %", voices.get("top"), 8),
        _above("semitones a voice moves", voices.get("displacement"), 3.75),
        _above("moves all in parallel", voices.get("parallel"), 0.40),
        _above("chords close on their root", bands.root_position(case.piece), 0.52),
    )
    return Smell(20, "block chords", readings, "pop909, 95 %; craft")


def _frozen_pads(case: _Case) -> Smell:
    value = bands.frozen_top(case.piece)
    return Smell(21, "pads frozen on top", (_above("changes under one top note", value, 6),), "craft")


def _mud_and_clash(case: _Case) -> Smell:
    readings = (
        _above("pairs too low, one part", bands.mud(case.piece), 0.01),
        _above("pairs too low, the band", bands.mud(case.piece, together=True), 0.10),
        _above("semitones against the tune on strong beats", bands.clashes(case.piece), 0.11),
    )
    return Smell(22, "mud and clashes", readings, "pop909 and band, 95 %")


def _everyone_always(case: _Case) -> Smell:
    small = sum(len(one) > 0 for one in case.piece.lines) <= 5
    readings = (
        _above("bars of the part that plays least", bands.least_present(case.piece), 0.97 if small else 0.85),
        _below("density, 90 % over 10 %", bands.density_range(case.piece), 1.4),
    )
    return Smell(23, "everyone always", readings, "band, 95 % of four and five parts .96; pop909, 5 % 1.45")


def _wandering_bass(case: _Case) -> Smell:
    piece = case.piece
    if piece.walks:
        reading = _below("changes approached by step", bands.approaches(piece), 0.45)
    else:
        reading = _above("chords without their bass", bands.missing_roots(piece), 0.15)
    return Smell(24, "a wandering bass", (reading,), "JJazzLab bass lines, .75")


def _no_destination(case: _Case) -> Smell:
    piece = case.piece
    readings = (
        _below("place of the peak", bands.peak(piece), 0.5),
        _below("ending gesture", bands.gesture_at_end(piece), 1),
        _below("ends on the tonic", bands.ends_home(piece), 1),
        _below("seconds of ring", bands.ring(piece), 0.3),
    )
    return Smell(25, "no destination", readings, "craft; Billboard, last chord I .45")


_ALARMS: tuple[Callable[[_Case], Smell], ...] = (
    _random_notes,
    _wrong_notes,
    _leap_salad,
    _exercise,
    _too_correct,
    _no_breath,
    _no_motif,
    _photocopy,
    _loop,
    _amnesia,
    _no_hypermeter,
    _dead_boundaries,
    _flat_fills,
    _machine_gun,
    _no_ghosts,
    _on_grid,
    _white_noise,
    _drunk,
    _three_hands,
    _block_chords,
    _frozen_pads,
    _mud_and_clash,
    _everyone_always,
    _wandering_bass,
    _no_destination,
)
