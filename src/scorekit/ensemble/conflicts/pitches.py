"""Rules about pitch against harmony, and of part against part: the K family."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from msgspec.structs import replace

from scorekit.ensemble.conflicts.board import BITES, EIGHTH, HEARD, NEAR, RANK, Board, moved, weight, whose
from scorekit.ensemble.conflicts.keys import ambiguous
from scorekit.ensemble.intents import inside, silences
from scorekit.score import Chord, Claim, Note
from scorekit.theory import LOW_LIMITS, chord_classes, chord_scale
from scorekit.timebase import PPQ, Tick

_STRONG = 0.6
"""Metric strength of a beat."""
_NEAR = PPQ // 5
"""How far from its chord a bass note may strike and still count as striking with it."""


def chord_of(board: Board, note: Note) -> Chord:
    """The chord under most of a note: the one sounding at its middle (pushes belong to the chord they anticipate)."""
    return board.case.section.chord_at(note.start + min(note.length, PPQ) // 2)


def tones(chord: Chord) -> tuple[int, ...]:
    """Pitch classes of a chord and its bass."""
    return (*chord_classes(chord.root, chord.quality), chord.bass)


def biting(board: Board, note: Note) -> list[tuple[str, Note]]:
    """(part, note) of all a minor second or ninth from a note, struck with it or held for an eighth or more."""
    if note.length < HEARD or not board.bites(note):
        return []
    near = board.at_pitches([note.pitch + bite for bite in BITES], note)
    return [(part, n) for part, n in near if n.start == note.start or together(note, n) >= EIGHTH]


def clash_free(board: Board, part: str, note: Note, old: Note) -> bool:
    """Whether a note in the place of an old one bites nobody and doubles no pitch of its own part."""
    if any(who == part and n != old for who, n in board.at_pitches([note.pitch], note, 1)):
        return False
    return all(n == old and who == part for who, n in biting(board, note))


def low_enough(board: Board, part: str, note: Note, old: Note) -> bool:
    """Whether a note in the place of an old one keeps the low-interval limits with all it sounds with."""
    return all(n == old and who == part for who, n in board.at_pitches(too_close(note.pitch), note))


@cache
def too_close(pitch: int) -> tuple[int, ...]:
    """Pitches that are mud with a pitch, by the low-interval limits: few, and only around low ones."""
    both = ((gap, limit, pitch + way * gap) for gap, limit in LOW_LIMITS.items() for way in (-1, 1))
    return tuple(other for _, limit, other in both if min(other, pitch) < limit)


def fits(board: Board, part: str, note: Note, old: Note) -> bool:
    """Whether a note in the place of an old one would make no conflict of pitch."""
    return clash_free(board, part, note, old) and low_enough(board, part, note, old)


def better_pitch(board: Board, part: str, note: Note, reach: int = 7) -> Note | None:
    """The note moved to the nearest chord tone of its lane that clashes with nobody; None: there is none in reach."""
    classes, (low, high) = tones(chord_of(board, note)), board.case.lane(part)
    wanted = [
        p
        for p in range(max(low - 2, note.pitch - reach), min(high + 2, note.pitch + reach) + 1)
        if p != note.pitch and p % 12 in classes
    ]
    for pitch in sorted(wanted, key=lambda p: (abs(p - note.pitch), p)):
        if fits(board, part, moved(note, pitch), note):
            return moved(note, pitch)
    return None


def steps_on(board: Board, part: str, note: Note) -> bool:
    """Whether the part goes on by a tone or less where the note ends: it was only passing, or a suspension resolved."""
    after = board.sounding(part, note.end, note.end + NEAR)
    return any(0 < abs(n.pitch - note.pitch) <= 2 for n in after if n.start > note.start)


def rooted(board: Board, part: str, note: Note) -> bool:
    """Whether a guitar strikes this note in a pair, the lower one the chord's root: fifth, sixth and
    seventh over it are a boogie, which shares the depth with the bass."""
    if part != "guitar":
        return False
    pair = [n.pitch for n in board.at(part, note.start)]
    return (
        len(pair) == 2 and pair[0] < 58 and pair[0] % 12 == chord_of(board, note).root and 7 <= pair[1] - pair[0] <= 10
    )


# -- K3 --------------------------------------------------------------------------------------------


def strange_notes(board: Board) -> None:
    """K3: an accompanist's note on a beat outside the chord's scale that does not resolve by step within a beat."""
    section = board.case.section
    for part in board.giving_way():
        for note in list(board.notes[part]):
            if note.length < EIGHTH or section.meter.strength(note.start) < _STRONG or not board.stirred(note):
                continue
            chord = chord_of(board, note)
            if not strange(board, note, chord) or (note.length <= PPQ and steps_on(board, part, note)):
                continue
            if rooted(board, part, note) or board.case.shared(part, note.start):
                continue
            fixed = better_pitch(board, part, note, 4)
            if fixed is not None:
                reason = f"{board.name(note)} does not belong to {chord.symbol}: it takes the nearest free chord tone"
                claims = (Claim("harmony", chord.symbol, 1.0), Claim(part, board.name(note), weight(part)))
                board.change("K3", part, note, fixed, reason, *claims)


def strange(board: Board, note: Note, chord: Chord) -> bool:
    """Whether a note lies outside the scale that goes with the chord in this key. A suspended fourth does not."""
    pitch, key = note.pitch % 12, board.case.section.key
    return pitch not in chord_scale(chord.root, chord.quality, key.tonic, key.mode) and pitch not in tones(chord)


# -- K4 --------------------------------------------------------------------------------------------


def clashes(board: Board) -> None:
    """K4: two parts a minor second or ninth apart for an eighth or more. The one that ranks lower gives way, the bass to a
    tune that holds."""
    for part in board.giving_way():
        above = board.before(part)
        for note in list(board.notes[part]):
            rival = biter(board, part, above, note) if board.bites(note) and board.stirred(note) else None
            if rival is not None and not rooted(board, part, note) and not board.case.shared(part, note.start):
                give_way(board, part, note, *rival)
    if board.case.front == "lead" and board.free("bass"):
        for note in list(board.notes["bass"]):
            tune = undermines(board, note) if board.stirred(note) else None
            if tune is not None and not board.case.shared("bass", note.start):
                give_way(board, "bass", note, "lead", tune)


def undermines(board: Board, note: Note) -> Note | None:
    """The note of the tune from which a bass note outside the chord is a semitone away in some octave, for three quarters of
    a beat or more: what leads to the next chord must be brief under a tune that holds."""
    if note.length < PPQ * 3 // 4 or note.pitch % 12 in tones(board.case.section.chord_at(note.start)):
        return None
    held = (n for n in board.sounding("lead", note.start, note.end) if together(n, note) >= PPQ * 3 // 4)
    return next((n for n in held if (n.pitch - note.pitch) % 12 in (1, 11)), None)


def biter(board: Board, part: str, above: tuple[str, ...], note: Note) -> tuple[str, Note] | None:
    """The note of a part of higher rank that a note bites, the highest first; brief and own seconds are let be."""
    found = [
        (who, other)
        for who, other in biting(board, note)
        if who in above and not own_second(board, note, who, other) and not brief(board, part, note, who, other)
    ]
    return min(found, key=lambda pair: (above.index(pair[0]), pair[1].start)) if found else None


def own_second(board: Board, note: Note, who: str, other: Note) -> bool:
    """Whether two accompanists share a second that the chord itself has, such as seventh and root."""
    chord = chord_of(board, note)
    inside = {note.pitch % 12, other.pitch % 12} <= set(tones(chord))
    return inside and abs(note.pitch - other.pitch) == 1 and who not in (board.case.front, "lead")


def brief(board: Board, part: str, note: Note, who: str, other: Note) -> bool:
    """Whether a clash is the spice of a line and not a mistake.

    One that is struck together with the tune never is. It is when it lasts a quarter at most, begins off the strong beats (of a walking bass: off the first), and one of
    the two then moves on by step (a passing note, a neighbour, a suspension that resolves); so is one of an eighth at
    most that begins between beats.
    """
    overlap, strength = together(note, other), board.case.section.meter.strength(max(note.start, other.start))
    if note.start == other.start and overlap >= EIGHTH and who == "lead":
        return False
    if overlap > PPQ or strength >= (1.0 if who == "bass" else 0.8):
        return False
    if overlap <= EIGHTH and strength < _STRONG:
        return True
    line, voice = (who, other) if other.end <= note.end else (part, note)
    return steps_on(board, line, voice)


def give_way(board: Board, part: str, note: Note, rival: str, other: Note) -> None:
    """A clashing note goes to a free chord tone, or ends before the clash, or is left out where others sound."""
    claims = (Claim(rival, board.name(other), weight(rival)), Claim(part, board.name(note), weight(part)))
    reason = f"{board.name(note)} bites {whose(rival)} {board.name(other)}"
    better, early = better_pitch(board, part, note), other.start - note.start
    after, deed = better, "it takes the nearest free chord tone"
    if early >= max(PPQ, note.length // 2) or (better is None and early >= EIGHTH):
        after, deed = replace(note, length=early), "it ends where the other begins"
    board.change("K4", part, note, after, f"{reason}: {deed if after else 'it is left out'}", *claims)


# -- K5 and K2 -------------------------------------------------------------------------------------


def lost_bass(board: Board) -> None:
    """K5: where a chord begins, the bass plays a note outside it: it takes the chord's bass. Pedals and holds are let be."""
    section = board.case.section
    if not board.free("bass") or any(i.kind == "pedal" for i in section.intents):
        return
    silent = silences(section, "bass")
    for chord in section.chords:
        struck = bass_at(board, chord)
        if inside(silent, chord.start) or any(board.case.shared("bass", note.start) for note in struck):
            continue
        if not struck:
            held_over(board, chord)
        elif not any(n.pitch % 12 in tones(chord) or n.manner == "dead" for n in struck):
            note = struck[0]
            reason = f"{chord.symbol} begins and the bass plays {board.name(note)}: it takes the chord's bass"
            retarget(board, "K5", note, chord, reason)


def bass_at(board: Board, chord: Chord) -> list[Note]:
    """What the bass strikes where a chord begins, a fifth of a beat early or late."""
    around = board.sounding("bass", chord.start, chord.start + _NEAR)
    return [n for n in around if abs(n.start - chord.start) <= _NEAR]


def retarget(board: Board, rule: str, note: Note, chord: Chord, reason: str) -> None:
    """A bass note takes the nearest bass of the chord in its lane."""
    low, high = board.case.lane("bass")
    options = [p for p in range(low, high + 1) if p % 12 == chord.bass]
    if options:
        target = min(options, key=lambda p: (abs(p - note.pitch), p))
        claims = (Claim("harmony", chord.symbol, 1.0), Claim("bass", board.name(note), 0.6))
        board.change(rule, "bass", note, moved(note, target), reason, *claims)


def held_over(board: Board, chord: Chord) -> None:
    """A bass note held from before into a chord it does not belong to is struck again on the chord's bass."""
    low, high = board.case.lane("bass")
    options = [p for p in range(low, high + 1) if p % 12 == chord.bass]
    tick: Tick = chord.start
    for note in board.sounding("bass", tick, tick + EIGHTH, EIGHTH):
        if note.start < tick and note.pitch % 12 not in tones(chord) and options:
            target = min(options, key=lambda p: (abs(p - note.pitch), p))
            claims = (Claim("harmony", chord.symbol, 1.0), Claim("bass", board.name(note), 0.6))
            reason = f"{board.name(note)} is held into {chord.symbol}"
            again = replace(note, start=tick, length=note.end - tick, pitch=target)
            board.change("K5", "bass", note, replace(note, length=tick - note.start), reason, *claims)
            board.add("K5", "bass", again, reason + ": it is struck again", *claims)


def unclear_key(board: Board) -> None:
    """K2: the notes speak for the relative key as much as for the planned: the bass says which on the last tonic."""
    section = board.case.section
    chord = next((c for c in reversed(section.chords) if c.root == c.bass == section.key.tonic), None)
    if section.bars < 4 or chord is None or not board.free("bass"):
        return
    struck = bass_at(board, chord)
    if not struck or any(n.pitch % 12 == section.key.tonic for n in struck):
        return
    rival = ambiguous(section, board.notes)
    if rival is not None:
        retarget(board, "K2", struck[0], chord, f"it sounds like {rival} as much as {section.key}: the bass says which")


# -- K6 --------------------------------------------------------------------------------------------

_RIVALS = ((1, 2, False), (3, 2, True), (8, 9, True), (6, 5, True))
"""Tensions that exclude each other, as semitones above the root: b9 and 9, #9 and 9, b13 and 13, #11 and 11; True where
that is so over a chord with a major third only."""


def tensions(board: Board) -> None:
    """K6: two parts colour one chord differently (9 against b9). The chord as written decides, else the higher rank."""
    parts = sorted(set(board.playing()) - {"drums", "bass"}, key=lambda part: _standing(board, part))
    for chord in board.case.section.chords:
        if not board.stirred_within(chord.start, chord.end):
            continue
        inside = {(pc - chord.root) % 12 for pc in tones(chord)}
        heard = coloured(board, parts, chord)
        for a, b, major in _RIVALS:
            if a in heard and b in heard and not (a in inside and b in inside) and (4 in inside or not major):
                first = min((a, b), key=lambda t: (t not in inside, _standing(board, heard[t][0][0])))
                settle_tension(board, chord, heard, first, a + b - first)


def _standing(board: Board, part: str) -> tuple[bool, int]:
    return (part != board.case.front, RANK.index(part))


def coloured(board: Board, parts: Sequence[str], chord: Chord) -> dict[int, list[tuple[str, Note]]]:
    """The long notes of some parts over a chord by their distance above its root."""
    heard: dict[int, list[tuple[str, Note]]] = {}
    for part in parts:
        for note in board.sounding(part, chord.start, chord.end, PPQ):
            heard.setdefault((note.pitch - chord.root) % 12, []).append((part, note))
    return heard


def settle_tension(board: Board, chord: Chord, heard: dict[int, list[tuple[str, Note]]], kept: int, lost: int) -> None:
    """Moves the notes on the losing tension off it where they sound together with the kept one in another part."""
    for part, note in heard[lost]:
        against = next((who for who, n in heard[kept] if who != part and together(n, note) >= EIGHTH), None)
        if against is None or part not in board.giving_way() or note not in board.notes[part]:
            continue
        claims = (Claim(against, _TENSION[kept], 0.8), Claim(part, _TENSION[lost], 0.5))
        reason = f"{board.name(note)} colours {chord.symbol} with {_TENSION[lost]}, {against} with {_TENSION[kept]}"
        board.change("K6", part, note, better_pitch(board, part, note, 4), reason, *claims)


def together(a: Note, b: Note) -> Tick:
    """Ticks for which two notes sound together; negative when they do not."""
    first, last = a.start, b.start
    end, other = first + a.length, last + b.length
    return (end if end < other else other) - (first if first > last else last)


_TENSION = {1: "b9", 2: "9", 3: "#9", 5: "11", 6: "#11", 8: "b13", 9: "13"}
