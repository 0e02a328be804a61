"""Replies: what a part says where the tune is silent.

Of the second line of a sung tune half sounds while the singer rests (the BRIDGE tracks of POP909: .55 of its notes; .19 are
struck with the tune): of the rests of a beat and a half about every other is answered, by one line, in three to five notes
within two beats, near where the tune was left. Seldom do they imitate it: mostly a reply is a few steps of its own that come
to rest on the chord, or runs into what follows; now and then it takes up the last tones of the phrase, as they were or upside
down, or holds a tone or two. Each instrument has its ways.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from scorekit import theory
from scorekit.ensemble.grid import eighths, next_eighth
from scorekit.ensemble.upbeats import climbed, ladder_of
from scorekit.score import Note, Section
from scorekit.seeds import Seed
from scorekit.timebase import PPQ, Tick

WAYS: Mapping[str, tuple[tuple[str, float], ...]] = {
    "brass": (("line", 5.0), ("run", 2.0), ("echo", 1.5), ("mirror", 1.0)),
    "guitar": (("line", 4.0), ("sixths", 3.0), ("run", 3.0), ("mirror", 1.0)),
    "keys": (("line", 5.0), ("run", 3.0), ("echo", 1.0), ("mirror", 1.0)),
    "strings": (("line", 4.0), ("held", 2.0), ("run", 2.0), ("echo", 1.0)),
}
"""How each part replies, and how readily; others as keys do."""
SAID = {
    "line": "answers the tune: a line of its own",
    "sixths": "answers the tune: a line in sixths",
    "echo": "answers the tune: its last tones again",
    "mirror": "answers the tune: its last tones upside down",
    "run": "answers the tune: a run into what follows",
    "held": "answers the tune: held tones",
}
LINES = (
    ((0, 1, 2, 3), (3, 2, 1, 0)),
    ((0, 1, 2, 3), (-1, 1, 2, 0)),
    ((0, 1, 2, 3, 4), (0, 1, 2, 1, 0)),
    ((0, 1, 2, 4), (-2, -1, 1, 0)),
    ((0, 1, 3), (2, 1, 0)),
    ((0, 2, 3), (-2, -1, 0)),
    ((0, 1, 2), (1, -1, 0)),
    ((0, 1, 2, 3, 4), (-3, -2, 0, 1, 0)),
)
"""Lines of a reply's own: on which eighths it lies, and how many steps each tone is from the one it comes to rest on."""
ROOM = PPQ * 3 // 2
"""Ticks of silence that make room for a reply."""
LONG, HEARD = 5 * PPQ // 2, 3 * PPQ // 2
"""Ticks from which on a tone is answered while it is held, and after how many of them."""
PHRASE = PPQ * 3 // 4
"""Ticks of silence that divide phrases."""
READY = 0.8
"""How many of the rests are answered: who answers each is not listened to."""
MOST = 2
"""Bars within which a reply ends."""
SOFTER = 7
"""How much softer than its call a reply is."""


class Gap(Struct, frozen=True):
    """A rest of the tune: from a tick to the next tone, after a call."""

    start: Tick
    end: Tick
    call: tuple[Note, ...]
    after: Note | None
    """The tone that follows; None at the end of the section."""


class Reply(Struct, frozen=True):
    """What is said in a gap, and how it is called."""

    notes: tuple[Note, ...]
    idea: str


def gaps(section: Section, sung: Sequence[Note]) -> Iterator[Gap]:
    """The rests of a tune, and the ends of its long tones, that have room for a reply."""
    begun = 0
    for n, note in enumerate(sung):
        after = sung[n + 1] if n + 1 < len(sung) else None
        end = after.start if after else section.length
        if n and note.start - sung[n - 1].end >= PHRASE:
            begun = n
        free = note.start + HEARD if note.length >= LONG else note.end
        start = next_eighth(section, free)
        if end - start >= ROOM:
            yield Gap(start, min(end, start + MOST * section.meter.bar), tuple(sung[max(begun, n - 3) : n + 1]), after)


def replies(section: Section, sung: Sequence[Note], part: str, low: int, high: int, seed: Seed) -> tuple[Reply, ...]:
    """What a part of a register replies to a tune: the same wherever the section returns, alike in every eight bars."""
    found = list[Reply]()
    for gap in gaps(section, sung):
        draw = seed.at("reply", gap.start % (8 * section.meter.bar))
        if draw.chance("replies", READY):
            rows = WAYS.get(part, WAYS["keys"])
            first = draw.choose("way", [way for way, _ in rows], [weight for _, weight in rows])
            for way in (first, *(way for way, _ in rows if way != first)):
                if notes := _SAY[way](section, gap, low, high, draw):
                    softer = tuple(replace(note, velocity=max(1, note.velocity - SOFTER)) for note in notes)
                    found.append(Reply(softer, SAID[way]))
                    break
    return tuple(found)


# -- ways to reply -------------------------------------------------------------------------------------------------------


def _rhythm(section: Section, gap: Gap) -> tuple[Note, ...]:
    """The last tones of the call so many beats later that they lie in the gap, the last of them held; nothing where not even
    two fit."""
    pulses = section.meter.pulses
    beat = pulses[0] if len(set(pulses)) == 1 else PPQ // 2
    for count in range(len(gap.call), 1, -1):
        tail = gap.call[-count:]
        shift = -(-(gap.start - tail[0].start) // beat) * beat
        last = tail[-1].start + shift
        if last + PPQ // 2 <= gap.end - PPQ // 4:
            length = min(max(tail[-1].length, PPQ), 2 * PPQ, gap.end - PPQ // 4 - last)
            moved = [replace(note, start=note.start + shift) for note in tail[:-1]]
            return (*moved, replace(tail[-1], start=last, length=length))
    return ()


def _own(section: Section, gap: Gap, draw: Seed) -> tuple[Note, ...]:
    """A line of a reply's own on the eighths from where the gap begins, its last tone held; nothing where none has room."""
    places = eighths(section, gap.start, gap.end - PPQ // 2)
    able = [line for line in LINES if line[0][-1] < len(places)]
    if not able:
        return ()
    on, steps = draw.choose("line", able)
    ladder, last = ladder_of(section.key.tonic, section.key.mode), gap.call[-1]
    starts = [places[n] for n in on]
    ends = [*starts[1:], min(starts[-1] + 3 * PPQ // 2, gap.end - PPQ // 4)]
    return tuple(
        replace(last, start=at, length=end - at, pitch=climbed(last.pitch, step, ladder), manner="")
        for at, end, step in zip(starts, ends, steps, strict=True)
    )


def _line(section: Section, gap: Gap, low: int, high: int, draw: Seed) -> tuple[Note, ...]:
    return _sung(section, gap, _own(section, gap, draw), 1, low, high)


def _echo(section: Section, gap: Gap, low: int, high: int, draw: Seed) -> tuple[Note, ...]:
    return _sung(section, gap, _rhythm(section, gap), 1, low, high)


def _mirror(section: Section, gap: Gap, low: int, high: int, draw: Seed) -> tuple[Note, ...]:
    return _sung(section, gap, _rhythm(section, gap), -1, low, high)


def _sixths(section: Section, gap: Gap, low: int, high: int, draw: Seed) -> tuple[Note, ...]:
    """A line of its own on two strings a sixth apart, which ends on two tones of the chord."""
    upper = _sung(section, gap, _own(section, gap, draw), 1, low + 9, high)
    pairs = [(note, _sixth_under(section, note, note is upper[-1])) for note in upper]
    if any(under < low for _, under in pairs):
        return ()
    return tuple(replace(note, pitch=pitch) for note, under in pairs for pitch in (under, note.pitch))


def _sixth_under(section: Section, note: Note, last: bool) -> int:
    """The tone of the chord's scale a sixth under one; of the chord where that is the ``last``."""
    wanted = _chord(section, note.start) if last else _scale(section, note.start)
    return next((note.pitch - size for size in (9, 8, 7, 10) if (note.pitch - size) % 12 in wanted), note.pitch - 12)


def _run(section: Section, gap: Gap, low: int, high: int, draw: Seed) -> tuple[Note, ...]:
    """Eighths by step that lead into the tune's next tone, from the side on which it was left; three to five of them."""
    if gap.after is None or gap.end != gap.after.start:
        return ()
    places = eighths(section, max(gap.start, gap.end - 5 * PPQ // 2), gap.end)[-5:]
    goal = theory.fold(gap.after.pitch, low, max(high, low + 11))
    ladder = ladder_of(section.key.tonic, section.key.mode)
    rises = climbed(goal, -len(places), ladder) >= low and gap.call[-1].pitch <= gap.after.pitch
    line, last = list[Note](), goal
    for at, end in zip(reversed(places), (gap.end, *reversed(places)), strict=False):
        scale, step = _scale(section, at), -1 if rises else 1
        last = next(p for p in range(last + step, last + 4 * step, step) if p % 12 in scale or abs(p - last) == 3)
        line.append(replace(gap.call[-1], start=at, length=end - at, pitch=last, manner=""))
    inside = all(low <= note.pitch <= high for note in line)
    return tuple(reversed(line)) if inside and len(line) >= 3 else ()


def _held(section: Section, gap: Gap, low: int, high: int, draw: Seed) -> tuple[Note, ...]:
    """A tone of the chord held through the gap, the next by step where the harmony changes or after two beats: near where the
    tune was left, moving against the way it came there."""
    if gap.end - gap.start < 2 * PPQ:
        return ()
    half = gap.start + (gap.end - gap.start) // 2 // PPQ * PPQ
    change = next((c.start for c in section.chords if gap.start + PPQ <= c.start <= gap.end - PPQ), half)
    falls = len(gap.call) > 1 and gap.call[-1].pitch > gap.call[-2].pitch
    best = list[tuple[float, int, int]]()
    for first in range(low, high + 1):
        for then in range(max(low, first - 4), min(high, first + 4) + 1):
            if (
                first == then
                or first % 12 not in _chord(section, gap.start)
                or then % 12 not in _chord(section, change)
            ):
                continue
            cost = abs(first - _aim(gap, low, high)) + 1.5 * abs(then - first) + 2.0 * ((then < first) != falls)
            best.append((cost, first, then))
    if not best:
        return ()
    _, first, then = min(best)
    last = gap.call[-1]
    stop = max(change + PPQ, gap.end - PPQ // 2)
    return (
        replace(last, start=gap.start, length=change - gap.start, pitch=first, manner=""),
        replace(last, start=change, length=min(stop, gap.end) - change, pitch=then, manner="legato"),
    )


_SAY = {"line": _line, "sixths": _sixths, "echo": _echo, "mirror": _mirror, "run": _run, "held": _held}


# -- pitches -------------------------------------------------------------------------------------------------------------


def _chord(section: Section, tick: Tick) -> tuple[int, ...]:
    chord = section.chord_at(tick)
    return theory.core_classes(chord.root, chord.quality)


def _scale(section: Section, tick: Tick) -> tuple[int, ...]:
    chord = section.chord_at(tick)
    return theory.chord_scale(chord.root, chord.quality, section.key.tonic, section.key.mode)


def _aim(gap: Gap, low: int, high: int) -> float:
    """Where a reply may lie best: where the tune was left, as far as the register has it."""
    return min(max(gap.call[-1].pitch, low + 4), high - 4)


def _sung(section: Section, gap: Gap, rhythm: Sequence[Note], way: int, low: int, high: int) -> tuple[Note, ...]:
    """A rhythm with its own line, or that upside down, moved to end on the tone of the chord over which it fits best; nothing
    where it would leave the register."""
    if not rhythm:
        return ()
    ladder, last = ladder_of(section.key.tonic, section.key.mode), rhythm[-1]
    places = [_step(ladder, note.pitch) for note in rhythm]
    moves = [way * (place - places[-1]) for place in places]
    offers = list[tuple[float, tuple[int, ...]]]()
    for goal in range(low, high + 1):
        if goal % 12 not in _chord(section, last.start):
            continue
        line = tuple(
            _near(section, note, climbed(goal, move, ladder)) for note, move in zip(rhythm, moves, strict=True)
        )
        if low <= min(line) <= max(line) <= high:
            offers.append((_misfit(section, gap, rhythm, line) + 0.25 * abs(goal - _aim(gap, low, high)), line))
    if not offers:
        return ()
    return tuple(replace(note, pitch=p) for note, p in zip(rhythm, min(offers)[1], strict=True))


def _step(ladder: Sequence[int], pitch: int) -> int:
    """Which step of a ladder a pitch is nearest to."""
    return min(range(len(ladder)), key=lambda n: (abs(ladder[n] - pitch), n))


def _near(section: Section, note: Note, pitch: int) -> int:
    """A pitch, or its neighbour in the scale that agrees with the chord; of the chord itself where it is held."""
    wanted = _chord(section, note.start) if note.length > PPQ else _scale(section, note.start)
    return theory.nearest(pitch, wanted)


def _misfit(section: Section, gap: Gap, rhythm: Sequence[Note], line: Sequence[int]) -> float:
    """What it costs a line to have tones on beats that are not the chord's, to rub against the tune where that is held, and to
    lose its steps."""
    told = list(zip(rhythm, line, strict=True))
    foreign = sum(
        section.meter.strength(note.start) >= 0.6 and pitch % 12 not in _chord(section, note.start)
        for note, pitch in told
    )
    held = gap.call[-1]
    rubs = sum(note.start < held.end and (pitch - held.pitch) % 12 in (1, 11) for note, pitch in told)
    lost = sum(a == b for a, b in pairwise(line)) - sum(a.pitch == b.pitch for a, b in pairwise(rhythm))
    return foreign + 3.0 * rubs + 0.7 * max(0, lost)
