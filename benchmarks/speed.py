"""How fast, beside the players everybody knows: whole processes, paired, by their own public commands.

    python benchmarks/speed.py --bench FOLDER [--runs 5] [--soundfont PATH] [--symusic PYTHON] [--spec SONG] [--songs 14]

Every player turns the same MIDI file into a WAV file. In each round all of them run once, one after the other; what is
printed is the least of the rounds: seconds by the wall clock, processor seconds of the whole process tree, and for each
of the two how many times less than FluidSynth. On a quiet machine the wall clock counts, where our second process shows;
on a busy one only processor seconds mean something. Load is printed with the table. "cold" renders every sound anew;
"cached" has the bodies of other songs and of an earlier life of this one on the shelf (never a finished answer). MB is
the greatest sum of proportional memory (PSS) of all processes. Players that are not installed are left out with a word.

Then a song from its text beside FluidSynth on its MIDI file, stems and all for memory; and what a second, a part and a
note cost, fitted to the MIDI files of shipped songs, with what a term in the square of the length would add.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from shutil import which

from scorekit import smf

FILES = ("band30.mid", "band180.mid", "dense600.mid")
FONTS = ("/usr/share/sounds/sf2/TimGM6mb.sf2", "/usr/share/sounds/sf2/default-GM.sf2")
TARGETS = {"band30.mid": (1.2, 2.5), "band180.mid": (4.0, 6.0), "dense600.mid": (9.0, 12.0)}
SPECS = Path(__file__).parents[1] / "specs"
LONGER = ("2 min", "5 min", "10 min")
"""Lengths to which as many songs of the fit are made as well."""
OURS = [sys.executable, "-m", "scorekit"]
FLUIDSYNTH = ["fluidsynth", "-ni", "-q", "-r", "44100", "-F"]
SYMUSIC = """
import sys
from symusic import Score, Synthesizer, dump_wav
sound = Synthesizer(sys.argv[3], 44100).render(Score(sys.argv[1]), True)
dump_wav(sys.argv[2], sound, 44100, True)
"""
CSOUND = """<CsoundSynthesizer>
<CsOptions>
-W -d -m0 -F {midi} -o {wav}
</CsOptions>
<CsInstruments>
sr=44100
ksmps=64
nchnls=2
0dbfs=1
massign 0,1
gaL init 0
gaR init 0
instr 1
iamp ampmidi .08
icps cpsmidi
kenv linsegr 0,.005,1,.1,.7,.15,0
a1 vco2 iamp,icps
a2 vco2 iamp,icps*1.004,2,.5
af tone (a1+a2)*kenv,1500+4000*kenv
outs af,af
gaL+=af*.2
gaR+=af*.2
endin
instr 99
a1,a2 reverbsc gaL,gaR,.8,9000
outs a1,a2
gaL=0
gaR=0
endin
</CsInstruments>
<CsScore>
i99 0 {seconds}
e {seconds}
</CsScore>
</CsoundSynthesizer>
"""


def timed(command: list[str], world: dict[str, str]) -> tuple[float, float]:
    """Wall and processor seconds of a process and its children, which find nothing that an earlier render of the song left."""
    shutil.rmtree(Path(world["SCOREKIT_HOME"]) / "cache" / "songs", ignore_errors=True)
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, env=world, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr.decode(errors='replace')}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - began, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def players(midi: Path, wav: Path, font: str, home: Path, symusic: str) -> dict[str, list[str]]:
    """Who can play here, and how."""
    ours = [*OURS, "synth", str(midi), "-o", str(wav), "-q"]
    found = {"scorekit cold": [*ours, "--no-cache"], "scorekit cached": ours}
    if which("fluidsynth"):
        found["fluidsynth"] = [*FLUIDSYNTH, str(wav), font, str(midi)]
    if symusic:
        found["symusic (dry)"] = [symusic, "-c", SYMUSIC, str(midi), str(wav), font]
    if which("csound"):
        score = home / f"{midi.stem}.csd"
        seconds = {"band30": 33, "band180": 183, "dense600": 603}.get(midi.stem, 600)
        score.write_text(CSOUND.format(midi=midi, wav=wav, seconds=seconds))
        found["csound"] = ["csound", str(score)]
    return found


def with_symusic(python: str) -> str:
    """A Python that has symusic, or nothing."""
    for candidate in (python, sys.executable):
        test = [candidate, "-c", "import symusic"]
        if candidate and not subprocess.run(test, capture_output=True, check=False).returncode:
            return candidate
    return ""


def memory(command: list[str], world: dict[str, str]) -> float:
    """Greatest sum of the proportional memory (PSS, MB) of a process and its children; 0 where that cannot be seen."""
    process, most = subprocess.Popen(command, env=world, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL), 0
    while process.poll() is None:
        most = max(most, sum(pss(pid) for pid in family(process.pid)))
        time.sleep(0.02)
    return most / 1024


def family(pid: int) -> list[int]:
    """A process and its children."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *map(int, children)]


def pss(pid: int) -> int:
    """Proportional memory of a process in kB."""
    try:
        rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return sum(int(row.split()[1]) for row in rows if row.startswith("Pss:"))
    except (OSError, ValueError):
        return 0


def main() -> None:
    """Prints the tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bench", type=Path, default=Path("../shared/bench"), help="folder of the MIDI files")
    options.add_argument("--files", nargs="*", default=FILES, help="those of them to be played")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--soundfont", default=next((font for font in FONTS if Path(font).exists()), ""))
    options.add_argument("--symusic", default="", help="a Python that has symusic")
    options.add_argument("--spec", type=Path, default=SPECS / "demo.toml", help="a song of half a minute")
    options.add_argument("--long", type=Path, default=SPECS / "brass-tacks.toml", help="one of three, for its stems")
    options.add_argument("--songs", type=int, default=14, help="how many for the fit; 0: none")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        # Compiled once, as an installed package is.
        world = {**os.environ, "SCOREKIT_HOME": str(home / "state"), "PYTHONPYCACHEPREFIX": str(home / "compiled")}
        world.pop("PYTHONDONTWRITEBYTECODE", None)
        symusic = with_symusic(chosen.symusic) if chosen.soundfont else ""
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors; the least of {chosen.runs} rounds")
        print(f"{'file':<14}{'player':<18}{'wall s':>8}{'x':>7}{'cpu s':>8}{'x':>7}{'wanted':>8}{'MB':>6}")
        for name in chosen.files:
            if not (chosen.bench / name).exists():
                print(f"{name:<14}is not in {chosen.bench}")
                continue
            here = players(chosen.bench / name, home / "out.wav", chosen.soundfont, home, symusic)
            timed(here["scorekit cached"], world)
            wanted = dict(zip(("scorekit cold", "scorekit cached"), TARGETS.get(name, (0.0, 0.0)), strict=True))
            table(name, here, chosen.runs, world, wanted)
        if chosen.spec.exists():
            rendered(chosen.spec, chosen.runs, chosen.soundfont, home, world)
        if chosen.long.exists():
            used = memory([*OURS, "render", str(chosen.long), "-o", str(home / "long"), "-q", "--stems"], world)
            print(f"{chosen.long.name}, render --stems: {used:.0f} MB")
        print(f"load {os.getloadavg()[0]:.1f} at the end")
        if chosen.songs:
            fit(chosen.songs, chosen.runs, home, world, chosen.bench / FILES[-1])
        for player, there in (("fluidsynth", which("fluidsynth")), ("symusic", symusic), ("csound", which("csound"))):
            if not there:
                print(f"{player} is not installed: left out")


def table(
    name: str, commands: dict[str, list[str]], runs: int, world: dict[str, str], wanted: dict[str, float]
) -> None:
    """The rows of one file: the least of all rounds, and how many times less than FluidSynth's."""
    rounds = [{player: timed(command, world) for player, command in commands.items()} for _ in range(runs)]
    least = {player: [min(one[player][kind] for one in rounds) for kind in (0, 1)] for player in commands}
    for player, (wall, work) in least.items():
        theirs = least.get("fluidsynth", [0.0, 0.0])
        goal = f"{wanted[player]:.1f}" if wanted.get(player) else ""
        used = f"{memory(commands[player], world):.0f}" if player.startswith("scorekit") else ""
        times = f"{wall:>8.2f}{theirs[0] / wall:>7.2f}{work:>8.2f}{theirs[1] / work:>7.2f}"
        print(f"{name:<14}{player:<18}{times}{goal:>8}{used:>6}", flush=True)


def rendered(spec: Path, runs: int, font: str, home: Path, world: dict[str, str]) -> None:
    """A song from its text, cold and cached, beside FluidSynth alone on the MIDI file it gives."""
    cached = [*OURS, "render", str(spec), "-o", str(home / "song"), "-q"]
    timed(cached, world)
    commands = {"scorekit render": [*cached, "--no-cache"], "render, cached": cached}
    if which("fluidsynth"):
        midi = next((home / "song").glob("*.mid"))
        commands["fluidsynth"] = [*FLUIDSYNTH, str(home / "out.wav"), font, str(midi)]
    table(spec.name, commands, runs, world, {"scorekit render": 1.0})


def fit(count: int, runs: int, home: Path, world: dict[str, str], dense: Path) -> None:
    """Processor seconds of ``synth`` with bodies cached, as start + seconds + parts x seconds + notes, over songs, over some of
    them made longer, and over one far denser when it is there. Errors are taken relative to the cost."""
    import numpy as np

    specs = sorted(SPECS.glob("*.toml"))[:count]
    rows, took = [], []
    asked = [(spec, "as written", []) for spec in specs]
    for spec in [spec for spec in specs if "\nlength = " in spec.read_text()][: len(LONGER)]:
        asked += [(spec, length, ["--set", f"length={length}"]) for length in LONGER]
    for spec, length, setting in asked:
        out = str(home / "fit" / length.replace(" ", "-"))
        timed([*OURS, "render", str(spec), "-o", out, "-q", "--midi-only", *setting], world)
    for midi in [*sorted((home / "fit").glob("*/*.mid")), *([dense] if dense.exists() else [])]:
        command = [*OURS, "synth", str(midi), "-o", str(home / "fit.wav")]
        told = json.loads(subprocess.run([*command, "--json"], env=world, capture_output=True, check=True).stdout)
        parts = len({channel for _, _, channel, _, _ in smf.read(midi.read_bytes()).notes})
        rows.append((1.0, told["seconds"], told["seconds"] * parts, told["notes"]))
        took.append(min(timed([*command, "-q"], world)[1] for _ in range(runs)))
    table, cost = np.array(rows), np.array(took)

    def solved(table: np.ndarray) -> np.ndarray:
        return np.linalg.lstsq(table / cost[:, None], np.ones(len(cost)), rcond=None)[0]

    found = solved(table)
    off = table @ found / cost - 1.0
    print(f"{len(cost)} songs of {table[:, 1].min():.0f} to {table[:, 1].max():.0f} s, {table[:, 3].min():.0f} to "
          f"{table[:, 3].max():.0f} notes: start {1e3 * found[0]:.0f} ms, a second {1e3 * found[1]:.2f} ms, a part "
          f"{1e3 * found[2]:.2f} ms a second, a note {1e6 * found[3]:.0f} us; off by {100 * abs(off).max():.0f} % at "
          f"most, {100 * abs(off).mean():.0f} % on average")  # fmt: skip
    square = np.square(table[:, 1])
    share = solved(np.column_stack([table, square]))[4] * square.max() / cost[square.argmax()]
    print(f"a term in the square of the length would be {100 * share:+.0f} % of the longest song")


if __name__ == "__main__":
    main()
