"""The arrangement coordinator: who plays in a section, where, how densely, in front or behind, from when to when.

Every decision is local to a section. A return is fuller than the first statement, by adding players rather than by
playing louder; of the band some begin, some come in with the tune and some with its first peak, two or three together; every
background player rests somewhere, and who rests does so with others.
"""

from __future__ import annotations

from msgspec.structs import replace

from scorekit.ensemble import intents
from scorekit.ensemble.seats import seated
from scorekit.ensemble.turning import turns
from scorekit.ideas import Ideas
from scorekit.score import Arrangement, Cell, Lane, Plan, Section
from scorekit.seeds import Seed
from scorekit.stage import Dials
from scorekit.timebase import Tick

_THIN = ("intro", "break", "breakdown")
_TUNELESS = "none"
_COMPERS = frozenset({"guitar", "keys"})
_COLOURS = frozenset({"brass", "strings", "pads"})
_CHORDS = frozenset({"guitar", "keys", "pads", "strings"})
"""Who can give the harmony."""
_BUSIER = (-0.1, -0.06, 0.0, 0.06, 0.1)
"""Density added to pitched parts at tiers 1 to 5: sections differ in how much is played, not only in who plays."""
_OPENINGS = (("build", 3.0), ("rhythm", 4.0), ("chords", 3.0), ("beat", 2.0))
"""How songs begin. build: two players, then one after another; rhythm: drums and chords, the bass with a pickup into what
follows; chords: one player alone, the drums with a fill; beat: the drums alone. A song without an introduction may also
begin ``cold``, with everybody."""
_BASS = (("from the start", "half way", "on the one", "run-up"), (4.0, 2.0, 4.0, 1.0))
"""How the bass comes into an opening, and how often; on the one is the first beat of what follows."""
_LOOSE = ("break", "breakdown")
"""Sections from which anybody may be missing, the bass too."""
_FOUNDATION = ("drums", "bass")
"""They play their patterns whole: what is built on must not have holes."""
_SMALL = 3
"""Pitched parts of a band in which everybody is heard all the time, unless somebody is told to rest."""
_PITCHED = 7
"""Pitched parts of a full band, for which genres say how many play at each tier."""
_BACK = ("pads", "strings", "brass", "keys", "guitar")
_KEPT = ((0, 1, 2), (1.0, 2.0, 4.0))
"""How many of those who can wait do so until a song's first peak, and how often."""
_PATIENCE = 8
"""Bars of a section for which they wait."""


def arrange(plan: Plan, section: Section, seed: Seed) -> Arrangement:
    """One lane for each part of the band in this section, in the order of the band."""
    playing = roster(plan, section, seed)
    always = dict(plan.ideas.arrange.layers).get(section.name, ())
    kind = opening(plan, section, playing, seed)
    bass = bass_enters(plan, section, seed)
    out, until = ("", 0) if kind else sits_out(plan, section, playing, seed)
    late = coming_in(section)
    waiting = kept_back(plan, section, seed) if late else ()
    seats = seated([part.name for part in plan.parts], plan.ideas, Seed(plan.seed))
    lanes = []
    for part in plan.parts:
        cell = plan.cell(section, part.name)
        alone = part.name in _COMPERS and not set(playing) & _CHORDS - {part.name}
        density = min(1.0, cell_density(cell, plan, part.name) + (0.2 if alone else 0.0))
        lane = lane_of(
            part.name, seats.get(part.name) or register(part.name, plan.ideas), section, density, 12 * cell.octave
        )
        lane = replace(lane, plays=part.name in playing, layer=layer_of(part.name, playing, plan.ideas))
        if not cell.play and lane.plays:
            entering = came_in(part.name, playing, section, kind, part.name in always, bass)
            lane = replace(
                staged(lane, part.name, playing, section, seed, part.name in always, plan.ideas), enter=entering
            )
            lane = replace(lane, leave=parting(plan, section, part.name, lane.leave))
            if late and part.name in waiting and part.name not in always:
                lane = replace(lane, enter=late)
            if part.name == out:
                lane = laid_out(lane, part.name, section, until)
        lanes.append((part.name, lane))
    turning = turns(section, dict(lanes), seed)
    return Arrangement(tuple((part, replace(lane, turns=turning[part])) for part, lane in lanes))


# -- who plays -----------------------------------------------------------------------------------------------------------


def roster(plan: Plan, section: Section, seed: Seed) -> tuple[str, ...]:
    """The parts that play in a section, in order of entrance; somebody, unless the song silences everybody there."""
    band = [part.name for part in plan.parts]
    asked = {name: plan.cell(section, name).play for name in band}
    always = dict(plan.ideas.arrange.layers).get(section.name, ())
    room = size(plan, section)
    chosen: list[str] = []
    waiting = kept_back(plan, section, seed) if coming_in(section) is None else ()
    for name in by_wish(plan, section, seed):
        pitched = [n for n in chosen if n != "drums"]
        if asked[name] is False or (name == "lead" and asked[name] is None and tacet(plan, section)):
            continue
        # a tune that was to be heard is played
        fits = name == "lead" or name in always or (len(pitched) < room and name not in waiting)
        wanted = drums_play(plan.ideas, section) if name == "drums" else fits
        if wanted or asked[name]:
            chosen.append(name)
    return tuple(chosen or [name for name in band if asked[name] is not False][:1])


def tacet(plan: Plan, section: Section) -> bool:
    """Whether the tune's player rests: where there is no tune; in a small band also in riffs but those of highest energy, in any
    other where a groove is first laid down or a comper tells the riff, so that it comes in rather than goes on."""
    if section.melody != "riff" or section.tier == 5:
        return section.melody == _TUNELESS
    names = {part.name for part in plan.parts} - {"drums"}
    first = section.occurrence == 1 and section.bars >= 8
    laid = first if plan.ideas.arrange.axis == "groove" else bool(names & _COMPERS)
    return len(names) <= _SMALL or laid


def kept_back(plan: Plan, section: Section, seed: Seed) -> tuple[str, ...]:
    """Who has not come in yet, of those who need not be there: neither the first in the order who gives the harmony nor the
    bass. In an introduction that is everybody else, but in a short one to a groove; in a first statement before the song's first
    peak the last one or two, as the song draws. So others come in with the tune, and the rest together with what follows its
    first statement, or where a long one begins its second eight bars. Short sections have no time for that.
    """
    intro = section.name == "intro" and (section.bars >= 4 or plan.ideas.arrange.axis != "groove")
    long = section.bars >= (4 if section.tier <= 2 else 8)
    first = section.occurrence == 1 and section.tier <= 3 and long and section.melody in ("lead", "riff")
    before = next((p.seam.before for p in plan.placements if p.section.id == section.id), None)
    if section.name in _LOOSE or not (intro or (first and (before or 1) <= 3)):
        return ()
    order = by_wish(plan, section, seed)
    core = {"drums", "bass", "lead", first_chords(order), *plan.focus}
    places = {name: place for place, name in enumerate(plan.ideas.arrange.order)}
    spare = [name for name in order if name not in core]
    spare.sort(key=lambda name: places.get(name, len(places)) + 2.0 * seed.unit(f"rank/{name}"))
    at_once = len(spare) - min(2, len(spare), seed.choose("kept back", *_KEPT))
    return tuple(spare[0 if intro else at_once :])


def coming_in(section: Section) -> Tick | None:
    """Where those who were kept back come in, in a section too long to wait for the next; None elsewhere."""
    return _PATIENCE * section.meter.bar if section.bars > _PATIENCE and section.name != "intro" else None


def size(plan: Plan, section: Section) -> int:
    """How many pitched parts a section has room for: by tier, one more on a return, one fewer in a break, more or fewer with
    complexity. Genres say it for a full band; of a smaller one as large a share plays, three at least where a full one has
    them, and everybody where it has most."""
    sizes = plan.ideas.arrange.sizes
    base, pitched = sizes[section.tier - 1], sum(part.name != "drums" for part in plan.parts)
    if pitched < _PITCHED:
        base = max(min(base, 3), -(-base * pitched // max(sizes)))
    base -= section.name in _LOOSE
    thin = section.name in _THIN or "ending" in section.flags
    fuller = 1 if section.occurrence > 1 and not thin else 0
    fuller += 1 if intents.begun_by_all(section) else 0
    taste = round((plan.dials.complexity - 0.5) * 3)
    return max(1, base + fuller + taste)


def by_wish(plan: Plan, section: Section, seed: Seed) -> tuple[str, ...]:
    """The band in the order in which places are given away: the genre's order, shuffled for the song, so that who has come
    in stays, and in breaks by section; the colours kept for later than the introduction.

    The first three of the order are the core and keep their places; what is always there comes first, then the tune.
    """
    order = [n for n in plan.ideas.arrange.order if n in {p.name for p in plan.parts}]
    order += [part.name for part in plan.parts if part.name not in order]
    always = dict(plan.ideas.arrange.layers).get(section.name, ())
    stray = 0.8 + 2.4 * plan.dials.creativity

    def rank(name: str) -> tuple[float, int]:
        place = order.index(name)
        if name in always:
            return (-2.0, place)
        if name == "lead" and section.melody != _TUNELESS:
            return (1.5, place)
        focus = -1.5 if name in plan.focus else 0.0
        strays = 2.0 * stray if section.name in _LOOSE and place else stray if place > 2 else 0.0
        comps = name in _COMPERS and section.name not in _LOOSE
        song, own = seed.unit(f"rank/{name}"), seed.at(section.name).unit(f"rank/{name}")
        drift = strays * (0.5 * song if comps else own if section.name in _LOOSE else 0.8 * song + 0.2 * own)
        early = 1.5 if section.name == "intro" and name in _COLOURS else 0.0
        return (place + drift + focus + early, place)

    return tuple(sorted(order, key=rank))


def drums_play(ideas: Ideas, section: Section) -> bool:
    """Drums rest where the form says so, and at the lowest tier unless the genre has a groove for it."""
    if "nodrums" in section.flags:
        return False
    return section.tier > 1 or any(1 in groove.tiers for groove in ideas.drums.grooves)


# -- where and how -------------------------------------------------------------------------------------------------------


def cell_density(cell: Cell, plan: Plan, part: str) -> float:
    """How busy a part is asked to be: its cell, else .5, and a little more in the focus of the model."""
    wish = 0.5 if cell.density is None else cell.density
    return min(1.0, wish + (0.15 if part in plan.focus else 0.0))


def lane_of(part: str, seat: tuple[int, int], section: Section, density: float, by: int = 0) -> Lane:
    """The part's seat in the band (moved by so many semitones), at the section's tier; a first statement is
    a little sparser but at the highest."""
    low, high = seat[0] + by, seat[1] + by
    sparser = (0.08 if section.occurrence == 1 and section.tier <= 4 else 0.0) - _BUSIER[section.tier - 1]
    sparser = 0.0 if part in _FOUNDATION else sparser
    pace = "half" if "half" in section.flags else "double" if "double" in section.flags else "normal"
    return Lane(low=low, high=high, density=min(1.0, max(0.0, density - sparser)), tier=section.tier, pace=pace)


def register(part: str, ideas: Ideas) -> tuple[int, int]:
    """Lowest and highest pitch of a part in a genre."""
    if part == "drums":
        return (27, 87)
    own = ideas.melody if part == "lead" else getattr(ideas, part)
    return (own.low, own.high)


def layer_of(part: str, playing: tuple[str, ...], ideas: Ideas) -> str:
    """front for the tune (or the riff, or the groove, where the genre puts it there), back for sustained colours."""
    if part == front(playing, ideas):
        return "front"
    return "back" if part in ("pads", "strings") or (part == "brass" and "lead" in playing) else "middle"


def front(playing: tuple[str, ...], ideas: Ideas) -> str:
    """The one part in the foreground."""
    choices = {"melody": ("lead", "keys", "guitar"), "riff": ("lead", "keys", "guitar"), "groove": ("lead", "bass")}
    return next((n for n in choices[ideas.arrange.axis] if n in playing), (*playing, "")[0])


# -- entrances and rests -------------------------------------------------------------------------------------------------


def staged(
    lane: Lane, part: str, playing: tuple[str, ...], section: Section, seed: Seed, carries: bool, ideas: Ideas
) -> Lane:
    """The lane with its exit and its rests. A cell that must play is there from the first beat to the last, and so is a
    part that the genre builds this section on (``carries``)."""
    if carries:
        return lane
    vamping = ideas.arrange.axis == "groove"
    return replace(
        lane, leave=exit_of(part, playing, section), rests=rests(part, lane, playing, section, seed, vamping)
    )


def opening(plan: Plan, section: Section, playing: tuple[str, ...], seed: Seed) -> str:
    """How the song's first section, or an introduction, begins: a name of ``_OPENINGS``; elsewhere nothing.

    A drop begins with everybody, a build with two players wherever it stands; a groove never with chords alone, which are off
    a beat that nobody has heard yet.
    """
    if intents.begun_by_all(section):
        return "cold"
    if intents.build(section) is not None and section.bars >= 2:
        return "build"
    first = any(place.section.id == section.id and place.seam.before is None for place in plan.placements)
    if section.bars < 2 or not (first or section.name == "intro"):
        return ""
    weights = dict(_OPENINGS)
    if section.name != "intro":
        weights["cold"] = 9.0 if plan.ideas.arrange.axis == "melody" else 2.0
    if plan.ideas.arrange.axis == "groove" or plan.feel.amount < 0.1:
        del weights["chords"]
    if "drums" not in playing:
        del weights["beat"]
    if section.bars < 4:
        del weights["build"]
    if not first_chords(playing):
        return "build"
    return seed.at(section.name).choose("opening", tuple(weights), tuple(weights.values()))


def bass_enters(plan: Plan, section: Section, seed: Seed) -> str:
    """How the bass comes into an opening: a name of ``_BASS``, drawn for the song. A riff or a hook is played with it; an
    introduction to a groove waits for it."""
    if section.name != "intro":
        return "from the start" if section.melody in ("riff", "hook") else seed.choose("bass enters", *_BASS)
    waits = plan.ideas.arrange.axis == "groove"
    return seed.choose("bass enters", _BASS[0][2:], _BASS[1][2:]) if waits else seed.choose("bass enters", *_BASS)


def first_chords(playing: tuple[str, ...]) -> str:
    """The first in the order of entrance who gives the harmony; nothing when nobody does."""
    return next((name for name in playing if name in _CHORDS), "")


def came_in(part: str, playing: tuple[str, ...], section: Section, kind: str, carries: bool, bass: str) -> Tick:
    """The tick at which a part enters. Late drums and a late bass lead into their first bar with the beat before it.

    In a build that stands in the song the beat goes on. Outside openings everybody is there from the first beat.
    """
    bar, beat = section.meter.bar, section.meter.pulses[-1]
    intro = section.name == "intro"
    grows = intro or intents.build(section) is not None
    half = section.bars // 2 if intro else min(2, section.bars // 2)
    later = half * bar
    if not kind:
        return 0
    if kind == "cold" or (carries and intro):
        return 0
    if kind == "build":
        if part == "drums" and not intro:
            return 0
        stride = max(1, section.bars // 4)
        place = playing.index(part)
        enters = max(0, place - 1) * stride if place > 3 else min(max(0, place - 1) * stride, half)
        waits = 4 * enters >= 3 * section.bars  # for a last quarter alone nobody comes in
        return (section.bars if waits else enters) * bar if grows else 0
    if part == "bass":
        if kind == "chords" and section.grid == 3:
            return 0  # what swings is off the beat, which somebody must tell
        end = section.length if intro and section.bars <= 4 else later
        all_there = kind == "rhythm" and intro and not set(playing) - {"drums", "bass", first_chords(playing)}
        bass = "half way" if all_there and bass == "from the start" else bass
        return {"from the start": 0, "half way": later, "on the one": end, "run-up": end - beat}[bass]
    if part == first_chords(playing):
        return later if kind == "beat" and intro else 0
    if part == "drums":
        return later - beat if kind == "chords" else 0
    return later if intro or part in _COMPERS else 0


def parting(plan: Plan, section: Section, part: str, leave: Tick | None) -> Tick | None:
    """Where a part leaves: in the song's last section as the ending says, and not at all when it is struck by name in it; else
    where it was to ``leave``."""
    last = any(place.section.id == section.id and place.seam.after is None for place in plan.placements)
    if plan.ending is None or not last:
        return leave
    bars = dict(plan.ending.leave).get(part)
    if bars is not None:
        return max(1, section.bars - bars) * section.meter.bar
    return None if any(name == part and row.hits for name, row in plan.ending.rows) else leave


def exit_of(part: str, playing: tuple[str, ...], section: Section) -> Tick | None:
    """Where a part leaves: an outro of four bars or more thins out, the last to come going first."""
    if section.name not in ("outro", "coda") or section.bars < 4:
        return None
    left = len(playing) - 1 - playing.index(part)
    bars = max(section.bars // 2, section.bars - 1 - left) if left < 2 and part in _BACK else section.bars
    return None if bars >= section.bars else bars * section.meter.bar


def rests(
    part: str, lane: Lane, playing: tuple[str, ...], section: Section, seed: Seed, vamping: bool
) -> tuple[int, ...]:
    """Bars in which a background part lays out: four of every eight, where its own chance says; never the whole section.

    Who is out is out for four bars, and those who rest less often only with those who rest more: they go and come back
    together. Of the blocks of four in which a part of a real band plays at all, it plays .92 through. Who has come in stays:
    where a section returns fewer rest. Endings and choruses are played through; over a groove all are there for the
    hook's first four bars. The first who gives the harmony plays through: bass and tune never go without chords. Only of a
    first statement of four bars, where the music is ``vamping``, everybody rests in some: those who comp come in with its
    third bar, one in the hook, the other in what leads to it: a figure has no hole of one bar.
    """
    if part not in _BACK or section.bars < 4 or lane.layer == "front" or len(playing) < 4 or "ending" in section.flags:
        return ()
    returns = section.occurrence > 1
    if intents.peaks(section) and not vamping:
        return ()
    sure = vamping and section.bars == 4 and section.occurrence == 1 and section.tier < 5 and section.name != "intro"
    if part == first_chords(playing) and not sure:
        return ()
    resting: list[int] = []
    draw = seed.at(section.id)
    if sure and part in _COMPERS:
        turn = seed.chance("keys rest in the hook", 0.5) == (section.melody == "hook")
        return (0, 1) if turn == (part == "keys") or not set(playing) & _COMPERS - {part} else ()
    for block in range(0, section.bars - 7, 8):
        share = (0.3 if returns else 0.5) * rest_share(part, section.tier)
        if draw.chance(f"rest/{block}", share):
            late = intents.peaks(section) or (returns and draw.chance(f"where/{block}", 0.5))
            resting += range(block + 4 * late, block + 4 * late + 4)
    if sure and not resting:
        return (1, 2)
    return tuple(resting) if len(resting) < section.bars else ()


def sits_out(plan: Plan, section: Section, playing: tuple[str, ...], seed: Seed) -> tuple[str, int]:
    """Who of a small band lays out in a section, and for how many bars from its beginning; nobody, as a rule, where more play.

    A soloist has one comper for a while where there are two; a first verse is played without the bass or without one of two
    compers, so that they come in rather than go on; drums that have begun stay. So does whoever alone gives the chords: only
    over a walking bass, which gives them too, one soloist in three is left with bass and drums.
    """
    always = dict(plan.ideas.arrange.layers).get(section.name, ())
    small = 3 <= len(playing) <= _SMALL + 2 and len(plan.parts) <= _SMALL + 2
    if not small or section.bars < 4 or intents.peaks(section) or "ending" in section.flags or section.name in _THIN:
        return "", 0
    draw = seed.at(section.id)
    half = section.bars // (1 if section.bars <= 8 else 2)
    compers = [name for name in playing if name in _COMPERS and name != front(playing, plan.ideas)]
    spare = [name for name in compers if set(playing) & _CHORDS - {name}]
    if section.melody == "solo":
        walk = plan.ideas.bass.walk
        free = walk is not None and section.tier in walk.tiers and draw.chance("left alone", 1 / 3)
        found = spare or (compers if free else [])
        if not found or "lead" not in playing or not draw.chance("strolls", 0.9):
            return "", 0
        return draw.choose("who strolls", found, [1.0] * len(found)), half
    if section.melody not in ("lead", "riff") or section.tier > 3 or section.occurrence not in (1, 3):
        return "", 0
    found = [name for name in ("bass", *spare[:1]) if name in playing and name not in always]
    if not found or not draw.chance("lays out", 0.7):
        return "", 0
    weights = [2.0 if name == "bass" else 1.0 for name in found]
    return draw.choose("who lays out", found, weights), section.bars if section.bars <= 4 else section.bars // 2


def laid_out(lane: Lane, part: str, section: Section, until: int) -> Lane:
    """The lane of who is out for so many bars from the beginning. Drums lead back in with the beat before."""
    drums = part == "drums"
    rests = tuple(sorted({*lane.rests, *range(until - drums)}))
    return replace(
        lane, rests=rests, enter=until * section.meter.bar - section.meter.pulses[-1] if drums else lane.enter
    )


def rest_share(part: str, tier: int) -> float:
    """Chance of a rest in eight bars: colours rest more than compers, everybody rests less when energy is high."""
    base = {"keys": 0.55, "guitar": 0.5, "pads": 0.6, "strings": 0.75, "brass": 0.8}[part]
    return max(0.2, base - 0.08 * (tier - 3))


def part_dials(plan: Plan, part: str, lane: Lane) -> Dials:
    """The dials of one part."""
    return replace(plan.dials, density=lane.density, focus=part in plan.focus)
