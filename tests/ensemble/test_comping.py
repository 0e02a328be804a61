"""Laws of comping: guitar and keys."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from scorekit.ensemble.comping import stabs
from scorekit.ensemble.guitar import Guitar
from scorekit.ensemble.hands import voiced
from scorekit.ensemble.keys import Keys
from scorekit.ensemble.listening import told as gathered
from scorekit.ensemble.playing import keeps
from scorekit.ideas import HIT, CompCell, CompIdeas, Hit, Pattern
from scorekit.playable import on_guitar
from scorekit.score import Brief, Cell, Chord, Intent, Key, Lane, Note, Phrase, Seam, Section
from scorekit.seeds import Seed
from scorekit.stage import Dials
from scorekit.theory import LOW_LIMITS
from scorekit.timebase import PPQ, Meter

KEY = Key(9, "minor", "A")
LOOP = [(9, "min7"), (5, "maj7"), (0, "maj"), (7, "7")]
METERS = [Meter(3, 4), Meter(4, 4), Meter(5, 4), Meter(6, 8), Meter(7, 8), Meter(12, 8)]
BAR = 3840


def cell(name: str, tiers: tuple[int, ...], text: str) -> CompCell:
    hits: list[Hit] = []
    for step, mark in enumerate(text):
        if mark == "-":
            hits[-1] = replace(hits[-1], length=hits[-1].length + 1)
        elif mark != ".":
            hits.append(Hit(step, mark))
    return CompCell(name, tiers, 1.0, f"genre.comp.{name}", "", Pattern(len(text), 16, tuple(hits)))


PLAIN = CompIdeas(
    52,
    76,
    (
        cell("charleston", (2, 3), "x-....x........."),
        cell("off", (3, 4), "..x-..x-..x-..x-"),
        cell("eighths", (4, 5), "x-x-x-x-x-x-x-x-"),
    ),
    ("close", "shell", "drop2"),
    0.2,
    0.5,
    0.1,
)
ROCK = CompIdeas(
    40,
    71,
    (cell("chug", (1, 2, 3), "X-m.m.m.x-m.m.m."), cell("ring", (4, 5), "v-v-v-v^v-v-v-v^")),
    ("power", "open_chord", "barre"),
    0.2,
    0.2,
    0.05,
)
FUNK = CompIdeas(60, 79, (cell("scratch", (2, 3, 4), "m.m^m..^m.mvm..."),), ("9th_top4",), 0.2, 0.6, 0.0)
ARP = CompIdeas(52, 79, (cell("arp", (1, 2, 3), "x.x.x.x.x.x.x.x."),), ("single_arp",), 0.0, 0.0, 0.0)


def brief(
    ideas: CompIdeas = PLAIN, part: str = "keys", meter: Meter = METERS[1], tier: int = 3, **more: object
) -> Brief:
    bars = 8
    chords = tuple(Chord(n * meter.bar, meter.bar, *LOOP[n % 4], LOOP[n % 4][0]) for n in range(bars))
    chords = more.pop("chords", chords)  # type: ignore[assignment]
    flags, intents = more.pop("flags", frozenset()), more.pop("intents", ())
    section = Section("A", 1, bars, meter, 4, tier, KEY, chords, flags, intents)  # type: ignore[arg-type]
    lane = more.pop("lane", Lane(low=ideas.low, high=ideas.high, tier=tier, turns=(3, 7)))
    told = {"seam": Seam(next_chord=chords[0]), "dials": Dials(), "cell": Cell(), "seed": Seed(f"7/A/1/{part}"), **more}
    return hearing(Brief(part, section, lane, ideas, band="medium", **told))  # type: ignore[arg-type]


def hearing(asked: Brief) -> Brief:
    """A brief that hears some phrases, with what it gathers of them."""
    gists = gathered(asked.part, asked.heard, asked.section, asked.seam.next_chord)
    return replace(asked, gists=gists)


def play(asked: Brief) -> Phrase:
    return (Guitar() if asked.part == "guitar" else Keys()).play(asked)


def onsets(phrase: Phrase) -> list[int]:
    return sorted({n.start for n in phrase.notes})


def tune(*spans: tuple[float, float], pitch: int = 79) -> tuple[Phrase, ...]:
    """A lead on one pitch: (beat, length in beats)."""
    return (Phrase("lead", tuple(Note(round(a * PPQ), round(b * PPQ), pitch, 90) for a, b in spans)),)


@pytest.mark.parametrize("meter", METERS, ids=str)
@pytest.mark.parametrize(
    ("part", "ideas"),
    [
        ("keys", PLAIN),
        ("guitar", ROCK),
        ("guitar", FUNK),
        ("guitar", ARP),
        ("keys", CompIdeas()),
        ("guitar", CompIdeas()),
    ],
)
def test_any_meter_any_genre(part: str, ideas: CompIdeas, meter: Meter) -> None:
    """In every meter all notes lie inside lane and section, the same each time, each with its origin."""
    asked = brief(ideas, part, meter)
    phrase = play(asked)
    assert phrase == play(asked)
    assert len(onsets(phrase)) >= 4
    for note in phrase.notes:
        assert ideas.low <= note.pitch <= ideas.high or (part == "keys" and note.pitch < 48)
        assert 0 <= note.start < note.end <= asked.section.length
        assert phrase.origins[note.origin].maker == part


def test_what_sounds_is_the_chord() -> None:
    """Struck chords hold tones of the chord then sounding, or of the one they anticipate."""
    asked = brief(replace(PLAIN, voicings=("close",)))
    for note in play(asked).notes:
        here, soon = asked.section.chord_at(note.start), asked.section.chord_at(note.start + PPQ // 2)
        tones = {(c.root + i) % 12 for c in (here, soon) for i in (0, 3, 4, 7, 10, 11)}
        assert note.pitch % 12 in tones | {(asked.section.chords[0].root + i) % 12 for i in (0, 3, 7, 10)}


@pytest.mark.parametrize("tier", [2, 4])
def test_guitar_strokes_can_be_held(tier: int) -> None:
    """All that a guitar strikes together is a shape a hand can hold."""
    for ideas in (ROCK, FUNK):
        phrase = play(brief(ideas, "guitar", tier=tier))
        for at in onsets(phrase):
            assert on_guitar(tuple(sorted(n.pitch for n in phrase.notes if n.start == at)))


def test_power_chords_mute_in_verses_and_ring_in_choruses() -> None:
    """Palm mutes up to tier 3; full open strokes, down on beats and up off them, from tier 4."""
    verse, chorus = play(brief(ROCK, "guitar", tier=2)), play(brief(ROCK, "guitar", tier=4))
    assert sum(n.manner == "mute" for n in verse.notes) > len(verse.notes) / 3
    assert not any(n.manner in ("mute", "dead") for n in chorus.notes)
    assert {n.manner for n in chorus.notes} == {"down", "up"}
    assert max(len([n for n in chorus.notes if n.start == at]) for at in onsets(chorus)) >= 4
    assert max(len([n for n in verse.notes if n.start == at]) for at in onsets(verse)) <= 3


def test_the_second_half_of_a_long_loud_chorus_is_wider() -> None:
    """There palm mutes ring and a left hand joins the keys, in the same rhythm; in verses both halves are alike."""
    still = {"gapfill": 0.0, "push": 0.0, "layout": 0.0, "stray": 0.0}
    chug = replace(ROCK, cells=(cell("chug", (3, 4, 5), "X-m.m.m.X-m.m.m."),), **still)
    stab = replace(PLAIN, cells=(cell("stab", (3, 4, 5), "x-......x-......"),), **still)
    bass = (Phrase("bass", tuple(Note(n * BAR, BAR, 40, 90) for n in range(8)), 8 * BAR),)

    def halves(part: str, melody: str) -> tuple[list[Note], list[Note]]:
        ideas = chug if part == "guitar" else stab
        asked = brief(ideas, part, tier=4, seam=Seam(), heard=bass, lane=Lane(low=ideas.low, high=ideas.high, tier=4))
        notes = play(replace(asked, section=replace(asked.section, melody=melody))).notes
        first, second = ([n for n in notes if n.start // (4 * BAR) == half] for half in (0, 1))
        assert {n.start for n in first} == {n.start - 4 * BAR for n in second}
        return first, second

    for melody, rings in (("hook", True), ("lead", False)):
        muted = [any(n.manner == "mute" for n in half) for half in halves("guitar", melody)]
        deep = [min(n.pitch for n in half) < PLAIN.low for half in halves("keys", melody)]
        assert muted == [True, not rings]
        assert deep == [False, rings]


def test_scratches_are_dead_and_upstrokes_soft() -> None:
    """Funk: muted marks scratch, upstrokes are softer than downstrokes and catch three or four strings."""
    notes = play(brief(FUNK, "guitar")).notes
    assert any(n.manner == "dead" and n.length <= PPQ // 4 for n in notes)
    ups = [n.velocity for n in notes if n.manner == "up"]
    downs = [n.velocity for n in notes if n.manner == "down"]
    assert ups
    assert downs
    assert sum(ups) / len(ups) < sum(downs) / len(downs)


def test_arpeggios_are_single_notes() -> None:
    """single_arp never strikes two strings at once."""
    phrase = play(brief(ARP, "guitar", seam=Seam()))
    assert len(onsets(phrase)) == len(phrase.notes) > 40


def test_room_for_the_tune() -> None:
    """Under a busy tune there are fewer strokes, the fewer the larger gapfill."""
    busy = tune(*((n / 2, 0.5) for n in range(64)))

    def count(gap: float, heard: tuple[Phrase, ...]) -> int:
        ideas = replace(PLAIN, gapfill=gap, layout=0.0)
        return sum(len(onsets(play(brief(ideas, seed=Seed(f"{n}/A/1/keys"), heard=heard)))) for n in range(8))

    assert count(0.9, busy) < count(0.3, busy) <= count(0.0, busy)
    assert count(0.9, busy) < count(0.9, ())


def test_an_answer_when_the_tune_rests() -> None:
    """In the rests of the tune something is struck that the cell does not have."""
    ideas = replace(PLAIN, cells=(cell("one", (3,), "x-.............."),), gapfill=1.0, push=0.0, layout=0.0)
    calls = tune(*((4.0 * n, 2.0) for n in range(8)))
    answers = [s for s in stabs(brief(ideas, heard=calls), ideas, ("bass", "lead")) if s.idea == "answers the tune"]
    assert answers
    assert all(s.at % BAR >= 2 * PPQ for s in answers)


def test_pushes_take_the_chord_to_come() -> None:
    """With push 1 the changes come an eighth early, over the seam too; the first beat of the section is not left."""
    ideas = replace(PLAIN, cells=(cell("ones", (3,), "x---x---x---x---"),), push=1.0, layout=0.0, gapfill=0.0)
    asked = brief(ideas, dials=Dials(creativity=1.0))
    phrase = play(asked)
    assert onsets(phrase)[0] == 0
    assert onsets(phrase)[-1] == 8 * BAR - PPQ // 2
    early = [n.pitch % 12 for n in phrase.notes if n.start == BAR - PPQ // 2]
    assert 9 in early
    assert not [n for n in phrase.notes if n.start == BAR]
    alone = play(replace(asked, seam=Seam()))
    assert onsets(alone)[-1] < 8 * BAR - PPQ // 2


def test_layouts_are_phrases_of_silence() -> None:
    """With layout 1 only the first phrase of a quiet section is sure to be played."""
    ideas = replace(PLAIN, layout=1.0, push=0.0)
    assert {at // BAR for at in onsets(play(brief(ideas)))} <= {0, 1, 2, 3}
    assert {at // BAR for at in onsets(play(brief(ideas, tier=5)))} > {0, 1, 2, 3, 4}


def test_held_chords_change_with_the_harmony() -> None:
    """A held stroke does not sound into the next chord; it is struck again on it."""
    half = BAR // 2
    chords = tuple(Chord(n * half, half, *LOOP[n % 4], LOOP[n % 4][0]) for n in range(16))
    ideas = replace(PLAIN, cells=(cell("bed", (3,), "x---------------"),), push=0.0, layout=0.0, gapfill=0.0)
    phrase = play(brief(ideas, chords=chords, dials=Dials(complexity=0.3)))
    assert set(range(0, 8 * BAR, half)) <= set(onsets(phrase))
    assert all(n.start // half == (n.end - 1) // half for n in phrase.notes)


def test_compers_strike_with_the_others() -> None:
    """Of a keyboard's strokes more meet a syncopated bass that it hears than one that it does not."""
    line = tuple(Note(bar * BAR + at, 400, 40, 80) for bar in range(8) for at in (0, 3 * PPQ // 2, 5 * PPQ // 2))
    bass = frozenset(note.start for note in line)

    def meets(heard: tuple[Phrase, ...]) -> float:
        struck = [onsets(play(brief(seed=Seed(f"{seed}/A/1/keys"), heard=heard))) for seed in range(20)]
        return sum(len(bass.intersection(found)) / len(found) for found in struck) / len(struck)

    assert meets((Phrase("bass", line),)) > meets(()) + 0.1


@pytest.mark.parametrize(("part", "ideas"), [("keys", PLAIN), ("guitar", FUNK)])
def test_more_of_everything_is_more(part: str, ideas: CompIdeas) -> None:
    """A denser lane has more strokes, a sparser one fewer."""
    one = replace(ideas, cells=ideas.cells[:1], layout=0.0)
    counts = [
        len(onsets(play(brief(one, part, lane=Lane(low=one.low, high=one.high, density=d)))))
        for d in (0.1, 0.3, 0.5, 0.9)
    ]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_complexity_colours_the_chords() -> None:
    """More complex harmony has more different pitch classes under the hands."""

    def classes(c: float) -> int:
        return len(
            {
                (n.start // BAR, n.pitch % 12)
                for n in play(brief(replace(PLAIN, layout=0.0), dials=Dials(complexity=c))).notes
            }
        )

    assert classes(0.1) < classes(0.9)


@pytest.mark.parametrize(("part", "ideas"), [("keys", PLAIN), ("guitar", ROCK)])
def test_intents_are_executed(part: str, ideas: CompIdeas) -> None:
    """Stops and nochords are silent, a hold rings alone, accents and shots are struck, a push comes an eighth early."""
    intents = (
        Intent(BAR + 1920, "stop"),
        Intent(2 * BAR, "hold"),
        Intent(3 * BAR + 1440, "accent"),
        Intent(5 * BAR, "push"),
        Intent(6 * BAR, "nochord"),
        Intent(7 * BAR, "shot"),
    )
    notes = play(brief(replace(ideas, push=0.0, layout=0.0), part, intents=intents)).notes
    assert not [n for n in notes if BAR + 1920 <= n.start < 2 * BAR or n.start < BAR + 1920 < n.end]
    held = [n for n in notes if 2 * BAR <= n.start < 3 * BAR]
    assert {n.start for n in held} == {2 * BAR}
    assert max(n.end for n in held) > 3 * BAR - PPQ
    assert any(n.start == 3 * BAR + 1440 and n.velocity > 95 for n in notes)
    assert any(n.start == 5 * BAR - 480 for n in notes)
    assert not any(n.start == 5 * BAR for n in notes)
    assert not [n for n in notes if 6 * BAR <= n.start < 7 * BAR]
    assert all(n.length <= PPQ // 2 for n in notes if n.start == 7 * BAR)
    assert any(n.start == 7 * BAR for n in notes)


@pytest.mark.parametrize(("part", "ideas"), [("keys", PLAIN), ("guitar", ROCK), ("guitar", ARP)])
def test_lane_flags_and_endings(part: str, ideas: CompIdeas) -> None:
    """Silent outside the lane and after the hit of a break; the song's last chord is struck together and rings."""
    lane = Lane(low=ideas.low, high=ideas.high, tier=3, enter=BAR, leave=7 * BAR, rests=(3,))
    played = {n.start // BAR for n in play(brief(replace(ideas, layout=0.0), part, lane=lane)).notes}
    assert played == {1, 2, 4, 5, 6}
    broken = [n for n in play(brief(ideas, part, flags=frozenset({"break"}))).notes if n.start >= 7 * BAR]
    assert {n.start for n in broken} == {7 * BAR}
    last = [n for n in play(brief(ideas, part, ending=HIT, seam=Seam())).notes if n.start >= 7 * BAR]
    assert {n.start for n in last} == {7 * BAR}
    assert len(last) >= 2
    assert all(n.length > 2 * PPQ for n in last)


def test_the_left_hand_stands_in_for_the_bass() -> None:
    """Without a bass player the chord's bass lies below; with one it does not."""
    bass = (Phrase("bass", (Note(0, PPQ, 33, 90),)),)
    alone, together = play(brief()), play(brief(heard=bass))
    assert min(n.pitch for n in alone.notes) < 48 <= min(n.pitch for n in together.notes)


PIANO = CompIdeas(55, 79, (cell("two hands", (1, 2, 3, 4, 5), "b---x---p---x---"),), ("close",), 0.0, 0.0, 0.0)
BASS = (Phrase("bass", (Note(0, PPQ, 33, 90),)),)


def test_two_hands_move_apart() -> None:
    """``b`` begins with the chord's bass under the right hand, ``p`` is the left hand alone, and it rings while the right
    strikes again; no single figure is the whole left hand of all songs."""
    for seed in range(8):
        phrase = play(brief(PIANO, heard=BASS, seed=Seed(f"{seed}/A/1/keys")))
        left = [n for n in phrase.notes if phrase.origins[n.origin].idea.endswith("left hand")]
        right = [n for n in phrase.notes if phrase.origins[n.origin].idea == "two hands"]
        assert {n.start % BAR for n in left} == {0, 2 * PPQ} and {n.start % BAR for n in right} == {0, PPQ, 3 * PPQ}
        for n in left:
            assert all(n.pitch < other.pitch for other in right if other.start == n.start)
            assert n.start % BAR or n.pitch % 12 == LOOP[n.start // BAR % 4][0]
            assert n.length > 1.5 * PPQ
    figures = {
        tuple(n.pitch for n in play(brief(PIANO, heard=BASS, seed=Seed(f"{seed}/A/1/keys"))).notes if n.pitch < 55)
        for seed in range(8)
    }
    assert len(figures) > 1


def test_a_left_hand_keeps_off_a_right_one_that_lies_low() -> None:
    """Where the right hand has come down to the left one's octave, the chord's bass is left to the bass player: nobody strikes
    a second across two hands down there, nor an interval too close for so low a tone."""
    low = replace(PIANO, low=45, high=60)
    for seed in range(8):
        phrase = play(brief(low, heard=BASS, seed=Seed(f"{seed}/A/1/keys"), lane=Lane(low=45, high=60, tier=3)))
        left = [n for n in phrase.notes if phrase.origins[n.origin].idea.endswith("left hand")]
        right = [n for n in phrase.notes if phrase.origins[n.origin].idea == "two hands"]
        assert left and all(o.pitch - n.pitch > 2 for n in left for o in right if o.start == n.start)
        both = [(n.pitch, o.pitch - n.pitch) for n in left for o in right if o.start == n.start]
        assert all(pitch >= LOW_LIMITS.get(gap, 0) for pitch, gap in both)


@pytest.mark.parametrize(("beside", "pushes"), [(1, False), (-1, False), (0, True), (7, True)])
def test_nobody_pushes_onto_a_bass_a_semitone_beside(beside: int, pushes: bool) -> None:
    """Where the bass leads chromatically into the one on the last eighth the chord waits for it; over the root come early, or
    its fifth, it is pushed. Changes over which the bass does nothing are pushed all the same."""
    ideas = replace(PLAIN, cells=(cell("ones", (3,), "x---x---x---x---"),), push=1.0, layout=0.0, gapfill=0.0)
    asked = brief(ideas)
    early = 4 * BAR - PPQ // 2
    root = asked.section.chord_at(4 * BAR).root
    heard = (Phrase("bass", (Note(early, PPQ // 2, 36 + (root + beside) % 12, 80),)),)
    starts = {n.start for n in play(hearing(replace(asked, heard=heard))).notes}
    assert (early in starts) == pushes
    assert (4 * BAR in starts) != pushes
    assert 2 * BAR - PPQ // 2 in starts


def test_a_push_leaves_the_left_hand_behind() -> None:
    """Where both hands would push, the right one does, and the chord's bass still comes on its beat."""
    phrase = play(brief(replace(PIANO, push=1.0), heard=BASS))
    pushed = {n.start for n in phrase.notes if "pushed" in phrase.origins[n.origin].idea}
    left = {n.start for n in phrase.notes if phrase.origins[n.origin].idea.endswith("left hand")}
    assert pushed and {n * BAR for n in range(8)} <= left


def test_a_fourth_resolves_into_its_third() -> None:
    """A fourth before the third is a step above it, ends where it begins, and is not in the chord."""
    held = replace(PIANO, cells=(cell("held", (1, 2, 3, 4, 5), "x---------------"),))
    found = 0
    for seed in range(20):
        phrase = play(brief(held, heard=BASS, seed=Seed(f"{seed}/A/1/keys")))
        late = [n for n in phrase.notes if phrase.origins[n.origin].idea.endswith("fourth before third")]
        for fourth, third in zip(late[::2], late[1::2], strict=True):
            found += 1
            assert fourth.end == third.start and 1 <= fourth.pitch - third.pitch <= 2
    assert found >= 10


def test_bids_are_few_and_of_known_families() -> None:
    """Whatever they are asked, guitar and keys bid seldom and with a reason."""
    for player, ideas in ((Guitar(), ROCK), (Keys(), PLAIN)):
        for tier in range(1, 6):
            wishes = player.bid(brief(ideas, player.name, tier=tier, dials=Dials(creativity=0.9)))
            assert len(wishes) <= 3
            assert all(w.family in ("tempo", "key", "energy", "instruments") and w.reason for w in wishes)


@pytest.mark.parametrize("family", ["quartal", "double_stop", "octaves", "close", "shell_9"])
def test_last_chord_is_at_home(family: str) -> None:
    """Whatever a genre's families are, the last chord of a song has its third (its own colour is the chord's business)."""
    for player, part in ((Keys(), "keys"), (Guitar(), "guitar")):
        for take in range(4):
            ideas = replace(PLAIN, voicings=(family,))
            home = (*LOOP, *LOOP[:3], (9, "min7"))
            chords = tuple(Chord(n * BAR, BAR, root, quality, root) for n, (root, quality) in enumerate(home))
            made = brief(ideas, part, chords=chords, seed=Seed(f"{take}/A/1/{part}"), seam=Seam(), ending=HIT)
            last = {note.pitch % 12 for note in player.play(made).notes if note.start >= 7 * BAR}
            assert 0 in last
            assert last <= {9, 0, 4, 7, 11}


def figures(ideas: CompIdeas, seed: int, part: str = "keys", **more: object) -> list[tuple[int, ...]]:
    """The onsets of each two bars, from their beginning, under a tune in eighths that rests in every second bar."""
    tune = tuple(Note(bar * BAR + n * 480, 400, 72, 80) for bar in range(0, 8, 2) for n in range(8))
    asked = brief(ideas, part, seed=Seed(f"{seed}/A/1/{part}"), heard=(Phrase("lead", tune),), seam=Seam(), **more)
    found: list[set[int]] = [set(), set(), set(), set()]
    for stab in stabs(asked, ideas, ("bass", "lead")):
        found[stab.at // (2 * BAR)].add(stab.at % (2 * BAR))
    return [tuple(sorted(ticks)) for ticks in found]


def test_a_comper_keeps_its_figure() -> None:
    """Without straying the same two bars come four times, holes under the tune and answers included; with it hardly ever;
    two seeds have different figures."""
    loop, free = (replace(PLAIN, stray=stray, layout=0.0, push=0.0) for stray in (0.0, 1.0))
    kept = [figures(loop, seed) for seed in range(12)]
    assert all(len(set(found)) == 1 for found in kept)
    assert len({found[0] for found in kept}) >= 4
    assert sum(len(set(figures(free, seed))) >= 3 for seed in range(12)) >= 10


@pytest.mark.parametrize("part", ["keys", "guitar"])
def test_a_phrase_that_comes_again_is_voiced_alike(part: str) -> None:
    """The same four chords have the same voicings in both halves of a section and in another section at another tier of its
    group, whatever is sung over the second half; within them hands move."""
    families, asked = ("close", "shell"), brief(part=part, heard=tune((16.0, 17.0), (20.5, 22.0), pitch=84))
    other = brief(part=part, tier=2, seed=Seed(f"7/B/2/{part}"), heard=asked.heard)
    slots = voiced(asked, part, families)[:8]
    assert [s.voicing for s in slots[:4]] == [s.voicing for s in slots[4:]]
    assert [s.voicing for s in slots] == [s.voicing for s in voiced(other, part, families)[:8]]
    assert len({s.voicing for s in slots[:4]}) >= 3


def test_two_of_three_keep_a_figure_through_a_song() -> None:
    """In every song two of guitar, keys and bass keep a figure in all sections, in some all three, each of them in most songs and
    the bass in most of all."""
    told = {
        part: [keeps(brief(replace(PLAIN, stray=0.2), part, seed=Seed(f"{song}/A/1/{part}"))) for song in range(60)]
        for part in ("guitar", "keys", "bass")
    }
    several = [sum(row) for row in zip(*told.values(), strict=True)]
    assert set(several) == {2, 3} and several.count(3) < 20
    assert all(sum(row) > 30 for row in told.values()) and sum(told["bass"]) == max(map(sum, told.values()))


def test_a_kept_figure_is_the_same_in_quiet_sections_and_loud_ones() -> None:
    """Who keeps a figure plays one cell at all tiers but the quietest, also where none suits them all; others change it."""
    low, high = (cell("low", (2, 3), "x---x---x---x---"),), (cell("high", (4, 5), "x-x-x-x-x-x-x-x-"),)
    ideas, same = CompIdeas(52, 76, (*low, *high), ("close",), 0.0, 0.0, 0.0, stray=0.2), dict[bool, list[bool]]()
    for song in range(20):
        briefs = [brief(ideas, tier=tier, seed=Seed(f"{song}/A/1/keys"), seam=Seam()) for tier in (2, 5)]
        ids = [stabs(told, ideas, ())[0].idea.split(",")[0] for told in briefs]
        same.setdefault(keeps(briefs[0]), []).append(ids[0] == ids[1])
    assert all(same[True]) and not any(same[False])


def test_compers_push_together() -> None:
    """Where the fonder of two compers keeps the bar line, the other pushes nothing over it either."""
    one = (cell("ones", (3,), "x---............"),)
    keen, shy = (CompIdeas(52, 76, one, ("close",), push, 0.0, 0.0, stray=0.0) for push in (0.9, 0.4))
    both = [(figures(keen, seed), figures(shy, seed, "guitar")) for seed in range(40)]
    early = [({t for f in a for t in f if t % BAR}, {t for f in b for t in f if t % BAR}) for a, b in both]
    assert all(theirs <= ours for ours, theirs in early)
    assert sum(bool(theirs) for _, theirs in early) >= 5


@pytest.mark.parametrize(("stray", "most"), [(0.0, 1), (0.5, 3)])
def test_a_loop_lasts_the_song(stray: float, most: int) -> None:
    """Players who do not stray play one cell in all sections of a song, another song has another; others change it."""
    cells = tuple(cell(f"cell {n}", (1, 2, 3, 4, 5), "x" + "." * (n + 1) + "x" + "." * (13 - n)) for n in range(6))
    ideas = CompIdeas(52, 76, cells, ("close",), 0.0, 0.0, 0.0, stray=stray)

    def played(song: int, section: str) -> str:
        return stabs(brief(ideas, seed=Seed(f"{song}/{section}/1/keys"), seam=Seam()), ideas, ())[0].path

    songs = [{played(song, section) for section in ("A", "B", "C", "D", "E")} for song in range(8)]
    assert max(map(len, songs)) <= most if stray == 0 else max(map(len, songs)) >= most
    assert len(set.union(*songs)) >= 3


def test_a_figure_of_one_bar_meets_the_others_in_one_bar() -> None:
    """Over a bass that says something else in every second bar a comper of one bar's figure strikes all bars alike, with what the
    bass says in both: strokes are added on it."""
    spots = ((0.0, 1.5, 2.75), (0.0, 1.5, 3.25))
    line = tuple(Note(n * BAR + round(at * PPQ), PPQ // 4, 40, 90) for n in range(8) for at in spots[n % 2])
    one = CompIdeas(52, 76, (cell("ones", (3,), "x-........x-...."),), ("close",), 0.0, 0.0, 0.0, stray=0.2)
    added = 0
    for song in range(12):
        seed = Seed(f"{song}/A/1/keys")
        found = stabs(brief(one, heard=(Phrase("bass", line, 8 * BAR),), seed=seed, seam=Seam()), one, ("bass",))
        bars = [tuple(s.at % BAR for s in found if s.at // BAR == n) for n in range(8)]
        assert len(set(bars)) == 1
        assert set(bars[0]) <= {0, 3 * PPQ // 2, 5 * PPQ // 2}
        added += 3 * PPQ // 2 in bars[0]
    assert 2 <= added <= 10


# -- lines of single tones ---------------------------------------------------------------------------------------------

RIFF_CELL = replace(cell("line", (1, 2, 3, 4, 5), "x..m..x.x...x.x."), degrees=("R", "8", "b7&3+", "x", "c", "5"))


@pytest.mark.parametrize("part", ["guitar", "keys"])
def test_a_line_has_the_degrees_its_cell_gives_it(part: str) -> None:
    """Root, octave, a pair, the chord and the fifth stand where they are written in every bar, whatever is sung."""
    ideas = CompIdeas(55, 76, (RIFF_CELL,), ("triad_top3",), 0.3, 0.9, 0.0)
    asked = brief(ideas, part, heard=(Phrase("lead", (Note(0, 8 * BAR, 67, 80),), 8 * BAR),))
    notes = play(asked).notes
    for number, chord in enumerate(asked.section.chords[:-1]):
        told = [
            {
                (n.pitch - chord.root) % 12
                for n in notes
                if n.start == number * BAR + step * PPQ // 4 and n.manner != "dead"
            }
            for step in (0, 3, 6, 8, 12, 14)
        ]
        assert told[0] == {0} and told[1] == {0} and told[5] == {7}
        assert len(told[2]) == 2 and len(told[4]) == 3
        assert not told[3] or part == "keys"


def test_a_line_returns_bar_for_bar() -> None:
    """A line is neither pushed, thickened nor thinned at usual density: bars over the same chord are the same."""
    ideas = CompIdeas(55, 76, (RIFF_CELL,), ("triad_top3",), 0.9, 0.9, 0.0)
    notes = play(brief(ideas, "guitar")).notes
    bars = [sorted((n.start % BAR, n.pitch) for n in notes if n.start // BAR == bar) for bar in range(7)]
    assert bars[0] == bars[4] and bars[1] == bars[5] and bars[2] == bars[6]


def test_a_line_does_not_rub_against_the_tune() -> None:
    """No tone of a line is a semitone beside what is sung when it is struck: over G7 with a C held, the third is left out."""
    ideas = CompIdeas(55, 76, (RIFF_CELL,), ("triad_top3",), 0.0, 0.0, 0.0)
    chords = tuple(Chord(n * BAR, BAR, 7, "7", 7) for n in range(8))
    heard = (Phrase("lead", (Note(0, 8 * BAR, 72, 80),)),)
    alone, under = (play(brief(ideas, chords=chords, heard=told)).notes for told in ((), heard))
    third = [n for n in alone if n.start % BAR == 3 * BAR // 8 and n.pitch % 12 == 11]
    assert third and not [n for n in under if n.start % BAR == 3 * BAR // 8 and n.pitch % 12 == 11]
