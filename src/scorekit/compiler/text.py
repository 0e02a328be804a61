"""Bytes as a text, and places in it: all that is to be known of a song before somebody else reads it."""

from __future__ import annotations

from scorekit.errors import Diagnostic, Span

MAX_BYTES = 1024 * 1024
_NOT_TEXT = (
    (b"\x1f\x8b", "is gzip-compressed", "unpack it first"),
    (b"PK\x03\x04", "is a zip archive", "unpack it first"),
    (b"MThd", "is a MIDI file", 'write [melody] midi = "..." in a song'),
    (b"RIFF", "is an audio file", "a spec is a TOML text"),
    (b"\xff\xfe", "is UTF-16", "save it as UTF-8"),
    (b"\xfe\xff", "is UTF-16", "save it as UTF-8"),
)


def decode(data: bytes, file: str, limit: int = MAX_BYTES) -> str | Diagnostic:
    """The text of a file's bytes: UTF-8, a byte-order mark skipped. Anything else is refused by its name."""
    if len(data) > limit:
        return refused(file, f"is {len(data):,} bytes long", f"at most {limit:,} bytes")
    for magic, told, hint in _NOT_TEXT:
        if data.startswith(magic):
            return refused(file, told, hint)
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in data:
        wide = data[1:4:2] == b"\0\0" or data[0:3:2] == b"\0\0"
        if wide:
            return refused(file, "is UTF-16", "save it as UTF-8")
        first, _, after = data.partition(b"\0")
        rest, start = after[:200].replace(b"\0", b" ").decode(errors="replace"), first.decode(errors="replace")
        span = point(f"{start}\ufffd{rest}", file, len(start))
        return Diagnostic("encoding", "the file holds a NUL byte", span, "take it out, or save the file as UTF-8 text")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        span = point(before + "\ufffd" + data[error.start + 1 :].decode(errors="replace"), file, len(before))
        return Diagnostic("encoding", f"byte 0x{data[error.start]:02x} is not UTF-8", span, "save the file as UTF-8")


def refused(file: str, told: str, hint: str) -> Diagnostic:
    """What is told of a whole file that cannot be read."""
    return Diagnostic("file", f"the file {told}", Span(file, 1, 1), hint)


def point(text: str, file: str, offset: int, width: int = 1) -> Span:
    """A character of a text as a place; the width stays on its line."""
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    line = text[start : len(text) if end < 0 else end]
    column = offset - start + 1
    return Span(file, text.count("\n", 0, offset) + 1, column, max(1, min(width, len(line) - column + 1)), line)
