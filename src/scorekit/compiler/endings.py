"""Endings: how a genre's songs go out, which of its ways a song takes, and the chords of its last bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from scorekit.compiler import harmony
from scorekit.compiler.genres import EndingSpec, GenreSpec
from scorekit.compiler.keypath import item, join
from scorekit.compiler.slots import Changes
from scorekit.compiler.slots import chords as read_chords
from scorekit.compiler.strings import DRUM_MARKS, PITCH_MARKS, SectionToken, steps
from scorekit.compiler.wrong import Reader
from scorekit.ideas import HIT, Ending, Pattern
from scorekit.repeats import tag_of, tagged
from scorekit.score import Chord, Intent, Section
from scorekit.seeds import Seed
from scorekit.theory import DRUM_NOTES, MAJOR_LIKE, MINOR_QUALITY, QUALITIES
from scorekit.timebase import PPQ, Meter, Tick

_LINE = 2
"""Bars of a last line that is played again, where its ending writes no chords."""


ALL = (1, 2, 3, 4, 5)
"""Energies of any last section."""
POLES = ("major", "minor")
"""Kinds of key: those with a major third, and the others."""


class Way(Struct, frozen=True):
    """A way to end in one kind of key: what is struck, the chords of the last bars, the colours of the last one, and how
    often the line before the last bar is played."""

    ending: Ending = HIT
    changes: Changes | None = None
    path: str = ""
    colours: tuple[str, ...] = ()
    again: int = 1

    @property
    def line(self) -> int:
        """Bars that are played again."""
        return self.changes.bars - 1 if self.changes and self.changes.bars > 1 else _LINE

    def fits(self, last: SectionToken, tier: int) -> bool:
        """Whether a song whose last section is this can end so."""
        room = self.ending.bars if self.again == 1 else self.line + 1
        return room <= last.bars and tier in self.ending.tiers


def pole(mode: str) -> str:
    """The kind of key of a mode: one of ``POLES``."""
    return POLES[mode not in MAJOR_LIKE]


def ways(genre: GenreSpec, meter: Meter) -> dict[str, tuple[Way, ...]]:
    """A genre's ways to end by kind of key, read."""
    written = [(item("ending", n, one.id), one) for n, one in enumerate(genre.ending)]
    return {
        pole: tuple(
            _way(path, one, pole, genre.meter.grid, meter)
            for path, one in written
            if not one.chords or pole in one.chords
        )
        for pole in POLES
    }


def _way(path: str, one: EndingSpec, pole: str, grid: int, meter: Meter) -> Way:
    rows = tuple((name, rhythm(name, text, grid)) for name, text in one.rows.items())
    degrees, leave = tuple(one.deg.items()), tuple(one.leave.items())
    ending = Ending(one.id or "ending", one.tiers, one.w, path, one.mask, rows, degrees, one.slow, leave)
    colours = tuple(QUALITIES[text] for text in one.color.get(pole, ()))
    colours = tuple(MINOR_QUALITY.get(name, name) for name in colours) if pole == "minor" else colours
    changes = read_chords(one.chords[pole], meter) if one.chords else None
    return Way(ending, changes, join(path, "chords", pole), colours, one.again)


def rhythm(name: str, text: str, grid: int) -> Pattern:
    """What a part or a kit row strikes. Wrong when it cannot be read."""
    return steps(text, grid, None, DRUM_MARKS if name in DRUM_NOTES else PITCH_MARKS)


def chosen(offers: Sequence[Way], seed: Seed, last: SectionToken, tier: int) -> Way:
    """The way a song ends whose last section is this; everybody's one hit when the genre has none for it."""
    fitting = [way for way in offers if way.fits(last, tier)]
    return seed.choose("ending", fitting, [way.ending.weight for way in fitting]) if fitting else Way()


def asked(name: str | None, ways: Mapping[str, Sequence[Way]], pole: str, book: Reader) -> Sequence[Way]:
    """The ways of a kind of key; the one a song names alone, whatever the energy of its last section."""
    own, names = ways[pole], {way.ending.id for kind in ways.values() for way in kind}
    if name is None or not book.known("ending", "ending", name, names):
        return own
    alone = [replace(way, ending=replace(way.ending, tiers=ALL)) for way in own if way.ending.id == name]
    if not alone:
        others = ", ".join(sorted({way.ending.id for way in own}))
        book.wrong("ending", f"no song in {pole} ends with {name!r}", f"one of: {others}")
    return alone or own


def laid(section: Section, way: Way, written: Meter, home: str, seed: Seed) -> Section:
    """The last section with the chords it ends on: the way's own, else the tonic in its last bar, in the way's colour or
    that of ``home``. ``written`` is the meter the genre writes its progressions in."""
    key, bar = section.key, section.meter.bar
    colour = (seed.choose("last colour", way.colours) if way.colours else "") or home
    if way.changes is None:
        return replace(
            section, chords=harmony.closed(section.chords, key, section.length - bar, section.length, colour)
        )
    placed = harmony.laid(way.changes, written, way.changes.bars, section.meter, keeps_ending=False)
    shift = section.length - way.changes.bars * bar
    moved = [replace(t, start=t.start + shift) for t in placed if t.start + t.length + shift > 0]
    sounding, _ = harmony.sounding([replace(moved[0], start=0), *moved[1:]], key, way.path, section.length)
    last = [replace(c, start=max(c.start, shift), length=c.end - max(c.start, shift)) for c in sounding]
    plain = ("maj", "min")
    last = [
        harmony.recoloured(c, key, colour) if c.root == key.tonic and c.quality in plain and colour else c for c in last
    ]
    before = [_until(c, max(0, shift)) for c in section.chords if c.start < shift]
    return replace(section, chords=(*before, *last))


def _until(chord: Chord, tick: Tick) -> Chord:
    return chord if chord.end <= tick else replace(chord, length=tick - chord.start)


def again(section: Section, way: Way) -> Section:
    """The last section with its last line played again, unless the song has a tag of its own."""
    line, bar = min(way.line, section.bars - 1), section.meter.bar
    if way.again < 2 or line < 1 or tag_of(section) is not None:
        return section
    return tagged(section, Intent((section.bars - 1) * bar, "tag", (), way.ending.path, line * bar, way.again))


def last_stroke(section: Section, ending: Ending) -> Tick:
    """Where the last stroke of an ending falls, from the start of its section; in another meter than the genre's, about
    there."""
    bars, step = ending.final
    return (section.bars - bars) * section.meter.bar + min(step * PPQ // section.grid, section.meter.bar - 1)
