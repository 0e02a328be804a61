"""Same song, same bytes: every shipped song under several processors, process counts and hash seeds.

    python benchmarks/same.py [--only NAME]

Each variant has processes of its own in which NumPy leaves vector units alone, and a shelf that was empty before. Prints the
first digits of each 16-bit WAV's SHA-256, and whether all are equal. Takes some minutes of all processors.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scorekit import files

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
from pathlib import Path
from scorekit import files, pipeline
from scorekit.render.voices import Bodies
from scorekit.shelf import Shelf
from scorekit.workshop import Workshop

plan = pipeline.compile_song(Path(sys.argv[2]).read_text(), sys.argv[2], find=files.load).plan
performance = pipeline.perform(pipeline.compose(plan))
sounding = pipeline.Sounding(hands=Workshop(int(sys.argv[1])), bodies=Bodies(keeper=Shelf()))
print(hashlib.sha256(pipeline.audio(performance, sounding=sounding).wav).hexdigest())
"""


def known() -> set[str]:
    """Names of processor features that this NumPy uses here and can be told to leave alone."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    return {name for name in __cpu_dispatch__ if __cpu_features__.get(name)}


def digits(song: Path, home: Path, variant: tuple[str, int, str]) -> str:
    """SHA-256 of a song's WAV under a variant, whose shelf is in a folder of its own."""
    features, count, seed = variant
    off = " ".join(name for name in features.split() if name in known())
    own = {"PYTHONHASHSEED": seed, "SCOREKIT_HOME": str(home), "NPY_DISABLE_CPU_FEATURES": off}
    work = [sys.executable, "-c", WORK, str(count), str(song)]
    return subprocess.run(work, capture_output=True, text=True, env={**os.environ, **own}, check=True).stdout.strip()


def main() -> None:
    """Prints the table, song by song; fails when any two differ."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", default="", help="songs whose names contain this")
    folder, only = files.shipped("specs"), options.parse_args().only
    songs = sorted(path for path in (folder.glob("*.toml") if folder else ()) if only in path.stem)
    print(f"features that can be turned off here: {' '.join(sorted(known()))}\n")
    print(f"| song of {len(songs)} | {' | '.join(VARIANTS)} | same |\n|---|{'---|' * (len(VARIANTS) + 1)}", flush=True)
    wrong = 0
    with tempfile.TemporaryDirectory() as home, ThreadPoolExecutor() as pool:
        homes = [Path(home) / str(n) for n in range(len(VARIANTS))]
        for number, song in enumerate(songs, 1):
            row = list(pool.map(digits, [song] * len(homes), homes, VARIANTS.values()))
            same = len(set(row)) == 1
            wrong += not same
            shown = " | ".join(one[:12] for one in row)
            print(f"| {number} {song.stem} | {shown} | {'yes' if same else 'NO'} |", flush=True)
    print(f"\n{wrong} of {len(songs)} songs differ")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
