"""Riffs: the figure a song owns, which guitar, bass and whoever doubles them say together.

It is drawn once for the song from the genre's figures, made the song's own by a few changed tones and by how its fourth
bar turns, and laid over the chords of each section that states it. All parts are told the same tones.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from scorekit.ensemble.degrees import APPROACHES, Register, approach, resolve, scale_of, split
from scorekit.ensemble.grid import offbeat, strokes
from scorekit.ideas import BassLine, Ideas, Riff, RiffIdeas, fits
from scorekit.score import Brief, Chord, Note, Section
from scorekit.seeds import Seed
from scorekit.theory import MAJOR_LIKE, core_classes
from scorekit.timebase import PPQ, Tick

TURNS = (("", 3.0), ("(", 2.0), (")", 1.0), ("stop", 2.0))
"""How a song's riff ends every fourth bar: as ever, by two steps up or down into what follows, or with a beat of air."""
CHANGED = 0.35
"""How often an inner tone off the beat becomes a neighbour of the figure's scale."""
ANSWERS, UNDER = 0.6, 0.3
"""How many songs let their riff answer the tune where the genre allows it, and how many of those play it all through under it."""
_BESIDE = {"4": ("5", "b3"), "5": ("4", "b7"), "b7": ("5", "8"), "b3": ("4", "5"), "6": ("5",), "3": ("5",)}
_LOUD = {"X": 101, "!": 116, "s": 60, "g": 40, "m": 66}


def riff_of(ideas: Ideas, section: Section, seed: Seed, band: str) -> Riff | None:
    """What the band says together in a section; None where the genre has no riff there. ``band`` is the tempo's feel band.

    Where it may say every fourth bar, some songs have it all through under the tune, and all that are too short to be answered.
    """
    where = dict(ideas.riff.sections).get(section.name)
    if where is None or not ideas.riff.lines or section.tier == 1:
        return None
    if where != "every" and (section.bars < 4 or not seed.chance(f"riff answers/{section.name}", ANSWERS)):
        return None
    short, band_riff = section.bars < 8, "bass" in ideas.riff.parts
    if where == "fourths" and short and not band_riff:
        return None
    beneath = where == "fourths" and band_riff and (short or seed.chance(f"riff under/{section.name}", UNDER))
    parts = tuple(part for part in ideas.riff.parts if part != "lead" or not beneath)
    said = replace(ideas.riff, parts=parts) if beneath else ideas.riff
    register = Register(ideas.bass.low, ideas.bass.high, section.key)
    return _laid(said, "every" if beneath else where, section, seed, band, register)


class Owned(Struct, frozen=True):
    """A genre's figure as a song has it."""

    line: BassLine
    degrees: tuple[str, ...]
    turn: str


@lru_cache(maxsize=64)
def owned(lines: Sequence[BassLine], facts: frozenset[str], song: Seed) -> Owned:
    """The song's own figure: one of the genre's that fit its mode and tempo, some inner tones and the fourth bar changed."""
    able = [line for line in lines if fits(line.mask, facts, ("chord", "tempo"))] or list(lines)
    line = song.choose("riff", able, [one.weight for one in able])
    hits = line.rhythm.hits
    ends = [*(hit.step for hit in hits[1:]), line.rhythm.steps]
    weak = [
        n for n, hit in enumerate(hits) if n and hit.mark not in "X!" and 4 * (ends[n] - hit.step) < line.rhythm.per_bar
    ]
    degrees = list(line.degrees)
    for n in weak:
        near = _BESIDE.get(degrees[n], ())
        if near and song.chance(f"changed/{n}", CHANGED):
            degrees[n] = song.choose(f"tone/{n}", near)
    turn = song.choose("turn", [name for name, _ in TURNS], [weight for _, weight in TURNS])
    return Owned(line, tuple(degrees), turn)


@lru_cache(maxsize=64)
def _laid(ideas: RiffIdeas, where: str, section: Section, seed: Seed, band: str, register: Register) -> Riff:
    """The song's riff over the bars and chords of a section."""
    mode = "major" if section.key.mode in MAJOR_LIKE else "minor"
    mine = owned(ideas.lines, frozenset((mode, band)), seed.at("riff"))
    long = {"every": 4, "answers": max(1, min(2, mine.line.rhythm.bars)), "fourths": 1}[where]
    turning = section.bars - 4 if where != "every" and section.cadence == "half" else section.bars
    played = tuple(b for b in range(turning) if b % 4 >= 4 - long)
    every = tuple(range(turning)) if ideas.ground else played
    tones, near = list[Note](), register.middle
    for bar in every:
        tones += _bar(mine, section, bar, bar + long, register, near)
        near = register.root(section.chord_at(bar * section.meter.bar).root, near)
    ends = [*(t.start for t in tones), section.length][1:]
    single = tuple(replace(t, length=max(1, min(t.length, e - t.start))) for t, e in zip(tones, ends, strict=True))
    return Riff(ideas.parts, played, single, mine.line.id, mine.line.path, ideas.ground, every)


def _bar(mine: Owned, section: Section, bar: int, turn: int, register: Register, near: int) -> list[Note]:
    """One bar of the riff, its ``turn``-th bar, over the chords it meets."""
    start, tones = bar * section.meter.bar, list[Note]()
    rooted: Chord | None = None
    for stroke in strokes(mine.line.rhythm, section.meter, section.grid, turn):
        at = start + stroke.at
        chord = section.chord_at(at)
        chord = replace(chord, bass=chord.root)
        token = mine.degrees[stroke.index % len(mine.degrees)]
        fresh = rooted is not None and chord.root != rooted.root
        rooted, token = chord, "R" if fresh else token
        root = register.root(chord.bass, near)
        pitch = _pitch(token, chord, root, section, register)
        manner = "mute" if stroke.mark == "m" else "dead" if split(token)[0] == "x" else ""
        length = stroke.length if stroke.length * section.grid > PPQ else PPQ // section.grid
        tones.append(Note(at, length, pitch, _LOUD.get(stroke.mark, 80), manner))
    return _turned(mine, section, bar, tones, register) if bar % 4 == 3 else tones


def _pitch(token: str, chord: Chord, root: int, section: Section, register: Register) -> int:
    """A degree over a chord. Blue tones stand on the tonic and on dominants; elsewhere the figure bends to the chord's scale."""
    degree = split(token)[0]
    if degree in APPROACHES:
        after = section.chord_at(chord.end) if chord.end < section.length else section.chords[0]
        return approach(degree, chord, register.root(after.root, root), root, register)
    pitch = resolve(token, chord, root, register)
    tones, scale = core_classes(chord.root, chord.quality), scale_of(chord, section.key)
    blue = chord.root == section.key.tonic or (chord.root + 10) % 12 in tones
    if pitch % 12 in scale or (pitch - chord.root) % 12 in ((3, 5, 6, 10) if blue else (5,)):
        return pitch
    return next((p for p in (pitch + 1, pitch - 1, pitch + 2) if p % 12 in scale), pitch)


def _turned(mine: Owned, section: Section, bar: int, tones: list[Note], register: Register) -> list[Note]:
    """The fourth bar as this song ends it."""
    last = (bar + 1) * section.meter.bar - section.meter.pulses[-1]
    kept = [replace(t, length=min(t.length, last - t.start)) for t in tones if t.start < last]
    if not mine.turn or not kept:
        return tones
    if mine.turn == "stop":
        return kept
    end = (bar + 1) * section.meter.bar
    chord, after = section.chord_at(last), section.chord_at(end) if end < section.length else section.chords[0]
    goal, half = register.root(after.root, kept[0].pitch), offbeat(section)
    steps = (approach(mine.turn * n, chord, goal, kept[-1].pitch, register) for n in (2, 1))
    places = ((last, half), (last + half, end - last - half))
    return [*kept, *(Note(at, length, p, 84) for (at, length), p in zip(places, steps, strict=True))]


# -- for those who play it -------------------------------------------------------------------------------------------


def voiced(riff: Riff, part: str, low: int, high: int, up: int, bar: Tick) -> tuple[Note, ...]:
    """The tones a part plays in its register: all moved by the same octaves, ``up`` of them where that fits; where none does,
    bar by bar."""
    bars = riff.bars_of(part)
    own = [tone for tone in riff.tones if tone.start // bar in bars]
    whole = _moved(own, low, high, up)
    if all(low <= t.pitch <= high for t in whole):
        return whole
    placed = list[Note]()
    for number in bars:
        placed += _moved([t for t in own if t.start // bar == number], low, high, up)
    return tuple(replace(t, pitch=_inside(t.pitch, low, high)) for t in placed)


def _moved(tones: Sequence[Note], low: int, high: int, up: int) -> tuple[Note, ...]:
    """The tones moved by the octaves that leave fewest outside a register."""
    shift = min(range(up - 3, up + 4), key=lambda s: (_outside(tones, 12 * s, low, high), abs(s - up), s))
    return tuple(replace(t, pitch=t.pitch + 12 * shift) for t in tones)


def _outside(tones: Sequence[Note], shift: int, low: int, high: int) -> int:
    return sum(not low <= t.pitch + shift <= high for t in tones)


def _inside(pitch: int, low: int, high: int) -> int:
    return pitch + 12 if pitch < low else pitch - 12 if pitch > high else pitch


def named(riff: Riff, part: str) -> str:
    """What explain says of a note of it."""
    others = [other for other in riff.parts if other != part]
    return f"riff {riff.id}" + (f", with {' and '.join(others)}" if others else "")


def said(brief: Brief, idea: str) -> str:
    """The idea in charge of a part: the riff where it is played throughout, beside what else there is."""
    riff = brief.riff
    if riff is None or brief.part not in riff.parts or brief.cell.pattern:
        return idea
    return f"riff {riff.id}" if len(riff.bars_of(brief.part)) == brief.section.bars else f"{idea}, riff {riff.id}"
