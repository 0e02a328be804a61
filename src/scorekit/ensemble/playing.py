"""What bass, guitar and keys share: where they are in the phrase, how loud that is, and patterns at another pace."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from scorekit.ensemble import masks
from scorekit.ensemble.base import AnyIdea, heat, suited
from scorekit.ensemble.grid import Stroke, strokes
from scorekit.ensemble.intents import lift, swell
from scorekit.ideas import BassIdeas, BassLine, CompCell, Idea, Pattern, fits
from scorekit.score import Brief, Chord, Note, Section
from scorekit.seeds import Seed
from scorekit.stage import Dials
from scorekit.timebase import PPQ, Tick
from scorekit.values import fact

TOMS = (41, 43, 45, 47, 48, 50)
SNARES = (37, 38, 40)


def home(brief: Brief) -> Seed:
    """Where what must return with the section is drawn from: the same for all its statements."""
    return brief.motif_seed or brief.seed


@fact
def chord_starts(section: Section) -> frozenset[Tick]:
    """Where the chords of a section begin."""
    return frozenset(chord.start for chord in section.chords)


@fact
def whole_song(brief: Brief) -> Seed:
    """Where is drawn from what a part does the same all through a song, whatever the section."""
    return brief.seed.top()


CONTRASTS = frozenset({"bridge", "break", "breakdown", "build", "dub"})
"""Sections that are there to be unlike the others."""


def kind_of(section: Section) -> str:
    """Which of a song's main matters a section is made of, hook or verse: a band has one groove for each, and introductions,
    turns and endings are played over them. What is there for contrast is a matter of its own."""
    return section.name if section.name in CONTRASTS else "hook" if section.melody == "hook" else "verse"


@fact
def grounds(brief: Brief) -> Seed:
    """Where what a part goes on with is drawn from: the same in all sections of a kind, but its own for another take, and for
    who hardly plays a thing twice."""
    own = brief.cell.reroll > 0 or strays(brief)
    return home(brief) if own else whole_song(brief).at("grounds", kind_of(brief.section), brief.part)


STRAYS = 0.5
"""Players who stray as much hardly play a thing twice."""
LOOP = 0.1
"""Players who stray less than this keep one figure for the whole song."""


def strays(brief: Brief) -> bool:
    """Whether a player hardly plays a thing twice."""
    stray: float = getattr(brief.ideas, "stray", 0.0)
    return stray >= STRAYS


def looped(brief: Brief, ideas: Sequence[AnyIdea], fitting: Sequence[AnyIdea]) -> AnyIdea:
    """What a loop goes on with: of the ideas that fit, the one that the song, whatever the section, wants most."""
    song = whole_song(brief).at("loop", brief.part)
    return song.choose("idea", ideas, [idea.weight * (idea in fitting) for idea in ideas], heat(brief.dials))


GROUPS = ((1,), (2, 3), (4, 5))
"""Tiers that share a figure: a verse or chorus that returns a little louder is still that verse or chorus."""


def group_of(tier: int) -> int:
    """Number of the group a tier is in."""
    return next(n for n, group in enumerate(GROUPS) if tier in group)


@lru_cache(maxsize=64)
def _wide(tiers: tuple[int, ...]) -> bool:
    """Whether what suits some tiers suits more than one group, the quietest tier apart."""
    return len({group_of(tier) for tier in tiers if tier > 1}) > 1


def grouped(ideas: Sequence[AnyIdea], tier: int, kept: bool = False) -> tuple[tuple[AnyIdea, ...], tuple[float, ...]]:
    """The ideas for a tier's group with the share of the group each suits; those for the nearest tier when there are none.
    For who has one figure ``kept`` through the song all tiers but the quietest are one group."""
    group = (2, 3, 4, 5) if kept and tier > 1 else GROUPS[group_of(tier)]
    shares = [sum(t in idea.tiers for t in group) / len(group) for idea in ideas]
    if not any(shares):
        near = suited(ideas, tier)
        return near, (1.0,) * len(near)
    found = [(idea, share) for idea, share in zip(ideas, shares, strict=True) if share]
    return tuple(idea for idea, _ in found), tuple(share for _, share in found)


STEADY = 3.0
"""How much likelier a figure is that suits quiet and loud statements of a section alike."""
KICKED = 0.75
"""A bass that is to meet a larger share of the kicks lives on them."""
KEEPS = {"guitar": range(2), "keys": range(2, 4), "bass": range(4, 5)}
KINDS = 6
"""Of so many kinds of songs, those in which a player does not keep its figure of one section in all others: the rest do in each,
so that somebody has something else to say where a section begins; in one kind all do."""


def kicked(brief: Brief) -> bool:
    """Whether a player is a bass that lives on the kick."""
    return isinstance(brief.ideas, BassIdeas) and brief.ideas.kick_lock > KICKED


@fact
def keeps(brief: Brief) -> bool:
    """Whether a player keeps its figure from section to section in this song; asked for another take it looks for another. A
    bass that lives on the kick never does: that changes."""
    loops = getattr(brief.ideas, "stray", 1.0) < LOOP
    return not brief.cell.reroll and not kicked(brief) and (loops or _keeps(whole_song(brief), brief.part))


def heeded(brief: Brief, parts: Sequence[str]) -> tuple[str, ...]:
    """Those of some parts by whose figures a player finds its own: who keeps one through the song only others who do."""
    return tuple(part for part in parts if not keeps(brief) or _keeps(whole_song(brief), part))


@fact
def rooted(brief: Brief) -> Seed:
    """Where is drawn from what comes round with a figure: the same in all sections for who keeps it, else in all of a kind."""
    return whole_song(brief).at("kept", brief.part) if keeps(brief) else grounds(brief)


@lru_cache(maxsize=64)
def _keeps(song: Seed, part: str) -> bool:
    return part in KEEPS and int(song.unit("keeps") * KINDS) not in KEEPS[part]


def figure_of(
    brief: Brief, draw: str, ideas: Sequence[AnyIdea], fitting: Sequence[AnyIdea], weights: Sequence[float]
) -> AnyIdea:
    """The figure a section keeps, of those that fit: drawn among all the part knows, so that a louder statement, or another
    section of who keeps one, has another only where this one would not suit it."""
    known = dict(zip(map(id, fitting), weights, strict=True))
    wide = [_wide(idea.tiers) for idea in ideas]
    steady = 1.0 if keeps(brief) else STEADY
    drawn = [known.get(id(idea), 0.0) * (steady if far else 1.0) for idea, far in zip(ideas, wide, strict=True)]
    return rooted(brief).choose(draw, ideas, [round(w, 9) for w in drawn], heat(brief.dials))


@fact
def leaning_to(brief: Brief) -> Dials:
    """The dials by which a figure is chosen: a statement that is to be sparser or fuller plays its figure so, and has no other."""
    asked = 0.5 if brief.cell.density is None else brief.cell.density
    return replace(brief.dials, density=min(1.0, asked + 0.15 * brief.dials.focus))


def usable(ideas: Sequence[AnyIdea], brief: Brief, bar: int) -> tuple[AnyIdea, ...]:
    """The ideas that may go on from a bar: not for single bars only, and their mask allows it; all such when none does."""
    lasting = tuple(idea for idea in ideas if not masks.momentary(idea)) or tuple(ideas)
    if not any(idea.mask for idea in lasting):
        return lasting
    facts = masks.of_bar(brief, bar, frozenset())
    return tuple(idea for idea in lasting if fits(idea.mask, facts)) or lasting


def momentous(
    ideas: Sequence[AnyIdea],
    brief: Brief,
    going: Sequence[AnyIdea],
    fit: Callable[[AnyIdea, int], float] = lambda idea, bar: 1.0,
) -> tuple[AnyIdea, ...]:
    """What goes on in each bar with the ideas that single bars call for in its place (see masks.moments): of eight bars one
    at most, of four where the player hardly plays a thing twice."""
    some = [idea for idea in ideas if masks.momentary(idea)]
    if not some:
        return tuple(going)
    fills = _fills(brief) if any("fill" in idea.mask for idea in some) else frozenset[int]()
    facts = [masks.of_bar(brief, bar, fills) for bar in range(brief.section.bars)]
    return masks.moments(replace(brief, seed=grounds(brief)), some, going, facts, fit, 4 if strays(brief) else 8)


def window(brief: Brief, bar: int, idea: Idea) -> tuple[Tick, Tick]:
    """(from, to) in a bar where an idea for single bars takes over from what goes on: its last beat, its second half at the
    end of eight bars, its first half after a fill; all of it for those who hardly play a thing twice."""
    meter = brief.section.meter
    half = meter.onsets[len(meter.onsets) // 2]
    if strays(brief) or len(meter.onsets) == 1:
        return 0, meter.bar
    if "after-fill" in idea.mask.split():
        return 0, half
    return half if bar % 8 == 7 else meter.onsets[-1], meter.bar


def _fills(brief: Brief) -> frozenset[int]:
    """The bars with a drum fill: those that are heard, and the last wherever drums lead on into another section. Who hears no
    drums knows of that one too, and the bars before it do not hang upon what the drummer makes of it."""
    section = brief.section
    last, leads = section.bars - 1, brief.seam.next_chord is not None and "nodrums" not in section.flags
    heard = brief.gist("drums").turns
    return frozenset({bar for bar in heard if bar < last} | ({last} if leads else set()))


AS_WRITTEN = 0.15
"""How far from the middle density may be without a stroke of a figure coming or going."""


@fact
def busyness(brief: Brief) -> float:
    """0 as sparse as can be, 1 as busy, .5 as written: density with complexity leaning on it. A figure is played as written
    until clearly more or less is asked for."""
    asked = brief.lane.density + 0.6 * (brief.dials.complexity - 0.5) - 0.5
    beyond = max(0.0, abs(asked) - AS_WRITTEN) * 0.5 / (0.5 - AS_WRITTEN)
    return min(1.0, max(0.0, 0.5 + (beyond if asked > 0 else -beyond)))


def tier_at(brief: Brief, bar: int) -> int:
    """The tier to choose ideas for, risen where the section does."""
    return min(5, brief.lane.tier + lift(brief.section, bar))


def level(brief: Brief, tick: Tick) -> float:
    """What the place in the section adds to a velocity: the ramp, the first bar of every four, the accent mask (+-12),
    the song's own wish for the cell."""
    section = brief.section
    at = 3.0 if tick // section.meter.bar % 4 == 0 else 0.0
    return at + swell(section, tick) + leaning(brief, tick) + brief.cell.velocity


def strength(section: Section, tick: Tick) -> float:
    """How strong a tick's place in its bar is: see Meter.strength."""
    return section.meter.strength(tick)


def knee(velocity: float) -> float:
    """A velocity with what rises above 100 halved: the loudest notes keep their differences below the ceiling."""
    return velocity if velocity <= 100 else 100 + (velocity - 100) * 0.55


def leaning(brief: Brief, tick: Tick) -> float:
    """How far the accent mask lifts or lowers a tick: -12 to 12, nothing without a mask."""
    step = tick * brief.section.grid // PPQ
    if not 0 <= step < len(brief.accents):
        return 0.0
    around = brief.accents[max(0, step - 8) : step + 9]
    return min(12.0, max(-12.0, 16.0 * (brief.accents[step] - sum(around) / len(around))))


TERSE = 0.6
"""How many songs a player goes through with figures of one bar."""


@fact
def period(brief: Brief) -> int:
    """Bars after which a figure comes round: two, or one for a player whose figures in this song are of one bar; a bass that
    lives on the kick has the drummer's two."""
    return 1 if not kicked(brief) and _terse(whole_song(brief).address, brief.part) else 2


@lru_cache(maxsize=64)
def _terse(song: str, part: str) -> bool:
    """Whether a player's figures in a song are of one bar: asked for at every stroke."""
    return Seed(song).at("terse", part).chance("one bar", TERSE)


def figured(brief: Brief, idea: BassLine | CompCell, bar: int) -> int:
    """Which bar of its figure a player is in. Of one of two bars a terse player says the first and, where it turns, the second;
    but on a clave, and in lines whose bars begin otherwise: there neither is whole without the other."""
    return int(bar in brief.lane.turns) if _halved(brief, idea) else bar


def span(brief: Brief, idea: BassLine | CompCell) -> Tick:
    """After how many ticks a player's figure comes round: a bar, or two where both bars are said."""
    bar = brief.section.meter.bar
    return bar if idea.rhythm.bars == 1 or _halved(brief, idea) else 2 * bar


def _halved(brief: Brief, idea: BassLine | CompCell) -> bool:
    """Whether of a figure of two bars the first alone goes on."""
    return brief.lane.pace == "normal" and "three" not in idea.mask and period(brief) == 1 and _twice(idea)


@lru_cache(maxsize=1024)
def _twice(idea: BassLine | CompCell) -> bool:
    """Whether a figure is of two bars, and if it is a line whether they begin alike, in rhythm and degrees, up to the middle."""
    bar, half = idea.rhythm.per_bar, idea.rhythm.per_bar // 2
    told = idea.degrees or ("",)
    begins = [(hit.step, told[n % len(told)]) for n, hit in enumerate(idea.rhythm.hits)]
    first, second = ([(s - bar * n, d) for s, d in begins if bar * n <= s < bar * n + half] for n in (0, 1))
    both = len({hit.step // bar for hit in idea.rhythm.hits}) == 2
    return idea.rhythm.bars == 2 and both and (isinstance(idea, CompCell) or first == second)


def paced(pattern: Pattern, section: Section, pace: str, bar: int) -> tuple[Stroke, ...]:
    """A pattern in a bar at half, normal or double time.

    Half time spreads each bar over two; double time puts two bars into one where that leaves sixteenths or slower.
    """
    grid = section.grid
    if pace == "half":
        return _spread(strokes(pattern, section.meter, grid, bar // 2), section.meter.bar, bar % 2)
    if pace == "double" and _slow(pattern, grid):
        first, second = (strokes(pattern, section.meter, grid, 2 * bar + n) for n in (0, 1))
        half = section.meter.bar // 2
        return tuple(_scaled(s, 0, 2) for s in first) + tuple(_scaled(s, half, 2) for s in second)
    return strokes(pattern, section.meter, grid, bar)


def _slow(pattern: Pattern, grid: int) -> bool:
    """Whether no two onsets are nearer than an eighth (two steps of triplets)."""
    steps = [hit.step for hit in pattern.hits]
    return all(b - a >= 2 for a, b in pairwise(steps)) and grid % 2 == 0


def _spread(found: tuple[Stroke, ...], bar: Tick, half: int) -> tuple[Stroke, ...]:
    first = half * bar
    return tuple(
        Stroke(2 * s.at - first, min(2 * s.length, bar - (2 * s.at - first)), s.mark, s.chance, s.index)
        for s in found
        if first <= 2 * s.at < first + bar
    )


def _scaled(stroke: Stroke, offset: Tick, by: int) -> Stroke:
    return replace(stroke, at=offset + stroke.at // by, length=max(1, stroke.length // by))


def pulse_at(section: Section, tick: Tick) -> Tick:
    """Length of the felt beat a tick lies in."""
    at = tick % section.meter.bar
    return section.meter.pulses[bisect_right(section.meter.onsets, at) - 1]


def beat_of(section: Section, tick: Tick) -> int:
    """Number of the felt beat a tick lies in, from 0."""
    return bisect_right(section.meter.onsets, tick % section.meter.bar) - 1


def following(brief: Brief, tick: Tick) -> Chord | None:
    """The first chord that begins after a tick, the next section's after the last; None at the end of the song."""
    later = next((chord for chord in brief.section.chords if chord.start > tick), None)
    return later or brief.seam.next_chord


def changes(section: Section) -> tuple[Chord, ...]:
    """The chords that differ from the one before them, with the ticks of those that merely repeat added to theirs."""
    merged: list[Chord] = []
    for chord in section.chords:
        same = merged and (merged[-1].root, merged[-1].quality, merged[-1].bass) == (
            chord.root,
            chord.quality,
            chord.bass,
        )
        if same:
            merged[-1] = replace(merged[-1], length=chord.end - merged[-1].start)
        else:
            merged.append(chord)
    return tuple(merged)


def fill_starts(section: Section, drums: tuple[Note, ...], least: int = 2, strokes: int = 3) -> dict[int, Tick]:
    """Where in each bar a drum fill of so many beats or more begins: toms, or so many snare strokes a beat, to the bar line.

    What every bar of the section but the last has on a beat is the groove and does not count. Bars without a fill are left
    out.
    """
    beats = len(section.meter.onsets)
    toms = [[0] * beats for _ in range(section.bars)]
    for note in drums:
        if note.pitch in TOMS or note.pitch in SNARES:
            bar = note.start // section.meter.bar
            toms[bar][beat_of(section, note.start)] += 3 if note.pitch in TOMS else 1
    usual = [
        min(column) if len(toms) > 1 else 0 for column in zip(*(toms[:-1] if len(toms) > 2 else toms), strict=True)
    ]
    found: dict[int, Tick] = {}
    for bar, counts in enumerate(toms):
        length = 0
        while length < beats and counts[beats - 1 - length] - usual[beats - 1 - length] >= strokes:
            length += 1
        if length >= least:
            found[bar] = bar * section.meter.bar + section.meter.onsets[beats - length]
    return found


def fills_of(brief: Brief) -> dict[int, Tick]:
    """Where in each bar a drum fill begins that the part hears."""
    return {tick // brief.section.meter.bar: tick for tick in brief.gist("drums").fills}


class Tune(Struct, frozen=True, dict=True):
    """The tune as a comper hears it."""

    notes: tuple[Note, ...]
    step: Tick

    @cached_property
    def _activity(self) -> dict[int, float]:
        found: dict[int, float] = {}
        for note in self.notes:
            first, last = (note.start + self.step // 2) // self.step, (note.end - 1) // self.step
            for step in range(first + 2, last + 1):
                found.setdefault(step, 0.3)
            for step in (first - 1, first + 1):
                found[step] = 0.8
        for note in self.notes:
            found[(note.start + self.step // 2) // self.step] = 0.6
        return found

    def activity(self, tick: Tick) -> float:
        """How much a stroke would disturb the tune: .8 a step beside one of its notes, .6 with it, .3 where it holds one, else 0."""
        return self._activity.get(tick // self.step, 0.0)

    @cached_property
    def _usual(self) -> dict[tuple[Tick, Tick, Tick], float]:
        return {}

    def usual(self, tick: Tick, period: Tick, end: Tick) -> float:
        """How active it is, in the mean, at a place that comes again after every period."""
        key = tick % period, period, end
        found = self._usual.get(key)
        if found is None:
            places = range(tick % period, end, period)
            found = self._usual[key] = sum(self.activity(at) for at in places) / max(1, len(places))
        return found

    def rests(self, end: Tick) -> tuple[tuple[Tick, Tick], ...]:
        """(from, to) of each silence of a beat or more after a note."""
        starts = [note.start for note in self.notes[1:]] + [end]
        pairs = ((note.end, start) for note, start in zip(self.notes, starts, strict=False))
        return tuple((a, b) for a, b in pairs if b - a >= PPQ)


def tune(brief: Brief) -> Tune:
    """What the part hears of the lead."""
    return Tune(brief.hears("lead"), PPQ // brief.section.grid)
