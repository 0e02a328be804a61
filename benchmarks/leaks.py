"""A long day: version after version in one process, and what it holds afterwards.

    python benchmarks/leaks.py [versions]

A song of ten seconds and eight parts is saved again and again, some forty versions over and over, MIDI and WAV each time,
as a watch does it. Prints memory (RSS after a collection), descriptors, threads, what the store remembers, and files that
lie about, as they were after a hundredth part of the versions, and how they grew since the warm-up of a tenth.
"""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
import threading
from pathlib import Path

from scorekit.sounds import Event
from scorekit.watch import Watch

SONG = 'genre = "rock"\ntempo = 120\nkey = "A minor"\nform = "verse:2:e3 chorus:2:e4"\n'


def version(number: int) -> str:
    """One of forty songs."""
    seed, edit = number % 5, number % 8
    more = ("", "[parts.keys]\nlevel = -9", "[sections.chorus.parts.bass]\nreroll = 3", "[master]\nlufs = -16",
            "[parts.lead]\nverb = 0.4", "[sections.verse.parts.drums]\ndensity = 0.9", "[override.bass]\ngate = 0.5", "# a remark")  # fmt: skip
    return f"seed = {seed}\n{SONG}{more[edit]}\n"


def memory() -> float:
    """RSS in MB, after a collection."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / (1 << 20)


def main() -> None:
    """All versions, and the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("versions", type=int, nargs="?", default=1000)
    count = options.parse_args().versions
    rows: list[tuple[int, float, int, int, int, int]] = []
    events: list[Event] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        os.environ["SCOREKIT_HOME"] = str(folder / "state")
        spec = folder / "song.toml"
        spec.write_text(version(0))
        with Watch([str(spec)], folder / "out", events.append) as watch:
            for number in range(count):
                spec.write_text(version(number))
                watch.look(True)
                assert watch.sounds.idle(300.0)
                assert not [event for event in events if event.kind in ("trouble", "mistake")], events
                events.clear()
                if (number + 1) % max(1, count // 100) == 0:
                    held = len(watch.songs[str(spec)].rehearsal.store.values)
                    lying = sum(1 for path in folder.rglob("*") if path.is_file() and "bodies" not in path.parts)
                    rows.append(
                        (number + 1, memory(), len(os.listdir("/proc/self/fd")), threading.active_count(), held, lying)
                    )
    print(f"{'versions':>10}{'RSS, MB':>10}{'descriptors':>13}{'threads':>9}{'store':>7}{'files':>7}")
    for row in rows[:: max(1, len(rows) // 12)] + rows[-1:]:
        print(f"{row[0]:>10}{row[1]:>10.1f}{row[2]:>13}{row[3]:>9}{row[4]:>7}{row[5]:>7}")
    warm, late = rows[len(rows) // 10 : len(rows) // 5], rows[-len(rows) // 10 :]
    for place_, name in enumerate(("RSS", "descriptors", "threads", "store", "files"), 1):
        first, last = (max(row[place_] for row in some) for some in (warm, late))
        print(
            f"{name}: {100 * (last / first - 1):+.1f} % between versions {warm[0][0]}-{warm[-1][0]} and {late[0][0]}-{late[-1][0]}"
        )


if __name__ == "__main__":
    main()
