"""Same text, same music: on every run, in every process, whatever is remembered from before."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import pytest
from msgspec.structs import replace

from scorekit import files, pipeline
from scorekit.score import Passage, Plan, Score
from scorekit.store import Store

SONG = """
genre = "rock"
seed = 11
tempo = 120
key = "A minor"
form = "intro:2:e2 verse:4:e3 chorus:4:e5 verse:4:e3 chorus:4:e5 tag:1:e5"

[parts.bass]
density = 0.5

[sections.verse.parts.keys]
density = 0.6
"""


def planned(text: str, **settings: object) -> Plan:
    compiled = pipeline.compile_song(
        text, "song.toml", find=files.load, settings=[f"{k}={v}" for k, v in settings.items()]
    )
    assert compiled.plan is not None, [d.render() for d in compiled.diagnostics]
    return compiled.plan


def composed(text: str) -> Score:
    return pipeline.compose(planned(text))


def notes(score: Score) -> list[tuple[str, str, tuple[object, ...]]]:
    pairs = zip(score.plan.placements, score.passages, strict=True)
    return [(p.section.id, f.part, f.notes) for p, passage in pairs for f in passage.phrases]


def midi_of(text: str) -> bytes:
    return pipeline.midi(pipeline.perform(composed(text)))


@pytest.mark.parametrize("hash_seed", ["0", "1", "random"])
def test_midi_is_the_same_in_every_process(hash_seed: str) -> None:
    """The same spec gives the same MIDI bytes in another process, whatever PYTHONHASHSEED is."""
    code = (
        "import sys, hashlib; from scorekit import files, pipeline;"
        "c = pipeline.compile_song(sys.stdin.read(), 'song.toml', find=files.load);"
        "print(hashlib.sha256(pipeline.midi(pipeline.perform(pipeline.compose(c.plan)))).hexdigest())"
    )
    env = os.environ | {"PYTHONHASHSEED": hash_seed}
    there = subprocess.run(
        [sys.executable, "-c", code], input=SONG, text=True, capture_output=True, env=env, check=True
    )
    import hashlib

    assert there.stdout.strip() == hashlib.sha256(midi_of(SONG)).hexdigest()


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: "# a comment\n" + text.replace("tempo = 120", "tempo = 120   # and another"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("tempo = 120", "tempo = 120.0"),
        lambda text: text.replace('key = "A minor"\n', "").replace("seed = 11", 'key = "A minor"\nseed = 11'),
    ],
    ids=["comments", "line endings", "120.0 for 120", "another order of keys"],
)
def test_what_does_not_matter_changes_nothing(edit: object) -> None:
    """Comments, line endings, number spelling and key order leave the MIDI bytes alone."""
    assert midi_of(edit(SONG)) == midi_of(SONG)  # type: ignore[operator]


def test_renaming_a_pattern_nobody_names_changes_nothing() -> None:
    """The id of a pattern takes no part in what is chosen or played: renamed throughout, the music is the same."""
    text, _ = files.load("genres", "rock", "song.toml")[1], None
    assert 'id = "straight-eights"' in text

    def find(kind: str, name: str, beside: str) -> object:
        found = files.load(kind, name, beside)
        if kind == "genres" and name == "rock":
            return found[0], found[1].replace("straight-eights", "renamed").replace("eighth-roots", "renamed-too")  # type: ignore[index]
        return found

    renamed = pipeline.compile_song(SONG, "song.toml", find=find)  # type: ignore[arg-type]
    assert renamed.plan is not None
    assert pipeline.midi(pipeline.perform(pipeline.compose(renamed.plan))) == midi_of(SONG)


def test_tempo_inside_a_feel_band_moves_no_note_of_the_score() -> None:
    """With its form in bars, a song at 118 has the same score, tick for tick, as at 122."""
    assert notes(composed(SONG.replace("tempo = 120", "tempo = 118"))) == notes(
        composed(SONG.replace("tempo = 120", "tempo = 122"))
    )


def test_a_new_section_changes_no_phrase_but_at_its_seams() -> None:
    """A bridge put before the last chorus leaves every note alone, apart from the first and last bar of its neighbours."""
    longer = SONG.replace("chorus:4:e5 tag", "bridge:4:e3 chorus:4:e5 tag")
    before, after = composed(SONG), composed(longer)
    old = {(i, p): n for i, p, n in notes(before)}
    bar = before.plan.placements[0].section.meter.bar
    neighbours = {"verse/2": 4, "chorus/2": 4}
    for section, part, line in notes(after):
        if section.startswith("bridge"):
            continue
        bars = neighbours.get(section)
        if bars is None:
            assert line == old[section, part], (section, part)
        else:
            inner = [n for n in line if bar <= n.start < (bars - 1) * bar and n.end <= (bars - 1) * bar]
            there = [n for n in old[section, part] if bar <= n.start < (bars - 1) * bar and n.end <= (bars - 1) * bar]
            assert inner == there, (section, part)


EDITS = [
    lambda t, r: (
        t.replace("tempo = ", f"tempo = {r.choice([1, 2])}", 1)
        if False
        else t.replace("tempo = 120", f"tempo = {r.randint(100, 140)}")
    ),
    lambda t, r: t.replace("density = 0.5", f"density = 0.{r.randint(1, 9)}"),
    lambda t, r: t.replace("density = 0.6", f"density = 0.{r.randint(1, 9)}"),
    lambda t, r: t + f"\n# {r.random()}\n",
    lambda t, r: t.replace("seed = 11", f"seed = {r.randint(1, 3)}"),
    lambda t, r: t.replace('"A minor"', f'"{r.choice("ACDEG")} minor"'),
    lambda t, r: t.replace("verse:4:e3 chorus", f"verse:4:e{r.randint(2, 4)} chorus"),
    lambda t, r: t + f"\n[sections.chorus.parts.{r.choice(['lead', 'guitar', 'drums'])}]\nreroll = {r.randint(1, 5)}\n",
    lambda t, r: t + f"\n[override.bass]\ngate = 0.{r.randint(4, 9)}\n",
    lambda t, r: t.replace("chorus:4:e5 tag", "bridge:2:e3 chorus:4:e5 tag"),
]


def test_incremental_equals_fresh_after_random_edits() -> None:
    """After each of 20 random edits, a store that saw all versions before gives what an empty one computes."""
    chance, store, reused = random.Random(5), Store(), 0
    for _ in range(20):
        plan = planned(chance.choice(EDITS)(SONG, chance))
        store.ran.clear()
        remembered, fresh = pipeline.compose(plan, store), pipeline.compose(plan)
        assert remembered == fresh
        assert pipeline.midi(pipeline.perform(remembered)) == pipeline.midi(pipeline.perform(fresh))
        reused += len(store.ran) < 3 * len(plan.placements)
    assert reused > 5, "the store never remembered anything"


def test_the_store_tells_which_input_differed() -> None:
    """After one cell's density changed, the store names the stages that ran again and the input that differed."""
    store = Store()
    pipeline.compose(planned(SONG), store)
    store.ran.clear()
    pipeline.compose(planned(SONG.replace("density = 0.6", "density = 0.9")), store)
    names = [name for name, _ in store.ran]
    assert "play/verse/1/keys" in names and "play/chorus/1/keys" not in names
    assert all(differing for _, differing in store.ran)


def test_a_remembered_passage_is_not_shared_state() -> None:
    """What the store hands out is frozen: it cannot be changed by whoever gets it."""
    passage = composed(SONG).passages[0]
    with pytest.raises((AttributeError, TypeError)):
        passage.phrases = ()  # type: ignore[misc]
    assert isinstance(replace(passage, edits=()), Passage)
