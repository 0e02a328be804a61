"""A performance as a standard MIDI file, written so that every workstation reads the same song out of it.

Type 1, 960 ticks a quarter. The first track conducts and holds no note: title, meters, keys, tempi, section markers.
Then one track and one channel for each part. All tracks end at one bar line. Text is plain ASCII, because readers
disagree about everything else; there are no text, copyright or instrument-name events, because readers turn them into
markers, staff text and phantom tracks.

The bytes are written here: a long song has a hundred thousand events, and one object for each would take a second.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from scorekit.score import Key, Performance, Placement, Plan, Take
from scorekit.stage import Part, Strip
from scorekit.theory import DRUM_NOTES, LETTERS, MAJOR_LIKE, MODE_NAMES, key_name, pitch_name
from scorekit.timebase import PPQ, Meter, Tick

if TYPE_CHECKING:
    import mido
    import numpy as np

    Columns = dict[str, np.ndarray]

TITLE, MARKER, END, TEMPO, METER, KEY = 0x03, 0x06, 0x2F, 0x51, 0x58, 0x59
NOTE_OFF, NOTE_ON, CONTROL, PROGRAM = 0x80, 0x90, 0xB0, 0xC0
VOLUME, PAN, EXPRESSION = 7, 10, 11
DRUM_CHANNEL = 9
_RELEASE = 64
_WITHOUT_DECOMPOSITION = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "Æ": "AE",
        "œ": "oe",
        "Œ": "OE",
        "ø": "o",
        "Ø": "O",
        "đ": "d",
        "Đ": "D",
        "ð": "d",
        "Ð": "D",
        "ł": "l",
        "Ł": "L",
        "þ": "th",
        "Þ": "Th",
        "ı": "i",
        "–": "-",
        "—": "-",
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "♯": "#",
        "♭": "b",
    }
)


# -- the file ----------------------------------------------------------------------------------------------------------


class Notes(NamedTuple):
    """The notes of a part as a track has them: what they were written of, the tick at which the last ends, the events, the tick
    of the last of those."""

    takes: list[Take]
    channel: int
    program: int
    end: Tick
    events: bytes
    last: Tick


Known = dict[str, Notes]
"""By part, what was written of the last version of a song."""


def encode(performance: Performance, *, only: str | None = None, known: Known | None = None) -> bytes:
    """The MIDI file of a performance; ``only`` names one part to write alone, with the same conductor and length. What is
    ``known`` is kept for the next version, and notes of the same takes are not written again.

    Raises KeyError when ``only`` is not a part of the song.
    """
    plan, known = performance.plan, {} if known is None else known
    for part in plan.parts:
        takes = [take for take in performance.takes if take.part == part.name]
        of = (takes, part.channel, part.program)
        if part.name not in known or known[part.name][:3] != of:  # takes equal nothing but themselves
            columns = _notes(takes)
            end = int(columns["end"].max(initial=0))
            known[part.name] = Notes(*of, end, *_note_bytes(columns, part.channel, part.program))
    last = max((known[part.name].end for part in plan.parts), default=0)
    end = closing_bar_line(plan.placements, last)
    parts = plan.parts if only is None else (plan.part(only),)
    titles = dict(zip((part.name for part in plan.parts), unique(part.title for part in plan.parts), strict=True))
    tracks = [_conductor(plan, last, end)]
    tracks += [_track(part, titles[part.name], known[part.name], end) for part in parts]
    header = b"MThd" + (6).to_bytes(4) + (1).to_bytes(2) + len(tracks).to_bytes(2) + PPQ.to_bytes(2)
    return header + b"".join(b"MTrk" + len(track).to_bytes(4) + track for track in tracks)


def closing_bar_line(placements: tuple[Placement, ...], tick: Tick) -> Tick:
    """The bar line after the last bar, or the first one that a note still ringing does not cross."""
    end, bar = placements[-1].end, placements[-1].section.meter.bar
    return end + max(0, -(-(tick - end) // bar)) * bar


def vlq(number: int) -> bytes:
    """A variable-length quantity: seven bits a byte, most significant first."""
    out = bytes([number & 0x7F])
    while number := number >> 7:
        out = bytes([number & 0x7F | 0x80]) + out
    return out


def meta(kind: int, data: bytes = b"") -> bytes:
    """A meta event, without its delta time."""
    return bytes([0xFF, kind]) + vlq(len(data)) + data


def ascii_text(text: str, otherwise: str = "") -> str:
    """Text as plain printable ASCII: accents dropped, letters without a plain relative left out."""
    plain = unicodedata.normalize("NFKD", text.translate(_WITHOUT_DECOMPOSITION)).encode("ascii", "ignore").decode()
    return " ".join("".join(char if char.isprintable() else " " for char in plain).split()) or otherwise


def unique(titles: Iterable[str]) -> list[str]:
    """Track names as ASCII, a number added to those that would come twice."""
    names: list[str] = []
    for title in titles:
        name = plain = ascii_text(title, "Part")
        count = 1
        while name in names:
            count += 1
            name = f"{plain} {count}"
        names.append(name)
    return names


# -- the conductor track -----------------------------------------------------------------------------------------------


def _conductor(plan: Plan, last: Tick, end: Tick) -> bytes:
    """Title, then everything that changes, in order of ticks; changes that no note follows are left out."""
    events = [(0, meta(TITLE, ascii_text(plan.title, "Song").encode()))]
    events += [(tick, data) for tick, data in _changes(plan) if tick == 0 or tick < last]
    events += [(p.start, meta(MARKER, ascii_text(p.section.name, "section").encode())) for p in plan.placements]
    events.sort(key=lambda event: event[0])
    track, now = b"", 0
    for tick, data in [*events, (end, meta(END))]:
        track += vlq(tick - now) + data
        now = tick
    return track


def _changes(plan: Plan) -> Iterator[tuple[Tick, bytes]]:
    """Meters and keys where they change, and the whole tempo map."""
    meter, key = None, None
    for placement in plan.placements:
        section = placement.section
        if section.meter != meter:
            yield placement.start, meta(METER, meter_bytes(section.meter))
        if section.key != key:
            yield placement.start, meta(KEY, key_bytes(section.key))
        meter, key = section.meter, section.key
    for tick, tempo in plan.tempo.changes:
        yield tick, meta(TEMPO, tempo.to_bytes(3))


def meter_bytes(meter: Meter) -> bytes:
    """Beats, unit as a power of two, MIDI clocks (24 a quarter) in a felt beat, 32nd notes in a quarter."""
    clocks = min(255, max(1, meter.pulses[0] * 24 // PPQ))
    return bytes([meter.beats, meter.unit.bit_length() - 1, clocks, 8])


def key_bytes(key: Key) -> bytes:
    """Sharps (flats below zero) and whether it is minor.

    MIDI knows major and minor only. Other modes keep their tonic and their third: E dorian is written E minor. The
    spelling is the usual one of the tonic, or its enharmonic twin where that would take more than seven accidentals.
    """
    minor = MODE_NAMES.get(key.mode, key.mode) not in MAJOR_LIKE
    name = key_name(key.tonic, key.mode)
    fifths = (LETTERS[name[0]] * 7 + 1) % 12 - 1 + 7 * (name.count("#") - name.count("b")) - 3 * minor
    fifths -= 12 * (fifths > 7) - 12 * (fifths < -7)
    return bytes([fifths % 256, minor])


# -- the tracks of the parts -------------------------------------------------------------------------------------------


def _track(part: Part, title: str, notes: Notes, end: Tick) -> bytes:
    """Name, program, volume, pan, expression, then the notes."""
    setup = b"".join(b"\0" + event for event in _setup(part, title))
    return setup + notes.events + vlq(end - notes.last) + meta(END)


def _setup(part: Part, title: str) -> Iterator[bytes]:
    yield meta(TITLE, title.encode())
    yield bytes([PROGRAM | part.channel, part.program])
    for number, value in ((VOLUME, volume(part.strip)), (PAN, pan(part.strip)), (EXPRESSION, 127)):
        yield bytes([CONTROL | part.channel, number, value])


def volume(strip: Strip) -> int:
    """Controller 7: 0 dB is 100, by the square law of General MIDI."""
    return min(127, max(0, round(100 * 10 ** (strip.level / 40))))


def pan(strip: Strip) -> int:
    """Controller 10: 64 is the middle."""
    return min(127, max(0, 64 + round(64 * strip.pan)))


def _notes(played: Sequence[Take]) -> Columns:
    """Start, end, pitch and velocity of the notes of a part's takes, sorted by pitch and start: in range, apart, a tick at
    least.

    A pitch struck again ends the note before it. Of two notes of one pitch on one tick the louder stays.
    """
    import numpy as np

    takes = [take.events for take in played]
    names = ("start", "length", "pitch", "velocity", "manner")
    start, length, pitch, velocity, manner = (
        np.concatenate([np.zeros(0, np.int64), *(take[name].astype(np.int64) for take in takes)]) for name in names
    )
    start, pitch, velocity = np.maximum(start, 0), np.clip(pitch, 0, 127), np.clip(velocity, 1, 127)
    order = np.lexsort((-velocity, start, pitch))
    start, length, pitch, velocity, manner = (column[order] for column in (start, length, pitch, velocity, manner))
    kept = np.append(True, (np.diff(start) != 0) | (np.diff(pitch) != 0))[: start.size]
    start, length, pitch, velocity, manner = (column[kept] for column in (start, length, pitch, velocity, manner))
    end = start + np.maximum(length, 1)
    again = np.flatnonzero(np.diff(pitch) == 0)
    end[again] = np.minimum(end[again], start[again + 1])
    return {"start": start, "end": end, "pitch": pitch, "velocity": velocity, "manner": manner}


def _note_bytes(notes: Columns, channel: int, program: int) -> tuple[bytes, Tick]:
    """All notes of a track and what lies between them (expression) with their delta times, and the tick of the last; within a
    tick note-offs come first, then controllers in the order they were given."""
    import numpy as np

    from scorekit.render.expression import gestures

    count = notes["start"].size
    if not count:
        return b"", 0
    turns, kinds, numbers, values = gestures(notes, channel, program)
    tick = np.concatenate((notes["end"], turns, notes["start"]))
    status = np.concatenate((np.full(count, NOTE_OFF | channel), kinds, np.full(count, NOTE_ON | channel)))
    first = np.concatenate((notes["pitch"], numbers, notes["pitch"]))
    second = np.concatenate((np.full(count, _RELEASE), values, notes["velocity"]))
    rank = np.repeat((0, 1, 2), (count, turns.size, count))
    order = np.lexsort((np.where(rank == 1, 0, first), rank, tick))
    tick = tick[order]
    message = np.stack((status, first, second))[:, order]
    return _interleave(np.diff(tick, prepend=0), message), int(tick[-1])


def _interleave(delta: np.ndarray, message: np.ndarray) -> bytes:
    """Delta times as variable-length quantities, each followed by its three-byte message."""
    import numpy as np

    width = 1 + (delta >> 7 > 0) + (delta >> 14 > 0) + (delta >> 21 > 0)
    stop = np.cumsum(width + 3)
    out = np.zeros(int(stop[-1]), np.uint8)
    for place in range(4):
        here = width > place
        out[stop[here] - 4 - place] = (delta[here] >> 7 * place & 0x7F) | (0x80 if place else 0)
    for place in range(3):
        out[stop - 3 + place] = message[place]
    return out.tobytes()


# -- for people --------------------------------------------------------------------------------------------------------


def events_text(data: bytes) -> str:
    """A MIDI file as lines that a musician can read: bar.beat.tick, then what happens; notes with their length."""
    from io import BytesIO

    import mido

    file = mido.MidiFile(file=BytesIO(data))
    meters = _meters(file.tracks[0])
    lines = [f"midi type {file.type}, {file.ticks_per_beat} ticks a quarter, {len(file.tracks)} tracks"]
    for number, track in enumerate(file.tracks):
        lines += ["", f"track {number}"]
        lines += [f"{place(meters, tick):>10}  {words}" for tick, words in _track_words(track)]
    return "\n".join(lines) + "\n"


def _meters(track: Iterable[mido.Message]) -> list[tuple[Tick, Meter]]:
    """Where each meter begins."""
    meters, now = [(0, Meter(4, 4))], 0
    for message in track:
        now += message.time
        if message.type == "time_signature":
            meters.append((now, Meter(message.numerator, message.denominator)))
    return meters


def place(meters: list[tuple[Tick, Meter]], tick: Tick) -> str:
    """A tick as bar.beat.tick; bars and beats count from 1, and a beat is the unit of the meter."""
    bar = 1
    for (start, meter), after in zip(meters, [*meters[1:], None], strict=True):
        if after is None or tick < after[0]:
            bars, rest = divmod(tick - start, meter.bar)
            beat, rest = divmod(rest, meter.bar // meter.beats)
            return f"{bar + bars}.{beat + 1}.{rest:03}"
        bar += (after[0] - start) // meter.bar
    raise ValueError("no meter")


def _track_words(track: Iterable[mido.Message]) -> list[tuple[Tick, str]]:
    """(tick, words) of each event of a track; a note is one line, where it begins."""
    lines: list[tuple[Tick, str]] = []
    open_notes: dict[int, tuple[int, Tick, int]] = {}
    now = 0
    for message in track:
        now += message.time
        if message.type == "note_on" and message.velocity:
            open_notes[message.note] = (len(lines), now, message.velocity)
            lines.append((now, ""))
        elif message.type in ("note_on", "note_off"):
            row, start, velocity = open_notes.pop(message.note)
            name = _note_name(message.note, message.channel)
            lines[row] = (start, f"{name:<5} velocity {velocity:>3}  length {now - start}")
        else:
            lines.append((now, _words(message)))
    return lines


_DRUM_NAMES = {pitch: row for row, pitch in reversed(DRUM_NOTES.items())}


def _note_name(pitch: int, channel: int) -> str:
    return _DRUM_NAMES.get(pitch, str(pitch)) if channel == DRUM_CHANNEL else pitch_name(pitch)


def _words(message: mido.Message) -> str:
    """One event that is not a note."""
    match message.type:
        case "track_name":
            return f"name {message.name}"
        case "time_signature":
            return f"meter {message.numerator}/{message.denominator}"
        case "key_signature":
            return f"key {message.key}"
        case "set_tempo":
            return f"tempo {60_000_000 / message.tempo:.3f} ({message.tempo} us)"
        case "marker":
            return f"marker {message.text}"
        case "program_change":
            return f"channel {message.channel + 1} program {message.program}"
        case "control_change":
            return f"control {message.control} = {message.value}"
        case "end_of_track":
            return "end"
    return str(message)
