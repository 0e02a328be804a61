"""Any General MIDI file as a sound file: what ``scorekit synth`` does."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from scorekit import files, loading, smf, writing
from scorekit.errors import Diagnostic, printable
from scorekit.memory import keep_memory
from scorekit.report import BUSY, REFUSED, Voice
from scorekit.timebase import SAMPLE_RATE

if TYPE_CHECKING:
    from scorekit.shelf import Shelf

LARGEST = 32 << 20
"""Most bytes of a MIDI file."""
TAIL = 2.5
"""Seconds after the last note has ended."""
_FONTS = "a .sf2 or .sf3 file; scorekit doctor names those it finds"


class Errand(Struct, frozen=True):
    """A MIDI file to be played into a sound file."""

    file: Path
    out: Path
    kind: str = ""
    """As in pipeline.ENDINGS; empty: what ``out`` ends in."""
    cache: bool = True
    engine: str = "scorekit"
    soundfont: Path | None = None

    @property
    def form(self) -> str:
        """The format that is written; empty where ``out`` ends in something that is no sound."""
        ending = self.out.suffix.lower().lstrip(".") or "wav"
        return self.kind or (ending if ending in ("wav", "flac", "ogg", "mp3") else "")


def done(errand: Errand) -> dict[str, object] | Diagnostic:
    """Plays a file and writes the sound: what was measured, or why it cannot be done."""
    began = time.monotonic()
    data = midi_bytes(errand.file)
    if isinstance(data, Diagnostic):
        return data
    facts: dict[str, object] = {"file": str(errand.out)}
    played: Played | Diagnostic | None = None
    if errand.engine == "fluidsynth":
        sound: bytes | memoryview | Diagnostic = fluidsynth(data, errand.soundfont, errand.form)
    else:
        played = play(data, errand.file.name, errand.form, errand.cache, folder=errand.out.parent)
        sound = played if isinstance(played, Diagnostic) else played.data
        if not isinstance(played, Diagnostic):
            facts |= {"notes": played.notes, "seconds": played.seconds, "lufs": played.lufs, "peak": played.peak}
            facts |= {"broken": list(played.broken)} if played.broken else {}
    trouble = sound if isinstance(sound, Diagnostic) else written(errand.out, sound)
    facts["took"] = round(time.monotonic() - began, 3)
    if not trouble and isinstance(played, Played) and played.shelf and played.shelf.missed:
        played.shelf.tidy()
    return trouble or facts


def told(file: Path, facts: dict[str, object], quiet: bool) -> None:
    """What was measured, for people; and what is wrong with the file, even for those who asked for quiet."""
    units, broken = {"seconds": " s", "lufs": " LUFS", "peak": " dBTP", "took": " s"}, facts.get("broken")
    rows = ((name, value) for name, value in facts.items() if name != "broken")
    Voice(quiet).say("\n".join(f"  {name:<8} {value}{units.get(name, '')}" for name, value in rows))
    if isinstance(broken, list):
        what = f"{printable(str(file), 200)} is cut short: {', '.join(map(str, broken))}"
        hint = "what is there was played; save or fetch it again to have the rest"
        Voice(quiet).refuse([Diagnostic("midi", what, hint=hint, severity="warning")])


def ended(trouble: Diagnostic) -> int:
    """The exit code of an errand that failed."""
    return BUSY if trouble.code == "busy" else REFUSED


def written(out: Path, sound: bytes | memoryview) -> Diagnostic | None:
    """Writes the sound file, whole or not at all; why not, when it cannot be done."""
    try:
        with writing.claim(out.parent, out.name):
            return writing.replace_all(out.parent, out.name, {out.name: sound})
    except writing.Busy:
        return Diagnostic("busy", f"another run is writing {out}", hint="try again when it is done")
    except OSError as error:
        return writing.unwritten(error, out)


# -- playing -----------------------------------------------------------------------------------------------------------


class Played(Struct, frozen=True):
    """A MIDI file as sound: the bytes of the sound file, and what was measured."""

    data: memoryview
    lufs: float
    peak: float
    seconds: float
    notes: int
    broken: tuple[str, ...] = ()
    """Where the file breaks off."""
    shelf: Shelf | None = None
    """To be tidied when the sound is written."""


def midi_bytes(path: Path) -> bytes | Diagnostic:
    """The bytes of a MIDI file, or why it is refused."""
    name = printable(str(path), 200)
    try:
        if not path.exists():
            return files.nowhere(path)
        if not path.is_file():
            return Diagnostic("file", f"{name} is not a regular file")
        size = path.stat().st_size
        if size > LARGEST:
            return Diagnostic("file", f"{name} is {size:,} bytes long", hint=f"at most {LARGEST:,} bytes")
        return path.read_bytes()
    except OSError as error:
        return Diagnostic("file", f"{name} cannot be read: {error.strerror}")


def play(
    data: bytes,
    name: str,
    kind: str = "wav",
    cache: bool = True,
    processes: int | None = None,
    folder: Path | None = None,
) -> Played | Diagnostic:
    """A MIDI file played, or why it cannot be. ``kind`` as in pipeline.ENDINGS; ``folder`` is where it is going to be."""
    try:
        events = smf.read(data)
    except smf.Broken as broken:
        return Diagnostic("midi", f"{printable(name, 200)}: {broken}")
    loading.sound(again=False)
    from scorekit.render import effects, gm
    from scorekit.render.console import Console, Laid
    from scorekit.render.delivery import delivered
    from scorekit.render.master import prepare
    from scorekit.render.mix import Desk, desked
    from scorekit.render.patches import PATCHES
    from scorekit.render.voices import Bodies
    from scorekit.render.wav import Marks
    from scorekit.shelf import Shelf
    from scorekit.stage import Master
    from scorekit.workshop import Workshop

    keep_memory()
    try:
        lines, last = gm.lines(events, PATCHES)
    except smf.Broken as broken:
        return Diagnostic("midi", f"{printable(name, 200)}: {broken}")
    if not lines:
        return Diagnostic("midi", f"{printable(name, 200)}: there are no notes in it")
    hands, shelf = Workshop(processes, folder), Shelf(later=True) if cache else None
    bodies, orders = Bodies(keeper=shelf), [order for line in lines for order in line.orders()]
    hands.ahead(orders, bodies)
    try:
        effects.Room(room := effects.room(Master().room, Master().tone))  # known to all who are forked later
        prepare(orders, bodies, hands)
    finally:
        hands.dismiss()
    n, fade = last + round(TAIL * SAMPLE_RATE), round(0.6 * TAIL * SAMPLE_RATE)
    rows, about = [Laid(line, bodies) for line in lines], Marks(Path(name).stem)

    def finished() -> tuple[memoryview, Desk]:
        desk = desked(Console(n, rows, room=room, fade=fade), Master(), hands)
        return delivered(desk.samples, n, kind, about, hands), desk

    sound, desk = hands.together(finished)
    measured = round(desk.lufs, 2), round(desk.peak, 2), round(n / SAMPLE_RATE, 3)
    return Played(sound, *measured, len(events.notes), tuple(events.broken), shelf)


def fluidsynth(data: bytes, soundfont: Path | None, kind: str = "wav", loop: int = 0) -> bytes | Diagnostic:
    """A MIDI file played by FluidSynth with a soundfont, as a 16-bit WAV; one that goes round after ``loop`` frames, if any."""
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
    if (trouble := no_soundfont(soundfont)) is not None:
        return trouble
    with tempfile.TemporaryDirectory() as folder:
        song, sound = Path(folder, "song.mid"), Path(folder, "song.wav")
        song.write_bytes(data)
        how = ["-ni", "-q", "-r", str(SAMPLE_RATE), "-T", "wav", "-F", str(sound)]
        command = [program, *how, str(soundfont), str(song)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode or not sound.is_file():
            words = (done.stderr or done.stdout).strip().splitlines()
            return Diagnostic("engine", f"fluidsynth failed: {printable(words[-1]) if words else done.returncode}")
        if "Failed to load SoundFont" in done.stderr:
            return Diagnostic("engine", f"fluidsynth cannot read {printable(str(soundfont), 200)}", hint=_FONTS)
        return turned(sound.read_bytes(), loop) if loop else sound.read_bytes()


def no_soundfont(path: Path) -> Diagnostic | None:
    """Why a file is no soundfont, if it is none: FluidSynth would play the one it finds by itself and say nothing."""
    name = printable(str(path), 200)
    try:
        if not path.is_file():
            return Diagnostic("engine", f"there is no soundfont {name}", hint=_FONTS)
        with open(path, "rb") as file:
            start = file.read(12)
    except OSError as error:
        return Diagnostic("engine", f"{name} cannot be read: {files.reason(error)}")
    if start[:4] == b"RIFF" and start[8:] in (b"sfbk", b"DLS "):
        return None
    return Diagnostic("engine", f"{name} is not a soundfont", hint=_FONTS)


def turned(sound: bytes, loop: int) -> bytes:
    """A 16-bit stereo WAV cut to ``loop`` frames: what rings on after them is heard at the start, as often as it goes round."""
    import wave
    from io import BytesIO

    import numpy as np

    from scorekit.render.wav import header

    with wave.open(BytesIO(sound)) as file:
        frames = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    laps = np.zeros((-(-len(frames) // loop) * loop, 2), np.int64)
    laps[: len(frames)] = frames
    heard = laps.reshape(-1, loop, 2).sum(axis=0)
    clipped: bytes = np.clip(heard, -32_768, 32_767).astype("<i2").tobytes()
    return header(loop, 2, 16) + clipped
