"""Reading what people wrote, finding what is shipped, and what files are called."""

from __future__ import annotations

import os
import sys
from pathlib import Path

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


# -- names -------------------------------------------------------------------------------------------------------------


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
