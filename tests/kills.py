"""Renders and watches that are killed without warning, and what is looked at afterwards."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from scorekit import files, ledger, pipeline
from scorekit.locks import Busy, locked
from scorekit.shelf import broken

SONG = """\
genre = "rock"
seed = 1
tempo = 120
key = "A minor"
form = "verse:2:e3 chorus:2:e4"
"""
VERSIONS = (SONG, SONG.replace("seed = 1", "seed = 6"), SONG + "\n[sections.chorus.parts.bass]\nreroll = 2\n")
LIMIT = 300.0


class Victim:
    """A song in a folder, rendered and watched by processes that do not live long."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.chance = folder, random.Random(seed)
        self.out, self.state = folder / "out", folder / "state"
        self.wanted = [fresh(text) for text in VERSIONS]
        self.seen = Counter[str]()
        self.version = 0

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """A command of scorekit on the song, in a process group of its own."""
        words = [sys.executable, "-m", "scorekit", *command, "song.toml", "-o", "out"]
        world = {**os.environ, "SCOREKIT_HOME": str(self.state)}
        return subprocess.Popen(
            words,
            cwd=self.folder,
            env=world,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def write(self) -> None:
        """The next version of the song is saved."""
        self.version = (self.version + 1) % len(VERSIONS)
        (self.folder / "song.toml").write_text(VERSIONS[self.version])

    def killed(self, turn: int) -> None:
        """A render or a watch killed at a random moment; half of them while a file is being written."""
        if turn % 4 == 0:
            shutil.rmtree(self.state, ignore_errors=True)
        self.write()
        before, kind = self.outputs(), ("render", "watch")[turn % 2]
        process = self.start(kind)
        began = time.monotonic()
        if kind == "watch" and turn % 3:
            self.wait(process, lambda: (self.out / "song.wav").exists() and not self.writing())
            self.write()
        if turn % 4 < 2:
            self.wait(process, self.writing)
            time.sleep(self.chance.random() * 0.004)
        else:
            time.sleep(self.chance.random() * 1.5)
        self.seen["mid-render" if process.poll() is None else "over already"] += 1
        self.seen["while writing"] += self.writing()
        whole = self.chance.random() < 0.5  # its helpers too, or they are left to find out
        with_helpers = os.killpg if whole else os.kill
        if process.poll() is None:
            with_helpers(process.pid, signal.SIGKILL)
        process.wait(LIMIT)
        after = self.outputs()
        if kind == "render":  # a watch writes the MIDI file first
            self.seen[
                "new pair" if after == (self.version, self.version) else "old pair" if after == before else "mixed"
            ] += 1
        self.seen["seconds"] += round(time.monotonic() - began)

    def wait(self, process: subprocess.Popen[bytes], done: Callable[[], bool]) -> None:
        """Until something is so, or the process is over; not longer than it takes to render."""
        end = time.monotonic() + 5.0
        while not done() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.0005)

    def writing(self) -> bool:
        """Whether files of a render are under way to their place."""
        return any(self.out.glob(".song~*"))

    def until_free(self) -> None:
        """Until no process holds the outputs; AssertionError when one that was killed still does."""
        end = time.monotonic() + LIMIT
        while (lock := self.out / ".song.lock").exists():
            try:
                with locked(lock):
                    return
            except Busy:
                assert time.monotonic() < end, "the lock of a killed process is held"
                time.sleep(0.0005)

    def outputs(self) -> tuple[int, int]:
        """Which versions the MIDI and the WAV file are of; -1 without one. AssertionError when one is of none.

        Files that were being replaced are all in their place when nobody holds their lock."""
        found = []
        self.until_free()
        for place, kind in enumerate(("mid", "wav")):
            path = self.out / f"song.{kind}"
            data = path.read_bytes() if path.exists() else None
            versions = [wanted[place] for wanted in self.wanted]
            assert data is None or data in versions, f"{path.name} is no version: {len(data or b'')} bytes"
            found.append(-1 if data is None else versions.index(data))
        return found[0], found[1]

    def next_start(self) -> None:
        """A render after all that: it succeeds, its files are right, and nothing else is left behind."""
        process = self.start("render")
        assert process.wait(LIMIT) == 0
        assert self.outputs() == (self.version, self.version)
        assert sorted(path.name for path in self.out.iterdir()) == ["song.mid", "song.wav"]
        cache, shelf = self.state / "cache", self.state / "cache" / "bodies"
        assert not [path for path in cache.rglob(".*") if path.is_file()], "temporary files in the cache"
        ledgers = [path for path in (cache / "songs").iterdir() if path.is_file()]
        assert ledgers and all(ledger.read(path).files for path in ledgers), "a ledger that is not whole"
        assert any(shelf.rglob("*")) and not [path for path in shelf.rglob("*") if path.is_file() and broken(path)]


def fresh(text: str) -> tuple[bytes, bytes]:
    """The MIDI and the WAV file of a version."""
    plan = pipeline.compile_song(text, "song.toml", find=files.load).plan
    assert plan is not None
    performance = pipeline.perform(pipeline.compose(plan))
    return pipeline.midi(performance), bytes(pipeline.audio(performance).wav)
