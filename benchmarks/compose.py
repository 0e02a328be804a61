"""How long a song of three minutes and eight parts takes from spec to MIDI file, beside MMA compiling a like chart.

    python benchmarks/compose.py [--mma COMMAND] [--runs 5] [--genres rock,soul,funk,jazz_swing]

MMA (Musical MIDI Accompaniment, GPL) is run as its users run it, on a chart with the bars, tempo and number of parts of our
song: grooves of its own library in the song's style for intro, verse, chorus, every eighth bar and end, tracks added to
them until there are eight, and a melody written out. Both commands write a MIDI file. ``--mma`` is MMA's command (``mma``, or
``python3 /usr/share/mma/mma.py``). It expands patterns of grooves that the chart names, over chords and a melody that it is
given; we also choose form, harmony, arrangement and tune, listen and check. The chart beside "dense" is the one with the most
notes: a mambo throughout.

Seconds of the processor, of all processes of a command, and by the wall clock; each round runs all in turn, and ratios are
medians over rounds of one round's ratio.
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
from collections.abc import Sequence
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
CHORDS = ("C / Am /", "F / G /", "Em / Am /", "Dm / G7 /")
TUNE = ("{4c+;4e;8g;8e;4c;}", "{4a;8f;8g;4b;4d+;}", "{4e+;4g;8b;8a;4e;}", "{4f;8a;8f;4g;4b;}")
BARS = 90
STYLES = {
    "rock": (("BasicRockIntro", "BasicRock", "BasicRockSus", "BasicRock4", "BasicRockEnd"), 1),
    "soul": (("R&BIntro", "R&BSus", "R&BPlus", "R&BFill", "R&BEnd"), 0),
    "funk": (("BVFunkIntro", "BVFunk", "BVFunkHorns", "BVFunkSus", "BVFunkEnd"), 2),
    "jazz_swing": (("BigBandIntro", "BigBand", "BigBandPlus", "BigBandFill", "BigBandEnd"), 1),
    "dense": (("MamboMainA",) * 5, 0),
}
"""Grooves of MMA's library for intro, verse, chorus, every eighth bar and end, and how many of MORE make eight tracks."""
MORE = (
    ("Chord-Pad", "Strings", "1 1 70"),
    ("Chord-Horns", "BrassSection", "1.5 4 90; 4 8 80"),
)
"""Tracks by name, voice and pattern."""
IMPORTS = (
    "import scorekit.compiler.compile, scorekit.ensemble.band, scorekit.ensemble.conflicts.reconcile, "
    "scorekit.ensemble.performance, scorekit.render.midi"
)
WITHIN = """
import sys, time
from scorekit import pipeline, studio
songs = sys.stdin.read().split("=====")
for text in songs:
    began = [time.process_time()]
    with studio.uncollected():
        for stage in (lambda _: studio.compiled(text, None, None).plan, pipeline.compose, pipeline.perform, pipeline.midi):
            found = stage(None if len(began) == 1 else found)
            began.append(time.process_time())
print(*(b - a for a, b in zip(began, began[1:])))
"""
STAGES = ("compile", "compose", "perform", "MIDI")


def chart(style: str) -> str:
    """A chart for MMA, in one of the styles."""
    grooves, more = STYLES[style]
    lines = ["Tempo 120", "TimeSig 4 4"]
    for part, groove in zip(("Intro", "Verse", "Chorus", "Turn", "End"), grooves, strict=True):
        lines.append(f"Groove {groove}")
        for track, voice, strokes in MORE[:more]:
            lines += [f"Begin {track}", f"Voice {voice}", f"Sequence {{{strokes}}}", "End"]
        lines.append(f"DefGroove Our{part}")
    lines += ["Begin Solo-Tune", "Voice TenorSax", "Octave 5", "End"]
    playing = ""
    for bar in range(BARS):
        turns = "Turn" if bar % 8 == 3 else "Verse" if (bar - 4) // 8 % 2 == 0 else "Chorus"
        part = "Intro" if bar < 4 else "End" if bar >= BARS - 2 else turns
        lines += [f"Groove Our{part}"] if part != playing else []
        lines.append(f"{bar + 1} {CHORDS[bar % 4]} {TUNE[bar % 4]}")
        playing = part
    return "\n".join(lines) + "\n"


def spent(command: Sequence[str], text: str = "") -> tuple[float, float, str]:
    """Processor seconds of a whole command, seconds by the wall clock, and what it printed."""
    world = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, input=text, capture_output=True, check=False, text=True, env=world)
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{shlex.join(command)}\n{done.stdout[-400:]}{done.stderr[-400:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, took, done.stdout


def heard(path: Path) -> tuple[int, int, float]:
    """Tracks with notes, notes and seconds of a MIDI file."""
    file = mido.MidiFile(path)
    counts = [sum(m.type == "note_on" and m.velocity > 0 for m in track) for track in file.tracks]
    return sum(count > 0 for count in counts), sum(counts), file.length


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """The median of one round's ratios."""
    return f"{statistics.median(a / b for a, b in zip(ours, theirs, strict=True)):.2f}" if theirs else "–"


def seconds(found: Sequence[float]) -> str:
    """The median."""
    return f"{statistics.median(found):.3f}" if found else "–"


def main() -> None:
    """Measures and prints."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--mma", default="mma")
    asked.add_argument("--runs", type=int, default=5)
    asked.add_argument("--genres", default="rock,soul,funk,jazz_swing")
    args = asked.parse_args()
    mma, genres = shlex.split(args.mma), args.genres.split(",")
    styles = [*(genre for genre in genres if genre in STYLES), "dense"] if which(mma[0]) else []
    if not styles:
        print(f"{mma[0]} is not installed: ours alone.")
    theirs: dict[str, list[tuple[float, float]]] = {style: [] for style in styles}
    ours: dict[str, list[tuple[float, float]]] = {genre: [] for genre in genres}
    stages: dict[str, list[list[float]]] = {genre: [] for genre in genres}
    bare, start = list[float](), list[float]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for style in styles:
            (folder / f"{style}.mma").write_text(chart(style), encoding="ascii")
        for turn in range(-1, args.runs):  # the first round leaves bytecode behind, and does not count
            bare.append(spent([sys.executable, "-c", "pass"])[0])
            start.append(spent([sys.executable, "-c", IMPORTS])[0])
            for style in styles:
                theirs[style].append(spent([*mma, "-f", f"{folder}/{style}.mid", f"{folder}/{style}.mma"])[:2])
            for genre in genres:
                songs = [SONG.format(genre=genre, seed=seed) for seed in (101 + turn, 2 * turn + 3)]
                spec = folder / f"our-{genre}.toml"
                spec.write_text(songs[1], encoding="ascii")
                render = ("-m", "scorekit", "render", "--midi-only", "--no-cache", "-q", "-o", name, str(spec))
                ours[genre].append(spent([sys.executable, *render])[:2])
                stages[genre].append(
                    [float(s) for s in spent([sys.executable, "-c", WITHIN], "=====".join(songs))[2].split()]
                )
        sizes = {one: heard(folder / f"{one}.mid") for one in (*styles, *(f"our-{genre}" for genre in genres))}
    for measured in (*theirs.values(), *ours.values(), *stages.values(), bare, start):
        del measured[0]
    print(
        "| song or chart | tracks | notes | music, s | processor, s | wall, s | MMA of the same style | of the dense one |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name, (tracks, count, length) in sizes.items():
        own, genre = name.startswith("our-"), name.removeprefix("our-")
        cpu, wall = zip(*(ours if own else theirs)[genre], strict=True)
        against = [[row[0] for row in theirs.get(one, [])] for one in (genre, "dense")] if own else [[], []]
        ratios = " | ".join(f"{ratio(cpu, other)}" for other in against)
        title = f"scorekit, {genre}" if own else f"MMA, {genre}"
        print(f"| {title} | {tracks} | {count} | {length:.0f} | {seconds(cpu)} | {seconds(wall)} | {ratios} |")
    print(
        f"\nPython alone {seconds(bare)} s, with all our imports (NumPy's too) {seconds(start)} s. Processor seconds of"
    )
    print("a song's stages in a process that has made another song before:\n")
    print(f"| genre | {' | '.join(STAGES)} |\n|---|{'---|' * len(STAGES)}")
    for genre in genres:
        print(f"| {genre} | {' | '.join(seconds(column) for column in zip(*stages[genre], strict=True))} |")
    print(f"\n{time.strftime('%Y-%m-%d')}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")


if __name__ == "__main__":
    main()
