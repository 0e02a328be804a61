"""Voicings by family, and the path through them that moves like a player's hands: dynamic programming over a section.

A voicing is a rising tuple of MIDI pitches. Costs are whole hundredths, so that equal costs are equal on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations, pairwise

from msgspec import Struct

from scorekit.ensemble.families import DIGGING, FAMILIES, LOW_SEATS, UNGUIDED, WIDE, shapes, tones
from scorekit.playable import on_guitar
from scorekit.score import Chord, Key
from scorekit.seeds import Seed
from scorekit.theory import LOW_LIMITS, SCALES, chord_classes, chord_scale, guide_tones

__all__ = ["FAMILIES", "Voicing", "candidates", "coloured", "lead_voices", "revoiced", "richest"]

Voicing = tuple[int, ...]
KEEP = 40
"""Candidates kept per chord, the best by vertical cost."""


class Seat(Struct, frozen=True):
    """Where and how somebody voices chords: families (most typical first), lane, hands, and the key for colours."""

    families: tuple[str, ...]
    low: int
    high: int
    hands: str
    tonic: int
    mode: str


# -- one chord ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8192)
def vertical(voicing: Voicing, root: int, quality: str, centre2: int, wide: bool, leading: int) -> int:
    """How a voicing sounds by itself: low-interval limits, seconds, minor ninths, register, span, doubled leading tone.

    ``centre2`` is twice the centre of the lane; ``leading`` the pitch class of the key's leading tone.
    """
    steps = [b - a for a, b in pairwise(voicing)]
    cost = sum(1200 for low, step in zip(voicing, steps, strict=False) if low < LOW_LIMITS.get(step, 0))
    cost += sum((500 if n == len(steps) - 1 else 100) for n, step in enumerate(steps) if step == 1)
    cost += 60 if steps and steps[-1] == 2 else 0
    ninths = sum(1 for a, b in combinations(voicing, 2) if b - a in (13, 25))
    meant = 13 in tones(root, quality, ()).intervals
    cost += ninths * (100 if meant else 800)
    cost += abs(sum(voicing) * 2 - centre2 * len(voicing)) * 15 // (2 * len(voicing))
    span = voicing[-1] - voicing[0]
    cost += 0 if wide else max(0, span - 16) * 40
    return cost + (300 if sum(p % 12 == leading for p in voicing) > 1 else 0)


def _complete(voicing: Voicing, root: int, quality: str) -> bool:
    classes = {(pitch - root) % 12 for pitch in voicing}
    return all(tone % 12 in classes for tone in guide_tones(quality))


def _squats(voicing: Voicing, root: int) -> bool:
    """Whether a full chord stands on its root in close position, where a bass player already is."""
    return len(voicing) >= 3 and voicing[0] % 12 == root and voicing[-1] - voicing[0] <= 12


def _placed(family: str, root: int, quality: str, seat: Seat) -> list[Voicing]:
    """Every octave of every shape of a family inside the lane, complete, (for a guitar) playable, and without a semitone
    on top where there is a choice."""
    scale = chord_scale(root, quality, seat.tonic, seat.mode)
    found: dict[Voicing, None] = {}
    high = seat.low + 11 if family in DIGGING else seat.high
    low = max(seat.low, 50) if family == "rootless_ab" else seat.low
    for shape in shapes(family, root, quality, scale):
        rising = sorted(set(shape))
        for base in range(root - 12, high + 1, 12):
            if base + rising[0] >= low and base + rising[-1] <= seat.high:
                found[tuple([base + interval for interval in rising])] = None
    kept = [v for v in found if seat.hands != "guitar" or on_guitar(v)]
    full = [v for v in kept if family in UNGUIDED or _complete(v, root, quality)] or kept
    return [v for v in full if len(v) < 2 or v[-1] - v[-2] > 1] or full


@lru_cache(maxsize=4096)
def candidates(root: int, quality: str, seat: Seat) -> tuple[tuple[Voicing, int], ...]:
    """The best voicings of a chord in a seat with their costs, best first; never empty.

    Where no family fits the lane, close position does, and in the last resort the two nearest chord tones.
    """
    leading = (seat.tonic + 11) % 12
    priced: dict[Voicing, int] = {}
    for rank, family in enumerate(seat.families):
        for voicing in _placed(family, root, quality, seat):
            cost = rank * 400 + vertical(voicing, root, quality, _centre2(family, seat), family in WIDE, leading)
            if family in LOW_SEATS:
                fuller = 100 * len(voicing) if seat.families[0] in ("open_chord", "barre") else 0
                cost += 40 * max(0, voicing[0] - seat.low - 13) - fuller
            cost += 400 * (seat.hands == "keys" and _squats(voicing, root))
            priced[voicing] = min(cost, priced.get(voicing, cost))
    if not priced:
        priced = dict.fromkeys(_makeshift(root, quality, seat), 0)
    return tuple(sorted(priced.items(), key=lambda item: (item[1], item[0]))[:KEEP])


def _centre2(family: str, seat: Seat) -> int:
    """Twice the pitch a family gathers around: the middle of the lane, the low strings for full guitar shapes."""
    return 2 * seat.low + 2 * LOW_SEATS[family] if family in LOW_SEATS else seat.low + seat.high


def _makeshift(root: int, quality: str, seat: Seat) -> list[Voicing]:
    full = ("barre",) if {"open_chord", "power"} & set(seat.families) else ()
    for family in (*full, "triad_top3", "close", "double_stop", "octaves"):
        fitting = _placed(family, root, quality, seat)
        if fitting:
            return fitting
    wanted = {(root + tone) % 12 for tone in (*guide_tones(quality), 0, 7)}
    inside = [pitch for pitch in range(seat.low, max(seat.high, seat.low + 11) + 1) if pitch % 12 in wanted]
    return [tuple(inside[:2])]


# -- from chord to chord -----------------------------------------------------------------------------------------------

_TOP = (420, 90, 0, 0, 20, 80, *(100 + 80 * (t - 5) for t in range(6, 61)))
"""Cost of the top line's motion by semitones: standing still and leaping are both worse than a second or third."""
_SIZE = tuple(35 * size + (12 * size * size if size > 4 else 0) for size in range(128))
"""Cost of a voice's motion by semitones."""
_KINDEST = -40
"""No move costs less: what contrary motion of top and bass earns one that is free."""


@lru_cache(maxsize=65536)
def _move(before: Voicing, after: Voicing, strict: bool) -> tuple[int, int]:
    """(cost, signed top motion) from a voicing to another; voices aligned from the top."""
    a, b = before[::-1], after[::-1]
    steps = [there - here for here, there in zip(a, b, strict=False)]
    top = steps[0]
    cost = sum([_SIZE[abs(step)] for step in steps]) * 4 // len(steps) + 250 * abs(len(a) - len(b))
    cost += _TOP[min(abs(top), 60)]
    if top and steps.count(top) == len(steps):
        cost += 500
    for n in range(1, len(steps)):
        if a[n - 1] - a[n] == 7 and steps[n - 1] == steps[n] != 0:
            return cost + (360 if strict else 120), top
    return cost, top


def _against(voicing: Voicing, ceiling: int | None, strong: tuple[int, ...]) -> int:
    """What the tune has against a voicing: crowding it from below, seconds and minor ninths with its strong notes."""
    cost = 200 * max(0, min(8, voicing[-1] - (ceiling - 2))) if ceiling is not None else 0
    for note in strong:
        gaps = [abs(pitch - note) for pitch in voicing]
        cost += 800 * (1 in gaps or 13 in gaps) + 200 * (2 in gaps)
    return cost


@lru_cache(maxsize=1024)
def _path(
    sounds: tuple[tuple[int, str, int], ...],
    seat: Seat,
    ceilings: tuple[int | None, ...],
    strong: tuple[tuple[int, ...], ...],
    top: int,
    lift: int,
    cadence: bool,
) -> tuple[Voicing, ...]:
    """The cheapest path through the candidates. ``top`` is the weight of the top-line term in hundredths, ``lift`` where
    hands begin, in semitones against the lane's centre."""
    layers = [candidates(root, quality, seat) for root, quality, _ in sounds]
    names = [tuple(v for v, _ in layer) for layer in layers]
    local = [[c + _against(v, ceilings[n], strong[n]) for v, c in layer] for n, layer in enumerate(layers)]
    aim = (seat.low + seat.high) // 2 + lift
    local[0] = [c + 30 * abs(v[len(v) // 2] - aim) for v, c in zip(names[0], local[0], strict=True)]
    total, run = local[0], [1] * len(local[0])
    back: list[list[int]] = []
    for n in range(1, len(sounds)):
        bass = (sounds[n][2] - sounds[n - 1][2] + 6) % 12 - 6
        states = sorted(zip(total, range(len(total)), names[n - 1], run, strict=True))
        found = [_cheapest(voicing, states, seat.hands == "strings", top - 100, bass) for voicing in names[n]]
        total = [cost + price for (cost, _, _), price in zip(found, local[n], strict=True)]
        run = [run[before] + 1 if motion == 0 else 1 for _, before, motion in found]
        back.append([before for _, before, _ in found])
    if cadence:
        root = sounds[-1][0]
        total = [c - 80 * ((v[-1] - root) % 12 in (3, 4, 7)) for v, c in zip(names[-1], total, strict=True)]
    return _traced(names, total.index(min(total)), back)


def _cheapest(
    after: Voicing, states: Sequence[tuple[int, int, Voicing, int]], strict: bool, top: int, bass: int
) -> tuple[int, int, int]:
    """(cost, number of the voicing before, motion of the top) of the cheapest way to a voicing.

    ``states`` are (cost so far, number, voicing, chords its top has stood still) of the chord before, the cheapest first:
    they are tried until none can be cheaper, of equal ones the lowest number wins. ``top`` is the weight of the top-line
    term less 100.
    """
    best, chosen, moved = 1 << 62, 0, 0
    for sofar, number, before, still in states:
        if sofar + _KINDEST > best:
            break
        cost, motion = _move(before, after, strict)
        if top:
            cost += top * _TOP[min(abs(motion), 60)] // 100
        if motion * bass < 0:
            cost += _KINDEST
        elif motion == 0 and still >= 2:
            cost += 200
        cost += sofar
        if cost < best or (cost == best and number < chosen):
            best, chosen, moved = cost, number, motion
    return best, chosen, moved


def _traced(names: Sequence[tuple[Voicing, ...]], last: int, back: Sequence[Sequence[int]]) -> tuple[Voicing, ...]:
    """The path that ends in a voicing, read back from the end."""
    chosen = [last]
    for best in reversed(back):
        chosen.append(best[chosen[-1]])
    return tuple(layer[index] for layer, index in zip(names, reversed(chosen), strict=True))


def lead_voices(
    chords: Sequence[Chord],
    families: str | Sequence[str],
    low: int,
    high: int,
    *,
    melody_tops: Sequence[int | None] = (),
    strong: Sequence[tuple[int, ...]] = (),
    looped: bool = False,
    seed: Seed | None = None,
    hands: str = "keys",
    key: Key | None = None,
    top_weight: float = 1.0,
) -> tuple[Voicing, ...]:
    """One voicing per chord within [low, high], led by the cost table of the design (section 2.3).

    ``families`` come from FAMILIES, the most typical first. ``melody_tops`` is the lowest note of the tune over each
    chord (None: no tune) and ``strong`` its notes on strong beats; empty sequences mean that nothing is sung.
    ``hands`` is keys, guitar (only shapes a hand can hold) or strings (parallel fifths cost three times as much).
    ``looped`` leads the last chord back to the first. ``seed`` moves the register of the start by up to 3 semitones.
    ``top_weight`` scales the top line's own melody: pads want .3.
    """
    if not chords:
        return ()
    names = (families,) if isinstance(families, str) else tuple(families)
    seat = Seat(
        names or ("close",), low, high, hands, key.tonic if key else chords[0].root, key.mode if key else "major"
    )
    sounds = tuple((chord.root, chord.quality, chord.bass) for chord in chords)
    ceilings = tuple(melody_tops) or (None,) * len(sounds)
    sung = tuple(strong) or ((),) * len(sounds)
    lift = int(seed.unit("register of the first chord") * 7) - 3 if seed else 0
    weight = round(100 * top_weight)
    if looped:
        return _path(sounds * 2, seat, ceilings * 2, sung * 2, weight, lift, False)[len(sounds) :]
    return _path(sounds, seat, ceilings, sung, weight, lift, True)


# -- colour ------------------------------------------------------------------------------------------------------------

_PLAINER = {
    "add9": "maj",
    "minadd9": "min",
    "69": "6",
    "min69": "min6",
    "maj9": "maj7",
    "maj13": "maj7",
    "maj7#11": "maj7",
    "min9": "min7",
    "min11": "min7",
    "min13": "min7",
    "9": "7",
    "13": "7",
    "7b9": "7",
    "7#9": "7",
    "7#11": "7",
    "7b13": "7",
    "13b9": "7",
    "13#11": "7",
    "7alt": "7",
    "9sus4": "7sus4",
    "11": "7sus4",
    "min9b5": "min7b5",
}
_PLAINEST = {"maj7": "maj", "min7": "min", "6": "maj", "min6": "min", "maj7#5": "aug", "minmaj7": "min"}
_RICHER = {
    "maj7": "maj9",
    "min7": "min9",
    "7": "9",
    "maj": "add9",
    "min": "minadd9",
    "7sus4": "9sus4",
    "6": "69",
    "min6": "min69",
}
_RICHNESS = {
    "power": 0,
    "boogie": 0,
    "octaves": 0,
    "double_stop": 1,
    "triad_top3": 1,
    "shell": 1,
    "freddie_shell": 1,
    "spread": 1,
    "open_chord": 2,
    "barre": 2,
    "close": 2,
    "single_arp": 2,
    "drop2": 3,
    "drop3": 3,
    "spread4": 3,
    "shell_9": 4,
    "open_triad9": 4,
    "9th_top4": 4,
    "turnaround": 4,
    "rootless_ab": 5,
    "quartal": 5,
}


def coloured(chord: Chord, complexity: float, key: Key) -> Chord:
    """The chord as the complexity dial wants it heard: without extensions below .35 (bare triads below .15), with the
    key's own ninth above .65."""
    quality = chord.quality
    if complexity < 0.35:
        quality = _PLAINER.get(quality, quality)
    if complexity < 0.15:
        quality = _PLAINEST.get(quality, quality)
    ninth = (chord.root + 2 - key.tonic) % 12
    if complexity > 0.65 and quality in _RICHER and ninth in _steps(key):
        quality = _RICHER[quality]
    if quality == chord.quality:
        return chord
    return Chord(chord.start, chord.length, chord.root, quality, chord.bass, chord.symbol, chord.path)


def _steps(key: Key) -> tuple[int, ...]:
    return SCALES.get(key.mode, SCALES["major"])


def richest(families: Sequence[str]) -> tuple[float, ...]:
    """How rich each family is among its neighbours: 0 the plainest, 1 the richest."""
    ranks = [_RICHNESS.get(family, 2) for family in families]
    low, span = min(ranks, default=0), (max(ranks, default=0) - min(ranks, default=0)) or 1
    return tuple((rank - low) / span for rank in ranks)


def revoiced(voicing: Voicing, chord: Chord, key: Key, low: int, high: int, pick: float) -> Voicing:
    """The same chord with one voice moved to the next scale tone, as hands do on a chord that stays: 9 for 8, 6 for 5, never
    the flat 6 or the sharp 4, never away from the third or the seventh, never to a tone that is there already.
    ``pick`` in [0, 1) chooses among the moves that make no semitone; the voicing itself when there is none.
    """
    scale, own = chord_scale(chord.root, chord.quality, key.tonic, key.mode), chord_classes(chord.root, chord.quality)
    told = {(chord.root + tone) % 12 for tone in guide_tones(chord.quality)}
    moves: list[Voicing] = []
    for n in range(len(voicing) - 1, 0, -1):
        others = voicing[:n] + voicing[n + 1 :]
        if voicing[n] % 12 in told:
            continue
        there = {other % 12 for other in others}
        for step in (2, 1, -2):
            pitch = voicing[n] + step
            clear = all(abs(pitch - other) not in (0, 1, 13) for other in others)
            clear = clear and ((pitch - chord.root) % 12 not in (6, 8) or pitch % 12 in own) and pitch % 12 not in there
            if pitch % 12 in scale and low <= pitch <= high and clear and others[0] < pitch:
                moves.append(tuple(sorted((*others, pitch))))
                break
    return moves[int(pick * len(moves))] if moves else voicing
