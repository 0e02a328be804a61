"""Facts about the shelf of bodies."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from scorekit.render import dsp
from scorekit.render.effects import FLAT, Tone
from scorekit.render.patches.base import Patch, Samples, Take
from scorekit.render.voices import Bodies, Body
from scorekit.shelf import MAPS, Shelf

MADE: list[Take] = []


def noisy(take: Take) -> Samples:
    """Noise; remembers that it was asked."""
    MADE.append(take)
    return dsp.noise(str(take.pitch), 9_000)


PATCH = Patch("noisy", "click", "", noisy)
TAKE = Take(60, 0.5, 0, 4.0, "", (("bright", 0.5),))


def test_a_body_is_rendered_once(tmp_path: Path) -> None:
    """Another run takes the body from the shelf, the same to the bit."""
    MADE.clear()
    first, second = (Bodies(keeper=Shelf(tmp_path)).get(PATCH, TAKE) for _ in range(2))
    assert len(MADE) == 1
    assert first.step == second.step
    np.testing.assert_array_equal(first.samples, second.samples)


def test_whatever_matters_has_its_own_place(tmp_path: Path) -> None:
    """Another pitch, parameter, tone or gain is another body."""
    shelf = Shelf(tmp_path)
    from msgspec.structs import replace

    places = {
        shelf.path(PATCH, TAKE, FLAT), shelf.path(PATCH, replace(TAKE, pitch=61), FLAT),
        shelf.path(PATCH, replace(TAKE, params=(("bright", 0.6),)), FLAT), shelf.path(PATCH, TAKE, Tone(90.0)),
        shelf.path(replace(PATCH, gain=1.0), TAKE, FLAT),
    }  # fmt: skip
    assert len(places) == 5


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "folder"])
def test_a_broken_file_is_as_if_it_were_not_there(tmp_path: Path, damage: str) -> None:
    """Truncated, altered or replaced files are rendered anew."""
    shelf = Shelf(tmp_path)
    good = Bodies(keeper=shelf).get(PATCH, TAKE)
    path = shelf.path(PATCH, TAKE, FLAT)
    data = bytearray(path.read_bytes())
    path.unlink()
    if damage == "folder":
        path.mkdir()
    else:
        data[len(data) // 2] ^= 255 if damage == "flip" else 0
        path.write_bytes({"cut": data[:-7], "flip": data, "empty": b""}[damage])
    assert shelf.load(PATCH, TAKE, FLAT) is None
    np.testing.assert_array_equal(Bodies(keeper=shelf).get(PATCH, TAKE).samples, good.samples)


def test_a_shelf_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    """A file in the way of the folder costs the shelf, not the song."""
    (tmp_path / "bodies").write_text("in the way")
    assert Bodies(keeper=Shelf(tmp_path)).get(PATCH, TAKE).samples.size


def test_the_oldest_go(tmp_path: Path) -> None:
    """Beyond its limit the shelf lets the oldest bodies go."""
    shelf = Shelf(tmp_path, limit=60_000)
    bodies = Bodies(keeper=shelf)
    for pitch in range(6):
        bodies.get(PATCH, Take(pitch, 0.5, 0, 4.0, "", ()))
        os.utime(shelf.path(PATCH, Take(pitch, 0.5, 0, 4.0, "", ()), FLAT), (pitch, pitch))
    shelf.tidy()
    left = [pitch for pitch in range(6) if shelf.load(PATCH, Take(pitch, 0.5, 0, 4.0, "", ()), FLAT)]
    assert left == [4, 5]


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    """A temporary file of a process that is gone is removed at the next start; one of a process at work stays."""
    shelf = Shelf(tmp_path)
    Bodies(keeper=shelf).get(PATCH, TAKE)
    place = shelf.path(PATCH, TAKE, FLAT)
    gone = os.fork()
    if not gone:
        os._exit(0)
    os.waitpid(gone, 0)
    dead, alive = (place.with_name(f".{place.name}.{process}") for process in (gone, os.getpid()))
    dead.write_bytes(b"half")
    alive.write_bytes(b"half")
    shelf.tidy()
    assert sorted(path.name for path in place.parent.iterdir()) == sorted([place.name, alive.name])
    assert shelf.load(PATCH, TAKE, FLAT) is not None


def test_bodies_hold_few_descriptors(tmp_path: Path) -> None:
    """However many bodies a process has taken from the shelf, only so many of them hold a descriptor."""
    shelf = Shelf(tmp_path)
    takes = [Take(number, 0.5, 0, 4.0, "", ()) for number in range(150)]
    for take in takes:
        shelf.save(PATCH, take, FLAT, Body(np.zeros((1, 80_000), np.int16), 1.0))
    before = len(os.listdir("/proc/self/fd"))
    held = [shelf.load(PATCH, take, FLAT) for take in takes]
    assert all(held) and len(os.listdir("/proc/self/fd")) - before <= MAPS < len(takes)


def test_a_long_day_keeps_to_the_limit(tmp_path: Path) -> None:
    """Bodies made in one process without end do not outgrow the limit by more than a quarter."""
    bodies = Bodies(keeper=Shelf(tmp_path, limit=100_000))
    for pitch in range(30):
        bodies.get(PATCH, Take(pitch, 0.5, 0, 4.0, "", ()))
        assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 150_000


def test_a_song_waits_for_no_body_to_be_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Later is when the shelf is tidied, or when more waits than may: until then nothing is written, then all of it."""
    shelf = Shelf(tmp_path, later=True)
    body = Bodies(keeper=shelf).get(PATCH, TAKE)
    assert shelf.missed == 1 and not shelf.path(PATCH, TAKE, FLAT).exists()
    shelf.tidy()
    again = Shelf(tmp_path).load(PATCH, TAKE, FLAT)
    assert again is not None and again.step == body.step
    np.testing.assert_array_equal(again.samples, body.samples)
    monkeypatch.setattr("scorekit.shelf._WAITING", body.samples.nbytes)
    full, other = Shelf(tmp_path / "full", later=True), replace(TAKE, pitch=TAKE.pitch + 1)
    for take in (TAKE, other):
        full.save(PATCH, take, FLAT, body)
    assert full.path(PATCH, TAKE, FLAT).exists() and full.path(PATCH, other, FLAT).exists()
