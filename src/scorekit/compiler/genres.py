"""What may be written in a genre file: one class per table, one line per key."""

from typing import Annotated, Literal

from msgspec import Meta

from scorekit.compiler.tables import (
    PER_PART,
    Band,
    Bars,
    Bpm,
    Cadence,
    Chances,
    Curve,
    Decibels,
    Euclid,
    Line,
    Mask,
    Milliseconds,
    Name,
    NameOrNames,
    PartName,
    Pitch,
    Pole,
    Range,
    Real,
    Size,
    Slug,
    Steps,
    Table,
    Text,
    Tier,
    Tiers,
    Unit,
    Weight,
    Weights,
    entry,
    mask,
)

SOME = Meta(min_length=1)
_FORM = {"id": "short", "sections": ["verse:8:e3", "chorus:8:e5"]}
_PROG = {"id": "home", "roles": ["verse", "chorus"], "rn": "I | V | vi | IV"}
_ROWS = {"kick": "x... .... x... ....", "snare": ".... x... .... x..."}
"""Examples."""


class GenreName(Table):
    """What a genre is called."""

    id: Slug = entry("Short name, as songs write it.", examples=["garage"])
    name: Name = entry("Name for people.", examples=["Garage"])
    extends: NameOrNames | None = entry("Genre it starts from, by name or path.", None)
    aliases: tuple[Name, ...] = entry("Words by which a prompt may mean it.", ())
    family: Name | None = entry("Wider family, for lists.", None)
    mood: tuple[Pole, Pole] | None = entry("Typical valence and arousal, each -1 to 1.", None, usual=(0.0, 0.0))


class GenreTempo(Table):
    """Tempi of a genre, in quarter notes a minute."""

    mean: Bpm = entry("Most typical tempo.", examples=[100])
    sd: Annotated[float, Meta(ge=0, le=100)] = entry("Usual distance from it.", 5)
    min: Bpm = entry("Slowest tempo.", examples=[90])
    max: Bpm = entry("Fastest tempo.", examples=[110])
    grid_snap: Annotated[float, Meta(ge=0, le=20)] = entry("Tempi are multiples of this; 0: any.", 0)
    half_time_ok: bool = entry("Half the asked tempo will do.", False)
    double_time_ok: bool = entry("Twice the asked tempo will do.", False)


class GenreMeter(Table):
    """Meter of a genre, and the grid of its step strings."""

    sig: Line = entry("Time signature.", "4/4", examples=["4/4"])
    grid: Annotated[int, Meta(ge=2, le=96)] = entry("Steps in a bar of a step string.", 16, examples=[16])


class GenreFeel(Table):
    """How written time becomes played time."""

    swing_unit: Literal[8, 16] = entry("8: eighths swing; 16: sixteenths do.", 8)
    swing: dict[str, Curve] = entry("Long to short by tempo, [[bpm, ratio], ...], per role.", {})
    amount: Unit = entry("Share of raw human timing.", 0.3)
    offsets_ms: dict[str, tuple[Milliseconds, ...]] = entry(
        "Early or late by step of the bar, per role or kit row.", {}
    )
    lean_ms: Curve | None = entry("How far the bass runs ahead or behind, [[bpm, ms], ...].", None)
    lead_downbeat_delay_ms: Curve | None = entry("How late the lead's downbeats come, [[bpm, ms], ...].", None)


class GenreKeys(Table):
    """Keys a genre likes."""

    tonics: Weights = entry("Weights of tonics.", {}, examples=[{"E": 4, "A": 3}])
    modes: Weights = entry("Weights of modes.", {}, examples=[{"dorian": 5}])
    guitar_friendly: bool = entry("Prefers keys with open strings.", False)


class GenreForm(Table):
    """One form: sections in order."""

    id: Name = entry("Name of the form.", examples=["short"])
    weight: Weight = entry("How often it is chosen.", 1)
    sections: Annotated[tuple[Line, ...], Meta(min_length=1, max_length=200)] = entry(
        "Sections, name:bars:eN[:flags].", examples=[_FORM["sections"]]
    )
    compress: Annotated[tuple[Line, ...], Meta(max_length=200)] = entry("The form of a song of half a minute.", ())


class GenreSection(Table):
    """What a section of this role is like."""

    lens: tuple[Bars, ...] = entry("Lengths in bars, the most typical first.", ())
    prio: Annotated[float, Meta(ge=0, le=100)] | None = entry("What dropping it costs; 6 for a verse.", None, usual=3)
    energy: Tier | None = entry("Usual tier.", None)
    layers: tuple[Name, ...] = entry("Parts it always has.", ())
    cadence: Cadence = entry("How it ends.", "open")
    melody: Literal["hook", "hook_half", "lead", "riff", "solo", "none"] | None = entry(
        "What the melody does.", None, usual="lead"
    )
    contrast_with: Name | None = entry("Section its harmony must differ from.", None)
    over: Literal["", "form"] = entry("form: played over the chords of the whole form, chorus after chorus.", "")


class Progression(Table):
    """One chord progression."""

    id: Name = entry("Name of the progression.", examples=["home"])
    roles: Annotated[tuple[Name, ...], SOME] = entry("Sections that may use it.", examples=[["verse", "chorus"]])
    rn: Text = entry("Roman numerals, bars split by |.", examples=["i7 | IV9 | i7 | v7"])
    w: Weight = entry("How often it is chosen.", 1)
    mode: Name | None = entry("Mode it belongs to; left out: any.", None)
    span: Bars | None = entry("Length in bars, when it must be that.", None)
    cadence: Cadence = entry("How it ends.", "loop")


class Substitution(Table):
    """Other chords for a return."""

    match: Line = entry("Chords to replace.", examples=["V7 Imaj7"])
    to: Line = entry("Chords instead.", examples=["bII7 Imaj7"])
    p: Unit = entry("How likely.", 0.2)
    min_repeat: Annotated[int, Meta(ge=1, le=100)] = entry("From this statement of a section on.", 2)


class GenreHarmony(Table):
    """Chords of a genre."""

    prog: Annotated[tuple[Progression, ...], SOME] = entry("Progressions to choose from.", examples=[[_PROG]])
    sub: tuple[Substitution, ...] = entry("Substitutions on returns.", ())
    color: dict[str, tuple[Line, ...]] = entry("Extensions by kind of chord, plain to rich.", {})


class Alternative(Table):
    """What every choice has."""

    id: Name | None = entry("Its name, by which songs, models and explain speak of it.", None)
    w: Weight = entry("How often it is chosen among its like.", 1)
    tiers: Tiers = entry("Energies it suits, 1 to 5.", (1, 2, 3, 4, 5))
    mask: Mask = entry(
        "When it may be used, in words: first, return, last, lift, bar1 to bar4, before-fill, minor, next-fourth, slow ...",
        "",
        examples=["return bar4"],
    )

    def __post_init__(self) -> None:
        mask(self.mask)


Rows = Annotated[dict[str, Text], SOME]


class GrooveSpec(Alternative):
    """A groove: kick, snare, cymbals."""

    feel: Annotated[str, Meta(max_length=80)] = entry(
        "What its like are called: a song keeps to one of them; none: goes with all.", ""
    )
    bars: Annotated[int, Meta(ge=1, le=16)] = entry("Length in bars.", 1)
    rows: Rows = entry("A step string for each kit row.", examples=[_ROWS])


class FillSpec(Alternative):
    """A fill: replaces the last beats of a bar."""

    beats: Annotated[int, Meta(ge=1, le=64)] = entry("Length in beats.", 1)
    rows: Rows = entry("A step string for each kit row.", examples=[_ROWS])
    crescendo: tuple[Pitch, Pitch] | None = entry("Velocity from, to.", None)
    from_grid: Annotated[int, Meta(ge=2, le=96)] | None = entry("Steps in a bar of its own grid.", None)


class DrumSpec(Table):
    """The drummer's vocabulary."""

    groove: tuple[GrooveSpec, ...] = entry("Grooves.", ())
    fill: tuple[FillSpec, ...] = entry("Fills.", ())
    vary: Chances = entry("Variations of a bar and their chances.", {})
    crash: Unit = entry("Chance of a crash where energy rises.", 1.0)


class LayerSpec(Alternative):
    """A layer of percussion."""

    tier_min: Tier | None = entry("Lowest energy it plays at.", None)
    rows: Rows = entry("A step string for each kit row.", examples=[_ROWS])


class TimelineSpec(Alternative):
    """A rhythm others follow: written as steps, as groups, as euclid or as a cycle."""

    steps: Text | None = entry("Step string.", None, alias="str")
    groups: tuple[Steps, ...] | None = entry("Steps in each group.", None)
    euclid: Euclid | None = entry("Onsets, steps, rotation.", None)
    cycle: Line | None = entry("So many in the time of so many.", None, examples=["3:2"])
    tier_min: Tier | None = entry("Lowest energy it holds at.", None)
    parts: tuple[Name, ...] = entry("Parts it binds; none: everybody.", ())


class PercSpec(Table):
    """Percussion and rhythms that bind."""

    layer: tuple[LayerSpec, ...] = entry("Layers of percussion.", ())
    timeline: tuple[TimelineSpec, ...] = entry("Rhythms others follow.", ())
    share: Unit = entry("Chance that a song has percussion beside the kit; 1: it belongs to the style.", 1.0)
    hands: Annotated[int, Meta(ge=1, le=8)] = entry("Most layers at once.", 3)
    clave: Weights = entry("Weights of the sides of the clave: one for the whole song, known to masks.", {},
                           examples=[{"two-three": 2, "three-two": 1}])  # fmt: skip


class BassPattern(Alternative):
    """A bass line: a rhythm, and a degree for each onset."""

    span: Annotated[int, Meta(ge=1, le=16)] = entry("Length in bars.", 1)
    rhythm: Text = entry("Step string.", examples=["x... x... x... x..."])
    deg: tuple[Line, ...] = entry("Degrees, one for each onset.", examples=[["1", "5", "1", "5"]])


class WalkSpec(Table):
    """A walking bass by weights."""

    tiers: Tiers = entry("Energies it suits.", (3, 4, 5))
    first: Weights = entry("Degrees of the first beat.")
    inner: Weights = entry("Degrees of inner beats; s is a scale step.")
    approach: Weights = entry("Semitones from the last beat to the next chord.")


class TwoFeelSpec(Table):
    """A bass in two by weights."""

    tiers: Tiers = entry("Energies it suits.", (1, 2))
    third: Weights = entry("Degrees of beat 3.")


class BassSpec(Table):
    """The bass player's vocabulary."""

    range: Range = entry("Lowest and highest note.", (28, 52))
    patterns: tuple[BassPattern, ...] = entry("Bass lines.", ())
    walk: WalkSpec | None = entry("Walking bass.", None)
    two_feel: TwoFeelSpec | None = entry("Bass in two.", None)
    skip_p: Curve | None = entry("Chance of a skipped note by tempo, [[bpm, p], ...].", None)
    kick_lock: Unit = entry("Wanted share of bass notes on a kick.", 0.6)
    gate: Annotated[float, Meta(ge=0.05, le=1)] = entry("Sounding share of a note.", 0.85)
    approach_p: Unit = entry("Chance that the last note leads to the next chord.", 0.45)
    stray: Unit = entry("How often another line answers: 0 a loop, one line for the song.", 0.25)


class CompRhythm(Alternative):
    """A comping rhythm."""

    steps: Text = entry(
        "Step string; guitars have v, ^ and m; p is the thumb or the left hand alone, b both hands.",
        alias="str",
        examples=["x..x ..x. x... ..x."],
    )
    voicing: Name | None = entry("The voicing it is played in, where not the section's own.", None)
    deg: tuple[Line, ...] = entry("What each onset plays: c the chord, x dead strings, one degree or two as 3&8.", ())


class CompSpec(Table):
    """A comping player's vocabulary."""

    lane: Range = entry("Lowest and highest note.", (52, 76))
    rhythms: tuple[CompRhythm, ...] = entry("Rhythms.", ())
    voicings: Annotated[tuple[Name, ...], SOME] = entry("Voicings, the most typical first.", ("close",))
    push_p: Unit = entry("Chance that a chord comes early.", 0.2)
    gapfill: Unit = entry("How far it leaves room for the melody.", 0.5)
    layout_p: Unit = entry("Chance of laying out for four bars.", 0.0)
    strum_ms: Annotated[float, Meta(ge=0, le=100)] = entry("Time between strings.", 10)
    gate: Annotated[float, Meta(ge=0.05, le=1)] = entry("Sounding share of a chord.", 0.9)
    stray: Unit = entry("How often it leaves its figure of two bars: 0 a loop, 1 hardly twice the same.", 0.2)
    licks: Unit = entry("How often a guitar answers a rest of the tune with a lick in sixths.", 0.0)


class CompsSpec(Table):
    """The two comping players."""

    guitar: CompSpec = entry("Guitar.", CompSpec())
    keys: CompSpec = entry("Keys.", CompSpec())


class BehaviourSpec(Alternative):
    """Something a sustaining player does."""

    kind: Name = entry("A behaviour the player knows.", examples=["swell"])
    steps: Text | None = entry("Step string.", None, alias="str")
    bars: Bars | None = entry("Length in bars.", None)


class SustainSpec(Table):
    """The vocabulary of strings, brass, pads or lead."""

    lane: Range = entry("Lowest and highest note.", (52, 76))
    behaviours: tuple[BehaviourSpec, ...] = entry("What it does.", ())
    max_sustain: Annotated[int, Meta(ge=1, le=256)] = entry("Longest held note in beats.", 8)


class GenreMelody(Table):
    """Tunes of a genre."""

    lane: Range = entry("Lowest and highest note.", (60, 79))
    scale: Annotated[str, Meta(max_length=80)] = entry("Scale of the tune; empty: the key's.", "")
    schemas: Weights = entry("Weights of phrase plans.", {"period": 1.0})
    cells: tuple[Text, ...] = entry("Rhythms motifs are made of.", ())
    ct_strong: Band = entry("Wanted share of chord tones on strong beats, from, to.", (0.5, 0.9))
    approach_tones: Unit = entry("Share of chromatic approach notes.", 0)
    solo: Weights = entry("What a soloist does with a motif (run, tap, repeat, bend), with weights.", {})
    solo_scale: Annotated[str, Meta(max_length=80)] = entry("Scale of solos; empty: the tune's.", "")
    tensions: tuple[Literal["9", "#9", "#11", "13", "7"], ...] = entry("Where it may rest beside a chord tone.", ("9",))
    pickup_p: Unit = entry("Chance of a pickup.", 0.3)
    temp: Unit = entry("How far notes stray from the most likely.", 0.4)


class VoicesSpec(Table):
    """Who sings with the lead, and who in its place."""

    second: Weights = entry("Parts that sing a second voice to the tune, with weights.", {}, examples=[{"strings": 2}])
    second_p: Unit = entry("How readily, where a chorus returns; less in a verse, or for the first time.", 0.6)
    above: tuple[Name, ...] = entry("Those of them who sing it over the tune.", ())
    sixths: bool = entry("Whether in sixths rather than thirds.", False)
    unison_p: Unit = entry("How many songs have one of them double the tune of verses or of hooks instead.", 0.0)
    takes: Weights = entry("Parts that take the tune over where a verse returns, with weights.", {})
    solos: Weights = entry("Parts that share a solo with the lead, with weights.", {})
    takes_p: Unit = entry("How readily they do.", 0.5)
    answers: Weights = entry("Parts that reply to the tune where it rests, with weights; one in a section.", {})
    answers_p: Unit = entry("How many sections have that; fewer at their first statement.", 0.0)


class RiffSpec(Table):
    """The figure that several parts say together: every song owns one."""

    parts: tuple[Name, ...] = entry("Who plays it.", ("bass", "guitar"))
    sections: dict[Name, Literal["every", "answers", "fourths"]] = entry(
        "Where: in every bar of a section, or as answers, in the second half or in the last of every four bars.", {}
    )
    ground: tuple[Name, ...] = entry("Those of them who play it in every bar, where the others answer.", ())
    patterns: tuple[BassPattern, ...] = entry("Figures to choose from, each over one bar or two; m is muted.", ())


class GenreArrange(Table):
    """Who plays when."""

    axis: Literal["melody", "riff", "groove"] = entry("What is written first and given way to.", "melody")
    enter_order: tuple[Name, ...] = entry("Order of entrance.", ())
    parts: tuple[Size, Size, Size, Size, Size] = entry("Pitched parts at tiers 1 to 5.", (2, 3, 4, 5, 6))
    layers: dict[str, tuple[Name, ...]] = entry("Parts a section always has.", {})


class MixSpec(Table):
    """A part's sound and its channel of the mixer."""

    gm: Annotated[int, Meta(ge=0, le=127)] | None = entry("General MIDI program, from 0.", None)
    patch: Name | None = entry("Synth patch; left out: the one nearest to gm.", None)
    params: dict[str, Real] | None = entry("Parameters of the patch.", None, usual={})
    level: Decibels | None = entry("Level in dB.", None, usual=0)
    pan: Pole | None = entry("-1 left, 0 middle, 1 right.", None, usual=0)
    verb: Unit | None = entry("Reverb send.", None, usual=0.15)
    delay: Unit | None = entry("Delay send.", None, usual=0)
    hp: Annotated[float, Meta(ge=0, le=5000)] | None = entry("High-pass in Hz; 0: none.", None, usual=0)
    duck: Annotated[float, Meta(ge=0, le=24)] | None = entry(
        "Depth in dB by which the kick pushes it down.", None, usual=0
    )
    width: Annotated[float, Meta(ge=0, le=2)] | None = entry("Stereo width, 1 as recorded.", None, usual=1)


class LineupSpec(Table):
    """A band that plays this genre: who is in it, and on what."""

    id: Name = entry("Its name, by which songs ask for it.", examples=["piano_trio"])
    w: Weight = entry("How often it is chosen.", 1)
    parts: Annotated[tuple[PartName, ...], SOME] = entry("Who is in it.", examples=[["drums", "bass", "keys"]])
    mix: dict[PartName, MixSpec] = entry("What differs from the genre's mix: another sound, another level.", {},
                                         more=PER_PART)  # fmt: skip


class EndingSpec(Alternative):
    """A way to end: what is struck in the last bars, and how the song gets there."""

    rows: dict[str, Text] = entry(
        "What each strikes from the first stroke of all on: a part, band for everybody without a row, or a kit row.",
        {},
        examples=[{"band": "x... x... x... x-x-|X--- ---- ---- ----"}],
    )
    deg: dict[str, tuple[Line, ...]] = entry("The degree of each stroke, for bass or lead; else the root.", {})
    chords: dict[str, Line] = entry(
        "The last bars' chords in major and in minor keys; where there are any, the other keys end otherwise.",
        {},
        examples=[{"major": "IV | V7 | I", "minor": "iv | V7 | i"}],
    )
    color: dict[str, tuple[Line, ...]] = entry(
        "What the last chord may be, in major and minor keys.", {}, examples=[{"major": ["69"], "minor": ["m69"]}]
    )
    slow: Annotated[int, Meta(ge=0, le=8)] = entry("Bars that slow down up to the last stroke.", 0)
    again: Annotated[int, Meta(ge=1, le=4)] = entry(
        "How often the bars before the last are played, the first time counted.", 1
    )
    leave: dict[str, int] = entry("Who leaves how many bars before the end.", {})


class GenreSpec(Table):
    """A genre: what is typical of it, as data. Most genres extend base44 and say only what differs."""

    genre: GenreName = entry("What it is called.", examples=[{"id": "garage", "name": "Garage"}])
    tempo: GenreTempo = entry("Tempi.", examples=[{"mean": 100, "min": 90, "max": 110}])
    meter: GenreMeter = entry("Meter and grid.", GenreMeter(), examples=[{"sig": "4/4", "grid": 16}])
    feel: GenreFeel = entry("How written time becomes played time.", GenreFeel())
    keys: GenreKeys = entry(
        "Keys it likes.", GenreKeys(), examples=[{"tonics": {"E": 2, "A": 1}, "modes": {"minor": 1}}]
    )
    form: Annotated[tuple[GenreForm, ...], SOME] = entry("Forms to choose from.", examples=[[_FORM]])
    section: dict[Name, GenreSection] = entry("What sections are like, by role.", {})
    harmony: GenreHarmony = entry("Chords.", examples=[{"prog": [_PROG]}])
    drums: DrumSpec = entry("Drums.", DrumSpec())
    perc: PercSpec = entry("Percussion.", PercSpec())
    bass: BassSpec = entry("Bass.", BassSpec())
    comp: CompsSpec = entry("Guitar and keys.", CompsSpec())
    strings: SustainSpec = entry("Strings.", SustainSpec())
    brass: SustainSpec = entry("Brass and winds.", SustainSpec())
    pads: SustainSpec = entry("Pads and risers.", SustainSpec())
    melody: GenreMelody = entry("Tunes.", GenreMelody())
    riff: RiffSpec = entry("What guitar, bass and others say together.", RiffSpec())
    voices: VoicesSpec = entry("Who sings with the lead, and who in its place.", VoicesSpec())
    arrange: GenreArrange = entry("Who plays when.", GenreArrange())
    mix: dict[str, MixSpec] = entry("Sound and channel of each part.", {}, more=PER_PART)
    lineup: tuple[LineupSpec, ...] = entry("Bands to choose from; none: everybody.", ())
    ending: tuple[EndingSpec, ...] = entry("Ways to end.", ())
    assess: dict[str, tuple[Real, Real, Real, Real]] = entry(
        "Wanted values of measures: nothing below a or above d, all from b to c.", {}
    )
