"""The table the second half of conflict resolution works on: one section's notes, and every change made to them."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from functools import reduce
from itertools import groupby
from operator import attrgetter, itemgetter, or_

from msgspec import Struct, field
from msgspec.structs import replace

from scorekit.ensemble.band import feel_band
from scorekit.ensemble.beats.rhythm import timeline
from scorekit.ensemble.riffs import riff_of
from scorekit.ideas import Riff, Timeline
from scorekit.playable import RANGES, blown
from scorekit.score import Arrangement, Claim, Decision, Edit, Note, Phrase, Placement, Plan, Section
from scorekit.seeds import Seed
from scorekit.theory import pitch_name, uses_flats
from scorekit.timebase import PPQ, Tick

RANK = ("drums", "bass", "lead", "keys", "guitar", "brass", "strings", "pads")
"""Who gives way last."""
ACCOMPANIMENT = ("keys", "guitar", "brass", "strings", "pads")
EIGHTH = PPQ // 2
NEAR = PPQ // 4 + 1
"""Within so many ticks after a note its part goes on."""
_CELL = PPQ // 4
_start, _when = attrgetter("start"), itemgetter(0)
BITES = (-1, 1, -13, 13)
"""Distances in semitones that bite: a minor second, a minor ninth."""
HEARD = PPQ * 3 // 8
"""Ticks two notes struck together must sound to clash: a written eighth, as short as it is played."""
BUDGET = (10, 18, 28, 38, 48)
"""Onsets a bar of 4/4 has room for at tiers 1 to 5, all pitched parts together."""
FAMILY: Mapping[str, str] = {"T": "tempo", "K": "key", "E": "energy", "I": "instruments"}


class Case(Struct, frozen=True):
    """What the resolver may know about a section besides its notes."""

    section: Section
    front: str
    """The part in the foreground: nobody edits its tune for another's sake."""
    fixed: tuple[str, ...] = ()
    """Locked parts and parts with the user's own notes: never edited."""
    mode: str = "fix"
    budget: float = 48.0
    """Onsets a bar may have, all pitched parts together."""
    kick_lock: float = 0.0
    seconds_per_beat: float = 0.5
    lanes: tuple[tuple[str, int, int], ...] = ()
    clave: Timeline | None = None
    """A timeline of two different bars; whoever it binds must not play it the wrong way round."""
    winds: tuple[str, ...] = ("brass",)
    """Parts played by breath."""
    strict: tuple[str, ...] = ()
    """Parts that must be playable whatever the mode; of locked ones it is told what is not."""
    excused: tuple[str, ...] = ()
    """Parts that nobody needs to be able to play."""
    riff: Riff | None = None
    """What the band says together: it is mended for all who say it or for nobody, so nobody mends it."""

    @staticmethod
    def of(plan: Plan, placement: Placement, arrangement: Arrangement) -> Case:
        """The case of one section. The tempo enters as the slowest of its band (110 up to 130), so that small changes of it
        change nothing."""
        section = placement.section
        quarters = section.meter.bar / PPQ
        busy = 0.7 + 0.6 * plan.dials.complexity
        fixed = tuple(p.name for p in plan.parts if plan.cell(section, p.name).lock or plan.cell(section, p.name).notes)
        front = next((n for n, lane in arrangement.lanes if lane.layer == "front" and lane.plays), "lead")
        bpm = plan.tempo.bpm_at(0)
        return Case(
            section,
            front,
            fixed,
            plan.resolver,
            BUDGET[section.tier - 1] * quarters / 4 * busy,
            plan.ideas.bass.kick_lock,
            60 / (20 * ((bpm + 10) // 20) - 10),
            tuple((n, lane.low, lane.high) for n, lane in arrangement.lanes),
            clave(plan, section),
            tuple(p.name for p in plan.parts if blown(p.name, p.program)),
            tuple(p.name for p in plan.parts if p.playability == "strict" and not plan.cell(section, p.name).notes),
            tuple(p.name for p in plan.parts if p.playability == "off"),
            riff_of(plan.ideas, section, Seed(plan.seed), feel_band(bpm)),
        )

    def shared(self, part: str, tick: Tick) -> bool:
        """Whether at a tick a part says what the band says together."""
        return self.riff is not None and self.riff.here(part, tick, self.section.meter.bar)

    def lane(self, part: str) -> tuple[int, int]:
        """Register of a part."""
        return next(((low, high) for name, low, high in self.lanes if name == part), RANGES[part])


def clave(plan: Plan, section: Section) -> Timeline | None:
    """The timeline the section's accents follow, when it is one of two bars: only such a one can be crossed."""
    found = timeline(section, plan.ideas.drums, Seed(plan.seed).at("accents", section.name), plan.dials)
    return found if found is not None and found.pattern.bars == 2 else None


class Board(Struct):
    """Notes by part, always in order of (start, pitch), and the edits so far. Only ``change`` and ``add`` edit."""

    case: Case
    notes: dict[str, list[Note]]
    edits: list[Edit] = field(default_factory=list)
    findings: list[Decision] = field(default_factory=list)
    changes: int = 0
    """How often a note was touched: more than there are edits, for those that continue one another are told as one."""
    fresh: int = -1
    """Where notes were touched since the rule at work last began, as cells (see ``cells``); all of them at first."""
    touched: list[int] = field(default_factory=list)
    """The cells of each note that was touched."""
    _became: dict[tuple[str, Note], list[int]] = field(default_factory=dict)
    """The edits of which a note of a part came, in order: there may be a thousand, and each asks for those of its note."""
    _pitches: dict[int, list[tuple[Tick, str, Note]]] = field(default_factory=dict)
    """Notes of all pitched parts by pitch, in order of start."""
    _reach: dict[object, Tick] = field(default_factory=dict)
    """The longest note of each part and of each pitch."""
    _heard: dict[int, int] = field(default_factory=dict)
    """Cells in which each pitch may sound."""
    _bitten: dict[int, int] = field(default_factory=dict)
    """Cells in which each pitch may bite another."""

    @staticmethod
    def of(case: Case, phrases: tuple[Phrase, ...]) -> Board:
        """A board with the notes of the phrases."""
        board = Board(case, {phrase.part: list(phrase.notes) for phrase in phrases})
        for part, line in board.notes.items():
            board._reach[part] = max((note.length for note in line), default=0)
            for note in line if part != "drums" else ():
                board._pitches.setdefault(note.pitch, []).append((note.start, part, note))
        for pitch, row in board._pitches.items():
            row.sort(key=_when)
            board._reach[pitch] = max(note.length for _, _, note in row)
            board._sounds(pitch, reduce(or_, [cells(start, start + note.length) for start, _, note in row]))
        return board

    # -- looking ----------------------------------------------------------------------------------

    def free(self, part: str) -> bool:
        """Whether a part plays and its notes may be edited."""
        return part not in self.case.fixed and bool(self.notes.get(part))

    def giving_way(self) -> tuple[str, ...]:
        """Accompanists whose notes may be edited, the last to give way first; never the part in the foreground."""
        return tuple(part for part in ACCOMPANIMENT if self.free(part) and part != self.case.front)

    def playing(self) -> tuple[str, ...]:
        """Parts with notes, the last to give way first."""
        return tuple(part for part in RANK if self.notes.get(part))

    def before(self, part: str) -> tuple[str, ...]:
        """Pitched parts a part gives way to: the one in the foreground, then those of higher rank."""
        order = sorted((p for p in RANK[1:] if self.notes.get(p)), key=lambda p: (p != self.case.front, RANK.index(p)))
        return tuple(order[: order.index(part)])

    def sounding(self, part: str, start: Tick, end: Tick, least: Tick = 1) -> list[Note]:
        """Notes of a part that sound for at least so many ticks between two ticks, the latest first."""
        line, reach, found = self.notes.get(part, []), self._reach.get(part, 0), []
        if reach < least:
            return []
        last = bisect_left(line, end, key=_start)
        first = bisect_left(line, start - reach + least, 0, last, key=_start)
        for note in reversed(line[first:last]):
            began, length = note.start, note.length
            if length < least:
                continue
            over = began + length
            if (over if over < end else end) - (began if began > start else start) >= least:
                found.append(note)
        return found

    def at_pitches(self, pitches: Sequence[int], note: Note, least: Tick = HEARD) -> list[tuple[str, Note]]:
        """(part, note) of every note of some pitches that sounds together with a note for at least so many ticks."""
        heard, start, end, found = self._heard, note.start, note.start + note.length, []
        around = cells(start, end)
        for pitch in pitches:
            if not heard.get(pitch, 0) & around:
                continue
            row, earliest = self._pitches[pitch], start - self._reach[pitch]
            for index in range(bisect_left(row, (end,)) - 1, -1, -1):
                began, part, other = row[index]
                if began < earliest:
                    break
                over = began + other.length
                if (over if over < end else end) - (began if began > start else start) >= least:
                    found.append((part, other))
        return found

    def bites(self, note: Note) -> bool:
        """Whether a note may sound together with one that it bites; most notes may not."""
        where = self._bitten.get(note.pitch, 0)
        return where != 0 and where & cells(note.start, note.start + note.length) != 0

    def stirred(self, note: Note) -> bool:
        """Whether a note, or any that sounds with it or a sixteenth after it, was touched since the rule at work last began:
        to a rule that looks no further any other note is what it was then."""
        return self.stirred_within(note.start, note.start + note.length + NEAR)

    def stirred_within(self, start: Tick, end: Tick) -> bool:
        """Whether a note that sounds between two ticks was touched since the rule at work last began."""
        return self.fresh < 0 or self.fresh & cells(start, end) != 0

    def onsets(self, part: str) -> list[Tick]:
        """The ticks at which a part strikes."""
        return list(dict.fromkeys([note.start for note in self.notes.get(part, [])]))

    def chords(self, part: str) -> list[list[Note]]:
        """The notes of a part by the ticks at which they start, each lowest first."""
        return [list(group) for _, group in groupby(self.notes.get(part, []), key=_start)]

    def at(self, part: str, tick: Tick) -> list[Note]:
        """Notes of a part that start at a tick, lowest first."""
        line = self.notes.get(part, [])
        index = bisect_left(line, tick, key=_start)
        end = index
        while end < len(line) and line[end].start == tick:
            end += 1
        return line[index:end]

    def name(self, note: Note) -> str:
        """A note's pitch as it is spelt in the key."""
        return pitch_name(note.pitch, uses_flats(self.case.section.key.tonic, self.case.section.key.mode))

    # -- changing ---------------------------------------------------------------------------------

    def change(self, rule: str, part: str, before: Note, after: Note | None, reason: str, *claims: Claim) -> None:
        """Puts a note in another's place, or takes it out, and records it. Duplicates of a pitch on a tick vanish."""
        line = self.notes[part]
        index = bisect_left(line, before.start, key=_start)
        while line[index] != before:
            index += 1
        del line[index]
        self._touch(before)
        if part != "drums":
            self._pitches[before.pitch].remove((before.start, part, before))
        if after is not None and any(n.pitch == after.pitch for n in self.at(part, after.start)):
            after = None
        if after is not None:
            self._put(part, after)
        self._record(Edit(rule, FAMILY[rule[0]], part, self.case.section.id, before, after, reason, claims))

    def add(self, rule: str, part: str, note: Note, reason: str, *claims: Claim) -> None:
        """Adds a note and records it."""
        self._put(part, note)
        self._record(Edit(rule, FAMILY[rule[0]], part, self.case.section.id, None, note, reason, claims))

    def _put(self, part: str, note: Note) -> None:
        insort(self.notes[part], note, key=lambda n: (n.start, n.pitch))
        self._touch(note)
        self._reach[part] = max(self._reach.get(part, 0), note.length)
        if part != "drums":
            row = self._pitches.setdefault(note.pitch, [])
            row.append((note.start, part, note))
            row.sort(key=_when)
            self._reach[note.pitch] = max(self._reach.get(note.pitch, 0), note.length)
            self._sounds(note.pitch, cells(note.start, note.end))

    def _sounds(self, pitch: int, when: int) -> None:
        self._heard[pitch] = self._heard.get(pitch, 0) | when
        for bite in BITES:
            self._bitten[pitch + bite] = self._bitten.get(pitch + bite, 0) | when

    def _touch(self, note: Note) -> None:
        self.touched.append(cells(note.start, note.end))
        self.fresh |= self.touched[-1]

    def _record(self, edit: Edit) -> None:
        """One edit more. A note mended twice by one rule is told once, from what it was to what it became."""
        self.changes += 1
        known = self._became.get((edit.part, edit.before), []) if edit.before is not None else []
        last = self.edits[known[-1]] if known else None
        if last is None or last.rule != edit.rule:
            self.edits.append(edit)
            self._remember(edit, len(self.edits) - 1)
        else:
            index = known.pop()
            self.edits[index] = replace(edit, before=last.before)
            self._remember(edit, index)

    def _remember(self, edit: Edit, index: int) -> None:
        if edit.after is not None:
            insort(self._became.setdefault((edit.part, edit.after), []), index)

    def find(self, rule: str, claims: tuple[Claim, ...], chosen: str, reason: str) -> None:
        """Records, once, a conflict that is left as it is."""
        found = Decision(rule, FAMILY[rule[0]], self.case.section.id, claims, chosen, reason)
        if found not in self.findings:
            self.findings.append(found)

    def phrases(self, originals: tuple[Phrase, ...]) -> tuple[Phrase, ...]:
        """The phrases with the notes as they are now, their origins kept."""
        return tuple(
            p if list(p.notes) == self.notes[p.part] else replace(p, notes=tuple(self.notes[p.part])) for p in originals
        )


def cells(start: Tick, end: Tick) -> int:
    """The sixteenths that a span of ticks touches, one bit for each: spans whose bits are apart are apart."""
    return (1 << -(-end // _CELL)) - (1 << start // _CELL)


def weight(part: str) -> float:
    """How much a part's claim counts against another's: the later it gives way, the more."""
    return 1.0 - RANK.index(part) / 10


def whose(part: str) -> str:
    """``lead's``, ``keys'``."""
    return f"{part}'" if part in ("drums", "keys", "strings", "pads") else f"{part}'s"


def moved(note: Note, pitch: int) -> Note:
    """The note at another pitch."""
    return replace(note, pitch=pitch)
