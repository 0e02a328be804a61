"""What a bass player reads: degree tokens resolved against chords inside a register.

``R 3 5 6 7 9 8`` follow the chord; ``b7 #4`` are taken from the major scale and give way where they would clash; ``+``
or ``-`` behind a degree is an octave; ``< > ( ) D`` lead to the next chord's bass and ``N`` is that bass, come early; ``x`` is dead; ``~`` slides in.
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from scorekit.ensemble.families import tones
from scorekit.score import Chord, Key
from scorekit.theory import chord_scale

APPROACHES = ("<", ">", "(", ")", "((", "))", "D", "N")
_MAJOR = {1: 0, 2: 2, 3: 4, 4: 5, 5: 7, 6: 9, 7: 11, 8: 12, 9: 14, 10: 16, 11: 17, 13: 21}


class Register(Struct, frozen=True):
    """Lowest and highest pitch of a bass, and the key it plays in."""

    low: int
    high: int
    key: Key

    def root(self, pitch_class: int, near: int) -> int:
        """Where a root lies: in the lowest octave and a whole tone more, as near as may be to the root before it."""
        limit = min(self.high, self.low + 13)
        spots = [p for p in range(self.low, limit + 1) if p % 12 == pitch_class % 12]
        return min(spots or [self.fold(pitch_class)], key=lambda p: (abs(p - near) + max(0, p - self.low - 9) * 2, p))

    def fold(self, pitch: int) -> int:
        """A pitch moved by octaves into the register; at its edge when the register is narrower than an octave."""
        while pitch > self.high:
            pitch -= 12
        while pitch < self.low:
            pitch += 12
        return min(pitch, max(self.high, self.low))

    @property
    def middle(self) -> int:
        """Where roots begin to be sought: a fifth above the lowest note."""
        return self.low + 7

    @property
    def ceiling(self) -> int:
        """How high a root may follow the hand: a tenth over the lowest note, and room for a sixth above it."""
        return min(self.low + 15, self.high - 8)


def scale_of(chord: Chord, key: Key) -> tuple[int, ...]:
    """Pitch classes that agree with a chord in a key."""
    return chord_scale(chord.root, chord.quality, key.tonic, key.mode)


@lru_cache(maxsize=4096)
def interval(token: str, root: int, quality: str, scale: tuple[int, ...]) -> int:
    """Semitones above the root of a degree such as ``3``, ``b7`` or ``#4``; literals bend to the chord."""
    t = tones(root, quality, scale)
    named = {"R": 0, "1": 0, "8": 12, "3": t.heart, "5": t.fifth, "9": 14 if t.ninth is None else t.ninth}
    if token in named:
        return named[token]
    if token == "6":
        return 9 if 9 in t.scale or t.third == 4 else 10
    if token == "7":
        return t.seventh if t.seventh in (10, 11) else 11 if 11 in t.scale and t.third == 4 else 10
    return _bent(_literal(token), t.third, t.seventh, t.scale)


def _literal(token: str) -> int:
    number = int(token.lstrip("b#"))
    return _MAJOR.get(number, 0) + token.count("#") - token.count("b")


def _bent(semitones: int, third: int | None, seventh: int | None, scale: tuple[int, ...]) -> int:
    """A flat seventh over a major seventh becomes the sixth, a flat third over a plain major chord the third."""
    if semitones == 10 and (seventh == 11 or (seventh is None and 10 not in scale)):
        return 9
    if semitones == 3 and third == 4 and seventh != 10:
        return 4
    return semitones


@lru_cache(maxsize=256)
def split(token: str) -> tuple[str, int, bool]:
    """A token as (degree, octaves up, slid into)."""
    slides = token.startswith("~")
    body = token.lstrip("~")
    bare = body.rstrip("+-")
    return bare or "R", body.count("+") - body.count("-"), slides


def resolve(token: str, chord: Chord, root: int, register: Register) -> int:
    """The pitch of a degree over a chord whose bass lies at ``root``."""
    degree, octaves, _ = split(token)
    if degree in ("R", "x", "1"):
        return register.fold(root + 12 * octaves)
    if degree == "8":
        return register.fold(root + 12 + 12 * octaves)
    above = interval(degree, chord.root, chord.quality, scale_of(chord, register.key))
    pitch = root + (chord.root + above - chord.bass) % 12
    if degree == "9" and pitch + 12 <= register.high:
        pitch += 12
    return register.fold(pitch + 12 * octaves)


def approach(token: str, chord: Chord, target: int, near: int, register: Register) -> int:
    """The pitch that leads to ``target``: chromatic, by one or two steps of the chord's scale, its dominant, or
    itself, come early (N).

    A step that would leave the register comes from the other side: what leads is next to its goal or it does not lead. So
    does the second of two steps whose first would leave it.
    """
    if token == "N":
        return register.fold(target)
    if token == "D":
        return min((register.fold(target + 7), register.fold(target - 5)), key=lambda p: (abs(p - near), p))
    side = 1 if token[0] in (">", ")") else -1
    scale = None if token in ("<", ">") else scale_of(chord, register.key)
    far = (_beside(target, way, 2 if scale else 1, scale) for way in (side, -side))
    ways = zip((side, -side), far, strict=True)
    way = next((way for way, pitch in ways if register.low <= pitch <= register.high), 0)
    return _beside(target, way, len(token), scale) if way else register.fold(target)


def _beside(target: int, side: int, steps: int, scale: tuple[int, ...] | None) -> int:
    """So many steps of a scale (None: semitones) above or below a pitch."""
    pitch = target
    while steps:
        pitch += side
        steps -= scale is None or pitch % 12 in scale
    return pitch
