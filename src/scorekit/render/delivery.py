"""From a desk to files: the mix in the format asked for, and stems whose whole numbers add up to the dry mix."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from scorekit.render import wav
from scorekit.render.console import CHUNK, Console
from scorekit.render.dsp import Samples
from scorekit.render.master import Hands
from scorekit.render.wav import Marks

DRY = "dry"
"""Name of the sum of the stems."""
Read = Callable[[int, int], Samples]


def frames(read: Read, a: int, b: int) -> bytes:
    """16-bit frames of samples a (a multiple of ``wav.GRID``) to b."""
    return b"".join(
        wav.integers(read(at, min(at + wav.GRID, b))).astype("<i2", copy=False).tobytes()
        for at in range(a, b, wav.GRID)
    )


def delivered(read: Read, n: int, kind: str, marks: Marks, hands: Hands) -> bytes:
    """The song, n samples of it, as a file: wav, wav24, or one of ``wav.PACKED``."""
    if kind == "wav":
        return wav.file(b"".join(hands.split(partial(frames, read), n, wav.GRID)), n, 16, marks)
    if kind == "wav24":
        pieces = (wav.packed(wav.whole(read(at, min(at + CHUNK, n)))) for at in range(0, n, CHUNK))
        return wav.file(b"".join(pieces), n, 24, marks)
    return wav.pack(_integers(read, n), kind, marks.title)


def _integers(read: Read, n: int) -> Iterator[NDArray[np.int16]]:
    return (wav.integers(read(at, min(at + wav.GRID, n))) for at in range(0, n, wav.GRID))


# -- stems -----------------------------------------------------------------------------------------------------------


def stemmed(console: Console, names: Sequence[str], marks: Marks, hands: Hands) -> dict[str, bytes]:
    """A 24-bit WAV of each part, and of the dry mix, all of one length and one gain: the highest that clips nowhere.

    The dry mix is the sum of the stems in whole numbers, bit for bit.
    """
    top = max(hands.split(partial(_loudest, console, names), console.n, CHUNK), default=0.0)
    gain = np.float32(min(0.99 / top, 1.0)) if top else np.float32(1.0)
    parts = hands.split(partial(_rows, console, names, gain), console.n, CHUNK)
    return {name: wav.file(b"".join(part[name] for part in parts), console.n, 24, marks) for name in (*names, DRY)}


def _loudest(console: Console, names: Sequence[str], a: int, b: int) -> float:
    made = (console.buses(at, names) for at in range(a, b, CHUNK))
    return max(float(np.abs(x).max(initial=0.0)) for chunk in made for x in (chunk.dry, *chunk.stems.values()))


def _rows(console: Console, names: Sequence[str], gain: np.float32, a: int, b: int) -> Mapping[str, bytes]:
    rows: dict[str, list[bytes]] = {name: [] for name in (*names, DRY)}
    for at in range(a, b, CHUNK):
        chunk = console.buses(at, names)
        dry = np.zeros(chunk.dry.shape, np.int32)
        for name in names:
            steps = wav.whole(chunk.stems[name] * gain)
            dry += steps
            rows[name].append(wav.packed(steps))
        rows[DRY].append(wav.packed(dry))
    return {name: b"".join(pieces) for name, pieces in rows.items()}
