"""The drummer: merges what the beat generators write, with two hands and two feet, and plays what the band agreed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from msgspec.structs import replace

from scorekit.ensemble.base import LOUDER, Pen, loudness, with_length
from scorekit.ensemble.beats import BEATS
from scorekit.ensemble.beats.fills import slots
from scorekit.ensemble.beats.groove import chosen, drum_ideas
from scorekit.ensemble.beats.kit import (
    CRASH,
    HANDS,
    KICK,
    PITCHES,
    RIDES,
    STICK_PITCHES,
    Knock,
    energy,
    live,
    onsets_per_bar,
    over,
    sound,
)
from scorekit.ensemble.intents import (
    Span,
    Touch,
    absences,
    at,
    closing_break,
    finale,
    holds,
    hush,
    inside,
    pushes,
    quiet,
    shorts,
    strips,
    told,
    touches,
)
from scorekit.score import Bid, Brief, Note, Origin, Phrase
from scorekit.timebase import PPQ, Tick

_SNARE, _CLAP, _RIM, _HH, _OH = (PITCHES[row] for row in ("snare", "clap", "rim", "hh", "oh"))
_HAT = (_HH, _OH, PITCHES["hhfoot"])
_TIME = (_HH, _OH, *(PITCHES[row] for row in RIDES))
_RODE, _KEPT = frozenset(_TIME[2:]), frozenset(_TIME)
_CRASHES = frozenset(PITCHES[row] for row in ("crash", "crash2", "splash", "china"))


# -- hands and feet --------------------------------------------------------------------------------


def hands(chord: Sequence[Note], human: bool) -> list[Note]:
    """The strokes of one moment that two hands can play; everything that needs none stays.

    A crash takes the hand off the time-keeping cymbal; an open hat is not also closed; ride and hat exclude each other
    when a human plays.
    """
    pitches = {note.pitch for note in chord}
    gone: set[int] = set()
    if pitches & _CRASHES:
        gone |= _KEPT
    if _OH in pitches:
        gone |= {_HH, _HAT[2]}
    if human and pitches & _RODE:
        gone |= {_HH, _OH} if _OH not in pitches else _RODE
    sticks = [p for p in HANDS if p in pitches and p not in gone][:2]
    return [note for note in chord if note.pitch not in STICK_PITCHES or note.pitch in sticks]


def choked(notes: Sequence[Note]) -> list[Note]:
    """Open hats cut by the next stroke of the hat, foot included; each crash by the next."""
    kept, following = [], dict[int, Tick]()
    for note in reversed(notes):
        stop = min((following[p] for p in _HAT if p in following), default=note.end) if note.pitch == _OH else note.end
        kept.append(note if stop >= note.end else with_length(note, stop - note.start))
        following[note.pitch] = note.start
    return kept[::-1]


def limbs(phrase: Phrase, human: bool) -> Phrase:
    """A phrase two hands and two feet can play."""
    played = [n for _, chord in groupby(phrase.notes, lambda n: n.start) for n in hands(list(chord), human)]
    return replace(phrase, notes=tuple(choked(played)))


# -- what the band agreed on -----------------------------------------------------------------------


def backbeat(phrase: Phrase) -> int:
    """The pitch that serves as the snare in what is played."""
    pitches = {note.pitch for note in phrase.notes}
    return next((p for p in (_SNARE, _CLAP, _RIM) if p in pitches), _SNARE)


def gestures(brief: Brief, snare: int) -> Iterator[tuple[Tick, tuple[tuple[int, Tick], ...], str, str]]:
    """(tick, (pitch, length) of each drum, mark, why) of every intent the drummer plays."""
    section, part, short = brief.section, brief.part, PPQ // 4
    bright = energy(brief, 0) >= 4
    cymbal = ((CRASH, 2 * PPQ),) if bright else ((snare, short),)
    for tick in at(section, "accent", part):
        yield tick, ((KICK, short), (snare, short)), "X", "accent"
    for tick in shorts(section, part):
        yield tick, ((KICK, short), (snare, short)), "!", "shot"
    for tick in at(section, "crash", part):
        yield tick, ((KICK, short), (CRASH, 2 * PPQ)), "X", "crash"
    for tick in at(section, "drop", part):
        yield tick, ((KICK, short), (CRASH, 4 * PPQ)), "!", "drop"
    for tick, end in holds(section, part):
        yield tick, ((KICK, short), (CRASH, end - tick)), "X", "hold"
    for tick, _ in pushes(section, part):
        yield tick, ((KICK, short), *cymbal), "X", "push"


def farewell(brief: Brief, snare: int) -> Iterator[tuple[Touch, tuple[tuple[int, Tick], ...]]]:
    """The drums of the song's ending: its kit rows as written; without any, kick and cymbal ring where the band holds, and
    kick and snare are struck short where it stops."""
    ending, short = brief.ending, PPQ // 4
    rows = [name for name, _ in ending.rows if name in PITCHES] if ending else []
    for row in rows:
        yield from ((touch, ((PITCHES[row], sound(Knock(0, row))),)) for touch in touches(brief, row))
    bright = drum_ideas(brief).crash > 0 and brief.lane.tier >= 3
    for touch in () if rows else touches(brief):
        if touch.length >= 2 * PPQ:
            yield touch, ((KICK, short), (CRASH if bright else PITCHES["ride"], touch.length))
        else:
            yield (
                touch,
                ((KICK, short), (snare, short), *(((CRASH, PPQ // 2),) if touch.mark == "!" and bright else ())),
            )


def pickups(brief: Brief) -> tuple[Span, ...]:
    """Where the drummer alone plays in a silence: the last beat of a break bar."""
    if closing_break(brief.section, brief.part) is None or brief.ending:
        return ()
    end = brief.section.length
    alone = [slot for slot in slots(brief) if slot.why.startswith("pickup")]
    return tuple((end - slot.beats * brief.section.meter.pulses[-1], end) for slot in alone)


def emptied(brief: Brief) -> tuple[Span, ...]:
    """Where the kick is left out: the last two beats under a vacuum, a stripped bar, and where a pushed chord was due."""
    section = brief.section
    spans = [*strips(section)]
    spans += [(chord.start, chord.start + 1) for _, chord in pushes(section, brief.part) if chord]
    if "vacuum" in section.flags:
        spans.append((section.length - sum(section.meter.pulses[-2:]), section.length))
    return tuple(spans)


def cleared(brief: Brief) -> tuple[Span, ...]:
    """Around a shot nothing else sounds: half a beat after it, so that it stands out."""
    return tuple((tick + 1, tick + PPQ // 2) for tick in shorts(brief.section, brief.part))


def _sounding(brief: Brief, phrase: Phrase) -> list[Note]:
    """The notes left when silences, the vacuum and the last hit have taken theirs."""
    solo, bare, end = pickups(brief), emptied(brief), finale(brief)
    lead = [origin.maker == "fills" for origin in phrase.origins] if solo else []
    alone = [n for n in phrase.notes if inside(solo, n.start) and lead[n.origin]] if solo else []
    others = [n for n in phrase.notes if not inside(solo, n.start)] if solo else phrase.notes
    kept = [*hush(others, (*quiet(brief), *cleared(brief))), *alone]
    if bare:
        kept = [note for note in kept if note.pitch != KICK or not inside(bare, note.start)]
    return kept if end is None else [note for note in kept if note.start < end]


def merge(brief: Brief, phrase: Phrase) -> Phrase:
    """What the generators wrote, made one part: intents played, silences kept, the ending struck, limbs counted."""
    louder, snare = brief.cell.velocity, backbeat(phrase)
    kept = _sounding(brief, phrase)
    pen = over(phrase, [_louder(note, louder) for note in kept] if louder else kept)
    if drum_ideas(brief).grooves:
        _gesture(pen, brief, snare)
    return grounded(limbs(pen.phrase(brief.section.length, phrase.idea), live(drum_ideas(brief))))


def _gesture(pen: Pen, brief: Brief, snare: int) -> None:
    """Strikes what the band strikes together, and the last hit."""
    spans, end = quiet(brief), finale(brief)
    for tick, drums, mark, why in gestures(brief, snare):
        if not inside(spans, tick) and (end is None or tick < end):
            _strike(pen, brief, tick, drums, mark, why)
    for touch, drums in farewell(brief, snare):
        if not inside(absences(brief), touch.at):
            _strike(pen, brief, touch.at, drums, touch.mark, told(brief))


def grounded(phrase: Phrase) -> Phrase:
    """The phrase with a kick under every crash that has neither kick nor snare."""
    held = {note.start for note in phrase.notes if note.pitch in (KICK, _SNARE)}
    bare = [note for note in phrase.notes if note.pitch in _CRASHES and note.start not in held]
    if not bare:
        return phrase
    kicks = [replace(note, pitch=KICK, length=PPQ // 4) for note in bare]
    return replace(phrase, notes=tuple(sorted((*phrase.notes, *kicks), key=lambda n: (n.start, n.pitch))))


def _louder(note: Note, change: int) -> Note:
    return replace(note, velocity=min(127, max(1, note.velocity + change)))


def _strike(pen: Pen, brief: Brief, tick: Tick, drums: Sequence[tuple[int, Tick]], mark: str, why: str) -> None:
    """One gesture: louder than what stands there, so it takes its place."""
    bar = tick // brief.section.meter.bar
    paths = [i.path for i in brief.section.intents if i.tick == tick and i.path]
    origin = Origin(paths[0] if paths else "drums", brief.part, why, f"{brief.seed.address}/{bar}")
    loud = loudness(mark, 3) + LOUDER * (energy(brief, bar) - 3) + brief.cell.velocity
    for pitch, length in drums:
        pen.write(tick, length, pitch, loud + 2, origin)


# -- the specialist --------------------------------------------------------------------------------


class Drums:
    """The drummer."""

    name = "drums"

    def bid(self, brief: Brief) -> tuple[Bid, ...]:
        """Half time when the tempo breaks the hands, double when it drags at high energy, rest with nothing to play."""
        groove, tier = chosen(brief), brief.section.tier
        if groove is None or "nodrums" in brief.section.flags:
            return (Bid(self.name, "instruments", "rest", 1.0, 0.8, "there is no groove to play"),)
        flagged = brief.section.flags & {"half", "double"}
        busy = onsets_per_bar(groove) / len(brief.section.meter.pulses)
        if brief.band == "breakneck" and busy > 6 and not flagged:
            return (Bid(self.name, "tempo", "halftime", 0.5, 0.5, f"{busy:.0f} strokes a beat at this tempo"),)
        if brief.band == "slow" and busy < 2 and tier >= 5 and not flagged:
            return (Bid(self.name, "tempo", "doubletime", 2.0, 0.3, "a sparse groove drags at high energy"),)
        if tier == 1 and min(groove.tiers) > 2:
            return (Bid(self.name, "energy", "rest", 1.0, 0.4, "every groove is too loud for this section"),)
        return ()

    def play(self, brief: Brief) -> Phrase:
        """The drums of a section, generator after generator, merged."""
        if not brief.lane.plays or "nodrums" in brief.section.flags:
            return Phrase(brief.part)
        phrase = Phrase(brief.part)
        for generator in BEATS:
            phrase = generator.write(brief, phrase)
        return merge(brief, phrase) if phrase.notes else phrase
