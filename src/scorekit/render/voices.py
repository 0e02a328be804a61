"""Notes cut from bodies: the body cache, and the clip one part plays in one section.

A body is what a patch renders once for (pitch, velocity layer, round, manner). A note is the first part of a body,
scaled by its velocity and faded at note-off. Timbres may be dear, then: they are paid per pitch and not per note. And of
pitched patches every fifth pitch is rendered; its neighbours are the same sound read up to two semitones up or down.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from scorekit.render import dsp
from scorekit.render.dsp import RATE, Samples
from scorekit.render.effects import FLAT, Tone, voiced
from scorekit.render.haze import hazy
from scorekit.render.patches.base import Patch, Take
from scorekit.render.strokes import Stroke as Stroke
from scorekit.render.strokes import forces, rounds, turns
from scorekit.stage import Sound

CHOKE = 0.008
"""Seconds in which a choked drum falls silent."""
NATURAL, LASTING = 4.0, 1e5
"""What a patch is asked for, in seconds: it rings as long as it rings, or is held for longer than anybody listens."""
_SHORTEST, _SPARE, _QUIET = 0.41, 0.014, 2e-5
"""Seconds of a body, at least: read two semitones lower, still all that a level hangs upon. Seconds that are rendered beyond
what is heard, for a patch to fade in."""
_LATE, _BITE = (0, 0, 80, 130, 50), 48
"""Samples of its attack that a plucked or struck note is without, by its number in a row of the same key: no two picks
bite alike, and rounds alone would come back every other note. Samples over which such a note is eased in."""
_LOOK = 4_096
"""Samples that are looked at together, from the end."""
_STAYS, _TEETH = 0.77, ((0.124, 0.62), (0.146, -0.67))
"""What stays of a sound when it is struck elsewhere, and what is added: by how many periods it is late, and how loud it is."""
_AHEAD = 64 << 20
"""Bytes of roots that are kept ahead of their turn."""


class Clip(Struct, frozen=True, eq=False):
    """What one part sounds like in one section: float32 (2, n) from sample ``start`` of the song."""

    start: int
    samples: Samples


class Body(Struct, frozen=True, eq=False):
    """A body as notes are cut from it: 16-bit samples (1, n) or (2, n), read-only, and what a step of them is worth."""

    samples: NDArray[np.int16]
    step: float

    def sound(self) -> Samples:
        """As float32 samples at the patch's output gain."""
        return self.samples * np.float32(self.step)


class Keeper(Protocol):
    """Where bodies outlive a run."""

    def load(self, patch: Patch, take: Take, tone: Tone) -> Body | None:
        """What was saved for these, if anything."""

    def save(self, patch: Patch, take: Take, tone: Tone, body: Body) -> None:
        """Keeps a body."""

    @property
    def lacking(self) -> bool:
        """Whether bodies were not there, or none are."""


# -- bodies ----------------------------------------------------------------------------------------------------------


class Order(NamedTuple):
    """A body that is wanted."""

    patch: Patch
    take: Take
    tone: Tone = FLAT


Key = tuple[str, Take, Tone]
Root = tuple[str, Take]
"""Name of a patch, and the take that is rendered."""
Sounded = tuple[float, Samples]
"""The seconds of a root that were asked for (0: all there is), and it."""


class Bodies:
    """Bodies rendered so far, the least recently used let go beyond ``limit`` bytes; ``keeper`` remembers the rest."""

    def __init__(self, limit_bytes: int = 256 << 20, keeper: Keeper | None = None) -> None:
        self.limit, self.size, self.keeper = limit_bytes, 0, keeper
        self._kept: OrderedDict[Key, Body] = OrderedDict()
        self._root: tuple[Root, Sounded] | None = None
        self._begun: dict[Root, Sounded] = {}

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def lacking(self) -> bool:
        """Whether many of what a song wants are likely to be nowhere yet."""
        return self.keeper is None or self.keeper.lacking

    def get(self, patch: Patch, take: Take, tone: Tone = FLAT) -> Body:
        """The body of a take, equalised, at the patch's output gain."""
        order = Order(patch, take, tone)
        body = self.found(order)
        if body is None:
            (body,) = self.made((order,))
            self.put(order, body)
        return body

    def found(self, order: Order) -> Body | None:
        """The body, when it is here or with the keeper."""
        key = (order.patch.name, order.take, order.tone)
        body = self._kept.get(key)
        if body is not None:
            self._kept.move_to_end(key)
            return body
        stored = self.keeper.load(*order) if self.keeper else None
        if stored is not None:
            self._keep(key, stored)
        return stored

    def put(self, order: Order, body: Body) -> None:
        """Takes a body in that was rendered, for the one that was here, and gives it to the keeper."""
        self._keep((order.patch.name, order.take, order.tone), body)
        if self.keeper:
            self.keeper.save(*order, body)

    def _keep(self, key: Key, body: Body) -> None:
        old = self._kept.pop(key, None)
        self._kept[key] = body
        self.size += body.samples.nbytes - (old.samples.nbytes if old else 0)
        while self.size > self.limit and len(self._kept) > 1:
            self.size -= self._kept.popitem(last=False)[1].samples.nbytes

    def begin(self, family: Iterable[Order]) -> bool:
        """Renders what bodies of a root are made of ahead of their turn, and keeps that until then; not when too much is
        kept."""
        if sum(sound.nbytes for _, sound in self._begun.values()) > _AHEAD:
            return False
        orders = tuple(family)
        self._begun[root_of(orders[0])] = sounded(orders[0], max(needed(*order) for order in orders))
        return True

    def made(self, family: Sequence[Order]) -> list[Body]:
        """Bodies of one root, rendered. What was rendered for others serves if it is long enough."""
        root, seconds = root_of(family[0]), max(needed(*order) for order in family)
        if self._root is None or self._root[0] != root or self._root[1][0] < seconds:
            begun = self._begun.pop(root, None)
            self._root = root, begun if begun and begun[0] >= seconds else sounded(family[0], seconds)
        struck: dict[int, Samples] = {}
        for patch, take, _ in family:
            if take.round not in struck:
                struck[take.round] = unsteady(patch, take, otherwise(patch, take, self._root[1][1]))
        return [prepared(p, struck[take.round], rooted(p, take)[1], tone, heard(p, take)) for p, take, tone in family]


def root_of(order: Order) -> Root:
    """What is rendered for a body, and for others too."""
    return order.patch.name, rooted(*order)[0]


def sounded(order: Order, seconds: float = 0.0) -> Sounded:
    """The root of a body, rendered as far as it is needed: a patch asked for less gives the first of the same samples."""
    take = rooted(*order)[0]
    return seconds, np.atleast_2d(order.patch.body(replace(take, cut=seconds) if seconds else take))


def needed(patch: Patch, take: Take, tone: Tone = FLAT) -> float:
    """Seconds of a root that a body needs, more where it is read higher; 0 where its root has a length of its own."""
    return 0.0 if _whole(patch, take) else take.seconds * _ratio(rooted(patch, take)[1]) + _SPARE


def rooted(patch: Patch, take: Take, tone: Tone = FLAT) -> tuple[Take, int]:
    """The take that is rendered for a take, and the semitones by which it is then shifted, two at most. All rounds of what is
    struck have one root; odd rounds of what is held stand on other roots, which is a different sound. Drums stand for
    themselves, and so does what is painted with its tone."""
    if patch.painted:
        return replace(take, tone=replace(tone, width=1.0), seconds=LASTING), 0
    if not patch.sustains:
        take = replace(take, seconds=NATURAL)
    elif not _whole(patch, take):
        take = replace(take, seconds=LASTING)
    take = replace(take, slow=patch.slow) if patch.slow > 1 else take
    if patch.oneshot or patch.measured or patch.family == "click":
        return take, 0
    other, turn = (take.round % 2, take.round // 2) if patch.sustains else (0, 0)
    root = (take.pitch + 2 - 2 * other) // 5 * 5 + 2 * other
    return replace(take, pitch=root, round=turn), take.pitch - root


def otherwise(patch: Patch, take: Take, x: Samples) -> Samples:
    """The root (..., n) of a take as its round has it: what is struck again is struck elsewhere, which is a comb of partials."""
    root = rooted(patch, take)[0]
    if patch.sustains or take.round == root.round:
        return x
    out, period = x * np.float32(_STAYS), take.round * RATE / root.slow / dsp.hertz(root.pitch)
    for periods, level in _TEETH:
        late = max(round(periods * period), 1)
        out[..., late:] += x[..., :-late] * np.float32(level)
    return out


def unsteady(patch: Patch, take: Take, x: Samples) -> Samples:
    """The same with the haze of its patch, which no two rounds share."""
    address = f"{patch.name}/{rooted(patch, take)[0].pitch}/{take.round}"
    return hazy(x, patch.haze, address, patch.slow) if patch.haze else x


def _whole(patch: Patch, take: Take) -> bool:
    """Whether a body is heard to its end."""
    return patch.oneshot or patch.measured or (patch.sustains and take.manner == "fall")


def _ratio(shift: int) -> float:
    """How much faster a root is read for a body some semitones higher."""
    return float(dsp.exp2(shift / 12.0))


def heard(patch: Patch, take: Take) -> float:
    """Seconds of a body that may be heard."""
    return math.inf if _whole(patch, take) else take.seconds


def prepared(patch: Patch, sound: Samples, shift: int, tone: Tone, seconds: float) -> Body:
    """A body as notes are cut from it: shifted, equalised, cut after so many seconds, or eased to silence at its end.

    Equalising here and not on the stem costs nothing per note, since filters and sums may be swapped. The step is a
    power of two, so that whatever is round stays round.
    """
    longest = 1 << 40 if seconds == math.inf else (int(dsp.samples(seconds) * _ratio(shift)) + 64) // patch.slow
    sound = trimmed(sound[:, :longest])
    whole = sound.shape[-1] < longest
    sound = voiced(sound, shift, Tone(width=tone.width) if patch.painted else tone, patch.slow)
    top = float(max(sound.max(initial=0.0), -sound.min(initial=0.0)))
    step = 2.0**-14
    while top > 32_767.0 * step:
        step *= 2.0
    while 0.0 < top <= 16_383.0 * step:
        step *= 0.5
    steps = sound * np.float32(1.0 / step)
    if whole and steps.shape[-1] > 2 * dsp.samples(CHOKE):
        dsp.faded_out(steps, CHOKE)
    data = np.rint(steps, out=steps).astype(np.int16)
    data.setflags(write=False)
    return Body(data, step * dsp.gain(patch.gain))


def trimmed(x: Samples) -> Samples:
    """x (..., n) without what lies after its last audible sample (-94 dB of its peak)."""
    quiet = _QUIET * float(max(x.max(initial=0.0), -x.min(initial=0.0)))
    for end in range(x.shape[-1], 0, -_LOOK):
        first = max(end - _LOOK, 0)
        loud = np.flatnonzero((np.abs(x[..., first:end]) > quiet).reshape(-1, end - first).any(axis=0))
        if loud.size:
            return x[..., : first + int(loud[-1]) + 1]
    return x[..., :1]


# -- notes -----------------------------------------------------------------------------------------------------------


class Cue(NamedTuple):
    """A note to be struck: from sample ``at``, ``full`` samples of a body, then a fade."""

    at: int
    full: int
    fade: int
    level: float
    take: Take
    late: int = 0
    """Samples of the body's beginning that are left out."""


@lru_cache(maxsize=1)
def loudness() -> tuple[float, ...]:
    """Gain of each velocity: (v / 127) ** 1.6, a range of some 40 dB as players use it."""
    return tuple(float(g) for g in dsp.power(np.maximum(np.arange(128), 0.5) / 127.0, 1.6))


def settings(patch: Patch, sound: Sound) -> tuple[tuple[str, float], ...]:
    """Every parameter of a patch, as the sound sets it or as the patch has it."""
    chosen = dict(sound.params)
    return tuple((param.name, float(chosen.get(param.name, param.default))) for param in patch.params)


def held(seconds: float) -> float:
    """The length of a body for so long a note: the least there is, and a third of an octave longer until it is long enough."""
    lengths = (round(_SHORTEST * 2.0**whole * step, 4) for whole in range(20) for step in (1.0, 1.26, 1.5874))
    return next(length for length in lengths if length >= seconds)


def takes(patch: Patch, sound: Sound, strokes: Sequence[Stroke], rows: Sequence[int]) -> list[Take]:
    """The body each stroke is cut from, whose numbers in a row are given. One length, what the longest needs, serves all strokes
    of a kind; only what ends with its note, a fall or a riser, has its own."""
    params, layers, longest = settings(patch, sound), max(patch.layers, 1), dict[tuple[int, int, int, str, int], int]()
    if patch.manners is not None:
        strokes = [s if s.manner in patch.manners else s._replace(manner="") for s in strokes]
    keys, chosen = [], forces(layers, strokes)
    for stroke, turn, layer in zip(strokes, rounds(patch, strokes, chosen, rows), chosen, strict=True):
        own = -(-stroke.length // 1_378) if patch.measured or (patch.sustains and stroke.manner == "fall") else 0
        key = (stroke.pitch, layer, turn, stroke.manner, own)
        longest[key] = max(longest.get(key, 0), stroke.length)
        keys.append(key)
    made = {key: _take(patch, key, length, layers, params) for key, length in longest.items()}
    return [made[key] for key in keys]


def _take(
    patch: Patch, key: tuple[int, int, int, str, int], length: int, layers: int, params: tuple[tuple[str, float], ...]
) -> Take:
    pitch, layer, turn, manner, own = key
    long = length / RATE + patch.release
    seconds = NATURAL if patch.oneshot else own / 32.0 if own else held(long)
    return Take(pitch, round((layer + 0.7) / layers, 6), turn, seconds, manner, params)


def silences(patch: Patch, strokes: Sequence[Stroke]) -> list[int | None]:
    """The sample at which each stroke is choked by a later one, or None."""
    rows = [(frozenset((pitch,)), frozenset(stops)) for pitch, stops in patch.chokes]
    ends: list[int | None] = [None] * len(strokes)
    for choked, stops in rows:
        near = far = None
        for index in range(len(strokes) - 1, -1, -1):
            at, pitch = strokes[index].at, strokes[index].pitch
            if pitch in choked:
                ends[index] = near if near is None or near > at else far
            if pitch in stops and (near is None or at < near):
                near, far = at, near
    return ends


def hushes(patch: Patch, strokes: Sequence[Stroke], after: Sequence[Stroke]) -> list[Stroke]:
    """Strokes of velocity 0 that carry the chokes of the section after into this one: the first of each kind."""
    choked = {pitch for pitch, _ in patch.chokes} & {stroke.pitch for stroke in strokes}
    rows = [next((s for s in after if s.pitch in stops), None) for pitch, stops in patch.chokes if pitch in choked]
    return sorted({row._replace(velocity=0, length=1, manner="") for row in rows if row})


def cues(patch: Patch, sound: Sound, strokes: Sequence[Stroke]) -> list[Cue]:
    """What is to be struck for some strokes, in their order; silent ones are left out."""
    release, choke, rows = max(dsp.samples(patch.release), 1), dsp.samples(CHOKE), []
    bites = not (patch.sustains or patch.oneshot or patch.family == "click")
    loud, numbers = loudness(), turns(patch, strokes)
    chosen = zip(strokes, takes(patch, sound, strokes, numbers), silences(patch, strokes), numbers, strict=True)
    for stroke, take, end, number in chosen:
        if stroke.velocity > 0:
            full = end - stroke.at if end is not None else 1 << 40 if patch.oneshot else stroke.length
            late = _LATE[number % len(_LATE)] if bites else 0
            rows.append(Cue(stroke.at, full, release if end is None else choke, loud[stroke.velocity], take, late))
    return rows


@lru_cache(maxsize=64)
def _release(n: int) -> Samples:
    """A fade of n samples: the square of a raised cosine, quick at first and smooth at both ends."""
    ease = 1.0 - dsp.eased(n)
    fade = dsp.f32(ease * ease)
    fade.setflags(write=False)
    return fade


@lru_cache(maxsize=1)
def _rise() -> Samples:
    """The way in of a note that lacks its first samples."""
    rise = dsp.f32(dsp.eased(_BITE))
    rise.setflags(write=False)
    return rise


def strike(into: Samples, start: int, body: Body, cue: Cue, scratch: Samples) -> None:
    """Add what of a note falls into a stretch (1 or 2, n) of the song that begins at sample ``start``."""
    data, (at, full, fade, loud, _, late) = body.samples[:, cue.late :], cue
    end = start + into.shape[-1]
    level = np.float32(loud * body.step)
    last = at + data.shape[-1]
    a, b = max(at, start), min(at + full + fade, last, end)
    if b <= a:
        return
    part = scratch[: len(data), : b - a]
    np.copyto(part, data[:, a - at : b - at])
    part *= level
    if late and a < at + _BITE:
        begun = part[:, : at + _BITE - a]
        begun *= _rise()[a - at : a - at + begun.shape[-1]]
    gone = max(at + full, a)
    if b > gone:
        part[:, gone - a :] *= _release(fade)[gone - at - full : b - at - full]
    into[:, a - start : b - start] += part


def clip(patch: Patch, sound: Sound, strokes: Sequence[Stroke], bodies: Bodies, tone: Tone = FLAT) -> Clip:
    """All strokes of a part in a section, in the order given, as one Clip from the first onset to the last sound.

    The samples depend on distances between strokes only, so a repeated section gives the same clip elsewhere.
    """
    rows = cues(patch, sound, strokes)
    if not rows:
        return Clip(0, np.zeros((2, 0), np.float32))
    cut = {take: bodies.get(patch, take, tone) for take in {cue.take: None for cue in rows}}
    start = min(cue.at for cue in rows)
    end = max(cue.at + min(cue.full + cue.fade, cut[cue.take].samples.shape[-1]) for cue in rows)
    out = np.zeros((2, end - start), np.float32)
    scratch = np.empty_like(out)
    for cue in rows:
        strike(out, start, cut[cue.take], cue, scratch)
    return Clip(start, out)
