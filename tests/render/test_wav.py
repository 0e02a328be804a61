"""Facts about sound files."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
import soundfile

from scorekit.render import dsp, wav


def test_header_is_what_other_programs_read() -> None:
    """A 16-bit stereo file has a header of 44 bytes, and soundfile reads the frames we wrote."""
    x = np.stack([dsp.partial(440.0, 1_000), dsp.partial(660.0, 1_000)]) * np.float32(0.5)
    data = wav.encode(x)
    frames, rate = soundfile.read(BytesIO(data), dtype="int16")
    assert len(data) == 44 + 4 * 1_000
    assert rate == 44_100
    np.testing.assert_array_equal(frames, wav.integers(x))


def test_dither_is_small_fixed_and_absent_in_silence() -> None:
    """Rounding and dither move a sample by less than 2 steps, the same way each time; zeros stay zeros."""
    x = np.zeros((2, 300_000), np.float32)
    x[:, 100_000:] = dsp.partial(100.0, 200_000) * np.float32(0.25)
    frames = wav.integers(x)
    assert not frames[:100_000].any()
    assert np.abs(frames - x.T * 32_767.0).max() < 2.0
    np.testing.assert_array_equal(frames, wav.integers(x))


def test_full_scale_does_not_wrap() -> None:
    """Samples beyond full scale are held at the last step."""
    frames = wav.integers(np.array([[2.0, -2.0]], np.float32))
    assert frames[:, 0].tolist() == [32_767, -32_768]


def test_float_files_keep_every_bit() -> None:
    """A FLOAT file holds the very samples it was given."""
    x = np.stack([dsp.noise("a", 500), dsp.noise("b", 500)])
    frames, _ = soundfile.read(BytesIO(wav.encode(x, "FLOAT")), dtype="float32")
    np.testing.assert_array_equal(frames.T, x)


@pytest.mark.parametrize(("container", "close"), [("flac", 0.0), ("ogg", 0.05)])
def test_packed_files_hold_the_same_sound(container: str, close: float) -> None:
    """FLAC gives back the very frames; Ogg Vorbis something close to them, of the same length."""
    x = np.stack([dsp.partial(440.0, 100_000), dsp.partial(660.0, 100_000)]) * np.float32(0.5)
    frames, rate = soundfile.read(BytesIO(wav.encode(x, container=container)), dtype="int16")
    assert (rate, frames.shape) == (44_100, (100_000, 2))
    assert np.abs(frames.astype(float) - wav.integers(x))[1_000:-1_000].max() <= close * 32_767
