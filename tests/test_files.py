"""Reading what people wrote, finding what is shipped, and outputs that are whole whatever happens."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from scorekit import files
from scorekit.errors import Diagnostic


def refused(result: object) -> str:
    """The printed form of a refusal."""
    assert isinstance(result, Diagnostic), result
    return result.render()


# -- reading -----------------------------------------------------------------------------------------------------------


def test_text_is_read(tmp_path: Path) -> None:
    """UTF-8 is read as it is; a byte-order mark is skipped; line ends stay."""
    path = tmp_path / "song.toml"
    path.write_bytes(b"\xef\xbb\xbftitle = 'Caf\xc3\xa9'\r\n")
    assert files.read_text(path) == "title = 'Café'\r\n"


def test_odd_paths_are_refused_at_once(tmp_path: Path) -> None:
    """Folders, pipes, devices, links to themselves, missing files, names with NUL: refused by name, without waiting."""
    pipe, loop = tmp_path / "pipe", tmp_path / "loop"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for path in (tmp_path, pipe, loop, tmp_path / "dangling", tmp_path / "none", Path("/dev/zero"), Path("a\0b")):
        text = refused(files.read_text(path))
        assert path.name.replace("\0", "\\x00") in text
        assert len(text.splitlines()) <= 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path: Path) -> None:
    """A file that may not be read is refused with the system's reason."""
    path = tmp_path / "song.toml"
    path.touch(mode=0o000)
    assert "Permission denied" in refused(files.read_text(path))


def test_large_file(tmp_path: Path) -> None:
    """One byte over the limit is refused, the limit is named; the limit itself is read."""
    path = tmp_path / "song.toml"
    path.write_bytes(b"#" * files.SPEC_LIMIT)
    assert isinstance(files.read_text(path), str)
    path.write_bytes(b"#" * (files.SPEC_LIMIT + 1))
    assert "is 1,048,577 bytes long" in refused(files.read_text(path))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("title = 'x'".encode("utf-16"), "s.toml:1:1: error: the file is UTF-16"),
        (b"a = 1\nb = '\xe9'\n", "s.toml:2:6: error: byte 0xe9 is not UTF-8"),
    ],
)
def test_not_utf8(tmp_path: Path, data: bytes, told: str) -> None:
    """Bytes that are no UTF-8 text are refused, saying what they are or where the first wrong one is."""
    path = tmp_path / "s.toml"
    path.write_bytes(data)
    assert told in refused(files.read_text(path))


def test_names_are_printed_safely(tmp_path: Path) -> None:
    """Control characters of a file name never reach the terminal."""
    assert "\x1b" not in refused(files.read_text(tmp_path / "a\x1b[31mb"))


# -- finding -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project: songs in specs/, a genre of its own beside them."""
    for kind in ("specs", "genres"):
        (tmp_path / kind).mkdir()
    (tmp_path / "genres" / "zydeco.toml").write_text('[genre]\nid = "zydeco"\n')
    (tmp_path / "specs" / "one.toml").write_text('genre = "zydeco"\n')
    return tmp_path


def test_project_genres_come_first(project: Path) -> None:
    """A genre beside the song, or beside its specs folder, is found by name, with those that are shipped."""
    song = project / "specs" / "one.toml"
    assert files.locate("genres", "zydeco", song) == project / "genres" / "zydeco.toml"
    assert files.locate("genres", "zydeco", project / "two.toml") == project / "genres" / "zydeco.toml"
    assert "zydeco" in files.known("genres", song)
    assert files.locate("genres", "zydeco", project / "specs" / "deep" / "er" / "three.toml") is not None
    assert files.locate("genres", "zydeco", Path("/elsewhere/song.toml")) is None


@pytest.mark.parametrize("name", ["../genres/zydeco", "/etc/passwd", "a/b", "", "A", "x" * 200, "zydeco\n"])
def test_names_are_not_paths(project: Path, name: str) -> None:
    """A name of a genre is letters, digits, - and _; nothing else is looked for."""
    assert files.locate("genres", name, project / "one.toml") is None


def test_load(project: Path) -> None:
    """A genre comes with its file, by name or by path from the song; an unknown one with a suggestion."""
    song = str(project / "specs" / "one.toml")
    by_name, by_path = files.load("genres", "zydeco", song), files.load("genres", "../genres/zydeco.toml", song)
    assert by_name == by_path == (str(project / "genres" / "zydeco.toml"), '[genre]\nid = "zydeco"\n')
    assert files.load("songs", "one", song) == files.load("songs", "one.toml", song) == (song, 'genre = "zydeco"\n')
    assert "did you mean 'zydeco'?" in refused(files.load("genres", "zideco", song))


def test_outside_the_project(project: Path) -> None:
    """A path that leads out of the project is refused, whether it is there or not."""
    song = str(project / "specs" / "one.toml")
    for name in ("../../x.toml", "/etc/x.toml", "../genres/../../x.toml"):
        assert "is outside the project" in refused(files.load("songs", name, song))


def test_load_for_standard_input(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A song on standard input belongs to the project of the current folder."""
    monkeypatch.chdir(project)
    assert isinstance(files.load("genres", "zydeco", "<stdin>"), tuple)
    assert isinstance(files.load("genres", "genres/zydeco.toml", "<stdin>"), tuple)


def test_folders_hold_songs(project: Path) -> None:
    """A folder stands for its songs, sorted; genres, models and projects are passed over, broken songs are not."""
    folder = project / "specs"
    (folder / "broken.toml").write_text('title = "x\n')
    (folder / "forgot.toml").write_text('title = "x"\n[parts.bass]\nname = "x"\n')
    (folder / "genre.toml").write_text('#:schema x\n[genre]\nid = "a"\n')
    (folder / "inline.toml").write_text('genre = { id = "b" }\n')
    (folder / "dotted.toml").write_text('  genre.id = "c"\n')
    (folder / "model.toml").write_text('# m\nname = "a"\n')
    (folder / "pyproject.toml").write_text('[project]\nname = "a"\n')
    (folder / "notes.txt").write_text("x")
    found = files.songs([str(folder), "-", str(folder / "one.toml"), "nope.toml"])
    assert found == [*(str(folder / name) for name in ("broken.toml", "forgot.toml", "one.toml")), "-", "nope.toml"]
    assert "holds no songs" in refused(files.songs([str(project / "genres")]))
    names = [Path(path).name for path in files.songs([str(folder)], others=True)]
    assert names == sorted(path.name for path in folder.glob("*.toml") if path.name != "pyproject.toml")


def test_state_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """SCOREKIT_HOME names the state folder; without it the system's usual place does."""
    monkeypatch.setenv("SCOREKIT_HOME", "/some/where")
    assert files.state_folder() == Path("/some/where")
    monkeypatch.delenv("SCOREKIT_HOME")
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    monkeypatch.setattr(sys, "platform", "linux")
    assert files.state_folder() == Path("/state/scorekit")


# -- writing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Night Bus", "night-bus"),
        ("../../etc/passwd", "etc-passwd"),
        ("Café  №5!", "cafe-no5"),
        ("", "song"),
        ("夜", "夜"),
        ("Bjørk / Ёлка", "bjørk-ёлка"),
        ("हिन्दी", "हिन्दी"),
        ("☕", "song"),
        ("夜" * 300, "夜" * 26),
        ("..", "song"),
        ("a" * 300, "a" * 80),
        ("snake_case-2", "snake_case-2"),
    ],
)
def test_slug(text: str, name: str) -> None:
    """File names made of titles hold lower-case letters, digits, - and _ only, and at most 80 bytes."""
    assert files.slug(text) == name


def tree(folder: Path) -> dict[str, bytes]:
    """Every file under a folder, hidden ones too."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def write(folder: Path, name: str, outputs: dict[str, bytes]) -> Diagnostic | None:
    """A set written the way the commands do."""
    with files.claim(folder, name):
        return files.replace_all(folder, name, outputs)


def test_a_set_is_written(tmp_path: Path) -> None:
    """All files of a set are there afterwards, and nothing else: no lock, no temporary file."""
    out = tmp_path / "new" / "out"
    outputs = {"a.mid": b"1", "a.wav": b"2", "a/01-drums.wav": b"3"}
    assert write(out, "a", outputs) is None
    assert tree(out) == outputs
    assert write(out, "a", {"a.mid": b"4"}) is None
    assert tree(out) == {**outputs, "a.mid": b"4"}


def test_parts_of_an_older_band_go(tmp_path: Path) -> None:
    """Numbered part files of the same kind that are not in the new set go; other kinds and people's own files stay."""
    write(tmp_path, "a", {"a/01-drums.wav": b"1", "a/02-keys.wav": b"1", "a/02-keys.mid": b"1"})
    (tmp_path / "a" / "09-my-vocals.wav").write_bytes(b"mine")
    write(tmp_path, "a", {"a/01-drums.wav": b"2", "a/02-lead.wav": b"2"})
    assert sorted(tree(tmp_path)) == ["a/01-drums.wav", "a/02-keys.mid", "a/02-lead.wav", "a/09-my-vocals.wav"]


def test_a_folder_in_the_way(tmp_path: Path) -> None:
    """Where a folder stands in the place of an output, nothing of the set is written and the old files stay."""
    write(tmp_path, "a", {"a.mid": b"old"})
    (tmp_path / "a.wav").mkdir()
    assert "is a folder" in refused(write(tmp_path, "a", {"a.mid": b"new", "a.wav": b"new"}))
    assert tree(tmp_path) == {"a.mid": b"old"}


@pytest.mark.parametrize("at", range(5))
def test_a_run_killed_between_two_files_leaves_one_set(tmp_path: Path, at: int) -> None:
    """Killed at any step of replacing a set, the next run finds all old files or all new ones, and nothing beside them."""
    sets = [{"a.mid": old, "a.wav": old, "a/01-bass.wav": old} for old in (b"old", b"new")]
    write(tmp_path, "a", sets[0])
    child = os.fork()
    if not child:
        left = iter(range(at))
        real = os.replace

        def replace(*names: str) -> None:
            if next(left, None) is None:
                os.kill(os.getpid(), 9)
            real(*names)

        os.replace = replace  # type: ignore[assignment]
        write(tmp_path, "a", sets[1])
        os._exit(0)
    os.waitpid(child, 0)
    with files.claim(tmp_path, "a"):
        pass
    assert tree(tmp_path) == sets[at > 2]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failing_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """When the disk fails at any file, the whole old set is there, the new files are not, and it is told why."""
    old = {"a.mid": b"old", "a.wav": b"old"}
    write(tmp_path, "a", old)
    real, calls = getattr(os, step), []

    def failing(*args: object) -> object:
        calls.append(args)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return real(*args)

    monkeypatch.setattr(os, step, failing)
    told = refused(write(tmp_path, "a", {"a.mid": b"new", "a.wav": b"new", "a.txt": b"new"}))
    assert "No space left on device" in told
    assert tree(tmp_path) == old


def test_a_new_file_of_a_failed_set_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was not there before a failed set is not there after it."""
    real = os.replace

    def failing(source: Path, target: Path) -> None:
        if Path(target).name == "a.wav":
            raise OSError(5, "Input/output error")
        real(source, target)

    monkeypatch.setattr(os, "replace", failing)
    assert "Input/output error" in refused(write(tmp_path, "a", {"a.mid": b"new", "a.wav": b"new"}))
    assert tree(tmp_path) == {}


def test_each_rename_is_flushed_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file is flushed to the disk before the first rename, and the folder after the last."""
    steps: list[str] = []

    def noted(name: str, real: Any) -> Any:
        return lambda *args: steps.append(name) or real(*args)  # type: ignore[func-returns-value]

    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, noted(name, getattr(os, name)))
    write(tmp_path, "a", {"a.mid": b"1", "a.wav": b"2"})
    assert steps == ["fsync", "fsync", "replace", "replace", "fsync"]


def test_leftovers_are_swept(tmp_path: Path) -> None:
    """What a killed run left goes with the next run of that name; another song's temporary files stay."""
    for name in (".a~a.wav.part", ".a~a.mid.old.part", ".ab~ab.wav.part", ".a.lock"):
        (tmp_path / name).touch()
    write(tmp_path, "a", {"a.mid": b"1"})
    assert sorted(tree(tmp_path)) == [".ab~ab.wav.part", "a.mid"]


def test_busy(tmp_path: Path) -> None:
    """While one holds the outputs of a name, another is told; other names are free; afterwards it is free again."""
    with files.claim(tmp_path, "a"):
        with pytest.raises(files.Busy), files.claim(tmp_path, "a"):
            pass
        with files.claim(tmp_path, "b"):
            pass
    with files.claim(tmp_path, "a"):
        pass
    assert tree(tmp_path) == {}


def _count_up(folder: str) -> int:
    """Adds 1 to a number in a file, 50 times, each time when the claim is free."""
    path = Path(folder) / "number"
    for _ in range(50):
        while True:
            try:
                with files.claim(Path(folder), "a"):
                    path.write_text(str(int(path.read_text()) + 1))
                break
            except files.Busy:
                time.sleep(0.0005)
    return 0


def test_the_lock_holds_between_processes(tmp_path: Path) -> None:
    """Four processes that read, add and write under the claim lose no addition."""
    (tmp_path / "number").write_text("0")
    with multiprocessing.get_context("fork").Pool(4) as pool:
        pool.map(_count_up, [str(tmp_path)] * 4)
    assert (tmp_path / "number").read_text() == "200"


WRITER = """
import sys
from pathlib import Path
from scorekit import files
folder = Path(sys.argv[1])
n = 0
while True:
    n += 1
    with files.claim(folder, "a"):
        files.replace_all(folder, "a", {"a.mid": b"%d" % n * 50_000, "a.wav": b"%d" % n * 200_000})
        print(n, flush=True)
"""


def test_kill(tmp_path: Path) -> None:
    """Killed at any moment, each file is whole; the next run just works and leaves nothing behind."""
    for pause in (0.0, 0.003, 0.007, 0.012, 0.02):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        for name, size in (("a.mid", 50_000), ("a.wav", 200_000)):
            data = (tmp_path / name).read_bytes()
            digits = len(data) // size
            assert data == data[:digits] * size
    write(tmp_path, "a", {"a.mid": b"1", "a.wav": b"1"})
    assert sorted(tree(tmp_path)) == ["a.mid", "a.wav"]


def test_create(tmp_path: Path) -> None:
    """A new file is written once, and never over another."""
    assert files.create(tmp_path / "new" / "a.toml", "x") is None
    assert "exists already" in refused(files.create(tmp_path / "new" / "a.toml", "y"))
    assert tree(tmp_path) == {"new/a.toml": b"x"}


def test_a_link_of_a_genre_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    """Whoever names it hears of the link and where it stands, not that there is no such name."""
    (tmp_path / "genres").mkdir()
    link = tmp_path / "genres" / "mine.toml"
    link.symlink_to("mine.toml")
    (tmp_path / "genres" / "yours.toml").mkdir()
    beside = str(tmp_path / "song.toml")
    for name, what in (("mine", "leads nowhere"), ("yours", "is not a regular file")):
        told = files.load("genres", name, beside)
        assert isinstance(told, Diagnostic) and told.message == f"{tmp_path / 'genres' / name}.toml {what}"
