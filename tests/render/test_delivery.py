"""Facts about the files a song is delivered in."""

from __future__ import annotations

import struct
from io import BytesIO

import numpy as np
import pytest
import soundfile
from msgspec.structs import replace
from numpy.typing import NDArray

from scorekit.render import delivery, dsp, wav
from scorekit.render.console import Laid
from scorekit.render.master import Hands, Memory, Ring, amplified
from scorekit.render.mix import console, desked, lines, ready
from scorekit.render.voices import Bodies
from tests.render.test_mix import PATCHES, band

MARKS = wav.Marks("A Song", 120.0, (3, 4), 12, ((0, "intro"), (44_100, "verse")))


def steps(data: memoryview) -> NDArray[np.int64]:
    """The whole numbers of a 24-bit stereo file (n, 2)."""
    size = struct.unpack("<I", data[40:44])[0]
    raw = np.frombuffer(data, np.uint8, size, 44).reshape(-1, 3).astype(np.int64)
    value = raw[:, 0] | raw[:, 1] << 8 | raw[:, 2] << 16
    return np.where(value >= 1 << 23, value - (1 << 24), value).reshape(-1, 2)


def test_stems_add_up_to_the_dry_mix() -> None:
    """The dry file is the sum of the stems in whole numbers, bit for bit, all of one length, and nothing clips."""
    song = band()
    desk = console(song, [Laid(line, Bodies()) for line in lines(song, PATCHES)])
    names = [part.name for part in song.plan.parts]
    made = {name: steps(data) for name, data in delivery.stemmed(desk, names, MARKS, Hands(), desk.n).items()}
    assert {rows.shape for rows in made.values()} == {(desk.n, 2)}
    np.testing.assert_array_equal(sum(made[name] for name in names), made["dry"])
    assert np.abs(made["dry"]).max() < (1 << 23) - 1
    assert all(made[name].any() for name in names)


def test_stems_of_a_loop_ring_on_at_its_start() -> None:
    """They are as long as its bars, and what a song's stems hold after them is heard at their start; the dry mix is their sum."""
    song = band(loops=True)
    desk = console(song, [Laid(line, Bodies()) for line in lines(song, PATCHES)])
    names, n = [part.name for part in song.plan.parts], song.plan.tempo.sample(song.plan.end)
    assert n < desk.n < 2 * n
    whole, loop = (
        {name: steps(data) for name, data in delivery.stemmed(desk, names, MARKS, Hands(), end).items()}
        for end in (desk.n, n)
    )
    np.testing.assert_array_equal(sum(loop[name] for name in names), loop["dry"])
    assert any(whole[name][n:].any() for name in names)
    gains = [
        float(np.abs(loop[name][desk.n - n :]).max()) / np.abs(whole[name][desk.n - n : n]).max() for name in names
    ]
    assert max(gains) - min(gains) < 1e-3  # one gain for all
    for name in names:
        once = whole[name][:n].astype(float)
        once[: desk.n - n] += whole[name][n:]
        np.testing.assert_allclose(loop[name], once * gains[0], atol=8)


def test_a_file_says_its_tempo_places_and_title() -> None:
    """acid has tempo, meter and beats; cue and adtl the sections; INFO the title; soundfile still reads the frames."""
    x = np.stack([dsp.partial(440.0, 50_000)] * 2) * np.float32(0.5)
    data = bytes(delivery.delivered(lambda a, b: x[:, a:b], 50_000, "wav", MARKS, Hands()))
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
    at = data.index(b"acid")
    assert struct.unpack("<IHHfIHHf", data[at + 8 : at + 32]) == (1, 60, 0x8000, 0.0, 12, 4, 3, 120.0)
    at = data.index(b"cue ")
    assert struct.unpack("<I", data[at + 8 : at + 12]) == (2,)
    assert b"labl" in data
    assert b"verse\0" in data
    assert b"INAM" in data
    frames, _ = soundfile.read(BytesIO(data), dtype="int16")
    np.testing.assert_array_equal(frames, wav.integers(x))


@pytest.mark.parametrize("kind", ["wav", "wav24"])
def test_a_loop_says_where_it_begins_and_ends(kind: str) -> None:
    """smpl, where samplers and game engines look, names all samples as one loop, for ever; other songs have none."""
    x = np.stack([dsp.partial(440.0, 50_000)] * 2) * np.float32(0.5)

    def file(marks: wav.Marks) -> bytes:
        return bytes(delivery.delivered(lambda a, b: x[:, a:b], 50_000, kind, marks, Hands()))

    data = file(replace(MARKS, loop=True))
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
    at = data.index(b"smpl")
    size, *fields = struct.unpack("<16I", data[at + 4 : at + 68])
    assert (size, fields[2], fields[7], fields[9:]) == (60, 22_676, 1, [0, 0, 0, 49_999, 0, 0])
    assert soundfile.info(BytesIO(data)).frames == 50_000
    assert b"smpl" not in file(MARKS)


@pytest.mark.parametrize("kind", ["wav24", "flac", "ogg", "mp3"])
def test_every_format_holds_the_song(kind: str) -> None:
    """Each format can be read, and is as long as the song (MP3 pads its ends)."""
    x = np.stack([dsp.partial(440.0, 50_000), dsp.partial(660.0, 50_000)]) * np.float32(0.5)
    data = delivery.delivered(lambda a, b: x[:, a:b], 50_000, kind, wav.Marks("t"), Hands())
    frames, rate = soundfile.read(BytesIO(bytes(data)), dtype="float32")
    assert rate == 44_100
    assert 50_000 <= len(frames) <= 50_000 + (5_000 if kind == "mp3" else 0)
    assert np.abs(frames[10_000:40_000]).max() == pytest.approx(0.5, abs=0.03)


def test_a_ring_goes_round() -> None:
    """A ring reads on over its seam, with what follows its end folded onto its start."""
    memory = Memory(25)
    memory.samples[:] = np.arange(25)
    ring = Ring(memory, 10, 25)
    once = np.array([*(np.arange(5) * 3 + 30), *(np.arange(5, 10) * 2 + 10)], np.float32)
    np.testing.assert_array_equal(ring.read(0, 10)[0], once)
    np.testing.assert_array_equal(ring.read(7, 24)[0], [*once[7:], *once, *once[:4]])


def test_a_loop_has_no_seam() -> None:
    """A loop is as long as its bars, and its last sample leads to its first as any sample does to the next."""
    song = band(loops=True)
    desk = desked(ready(song, PATCHES, Bodies(), Hands()), song.plan.master, Hands())
    assert desk.n == song.plan.tempo.sample(song.plan.end)
    before, after = desk.samples(desk.n - 2_000, desk.n), desk.samples(0, 1)
    heard = amplified(desk.spool, desk.gains, desk.last - 500, desk.last)
    np.testing.assert_array_equal(before[:, -500:], heard)
    assert np.abs(after[:, 0] - before[:, -1]).max() <= 2.0 * np.abs(np.diff(before, axis=1)).max() + 0.02
