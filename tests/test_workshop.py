"""How processes share work and memory."""

from __future__ import annotations

import gc
import os
import platform
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from scorekit import ledger, pipeline, report, songs, workshop
from scorekit.aside import Aside, Pile, Stream, alone, both, waiting
from scorekit.render import dsp, mix
from scorekit.render.master import prepare
from scorekit.render.patches import PATCHES
from scorekit.render.patches.base import Take
from scorekit.render.voices import Bodies, Order, settings
from scorekit.score import Performance
from scorekit.stage import Sound
from scorekit.workshop import Workshop

FAULTS = """
import ctypes, resource, sys
ctypes.CDLL(None).prctl(41, 1, 0, 0, 0)  # no large pages: whether there is one depends on what else is at work, and since when
import numpy as np
from scorekit.memory import keep_memory

def faults() -> int:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        [np.ones(1 << 20, np.float32) for _ in range(8)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

if sys.argv[1] == "kept":
    keep_memory()
faults()
print(faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told what to keep")
def test_memory_that_is_let_go_is_had_again_without_the_system() -> None:
    """Eight arrays of four megabytes, five times: a thousand pages each from the system, or next to none."""
    found = {
        how: int(subprocess.run([sys.executable, "-c", FAULTS, how], capture_output=True, check=True, text=True).stdout)
        for how in ("anew", "kept")
    }
    assert found["anew"] > 40 * 1000
    assert found["kept"] < 1000


HINTED = """
from scorekit.memory import keep_memory

keep_memory()
size, hinted = 0, 0
for row in open("/proc/self/smaps"):
    word, *rest = row.split()
    if word == "Size:":
        size = int(rest[0])
    if word == "VmFlags:" and "hg" in rest:
        hinted += size
print(hinted)
"""


@pytest.mark.skipif(not os.path.isdir("/sys/kernel/mm/transparent_hugepage"), reason="this system has no large pages")
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told what to keep")
def test_arrays_come_to_lie_in_large_pages() -> None:
    """A hundred megabytes and more of the heap to come are meant to be had in large pages."""
    found = subprocess.run([sys.executable, "-c", HINTED], capture_output=True, check=True, text=True).stdout
    assert int(found) > 100_000


def test_a_process_aside_hands_over_what_it_found_and_what_went_wrong() -> None:
    """Its result; its exception with the place it was raised at; and that it was killed."""
    with Aside(lambda: {"pages": 3}) as other:
        assert other.result() == {"pages": 3}
    with Aside(lambda: int("three")) as other, pytest.raises(ValueError, match="three") as caught:
        other.result()
    assert "in _outcome" in caught.value.__notes__[0]
    with Aside(lambda: os.kill(os.getpid(), signal.SIGKILL)) as other, pytest.raises(MemoryError):
        other.result()
    with Aside(lambda: bytes(1 << 20)) as other:
        select.select([other.pipe], [], [])  # more than a pipe holds: it is in the middle of saying so
        os.kill(other.process, signal.SIGKILL)
        with pytest.raises(MemoryError):
            other.result()


def test_where_no_process_is_to_be_had_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It is neither a bug nor a folder that cannot be written."""
    (tmp_path / "song.toml").write_text('genre = "rock"\nlength = "8 s"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCOREKIT_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(songs, "forks", lambda: False)  # only who makes the sound asks for one

    def failing() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", failing)
    with pytest.raises(SystemExit) as end:
        songs.render(["song.toml"], songs.Wishes(), report.Voice(quiet=True))
    said = capfd.readouterr().err
    assert end.value.code == 1 and "no other process is to be had" in said
    assert "bug" not in said and "cannot be written" not in said


def test_nobody_waits_for_a_process_that_has_told() -> None:
    """It goes by itself, and is gone when this process is to be alone, or when another one is begun."""
    for settle in (alone, lambda: Aside(int).__exit__(None, None, None)):
        with Aside(lambda: 3) as other:
            assert other.result() == 3
        os.waitid(os.P_PID, other.process, os.WEXITED | os.WNOWAIT)
        settle()
        with pytest.raises(ChildProcessError):
            os.waitpid(other.process, 0)


def test_nobody_waits_for_a_process_whose_result_is_not_wanted() -> None:
    """An exception on the way ends it in the middle of its work, and nothing of it is left."""
    gc.collect()  # what other tests left open does not count
    before = set(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else set()
    with pytest.raises(KeyError), Aside(lambda: time.sleep(60)) as other:
        raise KeyError("enough")
    with pytest.raises(ChildProcessError):
        os.waitpid(other.process, 0)
    assert not before or len(set(os.listdir("/proc/self/fd"))) == len(before)


def test_what_a_process_yields_comes_one_by_one() -> None:
    """Nothing is there until it is yielded; what went wrong is raised in its place; one that is left early is stopped."""
    (heard, told), (there, back) = os.pipe(), os.pipe()

    def letters() -> Iterator[str]:
        for letter in "ab":
            os.write(back, b".")
            yield letter
            os.read(heard, 1)
        raise ValueError("no more")

    with Stream(letters) as stream:
        assert next(stream) == "a"
        assert os.read(there, 2) == b"." and not stream.ready()
        os.write(told, b".")
        assert next(stream) == "b"
        os.write(told, b".")
        with pytest.raises(ValueError, match="no more"):
            next(stream)
    with Stream(lambda: iter([1, 2])) as stream:
        assert list(stream) == [1, 2]
    with Stream(lambda: (time.sleep(60) for _ in range(2))) as stream:
        pass
    with pytest.raises(ChildProcessError):
        os.waitpid(stream.process, 0)
    with Stream(lambda: (os.kill(os.getpid(), signal.SIGKILL) for _ in range(2))) as stream, pytest.raises(MemoryError):
        next(stream)
    for end in (heard, told, there, back):
        os.close(end)


@pytest.mark.parametrize("text", ['genre = "rock"\nlength = "8 s"\n', 'genre = "rok"\nlength = "8 s"\n'])
def test_a_song_is_the_same_composed_aside(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same plan and the same sections, or the same mistakes, whether another process finds them or this one."""
    found: list[object] = []
    for helped in (False, True):
        monkeypatch.setattr(songs, "helped", lambda helped=helped: helped)
        with ExitStack() as leaving:
            try:
                read, composing = songs.understood(
                    text, "song.toml", songs.Wishes(midi_only=True), ledger.Ledger(), leaving
                )
                found.append((read, dict(composing)))
            except songs.Refusal as refusal:
                found.append(refusal.diagnostics)
    assert found[0] == found[1]


def test_a_song_is_the_same_composed_by_two() -> None:
    """The same takes, known by the same hashes in the same order; and so when some sections are known already."""
    plan = songs.decided(songs.compiled_text('genre = "funk"\nlength = "40 s"\n', "song.toml", songs.Wishes()))
    alone_, found = pipeline.performed(plan, {})
    assert len(plan.placements) > 2

    def shared(known: dict[bytes, pipeline.Played]) -> tuple[Performance, dict[bytes, pipeline.Played]]:
        with ExitStack() as leaving:
            pile = leaving.enter_context(Pile())
            pile.put(pipeline.lacking(plan, known))
            composing = both(pipeline.composed(plan, pile), pipeline.composed(plan, pile), leaving)
            return pipeline.performed(plan, known, composing=composing)

    two, again = shared({})
    assert list(again.items()) == list(found.items())
    assert [(t.part, t.placement, t.events.tobytes()) for t in two.takes] == [
        (t.part, t.placement, t.events.tobytes()) for t in alone_.takes
    ]
    some = dict(list(found.items())[::2])
    assert len(pipeline.lacking(plan, some)) == len(found) - len(some)
    assert list(shared(some)[1].items()) == list(shared(found)[1].items()) == list(found.items())


def test_nobody_takes_from_a_pile_what_another_has() -> None:
    """Two processes take all there is, each thing once; what both find comes from one place, and then no more."""
    with ExitStack() as leaving:
        pile = leaving.enter_context(Pile())
        pile.put(range(2000))
        found = both(iter(pile), iter(pile), leaving)
        assert sorted(found) == list(range(2000)) and pile.size == 2000
        assert list(found) == list(pile) == []


@pytest.mark.parametrize("genre", ["rock", "funk", "soul", "jazz_swing", "melodic_house"])
def test_what_is_usual_is_wanted(genre: str) -> None:
    """Of the strokes of the kit that are expected of a song, as its genre's grooves have them, nine in ten are in it, to the last
    parameter."""
    text = f'genre = "{genre}"\nlength = "30 s"\nlineup = "full"\n'
    plan = songs.decided(songs.compiled_text(text, "song.toml", songs.Wishes()))
    takes = pipeline.perform(pipeline.compose(plan)).takes
    wanted, usual = set(mix.orders(takes, plan, PATCHES)), mix.usual(plan, PATCHES)
    assert len(usual) >= 9 and len(wanted.intersection(usual)) >= 0.9 * len(usual)


def test_who_waits_for_a_song_makes_itself_useful() -> None:
    """While no section is there something else is done, a step at a time, and no longer than that."""
    (heard, told), done = os.pipe(), list[int]()

    def composing() -> Iterator[pipeline.Composed]:
        for number in range(2):
            os.read(heard, 1)
            yield number, ()

    def spare() -> Iterator[None]:
        for step in range(100_000):
            done.append(step)
            if step in (3, 5):
                os.write(told, b".")
                select.select([stream.pipe], [], [])
            yield

    with Stream(composing) as stream:
        sections = waiting(stream, spare())
        assert next(sections) == (0, ()) and done == [0, 1, 2, 3]
        assert next(sections) == (1, ()) and done == [0, 1, 2, 3, 4, 5]
        assert list(sections) == []
    for end in (heard, told):
        os.close(end)


def test_jobs_come_back_in_order() -> None:
    """Two processes do all jobs once, results are in the jobs' order, and what goes wrong is raised here."""

    def job(number: int) -> int:
        if number < 0:
            raise ValueError("no")
        return number * number

    assert Workshop(2).work([partial(job, n) for n in range(50)]) == [n * n for n in range(50)]
    with pytest.raises(ValueError, match="no"):
        Workshop(2).work([partial(job, -1) for _ in range(50)])


def orders(pitches: range) -> list[Order]:
    """Notes of a marimba, some of which share a root."""
    patch = PATCHES["marimba"]
    sound = settings(patch, Sound("marimba", ()))
    return [Order(patch, Take(pitch, 0.5, 0, 1.0, "", sound)) for pitch in pitches]


@pytest.mark.parametrize("first", [range(0), range(50, 58), range(50, 70)])
def test_an_apprentice_begins_with_what_will_be_wanted(first: range) -> None:
    """Told of nothing, of some, and of more notes than are wanted in the end, in two goes: the bodies are those of one process."""
    hands, found, known = Workshop(2), Bodies(), Bodies()
    for part in (first[:5], first[5:]):
        hands.ahead(orders(part), found)
    for bodies, who in ((found, hands), (known, Workshop(1))):
        prepare(orders(range(53, 66)), bodies, who)
        assert len(bodies) == 13
    for order in orders(range(53, 66)):
        one, other = found.found(order), known.found(order)
        assert one is not None and other is not None and one.step == other.step
        np.testing.assert_array_equal(one.samples, other.samples)


def test_an_apprentice_whose_work_is_not_wanted_is_dismissed() -> None:
    """It is gone, and so is what it was told through."""
    hands = Workshop(2)
    gc.collect()  # what other tests left open does not count
    before = set(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else set()
    hands.ahead(orders(range(30, 90)), Bodies())
    assert hands._apprentice is not None
    apprentice = hands._apprentice.process.process
    hands.dismiss()
    with pytest.raises(ChildProcessError):
        os.waitpid(apprentice, os.WNOHANG)
    assert not before or len(set(os.listdir("/proc/self/fd"))) == len(before)


def test_what_goes_wrong_with_an_apprentice_is_raised_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """When it cannot hand over what it has made."""
    hands = Workshop(2)
    monkeypatch.setattr(workshop, "_packed", lambda *_: int("three"))
    hands.ahead(orders(range(30, 90)), Bodies())
    with pytest.raises(ValueError, match="three"):
        prepare(orders(range(30, 90)), Bodies(), hands)


def test_spools_keep_what_they_are_given() -> None:
    """What one process writes another reads, at its place."""
    hands = Workshop(2)
    spool, x = hands.spool(10_000), np.stack([dsp.noise("a", 4_000), dsp.noise("b", 4_000)])
    hands.work([lambda: spool.write(1_000, x[:, :2_000]), lambda: spool.write(3_000, x[:, 2_000:])])
    np.testing.assert_array_equal(spool.read(1_000, 5_000), x)
    assert not spool.read(5_000, 6_000).any()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_processes_that_go_together_know_the_same(count: int) -> None:
    """Each does its share and knows what the others found; what they cut from the common file is one and the same."""
    hands = Workshop(count)

    def job() -> tuple[list[int], bytes, bytes, list[int], int | None]:
        found = hands.work([partial(pow, n, 2) for n in range(7)])
        near, far, spool = hands.store(50_000), hands.store(80_000), hands.spool(20_000)

        def write(a: int, b: int) -> int:
            near[a:b] = far[a:b] = bytes([found[3]]) * (b - a)
            spool.write(a, np.full((2, b - a), found[2], np.float32))
            return os.getpid()

        who = hands.split(write, 20_000, 100)
        assert (spool.read(0, 20_000) == 4.0).all()
        return found, bytes(near[:20_001]), bytes(far[:20_001]), who, hands.alone(os.getpid)

    found, near, far, who, first = hands.together(job)
    assert found == [n * n for n in range(7)]
    assert near == far == bytes([9]) * 20_000 + b"\0"
    assert who[0] == first == os.getpid() and len({*who}) == len(who) == count


def test_what_goes_wrong_together_is_raised_here() -> None:
    """In whichever process it happens; and when one is killed, the others do not wait for it."""
    hands, here = Workshop(2), os.getpid()

    def wrong() -> None:
        if os.getpid() != here:
            raise ValueError("no")

    def killed() -> None:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)

    def ours() -> None:
        if os.getpid() == here:
            raise KeyError("here")

    for job, kind in ((wrong, ValueError), (killed, MemoryError), (ours, KeyError)):
        with pytest.raises(kind):
            hands.together(lambda job=job: hands.work([job, job]))
    assert hands.together(lambda: hands.work([lambda: 1, lambda: 2])) == [1, 2]
