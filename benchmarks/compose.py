"""How long composing takes: a song of three minutes and eight parts, from spec to score, beside MMA compiling a chart.

    python benchmarks/compose.py [--mma COMMAND] [--runs 5] [--genres rock,soul,funk]

MMA (Musical MIDI Accompaniment, GPL) is run as its users run it, on a chart of ninety bars at 120 with eight tracks: drums
and six accompanying tracks of one of its own grooves, and a melody written out. ``--mma`` is its command (``mma``, or
``python3 /usr/share/mma/mma.py``). It expands patterns; we also choose form, harmony, arrangement and tune, listen and check.
Times are processor seconds; each round runs all, and ratios are medians over rounds of one round's ratio.
"""

from __future__ import annotations

import argparse
import os
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from shutil import which

import mido

SONG = """
genre = "{genre}"
seed = {seed}
tempo = 120
length = "180 s"
""" + "".join(
    f"[parts.{part}]\nplay = true\n" for part in ("drums", "bass", "guitar", "keys", "strings", "brass", "lead", "pads")
)
CHART = ("C / Am /", "F / G /", "Em / Am /", "Dm / G7 /")
TUNE = ("{4c+;4e;8g;8e;4c;}", "{4a;8f;8g;4b;4d+;}", "{4e+;4g;8b;8a;4e;}", "{4f;8a;8f;4g;4b;}")
BARS = 90
IMPORTS = "from scorekit import studio, pipeline; import scorekit.compiler.compile"
WHOLE = """
import sys
from scorekit import studio
studio.compose(sys.stdin.read())
"""
WITHIN = """
import sys, time
from scorekit import studio
import scorekit.pipeline
songs = sys.stdin.read().split("=====")
studio.compose(songs[0])
for text in songs[1:]:
    began = time.process_time()
    score = studio.compose(text)
    spent = time.process_time() - began
    print(spent, sum(len(p.notes) for passage in score.passages for p in passage.phrases))
"""


def chart() -> str:
    """A chart of ours for MMA: a groove of its library with drums and six tracks, and a melody."""
    head = ["Tempo 120", "TimeSig 4 4", "Groove MamboMainA", "Begin Solo-Tune", "Voice TenorSax", "Octave 5", "End"]
    return "\n".join([*head, *(f"{n + 1} {CHART[n % 4]} {TUNE[n % 4]}" for n in range(BARS))]) + "\n"


def spent(command: list[str], text: str = "") -> tuple[float, str]:
    """Processor seconds of a whole process, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    world = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, input=text, capture_output=True, check=False, text=True, env=world)
    if done.returncode:
        sys.exit(f"{shlex.join(command)}\n{done.stdout[-400:]}{done.stderr[-400:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def heard(path: Path) -> tuple[int, int]:
    """Tracks with notes and notes of a MIDI file."""
    counts = [sum(m.type == "note_on" and m.velocity > 0 for m in track) for track in mido.MidiFile(path).tracks]
    return sum(count > 0 for count in counts), sum(counts)


def main() -> None:
    """Measures and prints."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--mma", default="mma")
    asked.add_argument("--runs", type=int, default=5)
    asked.add_argument("--genres", default="rock,soul,funk,jazz_swing")
    args = asked.parse_args()
    mma = shlex.split(args.mma)
    known = which(mma[0]) is not None
    genres = args.genres.split(",")
    whole: dict[str, list[float]] = {name: [] for name in genres}
    within: dict[str, list[float]] = {name: [] for name in genres}
    notes: dict[str, int] = {}
    theirs: list[float] = []
    start: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        text, out = Path(folder) / "chart.mma", Path(folder) / "chart.mid"
        text.write_text(chart(), encoding="ascii")
        for turn in range(-1, args.runs):  # the first round, unmeasured, leaves bytecode behind
            if known:
                theirs.append(spent([*mma, "-f", str(out), str(text)])[0])
            start.append(spent([sys.executable, "-c", IMPORTS])[0])
            for genre in genres:
                songs = [SONG.format(genre=genre, seed=seed) for seed in (101 + turn, 2 * turn + 3)]
                whole[genre].append(spent([sys.executable, "-c", WHOLE], songs[1])[0])
                lines = spent([sys.executable, "-c", WITHIN], "=====".join(songs))[1].split()
                within[genre].append(float(lines[0]))
                notes[genre] = int(lines[1])
        theirs, start = theirs[1:], start[1:]
        whole, within = ({name: found[1:] for name, found in times.items()} for times in (whole, within))
        if known:
            tracks, count = heard(out)
            print(f"MMA: {tracks} tracks, {count} notes, {statistics.median(theirs):.2f} s a process, of {BARS} bars.")
        else:
            print(f"{mma[0]} is not installed: ours alone.")
    print(f"Python and our imports alone: {statistics.median(start):.2f} s.\n")
    print("| three minutes, eight parts | notes | in process, s | whole process, s | in process / MMA | whole / MMA |")
    print("|---|---|---|---|---|---|")
    for genre in genres:
        ratios = [
            f"{statistics.median(a / b for a, b in zip(found[genre], theirs, strict=True)):.2f}" if known else "–"
            for found in (within, whole)
        ]
        medians = (f"{statistics.median(found[genre]):.2f}" for found in (within, whole))
        print(f"| {genre} | {notes[genre]} | {' | '.join([*medians, *ratios])} |")
    print(f"\n{time.strftime('%Y-%m-%d')}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")


if __name__ == "__main__":
    main()
