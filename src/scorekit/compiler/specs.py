"""What may be written in the three kinds of file: a song, a genre, a model. One class per table, one line per key.

Every description is one sentence: it is the hover text of editors, the reference page, and the hint of an error.
Strings with a grammar of their own (chords, steps, notes) are only typed here; `strings` reads them.
Lists arrive as tuples (see `layers.validate`), so a validated spec is frozen all the way down, tables apart.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta

from scorekit.compiler.genres import GenreSpec
from scorekit.compiler.tables import (
    PER_PART,
    Bars,
    Decibels,
    Grid,
    Line,
    Misshapen,
    Name,
    NameOrNames,
    PartName,
    Playability,
    Pole,
    Real,
    SectionTempo,
    SectionTier,
    Slug,
    Table,
    Tempo,
    Text,
    Track,
    Unit,
    entry,
    rising,
)

__all__ = ["Cell", "GenreSpec", "ModelSpec", "PartSpec", "SectionPart", "SectionSpec", "SongSpec", "Sound"]

VERSION = r"[0-9]{1,6}(\.[0-9]{1,6}){0,3}"
"""A version as numbers and dots."""
LENGTH = "30 s"
"""What a song lasts that does not say."""

# -- a song ------------------------------------------------------------------------------------------------------------


Sound = dict[str, Name | Real]
"""The sound of a part: under ``patch`` its patch, and any of its parameters as numbers."""


class Cell(Table):
    """What one part does in one section."""

    play: bool | None = entry("true: plays whatever the arrangement says; false: is silent.", None)
    density: Unit | None = entry("How busy, 0 sparse to 1 full; .5 is as the genre has it.", None, examples=[0.7])
    velocity: Annotated[int, Meta(ge=-40, le=40)] = entry("Added to the velocity of every note.", 0)
    octave: Annotated[int, Meta(ge=-2, le=2)] = entry("Octaves up or down.", 0)
    pattern: Name | None = entry("Id of the genre's pattern to play.", None)
    reroll: Annotated[int, Meta(ge=0, le=1_000_000)] = entry("Another number gives another take of this alone.", 0)
    lock: bool = entry("Keep the notes it has, whatever other parts are told here.", False)


class Excerpt(Table):
    """What of a MIDI file is meant. Its notes are counted in beats; its tempi are left aside."""

    track: Track | None = entry("Its number among the tracks that have notes, from 1, or its name.", None, examples=[1])
    offset: Annotated[float, Meta(ge=-4096, le=4096)] | None = entry(
        "Beats by which it comes later, or with a minus earlier.", None, usual=0
    )
    bars: Bars | None = entry("How many bars are taken; left out: all.", None, examples=[8])


class Voice(Excerpt):
    """A line of notes of a MIDI file."""

    grid: Grid | None = entry(
        "Note value the notes are moved to, or free; left out: as written, or to sixteenths and triplets when played.",
        None,
        examples=["1/16"],
    )


class MidiNotes(Voice):
    """Notes from a MIDI file."""

    midi: Line = entry("Path of a MIDI file, from the file that names it.", examples=["tune.mid"])


class MidiChords(Excerpt):
    """Chords of a MIDI file, recognised from its notes: of one track, or of all but the drums."""

    midi: Line = entry("Path of a MIDI file, from the file that names it.", examples=["song.mid"])
    per: Literal["beat", "bar"] = entry("How often a chord may change.", "beat")


OwnNotes = Text | MidiNotes
OwnChords = Text | MidiChords


class SectionPart(Cell):
    """One part in one section; it may bring its own notes."""

    notes: OwnNotes | None = entry(
        "The notes to play here instead of composed ones, pitch:beats, bars split by |; or { midi = ... }.",
        None,
        examples=["E4:1 G4:.5 A4:.5 B4:2 | ."],
    )


class PartSpec(Cell):
    """One part in the whole song: its sound, its place in the mix, and what it does everywhere."""

    sound: Sound | None = entry("Patch and its parameters.", None, examples=[{"patch": "clean"}])
    level: Decibels | None = entry("Level in dB, 0 as loud as the drums.", None)
    pan: Pole | None = entry("-1 left, 0 middle, 1 right.", None)
    playability: Playability | None = entry(
        "Whether a person must be able to play it; left out: as the song says.", None
    )
    verb: Unit | None = entry("Reverb send.", None)
    delay: Unit | None = entry("Delay send.", None)

    def __post_init__(self) -> None:
        for name, value in self.sound.items() if isinstance(self.sound, dict) else ():
            if isinstance(value, str) != (name == "patch"):
                raise Misshapen(f"{name} is of the wrong kind", "a patch is text, a parameter a number")


class SectionSpec(Table):
    """One section by its name in the form: every statement of it, or one, as in [sections."chorus/2"]."""

    like: Name | None = entry("Another section whose chords, intents and parts it starts from.", None)
    chords: OwnChords | None = entry(
        "Chords, bars split by |, as letters or roman numerals, or { midi = ... }; it repeats to fill the section.",
        None,
        examples=["| Em7:2 A9:2 | Cmaj7 | D13 | % |"],
    )
    intents: Annotated[tuple[Line, ...], Meta(max_length=500)] | None = entry(
        "What the band does at one place: bar.beat what [parts].", None, usual=(), examples=["4.3 stop"]
    )
    meter: Line | None = entry("Time signature here.", None, examples=["7/8"])
    key: Line | None = entry("Key here.", None, examples=["E dorian"])
    tempo: SectionTempo | None = entry("Tempo here, a number or { start = 96, end = 104 }.", None, examples=[96])
    energy: SectionTier | None = entry("Energy here, 1 to 5.", None, examples=[4])
    bars: Bars | None = entry("Length in bars.", None, examples=[8])
    melody: Literal["hook", "lead", "riff", "solo", "none"] | None = entry("What the melody does here.", None)
    parts: dict[PartName, SectionPart] = entry("What single parts do here.", {}, more=PER_PART)


class MelodySpec(Voice):
    """A tune of your own: written here, or from a MIDI file."""

    notes: Text | None = entry(
        "The tune, a section to a line: name, colon, pitch:beats, bars split by |.",
        None,
        examples=["A: E4:1 G4:.5 A4:.5 B4:2 | . D5:1 B4:1"],
    )
    midi: Line | None = entry("Path of a MIDI file, from the file that names it.", None, examples=["tune.mid"])
    section: Name | None = entry("Section it belongs to; left out: the whole song.", None, examples=["verse"])
    at: Annotated[int, Meta(ge=1, le=2000)] | None = entry(
        "Bar of the song, or of its section, in which it begins.", None, usual=1
    )

    def __post_init__(self) -> None:
        others = any(getattr(self, name) is not None for name in MelodySpec.entries if name not in ("notes", "midi"))
        if self.notes is not None and (others or self.midi is not None):
            raise Misshapen("a tune is written as notes or read from midi, not both", "leave one of them out")
        if self.notes is None and self.midi is None and others:
            raise Misshapen("no MIDI file is named", 'write midi = "tune.mid"')


class DialsSpec(Table):
    """How far the band may go; left out: as the model says."""

    complexity: Unit | None = entry("Busyness of rhythm and colour of harmony.", None)
    creativity: Unit | None = entry("How far choices stray from the most typical.", None)


class MasterSpec(Table):
    """The last stage of the sound."""

    lufs: Annotated[float, Meta(ge=-30, le=-6)] = entry("Loudness of the master in LUFS.", -14)
    ceiling: Annotated[float, Meta(ge=-12, le=0)] = entry("Highest true peak in dBTP.", -1)
    room: Unit = entry("Size of the room all parts share.", 0.4)
    tone: Unit = entry("Brightness of the room, 0 dark to 1 bright.", 0.5)


class ResolverSpec(Table):
    """What happens when parts disagree."""

    mode: Literal["fix", "report", "off"] = entry("fix mends clashes, report only lists them, off does neither.", "fix")


class SongSpec(Table):
    """A song. Only the genre must be given; everything else has a default."""

    title: Line = entry("Title; left out: the file's name.", "")
    genre: Name = entry("A genre by name, or the path of a genre file.", examples=["funk"])
    model: Name | None = entry("A model by name; left out: the active one.", None)
    extends: NameOrNames | None = entry("Song files to start from, the last one wins.", None, examples=["base.toml"])
    scorekit_version: Annotated[str, Meta(pattern=rf"^{VERSION}\Z")] | None = entry(
        "Lowest version of scorekit that reads this file.", None, examples=["0.1"]
    )
    lineup: Name | None = entry(
        "Who is in the band: one of the genre's line-ups, or full for everybody; left out: the seed chooses.",
        None,
        examples=["full"],
    )
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = entry("Another number gives another song.", 0, examples=[7])
    tempo: Tempo | None = entry(
        "Quarter notes a minute, or { start = 96, end = 104 }, { dotted = 80 }, [[1, 96], [9, 120]].",
        None,
        examples=[102],
    )
    key: Line | None = entry("Tonic and mode.", None, examples=["E dorian"])
    meter: Line | None = entry("Time signature; left out: the genre's.", None, examples=["4/4"])
    length: Line | None = entry("Length in seconds, minutes or bars.", None, usual=LENGTH, examples=["30 s", "48 bars"])
    form: Text | None = entry(
        "Sections in order, name:bars:eN[:flags], or a form of the genre by its id; left out: one of those.",
        None,
        examples=["intro:2:e2 A:4:e3 B:4:e4 A:4:e4:b tag:1:e5"],
    )
    ending: Name | None = entry(
        "How it ends: one of the genre's endings by its id; left out: the seed chooses.", None, examples=["ring-out"]
    )
    loop: bool = entry("It leads back to its beginning and never ends, for music that repeats.", False)
    chords: OwnChords | None = entry(
        "Chords of every section that has none of its own, as there; those of a MIDI file run through the whole song.",
        None,
        examples=["| I | V | vi | IV |"],
    )
    energy: Unit | None = entry("Energy of the whole song, 0 calm to 1 wild.", None)
    playability: Playability = entry(
        "fix: what nobody can play is mended; strict: your own notes are refused, locked ones told; off: anything goes.",
        "fix",
    )
    dials: DialsSpec = entry("How far the band may go.", DialsSpec())
    parts: dict[PartName, PartSpec] = entry("What single parts do in the whole song.", {}, more=PER_PART)
    sections: dict[Name, SectionSpec] = entry("What single sections are like, by name.", {})
    melody: MelodySpec | None = entry("A tune of your own.", None, examples=[{"notes": "A: E4:1 G4:.5 A4:.5 B4:2"}])
    master: MasterSpec = entry("The last stage of the sound.", MasterSpec())
    resolver: ResolverSpec = entry("What happens when parts disagree.", ResolverSpec())
    override: dict[str, Any] = entry("Any keys of the genre, for this song only.", {})

    def __post_init__(self) -> None:
        rising(self.tempo)

    @property
    def wanted(self) -> str:
        """The length it asks for, or the usual one."""
        return LENGTH if self.length is None else self.length


# -- a model -----------------------------------------------------------------------------------------------------------


class ModelSpec(Table):
    """A model: how a band leans, within what the genre allows."""

    name: Slug = entry("Short name, as songs write it.")
    type: Literal["general", "instrument_focused"] = entry(
        "One generalist, or eight specialists.", "instrument_focused"
    )
    about: Annotated[str, Meta(max_length=2000)] = entry("What it is for.", "")
    focus: Annotated[tuple[PartName, ...], Meta(max_length=16)] = entry("Parts in the foreground.", ())
    complexity: Unit = entry("Busyness of rhythm and colour of harmony.", 0.5)
    creativity: Unit = entry("How far choices stray from the most typical.", 0.5)
    weights: dict[str, Annotated[float, Meta(ge=0.25, le=4)]] = entry(
        "Factor on a pattern's weight, by id or path.", {}
    )
    bias: dict[Literal["tempo", "energy"], Annotated[float, Meta(ge=-1000, le=1000)]] = entry(
        "Shift of a number, within the genre's bounds.", {}
    )
    provenance: dict[str, Any] = entry("What it was learnt from.", {})
    version: Annotated[int, Meta(ge=1, le=1)] = entry(
        "Version of the file's format; a later one needs a later scorekit.", 1
    )
