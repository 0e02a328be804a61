"""From a save to the files: how long until the MIDI file and the WAV of the saved version are in place.

    python benchmarks/watch.py [edits]

A real watch in a process of its own, a real save, and a look at the output folder every millisecond. Beside it, in the
same run, a fresh render of the same song with its bodies on the shelf.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from scorekit import files, pipeline
from scorekit.shelf import Shelf
from scorekit.store import Store

HEAD = 'genre = "rock"\nseed = 21\ntempo = 126\nkey = "A minor"\n'
SONGS = {"30 s": HEAD + 'length = "30 s"\n', "3 min": HEAD + 'length = "3 min"\n'}
LIMIT = 120.0


def cell(name: str, part: str) -> Callable[[int], str]:
    """Another take of one part in one section, another one each time."""
    return lambda n: f'\n[sections."{name}".parts.{part}]\nreroll = {n + 1}\n'


EDITS: dict[str, Callable[[int], str]] = {
    "one part, one section": cell("chorus/1", "bass"),
    "one part, everywhere": lambda n: f"\n[parts.keys]\ndensity = {0.3 + 0.01 * n:.2f}\n",
    "a level": lambda n: f"\n[parts.bass]\nlevel = {-6 + 0.1 * n:.1f}\n",
}


def until(done: Callable[[], bool]) -> float:
    """Waits for something; the moment it was so."""
    end = time.perf_counter() + LIMIT
    while not done():
        if time.perf_counter() > end:
            raise TimeoutError
        time.sleep(0.001)
    return time.perf_counter()


def mark(path: Path) -> tuple[int, int]:
    """Which file a path leads to; replaced files are others."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return status.st_ino, status.st_mtime_ns


def saves(folder: Path, text: str, edit: Callable[[int], str], count: int) -> tuple[list[float], list[float]]:
    """Milliseconds from each save to the MIDI file and to the WAV."""
    spec, midi, wav = folder / "song.toml", folder / "out" / "song.mid", folder / "out" / "song.wav"
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(count):
        before, sound = mark(midi), mark(wav)
        new = folder / "song.tmp"
        new.write_text(text + edit(number))
        began = time.perf_counter()
        os.replace(new, spec)
        found[0].append(1000 * (until(lambda before=before: mark(midi) != before) - began))  # type: ignore[misc]
        found[1].append(1000 * (until(lambda sound=sound: mark(wav) != sound) - began))  # type: ignore[misc]
        time.sleep(0.15)
    return found


def fresh(text: str) -> tuple[float, float]:
    """Milliseconds of a fresh MIDI file, and of a fresh MIDI file and WAV, with nothing remembered but bodies on disk."""
    began = time.perf_counter()
    plan = pipeline.compile_song(text, "song.toml", find=files.load).plan
    assert plan is not None
    performance = pipeline.perform(pipeline.compose(plan, Store()))
    pipeline.midi(performance)
    middle = time.perf_counter()
    pipeline.audio(performance, sounding=pipeline.Sounding(keeper=Shelf()))
    return 1000 * (middle - began), 1000 * (time.perf_counter() - began)


def row(name: str, times: list[float], base: float) -> str:
    """Median, 95th percentile, and how many times faster than fresh."""
    median = statistics.median(times)
    high = sorted(times)[min(len(times) - 1, round(0.95 * len(times)))]
    return f"  {name:<28} {median:8.0f} {high:8.0f} {base / median:7.1f}x"


def song(name: str, text: str, count: int) -> None:
    """All edits of one song."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "song.toml").write_text(text)
        command = [sys.executable, "-m", "scorekit", "watch", "song.toml", "-o", "out"]
        process = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL)
        try:
            until(lambda: (folder / "out" / "song.wav").exists())
            time.sleep(0.5)
            rows = {what: saves(folder, text, edit, count) for what, edit in EDITS.items()}
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    bases = [fresh(text + cell("chorus/1", "bass")(0)) for _ in range(3)]
    midi, whole = (statistics.median(one[n] for one in bases) for n in (0, 1))
    print(
        f"{name}: fresh MIDI {midi:.0f} ms, fresh MIDI and WAV {whole:.0f} ms\n  {'':<28} {'median':>8} {'p95':>8}  faster"
    )
    for what, (first, second) in rows.items():
        print(row(f"{what}: MIDI", first, midi))
        print(row(f"{what}: WAV", second, whole))
    print(flush=True)


if __name__ == "__main__":
    edits = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    print(f"milliseconds from save to file, {edits} edits each, {os.cpu_count()} processors\n")
    for title, spec_text in SONGS.items():
        song(title, spec_text, edits)
