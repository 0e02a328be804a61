"""Strokes of a part in a section: what each of them is among its like, which decides what body it is cut from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from functools import lru_cache
from typing import NamedTuple

from scorekit.render import dsp
from scorekit.render.patches.base import Patch

_AGAIN, _AGAIN_DRUM = 0.6, 2.5
"""Seconds within which the same key sounds like a machine gun, unless another round-robin answers."""
_NEAR = 8
"""Steps of velocity between which nobody hears another colour."""
_FEW = 16
"""Strokes of a kind for which there is one more round-robin of it in a section."""


class Stroke(NamedTuple):
    """A note in samples of the song. One of velocity 0 is not heard; it only chokes what it would have choked."""

    at: int
    length: int
    pitch: int
    velocity: int
    manner: str = ""


def turns(patch: Patch, strokes: Sequence[Stroke], kinds: Sequence[Hashable] = ()) -> list[int]:
    """The number of each stroke in a row of the same key, or of the same kind: one more when it comes again soon, else 0."""
    soon = dsp.samples(_AGAIN_DRUM if patch.oneshot else _AGAIN)
    last: dict[Hashable, tuple[int, int]] = {}
    chosen = []
    for stroke, kind in zip(strokes, kinds or [stroke.pitch for stroke in strokes], strict=True):
        turn, before = last.get(kind, (-1, stroke.at))
        turn = turn + 1 if stroke.at - before < soon else 0
        last[kind] = (turn, stroke.at)
        chosen.append(turn)
    return chosen


def rounds(patch: Patch, strokes: Sequence[Stroke], layers: Sequence[int], rows: Sequence[int]) -> list[int]:
    """The round-robin of each stroke, whose layers and numbers in a row are given. Drums take turns among those of a kind, of
    which two are enough where there are few: what lies between them hides that they come back."""
    most = max(patch.rounds, 1)
    if not patch.oneshot:
        return [turn % most for turn in rows]
    kinds = [(stroke.pitch, layer, stroke.manner) for stroke, layer in zip(strokes, layers, strict=True)]
    often = Counter(kind for kind, stroke in zip(kinds, strokes, strict=True) if stroke.velocity > 0)
    numbers = zip(turns(patch, strokes, kinds), kinds, strict=True)
    return [turn % min(2 + often[kind] // _FEW, most) for turn, kind in numbers]


def forces(layers: int, strokes: Sequence[Stroke]) -> list[int]:
    """The velocity layer of each stroke: that of its velocity, or one that is less than ``_NEAR`` away if others of its kind
    are there and none is well within its own. So strokes of nearly one force, on both sides of a line nobody hears, sound
    alike; and they share a body."""

    bands = [_bands(layers)[s.velocity] for s in strokes]
    places = [(s.pitch, s.manner, layer) for s, (layer, _, _) in zip(strokes, bands, strict=True)]
    struck = [
        (place, low, high) for place, s, (_, low, high) in zip(places, strokes, bands, strict=True) if s.velocity > 0
    ]
    crowd = Counter(place for place, _, _ in struck)
    sure = {place for place, low, high in struck if low == high}
    chosen = []
    for own, (layer, low, high) in zip(places, bands, strict=True):
        other = (*own[:2], low + high - layer)
        elsewhere = low < high and own not in sure and (other in sure, crowd[other]) > (False, crowd[own])
        chosen.append(other[2] if elsewhere else layer)
    return chosen


@lru_cache(maxsize=16)
def _bands(layers: int) -> tuple[tuple[int, int, int], ...]:
    """Of each velocity its layer, and those of velocities ``_NEAR`` below and above it."""
    of = [min(max(velocity, 0) * layers // 128, layers - 1) for velocity in range(-_NEAR, 128 + _NEAR)]
    return tuple(zip(of[_NEAR:-_NEAR], of[: -2 * _NEAR], of[2 * _NEAR :], strict=True))
