"""How a bass line stands on its chords: how it comes in, the bass of each chord in time, and what leads into the next.

Rhythm and degree, as in bassline; pitches come last, in bass.
"""

from __future__ import annotations

from msgspec.structs import replace

from scorekit.ensemble.bassline import Pluck, kicks_of, named, upbeat
from scorekit.ensemble.degrees import APPROACHES, split
from scorekit.ensemble.grid import offbeat
from scorekit.ensemble.playing import changes, pulse_at, rooted, whole_song
from scorekit.score import Brief, Chord, Section
from scorekit.timebase import PPQ, Tick

NEAR = PPQ // 5
"""A chord's bass must sound within a fifth of a beat of its onset."""


def coming_in(brief: Brief, path: str) -> list[Pluck]:
    """How a line enters before a bar line: with two steps toward what begins there, with the tone itself or its fifth an
    eighth early, or not before it. One way for a whole song."""
    enter, bar = brief.lane.enter, brief.section.meter.bar
    line = -(-enter // bar) * bar
    half = upbeat(brief, line - enter)
    known = line < brief.section.length or brief.seam.next_chord is not None
    ways = ((("((", "(") if known else ("5-", "R")), ("", "N" if known else "R"), ("", "D" if known else "5-"), ())
    tokens = whole_song(brief).at("bass").choose("way in", ways, (3.0, 1.5, 1.0, 2.5))
    lengths = (half, line - enter - half)
    return [
        Pluck(enter + n * half, lengths[n], token, "x", path, "coming in") for n, token in enumerate(tokens) if token
    ]


def grounded(brief: Brief, plucks: list[Pluck]) -> list[Pluck]:
    """The chord's bass within a fifth of a beat of each chord, wherever the line plays on downbeats at all. A loud section begins
    with the bass where it begins with the kick."""
    section = brief.section
    found = list(plucks)
    if brief.lane.tier >= 4 and found and 0 < found[0].at < section.meter.bar and 0 in kicks_of(brief):
        found.insert(0, replace(named(found[0], "R", "on the one"), at=0, length=min(found[0].at, PPQ // 2), mark="X"))
    on_one = sum(p.at % section.meter.bar == 0 for p in plucks) * 2 > section.bars
    for chord in changes(section):
        near = [n for n, p in enumerate(found) if abs(p.at - chord.start) <= NEAR]
        held = next((n for n, p in enumerate(found) if p.at < chord.start < p.at + p.length), None)
        if held is not None and found[held].token == "N" and not near:
            continue
        if near:
            n = min(near, key=lambda i: (abs(found[i].at - chord.start), i))
            found[n] = _rooted(found[n], chord.start)
        elif held is not None:
            found[held : held + 1] = _struck_again(found[held], chord.start)
        else:
            found = _marked(section, found, chord, on_one)
    return found


def _rooted(pluck: Pluck, start: Tick) -> Pluck:
    """An onset near a chord's start as its root; one a little early waits for it."""
    if split(pluck.token)[0] in ("R", "8") and pluck.at >= start:
        return pluck
    return replace(pluck, token="R", at=max(pluck.at, start))


def _struck_again(pluck: Pluck, start: Tick) -> list[Pluck]:
    """A note held over a change, in two: the second is the new root."""
    after = replace(named(pluck, "R", "struck at the change"), at=start, length=pluck.at + pluck.length - start)
    return [replace(pluck, length=start - pluck.at), after]


def _marked(section: Section, found: list[Pluck], chord: Chord, on_one: bool) -> list[Pluck]:
    """A chord that begins in a rest: struck when it comes within a bar, else rooted by the first onset after it."""
    after = next((n for n, p in enumerate(found) if p.at > chord.start), None)
    if chord.start % section.meter.bar and found and on_one:
        room = (found[after].at if after is not None else section.length) - chord.start
        root = replace(
            named(found[0], "R", "struck at the change"), at=chord.start, length=min(room, PPQ // 2), mark="x"
        )
        return sorted([*found, root], key=lambda p: p.at)
    if after is not None and found[after].at < chord.end and found[after].token not in ("R", "8"):
        return [*found[:after], replace(found[after], token="R"), *found[after + 1 :]]
    return found


def aimed(brief: Brief, plucks: list[Pluck], odds: float) -> list[Pluck]:
    """The last onset before a change leads into the next chord, with the genre's chance: the same way whenever a figure of two
    bars comes to its end, seldom within it.

    A semitone from outside the key is no place to stay: in straight time one that would last a beat comes on the last
    off-beat instead.
    """
    section = brief.section
    added: list[Pluck] = []
    odds = min(1.0, odds * (0.6 + 0.8 * brief.dials.creativity))
    starts = [chord.start for chord in changes(section)]
    ends = [*starts[1:], section.length]
    found = list(plucks)
    for start, end in zip(starts, ends, strict=True):
        inside = [n for n, p in enumerate(found) if start <= p.at < end]
        if len(inside) < 2 or (end == section.length and not (brief.seam.next_chord)):
            continue
        last = found[inside[-1]]
        close = end - last.at <= pulse_at(section, end - 1) and last.at - start > NEAR
        where = end // section.meter.bar
        place = rooted(brief).at("lead", where % 4)
        wanted = odds * (1.4 if where % 2 == 0 else 0.4)
        if close and last.token not in APPROACHES and last.token != "x" and place.chance("approach", wanted):
            token = place.choose("approach by", ("(", ")", "<", ">", "D"), _manners(brief))
            leading = named(last, token, "leads into the next chord")
            late = end - offbeat(section)
            if token in ("<", ">") and last.length >= PPQ and section.grid != 3 and late > last.at:
                found[inside[-1]] = replace(last, length=late - last.at)
                added.append(replace(leading, at=late, length=end - late))
            else:
                found[inside[-1]] = leading
    return sorted([*found, *added], key=lambda p: p.at)


def _manners(brief: Brief) -> tuple[float, ...]:
    """Weights of the approaches: more chromatic with complexity."""
    chromatic = 0.2 + 1.6 * brief.dials.complexity
    return (3.0, 2.0, 2.0 * chromatic, 0.8 * chromatic, 1.2)
