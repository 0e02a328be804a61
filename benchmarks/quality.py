"""How good the sound is, in numbers: every patch at its corners, and the mix of every shipped song.

    python benchmarks/quality.py [--patches] [--songs] [--quick] [--only NAME]
    python benchmarks/quality.py --soundfont FILE.sf2 [--soundfont FILE.sf2] [--only NAME]

Patches. Of the tonal core, which every pitched patch plays when its manner is ``STILL`` (parameters of movement and noise
at their least): ``pitch``, greatest distance in cents from the pitch
asked for, over the octaves a player uses (the strongest line near the fundamental or an octave of it); ``alias``, energy
that belongs to no partial, against the whole, in dB. Where partials are harmonic that is the middle half between each
and the next (every half of the fundamental counts); where they are not (bars, tines, bells), what lies below the lowest,
since whatever folds lands there too.
As it is played, at the corners of pitch, velocity and length, cut from its body as a song cuts it: ``start``, ``end``:
the step from silence and to it, against the peak; ``step``: the greatest step from sample to sample after note-off,
against the greatest while the key is down; ``dc``: mean against the peak. A patch with NaN, silence, or sound after
its tail says so.

Songs. LUFS, true peak, loudness range, crest, what is lost in mono, side signal under 120 Hz, and how far the third
octaves are from the curve of the genre (``curves.toml``, from real records): the median, and where it is more than 6 dB.
``highs``: what is left from 5 to 10 kHz between strokes, as the mean of decibels, above (+) or under records of the genre.
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import beside
import curves
import numpy as np

from scorekit import files, pipeline
from scorekit.render import dsp, loudness
from scorekit.render.dsp import RATE, Samples
from scorekit.render.mix import desked, ready
from scorekit.render.patches import PATCHES
from scorekit.render.patches.base import STILL, Patch, Take
from scorekit.render.voices import Bodies, Stroke, clip
from scorekit.shelf import Shelf
from scorekit.stage import Sound
from scorekit.workshop import Workshop

RANGES = {
    "bass": (28, 55), "guitar": (40, 84), "keys": (36, 96), "strings": (40, 90), "brass": (46, 84), "lead": (48, 96),
    "pads": (40, 84),
}  # fmt: skip
STILLED = {"noise": 0.0, "vibrato": 0.0, "tremolo": 0.0, "detune": 0.0, "width": 0.0, "rotor": 0.0}
UNPITCHED = {"noise_riser"}
INHARMONIC = {"epiano", "vibes", "marimba", "bells", "glass"}
"""Patches of bars and tines, whose partials are not harmonic."""
SHORT = RATE // 20
"""Samples of the shortest note that must be heard; one of a single sample must do no harm."""
FAR = 6.0
"""dB from the curve that are worth a word."""
HIGHS = (curves.CENTRES > 4_500.0) & (curves.CENTRES < 11_000.0)


# -- patches ---------------------------------------------------------------------------------------------------------


def take(patch: Patch, pitch: int, force: float, seconds: float, manner: str = "") -> Take:
    """A take of a patch, as it is or (``STILL``) with all that moves turned off."""
    quiet = manner == STILL
    rows = [(p.name, max(STILLED[p.name], p.low) if quiet and p.name in STILLED else p.default) for p in patch.params]
    return Take(pitch, force, 0, seconds, manner, tuple(rows))


def pitches(patch: Patch, quick: bool) -> list[int]:
    """The keys that are looked at."""
    if patch.oneshot:
        return [36, 38, 42, 46, 49, 51, 45, 56] if quick else list(range(27, 88))
    low, high = RANGES.get(patch.family, (40, 84))
    return list(range(low, high + 1, 12 if quick else 4))


def cents(x: Samples, pitch: int) -> float:
    """Cents from the pitch to the strongest line of x near one of its first four harmonics."""
    n = 1 << 18
    x = x[: 1 << 16]
    spectrum = np.abs(np.fft.rfft(x * np.hanning(x.size), n))
    best = (0.0, 0.0)
    for harmonic in (1, 2, 4):
        place = dsp.hertz(pitch) * harmonic / RATE * n
        a, b = int(place * 0.97), int(place * 1.03) + 2
        if b < spectrum.size - 1:
            top = a + int(spectrum[a:b].argmax())
            left, middle, right = np.log(spectrum[top - 1 : top + 2] + 1e-12)
            peak = top + 0.5 * (left - right) / (left - 2 * middle + right)
            best = max(best, (float(spectrum[top]), 1_200.0 * float(np.log2(peak / place))))
    return best[1]


def alias(x: Samples, pitch: int, harmonic: bool, start: int) -> float:
    """Energy away from the partials from sample ``start`` on, in dB of the whole; -200 where it no longer sounds."""
    n = 1 << 15 if x.size >= start + (1 << 15) else 1 << 13
    x = x[start : start + n]
    if x.size < n or np.abs(x).max() < 1e-4:
        return -200.0
    power = np.square(np.abs(np.fft.rfft(x * np.hanning(n) ** 4)))  # smooth at its ends: what dies away has no skirts
    f0 = dsp.hertz(pitch) / RATE * n
    place = np.arange(power.size)
    if harmonic:
        near = np.abs(place - np.maximum(np.rint(place / (0.5 * f0)), 1.0) * 0.5 * f0)
        away = near > max(8.0, 0.125 * f0)
    else:
        away = (place < 0.9 * f0 - 12.0) & (np.abs(place - 0.5 * f0) > 12.0)
    away &= place > 20.0 * n / RATE
    return 10.0 * float(np.log10(power[away].sum() / power.sum() + 1e-20))


@dataclass
class Corners:
    """The worst that was found of a patch."""

    start: float = 0.0
    end: float = 0.0
    step: float = 0.0
    dc: float = 0.0
    wrong: set[str] = field(default_factory=set)

    def hear(self, patch: Patch, pitch: int, velocity: int, length: int) -> None:
        """One note as a song has it."""
        sound = Sound(patch.name, tuple((param.name, param.default) for param in patch.params))
        x = clip(patch, sound, [Stroke(0, length, pitch, velocity)], Bodies()).samples
        top = float(np.abs(x).max(initial=0.0))
        where = f"at {pitch}, velocity {velocity}, {length} samples"
        if not np.isfinite(x).all():
            self.wrong.add(f"NaN {where}")
        elif top < 1e-5 * velocity and length >= SHORT:
            self.wrong.add(f"silence {where}")
        elif top > 0.0:
            self.start = max(self.start, float(np.abs(x[:, 0]).max() / top))
            self.end = max(self.end, float(np.abs(x[:, -1]).max() / top))
            self.dc = max(self.dc, float(np.abs(x.mean(axis=1)).max() / top) * (length > SHORT))
            steps = np.abs(np.diff(x, axis=1)).max(axis=0)
            if not patch.oneshot and SHORT < length < steps.size:
                self.step = max(self.step, float(steps[length:].max() / steps[:length].max()))
            if not patch.oneshot and x.shape[1] > length + dsp.samples(patch.release) + 1:
                self.wrong.add(f"sounds on {where}")


def looked_at(patch: Patch, quick: bool) -> str:
    """One row of the table of patches."""
    off, folded, corners = 0.0, -200.0, Corners()
    for pitch in pitches(patch, quick):
        for velocity in (1, 64, 127):
            for length in (1, SHORT, 2 * RATE):
                corners.hear(patch, pitch, velocity, length)
        if not patch.oneshot and patch.name not in UNPITCHED:
            still = np.atleast_2d(patch.body(take(patch, pitch, 0.7, 3.0, STILL)))[0]
            off = max(off, abs(cents(still[RATE // 20 :], pitch)))
            folded = max(
                folded, alias(still, pitch, patch.name not in INHARMONIC, RATE // (2 if patch.sustains else 10))
            )
    tuned = "–" if patch.oneshot or patch.name in UNPITCHED else f"{off:.1f}"
    return (
        f"| {patch.name} | {tuned} | {f'{folded:.0f}' if folded > -200 else '–'} | {decibels(corners.start)} "
        f"| {decibels(corners.end)} | {decibels(corners.step)} | {decibels(corners.dc)} "
        f"| {'; '.join(sorted(corners.wrong)) or 'none'} |"
    )


def decibels(ratio: float) -> str:
    """A ratio in whole dB."""
    return f"{20 * np.log10(ratio):.0f}" if ratio > 1e-6 else "< -120"


# -- songs -----------------------------------------------------------------------------------------------------------


def songs() -> Iterator[Path]:
    """The songs that come with scorekit."""
    folder = files.shipped("specs")
    assert folder is not None
    yield from sorted(folder.glob("*.toml"))


def measured(path: Path) -> str:
    """One row of the table of songs."""
    text = files.read_text(path)
    assert isinstance(text, str)
    plan = pipeline.compile_song(text, str(path), find=files.load).plan
    assert plan is not None
    performance, hands = pipeline.perform(pipeline.compose(plan)), Workshop()
    desk = desked(ready(performance, PATCHES, Bodies(keeper=Shelf()), hands), performance.plan.master, hands)
    x = desk.samples(0, desk.n)
    mono, rms = x.mean(axis=0), np.sqrt(np.square(x, dtype=np.float64).mean())
    size = 1 << 15
    frames = [slice(at, at + size) for at in range(0, desk.n - size, size)]
    window = np.hanning(size)
    middle = sum(np.square(np.abs(np.fft.rfft(mono[one] * window))) for one in frames)
    side = sum(np.square(np.abs(np.fft.rfft((x[0, one] - x[1, one]) * 0.5 * window))) for one in frames)
    hz = dsp.bins(size)
    low = hz < 120.0
    lost = np.square(x, dtype=np.float64).mean() / max(np.square(mono, dtype=np.float64).mean(), 1e-20)
    stereo = 10 * np.log10(lost)
    crest = 20 * np.log10(np.abs(x).max() / rms)
    lows = 10 * np.log10(side[low].sum() / middle[low].sum())
    heard = mono.astype(np.float64)
    off = curves.thirds(heard) - curve(plan.genre)
    off -= np.median(off)
    left = curves.from_mfcc(list(curves.to_mfcc(heard))) - curve(plan.genre, "mean")
    return (
        f"| {path.stem} | {loudness.integrated(x):.1f} | {loudness.true_peak(x):.2f} | {loudness.range_lu(x):.1f} "
        f"| {crest:.1f} | {stereo:.1f} | {lows:.0f} | {np.median(np.abs(off)):.1f} | {left[HIGHS].mean():+.0f} | {far(off)} |"
    )


def curve(genre: str, name: str = "db") -> curves.Reals:
    """Third octaves of a genre's records in dB, or their ``mean``; those of pop for one that has none."""
    table = tomllib.loads((Path(__file__).parent / "curves.toml").read_text())
    return np.array(table.get(genre, table["pop"])[name])


def far(off: curves.Reals) -> str:
    """Stretches more than FAR dB off, each with its greatest distance: ``62-79 Hz +8``."""
    words, n = [], len(off)
    beyond = [int(np.sign(db)) if abs(db) > FAR else 0 for db in off]
    for a in range(n):
        if beyond[a] and (a == 0 or beyond[a - 1] != beyond[a]):
            b = next((b for b in range(a, n) if beyond[b] != beyond[a]), n)
            ends = {f"{curves.CENTRES[a]:.0f}": 0, f"{curves.CENTRES[b - 1]:.0f}": 0}
            words.append(f"{'–'.join(ends)} Hz {max(off[a:b], key=abs):+.0f}")
    return ", ".join(words) or "–"


def main() -> None:
    """Prints the tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("patches", "songs", "quick"):
        options.add_argument(f"--{name}", action="store_true")
    options.add_argument("--soundfont", type=Path, action="append", help="print the patches beside it instead")
    options.add_argument("--only", default="", help="names that contain this")
    chosen = options.parse_args()
    if chosen.soundfont:
        beside.table(chosen.soundfont, chosen.only)
        return
    if chosen.patches or not chosen.songs:
        print("| patch | pitch, cents | alias, dB | start, dB | end, dB | step, dB | dc, dB | wrong |")
        print("|---|---|---|---|---|---|---|---|")
        for patch in PATCHES.values():
            if patch.family != "click" and chosen.only in patch.name:
                print(looked_at(patch, chosen.quick), flush=True)
    if chosen.songs or not chosen.patches:
        print("\n| song | LUFS | dBTP | range, LU | crest, dB | lost in mono, dB | side < 120 Hz, dB |", end="")
        print(" off the curve, dB | highs, dB | where more than 6 |")
        print("|---|---|---|---|---|---|---|---|---|---|")
        for path in songs():
            if chosen.only in path.stem:
                print(measured(path), flush=True)


if __name__ == "__main__":
    main()
