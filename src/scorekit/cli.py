"""The commands. Data goes to standard output, words for people to standard error.

Nothing heavy is imported before the command that needs it runs, so ``scorekit --help`` and completion are instant.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from scorekit import __version__, files, inquiry, live, report, songs, synth, writing
from scorekit.report import REFUSED, Voice, emit, emit_json
from scorekit.shell import Json, Quiet, Seed, Sets, Specs, Verbose, among, checked_sets, refuse, usage
from scorekit.songs import Wishes

SCHEMA_NAME = "song.schema.json"
FILES = ("song", "genre", "model")
"""Kinds of files that have a schema."""

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
    loop: Annotated[bool, typer.Option("--loop", help="Music and sound files that repeat without a seam.")] = False,
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
    font = synth.font(engine, soundfont, stems or kind != "wav")
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
    found = inquiry.genre_called(genre, path)
    if not isinstance(found, str):
        refuse(found)
    trouble = writing.create(path, report.first_song(title, found, path.name))
    if trouble is not None:
        refuse(trouble)
    if not (out / SCHEMA_NAME).exists():
        from scorekit.compiler import schema as schemas

        writing.create(out / SCHEMA_NAME, json.dumps(schemas.schema("song"), indent=2) + "\n")
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
    inquiry.genres(genre, as_json)


@app.command()
def schema(
    kind: Annotated[str, typer.Argument(metavar="|".join(FILES), parser=among(FILES), autocompletion=lambda: FILES)],
) -> None:
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
    there = None if at is None else inquiry.place(at)
    if isinstance(there, str):
        usage(there)
    voice = Voice(quiet=not verbose, verbose=verbose)
    inquiry.explain(song, Wishes(seed, checked_sets(sets)), voice, what, there, conflicts, as_json)


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
