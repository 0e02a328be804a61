"""Rules about pitch: the K family, and the two of the I family that are about registers."""

from __future__ import annotations

from dataclasses import replace

from scorekit.ensemble.conflicts.board import ACCOMPANIMENT, EIGHTH, RANGES, RANK, Board, moved, place
from scorekit.score import Chord, Claim, Note
from scorekit.theory import LOW_LIMITS, chord_classes, core_classes, pitch_name
from scorekit.timebase import PPQ, Tick

_BITES = (1, 13)
"""Distances in semitones that bite: a minor second, a minor ninth."""


def chord_of(board: Board, note: Note) -> Chord:
    """The chord under most of a note: the one sounding at its middle (pushes belong to the chord they anticipate)."""
    return board.case.section.chord_at(note.start + min(note.length, PPQ) // 2)


def tones(chord: Chord) -> tuple[int, ...]:
    """Pitch classes of a chord and its bass."""
    return (*chord_classes(chord.root, chord.quality), chord.bass)


def bites(a: Note, b: Note) -> bool:
    """Whether two notes clash: a minor second or ninth, together for an eighth or more."""
    return abs(a.pitch - b.pitch) in _BITES and min(a.end, b.end) - max(a.start, b.start) >= EIGHTH


def clash_free(board: Board, part: str, note: Note, old: Note) -> bool:
    """Whether a note in the place of an old one bites nobody and doubles no pitch of its own part."""
    if any(n.pitch == note.pitch and n != old for n in board.sounding(part, note.start, note.end)):
        return False
    return not any(
        bites(note, other) for name in board.playing() if name != "drums"
        for other in board.sounding(name, note.start, note.end, EIGHTH) if other != old
    )


def low_enough(board: Board, part: str, note: Note) -> bool:
    """Whether a note keeps the low-interval limits with the notes it sounds over."""
    for name in board.playing():
        if name == "drums":
            continue
        for other in board.sounding(name, note.start, note.end, EIGHTH):
            low, gap = min(other.pitch, note.pitch), abs(other.pitch - note.pitch)
            if other.pitch != note.pitch and low < LOW_LIMITS.get(gap, 0):
                return False
    return True


def better_pitch(board: Board, part: str, note: Note, reach: int = 7) -> Note | None:
    """The note moved to the nearest chord tone of its lane that clashes with nobody; None when there is none in reach."""
    chord = chord_of(board, note)
    low, high = board.case.lane(part)
    classes = tones(chord)
    wanted = [p for p in range(note.pitch - reach, note.pitch + reach + 1) if p != note.pitch and p % 12 in classes]
    for pitch in sorted(wanted, key=lambda p: (abs(p - note.pitch), p)):
        candidate = moved(note, pitch)
        if low - 2 <= pitch <= high + 2 and clash_free(board, part, candidate, note) and low_enough(board, part, candidate):
            return candidate
    return None


# -- K3 ------------------------------------------------------------------------------------------------------------------


def strange_notes(board: Board) -> None:
    """K3: an accompanist's long note outside the chord on a beat, not resolved by step within a beat."""
    section = board.case.section
    for part in ACCOMPANIMENT:
        if not board.free(part) or part == board.case.front:
            continue
        for note in list(board.notes.get(part, [])):
            if note.length < EIGHTH or section.meter.strength(note.start) < 0.6:
                continue
            chord = chord_of(board, note)
            scale = tones(chord)
            if note.pitch % 12 in scale or resolves(board, part, note):
                continue
            fixed = better_pitch(board, part, note, 4)
            if fixed is not None:
                reason = f"{pitch_name(note.pitch)} is not in {chord.symbol} and does not resolve ({place(section, note.start)})"
                board.change("K3", part, note, fixed, reason, Claim(part, pitch_name(note.pitch), 0.4), Claim("harmony", chord.symbol, 1.0))


def resolves(board: Board, part: str, note: Note) -> bool:
    """Whether the part moves on by a tone or less within a beat."""
    after = [n for n in board.notes[part] if note.start < n.start <= note.end + PPQ // 4]
    return any(0 < abs(n.pitch - note.pitch) <= 2 for n in after) and note.length <= PPQ


# -- K4 ------------------------------------------------------------------------------------------------------------------


def clashes(board: Board) -> None:
    """K4: two parts a minor second or ninth apart for an eighth or more. The one that ranks lower gives way."""
    pitched = [part for part in board.playing() if part != "drums"]
    order = sorted(pitched, key=lambda p: (p != board.case.front, RANK.index(p)))
    for upper, part in enumerate(order):
        if not board.free(part) or part in (board.case.front, "bass", "lead"):
            continue
        for note in list(board.notes[part]):
            rival = biter(board, order[:upper], note)
            if rival is not None and note in board.notes[part]:
                give_way(board, part, note, *rival)


def biter(board: Board, parts: list[str], note: Note) -> tuple[str, Note] | None:
    """The first note of the given parts that a note bites; the chord's own seconds in the accompaniment are let be."""
    chord = chord_of(board, note)
    for name in parts:
        for other in board.sounding(name, note.start, note.end, EIGHTH):
            if bites(note, other):
                own = {note.pitch % 12, other.pitch % 12} <= set(core_classes(chord.root, chord.quality))
                if not (own and abs(note.pitch - other.pitch) == 1 and name != board.case.front and name != "lead"):
                    return name, other
    return None


def give_way(board: Board, part: str, note: Note, rival: str, other: Note) -> None:
    """A clashing note goes to a chord tone, or is left out when the chord has others, or is cut short."""
    section = board.case.section
    claims = (Claim(rival, pitch_name(other.pitch), 1.0 - RANK.index(rival) / 10), Claim(part, pitch_name(note.pitch), 1.0 - RANK.index(part) / 10))
    reason = f"{pitch_name(note.pitch)} bites {rival}'s {pitch_name(other.pitch)} ({place(section, max(note.start, other.start))})"
    better = better_pitch(board, part, note)
    if better is not None:
        board.change("K4", part, note, better, reason + "; it takes the nearest chord tone that is free", *claims)
    elif other.start > note.start and other.start - note.start >= EIGHTH:
        shorter = replace(note, length=other.start - note.start)
        board.change("K4", part, note, shorter, reason + "; it ends where the other begins", *claims)
    else:
        board.change("K4", part, note, None, reason + "; it is left out", *claims)


# -- K5 ------------------------------------------------------------------------------------------------------------------


def lost_bass(board: Board) -> None:
    """K5: where a chord begins, the bass plays a note outside it: it takes the chord's bass. Pedals are let be."""
    section = board.case.section
    if not board.free("bass") or any(i.kind == "pedal" for i in section.intents):
        return
    low, high = board.case.lane("bass")
    for chord in section.chords:
        for note in [n for n in board.notes.get("bass", []) if abs(n.start - chord.start) <= PPQ // 5]:
            if note.pitch % 12 in tones(chord) or note.manner == "dead":
                continue
            options = [p for p in range(low, high + 1) if p % 12 == chord.bass]
            if options:
                target = min(options, key=lambda p: (abs(p - note.pitch), p))
                reason = f"{chord.symbol} begins and the bass plays {pitch_name(note.pitch)} ({place(section, note.start)})"
                board.change("K5", "bass", note, moved(note, target), reason, Claim("harmony", chord.symbol, 1.0), Claim("bass", pitch_name(note.pitch), 0.6))
        held_over(board, chord.start, chord, low, high)


def held_over(board: Board, tick: Tick, chord: Chord, low: int, high: int) -> None:
    """A bass note held from before into a chord it does not belong to is struck again on the chord's bass."""
    if any(abs(n.start - tick) <= PPQ // 5 for n in board.notes.get("bass", [])):
        return
    for note in list(board.sounding("bass", tick, tick + EIGHTH, EIGHTH)):
        if note.start < tick and note.pitch % 12 not in tones(chord):
            options = [p for p in range(low, high + 1) if p % 12 == chord.bass]
            if not options:
                continue
            target = min(options, key=lambda p: (abs(p - note.pitch), p))
            reason = f"{pitch_name(note.pitch)} is held into {chord.symbol} ({place(board.case.section, tick)})"
            board.change("K5", "bass", note, replace(note, length=tick - note.start), reason)
            board.add("K5", "bass", replace(note, start=tick, length=note.end - tick, pitch=target), "struck again on the new root")


# -- K6 ------------------------------------------------------------------------------------------------------------------

_RIVALS = ((1, 2), (3, 2), (8, 9), (6, 5))
"""Tensions that exclude each other, as semitones above the root: b9 and 9, #9 and 9, b13 and 13, #11 and 11."""


def tensions(board: Board) -> None:
    """K6: two parts colour one chord differently (9 against b9). The colour of the chord as written wins, else the higher rank."""
    section = board.case.section
    for chord in section.chords:
        heard = coloured(board, chord)
        for a, b in _RIVALS:
            for mine, theirs in ((a, b), (b, a)):
                settle_tension(board, chord, heard, mine, theirs)


def coloured(board: Board, chord: Chord) -> dict[int, list[tuple[str, Note]]]:
    """The long notes over a chord by their distance above its root."""
    heard: dict[int, list[tuple[str, Note]]] = {}
    for part in board.playing():
        if part in ("drums", "bass"):
            continue
        for note in board.sounding(part, chord.start, chord.end, PPQ):
            heard.setdefault((note.pitch - chord.root) % 12, []).append((part, note))
    return heard


def settle_tension(board: Board, chord: Chord, heard: dict[int, list[tuple[str, Note]]], kept: int, lost: int) -> None:
    """Moves the notes on the losing tension when the kept one belongs to the chord and the losing one does not."""
    inside = {(pc - chord.root) % 12 for pc in tones(chord)}
    if kept not in inside or lost in inside or kept not in heard:
        return
    winner = heard[kept][0][0]
    for part, note in heard.get(lost, []):
        if part in (board.case.front, "lead", winner) or not board.free(part) or note not in board.notes[part]:
            continue
        better = better_pitch(board, part, note, 4)
        reason = f"{pitch_name(note.pitch)} colours {chord.symbol} differently from {winner} ({place(board.case.section, note.start)})"
        board.change("K6", part, note, better, reason, Claim(winner, f"{kept} above the root", 0.8), Claim(part, f"{lost} above the root", 0.5))


# -- I1 and I2 -----------------------------------------------------------------------------------------------------------


def over_the_tune(board: Board) -> None:
    """I1: a sustaining accompanist sounds above the tune: down an octave where the lane and the ear allow."""
    section, front = board.case.section, board.case.front
    if front not in ("lead", "brass", "keys") or not board.notes.get(front):
        return
    for part in ("keys", "pads", "strings"):
        if part == front or not board.free(part):
            continue
        for note in list(board.notes.get(part, [])):
            if note.length < PPQ or note.pitch > 84:
                continue
            tune = [n for n in board.sounding(front, note.start, note.end, EIGHTH) if n.pitch <= note.pitch]
            lower = moved(note, note.pitch - 12)
            if tune and lower.pitch >= board.case.lane(part)[0] - 7 and clash_free(board, part, lower, note) and low_enough(board, part, lower):
                reason = f"{pitch_name(note.pitch)} lies over {front}'s {pitch_name(tune[0].pitch)} ({place(section, note.start)})"
                board.change("I1", part, note, lower, reason, Claim(front, "the tune on top", 1.0), Claim(part, pitch_name(note.pitch), 0.4))


def mud(board: Board) -> None:
    """I2: two notes too close together too low. The upper one moves up an octave, or is left out of a chord."""
    section = board.case.section
    for part in (p for p in RANK if p in ACCOMPANIMENT and board.notes.get(p) and board.free(p)):
        for note in list(board.notes[part]):
            if note.pitch > 60 or note.length < EIGHTH or note not in board.notes[part]:
                continue
            muddy = murky(board, note)
            if muddy is None:
                continue
            lower_part, lower = muddy
            higher = moved(note, note.pitch + 12)
            fits = higher.pitch <= min(board.case.lane(part)[1] + 5, RANGES[part][1]) and clash_free(board, part, higher, note)
            reason = f"{pitch_name(note.pitch)} over {lower_part}'s {pitch_name(lower.pitch)} is mud ({place(section, note.start)})"
            board.change("I2", part, note, higher if fits else None, reason, Claim(lower_part, pitch_name(lower.pitch), 0.8), Claim(part, pitch_name(note.pitch), 0.5))


def murky(board: Board, note: Note) -> tuple[str, Note] | None:
    """A note below this one that breaks the low-interval limit with it."""
    for name in board.playing():
        if name == "drums":
            continue
        for other in board.sounding(name, note.start, note.end, EIGHTH):
            if other.pitch < note.pitch and other.pitch < LOW_LIMITS.get(note.pitch - other.pitch, 0):
                return name, other
    return None
