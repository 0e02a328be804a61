"""Why this and not another: choices told afterwards are those that were made, with their scores and who was left out."""

from __future__ import annotations

import re

import pytest

from scorekit import answers, choices, files, pipeline
from scorekit.compiler.compile import Compiled
from scorekit.ideas import Idea
from scorekit.seeds import Seed, Witness
from scorekit.store import Store

GENRES = [name for name in files.known("genres") if name != "base44"]


def compiled(text: str) -> Compiled:
    """A song that is fine."""
    done = pipeline.compile_song(text, "song.toml", find=files.load)
    assert done.plan is not None, [d.render() for d in done.diagnostics]
    return done


@pytest.mark.parametrize("genre", GENRES)
def test_a_witness_changes_nothing(genre: str) -> None:
    """Every part plays the same notes when it is watched, and every choice it made had the chance it is told with."""
    plan = compiled(f'genre = "{genre}"\nseed = 6\nlength = "30 s"').plan
    assert plan is not None
    made = 0
    for placement in plan.placements[1:3]:
        arrangement, _ = pipeline.arranged(plan, placement)
        phrases = pipeline.played(plan, placement, arrangement, Store())
        for part in (p.name for p in plan.parts):
            _, phrase, seen = choices.witnessed(plan, placement, part)
            assert phrase.notes == phrases[part].notes, part
            for choice in seen:
                assert sum(choice.shares) == pytest.approx(1) and choice.shares[choice.chosen] > 0
                again = Seed(choice.address).choose(choice.draw, choice.items, choice.weights, choice.heat)
                assert again == choice.items[choice.chosen]
            made += sum(isinstance(item, Idea) for choice in seen for item in choice.items)
    assert made >= 8


def test_explain_tells_the_choice_and_its_runners_up() -> None:
    """The groove that is played, those it was chosen over with their scores, and those that were not asked with the reason."""
    done = compiled('genre = "rock"\nseed = 3\nform = "verse:8:e3 chorus:8:e5"')
    assert done.plan is not None
    score = pipeline.compose(done.plan)
    lines = answers.note(done, score, pipeline.perform(score), "drums", 10, None)
    chosen = [line for line in lines if line.startswith("  chosen")]
    over = [line for line in lines if line.startswith("  over")]
    assert score.passages[1].phrase("drums").idea in chosen[0]
    assert len(over) >= 2
    for line in (*chosen, *over):
        found = re.search(r"score ([\d.]+), weight ([\d.]+) x ([\d.]+) .*chance ([\d.]+)", line)
        assert found and float(found[1]) == pytest.approx(float(found[2]) * float(found[3]), rel=0.02)
    aside = next(line for line in lines if line.startswith("  aside"))
    assert "(energy" in aside


def test_what_was_not_played_in_a_bar_is_not_told_there() -> None:
    """A fill chosen for one bar is told in that bar alone."""
    done = compiled('genre = "rock"\nseed = 3\nform = "verse:16:e4 chorus:8:e5"')
    assert done.plan is not None
    placement = done.plan.placements[0]
    _, phrase, seen = choices.witnessed(done.plan, placement, "drums")
    fills = [c for c in seen if c.draw == "fill"]
    length, count = placement.section.meter.bar, 0
    for bar in range(16):
        heard = {n.origin for n in phrase.notes if bar <= n.start / length < bar + 1}
        paths = frozenset(phrase.origins[origin].path for origin in heard)
        told = "\n".join(choices.told(done.plan, placement, "drums", bar, paths))
        here = {phrase.origins[origin].path for origin in heard if phrase.origins[origin].idea.startswith("fill ")}
        assert told.count("#fill") == len(here)
        count += told.count("#fill")
    assert count and len(fills) >= 2


def test_two_witnesses_are_never_taken_for_each_other() -> None:
    """Nothing remembered for one seed is handed to another: each writes its own list."""
    one, other = Witness("7"), Witness("7")
    assert one != other and one.at("a") != one.at("a")
    assert one.choose("x", "abc") == Seed("7").choose("x", "abc")
    assert len(one.seen) == 1 and not other.seen
