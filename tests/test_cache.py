"""The cache command: what is kept on disk, shown and cleared."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from scorekit.__main__ import run

SONG = 'genre = "rock"\nseed = 1\ntempo = 120\nkey = "A minor"\nform = "verse:1:e3"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the cache is, after a render."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "song.toml").write_text(SONG)
    assert run(["render", "song.toml", "-q"]) == 0
    return Path(os.environ["SCOREKIT_HOME"]) / "cache"


def shown(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, object]:
    capsys.readouterr()
    assert run(["cache", "--json", *options]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_the_cache_is_shown_and_cleared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is shown is what is on disk; --clear takes all of it, and says how much that was; then there is nothing."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in paths)
    assert shown(capsys) == {"folder": str(folder), "files": len(paths), "bytes": size, "cleared": False}
    assert len(paths) > 5
    assert run(["cache"]) == 0
    assert capsys.readouterr().out == f"{folder}: {len(paths)} files, {size / (1 << 20):.1f} MB\n"
    assert run(["cache", "--clear"]) == 0
    assert capsys.readouterr().out.endswith(" MB cleared\n")
    assert shown(capsys) == {"folder": str(folder), "files": 0, "bytes": 0, "cleared": False}


def test_the_same_sound_with_the_cache_full_empty_or_damaged(folder: Path) -> None:
    """The WAV is the same from a full cache, a cleared one, one with every file damaged, and without any."""
    wav = Path("out/song.wav")
    first = wav.read_bytes()
    for spoil in (lambda path: None, lambda path: path.unlink(), lambda path: path.write_bytes(path.read_bytes()[:-9])):
        for path in [path for path in folder.rglob("*") if path.is_file()]:
            spoil(path)
        wav.unlink()
        assert run(["render", "song.toml", "-q"]) == 0
        assert wav.read_bytes() == first
    wav.unlink()
    assert run(["render", "song.toml", "-q", "--no-cache"]) == 0
    assert wav.read_bytes() == first


def test_a_cache_that_is_not_there_is_empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything was rendered there is nothing to show and nothing to clear."""
    assert shown(capsys, "--clear")["files"] == 0


def test_a_file_that_will_not_go_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the system refuses, the command is refused, and names the file."""

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "unlink", refuse)
    assert run(["cache", "--clear"]) == 1
    assert "cannot be removed: Permission denied" in capsys.readouterr().err
