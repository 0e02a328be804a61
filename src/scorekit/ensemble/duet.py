"""Who sings with the lead or doubles it, and who sings in its place: bars that the coordinator gives to another part of the band.

Which parts do that, and how readily, is the genre's. The lead's tune is made whole, and whole it is heard by everybody; where
another has it the lead is silent, and that part plays the lead's own tones. In such bars, and where it sings a second voice,
what the part would else have played gives way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from scorekit.ensemble import intents
from scorekit.ensemble.base import Pen
from scorekit.ensemble.playing import home
from scorekit.ensemble.replies import replies
from scorekit.ensemble.second import second
from scorekit.ideas import VoiceIdeas
from scorekit.playable import RANGES
from scorekit.score import Arrangement, Brief, Cell, Lane, Note, Origin, Phrase, Plan, Section
from scorekit.seeds import Seed
from scorekit.timebase import PPQ, Tick

CHORDS = frozenset({"guitar", "keys", "pads"})
"""Who gives the harmony, and may sing while another of them does."""
COMPERS = ("guitar", "keys")
"""Whose hands a loud chorus stands on."""
UNDER = 12
"""How much softer than the tune its second voice is."""
EDGE = 4
"""Semitones by which a voice may leave its lane to stay with the tune."""
LEFT = 3
"""Semitones under the lowest tone of a voice from which a left hand goes on."""
TWINS, LEAST = 4, 4
"""Bars for which the harmony can do without a guitar that joins a soloist; fewest for which anybody joins a tune."""
WORDED = ("verse", "pre", "bridge")
"""Sections that are sung to words, which no instrument takes over."""
TALKERS = ("guitar", "brass")
"""Parts that have ways of their own to answer a tune, and leave that to whoever replies to it."""
FIRST = 0.7
"""How many of the sections that are replied to are so when they are first heard (POP909: a second line in .44 of first
verses' bars, .62 later)."""
HOLD = PPQ // 2
"""Ticks of silence in a tune at which it may change hands."""

Bars = tuple[int, ...]


# -- who, and where ------------------------------------------------------------------------------------------------------


def shared(plan: Plan, section: Section, arrangement: Arrangement, said: Mapping[str, Bars]) -> Arrangement:
    """The arrangement with the bars in which another part has the tune, or sings with it. ``said`` is in which bars each part
    says the band's riff. Drawn from the song, the section's name and how often it has been: no other section matters."""
    if "lead" not in arrangement.playing or section.melody not in ("lead", "hook", "solo") or section.bars < 4:
        return arrangement
    free = tuple(n for n, lane in arrangement.lanes if lane.plays and n != "lead" and _free(plan.cell(section, n)))
    band = Band(section, arrangement, plan.ideas.voices, said, Seed(plan.seed), free)
    taker, given = band.taking() if _free(plan.cell(section, "lead")) else ("", ())
    band = replace(band, free=tuple(name for name in free if name != taker))
    partner, bars, voice = band.singing(given)
    replier = band.replying()
    lanes = list[tuple[str, Lane]]()
    for name, lane in arrangement.lanes:
        if taker and name == "lead":
            lane = replace(lane, gives=given)
        if taker and name == taker:
            lane = replace(lane, tune=given)
        if partner and name == partner:
            lane = replace(lane, second=bars, voice=voice, wide=band.voices.sixths)
        if replier and name in (replier, *TALKERS):
            lane = replace(lane, answers=replier)
        lanes.append((name, lane))
    return Arrangement(tuple(lanes))


class Band(Struct, frozen=True):
    """Who might sing in a section."""

    section: Section
    arrangement: Arrangement
    voices: VoiceIdeas
    said: Mapping[str, Bars]
    """In which bars each part says the band's riff."""
    seed: Seed
    free: tuple[str, ...]
    """Those there of whom the song leaves open what they play, but the lead."""

    @property
    def draw(self) -> Seed:
        """Where the chances of this statement of the section are drawn."""
        return self.seed.at("duet", self.section.name, self.section.occurrence)

    def taking(self) -> tuple[str, Bars]:
        """Who has the tune in the lead's place, and in which bars; nobody in none."""
        given = _given(self.section, self.draw, self.voices.takes_p)
        wanted = self.voices.solos if self.section.melody == "solo" else self.voices.takes
        taker = self.first(wanted, given, "takes", alone=True)
        return (taker, given) if given and taker else ("", ())

    def singing(self, given: Bars) -> tuple[str, Bars, str]:
        """Who sings with the tune, in which bars, and as which voice; nobody in bars that are ``given`` away."""
        every, solo = tuple(range(self.section.bars)), self.section.melody == "solo"
        unison = not given and self.section.melody == _doubled(self.seed, self.voices)
        doubler = self.first(self.voices.second, every, "unison") if unison else ""
        if doubler:
            return doubler, every, "unison"
        bars = tuple(bar for bar in _accompanied(self.section, self.draw, self.voices) if bar not in given)
        partner = self.first(self.voices.second, bars, "second", twin=bool(self.voices.above) and solo)
        return (partner if bars else ""), bars, "over" if partner in self.voices.above else "under"

    def replying(self) -> str:
        """Who replies to the tune where it rests: of those the genre names the first, in the song's order, who is there for half
        of the section at least. Nobody behind a soloist, where the band's riff answers, or where all is quiet; where a section
        comes again it is replied to as before."""
        section = self.section
        odds = self.voices.answers_p * (1.0 if section.occurrence > 1 else FIRST)
        draw = self.seed.at("replies", section.name).unit("replies")
        if section.melody not in ("lead", "hook") or section.tier < 2 or any(self.said.values()) or draw >= odds:
            return ""
        there = tuple(n for n in self.free if 2 * len(_absent(self.arrangement.lane(n), section)) <= section.bars)
        # for a few beats bass and drums can do without chords
        return replace(self, free=there).first(self.voices.answers, (), "replies", alone=True, twin=True)

    def first(
        self, wanted: Sequence[tuple[str, float]], bars: Bars, draw: str, *, alone: bool = False, twin: bool = False
    ) -> str:
        """Who sings in some bars: of those the genre names the first, in an order that is the song's, who is there throughout,
        says no riff meanwhile and leaves the harmony to somebody: a pianist may do that ``alone``, with the left hand, and a
        ``twin`` leaves it to the bass. In a loud chorus hands go on playing its chords where whole bars are asked for. Nobody
        else ''."""
        seed, section = self.seed.at(draw), self.section
        order = sorted(wanted, key=lambda row: (-(seed.unit(row[0]) ** (1.0 / max(row[1], 0.01))), row[0]))
        for name, _ in order:
            others = CHORDS & set(self.arrangement.playing) - {name}
            lacks = name not in self.free or set(bars) & {
                *self.said.get(name, ()),
                *_absent(self.arrangement.lane(name), section),
            }
            comps = name in COMPERS and section.melody == "hook" and section.tier >= 4 and bars
            spared = others or name not in CHORDS or (name == "keys" and alone) or (name == "guitar" and twin)
            if spared and not lacks and not comps:
                return name
        return ""


def _doubled(seed: Seed, voices: VoiceIdeas) -> str:
    """Which tune of a song one of the band doubles, that of its verses or of its hooks: both would leave the chords thin all
    through. '' in most songs."""
    draw = seed.at("unison")
    return draw.choose("tune", ("lead", "hook")) if draw.chance("unison", voices.unison_p) else ""


def _free(cell: Cell) -> bool:
    """Whether a song leaves open what a part plays here."""
    return not (cell.notes or cell.pattern)


def _absent(lane: Lane, section: Section) -> set[int]:
    """The bars of a section in which a lane keeps its part silent, some of the time at least."""
    bar = section.meter.bar
    first = -(-lane.enter // bar)
    last = section.bars if lane.leave is None else lane.leave // bar
    return {*lane.rests, *range(first), *range(last, section.bars)}


def _given(section: Section, draw: Seed, odds: float) -> Bars:
    """The bars in which another has the tune: half a solo, all of it or four bars in eight; the same of a tune without words
    where it comes again. None where the band stops: there the singer is alone."""
    bars, half, solo = section.bars, section.bars // 2, section.melody == "solo"
    again = section.melody == "lead" and section.occurrence > 1 and section.name not in WORDED
    if bars < 8 or not (solo or again) or not draw.chance("given", odds):
        return ()
    ways = (
        tuple(range(half)),
        tuple(range(half, bars)),
        tuple(b for b in range(bars) if b % 8 >= 4),
        tuple(range(bars)),
    )
    given = draw.choose("which", ways, (1.0, 3.0, 2.0, 1.0 if solo else 3.0))
    stops = {intent.tick // section.meter.bar for intent in section.intents if intent.kind == "stop"}
    return () if stops & set(given) else given


def _accompanied(section: Section, draw: Seed, voices: VoiceIdeas) -> Bars:
    """The bars in which somebody sings with the tune, four at least: at first seldom the second half of a chorus, that when it
    comes again, then all of it; of verses the second half, when they come again. Where twins play, the end of a solo."""
    bars, half = section.bars, section.bars // 2
    odds = voices.second_p * (1.0 if section.tier > 2 else 0.5)
    late = tuple(range(half, bars)) if half >= LEAST else tuple(range(bars))
    if section.melody == "solo":
        return late[-TWINS:] if voices.above and draw.chance("twins", odds) else ()
    if section.melody == "lead":
        return late if section.occurrence > 1 and draw.chance("late", 0.85 * odds) else ()
    if section.occurrence == 1:
        return late if half >= LEAST and draw.chance("soon", 0.5 * odds) else ()
    if not draw.chance("hook", min(1.0, 1.3 * odds)):
        return ()
    return tuple(range(bars)) if draw.chance("all", 0.35 if section.occurrence == 2 else 0.7) else late


# -- what they sing ------------------------------------------------------------------------------------------------------


def turns(section: Section, sung: Sequence[Note], bars: Iterable[int]) -> tuple[intents.Span, ...]:
    """Bars as spans of ticks, each edge moved to where the tune breathes within two beats before it: what leads into a bar goes
    with it."""
    bar, spans = section.meter.bar, list[tuple[int, int]]()
    for number in sorted(bars):
        if spans and spans[-1][1] == number:
            spans[-1] = (spans[-1][0], number + 1)
        else:
            spans.append((number, number + 1))
    return tuple(
        (_edge(sung, a * bar), section.length if b == section.bars else _edge(sung, b * bar)) for a, b in spans
    )


def _edge(sung: Sequence[Note], tick: Tick) -> Tick:
    """Where a tune changes hands near a bar line."""
    ends = [0, *(note.end for note in sung)]
    begins = [
        n.start
        for n, end in zip(sung, ends, strict=False)
        if tick - 2 * PPQ <= n.start < tick and n.start - end >= HOLD
    ]
    return begins[-1] if begins and tick else tick


def left(phrase: Phrase, lane: Lane, section: Section) -> Phrase:
    """What the lead sings itself of its tune."""
    if not lane.gives:
        return phrase
    return replace(phrase, notes=intents.hush(phrase.notes, turns(section, phrase.notes, lane.gives)))


def joining(play: Callable[[Brief], Phrase]) -> Callable[[Brief], Phrase]:
    """A specialist's play that sings where the coordinator asks for it."""

    def with_tune(brief: Brief) -> Phrase:
        return joined(brief, play(replace(brief, lane=replace(brief.lane, tune=(), second=()))))

    return with_tune


def sings(part: str, lane: Lane) -> bool:
    """Whether a part has the tune somewhere, or sings with it, or replies to it."""
    return bool(lane.tune or lane.second or lane.answers == part)


def joined(brief: Brief, phrase: Phrase) -> Phrase:
    """What a part plays, with the tune or its second voice in the bars it was given."""
    lane, section, sung = brief.lane, brief.section, brief.hears("lead")
    end = intents.finale(brief)
    told = [n for n in sung if end is None or n.start < end]
    quiet, pen = intents.quiet(brief), Pen(brief.part)
    voices = list[tuple[intents.Span, tuple[Note, ...], str, str]]()
    low, high = reach(brief.part, lane)
    for span in turns(section, sung, lane.tune):
        line = _octave(_within(told, span), low, high)
        voices.append((span, line, "takes" if section.melody != "solo" else "solos", "the lead's tune, in its place"))
    for span in turns(section, sung, lane.second):
        if lane.voice == "unison":
            line, idea = _octave(_within(told, span), low, high), "the lead's tune, doubled"
        else:
            line = second(section, _within(told, span), low, high, lane.voice == "over", lane.wide)
            idea = f"second voice, {lane.voice} the tune"
        line = tuple(replace(note, velocity=note.velocity - UNDER) for note in line)
        voices.append((span, line, "second", idea))
    hit = set(intents.strikes(section, brief.part))
    if lane.answers == brief.part:
        voices += _replies(brief, told, (low, high), (*quiet, *turns(section, sung, lane.tune)), hit)
    own = phrase.notes
    for span, line, _, _ in voices:
        floor = min((note.pitch for note in line), default=128) - LEFT if brief.part == "keys" else 0
        own = tuple(note for kept in (_beneath(own, span, floor, hit) if line else own,) for note in kept)
    for note in own:
        pen.copy(phrase, note)
    for _, line, table, idea in voices:
        for note in intents.hush(line, quiet):
            if note.start in hit and table == "second":
                continue
            place = f"{brief.seed.address}/{note.start // section.meter.bar}"
            origin = Origin(f"genre.voices.{table}.{brief.part}", brief.part, idea, place)
            pen.write(note.start, note.length, note.pitch, note.velocity, origin, note.manner)
    sings = " and ".join(dict.fromkeys(idea for _, line, _, idea in voices if line))
    return pen.phrase(section.length, f"{phrase.idea}, {sings}" if sings else phrase.idea)


def _replies(
    brief: Brief, told: Sequence[Note], register: tuple[int, int], quiet: Sequence[intents.Span], hit: set[Tick]
) -> Iterator[tuple[intents.Span, tuple[Note, ...], str, str]]:
    """What the part replies where it may sound and the band strikes nothing together."""
    for reply in replies(brief.section, told, brief.part, *register, home(brief)):
        span = (reply.notes[0].start, reply.notes[-1].end)
        if intents.hush(reply.notes, quiet) == reply.notes and not any(span[0] <= tick < span[1] for tick in hit):
            yield span, reply.notes, "answers", reply.idea


def _within(sung: Sequence[Note], span: intents.Span) -> tuple[Note, ...]:
    return tuple(note for note in sung if span[0] <= note.start < span[1])


def reach(part: str, lane: Lane) -> tuple[int, int]:
    """The register of a part that sings: a little wider than its lane; a guitarist goes up the neck."""
    return lane.low - EDGE, max(lane.high + EDGE, RANGES[part][1] - EDGE if part == "guitar" else 0)


def _octave(line: Sequence[Note], low: int, high: int) -> tuple[Note, ...]:
    """A tune moved by the octaves that leave least of it outside a register."""
    shift = min((-24, -12, 0, 12), key=lambda s: (sum(not low <= note.pitch + s <= high for note in line), abs(s), s))
    return tuple(replace(note, pitch=note.pitch + shift) for note in line)


def _beneath(own: Sequence[Note], span: intents.Span, floor: int, hit: set[Tick]) -> tuple[Note, ...]:
    """A part's own notes with those in a span left out, but for the band's hits and what lies under ``floor``."""
    low = [note for note in own if note.pitch < floor or note.start in hit]
    rest = [note for note in own if not (note.pitch < floor or note.start in hit)]
    return tuple(sorted((*low, *intents.hush(rest, (span,))), key=lambda note: (note.start, note.pitch)))
