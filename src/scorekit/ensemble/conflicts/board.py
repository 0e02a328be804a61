"""The table the second half of conflict resolution works on: one section's notes, and every change made to them."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from scorekit.score import Arrangement, Claim, Decision, Edit, Note, Phrase, Placement, Plan, Section
from scorekit.timebase import PPQ, Tick

RANK = ("drums", "bass", "lead", "keys", "guitar", "brass", "strings", "pads")
"""Who gives way last."""
ACCOMPANIMENT = ("keys", "guitar", "brass", "strings", "pads")
EIGHTH = PPQ // 2
RANGES = {"bass": (23, 67), "guitar": (40, 88), "keys": (21, 108), "strings": (28, 100), "brass": (40, 86), "lead": (36, 100), "pads": (28, 100), "drums": (27, 87)}
"""What the instruments can play at all, as MIDI pitches."""
BUDGET = (10, 18, 28, 38, 48)
"""Onsets a bar of 4/4 has room for at tiers 1 to 5, all pitched parts together."""


@dataclass(frozen=True, slots=True)
class Case:
    """What the resolver may know about a section besides its notes."""

    section: Section
    front: str
    """The part in the foreground: nobody edits its tune for another's sake."""
    fixed: tuple[str, ...]
    """Locked parts and parts with the user's own notes: never edited."""
    mode: str
    budget: float
    """Onsets a bar may have, all pitched parts together."""
    kick_lock: float
    seconds_per_beat: float
    lanes: tuple[tuple[str, int, int], ...]

    @staticmethod
    def of(plan: Plan, placement: Placement, arrangement: Arrangement) -> Case:
        """The case of one section. The tempo enters rounded to its feel, so that small changes of it change nothing."""
        section = placement.section
        quarters = section.meter.bar / PPQ
        busy = 0.7 + 0.6 * plan.dials.complexity
        fixed = tuple(p.name for p in plan.parts if plan.cell(section, p.name).lock or plan.cell(section, p.name).notes)
        front = next((n for n, lane in arrangement.lanes if lane.layer == "front" and lane.plays), "lead")
        bpm = plan.tempo.bpm_at(0)
        return Case(
            section, front, fixed, plan.resolver, BUDGET[section.tier - 1] * quarters / 4 * busy,
            plan.ideas.bass.kick_lock, 60 / (20 * max(1, round(bpm / 20))),
            tuple((n, lane.low, lane.high) for n, lane in arrangement.lanes),
        )

    def lane(self, part: str) -> tuple[int, int]:
        """Register of a part."""
        return next(((low, high) for name, low, high in self.lanes if name == part), RANGES[part])


@dataclass
class Board:
    """Notes by part, always in order of (start, pitch), and the edits so far. Only ``change`` touches a note."""

    case: Case
    notes: dict[str, list[Note]]
    edits: list[Edit] = field(default_factory=list)
    findings: list[Decision] = field(default_factory=list)

    @staticmethod
    def of(case: Case, phrases: tuple[Phrase, ...]) -> Board:
        """A board with the notes of the phrases."""
        return Board(case, {phrase.part: list(phrase.notes) for phrase in phrases})

    def free(self, part: str) -> bool:
        """Whether a part's notes may be edited."""
        return part not in self.case.fixed

    def playing(self) -> tuple[str, ...]:
        """Parts with notes, the last to give way first."""
        return tuple(part for part in RANK if self.notes.get(part))

    def sounding(self, part: str, start: Tick, end: Tick, least: Tick = 1) -> Iterator[Note]:
        """Notes of a part that sound for at least so many ticks between two ticks."""
        line = self.notes.get(part, [])
        stop = bisect_left(line, end, key=lambda n: n.start)
        for index in range(stop - 1, -1, -1):
            note = line[index]
            if note.start < start - 16 * PPQ:
                return
            if min(note.end, end) - max(note.start, start) >= least:
                yield note

    def onsets(self, part: str) -> list[Tick]:
        """The ticks at which a part strikes."""
        return sorted({note.start for note in self.notes.get(part, [])})

    def at(self, part: str, tick: Tick) -> list[Note]:
        """Notes of a part that start at a tick, lowest first."""
        line = self.notes.get(part, [])
        index = bisect_left(line, tick, key=lambda n: n.start)
        found = []
        while index < len(line) and line[index].start == tick:
            found.append(line[index])
            index += 1
        return found

    def change(self, rule: str, part: str, before: Note, after: Note | None, reason: str, *claims: Claim) -> None:
        """Puts a note in another's place, or takes it out, and records it. Duplicates of a pitch on a tick vanish."""
        line = self.notes[part]
        line.remove(before)
        if after is not None and any(n.pitch == after.pitch for n in self.at(part, after.start)):
            after = None
        if after is not None:
            insort(line, after, key=lambda n: (n.start, n.pitch))
        self.edits.append(Edit(rule, FAMILY[rule[0]], part, self.case.section.id, before, after, reason, claims))

    def add(self, rule: str, part: str, note: Note, reason: str, *claims: Claim) -> None:
        """Adds a note and records it."""
        insort(self.notes[part], note, key=lambda n: (n.start, n.pitch))
        self.edits.append(Edit(rule, FAMILY[rule[0]], part, self.case.section.id, None, note, reason, claims))

    def phrases(self, originals: tuple[Phrase, ...]) -> tuple[Phrase, ...]:
        """The phrases with the notes as they are now, their origins kept."""
        return tuple(
            p if list(p.notes) == self.notes[p.part] else replace(p, notes=tuple(self.notes[p.part])) for p in originals
        )


FAMILY: Mapping[str, str] = {"T": "tempo", "K": "key", "E": "energy", "I": "instruments"}


def place(section: Section, tick: Tick) -> str:
    """``bar 3, beat 2.5``: a tick as musicians say it, counted from 1 inside the section."""
    bar, rest = divmod(tick, section.meter.bar)
    beat = 1 + rest / (4 * PPQ / section.meter.unit)
    return f"bar {bar + 1}, beat {beat:g}"


def moved(note: Note, pitch: int) -> Note:
    """The note at another pitch."""
    return replace(note, pitch=pitch)
