"""The same as the commands, from Python: check, compose, render, explain.

A song is a path of a TOML file, or the TOML text itself. Mistakes raise SpecError with all of them, apart from ``check``,
which hands them out.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from scorekit.errors import Diagnostic, SpecError
from scorekit.score import Score
from scorekit.store import Memo

if TYPE_CHECKING:
    from scorekit.answers import Row
    from scorekit.compiler.compile import Compiled


class Render(Struct, frozen=True):
    """A song rendered: where its files are, and the score they came from."""

    files: tuple[Path, ...]
    score: Score
    seconds: float
    lufs: float | None = None


def check(
    song: str | Path, *, seed: int | None = None, settings: Mapping[str, Any] | None = None
) -> tuple[Diagnostic, ...]:
    """Every mistake in a song and in what it refers to, or in a genre or a model; empty when it is fine."""
    from scorekit import files, pipeline

    try:
        text, file = read(song, files.MODEL_LIMIT)
        kind, mistakes = pipeline.check_other(text, file, find=files.load)
        return mistakes if kind != "song" else compiled(song, seed, settings).diagnostics
    except SpecError as error:
        return error.diagnostics


def compose(song: str | Path, *, seed: int | None = None, settings: Mapping[str, Any] | None = None) -> Score:
    """The score of a song. SpecError when it has mistakes."""
    from scorekit import pipeline

    done = compiled(song, seed, settings)
    if done.plan is None:
        raise SpecError(done.diagnostics)
    with uncollected():
        return pipeline.compose(done.plan)


def render(
    song: str | Path,
    out: str | Path = "out",
    *,
    seed: int | None = None,
    settings: Mapping[str, Any] | None = None,
    sound: bool = True,
    stems: bool = False,
    split: bool = False,
) -> Render:
    """Writes a song's MIDI file, its WAV unless ``sound`` is off, and stems or a MIDI file per part when asked for.

    All files are replaced together; when anything goes wrong the old ones stay. SpecError when the song has mistakes or the
    files cannot be written, writing.Busy when another run is writing them.
    """
    from scorekit import files, pipeline, writing

    score = compose(song, seed=seed, settings=settings)
    performance = pipeline.perform(score)
    name = files.slug(Path(song).stem if is_path(song) else score.plan.title)
    outputs, measured = pipeline.outputs(performance, name, sound=sound, stems=stems, split=split)
    folder = Path(out)
    with writing.claim(folder, name):
        trouble = writing.replace_all(folder, name, outputs)
    if trouble is not None:
        raise SpecError([trouble])
    return Render(tuple(folder / inner for inner in outputs), score, measured.get("seconds", 0.0), measured.get("lufs"))


def explain(
    song: str | Path,
    part: str | None = None,
    bar: int | None = None,
    beat: float | None = None,
    *,
    seed: int | None = None,
    settings: Mapping[str, Any] | None = None,
) -> list[Row] | list[str]:
    """Where every value of a song comes from; with a part and a bar, why that part plays what it plays there."""
    from scorekit import answers, pipeline

    done = compiled(song, seed, settings)
    if done.plan is None:
        raise SpecError(done.diagnostics)
    if part is None or bar is None:
        return answers.values(done)
    score = pipeline.compose(done.plan)
    return answers.note(done, score, pipeline.perform(score), part, bar, beat)


def compiled(song: str | Path, seed: int | None, settings: Mapping[str, Any] | None) -> Compiled:
    """A song compiled. SpecError when its file cannot be read."""
    with uncollected():
        from scorekit import files, pipeline

        text, file = read(song, files.SPEC_LIMIT)
        options = [f"{key}={written(value)}" for key, value in (settings or {}).items()]
        return pipeline.compile_song(text, file, find=files.load, settings=options, seed=seed, memo=_READ)


_READ = Memo()
"""Genres and models as they were read for other songs, by their texts."""


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for garbage meanwhile: the modules loaded and the values made stay, and to look through them again and again
    takes a tenth of the time."""
    wanted = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if wanted:
            gc.enable()


def read(song: str | Path, limit: int) -> tuple[str, str]:
    """A song's text and the name it goes by. SpecError when its file cannot be read."""
    from scorekit import files

    if not is_path(song):
        return str(song), "<text>"
    text = files.read_text(Path(song), limit)
    if isinstance(text, Diagnostic):
        raise SpecError([text])
    return text, str(song)


def is_path(song: str | Path) -> bool:
    """Whether a song is given as a path: a Path, or one line that ends in .toml."""
    return isinstance(song, Path) or ("\n" not in song and song.endswith(".toml"))


def written(value: Any) -> str:
    """A Python value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, str):
        import json

        return json.dumps(value)
    return str(value)
