"""The first half of conflict resolution: bids settled before a note exists.

Specialists say what they would like (Bid); the coordinator has a plan (Arrangement). Each rule looks at one kind of
disagreement, changes the arrangement at most once, and records who claimed what and why it went as it did. A wish too
light to change anything is a thought not said aloud: it leaves no decision. Rules run in the order tempo, key, energy,
instruments; none reopens what an earlier one settled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from scorekit.ensemble.conflicts.board import RANK, weight
from scorekit.score import Arrangement, Bid, Claim, Decision, Lane, Plan, Section
from scorekit.theory import pitch_name

CLOSE = 5
"""Semitones between lane centres under which two sustaining parts mask each other."""
SUSTAINING = ("keys", "brass", "strings", "pads")
_ENOUGH = 0.5
"""Weight a wish must have to be heard against the arrangement; that of the arrangement itself."""
_PACE = 1.0
"""Weight the wishes for another pace must have together: no player changes the pace alone."""
_NARROWEST = 12
_COMFORT = (28, 96)


class Table(Struct, frozen=True):
    """What is on the table: the plan, the section, the arrangement so far, the bids."""

    plan: Plan
    section: Section
    arrangement: Arrangement
    bids: tuple[Bid, ...]

    def wishes(self, *names: str) -> tuple[Bid, ...]:
        """Bids for any of these wishes."""
        return tuple(bid for bid in self.bids if bid.wish in names)

    def pitched(self) -> tuple[str, ...]:
        """The pitched parts that play."""
        return tuple(name for name in self.arrangement.playing if name != "drums")

    def decision(self, rule: str, family: str, claims: Sequence[Claim], chosen: str, reason: str) -> Decision:
        """A decision about this section."""
        return Decision(rule, family, self.section.id, tuple(claims), chosen, reason)


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
    lanes = ((n, replace(lane, **fields) if n == part else lane) for n, lane in arrangement.lanes)
    return Arrangement(tuple(lanes))


def claim(bid: Bid) -> Claim:
    """A bid as a claim: who wanted what, how much."""
    return Claim(bid.part, f"{_WISHES.get(bid.wish, bid.wish)}: {bid.reason}", bid.weight)


_WISHES = {
    "halftime": "half time",
    "doubletime": "double time",
    "rest": "to rest",
    "play": "to play",
    "thin": "to play less",
    "octave": "another octave",
    "borrow": "a borrowed chord",
}


def centre(lane: Lane) -> float:
    """Middle of a lane in semitones."""
    return (lane.low + lane.high) / 2


def register(low: int, high: int) -> str:
    """``E3 to E5``."""
    return f"{pitch_name(low)} to {pitch_name(high)}"


def listed(names: Sequence[str]) -> str:
    """``keys``, ``keys and pads``, ``keys, brass and pads``."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def verb(names: Sequence[str], one: str, many: str) -> str:
    """``pads rest`` reads as a plural although it is one player: names of sections of players take the plural."""
    return many if len(names) > 1 or names[0] in _PLURAL else one


_PLURAL = ("drums", "keys", "strings", "pads")


# -- tempo -----------------------------------------------------------------------------------------


def one_pace(table: Table) -> Outcome:
    """T3: half time against double, or against the written pace. The form's flag wins, else the heavier side."""
    wishes = table.wishes("halftime", "doubletime")
    flag = next((f for f in ("half", "double") if f in table.section.flags), "")
    sides = {w: sum(b.weight for b in wishes if b.wish == w) for w in ("halftime", "doubletime")}
    heavy, light = max(sides.values()), min(sides.values())
    pace = flag or ("normal" if heavy < _PACE or heavy == light else "half" if heavy == sides["halftime"] else "double")
    arrangement, paces = table.arrangement, {lane.pace for _, lane in table.arrangement.lanes}
    for name, lane in arrangement.lanes:
        if lane.pace != pace:
            arrangement = changed(arrangement, name, pace=pace)
    against = [b for b in wishes if b.wish != f"{pace}time"]
    if paces == {pace} and not (light or sum(b.weight for b in against) >= _ENOUGH):
        return arrangement, ()
    written = Claim("form", f"{flag} time", 1.0) if flag else Claim("arrangement", "normal time", _ENOUGH)
    reason = why_pace(flag, pace, heavy, light)
    return arrangement, (table.decision("T3", "tempo", [*map(claim, wishes), written], f"{pace} time", reason),)


def why_pace(flag: str, pace: str, heavy: float, light: float) -> str:
    """The reason a pace was chosen."""
    if flag:
        return "the form says so, and the form comes before any player"
    if pace == "normal":
        return "the wishes are even" if heavy == light else "one player alone does not change the pace"
    return f"that side is heavier, {heavy:.1f} to {light:.1f}"


# -- key -------------------------------------------------------------------------------------------


def borrowed(table: Table) -> Outcome:
    """K1: players would borrow a chord from the parallel mode. Chords belong to the song: declined, if said aloud."""
    wishes = table.wishes("borrow")
    if sum(bid.weight for bid in wishes) < _ENOUGH:
        return table.arrangement, ()
    name = table.section.name
    reason = f"the chords are the song's: [sections.{name}] chords is the place to borrow one"
    claims = [*map(claim, wishes), Claim("song", f"the chords of {table.section.key}", 1.0)]
    return table.arrangement, (table.decision("K1", "key", claims, f"{name} stays in {table.section.key}", reason),)


# -- energy ----------------------------------------------------------------------------------------


def drums_follow(table: Table) -> Outcome:
    """E3: the drums are two tiers or more away from the section: they follow it, or hold back where no groove does."""
    lanes, tier = dict(table.arrangement.lanes), table.section.tier
    if "drums" not in lanes or not lanes["drums"].plays:
        return table.arrangement, ()
    lane = lanes["drums"]
    want = Claim("arrangement", f"energy {tier}", 1.0)
    if abs(lane.tier - tier) >= 2:
        settled = changed(table.arrangement, "drums", tier=tier)
        claims = (want, Claim("drums", f"energy {lane.tier}", weight("drums")))
        chosen = f"drums play at energy {tier}"
        return settled, (table.decision("E3", "energy", claims, chosen, "drums follow the section"),)
    known = [t for groove in table.plan.ideas.drums.grooves for t in groove.tiers]
    nearest = min(known, key=lambda t: abs(t - tier), default=tier)
    if nearest - tier < 2:
        return table.arrangement, ()
    density = max(0.1, lane.density - 0.15 * (nearest - tier))
    settled = changed(table.arrangement, "drums", density=density)
    claims = (want, Claim("genre", f"no groove below energy {nearest}", _ENOUGH))
    chosen = f"drums thin out, {lane.density:.2f} to {density:.2f}"
    return settled, (table.decision("E3", "energy", claims, chosen, "the quietest groove is still too loud"),)


def rest_or_play(table: Table) -> Outcome:
    """E2: who would rather rest, and who would rather join, than the coordinator has it.

    A rest is granted while two pitched parts remain and the song does not ask the part to play; joining is granted
    while there is room at this tier. Players who want the same and get the same answer share one decision.
    """
    arrangement = table.arrangement
    answers: dict[tuple[str, bool, str], list[Bid]] = {}
    for bid in sorted(table.wishes("rest", "play"), key=lambda b: (-b.weight, RANK.index(b.part))):
        if arrangement.lane(bid.part).plays != (bid.wish == "rest") or bid.weight < _ENOUGH:
            continue
        granted, reason = judged(replace(table, arrangement=arrangement), bid)
        if granted:
            arrangement = changed(arrangement, bid.part, plays=bid.wish == "play")
        answers.setdefault((bid.wish, granted, reason), []).append(bid)
    return arrangement, tuple(answered(table, *key, bids) for key, bids in answers.items())


def judged(table: Table, bid: Bid) -> tuple[bool, str]:
    """Whether a wish to rest or to join is granted, and the reason."""
    tier = table.section.tier
    room = table.plan.ideas.arrange.sizes[tier - 1]
    if table.plan.cell(table.section, bid.part).play is not None:
        return False, "the song says so"
    if bid.wish == "rest":
        always = dict(table.plan.ideas.arrange.layers).get(table.section.name, ())
        if bid.part in always or bid.part in table.plan.focus:
            return False, "the section is built on it"
        keeps = len(table.pitched()) - 1 >= max(2, room - 1)
        return keeps, "enough players remain" if keeps else f"too few would remain at energy {tier}"
    fits = len(table.pitched()) < room
    return fits, "there is room" if fits else f"{room} pitched parts are enough at energy {tier}"


def answered(table: Table, wish: str, granted: bool, reason: str, bids: Sequence[Bid]) -> Decision:
    """What players who wanted the same were told."""
    names = [bid.part for bid in bids]
    one, many = {
        ("rest", True): ("rests", "rest"),
        ("rest", False): ("plays on", "play on"),
        ("play", True): ("joins", "join"),
        ("play", False): ("stays out", "stay out"),
    }[wish, granted]
    planned = Claim("arrangement", f"{listed(names)} {'in' if wish == 'rest' else 'out'}", _ENOUGH)
    chosen = f"{listed(names)} {verb(names, one, many)}"
    return table.decision("E2", "energy", [*map(claim, bids), planned], chosen, reason)


def thinner(table: Table) -> Outcome:
    """E2: players in the background ask to play less: granted by a quarter of the wish's weight, never to the front."""
    arrangement = table.arrangement
    heard: list[Bid] = []
    for bid in table.wishes("thin"):
        lane = arrangement.lane(bid.part)
        if lane.plays and lane.layer != "front" and lane.density > 0.15:
            arrangement = changed(arrangement, bid.part, density=max(0.15, lane.density - 0.25 * bid.weight))
            heard.append(bid)
    if not heard:
        return arrangement, ()
    names = list(dict.fromkeys(bid.part for bid in heard))
    by = ", ".join(f"{table.arrangement.lane(n).density:.2f} to {arrangement.lane(n).density:.2f}" for n in names)
    chosen = f"{listed(names)} {verb(names, 'thins', 'thin')} out, {by}"
    claims = [*map(claim, heard), Claim("arrangement", f"{listed(names)} as written", _ENOUGH)]
    return arrangement, (table.decision("E2", "energy", claims, chosen, "in the background anybody may play less"),)


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
            needs = Claim("energy", f"{duty} at energy {table.section.tier}", 1.0)
            claims = (needs, Claim("arrangement", f"{part} out", _ENOUGH))
            chosen = f"{part} {verb([part], 'plays', 'play')}"
            decisions.append(table.decision("I5", "instruments", claims, chosen, f"nobody else gives {duty}"))
    return arrangement, tuple(decisions)


def octaves(table: Table) -> Outcome:
    """I1: a player asks for another octave; granted while the lane stays inside what the instrument can play."""
    arrangement, decisions = table.arrangement, []
    for bid in table.wishes("octave"):
        lane = arrangement.lane(bid.part)
        if not lane.plays or bid.weight < _ENOUGH:
            continue
        shift, way = (12, "up") if bid.value > 0 else (-12, "down")
        fits = _COMFORT[0] <= lane.low + shift and lane.high + shift <= _COMFORT[1]
        if fits:
            arrangement = changed(arrangement, bid.part, low=lane.low + shift, high=lane.high + shift)
        claims = (claim(bid), Claim("arrangement", register(lane.low, lane.high), _ENOUGH))
        move = f"{verb([bid.part], 'moves', 'move')} {way} an octave"
        chosen = f"{bid.part} {move if fits else verb([bid.part], 'stays', 'stay')}"
        reason = "there is room" if fits else "it would leave its comfortable range"
        decisions.append(table.decision("I1", "instruments", claims, chosen, reason))
    return arrangement, tuple(decisions)


def masking(table: Table) -> Outcome:
    """I1: two sustaining parts in one register. The one that ranks lower keeps to its half of it, else plays less."""
    arrangement, decisions = table.arrangement, []
    playing = [n for n in RANK if n in arrangement.playing and n in SUSTAINING]
    for place, lower in enumerate(playing):
        for upper in playing[:place]:
            a, b = arrangement.lane(upper), arrangement.lane(lower)
            if abs(centre(a) - centre(b)) >= CLOSE:
                continue
            fields, deed = parted(lower, a, b)
            arrangement = changed(arrangement, lower, **fields)
            claims = [Claim(who, register(own.low, own.high), weight(who)) for who, own in ((upper, a), (lower, b))]
            first = f"{upper} {verb([upper], 'comes', 'come')} first"
            reason = f"two held sounds in one register mask each other, and {first}"
            decisions.append(table.decision("I1", "instruments", claims, f"{lower} {deed}", reason))
    return arrangement, tuple(decisions)


def parted(part: str, above: Lane, lane: Lane) -> tuple[dict[str, float], str]:
    """A lane narrowed away from another so that their centres part; thinned where less than an octave would be left."""
    aim = centre(above) + (CLOSE if centre(lane) > centre(above) else -CLOSE)
    low, high, side = lane.low, int(2 * aim) - lane.low, "below"
    if aim > centre(above):
        low, high, side = int(2 * aim) - lane.high, lane.high, "above"
    if high - low >= _NARROWEST:
        return {"low": low, "high": high}, f"{verb([part], 'keeps', 'keep')} {side}, {register(low, high)}"
    density = max(0.15, lane.density - 0.2)
    return {"density": density}, f"{verb([part], 'plays', 'play')} less, {lane.density:.2f} to {density:.2f}"


RULES: tuple[Rule, ...] = (one_pace, borrowed, drums_follow, rest_or_play, thinner, foundation, octaves, masking)
