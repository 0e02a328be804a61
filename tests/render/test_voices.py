"""Facts about notes cut from bodies."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from msgspec.structs import replace

from scorekit.render import dsp
from scorekit.render.effects import FLAT, SPEEDS, voiced
from scorekit.render.haze import hazy
from scorekit.render.patches import PATCHES
from scorekit.render.patches.base import Param, Patch, Samples, Take
from scorekit.render.patches.click import CLICK
from scorekit.render.strokes import forces, turns
from scorekit.render.voices import (
    Bodies,
    Body,
    Cue,
    Order,
    Stroke,
    clip,
    cues,
    held,
    hushes,
    rooted,
    settings,
    strike,
    takes,
)
from scorekit.score import MANNERS
from scorekit.stage import Sound


def steady(take: Take) -> Samples:
    """Ones for as long as is asked, or 2 s; the round-robins differ in level."""
    return np.full(dsp.samples(take.seconds if take.seconds < 100 else 2.0), 1.0 - 0.25 * take.round, np.float32)


RING = Patch("ring", "click", "", steady, release=0.01)
HATS = Patch("hats", "click", "", steady, oneshot=True, chokes=((46, (42, 44)),))
PAD = Patch("pad", "click", "", steady, sustains=True, release=0.1, params=(Param("drive", "", 0.0, 1.0, 0.5, ""),))
SOUND = Sound("x")


def taken(patch: Patch, strokes: list[Stroke]) -> list[Take]:
    """The take of each stroke."""
    return takes(patch, SOUND, strokes, turns(patch, strokes))


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
    assert [take.round for take in taken(patch, strokes)] == [0, 0, 1, 0, 1]


def test_drums_take_turns_among_those_of_a_kind() -> None:
    """Strokes of one drum, force and manner take the round-robins in turn, whatever lies between: two where there are few in a
    section, one more for each sixteen. Never do two of a kind sound the same one after the other; what is only there to choke
    does not count; after 2.5 s none is remembered."""
    patch = Patch("kit", "drums", "", steady, rounds=4, oneshot=True)

    def row(count: int, *velocities: int) -> list[Stroke]:
        return [Stroke(10_000 * i, 1, 42, velocities[i % len(velocities)]) for i in range(count)]

    assert [take.round for take in taken(patch, row(8, 110, 50))] == [0, 0, 1, 1, 0, 0, 1, 1]
    for count, rounds in ((2, 2), (15, 2), (16, 3), (31, 3), (32, 4), (200, 4)):
        found = [take.round for take in taken(patch, row(count, 110))]
        assert len(set(found)) == rounds
        assert all(a != b for a, b in pairwise(found))
    choked = [*row(15, 10), Stroke(200_000, 1, 42, 0)]
    assert {take.round for take in taken(patch, choked)[:15]} == {0, 1}
    assert [take.round for take in taken(patch, [Stroke(120_000 * i, 1, 42, 110) for i in range(3)])] == [0, 0, 0]


def test_no_two_picks_in_a_row_bite_alike() -> None:
    """Of five strokes of a key in a row each that has the round-robin of one before lacks another bit of its attack, and
    is eased in; a note by itself, a drum and what sustains lack nothing."""
    patch = Patch("p", "guitar", "", steady, rounds=2)
    row = [Stroke(10_000 * i, 5_000, 60, 100) for i in range(5)]
    bites = [(cue.take.round, cue.late) for cue in cues(patch, SOUND, row)]
    assert len(set(bites)) == 5
    assert bites[:2] == [(0, 0), (1, 0)]
    assert all(cue.late == 0 for plain in (HATS, PAD) for cue in cues(plain, SOUND, row))
    assert all(cue.late == 0 for cue in cues(patch, SOUND, [stroke._replace(at=9 * stroke.at) for stroke in row]))


def test_a_note_without_its_beginning_sounds_alike_in_pieces() -> None:
    """Struck whole, or stretch by stretch from any sample on, it is the same sound to the bit, without a step."""
    body = Body(np.full((1, 500), 16_384, np.int16), 2.0**-14)
    cue = Cue(7, 300, 50, 1.0, Take(60, 0.5, 0, 1.0, "", ()), 130)
    whole, pieces, scratch = (np.zeros((2, 600), np.float32) for _ in range(3))
    strike(whole, 0, body, cue, scratch)
    for first in range(0, 600, 25):
        strike(pieces[:, first : first + 25], first, body, cue, scratch)
    np.testing.assert_array_equal(whole, pieces)
    assert whole[0, 7 + 48] == 1.0
    assert np.abs(np.diff(whole[0])).max() < 0.05


def test_strokes_of_nearly_one_force_share_a_layer() -> None:
    """A velocity next to the line between two layers (42 | 43, 85 | 86 of three) goes with its kind: with those well within
    a layer, else with the most. What is silent, other pitches and other manners have no say."""

    def layers(*strokes: tuple[int, int, str]) -> list[int]:
        return forces(
            3, [Stroke(at, 1, pitch, velocity, manner) for at, (pitch, velocity, manner) in enumerate(strokes)]
        )

    for strokes, wanted in (
        ([84, 88, 100], [2, 2, 2]), ([84, 88, 60], [1, 1, 1]), ([84, 60, 100], [1, 1, 2]), ([88, 60, 100], [2, 1, 2]),
        ([84, 84, 88], [1, 1, 1]), ([84, 88, 88], [2, 2, 2]), ([84], [1]), ([88], [2]), ([77, 100], [1, 2]), ([40, 60], [1, 1]),
        ([44, 0], [1, 0]), ([1, 127], [0, 2]),
    ):  # fmt: skip
        assert layers(*((60, velocity, "") for velocity in strokes)) == wanted, strokes
    assert layers((60, 84, ""), (61, 100, ""), (60, 100, "mute")) == [1, 2, 2]


def test_sustained_bodies_come_in_few_lengths() -> None:
    """A sustained body is at least as long as its note and release, in lengths a third of an octave apart from .41 s."""
    assert [held(s) for s in (0.1, 0.5, 0.7, 5.0)] == [0.41, 0.5166, 0.82, 5.2067]
    x = clip(PAD, SOUND, [Stroke(0, 44_100, 60, 127)], Bodies()).samples[0]
    assert x.size == 44_100 + 4_410


SHARED = [patch for patch in PATCHES.values() if not (patch.measured or patch.oneshot or patch.family == "click")]


@pytest.mark.parametrize("patch", SHARED, ids=lambda patch: patch.name)
@pytest.mark.parametrize("manner", ["", "mute", "slide", "fall", "legato", "short"])
def test_a_body_begins_the_same_however_much_of_it_is_wanted(patch: Patch, manner: str) -> None:
    """Of what rings by itself or is held, as much is rendered as the longest note on its root needs. A body is the same to the
    bit whether it stands alone or beside one that is longer, in whatever order they are asked for. (A fall on what is held hangs
    upon where it ends.)"""
    for pitch, velocity in ((43, 30), (62, 127)):
        short, middle, long = (
            taken(patch, [Stroke(0, n, pitch, velocity, manner)])[0] for n in (9_000, 30_000, 150_000)
        )
        if len({rooted(patch, take) for take in (short, middle, long)}) > 1:
            assert manner == "fall"
            continue
        alone, orders = Bodies().get(patch, short), [Order(patch, take) for take in (short, middle, long)]
        bodies = Bodies()
        assert bodies.begin(orders[:2])
        for beside in (bodies.made(orders)[0], Bodies().made(orders[::-1])[2], bodies.get(*orders[0])):
            np.testing.assert_array_equal(alone.samples, beside.samples)
            assert alone.step == beside.step


@pytest.mark.parametrize(
    "patch", [patch for patch in SHARED if patch.manners is not None], ids=lambda patch: patch.name
)
def test_a_manner_nobody_knows_is_played_as_none(patch: Patch) -> None:
    """Manners that a patch names are sounds of their own; strokes of all others share what is played plainly."""
    known = patch.manners or ()
    plain, *told = (patch.body(Take(64, 0.5, 0, 0.7, manner, settings(patch, SOUND))) for manner in ("", *known))
    assert not any(np.array_equal(plain, x) for x in told)
    assert {take.manner for take in taken(patch, [Stroke(0, 9_000, 60, 90, name) for name in MANNERS])} == {"", *known}


@pytest.mark.parametrize("sustains", [False, True])
def test_a_root_is_rendered_once_for_all_lengths(sustains: bool) -> None:
    """Notes of all lengths on one root are cut from one sound, which is no longer than the longest of them needs."""
    made: list[float] = []

    def tone(take: Take) -> Samples:
        made.append(take.cut)
        return dsp.partial(dsp.hertz(take.pitch), take.upto(200_000))

    patch, bodies = Patch("tone", "keys", "", tone, sustains=sustains), Bodies()
    bodies.made([Order(patch, taken(patch, [Stroke(0, n, 60, 100)])[0]) for n in (9_000, 60_000, 30_000)])
    assert len(made) == 1
    assert 60_000 < made[0] * dsp.RATE < 120_000


def test_parameters_take_part_in_the_body() -> None:
    """A parameter that is not set has its default; two settings are two bodies."""
    assert taken(PAD, [Stroke(0, 1, 60, 100)])[0].params == (("drive", 0.5),)
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


def test_neighbours_share_a_body() -> None:
    """Of five semitones one is rendered; the others are that sound read faster or slower, within 1.3 cents."""
    made: list[int] = []

    def tone(take: Take) -> Samples:
        made.append(take.pitch)
        return dsp.partial(dsp.hertz(take.pitch), 60_000)

    patch = Patch("tone", "keys", "", tone)
    family = [Order(patch, take) for take in taken(patch, [Stroke(0, 50_000, pitch, 100) for pitch in range(68, 73)])]
    for pitch, body in zip(range(68, 73), Bodies().made(family), strict=True):
        x = body.sound()[0, 1_000:33_768]
        turns = np.unwrap(np.angle(np.fft.ifft(np.where(np.arange(32_768) < 16_384, np.fft.fft(x), 0.0))[4_000:28_000]))
        hz = (turns[-1] - turns[0]) / (2.0 * np.pi) / 23_999 * dsp.RATE
        assert 1_200.0 * abs(np.log2(hz / dsp.hertz(pitch))) < 1.3
    assert made == [70]


def test_blocks_do_not_show() -> None:
    """A convolution in blocks is the convolution, whatever number of blocks there is; so is a body read two semitones
    away, within 80 dB once its onset is past."""
    response = dsp.noise("response", 700) * dsp.decay(0.02, 700)
    for n in (3_000, 12_000, 60_000):
        x = np.stack([dsp.noise("left", n), dsp.noise("right", n)])
        wanted = np.stack([np.convolve(row.astype(np.float64), response) for row in x])
        assert np.abs(dsp.convolve(x, response) - wanted).max() < 1e-5 * np.abs(wanted).max()
    for shift in (-2, -1, 1, 2):
        x = dsp.fade_in(np.stack([dsp.partial(hz, 60_000, 2.0) for hz in (3_000.0, 110.0)]), 0.001)
        there, back, _ = SPEEDS[shift]
        wanted = np.stack([dsp.partial(hz * there / back, 60_000, 2.0 * back / there) for hz in (3_000.0, 110.0)])
        read = voiced(x, shift, FLAT)
        n = min(read.shape[-1], 50_000)
        assert np.abs(read[:, 5_000:n] - wanted[:, 5_000:n]).max() < 1e-4


SUSTAINED = [patch for patch in PATCHES.values() if patch.sustains and not patch.measured]


@pytest.mark.parametrize("patch", SUSTAINED, ids=lambda patch: patch.name)
@pytest.mark.parametrize("length", [8_000, 25_000, 40_000])
def test_what_is_sustained_lasts_to_its_end(patch: Patch, length: int) -> None:
    """However it is shifted, a body is as long as its longest note and the release after it; it does not last much longer."""
    for pitch in range(60, 65):
        take = taken(patch, [Stroke(0, length, pitch, 100)])[0]
        body, end = Bodies().get(patch, take), length + dsp.samples(patch.release)
        assert end <= body.samples.shape[-1] <= max(1.5 * end, dsp.samples(0.75))


HALVED = [patch for patch in PATCHES.values() if patch.slow > 1]


@pytest.mark.parametrize(
    ("patch", "pitch"),
    [(patch, pitch) for patch in HALVED for pitch in (40, 52, 64, 76) if pitch < 60 or patch.family != "bass"],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_half_the_samples_are_enough(patch: Patch, pitch: int) -> None:
    """Of a dark sound every second sample is rendered. In each third of an octave that is less than 25 dB below the loudest it
    sounds as with all of them, within 1 dB, but for the noise of fingers; above 11 kHz there was nothing."""
    sound = Sound("x", tuple((param.name, 0.0) for param in patch.params if param.name == "noise"))
    stroke = Stroke(0, 30_000, pitch, 120)
    take = takes(patch, sound, [stroke], [0])[0]
    half = Bodies().get(patch, take).sound()[:, :30_000]
    whole = Bodies().get(replace(patch, name="whole", slow=1), take).sound()[:, :30_000]
    window = np.minimum(np.arange(30_000)[::-1] / 2_000.0, 1.0)
    power, other = ((np.abs(np.fft.rfft(x * window)) ** 2).sum(axis=0) for x in (half, whole))
    edges = (40.0 * 2.0 ** (np.arange(26) / 3.0) * 30_000 / dsp.RATE).astype(int)
    thirds, wanted = (np.add.reduceat(row, edges)[:-1] for row in (power, other))
    loud = wanted > 3e-3 * wanted.max()
    assert np.abs(10.0 * np.log10(thirds[loud] / wanted[loud])).max() < 1.0
    assert other[int(11_000 * 30_000 / dsp.RATE) :].sum() < 2e-6 * other.sum()


def test_odd_rounds_of_what_is_held_stand_on_other_roots() -> None:
    """A key held again soon is another neighbour, not the same samples; and none is more than two semitones away."""
    patch = Patch("noisy", "keys", "", lambda take: dsp.noise(str(take.pitch), 60_000), rounds=2, sustains=True)
    first, second = taken(patch, [Stroke(0, 9_000, 61, 100), Stroke(9_000, 9_000, 61, 100)])
    assert (rooted(patch, first)[0].pitch, rooted(patch, second)[0].pitch) == (60, 62)
    assert [rooted(patch, take)[1] for take in (first, second)] == [1, -1]
    for pitch in range(128):
        (near, shift), (far, other) = (rooted(patch, replace(first, pitch=pitch, round=turn)) for turn in (0, 1))
        assert near.pitch + shift == far.pitch + other == pitch
        assert max(abs(shift), abs(other)) <= 2
        assert near.pitch != far.pitch


AGAIN = [p.name for p in PATCHES.values() if p.rounds > 1 and not (p.sustains or p.oneshot or p.painted or p.measured)]


@pytest.mark.parametrize("name", AGAIN)
def test_a_key_struck_again_sounds_otherwise(name: str) -> None:
    """Another round has the same root, no more than two semitones away, and is as loud within 2 dB, but not the same
    samples: thirds of an octave are 1.8 to 4 dB apart, as those of two strings are, and from 2 to 5 kHz the two waves
    correlate by less than .7."""
    patch, apart, alike = PATCHES[name], [], []
    for pitch in range(40, 52):
        take = taken(patch, [Stroke(0, 15_000, pitch, 90)])[0]
        other = replace(take, round=1)
        assert rooted(patch, take) == rooted(patch, other)
        assert abs(rooted(patch, take)[1]) <= 2
        first, second = (Bodies().get(patch, one).sound()[0, :12_000] for one in (take, other))
        window = np.hanning(24_000)[12_000:]
        spectra = [np.fft.rfft(x * window) for x in (first, second)]
        power, again = (np.abs(spectrum) ** 2 for spectrum in spectra)
        high, other = (
            spectrum[int(2_000 * 12_000 / dsp.RATE) : int(5_000 * 12_000 / dsp.RATE)] for spectrum in spectra
        )
        alike.append(np.vdot(high, other).real / np.sqrt(np.vdot(high, high).real * np.vdot(other, other).real))
        assert abs(10.0 * np.log10(again.sum() / power.sum())) < 2.0
        edges = (80.0 * 2.0 ** (np.arange(22) / 3.0) * 12_000 / dsp.RATE).astype(int)
        thirds, others = (np.add.reduceat(row, edges)[:-1] for row in (power, again))
        loud = thirds > 1e-4 * thirds.max()
        apart.append(np.sqrt(np.square(10.0 * np.log10(others[loud] / thirds[loud])).mean()))
    assert 1.8 < np.mean(apart) < 4.0
    assert np.mean(alike) < 0.7


@pytest.mark.parametrize("slow", [1, 2])
@pytest.mark.parametrize("hz", [300.0, 3_000.0])
def test_haze_lies_round_a_line(hz: float, slow: int) -> None:
    """A line stays as loud as it was within 1 %, and what is round it is 2 pi f times the wavering as loud, within 1.5 dB: most
    of it less than 800 Hz away. What is cut earlier begins with the same samples."""
    n, micros = 100_000, 5.0
    line = dsp.partial(slow * hz, n)[None]
    added = hazy(line, micros, "a", slow) - line
    assert abs(float(np.vdot(added, line)) / float(np.vdot(line, line))) < 0.01
    level = np.sqrt(np.square(added).mean() / np.square(line).mean())
    assert abs(20.0 * np.log10(level / (2.0 * np.pi * hz * micros * 1e-6))) < 1.5
    power = np.abs(np.fft.rfft(added[0])) ** 2
    assert power[np.abs(dsp.bins(n) / slow - hz) < 800.0].sum() > 0.9 * power.sum()
    np.testing.assert_array_equal(hazy(line[:, :20_001], micros, "a", slow), hazy(line, micros, "a", slow)[:, :20_001])
    assert not np.array_equal(hazy(line, micros, "b", slow), hazy(line, micros, "a", slow))


def test_what_wavers_is_no_line() -> None:
    """Between the partials of what is plucked, struck or made by oscillators there is something, as on every recording: from 2
    to 5 kHz the geometric mean of power is less than 45 dB under the mean, and of guitars and leads, which do not hiss, more
    than 20."""
    for patch in PATCHES.values():
        if not patch.haze:
            continue
        take = taken(patch, [Stroke(0, 30_000, 64, 100)])[0]
        sound = Bodies().get(patch, take).sound()[0, 4_000:28_000]
        power = np.abs(np.fft.rfft(sound * np.hanning(sound.size))) ** 2
        edges = (2_000.0 * 2.0 ** (np.arange(5) / 3.0) * sound.size / dsp.RATE).astype(int)
        flat = [
            10.0 * np.log10(np.exp(np.log(power[a:b]).mean()) / power[a:b].mean()) for a, b in pairwise(edges.tolist())
        ]
        assert -45.0 < np.mean(flat) < (-20.0 if patch.family in ("guitar", "lead") else 0.0), patch.name


def test_bodies_have_sixteen_bits() -> None:
    """A kept body is within a step of what was rendered, a step being less than 1/16383 of its peak."""
    patch = Patch("noisy", "click", "", lambda take: dsp.noise("body", 20_000) * np.float32(0.3), gain=6.0)
    body = Bodies().get(patch, taken(patch, [Stroke(0, 20_000, 60, 100)])[0])
    wanted = dsp.noise("body", 20_000)[:-400] * np.float32(0.3 * dsp.gain(6.0))
    assert np.abs(body.sound()[0, : wanted.size] - wanted).max() <= 0.51 * body.step
    assert body.step < wanted.max() / 16_000.0


STRUCK = [patch.name for patch in PATCHES.values() if not (patch.sustains or patch.oneshot or patch.family == "click")]


@pytest.mark.parametrize("name", STRUCK)
def test_a_short_body_is_the_beginning_of_a_long_one(name: str) -> None:
    """What rings by itself is rendered no longer than it is heard, and sounds the same until its last 20 ms, which lie in
    the release of the longest note."""
    patch = PATCHES[name]
    params = tuple((param.name, param.default) for param in patch.params)
    for pitch, turn in ((50, 0), (57, 1)):  # roots: a shifted body is in tune within half a cent only
        short, long = (
            Bodies().get(patch, Take(pitch, 0.7, turn, seconds, "", params)).sound() for seconds in (0.75, 4.0)
        )
        n = short.shape[-1] - dsp.samples(0.02)
        assert n <= long.shape[-1]
        assert np.abs(long[:, :n] - short[:, :n]).max() < 1e-3 * np.abs(long).max()
        if n > 30_000:  # it was cut, and goes on to its last sample
            assert np.abs(short[:, n - 2_000 : n]).max() > 0.5 * np.abs(long[:, n - 2_000 : n]).max()
