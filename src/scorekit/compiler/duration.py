"""How long a song lasts: its tempo map and its last ring, so that the asked length comes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from scorekit.compiler import endings, sections, tempo
from scorekit.compiler.genres import GenreTempo
from scorekit.compiler.strings import MAX_SECONDS, Length
from scorekit.compiler.tables import Change
from scorekit.compiler.wrong import Reader
from scorekit.ideas import Ending
from scorekit.score import Claim, Decision, Placement
from scorekit.timebase import TempoMap

if TYPE_CHECKING:
    from scorekit.compiler.specs import SongSpec

RING = 2.0
"""Seconds from the last hit to the end of the song, where nothing else decides."""
RUNG = 4.0
"""Seconds after which nothing is waited for."""
RINGS = (1.4, 3.2)
"""Seconds it may be in a form that the genre chose: so the tempo can stay where it was drawn."""


def timed(
    song: SongSpec,
    genre: GenreTempo,
    pace: tempo.Pace,
    wanted: Length,
    placed: Sequence[Placement],
    wishes: Sequence[sections.Wish],
    ending: Ending | None,
    book: Reader,
) -> tuple[TempoMap, float, tuple[Decision, ...]]:
    """The tempo map, the ring after the last bar line in seconds, and what was decided so that the length comes out.

    A tempo the genre chose bends inside the genre's range until the last hit lands between ``RINGS`` seconds before the end, or
    ``RING`` where the song wrote form and length both. Then the ring stretches between 1.2 and 4 s; what is still missing is
    told (T6). Where no length is asked for the last bar is heard out. A loop, which has no ending, lasts as long as its bars;
    what rings on after them rings into its beginning.
    """
    laid = [(p.section, p.start) for p in placed]
    local = [span_of(wish) for wish in wishes]
    hit = placed[-1].start + endings.last_stroke(placed[-1].section, ending) if ending else placed[-1].end
    slow = ending.slow if ending else 0
    tempi = tempo.laid(pace, laid, local, slow, hit)
    free = song.form is None or song.length is not None
    goal = wanted.seconds if free else None
    if goal and not pace.fixed and not any(local):
        early, late = (0.0, 0.0) if ending is None else (RING, RING) if song.form is not None else RINGS[::-1]
        now = tempi.seconds(hit)
        landing = max(0.5, min(goal - late, max(goal - early, now)))
        bpm = min(genre.max, max(genre.min, pace.bpm * now / landing))
        tempi = tempo.laid(replace(pace, bpm=bpm), laid, local, slow, hit)
    landing = tempi.seconds(hit)
    heard_out = tempi.seconds(placed[-1].end) - landing + 1.0
    ring = max(RING + 0.5, heard_out) if goal is None else min(RUNG, max(1.2, goal - landing))
    total = landing + ring if ending else landing
    if landing > MAX_SECONDS:
        book.wrong(
            "length" if song.form is None else "form",
            f"the song would last {landing:.0f} s to its last stroke, {MAX_SECONDS} s is the limit",
            "shorten the form or raise the tempo",
        )
    missed = lengths_told(goal, total, tempi.bpm_at(0), pace.fixed)
    return tempi, total - tempi.seconds(placed[-1].end) if ending else RUNG, missed


def span_of(wish: sections.Wish) -> tuple[float, float] | None:
    """A section's own tempo, from and to."""
    own = wish.get("tempo")
    if own is None:
        return None
    if isinstance(own, Change):
        start = own.start or (own.dotted * 1.5 if own.dotted else None) or own.end or 120.0
        return start, own.end or start
    return float(own), float(own)  # type: ignore[arg-type]


def lengths_told(goal: float | None, total: float, bpm: float, fixed: bool) -> tuple[Decision, ...]:
    """T6: the asked length and whole bars at this tempo disagree by more than half a second."""
    if goal is None or abs(goal - total) <= 0.5:
        return ()
    sides = (
        Claim("length", f"{goal:g} s", 0.8),
        Claim("tempo" if fixed else "form", f"whole bars at {bpm:.4g} are {total:.1f} s", 1.0),
    )
    return (Decision("T6", "tempo", "song", sides, f"{total:.1f} s", "music ends on a bar line, not inside one"),)
