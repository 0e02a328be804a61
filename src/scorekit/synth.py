"""The commands about sound: ``synth`` plays any MIDI file, ``patches`` lists the voices."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scorekit import files, playback, report
from scorekit.errors import Diagnostic, did_you_mean, printable
from scorekit.plain import KINDS
from scorekit.report import Voice, emit, emit_json
from scorekit.shell import Json, Quiet, among, refuse, usage

if TYPE_CHECKING:
    from scorekit.render.patches.base import Patch

ENGINES = ("scorekit", "fluidsynth")


def _choice(name: str, names: tuple[str, ...], about: str) -> Any:
    """An option that is one of some names."""
    return typer.Option(name, parser=among(names), metavar="|".join(names), help=about, autocompletion=lambda: names)


Format = Annotated[str, _choice("--format", KINDS, "Format of the mix.")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Render every sound anew, and keep none.")]
By = Annotated[str, _choice("--engine", ENGINES, "Who plays.")]
Font = Annotated[Path | None, typer.Option("--soundfont", metavar="PATH", help="For --engine fluidsynth.")]


def add(app: typer.Typer) -> None:
    """Hangs the commands on the application."""
    app.command()(synth)
    app.command()(patches)


def font(engine: str, soundfont: Path | None, more: bool = False) -> Path | None:
    """The soundfont, when FluidSynth is to play; it can do no ``more`` than a plain WAV."""
    if engine != "fluidsynth":
        if soundfont is not None:
            usage("--soundfont is for --engine fluidsynth; scorekit's own voices need none")
        return None
    if soundfont is None or more:
        usage("--engine fluidsynth needs --soundfont PATH, and knows neither --stems nor --format")
    return soundfont


# -- commands ----------------------------------------------------------------------------------------------------------


def synth(
    file: Annotated[Path, typer.Argument(metavar="FILE.mid", help="Any General MIDI file.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="OUT.wav", help="The sound file.")],
    kind: Annotated[
        str | None, _choice("--format", KINDS, "By default what OUT ends in; wav where that is nothing.")
    ] = None,
    no_cache: NoCache = False,
    engine: By = "scorekit",
    soundfont: Font = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Play a MIDI file through scorekit's voices into a sound file."""
    if out.is_dir() or not out.name:
        usage(f"-o {out} is a folder; say the file to write, such as {out / (file.stem + '.wav')}")
    errand = playback.Errand(file, out, kind or "", not no_cache, engine, font(engine, soundfont))
    if not errand.form:
        usage(f"-o {out}: sounds end in .wav, .flac, .ogg or .mp3; for another name say --format")
    facts = playback.done(errand)
    if isinstance(facts, Diagnostic):
        Voice().refuse([facts])
        raise typer.Exit(playback.ended(facts))
    if as_json:
        emit_json({"ok": True, **facts})
    playback.told(file, facts, quiet)


def patches(
    name: Annotated[str | None, typer.Argument(metavar="PATCH", help="One patch with its parameters.")] = None,
    page: Annotated[
        Path | None, typer.Option("--page", metavar="DIR", help="Write patches.html: hear and see.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the voices, or what one can be told. In a song: sound = { patch = "epiano", bright = 0.7 }."""
    from scorekit.render.patches import PATCHES

    if name is not None and name not in PATCHES:
        hint = did_you_mean(name, sorted(PATCHES)) or "scorekit patches lists them"
        refuse(Diagnostic("patch", f"there is no patch '{name}'", hint=hint))
    chosen = [PATCHES[name]] if name else [patch for patch in PATCHES.values() if patch.family != "click"]
    if page is not None:
        trouble = playback.written(page / "patches.html", shown(chosen, Voice(quiet=as_json)))
        if trouble is not None:
            Voice().refuse([trouble])
            raise typer.Exit(playback.ended(trouble))
        wrote = str(page / "patches.html")
        emit_json({"ok": True, "wrote": wrote}) if as_json else emit(f"wrote {printable(wrote, None)}\n")
    elif as_json:
        emit_json({"patches": [data(patch) for patch in chosen]})
    elif name:
        rows = [(p.name, f"{p.low:g} to {p.high:g}", f"{p.default:g}", p.unit, p.about) for p in chosen[0].params]
        emit(f"{name} ({chosen[0].family}): {chosen[0].about}\n" + (report.table(rows) if rows else ""))
    else:
        emit(report.table([(p.family, p.name, p.about, " ".join(q.name for q in p.params)) for p in chosen]))


def shown(chosen: list[Patch], voice: Voice) -> bytes:
    """The page of some patches; whose turn it is is told, as each takes half a second."""
    from scorekit import gallery
    from scorekit.pipeline import Progress

    turns = iter(range(len(chosen)))
    made = gallery.page(chosen, uses(), lambda name: voice.hear(Progress("patches", name, next(turns), len(chosen))))
    voice.settle()
    return made


def uses() -> dict[str, list[str]]:
    """Genres by the patches their mix names."""
    from scorekit.compiler.toml import Document, parse

    found: dict[str, list[str]] = {}
    for genre in files.known("genres"):
        loaded = files.load("genres", genre, "")
        read = parse(loaded[1], genre) if isinstance(loaded, tuple) else loaded
        mix = read.values.get("mix") if isinstance(read, Document) else None
        strips = mix.values() if isinstance(mix, dict) else ()
        for patch in dict.fromkeys(
            str(strip["patch"]) for strip in strips if isinstance(strip, dict) and "patch" in strip
        ):
            found.setdefault(patch, []).append(genre)
    return found


def data(patch: Patch) -> dict[str, object]:
    """A patch as it stands in a JSON document."""
    params = [
        {"name": p.name, "unit": p.unit, "low": p.low, "high": p.high, "default": p.default, "about": p.about}
        for p in patch.params
    ]
    facts = {"name": patch.name, "family": patch.family, "about": patch.about, "programs": list(patch.programs)}
    return {**facts, "params": params}
