"""Mistakes inside strings, collected so that all of them are told at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import ParamSpec, TypeVar

from scorekit.errors import Problem, did_you_mean, printable

P = ParamSpec("P")
T = TypeVar("T")


MOST = 10
"""Most mistakes told of one string."""


class Wrong(Exception):
    """A mistake inside a string: where, what, how to mend it, and other mistakes found in the same string."""

    def __init__(self, offset: int, message: str, hint: str = "", width: int = 1, also: tuple[Wrong, ...] = ()) -> None:
        super().__init__(message)
        self.offset, self.message, self.hint, self.width, self.also = offset, message, hint, max(1, width), also

    @property
    def every(self) -> tuple[Wrong, ...]:
        """This mistake and all others, in order."""
        return (self, *self.also)

    @property
    def alone(self) -> Wrong:
        """This mistake without the others."""
        return Wrong(self.offset, self.message, self.hint, self.width)


class Mistakes(list[Wrong]):
    """Collects mistakes so that all of a string's are told at once."""

    def attempt(self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """What ``read`` returns, or None when it was wrong, or when enough is wrong already."""
        if len(self) > MOST:
            return None
        try:
            return read(*args, **kwargs)
        except Wrong as wrong:
            self.extend(wrong.every)
            return None

    def settle(self) -> None:
        """Raise the first mistake with the others behind it, if there are any."""
        if self:
            first, *rest = sorted(self, key=lambda wrong: wrong.offset)[:MOST]
            raise Wrong(first.offset, first.message, first.hint, first.width, tuple(wrong.alone for wrong in rest))


def words(text: str, at: int = 0) -> Iterator[tuple[int, str]]:
    """Words with their offsets."""
    return ((at + match.start(), match.group()) for match in re.finditer(r"\S+", text))


def measures(text: str) -> list[tuple[int, str]]:
    """Bars with their offsets; a bar line at either end is decoration."""
    bars, at = [], 0
    for piece in text.split("|"):
        bars.append((at, piece))
        at += len(piece) + 1
    if len(bars) > 1 and not bars[0][1].strip():
        bars.pop(0)
    if len(bars) > 1 and not bars[-1][1].strip():
        bars.pop()
    return bars


def count(number: int, noun: str) -> str:
    """``1 bar``, ``2 bars``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class Reader:
    """Reads the strings of a spec and remembers what was wrong, each by its key path."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        """What can be played, but not as somebody may have meant it."""

    def wrong(
        self, path: str, message: str, hint: str = "", on_key: bool = False, beside: tuple[str, ...] = ()
    ) -> None:
        """Note a mistake."""
        self.problems.append(Problem(path, message, hint, on_key=on_key, beside=beside))

    def warn(self, path: str, message: str, hint: str = "") -> None:
        """Note what is told of a song that is played all the same."""
        self.warnings.append(Problem(path, message, hint, code="warning", severity="warning"))

    def read(self, path: str, parse: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """What ``parse`` makes of a string, or None when it was wrong."""
        try:
            return parse(*args, **kwargs)
        except Wrong as wrong:
            self.problems += [Problem(path, w.message, w.hint, w.offset, w.width) for w in wrong.every]
            return None

    def known(self, path: str, noun: str, name: str, names: Iterable[str], on_key: bool = False) -> bool:
        """Whether a name is known; a mistake with the nearest one when it is not."""
        names = tuple(names)
        if name in names:
            return True
        self.wrong(path, f"unknown {noun} '{printable(name)}'", did_you_mean(name, names), on_key)
        return False
