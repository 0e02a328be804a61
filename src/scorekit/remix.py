"""The sound of a song being worked on: of each new version only what differs from the last is worked out.

Two versions are compared stroke by stroke. What differs is taken away from the buses of the whole song and brought to
them (``render/tape.py``); the mix, its measures, its gains and its file are worked out again as far as that is heard, by
hands that remember the rest. Beside its bodies a version takes 25 bytes a sample, 12 more with an echo: 290 MB for three minutes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from typing import Any, TypeVar

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from scorekit import pipeline
from scorekit.recall import SHEET, Recall, sheets, spread
from scorekit.render import console as consoles
from scorekit.render import delivery, wav
from scorekit.render.console import GRID, SLOW, Console, Laid, Line, raised
from scorekit.render.dsp import RATE, Samples
from scorekit.render.master import prepare
from scorekit.render.mix import Desk, console, desked, line, lines
from scorekit.render.patches import PATCHES
from scorekit.render.patches.base import Patch
from scorekit.render.tape import Span, Tape, aligned, halves
from scorekit.render.voices import Bodies, Keeper
from scorekit.renewal import digest, measures, row
from scorekit.score import Performance, Take
from scorekit.stage import Part
from scorekit.timebase import TempoMap

GivenUp = Callable[[], bool]
Kicks = NDArray[np.int64]
Result = TypeVar("Result")
LIMIT = 128 << 20
"""Bytes of bodies that are kept: those of a song, and some that were played a while ago."""
_LONG = 20 * RATE
"""Samples from which on two threads are quicker than one."""


class Superseded(Exception):
    """A render was given up because a newer version is there."""


class Heard(Struct, frozen=True, eq=False):
    """A version as sound: the file, the desk it was mixed on, and where its mix differs from the last version's."""

    wav: memoryview
    """Written over when the next version is mixed."""
    desk: Desk
    changed: tuple[Span, ...]
    rewritten: tuple[Span, ...]
    """Where the file differs from the last version's, in bytes."""


class Remix:
    """Mixes one version of a song after another."""

    def __init__(self, keeper: Keeper | None = None) -> None:
        self.bodies = Bodies(LIMIT, keeper)
        self.hands = Remembering()
        self.rows = Rows()
        self._tape = Tape()
        self._on: dict[Line, tuple[Laid, Kicks]] = {}
        """What is on the tape, and the kicks it was ducked by."""
        self._world: object = None
        self._desk: Desk | None = None

    def left(self) -> tuple[Any, ...]:
        """What a render is to know of the last version that was heard: see ``renewal``."""
        if self._desk is None:
            return ()
        desk, head = self._desk.console, len(wav.header(self._desk.n, 2, 16))
        rows = [row(laid, digest(laid.line)) for laid in desk.laid if isinstance(laid, Laid)]
        return measures(desk, rows, self.hands, self._desk.gains, head)

    def heard(self, performance: Performance, given_up: GivenUp = bool) -> Heard:
        """A version as sound. Superseded as soon as ``given_up`` says so; what was not done is done with the next."""
        plan, hands = performance.plan, self.hands
        hands.given_up, self._desk = given_up, None
        rows = self.rows.of(performance)
        prepare([order for row in rows if row not in self._on for order in row.orders()], self.bodies, hands)
        laid = [self._on[row][0] if row in self._on else Laid(row, self.bodies) for row in rows]
        desk = console(performance, laid)
        world = (desk.n, desk.delay, desk.fade, desk.room is None, plan.master.room, plan.master.tone)
        if world != self._world:
            self._world, self._on = world, {}
            hands.resize(desk.n)
            self._tape.begin(desk.n, desk.room, desk.delay)
        tape = self._tape
        self._exchange(desk, laid)
        tape.ring(hands.give_up, hands.both)
        spans = aligned(((a - consoles.REACH, b + consoles.REACH) for a, b in tape.stale), GRID, desk.n)
        hands.begin(spans)
        desk.standing = tape.read
        done = desked(desk, plan.master, hands)
        hands.file.gains = done.gains
        data = delivery.delivered(done.samples, done.n, "wav", pipeline.marks(plan), hands)
        hands.done()
        tape.stale.clear()
        desk.standing = None  # whoever keeps the desk shall not keep the tape
        self._desk = done
        return Heard(data, done, spans, hands.file.rewritten(done.n))

    def _exchange(self, desk: Console, laid: Sequence[Laid]) -> None:
        """Takes from the tape what is no longer played and brings what is, line by line."""
        come = {one.line for one in laid}
        gone = [one for one, _ in self._on.values() if one.line not in come]
        new = [one for one in laid if one.line not in self._on]
        if sum(one.size for one in (*gone, *new)) > sum(one.size for one in laid):
            self._tape.begin(desk.n, desk.room, desk.delay)
            self._on, gone, new = {}, [], list(laid)
        turned = [one for one in laid if one.line in self._on and one.line.strip.duck > 0]
        for old, now in [*partners(gone, new), *((one, one) for one in turned)]:
            self.hands.give_up()
            spans = differing(old, now)
            before = self._on.pop(old.line)[1] if old else desk.kicks
            if (old or now or laid[0]).line.strip.duck > 0:
                spans += [(kick, kick + RATE) for kick in np.setxor1d(before, desk.kicks).tolist()]
            apart, last = aligned(spans, 1, desk.n), Console(desk.n, (), before.tolist())
            if old and now and sounding(old.line) == sounding(now.line) and old.line.cues == now.line.cues:
                self._tape.bring(desk, now, apart, np.add, (last, old.line))
            else:
                if old:
                    self._tape.bring(last, old, apart, np.subtract)
                if now:
                    self._tape.bring(desk, now, apart)
            if now:
                self._on[now.line] = now, desk.kicks


class Rows:
    """The lines of the last version, by the takes they were made of."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Take, Take | None, Part, TempoMap, Line | None]] = {}
        self._next: dict[int, tuple[Take, Take | None, Part, TempoMap, Line | None]] = {}

    def of(self, performance: Performance) -> list[Line]:
        """``mix.lines``; a line whose take is still the same object is the same object too."""
        self._next = {}
        found = lines(performance, PATCHES, self._line)
        self._known = self._next
        return found

    def _line(self, take: Take, after: Take | None, part: Part, patch: Patch, tempo: TempoMap) -> Line | None:
        known = self._known.get(id(take))
        if known is None or known[0] is not take or known[1] is not after or known[2:4] != (part, tempo):
            known = (take, after, part, tempo, line(take, after, part, patch, tempo))
        self._next[id(take)] = known
        return known[4]


class Remembering(Recall):
    """Hands that remember what they did, and do again only what is stale."""

    def __init__(self) -> None:
        super().__init__()
        self.given_up: GivenUp = bool
        self.threads = ThreadPoolExecutor(2)
        self.file = File()
        self._mix = Mix()

    def work(self, jobs: Sequence[Callable[[], Result]]) -> list[Result]:
        """The results of the jobs, in order."""
        return [self._checked(job) for job in jobs]

    def resize(self, n: int) -> None:
        """From now on songs are n samples long."""
        if self._mix.n != n:
            self._mix.resize(n)
            self.file = File()

    def mixed(self, console: Console) -> Mix:
        """The mix of the last version, mended."""
        self._mix.console = console
        self.both(partial(self._mix.hear, self.give_up), halves(aligned(self.stale, GRID, console.n), GRID))
        return self._mix

    def store(self, size: int) -> memoryview:
        """The file of the last version, to be written over; an empty one when its size is another."""
        return self.file.store(size)

    def written(self, work: partial[Any], n: int) -> None:
        """Of the last file, the sheets that differ."""
        self.file.write(partial(self._checked, work), n, self.stale)

    def turns(self, work: Callable[[int, int], Result], spans: Sequence[Span]) -> list[Result]:
        """``work(a, b)`` over spans, one after the other."""
        return [self._checked(work, *span) for span in spans]

    def both(self, work: Callable[[int, int], Result], spans: Sequence[Span]) -> list[Result]:
        """``work(a, b)`` over spans: by two threads, where that is long and little but NumPy's transforms, which do not wait
        for each other. (Short calls do: two threads are six times slower at those than one.) What is given up is given up
        by both before anything else begins."""
        if sum(b - a for a, b in spans) < _LONG:
            return self.turns(work, spans)
        begun = [self.threads.submit(self._checked, work, *span) for span in spans]
        wait(begun)
        return [one.result() for one in begun]

    def _checked(self, job: Callable[..., Result], *inputs: int) -> Result:
        self.give_up()
        return job(*inputs)

    def give_up(self) -> None:
        """Superseded when the render is to be given up."""
        if self.given_up():
            raise Superseded


class Mix:
    """The mix before its gains, read from where the buses stand; only what is low in their sides is kept."""

    def __init__(self) -> None:
        self.n = 0
        self.console = Console(0, ())
        self._slow: Samples = np.zeros((0, SLOW), np.float32)

    def resize(self, n: int) -> None:
        """From now on it is n samples long, and nothing is known of them."""
        self.n, self._slow = n, np.zeros((-(-n // GRID), SLOW), np.float32)

    def hear(self, ask: Callable[[], None], a: int, b: int) -> None:
        """The lows of samples a to b are other ones; before each piece it is asked whether to go on."""
        for at, _, slow in self.console.sides(a, b):
            ask()
            self._slow[at // GRID : at // GRID + len(slow)] = slow

    def write(self, at: int, x: Samples) -> None:
        """It is only read."""
        raise NotImplementedError

    def read(self, a: int, b: int) -> Samples:
        """Samples a to b, a copy (2, b - a), as long as the buses stand."""
        assert self.console.standing is not None
        first = a // GRID
        lows = raised(self._slow[first : -(-b // GRID)])[a - first * GRID :]
        return self.console.mended(a, self.console.standing(a, b), lows)


class File:
    """The last file, and the gains it was written with."""

    def __init__(self) -> None:
        self.gains: Samples = np.zeros(0, np.float32)
        """The gains of the version that is to be written."""
        self._written: Samples = np.zeros(0, np.float32)
        self._bytes = bytearray()
        self._again: NDArray[np.bool_] = np.zeros(0, np.bool_)
        """The sheets of ``SHEET`` samples that are to be written."""
        self._new: NDArray[np.bool_] = np.zeros(0, np.bool_)
        """Those that were written since somebody asked."""

    def store(self, size: int) -> memoryview:
        """The bytes of the last file; new ones, all to be written, for another size."""
        if len(self._bytes) != size:
            self._bytes, self._written = bytearray(size), np.zeros(0, np.float32)
        return memoryview(self._bytes)

    def write(self, work: Callable[[int, int], None], n: int, stale: Iterable[Span]) -> None:
        """Writes the sheets whose samples or gains differ from those in the file."""
        if self._written.shape != self.gains.shape or self._again.size != -(-n // SHEET):
            self._again = np.ones(-(-n // SHEET), np.bool_)
            self._new = self._again.copy()
        else:
            self._again |= sheets(np.flatnonzero(self._written != self.gains), stale, n)
        self._written = self.gains
        for a, b in spread(self._again, n):
            for at in range(a, b, 64 * SHEET):
                work(at, min(at + 64 * SHEET, b))
                some = slice(at // SHEET, min(at // SHEET + 64, -(-b // SHEET)))
                self._again[some], self._new[some] = False, True

    def rewritten(self, n: int) -> tuple[Span, ...]:
        """Where the file is another one than when this was last asked, in bytes: all around its n samples, and sheets."""
        head = len(wav.header(n, 2, 16))
        spans = spread(self._new, n)
        self._new[:] = False
        return ((0, head), *((head + 4 * a, head + 4 * b) for a, b in spans), (head + 4 * n, len(self._bytes)))


# -- what differs ------------------------------------------------------------------------------------------------------


def partners(gone: Sequence[Laid], new: Sequence[Laid]) -> list[tuple[Laid | None, Laid | None]]:
    """Lines that go and lines that come, those together that differ in their notes only or in all but their notes; None for
    one without a twin."""
    left = list(gone)
    found: list[tuple[Laid | None, Laid | None]] = []
    for now in new:
        near = [old for old in left if sounding(old.line) == sounding(now.line) and alike(old.line, now.line)]
        twin = near[0] if near else None
        if twin is not None:
            left.remove(twin)
        found.append((twin, now))
    return [*found, *((old, None) for old in left)]


def alike(one: Line, other: Line) -> bool:
    """Whether two lines of one sound may be compared note by note, or have the same notes."""
    near = other.strokes[0].at < one.strokes[-1].at + RATE and one.strokes[0].at < other.strokes[-1].at + RATE
    return near and (one.strip == other.strip or one.cues == other.cues)


def sounding(line: Line) -> tuple[object, ...]:
    """The sound of a line, before its way through the mixer."""
    return line.part, line.patch.name, line.sound, line.tone, line.closed


def differing(old: Laid | None, new: Laid | None) -> list[Span]:
    """Where the notes of a line sound that another one has not; everywhere, when those of both come in another order or
    take another way through the mixer."""
    if old is new:
        return []
    everywhere = [(int(one.starts.min()), int(one.ends.max())) for one in (old, new) if one and one.starts.size]
    if old and new and old.line.strip != new.line.strip:
        return everywhere
    cues = [Counter(one.line.cues if one else ()) for one in (old, new)]
    kept, spans = [], []
    for one, more in ((old, cues[0] - cues[1]), (new, cues[1] - cues[0])):
        same = []
        for cue, a, b in zip(one.line.cues, one.starts.tolist(), one.ends.tolist(), strict=True) if one else ():
            if more[cue] > 0:
                more[cue] -= 1
                spans.append((a, b))
            else:
                same.append(cue)
        kept.append(same)
    return spans if kept[0] == kept[1] else everywhere
