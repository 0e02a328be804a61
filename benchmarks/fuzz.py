"""Random songs and ruined ones: nothing may raise, every refusal is clean, and the laws of score and MIDI file hold.

    python benchmarks/fuzz.py --count 2000            # random valid songs through compile, compose, perform, midi
    python benchmarks/fuzz.py --count 5000 --ruined   # songs broken in a random way: refused cleanly, or they work
    python benchmarks/fuzz.py --only 1234             # one case again, its text and what became of it

A case is known by its number alone: the same number makes the same text on every machine.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from scorekit import files, pipeline
from scorekit.errors import Diagnostic
from scorekit.score import MANNERS, PARTS, Performance, Score
from scorekit.theory import DRUM_NOTES, MODES
from scorekit.timebase import PPQ

ROOT = Path(__file__).resolve().parents[1]
TONICS = (
    "C",
    "C#",
    "Db",
    "D",
    "D#",
    "Eb",
    "E",
    "E#",
    "Fb",
    "F",
    "F#",
    "Gb",
    "G",
    "G#",
    "Ab",
    "A",
    "A#",
    "Bb",
    "B",
    "B#",
    "Cb",
)
INTENTS = ("accent", "hold", "shot", "push", "stop", "crash", "pedal", "nochord")
METERS = (
    "4/4",
    "3/4",
    "6/8",
    "7/8",
    "5/4",
    "12/8",
    "5/8",
    "11/8",
    "13/16",
    "1/32",
    "32/32",
    "2/4",
    "1/4",
    "2/2",
    "9/8",
    "15/16",
    "1/1",
    "7/16",
    "31/32",
    "3/2",
    "10/8",
    "17/8",
    "3/32",
)
CHORDS = (
    "I",
    "ii7",
    "V7",
    "bVII",
    "iv",
    "i",
    "Em7",
    "A9",
    "Cmaj7",
    "D/F#",
    "N",
    "bVImaj7",
    "V7alt",
    "G7sus4",
    "Bbm7b5",
    "F#dim7",
    "I/3",
    "Ebmaj7#11",
    "C5",
    "Aaug",
    "vi",
    "IV",
)
TITLES = ("../../etc/passwd", "NUL", "é♯ü", "\\u001b[31m", "x" * 150, "\\u202e", "", "a/b")
REFUSAL_SECONDS = 0.5


def genres() -> list[str]:
    """The shipped genres that have a form."""
    return [
        path.stem
        for path in sorted((ROOT / "genres").glob("*.toml"))
        if "form" in path.read_text() and path.stem != "base44"
    ]


# -- songs that are right ----------------------------------------------------------------------------------------------


def song(rng: random.Random) -> str:
    """The text of a random song without mistakes: any meter, key, tempo, form, and any wish for any cell."""
    names = rng.sample(
        ("intro", "verse", "chorus", "bridge", "A", "B", "solo", "break", "tag", "mine"), rng.randint(1, 5)
    )
    form = [(rng.choice(names), _bars(rng)) for _ in range(rng.choice((1, 1, 2, 3, 4, 6)))]
    top = [f'genre = "{rng.choice(genres())}"', f"seed = {rng.choice((0, 1, 2**63 - 1, rng.randrange(10**6)))}"]
    meter = rng.choice(METERS) if rng.random() < 0.5 else "4/4"
    if meter != "4/4" or rng.random() < 0.2:
        top.append(f'meter = "{meter}"')
    if rng.random() < 0.8:
        top.append("form = " + repr(" ".join(_token(rng, name, bars) for name, bars in form)).replace("'", '"'))
    else:
        top.append(f'length = "{rng.choice(("1 s", "5 s", "30 s", "7 bars", "1 bars", "61.5 s", "33 bars"))}"')
        form = []
    if rng.random() < 0.5:
        top.append(f'key = "{rng.choice(TONICS)} {rng.choice(MODES)}"')
    if rng.random() < 0.6:
        top.append(f"tempo = {_tempo(rng)}")
    if rng.random() < 0.3:
        top.append(f"energy = {rng.choice((0, 1, 0.5, rng.random()))}")
    if rng.random() < 0.3:
        top.append(f'model = "{rng.choice(("general", "instrument_focused"))}"')
    if rng.random() < 0.2:
        top.append(f'title = "{rng.choice(TITLES)}"')
    return "\n".join([*top, *_tables(rng, form, meter)]) + "\n"


def _bars(rng: random.Random) -> int:
    return rng.choice((1, 1, 2, 3, 4, 4, 5, 8, 8, 16, rng.randint(1, 24), 64 if rng.random() < 0.1 else 2))


def _token(rng: random.Random, name: str, bars: int) -> str:
    flags = "".join(rng.sample("bhdnrvt", rng.choice((0, 0, 0, 1, 1, 2, 7)))) + rng.choice(
        ("", "", "", "k+2", "k-11", "k+11")
    )
    energy = rng.randint(1, 5)
    return f"{name}:{bars}:e{energy}:{flags}" if flags else rng.choice((f"{name}:{bars}", f"{name}:{bars}:e{energy}"))


def _tempo(rng: random.Random) -> str:
    return rng.choice((
        "20", "400", f"{rng.uniform(20, 400):.3f}", f"{rng.randint(60, 180)}", "{ start = 40, end = 220 }",
        "{ start = 400, end = 20 }", "{ dotted = 60 }", "[[1, 96], [2, 180], [3, 60], [900, 100]]", "[[1, 33]]",
    ))  # fmt: skip


def _tables(rng: random.Random, form: Sequence[tuple[str, int]], meter: str) -> Iterator[str]:
    for part in rng.sample(PARTS, rng.choice((0, 0, 1, 2, 4, 8))):
        yield from (f"[parts.{part}]", *_cell(rng, part))
        if rng.random() < 0.3:
            yield f"level = {rng.choice((-60, 12, 0))}\npan = {rng.choice((-1, 1, 0))}\nverb = {rng.choice((0, 1))}"
    if rng.random() < 0.4:
        yield f"[dials]\ncomplexity = {rng.choice((0, 1, rng.random()))}\ncreativity = {rng.choice((0, 1, rng.random()))}"
    if rng.random() < 0.15:
        yield f'[resolver]\nmode = "{rng.choice(("fix", "report", "off"))}"'
    said: list[str] = []
    for name in dict.fromkeys(name for name, _ in form):
        said += _section(rng, name, min(bars for other, bars in form if other == name), meter)
    yield from said
    if form and rng.random() < 0.15:
        name, bars = form[0]
        if f"[sections.{name}]" not in said:
            yield f'[melody]\nnotes = """\n{name}/1: {_notes(rng, bars, meter, False)}\n"""'


def _section(rng: random.Random, name: str, bars: int, meter: str) -> Iterator[str]:
    mine = name == "mine"
    if not mine and rng.random() < 0.4:
        return
    yield f"[sections.{name}]"
    own = rng.choice(METERS) if rng.random() < 0.25 else meter
    if own != meter:
        yield f'meter = "{own}"'
    if mine or rng.random() < 0.4:
        yield f'chords = "{_chords(rng, own)}"'
    if rng.random() < 0.5:
        yield f"intents = [{', '.join(_intents(rng, bars, own))}]"
    if rng.random() < 0.2:
        yield f'key = "{rng.choice(TONICS)} {rng.choice(MODES)}"'
    if rng.random() < 0.2:
        yield f"tempo = {rng.choice(('20', '400', '{ start = 30, end = 300 }', '{ dotted = 40 }'))}"
    if rng.random() < 0.3:
        yield f"energy = {rng.randint(1, 5)}"
    if rng.random() < 0.3:
        yield f'melody = "{rng.choice(("hook", "lead", "riff", "solo", "none"))}"'
    if rng.random() < 0.05:
        yield from (f"[sections.{name}.parts.{part}]\nplay = false" for part in PARTS)
        return
    for part in rng.sample(PARTS, rng.choice((0, 0, 1, 2, 8))):
        yield from (f"[sections.{name}.parts.{part}]", *_cell(rng, part))
        if rng.random() < 0.25 and own == meter:
            yield f'notes = "{_notes(rng, rng.randint(1, min(bars, 4)), own, part == "drums")}"'


def _cell(rng: random.Random, part: str) -> Iterator[str]:
    if rng.random() < 0.3:
        yield f"play = {rng.choice(('true', 'true', 'false'))}"
    if rng.random() < 0.4:
        yield f"density = {rng.choice((0, 1, round(rng.random(), 3)))}"
    if rng.random() < 0.3:
        yield f"octave = {rng.randint(-2, 2)}"
    if rng.random() < 0.3:
        yield f"velocity = {rng.choice((-40, 40, 7))}"
    if rng.random() < 0.3:
        yield f"reroll = {rng.choice((0, 1, 1_000_000))}"
    if rng.random() < 0.2:
        yield "lock = true"


def _chords(rng: random.Random, meter: str) -> str:
    beats = int(meter.split("/")[0])
    bars = []
    for number in range(rng.randint(1, 6)):
        first = rng.choice(CHORDS)
        split = f"{first}:{beats - 1} {rng.choice(CHORDS)}:1" if beats > 1 else first
        bars.append(rng.choice((first, split, " ".join(rng.choices(CHORDS, k=3)), "%" if number else first)))
    return " | ".join(bars)


def _intents(rng: random.Random, bars: int, meter: str) -> Iterator[str]:
    beats = int(meter.split("/")[0])
    for _ in range(rng.choice((1, 2, 5, 20))):
        parts = " ".join(rng.sample(PARTS, rng.choice((0, 0, 1, 3, 8))))
        late = rng.choice(("", "", "&"))
        yield f'"{rng.randint(1, bars)}.{rng.randint(1, beats)}{late} {rng.choice(INTENTS)} {parts}"'


def _notes(rng: random.Random, bars: int, meter: str, drums: bool) -> str:
    beats = int(meter.split("/")[0])

    def one() -> str:
        if drums:
            return "+".join(rng.sample(sorted(DRUM_NOTES), rng.randint(1, 3)))
        return "+".join(
            f"{rng.choice('CDEFGAB')}{rng.choice(('', '#', 'b'))}{rng.choice((0, 2, 4, 5, 8))}"
            for _ in range(rng.randint(1, 4))
        )

    written = []
    for _ in range(bars):
        sizes = rng.choice(([beats], [beats / 2] * 2, [beats / 4] * 4))
        tokens = [
            f"{'.' if rng.random() < 0.2 else '-' if n and rng.random() < 0.1 else one()}:{size:g}"
            for n, size in enumerate(sizes)
        ]
        written.append(
            " ".join("." + t[1:] if t[0] == "-" and tokens[n - 1][0] == "." else t for n, t in enumerate(tokens))
        )
    return " | ".join(written)


# -- songs that are wrong ----------------------------------------------------------------------------------------------

RUBBISH = (
    "nan", "inf", "-inf", "-0.0", "0", "-1", "1e308", "1e9", "9223372036854775807", "9223372036854775808", "1" * 5000, "0x" + "f" * 300,
    "true", '""', '"x"', '"' + "y" * 5000 + '"', "[]", "{}", "[[]]", "[1, 2, 3]", "{ a = 1 }", "1979-05-27", "07:32:00", '"\\u0000"',
    '"\\u202e\\u001b[2J"', '"../../../etc/passwd"', '"%s%n{0.__class__}"', "[" * 40 + "]" * 40, "[nan]", "[[1, nan]]", '["a", 1]', "1.5",
    '"1:1:1:1:1"', '"| | | |"', '"' + "( " * 300 + '"', "[[1, 0], [1, 0]]", '["%"]', '{ start = 0, end = nan }', '"e9"', "0.0001",
)  # fmt: skip
EXTRA = (
    '[override]\ndrums = 3', '[override]\nharmony.prog = [{ id = "mixo-verse", rn = "zzz" }]', '[override.drums]\ndrop = ["nothing-here"]',
    '[override]\nform = []', '[override]\nform = [{ id = "x", sections = ["verse:0"] }]', '[override.meter]\ngrid = 7', '[override.meter]\nsig = "7/8"',
    '[[override.drums.groove]]\nid = "g"\nrows = { kick = "x" }', '[[override.drums.groove]]\nid = "g"\nrows = { nonesuch = "x... .... .... ...." }',
    '[[override.drums.groove]]\nid = "g"\nrows = {}', '[[override.drums.groove]]\nid = 3', '[[override.bass.patterns]]\nid = "b"\nrhythm = "----"\ndeg = ["Q"]',
    '[override.strings]\nbehaviours = [{ kind = "nonesuch" }]', '[override.melody]\nschemas = { nonesuch = 1 }', '[override.mix.tuba]\nlevel = 1',
    '[override.mix.bass]\npatch = "nonesuch"', '[override.mix.bass]\npatch = "acoustic"', '[override.tempo]\nmin = 400\nmax = 20', '[override.tempo]\nmean = nan',
    '[override.genre]\nextends = "rock"', '[override.genre]\nid = "../x"', '[override.comp.guitar]\nlane = [100, 20]', '[override.comp.guitar]\nvoicings = []',
    '[override.keys]\ntonics = {}\nmodes = { dorian = 0 }', '[override.keys]\ntonics = { H = 1 }', '[override.feel]\nswing = { drums = [] }',
    '[override.feel]\noffsets_ms.snare = [1]', '[override.section.verse]\nlens = []', '[override.harmony]\nprog = []', '[override.ending]\nkind = "x"',
    '[[override.ending]]\nkind = "nonesuch"', '[[override.perc.timeline]]\neuclid = [9, 3, 0]', '[[override.perc.timeline]]\ngroups = [3, 3, 2]\ncycle = "3:2"',
    '[sections.nowhere]\nenergy = 3', '[sections.verse]\nlike = "verse"', '[sections.verse]\nlike = "nowhere"', '[sections."verse/99"]\nbars = 3', '[sections.""]\nbars = 1',
    '[parts.tuba]\nplay = true', '[parts.bass]\nsound = { patch = "acoustic" }', '[parts.drums]\nsound = { patch = "grand", bright = 9 }', '[parts.lead]\nspecialist = "x"',
    "\n".join(f"[parts.{part}]\nplay = false" for part in PARTS), '[parts.bass]\npattern = "nonesuch"', '[melody]\nnotes = "verse: C99:1"', '[melody]\nnotes = "nowhere: C4:4"',
    '[melody]\nmidi = "x.mid"', '[sections.verse.parts.lead]\nnotes = "C4:1 |"', '[sections.verse.parts.drums]\nnotes = "C4:4"', '[sections.verse]\nintents = ["999.1 stop", "1.9 stop", "1.1 fly"]',
    '[sections.verse]\nchords = "| C:9 | % % | ."', '[sections.verse]\nmeter = "0/4"', '[sections.verse]\nmeter = "33/64"', '[sections.verse]\ntempo = [[1, 90]]',
    '[dials]\ncomplexity = 1.0001', '[master]\nlufs = 3', '[resolver]\nmode = "maybe"', '[[sections]]\nname = "x"', '[a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s]\nx = 1',
)  # fmt: skip


def ruined(rng: random.Random, text: str) -> str:
    """A song with something done to it that a person, an editor or an enemy might do."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        text = rng.choice((_cut, _swap, _value, _value, _value, _extra, _extra, _key, _double, _flip, _insert))(
            rng, text
        )
    return text


def _cut(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] if rng.random() < 0.5 else text[:at] + text[at + rng.randint(1, 30) :]


def _swap(rng: random.Random, text: str) -> str:
    lines = text.split("\n")
    rng.shuffle(lines)
    return "\n".join(lines)


def _value(rng: random.Random, text: str) -> str:
    found = list(re.finditer(r"(?<== )[^\n]+", text))
    if not found:
        return text + rng.choice(RUBBISH)
    match = rng.choice(found)
    return text[: match.start()] + rng.choice(RUBBISH) + text[match.end() :]


def _extra(rng: random.Random, text: str) -> str:
    return text + rng.choice(EXTRA) + "\n"


def _key(rng: random.Random, text: str) -> str:
    found = list(re.finditer(r"(?m)^\w+(?= =)", text))
    match = rng.choice(found) if found else None
    names = (
        "temp",
        "teh",
        '"a.b"',
        "x.y.z",
        "drop",
        "id",
        "override",
        "genre.extends",
        "extends",
        '""',
        "sections",
        "parts",
    )
    return text[: match.start()] + rng.choice(names) + text[match.end() :] if match else text


def _double(rng: random.Random, text: str) -> str:
    lines = text.split("\n")
    line = rng.choice(lines)
    return "\n".join([*lines[: rng.randrange(len(lines))], line, *lines])


def _flip(rng: random.Random, text: str) -> str:
    at = rng.randrange(max(1, len(text)))
    return (
        text[:at] + chr(rng.choice((0, 7, 27, 34, 39, 35, 91, 93, 92, 0x202E, 0x1F600, 0xFFFF, 0x300))) + text[at + 1 :]
    )


def _insert(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text) + 1)
    return (
        text[:at]
        + rng.choice(("[", "]]", '"""', "'''", "=", "\t", "\r", "|", ":", "{", ",", "\\", "<<<<<<< HEAD\n", "0", "e"))
        + text[at:]
    )


# -- laws --------------------------------------------------------------------------------------------------------------


def broken_laws(score: Score) -> Iterator[str]:
    """Laws of a score that do not hold."""
    drums = set(DRUM_NOTES.values())
    for placement, passage in zip(score.plan.placements, score.passages, strict=True):
        section = placement.section
        for phrase in passage.phrases:
            where = f"{section.id} {phrase.part}"
            cell = score.plan.cell(section, phrase.part)
            if cell.play is False and phrase.notes:
                yield f"{where}: plays though it is silenced"
            if list(phrase.notes) != sorted(phrase.notes, key=lambda n: (n.start, n.pitch)):
                yield f"{where}: not sorted"
            for note in phrase.notes:
                if not 0 <= note.start < section.length:
                    yield f"{where}: starts outside the section: {note}"
                if note.length < 1:
                    yield f"{where}: no length: {note}"
                if note.end > section.length:
                    yield f"{where}: rings past the section: {note}"
                if not (0 <= note.pitch <= 127 and 1 <= note.velocity <= 127):
                    yield f"{where}: out of range: {note}"
                if phrase.part == "drums" and note.pitch not in drums:
                    yield f"{where}: no GM drum: {note}"
                if note.manner not in MANNERS:
                    yield f"{where}: unknown manner: {note}"
                if not 0 <= note.origin < len(phrase.origins):
                    yield f"{where}: no origin: {note}"
                if type(note.start) is not int or type(note.pitch) is not int:
                    yield f"{where}: not whole: {note}"


def broken_contract(score: Score, performance: Performance, data: bytes) -> Iterator[str]:
    """Lines of the MIDI contract that a file does not keep, as mido reads it."""
    import mido

    plan = score.plan
    file = mido.MidiFile(file=BytesIO(data))
    if (file.type, file.ticks_per_beat) != (1, PPQ):
        yield f"type {file.type}, {file.ticks_per_beat} ticks"
    if len(file.tracks) != 1 + len(plan.parts):
        yield f"{len(file.tracks)} tracks for {len(plan.parts)} parts"
    ends = {sum(message.time for message in track) for track in file.tracks}
    if len(ends) != 1:
        yield f"tracks end at {sorted(ends)}"
    end = max(ends)
    if end < plan.end:
        yield f"ends at {end}, before the last bar line {plan.end}"
    names = [track.name for track in file.tracks[1:]]
    if len(set(names)) != len(names) or not all(name.isascii() and name for name in names):
        yield f"names {names}"
    last, sounding = 0, 0
    for track, part in zip(file.tracks[1:], plan.parts, strict=True):
        final, notes, wrong = _track(track, part.channel)
        last, sounding = max(last, final), sounding + notes
        yield from (f"{part.name}: {one}" for one in wrong)
    yield from _conductor(file.tracks[0], last, plan.placements)
    events = sum(len(take.events) for take in performance.takes)
    if sounding > events or (events and not sounding):
        yield f"{sounding} notes in the file, {events} performed"
    if last > end:
        yield "a note ends after the end"


def _track(track: object, channel: int) -> tuple[int, int, list[str]]:
    now, final, notes, wrong, first = (
        0,
        0,
        0,
        [],
        ["program_change", "control_change", "control_change", "control_change"],
    )
    open_: dict[int, int] = {}
    rest = {"wheel": 0, 1: 0, 11: 127}
    """Where the wheel, vibrato and expression stand when nobody moves them."""
    stands = dict(rest)
    before = -1
    for message in track:  # type: ignore[attr-defined]
        now += message.time
        if not message.is_meta and message.channel != channel:
            wrong.append(f"channel {message.channel}, {channel} wanted")
        if message.type == "note_on":
            notes += 1
            if first:
                wrong.append("a note before the program")
            if message.velocity == 0:
                wrong.append("note-on of velocity 0")
            if message.note in open_:
                wrong.append(f"pitch {message.note} struck while it sounds at {now}")
            open_[message.note] = now
        elif message.type == "note_off":
            if message.note not in open_:
                wrong.append(f"note-off of silent pitch {message.note}")
            elif open_.pop(message.note) >= now:
                wrong.append(f"no length at {now}")
            final = now
        elif message.is_meta:
            if message.type not in ("track_name", "end_of_track"):
                wrong.append(f"{message.type} in a part's track")
        elif first and message.type == first[0] and now == 0:
            first.pop(0)
        elif message.type == "pitchwheel":
            stands["wheel"] = message.pitch
        elif message.type == "control_change" and message.control in stands:
            stands[message.control] = message.value
        else:
            wrong.append(f"{message.type} at {now}")
        before = now
    if stands != rest:
        wrong.append(f"left standing: {stands}")
    if open_:
        wrong.append(f"pitches never end: {sorted(open_)}")
    return final, notes, wrong if before >= 0 else ["an empty track"]


def _conductor(track: object, last: int, placements: object) -> Iterator[str]:
    now, seen, markers = 0, Counter(), []
    for message in track:  # type: ignore[attr-defined]
        now += message.time
        seen[message.type] += 1
        if not message.is_meta or message.type in ("text", "copyright", "instrument_name"):
            yield f"conductor holds {message.type}"
        if message.type in ("set_tempo", "time_signature", "key_signature") and now > last and now:
            yield f"{message.type} at {now}, after the last note at {last}"
        if message.type == "marker":
            markers.append(now)
        if seen[message.type] == 1 and message.type in ("set_tempo", "time_signature", "key_signature") and now:
            yield f"first {message.type} at {now}"
    if markers != [p.start for p in placements]:  # type: ignore[attr-defined]
        yield "markers are not at the sections"


def second_reader(score: Score, data: bytes) -> Iterator[str]:
    """What pretty_midi reads otherwise than written."""
    import pretty_midi

    midi = pretty_midi.PrettyMIDI(BytesIO(data))
    names = {part.title for part in score.plan.parts}
    for instrument in midi.instruments:
        if instrument.name not in names:
            yield f"pretty_midi: unknown instrument {instrument.name}"
        if instrument.is_drum != (instrument.name == "Drums"):
            yield f"pretty_midi: {instrument.name} drums: {instrument.is_drum}"
        if any(note.end <= note.start for note in instrument.notes):
            yield f"pretty_midi: {instrument.name} has notes without length"
    if len(midi.get_tempo_changes()[0]) > len(score.plan.tempo.changes):
        yield "pretty_midi: more tempi than written"


# -- running -----------------------------------------------------------------------------------------------------------


@dataclass
class Case:
    """What became of one text; seconds are those of the processor, so that a busy machine makes no difference."""

    number: int
    state: str = "fine"
    seconds: float = 0.0
    told: list[str] = field(default_factory=list)


def tried(text: str, number: int, second: bool = False) -> Case:
    """A text through all stages up to MIDI; laws checked; whatever is raised is a fault."""
    case, began = Case(number), time.process_time()
    try:
        compiled = pipeline.compile_song(text, "song.toml", find=files.load)
        case.seconds = time.process_time() - began
        if compiled.plan is None:
            case.state = "refused"
            case.told = list(unclean(compiled.diagnostics))
            case.told = case.told or [d.message for d in compiled.diagnostics]
            if any(told.startswith("unclean") for told in case.told):
                case.state = "unclean"
            return case
        score = pipeline.compose(compiled.plan)
        performance = pipeline.perform(score)
        data = pipeline.midi(performance)
        case.told = [
            *broken_laws(score),
            *broken_contract(score, performance, data),
            *(second_reader(score, data) if second else ()),
        ]
        case.state = "lawless" if case.told else "fine"
    except Exception:
        case.state, case.told = "raised", [traceback.format_exc(limit=-6)]
    case.seconds = time.process_time() - began
    return case


def unclean(diagnostics: Sequence[Diagnostic]) -> Iterator[str]:
    """What is not clean about the words of a refusal; how long it took is judged where nothing else runs, in ``main``."""
    if not diagnostics:
        yield "unclean: refused without a word"
    for one in diagnostics:
        shown = one.render()
        if len(shown.split("\n")) > 15 or any(len(line) > 400 for line in shown.split("\n")):
            yield f"unclean: too long: {one.message[:200]}"
        if not all(char.isprintable() or char == "\n" for char in shown):
            yield f"unclean: control characters: {one.message!r}"
        if not one.message:
            yield "unclean: an empty message"


def text_of(number: int, wrong: bool) -> str:
    """The text of a case."""
    rng = random.Random(f"{'ruined' if wrong else 'song'} {number}")
    return ruined(rng, song(rng)) if wrong else song(rng)


def run(number: int, wrong: bool) -> Case:
    """One case."""
    return tried(text_of(number, wrong), number, second=number % 10 == 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--ruined", action="store_true")
    parser.add_argument("--only", type=int)
    parser.add_argument("-j", type=int, default=2)
    given = parser.parse_args()
    if given.only is not None:
        print(text_of(given.only, given.ruined))
        print(run(given.only, given.ruined))
        return
    numbers = range(given.first, given.first + given.count)
    with ProcessPoolExecutor(given.j) as pool:
        cases = list(pool.map(run, numbers, [given.ruined] * given.count, chunksize=20))
    for case in cases:
        if case.state == "refused" and case.seconds > REFUSAL_SECONDS:
            case.state, case.told = "unclean", [f"unclean: took {case.seconds:.2f} s"]
    states = Counter(case.state for case in cases)
    slow = sorted(case.seconds for case in cases)
    print(f"{given.count} cases: {dict(states)}; median {slow[len(slow) // 2] * 1000:.0f} ms, slowest {slow[-1]:.2f} s")
    for state in ("raised", "lawless", "unclean") if given.ruined else ("raised", "lawless", "unclean", "refused"):
        kinds: dict[str, list[int]] = {}
        for case in cases:
            for told in (case.told if case.state == state else ())[:3]:
                kinds.setdefault(re.sub(r"-?\d+", "#", told), []).append(case.number)
        for kind, seen in sorted(kinds.items(), key=lambda item: -len(item[1]))[:40]:
            print(f"\n{state} x{len(seen)}, such as {seen[:6]}:\n{kind.rstrip()}")
    sys.exit(bool(states["raised"] + states["lawless"] + states["unclean"]))


if __name__ == "__main__":
    main()
