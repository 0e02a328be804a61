"""The tape: lines come and go, and what is left is to the bit what a console makes of it that never heard of the others."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
from msgspec.structs import replace

from scorekit.render import dsp, dynamics, effects
from scorekit.render import tape as tapes
from scorekit.render.console import CHUNK, GRID, Console, Laid, Line
from scorekit.render.dsp import Samples
from scorekit.render.loudness import CELL, PIECES
from scorekit.render.patches import PATCHES
from scorekit.render.tape import Move, Tape, aligned, pieces
from scorekit.render.voices import Bodies, Stroke
from scorekit.stage import Sound, Strip

N, DELAY = 5 * CHUNK // 2 + 77, 9_000
KICKS = [20_000, 60_000, 200_000]
BODIES = Bodies()
STRIPS = (Strip(verb=0.3), Strip(level=-6.0, pan=-0.4, delay=0.2), Strip(level=3.0, pan=0.3, verb=0.1, duck=6.0))


def laid(chance: random.Random, strip: Strip) -> Laid:
    """A few notes somewhere."""
    starts = sorted(chance.randrange(N) for _ in range(4))
    notes = [
        Stroke(at, chance.randint(2_000, 30_000), chance.randint(45, 70), chance.randint(40, 120)) for at in starts
    ]
    line = Line("keys", PATCHES["epiano"], Sound("epiano"), effects.FLAT, strip, notes)
    return Laid(line, BODIES)


def console(rows: list[Laid], kicks: list[int] = KICKS) -> Console:
    """A console with room and echo."""
    return Console(N, rows, kicks, room=effects.room(0.1, 0.5), delay=DELAY)


def wet(desk: Console) -> Samples:
    """All a console makes of its lines, before the lows."""
    return np.concatenate([chunk for _, chunk in desk.wet(0, N)], axis=1)


def everywhere(row: Laid) -> tuple[tuple[int, int], ...]:
    return aligned([(int(row.starts.min()), int(row.ends.max()))], 1, N)


def bring(tape: Tape, moves: list[Move]) -> None:
    """Something happens to the lines on a tape."""
    tape.expect(moves)
    tape.bring(moves)


def test_a_song_is_heard_from_anywhere() -> None:
    """A stretch that begins in the middle of a song has the bits of the whole, with all that still rings there: of what lies
    before it only what is sent to room and echo is brought, as far as it is heard."""
    chance = random.Random(3)
    desk = console([laid(chance, strip) for strip in STRIPS for _ in range(3)])
    whole = wet(desk)
    for a, b in ((0, 1_000), (5_000, 200_000), (CHUNK - 1, CHUNK + 1), (250_000, N)):
        chunks = list(console(list(desk.laid)).wet(a, b))
        first, heard = chunks[0][0], np.concatenate([chunk for _, chunk in chunks], axis=1)
        assert first <= a and b <= first + heard.shape[-1]
        assert np.array_equal(heard, whole[:, first : first + heard.shape[-1]])


def test_a_song_is_cut_where_its_work_is_halved() -> None:
    """Whoever begins in the middle has less to do, as the room before it has to be heard; and a part of a song in which more
    sounds counts for more."""
    line = Line("keys", PATCHES["epiano"], Sound("epiano"), effects.FLAT, Strip(), [])
    many = [Stroke(3 * N // 4 + 10 * k, 20_000, 50, 90) for k in range(100)]
    rows = [Laid(line, BODIES), Laid(replace(line, strokes=many), BODIES)]
    bare, busy = Console(N, rows[:1]), Console(N, rows[1:])
    room = Console(N, rows[:1], room=effects.room(0.1, 0.5))
    assert bare.shares(1) == []
    assert abs(bare.shares(2)[0] - N / 2) <= GRID
    assert N > busy.shares(2)[0] > bare.shares(2)[0] + GRID
    assert room.shares(2)[0] > bare.shares(2)[0]
    assert all(cut % GRID == 0 for cut in room.shares(3))


@pytest.mark.parametrize("seed", [1, 2])
def test_lines_leave_no_trace(seed: int) -> None:
    """After lines came and went in any order, room and echo answering in between, the tape reads as a console that has the
    lines that are left, bit for bit, and was told to be stale wherever it differs from before."""
    chance = random.Random(seed)
    rows = [laid(chance, strip) for strip in STRIPS * 2]
    desk = console(rows)
    tape = Tape()
    tape.begin(N, desk.room, DELAY)
    on: list[Laid] = []
    for _ in range(3):
        before = tape.read(0, N)
        tape.stale.clear()
        for row in chance.sample(rows, 3):
            put = np.subtract if row in on else np.add
            bring(tape, [Move(row, everywhere(row), [(desk, row.line, put)])])
            (on.remove if row in on else on.append)(row)
        tape.ring(lambda end: None)
        heard = tape.read(0, N)
        np.testing.assert_array_equal(heard, wet(console([row for row in rows if row in on])))
        moved = np.flatnonzero((heard != before).any(axis=0))
        told = np.zeros(N, np.bool_)
        for a, b in tape.stale:
            told[a:b] = True
        assert moved.size and told[moved].all()


@pytest.mark.parametrize("other", [Strip(level=-3.0, verb=0.3), Strip(pan=0.8, delay=0.1), Strip(duck=9.0, verb=0.1)])
def test_another_way_through_the_mixer(other: Strip) -> None:
    """A line put through another strip, ducked by other kicks, leaves no trace of how it was before."""
    rows = [laid(random.Random(number), strip) for number, strip in enumerate(STRIPS)]
    was, kicks = console(rows, KICKS[:2]), KICKS[1:]
    tape = Tape()
    tape.begin(N, was.room, DELAY)
    for row in rows:
        bring(tape, [Move(row, everywhere(row), [(was, row.line, np.add)])])
    tape.ring(lambda end: None)
    turned = [Laid(replace(row.line, strip=other), BODIES) for row in rows]
    desk = console(turned, kicks)
    for before, after in zip(rows, turned, strict=True):
        ways = [(desk, after.line, np.add), (was, before.line, np.subtract)]
        bring(tape, [Move(after, everywhere(after), ways)])
    tape.ring(lambda end: None)
    np.testing.assert_array_equal(tape.read(0, N), wet(desk))


@pytest.mark.parametrize(("most", "struck"), [(32 << 20, False), (1, True)])
def test_what_came_last_is_taken_away_without_a_stroke(
    monkeypatch: pytest.MonkeyPatch, most: int, struck: bool
) -> None:
    """A line that was brought last is at hand when it goes, as a whole or in parts, unless that is too much to be kept; and
    it leaves no trace."""
    monkeypatch.setattr(tapes, "_STRUCK", most)
    row, asked = laid(random.Random(7), STRIPS[0]), list[int]()
    a, b = everywhere(row)[0]
    desk, tape = console([row]), Tape()
    tape.begin(N, desk.room, 0)
    bring(tape, [Move(row, [(a, b)], [(desk, row.line, np.add)])])
    sound = row.sound
    row.sound = lambda at, n, scratch: (asked.append(at), sound(at, n, scratch))[1]  # type: ignore[method-assign]
    middle = (a + b) // 2 // tapes.BLOCK * tapes.BLOCK
    bring(tape, [Move(row, [(a, middle), (middle, b)], [(desk, row.line, np.subtract)])])
    assert bool(asked) == struck
    assert not tape.read(0, N).any()


def test_a_ring_that_was_given_up_is_done_again() -> None:
    """When room and echo are stopped in the middle of their answer, the next time completes it."""
    row = laid(random.Random(3), replace(STRIPS[0], delay=0.3))
    desk = console([row])
    tape = Tape()
    tape.begin(N, desk.room, DELAY)
    bring(tape, [Move(row, everywhere(row), [(desk, row.line, np.add)])])
    for stop in (1, 3, 5):
        left = iter(range(stop))

        def ask(end: int, left: object = left) -> None:
            next(left)  # type: ignore[call-overload]

        with pytest.raises(StopIteration):
            tape.ring(ask)
    tape.ring(lambda end: None)
    np.testing.assert_array_equal(tape.read(0, N), wet(desk))


def test_sums_do_not_hang_upon_their_order() -> None:
    """The same lines in another order make the same mix, bit for bit."""
    rows = [laid(random.Random(number), strip) for number, strip in enumerate(STRIPS)]
    np.testing.assert_array_equal(wet(console(rows)), wet(console(rows[::-1])))


def test_a_whole_number_is_fine_enough() -> None:
    """Summed in whole numbers a mix is within -130 dB of the sum of its samples."""
    rows = [laid(random.Random(number), Strip()) for number in range(4)]
    out, scratch = np.zeros((2, N), np.float64), np.empty((2, CHUNK), np.float32)
    sides = np.array([[g] for g in dsp.pan(0.0)])
    for row in rows:
        for at in range(0, N, CHUNK):
            heard = row.sound(at, min(CHUNK, N - at), scratch)
            if heard:
                out[:, heard[0] : heard[0] + heard[1].shape[1]] += heard[1] * sides
    made = wet(Console(N, rows))
    assert np.abs(out).max() > 0.01
    assert np.abs(made - out).max() < 10 ** (-130 / 20)


def test_an_echo_is_silent_after_its_reach() -> None:
    """What rings on after a chunk is over where ``reach`` says."""
    echo = effects.Echo(DELAY)
    echo.feed(dsp.noise("send", CHUNK))
    heard = echo.feed(np.zeros(CHUNK, np.float32))
    assert np.abs(heard).max() > 0.01 and not heard[:, echo.reach :].any()


def test_gains_are_local_to_the_bit() -> None:
    """Any stretch of the compressor's and the limiter's curves worked out alone is that stretch of the whole curve."""
    chance, cells = random.Random(5), 1_400
    energy = np.square(dsp.noise("energy", cells * PIECES).astype(np.float64)) * 40.0
    peaks = np.abs(dsp.noise("peaks", cells * PIECES)) * np.float32(3.0)
    base = dynamics.squeezed(energy, -18.0, 0, cells * CELL)
    whole = dynamics.limited(base, peaks, -1.0, 0, cells * CELL)
    assert base.min() < 0.9 and (whole < 0.8 * base).any() and (base * peaks).max() > 1.0
    for _ in range(12):
        a, b = sorted(chance.sample(range(cells + 1), 2))
        part = slice(a * PIECES, b * PIECES)
        np.testing.assert_array_equal(dynamics.squeezed(energy, -18.0, a * CELL, b * CELL), base[part])
        np.testing.assert_array_equal(dynamics.limited(base, peaks, -1.0, a * CELL, b * CELL), whole[part])


@pytest.mark.parametrize("grain", [4_096, 12_250, 28_224])
def test_what_two_share_is_cut_into_enough_pieces(grain: int) -> None:
    """Pieces follow one another, hold what the spans hold, begin at multiples of a grain, are none of them long, and there are
    enough of them for two to be done at the same time: eight, or one for each grain."""
    for spans in ([(0, 3 * grain)], [(grain, 70 * grain + 5)], [(0, 2 * grain), (9 * grain, 400 * grain)], []):
        found = pieces(spans, grain)
        assert aligned(found, 1, 1 << 40) == tuple(spans)
        assert all(a < b <= c for (a, b), (c, _) in pairwise(found))
        assert all(a % grain == 0 and b - a <= max(98_304, grain) for a, b in found)
        assert len(found) >= min(8, sum(b - a for a, b in spans) // grain)
