"""TOML texts: refused early when they cannot be one, read by tomllib, every value's place found when it is wanted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from itertools import accumulate
from typing import Any

from msgspec import Struct

from scorekit.compiler import keypath
from scorekit.compiler.positions import Location, Place, Positions, inside, positions
from scorekit.compiler.text import MAX_BYTES, point, refused
from scorekit.errors import Diagnostic, Span, printable

MAX_OPEN = 32
MAX_DOTS = 16
MAX_VALUES = 20_000


# -- text to values ----------------------------------------------------------------------------------------------------


class Document(Struct, frozen=True, dict=True):
    """A TOML text read: its values, and where each of them stands."""

    values: dict[str, Any]
    file: str
    text: str

    def span(self, path: str, offset: int | None = None, width: int = 1, on_key: bool = False) -> Span:
        """Where a key path stands: its value, its key, or a character inside its string.

        A path that is not written here gives the nearest table around it.
        """
        found, exact = self._nearest(locate(self.values, path))
        if found is None:
            return point(self.text, self.file, 0)
        start, end = found.key if on_key or not exact else found.value
        if offset is not None and exact and not on_key:
            start += inside(self.text[start:end], offset)
            end = start + width
        return point(self.text, self.file, start, end - start)

    def _nearest(self, located: tuple[Location, bool]) -> tuple[Place | None, bool]:
        where, exact = located
        places = self._positions.places
        while where and where not in places:
            where, exact = where[:-1], False
        return places.get(where), exact

    @cached_property
    def _positions(self) -> Positions:
        return positions(self.text)


def parse(text: str, file: str, limit: int = MAX_BYTES) -> Document | Diagnostic:
    """Read a TOML text of at most so many bytes, or say why it cannot be read and where."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    refused = _oversized(text, file, limit)
    if refused:
        return refused
    import tomllib  # here, as a process that has others read texts only looks at their bytes

    try:
        return Document(tomllib.loads(text), file, text)
    except tomllib.TOMLDecodeError as error:
        return _syntax(text, file, str(error))
    except RecursionError:
        return Diagnostic("toml", "brackets are nested too deeply", Span(file, 1, 1), f"at most {MAX_OPEN} deep")
    except ValueError:
        match = re.search(r"\d{4000,}", text)
        span = point(text, file, match.start() if match else 0)
        return Diagnostic("toml", "a number has too many digits", span, "at most 18 digits")


def locate(values: object, path: str) -> tuple[Location, bool]:
    """A key path as keys and indices in some values, as far as it leads, and whether it leads all the way."""
    where: Location = ()
    for kind, name in keypath.steps(path):
        step = _step(values, kind, name)
        if step is None:
            return where, False
        where = (*where, step)
        values = values[step]  # type: ignore[index]
    return where, True


def _step(values: object, kind: str, name: str) -> str | int | None:
    if isinstance(values, dict):
        return name if name in values else None
    if not isinstance(values, (list, tuple)):
        return None
    if kind == "id":
        return next((i for i, v in enumerate(values) if isinstance(v, dict) and v.get("id") == name), None)
    return int(name) if name.isascii() and name.isdigit() and int(name) < len(values) else None


# -- refused before reading --------------------------------------------------------------------------------------------

_OPAQUE = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+(?:"""|$)|\'\'\'(?:[^\']|\'(?!\'\'))*+(?:\'\'\'|$)'
    r'|"(?:[^"\\\n]|\\.)*+"?|\'[^\'\n]*+\'?|#[^\n]*+',
    re.DOTALL,
)
_MARK = r"[\[\]{}.=,\n]"
_DOTTED = re.compile(rf"(?:\.[^\[\]{{}}.=,\n]*+){{{MAX_DOTS + 1}}}")
_BRACKET = re.compile(r"[\[\]{}]")


def _oversized(text: str, file: str, limit: int) -> Diagnostic | None:
    """Refuse what would cost too much to read: size, nesting, dotted keys, number of values."""
    size = len(text.encode(errors="replace"))
    if size > limit:
        return refused(file, f"is {size:,} bytes long", f"at most {limit:,} bytes")
    most = MAX_VALUES * max(1, limit // MAX_BYTES)
    if _moderate(_OPAQUE.sub("_", text), most):
        return None
    bare = _OPAQUE.sub(lambda match: "\n".join(["_" * len(line) for line in match.group().split("\n")]), text)
    for at, told, hint in _excesses(bare, most):
        return Diagnostic("toml", told, point(text, file, at), hint)
    return None


def _moderate(bare: str, most: int) -> bool:
    """Whether there is surely nothing in excess: what ordinary files are let through by, many times as fast."""
    opened = accumulate(1 if bracket in "[{" else -1 for bracket in _BRACKET.findall(bare))
    values = max(bare.count("=") + bare.count(",") + bare.count("["), bare.count("."))
    return values <= most and max(opened, default=0) <= MAX_OPEN and not _DOTTED.search(bare)


def _excesses(bare: str, most: int) -> Iterator[tuple[int, str, str]]:
    deep = dots = values = steps = 0
    for match in re.finditer(_MARK, bare):
        char = match.group()
        deep += (char in "[{") - (char in "]}")
        dots = dots + 1 if char == "." else 0
        values += char in "=,["
        steps += char == "."
        if deep > MAX_OPEN:
            yield match.start(), f"more than {MAX_OPEN} brackets are open", "close them, or nest less"
        if dots > MAX_DOTS:
            yield match.start(), f"a key has more than {MAX_DOTS} dots", "nest less"
        if values > most or steps > most:
            yield match.start(), f"more than {most:,} values", "split the file"


# -- syntax errors -----------------------------------------------------------------------------------------------------

_AT = r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$"
_PLAIN = (
    ("Invalid statement", "a line is 'key = value' or '[table]'"),
    ("Expected newline or end of document", "nothing may follow the value on its line"),
    ("Invalid initial character for a key", "a key is letters, digits, - and _, or in quotes"),
    ("Expected '='", "expected '=' after the key"),
    ("Invalid value", "this is not a value"),
    ("Unterminated string", "the text has no closing quote"),
    ("Illegal character '\\n'", "the text has no closing quote"),
    ('Expected "\'"', "the text has no closing quote"),
    ("Illegal character", "this character may not stand here"),
    ("Unescaped '\\'", 'a backslash in "..." is written \\\\'),
    ("Unclosed array", "expected ']' or ',': the list is not closed"),
    ("Unclosed inline table", "expected '}' or ',': the table is not closed"),
    ("Expected ']'", "expected ']'"),
    ("Expected ']]'", "expected ']]'"),
    ("Invalid date", "this is not a date"),
    ("Cannot mutate immutable", "the table was closed with '}' and cannot grow"),
    ("Duplicate inline table key", "the key is written twice"),
    ("Cannot overwrite", "the key is written twice"),
    ("Cannot declare", "the table is written twice"),
    ("Cannot define namespace", "the table is written twice"),
    ("Cannot redefine namespace", "the table is written twice"),
)
_FIXES = {
    "the text has no closing quote": "close it with the quote it began with",
    "this character may not stand here": 'take it out, or write it as an escape: "\\t" or "\\u0007"',
    "expected '=' after the key": "write key = value; a key is letters of English, digits, - and _, any other stands in quotes",
    "expected ']'": "a table's name stands alone on its line: [sections.verse]",
    "expected ']]'": "a list of tables has two brackets at either end: [[lineup]]",
    "the key is written twice": "it is a value in one line and a table in another: keep one of them",
    "the table is written twice": "put all its keys under one of them",
    "nothing may follow the value on its line": "one key = value a line; a comment begins with #",
    "the table was closed with '}' and cannot grow": "write this key inside the { }",
    "this is not a date": "text stands in quotes",
}
_HABITS = (
    (r"^(<{7}|={7}|>{7})", "an unresolved merge", "choose one side and delete the marks"),
    (r"\r.", "the line ends as on an old Mac", "save the file with line feeds"),
    (r"=\s*(True|False)\b", None, "write true or false, in small letters"),
    (r"=\s*(None|null|nil)\b", None, "leave the key out instead"),
    (r"=\s*(-?\d+),(\d+)", None, r"write a decimal point: \1.\2"),
    (r"=\s*(-?)\.(\d+)", None, r"write 0 before the point: \g<1>0.\2"),
    (r"=\s*(-?\d+)\.(?!\d)", None, r"write a digit after the point: \1.0"),
    (r"=\s*0\d", None, "a number does not begin with 0"),
    (r"=\s*(?!true\b|false\b|inf\b|nan\b)[A-Za-z]", None, 'text needs quotes: key = "text"'),
    (r"=\s*[\u2018-\u201e\u00ab\u00bb]", None, 'write straight quotes: key = "text"'),
    (r"=\s*[\[{]", None, "commas between the items, and a bracket at the end"),
    (r"=\s*(#.*)?$", None, "write a value after ="),
    (r"^\s*[\w.-]+\s*:", None, "TOML writes key = value"),
    (r"^\s*//", None, "a comment begins with #"),
    (r"^\s*[\w.-]+\s+[\w.-]+\s*=", None, "a key with a blank needs quotes"),
)


def _syntax(text: str, file: str, told: str) -> Diagnostic:
    """A mistake of tomllib's as a place and a plain sentence."""
    twice = _twice(text, file) if re.search("twice|overwrite|Duplicate|namespace", told) else None
    if twice:
        return twice
    if text.lstrip()[:1] == "{":
        return Diagnostic(
            "toml", "this is JSON, not TOML", point(text, file, text.index("{")), "write key = value lines"
        )
    match = re.search(_AT, told)
    offset = _offset(text, int(match[1]), int(match[2])) if match and match[1] else len(text.rstrip())
    span = point(text, file, min(offset, max(0, len(text) - 1)))
    plain = next((ours for theirs, ours in _PLAIN if told.startswith(theirs)), re.sub(_AT, "", told))
    if plain == "the key is written twice" and (key := re.match(r"\s*([^\s=]+)", span.text)):
        span = point(text, file, offset - (span.column - 1) + key.start(1), key.end(1) - key.start(1))
        return Diagnostic("toml", plain, span, _FIXES[plain])
    for habit, message, hint in _HABITS:
        if found := re.search(habit, span.text):
            return Diagnostic("toml", message or plain, span, found.expand(hint))
    return Diagnostic("toml", printable(plain), span, _FIXES.get(plain, ""))


def _offset(text: str, line: int, column: int) -> int:
    starts = [0, *accumulate(len(one) + 1 for one in text.split("\n"))]
    return min(starts[min(line, len(starts)) - 1] + column - 1, len(text))


def _twice(text: str, file: str) -> Diagnostic | None:
    found = positions(text)
    if not found.twice:
        return None
    where, place = found.twice[0]
    first = found.places[where].key
    path = keypath.spelled(None, where)
    span = point(text, file, place.key[0], place.key[1] - place.key[0])
    line = text.count("\n", 0, first[0]) + 1
    return Diagnostic("toml", f"'{printable(path)}' is written twice", span, f"first on line {line}", path)
