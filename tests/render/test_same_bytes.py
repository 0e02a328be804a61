"""Same song, same bytes: whatever the processor can do, however many work on it, and with or without the shelf."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SONG = """
import hashlib, sys
from scorekit import pipeline
from scorekit.shelf import Shelf
from scorekit.workshop import Workshop

text = 'genre = "{genre}"\\nlength = "12 bars"\\nseed = 7\\n'
from scorekit import files
compiled = pipeline.compile_song(text, "song.toml", find=files.load)
assert compiled.plan, compiled.diagnostics
performance = pipeline.perform(pipeline.compose(compiled.plan))
keeper = Shelf() if "{shelf}" else None
heard = pipeline.audio(performance, sounding=pipeline.Sounding(hands=Workshop({count}), keeper=keeper))
print(hashlib.sha256(heard.wav).hexdigest())
"""
LEVELS = {
    "all": "",
    "no AVX-512": "X86_V4 AVX512_ICL AVX512_SPR AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL",
    "no AVX2": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR AVX2 FMA3 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL",
}


def rendered(genre: str, home: Path, level: str = "all", count: int = 1, shelf: str = "", seed: str = "0") -> str:
    """Hash of a song's WAV from a process of its own."""
    names = [name for name in LEVELS[level].split() if name in known()]
    own = {"PYTHONHASHSEED": seed, "SCOREKIT_HOME": str(home), "NPY_DISABLE_CPU_FEATURES": " ".join(names)}
    code = SONG.format(genre=genre, count=count, shelf=shelf)
    world = {**os.environ, **own}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=world, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def known() -> set[str]:
    """Names of processor features that this NumPy can be told to leave alone."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    return {name for name in __cpu_dispatch__ if __cpu_features__.get(name)}


@pytest.mark.parametrize("genre", ["rock", "melodic_house"])
def test_one_song_one_hash(genre: str, tmp_path: Path) -> None:
    """Every level of vector units, one process and two, shelf empty and full, any hash seed: one and the same file."""
    wanted = rendered(genre, tmp_path)
    assert rendered(genre, tmp_path, "no AVX-512", 2) == wanted
    assert rendered(genre, tmp_path, "no AVX2", 1, "yes", "1") == wanted
    assert rendered(genre, tmp_path, "all", 2, "yes", "2") == wanted
