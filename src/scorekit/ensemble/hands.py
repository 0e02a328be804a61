"""What lies under the hands of whoever comps: a voicing for each stretch of a section, the next section's first included."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from scorekit.ensemble.base import heat
from scorekit.ensemble.families import RESTLESS, WIDE
from scorekit.ensemble.playing import LOOP, changes, strength, whole_song
from scorekit.ensemble.seats import ROOF, sung_over, tucked, yielding
from scorekit.ensemble.voicing import Voicing, coloured, lead_voices, revoiced, richest
from scorekit.ideas import CompIdeas
from scorekit.score import Brief, Chord
from scorekit.seeds import Seed
from scorekit.stage import Gist
from scorekit.theory import guide_tones
from scorekit.timebase import PPQ, Tick

_start = attrgetter("start")
_STILL = ("power", "boogie", "octaves", "barre", "open_chord")
"""Families whose inner voices do not wander."""
PHRASE = 4
"""Bars after which hands take a new place."""
Sound = tuple[int, str, int]
"""Root, quality and bass of a chord."""


class Slot(Struct, frozen=True):
    """A voicing under the hands from a tick to another; the last may lie beyond the section (its neighbour's chord)."""

    start: Tick
    end: Tick
    chord: Chord
    voicing: Voicing


def family_order(brief: Brief, ideas: CompIdeas) -> tuple[str, ...]:
    """The families with the song's own first: by the genre's order, richer ones with complexity. Hands keep to one family
    through a song, to another where it is loud.

    A band with power chords and full ones palm-mutes the first up to tier 3 and lets the others ring from tier 4; power
    chords without full ones are what it plays but where a cell asks for something else.
    """
    families = ideas.voicings or ("close",)
    full = tuple(f for f in families if f in ("open_chord", "barre"))
    if "power" in families and full:
        return (*full, "power") if brief.lane.tier >= 4 else ("power", *full)
    if "power" in families:
        return ("power",)
    lean = 6.0 * (brief.dials.complexity - 0.5)
    weights = [2.0**-n * 2.0 ** (lean * rich) for n, rich in enumerate(richest(families))]
    first = _song(brief).choose(f"family/{brief.lane.tier >= 4}", families, weights, heat(brief.dials))
    return (first, *(f for f in families if f != first))


def voiced(brief: Brief, hands: str, families: tuple[str, ...], above: Gist | None = None) -> tuple[Slot, ...]:
    """The voicings of the section, and of the next section's first chord where it is known.

    ``above`` is a part to stay above where the lane has the room, so that two compers do not sit on one chair.
    """
    section = brief.section
    chords = [coloured(chord, brief.dials.complexity, section.key) for chord in changes(section)]
    found = _led(brief, hands, families, chords, above)
    if brief.ending:
        restful = tuple(f for f in families if f not in RESTLESS) or ("triad_top3",)
        found = (*found[:-1], _led(brief, hands, restful, chords[-2:], above)[-1])
    if brief.seam.next_chord is not None:
        # Led from the last chord alone: what comes next must not change how this section is voiced.
        ahead = coloured(brief.seam.next_chord, brief.dials.complexity, section.key)
        ahead = replace(ahead, start=section.length, length=PPQ)
        found = (*found, _led(brief, hands, families, [chords[-1], ahead], above)[-1])
        chords.append(ahead)
    slots: list[Slot] = []
    for chord, voicing in zip(chords, found, strict=True):
        slots += _refreshed(brief, Slot(chord.start, chord.end, chord, voicing), families[0])
    return tuple(slots if _loops(brief) else _yielded(brief, slots))


def _yielded(brief: Brief, slots: Sequence[Slot]) -> list[Slot]:
    """The slots without what would lie on the tune, there or where the same comes again in another phrase."""
    length, sung = PHRASE * brief.section.meter.bar, defaultdict[tuple[Voicing, Tick, Tick], set[int]](set)
    keys = [(slot.voicing, slot.start % length, slot.end - slot.start) for slot in slots]
    for key, slot in zip(keys, slots, strict=True):
        sung[key].update(sung_over(brief.hears("lead"), slot.start, slot.end))
    return [_under(brief, slot, sorted(sung[key])) for key, slot in zip(keys, slots, strict=True)]


def _under(brief: Brief, slot: Slot, sung: Sequence[int]) -> Slot:
    """The slot without what would lie on what is sung; on keys what must be said all the same is said below it."""
    guides = [(slot.chord.root + tone) % 12 for tone in guide_tones(slot.chord.quality)]
    if not sung:
        return slot
    left = yielding(slot.voicing, sung, guides)
    return replace(slot, voicing=tucked(left, sung, brief.lane.low) if brief.part == "keys" else left)


def seats(
    brief: Brief, hands: str, families: tuple[str, ...], asked: Iterable[str], above: Gist | None = None
) -> dict[str, tuple[Slot, ...]]:
    """The voicings of the section by family: its own, and each that some cell asks for."""
    found = {families[0]: voiced(brief, hands, families, above)}
    for name in dict.fromkeys(asked):
        if name and name not in found:
            found[name] = voiced(brief, hands, (name,), above)
    return found


def _led(
    brief: Brief, hands: str, families: tuple[str, ...], chords: Sequence[Chord], above: Gist | None
) -> tuple[Voicing, ...]:
    """Chords voiced phrase by phrase, each led on into its own return: a phrase of the same chords is voiced alike wherever it
    comes, under all that is sung over it in the section; those of a loop whatever is sung."""
    loop, length = _loops(brief), PHRASE * brief.section.meter.bar
    tops, strong = ([None] * len(chords), [()] * len(chords)) if loop else _sung(brief, chords)
    low = _floor(brief, None if loop else above, tops)
    high = brief.lane.high if loop or families[0] in WIDE else _roof(brief)
    phrases = [tuple(row) for _, row in groupby(range(len(chords)), lambda n: chords[n].start // length)]
    alike: dict[tuple[Sound, ...], list[tuple[int, ...]]] = {}
    for row in phrases:
        alike.setdefault(tuple(sound_of(chords[n]) for n in row), []).append(row)
    found: dict[int, Voicing] = {}
    for sounds, rows in alike.items():
        led = lead_voices(
            [chords[n] for n in rows[0]],
            families,
            low,
            high,
            melody_tops=[
                min((t for n in places if (t := tops[n]) is not None), default=None)
                for places in zip(*rows, strict=True)
            ],
            strong=[tuple(sorted({p for n in places for p in strong[n]})) for places in zip(*rows, strict=True)],
            looped=len(sounds) > 1,
            seed=_song(brief),
            hands=hands,
            key=brief.section.key,
        )
        found |= {n: voicing for row in rows for n, voicing in zip(row, led, strict=True)}
    return tuple(found[n] for n in range(len(chords)))


def _loops(brief: Brief) -> bool:
    """Whether the player keeps one figure for the whole song."""
    return isinstance(brief.ideas, CompIdeas) and brief.ideas.stray < LOOP


def sound_of(chord: Chord) -> Sound:
    """What of a chord is voiced."""
    return chord.root, chord.quality, chord.bass


def _song(brief: Brief) -> Seed:
    """Where is drawn from what a player's hands do all through a song."""
    return whole_song(brief).at("hands", brief.part)


def _floor(brief: Brief, above: Gist | None, tops: Sequence[int | None]) -> int:
    """Lowest pitch of the voicings: above the middle of another part where an octave and a third remain to the lane's
    top, and an octave and a tone to the tune."""
    low, high = brief.lane.low, brief.lane.high
    if above is None or not above.plays:
        return low
    tune_low = min((top for top in tops if top is not None), default=high)
    return max(low, min(above.middle + 2, high - 16, tune_low - 14))


def _roof(brief: Brief) -> int:
    """Highest pitch of the voicings: the middle of the tune where two octaves less a seventh remain below it."""
    sung = sorted(note.pitch for note in brief.hears("lead"))
    low, high = brief.lane.low, brief.lane.high
    return min(high, max(low + ROOF, sung[len(sung) // 2])) if sung else high


def _sung(brief: Brief, chords: Sequence[Chord]) -> tuple[list[int | None], list[tuple[int, ...]]]:
    """Over each chord: where the tune's lowest quarter ends, and its notes on strong beats."""
    tops: list[int | None] = []
    strong: list[tuple[int, ...]] = []
    lead = brief.hears("lead")
    for chord in chords:
        begin, end = chord.start, chord.end
        over = [n for n in lead if n.start < end and n.start + n.length > begin]
        pitches = sorted(n.pitch for n in over)
        tops.append(pitches[len(pitches) // 4] if pitches else None)
        strong.append(
            tuple(sorted({n.pitch for n in over if strength(brief.section, n.start) >= 0.6 and n.length >= PPQ // 2}))
        )
    return tops, strong


def _refreshed(brief: Brief, slot: Slot, family: str) -> list[Slot]:
    """A chord that stays for two bars or more, with a voice moved now and then, as hands do."""
    bar = brief.section.meter.bar
    stride = bar if slot.end - slot.start < 4 * bar else 2 * bar
    ends = bool(brief.ending) and slot.end >= brief.section.length
    if slot.end - slot.start < 2 * bar or family in _STILL or ends:
        return [slot]
    pieces = []
    for n, start in enumerate(range(slot.start, slot.end, stride)):
        seed = _song(brief).at("revoice", *sound_of(slot.chord), n)
        moves = n % 2 == 1 and seed.chance("move a voice", 0.35 * (0.5 + brief.dials.creativity))
        voicing = slot.voicing
        if moves:
            voicing = revoiced(
                voicing, slot.chord, brief.section.key, brief.lane.low, brief.lane.high, seed.unit("which")
            )
        pieces.append(Slot(start, min(slot.end, start + stride), slot.chord, voicing))
    return pieces


def slot_at(slots: Sequence[Slot], tick: Tick) -> Slot:
    """The slot sounding at a tick; the last one after the end."""
    return slots[max(0, bisect_right(slots, tick, key=_start) - 1)]
