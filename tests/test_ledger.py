"""A render after a render: what is kept, what is made again, and that the files are those of a fresh render either way."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from scorekit import keep, ledger
from scorekit.__main__ import run
from scorekit.errors import Diagnostic, Span
from scorekit.sounds import Event
from scorekit.watch import Watch

SONG = 'genre = "rock"\nseed = 1\ntempo = 120\nkey = "A minor"\nform = "verse:1:e3 chorus:1:e4"\n'


@pytest.fixture
def song(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A song, once rendered into ``out``, with a genre of its own and a tune."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "genres").mkdir()
    (tmp_path / "genres" / "mine.toml").write_text('[genre]\nname = "Mine"\nextends = "rock"\n')
    path = tmp_path / "song.toml"
    path.write_text(SONG.replace('"rock"', '"mine"'))
    assert run(["render", "song.toml", "-q"]) == 0
    return path


def again(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    """What another render says of the song."""
    capsys.readouterr()
    assert run(["render", "song.toml", "--json", *options]) == 0
    found = json.loads(capsys.readouterr().out)["songs"][0]
    assert isinstance(found, dict)
    return found


def files() -> dict[str, tuple[bytes, int]]:
    """Content and identity of every output."""
    return {path.name: (path.read_bytes(), path.stat().st_ino) for path in sorted(Path("out").iterdir())}


def ledgers() -> list[Path]:
    """All ledgers there are."""
    return [path for path in (Path(os.environ["SCOREKIT_HOME"]) / "cache" / "songs").iterdir() if path.is_file()]


def test_an_unchanged_song_is_kept(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rendered again without a change, the song says so; its files stay the very ones they were, its facts too."""
    before, first = files(), again(capsys, "--no-cache")
    assert not first["kept"] and files() != before
    before, found = files(), again(capsys)
    assert found["kept"] and files() == before
    assert found["again"] == {"composed": [], "mixed": 0.0}
    own = dict.fromkeys(("took", "kept", "again"))
    assert first | own == found | own
    assert run(["render", "song.toml"]) == 0
    assert "song.toml: unchanged, kept out/song.mid out/song.wav" in capsys.readouterr().err


def test_a_song_that_is_kept_sweeps_too(song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A render killed over a body that it puts on the shelf leaves half of it there: gone with the next render, which has
    nothing to put there itself."""
    shelf = keep.bodies()
    whole = {path for path in shelf.rglob("*") if path.is_file()}
    process = os.fork()
    if not process:
        monkeypatch.setattr(os, "replace", lambda *names: os.kill(os.getpid(), signal.SIGKILL))
        keep.put(shelf, "ab/cdef", b"half")
        os._exit(0)
    assert os.waitpid(process, 0)[1] == signal.SIGKILL
    assert {path for path in shelf.rglob("*") if path.is_file()} > whole
    assert run(["render", "song.toml", "-q"]) == 0
    assert {path for path in shelf.rglob("*") if path.is_file()} == whole


def test_a_comment_is_no_change(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A comment in the song or in its genre keeps the files, and so does the next render after it."""
    before = files()
    for path in (song, song.parent / "genres" / "mine.toml"):
        path.write_text(path.read_text() + "\n# a remark\n")
        assert again(capsys)["kept"] and again(capsys)["kept"]
    assert files() == before


EDITS: dict[str, Callable[[Path], object]] = {
    "the song": lambda song: song.write_text(song.read_text().replace("seed = 1", "seed = 2")),
    "its genre": lambda song: (song.parent / "genres" / "mine.toml").write_text(
        '[genre]\nname = "Mine"\nextends = "pop"\n'
    ),
    "a parent that stands before the shipped one": lambda song: (song.parent / "genres" / "rock.toml").write_text(
        '[genre]\nname = "Rock"\nextends = "pop"\n'
    ),
}


@pytest.mark.parametrize("what", EDITS)
def test_whatever_was_read_is_looked_at(song: Path, capsys: pytest.CaptureFixture[str], what: str) -> None:
    """An edit of any file the song is made of, also one that was not there before, is rendered, as from nothing."""
    before = files()
    EDITS[what](song)
    assert not again(capsys)["kept"]
    now = files()
    assert now["song.mid"][0] != before["song.mid"][0] and now["song.wav"][0] != before["song.wav"][0]
    again(capsys, "--no-cache")
    assert {name: data for name, (data, _) in files().items()} == {name: data for name, (data, _) in now.items()}


@pytest.mark.parametrize("option", [("--seed", "3"), ("--set", "tempo=121"), ("--stems",), ("--split",), ("--loop",)])
def test_other_wishes_are_other_renders(
    song: Path, capsys: pytest.CaptureFixture[str], option: tuple[str, ...]
) -> None:
    """What the command line asks for is part of what a render hangs upon."""
    assert not again(capsys, *option)["kept"]
    assert again(capsys, *option)["kept"]


def outputs() -> dict[str, bytes]:
    """Content of every output, parts included."""
    return {str(path): path.read_bytes() for path in sorted(Path("out").rglob("*")) if path.is_file()}


def sound(path: str) -> tuple[int, NDArray[np.int32]]:
    """Rate and samples (n, 2) of a sound file."""
    found, rate = soundfile.read(path, dtype="int32")
    return rate, found


def test_a_loop_goes_round_whoever_asks_for_it(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``loop = true`` in a song leaves the files of ``--loop``: mix and stems exactly as long as the bars, and no step from the
    last sample to the first that is not one within. Another render keeps it, and a song that no longer loops ends again."""
    plain = outputs()
    again(capsys, "--loop", "--stems")
    asked = outputs()
    song.write_text(f"loop = true\n{song.read_text()}")
    assert again(capsys, "--stems")["seconds"] == 4.0 and outputs() == asked
    rows = {path: sound(path) for path in asked if path.endswith(".wav")}
    assert len(rows) > 4
    for path, (rate, x) in rows.items():
        assert len(x) == 4 * rate
        steps = np.abs(np.diff(x.astype(float), axis=0))
        assert (np.abs(x[0].astype(float) - x[-1]) <= steps.max()).all(), path
    assert again(capsys, "--stems")["kept"]
    again(capsys)
    assert outputs() == asked
    song.write_text(song.read_text().replace("loop = true\n", ""))
    again(capsys)
    assert {path: data for path, data in outputs().items() if path in plain} == plain


LONG = SONG.replace("verse:1:e3", "verse:2:e3 chorus:2:e4 bridge:2:e3 verse:2:e3")


def test_an_edit_is_rendered_as_far_as_it_reaches(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A sparser bass in one section: that section is composed, the song is mixed there and as long as it rings on, and that is
    told; a level moves no note; the loudness of the whole neither, and nothing is mixed again. Each time the files are those
    of a render that keeps nothing."""
    song.write_text(LONG)
    assert again(capsys)["again"]["composed"] == ["verse/1", "chorus/1", "bridge/1", "verse/2", "chorus/2"]
    for edit, composed, low, high in (
        ('[sections."chorus/1".parts.bass]\ndensity = 0.1\n', ["chorus/1"], 3.0, 10.0),
        ('[sections."bridge/1".parts.keys]\nreroll = 3\n', ["bridge/1"], 3.0, 10.0),
        ("[parts.bass]\nlevel = -3\n", [], 15.0, 30.0),
        ("[master]\nlufs = -16\n", [], 0.0, 0.0),
    ):
        song.write_text(song.read_text() + edit)
        found = again(capsys)
        assert found["again"]["composed"] == composed
        assert low <= found["again"]["mixed"] <= high
        now = {name: data for name, (data, _) in files().items()}
        again(capsys, "--no-cache")
        assert {name: data for name, (data, _) in files().items()} == now


def test_what_was_made_again_is_told(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--why and -v say how many sections were composed, which, and how much was mixed."""
    song.write_text(LONG)
    again(capsys)
    for number, option in enumerate(("--why", "-v")):
        song.write_text(f'{LONG}[sections."bridge/1".parts.keys]\nreroll = {number + 1}\n')
        assert run(["render", "song.toml", option]) == 0
        told = capsys.readouterr().err
        assert "composed  1 of 5 sections: bridge/1" in told and "  mixed     " in told
    assert run(["render", "song.toml", "--seed", "4"]) == 0
    assert "composed" not in capsys.readouterr().err


def test_a_sound_without_its_body_is_rendered_again(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the shelf of bodies cleared, or the title changed so that the file grows, what is left is used, to the same bytes."""
    song.write_text(LONG)
    again(capsys)
    for path in (Path(os.environ["SCOREKIT_HOME"]) / "cache" / "bodies").rglob("*"):
        if path.is_file():
            path.unlink()
    for edit in ('[sections."bridge/1".parts.keys]\nreroll = 1\n', '[sections."chorus/2".parts.bass]\nreroll = 1\n'):
        song.write_text(f'title = "A longer name {len(edit)}"\n{LONG}{edit}')
        assert again(capsys)["again"]["mixed"] < 12.0
        now = {name: data for name, (data, _) in files().items()}
        again(capsys, "--no-cache")
        assert {name: data for name, (data, _) in files().items()} == now


@pytest.mark.parametrize("damage", ["gone", "cut", "turned", "a folder"])
def test_files_that_are_not_whole_are_made_again(song: Path, capsys: pytest.CaptureFixture[str], damage: str) -> None:
    """An output that was removed, cut short, or altered in one bit is written again; one in whose place a folder stands is
    told of."""
    good = files()
    for name in ("song.wav", "song.mid"):
        path = Path("out") / name
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.unlink()
        if damage == "a folder":
            path.mkdir()
            assert run(["render", "song.toml", "-q"]) == 1
            path.rmdir()
            continue
        if damage != "gone":
            path.write_bytes(data[:-1] if damage == "cut" else data)
        assert not again(capsys)["kept"]
        assert {key: row[0] for key, row in files().items()} == {key: row[0] for key, row in good.items()}


@pytest.mark.parametrize("damage", ["cut", "turned", "empty", "a folder", "of other code"])
def test_a_ledger_that_is_not_whole_is_none(
    song: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    """A ledger that was cut short or altered, or that other code wrote, is as if it were not there; the next is written."""
    good, (path,) = files(), ledgers()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()
    if damage == "a folder":
        path.mkdir()
    elif damage == "of other code":
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        monkeypatch.setattr(ledger, "code_print", lambda: b"other code is it")
    else:
        path.write_bytes({"cut": data[:-1], "turned": data, "empty": b""}[damage])
    assert ledger.read(path) == ledger.Ledger()
    assert not again(capsys)["kept"]
    assert {key: row[0] for key, row in files().items()} == {key: row[0] for key, row in good.items()}
    assert again(capsys)["kept"] == (damage != "a folder")


def test_no_ledger_where_none_can_be_written(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file in the way of the folder costs the ledger, not the song."""
    folder = Path(os.environ["SCOREKIT_HOME"]) / "cache" / "songs"
    for path in ledgers():
        path.unlink()
    folder.rmdir()
    folder.write_text("in the way")
    assert not again(capsys)["kept"] and not again(capsys)["kept"]


def test_a_song_from_standard_input_is_kept_too(
    song: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name is known only when it is compiled; then its files are found."""
    import io
    from types import SimpleNamespace

    for expected in (False, True):
        text = io.BytesIO(f'title = "Piped"\n{SONG}'.encode())
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=text))
        capsys.readouterr()
        assert run(["render", "-", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["songs"][0]["kept"] is expected


def test_of_a_folder_only_what_was_edited_is_rendered(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder of songs, one of them edited: that one is rendered."""
    specs = song.parent / "songs"
    specs.mkdir()
    for number in range(3):
        (specs / f"s{number}.toml").write_text(SONG.replace("seed = 1", f"seed = {number}"))
    assert run(["render", "songs", "-q", "--midi-only"]) == 0
    (specs / "s1.toml").write_text(SONG.replace("seed = 1", "seed = 9"))
    capsys.readouterr()
    assert run(["render", "songs", "--midi-only", "--json"]) == 0
    assert [row["kept"] for row in json.loads(capsys.readouterr().out)["songs"]] == [True, False, True]


def test_what_was_told_is_told_again(tmp_path: Path) -> None:
    """Warnings come back from a ledger as they were."""
    place = Span("x.toml", 2, 9, 4, "tempo = 9000")
    rows = (Diagnostic("value", "high", place, "at most 400", "tempo", "warning"), Diagnostic("file", "odd"))
    path = tmp_path / "songs" / "one"
    ledger.write(path, ledger.Ledger(told=ledger.told(rows)))
    assert ledger.read(path).diagnostics() == rows


def test_the_oldest_ledgers_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond their limit ledgers are let go, the oldest first."""
    monkeypatch.setattr(ledger, "LIMIT", 5_000)
    for number in range(9):
        path = tmp_path / str(number)
        ledger.write(path, ledger.Ledger(facts={"some": bytes(1_000)}))
        os.utime(path, (number, number))
    left = sorted(int(path.name) for path in tmp_path.iterdir())
    assert left[-1] == 8 and len(left) in (3, 4) and left == list(range(9 - len(left), 9))


# -- a watch -----------------------------------------------------------------------------------------------------------


def watched(folder: Path, edits: tuple[str, ...] = ()) -> list[Event]:
    """What a watch tells that opens the song, hears of some edits, and ends."""
    events: list[Event] = []
    with Watch([str(folder / "song.toml")], folder / "out", events.append) as watch:
        watch.look()
        assert watch.sounds.idle(120.0)
        for text in edits:
            (folder / "song.toml").write_text(text)
            watch.look()
            assert watch.sounds.idle(120.0)
    return events


def test_a_watch_opens_with_what_was_left(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After a render, after a watch, and after an edit while nobody looked: the first sound of a watch is there without the song
    being mixed for it, the same as a fresh one; then the song is made ready to be edited, and edits are heard as ever. What a
    watch leaves, a render keeps."""
    folder = song.parent
    song.write_text(LONG)
    again(capsys)
    before = files()
    assert [event.kind for event in watched(folder)] == ["midi", "wav", "ready"]
    assert files()["song.wav"] == before["song.wav"]
    assert again(capsys, "--no-cache") and again(capsys)["kept"]
    edited = LONG + '[sections."chorus/1".parts.bass]\ndensity = 0.9\n'
    song.write_text(edited)
    last = edited + "[parts.keys]\nlevel = -3\n"
    assert [event.kind for event in watched(folder, (last,))] == ["midi", "wav", "ready", "midi", "wav"]
    now = {name: data for name, (data, _) in files().items()}
    found = again(capsys)
    assert found["again"] == {"composed": [], "mixed": 0.0}
    again(capsys, "--no-cache")
    assert {name: data for name, (data, _) in files().items()} == now
    song.write_text(edited)
    opened = watched(folder)
    assert [event.kind for event in opened] == ["midi", "wav"]  # a level is heard everywhere: mixed anew, once
    now = {name: data for name, (data, _) in files().items()}
    again(capsys, "--no-cache")
    assert {name: data for name, (data, _) in files().items()} == now
