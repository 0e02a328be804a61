"""Incremental equals fresh, at length: a shipped song as it is, edited at random, every version compared byte by byte.

    python benchmarks/edits.py [edits] [seeds...]

The same edits as in tests/laws/test_edits.py, on a minute of song. Prints, by kind of edit: how often it was made,
how many versions were compared, how many MIDI and WAV files were those of a fresh render, and the processor time of the
version that was edited beside that of the fresh one.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from scorekit.watch import Watch  # noqa: E402
from tests.laws.edits import Project, Reader, deck, planned, rendered  # noqa: E402

FORM = "intro:2:e3 verse:4:e3 chorus:4:e4 verse:4:e3 chorus:4:e5 bridge:4:e3:r chorus:4:e5 outro:2:e4"


def spent() -> float:
    """Processor seconds of this process, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def edited(folder: Path, count: int, seed: int) -> bool:
    """One series of edits; whether every version was as it should be."""
    project = Project(folder, ROOT / "specs" / "long-road.toml", FORM, seed)
    keeper, rows = Reader(), defaultdict[str, list[tuple[bool, bool, float]]](list)
    kept, broken, last, wanted = True, defaultdict[str, int](int), None, (b"", b"")
    with Watch([str(project.spec)], folder / "out", lambda event: None) as watch:
        watch.look()
        for name in ["first", *deck(project.chance, count)]:
            began = spent()
            if name != "first":
                project.edit(name)
                watch.look()
            assert watch.sounds.idle(600.0)
            middle, plan = spent(), planned(project.spec)
            if plan is not None and plan != last:
                wanted, last = rendered(plan, keeper), plan
            elif plan is None:
                project.mend()
                broken[name] += 1
            ratio = (spent() - middle) / max(middle - began, 1e-3)
            midi, wav = ((folder / "out" / f"song.{kind}").read_bytes() for kind in ("mid", "wav"))
            rows[name].append((midi == wanted[0], wav == wanted[1], ratio))
            kept &= midi == wanted[0] and wav == wanted[1]
    print(f"seed {seed}\n{'edit':<18}{'made':>6}{'broken':>8}{'MIDI equal':>12}{'WAV equal':>11}{'fresh / edited':>16}")
    for name, found in sorted(rows.items()):
        midi, wav, faster = (
            sum(row[0] for row in found),
            sum(row[1] for row in found),
            statistics.median(r[2] for r in found),
        )
        print(f"{name:<18}{len(found):>6}{broken[name]:>8}{midi:>12}{wav:>11}{faster:>16.1f}")
    total = [row for found in rows.values() for row in found]
    midi, wav = (sum(row[n] for row in total) for n in (0, 1))
    print(f"{'all':<18}{len(total):>6}{sum(broken.values()):>8}{midi:>12}{wav:>11}\n", flush=True)
    return kept


def main() -> int:
    """Every series; 1 when a version was not as it should be."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("edits", type=int, nargs="?", default=200)
    options.add_argument("seeds", type=int, nargs="*", default=[1])
    asked = options.parse_args()
    fine = True
    for seed in asked.seeds:
        with tempfile.TemporaryDirectory() as place:
            os.environ["SCOREKIT_HOME"] = str(Path(place) / "state")
            fine &= edited(Path(place), asked.edits, seed)
    return not fine


if __name__ == "__main__":
    sys.exit(main())
