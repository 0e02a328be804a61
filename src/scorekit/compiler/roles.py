"""Names of sections in a genre: forms, tables, progressions and layers must speak of the same ones."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from scorekit.compiler.genres import GenreSpec
from scorekit.compiler.keypath import item, join
from scorekit.compiler.sections import USUAL


class Place(Struct, frozen=True):
    """A section's name somewhere in a genre, and the names that would do there."""

    path: str
    name: str
    known: frozenset[str]
    on_key: bool = False


def names(genre: GenreSpec) -> Iterator[Place]:
    """Every place that names a section: a form's with a table, a progression or a usual name, and the other way round."""
    usual, tables = frozenset(USUAL), frozenset(genre.section)
    sung = frozenset(role for one in genre.harmony.prog for role in one.roles)
    placed = frozenset(text.partition(":")[0] for form in genre.form for text in (*form.sections, *form.compress))
    for form in genre.form:
        for key, tokens in (("sections", form.sections), ("compress", form.compress)):
            for index, text in enumerate(tokens):
                path = join(item("form", 0, form.id), key, index)
                yield Place(path, text.partition(":")[0], tables | sung | usual)
    for one in genre.harmony.prog:
        for index, role in enumerate(one.roles):
            yield Place(join(item("harmony.prog", 0, one.id), "roles", index), role, placed | tables | usual)
    for name in genre.section:
        yield Place(join("section", name), name, placed | sung | usual, True)
    for name in genre.arrange.layers:
        yield Place(join("arrange.layers", name), name, placed | tables | sung | usual, True)
