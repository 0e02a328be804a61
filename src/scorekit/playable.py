"""What hands, feet and lungs can do: limbs at a kit, shapes on a guitar, spans of two hands, breath, ranges.

Pure questions about notes, asked by the compiler of a user's own material and by the resolver of what the band plays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations, groupby, pairwise

from scorekit.score import Note
from scorekit.theory import DRUM_NOTES
from scorekit.timebase import PPQ, Tick

RANGES = {
    "bass": (23, 67),
    "guitar": (40, 88),
    "keys": (21, 108),
    "strings": (28, 100),
    "brass": (40, 86),
    "lead": (36, 100),
    "pads": (28, 100),
    "drums": (27, 87),
}
"""What the instruments can play at all, as MIDI pitches."""
TUNING = (40, 45, 50, 55, 59, 64)
"""Open strings of a guitar."""
FRETS, HIGHEST = 20, 24
"""Frets at which chords are held, and single notes played."""
TENTH = 16
"""Semitones one hand spans on keys."""
FINGERS = 5
BREATH = 6.0
"""Seconds a wind player can do without one."""
CATCH = PPQ // 2
"""Ticks of rest in which breath is taken."""
WINDS = range(56, 80)
"""General MIDI programs that are blown."""
_FEET = frozenset({DRUM_NOTES["kick"], DRUM_NOTES["hhfoot"]})
_KIT_ROWS = (
    "kick", "rim", "snare", "clap", "hh", "hhfoot", "oh", "tom1", "tom2", "tom3", "crash", "crash2", "splash", "china",
    "ride", "bell",
)  # fmt: skip
STICKS = frozenset(DRUM_NOTES[row] for row in _KIT_ROWS) - _FEET
"""What a drummer strikes with two sticks; the rest of the kit is feet, and all beyond it a percussionist's hands."""


def blown(part: str, program: int) -> bool:
    """Whether a part is played by breath."""
    return part == "brass" or (part == "lead" and program in WINDS)


# -- one moment ----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=65536)
def on_guitar(pitches: tuple[int, ...]) -> bool:
    """Whether a hand can hold the pitches, rising, on a guitar in standard tuning: four frets (five from the seventh up),
    four fingers or a barre, at most one muted inner string."""
    if not 1 <= len(pitches) <= len(TUNING):
        return False
    return any(
        strings[-1] - strings[0] - len(strings) < 1
        and _held([p - TUNING[s] for p, s in zip(pitches, strings, strict=True)])
        for strings in combinations(range(len(TUNING)), len(pitches))
    )


def _held(frets: list[int]) -> bool:
    if min(frets) < 0 or max(frets) > (FRETS if len(frets) > 1 else HIGHEST):
        return False
    pressed = [fret for fret in frets if fret]
    if not pressed:
        return True
    low = min(pressed)
    barred = len(pressed) <= 4 or (len(pressed) == len(frets) and sum(fret > low for fret in pressed) <= 3)
    return barred and max(pressed) - low <= (4 if low >= 7 else 3)


@lru_cache(maxsize=4096)
def in_two_hands(pitches: tuple[int, ...]) -> bool:
    """Whether two hands can strike the pitches, rising, on keys: each within a tenth, with its five fingers."""
    return any(_hand(pitches[:n]) and _hand(pitches[n:]) for n in range(len(pitches) + 1))


def _hand(pitches: Sequence[int]) -> bool:
    return not pitches or (len(pitches) <= FINGERS and pitches[-1] - pitches[0] <= TENTH)


def at_the_drums(pitches: Sequence[int]) -> bool:
    """Whether a drummer's two sticks and a percussionist's two hands are enough."""
    sticks = sum(pitch in STICKS for pitch in pitches)
    return sticks <= 2 and sum(pitch not in STICKS and pitch not in _FEET for pitch in pitches) <= 2


def struck(part: str, chord: Sequence[Note]) -> str:
    """Why what is struck at one moment cannot be played; empty when it can."""
    low, high = RANGES[part]
    pitches = sorted({note.pitch for note in chord})
    if pitches[0] < low or pitches[-1] > high:
        return f"beyond the {part}"
    if part == "guitar":
        fretted = tuple(sorted({note.pitch for note in chord if note.manner != "dead"}))
        return "" if not fretted or on_guitar(fretted) else "no hand holds this on a guitar"
    if part == "keys":
        return "" if in_two_hands(tuple(pitches)) else "two hands do not reach this"
    if part == "drums":
        return "" if at_the_drums(pitches) else "a third hand at the drums"
    return ""


# -- in time -------------------------------------------------------------------------------------------------------------


def breathless(notes: Sequence[Note], limit: Tick) -> Iterator[tuple[Note, Note]]:
    """(first, last) of each stretch of notes longer than a breath, to the note with which it becomes too long.

    A rest of half a beat is a breath; a single held note is not told.
    """
    if not notes:
        return
    first, end = notes[0], notes[0].end
    for before, after in pairwise(notes):
        end = max(end, before.end)
        if after.start - end >= CATCH:
            first = after
        elif after.start > first.start and max(end, after.end) - first.start > limit:
            yield first, after
            first = after


def faults(part: str, notes: Sequence[Note], wind: bool, seconds_per_beat: float) -> Iterator[tuple[Note, str]]:
    """(note, why) of everything in a part's notes, in order of time, that nobody can play."""
    for _, group in groupby(notes, lambda note: note.start):
        chord = list(group)
        why = struck(part, chord)
        if why:
            yield chord[0], why
    if wind:
        for _, note in breathless(notes, round(BREATH / seconds_per_beat * PPQ)):
            yield note, f"no breath for {BREATH:g} seconds"
