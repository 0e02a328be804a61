"""What the commands ``genres`` and ``explain`` tell, once their command line is understood."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from scorekit import files, report, songs
from scorekit.errors import Diagnostic, did_you_mean
from scorekit.report import REFUSED, Voice, emit, emit_json
from scorekit.songs import Outcome, Refusal, Wishes, compiled_song, decided

if TYPE_CHECKING:
    from scorekit.compiler.compile import Compiled

Place = tuple[int, float | None]
"""A bar, and a beat that may have a fraction; both count from 1."""


def place(text: str) -> Place | str:
    """``12`` or ``12.3`` or ``12.3.5`` as a place; why it is none, when it is none."""
    bar, _, beat = text.partition(".")
    if not re.fullmatch(r"\d{1,6}", bar, re.ASCII):
        return f"'{text}' is no place: say BAR or BAR.BEAT, such as 12 or 12.3"
    if beat and not re.fullmatch(r"[1-9]\d{0,3}(\.\d{1,6})?", beat):
        return f"'{text}' has no beat '{beat}': beats count from 1"
    return int(bar), float(beat) if beat else None


# -- genres ------------------------------------------------------------------------------------------------------------


def genres(genre: str | None = None, as_json: bool = False) -> None:
    """Lists the genres, or what there is in one."""
    rows = playable_genres()
    if genre is None:
        emit_json({"genres": rows}) if as_json else emit(report.table([tuple(row.values()) for row in rows]))
        return
    from scorekit import pipeline

    found = pipeline.compile_song(f"genre = {json.dumps(genre)}", "song.toml", find=files.load)
    if found.plan is None and genre not in [row["id"] for row in rows]:
        Voice().refuse([no_genre(genre, rows)])
        raise SystemExit(REFUSED)
    if found.plan is None:
        Voice().refuse(found.diagnostics)
        raise SystemExit(REFUSED)
    card = report.genre_card(found.plan, found.genre)
    emit_json(card) if as_json else emit(report.genre_text(card))


def no_genre(name: str, rows: list[dict[str, str]]) -> Diagnostic:
    """The mistake of naming a genre that is not among those there are."""
    return Diagnostic("genre", f"there is no genre '{name}'", hint=did_you_mean(name, [row["id"] for row in rows]))


def genre_called(name: str, beside: Path) -> str | Diagnostic:
    """The id of the genre that a song beside it may call so: by its id, or by another of its names."""
    rows = playable_genres(beside)
    ids = [row["id"] for row in rows]
    also = None if name in ids else files.aliased(name, beside)
    found = also.stem if also else name
    return found if found in ids else no_genre(name, rows)


def playable_genres(beside: Path | None = None) -> list[dict[str, str]]:
    """The facts of every genre a song can be in, the project's first; bases that genres start from are none."""
    paths = {name: files.locate("genres", name, beside) for name in files.known("genres", beside)}
    facts = (report.genre_facts(name, files.read_text(path)) for name, path in paths.items() if path)
    return [row for row in facts if row is not None]


# -- one song ----------------------------------------------------------------------------------------------------------


def explain(
    song: str,
    wishes: Wishes,
    voice: Voice,
    what: str | None = None,
    at: Place | None = None,
    conflicts: bool = False,
    as_json: bool = False,
) -> None:
    """Says where values come from; why a part plays what it plays at a place; or where parts disagreed."""
    try:
        compiled = compiled_song(song, wishes)
        if what is not None and at is not None:
            note_there(compiled, voice, what, *at, as_json)
        elif conflicts:
            disagreements(compiled, voice, as_json)
        else:
            values_in_force(compiled, what, as_json)
    except Refusal as refusal:
        songs.stop(Outcome(song, refusal.code, refusal.diagnostics), voice, as_json)


def values_in_force(compiled: Compiled, what: str | None, as_json: bool) -> None:
    """The values in force, and where they were written: all for programs, and for people those of the genre when asked for."""
    from scorekit.answers import about, names, values

    rows = values(compiled)
    if what is not None and not (rows := about(rows, what)):
        asks_of_a_bar = isinstance(place(what), tuple)
        hint = (
            f"say whose note: explain SONG bass {what}"
            if asks_of_a_bar
            else did_you_mean(what, names(values(compiled)))
        )
        hint = hint or "explain SONG lists what there is"
        raise Refusal(Diagnostic("value", f"nothing here is called '{what}'", hint=hint))
    if as_json:
        emit_json({"values": [{"path": r.path, "value": r.value, "place": r.place, "beat": r.beat} for r in rows]})
        return
    told = [r for r in rows if what is not None or not r.path.startswith("genre.")]
    lines = [
        (r.path, f"= {r.value}", report.near(r.place), f"beats {report.near(r.beat)}" if r.beat else "") for r in told
    ]
    emit(report.table(lines))
    if hidden := len(rows) - len(told):
        Voice().say(f"and {report.count(hidden, 'value')} of the genre:  scorekit explain SONG genre, or genre.bass")


def note_there(compiled: Compiled, voice: Voice, part: str, bar: int, beat: float | None, as_json: bool) -> None:
    """Why a part plays what it plays at a place."""
    from scorekit import pipeline
    from scorekit.answers import note

    plan = decided(compiled)
    names = [one.name for one in plan.parts]
    if part not in names:
        raise Refusal(Diagnostic("part", f"this song has no part '{part}'", hint=did_you_mean(part, names)))
    last = plan.placements[-1].bar + plan.placements[-1].section.bars - 1
    if not 1 <= bar <= last:
        raise Refusal(Diagnostic("bar", f"there is no bar {bar}", hint=f"the song has bars 1 to {last}"))
    placement = next(p for p in reversed(plan.placements) if p.bar <= bar)
    if beat is not None and beat >= placement.section.meter.beats + 1:
        hint = f"a bar of {placement.section.meter} has beats 1 to {placement.section.meter.beats}"
        raise Refusal(Diagnostic("beat", f"there is no beat {beat:g} in bar {bar}", hint=hint))
    score = pipeline.compose(plan, listen=voice.hear)
    lines = note(compiled, score, pipeline.perform(score), part, bar, beat)
    if as_json:
        emit_json({"part": part, "bar": bar, "beat": beat, "lines": list(lines)})
    else:
        emit(report.near("".join(f"{line}\n" for line in lines)))


def disagreements(compiled: Compiled, voice: Voice, as_json: bool) -> None:
    """Where parts disagreed, and how it was settled."""
    from scorekit import pipeline

    score = pipeline.compose(decided(compiled), listen=voice.hear)
    emit_json(report.conflicts_data(score)) if as_json else emit(report.conflicts_text(score))
