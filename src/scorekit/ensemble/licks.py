"""Licks: what a guitar says between the singer's lines, two strings in sixths that come to rest on the chord."""

from __future__ import annotations

from scorekit import theory
from scorekit.ensemble.grid import eighths, next_eighth
from scorekit.ensemble.playing import Tune, home
from scorekit.score import Brief
from scorekit.timebase import PPQ, Tick

SHAPES = ((1, 0), (2, 1, 0), (-2, -1, 0), (2, 1, -1, 0), (3, 2, 1, 0), (0, 1, 2, 1, 0))
"""Scale steps from the goal at which the tones of a lick lie."""
SIXTH = 5
"""Scale steps between the two strings."""

Lick = tuple[tuple[Tick, Tick, tuple[int, int]], ...]
"""(start, length, low and high pitch) of each stroke."""


def licks(brief: Brief, odds: float, heard: Tune) -> tuple[Lick, ...]:
    """The licks of a section, at most one wherever the tune holds or rests for two beats and more over one chord, from a beat
    after its last tone began: the same wherever the section returns, silent where the band says its riff, where the song ends,
    behind a soloist and where somebody replies to the tune."""
    section, found = brief.section, list[Lick]()
    if brief.section.melody not in ("lead", "hook") or brief.ending or brief.lane.answers or not odds:
        return ()
    ends = [*(note.start for note in heard.notes), section.length][1:]
    for note, end in zip(heard.notes, ends, strict=False):
        start = next_eighth(section, note.start + min(note.length, PPQ))
        place = home(brief).at("lick", start % (8 * section.meter.bar))
        ticks = [t for t in eighths(section, start, end - PPQ // 2) if t < start + 3 * PPQ]
        able = [shape for shape in SHAPES if len(shape) <= len(ticks)]
        same = end - start >= 3 * PPQ // 2 and section.chord_at(start) == section.chord_at(end - 1)
        shared = brief.riff is not None and brief.riff.here(brief.part, start, section.meter.bar)
        if able and same and not shared and place.chance("answers", odds):
            found.append(_lick(brief, ticks, place.choose("shape", able), end))
    return tuple(lick for lick in found if lick)


def _lick(brief: Brief, ticks: list[Tick], shape: tuple[int, ...], end: Tick) -> Lick:
    """A shape on the last chord tone it can rest on near the top of the lane; nothing where the lane has no room for it."""
    section, lane = brief.section, brief.lane
    chord = section.chord_at(ticks[0])
    scale = theory.chord_scale(chord.root, chord.quality, section.key.tonic, section.key.mode)
    ladder = [p for p in range(lane.low, lane.high + 1) if p % 12 in scale]
    core = theory.core_classes(chord.root, chord.quality)
    goals = [
        n
        for n, pitch in enumerate(ladder)
        if n + min(shape) >= SIXTH
        and n + max(shape) < len(ladder)
        and {pitch % 12, ladder[n - SIXTH] % 12} <= set(core)
    ]
    if not goals:
        return ()
    stops = [*ticks[1 : len(shape)], min(end, ticks[len(shape) - 1] + 2 * PPQ)]
    return tuple(
        (at, stop - at, (ladder[goals[-1] + step - SIXTH], ladder[goals[-1] + step]))
        for at, stop, step in zip(ticks, stops, shape, strict=False)
    )
