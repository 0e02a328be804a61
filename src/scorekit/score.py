"""The nouns that cross from one stage to the next. All frozen; one word each, used nowhere for anything else."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from scorekit.stage import Dials, Entry, Feel, Gist, Master, Part
from scorekit.timebase import Meter, TempoMap, Tick
from scorekit.values import Traced

if TYPE_CHECKING:
    import numpy as np

    from scorekit.ideas import Ending, Ideas, Riff
    from scorekit.seeds import Seed

PARTS = ("drums", "bass", "guitar", "keys", "strings", "brass", "lead", "pads")
"""The eight parts of the orchestrator, in the order of their tracks."""

MANNERS = ("", "mute", "dead", "slide", "up", "down", "ghost", "flam", "short", "legato", "fall", "roll")
"""How a note is played, where its length and velocity do not say it all. A Performance stores the index."""


# -- where notes come from ---------------------------------------------------------------------------------------------


class Origin(Struct, frozen=True):
    """Why a note is there."""

    path: str
    """Where the wish was written, as a path in a spec: ``genre.bass.patterns.0``."""
    maker: str
    """Who wrote it: a part or a beat generator."""
    idea: str
    """What was played: ``roots-8ths``, ``fill tom-run``, ``motif copy, new tail``."""
    place: str
    """The address its chance was drawn from: ``7/chorus/1/bass/3``."""


class Note(Traced, frozen=True):
    """A note in ticks from the start of its section (in a Phrase)."""

    PROVENANCE: ClassVar[tuple[str, ...]] = ("origin",)

    start: Tick
    length: Tick
    pitch: int
    velocity: int
    manner: str = ""
    origin: int = 0
    """Row in the origins of the phrase."""

    @property
    def end(self) -> Tick:
        return self.start + self.length


class Phrase(Traced, frozen=True):
    """What one part plays in one section: notes in order of (start, pitch)."""

    PROVENANCE: ClassVar[tuple[str, ...]] = ("origins", "idea")

    part: str
    notes: tuple[Note, ...] = ()
    origins: tuple[Origin, ...] = ()
    idea: str = ""
    """The pattern or behaviour in charge, for people."""


# -- harmony -----------------------------------------------------------------------------------------------------------


class Key(Struct, frozen=True):
    """A tonic (pitch class, 0 = C), a mode, and how the tonic is spelt."""

    tonic: int
    mode: str
    name: str = "C"

    def __str__(self) -> str:
        return f"{self.name} {self.mode}"


class Chord(Traced, frozen=True):
    """A chord sounding from a tick of its section."""

    PROVENANCE: ClassVar[tuple[str, ...]] = ("symbol", "path")

    start: Tick
    length: Tick
    root: int
    """Pitch class of the root."""
    quality: str
    """A key of theory.CHORDS, such as ``min7``."""
    bass: int
    """Pitch class of the lowest note."""
    symbol: str = ""
    """As a musician reads it: ``Em7``, ``A9``."""
    path: str = ""

    @property
    def end(self) -> Tick:
        return self.start + self.length


# -- the plan ----------------------------------------------------------------------------------------------------------


class Intent(Traced, frozen=True):
    """Something the whole band, or some parts, do at one place or over a span of bars.

    At a place: accent, hold, shot, push, stop, crash, pedal, nochord, break (one hit, then silence to the bar line), drop
    (all come in at once). Over a span: build, strip (only drums and what is held, before a drop), tag, ritardando.
    """

    PROVENANCE: ClassVar[tuple[str, ...]] = ("path",)

    tick: Tick
    kind: str
    parts: tuple[str, ...] = ()
    """Empty: everybody."""
    path: str = ""
    length: Tick = 0
    """Of a span."""
    times: int = 0
    """How often the bars of a tag are played."""


class Section(Struct, frozen=True, dict=True):
    """All that is musically true inside one section, whatever comes before or after it."""

    name: str
    occurrence: int
    """1 for the first statement, 2 for the return, and so on."""
    bars: int
    meter: Meter
    grid: int
    """Steps per quarter note of the genre's patterns: 4 straight, 3 triplets."""
    tier: int
    """Energy, 1 to 5."""
    key: Key
    chords: tuple[Chord, ...]
    flags: frozenset[str] = frozenset()
    """break, half, double, nodrums, ramp, vacuum, ending."""
    intents: tuple[Intent, ...] = ()
    melody: str = "lead"
    """What the melody does here: hook, lead, riff, solo, none."""
    cadence: str = "open"
    motif: str = ""
    """Name under which the motif is remembered: sections that share it share their tune."""
    lift: int = 0
    """Semitones from the song's key up to this section's, -5 to 6: a tune in another key is the same tune."""
    theme: tuple[Chord, ...] = ()
    """The chords over which the motif's tune was made, where this statement has others: a tune outlives its harmony."""
    clave: str = ""
    """three-two or two-three: the side of the clave that the whole song begins on; nothing where it has none."""

    @cached_property
    def length(self) -> Tick:
        return self.bars * self.meter.bar

    @cached_property
    def id(self) -> str:
        return f"{self.name}/{self.occurrence}"

    def chord_at(self, tick: Tick) -> Chord:
        """The chord sounding at a tick; the last one at and after the end."""
        after = bisect_right(self._starts, tick)
        return self.chords[after - 1 if after else 0]

    @cached_property
    def _starts(self) -> list[Tick]:
        return [chord.start for chord in self.chords]


class Seam(Struct, frozen=True):
    """What may be known across the boundaries of a section: for gestures only."""

    before: int | None = None
    """Tier of the section before; None at the start of the song."""
    after: int | None = None
    """Tier of the section after; None at the end of the song."""
    next_chord: Chord | None = None  # the first of the section after
    next_tune: Entry | None = None  # how the tune of the section after begins


class Placement(Struct, frozen=True):
    """A section at its place in the song."""

    section: Section
    start: Tick
    bar: int  # number of its first bar, counted from 1
    seam: Seam

    @property
    def end(self) -> Tick:
        return self.start + self.section.length


class Claim(Struct, frozen=True):
    """What somebody wanted, and how much."""

    by: str
    value: str
    weight: float = 1.0


class Decision(Struct, frozen=True):
    """A disagreement settled before a note was written."""

    rule: str
    """Conflict kind, such as T1 or I7."""
    family: str
    """tempo, key, energy or instruments."""
    where: str
    claims: tuple[Claim, ...]
    chosen: str
    reason: str


class Cell(Traced, frozen=True):
    """What the song asks of one part in one section, beyond the genre."""

    PROVENANCE: ClassVar[tuple[str, ...]] = ("path",)

    play: bool | None = None
    """True: must play; False: must not; None: as arranged."""
    density: float | None = None
    velocity: int = 0
    octave: int = 0
    reroll: int = 0
    lock: bool = False
    notes: tuple[Note, ...] = ()
    """The user's own notes: the part plays these and nothing else."""
    pattern: str = ""
    """Id of the pattern asked for."""
    path: str = ""


class Plan(Struct, frozen=True):
    """A song decided upon, before a note is written."""

    title: str
    seed: str
    genre: str
    model: str
    kind: str
    """general (single generator) or instrument_focused (orchestrator)."""
    key: Key
    tempo: TempoMap
    placements: tuple[Placement, ...]
    parts: tuple[Part, ...]
    cells: tuple[tuple[str, str, Cell], ...]
    """(section id such as ``chorus/1``, part name, what the song asks)."""
    ideas: Ideas
    dials: Dials
    focus: tuple[str, ...]
    feel: Feel
    master: Master
    tail: float  # seconds the last sound may ring after the last bar
    resolver: str = "fix"  # or report, or off
    decisions: tuple[Decision, ...] = ()
    ending: Ending | None = None
    lineup: str = "full"

    @property
    def end(self) -> Tick:
        """The bar line after the last bar."""
        return self.placements[-1].end

    @property
    def loops(self) -> bool:
        """Whether its end leads back to its beginning."""
        return self.placements[-1].seam.after is not None

    @property
    def seconds(self) -> float:
        """How long it lasts, the last ring included; a loop rings on in its beginning."""
        return self.tempo.seconds(self.end) + (0.0 if self.loops else self.tail)

    def cell(self, section: Section, part: str) -> Cell:
        """What the song asks of a part in a section."""
        return next((cell for where, name, cell in self.cells if name == part and where == section.id), Cell())

    def part(self, name: str) -> Part:
        """The part of that name; KeyError if it is not in the band."""
        return {part.name: part for part in self.parts}[name]


# -- between the coordinator and the specialists -------------------------------------------------------------------------


class Bid(Struct, frozen=True):
    """What a specialist would like, before a note is written."""

    part: str
    family: str
    """tempo, key, energy or instruments."""
    wish: str
    """halftime, doubletime, rest, play, octave, thin, borrow ..."""
    value: float
    weight: float
    reason: str


class Lane(Struct, frozen=True):
    """What a part got: whether it plays, its register, its density, and its place in front or behind."""

    plays: bool = True
    low: int = 48
    high: int = 72
    density: float = 0.5
    """0 sparse to 1 busy; .5 as the genre's pattern has it."""
    tier: int = 3
    """The energy this part plays at: usually the section's."""
    layer: str = "middle"
    """front, middle or back."""
    enter: Tick = 0
    """The part is silent before this tick of the section."""
    leave: Tick | None = None
    """And from this tick on."""
    pace: str = "normal"
    """half, normal or double time."""
    rests: tuple[int, ...] = ()
    """Bars of the section (0-based) in which it lays out."""
    gives: tuple[int, ...] = ()
    """Bars in which another part has the lead's tune."""
    tune: tuple[int, ...] = ()
    """Bars in which this part has it."""
    second: tuple[int, ...] = ()
    """Bars in which it sings with the tune: a ``voice`` under it, over it, or in unison; in sixths where ``wide``."""
    voice: str = "under"
    wide: bool = False
    answers: str = ""
    """Who replies to the tune in the section, where it rests; nobody where it is empty."""
    turns: tuple[int, ...] = ()
    """Bars in which it may leave its figure: a fill, a run, a lick."""


class Arrangement(Struct, frozen=True):
    """One section as the coordinator has it: a lane for each part, in the order of the band."""

    lanes: tuple[tuple[str, Lane], ...]

    def lane(self, part: str) -> Lane:
        """The lane of a part; KeyError if it is not in the band."""
        return dict(self.lanes)[part]

    @property
    def playing(self) -> tuple[str, ...]:
        """The parts that play."""
        return tuple(name for name, lane in self.lanes if lane.plays)


class Brief(Struct, frozen=True, dict=True):
    """All that one specialist may know."""

    part: str
    section: Section
    lane: Lane
    ideas: object
    """The genre's vocabulary for this part: see scorekit.ideas."""
    dials: Dials
    cell: Cell
    seed: Seed  # address of this cell's chance
    band: str  # the tempo's feel band: slow, medium, fast or breakneck
    accents: tuple[float, ...] = ()
    """The rhythm generator's accent mask, one number 0 to 1 for each grid step of the section."""
    heard: tuple[Phrase, ...] = ()
    """What it hears note by note: the tune."""
    gists: tuple[Gist, ...] = ()
    """What it gathers of the others."""
    seam: Seam = Seam()
    """Filled in only for those who play gestures across the boundary."""
    motif_seed: Seed | None = None
    """Shared by all sections with the same motif; only the lead and those who quote it get it."""
    ending: Ending | None = None
    """How the song ends, in the last section only."""
    riff: Riff | None = None  # what the band says together here

    def hears(self, part: str) -> tuple[Note, ...]:
        """The notes of a part that is heard note by note, empty when it is silent or not listened to."""
        return next((phrase.notes for phrase in self.heard if phrase.part == part), ())

    def gist(self, part: str) -> Gist:
        """What is gathered of another part: empty when it is silent or not listened to."""
        return next((gist for gist in self.gists if gist.part == part), Gist(part))


# -- the score and after -------------------------------------------------------------------------------------------------


class Edit(Struct, frozen=True):
    """A note mended by the resolver."""

    rule: str
    family: str
    part: str
    section: str
    """Section id."""
    before: Note | None
    """None: the note was added."""
    after: Note | None
    """None: the note was taken out."""
    reason: str
    claims: tuple[Claim, ...] = ()


class Passage(Struct, frozen=True):
    """One section of the score: its phrases reconciled, and what was mended."""

    phrases: tuple[Phrase, ...]
    edits: tuple[Edit, ...] = ()
    findings: tuple[Decision, ...] = ()
    """Conflicts seen and left as they are, with the reason."""

    def phrase(self, part: str) -> Phrase:
        """The phrase of a part, empty when it is silent."""
        return next((phrase for phrase in self.phrases if phrase.part == part), Phrase(part))


class Score(Struct, frozen=True):
    """The plan, and one passage for each of its placements."""

    plan: Plan
    passages: tuple[Passage, ...]
    decisions: tuple[Decision, ...] = ()


class Take(Struct, frozen=True, eq=False):
    """One part's performance of one section.

    ``events`` is a read-only structured array with fields start, length (ticks of the song, int64), pitch, velocity,
    manner (index into MANNERS), source (index of the note in its phrase; int32), sorted by (start, pitch).
    """

    part: str
    placement: int
    events: np.ndarray


class Performance(Struct, frozen=True, eq=False):
    """The score as played: takes in order of placement and part."""

    plan: Plan
    takes: tuple[Take, ...]
