"""The keyboard player: two hands that know when the guitar plays and where the tune lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from scorekit.ensemble import intents
from scorekit.ensemble.base import Pen, loudness
from scorekit.ensemble.comping import Stab, stabs, touch, with_intents
from scorekit.ensemble.families import tones
from scorekit.ensemble.grid import eighths
from scorekit.ensemble.hands import Slot, family_order, seats, slot_at
from scorekit.ensemble.playing import home, knee, level, strength
from scorekit.ideas import CompIdeas
from scorekit.score import Bid, Brief, Origin, Phrase
from scorekit.timebase import PPQ

_OPEN = ("spread", "spread4", "open_triad9", "single_arp", "close")
"""Families that break well into single notes."""


class Keys:
    """Piano, electric piano, organ or synthesizer: whatever the genre gives it to play."""

    name = "keys"

    def bid(self, brief: Brief) -> tuple[Bid, ...]:
        """Thin where the guitar is dense, an octave up behind a busy band, a borrowed chord before a quiet close."""
        ideas, section = brief.ideas, brief.section
        assert isinstance(ideas, CompIdeas)
        wishes = []
        if section.tier >= 4 and brief.lane.layer != "front":
            wishes.append(Bid("keys", "energy", "thin", 0.3, 0.4, "a dense guitar leaves room for few chords"))
        if section.tier == 5 and ideas.high < 80:
            wishes.append(
                Bid("keys", "instruments", "octave", 1.0, 0.3, "above the guitars it is heard without being loud")
            )
        if section.tier <= 2 and brief.dials.creativity > 0.6 and section.cadence == "closed":
            wishes.append(Bid("keys", "key", "borrow", 1.0, 0.3, "a minor fourth before a quiet close"))
        return tuple(wishes)

    def play(self, brief: Brief) -> Phrase:
        """The keyboard of a section."""
        ideas = brief.ideas
        assert isinstance(ideas, CompIdeas)
        pen = Pen(brief.part)
        if not brief.lane.plays:
            return pen.phrase(brief.section.length)
        families = family_order(brief, ideas)
        strokes = with_intents(brief, stabs(brief, ideas, brief.hears("guitar")))
        by_family = seats(brief, "keys", families, (stab.family for stab in strokes), brief.hears("guitar"))
        slots = by_family[families[0]]
        texture = _texture(brief, strokes, families[0])
        _left_hand(brief, pen, strokes, slots)
        before: Slot | None = None
        two_handed = {stab.path for stab in strokes if stab.mark == "p"}
        for stab in strokes:
            slot = slot_at(by_family[stab.family or families[0]], stab.sounds)
            hands = "block" if stab.path in two_handed else texture
            _play(brief, pen, stab, slot, ideas.gate, hands, slot is not before)
            before = slot
        phrase = pen.phrase(brief.section.length, f"{_idea(strokes)}, {families[0]}, {texture}")
        return replace(phrase, notes=intents.hush(phrase.notes, intents.quiet(brief)))


def _idea(strokes: Sequence[Stab]) -> str:
    return strokes[0].idea.split(",")[0] if strokes else "lays out"


def _texture(brief: Brief, strokes: Sequence[Stab], family: str) -> str:
    """What the hands do: ``broken`` long chords, ``hands`` when strokes come as steadily as eighths, else ``block``."""
    rate = len(strokes) / max(1, brief.section.bars)
    picking = len({note.start for note in brief.hears("guitar")}) > 3 * brief.section.bars
    calm = brief.lane.tier <= 3 and family in _OPEN and rate <= 2.5 and not picking
    if calm and any(s.held for s in strokes) and home(brief).chance("broken", 0.15 + 0.4 * brief.dials.complexity):
        return "broken"
    return "hands" if rate >= 1.4 * len(brief.section.meter.onsets) else "block"


def _play(brief: Brief, pen: Pen, stab: Stab, slot: Slot, gate: float, texture: str, fresh: bool) -> None:
    if stab.mark == "p":
        _block(brief, pen, stab, (_under(slot, brief.lane.low - 7),), gate, ", left hand")
        return
    final = stab.mark in "X!" and stab.held
    if texture == "broken" and stab.length >= 2 * PPQ and not final:
        _broken(brief, pen, stab, slot)
    elif texture == "hands" and not final:
        _hands(brief, pen, stab, slot, gate, fresh)
    else:
        _block(brief, pen, stab, slot.voicing, gate, "")


def _under(slot: Slot, low: int) -> int:
    """What the left hand plays between the right hand's chords: the nearest root or fifth a third and more below them, or their
    lowest voice where the lane ends."""
    fifth = tones(slot.chord.root, slot.chord.quality, ()).fifth
    wanted = {slot.chord.root % 12, (slot.chord.root + fifth) % 12}
    below = (p for p in range(slot.voicing[0] - 3, low - 1, -1) if p % 12 in wanted)
    return next(below, slot.voicing[0])


def _origin(brief: Brief, stab: Stab, what: str) -> Origin:
    place = f"{brief.seed.address}/{stab.at // brief.section.meter.bar}"
    return Origin(stab.path, "keys", f"{stab.idea}{what}", place)


def _velocity(brief: Brief, stab: Stab) -> float:
    accent = 6.0 * (strength(brief.section, stab.at) - 0.5) - (20.0 if stab.mark == "p" else 0.0)
    return knee(loudness(stab.mark, brief.lane.tier) + accent + level(brief, stab.at) + touch(brief.seed, stab.at))


def _block(brief: Brief, pen: Pen, stab: Stab, voicing: Sequence[int], gate: float, what: str) -> None:
    """Together, the top voice brought out; soft long chords are rolled."""
    rolled = stab.held and brief.lane.tier <= 2 and len(voicing) > 3 and stab.length >= 2 * PPQ
    velocity, origin = _velocity(brief, stab), _origin(brief, stab, what)
    length = round(stab.length * (0.98 if stab.held else gate))
    for pitch in voicing:
        top = pitch == voicing[-1]
        pen.write(stab.at, length, pitch, velocity + (3 if top else -3), origin, "roll" if rolled else "")


def _hands(brief: Brief, pen: Pen, stab: Stab, slot: Slot, gate: float, fresh: bool) -> None:
    """The right hand keeps time with the upper voices; the lowest comes on fresh chords and in mid-bar."""
    strong = fresh or strength(brief.section, stab.at) >= 0.8 or len(slot.voicing) < 3
    _block(brief, pen, stab, slot.voicing if strong else slot.voicing[1:], gate, "" if strong else ", right hand")


def _broken(brief: Brief, pen: Pen, stab: Stab, slot: Slot) -> None:
    """A long chord in single eighths, up and part of the way down, each held to the end of the stroke."""
    rising = list(slot.voicing)
    order = rising + rising[-2:0:-1]
    velocity, origin = _velocity(brief, stab), _origin(brief, stab, ", broken")
    for n, start in enumerate(eighths(brief.section, stab.at, stab.at + stab.length)):
        pitch = order[n % len(order)]
        shade = -2.0 * (n % 2) - (3.0 if n else 0.0)
        pen.write(start, stab.at + stab.length - start, pitch, velocity + shade + touch(brief.seed, start), origin)


def _left_hand(brief: Brief, pen: Pen, strokes: Sequence[Stab], slots: Sequence[Slot]) -> None:
    """Without a bass player the left hand puts the chord's bass under each fresh or held chord, until the next one."""
    if brief.hears("bass"):
        return
    under = [(stab, slot_at(slots, stab.sounds)) for stab in strokes]
    fresh = [(s, slot) for n, (s, slot) in enumerate(under) if s.held or n == 0 or slot is not under[n - 1][1]]
    ends = [*(stab.at for stab, _ in fresh), brief.section.length][1:]
    for (stab, slot), end in zip(fresh, ends, strict=True):
        bass = 36 + slot.chord.bass
        if bass < slot.voicing[0] - 4:
            length = min(end - stab.at, max(stab.length, slot.end - stab.at))
            pen.write(stab.at, length, bass, _velocity(brief, stab) - 4, _origin(brief, stab, ", left hand"))
