"""Runs the commands whose output stands in a page of this folder and puts in what they print now.

    python benchmarks/renew.py music.md --corpus PATH [--only smells]

Output stands between ``<!-- smells.py --seeds 20 --corpus PATH -->`` and ``<!-- end -->``; the word PATH stands for the corpus.
Everything else in the page is left as it is. The page is written after each command.
"""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BLOCK = re.compile(r"(?P<head><!-- (?P<command>\w+\.py[^\n]*?) -->\n).*?(?P<tail><!-- end -->)", re.DOTALL)


def printed(command: str, corpus: str) -> str:
    """What a command of this folder prints."""
    script, *rest = shlex.split(command)
    run = [sys.executable, str(HERE / script), *(corpus if word == "PATH" else word for word in rest)]
    return subprocess.run(run, capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    """Runs and writes."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("page")
    options.add_argument("--corpus", default="")
    options.add_argument("--only", default="")
    args = options.parse_args()
    page = HERE / args.page
    for command in [found["command"] for found in BLOCK.finditer(page.read_text(encoding="utf-8"))]:
        if args.only not in command or ("PATH" in command and not args.corpus):
            print(f"left as it is: {command}", flush=True)
            continue
        began = time.monotonic()
        said = printed(command, args.corpus)
        text = page.read_text(encoding="utf-8")
        fresh = BLOCK.sub(
            lambda m: f"{m['head']}\n{said}\n\n{m['tail']}" if m["command"] == command else m[0],  # noqa: B023
            text,
        )
        page.write_text(fresh, encoding="utf-8")
        print(f"{time.monotonic() - began:5.0f} s  {command}", flush=True)


if __name__ == "__main__":
    main()
