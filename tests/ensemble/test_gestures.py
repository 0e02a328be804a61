"""Intents over a section, as words in a song: each is heard, in every genre that has the drums or the players for it."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest

from scorekit import files, pipeline
from scorekit.ensemble.intents import HELD
from scorekit.ideas import HIT
from scorekit.repeats import repeated, written
from scorekit.score import Note, Passage, Score
from scorekit.timebase import PPQ

GENRES = [name for name in files.known("genres") if name != "base44"]
SNARES, KICK, CRASHES = (37, 38, 39, 40), 36, (49, 57)


@cache
def composed(genre: str, intents: str = "", form: str = "A:8:e3 B:8:e4", seed: int = 2, more: str = "") -> Score:
    """A song of two sections, the first with some intents; both are like the genre's own sections of those tiers."""
    names = {"A": "verse", "B": "chorus"}
    text = f'genre = "{genre}"\nseed = {seed}\nlineup = "full"\nform = "{form}"\n{more}\n'
    for name in ("A", "B"):
        like = names[name] if knows(genre, names[name]) else ""
        own = intents if name == "A" else ""
        text += f"[sections.{name}]\nmelody = 'lead'\nintents = [{own}]\n" + (f'like = "{like}"\n' if like else "")
    done = pipeline.compile_song(text, "song.toml", find=files.load)
    assert done.plan is not None, [d.render() for d in done.diagnostics]
    return pipeline.compose(done.plan)


@cache
def knows(genre: str, section: str) -> bool:
    """Whether a genre has a section of a name."""
    text = f'genre = "{genre}"\nform = "{section}:4"'
    return pipeline.compile_song(text, "song.toml", find=files.load).plan is not None


def notes(passage: Passage, *but: str) -> list[Note]:
    """Every note of a passage, without some parts."""
    return [n for phrase in passage.phrases if phrase.part not in but for n in phrase.notes]


def between(found: list[Note], first: int, last: int) -> list[Note]:
    """Notes that begin between two ticks."""
    return [n for n in found if first <= n.start < last]


def bar_of(score: Score, number: int = 0) -> int:
    """Length of a bar of a section."""
    return score.plan.placements[number].section.meter.bar


def mean(values: list[float]) -> float:
    """Their mean; 0 of none."""
    return sum(values) / len(values) if values else 0.0


@pytest.mark.parametrize("genre", GENRES)
def test_a_build_gets_busier_and_louder_to_its_end(genre: str) -> None:
    """Over the bars of a build onsets and velocity rise, more than without it, and a drum rolls in ever smaller strokes."""
    plain, built = composed(genre), composed(genre, '"build"')
    bar = bar_of(built)

    def peaks(found: list[Note]) -> list[float]:
        return [max(n.velocity for n in found if n.start // PPQ == beat) for beat in {n.start // PPQ for n in found}]

    def gain(score: Score) -> tuple[float, float]:
        found = notes(score.passages[0])
        early, late = between(found, 0, 2 * bar), between(found, 6 * bar, 8 * bar)
        return len(late) / max(1, len(early)), mean(peaks(late)) - mean(peaks(early))

    density, loud = gain(built)
    assert density > 1.25 and density > gain(plain)[0] * 0.9
    assert loud > gain(plain)[1] and loud > 2
    roll = [n.start for n in built.passages[0].phrase("drums").notes if n.pitch in SNARES and n.start >= 7 * bar]
    gaps = [b - a for a, b in pairwise(roll)]
    assert gaps and min(gaps) <= PPQ // 6 and gaps[-1] <= gaps[0]


@pytest.mark.parametrize("genre", GENRES)
@pytest.mark.parametrize("intents", ['"drop"', '"5 drop"'])
def test_a_drop_is_bare_and_then_everybody(genre: str, intents: str) -> None:
    """A bar of drums without kick and what is held; then kick, crash and every player at once."""
    score = composed(genre, intents)
    bar = bar_of(score)
    number, at = (0, 4 * bar) if "5" in intents else (1, 0)
    strip = (3 * bar, 4 * bar) if "5" in intents else (7 * bar, 8 * bar)
    before = score.passages[0]
    for phrase in before.phrases:
        inside = between(list(phrase.notes), *strip)
        assert phrase.part in HELD or not inside, phrase.part
        assert phrase.part != "drums" or KICK not in {n.pitch for n in inside}
    after = score.passages[number]
    hit = {phrase.part for phrase in after.phrases if between(list(phrase.notes), at, at + 1)}
    playing = {phrase.part for phrase in after.phrases if between(list(phrase.notes), at, at + 2 * bar)} - {"lead"}
    assert hit >= playing and {"drums", "bass"} <= hit
    struck = {n.pitch for n in between(list(after.phrase("drums").notes), at, at + 1)}
    assert KICK in struck and struck & set(CRASHES)


@pytest.mark.parametrize("genre", GENRES)
def test_half_time_has_its_backbeat_on_three(genre: str) -> None:
    """Where the backbeat is on two and four, half time moves it to three; everywhere there are fewer loud snares."""
    form = "B:8:e4 A:8:e4"

    def snares(score: Score) -> list[int]:
        found = score.passages[1].phrase("drums").notes
        return [n.start for n in found if n.pitch in SNARES and n.velocity >= 84 and n.start < 6 * bar_of(score, 1)]

    def beats(starts: list[int]) -> list[int]:
        return [sum(tick % (4 * PPQ) == beat * PPQ for tick in starts) for beat in range(4)]

    before, after = snares(composed(genre, form=form)), snares(composed(genre, '"half-time"', form=form))
    assert len(after) <= 0.7 * len(before) or len(before) < 4
    if min(beats(before)[1], beats(before)[3]) >= 5:
        assert beats(after)[2] >= 5 and max(beats(after)[1], beats(after)[3]) <= 1, (beats(before), beats(after))


@pytest.mark.parametrize("genre", ["rock", "bossa", "ambient"])
def test_a_ritardando_slows_by_its_curve_and_the_next_section_is_in_tempo(genre: str) -> None:
    """v(x) = (1 + (v_end^3 - 1) x)^(1/3) over its bars; before and after the tempo is the song's."""
    score = composed(genre, '"ritardando 2 bars"', more="tempo = 100")
    tempi, bar = score.plan.tempo, bar_of(score)
    first, stop = 6 * bar, 8 * bar
    assert tempi.bpm_at(first - 1) == pytest.approx(100) == tempi.bpm_at(stop)
    for beat in range(8):
        x = beat / 8
        wanted = 100 * (1 + (0.72**3 - 1) * x) ** (1 / 3)
        assert tempi.bpm_at(first + beat * bar // 4) == pytest.approx(wanted, rel=1e-4)
    last = composed(genre, '"rit 2 bars"', form="B:8:e4 A:8:e3", more="tempo = 100").plan.tempo
    end = 15 * bar
    assert last.bpm_at(end) == pytest.approx(60) and last.bpm_at(end - 1) > 60


@pytest.mark.parametrize("genre", GENRES)
def test_a_tag_plays_the_last_bars_again(genre: str) -> None:
    """Two bars three times over, note for note as played, chords and all; the section is four bars longer."""
    plain, tag = composed(genre), composed(genre, '"tag 3"')
    section, bar = tag.plan.placements[0].section, bar_of(tag)
    assert section.bars == 12 and written(section) == plain.plan.placements[0].section
    assert tag.plan.placements[1].start == 12 * bar
    for time in (1, 2):
        for tick in range(0, 2 * bar, PPQ):
            one, other = section.chord_at(6 * bar + tick), section.chord_at((6 + 2 * time) * bar + tick)
            assert (one.root, one.quality) == (other.root, other.quality)
    once = tag.passages[0]
    for phrase in once.phrases:
        rows = [
            {(n.start - at * bar, n.pitch) for n in phrase.notes if at * bar <= n.start < (at + 2) * bar}
            for at in (6, 8, 10)
        ]
        mended = sum(e.part == phrase.part for e in once.edits)
        assert len(rows[0] ^ rows[1]) <= 2 * mended and len(rows[1] ^ rows[2]) <= 2 * mended, phrase.part
    ideas = {
        phrase.origins[n.origin].idea for phrase in once.phrases for n in between(list(phrase.notes), 8 * bar, 9 * bar)
    }
    assert ideas and all("tag" in idea for idea in ideas)


def test_a_tag_at_the_end_comes_before_the_last_hit() -> None:
    """In the last section the bars before the last hit are repeated, and the hit comes once, in the last bar."""
    score = composed("soul", '"tag 2", "last hit"', form="B:8:e4 A:8:e4")
    section, bar = score.plan.placements[1].section, bar_of(score, 1)
    assert section.bars == 10 and score.plan.ending == HIT
    last = [n.start for n in notes(score.passages[1]) if n.start >= 9 * bar]
    assert last and set(last) == {9 * bar}
    assert written(section).bars == 8
    empty = score.passages[1].phrase("drums")
    assert repeated(empty, score.plan.placements[0].section) is empty


@pytest.mark.parametrize("genre", GENRES)
def test_the_last_hit_is_struck_by_all_and_rings(genre: str) -> None:
    """All who play in the last section strike beat 1 of its last bar, and nothing begins after it."""
    score = composed(genre, '"last hit"', form="B:8:e4 A:8:e4")
    bar, passage = bar_of(score, 1), score.passages[1]
    assert score.plan.ending == HIT
    late = [(p.part, n) for p in passage.phrases for n in p.notes if n.start >= 7 * bar]
    assert {n.start for _, n in late} == {7 * bar}
    playing = {p.part for p in passage.phrases if between(list(p.notes), 5 * bar, 7 * bar)}
    assert {part for part, _ in late} >= playing - {"lead"}
    assert max(n.length for _, n in late) >= bar // 2


@pytest.mark.parametrize("genre", GENRES)
def test_inside_the_song_a_last_hit_is_held(genre: str) -> None:
    """In a section that is not the last, it is a hit held over the last bar."""
    score = composed(genre, '"last hit"')
    bar = bar_of(score)
    assert {n.start for n in notes(score.passages[0]) if n.start >= 7 * bar} == {7 * bar}


@pytest.mark.parametrize("genre", GENRES)
def test_a_break_bar_is_one_hit_and_silence(genre: str) -> None:
    """``4 break`` in the middle, ``break`` at the end: a hit on one, then nothing but a drummer's pickup at the end."""
    score = composed(genre, '"4 break", "break"')
    bar = bar_of(score)
    for at in (3, 7):
        found = between(notes(score.passages[0], "drums"), at * bar, (at + 1) * bar)
        assert {n.start for n in found} <= {at * bar} and found
    drums = between(list(score.passages[0].phrase("drums").notes), 3 * bar + 1, 4 * bar)
    assert not drums


@pytest.mark.parametrize("genre", GENRES)
def test_out_of_a_break_the_drummer_leads_back(genre: str) -> None:
    """A section that breaks off (``b``) stops on its last bar's one or two beats before its end, as the seed says; before the
    next section there is never more silence than three beats."""
    scores = [composed(genre, form="A:8:e3:b B:8:e4", seed=seed) for seed in range(1, 7)]
    bar, stops = bar_of(scores[0]), set()
    for score in scores:
        found = notes(score.passages[0])
        last = between(found, 7 * bar, 8 * bar)
        late = max(n.start for n in notes(score.passages[0], "drums") if n.start >= 7 * bar)
        back = min(n.start for n in last if n.start > late)
        stops.add(late - 7 * bar)
        assert back - max(n.end for n in found if n.start <= late) <= 3 * PPQ
    assert stops == {0, bar - 2 * PPQ}


def test_a_key_lift_moves_all_that_follows() -> None:
    """Numerals and band move up from the section on; once for each statement that says it."""
    score = composed("pop", '"key lift +2"', form="B:4:e4 A:4:e3 B:4:e4", more='key = "C major"')
    assert [str(p.section.key) for p in score.plan.placements] == ["C major", "D major", "D major"]


def test_flags_may_be_said_in_words() -> None:
    """What a letter of the form says, an intent says too."""
    words = composed("rock", '"no drums", "ramp", "vacuum", "double time"')
    assert words.plan.placements[0].section.flags == {"nodrums", "ramp", "vacuum", "double"}
    assert not words.passages[0].phrase("drums").notes


@pytest.mark.parametrize(
    ("intent", "told"),
    [
        ("bild", "unknown intent 'bild'; did you mean 'build'?"),
        ("half-tim", "unknown intent 'half-tim'; did you mean 'half-time'?"),
        ("last hit 2", "'last hit' takes no number; write last hit"),
        ("tag 9", "tag 9 is out of range; 2 to 4 times"),
        ("drop 4", "'drop' takes no number; the bar comes first: 4 drop"),
        ("9 drop", "bar 9 in a section of 8; bars 1 to 8"),
        ("ritardando 9 bars", "9 bars of ritardando in 8 bars; at most 8 here"),
        ("build 3 times", "unknown word 'times'; build counts bars"),
        ("3 tag", "'tag' has no bar of its own; write tag"),
        ("4.1 build", "unknown intent 'build'; it needs no beat: write build"),
        ("stop", "'stop' needs its place; such as 4.3 stop"),
        ("key lift 0", "key lift 0 is out of range; -11 to 11 semitones"),
        ("fly me to the moon", "unknown intent 'fly me to the moon'; known: break, drop, build, ritardando, tag, key lift, half-time, double-time, no drums, ramp, vacuum, last hit"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_told(intent: str, told: str) -> None:
    """With the nearest word, or what the word wants."""
    text = f'genre = "rock"\nform = "A:8:e3 B:4:e3"\n[sections.A]\nchords = "I"\nintents = ["{intent}"]'
    text += '\n[sections.B]\nchords = "I"\n'
    found = pipeline.compile_song(text, "song.toml", find=files.load).diagnostics
    assert [f"{d.message}; {d.hint}" for d in found] == [told]
    assert found[0].span is not None and found[0].span.line == 5


def test_nothing_comes_after_the_last_section() -> None:
    """A drop needs something to drop into."""
    text = 'genre = "rock"\nform = "verse:8:e3"\n[sections.verse]\nintents = ["drop"]'
    found = pipeline.compile_song(text, "song.toml", find=files.load).diagnostics
    assert [d.message for d in found] == ["nothing comes after this section to drop into"]
