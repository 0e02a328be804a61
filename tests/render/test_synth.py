"""Facts about General MIDI files played by our voices."""

from __future__ import annotations

import json
import random
from io import BytesIO
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile as sf

from scorekit import playback, smf
from scorekit.__main__ import run
from scorekit.errors import Diagnostic
from scorekit.render import gm, wav
from scorekit.render.patches import PATCHES
from scorekit.render.voices import Bodies, Stroke

Message = mido.Message


def file(*tracks: list[mido.Message | mido.MetaMessage], division: int = 480, kind: int = 1) -> bytes:
    from io import BytesIO

    song = mido.MidiFile(type=kind, ticks_per_beat=division)
    song.tracks.extend(mido.MidiTrack(track) for track in tracks)
    memory = BytesIO()
    song.save(file=memory)
    return memory.getvalue()


def note(pitch: int, time: int, length: int, channel: int = 0, velocity: int = 100) -> list[mido.Message]:
    return [
        Message("note_on", note=pitch, velocity=velocity, channel=channel, time=time),
        Message("note_off", note=pitch, channel=channel, time=length),
    ]


def test_notes_fall_on_their_samples() -> None:
    """Ticks become samples through every tempo change, in any track."""
    tempos = [mido.MetaMessage("set_tempo", tempo=500_000), mido.MetaMessage("set_tempo", tempo=250_000, time=480)]
    events = smf.read(file(tempos, note(60, 480, 480) + note(62, 0, 480)))
    lines, last = gm.lines(events, PATCHES)
    assert [(s.at, s.length, s.pitch) for s in lines[0].strokes] == [(22_050, 11_025, 60), (33_075, 11_025, 62)]
    assert last == 44_100


def test_reading_agrees_with_mido() -> None:
    """Running status, velocity 0 and overlapping notes give the notes that mido reads."""
    rng = random.Random(1)
    track: list[mido.Message] = []
    for _ in range(300):
        kind = rng.choice(["note_on", "note_on", "note_off"])
        track.append(Message(kind, note=rng.randrange(60, 64), velocity=rng.randrange(128), time=rng.randrange(50)))
    data = file(track)
    wanted, on, tick = [], {}, 0
    for message in mido.MidiFile(file=__import__("io").BytesIO(data)).tracks[0]:
        tick += message.time
        if message.type == "note_on" and message.velocity:
            on.setdefault(message.note, []).append((tick, message.velocity))
        elif message.type in ("note_on", "note_off") and on.get(message.note):
            begun, velocity = on[message.note].pop(0)
            wanted.append((begun, tick, 0, message.note, velocity))
    wanted += [(begun, tick, 0, pitch, velocity) for pitch, rows in on.items() for begun, velocity in rows]
    assert smf.read(data).notes == sorted(wanted)


def test_running_status_outlives_what_stands_between() -> None:
    """Notes without a status byte after a text or a system message are notes of the channel message before."""
    between = (b"\x00\xff\x01\x02AB", b"\x00\xf0\x02\x7e\xf7")
    for what in between:
        body = b"\x00\x92\x3c\x5a\x60\x3c\x00" + what + b"\x00\x40\x5a\x60\x40\x00\x00\xff\x2f\x00"
        data = file([])[:14] + b"MTrk" + len(body).to_bytes(4, "big") + body
        assert smf.read(data).notes == [(0, 96, 2, 60, 90), (96, 192, 2, 64, 90)], what


def test_a_tempo_of_nothing_is_none() -> None:
    """A tempo of 0, which cannot be, leaves the tempo that was."""
    track = [mido.MetaMessage("set_tempo", tempo=250_000), mido.MetaMessage("set_tempo", tempo=0), *note(60, 480, 480)]
    assert smf.read(file(track)).tempos == [(0, 250_000)]


def test_frames_of_film_and_television() -> None:
    """A time base in frames counts 24, 25, 29.97 or 30 a second, whatever the tempo."""
    data = file([mido.MetaMessage("set_tempo", tempo=250_000), *note(60, 480, 480)])
    for frames, a_second in ((24, 2_400), (25, 2_500), (29, 2_997), (30, 3_000)):
        assert smf.read(data[:12] + bytes([256 - frames, 100]) + data[14:]).division == -a_second


def test_songs_of_a_file_of_several_follow_one_another() -> None:
    """Format 2 holds songs of their own, each with its tempo; tracks of format 1 sound together."""
    fast = [mido.MetaMessage("set_tempo", tempo=250_000), *note(60, 0, 480)]
    songs = (fast, note(62, 480, 480))
    in_turn, together = (smf.read(file(*songs, kind=kind)) for kind in (2, 1))
    assert [(at, pitch) for at, _, _, pitch, _ in in_turn.notes] == [(0, 60), (960, 62)]
    assert in_turn.tempos == [(0, 250_000), (480, 500_000)] and in_turn.end == 1_440
    assert [(at, pitch) for at, _, _, pitch, _ in together.notes] == [(0, 60), (480, 62)]
    assert together.tempos == [(0, 250_000)]


def test_songs_of_a_file_of_several_begin_anew() -> None:
    """Programs, faders, bends, the pedal and held notes of one song of format 2 are not those of the next, which may have its own."""
    first = [
        Message("program_change", program=73), Message("control_change", control=7, value=20),
        Message("control_change", control=64, value=127), Message("pitchwheel", pitch=4_096),
        *note(60, 0, 240), Message("note_on", note=64, velocity=90), Message("note_on", note=65, velocity=1, time=240),
    ]  # fmt: skip
    own = [Message("program_change", program=56), *note(60, 0, 480)]
    found = smf.read(file(first, note(60, 0, 480), own, kind=2))
    assert [(at, end, pitch) for at, end, _, pitch, _ in found.notes] == [
        (0, 480, 60), (240, 480, 64), (480, 480, 65), (480, 960, 60), (960, 1_440, 60)
    ]  # fmt: skip
    heard = {line.patch.name: line for line in gm.lines(found, PATCHES)[0]}
    assert list(heard) == [gm.patch_of(program, PATCHES).name for program in (0, 56, 73)]
    alone = gm.lines(smf.read(file(note(60, 0, 480))), PATCHES)[0]
    again = heard[alone[0].patch.name]
    assert again.ride is not None and again.ride(30_000, 30_100).tolist() == [1.0]
    assert again.warp is not None
    assert not again.warp(
        np.zeros((2, 9_000), np.float32), 22_050, Bodies().get(again.patch, again.cues[0].take), again.cues[0]
    )


def test_what_is_cut_short_is_played_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that ends in the middle of a track, or between two, is played as far as it goes, and says so; a whole one says
    nothing, and one whose last track lacks its end mark is whole."""
    data = file(note(60, 0, 480), [message for i in range(20) for message in note(50 + i, 0, 60)])
    assert smf.read(data).broken == [] and smf.read(data[:-4]).broken == ["track 2 of 2 breaks off"]
    assert smf.read(data[: data.rindex(b"MTrk")]).broken == ["1 of 2 tracks are there"]
    second = data.rindex(b"MTrk")
    for left in range(second + 9, len(data)):
        assert smf.read(data[:left]).broken == ["track 2 of 2 breaks off"], left
    unmarked = data[: second + 4] + (len(data) - second - 12).to_bytes(4, "big") + data[second + 8 : -4]
    assert smf.read(unmarked).broken == []
    garbled = data[: second + 4] + (4).to_bytes(4, "big") + b"\x00\x3c\x5a\x00"
    assert smf.read(garbled).broken == ["track 2 of 2 breaks off"]
    short, out = tmp_path / "short.mid", tmp_path / "short.wav"
    short.write_bytes(data[:-30])
    assert run(["synth", str(short), "-o", str(out), "-q"]) == 0 and out.stat().st_size > 44
    said = capsys.readouterr().err
    assert f"warning: {short} is cut short: track 2 of 2 breaks off" in said and "what is there was played" in said
    assert run(["synth", str(short), "-o", str(out), "-q", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["broken"] == ["track 2 of 2 breaks off"]
    short.write_bytes(data)
    assert run(["synth", str(short), "-o", str(out), "--json"]) == 0
    heard = capsys.readouterr()
    assert "broken" not in json.loads(heard.out) and "warning" not in heard.err


def test_programs_find_their_patches() -> None:
    """Every program has a patch that answers for it or a neighbour; channel 10 takes kits by its program."""
    for program in range(128):
        patch = gm.patch_of(program, PATCHES)
        own = [one.name for one in PATCHES.values() if program in one.programs]
        assert not own or patch.name == own[0]
    drums = file([Message("program_change", program=40, channel=9), *note(38, 0, 100, 9)])
    assert gm.lines(smf.read(drums), PATCHES)[0][0].patch.name == "brush"
    assert [gm.kit_of(program) for program in (0, 24, 25, 40)] == ["acoustic", "electronic", "electronic", "brush"]


def test_the_pedal_holds() -> None:
    """A note let go while the pedal is down ends when the pedal comes up."""
    track = [Message("control_change", control=64, value=127), *note(60, 0, 100)]
    track.append(Message("control_change", control=64, value=0, time=400))
    assert smf.read(file(track)).notes == [(0, 500, 0, 60, 100)]


def test_faders_follow_their_controllers() -> None:
    """CC7 and CC11 act as squares, CC7 of 100 being 1; where they stand still the fader is one number."""
    track = [Message("control_change", control=7, value=50), *note(60, 0, 960)]
    track.append(Message("control_change", control=11, value=64, time=0))
    line = gm.lines(smf.read(file(track)), PATCHES)[0][0]
    assert line.ride is not None
    assert line.ride(0, 1_000).tolist() == [0.25]
    assert line.ride(44_330, 44_400).size == 1
    assert line.ride(43_000, 45_000)[-1] == pytest.approx(0.25 * (64 / 127) ** 2, rel=1e-5)


def test_a_bend_bends() -> None:
    """Half the wheel is a semitone: the note is that much higher, within 3 cents."""
    half = Message("pitchwheel", pitch=4_096)
    plain, bent = (gm.lines(smf.read(file([*start, *note(69, 0, 960)])), PATCHES)[0][0] for start in ([], [half]))
    assert plain.warp is None
    assert bent.warp is not None
    cue, out = bent.cues[0], np.zeros((2, 40_000), np.float32)
    patch = PATCHES["square"]
    from msgspec.structs import replace

    line = replace(plain, patch=patch, strokes=[Stroke(0, 40_000, 69, 100)])
    cue = line.cues[0]
    body = Bodies().get(patch, cue.take)
    assert bent.warp(out, 0, body, cue)
    heard = np.abs(np.fft.rfft(out[0, 4_000:36_768] * np.hanning(32_768), 1 << 18))
    straight = np.abs(np.fft.rfft(body.sound()[0, 4_000:36_768] * np.hanning(32_768), 1 << 18))
    ratio = int(heard[1_500:4_000].argmax() + 1_500) / int(straight[1_500:4_000].argmax() + 1_500)
    assert 1_200 * np.log2(ratio) == pytest.approx(100.0, abs=3.0)


def test_what_is_no_midi_is_refused(tmp_path: Path) -> None:
    """Other files, empty songs and endless ones are refused with a reason; no file does worse than that."""
    waits = [Message("control_change", time=0x0FFF_FFFF) for _ in range(4)]
    endless = file([*note(60, 0, 100), *waits, *note(60, 0, 9)])
    for data in (b"", b"hello", file([]), endless, file([])[:-8]):
        assert isinstance(playback.play(data, "x.mid", cache=False), Diagnostic)
    assert isinstance(playback.midi_bytes(tmp_path / "none.mid"), Diagnostic)
    assert isinstance(playback.midi_bytes(tmp_path), Diagnostic)


def test_damaged_files_are_read_or_refused() -> None:
    """Whatever bytes are turned over in a file, it is read as far as it goes or Broken."""
    notes = [message for i in range(40) for message in note(50 + i, 9, 9)]
    good = bytearray(file([mido.MetaMessage("set_tempo", tempo=400_000)], notes))
    rng, read = random.Random(2), 0
    for _ in range(400):
        data = bytearray(good)
        for _ in range(rng.randrange(1, 6)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            gm.lines(smf.read(bytes(data[: rng.randrange(14, len(data) + 1)])), PATCHES)
            read += 1
        except smf.Broken:
            pass
    assert read > 100


def test_a_file_is_heard() -> None:
    """A short file becomes a WAV of its length and tail, at -14 LUFS; another number of processes changes no byte."""
    tune = [message for pitch in (60, 64, 67, 72) for message in note(pitch, 0, 480)]
    data = file(tune, [*note(36, 0, 480, 9), *note(38, 0, 480, 9)])
    one, two = (playback.play(data, "x.mid", cache=False, processes=count) for count in (1, 2))
    assert not isinstance(one, Diagnostic)
    assert not isinstance(two, Diagnostic)
    assert bytes(one.data) == bytes(two.data)
    frames = 2 * 44_100 + round(2.5 * 44_100)
    assert len(one.data) == 44 + 4 * frames + len(wav.chunks(wav.Marks("x"), frames))
    assert one.lufs == pytest.approx(-14.0, abs=0.3)


def test_the_short_way_in_is_the_same_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Plain arguments give the bytes, the words and the exit codes that the command line gives."""
    from scorekit.__main__ import run
    from scorekit.cli import app

    song, told = tmp_path / "a.mid", []
    song.write_bytes(file(note(60, 0, 120)))
    for ways in (["--no-cache"], ["-q", "--no-cache", "--format", "wav24"]):
        assert run(["synth", str(song), "--out", str(tmp_path / "short.wav"), *ways]) == 0
        told.append(capsys.readouterr())
        app(["synth", str(song), "-o", str(tmp_path / "long.wav"), *ways], standalone_mode=False)
        told.append(capsys.readouterr())
        assert (tmp_path / "short.wav").read_bytes() == (tmp_path / "long.wav").read_bytes()
        short, long = ([line.split()[:1] for line in words.err.splitlines()] for words in told[-2:])
        assert short == long
    assert run(["synth", str(tmp_path / "none.mid"), "-o", str(tmp_path / "x.wav")]) == 1
    assert "does not exist" in capsys.readouterr().err


def test_what_rings_on_after_a_loop_is_heard_at_its_start() -> None:
    """Whatever plays it: as many frames as its bars have, every later one added a lap before, none beyond 16 bits."""
    frames = np.arange(50, dtype="<i2").reshape(25, 2) * 1_000
    x, _ = sf.read(BytesIO(playback.turned(wav.header(25, 2, 16) + frames.tobytes(), 10)), dtype="int16")
    laps = frames.astype(int)
    wanted = laps[:10] + laps[10:20]
    wanted[:5] += laps[20:]
    np.testing.assert_array_equal(x, np.minimum(wanted, 32_767))


PLAYER = """#!/bin/sh
while [ "$1" != -F ]; do shift; done
cp "{sound}" "$2"
"""


def soundfont(folder: Path) -> Path:
    """A file that begins as a soundfont does."""
    path = folder / "font.sf2"
    path.write_bytes(b"RIFF\x04\x00\x00\x00sfbk")
    return path


@pytest.mark.parametrize(("loops", "asked"), [(True, ()), (False, ("--loop",)), (False, ())])
def test_a_loop_goes_round_with_fluidsynth_too(
    loops: bool, asked: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A song that loops, by its own word or by the command's, is as long as its bars; another rings on as it was played."""
    song, sound, program = tmp_path / "song.toml", tmp_path / "played.wav", tmp_path / "fluidsynth"
    font = soundfont(tmp_path)
    song.write_text('genre = "rock"\ntempo = 120\nform = "verse:2"\n' + "loop = true\n" * loops)
    sound.write_bytes(wav.header(300_000, 2, 16) + bytes(1_200_000))
    program.write_text(PLAYER.format(sound=sound))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    out = ["-o", str(tmp_path / "out"), "--engine", "fluidsynth", "--soundfont", str(font), "-q"]
    assert run(["render", str(song), *out, *asked]) == 0
    assert sf.info(tmp_path / "out/song.wav").frames == (176_400 if loops or asked else 300_000)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("none.sf2", None, "there is no soundfont"),
        ("song.toml", b'genre = "rock"', "is not a soundfont"),
        ("broken.sf2", b"RIFF\x04\x00\x00\x00sfbk", "fluidsynth cannot read"),
    ],
)
def test_what_is_no_soundfont_is_refused(
    name: str, text: bytes | None, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """FluidSynth plays its own soundfont in place of one it cannot read, and calls that a success: it is told, and nothing written."""
    font, sound, program = tmp_path / name, tmp_path / "played.wav", tmp_path / "fluidsynth"
    if text is not None:
        font.write_bytes(text)
    sound.write_bytes(wav.header(300, 2, 16) + bytes(1_200))
    program.write_text(PLAYER.format(sound=sound) + f'echo "fluidsynth: error: Failed to load SoundFont {name}" >&2\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    midi = tmp_path / "song.mid"
    midi.write_bytes(b"MThd")
    out = tmp_path / "song.wav"
    assert run(["synth", str(midi), "-o", str(out), "--engine", "fluidsynth", "--soundfont", str(font)]) == 1
    assert told in capsys.readouterr().err
    assert not out.exists()
