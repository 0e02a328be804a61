"""Pads: quiet chords with the least motion, drones, pulses, and risers that end exactly on the boundary."""

from __future__ import annotations

from msgspec.structs import replace

from scorekit import theory
from scorekit.ensemble.drafts import perform
from scorekit.ensemble.grid import early
from scorekit.ensemble.motifs import beats
from scorekit.ensemble.sustain import (
    Draft,
    Kind,
    Player,
    chosen,
    high_pedal,
    led,
    organ_hold,
    players,
    rhythm,
    sustain,
    swell,
    tied,
    voicing_at,
)
from scorekit.ideas import SustainIdeas
from scorekit.score import Bid, Brief, Phrase
from scorekit.timebase import PPQ

VOICES = (2, 3, 3, 4, 4)
"""Voices at tiers 1 to 5."""


class Pads:
    """Plays long chords behind everybody, the texture of the band."""

    name = "pads"

    def bid(self, brief: Brief) -> tuple[Bid, ...]:
        """Thinner when the harmony is busy, resting at full energy, playing where there are no drums."""
        section, wishes = brief.section, []
        if len(section.chords) > 1.5 * section.bars:
            wishes.append(Bid("pads", "instruments", "thin", 0.5, 0.5, "chords change too fast for held voices"))
        if section.tier == 1 or "nodrums" in section.flags:
            wishes.append(Bid("pads", "instruments", "play", 1.0, 0.6, "a quiet section needs a floor of sound"))
        elif section.tier == 5 and section.bars < 4:
            wishes.append(Bid("pads", "instruments", "rest", 1.0, 0.3, "nobody hears a pad in a short full tutti"))
        return tuple(wishes)

    def play(self, brief: Brief) -> Phrase:
        """The pad of this section."""
        ideas = brief.ideas if isinstance(brief.ideas, SustainIdeas) else SustainIdeas()
        behaviour = chosen(brief, ideas, KINDS, "sustain_vl")
        player = Player(brief, ideas, behaviour, max(2, players(brief, VOICES)), 60.0, 0.3)
        return perform(player, KINDS[behaviour.kind](player) if brief.lane.plays else [])


def drone(player: Player) -> list[Draft]:
    """Root and fifth of the key under everything, the fifth giving way where a chord contradicts it."""
    key, lane, parts = player.brief.section.key, player.brief.lane, player.spans
    root = theory.fold(key.tonic + 48, lane.low, lane.low + 11)
    chain = []
    for span in parts:
        classes = theory.chord_classes(span.chord.root, span.chord.quality)
        upper = root + 7 if not any((root + 7 - pc) % 12 in (1, 11) for pc in classes) else root + 12
        chain.append((root, upper))
    return tied(player, parts, chain, "drone")


def riser(player: Player) -> list[Draft]:
    """The pad, and in the last bars a line climbing through the chords, faster and louder, up to the boundary: a tone that
    stays is held, not struck again."""
    section, lane, parts = player.brief.section, player.brief.lane, player.spans
    bars = min(8 if section.bars > 8 else 4, section.bars)
    start, drafts = section.length - bars * player.bar, sustain(replace(player, voices=max(2, player.voices - 1)))
    at, low = start, max(lane.low, lane.high - 18)
    while at < section.length:
        u = (at - start) / (section.length - start)
        beat = section.meter.pulses[0]
        pace = (player.bar, 2 * beat, beat, early(section) if section.grid == 3 else beat // 2)[int(4 * u)]
        step = min(pace, section.length - at)
        chord = next(s.chord for s in parts if at < s.end)
        goal = round(low + u * (lane.high - low))
        pitch = theory.nearest(goal, theory.chord_classes(chord.root, chord.quality), lane.low, lane.high)
        last = drafts[-1] if drafts and drafts[-1].idea == "riser" else None
        if last and last.pitch == pitch:
            drafts[-1] = replace(last, length=at + step - last.start)
        else:
            drafts.append(Draft(at, step, pitch, player.velocity(at, 0.0) - 8 + 30 * u, "", "riser"))
        at += step
    return drafts


def pulse(player: Player) -> list[Draft]:
    """Chords in pulses, on the behaviour's rhythm or the beat (eighths at high energy), lighter off the beat."""
    parts = player.spans
    chain, section = led(player, parts), player.brief.section
    drafts = []
    for tone in list(rhythm(player)) or beats(section, player.brief.lane.tier >= 4):
        loud = player.velocity(tone.start) + 8 * section.meter.strength(tone.start) - 4
        length = max(tone.length, PPQ // 4) * 3 // 4
        voicing = voicing_at(parts, chain, tone.start)
        heavy = section.meter.strength(tone.start) >= 0.6 or player.behaviour.rhythm is not None
        sounding = voicing if heavy else voicing[-2:]
        drafts += [Draft(tone.start, length, pitch, loud, "short", "chord pulses") for pitch in sounding]
    return drafts


KINDS: dict[str, Kind] = {
    "sustain": sustain,
    "sustain_vl": sustain,
    "pad_sustain": sustain,
    "organ_hold": organ_hold,
    "drone": drone,
    "riser": riser,
    "pulse": pulse,
    "swell": swell,
    "high_pedal": high_pedal,
}
