"""What lies between the notes of a track, so that a workstation hears players: controllers and the pitch wheel.

Long tones of sustaining sounds swell and ebb by expression (CC11), those of singing ones and of a guitar that plays one line
get a late vibrato (CC1); tones that
slide in begin a tone below on the wheel, falls leave by it. All within the usual bend of two semitones. The sound that we
render does the same by its own means. Controllers stand at rest wherever no such tone sounds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scorekit.score import MANNERS
from scorekit.timebase import PPQ

if TYPE_CHECKING:
    Columns = dict[str, np.ndarray]

CONTROL, WHEEL = 0xB0, 0xE0
VIBRATO, SWELL = 1, 11
CENTRE, SEMITONE = 8_192, 4_096
PLUCKED = frozenset((45, 46, 47, 55))
"""General MIDI programs among the strings that do not sustain."""
_SWELL = ((0.0, 0.25, 0.5, 0.75), (104, 117, 127, 120))
_VIBRATO = ((0.35, 0.55, 0.75), (18, 42, 60))
_SLIDE = tuple(range(0, 220, 20)), tuple(-2.0 * (1 - n / 10) ** 2 for n in range(11))
_FALL = tuple(n / 10 for n in range(10)), tuple(-2.0 * ((n + 1) / 10) ** 2 for n in range(10))

Messages = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Ticks, status bytes, first and second data bytes."""


def gestures(notes: Columns, channel: int, program: int) -> Messages:
    """The messages of a track: of nothing for drums, for keyboards and for what only plucks. Of those of one tick what comes
    to rest stands first, so that a tone that begins there has its own."""
    found = list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]()
    if channel != 9 and program >= 24:
        found += _bends(notes, channel)
        start, end = _alone(notes)
        if program >= 40 and program not in PLUCKED:
            found += _curve(start, end, 2 * PPQ, channel, SWELL, _SWELL, 127)
        solo = program < 32 and start.size == notes["start"].size
        if solo or 40 <= program <= 44 or 56 <= program < 88:
            found += _curve(start, end, PPQ * 3 // 2, channel, VIBRATO, _VIBRATO, 0)
    columns = zip(*found, strict=True) if found else [[np.zeros(0, np.int64)]] * 4
    tick, status, first, second = (np.concatenate(list(column)) for column in columns)
    return tick, status, first, second


def _alone(notes: Columns) -> tuple[np.ndarray, np.ndarray]:
    """Start and end of what begins together: a chord as long as its longest tone, until the next begins."""
    order = np.lexsort((-notes["end"], notes["start"]))
    start, end = notes["start"][order], notes["end"][order]
    first = np.append(True, np.diff(start) != 0)[: start.size]
    start, end = start[first], end[first]
    return start, np.minimum(end, np.append(start[1:], end[-1:]))


def _curve(
    start: np.ndarray,
    end: np.ndarray,
    least: int,
    channel: int,
    number: int,
    shape: tuple[tuple[float, ...], tuple[int, ...]],
    rest: int,
) -> list[Messages]:
    """A controller's way over every tone of ``least`` ticks or more, and back to rest at its end."""
    long = end - start >= least
    start, end = start[long], end[long]
    steps = [(start + (end - start) * round(1000 * at) // 1000, value) for at, value in zip(*shape, strict=True)]
    return [_messages(tick, CONTROL | channel, number, value) for tick, value in ((end, rest), *steps)]


def _bends(notes: Columns, channel: int) -> list[Messages]:
    """The wheel under tones that slide in or fall away."""
    manner, start, end = notes["manner"], notes["start"], notes["end"]
    slides, falls = manner == MANNERS.index("slide"), manner == MANNERS.index("fall")
    begin, over, last = start[slides], end[slides], np.minimum((end - start)[falls] // 2, PPQ // 2)
    found = [_wheel(np.minimum(begin + _SLIDE[0][-1], over), channel, 0.0), _wheel(end[falls], channel, 0.0)]
    for after, semitones in zip(*(column[:-1] for column in _SLIDE), strict=True):
        found.append(_wheel((begin + after)[begin + after < over], channel, semitones))
    for share, semitones in zip(*_FALL, strict=True):
        tick = end[falls] - last + (last * round(100 * share)) // 100
        found.append(_wheel(tick[tick < end[falls]], channel, semitones))
    return found


def _wheel(tick: np.ndarray, channel: int, semitones: float) -> Messages:
    value = max(0, CENTRE + round(SEMITONE * semitones))
    return _messages(tick, WHEEL | channel, value & 0x7F, value >> 7)


def _messages(tick: np.ndarray, status: int, first: int, second: int) -> Messages:
    def full(value: int) -> np.ndarray:
        return np.full(tick.size, value, np.int64)

    return tick, full(status), full(first), full(second)
