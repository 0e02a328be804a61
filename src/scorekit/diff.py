"""What changed between two scores, in a musician's words: song, form, chords, sounds, mix, notes by section and part.

Sections are matched by their ids (``chorus/2``), parts by their names: the identities everything else goes by. Nothing
here knows how a score came about, so two songs, two seeds or two saves are compared alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from scorekit.answers import DRUMS
from scorekit.dump import chord_bars
from scorekit.score import Note, Passage, Phrase, Placement, Plan, Score, Section
from scorekit.stage import Part, Strip

FORM, HARMONY, NOTES, SOUND, MIX, SONG = "form", "harmony", "notes", "sound", "mix", "song"
REWRITTEN = 0.7
"""The share of notes from which on a phrase counts as rewritten."""
_UNITS = {"level": " dB", "duck": " dB", "highpass": " Hz"}
_NAMES = {"verb": "room", "highpass": "high-pass", "program": "MIDI program", "channel": "MIDI channel"}


class Change(Struct, frozen=True):
    """One thing that changed: of which kind, where, of whom, in words; and how many notes of it."""

    kind: str
    words: str
    sections: tuple[str, ...] = ()
    """Ids of sections; empty: the whole song."""
    part: str = ""
    notes: int = 0
    bars: tuple[int, ...] = ()
    """Bars of the newer song, counted from 1."""

    def data(self) -> dict[str, Any]:
        """As plain data, without what is empty."""
        return {key: value for key, value in asdict(self).items() if value}


def compare(before: Score, after: Score) -> tuple[Change, ...]:
    """Everything that changed, the widest first: song, form, harmony, sounds, mix, notes cell by cell."""
    old, new = before.plan, after.plan
    return (*song(old, new), *form(old, new), *harmony(old, new), *band(old, new), *notes(before, after))


def told(change: Change, among: Sequence[str] = ()) -> str:
    """A change as a sentence: ``bass in chorus: 6 notes changed``. ``among``: the ids of all sections."""
    places = spoken(change.sections, among)
    who = f"{change.part}{f' in {places}' if places else ''}" if change.part else places
    return f"{who}: {change.words}" if who else change.words


def summary(changes: Sequence[Change], among: Sequence[str] = (), most: int = 3) -> str:
    """A line of the first few changes; ``nothing changed`` without any."""
    found = tuple(grouped(changes))
    shown = [told(change, among) for change in found[:most]]
    rest = len(found) - len(shown)
    return "; ".join(shown + ([f"{rest} more"] if rest else [])) or "nothing changed"


def ids(plan: Plan) -> tuple[str, ...]:
    """The ids of all sections of a song, in order."""
    return tuple(placement.section.id for placement in plan.placements)


def spoken(sections: Sequence[str], among: Sequence[str] = ()) -> str:
    """Sections as people say them: ``chorus`` for all its statements, ``verse 2`` for one, ``every section``."""
    if among and len(among) > 1 and set(sections) >= set(among):
        return "every section"
    totals = Counter(name.rpartition("/")[0] for name in among)
    statements: dict[str, list[str]] = {}
    for section in sections:
        name, _, number = section.rpartition("/")
        statements.setdefault(name, []).append(number)
    return ", ".join(
        name if len(numbers) >= (totals.get(name) or len(numbers) + 1) else f"{name} {'+'.join(numbers)}"
        for name, numbers in statements.items()
    )


# -- the song ----------------------------------------------------------------------------------------------------------


def song(old: Plan, new: Plan) -> Iterator[Change]:
    """What holds for the whole song."""
    facts: tuple[tuple[str, Callable[[Plan], object]], ...] = (
        ("title", lambda p: p.title), ("genre", lambda p: p.genre), ("model", lambda p: p.model),
        ("seed", lambda p: p.seed), ("key", lambda p: p.key), ("tempo", tempo), ("ending", lambda p: p.ending and p.ending.id),
        ("line-up", lambda p: p.lineup),
        ("complexity", lambda p: p.dials.complexity), ("creativity", lambda p: p.dials.creativity),
        ("resolver", lambda p: p.resolver), ("length", length),
    )  # fmt: skip
    for name, fact in facts:
        if fact(old) != fact(new):
            yield Change(SONG, f"{name} {fact(old)} -> {fact(new)}")
    if old.feel != new.feel:
        yield Change(SONG, f"feel changed ({', '.join(differing(old.feel, new.feel))})")
    for name in differing(old.master, new.master):
        yield Change(MIX, f"master {name} {getattr(old.master, name):g} -> {getattr(new.master, name):g}")


def length(plan: Plan) -> str:
    """How long a song is, its last sound included."""
    return f"{plan.seconds:.1f} s"


def tempo(plan: Plan) -> str:
    """``120 bpm``, or from which to which."""
    tempi = [f"{60_000_000 / micros:.2f}".rstrip("0").rstrip(".") for _, micros in plan.tempo.changes]
    return f"{tempi[0]} bpm" if len(tempi) == 1 else f"{tempi[0]} to {tempi[-1]} bpm in {len(tempi)} steps"


def differing(old: Struct, new: Struct) -> list[str]:
    """Names of the fields in which two values of a kind differ."""
    return [name for name in old.__struct_fields__ if getattr(old, name) != getattr(new, name)]


def form(old: Plan, new: Plan) -> Iterator[Change]:
    """Sections that came, went, moved, or changed their length."""
    before, after = ids(old), ids(new)
    gone, come = set(before) - set(after), set(after) - set(before)
    bars = {p.section.id: p for p in new.placements}
    for placement in old.placements:
        if placement.section.id in gone:
            yield Change(FORM, f"section taken out ({placement.section.bars} bars)", (placement.section.id,))
    for place, name in enumerate(after):
        if name in come:
            follows = f"after {spoken((after[place - 1],))}" if place else "at the beginning"
            words = f"new section of {bars[name].section.bars} bars {follows}"
            yield Change(FORM, words, (name,), bars=tuple(bars_of(bars[name])))
    kept = [name for name in before if name not in gone]
    stayed = SequenceMatcher(None, kept, [name for name in after if name not in come], autojunk=False)
    for tag, low, high, _, _ in stayed.get_opcodes():
        if tag in ("delete", "replace"):
            yield Change(FORM, "moved", tuple(kept[low:high]))
    for was, now in matched(old, new):
        for name in ("bars", "tier", "meter"):
            a, b = getattr(was.section, name), getattr(now.section, name)
            if a != b:
                what = "energy" if name == "tier" else name
                yield Change(FORM, f"{what} {a} -> {b}", (now.section.id,), bars=bars_of(now))


def matched(old: Plan, new: Plan) -> Iterator[tuple[Placement, Placement]]:
    """The placements of sections that are in both songs."""
    before = {p.section.id: p for p in old.placements}
    return ((before[p.section.id], p) for p in new.placements if p.section.id in before)


def bars_of(placement: Placement) -> tuple[int, ...]:
    """The bars of the song that a section fills."""
    return tuple(range(placement.bar, placement.bar + placement.section.bars))


# -- harmony and signs -------------------------------------------------------------------------------------------------


def harmony(old: Plan, new: Plan) -> Iterator[Change]:
    """Chords, key, flags and intents of sections; the same change in several statements is told once."""
    found: dict[tuple[str, str], list[Placement]] = {}
    for was, now in matched(old, new):
        for kind, words in signs(was.section, now.section, old.key == new.key):
            found.setdefault((kind, words), []).append(now)
    for (kind, words), places in found.items():
        sections = tuple(p.section.id for p in places)
        yield Change(kind, words, sections, bars=tuple(bar for p in places for bar in bars_of(p)))


def signs(was: Section, now: Section, key_kept: bool) -> Iterator[tuple[str, str]]:
    """What is written differently over one section; chords moved by a new key of the song are no news."""
    if key_kept and was.key != now.key:
        yield HARMONY, f"key {was.key} -> {now.key}"
    if chords(was) != chords(now) and (key_kept or degrees(was) != degrees(now)):
        yield HARMONY, f"chords {shortened(was, now)}"
    for name in ("melody", "cadence", "motif"):
        if getattr(was, name) != getattr(now, name):
            yield FORM, f"{name} {getattr(was, name) or 'none'} -> {getattr(now, name) or 'none'}"
    gone, come = sorted(was.flags - now.flags), sorted(now.flags - was.flags)
    if gone or come:
        yield FORM, ", ".join([*(f"now with {flag}" for flag in come), *(f"no {flag} any more" for flag in gone)])
    if was.intents != now.intents:
        yield FORM, f"intents {intents(was) or 'none'} -> {intents(now) or 'none'}"


def chords(section: Section) -> tuple[tuple[int, int, int, str, int], ...]:
    """Chords as compared: when, how long, which."""
    return tuple((c.start, c.length, c.root, c.quality, c.bass) for c in section.chords)


def degrees(section: Section) -> tuple[tuple[int, int, int, str, int], ...]:
    """The same from the tonic."""
    tonic = section.key.tonic
    return tuple((c.start, c.length, (c.root - tonic) % 12, c.quality, (c.bass - tonic) % 12) for c in section.chords)


def shortened(was: Section, now: Section) -> str:
    """``Em D -> Em C``: bars without those at both ends that stayed."""
    a, b = chord_bars(was), chord_bars(now)
    low = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    high = next((n for n, (x, y) in enumerate(zip(a[:low:-1], b[:low:-1], strict=False)) if x != y), 0)
    low = max(0, low - 1)
    return f"{' | '.join(a[low : len(a) - high])} -> {' | '.join(b[low : len(b) - high])}"


def intents(section: Section) -> str:
    """``1 crash, 8 accent``: bar of the section, what happens."""
    return ", ".join(f"{intent.tick // section.meter.bar + 1} {intent.kind}" for intent in section.intents)


# -- the band ----------------------------------------------------------------------------------------------------------


def band(old: Plan, new: Plan) -> Iterator[Change]:
    """Players that came or went, their sounds and their mixer channels."""
    before, after = {p.name: p for p in old.parts}, {p.name: p for p in new.parts}
    yield from (Change(SOUND, "leaves the band", part=name) for name in before if name not in after)
    for name, part in after.items():
        if name not in before:
            yield Change(SOUND, f"joins the band ({part.sound.patch})", part=name)
        else:
            yield from player(before[name], part)


def player(was: Part, now: Part) -> Iterator[Change]:
    """One player's sound and channel strip."""
    if was.sound.patch != now.sound.patch:
        yield Change(SOUND, f"sound {was.sound.patch} -> {now.sound.patch}", part=now.name)
    elif was.sound != now.sound:
        old, new = dict(was.sound.params), dict(now.sound.params)
        knobs = [f"{k} {given(old.get(k))} -> {given(new.get(k))}" for k in {**old, **new} if old.get(k) != new.get(k)]
        yield Change(SOUND, ", ".join(knobs), part=now.name)
    for name in ("program", "channel"):
        if getattr(was, name) != getattr(now, name):
            words = f"{_NAMES[name]} {getattr(was, name) + 1} -> {getattr(now, name) + 1}"
            yield Change(SOUND, words, part=now.name)
    a, b = was.strip, now.strip
    moved = [f"{_NAMES.get(n, n)} {level(n, a)} -> {level(n, b)}" for n in differing(a, b)]
    if moved:
        yield Change(MIX, ", ".join(moved), part=now.name)


def level(name: str, strip: Strip) -> str:
    """A control's value with its unit."""
    return f"{getattr(strip, name):g}{_UNITS.get(name, '')}"


def given(value: float | None) -> str:
    """A parameter's value; ``default`` when it is not set."""
    return "default" if value is None else f"{value:g}"


# -- notes -------------------------------------------------------------------------------------------------------------


def notes(before: Score, after: Score) -> Iterator[Change]:
    """A change for every cell (part in a section that is in both songs) whose notes differ."""
    old: dict[str, Passage] = {p.section.id: m for p, m in zip(before.plan.placements, before.passages, strict=True)}
    for placement, passage in zip(after.plan.placements, after.passages, strict=True):
        was = old.get(placement.section.id)
        for phrase in passage.phrases if was is not None and was is not passage else ():
            assert was is not None
            yield from cell(placement, was.phrase(phrase.part), phrase)


def cell(placement: Placement, was: Phrase, now: Phrase) -> Iterator[Change]:
    """What changed in one part of one section, if anything did."""
    if was.notes == now.notes:
        return
    gone, come = difference(was.notes, now.notes)
    bar = placement.section.meter.bar
    bars = sorted({placement.bar + min(n.start // bar, placement.section.bars - 1) for n in (*gone, *come)})
    told_ = ", ".join([manner_of_change(was, now, gone, come), *fills(placement, was, now)])
    yield Change(NOTES, told_, (placement.section.id,), now.part, max(len(gone), len(come)), tuple(bars))


def difference(was: Sequence[Note], now: Sequence[Note]) -> tuple[list[Note], list[Note]]:
    """Notes that are no longer there, and notes that are new."""
    gone, come = Counter(was), Counter(now)
    return list((gone - come).elements()), list((come - gone).elements())


def manner_of_change(was: Phrase, now: Phrase, gone: list[Note], come: list[Note]) -> str:
    """How the notes of a phrase changed, in words."""
    count = max(len(gone), len(come))
    if not was.notes or not now.notes:
        return f"enters ({plural(len(now.notes))})" if now.notes else f"falls silent ({plural(len(was.notes))} gone)"
    if len(gone) == len(come) and (same := alike(gone, come, now.part == "drums")):
        return same
    drums = pieces((*gone, *come)) if now.part == "drums" else ""
    if not gone or not come:
        return f"{plural(count)} {'more' if come else 'fewer'}{drums}"
    if was.idea != now.idea and was.idea and now.idea:
        return f"now {now.idea}, was {was.idea} ({plural(count)} changed)"
    if count >= REWRITTEN * max(len(was.notes), len(now.notes)) and count > 3:
        before = f"{len(was.notes)} -> " if len(was.notes) != len(now.notes) else ""
        return f"rewritten ({before}{plural(len(now.notes))})"
    return f"{plural(count)} changed{drums}"


def pieces(found: Sequence[Note], most: int = 3) -> str:
    """`` (kick, snare)``: the drums some notes are struck on; nothing when there are too many to name."""
    names = list(dict.fromkeys(DRUMS.get(note.pitch, f"drum {note.pitch}") for note in found))
    return f" ({', '.join(names)})" if len(names) <= most else ""


def alike(gone: list[Note], come: list[Note], drums: bool) -> str:
    """The one way in which all changed notes differ: louder, longer, higher, earlier; empty when there is none."""
    pairs = list(zip(sorted(gone, key=place), sorted(come, key=place), strict=True))
    steps = {b.pitch - a.pitch for a, b in pairs}
    count, timing = plural(len(pairs)), {b.start - a.start for a, b in pairs}
    if timing == {0} and steps == {0}:
        if all(a.length == b.length and a.manner == b.manner for a, b in pairs):
            mean = sum(b.velocity - a.velocity for a, b in pairs) / len(pairs)
            return f"{count} {'louder' if mean > 0 else 'softer'}" if abs(mean) >= 1 else f"accents of {count} moved"
        if all(a.velocity == b.velocity and a.manner == b.manner for a, b in pairs):
            rise = [b.length - a.length for a, b in pairs]
            return f"{count} {'longer' if min(rise) > 0 else 'shorter' if max(rise) < 0 else 'of other length'}"
        return f"{count} played differently"
    if timing == {0} and len(steps) == 1 and not drums:
        return f"{count} {interval(steps.pop())}"
    return f"{count} moved" if len(timing) == 1 and steps == {0} else ""


def place(note: Note) -> tuple[int, int]:
    """Where a note stands in its phrase."""
    return note.start, note.pitch


def interval(step: int) -> str:
    """``an octave higher``, ``2 semitones lower``."""
    size, way = abs(step), "higher" if step > 0 else "lower"
    octaves = "an octave" if size == 12 else f"{size // 12} octaves"
    return f"{octaves if size % 12 == 0 else 'a semitone' if size == 1 else f'{size} semitones'} {way}"


def plural(count: int) -> str:
    """``1 note``, ``2 notes``."""
    return "1 note" if count == 1 else f"{count} notes"


def fills(placement: Placement, was: Phrase, now: Phrase) -> Iterator[str]:
    """What became of the fills."""
    old, new = filled(placement, was), filled(placement, now)
    if old == new:
        return
    if not old or not new:
        bars = ", ".join(str(bar) for bar in sorted(set(new or old)))
        yield f"{'fill added in' if new else 'no fill any more in'} bar {bars}"
    else:
        yield "fill moved" if set(old) != set(new) else "another fill"


def filled(placement: Placement, phrase: Phrase) -> dict[int, frozenset[str]]:
    """The bars of the song in which a phrase has fills, and which."""
    found: dict[int, set[str]] = {}
    for note in phrase.notes:
        idea = phrase.origins[note.origin].idea if note.origin < len(phrase.origins) else ""
        if idea.startswith(("fill ", "own fill")):
            found.setdefault(placement.bar + note.start // placement.section.meter.bar, set()).add(idea)
    return {bar: frozenset(ideas) for bar, ideas in found.items()}


def grouped(changes: Iterable[Change]) -> Iterator[Change]:
    """Changes for reading: those of one part's notes told once where the words are the same, summed up where many."""
    by_part: dict[str, list[Change]] = {}
    for change in changes:
        if change.kind == NOTES:
            by_part.setdefault(change.part, []).append(change)
        else:
            yield change
    for own in by_part.values():
        yield from own if len(own) == 1 else together(own)


def together(own: list[Change]) -> Iterator[Change]:
    """The changes of one part: statements of like words together; in a few words when more than two are left."""
    alike_: dict[str, list[Change]] = {}
    for change in own:
        alike_.setdefault(change.words, []).append(change)
    if len(alike_) > 2:
        yield merged(own, f"{plural(sum(change.notes for change in own))} changed")
        return
    for words, same in alike_.items():
        each = " each" if len(same) > 1 and any(char.isdigit() for char in words) else ""
        yield merged(same, words + each)


def merged(changes: Sequence[Change], words: str) -> Change:
    """Several changes of a part as one."""
    sections = tuple(dict.fromkeys(section for change in changes for section in change.sections))
    bars = tuple(bar for change in changes for bar in change.bars)
    return Change(NOTES, words, sections, changes[0].part, sum(change.notes for change in changes), bars)
