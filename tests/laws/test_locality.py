"""An edit reaches its own cell, those who listen to it, and what the resolver says it touched: nothing else."""

from __future__ import annotations

import pytest

from scorekit.ensemble.base import LISTENS, PLAY_ORDER
from scorekit.score import Score

from .test_sameness import SONG, composed


def listeners(part: str) -> set[str]:
    """The part and everybody who hears it, directly or through others."""
    reached = {part}
    for name in PLAY_ORDER:
        if reached & set(LISTENS[name].parts):
            reached.add(name)
    return reached


def changed(before: Score, after: Score) -> set[tuple[str, str]]:
    """(section, part) of every phrase whose notes differ."""
    found = set()
    for placement, old, new in zip(before.plan.placements, before.passages, after.passages, strict=True):
        for a, b in zip(old.phrases, new.phrases, strict=True):
            if a.notes != b.notes:
                found.add((placement.section.id, a.part))
    return found


def mended(score: Score, section: str) -> set[str]:
    """The parts whose notes the resolver edited in a section."""
    ids = [p.section.id for p in score.plan.placements]
    return {e.part for e in score.passages[ids.index(section)].edits}


def test_everybody_is_played_after_those_it_hears() -> None:
    """The order of playing agrees with the listening table."""
    for place, part in enumerate(PLAY_ORDER):
        assert set(LISTENS[part].parts) <= set(PLAY_ORDER[:place]), part


@pytest.mark.parametrize("part", PLAY_ORDER)
@pytest.mark.parametrize("what", ["reroll = 3", "density = 0.9"])
def test_an_edit_of_a_cell_reaches_its_listeners_only(part: str, what: str) -> None:
    """Rerolling or thickening one part in one section changes that section alone, and there only the part, those who listen
    to it by the table, and parts in which the resolver recorded an edit before or after."""
    text = SONG.replace("[sections.verse.parts.keys]\ndensity = 0.6\n", "")
    before = composed(text)
    after = composed(text + f'\n[sections."verse/2".parts.{part}]\n{what}\n')
    touched = changed(before, after)
    allowed = listeners(part) | mended(before, "verse/2") | mended(after, "verse/2")
    assert {section for section, _ in touched} <= {"verse/2"}
    assert {name for _, name in touched} <= allowed


@pytest.mark.parametrize(
    "setting", ["parts.bass.level=-9", "parts.keys.pan=0.7", "master.lufs=-16", "parts.lead.verb=0.6"]
)
def test_the_mixer_moves_no_note(setting: str) -> None:
    """Levels, pans, sends and loudness leave every note of the score alone."""
    from scorekit import pipeline

    from .test_sameness import notes, planned

    key, value = setting.split("=")
    assert notes(pipeline.compose(planned(SONG, **{key: value}))) == notes(composed(SONG))


def test_a_locked_cell_keeps_its_notes() -> None:
    """A locked bass keeps every note when the drums it follows are rerolled, and the resolver never touches it."""
    lock = '\n[sections."chorus/1".parts.bass]\nlock = true\n'
    before, after = composed(SONG + lock), composed(SONG + lock + '\n[sections."chorus/1".parts.drums]\nreroll = 9\n')
    number = [p.section.id for p in before.plan.placements].index("chorus/1")
    assert before.passages[number].phrase("bass").notes == after.passages[number].phrase("bass").notes
    assert before.passages[number].phrase("drums").notes != after.passages[number].phrase("drums").notes
    assert not any(e.part == "bass" for e in after.passages[number].edits)
