"""A song being worked on: what one version of it leaves behind for the next, so that a small edit is a small work.

The Store remembers symbolic stages, the Remix remembers sound. What comes out is what a fresh render gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from scorekit import diff, pipeline, report
from scorekit.diff import Change
from scorekit.score import Performance, Plan, Score
from scorekit.store import Store

if TYPE_CHECKING:
    from scorekit.booth import GivenUp
    from scorekit.mate import Mate
    from scorekit.remix import Heard, Remix
    from scorekit.render.midi import Known


class Music(Struct, frozen=True, eq=False):
    """One version of a song, before it is sound."""

    plan: Plan
    score: Score
    performance: Performance
    midi: bytes
    before: Score | None = None
    """That of the version before; none for the first."""
    ran: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """The stages that ran, and the inputs that differed."""

    @property
    def first(self) -> bool:
        """Whether there was no version before."""
        return self.before is None

    @property
    def changes(self) -> tuple[Change, ...]:
        """Against the version before; empty for the first. Found when asked for: the files are not to wait for it."""
        return diff.compare(self.before, self.score) if self.before else ()

    @property
    def words(self) -> str:
        """What changed, or what the song is when it is played for the first time."""
        if not self.first:
            return diff.summary(self.changes, diff.ids(self.plan))
        card = report.card(self.plan)
        return f"{card['genre']}, {card['key']}, {diff.tempo(self.plan)}, {card['seconds']:.1f} s"


Value = TypeVar("Value")


def shared(new: Value, old: Value) -> Value:
    """A value in which all that equals its counterpart in an older one is that counterpart itself.

    What is the same object need not be looked through again by the Store.
    """
    if new is old or type(new) is not type(old):
        return new
    if isinstance(new, tuple):
        assert isinstance(old, tuple)
        if len(new) != len(old) or not new or isinstance(new[0], (str, int, float)):
            return old if new == old else new
        return tuple([shared(a, b) for a, b in zip(new, old, strict=True)])  # type: ignore[return-value]
    if not isinstance(new, Struct):
        return new
    if new == old:
        return old
    return replace(new, **{name: shared(getattr(new, name), getattr(old, name)) for name in new.__struct_fields__})


class Rehearsal:
    """Plays one version of a song after another. One thread may make music while another makes sound."""

    def __init__(self, mate: Mate | None = None) -> None:
        self.store, self._mate = Store(), mate
        self.remix: Remix | None = None
        self.last: Music | None = None
        self._written: Known = {}

    def music(self, plan: Plan) -> Music | None:
        """A version composed and played; None when its plan is that of the last one, so that nothing is to be done."""
        last = self.last
        if last is not None and last.plan == plan:
            return None
        if last is not None:
            plan = shared(plan, last.plan)
        self.store.turn()
        score = pipeline.compose(plan, self.store)
        performance = pipeline.perform(score, self.store)
        midi = pipeline.midi(performance, known=self._written)
        self.last = Music(plan, score, performance, midi, last.score if last else None, tuple(self.store.ran))
        return self.last

    def sound(self, performance: Performance, given_up: GivenUp = bool) -> Heard:
        """A version as sound. remix.Superseded as soon as ``given_up`` says so."""
        if self.remix is None:
            from scorekit.remix import Remix
            from scorekit.shelf import Shelf

            shelf = Shelf()
            shelf.tidy()
            self.remix = Remix(shelf, self._mate)
        return self.remix.heard(performance, given_up)
