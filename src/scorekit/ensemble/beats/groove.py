"""The groove generator: kick, snare and cymbals, one pattern per section, told in phrases of four bars.

Bars of a phrase state, restate, answer and turn. A groove holds still: its cell, one bar of the pattern or two as the song
has it, stands for three bars of four; what changes belongs to the turn, comes back in the next one, and comes back with every
section of its kind. How still is drawn for the song: the kick equals that of the bar before in .0 to .8 of a human drummer's
bars playing freely (median .29, Groove MIDI Dataset), and in .55 to .80 of finished songs'.
"""

from __future__ import annotations

from msgspec.structs import replace

from scorekit.ensemble.base import Pen, busier, heat, suited
from scorekit.ensemble.beats.kit import (
    HATS,
    RIDES,
    SNARES,
    TOMS,
    Bar,
    Knock,
    busyness,
    energy,
    free,
    identity,
    knocks,
    live,
    looseness,
    onsets_per_bar,
    over,
    strength,
    strike,
    usable,
    velocity,
)
from scorekit.ensemble.beats.vary import EDITS
from scorekit.ensemble.masks import momentary, moments, of_section
from scorekit.ensemble.playing import STEADY, grounds, grouped, whole_song
from scorekit.ideas import DrumIdeas, Groove, Pattern
from scorekit.score import Brief, Origin, Phrase

PHRASE = ("state", "restate", "answer", "close")
"""What each of four bars is, where the drummer does not turn."""
_STIR = {"state": 0.0, "restate": 0.0, "answer": 0.2, "close": 0.5, "turn": 1.0}
"""How far each bar of the phrase is varied: the change belongs to the turn."""
_FIGURE = 2
"""Bars after which what a pattern leaves to chance, and what is thinned or added, comes round."""
_RESTLESS = 0.3
"""How far at most every bar is varied where much creativity is asked for."""
_FREE = 0.7
"""Looseness from which a drummer talks all the time, as in jazz, and each bar may be varied."""
_WHOLE = 0.55
"""Looseness from which a pattern is played whole."""
_ONE_BAR = (1.0, 0.2)
"""Share of songs whose grooves are cells of one bar, at creativity 0 and 1; the second bar of their patterns is the turn's."""
_SWELL = (3.0, -1.0, 0.0, 2.0)
"""Velocity over a phrase: its first bar is set down firmly, its last leans on."""
_MEMORY = 0.8
"""Chance that a turn is varied as that of the first phrase was; all other bars are."""


def chosen(brief: Brief) -> Groove | None:
    """The groove of this section: the one asked for, or one drawn for sections of its kind; None without any.

    It is drawn among all the genre's grooves, of which those fit that suit the tier's group (a chorus is never hushed), so that
    a louder statement has another only where this one does not suit it.
    """
    ideas = drum_ideas(brief)
    if not ideas.grooves:
        return None
    asked = next((g for g in ideas.grooves if g.id == brief.cell.pattern), None)
    if asked:
        return asked
    going, tier = lasting(brief), brief.lane.tier
    hushed_hook = tier in (2, 3) and brief.section.melody in ("hook", "riff", "none")
    fitting, shares = grouped(going, tier)
    if hushed_hook:
        fitting = suited(going, tier)
        shares = (1.0,) * len(fitting)
    counts = [onsets_per_bar(groove) for groove in fitting]
    low, span = min(counts), (max(counts) - min(counts)) or 1.0
    weights = {
        id(g): busier(g.weight, (n - low) / span, brief.dials) * share * (STEADY if len(g.tiers) > 1 else 1.0)
        for g, n, share in zip(fitting, counts, shares, strict=True)
    }
    drawn = [weights.get(id(g), 0.0) for g in ideas.grooves]
    return grounds(brief).choose("groove", ideas.grooves, drawn, heat(brief.dials))


def moment(groove: Groove) -> bool:
    """Whether a groove is for single bars: of the phrase, or (``last``) the section's last."""
    return momentary(groove) or "last" in groove.mask.split()


def lasting(brief: Brief) -> tuple[Groove, ...]:
    """The grooves that may go on through the section, all of the feel the song has."""
    grooves = drum_ideas(brief).grooves
    going = tuple(g for g in grooves if not moment(g)) or grooves
    shares = {g.feel: 0.0 for g in going if g.feel}
    for groove in going:
        shares |= {groove.feel: shares[groove.feel] + groove.weight} if groove.feel else {}
    if shares:
        feel = whole_song(brief).choose("feel", tuple(shares), tuple(shares.values()), heat(brief.dials))
        going = tuple(g for g in going if g.feel in ("", feel))
    return usable(going, brief.section)


def bars_of(brief: Brief, groove: Groove) -> tuple[Groove, ...]:
    """The groove of each bar: the one that goes on, or one its bar of the phrase calls for, in every phrase where it is no turn."""
    able = [g for g in drum_ideas(brief).grooves if moment(g) and g is not groove]
    if not able or brief.cell.pattern == groove.id or hushed(brief, groove):
        return (groove,) * brief.section.bars
    facts, turns = [facts_at(brief, bar) for bar in range(brief.section.bars)], brief.lane.turns
    found = list(moments(replace(brief, seed=grounds(brief)), able, (groove,) * len(facts), facts))
    for number in range(4, len(facts)):
        if number not in turns and number % 4 not in turns:
            found[number] = found[number % 4]
    return tuple(found)


def facts_at(brief: Brief, bar: int) -> frozenset[str]:
    """What a drummer knows of a bar: the statement, its place in the phrase and in the section, the tempo."""
    last = {"last"} if bar == brief.section.bars - 1 else set()
    return of_section(brief.section) | {brief.band, f"bar{bar % 4 + 1}"} | last


def laid_over(groove: Groove, over: Groove) -> Groove:
    """A groove in which another takes the place of the rows it has: of all cymbals, all snares where it has one."""
    names = {name for name, _ in over.rows}
    for limb in ((*HATS, *RIDES), SNARES):
        names |= set(limb) if names & set(limb) else set()
    return replace(groove, rows=(*(row for row in groove.rows if row[0] not in names), *over.rows))


def drum_ideas(brief: Brief) -> DrumIdeas:
    """The drummer's vocabulary of a brief. TypeError when it holds another part's."""
    if not isinstance(brief.ideas, DrumIdeas):
        raise TypeError(f"drums need DrumIdeas, not {type(brief.ideas).__name__}")
    return brief.ideas


def pace(brief: Brief) -> str:
    """half, normal or double: the section's flag, or what the lane was given."""
    return next((flag for flag in ("half", "double") if flag in brief.section.flags), brief.lane.pace)


def steadiness(brief: Brief) -> float:
    """How still the drummer of this song sits, 0 to 1."""
    return whole_song(brief).at("drums").unit("steady")


def bar_at(brief: Brief, number: int) -> Bar:
    """A bar, its chance remembered from its place in the four-bar phrase or its own: the same whenever a section of its kind
    comes."""
    section, home = brief.section, grounds(brief)
    own = identity(brief).at(number)
    fresh = number >= 4 and number in brief.lane.turns and not own.chance("memory", _MEMORY)
    return Bar(number, section.meter, section.grid, own if fresh else home.at("phrase", number % 4))


def role(brief: Brief, number: int) -> str:
    """What a bar is in its phrase."""
    return "turn" if number in brief.lane.turns else PHRASE[number % 4]


def cell(brief: Brief, bar: Bar) -> Bar:
    """The bar of the pattern that a bar plays: in songs of one-bar cells the first, and the next at the turn. A pattern
    over a clave has two sides and keeps them, as do loose drummers."""
    whole = bool(brief.section.clave) or looseness(drum_ideas(brief)) > _WHOLE
    low, high = _ONE_BAR
    one = whole_song(brief).at("drums").chance("one bar", low + (high - low) * brief.dials.creativity)
    whole = whole or bar.number in brief.lane.turns or not one
    return bar if whole else replace(bar, number=0)


# -- the bar before it is varied -------------------------------------------------------------------


def _paced(row: str, pattern: Pattern, bar: Bar, at_pace: str) -> list[Knock]:
    """A row at half or double time: kick and snare are re-spaced, cymbals keep the pulse going."""
    if at_pace == "normal" or row in HATS or row in RIDES:
        return knocks(row, pattern, bar)
    if at_pace == "half":
        source, shift = replace(bar, number=bar.number // 2), bar.number % 2 * bar.meter.bar
        stretched = [replace(k, at=2 * k.at - shift) for k in knocks(row, pattern, source) if k.mark != "g"]
        return [k for k in stretched if 0 <= k.at < bar.meter.bar]
    halves = [(replace(bar, number=2 * bar.number + n), n * bar.meter.bar // 2) for n in (0, 1)]
    squeezed = [replace(k, at=k.at // 2 + shift) for source, shift in halves for k in knocks(row, pattern, source)]
    return [k for k in squeezed if k.at % bar.step == 0]


def _light(played: list[Knock]) -> list[Knock]:
    """Hardly any drums: the cymbal and a soft kick on one, for a section quieter than any groove of the genre."""
    kept = [replace(k, mark="s" if k.mark in "xX!" else k.mark) for k in played if k.row not in (*SNARES, *TOMS)]
    return [k for k in kept if k.row != "kick" or k.at == 0]


def _thinned(played: list[Knock], bar: Bar, busy: float) -> list[Knock]:
    """Fewer ghosts and odd steps the lower the dials: at -1 none is left."""

    def stays(k: Knock) -> bool:
        minor = k.mark in "gs" or strength(bar.meter, k.at) < 0.3
        return not minor or k.mark in "X!" or bar.seed.unit(f"thin/{k.row}/{k.at}") < 1.0 + busy

    return [k for k in played if stays(k)]


def _thickened(played: list[Knock], bar: Bar, busy: float, hands: bool) -> list[Knock]:
    """More ghosts between the beats and, where a cymbal plays eighths, soft sixteenths, the higher the dials."""
    added = []
    if hands and any(k.row == "snare" for k in played):
        spots = [at for at in free(bar, played, SNARES) if at not in bar.meter.onsets]
        added += [Knock(at, "snare", "g", 0, "ghosts") for at in spots if bar.seed.unit(f"ghosts/{at}") < 0.4 * busy]
    row = next((r for r in ("hh", "ride") if any(k.row == r for k in played)), None)
    if row is not None:
        spots = [at for at in free(bar, played, (*HATS, *RIDES)) if strength(bar.meter, at) < 0.6]
        chosen_spots = [at for at in spots if bar.seed.unit(f"subdivide/{at}") < 0.5 * busy]
        added += [Knock(at, row, "s", 0, "subdivision") for at in chosen_spots]
    return played + added


def hushed(brief: Brief, groove: Groove) -> bool:
    """Whether the section is quieter than any groove of the genre."""
    return brief.lane.tier == 1 and min(groove.tiers) > 1


def plain(brief: Brief, groove: Groove, bar: Bar) -> list[Knock]:
    """The groove's bar as the tier, pace and dials have it, before variation: the same whenever its figure comes round."""
    source = cell(brief, bar) if pace(brief) == "normal" else bar
    bars = max((pattern.bars for _, pattern in groove.rows), default=1)
    source = replace(source, seed=grounds(brief).at("figure", source.number % max(_FIGURE, bars)))
    played = [k for row, pattern in groove.rows for k in _paced(row, pattern, source, pace(brief))]
    if hushed(brief, groove):
        return _light(played)
    busy = busyness(brief)
    if busy < 0:
        return _thinned(played, source, busy)
    return _thickened(played, source, busy, live(drum_ideas(brief))) if busy > 0 else played


# -- variation -------------------------------------------------------------------------------------


def edits(brief: Brief, bar: Bar) -> tuple[str, ...]:
    """Names of the variations of a bar, in the order of the table. KeyError when the table names one that is unknown.

    A table of chances is read as shares; a free drummer makes several small changes in one bar, a steady one few.
    """
    ideas = drum_ideas(brief)
    table = [(name, p) for name, p in ideas.vary if name != "nothing"]
    unknown = [name for name, _ in table if name not in EDITS]
    if unknown:
        raise KeyError(unknown[0])
    stir = stirred(brief, bar) * 4.0 ** (2.0 * brief.dials.creativity - 1.0) * (1.0 + 2.0 * looseness(ideas))
    return tuple(name for name, p in table if bar.seed.chance(f"vary/{name}", min(0.95, p * stir)))


def stirred(brief: Brief, bar: Bar) -> float:
    """How far a bar is varied: by its place in the phrase, how still the drummer sits, and how freely the genre talks."""
    free = max(0.0, looseness(drum_ideas(brief)) - _FREE) / (1.0 - _FREE)
    restless = _RESTLESS * max(0.0, 2.0 * brief.dials.creativity - 1.0)
    return max(_STIR[role(brief, bar.number)], free, restless) * (1.5 - steadiness(brief))


def _flicker(played: list[Knock], bar: Bar, amount: float) -> list[Knock]:
    """What no drummer repeats exactly: a soft stroke left out here, an odd step felt there."""

    def stays(k: Knock) -> bool:
        slight = k.mark == "g" or (k.mark == "s" and strength(bar.meter, k.at) < 0.3)
        return not slight or k.why != "" or k.row == "ride" or bar.seed.unit(f"flicker/{k.row}/{k.at}") >= amount

    return [k for k in played if stays(k)]


def varied(brief: Brief, played: list[Knock], bar: Bar) -> list[Knock]:
    """A bar with its variations."""
    ideas = drum_ideas(brief)
    for name in edits(brief, bar):
        played = EDITS[name](played, bar)
    if live(ideas):
        played = _flicker(played, bar, looseness(ideas) * stirred(brief, bar) * brief.dials.creativity)
    return played


def humanity(ideas: DrumIdeas) -> float:
    """Share of raw human velocity scatter: .25 for a machine, .7 for the freest drummer."""
    return 0.25 + 0.45 * looseness(ideas)


def swell(number: int) -> float:
    """Velocity added by the place of a bar in its four-bar phrase."""
    return _SWELL[number % 4]


# -- the generator ---------------------------------------------------------------------------------


class GrooveBeats:
    """Writes the core of the kit."""

    name = "groove"

    def write(self, brief: Brief, so_far: Phrase) -> Phrase:
        """The groove over all bars of the section, on top of what there is."""
        groove = chosen(brief)
        if groove is None:
            return so_far
        pen = over(so_far, so_far.notes)
        for number, here in enumerate(bars_of(brief, groove)):
            self._write_bar(pen, brief, groove, here, bar_at(brief, number))
        return pen.phrase(brief.section.length, groove.id)

    def _write_bar(self, pen: Pen, brief: Brief, groove: Groove, here: Groove, bar: Bar) -> None:
        plain_bar = plain(brief, groove if here is groove else laid_over(groove, here), bar)
        played = plain_bar if hushed(brief, groove) else varied(brief, plain_bar, bar)
        own, human = replace(bar, seed=brief.seed.at(bar.number)), humanity(drum_ideas(brief))
        tier, rise = energy(brief, bar.number), swell(bar.number)
        base, theirs = (
            Origin(g.path, "groove", f"{g.id}, {role(brief, bar.number)}", own.seed.address) for g in (groove, here)
        )
        rows = {row for row, _ in here.rows}
        for knock in played:
            origin = theirs if knock.row in rows else base
            origin = replace(origin, idea=f"{origin.idea.split(',')[0]}, {knock.why}") if knock.why else origin
            strike(pen, knock, own, velocity(knock, own, tier, rise, human), origin)
