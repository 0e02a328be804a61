"""What a song was made of: the questions its compilation asked of the disk, and the answers it got."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from scorekit import files, pipeline
from scorekit.errors import Diagnostic
from scorekit.store import Memo

if TYPE_CHECKING:
    from scorekit.compiler.compile import Compiled

Question = tuple[str, str, str]
"""Kind, name, and the file that speaks of it: what ``files.load`` is asked."""


class Answers:
    """What the disk says, each question asked once: a look at one moment, shared by all songs."""

    def __init__(self) -> None:
        self._loads: dict[Question, tuple[str, str] | Diagnostic] = {}
        self._texts: dict[str, str | Diagnostic] = {}

    def load(self, kind: str, name: str, beside: str) -> tuple[str, str] | Diagnostic:
        """``files.load``, remembered."""
        asked = (kind, name, os.path.dirname(beside))
        if asked not in self._loads:
            self._loads[asked] = files.load(kind, name, beside)
        return self._loads[asked]

    def text(self, spec: str) -> str | Diagnostic:
        """``files.read_text``, remembered."""
        if spec not in self._texts:
            self._texts[spec] = files.read_text(Path(spec))
        return self._texts[spec]


class Trace(Struct):
    """The questions a compilation asked, and the answers it got."""

    spec: str
    text: str | Diagnostic = ""
    asked: dict[Question, tuple[str, str] | Diagnostic] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    memo: Memo = field(default_factory=Memo)
    """What was read of genres and models."""

    def stale(self, now: Answers) -> bool:
        """Whether any answer would be another one now."""
        return now.text(self.spec) != self.text or any(now.load(*q) != answer for q, answer in self.asked.items())

    def compile(self, now: Answers, settings: Sequence[str], seed: int | None) -> Compiled | Diagnostic:
        """The song compiled from these answers; a Diagnostic when its file cannot be read."""
        self.text, self.asked = now.text(self.spec), {}

        def find(kind: str, name: str, beside: str) -> tuple[str, str] | Diagnostic:
            answer = self.asked[kind, name, beside] = now.load(kind, name, beside)
            return answer

        if isinstance(self.text, Diagnostic):
            return self.text
        return pipeline.compile_song(self.text, self.spec, find=find, settings=settings, seed=seed, memo=self.memo)

    def paths(self) -> list[str]:
        """The files the song was made of."""
        return [self.spec, *(answer[0] for answer in self.asked.values() if not isinstance(answer, Diagnostic))]

    def folders(self) -> set[str]:
        """Where a change of any answer would be seen: folders of files, of what links lead to, of what was sought."""
        paths = self.paths()
        found = {os.path.dirname(os.path.abspath(path)) for path in paths}
        found |= {os.path.dirname(os.path.realpath(path)) for path in paths}
        for kind, _, beside in self.asked:
            shelf = {"songs": "specs"}.get(kind, kind)
            found |= {str(folder.absolute()) for folder in files.folders(shelf, Path(beside))}
        return found

    def touched(self) -> bool:
        """Whether a file was saved, its content being what it was, since this was last asked."""
        before, self.times = self.times, {}
        for path in self.paths():
            with suppress(OSError):
                self.times[path] = os.stat(path).st_mtime_ns
        return bool(before) and any(before.get(path, at) != at for path, at in self.times.items())
