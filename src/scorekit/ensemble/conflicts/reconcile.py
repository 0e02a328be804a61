"""The second half of conflict resolution: notes that clash are mended, section by section.

Every rule looks at one kind of conflict and mends it by a recorded edit. Sweeps go on until a whole one changes
nothing, so the result is a fixed point: resolving it again changes nothing. A rule has nothing to say about what is as
it was when it last began: it is told what was touched since. There is no chance in here; ties go by rank, then by tick.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import or_

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
    phrases, held, kept = playable(case, phrases)
    if case.mode == "off":
        return Passage(phrases, held, kept)
    board = Board.of(case, phrases)
    begun = [-1] * len(RULES)
    for _ in range(SWEEPS):
        before = board.changes
        for n, rule in enumerate(RULES):
            board.fresh = -1 if begun[n] < 0 else reduce(or_, board.touched[begun[n] :], 0)
            begun[n] = len(board.touched)
            if board.fresh:
                rule(board)
        if board.changes == before:
            break
    if case.mode == "report":
        return Passage(phrases, held, (*kept, *board.findings, *map(told, board.edits)))
    return Passage(board.phrases(phrases), (*held, *board.edits), (*kept, *board.findings))


def playable(
    case: Case, phrases: tuple[Phrase, ...]
) -> tuple[tuple[Phrase, ...], tuple[Edit, ...], tuple[Decision, ...]]:
    """The phrases with the parts that must be playable made so, what was mended, and what nobody can play of locked ones,
    which nobody edits."""
    if not case.strict:
        return phrases, (), ()
    board = Board.of(case, phrases)
    hands.strictly(board)
    pairs = zip(phrases, board.phrases(phrases), strict=True)
    mended = tuple(was if was.part in case.fixed else now for was, now in pairs)
    held = tuple(edit for edit in board.edits if edit.part not in case.fixed)
    return mended, held, tuple(told(edit) for edit in board.edits if edit.part in case.fixed)


def told(edit: Edit) -> Decision:
    """An edit as a finding: what would have been done."""
    where = f"{edit.section} {edit.part}"
    return Decision(edit.rule, edit.family, where, edit.claims, "left as it is", edit.reason)
