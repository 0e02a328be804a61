"""Words and tables for people, and the same facts as plain data for programs; what a process says and how it ends."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from msgspec import Struct, field

from scorekit import files
from scorekit.errors import Diagnostic, printable

if TYPE_CHECKING:
    from scorekit.compiler.layers import Layered
    from scorekit.score import Plan, Score
    from scorekit.timebase import Tick

REFUSED, SOME, BUSY, BUG = 1, 3, 4, 70
"""Exit codes: see ``__main__``."""
_STYLES = {"red": "31", "yellow": "33", "green": "32", "dim": "2", "bold": "1"}
_CLEAR = "\r\x1b[K"
_COLUMN = 60
"""Most characters a column of a table is wide."""


def exit_code(codes: Sequence[int]) -> int:
    """One code for what became of several songs: a bug wins, then "some failed", then what all of them suffered from."""
    bad = {code for code in codes if code}
    if BUG in bad:
        return BUG
    if bad and 0 in codes:
        return SOME
    return bad.pop() if len(bad) == 1 else REFUSED if bad else 0


class Step(Protocol):
    """What a progress event tells: a ``pipeline.Progress``."""

    @property
    def stage(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def done(self) -> int: ...
    @property
    def total(self) -> int: ...


# -- speaking ----------------------------------------------------------------------------------------------------------


class Voice(Struct):
    """Speaks to people on standard error, so that standard output stays data.

    On a terminal a stage's line moves on the spot; elsewhere each stage is one plain line when it is done.
    """

    quiet: bool = False
    verbose: bool = False
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    why: bool = False
    """Whether it is to be told what was made again."""
    _stage: str = ""
    _began: float = 0.0

    @property
    def live(self) -> bool:
        """Whether lines may be drawn over."""
        return self.stream.isatty() and os.environ.get("TERM") != "dumb"

    def say(self, text: str = "") -> None:
        """A line for people, unless they asked for quiet."""
        if not self.quiet:
            self.stream.write(text + "\n")
            self.stream.flush()

    def refuse(self, diagnostics: Sequence[Diagnostic]) -> None:
        """Every mistake in full, then how many there are. Said even when quiet."""
        self.settle()
        for diagnostic in diagnostics:
            first, *rest = near(diagnostic.render()).split("\n")
            kind = f"{diagnostic.severity}:"
            colour = "red" if diagnostic.severity == "error" else "yellow"
            self.stream.write("\n".join([first.replace(kind, styled(kind, colour, self.stream), 1), *rest]) + "\n")
        errors = sum(d.severity == "error" for d in diagnostics)
        if errors:
            self.stream.write(f"{count(errors, 'mistake')}\n")
        self.stream.flush()

    def bug(self, error: Exception) -> None:
        """Tells people that they did nothing wrong; the traceback only when they ask for it. Said even when quiet."""
        self.settle()
        if self.verbose:
            import traceback

            traceback.print_exception(error, file=self.stream)
        hint = "" if self.verbose else " (-v shows where)"
        words = printable(str(error), 300)
        self.stream.write(f"this is a bug in scorekit, not in your song: {type(error).__name__}: {words}{hint}\n")
        self.stream.flush()

    def hear(self, step: Step) -> None:
        """A progress event."""
        if self.quiet:
            return
        if step.stage != self._stage:
            self.settle()
            self._stage, self._began = step.stage, time.monotonic()
        if step.total and step.done >= step.total:
            self.settle()
        elif self.live:
            place = f"{step.done}/{step.total}" if step.total else ""
            self.stream.write(f"{_CLEAR}  {step.stage:<10} {place:>7}  {printable(step.what, 40)}")
            self.stream.flush()

    def settle(self) -> None:
        """Ends the line of the stage at work, with the time it took."""
        if self._stage:
            took = time.monotonic() - self._began
            self.stream.write(f"{_CLEAR if self.live else ''}  {self._stage:<10} {took:6.2f} s\n")
            self.stream.flush()
        self._stage = ""


def emit(text: str) -> None:
    """Data on standard output. A reader who has enough ends the command quietly."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python would complain once more when it closes the stream.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None


def emit_json(document: object) -> None:
    """One JSON document on standard output."""
    import json

    emit(json.dumps(document, indent=2, default=str, allow_nan=False) + "\n")


def near(text: str) -> str:
    """Words in which files below the current folder are named from there."""
    return text.replace(f"{os.getcwd().rstrip(os.sep)}{os.sep}", "")


def styled(text: str, style: str, stream: TextIO) -> str:
    """Text in a colour, on a terminal that wants colours."""
    if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


def count(number: int, noun: str) -> str:
    """``1 mistake``, ``2 mistakes``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def table(rows: Iterable[Sequence[object]], gap: str = "  ") -> str:
    """Rows in columns as wide as their widest cell, up to a width over which a cell runs free, as the last column does."""
    cells = [[printable(str(cell), 200) for cell in row] for row in rows]
    columns = max((len(row) for row in cells), default=0)
    widths = [max(min(len(row[n]), _COLUMN) for row in cells if len(row) > n) for n in range(columns)]
    lines = (gap.join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) for row in cells)
    return "".join(line.rstrip() + "\n" for line in lines)


# -- a song ------------------------------------------------------------------------------------------------------------


def card(plan: Plan) -> dict[str, Any]:
    """The facts of a song that people ask for first."""
    tempi = [60_000_000 / tempo for _, tempo in plan.tempo.changes]
    return {
        "title": plan.title,
        "genre": plan.genre,
        "model": plan.model,
        "seed": plan.seed,
        "tempo": [round(min(tempi), 3), round(max(tempi), 3)],
        "key": str(plan.key),
        "meter": list(dict.fromkeys(str(p.section.meter) for p in plan.placements)),
        "form": [{"section": p.section.id, "bar": p.bar, "bars": p.section.bars} for p in plan.placements],
        "parts": [part.name for part in plan.parts],
        "lineup": plan.lineup,
        "ending": None if plan.loops else plan.ending.id if plan.ending else "hit",
        "slows": bool(plan.ending and plan.ending.slow),
        "seconds": round(plan.seconds, 3),
    }


def tempo_words(low: str, high: str, slows: bool) -> str:
    """One tempo, a range, or a range that is only the slowing at the end."""
    told = f"{low} bpm" if low == high else f"{low} to {high} bpm"
    return f"{told} (it slows down at the end)" if slows else told


def again(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """What of a song was made again, and what was kept from the last render."""
    done, sections = facts["again"]["composed"], len(facts["form"])
    which = f": {' '.join(done)}" if 0 < len(done) < sections else ""
    return [
        ("composed", f"{len(done)} of {count(sections, 'section')}{which}"),
        ("mixed", f"{facts['again']['mixed']:.1f} of {facts['seconds']:.1f} s"),
    ]


def summary(facts: dict[str, Any], files: Sequence[str], took: float, verbose: bool = False, why: bool = False) -> str:
    """The closing lines of a render."""
    low, high = (f"{tempo:.1f}".removesuffix(".0") for tempo in facts["tempo"])
    rows = [
        ("tempo", tempo_words(low, high, facts["slows"])),
        ("key", f"{facts['key']}, {' '.join(facts['meter'])}"),
        ("form", " ".join(f"{entry['section'].rpartition('/')[0]}:{entry['bars']}" for entry in facts["form"])),
        ("parts", " ".join(facts["parts"])),
        ("music", f"{facts['seconds']:.1f} s"),
        ("took", f"{took:.2f} s"),
    ]
    if verbose or why:
        rows += again(facts)
    if verbose:
        rows += [
            ("genre", facts["genre"]),
            ("model", facts["model"]),
            ("lineup", facts["lineup"]),
            ("seed", facts["seed"]),
        ]
        units = {"lufs": "LUFS", "peak": "dBTP"}
        rows += [(name, f"{facts[name]:.1f} {unit}") for name, unit in units.items() if name in facts]
    rows += [("wrote" if n == 0 else "", path) for n, path in enumerate(files)]
    return f"{printable(facts['title'])}\n" + "".join(f"  {line}\n" for line in table(rows).splitlines())


def mistake(diagnostic: Diagnostic) -> dict[str, Any]:
    """A Diagnostic as plain data."""
    span = diagnostic.span
    place = {"file": span.file, "line": span.line, "column": span.column, "width": span.width} if span else {}
    names = ("severity", "code", "message", "hint", "path")
    return {**place, **{name: value for name in names if (value := getattr(diagnostic, name))}}


def genre_facts(name: str, text: str | Diagnostic) -> dict[str, str] | None:
    """What a genre's own file says of it; what it leaves to the genre it extends stays empty.

    None for a base: it has no form and extends nothing, so nothing can be played by it.
    """
    from scorekit.compiler.toml import Document, parse

    try:
        read = parse(text, name) if isinstance(text, str) else text
        if not isinstance(read, Document):
            raise ValueError(read.message)
        spec = read.values
        about, tempo, meter = (spec.get(table, {}) for table in ("genre", "tempo", "meter"))
        if not files.playable(spec):
            return None
        pace = f"{tempo['min']:g}-{tempo['max']:g} bpm" if {"min", "max"} <= tempo.keys() else ""
        told = {"name": about.get("name"), "family": about.get("family"), "tempo": pace, "meter": meter.get("sig")}
        return {"id": name, **{key: str(value or "") for key, value in told.items()}}
    except (ValueError, TypeError, AttributeError):
        return {"id": name, "name": "(this file is broken)", "family": "", "tempo": "", "meter": ""}


def genre_card(plan: Plan, genre: Layered) -> dict[str, Any]:
    """What a song may name of a genre: ``genre`` as it is with all that it extends, ``plan`` a song in it."""
    from scorekit.compiler.genres import GenreSpec
    from scorekit.compiler.layers import validate
    from scorekit.compiler.lower import pattern_ids
    from scorekit.compiler.sections import known_names

    spec, _ = validate(GenreSpec, genre)
    assert spec is not None
    return {
        "id": spec.genre.id,
        "name": spec.genre.name,
        "tempo": [spec.tempo.min, spec.tempo.max],
        "meter": spec.meter.sig,
        "keys": {"tonics": list(spec.keys.tonics) or ["C"], "modes": list(spec.keys.modes) or ["major"]},
        "sections": sorted(known_names(spec)),
        "forms": {form.id: list(form.sections) for form in spec.form},
        "lineups": {lineup.id: list(lineup.parts) for lineup in spec.lineup},
        "endings": [ending.id for ending in spec.ending],
        "patterns": {part: sorted(ids) for part, ids in pattern_ids(plan.ideas).items() if ids},
    }


def genre_text(card: Mapping[str, Any]) -> str:
    """The same for people."""
    from textwrap import fill  # here, as few ask

    low, high = card["tempo"]
    keys = card["keys"]
    rows = [
        ("tempo", f"{low:g}-{high:g} bpm, {card['meter']}"),
        ("keys", f"{' '.join(keys['tonics'])}; {' '.join(keys['modes'])}"),
        ("sections", " ".join(card["sections"])),
        *((f'form = "{name}"', " ".join(sections)) for name, sections in card["forms"].items()),
        *((f'lineup = "{name}"', " ".join(parts)) for name, parts in card["lineups"].items()),
        ("endings", " ".join(card["endings"])),
        *((f"patterns of {part}", " ".join(ids)) for part, ids in card["patterns"].items()),
    ]
    margin = 2 + max(len(label) for label, _ in rows)
    lines = [fill(text, 118, initial_indent=label.ljust(margin), subsequent_indent=" " * margin, break_on_hyphens=False)
             for label, text in rows]  # fmt: skip
    return "\n".join([f"{card['name']} ({card['id']})", *lines]) + "\n"


def first_song(title: str, genre: str, file: str) -> str:
    """A short commented song to start from."""
    import json

    return f"""\
#:schema ./song.schema.json
# To hear it:  scorekit render {file} -o out
title  = {json.dumps(printable(title), ensure_ascii=False)}
genre  = "{genre}"
seed   = 1                  # another number gives another song
length = "30 s"             # or "16 bars"
# tempo  = 120              # quarter notes a minute; left out: typical of the genre
# key    = "E minor"        # left out: typical of the genre
# form   = "intro:2:e2 verse:8:e3 chorus:8:e4"   # name:bars:energy; left out: one of the genre's
# parts.lead.play = false   # a part that rests
"""


# -- explanations ------------------------------------------------------------------------------------------------------


def conflicts_text(score: Score) -> str:
    """What was disagreed upon and how it was settled: first in words, then note by note."""
    from scorekit.ensemble.conflicts.minutes import minutes

    return minutes(score)


def conflicts_data(score: Score) -> dict[str, Any]:
    """The same as plain data."""
    from msgspec import to_builtins

    settled = [*score.decisions, *(finding for passage in score.passages for finding in passage.findings)]
    return {
        "decisions": [to_builtins(decision) for decision in settled],
        "edits": [to_builtins(edit) for passage in score.passages for edit in passage.edits],
    }


def place(plan: Plan, tick: Tick) -> str:
    """A tick of the song as bar.beat, both from 1; a beat is the unit of the meter."""
    at = next((p for p in reversed(plan.placements) if p.start <= tick), plan.placements[0])
    meter = at.section.meter
    bars, rest = divmod(tick - at.start, meter.bar)
    beat = 1 + rest * meter.beats / meter.bar
    return f"{at.bar + bars}.{beat:.3f}".rstrip("0").rstrip(".")
