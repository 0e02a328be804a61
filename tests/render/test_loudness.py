"""Facts about loudness, from the standards' own test signals (ITU-R BS.1770-4, EBU Tech 3341)."""

from __future__ import annotations

import numpy as np
import pytest

from scorekit.render import dsp, loudness
from scorekit.render.dsp import RATE, Samples


def sine(hz: float, db: float, seconds: float, turn: float = 0.0) -> Samples:
    return dsp.partial(hz, dsp.samples(seconds), start=turn) * np.float32(dsp.gain(db))


def stereo(x: Samples) -> Samples:
    return np.stack([x, x])


def test_997_hz_at_full_scale_in_one_channel() -> None:
    """BS.1770-4: a 997 Hz sine at 0 dBFS in one channel reads -3.01 LUFS."""
    x = sine(997.0, 0.0, 20.0)
    assert loudness.integrated(np.stack([x, np.zeros_like(x)])) == pytest.approx(-3.01, abs=0.03)


@pytest.mark.parametrize("level", [-23.0, -33.0])
def test_stereo_sine(level: float) -> None:
    """EBU Tech 3341 cases 1 and 2: a stereo 1 kHz sine at -23 (-33) dBFS reads -23 (-33) LUFS within 0.1."""
    assert loudness.integrated(stereo(sine(1_000.0, level, 20.0))) == pytest.approx(level, abs=0.1)


@pytest.mark.parametrize(
    "tones",
    [
        ((-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)),
        ((-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)),
        ((-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)),
    ],
)
def test_gating(tones: tuple[tuple[float, float], ...]) -> None:
    """EBU Tech 3341 cases 3, 4 and 5: what is far below the rest does not count, so these read -23 LUFS."""
    x = np.concatenate([sine(1_000.0, db, seconds) for db, seconds in tones])
    assert loudness.integrated(stereo(x)) == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize(
    ("levels", "wanted"),
    [
        ((-20.0, -30.0), 10.0),
        ((-20.0, -15.0), 5.0),
        ((-40.0, -20.0), 20.0),
        ((-50.0, -35.0, -20.0, -35.0, -50.0), 15.0),
    ],
)
def test_loudness_range(levels: tuple[float, ...], wanted: float) -> None:
    """EBU Tech 3342 cases 1 to 4: tones of 20 s one after another have a range of 10, 5, 20 and 15 LU, within 1."""
    x = np.concatenate([sine(1_000.0, level, 20.0) for level in levels])
    assert loudness.range_lu(stereo(x)) == pytest.approx(wanted, abs=1.0)


@pytest.mark.parametrize(
    ("parts", "turn", "level", "wanted"),
    [(4, 0.0, -6.02, -6.0), (4, 1 / 8, -6.02, -6.0), (6, 1 / 6, -6.02, -6.0), (8, 3 / 16, -6.02, -6.0),
     (4, 1 / 8, 2.98, 3.0)],
)  # fmt: skip
def test_true_peak_between_samples(parts: int, turn: float, level: float, wanted: float) -> None:
    """EBU Tech 3341 cases 15 to 19: sines at a quarter, a sixth and an eighth of the rate, sampled beside their crests,
    read -6 dBTP (or +3) within +0.2 and -0.4."""
    x = sine(RATE / parts, level, 1.0, turn=turn)
    middle = dsp.decibels(float(loudness.peaks(stereo(x))[90:-90].max()))
    assert wanted - 0.4 <= middle <= wanted + 0.2


def test_silence() -> None:
    """Silence and the shortest sounds have a loudness, far below anything."""
    assert loudness.integrated(np.zeros((2, RATE), np.float32)) == -120.0
    assert loudness.integrated(np.ones((2, 10), np.float32)) == -120.0


def test_a_crest_is_as_high_alone() -> None:
    """Peaks of a stretch read alone are those of the same stretch within the whole, to the bit, however few its crests."""
    chance = np.random.Generator(np.random.PCG64(5))
    x = chance.normal(0.0, 0.2, (2, 70 * 64 * loudness.CELL)).astype(np.float32)
    for above in (0.5, 1.0, 1.15):
        whole = loudness.peaks(x, above)
        assert (whole > 0.6 * above).any()
        for first in range(0, 70, 7):
            a, b = first * 64 * loudness.CELL, (first + 1 + first % 5) * 64 * loudness.CELL
            part = loudness.peaks_of(lambda u, v: x[:, u:v], x.shape[1], above, a, b)
            np.testing.assert_array_equal(part, whole[a // loudness.PIECE : b // loudness.PIECE])


@pytest.mark.parametrize(("hz", "turn", "top"), [(RATE / 3, 0.0, 0.867), (RATE * 3 / 8, 1 / 16, 0.925)])
def test_a_crest_between_high_samples(hz: float, turn: float, top: float) -> None:
    """Tones above 14 kHz none of whose samples comes near their crests are measured within a fifth of a dB."""
    x = sine(hz, 0.0, 1.0, turn=turn)[None, 2_000:-2_000]
    assert np.abs(x).max() < top
    assert dsp.decibels(float(loudness.peaks(x)[90:-90].max())) == pytest.approx(0.0, abs=0.2)
