"""Same song, same bytes: every shipped song under several processors, process counts and hash seeds.

    python benchmarks/same.py [--only NAME]

Each variant is a process of its own with an empty shelf, which NumPy is told to leave vector units alone in. Prints the
first digits of each 16-bit WAV's SHA-256, and whether all are equal. Takes some minutes of all processors.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

VARIANTS = {
    "all, 1 process, seed 0": ("", 1, "0"),
    "no AVX-512, 2 processes, seed 1": ("X86_V4 AVX512_ICL AVX512_SPR AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL", 2, "1"),
    "no AVX2 or FMA, 1 process, seed 2": (
        "X86_V3 X86_V4 AVX512_ICL AVX512_SPR AVX2 FMA3 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL", 1, "2"
    ),
    "all, 2 processes, seed 3": ("", 2, "3"),
}  # fmt: skip

WORK = """
import hashlib, sys
from scorekit import files, pipeline
from scorekit.shelf import Shelf
from scorekit.workshop import Workshop

count, only = int(sys.argv[1]), sys.argv[2]
for path in sorted(files.shipped("specs").glob("*.toml")):
    if only in path.stem:
        plan = pipeline.compile_song(path.read_text(), str(path), find=files.load).plan
        performance = pipeline.perform(pipeline.compose(plan))
        heard = pipeline.audio(performance, sounding=pipeline.Sounding(hands=Workshop(count), keeper=Shelf()))
        print(path.stem, hashlib.sha256(heard.wav).hexdigest(), flush=True)
"""


def known() -> set[str]:
    """Names of processor features that this NumPy uses here and can be told to leave alone."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    return {name for name in __cpu_dispatch__ if __cpu_features__.get(name)}


def hashes(features: str, count: int, seed: str, only: str) -> dict[str, str]:
    """SHA-256 of each song's WAV under a variant."""
    off = " ".join(name for name in features.split() if name in known())
    with tempfile.TemporaryDirectory() as home:
        world = {**os.environ, "PYTHONHASHSEED": seed, "SCOREKIT_HOME": home, "NPY_DISABLE_CPU_FEATURES": off}
        done = subprocess.run(
            [sys.executable, "-c", WORK, str(count), only], capture_output=True, text=True, env=world, check=True
        )
    return dict(line.split() for line in done.stdout.splitlines())


def main() -> None:
    """Prints the table; fails when any two differ."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", default="", help="songs whose names contain this")
    only = options.parse_args().only
    with ThreadPoolExecutor() as pool:
        found = dict(zip(VARIANTS, pool.map(lambda variant: hashes(*variant, only), VARIANTS.values()), strict=True))
    print(f"features that can be turned off here: {' '.join(sorted(known()))}\n")
    print(f"| song | {' | '.join(found)} | same |")
    print("|---|" + "---|" * (len(found) + 1))
    wrong = 0
    for song in next(iter(found.values())):
        row = [table[song] for table in found.values()]
        wrong += len(set(row)) > 1
        print(f"| {song} | {' | '.join(digits[:12] for digits in row)} | {'yes' if len(set(row)) == 1 else 'NO'} |")
    print(f"\n{wrong} of {len(next(iter(found.values())))} songs differ")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
