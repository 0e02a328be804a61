"""Where a song that is edited stands: its buses on a tape, what is low in their sides, its gains, its file. Of one song there
may be a booth in each of two processes, on the same memory: then each works on other samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scorekit.render import delivery, effects, loudness
from scorekit.render.console import GRID, SLOW, Console, raised
from scorekit.render.dsp import Samples
from scorekit.render.master import Ring, amplified
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

    def done(self, told: tuple[Any, ...], spans: Sequence[Span]) -> list[Any]:
        """What comes of something over some spans; fewer of them when it is given up."""
        name, *inputs = told
        found = []
        for a, b in spans:
            try:
                self.ask()
                found.append(getattr(self, name)(*inputs, a, b))
            except Superseded:
                break
        return found

    def follow(self, spans: Sequence[Span]) -> list[Any]:
        """``ring`` over some spans while the other process is still at what is sent to the room."""
        at = 0

        def wait(end: int) -> None:
            nonlocal at
            while at < end:
                at = self.reached()
            self.ask()

        found = []
        try:
            for a, b in spans:
                found.append(self.tape.sounded(wait, a, b))
        except Superseded:
            pass
        finally:
            while at < FAR:
                at = self.reached()
        return found

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

        delivery.framed(read, 16, memoryview(self.blocks["file"])[head:], lambda written: None, a, b)
