"""Disagreements settled before a note exists: by the compiler, at the table, and over the whole song."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from scorekit import files, pipeline
from scorekit.ensemble.conflicts.minutes import minutes
from scorekit.ensemble.conflicts.settle import settle
from scorekit.ensemble.conflicts.whole import spearman, whole
from scorekit.score import (
    Arrangement,
    Bid,
    Claim,
    Decision,
    Edit,
    Key,
    Lane,
    Note,
    Passage,
    Phrase,
    Plan,
    Score,
    Section,
)

SONG = """
genre = "rock"
seed = 3
tempo = 120
key = "A minor"
form = "intro:2:e2 verse:4:e3 chorus:4:e5 verse:4:e3 chorus:4:e5 tag:1:e5"
"""
BAND = ("drums", "bass", "guitar", "keys", "strings", "brass", "lead", "pads")


def planned(text: str, *settings: str, find: object = files.load) -> Plan:
    compiled = pipeline.compile_song(text, "song.toml", find=find, settings=settings)  # type: ignore[arg-type]
    assert compiled.plan is not None, [d.render() for d in compiled.diagnostics]
    return compiled.plan


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planned(SONG)


def part(plan: Plan, name: str) -> Section:
    """The first statement of a section."""
    return next(p.section for p in plan.placements if p.section.name == name)


def stage(playing: Sequence[str], **lanes: Lane) -> Arrangement:
    """An arrangement in which these parts play; lanes as given, else plain and far apart."""
    plain = {name: Lane(plays=name in playing, low=30 + 6 * n, high=44 + 6 * n) for n, name in enumerate(BAND)}
    return Arrangement(tuple((name, lanes.get(name, plain[name])) for name in BAND))


def wish(who: str, what: str, weight: float, value: float = 1.0) -> Bid:
    return Bid(who, "energy", what, value, weight, f"{who} has a reason")


def kinds(decisions: Sequence[Decision]) -> list[str]:
    return [decision.rule for decision in decisions]


def whole_decision(decision: Decision, rule: str, family: str, *claimants: str) -> None:
    """A decision is told in full: kind, family, at least two parties, what was chosen, and why."""
    assert (decision.rule, decision.family) == (rule, family)
    assert set(claimants) <= {claim.by for claim in decision.claims}
    assert len(decision.claims) >= 2
    assert decision.chosen
    assert decision.reason


# -- the compiler's --------------------------------------------------------------------------------


def biased(kind: str, name: str, beside: str) -> object:
    found = files.load(kind, name, beside)
    return (found[0], found[1] + "\n[bias]\ntempo = 60\n") if kind == "models" else found  # type: ignore[index]


@pytest.mark.parametrize(
    ("rule", "family", "text", "claimants", "chosen"),
    [
        ("T1", "tempo", 'genre = "melodic_house"\ntempo = 150', ("song", "genre"), "150"),
        (
            "T6",
            "tempo",
            'genre = "rock"\ntempo = 100\nlength = "31 s"\nform = "A:8:e3 B:8:e4"',
            ("length", "tempo"),
            " s",
        ),
        ("K1", "key", 'genre = "melodic_house"\nkey = "C lydian"', ("song", "genre"), "C lydian"),
        ("E6", "energy", 'genre = "rock"\nenergy = 0.1', ("song", "genre"), "-2"),
        (
            "I7",
            "instruments",
            'genre = "rock"\n[parts.drums]\nplay = false',
            ("song", "line-up"),
            "drums leaves",
        ),
        (
            "I7",
            "instruments",
            'genre = "rock"\nmodel = "general"\n[parts.brass]\nplay = true',
            ("song", "line-up"),
            "brass joins",
        ),
    ],
)
def test_the_plan_tells_what_the_song_overruled(
    rule: str, family: str, text: str, claimants: tuple[str, ...], chosen: str
) -> None:
    """The song wins over model and genre, and the plan says whom it overruled."""
    decision = next(d for d in planned(text).decisions if d.rule == rule)
    whole_decision(decision, rule, family, *claimants)
    assert chosen in decision.chosen


def test_a_model_leans_inside_the_genre() -> None:
    """T2: a model that leans away by more than 1.5 sd is told, and the tempo stays inside the genre's bounds."""
    plan = planned('genre = "rock"', find=biased)
    decision = next(d for d in plan.decisions if d.rule == "T2")
    whole_decision(decision, "T2", "tempo", "model", "genre")
    assert plan.tempo.bpm_at(0) <= 180


def test_a_plain_song_has_no_quarrel() -> None:
    """A song inside its genre has nothing to settle before it is arranged."""
    assert planned(SONG.replace("A minor", "E minor")).decisions == ()


# -- at the table ----------------------------------------------------------------------------------


def test_half_time_against_double(plan: Plan) -> None:
    """T3: the heavier side wins, everybody follows, and both sides are on record."""
    bids = [wish("drums", "halftime", 0.6), wish("bass", "halftime", 0.6), wish("lead", "doubletime", 0.4)]
    settled, decisions = settle(plan, part(plan, "verse"), stage(BAND), bids)
    whole_decision(decisions[0], "T3", "tempo", "drums", "bass", "lead")
    assert {lane.pace for _, lane in settled.lanes} == {"half"}


def test_the_form_sets_the_pace(plan: Plan) -> None:
    """T3: a flag of the form comes before any player's wish."""
    section = replace(part(plan, "verse"), flags=frozenset({"half"}))
    settled, decisions = settle(plan, section, stage(BAND), [wish("lead", "doubletime", 0.9)])
    whole_decision(decisions[0], "T3", "tempo", "form", "lead")
    assert {lane.pace for _, lane in settled.lanes} == {"half"}


def test_nobody_changes_the_pace_alone(plan: Plan) -> None:
    """T3: one player's wish is told and declined."""
    settled, decisions = settle(plan, part(plan, "verse"), stage(BAND), [wish("bass", "halftime", 0.6)])
    assert kinds(decisions) == ["T3"]
    assert settled == stage(BAND)


def test_a_borrowed_chord_is_declined(plan: Plan) -> None:
    """K1: chords are the song's."""
    bids = [wish("keys", "borrow", 0.3), wish("strings", "borrow", 0.3)]
    _, decisions = settle(plan, part(plan, "verse"), stage(BAND), bids)
    whole_decision(decisions[0], "K1", "key", "keys", "strings", "song")


def test_drums_follow_the_section(plan: Plan) -> None:
    """E3: drums two tiers away from the section come to it."""
    loud = Lane(low=27, high=87, tier=5)
    settled, decisions = settle(plan, part(plan, "verse"), stage(BAND, drums=loud), [])
    whole_decision(decisions[0], "E3", "energy", "arrangement", "drums")
    assert settled.lane("drums").tier == 3


def test_drums_hold_back_where_no_groove_is_quiet(plan: Plan) -> None:
    """E3: where the genre's quietest groove is two tiers too loud, the drums thin out."""
    loud = tuple(replace(groove, tiers=(4, 5)) for groove in plan.ideas.drums.grooves)
    noisy = replace(plan, ideas=replace(plan.ideas, drums=replace(plan.ideas.drums, grooves=loud)))
    section = replace(part(plan, "verse"), tier=2)
    settled, decisions = settle(noisy, section, stage(BAND, drums=Lane(tier=2)), [])
    whole_decision(decisions[0], "E3", "energy", "arrangement", "genre")
    assert settled.lane("drums").density < 0.5


def test_who_rests_and_who_joins(plan: Plan) -> None:
    """E2: a rest is granted while enough remain; those who would join wait while there is no room, in one decision."""
    section, playing = part(plan, "verse"), ("drums", "bass", "guitar", "lead", "keys")
    rested, decisions = settle(plan, section, stage(playing), [wish("keys", "rest", 0.6)])
    whole_decision(decisions[0], "E2", "energy", "keys", "arrangement")
    assert not rested.lane("keys").plays
    assert decisions[0].chosen == "keys rest"
    bids = [wish("brass", "play", 0.6), wish("strings", "play", 0.5)]
    full, decisions = settle(plan, section, stage(("drums", "bass", "guitar", "lead", "keys", "pads")), bids)
    assert kinds(decisions) == ["E2"]
    assert decisions[0].chosen == "brass and strings stay out"
    assert not full.lane("brass").plays


def test_the_background_plays_less(plan: Plan) -> None:
    """E2: who asks to play less in the background gets it; who stands in front does not."""
    lanes = {"lead": Lane(layer="front"), "pads": Lane(low=70, high=90)}
    bids = [wish("lead", "thin", 0.5), wish("pads", "thin", 0.5)]
    settled, decisions = settle(plan, part(plan, "verse"), stage(("drums", "bass", "lead", "pads"), **lanes), bids)
    whole_decision(decisions[0], "E2", "energy", "pads", "arrangement")
    assert settled.lane("pads").density < 0.5 == settled.lane("lead").density


def test_somebody_gives_root_and_time(plan: Plan) -> None:
    """I5: at energy 3 and above bass and drums are called in, unless the song silenced them."""
    settled, decisions = settle(plan, part(plan, "chorus"), stage(("guitar", "lead")), [])
    assert kinds(decisions) == ["I5", "I5"]
    assert {"bass", "drums"} <= set(settled.playing)
    for decision in decisions:
        whole_decision(decision, "I5", "instruments", "energy", "arrangement")
    silenced = planned(SONG + "[sections.chorus.parts.bass]\nplay = false\n")
    settled, _ = settle(silenced, part(silenced, "chorus"), stage(("guitar", "lead")), [])
    assert "bass" not in settled.playing


def test_another_octave(plan: Plan) -> None:
    """I1: an octave is granted while the instrument stays comfortable."""
    for low, moves in ((60, True), (72, False)):
        lanes = {"strings": Lane(low=low, high=low + 14)}
        bids = [wish("strings", "octave", 0.6)]
        settled, decisions = settle(plan, part(plan, "verse"), stage(("drums", "bass", "strings"), **lanes), bids)
        whole_decision(decisions[0], "I1", "instruments", "strings", "arrangement")
        assert settled.lane("strings").low == low + 12 * moves


def test_masking_lanes_are_parted(plan: Plan) -> None:
    """I1: of two held sounds in one register the lower rank keeps to its own side; too narrow, it plays less."""
    wide = {"keys": Lane(low=52, high=76), "pads": Lane(low=50, high=76)}
    settled, decisions = settle(plan, part(plan, "verse"), stage(("drums", "bass", "keys", "pads"), **wide), [])
    whole_decision(decisions[0], "I1", "instruments", "keys", "pads")
    assert settled.lane("keys") == wide["keys"]
    assert settled.lane("pads").high == 68
    narrow = {"keys": Lane(low=58, high=70), "pads": Lane(low=58, high=70)}
    settled, _ = settle(plan, part(plan, "verse"), stage(("drums", "bass", "keys", "pads"), **narrow), [])
    assert settled.lane("pads").density < 0.5


@pytest.mark.parametrize("what", ["rest", "play", "octave", "halftime", "borrow"])
def test_a_light_wish_is_no_quarrel(plan: Plan, what: str) -> None:
    """A wish too light to change anything leaves no decision: rehearsal notes are not a diary."""
    settled, decisions = settle(
        plan, part(plan, "verse"), stage(BAND[:5]), [wish("keys", what, 0.3), wish("brass", what, 0.1)]
    )
    assert decisions == ()
    assert settled == stage(BAND[:5])


def test_settling_is_off_or_only_told(plan: Plan) -> None:
    """Off: nothing is settled or told. Report: the decisions are told, the arrangement stays."""
    bids, crowded = [wish("keys", "rest", 0.6)], stage(("drums", "bass", "guitar", "lead", "keys"))
    assert settle(replace(plan, resolver="off"), part(plan, "verse"), crowded, bids) == (crowded, ())
    settled, decisions = settle(replace(plan, resolver="report"), part(plan, "verse"), crowded, bids)
    assert settled == crowded
    assert kinds(decisions) == ["E2"]


def test_what_is_settled_stays_settled(plan: Plan) -> None:
    """Settling twice with the same wishes ends where settling once does."""
    for placement in plan.placements:
        once, _ = pipeline.arranged(plan, placement)
        twice, decisions = settle(plan, placement.section, once, [])
        assert twice == once
        assert decisions == ()


# -- the whole song --------------------------------------------------------------------------------


def flat(score: Score, velocity: dict[int, int], notes: tuple[Note, ...] = ()) -> Score:
    """A score with the same four notes a bar in every section, at a velocity of its own in each."""
    passages = []
    for number, placement in enumerate(score.plan.placements):
        loud = velocity.get(number, 60)
        line = tuple(Note(n * 960, 900, p, loud) for n, p in enumerate((60, 64, 67, 64) * placement.section.bars))
        passages.append(Passage((Phrase("keys", notes or line),)))
    return replace(score, passages=tuple(passages))


@pytest.fixture(scope="module")
def score(plan: Plan) -> Score:
    return pipeline.compose(plan)


def test_a_curve_that_is_not_realised_is_told(score: Score) -> None:
    """E1: where quiet sections are the loudest, the finding names the one furthest off."""
    found = whole(flat(score, {0: 120, 1: 100, 2: 30, 3: 100, 4: 30, 5: 30}))
    decision = next(d for d in found if d.rule == "E1")
    whole_decision(decision, "E1", "energy", "form", "band")
    assert "E1" not in kinds(whole(flat(score, {0: 30, 1: 60, 2: 110, 3: 60, 4: 115, 5: 116})))


def test_a_peak_in_the_first_half_is_told(score: Score) -> None:
    """E5: the loudest section, or its equal, comes too early."""
    found = whole(flat(score, {0: 30, 1: 60, 2: 110, 3: 60, 4: 110, 5: 90}))
    decision = next(d for d in found if d.rule == "E5")
    whole_decision(decision, "E5", "energy", "form", "chorus/1")
    assert "E5" not in kinds(whole(flat(score, {0: 30, 1: 60, 2: 90, 3: 60, 4: 118, 5: 117})))


def test_a_key_nobody_hears_is_told(score: Score) -> None:
    """K2: notes of the relative major in a minor song that neither begins nor ends its sections on the tonic."""
    off = score.plan.placements[1]
    chords = tuple(replace(c, root=0, quality="maj", bass=0) for c in off.section.chords)
    minor = replace(off.section, chords=chords, key=Key(9, "minor", "A"))
    placements = tuple(replace(p, section=minor) if p is off else p for p in score.plan.placements)
    found = whole(flat(replace(score, plan=replace(score.plan, placements=placements)), {}))
    whole_decision(next(d for d in found if d.rule == "K2"), "K2", "key", "song", "notes")


def test_off_tells_nothing_of_the_whole(score: Score) -> None:
    """With the resolver off there are no findings."""
    assert whole(replace(score, plan=replace(score.plan, resolver="off"))) == ()


def test_rank_correlation() -> None:
    """1 for the same order, -1 for the reverse, ties share their rank."""
    assert spearman([1, 2, 3], [10, 20, 40]) == pytest.approx(1)
    assert spearman([1, 2, 3], [9, 5, 1]) == pytest.approx(-1)
    assert spearman([1, 1, 2], [1, 1, 5]) == pytest.approx(1)


# -- the minutes -----------------------------------------------------------------------------------


def test_the_minutes_say_it_section_by_section(plan: Plan) -> None:
    """The text counts what it tells, heads sections with their bars, groups notes mended alike, repeats nothing."""
    song = pipeline.compose(plan)
    claims = (Claim("lead", "C5", 0.8), Claim("keys", "B3", 0.7))
    note, reason = Note(0, 960, 59, 80), "B3 bites lead's C5: it takes the nearest free chord tone"
    edits = tuple(
        Edit("K4", "key", "keys", "verse/1", replace(note, start=at), replace(note, start=at, pitch=57), reason, claims)
        for at in (0, 3840)
    )
    rests = [Decision("E2", "energy", f"chorus/{n}", claims, "keys rest", "enough remain") for n in (1, 2)]
    whole_song = Decision(
        "T1", "tempo", "song", (Claim("song", "90", 1.0), Claim("genre", "100 to 140", 0.5)), "90", "it says so"
    )
    passages = [replace(p, edits=edits if n == 1 else (), findings=()) for n, p in enumerate(song.passages)]
    text = minutes(replace(song, passages=tuple(passages), decisions=(whole_song, *rests)))
    assert text.startswith("3 disagreements, 2 notes of ")
    assert (
        "the song\n  tempo       T1  90: it says so\n                  song wants 90 (1); genre wants 100 to 140"
        in text
    )
    assert "verse/1, bars 3-6, energy 3\n  keys        K4  bars 3 4, 2 notes: B3 bites lead's C5" in text
    assert "(now A3)" in text
    assert "chorus/2, bars 15-18, energy 5\n  settled         as in chorus/1\n" in text
