"""Upbeats: tones that lead into an idea before its first bar begins, its own, and so the same whenever it returns, where they need
not leap from what was sung before."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from scorekit import theory
from scorekit.ensemble.grid import eighths
from scorekit.ensemble.melody import Setting
from scorekit.ensemble.motifs import Tone
from scorekit.seeds import Seed
from scorekit.timebase import PPQ, Tick

READY = 2.0
"""How many ideas have an upbeat, by the genre's chance of a pickup."""
COUNTS = ((1, 0.25), (2, 0.4), (3, 0.35))
"""Tones of an upbeat, and how common they are."""
WAYS = (("up", 0.55), ("down", 0.2), ("same", 0.1), ("fourth", 0.15))
"""How an upbeat goes: by step from below or above, on the tone it leads to, or from the fourth below."""
AIR = PPQ * 3 // 4
"""Ticks of silence before an upbeat that begins a phrase."""
FAR = 7
"""Semitones over which an upbeat does not leap from what was sung where it need not."""
BREATHES = 0.55
"""How many upbeats have a breath before them; the others go on from what was sung."""


class Upbeat(Struct, frozen=True):
    """An idea's upbeat: how many tones, which way, whether a breath comes before."""

    count: int
    way: str
    breathes: bool


def upbeat_of(setting: Setting, seed: Seed) -> Upbeat | None:
    """The upbeat of an idea, drawn with it; None where it has none."""
    if setting.kind not in ("hook", "lead") or not seed.chance("upbeat", min(0.75, READY * setting.ideas.pickup)):
        return None
    count = seed.choose("upbeat/count", [n for n, _ in COUNTS], [weight for _, weight in COUNTS])
    way = seed.choose("upbeat/way", [name for name, _ in WAYS], [weight for _, weight in WAYS])
    return Upbeat(count, way, seed.chance("upbeat/breath", BREATHES))


def led(setting: Setting, line: Sequence[Tone], unit: Sequence[Tone], start: Tick, upbeat: Upbeat) -> list[Tone]:
    """A line with an upbeat into a unit that begins at a bar line: what was sung there gives way to it, as far as a breath
    before it needs; it stays as it was where that would cost more than three tones."""
    section, first = setting.section, unit[0]
    if not line or not start <= first.start <= start + PPQ:
        return list(line)
    for count in range(upbeat.count, 0, -1):
        places = eighths(section, start - 2 * PPQ, start)[-count:]
        free = places[0] - (AIR if upbeat.breathes else 0)
        kept = [t for t in line if t.start <= free - PPQ // 2]
        if not kept or len(line) - len(kept) > 3:
            continue
        kept[-1] = replace(kept[-1], length=min(kept[-1].length, free - kept[-1].start))
        ends = [*places, first.start if first.start <= start + PPQ // 2 else start + PPQ // 2][1:]
        pitches = _nearest(setting, first.pitch, count, upbeat.way, max(t.pitch for t in unit), kept[-1].pitch)
        spans = zip(places, ends, pitches, strict=True)
        return [*kept, *(Tone(at, end - at, p, "s", "upbeat of the idea", first.cell) for at, end, p in spans)]
    return list(line)


def _nearest(setting: Setting, goal: int, count: int, way: str, top: int, before: int) -> list[int]:
    """The tones of an upbeat that goes its way, but where that would leap by more than a fifth from what was sung before and
    another does not: then that other."""
    ways = [_pitches(setting, goal, count, name, top) for name in (way, "up", "down", "same")]
    return next((found for found in ways if abs(found[0] - before) <= FAR), ways[0])


def _pitches(setting: Setting, goal: int, count: int, way: str, top: int) -> list[int]:
    """The tones of an upbeat to a pitch, within the voice and under the top of what it leads to."""
    ladder = ladder_of(setting.section.key.tonic, setting.ideas.scale or setting.section.key.mode)
    if way == "same":
        return [goal] * count
    if way == "fourth" and goal - 5 >= setting.low:
        return [climbed(goal, -3, ladder)] * count
    sign = 1 if way == "down" and climbed(goal, count, ladder) < top else -1
    sign = -sign if climbed(goal, sign * count, ladder) < setting.low else sign
    return [climbed(goal, sign * n, ladder) for n in range(count, 0, -1)]


@lru_cache(maxsize=256)
def ladder_of(tonic: int, mode: str) -> tuple[int, ...]:
    """Every pitch of a scale."""
    return theory.scale_pitches(tonic, mode)


def climbed(pitch: int, steps: int, ladder: Sequence[int]) -> int:
    """A pitch moved by scale steps, keeping its chromatic distance from the scale."""
    near = bisect_left(ladder, pitch)
    if near == len(ladder) or (near and pitch - ladder[near - 1] <= ladder[near] - pitch):
        near -= 1
    return ladder[min(max(near + steps, 0), len(ladder) - 1)] + pitch - ladder[near]
