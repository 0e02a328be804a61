"""scorekit: a few lines of TOML become an arranged song, as MIDI for any DAW and as sound.

>>> import scorekit
>>> score = scorekit.compose('genre = "rock"')                  # doctest: +SKIP
>>> scorekit.render("specs/demo.toml", "out").files            # doctest: +SKIP
"""

from __future__ import annotations

from scorekit.errors import Diagnostic, Problem, Span, SpecError
from scorekit.studio import Render, check, compose, explain, render
from scorekit.score import Note, Plan, Score

__version__ = "0.1.0"
__all__ = [
    "Diagnostic", "Note", "Plan", "Problem", "Render", "Score", "Span", "SpecError",
    "check", "compose", "explain", "render",
]  # fmt: skip
