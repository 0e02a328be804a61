"""Command lines that are understood without the command-line library mean what that library takes them for."""

from __future__ import annotations

from inspect import signature
from pathlib import Path
from typing import NoReturn

import pytest
from typer.testing import CliRunner

from scorekit import inquiry, plain, songs
from scorekit.cli import app
from scorekit.playback import Errand
from scorekit.report import Voice

LINES = [
    "check a.toml", "check a.toml b.toml -v", "check - --json", "check a.toml --seed 3 --set tempo=96 --set key=E",
    "render a.toml", "render a.toml -o there --stems --split -q", "render a.toml --midi-only --out there",
    "render a.toml --format flac --loop --no-cache", "render --quiet a.toml --seed 0 b.toml --json --verbose",
]  # fmt: skip
DOUBTFUL = [
    "check", "check --help", "check a.toml --out x", "check a.toml --seed", "check a.toml --seed -1", "check a.toml --seed x",
    "check a.toml --set tempo", "check a.toml --set =3", "check --seed=3 a.toml", "check a.toml -vv", "check -- a.toml",
    "render a.toml --stems --midi-only", "render a.toml --format aiff", "render a.toml -o x -o y", "render a.toml -qv",
    "render a.toml --engine fluidsynth", "render a.toml -o --stems", "schema song", "", "--version", "rendr a.toml",
    "synth a.mid", "synth -o b.wav", "synth a.mid b.mid -o c.wav", "synth a.mid -o", "synth a.mid -o c.wav --help",
    "synth a.mid -o c.wav --format aiff", "synth a.mid --out=c.wav", "synth a.mid -o /", "synth a.mid -o c.wav --json",
    "synth a.mid -o c.wav -o d.wav", "synth a.mid -qo c.wav", "genres rock pop", "genres --help", "genres -v", "explain", "explain a b 1 c",
    "explain a.toml bass 0x", "explain a.toml bass 3.0", "explain a.toml bass 1 --conflict", "explain a.toml --quiet",
]  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_both_ways_mean_the_same(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The songs, every wish, how to speak, and the exit code."""
    heard: list[tuple[object, ...]] = []

    def hear(specs: list[str], wishes: songs.Wishes, voice: Voice, as_json: bool = False) -> NoReturn:
        heard.append((specs, wishes, voice.quiet, voice.verbose, as_json))
        raise SystemExit(3)

    monkeypatch.setattr(songs, line.split()[0], hear)
    assert plain.run(line.split()) == 3
    assert CliRunner().invoke(app, line.split()).exit_code == 3
    assert len(heard) == 2
    assert heard[0] == heard[1]


TELLING = [
    "genres", "genres --json", "genres rock", "genres --json rock", "explain a.toml", "explain a.toml bass",
    "explain a.toml bass 3", "explain a.toml bass 12.3.5 --verbose", "explain - --conflicts --seed 4 --set tempo=90",
    "explain a.toml genre.bass --json",
]  # fmt: skip


@pytest.mark.parametrize("line", TELLING)
def test_both_ways_ask_the_same(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked, of which song, and how it is told."""
    heard: list[object] = []

    def hear(*given: object, **named: object) -> None:
        bound = signature(asked).bind(*given, **named)
        bound.apply_defaults()
        told = bound.arguments
        heard.append({k: (v.quiet, v.verbose) if isinstance(v, Voice) else v for k, v in told.items()})

    asked = getattr(inquiry, line.split()[0])
    monkeypatch.setattr(inquiry, line.split()[0], hear)
    assert plain.run(line.split()) == 0
    assert CliRunner().invoke(app, line.split()).exit_code == 0
    assert len(heard) == 2
    assert heard[0] == heard[1]


@pytest.mark.parametrize("line", DOUBTFUL)
def test_what_is_not_plain_goes_to_the_command_line(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments that are wrong, doubtful or unusual are not judged here, and nothing is done for them."""

    def never(*given: object) -> NoReturn:
        raise AssertionError(given)

    for module, name in ((songs, "check"), (songs, "render"), (inquiry, "genres"), (inquiry, "explain")):
        monkeypatch.setattr(module, name, never)
    monkeypatch.setattr("scorekit.playback.done", never)
    assert plain.run(line.split()) is None


def test_the_formats_are_those_of_the_commands() -> None:
    """One list for all ways in."""
    from scorekit.pipeline import ENDINGS

    assert tuple(ENDINGS) == plain.KINDS
    forms = {kind: Errand(Path("a.mid"), Path(f"b.{kind}")).form for kind in plain.KINDS}
    assert forms == {kind: kind for kind in plain.KINDS} | {"wav24": ""}
    assert Errand(Path("a.mid"), Path("b")).form == "wav"
