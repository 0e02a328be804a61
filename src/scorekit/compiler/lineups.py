"""Who is in the band: one of the genre's line-ups, on its own instruments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import asdict, replace

from scorekit.compiler.genres import GenreSpec, LineupSpec, MixSpec
from scorekit.compiler.wrong import Reader
from scorekit.errors import did_you_mean
from scorekit.score import PARTS
from scorekit.seeds import Seed

if TYPE_CHECKING:
    from scorekit.compiler.specs import SongSpec

FULL = LineupSpec(id="full", parts=PARTS)
"""Everybody, in the sounds of the genre's own mix: there in every genre, unless it has another of that name."""
SMALL = LineupSpec(id="four", parts=("drums", "bass", "keys", "lead"))
"""The single generator: drums, bass, harmony and melody."""
_PULL = 2.0
"""How many times likelier a line-up is for each player more, where complexity is 1 instead of .5."""


def lineup(song: SongSpec, genre: GenreSpec, kind: str, complexity: float, seed: Seed, book: Reader) -> LineupSpec:
    """The line-up the song names; else the small one of a generalist; else one of the genre's, the bigger the more complex."""
    offered = {one.id: one for one in (FULL, *genre.lineup)}
    if song.lineup is not None:
        if song.lineup not in offered:
            hint = did_you_mean(song.lineup, offered) or f"one of: {', '.join(offered)}"
            book.wrong("lineup", f"{genre.genre.name} has no line-up {song.lineup!r}", hint)
        return offered.get(song.lineup, FULL)
    if kind == "general":
        return SMALL
    if not genre.lineup:
        return FULL
    usual = sum(one.w * len(one.parts) for one in genre.lineup) / (sum(one.w for one in genre.lineup) or 1.0)
    weights = [one.w * _PULL ** ((2 * complexity - 1) * (len(one.parts) - usual)) for one in genre.lineup]
    return offered[seed.choose("lineup", [one.id for one in genre.lineup], weights)]


def mixed(name: str, genre: GenreSpec, band: LineupSpec, program: int) -> MixSpec:
    """A part's sound and channel: the genre's (else the ``program`` alone), and what the line-up says otherwise.

    Another patch has its own parameters and program.
    """
    base = genre.mix.get(name) or MixSpec(gm=program)
    own = band.mix.get(name)
    if own is None:
        return base
    said = {key: value for key, value in asdict(own).items() if value is not None}
    return replace(base, **({"gm": None, "params": None} if own.patch else {}) | said)
