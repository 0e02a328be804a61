"""What the last render of a song left for the next one, on disk: what it was made of, what came out, and what of it may
serve again.

One file for each place a song is rendered to, in the user's own folder (``scorekit cache``). Nothing in it is believed
because of where it stands: the texts that were read are known by their hash, the code that worked on them by another, the
files that came out by a third, and each section by all that it hangs upon. The sound itself is not here but in the WAV
file that was written; here is what it takes to write only what differs from it.
"""

from __future__ import annotations

import marshal
import os
import stat
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

from msgspec import Struct, field
from msgspec.structs import astuple, replace

from scorekit import files, keep, writing
from scorekit.errors import Diagnostic, Span
from scorekit.values import blake2b

if TYPE_CHECKING:
    from threading import Thread

LIMIT = 128 << 20
"""Most bytes of ledgers: 4.5 MB for three minutes of song."""
_PIECE = 1 << 24
"""Bytes of an output that are looked at together."""
_MAGIC, _HEAD = b"SKL1", 4 + 16 + 8 + 4
Question = tuple[str, str, str]
"""Kind, name, and the file that speaks of it: what ``files.load`` is asked."""
Answer = tuple[str, str] | Diagnostic


@cache
def code_print() -> bytes:
    """A hash of the code of scorekit, of Python's version, and of those of all libraries installed with NumPy; empty when
    the code cannot be read."""
    from importlib.util import find_spec

    found = blake2b(sys.version.encode(), digest_size=16)
    here = Path(__file__).parent
    sources = sorted(
        path for folder, _, names in os.walk(here) for name in names if (path := f"{folder}/{name}")[-3:] == ".py"
    )
    numpy = find_spec("numpy")
    try:
        for path in sources:
            with open(path, "rb") as file:
                found.update(path.encode() + b"\0" + blake2b(file.read()).digest())
        installed = os.listdir(Path(numpy.origin).parents[1]) if numpy and numpy.origin else []
    except OSError:
        return b""
    found.update("\0".join(sorted(name for name in installed if name.endswith("-info"))).encode())
    return found.digest() if sources else b""


class Asking:
    """``files.load``, with the questions it was asked and the answers it gave."""

    def __init__(self) -> None:
        self.heard: dict[Question, Answer] = {}

    def __call__(self, kind: str, name: str, beside: str) -> Answer:
        answer = self.heard[kind, name, beside] = files.load(kind, name, beside)
        return answer


def made_of(text: str, name: str, wishes: object, heard: Mapping[Question, Answer]) -> bytes:
    """A hash of all that a render hangs upon: a song's text and name, what is asked of it, what the files it speaks of
    say, and the code."""
    answers = [(question, answer if isinstance(answer, tuple) else repr(answer)) for question, answer in heard.items()]
    return blake2b(marshal.dumps((code_print(), text, name, repr(wishes), answers), 2), digest_size=16).digest()


class Ledger(Struct, frozen=True):
    """What one render left."""

    asked: tuple[Question, ...] = ()
    """What its compilation asked of the disk."""
    made: bytes = b""
    """``made_of`` it."""
    plan: str = ""
    """A hash of its plan, which knows of no comment."""
    told: tuple[tuple[Any, ...], ...] = ()
    """What was told about the song."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[tuple[str, int, bytes], ...] = ()
    """Place in the output folder, size and hash of each file."""
    sections: Mapping[bytes, tuple[tuple[str, bytes], ...]] = field(default_factory=dict)
    """As played: see ``pipeline.performed``."""
    sound: tuple[Any, ...] = ()
    """See ``renewal``."""

    def same(self, text: str, name: str, wishes: object) -> bool:
        """Whether a render would be made of what this one was made of."""
        if not self.made:
            return False
        return self.made == made_of(text, name, wishes, {question: files.load(*question) for question in self.asked})

    def whole(self, folder: Path) -> bool:
        """Whether the files that came out are there as they were written. To be asked inside ``writing.claim``."""
        return bool(self.files) and all(_hashed(folder / inner, size) == told for inner, size, told in self.files)

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was told about the song."""
        return tuple(
            Diagnostic(code, words, Span(*span) if span else None, *rest) for code, words, span, *rest in self.told
        )

    def after(self, last: Ledger) -> Ledger:
        """This one, when what came out is what came out the last time."""
        return replace(last, asked=self.asked, made=self.made, plan=self.plan, told=self.told)

    def ended(self, facts: Mapping[str, Any], hashes: Hashes) -> Ledger:
        """This one, with what came out."""
        return replace(self, facts=facts, files=hashes.result())


class Hashes:
    """Places, sizes and hashes of some files, worked out while they are written."""

    def __init__(self, outputs: Mapping[str, bytes | memoryview]) -> None:
        self._found = list[tuple[str, int, bytes]]()
        self._thread: Thread | None = None
        if outputs:
            from threading import Thread

            self._thread = Thread(target=self._work, args=(outputs,), daemon=True)
            self._thread.start()

    def _work(self, outputs: Mapping[str, bytes | memoryview]) -> None:
        for inner, data in outputs.items():
            self._found.append((inner, len(data), _hash(data)))

    def result(self) -> tuple[tuple[str, int, bytes], ...]:
        """All of them."""
        if self._thread is not None:
            self._thread.join()
        return tuple(self._found)


def told(diagnostics: Iterable[Diagnostic]) -> tuple[tuple[Any, ...], ...]:
    """Diagnostics as they stand in a ledger."""
    rows = (astuple(diagnostic) for diagnostic in diagnostics)
    return tuple((code, words, astuple(span) if span else None, *rest) for code, words, span, *rest in rows)


def _hash(data: bytes | memoryview) -> bytes:
    """The hash of what was written; what of it is mapped leaves this process again, piece by piece."""
    from hashlib import sha256

    found = sha256()
    for at in range(0, len(data), _PIECE):
        found.update(memoryview(data)[at : at + _PIECE])
        writing.let_go(data)
    return found.digest()


def _hashed(path: Path, size: int) -> bytes:
    """The hash of a file of a certain size; empty when there is none."""
    import hashlib  # here, as it comes with OpenSSL

    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size != size:
            return b""
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return b""


# -- on disk -----------------------------------------------------------------------------------------------------------


def place(folder: Path, name: str, way: str) -> Path:
    """Where the ledger of a song stands that is rendered to a folder, under a name, in one of the ways to render."""
    told = "\0".join((os.path.realpath(folder), name, way)).encode(errors="surrogateescape")
    return files.state_folder() / "cache" / "songs" / blake2b(told, digest_size=16).hexdigest()


def read(path: Path) -> Ledger:
    """A ledger; an empty one when it is not there, not whole, or of other code."""
    try:
        data = path.read_bytes()
        head, body = data[:_HEAD], memoryview(data)[_HEAD:]
        return Ledger(*marshal.loads(body)) if code_print() and head == _headed(body) else Ledger()
    except (OSError, ValueError, TypeError, EOFError):
        return Ledger()


def write(path: Path, ledger: Ledger) -> None:
    """Puts a ledger in its place, for the one that was there; silently not, when the disk will not have it."""
    if code_print():
        body = marshal.dumps(astuple(ledger))
        keep.put(path.parent, path.name, _headed(body), body)
        keep.tidy(path.parent, LIMIT)


def _headed(body: bytes | memoryview) -> bytes:
    """What stands before a body: that it is a ledger, of which code, how long it is, and a check sum."""
    return _MAGIC + code_print() + len(body).to_bytes(8, "little") + crc32(body).to_bytes(4, "little")
