"""The bass player: pattern lines locked to the kick, or a walk that aims at every next chord."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from scorekit.ensemble import intents
from scorekit.ensemble.base import LOUDER, Pen, loudness
from scorekit.ensemble.bassline import (
    Pluck,
    kicks_of,
    lines_of,
    locked,
    plucks_of,
    thinned,
    trimmed,
    under_fills,
)
from scorekit.ensemble.degrees import APPROACHES, Register, approach, resolve, split
from scorekit.ensemble.grounding import aimed, coming_in, grounded
from scorekit.ensemble.playing import following, knee, level, pulse_at, strength
from scorekit.ensemble.riffs import named, said, voiced
from scorekit.ensemble.walking import Step, walk
from scorekit.ideas import BassIdeas
from scorekit.score import Bid, Brief, Chord, Origin, Phrase
from scorekit.timebase import PPQ, Tick


class Bass:
    """Bass guitar, double bass or synthesizer: one note at a time."""

    name = "bass"

    def bid(self, brief: Brief) -> tuple[Bid, ...]:
        """Half time in quiet fast sections, rest where only colours play, a place in the loudest ones."""
        section, wishes = brief.section, []
        if section.tier <= 2 and (brief.lane.pace == "double" or brief.band == "breakneck"):
            wishes.append(Bid("bass", "tempo", "halftime", 0.5, 0.6, "a quiet section runs; half the notes carry it"))
        if section.tier == 1 and "nodrums" in section.flags:
            wishes.append(
                Bid("bass", "instruments", "rest", 1.0, 0.5, "without drums the lowest octave is better saved")
            )
        if section.tier == 5:
            wishes.append(Bid("bass", "energy", "play", 1.0, 0.9, "the loudest section stands on the bass"))
        return tuple(wishes)

    def play(self, brief: Brief) -> Phrase:
        """The bass line of a section: walking where the genre walks at this tier, patterns elsewhere."""
        ideas = brief.ideas
        assert isinstance(ideas, BassIdeas)
        register = Register(brief.lane.low, brief.lane.high, brief.section.key)
        pen = Pen(brief.part)
        if not brief.lane.plays:
            return pen.phrase(brief.section.length)
        if ideas.walk and brief.lane.tier in (*ideas.walk.tiers, *ideas.walk.two_feel):
            notes, idea = _walked(brief, ideas, register)
        else:
            notes, idea = _patterned(brief, ideas, register)
        notes = _riffed(brief, notes, ideas)
        if brief.lane.enter % brief.section.meter.bar:
            notes = _led_in(brief, notes, register, ideas.gate)
        for n in _with_intents(brief, notes, register):
            pen.write(n.start, n.length, n.pitch, n.velocity, n.origin, n.manner)
        phrase = pen.phrase(brief.section.length, said(brief, idea))
        return replace(phrase, notes=intents.hush(phrase.notes, intents.quiet(brief)))


class Sounded(Struct, frozen=True):
    """A note of the line with its origin still beside it."""

    start: Tick
    length: Tick
    pitch: int
    velocity: float
    origin: Origin
    manner: str = ""


def _origin(brief: Brief, tick: Tick, path: str, idea: str) -> Origin:
    return Origin(path or "ending", "bass", idea, f"{brief.seed.address}/{tick // brief.section.meter.bar}")


# -- pitch -------------------------------------------------------------------------------------------------------------


class Voiced(Struct, frozen=True):
    """A pluck with its pitch."""

    pluck: Pluck
    pitch: int


def _voiced(brief: Brief, plucks: list[Pluck], register: Register) -> list[Voiced]:
    """Pitches for all plucks, from the first to the last: roots near the roots before them, approaches near both; an octave
    that is led to is the root that is led to."""
    section = brief.section
    roots: list[int] = []
    near = register.middle
    for chord in section.chords:
        near = register.root(chord.bass, near)
        roots.append(near)
    pedals = _pedal_spans(brief, register)
    voiced: list[Voiced] = []
    near = roots[0]
    index = up = 0
    led = False
    for p in plucks:
        while index + 1 < len(roots) and section.chords[index + 1].start <= p.at:
            index += 1
        chord, root = section.chords[index], roots[index]
        held = next((pitch for start, end, pitch in pedals if start <= p.at < end), None)
        if held is not None:
            near = held
        elif split(p.token)[0] in APPROACHES:
            goal = _target(brief, p.at, root, register)
            up = _hand(goal, near, register) - goal
            near = _led(split(p.token)[0], chord, goal + up, near, register)
        else:
            token = "R" if led and p.token == "8" else p.token
            near, up = resolve(token, chord, root + up * (token == "R"), register), 0
        led = split(p.token)[0] in APPROACHES
        voiced.append(Voiced(p, near))
    return _reached(voiced, register)


def _reached(voiced: list[Voiced], register: Register) -> list[Voiced]:
    """The line with tones over the root from which the next lies more than an octave below taken an octave lower, where that
    is no such leap itself: a hand goes down to the fifth before it goes down to the root."""
    found = list(voiced)
    for n in range(len(found) - 2, 0, -1):
        before, here, after = (found[k].pitch for k in (n - 1, n, n + 1))
        lower = here - 12
        if (
            here - after > 12
            and lower >= register.low
            and before - lower <= 12
            and found[n].pluck.token not in ("R", "8")
        ):
            found[n] = Voiced(found[n].pluck, lower)
    return found


def _target(brief: Brief, tick: Tick, root: int, register: Register) -> int:
    """The root an approach leads to: the next chord's if it begins within a bar, else this chord's own.

    The next section's lies where that section begins to look for its roots."""
    after = following(brief, tick)
    here = brief.section.chord_at(tick)
    if after is None or here.end - tick > brief.section.meter.bar:
        return root
    return register.root(after.bass, register.middle if after is brief.seam.next_chord else root)


def _hand(goal: int, near: int, register: Register) -> int:
    """A tone to be led to, in the octave in which the hand is, as far up as the band's floor may go: an approach is no leap
    of more than a fifth."""
    octaves = [p for p in (goal, goal + 12, goal - 12) if p == goal or register.low <= p <= register.ceiling]
    return goal if abs(goal - near) <= 7 else min(octaves, key=lambda p: (abs(p - near), p))


def _led(token: str, chord: Chord, goal: int, near: int, register: Register) -> int:
    """The tone before a goal; where the hand is too high to step there, the goal's upper fifth brings it down."""
    pitch = approach(token, chord, goal, near, register)
    return approach("D", chord, goal, near, register) if token != "N" and near - pitch > 9 else pitch


def _pedal_spans(brief: Brief, register: Register) -> list[tuple[Tick, Tick, int]]:
    """(from, to, pitch) of each pedal point: the dominant where the section rises or waits, else the tonic."""
    section = brief.section
    waits = "ramp" in section.flags or section.cadence == "half"
    pitch = register.root((section.key.tonic + (7 if waits else 0)) % 12, register.middle)
    return [(start, end, pitch) for start, end in intents.pedals(section, brief.part)]


# -- sound -------------------------------------------------------------------------------------------------------------


def _patterned(brief: Brief, ideas: BassIdeas, register: Register) -> tuple[list[Sounded], str]:
    lines = lines_of(brief, ideas)
    plucks = locked(brief, thinned(brief, plucks_of(brief, lines)), ideas.kick_lock)
    plucks = trimmed(aimed(brief, grounded(brief, trimmed(under_fills(brief, plucks))), ideas.approach))
    voiced = _voiced(brief, plucks, register)
    kicks = kicks_of(brief)
    return [_sounded(brief, voiced, n, ideas.gate, kicks) for n in range(len(voiced))], lines[0][0].id


def _riffed(brief: Brief, notes: list[Sounded], ideas: BassIdeas) -> list[Sounded]:
    """The line with the band's riff in the bars that have it, unless the song asks for a pattern."""
    riff, bar = brief.riff, brief.section.meter.bar
    if riff is None or brief.part not in riff.parts or brief.cell.pattern:
        return notes
    kept = [n for n in notes if not riff.here(brief.part, n.start, bar)]
    first = {number * bar for number in riff.bars_of(brief.part)}
    kept = [_ended(n, min((t for t in first if t > n.start), default=n.start + n.length)) for n in kept]
    shared = [
        Sounded(
            tone.start,
            round(tone.length * (0.6 if tone.manner == "mute" else ideas.gate)),
            tone.pitch,
            knee(tone.velocity + LOUDER * (brief.lane.tier - 3) + level(brief, tone.start) + _touch(brief, tone.start)),
            _origin(brief, tone.start, riff.path, named(riff, brief.part)),
            "dead" if tone.manner == "dead" else "",
        )
        for tone in voiced(
            riff, brief.part, brief.lane.low, brief.lane.high, round((brief.lane.low - ideas.low) / 12), bar
        )
    ]
    return sorted([*kept, *shared], key=lambda n: n.start)


def _led_in(brief: Brief, notes: list[Sounded], register: Register, gate: float) -> list[Sounded]:
    """The line from the bar after its entrance on, with its pickup before it; a riff is joined on its one."""
    path = notes[0].origin.path if notes else "bass"
    riffs = brief.riff is not None and brief.section.melody == "riff"
    voiced = _voiced(brief, [] if riffs else coming_in(brief, path), register)
    pickup = [_sounded(brief, voiced, n, gate, frozenset()) for n in range(len(voiced))]
    bar = brief.section.meter.bar
    return [*pickup, *(note for note in notes if note.start >= -(-brief.lane.enter // bar) * bar)]


def _sounded(brief: Brief, voiced: list[Voiced], n: int, gate: float, kicks: frozenset[Tick]) -> Sounded:
    """A note: its gate (shorter before a leap), its velocity, its manner."""
    p, pitch = voiced[n].pluck, voiced[n].pitch
    leap = n + 1 < len(voiced) and abs(voiced[n + 1].pitch - pitch) > 7
    length = round(p.length * gate * (0.85 if leap else 1.0))
    degree, _, slid = split(p.token)
    dead = degree == "x"
    repeat = n > 0 and voiced[n - 1].pitch == pitch
    velocity = loudness("g" if dead else p.mark, brief.lane.tier) + _weight(brief, p.at, kicks) + level(brief, p.at)
    velocity += (-2 if repeat and n % 2 else 0) + _touch(brief, p.at)
    manner = "dead" if dead else "slide" if slid or _slides(brief, voiced, n) else ""
    sounding = min(length, PPQ // 8) if dead else length
    return Sounded(p.at, sounding, pitch, knee(velocity), _origin(brief, p.at, p.path, p.idea), manner)


def _touch(brief: Brief, tick: Tick) -> int:
    """A hand's unevenness, -3 to 3 velocity steps."""
    return round(3 * (2 * brief.seed.at(tick).unit("touch") - 1))


def _slides(brief: Brief, voiced: list[Voiced], n: int) -> bool:
    """Now and then a note on a beat a third or more above the last is slid into."""
    rises = n > 0 and 3 <= voiced[n].pitch - voiced[n - 1].pitch <= 7
    odds = 0.1 * brief.dials.creativity
    return rises and brief.seed.at(voiced[n].pluck.at).chance("slide", odds)


def _weight(brief: Brief, tick: Tick, kicks: frozenset[Tick]) -> float:
    return 8.0 * (strength(brief.section, tick) - 0.5) + (3.0 if tick in kicks else 0.0)


def _walked(brief: Brief, ideas: BassIdeas, register: Register) -> tuple[list[Sounded], str]:
    assert ideas.walk is not None
    steps = walk(brief, ideas.walk, register, _pedal_spans(brief, register))
    two = brief.lane.tier in ideas.walk.two_feel
    return [
        _stepped(brief, step, steps[n + 1 : n + 2], ideas.gate) for n, step in enumerate(steps)
    ], "two-feel" if two else "walk"


def _stepped(brief: Brief, step: Step, after: Sequence[Step], gate: float) -> Sounded:
    leap = bool(after) and abs(after[0].pitch - step.pitch) > 7
    length = round(step.length * gate * (0.88 if leap else 1.0))
    velocity = loudness(step.mark, brief.lane.tier) + level(brief, step.at) + step.weight
    velocity += round(4 * (2 * brief.seed.at(step.at).unit("touch") - 1))
    origin = _origin(brief, step.at, "bass.walk", step.idea)
    sounding = min(length, PPQ // 6) if step.manner == "dead" else length
    return Sounded(step.at, sounding, step.pitch, knee(velocity), origin, step.manner)


# -- what the whole band does ------------------------------------------------------------------------------------------


def _with_intents(brief: Brief, notes: list[Sounded], register: Register) -> list[Sounded]:
    """The line with the section's strikes, pushes and the song's last note in it."""
    section = brief.section
    for tick, chord in intents.pushes(section, brief.part):
        chord = chord or brief.seam.next_chord
        if chord is not None:
            until = min(section.length, tick + PPQ // 2 + pulse_at(section, tick) // 2)
            notes = _struck(brief, notes, register, tick, until, chord, "X", "push")
    for tick in intents.strikes(section, brief.part):
        short = tick in intents.shorts(section, brief.part)
        until = tick + PPQ // 3 if short else intents.ring(section, tick, brief.part)
        held = tick in intents.at(section, "hold", brief.part)
        clear = until if held or short else tick + 1
        notes = _struck(brief, notes, register, tick, clear, section.chord_at(tick), "!", "with the band")
    end = intents.finale(brief)
    if end is not None:
        notes = [_ended(n, end) for n in notes if n.start < end]
        for touch in intents.touches(brief):
            notes = [*notes, _last(brief, notes, register, touch)]
    return notes


def _last(brief: Brief, notes: list[Sounded], register: Register, touch: intents.Touch) -> Sounded:
    """A note of the song's ending; its last chord stands in root position."""
    chord = brief.section.chord_at(touch.sounds)
    chord = replace(chord, bass=chord.root) if touch.sounds >= intents.last_bar(brief.section) else chord
    near = notes[-1].pitch if notes else register.middle
    root = register.root(chord.bass, near)
    pitch = root if touch.degree == "R" else resolve(touch.degree, chord, root, register)
    velocity = knee(loudness(touch.mark, brief.lane.tier) + level(brief, touch.at))
    path = brief.ending.path if brief.ending else ""
    return Sounded(touch.at, touch.length, pitch, velocity, _origin(brief, touch.at, path, intents.told(brief)))


def _struck(
    brief: Brief, notes: list[Sounded], register: Register, tick: Tick, until: Tick, chord: Chord, mark: str, idea: str
) -> list[Sounded]:
    """One note struck at a tick and held until another, in place of what began in between."""
    near = next((n.pitch for n in reversed(notes) if n.start <= tick), register.middle)
    follower = next((n.start for n in notes if n.start > tick and n.start >= until), brief.section.length)
    kept = [_ended(n, tick) for n in notes if not tick <= n.start < until]
    end = until if until > tick + 1 else min(follower, tick + pulse_at(brief.section, tick))
    velocity = knee(loudness(mark, brief.lane.tier) + level(brief, tick))
    origin = _origin(brief, tick, kept[0].origin.path if kept else "", idea)
    struck = Sounded(tick, end - tick, register.root(chord.bass, near), velocity, origin)
    return sorted([*kept, struck], key=lambda n: n.start)


def _ended(note: Sounded, tick: Tick) -> Sounded:
    """The note, ended where it would sound past a tick."""
    return replace(note, length=tick - note.start) if note.start < tick < note.start + note.length else note
