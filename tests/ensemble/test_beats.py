"""What the four beat generators promise."""

from __future__ import annotations

from itertools import pairwise

import pytest
from msgspec.structs import replace

from scorekit.ensemble.base import Pen
from scorekit.ensemble.beats import BEATS, VARIATIONS, accents
from scorekit.ensemble.beats.fills import FillBeats, slots
from scorekit.ensemble.beats.groove import GrooveBeats, chosen
from scorekit.ensemble.beats.percussion import PercussionBeats
from scorekit.ensemble.beats.rhythm import cycle, euclid, regroup
from scorekit.ensemble.drums import Drums
from scorekit.ideas import DrumIdeas, Fill, Groove, Hit, Layer, Pattern, Timeline
from scorekit.score import Brief, Cell, Chord, Intent, Key, Lane, Note, Phrase, Seam, Section
from scorekit.seeds import Seed
from scorekit.stage import Dials
from scorekit.timebase import PPQ, Meter

METERS = [Meter(4, 4), Meter(3, 4), Meter(5, 4), Meter(6, 8), Meter(7, 8), Meter(12, 8)]
KICK, SNARE, HAT, SHAKER = 36, 38, 42, 70


def steps(text: str) -> Pattern:
    """A pattern from a step string of sixteen steps a bar."""
    marks = text.replace(" ", "").replace("|", "")
    hits = tuple(
        Hit(n, "x" if m.isdigit() else m, 1, int(m) / 10 if m.isdigit() else 1.0)
        for n, m in enumerate(marks)
        if m != "."
    )
    return Pattern(len(marks), 16, hits)


def groove(name: str, tiers: tuple[int, ...], mask: str = "", **rows: str) -> Groove:
    return Groove(name, tiers, 1.0, f"drums.groove.{name}", mask, tuple((row, steps(s)) for row, s in rows.items()))


FUNK = DrumIdeas(
    grooves=(
        groove("pocket", (1, 2, 3), hh="X.s. x.s. X.s. x.s.", snare=".... X..g .g.g X..g", kick="X... ..x. ..X. .3.."),
        groove("sixteen", (3, 4, 5), hh="Xsxs Xsxs Xsxs Xsxs", snare=".... X..g .g.g X..g", kick="X.x. ...x ..X. .x.."),
    ),
    fills=(Fill("push", (1, 2, 3, 4), 1.0, "drums.fill.push", "", 1, (("snare", steps("gxXX")),)),),
    vary=(("nothing", 0.45), ("kick_pickup", 0.15), ("ghost_shuffle", 0.2), ("drop_kick", 0.08), ("hat_lift", 0.12)),
    layers=(
        Layer("shaker", (3, 4, 5), 1.0, "perc.layer.shaker", "", (("shaker", steps("xsxs xsxs xsxs xsxs")),)),
        Layer("congas", (4, 5), 1.0, "perc.layer.congas", "", (("conga_hi", steps("..x. ..X. ..x. ..Xx")),)),
    ),
)
HOUSE = replace(FUNK, vary=(("nothing", 0.9), ("clap_pickup", 0.1)))


def brief(ideas: DrumIdeas = FUNK, tier: int = 3, bars: int = 8, meter: Meter = METERS[0], **fields: object) -> Brief:
    """A brief for the drummer; keyword arguments change fields of the section or of the brief."""
    section = Section("A", 1, bars, meter, 4, tier, Key(0, "major"), (Chord(0, bars * meter.bar, 0, "maj", 0),))
    mine = {name: value for name, value in fields.items() if name in Section.__struct_fields__}
    rest = {name: value for name, value in fields.items() if name not in mine}
    section = replace(section, **mine)
    base = Brief(
        "drums", section, Lane(tier=tier, turns=(3, 7)), ideas, Dials(), Cell(), Seed(f"7/{section.id}/drums"), "medium"
    )
    return replace(base, seam=Seam(3, 3), **rest) if "seam" not in rest else replace(base, **rest)


def written(asked: Brief) -> Phrase:
    return GrooveBeats().write(asked, Phrase("drums"))


def bar_sets(phrase: Phrase, asked: Brief) -> list[frozenset[tuple[int, int]]]:
    bar = asked.section.meter.bar
    return [
        frozenset((n.start % bar, n.pitch) for n in phrase.notes if n.start // bar == number)
        for number in range(asked.section.bars)
    ]


def jaccard(asked: Brief) -> float:
    sets = bar_sets(written(asked), asked)
    return sum(len(a & b) / len(a | b) for a, b in pairwise(sets)) / (len(sets) - 1)


def mean_jaccard(ideas: DrumIdeas, creativity: float) -> float:
    briefs = [brief(ideas, seed=Seed(f"{n}/A/1/drums"), dials=Dials(creativity=creativity)) for n in range(12)]
    return sum(map(jaccard, briefs)) / len(briefs)


def test_there_are_four_generators() -> None:
    """Rhythm, groove, percussion and fills write in that order."""
    assert [beat.name for beat in BEATS] == ["rhythm", "groove", "percussion", "fills"]


# -- rhythm


def test_euclid_spreads_evenly() -> None:
    """E(k, n) has k onsets whose gaps differ by one at most."""
    for onsets in range(1, 9):
        found = euclid(onsets, 16)
        gaps = [(b - a) % 16 or 16 for a, b in zip(found, (*found[1:], found[0]), strict=True)]
        assert len(found) == onsets
        assert max(gaps) - min(gaps) <= 1


def test_regrouping_and_cycles() -> None:
    """3-3-2 is the tresillo, and three over two beats of three steps fall every second step."""
    assert regroup((3, 3, 2), 8) == (0, 3, 6)
    assert regroup((5, 5, 6), 16) == (0, 5, 10)
    assert cycle(3, 2, 3) == (0, 2, 4)


@pytest.mark.parametrize("meter", METERS, ids=str)
def test_accents_cover_the_section(meter: Meter) -> None:
    """The mask has a number from 0 to 1 for each grid step, and downbeats are its strongest places."""
    section = brief(meter=meter).section
    mask = accents(section, FUNK, Seed("7/A"), Dials())
    per_bar = meter.bar * 4 // PPQ
    assert len(mask) == section.bars * per_bar
    assert all(0 <= value <= 1 for value in mask)
    assert all(mask[bar * per_bar] == max(mask) for bar in range(section.bars))


def test_accents_obey_intents() -> None:
    """A shot counts fully; after a stop nothing counts until the bar line."""
    section = brief(intents=(Intent(PPQ // 4, "shot"), Intent(3840 + 2 * PPQ, "stop"))).section
    mask = accents(section, FUNK, Seed("7/A"), Dials())
    assert mask[1] == 1.0
    assert set(mask[24:32]) == {0.0}
    assert mask[32] > 0


def test_accents_follow_a_timeline() -> None:
    """Where the genre has a timeline its onsets stand out from the other weak steps."""
    clave = Timeline("son", (1, 2, 3, 4, 5), 1.0, "perc.timeline.son", "", steps("x..x ..x. ..x. x..."))
    mask = accents(brief().section, replace(FUNK, timelines=(clave,)), Seed("7/A"), Dials())
    assert min(mask[3], mask[6], mask[10]) > max(mask[1], mask[2], mask[5])


# -- groove


def test_a_returning_section_keeps_its_groove() -> None:
    """The groove is drawn for the section's name and tier, whatever the occurrence."""
    for song in range(20):
        first = brief(seed=Seed(f"{song}/A/1/drums"))
        back = replace(first, section=replace(first.section, occurrence=2), seed=Seed(f"{song}/A/2/drums"))
        assert chosen(first) == chosen(back)


def test_a_louder_chorus_keeps_its_groove() -> None:
    """Of grooves for tiers 4 and 5 a song has one for its hooks, loud and louder; some songs one that is written for either."""
    wide, loud, louder = (
        replace(FUNK.grooves[0], id=name, path=name, tiers=t)
        for name, t in (("wide", (4, 5)), ("loud", (4,)), ("louder", (5,)))
    )
    ideas, found = replace(FUNK, grooves=(wide, loud, louder)), set[str]()
    for song in range(30):
        played = [chosen(brief(ideas, tier=tier, seed=Seed(f"{song}/A/1/drums"))) for tier in (4, 5)]
        assert played[0] == played[1]
        found.add(played[0].id if played[0] else "")
    assert found == {"wide", "loud", "louder"}


def test_the_pattern_asked_for_is_played() -> None:
    """A cell's pattern wins over weights and tiers."""
    assert chosen(brief(tier=1, cell=Cell(pattern="sixteen"))).id == "sixteen"


def test_a_way_out_comes_again() -> None:
    """At creativity 0 all verses of a song, of four bars or eight, end with the same strokes in their last two beats; at 1 not all."""

    def ends(creativity: float) -> list[bool]:
        found = []
        for song in range(12):
            told = set()
            for bars, name in ((4, "A/1"), (8, "A/2"), (8, "B/1")):
                asked = brief(bars=bars, seed=Seed(f"{song}/{name}/drums"), dials=Dials(creativity=creativity))
                at = bars * 4 * PPQ - 2 * PPQ
                notes = [n for n in Drums().play(asked).notes if n.start >= at]
                told.add(frozenset((n.start - at, n.pitch) for n in notes))
            found.append(len(told) == 1)
        return found

    assert all(ends(0.0))
    assert not all(ends(1.0))


def test_unknown_variations_are_errors() -> None:
    """A vary table that names an unknown operation raises KeyError."""
    with pytest.raises(KeyError, match="moonwalk"):
        written(brief(replace(FUNK, vary=(("moonwalk", 0.5),))))


@pytest.mark.parametrize("name", VARIATIONS)
def test_no_variation_moves_backbeat_or_first_kick(name: str) -> None:
    """Backbeats and the first kick stand in every bar under every operation."""
    asked = brief(replace(FUNK, vary=((name, 1.0),)), dials=Dials(creativity=1.0), bars=16)
    for hits in bar_sets(written(asked), asked):
        assert {(0, KICK), (PPQ, SNARE), (3 * PPQ, SNARE)} <= hits


def test_live_grooves_vary_and_machines_repeat() -> None:
    """Likeness to the bar before: .45 to .92 for a live genre, whose groove stands still but for its turns, .85 to 1 for a
    programmed one."""
    assert 0.45 <= mean_jaccard(FUNK, 0.5) <= 0.92
    assert 0.85 <= mean_jaccard(HOUSE, 0.5) <= 1.0


def test_creativity_varies_more() -> None:
    """The more creative, the less a bar is like the one before."""
    alike = [mean_jaccard(FUNK, creativity) for creativity in (0.0, 0.5, 1.0)]
    assert alike[0] > alike[1] > alike[2]


def test_complexity_and_density_add_strokes() -> None:
    """More of either dial, more strokes."""
    for dial in ("complexity", "density"):
        counts = [len(written(brief(dials=Dials(**{dial: value}))).notes) for value in (0.0, 0.5, 1.0)]
        assert counts[0] < counts[1] < counts[2]


def test_repeated_hits_are_not_equally_loud() -> None:
    """Hats have many velocities, beats louder than sixteenths; ghosts stay under 50 and backbeats above 85."""
    notes = written(brief(tier=4)).notes
    hats = {n.start: n.velocity for n in notes if n.pitch == HAT}
    on = [v for t, v in hats.items() if t % PPQ == 0]
    odd = [v for t, v in hats.items() if t % (PPQ // 2)]
    assert len(set(hats.values())) >= 12
    assert sum(on) / len(on) > sum(odd) / len(odd) + 15
    assert all(n.velocity < 50 or n.velocity > 85 for n in notes if n.pitch == SNARE and n.start % PPQ == 0)


def test_half_time_puts_the_backbeat_on_three() -> None:
    """Half time: the bar's backbeat is beat 3; double time: the off-beats."""
    half = brief(replace(FUNK, vary=()), flags=frozenset({"half"}))
    loud = {n.start % 3840 for n in written(half).notes if n.pitch == SNARE and n.velocity > 80}
    assert loud == {2 * PPQ}
    double = brief(replace(FUNK, vary=()), flags=frozenset({"double"}))
    loud = {n.start % 3840 for n in written(double).notes if n.pitch == SNARE and n.velocity > 80}
    assert loud == {n * PPQ + PPQ // 2 for n in range(4)}


def test_draws_are_local() -> None:
    """A longer section begins with the same bars."""
    short, long = written(brief(bars=8)), written(brief(bars=12))
    assert short.notes == tuple(n for n in long.notes if n.start < 8 * 3840)


# -- percussion


def test_cymbals_and_shakers_share_the_sixteenths() -> None:
    """Together they never strike more than 1.3 times a sixteenth."""
    for tier in (3, 4, 5):
        asked = brief(tier=tier)
        notes = PercussionBeats().write(asked, written(asked)).notes
        counts = [sum(n.pitch in (HAT, 46, SHAKER) and n.start // 3840 == bar for n in notes) for bar in range(8)]
        assert max(counts) <= 1.3 * 16


def test_percussion_grows_with_energy() -> None:
    """Layers come in by tier, and a return has no fewer than the first statement."""

    def rows(tier: int, occurrence: int = 1) -> int:
        asked = brief(tier=tier, occurrence=occurrence)
        return len({n.pitch for n in PercussionBeats().write(asked, Phrase("drums")).notes})

    assert rows(2) == 0 < rows(3) <= rows(4)
    assert rows(4, 2) >= rows(4)


# -- fills


def fill_of(asked: Brief) -> list[Note]:
    phrase = FillBeats().write(asked, written(asked))
    return [n for n in phrase.notes if phrase.origins[n.origin].maker == "fills" and n.start >= PPQ]


@pytest.mark.parametrize("melody", ["riff", "none"])
def test_no_two_statements_without_a_tune_close_alike(melody: str) -> None:
    """Where no tune tells a return from a copy the drummer does: of three statements, each like the others in all else, no two
    end in the same bar; those with a tune do, where no creativity is asked for."""
    toms = ("..Xx", "X..X", "x.XX", "XXX.")
    fills = tuple(
        Fill(
            f"f{n}{beats}", (1, 2, 3, 4, 5), 1.0, f"drums.fill.{n}{beats}", "", beats, (("tom1", steps(beats * text)),)
        )
        for n, text in enumerate(toms)
        for beats in (1, 2)
    )
    for song in range(20):
        seed, dials = Seed(f"{song}/A/1/drums"), Dials(creativity=0.0)
        first = brief(replace(FUNK, fills=fills), bars=4, melody=melody, seed=seed, dials=dials)
        lasts: dict[str, set[frozenset[tuple[int, int]]]] = {}
        for told in (melody, "lead"):
            for number in (1, 2, 3):
                section = replace(first.section, occurrence=number, melody=told)
                asked = replace(first, section=section, seed=Seed(f"{song}/A/{number}/drums"))
                played = FillBeats().write(asked, written(asked))
                lasts.setdefault(told, set()).add(bar_sets(played, asked)[-1])
        assert len(lasts[melody]) == 3 and len(lasts["lead"]) == 1


def test_fills_grow_with_the_energy_to_come() -> None:
    """One beat when energy stays, more the higher it jumps."""

    def beats(after: int) -> float:
        asked = [brief(seed=Seed(f"{n}/A/1/drums"), seam=Seam(3, after)) for n in range(40)]
        found = [slots(b)[-1].beats for b in asked if slots(b) and slots(b)[-1].bar == 7]
        assert len(found) >= 30
        return sum(found) / len(found)

    assert beats(2) < beats(4) < beats(5)


def test_every_section_end_is_told() -> None:
    """Over eighty sections the last two beats have two strokes that most bars have not, or hold their breath; both occur."""
    breaths = 0
    for seed in range(80):
        asked = brief(tier=2 + seed % 3, seed=Seed(f"{seed}/A/1/drums"))
        told = FillBeats().write(asked, written(asked))
        late = asked.section.meter.bar - 2 * PPQ
        *others, last = [{hit for hit in bar if hit[0] >= late} for bar in bar_sets(told, asked)]
        usual = {hit for bar in others for hit in bar if sum(hit in one for one in others) * 2 > len(others)}
        breath = any(origin.idea.startswith("breath") for origin in told.origins)
        breaths += breath
        assert len(last) <= 2 if breath else len(last - usual) >= 2
    assert 0 < breaths < 20


def test_fills_crescendo() -> None:
    """Fills end louder than they begin."""
    rises = []
    for n in range(30):
        notes = [x for x in fill_of(brief(seed=Seed(f"{n}/A/1/drums"), seam=Seam(3, 5))) if x.start >= 7 * 3840]
        if len(notes) >= 4:
            quarter = max(1, len(notes) // 4)
            first, last = (sum(x.velocity for x in part) / quarter for part in (notes[:quarter], notes[-quarter:]))
            rises.append(last - first)
    assert sorted(rises)[len(rises) // 2] > 8


def test_hats_leave_while_toms_play() -> None:
    """No time-keeping cymbal inside a fill that uses toms."""
    for n in range(30):
        asked = brief(seed=Seed(f"{n}/A/1/drums"), seam=Seam(3, 5))
        notes = FillBeats().write(asked, written(asked)).notes
        toms = [x.start for x in notes if x.pitch in (50, 47, 43) and x.start >= 7 * 3840]
        assert not toms or not any(x.pitch in (HAT, 46) and x.start >= min(toms) for x in notes)


def test_energy_that_rises_is_greeted_with_a_crash() -> None:
    """A section louder than the one before opens with crash and kick."""
    asked = brief(seam=Seam(2, 3))
    struck = {n.pitch for n in FillBeats().write(asked, written(asked)).notes if n.start == 0}
    assert {49, KICK} <= struck


def test_a_long_roll_runs_over_the_groove() -> None:
    """A genre's long roll fills the end of a build, bar after bar, and the kick goes on under it."""
    strokes = steps("x.x. x.x. x.x. x.x.|xxxx xxxx xxxx bbbb")
    roll = Fill("build", (3,), 1.0, "drums.fill.build", "", 8, (("snare", strokes),))
    asked = brief(replace(HOUSE, fills=(roll,)), flags=frozenset({"ramp"}), seam=Seam(3, 5))
    notes = FillBeats().write(asked, written(asked)).notes
    assert sum(n.pitch == SNARE and n.start >= 6 * 3840 for n in notes) >= 20
    assert any(n.pitch == KICK and n.start >= 7 * 3840 for n in notes)


@pytest.mark.parametrize("meter", METERS, ids=str)
def test_any_meter(meter: Meter) -> None:
    """Every generator writes on the grid, inside the section, in any meter."""
    asked = brief(meter=meter, tier=4, seam=Seam(3, 5))
    phrase = Pen("drums").phrase(asked.section.length)
    for beat in BEATS:
        phrase = beat.write(asked, phrase)
    assert phrase.notes
    assert all(n.start % (PPQ // 8) == 0 and 0 <= n.start < n.end <= asked.section.length for n in phrase.notes)
