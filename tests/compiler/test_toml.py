"""TOML texts: what is refused before reading, what a syntax error says, and where every value stands."""

from __future__ import annotations

import pytest

from scorekit.compiler.text import decode
from scorekit.compiler.toml import Document, parse
from scorekit.errors import Diagnostic
from tests.work import counted

TEXT = '''a.b = 1
"q.r" = "é\\n\\u00e9xyz"
[x.y]
k = { a = 1, b.c = [1, {z = 2}] }
[[f]]
id = "1"
[[f.g]]
s = ["a", "bé", "c"] # a comment
[f.h]
z = 1979-05-27
m = """
fo\\"o
b\\
   ar"""
[[f]]
id = "two"
s = [
  "x",  # first
  "yy",
]
raw = \'\'\'
one
two\'\'\'
[sections."chorus/2"]
chords = 'I | V'
'''


def read(text: str) -> Document:
    """A text that can be read."""
    document = parse(text, "d.toml")
    assert isinstance(document, Document), document
    return document


def refused(text: str) -> Diagnostic:
    """A text that cannot."""
    diagnostic = parse(text, "d.toml")
    assert isinstance(diagnostic, Diagnostic)
    return diagnostic


@pytest.mark.parametrize(
    ("path", "offset", "place", "shown"),
    [
        ("a.b", None, "1:7", "1"),
        ("a", None, "1:1", "a"),
        ('"q.r"', None, "2:9", '"é\\n\\u00e9xyz"'),
        ('"q.r"', 0, "2:10", "é"),
        ('"q.r"', 2, "2:13", "\\"),
        ('"q.r"', 3, "2:19", "x"),
        ("x.y.k.b.c.1.z", None, "4:29", "2"),
        ("f[1].g.0.s.1", 1, "8:13", "é"),
        ("f.0.g.0.s.2", None, "8:17", '"c"'),
        ("f[1].h.z", None, "10:5", "1979-05-27"),
        ("f[1].h.m", 0, "12:1", "f"),
        ("f[1].h.m", 2, "12:3", "\\"),
        ("f[1].h.m", 3, "12:5", "o"),
        ("f[1].h.m", 5, "13:1", "b"),
        ("f[1].h.m", 6, "14:4", "a"),
        ("f[two].s.1", 1, "19:5", "y"),
        ("f[two].raw", 4, "23:1", "t"),
        ('sections."chorus/2".chords', 4, "25:15", "V"),
    ],
)
def test_every_value_and_every_character_has_its_place(path: str, offset: int | None, place: str, shown: str) -> None:
    """Dotted keys, inline tables, arrays, arrays of tables, multi-line and escaped strings."""
    span = read(TEXT).span(path, offset)
    assert str(span) == f"d.toml:{place}"
    assert span.text[span.column - 1 :].startswith(shown)


def test_a_key_has_its_own_place() -> None:
    """A mistake about a key points at the key, one about a missing key at the table it should be in."""
    document = read(TEXT)
    assert str(document.span("x.y.k.b.c", on_key=True)) == "d.toml:4:16"
    assert str(document.span("x.y.nothing")) == "d.toml:3:4"
    assert str(document.span("nothing.at.all")) == "d.toml:1:1"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"\xff\xfea\0", "UTF-16"),
        (b"\xfe\xff\0a", "UTF-16"),
        (b"a\0 \0=\0", "UTF-16"),
        (b"a = 1\0", "NUL"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"PK\x03\x04", "zip"),
        (b"MThd\0\0", "MIDI"),
        (b"RIFF....", "audio"),
        (b'a = "\xe9"', "0xe9 is not UTF-8"),
        (b"#" * 1_100_000, "1,100,000 bytes"),
    ],
)
def test_what_is_no_text_is_refused_by_its_name(data: bytes, told: str) -> None:
    """A binary file says what it is; a wrong encoding says which byte."""
    found = decode(data, "d.toml")
    assert isinstance(found, Diagnostic)
    assert told in found.message


def test_the_wrong_byte_is_pointed_at() -> None:
    """Line and column of the first byte that is not UTF-8."""
    found = decode('ä = 1\nb = "x'.encode() + b"\xe9", "d.toml")
    assert isinstance(found, Diagnostic)
    assert str(found.span) == "d.toml:2:7"


@pytest.mark.parametrize(
    "variant",
    [
        "\ufeff" + TEXT,
        TEXT.replace("\n", "\r\n"),
        "# a comment\n\n" + TEXT + "\n\n# another",
        TEXT.rstrip("\n"),
        TEXT.replace('id = "two"\ns = [\n  "x",  # first\n  "yy",\n]\n', 's = ["x", "yy"]\nid = "two"\n'),
    ],
)
def test_harmless_changes_change_nothing(variant: str) -> None:
    """A byte-order mark, CRLF, comments, layout and the order of keys leave the values equal."""
    assert read(variant).values == read(TEXT).values


@pytest.mark.parametrize(
    ("text", "place", "told", "hint"),
    [
        ("a = 1\na = 2\n", "2:1", "'a' is written twice", "first on line 1"),
        ("[a.b]\nc = 1\n\n[a.b]\n", "4:4", "'a.b' is written twice", "first on line 1"),
        ("a = { b = 1, b = 2 }\n", "1:14", "'a.b' is written twice", "first on line 1"),
        ("a = yes please\n", "1:5", "not a value", "quotes"),
        ("a = .5\n", "1:5", "not a value", "0.5"),
        ("a = None\n", "1:5", "not a value", "leave the key out"),
        ("a = [1, 2\nb = 3\n", "2:1", "not closed", ""),
        ("a = 'x\n", "1:7", "no closing quote", ""),
        ("// no\n", "1:1", "key = value", "#"),
        ("a b = 1\n", "1:3", "expected '='", "quotes"),
        ("a = 1 b = 2\n", "1:7", "nothing may follow", ""),
    ],
)
def test_a_syntax_error_says_where_and_how_to_mend_it(text: str, place: str, told: str, hint: str) -> None:
    """Plain words instead of a parser's."""
    found = refused(text)
    assert str(found.span) == f"d.toml:{place}"
    assert told in found.message
    assert hint in found.hint


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 50_000,
        "a = " + "{b=" * 50_000,
        ".".join("a" * 20_000) + " = 1\n",
        "".join(f"k{number} = 1\n" for number in range(21_000)),
        "a = " + "9" * 5000,
        "[" * 100_000,
        "a = [" + "1," * 300_000 + "]",
        'a = "' + "x" * 1_100_000 + '"',
        'a = """' + '"' * 100_000,
        "a = '" + "\\" * 500_000,
    ],
)
def test_bombs_are_refused_quickly(text: str) -> None:
    """Nesting, dotted keys, key counts, digits and size are refused for a call a character at most."""
    told, work = counted(lambda: refused(text).render())
    assert len(told) < 2000
    assert work < 50_000 + len(text), work
