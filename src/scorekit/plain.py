"""Command lines that leave no doubt, understood without the library that reads all others.

That library takes longer to start than a song takes to be checked. Only what is listed here is understood; everything
else, help and mistakes included, is left to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from scorekit.errors import Diagnostic
from scorekit.report import Voice

KINDS = ("wav", "wav24", "flac", "ogg", "mp3")
_SHORT = {"-o": "--out", "-q": "--quiet", "-v": "--verbose"}
_VALUES = ("--out", "--format", "--seed", "--set")
Words = dict[str, list[str]]
"""What was given, by the long name of its option; arguments stand under the empty name."""


def run(arguments: Sequence[str]) -> int | None:
    """The exit code of a command that leaves no doubt; None when the line is for others to judge."""
    command = _COMMANDS.get("".join(arguments[:1]))
    given = words(arguments[1:], command.options) if command else None
    if command is None or given is None or not command.least <= len(given.get("", ())) <= command.most:
        return None
    try:
        return command.done(given)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)


def words(arguments: Sequence[str], known: Sequence[str]) -> Words | None:
    """The words of a line by their options; None when there is one that is not known, or one more than once."""
    found: Words = {}
    rest = iter(arguments)
    for word in rest:
        name = _SHORT.get(word, word) if word.startswith("-") and word != "-" else ""
        if name and (name not in known or (name in found and name != "--set")):
            return None
        value = next(rest, "-") if name in _VALUES else word
        if name in _VALUES and (not value or value.startswith("-")):
            return None
        found.setdefault(name, []).append(value)
    plain_seed = all(seed.isascii() and seed.isdigit() and len(seed) < 20 for seed in found.get("--seed", ()))
    plain_sets = all("=" in text and text.partition("=")[0].strip() for text in found.get("--set", ()))
    plain_kind = all(kind in KINDS for kind in found.get("--format", ()))
    return found if plain_seed and plain_sets and plain_kind else None


def _synth(given: Words) -> int | None:
    from scorekit.playback import Errand, done, ended, told

    out = Path("".join(given.get("--out", ())))
    if out.is_dir() or not out.name:
        return None
    errand = Errand(Path(given[""][0]), out, "".join(given.get("--format", ())), "--no-cache" not in given)
    if not errand.form:
        return None
    facts = done(errand)
    if isinstance(facts, Diagnostic):
        Voice().refuse([facts])
        return ended(facts)
    told(errand.file, facts, "--quiet" in given)
    return 0


def _render(given: Words) -> int | None:
    from scorekit import songs

    if "--stems" in given and "--midi-only" in given:
        return None
    wishes = songs.Wishes(
        _seed(given),
        tuple(given.get("--set", ())),
        Path(given.get("--out", ["out"])[0]),
        "--stems" in given,
        "--split" in given,
        "--midi-only" in given,
        given.get("--format", ["wav"])[0],
        "--loop" in given,
        "--no-cache" not in given,
    )
    voice = Voice("--quiet" in given, "--verbose" in given, why="--why" in given)
    songs.render(given[""], wishes, voice, "--json" in given)


def _check(given: Words) -> int | None:
    from scorekit import songs

    wishes = songs.Wishes(_seed(given), tuple(given.get("--set", ())))
    songs.check(given[""], wishes, Voice(verbose="--verbose" in given), "--json" in given)


def _genres(given: Words) -> int | None:
    from scorekit import inquiry

    inquiry.genres(next(iter(given.get("", ())), None), "--json" in given)
    return 0


def _explain(given: Words) -> int | None:
    from scorekit import inquiry, songs

    song, what, at = (*given[""], None, None)[:3]
    there = None if at is None else inquiry.place(at)
    if song is None or isinstance(there, str):
        return None
    wishes = songs.Wishes(_seed(given), tuple(given.get("--set", ())))
    voice = Voice("--verbose" not in given, "--verbose" in given)
    inquiry.explain(song, wishes, voice, what, there, "--conflicts" in given, "--json" in given)
    return 0


def _seed(given: Words) -> int | None:
    return int(given["--seed"][0]) if "--seed" in given else None


class Command(NamedTuple):
    """What is done with the words of a line, the options that are understood, and how many arguments there may be."""

    done: Callable[[Words], int | None]
    options: tuple[str, ...]
    least: int = 1
    most: int = 1 << 20


_SONG = ("--seed", "--set", "--json", "--verbose")
_SOUND = ("--out", "--format", "--no-cache", "--quiet")
_COMMANDS = {
    "synth": Command(_synth, _SOUND, most=1),
    "render": Command(_render, (*_SONG, *_SOUND, "--stems", "--split", "--midi-only", "--loop", "--why")),
    "check": Command(_check, _SONG),
    "genres": Command(_genres, ("--json",), 0, 1),
    "explain": Command(_explain, (*_SONG, "--conflicts"), most=3),
}
