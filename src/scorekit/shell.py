"""What the commands share: options, and how they end when they were called in a wrong way."""

from __future__ import annotations

from typing import Annotated, NoReturn

import typer

from scorekit.errors import Diagnostic
from scorekit.report import REFUSED, Voice

Specs = Annotated[list[str], typer.Argument(metavar="SPEC", help="Songs: files, folders, or - for standard input.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Only mistakes.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="More words; the traceback of a bug.")]
Seed = Annotated[int | None, typer.Option(min=0, help="Another number gives another song; wins over the spec.")]
Sets = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY.PATH=VALUE", help="Sets one value; wins over the spec.")
]


def refuse(diagnostic: Diagnostic) -> NoReturn:
    """Ends the command with a mistake that is no song's."""
    Voice().refuse([diagnostic])
    raise typer.Exit(REFUSED)


def usage(message: str) -> NoReturn:
    """Ends the command because it was called in a way that makes no sense."""
    raise typer.BadParameter(message)


def checked_sets(sets: list[str] | None) -> tuple[str, ...]:
    """The values of --set, when each has a key and a value."""
    for text in sets or ():
        if not text.partition("=")[0].strip() or "=" not in text:
            usage(f"--set '{text}': say KEY.PATH=VALUE, such as tempo=96")
    return tuple(sets or ())
