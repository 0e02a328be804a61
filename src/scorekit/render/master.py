"""From the console to the finished mix, in passes over ranges of samples that two processes can share.

First pass: the mix, to a spool. Then its energies, then its peaks, one curve of gains from both, and the last pass
applies it. ``Hands`` do the work: here one after the other and in memory; elsewhere two processes and a file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol, TypeVar

import numpy as np

from scorekit.render import dsp, effects, loudness
from scorekit.render.console import GRID, Console
from scorekit.render.dsp import Samples
from scorekit.render.exact import Reals
from scorekit.render.loudness import CELL, PIECE, PIECES
from scorekit.render.voices import Bodies, Body, Order, rooted
from scorekit.stage import Master

Result = TypeVar("Result")


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


class Hands:
    """Who does the work: one after the other, in memory. Results are those of any other hands, bit for bit."""

    count = 1

    def work(self, jobs: Sequence[Callable[[], Result]]) -> list[Result]:
        """The results of the jobs, in order."""
        return [job() for job in jobs]

    def spool(self, n: int) -> Spool:
        """Room for n samples, in reach of all hands."""
        return Memory(n)

    def store(self, size: int) -> memoryview:
        """Bytes to be written by all hands."""
        return memoryview(bytearray(size))

    def split(self, work: Callable[[int, int], Result], n: int, grain: int) -> list[Result]:
        """``work(a, b)`` over 0 to n in as many ranges as there are hands, cut at multiples of ``grain``."""
        share = -(-n // self.count // grain) * grain
        return self.work([partial(work, a, min(a + share, n)) for a in range(0, n, max(share, grain))])


# -- bodies ----------------------------------------------------------------------------------------------------------


def prepare(orders: Sequence[Order], bodies: Bodies, hands: Hands) -> None:
    """Sees to it that all bodies are there: those that are not are rendered by all hands, root by root."""
    families: dict[object, dict[Order, None]] = {}
    for order in orders:
        if bodies.found(order) is None:
            root = (order.patch.name, rooted(order.patch, order.take)[0])
            families.setdefault(root, {})[Order(order.patch, order.take, order.tone)] = None
    jobs = [partial(_rendered, tuple(family), bodies) for family in families.values()]
    for family, made in zip(families.values(), hands.work(jobs), strict=True):
        for order, body in zip(family, made, strict=True):
            bodies.put(order, body)


def _rendered(family: Sequence[Order], bodies: Bodies) -> list[Body]:
    return [bodies.made(order) for order in family]


# -- master ----------------------------------------------------------------------------------------------------------


def mixed(console: Console, hands: Hands) -> Spool:
    """The mix before mastering."""
    spool = hands.spool(console.n)
    hands.split(partial(_mixed, console, spool), console.n, GRID)
    return spool


def mastering(spool: Spool, n: int, master: Master, hands: Hands) -> tuple[Samples, float, float]:
    """The gains of a mix of n samples (one for each piece), and the LUFS and dBTP they lead to.

    The sound is measured once, in cells of 10 ms. Compressor, gain and limiter are one curve of gains.
    """
    whole = n // CELL * CELL
    measured = hands.split(partial(loudness.energy_of, spool.read, whole), whole, loudness.GRID)
    energy = np.concatenate([np.zeros(0), *measured])
    level = loudness.gated(loudness.powers(energy))
    if level <= -70.0:
        return np.ones(-(-n // PIECE), np.float32), level, -200.0
    squeeze = effects.compression(energy.reshape(-1, PIECES).sum(axis=1) / CELL, level - 1.0)
    base = dsp.stretch(np.append(squeeze, squeeze[-1]), energy.size)
    push = min(master.lufs - loudness.gated(loudness.powers(energy * np.square(base))), 40.0)
    for room in (3.0, 12.0):
        above = dsp.gain(master.ceiling - push - room)
        peaks = np.concatenate(hands.split(partial(loudness.peaks_of, spool.read, n, above), n, 64 * CELL))
        spread = np.append(base, np.full(peaks.size - base.size, base[-1]))
        gains, level, used = _settled(energy, peaks, spread, push, master)
        if used <= push + room:
            break
    return gains, level, dsp.decibels(float((peaks * gains).max()))


def _mixed(console: Console, spool: Spool, a: int, b: int) -> None:
    for at, block in console.bus(a, b):
        spool.write(at, block)


def _settled(energy: Reals, peaks: Samples, base: Samples, push: float, master: Master) -> tuple[Samples, float, float]:
    """Gains of all pieces, limiter included; the loudness they give; the push, found by secants, 12 dB more at most.

    A few rounds, since the limiter takes some loudness away again.
    """
    slope, last, level, most = 1.0, push, master.lufs, push + 12.0
    for attempt in range(8):
        gains = base * np.float32(dsp.gain(push))
        gains *= effects.limiting(peaks * gains, master.ceiling, PIECE)
        before, level = level, loudness.gated(loudness.powers(energy * np.square(gains[: energy.size])))
        if abs(level - master.lufs) < 0.02 or (push >= most and level < master.lufs):
            break
        if attempt and push != last:
            slope = min(max((level - before) / (push - last), 0.2), 1.0)
        last, push = push, min(push + (master.lufs - level) / slope, most)
    return gains, level, push


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
    effects.amplify(block, gains[first : -(-b // PIECE) + 1], PIECE)
    return block[:, a - first * PIECE :]
