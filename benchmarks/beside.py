"""Patches beside SoundFonts and beside what is known of the real instruments.

    python benchmarks/quality.py --soundfont TimGM6mb.sf2 --soundfont FluidR3_GM.sf2

The same notes (velocity 96, 1.5 s) by a patch and by FluidSynth, dry, of each SoundFont: two sets of recordings of other
instruments, players and rooms, so that what they have in common is the instrument's and what they differ in is nobody's. ``attack``: ms from a tenth to nine tenths of the
greatest level, in frames of 4 ms. ``fall``: dB a second from 0.15 to 1.2 s of a held note. ``centroid``: centre of the
amplitude spectrum in Hz, at 0 to 60 ms, at 0.2 to 0.5 s and at 0.9 to 1.3 s. Each is the median over the notes. ``level``: dB
(A-weighted, of the first second) by which it is louder than each set, beside the median of all patches and sets: what a
General MIDI file is balanced by.

What is real: a figure stands without a sign when ``SOURCES`` names where it was found, and after ``~`` when it is an
estimate: a round range, wide enough for ways of playing, in the spirit of Meyer, *Acoustics and the Performance of
Music* (2009), ch. 3 (attacks), and of Fletcher and Rossing, *The Physics of Musical Instruments*, ch. 9, 12 and 18 to 20
(decays), but looked up in neither. A patch is ``off`` when it is outside the range by more than FACTOR times what the
nearest SoundFont is (attacks: ratios; falls: dB a second), and its ``colour`` is off when its centroid at .2 to .5 s is more
than a quarter above the brightest or below the darkest of them; its ``level`` when it is LOUD dB louder or softer than any of
them. Of synthesizers the recordings say nothing but how loud they are.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import mido
import numpy as np
import soundfile

from scorekit.render import dsp
from scorekit.render.dsp import RATE, Samples
from scorekit.render.patches import PATCHES
from scorekit.render.voices import Bodies, Stroke, clip
from scorekit.stage import Sound

FACTOR = 2.0
LOUD = 3.0
"""dB from the nearest set from which on a patch is too loud or too soft."""
HOLDS, FALLS = (0.15, 1.2), (0.03, 0.25)
"""Seconds between which the fall of a note, of a drum, is taken."""
HELD, GAP, VELOCITY = 1.5, 4.0, 96


class Case(NamedTuple):
    """Notes of an instrument; what is real of its attack (ms) and of its fall (dB a second), known or estimated."""

    program: int
    pitches: tuple[int, ...]
    attack: tuple[float, float] | None = None
    fall: tuple[float, float] | None = None


CASES = {
    "grand": Case(0, (36, 48, 60, 72), (1, 15), (4, 20)),
    "epiano": Case(4, (40, 52, 64), (1, 12), (4, 25)),
    "organ": Case(16, (48, 60, 72), (2, 30), (-1, 1)),
    "clav": Case(7, (48, 60), (1, 10), (8, 60)),
    "vibes": Case(11, (57, 65, 72), (1, 10), (5, 25)),
    "marimba": Case(12, (48, 60, 72), (1, 10), (13, 77)),
    "bells": Case(14, (60, 72), (1, 12), (3, 30)),
    "nylon": Case(24, (45, 52, 60), (1, 15), (8, 40)),
    "steel": Case(25, (45, 52, 60), (1, 15), (6, 30)),
    "clean": Case(27, (45, 52, 60), (1, 15), (4, 25)),
    "crunch": Case(29, (45, 52, 60), (1, 25), (0, 15)),
    "distorted": Case(30, (45, 52, 60), (1, 25), (0, 12)),
    "upright": Case(32, (33, 40, 45), (4, 40), (8, 40)),
    "fingered": Case(33, (33, 40, 45), (2, 30), (3, 20)),
    "picked": Case(34, (33, 40, 45), (1, 20), (3, 20)),
    "slap": Case(36, (33, 40), (1, 20), (4, 30)),
    "solo_strings": Case(40, (57, 64, 72), (30, 200), (-3, 3)),
    "strings": Case(48, (55, 62, 69), (60, 350), (-4, 4)),
    "pizzicato": Case(45, (48, 57, 64), (1, 20), (30, 150)),
    "choir": Case(52, (55, 62), (60, 300), (-4, 4)),
    "trumpet": Case(56, (60, 67, 72), (10, 50), (-3, 3)),
    "trombone": Case(57, (48, 55, 60), (20, 90), (-3, 3)),
    "horn": Case(60, (48, 55, 60), (25, 110), (-3, 3)),
    "brass": Case(61, (55, 62, 67), (20, 110), (-3, 3)),
    "sax": Case(66, (52, 58, 64), (15, 80), (-3, 3)),
    "clarinet": Case(71, (55, 64, 72), (15, 90), (-3, 3)),
    "flute": Case(73, (67, 74, 79), (30, 200), (-3, 3)),
    "saw": Case(81, (57, 64, 72)),
    "square": Case(80, (57, 64, 72)),
    "warm": Case(89, (48, 60, 67)),
}

SOURCES = {
    (
        "marimba",
        "fall",
    ): "H. Hill and S. Errede, Acoustics of the Marimba, slideplayer.com/slide/3435574: amplitudes fall "
    "as exp(-pi f eta t) with eta .45 +- .09 % in rosewood, so 8.7 pi f eta dB/s, from C3, least, to C5, most",
    ("trumpet", "attack"): "J.-C. Risset's catalogue (1969), no. 210, as quoted with Csound, "
    "ftp.funet.fi/pub/files/index/Science/audio/csound: 50 ms are more than in most trumpet tones; and his Computer Study "
    "of Trumpet Tones, pubs.aip.org/asa/jasa/article/38/5_Supplement/912/615423: low harmonics rise sooner than high ones",
    ("distorted", "colour"): "a double-tracked rhythm guitar of a record (Muldjord, Chaos God, CC BY-SA 3.0, Debian "
    "fretsonfire-songs-muldjord), measured here: 2,480 to 2,810 Hz from the tenth to the ninetieth of a hundred stretches of .3 s",
}
"""Where a figure was found. Of the piano it is known that partials fall by 1 to 100 dB a second (measured on a spinet; quoted
at freshhoot.com/hoots/82353), which bounds nothing here."""

DRUMS = {
    "kick": Case(0, (36,), (1, 15), (60, 400)),
    "snare": Case(0, (38,), (1, 10), (80, 350)),
    "tom": Case(0, (45, 48), (1, 15), (35, 160)),
    "closed hat": Case(0, (42,), (1, 10), (150, 1_200)),
    "open hat": Case(0, (46,), (1, 15), (20, 120)),
    "crash": Case(0, (49,), (1, 40), (8, 60)),
    "ride": Case(0, (51,), (1, 15), (8, 80)),
}
"""Pieces of the acoustic kit, by their General MIDI notes. Their fall is taken from 30 to 250 ms."""


def ours(patch: str, pitch: int) -> Samples:
    """A note of a patch, mono."""
    row = PATCHES[patch]
    sound = Sound(patch, tuple((param.name, param.default) for param in row.params))
    stroke = Stroke(0, dsp.samples(HELD), pitch, VELOCITY)
    x = clip(row, sound, [stroke], Bodies()).samples.mean(axis=0)
    return np.concatenate([x, np.zeros(RATE, np.float32)])


def theirs(case: Case, soundfont: Path, channel: int) -> list[Samples]:
    """The notes of a case by FluidSynth, mono, each from its onset on."""
    midi, tick = mido.MidiFile(ticks_per_beat=480), 960  # 120 bpm: 960 ticks a second
    track = mido.MidiTrack([mido.Message("program_change", program=case.program)])
    for pitch in case.pitches:
        track.append(mido.Message("note_on", note=pitch, velocity=VELOCITY, time=0, channel=channel))
        track.append(mido.Message("note_off", note=pitch, time=int(HELD * tick), channel=channel))
        track.append(mido.Message("note_on", note=0, velocity=1, time=int((GAP - HELD) * tick) - 1, channel=15))
        track.append(mido.Message("note_off", note=0, time=1, channel=15))
    midi.tracks.append(track)
    with TemporaryDirectory() as folder:
        score, sound = Path(folder) / "notes.mid", Path(folder) / "notes.wav"
        midi.save(score)
        subprocess.run(
            ["fluidsynth", "-ni", "-R", "0", "-C", "0", "-g", "1", "-r", str(RATE), "-F", sound, soundfont, score],
            check=True, capture_output=True,
        )  # fmt: skip
        whole = soundfile.read(sound, dtype="float32", always_2d=True)[0].mean(axis=1)
    step = dsp.samples(GAP)
    return [onset(whole[n * step : n * step + dsp.samples(2.5)]) for n in range(len(case.pitches))]


def onset(x: Samples) -> Samples:
    """x from just before it first reaches a hundredth of its peak."""
    first = int(np.flatnonzero(np.abs(x) > 0.01 * np.abs(x).max())[0])
    return x[max(first - 16, 0) :]


def levels(x: Samples) -> Samples:
    """RMS of x in frames of 8 ms, 4 ms apart."""
    hop = RATE * 4 // 1_000
    power = np.square(x[: len(x) // hop * hop]).reshape(-1, hop).mean(axis=1)
    return np.sqrt((power[:-1] + power[1:]) * 0.5)


def attack(x: Samples) -> float:
    """Milliseconds from a tenth to nine tenths of the greatest level in the first half second."""
    level = levels(x[: RATE // 2])
    top = level.max()
    return float((np.argmax(level > 0.9 * top) - np.argmax(level > 0.1 * top)) * 4 + 4)


def fall(x: Samples, a: float = 0.15, b: float = 1.2) -> float:
    """dB a second by which the note falls between two times; what is 50 dB under its peak does not count."""
    level = 20.0 * np.log10(levels(x)[int(a * 250) : int(b * 250)] + 1e-9)
    heard = level > level.max() - 50.0
    t = np.arange(level.size)[heard] * 0.004
    return -float(np.polyfit(t, level[heard], 1)[0])


def centroid(x: Samples, a: float, b: float) -> float:
    """Centre of the amplitude spectrum in Hz between two times."""
    part = x[dsp.samples(a) : dsp.samples(b)]
    size = np.abs(np.fft.rfft(part * np.hanning(part.size)))
    size[size < size.max() * 1e-3] = 0.0
    return float((size * np.fft.rfftfreq(part.size, 1.0 / RATE)).sum() / max(size.sum(), 1e-12))


def level(x: Samples) -> float:
    """A-weighted dB of the first second of a note."""
    x = x[:RATE]
    hz = np.square(np.maximum(np.fft.rfftfreq(x.size, 1.0 / RATE), 1.0))
    curve = 12_194.0**2 * hz**2 / ((hz + 20.6**2) * np.sqrt((hz + 107.7**2) * (hz + 737.9**2)) * (hz + 12_194.0**2))
    return 10.0 * float(np.log10((np.square(np.abs(np.fft.rfft(x)) * curve)).sum() / x.size**2 + 1e-20))


def outside(value: float, real: tuple[float, float] | None, ratio: bool) -> float:
    """How far a value is from a range: as a factor less one, or in its own unit."""
    if real is None:
        return 0.0
    low, high = real
    if ratio:
        return max(low / max(value, 1e-3), value / high, 1.0) - 1.0
    return max(low - value, value - high, 0.0)


class Heard(NamedTuple):
    """Notes of one maker, measured: attack (ms), fall (dB a second), centroids over time (Hz), level (dB); medians."""

    rise: float
    slope: float
    colours: list[float]
    level: float


def measured(notes: Sequence[Samples], drum: bool) -> Heard:
    """What is measured of some notes."""
    spans = ((0.0, 0.06), (0.06, 0.15), (0.15, 0.4)) if drum else ((0.0, 0.06), (0.2, 0.5), (0.9, 1.3))
    rise = float(np.median([attack(x) for x in notes]))
    slope = float(np.median([fall(x, *(FALLS if drum else HOLDS)) for x in notes]))
    colours = [float(np.median([centroid(x, *span) for x in notes])) for span in spans]
    return Heard(rise, slope, colours, float(np.median([level(x) for x in notes])))


def table(soundfonts: Sequence[Path], only: str = "") -> None:
    """Prints the comparison."""
    names, found = ", ".join(["ours", *(path.stem for path in soundfonts)]), dict[str, list[Heard]]()
    for name, case in {**CASES, **DRUMS}.items():
        if only in name:
            drum = name in DRUMS
            mine = [onset(ours("acoustic" if drum else name, pitch)) for pitch in case.pitches]
            sets = [mine, *(theirs(case, path, 9 if drum else 0) for path in soundfonts)]
            found[name] = [measured(notes, drum) for notes in sets]
    usual = float(np.median([rows[0].level - other.level for rows in found.values() for other in rows[1:]]))
    print(f"| patch | attack, ms: {names} (real) | fall, dB/s: {names} (real) |", end="")
    print(f" centroid, Hz, at once, then, late: {' | '.join(names.split(', '))} | level, dB | off |")
    print("|---|---|---|---|" + "---|" * len(soundfonts) + "---|---|")
    for name, rows in found.items():
        case = {**CASES, **DRUMS}[name]
        louder = [rows[0].level - other.level - usual for other in rows[1:]]
        print(
            f"| {name} | {', '.join(f'{row.rise:.0f}' for row in rows)} {told(name, 'attack', case)} | "
            f"{', '.join(f'{row.slope:.0f}' for row in rows)} {told(name, 'fall', case)} | "
            f"{' | '.join(' '.join(f'{hz:.0f}' for hz in row.colours) for row in rows)} | "
            f"{', '.join(f'{db:+.0f}' for db in louder)} | {', '.join(off(case, rows, louder)) or '–'} |"
        )


def off(case: Case, rows: Sequence[Heard], louder: Sequence[float]) -> list[str]:
    """What of a patch, the first of the rows, is further from the real instrument than samples are."""
    words = []
    for what, values, real, ratio, slack in (
        ("attack", [row.rise for row in rows], case.attack, True, 0.25),
        ("fall", [row.slope for row in rows], case.fall, False, 2.0),
    ):
        near, *far = (outside(value, real, ratio) for value in values)
        if near > FACTOR * max(min(far), slack):
            words.append(what)
    mine, *others = (row.colours[1] for row in rows)
    if case.attack and not min(others) / 1.25 <= mine <= max(others) * 1.25:
        words.append("colour")
    if min(louder) > LOUD or max(louder) < -LOUD:
        words.append("level")
    return words


def told(name: str, what: str, case: Case) -> str:
    """A range in words, after ``~`` when it is an estimate."""
    real = case.attack if what == "attack" else case.fall
    return f"({'' if (name, what) in SOURCES else '~'}{real[0]:g} to {real[1]:g})" if real else ""
