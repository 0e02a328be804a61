"""The small languages inside strings: steps, degrees, chords, sections, notes, intents, keys, lengths, meters.

Every reader takes a text and returns frozen values, or raises `Wrong` with the exact character of each mistake in it.
A beat is one unit of the meter's lower number, as musicians count it: an eighth in 7/8, a quarter in 4/4.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from scorekit.compiler.slots import Changes, ChordToken, NoteToken, TuneLine, chord, chords, notes, pitch, tune
from scorekit.compiler.wrong import Mistakes, Wrong, count, measures, words
from scorekit.errors import did_you_mean, printable
from scorekit.ideas import Hit, Pattern
from scorekit.score import PARTS, Key
from scorekit.theory import LETTERS, MODE_NAMES, MODES
from scorekit.timebase import PPQ, Meter, Tick

__all__ = [
    "COMP_MARKS", "DRUM_MARKS", "ENDINGS", "FLAGS", "GESTURES", "INTENTS", "MAX_BARS", "MAX_SECONDS", "PITCH_MARKS",
    "Changes", "ChordToken", "IntentToken", "Length", "NoteToken", "SectionToken", "TuneLine", "Wrong", "chord", "chords", "degree", "form", "intent", "key", "length",
    "meter", "notes", "pitch", "section", "steps", "tone", "tune",
]  # fmt: skip

DRUM_MARKS = "gsxX!fdb123456789"
COMP_MARKS = "gsxX!v^mpb123456789-"
PITCH_MARKS = "gsxX!123456789-"
FLAGS = {"b": "break", "h": "half", "d": "double", "n": "nodrums", "r": "ramp", "v": "vacuum", "t": "ending"}
"""Letters after a section's energy, and the flags they set."""
ENDINGS = ("tag", "outro", "coda", "ending")
"""Sections that are endings by their names."""
INTENTS = ("accent", "hold", "shot", "push", "stop", "crash", "pedal", "nochord")
"""What the band does at one beat."""
GESTURES: dict[str, tuple[str, int, int, int]] = {
    "break": ("bar", 0, 0, 0),
    "drop": ("bar", 0, 0, 0),
    "build": ("bars", 0, 1, 64),
    "ritardando": ("bars", 2, 1, 16),
    "tag": ("times", 2, 2, 4),
    "key lift": ("semitones", 1, -11, 11),
    "half-time": ("", 0, 0, 0),
    "double-time": ("", 0, 0, 0),
    "no drums": ("", 0, 0, 0),
    "ramp": ("", 0, 0, 0),
    "vacuum": ("", 0, 0, 0),
    "last hit": ("", 0, 0, 0),
}
"""What the band does in a section: its number counts these, this many when it is left out, from, to. The number of a
break and of a drop comes first, as that of a bar; left out it is the section's end."""
_ALIASES = {"rit": "ritardando", "ritard": "ritardando", "halftime": "half-time", "doubletime": "double-time"}
DENOMINATORS = (1, 2, 4, 8, 16, 32)
MAX_BARS, MAX_SECONDS = 2000, 3600
"""Of a song."""


# -- steps and degrees -------------------------------------------------------------------------------------------------


def steps(
    text: str, per_bar: int, bars: int | None = None, marks: str = DRUM_MARKS, total: int | None = None
) -> Pattern:
    """A step string: ``X..x|x..g``. Every bar must have ``per_bar`` steps; a ``total`` counts loose steps instead."""
    mistakes = Mistakes()
    written = [(0, text)] if total else measures(text)
    cells: list[tuple[int, str]] = []
    for number, (at, measure) in enumerate(written, 1):
        found = [(at + i, char) for i, char in enumerate(measure) if not char.isspace() and char != "|"]
        name = "the fill" if total else f"bar {number}"
        mistakes.attempt(_full, found, total or per_bar, name, at)
        cells += found
    if bars and len(written) != bars:
        mistakes.append(
            Wrong(0, f"{count(len(written), 'bar')} written, {bars} wanted", "bars are split by |", len(text))
        )
    hits = _hits(cells, marks, mistakes)
    mistakes.settle()
    return Pattern(len(cells), per_bar, hits)


def _full(cells: Sequence[tuple[int, str]], wanted: int, name: str, at: int) -> None:
    if len(cells) == wanted:
        return
    place = cells[wanted][0] if len(cells) > wanted else cells[-1][0] if cells else at
    hint = "split bars with |" if len(cells) % wanted == 0 and len(cells) > wanted else "every character is one step"
    raise Wrong(place, f"{name} has {count(len(cells), 'step')}, {wanted} wanted", hint)


def _hits(cells: Iterable[tuple[int, str]], marks: str, mistakes: Mistakes) -> tuple[Hit, ...]:
    hits: list[Hit] = []
    sounding = False
    foreign: dict[str, int] = {}
    """Where each character that is no step stands first; it is told once."""
    for step, (at, char) in enumerate(cells):
        if char == ".":
            sounding = False
        elif char not in marks:
            foreign.setdefault(char, at)
        elif char != "-":
            sounding = True
            hits.append(Hit(step, "x", chance=int(char) / 10) if char.isdigit() else Hit(step, char))
        elif sounding:
            hits[-1] = replace(hits[-1], length=hits[-1].length + 1)
        else:
            mistakes.append(Wrong(at, "'-' holds a note, but none is sounding", "write . for a rest"))
    for char, at in foreign.items():
        if char == "-":
            mistakes.append(Wrong(at, "'-' holds a pitched note, and drums ring by themselves", "write . for a rest"))
        else:
            mistakes.append(Wrong(at, f"unknown step {printable(char)!r}", f"known here: {' '.join('.' + marks)}"))
    return tuple(hits)


_DEGREE = re.compile(r"~?(R|8|[b#]?(?:[2-7]|9|11|13))[+-]{0,2}")
_APPROACHES = ("<", ">", "(", ")", "((", "))", "D", "N", "x", "~")


def degree(text: str) -> str:
    """A bass degree: ``R 3 5 b7 8 5+``, an approach ``< > ( ) D``, the next root early ``N``, a dead note ``x``, a slide ``~``."""
    if text in _APPROACHES or _DEGREE.fullmatch(text):
        return text
    raise Wrong(
        0,
        f"unknown degree {printable(text)!r}",
        "known: R 2 to 9, b7, #4, 8, octaves 5+ 5-, < > ( ) (( )) D N x ~",
        len(text),
    )


def tone(text: str) -> str:
    """What a stroke of guitar or keys plays: ``c`` the chord, ``x`` dead strings, one degree or two joined by ``&``."""
    parts = text.split("&")
    if text in ("c", "x") or (len(parts) <= 2 and all(_DEGREE.fullmatch(part) for part in parts)):
        return text
    raise Wrong(0, f"unknown tone {printable(text)!r}", "known: c for the chord, x, R 2 to 9, b7, #4, 8, octaves 5+ 5-, "
                "two of them as 3&8", len(text))  # fmt: skip


# -- sections ----------------------------------------------------------------------------------------------------------


class SectionToken(Struct, frozen=True):
    """A section of a form as written."""

    name: str
    bars: int
    tier: int | None = None
    """Energy 1 to 5; None: the usual one."""
    flags: frozenset[str] = frozenset()
    lift: int = 0
    """Semitones the key moves up from here on."""
    offset: int = 0
    width: int = 1


_FLAG = re.compile(r"k[+-]\d{1,2}|\S", re.ASCII)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_'-]{0,39}")


def form(text: str) -> tuple[SectionToken, ...]:
    """Sections in order: ``intro:2:e2 A:4:e3 B:4:e4:rv``."""
    mistakes = Mistakes()
    if blanks := re.fullmatch(r"\s*[A-Za-z][\w'-]*\s+\d{1,3}(?:\s+[A-Za-z][\w'-]*\s+\d{1,3})*\s*", text, re.ASCII):
        hint = re.sub(r"(\S+)\s+(\d+)", r"\1:\2", " ".join(text.split()))
        raise Wrong(0, "a section's bars stand after a colon", f"write {printable(hint, 200)}", len(blanks[0]))
    read = [mistakes.attempt(section, word, at) for at, word in words(text)]
    if not read:
        mistakes.append(Wrong(0, "no sections", "write intro:2:e2 A:4:e3 ...", len(text)))
    mistakes.settle()
    return tuple(token for token in read if token)


def section(text: str, offset: int = 0) -> SectionToken:
    """One section: ``name:bars:eN[:flags]``, such as ``chorus:8:e5:k+2``."""
    if text.endswith((",", ";", "|")):
        raise Wrong(offset + len(text) - 1, f"sections have no {text[-1]!r} between them", "a blank parts them")
    name, *rest = text.split(":", 4)
    if not _NAME.fullmatch(name):
        raise Wrong(offset, f"{printable(name)!r} cannot name a section", "letters, digits, - and _", len(name) or 1)
    if not 1 <= len(rest) <= 3:
        told = f"section {printable(text)!r} is not name:bars[:eN[:flags]]"
        raise Wrong(offset, told, _unlike(name), len(text))
    places = [offset + len(":".join([name, *rest[:i]])) + 1 for i in range(len(rest))]
    bars = _bars_of(rest[0], places[0])
    tier = _tier(rest[1], places[1]) if len(rest) > 1 else None
    flags, lift = _flags(rest[2], places[2]) if len(rest) > 2 else (set(), 0)
    if name in ENDINGS:
        flags.add("ending")
    return SectionToken(name, bars, tier, frozenset(flags), lift, offset, len(text))


def _bars_of(text: str, at: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= 256):
        raise Wrong(at, f"{printable(text)!r} is not a number of bars", "1 to 256", len(text))
    return int(text)


def _unlike(name: str) -> str:
    """How to write what is no section: ``AABA``, ``x2``, or a name alone."""
    if re.fullmatch("[A-D]{2,12}", name):
        return f"write {' '.join(f'{letter}:8' for letter in name)}"
    if re.fullmatch(r"[x×]\d+", name):
        return "write the section again, as in A:8 A:8"
    return f"such as {name}:8, or {name}:8:e3"


def _tier(text: str, at: int) -> int:
    if not re.fullmatch("e[1-5]", text):
        raise Wrong(
            at,
            f"{printable(text)!r} is not an energy",
            f"write e{text}" if text in "12345" else "e1 (bare) to e5 (full)",
            len(text),
        )
    return int(text[1])


def _flags(text: str, at: int) -> tuple[set[str], int]:
    flags, lift = set(), 0
    for match in _FLAG.finditer(text):
        if match[0] in FLAGS:
            flags.add(FLAGS[match[0]])
        elif len(match[0]) > 1 and abs(int(match[0][1:])) <= 11:
            lift = int(match[0][1:])
        else:
            hint = ", ".join(f"{letter} {name}" for letter, name in FLAGS.items()) + ", k+2 key lift"
            raise Wrong(at + match.start(), f"unknown flag {printable(match[0])!r}", hint, len(match[0]))
    return flags, lift


# -- intents, keys, lengths, meters ------------------------------------------------------------------------------------


class IntentToken(Struct, frozen=True):
    """What the band does at one place of a section."""

    bar: int
    """From 0."""
    tick: Tick
    """From the start of the section."""
    kind: str
    parts: tuple[str, ...] = ()
    amount: int | None = None
    """The number of a gesture; None at one beat. Its bar is -1 where none is given."""


_PLACE = r"(\d{1,4})\.(\d{1,2})(&?)"


def intent(text: str, meter: Meter, parts: Sequence[str] = PARTS) -> IntentToken:
    """``bar.beat what [parts]``: ``4.3 stop``, ``1.1 accent brass, keys``, ``2.4& push`` (the and of beat 4).

    Or what happens in the section: ``build``, ``4 drop``, ``key lift +2``, ``ritardando 2 bars``, ``tag 2``, ``last hit``.
    """
    if "." not in text:
        return _gesture(text, meter)
    words = [(match.start(), match.group()) for match in re.finditer(r"[^\s,]+", text)]
    if len(words) < 2:
        raise Wrong(0, "not bar.beat what [parts]", "such as 4.3 stop", len(text))
    (at, place), (kind_at, kind), *names = words
    bar, tick = _place(place, at, meter)
    if kind not in INTENTS:
        hint = f"it needs no beat: write {kind}" if kind in GESTURES else did_you_mean(kind.lower(), INTENTS)
        raise Wrong(kind_at, f"unknown intent {printable(kind)!r}", hint, len(kind))
    for at, name in names:
        if name not in parts:
            raise Wrong(at, f"unknown part {printable(name)!r}", did_you_mean(name, parts), len(name))
    return IntentToken(bar, tick, kind, tuple(name for _, name in names))


_GESTURE = r"\s*(?:(\d{1,4})\s+)?([^\d+-][^\d+]*?)\s*(?:([+-]?\d{1,4})\s*(\w*))?\s*"


def _gesture(text: str, meter: Meter) -> IntentToken:
    match = re.fullmatch(_GESTURE, text, re.ASCII)
    if not match:
        raise Wrong(0, "not bar.beat what [parts]", "such as 4.3 stop, 4 drop, build", len(text))
    spoken = " ".join(match[2].lower().replace("-", " ").split())
    names = {name.replace("-", " "): name for name in GESTURES} | _ALIASES
    if spoken in INTENTS:
        raise Wrong(match.start(2), f"{spoken!r} needs its place", f"such as 4.3 {spoken}", len(match[2]))
    if spoken not in names:
        from scorekit.compiler import parlance  # here, as it is needed for mistakes alone

        hint = did_you_mean(spoken, (*GESTURES, *INTENTS))
        asked = parlance.advice({}, ("sections", "NAME", spoken), None)
        hint = hint if hint.startswith("did") else asked or f"known: {', '.join(GESTURES)}"
        raise Wrong(match.start(2), f"unknown intent {printable(match[2])!r}", hint, len(match[2]))
    kind = names[spoken]
    unit, usual, low, high = GESTURES[kind]
    if match[1] and unit != "bar":
        raise Wrong(match.start(1), f"{kind!r} has no bar of its own", f"write {kind}", len(match[1]))
    if match[3] and (not low and not high):
        hint = f"the bar comes first: {match[3]} {kind}" if unit == "bar" else f"write {kind}"
        raise Wrong(match.start(3), f"{kind!r} takes no number", hint, len(match[3]))
    amount = int(match[3]) if match[3] else usual
    if match[3] and (not low <= amount <= high or amount == 0):
        raise Wrong(match.start(3), f"{kind} {match[3]} is out of range", f"{low} to {high} {unit}", len(match[3]))
    if match[4] and match[4].rstrip("s") != unit.rstrip("s"):
        raise Wrong(match.start(4), f"unknown word {printable(match[4])!r}", f"{kind} counts {unit}", len(match[4]))
    bar = int(match[1]) - 1 if match[1] else -1
    if match[1] and bar < 0:
        raise Wrong(match.start(1), "bars are counted from 1", f"write 1 {kind}", len(match[1]))
    return IntentToken(bar, max(0, bar) * meter.bar, kind, (), amount)


def _place(text: str, at: int, meter: Meter) -> tuple[int, Tick]:
    match = re.fullmatch(_PLACE, text, re.ASCII)
    if not match or not int(match[1]):
        raise Wrong(at, f"{printable(text)!r} is not bar.beat", "count from 1: 4.3 is bar 4, beat 3", len(text))
    beat = int(match[2])
    if not 1 <= beat <= meter.beats:
        raise Wrong(at + len(match[1]) + 1, f"no beat {beat} in {meter}", f"1 to {meter.beats}", len(match[2]))
    unit = 4 * PPQ // meter.unit
    return int(match[1]) - 1, (int(match[1]) - 1) * meter.bar + (beat - 1) * unit + (unit // 2 if match[3] else 0)


_KEY = re.compile(r"\s*([A-Ga-g])( flat| sharp|[b#♭♯]?)\s*([A-Za-z_ ]{0,30})")


def key(text: str) -> Key:
    """``E dorian``, ``C major``, ``Bb minor``, ``Em``, ``F#``."""
    match = _KEY.fullmatch(text)
    if not match:
        lift = re.fullmatch(r"\s*([+-]\d{1,2})\s*", text, re.ASCII)
        hint = f'write intents = ["key lift {lift[1]}"]' if lift else "tonic and mode: E dorian, Bb minor, C major"
        raise Wrong(0, f"{printable(text)!r} is not a key", _meant(text, hint), len(text))
    name = match[1].upper() + {"♭": "b", " flat": "b", "♯": "#", " sharp": "#"}.get(match[2], match[2])
    written = match[3].strip()
    mode = "major" if written == "M" else _mode(written.lower().replace(" ", "_"))
    if mode not in MODES:
        hint = _meant(text, did_you_mean(mode, MODES))
        raise Wrong(match.start(3), f"unknown mode {printable(written)!r}", hint, len(written))
    return Key((LETTERS[name[0]] + {"": 0, "b": -1, "#": 1}[name[1:]]) % 12, mode, name)


def _meant(text: str, otherwise: str) -> str:
    """How to write a key that is called otherwise elsewhere."""
    from scorekit.compiler import parlance  # here, as it is needed for mistakes alone

    return parlance.keyed(text) or otherwise


def _mode(text: str) -> str:
    return MODE_NAMES.get(text, text)


class Length(Struct, frozen=True):
    """How long a song is: in seconds, or in bars."""

    seconds: float | None = None
    bars: int | None = None


_LENGTH = re.compile(r"\s*(\d{1,12}(?:\.\d{1,3})?)\s*([A-Za-z]{1,10})\s*", re.ASCII)
_UNITS = {
    "s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1, "m": 60, "min": 60, "mins": 60, "minute": 60, "minutes": 60,
    "h": 3600, "hour": 3600, "hours": 3600,
}  # fmt: skip


def length(text: str) -> Length:
    """``30 s``, ``2 min``, ``1 min 30 s``, ``48 bars``."""
    found, at = [], 0
    while match := _LENGTH.match(text, at):
        found.append((float(match[1]), match[2].lower()))
        at = match.end()
    bars = len(found) == 1 and found[0][1] in ("bar", "bars")
    if not found or at < len(text) or not (bars or all(unit in _UNITS for _, unit in found)):
        at = at if at < len(text) else 0
        clock = re.fullmatch(r"\s*(\d{1,3}):(\d\d)\s*", text, re.ASCII)
        hint = f"write {int(clock[1])} min {int(clock[2])} s" if clock else "write 30 s, 2 min or 48 bars"
        raise Wrong(at, f"{printable(text)!r} is not a length", hint, len(text) - at)
    return _in_bars(found[0][0], len(text)) if bars else _in_seconds(found, len(text))


def _in_seconds(found: Sequence[tuple[float, str]], width: int) -> Length:
    seconds = sum(number * _UNITS[unit] for number, unit in found)
    if not 1 <= seconds <= MAX_SECONDS:
        raise Wrong(0, f"{seconds:g} s is out of range", f"1 s to {MAX_SECONDS // 3600} h", width)
    return Length(seconds=seconds)


def _in_bars(number: float, width: int) -> Length:
    if number != int(number) or not 1 <= number <= MAX_BARS:
        raise Wrong(0, f"{number:g} bars is out of range", f"1 to {MAX_BARS} whole bars", width)
    return Length(bars=int(number))


_METER = re.compile(r"\s*(\d{1,2})\s*/\s*(\d{1,2})\s*", re.ASCII)


def meter(text: str) -> Meter:
    """``4/4``, ``6/8``, ``7/8``: 1 to 32 over 1, 2, 4, 8, 16 or 32."""
    match = _METER.fullmatch(text)
    if not match:
        alone = re.fullmatch(r"\s*(\d{1,2})\s*", text, re.ASCII)
        groups = re.fullmatch(r"\s*(\d{1,2}(?:\s*\+\s*\d{1,2}){1,7})\s*/\s*(\d{1,2})\s*", text, re.ASCII)
        whole = f"{sum(map(int, groups[1].split('+')))}/{groups[2]}" if groups else "4/4, 3/4, 6/8 or 7/8"
        whole = f"{alone[1]}/4" if alone else whole
        raise Wrong(0, f"{printable(text)!r} is not a meter", f"write {whole}", len(text))
    beats, unit = int(match[1]), int(match[2])
    if not 1 <= beats <= 32:
        raise Wrong(match.start(1), f"{beats} beats in a bar", "1 to 32", len(match[1]))
    if unit not in DENOMINATORS:
        raise Wrong(match.start(2), f"{unit} is not a note value", "1, 2, 4, 8, 16 or 32", len(match[2]))
    return Meter(beats, unit)
