"""The commands for working on a song: watch, diff, cache."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scorekit import files, report, writing
from scorekit.errors import Diagnostic
from scorekit.report import BUSY, REFUSED, Voice, emit, emit_json, styled
from scorekit.shell import Json, Seed, Sets, Specs, checked_sets, refuse, usage, whole

if TYPE_CHECKING:
    from scorekit.score import Score
    from scorekit.sounds import Event

PORT = 8753
_WRONG = ("✗", "red")
_SIGNS = {"midi": ("✓", "green"), "same": ("=", "dim"), "mistake": _WRONG, "gone": _WRONG, "trouble": _WRONG}

Out = Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Where the files go.")]


def add(app: typer.Typer) -> None:
    """Puts the commands into the application."""
    for command in (watch, diff, cache):
        app.command()(command)


def watch(
    specs: Specs,
    out: Out = Path("out"),
    seed: Seed = None,
    sets: Sets = None,
    midi_only: Annotated[bool, typer.Option("--midi-only", help="No sound, only MIDI.")] = False,
    why: Annotated[bool, typer.Option("--why", help="Say which stages ran again, and which input differed.")] = False,
    play: Annotated[bool, typer.Option("--play", help="A page to see and hear it, on this machine only.")] = False,
    port: Annotated[
        int,
        typer.Option(parser=whole(1, 65535), metavar="NUMBER", help="The page's port; the next free one when taken."),
    ] = PORT,
    as_json: Annotated[bool, typer.Option("--json", help="Events as lines of JSON on standard output.")] = False,
) -> None:
    """Render songs again whenever they are saved. Genres, models and tunes they are made of count too."""
    if "-" in specs:
        usage("standard input cannot be watched")
    if play and midi_only:
        usage("--play asks for sound, --midi-only for none")
    settings = checked_sets(sets)
    missing = next((spec for spec in specs if not Path(spec).exists()), None)
    if missing is not None:
        refuse(files.nowhere(Path(missing)))
    from scorekit.watch import Watch

    teller = Teller(out, as_json, why, sound=not midi_only)
    listeners: list[Callable[[Event], None]] = [teller.hear]

    def hear(event: Event) -> None:
        for listener in listeners:
            listener(event)

    try:
        with Watch(specs, out, hear, settings=settings, seed=seed, sound=not midi_only) as watching:
            if play:
                from scorekit.server import Player

                page = Player(port)
                listeners.insert(0, page.hear)
                page.start()
                teller.say(f"listen at {page.address}")
            watching.run()
    except writing.Busy:
        teller.settle()
        Voice().refuse([Diagnostic("busy", f"another watch writes into {out}", hint="give one of them its own -o")])
        raise typer.Exit(BUSY) from None
    finally:
        teller.settle()


class Teller:
    """Tells what happens, a line for each version; the sound's time is put at the end of the line when it is there."""

    def __init__(self, out: Path, as_json: bool = False, why: bool = False, sound: bool = True) -> None:
        self.out, self.as_json, self.why, self.sound = out, as_json, why, sound
        self.stream = sys.stderr
        self._open = ""
        self._turn = threading.Lock()

    def hear(self, event: Event) -> None:
        """An event, from whichever thread."""
        with self._turn:
            if self.as_json:
                emit(json.dumps(event.data(), default=str) + "\n")
            else:
                self._tell(event)

    def say(self, words: str) -> None:
        """A line of its own."""
        with self._turn:
            self._line(words)

    def settle(self) -> None:
        """Ends a line that still waits for its sound."""
        with self._turn:
            self._end()

    def _tell(self, event: Event) -> None:
        if event.kind == "ready":
            return
        if event.kind in ("wav", "dropped"):
            words = f"wav {took(event.ms)}" if event.kind == "wav" else "its sound gave way to a newer save"
            if self._open == event.song:
                self._write(f" · {words}\n")
                self._open = ""
            elif event.kind == "wav":
                self._line(f"  {event.song} {words}")
            return
        sign, colour = _SIGNS[event.kind]
        clock = time.strftime("%H:%M:%S", time.localtime(event.at))
        self._end()
        self._write(f"{styled(sign, colour, self.stream)} {event.song} {clock}  {told(event)}")
        if event.kind == "midi" and self.sound:
            self._open = event.song
        else:
            self._write("\n")
        if event.diagnostics:
            self._end()
            Voice().refuse(event.diagnostics)
        if self.why and event.kind == "midi":
            self._end()
            self._write(reasons(event))

    def _line(self, words: str) -> None:
        self._end()
        self._write(f"{words}\n")

    def _end(self) -> None:
        if self._open:
            self._write("\n")
            self._open = ""

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()


def told(event: Event) -> str:
    """An event in words."""
    if event.kind == "midi" and event.music:
        return f"{event.music.words} · mid {took(event.ms)}"
    return event.words or "trouble"


def took(ms: float) -> str:
    """``18 ms``, ``1.2 s``."""
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"


def reasons(event: Event) -> str:
    """Which stage ran again, and which inputs differed."""
    ran = event.music.ran if event.music else ()
    if event.music and event.music.first:
        return f"  {report.count(len(ran), 'stage')} ran for the first time\n"
    rows = [(f"  {name}", f"{', '.join(inputs)} differed" if inputs else "for the first time") for name, inputs in ran]
    return report.table(rows) or "  no stage of the score ran again\n"


def diff(
    before: Annotated[str, typer.Argument(metavar="SONG", help="A song.")],
    after: Annotated[str | None, typer.Argument(metavar="OTHER", help="Another one, or the same changed.")] = None,
    seed: Seed = None,
    sets: Sets = None,
    as_json: Json = False,
) -> None:
    """Say what differs between two songs as music, by section and part. --set and --seed hold for the second."""
    settings = checked_sets(sets)
    if after is None and not settings and seed is None:
        usage("to be compared with what? Name another song, or changes by --set or --seed")
    from scorekit import diff as diffs

    old, new = composed(before), composed(after or before, settings, seed)
    changes = diffs.compare(old, new)
    if as_json:
        emit_json({"same": not changes, "changes": [change.data() for change in changes]})
        return
    among = diffs.ids(new.plan)
    emit("".join(f"{diffs.told(change, among)}\n" for change in diffs.grouped(changes)) or "the same music\n")


def composed(song: str, settings: tuple[str, ...] = (), seed: int | None = None) -> Score:
    """The score of a song; ends the command when it has mistakes."""
    from scorekit import pipeline

    text = files.read_stdin() if song == "-" else files.read_text(Path(song))
    if isinstance(text, Diagnostic):
        refuse(text)
    name = "<stdin>" if song == "-" else song
    compiled = pipeline.compile_song(text, name, find=files.load, settings=settings, seed=seed)
    if compiled.plan is None:
        Voice().refuse(compiled.diagnostics)
        raise typer.Exit(REFUSED)
    return pipeline.compose(compiled.plan)


def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Empty it.")] = False,
    as_json: Json = False,
) -> None:
    """Show what is kept on disk from render to render, or clear it. Nothing is lost but time."""
    folder = files.state_folder() / "cache"
    found = [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
    size = sum(path.stat().st_size for path in found)
    if clear:
        emptied(found)
    if as_json:
        emit_json({"folder": str(folder), "files": len(found), "bytes": size, "cleared": clear})
    else:
        words = f"{report.count(len(found), 'file')}, {size / (1 << 20):.1f} MB"
        emit(f"{folder}: {words}{' cleared' if clear else ''}\n")


def emptied(found: list[Path]) -> None:
    """Removes files; ends the command when one will not go. A render at work makes anew what it misses."""
    try:
        for path in found:
            path.unlink(missing_ok=True)
    except OSError as error:
        refuse(Diagnostic("file", f"{error.filename} cannot be removed: {files.reason(error)}"))
