"""The MIDI contract: what every reader must find in the file."""

from __future__ import annotations

from io import BytesIO
from itertools import pairwise

import mido
import numpy as np
import pretty_midi
import pytest

from scorekit.ideas import Ideas
from scorekit.render.expression import gestures
from scorekit.render.midi import ascii_text, encode, events_text, key_bytes, unique, vlq, volume
from scorekit.score import MANNERS, Key, Performance, Placement, Plan, Seam, Section, Take
from scorekit.stage import Dials, Feel, Master, Part, Sound, Strip
from scorekit.theory import MODES
from scorekit.timebase import PPQ, Meter, TempoMap, microseconds

EVENT = np.dtype([
    ("start", "i8"), ("length", "i8"), ("pitch", "i4"), ("velocity", "i4"), ("manner", "i4"), ("source", "i4"),
])  # fmt: skip
E_MINOR, G_MAJOR = Key(4, "minor", "E"), Key(7, "major", "G")
FOUR, THREE = Meter(4, 4), Meter(3, 4)
BAR = FOUR.bar
DRUMS = Part("drums", "drums", Sound("kit"), Strip(), 9, 0, "Drums")
BASS = Part("bass", "bass", Sound("finger"), Strip(level=-3, pan=-0.5), 0, 33, "Bass")
LEAD = Part("lead", "lead", Sound("saw"), Strip(pan=1), 1, 81, "Lead")


def placements(*sections: tuple[str, int, Meter, Key]) -> tuple[Placement, ...]:
    """Sections one after another, from bar 1."""
    placed, start, bar = [], 0, 1
    for name, bars, meter, key in sections:
        section = Section(name, 1, bars, meter, 4, 3, key, ())
        placed.append(Placement(section, start, bar, Seam()))
        start, bar = start + section.length, bar + bars
    return tuple(placed)


SONG = placements(("intro", 2, FOUR, E_MINOR), ("chorus", 2, THREE, G_MAJOR))


def performance(
    notes: dict[str, list[tuple[int, int, int, int]]],
    parts: tuple[Part, ...] = (DRUMS, BASS, LEAD),
    song: tuple[Placement, ...] = SONG,
    tempo: tuple[tuple[int, int], ...] = ((0, microseconds(102)),),
    title: str = "Night Bus",
) -> Performance:
    """A performance of (start, length, pitch, velocity) notes, all in the first take of their part."""
    plan = Plan(
        title, "7", "rock", "", "instrument_focused", song[0].section.key, TempoMap(tempo), song, parts, (), Ideas(),
        Dials(), (), Feel(), Master(), 2.0,
    )  # fmt: skip
    takes = (Take(name, 0, np.array([(*note, 0, 0) for note in rows], EVENT)) for name, rows in notes.items())
    return Performance(plan, tuple(takes))


PLAYED = {
    "drums": [(0, 100, 36, 110), (960, 100, 38, 100), (1920, 100, 36, 90)],
    "bass": [(0, 900, 40, 96), (960, 900, 43, 80)],
    "lead": [(2 * BAR, 960, 67, 90), (2 * BAR + 5 * PPQ, 960, 71, 90)],
}


def read(data: bytes) -> mido.MidiFile:
    """What mido makes of a file."""
    return mido.MidiFile(file=BytesIO(data))


def timed(track: mido.MidiTrack) -> list[tuple[int, mido.Message]]:
    """(tick, message) of a track."""
    now, out = 0, []
    for message in track:
        now += message.time
        out.append((now, message))
    return out


def kinds(track: mido.MidiTrack, kind: str) -> list[tuple[int, mido.Message]]:
    """(tick, message) of one kind."""
    return [(tick, message) for tick, message in timed(track) if message.type == kind]


# -- the file as a whole -----------------------------------------------------------------------------------------------


def test_type_and_resolution() -> None:
    """A file is type 1 with 960 ticks a quarter: a conductor, then a track for each part of the plan."""
    file = read(encode(performance(PLAYED)))
    assert (file.type, file.ticks_per_beat, len(file.tracks)) == (1, 960, 4)


def test_names_channels_programs() -> None:
    """Each part has its own track, name, channel and program."""
    tracks = read(encode(performance(PLAYED))).tracks[1:]
    assert [track.name for track in tracks] == ["Drums", "Bass", "Lead"]
    programs = [kinds(track, "program_change")[0][1] for track in tracks]
    assert [(m.channel, m.program) for m in programs] == [(9, 0), (0, 33), (1, 81)]


def test_setup_comes_first() -> None:
    """At tick 0, before any note: name, program, volume, pan, expression."""
    for track in read(encode(performance(PLAYED))).tracks[1:]:
        head = timed(track)[:5]
        assert all(tick == 0 for tick, _ in head)
        assert [m.type for _, m in head] == ["track_name", "program_change", *["control_change"] * 3]
        assert [m.control for _, m in head[2:]] == [7, 10, 11]


def test_levels_and_places() -> None:
    """0 dB is volume 100, -3 dB is 84; half left is pan 32, hard right 127."""
    _, _, bass, lead = read(encode(performance(PLAYED))).tracks
    assert [m.value for _, m in kinds(bass, "control_change")] == [84, 32, 127]
    assert [m.value for _, m in kinds(lead, "control_change")] == [100, 127, 127]
    assert (volume(Strip(level=12)), volume(Strip(level=-60))) == (127, 3)


def test_forbidden_events() -> None:
    """No text, copyright or instrument names; the conductor holds no note, and only it holds tempi and meters."""
    conductor, *parts = read(encode(performance(PLAYED))).tracks
    assert {m.type for m in conductor} == {
        "track_name", "time_signature", "key_signature", "set_tempo", "marker", "end_of_track",
    }  # fmt: skip
    for track in parts:
        assert {m.type for m in track} <= {
            "track_name", "program_change", "control_change", "note_on", "note_off", "end_of_track",
        }  # fmt: skip


def test_all_tracks_end_together() -> None:
    """Every track ends at the bar line after the last bar."""
    assert {timed(track)[-1][0] for track in read(encode(performance(PLAYED))).tracks} == {2 * BAR + 2 * THREE.bar}


def test_ringing_note_moves_the_end() -> None:
    """A note that rings over the last bar line moves the end of all tracks to the next bar line of that meter."""
    end = SONG[-1].end
    data = encode(performance({"lead": [(end - 10, 200, 60, 90)], "bass": [(0, 10, 40, 90)]}))
    assert {timed(track)[-1][0] for track in read(data).tracks} == {end + THREE.bar}


def test_one_part() -> None:
    """A file of one part has the same conductor, that part's track byte for byte, and the same length."""
    whole, bass = read(encode(performance(PLAYED))), read(encode(performance(PLAYED), only="bass"))
    assert bass.tracks == [whole.tracks[0], whole.tracks[2]]


def test_unknown_part() -> None:
    """A part that is not in the song is an error of the caller."""
    with pytest.raises(KeyError):
        encode(performance(PLAYED), only="tuba")


def test_silent_song() -> None:
    """A performance without notes is still a whole file."""
    file = read(encode(performance({})))
    assert [len(kinds(track, "note_on")) for track in file.tracks] == [0, 0, 0, 0]


def test_same_bytes() -> None:
    """The bytes depend on the values only."""
    assert encode(performance(PLAYED)) == encode(performance(PLAYED))


# -- the conductor -----------------------------------------------------------------------------------------------------


def test_conductor_order() -> None:
    """At tick 0: title, meter, key, tempo, marker; later changes at the bar line of their section."""
    conductor = timed(read(encode(performance(PLAYED))).tracks[0])
    assert [m.type for tick, m in conductor if tick == 0] == [
        "track_name", "time_signature", "key_signature", "set_tempo", "marker",
    ]  # fmt: skip
    assert [m.type for tick, m in conductor if tick == 2 * BAR] == ["time_signature", "key_signature", "marker"]


def test_markers_are_section_names() -> None:
    """A marker with the section's name stands where each section begins."""
    markers = kinds(read(encode(performance(PLAYED))).tracks[0], "marker")
    assert [(tick, m.text) for tick, m in markers] == [(0, "intro"), (2 * BAR, "chorus")]


def test_meters() -> None:
    """Meters come back as they are; a click is a felt beat: a dotted quarter in 6/8, two eighths in 7/8."""
    song = placements(("a", 1, Meter(6, 8), E_MINOR), ("b", 1, Meter(7, 8), E_MINOR), ("c", 1, Meter(5, 4), E_MINOR))
    data = encode(performance({"bass": [(0, song[-1].end, 40, 90)]}, song=song))
    found = [m for _, m in kinds(read(data).tracks[0], "time_signature")]
    assert [(m.numerator, m.denominator) for m in found] == [(6, 8), (7, 8), (5, 4)]
    assert [m.clocks_per_click for m in found] == [36, 24, 24]


def test_tempo_is_the_integer_of_the_plan() -> None:
    """The microseconds in the file are those of the tempo map, at its ticks."""
    tempo = ((0, microseconds(170)), (BAR, microseconds(171)), (BAR + 480, 350000))
    found = kinds(read(encode(performance(PLAYED, tempo=tempo))).tracks[0], "set_tempo")
    assert tuple((tick, m.tempo) for tick, m in found) == tempo


def test_nothing_changes_after_the_last_note() -> None:
    """Tempo, meter and key changes that no note follows are left out; markers stay."""
    early = {"bass": [(0, 900, 40, 90)]}
    conductor = read(encode(performance(early, tempo=((0, 500000), (BAR, 480000))))).tracks[0]
    for kind in ("set_tempo", "time_signature", "key_signature"):
        assert [tick for tick, _ in kinds(conductor, kind)] == [0]
    assert len(kinds(conductor, "marker")) == 2


def test_a_change_under_a_held_note_stays() -> None:
    """A tempo change while the last note still sounds is kept."""
    held = {"bass": [(0, BAR, 40, 90)]}
    conductor = read(encode(performance(held, tempo=((0, 500000), (960, 600000))))).tracks[0]
    assert [tick for tick, _ in kinds(conductor, "set_tempo")] == [0, 960]


@pytest.mark.parametrize(
    ("key", "written"),
    [
        (Key(4, "minor"), "Em"),
        (Key(4, "dorian"), "Em"),
        (Key(9, "mixolydian"), "A"),
        (Key(8, "major"), "Ab"),
        (Key(8, "minor"), "G#m"),
        (Key(3, "minor"), "D#m"),
        (Key(10, "minor"), "Bbm"),
        (Key(1, "minor"), "C#m"),
        (Key(6, "major"), "F#"),
        (Key(5, "phrygian"), "Fm"),
    ],
)
def test_key_spelling(key: Key, written: str) -> None:
    """Keys are written in a spelling MIDI has; modes keep their tonic and third."""
    song = placements(("a", 1, FOUR, key))
    data = encode(performance({"bass": [(0, 10, 40, 90)]}, song=song))
    assert kinds(read(data).tracks[0], "key_signature")[0][1].key == written


def test_every_key_is_legal() -> None:
    """Every tonic in every mode has between seven flats and seven sharps, and the right tonic."""
    for mode in MODES:
        for tonic in range(12):
            fifths, minor = np.frombuffer(key_bytes(Key(tonic, mode)), np.int8)
            assert -7 <= fifths <= 7
            assert (fifths * 7 + 9 * minor) % 12 == tonic


# -- text --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Café Señor", "Cafe Senor"),
        ("Straße Ørsted Łódź", "Strasse Orsted Lodz"),
        ("B♭ — “So What”", 'Bb - "So What"'),
        ("ab", "ab"),
        ("tab\tand\nline\x07 \u202eend", "tab and line end"),
        ("夜のバス", "Song"),
    ],
)
def test_ascii(text: str, plain: str) -> None:
    """Accents go, letters with a plain relative become it, control characters and the rest vanish."""
    assert ascii_text(text, "Song") == plain
    assert read(encode(performance(PLAYED, title=text))).tracks[0].name == plain


def test_track_names_are_unique() -> None:
    """Parts of one title are numbered, whatever numbers titles already carry."""
    assert unique(["Keys", "Keys", "Kéys", "Keys 2"]) == ["Keys", "Keys 2", "Keys 3", "Keys 2 2"]


# -- notes -------------------------------------------------------------------------------------------------------------


def test_note_offs_come_first() -> None:
    """On one tick, note-offs stand before note-ons; a note-off is a real one."""
    data = encode(performance({"bass": [(0, 960, 40, 90), (960, 960, 40, 91), (960, 10, 35, 80)]}))
    notes = [(t, m.type, m.note) for t, m in timed(read(data).tracks[2]) if m.type.startswith("note")]
    assert notes == [
        (0, "note_on", 40), (960, "note_off", 40), (960, "note_on", 35), (960, "note_on", 40), (970, "note_off", 35),
        (1920, "note_off", 40),
    ]  # fmt: skip


def found_notes(rows: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Notes of a bass track as they come back: start, length, pitch, velocity."""
    open_notes, out = {}, []
    for tick, m in timed(read(encode(performance({"bass": rows}))).tracks[2]):
        if m.type == "note_on":
            assert m.note not in open_notes
            open_notes[m.note] = (tick, m.velocity)
        elif m.type == "note_off":
            start, velocity = open_notes.pop(m.note)
            out.append((start, tick - start, m.note, velocity))
    assert not open_notes
    return sorted(out)


@pytest.mark.parametrize(
    ("played", "written"),
    [
        ([(0, 0, 40, 90)], [(0, 1, 40, 90)]),
        ([(-3, 10, 40, 90)], [(0, 10, 40, 90)]),
        ([(0, 960, 40, 90), (480, 960, 40, 80)], [(0, 480, 40, 90), (480, 960, 40, 80)]),
        ([(0, 960, 40, 90), (480, 960, 41, 80)], [(0, 960, 40, 90), (480, 960, 41, 80)]),
        ([(0, 960, 40, 80), (0, 100, 40, 90)], [(0, 100, 40, 90)]),
        ([(0, 10, 200, 300), (20, 10, -4, 0)], [(0, 10, 127, 127), (20, 10, 0, 1)]),
    ],
)
def test_notes_are_mended(played: list[tuple[int, int, int, int]], written: list[tuple[int, int, int, int]]) -> None:
    """At least a tick long, never before tick 0, never over the next note of that pitch, never out of range."""
    assert found_notes(played) == written


def test_overlap_across_takes() -> None:
    """A note that rings into the next section is cut where that section strikes its pitch again."""
    first = np.array([(0, 5000, 40, 90, 0, 0)], EVENT)
    second = np.array([(3840, 100, 40, 80, 0, 0)], EVENT)
    played = Performance(performance({}).plan, (Take("bass", 0, first), Take("bass", 1, second)))
    notes = [(t, m.type) for t, m in timed(read(encode(played)).tracks[2]) if m.type.startswith("note")]
    assert notes == [(0, "note_on"), (3840, "note_off"), (3840, "note_on"), (3940, "note_off")]


def test_random_notes_come_back() -> None:
    """Notes that never overlap come back tick for tick, through deltas of every width."""
    rng = np.random.default_rng(7)
    starts = np.cumsum(rng.choice([1, 90, 127, 128, 16383, 16384, 2097151, 2097152], 400) + 40)
    rows = [(int(s), int(rng.integers(1, 40)), int(rng.integers(0, 128)), int(rng.integers(1, 128))) for s in starts]
    assert found_notes(rows) == rows


@pytest.mark.parametrize(
    ("number", "data"),
    [(0, "00"), (127, "7f"), (128, "8100"), (16383, "ff7f"), (16384, "818000"), (0x0FFFFFFF, "ffffff7f")],
)
def test_vlq(number: int, data: str) -> None:
    """Variable-length quantities, by the examples of the MIDI file standard."""
    assert vlq(number).hex() == data


# -- a second reader ---------------------------------------------------------------------------------------------------


def test_pretty_midi_reads_the_same_song() -> None:
    """pretty_midi finds the names, programs, drums, note counts, meters, keys, and times of the tempo map."""
    tempo = ((0, microseconds(90)), (BAR, microseconds(120)))
    played = performance(PLAYED, tempo=tempo)
    song = pretty_midi.PrettyMIDI(BytesIO(encode(played)))
    assert [(i.name, i.program, i.is_drum, len(i.notes)) for i in song.instruments] == [
        ("Drums", 0, True, 3), ("Bass", 33, False, 2), ("Lead", 81, False, 2),
    ]  # fmt: skip
    assert [(m.numerator, m.denominator) for m in song.time_signature_changes] == [(4, 4), (3, 4)]
    keys = [pretty_midi.key_number_to_key_name(key.key_number) for key in song.key_signature_changes]
    assert keys == ["E minor", "G Major"]
    times, bpm = song.get_tempo_changes()
    assert bpm == pytest.approx([played.plan.tempo.bpm_at(0), 120])
    assert times == pytest.approx([0, played.plan.tempo.seconds(BAR)])
    for instrument, rows in zip(song.instruments, PLAYED.values(), strict=True):
        wanted = [played.plan.tempo.seconds(row[0]) for row in rows]
        assert [note.start for note in instrument.notes] == pytest.approx(wanted, abs=1e-9)


# -- for people --------------------------------------------------------------------------------------------------------


def test_events_text() -> None:
    """A file as text: places as bar.beat.tick through meter changes, drums by row, notes with their length."""
    text = events_text(encode(performance(PLAYED)))
    assert text.splitlines()[:16] == [
        "midi type 1, 960 ticks a quarter, 4 tracks",
        "",
        "track 0",
        "   1.1.000  name Night Bus",
        "   1.1.000  meter 4/4",
        "   1.1.000  key Em",
        "   1.1.000  tempo 102.000 (588235 us)",
        "   1.1.000  marker intro",
        "   3.1.000  meter 3/4",
        "   3.1.000  key G",
        "   3.1.000  marker chorus",
        "   5.1.000  end",
        "",
        "track 1",
        "   1.1.000  name Drums",
        "   1.1.000  channel 10 program 0",
    ]
    assert "   1.2.000  snare velocity 100  length 100" in text
    assert "   4.3.000  B4    velocity  90  length 960" in text


# -- between the notes -------------------------------------------------------------------------------------------------


def columns(*rows: tuple[int, int, str]) -> dict[str, np.ndarray]:
    """Notes at one pitch from (start, end, manner)."""
    start, end, manner = zip(*rows, strict=True)
    return {
        "start": np.array(start),
        "end": np.array(end),
        "pitch": np.full(len(rows), 60),
        "velocity": np.full(len(rows), 90),
        "manner": np.array([MANNERS.index(name) for name in manner]),
    }


def controlled(notes: dict[str, np.ndarray], program: int, channel: int = 1) -> dict[int, list[tuple[int, int]]]:
    """(tick, value) in order of each controller, the wheel as -1 and about its middle."""
    found: dict[int, list[tuple[int, int]]] = {}
    rows = zip(*(c.tolist() for c in gestures(notes, channel, program)), strict=True)
    for tick, status, first, second in sorted(rows, key=lambda row: row[0]):
        wheel = status & 0xF0 == 0xE0
        value = first + 128 * second - 8_192 if wheel else second
        found.setdefault(-1 if wheel else first, []).append((tick, value))
    return found


def test_long_tones_swell_and_sing() -> None:
    """A tone of two beats on a violin swells and gets a late vibrato, and both are at rest when it ends; a beat's tone has
    neither; a pad swells and has no vibrato; a piano and drums have nothing."""
    notes = columns((0, 960, ""), (960, 960 * 4, ""))
    violin, pad = controlled(notes, 40), controlled(notes, 89)
    assert set(violin) == {1, 11} and set(pad) == {11}
    swell, vibrato = violin[11], violin[1]
    assert swell[0][0] == 960 and swell[-1] == (3840, 127) and swell[0][1] < max(v for _, v in swell[:-1])
    assert vibrato[0][0] > 960 + 960 and vibrato[-1] == (3840, 0) and max(v for _, v in vibrato) > 40
    assert controlled(notes, 0) == {} and controlled(notes, 48, channel=9) == {}


def test_slides_and_falls_are_on_the_wheel() -> None:
    """A slide begins a tone below and arrives, a fall ends a tone below, and the wheel is in the middle when it is over; it moves
    by less than half a semitone at a time."""
    wheel = controlled(columns((0, 960, "slide"), (1920, 2880, "fall"), (3840, 4800, "")), 65)[-1]
    assert wheel[0] == (0, -8_192)
    assert [value for tick, value in wheel if tick == 200] == [0]
    slide = [value for tick, value in wheel if tick < 960]
    assert all(0 < b - a <= 2_048 for a, b in pairwise(slide))
    assert min(v for t, v in wheel if t >= 1920) == -8_192
    assert wheel[-1] == (2880, 0)


@pytest.mark.parametrize("length", [1, 2, 20, 55, 110, 199, 200, 201, 960])
def test_the_wheel_is_never_left_hanging(length: int) -> None:
    """However short the tones and however close together, whoever does not slide in begins with the wheel in the middle, a slide
    begins a tone below, and in the end the wheel is at rest."""
    manners = ("slide", "", "slide", "slide", "fall", "", "fall", "slide", "fall", "")
    notes = columns(*((n * length, (n + 1) * length, name) for n, name in enumerate(manners)))
    wheel = controlled(notes, 33)[-1]
    for n, name in enumerate(manners):
        stands = [value for tick, value in wheel if tick <= n * length][-1]
        assert stands == (-8_192 if name == "slide" else 0), (n, name)
    assert wheel[-1][1] == 0


def test_expression_begins_anew_with_a_tone() -> None:
    """Where one swelling tone ends and the next begins, the next begins soft."""
    swell = controlled(columns((0, 1920, ""), (1920, 3840, "")), 89)[11]
    assert [value for tick, value in swell if tick == 1920] == [127, 104]


def test_one_line_on_a_guitar_sings() -> None:
    """A guitar that plays one line has the vibrato; one that plays chords has none."""
    line, chord = columns((0, 1920, "")), columns((0, 1920, ""), (0, 1920, ""))
    assert set(controlled(line, 29)) == {1}
    assert controlled(chord, 29) == {}
