"""What the file system is heard to say, and when: at the end of a save and not in the middle of it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from scorekit import notices
from scorekit.notices import Notices

linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody says when a file is closed")
LONG = 30.0


@pytest.fixture
def wake(tmp_path: Path) -> Iterator[threading.Event]:
    """Set when something happens in the folder."""
    event = threading.Event()
    heard = Notices(event)
    heard.follow([str(tmp_path)])
    heard.start()
    probe = 0
    while not event.wait(0.05):  # it listens as soon as it hears
        probe += 1
        (tmp_path / f"probe{probe}.toml").write_text("")
    event.clear()
    yield event
    heard.close()
    assert not heard.is_alive()


def test_every_way_of_saving_is_heard(tmp_path: Path, wake: threading.Event) -> None:
    """Written in place, replaced, linked to, removed; and a folder made anew."""
    song, other = tmp_path / "song.toml", tmp_path / "other"
    other.write_text("1")

    def linked() -> None:
        (tmp_path / "link.toml").symlink_to(song)

    ways = (
        lambda: song.write_text("1"), lambda: song.write_text("22"), lambda: os.replace(other, song), linked, song.unlink,
        lambda: (tmp_path / "genres").mkdir(),
    )  # fmt: skip
    for way in ways:
        wake.clear()
        way()
        assert wake.wait(LONG)


@linux
def test_a_save_is_told_of_when_it_is_over(tmp_path: Path) -> None:
    """Not while the file is open and half written; and other files are not told of at all."""
    with notices._inotify([str(tmp_path)]) as file:
        (tmp_path / "song.toml.swp").write_text("genre")
        assert notices._seen(file) == 0
        with open(tmp_path / "song.toml", "w") as half:
            assert notices._seen(file) == notices._BEGUN
            half.write("genre")
            half.flush()
            assert notices._seen(file) == 0
        assert notices._seen(file) & notices._ENDED
        with open(tmp_path / "song.toml", "w") as half:
            half.write("gen")
            half.flush()
            assert notices._seen(file) == 0
        assert notices._seen(file) & notices._ENDED
        assert notices._seen(file) == 0  # each is told once


@linux
def test_a_folder_that_is_gone_is_told_of(tmp_path: Path) -> None:
    """And then nothing more of it: whoever listens has to begin again."""
    folder = tmp_path / "songs"
    folder.mkdir()
    with notices._inotify([str(folder)]) as file:
        assert notices._seen(file) == 0
        folder.rmdir()
        assert notices._seen(file) & notices._LOST
