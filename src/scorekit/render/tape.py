"""The buses of a whole song that is being edited, on which lines come and go.

What a console works out chunk by chunk and forgets stands here: 20 bytes a sample, 12 more where there is an echo. A line
is taken away or brought where it changed, and room and echo answer again as far as they can hear that. The sums are the
console's to the bit, whatever came and went before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scorekit.render import effects
from scorekit.render.console import CHUNK, Buses, Console, Laid, Line, Stretch, Whole, answer, audible
from scorekit.render.dsp import Samples

Span = tuple[int, int]
"""Samples from a to b."""
BLOCK = 1 << 16
"""Samples that are brought together."""
_STRUCK = 32 << 20
"""Bytes of what was struck that are kept: five parts of a section of 15 s."""


def aligned(spans: Iterable[Span], grid: int, n: int) -> tuple[Span, ...]:
    """Spans widened to multiples of a grid or the ends of 0 to n, those that touch put together."""
    found: list[Span] = []
    for a, b in sorted((max(a, 0) // grid * grid, min(-(-b // grid) * grid, n)) for a, b in spans):
        if found and a <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], b))
        elif b > a:
            found.append((a, b))
    return tuple(found)


def without(spans: Iterable[Span], done: Iterable[Span]) -> list[Span]:
    """What of some spans is in none of others, which do not overlap and come in order."""
    found = list[Span]()
    for a, b in spans:
        for low, high in done:
            if low < b and high > a:
                found += [(a, low)] if a < low else []
                a = max(a, high)
        found += [(a, b)] if a < b else []
    return found


def halves(spans: Iterable[Span], grain: int) -> list[Span]:
    """Spans cut in two at a multiple of a grain, where they are longer than one."""
    found = []
    for a, b in spans:
        middle = (a + b) // 2 // grain * grain
        found += [(a, middle), (middle, b)] if a < middle else [(a, b)]
    return found


def pieces(spans: Iterable[Span], grain: int) -> list[Span]:
    """Spans cut at multiples of a grain from where they begin, for two to take one after the other: at least as many as
    ``_SHARES``, unless they were shorter than a grain, and none longer than ``_PIECE``."""
    spans = list(spans)
    size = max(min(sum(b - a for a, b in spans) // _SHARES, _PIECE) // grain, 1) * grain
    return [(at, min(at + size, b)) for a, b in spans for at in range(a, b, size)]


_SHARES, _PIECE = 8, 98_304
Each = Callable[[Callable[[int, int], list[Span]], Sequence[Span], int], list[list[Span]]]
"""What ``work(a, b)`` returns for some spans, which may be cut at multiples of a grain, whoever does them and in whatever
order."""
Ask = Callable[[int], None]
"""Asked whether to go on, up to which sample: it raises what it has to say against that, or waits."""
Make = Callable[[str, tuple[int, ...], Any], NDArray[Any]]
"""An array of zeros of a shape and a type, by its name."""


def zeros(name: str, shape: tuple[int, ...], kind: Any) -> NDArray[Any]:
    """One of this process alone."""
    return np.zeros(shape, kind)


def one_by_one(work: Callable[[int, int], list[Span]], spans: Sequence[Span], grain: int) -> list[list[Span]]:
    """The spans in turn."""
    return [work(a, b) for a, b in spans]


class Move(NamedTuple):
    """Something about to happen to what is heard of a line in some spans, which do not overlap: on its way through some
    consoles, along the strips of some lines that all sound like it, it is added to the buses, or taken away."""

    laid: Laid
    spans: Sequence[Span]
    ways: Sequence[tuple[Console, Line, np.ufunc]]


class Struck:
    """What was struck of the lines that were brought last: who edits one place again and again has the last version's lines
    taken away without a note of them being struck. No more of it than ``_STRUCK``."""

    def __init__(self) -> None:
        self._kept: dict[Laid, list[tuple[int, int, Stretch | None]]] = {}
        self._size = 0

    def sound(self, laid: Laid, a: int, b: int, scratch: Samples) -> Stretch | None:
        """``laid.sound`` from a to b."""
        for low, high, heard in self._kept.get(laid, ()):
            if low <= a and b <= high:
                return heard and cut(heard, a, b)
        return laid.sound(a, b - a, scratch)

    def keep(self, laid: Laid, a: int, b: int, heard: Stretch | None) -> None:
        """That is what ``laid.sound`` said of a to b."""
        self._kept.setdefault(laid, []).append((a, b, heard))
        self._size += heard[1].nbytes if heard else 0

    def tidy(self) -> None:
        """Too much is let go of."""
        while self._size > _STRUCK:
            self.forget(next(iter(self._kept)))

    def forget(self, laid: Laid) -> None:
        """A line will not be asked for again, or not soon."""
        self._size -= sum(heard[1].nbytes for _, _, heard in self._kept.pop(laid, ()) if heard)


def cut(heard: Stretch, a: int, b: int) -> Stretch | None:
    """What of a sound lies between two samples; None for nothing."""
    start, samples = heard
    first, last = max(a, start), min(b, start + samples.shape[-1])
    return (first, samples[:, first - start : last - start]) if first < last else None


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
        self._struck = Struck()
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

    def expect(self, moves: Sequence[Move]) -> None:
        """Told what is to be brought next: there the mix will be another one, and room and echo have to answer."""
        for _, spans, ways in moves:
            self.stale += spans
            for name, sent in self._sent.items():
                if any(getattr(line.strip, name) > 0 and not line.closed for _, line, _ in ways):
                    sent += spans

    def bring(self, moves: Sequence[Move], reached: Callable[[int], None] = lambda at: None) -> None:
        """What was told to be expected happens, from left to right; ``reached`` is told up to which sample it has."""
        sizes = [4 * move.laid.rows * (b - a) for move in moves if move.ways[-1][2] is np.add for a, b in move.spans]
        coming = [move.laid for move in moves if move.ways[-1][2] is np.add] if sum(sizes) <= _STRUCK else []
        for a, b in aligned((span for move in moves for span in move.spans), BLOCK, self.n):
            for at in range(a, b, BLOCK):
                for laid, spans, ways in moves:
                    for first, last in spans:
                        low, high = max(first, at), min(last, at + BLOCK)
                        if low >= high:
                            continue
                        heard = self._struck.sound(laid, low, high, ways[0][0].scratch)
                        if laid in coming:
                            self._struck.keep(laid, low, high, heard)
                        if heard:
                            for desk, line, put in ways:
                                desk.place(self.made, line, heard, 0, put)
                reached(min(at + BLOCK, b))
        for laid in {move.laid for move in moves}.difference(coming):
            self._struck.forget(laid)
        self._struck.tidy()

    def heard(self) -> tuple[Span, ...]:
        """Where the room has to answer to what is sent to it now."""
        return self._heard("verb", self.room.hop, self.room.reach) if self.room else ()

    def awaited(self) -> tuple[Span, ...]:
        """Where the mix will be another one: where the room has to answer, or where anything is expected when it has not."""
        return self.heard() or aligned(self.stale, BLOCK, self.n)

    def plain(self) -> bool:
        """Whether the mix is as it will be as soon as the room, if it has to, has answered: all that is expected lies where it
        is awaited, far from where it is next, and no echo answers."""
        heard, sent = self.awaited(), aligned(self._sent["delay"], 1, self.n) if self.delay else ()
        far = all(a - b >= BLOCK for (_, b), (a, _) in pairwise(heard))
        return far and not sent and not without(aligned(self.stale, 1, self.n), heard)

    def ring(self, ask: Ask, each: Each = one_by_one) -> None:
        """Room and echo answer to what is sent to them now; before each piece it is asked whether to go on."""
        if self.room and (heard := self.heard()):
            self._rung(each, partial(self.sounded, ask), heard, self.room.hop)
        if self.delay:
            heard = self._heard("delay", CHUNK, effects.Echo(self.delay).reach)
            self._rung(one_by_one, partial(self._echoed, ask), heard, CHUNK)
        for spans in self._sent.values():
            spans.clear()

    def _rung(self, each: Each, work: Callable[[int, int], list[Span]], spans: Sequence[Span], grain: int) -> None:
        before = self.stale
        self.stale = [*before, *spans]  # whoever gives up half-way leaves it so
        self.stale = [*before, *chain.from_iterable(each(work, spans, grain))]

    def _heard(self, name: str, hop: int, far: int) -> tuple[Span, ...]:
        sent = aligned(self._sent[name], hop, self.n)
        return aligned(((a, b + far) for a, b in sent), hop, self.n)

    def sounded(self, ask: Ask, a: int, b: int) -> list[Span]:
        """The room answers to what is sent to it from sample a to b, multiples of its hop or the end; where that is another
        answer."""
        return self._asked(ask, self.strides(a, b), self.sounding(a, b))

    def strides(self, a: int, b: int) -> list[int]:
        """Where each piece that the room answers at once ends, from sample a to b."""
        stride = self.room.stride if self.room else BLOCK
        return [min(at + stride, b) for at in range(a, b, stride)]

    def sounding(self, a: int, b: int) -> Iterator[list[Span]]:
        """The same piece by piece, each as it is asked for."""
        assert self.room is not None
        room = self.room.silent()
        if a:
            room.hear(self.made.verb[max(a - room.reach, 0) : a].astype(np.float32))
        return self._answers(room, self.made.verb, self._room, a, b, room.hop, room.stride)

    def _echoed(self, ask: Ask, a: int, b: int) -> list[Span]:
        echo = effects.Echo(self.delay)
        for at in range(max(a - echo.reach, 0) // CHUNK * CHUNK, a, CHUNK):
            answer(echo, self.made.delay[at : at + CHUNK])
        answers = self._answers(echo, self.made.delay, self._echo, a, b, CHUNK, CHUNK)
        return self._asked(ask, [min(at + CHUNK, b) for at in range(a, b, CHUNK)], answers)

    def _asked(self, ask: Ask, ends: Sequence[int], answers: Iterator[list[Span]]) -> list[Span]:
        found = list[Span]()
        for end in ends:
            ask(end)
            found += next(answers)
        return found

    def _answers(
        self, ringing: effects.Room | effects.Echo, send: Whole, known: Whole, a: int, b: int, hop: int, stride: int
    ) -> Iterator[list[Span]]:
        for at in range(a, b, stride):
            end = min(at + stride, b)
            here = slice(at, end)
            new = answer(ringing, send[here])
            step = new - known[:, here]
            others = [first for first in range(at, end, hop) if step[:, first - at :][:, :hop].any()]
            if others:
                self.made.dry[:, here] += step
                known[:, here] = new
            yield [(first, min(first + hop, end)) for first in others]
