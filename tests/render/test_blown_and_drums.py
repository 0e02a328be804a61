"""Drum kits, winds, bowed strings and synthesizers: what every body promises."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from msgspec.structs import replace

from scorekit.render.effects import Tone, voiced
from scorekit.render.patches.base import Param, Patch, Samples, Take
from scorekit.render.patches.bowed import BOWED
from scorekit.render.patches.drumkit import KITS
from scorekit.render.patches.synths import SYNTHS
from scorekit.render.patches.winds import WINDS

RATE = 44_100
TUNED = (*WINDS, *BOWED, *SYNTHS)
HELD = tuple(patch for patch in TUNED if patch.sustains and patch.name != "noise_riser")
DRUMS = (36, 38, 37, 39, 42, 44, 46, 41, 45, 50, 49, 51, 53, 54, 56, 60, 63, 65, 67, 69, 70, 73, 75, 76, 81)
PITCHES = {"flute": 76, "trumpet": 67, "clarinet": 67}


def named(patch: Patch) -> str:
    return patch.name


def play(
    patch: Patch, pitch: int, force: float = 0.8, turn: int = 0, seconds: float = 1.2, manner: str = "", **values: float
) -> Samples:
    params = tuple((param.name, values.get(param.name, param.default)) for param in patch.params)
    return patch.body(Take(pitch, force, turn, seconds, manner, params))


def pitch_of(patch: Patch) -> int:
    return PITCHES.get(patch.name, 60)


def centroid(x: Samples, power: float = 1.0) -> float:
    """Mean frequency of the spectrum (2: of power, where steady noise counts little), Hz."""
    size = np.abs(np.fft.rfft(x.mean(axis=0))) ** power
    return float((size * np.fft.rfftfreq(x.shape[1], 1 / RATE)).sum() / size.sum())


def deviation(x: Samples, hz: float) -> float:
    """Cents between the sound's mean pitch and ``hz``, from the centres of gravity of its first six harmonics."""
    mid = x[:, int(0.3 * RATE) :].astype(np.float64)
    size = 1 << 19
    power = (np.abs(np.fft.rfft(mid * np.hanning(mid.shape[1]), size)) ** 2).sum(axis=0)
    freq = np.fft.rfftfreq(size, 1 / RATE)
    found = []
    for k in range(1, 7):
        near = np.abs(freq / (k * hz) - 1.0) < 0.03
        weight = power[near].sum()
        found.append((weight, 1200 * np.log2((power[near] * freq[near]).sum() / weight / (k * hz))))
    return float(np.average([cents for _, cents in found], weights=[weight for weight, _ in found]))


@pytest.mark.parametrize("note", range(27, 88))
@pytest.mark.parametrize("kit", KITS, ids=named)
def test_kits_answer_every_note(kit: Patch, note: int) -> None:
    """Every General MIDI drum note sounds: finite, stereo, no DC, no click at either end."""
    x = play(kit, note)
    assert x.dtype == np.float32
    assert x.shape[0] == 2
    assert np.isfinite(x).all()
    top = np.abs(x).max()
    assert 0.1 < top < 1.2
    assert abs(x.mean()) < 0.004 * top
    assert np.abs(x[:, :2]).max() < 0.1 * top
    assert np.abs(x[:, -8:]).max() < 1e-3 * top


@pytest.mark.parametrize("note", DRUMS)
@pytest.mark.parametrize("kit", KITS, ids=named)
def test_harder_strokes_are_brighter(kit: Patch, note: int) -> None:
    """Force changes a drum's colour, not only its level."""
    soft, hard = (np.mean([centroid(play(kit, note, force, turn)) for turn in range(3)]) for force in (0.25, 1.0))
    assert hard > 1.04 * soft


@pytest.mark.parametrize("note", DRUMS)
@pytest.mark.parametrize("kit", KITS, ids=named)
def test_rounds_of_a_drum_differ(kit: Patch, note: int) -> None:
    """The same stroke again is not the same samples, but of like loudness; the same round is."""
    a, b = play(kit, note, turn=0), play(kit, note, turn=1)
    n = min(a.shape[1], b.shape[1])
    assert np.abs(a[:, :n] - b[:, :n]).max() > 1e-3 * np.abs(a).max()
    assert abs(10 * np.log10((a**2).sum() / (b**2).sum())) < 4.0
    assert np.array_equal(a, play(kit, note, turn=0))


@pytest.mark.parametrize("kit", KITS, ids=named)
def test_balance_of_a_kit(kit: Patch) -> None:
    """Kick and snare lead; hats and cymbals lie well below; the toms run from left to right."""
    peak = {note: float(np.abs(play(kit, note, 1.0)).max()) for note in (36, 38, 42, 46, 51, 49)}
    assert peak[36] > 0.85
    assert peak[38] > 0.55
    assert all(peak[note] < 0.5 * peak[36] for note in (42, 46, 51))
    assert peak[49] < 0.75
    high, low = play(kit, 50), play(kit, 41)
    assert (high[0] ** 2).sum() > (high[1] ** 2).sum()
    assert (low[1] ** 2).sum() > (low[0] ** 2).sum()


def test_open_hat_is_choked() -> None:
    """Closed and foot hats silence the open one, in every kit."""
    assert all((46, (42, 44)) in kit.chokes and kit.oneshot and kit.rounds >= 4 for kit in KITS)


@pytest.mark.parametrize("manner", ["", "short", "legato", "fall", "slide"])
@pytest.mark.parametrize("patch", TUNED, ids=named)
def test_tuned_bodies_are_sound(patch: Patch, manner: str) -> None:
    """Finite, audible, no DC, peak near 1 at most, no click at either end, long enough for key and release, unless played
    short: then it may end when nothing is left of it (-60 dB)."""
    x = play(patch, pitch_of(patch), 1.0, manner=manner)
    assert x.dtype == np.float32
    assert np.isfinite(x).all()
    top = np.abs(x).max()
    assert 0.2 < top < 1.5
    assert abs(x.mean()) < 0.003 * top
    assert np.abs(x[:, :2]).max() < 0.1 * top
    assert np.abs(x[:, -4:]).max() < 0.01 * top
    if patch.sustains:
        whole = int((1.2 + patch.release) * RATE + 0.5)
        silent = manner == "short" and np.abs(x[:, -RATE // 50 :]).max() < 1e-3 * top
        assert x.shape == (2, whole) or (silent and x.shape[1] < whole)


@pytest.mark.parametrize("pitch", [0, 12, 48, 55])
@pytest.mark.parametrize("patch", HELD, ids=named)
def test_held_pitch(patch: Patch, pitch: int) -> None:
    """A held note is in tune within 3 cents, vibrato averaged."""
    note = pitch_of(patch) + pitch % 13
    x = play(patch, note, 0.7, seconds=4.0)
    assert abs(deviation(x, 440 * 2 ** ((note - 69) / 12))) < 3.0


@pytest.mark.parametrize("patch", TUNED, ids=named)
def test_louder_notes_are_brighter(patch: Patch) -> None:
    """Force changes the colour of a tuned note."""
    soft, hard = (centroid(play(patch, pitch_of(patch), force), 2.0) for force in (0.25, 1.0))
    assert hard > 1.05 * soft


@pytest.mark.parametrize("patch", TUNED, ids=named)
def test_rounds_of_a_note_differ(patch: Patch) -> None:
    """Rounds are different recordings; the same round is the same bytes."""
    a = play(patch, pitch_of(patch), turn=0)
    assert np.abs(a - play(patch, pitch_of(patch), turn=1)).max() > 0.01
    assert np.array_equal(a, play(patch, pitch_of(patch), turn=0))


@pytest.mark.parametrize(("patch", "param"), [(p, q) for p in (*KITS, *TUNED) for q in p.params], ids=lambda v: v.name)
def test_parameters_are_honoured(patch: Patch, param: Param) -> None:
    """Either end of a parameter's range changes the sound, by more than a hundredth of its peak."""
    note = 50 if patch in KITS else pitch_of(patch)
    low, high = (play(patch, note, **{param.name: value}) for value in (param.low, param.high))
    n = min(low.shape[1], high.shape[1])
    assert np.isfinite(low).all()
    assert np.isfinite(high).all()
    assert np.abs(low[:, :n] - high[:, :n]).max() > 0.01


@pytest.mark.parametrize("patch", [p for p in HELD if p.name in ("saw", "square")], ids=named)
def test_high_notes_do_not_alias(patch: Patch) -> None:
    """Between the harmonics of a high, bright note there is nothing above -75 dB, unison and vibrato aside."""
    still = {"detune": 0.0, "vibrato": 0.0, "bright": 1.0}
    x = play(patch, 93, 1.0, seconds=3.0, **{p.name: still[p.name] for p in patch.params if p.name in still})[0, RATE:]
    power = np.abs(np.fft.rfft(x * np.blackman(x.size))) ** 2
    freq = np.fft.rfftfreq(x.size, 1 / RATE)
    hz = 440 * 2 ** ((93 - 69) / 12)
    off = np.abs(freq / hz - np.rint(freq / hz)) * hz > 150.0
    assert 10 * np.log10(power[off].max() / power.max()) < -75.0


@pytest.mark.parametrize("patch", [p for p in (*WINDS, *BOWED) if p.name in ("brass", "strings")], ids=named)
def test_sections_are_wide_and_survive_mono(patch: Patch) -> None:
    """A section's sides differ, and their sum loses less than 3 dB."""
    x = play(patch, 60, seconds=2.0)
    assert np.corrcoef(x)[0, 1] < 0.9
    assert (x.mean(axis=0) ** 2).mean() > 0.5 * (x**2).mean()


def test_fall_and_riser() -> None:
    """A fall ends lower than it began; a riser is loudest at the end of its note."""
    fall = play(WINDS[0], 60, seconds=1.2, manner="fall")
    early, late = (centroid(fall[:, int(a * RATE) : int(b * RATE)]) for a, b in ((0.3, 0.6), (1.1, 1.3)))
    assert late < 0.8 * early
    rise = play(next(p for p in SYNTHS if p.name == "noise_riser"), 60, seconds=2.0)
    level = [float((rise[:, int(t * RATE) : int((t + 0.2) * RATE)] ** 2).mean()) for t in (0.2, 1.0, 1.8)]
    assert level[0] < 0.1 * level[1] < 0.05 * level[2]


PAINTED = tuple(patch for patch in SYNTHS if patch.painted)


@pytest.mark.parametrize("patch", PAINTED, ids=named)
def test_a_painted_sound_has_its_equaliser_in_it(patch: Patch) -> None:
    """Painted with a part's equaliser it is what it is without, through that: within .5 dB in each third of an octave from
    where the high-pass lets everything through."""
    tone = Tone(140.0, "pads")
    params = tuple((param.name, param.default) for param in patch.params)
    plain = Take(55, 0.57, 0, 2.12, "", params)
    freq = np.fft.rfftfreq(1 << 18, 1 / RATE)

    def thirds(x: Samples) -> np.ndarray:
        power = (np.abs(np.fft.rfft(x, 1 << 18)) ** 2).sum(axis=0)
        edges = 250.0 * 2.0 ** (np.arange(19) / 3.0)
        return np.array([power[(freq >= a) & (freq < b)].sum() for a, b in pairwise(edges)])

    painted, filtered = thirds(patch.body(replace(plain, tone=tone))), thirds(voiced(patch.body(plain), 0, tone))
    heard = filtered > 1e-5 * filtered.max()
    assert len(PAINTED) == 3 and heard.sum() >= 8
    assert np.abs(10.0 * np.log10(painted[heard] / filtered[heard])).max() < 0.5
    assert 10.0 * np.log10(thirds(patch.body(plain))[heard] / filtered[heard]).max() > 1.0
