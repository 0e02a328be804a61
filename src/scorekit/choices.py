"""Why this idea and not another: the choices behind a part in a section, made once more and written down.

Nothing of this is kept while composing. Asked for a place, the section is played again up to the part in question,
which then draws from seeds that remember what they chose among.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from scorekit import pipeline
from scorekit.ensemble import band
from scorekit.ensemble.listening import gist
from scorekit.ideas import Idea
from scorekit.repeats import written
from scorekit.score import Brief, Phrase, Placement, Plan
from scorekit.seeds import Choice, Witness
from scorekit.store import Store

SHOWN = 5
"""Runners-up told of one choice."""


def witnessed(plan: Plan, placement: Placement, part: str) -> tuple[Brief, Phrase, tuple[Choice, ...]]:
    """What a part was told in a section, what it plays there before anything is mended, and every choice it made."""
    once = replace(placement, section=written(placement.section))
    store = Store()
    if band.locked(plan.cell(once.section, part)):
        plan = band.alone(plan, part)
    arrangement, _ = pipeline.arranged(plan, once)
    phrases = pipeline.heard(plan, once, arrangement, store)
    mask = pipeline.accented(plan, once, store)
    gists = {name: gist(phrase, once.section, once.seam.next_chord) for name, phrase in phrases.items()}
    brief = band.brief(plan, once, part, arrangement.lane(part), phrases, gists, mask)
    if not brief.lane.plays:
        return brief, Phrase(part), ()
    seed = Witness(brief.seed.address)
    motif = Witness(brief.motif_seed.address, seed.seen) if brief.motif_seed else None
    phrase = band.play(plan.part(part), brief)(replace(brief, seed=seed, motif_seed=motif))
    return brief, phrase, tuple(dict.fromkeys(seed.seen))


def told(plan: Plan, placement: Placement, part: str, bar: int, played: frozenset[str]) -> Iterator[str]:
    """The choices that decided a bar (from 0 in its section) of a part, each with its runners-up and what spoke for them.

    ``played`` are the paths of the ideas heard there: choices of ideas that were not are left out.
    """
    brief, _, choices = witnessed(plan, placement, part)
    for choice in choices:
        items = [item for item in choice.items if isinstance(item, Idea)]
        won = choice.items[choice.chosen]
        if (
            len(items) == len(choice.items)
            and isinstance(won, Idea)
            and won.path in played
            and about(choice, brief, bar)
        ):
            yield from ranking(choice, brief)


def about(choice: Choice, brief: Brief, bar: int) -> bool:
    """Whether a choice was made for the whole section, or for this bar of it."""
    after = choice.address.partition(f"/{brief.part}")[2].split("/")
    numbers = [int(step) for step in after if step.isdigit()]
    return not numbers or bar in numbers


def ranking(choice: Choice, brief: Brief) -> Iterator[str]:
    """One choice: the winner and the runners-up with their chances and terms, then who was not asked and why."""
    rows = [
        (share, item, weight) for share, item, weight in zip(choice.shares, choice.items, choice.weights, strict=True)
    ]
    won = rows[choice.chosen]
    others = sorted((row for row in rows if row is not won and row[2] > 0), key=lambda row: -row[0])
    yield f"chosen   {_row(*won)}, drawn at {choice.address}#{choice.draw}"
    yield from (f"over     {_row(*row)}" for row in others[:SHOWN])
    if len(others) > SHOWN:
        yield f"         and {len(others) - SHOWN} more"
    asked = {item.path for _, item, weight in rows if weight > 0 and isinstance(item, Idea)}
    kinds = {type(item) for item in choice.items}
    aside = [
        f"{i.id} ({reason})"
        for i in known(brief.ideas)
        if type(i) in kinds and i.path not in asked and (reason := why_not(i, brief))
    ]
    if aside:
        yield f"aside    {', '.join(aside[:8])}" + (f" and {len(aside) - 8} more" if len(aside) > 8 else "")


def _row(share: float, item: object, score: float) -> str:
    """``pocket: score 3.3, weight 3 x 1.1 for how it fits here; chance .41``."""
    assert isinstance(item, Idea)
    fit = score / item.weight if item.weight else 0.0
    return f"{item.id}: score {score:.3g}, weight {item.weight:g} x {fit:.3g} for how it fits here; chance {share:.2f}"


def known(ideas: object) -> Iterator[Idea]:
    """Every idea in a part's vocabulary."""
    for name in ideas.__struct_fields__ if isinstance(ideas, Struct) else ():
        value = getattr(ideas, name)
        yield from (item for item in value if isinstance(item, Idea)) if isinstance(value, tuple) else ()


def why_not(idea: Idea, brief: Brief) -> str:
    """Why an idea was not among those to choose from: its energies, or when it may be used."""
    if brief.lane.tier not in idea.tiers:
        low, high = min(idea.tiers), max(idea.tiers)
        return f"energy {low}" if low == high else f"energy {low} to {high}"
    return f"only {idea.mask}" if idea.mask else ""
