"""How fast, beside the players everybody knows: whole processes, paired, by their own public commands.

    python benchmarks/speed.py --bench FOLDER [--runs 5] [--soundfont PATH] [--markdown]

Every player turns the same MIDI file into a WAV file. In each round all of them run once, one after the other, and what
is printed is the median over the rounds of the ratio to FluidSynth in the same round: load on the machine hits both.
"cold" renders every sound anew; "cached" has the bodies of other songs and of an earlier life of this one on the shelf
(never a finished answer). Players that are not installed are left out with a word.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from shutil import which

FILES = ("band30.mid", "band180.mid", "dense600.mid")
FONTS = ("/usr/share/sounds/sf2/TimGM6mb.sf2", "/usr/share/sounds/sf2/default-GM.sf2")
TARGETS = {"band30.mid": (1.2, 2.5), "band180.mid": (4.0, 6.0), "dense600.mid": (9.0, 12.0)}
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
    """Wall and processor seconds of a process and its children."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, env=world, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr.decode(errors='replace')}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - began, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def players(midi: Path, wav: Path, font: str, home: Path, symusic: str) -> dict[str, list[str]]:
    """Who can play here, and how."""
    ours = [sys.executable, "-m", "scorekit", "synth", str(midi), "-o", str(wav), "-q"]
    found = {"scorekit cold": [*ours, "--no-cache"], "scorekit cached": ours}
    if which("fluidsynth"):
        found["fluidsynth"] = ["fluidsynth", "-ni", "-q", "-r", "44100", "-F", str(wav), font, str(midi)]
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
    """Prints the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bench", type=Path, default=Path("../shared/bench"), help="folder of the MIDI files")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--soundfont", default=next((font for font in FONTS if Path(font).exists()), ""))
    options.add_argument("--symusic", default="", help="a Python that has symusic")
    options.add_argument("--spec", type=Path, help="also a song, rendered cold, beside FluidSynth on its MIDI")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        world = {**os.environ, "SCOREKIT_HOME": str(home / "state")}
        symusic = with_symusic(chosen.symusic) if chosen.soundfont else ""
        print(f"{'file':<14}{'player':<18}{'wall s':>9}{'cpu s':>9}{'x fluidsynth':>14}{'wanted':>8}{'MB':>7}")
        for name in FILES:
            if not (chosen.bench / name).exists():
                print(f"{name:<14}is not in {chosen.bench}")
                continue
            here = players(chosen.bench / name, home / "out.wav", chosen.soundfont, home, symusic)
            table(here, name, chosen.runs, world)
        if chosen.spec:
            rendered(chosen.spec, chosen.runs, chosen.soundfont, home, world)
        for player, there in (("fluidsynth", which("fluidsynth")), ("symusic", symusic), ("csound", which("csound"))):
            if not there:
                print(f"{player} is not installed: left out")


Rounds = list[dict[str, tuple[float, float]]]


def row(rounds: Rounds, player: str) -> str:
    """Median seconds by the wall clock and of the processor, and how many times faster than FluidSynth in its round."""
    wall, work = (statistics.median(one[player][kind] for one in rounds) for kind in (0, 1))
    ratio = statistics.median(one.get("fluidsynth", (0.0, 0.0))[0] / one[player][0] for one in rounds)
    return f"{player:<18}{wall:>9.2f}{work:>9.2f}{ratio:>14.2f}"


def table(commands: dict[str, list[str]], name: str, runs: int, world: dict[str, str]) -> None:
    """The rows of one file."""
    timed(commands["scorekit cached"], world)
    rounds = [{player: timed(command, world) for player, command in commands.items()} for _ in range(runs)]
    for player in commands:
        wanted = TARGETS[name][player == "scorekit cached"] if player.startswith("scorekit") else 0.0
        used = memory(commands[player], world) if player.startswith("scorekit") else 0.0
        marks = f"{f'{wanted:.1f}' if wanted else '':>8}{f'{used:.0f}' if used else '':>7}"
        print(f"{name:<14}{row(rounds, player)}{marks}", flush=True)


def rendered(spec: Path, runs: int, font: str, home: Path, world: dict[str, str]) -> None:
    """A song from its text, cold, beside FluidSynth alone on the MIDI file it gives."""
    ours = [sys.executable, "-m", "scorekit", "render", str(spec), "-o", str(home / "song"), "-q", "--no-cache"]
    timed(ours, world)
    midi = next((home / "song").glob("*.mid"))
    theirs = ["fluidsynth", "-ni", "-q", "-r", "44100", "-F", str(home / "out.wav"), font, str(midi)]
    commands = {"render --no-cache": ours, "render, cached": ours[:-1]}
    if which("fluidsynth"):
        commands["fluidsynth"] = theirs
    timed(ours[:-1], world)
    rounds = [{player: timed(command, world) for player, command in commands.items()} for _ in range(runs)]
    for player in commands:
        print(f"{spec.name:<14}{row(rounds, player)}{'1.0' if 'no-cache' in player else '':>8}")


if __name__ == "__main__":
    main()
