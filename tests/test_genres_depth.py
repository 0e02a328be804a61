"""Depth of genres: enough of everything to choose from, as counted by ``benchmarks/depth.py``."""

from __future__ import annotations

from types import ModuleType

import pytest

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
    early = tuple(one.model_copy(update={"min_repeat": 1}) for one in rock.harmony.sub)
    poor = rock.model_copy(
        update={
            "form": rock.form[:1],
            "harmony": rock.harmony.model_copy(update={"sub": early}),
            "drums": rock.drums.model_copy(update={"fill": rock.drums.fill[:2]}),
            "pads": rock.pads.model_copy(update={"behaviours": ()}),
        }
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
