"""What the band plays can be played: two sticks and two feet, shapes of a hand, tenths, breath; and what strict and off do."""

from __future__ import annotations

import pytest

from scorekit import files, pipeline
from scorekit.ensemble.beats.kit import STICK_PITCHES
from scorekit.ensemble.conflicts.reconcile import Case, reconcile
from scorekit.errors import Diagnostic
from scorekit.playable import (
    BREATH,
    CATCH,
    STICKS,
    at_the_drums,
    blown,
    breathless,
    faults,
    in_two_hands,
    on_guitar,
)
from scorekit.score import Note, Phrase, Plan, Score
from scorekit.timebase import PPQ

GENRES = [name for name in files.known("genres") if name != "base44"]


def compiled(text: str) -> Plan:
    """The plan of a song that is fine."""
    done = pipeline.compile_song(text, "song.toml", find=files.load)
    assert done.plan is not None, [d.render() for d in done.diagnostics]
    return done.plan


def wrong(text: str) -> tuple[Diagnostic, ...]:
    """The mistakes of a song that is refused."""
    done = pipeline.compile_song(text, "song.toml", find=files.load)
    assert done.plan is None
    return done.diagnostics


def unplayable(score: Score) -> list[tuple[str, str, int, str]]:
    """(section, part, tick, why) of everything in a score that nobody can play, at the song's own tempo."""
    plan = score.plan
    return [
        (placement.section.id, phrase.part, note.start, why)
        for placement, passage in zip(plan.placements, score.passages, strict=True)
        for phrase in passage.phrases
        for note, why in faults(
            phrase.part,
            phrase.notes,
            blown(phrase.part, plan.part(phrase.part).program),
            60 / plan.tempo.bpm_at(placement.start),
        )
    ]


STRICT = """playability = "strict"
[resolver]
mode = "off"
[parts.lead]
sound = { patch = "sax" }
"""


@pytest.mark.parametrize("genre", GENRES)
@pytest.mark.parametrize("rules", ["", STRICT], ids=["fix", "strict"])
def test_people_can_play_it(genre: str, rules: str) -> None:
    """In every genre, at three seeds: nothing is beyond a limb, a hand, a breath or an instrument. In strict this holds
    with the resolver off, and for a lead that is blown."""
    notes = 0
    for seed in (1, 2, 3):
        score = pipeline.compose(compiled(f'genre = "{genre}"\nseed = {seed}\nlength = "50 s"\n{rules}'))
        assert unplayable(score) == []
        notes += sum(len(phrase.notes) for passage in score.passages for phrase in passage.phrases)
    assert notes > 500


def test_a_hand_on_a_guitar() -> None:
    """Open chords, barres, four frets low and five high; no seventh string, no six frets, one muted string at most."""
    assert on_guitar((40, 47, 52, 56, 59, 64)) and on_guitar((43, 50, 55, 59, 62, 67))
    assert not on_guitar((40, 41)) and not on_guitar((40, 47, 52, 56, 59, 64, 69))
    assert not on_guitar((40, 88)) and on_guitar((88,)) and not on_guitar((89,))
    assert on_guitar((63, 71)) and not on_guitar((42, 44)) and not on_guitar((41, 50, 54, 61))
    assert on_guitar((41, 49, 54, 60)), "frets 1 4 4 1, one string muted between"


def test_two_hands_on_keys() -> None:
    """A tenth and five notes each."""
    assert in_two_hands((36, 52, 60, 64, 67, 76)) and in_two_hands(())
    assert not in_two_hands((36, 53, 70)) and not in_two_hands(tuple(range(48, 59)))


def test_limbs_at_the_drums() -> None:
    """Two sticks, two feet, and a percussionist; the sticks are those of the drummer's own kit."""
    assert at_the_drums((36, 44, 38, 42, 54, 70)) and not at_the_drums((38, 42, 49)) and not at_the_drums((54, 56, 70))
    assert STICKS == STICK_PITCHES


def test_breath() -> None:
    """Without half a beat of rest a stretch becomes too long; with one it does not."""
    line = [Note(n * PPQ, PPQ, 60, 80) for n in range(16)]
    limit = round(BREATH / 0.5 * PPQ)
    assert [after.start for _, after in breathless(line, limit)] == [limit]
    rested = [Note(n.start, PPQ - CATCH if n.start == 7 * PPQ else PPQ, 60, 80) for n in line]
    assert not list(breathless(rested, limit))


OWN = """genre = "rock"
form = "verse:4:e3"
tempo = 120
{rules}
[sections.verse.parts.{part}]
notes = "{notes}"
"""


@pytest.mark.parametrize(
    ("part", "notes", "told", "column"),
    [
        ("guitar", "E2 F2+G2+A2 | . | . | .", "bar 1 beat 3: no hand holds this on a guitar", 13),
        ("keys", ". | C2+F3+B5:2 . | . | .", "bar 2 beat 1: two hands do not reach this", 14),
        ("drums", "kick | snare+hh:1 snare+hh+crash:3 | . | .", "bar 2 beat 2: a third hand at the drums", 28),
        ("bass", "E1 | C8 | . | .", "bar 2 beat 1: beyond the bass", 15),
        ("brass", "C4 | D4 | E4 | F4", "bar 4 beat 1: no breath for 6 seconds", 25),
    ],
)
def test_strict_refuses_own_notes_nobody_can_play(part: str, notes: str, told: str, column: int) -> None:
    """At the note, with what to do; fix and off leave a user's notes as they are."""
    found = wrong(OWN.format(rules='playability = "strict"', part=part, notes=notes))
    assert [(d.message, d.span and (d.span.line, d.span.column)) for d in found] == [(told, (6, column))]
    assert 'playability = "fix"' in found[0].hint
    for rules in ("", 'playability = "off"'):
        score = pipeline.compose(compiled(OWN.format(rules=rules, part=part, notes=notes)))
        phrase = score.passages[0].phrase(part)
        assert len(phrase.notes) >= 2 and not [e for e in score.passages[0].edits if e.part == part]


def test_each_part_may_have_its_own_rule() -> None:
    """A song that is strict excuses one part; a song that is not holds one to it."""
    chord = OWN.format(rules='playability = "strict"', part="keys", notes="C2+F3+B5 | . | . | .")
    assert wrong(chord) and compiled(chord + '[parts.keys]\nplayability = "off"\n')
    loose = chord.replace('playability = "strict"', "")
    assert compiled(loose) and wrong(loose + '[parts.keys]\nplayability = "strict"\n')


def test_strict_hears_the_tune_too() -> None:
    """A tune for a flute needs breath; for a synthesizer it does not."""
    text = 'genre = "rock"\nform = "verse:4:e3"\ntempo = 120\nplayability = "strict"\n'
    text += 'melody = { notes = "verse: E4 G4 | A4 B4 | D5 B4 | A4 G4" }\n[parts.lead]\nsound = { patch = "PATCH" }\n'
    assert [d.message for d in wrong(text.replace("PATCH", "flute"))] == ["bar 4 beat 1: no breath for 6 seconds"]
    assert compiled(text.replace("PATCH", "pluck"))


@pytest.mark.parametrize("mode", ["fix", "report", "off"])
@pytest.mark.parametrize("locked", [True, False])
def test_strict_tells_of_locked_cells_and_never_edits_them(mode: str, locked: bool) -> None:
    """Two notes on one string: mended in whatever mode, unless the cell is locked; then it is told, and stays."""
    plan = compiled('genre = "rock"\nform = "verse:4:e3"\nplayability = "strict"\n')
    section = plan.placements[0].section
    phrase = Phrase("guitar", (Note(0, PPQ, 40, 80), Note(0, PPQ, 41, 80)))
    fixed = ("guitar",) if locked else ()
    passage = reconcile(Case(section, "lead", fixed, mode, strict=("guitar",)), (phrase,))
    assert (passage.phrase("guitar") == phrase) == locked
    assert [edit.part for edit in passage.edits] == ([] if locked else ["guitar"])
    found = [(f.rule, f.reason) for f in passage.findings if f.rule == "I8"]
    assert found == ([("I8", "no hand holds this chord")] if locked else [])


def test_off_leaves_everything() -> None:
    """Nothing is mended for playability's sake."""
    found = 0
    for genre in ("drum_and_bass", "funk", "bossa"):
        text = f'genre = "{genre}"\nseed = 1\nlength = "40 s"\n'
        edits = [e for passage in pipeline.compose(compiled(text)).passages for e in passage.edits if e.rule == "I8"]
        off = pipeline.compose(compiled(text + 'playability = "off"\n'))
        assert not [e for passage in off.passages for e in passage.edits if e.rule == "I8"]
        found += len(edits)
    assert found


def test_a_change_of_playability_changes_the_plan_alone() -> None:
    """Where nothing was unplayable, strict, fix and off are the same music."""
    scores = [
        pipeline.compose(compiled(f'genre = "pop"\nseed = 3\nlength = "20 s"\nplayability = "{rule}"\n'))
        for rule in ("strict", "fix")
    ]
    if not any(e.rule == "I8" for passage in scores[1].passages for e in passage.edits):
        assert scores[0].passages == scores[1].passages
