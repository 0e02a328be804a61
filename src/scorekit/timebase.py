"""Musical time as whole numbers: ticks, meters, the tempo map, and the samples they fall on.

Every position in scorekit is a tick, 960 to the quarter note, and every tempo is a whole number of microseconds per
quarter note. The MIDI file stores those same integers, and the synth computes samples from them exactly, so a MIDI file
and its WAV never drift apart.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cache, cached_property
from itertools import accumulate

from msgspec import Struct

Tick = int
PPQ = 960
"""Ticks per quarter note, in the score and in the MIDI file."""
SAMPLE_RATE = 44_100
_MICROTICKS = PPQ * 1_000_000


class Meter(Struct, frozen=True, dict=True):
    """A time signature such as 4/4, 6/8 or 7/8. What follows from it is reckoned once: it is asked for at every note."""

    beats: int
    unit: int

    def __str__(self) -> str:
        return f"{self.beats}/{self.unit}"

    @cached_property
    def bar(self) -> Tick:
        """Length of a bar in ticks."""
        return 4 * PPQ * self.beats // self.unit

    @cached_property
    def compound(self) -> bool:
        """Whether the felt beat is dotted (6/8, 9/8, 12/8)."""
        return self.unit >= 8 and self.beats % 3 == 0 and self.beats > 3

    @cached_property
    def pulses(self) -> tuple[Tick, ...]:
        """Length in ticks of each felt beat of a bar; they add up to the bar. 7/8 is felt as 2+2+3 eighths."""
        return _pulses(self.beats, self.unit, self.compound)[0]

    @cached_property
    def onsets(self) -> tuple[Tick, ...]:
        """Where each felt beat of a bar begins, in ticks."""
        return _pulses(self.beats, self.unit, self.compound)[1]

    def strength(self, tick: Tick) -> float:
        """How strong a position in the bar is: 1 the downbeat, .8 the middle beat, .6 other beats, .35 halves, .15 the rest."""
        at = tick % self.bar
        found = self._strengths.get(at)
        if found is None:
            found = self._strengths[at] = self._strength(at)
        return found

    @cached_property
    def _strengths(self) -> dict[Tick, float]:
        return {}

    def _strength(self, at: Tick) -> float:
        if at == 0:
            return 1.0
        onsets = self.onsets
        if at in onsets:
            middle = onsets[(len(onsets) + 1) // 2] if len(onsets) > 3 else -1
            return 0.8 if at == middle else 0.6
        start = onsets[bisect_right(onsets, at) - 1]
        pulse = self.pulses[onsets.index(start)]
        half = pulse // 3 if pulse == 3 * PPQ // 2 else pulse // 2
        return 0.35 if (at - start) % half == 0 else 0.15


@cache
def _pulses(beats: int, unit: int, compound: bool) -> tuple[tuple[Tick, ...], tuple[Tick, ...]]:
    """The lengths of a bar's felt beats, and where they begin."""
    tick = 4 * PPQ // unit
    if compound:
        lengths = (3 * tick,) * (beats // 3)
    elif unit >= 8 and beats > 3:
        pairs, odd = divmod(beats, 2)
        lengths = (2 * tick,) * (pairs - odd) + (3 * tick,) * odd
    else:
        lengths = (tick,) * beats
    return lengths, (0, *accumulate(lengths[:-1]))


class TempoMap(Struct, frozen=True, dict=True):
    """Tempo changes as (tick, microseconds per quarter note), the first at tick 0, in rising order of ticks."""

    changes: tuple[tuple[Tick, int], ...]

    @cached_property
    def _table(self) -> tuple[list[Tick], list[int], list[int]]:
        """Ticks of the changes, microtick totals (ticks x microseconds) at each, and the tempo from there on."""
        ticks: list[int] = []
        totals: list[int] = []
        tempos: list[int] = []
        total = 0
        for tick, tempo in self.changes:
            if ticks:
                total += (tick - ticks[-1]) * tempos[-1]
            ticks.append(tick)
            totals.append(total)
            tempos.append(tempo)
        return ticks, totals, tempos

    def microticks(self, tick: Tick) -> int:
        """Exact time of a tick in 1/960 microseconds."""
        ticks, totals, tempos = self._table
        at = max(bisect_right(ticks, tick) - 1, 0)
        return totals[at] + (tick - ticks[at]) * tempos[at]

    def seconds(self, tick: Tick) -> float:
        """Time of a tick in seconds."""
        return self.microticks(tick) / _MICROTICKS

    def sample(self, tick: Tick, rate: int = SAMPLE_RATE) -> int:
        """The sample a tick falls on, rounded half up, in exact integer arithmetic."""
        return (self.microticks(tick) * rate * 2 + _MICROTICKS) // (2 * _MICROTICKS)

    def tempo_at(self, tick: Tick) -> int:
        """Microseconds per quarter note in force at a tick."""
        ticks, _, tempos = self._table
        return tempos[max(bisect_right(ticks, tick) - 1, 0)]

    def bpm_at(self, tick: Tick) -> float:
        """Quarter notes a minute in force at a tick."""
        return 60_000_000 / self.tempo_at(tick)

    def ticks_for(self, milliseconds: float, tick: Tick) -> float:
        """How many ticks a span of milliseconds is worth at the tempo in force at a tick."""
        return milliseconds * 1000 * PPQ / self.tempo_at(tick)


def microseconds(bpm: float) -> int:
    """Quarter notes a minute to whole microseconds per quarter note: the only place tempo is rounded."""
    return round(60_000_000 / bpm)
