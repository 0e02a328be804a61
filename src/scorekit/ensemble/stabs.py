"""Strokes of a comper, whoever struck on them: led over, trimmed, struck again where the harmony changes, and what the whole
band does."""

from __future__ import annotations

from bisect import bisect_right
from sys import maxsize

from msgspec import Struct
from msgspec.structs import replace

from scorekit.ensemble import intents
from scorekit.ensemble.grid import offbeat
from scorekit.ensemble.playing import changes, pulse_at
from scorekit.score import Brief
from scorekit.seeds import Seed
from scorekit.timebase import PPQ, Tick


class Stab(Struct, frozen=True):
    """One stroke: ticks from the start of the section, its mark, and the tick whose chord it sounds."""

    at: Tick
    length: Tick
    mark: str
    sounds: Tick
    path: str
    idea: str
    held: bool = False
    """Written to be held (``-``)."""
    family: str = ""
    """The voicing family its cell asks for."""
    tone: str = ""
    """The degrees its cell gives it (see CompCell); its chord when empty."""


def lifted(brief: Brief, found: list[Stab]) -> list[Stab]:
    """Where no drummer leads over: a stroke on the last beat, and one after it that grows into the next section; the first
    alone where slow music has a chord a bar."""
    section = brief.section
    drumless = "nodrums" in section.flags and brief.seam.next_chord is not None
    if not drumless or not found or section.bars < 2 or not brief.seed.chance("lift", 0.85):
        return found
    beat = section.length - pulse_at(section, section.length - 1)
    ticks = [t for t in (beat, beat + offbeat(section)) if t < section.length]
    ticks = ticks[:1] if brief.band == "slow" and len(found) < 2 * section.bars else ticks
    marks = "sx"[-len(ticks) :]
    led = [Stab(t, PPQ // 2, m, t, found[-1].path, "leads over") for t, m in zip(ticks, marks, strict=True)]
    return [*(s for s in found if s.at < ticks[0]), *led]


def trimmed(found: list[Stab], end: Tick) -> list[Stab]:
    """In order, one stroke a tick, none sounding into the next."""
    inside = sorted({s.at: s for s in found if 0 <= s.at < end}.values(), key=lambda s: s.at)
    ends = [*(s.at for s in inside), end][1:]
    return [
        s if s.at + s.length <= until else replace(s, length=until - s.at)
        for s, until in zip(inside, ends, strict=True)
    ]


def restruck(brief: Brief, found: list[Stab]) -> list[Stab]:
    """Strokes that sound into another chord end there, and held ones are struck again on it; those a sixteenth or less
    before it anticipate it."""
    starts = [*(chord.start for chord in changes(brief.section)), maxsize]
    result: list[Stab] = []
    for s in found:
        while (cut := starts[bisect_right(starts, max(s.at, s.sounds))]) < s.at + s.length:
            if cut - s.at <= PPQ // 4:
                s = replace(s, sounds=cut)
                continue
            result.append(replace(s, length=cut - s.at))
            s = replace(s, at=cut, sounds=cut, length=s.at + s.length - cut, idea=f"{s.idea.split(',')[0]}, new chord")
            if not s.held:
                break
        else:
            result.append(s)
    return result


# -- what the whole band does ------------------------------------------------------------------------------------------


def with_intents(brief: Brief, found: list[Stab]) -> list[Stab]:
    """The strokes with the section's pushes, strikes and the song's last chord in them."""
    section, part = brief.section, brief.part
    path = found[0].path if found else "ending"
    for tick, chord in intents.pushes(section, part):
        sounds = chord.start if chord else section.length
        if chord is not None or brief.seam.next_chord is not None:
            found = _struck(found, Stab(tick, PPQ, "X", sounds, path, "push"), sounds + PPQ // 2)
    shorts, held = intents.shorts(section, part), intents.at(section, "hold", part)
    for tick in intents.strikes(section, part):
        short = tick in shorts
        length = PPQ // 3 if short else intents.ring(section, tick, part) - tick
        clear = tick + (length if tick in held else pulse_at(section, tick) // 2)
        found = _struck(found, Stab(tick, length, "!", tick, path, "with the band", tick in held), clear)
    end = intents.finale(brief)
    if end is not None and brief.ending is not None:
        why = (brief.ending.path, intents.told(brief), True)
        last = [Stab(t.at, t.length, t.mark, t.sounds, *why) for t in intents.touches(brief)]
        found = [*(s for s in found if s.at < end), *last]
    return trimmed(found, section.length)


def _struck(found: list[Stab], stab: Stab, clear: Tick) -> list[Stab]:
    """A stroke in place of all that begin from its tick up to another."""
    return sorted([*(s for s in found if not stab.at <= s.at < clear), stab], key=lambda s: s.at)


def touch(seed: Seed, tick: Tick) -> float:
    """A hand's unevenness: -4 to 4 velocity steps, the same at the same place."""
    return 4.0 * (2.0 * seed.at("touch", tick).unit("touch") - 1.0)
