"""The three kinds of file as pydantic knows them: their JSON Schema 2020-12 for editors, the rule that holds at a place of one,
and all that is wrong with values which a table refused.

None of this is needed for a file that is right, so it is made of the tables only when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, reduce
from operator import or_
from sys import float_info
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from msgspec import Meta
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from scorekit.compiler import specs
from scorekit.compiler.specs import GenreSpec, ModelSpec, SongSpec
from scorekit.compiler.tables import Entry, Misshapen, Table

KINDS: dict[str, type[Table]] = {"song": SongSpec, "genre": GenreSpec, "model": ModelSpec}
Value = TypeVar("Value")


def schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of a kind of file: song, genre or model."""
    plain: dict[str, Any] = _plain(whole(KINDS[kind]))
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"A scorekit {kind}"}
    return head | plain


@cache
def whole(table: type[Table]) -> dict[str, Any]:
    """The schema of a table, keys as files write them."""
    return model(table).model_json_schema(by_alias=True)


def errors(table: type[Table], values: Mapping[str, Any]) -> list[ErrorDetails]:
    """Everything that is wrong with values, as pydantic tells it. Lists are tuples."""
    try:
        model(table).model_validate(values)
    except ValidationError as error:
        return error.errors(include_url=False, include_context=True)
    return []


# -- tables as pydantic knows them ---------------------------------------------------------------------------------------


class Strict(BaseModel):
    """What all tables are: strict types, no unknown keys, no infinities."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, frozen=True)


class Sound(Strict):
    """The sound of a part: a patch, and any of its parameters as numbers."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, float]

    patch: Annotated[str, Field(min_length=1, max_length=80)] | None = Field(
        None, description="Name of the synth patch; left out: the genre's."
    )


@cache
def model(table: type[Table]) -> type[BaseModel]:
    """A table's keys, kinds and limits; its own check comes last."""
    hints = get_type_hints(table, include_extras=True)
    fields: Any = {name: (_kind(hints[name]), _field(said)) for name, said in table.entries.items()}
    check: Any = getattr(table, "__post_init__", None)
    checks: Any = {"check": model_validator(mode="after")(_telling(check))} if check else {}
    return create_model(table.__name__, __base__=Strict, __doc__=table.__doc__, __validators__=checks, **fields)


def _field(said: Entry) -> Any:
    default = model(type(said.default)).model_construct() if isinstance(said.default, Table) else said.default
    more = (said.more or {}) | ({} if said.usual is None else {"default": said.usual})
    return Field(
        default, description=said.about, examples=said.examples, alias=said.alias, json_schema_extra=more or None
    )


def _kind(hint: Any) -> Any:
    """The kind of a value, in pydantic's words for limits; alternatives are told apart by what they are in TOML."""
    origin, args = get_origin(hint), get_args(hint)
    if hint is specs.Sound:
        return Sound
    if isinstance(hint, type) and issubclass(hint, Table):
        return model(hint)
    if origin is Annotated:
        return reduce(lambda kind, one: Annotated[kind, one], _limits(args[1:]), _kind(args[0]))
    if origin in (Union, UnionType):
        ways = [one for one in args if one is not NoneType]
        chosen = _kind(ways[0]) if len(ways) == 1 else _either(ways)
        return chosen | None if NoneType in args else chosen
    if origin in (tuple, dict):
        return origin[tuple(map(_kind, args))]
    return hint


def _either(ways: Sequence[Any]) -> Any:
    tagged = [Annotated[_kind(one), Tag(kind_of_type(_bare(one)))] for one in ways]
    return Annotated[reduce(or_, tagged), Discriminator(kind_of)]


def _limits(said: Sequence[Any]) -> Iterator[Any]:
    """Limits and checks. Those that only keep infinities out go without saying, and so does a pattern beside a function that
    tells what it refuses."""
    checks = [AfterValidator(_telling(one)) for one in said if callable(one)]
    for meta in (one for one in said if isinstance(one, Meta)):
        limits = {name: getattr(meta, name) for name in ("ge", "le", "min_length", "max_length", "pattern")}
        if checks:
            del limits["pattern"]
        elif meta.pattern:
            limits["pattern"] = meta.pattern.replace(r"\Z", "$")
        given = {name: one for name, one in limits.items() if one not in (None, -float_info.max, float_info.max)}
        if given:
            yield Field(**given)
    yield from checks


def _telling(check: Callable[[Value], None]) -> Callable[[Value], Value]:
    """A check that returns what it does not refuse, and refuses in pydantic's way."""

    def told(value: Value) -> Value:
        try:
            check(value)
        except Misshapen as wrong:
            raise PydanticCustomError("shape", "{told}", {"told": wrong.told, "hint": wrong.hint}) from None
        return value

    return told


_KINDS: tuple[tuple[str, tuple[type, ...]], ...] = (
    ("true or false", (bool,)),
    ("a number", (int, float)),
    ("text", (str,)),
    ("a list", (list, tuple)),
    ("a table", (dict, BaseModel, Table)),
)


def kind_of(value: object) -> str:
    """What a value is, in a musician's words; also the tag by which alternatives are told apart."""
    return kind_of_type(type(value))


def kind_of_type(kind: type) -> str:
    """The same by its type."""
    return next((name for name, types in _KINDS if issubclass(kind, types)), f"a {kind.__name__}")


def _bare(hint: Any) -> type:
    """A type without limits and items."""
    origin = get_origin(hint)
    return _bare(get_args(hint)[0]) if origin is Annotated else origin or hint


# -- schemas -------------------------------------------------------------------------------------------------------------


def _plain(node: Any) -> Any:
    """A schema without the titles pydantic makes up and without nulls, which TOML does not have."""
    if isinstance(node, list):
        return [_plain(one) for one in node]
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if key != "title" or not isinstance(value, str)}
    kept = {key: value for key, value in kept.items() if key != "default" or value is not None}
    branches = kept.get("anyOf")
    if isinstance(branches, list) and {"type": "null"} in branches:
        rest = [one for one in branches if one != {"type": "null"}]
        kept = {**{k: v for k, v in kept.items() if k != "anyOf"}, **(rest[0] if len(rest) == 1 else {"anyOf": rest})}
        kept |= {"description": node["description"]} if "description" in node else {}
    return {key: _plain(value) for key, value in kept.items()}


def rule(table: type[Table], location: Sequence[str | int]) -> dict[str, Any]:
    """What a schema says about a place: limits, choices, keys, description. Empty when it says nothing."""
    root = whole(table)
    found: list[Mapping[str, Any]] = [root]
    for step in location:
        found = [child for node in found for branch in _branches(root, node) for child in _children(branch, step)]
    merged: dict[str, Any] = {}
    for node in reversed([branch for one in found for branch in _branches(root, one)]):
        merged |= node
    return merged


def _branches(root: Mapping[str, Any], node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A schema node and all its alternatives, references followed."""
    if "$ref" in node:
        yield from _branches(root, root["$defs"][node["$ref"].rsplit("/", 1)[1]])
    yield node
    for key in ("anyOf", "oneOf", "allOf"):
        for one in node.get(key, ()):
            yield from _branches(root, one)


def _children(node: Mapping[str, Any], step: str | int) -> Iterator[Mapping[str, Any]]:
    if isinstance(step, int):
        prefix = node.get("prefixItems", ())
        child = prefix[step] if step < len(prefix) else node.get("items")
    else:
        child = node.get("properties", {}).get(step) or node.get("additionalProperties")
    if isinstance(child, Mapping):
        yield child
