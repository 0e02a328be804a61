"""The 25 alarms: quiet on our songs, loud on a dead version of them, and right about real music."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from scorekit import files, pipeline, studio
from scorekit.cli import app
from scorekit.score import Note, Passage, Performance, Phrase, Placement, Score, Take
from scorekit.smells import Smell, bands, beats, form, smells, sniff, tripped, tunes
from scorekit.smells.piece import Harmony, Piece, Stretch, line, piece_of
from scorekit.theory import chord_classes
from scorekit.timebase import PPQ, Meter
from tests.bench import bench

GENRES = ("rock", "jazz_swing", "melodic_house")


def composed(genre: str, seed: int = 1, length: str = "90 s", more: str = "") -> Score:
    """A song of a genre and nothing more."""
    return studio.compose(f'genre = "{genre}"\nseed = {seed}\nlength = "{length}"\n{more}')


# -- a dead version --------------------------------------------------------------------------------


def looped(notes: tuple[Note, ...], bars: int, length: int, bar: int) -> tuple[Note, ...]:
    """The fullest two bars over and over, at one velocity: everybody always plays."""

    def among(at: int) -> list[Note]:
        return [n for n in notes if at <= n.start < at + 2 * bar]

    def fullness(at: int) -> tuple[int, int, int]:
        found = among(at)
        return len({(n.start - at) // bar for n in found}), len(found), -at

    begin = max(range(0, max(n.start for n in notes) + 1, bar), key=fullness)
    copies = [
        replace(n, start=n.start - begin + at, velocity=90, manner="")
        for at in range(0, bars * bar, 2 * bar)
        for n in among(begin)
    ]
    return tuple(replace(n, length=min(n.length, length - n.start)) for n in copies if n.start < length)


def blocks(placement: Placement, low: int) -> tuple[Note, ...]:
    """Every chord in root position, once a bar."""
    section, bar = placement.section, placement.section.meter.bar
    found = []
    for at in range(0, section.length, bar):
        chord = section.chord_at(at)
        root = low + chord.root
        pitches = sorted({root + (c - chord.root) % 12 for c in chord_classes(chord.root, chord.quality)})
        found += [Note(at, bar, pitch, 90) for pitch in pitches]
    return tuple(found)


def deadened(score: Score) -> tuple[Score, Performance]:
    """The same song quantised, flat, looped, in block chords, with everybody always playing."""
    source = {}
    for placement, passage in zip(score.plan.placements, score.passages, strict=True):
        for phrase in passage.phrases:
            if len(phrase.notes) > len(source.get(phrase.part, ((), 0))[0]):
                source[phrase.part] = (phrase.notes, placement.section.meter.bar)
    passages = []
    for placement in score.plan.placements:
        section = placement.section
        phrases = []
        for part, (notes, bar) in source.items():
            chords = part in ("keys", "pads", "guitar", "strings")
            played = blocks(placement, 48) if chords else looped(notes, section.bars, section.length, bar)
            phrases.append(Phrase(part, tuple(sorted(played, key=lambda n: (n.start, n.pitch)))))
        passages.append(Passage(tuple(phrases)))
    dead = replace(score, passages=tuple(passages))
    return dead, quantised(dead)


def quantised(score: Score) -> Performance:
    """Every note exactly where it is written, as loud as written."""
    from scorekit.ensemble.performance import EVENT

    takes = []
    for number, (placement, passage) in enumerate(zip(score.plan.placements, score.passages, strict=True)):
        for phrase in passage.phrases:
            rows = [
                (placement.start + n.start, n.length, n.pitch, n.velocity, 0, i) for i, n in enumerate(phrase.notes)
            ]
            takes.append(Take(phrase.part, number, np.array(rows, EVENT)))
    return Performance(score.plan, tuple(takes))


EVERY = tuple(name for name in files.known("genres") if name != "base44")


@pytest.mark.parametrize("genre", EVERY)
def test_a_dead_version_trips_at_least_eight(genre: str) -> None:
    """Our own output quantised, flat, looped and in block chords sets off eight alarms or more, played by people or machines;
    where nobody drums, of whom eight alarms speak, seven."""
    for seed in (1, 2, 5):
        song = composed(genre, seed)
        drums = any(passage.phrase("drums").notes for passage in song.passages if song.plan.parts[0].name == "drums")
        found = tripped(smells(*deadened(song)))
        assert len(found) >= (8 if drums else 7), [s.name for s in found]


@pytest.mark.parametrize("genre", EVERY)
def test_a_dead_version_smells_of_what_was_done_to_it(genre: str) -> None:
    """Photocopy, loop, ends that nothing tells, flat velocity, block chords, presence and no goal are each told; the grid
    where people play. All eight play: a few of these speak of players whom a small band may not have."""
    score = composed(genre, more='lineup = "full"\n')
    live = piece_of(score, pipeline.perform(score)).live
    numbers = {s.number for s in tripped(smells(*deadened(score)))}
    assert numbers >= {8, 9, 12, 14, 20, 23, 25} | ({16} if live else set())


def test_a_duo_without_drums_can_be_flat_too() -> None:
    """Where nobody drums the velocity of the others is asked: one velocity is told, a human spread is not."""

    def played(velocities: list[int]) -> bool:
        rows = [(n * PPQ, n * PPQ + PPQ, 60 + n % 5, velocities[n % len(velocities)], 0.0) for n in range(64)]
        piece = Piece((line("keys", rows),), np.arange(0, 64 * PPQ + 1, 4 * PPQ), Meter(4, 4), 4)
        return next(s for s in sniff(piece) if s.number == 14).trips

    assert played([90])
    assert played([88, 90, 92])
    assert not played([60, 75, 90, 70])


# -- our own songs ---------------------------------------------------------------------------------


@pytest.mark.parametrize("genre", GENRES)
def test_our_songs_hardly_smell(genre: str) -> None:
    """No song of six seeds sets off more than three alarms, and no alarm goes off in more than half of them."""
    counts: Counter[str] = Counter()
    for seed in range(1, 7):
        score = composed(genre, seed)
        found = tripped(smells(score, pipeline.perform(score)))
        assert len(found) <= 3, [s.name for s in found]
        counts.update(s.name for s in found)
    assert not counts or max(counts.values()) <= 3, counts


def test_there_are_twenty_five_each_with_a_source() -> None:
    """Every alarm has a number, a name, a reading with a threshold, and a source."""
    score = composed("rock", length="30 s")
    found = smells(score, pipeline.perform(score))
    assert [s.number for s in found] == list(range(1, 26))
    assert all(s.name and s.source and s.readings for s in found)


def test_a_measure_is_a_pure_function() -> None:
    """The same score gives the same alarms."""
    score = composed("jazz_swing", 3)
    assert smells(score, pipeline.perform(score)) == smells(score, pipeline.perform(score))


# -- single measures on music made by hand ---------------------------------------------------------


def melody(pitches: list[int], step: int = PPQ // 2) -> Piece:
    """A tune of even notes over C major."""
    rows = [(n * step, n * step + step, pitch, 80, 0.0) for n, pitch in enumerate(pitches)]
    end = -(-len(rows) * step // (4 * PPQ)) * 4 * PPQ
    chords = (Harmony(0, end, 0, 0, frozenset({0, 4, 7})),)
    return Piece((line("lead", rows),), np.arange(0, end + 1, 4 * PPQ), Meter(4, 4), 4, chords)


def test_a_copied_phrase_counts_as_repetition_and_a_row_of_new_intervals_does_not() -> None:
    """Repetition is 1 for a phrase that comes back literally, 0 for notes that never do."""
    phrase = [60, 64, 67, 65, 62, 60, 59, 62]
    twice = melody(phrase * 4)
    rising = melody([60 + (n * n * 7) % 23 for n in range(32)])
    assert tunes.repetition(twice, twice.tune) == 1.0
    assert (tunes.repetition(rising, rising.tune) or 0.0) < 0.3


def test_leaps_steps_and_runs() -> None:
    """A scale is all steps and one run; octaves are all leaps."""
    scale = melody([60, 62, 64, 65, 67, 69, 71, 72, 74, 76] * 3).tune
    octaves = melody([60, 72] * 14).tune
    assert (tunes.steps(scale) or 0) > 0.9
    assert tunes.longest_scale(scale) == 10
    assert tunes.leaps(octaves) == 1.0


def drums(bars: int, swing: float = 0.0) -> Piece:
    """Kick, snare and hats, the same bar over and over."""
    rows = []
    for bar in range(bars):
        at = bar * 4 * PPQ
        rows += [(at + n * PPQ // 2, at + n * PPQ // 2 + 60, 42, 70, swing) for n in range(8)]
        rows += [(at + n * PPQ, at + n * PPQ + 60, (36, 38)[n % 2], 100, 0.0) for n in range(4)]
    return Piece((line("drums", rows),), np.arange(0, bars * 4 * PPQ + 1, 4 * PPQ), Meter(4, 4), 4)


def test_a_loop_is_a_loop_and_on_the_grid() -> None:
    """One bar repeated has likeness 1, equals the one two before, and lies in place exactly, swung or not."""
    for piece in (drums(16), drums(16, swing=12.0)):
        assert beats.jaccard(piece) == beats.exact_two(piece) == 1.0
        assert beats.machine_share(piece, piece.part("drums")) == 1.0


def test_wander_tells_a_drifting_tempo_from_loose_hands() -> None:
    """Bars late as a whole are scatter of bars alone; strokes late by turns inside a beat are scatter of strokes alone."""
    plain = drums(32)
    kit = plain.part("drums")
    bars = plain.bar_of(kit.start)
    drifting = replace(plain, lines=(replace(kit, late=np.array([10.0, -10.0, 10.0, -10.0])[bars % 4]),))
    assert np.allclose(beats.wander(drifting) or (), (0, 10, 0, 0))
    hands = replace(plain, lines=(replace(kit, late=10.0 * (-1.0) ** (np.arange(len(kit)) % 3 + bars)),))
    spans = beats.wander(hands)
    assert spans is not None
    assert spans[3] > 2 * max(spans[:3])


def ended(last: tuple[int, ...], before: tuple[int, ...] = (4, 12)) -> Piece:
    """Three sections of eight bars: kicks on all beats, and snares on sixteenths of a bar, in the last of a section others."""
    rows = []
    for bar in range(24):
        at = bar * 4 * PPQ
        rows += [(at + n * PPQ, at + n * PPQ + 60, 36, 100, 0.0) for n in range(4)]
        rows += [(at + n * PPQ // 4, at + n * PPQ // 4 + 60, 38, 100, 0.0) for n in (last if bar % 8 == 7 else before)]
    sections = tuple(Stretch("A", n, n + 8) for n in (0, 8, 16))
    return Piece((line("drums", rows),), np.arange(0, 25) * 4 * PPQ, Meter(4, 4), 4, sections=sections)


def test_a_fill_tells_that_a_section_ends_and_the_other_bar_of_a_loop_does_not() -> None:
    """Strokes of the last bar alone announce; the same strokes every other bar say nothing."""
    assert form.announced(ended((4, 8, 10, 11, 14))) == 1.0
    assert form.announced(ended((4, 12))) == 0.0
    looped = ended((4, 8, 10, 11, 14))
    rows = [
        (bar * 4 * PPQ + n * PPQ // 4, bar * 4 * PPQ + n * PPQ // 4 + 60, 38, 100, 0.0)
        for bar in range(24)
        for n in ((4, 8, 10, 11, 14) if bar % 2 else (4, 12))
    ]
    assert form.announced(replace(looped, lines=(line("drums", rows),))) == 0.0


def test_chords_that_stand_on_their_root_are_told_from_led_ones() -> None:
    """Triads close on their root are block chords, all of them; the same chords turned so that voices hardly move are not."""
    chords = tuple(
        Harmony(n * 4 * PPQ, (n + 1) * 4 * PPQ, root, root, frozenset({root, (root + 4) % 12, (root + 7) % 12}))
        for n, root in enumerate((0, 5, 7, 0) * 3)
    )
    led = {0: (60, 64, 67), 5: (60, 65, 69), 7: (59, 62, 67)}

    def keys(pitches: list[tuple[int, ...]]) -> Piece:
        rows = [(n * 4 * PPQ, (n + 1) * 4 * PPQ, pitch, 80, 0.0) for n, chord in enumerate(pitches) for pitch in chord]
        return Piece((line("keys", rows),), np.arange(13) * 4 * PPQ, Meter(4, 4), 4, chords)

    blocks_ = keys([(48 + c.root, 52 + c.root, 55 + c.root) for c in chords])
    assert bands.root_position(blocks_) == 1.0
    assert bands.root_position(keys([led[c.root] for c in chords])) == 0.5


def test_the_top_voice_of_chords_is_neither_its_octave_nor_the_tune() -> None:
    """A chord that is doubled at the top in a loud section has not leapt; nor has one over which the same hands sing the tune.
    One whose top voice goes up a tenth by itself has."""
    assert bands.top_motion((56, 64, 71, 83), (56, 62, 72)) == 1
    assert bands.top_motion((56, 64, 71), (56, 64, 71, 83)) == 0
    assert bands.top_motion((56, 60, 64), (56, 72, 80)) == 16

    rows = [(n * PPQ, (n + 1) * PPQ, p, 80, 0.0) for n in range(4) for p in (57, 60, 64)]
    tune = [(n * PPQ, (n + 1) * PPQ, 76 + 3 * n, 90, 0.0) for n in range(1, 4)]
    hands = line("keys", [*rows, *tune])
    told = replace(hands, sings=1 * (hands.pitch > 70))
    assert len(bands.chords_of(hands)) == 4 and len(bands.chords_of(told)) == 1


def test_a_tune_that_changes_hands_is_one_tune() -> None:
    """What another part has in the lead's place belongs to the tune; a second voice and a reply do not."""
    lead = line("lead", [(n * PPQ, (n + 1) * PPQ, 72 + n, 90, 0.0) for n in range(4)])
    keys = line("keys", [(n * PPQ, (n + 1) * PPQ, 60 + n, 90, 0.0) for n in range(3, 9)])
    keys = replace(keys, sings=np.array([1, 2, 2, 0, 2, 2]))
    piece = Piece((keys, lead), np.arange(4) * 4 * PPQ, Meter(4, 4), 4)
    assert piece.tune.pitch.tolist() == [72, 73, 74, 75, 64, 65, 67, 68]


# -- real music ------------------------------------------------------------------------------------


def shares(found: list[tuple[Smell, ...]]) -> dict[int, float]:
    """Share of pieces that set off each alarm."""
    return {n + 1: float(np.mean([piece[n].trips for piece in found])) for n in range(25)}


def test_real_songs_set_off_melody_alarms_rarely(corpus: Path, root: Path) -> None:
    """Of sixty songs of POP909 at most 15 % trip any alarm about tune or chords: thresholds lie at 5 or 95 %."""
    found = shares([sniff(piece) for piece in bench("corpus").pop909(corpus, 60)])
    assert all(found[number] <= 0.15 for number in (1, 2, 3, 4, 5, 6, 7, 20, 22, 23)), found


def test_human_drummers_set_off_timing_alarms_rarely(corpus: Path, root: Path) -> None:
    """Human takes are neither on the grid nor white noise, neither drunk nor amnesic nor looped, one in ten at most."""
    takes = [piece for _, piece in bench("corpus").groove(corpus, seconds=120.0)]
    found = shares([sniff(piece) for piece in takes])
    assert len(takes) >= 20
    assert all(found[number] <= 0.12 for number in (9, 10, 14, 16, 17, 18)), found


def test_random_scale_notes_collapse_where_the_measures_look(corpus: Path, root: Path) -> None:
    """Replacing every note of a real tune by a random note of the scale breaks repetition, resolution and intervals."""
    rng = np.random.default_rng(7)
    found = []
    for piece in bench("corpus").pop909(corpus, 12):
        lead = piece.part("lead")
        scale = np.array([p for p in range(57, 80) if p % 12 in (0, 2, 4, 5, 7, 9, 11)])
        wrong = replace(lead, pitch=rng.choice(scale, len(lead)))
        found.append({s.number for s in tripped(sniff(replace(piece, lines=(wrong,))))})
    assert np.mean([{1, 3} <= numbers for numbers in found]) >= 0.8, found


# -- the command -----------------------------------------------------------------------------------


def test_the_command_tells_value_limit_and_source(root: Path) -> None:
    """``scorekit smells`` prints 25 lines for a song, and as JSON each reading with its threshold and direction."""
    song = str(root / "specs" / "demo.toml")
    told = CliRunner().invoke(app, ["smells", song])
    assert told.exit_code == 0
    assert len(told.stdout.splitlines()) == 26
    data = json.loads(CliRunner().invoke(app, ["smells", song, "--json"]).stdout)["songs"][0]
    assert len(data["smells"]) == 25
    assert {"what", "value", "threshold", "direction", "alarm"} <= data["smells"][0]["readings"][0].keys()


def test_a_piece_of_ours_keeps_all_its_notes() -> None:
    """A piece has as many notes as the score, flams counted once."""
    score = composed("rock", length="30 s")
    piece = piece_of(score, pipeline.perform(score))
    assert sum(map(len, piece.lines)) == sum(len(p.notes) for passage in score.passages for p in passage.phrases)
