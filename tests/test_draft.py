"""The draft of a big file: only what changed is written, and a version is whole or not there at all."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from pathlib import Path

import pytest

from scorekit import writing
from scorekit.draft import Draft, Sheet, place
from scorekit.workshop import Workshop

linux = pytest.mark.skipif(sys.platform != "linux", reason="files without a name are Linux's")


@linux
def test_a_draft_becomes_the_next_version(tmp_path: Path) -> None:
    """What is placed is the copy with the changes written over it; the copy shows under no name before, and serves once."""
    old, new = bytes(range(256)) * 4_000, bytearray(bytes(range(256)) * 4_000)
    new[500_000:500_100] = b"x" * 100
    draft = Draft()
    draft.take(tmp_path, old)
    assert list(tmp_path.iterdir()) == []
    draft.changed = ((500_000, 500_100),)
    assert draft.place(tmp_path / "a.wav", memoryview(new))
    assert (tmp_path / "a.wav").read_bytes() == new
    assert not draft.place(tmp_path / "b.wav", memoryview(new))


@linux
def test_a_draft_that_does_not_fit_writes_nothing(tmp_path: Path) -> None:
    """For another size, for a name that is taken, or without a folder, a version has to be written some other way."""
    draft = Draft()
    draft.take(tmp_path, b"1234")
    assert not draft.place(tmp_path / "a.wav", b"12345")
    (tmp_path / "a.wav").write_bytes(b"old")
    assert not draft.place(tmp_path / "a.wav", b"1234")
    draft.take(tmp_path / "nowhere", b"1234")
    assert not draft.place(tmp_path / "b.wav", b"1234")
    assert (tmp_path / "a.wav").read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1


@linux
def test_drafts_leave_no_descriptor(tmp_path: Path) -> None:
    """Taken, placed, refused or dropped: afterwards as many files are open as before."""
    gc.collect()  # what other tests left open does not count
    before = len(os.listdir("/proc/self/fd"))
    for number in range(5):
        draft = Draft()
        draft.take(tmp_path, b"1234")
        draft.take(tmp_path, b"1235")
        draft.place(tmp_path / f"{number}.wav", b"1234" if number % 2 else b"123")
        draft.drop()
    assert len(os.listdir("/proc/self/fd")) == before


def test_files_are_replaced_by_way_of_drafts(tmp_path: Path) -> None:
    """``replace_all`` with a draft leaves what it leaves without: the new version under its name, and nothing else."""
    draft = Draft()
    with writing.claim(tmp_path, "a"):
        assert writing.replace_all(tmp_path, "a", {"a.wav": b"old!"}) is None
    draft.take(tmp_path, b"old!")
    draft.changed = ((0, 3),)
    with writing.claim(tmp_path, "a"):
        assert writing.replace_all(tmp_path, "a", {"a.wav": b"new!"}, {"a.wav": draft}) is None
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.wav", b"new!")]


@linux
def test_a_sheet_gets_its_name_when_it_is_written(tmp_path: Path) -> None:
    """It shows under no name before; a part of it, or what is no sheet, or a name that is taken has to be written otherwise."""
    sheet = Sheet.blank(tmp_path, 5_000)
    assert sheet is not None
    data = memoryview(sheet)
    data[:] = b"x" * 5_000
    assert list(tmp_path.iterdir()) == []
    assert not place(tmp_path / "a.wav", data[1:])
    assert not place(tmp_path / "a.wav", b"x" * 5_000)
    assert place(tmp_path / "a.wav", data)
    assert not place(tmp_path / "a.wav", data)
    assert (tmp_path / "a.wav").read_bytes() == b"x" * 5_000
    assert Sheet.blank(tmp_path / "nowhere", 5_000) is None


@linux
@pytest.mark.parametrize("count", [1, 2])
def test_what_processes_write_together_is_given_its_name(tmp_path: Path, count: int) -> None:
    """A store whose folder is known is written there by all of them, and not copied."""
    hands = Workshop(count, tmp_path)

    def job() -> memoryview:
        data = hands.store(40_000)

        def write(a: int, b: int) -> None:
            data[a:b] = bytes([7]) * (b - a)

        hands.split(write, 40_000, 4_096)
        return data

    data = hands.together(job)
    assert place(tmp_path / "a.wav", data)
    assert (tmp_path / "a.wav").read_bytes() == bytes([7]) * 40_000


@linux
def test_a_sheet_has_its_room_before_it_is_written(tmp_path: Path) -> None:
    """Memory of a file for which the disk has no room kills whoever writes there: the room is had first, or no sheet."""
    sheet = Sheet.blank(tmp_path, 1 << 20)
    assert sheet is not None
    assert os.fstat(sheet.file).st_blocks * 512 >= 1 << 20
    assert Sheet.blank(tmp_path, 1 << 60) is None


@linux
def test_a_render_without_room_for_its_work_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    """What processes share lies in the folder for passing files; when that is full, that folder is named, not the song's."""

    def full(file: int, begin: int, size: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space left") as told:
        Workshop(1).store(1 << 20)
    assert told.value.filename == tempfile.gettempdir()
