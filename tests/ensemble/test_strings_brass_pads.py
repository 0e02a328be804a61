"""Strings, brass and pads: every behaviour in every meter, voices that move a little, breath, hits and endings."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from msgspec.structs import replace

from scorekit import theory
from scorekit.ensemble import brass, pads, strings
from scorekit.ensemble.base import Specialist
from scorekit.ensemble.chorale import led_through, spans, squats
from scorekit.ensemble.sustain import Player, led, moving
from scorekit.ideas import HIT, Behaviour, SustainIdeas
from scorekit.score import Brief, Cell, Chord, Intent, Key, Lane, Note, Phrase, Section
from scorekit.seeds import Seed
from scorekit.stage import Dials
from scorekit.timebase import PPQ, Meter

METERS = (Meter(4, 4), Meter(3, 4), Meter(5, 4), Meter(6, 8), Meter(7, 8), Meter(12, 8))
LOOP = ((9, "min7"), (2, "9"), (7, "7"), (0, "maj7"))
BAR = 4 * PPQ
BAND: dict[str, tuple[Specialist, tuple[int, int], tuple[str, ...]]] = {
    "strings": (strings.Strings(), (52, 84), tuple(strings.KINDS)),
    "brass": (brass.Brass(), (52, 79), tuple(brass.KINDS)),
    "pads": (pads.Pads(), (48, 76), tuple(pads.KINDS)),
}
EVERY = [(part, kind) for part, (_, _, kinds) in BAND.items() for kind in kinds]
TUNE = tuple(Note(n * 2 * BAR + at * PPQ, PPQ, 76 - at, 80) for n in range(4) for at in (0, 1, 2, 3, 4))


def brief(part: str, kind: str, meter: Meter = METERS[0], bars: int = 8, **changes: object) -> Brief:
    """A brief for one behaviour over a loop of four chords; section fields may be changed by name."""
    _, (low, high), _ = BAND[part]
    chords = tuple(Chord(n * meter.bar, meter.bar, *LOOP[n % 4], LOOP[n % 4][0]) for n in range(bars))
    section = Section("chorus", 1, bars, meter, 4, 4, Key(0, "major", "C"), chords)
    section = replace(section, **{k: v for k, v in changes.items() if hasattr(section, k)})  # type: ignore[arg-type]
    ideas = SustainIdeas(low, high, (Behaviour(kind, (1, 2, 3, 4, 5), 1.0, f"genre.{part}.0", "", kind),))
    own = {k: v for k, v in changes.items() if not hasattr(section, k)}
    made = Brief(part, section, Lane(low=low, high=high, tier=4), ideas, Dials(), Cell(), Seed("9").at(part), "medium")
    return replace(made, **own)  # type: ignore[arg-type]


def play(part: str, kind: str, **changes: object) -> Phrase:
    return BAND[part][0].play(brief(part, kind, **changes))  # type: ignore[arg-type]


def heard(notes: tuple[Note, ...] = TUNE) -> tuple[Phrase, ...]:
    return (Phrase("lead", notes),)


def test_held_chords_rather_lose_a_voice_than_stand_on_their_roots() -> None:
    """Under a tune so low that four voices, or three, have room for nothing but triads close on their roots, as beginners play
    them, those who hold chords take one voice less where that leads on."""
    triads = tuple((root, quality, 69, ()) for root, quality in ((9, "min"), (5, "maj"), (9, "min"), (7, "min")))
    for count in (3, 4):
        way = led_through(triads, 53, 77, count, 0.3)
        assert sum(squats(chord, root) for chord, (root, *_) in zip(way, triads, strict=True)) <= 2, way
        assert all(len(chord) >= 2 and chord[-1] < 69 for chord in way), way


def test_a_long_chorus_is_held_before_it_runs() -> None:
    """Strings that run through a chorus of eight bars hold chords in its first half; a verse, four bars, or a song that asks for
    the figure, runs from the first bar on."""

    def strokes(**changes: object) -> list[int]:
        asked = brief("strings", "ostinato", **changes)
        told = Counter(n.start // BAR for n in BAND["strings"][0].play(asked).notes)  # type: ignore[attr-defined]
        return [told[bar] for bar in range(asked.section.bars)]

    lifted = strokes(melody="hook")
    assert max(lifted[:4]) <= 4 < 8 <= min(lifted[4:])
    for running in (strokes(), strokes(melody="hook", bars=4), strokes(melody="hook", cell=Cell(pattern="ostinato"))):
        assert min(running) >= 8


@pytest.mark.parametrize(("part", "kind"), EVERY)
def test_any_meter(part: str, kind: str) -> None:
    """In every meter and length, with and without a tune, a behaviour stays in lane and section, and is pure."""
    _, (low, high), _ = BAND[part]
    for meter in METERS:
        for bars, tune in ((1, ()), (3, heard()), (8, heard()), (8, ())):
            phrase = play(part, kind, meter=meter, bars=bars, heard=tune)
            assert all(low <= n.pitch <= high and 0 <= n.start < n.end <= bars * meter.bar for n in phrase.notes)
            assert phrase == play(part, kind, meter=meter, bars=bars, heard=tune)
    assert play(part, kind, heard=heard()).notes


@pytest.mark.parametrize(("part", "kind"), EVERY)
def test_swings_in_triplets(part: str, kind: str) -> None:
    """In a genre of three steps to the beat nothing begins on a straight eighth."""
    swung = tuple(replace(n, start=n.start + 2 * PPQ // 3 * (k % 3 == 1)) for k, n in enumerate(TUNE))
    for tune in ((), heard(swung)):
        for seed in range(4):
            notes = play(part, kind, grid=3, heard=tune, seed=Seed(str(seed))).notes
            assert not [n for n in notes if n.start % PPQ == PPQ // 2]


@pytest.mark.parametrize("kind", ["stabs", "backgrounds", "falls"])
def test_brass_plays_swung_eighths(kind: str) -> None:
    """In triplets the horns' off-beats lie two thirds into the beat."""
    notes = [n for s in range(4) for n in play("brass", kind, grid=3, heard=heard(), seed=Seed(str(s))).notes]
    assert any(n.start % PPQ == 2 * PPQ // 3 for n in notes)


@pytest.mark.parametrize(("part", "kind"), EVERY)
def test_lane_and_origin(part: str, kind: str) -> None:
    """Silent outside its lane's bars; every note has the behaviour's path and says what it is."""
    lane = Lane(low=52, high=76, tier=4, enter=BAR, leave=7 * BAR, rests=(3,))
    phrase = play(part, kind, lane=lane, heard=heard())
    assert all(BAR <= n.start < 7 * BAR and n.start // BAR != 3 and n.end <= 7 * BAR for n in phrase.notes)
    assert all(o.path == f"genre.{part}.0" and o.maker == part and o.idea for o in phrase.origins)


@pytest.mark.parametrize("part", sorted(BAND))
def test_hits_and_stops(part: str) -> None:
    """Everybody strikes a shot, leaves a stop and a break silent, and rings on alone through a hold."""
    intents = (Intent(BAR, "shot"), Intent(2 * BAR + PPQ, "stop"), Intent(4 * BAR, "hold"), Intent(6 * BAR, "nochord"))
    notes = play(part, "sustain", intents=intents, flags=frozenset({"break"})).notes
    assert any(n.start == BAR and n.length <= PPQ // 2 for n in notes)
    assert not any(2 * BAR + PPQ <= n.start < 3 * BAR or 6 * BAR <= n.start < 7 * BAR for n in notes)
    assert {n.start for n in notes if 4 * BAR <= n.start < 5 * BAR} == {4 * BAR}
    assert not any(n.start > 7 * BAR for n in notes)


@pytest.mark.parametrize(("part", "kind"), EVERY)
def test_song_ends(part: str, kind: str) -> None:
    """In the song's last bar the final chord is struck on its first beat and nothing follows."""
    notes = play(part, kind, ending=HIT, heard=heard()).notes
    assert {n.start for n in notes if n.start >= 7 * BAR} == {7 * BAR}
    chord = theory.chord_classes(0, "maj7")
    assert all(n.pitch % 12 in chord for n in notes if n.start == 7 * BAR)


def test_horns_play_a_line_where_the_tune_rests_or_under_it() -> None:
    """One or two tones at once: three and more in a row clear of the tune's onsets, or the whole figure below its lower tones, as
    always where the tune never rests."""
    busy, ways = tuple(Note(n * PPQ // 2, PPQ // 2, 74 + n % 4, 80) for n in range(64)), set[bool]()
    for seed in range(12):
        for tune in (TUNE, busy):
            line = play("brass", "line", heard=heard(tune), seed=Seed(str(seed))).notes
            struck = sorted({n.start for n in line})
            assert len(struck) >= 6 and len(line) <= 2 * len(struck)
            clear = min(abs(at - n.start) for at in struck for n in tune) >= PPQ // 2
            runs = "".join(" " * (b - a > 3 * PPQ // 2) + "x" for a, b in pairwise([-BAR, *struck])).split()
            assert min(map(len, runs)) >= 3 if clear else max(n.pitch for n in line) <= 72
            ways.add(clear)
            assert tune is TUNE or not clear
    assert ways == {True, False}


def test_voices_move_little_but_move() -> None:
    """Led voices move two semitones or less on average, the top one is never frozen, and none crosses another."""
    made = brief("strings", "sustain")
    player = Player(made, made.ideas, made.ideas.behaviours[0], 4, 66.0)  # type: ignore[attr-defined,arg-type]
    chain = led(player, spans(made))
    moves = [abs(b - a) for one, two in pairwise(chain) for a, b in zip(one, two, strict=True)]
    assert sum(moves) / len(moves) <= 2.0
    assert all(voicing == tuple(sorted(set(voicing))) for voicing in chain)
    assert len({voicing[-1] for voicing in chain}) > 1


def test_common_tones_are_held() -> None:
    """A pad holds a pitch two chords share instead of striking it again, and no longer than its longest sustain."""
    notes = play("pads", "sustain_vl").notes
    assert any(n.length > BAR for n in notes)
    assert all(n.length <= 8 * PPQ for n in notes)


def test_under_the_tune() -> None:
    """Sustained strings stay under a tune that lies in their lane."""
    tune = tuple(Note(n * BAR, BAR, 67, 80) for n in range(8))
    tops = [n.pitch for n in play("strings", "sustain", heard=heard(tune)).notes]
    assert sum(top > 67 for top in tops) <= 0.1 * len(tops)


def test_phrases_are_silent_before_they_grow() -> None:
    """The first two of four bars are silent, the chords of the others grow, and where the energy rises a run climbs by steps
    and half steps to the section's end, ever louder."""
    lane = Lane(low=55, high=84, tier=3)
    calm = play("strings", "phrased", lane=lane).notes
    assert {n.start // BAR % 4 for n in calm} == {2, 3}
    for block in (0, 4):
        third, fourth = ([n.velocity for n in calm if n.start // BAR == block + bar] for bar in (2, 3))
        assert max(third) < max(fourth)
    assert not [n for n in calm if n.length < PPQ]
    phrase = play("strings", "phrased", lane=lane, flags=frozenset({"ramp"}))
    run = [n for n in phrase.notes if phrase.origins[n.origin].idea == "runs into what comes"]
    assert run and run[-1].end == 8 * BAR and all(a.end == b.start for a, b in pairwise(run))
    assert all(1 <= b.pitch - a.pitch <= 3 and a.velocity <= b.velocity for a, b in pairwise(run))


@pytest.mark.parametrize(("part", "kind"), [("strings", "phrased"), ("strings", "swell"), ("pads", "swell")])
def test_in_a_loud_hook_nobody_waits(part: str, kind: str) -> None:
    """What grows in the second half of four bars grows from the one of a loud hook, and sounds in each of its bars."""
    verse = play(part, kind, melody="lead").notes
    assert min(n.start for n in verse) == 2 * BAR
    hook = play(part, kind, melody="hook").notes
    assert min(n.start for n in hook) == 0
    assert {n.start // BAR for n in hook} == set(range(8))
    assert min(n.start for n in play(part, kind, melody="hook", tier=3).notes) == 2 * BAR


def test_riser_ends_on_the_boundary() -> None:
    """A riser sounds up to the very end of its section and rises to it."""
    phrase = play("pads", "riser")
    line = [n for n in phrase.notes if phrase.origins[n.origin].idea == "riser"]
    assert line[-1].end == 8 * BAR
    assert line[-1].pitch > line[0].pitch
    assert line[-1].velocity > line[0].velocity


def test_answers_fill_the_gaps() -> None:
    """Horns answer where the tune rests: they begin after a call's tones have ended and stop before it returns."""
    notes = play("brass", "answer", heard=heard()).notes
    assert notes
    for note in notes:
        assert not any(t.start < note.start < t.end for t in TUNE)
        assert not any(t.start < note.end <= t.end for t in TUNE if t.start > note.start)


def test_countermelody_keeps_away() -> None:
    """The line against the tune is a fourth or more away from it and begins mostly where it holds or rests."""
    tune = tuple(Note(n * BAR, 3 * PPQ, 74 + n % 3, 80) for n in range(8))
    notes = play("strings", "countermelody", heard=heard(tune)).notes
    assert all(abs(n.pitch - t.pitch) >= 5 for n in notes for t in tune if t.start < n.end and n.start < t.end)
    assert sum(n.start in {t.start for t in tune} for n in notes) <= 0.35 * len(notes)


LOW_TUNE = tuple(replace(n, pitch=n.pitch - 12) for n in TUNE)


def test_countermelody_sings_above() -> None:
    """Over a tune that leaves room the line lies above its middle, one tone at a time, and moves while the tune rests."""
    notes = play("strings", "countermelody", heard=heard(LOW_TUNE)).notes
    middle = sum(n.pitch for n in LOW_TUNE) / len(LOW_TUNE)
    assert all(n.pitch > middle for n in notes)
    assert all(a.end <= b.start for a, b in pairwise(notes))
    resting = [n for n in notes if not any(t.start <= n.start < t.end for t in LOW_TUNE)]
    assert len(resting) >= len(notes) / 2


@pytest.mark.parametrize(("high", "steps"), [(80, range(-9, -2)), (84, range(15, 20))])
def test_last_choruses_are_backed(high: int, steps: range) -> None:
    """Where a chorus returns at full energy the line goes with the tune on chord tones: a third to a sixth under it, or
    where there is room a third to a fifth and an octave over it, never upon it."""
    lane = Lane(low=52, high=high, tier=5)
    notes = play("strings", "countermelody", heard=heard(LOW_TUNE), occurrence=2, melody="hook", lane=lane).notes
    sung = {t.start: t for t in LOW_TUNE}
    assert notes and all(n.pitch - sung[n.start].pitch in steps for n in notes)
    chords = {n: theory.chord_classes(*LOOP[n % 4]) for n in range(8)}
    assert all(n.pitch % 12 in chords[n.start // BAR] for n in notes)


def test_replies_belong_to_their_chord() -> None:
    """On the beat horns reply with tones of the chord that sounds there, never with two tones a semitone apart on top."""
    for seed in range(12):
        notes = play("brass", "answer", heard=heard(), seed=Seed(str(seed))).notes
        for start in {n.start for n in notes}:
            chord = sorted(n.pitch for n in notes if n.start == start)
            if start % PPQ == 0 and len(chord) > 2:
                assert {p % 12 for p in chord} <= set(theory.chord_classes(*LOOP[start // BAR % 4]))
            assert len(chord) < 2 or chord[-1] - chord[-2] != 1


def test_winds_breathe() -> None:
    """No breath of the horns is longer than six seconds' worth of beats."""
    for kind in brass.KINDS:
        notes = play("brass", kind, bars=16, band="slow").notes
        begun = end = -PPQ
        for note in notes:
            begun = note.start if note.start - end >= PPQ // 2 else begun
            end = max(end, note.end)
            assert end - begun <= 6 * PPQ


def test_stabs_follow_the_accents() -> None:
    """Stabs fall on the rhythm generator's strongest accents."""
    mask = tuple(1.0 if step % 16 in (3, 10) else 0.0 for step in range(8 * 16))
    notes = play("brass", "stabs", accents=mask).notes
    assert {n.start // 240 % 16 for n in notes} == {3, 10}


def test_fuller_with_energy_and_complexity() -> None:
    """More voices at higher energy and with more complexity."""

    def voices(tier: int, complexity: float) -> int:
        lane = Lane(low=52, high=84, tier=tier)
        notes = play("strings", "sustain", lane=lane, dials=Dials(complexity=complexity)).notes
        return sum(n.start == 0 for n in notes)

    assert voices(1, 0.5) < voices(3, 0.5) < voices(5, 0.5)
    assert voices(3, 0.0) < voices(3, 0.5) < voices(3, 1.0)


def test_pushed_chords_come_early() -> None:
    """After a push the chord is struck an eighth before its place."""
    starts = {n.start for n in play("pads", "organ_hold", intents=(Intent(3 * BAR, "push"),)).notes}
    assert 3 * BAR - PPQ // 2 in starts
    assert 3 * BAR not in starts


def test_bids_have_reasons() -> None:
    """Horns ask to rest when energy is low and to play when it is high; every wish says why."""
    horns = brass.Brass()
    assert [b.wish for b in horns.bid(brief("brass", "stabs", tier=2))] == ["rest"]
    assert "play" in [b.wish for b in horns.bid(brief("brass", "stabs", tier=5))]
    for part, (player, _, _) in BAND.items():
        for tier in range(1, 6):
            assert all(b.reason and b.part == part for b in player.bid(brief(part, "sustain", tier=tier)))


def test_power_chords_are_held_as_triads() -> None:
    """Over power chords pads hold the key's own triads, and the chords do not slide in blocks."""
    roots = (4, 5, 7, 4, 0, 2, 4, 4)
    chords = tuple(Chord(n * BAR, BAR, root, "5", root) for n, root in enumerate(roots))
    phrase = play("pads", "sustain", key=Key(4, "minor", "E"), chords=chords)
    held = [frozenset(n.pitch for n in phrase.notes if n.start <= at * BAR < n.end) for at in range(8)]
    assert all(
        any((pitch - root) % 12 in (3, 4) for pitch in notes) for root, notes in zip(roots[2:], held[2:], strict=True)
    )
    moves = [
        {b - a for a, b in zip(sorted(x), sorted(y), strict=True)}
        for x, y in pairwise(held)
        if len(x) == len(y) and x != y
    ]
    assert moves and sum(len(move) == 1 for move in moves) <= 0.3 * len(moves)


def last_bar(**changes: object) -> list[Note]:
    """What pads that hold their chords begin in the last of eight bars, the chord unchanged."""
    return [n for n in play("pads", "sustain_vl", **changes).notes if n.start >= 7 * BAR]


def test_a_section_without_drums_breathes_in() -> None:
    """In its last bar the voices rise and grow, for nearly every seed; with drums, and at the song's end, they are held."""
    quiet = frozenset({"nodrums"})
    risen = 0
    for seed in range(20):
        notes = last_bar(flags=quiet, seed=Seed(f"{seed}/pads"))
        pitches, forces = [n.pitch for n in notes], [n.velocity for n in notes]
        risen += len(notes) >= 5 and pitches == sorted(pitches) and forces[-1] > forces[0] + 12
        assert len(last_bar(seed=Seed(f"{seed}/pads"))) <= 4
        assert len(last_bar(flags=quiet, ending=HIT, seed=Seed(f"{seed}/pads"))) <= 4
    assert risen >= 16


def test_held_chords_move_inside() -> None:
    """Over sixteen seeds some held chord moves one voice by a step while the others stay; a fourth that waits for a third was
    sounding before and comes down by step; and nothing moves over a power chord."""
    moved = waited = 0
    for seed in range(16):
        made = brief("pads", "organ_hold", seed=Seed(f"{seed}").at("pads"))
        player = Player(made, made.ideas, made.ideas.behaviours[0], 4, 60.0)  # type: ignore[attr-defined,arg-type]
        found = moving(player, spans(made))
        for before, pieces in pairwise(found):
            if len(pieces) == 1:
                continue
            (_, one), (_, two) = pieces
            left, come = set(one) - set(two), set(two) - set(one)
            assert len(left) == len(come) == 1 and abs(min(left) - min(come)) <= 2
            moved += 1
            chord = pieces[0][0].chord
            if (min(left) - chord.root) % 12 == 5:
                waited += 1
                assert left <= set(before[-1][1]) and min(come) < min(left)
    assert moved > 10 and waited > 2
