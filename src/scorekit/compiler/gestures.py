"""What the band does in a section, as the song says it in words: break, build, drop, half-time, ritardando, tag, last hit.

Each becomes a flag, or intents at their ticks, so that every player reads it from the section alone. A drop into the
next section is two things: this one ends stripped, and that one begins with everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from scorekit.compiler.strings import IntentToken
from scorekit.compiler.strings import intent as read_intent
from scorekit.compiler.wrong import Reader, count
from scorekit.repeats import tagged
from scorekit.score import Intent, Section
from scorekit.seeds import Seed
from scorekit.timebase import Meter

Written = tuple[IntentToken, str]
"""An intent as read, and the key path it was written at."""

FLAGS = {
    "half-time": "half",
    "double-time": "double",
    "no drums": "nodrums",
    "ramp": "ramp",
    "vacuum": "vacuum",
    "build": "ramp",
}
TAG_BARS = 2
"""How many bars a tag plays again."""


class _Place(Struct, frozen=True):
    """The section a gesture is for, before its tag is laid out, and where it is in the song."""

    section: Section
    last: bool
    path: str
    book: Reader

    def wrong(self, message: str, hint: str) -> tuple[Intent, ...]:
        self.book.wrong(self.path, message, hint)
        return ()


def read(texts: Iterable[tuple[str, str]], meter: Meter, book: Reader) -> tuple[Written, ...]:
    """The intents of a section from (text, key path), those that can be read."""
    tokens = ((book.read(path, read_intent, text, meter), path) for text, path in texts)
    return tuple((token, path) for token, path in tokens if token is not None)


def lift(tokens: Iterable[Written]) -> int:
    """Semitones the key moves up from this section on."""
    return sum(token.amount or 0 for token, _ in tokens if token.kind == "key lift")


def laid(section: Section, tokens: Sequence[Written], last: bool, book: Reader) -> Section:
    """A section with all its intents, in order; longer when it has a tag."""
    flags = {FLAGS[token.kind] for token, _ in tokens if token.kind in FLAGS}
    flags |= {"break" for token, _ in tokens if token.kind == "break" and token.bar in (-1, section.bars - 1)}
    found = [*section.intents]
    for token, path in tokens:
        found += _intents(token, _Place(section, last, path, book))
    draft = replace(
        section,
        flags=section.flags | flags,
        intents=tuple(sorted((i for i in found if i.kind != "tag"), key=lambda i: i.tick)),
    )
    tag = next((i for i in found if i.kind == "tag"), None)
    draft = draft if tag is None else tagged(draft, tag)
    slow = [_slowing(token, _Place(draft, last, path, book)) for token, path in tokens if token.kind == "ritardando"]
    return replace(draft, intents=tuple(sorted((*draft.intents, *sum(slow, ())), key=lambda i: i.tick)))


def broken_off(section: Section, seed: Seed) -> Section:
    """A section that ends with a break bar: some stop on its one, others play on and stop two beats before its end."""
    pulses = section.meter.pulses
    if "break" not in section.flags or len(pulses) < 4 or not seed.at("break").chance(section.name, 0.5):
        return section
    stop = Intent(section.length - sum(pulses[-2:]), "break")
    intents = tuple(sorted((*section.intents, stop), key=lambda i: i.tick))
    return replace(section, flags=section.flags - {"break"}, intents=intents)


def built(section: Section, names: Sequence[str]) -> Section:
    """A section called a build that rises to its end, as one: players come in one after another, the drums roll."""
    if "build" not in names or "ramp" not in section.flags or any(i.kind == "build" for i in section.intents):
        return section
    return replace(section, intents=(Intent(0, "build", (), "", section.length), *section.intents))


def _intents(token: IntentToken, at: _Place) -> tuple[Intent, ...]:
    """One intent as what the players read; nothing for those that are flags."""
    section, bar = at.section, at.section.meter.bar
    if token.bar >= section.bars:
        return at.wrong(f"bar {token.bar + 1} in a section of {section.bars}", f"bars 1 to {section.bars}")
    if token.amount is None:
        return (Intent(token.tick, token.kind, token.parts, at.path),)
    final = (section.bars - 1) * bar
    match token.kind:
        case "break" if 0 <= token.bar < section.bars - 1:
            return (Intent(token.tick, "break", (), at.path),)
        case "drop":
            return _drop(token, at)
        case "build":
            bars = token.amount or section.bars
            if bars > section.bars:
                return at.wrong(f"{count(bars, 'bar')} of build in a section of {section.bars}", "leave the number out")
            return (Intent((section.bars - bars) * bar, "build", (), at.path, bars * bar),)
        case "tag":
            end = final if at.last else section.length
            if end <= 0:
                return at.wrong("one bar is too short for a tag", "it repeats the bars before the last hit")
            length = min(TAG_BARS * bar, end)
            return (Intent(end, "tag", (), at.path, length, token.amount),)
        case "last hit":
            return (Intent(final, "last hit" if at.last else "hold", (), at.path),)
    return ()


def _drop(token: IntentToken, at: _Place) -> tuple[Intent, ...]:
    """A stripped bar, and where all come in: at its own bar, or (without one) where the next section begins."""
    section, bar = at.section, at.section.meter.bar
    if token.bar < 0 and at.last:
        return at.wrong("nothing comes after this section to drop into", f"name a bar of it: {section.bars} drop")
    end = token.tick if token.bar >= 0 else section.length
    strip = (Intent(end - bar, "strip", (), at.path, bar),) if end else ()
    return (*strip, Intent(end, "drop", (), at.path)) if end < section.length else strip


def _slowing(token: IntentToken, at: _Place) -> tuple[Intent, ...]:
    """The bars that slow down: the last ones, or in the last section those before the last hit."""
    section, bars = at.section, token.amount or 1
    end = section.length - (section.meter.bar if at.last and section.bars > 1 else 0)
    if bars * section.meter.bar > end:
        room = end // section.meter.bar
        return at.wrong(f"{count(bars, 'bar')} of ritardando in {count(room, 'bar')}", f"at most {room} here")
    return (Intent(end - bars * section.meter.bar, "ritardando", (), at.path, bars * section.meter.bar),)


def dropped_into(sections: Sequence[Section]) -> tuple[Section, ...]:
    """The sections of a song, each that follows a stripped end begun by everybody."""
    found = list(sections[:1])
    for before, section in pairwise(sections):
        strip = next((i for i in before.intents if i.kind == "strip" and i.tick + i.length == before.length), None)
        drop = () if strip is None else (Intent(0, "drop", (), strip.path),)
        found.append(replace(section, intents=(*drop, *section.intents)))
    return tuple(found)
