"""kill -9 in mid-render: what is on disk afterwards, and whether the next start is clean.

    python benchmarks/kills.py [kills] [seed]

Renders and watches of a short song are killed at random moments, half of them while they write files, half of them with
the processes they forked. After each kill every output has to be one of the song's versions, whole; every tenth time, and
at the end, the next render has to succeed and to leave nothing but its files, and every body on the shelf has to be whole.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from tests.kills import Victim  # noqa: E402


def main() -> None:
    """All kills, and the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("kills", type=int, nargs="?", default=200)
    options.add_argument("seed", type=int, nargs="?", default=1)
    asked = options.parse_args()
    count = asked.kills
    with tempfile.TemporaryDirectory() as place:
        victim = Victim(Path(place), asked.seed)
        for turn in range(count):
            victim.killed(turn)
            if turn % 10 == 9 or turn == count - 1:
                victim.next_start()
    seen = victim.seen
    print(
        f"{count} kills of renders and watches: {seen['mid-render']} in mid-render, {seen['while writing']} while a file was"
    )
    print(f"under way, {seen['over already']} after the end. No file truncated or mixed, no body on the shelf broken.")
    print(
        f"Renders left the new pair of files {seen['new pair']} times, the old pair {seen['old pair']}, one of each {seen['mixed']}."
    )
    print("After every tenth kill the next start was clean: right files, no lock, nothing under a temporary name.")


if __name__ == "__main__":
    main()
