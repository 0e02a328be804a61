"""The guitarist: strums, scratches, palm mutes and picked arpeggios in shapes a hand can hold."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from msgspec.structs import replace

from scorekit.ensemble import intents
from scorekit.ensemble.base import LOUDER, Pen, loudness
from scorekit.ensemble.comping import stabs
from scorekit.ensemble.families import RESTLESS, tones
from scorekit.ensemble.figures import figure, line
from scorekit.ensemble.hands import Slot, family_order, seats, slot_at
from scorekit.ensemble.licks import Lick, licks
from scorekit.ensemble.listening import unfolded
from scorekit.ensemble.playing import fills_of, knee, level, strength, tune
from scorekit.ensemble.riffs import named, said, voiced
from scorekit.ensemble.stabs import Stab, touch, with_intents
from scorekit.ensemble.voicing import Voicing
from scorekit.ideas import CompIdeas
from scorekit.playable import TUNING, on_guitar
from scorekit.score import Bid, Brief, Chord, Origin, Phrase
from scorekit.theory import guide_tones
from scorekit.timebase import PPQ, Tick

UPSTROKE = 10
"""How much softer an upstroke is."""


class Guitar:
    """Rhythm guitar."""

    name = "guitar"

    def bid(self, brief: Brief) -> tuple[Bid, ...]:
        """Rest at the lowest tier, play at the highest with full chords, thin out behind others."""
        ideas, tier = brief.ideas, brief.section.tier
        assert isinstance(ideas, CompIdeas)
        wishes = []
        if tier == 1 and "single_arp" not in ideas.voicings:
            wishes.append(Bid("guitar", "instruments", "rest", 1.0, 0.6, "strums would fill the quiet"))
        if tier == 5 and {"power", "barre", "open_chord"} & set(ideas.voicings):
            wishes.append(Bid("guitar", "energy", "play", 1.0, 0.8, "open strings make the loudest section wide"))
        if tier in (2, 3) and brief.lane.layer == "back":
            wishes.append(Bid("guitar", "instruments", "thin", 0.3, 0.3, "behind others a few strokes are enough"))
        return tuple(wishes)

    def play(self, brief: Brief) -> Phrase:
        """The guitar of a section."""
        ideas = brief.ideas
        assert isinstance(ideas, CompIdeas)
        pen = Pen(brief.part)
        if not brief.lane.plays:
            return pen.phrase(brief.section.length)
        families = family_order(brief, ideas)
        strokes = _beside_riff(brief, _under_fills(brief, stabs(brief, ideas, ("bass",), _twin(brief, ideas))))
        said_between = licks(brief, ideas.licks, tune(brief)) if strokes else ()
        strokes = with_intents(brief, _beside_licks(strokes, said_between))
        if families[0] in RESTLESS:  # what the whole band strikes is the chord, not two strings of it
            full = next((family for family in families if family not in RESTLESS), "triad_top3")
            strokes = [replace(stab, family=full) if stab.mark == "!" else stab for stab in strokes]
        for family, slots in seats(brief, "guitar", families, (stab.family for stab in strokes)).items():
            own = [stab for stab in strokes if (stab.family or families[0]) == family]
            chords = [stab for stab in own if stab.tone in ("", "c", "x")]
            if family == "single_arp":
                _pick(brief, pen, chords, slots, ideas.gate)
            else:
                _strum(brief, pen, chords, slots, ideas, family)
            _line(brief, pen, [stab for stab in own if stab not in chords], slots, ideas.gate)
        _riff(brief, pen, ideas)
        _licks(brief, pen, said_between, strokes)
        phrase = pen.phrase(brief.section.length, said(brief, f"{_idea(strokes)}, {families[0]}"))
        return replace(phrase, notes=intents.hush(phrase.notes, intents.quiet(brief)))


def _twin(brief: Brief, ideas: CompIdeas) -> frozenset[Tick]:
    """When the bass strikes, with whom the guitar plays riffs in genres of power chords."""
    return unfolded(brief.gist("bass").figure, brief.section) if "power" in ideas.voicings else frozenset()


def _beside_riff(brief: Brief, strokes: list[Stab]) -> list[Stab]:
    """The strokes outside the bars in which the band says its riff."""
    riff, bar = brief.riff, brief.section.meter.bar
    if riff is None or brief.cell.pattern:
        return strokes
    first = [number * bar for number in riff.bars_of(brief.part)]
    kept = [s for s in strokes if not riff.here(brief.part, s.at, bar)]
    ends = [min((t for t in first if t > s.at), default=s.at + s.length) for s in kept]
    return [replace(s, length=min(s.length, end - s.at)) for s, end in zip(kept, ends, strict=True)]


def _riff(brief: Brief, pen: Pen, ideas: CompIdeas) -> None:
    """The band's riff an octave over the bass: accents as power chords where the genre has them, the rest on one string,
    muted where the palm lies on it."""
    riff, section = brief.riff, brief.section
    if riff is None or brief.part not in riff.parts or brief.cell.pattern:
        return
    end = intents.finale(brief)
    struck = set(intents.strikes(section, brief.part))
    for tone in voiced(riff, brief.part, brief.lane.low, brief.lane.high, 1, section.meter.bar):
        if tone.start in struck or tone.manner == "dead" or (end is not None and tone.start >= end):
            continue
        origin = Origin(
            riff.path, "guitar", named(riff, "guitar"), f"{brief.seed.address}/{tone.start // section.meter.bar}"
        )
        loud = knee(
            tone.velocity + LOUDER * (brief.lane.tier - 3) + level(brief, tone.start) + touch(brief.seed, tone.start)
        )
        power = "power" in ideas.voicings and tone.velocity >= 100
        fifth = (tone.pitch + 7,) if power and on_guitar((tone.pitch, tone.pitch + 7)) else ()
        length = min(tone.length, PPQ // 2) * 3 // 5 if tone.manner == "mute" else round(tone.length * ideas.gate)
        for n, pitch in enumerate((tone.pitch, *fifth)):
            pen.write(tone.start, length, pitch, loud - 3 * n, origin, tone.manner or "down")


def _beside_licks(strokes: list[Stab], found: tuple[Lick, ...]) -> list[Stab]:
    """The strokes outside the licks, ended where one begins."""
    for lick in found:
        start, end = lick[0][0], lick[-1][0] + lick[-1][1]
        kept = [s for s in strokes if not start <= s.at < end]
        strokes = [replace(s, length=start - s.at) if s.at < start < s.at + s.length else s for s in kept]
    return strokes


def _licks(brief: Brief, pen: Pen, found: tuple[Lick, ...], strokes: Sequence[Stab]) -> None:
    """The licks on two strings, where the band strikes nothing."""
    struck = [
        *intents.strikes(brief.section, brief.part),
        *(tick for tick, _ in intents.pushes(brief.section, brief.part)),
    ]
    for lick in found:
        if not strokes or any(lick[0][0] <= tick < lick[-1][0] + lick[-1][1] for tick in struck):
            continue
        for at, length, pitches in lick:
            stab = Stab(at, length, "x", at, strokes[0].path, "lick in sixths")
            for n, pitch in enumerate(reversed(pitches)):
                pen.write(
                    at, round(0.95 * length), pitch, _velocity(brief, stab) - 3 * n, _origin(brief, stab, ""), "down"
                )


def _under_fills(brief: Brief, strokes: list[Stab]) -> list[Stab]:
    """While the drummer fills, only strokes on the beat and held ones: the fill is not talked over."""
    section = brief.section
    fills = fills_of(brief)
    return [
        s
        for s in strokes
        if s.at < fills.get(s.at // section.meter.bar, section.length) or s.held or strength(section, s.at) >= 0.6
    ]


def _idea(strokes: Sequence[Stab]) -> str:
    return strokes[0].idea.split(",")[0] if strokes else "lays out"


def _origin(brief: Brief, stab: Stab, what: str) -> Origin:
    place = f"{brief.seed.address}/{stab.at // brief.section.meter.bar}"
    return Origin(stab.path, "guitar", f"{stab.idea}{what}", place)


def _velocity(brief: Brief, stab: Stab) -> float:
    accent = 5.0 * (strength(brief.section, stab.at) - 0.5)
    return knee(loudness(stab.mark, brief.lane.tier) + accent + level(brief, stab.at) + touch(brief.seed, stab.at))


# -- strumming ---------------------------------------------------------------------------------------------------------


def _strum(
    brief: Brief, pen: Pen, strokes: Sequence[Stab], slots: Sequence[Slot], ideas: CompIdeas, family: str
) -> None:
    fine = any(stab.at % (PPQ // 2) for stab in strokes) and brief.section.grid == 4
    fingered = {stab.path for stab in strokes if stab.mark == "p"}
    before: Slot | None = None
    thumbs = 0
    for stab in strokes:
        slot = slot_at(slots, stab.sounds)
        fresh = slot is not before
        thumbs = (0 if fresh else thumbs) + (stab.mark == "p")
        before = slot
        voicing = figure(brief, family, slot, stab.at)
        slot = slot if voicing is slot.voicing else replace(slot, voicing=voicing)
        if stab.mark == "p":
            pitch = thumb(slot.chord, thumbs)
            pen.write(stab.at, max(stab.length, PPQ), pitch, _velocity(brief, stab), _origin(brief, stab, ", thumb"))
            continue
        if stab.path in fingered:
            slot = replace(slot, voicing=fingers(slot, brief.lane.high))
        if stab.tone == "x" or stab.mark == "m" or _palmed(brief, stab, family, fresh):
            _muted(brief, pen, stab, slot, "power" in ideas.voicings)
        else:
            _chord(brief, pen, stab, slot, ideas.gate, _direction(stab, family, fine))


def thumb(chord: Chord, count: int) -> int:
    """The low string that the thumb plays alone: the chord's bass on odd strokes, its fifth on even ones, below it where
    the guitar goes so deep."""
    root = TUNING[0] + (chord.bass - TUNING[0]) % 12
    if count % 2:
        return root
    fifth = root + (chord.root + tones(chord.root, chord.quality, ()).fifth - chord.bass) % 12
    return fifth - 12 if fifth - 12 >= TUNING[0] else fifth


def fingers(slot: Slot, high: int) -> Voicing:
    """Three upper strings over the thumb: third and seventh before all, the root not lowest where the hand can help it: the
    thumb has said it."""
    voicing, chord = slot.voicing, slot.chord
    told = {(chord.root + tone) % 12 for tone in guide_tones(chord.quality)}
    ways = (
        [voicing[-3:], voicing[-4:-1], (*voicing[-2:], voicing[-3] + 12), *combinations(voicing, 3)]
        if voicing[2:]
        else []
    )
    held = [w for w in ways if len(w) == 3 and max(w) <= high and on_guitar(tuple(sorted(w)))]
    best = min(held, key=lambda w: (-len(told & {p % 12 for p in w}), min(w) % 12 == chord.root), default=voicing[-3:])
    return tuple(sorted(best))


def _palmed(brief: Brief, stab: Stab, family: str, fresh: bool) -> bool:
    """Power chords up to tier 3 are palm-muted but for accents, held notes and the first of each chord."""
    return family == "power" and brief.lane.tier <= 3 and stab.mark in "xs" and not stab.held and not fresh


def _direction(stab: Stab, family: str, fine: bool) -> str:
    """Down on beats, up off them; eighths are all down when the hand moves in sixteenths or digs into power chords."""
    if stab.mark in "v^":
        return "up" if stab.mark == "^" else "down"
    if family in ("power", "boogie", "octaves", "double_stop", "freddie_shell"):
        return "down"
    return "up" if stab.at % (PPQ // 2 if fine else PPQ) else "down"


def _chord(brief: Brief, pen: Pen, stab: Stab, slot: Slot, gate: float, way: str) -> None:
    """A stroke over the strings: the accent on the strings struck first; upstrokes catch the top three or four."""
    strings = slot.voicing
    if way == "up":
        strings = strings[-(4 if brief.lane.tier >= 4 else 3) :]
    velocity = _velocity(brief, stab) - (UPSTROKE if way == "up" and stab.mark != "^" else 0)
    order = strings if way == "down" else tuple(reversed(strings))
    origin = _origin(brief, stab, "")
    length = round(stab.length * (1.0 if stab.held else gate))
    for n, pitch in enumerate(order):
        pen.write(stab.at, length, pitch, velocity - 1.5 * n, origin, way)


def _muted(brief: Brief, pen: Pen, stab: Stab, slot: Slot, palm: bool) -> None:
    """Where power chords are played: the palm on the low strings, pitched; in the second half of a loud chorus they ring.
    Elsewhere a scratch over dead strings."""
    if palm and intents.risen(brief.section, stab.at):
        origin, velocity = _origin(brief, stab, ", let ring"), _velocity(brief, replace(stab, mark="x"))
        for n, pitch in enumerate(_bare(slot)):
            pen.write(stab.at, min(stab.length, PPQ // 2), pitch, velocity - 2 * n, origin, "down")
        return
    if palm:
        origin = _origin(brief, stab, ", palm mute")
        velocity = _velocity(brief, replace(stab, mark="x") if stab.mark == "m" else stab)
        for n, pitch in enumerate(_bare(slot)):
            pen.write(stab.at, min(stab.length, PPQ // 2) * 3 // 5, pitch, velocity - 4 - 3 * n, origin, "mute")
        return
    origin, velocity = _origin(brief, stab, ", scratch"), _velocity(brief, stab)
    for n, pitch in enumerate(slot.voicing[-3:]):
        pen.write(stab.at, PPQ // 8, pitch, velocity - 2 * n, origin, "dead")


def _bare(slot: Slot) -> tuple[int, ...]:
    """What lies under the palm: root and fifth of the low strings; the lowest string alone where there is neither."""
    root = slot.chord.root
    fifth = root + tones(root, slot.chord.quality, ()).fifth
    return tuple(p for p in slot.voicing[:3] if p % 12 in (root % 12, fifth % 12))[:2] or slot.voicing[:1]


def _line(brief: Brief, pen: Pen, strokes: Sequence[Stab], slots: Sequence[Slot], gate: float) -> None:
    """Single strings and pairs, the palm on those marked ``m``."""
    for stab in strokes:
        pitches, muted = line(brief, slot_at(slots, stab.sounds), stab.tone, stab.at), stab.mark == "m"
        velocity = _velocity(brief, replace(stab, mark="s") if muted else stab)
        length = min(stab.length, PPQ // 4) * 3 // 5 if muted else round(stab.length * (1.0 if stab.held else gate))
        for n, pitch in enumerate(pitches):
            manner = "mute" if muted else "down" if len(pitches) > 1 else ""
            pen.write(stab.at, length, pitch, velocity - 2 * n, _origin(brief, stab, ", line"), manner)


# -- picking -----------------------------------------------------------------------------------------------------------

_ORDERS = ((0, 2, 1, 3), (0, 1, 2, 3, 2, 1), (0, 2, 3, 2, 1, 2), (3, 2, 1, 0))
"""Ways through the strings of an arpeggio."""


def _pick(brief: Brief, pen: Pen, strokes: Sequence[Stab], slots: Sequence[Slot], gate: float) -> None:
    """One string a stroke, in an order kept for the section, ringing on for a beat and a half within the chord; plucked
    short where the gate is below .7."""
    order = _ORDERS[int(brief.seed.unit("picking order") * len(_ORDERS))]
    count, before = 0, slots[0]
    for stab in strokes:
        slot = slot_at(slots, stab.sounds)
        count, before = (0 if slot.chord != before.chord else count), slot
        if stab.held and stab.mark in "X!":
            _chord(brief, pen, stab, slot, 1.0, "down")
            continue
        string = order[count % len(order)] % len(slot.voicing)
        count += 1
        ring: Tick = max(stab.length, min(PPQ * 3 // 2, slot.end - stab.at))
        ring = ring if gate >= 0.7 else round(stab.length * gate)
        pen.write(stab.at, ring, slot.voicing[string], _velocity(brief, stab), _origin(brief, stab, ", picked"))
