"""The lead: sings the tune of each section."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from scorekit import theory
from scorekit.ensemble import intents
from scorekit.ensemble.base import LOUDER, VELOCITY, Pen, heat
from scorekit.ensemble.breath import monophonic
from scorekit.ensemble.degrees import interval
from scorekit.ensemble.grid import early, offbeat
from scorekit.ensemble.melody import Setting, opening, welcomed, window
from scorekit.ensemble.motifs import SCHEMAS, Tone, plain_cells
from scorekit.ensemble.playing import whole_song
from scorekit.ensemble.retouch import banded, climax, crowned, homed, rested, risen, sparser, varied
from scorekit.ensemble.riffs import named, voiced
from scorekit.ensemble.soloists import soloed
from scorekit.ensemble.tunes import fitted, ornamented, tune
from scorekit.ideas import MelodyIdeas
from scorekit.score import Bid, Brief, Chord, Note, Origin, Phrase
from scorekit.timebase import PPQ, Tick

LEAN = 2.2
"""How often, by the genre's chance of a pickup, one leads into a tune that begins on its first beat."""
LIBERTY = 0.12
"""How many of a riff's longer tones the lead plays round: it is the one that may."""
EDGE = 4
"""Semitones a shared riff may leave the lane by: better than to be torn apart by octaves."""
FALLS, INTENDED = 0.15, frozenset(("hit with the band", "last note", "upbeat"))
"""How many long tones before a rest fall away in loud sections, and what is sung straight."""
BREATH = PPQ // 4
"""Ticks by which a phrase's last tone is let go before its end, for breath; half of it where it is short."""
SLACK = 0.1
"""How far density may lean before a tune changes: a return a little fuller is still the same tune."""


class Lead:
    """Plays one line: hook, lead, riff or solo, as the section says."""

    name = "lead"

    def bid(self, brief: Brief) -> tuple[Bid, ...]:
        """Rest where no tune is asked for, double time in slow solos, fewer notes when it is quiet."""
        section, wishes = brief.section, []
        if section.melody == "none" or (section.tier == 1 and section.melody not in ("hook", "lead")):
            wishes.append(Bid("lead", "energy", "rest", 1.0, 0.6, "no tune is asked for here"))
        if section.melody == "solo" and brief.band == "slow":
            wishes.append(Bid("lead", "tempo", "doubletime", 1.0, 0.4, "a slow solo breathes better in double time"))
        if section.melody in ("lead", "hook") and section.tier <= 2:
            wishes.append(Bid("lead", "energy", "thin", 0.5, 0.4, "a quiet tune says less"))
        return tuple(wishes)

    def play(self, brief: Brief) -> Phrase:
        """The tune of this section, inside its lane."""
        pen = Pen("lead")
        if not brief.lane.plays or brief.section.melody == "none" or not isinstance(brief.ideas, MelodyIdeas):
            return pen.phrase(brief.section.length)
        home = _at_home(brief)
        setting = setting_of(home, brief.ideas)
        _sing(pen, home, setting, composed(home, setting))
        return _lifted(brief, pen.phrase(brief.section.length, f"{setting.kind} tune"))


def _at_home(brief: Brief) -> Brief:
    """The brief with the section in the song's own key, where a tune is made: a section in another key lifts it there."""
    section, after = brief.section, brief.seam.next_chord
    if not section.lift:
        return brief
    down = replace(
        section,
        key=replace(section.key, tonic=(section.key.tonic - section.lift) % 12),
        chords=tuple(_moved(chord, -section.lift) for chord in section.chords),
        theme=tuple(_moved(chord, -section.lift) for chord in section.theme),
    )
    seam = replace(brief.seam, next_chord=_moved(after, -section.lift) if after else None)
    return replace(brief, section=down, seam=seam)


def _moved(chord: Chord, semitones: int) -> Chord:
    return replace(chord, root=(chord.root + semitones) % 12, bass=(chord.bass + semitones) % 12)


def _lifted(brief: Brief, phrase: Phrase) -> Phrase:
    """A tune moved into the section's key; what would leave the lane goes to the chord tone next to its edge."""
    lift, lane = brief.section.lift, brief.lane
    if not lift:
        return phrase
    notes = []
    for note in phrase.notes:
        pitch = note.pitch + lift
        if not lane.low <= pitch <= lane.high:
            chord = brief.section.chord_at(note.start)
            pitch = theory.nearest(pitch, theory.core_classes(chord.root, chord.quality), lane.low, lane.high)
        notes.append(replace(note, pitch=pitch))
    return replace(phrase, notes=tuple(notes))


def setting_of(brief: Brief, ideas: MelodyIdeas) -> Setting:
    """The setting of the tune: shared by all sections of a motif, except that every solo is its own."""
    section, lane = brief.section, brief.lane
    solo = section.melody == "solo"
    seed = brief.seed if solo or brief.motif_seed is None else brief.motif_seed
    low, high = window(lane.low, lane.high, section.melody)
    stray = heat(brief.dials)
    kind = section.melody if section.melody in ("hook", "lead", "riff", "solo") else "lead"
    cells = ideas.cells or plain_cells(section.grid)
    if brief.cell.pattern in SCHEMAS:
        ideas = replace(ideas, schemas=((brief.cell.pattern, 1.0),), solo=())
    if solo and ideas.solo_scale:
        ideas = replace(ideas, scale=ideas.solo_scale)
    motif, moved = section.motif or section.name, lane.low - ideas.low
    made = (section.theme or section.chords)[0]
    first = opening(whole_song(brief), motif, section.melody, made.root, made.quality, ideas.low, ideas.high)
    first = first + moved if first >= 0 else first
    return Setting(
        section, ideas, cells, brief.dials, seed, low, high, kind, ideas.heat * stray, stray, first, lane.pace
    )


def composed(brief: Brief, setting: Setting) -> tuple[Tone, ...]:
    """The tune, varied on its return, made denser or sparser, with one highest tone, ended where the song ends."""
    shared = _shared(brief, setting)
    if brief.riff and shared and len(brief.riff.bars) == brief.section.bars:
        return _ended(brief, setting, shared)
    free, stated = setting.kind == "solo" and bool(setting.ideas.solo), _stated(setting)
    stated = stated if free else banded(setting, stated)
    tones = rested(setting, monophonic([*_between(brief, setting, stated), *shared]))
    tones = tones if free or setting.kind == "riff" else climax(setting, tones)
    if brief.section.occurrence > 1 and setting.kind != "solo":
        liberty = 0.2 * (brief.section.occurrence - 1) + 0.6 * (brief.dials.creativity - 0.5)
        tones = varied(setting, tones, min(0.75, max(0.0, liberty)), brief.seed)
        late = brief.section.occurrence > 2 or brief.section.lift > 0
        if setting.kind == "hook" and brief.lane.tier == 5:
            tones = homed(setting, risen(setting, tones, brief.seed) if late else tones)
            tones = crowned(setting, tones, brief.lane.high) if late and _last_said(brief) else tones
    busy = (brief.dials.density - 0.5) + 0.5 * (brief.dials.complexity - 0.5)
    if busy > SLACK:
        tones = ornamented(setting, tones, (busy - SLACK) * 1.5, setting.seed.at("busy"))
    elif busy < -SLACK:
        tones = sparser(setting, tones, -(busy + SLACK) * 0.9)
    tones = _leaning(brief, setting, rested(setting, tones))
    return _ended(brief, setting, tones)


def _last_said(brief: Brief) -> bool:
    """Whether no more verse follows: what comes after is none, or the hook again."""
    after = brief.seam.next_tune
    return after is None or after.motif == (brief.section.motif or brief.section.name)


def _stated(setting: Setting) -> tuple[Tone, ...]:
    """The motif's tune, made over the motif's own chords and fitted to those it meets here; a hook over a half-time beat in
    notes of twice the value."""
    section = setting.section
    if setting.kind == "solo" and setting.ideas.solo:
        return soloed(setting)
    half = setting.pace == "half" and setting.kind == "hook"
    if not section.theme and not half:
        return tune(setting)
    tones = tune(replace(setting, section=replace(section, chords=section.theme or section.chords, theme=())))
    if half:
        broad = (replace(t, start=2 * t.start, length=2 * t.length) for t in tones)
        tones = tuple(t for t in broad if t.start < section.length)
    first, chord = setting.opening, section.chords[0]
    begins = first >= 0 and bool(tones) and tones[0].start == 0
    head = (replace(tones[0], pitch=welcomed(first, chord, setting.low, setting.high)),) if begins else ()
    return (*head, *fitted(setting, tones)[len(head) :])


def _shared(brief: Brief, setting: Setting) -> tuple[Tone, ...]:
    """The band's riff, two octaves over the bass, where the lead plays one and the genre lets it: as short as the others, or
    ringing on through their muted strokes."""
    riff, bar = brief.riff, brief.section.meter.bar
    if riff is None or setting.kind != "riff" or brief.part not in riff.parts:
        return ()
    idea = named(riff, brief.part)
    tones = [
        Tone(t.start, t.length, t.pitch, "X" if t.velocity >= 100 else "x" if t.velocity >= 75 else "s", idea)
        for t in voiced(riff, brief.part, brief.lane.low - EDGE, brief.lane.high + EDGE, 2, bar)
        if t.manner == ""
    ]
    if brief.seed.chance("rings on", 0.4):
        ends = [*(t.start for t in tones), brief.section.length][1:]
        tones = [replace(t, length=min(PPQ, end - t.start)) for t, end in zip(tones, ends, strict=True)]
    return ornamented(setting, tones, LIBERTY, brief.seed.at("riff"))


def _between(brief: Brief, setting: Setting, tones: Sequence[Tone]) -> tuple[Tone, ...]:
    """The tune with room for the riff that answers it: it comes to rest on a tone of the chord, held to the bar line."""
    riff, bar = brief.riff, brief.section.meter.bar
    if riff is None or len(riff.bars) == brief.section.bars:
        return tuple(tones)
    out = [t for t in tones if t.start // bar not in riff.bars]
    for line in (number * bar for number in riff.bars if number - 1 not in riff.bars):
        n = max((n for n, t in enumerate(out) if t.start < line), default=-1)
        if n < 0 or out[n].start < line - bar:
            continue
        last, chord = out[n], brief.section.chord_at(out[n].start)
        home = theory.nearest(last.pitch, theory.core_classes(chord.root, chord.quality), setting.low, setting.high)
        out[n] = replace(last, pitch=home, length=min(2 * PPQ, line - last.start))
    return tuple(out)


def _leaning(brief: Brief, setting: Setting, tones: Sequence[Tone]) -> tuple[Tone, ...]:
    """A last upbeat by step into the tone with which the next section's tune begins on its first beat, where this one has
    come to rest early enough: from below, or from above where the tune comes down to it."""
    section, goal = brief.section, _next_tone(brief)
    start = section.length - PPQ
    if goal < 0 or not tones or tones[-1].end > start or not setting.seed.chance("lean", LEAN * setting.ideas.pickup):
        return tuple(tones)
    ladder = theory.scale_pitches(section.key.tonic, section.key.mode)
    rising = [p for p in ladder if setting.low <= p < goal][-2:]
    falls = tones[-1].pitch > goal + 2 or len(rising) < 2
    way = [p for p in ladder if p > goal][1::-1] if falls else rising
    half = offbeat(section)
    return (*tones, Tone(start, half, way[0], "s", "upbeat"), Tone(start + half, PPQ - half, way[1], "s", "upbeat"))


def _next_tone(brief: Brief) -> int:
    """The pitch with which the next section's tune begins on its first beat, as heard from this one's key; -1 when it does not."""
    after, chord, ideas = brief.seam.next_tune, brief.seam.next_chord, brief.ideas
    if after is None or chord is None or not isinstance(ideas, MelodyIdeas):
        return -1
    apart = after.lift - brief.section.lift
    root, quality = (after.root, after.quality) if after.root >= 0 else (chord.root, chord.quality)
    root, low, high = (root - apart) % 12, ideas.low, ideas.high
    first = opening(whole_song(brief), after.motif, after.melody, root, quality, low, high)
    first = welcomed(first, _moved(chord, -apart), *window(low, high, after.melody))
    return first + apart if first >= 0 else -1


def _ended(brief: Brief, setting: Setting, tones: Sequence[Tone]) -> tuple[Tone, ...]:
    """The song's ending: on each of its strokes the degree it names, else the chord tone nearest to where the tune was;
    a hook comes home to the root with its last. Where nothing was sung before them in the section, a loud one is struck in the
    upper half of the lane, where its hook left the tune."""
    end = intents.finale(brief)
    if end is None:
        return tuple(tones)
    kept = [replace(t, length=min(t.length, end - t.start)) for t in tones if t.start < end]
    touches = intents.touches(brief)
    for touch in touches:
        chord = brief.section.chord_at(touch.sounds)
        classes = (*theory.core_classes(chord.root, chord.quality), chord.root, chord.root)[:3]
        if touch is touches[-1] and setting.kind in ("hook", "riff"):
            classes = (chord.root,)
        if touch.degree != "R":
            scale = theory.chord_scale(chord.root, chord.quality, brief.section.key.tonic, brief.section.key.mode)
            classes = ((chord.root + interval(touch.degree, chord.root, chord.quality, scale)) % 12,)
        begins = setting.opening if setting.opening >= 0 else round(setting.centre)
        begins = round((setting.centre + setting.high) / 2) if brief.lane.tier == 5 else begins
        near = kept[-1].pitch if kept else begins
        home = theory.nearest(near, classes, setting.low, setting.high)
        kept.append(Tone(touch.at, touch.length, home, touch.mark, intents.told(brief)))
    return tuple(kept)


# -- from tones to notes ---------------------------------------------------------------------------------------------


def _phrases(tones: Sequence[Tone]) -> list[tuple[Tick, Tick]]:
    """Spans of ticks sung in one breath: divided where at least three quarters of a beat are silent."""
    spans: list[tuple[Tick, Tick]] = []
    for tone in tones:
        if spans and tone.start - spans[-1][1] < PPQ * 3 // 4:
            spans[-1] = (spans[-1][0], tone.end)
        else:
            spans.append((tone.start, tone.end))
    return spans


_SWELLS = {"level": (-1, 1, -1), "rise": (-4, 1, 3), "dip": (0, -1, 0), "arch": (-2, 4, -2), "fall": (4, 1, -4)}
"""How a phrase is sung: velocity steps at its beginning, middle and end."""
_SUNG = (0.30, 0.22, 0.19, 0.16, 0.13)
"""How often each is: 1,297 phrases of POP909, by the mean velocities of their thirds. An arch is one of five ways, not the rule."""


def shaped(brief: Brief, setting: Setting, tones: Sequence[Tone]) -> tuple[float, ...]:
    """Velocities: each phrase swells or fades its own way, high tones are louder, beats marked, repeats alternate."""
    section, spans = brief.section, _phrases(tones)
    base = LOUDER * (brief.lane.tier - 3) + (4 if brief.lane.layer == "front" else 0) + brief.cell.velocity + 4
    seed = (brief.motif_seed or brief.seed).at("swell")
    ways = [_SWELLS[seed.choose(str(n), tuple(_SWELLS), _SUNG)] for n in range(len(spans))]
    out, turn = [], False
    for n, tone in enumerate(tones):
        (start, end), (first, middle, last) = next(
            (span, way) for span, way in zip(spans, ways, strict=True) if span[0] <= tone.start < span[1]
        )
        u = 2.0 * (tone.start - start) / max(1, end - start)
        turn = not turn if n and tones[n - 1].pitch == tone.pitch else False
        velocity = VELOCITY.get(tone.mark, 75.0) + base
        velocity += first + (middle - first) * u if u < 1.0 else middle + (last - middle) * (u - 1.0)
        velocity += 0.3 * (tone.pitch - setting.centre)
        velocity += 12 * section.meter.strength(tone.start) + (-4 if turn else 0) + _accent(brief, tone.start)
        out.append(velocity + intents.swell(section, tone.start))
    return tuple(out)


def _accent(brief: Brief, tick: Tick) -> float:
    """What the rhythm generator's mask adds at a tick."""
    step = tick * brief.section.grid // PPQ
    return 8 * brief.accents[step] - 2 if step < len(brief.accents) else 0.0


def _sing(pen: Pen, brief: Brief, setting: Setting, tones: Sequence[Tone]) -> None:
    """Writes the tones as notes, with the band's intents carried out."""
    tones = _struck(brief, setting, tones)
    velocities = shaped(brief, setting, tones)
    origins = tuple(_origin(brief, tone) for tone in tones)
    ends = {end for _, end in _phrases(tones)}
    notes = []
    for n, (tone, velocity) in enumerate(zip(tones, velocities, strict=True)):
        last = tone.end in ends and tone.idea != "last note" and tone.length > PPQ // 2
        length = tone.length - (BREATH if tone.length > PPQ else BREATH // 2) if last else tone.length
        loud = min(127, max(1, round(velocity)))
        shared = EDGE if tone.idea.startswith("riff ") else 0
        low, high = brief.lane.low - shared, brief.lane.high + shared
        pitch = theory.fold(tone.pitch, low, max(high, low + 11))
        notes.append(Note(tone.start, max(1, length), pitch, loud, _manner(setting, tones, n), n))
    hits = intents.strikes(brief.section, "lead")
    for note in intents.hush(notes, intents.quiet(brief)):
        extra = 12 if note.start in hits else 0
        pen.write(note.start, note.length, note.pitch, note.velocity + extra, origins[note.origin], note.manner)


def _manner(setting: Setting, tones: Sequence[Tone], n: int) -> str:
    """How a tone is sung: joined to a neighbour, slid into where a phrase begins or leaps up to a long tone, now and then let
    fall before a rest."""
    tone = tones[n]
    if tone.idea == "bend":
        return "slide"
    if setting.kind == "riff" and tone.length <= PPQ // 2:
        return "short"
    if setting.kind != "riff" and tone.length >= PPQ and tone.idea not in INTENDED:
        before, after = (tones[n - 1] if n else None), (tones[n + 1] if n + 1 < len(tones) else None)
        begins = before is None or tone.start - before.end >= PPQ // 2
        leaps = before is not None and tone.pitch - before.pitch >= 5
        if (begins or leaps) and setting.seed.chance(
            f"slide/{tone.start}", setting.ideas.heat * (1.2 if leaps else 0.8)
        ):
            return "slide"
        rests = after is not None and after.start - tone.end >= PPQ
        if rests and setting.section.tier >= 4 and setting.seed.chance(f"fall/{tone.start}", FALLS):
            return "fall"
    joined = n > 0 and tones[n - 1].end == tone.start and 0 < abs(tones[n - 1].pitch - tone.pitch) <= 3
    return "legato" if joined and setting.kind != "riff" else ""


def _origin(brief: Brief, tone: Tone) -> Origin:
    path = "genre.melody.cells" + (f".{tone.cell}" if brief_cells(brief) else "")
    bar = tone.start // brief.section.meter.bar
    return Origin(path, "lead", tone.idea or "motif", f"{brief.seed.address}/{bar}")


def brief_cells(brief: Brief) -> int:
    """How many cells the genre wrote down."""
    return len(brief.ideas.cells) if isinstance(brief.ideas, MelodyIdeas) else 0


def _struck(brief: Brief, setting: Setting, tones: Sequence[Tone]) -> tuple[Tone, ...]:
    """The tune with the band's hits in it: a tone at each strike, short or held; pushes come an eighth early."""
    section, out = brief.section, list(tones)
    pulse, shorts = early(section), intents.shorts(section, "lead")
    held = dict(intents.holds(section, "lead"))
    for tick in intents.at(section, "push", "lead"):
        out = [replace(t, start=t.start - pulse) if t.start == tick >= pulse else t for t in out]
    for tick in intents.strikes(section, "lead"):
        if tick in shorts or tick in held:
            length = pulse if tick in shorts else held[tick] - tick
            out = _placed(setting, out, tick, length)
    starts = sorted({t.start: t for t in reversed(out)}.values(), key=lambda t: t.start)
    ends = [*(t.start for t in starts), section.length][1:]
    return tuple(replace(t, length=max(1, min(t.length, end - t.start))) for t, end in zip(starts, ends, strict=True))


def _placed(setting: Setting, tones: Sequence[Tone], tick: Tick, length: Tick) -> list[Tone]:
    """A tone struck at a tick: the one there, or a chord tone near the tune."""
    here = next((t for t in tones if t.start == tick), None)
    near = min(tones, key=lambda t: abs(t.start - tick), default=None)
    if here is None:
        chord = setting.section.chord_at(tick)
        around = near.pitch if near else round(setting.centre)
        pitch = theory.nearest(around, theory.core_classes(chord.root, chord.quality), setting.low, setting.high)
        here = Tone(tick, length, pitch, "X", "hit with the band", near.cell if near else 0)
    rest = [t for t in tones if t.start != tick and not tick < t.start < tick + length]
    return [*rest, replace(here, length=length, mark="X")]
