"""Rules about time and density: the T and E families, and what of the I family is about rhythm (I3, I6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace

from scorekit.ensemble.beats.kit import KIT_PITCHES
from scorekit.ensemble.conflicts.board import Board, weight
from scorekit.ensemble.grid import strokes
from scorekit.ensemble.intents import silences
from scorekit.score import Claim, Note
from scorekit.timebase import PPQ, Tick

TOMS = (41, 43, 45, 47, 48, 50)
KICKS = (35, 36)
_THIN_ORDER = ("pads", "strings", "brass", "guitar", "keys")
_ALLOWED = 1.15
_STRAIGHT, _SWUNG = PPQ // 2, PPQ * 2 // 3
_LATE = 0.025
"""Seconds off the grid that are heard as off."""


# -- T4 and T5 -------------------------------------------------------------------------------------


def swing(board: Board) -> None:
    """T4: more than a fifth of a part's off-beats are straight where the drums swing, or the other way round."""
    drums = offbeats(board.notes.get("drums", []))
    long, short = (_SWUNG, _STRAIGHT) if drums[_SWUNG] else (_STRAIGHT, _SWUNG)
    if len(drums[long]) < 4 or drums[short]:
        return
    for part in ("bass", *board.giving_way()):
        if not board.free(part) or part == board.case.front:
            continue
        mine = offbeats(board.notes[part])
        if len(mine[short]) > 1 and len(mine[short]) > 0.2 * (len(mine[short]) + len(mine[long])):
            feel, verb = {_SWUNG: "swung", _STRAIGHT: "straight"}, {_SWUNG: "swing", _STRAIGHT: "do not swing"}
            claims = [Claim(who, f"{feel[way]} eighths", weight(who)) for who, way in (("drums", long), (part, short))]
            reason = f"{feel[short]} off-beats where the drums {verb[long]}"
            for note in mine[short]:
                shift(board, "T4", part, note, note.start + long - short, reason, *claims)


def offbeats(line: Sequence[Note]) -> dict[Tick, list[Note]]:
    """Notes on straight and on swung off-beats, by their place in the quarter; not those in triplets or sixteenths."""
    inner = Counter([tick // PPQ for tick in {note.start for note in line} if tick % PPQ])
    found: dict[Tick, list[Note]] = {_STRAIGHT: [], _SWUNG: []}
    for note in line if inner else ():
        place = note.start % PPQ
        if place in found and inner[note.start // PPQ] == 1:
            found[place].append(note)
    return found


def shift(board: Board, rule: str, part: str, note: Note, start: Tick, reason: str, *claims: Claim) -> None:
    """A note begins elsewhere and ends where it ended, if that leaves it a sixteenth; else it keeps its length up to the part's
    next note.

    What would leave the section stays where it is.
    """
    room = board.case.section.length - start
    if room > 0:
        after = min((tick for tick in board.onsets(part) if tick > start), default=start + room)
        length = note.end - start if note.end - start >= PPQ // 4 else min(note.length, after - start)
        board.change(rule, part, note, replace(note, start=start, length=length), reason, *claims)


def off_grid(board: Board) -> None:
    """T5: more than a tenth of a part's onsets lie audibly between the grid's steps: they go to the nearest step."""
    section = board.case.section
    step = PPQ // section.grid
    tolerance = round(_LATE / board.case.seconds_per_beat * PPQ)
    known = {*range(0, PPQ, step), *range(0, PPQ, PPQ // 8)}
    for part in ("bass", *board.giving_way()):
        ticks = board.onsets(part)
        wild = {t for t in ticks if t % PPQ not in known and abs(t - round(t / step) * step) >= tolerance}
        if not board.free(part) or part == board.case.front or len(wild) <= 0.1 * len(ticks):
            continue
        claims = (Claim("grid", f"{section.grid} to the quarter", 1.0), Claim(part, "between the steps", weight(part)))
        reason = f"between the steps of the grid, which has {section.grid} to the quarter"
        for note in [n for n in board.notes[part] if n.start in wild]:
            start = max(0, min(section.length - step, round(note.start / step) * step))
            length = min(note.length, section.length - start)
            board.change("T5", part, note, replace(note, start=start, length=length), reason, *claims)


# -- E2 and E4 -------------------------------------------------------------------------------------


def too_dense(board: Board) -> None:
    """E2: more onsets in a bar than the energy has room for. The background is thinned first, weakest places first."""
    bar = board.case.section.meter.bar
    onsets = {part: board.onsets(part) for part in board.playing() if part != "drums"}
    for number, total in sorted(Counter([tick // bar for ticks in onsets.values() for tick in ticks]).items()):
        if total > board.case.budget * _ALLOWED:
            inside = {part: [tick for tick in ticks if tick // bar == number] for part, ticks in onsets.items()}
            thin(board, {part: ticks for part, ticks in inside.items() if ticks}, total)


def thin(board: Board, inside: dict[str, list[Tick]], total: int) -> None:
    """Drops strokes of a bar until it fits; of an even stream of sixteenths all that are equally weak go together."""
    section = board.case.section
    spare = total - int(board.case.budget * _ALLOWED)
    room = Claim("arrangement", f"energy {section.tier}", 1.0)
    reason = f"{total} onsets in the bar, energy {section.tier} has room for {board.case.budget:.0f}"
    for part in (p for p in _THIN_ORDER if p in board.giving_way() and p in inside):
        ticks = inside[part]
        if board.case.shared(part, ticks[0]):
            continue
        dropped: list[Tick] = []
        weakest = sorted(ticks[1:], key=lambda t: (section.meter.strength(t), -t))
        stream = len(ticks) >= 3 * len(section.meter.pulses)
        for tick in weakest:
            same = stream and dropped and section.meter.strength(tick) == section.meter.strength(dropped[-1])
            if len(dropped) < spare or same:
                dropped.append(tick)
        for tick in dropped:
            for note in board.at(part, tick):
                claims = (room, Claim(part, f"{len(ticks)} onsets", weight(part)))
                board.change("E2", part, note, None, reason, *claims)
        spare -= len(dropped)
        if spare <= 0:
            return


def filling(board: Board) -> list[tuple[Tick, Tick]]:
    """Where the drummer fills: (from, to) of half bars with two tom strokes or more, or a run of five snare strokes."""
    section = board.case.section
    half = section.meter.bar // 2
    drums = board.notes.get("drums", [])
    toms = Counter([note.start // half for note in drums if note.pitch in TOMS])
    snares = Counter([note.start // half for note in drums if note.pitch in (38, 40) and note.velocity > 50])
    return [(n * half, (n + 1) * half) for n in range(section.length // half) if toms[n] >= 2 or snares[n] >= 5]


def pile_up(board: Board) -> None:
    """E4: somebody else runs while the drummer fills, busier than is usual for him: only his strokes on beats stay."""
    spans = filling(board)
    if not spans or len(spans) * board.case.section.meter.bar > board.case.section.length:
        return
    for part in ("bass", *board.giving_way()):
        if not board.free(part) or part == board.case.front:
            continue
        ticks = board.onsets(part)
        for start, end in spans:
            run = [t for t in ticks if start <= t < end and not board.case.shared(part, t)]
            if len(run) >= 5 and len(run) > 1.5 * (usual := habit(ticks, end - start, spans)):
                make_room(board, part, run, usual)


def habit(ticks: Sequence[Tick], half: Tick, spans: Sequence[tuple[Tick, Tick]]) -> int:
    """Onsets a part usually has in half a bar: the median of the half bars in which it plays and nobody fills."""
    counts: dict[int, int] = {}
    for tick in ticks:
        counts[tick // half] = counts.get(tick // half, 0) + 1
    plain = sorted(c for n, c in counts.items() if (n * half, (n + 1) * half) not in spans)
    return plain[len(plain) // 2] if plain else 4


def make_room(board: Board, part: str, run: Sequence[Tick], usual: int) -> None:
    """Of a run only the strokes on beats stay."""
    claims = (Claim("drums", "a fill", weight("drums")), Claim(part, "a run", weight(part)))
    reason = f"drums fill, {part} runs: {len(run)} onsets in half a bar instead of {usual}"
    kept = [t for t in run if board.case.section.meter.strength(t) >= 0.6] or list(run[:1])
    for tick in run:
        for note in board.at(part, tick) if tick not in kept else []:
            board.change("E4", part, note, None, reason, *claims)


# -- I3 --------------------------------------------------------------------------------------------


def kick_and_bass(board: Board) -> None:
    """I3: the bass ignores the kick by more than .25 of what the genre wants. Off-beat notes move one step onto it."""
    section = board.case.section
    step = PPQ // section.grid
    kicks = {n.start for n in board.notes.get("drums", []) if n.pitch in KICKS}
    bass = board.notes.get("bass", [])
    if not board.free("bass") or board.case.front == "bass" or len(kicks) < 4 or len(bass) < 4:
        return
    locked = sum(n.start in kicks for n in bass) / len(bass)
    missing = round((board.case.kick_lock - 0.25 - locked) * len(bass))
    reason = f"{locked:.0%} of the bass is on the kick, {board.case.kick_lock:.0%} is wanted"
    claims = (Claim("drums", "the kick", weight("drums")), Claim("bass", "its own rhythm", weight("bass")))
    for note in list(bass):
        near = [t for t in (note.start + step, note.start - step) if t in kicks and not board.at("bass", t)]
        free = note.start not in kicks and not board.case.shared("bass", note.start)
        if missing > 0 and near and free and section.meter.strength(note.start) < 0.6:
            shift(board, "I3", "bass", note, near[0], reason, *claims)
            missing -= 1


# -- I6 --------------------------------------------------------------------------------------------


def crossed_clave(board: Board) -> None:
    """I6: a part bound to a two-bar timeline accents the other bar's strokes: the two bars of its pattern are swapped.

    The chords of the two bars must agree, else it is only told. Of the drums only the percussion follows. Bars in which
    the band agreed on a silence stay where they are.
    """
    line = board.case.clave
    if line is None or board.case.section.bars < 2:
        return
    bar = board.case.section.meter.bar
    for part in line.parts or ("drums", "bass", *board.giving_way()):
        if board.free(part) and part != board.case.front:
            silent = silences(board.case.section, part)
            for pair in range(0, board.case.section.bars - 1, 2):
                bound = bound_notes(board, part, pair)
                agreed = any(start < (pair + 2) * bar and end > pair * bar for start, end in silent)
                if not agreed and crosses(board, bound, pair):
                    turn(board, part, bound, pair)


def bound_notes(board: Board, part: str, pair: int) -> list[Note]:
    """The notes of a part in two bars that follow the timeline: all, or the percussionist's."""
    bar = board.case.section.meter.bar
    inside = [n for n in board.notes[part] if pair * bar <= n.start < (pair + 2) * bar]
    return [n for n in inside if part != "drums" or n.pitch not in KIT_PITCHES]


def crosses(board: Board, notes: Sequence[Note], pair: int) -> bool:
    """Whether accents fall more on what the timeline strikes in the other bar than on what it strikes in this one."""
    section, line = board.case.section, board.case.clave
    if line is None or not notes:
        return False
    struck = [{s.at for s in strokes(line.pattern, section.meter, section.grid, pair + n)} for n in (0, 1)]
    on = off = 0
    for note in notes:
        which, at = note.start // section.meter.bar - pair, note.start % section.meter.bar
        on += note.velocity * (at in struck[which] - struck[1 - which])
        off += note.velocity * (at in struck[1 - which] - struck[which])
    return off > on


def turn(board: Board, part: str, notes: Sequence[Note], pair: int) -> None:
    """The two bars change places."""
    section = board.case.section
    bar, line = section.meter.bar, board.case.clave
    claims = (Claim("timeline", line.id if line else "", 1.0), Claim(part, "the other way round", weight(part)))
    reason = f"{part} crosses the timeline: its two bars change places"
    here, there = (chords_of(board, (pair + n) * bar) for n in (0, 1))
    if part != "drums" and here != there:
        why = f"over {' '.join(here)} and {' '.join(there)} it crosses the timeline; swapped it would miss the chords"
        board.find("I6", claims, f"{part} stays as it is", why)
        return
    for note in notes:
        start = note.start + (bar if note.start < (pair + 1) * bar else -bar)
        turned = replace(note, start=start, length=min(note.length, section.length - start))
        board.change("I6", part, note, turned, reason, *claims)


def chords_of(board: Board, start: Tick) -> list[str]:
    """Symbols of the chords of the bar that starts at a tick."""
    end = start + board.case.section.meter.bar
    return [c.symbol for c in board.case.section.chords if c.start < end and c.end > start]
