"""From the console to the finished mix, in passes over ranges of samples that two processes can share.

First pass: the mix, to a spool. Then its energies, then its peaks, one curve of gains from both, and the last pass
applies it. ``Hands`` do the work: here one after the other and in memory; elsewhere two processes and a file.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from itertools import pairwise
from math import ceil
from typing import Any, Protocol, TypeVar

import numpy as np

from scorekit.render import dsp, dynamics, loudness
from scorekit.render.console import Console, Laid, Line, Track
from scorekit.render.dsp import Samples
from scorekit.render.exact import Reals
from scorekit.render.loudness import CELL, PIECE
from scorekit.render.voices import Bodies, Body, Order, Root, needed, root_of
from scorekit.stage import Master

Result = TypeVar("Result")
Family = dict[Order, None]
"""Bodies of one root, in order."""
STEP = 0.5
"""dB between the gains a master may have."""
_LOOKED = 4 * STEP
"""dB between the gains up to which peaks are looked at: most of the songs whose gain is another one keep theirs."""


class Spool(Protocol):
    """A long stereo sound, written and read in pieces."""

    def write(self, at: int, x: Samples) -> None:
        """Puts samples (2, n) at their place."""

    def read(self, a: int, b: int) -> Samples:
        """Samples a to b, a copy (2, b - a)."""


class Memory:
    """A spool in memory."""

    def __init__(self, n: int) -> None:
        self.samples = np.zeros((2, n), np.float32)

    def write(self, at: int, x: Samples) -> None:
        """Puts samples (2, n) at their place."""
        self.samples[:, at : at + x.shape[-1]] = x

    def read(self, a: int, b: int) -> Samples:
        """Samples a to b, a copy (2, b - a)."""
        return self.samples[:, a:b].copy()


class Renewing(Protocol):
    """What is asked of hands that know what the last render left."""

    @property
    def mixed_again(self) -> float:
        """Seconds that were mixed again."""

    def left(self) -> tuple[Any, ...]:
        """What the next render is to know."""

    def drafts(self, inner: str) -> dict[str, Any]:
        """The last file as a draft of the next, by its place."""


class Hands:
    """Who does the work: one after the other, in memory. Results are those of any other hands, bit for bit."""

    count = 1

    @property
    def renewing(self) -> Renewing | None:
        """These hands, where they mix again only what differs from the last render."""
        return None

    def work(self, jobs: Sequence[Callable[[], Result]]) -> list[Result]:
        """The results of the jobs, in order."""
        return [job() for job in jobs]

    def together(self, job: Callable[[], Result]) -> Result:
        """What a job returns, done by all hands together: they share what it gives to ``work`` and ``split``, and each of them
        does everything else, so that all know all."""
        return job()

    def alone(self, job: Callable[[], Result]) -> Result | None:
        """What a job returns that is done by one of the hands; None for the others."""
        return job()

    def spool(self, n: int) -> Spool:
        """Room for n samples, in reach of all hands."""
        return Memory(n)

    def ahead(self, orders: Sequence[Order], bodies: Bodies) -> None:
        """Told of bodies that will be asked for, long before: whoever has nothing to do begins with them."""

    def dismiss(self) -> None:
        """Told that no more will be asked for."""

    def made(self, families: Sequence[Family], bodies: Bodies) -> list[list[Body]]:
        """The bodies of some families."""
        return self.work([partial(made, tuple(family), bodies) for family in families])

    def laid(self, rows: Sequence[Line], bodies: Bodies) -> Sequence[Track]:
        """Lines with their bodies at hand."""
        prepare([order for line in rows for order in line.orders()], bodies, self)
        return [Laid(line, bodies) for line in rows]

    def ready(self, console: Console) -> None:
        """Told what is to be mixed, before all hands go together."""

    def mixed(self, console: Console) -> Spool:
        """The mix before mastering."""
        spool, n = self.spool(console.n), console.n
        cuts = console.shares(self.count) if n else []
        self.work([partial(_mixed, console, spool, a, b) for a, b in pairwise([0, *cuts, n]) if b > a])
        return spool

    def store(self, size: int) -> memoryview:
        """Bytes to be written by all hands."""
        return memoryview(bytearray(size))

    def put(self, tail: memoryview, at: int, data: memoryview) -> None:
        """Writes bytes to the rest of a ``store``, all of it from some byte on, at their place in that."""
        tail[at : at + len(data)] = data

    def rest(self, written: Iterable[memoryview]) -> None:
        """What was written to a ``store`` need not stay in memory."""

    def curve(self, given: tuple[Hashable, ...], work: Callable[[int, int], Samples], n: int, reach: int) -> Samples:
        """``work(0, n)``: a curve of which ``work(a, b)`` is a stretch, a and b being multiples of ``CELL``. It hangs upon
        the mix within ``reach`` samples and on what is ``given``, its name among it."""
        return work(0, n)

    def split(self, work: Callable[[int, int], Result], n: int, grain: int) -> list[Result]:
        """``work(a, b)`` over 0 to n in as many ranges as there are hands, cut at multiples of ``grain``."""
        share = -(-n // self.count // grain) * grain
        return self.work([partial(work, a, min(a + share, n)) for a in range(0, n, max(share, grain))])


# -- bodies ----------------------------------------------------------------------------------------------------------


def prepare(orders: Sequence[Order], bodies: Bodies, hands: Hands) -> None:
    """Sees to it that all bodies are there: those that are not are rendered by all hands, root by root."""
    families = dict(sorted(families_of(orders, bodies).items(), key=_work, reverse=True))
    for family, found in zip(families.values(), hands.made(list(families.values()), bodies), strict=True):
        for order, body in zip(family, found, strict=True):
            bodies.put(order, body)


def families_of(orders: Iterable[Order], bodies: Bodies) -> dict[Root, Family]:
    """The bodies that are not there yet, by the root they are made of."""
    families: dict[Root, Family] = {}
    for order in orders:
        if bodies.found(order) is None:
            families.setdefault(root_of(order), {})[Order(order.patch, order.take, order.tone)] = None
    return families


def _work(row: tuple[Root, Family]) -> float:
    """How much there is to do for a family, more or less: what takes long comes first, so that nobody waits in the end."""
    (_, take), family = row
    return (max(needed(*order) for order in family) or take.seconds) * (1 + len(family))


def made(family: Iterable[Order], bodies: Bodies) -> list[Body]:
    """The bodies of a family, rendered."""
    return bodies.made(tuple(family))


# -- master ----------------------------------------------------------------------------------------------------------


def mastering(spool: Spool, n: int, master: Master, hands: Hands) -> tuple[Samples, float, float]:
    """The gains of a mix of n samples (one for each piece), and the LUFS and dBTP they lead to.

    The sound is measured once, in cells of 10 ms. Compressor, gain and limiter are one curve of gains. What holds for the
    whole song, the compressor's threshold and the gain, is measured too, but stands on steps: so the loudness comes out
    within half a ``STEP``, and a small edit turns the gains near by and not those of the whole song. (A gain reckoned
    from the score would move with every note, and miss.) The threshold is where the song is loud, in whole dB; the gain
    is what reaches the asked loudness, more in as many steps as the limiter takes away again, 12 dB at most.
    """
    whole, cells = n // CELL * CELL, -(-n // CELL) * CELL
    measured = hands.split(partial(loudness.energy_of, spool.read, whole), whole, loudness.GRID)
    energy = np.concatenate([np.zeros(0), *measured])
    level = loudness.gated(loudness.powers(energy))
    if level <= -70.0:
        return np.ones(-(-n // PIECE), np.float32), level, -200.0
    threshold = stepped(level, 1.0) + 1.0
    base = hands.curve(("base", threshold), partial(dynamics.squeezed, energy, threshold), cells, dynamics.REACH)
    push = min(stepped(master.lufs - _reached(energy, base), STEP), 40.0)
    most = push + 12.0
    for highest in (_looked(push + 2.0), _looked(most)):
        above = dsp.gain(master.ceiling - highest)
        peaks = np.concatenate(hands.split(partial(loudness.peaks_of, spool.read, n, above), n, 64 * CELL))
        for _ in range(8):
            near = partial(dynamics.limited, base * np.float32(dsp.gain(push)), peaks, master.ceiling)
            gains = hands.curve(("gains", threshold, push, master.ceiling, above), near, cells, 2 * dynamics.REACH)
            level = _reached(energy, gains)
            more = max(stepped(master.lufs - level, STEP), 0.0)
            if not more or push >= most:
                break
            push = min(push + more, most)
        if push <= highest:
            break
    return gains, level, dsp.decibels(float((peaks * gains).max()))


def stepped(x: float, step: float) -> float:
    """The multiple of a step that is nearest to x."""
    return round(x / step) * step


def _looked(push: float) -> float:
    """The gain in dB up to which peaks are looked at that are to serve for ``push``."""
    return ceil(push / _LOOKED) * _LOOKED


def _reached(energy: Reals, gains: Samples) -> float:
    """The LUFS of a mix with some gains."""
    return loudness.gated(loudness.powers(energy * np.square(gains[: energy.size])))


def _mixed(console: Console, spool: Spool, a: int, b: int) -> None:
    for at, block in console.bus(a, b):
        spool.write(at, block)


class Ring:
    """A spool read round and round: its first ``n`` samples, with what rings on after them folded onto the start."""

    def __init__(self, spool: Spool, n: int, whole: int) -> None:
        self.spool, self.n, self.whole = spool, n, whole

    def write(self, at: int, x: Samples) -> None:
        """A ring is only read."""
        raise NotImplementedError

    def read(self, a: int, b: int) -> Samples:
        """Samples a to b, counted on over the seam."""
        out = np.zeros((2, b - a), np.float32)
        for turn in range(a // self.n, -(-b // self.n)):
            for start in range(0, self.whole, self.n):
                first, last = max(a - turn * self.n, 0), min(b - turn * self.n, self.n)
                piece = self.spool.read(min(start + first, self.whole), min(start + last, self.whole))
                dsp.add(out, piece, turn * self.n + first - a)
        return out


def amplified(spool: Spool, gains: Samples, a: int, b: int) -> Samples:
    """Samples a to b of the finished mix (2, b - a)."""
    first = a // PIECE
    block = spool.read(first * PIECE, b)
    dynamics.amplify(block, gains[first : -(-b // PIECE) + 1], PIECE)
    return block[:, a - first * PIECE :]
