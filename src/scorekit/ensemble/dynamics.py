"""How loud written notes are played: over a phrase, over a section, and on the way into the next one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import attrgetter

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from scorekit.ensemble.intents import peaks
from scorekit.score import Note, Placement, Section
from scorekit.seeds import Seed
from scorekit.timebase import PPQ, Tick
from scorekit.values import blake2b

Floats = NDArray[np.float64]
Ticks = NDArray[np.int64]

LIMITS = 2.5
"""Deviations beyond so many standard deviations are held there."""
_COLUMNS = attrgetter("start", "length", "pitch", "velocity")


class Line(Struct, frozen=True):
    """What a part plays in a section, note by note and column by column."""

    part: str
    notes: Sequence[Note]
    starts: Ticks
    ends: Ticks
    pitches: Ticks
    written: Floats
    """Velocities."""

    @staticmethod
    def of(part: str, notes: Sequence[Note]) -> Line:
        """The notes of a part, in order of start, as a line. At least one."""
        starts, lengths, pitches, velocities = (np.array(column) for column in zip(*map(_COLUMNS, notes), strict=True))
        return Line(part, notes, starts, starts + lengths, pitches, velocities.astype(np.float64))


def bells(seed: Seed, draws: Iterable[str]) -> Floats:
    """``Seed.bell`` of many draws, within the limits: there are two for every note of a song."""
    place = f"{seed.address}#"
    words = b"".join([blake2b((place + draw).encode(), digest_size=8).digest() for draw in draws])
    total = np.frombuffer(words, ">u2").reshape(-1, 4).sum(axis=1)
    return held((total / 65535.0 - 2.0) * 1.7320508, -LIMITS, LIMITS)


def held(values: Floats, low: float, high: float) -> Floats:
    """Values within limits; ``np.clip`` asks more before it begins than a section's notes take."""
    found: Floats = np.minimum(np.maximum(values, low), high)
    return found


def arch(starts: Ticks, section: Section) -> Floats:
    """A rise and fall over each four bars, -1 to 1, highest after five eighths of it."""
    span = min(4 * section.meter.bar, section.length)
    x = (starts % span) / span
    rise: Floats = np.where(x <= 0.625, x / 0.625, (1.0 - x) / 0.375)
    return rise * 2.0 - 1.0


_SHAPES = {
    "rise": ((0.0, 1.0), (-1.0, 1.0)),
    "arch": ((0.0, 0.5, 1.0), (-0.7, 1.0, 0.2)),
    "fall": ((0.0, 1.0), (0.6, -0.8)),
}
"""How the phrases of a section grow or fade: places in its length, and how loud it is there."""


def tide(starts: Ticks, section: Section, seed: str) -> Floats:
    """Swell of the whole band from phrase to phrase of four bars, -1 to 1: the same at each return of a section."""
    phrase = 4 * section.meter.bar
    count = max(1, section.length // phrase)
    if count < 2:
        return np.zeros(len(starts))
    at = np.minimum(starts // phrase, count - 1) / (count - 1)
    found: Floats = np.interp(at, *_SHAPES[_shape(seed, section.name)])
    return found


@lru_cache(maxsize=64)
def _shape(seed: str, name: str) -> str:
    """How the phrases of all sections of a name grow or fade."""
    return Seed(seed).at("tide", name).choose("shape", tuple(_SHAPES), (5.0, 3.0, 1.0))


def lead_in(starts: Ticks, placement: Placement, drummed: bool) -> Floats:
    """What the last bar gives to the section after: a crescendo into a louder one, a fading into a softer, -1 to 2; where no
    drums can announce it, a wave that breaks, of a tier at least. A hook played with energy does not fade: it is highest where
    it ends."""
    section, after = placement.section, placement.seam.after
    if after is None or section.bars < 2:
        return np.zeros(len(starts))
    bar = section.meter.bar
    along = held((starts - section.length + bar) / bar + 0.25, 0.0, 1.0) * (starts >= section.length - bar)
    least = 2.0 if peaks(section) else -1.0 if drummed else 0.8
    found: Floats = along * min(2.0, max(least, after - section.tier))
    return found


def repeats(line: Line) -> Floats:
    """Alternation of repeated notes: -1 for every second of a row of equal pitches, else 0."""
    found, last, quick, never = [], dict[int, tuple[Tick, int]](), PPQ // 2, (-PPQ, 0)
    for start, end, pitch in zip(line.starts.tolist(), line.ends.tolist(), line.pitches.tolist(), strict=True):
        before, count = last.get(pitch, never)
        count = count + 1 if start - before < quick else 0
        last[pitch] = (end, count)
        found.append(-1.0 if count % 2 else 0.0)
    return np.array(found)


AGAIN = (0.0, 0.0, 1.0, 3.0, 3.0)
"""Velocity steps by which a section of each tier is louder each of the first two times it returns, so that a song grows to
its end; choruses more than verses, which would come up to them."""


ARCH = {"strings": 6.0, "brass": 6.0, "lead": 0.0}
"""Velocity steps of the arch over four bars; 4 for all others."""
SPREAD = 34.0
"""Standard deviation of a drummer's velocities (Groove MIDI: 33)."""


def dynamics(line: Line, section: Section, own: Seed) -> Floats:
    """Velocity a player adds: an arch over four bars, higher is louder, repeats alternate (KTH rules), and a section that
    returns is played with more conviction. The tune has the swell of its phrases instead of the arch.

    A drummer's loud strokes get louder and his soft ones softer, up to ``SPREAD``.
    """
    if line.part == "drums":
        written = line.written
        wider: Floats = min(0.9, max(0.0, SPREAD / (written.std() + 1e-9) - 1.0)) * (written - written.mean())
        return wider
    pitches = line.pitches.astype(np.float64)
    melodic = line.part in ("lead", "strings", "brass")
    rise = held(0.3 * (pitches - pitches.mean()), -4.0, 4.0) if melodic else 0.0
    own_noise = 2.0 * bells(own, [f"v/{note.start}/{note.pitch}" for note in line.notes])
    again = AGAIN[section.tier - 1] * min(2, section.occurrence - 1)
    wave = ARCH.get(line.part, 4.0) * arch(line.starts, section)
    total: Floats = wave + rise + 4.0 * repeats(line) + own_noise
    return total + again


HEFT = (-9.0, -8.5, -7.5, -0.5, 4.0)
"""Velocity steps that strokes of 97 and more gain at each tier; those of 49 and less lose as many, those between less. In a
verse a band hits less hard and its ghosts come forward, in a chorus they are buried: the loudest strokes make the level, which
a band lifts by some 2 dB, while the mean over all strokes hardly moves, as what players strike in the middle stays where it is
(band MIDI files: 2.6 from phrase to phrase)."""


def heft(written: Floats, tier: int) -> Floats:
    """How much harder, or less hard, the band hits at a tier."""
    found: Floats = HEFT[tier - 1] * held((written - 73.0) / 24.0, -1.0, 1.0)
    return found


TIDE, LEAD_IN = 2.0, 5.0
"""Velocity steps of the swell from phrase to phrase, and of the way into the next section for each tier."""


def breath(line: Line, placement: Placement, seed: str, depth: float, drummer: bool = True) -> Floats:
    """What the band does together: it hits as hard as the tier asks, phrases swell and fade, the last bar leads over, more
    than twice as far where no drums can. Drums lead over by their fills.

    ``depth`` is 1 for players; programmed music breathes too, if less: its producer rides the faders.
    """
    drummed = drummer and "nodrums" not in placement.section.flags
    alone = 1.0 if drummed else 2.6
    leads = line.part != "drums"
    over = alone * LEAD_IN * lead_in(line.starts, placement, drummed) if leads else np.zeros(len(line.notes))
    hit = heft(line.written, placement.section.tier)
    found: Floats = depth * (TIDE * tide(line.starts, placement.section, seed) + over + hit)
    return found
