"""The mix of a song being worked on: of each new version only what differs from the last is worked out.

Two versions are compared note by note on the console. What differs, with all it rings into, is mixed and measured again;
the rest of the mix and of its measures stands. The curve of gains is settled on the whole, so that the result is that of
a fresh mix, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scorekit.render import dsp, effects, loudness, master
from scorekit.render.console import CHUNK, GRID, Console, Line
from scorekit.render.dsp import RATE, Samples
from scorekit.render.loudness import CELL, PIECE, PIECES
from scorekit.render.mix import console, lines
from scorekit.render.voices import Bodies, Cue
from scorekit.score import Master, Performance

if TYPE_CHECKING:
    from scorekit.render.patches.base import Patch

Span = tuple[int, int]
"""Samples from a to b."""
_REACH = 4_096
"""Samples by which the filter that keeps the lows in the middle reaches beyond its block."""
_BATCH = 64 * CELL
"""Samples of which true peaks are measured together."""
GivenUp = Callable[[], bool]


class Superseded(Exception):
    """A render was given up because a newer version is there."""


@dataclass(eq=False)
class Remix:
    """The last version of a song on the console, and everything measured of it."""

    bodies: Bodies = field(default_factory=Bodies)
    desk: Console | None = None
    gains: Samples = field(default_factory=lambda: np.zeros(0, np.float32))
    lufs: float = -120.0
    peak: float = -200.0
    dirty: tuple[Span, ...] = ()
    """What the last version changed, of the mix before its gains."""
    _rows: tuple[Line, ...] = ()
    _world: object = None
    _stale: tuple[Span, ...] = ()
    _mix: Samples = field(default_factory=lambda: np.zeros((2, 0), np.float32))
    _energy: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    _peaks: _Peaks = field(default_factory=lambda: _Peaks())

    def mix(self, performance: Performance, patches: dict[str, Patch], given_up: GivenUp) -> None:
        """Takes a version in. Superseded as soon as ``given_up`` says so; what was not done is done with the next."""
        rows = tuple(lines(performance, patches))
        for line in rows:
            for order in line.orders():
                checked(given_up)
                self.bodies.get(*order)
        desk = console(performance, rows, self.bodies)
        plan = performance.plan
        world = (desk.n, desk.delay, desk.fade, plan.master.room, plan.master.tone, desk.room is None)
        changed = self._changed(desk, rows, world)
        self.desk, self._rows, self._world, self._stale = desk, rows, world, changed
        self._play(desk, changed, given_up)
        self._measure(plan.master, changed)
        self.dirty, self._stale = changed, ()

    def samples(self, a: int, b: int) -> Samples:
        """Samples a to b of the finished mix (2, b - a)."""
        return master.amplified(self, self.gains, a, b)

    def read(self, a: int, b: int) -> Samples:
        """Samples a to b before the gains, a copy (2, b - a)."""
        return self._mix[:, a:b].copy()

    def write(self, at: int, x: Samples) -> None:
        """Puts samples (2, n) of the mix before the gains at their place."""
        self._mix[:, at : at + x.shape[-1]] = x

    def _changed(self, desk: Console, rows: Sequence[Line], world: object) -> tuple[Span, ...]:
        if self.desk is None or world != self._world:
            return ((0, desk.n),)
        spans = [*self._stale, *moved(self._rows, rows, self.bodies)]
        if any(line.strip.duck > 0 for line in rows):
            kicks = np.setxor1d(self.desk.kicks, desk.kicks).tolist()
            spans += [(kick, kick + RATE) for kick in kicks]
        return joined(spans, reach(desk), desk.n)

    def _play(self, desk: Console, spans: Iterable[Span], given_up: GivenUp) -> None:
        if self._mix.shape[-1] != desk.n:
            self._mix = np.zeros((2, desk.n), np.float32)
        for a, b in spans:
            for at, block in desk.bus(a, b):
                checked(given_up)
                self.write(at, block)

    def _measure(self, wished: Master, spans: Sequence[Span]) -> None:
        """The gains of a version, as ``master.finished`` finds them."""
        n = self._mix.shape[-1]
        whole = n // CELL * CELL
        if self._energy.size != whole // PIECE:
            self._energy, self._peaks, spans = np.zeros(whole // PIECE), _Peaks(), ((0, n),)
        grid = loudness.GRID
        for a, b in aligned(((a - 2 * grid, b + 2 * grid) for a, b in spans), grid, whole):
            self._energy[a // PIECE : b // PIECE] = loudness.energy_of(self.read, whole, a, b)
        energy, level = self._energy, loudness.gated(loudness.powers(self._energy))
        if level <= -70.0:
            self.gains, self.lufs, self.peak = np.ones(-(-n // PIECE), np.float32), level, -200.0
            return
        squeeze = effects.compression(energy.reshape(-1, PIECES).sum(axis=1) / CELL, level - 1.0)
        base = dsp.stretch(np.append(squeeze, squeeze[-1]), energy.size)
        push = min(wished.lufs - loudness.gated(loudness.powers(energy * np.square(base))), 40.0)
        self._peaks.forget(spans, self._mix)
        for room in (3.0, 12.0):
            peaks = self._peaks.of(self.read, n, dsp.gain(wished.ceiling - push - room))
            spread = np.append(base, np.full(peaks.size - base.size, base[-1]))
            self.gains, self.lufs, used = master._settled(energy, peaks, spread, push, wished)
            if used <= push + room:
                break
        self.peak = dsp.decibels(float((peaks * self.gains).max()))


class _Peaks:
    """True peaks, batch by batch: one is measured again when its samples differ, or which of its cells are loud."""

    def __init__(self) -> None:
        self.tops: Samples = np.zeros((2, 0), np.float32)
        self.loud: NDArray[np.bool_] = np.zeros((2, 0), np.bool_)
        self.peaks: Samples = np.zeros(0, np.float32)
        self.unknown: NDArray[np.bool_] = np.zeros(0, np.bool_)

    def forget(self, spans: Sequence[Span], mix: Samples) -> None:
        """The samples of some spans are new."""
        n = mix.shape[-1]
        batches = -(-n // _BATCH)
        if self.unknown.size != batches:
            self.tops = np.zeros((2, batches * 64), np.float32)
            self.loud = np.zeros((2, batches * 64), np.bool_)
            self.peaks = np.zeros(-(-n // CELL) * PIECES, np.float32)
            self.unknown, spans = np.ones(batches, np.bool_), ((0, n),)
        for a, b in aligned(((a - 64, b + 64) for a, b in spans), _BATCH, n):
            self.unknown[a // _BATCH : -(-b // _BATCH)] = True
            padded = np.zeros((2, -(-(b - a) // CELL) * CELL), np.float32)
            np.abs(mix[:, a:b], out=padded[:, : b - a])
            tops = padded.reshape(2, -1, CELL).max(axis=2)
            self.tops[:, a // CELL : a // CELL + tops.shape[1]] = tops

    def of(self, read: Callable[[int, int], Samples], n: int, above: float) -> Samples:
        """The peaks of all pieces, as ``loudness.peaks_of`` measures them."""
        loud = self.tops > 0.6 * above
        wanted = self.unknown | (loud != self.loud).reshape(2, -1, 64).any(axis=(0, 2))
        for batch in np.flatnonzero(wanted).tolist():
            a, b = batch * _BATCH, min((batch + 1) * _BATCH, n)
            found = loudness.peaks_of(read, n, above, a, b)
            self.peaks[a // PIECE : a // PIECE + found.size] = found
        self.unknown[:], self.loud = False, loud
        return self.peaks


# -- what differs ------------------------------------------------------------------------------------------------------


def checked(given_up: GivenUp) -> None:
    """Superseded when a render is to be given up."""
    if given_up():
        raise Superseded


def moved(old: Sequence[Line], new: Sequence[Line], bodies: Bodies) -> list[Span]:
    """Where the notes of two versions differ, as they sound: without room and echo."""
    before, after = strips(old), strips(new)
    spans: list[Span] = []
    for key in before.keys() | after.keys():
        a, b = before.get(key, ()), after.get(key, ())
        if a != b:
            spans += [(cue.at, ending(cue, line, bodies)) for line, cue in unlike(a, b)]
    spans += [(line.cues[0].at, 1 << 60) for line in (*old, *new) if line.ride or line.warps]
    return spans


Strip = tuple[tuple[Line, tuple[Cue, ...]], ...]


def strips(rows: Sequence[Line]) -> dict[object, Strip]:
    """The lines of each part that go through the same strip with the same sound, in order."""
    found: dict[object, list[tuple[Line, tuple[Cue, ...]]]] = {}
    for line in rows:
        key = (line.part, line.patch.name, line.tone, line.strip, line.closed)
        found.setdefault(key, []).append((line, tuple(line.cues)))
    return {key: tuple(lines_) for key, lines_ in found.items()}


def unlike(old: Strip, new: Strip) -> list[tuple[Line, Cue]]:
    """Notes that are in one of two versions only, or in another order."""
    before = [(line, cue) for line, cues in old for cue in cues]
    after = [(line, cue) for line, cues in new for cue in cues]
    same_before, same_after = {cue for _, cue in before}, {cue for _, cue in after}
    return [pair for pair in before if pair[1] not in same_after] + [pair for pair in after if pair[1] not in same_before]


def ending(cue: Cue, line: Line, bodies: Bodies) -> int:
    """The sample after the last one of a note."""
    body = bodies.get(line.patch, cue.take, line.tone)
    return cue.at + min(cue.full + cue.fade, body.samples.shape[-1])


def reach(desk: Console) -> int:
    """Samples for which room and echo ring on."""
    room = effects.Room(desk.room).reach if desk.room is not None else 0
    echo = effects.Echo(desk.delay).reach + effects.Echo(1, repeats=1).reach if desk.delay else 0
    return int(max(room, echo))


def joined(spans: Iterable[Span], ring: int, n: int) -> tuple[Span, ...]:
    """Spans with all they ring into, on the grid of the mix, those that touch put together."""
    margin = GRID + _REACH
    return aligned(((a - margin, b + ring + margin) for a, b in spans), GRID, n)


def aligned(spans: Iterable[Span], grid: int, n: int) -> tuple[Span, ...]:
    """Spans widened to multiples of a grid or the ends of 0 to n, those that touch put together."""
    found: list[Span] = []
    for a, b in sorted((max(a, 0) // grid * grid, min(-(-b // grid) * grid, n)) for a, b in spans):
        if found and a <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], b))
        elif b > a:
            found.append((a, b))
    return tuple(found)


def touched(spans: Iterable[Span], n: int) -> list[int]:
    """The chunks of a song of n samples, by their first sample, in which something changed."""
    found = aligned(spans, CHUNK, n)
    return [at for a, b in found for at in range(a, b, CHUNK)]
