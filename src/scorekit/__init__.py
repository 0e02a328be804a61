"""scorekit: a few lines of TOML become an arranged song, as MIDI for any DAW and as sound.

>>> import scorekit
>>> score = scorekit.compose('genre = "rock"')                  # doctest: +SKIP
>>> scorekit.render("specs/demo.toml", "out").files            # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scorekit.errors import Diagnostic, Problem, Span, SpecError
    from scorekit.score import Note, Plan, Score
    from scorekit.studio import Render, check, compose, explain, render

__version__ = "0.1.0"
__all__ = [
    "Diagnostic", "Note", "Plan", "Problem", "Render", "Score", "Span", "SpecError",
    "check", "compose", "explain", "render",
]  # fmt: skip

_HOMES = {
    **dict.fromkeys(("Diagnostic", "Problem", "Span", "SpecError"), "errors"),
    **dict.fromkeys(("Note", "Plan", "Score"), "score"),
    **dict.fromkeys(("Render", "check", "compose", "explain", "render"), "studio"),
}


def __getattr__(name: str) -> Any:
    # Names are found when they are first asked for, so that the command line starts without them.
    if name not in _HOMES:
        raise AttributeError(f"module 'scorekit' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"scorekit.{_HOMES[name]}"), name)
