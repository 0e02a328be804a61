"""The three kinds of file as JSON Schema 2020-12, for editors; and the rule that holds at a place of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel

from scorekit.compiler.genres import GenreSpec
from scorekit.compiler.specs import ModelSpec, SongSpec

KINDS: dict[str, type[BaseModel]] = {"song": SongSpec, "genre": GenreSpec, "model": ModelSpec}


def schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of a kind of file: song, genre or model."""
    plain: dict[str, Any] = _plain(whole(KINDS[kind]))
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"A scorekit {kind}"}
    return head | plain


@cache
def whole(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a model, keys as files write them."""
    return model.model_json_schema(by_alias=True)


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


def rule(model: type[BaseModel], location: Sequence[str | int]) -> dict[str, Any]:
    """What a schema says about a place: limits, choices, keys, description. Empty when it says nothing."""
    root = whole(model)
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
