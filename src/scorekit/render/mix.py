"""From a performance to a mastered stereo mix: what is played, on which strip, and the whole of it finished.

Notes are summed in the order of their take, takes in whole numbers, so the same performance gives the same bits.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from scorekit.render import dsp, effects
from scorekit.render.console import CHUNK, Console, Held, Line, Track, audible
from scorekit.render.dsp import RATE, Samples
from scorekit.render.effects import Tone
from scorekit.render.master import Hands, Ring, Spool, amplified, mastering
from scorekit.render.patches.base import Patch
from scorekit.render.voices import Bodies, Clip, Order, Stroke, clip, hushes
from scorekit.stage import Master, Part, Sound
from scorekit.theory import DRUM_NOTES
from scorekit.timebase import PPQ, TempoMap

if TYPE_CHECKING:
    from scorekit.score import Performance, Plan, Take

Progress = Callable[[float, str], None]
"""Told how far the work is, 0 to 1, and what is being done."""

Render = Callable[[Patch, Sound, Sequence[Stroke], Bodies, Tone], Clip]
"""``voices.clip``, or something that remembers what it returned."""

Make = Callable[["Take", "Take | None", Part, Patch, TempoMap], Line | None]
"""``line``, or something that remembers what it returned."""

KICKS = (35, 36)
_CLOSED = "click"
"""The family that is neither sent to the room nor equalised."""


_MARKS = {"g": (24, "ghost"), "s": (52, ""), "x": (80, ""), "X": (110, ""), "!": (120, "")}
"""Velocity and manner of most strokes of a mark."""
_LIKELY, _RATE = 0.3, 0.5
"""Share of the grooves a song may have in which a kind of stroke is, to be likely; how often in a bar it is there then."""


class Mix(Struct, frozen=True, eq=False):
    """The finished song, and what it was made of. Arrays are float32 (2, n), sample 0 is the first bar line."""

    samples: Samples
    stems: Mapping[str, Samples] = field(default_factory=dict)
    """Each part dry, after level, pan and duck, before room and master. They add up to the dry bus."""
    lufs: float = -120.0
    peak: float = -200.0
    """True peak in dBTP."""


# -- time ------------------------------------------------------------------------------------------------------------


def sample_positions(tempo: TempoMap, ticks: NDArray[np.int64]) -> NDArray[np.int64]:
    """``TempoMap.sample`` for an int64 array of ticks, in the same exact integer arithmetic."""
    at = np.array([tick for tick, _ in tempo.changes], np.int64)
    pace = np.array([micros for _, micros in tempo.changes], np.int64)
    total = np.concatenate([[0], np.cumsum(np.diff(at) * pace[:-1])])
    row = np.maximum(np.searchsorted(at, ticks, side="right") - 1, 0)
    whole = PPQ * 1_000_000
    micro: NDArray[np.int64] = total[row] + (ticks - at[row]) * pace[row]
    return (micro * (2 * RATE) + whole) // (2 * whole)


def strokes(take: Take, tempo: TempoMap) -> list[Stroke]:
    """The events of a take on the samples they fall on."""
    from scorekit.score import MANNERS

    events = take.events
    begin = sample_positions(tempo, events["start"].astype(np.int64))
    end = sample_positions(tempo, (events["start"] + events["length"]).astype(np.int64))
    columns = (begin, np.maximum(end - begin, 1), events["pitch"], events["velocity"], events["manner"])
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [Stroke(a, n, p, v, MANNERS[m]) for a, n, p, v, m in rows]


def length(plan: Plan) -> int:
    """Samples from the first bar line to the end of the tail."""
    return plan.tempo.sample(plan.end) + dsp.samples(plan.tail)


def kicks(performance: Performance) -> list[int]:
    """Where the bass drum strikes, in samples."""
    drums = {part.name for part in performance.plan.parts if part.channel == 9}
    hits = [np.zeros(0, np.int64)]
    for take in performance.takes:
        if take.part in drums:
            low, high = (take.events["pitch"] == pitch for pitch in KICKS)
            hits.append(take.events["start"][low | high].astype(np.int64))
    return sorted(set(sample_positions(performance.plan.tempo, np.concatenate(hits)).tolist()))


# -- lines -----------------------------------------------------------------------------------------------------------


def tone_of(part: Part, patch: Patch) -> Tone:
    """The equaliser and width of a part's strip."""
    return Tone() if patch.family == _CLOSED else Tone(part.strip.highpass, patch.family, part.strip.width)


def line(take: Take, after: Take | None, part: Part, patch: Patch, tempo: TempoMap) -> Line | None:
    """A take as a line of the console, ``after`` being its part's next if that may choke what rings on; None for one in
    which nothing is struck."""
    heard = strokes(take, tempo) if len(take.events) else []
    if heard and after is not None:
        heard += hushes(patch, heard, strokes(after, tempo))
    closed = patch.family == _CLOSED
    return Line(part.name, patch, part.sound, tone_of(part, patch), part.strip, heard, closed) if heard else None


def lines(performance: Performance, patches: Mapping[str, Patch], make: Make = line) -> list[Line]:
    """Every take of a performance as a line of the console, in order; ``make`` may be a ``line`` that remembers."""
    parts = {part.name: part for part in performance.plan.parts}
    made: list[Line | None] = []
    later: dict[str, Take] = {}
    for take in reversed(performance.takes):
        part = parts[take.part]
        patch = patches[part.sound.patch]
        made.append(make(take, later.get(take.part) if patch.chokes else None, part, patch, performance.plan.tempo))
        later[take.part] = take
    return [one for one in reversed(made) if one is not None]


def orders(takes: Iterable[Take], plan: Plan, patches: Mapping[str, Patch]) -> list[Order]:
    """The bodies that some takes are cut from."""
    parts = {part.name: part for part in plan.parts}
    rows = [line(take, None, part := parts[take.part], patches[part.sound.patch], plan.tempo) for take in takes]
    return [order for row in rows if row for order in row.orders()]


def usual(plan: Plan, patches: Mapping[str, Patch]) -> list[Order]:
    """Bodies that a song is likely to want, whatever is going to be played: the surest first."""
    sounds = [(part, patches.get(part.sound.patch)) for part in plan.parts]
    drums = [(part, patch) for part, patch in sounds if patch and patch.family == "drums"]
    rows = [Line(p.name, patch, p.sound, tone_of(p, patch), p.strip, drummed(plan)) for p, patch in drums]
    return [order for row in rows for order in row.orders()]


def drummed(plan: Plan) -> list[Stroke]:
    """Two strokes of each kind that many of the genre's grooves have, of those for the energies of the song; and a crash."""
    tiers = Counter(place.section.tier for place in plan.placements)
    share, whole = defaultdict[tuple[str, str], float](float), 0.0
    for groove in plan.ideas.drums.grooves:
        weight = groove.weight * sum(tiers[tier] for tier in groove.tiers)
        whole += weight
        rates = defaultdict[tuple[str, str], float](float)
        for row, pattern in groove.rows:
            for hit in pattern.hits:
                rates[row, hit.mark] += hit.chance / pattern.bars
        for kind, rate in rates.items():
            share[kind] += weight * (rate >= _RATE)
    surest = sorted(share, key=lambda kind: -share[kind])
    kinds = [kind for kind in surest if share[kind] >= _LIKELY * whole and kind[1] in _MARKS]
    struck = [(DRUM_NOTES[row], *_MARKS[mark]) for row, mark in kinds for _ in range(2)] + [
        (DRUM_NOTES["crash"], 110, "")
    ]
    return [Stroke(10_000 * number, 1, *one) for number, one in enumerate(struck)]


def console(performance: Performance, laid: Sequence[Track]) -> Console:
    """The console a performance is mixed on, with the room, the echo and the end its plan asks for; a loop has none."""
    plan = performance.plan
    strips = [one.line.strip for one in laid if not one.line.closed]
    delay = (3 * plan.tempo.tempo_at(0) * RATE + 2_000_000) // 4_000_000 if any(s.delay > 0 for s in strips) else 0
    room = effects.room(plan.master.room, plan.master.tone) if any(s.verb > 0 for s in strips) else None
    n, loop = length(plan), plan.tempo.sample(plan.end) if plan.loops else 0
    fade = 0 if loop else faded(performance, n)
    return Console(n, laid, kicks(performance), room=room, delay=delay, fade=fade, loop=loop)


def faded(performance: Performance, n: int) -> int:
    """Samples over which the end falls silent: most of what is left once the last stroke has
    fallen, so that no chord is cut off where it still sounds."""
    plan = performance.plan
    last = max((int(take.events["start"][-1]) for take in performance.takes if len(take.events)), default=0)
    return min(max(round(0.7 * (n - plan.tempo.sample(last))), 256), n)


class Desk(Struct, frozen=True, eq=False):
    """A song ready to be heard: the console, the mix, and the gains of the master."""

    console: Console
    spool: Spool
    gains: Samples
    lufs: float
    peak: float
    """True peak in dBTP."""
    first: int
    last: int
    """Where on the spool the song is."""

    @property
    def n(self) -> int:
        """Samples of the song."""
        return self.last - self.first

    def samples(self, a: int, b: int) -> Samples:
        """Samples a to b of the finished song, (2, b - a)."""
        return amplified(self.spool, self.gains, self.first + a, self.first + b)


def ready(performance: Performance, patches: Mapping[str, Patch], bodies: Bodies, hands: Hands) -> Console:
    """The console of a performance, with every body that is heard rendered by some hands."""
    desk = console(performance, hands.laid(lines(performance, patches), bodies))
    hands.ready(desk)
    return desk


def desked(desk: Console, master: Master, hands: Hands) -> Desk:
    """The whole song mixed and mastered by some hands; its samples are there for the asking.

    A loop is as long as its bars: what rings on is heard at the start, and the master hears it round and round.
    """
    spool, loop = hands.mixed(desk), desk.loop
    first, last = (loop, 2 * loop) if loop else (0, desk.n)
    heard = Ring(spool, loop, desk.n) if loop else spool
    gains, level, peak = mastering(heard, last, master, hands)
    return Desk(desk, heard, gains, level, peak, first, last)


def summed(desk: Console, names: Sequence[str]) -> tuple[Samples, dict[str, Samples]]:
    """The dry bus (2, n), and each part's share of it: after level, pan and duck, before room and master."""
    chunks = [desk.buses(at, names) for at in range(0, desk.n, CHUNK)]
    stems = {name: desk.ended(0, audible(np.concatenate([c.stems[name] for c in chunks], axis=1))) for name in names}
    return desk.ended(0, audible(np.concatenate([chunk.dry for chunk in chunks], axis=1))), stems


def mix(
    performance: Performance, patches: Mapping[str, Patch], bodies: Bodies, *, render: Render = clip,
    stems: bool = True, progress: Progress | None = None,
) -> Mix:  # fmt: skip
    """The whole song, mastered, in memory. ``render`` may be a ``voices.clip`` that remembers what it returned."""
    tell = progress or (lambda share, what: None)
    held = []
    for number, line in enumerate(rows := lines(performance, patches), 1):
        held.append(Held(line, render(line.patch, line.sound, line.strokes, bodies, line.tone)))
        tell(0.7 * number / len(rows), line.part)
    desk = desked(console(performance, held), performance.plan.master, Hands())
    parts = summed(desk.console, [part.name for part in performance.plan.parts])[1] if stems else {}
    tell(1.0, "master")
    return Mix(desk.samples(0, desk.n), parts, desk.lufs, desk.peak)
