"""What the commands share: options, and how they end when they were called in a wrong way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, NoReturn

import typer

from scorekit.errors import Diagnostic
from scorekit.report import REFUSED, Voice


class Misuse(typer.BadParameter):
    """A call that makes no sense, in our own words alone."""

    def format_message(self) -> str:
        """The words, without "Invalid value" before them."""
        return self.message


def among(names: Sequence[str]) -> Callable[[str], str]:
    """A reader of options that are one of some names."""

    def read(word: str) -> str:
        if word not in names:
            raise typer.BadParameter(f"'{word}' is not one of {', '.join(names)}")
        return word

    return read


def whole(low: int, high: int | None = None) -> Callable[[str], int]:
    """A reader of options that are a whole number, within limits."""

    def read(word: str) -> int:
        try:
            number = int(word)
        except ValueError:
            number = low - 1
        if number < low or (high is not None and number > high):
            limits = f"from {low} up" if high is None else f"of {low} to {high}"
            raise typer.BadParameter(f"'{word}' is not a whole number {limits}")
        return number

    return read


Specs = Annotated[list[str], typer.Argument(metavar="SPEC", help="Songs: files, folders, or - for standard input.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Only mistakes.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="More words; the traceback of a bug.")]
Seed = Annotated[
    int | None,
    typer.Option(parser=whole(0), metavar="NUMBER", help="Another number gives another song; wins over the spec."),
]
Sets = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY.PATH=VALUE", help="Sets one value; wins over the spec.")
]


def refuse(diagnostic: Diagnostic) -> NoReturn:
    """Ends the command with a mistake that is no song's."""
    Voice().refuse([diagnostic])
    raise typer.Exit(REFUSED)


def usage(message: str) -> NoReturn:
    """Ends the command because it was called in a way that makes no sense."""
    raise Misuse(message)


def checked_sets(sets: list[str] | None) -> tuple[str, ...]:
    """The values of --set, when each has a key and a value."""
    for text in sets or ():
        if not text.partition("=")[0].strip() or "=" not in text:
            usage(f"--set '{text}': say KEY.PATH=VALUE, such as tempo=96")
    return tuple(sets or ())
