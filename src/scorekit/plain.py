"""Command lines that leave no doubt, understood without the library that reads all others.

That library takes longer to start than a song takes to be checked. Only what is listed here is understood; everything
else, help and mistakes included, is left to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from scorekit.errors import Diagnostic
from scorekit.report import Voice

KINDS = ("wav", "wav24", "flac", "ogg", "mp3")
_SHORT = {"-o": "--out", "-q": "--quiet", "-v": "--verbose"}
_VALUES = ("--out", "--format", "--seed", "--set")
Words = dict[str, list[str]]
"""What was given, by the long name of its option; arguments stand under the empty name."""


def run(arguments: Sequence[str]) -> int | None:
    """The exit code of a command that leaves no doubt; None when the line is for others to judge."""
    command, known = _COMMANDS.get("".join(arguments[:1]), (None, ()))
    given = words(arguments[1:], known)
    if command is None or given is None:
        return None
    try:
        return command(given)
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
    return found if found.get("") and plain_seed and plain_sets and plain_kind else None


def _synth(given: Words) -> int | None:
    from scorekit.playback import Errand, done, ended, told

    out = Path("".join(given.get("--out", ())))
    if len(given[""]) > 1 or out.is_dir() or not out.name:
        return None
    errand = Errand(Path(given[""][0]), out, "".join(given.get("--format", ())), "--no-cache" not in given)
    if not errand.form:
        return None
    facts = done(errand)
    if isinstance(facts, Diagnostic):
        Voice().refuse([facts])
        return ended(facts)
    told(facts, "--quiet" in given)
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


def _seed(given: Words) -> int | None:
    return int(given["--seed"][0]) if "--seed" in given else None


_SONG = ("--seed", "--set", "--json", "--verbose")
_SOUND = ("--out", "--format", "--no-cache", "--quiet")
_COMMANDS: dict[str, tuple[Callable[[Words], int | None], tuple[str, ...]]] = {
    "synth": (_synth, _SOUND),
    "render": (_render, (*_SONG, *_SOUND, "--stems", "--split", "--midi-only", "--loop", "--why")),
    "check": (_check, _SONG),
}
