"""What tunes are cut from: tones, rhythm figures made of a genre's cells, and the plan by which figures return.

A schema says in which order ideas come back. Its tokens are a letter, how it returns (``'`` copy with a new tail,
``=`` exact copy, ``^`` transposed, ``~`` same rhythm with new pitches, ``/`` fragment and sequence, ``*`` ornamented;
nothing: chosen by chance), and how it ends (``?`` open, ``.`` closed). ``-`` is space for an echo; a number before the letter
is the unit's length in bars where that is not two.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from scorekit.ensemble.base import busier
from scorekit.ensemble.grid import early, offbeat, strokes
from scorekit.ideas import Hit, Pattern
from scorekit.score import Section
from scorekit.seeds import Seed
from scorekit.stage import Dials
from scorekit.timebase import PPQ, Meter, Tick

SCHEMAS: dict[str, tuple[str, ...]] = {
    "sentence": ("a?", "a'?", "a/", "b."),
    "period": ("a", "b?", "a=", "b'."),
    "hook2x4": ("a", "a=", "a'?", "a=."),
    "riff2": ("a", "a=", "a^", "a'."),
    "call_response": ("a", "b?", "a=", "b."),
    "aaba_head": ("a?", "a=.", "b?", "a."),
    "blues_aab": ("a?", "-", "a=?", "-", "b.", "-"),
    "bop_line": ("a", "b?", "a'", "c."),
}
"""Two-bar units of each schema; three keep the first two and the last, more than the schema has go round again."""

_AAB = ("1a", "1a^", "b?", "1a=", "1a^", "b.")
_LONG = ("4a?", "4a'.")
_BROKEN = ("a", "a=", "1c", "1c^", "b.")
FORMS: dict[str, tuple[tuple[tuple[str, ...], float], ...]] = {
    "hook2x4": (
        (("a", "a=", "a'?", "a=."), 0.2),
        (("a", "a=", "b", "a=."), 0.4),
        (("a", "a'", "b", "a'."), 0.15),
        (("a", "b?", "c", "b'."), 0.2),
        (("1a", "1a^", "b?", "1a^", "1a=", "b."), 0.2),
        (_BROKEN, 0.25),
    ),
    "period": (((), 1.0), (_LONG, 0.7), (("3a", "3a'?", "b."), 0.3)),
    "sentence": (((), 1.0), (_AAB, 0.5), (("a?", "a^", "1b", "1b^", "c."), 0.6)),
    "call_response": (((), 1.0), (("3a", "1b?", "3a=", "1b."), 0.5)),
}
"""How the units of a schema may go, and how readily; () is the schema itself, as where nothing is said. A number is a unit's
bars: a bar sung again a step higher and answered, fragments before the end, four bars in one breath and again (no hook: one of
four bars would say it once), three and three and two."""
SHORT: dict[str, tuple[str, ...]] = {
    "sentence": ("a?", "a'."),
    "period": ("a", "a=."),
    "hook2x4": ("a", "a=."),
    "riff2": ("a", "a="),
    "call_response": ("a", "a^."),
    "aaba_head": ("a?", "a'."),
    "blues_aab": ("a?", "b."),
    "bop_line": ("a", "b."),
}
"""The same in sections of two units."""

OPERATIONS = (("'", 0.32), ("=", 0.42), ("^", 0.12), ("~", 0.06), ("*", 0.08))
"""How an idea returns when its schema leaves it open: mostly by literal copy, whole or with a new tail."""

SUITS: dict[str, dict[str, float]] = {
    "hook": {"hook2x4": 4.0, "riff2": 1.0, "bop_line": 0.0, "blues_aab": 0.3},
    "riff": {
        "riff2": 6.0,
        "call_response": 2.0,
        "hook2x4": 1.0,
        "bop_line": 0.0,
        "blues_aab": 0.5,
        "sentence": 0.3,
        "period": 0.3,
        "aaba_head": 0.3,
    },
    "lead": {"bop_line": 0.0, "riff2": 0.5, "hook2x4": 0.6},
    "solo": {
        "bop_line": 1.0,
        "blues_aab": 0.3,
        "call_response": 0.3,
        "sentence": 0.0,
        "period": 0.0,
        "hook2x4": 0.0,
        "riff2": 0.0,
        "aaba_head": 0.0,
    },
}
"""How well each schema suits what the melody does; 1 where nothing is said."""
DEFAULTS = {"hook": "hook2x4", "riff": "riff2", "lead": "period", "solo": "bop_line"}


class Tone(Struct, frozen=True):
    """A note of a tune in the making: ticks from the start of its section, or of its unit while it is only rhythm."""

    start: Tick
    length: Tick
    pitch: int = 0
    mark: str = "x"
    idea: str = ""
    cell: int = 0
    """Number of the cell its rhythm came from."""

    @property
    def end(self) -> Tick:
        return self.start + self.length


class Slot(Struct, frozen=True):
    """One unit of a schema at its place: bars from the start of the section."""

    index: int
    bar: int
    bars: int
    letter: str
    op: str
    close: str
    goal: int = -1
    """Pitch the unit after it is known to begin with; -1 where nobody knows yet."""


def schema_for(kind: str, weights: Sequence[tuple[str, float]], bars: int, seed: Seed, heat: float) -> str:
    """The schema of a section: by the genre's weights and how well each suits what the melody does."""
    fit = SUITS.get(kind, {})
    fair = [weight * fit.get(name, 1.0) * _room(name, bars) for name, weight in weights]
    if not any(weight > 0 for weight in fair):
        return DEFAULTS.get(kind, "period")
    return weights[seed.pick("schema", fair, heat)][0]


def _room(name: str, bars: int) -> float:
    """A blues chorus wants its twelve bars."""
    return 1.0 if name != "blues_aab" or bars % 12 == 0 else 0.1


def form_of(schema: str, seed: Seed) -> tuple[str, ...]:
    """One of the forms of a schema; () for the schema itself."""
    forms = FORMS.get(schema, ())
    return seed.choose("form", [form for form, _ in forms], [weight for _, weight in forms]) if forms else ()


def _length(token: str) -> int:
    return int(token[0]) if token[0].isdigit() else 2


def slots(schema: str, bars: int, cadence: str, form: Sequence[str] = ()) -> tuple[Slot, ...]:
    """The units of a section in order, by the schema or a ``form`` of it, from its beginning as far as there are bars; the last
    one ends as the section's cadence asks."""
    form, count = form or SCHEMAS[schema], max(1, -(-bars // 2))
    if any(_length(token) != 2 for token in form):
        whole = sum(map(_length, form))
        tokens = tuple(form) * -(-bars // whole)
    elif count <= 2:
        tokens = SHORT[schema][:count]
    elif count < len(form):
        tokens = (*form[: count - 1], form[-1])
    else:
        tokens = tuple(form[n % len(form)] for n in range(count))
    starts = [sum(map(_length, tokens[:n])) for n in range(len(tokens))]
    told = [(token, start) for token, start in zip(tokens, starts, strict=True) if start < bars]
    last = "." if cadence == "closed" else "?"
    return tuple(
        _slot(n, token, start, bars, last if n == len(told) - 1 else "") for n, (token, start) in enumerate(told)
    )


def _slot(index: int, token: str, bar: int, bars: int, forced: str) -> Slot:
    close = forced or ("?" if "?" in token else "." if "." in token else "")
    letters = token.lstrip("0123456789")
    op = next((mark for mark in letters[1:] if mark in "'=^~/*"), "")
    return Slot(index, bar, min(_length(token), bars - bar), letters[0], op, close)


def operation(slot: Slot, seed: Seed, heat: float) -> str:
    """How a slot's idea returns: as the schema says, else by chance."""
    if slot.op:
        return slot.op
    return seed.choose(f"op/{slot.index}", [o for o, _ in OPERATIONS], [w for _, w in OPERATIONS], heat)


# -- cells -----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def plain_cells(grid: int) -> tuple[Pattern, ...]:
    """Cells for a genre that names none: quarters and eighths (long-short in triplets), on and around the beat."""
    half = 2 * grid // 3 if grid % 3 == 0 else max(1, grid // 2)
    texts = ("10 11 01 10", "11 01 01 00", "01 11 10 00", "10 01 01 10", "00 11 11 10")
    return tuple(_plain(text.replace(" ", ""), half, grid) for text in texts)


def _plain(text: str, half: int, grid: int) -> Pattern:
    steps = [n // 2 * grid + n % 2 * half for n, sign in enumerate(text) if sign == "1"]
    return Pattern(4 * grid, 4 * grid, tuple(Hit(step, "x") for step in steps))


def cell_tones(cell: int, pattern: Pattern, section: Section, bar: int, at: Tick) -> tuple[Tone, ...]:
    """The rhythm of one bar of a cell, laid at ``at`` ticks."""
    laid = strokes(pattern, section.meter, section.grid, bar)
    return tuple(Tone(at + s.at, s.length, 0, s.mark, "", cell) for s in laid)


def pick_cell(
    cells: Sequence[Pattern], used: Sequence[int], seed: Seed, draw: str, dials: Dials, heat: float, lean: float = 0.0
) -> int:
    """Number of a cell: busy ones oftener when complex or by a ``lean`` above 0, those already heard more seldom."""
    counts = [len(cell.hits) / cell.bars for cell in cells]
    low, span = min(counts), (max(counts) - min(counts)) or 1.0
    plain = replace(dials, density=0.5)
    shares = [(c - low) / span for c in counts]
    weights = [busier(0.25 if n in used else 1.0, s, plain) * 2.0 ** (lean * s) for n, s in enumerate(shares)]
    return seed.pick(draw, weights, heat)


def figure(
    cells: Sequence[Pattern],
    section: Section,
    bars: int,
    used: Sequence[int],
    seed: Seed,
    dials: Dials,
    heat: float,
    lean: float = 0.0,
) -> tuple[Tone, ...]:
    """The rhythm of an idea: a cell, then the same again (.2) or an answering one; both again where it has more bars."""
    first = pick_cell(cells, used, seed, "cell/0", dials, heat, lean)
    second = first if seed.chance("again", 0.2) else pick_cell(cells, (*used, first), seed, "cell/1", dials, heat, lean)
    tones = cell_tones(first, cells[first], section, 0, 0)
    for bar in range(1, bars):
        own = second if bar % 2 else first
        tones += cell_tones(own, cells[own], section, bar % 2, bar * section.meter.bar)
    return tones or (Tone(0, section.meter.pulses[0]),)


STATEMENTS = (("arrive", 0.55), ("run", 0.2), ("twice", 0.25))
"""How the two bars of a hook go: a figure that arrives on a long tone, one that runs on, or one bar said twice."""


def statement(tones: Sequence[Tone], bars: int, section: Section, manner: str, seed: Seed) -> tuple[Tone, ...]:
    """A hook's rhythm as one clear idea: its first bar as it is, and what arrives, runs on or says the same."""
    bar = section.meter.bar
    if bars < 2 or manner == "run":
        return tuple(tones)
    head = tuple(t for t in tones if t.start < bar)
    if manner == "twice":
        return (*head, *(replace(t, start=t.start + n * bar) for n in range(1, bars) for t in head))
    return land(tones, bars * bar, section.meter, seed, "arrive")


# -- rhythm edits ----------------------------------------------------------------------------------------------------


def sung(
    tones: Sequence[Tone], end: Tick, gate: float = 1.0, near: Tick = PPQ * 3 // 2, landed: bool = False
) -> tuple[Tone, ...]:
    """Each tone held to the next when that is at most ``near`` away, else until a beat before it; the last one, where the
    figure has ``landed``, as long as it is.

    A gate below 1 leaves that share of the room silent.
    """
    out = []
    for n, (tone, after) in enumerate(zip(tones, [*(t.start for t in tones), end][1:], strict=True)):
        room = max(1, after - tone.start)
        length = room if room <= near else min(room, max(tone.length, min(room - PPQ, 2 * PPQ)))
        length = min(room, tone.length) if landed and n == len(tones) - 1 else length
        out.append(replace(tone, length=max(1, round(length * gate))))
    return tuple(out)


RINGS = {2: 0.9, 3: 0.6, 4: 1.0, 5: 1.0, 6: 1.2, 7: 1.2}
"""Half beats for which a phrase's last tone may sound, and how readily: in sung pop no length has more than a tenth of them."""


def land(tones: Sequence[Tone], end: Tick, meter: Meter, seed: Seed, draw: str, late: float = 0.1) -> tuple[Tone, ...]:
    """The figure brought to rest in its last bar: a tone on or just before a beat, the first and the middle one rather than
    others, as long as it is let ring, then at least half a beat of air.

    ``late`` is the weight of ending on the bar's last beat, where soloists end short.
    """
    start, middle = end - meter.bar, len(meter.onsets) // 2
    spots = list(meter.onsets)
    weights = [
        0.4 if n == 0 else late if n == len(spots) - 1 else 0.3 if n == middle else 0.2 for n in range(len(spots))
    ]
    spot = start + seed.choose(draw + "/spot", spots, weights)
    half = meter.pulses[0] // 2
    near = [t for t in tones if spot - half <= t.start < spot]
    if near and near[-1].start >= 0 and seed.chance(draw + "/early", 0.45):
        spot = near[-1].start
    kept = [t for t in tones if t.start < spot]
    room = end - spot - PPQ // 2
    rings = {n * PPQ // 2: weight for n, weight in RINGS.items() if n * PPQ // 2 <= room} or {max(half, room): 1.0}
    length = seed.choose(draw + "/rings", list(rings), list(rings.values()))
    last = Tone(spot, length, 0, "x", "", kept[-1].cell if kept else 0)
    return (*kept, last)


def held(tones: Sequence[Tone], end: Tick, meter: Meter, seed: Seed) -> tuple[Tone, ...]:
    """The figure brought to rest on one tone of more than a bar: from one or two beats before its last bar to its end."""
    start = end - meter.bar - seed.choose("held/from", (1, 2), (0.6, 0.4)) * PPQ
    kept = [t for t in tones if t.start < start]
    length = end - start - PPQ // 2
    return (*kept, Tone(start, length, 0, "x", "", kept[-1].cell if kept else 0))


def thinned(tones: Sequence[Tone], keep: int, meter: Meter) -> tuple[Tone, ...]:
    """At most so many tones: the weakest positions go first, late ones before early ones; the outer tones stay."""
    inner = sorted(tones[1:-1], key=lambda t: (meter.strength(t.start), -t.start))
    gone = {t.start for t in inner[: max(0, len(tones) - keep)]}
    return tuple(t for t in tones if t.start not in gone)


def syncopated(tones: Sequence[Tone], section: Section) -> tuple[Tone, ...]:
    """The figure with at least one tone ahead of its beat: else the first that can comes an eighth (a third) early."""
    meter, ahead = section.meter, early(section)
    starts = {t.start for t in tones}
    if any(meter.strength(t.start) < 0.5 and _next_beat(t.start, meter) not in starts for t in tones):
        return tuple(tones)
    for n, tone in enumerate(tones):
        free = tone.start - (tones[n - 1].start if n else 0) > ahead
        if n and free and meter.strength(tone.start) >= 0.6:
            return (*tones[:n], replace(tone, start=tone.start - ahead, length=tone.length + ahead), *tones[n + 1 :])
    return tuple(tones)


def eased(tones: Sequence[Tone], meter: Meter, most: float) -> tuple[Tone, ...]:
    """The figure with at most that share of its tones syncopated: later ones settle on the beat they were ahead of."""
    out = list(tones)
    for n in range(len(out) - 1, 0, -1):
        starts = {t.start for t in out}
        ahead = [t for t in out if meter.strength(t.start) < 0.6 and _next_beat(t.start, meter) not in starts]
        if len(ahead) <= most * len(out):
            break
        beat = _next_beat(out[n].start, meter)
        if out[n] in ahead and (n == len(out) - 1 or out[n + 1].start > beat):
            out[n] = replace(out[n], start=beat)
    return tuple(out)


def on_the_one(tones: Sequence[Tone]) -> tuple[Tone, ...]:
    """The figure begun on its first beat: its first tone comes sooner, or another before it where that would be long."""
    first = tones[0]
    if first.start <= 3 * PPQ // 2:
        return (replace(first, start=0, length=first.end), *tones[1:])
    return (replace(first, start=0, length=min(first.start - PPQ // 2, 3 * PPQ // 2)), *tones)


def other_words(tones: Sequence[Tone], section: Section, seed: Seed) -> tuple[Tone, ...]:
    """The figure sung to other words: one inner tone said twice, or two neighbours in one breath, as singers do in a second
    verse. The outer tones stay."""
    out, half = list(tones), offbeat(section)
    split = [n for n in range(1, len(out) - 1) if out[n].length >= PPQ and out[n].start % PPQ == 0]
    close = [
        n
        for n in range(1, len(out) - 2)
        if out[n].end == out[n + 1].start
        and out[n].length + out[n + 1].length <= 3 * PPQ // 2
        and section.meter.strength(out[n].start) > section.meter.strength(out[n + 1].start)
    ]
    places = [(n, True) for n in split] + [(n, False) for n in close]
    if not places:
        return tuple(tones)
    n, twice = seed.choose("words", places)
    tone = out[n]
    if twice:
        again = replace(tone, start=tone.start + half, length=tone.length - half, mark="s")
        out[n : n + 1] = [replace(tone, length=half), again]
    else:
        out[n : n + 2] = [replace(tone, length=tone.length + out[n + 1].length)]
    return tuple(out)


def _next_beat(tick: Tick, meter: Meter) -> Tick:
    bar, at = divmod(tick, meter.bar)
    return bar * meter.bar + min((o for o in meter.onsets if o > at), default=meter.bar)


def filled(tones: Sequence[Tone], least: int, end: Tick, section: Section) -> tuple[Tone, ...]:
    """At least so many tones: the widest gaps get an onset on the eighth nearest their middle."""
    half, late = PPQ // 2, offbeat(section) - PPQ // 2
    out = list(tones) or [Tone(0, min(half, end))]
    while len(out) < least:
        ends = [*(t.start for t in out), end][1:]
        n = max(range(len(out)), key=lambda k: (ends[k] - out[k].start, -k))
        at = (out[n].start + (ends[n] - out[n].start + half) // 2) // half * half
        at += late * (at % PPQ == half)
        if not out[n].start < at < ends[n] or ends[n] - out[n].start <= half:
            break
        out.insert(n + 1, Tone(at, half, 0, "x", "", out[n].cell))
    return tuple(out)


def spaced(tones: Sequence[Tone], end: Tick, meter: Meter) -> tuple[Tone, ...]:
    """A riff with air behind it: nothing begins in the last beat and a half."""
    kept = tuple(t for t in tones if t.start < end - meter.pulses[-1] * 3 // 2)
    return kept or tuple(tones[:1])


def running(
    tones: Sequence[Tone], end: Tick, section: Section, chance: float, quick: float, seed: Seed
) -> tuple[Tone, ...]:
    """A soloist's line: eighths (long-short in triplets) filled in between the cell's tones with the given chance, and in
    beats of the chance ``quick`` all steps of the grid."""
    half, step = offbeat(section), PPQ // section.grid
    taken = {t.start for t in tones}
    bar, extra, runs = section.meter.bar, list[Tone](), list[Tone]()
    for start in range(0, end, bar):
        for onset, pulse in zip(section.meter.onsets, section.meter.pulses, strict=True):
            offsets = (0, half) if pulse <= PPQ else (0, PPQ // 2, PPQ)
            places = [start + onset + o for o in offsets if o < pulse and start + onset + o < end]
            extra += [Tone(at, half, 0, "x", "", tones[0].cell) for at in places if at not in taken]
            if pulse == PPQ and seed.chance(f"quick/{start + onset}", quick):
                fast = range(start + onset, min(start + onset + PPQ, end), step)
                runs += [Tone(at, step, 0, "x", "", tones[0].cell) for at in fast]
    heard = [tone for tone in extra if seed.chance(f"run/{tone.start}", chance)]
    line = {t.start: t for t in (*runs, *heard, *tones)}
    return tuple(line[start] for start in sorted(line))


def _halves(section: Section, length: Tick) -> tuple[Tick, ...]:
    """A felt beat in thirds where it is dotted, else in halves, long and short in triplets."""
    if length == PPQ * 3 // 2:
        return (length // 3,) * 3
    long = offbeat(section) if length == PPQ else length // 2
    return (long, length - long)


def beats(section: Section, halves: bool) -> tuple[Tone, ...]:
    """The felt beats of a section, or their halves (thirds of a dotted beat)."""
    out: list[Tone] = []
    for bar in range(section.bars):
        for onset, length in zip(section.meter.onsets, section.meter.pulses, strict=True):
            at = bar * section.meter.bar + onset
            cuts = _halves(section, length) if halves else (length,)
            for cut in cuts:
                out.append(Tone(at, cut))
                at += cut
    return tuple(out)
