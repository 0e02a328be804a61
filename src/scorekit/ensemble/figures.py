"""Figures: what a guitarist's left hand walks through while the right one keeps time.

Two strings at a time. A boogie moves the upper one over the root from fifth to sixth and flat seventh, beat by beat; a
turnaround comes down from the flat seventh to the fifth under the tonic in a chorus's last bars.
"""

from __future__ import annotations

from msgspec.structs import replace

from scorekit import theory
from scorekit.ensemble.degrees import Register, resolve, scale_of
from scorekit.ensemble.families import tones
from scorekit.ensemble.hands import Slot
from scorekit.ensemble.playing import beat_of, home
from scorekit.ensemble.seats import covers, sung_over
from scorekit.ensemble.voicing import Voicing
from scorekit.playable import TUNING, on_guitar
from scorekit.score import Brief, Chord, Key
from scorekit.theory import SCALES
from scorekit.timebase import Tick

_BOOGIE = {4: ((7, 9, 7, 9), (7, 9, 10, 9)), 3: ((7, 7, 10, 7),)}
"""Semitones over the root on each beat, by the chord's third."""
_DOWN = (10, 9, 8)
"""The falling line of a turnaround on its second to fourth beat; the fifth is reached on the next first."""


def line(brief: Brief, slot: Slot, tone: str, at: Tick) -> Voicing:
    """One or two degrees of the chord, rising; the key's tonic lies in the octave below the bottom of the lane, the chord's root
    near it. The upper one alone where a guitar has no two strings for them, none a semitone beside what is sung there, and of two
    none that covers it. Two that would be mud sound an octave higher, of a guitar the upper one alone."""
    lane, chord, key = brief.lane, slot.chord, brief.section.key
    lowest = max(lane.low - 15, TUNING[0]) if brief.part == "guitar" else lane.low - 15
    register = Register(lowest, max(lane.high, lane.low + 12), key)
    tonic = lane.low - 10 + (key.tonic - lane.low + 10) % 12
    root = tonic + (chord.root - tonic + 5) % 12 - 5
    over = replace(chord, bass=chord.root)
    sung = sung_over(brief.hears("lead"), at, at + 1)
    told = {_agreeing(resolve(degree, over, root, register), chord, key) for degree in tone.split("&")}
    pitches = tuple(sorted(p for p in told if all((p - other) % 12 not in (1, 11) for other in sung)))
    pitches = tuple(p for p in pitches if not covers(p, sung)) or pitches
    muddy = len(pitches) == 2 and pitches[0] < theory.LOW_LIMITS.get(pitches[1] - pitches[0], 0)
    if brief.part == "guitar":
        return pitches if len(pitches) < 2 or (on_guitar(pitches) and not muddy) else pitches[-1:]
    return tuple(pitch + 12 for pitch in pitches) if muddy else pitches


def _agreeing(pitch: int, chord: Chord, key: Key) -> int:
    """A passing degree as the chord's scale in the key has it: a fourth over IV is sharp, a second over iii flat."""
    own, scale = theory.chord_classes(chord.root, chord.quality), scale_of(chord, key)
    if pitch % 12 in own or pitch % 12 in scale:
        return pitch
    beside = [p for p in (pitch + 1, pitch - 1) if p % 12 in scale]
    return min(beside, key=lambda p: p % 12 in own, default=pitch)


def figure(brief: Brief, family: str, slot: Slot, tick: Tick) -> Voicing:
    """What the hand holds at a tick of a family that walks; the slot's voicing in every other."""
    if family == "boogie":
        return _boogie(brief, slot, tick)
    return _turnaround(brief, slot, tick) if family == "turnaround" else slot.voicing


def _boogie(brief: Brief, slot: Slot, tick: Tick) -> Voicing:
    """Root and what lies over it on this beat; root and fifth where the hand cannot reach or the chord has its own."""
    root, chord = slot.voicing[0], slot.chord
    told = tones(chord.root, chord.quality, ())
    if (root - chord.root) % 12 or told.third not in _BOOGIE or told.fifth != 7:
        return slot.voicing
    walks = _BOOGIE[told.third]
    walk = walks[int(home(brief).unit("boogie") * len(walks))]
    pair = (root, root + walk[beat_of(brief.section, tick) % len(walk)])
    return pair if on_guitar(pair) else slot.voicing


def _turnaround(brief: Brief, slot: Slot, tick: Tick) -> Voicing:
    """The falling pair in a bar that begins on the tonic, its goal on the beat after it; over the tonic and the fourth
    degree, with which every step of it agrees."""
    section = brief.section
    bar, tonic = tick // section.meter.bar, section.key.tonic
    beat, arrives = beat_of(section, tick), bar == section.bars - 1
    homely = section.chord_at(bar * section.meter.bar).root == tonic
    if section.cadence == "loop" or not homely or (slot.chord.root - tonic) % 12 not in (0, 5) or (arrives and beat):
        return slot.voicing
    third = 4 if 4 in SCALES.get(section.key.mode, SCALES["major"]) else 3
    lower = 7 if arrives else _DOWN[min(beat, len(_DOWN)) - 1] if beat else third
    root = brief.lane.low + 5 + (tonic - brief.lane.low - 5) % 12
    pair = (root + lower, root + 12)
    return pair if pair[1] <= brief.lane.high and on_guitar(pair) else slot.voicing
