"""The second half of conflict resolution: notes that clash are mended, section by section.

Every rule looks at one kind of conflict and mends it by a recorded edit. Sweeps go on until a whole one changes
nothing, so the result is a fixed point: resolving it again changes nothing. There is no chance in here; ties go by
rank, then by tick.
"""

from __future__ import annotations

from collections.abc import Callable

from scorekit.ensemble.conflicts import hands, pitches, registers, rhythms
from scorekit.ensemble.conflicts.board import Board, Case
from scorekit.score import Decision, Edit, Passage, Phrase

__all__ = ["RULES", "SWEEPS", "Case", "reconcile"]

Rule = Callable[[Board], None]
SWEEPS = 8
"""Twice what any score has needed."""

RULES: tuple[Rule, ...] = (
    rhythms.swing,
    rhythms.off_grid,
    rhythms.crossed_clave,
    rhythms.pile_up,
    rhythms.too_dense,
    rhythms.kick_and_bass,
    registers.twins,
    hands.unplayable,
    pitches.lost_bass,
    pitches.unclear_key,
    pitches.tensions,
    pitches.strange_notes,
    registers.over_the_tune,
    registers.mud,
    pitches.clashes,
)
"""In order: tempo and energy before instruments before pitches; a later rule never undoes an earlier one."""


def reconcile(case: Case, phrases: tuple[Phrase, ...]) -> Passage:
    """The section with its conflicts mended (fix), only listed (report), or left alone (off).

    Parts that must be playable are held to that first, whatever the mode.
    """
    phrases, held = playable(case, phrases)
    if case.mode == "off":
        return Passage(phrases, held)
    board = Board.of(case, phrases)
    for _ in range(SWEEPS):
        before = board.changes
        for rule in RULES:
            rule(board)
        if board.changes == before:
            break
    if case.mode == "report":
        return Passage(phrases, held, (*board.findings, *map(told, board.edits)))
    return Passage(board.phrases(phrases), (*held, *board.edits), tuple(board.findings))


def playable(case: Case, phrases: tuple[Phrase, ...]) -> tuple[tuple[Phrase, ...], tuple[Edit, ...]]:
    """The phrases with the parts that must be playable made so, and what was mended."""
    if not case.strict:
        return phrases, ()
    board = Board.of(case, phrases)
    hands.strictly(board)
    return board.phrases(phrases), tuple(board.edits)


def told(edit: Edit) -> Decision:
    """An edit as a finding: what would have been done."""
    where = f"{edit.section} {edit.part}"
    return Decision(edit.rule, edit.family, where, edit.claims, "left as it is", edit.reason)
