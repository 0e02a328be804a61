"""Samples to the bytes of a sound file. No file is touched here."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import lru_cache
from io import BytesIO

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from scorekit.render import dsp
from scorekit.render.dsp import RATE, Samples

GRID = 65_536


@lru_cache(maxsize=1)
def dither() -> Samples:
    """Triangular noise of one step either side, 2**17 samples: drawn once, laid over the file again and again."""
    table = dsp.noise("dither/a", 1 << 17) * np.float32(0.5) + dsp.noise("dither/b", 1 << 17) * np.float32(0.5)
    table.setflags(write=False)
    return table


def integers(x: Samples, at: int = 0) -> NDArray[np.int16]:
    """x (c, n) in [-1, 1] as interleaved 16-bit frames (n, c), with triangular dither fixed for each sample's place.

    Digital silence stays silent. The channels read the table from different places, so their noises do not add up. A
    piece of a song that begins at sample ``at`` gives the same frames as it does in the whole.
    """
    frames = np.empty((x.shape[-1], x.shape[0]), np.int16)
    noise, size = dither(), dither().size // 2
    a = 0
    while a < x.shape[-1]:
        b = min(a + size - (at + a) % size, x.shape[-1])
        for channel, row in enumerate(x):
            piece = row[a:b]
            shift = channel * 40_009 % size + (at + a) % size
            steps = piece * np.float32(32_767.0)
            steps += noise[shift : shift + piece.size]
            if (silent := piece == 0.0).any():
                steps[silent] = 0.0
            np.rint(steps, out=steps)
            frames[a:b, channel] = np.clip(steps, -32_768.0, 32_767.0, out=steps)
        a = b
    return frames


def header(frames: int, channels: int, bits: int, float_format: bool = False, marks: Marks | None = None) -> bytes:
    """The 44 bytes of a RIFF WAVE header (PCM, or IEEE float); ``marks`` are to follow the samples."""
    width = channels * bits // 8
    size = frames * width
    after = len(chunks(marks, frames)) if marks else 0
    kind = 3 if float_format else 1
    chunk = struct.pack("<4sIHHIIHH", b"fmt ", 16, kind, channels, RATE, RATE * width, width, bits)
    return struct.pack("<4sI4s", b"RIFF", 36 + size + after, b"WAVE") + chunk + struct.pack("<4sI", b"data", size)


def packed(x: NDArray[np.int32]) -> bytes:
    """Whole numbers (c, n) as interleaved 24-bit frames."""
    wide = np.ascontiguousarray(x.T, "<i4").view(np.uint8).reshape(-1, 4)
    return wide[:, :3].tobytes()


def whole(x: Samples) -> NDArray[np.int32]:
    """x (c, n) in [-1, 1] in steps of 24 bits."""
    steps: NDArray[np.int32] = np.clip(np.rint(x * np.float32(8_388_607.0)), -8_388_608.0, 8_388_607.0).astype(np.int32)
    return steps


# -- what else a file says -------------------------------------------------------------------------------------------


class Marks(Struct, frozen=True):
    """What a WAV file says about its music: title, one tempo (0: it changes), meter, beats, places with names."""

    title: str = ""
    tempo: float = 0.0
    """Quarter notes a minute."""
    meter: tuple[int, int] = (4, 4)
    beats: int = 0
    places: tuple[tuple[int, str], ...] = ()
    loop: bool = False


def chunks(marks: Marks, frames: int) -> bytes:
    """The chunks that follow ``frames`` samples: acid (tempo), smpl (a loop's ends), cue and adtl (places), INFO (title)."""
    out = b""
    if marks.tempo:
        upper, lower = marks.meter
        flags = 0 if marks.loop else 1  # 1: not a loop
        out += _chunk(b"acid", struct.pack("<IHHfIHHf", flags, 60, 0x8000, 0.0, marks.beats, lower, upper, marks.tempo))
    if marks.loop and frames:
        sampler = (0, 0, round(1e9 / RATE), 60, 0, 0, 0, 1, 0)  # of no maker, nanoseconds, as C4, one loop
        ends = (0, 0, 0, frames - 1, 0, 0)  # its number, forward, first and last sample that is played, for ever
        out += _chunk(b"smpl", struct.pack("<15I", *sampler, *ends))
    if marks.places:
        rows = [struct.pack("<II4sIII", n, at, b"data", 0, 0, at) for n, (at, _) in enumerate(marks.places, 1)]
        out += _chunk(b"cue ", struct.pack("<I", len(rows)) + b"".join(rows))
        labels = [_chunk(b"labl", struct.pack("<I", n) + _text(name)) for n, (_, name) in enumerate(marks.places, 1)]
        out += _chunk(b"LIST", b"adtl" + b"".join(labels))
    if marks.title:
        out += _chunk(b"LIST", b"INFO" + _chunk(b"INAM", _text(marks.title)) + _chunk(b"ISFT", _text("scorekit")))
    return out


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _text(text: str) -> bytes:
    return text.encode("utf-8", "replace") + b"\0"


# -- files -----------------------------------------------------------------------------------------------------------

PACKED = {"flac": ("FLAC", "PCM_16"), "ogg": ("OGG", "VORBIS"), "mp3": ("MP3", "MPEG_LAYER_III")}
"""What soundfile writes for each format."""


def pack(pieces: Iterable[NDArray[np.int16]], kind: str, title: str = "") -> bytes:
    """16-bit frames (n, c), piece by piece, as a FLAC, Ogg Vorbis or MP3 file, by way of soundfile."""
    import soundfile

    memory, (container, subtype) = BytesIO(), PACKED[kind]
    with soundfile.SoundFile(memory, "w", RATE, 2, subtype, format=container) as file:
        if title:
            file.title = title
        for piece in pieces:
            wide = piece.astype(np.int32) << 16  # libsndfile makes noise of 16-bit frames for MP3
            for at in range(0, len(wide), RATE):  # and overflows its stack on long Vorbis writes
                file.write(wide[at : at + RATE])
    return memory.getvalue()


def encode(x: Samples, subtype: str = "", container: str = "wav") -> bytes:
    """x (c, n) or (n,) as a file: ``wav`` with PCM_16, PCM_24 or FLOAT, or one of ``PACKED`` (stereo)."""
    sound = np.atleast_2d(x)
    if container != "wav":
        return pack([integers(sound)], container)
    if subtype == "FLOAT":
        return header(sound.shape[-1], sound.shape[0], 32, True) + np.ascontiguousarray(sound.T, "<f4").tobytes()
    if subtype == "PCM_24":
        return header(sound.shape[-1], sound.shape[0], 24) + packed(whole(sound))
    return header(sound.shape[-1], sound.shape[0], 16) + integers(sound).astype("<i2", copy=False).tobytes()
