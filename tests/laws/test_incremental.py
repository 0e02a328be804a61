"""Incremental equals fresh, and an edit runs what it must and nothing else."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from scorekit import pipeline
from scorekit.rehearsal import Rehearsal
from scorekit.remix import Superseded
from scorekit.store import Store

from .test_sameness import planned

SONG = """
genre = "rock"
seed = 11
tempo = 120
key = "A minor"
form = "verse:4:e3 chorus:4:e5 tag:1:e5"

[parts.bass]
density = 0.5

[sections.verse.parts.keys]
density = 0.6
"""
Edit = Callable[[str, random.Random], str]
EDITS: list[Edit] = [
    lambda t, r: t.replace("tempo = 120", f"tempo = {r.choice([112, 128])}"),
    lambda t, r: t.replace("density = 0.5", f"density = 0.{r.randint(1, 9)}"),
    lambda t, r: t.replace("density = 0.6", f"density = 0.{r.randint(1, 9)}"),
    lambda t, r: t + f"\n# {r.random()}\n",
    lambda t, r: t.replace('"A minor"', f'"{r.choice("CDE")} minor"'),
    lambda t, r: t.replace("chorus:4:e5", f"chorus:{r.choice([2, 4])}:e4"),
    lambda t, r: t + f"\n[sections.chorus.parts.{r.choice(['lead', 'guitar', 'drums'])}]\nreroll = {r.randint(1, 5)}\n",
    lambda t, r: t + f"\n[parts.{r.choice(['keys', 'drums'])}]\nlevel = -{r.randint(2, 12)}\n",
    lambda t, r: t + f"\n[parts.guitar]\ndelay = 0.{r.randint(1, 4)}\n",
    lambda t, r: t + f"\n[override.bass]\ngate = 0.{r.randint(4, 9)}\n",
    lambda t, r: t + f"\n[master]\nlufs = -{r.randint(13, 18)}\n",
]


def test_incremental_sound_equals_fresh_after_random_edits() -> None:
    """After each of 12 random edits, MIDI and WAV of a rehearsal that saw all versions before are those of a fresh render,
    byte for byte; a render that was given up in the middle on the way leaves no trace."""
    chance, rehearsal = random.Random(2), Rehearsal()
    for turn in range(12):
        plan = planned(EDITS[(turn * 7) % len(EDITS)](SONG, chance))
        music = rehearsal.music(plan)
        if music is None:
            continue
        if turn % 3 == 1:
            left = iter(range(chance.randint(1, 12)))
            with pytest.raises(Superseded):
                rehearsal.sound(music.performance, lambda left=left: next(left, None) is None)  # type: ignore[misc]
            continue
        heard = rehearsal.sound(music.performance)
        fresh = pipeline.perform(pipeline.compose(plan))
        assert music.midi == pipeline.midi(fresh)
        assert bytes(heard.wav) == bytes(pipeline.audio(fresh).wav), f"edit {turn}"


def cells(text: str) -> tuple[set[str], set[str]]:
    """The stages that run when SONG becomes a text, as stage kinds with their cells, and the cells whose notes change."""
    rehearsal = Rehearsal()
    assert rehearsal.music(planned(SONG)) is not None
    music = rehearsal.music(planned(text))
    if music is None:
        return set(), set()
    changed = {
        f"{section}/{change.part}" for change in music.changes if change.kind == "notes" for section in change.sections
    }
    return {name for name, _ in music.ran}, changed


def kinds(ran: set[str]) -> set[str]:
    return {name.partition("/")[0] for name in ran}


def test_a_comment_runs_nothing() -> None:
    """Comments, blank lines and another order of keys make no version at all."""
    assert cells(SONG + "\n# more\n") == (set(), set())
    assert cells(SONG.replace("tempo = 120\n", "").replace("seed = 11", "tempo = 120.0\nseed = 11")) == (set(), set())


@pytest.mark.parametrize("setting", ["[parts.keys]\nlevel = -9", "[parts.lead]\nverb = 0.5", "[master]\nlufs = -16"])
def test_the_mixer_runs_no_stage_of_the_score(setting: str) -> None:
    """A level, a send or the loudness makes a version in which no stage of the score ran and no note changed."""
    assert cells(f"{SONG}\n{setting}\n") == (set(), set())


def test_one_cell_runs_itself_and_its_listeners() -> None:
    """Another take of the lead in the chorus plays and performs in the chorus only, and reconciles the chorus once."""
    ran, changed = cells(SONG + "\n[sections.chorus.parts.lead]\nreroll = 2\n")
    assert {name.split("/")[1] for name in ran} == {"chorus"}
    assert "play/chorus/1/lead" in ran and "play/chorus/1/drums" not in ran and "play/chorus/1/bass" not in ran
    assert changed and {cell.split("/")[0] for cell in changed} == {"chorus"}


def test_a_section_that_stayed_as_it_was_is_not_even_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    """One cell edited: no stage of another section is looked up, let alone run, be it composing or performing."""
    rehearsal, asked, run = Rehearsal(), set[str](), Store.run

    def noted(store: Store, name: str, stage: Callable[..., object], **inputs: object) -> object:
        asked.add(name)
        return run(store, name, stage, **inputs)

    assert rehearsal.music(planned(SONG)) is not None
    monkeypatch.setattr(Store, "run", noted)
    assert rehearsal.music(planned(SONG + "\n[sections.chorus.parts.lead]\nreroll = 3\n")) is not None
    assert {"play/chorus/1/lead", "perform/chorus/1/lead"} <= asked
    assert {name.split("/")[1] for name in asked} == {"chorus"}


def test_a_tempo_in_its_band_performs_and_plays_nothing() -> None:
    """A tempo in the same feel band moves no note: only performing runs again, since milliseconds are other ticks."""
    ran, changed = cells(SONG.replace("tempo = 120", "tempo = 118"))
    assert kinds(ran) <= {"perform"} and changed == set()


def test_a_key_leaves_the_drums_alone() -> None:
    """Another key plays every pitched part anew; of the drums no note changes."""
    ran, changed = cells(SONG.replace("A minor", "B minor"))
    assert "play/verse/1/bass" in ran
    assert not any(cell.endswith("/drums") for cell in changed)


def test_a_bridge_plays_itself_and_the_seams() -> None:
    """A new section plays itself; of the others only those parts run that play into what comes next."""
    ran, changed = cells(SONG.replace("chorus:4:e5", "bridge:4:e3 chorus:4:e5"))
    played = {name for name in ran if name.startswith("play/") and "/bridge/" not in name}
    assert "play/bridge/1/bass" in ran
    assert not any(name.split("/")[1] == "tag" for name in played)
    assert not any(cell.startswith("tag/") for cell in changed)


def test_another_genre_plays_everything() -> None:
    """Another genre runs every kind of stage in every section."""
    ran, _ = cells(SONG.replace('"rock"', '"jazz_swing"').replace("tempo = 120", "tempo = 140"))
    assert {"accents", "play", "reconcile", "perform"} <= kinds(ran)
    assert {name.split("/")[1] for name in ran} >= {"verse", "chorus", "tag"}


def test_a_thousand_versions_leave_no_growing_memory() -> None:
    """What is remembered is bounded: after many versions the store holds no more than its last turns asked for."""
    rehearsal, sizes = Rehearsal(), []
    for turn in range(40):
        rehearsal.music(planned(SONG + f"\n[sections.chorus.parts.bass]\nreroll = {turn + 1}\n"))
        sizes.append(len(rehearsal.store.values))
    assert max(sizes[20:]) <= max(sizes[:20]) * 1.05
