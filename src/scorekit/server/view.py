"""A version of a song as data for a page: sections, notes with their reasons, conflicts, and its sound in pieces."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from scorekit import diff, report
from scorekit.answers import DRUMS
from scorekit.diff import Change
from scorekit.score import Decision, Edit, Note, Passage, Performance, Placement, Score
from scorekit.theory import pitch_name, uses_flats
from scorekit.timebase import PPQ, SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from scorekit.render.console import Console

PEAKS = 100
"""Pairs of peaks in a second."""
HEADER = 44
"""Bytes before the frames of a WAV file of ours."""
SHOWN = 200
"""Most conflicts shown."""


# -- the score ---------------------------------------------------------------------------------------------------------


def song(performance: Performance, score: Score, changes: Sequence[Change], before: Score | None) -> dict[str, Any]:
    """All that the page draws of a version; ``before`` is the score that the new notes are told from."""
    plan = score.plan
    card, found = report.card(plan), list(conflicts(score))
    return {
        **{name: card[name] for name in ("title", "genre", "key", "meter")},
        "pace": diff.tempo(plan),
        "seconds": plan.seconds,
        "loops": plan.loops,
        "ppq": PPQ,
        "end": plan.end,
        "tempo": [[tick, micros] for tick, micros in plan.tempo.changes],
        "sections": [section(placement) for placement in plan.placements],
        "parts": [{"name": p.name, "title": p.title, "patch": p.sound.patch} for p in plan.parts],
        "notes": notes(performance, score, before),
        "changes": [diff.told(change, diff.ids(plan)) for change in diff.grouped(changes)],
        "bars": sorted({bar for change in changes for bar in change.bars}),
        "conflicts": sorted(found[:SHOWN], key=itemgetter("bar")),
        "disagreed": len(found),
    }


def section(placement: Placement) -> dict[str, Any]:
    """A section with its chords, in ticks of the song."""
    inner = placement.section
    return {
        "id": inner.id, "name": inner.name, "start": placement.start, "length": inner.length, "bar": placement.bar,
        "bars": inner.bars, "ticks": inner.meter.bar, "beats": inner.meter.beats, "tier": inner.tier,
        "chords": [[placement.start + chord.start, chord.symbol] for chord in inner.chords],
    }  # fmt: skip


def notes(performance: Performance, score: Score, before: Score | None) -> dict[str, Any]:
    """Of each part its notes as rows (start, length, pitch, velocity, new?, reason), and the reasons."""
    known = {p.section.id: m for p, m in zip(before.plan.placements, before.passages, strict=True)} if before else None
    found: dict[str, Any] = {part.name: {"rows": [], "reasons": []} for part in score.plan.parts}
    for take in performance.takes:
        phrase = score.passages[take.placement].phrase(take.part)
        place = score.plan.placements[take.placement].section.id
        fresh = new_notes(phrase.notes, known.get(place), take.part) if known is not None else ()
        into = found[take.part]
        base = len(into["reasons"])
        into["reasons"] += [f"{origin.idea} · {origin.path}" for origin in phrase.origins]
        for start, length, pitch, velocity, _, source in take.events.tolist():
            reason = base + phrase.notes[source].origin
            into["rows"].append([start, length, pitch, velocity, int(source in fresh), reason])
    return found


def new_notes(now: Sequence[Note], before: Passage | None, part: str) -> frozenset[int]:
    """Numbers of the notes that were not there before."""
    left = Counter(before.phrase(part).notes if before else ())
    fresh = []
    for number, note in enumerate(now):
        if left[note] > 0:
            left[note] -= 1
        else:
            fresh.append(number)
    return frozenset(fresh)


def conflicts(score: Score) -> Iterator[dict[str, Any]]:
    """Where parts disagreed, each with the bar it speaks of."""
    bars = {p.section.id: p.bar for p in score.plan.placements}
    for decision in score.decisions:
        yield settled(decision, bars.get(decision.where, 1))
    for placement, passage in zip(score.plan.placements, score.passages, strict=True):
        yield from (settled(finding, placement.bar) for finding in passage.findings)
        yield from (mended(edit, placement) for edit in passage.edits)


def settled(decision: Decision, bar: int) -> dict[str, Any]:
    """A decision in words."""
    return {"bar": bar, "rule": decision.rule, "family": decision.family, "part": "", "words": decision.chosen,
            "reason": decision.reason}  # fmt: skip


def mended(edit: Edit, placement: Placement) -> dict[str, Any]:
    """A mended note in words."""
    note = edit.before or edit.after
    bar = placement.bar + (note.start // placement.section.meter.bar if note else 0)
    words = f"{named(edit.before, edit.part, placement)} → {named(edit.after, edit.part, placement)}"
    return {"bar": bar, "rule": edit.rule, "family": edit.family, "part": edit.part, "words": words,
            "reason": edit.reason}  # fmt: skip


def named(note: Note | None, part: str, placement: Placement) -> str:
    """A note by its name."""
    if note is None:
        return "nothing"
    if part == "drums":
        return DRUMS.get(note.pitch, f"drum {note.pitch}")
    key = placement.section.key
    return pitch_name(note.pitch, uses_flats(key.tonic, key.mode))


# -- the sound ---------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Sound:
    """A version as sound, given out in chunks: the mix out of its file, stems out of the console when asked for."""

    wav: bytes
    console: Console
    gains: NDArray[np.float32]
    names: tuple[str, ...]
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _stems: dict[int, bytes] = field(default_factory=dict)

    @property
    def frames(self) -> int:
        """Samples of the song; of a loop those of one round."""
        return int(self.console.loop or self.console.n)

    def mix(self, a: int, b: int) -> bytes:
        """Samples a to b of the mix as a WAV file."""
        from scorekit.render.wav import header

        a, b = max(a, 0), min(b, self.frames)
        data = self.wav[HEADER + 4 * a : HEADER + 4 * b]
        return header(len(data) // 4, 2, 16) + data

    def stems(self, number: int) -> bytes:
        """A chunk of all parts and the room, as a WAV file of two channels each; they add up to the mix."""
        with self._turn:
            if number not in self._stems:
                while len(self._stems) >= 8:
                    self._stems.pop(next(iter(self._stems)))
                self._stems[number] = self._parted(number)
            return self._stems[number]

    def _parted(self, number: int) -> bytes:
        import numpy as np

        from scorekit.render.console import CHUNK
        from scorekit.render.delivery import turned
        from scorekit.render.master import amplified
        from scorekit.render.wav import header, integers

        at = number * CHUNK
        if not 0 <= at < self.frames:
            return b""
        n = min(CHUNK, self.frames - at)
        stems = turned(self.console, self.names, self.frames, at, at + n)
        first = self.console.loop + at
        out = np.empty((n, 2 * len(self.names) + 2), np.int16)
        mix = np.frombuffer(self.wav, "<i2", 2 * n, HEADER + 4 * at).reshape(n, 2).astype(np.int32)
        for row, name in enumerate(self.names):
            part = integers(amplified(_Piece(stems[name], first), self.gains, first, first + n))
            out[:, 2 * row : 2 * row + 2] = part
            mix -= part
        out[:, -2:] = np.clip(mix, -32_768, 32_767)
        return header(n, out.shape[1], 16) + out.astype("<i2", copy=False).tobytes()

    def peaks(self) -> bytes:
        """Lowest and highest sample of each hundredth of a second, as signed bytes."""
        import numpy as np

        step = SAMPLE_RATE // PEAKS
        count = self.frames // step
        sides = np.frombuffer(self.wav, "<i2", 2 * count * step, HEADER).reshape(count, 2 * step)
        return (np.stack([sides.min(axis=1), sides.max(axis=1)], axis=1) // 256).astype(np.int8).tobytes()


class _Piece:
    """One chunk read as if it were the whole song; silent before."""

    def __init__(self, samples: NDArray[np.float32], at: int) -> None:
        self.samples, self.at = samples, at

    def read(self, a: int, b: int) -> NDArray[np.float32]:
        """Samples a to b, a copy (2, b - a)."""
        import numpy as np

        before = np.zeros((2, max(self.at - a, 0)), np.float32)
        return np.concatenate([before, self.samples[:, max(a - self.at, 0) : b - self.at]], axis=1)

    def write(self, at: int, x: NDArray[np.float32]) -> None:
        """A piece is only read."""
        raise NotImplementedError
