"""What a patch is: one function that renders a body, and a row of data about it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from scorekit.render.effects import FLAT, Tone
from scorekit.timebase import SAMPLE_RATE

Samples = NDArray[np.float32]

STILL = "still"
"""A manner no score asks for: one player and nothing that moves - no vibrato, drift, beating, stretch or noise. What is
left is the tonal core, whose pitch and aliasing can be measured."""


class Param(Struct, frozen=True):
    """A number a song may set on a patch. Checked, documented and corner-tested from this row alone."""

    name: str
    unit: str
    low: float
    high: float
    default: float
    about: str


class Take(Struct, frozen=True, cache_hash=True):
    """One body to render: everything its samples depend on."""

    pitch: int
    """MIDI pitch; for drums, the General MIDI drum note."""
    force: float
    """Strength of the velocity layer, 0 to 1: shapes the spectrum. Level comes later, from the exact velocity."""
    round: int
    """Round-robin number: the same stroke again, never the same noise."""
    seconds: float
    """How long the key is held, for sustaining patches; natural length for the rest."""
    manner: str
    """As in score.MANNERS: mute, dead, slide, short ... or empty; or STILL."""
    params: tuple[tuple[str, float], ...]
    cut: float = 0.0
    """Seconds of a sound that are going to be heard; what is rendered may end there. 0: all."""
    tone: Tone = FLAT
    """Of a painted patch: the equaliser that is painted with it."""
    slow: int = 1
    """Of so many samples one is rendered: what has nothing up there needs no more. Its patch says how many it can do with."""

    def upto(self, n: int) -> int:
        """Samples to be rendered of a sound that rings for n."""
        return -(-(min(n, round(self.cut * SAMPLE_RATE)) if self.cut else n) // self.slow)

    def param(self, name: str) -> float:
        """The value of a parameter (the engine fills in defaults). KeyError when the patch has none of that name."""
        return dict(self.params)[name]


Body = Callable[[Take], Samples]
"""Renders a body: float32, shape (n,) mono or (2, n) stereo, 44.1 kHz or a take's share of it, peak about 1 at force 1,
starting at its onset."""


class Patch(Struct, frozen=True):
    """A sound. ``body`` renders it once per (pitch, velocity layer, round, manner); notes are cut from bodies."""

    name: str
    family: str
    """drums, bass, guitar, keys, strings, brass, lead, pads."""
    about: str
    body: Body
    params: tuple[Param, ...] = ()
    gain: float = 0.0
    """dB that brings the patch to the common loudness."""
    sustains: bool = False
    """Held as long as the key (strings, organ), or left to ring and damped at note-off (piano, guitar)."""
    release: float = 0.12
    """Seconds of fade after note-off."""
    layers: int = 3
    """Velocity layers."""
    rounds: int = 1
    """Round-robins."""
    oneshot: bool = False
    """Ignores note-off (drums)."""
    chokes: tuple[tuple[int, tuple[int, ...]], ...] = ()
    """Drum notes and the notes that silence them: ((46, (42, 44)),)."""
    programs: tuple[int, ...] = field(default=())
    """General MIDI programs (0-based) this patch answers for."""
    measured: bool = False
    """A sustained body that depends on where its note ends, so every length of note has its own."""
    slow: int = 1
    """Of so many samples one is enough: 2 where nothing of the sound is above 10 kHz."""
    manners: tuple[str, ...] | None = None
    """Those it knows; others it plays as if nothing were said. None: all."""
    painted: bool = False
    """A body made of a spectrum, whose part's equaliser costs nothing there: each pitch and equaliser has its own."""
    haze: float = 0.0
    """Millionths of a second, RMS, by which what it plays wavers: how far its partials are from lines."""

    def __hash__(self) -> int:
        return hash(self.name)  # patches are keys all day long
