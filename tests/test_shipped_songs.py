"""Every song that ships, pinned as text: what is played, what the MIDI file says, what it sounds like."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path

import mido
import pytest
from syrupy.assertion import SnapshotAssertion

from scorekit import dump, files, pipeline
from scorekit.render.mix import mix
from scorekit.render.patches import PATCHES
from scorekit.render.voices import Bodies
from scorekit.score import Performance, Score

ROOT = Path(__file__).resolve().parents[1]
SONGS = sorted((ROOT / "specs").glob("*.toml"))
_made: dict[Path, tuple[Score, Performance]] = {}


def made(path: Path) -> tuple[Score, Performance]:
    """A shipped song, composed and performed once for all tests."""
    if path not in _made:
        text = files.read_text(path)
        assert isinstance(text, str)
        compiled = pipeline.compile_song(text, f"specs/{path.name}", find=lambda k, n, b: files.load(k, n, str(path)))
        assert compiled.plan is not None, [d.render() for d in compiled.diagnostics]
        score = pipeline.compose(compiled.plan)
        _made[path] = (score, pipeline.perform(score))
    return _made[path]


@pytest.mark.parametrize("path", SONGS, ids=lambda p: p.stem)
def test_score(path: Path, snapshot: SnapshotAssertion) -> None:
    """The score of a shipped song: plan, chords, every note, drums as step strings."""
    assert dump.score_text(made(path)[0]) == snapshot


@pytest.mark.parametrize("path", SONGS, ids=lambda p: p.stem)
def test_midi(path: Path, snapshot: SnapshotAssertion) -> None:
    """Its MIDI file: the conductor track in full, each part's setting up and first two bars, its note count and a digest."""
    file = mido.MidiFile(file=BytesIO(pipeline.midi(made(path)[1])))
    lines = [f"type {file.type}, {file.ticks_per_beat} ticks to the quarter, {len(file.tracks)} tracks"]
    for number, track in enumerate(file.tracks):
        tick, told = 0, []
        for message in track:
            tick += message.time
            if number == 0 or tick < 2 * 4 * file.ticks_per_beat or message.type == "end_of_track":
                told.append(f"  {tick:>7} {message.copy(time=0)}".replace(" time=0", "").replace(", time=0", ""))
        count = sum(m.type == "note_on" for m in track)
        digest = hashlib.sha256(
            b"".join(bytes(m.bin()) + str(m.time).encode() for m in track if not m.is_meta)
        ).hexdigest()[:12]
        lines += [f"track {number} {track.name!r}: {count} notes, {digest}", *told]
    assert "\n".join(lines) + "\n" == snapshot


@pytest.mark.parametrize("path", SONGS, ids=lambda p: p.stem)
def test_sound(path: Path, snapshot: SnapshotAssertion) -> None:
    """Its sound as a card: length, loudness, true peak, octave bands, balance."""
    mixed = mix(made(path)[1], PATCHES, Bodies(), stems=False)
    assert dump.audio_card(mixed.samples, mixed.lufs, mixed.peak) == snapshot
    end = mixed.samples[:, -441:]
    assert abs(end).max() < 10 ** (-50 / 20), "no chord is cut off: the last hundredth of a second is silent"


@pytest.mark.parametrize("path", SONGS, ids=lambda p: p.stem)
def test_every_part_is_a_named_track(path: Path) -> None:
    """pretty_midi and mido read back the tracks, names, programs, channels and note counts of the performance."""
    import pretty_midi

    _, performance = made(path)
    data = pipeline.midi(performance)
    counts = {p.name: sum(len(t.events) for t in performance.takes if t.part == p.name) for p in performance.plan.parts}
    ours = [(p.title, p.program, p.name == "drums", counts[p.name]) for p in performance.plan.parts]
    read = pretty_midi.PrettyMIDI(BytesIO(data))
    theirs = {i.name: (i.program, i.is_drum, len(i.notes)) for i in read.instruments}
    for title, program, drums, count in ours:
        if count:
            assert theirs[title] == (program, drums, count)
    names = [t.name for t in mido.MidiFile(file=BytesIO(data)).tracks[1:]]
    assert names == [title for title, *_ in ours]


@pytest.mark.parametrize("path", SONGS, ids=lambda p: p.stem)
def test_two_readers_find_the_plan_in_the_file(path: Path) -> None:
    """mido finds every tempo, meter, key and marker of the plan on its tick; pretty_midi finds the same tempi and meters."""
    import pretty_midi

    _, performance = made(path)
    plan, data = performance.plan, pipeline.midi(performance)
    tick, tempi, meters, keys, markers = 0, [], [], [], []
    for message in mido.MidiFile(file=BytesIO(data)).tracks[0]:
        tick += message.time
        if message.type == "set_tempo":
            tempi.append((tick, message.tempo))
        elif message.type == "time_signature":
            meters.append((tick, message.numerator, message.denominator))
        elif message.type == "key_signature":
            keys.append((tick, message.key))
        elif message.type == "marker":
            markers.append((tick, message.text))
    last_note = max(int((t.events["start"] + t.events["length"]).max()) for t in performance.takes if len(t.events))
    assert tempi == [change for change in plan.tempo.changes if change[0] < last_note]
    assert markers == [(p.start, p.section.name) for p in plan.placements]
    wanted: list[tuple[int, int, int]] = []
    for p in plan.placements:
        now = (p.section.meter.beats, p.section.meter.unit)
        if not wanted or wanted[-1][1:] != now:
            wanted.append((p.start, *now))
    assert meters == wanted
    changes = [
        p
        for p, q in zip(plan.placements, (None, *plan.placements), strict=False)
        if q is None or q.section.key != p.section.key
    ]
    assert [at for at, _ in keys] == [p.start for p in changes]
    read = pretty_midi.PrettyMIDI(BytesIO(data))
    assert [round(60e6 / bpm) for bpm in read.get_tempo_changes()[1]] == [tempo for _, tempo in tempi]
    assert [(m.numerator, m.denominator) for m in read.time_signature_changes] == [m[1:] for m in wanted]
