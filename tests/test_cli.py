"""The command line: what goes where, what is written, and the exit codes.

The stages behind are replaced by small ones here; what they really do is tested where they live.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from scorekit import files, pipeline, report
from scorekit.__main__ import run
from scorekit.answers import Row
from scorekit.errors import Diagnostic, Span
from scorekit.ideas import Ideas
from scorekit.score import Claim, Decision, Edit, Key, Note, Passage, Performance, Placement, Plan, Score, Seam, Section
from scorekit.stage import Dials, Feel, Master, Part, Sound, Strip
from scorekit.timebase import Meter, TempoMap

FOUR, THREE = Meter(4, 4), Meter(3, 4)
VERSE = Section("verse", 1, 4, FOUR, 4, 3, Key(4, "minor", "E"), ())
CHORUS = Section("chorus", 1, 2, THREE, 4, 4, Key(4, "minor", "E"), ())
DRUMS = Part("drums", "drums", Sound("acoustic"), Strip(), 9, 0, "Drums")
BASS = Part("bass", "bass", Sound("fingered"), Strip(), 0, 33, "Bass")
PLAN = Plan(
    "Night Bus", "7", "rock", "instrument_focused", "instrument_focused", Key(4, "minor", "E"),
    TempoMap(((0, 500_000),)), (Placement(VERSE, 0, 1, Seam()), Placement(CHORUS, 4 * FOUR.bar, 5, Seam())),
    (DRUMS, BASS), (), Ideas(), Dials(), (), Feel(), Master(), 2.0,
)  # fmt: skip
DEMO = Path(__file__).resolve().parents[1] / "specs" / "demo.toml"
WRONG = Diagnostic("value", "tempo is 9000", Span("x.toml", 2, 9, 4, "tempo = 9000"), "at most 400")


@dataclass
class Stages:
    """The stages as the commands call them, each note of a call kept. A song's text says what becomes of it."""

    calls: list[tuple[str, Any]] = field(default_factory=list)

    def compile_song(
        self, text: str, file: str, *, find: object, settings: tuple[str, ...], seed: int | None, memo: object = None
    ) -> object:
        self.calls.append(("compile", (file, settings, seed)))
        if "bug" in text:
            raise KeyError("bug")
        wrong = (WRONG, WRONG) if "wrong" in text else ()
        return SimpleNamespace(plan=None if wrong else replace(PLAN, title=Path(file).stem), diagnostics=wrong)

    def compose(self, plan: Plan, listen: Callable[[object], None]) -> Score:
        listen(pipeline.Progress("compose", "verse/1", 0, 2))
        listen(pipeline.Progress("compose", "", 2, 2))
        note = Note(960, 480, 64, 90)
        edit = Edit("C1", "pitch", "bass", "verse/1", note, replace(note, pitch=63), "clashes with the tune")
        claims = (Claim("bass", "half", 0.7),)
        return Score(
            plan, (Passage((), (edit,)),), (Decision("T1", "tempo", "verse/1", claims, "normal", "two of three"),)
        )

    def perform(self, score: Score) -> Performance:
        return Performance(score.plan, ())

    def performed(
        self, plan: Plan, known: object, listen: Callable[[object], None], *more: object
    ) -> tuple[Performance, dict[bytes, object]]:
        played = {placement.section.id.encode(): () for placement in plan.placements}
        return self.perform(self.compose(plan, listen)), played

    def midi(self, performance: Performance, only: str | None = None) -> bytes:
        return f"midi of {only}".encode()

    def audio(
        self, performance: Performance, stems: bool, listen: Callable[[object], None], sounding: object = None
    ) -> object:
        self.calls.append(("audio", stems))
        listen(pipeline.Progress("audio", "bass", 1, 2))
        parts = {part.name: f"wav of {part.name}".encode() for part in performance.plan.parts} if stems else {}
        return SimpleNamespace(wav=b"wav", stems=parts, lufs=-14.012, peak=-1.234, seconds=11.0)

    def values(self, compiled: object) -> list[Row]:
        return [Row("tempo", "120", "x.toml:2:9", "118 (rock.toml:5:8)"), Row("key", '"E minor"', "x.toml:3:7")]

    def note(self, compiled: object, score: Score, performance: Performance, *place: object) -> list[str]:
        return [" ".join(map(str, place))]


@pytest.fixture(autouse=True)
def stages(monkeypatch: pytest.MonkeyPatch) -> Stages:
    """The stages replaced."""
    found = Stages()
    for name in ("compile_song", "compose", "perform", "performed", "midi", "audio"):
        monkeypatch.setattr(pipeline, name, getattr(found, name))
    for name in ("values", "note"):
        monkeypatch.setattr(f"scorekit.answers.{name}", getattr(found, name))
    return found


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a good song, a wrong one, and one that trips over a bug; the current folder of the command."""
    for name in ("good", "better", "wrong", "bug"):
        (tmp_path / f"{name}.toml").write_text(f'title = "{name}"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tree(folder: Path) -> dict[str, bytes]:
    """Every file under a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# -- rendering ---------------------------------------------------------------------------------------------------------


def test_render(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A song becomes MIDI and WAV in out/; standard output stays empty; a line a stage and a summary go to people."""
    assert run(["render", "good.toml"]) == 0
    assert tree(here / "out") == {"good.mid": b"midi of None", "good.wav": b"wav"}
    out, err = capsys.readouterr()
    assert out == ""
    for fact in (
        "compose",
        "audio",
        "good",
        "120 bpm",
        "E minor, 4/4 3/4",
        "verse:4 chorus:2",
        "drums bass",
        "out/good.wav",
    ):
        assert fact in err
    assert "\x1b" not in err
    assert "\r" not in err


def test_all_outputs(here: Path) -> None:
    """--stems and --split add numbered files of each part in a folder of the song; -o says where."""
    assert run(["render", "good.toml", "-o", "deep/er", "--stems", "--split", "-q"]) == 0
    assert sorted(tree(here / "deep" / "er")) == [
        "good.mid", "good.wav", "good/01-drums.mid", "good/01-drums.wav", "good/02-bass.mid", "good/02-bass.wav",
    ]  # fmt: skip
    assert tree(here / "deep" / "er")["good/02-bass.mid"] == b"midi of bass"


def test_midi_only(here: Path, stages: Stages) -> None:
    """--midi-only never starts the synth."""
    assert run(["render", "good.toml", "--midi-only"]) == 0
    assert sorted(tree(here / "out")) == ["good.mid"]
    assert "audio" not in dict(stages.calls)


def test_wishes_reach_the_compiler(stages: Stages) -> None:
    """--seed and every --set are handed on."""
    run(["render", "good.toml", "--seed", "9", "--set", "tempo=96", "--set", "parts.bass.play=false", "-q"])
    assert stages.calls[0] == ("compile", ("good.toml", ("tempo=96", "parts.bass.play=false"), 9))


def test_standard_input(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """- is a song on standard input; its files are called after its title."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=BytesIO(b'title = "x"\n')))
    assert run(["render", "-", "-q"]) == 0
    assert sorted(tree(here / "out")) == ["stdin.mid", "stdin.wav"]


def test_json(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--json is one document on standard output with the facts of every song and every mistake."""
    assert run(["render", "good.toml", "wrong.toml", "--json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is False
    good, wrong = document["songs"]
    assert (good["ok"], good["title"], good["tempo"], good["seconds"]) == (True, "good", [120.0, 120.0], 11.0)
    assert (good["lufs"], good["files"]) == (-14.01, ["out/good.mid", "out/good.wav"])
    assert wrong["diagnostics"][0] == {
        "severity": "error", "code": "value", "message": "tempo is 9000", "hint": "at most 400",
        "file": "x.toml", "line": 2, "column": 9, "width": 4,
    }  # fmt: skip


def test_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    """-q says nothing when all is fine, and still tells mistakes."""
    assert run(["render", "good.toml", "-q"]) == 0
    assert capsys.readouterr() == ("", "")
    assert run(["render", "wrong.toml", "-q"]) == 1
    assert "tempo is 9000" in capsys.readouterr().err


# -- refusals ----------------------------------------------------------------------------------------------------------


def test_mistakes(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every mistake is shown in full, then their number; exit 1; nothing is written."""
    assert run(["check", "wrong.toml"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("x.toml:2:9: error: tempo is 9000\n") == 2
    assert err.count("\n 2 | tempo = 9000\n   |         ^^^^\n  = at most 400\n") == 2
    assert err.endswith("2 mistakes\n")
    assert run(["render", "wrong.toml"]) == 1
    assert not (here / "out").exists()


@pytest.mark.parametrize(
    ("specs", "code"),
    [
        (["good.toml"], 0),
        (["good.toml", "better.toml"], 0),
        (["wrong.toml"], 1),
        (["wrong.toml", "none.toml"], 1),
        (["good.toml", "wrong.toml", "better.toml"], 3),
        (["none.toml"], 1),
        (["."], 70),
        (["bug.toml"], 70),
        (["good.toml", "bug.toml"], 70),
        ([], 2),
    ],
)
def test_exit_codes(specs: list[str], code: int) -> None:
    """0 fine, 1 refused, 2 usage, 3 some of several failed, 70 a bug."""
    assert run(["check", *specs]) == code


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["render"],
        ["render", "good.toml", "--nonsense"],
        ["render", "good.toml", "--seed", "x"],
        ["render", "good.toml", "--seed", "-1"],
        ["render", "good.toml", "--set", "tempo"],
        ["render", "good.toml", "--set", "=96"],
        ["render", "good.toml", "--stems", "--midi-only"],
        ["explain", "good.toml", "bass", "x"],
        ["explain", "good.toml", "bass", "1.0"],
        ["explain", "good.toml", "bass", "1.nan"],
        ["render", "good.toml", "--soundfont", "a.sf2"],
        ["schema", "cake"],
        ["new", "a/b", "--genre", "rock"],
        ["new", "..", "--genre", "rock"],
    ],
)
def test_usage(arguments: list[str], here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A call that makes no sense is exit 2, with words, and without a traceback or a file."""
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert not (here / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("render good.toml --format aiff", "'--format': 'aiff' is not one of wav, wav24, flac, ogg, mp3"),
        ("render good.toml --engine csound", "'--engine': 'csound' is not one of scorekit, fluidsynth"),
        ("render good.toml --seed -1", "'--seed': '-1' is not a whole number from 0 up"),
        ("watch good.toml --port 70000", "'--port': '70000' is not a whole number of 1 to 65535"),
        ("watch good.toml --port port", "'--port': 'port' is not a whole number of 1 to 65535"),
        ("schema cake", "'cake' is not one of song, genre, model"),
        ("render good.toml --stems --midi-only", "Error: --stems asks for sound, --midi-only for none"),
        ("render good.toml --soundfont a.sf2", "Error: --soundfont is for --engine fluidsynth"),
        ("synth a.mid -o a.wav --soundfont a.sf2", "Error: --soundfont is for --engine fluidsynth"),
    ],
)
def test_a_wrong_option_is_told_in_our_words(
    arguments: str, told: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever library reads the command line, people are told what was given and what may be, and nothing of the library."""
    assert run(arguments.split()) == 2
    err = capsys.readouterr().err
    assert told in err
    assert "Value error" not in err
    assert "Input should" not in err


def test_others_go_on(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong song and a bug stop no other song; the end says how many failed."""
    assert run(["render", "wrong.toml", "bug.toml", "good.toml"]) == 70
    assert sorted(tree(here / "out")) == ["good.mid", "good.wav"]
    assert "1 song fine, 2 failed" in capsys.readouterr().err


def test_bug(capsys: pytest.CaptureFixture[str]) -> None:
    """A bug is owned up to in one line, with the traceback only when asked for."""
    assert run(["render", "bug.toml"]) == 70
    err = capsys.readouterr().err
    assert "this is a bug in scorekit, not in your song: KeyError: 'bug'" in err
    assert "Traceback" not in err
    assert run(["render", "bug.toml", "-v"]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_the_old_output_stays(here: Path) -> None:
    """A song that is refused leaves the files of its last good render as they are."""
    run(["render", "good.toml"])
    before = tree(here / "out")
    (here / "good.toml").write_text("wrong")
    assert run(["render", "good.toml"]) == 1
    assert tree(here / "out") == before


def test_same_files(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two songs that would write the same files are refused before anything is written."""
    (here / "a").mkdir()
    (here / "a" / "Good.toml").write_text("")
    assert run(["render", "good.toml", "a/Good.toml"]) == 1
    assert "good.toml and a/Good.toml would write the same files" in capsys.readouterr().err
    assert not (here / "out").exists()


def test_out_is_a_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An output folder that is a file is refused by name."""
    assert run(["render", "good.toml", "-o", "good.toml"]) == 1
    assert "good.toml cannot be written: a file is where a folder is wanted" in capsys.readouterr().err


def test_busy(here: Path) -> None:
    """Exit 4 when another run holds the outputs; some busy of several is exit 3."""
    from scorekit import writing

    with writing.claim(here / "out", "good"):
        assert run(["render", "good.toml"]) == 4
        assert run(["render", "good.toml", "better.toml"]) == 3
    assert run(["render", "good.toml"]) == 0


# -- the process -------------------------------------------------------------------------------------------------------

SLOW = """
import time
from pathlib import Path
from scorekit import pipeline
from scorekit.__main__ import main

def performed(*a):
    print("composing", flush=True)
    while True:
        time.sleep(0.01)
pipeline.lacking, pipeline.composed, pipeline.performed = lambda *a: [], lambda *a: iter(()), performed
main()
"""


def process(*arguments: str, code: str = "", **more: Any) -> subprocess.Popen[str]:
    """scorekit, or a piece of Python, in a process of its own."""
    command = [sys.executable, "-c", code] if code else [sys.executable, "-m", "scorekit"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    return subprocess.Popen([*command, *arguments], text=True, **pipes)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped(here: Path, number: signal.Signals, code: int) -> None:
    """A signal stops a render at once: exit 130 or 143, one line, no traceback, no file, no lock."""
    (here / "good.toml").write_text('genre = "rock"')
    child = process("render", "good.toml", "--midi-only", code=SLOW)
    assert child.stdout is not None
    assert child.stdout.readline() == "composing\n"
    child.send_signal(number)
    _, err = child.communicate(timeout=60)
    assert child.returncode == code
    assert err.splitlines()[-1] == "stopped, nothing was left half written"
    assert "Traceback" not in err
    assert tree(here / "out") == {}


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (["--help"], ()),
        (["genres"], ()),
        (["explain", str(DEMO)], ()),
        (["check", str(DEMO)], ()),
        (["check", "wrong.toml"], ("pydantic",)),
    ],
)
def test_nothing_heavy_at_the_start(arguments: list[str], allowed: tuple[str, ...]) -> None:
    """Help, genres, explain and check import no synth, no MIDI, no sound files; pydantic only where there is a mistake to tell."""
    heavy = {"numpy", "pydantic", "mido", "pretty_midi", "soundfile", "watchfiles", "spotipy", "rich", "tomli_w"}
    code = f"""
import sys
from scorekit.__main__ import run
run({arguments})
print("loaded:", *({heavy - set(allowed)} & sys.modules.keys()))
"""
    out, err = process(code=code).communicate()
    assert out.splitlines()[-1:] == ["loaded:"], err


def test_a_check_needs_no_look_into_functions() -> None:
    """The command reads a song without what only dataclasses and other Pythons' types need; whoever wants that has it after."""
    code = f"""
import sys
from scorekit.loading import tables
tables()
from scorekit.__main__ import run
print(run(["check", {str(DEMO)!r}]), {{"inspect", "dataclasses", "typing_extensions"}} & sys.modules.keys())
import typing_extensions
from msgspec import NODEFAULT, Struct, convert
"""
    out, err = process(code=code).communicate()
    assert (out, err) == ("0 set()\n", f"{DEMO}: fine\n")


def test_what_sounds_is_loaded_without_what_no_song_has() -> None:
    """Neither numbers of other kinds nor ways to pack files nor OpenSSL nor dates in Python are loaded before a song sounds; all of
    it is there for who asks later."""
    code = """
import sys
from scorekit import loading
loading.tables()
import scorekit.plain
import scorekit.songs
loading.compiled()
loading.played()
loading.sound(again=False)
names = {"uuid", "decimal", "platform", "textwrap", "ast", "hashlib", "secrets", "shutil", "tempfile", "msgspec.json",
    "urllib.parse", "ipaddress", "datetime", "string"}
print(names & sys.modules.keys())
import datetime, msgspec, pathlib, secrets, string, tomllib, uuid
import numpy as np
print(msgspec.json.encode([1]), pathlib.Path("/a b").as_uri(), uuid.UUID(int=1).int, secrets.randbits(8) < 256)
print(msgspec.inspect.type_info(int) == msgspec.inspect.IntType(), np.random.default_rng().random() < 1)
day = tomllib.loads("day = 2026-02-03")["day"]
print(day == datetime.date(2026, 2, 3), np.datetime64(day).astype(datetime.date) == day, string.Template("$a").substitute(a=day))
"""
    assert process(code=code).communicate() == (
        "set()\nb'[1]' file:///a%20b 1 True\nTrue True\nTrue True 2026-02-03\n",
        "",
    )


def test_triplets_that_stay_even_load_no_masked_arrays() -> None:
    """Whoever plays what swings in triplets finds those that stay even without NumPy's masked arrays, which take as long to load
    as a minute takes to be played."""
    code = """
import sys
from scorekit import loading
loading.played()
import numpy as np
from scorekit.ensemble import performance
section = type("Swung", (), {"grid": 3})
print(performance.even_beats(np.array([0, 320, 640, 2240, 4160, 320]), section), "numpy.ma" in sys.modules)
"""
    assert process(code=code).communicate() == ("[0 2 4] False\n", "")


def test_what_is_left_out_in_loading_is_there_for_who_asks() -> None:
    """What sounds loads NumPy without signatures, texts, names of types and linear algebra; no stand-in stays behind, and one that
    is asked for more than it knows answers as the true module does."""
    code = """
import sys
from scorekit.loading import _stand_in, played, sound, tables
names = {"inspect", "numpy.typing", "numpy._typing", "numpy._core._add_newdocs", "numpy.linalg"}
assert not names & sys.modules.keys()
tables()
played()
sound()
assert "numpy" in sys.modules
assert not names & sys.modules.keys()
other = sys.modules["inspect"] = _stand_in("inspect", signature=None)
from inspect import Parameter, signature
assert signature is None
import inspect
assert inspect is not other
assert inspect.Parameter is Parameter is other.Parameter
assert inspect.signature(tables).return_annotation == "None"
import numpy as np
import numpy.typing
assert numpy.typing.NDArray[np.int64] != list[np.int64]
assert np.roots([1, -3, 2]).tolist() == [2, 1] and (np.matrix("1 1; 0 1") ** 3).tolist() == [[1, 3], [0, 1]]
assert np.random.default_rng().random() < np.linalg.det(np.eye(2)) == 1
print("fine")
"""
    assert process(code=code).communicate() == ("fine\n", "")


def test_where_stand_ins_fail_all_is_loaded_as_it_is() -> None:
    """NumPy of another making, which wants of a stand-in what that cannot do, is loaded without any."""
    code = """
import sys
from scorekit import loading
make = loading._stand_in
failing = []
def stand_in(name, **known):
    def fail(*given):
        failing.append(name)
        raise ValueError(name)
    return make(name, **{what: fail if name == "inspect" else value for what, value in known.items()})
loading._stand_in = stand_in
loading.sound()
import inspect
import numpy
assert "inspect" in failing
assert inspect.signature(numpy.clip).parameters.keys() >= {"a", "a_min"}
print(numpy.linalg.det(numpy.eye(2)))
"""
    assert process(code=code).communicate() == ("1.0\n", "")


@pytest.mark.parametrize(
    ("more", "said"), [("base44", "a base for genres; to be named by songs it lacks a [[form]]"), ("rock", "a genre")]
)
def test_a_genre_that_no_song_can_name_is_called_so(here: Path, more: str, said: str) -> None:
    """A check of a genre without forms says what it is and what it lacks; one that has them from another is a genre."""
    (here / "mine.toml").write_text(f'[genre]\nid = "mine"\nname = "Mine"\nextends = "{more}"\n')
    out, err = process("check", "mine.toml").communicate()
    assert (out, err) == ("", f"mine.toml: fine, {said}\n")


EARLY = """
import os, signal
import scorekit.aside, scorekit.loading
from scorekit.__main__ import main
def stop():
    os.kill(os.getpid(), signal.SIGINT)
scorekit.{place} = stop
main()
"""


@pytest.mark.parametrize("place", ["loading.tables", "aside.alone"])
def test_stopped_before_it_begins_or_when_it_is_done(place: str) -> None:
    """A signal that comes before a command is understood, or when it has but to end, makes no traceback either."""
    child = process("genres", code=EARLY.format(place=place))
    _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (130, "stopped, nothing was left half written\n")


def test_a_reader_that_has_enough() -> None:
    """scorekit schema song | head -1 is no mistake."""
    child = process("schema", "song")
    assert child.stdout is not None
    child.stdout.close()
    assert child.stderr is not None
    assert child.stderr.read() == ""
    assert child.wait() == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_under_standard_output() -> None:
    """Standard output that cannot be written is exit 1 with the reason."""
    with open("/dev/full", "w") as full:
        child = process("schema", "song", stdout=full)
        _, err = child.communicate()
    assert child.returncode == 1
    assert "No space left on device" in err
    assert "Traceback" not in err


def test_a_terminal_that_knows_ascii_only(here: Path) -> None:
    """Letters the terminal cannot show are no reason to fail."""
    (here / "ü.toml").write_text("[")
    child = process("check", "ü.toml", env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    _, err = child.communicate()
    assert child.returncode == 1, err


# -- the other commands ------------------------------------------------------------------------------------------------


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """--version names the version."""
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("scorekit 0.")


def test_new(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A new song is ten commented lines of TOML with the schema beside it; it is never written over another."""
    (here / "genres").mkdir()
    (here / "genres" / "polka.toml").write_text('[genre]\nid = "polka"\n[[form]]\nid = "a"\n')
    assert run(["new", 'Night "Bus"', "--genre", "polka"]) == 0
    text = (here / "night-bus.toml").read_text()
    assert text.startswith("#:schema ./song.schema.json\n")
    assert len(text.splitlines()) == 10
    assert tomllib.loads(text) == {"title": 'Night "Bus"', "genre": "polka", "seed": 1, "length": "30 s"}
    assert json.loads((here / "song.schema.json").read_text())["title"] == "A scorekit song"
    assert run(["new", "night bus", "--genre", "polka"]) == 1
    assert "exists already" in capsys.readouterr().err
    assert (here / "night-bus.toml").read_text() == text


def test_the_hints_of_a_new_song_are_toml() -> None:
    """Every commented line of a new song that looks like a setting is one: uncommented, it is TOML of the right key."""
    text = report.first_song("x", "rock", "x.toml")
    spec = tomllib.loads("\n".join(line.removeprefix("# ") for line in text.splitlines()[2:]))
    assert {"tempo", "key", "form", "parts"} <= spec.keys()


def test_new_with_a_wrong_genre(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown genre is refused with the nearest name, and nothing is written."""
    (here / "genres").mkdir()
    (here / "genres" / "polka.toml").write_text('[[form]]\nid = "a"\n')
    assert run(["new", "x", "--genre", "plka"]) == 1
    assert "did you mean 'polka'?" in capsys.readouterr().err
    assert not (here / "x.toml").exists()


def test_new_takes_every_name_a_song_may_give_a_genre(here: Path) -> None:
    """Another name of a genre is as good as its id, which the new song has."""
    assert run(["new", "x", "--genre", "Boom Bap"]) == 0
    assert tomllib.loads((here / "x.toml").read_text())["genre"] == "lofi"


def test_genres(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """genres lists names with family, tempo and meter; a broken file is listed as broken."""
    (here / "genres").mkdir()
    (here / "genres" / "polka.toml").write_text(
        '[genre]\nname = "Polka"\nfamily = "folk"\n[tempo]\nmin = 100\nmax = 130.0\n[meter]\nsig = "2/4"\n[[form]]\nid = "a"\n'
    )
    (here / "genres" / "bad.toml").write_text("[")
    assert run(["genres", "--json"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)["genres"]}
    assert rows["polka"] == {"id": "polka", "name": "Polka", "family": "folk", "tempo": "100-130 bpm", "meter": "2/4"}
    assert rows["bad"]["name"] == "(this file is broken)"
    assert run(["genres"]) == 0
    assert "polka" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["song", "genre", "model"])
def test_schema(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """schema prints a JSON Schema."""
    assert run(["schema", kind]) == 0
    assert json.loads(capsys.readouterr().out)["$schema"].startswith("https://json-schema.org/")


def test_explain_values(capsys: pytest.CaptureFixture[str]) -> None:
    """explain SONG: a line a value: path, value, the place that won, what it beat."""
    assert run(["explain", "good.toml"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines() == [
        "tempo  = 120        x.toml:2:9  beats 118 (rock.toml:5:8)",
        'key    = "E minor"  x.toml:3:7',
    ]
    assert run(["explain", "good.toml", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["values"][1]["value"] == '"E minor"'


def test_explain_one_thing(stages: Stages, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """People are told of the genre's values only when they ask for them, by a name or by a path; programs are told all."""
    rows = [Row("parts.bass.patch", "slap", "x.toml:1:1"), Row("genre.bass.gate", "0.9", "rock.toml:5:8"),
            Row("genre.feel.amount", "0.3", "rock.toml:6:8")]  # fmt: skip
    monkeypatch.setattr("scorekit.answers.values", lambda compiled: rows)

    def told(*arguments: str) -> list[str]:
        assert run(["explain", "good.toml", *arguments]) == 0
        return [line.split()[0] for line in capsys.readouterr().out.splitlines()]

    assert told() == ["parts.bass.patch"]
    assert told("genre") == ["genre.bass.gate", "genre.feel.amount"]
    assert told("genre.bass") == ["genre.bass.gate"]
    assert told("bass") == ["parts.bass.patch", "genre.bass.gate"]
    assert run(["explain", "good.toml", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["values"]) == 3
    assert run(["explain", "good.toml", "bas"]) == 1
    assert "nothing here is called 'bas'\n  = did you mean 'bass'?" in capsys.readouterr().err
    assert run(["explain", "good.toml", "3.1"]) == 1
    assert "nothing here is called '3.1'\n  = say whose note: explain SONG bass 3.1" in capsys.readouterr().err


@pytest.mark.parametrize(("at", "told"), [("3", "bass 3 None"), ("3.2", "bass 3 2.0"), ("3.2.5", "bass 3 2.5")])
def test_explain_note(at: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """explain SONG PART BAR[.BEAT] prints the story of that place; a beat may have a fraction."""
    assert run(["explain", "good.toml", "bass", at]) == 0
    assert capsys.readouterr() == (f"{told}\n", "")


@pytest.mark.parametrize(
    ("part", "at", "told"),
    [("base", "1", "did you mean 'bass'?"), ("bass", "7", "bars 1 to 6"), ("bass", "0", "bars 1 to 6")],
)
def test_explain_what_is_not_there(part: str, at: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A part or bar that the song has not is refused, saying which it has."""
    assert run(["explain", "good.toml", part, at]) == 1
    assert told in capsys.readouterr().err


def test_explain_conflicts(capsys: pytest.CaptureFixture[str]) -> None:
    """explain --conflicts tells what was disagreed upon, who wanted what, and every note that was mended."""
    assert run(["explain", "good.toml", "--conflicts"]) == 0
    out = capsys.readouterr().out
    assert "1 disagreement, 1 note mended" in out
    assert "  tempo       T1  normal: two of three\n                  bass wants half (0.7)\n" in out
    assert "  bass        C1  bar 1.2, clashes with the tune (now D#4)\n" in out
    assert run(["explain", "good.toml", "--conflicts", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["edits"][0]["rule"] == "C1"


def test_doctor(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """doctor looks at everything, exit 0 or 1 by what it found."""
    (here / "genres").mkdir()
    (here / "genres" / "polka.toml").write_text('[[form]]\nid = "a"\n')
    assert run(["doctor", "--json"]) == 0
    findings = {row["name"]: row for row in json.loads(capsys.readouterr().out)["findings"]}
    assert {"python", "numpy", "soundfile", "genres", "outputs", "state", "fluidsynth", "soundfonts"} <= findings.keys()
    assert run(["doctor", "-o", "/proc/nope"]) == 1
    assert "cannot be written" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("good", "good.toml"), ("god.toml", "good.toml"), ("./good", "good.toml"), ("sub/gud", "sub/guad.toml"),
     ("demo.toml", "specs/demo.toml"), ("x/demo", "specs/demo.toml")],
)  # fmt: skip
def test_a_song_that_is_not_there(asked: str, meant: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A name without its ending, misspelt, or of a song that stands in the project's folder: it is asked which was meant."""
    for folder, name in (("sub", "guad"), ("specs", "demo")):
        (here / folder).mkdir()
        (here / folder / f"{name}.toml").write_text("")
    assert run(["render", asked]) == 1
    assert f"does not exist\n  = did you mean '{meant}'?" in capsys.readouterr().err


def test_an_ending_is_no_likeness(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file is not meant by a name that has nothing but its ending in common with it."""
    (here / "e.mid").write_text("")
    assert run(["synth", "nope.mid", "-o", "a.wav"]) == 1
    assert "nope.mid does not exist\n  = known: e.mid" in capsys.readouterr().err


def test_no_name_is_no_folder(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A variable of a shell that is not set renders nothing, rather than all that stands here."""
    assert run(["render", ""]) == 1
    assert "the name of a song is empty" in capsys.readouterr().err
    assert not (here / "out").exists()


def test_what_cannot_be_written_is_called_by_its_own_name(here: Path, monkeypatch: pytest.MonkeyPatch,
                                                          capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    """Not by that of the lock or of the file that is to become it."""

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        assert run(["render", "good.toml", "--midi-only"]) == 1
    assert "out/good.mid cannot be written: No space left on device" in capsys.readouterr().err
    (here / "out" / ".good.lock").mkdir()
    assert run(["render", "good.toml", "--midi-only"]) == 1
    assert "error: out cannot be written: Is a directory" in capsys.readouterr().err


def test_one_genre(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """genres GENRE: what a song may name of it, and each of these names is taken by a song."""
    monkeypatch.undo()
    assert run(["genres", "rock", "--json"]) == 0
    card = json.loads(capsys.readouterr().out)
    form = " ".join(f"{name}:1" for name in card["sections"])
    lineup = next(iter(card["lineups"]))
    for part, ids in card["patterns"].items():
        for pattern in ids:
            text = f'genre = "rock"\nlineup = "{lineup}"\nform = "{form}"\nparts.{part}.pattern = "{pattern}"\n'
            compiled = pipeline.compile_song(text, "song.toml", find=files.load)
            assert compiled.plan is not None and compiled.plan.lineup == lineup, compiled.diagnostics
    assert len(card["patterns"]) == 8 and all(card["patterns"].values())
    assert run(["genres", "rock"]) == 0
    told = capsys.readouterr().out
    assert all(name in told for name in [lineup, *card["forms"], *card["endings"], *card["patterns"]["bass"]])
    assert run(["genres", "rok"]) == 1
    assert "there is no genre 'rok'\n  = did you mean 'rock'?" in capsys.readouterr().err


# -- words -------------------------------------------------------------------------------------------------------------


class Terminal(BytesIO):
    """A terminal that remembers what was drawn."""

    def write(self, text: str) -> int:  # type: ignore[override]
        return super().write(text.encode())

    def isatty(self) -> bool:
        return True


def test_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal a stage's line is drawn over and ends as one line; a dumb one gets plain lines."""
    monkeypatch.setenv("TERM", "xterm")
    for term, drawn in (("xterm", True), ("dumb", False)):
        monkeypatch.setenv("TERM", term)
        terminal = Terminal()
        voice = report.Voice(stream=terminal)  # type: ignore[arg-type]
        for done in range(4):
            voice.hear(pipeline.Progress("compose", "verse\x1b[2J", done, 3))
        text = terminal.getvalue().decode()
        assert ("\r\x1b[K  compose        2/3  verse\\x1b[2J" in text) is drawn
        assert text.count("\n") == 1


def test_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours on a terminal only, and not with NO_COLOR."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal: Any = Terminal()
    assert report.styled("x", "red", terminal) == "\x1b[31mx\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert report.styled("x", "red", terminal) == "x"
    monkeypatch.delenv("NO_COLOR")
    assert report.styled("x", "red", StringIO()) == "x"


def test_place() -> None:
    """A tick as bar.beat, through meter changes."""
    assert [report.place(PLAN, tick) for tick in (0, 960, 1440, 3840, 4 * 3840, 4 * 3840 + 2880 + 960)] == [
        "1.1", "1.2", "1.2.5", "2.1", "5.1", "6.2",
    ]  # fmt: skip
