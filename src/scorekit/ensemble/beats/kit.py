"""The drum kit: which limb plays a row, how long and how loud a stroke sounds, and bars of strokes as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from scorekit.ensemble.base import LOUDER, AnyIdea, Pen, loudness
from scorekit.ensemble.grid import fill_strokes, strokes
from scorekit.ensemble.intents import build, rise
from scorekit.ensemble.masks import of_section
from scorekit.ideas import SECTION_MASKS, DrumIdeas, Fill, Groove, Hit, Layer, Pattern, fits
from scorekit.score import Brief, Note, Origin, Phrase, Section
from scorekit.seeds import Seed
from scorekit.theory import DRUM_NOTES
from scorekit.timebase import PPQ, Meter, Tick

Rowed = TypeVar("Rowed", Groove, Fill, Layer)

KICK = DRUM_NOTES["kick"]
FOOT = DRUM_NOTES["hhfoot"]
CRASH = DRUM_NOTES["crash"]
SNARES = ("snare", "rim", "brush", "clap")
HATS = ("hh", "oh")
RIDES = ("ride", "bell")
TOMS = ("tom1", "tom2", "tom3")
CRASHES = ("crash", "crash2", "splash", "china")
FEET = ("kick", "hhfoot")
KIT = (*FEET, *SNARES, *HATS, *RIDES, *TOMS, *CRASHES)
"""Rows the drummer plays; every other row is a percussionist's."""
PITCHES = {row: DRUM_NOTES[row] for row in KIT}
KIT_PITCHES = frozenset(PITCHES.values())
STICK_PITCHES = KIT_PITCHES - {KICK, FOOT}
HANDS = tuple(
    DRUM_NOTES[row]
    for row in [
        "crash",
        "crash2",
        "china",
        "splash",
        "snare",
        "tom3",
        "tom2",
        "tom1",
        "clap",
        "bell",
        "oh",
        "ride",
        "rim",
        "hh",
    ]
)
"""What two hands reach for when a bar asks for three, the last to be given up first."""

_LENGTHS = {
    "oh": PPQ // 2,
    "ride": PPQ // 2,
    "bell": PPQ // 2,
    "crash": 2 * PPQ,
    "crash2": 2 * PPQ,
    "china": PPQ,
    "splash": PPQ,
    "triangle": PPQ,
    "guiro_long": PPQ // 2,
}
_SPREAD = {
    "kick": 12.0,
    "ride": 16.0,
    "bell": 14.0,
    "hh": 17.0,
    "oh": 14.0,
    "snare": 21.0,
    "brush": 18.0,
    "shaker": 8.0,
    "cabasa": 8.0,
    "tamb": 9.0,
}
"""Standard deviation of velocity of human strokes (Groove MIDI Dataset, measured); 15 for every other row."""
_TRIM = {"hh": -6.0, "oh": -3.0, "ride": -5.0, "shaker": -10.0, "cabasa": -10.0, "tamb": -8.0, "claves": -4.0}
"""How much softer than the snare these rows are struck at the same mark."""
_BREATHING = frozenset((*HATS, *RIDES, "shaker", "cabasa"))
"""Rows that keep the time."""
_BOUNDS = {"g": (18, 44), "s": (46, 63), "x": (64, 88), "m": (40, 62), "X": (90, 114), "!": (112, 127)}
"""Velocities a mark may take: a ghost stays a ghost and a backbeat a backbeat whatever the dice say."""


class Knock(Struct, frozen=True):
    """One stroke in a bar: ticks from the bar line, kit row, mark of its loudness class, ticks it sounds, and why."""

    at: Tick
    row: str
    mark: str = "x"
    length: Tick = 0
    why: str = ""


class Bar(Struct, frozen=True):
    """Where a bar's chance comes from and what its grid is. Variations are written against this."""

    number: int
    meter: Meter
    grid: int
    seed: Seed
    """Address of the bar's draws."""

    @property
    def step(self) -> Tick:
        return PPQ // self.grid

    @property
    def steps(self) -> range:
        """Every grid position of the bar, in ticks."""
        return range(0, self.meter.bar, self.step)

    @property
    def halves(self) -> tuple[Tick, ...]:
        """Off-beats: the middle of each felt beat, or its last third where beats are threes."""
        pairs = zip(self.meter.onsets, self.meter.pulses, strict=True)
        return tuple(on + self.offbeat(pulse) for on, pulse in pairs)

    def offbeat(self, pulse: Tick) -> Tick:
        """Where in a felt beat its off-beat lies: the last third of triplets and dotted beats, else the middle."""
        dotted = pulse % (3 * PPQ // 8) == 0
        return pulse * 2 // 3 if self.grid == 3 or dotted else pulse // 2


# -- reading ideas ---------------------------------------------------------------------------------


def onsets_per_bar(idea: Rowed) -> float:
    """Average onsets in a bar over all rows of a groove, fill or layer."""
    return sum(pattern.rate for _, pattern in idea.rows)


def usable(ideas: Sequence[AnyIdea], section: Section) -> tuple[AnyIdea, ...]:
    """The ideas whose mask allows this statement of the section; all of them when none does."""
    facts = of_section(section)
    return tuple(idea for idea in ideas if fits(idea.mask, facts, SECTION_MASKS)) or tuple(ideas)


def identity(brief: Brief) -> Seed:
    """Chance shared by every statement of a section: the motif's, or this cell's address without the occurrence."""
    if brief.motif_seed is not None:
        return brief.motif_seed.at("drums")
    section = brief.section
    return Seed(brief.seed.address.replace(f"/{section.id}/", f"/{section.name}/", 1))


def looseness(ideas: DrumIdeas) -> float:
    """How freely the genre plays, 0 (a machine) to 1: the share of bars its ``vary`` table does not leave alone."""
    table = dict(ideas.vary)
    total = sum(table.values())
    return 1.0 - table.get("nothing", 0.0) / total if total else 0.5


def live(ideas: DrumIdeas) -> bool:
    """Whether a human drummer is meant: a genre that varies three bars in ten or more."""
    return looseness(ideas) >= 0.3


def has_toms(ideas: DrumIdeas) -> bool:
    """Whether the genre's own patterns ever use toms: if not, runs down the kit are foreign to it."""
    rows = [*(f.rows for f in ideas.fills), *(g.rows for g in ideas.grooves)]
    return any(row.startswith("tom") for some in rows for row, _ in some)


def busyness(brief: Brief) -> float:
    """-1 to 1: how far complexity and the cell's density ask for more or fewer strokes; 0 as the genre has it."""
    asked = max(brief.dials.density - 0.5, brief.lane.density - 0.5, key=abs)
    return max(-1.0, min(1.0, 2.0 * (brief.dials.complexity - 0.5 + asked)))


def energy(brief: Brief, bar: int) -> float:
    """The tier a bar is played at: a ramp rises by one over the section, a build by two over its bars."""
    section = brief.section
    if build(section) is not None:
        return min(5.0, brief.lane.tier + 2.0 * rise(section, bar * section.meter.bar))
    up = bar / max(1, section.bars - 1) if "ramp" in section.flags else 0.0
    return min(5.0, brief.lane.tier + up)


def knocks(row: str, pattern: Pattern, bar: Bar) -> list[Knock]:
    """What a pattern plays in a bar; chances are drawn at the bar's address."""
    return [
        Knock(s.at, row, s.mark, s.length)
        for s in strokes(pattern, bar.meter, bar.grid, bar.number)
        if s.chance >= 1.0 or bar.seed.chance(f"chance/{row}/{s.at}", s.chance)
    ]


# -- writing ---------------------------------------------------------------------------------------


def _slice(pattern: Pattern, first: int, beats: int, grid: int) -> Pattern:
    """Some beats of a longer fill."""
    low, high = first * grid, (first + beats) * grid
    inside = tuple(Hit(h.step - low, h.mark, h.length, h.chance) for h in pattern.hits if low <= h.step < high)
    return Pattern(beats * grid, pattern.per_bar, inside)


def laid(fill: Fill, section: Section, bar: int) -> tuple[tuple[int, Knock], ...]:
    """The strokes of a fill that ends with a bar, by bar; a long one reaches back over several."""
    found, left, per_bar = [], fill.beats, len(section.meter.pulses)
    while left > 0 and bar >= 0:
        beats = min(left, per_bar)
        for row, pattern in fill.rows:
            part = _slice(pattern, left - beats, beats, section.grid)
            placed = fill_strokes(part, section.meter, section.grid, beats)
            found += [(bar, Knock(s.at, row, s.mark, s.length)) for s in placed]
        left, bar = left - beats, bar - 1
    return tuple(sorted(found, key=lambda item: (item[0], item[1].at, item[1].row)))


@lru_cache(maxsize=4096)
def strength(meter: Meter, at: Tick) -> float:
    """Metric strength of a position in the bar; the third triplet is an off-beat, where swing puts it."""
    return 0.35 if at % PPQ == 2 * PPQ // 3 else meter.strength(at)


def over(phrase: Phrase, kept: Iterable[Note]) -> Pen:
    """A pen that goes on from some notes of a phrase, with the phrase's origins."""
    return Pen(phrase.part, list(kept), {origin: row for row, origin in enumerate(phrase.origins)})


def metric(row: str, at: Tick, meter: Meter) -> float:
    """How a position in the bar colours a stroke: time-keeping rows breathe with the beat, others lean on it."""
    weight = strength(meter, at)
    if row in _BREATHING:
        return 4.0 if weight >= 0.6 else -1.0 if weight >= 0.35 else -6.0
    return 2.0 if weight >= 0.8 else 0.0


def velocity(knock: Knock, bar: Bar, tier: float, swell: float, human: float) -> float:
    """Velocity of a stroke: its class, the tier, its place in the bar and the phrase, and a named human deviation."""
    sd = _SPREAD.get(knock.row, 15.0) * human * (0.45 if knock.mark in "gX!" else 1.0)
    centre = loudness(knock.mark, 3) + LOUDER * (tier - 3.0) + _TRIM.get(knock.row, 0.0)
    raw = centre + metric(knock.row, knock.at, bar.meter) + swell + sd * bar.seed.bell(f"v/{knock.row}/{knock.at}")
    low, high = _BOUNDS.get(knock.mark, (20, 124))
    return max(low + _TRIM.get(knock.row, 0.0), min(high, raw))


def sound(knock: Knock) -> Tick:
    """How long a stroke sounds, in ticks: its own length when the pattern holds it, else what the row rings."""
    return knock.length if knock.length > PPQ // 2 else _LENGTHS.get(knock.row, PPQ // 4)


def strike(pen: Pen, knock: Knock, bar: Bar, loud: float, origin: Origin) -> None:
    """Writes a stroke: a drag with the ghost before it, a buzz as two, a flam by its manner."""
    start, pitch, half = bar.number * bar.meter.bar + knock.at, DRUM_NOTES[knock.row], bar.step // 2
    if knock.mark == "d" and start >= half:
        pen.write(start - half, half, pitch, 0.36 * loud, origin, "ghost")
    manner = {"g": "ghost", "f": "flam", "d": "flam"}.get(knock.mark, "")
    length = half if knock.mark == "b" else sound(knock)
    pen.write(start, length, pitch, loud, origin, manner)
    if knock.mark == "b":
        pen.write(start + half, half, pitch, 0.86 * loud, origin)


def free(bar: Bar, played: Iterable[Knock], rows: Sequence[str]) -> list[Tick]:
    """Grid positions of the bar where none of the rows is struck."""
    taken = {k.at for k in played if k.row in rows}
    return [at for at in bar.steps if at not in taken]


def remarked(knock: Knock, row: str, mark: str, why: str) -> Knock:
    """The same stroke on another row or in another class."""
    return replace(knock, row=row, mark=mark, why=why)
