"""Rules about who sounds where: masking, mud and doubles (I1, I2, I4)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from scorekit.ensemble.conflicts.board import ACCOMPANIMENT, EIGHTH, Board, moved, weight, whose
from scorekit.ensemble.conflicts.pitches import better_pitch, fits, rooted, together, too_close
from scorekit.playable import RANGES
from scorekit.score import Claim, Note
from scorekit.timebase import PPQ, Tick

CROSSING = 0.1
"""Share of a part's long notes that may lie above the tune: real accompaniments have 4.5 % of them there."""
_ABOVE = 7
"""Semitones above the tune beyond which a note is heard as a layer of its own."""
_SPARKLE = 84


# -- I1 --------------------------------------------------------------------------------------------


def over_the_tune(board: Board) -> None:
    """I1: a sustaining accompanist sounds just above the tune: its notes there go down an octave where they fit, a line as
    a whole or not at all. One who plays nothing but a line is heard as a second voice and is let be."""
    front = board.case.front
    if front not in ("lead", "brass") or not board.notes.get(front):
        return
    for part in ("keys", "pads", "strings"):
        if part not in board.giving_way() or single(board.notes[part]):
            continue
        long = [n for n in board.notes[part] if n.length >= PPQ]
        crossing = [(n, tune) for n in long if (tune := covered(board, front, n)) is not None]
        if len(crossing) > CROSSING * len(long):
            for note, tune in crossing:
                run = line_of(board, part, note)
                if all(sinks(board, part, n) for n in run):
                    for n in run:
                        lower(board, part, n, front, note, tune)


def line_of(board: Board, part: str, note: Note) -> Sequence[Note]:
    """The line a note belongs to, from rest to rest; the note alone when others sound with it, and nothing if it is gone."""
    line = board.notes[part]
    if note not in line:
        return ()
    first = last = line.index(note)
    while first and line[first].start - line[first - 1].end < PPQ:
        first -= 1
    while last + 1 < len(line) and line[last + 1].start - line[last].end < PPQ:
        last += 1
    run = line[first : last + 1]
    return run if single(run) else (note,)


def single(notes: Sequence[Note]) -> bool:
    """Whether notes, in order of start, are a line: one at a time but for what is left ringing."""
    return all(together(a, b) < EIGHTH for a, b in pairwise(notes))


def covered(board: Board, front: str, note: Note) -> Note | None:
    """A note of the tune that a note covers, when it lies above the tune for most of the time they sound together."""
    if note.pitch > _SPARKLE:
        return None
    tune = board.sounding(front, note.start, note.end)
    under = [n for n in tune if 0 < note.pitch - n.pitch < _ABOVE]
    return under[-1] if under and _shared(note, under) >= max(EIGHTH, 0.6 * _shared(note, tune)) else None


def _shared(note: Note, others: Sequence[Note]) -> Tick:
    return sum(together(note, n) for n in others)


def sinks(board: Board, part: str, note: Note) -> bool:
    """Whether a note's lower octave sounds already, or its lane, more or less, and the ear allow it."""
    down = moved(note, note.pitch - 12)
    return doubled(board, part, note) or (down.pitch >= board.case.lane(part)[0] - 7 and fits(board, part, down, note))


def doubled(board: Board, part: str, note: Note) -> bool:
    """Whether the part plays the lower octave of a note too."""
    return any(who == part for who, _ in board.at_pitches([note.pitch - 12], note))


def lower(board: Board, part: str, note: Note, front: str, above: Note, tune: Note) -> None:
    """A note goes down an octave, for it or another of its line covers the tune; is it there already, it is left out."""
    claims = (Claim(front, "the tune on top", 1.0), Claim(part, board.name(note), weight(part)))
    reason = f"{board.name(above)} covers {whose(front)} {board.name(tune)}: "
    if doubled(board, part, note):
        board.change("I1", part, note, None, reason + "its lower octave sounds already", *claims)
    else:
        deed = "it goes down an octave" if note == above else f"{board.name(note)} goes down an octave with it"
        board.change("I1", part, note, moved(note, note.pitch - 12), reason + deed, *claims)


# -- I2 --------------------------------------------------------------------------------------------


def mud(board: Board) -> None:
    """I2: two notes too close together too low. The part of lower rank goes up an octave, or leaves its note out."""
    for part in reversed(board.giving_way()):
        above = (*board.before(part), part)
        for note in list(board.notes[part]):
            if note.pitch <= 65 and note.length >= EIGHTH and board.stirred(note):
                muddy = murky(board, above, note)
                if muddy is not None and not rooted(board, part, note):
                    clear(board, part, note, *muddy)


def murky(board: Board, above: tuple[str, ...], note: Note) -> tuple[str, Note] | None:
    """A note of higher rank, or a lower one of the same chord, too close to this one for the depth they sound at."""
    for who, other in board.at_pitches(too_close(note.pitch), note):
        chord = who != above[-1] or (other.pitch < note.pitch and other.start == note.start)
        if who in above and chord and lasting(note, other):
            return who, other
    return None


def lasting(note: Note, other: Note) -> bool:
    """Whether two notes are struck together for an eighth, or held for more than a quarter: less is only passing."""
    return together(note, other) > PPQ or (note.start == other.start and together(note, other) >= EIGHTH)


def clear(board: Board, part: str, note: Note, rival: str, other: Note) -> None:
    """A muddy note goes up an octave where it fits, else it is left out; struck alone it takes a chord tone near by."""
    up = moved(note, note.pitch + 12)
    high = min(board.case.lane(part)[1] + 5, RANGES[part][1])
    near = better_pitch(board, part, note) if len(board.at(part, note.start)) == 1 else None
    after = near or (up if up.pitch <= high and fits(board, part, up, note) else None)
    deed = "it takes the nearest free chord tone" if near else "it goes up an octave" if after else "it is left out"
    claims = (Claim(rival, board.name(other), weight(rival)), Claim(part, board.name(note), weight(part)))
    reason = f"{board.name(note)} and {whose(rival)} {board.name(other)} are mud: {deed}"
    board.change("I2", part, note, after, reason, *claims)


# -- I4 --------------------------------------------------------------------------------------------


def twins(board: Board) -> None:
    """I4: two accompanists in one register with one rhythm for the whole section: the lower rank moves up an octave, but who
    tells the band's riff, which others may join."""
    playing = [part for part in board.playing() if part in ACCOMPANIMENT]
    lines = {part: (board.notes[part], {note.start for note in board.notes[part]}) for part in playing}
    for place, part in enumerate(playing):
        other = next((o for o in playing[:place] if alike(*lines[part], *lines[o])), "")
        if other and part in board.giving_way() and not (board.case.riff and part in board.case.riff.parts):
            apart(board, part, other)


def alike(mine: Sequence[Note], a: set[Tick], theirs: Sequence[Note], b: set[Tick]) -> bool:
    """Whether two lines share more than .8 of their onsets and lie within 4 semitones of each other on average.

    Strokes between the beats, but for one in four, are one skank in two hands and mask nobody; chords held for two beats
    and more blend. ``a`` and ``b`` are their onsets.
    """
    if (
        len(a) < 4
        or min(len(a), len(b)) <= 0.8 * max(len(a), len(b))
        or len(a & b) <= 0.8 * len(a | b)
        or 4 * sum(tick % PPQ == 0 for tick in a | b) <= len(a | b)
    ):
        return False
    if all(n.length >= 2 * PPQ for n in (*mine, *theirs)):
        return False
    return abs(sum(n.pitch for n in mine) / len(mine) - sum(n.pitch for n in theirs) / len(theirs)) < 4


def apart(board: Board, part: str, other: str) -> None:
    """A part goes up an octave, the top of each chord first, or two where one would lay it on the tune; where there is no
    room above, the double is told."""
    claims = (Claim(other, "its rhythm and register", weight(other)), Claim(part, "the same ones", weight(part)))
    room = min(RANGES[part][1], 91) - max(n.pitch for n in board.notes[part])
    if room < 12:
        board.find("I4", claims, f"{part} and {other} double each other", "there is no free octave above")
        return
    far = room >= 24 and on_the_tune(board, part, 24) < on_the_tune(board, part, 12)
    up, way = (24, "two octaves") if far else (12, "an octave")
    reason = f"the rhythm and register of {other}: {part} goes up {way}"
    for note in reversed(list(board.notes[part])):
        board.change("I4", part, note, moved(note, note.pitch + up), reason, *claims)


def on_the_tune(board: Board, part: str, up: int) -> int:
    """How many of a part's strokes would lie within a third above the tune, so many semitones up."""
    notes, front = board.notes[part], board.case.front
    return sum(any(0 < n.pitch + up - t.pitch <= 4 for t in board.sounding(front, n.start, n.start + 1)) for n in notes)
