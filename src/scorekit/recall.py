"""Hands that know how an earlier version of a song measured: energies, peaks and gains are worked out again only where the
mix is another one, and the file is written again only where that is heard."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from scorekit.booth import Measured
from scorekit.render import delivery, loudness
from scorekit.render.dsp import Samples
from scorekit.render.loudness import CELL, PIECE, PIECES
from scorekit.render.master import Hands
from scorekit.render.tape import Span, aligned, halves, without

Result = TypeVar("Result")
_OLDER, _FAR = 6, 1 << 62
"""Curves that are kept for a while; a sample after the end of all songs."""
SHEET = 4_096
"""Samples of the file that are written together."""


class Recall(Hands):
    """Hands that do again only what is stale. Who they are says how spans are shared, and where the file is."""

    def __init__(self) -> None:
        self.stale: tuple[Span, ...] = ()
        """Where the mix is another one, on ``console.GRID``."""
        self.energy: NDArray[np.float64] = np.zeros(0)
        self.curves: dict[Hashable, Samples] = {}
        self._older: dict[Hashable, tuple[Samples, tuple[Span, ...]]] = {}
        """Curves that the last versions had no use for, and where the mix has become another one since they were true: a song
        whose gain is another one is often about to get its old one again."""
        self.early = Measured()
        """What of the version that is to be worked out is measured before it is asked for."""
        self._asked: set[Hashable] = set()
        self._above: dict[int, float] = {}

    def both(
        self, work: Callable[[int, int], Result], spans: Sequence[Span], told: tuple[Any, ...] = ()
    ) -> list[Result]:
        """``work(a, b)`` over spans, in order; as many as can share it, where that is long. ``told`` is what somebody has to be
        told who has the same memory and knows nothing else."""
        return [work(*span) for span in spans]

    def cut(self, spans: Iterable[Span], grain: int) -> list[Span]:
        """Spans in pieces for ``both`` to share, cut at multiples of a grain."""
        return halves(spans, grain)

    def written(self, work: partial[Any], n: int) -> None:
        """Writes n samples of the file: ``work(a, b)`` wherever it differs from the last."""
        raise NotImplementedError

    def split(self, work: Callable[[int, int], Any], n: int, grain: int) -> list[Any]:
        """``work(a, b)`` over 0 to n: of what is known from before, only the stale ranges."""
        assert isinstance(work, partial)
        if work.func is loudness.energy_of:
            return [self._energies(work, n, grain)]
        if work.func is loudness.peaks_of:
            return [self._measured(work, n, grain)]
        if work.func is delivery.framed:
            self.written(work, n)
            return []
        return self.both(work, halves(aligned(self.stale, grain, n), grain))

    def curve(self, given: tuple[Hashable, ...], work: Callable[[int, int], Samples], n: int, reach: int) -> Samples:
        """``work(0, n)``: of what is known from before, only what is near to what is stale."""
        known, stale = self._standing((given, n))
        if known is None:
            known = np.concatenate(self.both(work, halves([(0, n)], CELL)))
        else:
            known = known.copy()  # whoever got it last may still hold it
            for a, b in aligned(((a - reach, b + reach) for a, b in stale), CELL, n):
                known[a // PIECE : b // PIECE] = work(a, b)
        self.curves[given, n] = known
        self._asked.add((given, n))
        return known

    def begin(self, stale: tuple[Span, ...]) -> None:
        """A version is to be worked out that differs in some spans from all that is known."""
        self.stale, self._asked = stale, set()

    def above(self, n: int) -> float | None:
        """What the peaks of n samples were looked at above by the last version, as they are likely to be again."""
        return self._above.get(n)

    def done(self) -> None:
        """The version is worked out: curves that it had no use for are no longer true of it."""
        self.early = Measured()
        unasked = {key: (found, ()) for key, found in self.curves.items()} | self._older
        older = [(key, of) for key, of in unasked.items() if key not in self._asked][:_OLDER]
        self._older = {key: (found, aligned([*since, *self.stale], 1, _FAR)) for key, (found, since) in older}
        self.curves = {key: self.curves[key] for key in self._asked}

    def _standing(self, key: Hashable) -> tuple[Samples | None, Sequence[Span]]:
        """What is known of a curve, and where that is not true."""
        if (known := self.curves.get(key)) is not None:
            return known, self.stale
        found, since = self._older.get(key, (None, ()))
        return found, [*since, *self.stale]

    def _energies(self, work: partial[NDArray[np.float64]], n: int, grain: int) -> NDArray[np.float64]:
        spans: Iterable[Span] = ((a - loudness.REACH, b + loudness.REACH) for a, b in self.stale)
        if self.energy.size != n // PIECE:
            self.energy, spans = np.zeros(n // PIECE), [(0, n)]
        known = self.early.energies
        cut = self.cut(without(aligned(spans, grain, n), [span for span, _ in known]), grain)
        done = zip(cut, self.both(work, cut, ("energies", *work.args[1:])), strict=True)
        for (a, b), found in (*known, *done):
            self.energy[a // PIECE : b // PIECE] = found
        return self.energy.copy()

    def _measured(self, work: partial[Samples], n: int, grain: int) -> Samples:
        """True peaks, which hang upon what they are to be looked at above."""
        key = ("peaks", work.args[2]), n
        self._above = {n: work.args[2]}
        known, stale = self._standing(key)
        spans = [(a - loudness.NEAR, b + loudness.NEAR) for a, b in stale]
        found = np.zeros(-(-n // CELL) * PIECES, np.float32) if known is None else known.copy()
        ahead = self.early.peaks if known is not None and self.early.above == work.args[2] else ()
        wide = aligned(spans if known is not None else [(0, n)], grain, n)
        cut = self.cut(without(wide, [span for span, _ in ahead]), grain)
        done = zip(cut, self.both(work, cut, ("peaks", *work.args[1:])), strict=True)
        for (a, _), peaks in (*ahead, *done):
            found[a // PIECE : a // PIECE + peaks.size] = peaks
        self.curves[key] = found
        self._asked.add(key)
        return found


def sheets(turned: NDArray[np.intp], stale: Iterable[Span], n: int) -> NDArray[np.bool_]:
    """Which sheets of a file of n samples differ, by the pieces whose gain is another one, and where the mix is."""
    count = -(-n // SHEET)
    found = np.zeros(count, np.bool_)
    for edge in (-PIECE, 0, 2 * PIECE):  # a gain is reached by way of its neighbours
        found[np.clip((turned * PIECE + edge) // SHEET, 0, count - 1)] = True
    for a, b in aligned(stale, SHEET, n):
        found[a // SHEET : -(-b // SHEET)] = True
    return found


def spread(chosen: NDArray[np.bool_], n: int) -> tuple[Span, ...]:
    """Sheets as spans of samples."""
    return aligned(((sheet * SHEET, (sheet + 1) * SHEET) for sheet in np.flatnonzero(chosen).tolist()), 1, n)
