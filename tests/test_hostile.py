"""What people, editors and enemies write: it works or is refused cleanly and at once; nothing raises, nothing is torn."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import scorekit
from scorekit import files, pipeline
from scorekit.__main__ import run
from scorekit.compiler.compile import Compiled
from scorekit.score import PARTS, Score
from scorekit.theory import MODES
from tests.bench import bench
from tests.work import counted

ROOT = Path(__file__).resolve().parents[1]
REFUSAL = 1_000_000
"""Calls of functions a refusal may take: twice what compiling a first song does."""
SILENT = "".join(f"parts.{part}.play = false\n" for part in PARTS)


fuzz = bench("fuzz")


def lawful(text: str) -> Score:
    """The score of a text, when all laws of score and MIDI file hold for it."""
    compiled = pipeline.compile_song(text, "song.toml", find=files.load)
    assert compiled.plan is not None, [d.render() for d in compiled.diagnostics]
    score = pipeline.compose(compiled.plan)
    performance = pipeline.perform(score)
    data = pipeline.midi(performance)
    broken = [
        *fuzz.broken_laws(score),
        *fuzz.broken_contract(score, performance, data),
        *fuzz.second_reader(score, data),
    ]
    assert not broken
    return score


def refused(text: str) -> str:
    """What a refused text is told, when that is clean and costs no more than a song that is fine."""
    found, work = counted(lambda: pipeline.compile_song(text, "song.toml", find=files.load))
    assert found.plan is None
    assert not list(fuzz.unclean(found.diagnostics))
    assert work < REFUSAL, work
    return "\n".join(one.render() for one in found.diagnostics)


# -- by chance ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(900_000, 900_014))
def test_random_songs_keep_all_laws(number: int) -> None:
    """A random song of any meter, key, tempo and wishes is played; score and MIDI file keep their laws."""
    case = fuzz.tried(fuzz.text_of(number, False), number, second=True)
    assert case.state in ("fine", "refused"), case.told


def test_ruined_songs_are_refused_cleanly() -> None:
    """A song broken by chance is refused in plain words, or it works."""
    pipeline.compile_song(
        'genre = "rock"', "song.toml", find=files.load
    )  # reading genres the first time takes its time
    cases = [fuzz.run(number, True) for number in range(900_000, 900_120)]
    assert [case for case in cases if case.state not in ("fine", "refused")] == []


@pytest.mark.parametrize(
    "number",
    [pytest.param(39, id="nothing struck by the guitar"), pytest.param(603, id="no left hand"),
     pytest.param(118, id="pulled onto the grid at the end of a section"), pytest.param(1952, id="no tones to fill"),
     pytest.param(2739, id="no tones for a new tail")],
)  # fmt: skip
def test_what_once_fell_stands(number: int) -> None:
    """Songs that were once played wrongly or not at all."""
    case = fuzz.tried(fuzz.text_of(number, False), number)
    assert case.state == "fine", case.told


# -- by design ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", fuzz.INTENTS)
def test_every_intent_on_every_beat(kind: str) -> None:
    """An intent for everybody and for each part, on and after every beat of a bar, in the first and the last section."""
    places = [f"{bar}.{beat}{late}" for bar in (1, 2) for beat in range(1, 8) for late in ("", "&")]
    wishes = [f'"{place} {kind} {(*PARTS, "")[n % 9]}"' for n, place in enumerate(places)]
    lawful(f'genre = "rock"\nmeter = "7/8"\nform = "verse:2 tag:2"\nsections.verse.intents = [{", ".join(wishes)}]\n'
           f"sections.tag.intents = [{', '.join(wishes)}]")  # fmt: skip


@pytest.mark.parametrize("meter", ["1/32", "3/32", "32/32", "13/16", "5/8", "11/8", "1/1", "32/1", "31/16"])
def test_odd_meters(meter: str) -> None:
    """Bars from a thirty-second note to thirty-two whole notes."""
    lawful(f'genre = "jazz_swing"\ntempo = 200\nmeter = "{meter}"\nform = "A:1:e5:b intro:3 A:2:e1 tag:1"')


@pytest.mark.parametrize("mode", MODES)
def test_keys_of_every_mode(mode: str) -> None:
    """Every mode on any tonic, with a lift by any interval."""
    seed = random.Random(mode)
    tonics = seed.sample(fuzz.TONICS, 3)
    form = "form = 'verse:2 chorus:2:e5:k+11 tag:2:e4:k-11'\n"
    lawful(f'genre = "rock"\nkey = "{tonics[0]} {mode}"\n{form}sections.verse.key = "{tonics[1]} {mode}"')


def test_a_section_of_silence() -> None:
    """A section in which everybody is silenced is silent, wherever it stands."""
    rests = "".join(f"sections.{name}.parts.{part}.play = false\n" for name in ("verse", "tag") for part in PARTS)
    score = lawful(f'genre = "rock"\nform = "verse:2 chorus:2 tag:2"\n{rests}')
    heard = [any(phrase.notes for phrase in passage.phrases) for passage in score.passages]
    assert heard == [False, True, False]


def test_a_part_with_notes_of_its_own_in_one_section_is_silent_in_the_others() -> None:
    """Everybody silenced, but one part plays its own notes in one section: nobody else, and nowhere else."""
    score = lawful(f'genre = "rock"\nform = "verse:2 chorus:2 tag:2"\n{SILENT}'
                   '[sections.chorus.parts.brass]\nnotes = "C4:4 | ."')  # fmt: skip
    assert [[phrase.part for phrase in passage.phrases if phrase.notes] for passage in score.passages] == [
        [],
        ["brass"],
        [],
    ]


LIMITS = {
    "an hour too many": 'genre = "rock"\nlength = "8760 h"',
    "a million bars": 'genre = "rock"\nlength = "1000000 bars"',
    "a million bars in a form": 'genre = "rock"\nform = "A:1000000"',
    "a hundred thousand sections": 'genre = "rock"\nform = "' + "A:1 " * 100_000 + '"',
    "too many sections": 'genre = "rock"\nform = "' + "A:1 " * 1_001 + '"',
    "too many bars": 'genre = "rock"\nform = "' + "A:256 " * 8 + '"',
    "bars too short for the length": 'genre = "rock"\nmeter = "1/32"\ntempo = 400\nlength = "10 min"',
    "too slow for so many bars": 'genre = "rock"\nlength = "2000 bars"\ntempo = 20',
    "tempo 0": 'genre = "rock"\ntempo = 0',
    "tempo nan": 'genre = "rock"\ntempo = nan',
    "tempo inf": 'genre = "rock"\ntempo = inf',
    "a number of five thousand digits": 'genre = "rock"\nseed = ' + "9" * 5_000,
    "zero parts": f'genre = "rock"\n{SILENT}',
    "zero parts, section by section": 'genre = "rock"\nform = "verse:2"\n'
    + SILENT.replace("parts.", "sections.verse.parts."),
    "a crowded bar": 'genre = "rock"\nform = "A:1"\nsections.A.chords = "' + "C " * 20_000 + '"',
    "a note of no length": 'genre = "rock"\nform = "A:1"\nsections.A.parts.lead.notes = "C4:.001 D4"',
    "deep brackets": "a = " + "[" * 5_000,
    "a long dotted key": ".".join("a" * 20_000) + " = 1",
    "too many keys": "".join(f"k{n} = 1\n" for n in range(30_000)),
    "unknown keys": 'genre = "rock"\n' + "".join(f"k{n} = 1\n" for n in range(3_000)),
    "an empty file": "",
    "a base": 'genre = "base44"',
    "a genre file": 'genre = { id = "x", name = "X" }',
    "a model file": 'name = "x"',
    "a path for a genre": 'genre = "../../etc/passwd"',
}


@pytest.mark.parametrize("text", LIMITS.values(), ids=LIMITS.keys())
def test_beyond_the_limits(text: str) -> None:
    """Too much, too little or something else: refused in half a second, in short and printable words."""
    pipeline.compile_song('genre = "rock"', "song.toml", find=files.load)
    assert refused(text)


@pytest.mark.parametrize("extra", fuzz.EXTRA)
def test_tables_of_rubbish(extra: str) -> None:
    """Wrong overrides, sections, parts and tunes are refused, or mean something."""
    case = fuzz.tried(f'genre = "rock"\nseed = 5\nform = "verse:2 tag:1"\n{extra}\n', 0)
    assert case.state in ("fine", "refused"), case.told


def test_an_hour_of_music_is_laid_out_at_once() -> None:
    """The work of finding a form and laying it out grows no faster than the song."""

    def laid_out(minutes: int) -> tuple[Compiled, int]:
        text = f'genre = "rock"\ntempo = 120\nlength = "{minutes} min"'
        return counted(lambda: pipeline.compile_song(text, "song.toml", find=files.load))

    (compiled, hour), (_, six) = laid_out(60), laid_out(6)
    assert compiled.plan is not None
    assert hour < 10 * six, (hour, six)
    assert abs(compiled.plan.tempo.seconds(compiled.plan.end) / 3600 - 1) < 0.01


@pytest.mark.parametrize(
    "setting", ["x", "=1", "tempo=", "tempo=nan", ".".join("a" * 20_000) + "=1", "a." * 20_000 + "b=[", "tempo=" + "[" * 5_000,
                "drums\n=1", "override.drums=3", 'sections."A/1".bars=3', "title=\x1b[2J", "genre.extends=x", "seed=" + "9" * 5_000],
)  # fmt: skip
def test_settings_of_rubbish(setting: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--set with anything: refused, or called wrongly, or set."""
    song = tmp_path / "song.toml"
    song.write_text('genre = "rock"\nform = "verse:2"\n')
    assert run(["check", str(song), "--set", setting]) in (0, 1, 2)
    out, err = capsys.readouterr()
    assert "bug" not in err
    assert all(char.isprintable() or char == "\n" for char in out + err)


# -- versions, and files that are no songs -----------------------------------------------------------------------------


def test_a_song_from_the_future() -> None:
    """A song that needs a newer scorekit is told so, and nothing of what only the newer one knows; an older one is fine."""
    told = refused('genre = "rock"\nscorekit_version = "99.1"\nholograms = true')
    assert told.startswith(f"song.toml:2:20: error: needs scorekit >= 99.1, this is {scorekit.__version__}")
    assert "holograms" not in told
    for version in ("0", "0.0.1", scorekit.__version__):
        assert not scorekit.check(f'genre = "rock"\nscorekit_version = "{version}"')
    assert "numbers and dots" in refused('genre = "rock"\nscorekit_version = "soon"')


@pytest.mark.parametrize(
    "path", sorted([*(ROOT / "genres").glob("*.toml"), *(ROOT / "models").glob("*.toml")]), ids=lambda p: p.stem
)
def test_shipped_genres_and_models_are_checked_as_what_they_are(path: Path) -> None:
    """Every genre, base and model that is shipped is fine when it is checked by itself."""
    assert scorekit.check(path) == ()


def test_mistakes_in_genres_and_models(tmp_path: Path) -> None:
    """All mistakes in a genre or a model are told when it is checked by itself, names and strings included."""
    genre, model = tmp_path / "mine.toml", tmp_path / "me.toml"
    genre.write_text('genre = { id = "mine", name = "Mine", extends = "rock" }\ndrums.crsh = 1\ntempo.mean = 900\n')
    model.write_text('name = "me"\ncomplexity = 3\n')
    assert [d.span.line for d in scorekit.check(genre) if d.span] == [2, 3]
    assert [d.span.line for d in scorekit.check(model) if d.span] == [2]
    genre.write_text('genre = { id = "mine", name = "Mine", extends = "rock" }\n[[melody.cells]]\n')
    assert scorekit.check(genre)
    genre.write_text('genre = { id = "mine", name = "Mine", extends = "mine.toml" }\n')
    assert "extends itself" in scorekit.check(genre)[0].message


def test_a_genre_that_extends_nothing_there_is(tmp_path: Path) -> None:
    """What may stand in the genre that was not found is not asked for; what is wrong in this one is told all the same."""
    (tmp_path / "genres").mkdir()
    text = 'genre = { id = "mine", name = "Mine", extends = "rok" }\n[bass]\ngate = "long"\n'
    (tmp_path / "genres" / "mine.toml").write_text(text)
    (tmp_path / "song.toml").write_text('genre = "mine"\n')
    told = [f"{one.span}: {one.message}" for one in scorekit.check(tmp_path / "song.toml")]
    assert len(told) == 2
    assert "there is no genre 'rok'" in told[0]
    assert "gate is text" in told[1]


def test_a_genre_in_another_meter_than_it_extends(tmp_path: Path) -> None:
    """It is told once, where the meter is given, by itself and in a song; what else is wrong in that file is told with it."""
    genre, song = tmp_path / "genres" / "waltz.toml", tmp_path / "song.toml"
    genre.parent.mkdir()
    genre.write_text('genre = { id = "waltz", name = "Waltz", extends = "rock" }\nmeter = { sig = "3/4", grid = 12 }\n')
    song.write_text('genre = "waltz"\n')
    for path in (genre, song):
        [told] = scorekit.check(path)
        assert told.span
        assert (Path(told.span.file).name, told.span.line) == ("waltz.toml", 2)
        assert "rock.toml is written in 4/4" in told.message
    genre.write_text(
        genre.read_text()
        + 'harmony.prog = [{ id = "own", roles = ["verse"], mode = "major", w = 1, cadence = "open", rn = "I:2 IV:2" }]\n'
    )
    assert [told.span.line for told in scorekit.check(genre) if told.span] == [2, 3]
    song.write_text('genre = "rock"\noverride.meter = { sig = "3/4", grid = 12 }\n')
    assert [told.span.line for told in scorekit.check(song) if told.span] == [2]
    song.write_text('genre = "rock"\nmeter = "3/4"\n')
    assert not scorekit.check(song)


def test_bases_are_no_genres(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A base is not listed, starts no new song, and cannot be a song's genre."""
    assert run(["genres"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert "rock" in listed
    assert "base44" not in listed
    assert run(["new", "x", "-g", "base44", "-o", str(tmp_path)]) == 1
    assert not list(tmp_path.iterdir())


def test_bases_are_offered_to_genres_alone(tmp_path: Path) -> None:
    """A song whose genre is unknown is offered those songs can be in; a genre that extends an unknown one, bases too."""
    song, genre = tmp_path / "song.toml", tmp_path / "garage.toml"
    song.write_text('genre = "zzz"\n')
    genre.write_text('genre = { id = "garage", name = "Garage", extends = "base4" }\n')
    offered = scorekit.check(song)[0].hint
    assert "rock" in offered and "base44" not in offered
    song.write_text('genre = "base4"\n')
    assert "base44" not in scorekit.check(song)[0].hint
    assert "base44" in scorekit.check(genre)[0].hint


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["patches", "zzz"], "scorekit patches lists"),
        (["explain", str(ROOT / "specs" / "demo.toml"), "zzz"], "explain SONG lists"),
    ],
)
def test_a_name_unlike_any_is_told_where_names_are_listed(
    arguments: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where no name is near and there are too many to tell, the command that lists them is told."""
    assert run(arguments) == 1
    assert hint in capsys.readouterr().err


# -- files and processes -----------------------------------------------------------------------------------------------


def test_a_refusal_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was rendered before stays as it was, byte by byte, whatever the next text is."""
    monkeypatch.chdir(tmp_path)
    song = Path("song.toml")
    song.write_text('genre = "rock"\nform = "verse:1"\n')
    assert run(["render", "song.toml", "--midi-only", "-q"]) == 0
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in Path("out").iterdir()}
    for text in LIMITS.values():
        song.write_text(text)
        assert run(["render", "song.toml", "--midi-only", "-q"]) == 1
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in Path("out").iterdir()} == before


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_stopped_in_the_middle(tmp_path: Path) -> None:
    """SIGINT in the middle of the sound: gone with code 130, no traceback, nothing left in the folder."""
    song = tmp_path / "song.toml"
    song.write_text('genre = "rock"\ntempo = 120\nlength = "4 min"\n')
    command = [sys.executable, "-m", "scorekit", "render", str(song), "-o", str(tmp_path / "out")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    while not process.stderr.readline().strip().startswith("midi"):
        assert process.poll() is None
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    told = process.stderr.read()
    assert process.wait(60) == 130
    assert "Traceback" not in told
    assert not [path for path in (tmp_path / "out").iterdir() if path.suffix in (".wav", ".mid", ".part")]


@pytest.mark.parametrize(
    ("text", "told", "fix"),
    [
        ("tempo = 3\ntempo.start = 4\n", "2:1: error: the key is written twice", "keep one of them"),
        ("[sections\n", "1:10: error: expected ']'", "[sections.verse]"),
        ('title = "a\x07b"\n', "1:11: error: this character may not stand here", '"\\u0007"'),
        ("tëmpo = 3\n", "1:2: error: expected '=' after the key", "any other stands in quotes"),
        (
            'genre = "rock"\n[parts.guitar]\nsound = { patch = "crunch", drive = 2 }\n',
            "3:37: error: drive is 2",
            "0.5 is usual",
        ),
        ('genre = "rock"\ntempo = .75\n', "2:9: error: this is not a value", "write 0 before the point: 0.75"),
        ('genre = "rock"\ntempo = 98,25\n', "2:11: error: nothing may follow", "write a decimal point: 98.25"),
        ('genre = "rock"\nparts.bass.level = -3.\n', "2:22: error: nothing may follow", "after the point: -3.0"),
        ('extends = "song.toml"\ngenre = "rock"\n', "1:11: error: extends itself", "name another one"),
        ('extends = "."\ngenre = "rock"\n', "1:11: error: there is no song '.'", "ends in .toml"),
        ('genre = "rock"\nform = "verse:4"\nsections.verse.intents = ["4 drop", 5]\n', "3:37: error: item 2", '"5"'),
    ],
)
def test_every_mistake_comes_with_a_fix(text: str, told: str, fix: str, tmp_path: Path) -> None:
    """What people do not see at once is told at its place, with a caret under it and what to write instead."""
    song = tmp_path / "song.toml"
    song.write_text(text)
    found = pipeline.compile_song(text, str(song), find=files.load)
    assert found.plan is None
    shown = found.diagnostics[0].render()
    assert told in shown and "^" in shown and fix in shown.splitlines()[-1]


def test_a_byte_that_is_no_text_is_shown_where_it_is(tmp_path: Path) -> None:
    """A NUL byte has a line and a column; a file in UTF-16 is told as what it is."""
    song = tmp_path / "song.toml"
    song.write_bytes(b'genre = "rock"\ntitle = "a\0b"\n')
    told = files.read_text(song)
    assert not isinstance(told, str) and told.span is not None and (told.span.line, told.span.column) == (2, 11)
    assert "take it out" in told.render() and "^" in told.render()
    song.write_bytes('genre = "rock"\n'.encode("utf-16"))
    assert "is UTF-16" in files.read_text(song).render()  # type: ignore[union-attr]
