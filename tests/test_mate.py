"""Two processes at the sound of a song that is edited: bytes, giving up, and the death of the second one."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from itertools import chain, count, pairwise
from typing import Any

import numpy as np
import pytest

from scorekit import files, pipeline, remix
from scorekit.aside import forks
from scorekit.booth import Measured, Superseded
from scorekit.mate import Lost, Mate
from scorekit.rehearsal import Rehearsal
from scorekit.remix import Remembering
from scorekit.render.dsp import RATE
from scorekit.render.master import Hands, families_of
from scorekit.render.mix import lines
from scorekit.render.patches import PATCHES
from scorekit.render.voices import Bodies
from scorekit.score import Performance

SONG = 'genre = "rock"\nseed = 4\ntempo = 132\nlength = "20 s"\n'
EDITS = (
    "",
    "\n[parts.bass]\nreroll = 3\n",
    "\n[parts.keys]\nverb = 0.4\n",
    "\n[parts.guitar]\nlevel = -3\n",
    "\n[master]\nlufs = -18\n",
)


BAND = Rehearsal()
KEPT = Bodies()


def played(edit: str) -> Performance:
    """The song with an edit; what it does not touch is what it was."""
    plan = pipeline.compile_song(SONG + edit, "song.toml", find=files.load).plan
    assert plan is not None
    music = BAND.music(plan) or BAND.last
    assert music is not None
    return music.performance


@pytest.fixture
def mate() -> Iterator[Mate]:
    """Another process."""
    if not forks() or not hasattr(os, "memfd_create"):
        pytest.skip("memory cannot be shared here")
    found = Mate()
    yield found
    found.close()


@pytest.mark.parametrize(("soon", "way"), [(1 << 40, "follow"), (0, "ring")])
def test_two_write_what_one_writes(mate: Mate, monkeypatch: pytest.MonkeyPatch, soon: int, way: str) -> None:
    """Version after version, two processes write the bytes of one alone, tell the same changes, and the second has worked,
    be it that it answers as a room while the first still brings lines, or when all are there."""
    monkeypatch.setattr(remix, "_SOON", soon)
    two, one, asked = Rehearsal(mate), Rehearsal(), list[str]()
    tell, follow = mate.tell, mate.follow
    mate.follow = lambda *told: (asked.append("follow"), follow(*told))[1]  # type: ignore[method-assign]
    mate.tell = lambda song, told, spans: (asked.append(told[0]), tell(song, told, spans))[1]  # type: ignore[method-assign]
    for edit in (*EDITS, "\n[sections.verse]\nbars = 2\n", ""):
        performance = played(edit)
        mine, its = two.sound(performance), one.sound(performance)
        assert bytes(mine.wav) == bytes(its.wav)
        assert (mine.changed, mine.rewritten) == (its.changed, its.rewritten)
    assert set(asked) == {"follow", way, "hear", "energies", "peaks", "write"}


@pytest.mark.parametrize("helped", [False, True])
def test_a_loop_is_that_of_a_fresh_render(mate: Mate, helped: bool) -> None:
    """Edited, begun and left again, a song that says ``loop = true`` is as long as its bars and has the bytes of one that was
    rendered from nothing: what rings on at its end is heard at its start, and nothing stays of it in the song it was before."""
    here = Rehearsal(mate if helped else None)
    for edit in ("", "loop = true\n", f"loop = true\n{EDITS[1]}", f"loop = true\n{EDITS[4]}", "", EDITS[1]):
        performance = played(edit)
        plan, heard = performance.plan, here.sound(performance)
        fresh = pipeline.audio(performance, sounding=pipeline.Sounding(bodies=KEPT))
        assert bytes(heard.wav) == bytes(fresh.wav)
        assert plan.loops == edit.startswith("loop")
        assert (heard.desk.n == plan.tempo.sample(plan.end)) == plan.loops
        assert here.remix is not None and bool(here.remix.left()) != plan.loops


@pytest.mark.parametrize("edit", [EDITS[1], "\n[parts.guitar]\nreroll = 3\n"], ids=["dry", "with its room"])
def test_who_follows_measures(mate: Mate, edit: str) -> None:
    """Once a version was measured, who follows measures the next one as far as its room answers, or as far as lines are there
    when nothing of them is sent to it, no sample of it twice; nobody else does, so that whatever is left can be shared."""
    two, one, ahead = Rehearsal(mate), Rehearsal(), list[Measured]()
    two.sound(played(""))
    assert two.remix is not None
    hands = two.remix.hands
    begin = hands.begin
    hands.begin = lambda stale: (ahead.append(hands.early), begin(stale))[1]  # type: ignore[method-assign]
    mate.claim = lambda pieces=1: 0  # type: ignore[method-assign]
    performance = played(edit)
    assert bytes(two.sound(performance).wav) == bytes(one.sound(performance).wav)
    spans = [span for span, _ in ahead[0].energies]
    assert sum(b - a for a, b in spans) > 10 * RATE
    assert all(a < b <= c for (a, b), (c, _) in pairwise(spans))


def test_a_gain_to_and_fro() -> None:
    """Peaks are looked at above what the gain makes of them. A song that gets its old gain again is measured where it was
    edited since, and nowhere else; and it is what a fresh render makes of it."""
    two, found = Rehearsal(), list[float]()
    two.sound(played(""))
    assert two.remix is not None
    hands = two.remix.hands
    both = hands.both

    def watched(work: Any, spans: Any, told: Any = ()) -> Any:
        found[-1] += sum(b - a for a, b in spans) / RATE if told and told[0] == "peaks" else 0.0
        return both(work, spans, told)

    hands.both = watched  # type: ignore[method-assign]
    cell = '\n[sections."verse/1".parts.keys]\nvelocity = {}\n'  # so little that the gain is the one it was
    for number, master in enumerate(("\n[master]\nlufs = -18\n", "") * 2):
        found.append(0.0)
        performance = played(cell.format(number + 2) + master)
        heard = two.sound(performance)
    assert bytes(heard.wav) == bytes(pipeline.audio(performance).wav)
    assert found[0] > 18.0
    assert all(0.0 < seconds < 15.0 for seconds in found[2:])


def test_what_is_given_up_is_done_with_the_next(mate: Mate) -> None:
    """A version given up at any moment leaves nothing of itself in the next."""
    two, one = Rehearsal(mate), Rehearsal()
    two.sound(played(""))
    dropped = 0
    for turn, edit in enumerate(EDITS[1:]):
        asked = count()
        try:
            two.sound(played(edit), lambda turn=turn, asked=asked: next(asked) > 3 + 5 * turn)  # type: ignore[misc]
        except Superseded:
            dropped += 1
    assert dropped > 1
    performance = played(EDITS[2])
    assert bytes(two.sound(performance).wav) == bytes(one.sound(performance).wav)


def test_alone_when_the_other_is_killed(mate: Mate) -> None:
    """When the second process is killed the first one begins anew by itself, and writes the same."""
    two, one = Rehearsal(mate), Rehearsal()
    two.sound(played(""))
    os.kill(mate.process, signal.SIGKILL)
    for edit in EDITS[1:3]:
        performance = played(edit)
        assert bytes(two.sound(performance).wav) == bytes(one.sound(performance).wav)
    with pytest.raises(Lost):
        mate.forget(0)


def test_what_is_given_up_while_the_other_follows(mate: Mate) -> None:
    """A fault while lines are brought is told here, ends nothing there, and the next version is as if it had not been."""
    two, one = Rehearsal(mate), Rehearsal()
    two.sound(played(""))
    assert two.remix is not None
    bring = two.remix._tape.bring
    two.remix._tape.bring = lambda moves, reached: (bring(moves[:1], reached), 1 / 0)[0]  # type: ignore[assignment, misc]
    with pytest.raises(ZeroDivisionError):
        two.sound(played(EDITS[1]))
    two.remix._tape.bring = bring  # type: ignore[method-assign]
    performance = played(EDITS[1])
    assert bytes(two.sound(performance).wav) == bytes(one.sound(performance).wav)


def test_bodies_are_made_by_both(mate: Mate) -> None:
    """Some families of bodies, made by two processes, are those of one, in their order; one is not worth asking for."""
    rows = [line for line in lines(played(""), PATCHES) if line.part in ("bass", "lead")]
    families = list(families_of([order for line in rows for order in line.orders()], Bodies()).values())[:9]
    asked, make = list[int](), mate.make
    mate.make = lambda families: (asked.append(len(families)), make(families))[1]  # type: ignore[method-assign]
    for some in (families, families[:1]):
        found, wanted = Remembering(mate).made(some, Bodies()), Hands().made(some, Bodies())
        assert [len(row) for row in found] == [len(family) for family in some]
        for body, other in zip(chain(*found), chain(*wanted), strict=True):
            assert body.step == other.step
            np.testing.assert_array_equal(body.samples, other.samples)
    assert len(families) == 9
    assert asked == [4]


@pytest.mark.parametrize("after", [2, 40])
def test_what_is_given_up_among_bodies_and_lines(mate: Mate, after: int) -> None:
    """A first version given up while its bodies are made, or its lines brought, is begun anew by the next."""
    two, asked = Rehearsal(mate), count()
    with pytest.raises(Superseded):
        two.sound(played('\n[parts.bass.sound]\npatch = "slap"\n'), lambda: next(asked) > after)
    performance = played(EDITS[1])
    assert bytes(two.sound(performance).wav) == bytes(Rehearsal().sound(performance).wav)


def test_what_goes_wrong_there_is_raised_here(mate: Mate) -> None:
    """A fault in the second process is one in the first, and does not end it."""
    mate.tell(7, ("ring",), [(0, 1)])
    with pytest.raises(KeyError):
        mate.answer()
    mate.forget(7)


def test_nobody_waits_for_a_song_that_is_not_there(mate: Mate) -> None:
    """Told to follow what it does not know, the second process says so, takes no notice of what is reached, and goes on."""
    mate.follow(7, [(0, 1)], 1, True, None)
    mate.reached(1)
    with pytest.raises(KeyError):
        mate.answer()
    mate.reached(1 << 62)
    mate.forget(7)
