"""Every patch at the corners of what a song may ask of it, and the tonal core under its movement."""

from __future__ import annotations

import numpy as np
import pytest

from scorekit.render import dsp
from scorekit.render.dsp import RATE, Samples
from scorekit.render.patches import PATCHES
from scorekit.render.patches.base import STILL, Patch, Take
from scorekit.render.voices import Bodies, Stroke, clip
from scorekit.stage import Sound

RANGES = {
    "bass": (28, 55), "guitar": (40, 84), "keys": (36, 96), "strings": (40, 90), "brass": (46, 84), "lead": (48, 96),
    "pads": (40, 84), "drums": (36, 51),
}  # fmt: skip
EACH = [patch for patch in PATCHES.values() if patch.family != "click"]
PITCHED = [patch for patch in EACH if not patch.oneshot and patch.name != "noise_riser"]
BARS = {"epiano", "vibes", "marimba", "bells", "glass"}
"""Partials that are not harmonic even in a perfect instrument."""
QUIETED = {"noise": 0.0, "vibrato": 0.0, "tremolo": 0.0, "detune": 0.0, "width": 0.0}


def named(patch: Patch) -> str:
    return patch.name


def core(patch: Patch, pitch: int) -> Samples:
    """A still note of three seconds, one channel."""
    rows = tuple((p.name, max(QUIETED.get(p.name, p.default), p.low)) for p in patch.params)
    return np.atleast_2d(patch.body(Take(pitch, 0.7, 0, 3.0, STILL, rows)))[0]


def power(x: Samples) -> tuple[Samples, int]:
    """Power spectrum of x from a tenth of a second on, eight times finer than its n samples allow, and n. The window is
    smooth enough for what dies away."""
    x = x[RATE // 10 :]
    n = next(n for n in (1 << 15, 1 << 13, 1 << 11) if n <= x.size)
    return np.square(np.abs(np.fft.rfft(x[:n] * np.hanning(n) ** 4, 8 * n))), n


@pytest.mark.parametrize("patch", PITCHED, ids=named)
def test_the_core_is_in_tune(patch: Patch) -> None:
    """Without its movement every pitched patch is within 3 cents of the key, from the bottom of its range to the top."""
    for pitch in (*RANGES[patch.family], sum(RANGES[patch.family]) // 2):
        (spectrum, n), best = power(core(patch, pitch)), (0.0, 1e9)
        for harmonic in (1, 2, 4):
            place = dsp.hertz(pitch) * harmonic / RATE * 8 * n
            a, b = int(place * 0.97), int(place * 1.03) + 2
            if b < spectrum.size - 1:
                top = a + int(spectrum[a:b].argmax())
                left, middle, right = np.log(spectrum[top - 1 : top + 2] + 1e-20)
                peak = top + 0.5 * (left - right) / (left - 2.0 * middle + right)
                best = max(best, (float(spectrum[top]), 1_200.0 * float(np.log2(peak / place))))
        assert abs(best[1]) < 3.0, pitch


@pytest.mark.parametrize("patch", [p for p in PITCHED if p.name not in BARS], ids=named)
def test_nothing_lies_between_the_harmonics(patch: Patch) -> None:
    """At the top of the range, where folding would show, the middle of every gap is empty: -80 dB, -60 driven."""
    pitch = RANGES[patch.family][1]
    spectrum, n = power(core(patch, pitch))
    place = np.arange(spectrum.size) / 8.0
    f0 = dsp.hertz(pitch) / RATE * n
    gap = np.abs(place - np.rint(place / (0.5 * f0)) * 0.5 * f0)
    away = gap > max(8.0, 0.125 * f0)
    least = -60.0 if patch.name in ("crunch", "distorted") else -80.0
    assert 10.0 * np.log10(spectrum[away].sum() / spectrum.sum()) < least


@pytest.mark.parametrize("patch", EACH, ids=named)
def test_corners(patch: Patch) -> None:
    """Lowest and highest key, softest and hardest, a sixtieth of a second and a second: whole, audible, without click
    or DC, and silent once the release is over."""
    sound = Sound(patch.name, tuple((param.name, param.default) for param in patch.params))
    for pitch in RANGES[patch.family]:
        for velocity in (1, 127):
            for length in (RATE // 60, RATE):
                x = clip(patch, sound, [Stroke(0, length, pitch, velocity)], Bodies()).samples
                top = float(np.abs(x).max(initial=0.0))
                assert np.isfinite(x).all()
                assert top > 1e-6 * velocity
                assert np.abs(x[:, 0]).max() < 0.01 * top
                assert np.abs(x[:, -1]).max() < 1e-3 * top
                assert patch.oneshot or x.shape[1] <= length + dsp.samples(patch.release) + 1
                if length == RATE:
                    assert np.abs(x.mean(axis=1)).max() < 0.01 * top
                    steps = np.abs(np.diff(x, axis=1)).max(axis=0)
                    assert patch.oneshot or steps[length:].max(initial=0.0) < 1.5 * steps[:length].max()


def test_a_riser_reaches_its_top_with_its_note() -> None:
    """However long the note, noise_riser is loudest in its last tenth, and fullest of highs there."""
    patch = PATCHES["noise_riser"]
    sound = Sound(patch.name, tuple((param.name, param.default) for param in patch.params))
    for length in (33_000, 101_000, 150_000):
        x = clip(patch, sound, [Stroke(0, length, 61, 100)], Bodies()).samples[:, :length]
        tenths = x[:, : length // 10 * 10].reshape(2, 10, -1)
        level = np.square(tenths).mean(axis=(0, 2))
        high = np.square(np.diff(tenths, axis=2)).mean(axis=(0, 2))
        assert level.argmax() == high.argmax() == 9
