"""How written time becomes played time."""

from __future__ import annotations

import numpy as np
import pytest

from scorekit.ensemble.performance import EARLY, Setting, curve, ratio, take
from scorekit.score import MANNERS, Chord, Key, Note, Phrase, Placement, Seam, Section, Take
from scorekit.stage import Feel
from scorekit.timebase import PPQ, Meter, TempoMap, microseconds

BAR = 4 * PPQ
FOUR = Meter(4, 4)
SWING = (("drums", ((120.0, 2.5), (200.0, 1.7), (300.0, 1.1))),)


def section(bars: int = 4, grid: int = 4, meter: Meter = FOUR, name: str = "A") -> Section:
    chord = Chord(0, bars * meter.bar, 0, "maj", 0)
    return Section(name, 1, bars, meter, grid, 3, Key(0, "major"), (chord,))


def world(bpm: float = 120, seed: str = "7", **feel: object) -> Setting:
    return Setting(seed, Feel(**{"amount": 0.0, **feel}), TempoMap(((0, microseconds(bpm)),)))


def played(notes: tuple[Note, ...], where: Setting, part: str = "drums", start: int = 0, **kind: object) -> Take:
    return take(Phrase(part, notes), Placement(section(**kind), start, 1, Seam(3, 3)), 0, where)


def every(step: int, pitch: int = 42, bars: int = 4, first: int = 0) -> tuple[Note, ...]:
    return tuple(Note(tick, min(step, 240), pitch, 80) for tick in range(first, bars * BAR, step))


def merged(*rows: tuple[Note, ...]) -> tuple[Note, ...]:
    return tuple(sorted((n for row in rows for n in row), key=lambda n: (n.start, n.pitch)))


def test_without_feel_it_is_the_grid() -> None:
    """Amount 0 and no swing: start, length, pitch and velocity are the written ones."""
    for part in ("drums", "bass", "keys", "lead"):
        notes = merged(every(480, 60), every(480, 64))
        events = played(notes, world(), part, start=3 * BAR).events
        assert events["start"].tolist() == [n.start + 3 * BAR for n in notes]
        assert events["velocity"].tolist() == [n.velocity for n in notes]
        assert events["source"].tolist() == list(range(len(notes)))


def test_events_are_read_only_and_sorted() -> None:
    """A take cannot be written to, and is in order of (start, pitch)."""
    events = played(merged(every(240), every(960, 36)), world(amount=1.0)).events
    order = list(zip(events["start"].tolist(), events["pitch"].tolist(), strict=True))
    assert order == sorted(order)
    with pytest.raises(ValueError, match="read-only"):
        events["start"][0] = 1


def test_the_same_again_and_locality() -> None:
    """The same phrase is played the same; taking a note out moves no other."""
    notes = merged(every(480), every(960, 36))
    first, again = (played(notes, world(amount=0.5)).events for _ in range(2))
    assert first.tobytes() == again.tobytes()
    fewer = played(tuple(n for n in notes if n.pitch == 36), world(amount=0.5)).events
    assert fewer["start"].tolist() == first["start"][first["pitch"] == 36].tolist()


def test_eighths_swing_by_tempo() -> None:
    """The off-beat eighth goes to r / (1 + r) of the beat, and r falls with the tempo."""
    for bpm, long_short in ((120, 2.5), (200, 1.7), (160, 2.1)):
        second = played(every(480), world(bpm, swing=SWING)).events["start"][1]
        assert second == round(PPQ * long_short / (1 + long_short))


def test_short_notes_never_get_shorter_than_ninety_ms() -> None:
    """At high tempo the ratio gives way."""
    feel = Feel(8, (("drums", ((100.0, 3.0), (300.0, 3.0))),))
    assert ratio(feel, "drums", 250, 4) == pytest.approx(240 / 90 - 1)


def test_third_triplets_swing_and_played_out_triplets_do_not() -> None:
    """On a triplet grid the last third moves, unless the middle one is struck too."""
    skipped = tuple(Note(t, 200, 51, 80) for t in (0, 640))
    full = tuple(Note(t, 200, 51, 80) for t in (0, 320, 640))
    assert played(skipped, world(120, swing=SWING), grid=3).events["start"][1] == round(PPQ * 2.5 / 3.5)
    assert played(full, world(120, swing=SWING), grid=3).events["start"].tolist() == [0, 320, 640]


def test_compound_meters_do_not_swing_eighths() -> None:
    """In 6/8 the eighths are the beat's thirds already."""
    notes = every(480, bars=3)
    straight = played(notes, world(swing=SWING), meter=Meter(6, 8)).events["start"]
    assert straight.tolist() == [n.start for n in notes]


def test_the_soloist_is_late_on_the_beat_and_with_the_ride_off_it() -> None:
    """Downbeats come late by the written milliseconds, off-beats together with the drums."""
    where = world(150, swing=SWING, lead_late=((100.0, 38.0), (200.0, 20.0)))
    notes = every(480, 70)
    lead, ride = played(notes, where, "lead").events["start"], played(notes, where, "drums").events["start"]
    assert lead[0] - ride[0] == round(29 * 2.4)
    assert lead[1] == ride[1]


def test_offsets_and_lean() -> None:
    """Offsets move a kit row at a step; the bass leans, the ride half as far."""
    where = world(120, offsets=(("snare", (0.0,) * 4 + (5.0,)),), lean=((120.0, -10.0),))
    drums = played((Note(0, 9, 51, 80), Note(PPQ, 9, 36, 80), Note(PPQ, 9, 38, 80)), where, start=BAR).events
    assert drums["start"].tolist() == [BAR - 10, BAR + PPQ, BAR + PPQ + 10]
    assert played((Note(0, 9, 40, 80),), where, "bass", start=BAR).events["start"][0] == BAR - 19


def residuals(events: np.ndarray, notes: tuple[Note, ...], pitch: int, start: int) -> dict[int, float]:
    """Milliseconds off the grid, less the mean of each place in the bar, by tick."""
    mine = events[events["pitch"] == pitch]
    grid = np.array([notes[i].start for i in mine["source"]])
    off = (mine["start"] - grid - start) / 1.92
    for place in set((grid % BAR).tolist()):
        off[grid % BAR == place] -= off[grid % BAR == place].mean()
    return dict(zip(grid.tolist(), off.tolist(), strict=True))


def test_humans_drift_together() -> None:
    """At amount 1: kick and hat correlate near .68; the hat's memory is near .70 .56 .36 .15 at 2 4 8 16 sixteenths."""
    notes = merged(every(480, 42, 32), every(BAR, 36, 32))
    together, memory = [], {2: [], 4: [], 8: [], 16: []}
    for song in range(20):
        take_ = played(notes, world(seed=str(song), amount=1.0), start=20 * BAR, bars=32)
        hat, kick = (residuals(take_.events, notes, pitch, 20 * BAR) for pitch in (42, 36))
        together.append(np.corrcoef([kick[t] for t in kick], [hat[t] for t in kick])[0, 1])
        walk = [hat[t] for t in sorted(hat)]
        for lag, found in memory.items():
            found.append(np.corrcoef(walk[: -lag // 2], walk[lag // 2 :])[0, 1])
    assert np.mean(together) == pytest.approx(0.68, abs=0.08)
    for lag, wanted in ((2, 0.70), (4, 0.56), (8, 0.36), (16, 0.15)):
        assert np.mean(memory[lag]) == pytest.approx(wanted, abs=0.1)


def test_more_amount_more_scatter() -> None:
    """Deviation grows with amount and stays within a fraction of a sixteenth."""
    notes = every(480, bars=16)
    grid = np.array([n.start for n in notes]) + BAR
    takes = [played(notes, world(amount=a), start=BAR, bars=16) for a in (0.1, 0.3, 0.6)]
    spread = [np.std(found.events["start"] - grid) for found in takes]
    assert spread[0] < spread[1] < spread[2] < 40


def test_sections_keep_to_themselves() -> None:
    """No note begins earlier than a little before its section, or before the song; all end before the next begins."""
    notes = merged(every(120, 42, 1), every(PPQ, 36, 1))
    for start in (0, BAR):
        events = played(notes, world(amount=1.0), start=start, bars=1).events
        assert events["start"].min() >= max(0, start - EARLY)
        assert (events["start"] + events["length"]).max() <= start + BAR - EARLY


def test_a_pitch_never_overlaps_itself() -> None:
    """However wild the timing, a repeated pitch keeps its order and ends before it begins again."""
    events = played(every(60, 42, 2), world(amount=1.0), bars=2).events
    assert (np.diff(events["start"]) > 0).all()
    assert (events["start"][:-1] + events["length"][:-1] <= events["start"][1:]).all()


def test_strums_run_over_the_strings() -> None:
    """A down-stroke sounds low to high, an up-stroke high to low, 8 to 18 ms apart; plucked chords together."""
    for manner, sign in (("down", 1), ("up", -1)):
        chord = tuple(Note(BAR, 400, pitch, 80, manner) for pitch in (52, 59, 64))
        events = played(chord, world(amount=0.3), "guitar").events
        order = events[np.argsort(events["pitch"])]["start"] * sign
        assert all(8 <= gap / 1.92 <= 19 for gap in np.diff(order))
    block = played(tuple(Note(BAR, 400, p, 80) for p in (52, 59, 64)), world(amount=0.3), "guitar").events
    assert len(set(block["start"].tolist())) == 1


def test_repeated_notes_are_not_equal() -> None:
    """A line of equal notes breathes: velocities differ, and the arch of four bars shows."""
    loud = played(every(480, 60), world(amount=0.4), "bass").events["velocity"]
    assert len(set(loud.tolist())) >= 5
    assert loud[16:24].mean() > loud[:8].mean()


def test_flams_are_played_out() -> None:
    """A flam has a soft grace note before it, from the same written note."""
    events = played((Note(BAR, 240, 38, 100, "flam"),), world()).events
    assert events["source"].tolist() == [0, 0]
    assert events["velocity"][0] < 50
    assert events["manner"].tolist() == [MANNERS.index("ghost"), 0]


def test_curves_are_level_outside_their_points() -> None:
    """Values are interpolated between points and held beyond them."""
    points = ((100.0, 2.0), (200.0, 1.0))
    assert [curve(points, at) for at in (50, 100, 150, 250)] == [2.0, 2.0, 1.5, 1.0]
