"""The keyboard player: two hands that know when the guitar plays and where the tune lies."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from msgspec.structs import replace

from scorekit.ensemble import intents
from scorekit.ensemble.base import Pen, loudness
from scorekit.ensemble.comping import stabs
from scorekit.ensemble.families import tones
from scorekit.ensemble.figures import line
from scorekit.ensemble.grid import eighths
from scorekit.ensemble.hands import Slot, family_order, seats, slot_at
from scorekit.ensemble.playing import home, knee, level, rooted, strength
from scorekit.ensemble.seats import OPENS, covers, opened, sung_over
from scorekit.ensemble.stabs import Stab, touch, with_intents
from scorekit.ideas import CompIdeas
from scorekit.score import Bid, Brief, Origin, Phrase
from scorekit.theory import LOW_LIMITS, guide_tones, scale_pitches
from scorekit.timebase import PPQ, Tick

_OPEN = ("spread", "spread4", "open_triad9", "single_arp", "close")
"""Families that break well into single notes."""


_HANDS = {"p": -17.0, "b": 5.0}
"""Marks of the left hand alone and of both together, and how loud they are beside a usual stroke."""


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
        strokes = with_intents(brief, stabs(brief, ideas, ("bass", "guitar")))
        by_family = seats(brief, "keys", families, (stab.family for stab in strokes), brief.gist("guitar"))
        texture = _texture(brief, strokes, families[0])
        under = [(stab, slot_at(by_family[stab.family or families[0]], stab.sounds)) for stab in strokes]
        two_handed = {stab.path for stab in strokes if stab.mark in "pb"}
        if two_handed:
            _left_hand(brief, pen, [(stab, slot) for stab, slot in under if stab.path in two_handed])
        if not brief.gist("bass").plays:
            _bass_under(brief, pen, [(stab, slot) for stab, slot in under if stab.path not in two_handed])
        before: Slot | None = None
        for stab, slot in _over(under):
            if stab.path in two_handed and stab.mark not in "X!" and stab.tone in ("", "c"):
                _right_hand(brief, pen, stab, slot, ideas.gate, texture)
            else:
                _play(brief, pen, stab, slot, ideas.gate, texture, slot is not before)
            before = slot
        phrase = pen.phrase(brief.section.length, f"{_idea(strokes)}, {families[0]}, {texture}")
        return replace(phrase, notes=intents.hush(phrase.notes, intents.quiet(brief)))


def _idea(strokes: Sequence[Stab]) -> str:
    return strokes[0].idea.split(",")[0] if strokes else "lays out"


def _texture(brief: Brief, strokes: Sequence[Stab], family: str) -> str:
    """What the hands do: ``broken`` long chords, ``hands`` when strokes come as steadily as eighths, else ``block``."""
    rate = len(strokes) / max(1, brief.section.bars)
    calm = brief.lane.tier <= 3 and family in _OPEN and rate <= 2.5 and not brief.gist("guitar").running
    if calm and any(s.held for s in strokes) and rooted(brief).chance("broken", 0.15 + 0.4 * brief.dials.complexity):
        return "broken"
    lined = any(s.tone for s in strokes)
    return "hands" if not lined and rate >= 1.4 * len(brief.section.meter.onsets) else "block"


def _play(brief: Brief, pen: Pen, stab: Stab, slot: Slot, gate: float, texture: str, fresh: bool) -> None:
    final = stab.mark in "X!" and stab.held
    if stab.tone not in ("", "c"):
        tap = replace(stab, mark="g", length=PPQ // 8, held=False)
        _block(brief, pen, tap if stab.tone == "x" else stab, line(brief, slot, stab.tone, stab.at), gate, ", line")
    elif texture == "broken" and stab.length >= 2 * PPQ and not final:
        _broken(brief, pen, stab, slot.voicing)
    elif texture == "hands" and not final:
        _hands(brief, pen, stab, slot, gate, fresh)
    else:
        _block(brief, pen, stab, slot.voicing, gate, "", slot)
        wider = fresh or strength(brief.section, stab.at) >= 0.6
        if (final and brief.ending and brief.lane.tier >= OPENS) or (wider and intents.risen(brief.section, stab.at)):
            _under(brief, pen, stab, slot, stab.length)


def _origin(brief: Brief, stab: Stab, what: str) -> Origin:
    place = f"{brief.seed.address}/{stab.at // brief.section.meter.bar}"
    return Origin(stab.path, "keys", f"{stab.idea}{what}", place)


def _velocity(brief: Brief, stab: Stab) -> float:
    accent = 6.0 * (strength(brief.section, stab.at) - 0.5) + _HANDS.get(stab.mark, 0.0)
    mark = "x" if stab.mark in _HANDS else stab.mark
    return knee(loudness(mark, brief.lane.tier) + accent + level(brief, stab.at) + touch(brief.seed, stab.at))


def _octaves(brief: Brief, stab: Stab, voicing: Sequence[int]) -> tuple[int, ...]:
    """What a loud section adds to a chord where it does not lie on the tune."""
    sung = sung_over(brief.hears("lead"), stab.at, stab.at + stab.length)
    return tuple(pitch for pitch in opened("keys", brief.lane.tier, voicing) if not covers(pitch, sung))


def _block(
    brief: Brief, pen: Pen, stab: Stab, voicing: Sequence[int], gate: float, what: str, slot: Slot | None = None
) -> None:
    """Together, the top voice brought out; soft long chords are rolled. Of a chord long enough a fourth may come before the
    third."""
    rolled = stab.held and brief.lane.tier <= 2 and len(voicing) > 3 and stab.length >= 2 * PPQ
    velocity, origin = _velocity(brief, stab), _origin(brief, stab, what)
    length = round(stab.length * (0.98 if stab.held else gate))
    third, fourth = suspended(brief, stab, slot) if slot is not None else (0, 0)
    wait = PPQ if stab.length < 3 * PPQ else 2 * PPQ
    octaves = _octaves(brief, stab, voicing) if slot is not None else ()
    top = max((*voicing, *octaves), default=0)
    for pitch in (*voicing, *octaves):
        loud = velocity + (3 if pitch == top else -3)
        if pitch == third:
            late = _origin(brief, stab, f"{what}, fourth before third")
            pen.write(stab.at, wait, fourth, loud, late)
            pen.write(stab.at + wait, length - wait, third, loud - 4, late)
        else:
            pen.write(stab.at, length, pitch, loud, origin, "roll" if rolled else "")


def suspended(brief: Brief, stab: Stab, slot: Slot) -> tuple[int, int]:
    """(third, fourth) of a chord held for two beats and more whose third comes late, now and then, most where the player
    turns; (0, 0) where it does not, the fourth is not of the key, or the tune sings beside it."""
    section, chord, none = brief.section, slot.chord, (0, 0)
    told, bar = tones(chord.root, chord.quality, ()), stab.at // section.meter.bar
    odds = (0.5 if bar in brief.lane.turns else 0.12) * (0.5 + brief.dials.complexity)
    place = home(brief).at("suspend", stab.at % (8 * section.meter.bar))
    if not stab.held or stab.length < 2 * PPQ or stab.sounds != stab.at or chord.bass != chord.root or brief.ending:
        return none
    if (
        told.third not in (3, 4)
        or told.fifth != 7
        or any(t > 12 for t in told.intervals)
        or not place.chance("4-3", odds)
    ):
        return none
    third = next((p for p in slot.voicing[1:] if (p - chord.root) % 12 == told.third), 0)
    fourth = third + 5 - told.third
    known = {pitch % 12 for pitch in scale_pitches(section.key.tonic, section.key.mode)}
    close = {p for p in slot.voicing if p != third and abs(p - fourth) < 2}
    wait = [n for n in brief.hears("lead") if n.start < stab.at + 2 * PPQ and n.end > stab.at]
    sung = any((n.pitch - p) % 12 in (0, 1, 11) for n in wait for p in (third, fourth))
    return none if not third or fourth % 12 not in known or close or sung else (third, fourth)


def _hands(brief: Brief, pen: Pen, stab: Stab, slot: Slot, gate: float, fresh: bool) -> None:
    """The right hand keeps time with the upper voices; the lowest comes on fresh chords and in mid-bar."""
    strong = fresh or strength(brief.section, stab.at) >= 0.8 or len(slot.voicing) < 3
    _block(brief, pen, stab, slot.voicing if strong else slot.voicing[1:], gate, "" if strong else ", right hand")


_WAVES = ((0, 1, 2, 3, 2, 1), (0, 2, 1, 3, 1, 2), (0, 2, 3, 2, 1, 2), (0, 1, 3, 2))
"""Ways through a broken chord, as numbers of its voices."""


def _broken(brief: Brief, pen: Pen, stab: Stab, voicing: Sequence[int]) -> None:
    """A long chord in single eighths, in a wave kept for the section, each held to the end of the stroke."""
    wave = _WAVES[int(home(brief).unit("wave") * len(_WAVES))]
    order = [voicing[n] for n in wave if n < len(voicing)]
    velocity, origin = _velocity(brief, stab), _origin(brief, stab, ", broken")
    for n, start in enumerate(eighths(brief.section, stab.at, stab.at + stab.length)):
        shade = -2.0 * (n % 2) - (3.0 if n else 0.0)
        length = stab.at + stab.length - start
        pen.write(start, length, order[n % len(order)], velocity + shade + touch(brief.seed, start), origin)


# -- the left hand -----------------------------------------------------------------------------------------------------

_BELOW = (("R", "5"), ("R", "8"), ("R", "5", "8", "5"), ("R", "10", "5"))
"""What a left hand walks through under one chord."""
LOW = 28
"""Lowest string of a bass: a left hand in octaves goes no deeper."""
CLEAR = 3
"""Semitones that a left hand which strikes with the right one keeps below it."""
DEEP = 41
"""Lowest root of a left hand that has a bass player below it."""


def _over(under: Sequence[tuple[Stab, Slot]]) -> list[tuple[Stab, Slot]]:
    """The strokes of the right hand: what it holds rings on while the left moves beneath."""
    right = [(stab, slot) for stab, slot in under if stab.mark != "p"]
    ends = [*(stab.at for stab, _ in right), None][1:]
    struck, result = [stab.at for stab, _ in under], []
    for (stab, slot), end in zip(right, ends, strict=True):
        after = next(iter(struck[bisect_right(struck, stab.at) :][:1]), None)
        until = slot.end if end is None else min(end, slot.end)
        moves = stab.held and after != end and after == stab.at + stab.length and until > stab.at
        result.append((replace(stab, length=until - stab.at) if moves else stab, slot))
    return result


def _right_hand(brief: Brief, pen: Pen, stab: Stab, slot: Slot, gate: float, texture: str) -> None:
    """What the right hand plays over a left one: the upper voices, together or broken."""
    if texture == "broken" and stab.length >= 2 * PPQ:
        _broken(brief, pen, stab, slot.voicing)
    else:
        _block(brief, pen, stab, upper(slot, brief.lane.high), gate, "", slot)


def upper(slot: Slot, high: int) -> tuple[int, ...]:
    """Three voices over a left hand that has said the root: the root gives way to a seventh or ninth beside it, the fifth to
    third and seventh, and a second at the bottom is opened into a seventh where there is room above."""
    chord = slot.chord
    guides = {(chord.root + tone) % 12 for tone in guide_tones(chord.quality)}
    told = [p for p in slot.voicing if (p - chord.root) % 12]
    while len(told) > 3:
        told.remove(
            next(
                (p for p in told if (p - chord.root) % 12 == 7),
                next((p for p in told if p % 12 not in guides), told[0]),
            )
        )
    voices = tuple(told if len(told) == 3 else slot.voicing[-3:])
    low = voices[0] + 12
    opens = len(voices) == 3 and voices[1] - voices[0] <= 2 and low <= high and 2 < low - voices[-1] <= 9
    return (*voices[1:], low) if opens else voices


def _left_hand(brief: Brief, pen: Pen, strokes: Sequence[tuple[Stab, Slot]]) -> None:
    """The strokes a cell gives to the left hand (``p`` alone, ``b`` and what the band strikes with the right): the chord's
    bass first, then what the section's figure has over it, ringing until the next, over a bass that moves for two beats; where it plays only off the beats, a low tone of
    the chord that bubbles between the right hand's strokes."""
    bubbles = all(strength(brief.section, stab.at) < 0.6 for stab, _ in strokes if stab.mark in "pb")
    low = [(stab, slot) for stab, slot in strokes if stab.mark in ("p" if bubbles else "pbX!")]
    accompanied = brief.gist("bass").plays
    figure = _BELOW[int(home(brief).unit("left hand") * len(_BELOW))]
    ends = [*(stab.at for stab, _ in low), brief.section.length][1:]
    count, before = 0, None
    for (stab, slot), end in zip(low, ends, strict=True):
        count, before = (count + 1 if slot.chord == before else 0), slot.chord
        if bubbles:
            pitch, length = _near_below(slot, brief.lane.low - 7), stab.length
        else:
            roof = upper(slot, brief.lane.high)[0]
            pitch = _deep(slot, figure[count % len(figure)], accompanied, roof)
            muddy = pitch > roof - CLEAR or pitch < LOW_LIMITS.get(roof - pitch, 0)
            if accompanied and stab.mark != "p" and muddy:
                continue  # the bass has it, and the right hand lies on it or too close for so low a tone
            end = min(end, stab.at + 2 * PPQ) if accompanied else end
            rings = stab.held and stab.sounds == stab.at
            length = max(stab.length, min(end, slot.end) - stab.at) if rings else stab.length
        origin, loud = _origin(brief, stab, ", left hand"), _velocity(brief, stab) - 4
        pen.write(stab.at, round(0.96 * length), pitch, loud, origin)
        if brief.lane.tier >= OPENS and not bubbles and pitch % 12 == slot.chord.bass and pitch - 12 >= LOW:
            pen.write(stab.at, round(0.96 * length), pitch - 12, loud - 4, origin)


def _under(brief: Brief, pen: Pen, stab: Stab, slot: Slot, length: Tick) -> None:
    """The left hand strikes a chord's bass, where there is room below the right."""
    pitch = 36 + slot.chord.bass
    if pitch <= slot.voicing[0] - 5:
        pen.write(stab.at, length, pitch, _velocity(brief, stab) - 4, _origin(brief, stab, ", left hand"))


def _near_below(slot: Slot, low: int) -> int:
    """The nearest root or fifth a third and more below the right hand's chord; its lowest voice where the lane ends."""
    fifth = tones(slot.chord.root, slot.chord.quality, ()).fifth
    wanted = {slot.chord.root % 12, (slot.chord.root + fifth) % 12}
    below = (p for p in range(slot.voicing[0] - 3, low - 1, -1) if p % 12 in wanted)
    return next(below, slot.voicing[0])


def _deep(slot: Slot, degree: str, accompanied: bool, roof: int) -> int:
    """A left hand's pitch: the chord's bass, an octave lower without a bass player, or what lies over it below the right
    hand."""
    chord = slot.chord
    told = tones(chord.root, chord.quality, ())
    floor = DEEP if accompanied else DEEP - 12
    bass = floor + (chord.bass - floor) % 12
    above = {
        "5": (chord.root + told.fifth - chord.bass) % 12,
        "8": 12,
        "10": (chord.root + told.heart - chord.bass) % 12,
    }
    pitch = bass + above.get(degree, 0) + (12 if degree == "10" else 0)
    return pitch if pitch <= roof - CLEAR and pitch >= LOW_LIMITS.get(roof - pitch, 0) else bass


def _bass_under(brief: Brief, pen: Pen, under: Sequence[tuple[Stab, Slot]]) -> None:
    """Without a bass player the left hand puts the chord's bass under each fresh or held chord, until the next one."""
    fresh = [(s, slot) for n, (s, slot) in enumerate(under) if s.held or n == 0 or slot is not under[n - 1][1]]
    ends = [*(stab.at for stab, _ in fresh), brief.section.length][1:]
    for (stab, slot), end in zip(fresh, ends, strict=True):
        short = stab.mark == "!" and not stab.held
        length = stab.length if short else min(end - stab.at, max(stab.length, slot.end - stab.at))
        _under(brief, pen, stab, slot, length)
