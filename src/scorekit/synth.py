"""The commands about sound: ``synth`` plays any MIDI file, ``patches`` lists the voices; and how ``render`` sounds."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from scorekit import files, report, smf
from scorekit.errors import Diagnostic, did_you_mean, printable
from scorekit.report import Voice
from scorekit.shell import BUSY, Json, Quiet, emit, emit_json, refuse, usage
from scorekit.timebase import SAMPLE_RATE

if TYPE_CHECKING:
    from scorekit.pipeline import Sounding
    from scorekit.render.patches.base import Patch
    from scorekit.score import Plan

LARGEST = 32 << 20
"""Most bytes of a MIDI file."""
TAIL = 2.5
"""Seconds after the last note has ended."""

Kind = Literal["wav", "wav24", "flac", "ogg", "mp3"]
Engine = Literal["scorekit", "fluidsynth"]
Format = Annotated[Kind, typer.Option("--format", help="Format of the mix.")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Render every sound anew, and keep none.")]
By = Annotated[Engine, typer.Option("--engine", help="Who plays.")]
Font = Annotated[Path | None, typer.Option("--soundfont", metavar="PATH", help="For --engine fluidsynth.")]


@dataclass(frozen=True)
class Wishes:
    """What a command line asks of every song."""

    seed: int | None = None
    sets: tuple[str, ...] = ()
    out: Path = Path("out")
    stems: bool = False
    split: bool = False
    midi_only: bool = False
    kind: str = "wav"
    loop: bool = False
    cache: bool = True
    soundfont: Path | None = None
    """Given: FluidSynth plays, with this soundfont."""


Done = tuple[dict[str, bytes | memoryview], dict[str, float]]
"""Files by their place in the output folder, and what was measured."""


def add(app: typer.Typer) -> None:
    """Hangs the commands on the application."""
    app.command()(synth)
    app.command()(patches)


def sounding(kind: str, loop: bool, cache: bool) -> Sounding:
    """How a command line wants its songs to sound: by two processes, with the shelf unless it is not to be used."""
    from scorekit.pipeline import Sounding
    from scorekit.shelf import Shelf
    from scorekit.workshop import Workshop

    shelf = Shelf() if cache else None
    if shelf:
        shelf.tidy()  # before, so that it never outgrows its limit by more than one song
    return Sounding(kind, loop, Workshop(), shelf)


def font(engine: str, soundfont: Path | None, more: bool) -> Path | None:
    """The soundfont, when FluidSynth is to play; it can do no ``more`` than a plain WAV."""
    if engine != "fluidsynth":
        return None
    if soundfont is None or more:
        usage("--engine fluidsynth needs --soundfont PATH, and knows neither --stems, --loop nor --format")
    return soundfont


def rendered(plan: Plan, name: str, wishes: Wishes, voice: Voice) -> Done | Diagnostic:
    """The files of a song, and what was measured; or why FluidSynth did not play it."""
    from scorekit import pipeline

    performance = pipeline.perform(pipeline.compose(plan, listen=voice.hear))
    sound = not (wishes.midi_only or wishes.soundfont)
    how = sounding(wishes.kind, wishes.loop, wishes.cache) if sound else pipeline.Sounding()
    found, heard = pipeline.outputs(
        performance, name, sound=sound, stems=wishes.stems, split=wishes.split, listen=voice.hear, sounding=how
    )
    if wishes.soundfont and not wishes.midi_only:
        played = fluidsynth(bytes(found[f"{name}.mid"]), wishes.soundfont)
        if isinstance(played, Diagnostic):
            return played
        found[f"{name}.wav"] = played
    return found, heard


# -- MIDI files --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Played:
    """A MIDI file as sound: the bytes of the sound file, and what was measured."""

    data: memoryview
    lufs: float
    peak: float
    seconds: float
    notes: int


def midi_bytes(path: Path) -> bytes | Diagnostic:
    """The bytes of a MIDI file, or why it is refused."""
    name = printable(str(path), 200)
    try:
        if not path.is_file():
            return Diagnostic("file", f"{name} {'is not a regular file' if path.exists() else 'does not exist'}")
        size = path.stat().st_size
        if size > LARGEST:
            return Diagnostic("file", f"{name} is {size:,} bytes long", hint=f"at most {LARGEST:,} bytes")
        return path.read_bytes()
    except OSError as error:
        return Diagnostic("file", f"{name} cannot be read: {error.strerror}")


def play(
    data: bytes, name: str, kind: str = "wav", cache: bool = True, processes: int | None = None
) -> Played | Diagnostic:
    """A MIDI file played, or why it cannot be. ``kind`` as in pipeline.ENDINGS."""
    from scorekit.render import effects, gm
    from scorekit.render.console import Console, Laid
    from scorekit.render.delivery import delivered
    from scorekit.render.master import prepare
    from scorekit.render.mix import desked
    from scorekit.render.patches import PATCHES
    from scorekit.render.voices import Bodies
    from scorekit.render.wav import Marks
    from scorekit.shelf import Shelf
    from scorekit.stage import Master
    from scorekit.workshop import Workshop

    try:
        events = smf.read(data)
        lines, last = gm.lines(events, PATCHES)
    except smf.Broken as broken:
        return Diagnostic("midi", f"{printable(name, 200)}: {broken}")
    if not lines:
        return Diagnostic("midi", f"{printable(name, 200)}: there are no notes in it")
    hands, shelf, master = Workshop(processes), Shelf() if cache else None, Master()
    bodies = Bodies(keeper=shelf)
    prepare([order for line in lines for order in line.orders()], bodies, hands)
    n, fade = last + round(TAIL * SAMPLE_RATE), round(0.6 * TAIL * SAMPLE_RATE)
    room = effects.room(master.room, master.tone)
    console = Console(n, [Laid(line, bodies) for line in lines], room=room, fade=fade)
    desk = desked(console, master, hands, 0, lambda share, what: None)
    sound = delivered(desk.samples, n, kind, Marks(Path(name).stem), hands)
    if shelf:
        shelf.tidy()
    return Played(sound, round(desk.lufs, 2), round(desk.peak, 2), round(n / SAMPLE_RATE, 3), len(events.notes))


def fluidsynth(data: bytes, soundfont: Path | None, kind: str = "wav") -> bytes | Diagnostic:
    """A MIDI file played by FluidSynth with a soundfont, as a 16-bit WAV."""
    import subprocess
    import tempfile
    from shutil import which

    program = which("fluidsynth")
    if program is None:
        return Diagnostic("engine", "fluidsynth is not installed", hint="apt or brew install fluidsynth")
    if kind != "wav":
        return Diagnostic("engine", f"fluidsynth writes wav, not {kind}", hint="leave --format out")
    if soundfont is None:
        return Diagnostic("engine", "fluidsynth needs a soundfont", hint="--soundfont PATH")
    if not soundfont.is_file():
        return Diagnostic("engine", f"there is no soundfont {printable(str(soundfont), 200)}")
    with tempfile.TemporaryDirectory() as folder:
        song, sound = Path(folder, "song.mid"), Path(folder, "song.wav")
        song.write_bytes(data)
        how = ["-ni", "-q", "-r", str(SAMPLE_RATE), "-T", "wav", "-F", str(sound)]
        command = [program, *how, str(soundfont), str(song)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode or not sound.is_file():
            words = (done.stderr or done.stdout).strip().splitlines()
            return Diagnostic("engine", f"fluidsynth failed: {printable(words[-1]) if words else done.returncode}")
        return sound.read_bytes()


# -- commands ----------------------------------------------------------------------------------------------------------


def synth(
    file: Annotated[Path, typer.Argument(metavar="FILE.mid", help="Any General MIDI file.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="OUT.wav", help="The sound file.")],
    kind: Annotated[Kind | None, typer.Option("--format", help="By default what OUT ends in, or wav.")] = None,
    no_cache: NoCache = False,
    engine: By = "scorekit",
    soundfont: Font = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Play a MIDI file through scorekit's voices into a sound file."""
    began = time.monotonic()
    if out.is_dir() or not out.name:
        usage(f"-o {out} is a folder; say the file to write, such as {out / (file.stem + '.wav')}")
    ending = out.suffix.lower().lstrip(".")
    form = kind or (ending if ending in ("flac", "ogg", "mp3") else "wav")
    data = midi_bytes(file)
    if isinstance(data, Diagnostic):
        refuse(data)
    facts: dict[str, object] = {"file": str(out)}
    if engine == "fluidsynth":
        sound: bytes | memoryview | Diagnostic = fluidsynth(data, soundfont, form)
    else:
        played = play(data, file.name, form, not no_cache)
        sound = played if isinstance(played, Diagnostic) else played.data
        if not isinstance(played, Diagnostic):
            facts |= {"notes": played.notes, "seconds": played.seconds, "lufs": played.lufs, "peak": played.peak}
    if isinstance(sound, Diagnostic):
        refuse(sound)
    _write(out, sound)
    facts["took"] = round(time.monotonic() - began, 3)
    if as_json:
        emit_json({"ok": True, **facts})
    Voice(quiet).say("\n".join(f"  {name:<8} {value}" for name, value in facts.items()))


def _write(out: Path, sound: bytes | memoryview) -> None:
    """The sound file, whole or not at all."""
    try:
        with files.claim(out.parent, out.name):
            trouble = files.replace_all(out.parent, out.name, {out.name: sound})
    except files.Busy:
        Voice().refuse([Diagnostic("busy", f"another run is writing {out}", hint="try again when it is done")])
        raise typer.Exit(BUSY) from None
    except OSError as error:
        refuse(Diagnostic("file", f"{error.filename or out} cannot be written: {files.reason(error)}"))
    if trouble is not None:
        refuse(trouble)


def patches(
    name: Annotated[str | None, typer.Argument(metavar="PATCH", help="One patch with its parameters.")] = None,
    as_json: Json = False,
) -> None:
    """List the voices, or the parameters of one: sound = { patch = "epiano", bright = 0.7 }."""
    from scorekit.render.patches import PATCHES

    if name is not None and name not in PATCHES:
        refuse(Diagnostic("patch", f"there is no patch '{name}'", hint=did_you_mean(name, sorted(PATCHES))))
    chosen = [PATCHES[name]] if name else [patch for patch in PATCHES.values() if patch.family != "click"]
    if as_json:
        emit_json({"patches": [data(patch) for patch in chosen]})
    elif name:
        rows = [(p.name, f"{p.low:g} to {p.high:g}", f"{p.default:g}", p.unit, p.about) for p in chosen[0].params]
        emit(f"{name} ({chosen[0].family}): {chosen[0].about}\n" + (report.table(rows) if rows else ""))
    else:
        emit(report.table([(p.family, p.name, p.about, " ".join(q.name for q in p.params)) for p in chosen]))


def data(patch: Patch) -> dict[str, object]:
    """A patch as it stands in a JSON document."""
    params = [
        {"name": p.name, "unit": p.unit, "low": p.low, "high": p.high, "default": p.default, "about": p.about}
        for p in patch.params
    ]
    facts = {"name": patch.name, "family": patch.family, "about": patch.about, "programs": list(patch.programs)}
    return {**facts, "params": params}
