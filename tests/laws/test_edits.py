"""Incremental equals fresh: after any edits, the files on disk are those of a fresh render, byte for byte."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from scorekit.sounds import Event
from scorekit.watch import Watch

from .edits import EDITS, Project, Reader, deck, planned, rendered

COUNT = 200
FORM = "verse:2:e3 chorus:1:e4 bridge:1:e3:r chorus:2:e5 chorus:1:e5"
"""Of the shipped three minutes, what the sections need that the song speaks of."""


def test_after_two_hundred_edits_the_files_are_those_of_a_fresh_render(root: Path, tmp_path: Path) -> None:
    """A shipped song, its genre, that one's parent, its model and the song it extends are edited at random 200 times, broken
    and mended among it. After each edit that can be rendered, MIDI and WAV are those of a fresh render; after each that
    cannot, they stay as they were. A few fresh renders take no sound from the shelf either."""
    project = Project(tmp_path, root / "specs" / "long-road.toml", FORM, seed=4)
    events: list[Event] = []
    keeper, wrong, right, last = Reader(), Counter[str](), Counter[str](), None
    with Watch([str(project.spec)], tmp_path / "out", events.append) as watch:
        watch.look()
        for turn, name in enumerate(["", *deck(project.chance, COUNT)]):
            if name:
                project.edit(name)
                watch.look()
            again = turn % 9 == 5
            if again:  # the sound of the last version is given up, whatever it is doing
                project.edit("pan")
                watch.look()
            assert watch.sounds.idle(120.0)
            told, plan = f"edit {turn}: {name}", planned(project.spec)
            if plan is None:
                assert watch.songs[str(project.spec)].broken, told
                for _ in range(1 + again):  # what was wrong may be the edit before
                    project.mend()
                wrong[name] += 1
            else:
                if plan != last:
                    wanted, last = rendered(plan, None if turn % 40 == 20 else keeper), plan
                right[name] += 1
            found = tuple((tmp_path / "out" / f"song.{kind}").read_bytes() for kind in ("mid", "wav"))
            assert found == wanted, told
    assert sum(right.values()) > 0.9 * COUNT and set(EDITS) == {*right, *wrong} - {""}, wrong
    kinds = Counter(event.kind for event in events)
    assert kinds["mistake"] >= 4 and kinds["same"] >= 4 and kinds["midi"] > 0.6 * COUNT and not kinds["trouble"]
