"""What the drummer promises, and what the band agrees on in intents."""

from __future__ import annotations

from collections import defaultdict

import pytest
from msgspec.structs import replace

from scorekit.ensemble.band import as_written
from scorekit.ensemble.drums import Drums
from scorekit.ensemble.intents import finale, hush, pushes, quiet, ring, silences
from scorekit.ideas import HIT, DrumIdeas, Fill, Groove, Hit, Layer, Pattern
from scorekit.score import Brief, Cell, Chord, Intent, Key, Lane, Note, Phrase, Seam, Section
from scorekit.seeds import Seed
from scorekit.stage import Dials
from scorekit.timebase import PPQ, Meter

BAR = 4 * PPQ
METERS = [Meter(4, 4), Meter(3, 4), Meter(5, 4), Meter(6, 8), Meter(7, 8), Meter(12, 8)]
KICK, SNARE, CRASH = 36, 38, 49
STICKS = {37, 38, 39, 42, 43, 46, 47, 49, 50, 51, 52, 53, 55, 57}


def steps(text: str) -> Pattern:
    marks = text.replace(" ", "")
    return Pattern(len(marks), 16, tuple(Hit(n, mark) for n, mark in enumerate(marks) if mark != "."))


def rows(**strings: str) -> tuple[tuple[str, Pattern], ...]:
    return tuple((row, steps(text)) for row, text in strings.items())


ROCK = DrumIdeas(
    grooves=(
        Groove(
            "eight",
            (2, 3),
            1.0,
            "drums.groove.0",
            "",
            rows(hh="X.x. X.x. X.x. X.x.", snare=".... X... .... X...", kick="X... .... X.x. ...."),
        ),
        Groove(
            "ride",
            (4, 5),
            1.0,
            "drums.groove.1",
            "",
            rows(
                ride="X.x. X.x. X.x. X.x.",
                snare=".... !..g .... !..g",
                kick="X.x. ..x. X.x. ..x.",
                clap=".... X... .... X...",
            ),
        ),
    ),
    fills=(Fill("four", (2, 3, 4, 5), 1.0, "drums.fill.0", "", 1, rows(snare="xxXX")),),
    vary=(("nothing", 0.4), ("kick_pickup", 0.3), ("ghost_shuffle", 0.3), ("hat_open_and4", 0.2), ("snare_drag", 0.1)),
    layers=(Layer("tamb", (4, 5), 1.0, "perc.layer.0", "", rows(tamb="..x. X.x. ..x. X.x.")),),
)


def brief(
    tier: int = 4,
    bars: int = 4,
    meter: Meter = METERS[0],
    intents: tuple[Intent, ...] = (),
    flags: tuple[str, ...] = (),
    **fields: object,
) -> Brief:
    chords = tuple(Chord(n * meter.bar, meter.bar, 0, "maj", 0) for n in range(bars))
    section = Section("A", 1, bars, meter, 4, tier, Key(0, "major"), chords, frozenset(flags), intents)
    base = Brief("drums", section, Lane(tier=tier), ROCK, Dials(), Cell(), Seed("7/A/1/drums"), "medium")
    return replace(base, **{"seam": Seam(4, 4), **fields})


def played(asked: Brief) -> dict[int, set[int]]:
    """What sounds when: tick to pitches."""
    found: dict[int, set[int]] = defaultdict(set)
    for note in Drums().play(asked).notes:
        found[note.start].add(note.pitch)
    return found


def starts(asked: Brief, low: int, high: int) -> list[int]:
    return sorted(tick for tick in played(asked) if low <= tick < high)


@pytest.mark.parametrize("meter", METERS, ids=str)
@pytest.mark.parametrize("tier", [1, 2, 3, 4, 5])
def test_every_note_is_inside_and_in_order(meter: Meter, tier: int) -> None:
    """In any meter and at any tier: sorted, on the grid, no pitch over itself, nothing outside the section."""
    asked = brief(tier, 8, meter, seam=Seam(2, 5))
    notes, last = Drums().play(asked).notes, {}
    assert [(n.start, n.pitch) for n in notes] == sorted((n.start, n.pitch) for n in notes)
    for note in notes:
        assert 0 <= note.start < note.end <= asked.section.length
        assert note.start % (PPQ // 8) == 0
        assert note.start >= last.get(note.pitch, 0)
        last[note.pitch] = note.end


def test_same_brief_same_phrase() -> None:
    """Playing is a pure function; another seed plays something else."""
    assert Drums().play(brief()) == Drums().play(brief())
    assert Drums().play(brief()) != Drums().play(brief(seed=Seed("8/A/1/drums")))


def test_two_hands_two_feet() -> None:
    """Never more than two sticks at once, hats and ride never together, and a crash never alone."""
    for song in range(20):
        asked = brief(5, 8, seed=Seed(f"{song}/A/1/drums"), dials=Dials(1.0, 1.0), seam=Seam(3, 5))
        for pitches in played(asked).values():
            assert len(pitches & STICKS) <= 2
            assert not (pitches & {42, 46} and pitches & {51, 53})
            assert CRASH not in pitches or pitches & {KICK, SNARE}


def test_every_note_tells_its_origin() -> None:
    """Path, maker, idea and place are all given."""
    phrase = Drums().play(brief(seam=Seam(2, 5)))
    makers = {phrase.origins[note.origin].maker for note in phrase.notes}
    assert makers == {"groove", "percussion", "fills"}
    assert all(o.path and o.idea and o.place.startswith("7/A/1/drums/") for o in phrase.origins)


def test_accent_shot_and_crash_are_struck() -> None:
    """An accent has kick and snare, a crash cymbal and kick; nothing follows a shot for half a beat."""
    intents = (Intent(PPQ, "accent"), Intent(BAR + PPQ // 2, "shot"), Intent(2 * BAR + PPQ, "crash"))
    hits = played(brief(intents=intents))
    assert {KICK, SNARE} <= hits[PPQ]
    assert {KICK, SNARE} <= hits[BAR + PPQ // 2]
    assert {KICK, CRASH} <= hits[2 * BAR + PPQ]
    assert not starts(brief(intents=intents), BAR + PPQ // 2 + 1, BAR + PPQ)


def test_stop_and_hold_silence_the_bar() -> None:
    """After a stop nothing is struck to the bar line; a hold is struck once and rings that long."""
    asked = brief(intents=(Intent(2 * PPQ, "stop"), Intent(BAR + 2 * PPQ, "hold")))
    assert not starts(asked, 2 * PPQ, BAR)
    assert starts(asked, BAR + 2 * PPQ, 2 * BAR) == [BAR + 2 * PPQ]
    held = [n for n in Drums().play(asked).notes if n.start == BAR + 2 * PPQ and n.pitch == CRASH]
    assert held[0].length == 2 * PPQ


def test_intents_for_others_leave_the_drums_alone() -> None:
    """A stop of the bass is no stop of the drums."""
    assert played(brief(intents=(Intent(2 * PPQ, "stop", ("bass",)),))) == played(brief())


def test_push_comes_an_eighth_early() -> None:
    """The kick strikes an eighth before the pushed chord, and not again on it."""
    hits = played(brief(intents=(Intent(BAR + PPQ, "push"),)))
    assert KICK in hits[2 * BAR - PPQ // 2]
    assert KICK not in hits[2 * BAR]


def test_break_bar_is_one_hit() -> None:
    """In a break bar everybody strikes beat 1; the drummer may play the pickup on the last beat."""
    asked = brief(flags=("break",), seam=Seam(4, 4))
    assert {KICK, SNARE} <= played(asked)[3 * BAR]
    assert not starts(asked, 3 * BAR + 1, 4 * BAR - PPQ)


def test_vacuum_strips_the_kick() -> None:
    """The last two beats have no kick."""
    hits = played(brief(flags=("vacuum",), seam=Seam(4, 5)))
    assert not any(KICK in pitches for tick, pitches in hits.items() if tick >= 4 * BAR - 2 * PPQ)


@pytest.mark.parametrize("lane", [Lane(plays=False), Lane()])
def test_no_drums(lane: Lane) -> None:
    """A lane that does not play, or a section without drums, is silent."""
    assert Drums().play(brief(flags=("nodrums",) if lane.plays else (), lane=lane)).notes == ()


def test_the_lane_is_kept() -> None:
    """Silent before it enters, in bars of rest, and once it leaves."""
    asked = brief(bars=8, lane=Lane(tier=4, enter=BAR, leave=6 * BAR, rests=(3,)))
    assert not [*starts(asked, 0, BAR), *starts(asked, 3 * BAR, 4 * BAR), *starts(asked, 6 * BAR, 8 * BAR)]
    assert starts(asked, BAR, 2 * BAR)


@pytest.mark.parametrize("bars", [1, 4])
def test_the_song_ends_on_its_last_hit(bars: int) -> None:
    """The last bar is one stroke on beat 1 with the kick, and nothing after it."""
    asked = brief(bars=bars, ending=HIT, seam=Seam(4, None))
    assert starts(asked, (bars - 1) * BAR, bars * BAR) == [(bars - 1) * BAR]
    assert KICK in played(asked)[(bars - 1) * BAR]


def rhythm(*steps: int, bars: int = 1) -> Pattern:
    """Short strokes at steps of so many bars of sixteen."""
    return Pattern(16 * bars, 16, tuple(Hit(step, "X") for step in steps))


def test_an_ending_is_played_as_written() -> None:
    """The groove goes on up to the first stroke of anybody; then the kit's own rows are struck and nothing else."""
    rows = (("band", rhythm(14, bars=2)), ("kick", rhythm(14, 20, bars=2)), ("snare", rhythm(20, bars=2)))
    asked = brief(bars=4, ending=replace(HIT, rows=rows), seam=Seam(4, None))
    end = 2 * BAR + 14 * PPQ // 4
    assert finale(asked) == end
    assert starts(asked, 2 * BAR, end)
    late = {tick: pitches for tick, pitches in played(asked).items() if tick >= end}
    assert late == {end: {KICK}, 3 * BAR + PPQ: {KICK, SNARE}}


def test_who_has_no_stroke_is_silent_in_the_ending() -> None:
    """An empty row is silence from the ending's first stroke on, and no fill leads there."""
    asked = brief(bars=4, ending=replace(HIT, rows=(("band", rhythm()), ("keys", rhythm(0)))), seam=Seam(4, None))
    assert starts(asked, 2 * BAR, 3 * BAR) and not starts(asked, 3 * BAR, 4 * BAR)
    assert not any("into" in origin.idea for origin in Drums().play(asked).origins)


def test_own_notes_are_played_as_written() -> None:
    """A cell with notes plays these and nothing else."""
    own = (Note(0, 240, KICK, 100), Note(PPQ, 240, SNARE, 90))
    assert as_written(brief(cell=Cell(notes=own))).notes == own


def test_a_cell_may_be_louder() -> None:
    """The cell's velocity is added to every note of it."""
    usual, louder = (sum(n.velocity for n in Drums().play(brief(cell=Cell(velocity=v))).notes) for v in (0, 8))
    assert louder > usual


def test_energy_is_louder() -> None:
    """A ramp is louder at its end than the same section without, the tambourine apart that it brings in."""

    def last(asked: Brief) -> float:
        found = [
            n.velocity for n in Drums().play(asked).notes if 6 * BAR <= n.start < 7 * BAR and n.pitch in (*STICKS, KICK)
        ]
        return sum(found) / len(found)

    assert last(brief(3, 8, flags=("ramp",))) > last(brief(3, 8))


def test_bids() -> None:
    """Without a groove the drummer would rest; at breakneck tempo with sixteenths he asks for half time."""
    assert Drums().bid(brief(ideas=DrumIdeas()))[0].wish == "rest"
    busy = replace(ROCK.grooves[0], rows=rows(hh="xxxx xxxx xxxx xxxx", kick="xxxx xxxx xxxx xxxx"))
    assert Drums().bid(brief(3, ideas=DrumIdeas((busy,)), band="breakneck"))[0].wish == "halftime"
    assert Drums().bid(brief(3)) == ()


# -- intents, for everybody


def test_silences_of_harmony_and_bass() -> None:
    """nochord silences harmony parts alone; a vacuum silences the bass for two beats."""
    section = brief(intents=(Intent(PPQ, "nochord"),), flags=("vacuum",)).section
    assert silences(section, "keys") == ((PPQ, BAR),)
    assert silences(section, "lead") == ()
    assert silences(section, "bass") == ((4 * BAR - 2 * PPQ, 4 * BAR),)


def test_a_hold_rings_to_the_next_intent() -> None:
    """Or to the bar line, whichever comes first; intents of others do not end it."""
    section = brief(intents=(Intent(0, "hold"), Intent(PPQ, "stop", ("bass",)), Intent(2 * PPQ, "accent"))).section
    assert ring(section, 0, "lead") == 2 * PPQ
    assert ring(section, 2 * PPQ, "lead") == BAR
    assert ring(section, 0, "bass") == PPQ


def test_hush_cuts_what_sounds_into_a_silence() -> None:
    """Notes in a silence go, those sounding into it are cut, and the hit it frames rings."""
    notes = (Note(0, 960, 60, 80), Note(480, 100, 62, 80), Note(600, 100, 64, 80))
    assert hush(notes, ((480, 700),)) == (Note(0, 480, 60, 80),)
    assert hush(notes, ((1, 700),)) == (Note(0, 960, 60, 80),)


def test_pushes_name_the_chord_they_anticipate() -> None:
    """A push at the start of a chord, or an eighth before it, means that chord; the next section's is None."""
    for tick in (BAR, BAR - PPQ // 2):
        ((struck, chord),) = pushes(brief(intents=(Intent(tick, "push"),)).section, "keys")
        assert (struck, chord.start) == (BAR - PPQ // 2, BAR)
    assert pushes(brief(intents=(Intent(4 * BAR - PPQ, "push"),)).section, "keys") == ((4 * BAR - PPQ // 2, None),)


def test_after_the_last_hit_all_are_quiet() -> None:
    """The finale is beat 1 of the last bar; only the last section has one."""
    assert finale(brief()) is None
    assert finale(brief(ending=HIT)) == 3 * BAR
    assert quiet(brief(ending=HIT)) == ((3 * BAR + 1, 4 * BAR),)
    assert Phrase("drums", hush((Note(3 * BAR, BAR, 60, 90),), quiet(brief(ending=HIT)))).notes[0].length == BAR
