"""What a person did wrong, as values: where, what, and how to mend it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from msgspec import Struct

SHOWN = 80
"""Longest piece of somebody's text shown in a message."""


class Span(Struct, frozen=True):
    """A place in a text file. Lines and columns count from 1, columns in characters."""

    file: str
    line: int
    column: int
    width: int = 1
    text: str = ""
    """The whole line, for showing."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Problem(Struct, frozen=True):
    """A mistake known by its key path in a spec (``sections.B.chords``), before it is looked up in the file."""

    path: str
    message: str
    hint: str = ""
    offset: int | None = None
    """Character inside the string value, where the mistake is inside a string."""
    width: int = 1
    on_key: bool = False
    """The key itself is wrong, not its value."""
    code: str = "value"
    beside: tuple[str, ...] = ()
    """Paths of other values that it disagrees with; it is shown at the one that was written last."""
    severity: str = "error"


class Diagnostic(Struct, frozen=True):
    """A mistake as it is shown: place, message, and a fix."""

    code: str
    message: str
    span: Span | None = None
    hint: str = ""
    path: str = ""
    severity: str = "error"

    def render(self) -> str:
        """The printed form: ``file:line:col: error: message``, the line, a caret, a hint; safe to print."""
        place = f"{printable(str(self.span), None)}: " if self.span else ""
        lines = [f"{place}{self.severity}: {printable(self.message, None)}"]
        if self.span and self.span.text:
            lines += excerpt(self.span)
        if self.hint:
            lines.append(f"  = {printable(self.hint, None)}")
        return "\n".join(lines)


class SpecError(Exception):
    """Raised by the public functions when a spec is refused; carries every mistake found."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(d.render() for d in self.diagnostics))

    def __reduce__(self) -> tuple[type[SpecError], tuple[tuple[Diagnostic, ...]]]:
        """For the way from one process to another."""
        return type(self), (self.diagnostics,)


def printable(text: str, limit: int | None = SHOWN) -> str:
    """Somebody's text made safe to print: control and direction characters escaped, cut at a limit."""
    shown = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    return shown if limit is None or len(shown) <= limit else shown[: limit - 1] + "…"


def excerpt(span: Span, width: int = 100) -> list[str]:
    """The line and a caret under the place, scrolled so that the place is visible."""
    at = span.column - 1
    start = max(0, at - width * 2 // 3) if len(span.text) > width else 0
    line = span.text[start : start + width].replace("\t", " ").rstrip("\r\n")
    line = "".join(char if char.isprintable() else "?" for char in line)
    carets = "^" * max(1, min(columns(span.text[at : at + span.width]), columns(line) - columns(line[: at - start])))
    number = str(span.line)
    gutter = " " * len(number)
    return [f" {number} | {line}", f" {gutter} | {' ' * columns(line[: at - start])}{carets}"]


def columns(text: str) -> int:
    """How many columns of a terminal a text takes: two for East Asian wide characters, none for combining marks."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) != 0 for char in text)


_ALSO_CALLED = {
    "tempo": ("bpm", "speed"),
    "key": ("scale", "tonality"),
    "meter": ("time", "signature", "time_signature"),
    "form": ("structure", "arrangement"),
    "length": ("duration",),
    "genre": ("style",),
    "title": ("name",),
    "build": ("crescendo", "build up", "riser"),
    "ritardando": ("rallentando", "rall", "slow down"),
    "play": ("enabled", "active"),
    "pattern": ("groove", "figure", "riff"),
    "sound": ("instrument", "kit", "preset"),
    "chords": ("progression", "changes", "chord_progression"),
    "level": ("volume", "gain"),
    "drive": ("gain", "distortion"),
    "verb": ("reverb",),
    "patch": ("instrument", "preset"),
    "complexity": ("dials", "busyness"),
    "start": ("from",),
    "end": ("to", "until"),
    "grand": ("piano", "acoustic_piano", "grand_piano"),
    "epiano": ("rhodes", "wurlitzer", "electric_piano", "ep"),
    "organ": ("hammond", "b3"),
    "acoustic": ("standard", "kit", "drumkit"),
    "electronic": ("808", "909", "drum_machine"),
    "fingered": ("electric_bass", "finger"),
    "upright": ("double_bass", "contrabass", "acoustic_bass"),
    "steel": ("acoustic_guitar",),
    "sax": ("saxophone",),
    "intents": ("events", "hits"),
    "lineup": ("band", "ensemble"),
    "parts": ("tracks", "instruments"),
    "reroll": ("variation", "take"),
    "keys": ("piano", "organ", "synth"),
    "lead": ("vocal", "vocals", "voice", "singer"),
    "brass": ("horn", "horns"),
    "strings": ("violin", "violins"),
    "drums": ("percussion", "beat"),
    "kick": ("bd", "bass_drum", "bassdrum"),
    "snare": ("sd", "sn"),
    "hh": ("ch", "hat", "hihat", "hi-hat", "closed_hat"),
    "oh": ("hho", "open_hat", "open_hihat"),
    "tom1": ("ht", "high_tom", "tom"),
    "tom2": ("mt", "mid_tom"),
    "tom3": ("lt", "ft", "low_tom", "floor_tom"),
}
"""What musicians and other programs call things that have another name here."""


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """``did you mean 'tempo'?``, or the list of what is known when it is short, or nothing."""
    names = sorted(set(known))
    close = [ours for ours, theirs in _ALSO_CALLED.items() if wrong.lower() in theirs and ours in names]
    if not close:
        from difflib import get_close_matches  # here, as it is needed for mistakes alone

        close = get_close_matches(wrong, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"known: {', '.join(names)}" if names and len(names) <= 24 else ""
