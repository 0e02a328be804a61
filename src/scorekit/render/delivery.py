"""From a desk to files: the mix in the format asked for, and stems whose whole numbers add up to the dry mix."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from scorekit.render import dsp, wav
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
    hands.split(partial(framed, read, bits, file[begin:], hands), n, wav.GRID)
    hands.rest([file])
    return file


def _file(n: int, bits: int, marks: Marks, hands: Hands) -> tuple[memoryview, int]:
    """A stereo WAV file whose frames are to be filled in, and where they begin."""
    head, after = wav.header(n, 2, bits, marks=marks), wav.chunks(marks, n)
    file = hands.store(len(head) + n * bits // 4 + len(after))
    file[: len(head)] = head
    file[len(file) - len(after) :] = after
    return file, len(head)


def framed(read: Read, bits: int, frames: memoryview, hands: Hands, a: int, b: int) -> None:
    """Samples a to b as frames, at their place; hands are told of them now and then."""
    for number, at in enumerate(range(a, b, wav.GRID), 1):
        x = read(at, end := min(at + wav.GRID, b))
        made = wav.packed(wav.whole(x)) if bits == 24 else wav.integers(x, at).astype("<i2", copy=False).data.cast("B")
        hands.put(frames, at * bits // 4, memoryview(made))
        if not number % _WRITTEN or end == b:
            hands.rest([frames])


def _integers(read: Read, n: int) -> Iterator[NDArray[np.int16]]:
    return (wav.integers(read(at, min(at + wav.GRID, n))) for at in range(0, n, wav.GRID))


# -- stems -----------------------------------------------------------------------------------------------------------


def stemmed(console: Console, names: Sequence[str], marks: Marks, hands: Hands, n: int) -> dict[str, memoryview]:
    """A 24-bit WAV of each part, and of the dry mix, all n samples long and of one gain: the highest that clips nowhere.

    The dry mix is the sum of the stems in whole numbers, bit for bit. What sounds after n samples sounds at the start.
    """
    read = partial(turned, console, names, n)
    top = max(hands.split(partial(_loudest, read), n, CHUNK), default=0.0)
    gain = np.float32(min(0.99 / top, 1.0)) if top else np.float32(1.0)
    files = {name: _file(n, 24, marks, hands) for name in (*names, DRY)}
    rows = {name: file[begin:] for name, (file, begin) in files.items()}
    hands.split(partial(_stems, read, gain, rows, hands), n, CHUNK)
    return {name: file for name, (file, _) in files.items()}


Turned = Callable[[int, int], dict[str, Samples]]
"""Samples a to b of every stem."""


def turned(console: Console, names: Sequence[str], n: int, a: int, b: int) -> dict[str, Samples]:
    """Samples a to b of every stem, with all that is heard n samples later, and so on."""
    made = {name: np.zeros((2, b - a), np.float32) for name in names}
    for at in range(a, console.n, n):
        for name, heard in console.buses(at, names).stems.items():
            dsp.add(made[name], console.ended(at, audible(heard))[:, : b - a], 0)
    return made


def _loudest(read: Turned, a: int, b: int) -> float:
    """The highest peak of a stem or of their sum, on the way from a to b."""
    top = 0.0
    for at in range(a, b, CHUNK):
        rows = list(read(at, min(at + CHUNK, b)).values())
        top = max(top, *(float(np.abs(x).max(initial=0.0)) for x in (sum(rows, np.float32(0.0)), *rows)))
    return top


def _stems(read: Turned, gain: np.float32, rows: Mapping[str, memoryview], hands: Hands, a: int, b: int) -> None:
    for at in range(a, b, CHUNK):
        steps = {name: wav.whole(x * gain) for name, x in read(at, min(at + CHUNK, b)).items()}
        for name, row in (*steps.items(), (DRY, sum(steps.values(), np.zeros((), np.int32)))):
            hands.put(rows[name], 6 * at, memoryview(wav.packed(row)))
        hands.rest(rows.values())
