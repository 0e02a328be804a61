"""Samples to the bytes of a sound file. No file is touched here."""

from __future__ import annotations

import struct
from functools import lru_cache
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from scorekit.render import dsp
from scorekit.render.dsp import RATE, Samples

SUBTYPES = {"wav": "PCM_16", "flac": "PCM_16", "ogg": "VORBIS"}
"""What each container holds unless it is told otherwise."""


@lru_cache(maxsize=1)
def _dither() -> Samples:
    """Triangular noise of one step either side, 2**17 samples: drawn once, laid over the file again and again."""
    table = dsp.noise("dither/a", 1 << 17) * np.float32(0.5) + dsp.noise("dither/b", 1 << 17) * np.float32(0.5)
    table.setflags(write=False)
    return table


def integers(x: Samples) -> NDArray[np.int16]:
    """x (c, n) in [-1, 1] as interleaved 16-bit frames (n, c), with triangular dither fixed for each sample's place.

    Digital silence stays silent. The channels read the table from different places, so their noises do not add up.
    """
    out = np.empty((x.shape[-1], x.shape[0]), np.int16)
    noise, size = _dither(), _dither().size // 2
    for at in range(0, x.shape[-1], size):
        for channel, row in enumerate(x):
            piece = row[at : at + size]
            steps = piece * np.float32(32_767.0)
            shift = channel * 40_009 % size
            steps += noise[shift : shift + piece.size] * (piece != 0)
            np.rint(steps, out=steps)
            out[at : at + size, channel] = np.clip(steps, -32_768.0, 32_767.0, out=steps)
    return out


def header(frames: int, channels: int, bits: int, float_format: bool = False) -> bytes:
    """The 44 bytes of a RIFF WAVE header (PCM, or IEEE float)."""
    width = channels * bits // 8
    size = frames * width
    kind = 3 if float_format else 1
    chunk = struct.pack("<4sIHHIIHH", b"fmt ", 16, kind, channels, RATE, RATE * width, width, bits)
    return struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE") + chunk + struct.pack("<4sI", b"data", size)


def encode(x: Samples, subtype: str = "", container: str = "wav") -> bytes:
    """x (c, n) or (n,) as a file: ``wav`` with PCM_16 or FLOAT, or ``flac`` / ``ogg`` by way of soundfile."""
    sound, subtype = np.atleast_2d(x), subtype or SUBTYPES[container]
    if container == "wav" and subtype == "FLOAT":
        return header(sound.shape[-1], sound.shape[0], 32, True) + np.ascontiguousarray(sound.T, "<f4").tobytes()
    frames = integers(sound)
    if container == "wav" and subtype == "PCM_16":
        return header(len(frames), sound.shape[0], 16) + frames.astype("<i2", copy=False).tobytes()
    import soundfile

    memory = BytesIO()
    with soundfile.SoundFile(memory, "w", RATE, frames.shape[1], subtype, format=container.upper()) as file:
        for at in range(0, len(frames), RATE):  # libsndfile overflows its stack on long Vorbis writes
            file.write(frames[at : at + RATE])
    return memory.getvalue()
