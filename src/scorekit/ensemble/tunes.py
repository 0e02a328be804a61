"""The tune of a section: ideas stated, copied, edited and brought to rest, and what makes a return no photocopy.

A tune is a pure function of its setting. What is the same whenever the section's motif returns is drawn from the
motif's seed; what differs from one occurrence to the next is drawn afterwards from the cell's own (retouch).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from scorekit import theory
from scorekit.ensemble.breath import breathing, carried, monophonic
from scorekit.ensemble.melody import Aim, Setting, Spot, dissonance, search, spot
from scorekit.ensemble.motifs import (
    STATEMENTS,
    Slot,
    Tone,
    eased,
    figure,
    filled,
    form_of,
    held,
    land,
    on_the_one,
    operation,
    other_words,
    running,
    schema_for,
    slots,
    spaced,
    statement,
    sung,
    syncopated,
    thinned,
)
from scorekit.ensemble.solos import improvised
from scorekit.ensemble.upbeats import climbed, ladder_of, led, upbeat_of
from scorekit.seeds import Seed
from scorekit.timebase import PPQ, Tick

LIFT = (0, 1, 4, 1)
"""How many semitones each unit of four lies above the first: state, restate, answer, turn."""
HOOK_LIFT = (-2, -1, 4, 0)
"""The same in hooks, which keep their top for their third unit."""
SHAPES = (("convex", 0.36), ("descending", 0.27), ("ascending", 0.23), ("concave", 0.14))
"""Contours of phrases and how common they are (measured on pop melodies)."""
HOOKS = (("convex", 0.5), ("ascending", 0.3), ("descending", 0.12), ("concave", 0.08))
"""The same for hooks, which rise to their top instead of falling from it."""
NARROW = {"hook": 7, "lead": 6}
"""Semitones that an idea of five tones or more spans at least, else it is sung again with a leap."""
BREATHS = (0.55, 0.9)
"""How many ideas of a solo come to rest and leave air; of one on a blues scale, which says something and waits."""
BOP = 0.1
"""Chromatic approaches from which on a genre's solos are lines from chord to chord rather than ideas that return."""
LEAPS = {"hook": 0.75, "lead": 0.3}
"""How many ideas of a hook, and of a verse, turn on one leap up; fewer where they have few tones."""
MOST = 11
"""Tones of a hook's two bars: what is sung in one breath."""
HOLD = {"lead": PPQ * 5 // 2, "hook": PPQ * 7 // 4, "solo": PPQ}
"""Longest gap a tone is held across, in ticks, by what the melody does."""
LEAN = {"hook": -1.5, "lead": 0.4}
"""How verses lean to the genre's busier rhythms and hooks to its plainer ones, in powers of two over all of them."""
HELD = 0.22
"""How many ideas that come to rest do so on a tone of more than a bar."""
LATE = 0.35
"""How many ideas that could begin on the first beat come in after it."""
WORDS = 0.25
"""How often a verse's copy is sung to other words."""
BROAD = frozenset({"bridge", "B"})
"""Sections that set themselves against the others by longer notes."""
GAPPED = frozenset({"call_response", "blues_aab", "riff2"})
"""Schemas whose rests belong to somebody else."""
ROOMY = {"lead": 0.12, "hook": 0.06}
"""How many tunes of eight bars and more leave the last of each four free, for others to reply."""
_NEAR = (0, -1, 1, -2, 2, -3, 3)
"""Scale steps a copy may be moved by, the least first."""

# -- ideas that return -----------------------------------------------------------------------------------------------


def _scale_name(setting: Setting) -> str:
    return setting.ideas.scale or setting.section.key.mode


def adapted(setting: Setting, tones: Sequence[Tone], reach: Sequence[int], move: bool = False) -> tuple[Tone, ...]:
    """A copy brought into the harmony where it lands: moved by the best of the scale steps in ``reach``, the worst
    clashes mended. ``move`` prefers a sequence a step or two away to staying."""
    ladder = ladder_of(setting.section.key.tonic, _scale_name(setting))
    places = [spot(setting, tone) for tone in tones]

    def price(steps: int) -> float:
        pitches = [climbed(t.pitch, steps, ladder) for t in tones]
        misfit = sum(dissonance(p, place) for p, place in zip(pitches, places, strict=True))
        beyond = sum(1.5 for p in pitches if not setting.low <= p <= setting.high)
        return misfit + beyond + (abs(abs(steps) - 1.5) * 0.4 if move else abs(steps) * 1.5)

    steps = min(reach, key=price)
    moved = [replace(t, pitch=climbed(t.pitch, steps, ladder) if steps else t.pitch) for t in tones]
    return _settled(setting, moved, places)


def transposed(setting: Setting, tones: Sequence[Tone]) -> tuple[Tone, ...]:
    """A lick moved by semitones to where it fits its new chords best, its intervals kept, as soloists do; nothing where it fits
    nowhere."""
    places = [spot(setting, tone) for tone in tones]

    def price(shift: int) -> float:
        pitches = [t.pitch + shift for t in tones]
        if not setting.low <= min(pitches) <= max(pitches) <= setting.high:
            return 99.0
        foreign = sum(
            p % 12 not in place.scale and t.idea != "approach"
            for p, t, place in zip(pitches, tones, places, strict=True)
        )
        clashes = sum(
            dissonance(p, place) for p, place in zip(pitches, places, strict=True) if place.strong or place.long
        )
        return clashes + 0.6 * foreign + 0.1 * abs(shift)

    shift = min(range(-7, 8), key=lambda shift: (price(shift), abs(shift), shift))
    return tuple(replace(t, pitch=t.pitch + shift) for t in tones) if price(shift) < 0.35 * len(tones) else ()


def fitted(setting: Setting, tones: Sequence[Tone]) -> tuple[Tone, ...]:
    """A tune over other chords than it was made for: rhythm and line stay, what would clash gives way."""
    return _settled(setting, tones, [spot(setting, tone) for tone in tones])


def _settled(setting: Setting, tones: Sequence[Tone], places: Sequence[Spot]) -> tuple[Tone, ...]:
    """The tones with the worst clashes mended; approach tones keep leaning on what follows."""
    mended: list[Tone] = []
    for n in range(len(tones) - 1, -1, -1):
        tone, place = tones[n], places[n]
        if tone.idea == "approach" and mended:
            lean = tone.pitch - tones[n + 1].pitch
            tone = replace(tone, pitch=mended[-1].pitch + lean)
        elif tone.pitch % 12 not in place.scale or dissonance(tone.pitch, place) > _borne(tone, mended):
            wanted = place.scale if tone.length < PPQ and tone.pitch % 12 not in place.scale else place.chord
            tone = replace(tone, pitch=theory.nearest(tone.pitch, tuple(sorted(wanted)), setting.low, setting.high))
        mended.append(tone)
    return tuple(reversed(mended))


def _borne(tone: Tone, later: Sequence[Tone]) -> float:
    """How much dissonance a tone may have: much where it goes on by step to the last of ``later``, little where it is left by
    a skip or a rest."""
    resolved = bool(later) and later[-1].start - tone.end < PPQ // 2 and abs(later[-1].pitch - tone.pitch) <= 2
    return 0.3 if not resolved else 1.9 if tone.length >= PPQ else 9.0


def approached(setting: Setting, tones: Sequence[Tone], seed: Seed) -> tuple[Tone, ...]:
    """Some weak tones turned into chromatic neighbours of the strong tone that follows within a beat."""
    chance = min(0.95, 2.5 * setting.ideas.approach * setting.heat) if setting.ideas.approach else 0.0
    out = list(tones)
    for n in range(1, len(out) - 1):
        tone, after = out[n], out[n + 1]
        on_beat = setting.section.meter.strength(after.start) >= 0.6 > setting.section.meter.strength(tone.start)
        if on_beat and after.start - tone.start <= PPQ and seed.chance(f"approach/{tone.start}", chance):
            below = out[n - 1].pitch < after.pitch or seed.chance(f"below/{tone.start}", 0.4)
            below = after.pitch > setting.low if below else after.pitch >= setting.high
            out[n] = replace(tone, pitch=after.pitch + (-1 if below else 1), idea="approach")
    return tuple(out)


# -- a unit, and the section -----------------------------------------------------------------------------------------


def _rhythm(setting: Setting, slot: Slot, used: Sequence[int], seed: Seed) -> tuple[Tone, ...]:
    """The rhythm of a new idea, from the start of its slot."""
    section = setting.section
    end = slot.bars * section.meter.bar
    lean = LEAN.get(setting.kind, 0.0)
    tones = figure(setting.cells, section, slot.bars, used, seed, setting.dials, setting.heat, lean)
    if _halved(setting):
        tones = tuple(replace(t, start=2 * t.start, length=2 * t.length) for t in tones if 2 * t.start < end)
    if setting.kind == "solo":
        heat = _rising(setting, slot)
        quick = 0.0 if section.grid < 3 else max(0.0, 0.6 * (heat - 1.0)) * (section.tier >= 3)
        tones = running(tones, end, section, min(0.95, heat * _flow(setting)), quick, seed)
        speaks = BREATHS[1] if "blues" in setting.ideas.scale else BREATHS[0]
        over = slot.bar + slot.bars >= section.bars or seed.chance("breath", speaks)
        tones = land(tones, end, section.meter, seed, "land", 0.5) if over else tones
    elif slot.close and slot.bars > 1 and setting.kind != "riff" and seed.chance("held", HELD):
        tones = held(filled(tones, _least(setting, slot), end, section), end, section.meter, seed)
    elif slot.close:
        tones = land(filled(tones, _least(setting, slot), end, section), end, section.meter, seed, "land")
    else:
        tones = filled(tones, _least(setting, slot), end, section)
    if setting.kind == "riff":
        tones = spaced(tones, end, section.meter)
    if setting.kind == "hook":
        manner = seed.choose("statement", [name for name, _ in STATEMENTS], [weight for _, weight in STATEMENTS])
        tones = tones if slot.close else statement(tones, slot.bars, section, manner, seed)
        tones = syncopated(thinned(tones, MOST * slot.bars // 2, section.meter), section)
    if setting.kind != "solo":
        late = tones[0].start == 0 and len(tones) > 4 and tones[1].start <= 3 * PPQ // 2 and seed.chance("late", LATE)
        tones = tuple(t for t in eased(tones[late:], section.meter, 0.4) if t.start < end)
    if setting.kind == "riff":
        return sung(tones, end, 0.6)
    return sung(tones, end, 1.0, HOLD.get(setting.kind, PPQ), bool(slot.close) and setting.kind != "solo")


def _least(setting: Setting, slot: Slot) -> int:
    """Fewest tones of a new idea: some four in four beats, no more than the genre's own cells have, fewer when simple."""
    beats = slot.bars * setting.section.meter.bar / (4 * PPQ) / (2 if _halved(setting) else 1)
    usual = sum(len(cell.hits) / cell.bars for cell in setting.cells) / len(setting.cells)
    return round(beats * min(usual, 4.0 + (setting.dials.complexity - 0.5)))


def _halved(setting: Setting) -> bool:
    """Whether note values are doubled, as in most bridges, which are told by that."""
    return setting.kind == "lead" and setting.section.name in BROAD and setting.seed.chance("broad", 0.6)


def _rising(setting: Setting, slot: Slot) -> float:
    """How a solo builds: .6 where it begins, 1.5 at three quarters, 1 at its end."""
    u = (slot.bar + slot.bars / 2) / setting.section.bars
    return 0.6 + 1.2 * u if u <= 0.75 else 1.5 - 2.0 * (u - 0.75)


def _flow(setting: Setting) -> float:
    """How much of a soloist's line runs in eighths: more with energy and complexity."""
    base = 0.75 if setting.pace == "double" else 0.5
    lean = 0.1 * (setting.section.tier - 3) + 0.6 * (setting.dials.complexity - 0.5)
    return min(0.95, max(0.05, base + lean))


def _laid(tones: Sequence[Tone], at: Tick) -> tuple[Tone, ...]:
    return tuple(replace(t, start=t.start + at) for t in tones)


def _stated(
    setting: Setting, slot: Slot, rhythm: Sequence[Tone], before: tuple[int, ...], seed: Seed
) -> tuple[Tone, ...]:
    """A new idea sung where its slot lies, so that it may be followed by itself without a leap."""
    shapes = HOOKS if setting.kind == "hook" else SHAPES
    shape = seed.choose("shape", [name for name, _ in shapes], [w for _, w in shapes], setting.heat)
    lift = (HOOK_LIFT if setting.kind == "hook" else LIFT)[slot.bar // 2 % 4] + (
        6.0 * (_rising(setting, slot) - 1.0) if setting.kind == "solo" else 0.0
    )
    lift += 4.0 * (setting.kind == "hook" and slot.bars > 2)  # what is said in one breath has its top in it
    laid = _laid(rhythm, slot.bar * setting.section.meter.bar)
    leap = (
        _leapt(setting, laid, seed)
        if seed.chance("leaps", LEAPS.get(setting.kind, 0.0) * min(1.0, len(laid) / 8))
        else 0
    )
    aim = Aim(shape, lift, slot.close, before, slot.goal, setting.opening if slot.index == 0 else -1, leap)
    named = tuple(replace(t, idea="motif" if slot.letter == "a" else "answer") for t in laid)
    line = search(setting, named, aim, seed)
    pitches = [t.pitch for t in line]
    if len(line) >= 5 and not leap and max(pitches) - min(pitches) < NARROW.get(setting.kind, 0):
        aim = replace(aim, leap=_leapt(setting, laid, seed))
        line = search(setting, named, aim, seed)
    if aim.after < 0 and abs(line[-1].pitch - line[0].pitch) > 7:
        line = search(setting, named, replace(aim, after=line[0].pitch), seed)
    return approached(setting, line, seed)


def _leapt(setting: Setting, tones: Sequence[Tone], seed: Seed) -> int:
    """The tone a line leaps up to, neither its first nor late in it: a long one, or one on a beat; 0 for none."""
    meter, last = setting.section.meter, len(tones) * 2 // 3
    weights = [meter.strength(t.start) * min(2.0, t.length / PPQ) * (0 < n <= last) for n, t in enumerate(tones)]
    return seed.pick("leap", weights, 0.6) if any(weights) else 0


def _retailed(setting: Setting, slot: Slot, tones: Sequence[Tone], seed: Seed, idea: str) -> tuple[Tone, ...]:
    """The unit with its end sung anew: the last tones, or its last bar with another rhythm."""
    bar = setting.section.meter.bar
    start, end = slot.bar * bar, (slot.bar + slot.bars) * bar
    if slot.bars < 2 or seed.chance("short", 0.6):
        return reaimed(setting, slot, tones, seed, idea, 3)
    cut = end - bar
    rhythm = _rhythm(setting, replace(slot, close=slot.close or "?"), (), seed)
    fresh = [t for t in _laid(rhythm, start) if t.start >= cut]
    head = [t for t in tones if t.start < cut]
    if not fresh:
        return tuple(tones)
    head = [replace(t, length=min(t.length, max(1, fresh[0].start - t.start))) for t in head]
    aim = Aim("descending", 0.0, slot.close or "?", tuple(t.pitch for t in head[-2:]), slot.goal)
    return (*head, *(replace(t, idea=idea) for t in search(setting, fresh, aim, seed)))


def reaimed(setting: Setting, slot: Slot, tones: Sequence[Tone], seed: Seed, idea: str, count: int) -> tuple[Tone, ...]:
    """The unit with its last few tones given new pitches, to end as its slot asks."""
    head, tail = tones[:-count], [replace(t, idea=idea) for t in tones[-count:]]
    aim = Aim("descending", 0.0, slot.close or "?", tuple(t.pitch for t in head[-2:]), slot.goal)
    return (*head, *search(setting, tail, aim, seed))


def _fragmented(setting: Setting, slot: Slot, tones: Sequence[Tone]) -> tuple[Tone, ...]:
    """The idea's first bar, then the same a step or two away: the fragment climbs toward the cadence."""
    bar = setting.section.meter.bar
    start = slot.bar * bar
    head = [t for t in tones if t.start < start + bar]
    once = adapted(setting, [replace(t, idea="fragment") for t in head], (0,))
    again = adapted(setting, [replace(t, start=t.start + bar, idea="sequence") for t in head], _NEAR[1:], True)
    return (*once, *again) if slot.bars > 1 else once


def _returned(setting: Setting, slot: Slot, said: Sequence[Tone], op: str, seed: Seed) -> tuple[Tone, ...]:
    """An idea heard before, copied here and edited as its operation says."""
    start = slot.bar * setting.section.meter.bar
    end = start + slot.bars * setting.section.meter.bar
    copy = [t if t.idea == "approach" else replace(t, idea="motif copy") for t in _laid(said, start) if t.start < end]
    if op == "~":
        aim = Aim("descending" if slot.index % 2 else "convex", LIFT[slot.bar // 2 % 4], slot.close, (), slot.goal)
        fresh = search(setting, [replace(t, idea="same rhythm, new pitches") for t in copy], aim, seed)
        return _closed(setting, slot, fresh, seed.at("close")) if slot.close else fresh
    if op == "/":
        return _fragmented(setting, slot, copy)
    kept = transposed(setting, copy) if setting.kind == "solo" else ()
    tones = kept or adapted(setting, copy, _NEAR[1:] if op == "^" else (0,) if op == "=" else _NEAR, op == "^")
    if op == "*":
        tones = ornamented(setting, tones, 0.2, seed)
    if setting.kind == "lead" and op != "*" and len(tones) > 5 and seed.chance("other words", WORDS):
        tones = other_words(tones, setting.section, seed)
    if op == "'":
        return _retailed(setting, slot, tones, seed.at("tail"), "motif copy, new tail")
    ends = slot.close and setting.kind != "riff"
    return _closed(setting, slot, tones, seed.at("close")) if ends else tones


def _closed(setting: Setting, slot: Slot, tones: Sequence[Tone], seed: Seed) -> tuple[Tone, ...]:
    """A copy that must come to rest: its own landing re-aimed, or a landing made."""
    end = (slot.bar + slot.bars) * setting.section.meter.bar
    start = end - slot.bars * setting.section.meter.bar
    if tones and end - tones[-1].end >= PPQ // 2:
        return reaimed(setting, slot, tones, seed, "motif copy, new ending", 1)
    rest = land([replace(t, start=t.start - start) for t in tones], end - start, setting.section.meter, seed, "land")
    count = sum(t.pitch == 0 for t in rest) or 1
    return reaimed(setting, slot, sung(_laid(rest, start), end, landed=True), seed, "motif copy, new ending", count)


def _unit(
    setting: Setting, slot: Slot, said: dict[str, tuple[Tone, ...]], line: Sequence[Tone], used: list[int]
) -> tuple[Tone, ...]:
    """The tones of one slot, new or returning; a new idea is remembered in ``said`` from the start of its slot."""
    seed = setting.seed.at(slot.letter if slot.letter not in said else f"{slot.letter}/{slot.index}")
    letter = slot.letter if slot.letter != "-" else "a"
    if slot.letter == "-":
        return _echo(setting, slot, said.get(letter, ()), seed)
    if letter in said:
        op = operation(slot, setting.seed, setting.heat)
        loose = setting.kind == "solo" and not seed.chance("develop", 0.75)
        return _returned(setting, slot, said[letter], "~" if loose else op, seed)
    rhythm = _rhythm(setting, slot, used, seed)
    rhythm = on_the_one(rhythm) if slot.index == 0 and setting.opening >= 0 else rhythm
    used += [t.cell for t in rhythm if t.cell not in used][:1]
    tones = _stated(setting, slot, rhythm, tuple(t.pitch for t in line[-2:]), seed)
    said[letter] = tuple(replace(t, start=t.start - slot.bar * setting.section.meter.bar) for t in tones)
    return tones


def _echo(setting: Setting, slot: Slot, said: Sequence[Tone], seed: Seed) -> tuple[Tone, ...]:
    """Space after a statement, sometimes with its last few tones echoed."""
    bar = setting.section.meter.bar
    if not said or not seed.chance(f"echo/{slot.index}", 0.6):
        return ()
    shift = slot.bar * bar + bar // 2 - said[-3:][0].start // bar * bar
    count = next((n for n in (3, 2) if abs(said[-n:][0].pitch - said[-1].pitch) <= 7), 1)
    tail = [replace(t, start=t.start + shift, idea="echo") for t in said[-count:]]
    return adapted(setting, [t for t in tail if t.end <= (slot.bar + slot.bars) * bar], _NEAR)


def roomy(setting: Setting, units: Sequence[Slot]) -> tuple[Slot, ...]:
    """The units of a tune, in some tunes without the fourth bar of each four: what ended there comes to rest a bar earlier.
    What is said there for the first time is said whole."""
    if setting.section.bars < 8 or not setting.seed.chance("room", ROOMY[setting.kind]):
        return tuple(units)
    new = {unit.letter: unit.index for unit in reversed(units)}
    return tuple(
        replace(u, bars=u.bars - 1, close=u.close or "?")
        if u.bars > 1 and (u.bar + u.bars) % 4 == 0 and (u.close or new[u.letter] < u.index)
        else u
        for u in units
    )


def tune(setting: Setting) -> tuple[Tone, ...]:
    """The tune of a section: its schema's units in order, each joined to the one before by breath or upbeat."""
    weights = setting.ideas.schemas or (("period", 1.0),)
    schema = schema_for(setting.kind, weights, setting.section.bars, setting.seed, setting.heat)
    if setting.kind == "solo" and schema == "bop_line" and setting.ideas.approach >= BOP:
        return monophonic(improvised(setting))
    said: dict[str, tuple[Tone, ...]] = {}
    line: Sequence[Tone] = []
    used: list[int] = []
    leads = setting.section.name in ("pre", "bridge")
    form = form_of(schema, setting.seed) if setting.kind in ("hook", "lead") and not leads else ()
    units = slots(schema, setting.section.bars, setting.section.cadence, form)
    units = roomy(setting, units) if setting.kind in ROOMY and schema not in GAPPED else units
    for slot, after in zip(units, (*units[1:], None), strict=True):
        known = said.get(after.letter) if after else None
        unit = _unit(setting, replace(slot, goal=known[0].pitch) if known else slot, said, line, used)
        upbeat = upbeat_of(setting, setting.seed.at(slot.letter)) if slot.index and unit else None
        start = slot.bar * setting.section.meter.bar
        line = [*(led(setting, line, unit, start, upbeat) if upbeat else line), *unit]
    line = monophonic(line)
    line = carried(setting, line) if setting.kind in ("lead", "hook") and schema not in GAPPED else line
    return line if setting.kind == "riff" else breathing(setting, line)


# -- more, fewer, other ----------------------------------------------------------------------------------------------


def between(setting: Setting, tone: Tone, after: Tone) -> Tone | None:
    """An ornament in the second half of a tone: passing by step to the next, or a neighbour of it."""
    step = PPQ // setting.section.grid
    half = tone.length * 2 // 3 if setting.section.grid % 3 == 0 else tone.length // 2
    cut = half // step * step
    if cut < PPQ // 3 or tone.length - cut < PPQ // 4:
        return None
    ladder = ladder_of(setting.section.key.tonic, _scale_name(setting))
    toward = 1 if after.pitch > tone.pitch else -1
    pitch = climbed(after.pitch, -toward if abs(after.pitch - tone.pitch) > 2 else 1, ladder)
    if not setting.low <= pitch <= setting.high or pitch % 12 not in spot(setting, tone).scale:
        return None
    return Tone(tone.start + cut, tone.length - cut, pitch, "s", "ornament", tone.cell)


def ornamented(setting: Setting, tones: Sequence[Tone], share: float, seed: Seed) -> tuple[Tone, ...]:
    """The line with passing and neighbour tones added inside that share of its longer tones."""
    out: list[Tone] = []
    for tone, after in zip(tones, [*tones, None][1:], strict=True):
        extra = between(setting, tone, after) if after and after.start - tone.end < PPQ // 2 else None
        if extra and seed.chance(f"ornament/{tone.start % (2 * setting.section.meter.bar)}", share):
            out += [replace(tone, length=extra.start - tone.start), extra]
        else:
            out.append(tone)
    return tuple(out)
