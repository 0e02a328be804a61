"""From the text of a song to its Plan: the song, genre and model laid in layers, validated, read, lowered.

All mistakes are told at once: where a value is refused by its type, it is left out and the rest is still read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from copy import deepcopy
from functools import partial
from typing import Any, Generic, TypeVar

from msgspec import Struct

from scorekit import __version__
from scorekit.catalog import Catalog
from scorekit.compiler.genres import GenreSpec
from scorekit.compiler.layers import (
    MAX_TOLD,
    NOTHING,
    Layer,
    Layered,
    chain,
    options,
    ordered,
    resolve,
    stack,
    validate,
)
from scorekit.compiler.lower import Sources, lore, lower
from scorekit.compiler.material import gathered
from scorekit.compiler.specs import VERSION, ModelSpec, SongSpec
from scorekit.compiler.tables import Table
from scorekit.compiler.text import MAX_BYTES
from scorekit.compiler.toml import Document, locate, parse
from scorekit.compiler.vocabulary import ideas
from scorekit.compiler.wrong import Reader
from scorekit.errors import Diagnostic, Problem, Span, printable
from scorekit.score import Plan
from scorekit.store import Memo

Spec = TypeVar("Spec", bound=Table)
Find = Callable[[str, str, str], "tuple[str, str] | Diagnostic"]
"""find(kind, name, beside) gives (file, text): kind is songs, genres, models or tunes (a character for each byte of a MIDI
file), beside the file that speaks of it."""

NO_SONG = "kind"
"""Code of the one mistake of a genre or a model that is taken for a song."""
DEFAULT_MODEL = "instrument_focused"
MODEL_BYTES = 64 * 1024 * 1024
"""Models grow with what they have learnt."""


class Compiled(Struct, frozen=True):
    """What became of a song's text: a plan, with warnings maybe, or mistakes; and the layers every value came from."""

    plan: Plan | None
    diagnostics: tuple[Diagnostic, ...] = ()
    song: Layered = NOTHING
    genre: Layered = NOTHING
    model: Layered = NOTHING


def compile_text(
    text: str,
    file: str,
    title: str,
    find: Find,
    catalog: Catalog,
    settings: Sequence[str] = (),
    seed: int | None = None,
    memo: Memo | None = None,
) -> Compiled:
    """The plan of a song's text, or every mistake in it and in what it refers to.

    ``settings`` are ``key.path=value`` options; they and the seed win over the text. ``memo`` remembers what was read
    of genre and model, for the next version of the song.
    """
    memo = memo or Memo()
    read = parse(text, file)
    if isinstance(read, Diagnostic):
        return Compiled(None, (read,))
    if not read.values:
        return Compiled(
            None, (Diagnostic("empty", "the song is empty", Span(file, 1, 1), 'begin with  genre = "rock"'),)
        )
    kind = kind_of(read.values)
    if kind != "song":
        told = Diagnostic(NO_SONG, f"this is a {kind}, not a song", read.span(""), 'a song says  genre = "rock"')
        return Compiled(None, (told,))
    over, wrong = options([*settings, *([f"seed={seed}"] if seed is not None else [])])
    layered, more = resolve(read, finder(find, "songs", memo), *over)
    newer = from_the_future(layered)
    if newer:
        return Compiled(None, newer, layered)
    song, mistakes = salvaged(SongSpec, layered)
    if any(one.path.startswith("extends") for one in more):  # what was not read may say it
        mistakes = [one for one in mistakes if one.code != "missing"]
    wrong += [*more, *mistakes]
    if song is None:
        return Compiled(None, tuple(ordered(wrong)), layered)
    return with_genre(song, layered, title, find, catalog, wrong, file, memo)


def from_the_future(layered: Layered) -> tuple[Diagnostic, ...]:
    """Refusals of the files that say they need a newer scorekit: whatever else is in them may not be a mistake."""
    ours = version(__version__) or ()
    asked = [(one, version(one.value)) for one in layered.history.get("scorekit_version", ())]
    return tuple(
        Diagnostic(
            "version",
            f"needs scorekit >= {one.value}, this is {__version__}",
            one.span,
            "pip install -U scorekit",
            one.path,
        )
        for one, wanted in asked
        if wanted and wanted > ours
    )


def version(text: object) -> tuple[int, ...] | None:
    """``0.2`` or ``1.12.3`` as numbers that compare; None for anything else."""
    if not isinstance(text, str) or not re.fullmatch(VERSION, text):
        return None
    numbers = [int(number) for number in text.split(".")]
    return tuple(numbers + [0] * (4 - len(numbers)))


def with_genre(
    song: SongSpec, layered: Layered, title: str, find: Find, catalog: Catalog, wrong: list[Diagnostic], file: str,
    memo: Memo,
) -> Compiled:  # fmt: skip
    """The song with its genre and model found, read and lowered."""
    genre = read_spec(GenreSpec, "genres", song.genre, "genre", layered, find, file, memo)
    model = read_spec(ModelSpec, "models", song.model or DEFAULT_MODEL, "model", layered, find, file, memo)
    wrong += [*genre.wrong, *model.wrong]
    if genre.spec is None or model.spec is None:
        return Compiled(None, tuple(ordered(wrong)), layered, genre.layered, model.layered)
    warnings: list[Diagnostic] = []
    known, problems = memo.get(("lore", genre.key, model.key), partial(lore, genre.spec, model.spec, catalog))
    problems = [*of_this_meter(problems, genre.layered), *misnamed(genre.spec, genre.layered)]
    wrong += [genre.layered.diagnose(p) for p in problems]
    plan = None
    if known:
        book = Reader()
        sheets = gathered(song, layered, find, file, book)
        plan = lower(Sources(song, genre.spec, model.spec, known, catalog, sheets), title, book)
        wrong += [told(p, layered, genre.layered) for p in book.problems]
        warnings = [layered.diagnose(p) for p in book.warnings]
    unique = tuple(dict.fromkeys(ordered([*wrong, *warnings])))
    return Compiled(None if wrong else plan, unique, layered, genre.layered, model.layered)


def misnamed(genre: GenreSpec, layers: Layered) -> list[Problem]:
    """A genre whose id is not its file's name: songs find it by its file."""
    tables = ((layer.name, layer.values.get("genre")) for layer in reversed(layers.layers))
    name = next((name for name, table in tables if isinstance(table, dict) and "id" in table), "")
    stem = name.replace("\\", "/").rpartition("/")[2].removesuffix(".toml")
    if not name.endswith(".toml") or stem == genre.genre.id:
        return []
    return [
        Problem(
            "genre.id",
            f"the id is {genre.genre.id!r}, the file is {stem}.toml",
            f'write id = "{stem}", or rename the file',
        )
    ]


def of_this_meter(problems: Sequence[Problem], layers: Layered) -> list[Problem]:
    """Mistakes in a genre. Where it has another meter than what it extends, all that is wrong further down is only written for
    the other one: that is told once, where the meter stands."""
    if not problems:
        return []
    above, said = layers.rank("meter.sig"), layers.written.get("meter.sig", ())
    before = next((one for one in reversed(said) if one.value != said[-1].value), None)
    below = [problem for problem in problems if 0 <= layers.rank(layers.told_at(problem)) < above]
    if before is None or not below:
        return list(problems)
    extended = layers.layers[max(layers.rank(layers.told_at(problem)) for problem in below)].name
    name = extended.replace("\\", "/").rpartition("/")[2]
    told = Problem(
        "meter.sig",
        f"{name} is written in {before.value}: its patterns do not go with {said[-1].value}",
        f'leave sig out, and let songs say  meter = "{said[-1].value}", to which patterns are folded',
    )
    return [told, *(problem for problem in problems if problem not in below)]


class Read(Struct, Generic[Spec], frozen=True):
    """A genre or a model that was looked for: its layers, the spec or what is wrong, and what it was made of."""

    layered: Layered
    spec: Spec | None
    wrong: Sequence[Diagnostic] = ()
    key: Hashable = ()


def read_spec(
    kind: type[Spec], folder: str, name: str, key: str, song: Layered, find: Find, file: str, memo: Memo
) -> Read[Spec]:
    """A genre or model by name, with what it extends, and on top of a genre the song's ``override``."""
    load = finder(find, folder, memo)
    winner = song.winner(key)
    document = load(name, winner.layer.document.file if winner else file)
    if isinstance(document, Diagnostic):
        told = Diagnostic(document.code, document.message, document.span or song.span(key), document.hint, key)
        return Read(NOTHING, None, [told])
    layers, broken = chain(document, load)
    texts = tuple((layer.document.file, layer.document.text) for layer in layers)
    ground, wrong = memo.get((folder, texts), partial(stack, layers))
    over = overrides(song) if folder == "genres" else []
    layered, more = stack(over, ground)
    made_of = (folder, texts, repr([layer.values for layer in over]))
    spec, mistakes = memo.get(("spec", made_of), partial(salvaged, kind, layered))
    if mistakes:  # told where they stand now: the song's own lines may have moved since
        spec, mistakes = salvaged(kind, layered)
    wrong = [*broken, *wrong, *more]
    if broken and mistakes:  # whatever is missing may be in what could not be read
        return Read(layered, None, [*wrong, *(one for one in mistakes if one.code != "missing")])
    if folder == "genres" and mistakes and "form" not in layered.values:
        what = f"'{printable(name)}' is what genres start from, not a genre: it has no form"
        said = Diagnostic("genre", what, song.span(key), "choose one of: scorekit genres; or write [[form]] in it", key)
        return Read(layered, None, [*wrong, said])
    return Read(layered, spec if not mistakes else None, [*wrong, *mistakes], made_of)


def overrides(song: Layered) -> list[Layer]:
    """What a song says about its genre."""
    return [over for over in (layer.within("override") for layer in song.layers) if over.values]


def finder(find: Find, kind: str, memo: Memo) -> Callable[[str, str], Document | Diagnostic]:
    """A loader of one kind of file for ``layers.resolve``."""

    def load(name: str, beside: str) -> Document | Diagnostic:
        found = find(kind, name, beside)
        if isinstance(found, Diagnostic):
            return found
        file, text = found
        limit = MODEL_BYTES if kind == "models" else MAX_BYTES
        return memo.get(("parse", file, text, limit), partial(parse, text, file, limit))

    return load


def told(problem: Problem, song: Layered, genre: Layered) -> Diagnostic:
    """A mistake found while lowering, at its place in the song or, marked so, in the genre."""
    if problem.path.startswith("genre:"):
        path = problem.path.removeprefix("genre:")
        return genre.diagnose(
            Problem(path, problem.message, problem.hint, problem.offset, problem.width, problem.on_key)
        )
    return song.diagnose(problem)


# -- files that are no songs ---------------------------------------------------------------------------------------------


_OTHER = r"^[ \t]*(?:\[[ \t]*genre[ \t]*\]|genre[ \t]*\.|genre[ \t]*=[ \t]*\{|name[ \t]*=)"
"""Without any of these a text need not be read to know that it is a song."""


def kind_of(values: Mapping[str, Any]) -> str:
    """What a file is by its keys: a genre has a table of its own, a model a name, and a type or nothing that only songs have."""
    if isinstance(values.get("genre"), Mapping):
        return "genre"
    songs_alone = SongSpec.entries.keys() - ModelSpec.entries.keys()
    return "model" if "name" in values and ("type" in values or not values.keys() & songs_alone) else "song"


def check_text(text: str, file: str, find: Find, catalog: Catalog) -> tuple[str, tuple[Diagnostic, ...]]:
    """What a file is, and every mistake in it when that is a genre or a model; songs are not checked here.

    A genre without any form is a ``base`` for others: what it leaves to them is no mistake.
    """
    if not re.search(_OTHER, text, re.MULTILINE):
        return "song", ()
    read = parse(text, file, MODEL_BYTES)
    kind = "song" if isinstance(read, Diagnostic) else kind_of(read.values)
    if isinstance(read, Diagnostic) or kind == "song":
        return "song", ()
    spec_class: type[Table] = GenreSpec if kind == "genre" else ModelSpec
    layered, wrong = resolve(read, finder(find, f"{kind}s", Memo()))
    spec, mistakes = validate(spec_class, layered)
    if kind == "genre" and "form" not in layered.values:
        kind = "base"
        mistakes = [one for one in mistakes if one.code != "missing" or one.path]
    if isinstance(spec, GenreSpec):
        mistakes += [layered.diagnose(problem) for problem in of_this_meter(ideas(spec, catalog)[1], layered)]
    return kind, tuple(dict.fromkeys(ordered([*wrong, *mistakes])))


# -- reading on after a mistake ------------------------------------------------------------------------------------------


def salvaged(kind: type[Spec], layered: Layered) -> tuple[Spec | None, list[Diagnostic]]:
    """The values as a spec, and all mistakes of type and name in them; what is wrong is left out so that the rest is read.

    None when nothing is left to stand on, such as a song without a genre.
    """
    spec, mistakes = validate(kind, layered)
    if spec is not None:
        return spec, mistakes
    values, wrong = deepcopy(layered.values), mistakes
    for _ in range(2):
        # What is wrong the second time only follows from what was taken out: it goes too, and is not told.
        for mistake in wrong:
            take_out(values, mistake.path)
        spec, wrong = validate(kind, Layered(values, layered.layers))
        if spec is not None or len(wrong) > MAX_TOLD:
            break
    return spec, mistakes


def take_out(values: dict[str, Any], path: str) -> None:
    """Removes the value at a key path, with the whole item when it stands in a list."""
    where, exact = locate(values, path)
    while where and exact:
        holder: Any = values
        for step in where[:-1]:
            holder = holder[step]
        if isinstance(holder, dict):
            del holder[where[-1]]
            return
        where = where[:-1]
