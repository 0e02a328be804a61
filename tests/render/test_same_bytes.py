"""Same song, same bytes: whatever the processor can do, however many work on it, and with or without the shelf."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from scorekit.render.patches import PATCHES

SONGS = """
import hashlib, json, sys
from scorekit import files, pipeline
from scorekit.render.voices import Bodies
from scorekit.shelf import Shelf
from scorekit.workshop import Workshop

count, shelf = int(sys.argv[1]), sys.argv[2]
for genre in ("rock", "melodic_house", "bossa", "funk"):
    text = f'genre = "{genre}"\\nlength = "8 bars"\\nseed = 7\\nlineup = "full"\\n'
    compiled = pipeline.compile_song(text, "song.toml", find=files.load)
    assert compiled.plan, compiled.diagnostics
    performance = pipeline.perform(pipeline.compose(compiled.plan))
    keeper = Shelf() if shelf else None
    heard = pipeline.audio(performance, sounding=pipeline.Sounding(hands=Workshop(count), bodies=Bodies(keeper=keeper)))
    playing = {take.part for take in performance.takes if len(take.events)}
    patches = sorted({part.sound.patch for part in compiled.plan.parts if part.name in playing})
    print(json.dumps([genre, hashlib.sha256(heard.wav).hexdigest(), patches]))
"""
PLAIN = "X86_V3 X86_V4 AVX512_ICL AVX512_SPR AVX2 FMA3 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL"
"""Everything beyond SSE4.2. What lies between is looked at by benchmarks/same.py."""


def rendered(home: Path, off: str, count: int, shelf: str, seed: str) -> dict[str, tuple[str, list[str]]]:
    """Hash of each song's WAV, and its patches, from a process of its own."""
    names = [name for name in off.split() if name in known()]
    own = {"PYTHONHASHSEED": seed, "SCOREKIT_HOME": str(home), "NPY_DISABLE_CPU_FEATURES": " ".join(names)}
    done = subprocess.run(
        [sys.executable, "-c", SONGS, str(count), shelf], capture_output=True, text=True, env={**os.environ, **own},
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {genre: (digits, patches) for genre, digits, patches in map(json.loads, done.stdout.splitlines())}


def known() -> set[str]:
    """Names of processor features that this NumPy can be told to leave alone."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    return {name for name in __cpu_dispatch__ if __cpu_features__.get(name)}


def test_one_song_one_hash(tmp_path: Path) -> None:
    """Four songs that between them use every family of patches: with all vector units, one process and no shelf; with
    none, two processes and an empty shelf; and from that shelf. One and the same file each time, whatever the hash seed.
    """
    wanted = rendered(tmp_path, "", 1, "", "0")
    used = {PATCHES[name].family for _, patches in wanted.values() for name in patches}
    assert used == {patch.family for patch in PATCHES.values()} - {"click"}
    assert len({digits for digits, _ in wanted.values()}) == 4
    assert rendered(tmp_path, PLAIN, 2, "yes", "1") == wanted
    assert rendered(tmp_path, "", 2, "yes", "2") == wanted
