"""A song being worked on: what one version of it leaves behind for the next, so that a small edit is a small work.

The Store remembers symbolic stages; clips and the bodies they are cut from are remembered here. What comes out is what
a fresh render gives, to the byte.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scorekit import diff, pipeline
from scorekit.diff import Change
from scorekit.score import Performance, Plan, Score
from scorekit.store import Store

if TYPE_CHECKING:
    from scorekit.render.effects import Tone
    from scorekit.render.mix import Mix
    from scorekit.render.patches.base import Patch
    from scorekit.render.voices import Bodies, Clip, Stroke
    from scorekit.stage import Sound

CLIPS = 1 << 30
"""Most bytes of remembered clips."""


@dataclass(frozen=True, eq=False)
class Music:
    """One version of a song, before it is sound."""

    plan: Plan
    score: Score
    performance: Performance
    midi: bytes
    changes: tuple[Change, ...] = ()
    """Against the version before; empty for the first."""
    ran: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """The stages that ran, and the inputs that differed."""
    first: bool = True


class Superseded(Exception):
    """A render was given up because a newer version is there."""


class Rehearsal:
    """Plays one version of a song after another. One thread may make music while another makes sound."""

    def __init__(self) -> None:
        self.store = Store()
        self.clips = Clips()
        self.last: Music | None = None

    def music(self, plan: Plan) -> Music | None:
        """A version composed and played; None when its plan is that of the last one, so that nothing is to be done."""
        last = self.last
        if last is not None and last.plan == plan:
            return None
        self.store.turn()
        score = pipeline.compose(plan, self.store)
        performance = pipeline.perform(score, self.store)
        changes = diff.compare(last.score, score) if last else ()
        ran = tuple(self.store.ran)
        self.last = Music(plan, score, performance, pipeline.midi(performance), changes, ran, last is None)
        return self.last

    def sound(self, performance: Performance, given_up: Callable[[], bool] = bool, stems: bool = False) -> Mix:
        """A version as sound, from the clips remembered. Superseded as soon as ``given_up`` says so."""
        from scorekit.render.mix import mix
        from scorekit.render.patches import PATCHES

        def heard(share: float, what: str) -> None:
            if given_up():
                raise Superseded

        return mix(performance, PATCHES, self.clips.bodies, render=self.clips.get, stems=stems, progress=heard)


class Clips:
    """``voices.clip`` with a memory: it depends on distances between strokes only, so it is kept without its place."""

    def __init__(self, limit: int = CLIPS) -> None:
        from scorekit.render.voices import Bodies

        self.bodies: Bodies = Bodies()
        self.limit = limit
        self.size = 0
        self.made = 0
        """Clips that had to be rendered so far."""
        self._kept: OrderedDict[object, Clip] = OrderedDict()

    def get(self, patch: Patch, sound: Sound, strokes: Sequence[Stroke], bodies: Bodies, tone: Tone) -> Clip:
        """The clip of some strokes, wherever in the song they are."""
        from scorekit.render.voices import Clip, clip

        at = strokes[0].at if strokes else 0
        key = (patch.name, sound, tone, tuple([(s[0] - at, *s[1:]) for s in strokes]))
        kept = self._kept.get(key)
        if kept is None:
            made = clip(patch, sound, strokes, bodies, tone)
            kept = Clip(made.start - at, made.samples)
            self.made += 1
            self._keep(key, kept)
        self._kept.move_to_end(key)
        return Clip(kept.start + at if kept.samples.size else 0, kept.samples)

    def _keep(self, key: object, kept: Clip) -> None:
        kept.samples.setflags(write=False)
        self._kept[key] = kept
        self.size += kept.samples.nbytes
        while self.size > self.limit and len(self._kept) > 1:
            self.size -= self._kept.popitem(last=False)[1].samples.nbytes
