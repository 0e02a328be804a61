"""Languages whose tokens share a bar: chords and notes. A beat is one unit of the meter's lower number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import accumulate
from math import gcd, lcm

from msgspec import Struct
from msgspec.structs import replace

from scorekit.compiler.wrong import Mistakes, Wrong, count, measures, words
from scorekit.errors import did_you_mean, printable
from scorekit.theory import CHORDS, LETTERS, MINOR_QUALITY, QUALITIES, ROMAN, quality_named
from scorekit.timebase import PPQ, Meter, Tick

# -- slots: tokens that share a bar ------------------------------------------------------------------------------------

SHORTEST = PPQ // 96
"""Ticks a token lasts at least."""
_BEATS = re.compile(r"(\d{0,4}(?:\.\d{1,4})?|(\d{1,3})/(\d{1,3}))", re.ASCII)


_PARTS = lcm(*range(1, 97))
"""Parts of a beat: of any share of one that may be written, down to a 96th, they are a whole number."""


class _Slot(Struct, frozen=True):
    offset: int
    body: str
    start: Tick
    length: Tick


def _beats(text: str, at: int) -> int:
    """A number of beats, in parts."""
    match = _BEATS.fullmatch(text)
    if not match or not any(char.isdigit() for char in text) or (match[3] and not int(match[3])):
        raise Wrong(at, f"{printable(text)!r} is not a number of beats", "write 2, .5, 1.5 or 1/3", len(text))
    beats = _parts(text)
    if not 0 < beats <= 1024 * _PARTS:
        raise Wrong(at, f"{printable(text)} beats is not possible", "write 2, .5, 1.5 or 1/3", len(text))
    return beats


@lru_cache(maxsize=1024)
def _parts(text: str) -> int:
    above, _, below = text.partition("/")
    whole, _, decimals = above.partition(".")
    number, share = int(whole + decimals), int(below or 1) * 10 ** len(decimals)
    if share // gcd(number, share) > 96:
        from fractions import Fraction  # here, as hardly anybody writes a beat so odd

        number, share = Fraction(number, share).limit_denominator(96).as_integer_ratio()
    parts: int = number * _PARTS // share
    return parts


def _slots(number: int, at: int, text: str, meter: Meter, lasting: bool = True) -> list[_Slot]:
    """The tokens of one bar with their places. Those without ``:beats`` share what is left of the bar."""
    tokens: list[tuple[int, str, int | None]] = []
    for offset, word in words(text, at):
        body, colon, beats = word.partition(":")
        tokens.append((offset, body, _beats(beats, offset + len(body) + 1) if colon else None))
    if not tokens:
        raise Wrong(
            at,
            f"bar {number} is empty",
            "write . to go on, % to repeat the bar before" if lasting else "write . for a bar's rest",
            len(text),
        )
    given = sum(beats for _, _, beats in tokens if beats)
    free = sum(beats is None for _, _, beats in tokens)
    whole = meter.beats * _PARTS
    if (free and given >= whole) or (not free and abs(given - whole) * 100 > _PARTS):
        width = tokens[-1][0] + len(text[tokens[-1][0] - at :].rstrip()) - tokens[0][0]
        over = len(tokens) == 1 and given > whole and given % whole == 0
        hint = (
            f"it goes on where the next bar is {'.' if lasting else '-'}"
            if over
            else "tokens without :beats share the rest"
        )
        raise Wrong(tokens[0][0], _overfull(number, given, whole, free), hint, width)
    ways = free or 1
    parts = [whole - given if beats is None else beats * ways for _, _, beats in tokens]  # of each, ways times as many
    ticks = 4 * PPQ // meter.unit
    least = SHORTEST * _PARTS * ways
    short = next(
        ((at, body) for (at, body, _), lasts in zip(tokens, parts, strict=True) if lasts * ticks < least), None
    )
    if short:
        told = f"{printable(short[1])!r} in bar {number} is too short to be played"
        raise Wrong(short[0], told, "at least a 96th of a quarter note", len(short[1]))
    ends = [_nearest(now * ticks, _PARTS * ways) for now in accumulate(parts)]
    ends[-1] = meter.bar
    return [
        _Slot(offset, body, start, max(1, end - start))
        for (offset, body, _), start, end in zip(tokens, (0, *ends[:-1]), ends, strict=True)
    ]


def _nearest(above: int, below: int) -> int:
    """A fraction rounded to a whole number, a half to the even one."""
    whole, rest = divmod(above, below)
    return whole + (2 * rest > below or (2 * rest == below and whole % 2))


def _overfull(number: int, given: int, whole: int, free: int) -> str:
    told = f"bar {number} lasts {given / _PARTS:g} beats, {whole / _PARTS:g} wanted"
    return f"bar {number} has no room left for {count(free, 'token')} without beats" if free else told


# -- chords ------------------------------------------------------------------------------------------------------------


class ChordToken(Struct, frozen=True):
    """A chord as written, not yet in a key."""

    kind: str
    """roman, letter, or none (``N``)."""
    root: int
    """Semitones above the tonic (roman) or pitch class (letter)."""
    quality: str
    """A key of theory.CHORDS; the case of a numeral is already in it."""
    bass: str = ""
    """After the slash: a degree (roman) or a note name (letter)."""
    text: str = ""
    offset: int = 0
    bar: int = 0
    start: Tick = 0
    """From the start of the whole string."""
    length: Tick = 0


class Changes(Struct, frozen=True):
    """Chords over a number of bars."""

    bars: int
    tokens: tuple[ChordToken, ...]


_ROMAN = re.compile(r"([b#]{0,2})(VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)(?![IViv])(.*)")
_LETTER = re.compile(r"([A-G])([b#]{0,2})(.*)")
# Not compiled until they are needed: few songs have any of these, and each takes a third of a millisecond.
_SLASH_DEGREE = r"[b#]?(?:[1-7]|9|11|13)"
_NOTE = r"[A-G][b#]{0,2}"
_OF = r"(V|vii)([^/]*)/([b#]?)(VII|VI|IV|V|III|II|vii|vi|iv|v|iii|ii)"
"""The dominant or the leading-tone chord of another degree: ``V7/vi``, ``vii°7/V``."""
_NUMBER = r"([b#]?)([1-7])(m?)(.*)"
_AGAIN = r"\|+:|:\|+|\(|[x×]\d+"
_AGAIN_SIGNS = ("|:", ":|", "(", "x", "×")
"""One of them is in all that `_AGAIN` finds."""
_HOLDS = (".", "/")
"""The chord before goes on: a slash is a beat of it, as in ``C / / /``."""
_SIGNS = str.maketrans("♭♯", "b#")
_BEND = {"": 0, "b": -1, "#": 1, "bb": -2, "##": 2}


def chord(text: str, offset: int = 0) -> ChordToken:
    """One chord: a roman numeral (``bVIImaj7``, ``ii7``, ``I/3``, ``V7/vi``), letters (``Em7``, ``D/F#``), or ``N``."""
    text = text.translate(_SIGNS)
    if text in ("N", "N.C.", "NC"):
        return ChordToken("none", 0, "", "", text, offset)
    if "/" in text and (of := re.fullmatch(_OF, text)):
        above = chord(of[1] + of[2], offset)
        root = above.root + ROMAN[of[4].upper()] + _BEND[of[3]]
        return replace(above, root=root % 12, text=text)
    for pattern, read in ((_ROMAN, _roman), (_LETTER, _letter)):
        match = pattern.fullmatch(text)
        if match and match[1] + match[2] not in ("b#", "#b"):
            return read(match, offset)
    raise Wrong(offset, f"unknown chord {printable(text)!r}", _meant(text), len(text))


def _meant(text: str) -> str:
    """How to write what is no chord here: a small letter, a number of Nashville, a stroke or a comma between chords."""
    capital = text[:1].upper() + text[1:]
    if _readable(capital):
        return f"did you mean '{printable(capital)}'?"
    if text[:1] == "H" and _readable("B" + text[1:]):
        return f"the German H is B: write B{printable(text[1:])}"
    if text.lower().endswith((".mid", ".midi")):
        return f'write chords = {{ midi = "{printable(text)}" }}'
    if text.strip("-–—,;>→") == "":
        return "bars are parted by |, chords in a bar by a blank"
    number = re.fullmatch(_NUMBER, text)
    if number is None or quality_named(number[4]) is None:
        return "write Em7, bVIImaj7, N, % or ."
    bend, degree, minor, rest = number.groups()
    numeral = bend + tuple(ROMAN)[int(degree) - 1]
    minor, rest = minor or rest[:1] == "-", rest.removeprefix("-")
    either = "" if minor or rest or degree not in "236" else f", or {numeral.lower()} if it is minor"
    return f"numbers are written as roman numerals: {numeral.lower() if minor else numeral}{rest}{either}"


def _readable(text: str) -> bool:
    match = _LETTER.fullmatch(text)
    return match is not None and match[3] in QUALITIES


def _roman(match: re.Match[str], offset: int) -> ChordToken:
    bend, numeral, rest = match[1], match[2], match[3]
    quality, bass = _quality(rest, _SLASH_DEGREE, match, offset)
    if numeral.islower():
        quality = MINOR_QUALITY.get(quality, quality)
        if 4 in CHORDS[quality]:
            hint = f"write {bend}{numeral.upper()}{rest}, or leave the major out"
            raise Wrong(offset, f"{printable(match[0])!r} is minor and major at once", hint, len(match[0]))
    root = (ROMAN[numeral.upper()] + _bend(bend, match, offset)) % 12
    return ChordToken("roman", root, quality, bass, match[0], offset)


def _letter(match: re.Match[str], offset: int) -> ChordToken:
    quality, bass = _quality(match[3], _NOTE, match, offset)
    return ChordToken(
        "letter", (LETTERS[match[1]] + _bend(match[2], match, offset)) % 12, quality, bass, match[0], offset
    )


def _bend(text: str, match: re.Match[str], offset: int) -> int:
    if text not in _BEND:
        raise Wrong(offset, f"unknown chord {printable(match[0])!r}", "flat and sharp cancel out", len(match[0]))
    return _BEND[text]


def _quality(rest: str, after_slash: str, match: re.Match[str], offset: int) -> tuple[str, str]:
    suffix, slash, bass = (
        (rest, "", "") if rest in QUALITIES else rest.rpartition("/") if "/" in rest else (rest, "", "")
    )
    where = offset + len(match[0]) - len(rest)
    quality = quality_named(suffix)
    if quality is None:
        hint = did_you_mean(suffix, (name for name in QUALITIES if name.isascii())) or "such as m7, maj9, 7sus4, 7alt"
        hint = "chords are parted by a blank, bars by |" if suffix.endswith((",", ";")) else hint
        raise Wrong(where, f"unknown chord quality {printable(suffix)!r} in {printable(match[0])!r}", hint, len(suffix))
    if slash and not re.fullmatch(after_slash, bass):
        hint = (
            "a note, as in D/F#" if after_slash is _NOTE else f"the degree of the chord in its bass, as in {match[2]}/3"
        )
        raise Wrong(where + len(suffix) + 1, f"unknown bass {printable(bass)!r}", hint, len(bass))
    return quality, bass


@lru_cache(maxsize=512)
def chords(text: str, meter: Meter) -> Changes:
    """Chords bar by bar: ``| Em7:2 A9:2 | % | . |``. ``%`` repeats the bar before, ``.`` holds, ``N`` is no chord."""
    again = re.search(_AGAIN, text) if any(sign in text for sign in _AGAIN_SIGNS) else None
    if again and (again[0] != "(" or not text[: again.start()].rpartition("|")[2].strip()):
        hint = (
            "write the bars again, or % for the bar before; chords begin again by themselves until the section is full"
        )
        raise Wrong(again.start(), "there are no repeat signs", hint, len(again[0]))
    mistakes = Mistakes()
    bars: list[list[tuple[_Slot, ChordToken | None]]] = []
    for number, (at, measure) in enumerate(measures(text), 1):
        bar = mistakes.attempt(_chord_bar, number, at, measure, meter, bars, mistakes)
        bars.append(bar or [])
    mistakes.settle()
    return Changes(len(bars), tuple(_held(bars, meter)))


def _chord_bar(
    number: int,
    at: int,
    text: str,
    meter: Meter,
    before: list[list[tuple[_Slot, ChordToken | None]]],
    mistakes: Mistakes,
) -> list[tuple[_Slot, ChordToken | None]]:
    slots = _slots(number, at, text, meter)
    repeats = [slot for slot in slots if slot.body == "%"]
    if repeats and (len(slots) > 1 or not before):
        told = "nothing before it to repeat" if not before else "'%' repeats a whole bar and stands alone in it"
        raise Wrong(repeats[0].offset, told, "write . to hold a chord")
    if repeats:
        return before[-1]
    if number == 1 and slots[0].body in _HOLDS:
        raise Wrong(slots[0].offset, "no chord before it to hold", "start with a chord, or N for none")
    return [(slot, None if slot.body in _HOLDS else mistakes.attempt(chord, slot.body, slot.offset)) for slot in slots]


def _held(bars: Iterable[list[tuple[_Slot, ChordToken | None]]], meter: Meter) -> list[ChordToken]:
    tokens: list[ChordToken] = []
    for number, bar in enumerate(bars):
        for slot, token in bar:
            if token is None:
                tokens[-1] = replace(tokens[-1], length=tokens[-1].length + slot.length)
            else:
                tokens.append(replace(token, bar=number, start=number * meter.bar + slot.start, length=slot.length))
    return tokens


# -- notes -------------------------------------------------------------------------------------------------------------


class NoteToken(Struct, frozen=True):
    """A note as written: ticks from the start of the string, and a MIDI pitch."""

    start: Tick
    length: Tick
    pitch: int
    offset: int = 0


class TuneLine(Struct, frozen=True):
    """A line of a tune: the section it belongs to, and its notes with their offset in the whole text."""

    section: str
    notes: str
    offset: int


_PITCH = r"([A-G])([b#]{0,2})(-1|\d)"


def pitch(text: str, offset: int = 0, rows: Mapping[str, int] | None = None) -> int:
    """``C4`` is 60; kit rows such as ``kick`` where they are given."""
    if rows and text in rows:
        return rows[text]
    match = re.fullmatch(_PITCH, text.translate(_SIGNS), re.ASCII)
    number = LETTERS[match[1]] + _BEND.get(match[2], 99) + 12 * (int(match[3]) + 1) if match else -1
    if not 0 <= number <= 127 or rows:
        hint = did_you_mean(text, rows) or f"such as {', '.join(list(rows)[:8])}" if rows else _sung(text)
        raise Wrong(offset, f"unknown {'drum' if rows else 'note'} {printable(text)!r}", hint, len(text))
    return number


def _sung(text: str) -> str:
    """How to write what is no note: a small letter, a rest of other programs, or a letter alone."""
    if re.fullmatch(_PITCH, text.capitalize(), re.ASCII):
        return f"did you mean '{text.capitalize()}'?"
    return "a rest is ." if text.lower() in ("r", "z", "rest", "x") else "write a letter and an octave: E4, Bb3, F#5"


def notes(text: str, meter: Meter, rows: Mapping[str, int] | None = None) -> tuple[tuple[NoteToken, ...], int]:
    """Notes bar by bar, and the number of bars: ``E4:1 G4+C5:3 | . ``; ``.`` rests, ``-`` holds the note before."""
    mistakes = Mistakes()
    heard: list[NoteToken] = []
    sounding = 0
    bars = measures(text)
    for number, (at, measure) in enumerate(bars):
        slots = mistakes.attempt(_slots, number + 1, at, measure, meter, False)
        for slot in slots or ():
            sounding = _sound(slot, number * meter.bar, heard, sounding, rows, mistakes)
    mistakes.settle()
    return tuple(heard), len(bars)


def _sound(
    slot: _Slot, bar: Tick, heard: list[NoteToken], sounding: int, rows: Mapping[str, int] | None, mistakes: Mistakes
) -> int:
    """Add a slot's notes to those heard; return how many are sounding at its end."""
    if slot.body == ".":
        return 0
    if slot.body == "-":
        if not sounding:
            mistakes.append(Wrong(slot.offset, "'-' holds a note, but none is sounding", "write . for a rest"))
        heard[len(heard) - sounding :] = [
            replace(n, length=n.length + slot.length) for n in heard[len(heard) - sounding :]
        ]
        return sounding
    at, names = slot.offset, slot.body.split("+")
    for name in names:
        number = mistakes.attempt(pitch, name, at, rows)
        heard.append(NoteToken(bar + slot.start, slot.length, number or 0, at))
        at += len(name) + 1
    return len(names)


def tune(text: str) -> tuple[TuneLine, ...]:
    """The lines of a tune, ``A: E4:1 ...``, one section each, named first; its notes are read with `notes`."""
    mistakes, found, at = Mistakes(), [], 0
    for line in text.split("\n"):
        match = re.match(r"\s*([A-Za-z][A-Za-z0-9_'/-]{0,42}):\s", line)
        if match:
            found.append(TuneLine(match[1], line[match.end() :], at + match.end()))
        elif line.strip():
            start = at + len(line) - len(line.lstrip())
            mistakes.append(Wrong(start, "the line names no section", "start it with a section's name: A: E4:1 ..."))
        at += len(line) + 1
    if not found and not mistakes:
        mistakes.append(Wrong(0, "no notes", "write A: E4:1 G4:.5 ..."))
    mistakes.settle()
    return tuple(found)
