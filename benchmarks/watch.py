"""From a save to the files: how long until the MIDI file and the WAV of the saved version are in place.

    python benchmarks/watch.py [edits [seconds ...]]

A real watch in a process of its own, a real save, and a look at the output folder every half millisecond. Beside it, in
the same run, the same song rendered fresh: in this process with its bodies at hand, and in a process of its own.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from scorekit import files, pipeline
from scorekit.rehearsal import Rehearsal
from scorekit.render.voices import Bodies
from scorekit.shelf import Shelf
from scorekit.store import Memo, Store

HEAD = 'genre = "rock"\nlineup = "full"\nseed = 21\ntempo = {tempo}\nkey = "{key}"\nlength = "{seconds} s"\n'
LIMIT = 120.0
GENRE = Path(__file__).resolve().parents[1] / "genres" / "rock.toml"
Edit = Callable[[str, int], str]
"""The text of a version, by its number."""


def added(text: Callable[[int], str]) -> Edit:
    """Versions that end in other lines."""
    return lambda song, n: song + text(n)


def swapped(pattern: str, value: Callable[[int], str]) -> Edit:
    """Versions in which a value is another one."""
    return lambda song, n: re.sub(pattern, value(n), song, count=1)


EDITS: dict[str, tuple[str, Edit]] = {
    "one part, one section: take": ("song", added(lambda n: f'\n[sections."chorus/1".parts.bass]\nreroll = {n + 2}\n')),
    "one part, one section: density": (
        "song", added(lambda n: f'\n[sections."chorus/1".parts.keys]\ndensity = {(0.1, 0.5, 0.9)[n % 3]}\n')),
    "one pattern": (
        "song", added(lambda n: f'\n[sections."chorus/1".parts.bass]\nnotes = "E2:1 G2:.5 A2:.5 {"CDEFG"[n % 5]}2:2"\n')),
    "a level": ("song", added(lambda n: f"\n[parts.bass]\nlevel = {-6 + 0.1 * n:.1f}\n")),
    "a whole part": ("song", added(lambda n: f"\n[parts.keys]\ndensity = {(0.1, 0.5, 0.9)[n % 3]}\n")),
    "a whole part: another sound": ("song", added(lambda n: f'\n[parts.keys.sound]\npatch = "{("grand", "clav", "epiano")[n % 3]}"\n')),
    "the genre": ("genre", swapped(r'verb = 0.0 }', lambda n: f"verb = {0.02 + 0.001 * (n + 2):.3f} }}")),
    "the key": ("song", swapped(r'key = "\w+', lambda n: f'key = "{"BCDEFG"[n % 6]}')),
    "the tempo": ("song", swapped(r"tempo = \d+", lambda n: f"tempo = {120 + n % 11}")),
}  # fmt: skip

CELL = ("one part, one section: take", "one part, one section: density", "one pattern")
"""Edits of one part in one section."""


def until(done: Callable[[], bool]) -> float:
    """Waits for something; the moment it was so."""
    end = time.perf_counter() + LIMIT
    while not done():
        if time.perf_counter() > end:
            raise TimeoutError
        time.sleep(0.0005)
    return time.perf_counter()


def mark(path: Path) -> tuple[int, int]:
    """Which file a path leads to; replaced files are others."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return status.st_ino, status.st_mtime_ns


def replaced(path: Path, text: str) -> float:
    """Saves a text as editors do; the moment before."""
    new = path.with_suffix(".tmp")
    new.write_text(text)
    began = time.perf_counter()
    os.replace(new, path)
    return began


def saves(folder: Path, what: str, text: str, edit: Edit, count: int) -> tuple[list[float], list[float]]:
    """Milliseconds from each save to the MIDI file and to the WAV; what the first edit of a kind takes is not told."""
    spec = folder / ("song.toml" if what == "song" else "genres/rock.toml")
    midi, wav = folder / "out" / "song.mid", folder / "out" / "song.wav"
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(-1, count):
        before, sound = mark(midi), mark(wav)
        began = replaced(spec, edit(text, number))
        heard = until(lambda before=before: mark(midi) != before)  # type: ignore[misc]
        whole = until(lambda sound=sound: mark(wav) != sound)  # type: ignore[misc]
        if number >= 0:
            found[0].append(1000 * (heard - began))
            found[1].append(1000 * (whole - began))
        time.sleep(0.15)
    return found


def comments(folder: Path, text: str, lines: list[float], count: int) -> list[float]:
    """Milliseconds from a save that changes no music to the line that says so; nothing may be written."""
    spec, midi, found = folder / "song.toml", folder / "out" / "song.mid", list[float]()
    for number in range(count):
        before, told = mark(midi), len(lines)
        began = replaced(spec, f"{text}\n# {number}\n")
        until(lambda told=told: len(lines) > told)  # type: ignore[misc]
        found.append(1000 * (lines[-1] - began))
        assert mark(midi) == before
        time.sleep(0.05)
    return found


def heard(stream: object, lines: list[float]) -> None:
    """Notes when each line comes."""
    lines.extend(time.perf_counter() for _ in stream)  # type: ignore[attr-defined]


def fresh(text: str) -> tuple[float, float]:
    """Milliseconds of a fresh MIDI file, and of a fresh MIDI file and WAV, with nothing remembered but bodies on disk."""
    began = time.perf_counter()
    plan = pipeline.compile_song(text, "song.toml", find=files.load).plan
    assert plan is not None
    performance = pipeline.perform(pipeline.compose(plan, Store()))
    pipeline.midi(performance)
    middle = time.perf_counter()
    pipeline.audio(performance, sounding=pipeline.Sounding(bodies=Bodies(keeper=Shelf())))
    return 1000 * (middle - began), 1000 * (time.perf_counter() - began)


def worked(text: str, edit: Edit, count: int) -> tuple[float, float]:
    """Median milliseconds of processor time from text to MIDI file, and from there to the WAV, of a song that is edited:
    what does not hang upon who else is at work on the machine."""
    rehearsal, memo, found = Rehearsal(), Memo(), list[tuple[float, float]]()
    for number in range(-2, count):
        began = time.process_time()
        version = text if number == -2 else edit(text, number)
        plan = pipeline.compile_song(version, "song.toml", find=files.load, memo=memo).plan
        music = rehearsal.music(plan) if plan else None
        assert music is not None
        middle = time.process_time()
        rehearsal.sound(music.performance)
        if number >= 0:
            found.append((1000 * (middle - began), 1000 * (time.process_time() - middle)))
    return statistics.median(one for one, _ in found), statistics.median(two for _, two in found)


def commanded(folder: Path, out: str = "fresh") -> float:
    """Milliseconds of a render by the command."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "scorekit", "render", "song.toml", "-o", out]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return 1000 * (time.perf_counter() - began)


def again(folder: Path, text: str, count: int) -> dict[str, list[float]]:
    """Milliseconds of renders by the command, each in a process of its own, that use what the last one left: after an edit of
    one part in one section, without a change, after a comment; and of one into another folder, where nothing was left."""
    song, found = folder / "song.toml", dict[str, list[float]]()
    edit = EDITS["one part, one section: take"][1]
    for number in range(-2, count):
        shutil.rmtree(folder / "other", ignore_errors=True)
        for name, version, out in (
            ("one part, one section", edit(text, number), "fresh"), ("no change", edit(text, number), "fresh"),
            ("a comment", f"{edit(text, number)}# {number}\n", "fresh"), ("fresh", edit(text, number), "other"),
        ):  # fmt: skip
            song.write_text(version)
            took = commanded(folder, out)
            if number >= 0:
                found.setdefault(name, []).append(took)
    song.write_text(text)
    return found


def memory(process: int) -> str:
    """The memory a process has, and the most it had."""
    status = Path(f"/proc/{process}/status")
    if not status.exists():
        return "not known"
    size = {key: int(value.split()[0]) // 1024 for key, value in re.findall(r"(Vm\w+):\s+(.*)", status.read_text())}
    return f"{size['VmRSS']} MB, at most {size['VmHWM']} MB"


def row(name: str, times: list[float], base: float) -> str:
    """Median, 95th percentile, and how many times faster than fresh."""
    median = statistics.median(times)
    high = sorted(times)[min(len(times) - 1, round(0.95 * len(times)))]
    return f"  {name:<36} {median:8.0f} {high:8.0f} {base / median:7.1f}x"


def song(seconds: int, count: int) -> None:
    """All edits of one song."""
    text = HEAD.format(tempo=126, key="A minor", seconds=seconds)
    bases = [fresh(text + f"\n# {n}\n") for n in range(4)][1:]
    with tempfile.TemporaryDirectory() as place:
        folder, lines = Path(place), list[float]()
        (folder / "song.toml").write_text(text)
        (folder / "genres").mkdir()
        shutil.copy(GENRE, folder / "genres")
        renders = again(folder, text, min(count, 8))
        whole = statistics.median(renders["fresh"])
        command = [sys.executable, "-m", "scorekit", "watch", "song.toml", "-o", "out", "--json"]
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        reader = threading.Thread(target=heard, args=(process.stdout, lines), daemon=True)
        reader.start()
        try:
            until(lambda: (folder / "out" / "song.wav").exists())
            time.sleep(0.5)
            silent = comments(folder, text, lines, count)
            rows = {}
            for name, (what, edit) in EDITS.items():
                replaced(folder / "song.toml", text)
                rows[name] = saves(folder, what, text if what == "song" else GENRE.read_text(), edit, count)
                replaced(folder / "genres" / "rock.toml", GENRE.read_text())
                time.sleep(1.0)
            size = memory(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    midi, sound = (statistics.median(one[n] for one in bases) for n in (0, 1))
    print(
        f"{seconds} s: fresh MIDI {midi:.0f} ms, MIDI and WAV {sound:.0f} ms; by the command {whole:.0f} ms; watch has {size}"
    )
    print(f"  {'':<36} {'median':>8} {'p95':>8}  faster")
    print(row("a comment: nothing to be done", silent, midi))
    first, second = ([time for name in CELL for time in rows[name][n]] for n in (0, 1))
    rows["all of the first three"] = first, second
    for name, (first, second) in rows.items():
        print(row(f"{name}: MIDI", first, midi))
        print(row(f"{name}: WAV", second, sound))
    print("  rendered again by the command, in a process of its own")
    for name, times in renders.items():
        print(row(f"{name}: MIDI and WAV", times, whole))
    print("  processor time of text to MIDI, and of MIDI to WAV, ms")
    for name, (what, edit) in EDITS.items():
        if what == "song":
            first, second = worked(text, edit, min(count, 8))
            print(f"  {name:<36} {first:8.0f} {second:8.0f}", flush=True)
    print(flush=True)


def main() -> None:
    """Songs of every length that was asked for."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("edits", type=int, nargs="?", default=30)
    options.add_argument("seconds", type=int, nargs="*", default=[30, 180])
    asked = options.parse_args()
    print(f"milliseconds from save to file, {asked.edits} edits each, {os.cpu_count()} processors\n")
    for length in asked.seconds:
        song(length, asked.edits)


if __name__ == "__main__":
    main()
