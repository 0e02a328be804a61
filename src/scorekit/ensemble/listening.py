"""What players gather of one another: of all that a part plays in a section the little that others play by.

A player who hears a bass line hears its figure, not each ghost and passing tone: so it plays the same to every line of that
figure.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from scorekit.ensemble.base import LISTENS
from scorekit.ensemble.grid import early
from scorekit.ensemble.playing import fill_starts
from scorekit.score import Chord, Note, Phrase, Section
from scorekit.stage import Gist
from scorekit.theory import chord_classes
from scorekit.timebase import Tick

FIGURE = 2
"""Bars of a figure."""
KICK = 36
Notes = Sequence[Note]


def gist(phrase: Phrase, section: Section, ahead: Chord | None = None) -> Gist:
    """All that anybody listens for in what a part plays in a section; ``ahead`` is the chord that the next one begins with."""
    if not phrase.notes:
        return Gist(phrase.part)
    asked = {name for ear in LISTENS.values() for name in ear.parts.get(phrase.part, ())}
    found = {name: find(phrase.notes, section, ahead) for name, find in _FINDS.items() if name in asked}
    return Gist(phrase.part, True, **found)


def gathered(ear: Mapping[str, tuple[str, ...]], gists: Mapping[str, Gist]) -> tuple[Gist, ...]:
    """What one part gathers of those it does not hear note by note."""
    return tuple(
        Gist(part, gists[part].plays, **{name: getattr(gists[part], name) for name in names})
        for part, names in ear.items()
        if part in gists and "notes" not in names
    )


def told(part: str, phrases: Iterable[Phrase], section: Section, ahead: Chord | None = None) -> tuple[Gist, ...]:
    """What a part gathers of some phrases."""
    return gathered(LISTENS[part].parts, {phrase.part: gist(phrase, section, ahead) for phrase in phrases})


def begun(notes: Iterable[Note]) -> frozenset[Tick]:
    """When notes begin, but for dead ones."""
    return frozenset(note.start for note in notes if note.manner != "dead")


def unfolded(places: Iterable[Tick], section: Section) -> frozenset[Tick]:
    """The ticks of a section at which a figure is struck."""
    span, length = FIGURE * section.meter.bar, section.length
    return frozenset(at for place in places for at in range(place, length, span))


def often(notes: Notes, section: Section) -> tuple[Tick, ...]:
    """The places of a figure that are struck in at least half of all figures."""
    span = FIGURE * section.meter.bar
    times = -(-section.length // span)
    return tuple(sorted(at for at, n in Counter(t % span for t in begun(notes)).items() if 2 * n >= times))


def _figure(notes: Notes, section: Section, ahead: Chord | None) -> tuple[Tick, ...]:
    return often(notes, section)


def _rubs(notes: Notes, section: Section, ahead: Chord | None) -> tuple[Tick, ...]:
    beats = [at for at in section.meter.onsets if section.meter.strength(at) >= 0.6]
    strong = [bar * section.meter.bar + at for bar in range(section.bars) for at in beats] + [section.length]
    found = set[Tick]()
    for note in notes:
        at = strong[bisect_left(strong, note.start + 1)]
        chord = section.chord_at(at) if at < section.length else ahead
        if at - note.start <= early(section) and note.manner != "dead" and chord and _beside(note.pitch, chord):
            found.add(at)
    return tuple(sorted(found))


def _beside(pitch: int, chord: Chord) -> bool:
    """Whether a pitch is none of a chord's tones and a semitone beside one."""
    tones = {*chord_classes(chord.root, chord.quality), chord.bass}
    return pitch % 12 not in tones and any((pitch - tone) % 12 in (1, 11) for tone in tones)


def _middle(notes: Notes, section: Section, ahead: Chord | None) -> int:
    return sorted(note.pitch for note in notes)[len(notes) // 2]


def _running(notes: Notes, section: Section, ahead: Chord | None) -> bool:
    return len({note.start for note in notes}) > 3 * section.bars


def _kicks(notes: Notes, section: Section, ahead: Chord | None) -> tuple[Tick, ...]:
    return tuple(sorted({note.start for note in notes if note.pitch == KICK}))


def _fills(notes: Notes, section: Section, ahead: Chord | None) -> tuple[Tick, ...]:
    return tuple(fill_starts(section, tuple(notes)).values())


def _turns(notes: Notes, section: Section, ahead: Chord | None) -> tuple[int, ...]:
    return tuple(fill_starts(section, tuple(notes), 1, 2))


_FINDS: Mapping[str, Callable[[Notes, Section, Chord | None], Any]] = {
    "figure": _figure,
    "rubs": _rubs,
    "middle": _middle,
    "running": _running,
    "kicks": _kicks,
    "fills": _fills,
    "turns": _turns,
}
