"""The fills generator: what leads over a boundary, and the crash that answers it.

Where: the end of a section (always where energy rises, else a fill .92 or a breath), and most turns inside it. How long: by
the energy to come.
What: the genre's own fills, or a path down the kit from the snare to the floor tom with a crescendo. Human fills gain
23 in velocity, use the snare for .43 and toms for .28 of their strokes, and end on the last beat or its off-beat in
.72 (Groove MIDI Dataset, 646 fills measured).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from msgspec import Struct

from scorekit.ensemble.base import LOUDER, Pen, busier, heat, loudness, suited
from scorekit.ensemble.beats.builds import rolled
from scorekit.ensemble.beats.groove import bar_at, chosen, drum_ideas, humanity, plain
from scorekit.ensemble.beats.kit import (
    CRASH,
    FOOT,
    HATS,
    KICK,
    KIT,
    KIT_PITCHES,
    RIDES,
    SNARES,
    TOMS,
    Bar,
    Knock,
    busyness,
    energy,
    has_toms,
    identity,
    laid,
    live,
    looseness,
    onsets_per_bar,
    over,
    strength,
    strike,
    usable,
)
from scorekit.ensemble.intents import build, closing_break, finale, peaks, touches
from scorekit.ensemble.playing import grounds
from scorekit.ideas import Fill
from scorekit.score import Brief, Note, Origin, Phrase, Section
from scorekit.seeds import Seed
from scorekit.theory import DRUM_NOTES
from scorekit.timebase import PPQ, Tick

USUAL = (1.0, 0.7)
"""How often a turn has the fill that others of its kind have, at creativity 0 and 1."""
_TIME = frozenset(DRUM_NOTES[row] for row in (*HATS, *RIDES))
BREATH = "breath"
"""A slot in which the drums strike once and hold their breath, which tells of a new section as well as a fill does."""
_LOUDEST = (70.0, 82.0, 100.0, 116.0, 127.0)
"""Where a roll ends at tiers 1 to 5: it belongs to the section it leaves."""
_PEAK = 13.0
"""Velocity a fill gains in a hook at high energy, which it then begins as loudly as the groove it ends."""
_LONG = 8
"""Beats from which a fill is a roll laid over the groove instead of a break in it."""


class Slot(Struct, frozen=True):
    """Where a fill goes: the last ``beats`` felt beats up to the end of a bar."""

    bar: int
    beats: int
    why: str


class Filled(Struct, frozen=True, dict=True):
    """A slot with what is played in it: strokes by bar, ticks of the section it takes, where the idea was written."""

    start: Tick
    end: Tick
    path: str
    idea: str
    strokes: tuple[tuple[int, Knock], ...]
    ramp: tuple[float, float]
    """Velocity added at the start and at the end."""
    roll: bool = False
    alone: bool = False
    """Whether percussion gives way too."""

    @cached_property
    def rows(self) -> frozenset[str]:
        """Kit rows it is played on."""
        return frozenset(knock.row for _, knock in self.strokes)


def source(brief: Brief) -> str:
    """Where the wish behind fills of our own and crashes was written: with the groove they belong to."""
    groove = chosen(brief)
    return groove.path if groove else ""


# -- where and how long ----------------------------------------------------------------------------


def closing_bar(brief: Brief) -> int:
    """The bar a closing fill belongs in: the last, or the one before the song's ending; -1 when there is none."""
    end = finale(brief)
    return (brief.section.bars if end is None else -(-end // brief.section.meter.bar)) - 1


def rises(brief: Brief) -> bool:
    """Whether the section leads into one of more energy."""
    return (brief.seam.after or 0) > brief.lane.tier


def length(brief: Brief) -> int:
    """Beats of the closing fill: one, two where energy rises, falls far or into a loud last hit, four where it jumps; now
    and then the next size up, after eight bars more often than not.

    No more than an eighth of the section or two beats, and never a bar into a fall.
    """
    jump = int(brief.lane.tier >= 4) if brief.seam.after is None else brief.seam.after - brief.lane.tier
    size = 2 if jump >= 2 else 1 if jump == 1 or jump <= -2 else 0
    long = 0.3 if brief.section.bars >= 8 else 0.0
    grown = turned(brief, closing_bar(brief)).at("fills").chance("grow", 0.15 + 0.4 * brief.dials.creativity + long)
    room = max(2, brief.section.bars * len(brief.section.meter.pulses) // 8)
    return min(room, (1, 2, 4)[min(1 if jump < 0 else 2, size + grown)])


def _closing(brief: Brief) -> Slot | None:
    bar, flags = closing_bar(brief), brief.section.flags
    if bar < 0 or (brief.seam.after is None and not brief.ending) or _fading(brief):
        return None
    if build(brief.section) is not None:
        return Slot(bar, 1, "roll of the build")
    stop = closing_break(brief.section, brief.part)
    if stop is not None and not brief.ending:
        return Slot(bar, _pickup(brief, stop), "pickup out of the break")
    why = "into the last hit" if brief.ending else "into the next section"
    sure = rises(brief) or brief.ending or statement(brief, bar) > 1
    odds = 1.0 if sure else 0.92 if brief.lane.tier >= 2 else 0.5
    if not turned(brief, bar).at("fills").chance("closing", odds):
        return Slot(bar, 1, f"{BREATH} {why}")
    return Slot(bar, min(2, length(brief)) if "vacuum" in flags else length(brief), why)


def _pickup(brief: Brief, stop: Tick) -> int:
    """Beats that lead out of a break: one, at a slow tempo two where that leaves a silence."""
    return 2 if brief.band == "slow" and brief.section.length - stop > 3 * brief.section.meter.pulses[-1] else 1


def _fading(brief: Brief) -> bool:
    """Whether the song goes out without its drums: nothing leads there."""
    return brief.ending is not None and not touches(brief) and not any(r in KIT for r, _ in brief.ending.rows)


def coming(brief: Brief) -> int:
    """The bar in which the drummer comes in before its end, leading into the next; -1 when he does not."""
    bar, rest = divmod(brief.lane.enter, brief.section.meter.bar)
    return bar if rest else -1


def slots(brief: Brief) -> tuple[Slot, ...]:
    """The fills of a section, in order."""
    closing = _closing(brief)
    often = min(1.0, 0.35 + looseness(drum_ideas(brief))) * (0.5 + brief.dials.creativity) * (brief.lane.tier >= 2)
    found, late = [], coming(brief)
    if late >= 0:
        found.append(Slot(late, 1, "coming in"))
        closing = None if closing and closing.bar <= late else closing
    inner = [
        (bar, bar % 8 == 7)
        for bar in brief.lane.turns
        if bar < closing_bar(brief)
        and identity(brief).at("fills", bar).chance("inner", often * (0.9 if bar % 8 == 7 else 0.6))
    ]
    found += [Slot(bar, 2 if eighth and brief.lane.tier >= 4 else 1, "turn of the phrase") for bar, eighth in inner]
    return (*(slot for slot in found if closing is None or slot.bar != closing.bar), *((closing,) if closing else ()))


# -- what ------------------------------------------------------------------------------------------


def statement(brief: Brief, bar: int) -> int:
    """Which statement of its section a bar closes, from 1, where no tune is there whose words tell a return from a copy, so that
    the drummer does; 0 elsewhere."""
    untold = brief.section.melody in ("riff", "none") and bar == closing_bar(brief)
    return brief.section.occurrence if untold else 0


def usual(brief: Brief, bar: int) -> bool:
    """Whether the fill in a bar is the one that a drummer has for such turns."""
    number, (low, high) = statement(brief, bar), USUAL
    odds = low + (high - low) * brief.dials.creativity
    return number == 1 or (not number and brief.seed.at("fills", bar).chance("usual", odds))


def turned(brief: Brief, bar: int) -> Seed:
    """Where what a bar's fill is like is drawn from: the drummer's way out of such sections, or its own."""
    return grounds(brief) if usual(brief, bar) else brief.seed


def drawn_from(brief: Brief, slot: Slot) -> Seed:
    """Where the chance of a fill is drawn from: a drummer has a way out of a song's verses, one out of its hooks and one for turns
    inside them, that come again more often than not, however long the section is; else its own."""
    place = "closing" if slot.bar == closing_bar(brief) else "turning"
    return grounds(brief).at(f"{place} fills") if usual(brief, slot.bar) else brief.seed.at("fills", slot.bar)


def _roll(brief: Brief, slot: Slot) -> Fill | None:
    """A genre's long roll for a build, when the section is long enough for it."""
    room = brief.section.bars * len(brief.section.meter.pulses)
    lifted = "ramp" in brief.section.flags or (brief.seam.after or 0) - brief.lane.tier >= 2
    if not lifted or slot.bar != closing_bar(brief):
        return None
    return next((f for f in drum_ideas(brief).fills if _LONG <= f.beats <= room and brief.lane.tier in f.tiers), None)


def pick(brief: Brief, slot: Slot, used: Sequence[str]) -> Fill | None:
    """One of the genre's fills for a slot, the usual one or rather one not yet played here; None: make one up."""
    seed, ideas = drawn_from(brief, slot), drum_ideas(brief)
    roll = _roll(brief, slot)
    if roll is not None:
        return roll
    tier = round(energy(brief, slot.bar))
    ready = [f for f in usable(ideas.fills, brief.section) if f.beats <= slot.beats and tier in f.tiers]
    going = interrupted(brief, slot.bar)
    ready = [f for f in ready if stands_out(brief.section, laid(f, brief.section, slot.bar), slot.bar, going)]
    longest = max((f.beats for f in ready), default=0)
    fitting = [f for f in ready if f.beats == longest]
    fitting = [f for f in fitting if f.path not in used or usual(brief, slot.bar)] or fitting
    number, ways = statement(brief, slot.bar), grounds(brief).at("closing fills")
    free = number < 2 and seed.chance("own", 0.6 * brief.dials.creativity)
    own = (longest < slot.beats or free) and has_toms(ideas)
    if not fitting or (live(ideas) and own):
        return None
    most = max(onsets_per_bar(f) for f in fitting)
    weights = [busier(f.weight, onsets_per_bar(f) / max(most, 1.0), brief.dials) for f in suited(fitting, tier)]
    if number < 2:
        return seed.choose("fill", fitting, weights, heat(brief.dials))
    first = ways.choose("fill", fitting, weights, heat(brief.dials))
    dear = {f.path: ways.unit(f"again/{f.path}") / w for f, w in zip(fitting, weights, strict=True)}
    others = sorted((f for f in fitting if f is not first), key=lambda f: dear[f.path]) or [first]
    return others[(number - 2) % len(others)]


def interrupted(brief: Brief, bar: int) -> set[tuple[Tick, int]] | None:
    """What the groove strikes in a bar and the three before, as (tick of the bar, pitch); None where nothing is interrupted:
    without a groove, where the drummer comes in, and out of a break."""
    groove, stop = chosen(brief), closing_break(brief.section, brief.part)
    if groove is None or bar == coming(brief) or (stop is not None and bar == brief.section.bars - 1):
        return None
    bars = (bar_at(brief, number) for number in range(max(0, bar - 3), bar + 1))
    return {(k.at, DRUM_NOTES[k.row]) for one in bars for k in plain(brief, groove, one)}


def stands_out(
    section: Section, strokes: Sequence[tuple[int, Knock]], bar: int, usual: set[tuple[Tick, int]] | None
) -> bool:
    """Whether a fill can be told from the groove it interrupts: two strokes in its last two beats that the groove has not."""
    if usual is None:
        return True
    begin = section.meter.bar - sum(section.meter.pulses[-2:])
    late = {(k.at, DRUM_NOTES[k.row]) for number, k in strokes if number == bar and k.at >= begin}
    return len(late - usual) >= 2


def home(brief: Brief) -> str:
    """The drum fills begin on: the one that plays the backbeat."""
    groove = chosen(brief)
    rows = [row for row, _ in groove.rows] if groove else []
    return next((row for row in ("brush", "snare", "clap", "rim") if row in rows), "snare")


def _path(brief: Brief, bar: Bar, onsets: Sequence[Tick], start: Tick) -> list[str]:
    """Which drum each stroke falls on: from the snare down the kit, a step at each quarter of the fill or not."""
    if not live(drum_ideas(brief)):
        return [home(brief)] * len(onsets)
    down = [bar.seed.chance(f"down/{quarter}", 0.62) for quarter in range(4)]
    places = [sum(down[1 : 1 + 4 * (at - start) // (bar.meter.bar - start)]) for at in onsets]
    kicked = [at % PPQ > 0 and bar.seed.chance(f"kick/{at}", 0.1) for at in onsets]
    return ["kick" if kick else (home(brief), *TOMS)[place] for kick, place in zip(kicked, places, strict=True)]


def invented(brief: Brief, slot: Slot) -> tuple[tuple[int, Knock], ...]:
    """A fill of our own: a rhythm by metric weight and busyness, led down the kit, the kick under its beats."""
    section = brief.section
    bar = Bar(slot.bar, section.meter, section.grid, drawn_from(brief, slot))
    start = section.meter.bar - sum(section.meter.pulses[-slot.beats :])
    want = 0.72 + 0.25 * busyness(brief) + 0.05 * (brief.lane.tier - 3)
    wants = {at: want + 0.3 * (accent(brief, bar, at) - 0.2) for at in bar.steps if at >= start}
    onsets = [at for at, wish in wants.items() if bar.seed.unit(f"hit/{at}") < _appeal(bar, at, wish)]
    rows = _path(brief, bar, onsets, start)
    beats = section.meter.onsets
    played = [Knock(at, row, "X" if at in beats else "x") for at, row in zip(onsets, rows, strict=True)]
    played += [Knock(at, "kick", "x") for at in beats if at >= start and bar.seed.chance(f"under/{at}", 0.3)]
    return tuple((slot.bar, knock) for knock in sorted(set(played), key=lambda k: (k.at, k.row)))


def accent(brief: Brief, bar: Bar, at: Tick) -> float:
    """How much the band leans on a place in a bar, by the rhythm generator's mask; .2 when the drummer has none."""
    step = (bar.number * bar.meter.bar + at) // bar.step
    return brief.accents[step] if step < len(brief.accents) else 0.2


def _appeal(bar: Bar, at: Tick, want: float) -> float:
    """Chance of a stroke: beats and off-beats nearly always, odd steps as busy as wanted, the very last one rarely."""
    if strength(bar.meter, at) >= 0.35:
        return 0.93
    return want * (0.35 if at + bar.step >= bar.meter.bar else 1.0)


def breath(brief: Brief, slot: Slot) -> Filled:
    """One stroke on the last beat but one, and nothing more to the end of the bar, percussion included."""
    meter, groove = brief.section.meter, chosen(brief)
    at = meter.bar - sum(meter.pulses[-2:])
    rows = {row for row, _ in groove.rows} if groove else set()
    struck = ("kick", *[row for row in SNARES if row in rows][:1])
    strokes = tuple((slot.bar, Knock(at, row, "X" if row == "kick" else "x")) for row in struck)
    start, end = slot.bar * meter.bar + at, (slot.bar + 1) * meter.bar
    idea = f"{BREATH} {slot.why.removeprefix(BREATH).strip()}"
    return Filled(start, end, source(brief), idea, strokes, (0.0, 0.0), alone=True)


def filled(brief: Brief, slot: Slot, used: Sequence[str]) -> Filled | None:
    """A slot with its fill; where nothing of our own would stand out from the groove a breath at the end of a section, and
    inside it none: the groove turns by itself."""
    section, span = brief.section, build(brief.section)
    if span is not None and slot.bar == closing_bar(brief):
        end = (slot.bar + 1) * section.meter.bar
        start, strokes = rolled(section, span, end, home(brief))
        return Filled(start, end, source(brief), slot.why, strokes, (-40.0, 12.0), roll=True)
    fill = None if slot.why.startswith(BREATH) else pick(brief, slot, used)
    beats = fill.beats if fill else min(slot.beats, len(section.meter.pulses))
    whole, rest = divmod(beats, len(section.meter.pulses))
    end = (slot.bar + 1) * section.meter.bar
    start = max(0, end - whole * section.meter.bar - sum(section.meter.pulses[-rest:] if rest else ()))
    if fill is None:
        made = () if slot.why.startswith(BREATH) else invented(brief, Slot(slot.bar, beats, slot.why))
        if not stands_out(section, made, slot.bar, interrupted(brief, slot.bar)):
            return breath(brief, slot) if slot.bar == closing_bar(brief) else None
        return Filled(start, end, source(brief), f"own fill {slot.why}", made, (-17.0, 13.0))
    low, high = fill.crescendo or (0, 0)
    ramp = (low - 75.0, high - 75.0) if fill.crescendo else (-13.0, 11.0)
    strokes = laid(fill, section, slot.bar)
    return Filled(start, end, fill.path, f"fill {fill.id} {slot.why}", strokes, ramp, fill.beats >= _LONG)


# -- writing ---------------------------------------------------------------------------------------


def gives_way(note: Note, fill: Filled) -> bool:
    """Whether a note of the groove leaves for a fill: the whole kit does, save the hat foot.

    In a longer fill without toms, time-keeping cymbals and kick stay for the first half. A roll displaces only the
    drums it is played on.
    """
    if not fill.start <= note.start < fill.end:
        return False
    if fill.alone or note.pitch not in KIT_PITCHES or note.pitch == FOOT:
        return fill.alone
    rows = fill.rows
    if fill.roll:
        return note.pitch in {DRUM_NOTES[row] for row in (*rows, *SNARES)}
    middle = (fill.start + fill.end) // 2
    early = note.start < middle and fill.end - fill.start >= 2 * PPQ and not rows & set(TOMS)
    return not (early and (note.pitch in _TIME or (note.pitch == KICK and "kick" not in rows)))


def _write(pen: Pen, brief: Brief, fill: Filled) -> None:
    human, meter = humanity(drum_ideas(brief)), brief.section.meter
    low, high = (end + _PEAK * peaks(brief.section) for end in fill.ramp)
    for number, knock in fill.strokes:
        bar = Bar(number, meter, brief.section.grid, brief.seed.at(number))
        along = (number * meter.bar + knock.at - fill.start) / max(1, fill.end - fill.start)
        loud = loudness(knock.mark, 3) + low + (high - low + LOUDER * (energy(brief, number) - 3.0)) * along
        loud += 10.0 * human * bar.seed.bell(f"fill/{knock.row}/{knock.at}")
        loud = min(loud, _LOUDEST[round(energy(brief, number)) - 1]) if fill.roll else loud
        origin = Origin(fill.path, "fills", fill.idea, f"{brief.seed.address}/fills/{number}")
        strike(pen, knock, bar, max(18.0, loud), origin)


def crash_chance(brief: Brief) -> float:
    """Chance of a crash on the section's first beat: sure where energy rises, likely at high energy, rare elsewhere."""
    before, tier = brief.seam.before, brief.lane.tier
    if before is None:
        share = 0.5 if tier >= 3 else 0.0
    elif before < tier:
        share = 1.0 if tier >= 3 else 0.4
    else:
        share = 0.0 if tier < 3 else 0.5 if before == tier else 0.2
    return share * drum_ideas(brief).crash


def crashes(brief: Brief, fills: Sequence[Slot]) -> tuple[tuple[Tick, str], ...]:
    """Where crashes answer: the drummer's first beat in the section, and now and then the beat after an inner fill."""
    found = []
    if brief.seed.at("fills").chance("crash", crash_chance(brief)):
        bar = brief.section.meter.bar
        found.append((-(-brief.lane.enter // bar) * bar, "crash on one"))
    for slot in fills:
        after = (slot.bar + 1) * brief.section.meter.bar
        chance = drum_ideas(brief).crash * max(0.0, 0.2 * (brief.lane.tier - 2))
        if after < brief.section.length and brief.seed.at("fills", slot.bar).chance("crash", chance):
            found.append((after, "crash after the fill"))
    return tuple(found)


def _write_crash(pen: Pen, brief: Brief, tick: Tick, why: str) -> None:
    bar = bar_at(brief, tick // brief.section.meter.bar)
    loud = 100.0 + 5.0 * (brief.lane.tier - 3) + 5.0 * bar.seed.bell("crash/v")
    origin = Origin(source(brief), "fills", why, f"{brief.seed.address}/fills/{bar.number}")
    pen.write(tick, 2 * PPQ, CRASH, loud, origin)
    pen.write(tick, PPQ // 4, KICK, loud - 2.0, origin)


class FillBeats:
    """Writes fills in the place of the groove, and crashes."""

    name = "fills"

    def write(self, brief: Brief, so_far: Phrase) -> Phrase:
        """The drums with fills in their slots."""
        if not drum_ideas(brief).grooves:
            return so_far
        places = slots(brief)
        fills: list[Filled] = []
        for slot in places:
            fill = filled(brief, slot, [f.path for f in fills])
            fills += [fill] if fill else []
        pen = over(so_far, [note for note in so_far.notes if not any(gives_way(note, fill) for fill in fills)])
        for fill in fills:
            _write(pen, brief, fill)
        for tick, why in crashes(brief, places):
            _write_crash(pen, brief, tick, why)
        return pen.phrase(brief.section.length, so_far.idea)
