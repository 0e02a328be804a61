"""The band: the written list of players, and what each is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from scorekit.ensemble.arrangement import part_dials
from scorekit.ensemble.base import LISTENS, Pen, Specialist
from scorekit.ensemble.bass import Bass
from scorekit.ensemble.brass import Brass
from scorekit.ensemble.drums import Drums
from scorekit.ensemble.duet import joining, shared, sings
from scorekit.ensemble.guitar import Guitar
from scorekit.ensemble.keys import Keys
from scorekit.ensemble.lead import Lead
from scorekit.ensemble.listening import gathered
from scorekit.ensemble.pads import Pads
from scorekit.ensemble.riffs import riff_of
from scorekit.ensemble.strings import Strings
from scorekit.ideas import HIT, Ideas, Riff
from scorekit.score import Arrangement, Bid, Brief, Cell, Lane, Origin, Phrase, Placement, Plan, Seam, Section
from scorekit.seeds import Seed
from scorekit.stage import Gist, Part
from scorekit.timebase import Tick

SPECIALISTS: Mapping[str, Specialist] = {
    player.name: player for player in (Drums(), Bass(), Guitar(), Keys(), Strings(), Brass(), Lead(), Pads())
}

_BANDS = ((84.0, "slow"), (132.0, "medium"), (184.0, "fast"))
"""Feel bands: upper limits in quarter notes a minute."""


def feel_band(bpm: float) -> str:
    """The feel band of a tempo: within one band a tempo change moves no note of the score."""
    return next((name for limit, name in _BANDS if bpm < limit), "breakneck")


def vocabulary(ideas: Ideas, part: str) -> object:
    """The part of the genre's vocabulary that a part plays from."""
    return ideas.melody if part == "lead" else getattr(ideas, part)


def as_written(brief: Brief) -> Phrase:
    """The user's own notes for the cell and nothing else, whoever would have played."""
    pen = Pen(brief.part)
    for note in brief.cell.notes:
        bar = note.start // brief.section.meter.bar
        origin = Origin(brief.cell.path, brief.part, "as written", f"{brief.seed.address}/{bar}")
        pen.write(note.start, note.length, note.pitch, note.velocity, origin, note.manner)
    return pen.phrase(brief.section.length, "as written")


def cell_seed(plan: Plan, placement: Placement, part: str) -> Seed:
    """Where a cell's chance is drawn from: song seed, section, statement, part, and the take asked for."""
    section = placement.section
    reroll = plan.cell(section, part).reroll
    seed = Seed(plan.seed).at(section.name, section.occurrence, part)
    return seed.at("take", reroll) if reroll else seed


def motif_seed(plan: Plan, placement: Placement, part: str) -> Seed:
    """Where what returns is drawn from: the same for every statement of a section."""
    seed = Seed(plan.seed).at("motif", placement.section.motif or placement.section.name, part)
    reroll = plan.cell(placement.section, part).reroll
    return seed.at("take", reroll) if reroll else seed


def brief(
    plan: Plan,
    placement: Placement,
    part: str,
    lane: Lane,
    heard: Mapping[str, Phrase] = {},
    gists: Mapping[str, Gist] = {},
    accents: tuple[float, ...] = (),
) -> Brief:
    """All that one specialist is told: what the listening table allows, and nothing more."""
    ear = LISTENS[part]
    cell = plan.cell(placement.section, part)
    seam = Seam(**{name: getattr(placement.seam, name) for name in ear.seam})
    last = placement.seam.after is None
    riff = riff_of(plan.ideas, placement.section, Seed(plan.seed), feel_band(plan.tempo.bpm_at(0)))
    if riff and len(riff.bars_of(part)) == placement.section.bars:
        lane = replace(lane, rests=(), enter=stating(riff, part, lane.enter, placement.section))
    return Brief(
        part=part,
        section=placement.section,
        lane=lane,
        ideas=vocabulary(plan.ideas, part),
        dials=part_dials(plan, part, lane),
        cell=cell,
        seed=cell_seed(plan, placement, part),
        band=feel_band(plan.tempo.bpm_at(0)),
        accents=accents if ear.accents else (),
        heard=tuple(heard[name] for name, what in ear.parts.items() if "notes" in what and name in heard),
        gists=gathered(ear.parts, gists),
        seam=seam,
        motif_seed=motif_seed(plan, placement, part),
        ending=(plan.ending or HIT) if last else None,
        riff=riff,
    )


def stating(riff: Riff, part: str, enter: Tick, section: Section) -> Tick:
    """When a part enters a section that is all riff: those above the bass from its first beat, the bass at once or with
    the next statement, with no way of its own into it."""
    two = 2 * section.meter.bar
    return -(-enter // two) * two if part == "bass" else 0


def locked(cell: Cell) -> bool:
    """Whether a part plays what it would were no other told anything in its section; the user's own notes need no lock."""
    return cell.lock and not cell.notes


def alone(plan: Plan, part: str) -> Plan:
    """The plan by which a locked part plays: nobody else is told anything, but the user's own notes stand."""
    return replace(
        plan,
        cells=tuple(
            (where, name, replace(cell, lock=False) if name == part else Cell(notes=cell.notes, path=cell.path))
            for where, name, cell in plan.cells
            if name == part or cell.notes
        ),
    )


def play(part: Part, brief: Brief) -> Callable[..., Phrase]:
    """Who plays a brief: the part's specialist, or the user's own notes where there are some."""
    own = SPECIALISTS[part.specialist].play
    return as_written if brief.cell.notes else joining(own) if sings(brief.part, brief.lane) else own


def voiced(plan: Plan, placement: Placement, arrangement: Arrangement) -> Arrangement:
    """The arrangement with the bars in which another part has the lead's tune, or sings with it."""
    section, seed = placement.section, Seed(plan.seed)
    riff = riff_of(plan.ideas, section, seed, feel_band(plan.tempo.bpm_at(0)))
    said = {part.name: riff.bars_of(part.name) for part in plan.parts} if riff else {}
    return shared(plan, section, arrangement, said)


def bids(plan: Plan, placement: Placement, lanes: Mapping[str, Lane]) -> tuple[Bid, ...]:
    """What every part would like in a section; the user's own notes ask for nothing."""
    wishes: list[Bid] = []
    for part in plan.parts:
        if not plan.cell(placement.section, part.name).notes:
            wishes += SPECIALISTS[part.specialist].bid(brief(plan, placement, part.name, lanes[part.name]))
    return tuple(wishes)
