"""Rules about time, density and the hand: the T and E families, and what of the I family is not about registers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from scorekit.ensemble.conflicts.board import ACCOMPANIMENT, RANGES, Board, moved, place
from scorekit.score import Claim, Decision, Note
from scorekit.theory import fold, pitch_name
from scorekit.timebase import PPQ, Tick

TOMS = (41, 43, 45, 47, 48, 50)
_STICKS = (37, 38, 39, 40, 41, 43, 45, 47, 48, 50, 42, 46, 49, 51, 52, 53, 55, 57, 59, 54, 56)
_FIRST_TO_GO = (54, 56, 42, 46, 51, 53, 59, 37, 39, 48, 47, 45, 43, 41, 50, 55, 52, 57, 40, 38, 49)
"""Stick voices a drummer with two hands drops first."""
_THIN_ORDER = ("pads", "strings", "brass", "guitar", "keys")
_ALLOWED = 1.15


# -- T5 ------------------------------------------------------------------------------------------------------------------


def off_grid(board: Board) -> None:
    """T5: an accompanist's onset lies between the steps of the section's grid: it goes to the nearest step."""
    section = board.case.section
    step = PPQ // section.grid
    fine = {0, PPQ // 2} | {n * PPQ // 8 for n in range(8)}
    for part in (*ACCOMPANIMENT, "bass"):
        if not board.free(part) or part == board.case.front:
            continue
        for note in list(board.notes.get(part, [])):
            if note.start % step and note.start % PPQ not in fine:
                start = min(section.length - step, round(note.start / step) * step)
                reason = f"between the steps of the grid ({place(section, note.start)})"
                board.change("T5", part, note, replace(note, start=start), reason, Claim("grid", f"{section.grid} to the beat", 1.0))


# -- E2 and E4 -----------------------------------------------------------------------------------------------------------


def too_dense(board: Board) -> None:
    """E2: more onsets in a bar than the energy has room for. The background is thinned first, weakest places first."""
    section = board.case.section
    bar = section.meter.bar
    table = {part: board.onsets(part) for part in board.playing() if part != "drums"}
    for number in range(section.bars):
        inside = {p: [t for t in ticks if number * bar <= t < (number + 1) * bar] for p, ticks in table.items()}
        total = sum(map(len, inside.values()))
        for part in _THIN_ORDER:
            if part == board.case.front or not board.free(part):
                continue
            for tick in sorted(inside.get(part, [])[1:], key=lambda t: (section.meter.strength(t), -t)):
                if total <= board.case.budget * _ALLOWED:
                    break
                drop_hit(board, part, tick, number, total)
                total -= 1


def drop_hit(board: Board, part: str, tick: Tick, bar: int, total: int) -> None:
    """Takes out all notes a part strikes at a tick; what sounded before may ring on."""
    section = board.case.section
    reason = f"{total} onsets in bar {bar + 1}, energy {section.tier} has room for {board.case.budget:.0f}"
    for note in board.at(part, tick):
        board.change("E2", part, note, None, reason, Claim("energy", f"{section.tier}", 1.0), Claim(part, place(section, tick), 0.3))


def filling(board: Board) -> list[tuple[Tick, Tick]]:
    """Where the drummer fills: (from, to) of half bars with two tom strokes or more, or a run of five snare strokes."""
    section = board.case.section
    half = section.meter.bar // 2
    spans = []
    for start in range(0, section.length, half):
        drums = [n for n in board.notes.get("drums", []) if start <= n.start < start + half]
        toms = sum(n.pitch in TOMS for n in drums)
        snares = sum(n.pitch in (38, 40) and n.velocity > 50 for n in drums)
        if toms >= 2 or snares >= 5:
            spans.append((start, start + half))
    return spans


def pile_up(board: Board) -> None:
    """E4: somebody else runs while the drummer fills. The drums keep the place, the other holds its first note."""
    section = board.case.section
    for start, end in filling(board):
        for part in ("bass", *ACCOMPANIMENT):
            if not board.free(part) or part == board.case.front:
                continue
            ticks = [t for t in board.onsets(part) if start <= t < end]
            if len(ticks) < 5:
                continue
            reason = f"drums fill here, {part} has {len(ticks)} onsets ({place(section, start)})"
            claims = (Claim("drums", "fill", 1.0), Claim(part, "run", 0.4))
            kept = [t for t in ticks if section.meter.strength(t) >= 0.6] or ticks[:1]
            for tick in ticks:
                if tick not in kept:
                    for note in board.at(part, tick):
                        board.change("E4", part, note, None, reason, *claims)


# -- I3 ------------------------------------------------------------------------------------------------------------------


def kick_and_bass(board: Board) -> None:
    """I3: the bass ignores the kick by more than .25 of what the genre wants. Off-beat notes move one step onto it."""
    section = board.case.section
    step = PPQ // section.grid
    kicks = {n.start for n in board.notes.get("drums", []) if n.pitch in (35, 36)}
    bass = board.notes.get("bass", [])
    if not board.free("bass") or len(kicks) < 4 or len(bass) < 4:
        return
    locked = sum(n.start in kicks for n in bass) / len(bass)
    missing = round((board.case.kick_lock - 0.25 - locked) * len(bass))
    for note in list(bass):
        if missing <= 0:
            return
        near = [note.start + shift for shift in (step, -step) if note.start + shift in kicks]
        if not near or note.start in kicks or section.meter.strength(note.start) >= 0.6 or board.at("bass", near[0]):
            continue
        reason = f"{locked:.0%} of the bass is on the kick, {board.case.kick_lock:.0%} is wanted ({place(section, note.start)})"
        board.change("I3", "bass", note, replace(note, start=near[0]), reason, Claim("kick", place(section, near[0]), 0.9), Claim("bass", place(section, note.start), 0.5))
        missing -= 1


# -- I4 ------------------------------------------------------------------------------------------------------------------


def twins(board: Board) -> None:
    """I4: two accompanists in one register with one rhythm for the whole section: the lower rank moves up an octave."""
    playing = [part for part in board.playing() if part in ACCOMPANIMENT]
    for place_, part in enumerate(playing):
        for other in playing[:place_]:
            if board.free(part) and alike(board.notes[part], board.notes[other]):
                top = max(n.pitch for n in board.notes[part])
                if top + 12 > min(RANGES[part][1], 91):
                    note_twins(board, part, other)
                    continue
                for note in list(board.notes[part]):
                    board.change("I4", part, note, moved(note, note.pitch + 12), f"the same rhythm in the same register as {other}", Claim(other, "here first", 0.7), Claim(part, "here too", 0.5))


def alike(mine: Sequence[Note], theirs: Sequence[Note]) -> bool:
    """Whether two lines share more than .8 of their onsets and lie within 4 semitones of each other on average."""
    a, b = {n.start for n in mine}, {n.start for n in theirs}
    if len(a) < 4 or len(a & b) <= 0.8 * len(a | b):
        return False
    return abs(sum(n.pitch for n in mine) / len(mine) - sum(n.pitch for n in theirs) / len(theirs)) < 4


def note_twins(board: Board, part: str, other: str) -> None:
    """Records twins that cannot be parted."""
    claims = (Claim(other, "here first", 0.7), Claim(part, "here too", 0.5))
    found = Decision("I4", "instruments", board.case.section.id, claims, f"{part} and {other} double each other", "no free octave above")
    if found not in board.findings:
        board.findings.append(found)


# -- I8 ------------------------------------------------------------------------------------------------------------------


def unplayable(board: Board) -> None:
    """I8: notes beyond the instrument, more strings than a guitar has, more sticks than a drummer, no time to breathe."""
    for part in board.playing():
        if board.free(part):
            in_range(board, part)
    if board.free("guitar"):
        six_strings(board)
    if board.free("drums"):
        two_hands(board)
    if board.free("brass"):
        breath(board)


def in_range(board: Board, part: str) -> None:
    """Folds notes by octaves into what the instrument can play."""
    low, high = RANGES[part]
    for note in list(board.notes[part]):
        if not low <= note.pitch <= high:
            pitch = fold(note.pitch, low, high)
            board.change("I8", part, note, moved(note, pitch), f"{pitch_name(note.pitch)} is beyond the {part}", Claim(part, f"{low} to {high}", 1.0))


def six_strings(board: Board) -> None:
    """A guitar chord has at most six notes within two octaves and a third: inner notes go first."""
    for tick in board.onsets("guitar"):
        chord = board.at("guitar", tick)
        while len(chord) > 6 or (len(chord) > 1 and chord[-1].pitch - chord[0].pitch > 28):
            victim = chord[len(chord) // 2] if len(chord) > 6 else chord[0]
            board.change("I8", "guitar", victim, None, f"no hand holds this ({place(board.case.section, tick)})", Claim("guitar", "six strings", 1.0))
            chord = board.at("guitar", tick)


def two_hands(board: Board) -> None:
    """A drummer strikes two things at once with sticks; the rest is feet."""
    for tick in board.onsets("drums"):
        struck = [n for n in board.at("drums", tick) if n.pitch in _STICKS]
        for note in sorted(struck, key=lambda n: _FIRST_TO_GO.index(n.pitch))[: max(0, len(struck) - 2)]:
            board.change("I8", "drums", note, None, f"a third hand ({place(board.case.section, tick)})", Claim("drums", "two hands", 1.0))


def breath(board: Board) -> None:
    """Players of winds breathe: after six seconds without a rest of half a beat the next note before the limit is cut."""
    limit = round(6.0 / board.case.seconds_per_beat * PPQ)
    line, since = board.notes.get("brass", []), None
    for before, after in zip(list(line), list(line)[1:], strict=False):
        since = before.start if since is None else since
        if after.start - before.end >= PPQ // 2:
            since = None
        elif after.start > before.start and after.start - since > limit and before.length > PPQ // 2:
            shorter = replace(before, length=max(PPQ // 4, after.start - PPQ // 2 - before.start))
            if shorter.length < before.length and before in board.notes["brass"]:
                board.change("I8", "brass", before, shorter, f"no breath for six seconds ({place(board.case.section, before.start)})", Claim("brass", "breath", 1.0))
            since = None
