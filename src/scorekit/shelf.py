"""The shelf of bodies in the user's own folder (``scorekit cache``), so that no sound is rendered twice.

A body is filed under a hash of all it depends on: patch, take, tone, the code that makes it and NumPy's version. Files
carry a check sum: what is broken is as if it were not there. The oldest are removed when the shelf is over its size.
"""

from __future__ import annotations

import os
import struct
from functools import cache
from io import BufferedReader
from mmap import ACCESS_READ, mmap
from pathlib import Path
from zlib import crc32

import numpy as np

from scorekit import keep
from scorekit.render.effects import Tone
from scorekit.render.patches.base import Patch, Take
from scorekit.render.voices import Body
from scorekit.values import blake2b

LIMIT = 512 << 20
"""Most bytes on the shelf."""
MAPS, _BIG = 100, 1 << 17
"""Most bodies of a process that are mapped: each holds a descriptor, and some systems give a process 256; and from how many
bytes on."""
_WAITING = 64 << 20
"""Most bytes that wait to be written."""
Place = tuple[str, float, Take, Tone]
_MAGIC, _HEAD, _SUM = b"SKB3", struct.Struct("<4sIId"), 4
_SOURCES = ("dsp.py", "exact.py", "curves.py", "spectra.py", "effects.py", "haze.py", "voices.py", "patches/*.py")


@cache
def code_print() -> bytes:
    """A hash of the code that makes bodies, and of NumPy's version."""
    found = blake2b(np.__version__.encode(), digest_size=16)
    here = Path(__file__).parent / "render"
    for pattern in _SOURCES:
        for path in sorted(here.glob(pattern)):
            found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.digest()


class Shelf:
    """Bodies on disk. What goes wrong there is never the song's trouble: then it is rendered. With ``later`` what is saved is
    written when the shelf is tidied, and the song need not wait for that."""

    def __init__(self, folder: Path | None = None, limit: int = LIMIT, later: bool = False) -> None:
        self.folder, self.limit, self.written = folder / "bodies" if folder else keep.bodies(), limit, 0
        self.later = later
        self.missed = 0
        """Bodies that were not there."""
        self._paths: dict[Place, Path] = {}
        self._waiting: list[tuple[Path, Body]] = []
        self._empty = not self.folder.exists()

    def path(self, patch: Patch, take: Take, tone: Tone) -> Path:
        """Where a body stands."""
        place = (patch.name, patch.gain, take, tone)
        if place not in self._paths:
            name = blake2b(repr(place).encode(), key=code_print(), digest_size=16).hexdigest()
            self._paths[place] = self.folder / name[:2] / name[2:]
        return self._paths[place]

    def load(self, patch: Patch, take: Take, tone: Tone) -> Body | None:
        """A body, when it is there and whole."""
        found = None if self._empty else _read(self.path(patch, take, tone))
        self.missed += found is None
        return found

    @property
    def lacking(self) -> bool:
        """Whether bodies were not there, or none are."""
        return self.missed > 0 or not self.folder.exists()

    def save(self, patch: Patch, take: Take, tone: Tone, body: Body) -> None:
        """Puts a body on the shelf; silently not, when the disk will not have it."""
        self._waiting.append((self.path(patch, take, tone), body))
        self.written += body.samples.nbytes
        if not self.later or self.written > _WAITING:
            self._write()
        if self.written > self.limit // 4:  # a watch may be at work for days
            self.tidy()

    def _write(self) -> None:
        for path, body in self._waiting:
            head = _HEAD.pack(_MAGIC, *body.samples.shape, body.step)
            samples = np.ascontiguousarray(body.samples, "<i2").data.cast("B")
            keep.put(
                self.folder,
                str(path.relative_to(self.folder)),
                head,
                _sum(head, samples).to_bytes(_SUM, "little"),
                samples,
            )
        self._waiting.clear()
        self._empty = False

    def tidy(self) -> None:
        """Writes what waits for that, removes what killed runs left, and the oldest bodies beyond the limit, down to three quarters of it."""
        self._write()
        self.written = 0
        keep.tidy(self.folder, self.limit)


def _mapped(file: BufferedReader) -> mmap | None:
    """A big file without a copy, which would cost more than all that follows; None when it is small, or enough are mapped."""
    global _maps
    if _maps >= MAPS or os.fstat(file.fileno()).st_size < _BIG:
        return None
    _maps += 1
    return mmap(file.fileno(), 0, access=ACCESS_READ)


_maps = 0


def _read(path: Path) -> Body | None:
    try:
        with open(path, "rb") as file:
            data = _mapped(file) or file.read()
        magic, rows, count, step = _HEAD.unpack_from(data)
        samples = np.frombuffer(data, "<i2", rows * count, _HEAD.size + _SUM).reshape(rows, count)
        told = int.from_bytes(data[_HEAD.size : _HEAD.size + _SUM], "little")
    except (OSError, ValueError, struct.error):
        return None
    if magic != _MAGIC or rows not in (1, 2) or len(data) != _HEAD.size + _SUM + samples.nbytes:
        return None
    return Body(samples, step) if told == _sum(data[: _HEAD.size], samples.data) else None


def broken(path: Path) -> bool:
    """Whether a file on the shelf is not whole."""
    return _read(path) is None


def _sum(head: bytes, samples: memoryview) -> int:
    return crc32(samples, crc32(head))
