"""When an idea may be used: masks of every kind, of lines and cells bar by bar, of grooves by section."""

from __future__ import annotations

import pytest

from scorekit import files, pipeline
from scorekit.ensemble import masks
from scorekit.ensemble.playing import usable
from scorekit.ideas import MASKS, BassLine, fits
from scorekit.score import Brief, Cell, Chord, Key, Lane, Note, Phrase, Section
from scorekit.seeds import Seed
from scorekit.stage import Dials
from scorekit.timebase import Meter

BAR = 3840
CHORDS = ((0, "maj7"), (9, "min7"), (2, "7"), (7, "7sus4"), (11, "min7b5"), (5, "maj"), (5, "maj"), (0, "maj"))
TOMS = tuple(Note(7 * BAR - 1920 + n * 240, 100, 47, 90) for n in range(8))


def brief(occurrence: int = 1, band: str = "medium", drums: tuple[Note, ...] = ()) -> Brief:
    """A bass player's brief over eight bars, a chord a bar."""
    chords = tuple(Chord(n * BAR, BAR, root, quality, root) for n, (root, quality) in enumerate(CHORDS))
    section = Section("A", occurrence, 8, Meter(4, 4), 4, 3, Key(0, "major", "C"), chords)
    heard = (Phrase("drums", drums),)
    return Brief("bass", section, Lane(), None, Dials(), Cell(), Seed("1/A/1/bass"), band, heard=heard)


def bars(mask: str, told: Brief | None = None) -> list[int]:
    """The bars in which a line of a mask may be played, beside one that always may."""
    masked, plain = BassLine("masked", (3,), 1.0, "a", mask), BassLine("plain", (3,), 1.0, "b")
    return [bar for bar in range(8) if masked in usable((masked, plain), told or brief(), bar)]


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
