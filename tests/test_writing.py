"""Outputs that are whole, and belong together, whatever happens to who writes them."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from scorekit import writing
from scorekit.aside import sworn
from scorekit.errors import Diagnostic
from scorekit.locks import locked


def refused(result: object) -> str:
    """The printed form of a refusal."""
    assert isinstance(result, Diagnostic), result
    return result.render()


def tree(folder: Path) -> dict[str, bytes]:
    """Every file under a folder, hidden ones too."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def write(folder: Path, name: str, outputs: dict[str, bytes]) -> Diagnostic | None:
    """A set written the way the commands do."""
    with writing.claim(folder, name):
        return writing.replace_all(folder, name, outputs)


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


def test_who_leaves_before_asking_has_nothing_done(tmp_path: Path) -> None:
    """What is sworn to be done is done once it is asked for, and not when something goes wrong before."""
    marks = [tmp_path / name for name in "ab"]
    with pytest.raises(KeyError), sworn(marks[0].touch):
        raise KeyError
    with sworn(marks[1].touch) as asked:
        assert not marks[1].exists()
        asked()
    assert [mark.exists() for mark in marks] == [False, True]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_who_is_killed_before_asking_has_nothing_done(tmp_path: Path) -> None:
    """The process that would have done it leaves too."""
    heard, held = os.pipe()
    writer = os.fork()
    if not writer:
        with sworn((tmp_path / "a").touch):
            os.kill(os.getpid(), signal.SIGKILL)
    os.close(held)
    with os.fdopen(heard, "rb") as all_gone:
        assert not all_gone.read()
    assert os.waitpid(writer, 0)[1] == signal.SIGKILL
    assert not (tmp_path / "a").exists()


SETS = [{"a.mid": old, "a.wav": old, "a/01-bass.wav": old} for old in (b"old", b"new")]


def killed(folder: Path, at: int, kill: Callable[[int], None], old: dict[str, bytes] = SETS[0]) -> None:
    """The second of two sets written by a process that is killed, told who it is, when so many files are in their place."""
    write(folder, "a", old)
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stopped)
        writer, left, real = os.getpid(), iter(range(at)), os.replace

        def replace(*names: str) -> None:
            if next(left, None) is None:
                with suppress(ProcessLookupError):  # at the next file it may be gone and forgotten
                    kill(writer)
            real(*names)

        os.replace = replace  # type: ignore[assignment]
        try:
            write(folder, "a", SETS[1])
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    while (lock := folder / ".a.lock").exists():  # as long as a process that outlives it is at work
        try:
            with locked(lock):
                return
        except writing.Busy:
            time.sleep(0.001)


def stopped(number: int, _: object) -> None:
    """How a process hears that it is to stop."""
    raise KeyboardInterrupt(number)


@pytest.mark.parametrize("old", [SETS[0], {"a.wav": b"old"}, {}], ids=["all", "some", "none"])
@pytest.mark.parametrize("at", range(5))
def test_a_machine_that_stops_between_two_files_leaves_one_set(tmp_path: Path, at: int, old: dict[str, bytes]) -> None:
    """When all processes are gone at any step of replacing a set, the next run finds all old files, be there any, or all new
    ones, and nothing beside them."""

    def kill(writer: int) -> None:
        os.kill(writer, signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)

    killed(tmp_path, at, kill, old)
    assert sum(data == b"new" for name, data in tree(tmp_path).items() if not name.count(".part")) == min(at, 3)
    with writing.claim(tmp_path, "a"):
        pass
    assert tree(tmp_path) == (old, SETS[1])[at > 2]


@pytest.mark.parametrize("how", [os.kill, os.killpg])
@pytest.mark.parametrize("at", range(4))
def test_who_kills_a_run_finds_one_set(tmp_path: Path, at: int, how: Callable[[int, int], None]) -> None:
    """A run, or its whole group, killed at any step of replacing a set: without another run, all files are new as soon as
    nobody holds the lock; and the next run leaves nothing beside them."""
    killed(tmp_path, at, lambda writer: how(writer, signal.SIGKILL))
    assert {name: (tmp_path / name).read_bytes() for name in SETS[1]} == SETS[1]
    with writing.claim(tmp_path, "a"):
        pass
    assert tree(tmp_path) == SETS[1]


@pytest.mark.parametrize("at", range(4))
def test_who_stops_a_run_twice_finds_one_set(tmp_path: Path, at: int) -> None:
    """A run that is told to stop in one way and in another at any step of replacing a set stops when all files are new, and
    leaves nothing beside them: it sweeps nothing that is still being renamed."""

    def kill(writer: int) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(writer, number)
            time.sleep(0.02)  # time to do harm: less of it makes this test no stricter, and fails nothing

    killed(tmp_path, at, kill)
    assert tree(tmp_path) == SETS[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("at", range(4))
def test_all_processes_that_are_told_to_stop_leave_one_set(tmp_path: Path, at: int, number: int) -> None:
    """A signal that goes to every process of a run at any step of replacing a set does not end it halfway."""

    def kill(writer: int) -> None:
        for process in {writer, os.getpid()}:
            os.kill(process, number)

    killed(tmp_path, at, kill)
    assert {name: (tmp_path / name).read_bytes() for name in SETS[1]} == SETS[1]
    with writing.claim(tmp_path, "a"):
        pass
    assert tree(tmp_path) == SETS[1]


def test_a_killed_helper_leaves_the_old_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the process that replaces a set is killed and its run lives on, that one puts the old set back, and says so."""
    write(tmp_path, "a", SETS[0])
    real, left = os.replace, iter(range(1))

    def replace(*names: Path) -> None:
        if next(left, None) is None and os.getpid() != mine:
            os.kill(os.getpid(), signal.SIGKILL)
        real(*names)

    mine = os.getpid()
    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(MemoryError, match="was killed"):
        write(tmp_path, "a", SETS[1])
    assert tree(tmp_path) == SETS[0]


def test_without_a_process_a_set_is_replaced_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are as many processes as there may be, a set is written all the same, and no descriptor is left open."""

    def failing() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", failing)
    gc.collect()  # what other tests left open does not count
    before = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
    assert write(tmp_path, "a", SETS[1]) is None
    assert (len(os.listdir("/proc/self/fd")) if before else 0) == len(before)
    assert tree(tmp_path) == SETS[1]


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
    heard, told = os.pipe()

    def noted(name: str, real: Any) -> Any:
        return lambda *args: os.write(told, f"{name} ".encode()) and real(*args)

    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, noted(name, getattr(os, name)))
    write(tmp_path, "a", {"a.mid": b"1", "a.wav": b"2"})
    os.close(told)
    with open(heard) as steps:
        assert steps.read().split() == ["fsync", "fsync", "replace", "replace", "fsync"]


def test_leftovers_are_swept(tmp_path: Path) -> None:
    """What a killed run left goes with the next run of that name; another song's temporary files stay."""
    for name in (".a~a.wav.part", ".a~a.mid.old.part", ".ab~ab.wav.part", ".a.lock"):
        (tmp_path / name).touch()
    write(tmp_path, "a", {"a.mid": b"1"})
    assert sorted(tree(tmp_path)) == [".ab~ab.wav.part", "a.mid"]


def test_busy(tmp_path: Path) -> None:
    """While one holds the outputs of a name, another is told; other names are free; afterwards it is free again."""
    with writing.claim(tmp_path, "a"):
        with pytest.raises(writing.Busy), writing.claim(tmp_path, "a"):
            pass
        with writing.claim(tmp_path, "b"):
            pass
    with writing.claim(tmp_path, "a"):
        pass
    assert tree(tmp_path) == {}


def _count_up(folder: str) -> int:
    """Adds 1 to a number in a file, 50 times, each time when the claim is free."""
    path = Path(folder) / "number"
    for _ in range(50):
        while True:
            try:
                with writing.claim(Path(folder), "a"):
                    path.write_text(str(int(path.read_text()) + 1))
                break
            except writing.Busy:
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
from scorekit import writing
folder = Path(sys.argv[1])
n = 0
while True:
    n += 1
    with writing.claim(folder, "a"):
        writing.replace_all(folder, "a", {"a.mid": b"%d" % n * 50_000, "a.wav": b"%d" % n * 200_000})
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
    assert writing.create(tmp_path / "new" / "a.toml", "x") is None
    assert "exists already" in refused(writing.create(tmp_path / "new" / "a.toml", "y"))
    assert tree(tmp_path) == {"new/a.toml": b"x"}


def test_a_new_file_for_which_there_is_no_room_is_not_begun(tmp_path: Path) -> None:
    """Nothing of it is left, so that it can be written where it was to be when there is room."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
        assert "cannot be written" in refused(writing.create(tmp_path / "a.toml", "x" * 20_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert tree(tmp_path) == {}
    assert writing.create(tmp_path / "a.toml", "x" * 20_000) is None
