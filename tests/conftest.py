"""What all tests share: a state folder of their own, and the corpus where it is at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's state folder."""
    monkeypatch.setenv("SCOREKIT_HOME", str(tmp_path_factory.mktemp("state")))


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The reference corpus; tests that need it are skipped where it is absent, unless SCOREKIT_REQUIRE asks for it."""
    folder = Path(os.environ.get("SCOREKIT_CORPUS") or ROOT.parent / "shared" / "corpus")
    if folder.is_dir():
        return folder
    reason = f"no corpus at {folder} (SCOREKIT_CORPUS names another place)"
    if "corpus" in os.environ.get("SCOREKIT_REQUIRE", "").split(","):
        pytest.fail(reason)
    pytest.skip(reason)
