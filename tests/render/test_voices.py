"""Facts about notes cut from bodies."""

from __future__ import annotations

import numpy as np
import pytest

from scorekit.render import dsp
from scorekit.render.effects import Tone
from scorekit.render.patches.base import Param, Patch, Samples, Take
from scorekit.render.patches.click import CLICK
from scorekit.render.voices import Bodies, Stroke, clip, held, hushes, takes
from scorekit.score import Sound


def steady(take: Take) -> Samples:
    """Ones for as long as is asked, or 2 s; the round-robins differ in level."""
    return np.full(dsp.samples(take.seconds if take.seconds < 100 else 2.0), 1.0 - 0.25 * take.round, np.float32)


RING = Patch("ring", "click", "", steady, release=0.01)
HATS = Patch("hats", "click", "", steady, oneshot=True, chokes=((46, (42, 44)),))
PAD = Patch("pad", "click", "", steady, sustains=True, release=0.1, params=(Param("drive", "", 0.0, 1.0, 0.5, ""),))
SOUND = Sound("x")


def test_an_onset_is_on_its_sample() -> None:
    """The first stroke begins at the clip's first sample, the next exactly as far behind as its position says."""
    sound = clip(CLICK, SOUND, [Stroke(1_000, 1, 60, 127), Stroke(1_777, 1, 60, 127)], Bodies())
    assert sound.start == 1_000
    assert np.flatnonzero(sound.samples[0]).tolist() == [0, 777]
    assert sound.samples[:, 0].tolist() == [1.0, 1.0]


def test_level_follows_velocity() -> None:
    """Velocity 64 sounds 9.5 dB below 127: gain is (v / 127) ** 1.6."""
    loud, soft = (clip(CLICK, SOUND, [Stroke(0, 1, 60, v)], Bodies()).samples.max() for v in (127, 64))
    assert dsp.decibels(float(soft / loud)) == pytest.approx(-9.52, abs=0.01)


def test_note_off_fades_without_a_step() -> None:
    """After its length a note fades within the release, without a jump between samples."""
    x = clip(RING, SOUND, [Stroke(0, 1_000, 60, 127)], Bodies()).samples[0]
    assert x.size == 1_000 + dsp.samples(0.01)
    assert x[999] == 1.0
    assert np.abs(np.diff(x[900:])).max() < 0.01
    assert x[-1] < 1e-4


def test_closed_hat_chokes_open_hat() -> None:
    """A choking stroke silences the open hat within 8 ms; without one it rings its whole body."""
    x = clip(HATS, SOUND, [Stroke(0, 10, 46, 127), Stroke(5_000, 10, 42, 127)], Bodies()).samples[0]
    alone = clip(HATS, SOUND, [Stroke(5_000, 10, 42, 127)], Bodies()).samples[0]
    np.testing.assert_array_equal(x[5_000 + dsp.samples(0.008) :], alone[dsp.samples(0.008) :])


def test_the_section_after_chokes_too() -> None:
    """A stroke of velocity 0, taken over from the section after, is silent and still chokes."""
    here, after = [Stroke(0, 10, 46, 127)], [Stroke(5_000, 10, 36, 90), Stroke(6_000, 10, 42, 90)]
    carried = hushes(HATS, here, after)
    assert carried == [Stroke(6_000, 1, 42, 0)]
    assert hushes(HATS, [Stroke(0, 10, 38, 127)], after) == []
    assert clip(HATS, SOUND, here + carried, Bodies()).samples.shape[1] == 6_000 + dsp.samples(0.008)


def test_strokes_go_round_the_rounds() -> None:
    """Strokes of one pitch take the round-robins in turn, each pitch for itself."""
    patch = Patch("p", "click", "", steady, rounds=2)
    strokes = [Stroke(i, 1, pitch, 100) for i, pitch in enumerate((60, 62, 60, 60, 62))]
    assert [take.round for take in takes(patch, SOUND, strokes)] == [0, 0, 1, 0, 1]


def test_sustained_bodies_come_in_few_lengths() -> None:
    """A sustained note has a body at least as long as itself and its release, in lengths doubled from .75 s."""
    assert [held(s) for s in (0.1, 0.75, 0.8, 5.0)] == [0.75, 0.75, 1.5, 6.0]
    x = clip(PAD, SOUND, [Stroke(0, 44_100, 60, 127)], Bodies()).samples[0]
    assert x.size == 44_100 + 4_410


def test_parameters_take_part_in_the_body() -> None:
    """A parameter that is not set has its default; two settings are two bodies."""
    assert takes(PAD, SOUND, [Stroke(0, 1, 60, 100)])[0].params == (("drive", 0.5),)
    bodies = Bodies()
    for value in (0.5, 0.7):
        clip(PAD, Sound("pad", (("drive", value),)), [Stroke(0, 1, 60, 100)], bodies)
    clip(PAD, SOUND, [Stroke(0, 1, 60, 100)], bodies)
    assert len(bodies) == 2


def test_bodies_stay_within_their_limit() -> None:
    """The cache lets the oldest go beyond its limit, and what it renders again is the same."""
    small, large = Bodies(1_000_000), Bodies()
    strokes = [Stroke(i * 100, 1_000, 40 + i % 20, 100) for i in range(60)]
    np.testing.assert_array_equal(clip(RING, SOUND, strokes, small).samples, clip(RING, SOUND, strokes, large).samples)
    assert small.size <= 1_500_000


def test_a_clip_does_not_depend_on_where_it_stands() -> None:
    """The same strokes later in the song give the same samples."""
    strokes = [Stroke(0, 500, 60, 90), Stroke(700, 400, 64, 70)]
    later = [stroke._replace(at=stroke.at + 12_345) for stroke in strokes]
    here, there = clip(RING, SOUND, strokes, Bodies()), clip(RING, SOUND, later, Bodies())
    assert (here.start, there.start) == (0, 12_345)
    np.testing.assert_array_equal(here.samples, there.samples)


def test_a_body_is_made_as_far_as_it_is_needed() -> None:
    """Asking for less gives fewer samples, and the very same ones."""
    noisy = Patch("noisy", "keys", "", lambda take: dsp.noise("body", 100_000))
    take, tone = takes(noisy, SOUND, [Stroke(0, 1, 60, 100)])[0], Tone(200.0, "keys")
    bodies = Bodies()
    short = bodies.get(noisy, take, tone, 10_000)
    long = bodies.get(noisy, take, tone)
    assert 10_000 <= short.shape[-1] < long.shape[-1] == 100_000
    assert bodies.size == long.nbytes
    np.testing.assert_array_equal(short, long[:, : short.shape[-1]])
