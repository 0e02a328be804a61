"""``scorekit synth``: any General MIDI file through our voices. And the same through FluidSynth, when it is asked for."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from scorekit.errors import Diagnostic, printable
from scorekit.timebase import SAMPLE_RATE

LARGEST = 32 << 20
"""Most bytes of a MIDI file."""
TAIL = 2.5
"""Seconds after the last note has ended."""


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


def play(data: bytes, name: str, kind: str = "wav", cache: bool = True, processes: int | None = None) -> Played | Diagnostic:
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
        events = gm.read(data)
        lines, last = gm.lines(events, PATCHES)
    except gm.Broken as broken:
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
    program = which("fluidsynth")
    if program is None:
        return Diagnostic("engine", "fluidsynth is not installed", hint="apt install fluidsynth, or brew install fluidsynth")
    if kind != "wav":
        return Diagnostic("engine", f"fluidsynth writes wav, not {kind}", hint="leave --format out")
    if soundfont is None:
        return Diagnostic("engine", "fluidsynth needs a soundfont", hint="--soundfont PATH")
    if not soundfont.is_file():
        return Diagnostic("engine", f"there is no soundfont {printable(str(soundfont), 200)}")
    with tempfile.TemporaryDirectory() as folder:
        song, sound = Path(folder, "song.mid"), Path(folder, "song.wav")
        song.write_bytes(data)
        command = [program, "-ni", "-q", "-r", str(SAMPLE_RATE), "-T", "wav", "-F", str(sound), str(soundfont), str(song)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode or not sound.is_file():
            words = (done.stderr or done.stdout).strip().splitlines()
            return Diagnostic("engine", f"fluidsynth failed: {printable(words[-1]) if words else done.returncode}")
        return sound.read_bytes()
