"""Tags: the last bars of a section played two or three times over, by playing the section once and copying what was played.

A section with a tag is written without its repeats (``written``): so it is arranged and played; then the repeats are
put in (``repeated``), each note with its origin. Before the last bar in the last section, whose last hit comes once.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from scorekit.score import Chord, Intent, Note, Phrase, Section
from scorekit.timebase import Tick


def tag_of(section: Section) -> Intent | None:
    """The tag of a section: its tick is where the repeats are put in, its length that of the bars repeated."""
    return next((intent for intent in section.intents if intent.kind == "tag"), None)


def added(tag: Intent) -> Tick:
    """Ticks a tag adds to its section."""
    return tag.length * (tag.times - 1)


def tagged(section: Section, tag: Intent) -> Section:
    """A written section with the repeats of a tag: longer, its chords repeated, later intents moved."""
    more = added(tag)
    chords = [*_chords(section.chords, 0, tag.tick, 0)]
    for time in range(1, tag.times):
        chords += _chords(section.chords, tag.tick - tag.length, tag.tick, time * tag.length)
    chords += _chords(section.chords, tag.tick, section.length, more)
    later = [i if i.tick < tag.tick else replace(i, tick=i.tick + more) for i in section.intents]
    return replace(
        section,
        bars=section.bars + more // section.meter.bar,
        chords=tuple(chords),
        intents=tuple(sorted((*later, tag), key=lambda i: i.tick)),
    )


def _chords(chords: Iterable[Chord], first: Tick, last: Tick, shift: Tick) -> list[Chord]:
    """Chords between two ticks, cut there, and moved."""
    inside = [c for c in chords if c.start < last and c.end > first]
    cut = [(max(c.start, first), min(c.end, last), c) for c in inside]
    return [replace(c, start=start + shift, length=end - start) for start, end, c in cut]


def written(section: Section) -> Section:
    """A section without the repeats of its tag: what there is to arrange and play."""
    tag = tag_of(section)
    if tag is None:
        return section
    more = added(tag)
    after = tag.tick + more
    chords = [*_chords(section.chords, 0, tag.tick, 0), *_chords(section.chords, after, section.length, -more)]
    return replace(
        section,
        bars=section.bars - more // section.meter.bar,
        chords=tuple(chords),
        intents=tuple(
            i if i.tick < after else replace(i, tick=i.tick - more) for i in section.intents if i.kind != "tag"
        ),
    )


def repeated(phrase: Phrase, section: Section) -> Phrase:
    """What was played of a written section, with the repeats of its tag."""
    tag = tag_of(section)
    if tag is None or not phrase.notes:
        return phrase
    more, at = added(tag), tag.tick
    origins = (*phrase.origins, *(replace(o, idea=f"{o.idea}, tag") for o in phrase.origins))
    notes = [_within(n, at) if n.start < at else replace(n, start=n.start + more) for n in phrase.notes]
    for time in range(1, tag.times):
        notes += [
            replace(_within(n, at), start=n.start + time * tag.length, origin=n.origin + len(phrase.origins))
            for n in phrase.notes
            if at - tag.length <= n.start < at
        ]
    return replace(phrase, notes=tuple(sorted(notes, key=lambda n: (n.start, n.pitch))), origins=origins)


def _within(note: Note, end: Tick) -> Note:
    """A note cut at a tick."""
    return note if note.end <= end else replace(note, length=end - note.start)
