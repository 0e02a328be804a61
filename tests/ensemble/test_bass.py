"""Laws of the bass."""

from __future__ import annotations

from itertools import pairwise

import pytest
from msgspec.structs import replace

from scorekit.ensemble.bass import Bass
from scorekit.ensemble.degrees import Register, approach, resolve
from scorekit.ensemble.listening import told as gathered
from scorekit.ideas import HIT, BassIdeas, BassLine, Hit, Pattern, Walk
from scorekit.score import Brief, Cell, Chord, Intent, Key, Lane, Note, Phrase, Seam, Section
from scorekit.seeds import Seed
from scorekit.stage import Dials
from scorekit.timebase import PPQ, Meter

KEY = Key(9, "minor", "A")
LOOP = [(9, "min"), (5, "maj"), (0, "maj"), (7, "maj")]
METERS = [Meter(3, 4), Meter(4, 4), Meter(5, 4), Meter(6, 8), Meter(7, 8), Meter(12, 8)]


def pattern(text: str, per_bar: int = 16) -> Pattern:
    hits: list[Hit] = []
    for step, mark in enumerate(text):
        if mark == "-":
            hits[-1] = replace(hits[-1], length=hits[-1].length + 1)
        elif mark != ".":
            hits.append(Hit(step, mark))
    return Pattern(len(text), per_bar, tuple(hits))


EIGHTHS = BassLine("eighths", (3, 4, 5), 3.0, "p", "", pattern("X-x-x-x-x-x-x-x-"), ("R",) * 8)
FUNK = BassLine("the-one", (1, 2, 3, 4), 2.0, "p", "", pattern("X--...x..x.x..x."), ("R", "b7", "R", "x", "<"))
IDEAS = BassIdeas(28, 52, (EIGHTHS, FUNK))
WALK = replace(
    IDEAS,
    walk=Walk(
        (3, 4, 5),
        (("R", 79), ("3", 9), ("5", 7), ("7", 2), ("s", 3)),
        (("s", 33), ("3", 22), ("5", 19), ("R", 15), ("7", 11)),
        (("+1", 29), ("-1", 21), ("-2", 18), ("+2", 7), ("+5", 7), ("-7", 3), ("other", 15)),
        (1, 2),
        (("5", 43), ("R", 24), ("3", 20), ("7", 13)),
        (("medium", 0.1),),
    ),
)


def brief(ideas: BassIdeas = IDEAS, meter: Meter = METERS[1], tier: int = 3, bars: int = 8, **more: object) -> Brief:
    chords = tuple(Chord(n * meter.bar, meter.bar, *LOOP[n % 4], LOOP[n % 4][0]) for n in range(bars))
    chords = more.pop("chords", chords)  # type: ignore[assignment]
    flags = more.pop("flags", frozenset())
    intents = more.pop("intents", ())
    section = Section("A", 1, bars, meter, 4, tier, KEY, chords, flags, intents)  # type: ignore[arg-type]
    lane = more.pop("lane", Lane(low=28, high=52, tier=tier))
    told = {"seam": Seam(next_chord=chords[0]), "dials": Dials(), "cell": Cell(), "seed": Seed("7/A/1/bass"), **more}
    return Brief("bass", section, lane, ideas, band="medium", **told)  # type: ignore[arg-type]


def kicks(brief: Brief, *steps: int) -> Brief:
    bar = brief.section.meter.bar
    notes = tuple(Note(b * bar + s * PPQ // 4, 60, 36, 100) for b in range(brief.section.bars) for s in steps)
    return drummed(brief, notes)


def drummed(brief: Brief, notes: tuple[Note, ...]) -> Brief:
    return replace(brief, gists=gathered("bass", (Phrase("drums", notes),), brief.section))


@pytest.mark.parametrize("meter", METERS, ids=str)
@pytest.mark.parametrize("ideas", [IDEAS, WALK, BassIdeas()])
def test_any_meter_any_genre(meter: Meter, ideas: BassIdeas) -> None:
    """In every meter: one note at a time, inside lane and section, in order, the same each time, with its origin."""
    asked = brief(ideas, meter)
    phrase = Bass().play(asked)
    assert phrase == Bass().play(asked)
    assert len(phrase.notes) >= asked.section.bars
    for note, after in zip(phrase.notes, [*phrase.notes[1:], None], strict=True):
        assert 28 <= note.pitch <= 52
        assert 0 <= note.start < note.end <= asked.section.length
        assert after is None or note.end <= after.start
        assert phrase.origins[note.origin].maker == "bass"


@pytest.mark.parametrize("seed", range(6))
def test_every_chord_has_its_bass(seed: int) -> None:
    """A pattern line sounds the chord's bass within a fifth of a beat of every change, within the bar too."""
    half = 2 * PPQ
    chords = tuple(Chord(n * half, half, *LOOP[n % 4], LOOP[n % 4][0]) for n in range(16))
    asked = brief(chords=chords, seed=Seed(f"{seed}/A/1/bass"))
    notes = Bass().play(asked).notes
    for chord in chords:
        assert any(abs(n.start - chord.start) <= PPQ // 5 and n.pitch % 12 == chord.bass for n in notes)


def test_slash_chords_put_their_bass_below() -> None:
    """D/F# has F# in the bass and A as its fifth."""
    register = Register(28, 52, Key(2, "major"))
    chord = Chord(0, PPQ, 2, "maj", 6)
    root = register.root(chord.bass, 30)
    assert resolve("R", chord, root, register) % 12 == 6
    assert resolve("5", chord, root, register) % 12 == 9


def test_degrees_agree_with_the_chord() -> None:
    """Thirds follow the chord, a flat seventh bends over a major seventh, approaches frame the target."""
    register = Register(28, 52, Key(0, "major"))
    minor, major7 = Chord(0, PPQ, 9, "min7", 9), Chord(0, PPQ, 0, "maj7", 0)
    assert resolve("3", minor, 33, register) == 36
    assert resolve("b7", major7, 36, register) == 45
    assert resolve("b7", Chord(0, PPQ, 7, "7", 7), 31, register) == 41
    assert [approach(t, major7, 43, 36, register) for t in ("<", ">", "(", ")")] == [42, 44, 41, 45]


def test_the_kick_is_met() -> None:
    """More kicks are met when the genre asks for it, and no onset moves further than a step."""

    def met(lock: float) -> float:
        asked = kicks(brief(replace(IDEAS, lines=(FUNK,), kick_lock=lock)), 0, 7, 10)
        onsets = {n.start for n in Bass().play(asked).notes}
        struck = asked.gist("drums").kicks
        return sum(k in onsets for k in struck) / len(struck)

    assert met(0.0) < met(0.9)
    assert met(0.9) >= 0.65


def test_more_of_everything_is_more() -> None:
    """More density and more complexity never mean fewer notes."""
    line = replace(IDEAS, lines=(BassLine("two", (3,), 1.0, "p", "", pattern("X-------x---x---"), ("R", "5", "R")),))
    counts = [
        len(Bass().play(brief(line, lane=Lane(low=28, high=52, density=d), dials=Dials(complexity=c))).notes)
        for d, c in ((0.1, 0.2), (0.3, 0.5), (0.5, 0.5), (0.8, 0.5), (0.9, 0.9))
    ]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_four_bars_are_not_one_bar_four_times() -> None:
    """The line remembers its pattern but does not photocopy it: eight bars have at least four different ones."""
    notes = Bass().play(kicks(brief(dials=Dials(creativity=0.7)), 0, 6, 8)).notes
    root = {n: 9 if n % 4 == 0 else LOOP[n % 4][0] for n in range(8)}
    bars = {tuple((n.start % 3840, (n.pitch - root[b]) % 12) for n in notes if n.start // 3840 == b) for b in range(8)}
    assert len(bars) >= 4


def test_walking_aims_at_the_next_chord() -> None:
    """Most changes are led into by a step, most chords begin on their root, and every beat has its note."""
    steps = arrivals = roots = 0
    for seed in range(8):
        asked = brief(WALK, seed=Seed(f"{seed}/A/1/bass"))
        beats = [n for n in Bass().play(asked).notes if n.start % PPQ == 0]
        assert len(beats) >= 4 * asked.section.bars - 1
        for before, note in pairwise(beats):
            if note.start % 3840 == 0:
                arrivals += 1
                steps += 0 < abs(note.pitch - before.pitch) <= 2
                roots += note.pitch % 12 == asked.section.chord_at(note.start).bass
    assert 0.5 <= steps / arrivals <= 0.95
    assert roots / arrivals >= 0.65


def test_a_walk_does_not_rock() -> None:
    """A note, its neighbour and the same note again come in one of twenty beats at most, roots left aside."""
    rocks = beats = 0
    for seed in range(20):
        asked = brief(WALK, seed=Seed(f"{seed}/A/1/bass"))
        line = [n for n in Bass().play(asked).notes if n.manner != "dead" and n.start % PPQ == 0]
        for a, b, c in zip(line, line[1:], line[2:], strict=False):
            near = a.pitch == c.pitch and abs(a.pitch - b.pitch) <= 2
            rocks += near and c.pitch % 12 != asked.section.chord_at(c.start).bass
            beats += 1
    assert beats > 400
    assert rocks <= 0.05 * beats


def test_a_walk_finds_its_way_again() -> None:
    """Over the same chords most bars of a walk are those of another section, fewer with more creativity, other songs walk
    otherwise; no bar is that of the bar before."""

    def walked(song: int, section: str, creativity: float) -> list[tuple[tuple[int, int], ...]]:
        asked = brief(WALK, seed=Seed(f"{song}/{section}/1/bass"), dials=Dials(creativity=creativity))
        notes = Bass().play(asked).notes
        return [tuple((n.start % 3840, n.pitch) for n in notes if n.start // 3840 == bar) for bar in range(8)]

    def alike(creativity: float, other: int = 0) -> int:
        pairs = [zip(walked(n, "A", creativity), walked(n + other, "B", creativity), strict=True) for n in range(12)]
        return sum(a == b for pair in pairs for a, b in pair)

    assert alike(0.0) == 96
    assert 96 > alike(0.5) > alike(1.0) > alike(0.5, other=40)
    assert all(a != b for n in range(12) for a, b in pairwise(walked(n, "A", 0.5)))


def test_the_quiet_walk_is_in_two() -> None:
    """At the tiers of the two-feel there are about two notes a bar."""
    assert 2 <= len(Bass().play(brief(WALK, tier=2)).notes) / 8 <= 3


def test_a_root_may_come_early_and_be_held_over_the_change() -> None:
    """``N`` on the last off-beat is the next chord's root and is not struck again at the change it is held over."""
    line = BassLine(
        "early", (3,), 1.0, "p", "", pattern("X-----x-x-----x-------x-x-----x-"), ("R", "5", "5-", "N", "5", "5-", "N")
    )
    asked = brief(replace(IDEAS, lines=(line,), approach=0.0, kick_lock=0.0), bars=2, dials=Dials(creativity=0.0))
    notes = Bass().play(asked).notes
    early = next(note for note in notes if note.start == 7 * PPQ // 2)
    assert early.pitch % 12 == asked.section.chords[1].root
    assert 4 * PPQ not in {note.start for note in notes}
    assert notes[-1].pitch % 12 == asked.seam.next_chord.root  # type: ignore[union-attr]


def test_the_last_note_aims_over_the_seam() -> None:
    """What follows the section is heard in its last bar only."""
    near = Bass().play(brief(WALK)).notes
    far = Bass().play(brief(WALK, seam=Seam(next_chord=Chord(0, 3840, 4, "7", 4)))).notes
    assert [n for n in near if n.start < 3840] == [n for n in far if n.start < 3840]
    line = Bass().play(brief(replace(IDEAS, approach=1.0), seam=Seam(next_chord=Chord(0, 3840, 2, "min", 2))))
    assert abs(line.notes[-1].pitch % 12 - 2) in (1, 2, 3, 10, 5, 7)


def test_roots_do_not_climb_off_the_floor_with_the_hand() -> None:
    """From an octave figure the next root may lie as high as G2 and no higher, and the hand comes down to it by a sixth at
    most; the roots of a bass that ends at B2 lie lower still. Some do follow the hand."""
    climb = BassLine("climb", (3,), 1.0, "p", "", pattern("x---x---x---x-x-"), ("R", "5", "8", "10", "("))
    ideas = replace(IDEAS, lines=(climb,), approach=0.0, kick_lock=0.0)
    ones: dict[int, set[int]] = {}
    for high, ceiling in ((52, 43), (47, 41)):
        for root in range(12):
            chords = tuple(Chord(n * 3840, 3840, r, "maj", r) for n, r in enumerate((root, 4, root, 9, root, 7)))
            lane = Lane(low=28, high=high, tier=3)
            asked = brief(ideas, bars=6, chords=chords, lane=lane, dials=Dials(creativity=0.0))
            notes = Bass().play(asked).notes
            ones.setdefault(high, set()).update(n.pitch for n in notes if n.start % 3840 == 0)
            assert min(b.pitch - a.pitch for a, b in pairwise(notes)) >= -9
        assert max(ones[high]) <= ceiling
    assert max(ones[52]) == 43


def test_intents_are_executed() -> None:
    """A stop is silent, a hold rings alone, an accent is struck, a pedal stays on one pitch, a push comes early."""
    bar = 3840
    intents = (
        Intent(bar + 1920, "stop"),
        Intent(2 * bar, "hold"),
        Intent(3 * bar + 1440, "accent"),
        Intent(5 * bar, "push"),
        Intent(6 * bar, "pedal"),
    )
    notes = Bass().play(brief(intents=intents)).notes
    assert not [n for n in notes if bar + 1920 <= n.start < 2 * bar or (n.start < bar + 1920 < n.end)]
    held = [n for n in notes if 2 * bar <= n.start < 3 * bar]
    assert [(n.start, n.end) for n in held] == [(2 * bar, 3 * bar)]
    assert any(n.start == 3 * bar + 1440 and n.velocity > 100 for n in notes)
    pushed = next(n for n in notes if n.start == 5 * bar - 480)
    assert pushed.pitch % 12 == LOOP[1][0]
    assert pushed.end > 5 * bar
    assert len({n.pitch % 12 for n in notes if n.start >= 6 * bar}) == 1


@pytest.mark.parametrize("ideas", [IDEAS, WALK])
def test_lane_flags_and_endings(ideas: BassIdeas) -> None:
    """Silent outside the lane, in a vacuum, after the hit of a break; the song ends on its root."""
    bar = 3840
    lane = Lane(low=28, high=52, tier=3, enter=bar, leave=7 * bar, rests=(3,))
    starts = {n.start // bar for n in Bass().play(brief(ideas, lane=lane)).notes}
    assert starts == {1, 2, 4, 5, 6}
    empty = Bass().play(brief(ideas, flags=frozenset({"vacuum"}))).notes
    assert max(n.end for n in empty) <= 8 * bar - 1920
    broken = [n for n in Bass().play(brief(ideas, flags=frozenset({"break"}))).notes if n.start >= 7 * bar]
    assert [n.start for n in broken] == [7 * bar]
    last = [n for n in Bass().play(brief(ideas, ending=HIT, seam=Seam())).notes if n.start >= 7 * bar]
    assert [(n.start, n.pitch % 12) for n in last] == [(7 * bar, LOOP[3][0])]
    assert last[0].length > 2 * PPQ


def test_fills_are_left_room() -> None:
    """While the toms roll, the bass keeps to the beat."""
    asked = kicks(brief(replace(IDEAS, lines=(EIGHTHS,))), 0, 8)
    toms = tuple(Note(3 * 3840 + 1920 + n * 240, 60, 47, 100) for n in range(8))
    groove = tuple(Note(tick, 60, 36, 100) for tick in asked.gist("drums").kicks)
    filled = drummed(asked, tuple(sorted((*groove, *toms), key=lambda n: n.start)))

    def busy(b: Brief) -> int:
        return sum(3 * 3840 + 1920 <= n.start < 4 * 3840 and n.start % PPQ != 0 for n in Bass().play(b).notes)

    assert busy(filled) < busy(asked)


def test_half_time_halves() -> None:
    """At half pace there are about half as many notes."""
    lane = Lane(low=28, high=52, tier=3, pace="half")
    assert len(Bass().play(brief(lane=lane)).notes) <= 0.65 * len(Bass().play(brief()).notes)


def test_bids_are_few_and_of_known_families() -> None:
    """Whatever it is asked, the bass bids seldom, deterministically, and with a reason."""
    for tier in range(1, 6):
        wishes = Bass().bid(brief(tier=tier, flags=frozenset({"nodrums"})))
        assert len(wishes) <= 3
        assert all(w.family in ("tempo", "key", "energy", "instruments") and w.reason for w in wishes)


@pytest.mark.parametrize(("grid", "second"), [(4, PPQ // 2), (3, PPQ * 2 // 3)])
def test_a_late_bass_comes_in_with_the_beat_of_the_music(grid: int, second: int) -> None:
    """A line that enters before a bar has two notes there, or its last eighth alone, or begins on the bar: even eighths, in
    swing a long and a short. Songs have ways of their own, all are heard, and sections of one song have the same."""
    ways = {}
    for song in range(16):
        asked = brief(lane=Lane(low=28, high=52, tier=3, enter=7 * PPQ), seed=Seed(f"{song}/A/1/bass"))
        asked = replace(asked, section=replace(asked.section, grid=grid))
        early = [n.start for n in Bass().play(asked).notes if n.start < 8 * PPQ]
        ways[song] = early
        again = replace(asked, seed=Seed(f"{song}/B/1/bass"))
        assert [n.start for n in Bass().play(again).notes if n.start < 8 * PPQ] == early
    assert {tuple(way) for way in ways.values()} == {(), (7 * PPQ + second,), (7 * PPQ, 7 * PPQ + second)}
