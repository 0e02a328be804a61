"""Strings: led chords, pedals, ostinatos, tremolo and pizzicato, riffs in octaves, and a line against the tune."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from scorekit import theory
from scorekit.ensemble import intents
from scorekit.ensemble.chorale import dressed
from scorekit.ensemble.drafts import perform
from scorekit.ensemble.grid import eighths, next_eighth
from scorekit.ensemble.lines import inner_setting, unison_riff
from scorekit.ensemble.melody import Aim, search
from scorekit.ensemble.motifs import Tone, beats
from scorekit.ensemble.playing import home
from scorekit.ensemble.seats import BOUNDS, ROOM, covers, sung_over
from scorekit.ensemble.sustain import (
    Draft,
    Kind,
    Player,
    chosen,
    high_pedal,
    led,
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
FIGURES = ((0, 2, 1, 2), (0, 1, 2, 1), (2, 0, 1, 0), (0, 2, 0, 1), (2, 1, 0, 1))
"""Orders in which an ostinato runs through a chord's voices."""


class Strings:
    """Plays as a section of up to four voices."""

    name = "strings"

    def bid(self, brief: Brief) -> tuple[Bid, ...]:
        """Rest in the sparsest sections, a richer chord before a bridge's return."""
        section, wishes = brief.section, []
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


def phrased(player: Player) -> list[Draft]:
    """Silence for the first half of every four bars, then chords that grow (in a loud hook all four grow); where the energy is
    high or rises, eight bars end in a run of the top voice."""
    section, bar = player.brief.section, player.bar
    parts = player.spans
    chain = led(player, parts, min(3, player.voices))
    drafts = list[Draft]()
    for first in range(0, section.bars, 4):
        end = min(first + 4, section.bars) * bar
        begin = first * bar if intents.peaks(section) else max(first * bar, end - 2 * bar)
        runs = (end == section.length or first % 8 == 4) and (player.brief.lane.tier >= 4 or "ramp" in section.flags)
        turn = end - bar + section.meter.onsets[-2] if runs and len(section.meter.onsets) >= 3 else end
        for span, voicing in zip(parts, chain, strict=True):
            at, stop = max(span.start, begin), min(span.end, turn)
            if stop - at >= PPQ // 2:
                loud = player.velocity(at, 0.0) - 10 + 16 * (at - begin) / (end - begin)
                drafts += [Draft(at, stop - at, p, loud, "legato", "chords that grow") for p in voicing]
        if turn < end:
            drafts += _run(player, turn, end, voicing_at(parts, chain, end - 1)[-1])
    return drafts


def _run(player: Player, start: Tick, end: Tick, goal: int) -> list[Draft]:
    """Steps of the chord's scale up to the one below a pitch, in eighths and then twice as fast, louder and louder."""
    section = player.brief.section
    chord = section.chord_at(start)
    scale = theory.chord_scale(chord.root, chord.quality, section.key.tonic, section.key.mode)
    half = (start + end) // 2
    fine = PPQ // section.grid if section.grid >= 3 else PPQ // 4
    ticks = [*eighths(section, start, half), *range(half, end, fine)]
    top = goal if goal + 5 > player.brief.lane.high else goal + 5
    steps = [p for p in range(top - 24, top) if p % 12 in scale][-len(ticks) :]
    ends = [*ticks[1:], end]
    return [
        Draft(at, stop - at, p, player.velocity(at, 0.0) - 4 + 22 * n / len(ticks), "", "runs into what comes")
        for n, (at, stop, p) in enumerate(zip(ticks[-len(steps) :], ends[-len(steps) :], steps, strict=True))
    ]


def ostinato(player: Player, fast: bool = False) -> list[Draft]:
    """A running cell of two bars through three tones of each chord, the same in every bar but for the turn that ends the second;
    in loud sections above the tune where there is room, else a voice lower for a stroke that would lie on it. A chorus of eight
    bars is held at first and runs from its middle on."""
    brief, begins = player.brief, _lifts(player)
    high = _above(player)
    parts = tuple(replace(s, ceiling=127, held=()) for s in player.spans) if high is not player else player.spans
    chain, drafts = led(high, parts, 3), [_until(draft, begins) for draft in sustain(player) if draft.start < begins]
    cell = home(brief).choose("figure", FIGURES)
    onsets = [tone for tone in list(rhythm(player)) or _running(player, fast) if tone.start >= begins]
    half = brief.section.meter.onsets[len(brief.section.meter.onsets) // 2]
    number, before = 0, -1
    for tone in onsets:
        bar, at = divmod(tone.start, player.bar)
        number, before = (number + 1 if bar == before else 0), bar
        figure = cell[::-1] if bar % 2 and at >= half else cell
        voicing = voicing_at(parts, chain, tone.start)
        pitch = voicing[min(figure[number % len(figure)], len(voicing) - 1)]
        sung = sung_over(brief.hears("lead"), tone.start, tone.start + 1)
        pitch = max((p for p in voicing if p <= pitch and not covers(p, sung)), default=pitch)
        loud = player.velocity(tone.start) + 14 * brief.section.meter.strength(tone.start) - 6
        drafts.append(Draft(tone.start, tone.length * 4 // 5, pitch, loud, "short", "ostinato"))
    return drafts


def _lifts(player: Player) -> Tick:
    """From where on in a section strings run: the middle of a long chorus; the beginning elsewhere, and where the song asks."""
    return 0 if player.brief.cell.pattern else intents.lifts(player.brief.section)


def _until(draft: Draft, end: Tick) -> Draft:
    """A note that sounds no longer than up to a tick."""
    return replace(draft, length=min(draft.length, end - draft.start))


def _above(player: Player) -> Player:
    """The player with its lane over the tune, in loud sections whose tune leaves an octave above it."""
    lane, sung = player.brief.lane, [n.pitch for n in player.brief.hears("lead")]
    over = max(sung) + 3 if sung else lane.high - ROOM
    if lane.tier < 4 or BOUNDS["strings"][1] - over < ROOM:
        return player
    seat = replace(lane, low=max(lane.low, over), high=max(lane.high, over + ROOM))
    return replace(player, brief=replace(player.brief, lane=seat))


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
    parts = player.spans
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
    parts = player.spans
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
    """A singing line beside the tune: it holds a tone of each chord while the tune moves, and where the tune holds or rests
    takes up its last rhythm against its direction. In later choruses at full energy it sings with the tune instead. Nobody
    sings against a solo, or against a riff that the band says together."""
    brief, lead = player.brief, player.brief.hears("lead")
    if brief.riff is not None and brief.section.melody == "riff":
        return []
    if not lead or brief.section.melody == "solo":
        return phrased(replace(player, voices=2))
    if brief.section.occurrence > 1 and brief.lane.tier == 5 and brief.section.melody == "hook":
        return backing(player, lead)
    low, high = register(player, lead)
    setting = inner_setting(player, MelodyIdeas(low, high), "line")
    line = list[Tone]()
    edges = [(start, end, call) for start, end, call in windows(player, lead)]
    for at, stop, call in _stretches(player, edges):
        before = tuple(t.pitch for t in line[-2:])
        if call:
            rising = len(call) > 1 and call[-1].pitch > call[-2].pitch
            aim = Aim("descending" if rising else "ascending", 0.0, "", before)
            line += search(setting, _moving(player, at, stop, call), aim, setting.seed.at(at))
        else:
            line.append(_held(player, at, stop, low, high, line[-1].pitch if line else round((low + high) / 2)))
    return [
        Draft(t.start, t.length, t.pitch, player.velocity(t.start) + 6, "legato", "line against the tune")
        for t in _tied_over(line)
    ]


def backing(player: Player, lead: Sequence[Note]) -> list[Draft]:
    """The tune's longer tones a third or fourth higher and an octave over that where the lane has the room for all of them,
    else the nearest chord tone from a third below on."""
    lane, section, drafts = player.brief.lane, player.brief.section, list[Draft]()
    over = max(note.pitch for note in lead) + 19 <= lane.high
    steps = range(15, 20) if over else range(-3, -10, -1)
    for note in lead:
        chord = section.chord_at(note.start)
        classes = theory.chord_classes(chord.root, chord.quality)
        other = next((note.pitch + step for step in steps if (note.pitch + step) % 12 in classes), 0)
        if note.length >= PPQ // 2 and lane.low <= other <= lane.high:
            loud = player.velocity(note.start) + 4
            drafts.append(Draft(note.start, note.length, other, loud, "legato", "backing the tune"))
    return drafts


def register(player: Player, lead: Sequence[Note]) -> tuple[int, int]:
    """Where the line lies: below the middle of the tune by a third and more; above it where the lane has no room there."""
    lane = player.brief.lane
    middle = sorted(n.pitch for n in lead)[len(lead) // 2]
    if middle - 3 - lane.low >= 9:
        return lane.low, middle - 3
    over = max(lane.low, middle + 4)
    return (over, lane.high) if lane.high - over >= 9 else (lane.low, max(lane.low + 9, min(n.pitch for n in lead) - 3))


def windows(player: Player, lead: Sequence[Note]) -> list[tuple[Tick, Tick, Sequence[Note]]]:
    """Where the tune holds or rests for a beat and a half or more: (from, to, the last notes of the tune before)."""
    out = list[tuple[Tick, Tick, Sequence[Note]]]()
    ends = [*(n.start for n in lead), player.brief.section.length][1:]
    for n, (note, after) in enumerate(zip(lead, ends, strict=True)):
        begin = next_eighth(player.brief.section, note.start + PPQ // 2)
        if after - begin >= PPQ:
            out.append((begin, after, lead[max(0, n - 3) : n + 1]))
    return out


def _stretches(
    player: Player, moving: Sequence[tuple[Tick, Tick, Sequence[Note]]]
) -> Iterator[tuple[Tick, Tick, Sequence[Note]]]:
    """The section in stretches: the windows in which the line moves, and between them one stretch a chord to hold, for a beat or
    more."""
    at = 0
    for start, end, call in (*moving, (player.brief.section.length, 0, ())):
        for span in player.spans:
            begin, stop = max(span.start, at), min(span.end, start)
            if stop - begin >= PPQ:
                yield begin, stop, ()
        if call:
            yield start, end, call
        at = end


def _moving(player: Player, start: Tick, end: Tick, call: Sequence[Note]) -> list[Tone]:
    """The rhythm of the tune's last notes from the start of a window, two tones at least, the last one held to its end."""
    shift = start - call[0].start
    ticks = [n.start + shift for n in call if n.start + shift <= end - PPQ // 2]
    if len(ticks) < 2:
        ticks = list(eighths(player.brief.section, start, end - PPQ // 4))[::2][:4]
    ends = [*ticks, end][1:]
    return [Tone(at, after - at) for at, after in zip(ticks, ends, strict=True)]


def _held(player: Player, start: Tick, end: Tick, low: int, high: int, near: int) -> Tone:
    """A tone of the chord near the one before, its third or seventh rather than another, clear of what the tune sings."""
    chord = dressed(player.brief.section.chord_at(start), player.brief.section.key)
    guides = {(chord.root + tone) % 12 for tone in theory.guide_tones(chord.quality)}
    sung = [n.pitch for n in player.brief.hears("lead") if n.start < end and n.end > start]

    def price(pitch: int) -> float:
        rubs = sum(abs(pitch - other) in (1, 2, 13) for other in sung)
        return abs(pitch - near) + 0.1 * abs(2 * pitch - low - high) - 1.5 * (pitch % 12 in guides) + 4.0 * rubs

    classes = theory.chord_classes(chord.root, chord.quality)
    pitch = min((p for p in range(low, high + 1) if p % 12 in classes), key=price, default=near)
    return Tone(start, end - start, pitch)


def _tied_over(line: Sequence[Tone]) -> list[Tone]:
    """The line with a tone that is taken up again at once held on, for two bars at most."""
    out = list[Tone]()
    for tone in line:
        last = out[-1] if out else None
        if last and last.end == tone.start and last.pitch == tone.pitch and tone.end - last.start <= 8 * PPQ:
            out[-1] = replace(last, length=tone.end - last.start)
        else:
            out.append(tone)
    return out


KINDS: dict[str, Kind] = {
    "sustain": sustain,
    "sustain_vl": sustain,
    "pad_sustain": sustain,
    "organ_hold": sustain,
    "high_pedal": high_pedal,
    "phrased": phrased,
    "ostinato": ostinato,
    "ostinato_16": ostinato_16,
    "swell": swell,
    "unison_riff": unison_riff,
    "countermelody": countermelody,
    "tremolo": tremolo,
    "pizz": pizz,
}
