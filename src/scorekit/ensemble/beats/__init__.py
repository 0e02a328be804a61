"""The four beat generators, in the order in which they write the drums part."""

from scorekit.ensemble.base import BeatGenerator
from scorekit.ensemble.beats.fills import FillBeats
from scorekit.ensemble.beats.groove import GrooveBeats
from scorekit.ensemble.beats.percussion import PercussionBeats
from scorekit.ensemble.beats.rhythm import RhythmBeats, accents
from scorekit.ensemble.beats.vary import VARIATIONS

BEATS: tuple[BeatGenerator, ...] = (RhythmBeats(), GrooveBeats(), PercussionBeats(), FillBeats())

__all__ = ["BEATS", "VARIATIONS", "accents"]
