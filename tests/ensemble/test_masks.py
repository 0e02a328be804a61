"""When an idea may be used: masks of every kind, what goes on through a section and what single bars call for."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from scorekit import files, pipeline, studio
from scorekit.ensemble import masks
from scorekit.ensemble.beats.groove import bars_of, laid_over
from scorekit.ensemble.listening import told as gathered
from scorekit.ensemble.playing import fills_of, momentous, usable
from scorekit.ideas import MASKS, BassIdeas, BassLine, DrumIdeas, Groove, Hit, Pattern, fits
from scorekit.score import Brief, Cell, Chord, Key, Lane, Note, Phrase, Section
from scorekit.seeds import Seed
from scorekit.stage import Dials
from scorekit.timebase import Meter

BAR = 3840
CHORDS = ((0, "maj7"), (9, "min7"), (2, "7"), (7, "7sus4"), (11, "min7b5"), (5, "maj"), (5, "maj"), (0, "maj"))
TOMS = tuple(Note(7 * BAR - 1920 + n * 240, 100, 47, 90) for n in range(8))


def brief(occurrence: int = 1, band: str = "medium", drums: tuple[Note, ...] = (), stray: float = 0.75) -> Brief:
    """A bass player's brief over eight bars, a chord a bar: a player who hardly plays a thing twice."""
    chords = tuple(Chord(n * BAR, BAR, root, quality, root) for n, (root, quality) in enumerate(CHORDS))
    section = Section("A", occurrence, 8, Meter(4, 4), 4, 3, Key(0, "major", "C"), chords)
    heard = gathered("bass", (Phrase("drums", drums),), section)
    return Brief(
        "bass",
        section,
        Lane(turns=(3, 7)),
        BassIdeas(stray=stray),
        Dials(),
        Cell(),
        Seed("1/A/1/bass"),
        band,
        gists=heard,
    )


def bars(mask: str, told: Brief | None = None) -> list[int]:
    """The bars that fulfil a mask."""
    told = told or brief()
    fills = frozenset(fills_of(told))
    return [bar for bar in range(8) if fits(mask, masks.of_bar(told, bar, fills))]


@pytest.mark.parametrize(
    ("mask", "where"),
    [
        ("", list(range(8))),
        ("first", list(range(8))),
        ("return", []),
        ("last", [4, 5, 6, 7]),
        ("bar1", [0, 4]),
        ("bar3 bar4", [2, 3, 6, 7]),
        ("major", [0, 5, 6, 7]),
        ("minor", [1]),
        ("dominant", [2]),
        ("suspended", [3]),
        ("diminished", [4]),
        ("next-third", [0, 3]),
        ("next-fourth", [1, 2, 6]),
        ("next-tritone", [4]),
        ("next-same", [5, 7]),
        ("next-fourth major", [6]),
        ("fast", []),
        ("medium bar2", [1, 5]),
    ],
)
def test_masks_speak_of_bars(mask: str, where: list[int]) -> None:
    """Words of one kind are alternatives, words of different kinds must all be true."""
    assert bars(mask) == where


def test_masks_hear_the_fills() -> None:
    """The bar before the drummer's fill, the one with it, and the one after."""
    told = brief(drums=TOMS)
    assert (bars("before-fill", told), bars("fill", told), bars("after-fill", told)) == ([5], [6], [7])
    assert not bars("fill")


def test_masks_hear_the_statement_and_the_tempo() -> None:
    """Returns and feel bands."""
    assert bars("return", brief(2)) == list(range(8)) and not bars("first", brief(2))
    assert bars("slow fast", brief(band="fast")) == list(range(8))


def test_every_word_can_be_true() -> None:
    """Each word of every kind is one that some bar fulfils, and nothing else is ever said of a bar."""
    known = {word for kind in MASKS.values() for word in kind}
    said = {
        word for b in (brief(), brief(2, "slow", TOMS)) for n in range(8) for word in masks.of_bar(b, n, frozenset({6}))
    }
    assert said <= known
    assert {word for word in known if not fits(word, frozenset({word}))} == set()


def test_a_mask_of_a_genre_is_read() -> None:
    """An unknown word is a mistake with the nearest one; a song may give its genre's line a mask."""
    for mask, fine in (("bar4 minor", True), ("bar4 miner", False)):
        text = f'genre = "rock"\n[[override.bass.patterns]]\nid = "gallop"\nmask = "{mask}"\n'
        found = pipeline.compile_song(text, "song.toml", find=files.load)
        assert (found.plan is not None) == fine, [d.render() for d in found.diagnostics]
        assert fine or [(d.message, d.hint) for d in found.diagnostics] == [
            ("unknown mask 'miner'", "did you mean 'minor'?")
        ]


PLAIN = BassLine("plain", (1, 2, 3, 4, 5), 1.0, "plain")


def taken(mask: str, told: Brief, weight: float = 9.0) -> list[int]:
    """The bars that a line of a mask takes over from one that goes on."""
    masked = BassLine("masked", (3,), weight, "masked", mask)
    return [n for n, line in enumerate(momentous((masked, PLAIN), told, (PLAIN,) * 8)) if line is masked]


@pytest.mark.parametrize("mask", ["bar4", "next-fourth", "after-fill", "minor next-fourth"])
def test_what_asks_for_single_bars_does_not_go_on(mask: str) -> None:
    """A line for certain bars is never what a section goes on with, even in those bars; conditions alone may be."""
    masked = BassLine("masked", (3,), 9.0, "masked", mask)
    assert all(usable((masked, PLAIN), brief(drums=TOMS), bar) == (PLAIN,) for bar in range(8))
    minor = BassLine("minor", (3,), 9.0, "minor", "minor")
    assert [bar for bar in range(8) if minor in usable((minor, PLAIN), brief(), bar)] == [1]


@pytest.mark.parametrize("mask", ["bar4", "next-fourth", "after-fill", "first bar2 bar3"])
def test_single_bars_are_taken_over_where_the_mask_says(mask: str) -> None:
    """Over sixty seeds every bar that fits is taken over at times and left at times, and no other ever is."""
    told = [replace(brief(drums=TOMS), seed=Seed(f"{n}/A/1/bass")) for n in range(60)]
    found = [taken(mask, one) for one in told]
    assert {bar for some in found for bar in some} == set(bars(mask, told[0]))
    assert any(len(some) < len(bars(mask, told[0])) for some in found)


def test_what_was_heard_comes_rarer() -> None:
    """Of two bars that fit, the later is taken over less often than the first."""
    found = [taken("bar3", replace(brief(), seed=Seed(f"{n}/A/1/bass")), 3.0) for n in range(200)]
    counts = [sum(bar in some for some in found) for bar in (2, 6)]
    assert counts[0] > counts[1] > 0


def test_of_four_bars_one_is_taken_over() -> None:
    """Where two of four fit, the later of those drawn has it; the last four bars alone may be taken over one by one."""
    told = [replace(brief(), seed=Seed(f"{n}/A/1/bass")) for n in range(60)]
    once = [taken("bar2 bar3", one) for one in told]
    assert all(len(some) == len({bar // 4 for bar in some}) for some in once)
    assert {bar for some in once for bar in some} == {1, 2, 5, 6}
    assert any(taken("last bar3 bar4", one) == [6, 7] for one in told)


def test_who_keeps_a_figure_turns_it_at_the_end_of_phrases() -> None:
    """Of eight bars one is taken over, and the last for itself; what the next chord alone calls for comes in the last bar of
    four, what names its bar or a fill where it is called for."""
    told = [replace(brief(drums=TOMS, stray=0.2), seed=Seed(f"{n}/A/1/bass")) for n in range(60)]
    assert all(len([bar for bar in taken("bar2 bar3 bar4", one) if bar < 7]) <= 1 for one in told)
    assert {bar for one in told for bar in taken("next-third next-fourth", one)} == {3}
    assert {bar for one in told for bar in taken("bar2 next-fourth", one)} == {1}
    assert {bar for one in told for bar in taken("fill", one)} == {6}


def test_a_tier_without_moments_goes_on() -> None:
    """Ideas for moments do not stand in at energies they do not name."""
    quiet = brief()
    assert not taken("bar4", replace(quiet, lane=replace(quiet.lane, tier=2)))


def groove(name: str, mask: str, **rows: str) -> Groove:
    """A groove of one bar at every energy; ``x`` strikes."""
    laid = (
        (row, Pattern(16, 16, tuple(Hit(n, mark) for n, mark in enumerate(text) if mark != ".")))
        for row, text in rows.items()
    )
    return Groove(name, (1, 2, 3, 4, 5), 4.0, name, mask, tuple(laid))


def test_a_groove_for_a_moment_replaces_the_rows_it_has() -> None:
    """A kick alone leaves snare and hats; a ride takes the hats' hand; what it names is its own."""
    base = groove("base", "", kick="x.......x.......", snare="....x.......x...", hh="x.x.x.x.x.x.x.x.")
    kick, ride = groove("k", "bar4", kick="x..x..x........."), groove("r", "bar4", ride="x...x...x...x...")
    assert dict(laid_over(base, kick).rows) == {**dict(base.rows), **dict(kick.rows)}
    assert {row for row, _ in laid_over(base, ride).rows} == {"kick", "snare", "ride"}


def test_grooves_take_over_bars_of_the_phrase() -> None:
    """The fourth bars, and with ``last`` only the section's last: at times, never elsewhere; not where one was asked for."""
    base = groove("base", "", kick="x.......x.......", hh="x.x.x.x.x.x.x.x.")
    for mask, where in (("bar4", {3, 7}), ("last", {7}), ("return", set()), ("return bar2", set())):
        other = groove("other", mask, kick="x..x..x.........")
        told = [
            replace(brief(), part="drums", ideas=DrumIdeas((base, other)), seed=Seed(f"{n}/A/1/drums"))
            for n in range(40)
        ]
        found = [{n for n, g in enumerate(bars_of(one, base)) if g is other} for one in told]
        assert set().union(*found) == where
        assert all(bars_of(replace(one, cell=Cell(pattern="base")), base) == (base,) * 8 for one in told)


STICK = 37
SIDES = {"three-two": {0, 6, 12, 20, 26}, "two-three": {4, 10, 16, 22, 28}}


def test_a_song_keeps_to_one_side_of_the_clave() -> None:
    """Bossa songs begin on either side; in a song every section is on the same, and drums, guitar and bass play nothing
    that is written for the other."""
    seen = set()
    for seed in range(1, 9):
        score = studio.compose(f'genre = "bossa"\nseed = {seed}\nlength = "60 s"\n')
        sides = {placement.section.clave for placement in score.plan.placements}
        assert len(sides) == 1
        seen |= sides
        side = sides.pop()
        other = next(word for word in SIDES if word != side)
        ideas = score.plan.ideas
        written = {i.path: i.mask for i in (*ideas.drums.grooves, *ideas.bass.lines, *ideas.guitar.cells)}
        played = {origin.path for passage in score.passages for p in passage.phrases for origin in p.origins}
        assert {side, other} & {word for path in played for word in written.get(path, "").split()} == {side}
        strokes = [
            n.start // 240 % 32 for passage in score.passages for n in passage.phrase("drums").notes if n.pitch == STICK
        ]
        on, off = (sum(at in SIDES[word] for at in strokes) for word in (side, other))
        assert len(strokes) > 40 and on > 3 * off, (side, on, off)
    assert seen == set(SIDES)


def test_a_genre_without_clave_says_nothing_of_it() -> None:
    """No section of a rock song is on a side, and an unknown side is a mistake."""
    assert {p.section.clave for p in studio.compose('genre = "rock"\n').plan.placements} == {""}
    told = studio.check('genre = "bossa"\n[override.perc]\nclave = { "two-tree" = 1 }\n')
    assert [(d.message, d.hint) for d in told] == [
        ("unknown side of the clave 'two-tree'", "did you mean 'two-three'?")
    ]
