"""Depth of genres: enough of everything to choose from, as counted by ``benchmarks/depth.py``."""

from __future__ import annotations

from types import ModuleType

import pytest
from msgspec.structs import replace

from scorekit import files
from tests.bench import bench

GENRES = tuple(name for name in files.known("genres") if name != "base44")


@pytest.fixture(scope="module")
def depth() -> ModuleType:
    """The benchmark that counts."""
    return bench("depth")


@pytest.mark.parametrize("genre", GENRES)
def test_a_genre_is_deep(genre: str, depth: ModuleType) -> None:
    """Forms, progressions, grooves, fills, lines, cells, behaviours, schemas, mix and assertions: enough of each."""
    lacking = depth.missing(depth.genre_of(genre))
    assert not lacking, lacking


def test_what_is_taken_away_is_missed(depth: ModuleType) -> None:
    """A rock with one form, two fills, no pads and substitutions from the first statement on lacks just these."""
    rock = depth.genre_of("rock")
    early = tuple(replace(one, min_repeat=1) for one in rock.harmony.sub)
    poor = replace(
        rock,
        form=rock.form[:1],
        harmony=replace(rock.harmony, sub=early),
        drums=replace(rock.drums, fill=rock.drums.fill[:2]),
        pads=replace(rock.pads, behaviours=()),
    )
    more = set(depth.missing(poor)) - set(depth.missing(rock))
    assert more >= {
        "forms",
        "fills",
        "lengths of fills",
        "pad behaviours",
        "substitutions on first statements, at most",
    }
    assert not more & {"grooves", "bass lines", "guitar cells", "assertions"}
