"""A render after an edit, in a process that knows nothing but what the last one left, equals a fresh render."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from scorekit.__main__ import run

from .edits import EDITS, Project, Reader, deck, planned, rendered

FORM = "verse:2:e3 chorus:1:e4 bridge:1:e3:r chorus:2:e5 verse:2:e3 chorus:2:e5"
SMALL = ("cell density", "cell velocity", "cell octave", "reroll", "own notes", "section melody", "pattern")
"""Edits of one part in one section, of which there are twice as many."""


def test_after_random_edits_a_render_gives_the_files_of_a_fresh_one(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A shipped song and all it is made of are edited at random, every kind of edit at least once. After each edit the command
    renders it with what the last render left: MIDI and WAV are those of a fresh render, or the last good ones when it is
    broken. Some renders keep all, some mix a part of the song, some the whole."""
    project = Project(tmp_path, root / "specs" / "long-road.toml", FORM, seed=8)
    keeper, seen = Reader(), Counter[str]()
    wanted = None
    names = ["", *deck(project.chance, len(EDITS)), *(name for name in SMALL for _ in range(2))]
    for turn, name in enumerate(names):
        if name:
            project.edit(name)
        plan = planned(project.spec)
        capsys.readouterr()
        code = run(["render", str(project.spec), "-o", str(tmp_path / "out"), "--json"])
        told = json.loads(capsys.readouterr().out)["songs"][0]
        assert (code == 0) == (plan is not None), f"edit {turn}: {name}"
        if plan is None:
            project.mend()
            seen["broken"] += 1
        else:
            wanted = rendered(plan, keeper)
            again = told["again"]["mixed"] / told["seconds"]
            seen["kept" if told["kept"] else "whole" if again > 0.99 else "part"] += 1
        found = tuple((tmp_path / "out" / f"song.{kind}").read_bytes() for kind in ("mid", "wav"))
        assert found == wanted, f"edit {turn}: {name}"
    assert seen["broken"] and min(seen[kind] for kind in ("kept", "whole", "part")) >= 5, seen
