"""The sound of a song being worked on: of each new version only what differs from the last is worked out.

The mixer hands its work out in ranges of samples, and whoever does a range gets the same bits. So hands that remember
what they did are enough: two versions are compared stroke by stroke; what differs, with all it rings into, is mixed and
measured again, and the rest stands.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from scorekit import pipeline
from scorekit.render import delivery, effects, loudness, wav
from scorekit.render.console import CHUNK, GRID, Console, Laid, Line
from scorekit.render.dsp import RATE, Samples
from scorekit.render.loudness import CELL, PIECE, PIECES
from scorekit.render.master import Hands, Memory, prepare
from scorekit.render.mix import Desk, console, desked, lines
from scorekit.render.patches import PATCHES
from scorekit.render.voices import Bodies, Cue, Keeper
from scorekit.score import Performance

Span = tuple[int, int]
"""Samples from a to b."""
GivenUp = Callable[[], bool]
Result = TypeVar("Result")
_BATCH = 64 * CELL
"""Samples whose true peaks are measured together."""
_WINDOW = 16_384
"""Samples a filter looks at together: a change inside may turn the last bit anywhere in it."""


class Superseded(Exception):
    """A render was given up because a newer version is there."""


@dataclass(frozen=True, eq=False)
class Heard:
    """A version as sound: the file, the desk it was mixed on, and where its mix differs from the last version's."""

    wav: memoryview
    """Written over when the next version is mixed."""
    desk: Desk
    changed: tuple[Span, ...]


class Remix:
    """Mixes one version of a song after another."""

    def __init__(self, keeper: Keeper | None = None) -> None:
        self.bodies = Bodies(keeper=keeper)
        self.hands = Remembering()
        self._rows: tuple[Line, ...] = ()
        self._last: Console | None = None
        self._world: object = None
        self._owed: tuple[Span, ...] = ()
        """What was not finished when the last version was given up."""

    def heard(self, performance: Performance, given_up: GivenUp = bool) -> Heard:
        """A version as sound. Superseded as soon as ``given_up`` says so; what was not done is done with the next."""
        plan, hands = performance.plan, self.hands
        hands.given_up = given_up
        rows = tuple(lines(performance, PATCHES))
        prepare([order for line in rows for order in line.orders()], self.bodies, hands)
        desk = console(performance, [Laid(line, self.bodies) for line in rows])
        world = (desk.n, desk.delay, desk.fade, desk.room is None, plan.master.room, plan.master.tone)
        spans = self._changed(desk, rows, world)
        self._rows, self._last, self._world, self._owed = rows, desk, world, spans
        hands.begin(spans)
        done = desked(desk, plan.master, hands, 0, lambda share, what: None)
        hands.file.gains = done.gains
        data = delivery.delivered(done.samples, done.n, "wav", pipeline.marks(plan), hands)
        hands.done()
        self._owed = ()
        return Heard(data, done, spans)

    def _changed(self, desk: Console, rows: Sequence[Line], world: object) -> tuple[Span, ...]:
        if self._last is None or world != self._world:
            return ((0, desk.n),)
        spans = list(moved(self._rows, rows, self.bodies))
        if any(line.strip.duck > 0 for line in (*rows, *self._rows)):
            spans += [(kick, kick + RATE) for kick in np.setxor1d(self._last.kicks, desk.kicks).tolist()]
        whole = aligned(spans, CHUNK, desk.n)
        rung = aligned(((a, b + reach(desk)) for a, b in whole), CHUNK, desk.n)
        return aligned([*self._owed, *((a - _WINDOW, b + _WINDOW) for a, b in rung)], GRID, desk.n)


class Remembering(Hands):
    """Hands that remember what they did, and do again only what is stale."""

    def __init__(self) -> None:
        self.given_up: GivenUp = bool
        self.stale: tuple[Span, ...] = ()
        self.file = File()
        self._mix = Mix(0, self.give_up)
        self._energy: NDArray[np.float64] = np.zeros(0)
        self._peaks = Peaks()
        self._curves: dict[Hashable, Samples] = {}
        self._asked: set[Hashable] = set()

    def work(self, jobs: Sequence[Callable[[], Result]]) -> list[Result]:
        """The results of the jobs, in order."""
        return [self._checked(job) for job in jobs]

    def spool(self, n: int) -> Mix:
        """The mix of the last version, to be mended; an empty one for a song of another length."""
        if self._mix.samples.shape[-1] != n:
            self._mix, self.stale = Mix(n, self.give_up), ((0, n),)
        return self._mix

    def store(self, size: int) -> memoryview:
        """The file of the last version, to be written over; an empty one when its size is another."""
        return self.file.store(size)

    def split(self, work: Callable[[int, int], Any], n: int, grain: int) -> list[Any]:
        """``work(a, b)`` over 0 to n: of what is known from before, only the stale ranges."""
        assert isinstance(work, partial)
        if work.func is loudness.energy_of:
            return [self._energies(work, n, grain)]
        if work.func is loudness.peaks_of:
            self._peaks.forget(self.stale, self._mix.samples)
            return [self._peaks.of(work, n, work.args[2])]
        if work.func is delivery.framed:
            self.file.write(partial(self._checked, work), n, self.stale)
            return []
        return [self._checked(work, a, b) for a, b in aligned(self.stale, grain, n)]

    def curve(self, given: tuple[Hashable, ...], work: Callable[[int, int], Samples], n: int, reach: int) -> Samples:
        """``work(0, n)``: of what is known from before, only what is near to what is stale."""
        known = self._curves.get((given, n))
        if known is None:
            known = self._checked(work, 0, n)
        else:
            known = known.copy()  # whoever got it last may still hold it
            for a, b in aligned(((a - reach, b + reach) for a, b in self.stale), CELL, n):
                known[a // PIECE : b // PIECE] = work(a, b)
        self._curves[given, n] = known
        self._asked.add((given, n))
        return known

    def begin(self, stale: tuple[Span, ...]) -> None:
        """A version is to be worked out that differs in some spans from all that is known."""
        self.stale, self._asked = stale, set()

    def done(self) -> None:
        """The version is worked out: curves that it had no use for are not true of it."""
        self._curves = {key: self._curves[key] for key in self._asked}

    def _energies(self, work: Callable[[int, int], NDArray[np.float64]], n: int, grain: int) -> NDArray[np.float64]:
        spans: Iterable[Span] = ((a - _WINDOW - 2 * grain, b + _WINDOW + 2 * grain) for a, b in self.stale)
        if self._energy.size != n // PIECE:
            self._energy, spans = np.zeros(n // PIECE), [(0, n)]
        for a, b in aligned(spans, grain, n):
            self._energy[a // PIECE : b // PIECE] = self._checked(partial(work, a, b))
        return self._energy.copy()

    def _checked(self, job: Callable[..., Result], *inputs: int) -> Result:
        self.give_up()
        return job(*inputs)

    def give_up(self) -> None:
        """Superseded when the render is to be given up."""
        if self.given_up():
            raise Superseded


class Mix(Memory):
    """The mix before its gains; before each piece is written it is asked whether to go on."""

    def __init__(self, n: int, ask: Callable[[], None]) -> None:
        super().__init__(n)
        self.ask = ask

    def write(self, at: int, x: Samples) -> None:
        """Puts samples (2, n) at their place."""
        self.ask()
        super().write(at, x)


class Peaks:
    """True peaks, batch by batch: one is measured again when its samples differ, or which of its cells are loud."""

    def __init__(self) -> None:
        self.tops: Samples = np.zeros((2, 0), np.float32)
        self.loud: NDArray[np.bool_] = np.zeros((2, 0), np.bool_)
        self.peaks: Samples = np.zeros(0, np.float32)
        self.known: NDArray[np.bool_] = np.zeros(0, np.bool_)

    def forget(self, spans: Iterable[Span], mix: Samples) -> None:
        """The samples of some spans are new."""
        n = mix.shape[-1]
        batches = -(-n // _BATCH)
        if self.peaks.size != -(-n // CELL) * PIECES:
            self.tops, self.loud = np.zeros((2, batches * 64), np.float32), np.zeros((2, batches * 64), np.bool_)
            self.peaks = np.zeros(-(-n // CELL) * PIECES, np.float32)
            self.known, spans = np.zeros(batches, np.bool_), [(0, n)]
        for a, b in aligned(((a - 512, b + 512) for a, b in spans), _BATCH, n):
            self.known[a // _BATCH : -(-b // _BATCH)] = False
            padded = np.zeros((2, -(-(b - a) // CELL) * CELL), np.float32)
            np.abs(mix[:, a:b], out=padded[:, : b - a])
            tops = padded.reshape(2, -1, CELL).max(axis=2)
            self.tops[:, a // CELL : a // CELL + tops.shape[1]] = tops

    def of(self, work: Callable[[int, int], Samples], n: int, above: float) -> Samples:
        """The peaks of all pieces."""
        loud = self.tops > 0.6 * above
        self.known &= (loud == self.loud).reshape(2, -1, 64).all(axis=(0, 2))
        self.loud = loud
        for batch in np.flatnonzero(~self.known).tolist():
            found = work(batch * _BATCH, min((batch + 1) * _BATCH, n))
            self.peaks[batch * 64 * PIECES : batch * 64 * PIECES + found.size] = found
            self.known[batch] = True
        return self.peaks.copy()


class File:
    """The last file, and the gains it was written with."""

    def __init__(self) -> None:
        self.gains: Samples = np.zeros(0, np.float32)
        """The gains of the version that is to be written."""
        self._written: Samples = np.zeros(0, np.float32)
        self._bytes = bytearray()
        self._again: NDArray[np.bool_] = np.zeros(0, np.bool_)

    def store(self, size: int) -> memoryview:
        """The bytes of the last file; new ones, all to be written, for another size."""
        if len(self._bytes) != size:
            self._bytes, self._written = bytearray(size), np.zeros(0, np.float32)
        return memoryview(self._bytes)

    def write(self, work: Callable[[int, int], None], n: int, stale: Iterable[Span]) -> None:
        """Writes the pieces whose samples or gains differ from those in the file."""
        count = -(-n // wav.GRID)
        if self._written.shape != self.gains.shape or self._again.size != count:
            self._again = np.ones(count, np.bool_)
        else:
            turned = np.flatnonzero(self._written != self.gains) * PIECE
            for edge in (-PIECE, 0, 2 * PIECE):  # a gain is reached by way of its neighbours
                self._again[np.clip((turned + edge) // wav.GRID, 0, count - 1)] = True
            for a, b in aligned(stale, wav.GRID, n):
                self._again[a // wav.GRID : -(-b // wav.GRID)] = True
        self._written = self.gains
        for piece in np.flatnonzero(self._again).tolist():
            work(piece * wav.GRID, min((piece + 1) * wav.GRID, n))
            self._again[piece] = False


# -- what differs ------------------------------------------------------------------------------------------------------


def moved(old: Sequence[Line], new: Sequence[Line], bodies: Bodies) -> Iterable[Span]:
    """Where two versions differ, as long as what differs sounds: without room and echo."""
    before, after = keyed(old), keyed(new)
    for key in [key for key in before if key not in after]:
        line = before[key]
        twin = next((other for other in after.values() if alike(line, other)), None)
        yield from sounding(line, () if twin is None else twin.cues, bodies)
    for key in [key for key in after if key not in before]:
        line = after[key]
        twin = next((other for other in before.values() if alike(line, other)), None)
        yield from sounding(line, () if twin is None else twin.cues, bodies)


def keyed(rows: Iterable[Line]) -> dict[object, Line]:
    """Lines by all that is heard of them; one whose fader or pitch is moved is like no other."""
    found: dict[object, Line] = {}
    for line in rows:
        free = line.ride is None and line.warp is None
        found[*strip(line), tuple(line.strokes), None if free else id(line)] = line
    return found


def strip(line: Line) -> tuple[object, ...]:
    """The sound of a line and its way through the mixer."""
    return line.part, line.patch.name, line.sound, line.tone, line.strip, line.closed


def alike(line: Line, other: Line) -> bool:
    """Whether two lines differ in their notes only, and may be compared note by note."""
    free = all(one.ride is None and one.warp is None for one in (line, other))
    near = other.strokes[0].at < line.strokes[-1].at and line.strokes[0].at < other.strokes[-1].at
    return free and near and strip(line) == strip(other)


def sounding(line: Line, but: Sequence[Cue], bodies: Bodies) -> Iterable[Span]:
    """Where the notes of a line sound that another one has not."""
    there = set(but)
    for cue in line.cues:
        if cue not in there:
            length = bodies.get(line.patch, cue.take, line.tone).samples.shape[-1]
            yield cue.at, cue.at + (length if line.warp else min(cue.full + cue.fade, length))


def reach(desk: Console) -> int:
    """Samples for which room and echo ring on."""
    room = effects.Room(desk.room).reach if desk.room is not None else 0
    echo = effects.Echo(desk.delay).reach + effects.Echo(1, repeats=1).reach if desk.delay else 0
    return int(max(room, echo))


def aligned(spans: Iterable[Span], grid: int, n: int) -> tuple[Span, ...]:
    """Spans widened to multiples of a grid or the ends of 0 to n, those that touch put together."""
    found: list[Span] = []
    for a, b in sorted((max(a, 0) // grid * grid, min(-(-b // grid) * grid, n)) for a, b in spans):
        if found and a <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], b))
        elif b > a:
            found.append((a, b))
    return tuple(found)
