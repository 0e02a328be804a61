"""Anticipation: chords that come before their beat, and who of the band comes with them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from scorekit.ensemble.grid import early
from scorekit.ensemble.playing import chord_starts, strength, whole_song
from scorekit.ensemble.stabs import Stab
from scorekit.ideas import CompIdeas
from scorekit.score import Brief
from scorekit.seeds import Seed
from scorekit.timebase import PPQ, Tick

BLOCK = 2
"""Bars for which a rhythm cell is chosen."""


def pushed(brief: Brief, ideas: CompIdeas, found: list[Stab], twin: frozenset[Tick]) -> list[Stab]:
    """Strokes on strong beats moved an eighth (a sixteenth in sixteenth-note music) early, onto the chord to come; in a
    riff only together. Where one comper pushes, the other does too if it is as fond of it, and all through a song at the same
    places. Of two hands the left stays. Nobody pushes onto a bass that is still a semitone beside the chord."""
    section, band, rubs = brief.section, whole_song(brief).at("push"), brief.gist("bass").rubs
    ahead = _beyond(brief, found)
    fine = _sixteenths(brief, found)
    result: list[Stab] = []
    for s in [*found, *ahead]:
        change = s.at in chord_starts(section) or s.at == section.length
        odds = ideas.push * (1.0 if change else 0.4) * (0.5 + brief.dials.creativity)
        draw = band.at(s.at % (BLOCK * section.meter.bar))
        sooner = s.at - _anticipation(brief, draw, fine)
        strong = s.at > 0 and strength(section, s.at) >= 0.6 and s.mark not in "mp" and not s.tone
        strong = strong and ((sooner in twin and s.at not in twin) or not twin)
        if strong and draw.chance("push", odds) and s.at not in rubs:
            result = [r for r in result if r.at < sooner]
            mark, name = "x" if s.mark == "b" else s.mark, f"{s.idea}, pushed"
            result.append(replace(s, at=sooner, length=s.length + s.at - sooner, sounds=s.at, mark=mark, idea=name))
            if s.mark == "b" and s.at < section.length:
                result.append(replace(s, mark="p"))
        elif s.at < section.length:
            result.append(s)
    return result


def _beyond(brief: Brief, found: Sequence[Stab]) -> list[Stab]:
    """The next section's first stroke, which may be pushed into this one."""
    on_one = [s for s in found if s.at % brief.section.meter.bar == 0]
    if brief.seam.next_chord is None or not on_one:
        return []
    end = brief.section.length
    return [replace(on_one[-1], at=end, sounds=end, length=PPQ // 4)]


def _sixteenths(brief: Brief, found: Sequence[Stab]) -> bool:
    """Whether a fifth of the strokes lies between the eighths."""
    half = 2 * (PPQ // brief.section.grid)
    return brief.section.grid == 4 and sum(s.at % half != 0 for s in found) * 5 > len(found)


def _anticipation(brief: Brief, draw: Seed, fine: bool) -> Tick:
    """How early a push comes: a triplet in swing, now and then a sixteenth among sixteenths, else an eighth."""
    return PPQ // 4 if fine and draw.chance("sixteenth", 0.6) else early(brief.section)
