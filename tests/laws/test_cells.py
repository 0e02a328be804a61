"""One cell of a song, rerolled, locked or written by its user, in every genre: the listening table holds, nothing else moves."""

from __future__ import annotations

import pytest

from scorekit import files, pipeline
from scorekit.ensemble.base import LISTENS, PLAY_ORDER
from scorekit.score import PARTS, Note, Score
from scorekit.store import Store

from .test_locality import changed, listeners, mended

GENRES = [name for name in files.known("genres") if name != "base44"]
LINES = {"drums": "kick hh snare hh | kick:1 hh:1 snare:2"}
OWN = "C3:1.5 Eb3:.5 F#3:2 | . B2:1 C3:2"


class Songs:
    """Versions of one song, composed with what is remembered of the ones before."""

    def __init__(self, genre: str, seed: int) -> None:
        self.text = f'genre = "{genre}"\nseed = {seed}\nlength = "40 s"\n'
        self.store = Store()
        self.plain = self.composed("")
        self.sections = [placement.section for placement in self.plain.plan.placements]

    def composed(self, more: str) -> Score:
        """The song with some more lines. It keeps its form, which a section table could otherwise change."""
        text = self.text + (f'form = "{self.form()}"\n' if more else "") + more
        done = pipeline.compile_song(text, "song.toml", find=files.load)
        assert done.plan is not None, [d.render() for d in done.diagnostics]
        return pipeline.compose(done.plan, self.store)

    def form(self) -> str:
        """The form the genre gave it, written down."""
        flags = {"break": "b", "half": "h", "double": "d", "nodrums": "n", "ramp": "r", "vacuum": "v", "ending": "t"}
        return " ".join(
            f"{s.name}:{s.bars}:e{s.tier}" + (":" if s.flags else "") + "".join(sorted(flags[f] for f in s.flags))
            for s in self.sections
        )


def cell(section: str, part: str, what: str) -> str:
    """A table about one part in one section."""
    return f'[sections."{section}".parts.{part}]\n{what}\n'


TAKES = (4, 1, 2, 3, 5, 6)


@pytest.mark.parametrize("genre", GENRES)
def test_a_reroll_reaches_its_listeners_alone_and_is_heard(genre: str) -> None:
    """Every part rerolled in one section: that section alone changes, and in it the part, those who hear it, and parts in
    which the resolver recorded an edit; and of six takes of each part that plays there some is another one."""
    songs = Songs(genre, 5)
    keep = cell(songs.sections[0].id, "pads", "reroll = 0")
    before = songs.composed(keep)
    middle = songs.sections[len(songs.sections) // 2].id
    silent = set()
    for part in (p.name for p in before.plan.parts):
        playing = bool(phrase(before, middle, part))
        for take in TAKES if playing else TAKES[:1]:
            after = songs.composed(keep + cell(middle, part, f"reroll = {take}"))
            touched = changed(before, after)
            assert {section for section, _ in touched} <= {middle}
            allowed = listeners(part) | mended(before, middle) | mended(after, middle)
            assert {name for _, name in touched} <= allowed, part
            if (middle, part) in touched:
                break
        else:
            silent |= {part} if playing else set()
    assert silent == set()


@pytest.mark.parametrize("genre", GENRES)
def test_a_locked_cell_keeps_its_notes_whatever_others_do(genre: str) -> None:
    """Locked, a part plays the same notes though those it hears are rerolled, thickened or silenced; unlocked some do not."""
    songs = Songs(genre, 5)
    middle = songs.sections[len(songs.sections) // 2].id
    band = [p.name for p in songs.plain.plan.parts]
    for part in ("bass", "guitar", "keys", "lead"):
        base = cell(middle, part, "lock = true\nplay = true")
        kept = phrase(songs.composed(base), middle, part)
        for name in LISTENS[part].parts:
            for what in ("reroll = 7", "density = 1.0"):
                if name in band:
                    assert phrase(songs.composed(base + cell(middle, name, what)), middle, part) == kept, (part, name)


@pytest.mark.parametrize("genre", GENRES)
def test_a_lock_keeps_the_notes_there_are(genre: str) -> None:
    """Locking a part, rerolled or not, in a section where no other is told anything leaves all its notes, mended ones too, and
    nothing but what the resolver then finds to mend differs in the others."""
    songs = Songs(genre, 5)
    middle = songs.sections[len(songs.sections) // 2].id
    for part in (p.name for p in songs.plain.plan.parts):
        for take in ("reroll = 0", "reroll = 3"):
            before = songs.composed(cell(middle, part, take))
            after = songs.composed(cell(middle, part, take + "\nlock = true"))
            assert phrase(after, middle, part) == phrase(before, middle, part), (part, take)
            others = {name for section, name in changed(before, after)}
            assert others <= mended(before, middle) | mended(after, middle), (part, take)


@pytest.mark.parametrize("genre", GENRES)
def test_locking_moves_no_other_note(genre: str) -> None:
    """A lock is for one cell: other sections stay, and in its own only those who hear it may answer what it now plays."""
    songs = Songs(genre, 6)
    keep = cell(songs.sections[0].id, "pads", "reroll = 0")
    before = songs.composed(keep)
    middle = songs.sections[len(songs.sections) // 2].id
    for part in ("drums", "bass", "keys", "strings"):
        after = songs.composed(keep + cell(middle, part, "lock = true"))
        touched = changed(before, after)
        allowed = listeners(part) | mended(before, middle) | mended(after, middle)
        assert {section for section, _ in touched} <= {middle} and {name for _, name in touched} <= allowed, part


@pytest.mark.parametrize("genre", GENRES)
def test_own_notes_are_played_by_any_part_and_never_touched(genre: str) -> None:
    """Every part plays what is written for it in one cell, sour as it is: to the tick, the pitch and the number of notes."""
    songs = Songs(genre, 7)
    middle = next(s for s in songs.sections if s.bars >= 2 and s is not songs.sections[-1])
    bar = middle.meter.bar
    for part in PARTS:
        score = songs.composed(cell(middle.id, part, f'notes = "{LINES.get(part, OWN)}"'))
        found = phrase(score, middle.id, part)
        wanted = [0, bar // 4, bar // 2, bar * 3 // 4, bar, bar + bar // 4, bar + bar // 2]
        if part == "drums":
            assert [(n.start, n.pitch) for n in found] == list(zip(wanted, (36, 42, 38, 42, 36, 42, 38), strict=True))
        else:
            assert [(n.start, n.pitch) for n in found] == [
                (0, 48), (bar * 3 // 8, 51), (bar // 2, 54), (bar + bar // 4, 47), (bar + bar // 2, 48)
            ]  # fmt: skip
        number = [p.section.id for p in score.plan.placements].index(middle.id)
        assert not [e for e in score.passages[number].edits if e.part == part]


def phrase(score: Score, section: str, part: str) -> tuple[Note, ...]:
    """What a part plays in a section."""
    number = [p.section.id for p in score.plan.placements].index(section)
    return score.passages[number].phrase(part).notes


def test_the_table_names_all_parts() -> None:
    """What is held here to the listening table is the whole band."""
    assert set(LISTENS) == set(PLAY_ORDER) == set(PARTS)
