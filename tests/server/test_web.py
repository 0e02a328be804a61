"""The page's server: what it serves, in which ranges, and whom it refuses."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest

from scorekit import files
from scorekit.render.console import CHUNK
from scorekit.server import Player
from scorekit.server.web import STATIC, wanted
from scorekit.watch import Watch

SONG = """\
genre = "rock"
seed = 1
tempo = 120
key = "A minor"
form = "verse:2:e3 chorus:2:e4"
"""


@contextmanager
def playing(folder: Path) -> Iterator[tuple[Player, Watch, Path]]:
    """A song under watch in a folder, and its page."""
    spec = folder / "song.toml"
    spec.write_text(SONG)
    player = Player(18_700)
    player.start()
    with Watch([str(spec)], folder / "out", player.hear) as watch:
        watch.look()
        assert watch.sounds.idle(300.0)
        yield player, watch, spec
    player.close()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Player, Watch, Path]]:
    """For tests that change nothing, in whatever order they come."""
    with playing(tmp_path_factory.mktemp("page")) as all_of_it:
        yield all_of_it


def ask(player: Player, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    line = http.client.HTTPConnection("127.0.0.1", player.server.server_port, timeout=20)
    line.request(method, path, headers=headers)
    answer = line.getresponse()
    body = answer.read()
    line.close()
    return answer.status, dict(answer.getheaders()), body


def frames(data: bytes) -> np.ndarray:
    """Frames of a 16-bit WAV file, a column for each channel."""
    channels = int.from_bytes(data[22:24], "little")
    return np.frombuffer(data, "<i2", offset=44)[: (len(data) - 44) // 2].reshape(-1, channels)


def test_the_page_asks_nothing_of_elsewhere(played: tuple[Player, Watch, Path]) -> None:
    """No file of the page names another address, and the answers forbid it, frames and scripts in the text included."""
    for path in STATIC.iterdir():
        for address in re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]+", path.read_text(encoding="utf-8")):
            assert address == "http://www.w3.org", (path.name, address)
    status, headers, body = ask(played[0], "/")
    assert status == 200 and b"<canvas" in body
    assert (
        "default-src 'none'" in headers["Content-Security-Policy"]
        and "unsafe" not in headers["Content-Security-Policy"]
    )
    assert ask(played[0], "/static/page.js")[1]["Content-Type"].startswith("text/javascript")


@pytest.mark.parametrize(
    "path", ["/nothing", "/static/../web.py", "/static/%2e%2e/web.py", "/songs/other", "/songs/song/9/peaks"]
)
def test_what_is_not_there_is_not_found(played: tuple[Player, Watch, Path], path: str) -> None:
    """Unknown paths, songs, versions, and ways out of the folder of the page are 404."""
    assert ask(played[0], path)[0] == 404


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
def test_only_this_machine_is_answered(played: tuple[Player, Watch, Path], headers: dict[str, str]) -> None:
    """A name of elsewhere that leads here, or a page of elsewhere, is refused; nothing but GET and HEAD is understood."""
    assert ask(played[0], "/songs/song", **headers)[0] == 403
    assert ask(played[0], "/songs/song", "POST")[0] == 501


def test_a_song_is_told_with_its_notes_reasons_and_conflicts(played: tuple[Player, Watch, Path]) -> None:
    """Sections, parts, notes with the reason of each, and conflicts with their bars are in the song's JSON."""
    song = json.loads(ask(played[0], "/songs/song")[2])
    assert [section["id"] for section in song["sections"]] == ["verse/1", "chorus/1"]
    assert set(song["notes"]) == {part["name"] for part in song["parts"]}
    rows = song["notes"]["bass"]["rows"]
    assert rows and all(row[5] < len(song["notes"]["bass"]["reasons"]) for row in rows)
    assert not any(row[4] for row in rows), "nothing is new in a first version"
    assert all(1 <= conflict["bar"] <= 4 for conflict in song["conflicts"])


def test_a_song_of_any_script_has_its_page_and_its_file(played: tuple[Player, Watch, Path]) -> None:
    """Whatever letters the name of a song's file is made of, the page finds it by them."""
    player = played[0]
    for title in ("漢字", "Песня №1", "Über uns", "नमस्ते"):
        name = files.slug(title)
        player.songs[name] = player.songs["song"]
        try:
            assert ask(player, f"/songs/{quote(name)}")[0] == 200, name
            assert ask(player, f"/songs/{quote(name)}.wav")[2][:4] == b"RIFF", name
            assert ask(player, f"/songs/{quote(name)}/{player.songs[name].heard}/peaks")[0] == 200, name
        finally:
            del player.songs[name]


def test_stems_and_room_add_up_to_the_mix(played: tuple[Player, Watch, Path]) -> None:
    """The channels of every chunk of stems, added up, are the mix, sample by sample."""
    player = played[0]
    sound = player.sound("song")
    assert sound is not None
    parts = len(json.loads(ask(player, "/songs/song")[2])["parts"])
    for number in range(-(-sound.frames // CHUNK)):
        stems = frames(ask(player, f"/songs/song/1/stems/{number}")[2]).astype(np.int32)
        mix = frames(ask(player, f"/songs/song/1/mix/{number * CHUNK}-{(number + 1) * CHUNK}")[2])
        assert stems.shape == (len(mix), 2 * parts + 2)
        both = stems.reshape(len(mix), -1, 2).sum(axis=1)
        assert np.abs(both - mix).max() <= 1


def test_the_file_comes_in_ranges(played: tuple[Player, Watch, Path]) -> None:
    """The WAV file is served whole, in ranges, from the end; a range beyond it is refused."""
    player, _, spec = played
    whole = (spec.parent / "out" / "song.wav").read_bytes()
    status, headers, body = ask(player, "/songs/song.wav")
    assert (status, headers["Accept-Ranges"], body) == (200, "bytes", whole)
    status, headers, body = ask(player, "/songs/song.wav", Range="bytes=44-143")
    assert (status, headers["Content-Range"], body) == (206, f"bytes 44-143/{len(whole)}", whole[44:144])
    assert ask(player, "/songs/song.wav", Range="bytes=-10")[2] == whole[-10:]
    assert ask(player, "/songs/song.wav", Range=f"bytes={len(whole)}-")[0] == 416
    assert wanted("bytes=0-0", 5) == (0, 1) and wanted("lines=1-2", 5) is None


def test_peaks_are_those_of_the_file(played: tuple[Player, Watch, Path]) -> None:
    """The outline has a pair for each hundredth of a second, lowest before highest."""
    player = played[0]
    sound = player.sound("song")
    assert sound is not None
    peaks = np.frombuffer(ask(player, "/songs/song/1/peaks")[2], np.int8).reshape(-1, 2)
    assert len(peaks) == sound.frames // 441
    assert (peaks[:, 0] <= peaks[:, 1]).all() and peaks.max() > 20


def test_a_save_is_told_with_what_is_new_and_a_mistake_beside_the_old_song(tmp_path: Path) -> None:
    """After a save the changed cell's new notes are marked; after a broken one the mistake is told and the song stays."""
    with playing(tmp_path) as (player, watch, spec):
        saved_and_broken(player, watch, spec)


def saved_and_broken(player: Player, watch: Watch, spec: Path) -> None:
    """A cell changes, then the song has a mistake, then it is as it was."""
    spec.write_text(SONG + "\n[sections.chorus.parts.bass]\nreroll = 2\n")
    watch.look(True)
    assert watch.sounds.idle(300.0)
    song = json.loads(ask(player, "/songs/song")[2])
    start = song["sections"][1]["start"]
    fresh = [row for row in song["notes"]["bass"]["rows"] if row[4]]
    assert fresh and all(row[0] >= start - 100 for row in fresh) and set(song["bars"]) <= {3, 4}
    assert not any(row[4] for row in song["notes"]["drums"]["rows"])
    assert ask(player, "/songs/song/1/peaks")[0] == 404, "the old version's sound is gone"
    spec.write_text("tempo = ")
    watch.look(True)
    found = player.news(-1, 1.0)
    assert found is not None
    news = json.loads(found[1])["songs"][0]
    assert news["version"] == news["heard"] == 2 and "song.toml:1:8" in news["wrong"][0]["text"]
    spec.write_text(SONG)
    watch.look(True)
    assert watch.sounds.idle(300.0)
    assert json.loads((player.news(-1, 1.0) or (0, ""))[1])["songs"][0]["wrong"] == []


def test_news_come_on_an_open_line(played: tuple[Player, Watch, Path]) -> None:
    """A reader of the news is told how things stand before anything else, though nothing happens."""
    line = http.client.HTTPConnection("127.0.0.1", played[0].server.server_port, timeout=60)
    line.request("GET", "/news")
    answer = line.getresponse()
    assert answer.getheader("Content-Type") == "text/event-stream"
    lines = [answer.readline().decode() for _ in range(3)]
    assert json.loads(lines[2].removeprefix("data: "))["songs"][0]["song"] == "song"
    line.close()


def test_a_taken_port_is_left_to_its_owner(played: tuple[Player, Watch, Path]) -> None:
    """A second player on the same port takes the next free one."""
    other = Player(played[0].server.server_port)
    assert other.server.server_port != played[0].server.server_port
    other.server.server_close()
