"""I8: what nobody can play. Notes beyond the instrument, a seventh string, a third hand, no time to breathe."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from scorekit.ensemble.beats.kit import HANDS, KIT_PITCHES, STICK_PITCHES
from scorekit.ensemble.conflicts.board import RANGES, Board, moved
from scorekit.score import Claim, Note
from scorekit.theory import fold
from scorekit.timebase import PPQ

_BREATH = 6.0
"""Seconds a wind player can do without one."""
_SPAN = 28
"""Semitones a guitarist's hand spans: two octaves and a third."""


def unplayable(board: Board) -> None:
    """I8, instrument by instrument."""
    for part in board.playing():
        if board.free(part):
            in_range(board, part)
    for part, rule in (("guitar", six_strings), ("drums", two_hands), ("brass", breath)):
        if board.free(part):
            rule(board)


def in_range(board: Board, part: str) -> None:
    """Folds notes by octaves into what the instrument can play; drums beyond the kit are left out."""
    low, high = RANGES[part]
    for note in [n for n in board.notes[part] if not low <= n.pitch <= high]:
        after = None if part == "drums" else moved(note, fold(note.pitch, low, high))
        claim = Claim(part, f"its range, {low} to {high}", 1.0)
        board.change("I8", part, note, after, f"{board.name(note)} is beyond the {part}", claim)


def six_strings(board: Board) -> None:
    """A guitar chord has at most six notes within two octaves and a third: inner notes go first, then the lowest."""
    for tick in board.onsets("guitar"):
        chord = board.at("guitar", tick)
        while len(chord) > 6 or (len(chord) > 1 and chord[-1].pitch - chord[0].pitch > _SPAN):
            victim = chord[len(chord) // 2] if len(chord) > 6 else chord[0]
            claim = Claim("guitar", "six strings, one hand", 1.0)
            board.change("I8", "guitar", victim, None, "no hand holds this chord", claim)
            chord = board.at("guitar", tick)


def two_hands(board: Board) -> None:
    """A drummer strikes two things at once with sticks, the rest is feet; a percussionist has two hands of his own."""
    for tick in board.onsets("drums"):
        struck = board.at("drums", tick)
        if len(struck) > 2:
            give_up(board, [n for n in struck if n.pitch in STICK_PITCHES], "a third hand at the kit")
            give_up(board, [n for n in struck if n.pitch not in KIT_PITCHES], "a third hand at the percussion")


def give_up(board: Board, struck: list[Note], reason: str) -> None:
    """All but two strokes are left out; of percussion the softest."""
    order = sorted(struck, key=lambda n: (HANDS.index(n.pitch) if n.pitch in HANDS else len(HANDS), -n.velocity))
    for note in order[2:]:
        board.change("I8", "drums", note, None, reason, Claim("drums", "two hands", 1.0))


def breath(board: Board) -> None:
    """Players of winds breathe: where six seconds pass without half a beat of rest, the last long note is cut short."""
    limit = round(_BREATH / board.case.seconds_per_beat * PPQ)
    line = list(board.notes["brass"])
    since = line[0].start
    for before, after in pairwise(line):
        if after.start - before.end >= PPQ // 2:
            since = after.start
        elif after.start > before.start and after.end - since > limit and before.length > PPQ // 2:
            since = after.start
            shorter = replace(before, length=max(PPQ // 4, after.start - PPQ // 2 - before.start))
            for note in board.at("brass", before.start):
                if note.end > shorter.end:
                    cut = replace(note, length=shorter.length)
                    board.change("I8", "brass", note, cut, "no breath for six seconds", Claim("brass", "breath", 1.0))
