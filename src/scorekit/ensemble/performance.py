"""How written time becomes played time: swing, the band's shared drift, each limb's own scatter, strums and dynamics.

    onset = grid + swing(role, tempo) + template(row, step) + drift(t) + limb + lean

Human timing is a slow drift the whole band shares plus a little of each limb's own: residuals of the hat correlate
.73/.60/.36 at 2/4/8 sixteenths, kick and hat struck together .64 (Groove MIDI Dataset, measured). White noise for every
note, which is what most humanizers add, has none of it. The drift is rebuilt inside each section from innovations named
by section and step, so that all parts share it and no edit reaches beyond its cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from operator import attrgetter

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from scorekit.ensemble.dynamics import LIMITS, Line, bells, breath, dynamics, held
from scorekit.score import MANNERS, Note, Performance, Phrase, Placement, Plan, Score, Section, Take
from scorekit.seeds import Seed
from scorekit.stage import Feel
from scorekit.theory import DRUM_NOTES
from scorekit.timebase import PPQ, Meter, TempoMap, Tick

Floats = NDArray[np.float64]
Ticks = NDArray[np.int64]
Curve = Sequence[tuple[float, float]]

EVENT = np.dtype(
    [
        ("start", "<i8"),
        ("length", "<i8"),
        ("pitch", "<i4"),
        ("velocity", "<i4"),
        ("manner", "<i4"),
        ("source", "<i4"),
    ]
)
"""One played note: see score.Take."""
EARLY: Tick = 24
"""How far a note may come before its section, and how far before the next one all must have ended."""

PHI = 0.9
"""What is left of the drift a sixteenth later."""
DRIFT = 13.0
"""Standard deviation of the raw drift, ms."""
TEMPLATE = 6.0
"""Standard deviation of a player's habits (the same at each return of a step), ms."""
_LIMBS = {
    "kick": 12.0,
    "snare": 15.0,
    "brush": 15.0,
    "rim": 12.0,
    "hh": 5.0,
    "oh": 5.0,
    "hhfoot": 6.0,
    "ride": 6.0,
    "bell": 6.0,
    "crash": 6.0,
    "crash2": 6.0,
    "tom1": 12.0,
    "tom2": 12.0,
    "tom3": 12.0,
    "bass": 9.0,
    "comp": 10.0,
    "lead": 12.0,
}
"""Raw scatter of a limb or a player, ms; 10 for every other drum."""
_ROWS = {pitch: row for row, pitch in reversed(DRUM_NOTES.items())}
_MANNERS = {manner: n for n, manner in enumerate(MANNERS)}
_ROLES = {"drums": "drums", "bass": "bass", "lead": "lead"}
_CURVES = {"drums": ("drums",), "bass": ("bass", "drums"), "comp": ("comp", "drums"), "lead": ("lead", "comp", "drums")}
"""Whose swing a role takes, the first the genre has."""


class Setting(Struct, frozen=True):
    """All that a performance depends on besides the notes and their section."""

    seed: str
    feel: Feel
    tempo: TempoMap
    drummer: bool = True
    """Whether the band has one."""


def setting(plan: Plan) -> Setting:
    """The setting of a song."""
    return Setting(plan.seed, plan.feel, plan.tempo, any(part.name == "drums" for part in plan.parts))


def role(part: str) -> str:
    """drums, bass, lead or comp: whose timing a part has."""
    return _ROLES.get(part, "comp")


# -- curves and swing ------------------------------------------------------------------------------


def curve(points: Curve, at: float) -> float:
    """A value on a line through points, level beyond its ends. ValueError without points."""
    if not points:
        raise ValueError("a curve needs a point")
    before = points[0]
    for point in points:
        if point[0] >= at:
            span = point[0] - before[0]
            return point[1] if span <= 0 else before[1] + (point[1] - before[1]) * (at - before[0]) / span
        before = point
    return before[1]


def ratio(feel: Feel, who: str, bpm: float, grid: int) -> float:
    """Long to short of a swung pair for a role at a tempo: the genre's, with short notes of 90 ms at least.

    Without a curve it is what the grid says: 1 straight, 2 in triplets.
    """
    curves = dict(feel.swing)
    points = next((curves[name] for name in _CURVES[who] if curves.get(name)), None)
    natural = 2.0 if grid == 3 and feel.swing_unit == 8 else 1.0
    if points is None:
        return natural
    pair = 60_000.0 / bpm * (1.0 if feel.swing_unit == 8 else 0.5)
    return max(1.0, min(curve(points, bpm), pair / 90.0 - 1.0))


def swings(meter: Meter, unit: int) -> bool:
    """Whether a meter has pairs to swing: eighths only where the beat is a quarter or longer."""
    return unit == 16 or meter.unit <= 4


def swung(ticks: Ticks, section: Section, unit: int, long_short: float, even: Ticks) -> Floats:
    """Ticks of a section moved by swing, as real numbers.

    Inside a pair of swing units the off position, 1/2 or the third triplet at 2/3, goes to r / (1 + r); what lies
    between is interpolated. ``even`` lists quarters in which triplets are played out and stay even.
    """
    pair = PPQ if unit == 8 else PPQ // 2
    if not swings(section.meter, unit):
        return np.asarray(ticks, np.float64)
    off = 2.0 / 3.0 if section.grid == 3 and unit == 8 else 0.5
    to = long_short / (1.0 + long_short)
    if to == off:
        return ticks.astype(np.float64)
    in_bar = ticks % section.meter.bar
    x = (in_bar % pair) / pair
    y = np.where(x <= off, x * (to / off), to + (x - off) * ((1.0 - to) / (1.0 - off)))
    broken = in_bar - in_bar % pair + pair > section.meter.bar
    still = broken | np.isin(ticks // PPQ, even, kind="table") if len(even) else broken
    return np.add(ticks, np.where(still, 0.0, (y - x) * pair), dtype=np.float64)


def even_beats(starts: Ticks, section: Section) -> Ticks:
    """Quarters of the section in which the middle triplet is struck: nobody swings a triplet that is played out."""
    if section.grid != 3:
        return np.empty(0, np.int64)
    beats = starts[starts % PPQ == PPQ // 3] // PPQ
    return np.array(sorted(set(beats.tolist())), np.int64)  # ``np.unique`` first loads all about masked arrays, 20 ms


# -- drift and scatter -----------------------------------------------------------------------------


@lru_cache(maxsize=64)
def drift(address: str, steps: int) -> Floats:
    """The band's drift at each sixteenth of a section, sd 1: an AR(1) walk that begins at half on the downbeat."""
    spread, walk = (1.0 - PHI * PHI) ** 0.5, list[float]()
    state, *steady = bells(Seed(address), [f"drift/{step}" for step in range(steps + 1)]).tolist()
    state *= 0.5
    for step in steady:
        walk.append(max(-LIMITS, min(LIMITS, state)))
        state = PHI * state + spread * step
    found = np.array(walk)
    found.setflags(write=False)
    return found


def drifting(starts: Ticks, section: Section, address: str) -> Floats:
    """The drift at ticks of a section, sd 1, interpolated between sixteenths."""
    step = PPQ // 4
    steps = -(-section.length // step) + 1
    walk = drift(address, steps)
    low = np.minimum(starts // step, steps - 2)
    along = (starts - low * step) / step
    between: Floats = walk[low] * (1.0 - along) + walk[low + 1] * along
    return between


@lru_cache(maxsize=4096)
def habit(seed: str, row: str, at: Tick) -> float:
    """A player's own way with a place in the bar, sd 1: the same in the whole song."""
    return max(-LIMITS, min(LIMITS, Seed(seed).at("habit", row).bell(str(at))))


def _rows(line: Line) -> list[str]:
    """The kit row of each drum note, the role of any other."""
    if line.part != "drums":
        return [role(line.part)] * len(line.notes)
    return [_ROWS.get(pitch, "perc") for pitch in line.pitches.tolist()]


def scatter(line: Line, rows: Sequence[str], section: Section, seed: str, own: Seed) -> Floats:
    """Habit and limb noise of each note, raw ms; half of it on the section's downbeat. What moves together is one drum, or
    the hand that strikes a chord."""
    if line.part == "drums":
        limbs = bells(own, [f"{note.start}/{note.pitch}" for note in line.notes])
    else:
        struck = np.append(True, line.starts[1:] != line.starts[:-1])
        limbs = bells(own, map(str, line.starts[struck].tolist()))[np.cumsum(struck) - 1]
    places = list(zip(rows, (line.starts % section.meter.bar).tolist(), strict=True))
    habits = {place: TEMPLATE * habit(seed, *place) for place in set(places)}
    noise = np.array([_LIMBS.get(row, 10.0) for row in rows]) * limbs
    both: Floats = noise + np.array([habits[place] for place in places])
    both[line.starts == 0] *= 0.5
    return both


# -- written leanings ------------------------------------------------------------------------------


def offsets(line: Line, rows: Sequence[str], section: Section, feel: Feel) -> Floats:
    """What the genre says about each step of the bar, ms: for the role, and for the kit row or the part."""
    tables = dict(feel.offsets)
    if not tables:
        return np.zeros(len(rows))
    step, bar, part = PPQ // section.grid, section.meter.bar, line.part
    places = list(zip(rows, (line.starts % bar // step).tolist(), strict=True))
    known = dict[tuple[str, int], float]()
    for row, place in set(places):
        told = (tables.get(name, ()) for name in dict.fromkeys((role(part), row, part)))
        known[row, place] = sum([table[place] for table in told if place < len(table)], 0.0)
    return np.array([known[place] for place in places])


def leaning(line: Line, rows: Sequence[str], feel: Feel, bpm: float) -> Floats:
    """How far the bass runs ahead or behind at a tempo, ms, and half of that the ride."""
    if not feel.lean or line.part not in ("bass", "drums"):
        return np.zeros(len(rows))
    lean = curve(feel.lean, bpm)
    share = {"bass": 1.0, "ride": 0.5, "bell": 0.5}
    return np.array([lean * share.get(row, 0.0) for row in rows])


def lateness(starts: Ticks, section: Section, feel: Feel, bpm: float) -> Floats:
    """How late a soloist is, ms: full on the beats, nothing on the off-beats, which meet the ride (Nelias 2022)."""
    if not feel.lead_late or not swings(section.meter, 8):
        return np.zeros(len(starts))
    off = 2.0 / 3.0 if section.grid == 3 else 0.5
    x = (starts % section.meter.bar % PPQ) / PPQ
    share = np.where(x <= off, 1.0 - x / off, (x - off) / (1.0 - off))
    late: Floats = share * curve(feel.lead_late, bpm)
    return late


# -- chords ----------------------------------------------------------------------------------------


def ease(feel: Feel) -> float:
    """How much of a player's touch (strums, dynamics) is heard: all of it from amount .3 on, nothing at 0."""
    return min(1.0, feel.amount / 0.3)


_TOUCH = {"down": (8.0, 18.0), "up": (8.0, 18.0), "roll": (18.0, 30.0), "mute": (3.0, 6.0)}
"""Milliseconds from string to string by manner."""


def spread(part: str, chord: Sequence[Note], own: Seed) -> list[float]:
    """When each note of a chord sounds, ms: strummed by manner, rolled a little under a pianist's hands.

    The chord is in order of pitch; an up-stroke begins at the top. A third of the spread comes before the beat.
    """
    count, manner = len(chord), chord[0].manner
    if count < 2 or (part != "keys" and manner not in _TOUCH):
        return [0.0] * count
    low, high = _TOUCH.get(manner, (4.0 / (count - 1), 12.0 / (count - 1)))
    each = min(low + (high - low) * own.unit(f"strum/{chord[0].start}"), 60.0 / (count - 1))
    order = range(count - 1, -1, -1) if manner == "up" else range(count)
    return [each * (place - (count - 1) / 3.0) for place in order]


def strums(part: str, notes: Sequence[Note], own: Seed) -> Floats:
    """The spread of every chord, note by note."""
    if part in ("drums", "bass"):
        return np.zeros(len(notes))
    chords = (list(chord) for _, chord in groupby(notes, attrgetter("start")))
    return np.array([ms for chord in chords for ms in spread(part, chord, own)])


# -- the take --------------------------------------------------------------------------------------


def deviations(line: Line, placement: Placement, world: Setting, own: Seed) -> Floats:
    """How far each note is from its swung place, ms."""
    part, section, feel, rows = line.part, placement.section, world.feel, _rows(line)
    bpm = world.tempo.bpm_at(placement.start)
    moved = offsets(line, rows, section, feel) + leaning(line, rows, feel, bpm)
    if part == "lead":
        moved = moved + lateness(line.starts, section, feel, bpm)
    if feel.amount <= 0.0:
        return moved
    address = Seed(world.seed).at("drift", section.id).address
    share = DRIFT if part == "drums" else 0.7 * DRIFT
    human = share * drifting(line.starts, section, address) + scatter(line, rows, section, world.seed, own)
    return moved + feel.amount * human + ease(feel) * strums(part, line.notes, own)


def _swing(part: str, ticks: Ticks, even: Ticks, placement: Placement, world: Setting) -> Floats:
    """Ticks swung for a part. A soloist who comes late swings with the drums, so that his off-beats meet the ride."""
    section, feel, bpm = placement.section, world.feel, world.tempo.bpm_at(placement.start)
    who = "drums" if part == "lead" and feel.lead_late else role(part)
    return swung(ticks, section, feel.swing_unit, ratio(feel, who, bpm, section.grid), even)


def timed(line: Line, placement: Placement, world: Setting, own: Seed) -> tuple[Ticks, Ticks]:
    """(start, end) of each note in ticks of the song, before neighbours are minded."""
    even = even_beats(line.starts, placement.section)
    both = _swing(line.part, np.concatenate((line.starts, line.ends)), even, placement, world)
    onset, release = both[: len(line.notes)], both[len(line.notes) :]
    per_ms = world.tempo.ticks_for(1.0, placement.start)
    shift = deviations(line, placement, world, own) * per_ms
    begin = np.floor(onset + shift + 0.5).astype(np.int64) + placement.start
    length = np.maximum(1, np.floor(release - onset + 0.5).astype(np.int64))
    return begin, begin + length


def bounds(placement: Placement) -> tuple[Tick, Tick]:
    """The first tick a note of a section may begin at, and the last it may end at: the song's last notes ring on."""
    last = placement.seam.after is None
    return max(0, placement.start - EARLY), placement.end if last else placement.end - EARLY


def neighbourly(begin: Ticks, end: Ticks, pitches: Ticks, low: Tick, high: Tick) -> tuple[Ticks, Ticks]:
    """Starts and ends within bounds, and no pitch begun before it began, or ended after it begins again.

    The notes are in order of start, so that earlier ones keep their place and later ones yield.
    """
    begins = np.minimum(np.maximum(begin, low), high - 1).tolist()
    ends, last = end.tolist(), dict[int, int]()
    for n, pitch in enumerate(pitches.tolist()):
        before = last.get(pitch)
        if before is not None:
            if begins[n] <= begins[before]:
                begins[n] = begins[before] + 1
            if ends[before] > begins[n]:
                ends[before] = begins[n]
        last[pitch] = n
    begin, end = np.array(begins, np.int64), np.array(ends, np.int64)
    return begin, np.minimum(np.maximum(end, begin + 1), np.maximum(high, begin + 1))


def graced(events: NDArray[np.void], low: Tick, ticks: Tick, flam: int) -> NDArray[np.void]:
    """Flams played out: a grace note before each, at less than half its velocity, where the drum is free for it."""
    if not (events["manner"] == flam).any():
        return events
    extra = events[(events["manner"] == flam) & (events["start"] - ticks >= low)].copy()
    extra["start"] -= ticks
    extra["length"] = ticks
    extra["velocity"] = np.maximum(1, extra["velocity"] * 9 // 20)
    extra["manner"] = MANNERS.index("ghost")
    struck = list(zip(events["pitch"].tolist(), events["start"].tolist(), strict=True))
    clear = [not any(p == e["pitch"] and 0 <= e["start"] - s < 2 * ticks for p, s in struck) for e in extra]
    plain = events.copy()
    plain["manner"][plain["manner"] == flam] = 0
    return np.concatenate([plain, extra[np.array(clear, bool)]]) if len(extra) else plain


def take(phrase: Phrase, placement: Placement, number: int, world: Setting) -> Take:
    """One part's performance of one section; ``number`` is the placement's place in the plan."""
    notes, section, part = phrase.notes, placement.section, phrase.part
    events = np.zeros(len(notes), EVENT)
    if notes:
        own, line = Seed(world.seed).at("performance", section.id, part), Line.of(part, notes)
        low, high = bounds(placement)
        begin, end = neighbourly(*timed(line, placement, world, own), line.pitches, low, high)
        loud = line.written + ease(world.feel) * dynamics(line, section, own)
        loud = loud + breath(line, placement, world.seed, min(1.0, 10.0 * world.feel.amount), world.drummer)
        events["start"], events["length"] = begin, end - begin
        events["pitch"] = line.pitches
        events["velocity"] = held(np.floor(loud + 0.5), 1, 127)
        events["manner"] = [_MANNERS[note.manner] for note in notes]
        events["source"] = np.arange(len(notes))
        if part == "drums":
            grace = max(1, round(world.tempo.ticks_for(26.0, placement.start)))
            events = graced(events, low, grace, MANNERS.index("flam"))
        events = events[np.lexsort((events["pitch"], events["start"]))]
    events.setflags(write=False)
    return Take(part, number, events)


def takes(score: Score) -> Iterable[Take]:
    """The takes of a score, in order of placement and part; silent parts have none."""
    world = setting(score.plan)
    for number, (placement, passage) in enumerate(zip(score.plan.placements, score.passages, strict=True)):
        for phrase in passage.phrases:
            if phrase.notes:
                yield take(phrase, placement, number, world)


def perform(score: Score) -> Performance:
    """The score as played."""
    return Performance(score.plan, tuple(takes(score)))
