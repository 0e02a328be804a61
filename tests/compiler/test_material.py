"""A user's tune and chords from MIDI files: read at their places, kept to the note, arranged around."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import mido
import pytest

from scorekit import answers, files, pipeline
from scorekit.compiler.compile import Compiled
from scorekit.compiler.material import on_grid, skyline
from scorekit.compiler.recognise import recognised
from scorekit.score import Key, Note, Score
from scorekit.theory import SHARPS
from scorekit.timebase import PPQ, Meter
from scorekit.trace import Answers, Trace

Row = tuple[float, float, int]
"""Beat, beats, pitch."""
TUNE: list[Row] = [(n, 1, p) for n, p in enumerate((64, 67, 69, 71, 69, 67, 64, 62, 64, 67, 71, 74, 71, 69, 67, 64))]
FORM = 'genre = "rock"\nseed = 4\ntempo = 100\nkey = "E minor"\nform = "verse:4:e3 chorus:4:e4"\n'


def track(rows: list[Row], name: str = "", channel: int = 0, division: int = 480) -> mido.MidiTrack:
    """A track of notes."""
    events = [(round(at * division), 1, pitch) for at, _, pitch in rows]
    events += [(round((at + length) * division), 0, pitch) for at, length, pitch in rows]
    messages, now = [mido.MetaMessage("track_name", name=name)] if name else [], 0
    for tick, on, pitch in sorted(events):
        kind = "note_on" if on else "note_off"
        messages.append(mido.Message(kind, note=pitch, velocity=90 * on, channel=channel, time=tick - now))
        now = tick
    return mido.MidiTrack(messages)


def midi(*tracks: mido.MidiTrack, division: int = 480, meter: tuple[int, int] | None = None) -> bytes:
    """A file of some tracks after one that only conducts, in a tempo that changes."""
    sign = [mido.MetaMessage("time_signature", numerator=meter[0], denominator=meter[1])] if meter else []
    head = [*sign, mido.MetaMessage("set_tempo", tempo=400_000), mido.MetaMessage("set_tempo", tempo=900_000, time=700)]
    song = mido.MidiFile(type=1, ticks_per_beat=division)
    song.tracks.extend([mido.MidiTrack(head), *tracks])
    memory = BytesIO()
    song.save(file=memory)
    return memory.getvalue()


def compiled(text: str, **found: bytes) -> Compiled:
    """A song beside some MIDI files, ``tune=...`` being tune.mid."""

    def find(kind: str, name: str, beside: str) -> object:
        if kind != "tunes":
            return files.load(kind, name, "song.toml")
        stem = name.removesuffix(".mid")
        return (name, found[stem].decode("latin-1")) if stem in found else files.load(kind, name, beside)

    return pipeline.compile_song(text, "song.toml", find=find)  # type: ignore[arg-type]


def composed(text: str, **found: bytes) -> Score:
    """A song that must be fine, composed."""
    done = compiled(text, **found)
    assert done.plan is not None, [d.render() for d in done.diagnostics]
    return pipeline.compose(done.plan)


def lead(score: Score) -> list[tuple[int, int, int]]:
    """(tick of the song, length, pitch) of all the lead plays."""
    return [
        (placement.start + note.start, note.length, note.pitch)
        for placement, passage in zip(score.plan.placements, score.passages, strict=True)
        for note in passage.phrase("lead").notes
    ]


def wrong(text: str, **found: bytes) -> list[str]:
    """What is told of a song that is refused: column-free places and messages."""
    done = compiled(text, **found)
    assert done.plan is None
    return [f"{d.path}: {d.message}" for d in done.diagnostics]


# -- tunes ---------------------------------------------------------------------------------------------------------------


def test_a_tune_is_sung_as_it_stands_in_the_file() -> None:
    """Every note at its beat, whatever tempi the file has; the section after the tune is the band's own."""
    score = composed(FORM + 'melody = { midi = "tune.mid" }', tune=midi(track(TUNE)))
    sung = [(at / PPQ, length / PPQ, pitch) for at, length, pitch in lead(score) if at < 16 * PPQ]
    assert sung == TUNE
    assert any(at >= 16 * PPQ for at, _, _ in lead(score))
    assert not [e for p in score.passages[:1] for e in p.edits if e.part == "lead"]


@pytest.mark.parametrize("genre", ["rock", "jazz_swing", "bossa", "melodic_house", "ambient"])
def test_no_genre_touches_the_tune(genre: str) -> None:
    """In any genre, at any seed, with intents about: the same notes."""
    data = midi(track([(b + 16, n, p) for b, n, p in TUNE] + TUNE))
    for seed in (1, 2):
        text = FORM.replace("rock", genre).replace("seed = 4", f"seed = {seed}")
        text += 'melody = { midi = "tune.mid" }\n[sections.verse]\nintents = ["2.1 hold", "4.3 stop"]'
        sung = [(at / PPQ, length / PPQ, pitch) for at, length, pitch in lead(composed(text, tune=data))]
        assert sung == TUNE + [(b + 16, n, p) for b, n, p in TUNE]


def test_a_tune_is_placed_by_bar_section_and_offset() -> None:
    """``at`` counts bars from 1, a section gets it at every statement, an offset moves it by beats, ``bars`` cut it."""
    data = midi(track(TUNE[:4]))

    def sung(more: str, form: str = "verse:4:e3 chorus:4:e4") -> list[tuple[float, int]]:
        text = FORM.replace("verse:4:e3 chorus:4:e4", form)
        own = lead(composed(text + f'melody = {{ midi = "tune.mid"{more} }}\n[parts.lead]\nlock = true', tune=data))
        return [(at / PPQ, pitch) for at, _, pitch in own][: len(TUNE[:4])]

    plain = [(b, p) for b, _, p in TUNE[:4]]
    assert sung("") == plain
    assert sung(", at = 3")[:4] == [(b + 8, p) for b, p in plain]
    assert sung(", offset = 2") == [(b + 2, p) for b, p in plain]
    assert sung(", offset = -1, at = 2") == [(b + 3, p) for b, p in plain]
    twice = composed(
        FORM.replace("chorus:4:e4", "chorus:4:e4 verse:4:e3")
        + 'melody = { midi = "tune.mid", section = "verse", at = 2 }',
        tune=data,
    )
    for number in (0, 2):
        own = twice.passages[number].phrase("lead").notes
        assert [(n.start / PPQ, n.pitch) for n in own] == [(b + 4, p) for b, p in plain]


def test_tracks_are_known_by_number_and_by_name() -> None:
    """Tracks without notes are not counted; a track's name finds it whatever its case."""
    data = midi(track([], "empty"), track([(0, 4, 40)], "Bass"), track(TUNE, "The Tune"))
    for which in ("2", '"the tune"'):
        score = composed(FORM + f'melody = {{ midi = "tune.mid", track = {which} }}', tune=data)
        assert [p for _, _, p in lead(score)][:16] == [p for _, _, p in TUNE]


def test_a_tune_in_chords_is_sung_by_its_top_and_told() -> None:
    """The skyline: the highest of every chord, one note at a time, with what was left out."""
    chords = [(b, n, p - d) for b, n, p in TUNE for d in (0, 5, 9)]
    score = composed(FORM + 'melody = { midi = "tune.mid" }', tune=midi(track(chords)))
    assert [(at / PPQ, p) for at, _, p in lead(score)][:16] == [(b, p) for b, _, p in TUNE]
    told = [d for d in score.decisions if d.rule == "I9"]
    assert len(told) == 1 and told[0].claims[0].value == "32 notes under others"


def test_what_is_held_under_a_melody_is_not_the_melody() -> None:
    """A low note struck under a sounding high one is accompaniment; one that follows it is the tune going down."""
    high, low, after = Note(0, 3840, 76, 90), Note(960, 1920, 60, 90), Note(3840, 960, 60, 90)
    assert skyline([high, low, after]) == ([high, after], 1)
    assert skyline([Note(0, 1920, 60, 90), Note(960, 960, 72, 90)])[0] == [Note(0, 960, 60, 90), Note(960, 960, 72, 90)]


# -- the grid ------------------------------------------------------------------------------------------------------------


def at(*quarters: float) -> list[Note]:
    """Short notes at some quarters."""
    return [Note(round(q * PPQ), PPQ // 5, 60, 90) for q in quarters]


def starts(notes: list[Note]) -> list[float]:
    """Their places in quarters."""
    return [note.start / PPQ for note in notes]


def test_what_was_written_keeps_its_place() -> None:
    """Thirty-seconds, triplets and sextuplets of a written line stay, though rounding took some a tick or two away."""
    places = (0, 1 / 8, 1 / 4, 1, 4 / 3, 5 / 3, 2 + 1 / 6, 2.5)
    off = [Note(n.start + (-2, 1, 2)[i % 3] if n.start else 0, n.length, 60, 90) for i, n in enumerate(at(*places))]
    assert starts(on_grid(off, None, 4)) == pytest.approx(places)


def test_what_was_played_goes_to_sixteenths_or_triplets() -> None:
    """A line played in freely is taken to whichever is nearer, quarter by quarter; ``free`` leaves it."""
    played = at(0.03, 0.27, 0.46, 0.77, 1.02, 1.31, 1.69, 1.97, 2.48)
    assert starts(on_grid(played, None, 4)) == pytest.approx([0, 0.25, 0.5, 0.75, 1, 4 / 3, 5 / 3, 2, 2.5])
    assert on_grid(played, "free", 4) == played


@pytest.mark.parametrize(
    ("grid", "steps"), [("1/4", 1), ("1/8", 2), ("1/16", 4), ("1/32", 8), ("1/8T", 3), ("1/16T", 6)]
)
def test_a_grid_in_the_song_holds_for_all(grid: str, steps: int) -> None:
    """Every onset is a multiple of the note value, at most half of it away from where it was, and lasts a step or more."""
    played = at(0.1, 0.4, 1.21, 2.6, 3.34)
    for before, after in zip(played, on_grid(played, grid, 4), strict=True):
        assert after.start % (PPQ // steps) == 0 and abs(after.start - before.start) * 2 <= PPQ // steps
        assert after.length >= PPQ // steps


# -- key -----------------------------------------------------------------------------------------------------------------


def test_a_song_without_a_key_has_that_of_its_tune() -> None:
    """E minor is heard in the tune and told; a key in the song stands, and is told when it is far from the tune."""
    data, own = midi(track(TUNE)), 'melody = { midi = "tune.mid" }'
    keyless = FORM.replace('key = "E minor"\n', "")
    score = composed(keyless + own, tune=data)
    assert str(score.plan.key) in ("E minor", "G major")
    assert [d.rule for d in score.decisions if d.rule == "K7"] == ["K7"]
    far = composed(FORM.replace("E minor", "Eb major") + own, tune=data)
    assert str(far.plan.key) == "Eb major"
    assert [d.claims[1].value.split(" (")[0] for d in far.decisions if d.rule == "K7"] == [str(score.plan.key)]
    assert not [d for d in composed(FORM + own, tune=data).decisions if d.rule == "K7"]


# -- chords --------------------------------------------------------------------------------------------------------------

LOOP = ((52, 55, 59), (48, 52, 55), (55, 59, 62), (50, 54, 57))
PIANO = [(4 * bar, 4, p) for bar in range(8) for p in LOOP[bar % 4]]


def symbols(score: Score) -> list[str]:
    """The chords of all sections."""
    return [chord.symbol for placement in score.plan.placements for chord in placement.section.chords]


def test_chords_of_a_file_run_through_the_song() -> None:
    """A song's chords from a file are those of its bars, and explain writes them down with their place."""
    text = FORM + 'chords = { midi = "song.mid", track = "Piano" }'
    data = midi(track(TUNE, "Tune"), track(PIANO, "Piano"))
    done = compiled(text, song=data)
    assert done.plan is not None
    assert symbols(pipeline.compose(done.plan)) == ["Em", "C", "G", "D"] * 2
    rows = {row.path: row for row in answers.values(done)}
    assert rows["chords of verse/1"].value == "| Em | C | G | D |"
    assert rows["chords of verse/1"].place == "song.toml:6:19"


def test_chords_of_a_section_repeat() -> None:
    """A file of four bars fills a section of eight; other sections keep the genre's chords."""
    text = FORM.replace("verse:4", "verse:8") + '[sections.verse]\nchords = { midi = "song.mid", bars = 4 }'
    score = composed(text, song=midi(track(PIANO)))
    assert symbols(score)[:8] == ["Em", "C", "G", "D"] * 2
    assert score.plan.placements[1].section.chords[0].path.startswith("harmony.prog")


def test_a_song_longer_than_its_chords_goes_on_with_the_genre() -> None:
    """Where the file is silent for a whole section, the genre's harmony is played, and it ends at home."""
    score = composed(FORM + 'chords = { midi = "song.mid" }', song=midi(track(PIANO[:12])))
    assert symbols(score)[:4] == ["Em", "C", "G", "D"]
    last = score.plan.placements[1].section.chords
    assert last[0].path.startswith("harmony.prog") and last[-1].root == 4


def test_sevenths_inversions_and_changes_inside_a_bar_are_heard() -> None:
    """Cmaj7, Dm7, G7 and a slash chord, two in a bar, in 4/4 and in 6/8."""
    four = [(0, (48, 52, 55, 59)), (4, (50, 53, 57, 60)), (6, (55, 59, 62, 65)), (8, (52, 60, 67))]
    notes = tuple(Note(b * PPQ, (4 if b in (0, 8) else 2) * PPQ, p, 80) for b, row in four for p in row)
    assert recognised(notes, Meter(4, 4), 3, "beat", SHARPS) == "Cmaj7 | Dm7:2 G7:2 | C/E"
    six = tuple(
        Note(b * PPQ // 2, 3 * PPQ // 2, p, 80) for b, row in ((0, (57, 60, 64)), (3, (52, 56, 59))) for p in row
    )
    assert recognised(six, Meter(6, 8), 1, "beat", SHARPS) == "Am:3 E:3"
    assert recognised(notes, Meter(4, 4), 3, "bar", SHARPS).count("|") == 2
    assert recognised((), Meter(4, 4), 3, "beat", SHARPS) == ""


def test_the_bands_own_files_are_heard_again() -> None:
    """Whole arrangements of pop, rock and reggae, tune and all: nine beats in ten get their root back."""
    right = beats = 0
    for genre in ("pop", "rock", "reggae"):
        text = f'genre = "{genre}"\nseed = 1\nlength = "60 s"'
        plan = compiled(text).plan
        assert plan is not None
        data = pipeline.midi(pipeline.perform(pipeline.compose(plan)))
        tokens = " ".join(f"{p.section.name}:{p.section.bars}" for p in plan.placements)
        again = compiled(
            f'{text}\nform = "{tokens}"\nkey = "{plan.key}"\nchords = {{ midi = "song.mid" }}', song=data
        ).plan
        assert again is not None
        for one, other in zip(plan.placements, again.placements, strict=True):
            for tick in range(10, one.section.length, PPQ):
                beats += 1
                right += one.section.chord_at(tick).root == other.section.chord_at(tick).root
    assert beats > 200 and right >= 0.9 * beats


# -- notes of any part ---------------------------------------------------------------------------------------------------


def test_any_part_may_play_notes_from_a_file() -> None:
    """A bass line and a drum pattern in one section; the other keeps the band's."""
    data = midi(track(TUNE, "line"), track([(n / 2, 0.25, 42) for n in range(32)], "kit", channel=9))
    text = FORM + '[sections.verse.parts.bass]\nnotes = { midi = "tune.mid", track = "line", bars = 2 }\n'
    text += '[sections.verse.parts.drums]\nnotes = { midi = "tune.mid" }\n'
    score = composed(text, tune=data)
    assert [(n.start / PPQ, n.pitch) for n in score.passages[0].phrase("bass").notes] == [
        (b, p) for b, _, p in TUNE[:8]
    ]
    assert {n.pitch for n in score.passages[0].phrase("drums").notes} == {42}
    assert {n.pitch for n in score.passages[1].phrase("drums").notes} > {42}


# -- mistakes ------------------------------------------------------------------------------------------------------------

DATA = midi(track(TUNE, "Melody"), track([(0, 1, 36)], "Kit", channel=9))


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ('midi = "nowhere.mid"', "melody.midi: nowhere.mid does not exist"),
        ('midi = "words.mid"', "melody.midi: words.mid: this is not a MIDI file"),
        ('midi = "empty.mid"', "melody.midi: empty.mid has no notes"),
        ('midi = "tune.mid", track = 3', "melody.track: no track 3: 2 tracks with notes"),
        ('midi = "tune.mid", track = "Melodie"', "melody.track: no track 'Melodie' with notes"),
        ('midi = "tune.mid", track = 2', "melody.track: this track is the drums"),
        ('midi = "tune.mid", at = 7', "melody.midi: the tune goes on for 2 bars after the song has ended"),
        ('midi = "tune.mid", at = 70', "melody.at: the song has no bar 70"),
        ('midi = "tune.mid", section = "vers"', "melody.section: no section 'vers' in the form"),
        ('midi = "tune.mid", section = "verse", at = 3', "melody.midi: 6 bars of notes in a section of 4"),
        ('midi = "tune.mid", offset = -2', "melody.offset: 2 notes fall before the song begins"),
        ('notes = "verse: E4:4", midi = "tune.mid"', "melody: a tune is written as notes or read from midi, not both"),
        ("track = 1", "melody: no MIDI file is named"),
        ('midi = "tune.mid", grid = "1/5"', "melody.grid: grid is '1/5', allowed is free, 1/4, 1/8, 1/16, 1/32, 1/8T or 1/16T"),
    ],
)  # fmt: skip
def test_mistakes_are_told_at_their_place(own: str, told: str) -> None:
    """Each has a message, a place in the song and a way to mend it."""
    text = FORM + f"melody = {{ {own} }}"
    found = compiled(text, tune=DATA, words=b"no music here", empty=midi(track([])))
    assert found.plan is None
    assert [f"{d.path}: {d.message}" for d in found.diagnostics] == [told]
    assert all(d.span and d.span.line == 6 and d.hint for d in found.diagnostics)


def test_a_missing_track_names_those_there_are() -> None:
    """The hint lists the tracks that have notes."""
    hint = compiled(FORM + 'melody = { midi = "tune.mid", track = 9 }', tune=DATA).diagnostics[0].hint
    assert hint == "it has 1 Melody, 2 Kit; tracks without notes are not counted"


def test_a_tune_too_long_says_how_to_take_less() -> None:
    """The hint is a length, where a song can have it, and a number of bars with which the song is fine."""
    long = midi(track([*TUNE, (8400, 1, 64)]))
    for at, tune, longer, bars in ((7, DATA, 'length = "10 bars" or a longer form, or ', 2), (1, long, "", 8)):
        song = f'{FORM}melody = {{ midi = "tune.mid", at = {at}'
        told = compiled(song + " }", tune=tune).diagnostics[0]
        assert told.hint == f"write {longer}bars = {bars} in [melody], to take no more"
        assert compiled(f"{song}, bars = {bars} }}", tune=tune).plan


def test_drums_have_no_chords() -> None:
    """A file without pitches gives a section no chords, and that is a mistake."""
    text = FORM + '[sections.verse]\nchords = { midi = "kit.mid" }'
    told = wrong(text, kit=midi(track([(0, 1, 36)], channel=9)))
    assert told == ["sections.verse.chords.midi: no chords are heard in it"]


def test_damaged_files_are_refused_or_read_never_worse() -> None:
    """Cut or with bytes changed, a file is refused with a mistake or read as far as it goes, and once told of; nothing is thrown."""
    for cut in range(0, len(DATA), 7):
        for data in (DATA[:cut], DATA[:cut] + b"\xff" + DATA[cut + 1 :]):
            done = compiled(FORM + 'melody = { midi = "tune.mid" }\nchords = { midi = "tune.mid" }', tune=data)
            assert (done.plan is None) == any(one.severity == "error" for one in done.diagnostics)
            assert data != DATA[:cut] or sum("cut short" in one.message for one in done.diagnostics) == (
                done.plan is not None
            )


# -- on disk -------------------------------------------------------------------------------------------------------------


def test_a_file_is_found_beside_the_song_and_followed(tmp_path: Path) -> None:
    """The path counts from the file that says it; saving the MIDI file makes the song stale, and shows in its folders."""
    (tmp_path / "midi").mkdir()
    (tmp_path / "base.toml").write_text('genre = "rock"\nform = "verse:4:e3"\nmelody = { midi = "midi/tune.mid" }\n')
    (tmp_path / "song.toml").write_text('genre = "rock"\nextends = "base.toml"\n')
    tune = tmp_path / "midi" / "tune.mid"
    tune.write_bytes(midi(track(TUNE)))
    trace = Trace(str(tmp_path / "song.toml"))
    done = trace.compile(Answers(), (), None)
    assert isinstance(done, Compiled) and done.plan is not None
    assert str(tmp_path / "midi") in trace.folders() and not trace.stale(Answers())
    tune.write_bytes(midi(track(TUNE[:8])))
    assert trace.stale(Answers())


def test_files_outside_the_project_are_refused(tmp_path: Path) -> None:
    """A song reads no MIDI file above its project."""
    (tmp_path / "a.mid").write_bytes(DATA)
    (tmp_path / "songs" / "specs").mkdir(parents=True)
    song = tmp_path / "songs" / "song.toml"
    done = pipeline.compile_song('genre = "rock"\nmelody = { midi = "../a.mid" }', str(song), find=files.load)
    assert [d.path for d in done.diagnostics] == ["melody.midi"] and "outside the project" in done.diagnostics[
        0
    ].message


def test_a_root_left_to_a_walking_bass_is_heard() -> None:
    """Rootless voicings over a bass that walks through every bar are the chords that the bass begins on."""
    hands = ((53, 57, 60, 64), (53, 57, 59, 64), (52, 55, 59, 62))
    walk = ((38, 41, 45, 42), (43, 47, 50, 49), (48, 43, 40, 43))
    bars = [
        [Note(n * 3840, 3000, p, 80) for p in chord]
        + [Note(n * 3840 + k * 960, 900, p, 80) for k, p in enumerate(line)]
        for n, (chord, line) in enumerate(zip(hands, walk, strict=True))
    ]
    notes = tuple(sorted((note for bar in bars for note in bar), key=lambda note: (note.start, note.pitch)))
    found = recognised(notes, Meter(4, 4), 3, "bar", SHARPS, Key(0, "major"))
    assert [bar.partition("/")[0] for bar in found.split(" | ")] == ["Dm7", "G7", "Cmaj7"]


def test_a_song_without_a_meter_has_that_of_its_tune() -> None:
    """Bars are those the file is written in, as both is told; a meter of the song's own comes first, and then that is told."""
    data = midi(track([(3.5 * bar + n, 1, 64 + n) for bar in range(4) for n in range(3)]), meter=(7, 8))
    text = 'genre = "rock"\nform = "verse:4"\nmelody = { midi = "tune.mid" }\n'
    taken, kept = composed(text, tune=data).plan, composed(text + 'meter = "4/4"\n', tune=data).plan
    assert taken.placements[0].section.meter == Meter(7, 8)
    assert kept.placements[0].section.meter == Meter(4, 4)
    assert [[d.chosen for d in plan.decisions if d.rule == "T7"] for plan in (taken, kept)] == [["7/8"], ["4/4"]]
    for more, meter in (("", (4, 4)), ('meter = "7/8"\n', (7, 8)), ("", None)):
        plan = composed(text + more, tune=midi(track(TUNE[:12]), meter=meter)).plan
        assert not [d for d in plan.decisions if d.rule == "T7"]


def test_tempi_of_a_tune_are_not_followed_and_that_is_told() -> None:
    """A song without a tempo is told what its tune's are, once, at the file's name; one that has a tempo, or a tune whose tempo is
    the song's or none, is fine. Where they differ it stands among the conflicts either way."""
    text = 'genre = "rock"\nform = "verse:4"\n\nmelody = { midi = "tune.mid" }\nchords = { midi = "tune.mid" }\n'
    two, lone = midi(track(TUNE)), mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000), *track(TUNE)])
    bare = compiled(text, tune=two)
    (warning,) = bare.diagnostics
    assert bare.plan is not None and (warning.severity, warning.path) == ("warning", "melody.midi")
    assert warning.message.startswith("its tempo of 66.7 to 150 bpm is not followed")
    assert warning.hint.startswith("write  tempo = 150 ") and warning.span is not None and warning.span.line == 4
    assert [d.rule for d in bare.plan.decisions if d.rule == "T8"] == ["T8"]
    for tempo, told in ((120, 0), (130, 1)):
        done = compiled(f"tempo = {tempo}\n{text}", tune=_file(lone))
        assert done.plan is not None and not done.diagnostics
        assert sum(d.rule == "T8" for d in done.plan.decisions) == told
    assert not compiled(text, tune=_file(track(TUNE))).diagnostics


def _file(*tracks: mido.MidiTrack) -> bytes:
    """A file of these tracks and no other."""
    song, memory = mido.MidiFile(type=1, ticks_per_beat=480), BytesIO()
    song.tracks.extend(tracks)
    song.save(file=memory)
    return memory.getvalue()


def test_an_upbeat_to_a_section_is_sent_home() -> None:
    """It sounds in the section before, and so a tune of one section alone has none: told is how to write it."""
    text = FORM + 'melody = { midi = "tune.mid", section = "chorus", offset = -1 }\n'
    (wrong,) = compiled(text, tune=midi(track(TUNE))).diagnostics
    assert wrong.message == "1 note falls before the section begins"
    assert wrong.hint == "an upbeat sounds in the section before: leave section out, and say at which bar"
