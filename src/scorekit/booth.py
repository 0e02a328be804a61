"""Where a song that is edited stands: its buses on a tape, what is low in their sides, its gains, its file. Of one song there
may be a booth in each of two processes, on the same memory: then each works on other samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scorekit.render import console, delivery, effects, loudness
from scorekit.render.console import GRID, SLOW, Console, raised
from scorekit.render.dsp import Samples
from scorekit.render.loudness import CELL
from scorekit.render.master import Hands, Ring, amplified
from scorekit.render.tape import Make, Span, Tape, zeros

GivenUp = Callable[[], bool]
FAR = 1 << 62
"""A sample after the end of all songs."""


class Superseded(Exception):
    """A render was given up because a newer version is there."""


class World(NamedTuple):
    """What holds for the whole of a song."""

    n: int
    """Samples."""
    delay: int
    """Of its echo, in samples; 0: none."""
    fade: int
    """Samples over which its end falls silent."""
    room: tuple[float, float] | None
    """Size and tone; None where nobody is sent to it."""
    loop: int = 0
    """Samples of a round, where it is a loop."""

    def response(self) -> Samples | None:
        """That of the room."""
        return effects.room(*self.room) if self.room else None


class Mix:
    """The mix before its gains, read from where the buses stand; only what is low in their sides is kept."""

    def __init__(self, make: Make = zeros) -> None:
        self.n = 0
        self.console = Console(0, ())
        self._make = make
        self._slow: Samples = np.zeros((0, SLOW), np.float32)

    def resize(self, n: int) -> None:
        """From now on it is n samples long, and nothing is known of them."""
        self.n, self._slow = n, self._make("lows", (-(-n // GRID), SLOW), np.float32)

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


class Measured(NamedTuple):
    """What was measured of a mix ahead of the rest: over which samples its lows are known, and by the first sample of each
    stretch its energies, and its peaks when looked at ``above`` so much."""

    above: float = 0.0
    heard: Sequence[Span] = ()
    energies: Sequence[tuple[Span, Any]] = ()
    peaks: Sequence[tuple[Span, Any]] = ()

    def joined(self, other: Measured) -> Measured:
        """Both, this one lying before the other."""
        return Measured(
            self.above, [*self.heard, *other.heard], [*self.energies, *other.energies], [*self.peaks, *other.peaks]
        )


class Measuring:
    """A mix that stands before sample ``a``, measured from there to the right as soon as more of it does: what is low in its
    sides, then energies and peaks, each as far as all that it hears is there, some blocks at a time."""

    def __init__(self, mix: Mix, above: float, ask: Callable[[], None], a: int) -> None:
        self.mix, self.above, self.ask = mix, above, ask
        self.n, self.whole = mix.n, mix.n // CELL * CELL
        self._from = self._heard = _begun(a, console.REACH, GRID)
        self._energy = _begun(self._heard, loudness.REACH, loudness.GRID)
        self._peak = _begun(self._heard, loudness.NEAR, _PEAKS)
        self._energies, self._peaks = list[tuple[Span, Any]](), list[tuple[Span, Any]]()

    def reach(self, b: int) -> None:
        """The mix stands up to sample b."""
        end = _ended(self._heard, b, console.REACH, GRID, self.n)
        if end > self._heard:
            self.mix.hear(self.ask, self._heard, end)
            self._heard = end
        end = _ended(self._energy, self._heard, loudness.REACH, loudness.GRID, self.whole)
        if end > self._energy:
            self.ask()
            span = self._energy, end
            self._energies.append((span, loudness.energy_of(self.mix.read, self.whole, *span)))
            self._energy = end
        end = _ended(self._peak, self._heard, loudness.NEAR, _PEAKS, self.n)
        if end > self._peak:
            self.ask()
            span = self._peak, end
            self._peaks.append((span, loudness.peaks_of(self.mix.read, self.n, self.above, *span)))
            self._peak = end

    def found(self) -> Measured:
        """What was measured."""
        heard = [(self._from, self._heard)] if self._from < self._heard else []
        return Measured(self.above, heard, self._energies, self._peaks)


_TOGETHER = 4
"""Blocks that are measured together."""
_PEAKS = 64 * CELL
"""Samples in which peaks are looked for."""


def _begun(a: int, far: int, grid: int) -> int:
    """The first block that hears something from sample a on."""
    return max(a - far, 0) // grid * grid


def _ended(begun: int, b: int, far: int, grid: int, n: int) -> int:
    """Where the blocks end that hear nothing after sample b, so many of them at a time; n samples are all there are."""
    return n if b >= n else begun + max(b - far - begun, 0) // (_TOGETHER * grid) * (_TOGETHER * grid)


class Booth:
    """A song as the other of two processes has it: buses, lows, gains and file, each in memory of its own."""

    def __init__(self, world: World, blocks: Mapping[str, Any], given_up: GivenUp, reached: Callable[[], int]) -> None:
        def taken(name: str, shape: tuple[int, ...], kind: Any) -> NDArray[Any]:
            return np.frombuffer(blocks[name], kind).reshape(shape[0], -1)

        self.given_up, self.reached = given_up, reached
        self.tape, self.mix = Tape(taken), Mix(taken)
        self.tape.begin(world.n, world.response(), world.delay)
        self.mix.resize(world.n)
        self.mix.console = Console(world.n, (), fade=world.fade, standing=self.tape.read)
        self.loop, self.heard = world.loop, Ring(self.mix, world.loop, world.n) if world.loop else self.mix
        self.blocks = blocks

    def ask(self) -> None:
        """Superseded when what is being done is given up."""
        if self.given_up():
            raise Superseded

    def done(self, told: tuple[Any, ...], spans: Sequence[Span], claim: Callable[[], bool]) -> list[Any]:
        """What comes of something over some spans, as long as there is one to be claimed; fewer of them when it is given up."""
        name, *inputs = told
        found = []
        for a, b in spans:
            if not claim():
                break
            try:
                self.ask()
                found.append(getattr(self, name)(*inputs, a, b))
            except Superseded:
                break
        return found

    def follow(self, spans: Sequence[Span], rings: bool, above: float | None, claim: Callable[[], bool]) -> list[Any]:
        """``ring`` over some spans, where the room has to, while the other process is still at what is sent to it, piece by
        piece as long as there is one to be claimed; and what is measured meanwhile, of peaks ``above`` so much, unless that is
        None."""
        at, answered, measured = 0, list[Span](), Measured(above or 0.0)

        def wait(end: int) -> None:
            nonlocal at
            while at < end:
                at = self.reached()
            self.ask()

        try:
            for a, b in spans:
                answers = self.tape.sounding(a, b) if rings else repeat(())
                measuring = None if above is None else Measuring(self.mix, above, self.ask, a)
                ends = self.tape.strides(a, b)
                while ends and claim():
                    wait(ends[0])
                    answered += next(answers)
                    if measuring:
                        measuring.reach(ends[0])
                    del ends[0]
                if measuring:
                    measured = measured.joined(measuring.found())
                if ends:
                    break
        except Superseded:
            pass
        finally:
            while at < FAR:
                at = self.reached()
        return [answered, measured]

    def ring(self, a: int, b: int) -> list[Span]:
        """The room answers; where that is another answer."""
        return self.tape.sounded(lambda end: self.ask(), a, b)

    def hear(self, a: int, b: int) -> None:
        """The lows are worked out."""
        self.mix.hear(self.ask, a, b)

    def energies(self, whole: int, a: int, b: int) -> Any:
        """``loudness.energy_of`` the mix."""
        return loudness.energy_of(self.heard.read, whole, a, b)

    def peaks(self, n: int, above: float, a: int, b: int) -> Samples:
        """``loudness.peaks_of`` the mix."""
        return loudness.peaks_of(self.heard.read, n, above, a, b)

    def write(self, head: int, a: int, b: int) -> None:
        """The frames of the file are written."""
        gains = np.frombuffer(self.blocks["gains"], np.float32)

        def read(a: int, b: int) -> Samples:
            return amplified(self.heard, gains, self.loop + a, self.loop + b)

        delivery.framed(read, 16, memoryview(self.blocks["file"])[head:], Hands(), a, b)
