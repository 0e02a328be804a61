"""Brass and winds: stabs on the band's accents, soli, backgrounds, riffs and answers to the tune, with breath."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from scorekit import theory
from scorekit.ensemble.drafts import perform
from scorekit.ensemble.grid import early, next_eighth, offbeat
from scorekit.ensemble.lines import doubled, inner_setting, riff, unison_riff
from scorekit.ensemble.motifs import Tone
from scorekit.ensemble.playing import home
from scorekit.ensemble.sustain import (
    Draft,
    Kind,
    Player,
    chosen,
    led,
    players,
    rhythm,
    sustain,
    swell,
    voicing_at,
)
from scorekit.ensemble.tunes import adapted
from scorekit.ideas import MelodyIdeas, SustainIdeas
from scorekit.score import Bid, Brief, Note, Phrase
from scorekit.timebase import PPQ, Tick

VOICES = (2, 2, 3, 3, 4)
BREATH = {"slow": 6, "medium": 7, "fast": 13, "breakneck": 18}
"""Beats in about six seconds, the longest a wind plays in one breath, by feel band."""
ABOVE = 6
"""Semitones over the floor of their lane from which horns play a line: higher than they stand in chords."""
LOWEST = 50
"""Lowest tone of a second horn that doubles a line."""
SAID = 3
"""Tones from which on what is left of a figure is said."""
UNDER, SOFTER = 2, 8
"""Semitones under the lower tones of the tune at which a line goes on below it, and how much softer."""


class Brass:
    """Plays as a section of up to four horns."""

    name = "brass"

    def bid(self, brief: Brief) -> tuple[Bid, ...]:
        """Rest at low energy, play where it is high, thinner under a solo."""
        section, wishes = brief.section, []
        if section.tier <= 2:
            wishes.append(Bid("brass", "energy", "rest", 1.0, 0.7, "horns are saved for when it matters"))
        if section.tier == 5:
            wishes.append(Bid("brass", "energy", "play", 1.0, 0.5, "the top of the song wants horns"))
        if section.melody == "solo":
            wishes.append(Bid("brass", "instruments", "thin", 0.5, 0.5, "backgrounds only behind a soloist"))
        return tuple(wishes)

    def play(self, brief: Brief) -> Phrase:
        """What the horns play."""
        ideas = brief.ideas if isinstance(brief.ideas, SustainIdeas) else SustainIdeas()
        behaviour = chosen(brief, ideas, KINDS, "stabs")
        player = Player(brief, ideas, behaviour, players(brief, VOICES), 80.0)
        drafts = KINDS[behaviour.kind](player) if brief.lane.plays else []
        return perform(player, breathing(player, falling(player, drafts)))


# -- stabs and backgrounds -------------------------------------------------------------------------------------------


def stabs(player: Player) -> list[Draft]:
    """Short chords on the genre's rhythm or the rhythm generator's accents, one bar in four left free."""
    parts = player.spans
    chain, drafts = led(player, parts), []
    for tone in list(rhythm(player)) or accented(player):
        long = tone.length > PPQ // 2
        length = tone.length if long else min(tone.length, PPQ // 2) // 2
        loud = player.velocity(tone.start) + (10 if tone.mark in "X!" else 0)
        voicing = voicing_at(parts, chain, tone.start + PPQ // 4)
        drafts += [Draft(tone.start, max(length, PPQ // 6), p, loud, "" if long else "short", "stabs") for p in voicing]
    return drafts


def accented(player: Player) -> list[Tone]:
    """Stabs where the accent mask is strongest, at most three to a bar and clear of the tune's onsets; else a push."""
    brief, bar = player.brief, player.bar
    busy = frozenset(n.start for n in brief.hears("lead"))
    step, out = PPQ // brief.section.grid, []
    for number in range(brief.section.bars):
        if number % 4 == 2 and brief.seed.at(number).chance("free", 0.7):
            continue
        marks = [
            (brief.accents[t // step], t)
            for t in range(number * bar, (number + 1) * bar, step)
            if t // step < len(brief.accents) and brief.accents[t // step] >= 0.6
        ]
        strongest = sorted(marks, key=lambda m: (m[1] in busy, -m[0], m[1]))[:3]
        ticks = sorted(t for _, t in strongest) or _pushes(player, number)
        out += [Tone(t, PPQ // 2, 0, "X" if t % bar == 0 else "x") for t in ticks]
    return out


def _pushes(player: Player, number: int) -> list[Tick]:
    """Where horns hit when nothing is marked: the downbeat and a late off-beat, or the last off-beat alone."""
    meter, seed = player.brief.section.meter, player.brief.seed.at(number // 2 * 2)
    section = player.brief.section
    off = number * player.bar + meter.onsets[-1] + meter.pulses[-1] - early(section)
    middle = number * player.bar + meter.onsets[len(meter.onsets) // 2] - early(section)
    choices: tuple[list[Tick], ...] = ([off], [number * player.bar, middle], [middle, off], [])
    return seed.choose("push", choices, (1.0, 1.2, 1.0, 0.8) if number % 2 == 0 else (1.5, 0.3, 0.8, 1.0))


def backgrounds(player: Player) -> list[Draft]:
    """Long guide tones behind the tune, entering off the beat and let go before the next chord."""
    parts = player.spans
    chain = led(player, parts, min(3, player.voices))
    half = offbeat(player.brief.section)
    out = []
    for n, (span, voicing) in enumerate(zip(parts, chain, strict=True)):
        if span.end - span.start < 3 * half or player.brief.seed.at(span.start // player.bar).chance(f"rest/{n}", 0.2):
            continue
        start = span.start + half
        length = min(span.end - half, start + player.ideas.max_sustain * PPQ) - start
        loud = player.velocity(start) - 8
        out += [Draft(start, length, p, loud, "legato", "background guide tones") for p in voicing]
    return out


# -- with and against the tune ---------------------------------------------------------------------------------------


def soli_close4(player: Player) -> list[Draft]:
    """The tune harmonised in close position below (drop two when it is high), or a riff where there is no tune."""
    tops = doubled(player, (0,), "soli") or riff(player)
    below = 5.0
    return [
        replace(top, pitch=p, velocity=top.velocity - below * (p != top.pitch), idea="soli in close harmony")
        for top in tops
        for p in harmonised(player, top)
    ]


def harmonised(player: Player, top: Draft) -> tuple[int, ...]:
    """A tone and the chord below it: the nearest chord tones, or thirds of the chord's scale under a short tone that passes
    between beats. What is held or struck on a beat is heard as the chord's own colour."""
    section, count = player.brief.section, player.voices
    chord = section.chord_at(min(section.length - 1, top.start + top.length // 2))
    classes = theory.chord_classes(chord.root, chord.quality)
    passes = top.length <= PPQ // 2 and section.meter.strength(top.start % section.meter.bar) < 0.6
    if passes and top.pitch % 12 not in classes:
        classes = theory.chord_scale(chord.root, chord.quality, section.key.tonic, section.key.mode)
    below: list[int] = []
    last = top.pitch
    while len(below) < count - 1:
        last = next((p for p in range(last - 3, last - 8, -1) if p % 12 in classes), last - 4)
        below.append(last)
    if top.pitch > 76 and below:
        below[0] -= 12
    return (top.pitch, *(p for p in below if p >= player.brief.lane.low))


def answer(player: Player) -> list[Draft]:
    """Replies in the tune's rests that take up the rhythm of its last tones, in two or three voices; where it leaves few, stabs
    between them: who stands there with a horn plays."""
    lead = player.brief.hears("lead")
    if not lead:
        return riff(player)
    parts = tuple(replace(span, ceiling=127, held=()) for span in player.spans)  # the tune is silent there
    chain, drafts = led(player, parts, min(3, player.voices)), []
    for n, (start, end, call) in enumerate(gaps(player, lead)):
        if not player.brief.seed.at(start // player.bar).chance(f"answer/{n}", 0.85):
            continue
        together = home(player.brief).chance("in a line", 0.75) and end - start >= 3 * PPQ // 2
        say = _in_line if together else _reply
        drafts += say(player, start, end, call, lambda tick: voicing_at(parts, chain, tick))
    said = {d.start // (2 * player.bar) for d in drafts}
    return drafts if 4 * len(said) >= player.brief.section.bars else clear_of(drafts, stabs(player))


def clear_of(drafts: list[Draft], others: Sequence[Draft]) -> list[Draft]:
    """Drafts and those of others that neither meet them nor come in the same half bar."""
    busy = [(d.start - 2 * PPQ, d.end + 2 * PPQ) for d in drafts]
    return drafts + [o for o in others if not any(start < o.start < end for start, end in busy)]


def gaps(player: Player, lead: Sequence[Note]) -> list[tuple[Tick, Tick, Sequence[Note]]]:
    """Where the tune is silent for a beat and more: (from, to, the last few notes of the call before it)."""
    out = []
    ends = [*(n.start for n in lead), player.brief.section.length][1:]
    for n, (note, after) in enumerate(zip(lead, ends, strict=True)):
        held = note.start + min(note.length, PPQ * 3 // 2)
        if after - held >= PPQ:
            out.append((next_eighth(player.brief.section, held), after, lead[max(0, n - 3) : n + 1]))
    return out


def _reply(
    player: Player, start: Tick, end: Tick, call: Sequence[Note], voicing: Callable[[Tick], tuple[int, ...]]
) -> list[Draft]:
    """The call's tail rhythm from the start of the gap, in chords: those that sound there, turned only between beats."""
    drafts = list[Draft]()
    rhythm = _taken_up(start, end, call)
    for n, (at, length) in enumerate(rhythm):
        last = n == len(rhythm) - 1
        between = player.brief.section.meter.strength(at) < 0.6
        bend = _turn(call, n) if between and not last else 0
        loud = player.velocity(at) + (6 if n == 0 else 0)
        chord = sorted(_stepped(player, p, bend, at) for p in voicing(at))
        if len(chord) > 1 and chord[-1] - chord[-2] == 1:
            del chord[-2]
        drafts += [Draft(at, length, p, loud, "" if last else "short", "answer") for p in chord]
    return drafts


def _taken_up(start: Tick, end: Tick, call: Sequence[Note]) -> list[tuple[Tick, Tick]]:
    """(tick, length) of the call's last notes from the start of a gap, short but for the last."""
    shift = start - call[0].start
    onsets = [n.start + shift for n in call if n.start + shift <= end - PPQ // 3]
    stops = [*onsets[1:], min(end, onsets[-1] + PPQ)] if onsets else []
    lengths = [min(stop - at, PPQ // 2) * 2 // 3 for at, stop in zip(onsets, stops, strict=True)]
    lengths[-1:] = [min(stops[-1] - onsets[-1], PPQ)] if onsets else []
    return list(zip(onsets, lengths, strict=True))


def _in_line(
    player: Player, start: Tick, end: Tick, call: Sequence[Note], voicing: Callable[[Tick], tuple[int, ...]]
) -> list[Draft]:
    """The call's last notes again or upside down, in unison (octaves at high energy), ending on a tone of the chord."""
    brief, lane = player.brief, player.brief.lane
    rhythm = _taken_up(start, end, call)
    upside = home(brief).chance("upside down", 0.4)
    goal = voicing(rhythm[-1][0])[-1] if rhythm else 0
    moves = [(n.pitch - call[len(rhythm) - 1].pitch) * (-1 if upside else 1) for n in call[: len(rhythm)]]
    ideas = MelodyIdeas(lane.low, lane.high)
    tones = [
        Tone(at, length, theory.fold(goal + move, lane.low, max(lane.high, lane.low + 11)))
        for (at, length), move in zip(rhythm, moves, strict=True)
    ]
    octaves = (0, -12) if lane.tier >= 4 else (0,)
    return [
        Draft(t.start, t.length, t.pitch + o, player.velocity(t.start) + 4, "", "answer in a line")
        for t in adapted(inner_setting(player, ideas, "lead"), tones, (0,))
        for o in octaves
        if t.pitch + o >= lane.low
    ]


def _turn(call: Sequence[Note], n: int) -> int:
    """Scale steps away from the chord at one tone of a reply: the call's own contour, upside down."""
    move = call[-1].pitch - call[n].pitch
    return max(-2, min(2, move // 2 if move > 0 else -(-move // 2)))


def _stepped(player: Player, pitch: int, steps: int, tick: Tick) -> int:
    """A pitch moved by steps of the scale that agrees with the chord."""
    section = player.brief.section
    chord = section.chord_at(tick)
    classes = theory.chord_scale(chord.root, chord.quality, section.key.tonic, section.key.mode)
    for _ in range(abs(steps)):
        sign = 1 if steps > 0 else -1
        pitch = next(p for p in range(pitch + sign, pitch + 13 * sign, sign) if p % 12 in classes)
    return pitch


def falls(player: Player) -> list[Draft]:
    """Stabs on the band's accents, and near the end of every four bars a chord that falls off."""
    parts = player.spans
    chain, section = led(player, parts), player.brief.section
    out = []
    for end in (*range(4 * player.bar, section.length, 4 * player.bar), section.length):
        at = end - section.meter.pulses[-1] - early(section)
        out += [Draft(at, end - at, p, player.velocity(at) + 8, "fall", "falls") for p in voicing_at(parts, chain, at)]
    return clear_of(out, stabs(player))


def horn_line(player: Player) -> list[Draft]:
    """A figure of two bars that is the section's own, in one line: at the tune's height where that rests or holds for three of its
    tones and more, or, where the tune seldom does, whole and softly under it. With a second horn a chord tone below in some
    songs' loud sections, in octaves in others."""
    lane, sung = player.brief.lane, player.brief.hears("lead")
    free = [t for t in _figure(player, ABOVE, 127) if not any(abs(n.start - t.start) < PPQ // 2 for n in sung)]
    said = [tone for group in _groups(free) if len(group) >= SAID for tone in group]
    if 4 * len({tone.start // (2 * player.bar) for tone in said}) < player.brief.section.bars:
        pitches = sorted(note.pitch for note in sung)
        under = pitches[len(pitches) // 4] - UNDER if pitches else 127
        said = [replace(tone, velocity=tone.velocity - SOFTER) for tone in _figure(player, 0, under)]
    ways: tuple[tuple[str, float], ...] = (("one", 2.0), ("two", 1.0), ("octaves", 1.0))
    way = home(player.brief).choose("horns", [way for way, _ in ways], [often for _, often in ways])
    return [
        replace(tone, pitch=pitch, manner="" if tone.length >= PPQ // 2 else "short", idea="a line of their own")
        for tone in said
        for pitch in _shared(player, tone, way if lane.tier >= 4 else "one")
    ]


def _figure(player: Player, above: int, under: int) -> list[Draft]:
    """The section's own figure, so many semitones over the floor of the lane and higher, an octave at least, and under a pitch
    as far as that lets it."""
    lane, low = player.brief.lane, player.brief.lane.low + above
    seat = replace(lane, low=low, high=max(min(lane.high, under), low + 11))
    return riff(replace(player, brief=replace(player.brief, lane=seat)))


def _groups(tones: Sequence[Draft]) -> list[list[Draft]]:
    """Tones that follow one another within a beat and a half."""
    found = list[list[Draft]]()
    for tone in tones:
        if not found or tone.start - found[-1][-1].start > 3 * PPQ // 2:
            found.append([])
        found[-1].append(tone)
    return found


def _shared(player: Player, tone: Draft, way: str) -> tuple[int, ...]:
    """What two horns make of one tone."""
    if way == "two":
        return harmonised(replace(player, voices=2), tone)
    return (tone.pitch, tone.pitch - 12) if way == "octaves" and tone.pitch - 12 >= LOWEST else (tone.pitch,)


# -- lungs -----------------------------------------------------------------------------------------------------------


def falling(player: Player, drafts: list[Draft]) -> list[Draft]:
    """Now and then the last chord of a section falls off."""
    if not drafts or not player.brief.seed.chance("fall", 0.15 + 0.2 * (player.brief.dials.creativity - 0.5)):
        return drafts
    last = max(d.start for d in drafts)
    if last < player.brief.section.length - player.bar:
        return drafts
    fall = PPQ // 2
    return [replace(d, manner="fall", length=max(d.length, fall)) if d.start == last else d for d in drafts]


def breathing(player: Player, drafts: list[Draft]) -> list[Draft]:
    """No breath longer than lungs, none longer than eight beats in the top third: the tone before the limit is cut."""
    lane = player.brief.lane
    top = lane.high - (lane.high - lane.low) / 3
    out, begun, end = [], 0, -PPQ
    for draft in sorted(drafts, key=lambda d: (d.start, d.pitch)):
        if draft.start - end >= PPQ // 2:
            begun = draft.start
        beats = BREATH.get(player.brief.band, 11)
        limit = begun + PPQ * (min(beats, 8) if draft.pitch > top else beats)
        if draft.end > limit - PPQ // 2 > draft.start:
            draft = replace(draft, length=limit - PPQ // 2 - draft.start)
        elif draft.start >= limit - PPQ // 2:
            if draft.start < limit:
                continue
            begun = draft.start
        out.append(draft)
        end = max(end, draft.end)
    return out


KINDS: dict[str, Kind] = {
    "stabs": stabs,
    "soli_close4": soli_close4,
    "backgrounds": backgrounds,
    "unison_riff": unison_riff,
    "answer": answer,
    "line": horn_line,
    "falls": falls,
    "swell": swell,
    "sustain": sustain,
}
