"""From a desk to files: the mix in the format asked for, and stems whose whole numbers add up to the dry mix."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from scorekit.render import wav
from scorekit.render.console import CHUNK, Console, audible
from scorekit.render.dsp import Samples
from scorekit.render.master import Hands
from scorekit.render.wav import Marks

DRY = "dry"
"""Name of the sum of the stems."""
Read = Callable[[int, int], Samples]
_WRITTEN = 64
"""Pieces of a file after which it may leave the memory: 16 MB."""


def delivered(read: Read, n: int, kind: str, marks: Marks, hands: Hands) -> memoryview:
    """The song, n samples of it, as a file: wav, wav24, or one of ``wav.PACKED``, which one of the hands has alone."""
    if kind not in ("wav", "wav24"):
        return memoryview(hands.alone(partial(wav.pack, _integers(read, n), kind, marks.title)) or b"")
    bits = 24 if kind == "wav24" else 16
    file, begin = _file(n, bits, marks, hands)
    hands.split(partial(framed, read, bits, file[begin:], hands.rest), n, wav.GRID)
    hands.rest([file])
    return file


def _file(n: int, bits: int, marks: Marks, hands: Hands) -> tuple[memoryview, int]:
    """A stereo WAV file whose frames are to be filled in, and where they begin."""
    head, after = wav.header(n, 2, bits, marks=marks), wav.chunks(marks)
    file = hands.store(len(head) + n * bits // 4 + len(after))
    file[: len(head)] = head
    file[len(file) - len(after) :] = after
    return file, len(head)


def framed(read: Read, bits: int, frames: memoryview, rest: Callable[[list[memoryview]], None], a: int, b: int) -> None:
    """Samples a to b as frames, at their place; ``rest`` is told of them now and then."""
    for number, at in enumerate(range(a, b, wav.GRID), 1):
        x = read(at, end := min(at + wav.GRID, b))
        place = frames[at * bits // 4 : end * bits // 4]
        if bits == 16:
            wav.integers(x, at, np.frombuffer(place, "<i2").reshape(-1, 2))
        else:
            place[:] = wav.packed(wav.whole(x))
        if not number % _WRITTEN:
            rest([frames])


def _integers(read: Read, n: int) -> Iterator[NDArray[np.int16]]:
    return (wav.integers(read(at, min(at + wav.GRID, n))) for at in range(0, n, wav.GRID))


# -- stems -----------------------------------------------------------------------------------------------------------


def stemmed(console: Console, names: Sequence[str], marks: Marks, hands: Hands) -> dict[str, memoryview]:
    """A 24-bit WAV of each part, and of the dry mix, all of one length and one gain: the highest that clips nowhere.

    The dry mix is the sum of the stems in whole numbers, bit for bit.
    """
    top = max(hands.split(partial(_loudest, console, names), console.n, CHUNK), default=0.0)
    gain = np.float32(min(0.99 / top, 1.0)) if top else np.float32(1.0)
    files = {name: _file(console.n, 24, marks, hands) for name in (*names, DRY)}
    rows = {name: file[begin:] for name, (file, begin) in files.items()}
    hands.split(partial(_stems, console, names, gain, rows, hands), console.n, CHUNK)
    return {name: file for name, (file, _) in files.items()}


def _loudest(console: Console, names: Sequence[str], a: int, b: int) -> float:
    made = (console.buses(at, names) for at in range(a, b, CHUNK))
    rows = (audible(x) for chunk in made for x in (chunk.dry, *chunk.stems.values()))
    return max(float(np.abs(x).max(initial=0.0)) for x in rows)


def _stems(
    console: Console,
    names: Sequence[str],
    gain: np.float32,
    rows: Mapping[str, memoryview],
    hands: Hands,
    a: int,
    b: int,
) -> None:
    for at in range(a, b, CHUNK):
        chunk = console.buses(at, names)
        dry = np.zeros(chunk.dry.shape, np.int32)
        for name in names:
            steps = wav.whole(console.ended(at, audible(chunk.stems[name]) * gain))
            dry += steps
            _put(rows[name], at, steps)
        _put(rows[DRY], at, dry)
        hands.rest(rows.values())


def _put(row: memoryview, at: int, steps: NDArray[np.int32]) -> None:
    data = wav.packed(steps)
    row[6 * at : 6 * at + len(data)] = data
