"""Standard MIDI Files: what their bytes say, in ticks.

Reading is tolerant of what is odd (unknown chunks, notes never ended) and refuses what is not a MIDI file. What was cut short
is read as far as it goes, and that is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct, field

DRUMS = 9
"""The channel of the drums, from 0."""
DEFAULTS = {1: 0, 7: 100, 10: 64, 11: 127, 64: 0, 91: 40}
"""Controllers that are taken down, and what they are before they are set."""
_NAME, _END, _TEMPO, _METER, _KEY = 0x03, 0x2F, 0x51, 0x58, 0x59
_USUAL = (500_000).to_bytes(3, "big")
"""The tempo of a song that says none."""
_PEDAL = 64
_KEYS = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
_MINOR_KEYS = ("Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#")

Raw = tuple[int, int, int, int]
"""(tick, status, data, data) of a message on a channel."""
Meta = tuple[int, int, bytes]
"""(tick, kind, data)"""
Chunk = tuple[bytes, bool]
"""What there is of a track, and whether that is as much as is said."""


class Broken(Exception):
    """What is wrong with a file."""


class Events(Struct):
    """What a file says, in ticks. Rows are in the order of time, and of the file where that is equal."""

    division: int
    """Ticks a quarter; negative: ticks a second."""
    notes: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    """(tick, end, channel, pitch, velocity)"""
    turns: list[tuple[int, int, int, int]] = field(default_factory=list)
    """(tick, channel, controller, value); -1 is a program, -2 a bend (0 to 16383), -3 its range in cents."""
    tempos: list[tuple[int, int]] = field(default_factory=list)
    """(tick, microseconds a quarter)"""
    end: int = 0
    broken: list[str] = field(default_factory=list)
    """Where the file breaks off."""


class Track(Struct, frozen=True):
    """One track that has notes. A file of one track with several channels has a track for each of them."""

    name: str
    notes: tuple[tuple[int, int, int, int], ...]
    """(tick, end, pitch, velocity) by time and pitch; keys as they were held down, the pedal left out."""
    drums: bool = False


class Sheet(Struct, frozen=True):
    """A file as a musician reads it: its tracks with notes, and the key and meter it is written in when it says so."""

    division: int
    """Ticks a quarter; negative: ticks a second."""
    tracks: tuple[Track, ...]
    key: str = ""
    """``Eb major``, at its start."""
    meter: tuple[int, int] | None = None
    """Beats of a bar and the note value they have, at its start."""
    tempos: tuple[tuple[int, int], ...] = ()
    """(tick, microseconds a quarter)"""
    broken: tuple[str, ...] = ()
    """Where the file breaks off."""


def read(data: bytes) -> Events:
    """The events of a whole file, all tracks together; those of format 2, which are songs of their own, one after another.
    Broken when it is none."""
    division, chunks, broken = _opened(data)
    found = Events(division, broken=broken)
    raw: list[Raw] = []
    metas: list[Meta] = []
    in_turn = data[data.find(b"MThd") + 9] == 2
    for number, chunk in enumerate(chunks, 1):
        start = found.end if in_turn else 0
        if start:
            metas.append((start, _TEMPO, _USUAL))
            found.turns += _anew(found.turns, start)
        end, whole = _track(chunk, raw, metas, start)
        found.end = max(found.end, end)
        broken += [] if whole else [f"track {number} of {len(chunks)} breaks off"]
        if in_turn:
            _pair(raw, found)
            raw = []
    raw.sort(key=lambda row: row[0])
    found.tempos = _tempos(metas)
    _pair(raw, found)
    return found


def _tempos(metas: Sequence[Meta]) -> list[tuple[int, int]]:
    """(tick, microseconds a quarter) of what can be a tempo, by time."""
    found = (
        (tick, max(int.from_bytes(body, "big"), 1_000))
        for tick, kind, body in metas
        if kind == _TEMPO and len(body) == 3 and any(body)
    )
    return sorted(found, key=lambda row: row[0])


def _anew(turns: Sequence[tuple[int, int, int, int]], tick: int) -> list[tuple[int, int, int, int]]:
    """Whatever was turned, as it is before it is set: a song does not begin with the programs of the one before it."""
    touched = dict.fromkeys((channel, number) for _, channel, number, _ in turns)
    return [(tick, channel, number, initial(number)) for channel, number in touched]


def initial(number: int) -> int:
    """The value of a controller of ``Events.turns`` before it is set."""
    return DEFAULTS.get(number, {-2: 8_192, -3: 200}.get(number, 0))


def sheet(data: bytes) -> Sheet:
    """The tracks of a file that have notes, in its order. Broken when it is no MIDI file."""
    division, chunks, broken = _opened(data)
    found: list[Track] = []
    signs: list[Meta] = []
    for number, chunk in enumerate(chunks, 1):
        raw: list[Raw] = []
        metas: list[Meta] = []
        end, whole = _track(chunk, raw, metas)
        broken += [] if whole else [f"track {number} of {len(chunks)} breaks off"]
        events = Events(division, end=end)
        _pair([row for row in raw if row[1] & 0xF0 != 0xB0 or row[2] != _PEDAL], events)
        name = next((body.decode("utf-8", "replace").strip() for _, kind, body in metas if kind == _NAME), "")
        found += _split(events, name, len(chunks) == 1)
        signs += metas
    key, meter = (min((s for s in signs if s[1] == kind), default=(0, 0, b""))[2] for kind in (_KEY, _METER))
    beats = (meter[0], 1 << meter[1]) if len(meter) > 1 and meter[1] < 6 else None
    return Sheet(division, tuple(found), _key(key), beats, tuple(_tempos(signs)), tuple(broken))


def _split(events: Events, name: str, by_channel: bool) -> Iterator[Track]:
    """The notes of one chunk as a track, or as one for each channel where there are several."""
    channels = sorted({channel for _, _, channel, _, _ in events.notes})
    if not by_channel or len(channels) < 2:
        notes = tuple(sorted((start, end, pitch, velocity) for start, end, _, pitch, velocity in events.notes))
        return (yield from [Track(name, notes, DRUMS in channels)] if notes else ())
    for mine in channels:
        notes = tuple(
            sorted((s, e, pitch, velocity) for s, e, channel, pitch, velocity in events.notes if channel == mine)
        )
        yield Track(f"channel {mine + 1}", notes, mine == DRUMS)


def _key(data: bytes) -> str:
    """A key signature's two bytes in words; empty when it is none."""
    place = data[0] - 256 * (data[0] > 127) + 7 if len(data) == 2 else -1
    if not 0 <= place < len(_KEYS) or data[1] > 1:
        return ""
    return f"{_MINOR_KEYS[place]} minor" if data[1] else f"{_KEYS[place]} major"


def _opened(data: bytes) -> tuple[int, list[Chunk], list[str]]:
    """The time base of a file, its track chunks, and what is said of those that are not there."""
    start = data.find(b"MThd", 0, 256)  # some files have a RIFF or Mac header in front
    if start < 0 or len(data) < start + 14:
        raise Broken("this is not a MIDI file")
    division = int.from_bytes(data[start + 12 : start + 14], "big")
    if division & 0x8000:
        frames = 256 - (division >> 8)
        rate = 30_000 / 1_001 if frames == 29 else frames  # 29 stands for that of NTSC
        division = -round(rate * (division & 255))
    if not division:
        raise Broken("this MIDI file has no time base")
    chunks = list(_chunks(data, start + 8 + int.from_bytes(data[start + 4 : start + 8], "big")))
    if not chunks:
        raise Broken("this MIDI file has no tracks")
    said = int.from_bytes(data[start + 10 : start + 12], "big")
    return division, chunks, [f"{len(chunks)} of {said} tracks are there"] if len(chunks) < said else []


def _chunks(data: bytes, at: int) -> Iterator[Chunk]:
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "big")
        if data[at : at + 4] == b"MTrk":
            yield data[at + 8 : at + 8 + size], at + 8 + size <= len(data)
        at += 8 + size


def _track(chunk: Chunk, raw: list[Raw], metas: list[Meta], tick: int = 0) -> tuple[int, bool]:
    """The channel messages and meta events of a track that begins at a tick, appended; its last tick, and whether it was read
    to its end: it is left where it breaks off.

    The status of the last channel message holds on through meta and system messages: the standard ends it there, but files
    are written that way, and nothing else can be meant.
    """
    data, whole = chunk
    running, at = 0, 0
    add = raw.append
    try:
        while at < len(data):
            step = data[at]
            at += 1
            if step & 0x80:
                step &= 0x7F
                while data[at] & 0x80:
                    step = step << 7 | data[at] & 0x7F
                    at += 1
                step = step << 7 | data[at]
                at += 1
            tick += step
            status = running
            if data[at] & 0x80:
                status = data[at]
                at += 1
                if status < 0xF0:
                    running = status
            if 0x80 <= status < 0xF0:
                if status & 0xE0 == 0xC0:
                    add((tick, status, data[at], 0))
                    at += 1
                else:
                    add((tick, status, data[at], data[at + 1]))
                    at += 2
            else:
                at = _other(data, at, status, tick, metas)
    except IndexError:
        return tick, False
    return tick, whole


def _other(data: bytes, at: int, status: int, tick: int, metas: list[Meta]) -> int:
    """Past a meta event or a system message; names, tempos and keys are taken down."""
    kind = -1
    if status == 0xFF:
        kind, at = data[at], at + 1
    elif status not in (0xF0, 0xF7):
        if not status:
            raise IndexError("a message without a status")
        return at + {0xF1: 1, 0xF2: 2, 0xF3: 1}.get(status, 0)
    size = 0
    while True:
        size = size << 7 | data[at] & 0x7F
        at += 1
        if not data[at - 1] & 0x80:
            break
    if kind in (_NAME, _TEMPO, _METER, _KEY):
        metas.append((tick, kind, data[at : at + size]))
    return len(data) if kind == _END else at + size


def _pair(raw: Sequence[Raw], found: Events) -> None:
    """Note-ons with their ends, the pedal in between; controllers as rows."""
    on: dict[int, list[tuple[int, int]]] = {}
    held: dict[int, list[tuple[int, int, int]]] = {}
    down = [False] * 16
    ranges: dict[int, tuple[int, int]] = {}
    for tick, status, a, b in raw:
        kind, channel = status & 0xF0, status & 15
        key = channel << 7 | a & 127
        if kind == 0x90 and b:
            on.setdefault(key, []).append((tick, b & 127))
        elif kind in (0x80, 0x90):
            begun = on.get(key)
            if begun:
                row = (*begun.pop(0), a & 127)
                if down[channel] and channel != DRUMS:
                    held.setdefault(channel, []).append(row)
                else:
                    found.notes.append((row[0], tick, channel, row[2], row[1]))
        elif kind == 0xB0:
            if a == _PEDAL:
                down[channel] = b >= 64
                if not down[channel]:
                    found.notes += [(at, tick, channel, pitch, v) for at, v, pitch in held.pop(channel, [])]
            elif a in (100, 101):
                before = ranges.get(channel, (127, 127))
                ranges[channel] = (b, before[1]) if a == 101 else (before[0], b)
            elif a == 6 and ranges.get(channel) == (0, 0):
                found.turns.append((tick, channel, -3, 100 * min(b, 24)))
            elif a in DEFAULTS:
                found.turns.append((tick, channel, a, b & 127))
            elif a == 121:
                found.turns += [(tick, channel, reset, value) for reset, value in ((1, 0), (11, 127), (-2, 8_192))]
        elif kind == 0xC0:
            found.turns.append((tick, channel, -1, a & 127))
        elif kind == 0xE0:
            found.turns.append((tick, channel, -2, (b & 127) << 7 | a & 127))
    last = max(found.end, raw[-1][0] if raw else 0)
    for key, begun in on.items():
        found.notes += [(tick, last, key >> 7, key & 127, velocity) for tick, velocity in begun]
    for channel, rows in held.items():
        found.notes += [(tick, last, channel, pitch, velocity) for tick, velocity, pitch in rows]
    found.notes.sort()
