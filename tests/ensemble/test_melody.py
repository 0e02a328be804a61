"""The tune: rhythm from cells, pitch by search, ideas that return, and the lead that sings them."""

from __future__ import annotations

import itertools

import pytest
from msgspec.structs import replace

from scorekit import pipeline, studio, theory
from scorekit.ensemble.band import as_written
from scorekit.ensemble.lead import Lead, setting_of
from scorekit.ensemble.melody import SCHEMAS
from scorekit.ensemble.motifs import Tone, figure, other_words, plain_cells, slots
from scorekit.ensemble.retouch import risen
from scorekit.ensemble.tunes import tune
from scorekit.ensemble.upbeats import Upbeat, led
from scorekit.ideas import HIT, Hit, MelodyIdeas, Pattern
from scorekit.score import Brief, Cell, Chord, Intent, Key, Lane, Note, Phrase, Placement, Score, Seam, Section
from scorekit.seeds import Seed
from scorekit.stage import Dials, Entry
from scorekit.store import Store
from scorekit.timebase import PPQ, Meter

METERS = (Meter(4, 4), Meter(3, 4), Meter(5, 4), Meter(6, 8), Meter(7, 8), Meter(12, 8))
LOOP = ((9, "min"), (5, "maj"), (0, "maj"), (7, "maj"))


def cell(text: str, grid: int = 4) -> Pattern:
    """A bar of four beats from ``x`` and ``.``."""
    return Pattern(4 * grid, 4 * grid, tuple(Hit(n, "x") for n, sign in enumerate(text) if sign == "x"))


CELLS = tuple(map(cell, ("x.x.x.x.x.......", "..x.x.x.x.x.x...", "x..x..x.x.x.....", "....x.x.x.x.x.x.")))
POP = MelodyIdeas(60, 79, "", (("period", 1.0), ("sentence", 1.0), ("hook2x4", 1.0)), CELLS, (0.5, 0.9), 0.35, 0.45)
BOP = replace(POP, schemas=(("bop_line", 1.0),), approach=0.2, cells=())


def brief(
    seed: int = 1, melody: str = "lead", ideas: MelodyIdeas = POP, meter: Meter = METERS[0], **changes: object
) -> Brief:
    """A brief for the lead over a four-chord loop, one chord a bar; section fields may be changed by name."""
    bars = int(str(changes.get("bars", 8)))
    chords = tuple(Chord(n * meter.bar, meter.bar, *LOOP[n % 4], LOOP[n % 4][0]) for n in range(bars))
    section = Section("verse", 1, bars, meter, 4, 3, Key(9, "minor", "A"), chords, melody=melody, cadence="closed")
    section = replace(section, **{k: v for k, v in changes.items() if hasattr(section, k)})  # type: ignore[arg-type]
    own = {k: v for k, v in changes.items() if not hasattr(section, k)}
    root = Seed(str(seed))
    made = Brief("lead", section, Lane(low=60, high=79), ideas, Dials(), Cell(), root.at(section.id), "medium")
    return replace(made, motif_seed=root.at("motif"), **own)  # type: ignore[arg-type]


def play(**changes: object) -> Phrase:
    return Lead().play(brief(**changes))  # type: ignore[arg-type]


def whole_tune(score: Score, placement: Placement) -> Phrase:
    """The lead's tune in a section, whoever has it."""
    arrangement, _ = pipeline.arranged(score.plan, placement)
    return pipeline.heard(score.plan, placement, arrangement, Store())["lead"]


def tokens(phrase: Phrase) -> list[tuple[int, int]]:
    return [(note.start, note.pitch) for note in phrase.notes]


def distance(a: Phrase, b: Phrase) -> float:
    """Share of tones that differ, 0 to 1."""
    one, two = frozenset(tokens(a)), frozenset(tokens(b))
    return 1 - len(one & two) / max(len(one), len(two))


@pytest.mark.parametrize("meter", METERS, ids=str)
@pytest.mark.parametrize("melody", ["hook", "lead", "riff", "solo"])
def test_any_meter(meter: Meter, melody: str) -> None:
    """In every meter, at every length, a tune stays in its lane and section, one note at a time."""
    for bars in (1, 2, 3, 4, 8, 12):
        phrase = play(meter=meter, melody=melody, bars=bars)
        assert phrase.notes
        assert all(60 <= n.pitch <= 79 and 0 <= n.start < n.end <= bars * meter.bar for n in phrase.notes)
        assert all(a.end <= b.start for a, b in zip(phrase.notes, phrase.notes[1:], strict=False))


def test_pure() -> None:
    """The same brief gives the same phrase; another song seed gives another tune."""
    assert play(seed=5) == play(seed=5)
    assert distance(play(seed=5), play(seed=6)) > 0.5


def test_none_is_silent() -> None:
    """Where the melody is none, or the lane says not to play, the lead plays nothing."""
    assert not play(melody="none").notes
    assert not play(lane=Lane(plays=False)).notes


def test_own_notes_verbatim() -> None:
    """A tune the user wrote is played as written."""
    notes = (Note(0, PPQ, 64, 80), Note(PPQ, 2 * PPQ, 99, 90))
    assert as_written(brief(cell=Cell(notes=notes))).notes == notes


def test_return_varies() -> None:
    """A return is neither a photocopy nor a new tune: between 2 and 40 of 100 tones differ."""
    gaps = [distance(play(seed=s), play(seed=s, occurrence=2)) for s in range(12)]
    assert all(0.02 <= gap <= 0.4 for gap in gaps)


def test_lifted_tune_is_the_same_tune() -> None:
    """In a key two semitones higher a section sings the same tune two semitones higher."""
    roots = [(LOOP[n % 4][0] + 2) % 12 for n in range(8)]
    up = tuple(Chord(n * 4 * PPQ, 4 * PPQ, root, LOOP[n % 4][1], root) for n, root in enumerate(roots))
    for seed in range(6):
        low = play(seed=seed, lane=Lane(low=58, high=81))
        high = play(seed=seed, lane=Lane(low=58, high=81), key=Key(11, "minor", "B"), chords=up, lift=2)
        assert tokens(high) == [(start, pitch + 2) for start, pitch in tokens(low)]


def test_sparse_cells_stay_sparse() -> None:
    """A genre whose cells have one onset a bar sings fewer tones than one whose cells have five."""
    sparse = replace(POP, cells=(Pattern(16, 16, (Hit(0, "s", 16),)), Pattern(16, 16, (Hit(6, "s", 8),))))
    for seed in range(6):
        assert len(play(seed=seed, ideas=sparse).notes) < 0.6 * len(play(seed=seed).notes)


def test_hooks_lie_above_verses() -> None:
    """Over many songs hooks lie three to six semitones above verses on average."""
    mean = {kind: [n.pitch for s in range(20) for n in play(seed=s, melody=kind).notes] for kind in ("lead", "hook")}
    assert 3 <= sum(mean["hook"]) / len(mean["hook"]) - sum(mean["lead"]) / len(mean["lead"]) <= 6


def test_solos_differ() -> None:
    """Two solos over the same motif seed are two solos."""
    first, second = play(melody="solo", ideas=BOP), play(melody="solo", ideas=BOP, name="solo2")
    assert distance(first, second) > 0.5


def test_later_bars_do_not_matter() -> None:
    """The first idea is the same in four bars as in eight: a shortened section keeps its tune."""
    short, long = play(bars=4, melody="hook"), play(bars=8, melody="hook")
    bar = 4 * PPQ
    assert [t for t in tokens(short) if t[0] < bar] == [t for t in tokens(long) if t[0] < bar]


def test_strong_beats_are_two_sided() -> None:
    """Chord tones on strong beats lie inside the genre's band over many tunes: neither random nor too correct."""
    hits = []
    for seed in range(24):
        made = brief(seed)
        for note in Lead().play(made).notes:
            if made.section.meter.strength(note.start) >= 0.8:
                chord = made.section.chord_at(note.start)
                hits.append(note.pitch % 12 in theory.chord_classes(chord.root, chord.quality))
    assert 0.55 <= sum(hits) / len(hits) <= 0.92


def test_intervals_like_sung_ones() -> None:
    """Steps are between a quarter and two thirds of intervals, leaps beyond a fifth under 8 in 100."""
    moves = []
    for seed in range(24):
        notes = play(seed=seed).notes
        moves += [abs(b.pitch - a.pitch) for a, b in itertools.pairwise(notes)]
    assert 0.25 <= sum(1 <= m <= 2 for m in moves) / len(moves) <= 0.66
    assert sum(m > 7 for m in moves) / len(moves) <= 0.08


def test_hooks_repeat() -> None:
    """A hook has at most eleven notes in two bars (sung pop has nine). How it begins comes back at least once, after one bar,
    two or four; in most hooks it does so every two bars, all but once, or every four."""
    returns, fours = [], []
    for seed in range(12):
        phrase = play(seed=seed, melody="hook", ideas=replace(POP, schemas=(("hook2x4", 1.0),), pickup=0.0))
        bar = 4 * PPQ
        units = [[n.start % (2 * bar) for n in phrase.notes if n.start // (2 * bar) == k] for k in range(4)]
        assert all(len(unit) <= 11 for unit in units)
        returns.append(sum(unit[:3] == units[0][:3] for unit in units))
        fours.append(units[2][:3] == units[0][:3])
        assert returns[-1] >= 2 or fours[-1]
    assert sum(n >= 3 or four for n, four in zip(returns, fours, strict=True)) >= 9


def test_a_chorus_opens_the_range() -> None:
    """Over eight bars a hook spans ten semitones or more in most songs, its second half is no lower than the first and in most
    songs tops it (real medians: 14, and level), and most rise by a fourth or more somewhere in their first two bars."""
    spans, tops, leaps = [], [], []
    for seed in range(16):
        notes = play(seed=seed, melody="hook", ideas=replace(POP, schemas=(("hook2x4", 1.0),))).notes
        pitches = [n.pitch for n in notes]
        spans.append(max(pitches) - min(pitches))
        half = 16 * PPQ
        tops.append(max(n.pitch for n in notes if n.start >= half) - max(n.pitch for n in notes if n.start < half))
        first = [n.pitch for n in notes if n.start < 8 * PPQ]
        leaps.append(max(b - a for a, b in itertools.pairwise(first)))
    assert sorted(spans)[8] >= 10
    assert sum(leap >= 5 for leap in leaps) >= 9
    assert sum(top >= 0 for top in tops) >= 15
    assert sum(top > 0 for top in tops) >= 9


def test_one_climax() -> None:
    """A section has one highest note."""
    for seed in range(12):
        pitches = [n.pitch for n in play(seed=seed).notes]
        assert pitches.count(max(pitches)) == 1


def test_breath() -> None:
    """Every eight bars hold a rest of three quarters of a beat."""
    for seed in range(12):
        notes = play(seed=seed).notes
        ends = [*(n.start for n in notes), 32 * PPQ][1:]
        assert any(after - n.end >= PPQ * 3 // 4 for n, after in zip(notes, ends, strict=True))


def test_dials_are_monotone() -> None:
    """More density means no fewer notes; more complexity means more of them over many tunes."""
    counts = [len(play(dials=Dials(density=d)).notes) for d in (0.1, 0.3, 0.5, 0.7, 0.9)]
    assert counts == sorted(counts)
    simple, rich = (sum(len(play(seed=s, dials=Dials(complexity=c)).notes) for s in range(12)) for c in (0.1, 0.9))
    assert simple < rich


def test_creativity_strays() -> None:
    """With more creativity tunes leave the chord more often on strong beats or leap more: they cost more to sing."""

    def wander(creativity: float) -> int:
        notes = [play(seed=s, dials=Dials(creativity=creativity)).notes for s in range(16)]
        return sum(abs(b.pitch - a.pitch) for line in notes for a, b in itertools.pairwise(line))

    assert wander(0.0) < wander(1.0)


@pytest.mark.parametrize("length", [1, 8, 16])
def test_last_note(length: int) -> None:
    """The song ends on the tonic chord, on the first beat of the last bar, and nothing follows."""
    chords = (Chord(0, 12 * PPQ, 5, "maj", 5), Chord(12 * PPQ, 4 * PPQ, 9, "min", 9))
    last = play(
        bars=4, chords=chords, ending=replace(HIT, rows=(("band", Pattern(16, 16, (Hit(0, "X", length),))),))
    ).notes[-1]
    assert last.start == 12 * PPQ
    assert last.pitch % 12 in (9, 0, 4)


def test_intents() -> None:
    """The lead strikes where the band strikes, is silent after a stop, and lets nothing follow a hold."""
    bar = 4 * PPQ
    intents = (Intent(bar, "shot"), Intent(2 * bar + PPQ, "stop"), Intent(4 * bar, "hold"))
    for seed in range(6):
        notes = play(seed=seed, intents=intents).notes
        assert any(n.start == bar and n.length <= PPQ // 2 for n in notes)
        assert not any(2 * bar + PPQ <= n.start < 3 * bar for n in notes)
        assert [n.start for n in notes if 4 * bar <= n.start < 5 * bar] == [4 * bar]


def test_break_bar() -> None:
    """In a break the last bar has its first hit and nothing else."""
    assert [n.start for n in play(flags=frozenset({"break"})).notes if n.start >= 28 * PPQ] == [28 * PPQ]


def test_a_tune_outlives_its_harmony() -> None:
    """A return over other chords is the tune of its own, in rhythm and line; over strangers alone it is another."""
    own = brief().section.chords
    other = tuple(
        replace(c, root=root, quality="min7", bass=root) for c, root in zip(own, (2, 9, 4, 2) * 2, strict=True)
    )
    kept, made = [], []
    for seed in range(12):
        for melody in ("hook", "lead"):
            first = play(seed=seed, melody=melody)
            again = play(seed=seed, melody=melody, chords=other, theme=own)
            kept.append(distance(first, again))
            made.append(distance(first, play(seed=seed, melody=melody, chords=other)))
            assert [n.start for n in again.notes] == [n.start for n in first.notes]
    assert sum(kept) / len(kept) < 0.45
    assert sum(kept) < 0.75 * sum(made)


@pytest.mark.parametrize("genre", ["rock", "metal", "blues", "funk", "country"])
def test_a_solo_builds_and_comes_home(genre: str) -> None:
    """Solos begin with few tones in a low place, are fuller and higher in the middle, have their top after the middle, and
    their last phrase ends lower than that."""
    density, tops, solos = [0.0, 0.0], [], 0
    for seed in range(1, 7):
        score = studio.compose(f'genre = "{genre}"\nseed = {seed}\nlength = "180 s"\n')
        for placement in score.plan.placements:
            section = placement.section
            notes = whole_tune(score, placement).notes if section.name == "solo" else ()
            if section.name != "solo" or section.bars < 8 or section.occurrence > 1 or not notes:
                continue
            solos += 1
            quarter, four = section.length // 4, 4 * section.meter.bar
            density[0] += sum(n.start < four for n in notes) / 4
            density[1] += sum(quarter <= n.start < 3 * quarter for n in notes) / (section.bars / 2)
            top = max(notes, key=lambda n: n.pitch)
            tops.append(top.start / section.length)
            first = [n.pitch for n in notes if n.start < four]
            assert max(first) <= top.pitch
            assert notes[-1].pitch < top.pitch
    assert solos >= 2
    assert density[1] > 1.15 * density[0]
    assert sum(tops) / len(tops) > 0.45


def test_what_leads_to_a_chorus_stays_under_it() -> None:
    """In nine songs of ten the chorus has the highest tone, higher than any of what climbs to it and of the bridge."""
    under = []
    for genre, seed in [(genre, seed) for genre in ("pop", "rock", "soul") for seed in range(1, 11)]:
        score = studio.compose(f'genre = "{genre}"\nseed = {seed}\nlength = "90 s"\n')
        tops: dict[str, list[int]] = {"chorus": [], "other": []}
        for placement, passage in zip(score.plan.placements, score.passages, strict=True):
            section, notes = placement.section, passage.phrase("lead").notes
            kind = "chorus" if section.name == "chorus" else "other" if section.name in ("pre", "bridge") else ""
            if kind and notes:
                tops[kind].append(max(n.pitch for n in notes) - section.lift)
        if all(tops.values()):
            under.append(max(tops["other"]) < max(tops["chorus"]))
    assert len(under) >= 15
    assert sum(under) >= 0.9 * len(under)


def test_lane_is_kept() -> None:
    """Silent before it enters, after it leaves and in bars of rest."""
    bar = 4 * PPQ
    lane = Lane(low=60, high=79, enter=2 * bar, leave=7 * bar, rests=(4,))
    starts = [n.start // bar for n in play(lane=lane).notes]
    assert starts
    assert all(2 <= number < 7 and number != 4 for number in starts)


def test_seam_only_at_the_end() -> None:
    """What comes after can change the last bar alone."""
    for seed in range(8):
        plain = play(seed=seed)
        after = Seam(next_chord=Chord(0, PPQ, 5, "maj", 5), next_tune=Entry("chorus", "hook", 0))
        leaning = play(seed=seed, seam=after, cadence="closed")
        last = 28 * PPQ
        assert [t for t in tokens(plain) if t[0] < last] == [t for t in tokens(leaning) if t[0] < last]


def test_an_upbeat_does_not_leap_where_another_would_not() -> None:
    """Tones that lead into an idea go their own way, from below or above; where that begins more than a fifth from what was sung,
    and another way does not, they take that, and end beside the idea all the same."""
    setting = setting_of(brief(), POP)
    idea = [Tone(8 * PPQ, PPQ, 76), Tone(9 * PPQ, PPQ, 77)]
    for sung, way in ((76, "fourth"), (77, "up"), (81, "fourth"), (83, "up"), (65, "down")):
        line = [Tone(n * PPQ, PPQ, sung) for n in range(8)]
        found = led(setting, line, idea, 8 * PPQ, Upbeat(2, way, False))
        upbeat = [t.pitch for t in found if t.idea == "upbeat of the idea"]
        assert len(upbeat) == 2 and (abs(upbeat[0] - sung) <= 7 or sung == 65), (sung, way, upbeat)
        assert abs(upbeat[-1] - 76) <= 5


def test_an_upbeat_leads_by_step_into_the_next_tune() -> None:
    """Wherever a section ends with an upbeat, the next section's tune begins on its first beat, a step away."""
    led = 0
    for genre, seed in [(genre, seed) for genre in ("pop", "country", "jazz_swing") for seed in range(1, 11)]:
        score = studio.compose(f'genre = "{genre}"\nseed = {seed}\nlength = "90 s"\n')
        for before, after in itertools.pairwise(score.plan.placements):
            phrase, following = whole_tune(score, before), whole_tune(score, after).notes
            upbeat = [n for n in phrase.notes if phrase.origins[n.origin].idea == "upbeat"]
            if upbeat and following:
                led += 1
                assert following[0].start == 0
                assert 1 <= abs(following[0].pitch - upbeat[-1].pitch) <= 2
    assert led >= 12


@pytest.mark.parametrize("genre", ["blues", "bossa", "jazz_swing", "funk", "pop"])
def test_a_tune_does_not_rest_beside_its_chord(genre: str) -> None:
    """Of tones held for a beat and a half or more, at most three in a hundred lie a semitone from a tone of their chord, and
    all those are tensions that the genre names."""
    held, beside, wild = 0, 0, 0
    for seed in range(1, 9):
        score = studio.compose(f'genre = "{genre}"\nseed = {seed}\nlength = "90 s"\n')
        for placement, passage in zip(score.plan.placements, score.passages, strict=True):
            for note in passage.phrase("lead").notes:
                chord = placement.section.chord_at(note.start + min(note.length, PPQ) // 2)
                tones = theory.chord_classes(chord.root, chord.quality)
                if note.length >= PPQ * 3 // 2 and chord.end >= note.end:
                    held += 1
                    near = note.pitch % 12 not in tones and {(note.pitch + d) % 12 for d in (-1, 1)} & set(tones)
                    beside += bool(near)
                    wild += bool(near) and (note.pitch - chord.root) % 12 not in score.plan.ideas.melody.tensions
    assert held > 50
    assert beside <= 0.03 * held
    assert wild == 0


def test_origins() -> None:
    """Every note says where its idea was written, how it came back, and the bar its chance belongs to."""
    phrase = play(seed=2)
    origins = [phrase.origins[n.origin] for n in phrase.notes]
    assert {o.maker for o in origins} == {"lead"}
    assert all(o.path.startswith("genre.melody.cells.") and o.idea for o in origins)
    assert any("copy" in o.idea for o in origins)


@pytest.mark.parametrize("schema", sorted(SCHEMAS))
def test_schemas_fill_any_length(schema: str) -> None:
    """A schema covers every number of bars without gap or overlap, and its last unit ends as the cadence asks."""
    for bars in range(1, 25):
        plan = slots(schema, bars, "closed")
        assert [s.bar for s in plan] == list(range(0, bars, 2))
        assert sum(s.bars for s in plan) == bars
        assert plan[-1].close == "."


def test_plain_cells_swing() -> None:
    """Without cells of its own a triplet genre gets long-short eighths, a straight one even ones."""
    assert {hit.step % 3 for pattern in plain_cells(3) for hit in pattern.hits} == {0, 2}
    assert {hit.step % 4 for pattern in plain_cells(4) for hit in pattern.hits} == {0, 2}


def test_figures_come_from_cells() -> None:
    """The first bar of an idea is one of the genre's cells."""
    section = brief().section
    tones = figure(CELLS, section, 2, (), Seed("x"), Dials(), 1.0)
    steps = tuple(t.start // 240 for t in tones if t.start < 4 * PPQ)
    assert steps in {tuple(hit.step for hit in pattern.hits) for pattern in CELLS}


def test_a_soloist_has_licks() -> None:
    """In a solo over returning chords some six tones in a row come back with the same intervals."""
    found = 0
    for seed in range(8):
        pitches = [n.pitch for n in play(seed=seed, melody="solo", ideas=BOP, bars=16).notes]
        steps = [b - a for a, b in itertools.pairwise(pitches)]
        grams = [tuple(steps[n : n + 5]) for n in range(len(steps) - 4)]
        found += len(grams) > len(set(grams))
    assert found >= 6


def test_a_soloist_plays_phrases_to_chord_tones() -> None:
    """A jazz solo's intervals are those of transcribed solos (semitones 26, tones 29, thirds 27 of a hundred, each within ten);
    seven of ten tones on strong beats belong to the chord; it rests between phrases; its second half is fuller and higher."""
    moves, strong, halves = list[int](), list[bool](), list[tuple[int, float]]()
    for seed in range(12):
        made = brief(seed=seed, melody="solo", ideas=replace(BOP, cells=plain_cells(3)), bars=16, grid=3)
        notes = Lead().play(made).notes
        moves += [abs(b.pitch - a.pitch) for a, b in itertools.pairwise(notes)]
        strong += [
            n.pitch % 12 in theory.chord_classes(chord.root, chord.quality)
            for n in notes
            if made.section.meter.strength(n.start) >= 0.8 and (chord := made.section.chord_at(n.start))
        ]
        gaps = [b.start - a.end for a, b in itertools.pairwise(notes)]
        assert sum(gap >= PPQ for gap in gaps) >= 2
        for half in (0, 1):
            part = [n.pitch for n in notes if n.start * 2 // made.section.length == half]
            halves.append((len(part), sum(part) / len(part)))
    shares = [sum(m in sizes for m in moves) / len(moves) for sizes in ((1,), (2,), (3, 4))]
    assert all(abs(share - real) <= 0.1 for share, real in zip(shares, (0.26, 0.29, 0.27), strict=True)), shares
    assert sum(strong) >= 0.7 * len(strong)
    first, second = halves[::2], halves[1::2]
    assert sum(n for n, _ in second) > sum(n for n, _ in first)
    assert sum(mean for _, mean in second) > sum(mean for _, mean in first) + 12


def test_other_words_to_the_same_tune() -> None:
    """One inner tone is said twice or two in one breath: the outer tones, the pitches heard and the whole length stay."""
    section = brief().section
    figure_ = tuple(Tone(n * PPQ, PPQ, 60 + 2 * n) for n in range(6))
    changed = 0
    for seed in range(12):
        other = other_words(figure_, section, Seed(str(seed)))
        changed += other != figure_
        assert (other[0], other[-1]) == (figure_[0], figure_[-1])
        assert {t.pitch for t in other} <= {t.pitch for t in figure_}
        assert abs(len(other) - len(figure_)) <= 1
        assert sum(t.length for t in other) == sum(t.length for t in figure_)
    assert changed == 12


def test_last_choruses_go_up() -> None:
    """At full energy the third chorus keeps its rhythm and its first half, and no tone of it is lower for having risen."""
    made = brief(melody="hook", occurrence=3, tier=5)
    setting = setting_of(made, POP)
    tones = tune(setting)
    higher = 0
    for seed in range(8):
        up = risen(setting, tones, Seed(str(seed)))
        assert [(t.start, t.length) for t in up] == [(t.start, t.length) for t in tones]
        assert all(a.pitch >= b.pitch for a, b in zip(up, tones, strict=True))
        assert all(a == b for a, b in zip(up, tones, strict=True) if 2 * a.start < made.section.length)
        higher += up != tones
    assert higher >= 6


def test_verses_sing_over_short_rests() -> None:
    """Inside phrases of four bars a verse rests less often than where a call waits for its answer."""

    def rests(schema: str) -> int:
        ideas = replace(POP, schemas=((schema, 1.0),))
        found = 0
        for seed in range(20):
            notes = play(seed=seed, ideas=ideas).notes
            gaps = ((a.end, b.start) for a, b in itertools.pairwise(notes))
            found += sum(b - a >= PPQ * 3 // 4 and a // (16 * PPQ) == (b + PPQ) // (16 * PPQ) for a, b in gaps)
        return found

    assert rests("period") < 0.8 * rests("call_response")
