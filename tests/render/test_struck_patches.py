"""What basses, guitars and keyboards owe the mix: clean edges, true pitch, colour that follows the player."""

from __future__ import annotations

import numpy as np
import pytest

from scorekit.render import dsp
from scorekit.render.patches.bank import partials, ring
from scorekit.render.patches.base import Patch, Samples, Take
from scorekit.render.patches.basses import BASSES
from scorekit.render.patches.guitars import GUITARS, SLOW, amplified
from scorekit.render.patches.keyboards import KEYBOARDS
from scorekit.score import MANNERS

PATCHES = (*BASSES, *GUITARS, *KEYBOARDS)
REGISTER = {"bass": (28, 36, 45), "guitar": (40, 55, 74), "keys": (36, 60, 84)}
STRUNG = tuple(patch for patch in PATCHES if patch.family in ("bass", "guitar") and not patch.sustains)


def body(patch: Patch, pitch: int, force: float = 0.6, manner: str = "", turn: int = 0, **params: float) -> Samples:
    values = {row.name: params.get(row.name, row.default) for row in patch.params}
    return patch.body(Take(pitch, force, turn, 1.5, manner, tuple(values.items())))


def mono(x: Samples) -> Samples:
    return x if x.ndim == 1 else x.mean(axis=0)


def spectrum(x: Samples, size: int = 32_768) -> np.ndarray:
    head = mono(x)[:size]
    return np.abs(np.fft.rfft(head * np.hanning(head.size), size))


def centroid(x: Samples) -> float:
    """Centre of the amplitude spectrum of the first 0.7 s, Hz."""
    bins = spectrum(x)
    return float((bins * np.arange(bins.size)).sum() / bins.sum() * dsp.RATE / 32_768)


def cents(x: Samples, pitch: int, harmonics: int = 4) -> float:
    """How far the first harmonics lie from where they belong, weighted by their strength."""
    bins = spectrum(mono(x)[1_500:67_000], 1 << 19)
    away = np.linspace(-40.0, 40.0, 801)
    found, weight = [], []
    for k in range(1, harmonics + 1):
        at = k * dsp.hertz(pitch) * 2.0 ** (away / 1200.0)
        line = np.interp(at * (2 * bins.size - 2) / dsp.RATE, range(bins.size), bins)
        found.append(away[line.argmax()])
        weight.append(line.max())
    return float(np.average(found, weights=weight))


def level(x: Samples) -> float:
    return float(20.0 * np.log10(np.sqrt(np.mean(x.astype(np.float64) ** 2)) + 1e-12))


def dc(x: Samples) -> float:
    """Mean under a bell, so that a half-finished wave does not count."""
    bell = np.hanning(x.shape[-1])
    return float(np.abs((mono(x) * bell).sum() / bell.sum()))


def heard(x: Samples) -> np.ndarray:
    """Octave levels from 50 Hz in dB of attack, note, tail and sides; nothing counts below -50 dB."""
    wide = np.broadcast_to(x, (2, x.shape[-1]))
    sides = wide[0] - wide[1]
    rows = []
    for part in (wide[0, :700], wide[0, 4_000:7_000], wide[0, :32_768], wide[0, 32_768:64_000], sides[:32_768]):
        bins = np.abs(np.fft.rfft(part * np.hanning(2 * part.size)[part.size :], 32_768)) ** 2
        rows.append([bins[edge : 2 * edge].sum() / part.size for edge in 37 * 2 ** np.arange(8)])
    power = np.array(rows)
    return np.asarray(10.0 * np.log10(np.maximum(power, power.max() * 1e-5) / power.max()))


EACH = [pytest.param(patch, pitch, id=f"{patch.name}-{pitch}") for patch in PATCHES for pitch in REGISTER[patch.family]]


@pytest.mark.parametrize(("patch", "pitch"), EACH)
def test_clean_edges(patch: Patch, pitch: int) -> None:
    """A body is float32, finite, of sane level, free of DC, and starts and ends without a click."""
    for force in (0.2, 1.0):
        x = body(patch, pitch, force)
        assert x.dtype == np.float32
        assert np.isfinite(x).all()
        assert 0.3 < np.abs(x).max() < 1.3
        assert dc(x) < 1e-3
        assert np.abs(x[..., 0]).max() < 0.01
        assert np.abs(x[..., -16:]).max() < 0.002


@pytest.mark.parametrize("manner", MANNERS)
@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.name)
def test_every_manner_sounds(patch: Patch, manner: str) -> None:
    """Every manner of the score gives a sound with clean edges, known to the patch or not."""
    x = body(patch, REGISTER[patch.family][1], 0.8, manner)
    assert np.isfinite(x).all()
    assert level(x[..., :4_000]) > -40.0
    assert np.abs(x).max() < 1.3
    assert dc(x) < 3e-3
    assert np.abs(x[..., 0]).max() < 0.01
    assert np.abs(x[..., -16:]).max() < 0.002


@pytest.mark.parametrize(("patch", "pitch"), EACH)
def test_in_tune(patch: Patch, pitch: int) -> None:
    """A plain note is within 3 cents of its pitch. Stiff strings and bars have only their first partial there."""
    assert abs(cents(body(patch, pitch), pitch, 1 if patch.family == "keys" else 4)) < 3.0


@pytest.mark.parametrize(("patch", "pitch"), EACH)
def test_harder_is_brighter(patch: Patch, pitch: int) -> None:
    """Force moves the centre of the spectrum up, step by step."""
    soft, middle, hard = (centroid(body(patch, pitch, force)) for force in (0.2, 0.6, 1.0))
    assert soft < middle < hard
    assert hard > 1.03 * soft


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.name)
def test_parameters_are_heard(patch: Patch) -> None:
    """Each parameter, turned from end to end, moves some octave by 2 dB somewhere in the note or between the sides."""
    pitch = REGISTER[patch.family][1]
    for row in patch.params:
        if row.name == "vibrato":  # in time, not in level: see below
            continue
        low, high = (heard(body(patch, pitch, 0.7, **{row.name: end})) for end in (row.low, row.high))
        assert np.abs(low - high).max() > 2.0, row.name


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.name)
def test_same_take_same_bytes_other_round_other_sound(patch: Patch) -> None:
    """Bodies depend on their take alone, and a second round is not the first."""
    pitch = REGISTER[patch.family][1]
    first, again, second = (body(patch, pitch, turn=turn) for turn in (0, 0, 1))
    assert first.tobytes() == again.tobytes()
    assert level(first - second) > -70.0


@pytest.mark.parametrize("patch", STRUNG, ids=lambda patch: patch.name)
def test_hands_on_strings(patch: Patch) -> None:
    """A palm-muted note dies sooner than an open one, a dead one at once and without pitch, a slide starts below."""
    pitch = REGISTER[patch.family][1]
    fall = {
        manner: level(x[8_000:12_000]) - level(x[:4_000])
        for manner in ("", "mute", "dead")
        for x in [mono(body(patch, pitch, 0.8, manner))]
    }
    assert fall["dead"] < fall["mute"] - 6.0 < fall[""] - 9.0
    slide = mono(body(patch, pitch, 0.8, "slide"))
    plain = mono(body(patch, pitch, 0.8))
    assert level(slide[:3_000] - plain[:3_000]) > level(plain[:3_000]) - 6.0
    assert abs(cents(slide[6_000:], pitch)) < 3.0


@pytest.mark.parametrize("patch", GUITARS[2:], ids=lambda patch: patch.name)
def test_vibrato(patch: Patch) -> None:
    """Vibrato spreads a held note to both sides of its pitch, 5.3 Hz apart."""
    ratios = []
    for depth in (0.0, 1.0):
        bins = spectrum(body(patch, 64, 0.7, vibrato=depth)[40_000:], 1 << 17)
        at = dsp.hertz(64) / dsp.RATE * (1 << 17)
        side = 5.3 / dsp.RATE * (1 << 17)
        ratios.append(
            bins[round(at + side) - 2 : round(at + side) + 3].max() / bins[round(at) - 6 : round(at) + 7].max()
        )
    assert ratios[1] > 2.0 * ratios[0]


def test_the_amplifier_does_not_alias() -> None:
    """A driven sine has its harmonics and nothing else: whatever folds stays 80 dB below."""
    n = 65_536
    hard = ((110.0, 36.0, 4), (330.0, 36.0, 4), (660.0, 36.0, 6), (1320.0, 36.0, 6), (110.0, 24.0, 3))
    rows = (*hard, (110.0, 3.0, 1), (1320.0, 1.0, 1), (110.0, 8.0, 2), (330.0, 8.0, 2))
    for hz, push, factor in rows:
        f = round(hz * n / dsp.RATE) * dsp.RATE / n
        sine = ring(partials(SLOW * f, 1.0, 1e6), 2 * n // SLOW)
        bins = np.abs(np.fft.rfft(amplified(sine, push, 0.25, "closed", factor)[-n - 99 : -99] * np.blackman(n)))
        at = np.arange(bins.size) * dsp.RATE / n
        other = np.abs(at / f - np.rint(at / f)) * f > 4.0
        assert 20.0 * np.log10(bins[other].max() / bins.max()) < -80.0


def test_the_bank_is_a_sum_of_decaying_sines() -> None:
    """The blocked bank equals the formula, to 90 dB."""
    hertz, loud, t60, phase = [82.4, 1234.5, 9_876.5], [1.0, 0.5, 0.1], [4.0, 1.0, 0.3], [0.0, 0.3, 0.1]
    n = np.arange(40_000)[:, None] / dsp.RATE
    wanted = (np.array(loud) * np.exp(-6.907755 * n / t60) * np.sin(2 * np.pi * (n * hertz + phase))).sum(axis=1)
    assert np.abs(ring(partials(hertz, loud, t60, phase), 40_000) - wanted).max() < 1e-4
