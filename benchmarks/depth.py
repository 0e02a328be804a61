"""How deep each genre is: what its file knows of every player's craft, counted beside what is wanted.

    python benchmarks/depth.py [--genres rock,funk]

Prints a Markdown table, a row for each thing asked and a column for each genre, and below it what falls short. Counting
says that there is something to choose from, not that it is good.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain

from scorekit import files
from scorekit.compiler.compile import read_spec
from scorekit.compiler.genres import Alternative, GenreSpec, TwoFeelSpec, WalkSpec
from scorekit.compiler.layers import NOTHING
from scorekit.score import PARTS
from scorekit.store import Memo

TIERS = (1, 2, 3, 4, 5)
Tiered = Alternative | WalkSpec | TwoFeelSpec


@dataclass(frozen=True)
class Asked:
    """Something a genre should have: its name, how to count it, and the least that will do."""

    what: str
    count: Callable[[GenreSpec], int]
    least: int


def genre_of(name: str) -> GenreSpec:
    """A genre's file with all that it extends."""
    found = read_spec(GenreSpec, "genres", name, "genre", NOTHING, files.load, "", Memo())
    assert found.spec is not None, [d.render() for d in found.wrong]
    return found.spec


def tiers_of(ideas: Iterable[Tiered]) -> int:
    """Tiers that at least one idea suits."""
    return len({tier for one in ideas for tier in one.tiers})


def choice(ideas: Iterable[Tiered]) -> int:
    """Ideas to choose from at the tier that has fewest."""
    found = list(ideas)
    return min(sum(tier in one.tiers for one in found) for tier in TIERS)


def roles(genre: GenreSpec) -> set[str]:
    """Names of the sections of all forms."""
    return {token.split(":")[0] for form in genre.form for token in (*form.sections, *form.compress)}


def beginnings(genre: GenreSpec) -> int:
    """Ways to begin: first sections with their tier, each with every progression that may stand there."""
    firsts = {tuple(tokens[0].split(":")[::2]) for f in genre.form for tokens in (f.sections, f.compress) if tokens}
    return sum(first[0] in prog.roles for first in firsts for prog in genre.harmony.prog)


def covered(genre: GenreSpec) -> int:
    """Sections of the forms for which no progression is written."""
    return len(roles(genre) - {role for prog in genre.harmony.prog for role in prog.roles})


def cadences(genre: GenreSpec) -> int:
    """Kinds of cadence in progressions and sections."""
    sections = [genre.section[role].cadence for role in roles(genre) if role in genre.section]
    return len({*sections, *(prog.cadence for prog in genre.harmony.prog)})


def basses(genre: GenreSpec) -> list[Tiered]:
    """All ways of playing the bass."""
    return [*genre.bass.patterns, *(one for one in (genre.bass.walk, genre.bass.two_feel) if one)]


def bass_lines(genre: GenreSpec) -> int:
    """Bass patterns; a walking grammar and one in two count for three each."""
    return len(genre.bass.patterns) + 3 * (genre.bass.walk is not None) + 3 * (genre.bass.two_feel is not None)


def approaches(genre: GenreSpec) -> int:
    """Ways into the next chord: the player's own, tokens in patterns, the walk's intervals."""
    tokens = {degree for line in genre.bass.patterns for degree in line.deg if degree in "<>()D"}
    walk = genre.bass.walk.approach if genre.bass.walk else {}
    return (genre.bass.approach_p > 0) + len(tokens) + len(walk)


def masked(genre: GenreSpec) -> int:
    """Ideas that know when they are meant."""
    drums, comp = genre.drums, genre.comp
    players = (genre.strings, genre.brass, genre.pads)
    ideas = chain(
        drums.groove, drums.fill, genre.perc.layer, genre.bass.patterns, comp.guitar.rhythms, comp.keys.rhythms,
        *(player.behaviours for player in players),
    )  # fmt: skip
    return sum(bool(one.mask) for one in ideas)


def feel_by_tempo(genre: GenreSpec) -> int:
    """Points of the curves that bend swing or lean with the tempo."""
    curves = (*genre.feel.swing.values(), genre.feel.lean_ms, genre.feel.lead_downbeat_delay_ms)
    return max((len(curve) for curve in curves if curve), default=0)


ASKED = (
    Asked("forms", lambda g: len(g.form), 3),
    Asked("forms with half a minute of their own", lambda g: sum(bool(f.compress) for f in g.form), 3),
    Asked("progressions", lambda g: len(g.harmony.prog), 5),
    Asked("sections without a progression, at most", lambda g: -covered(g), 0),
    Asked("kinds of cadence", cadences, 3),
    Asked("substitutions", lambda g: len(g.harmony.sub), 1),
    Asked("substitutions on first statements, at most", lambda g: -sum(s.min_repeat < 2 for s in g.harmony.sub), 0),
    Asked("grooves", lambda g: len(g.drums.groove), 6),
    Asked("tiers with a groove", lambda g: tiers_of(g.drums.groove), 5),
    Asked("grooves of two bars", lambda g: sum(one.bars == 2 for one in g.drums.groove), 1),
    Asked("grooves of four bars", lambda g: sum(one.bars == 4 for one in g.drums.groove), 1),
    Asked("fills", lambda g: len(g.drums.fill), 8),
    Asked("lengths of fills", lambda g: len({one.beats for one in g.drums.fill}), 3),
    Asked("fills at every tier", lambda g: choice(g.drums.fill), 2),
    Asked("beginnings", beginnings, 2),
    Asked("endings", lambda g: len(g.ending), 3),
    Asked("bass lines", bass_lines, 4),
    Asked("tiers with a bass line", lambda g: tiers_of(basses(g)), 5),
    Asked("approaches to the next chord", approaches, 2),
    Asked("guitar cells", lambda g: len(g.comp.guitar.rhythms), 4),
    Asked("guitar cells at every tier", lambda g: choice(g.comp.guitar.rhythms), 1),
    Asked("guitar voicings", lambda g: len(g.comp.guitar.voicings), 2),
    Asked("keys cells", lambda g: len(g.comp.keys.rhythms), 4),
    Asked("keys cells at every tier", lambda g: choice(g.comp.keys.rhythms), 1),
    Asked("keys voicings", lambda g: len(g.comp.keys.voicings), 2),
    Asked("string behaviours", lambda g: len({b.kind for b in g.strings.behaviours}), 2),
    Asked("brass behaviours", lambda g: len({b.kind for b in g.brass.behaviours}), 2),
    Asked("pad behaviours", lambda g: len({b.kind for b in g.pads.behaviours}), 2),
    Asked("melody schemas", lambda g: len(g.melody.schemas), 2),
    Asked("melody cells", lambda g: len(g.melody.cells), 4),
    Asked("points of feel by tempo", feel_by_tempo, 2),
    Asked("channels of the mixer", lambda g: len(set(g.mix) & set(PARTS)), 8),
    Asked("assertions", lambda g: len(g.assess), 5),
    Asked("ideas that know when they are meant", masked, 4),
)  # fmt: skip
"""What every genre should have; for what should not be there at all the count is negative."""


def missing(genre: GenreSpec) -> dict[str, tuple[int, int]]:
    """What falls short: (found, wanted) by name."""
    counts = {asked.what: (asked.count(genre), asked.least) for asked in ASKED}
    return {what: (found, least) for what, (found, least) in counts.items() if found < least}


def main() -> None:
    """Counts and prints."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--genres", default="")
    wanted = [name for name in options.parse_args().genres.split(",") if name]
    genres = {name: genre_of(name) for name in wanted or files.known("genres") if name != "base44"}
    print(f"| | wanted | {' | '.join(genres)} |\n|---|---|{'---|' * len(genres)}")
    for asked in ASKED:
        counts = [asked.count(genre) for genre in genres.values()]
        cells = [f"{abs(n)}{' **' if n < asked.least else ''}" for n in counts]
        print(f"| {asked.what} | {asked.least} | {' | '.join(cells)} |")
    short = [
        f"- {name}: " + ", ".join(f"{what} {abs(found)} of {least}" for what, (found, least) in lacking.items())
        for name, genre in genres.items()
        if (lacking := missing(genre))
    ]
    print("\n" + ("\n".join(["Short of what is wanted:", "", *short]) if short else "Nothing falls short."))


if __name__ == "__main__":
    main()
