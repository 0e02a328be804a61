"""The nouns of a genre's vocabulary: patterns as data, parsed and validated by the compiler, played by the ensemble."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from scorekit.values import Traced

if TYPE_CHECKING:
    from scorekit.score import Note
    from scorekit.timebase import Tick


class Hit(Struct, frozen=True):
    """One sounding character of a step string."""

    step: int
    """Grid step from the start of the pattern."""
    mark: str
    """g ghost, s soft, x normal, X accent, ! peak, f flam, d drag, b buzz, v down, ^ up, m mute, p thumb; digits become x."""
    length: int = 1
    """Steps it holds (``-`` after it)."""
    chance: float = 1.0


class Pattern(Struct, frozen=True, dict=True):
    """A step string: hits over a whole number of bars of the genre's own meter, or of loose beats (fills)."""

    steps: int
    """Total number of grid steps."""
    per_bar: int
    """Grid steps per bar of the genre's own meter."""
    hits: tuple[Hit, ...]

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        # Of what tells patterns apart well enough: they are asked for thousands of times a song, by what is in them.
        return hash((self.steps, self.per_bar, len(self.hits), *[(hit.step, hit.mark) for hit in self.hits[1:3]]))

    @cached_property
    def bars(self) -> int:
        return max(1, self.steps // self.per_bar)

    @cached_property
    def rate(self) -> float:
        """Average onsets in a bar."""
        return sum(hit.chance for hit in self.hits) / self.bars


MASKS: dict[str, tuple[str, ...]] = {
    "statement": ("first", "return"),
    "place": ("last", "lift"),
    "phrase": ("bar1", "bar2", "bar3", "bar4"),
    "fill": ("before-fill", "fill", "after-fill"),
    "chord": ("major", "minor", "dominant", "diminished", "suspended"),
    "next": ("next-same", "next-step", "next-third", "next-fourth", "next-tritone"),
    "tempo": ("slow", "medium", "fast", "breakneck"),
    "clave": ("three-two", "two-three"),
}
"""When an idea may be used, in words: those of one kind are alternatives, those of different kinds must all be true.

first and return statements; the last four bars, ramps; bars of a four-bar phrase; the bar before a drum fill, with one,
after one; the family of the bar's chord; the interval from it to the next chord (fourths and fifths are next-fourth); the
feel band of the tempo; which side of the clave a song begins on, where its genre has one.
"""


SECTION_MASKS = ("statement", "place", "clave")
"""The kinds that grooves, fills, percussion and the behaviours of strings, brass and pads know: they last a section."""
MOMENTS = ("phrase", "fill", "next")
"""The kinds that name single bars: an idea that asks for one does not go on through a section, it takes over a bar."""


@lru_cache(maxsize=4096)
def fits(mask: str, facts: frozenset[str], kinds: tuple[str, ...] = tuple(MASKS)) -> bool:
    """Whether what is true of a bar fulfils a mask, as far as it speaks of some kinds."""
    words = frozenset(mask.split())
    asked = [words & frozenset(MASKS[kind]) for kind in kinds]
    return all(some & facts for some in asked if some)


class Idea(Traced, frozen=True):
    """What every alternative has: the tiers it suits, its weight, when it may be used, and where it was written."""

    PROVENANCE: ClassVar[tuple[str, ...]] = ("id", "path")

    id: str
    tiers: tuple[int, ...]
    weight: float
    path: str
    mask: str = ""
    """When it may be used: words of ``MASKS``, '' always."""


class Groove(Idea, frozen=True):
    """Kick, snare and cymbals: rows of (kit row, pattern), all of the same length."""

    rows: tuple[tuple[str, Pattern], ...] = ()
    feel: str = ""
    """What its like are called, of which a song has one: one-drop, rockers, steppers; '' goes with all."""


class Fill(Idea, frozen=True):
    """Replaces the last beats of a bar."""

    beats: int = 1
    rows: tuple[tuple[str, Pattern], ...] = ()
    crescendo: tuple[int, int] | None = None


class Layer(Idea, frozen=True):
    """One layer of percussion."""

    rows: tuple[tuple[str, Pattern], ...] = ()


class Timeline(Idea, frozen=True):
    """A rhythm others follow: a pattern of onsets and the parts it binds (empty: everybody)."""

    pattern: Pattern = Pattern(16, 16, ())
    parts: tuple[str, ...] = ()


class BassLine(Idea, frozen=True):
    """A bass pattern: a rhythm and one degree for each of its onsets."""

    rhythm: Pattern = Pattern(16, 16, ())
    degrees: tuple[str, ...] = ()


class Walk(Struct, frozen=True):
    """Weights of a walking bass: what the first beat, inner beats and the approach to the next chord are."""

    tiers: tuple[int, ...]
    first: tuple[tuple[str, float], ...]
    inner: tuple[tuple[str, float], ...]
    approach: tuple[tuple[str, float], ...]
    two_feel: tuple[int, ...] = ()
    """Tiers played in two."""
    third: tuple[tuple[str, float], ...] = ()
    """Degrees of beat 3 in two."""
    skips: tuple[tuple[str, float], ...] = ()
    """Chance of an off-beat skip note by feel band."""


class CompCell(Idea, frozen=True):
    """A comping rhythm."""

    rhythm: Pattern = Pattern(16, 16, ())
    voicing: str = ""
    """The family it is played in; the section's own when empty."""
    degrees: tuple[str, ...] = ()
    """What each onset plays: one or two degrees of the chord, ``c`` the chord, ``x`` dead strings or a tap; chords throughout
    when empty."""


class Behaviour(Idea, frozen=True):
    """What a sustaining or sectional player does: a kind the specialist knows, with an optional rhythm."""

    kind: str = "sustain"
    rhythm: Pattern | None = None


class Ending(Idea, frozen=True):
    """How a song goes out. The band plays on up to the first stroke of all rows; from there on only these sound.

    Without rows everybody strikes once on the first beat of the last bar and lets it ring.
    """

    rows: tuple[tuple[str, Pattern], ...] = ()
    """(who, what is struck): a part, ``band`` for all parts without a row, or a kit row, which the drummer plays as
    written. All of the same length; they end with the song's last bar."""
    degrees: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(bass or lead, a degree of the chord for each of its strokes); the root, or the nearest tone, without."""
    slow: int = 0
    """Bars that slow down, up to the last stroke's bar."""
    leave: tuple[tuple[str, int], ...] = ()
    """(part, bars before the end of the song at which it leaves)."""

    def row(self, name: str) -> Pattern | None:
        """What a part strikes; None where it strikes the one hit."""
        own = dict(self.rows)
        return own.get(name, own.get("band"))

    @property
    def bars(self) -> int:
        """Its length."""
        return max((pattern.bars for _, pattern in self.rows), default=1)

    @property
    def final(self) -> tuple[int, int]:
        """(bars before the end of the song, step in that bar) of the last stroke of all."""
        last = max((h.step - p.steps for _, p in self.rows for h in p.hits), default=None)
        if last is None:
            return 1, 0
        per_bar = self.rows[0][1].per_bar
        return -(last // per_bar), last % per_bar


HIT = Ending("hit", (1, 2, 3, 4, 5), 1.0, "ending")
"""Everybody on the first beat of the last bar."""


class DrumIdeas(Struct, frozen=True):
    grooves: tuple[Groove, ...] = ()
    fills: tuple[Fill, ...] = ()
    vary: tuple[tuple[str, float], ...] = ()
    """(operation, probability): nothing, kick_pickup, ghost_shuffle, hat_open_and4, drop_kick, ride_bell ..."""
    layers: tuple[Layer, ...] = ()
    timelines: tuple[Timeline, ...] = ()
    crash: float = 1.0
    """Chance of a crash where energy rises."""
    percussion: float = 1.0
    """Chance that a song has percussion beside the kit; 1: it belongs to the style."""
    hands: int = 3
    """Most layers of percussion at once."""


class BassIdeas(Struct, frozen=True):
    low: int = 28
    high: int = 52
    lines: tuple[BassLine, ...] = ()
    walk: Walk | None = None
    kick_lock: float = 0.6
    """Wanted share of bass onsets that fall on a kick."""
    gate: float = 0.85
    """Sounding share of a note's written length."""
    approach: float = 0.45
    """Chance that the last onset before a change leads into the next chord."""
    stray: float = 0.25
    """How often another line answers and bars are varied; below a tenth one line lasts the song."""


class CompIdeas(Struct, frozen=True):
    """For guitar and keys."""

    low: int = 52
    high: int = 76
    cells: tuple[CompCell, ...] = ()
    voicings: tuple[str, ...] = ("close",)
    """Families known to theory.VOICINGS, the most typical first."""
    push: float = 0.2
    gapfill: float = 0.5
    layout: float = 0.1
    strum_ms: float = 10.0
    gate: float = 0.9
    stray: float = 0.2
    """How often it leaves the section's figure for two bars."""
    licks: float = 0.0
    """How often a rest of the tune is answered by a lick in sixths."""


class SustainIdeas(Struct, frozen=True):
    """For strings, brass and pads."""

    low: int = 52
    high: int = 76
    behaviours: tuple[Behaviour, ...] = ()
    max_sustain: int = 8
    """Longest held note, in beats."""


class MelodyIdeas(Struct, frozen=True):
    low: int = 60
    high: int = 79
    scale: str = ""
    """Scale of the tune; empty: the key's own."""
    schemas: tuple[tuple[str, float], ...] = (("period", 1.0),)
    """sentence, period, hook2x4, riff2, call_response, aaba_head, blues_aab, bop_line with weights."""
    cells: tuple[Pattern, ...] = ()
    chord_tones: tuple[float, float] = (0.5, 0.9)
    """Wanted share of chord tones on strong beats."""
    pickup: float = 0.3
    heat: float = 0.4
    approach: float = 0.0
    """Share of chromatic approach notes."""
    tensions: tuple[int, ...] = (2,)
    """Semitones above the root at which a tune may rest though a chord tone lies a semitone over it: 2 is the ninth."""
    solo: tuple[tuple[str, float], ...] = ()
    """What a soloist does with a motif: run, tap, repeat, bend with weights; none: solos go by schema as tunes do."""
    solo_scale: str = ""
    """Scale of solos; empty: the tune's."""


class VoiceIdeas(Struct, frozen=True):
    """Who sings with the lead, and who in its place."""

    second: tuple[tuple[str, float], ...] = ()
    """Parts that sing a second voice to the tune, with weights."""
    second_p: float = 0.6
    """How readily, where a chorus returns; in a verse, or for the first time, less."""
    above: tuple[str, ...] = ()
    """Those of them who sing it over the tune."""
    sixths: bool = False
    """Whether in sixths rather than thirds."""
    takes: tuple[tuple[str, float], ...] = ()
    """Parts that take the tune over where a verse returns."""
    solos: tuple[tuple[str, float], ...] = ()
    """Parts that share a solo with the lead."""
    takes_p: float = 0.5
    """How readily they do."""
    answers: tuple[tuple[str, float], ...] = ()
    """Parts that reply to the tune where it rests, with weights; one in a section."""
    answers_p: float = 0.0
    """How many sections have that; at their first statement fewer."""
    unison_p: float = 0.0
    """In how many songs one of those who sing a second voice doubles the tune of verses or hooks instead, at every statement."""


class RiffIdeas(Struct, frozen=True):
    """The figure that guitar, bass and whoever doubles them say together: a song owns one of them."""

    parts: tuple[str, ...] = ()
    """Who plays it."""
    sections: tuple[tuple[str, str], ...] = ()
    """Section name to where it is played there: every (bar), answers (the second half of every four bars), fourths (the last
    of every four bars of long sections)."""
    lines: tuple[BassLine, ...] = ()
    ground: tuple[str, ...] = ()
    """Those of them who play it in every bar of such a section, for the others to join."""


class Riff(Traced, frozen=True):
    """What several parts say together in a section: known to all of them, so that nobody need hear the others."""

    PROVENANCE: ClassVar[tuple[str, ...]] = ("id", "path")

    parts: tuple[str, ...]
    bars: tuple[int, ...]
    """Bars of the section (0-based) in which all of them play it."""
    tones: tuple[Note, ...]
    """In the bass's octave; manner ``mute`` where palms and thumbs lie on the strings."""
    id: str = ""
    path: str = ""
    ground: tuple[str, ...] = ()
    """Those who play it in ``every`` bar."""
    every: tuple[int, ...] = ()

    def bars_of(self, part: str) -> tuple[int, ...]:
        """The bars in which a part plays it."""
        return self.every if part in self.ground else self.bars if part in self.parts else ()

    def here(self, part: str, tick: Tick, bar: Tick) -> bool:
        """Whether a part plays it in the bar a tick lies in, ``bar`` ticks long."""
        return tick // bar in self.bars_of(part)


class Arrange(Struct, frozen=True):
    axis: str = "melody"
    """What is written first and given way to: melody, riff or groove."""
    order: tuple[str, ...] = ("drums", "bass", "guitar", "keys", "lead", "pads", "strings", "brass")
    """Order of entrance."""
    sizes: tuple[int, int, int, int, int] = (2, 3, 4, 5, 6)
    """Pitched parts at tiers 1 to 5."""
    layers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Section name to the parts it always has, where the genre says so."""


class Ideas(Struct, frozen=True):
    """All of a genre's vocabulary."""

    drums: DrumIdeas = DrumIdeas()
    bass: BassIdeas = BassIdeas()
    guitar: CompIdeas = CompIdeas()
    keys: CompIdeas = CompIdeas()
    strings: SustainIdeas = SustainIdeas()
    brass: SustainIdeas = SustainIdeas()
    pads: SustainIdeas = SustainIdeas()
    melody: MelodyIdeas = MelodyIdeas()
    riff: RiffIdeas = RiffIdeas()
    voices: VoiceIdeas = VoiceIdeas()
    arrange: Arrange = Arrange()
