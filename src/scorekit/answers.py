"""Answers: where a value comes from, and why a note is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from scorekit import choices
from scorekit.dump import chords_text, ending_words
from scorekit.score import Chord, Edit, Note, Passage, Performance, Phrase, Placement, Score
from scorekit.theory import pitch_name, uses_flats
from scorekit.timebase import PPQ, Tick

if TYPE_CHECKING:
    from scorekit.compiler.compile import Compiled
    from scorekit.compiler.layers import Layered

DRUMS = {
    36: "kick",
    35: "kick",
    37: "rim",
    38: "snare",
    39: "clap",
    40: "snare",
    42: "closed hat",
    44: "foot hat",
    46: "open hat",
    41: "floor tom",
    43: "floor tom",
    45: "mid tom",
    47: "mid tom",
    48: "high tom",
    50: "high tom",
    49: "crash",
    57: "crash",
    51: "ride",
    53: "ride bell",
    52: "china",
    55: "splash",
    54: "tambourine",
    56: "cowbell",
    69: "cabasa",
    70: "shaker",
    60: "bongo",
    61: "bongo",
    62: "conga",
    63: "conga",
    64: "conga",
    65: "timbale",
    66: "timbale",
    75: "claves",
}


class Row(Struct, frozen=True):
    """A value in force: its key path, itself, where it was written, and what it beat."""

    path: str
    value: str
    place: str
    beat: str = ""


# -- values --------------------------------------------------------------------------------------------------------------


def values(compiled: Compiled) -> list[Row]:
    """Every value of the song, its model and its genre, with the place that won and what it beat; then what was resolved."""
    rows = resolved(compiled) if compiled.plan is not None else []
    for name, layered in (("song", compiled.song), ("model", compiled.model), ("genre", compiled.genre)):
        rows += [Row(f"{name}.{r.path}", r.value, r.place, r.beat) for r in written(layered)]
    return rows


def about(rows: Sequence[Row], what: str) -> list[Row]:
    """The rows whose path leads through a name, or through several with points between."""
    return [row for row in rows if f".{what.strip('.')}." in f".{_steps(row.path)}."]


def names(rows: Sequence[Row]) -> set[str]:
    """All names that paths lead through."""
    return {step for row in rows for step in _steps(row.path).split(".")}


def _steps(path: str) -> str:
    return path.replace("[", ".").replace("]", "").replace(" of ", ".")


def written(layered: Layered) -> Iterator[Row]:
    """The leaves of some layers, in the order they were first written."""
    for path, wrote in layered.history.items():
        value = wrote[-1].value
        if isinstance(value, Mapping) or (isinstance(value, list) and value and isinstance(value[0], (Mapping, list))):
            continue
        if path.rpartition(".")[2].isdecimal() and path.rpartition(".")[0] in layered.history:
            continue  # a list is told as a whole
        beaten = [f"{shown(w.value)} ({w.span})" for w in wrote[:-1] if not isinstance(w.value, Mapping)]
        yield Row(path, shown(value), str(wrote[-1].span), ", ".join(reversed(beaten)))


def resolved(compiled: Compiled) -> list[Row]:
    """What the compiler decided: each with the key that asked for it, or the genre's table it was drawn from."""
    plan = compiled.plan
    assert plan is not None
    form = " ".join(f"{p.section.name}:{p.section.bars}:e{p.section.tier}" for p in plan.placements)
    facts = (
        ("title", plan.title, "title", ""),
        ("seed", plan.seed, "seed", ""),
        ("model", plan.model, "model", ""),
        ("tempo", f"{plan.tempo.bpm_at(0):.6g}", "tempo", "tempo"),
        ("key", str(plan.key), tune_key(compiled), "keys"),
        ("form", form, "form", "form"),
        ("lineup", plan.lineup, "lineup", f"lineup[{plan.lineup}]"),
        (
            "ending",
            ending_words(plan),
            "loop" if plan.loops else "ending",
            plan.ending.path if plan.ending else "ending",
        ),
    )
    rows = [Row(name, value, source(compiled, song, genre)) for name, value, song, genre in facts]
    own = f"lineup[{plan.lineup}].mix."
    sounds = [
        (
            part.sound.patch,
            f"parts.{part.name}",
            f"{own if f'{own}{part.name}.patch' in compiled.genre.history else 'mix.'}{part.name}",
        )
        for part in plan.parts
    ]
    return [
        *rows,
        *harmony(compiled),
        *(Row(f"{key}.patch", patch, source(compiled, f"{key}.sound.patch", mix)) for patch, key, mix in sounds),
    ]


def harmony(compiled: Compiled) -> Iterator[Row]:
    """The chords section by section, as a song may write them: its own, the genre's, or those recognised in a MIDI file."""
    plan = compiled.plan
    for section in (placement.section for placement in plan.placements) if plan is not None else ():
        path = section.chords[0].path
        heard = f"{path}.midi" if f"{path}.midi" in compiled.song.history else path
        yield Row(f"chords of {section.id}", f"| {chords_text(section)} |", where(compiled, heard))


def tune_key(compiled: Compiled) -> str:
    """The path that decided the key, were it not the genre: the song's own, or the MIDI file it was heard in."""
    heard = any(d.rule == "K7" for d in compiled.plan.decisions) if compiled.plan is not None else False
    paths = ("key", "melody.midi", "chords.midi") if heard else ("key",)
    return next((path for path in paths if path in compiled.song.history), "key")


def source(compiled: Compiled, song: str, genre: str) -> str:
    """Where a resolved value was asked for in the song, or drawn from in the genre."""
    if song in compiled.song.history:
        return str(compiled.song.history[song][-1].span)
    if genre and genre in compiled.genre.history:
        return (
            f"{compiled.genre.history[genre][-1].span} (chosen with seed {compiled.plan.seed if compiled.plan else ''})"
        )
    return "default"


def shown(value: Any) -> str:
    """A value as TOML would write it, shortened."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        text = "[" + ", ".join(map(shown, value)) + "]"
    else:
        text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 72 else text[:71] + "…"


# -- notes ---------------------------------------------------------------------------------------------------------------


def note(
    compiled: Compiled, score: Score, performance: Performance, part: str, bar: int, beat: float | None
) -> list[str]:
    """Why a part plays what it plays in a bar, or on one beat of it: a paragraph for each note.

    Each goes backwards: sample and MIDI tick, performance shift, edits, idea, chance address, what was heard, and the
    file:line:col of the values that mattered.
    """
    number, placement = placement_of(score, bar)
    passage = score.passages[number]
    phrase = passage.phrase(part)
    first, last = window(placement, bar, beat)
    found = [(i, n) for i, n in enumerate(phrase.notes) if first <= n.start < last]
    head = f"{part}, bar {bar}" + (f" beat {beat:g}" if beat is not None else "")
    section = placement.section
    lines = [
        f"{head}: {section.id}, energy {section.tier}, {section.key}, over {chords(section.chord_at(first), section.chord_at(last - 1))}"
    ]
    if not found:
        return [*lines, f"  {part} is silent here: {why_silent(passage, phrase, first, last)}"]
    played = frozenset(phrase.origins[n.origin].path for _, n in found)
    lines += [f"  {line}" for line in choices.told(score.plan, placement, part, bar - placement.bar, played)]
    for index, sounding in found:
        lines += ["", *paragraph(compiled, score, performance, number, phrase, index, sounding)]
    return lines


def placement_of(score: Score, bar: int) -> tuple[int, Placement]:
    """The placement a bar belongs to. ValueError beyond the song."""
    for number, placement in enumerate(score.plan.placements):
        if placement.bar <= bar < placement.bar + placement.section.bars:
            return number, placement
    raise ValueError(f"the song has no bar {bar}")


def window(placement: Placement, bar: int, beat: float | None) -> tuple[Tick, Tick]:
    """Ticks of a bar, or of one beat of it, in its section."""
    meter = placement.section.meter
    start = (bar - placement.bar) * meter.bar
    if beat is None:
        return start, start + meter.bar
    unit = 4 * PPQ // meter.unit
    at = start + round((beat - 1) * unit)
    return at, at + (unit if float(beat).is_integer() else max(1, unit // 4))


def chords(first: Chord, last: Chord) -> str:
    """One chord symbol, or two."""
    return first.symbol if first == last else f"{first.symbol} to {last.symbol}"


def why_silent(passage: Passage, phrase: Phrase, first: Tick, last: Tick) -> str:
    """The best reason for silence."""
    gone = [
        e
        for e in passage.edits
        if e.part == phrase.part and e.after is None and e.before and first <= e.before.start < last
    ]
    if gone:
        return f"{gone[0].rule}: {gone[0].reason}"
    held = [n for n in phrase.notes if n.start < first < n.end]
    if held:
        return f"{name(held[-1], phrase.part, False)} is held from before"
    if phrase.notes and phrase.origins and all(origin.idea == "as written" for origin in phrase.origins):
        return "the notes written for it have none here"
    return "its pattern rests" if phrase.notes else "it does not play in this section"


def paragraph(
    compiled: Compiled, score: Score, performance: Performance, number: int, phrase: Phrase, index: int, sounding: Note
) -> list[str]:
    """All there is to say about one note."""
    plan, placement = score.plan, score.plan.placements[number]
    origin = phrase.origins[sounding.origin]
    flats = uses_flats(placement.section.key.tonic, placement.section.key.mode)
    lines = [
        f"  {name(sounding, phrase.part, flats)}  {place(placement, sounding.start)}, {sounding.length / PPQ:g} quarters, velocity {sounding.velocity}"
        + (f", {sounding.manner}" if sounding.manner else "")
    ]
    lines += [f"    {line}" for line in sound(score, performance, number, phrase.part, index, sounding)]
    lines += [
        f"    edit     {told(e, phrase.part, flats)}" for e in history(score.passages[number], phrase.part, sounding)
    ]
    lines.append(f"    idea     {origin.idea}, by {origin.maker}")
    lines.append(f"    chance   seed {plan.seed}, address {origin.place}")
    lines.append(f"    written  {origin.path}  {where(compiled, origin.path)}")
    chord = placement.section.chord_at(sounding.start)
    lines.append(f"    chord    {chord.symbol}  {chord.path}  {where(compiled, chord.path)}")
    from scorekit.ensemble.base import LISTENS

    ear = LISTENS.get(phrase.part)
    if ear is not None and ear.parts:
        hears = "; ".join(f"{part}: {', '.join(what)}" for part, what in ear.parts.items())
        lines.append(f"    hears    {hears}; {ear.reason}")
    return lines


def sound(score: Score, performance: Performance, number: int, part: str, index: int, written_: Note) -> list[str]:
    """The note in the MIDI file and in the WAV, and how far the performance moved it."""
    plan, placement = score.plan, score.plan.placements[number]
    for take in performance.takes:
        if take.part != part or take.placement != number:
            continue
        for event in take.events:
            if int(event["source"]) == index:
                tick = int(event["start"])
                grid = placement.start + written_.start
                late = (plan.tempo.microticks(tick) - plan.tempo.microticks(grid)) / (PPQ * 1000)
                track = 1 + [p.name for p in plan.parts].index(part)
                channel = plan.part(part).channel + 1
                return [
                    f"sample   {plan.tempo.sample(tick)} ({plan.tempo.seconds(tick):.4f} s)",
                    f"midi     track {track}, channel {channel}, tick {tick}, velocity {int(event['velocity'])}",
                    f"played   {late:+.1f} ms from the grid (tick {grid}), velocity {int(event['velocity']) - written_.velocity:+d}",
                ]
    return []


def history(passage: Passage, part: str, sounding: Note) -> list[Edit]:
    """The edits that led to a note, the last first."""
    found, now = [], sounding
    for edit in reversed(passage.edits):
        if edit.part == part and edit.after == now:
            found.append(edit)
            if edit.before is None:
                break
            now = edit.before
    return found


def told(edit: Edit, part: str, flats: bool) -> str:
    """One edit in words."""
    before = name(edit.before, part, flats) if edit.before else "nothing"
    return f"{edit.rule} ({edit.family}): was {before}; {edit.reason}"


def name(note_: Note, part: str, flats: bool) -> str:
    """A pitch, or a piece of the drum kit."""
    return DRUMS.get(note_.pitch, f"drum {note_.pitch}") if part == "drums" else pitch_name(note_.pitch, flats)


def place(placement: Placement, tick: Tick) -> str:
    """``bar 12 beat 3.5`` of the song."""
    meter = placement.section.meter
    bar, rest = divmod(tick, meter.bar)
    return f"bar {placement.bar + bar} beat {1 + rest / (4 * PPQ / meter.unit):g}"


def where(compiled: Compiled, path: str) -> str:
    """``file:line:col`` of a path of the song or of the genre; empty when it is nobody's."""
    for layered in (compiled.song, compiled.genre):
        if path and path in layered.history:
            return str(layered.history[path][-1].span)
    around = path
    while "." in around or "[" in around:
        around = around[: max(around.rfind("."), around.rfind("["))]
        for layered in (compiled.song, compiled.genre):
            if around in layered.history:
                return str(layered.history[around][-1].span)
    return ""
