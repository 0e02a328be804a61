"""The commands. Data goes to standard output, words for people to standard error.

Nothing heavy is imported before the command that needs it runs, so ``scorekit --help`` and completion are instant.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from scorekit import __version__, files, live, report, synth
from scorekit.errors import Diagnostic, did_you_mean
from scorekit.report import Voice
from scorekit.shell import (
    BUG,
    BUSY,
    REFUSED,
    SOME,
    Json,
    Quiet,
    Seed,
    Sets,
    Specs,
    Verbose,
    bar_and_beat,
    checked_sets,
    emit,
    emit_json,
    refuse,
    usage,
)
from scorekit.synth import Done, Wishes

if TYPE_CHECKING:
    from scorekit.compiler.compile import Compiled
    from scorekit.score import Plan

SCHEMA_NAME = "song.schema.json"

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@dataclass
class Outcome:
    """What became of one song."""

    spec: str
    code: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    def data(self) -> dict[str, Any]:
        """As it stands in a JSON document."""
        mistakes = [report.mistake(diagnostic) for diagnostic in self.diagnostics]
        return {"spec": self.spec, "ok": not self.code, **self.facts, "diagnostics": mistakes}


class Refusal(Exception):
    """Ends the work on one song: with mistakes to tell, and the exit code."""

    def __init__(self, *diagnostics: Diagnostic, code: int = REFUSED) -> None:
        super().__init__()
        self.diagnostics, self.code = diagnostics, code


def exit_code(outcomes: Iterable[Outcome]) -> int:
    """One code for several songs: a bug wins, then "some failed", then what all of them suffered from."""
    codes = [outcome.code for outcome in outcomes]
    bad = {code for code in codes if code}
    if BUG in bad:
        return BUG
    if bad and 0 in codes:
        return SOME
    return bad.pop() if len(bad) == 1 else REFUSED if bad else 0


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
    voice = Voice(quiet, verbose)
    wishes = Wishes(seed, checked_sets(sets), out, stems, split, midi_only, kind, loop, not no_cache, font)
    found = distinct(expanded(specs, voice, as_json), voice, as_json)
    finish(each(found, lambda spec: render_song(spec, wishes, voice), voice), voice, as_json)


@app.command()
def check(specs: Specs, seed: Seed = None, sets: Sets = None, as_json: Json = False, verbose: Verbose = False) -> None:
    """Tell every mistake in songs, genres and models, all at once, and write nothing."""
    voice = Voice(verbose=verbose)
    wishes = Wishes(seed, checked_sets(sets))
    found = expanded(specs, voice, as_json, others=True)
    outcomes = each(found, lambda spec: check_song(spec, wishes, voice), voice)
    finish(outcomes, voice, as_json, "file")


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Title of the song; the file is called after it.")],
    genre: Annotated[str, typer.Option("--genre", "-g", help="One of: scorekit genres.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Where the file goes.")] = Path(),
) -> None:
    """Write a short commented song to start from."""
    if Path(name).name != name or name in (".", ".."):
        usage("NAME is a title, not a path; -o DIR says where the file goes")
    title = name.removesuffix(".toml")
    path = out / f"{files.slug(title)}.toml"
    known = [row["id"] for row in playable_genres(path)]
    if genre not in known:
        hint = did_you_mean(genre, known)
        refuse(Diagnostic("genre", f"there is no genre '{genre}'", hint=hint))
    trouble = files.create(path, report.first_song(title, genre, path.name))
    if trouble is not None:
        refuse(trouble)
    if not (out / SCHEMA_NAME).exists():
        from scorekit.compiler import schema as schemas

        files.create(out / SCHEMA_NAME, json.dumps(schemas.schema("song"), indent=2) + "\n")
    Voice().say(f"wrote {path}\nnow:  scorekit render {path}")


@app.command()
def genres(as_json: Json = False) -> None:
    """List the genres."""
    rows = playable_genres()
    emit_json({"genres": rows}) if as_json else emit(report.table([tuple(row.values()) for row in rows]))


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
    part: Annotated[
        str | None, typer.Argument(metavar="PART", help="With BAR: why this part plays what it plays there.")
    ] = None,
    at: Annotated[str | None, typer.Argument(metavar="BAR[.BEAT]", help="Bars and beats count from 1.")] = None,
    conflicts: Annotated[bool, typer.Option("--conflicts", help="Where parts disagreed, and what was done.")] = False,
    seed: Seed = None,
    sets: Sets = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Say where every value comes from, or why a note is there."""
    if part is not None and at is None:
        usage("PART needs a BAR: scorekit explain SONG PART BAR[.BEAT]")
    bar, beat = bar_and_beat(at) if at is not None else (0, None)
    voice = Voice(quiet=not verbose, verbose=verbose)
    try:
        compiled = compiled_song(song, Wishes(seed, checked_sets(sets)))
        if part is not None:
            explain_note(compiled, voice, part, bar, beat, as_json)
        elif conflicts:
            explain_conflicts(compiled, voice, as_json)
        else:
            explain_values(compiled, as_json)
    except Refusal as refusal:
        stop(Outcome(song, refusal.code, refusal.diagnostics), voice, as_json)


@app.command()
def smells(songs: Specs, seed: Seed = None, sets: Sets = None, as_json: Json = False, verbose: Verbose = False) -> None:
    """Measure what gives a machine away: 25 alarms, each with its value, its limit and where that comes from."""
    voice = Voice(quiet=as_json, verbose=verbose)
    wishes = Wishes(seed, checked_sets(sets))
    found = expanded(songs, voice, as_json)
    finish(each(found, lambda spec: smell_song(spec, wishes, voice, as_json), voice), voice, as_json)


@app.command()
def doctor(
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Where files would go.")] = Path("out"),
    as_json: Json = False,
) -> None:
    """Look at this machine: libraries, data, places to write, soundfonts."""
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


# -- one song ----------------------------------------------------------------------------------------------------------


def compiled_song(spec: str, wishes: Wishes) -> Compiled:
    """A song read and compiled; Refusal with every mistake when there is one."""
    return compiled_text(*read(spec), wishes)


def compiled_text(text: str, name: str, wishes: Wishes) -> Compiled:
    """The same of a song's text, by the name it goes by."""
    from scorekit import pipeline

    compiled = pipeline.compile_song(text, name, find=files.load, settings=wishes.sets, seed=wishes.seed)
    if compiled.plan is None:
        raise Refusal(*compiled.diagnostics)
    return compiled


def read(spec: str, limit: int = files.SPEC_LIMIT) -> tuple[str, str]:
    """The text of a spec and the name it goes by; Refusal when it cannot be read."""
    text = files.read_stdin(limit) if spec == "-" else files.read_text(Path(spec), limit)
    if isinstance(text, Diagnostic):
        raise Refusal(text)
    return text, "<stdin>" if spec == "-" else spec


def whole(found: Done | Diagnostic) -> Done:
    """What was asked for, or the end of the work on this song."""
    if isinstance(found, Diagnostic):
        raise Refusal(found)
    return found


def decided(compiled: Compiled) -> Plan:
    """The plan of a compiled song, which has one."""
    assert compiled.plan is not None
    return compiled.plan


def check_song(spec: str, wishes: Wishes, voice: Voice) -> Outcome:
    """A song compiled and nothing more; a genre or a model read as what it is."""
    from scorekit import pipeline

    text, name = read(spec, files.MODEL_LIMIT)
    kind, mistakes = pipeline.check_other(text, name, find=files.load)
    if kind != "song":
        if mistakes:
            raise Refusal(*mistakes)
        voice.say(f"{spec}: fine, a {kind}")
        return Outcome(spec, 0, (), {"kind": kind})
    compiled = compiled_text(text, name, wishes)
    voice.say(f"{spec}: fine")
    return Outcome(spec, 0, compiled.diagnostics, report.card(decided(compiled)))


def smell_song(spec: str, wishes: Wishes, voice: Voice, as_json: bool) -> Outcome:
    """A song composed, performed and measured. An alarm asks for a listen; it is no mistake."""
    from scorekit import pipeline
    from scorekit import smells as noses
    from scorekit.smells import telling

    compiled = compiled_song(spec, wishes)
    score = pipeline.compose(decided(compiled))
    found = noses.smells(score, pipeline.perform(score))
    bad = len(noses.tripped(found))
    if not as_json:
        emit(f"{spec}: {report.count(bad, 'alarm')}\n" + report.table(telling.rows(found)))
    return Outcome(spec, 0, compiled.diagnostics, {"alarms": bad, "smells": telling.data(found)})


def render_song(spec: str, wishes: Wishes, voice: Voice) -> Outcome:
    """A song compiled, played, and written: all of its files or none."""
    began = time.monotonic()
    compiled = compiled_song(spec, wishes)
    plan = decided(compiled)
    name = files.slug(plan.title if spec == "-" else Path(spec).stem)
    try:
        with files.claim(wishes.out, name):
            outputs, heard = whole(synth.rendered(plan, name, wishes, voice))
            trouble = files.replace_all(wishes.out, name, outputs)
    except files.Busy:
        busy = Diagnostic("busy", f"another run is writing {wishes.out / name}.*", hint="try again when it is done")
        raise Refusal(busy, code=BUSY) from None
    except OSError as error:
        message = f"{error.filename or wishes.out} cannot be written: {files.reason(error)}"
        raise Refusal(Diagnostic("file", message)) from None
    if trouble is not None:
        raise Refusal(trouble)
    written = [str(wishes.out / inner) for inner in outputs]
    took = round(time.monotonic() - began, 3)
    facts = {**report.card(plan), **heard, "took": took, "files": written}
    voice.settle()
    voice.say(report.summary(facts, written, took, voice.verbose))
    return Outcome(spec, 0, compiled.diagnostics, facts)


# -- explanations ------------------------------------------------------------------------------------------------------


def explain_values(compiled: Compiled, as_json: bool) -> None:
    """Every value in force, and where it was written."""
    from scorekit.answers import values

    rows = values(compiled)
    if as_json:
        emit_json({"values": [{"path": r.path, "value": r.value, "place": r.place, "beat": r.beat} for r in rows]})
    else:
        emit(report.table([(r.path, f"= {r.value}", r.place, f"beats {r.beat}" if r.beat else "") for r in rows]))


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
    emit_json({"part": part, "bar": bar, "beat": beat, "lines": list(lines)}) if as_json else emit(
        "".join(f"{line}\n" for line in lines)
    )


def explain_conflicts(compiled: Compiled, voice: Voice, as_json: bool) -> None:
    """Where parts disagreed, and how it was settled."""
    from scorekit import pipeline

    score = pipeline.compose(decided(compiled), listen=voice.hear)
    emit_json(report.conflicts_data(score)) if as_json else emit(report.conflicts_text(score))


# -- several songs, and how it all ends --------------------------------------------------------------------------------


def expanded(specs: list[str], voice: Voice, as_json: bool, others: bool = False) -> list[str]:
    """The songs that a command line names; with ``others`` also the genres and models in its folders."""
    found = files.songs(specs, others)
    if isinstance(found, Diagnostic):
        stop(Outcome(specs[0], REFUSED, (found,)), voice, as_json)
    return found


def distinct(specs: list[str], voice: Voice, as_json: bool) -> list[str]:
    """The songs, when no two of them would write the same files."""
    names: dict[str, str] = {}
    for spec in specs:
        other = names.setdefault(files.slug(Path(spec).stem), spec)
        if other != spec:
            clash = Diagnostic("file", f"{other} and {spec} would write the same files", hint="give each its own -o")
            stop(Outcome(spec, REFUSED, (clash,)), voice, as_json)
    return specs


def each(specs: list[str], work: Callable[[str], Outcome], voice: Voice) -> list[Outcome]:
    """Every song worked on, whatever becomes of the others."""
    outcomes = []
    for spec in specs:
        try:
            outcome = work(spec)
        except Refusal as refusal:
            outcome = Outcome(spec, refusal.code, refusal.diagnostics)
        except MemoryError:
            outcome = Outcome(spec, REFUSED, (Diagnostic("memory", f"{spec}: not enough memory for this song"),))
        except Exception as error:
            voice.bug(error)
            outcome = Outcome(spec, BUG)
        if outcome.diagnostics:
            voice.refuse(outcome.diagnostics)
        outcomes.append(outcome)
    return outcomes


def finish(outcomes: list[Outcome], voice: Voice, as_json: bool, noun: str = "song") -> NoReturn:
    """The document, when one was asked for, and the exit code."""
    code = exit_code(outcomes)
    if as_json:
        emit_json({"ok": not code, "songs": [outcome.data() for outcome in outcomes]})
    if len(outcomes) > 1:
        failed = sum(bool(outcome.code) for outcome in outcomes)
        voice.say(f"{report.count(len(outcomes) - failed, noun)} fine, {failed} failed")
    raise typer.Exit(code)


def stop(outcome: Outcome, voice: Voice, as_json: bool) -> NoReturn:
    """Ends the command because of one song's mistakes."""
    voice.refuse(outcome.diagnostics)
    finish([outcome], voice, as_json)
