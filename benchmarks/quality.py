"""How good the sound is, in numbers: every patch at its corners, and the mix of every shipped song.

    python benchmarks/quality.py [--patches] [--songs] [--quick]

Patches. ``pitch``: greatest distance in cents from the pitch asked for, over the octaves a player uses (the strongest
line near the fundamental or an octave of it; noise and vibrato off where the patch lets them). ``between``: energy that
belongs to no harmonic, against the whole, in dB, in a steady stretch of the note (only patches that hold one). Breath,
drift and several players count as well, so it bounds aliasing from above and says nothing where those are.
``start``, ``end``: the step from silence and to it, against the peak. ``dc``: mean against the peak, at the shortest
note too. A patch with NaN or silence says so.

Songs. LUFS, true peak, loudness range, crest, what is lost in mono, side signal under 120 Hz, tilt of the spectrum.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from scorekit import files, pipeline
from scorekit.render import dsp, loudness
from scorekit.render.dsp import RATE, Samples
from scorekit.render.mix import mixed
from scorekit.render.patches import PATCHES
from scorekit.render.patches.base import Patch, Take
from scorekit.render.voices import Bodies
from scorekit.shelf import Shelf
from scorekit.workshop import Workshop

RANGES = {
    "bass": (28, 55), "guitar": (40, 84), "keys": (36, 96), "strings": (40, 90), "brass": (46, 84), "lead": (48, 96),
    "pads": (40, 84),
}  # fmt: skip
STILL = {"noise": 0.0, "vibrato": 0.0, "tremolo": 0.0, "detune": 0.0, "width": 0.0, "rotor": 0.0}
BANDS = (31.5, 63.0, 125.0, 250.0, 500.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0, 16_000.0)


# -- patches ---------------------------------------------------------------------------------------------------------


def take(patch: Patch, pitch: int, force: float, seconds: float, still: bool) -> Take:
    """A take of a patch, as it is or with all that moves turned off."""
    rows = [(p.name, max(STILL[p.name], p.low) if still and p.name in STILL else p.default) for p in patch.params]
    return Take(pitch, force, 0, seconds, "", tuple(rows))


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


def between(x: Samples, pitch: int) -> float:
    """Energy of a steady stretch away from the harmonics, in dB of the whole."""
    n = 1 << 15
    x = x[RATE // 2 : RATE // 2 + n]
    if x.size < n:
        return -200.0
    turn = 2.0 * np.pi * np.arange(n) / n
    window = 0.35875 - 0.48829 * np.cos(turn) + 0.14128 * np.cos(2 * turn) - 0.01168 * np.cos(3 * turn)
    power = np.square(np.abs(np.fft.rfft(x * window)))
    f0 = dsp.hertz(pitch) / RATE * n
    place = np.arange(power.size)
    near = np.abs(place - np.maximum(np.rint(place / (0.5 * f0)), 1.0) * 0.5 * f0)  # halves: suboctaves belong
    away = near > np.maximum(6.0, place * 0.004)
    return 10.0 * float(np.log10(power[away].sum() / power.sum() + 1e-20))


def looked_at(patch: Patch, quick: bool) -> str:
    """One row of the table of patches."""
    off, alias, start, end, dc = 0.0, -200.0, 0.0, 0.0, 0.0
    wrong: set[str] = set()
    for pitch in pitches(patch, quick):
        for force in (0.25, 0.9):
            for seconds in (0.1, 2.0) if patch.sustains else (4.0,):
                x = np.atleast_2d(patch.body(take(patch, pitch, force, seconds, False)))
                top = float(np.abs(x).max())
                if not np.isfinite(x).all():
                    wrong.add(f"NaN at {pitch}")
                elif top < 1e-3:
                    wrong.add(f"silence at {pitch}")
                else:
                    start = max(start, float(np.abs(x[:, 0]).max() / top))
                    end = max(end, float(np.abs(x[:, -1]).max() / top))
                    dc = max(dc, float(np.abs(x.mean(axis=1)).max() / top))
        if not patch.oneshot:
            still = np.atleast_2d(patch.body(take(patch, pitch, 0.7, 3.0, True)))[0]
            off = max(off, abs(cents(still[RATE // 20 :], pitch)))
            alias = max(alias, between(still, pitch)) if patch.sustains else alias
    words = "; ".join(sorted(wrong)) or "none"
    tuned = "–" if patch.oneshot else f"{off:.1f}"
    return (
        f"| {patch.name} | {tuned} | {f'{alias:.0f}' if alias > -200 else '–'} | {decibels(start)} | {decibels(end)} "
        f"| {decibels(dc)} | {words} |"
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
    desk = mixed(pipeline.perform(pipeline.compose(plan)), PATCHES, Bodies(keeper=Shelf()), Workshop())
    x = desk.samples(0, desk.n)
    mono, rms = x.mean(axis=0), np.sqrt(np.square(x, dtype=np.float64).mean())
    size = 1 << 15
    frames = [slice(at, at + size) for at in range(0, desk.n - size, size)]
    window = np.hanning(size)
    middle = sum(np.square(np.abs(np.fft.rfft(mono[one] * window))) for one in frames)
    side = sum(np.square(np.abs(np.fft.rfft((x[0, one] - x[1, one]) * 0.5 * window))) for one in frames)
    hz = dsp.bins(size)
    low = hz < 120.0
    bands = [10 * np.log10(middle[(hz >= f / 2**0.5) & (hz < f * 2**0.5)].sum()) for f in BANDS]
    level = max(bands)
    lost = np.square(x, dtype=np.float64).mean() / max(np.square(mono, dtype=np.float64).mean(), 1e-20)
    stereo = 10 * np.log10(lost)
    crest = 20 * np.log10(np.abs(x).max() / rms)
    lows = 10 * np.log10(side[low].sum() / middle[low].sum())
    octaves = " ".join(f"{band - level:.0f}" for band in bands)
    return (
        f"| {path.stem} | {loudness.integrated(x):.1f} | {loudness.true_peak(x):.2f} | {loudness.range_lu(x):.1f} "
        f"| {crest:.1f} | {stereo:.1f} | {lows:.0f} | {octaves} |"
    )


def main() -> None:
    """Prints the tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("patches", "songs", "quick"):
        options.add_argument(f"--{name}", action="store_true")
    chosen = options.parse_args()
    if chosen.patches or not chosen.songs:
        print("| patch | pitch, cents | between, dB | start, dB | end, dB | dc, dB | wrong |")
        print("|---|---|---|---|---|---|---|")
        for patch in PATCHES.values():
            if patch.family != "click":
                print(looked_at(patch, chosen.quick), flush=True)
    if chosen.songs or not chosen.patches:
        print("\n| song | LUFS | dBTP | range, LU | crest, dB | lost in mono, dB | side < 120 Hz, dB |", end="")
        print(" octaves 31 Hz to 16 kHz, dB |")
        print("|---|---|---|---|---|---|---|---|")
        for path in songs():
            print(measured(path), flush=True)


if __name__ == "__main__":
    main()
