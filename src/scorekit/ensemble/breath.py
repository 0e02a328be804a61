"""Where a tune breathes: one tone at a time, short rests sung over, a breath in every eight bars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from msgspec.structs import replace

from scorekit.ensemble.melody import Setting
from scorekit.ensemble.motifs import Tone
from scorekit.timebase import PPQ

CARRY, OVER = 0.78, 0.5
"""How often a rest inside a phrase is sung over, and one at the line between two."""


def monophonic(tones: Sequence[Tone]) -> tuple[Tone, ...]:
    """In order, one tone at a time: a tone ends where the next begins; of two on one tick the first written stays."""
    ordered = sorted(tones, key=lambda t: t.start)
    single = [t for n, t in enumerate(ordered) if n == 0 or t.start > ordered[n - 1].start]
    ends = [*(t.start for t in single), 1 << 60][1:]
    lengths = [max(1, min(t.length, end - t.start)) for t, end in zip(single, ends, strict=True)]
    return tuple([t if t.length == n else replace(t, length=n) for t, n in zip(single, lengths, strict=True)])


def carried(setting: Setting, line: Sequence[Tone]) -> tuple[Tone, ...]:
    """The line with most of the short rests inside its four-bar phrases sung over, and some between two: half a beat is left
    to breathe, and one rest in eight bars."""
    phrase, out = 4 * setting.section.meter.bar, list(line)
    rests = [n for n, (tone, after) in enumerate(pairwise(line)) if after.start - tone.end >= PPQ * 3 // 4]
    left = Counter(line[n].start // (2 * phrase) for n in rests)
    for n in rests:
        tone, after = line[n], line[n + 1]
        same, near = tone.start // phrase == (after.start + PPQ) // phrase, after.start - tone.end <= 5 * PPQ // 2
        held, block = after.start - PPQ // 2 - tone.start, tone.start // (2 * phrase)
        odds = CARRY if same else OVER
        if near and held <= 4 * PPQ and left[block] > 1 and setting.seed.chance(f"carry/{tone.start}", odds):
            out[n], left[block] = replace(tone, length=held), left[block] - 1
    return tuple(out)


def breathing(setting: Setting, line: Sequence[Tone]) -> tuple[Tone, ...]:
    """The line with a breath in every eight bars: where there is none, the longest tone, the last of several, lets go early."""
    phrase, out, air = 8 * setting.section.meter.bar, list(line), PPQ * 3 // 4
    ends = [*(t.start for t in out), setting.section.length][1:]
    for block in range(0, setting.section.length, phrase):
        inside = [n for n, t in enumerate(out) if block <= t.start < block + phrase]
        if len(inside) > 3 and all(ends[n] - out[n].end < air for n in inside):
            n = max(inside, key=lambda n: (out[n].length, n))
            out[n] = replace(out[n], length=max(PPQ // 4, ends[n] - air - out[n].start))
    return tuple(out)
