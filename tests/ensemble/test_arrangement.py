"""Who is on stage when: openings, entrances, rests."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from scorekit import studio
from scorekit.ensemble.arrangement import arrange
from scorekit.ensemble.turning import turns
from scorekit.score import Chord, Key, Lane, Placement, Score, Section
from scorekit.seeds import Seed
from scorekit.timebase import Meter, Tick

GENRES = ("funk", "rock", "jazz_swing", "soul", "reggae", "pop")
SEEDS = range(1, 9)


@cache
def song(genre: str, seed: int) -> Score:
    """A song with a written introduction."""
    form = "intro:4:e2 verse:8:e3 chorus:8:e4" if genre not in ("funk", "jazz_swing") else "intro:4:e2 A:8:e3 B:8:e4"
    return studio.compose(f'genre = "{genre}"\nseed = {seed}\nform = "{form}"\n')


def entrances(score: Score, placement: Placement) -> dict[str, Tick]:
    """The tick in its section at which each part that plays there enters."""
    arrangement = arrange(score.plan, placement.section, Seed(score.plan.seed))
    return {name: arrangement.lane(name).enter for name in arrangement.playing}


def test_introductions_begin_in_different_ways() -> None:
    """Over six genres and eight seeds each of drums, bass and chords is sometimes first alone or late, and never all start."""
    first: list[tuple[str, ...]] = []
    for genre in GENRES:
        for seed in SEEDS:
            score = song(genre, seed)
            found = entrances(score, score.plan.placements[0])
            first.append(tuple(sorted(name for name, tick in found.items() if tick == 0)))
            assert first[-1], "somebody begins"
            assert len(first[-1]) < len(found)
    assert len(set(first)) >= 5
    assert any("drums" not in names for names in first)
    assert any(names == ("drums",) for names in first)


@pytest.mark.parametrize("genre", GENRES)
def test_a_late_rhythm_section_leads_in(genre: str) -> None:
    """Drums and bass that come in late begin one beat before a bar line, the bass with a pickup there or on the bar itself. A
    groove has its drums from the beginning, what swings its bass: chords off the beat tell nobody where it is."""
    late = 0
    for seed in SEEDS:
        score = song(genre, seed)
        placement = score.plan.placements[0]
        meter = placement.section.meter
        found = entrances(score, placement)
        for name in ("drums", "bass"):
            tick = found.get(name, 0)
            if not tick or (name == "bass" and tick % meter.bar == 0):
                continue
            late += 1
            assert (tick + meter.pulses[-1]) % meter.bar == 0
            notes = score.passages[0].phrase(name).notes
            if name == "drums":
                assert tick <= notes[0].start < tick + meter.pulses[-1]
            else:
                assert all(tick <= note.start for note in notes)
                assert not notes or notes[0].start <= tick + meter.pulses[-1]
            assert name == "bass" or score.plan.ideas.arrange.axis != "groove"
    assert late >= (1 if score.plan.ideas.arrange.axis == "groove" else 3)


def test_a_part_that_must_play_is_there_from_the_start() -> None:
    """``play = true`` keeps a part from entering late and from resting."""
    for seed in SEEDS:
        text = f'genre = "rock"\nseed = {seed}\nform = "intro:4:e2 verse:8:e3"\n[parts.bass]\nplay = true\n'
        score = studio.compose(text)
        arrangement = arrange(score.plan, score.plan.placements[0].section, Seed(score.plan.seed))
        assert arrangement.lane("bass").enter == 0
        assert arrangement.lane("bass").rests == ()


@pytest.mark.parametrize("genre", GENRES)
def test_only_openings_are_opened(genre: str) -> None:
    """In the sections after a song's introduction the drums and the bass, as played, are there within the first bar, but for the
    one who sits out in a small band."""
    for seed in SEEDS:
        score = song(genre, seed)
        for placement, passage in list(zip(score.plan.placements, score.passages, strict=True))[1:]:
            first = {phrase.part: phrase.notes[0].start for phrase in passage.phrases if phrase.notes}
            lanes = arrange(score.plan, placement.section, Seed(score.plan.seed))
            late = {n for n in ("drums", "bass") if first.get(n, score.plan.end) >= placement.section.meter.bar}
            sitting = {n for n in ("drums", "bass") if 0 in lanes.lane(n).rests}
            assert late <= sitting, f"{genre} {seed} {placement.section.id}"
            assert len(sitting) <= (len(score.plan.parts) <= 5)


def test_the_form_can_make_an_ending_of_any_section() -> None:
    """``t`` does what a name such as outro does: nobody rests in it, and it has the tune one goes home with."""
    rested = 0
    for seed in SEEDS:
        text = f'genre = "rock"\nseed = {seed}\nform = "verse:8:e3 chorus:8:e4 bridge:16:e4FLAG"\n'
        plain, ending = (studio.compose(text.replace("FLAG", flag)).plan for flag in ("", ":t"))
        lanes = [arrange(p, p.placements[-1].section, Seed(p.seed)).lanes for p in (plain, ending)]
        resting = [sum(bool(lane.rests) for _, lane in found) for found in lanes]
        rested += resting[0]
        assert resting[1] == 0
        assert [p.placements[-1].section.motif for p in (plain, ending)] == ["bridge", "chorus"]
    assert rested


CHORDS = {"guitar", "keys", "pads", "strings"}


@pytest.mark.parametrize("genre", ["pop", "rock", "lofi", "country"])
def test_whoever_alone_gives_the_chords_stays(genre: str) -> None:
    """In small bands somebody waits or lays out, but verses, choruses and solos over a bass that does not walk never lose the
    only one who gives the chords for two bars."""
    waited = 0
    for seed in SEEDS:
        score = studio.compose(f'genre = "{genre}"\nseed = {seed}\nlength = "150 s"\n')
        for placement in score.plan.placements:
            section = placement.section
            if section.melody not in ("lead", "hook", "solo") or section.name in ("break", "breakdown", "intro"):
                continue
            arrangement = arrange(score.plan, section, Seed(score.plan.seed))
            givers = [name for name in arrangement.playing if name in CHORDS]
            resting = [set(arrangement.lane(name).rests) for name in givers]
            resters = any(arrangement.lane(name).rests for name in arrangement.playing)
            waited += resters or len(arrangement.playing) < len(score.plan.parts)
            if len(resting) == 1:
                assert not any({bar, bar + 1} <= resting[0] for bar in range(section.bars)), (seed, section.id)
    assert waited


@pytest.mark.parametrize("genre", ["pop", "rock", "soul", "country"])
def test_who_waits_comes_in_at_a_section_line(genre: str) -> None:
    """An introduction and a quiet first verse leave some of the band for later; the tune brings others in with it, and whoever is
    not there yet begins a section rather than the middle of one. Somebody gives the chords from the first section on."""
    waited = 0
    for seed in SEEDS:
        form = "intro:4:e2 verse:8:e2 chorus:8:e4 verse:8:e3 chorus:8:e5"
        score = studio.compose(f'genre = "{genre}"\nseed = {seed}\nform = "{form}"\n')
        found = [arrange(score.plan, place.section, Seed(score.plan.seed)) for place in score.plan.placements]
        assert all(set(one.playing) & CHORDS for one in found), seed
        heard = {name for one in found[:2] for name in one.playing}
        first = {name: one.lane(name).enter for one in found[2:] for name in one.playing if name not in heard}
        waited += bool(first)
        assert set(first.values()) <= {0}, seed
        intro, verse = ({*one.playing} & CHORDS for one in found[:2])
        assert intro <= verse, seed
    assert waited >= 3


@pytest.mark.parametrize("genre", ["melodic_house", "drum_and_bass"])
def test_a_build_keeps_its_beat(genre: str) -> None:
    """Whoever else comes in one after another: where a build stands in the song its drums play from the first bar."""
    builds = 0
    for seed in SEEDS:
        score = studio.compose(f'genre = "{genre}"\nseed = {seed}\nlength = "90 s"\n')
        for placement in score.plan.placements[1:]:
            if placement.section.name == "build":
                builds += 1
                found = entrances(score, placement)
                assert found["drums"] == 0
                assert max(found.values()) > 0, "others come in"
    assert builds >= 5


def lanes(bars: int, *parts: str) -> tuple[Section, dict[str, Lane]]:
    """A section of so many bars and the lanes of those who play it."""
    meter = Meter(4, 4)
    chord = Chord(0, bars * meter.bar, 0, "maj", 0)
    return Section("A", 1, bars, meter, 4, 3, Key(0, "major"), (chord,)), {part: Lane() for part in parts}


def test_one_turns_and_the_others_go_on() -> None:
    """Players turn at the end of four bars and of the section, one besides the drummer; inside it, at a fourth bar, nobody with
    him; where players go on is everywhere else, and nobody turns who is not there."""
    counts = Counter[tuple[int, int]]()
    for seed in range(60):
        section, playing = lanes(14, "drums", "bass", "guitar", "keys", "lead")
        playing["bass"] = Lane(rests=(3, 4, 5))
        found = turns(section, playing, Seed(str(seed)))
        at = {bar: [part for part in found if bar in found[part]] for bar in range(14)}
        assert {bar for bar in at if at[bar]} <= {3, 7, 11, 13}
        assert all(len(set(some) - {"drums"}) <= 1 and "lead" not in some for some in at.values())
        assert len(at[3]) <= 1 and "bass" not in at[3] and "drums" in at[13]
        counts.update((bar, len(at[bar])) for bar in (3, 7, 13))
    assert all(counts[bar, many] for bar, many in ((3, 0), (3, 1), (7, 0), (7, 1), (7, 2), (13, 1), (13, 2)))


def test_a_player_less_takes_only_its_own_turns() -> None:
    """Without the guitar the others turn where they did, and where it would have."""
    for seed in range(20):
        section, playing = lanes(16, "drums", "bass", "guitar", "keys")
        whole = turns(section, playing, Seed(str(seed)))
        without = turns(section, {k: v for k, v in playing.items() if k != "guitar"}, Seed(str(seed)))
        for part in ("drums", "bass", "keys"):
            assert set(whole[part]) <= set(without[part]) <= {*whole[part], *whole["guitar"]}
