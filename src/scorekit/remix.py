"""The sound of a song being worked on: of each new version only what differs from the last is worked out.

Two versions are compared stroke by stroke. What differs is taken away from the buses of the whole song and brought to
them (``render/tape.py``); the mix, its measures, its gains and its file are worked out again as far as that is heard, by
hands that remember the rest. Beside its bodies a version takes 25 bytes a sample, 12 more with an echo: 290 MB for three minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import count, pairwise
from math import prod
from typing import Any, TypeVar

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from scorekit import exchange, pipeline
from scorekit.booth import FAR, GivenUp, Measured, Mix, Superseded, World
from scorekit.exchange import Change, Kicks
from scorekit.mate import Block, Lost, Mate
from scorekit.recall import SHEET, Recall, sheets, spread
from scorekit.render import console as consoles
from scorekit.render import delivery, wav
from scorekit.render.console import GRID, Console, Laid, Line
from scorekit.render.dsp import RATE, Samples
from scorekit.render.master import Family, prepare
from scorekit.render.mix import Desk, console, desked, line, lines
from scorekit.render.patches import PATCHES
from scorekit.render.patches.base import Patch
from scorekit.render.tape import Make, Span, Tape, aligned, halves, pieces, without
from scorekit.render.voices import Bodies, Body, Keeper
from scorekit.renewal import digest, measures, row
from scorekit.score import Performance, Take
from scorekit.stage import Part
from scorekit.timebase import TempoMap

Result = TypeVar("Result")
LIMIT = 128 << 20
"""Bytes of bodies that are kept: those of a song, and some that were played a while ago."""
_LONG = 2 * RATE
"""Samples from which on two processes are quicker than one."""
_SOME = 2
"""Families of bodies from which on two processes are quicker than one."""
_SOON = 60 * RATE
"""Samples to which a room has answered before anybody would want to give up."""


class Heard(Struct, frozen=True, eq=False):
    """A version as sound: the file, the desk it was mixed on, and where its mix differs from the last version's."""

    wav: memoryview
    """Written over when the next version is mixed."""
    desk: Desk
    changed: tuple[Span, ...]
    rewritten: tuple[Span, ...]
    """Where the file differs from the last version's, in bytes."""


class Remix:
    """Mixes one version of a song after another, with the help of a mate where there is one."""

    def __init__(self, keeper: Keeper | None = None, mate: Mate | None = None) -> None:
        self.bodies = Bodies(LIMIT, keeper)
        self.hands = Remembering(mate)
        self.rows = Rows()
        self._tape = Tape(self.hands.shared)
        self._on: dict[Line, tuple[Laid, Kicks]] = {}
        """What is on the tape, and the kicks it was ducked by."""
        self._world: World | None = None
        self._desk: Desk | None = None

    def left(self) -> tuple[Any, ...]:
        """What a render is to know of the last version that was heard: see ``renewal``. Nothing of a loop, which it mixes whole."""
        if self._desk is None or self._desk.console.loop:
            return ()
        desk, head = self._desk.console, len(wav.header(self._desk.n, 2, 16))
        rows = [row(laid, digest(laid.line)) for laid in desk.laid if isinstance(laid, Laid)]
        return measures(desk, rows, self.hands, self._desk.gains, head)

    def heard(self, performance: Performance, given_up: GivenUp = bool) -> Heard:
        """A version as sound. Superseded as soon as ``given_up`` says so; what was not done is done with the next."""
        try:
            return self._heard(performance, given_up)
        except Superseded:
            raise
        except Lost:
            self._world, self.hands.mate = None, None
            return self._heard(performance, given_up)
        except Exception:
            self._world = None  # nobody knows what stands on the tape
            raise

    def _heard(self, performance: Performance, given_up: GivenUp) -> Heard:
        plan, hands = performance.plan, self.hands
        hands.given_up, self._desk = given_up, None
        rows = self.rows.of(performance)
        came = [row for row in rows if row not in self._on]
        if exchange.strokes(came) + exchange.strokes(self._on.keys() - {*rows}) > exchange.strokes(rows):
            self._world, self._on = None, {}  # begun anew; what it was made of goes before the new comes
        prepare([order for row in came for order in row.orders()], self.bodies, hands)
        laid = [self._on[row][0] if row in self._on else Laid(row, self.bodies) for row in rows]
        desk = console(performance, laid)
        room = None if desk.room is None else (plan.master.room, plan.master.tone)
        world = World(desk.n, desk.delay, desk.fade, room, desk.loop)
        if world != self._world:
            self._world, self._on = world, {}
            self._tape.begin(desk.n, desk.room, desk.delay)
            hands.resize(world)
        tape = self._tape
        desk.standing = tape.read
        self._exchange(desk, laid)
        spans = aligned(((a - consoles.REACH, b + consoles.REACH) for a, b in tape.stale), GRID, desk.n)
        hands.begin(spans)
        done = desked(desk, plan.master, hands)
        hands.file.gains, spans = done.gains, hands.stale
        data = delivery.delivered(done.samples, done.n, "wav", pipeline.marks(plan), hands)
        hands.done()
        tape.stale.clear()
        desk.standing = None  # whoever keeps the desk shall not keep the tape
        self._desk = done
        return Heard(data, done, spans, hands.file.rewritten(done.n))

    def _exchange(self, desk: Console, laid: Sequence[Laid]) -> None:
        """Takes from the tape what is no longer played and brings what is; room and echo answer to that. All lines together
        where that is soon done or nothing is there yet, and the mate follows with the room; else line by line, as each may be
        the last one."""
        tape, hands = self._tape, self.hands
        hands.early = Measured()
        changes = exchange.changes(self._on, desk, laid)
        cost = sum(change.cost for change in changes)
        ring = partial(tape.ring, lambda end: hands.give_up())
        if hands.mate is None or (self._on and cost > _SOON):
            for change in changes:
                hands.give_up()
                tape.expect(change.moves)
                tape.bring(change.moves)
                self._settle(desk, [change])
            ring(lambda work, spans, grain: hands.both(work, halves(spans, grain), ("ring",)))
            return
        hands.give_up()
        tape.expect([move for change in changes for move in change.moves])
        make = partial(self._made, desk, changes)
        hands.listen(desk, tape)
        if not tape.heard():
            hands.following(make, None, tape.awaited(), GRID)
        ring(lambda work, spans, grain: hands.following(make, work, spans, grain))

    def _made(self, desk: Console, changes: Sequence[Change], reached: Callable[[int], None] = lambda at: None) -> None:
        def at(end: int) -> None:
            reached(end)
            if anew:
                self.hands.give_up()

        anew, world = not self._on, self._world
        self._world = None  # what is brought by half is not to be mended
        self._tape.bring([move for change in changes for move in change.moves], at)
        self._world = world
        self._settle(desk, changes)

    def _settle(self, desk: Console, changes: Sequence[Change]) -> None:
        for old, now, _ in changes:
            if old:
                del self._on[old.line]
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


_SONGS = count()


class Remembering(Recall):
    """Hands that remember what they did, and do again only what is stale; half of that is for a mate, if there is one."""

    def __init__(self, mate: Mate | None = None) -> None:
        super().__init__()
        self.given_up: GivenUp = bool
        self.mate = mate
        self._world: World | None = None
        self._blocks: dict[str, Block] = {}
        self._song, self._known = next(_SONGS), False
        self.file = File(self.shared)
        self._mix, self._tape = Mix(self.shared), Tape()

    def work(self, jobs: Sequence[Callable[[], Result]]) -> list[Result]:
        """The results of the jobs, in order."""
        return [self._checked(job) for job in jobs]

    def made(self, families: Sequence[Family], bodies: Bodies) -> list[list[Body]]:
        """The bodies of some families, every other one by the mate where there are some."""
        if self.mate is None or len(families) < _SOME:
            return super().made(families, bodies)
        mine, its = families[::2], families[1::2]
        self.mate.make([[(order.patch.name, order.take, order.tone) for order in family] for family in its])
        own = self._meanwhile(lambda: super(Remembering, self).made(mine, bodies))
        return interleaved(own, self.mate.answer())

    def _meanwhile(self, job: Callable[[], Result]) -> Result:
        """What a job returns that is done here while the mate is at work, who gives up when this does."""
        try:
            return job()
        except BaseException:
            if self.mate is not None:
                self.mate.stop()
            raise

    def shared(self, name: str, shape: tuple[int, ...], kind: Any) -> NDArray[Any]:
        """An array of zeros in reach of the mate, instead of the last of its name."""
        if self.mate is None:
            return np.zeros(shape, kind)
        if self._known:
            self.mate.forget(self._song)  # the old goes before the new comes
        block = self._blocks[name] = Block(prod(shape) * np.dtype(kind).itemsize)
        self._known = False
        return np.frombuffer(block.memory, kind).reshape(shape)

    def resize(self, world: World) -> None:
        """From now on songs are as long as that."""
        self._world, self._known = world, False
        if self._mix.n != world.n:
            self._mix.resize(world.n)
            self.file = File(self.shared)

    def mixed(self, console: Console) -> Mix:
        """The mix of the last version, mended; a loop is measured and written whole."""
        self._mix.console = console
        spans = self.cut(without(aligned(self.stale, GRID, console.n), self.early.heard), GRID)
        self.both(partial(self._mix.hear, self.give_up), spans, ("hear",))
        if console.loop:
            self.stale = ((0, 2 * console.loop),)  # what is new may be heard in the next round
        return self._mix

    def store(self, size: int) -> memoryview:
        """The file of the last version, to be written over; an empty one when its size is another."""
        return self.file.store(size)

    def written(self, work: partial[Any], n: int) -> None:
        """Of the last file, the sheets that differ."""
        head = self.file.size - work.args[2].nbytes
        self.file.write(lambda spans: self.both(work, spans, ("write", head)), n, self.stale)

    def cut(self, spans: Iterable[Span], grain: int) -> list[Span]:
        """In many pieces: who is done with one takes the next."""
        return pieces(spans, grain)

    def both(
        self, work: Callable[[int, int], Result], spans: Sequence[Span], told: tuple[Any, ...] = ()
    ) -> list[Result]:
        """``work(a, b)`` over spans; where that is long the mate takes them from the first on, one by one, and this process from
        the last. What is given up is given up by both before anything else begins."""
        if self.mate is None or not told or len(spans) < 2 or sum(b - a for a, b in spans) < _LONG:
            return [self._checked(work, *span) for span in spans]
        mate, left = self.mate, list(spans)
        self._meet(mate)
        mate.tell(self._song, told, spans)

        def own() -> list[Result]:
            found = list[Result]()
            while mate.claim():
                found.append(self._checked(work, *left.pop()))
            return found

        last = self._meanwhile(own)
        return [*mate.answer(), *reversed(last)]

    def listen(self, console: Console, tape: Tape) -> None:
        """Told what is about to be mixed, before it is."""
        self._mix.console, self._tape = console, tape

    def following(
        self,
        first: Callable[..., None],
        work: Callable[[int, int], list[Span]] | None,
        spans: Sequence[Span],
        grain: int,
    ) -> list[list[Span]]:
        """``first``, which is told whom to tell how far it is, and ``work(a, b)`` over spans, which follows it, if there is any:
        the mate begins with that at once, and measures meanwhile what has become of the mix, where it will be asked for what it
        was asked for of the last version; when all is there half of what is left is done here, then half of the rest."""
        if self.mate is None or sum(b - a for a, b in spans) < _LONG:
            first()
            return self.both(work, halves(spans, grain), ("ring",)) if work else []
        mate, cuts = self.mate, [cut for a, b in spans for cut in pairwise((a, *self._tape.strides(a, b)))]
        self._meet(mate)
        above = self.above(self._mix.n) if self._tape.plain() else None
        mate.follow(self._song, spans, len(cuts), work is not None, above)

        def led() -> list[list[Span]]:
            try:
                first(mate.reached)
            finally:
                mate.reached(FAR)
            answers, end = list[list[Span]](), len(cuts)
            while mine := mate.claim((mate.left() + 1) // 2):
                end, mine = end - mine, end
                answers += [self._checked(work, a, b) for a, b in aligned(cuts[end:mine], 1, self._mix.n) if work]
            return answers

        answers = self._meanwhile(led)
        answered, self.early = mate.answer()
        return [answered, *answers]

    def _meet(self, mate: Mate) -> None:
        """Sees to it that the mate knows the song."""
        if not self._known and self._world:
            mate.begin(self._song, self._world, self._blocks)
            self._known = True

    def _checked(self, job: Callable[..., Result], *inputs: int) -> Result:
        self.give_up()
        return job(*inputs)

    def give_up(self) -> None:
        """Superseded when the render is to be given up."""
        if self.given_up():
            raise Superseded


class File:
    """The last file, and the gains it was written with."""

    def __init__(self, make: Make) -> None:
        self.gains: Samples = np.zeros(0, np.float32)
        """The gains of the version that is to be written."""
        self._make = make
        self._shared: Samples = np.zeros(0, np.float32)
        """The same in reach of all who write."""
        self._written: Samples = np.zeros(0, np.float32)
        self._bytes = np.zeros(0, np.uint8)
        self._again: NDArray[np.bool_] = np.zeros(0, np.bool_)
        """The sheets of ``SHEET`` samples that are to be written."""
        self._new: NDArray[np.bool_] = np.zeros(0, np.bool_)
        """Those that were written since somebody asked."""

    def store(self, size: int) -> memoryview:
        """The bytes of the last file; new ones, all to be written, for another size."""
        if self.size != size:
            self._bytes, self._written = self._make("file", (size,), np.uint8), np.zeros(0, np.float32)
        return self._bytes.data

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._bytes.size

    def write(self, each: Callable[[Sequence[Span]], object], n: int, stale: Iterable[Span]) -> None:
        """Writes the sheets whose samples or gains differ from those in the file."""
        if self._written.shape != self.gains.shape or self._again.size != -(-n // SHEET):
            self._again = np.ones(-(-n // SHEET), np.bool_)
            self._new = self._again.copy()
        else:
            self._again |= sheets(np.flatnonzero(self._written != self.gains), stale, n)
        self._written = self.gains
        if self._shared.shape != self.gains.shape:
            self._shared = self._make("gains", self.gains.shape, np.float32)
        self._shared[:] = self.gains
        self._new |= self._again
        each(pieces(spread(self._again, n), SHEET))
        self._again[:] = False

    def rewritten(self, n: int) -> tuple[Span, ...]:
        """Where the file is another one than when this was last asked, in bytes: all around its n samples, and sheets."""
        head = len(wav.header(n, 2, 16))
        spans = spread(self._new, n)
        self._new[:] = False
        return ((0, head), *((head + 4 * a, head + 4 * b) for a, b in spans), (head + 4 * n, self.size))


def interleaved(one: Sequence[Result], other: Sequence[Result]) -> list[Result]:
    """The rows of two by turns, the first one of which may have one more."""
    return [row[number] for number in range(len(one)) for row in (one, other) if number < len(row)]
