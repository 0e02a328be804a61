"""The first half of conflict resolution: bids settled before a note exists.

Specialists say what they would like (Bid); the coordinator has a plan (Arrangement). Each rule below looks at one kind of
disagreement, changes the arrangement at most once, and records who claimed what and why it went as it did. Rules run in
the order tempo, key, energy, instruments; none reopens what an earlier one settled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from scorekit.score import Arrangement, Bid, Claim, Decision, Lane, Plan, Section

RANK = ("drums", "bass", "lead", "keys", "guitar", "brass", "strings", "pads")
"""Who gives way last. The tune stands right behind the foundation."""
CLOSE = 5
"""Semitones between lane centres under which two sustaining parts mask each other."""
SUSTAINING = ("pads", "strings", "brass", "keys")
_ENOUGH = 0.5
"""Weight a wish must have to be granted against the arrangement."""


@dataclass(frozen=True, slots=True)
class Table:
    """What is on the table: the plan, the section, the arrangement so far, the bids."""

    plan: Plan
    section: Section
    arrangement: Arrangement
    bids: tuple[Bid, ...]

    def wishes(self, *names: str) -> tuple[Bid, ...]:
        """Bids for any of these wishes, by parts that play or could."""
        return tuple(bid for bid in self.bids if bid.wish in names)

    def pitched(self) -> tuple[str, ...]:
        """The pitched parts that play."""
        return tuple(name for name in self.arrangement.playing if name != "drums")


Outcome = tuple[Arrangement, tuple[Decision, ...]]
Rule = Callable[[Table], Outcome]


def settle(plan: Plan, section: Section, arrangement: Arrangement, bids: Sequence[Bid]) -> Outcome:
    """The arrangement after every disagreement, and the decisions in the order they were taken.

    With ``plan.resolver`` "off" nothing is settled; with "report" decisions are recorded and nothing changes.
    """
    if plan.resolver == "off":
        return arrangement, ()
    table = Table(plan, section, arrangement, tuple(bids))
    taken: list[Decision] = []
    for rule in RULES:
        settled, decisions = rule(table)
        taken += decisions
        table = replace(table, arrangement=settled)
    return (arrangement if plan.resolver == "report" else table.arrangement), tuple(taken)


# -- small tools -----------------------------------------------------------------------------------


def changed(arrangement: Arrangement, part: str, **fields: object) -> Arrangement:
    """The arrangement with one part's lane changed."""
    return Arrangement(tuple((n, replace(lane, **fields) if n == part else lane) for n, lane in arrangement.lanes))  # type: ignore[arg-type]


def claim(bid: Bid) -> Claim:
    """A bid as a claim: who wanted what, how much."""
    return Claim(bid.part, f"{bid.wish}: {bid.reason}", bid.weight)


def centre(lane: Lane) -> float:
    """Middle of a lane in semitones."""
    return (lane.low + lane.high) / 2


def rank(part: str) -> int:
    """Place in the order of giving way."""
    return RANK.index(part)


# -- tempo -----------------------------------------------------------------------------------------


def one_pace(table: Table) -> Outcome:
    """T3: some want half time, some double time. The form's flag wins; else the heavier side, if it is heavy enough."""
    wishes = table.wishes("halftime", "doubletime")
    if not wishes:
        return table.arrangement, ()
    flags = table.section.flags
    flagged = "half" if "half" in flags else "double" if "double" in flags else ""
    weight = {w: sum(b.weight for b in wishes if b.wish == w) for w in ("halftime", "doubletime")}
    pace, reason = "normal", "nobody wants it enough to leave the written pace"
    if flagged:
        pace, reason = flagged, "the form says so, and the form comes before any player"
    elif max(weight.values()) >= 1.2 and weight["halftime"] != weight["doubletime"]:
        pace = "half" if weight["halftime"] > weight["doubletime"] else "double"
        reason = f"the wish for {pace} time is the heavier one, {max(weight.values()):.1f} to {min(weight.values()):.1f}"
    arrangement = table.arrangement
    for name, lane in arrangement.lanes:
        if lane.pace != pace:
            arrangement = changed(arrangement, name, pace=pace)
    rule = Decision("T3", "tempo", table.section.id, tuple(map(claim, wishes)), f"{pace} time", reason)
    return arrangement, (rule,)


# -- key -------------------------------------------------------------------------------------------


def borrowed(table: Table) -> Outcome:
    """K1: a player would borrow a chord from the parallel mode. Chords belong to the song, so it is noted and declined."""
    wishes = table.wishes("borrow")
    if not wishes:
        return table.arrangement, ()
    reason = "the chords are the song's; write them in [sections." + table.section.name + "] to borrow one"
    decision = Decision("K1", "key", table.section.id, tuple(map(claim, wishes)), f"stays in {table.section.key}", reason)
    return table.arrangement, (decision,)


# -- energy ----------------------------------------------------------------------------------------


def rest_or_play(table: Table) -> Outcome:
    """E2: who would rather rest, and who would rather join, than the coordinator has it.

    A rest is granted while two pitched parts remain and the song does not ask the part to play; joining is granted while
    there is room at this tier.
    """
    arrangement, decisions = table.arrangement, []
    for bid in sorted(table.wishes("rest", "play"), key=lambda b: (-b.weight, rank(b.part))):
        now = replace(table, arrangement=arrangement)
        plays = arrangement.lane(bid.part).plays
        if plays != (bid.wish == "rest"):
            continue
        granted, reason = judged(now, bid)
        verb = "rests" if bid.wish == "rest" else "joins"
        if granted:
            arrangement = changed(arrangement, bid.part, plays=bid.wish == "play")
        stays = "plays on" if bid.wish == "rest" else "stays out"
        chosen = f"{bid.part} {verb if granted else stays}"
        others = Claim("arrangement", "plays" if plays else "rests", 0.5)
        decisions.append(Decision("E2", "energy", table.section.id, (claim(bid), others), chosen, reason))
    return arrangement, tuple(decisions)


def judged(table: Table, bid: Bid) -> tuple[bool, str]:
    """Whether a wish to rest or to join is granted, and the reason."""
    asked = table.plan.cell(table.section, bid.part).play
    room = table.plan.ideas.arrange.sizes[table.section.tier - 1]
    if asked is not None:
        return False, "the song asks for it otherwise"
    if bid.weight < _ENOUGH:
        return False, f"a weight of {bid.weight:.1f} is not enough to change the arrangement"
    if bid.wish == "rest":
        always = dict(table.plan.ideas.arrange.layers).get(table.section.name, ())
        if bid.part in always or bid.part in table.plan.focus:
            return False, "the section is built on it"
        keeps = len(table.pitched()) - 1 >= max(2, room - 1)
        return keeps, "enough players remain" if keeps else f"too few would remain at energy {table.section.tier}"
    fits = len(table.pitched()) < room
    return fits, "there is room" if fits else f"{room} pitched parts are enough at energy {table.section.tier}"


def thinner(table: Table) -> Outcome:
    """E2: a player asks for fewer notes here; granted by halves, never for the part in front."""
    arrangement, decisions = table.arrangement, []
    for bid in table.wishes("thin"):
        lane = arrangement.lane(bid.part)
        if not lane.plays or lane.layer == "front":
            continue
        density = max(0.15, lane.density - 0.25 * bid.weight)
        arrangement = changed(arrangement, bid.part, density=density)
        chosen = f"{bid.part} thins from {lane.density:.2f} to {density:.2f}"
        decisions.append(Decision("E2", "energy", table.section.id, (claim(bid),), chosen, "a background part may always give way"))
    return arrangement, tuple(decisions)


# -- instruments -----------------------------------------------------------------------------------


def foundation(table: Table) -> Outcome:
    """I5: at energy 3 and above somebody must give the root and somebody the time, unless the song silenced them."""
    if table.section.tier < 3:
        return table.arrangement, ()
    arrangement, decisions = table.arrangement, []
    for part, duty in (("bass", "the root"), ("drums", "the time")):
        lanes = dict(arrangement.lanes)
        asked = table.plan.cell(table.section, part).play
        silent = part == "drums" and "nodrums" in table.section.flags
        if part in lanes and not lanes[part].plays and asked is not False and not silent:
            arrangement = changed(arrangement, part, plays=True)
            claims = (Claim("arrangement", f"{part} rests", 0.5), Claim("energy", f"energy {table.section.tier} needs {duty}", 1.0))
            reason = f"without it nobody gives {duty}"
            decisions.append(Decision("I5", "instruments", table.section.id, claims, f"{part} plays", reason))
    return arrangement, tuple(decisions)


def octaves(table: Table) -> Outcome:
    """I1: a player asks for another octave; granted while the lane stays inside what the instrument can play."""
    arrangement, decisions = table.arrangement, []
    for bid in table.wishes("octave"):
        lane = arrangement.lane(bid.part)
        shift = 12 if bid.value > 0 else -12
        fits = 28 <= lane.low + shift and lane.high + shift <= 96 and lane.plays and bid.weight >= _ENOUGH
        if not lane.plays:
            continue
        if fits:
            arrangement = changed(arrangement, bid.part, low=lane.low + shift, high=lane.high + shift)
        chosen = f"{bid.part} {'moves' if fits else 'stays'} {'up' if shift > 0 else 'down'} an octave" if fits else f"{bid.part} stays"
        reason = "the lane is free" if fits else "it would leave its comfortable range"
        decisions.append(Decision("I1", "instruments", table.section.id, (claim(bid),), chosen, reason))
    return arrangement, tuple(decisions)


def masking(table: Table) -> Outcome:
    """I1: two sustaining parts in one register. The one that gives way first moves an octave, else is thinned."""
    arrangement, decisions = table.arrangement, []
    playing = [n for n in RANK if n in arrangement.playing and n in SUSTAINING]
    for place, lower in enumerate(playing):
        for upper in playing[:place]:
            a, b = arrangement.lane(upper), arrangement.lane(lower)
            if abs(centre(a) - centre(b)) >= CLOSE:
                continue
            arrangement, chosen = apart(arrangement, lower, a, b)
            claims = (Claim(upper, f"{a.low} to {a.high}", 1.0 - rank(upper) / 10), Claim(lower, f"{b.low} to {b.high}", 1.0 - rank(lower) / 10))
            reason = f"lanes {abs(centre(a) - centre(b)):.0f} semitones apart mask each other; {lower} ranks below {upper}"
            decisions.append(Decision("I1", "instruments", table.section.id, claims, chosen, reason))
    return arrangement, tuple(decisions)


def apart(arrangement: Arrangement, part: str, above: Lane, lane: Lane) -> tuple[Arrangement, str]:
    """Moves a lane half an octave away from another where the instrument allows, else thins it."""
    up = centre(lane) >= centre(above)
    shift = 7 if up else -7
    low, high = lane.low + shift, lane.high + shift
    if 45 <= low and high <= 91:
        return changed(arrangement, part, low=low, high=high), f"{part} moves {'up' if up else 'down'} a fifth, to {low}-{high}"
    return changed(arrangement, part, density=max(0.15, lane.density - 0.2)), f"{part} plays less"


RULES: tuple[Rule, ...] = (one_pace, borrowed, rest_or_play, thinner, foundation, octaves, masking)
