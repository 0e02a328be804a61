"""Music theory as tables and pure look-ups: names, scales, chords, voicing families, low-interval limits, the drum map."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import sqrt

LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SHARPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
FLATS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")

SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "harmonic_minor": (0, 2, 3, 5, 7, 8, 11),
    "melodic_minor": (0, 2, 3, 5, 7, 9, 11),
    "phrygian_dominant": (0, 1, 4, 5, 7, 8, 10),
    "lydian_dominant": (0, 2, 4, 6, 7, 9, 10),
    "altered": (0, 1, 3, 4, 6, 8, 10),
    "diminished": (0, 2, 3, 5, 6, 8, 9, 11),
    "half_whole": (0, 1, 3, 4, 6, 7, 9, 10),
    "whole_tone": (0, 2, 4, 6, 8, 10),
    "pentatonic_major": (0, 2, 4, 7, 9),
    "pentatonic_minor": (0, 3, 5, 7, 10),
    "blues_minor": (0, 3, 5, 6, 7, 10),
    "blues_major": (0, 2, 3, 4, 7, 9),
}
MODES = ("major", "minor", "dorian", "phrygian", "lydian", "mixolydian", "locrian", "harmonic_minor", "melodic_minor")
"""Scales a key may have."""
MODE_NAMES = {
    "ionian": "major",
    "aeolian": "minor",
    "maj": "major",
    "min": "minor",
    "m": "minor",
    "natural_minor": "minor",
    "": "major",
}
MAJOR_LIKE = frozenset({"major", "lydian", "mixolydian"})

CHORDS: dict[str, tuple[int, ...]] = {
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "5": (0, 7),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "add9": (0, 4, 7, 14),
    "minadd9": (0, 3, 7, 14),
    "6": (0, 4, 7, 9),
    "min6": (0, 3, 7, 9),
    "69": (0, 4, 7, 9, 14),
    "min69": (0, 3, 7, 9, 14),
    "maj7": (0, 4, 7, 11),
    "min7": (0, 3, 7, 10),
    "7": (0, 4, 7, 10),
    "dim7": (0, 3, 6, 9),
    "min7b5": (0, 3, 6, 10),
    "minmaj7": (0, 3, 7, 11),
    "maj7#5": (0, 4, 8, 11),
    "maj7#11": (0, 4, 7, 11, 18),
    "7sus4": (0, 5, 7, 10),
    "9sus4": (0, 5, 7, 10, 14),
    "maj9": (0, 4, 7, 11, 14),
    "min9": (0, 3, 7, 10, 14),
    "9": (0, 4, 7, 10, 14),
    "11": (0, 7, 10, 14, 17),
    "min11": (0, 3, 7, 10, 14, 17),
    "13": (0, 4, 7, 10, 14, 21),
    "maj13": (0, 4, 7, 11, 14, 21),
    "min13": (0, 3, 7, 10, 14, 21),
    "7b9": (0, 4, 7, 10, 13),
    "7#9": (0, 4, 7, 10, 15),
    "7b5": (0, 4, 6, 10),
    "7#5": (0, 4, 8, 10),
    "7#11": (0, 4, 7, 10, 18),
    "7b13": (0, 4, 7, 10, 20),
    "13b9": (0, 4, 7, 10, 13, 21),
    "13#11": (0, 4, 7, 10, 14, 18, 21),
    "7alt": (0, 4, 10, 13, 15, 20),
    "min9b5": (0, 3, 6, 10, 14),
}
"""Intervals in semitones above the root, extensions above the octave, by canonical quality name."""

QUALITIES: dict[str, str] = {
    **{name: name for name in CHORDS if name not in ("maj", "min")},
    "": "maj",
    "M": "maj",
    "maj": "maj",
    "m": "min",
    "min": "min",
    "-": "min",
    "o": "dim",
    "°": "dim",
    "o7": "dim7",
    "°7": "dim7",
    "+": "aug",
    "h7": "min7b5",
    "ø": "min7b5",
    "ø7": "min7b5",
    "m7b5": "min7b5",
    "m9b5": "min9b5",
    "m6": "min6",
    "m69": "min69",
    "m7": "min7",
    "m9": "min9",
    "m11": "min11",
    "m13": "min13",
    "madd9": "minadd9",
    "mmaj7": "minmaj7",
    "mM7": "minmaj7",
    "M7": "maj7",
    "M9": "maj9",
    "6/9": "69",
    "sus": "sus4",
    "7sus": "7sus4",
    "9sus": "9sus4",
    "alt": "7alt",
    "add2": "add9",
    "+7": "7#5",
    "13sus4": "9sus4",
    "aug7": "7#5",
    "halfdim": "min7b5",
    "halfdim7": "min7b5",
}
"""What people write after a chord's root, to the canonical quality."""

_HANDS = {"(": "", ")": "", "Maj": "maj", "MA": "maj", "Ma": "maj", "Min": "m", "min": "m", "MI": "m", "mi": "m", "Δ7": "maj7", "Δ9": "maj9",
          "Δ": "maj7", "^7": "maj7", "^9": "maj9", "^": "maj7", "-": "m"}  # fmt: skip
"""What other hands write for parts of a quality, to how it stands in QUALITIES."""

MINOR_QUALITY = {
    "maj": "min",
    "6": "min6",
    "69": "min69",
    "7": "min7",
    "9": "min9",
    "11": "min11",
    "13": "min13",
    "maj7": "minmaj7",
    "add9": "minadd9",
    "7b5": "min7b5",
}
"""What a quality becomes under a lower-case roman numeral: ``ii7`` is a minor seventh chord."""

SPELLED = {name: symbol for symbol, name in reversed(QUALITIES.items())} | {
    "maj": "",
    "min": "m",
    "dim": "dim",
    "aug": "+",
    "dim7": "dim7",
    "min7b5": "m7b5",
    "maj7": "maj7",
    "min7": "m7",
    "min9": "m9",
    "min6": "m6",
    "min69": "m69",
    "min11": "m11",
    "min13": "m13",
    "minadd9": "madd9",
    "minmaj7": "mmaj7",
    "sus4": "sus4",
    "7sus4": "7sus4",
    "9sus4": "9sus4",
    "7alt": "7alt",
    "69": "69",
    "add9": "add9",
    "min9b5": "m9b5",
    "7#5": "7#5",
    "maj9": "maj9",
}
"""Canonical quality to what a musician reads."""

KEY_PROFILES = (
    (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
)
"""How well each semitone above the tonic belongs to a major and to a minor key (Krumhansl and Kessler 1982)."""

LOW_LIMITS = {1: 52, 2: 51, 3: 48, 4: 47, 5: 45, 6: 47, 7: 37, 8: 41, 9: 41, 10: 41, 11: 41, 13: 52}
"""Lowest clear pitch of the lower note of an interval, by semitones (Sweetwater's low-interval-limit table)."""

ROMAN = {"I": 0, "II": 2, "III": 4, "IV": 5, "V": 7, "VI": 9, "VII": 11}
"""Semitones above the tonic: numerals count from the major scale, so bVII is always a tone below the tonic."""

DRUM_NOTES = {
    "kick": 36,
    "rim": 37,
    "snare": 38,
    "brush": 38,
    "clap": 39,
    "hh": 42,
    "hhfoot": 44,
    "oh": 46,
    "tom1": 50,
    "tom2": 47,
    "tom3": 43,
    "crash": 49,
    "crash2": 57,
    "splash": 55,
    "china": 52,
    "ride": 51,
    "bell": 53,
    "tamb": 54,
    "cowbell": 56,
    "bongo_hi": 60,
    "bongo_lo": 61,
    "conga_mute": 62,
    "conga_hi": 63,
    "conga_lo": 64,
    "timbale_hi": 65,
    "timbale_lo": 66,
    "agogo_hi": 67,
    "agogo_lo": 68,
    "cabasa": 69,
    "shaker": 70,
    "guiro": 73,
    "guiro_long": 74,
    "claves": 75,
    "wood_hi": 76,
    "wood_lo": 77,
    "triangle_mute": 80,
    "triangle": 81,
}
"""Kit rows to General MIDI drum notes."""

VOICINGS = (
    "close",
    "triad_top3",
    "open_triad9",
    "spread",
    "spread4",
    "shell",
    "shell_9",
    "rootless_ab",
    "drop2",
    "drop3",
    "quartal",
    "power",
    "octaves",
    "freddie_shell",
    "9th_top4",
    "double_stop",
    "single_arp",
    "open_chord",
    "barre",
    "boogie",
    "turnaround",
)
"""Voicing families the comping players know."""


def scale(mode: str) -> tuple[int, ...]:
    """Semitones of a scale above its tonic. KeyError for an unknown name."""
    return SCALES[MODE_NAMES.get(mode, mode)]


@cache
def scale_pitches(tonic: int, mode: str) -> tuple[int, ...]:
    """Every MIDI pitch (0 to 127) of a scale, rising."""
    steps = {(tonic + step) % 12 for step in scale(mode)}
    return tuple(pitch for pitch in range(128) if pitch % 12 in steps)


@cache
def chord_classes(root: int, quality: str) -> tuple[int, ...]:
    """Pitch classes of a chord, root first, extensions last."""
    return tuple((root + interval) % 12 for interval in CHORDS[quality])


@cache
def core_classes(root: int, quality: str) -> tuple[int, ...]:
    """Pitch classes of a chord without ninths, elevenths and thirteenths."""
    return tuple((root + interval) % 12 for interval in CHORDS[quality] if interval < 12)


@cache
def chord_scale(root: int, quality: str, tonic: int, mode: str) -> tuple[int, ...]:
    """Pitch classes that agree with a chord in a key: the key's scale bent to the chord's tones, as players do by ear.

    Scale tones a semitone from a chord tone that the key lacks give way to it, so that V7 in minor raises the leading tone.
    """
    tones = set(chord_classes(root, quality))
    inside = {(tonic + step) % 12 for step in scale(mode)}
    foreign = tones - inside
    kept = {pc for pc in inside if pc in tones or not any((pc - f) % 12 in (1, 11) for f in foreign)}
    return tuple(sorted(kept | tones, key=lambda pc: (pc - root) % 12))


@cache
def guide_tones(quality: str) -> tuple[int, ...]:
    """The intervals that tell a chord from its neighbours: third (or suspension) and seventh (or sixth)."""
    intervals = CHORDS[quality]
    third = next((i for i in intervals if i in (3, 4, 5, 2)), None)
    seventh = next((i for i in intervals if i in (9, 10, 11)), None)
    return tuple(i for i in (third, seventh) if i is not None)


def quality_named(written: str) -> str | None:
    """The canonical quality of what stands after a chord's root, in any hand: ``m7``, ``-7``, ``Maj7``, ``Δ7``, ``7(b9)``. None when
    nobody knows it."""
    if written not in QUALITIES:
        for theirs, ours in _HANDS.items():
            written = written.replace(theirs, ours)
    return QUALITIES.get(written)


def key_name(tonic: int, mode: str) -> str:
    """The usual spelling of a tonic: flats for the flat side of the circle of fifths."""
    major = tonic if MODE_NAMES.get(mode, mode) in MAJOR_LIKE else (tonic + 3) % 12
    return FLATS[tonic] if major in (5, 10, 3, 8, 1) else SHARPS[tonic]


def pitch_weights(times: Sequence[float]) -> tuple[float, ...]:
    """Sounding times of the twelve pitch classes with mean 0 and length 1."""
    mean = sum(times) / len(times)
    size = sqrt(sum((time - mean) ** 2 for time in times)) or 1.0
    return tuple((time - mean) / size for time in times)


@cache
def _key_profile(tonic: int, major: bool) -> tuple[float, ...]:
    profile = KEY_PROFILES[0 if major else 1]
    return pitch_weights([profile[(pc - tonic) % 12] for pc in range(12)])


def key_fit(weights: Sequence[float], tonic: int, major: bool) -> float:
    """Correlation of pitch-class weights with a key's profile, -1 to 1."""
    return sum(a * b for a, b in zip(weights, _key_profile(tonic, major), strict=True))


def uses_flats(tonic: int, mode: str) -> bool:
    """Whether a key is written with flats: decided by the major scale that shares its notes."""
    offsets = {"major": 0, "lydian": 7, "mixolydian": 5, "dorian": 10, "minor": 3, "phrygian": 8, "locrian": 1}
    parent = (tonic + offsets.get(MODE_NAMES.get(mode, mode), 3)) % 12
    return parent in (5, 10, 3, 8, 1)


_DEGREES = (0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6)
"""Steps of the scale that the semitones above a tonic are written on: flat second, third, sixth and seventh, sharp fourth."""


@cache
def root_names(tonic: int, mode: str, name: str) -> tuple[str, ...]:
    """How the twelve roots of chords are spelt in a key whose tonic is written ``name``: by their degree, so that bII of A
    is Bb and bVII of E is D; where that would be Cb, E#, or a double accidental, as the key signature has it."""
    letters, plain = "CDEFGAB", (FLATS if uses_flats(tonic, mode) else SHARPS)
    found = list(plain)
    for above in range(12):
        letter = letters[(letters.index(name[0]) + _DEGREES[above]) % 7]
        bend = (tonic + above - LETTERS[letter] + 6) % 12 - 6
        spelt = letter + {0: "", 1: "#", -1: "b"}.get(bend, "?")
        if spelt[1:] != "?" and spelt not in ("Cb", "Fb", "E#", "B#"):
            found[(tonic + above) % 12] = spelt
    return tuple(found)


def spell(pitch_class: int, flats: bool) -> str:
    """The name of a pitch class."""
    return (FLATS if flats else SHARPS)[pitch_class % 12]


def pitch_name(pitch: int, flats: bool = False) -> str:
    """``C4`` for MIDI 60."""
    return f"{spell(pitch, flats)}{pitch // 12 - 1}"


def chord_symbol(root: int, quality: str, bass: int, names: Sequence[str]) -> str:
    """``Em7``, ``D/F#``, with the names of the twelve pitch classes."""
    slash = "" if bass == root else "/" + names[bass]
    return names[root] + SPELLED[quality] + slash


def fold(pitch: int, low: int, high: int) -> int:
    """A pitch moved by octaves into a range of at least an octave; the nearest edge's octave when it does not fit."""
    while pitch < low:
        pitch += 12
    while pitch > high:
        pitch -= 12
    return pitch if pitch >= low else pitch + 12


def nearest(pitch: int, classes: tuple[int, ...], low: int = 0, high: int = 127) -> int:
    """The pitch of one of the classes nearest to a pitch within a range; the lower one on a tie."""
    candidates = [p for p in range(max(low, pitch - 12), min(high, pitch + 12) + 1) if p % 12 in classes]
    return min(candidates, key=lambda p: (abs(p - pitch), p)) if candidates else pitch
