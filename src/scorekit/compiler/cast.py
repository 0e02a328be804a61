"""The cast: which parts a model puts on stage, with what sound, and what the song asks of each in each section."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from scorekit.catalog import Catalog
from scorekit.compiler.genres import GenreSpec, LineupSpec, MixSpec
from scorekit.compiler.judge import Judge
from scorekit.compiler.keypath import join
from scorekit.compiler.lineups import mixed
from scorekit.compiler.material import Sheets, played
from scorekit.compiler.slots import NoteToken, notes
from scorekit.compiler.specs import MidiNotes
from scorekit.compiler.strings import tune
from scorekit.compiler.wrong import Reader
from scorekit.errors import Problem, did_you_mean
from scorekit.repeats import written
from scorekit.score import PARTS, Cell, Claim, Decision, Note, Section
from scorekit.stage import Part, Sound, Strip
from scorekit.theory import DRUM_NOTES

if TYPE_CHECKING:
    from scorekit.compiler.specs import PartSpec, SectionPart, SongSpec

_DRUM_CHANNEL = 9
_STRIP = {name: {"highpass": "hp"}.get(name, name) for name in Strip.__struct_fields__}
"""The keys of a mixer strip, by its own names."""
DEFAULT_PROGRAMS = {"drums": 0, "bass": 33, "guitar": 27, "keys": 0, "strings": 48, "brass": 61, "lead": 81, "pads": 89}


def band(song: SongSpec, genre: GenreSpec, lineup: LineupSpec, catalog: Catalog, book: Reader) -> tuple[Part, ...]:
    """The parts on stage, in the order of their tracks, one MIDI channel each.

    A part the song silences everywhere is left out; one the song asks to play joins any line-up.
    """
    names = [n for n in PARTS if (n in lineup.parts or asked(song, n)) and not silenced(song, n)]
    channels = iter(channel for channel in range(16) if channel != _DRUM_CHANNEL)
    if not names:
        book.wrong("parts", "every part is silenced: nobody is left to play", "let at least one part play")
    absent(song, names, lineup, book)
    return tuple(
        part(
            name,
            song.parts.get(name),
            mixed(name, genre, lineup, DEFAULT_PROGRAMS[name]),
            _DRUM_CHANNEL if name == "drums" else next(channels),
            catalog,
            book,
            song.playability,
        )
        for name in names
    )


def absent(song: SongSpec, names: Sequence[str], lineup: LineupSpec, book: Reader) -> None:
    """Tell where sections ask something of parts that are not in the band, unless the song silences them."""
    for key, section in song.sections.items():
        for name, cell in section.parts.items():
            if name not in names and cell.play is None and not silenced(song, name):
                told = f"nobody plays {name} in this song: its line-up is {lineup.id!r}"
                book.warn(join("sections", key, "parts", name), told, f"write [parts.{name}] play = true")


def asked(song: SongSpec, name: str) -> bool:
    """Whether the song asks for a part to play, anywhere, or speaks of it as of one that is in the band."""
    own = song.parts.get(name)
    cells = [s.parts[name] for s in song.sections.values() if name in s.parts]
    return (own is not None and own.play is not False) or any(cell.play or cell.notes for cell in cells)


def silenced(song: SongSpec, name: str) -> bool:
    """Whether the song silences a part throughout."""
    own = song.parts.get(name)
    return (
        own is not None
        and own.play is False
        and not any(s.parts[name].play or s.parts[name].notes for s in song.sections.values() if name in s.parts)
    )


def part(
    name: str, own: PartSpec | None, mix: MixSpec, channel: int, catalog: Catalog, book: Reader, playability: str
) -> Part:
    """One part: its sound and mixer strip from the song, else from the line-up and its genre."""
    sound, program = voice(name, own, mix, catalog, book)

    def said(key: str) -> float | None:
        mine: float | None = getattr(own, key, None)
        return mine if mine is not None else getattr(mix, key)

    strip = Strip(**{name: float(value) for name, key in _STRIP.items() if (value := said(key)) is not None})
    asked_of = own.playability if own is not None else None
    return Part(name, name, sound, strip, channel, program, name.capitalize(), asked_of or playability)


def voice(name: str, own: PartSpec | None, mix: MixSpec, catalog: Catalog, book: Reader) -> tuple[Sound, int]:
    """A part's patch with its parameters, and its General MIDI program."""
    asked_for, tuned = _sound(own.sound if own is not None else None)
    path = f"parts.{name}.sound" if asked_for else f"genre:mix.{name}"
    default = (
        "acoustic" if name == "drums" else catalog.patch_for(mix.gm if mix.gm is not None else DEFAULT_PROGRAMS[name])
    )
    chosen = asked_for or mix.patch or default
    row = catalog.patch(chosen)
    drums = [r.name for r in catalog.patches if (r.family == "drums") == (name == "drums")]
    if row is None or chosen not in drums:
        what = "a drum kit" if name == "drums" else "a patch"
        usual = catalog.patch(default)
        alike = [r.name for r in catalog.patches if usual is not None and r.family == usual.family]
        hint = did_you_mean(chosen, drums) or f"for {name}, such as {', '.join(alike)}; scorekit patches lists all"
        book.wrong(f"{path}.patch", f"unknown patch {chosen!r}: {what} is wanted here", hint)
        return Sound(chosen), 0
    inherited = dict(mix.params or {}) if chosen == (mix.patch or default) else {}
    params = inherited | tuned
    known = {n: limits for n, *limits in row.params}
    for key, value in params.items():
        where = f"parts.{name}.sound.{key}" if key in tuned else f"genre:mix.{name}.params.{key}"
        if key not in known:
            book.wrong(where, f"patch {chosen!r} has no parameter {key!r}", did_you_mean(key, known), on_key=True)
            continue
        low, high, normal = known[key]
        if not low <= value <= high:
            hint = f"{normal:g} is usual; scorekit patches {chosen} says what it does"
            book.wrong(where, f"{key} is {value:g}, allowed is {low:g} to {high:g}", hint)
    program = mix.gm if mix.gm is not None and chosen == (mix.patch or default) else row.program
    return Sound(chosen, tuple(sorted((k, float(v)) for k, v in params.items()))), 0 if name == "drums" else program


def _sound(wish: Mapping[str, str | float] | None) -> tuple[str, dict[str, float]]:
    """The patch and the parameters a song asks of a part, '' and none where it asks for nothing."""
    wish = wish or {}
    return str(wish.get("patch", "")), {key: float(value) for key, value in wish.items() if key != "patch"}


def choices(song: SongSpec, genre: GenreSpec, lineup: LineupSpec) -> tuple[Decision, ...]:
    """I7: parts the song adds to, or takes from, the line-up."""
    found = []
    for name in PARTS:
        usual = name in lineup.parts and (not genre.arrange.enter_order or name in genre.arrange.enter_order)
        wanted = True if asked(song, name) else False if silenced(song, name) else usual
        if wanted != usual:
            sides = (
                Claim("song", f"{name} {'plays' if wanted else 'is silent'}", 1.0),
                Claim("line-up", f"{name} {'plays' if usual else 'is silent'}", 0.5),
            )
            reason = "the song comes first; the others share what is left to do"
            found.append(
                Decision("I7", "instruments", "song", sides, f"{name} {'joins' if wanted else 'leaves'}", reason)
            )
    return tuple(found)


# -- cells ---------------------------------------------------------------------------------------------------------------


def cells(
    song: SongSpec,
    sections: Sequence[Section],
    parts: Sequence[Part],
    chain: Mapping[str, tuple[str, ...]],
    book: Reader,
    ids: Mapping[str, frozenset[str]],
    sheets: Sheets,
    tune: Mapping[str, tuple[Note, ...]],
    bpm: float,
) -> tuple[tuple[str, str, Cell], ...]:
    """What the song asks of each part in each section, where it asks anything.

    ``chain`` maps a section id to the keys of ``[sections]`` that speak of it, the weakest first; ``ids`` are the pattern
    ids each part knows; ``tune`` is the song's tune by section id where it comes from a MIDI file.
    """
    judge = Judge.of(parts, bpm)
    tunes = tune or own_tune(song, sections, chain, book, judge)
    path = "melody.midi" if tune else "melody.notes"
    rows: list[tuple[str, str, Cell]] = []
    for section in sections:
        for member in parts:
            sources: list[tuple[str, PartSpec | SectionPart]] = []
            if member.name in song.parts:
                sources.append((join("parts", member.name), song.parts[member.name]))
            for key in chain[section.id]:
                spec = song.sections[key].parts.get(member.name)
                if spec is not None:
                    sources.append((join("sections", key, "parts", member.name), spec))
            cell = combined(sources, section, member.name, book, ids, sheets, judge)
            if member.name == "lead" and section.id in tunes and not cell.notes:
                line = tunes[section.id]
                judge.hear("lead", line if tune else (), section, path, book, {})
                cell = Cell(bool(line), cell.density, cell.velocity, cell.octave, 0, cell.lock, line, "", path)
            if cell != Cell():
                rows.append((section.id, member.name, cell))
    return tuple(rows)


def combined(
    sources: Sequence[tuple[str, PartSpec | SectionPart]],
    section: Section,
    part: str,
    book: Reader,
    ids: Mapping[str, frozenset[str]],
    sheets: Sheets,
    judge: Judge,
) -> Cell:
    """Several tables about one cell made one: the nearest wins, takes and velocities add up."""
    play, density, velocity, octave, reroll, lock, pattern, path = None, None, 0, 0, 0, False, "", ""
    line: tuple[Note, ...] = ()
    for where, spec in sources:
        play = spec.play if spec.play is not None else play
        density = spec.density if spec.density is not None else density
        velocity, octave = velocity + spec.velocity, spec.octave or octave
        reroll, lock, path = reroll * 1009 + spec.reroll, lock or spec.lock, where
        if spec.pattern:
            pattern = spec.pattern
            if pattern not in ids.get(part, frozenset()):
                book.wrong(
                    join(where, "pattern"),
                    f"{part} knows no pattern {pattern!r}",
                    did_you_mean(pattern, ids.get(part, ())),
                )
        own = getattr(spec, "notes", None)
        if isinstance(own, MidiNotes):
            line, play, path = (
                played(own, section, part, join(where, "notes"), sheets, book),
                True,
                join(where, "notes"),
            )
            judge.hear(part, line, section, join(where, "notes.midi"), book, {})
        elif own:
            rows = DRUM_NOTES if part == "drums" else None
            read = book.read(join(where, "notes"), notes, own, section.meter, rows)
            line, play, path = (
                own_notes(read, section, part, join(where, "notes"), book, judge),
                True,
                join(where, "notes"),
            )
    return Cell(play, density, velocity, octave, reroll, lock, line, pattern, path)


def own_notes(
    read: tuple[Sequence[NoteToken], int] | None, section: Section, part: str, path: str, book: Reader, judge: Judge
) -> tuple[Note, ...]:
    """Notes as written, checked against the length of the section and what the part can play."""
    if read is None:
        return ()
    tokens, bars = read
    section = written(section)
    if bars > section.bars:
        book.wrong(
            path,
            f"{bars} bars of notes in a section of {section.bars}",
            "shorten them, or lengthen the section in the form",
        )
    inside = [t for t in tokens if t.start < section.length]
    line = tuple(sorted((Note(t.start, t.length, t.pitch, 84) for t in inside), key=lambda n: (n.start, n.pitch)))
    judge.hear(part, line, section, path, book, {t.start: t.offset for t in reversed(inside)})
    return line


def own_tune(
    song: SongSpec, sections: Sequence[Section], chain: Mapping[str, tuple[str, ...]], book: Reader, judge: Judge
) -> dict[str, tuple[Note, ...]]:
    """The song's own tune by section id; a line for ``A`` serves every A, one for ``A/2`` only the second."""
    if song.melody is None or song.melody.notes is None:
        return {}
    lines = book.read("melody.notes", tune, song.melody.notes) or ()
    found: dict[str, tuple[Note, ...]] = {}
    for line in lines:
        meant = [s for s in sections if line.section in (s.name, s.id) or (line.section in chain[s.id])]
        if not meant:
            hint = did_you_mean(line.section, {s.name for s in sections})
            at = line.offset - len(line.section) - 2
            book.problems.append(
                Problem("melody.notes", f"no section {line.section!r} in the form", hint, at, len(line.section))
            )
        for section in sorted(meant, key=lambda s: line.section == s.id):
            read = book.read("melody.notes", notes, " " * line.offset + line.notes, section.meter)
            found[section.id] = own_notes(read, section, "lead", "melody.notes", book, judge)
            if read is None:
                break
    return found
