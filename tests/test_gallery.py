"""The page of all patches: complete, in one file, and telling the truth about genres."""

from __future__ import annotations

import re
import struct
import tomllib
import zlib
from base64 import b64decode
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from scorekit import files, gallery
from scorekit.cli import app
from scorekit.render.patches import PATCHES
from scorekit.report import Voice
from scorekit.synth import shown, uses

EACH = [patch for patch in PATCHES.values() if patch.family != "click"]


def test_every_patch_has_a_phrase() -> None:
    """Whatever family a patch is of, there are notes for it to play."""
    assert {patch.family for patch in EACH} == set(gallery.PHRASES)


@pytest.mark.parametrize("family", sorted(gallery.PHRASES))
def test_an_entry_is_complete(family: str) -> None:
    """Name, what it is, each parameter with its range, its genres, a picture, and a sound that is neither silent nor
    clipped; nothing is fetched from elsewhere."""
    patch = next(patch for patch in EACH if patch.family == family)
    sound = gallery.example(patch)
    assert 0.03 < np.abs(sound).max() <= 0.91
    page = gallery.page([patch], {patch.name: ["rock", "a<b"]}).decode()
    assert f"<h3>{patch.name}</h3>" in page
    assert "a&lt;b" in page
    assert all(f"<code>{p.name}</code><td>{p.low:g} to {p.high:g}<td>{p.default:g}" in page for p in patch.params)
    assert "://" not in page
    assert b64decode(re.findall(r'audio/ogg;base64,([^"]+)"', page)[0])[:4] == b"OggS"
    assert b64decode(re.findall(r'image/png;base64,([^"]+)"', page)[0])[:8] == b"\x89PNG\r\n\x1a\n"


def test_a_picture_is_a_png() -> None:
    """The chunks of a picture have their lengths and sums, and its lines unpack to the shades drawn."""
    shades = (np.arange(60).reshape(6, 10) % 48).astype(np.uint8)
    data, at, found = gallery.png(shades), 8, {}
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(name + body)
        found[name] = body
        at += 12 + length
    assert list(found) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    assert len(found[b"PLTE"]) == 3 * 48
    lines = np.frombuffer(zlib.decompress(found[b"IDAT"]), np.uint8).reshape(6, 11)
    assert np.array_equal(lines[:, 1:], shades)


def test_genres_are_those_that_play_a_patch() -> None:
    """The genres told for a patch are those whose mix names it, and no name is unknown."""
    found = uses()
    assert set(found) <= set(PATCHES)
    rock = files.locate("genres", "rock")
    assert rock is not None
    for strip in tomllib.loads(rock.read_text())["mix"].values():
        assert "rock" in found[strip["patch"]]


def test_the_command_writes_the_page(tmp_path: Path) -> None:
    """``patches --page`` writes one file, also of one patch alone, and says where, however long that is."""
    page = tmp_path / "-".join(["new"] * 40)
    done = CliRunner().invoke(app, ["patches", "pluck", "--page", str(page)])
    assert done.exit_code == 0, done.output
    text = (page / "patches.html").read_text()
    assert text.count("<section") == 1
    assert done.stdout == f"wrote {page / 'patches.html'}\n"


class Terminal(StringIO):
    """A terminal that remembers what was drawn."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def test_the_command_tells_whose_turn_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page of all patches takes many seconds: every one of them is named before it is made."""
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    page = shown([PATCHES["pluck"], PATCHES["vibes"]], Voice(stream=stream))
    assert page.count(b"<section") == 2
    told = stream.getvalue()
    assert "0/2  pluck" in told
    assert "1/2  vibes" in told
    assert told.endswith(" s\n")
