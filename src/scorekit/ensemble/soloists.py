"""A soloist who says something and works it out: a motif, the same higher, runs, held bends, one top, and a way out.

A solo goes in units of two bars. The first states a motif of few tones, the second takes it up; then come the genre's devices
(runs, tapped arpeggios, a lick that is said over and over, long bent tones), hotter and higher, to one highest tone at two thirds
of the way; the last unit comes down and home. A soloist's second chorus begins where the first had got to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from scorekit import theory
from scorekit.ensemble.breath import monophonic
from scorekit.ensemble.grid import offbeat
from scorekit.ensemble.melody import Aim, Setting, search, spot
from scorekit.ensemble.motifs import Tone, figure, land, sung, thinned
from scorekit.ensemble.tunes import adapted
from scorekit.seeds import Seed
from scorekit.timebase import PPQ, Tick

TOP = 0.68
"""Where the highest tone stands."""
AGAIN = 1.5
"""How readily the motif comes back between the devices, beside weights of 1 to 3 for these."""
WORDS = 7
"""Tones of the motif: what is said in one breath."""
KEPT = 3
"""Semitones under the ceiling that all but the top keeps away from it."""
CLIMB = 11.0
"""Semitones the middle of the line rises from the first unit to the top."""


class Scene(Struct, frozen=True):
    """One unit of a solo: its ticks, what was sung last, how hot and how high it is."""

    setting: Setting
    start: Tick
    end: Tick
    last: int
    heat: float
    middle: float
    seed: Seed
    peak: int = 0
    """At the top: the highest tone so far, which the next goes beyond."""

    def pitch(self, near: float, at: Tick, belonging: bool = True) -> int:
        """The chord tone (or tone of the scale) nearest to a height at a tick."""
        chord = self.setting.section.chord_at(at)
        place = spot(self.setting, Tone(at, PPQ))
        classes = theory.core_classes(chord.root, chord.quality) if belonging else tuple(sorted(place.scale))
        return theory.nearest(round(near), classes, self.setting.low, self.setting.high)

    def step(self) -> Tick:
        """The pace of what runs: eighths while it is cool, then triplets or sixteenths as the genre's grid has it."""
        if self.heat < 0.45:
            return PPQ // 2 if self.setting.section.grid % 3 else PPQ // 3
        return PPQ // self.setting.section.grid


def soloed(setting: Setting) -> tuple[Tone, ...]:
    """The solo of a section."""
    section, seed, line = setting.section, setting.seed.at("soloist"), list[Tone]()
    count = -(-section.bars // 2)
    top, before, motif = min(count - 1, int(TOP * count)), "", list[Tone]()
    for n in range(count):
        start, end = 2 * n * section.meter.bar, min(2 * n + 2, section.bars) * section.meter.bar
        u = min(1.0, (n + 0.5) / count + 0.2 * (section.occurrence - 1) * (n <= top))
        climb = min(1.0, u / TOP) if n <= top else 1.0 - 2.0 * (u - TOP)
        own = seed.at(n)
        middle = setting.centre - 0.45 * CLIMB + CLIMB * climb * 0.8
        room = setting if n == top else replace(setting, high=max(setting.low + 12, setting.high - KEPT))
        scene = Scene(room, start, end, line[-1].pitch if line else -1, climb, middle, own)
        scene = replace(scene, peak=max(t.pitch for t in line)) if n == top and line else scene
        device = _device(setting, n, count, top, before, own)
        said = _said(scene, motif) if device in ("say", "again") else DEVICES[device](scene)
        motif = motif or [replace(t, start=t.start - start) for t in said]
        line += said
        before = device
    return monophonic([t for t in line if t.start < section.length])


def _device(setting: Setting, n: int, count: int, top: int, before: str, seed: Seed) -> str:
    """What a unit does: state, take up, a device of the genre's, the top, the way out."""
    if n == 0 or (n == 1 and count > 2):
        return "say" if n == 0 else "again"
    if n == count - 1 and count > 2:
        return "leave"
    if n == top:
        return "bend"
    barred = (before, "bend") if n == top - 1 else (before,)
    offers = [(name, weight) for name, weight in setting.ideas.solo if name not in barred]
    offers += [("again", AGAIN)] if before != "again" else []
    return seed.choose("device", [name for name, _ in offers], [weight for _, weight in offers])


def _said(scene: Scene, motif: Sequence[Tone]) -> list[Tone]:
    """The motif stated: few tones, and air; or taken up again where its chords and height are now, its end sung anew."""
    setting, seed = scene.setting, scene.seed
    span = scene.end - scene.start
    if not motif:
        bars = -(-span // setting.section.meter.bar)
        rhythm = figure(setting.cells, setting.section, bars, (), seed, setting.dials, setting.heat)
        rhythm = thinned(rhythm, WORDS, setting.section.meter)
        rhythm = sung(land(rhythm, span, setting.section.meter, seed, "land", 0.5), span, 1.0, PPQ)
        laid = [replace(t, start=t.start + scene.start, idea="motif") for t in rhythm]
        return list(search(setting, laid, Aim("convex", scene.middle - setting.centre, "?"), seed))
    copy = [replace(t, start=t.start + scene.start, idea="motif copy") for t in motif if t.start < span]
    height = sum(t.pitch for t in copy) / len(copy)
    steps = (1, 2, 3) if scene.middle > height + 2 else (-1, 0, 1)
    tones = adapted(setting, copy, steps, True)
    if len(tones) < 4:
        return list(tones)
    tail = [replace(t, idea="motif copy, new tail") for t in tones[-2:]]
    aim = Aim("descending", scene.middle - setting.centre, "?", tuple(t.pitch for t in tones[-4:-2]))
    return [*tones[:-2], *search(setting, tail, aim, seed)]


# -- devices -----------------------------------------------------------------------------------------------------------


def _held(scene: Scene, at: Tick, near: float, idea: str) -> list[Tone]:
    """A chord tone to come to rest on, with a beat of air before the next unit."""
    room = scene.end - at - PPQ // 2
    return [Tone(at, min(room, 2 * PPQ), scene.pitch(near, at), "X", idea)] if room >= PPQ // 2 else []


def _spread(scene: Scene, pitches: Sequence[int], step: Tick, at: Tick, group: int, idea: str) -> list[Tone]:
    """Pitches one after another from a tick on, the first of each group marked, each brought into its place's scale; what moved
    goes on moving."""
    out, low, high = list[Tone](), scene.setting.low, scene.setting.high
    for n, pitch in enumerate(pitches):
        tick = at + n * step
        scale = spot(scene.setting, Tone(tick, step)).scale
        sounds = pitch if pitch % 12 in scale else scene.pitch(pitch, tick, False)
        if out and sounds == out[-1].pitch and pitch != pitches[n - 1]:
            way = range(sounds + 1, high + 1) if pitch > pitches[n - 1] else range(sounds - 1, low - 1, -1)
            sounds = next((p for p in way if p % 12 in scale), sounds)
        out.append(Tone(tick, step, sounds, "X" if n % group == 0 else "s", idea))
    return out


def _begins(scene: Scene) -> Tick:
    """Where what runs sets in: on the unit's first beat, half a beat or a beat after it."""
    return scene.start + scene.seed.choose("begins", (0, offbeat(scene.setting.section), PPQ), (0.5, 0.25, 0.25))


def _length(scene: Scene, step: Tick) -> int:
    """How many tones run before the last beat and a half of a unit: more of it when it is hot, whole beats."""
    beats = max(2, round((scene.end - scene.start) / PPQ * (0.4 + 0.3 * scene.heat)))
    return beats * PPQ // step


def _run(scene: Scene) -> list[Tone]:
    """The scale up or down to a tone of the chord: in overlapping groups of three or four, or seven tones at a stretch."""
    setting, step = scene.setting, scene.step()
    place = spot(setting, Tone(scene.start, step))
    ladder = [p for p in range(setting.low, setting.high + 1) if p % 12 in place.scale]
    group = 3 if setting.section.grid % 3 == 0 else scene.seed.choose("group", (4, 3))
    straight = scene.seed.chance("straight", 0.35)
    begins = _begins(scene)
    near = scene.last if scene.last >= 0 and abs(scene.last - scene.middle) < 9 else scene.middle
    rises = scene.middle > near - 2 and scene.seed.chance("rises", 0.75)
    at = min(range(len(ladder)), key=lambda k: abs(ladder[k] - (near - 3 if rises else near + 4)))
    count, turn, pitches = _length(scene, step), 2 * max(1, len(ladder) - 1), list[int]()
    for n in range(count):
        move = n // 8 * 4 + (n % 8 if n % 8 < 7 else 5) if straight else n // group + n % group
        place_in = (at + move if rises else at - move) % turn
        pitches.append(ladder[min(place_in, turn - place_in)])
    line = _spread(scene, pitches, step, begins, 4 if step == PPQ // 4 else 3 if step == PPQ // 3 else 2, "run")
    return [*line, *_held(scene, begins + count * step, pitches[-1] + (1 if rises else -1), "run's goal")]


def _tap(scene: Scene) -> list[Tone]:
    """The chord broken over and over, its upper tone struck first, in triplets or sixteenths."""
    step, setting = scene.step(), scene.setting
    step = step if step < PPQ // 2 else PPQ // 3
    begins, count, pitches = _begins(scene), _length(scene, step), list[int]()
    for n in range(count):
        chord = setting.section.chord_at(begins + n * step)
        classes = theory.core_classes(chord.root, chord.quality)
        rows = [p for p in range(setting.low, setting.high + 1) if p % 12 in classes]
        base = min(range(max(1, len(rows) - 2)), key=lambda k: abs(rows[k] - (scene.middle - 4)))
        pitches.append(rows[min(len(rows) - 1, base + (2, 0, 1)[n % 3])])
    line = _spread(scene, pitches, step, begins, 3, "tapped")
    return [*line, *_held(scene, begins + count * step, pitches[0], "tapped goal")]


SHAPES = ((0, -1, -2), (-1, 0, -2), (0, 0, -1), (-2, -1, 0, -1), (0, -1, 0, -2))
"""Steps of the scale from its top of a lick that is said over and over."""


def _repeat(scene: Scene) -> list[Tone]:
    """A lick of three or four tones said over and over across the beat, then left."""
    setting, step = scene.setting, scene.step()
    scale = spot(setting, Tone(scene.start, step)).scale
    top = scene.pitch(scene.middle + 3, scene.start)
    ladder = [top]
    for pitch in range(top - 2, setting.low - 1, -1):
        if pitch % 12 in scale and ladder[-1] - pitch >= 2:
            ladder.append(pitch)
    begins = _begins(scene)
    shape, count = scene.seed.choose("shape", SHAPES), _length(scene, step)
    pitches = [ladder[min(len(ladder) - 1, -shape[n % len(shape)])] for n in range(count)]
    line = _spread(scene, pitches, step, begins, len(shape), "lick, again")
    return [*line, *_held(scene, begins + count * step, top, "lick's goal")]


def _bend(scene: Scene) -> list[Tone]:
    """A long high tone drawn up to its pitch, and a few tones that come down from it."""
    half = offbeat(scene.setting.section)
    at = scene.start + (half if scene.seed.chance("late", 0.4) else 0)
    high = scene.pitch(min(scene.setting.high, scene.middle + 5), at)
    if high <= scene.peak:
        high = _beyond(scene, at)
    bar = scene.setting.section.meter.bar
    hold = min(3 * PPQ, bar - PPQ) if scene.end - scene.start > bar else PPQ
    out, tick, pitch = [Tone(at, hold, high, "X", "bend")], at + hold, high
    for _ in range(scene.seed.choose("falls", (2, 3, 4, 5))):
        if tick + half > scene.end - 2 * PPQ:
            break
        pitch = scene.pitch(pitch - 2, tick, False)
        short = half if tick % PPQ == 0 else PPQ - half
        out.append(Tone(tick, short, pitch, "x", "comes down"))
        tick += short
    return [*out, *_held(scene, max(tick, at + hold), pitch - 2, "comes down")]


def _beyond(scene: Scene, at: Tick) -> int:
    """The next tone of the chord above all that was sung, else of the scale; the highest again where there is none."""
    place = spot(scene.setting, Tone(at, PPQ))
    above = range(scene.peak + 1, scene.setting.high + 1)
    return next((p for classes in (place.core, place.scale) for p in above if p % 12 in classes), scene.peak)


def _leave(scene: Scene) -> list[Tone]:
    """The way out: down the scale in eighths to the tonic, where the chord has it, and silence."""
    setting, half = scene.setting, offbeat(scene.setting.section)
    goal_at = scene.end - setting.section.meter.bar
    if scene.end - scene.start <= setting.section.meter.bar:
        goal_at = scene.start + setting.section.meter.onsets[-1]
    tonic = setting.section.key.tonic
    there = spot(setting, Tone(goal_at, PPQ)).core
    middle = setting.centre - 2
    goal = theory.nearest(round(middle), (tonic,), setting.low, setting.high)
    goal = goal if tonic in there else scene.pitch(middle, goal_at)
    scale = spot(setting, Tone(scene.start, half)).scale
    way = [p for p in range(goal + 1, setting.high + 1) if p % 12 in scale]
    ticks, tick = list[Tick](), scene.start
    while tick < goal_at:
        ticks.append(tick)
        tick += half if tick % PPQ == 0 else PPQ - half
    rest = scene.seed.choose("in", (0, 1, 2))
    ticks = ticks[rest:][-len(way) :] if way else []
    line = _spread(scene, way[: len(ticks)][::-1], 1, 0, 2, "way out") if ticks else []
    laid = [
        replace(t, start=at, length=after - at) for t, at, after in zip(line, ticks, [*ticks[1:], goal_at], strict=True)
    ]
    return [*laid, Tone(goal_at, min(5 * PPQ // 2, scene.end - goal_at), goal, "x", "home")]


DEVICES: dict[str, Callable[[Scene], list[Tone]]] = {
    "run": _run,
    "tap": _tap,
    "repeat": _repeat,
    "bend": _bend,
    "leave": _leave,
}
