"""Patterns laid onto the bars of a section, whatever its meter."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from scorekit.ideas import Hit, Pattern
from scorekit.score import Section
from scorekit.timebase import PPQ, Meter, Tick

_BEATS = {1: (0,), 2: (0, 1), 3: (0, 1, 3), 4: (0, 1, 2, 3), 5: (0, 1, 3, 0, 3)}
"""Which beats of a four-beat pattern fill a bar of so many beats: waltz is one-two-four, five is a waltz bar and a bar of two."""


class Stroke(Struct, frozen=True):
    """A hit of a pattern at its place in a bar: ticks from the bar line, length in ticks."""

    at: Tick
    length: Tick
    mark: str
    chance: float
    index: int
    """Number of the hit in its pattern, to pair it with a degree."""


def source_beats(meter: Meter, beats: int) -> tuple[tuple[Tick, Tick, int], ...]:
    """How a bar is filled from a pattern of so many beats: (start, length, beat of the pattern) of each felt beat.

    Odd meters in eighths are filled as quarters with the last one cut: 7/8 is 4/4 without its last eighth.
    """
    if meter.compound or meter.unit <= 4:
        lengths = list(meter.pulses)
    else:
        whole, rest = divmod(meter.bar, PPQ)
        lengths = [PPQ] * whole + [rest] * (rest > 0)
    plan = _BEATS.get(len(lengths)) if beats == 4 and meter.bar % PPQ == 0 else None
    order = plan or tuple(i % beats for i in range(len(lengths)))
    spans, at = [], 0
    for length, beat in zip(lengths, order, strict=True):
        spans.append((at, length, beat))
        at += length
    return tuple(spans)


def _spread(offset: Tick, length: Tick, pulse: Tick, triplets: bool) -> tuple[tuple[Tick, Tick], ...]:
    """A hit inside a quarter note carried into a beat of another length: (offset, length) of each copy."""
    if pulse == PPQ:
        return ((offset, length),)
    if pulse != PPQ * 3 // 2:
        return ((offset, min(length, pulse - offset)),) if offset < pulse else ()
    if triplets:
        return ((offset * 3 // 2, length * 3 // 2),)
    eighth = PPQ // 2
    if offset == eighth:
        return ((eighth, min(length, eighth)), (2 * eighth, min(length, eighth)))
    return ((offset if offset < eighth else offset + eighth, length if offset else length * 3 // 2),)


@lru_cache(maxsize=4096)
def strokes(pattern: Pattern, meter: Meter, grid: int, bar: int) -> tuple[Stroke, ...]:
    """What a pattern plays in bar number ``bar`` of a section (patterns repeat), folded into the meter.

    ``grid`` is the number of steps per quarter note. A note held over the bar line keeps its length in the pattern's own
    meter; folded into another it ends with the bar.
    """
    step = PPQ // grid
    first = (bar % pattern.bars) * pattern.per_bar
    inside = [(n, hit) for n, hit in enumerate(pattern.hits) if first <= hit.step < first + pattern.per_bar]
    if pattern.per_bar * step == meter.bar and not meter.compound:
        placed = [_stroke((hit.step - first) * step, hit.length * step, hit, n) for n, hit in inside]
    else:
        placed = [_clip(s, meter.bar) for s in _folded(inside, first, meter, grid, pattern.per_bar)]
    return tuple(sorted(placed, key=lambda s: (s.at, s.index)))


def _stroke(at: Tick, length: Tick, hit: Hit, index: int) -> Stroke:
    return Stroke(at, length, hit.mark, hit.chance, index)


def _clip(stroke: Stroke, bar: Tick) -> Stroke:
    return Stroke(stroke.at, min(stroke.length, bar - stroke.at), stroke.mark, stroke.chance, stroke.index)


def _folded(inside: list[tuple[int, Hit]], first: int, meter: Meter, grid: int, per_bar: int) -> list[Stroke]:
    step, placed = PPQ // grid, []
    for start, pulse, beat in source_beats(meter, max(1, per_bar // grid)):
        for n, hit in inside:
            where = hit.step - first
            if where // grid == beat:
                for offset, length in _spread(where % grid * step, hit.length * step, pulse, grid == 3):
                    placed.append(_stroke(start + offset, length, hit, n))
    return placed


def fill_strokes(pattern: Pattern, meter: Meter, grid: int, beats: int) -> tuple[Stroke, ...]:
    """A fill of so many beats at the end of a bar: strokes from the bar line, the first ones cut if the bar is shorter."""
    pulses = meter.pulses
    used = pulses[-min(beats, len(pulses)) :]
    skipped = beats - len(used)
    at, placed = meter.bar - sum(used), []
    step = PPQ // grid
    for number, pulse in enumerate(used, start=skipped):
        for n, hit in enumerate(pattern.hits):
            if hit.step // grid == number:
                for offset, length in _spread(hit.step % grid * step, hit.length * step, pulse, grid == 3):
                    placed.append(_stroke(at + offset, length, hit, n))
        at += pulse
    return tuple(_clip(s, meter.bar) for s in sorted(placed, key=lambda s: (s.at, s.index)))


def offbeat(section: Section) -> Tick:
    """How far into a quarter its second eighth lies: two thirds in triplets, half elsewhere and in dotted beats."""
    return PPQ * 2 // 3 if section.grid % 3 == 0 and not section.meter.compound else PPQ // 2


def early(section: Section) -> Tick:
    """How far before a beat the eighth before it lies: what a push or an anticipation comes early by."""
    return PPQ - offbeat(section)


def next_eighth(section: Section, tick: Tick) -> Tick:
    """The first eighth at or after a tick."""
    beat, at = divmod(tick, PPQ)
    half = offbeat(section)
    return beat * PPQ + (0 if at == 0 else half if at <= half else PPQ)


def eighths(section: Section, start: Tick, end: Tick) -> tuple[Tick, ...]:
    """The eighths from a tick on, itself first, up to another: swung where the section is in triplets."""
    out = [start] if start < end else []
    while out and (after := next_eighth(section, out[-1] + 1)) < end:
        out.append(after)
    return tuple(out)


def bars(section: Section) -> range:
    """The bar numbers of a section, from 0."""
    return range(section.bars)
