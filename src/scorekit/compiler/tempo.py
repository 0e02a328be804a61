"""Tempo: which, and the map of its changes; each number rounded once to whole microseconds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from scorekit.compiler.genres import GenreTempo
from scorekit.compiler.strings import SectionToken
from scorekit.compiler.tables import Change
from scorekit.score import Claim, Decision, Section
from scorekit.seeds import Seed
from scorekit.timebase import TempoMap, Tick, microseconds

_RITARD_END, _RITARD_Q = 0.6, 3.0
_INNER_END = 0.72
"""Tempo reached by a ritardando inside the song, as a share: the next section is back in tempo."""


class Pace(Struct, frozen=True):
    """The tempo of a song before it is laid over bars."""

    bpm: float
    end: float | None = None
    """Tempo reached at the end, for a ramp over the whole song."""
    steps: tuple[tuple[int, float], ...] = ()
    """(bar from 1, bpm)."""
    fixed: bool = False
    """The song asked for it: it never bends."""


def drawn(genre: GenreTempo, lean: float, seed: Seed) -> float:
    """A tempo of the genre: anywhere up to 1.6 sd from its mean, inside its bounds, snapped to its grid.

    ``lean`` is added to the mean first (the model's bias), in quarter notes a minute.
    """
    spread = 3.2 * seed.unit("tempo") - 1.6
    bpm = min(genre.max, max(genre.min, genre.mean + lean + genre.sd * spread))
    snap = genre.grid_snap or 1.0
    return min(genre.max, max(genre.min, round(bpm / snap) * snap))


def asked(tempo: object) -> Pace | None:
    """The song's own tempo, if it has one."""
    if tempo is None:
        return None
    if isinstance(tempo, Change):
        start = tempo.start or (tempo.dotted * 1.5 if tempo.dotted else None) or tempo.end or 120.0
        return Pace(start, tempo.end, fixed=True)
    if isinstance(tempo, (int, float)):
        return Pace(float(tempo), fixed=True)
    steps = tuple(sorted((bar, float(bpm)) for bar, bpm in tempo))  # type: ignore[attr-defined]
    return Pace(steps[0][1], None, steps, fixed=True)


def felt(tokens: tuple[SectionToken, ...], pace: Pace, genre: GenreTempo) -> tuple[SectionToken, ...]:
    """Sections in half time where the song is too fast for the genre and half of it would do; in double time the other way."""
    flag = feel_of(pace, genre)
    if not flag:
        return tokens
    return tuple(t if t.flags & {"half", "double"} else replace(t, flags=t.flags | {flag}) for t in tokens)


def feel_of(pace: Pace, genre: GenreTempo) -> str:
    """half, double, or nothing."""
    if not pace.fixed or genre.min <= pace.bpm <= genre.max:
        return ""
    if genre.half_time_ok and genre.min <= pace.bpm / 2 <= genre.max:
        return "half"
    return "double" if genre.double_time_ok and genre.min <= pace.bpm * 2 <= genre.max else ""


def claims(pace: Pace, genre: GenreTempo, lean: float) -> tuple[Decision, ...]:
    """T1 when the song's tempo lies outside the genre's, T2 when the model leans away by more than 1.5 sd."""
    found = []
    if pace.fixed and not genre.min <= pace.bpm <= genre.max:
        sides = (Claim("song", f"{pace.bpm:g}", 1.0), Claim("genre", f"{genre.min:g} to {genre.max:g}", 0.5))
        feel = feel_of(pace, genre)
        chosen = f"{pace.bpm:g}" + (f", played in {feel} time" if feel else "")
        found.append(Decision("T1", "tempo", "song", sides, chosen, "a number in the song comes before the genre"))
    if lean and not pace.fixed and abs(lean) > 1.5 * genre.sd:
        sides = (Claim("model", f"{lean:+g}", 0.5), Claim("genre", f"{genre.mean:g} ± {genre.sd:g}", 0.5))
        found.append(
            Decision("T2", "tempo", "song", sides, f"{pace.bpm:g}", "the model leans, inside the genre's bounds")
        )
    return tuple(found)


def laid(
    pace: Pace,
    sections: Sequence[tuple[Section, Tick]],
    local: Sequence[tuple[float, float] | None],
    slow: int,
    hit: Tick,
) -> TempoMap:
    """The tempo map over sections at their ticks.

    ``local`` has (start, end) bpm for sections with a tempo of their own. Ramps move at every beat. The ending slows
    over so many bars (``slow``) up to the bar of its last stroke, at ``hit``; a ritardando the song asks for slows its own
    bars, whatever the ending.
    """
    end = sections[-1][1] + sections[-1][0].length
    changes: dict[Tick, float] = {}
    bar_number = 1
    for (section, start), own in zip(sections, local, strict=True):
        for bar in range(section.bars):
            for onset in section.meter.onsets:
                tick = start + bar * section.meter.bar + onset
                if own:
                    changes[tick] = own[0] + (own[1] - own[0]) * (tick - start) / section.length
                else:
                    changes[tick] = general(pace, tick, end, bar_number)
            bar_number += 1
    asked = [
        (start + i.tick, start + i.tick + i.length)
        for section, start in sections
        for i in section.intents
        if i.kind == "ritardando"
    ]
    bar = sections[-1][0].meter.bar
    final = hit - (hit - end) % bar
    if slow and not any(stop > sections[-1][1] for _, stop in asked):
        asked.append((max(sections[-1][1], final - slow * bar), final))
    for first, stop in asked:
        changes |= slowing(changes, first, stop, end if stop in (final, end - bar) else stop)
    return squeezed(changes)


def general(pace: Pace, tick: Tick, end: Tick, bar: int) -> float:
    """The song's tempo at a tick in a bar."""
    if pace.steps:
        return pace.steps[max(0, bisect_right(pace.steps, bar, key=lambda step: step[0]) - 1)][1]
    if pace.end is not None:
        return pace.bpm + (pace.end - pace.bpm) * tick / end
    return pace.bpm


def slowing(changes: dict[Tick, float], first: Tick, stop: Tick, until: Tick) -> dict[Tick, float]:
    """The beats of a ritardando between two ticks, and those up to ``until``, which stay where it arrived: the last hit.

    v(x) = (1 + (v_end^q - 1) x)^(1/q) with q 3 (Friberg and Sundberg 1999).
    """
    arrives = _RITARD_END if until > stop else _INNER_END
    slowed = {}
    for tick, bpm in changes.items():
        if first <= tick < until:
            x = min(1.0, (tick - first) / max(1, stop - first))
            slowed[tick] = bpm * (1 + (arrives**_RITARD_Q - 1) * x) ** (1 / _RITARD_Q)
    return slowed


def squeezed(changes: dict[Tick, float]) -> TempoMap:
    """Only the changes that change something, in whole microseconds."""
    kept: list[tuple[Tick, int]] = []
    for tick in sorted(changes):
        tempo = microseconds(changes[tick])
        if not kept or kept[-1][1] != tempo:
            kept.append((tick, tempo))
    return TempoMap(tuple(kept))
