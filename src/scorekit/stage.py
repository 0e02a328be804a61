"""Who is on stage: the players, their sounds and channels, how they feel time, and what a model or a song turns."""

from __future__ import annotations

from msgspec import Struct


class Sound(Struct, frozen=True):
    """A patch and its parameters as (name, value)."""

    patch: str
    params: tuple[tuple[str, float], ...] = ()


class Strip(Struct, frozen=True):
    """A mixer channel: level and duck in dB, pan -1 (left) to 1, reverb and delay sends 0 to 1, high-pass in Hz."""

    level: float = 0.0
    pan: float = 0.0
    verb: float = 0.15
    delay: float = 0.0
    highpass: float = 0.0
    duck: float = 0.0
    """Depth in dB by which the kick pushes this part down."""
    width: float = 1.0


class Entry(Struct, frozen=True):
    """The tune that begins a section, as far as whoever leads into it must know: what its first tone is drawn from."""

    motif: str
    melody: str
    lift: int
    root: int = -1
    """Root of the chord it was made over, in the section's key; -1 for the section's first."""
    quality: str = ""


class Gist(Struct, frozen=True):
    """What a player gathers of what another plays in a section, short of its notes; what it does not listen for is empty."""

    part: str
    plays: bool = False
    """Whether there is anything to be heard."""
    figure: tuple[int, ...] = ()
    """Places in a figure of two bars, in ticks, that are struck in at least half of all figures."""
    rubs: tuple[int, ...] = ()
    """Strong beats, in ticks, before which within an eighth a tone sounds a semitone beside the chord to come."""
    middle: int = 0
    """The middle one of its pitches."""
    running: bool = False
    """Whether it strikes oftener than three times a bar."""
    kicks: tuple[int, ...] = ()
    """When the kick is struck, in ticks."""
    fills: tuple[int, ...] = ()
    """When fills of two beats and more begin, in ticks."""
    turns: tuple[int, ...] = ()
    """Bars that end in a fill of a beat or more."""


class Part(Struct, frozen=True):
    """One player of the band."""

    name: str
    specialist: str
    sound: Sound
    strip: Strip
    channel: int
    """MIDI channel, 0-based; 9 is drums."""
    program: int
    """General MIDI program, 0-based."""
    title: str
    """Track name: ``Drums``, ``Bass``."""
    playability: str = "fix"
    """strict, fix or off: whether a person must be able to play it."""


class Dials(Struct, frozen=True):
    """What a model and a song turn, each 0 to 1 with .5 as the genre has it."""

    complexity: float = 0.5
    """Density, subdivision and harmonic colour."""
    creativity: float = 0.5
    """Variation, substitution, and how far choices stray from the most typical."""
    density: float = 0.5
    """Of one cell: more or fewer notes."""
    focus: bool = False
    """Whether this part is in the foreground of the model."""


class Feel(Struct, frozen=True):
    """How written time becomes played time."""

    swing_unit: int = 8
    """8: eighths swing; 16: sixteenths do."""
    swing: tuple[tuple[str, tuple[tuple[float, float], ...]], ...] = ()
    """Per role (drums, bass, comp, lead): (bpm, long:short ratio) points, interpolated."""
    amount: float = 0.3
    """Share of raw human timing, 0 to 1."""
    offsets: tuple[tuple[str, tuple[float, ...]], ...] = ()
    """Per role or drum row: milliseconds for each grid step of a bar."""
    lean: tuple[tuple[float, float], ...] = ()
    """(bpm, ms) by which bass, and half of it the ride, run ahead or behind."""
    lead_late: tuple[tuple[float, float], ...] = ()
    """(bpm, ms) by which the lead's downbeats come late."""


class Master(Struct, frozen=True):
    """The last stage: loudness to reach (LUFS), true-peak ceiling (dBTP), room size 0 to 1 and its brightness."""

    lufs: float = -14.0
    ceiling: float = -1.0
    room: float = 0.4
    tone: float = 0.5
