"""I8: what nobody can play. Notes beyond the instrument, shapes no hand holds, a third hand, no time to breathe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from msgspec.structs import replace

from scorekit.ensemble.beats.kit import HANDS
from scorekit.ensemble.conflicts.board import Board, moved
from scorekit.playable import BREATH, CATCH, RANGES, STICKS, at_the_drums, breathless, in_two_hands, on_guitar
from scorekit.score import Claim, Note
from scorekit.theory import DRUM_NOTES, fold
from scorekit.timebase import PPQ

_FEET = (DRUM_NOTES["kick"], DRUM_NOTES["hhfoot"])


def unplayable(board: Board) -> None:
    """I8 for every part whose notes may be edited, save those that need not be playable."""
    for part in board.playing():
        if board.free(part) and part not in board.case.excused:
            held_to(board, part)


def strictly(board: Board) -> None:
    """I8 for the parts that must be playable whatever the mode."""
    for part in board.case.strict:
        if board.notes.get(part):
            held_to(board, part)


def held_to(board: Board, part: str) -> None:
    """One part held to what its player can do."""
    in_range(board, part)
    if part == "drums":
        two_hands(board)
    elif part == "guitar":
        reached(board, part, on_guitar, "no hand holds this chord", "six strings, four frets")
    elif part == "keys":
        reached(board, part, in_two_hands, "two hands do not reach this chord", "two hands, a tenth each")
    if part in board.case.winds:
        breath(board, part)


def in_range(board: Board, part: str) -> None:
    """Folds notes by octaves into what the instrument can play; drums beyond the kit are left out."""
    low, high = RANGES[part]
    pitches = {n.pitch for n in board.notes[part]}
    if not pitches or (low <= min(pitches) and max(pitches) <= high):
        return
    for note in [n for n in board.notes[part] if not low <= n.pitch <= high]:
        after = None if part == "drums" else moved(note, fold(note.pitch, low, high))
        claim = Claim(part, f"its range, {low} to {high}", 1.0)
        board.change("I8", part, note, after, f"{board.name(note)} is beyond the {part}", claim)


def reached(board: Board, part: str, holds: Callable[[tuple[int, ...]], bool], reason: str, hands: str) -> None:
    """Chords a hand cannot hold lose notes until it can: those an octave of which stays, inner ones, then the lowest."""
    for struck in board.chords(part):
        if len(struck) == 1:
            continue
        chord, tick = fretted(struck), struck[0].start
        while len(chord) > 1 and not holds(tuple([n.pitch for n in chord])):
            claim = Claim(part, hands, 1.0)
            board.change("I8", part, spare(chord, holds), None, reason, claim)
            chord = fretted(board.at(part, tick))


def fretted(struck: Sequence[Note]) -> list[Note]:
    """What is struck and needs a finger: strokes over dead strings need none."""
    return [note for note in struck if note.manner != "dead"]


def spare(chord: Sequence[Note], holds: Callable[[tuple[int, ...]], bool]) -> Note:
    """The note a chord can best do without: the rest can be held, the top stays, its pitch is heard in another octave."""

    def cost(n: int) -> tuple[bool, bool, bool, int]:
        rest = [note.pitch for m, note in enumerate(chord) if m != n]
        doubled = any(pitch % 12 == chord[n].pitch % 12 for pitch in rest)
        return (not holds(tuple(rest)), n == len(chord) - 1, not doubled, min(n, 1))

    return chord[min(range(len(chord)), key=lambda n: (*cost(n), -n))]


def two_hands(board: Board) -> None:
    """A drummer strikes two things at once with sticks, the rest is feet; a percussionist has two hands of his own."""
    for struck in board.chords("drums"):
        if len(struck) > 2 and not at_the_drums([note.pitch for note in struck]):
            give_up(board, [n for n in struck if n.pitch in STICKS], "a third hand at the kit")
            others = [n for n in struck if n.pitch not in STICKS and n.pitch not in _FEET]
            give_up(board, others, "a third hand at the percussion")


def give_up(board: Board, struck: list[Note], reason: str) -> None:
    """All but two strokes are left out; of percussion the softest."""
    order = sorted(struck, key=lambda n: (HANDS.index(n.pitch) if n.pitch in HANDS else len(HANDS), -n.velocity))
    for note in order[2:]:
        board.change("I8", "drums", note, None, reason, Claim("drums", "two hands", 1.0))


def breath(board: Board, part: str) -> None:
    """Players of winds breathe: before the note with which a stretch becomes too long, what sounds is cut short, or
    left out where it is too short to be cut."""
    limit = round(BREATH / board.case.seconds_per_beat * PPQ)
    change = partial(board.change, "I8", part)
    claim, reason = Claim(part, "breath", 1.0), f"no breath for {BREATH:g} seconds"
    for _ in range(len(board.notes[part])):
        late = next((after for _, after in breathless(board.notes[part], limit)), None)
        if late is None:
            return
        rest = late.start - CATCH
        for note in [n for n in board.notes[part] if n.start < late.start and n.end > rest]:
            room = rest - note.start
            change(note, replace(note, length=room) if room >= PPQ // 4 else None, reason, claim)
