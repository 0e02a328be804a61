"""What a drummer changes from one bar to the next: small named edits of a bar of strokes.

Each takes the bar as it stands and returns it changed. None moves the backbeat or the first kick of the bar. Every draw
is named by the edit and the bar's own address.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from scorekit.ensemble.beats.kit import HATS, RIDES, SNARES, Bar, Knock, free, remarked
from scorekit.timebase import Tick

Strokes = list[Knock]
Edit = Callable[[Strokes, Bar], Strokes]


def _kicks(played: Strokes) -> list[Tick]:
    return sorted(k.at for k in played if k.row == "kick")


def _loose_kicks(played: Strokes) -> list[Tick]:
    """Kicks that may go: all but the first of the bar, and never beat 1."""
    return [at for at in _kicks(played)[1:] if at > 0]


def _one(bar: Bar, draw: str, places: Sequence[Tick]) -> Tick | None:
    return bar.seed.choose(draw, places) if places else None


def _add(played: Strokes, row: str, at: Tick | None, mark: str, why: str) -> Strokes:
    return played if at is None else [*played, Knock(at, row, mark, 0, why)]


def nothing(played: Strokes, bar: Bar) -> Strokes:
    """The bar as it is."""
    return played


def kick_pickup(played: Strokes, bar: Bar) -> Strokes:
    """A kick one step before a kick on the beat, or before the bar line."""
    step, taken = bar.step, {k.at for k in played if k.row == "kick" or (k.row in SNARES and k.mark in "X!")}
    targets = [at for at in _kicks(played) if at in bar.meter.onsets and at > 0] + [bar.meter.bar]
    places = [at - step for at in targets if at - step not in taken and at - 2 * step not in taken]
    return _add(played, "kick", _one(bar, "kick_pickup", places), "x", "kick pickup")


def drop_kick(played: Strokes, bar: Bar) -> Strokes:
    """One kick less; never the first, never beat 1."""
    gone = _one(bar, "drop_kick", _loose_kicks(played))
    return [k for k in played if not (k.row == "kick" and k.at == gone)]


def displaced_kick(played: Strokes, bar: Bar) -> Strokes:
    """A later kick comes a step or an eighth early or late, where a foot would put it."""
    moved = _one(bar, "displaced_kick", _loose_kicks(played))
    if moved is None:
        return played
    backbeats = {k.at for k in played if k.row in SNARES and k.mark in "X!"}
    far = {bar.step, 2 * bar.step} if bar.grid == 4 else {bar.step}
    places = [at for at in free(bar, played, ("kick",)) if abs(at - moved) in far and at not in backbeats]
    places = [at for at in places if bar.grid != 4 or _footed(at, bar, played)]
    to = _one(bar, "displaced_kick/to", places)
    if to is None:
        return played
    kept = [k for k in played if not (k.row == "kick" and k.at == moved)]
    return _add(kept, "kick", to, "x", "displaced kick")


def _footed(at: Tick, bar: Bar, played: Strokes) -> bool:
    """Whether sixteenths have a place for a kick: on an eighth, or just before a beat; on the sixteenth after one only in
    a bar whose kick lives there."""
    eighth = 2 * bar.step
    return (
        at % eighth == 0
        or at % (2 * eighth) == 3 * bar.step
        or any(k % (2 * eighth) == bar.step for k in _kicks(played))
    )


def kick_bomb(played: Strokes, bar: Bar) -> Strokes:
    """A loud kick off the beat, in the second half of the bar."""
    places = [at for at in bar.halves if at * 2 >= bar.meter.bar and at not in _kicks(played)]
    return _add(played, "kick", _one(bar, "kick_bomb", places), "X", "kick bomb")


def ghost_shuffle(played: Strokes, bar: Bar) -> Strokes:
    """Ghost notes of the snare move by a step, go or come; they never touch a backbeat."""
    solid = {k.at for k in played if k.row in SNARES and k.mark != "g"}
    ghosts = [k for k in played if k.row == "snare" and k.mark == "g"]
    kept = [k for k in played if k not in ghosts]
    taken = set(solid)
    for ghost in ghosts:
        at = _shuffled(ghost.at, bar, taken)
        if at is not None:
            taken.add(at)
            kept.append(replace(ghost, at=at, why=ghost.why if at == ghost.at else "ghost shuffle"))
    spots = [at for at in bar.steps if at not in taken and at not in bar.meter.onsets]
    extra = _one(bar, "ghost/new", spots) if bar.seed.chance("ghost/more", 0.6) else None
    return _add(kept, "snare", extra, "g", "ghost shuffle")


def _shuffled(at: Tick, bar: Bar, taken: set[Tick]) -> Tick | None:
    """Where a ghost goes: mostly where it was, often a step off, now and then nowhere."""
    fate = bar.seed.unit(f"ghost/{at}")
    if fate < 0.2:
        return None
    to = at + (bar.step if fate < 0.38 else -bar.step if fate < 0.55 else 0)
    usable = 0 <= to < bar.meter.bar and to not in taken and (to == at or to not in bar.meter.onsets)
    return to if usable else at if at not in taken else None


def _backbeats(played: Strokes) -> list[Knock]:
    return [k for k in played if k.row == "snare" and k.mark in "X!"]


def snare_drag(played: Strokes, bar: Bar) -> Strokes:
    """One backbeat with a drag before it."""
    place = _one(bar, "snare_drag", [k.at for k in _backbeats(played)])
    return [remarked(k, "snare", "d", "snare drag") if k.row == "snare" and k.at == place else k for k in played]


def snare_comp(played: Strokes, bar: Bar) -> Strokes:
    """The left hand talks: one or two snare strokes off the beat, a ghost and, louder, an answer."""
    places = [at for at in free(bar, played, SNARES) if at not in bar.meter.onsets[::2]]
    first = _one(bar, "snare_comp", places)
    changed = _add(played, "snare", first, "g", "snare comping")
    if first is None or not bar.seed.chance("snare_comp/two", 0.5):
        return changed
    later = [at for at in places if at > first]
    return _add(changed, "snare", _one(bar, "snare_comp/second", later), "s", "snare comping")


def clap_pickup(played: Strokes, bar: Bar) -> Strokes:
    """A soft clap (snare, where there is none) one step before a later backbeat or the bar line."""
    row = "clap" if any(k.row == "clap" for k in played) else "snare"
    taken = {k.at for k in played if k.row == row}
    targets = [at for at in sorted(taken) if at * 2 >= bar.meter.bar] + [bar.meter.bar]
    places = [at - bar.step for at in targets if at - bar.step not in taken]
    return _add(played, row, _one(bar, "clap_pickup", places), "s", f"{row} pickup")


def _opened(played: Strokes, at: Tick | None, mark: str, why: str) -> Strokes:
    """The hat at a place opened; the closed hats under it go, the next one closes it."""
    if at is None:
        return played
    kept = [k for k in played if not (k.row in HATS and k.at == at)]
    return [*kept, Knock(at, "oh", mark, 0, why)]


def hat_open_and4(played: Strokes, bar: Bar) -> Strokes:
    """The last off-beat of the bar on the open hat."""
    hats = any(k.row in HATS for k in played)
    return _opened(played, bar.halves[-1] if hats else None, "x", "open hat on the last and")


def hat_lift(played: Strokes, bar: Bar) -> Strokes:
    """One earlier off-beat hat barked open."""
    hats = {k.at for k in played if k.row == "hh"}
    places = [at for at in bar.halves[:-1] if at in hats]
    return _opened(played, _one(bar, "hat_lift", places), "s", "hat lift")


def ride_bell(played: Strokes, bar: Bar) -> Strokes:
    """The ride's off-beats (or beats, when it plays only those) on the bell for this bar."""
    rides = [k.at for k in played if k.row == "ride"]
    chosen = {at for at in rides if at in bar.halves} or {at for at in rides if at in bar.meter.onsets}
    return [remarked(k, "bell", "x", "ride bell") if k.row == "ride" and k.at in chosen else k for k in played]


def ride_skip(played: Strokes, bar: Bar) -> Strokes:
    """A skip note more or less: the step before a beat, on whatever cymbal keeps the time."""
    row = next((r for r in (*RIDES, "brush", "hh") if any(k.row == r for k in played)), None)
    places = [(at or bar.meter.bar) - bar.step for at in bar.meter.onsets]
    place = _one(bar, "ride_skip", places)
    if row is None or place is None:
        return played
    kept = [k for k in played if not (k.row == row and k.at == place)]
    return kept if len(kept) < len(played) else _add(played, row, place, "s", "skip note")


EDITS: dict[str, Edit] = {
    edit.__name__: edit
    for edit in (
        nothing,
        kick_pickup,
        ghost_shuffle,
        hat_open_and4,
        drop_kick,
        snare_drag,
        ride_bell,
        displaced_kick,
        hat_lift,
        snare_comp,
        ride_skip,
        kick_bomb,
        clap_pickup,
    )
}
VARIATIONS = tuple(EDITS)
"""Every variation a genre's ``vary`` table may name."""
