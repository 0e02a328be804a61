"""How loud written notes are played: over a phrase, over a section, and on the way into the next one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
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


def bell(seed: Seed, draw: str) -> float:
    """A named number near the normal curve (sum of four uniforms), sd 1, within the limits: one hash a draw."""
    return bells(seed, (draw,))[0]


def bells(seed: Seed, draws: Iterable[str]) -> list[float]:
    """Many of them: there are two for every note of a song."""
    found, place = [], f"{seed.address}#"
    for draw in draws:
        bits = int.from_bytes(
            blake2b((place + draw).encode(), digest_size=8).digest(), "big"
        )  # Seed.bits, without calls
        total = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)
        near = (total / 65535.0 - 2.0) * 1.7320508
        found.append(near if -LIMITS <= near <= LIMITS else -LIMITS if near < 0.0 else LIMITS)
    return found


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
    points = _SHAPES[Seed(seed).at("tide", section.name).choose("shape", tuple(_SHAPES), (5.0, 3.0, 1.0))]
    at = np.minimum(starts // phrase, count - 1) / (count - 1)
    found: Floats = np.interp(at, *points)
    return found


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


def repeats(notes: Sequence[Note]) -> Floats:
    """Alternation of repeated notes: -1 for every second of a row of equal pitches, else 0."""
    found, last, quick = [], dict[int, tuple[Tick, int]](), PPQ // 2
    for note in notes:
        start, pitch = note.start, note.pitch
        end, count = last.get(pitch, (-PPQ, 0))
        count = count + 1 if start - end < quick else 0
        last[pitch] = (start + note.length, count)
        found.append(-1.0 if count % 2 else 0.0)
    return np.array(found)


AGAIN = (0.0, 0.0, 1.0, 4.5, 4.5)
"""Velocity steps by which a section of each tier is louder each of the first two times it returns, so that a song grows to
its end; choruses more than verses, which would come up to them."""


ARCH = {"strings": 6.0, "brass": 6.0, "lead": 0.0}
"""Velocity steps of the arch over four bars; 4 for all others."""
SPREAD = 34.0
"""Standard deviation of a drummer's velocities (Groove MIDI: 33)."""


def dynamics(part: str, notes: Sequence[Note], section: Section, own: Seed) -> Floats:
    """Velocity a player adds: an arch over four bars, higher is louder, repeats alternate (KTH rules), and a section that
    returns is played with more conviction. The tune has the swell of its phrases instead of the arch.

    A drummer's loud strokes get louder and his soft ones softer, up to ``SPREAD``.
    """
    if part == "drums":
        written = np.array([note.velocity for note in notes], np.float64)
        wider: Floats = min(0.9, max(0.0, SPREAD / (written.std() + 1e-9) - 1.0)) * (written - written.mean())
        return wider
    pitches = np.array([note.pitch for note in notes], np.float64)
    starts = np.array([note.start for note in notes], np.int64)
    melodic = part in ("lead", "strings", "brass")
    rise = held(0.3 * (pitches - pitches.mean()), -4.0, 4.0) if melodic else 0.0
    own_noise = 2.0 * np.array(bells(own, [f"v/{note.start}/{note.pitch}" for note in notes]))
    again = AGAIN[section.tier - 1] * min(2, section.occurrence - 1)
    wave = ARCH.get(part, 4.0) * arch(starts, section)
    total: Floats = wave + rise + 4.0 * repeats(notes) + own_noise
    return total + again


HEFT = (-9.0, -8.5, -7.5, -0.5, 4.0)
"""Velocity steps that strokes of 100 and more gain at each tier; those of 60 and less lose as many, those between less. In a
verse a band hits less hard and its ghosts come forward, in a chorus they are buried: the loudest strokes make the level, which
a band lifts 2 to 4 dB, while the mean over all strokes hardly moves (band MIDI files: 2.6 from phrase to phrase)."""


def heft(notes: Sequence[Note], tier: int) -> Floats:
    """How much harder, or less hard, the band hits at a tier."""
    written = np.array([note.velocity for note in notes], np.float64)
    found: Floats = HEFT[tier - 1] * held((written - 68.0) / 24.0, -1.0, 1.0)
    return found


TIDE, LEAD_IN = 2.0, 5.0
"""Velocity steps of the swell from phrase to phrase, and of the way into the next section for each tier."""


def breath(
    part: str, notes: Sequence[Note], placement: Placement, seed: str, depth: float, drummer: bool = True
) -> Floats:
    """What the band does together: it hits as hard as the tier asks, phrases swell and fade, the last bar leads over, more
    than twice as far where no drums can. Drums lead over by their fills.

    ``depth`` is 1 for players; programmed music breathes too, if less: its producer rides the faders.
    """
    starts = np.array([note.start for note in notes], np.int64)
    drummed = drummer and "nodrums" not in placement.section.flags
    alone = 1.0 if drummed else 2.6
    over = np.zeros(len(notes)) if part == "drums" else alone * LEAD_IN * lead_in(starts, placement, drummed)
    hit = heft(notes, placement.section.tier)
    found: Floats = depth * (TIDE * tide(starts, placement.section, seed) + over + hit)
    return found
