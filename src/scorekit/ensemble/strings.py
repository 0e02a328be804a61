"""Strings: led chords, pedals, ostinatos, tremolo and pizzicato, riffs in octaves, and a line against the tune."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from scorekit.ensemble.chorale import spans
from scorekit.ensemble.grid import eighths, next_eighth
from scorekit.ensemble.lines import inner_setting, unison_riff
from scorekit.ensemble.melody import Aim, search
from scorekit.ensemble.motifs import Tone, beats
from scorekit.ensemble.sustain import (
    Draft,
    Kind,
    Player,
    chosen,
    high_pedal,
    home,
    led,
    perform,
    players,
    rhythm,
    sustain,
    swell,
    voicing_at,
)
from scorekit.ideas import MelodyIdeas, SustainIdeas
from scorekit.score import Bid, Brief, Note, Phrase
from scorekit.timebase import PPQ, Tick

VOICES = (2, 3, 3, 4, 4)
FIGURES = ((0, 2, 1, 2), (0, 1, 2, 1), (2, 0, 1, 0), (0, 1, 2, 3), (0, 2, 3, 2))
"""Orders in which an ostinato runs through a chord's voices."""


class Strings:
    """Plays as a section of up to four voices."""

    name = "strings"

    def bid(self, brief: Brief) -> tuple[Bid, ...]:
        """An octave up at high energy, rest in the sparsest sections, a richer chord before a bridge's return."""
        section, wishes = brief.section, []
        if section.tier >= 4 and section.melody in ("hook", "lead"):
            wishes.append(Bid("strings", "instruments", "octave", 12.0, 0.4, "the tune lies low: shine above it"))
        if section.tier == 1 and section.melody != "none":
            wishes.append(Bid("strings", "energy", "rest", 1.0, 0.4, "leave the quiet tune alone"))
        if section.cadence == "half" and section.tier >= 3:
            wishes.append(Bid("strings", "key", "borrow", 0.5, 0.2, "a borrowed chord would darken the half cadence"))
        return tuple(wishes)

    def play(self, brief: Brief) -> Phrase:
        """What the section plays."""
        ideas = brief.ideas if isinstance(brief.ideas, SustainIdeas) else SustainIdeas()
        behaviour = chosen(brief, ideas, KINDS, "sustain")
        player = Player(brief, ideas, behaviour, players(brief, VOICES), 66.0)
        return perform(player, KINDS[behaviour.kind](player) if brief.lane.plays else [])


def ostinato(player: Player, fast: bool = False) -> list[Draft]:
    """A running figure through the chord's voices; the figure changes every four bars."""
    brief, parts = player.brief, spans(player.brief)
    chain, drafts = led(player, parts, max(3, player.voices)), []
    onsets = list(rhythm(player)) or _running(player, fast)
    for n, tone in enumerate(onsets):
        block = tone.start // (4 * player.bar)
        figure = home(brief).choose(f"figure/{block}", FIGURES)
        voicing = voicing_at(parts, chain, tone.start)
        pitch = voicing[min(figure[n % len(figure)], len(voicing) - 1)]
        loud = player.velocity(tone.start) + 14 * brief.section.meter.strength(tone.start) - 6
        drafts.append(Draft(tone.start, tone.length * 4 // 5, pitch, loud, "short", "ostinato"))
    return drafts


def ostinato_16(player: Player) -> list[Draft]:
    """An ostinato in the genre's fastest steps."""
    return ostinato(player, True)


def _running(player: Player, fast: bool) -> list[Tone]:
    """Halves of the beat, or the genre's grid steps."""
    if not fast or (player.brief.lane.tier < 3 and player.brief.section.grid != 3):
        return list(beats(player.brief.section, True))
    step = PPQ // player.brief.section.grid
    return [Tone(at, step) for at in range(0, player.brief.section.length, step)]


def tremolo(player: Player) -> list[Draft]:
    """The chord's upper voices in repeated short strokes, swelling over each four bars."""
    parts = spans(player.brief)
    chain = led(player, parts, min(3, player.voices))
    step = PPQ // (player.brief.section.grid if player.brief.section.grid >= 3 else 4)
    drafts = []
    for n, at in enumerate(range(0, player.brief.section.length, step)):
        loud = player.velocity(at, 12.0) - 10 + (4 if n % 2 == 0 else 0)
        voicing = voicing_at(parts, chain, at)
        drafts += [Draft(at, step, pitch, loud, "short", "tremolo") for pitch in voicing]
    return drafts


def pizz(player: Player) -> list[Draft]:
    """Plucked chord tones, walking up and down the chord, resting on the last beat of every other bar."""
    parts = spans(player.brief)
    chain, drafts = led(player, parts, 3), []
    grid = beats(player.brief.section, player.brief.lane.tier >= 3)
    onsets = list(rhythm(player)) or [t for t in grid if _plucked(player, t)]
    for n, tone in enumerate(onsets):
        voicing = voicing_at(parts, chain, tone.start)
        turn = n % (2 * len(voicing) - 2 or 1)
        pitch = voicing[min(turn, 2 * len(voicing) - 2 - turn)] if len(voicing) > 1 else voicing[0]
        loud = player.velocity(tone.start) + 10 * player.brief.section.meter.strength(tone.start)
        drafts.append(Draft(tone.start, min(tone.length, PPQ // 4), pitch, loud, "short", "pizzicato"))
    return drafts


def _plucked(player: Player, tone: Tone) -> bool:
    bar, at = divmod(tone.start, player.bar)
    if bar % 2 and at >= player.brief.section.meter.onsets[-1]:
        return False
    strength = player.brief.section.meter.strength(at)
    return strength >= 0.6 or player.brief.seed.at(bar).chance(f"pluck/{at}", 0.35)


# -- the line against the tune ---------------------------------------------------------------------------------------


def countermelody(player: Player) -> list[Draft]:
    """A line that moves where the tune holds or rests, against its direction, at least a fourth away from it."""
    lead = player.brief.hears("lead")
    low, high = register(player, lead)
    setting = inner_setting(player, MelodyIdeas(low, high), "lead")
    drafts: list[Draft] = []
    before: tuple[int, ...] = ()
    for start, end, rising in windows(player, lead):
        moves = onsets_in(player, start, end)
        aim = Aim("descending" if rising else "ascending", 0.0, "?", before)
        tones = search(setting, moves, aim, setting.seed.at(start))
        drafts += [
            Draft(t.start, t.length, t.pitch, player.velocity(t.start) + 6, "legato", "line against the tune")
            for t in tones
        ]
        before = tuple(t.pitch for t in tones[-2:])
    return drafts or sustain(replace(player, voices=2))


def register(player: Player, lead: Sequence[Note]) -> tuple[int, int]:
    """The roomier side of the tune, a fourth away from its edges: below it, or above."""
    lane = player.brief.lane
    if not lead:
        return lane.low, lane.high
    under, over = min(n.pitch for n in lead) - 5, max(n.pitch for n in lead) + 5
    below, above = (lane.low, min(lane.high, under)), (max(lane.low, over), lane.high)
    best = max((below, above), key=lambda r: r[1] - r[0])
    return best if best[1] - best[0] >= 7 else (lane.low, max(lane.low + 9, under))


def windows(player: Player, lead: Sequence[Note]) -> list[tuple[Tick, Tick, bool]]:
    """Where the tune holds or rests for a beat and a half or more: (from, to, whether the tune was rising)."""
    length = player.brief.section.length
    if not lead:
        return [
            (at, min(at + 2 * player.bar, length), at // (2 * player.bar) % 2 == 0)
            for at in range(0, length, 2 * player.bar)
        ]
    out = [(0, lead[0].start, False)] if lead[0].start >= PPQ * 3 // 2 else []
    for n, note in enumerate(lead):
        after = lead[n + 1].start if n + 1 < len(lead) else length
        if after - note.start >= PPQ * 3 // 2:
            begin = next_eighth(player.brief.section, note.start + PPQ // 3)
            out.append((begin, after, n > 0 and note.pitch > lead[n - 1].pitch))
    return out


def onsets_in(player: Player, start: Tick, end: Tick) -> list[Tone]:
    """Two to five onsets in a window, on beats and halves, the last one held on for up to two beats past it."""
    long = end - start >= 3 * PPQ
    ticks = list(range(start, end - PPQ // 2, PPQ) if long else eighths(player.brief.section, start, end - PPQ // 4))[
        :5
    ]
    if len(ticks) > 3 and player.brief.seed.chance(f"skip/{start}", 0.5):
        del ticks[1]
    stop = min(end + PPQ, player.brief.section.length)
    ends = [*ticks, stop][1:]
    return [Tone(at, min(after - at, 2 * PPQ)) for at, after in zip(ticks, ends, strict=True)]


KINDS: dict[str, Kind] = {
    "sustain": sustain,
    "sustain_vl": sustain,
    "pad_sustain": sustain,
    "organ_hold": sustain,
    "high_pedal": high_pedal,
    "ostinato": ostinato,
    "ostinato_16": ostinato_16,
    "swell": swell,
    "unison_riff": unison_riff,
    "countermelody": countermelody,
    "tremolo": tremolo,
    "pizz": pizz,
}
