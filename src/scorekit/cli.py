"""The commands. Data goes to standard output, words for people to standard error.

Nothing heavy is imported before the command that needs it runs, so ``scorekit --help`` and completion are instant.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from scorekit import __version__, files, live, report, songs, synth
from scorekit.errors import Diagnostic, did_you_mean
from scorekit.report import REFUSED, Voice, emit, emit_json
from scorekit.shell import Json, Quiet, Seed, Sets, Specs, Verbose, bar_and_beat, checked_sets, refuse, usage
from scorekit.songs import Outcome, Refusal, Wishes, compiled_song, decided

if TYPE_CHECKING:
    from scorekit.compiler.compile import Compiled

SCHEMA_NAME = "song.schema.json"

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


# -- commands ----------------------------------------------------------------------------------------------------------


@app.callback(invoke_without_command=True)
def anyway(version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False) -> None:
    """Text in, music out: a short TOML song becomes a MIDI file and a WAV."""
    if version:
        emit(f"scorekit {__version__}\n")
        raise typer.Exit


@app.command()
def render(
    specs: Specs,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Where the files go.")] = Path("out"),
    seed: Seed = None,
    sets: Sets = None,
    stems: Annotated[bool, typer.Option("--stems", help="A WAV of each part too.")] = False,
    split: Annotated[bool, typer.Option("--split", help="A MIDI file of each part too.")] = False,
    midi_only: Annotated[bool, typer.Option("--midi-only", help="No sound, only MIDI.")] = False,
    kind: synth.Format = "wav",
    loop: Annotated[bool, typer.Option("--loop", help="A sound file that repeats without a seam.")] = False,
    no_cache: synth.NoCache = False,
    why: Annotated[bool, typer.Option("--why", help="Say what was made again since the last render.")] = False,
    engine: synth.By = "scorekit",
    soundfont: synth.Font = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Render songs to MIDI and WAV."""
    if stems and midi_only:
        usage("--stems asks for sound, --midi-only for none")
    font = synth.font(engine, soundfont, stems or loop or kind != "wav")
    wishes = Wishes(seed, checked_sets(sets), out, stems, split, midi_only, kind, loop, not no_cache, font)
    songs.render(specs, wishes, Voice(quiet, verbose, why=why), as_json)


@app.command()
def check(specs: Specs, seed: Seed = None, sets: Sets = None, as_json: Json = False, verbose: Verbose = False) -> None:
    """Tell every mistake in songs, genres and models. All at once, and nothing is written."""
    songs.check(specs, Wishes(seed, checked_sets(sets)), Voice(verbose=verbose), as_json)


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Title of the song; the file is called after it.")],
    genre: Annotated[str, typer.Option("--genre", "-g", help="One of: scorekit genres.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Where the file goes.")] = Path(),
) -> None:
    """Write a short commented song to start from."""
    if Path(name).name != name or name in (".", ".."):
        usage("NAME is a title, not a path; -o DIR says where the file goes")
    title = name.removesuffix(".toml")
    path = out / f"{files.slug(title)}.toml"
    rows = playable_genres(path)
    if genre not in [row["id"] for row in rows]:
        refuse(no_genre(genre, rows))
    trouble = files.create(path, report.first_song(title, genre, path.name))
    if trouble is not None:
        refuse(trouble)
    if not (out / SCHEMA_NAME).exists():
        from scorekit.compiler import schema as schemas

        files.create(out / SCHEMA_NAME, json.dumps(schemas.schema("song"), indent=2) + "\n")
    Voice().say(f"wrote {path}\nnow:  scorekit render {path}")


@app.command()
def genres(
    genre: Annotated[
        str | None,
        typer.Argument(metavar="GENRE", help="What a song may name of this one: line-ups, sections, patterns."),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the genres, or what there is in one."""
    rows = playable_genres()
    if genre is None:
        emit_json({"genres": rows}) if as_json else emit(report.table([tuple(row.values()) for row in rows]))
        return
    from scorekit import pipeline

    found = pipeline.compile_song(f"genre = {json.dumps(genre)}", "song.toml", find=files.load)
    if found.plan is None and genre not in [row["id"] for row in rows]:
        refuse(no_genre(genre, rows))
    if found.plan is None:
        Voice().refuse(found.diagnostics)
        raise typer.Exit(REFUSED)
    card = report.genre_card(found.plan, found.genre)
    emit_json(card) if as_json else emit(report.genre_text(card))


def no_genre(name: str, rows: list[dict[str, str]]) -> Diagnostic:
    """The mistake of naming a genre that is not among those there are."""
    return Diagnostic("genre", f"there is no genre '{name}'", hint=did_you_mean(name, [row["id"] for row in rows]))


def playable_genres(beside: Path | None = None) -> list[dict[str, str]]:
    """The facts of every genre a song can be in, the project's first; bases that genres start from are none."""
    paths = {name: files.locate("genres", name, beside) for name in files.known("genres", beside)}
    facts = (report.genre_facts(name, files.read_text(path)) for name, path in paths.items() if path)
    return [row for row in facts if row is not None]


@app.command()
def schema(kind: Annotated[Literal["song", "genre", "model"], typer.Argument(metavar="song|genre|model")]) -> None:
    """Print the JSON Schema of a kind of file, for editors."""
    from scorekit.compiler import schema as schemas

    emit_json(schemas.schema(kind))


@app.command()
def explain(
    song: Annotated[str, typer.Argument(metavar="SONG", help="A song file, or - for standard input.")],
    what: Annotated[
        str | None,
        typer.Argument(metavar="WHAT", help="The values of this alone: a part, or a key path such as genre.bass."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Argument(metavar="BAR[.BEAT]", help="Why the part WHAT plays what it plays there. Both count from 1."),
    ] = None,
    conflicts: Annotated[bool, typer.Option("--conflicts", help="Where parts disagreed, and what was done.")] = False,
    seed: Seed = None,
    sets: Sets = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Say where every value comes from, or why a note is there."""
    bar, beat = bar_and_beat(at) if at is not None else (0, None)
    voice = Voice(quiet=not verbose, verbose=verbose)
    try:
        compiled = compiled_song(song, Wishes(seed, checked_sets(sets)))
        if what is not None and at is not None:
            explain_note(compiled, voice, what, bar, beat, as_json)
        elif conflicts:
            explain_conflicts(compiled, voice, as_json)
        else:
            explain_values(compiled, what, as_json)
    except Refusal as refusal:
        songs.stop(Outcome(song, refusal.code, refusal.diagnostics), voice, as_json)


@app.command()
def smells(specs: Specs, seed: Seed = None, sets: Sets = None, as_json: Json = False, verbose: Verbose = False) -> None:
    """Measure what gives a machine away. 25 alarms, each with its value, its limit and where that comes from."""
    songs.smell(specs, Wishes(seed, checked_sets(sets)), Voice(quiet=as_json, verbose=verbose), as_json)


@app.command()
def doctor(
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Where files would go.")] = Path("out"),
    as_json: Json = False,
) -> None:
    """Look whether this machine has all it takes. Libraries, data, places to write, soundfonts."""
    from scorekit import doctor as doctors

    findings = doctors.examine(out)
    fine = all(finding.state != "bad" for finding in findings)
    if as_json:
        emit_json({"ok": fine, "findings": [{"name": f.name, "state": f.state, "words": f.words} for f in findings]})
    else:
        emit(report.table([(finding.state, finding.name, finding.words) for finding in findings]))
    raise typer.Exit(0 if fine else REFUSED)


live.add(app)
synth.add(app)


# -- explanations ------------------------------------------------------------------------------------------------------


def explain_values(compiled: Compiled, what: str | None, as_json: bool) -> None:
    """The values in force, and where they were written: all for programs, and for people those of the genre when asked for."""
    from scorekit.answers import about, names, values

    rows = values(compiled)
    if what is not None and not (rows := about(rows, what)):
        hint = did_you_mean(what, names(values(compiled)))
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


def explain_note(compiled: Compiled, voice: Voice, part: str, bar: int, beat: float | None, as_json: bool) -> None:
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


def explain_conflicts(compiled: Compiled, voice: Voice, as_json: bool) -> None:
    """Where parts disagreed, and how it was settled."""
    from scorekit import pipeline

    score = pipeline.compose(decided(compiled), listen=voice.hear)
    emit_json(report.conflicts_data(score)) if as_json else emit(report.conflicts_text(score))
