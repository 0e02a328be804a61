"""A user's own notes for parts that must be playable: refused where nobody can play them, at the note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from scorekit.compiler.wrong import Reader
from scorekit.errors import Problem
from scorekit.playable import blown, faults
from scorekit.score import Note, Section
from scorekit.stage import Part
from scorekit.timebase import PPQ, Tick


class Judge(Struct, frozen=True):
    """Who must be playable, and whether by breath; how long a quarter note lasts."""

    strict: Mapping[str, bool] = field(default_factory=dict)
    seconds: float = 0.5

    @staticmethod
    def of(parts: Sequence[Part], bpm: float) -> Judge:
        """The judge of a band at a tempo."""
        return Judge({p.name: blown(p.name, p.program) for p in parts if p.playability == "strict"}, 60 / bpm)

    def hear(
        self, part: str, notes: Sequence[Note], section: Section, path: str, book: Reader, offsets: Mapping[Tick, int]
    ) -> None:
        """Notes in the book what cannot be played; ``offsets`` are the characters at which notes were written."""
        if part not in self.strict:
            return
        for note, why in faults(part, notes, self.strict[part], self.seconds):
            bar, rest = divmod(note.start, section.meter.bar)
            beat = 1 + rest * section.meter.unit / (4 * PPQ)
            hint = 'make it playable, or write playability = "fix"'
            book.problems.append(
                Problem(path, f"bar {bar + 1} beat {beat:.4g}: {why}", hint, offsets.get(note.start), 1)
            )
