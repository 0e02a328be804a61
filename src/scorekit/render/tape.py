"""The buses of a whole song that is being edited, on which lines come and go.

What a console works out chunk by chunk and forgets stands here: 20 bytes a sample, 12 more where there is an echo. A line
is taken away or brought where it changed, and room and echo answer again as far as they can hear that. The sums are the
console's to the bit, whatever came and went before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scorekit.render import effects
from scorekit.render.console import CHUNK, Buses, Console, Laid, Line, Whole, answer, audible
from scorekit.render.dsp import Samples

Span = tuple[int, int]
"""Samples from a to b."""


def aligned(spans: Iterable[Span], grid: int, n: int) -> tuple[Span, ...]:
    """Spans widened to multiples of a grid or the ends of 0 to n, those that touch put together."""
    found: list[Span] = []
    for a, b in sorted((max(a, 0) // grid * grid, min(-(-b // grid) * grid, n)) for a, b in spans):
        if found and a <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], b))
        elif b > a:
            found.append((a, b))
    return tuple(found)


def halves(spans: Iterable[Span], grain: int) -> list[Span]:
    """Spans cut in two at a multiple of a grain, where they are longer than one."""
    found = []
    for a, b in spans:
        middle = (a + b) // 2 // grain * grain
        found += [(a, middle), (middle, b)] if a < middle else [(a, b)]
    return found


Each = Callable[[Callable[[int, int], list[Span]], Sequence[Span]], list[list[Span]]]
"""What ``work(a, b)`` returns for some spans, whoever does them and in whatever order."""
Make = Callable[[str, tuple[int, ...], Any], NDArray[Any]]
"""An array of zeros of a shape and a type, by its name."""


def zeros(name: str, shape: tuple[int, ...], kind: Any) -> NDArray[Any]:
    """One of this process alone."""
    return np.zeros(shape, kind)


def one_by_one(work: Callable[[int, int], list[Span]], spans: Sequence[Span]) -> list[list[Span]]:
    """The spans in turn."""
    return [work(a, b) for a, b in spans]


class Tape:
    """The buses of ``n`` samples, with the answers of a room and of an echo ``delay`` samples late, in memory as ``make`` has it."""

    def __init__(self, make: Make = zeros) -> None:
        self._make = make
        self._store: Whole = np.zeros((8, 0), np.int32)
        self.delay = 0
        self.begin(0, None, 0)

    def begin(self, n: int, room: Samples | None, delay: int) -> None:
        """Silence from now on, of ``n`` samples; in the memory there is, where that does."""
        size = self._store.shape[1]
        if not n <= size <= n + n // 8:
            self._store = np.zeros((8, 0), np.int32)  # the old goes before the new comes: each is large
            self._store = self._make("buses", (8, n + n // 32), np.int32)
        else:
            self._store[: 8 if self.delay else 5] = 0
        rows = self._store[:, :n]
        self.n, self.delay = n, delay
        self.room = effects.Room(room) if room is not None else None
        self.made = Buses(rows[:2], rows[2], rows[5], {})
        self._room, self._echo = rows[3:5], rows[6:8]
        self.stale: list[Span] = [(0, n)]
        """Where the mix is another one; whoever has seen to that empties it."""
        self._sent: dict[str, list[Span]] = {"verb": [], "delay": []}

    def read(self, a: int, b: int) -> Samples:
        """Samples a to b of the mix with room and echo, (2, b - a)."""
        return audible(self.made.dry[:, a:b])

    def bring(
        self, console: Console, laid: Laid, spans: Sequence[Span], put: np.ufunc = np.add,
        instead: tuple[Console, Line] | None = None,
    ) -> None:  # fmt: skip
        """What is heard of a line in some spans, which do not overlap; ``np.subtract`` takes it away. It may come instead
        of another line that sounds alike but took another way through another console."""
        ways = [(console, laid.line, put), *([(*instead, np.subtract)] if instead else [])]
        for a, b in spans:
            for at in range(a, b, CHUNK):
                if heard := laid.sound(at, min(CHUNK, b - at), console.scratch):
                    for desk, line, way in ways:
                        desk.place(self.made, line, heard, 0, way)
        self.stale += spans
        for name, spans_ in self._sent.items():
            if any(getattr(line.strip, name) > 0 and not line.closed for _, line, _ in ways):
                spans_ += spans

    def ring(self, ask: Callable[[], None], each: Each = one_by_one) -> None:
        """Room and echo answer to what is sent to them now; before each piece it is asked whether to go on."""
        if room := self.room:
            heard = halves(self._heard("verb", room.hop, room.reach), room.hop)
            self._rung(each, partial(self.sounded, ask), heard)
        if self.delay:
            heard = list(self._heard("delay", CHUNK, effects.Echo(self.delay).reach))
            self._rung(one_by_one, partial(self._echoed, ask), heard)
        for spans in self._sent.values():
            spans.clear()

    def _rung(self, each: Each, work: Callable[[int, int], list[Span]], spans: list[Span]) -> None:
        before = self.stale
        self.stale = [*before, *spans]  # whoever gives up half-way leaves it so
        self.stale = [*before, *chain.from_iterable(each(work, spans))]

    def _heard(self, name: str, hop: int, far: int) -> tuple[Span, ...]:
        sent = aligned(self._sent[name], hop, self.n)
        return aligned(((a, b + far) for a, b in sent), hop, self.n)

    def sounded(self, ask: Callable[[], None], a: int, b: int) -> list[Span]:
        """The room answers to what is sent to it from sample a to b, multiples of its hop or the end; where that is another
        answer."""
        assert self.room is not None
        room = self.room.silent()
        self._warm(room, a)
        return self._answered(room, self.made.verb, self._room, a, b, room.stride, ask)

    def _echoed(self, ask: Callable[[], None], a: int, b: int) -> list[Span]:
        echo = effects.Echo(self.delay)
        for at in range(max(a - echo.reach, 0) // CHUNK * CHUNK, a, CHUNK):
            answer(echo, self.made.delay[at : at + CHUNK])
        return self._answered(echo, self.made.delay, self._echo, a, b, CHUNK, ask)

    def _warm(self, room: effects.Room, at: int) -> None:
        """Lets a silent room hear all it would remember at a sample, a multiple of its hop."""
        last = max(at - room.hop, 0)
        first = max(at - room.reach, 0)
        if last > first:
            room.hear(audible(self.made.verb[first:last]))
        if at > last:
            room.feed(audible(self.made.verb[last:at]), np.zeros((2, room.hop), np.float32))

    def _answered(
        self, ringing: effects.Room | effects.Echo, send: Whole, known: Whole, a: int, b: int, hop: int,
        ask: Callable[[], None],
    ) -> list[Span]:  # fmt: skip
        found = []
        for at in range(a, b, hop):
            ask()
            here = slice(at, min(at + hop, b))
            new = answer(ringing, send[here])
            step = new - known[:, here]
            if step.any():
                self.made.dry[:, here] += step
                known[:, here] = new
                found.append((at, here.stop))
        return found
