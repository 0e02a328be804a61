"""The user's own material from MIDI files: tracks found, notes counted in our ticks, laid on a grid, made one line.

A quarter note of the file is a quarter note of the song, whatever tempi it changes through.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from scorekit.compiler.keypath import join
from scorekit.compiler.layers import Layered
from scorekit.compiler.recognise import recognised
from scorekit.compiler.specs import Excerpt, MidiChords, MidiNotes, SongSpec, Voice
from scorekit.compiler.strings import MAX_BARS
from scorekit.compiler.wrong import Reader, count
from scorekit.errors import Diagnostic, did_you_mean, printable
from scorekit.repeats import written as written_once
from scorekit.score import Claim, Decision, Key, Note, Section
from scorekit.theory import MAJOR_LIKE, key_fit, key_name, pitch_weights, root_names
from scorekit.timebase import PPQ, Meter, Tick

if TYPE_CHECKING:
    from scorekit import smf

Sheets = Mapping[str, "smf.Sheet"]
"""MIDI files by the key path of the table that names them."""
Find = Callable[[str, str, str], "tuple[str, str] | Diagnostic"]

TOLERANCE = 3
"""Ticks a written onset may lie off its place: what rounding from another time base makes of it."""
WRITTEN = 0.9
"""Share of onsets on a 24th or a 32nd of a quarter from which a line counts as written, not played."""
FAR = 0.15
"""By how much a key must fit notes better than the song's own to be told."""
SLIGHT = 0.02
"""Share of a tempo that nobody misses."""
_GRIDS = {"1/4": 1, "1/8": 2, "1/16": 4, "1/32": 8, "1/8T": 3, "1/16T": 6}
_STRAIGHT, _TRIPLETS = 4, 3


# -- files and tracks ----------------------------------------------------------------------------------------------------


def named(song: SongSpec) -> Iterator[tuple[str, Excerpt, str]]:
    """(key path, what is meant, MIDI file) of everything the song takes from one."""
    if song.melody is not None and song.melody.midi is not None:
        yield "melody", song.melody, song.melody.midi
    if isinstance(song.chords, MidiChords):
        yield "chords", song.chords, song.chords.midi
    for name, section in song.sections.items():
        if isinstance(section.chords, MidiChords):
            yield join("sections", name, "chords"), section.chords, section.chords.midi
        for part, cell in section.parts.items():
            if isinstance(cell.notes, MidiNotes):
                yield join("sections", name, "parts", part, "notes"), cell.notes, cell.notes.midi


def gathered(song: SongSpec, layered: Layered, find: Find, file: str, book: Reader) -> Sheets:
    """The MIDI files a song names, read; what is wrong with them is noted in the book."""
    found: dict[str, smf.Sheet] = {}
    told_of = set[str]()
    for path, _, name in named(song):
        from scorekit import smf  # here, as most songs name none

        at = join(path, "midi")
        winner = layered.winner(at)
        answer = find("tunes", name, winner.layer.document.file if winner else file)
        if isinstance(answer, Diagnostic):
            book.wrong(at, answer.message, answer.hint)
            continue
        try:
            sheet = smf.sheet(answer[1].encode("latin-1"))
        except smf.Broken as broken:
            book.wrong(at, f"{printable(name)}: {broken}", "save it as a Standard MIDI File")
            continue
        if sheet.division < 0:
            book.wrong(
                at, f"{printable(name)} counts time in seconds, not in beats", "save it with a time base in beats"
            )
        elif not sheet.tracks:
            book.wrong(at, f"{printable(name)} has no notes", "save it with the tracks that play")
        else:
            found[path] = sheet
            if sheet.broken and name not in told_of:
                told_of.add(name)
                told = f"{printable(name)} is cut short: {', '.join(sheet.broken)}"
                book.warn(at, told, "what is there is used; save or fetch it again to have the rest")
    return found


def chosen(sheet: smf.Sheet, excerpt: Excerpt, path: str, book: Reader, drums: bool = False) -> smf.Track | None:
    """The track that is meant; left out, the first that plays pitches (or the drums)."""
    wanted, tracks = excerpt.track, sheet.tracks
    names = ", ".join(f"{n} {printable(t.name) or 'unnamed'}" for n, t in enumerate(tracks[:16], 1))
    told = f"it has {names}; tracks without notes are not counted"
    if wanted is None:
        return next((t for t in tracks if t.drums == drums), tracks[0])
    if isinstance(wanted, int):
        if wanted <= len(tracks):
            return tracks[wanted - 1]
        told_of = f"no track {wanted}: {count(len(tracks), 'track')} with notes"
        book.wrong(join(path, "track"), told_of, told)
        return None
    match = next((t for t in tracks if t.name.casefold() == wanted.casefold()), None)
    if match is None:
        close = did_you_mean(wanted, [t.name for t in tracks if t.name])
        hint = close if close.startswith("did") else told
        book.wrong(join(path, "track"), f"no track {printable(wanted)!r} with notes", hint)
    return match


def counted(notes: Sequence[tuple[int, int, int, int]], division: int, meter: Meter, excerpt: Excerpt) -> list[Note]:
    """A track's notes in our ticks, moved by the offset; only those that begin in the bars wanted."""
    shift = round((excerpt.offset or 0) * 4 * PPQ / meter.unit)
    until = excerpt.bars * meter.bar if excerpt.bars else None
    found = []
    for start, end, pitch, velocity in notes:
        at = (start * PPQ * 2 + division) // (2 * division) + shift
        stop = (end * PPQ * 2 + division) // (2 * division) + shift
        if until is None or at < until:
            stop = stop if until is None else min(stop, until)
            found.append(Note(at, max(1, stop - at), pitch, max(1, velocity)))
    return sorted(found, key=lambda n: (n.start, n.pitch))


# -- time ----------------------------------------------------------------------------------------------------------------


def on_grid(notes: Sequence[Note], grid: str | None, usual: int) -> list[Note]:
    """Notes at their places: ``free`` leaves them as they are, a note value moves every onset to its nearest multiple.

    Left out, a line that was written keeps what it has (rounding apart); one that was played goes, quarter by quarter,
    to sixteenths or triplets, whichever are nearer, ``usual`` steps a quarter where both are. Ends follow their onsets.
    """
    if grid == "free" or not notes:
        return list(notes)
    if grid is not None:
        return [_moved(note, (_GRIDS[grid],)) for note in notes]
    if written(notes):
        return [_moved(note, (24, 32)) for note in notes]
    steps = {beat: _steps(row, usual) for beat, row in _quarters(notes).items()}
    return [_moved(note, (steps[(note.start + PPQ // 8) // PPQ],)) for note in notes]


def written(notes: Sequence[Note]) -> bool:
    """Whether onsets lie where notation puts them: on 24ths or 32nds of a quarter, all but a tenth of them."""
    exact = sum(abs(_near(note.start, (24, 32)) - note.start) <= TOLERANCE for note in notes)
    return exact >= WRITTEN * len(notes)


def _near(tick: Tick, divisions: Sequence[int]) -> Tick:
    """The nearest multiple of a quarter's division, of whichever is nearest."""
    places = [(2 * tick + PPQ // d) // (2 * (PPQ // d)) * (PPQ // d) for d in divisions]
    return min(places, key=lambda place: abs(place - tick))


def _moved(note: Note, divisions: Sequence[int]) -> Note:
    start, end = _near(note.start, divisions), _near(note.end, divisions)
    return replace(note, start=start, length=max(end - start, PPQ // max(divisions)))


def _quarters(notes: Sequence[Note]) -> dict[int, list[Tick]]:
    """Onsets by the quarter they lie in; a little early counts as the next."""
    rows: dict[int, list[Tick]] = {}
    for note in notes:
        rows.setdefault((note.start + PPQ // 8) // PPQ, []).append(note.start)
    return rows


def _steps(onsets: Sequence[Tick], usual: int) -> int:
    """Sixteenths or triplets for one quarter: the nearer, the usual one unless the other is nearer by half."""
    off = {d: sum((_near(at, (d,)) - at) ** 2 for at in onsets) for d in (_STRAIGHT, _TRIPLETS)}
    mine = _TRIPLETS if usual % 3 == 0 else _STRAIGHT
    other = _STRAIGHT + _TRIPLETS - mine
    return other if 2 * off[other] < off[mine] else mine


# -- one line ------------------------------------------------------------------------------------------------------------


def skyline(notes: Sequence[Note]) -> tuple[list[Note], int]:
    """The tune on top of what is played: one note at a time, and how many notes were left out.

    Of notes struck together the highest is sung; one struck under a higher note that still sounds for half its length or
    more belongs to the accompaniment; every note ends where the next begins.
    """
    line: list[Note] = []
    for note in sorted(notes, key=lambda n: (n.start, -n.pitch)):
        last = line[-1] if line else None
        if last is not None and (
            note.start == last.start or (note.pitch < last.pitch and 2 * (last.end - note.start) >= note.length)
        ):
            continue
        line.append(note)
    cut = [a if a.end <= b.start else replace(a, length=b.start - a.start) for a, b in pairwise(line)]
    return [*cut, *line[-1:]], len(notes) - len(line)


# -- placed --------------------------------------------------------------------------------------------------------------


class Tune(Struct, frozen=True, dict=True):
    """The song's own tune by section id (no notes: the tune rests there), and what was decided in reading it."""

    notes: Mapping[str, tuple[Note, ...]]
    decisions: tuple[Decision, ...] = ()


def tune(song: SongSpec, sections: Sequence[Section], sheets: Sheets, book: Reader) -> Tune:
    """The tune of a MIDI file laid over the song from a bar on, or over every statement of one section."""
    spec, sheet = song.melody, sheets.get("melody")
    track = chosen(sheet, spec, "melody", book) if spec is not None and sheet is not None else None
    if spec is None or sheet is None or track is None:
        return Tune({})
    if track.drums:
        book.wrong(
            "melody.track" if spec.track else "melody.midi", "this track is the drums", "choose one with pitches"
        )
        return Tune({})
    line, dropped = skyline(read(track, sheet.division, spec, sections[0]))
    meant = [s for s in sections if spec.section in (None, s.name, s.id)]
    if not meant:
        hint = did_you_mean(str(spec.section), {s.name for s in sections})
        book.wrong("melody.section", f"no section {printable(str(spec.section))!r} in the form", hint)
        return Tune({})
    if not line:
        book.wrong("melody.midi", "no notes are left of this track", "look at offset and bars")
        return Tune({})
    decisions, at = tuple(_chordal(track, dropped) if dropped else ()), spec.at or 1
    if spec.section is not None:
        return Tune({s.id: within(line, (at - 1) * s.meter.bar, s, "melody", book) for s in meant}, decisions)
    return Tune(_over(line, at, sections, book), decisions)


def played(spec: MidiNotes, section: Section, part: str, path: str, sheets: Sheets, book: Reader) -> tuple[Note, ...]:
    """What one part plays in one section from a MIDI file: all its notes, chords and all; the lead one at a time."""
    sheet = sheets.get(path)
    track = chosen(sheet, spec, path, book, part == "drums") if sheet is not None else None
    if sheet is None or track is None:
        return ()
    if track.drums != (part == "drums"):
        told = "this track is the drums" if track.drums else "this track is not the drums"
        book.wrong(join(path, "track" if spec.track else "midi"), told, f"{part} needs another one")
        return ()
    found = read(track, sheet.division, spec, section)
    found = skyline(found)[0] if part == "lead" else found
    if not found:
        book.wrong(join(path, "midi"), "no notes are left of this track", "look at offset and bars")
    return within(found, 0, section, path, book)


def read(track: smf.Track, division: int, spec: Voice, section: Section) -> list[Note]:
    """A track's notes at their places, from its own beginning."""
    return on_grid(counted(track.notes, division, section.meter, spec), spec.grid, section.grid)


def within(line: Sequence[Note], shift: Tick, section: Section, path: str, book: Reader) -> tuple[Note, ...]:
    """Notes moved by some ticks into one section; those outside are a mistake, one held over its end is cut there."""
    section = written_once(section)
    moved = [replace(note, start=note.start + shift) for note in line]
    if moved and moved[-1].start >= section.length:
        bars = moved[-1].start // section.meter.bar + 1
        told = f"{count(bars, 'bar')} of notes in a section of {section.bars}"
        book.wrong(join(path, "midi"), told, f"take the first with bars = {section.bars}, or lengthen the section")
    early(moved, path, "section", book)
    return tuple(replace(n, length=min(n.length, section.length - n.start)) for n in moved if n.start < section.length)


def early(moved: Sequence[Note], path: str, what: str, book: Reader) -> None:
    """Notes before the beginning are a mistake."""
    before = sum(note.start < 0 for note in moved)
    if before:
        verb = "falls" if before == 1 else "fall"
        own = path == "melody" and what == "section"
        hint = (
            "an upbeat sounds in the section before: leave section out, and say at which bar"
            if own
            else "a later offset"
        )
        book.wrong(join(path, "offset"), f"{count(before, 'note')} {verb} before the {what} begins", hint)


def _over(line: Sequence[Note], first: int, sections: Sequence[Section], book: Reader) -> dict[str, tuple[Note, ...]]:
    """A line over the sections of the song from a bar (counted from 1) on; sections after its end are left to the band.

    The bars a tag repeats are counted once, as they are written.
    """
    spans, at, bar, shift = [], 0, 1, None
    for section in sections:
        own = written_once(section)
        if bar <= first < bar + own.bars:
            shift = at + (first - bar) * own.meter.bar
        spans.append((own, at))
        at, bar = at + own.length, bar + own.bars
    if shift is None:
        book.wrong("melody.at", f"the song has no bar {first}", f"1 to {bar - 1}")
        return {}
    moved = [replace(note, start=note.start + shift) for note in line]
    early(moved, "melody", "song", book)
    if moved[-1].start >= at:
        over = -(-(moved[-1].end - at) // sections[-1].meter.bar)
        told = f"the tune goes on for {count(over, 'bar')} after the song has ended"
        longer = f'write length = "{bar - 1 + over} bars" or a longer form, or ' if bar - 1 + over <= MAX_BARS else ""
        book.wrong("melody.midi", told, f"{longer or 'write '}bars = {bar - first} in [melody], to take no more")
    starts, found = [note.start for note in moved], {}
    for section, begin in spans:
        end = begin + section.length
        inside = moved[bisect_left(starts, begin) : bisect_left(starts, end)]
        if end > shift + line[0].start and begin < moved[-1].end:
            found[section.id] = tuple(
                replace(n, start=n.start - begin, length=min(n.length, end - n.start)) for n in inside
            )
    return found


def _chordal(track: smf.Track, dropped: int) -> tuple[Decision, ...]:
    """I9: a tune that is played in chords is sung by one voice."""
    sides = (Claim(track.name or "the track", f"{dropped} notes under others", 1.0), Claim("lead", "one voice", 1.0))
    return (Decision("I9", "instruments", "song", sides, "the highest notes", "a tune is one note at a time"),)


# -- chords --------------------------------------------------------------------------------------------------------------


def harmony_heard(
    sheet: smf.Sheet, spec: MidiChords, path: str, section: Section, start: Tick, book: Reader
) -> str | None:
    """The chords of a MIDI file for a section that begins ``start`` ticks into it, as the language writes them.

    Chords of the whole song (``start`` of each section) leave a section to the genre where the file is silent; those of
    one section are as long as the file, and repeat.
    """
    tracks = [track for track in sheet.tracks if not track.drums]
    if spec.track is not None:
        one = chosen(sheet, spec, path, book)
        tracks = [one] if one is not None else []
    rows = [row for track in tracks for row in track.notes]
    bar = section.meter.bar
    notes = [replace(n, start=n.start - start) for n in counted(rows, sheet.division, section.meter, spec)]
    early([n for n in notes if n.start < -start], path, "song" if path == "chords" else "section", book)
    end = max((note.end for note in notes), default=0)
    bars = section.bars if path == "chords" else max(1, min(section.bars, (end + bar // 2) // bar))
    names = root_names(section.key.tonic, section.key.mode, section.key.name)
    inside = tuple(note for note in notes if note.end > 0 and note.start < bars * bar)
    found = recognised(inside, section.meter, bars, spec.per, names, section.key)
    if not found and path != "chords" and not book.problems:
        book.wrong(join(path, "midi"), "no chords are heard in it", "choose another track, or none for all of them")
    return found or None


# -- meter and key -------------------------------------------------------------------------------------------------------


def meter_of(sheets: Sheets) -> Meter | None:
    """The meter that the file of the tune is written in, else that of the chords."""
    found = (sheets[path].meter for path in ("melody", "chords") if path in sheets)
    return next((Meter(*meter) for meter in found if meter and 1 <= meter[0] <= 32), None)


def meter_told(song: SongSpec, sheets: Sheets, meter: Meter, written: Meter) -> tuple[Decision, ...]:
    """T7: the meter was taken from the tune, or the song's own is not that of its tune."""
    own = meter_of(sheets)
    if own is None or own == (meter if song.meter else written):
        return ()
    who, rival, weight = ("song", str(meter), 1.0) if song.meter else ("genre", str(written), 0.5)
    sides = (Claim("tune", str(own), 0.8), Claim(who, rival, weight))
    why = (
        "a meter in the song comes before that of its tune"
        if song.meter
        else "a song without a meter has that of its tune"
    )
    return (Decision("T7", "tempo", "song", sides, str(meter), why),)


def tempo_told(song: SongSpec, sheets: Sheets, bpm: float, book: Reader) -> tuple[Decision, ...]:
    """T8: a file's tempi are not the song's, which has a tempo of its own or its genre's. Who wrote none is told at once."""
    found: list[Decision] = []
    for path in ("melody", "chords"):
        own = [60e6 / micros for _, micros in sheets[path].tempos] if path in sheets else []
        low, high = min(own, default=bpm), max(own, default=bpm)
        if high - low < SLIGHT * low and abs(own[0] - bpm if own else 0.0) < SLIGHT * bpm:
            continue
        paces = f"{low:.3g} bpm" if high - low < SLIGHT * low else f"{low:.3g} to {high:.3g} bpm"
        sides = (Claim("tune", paces, 0.8), Claim("song" if song.tempo else "genre", f"{bpm:.3g} bpm", 1.0))
        why = "a quarter note of the file is one of the song"
        found.append(Decision("T8", "tempo", "song", sides, f"{bpm:.3g} bpm", why))
        if song.tempo is None:
            told = f"its tempo of {paces} is not followed: without a tempo the song has one of its genre's, {bpm:.3g}"
            book.warn(join(path, "midi"), told, f"write  tempo = {own[0]:.3g}  or  {{ start = …, end = … }}")
        break
    return tuple(found)


def heard(song: SongSpec, sheets: Sheets) -> tuple[float, ...]:
    """How long each pitch class sounds in the song's tune and chords from MIDI files; empty when there are none."""
    times = [0.0] * 12
    for path, excerpt, _ in named(song):
        for track in _meant(sheets[path], excerpt) if path in ("melody", "chords") and path in sheets else ():
            for start, end, pitch, _velocity in track.notes:
                times[pitch % 12] += end - start
    return pitch_weights(times) if any(times) else ()


def _meant(sheet: smf.Sheet, excerpt: Excerpt) -> list[smf.Track]:
    """The tracks an excerpt speaks of, pitches only."""
    pitched = [track for track in sheet.tracks if not track.drums]
    if excerpt.track is None and isinstance(excerpt, MidiChords):
        return pitched
    one = chosen(sheet, excerpt, "", Reader())
    return [track for track in pitched if track is one]


def key_of(song: SongSpec, sheets: Sheets) -> Key | None:
    """The key that tune and chords speak for; the one a file is written in, unless that fits them far worse."""
    weights = heard(song, sheets)
    if not weights:
        return None
    best, mode, tonic = max((key_fit(weights, t, m == "major"), m, t) for t in range(12) for m in ("major", "minor"))
    for sheet in sheets.values():
        name, _, own = sheet.key.partition(" ")
        place = next((t for t in range(12) if own and key_name(t, own) == name), None)
        if place is not None and key_fit(weights, place, own == "major") >= best - FAR:
            return Key(place, own, name)
    return Key(tonic, mode, key_name(tonic, mode))


def key_told(song: SongSpec, sheets: Sheets, key: Key) -> tuple[Decision, ...]:
    """K7: the key was taken from the tune, or the song's own key is far from that of its tune."""
    own = key_of(song, sheets)
    if own is None:
        return ()
    if not song.key:
        sides = (Claim("tune", str(own), 1.0), Claim("genre", "one of its keys", 0.5))
        return (Decision("K7", "key", "song", sides, str(key), "a song without a key has that of its tune"),)
    weights = heard(song, sheets)
    mine, theirs = (key_fit(weights, k.tonic, k.mode in MAJOR_LIKE) for k in (key, own))
    if mine >= theirs - FAR:
        return ()
    sides = (Claim("song", str(key), 1.0), Claim("tune", f"{own} ({theirs:.2f}, not {mine:.2f})", 0.8))
    return (Decision("K7", "key", "song", sides, str(key), "a key in the song comes before that of its tune"),)
