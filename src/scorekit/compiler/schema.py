"""The three kinds of file as JSON Schema 2020-12, for editors; and the rule that holds at a place of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

from scorekit.compiler.genres import GenreSpec
from scorekit.compiler.specs import ModelSpec, SongSpec
from scorekit.compiler.typed import FREE, Key, Limits, Table, alternatives, keys, parted

KINDS: dict[str, type[Table]] = {"song": SongSpec, "genre": GenreSpec, "model": ModelSpec}


def schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of a kind of file: song, genre or model."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"A scorekit {kind}"}
    return head | whole(KINDS[kind])


_WHOLE: dict[type, dict[str, Any]] = {}


def whole(table: type[Table]) -> dict[str, Any]:
    """The schema of a table, with those inside it under ``$defs``."""
    if table not in _WHOLE:
        inner: dict[str, Any] = {}
        own = _described(table, inner)
        _WHOLE[table] = {"$defs": dict(sorted(inner.items())), **own} if inner else own
    return _WHOLE[table]


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


# -- from classes to schemas ---------------------------------------------------------------------------------------------


def _described(table: type[Table], inner: dict[str, Any]) -> dict[str, Any]:
    known = keys(table)
    own: dict[str, Any] = {"description": " ".join((table.__doc__ or "").split())}
    own["properties"] = {written: _property(key, inner) for written, key in known.items()}
    required = [written for written, key in known.items() if key.entry.default is ...]
    others = False if table.others is None else _schema(table.others, FREE, inner)
    return {"additionalProperties": others, **own, **({"required": required} if required else {}), "type": "object"}


def _property(key: Key, inner: dict[str, Any]) -> dict[str, Any]:
    known = key.entry
    found = {**_schema(key.type, known.limits, inner), "description": known.about}
    found |= {"default": plain(known.default)} if known.default is not ... and known.default is not None else {}
    found |= {"examples": list(known.examples)} if known.examples else {}
    found |= {"propertyNames": {"enum": list(known.names)}} if known.names else {}
    return dict(sorted(found.items()))


def _schema(kind: Any, limits: Limits, inner: dict[str, Any]) -> dict[str, Any]:
    bare, own, _ = parted(kind)
    limits = own if limits == FREE else limits
    among = alternatives(bare)
    if len(among) > 1:
        return {"oneOf": [_schema(one, limits, inner) for one in among]}
    if among[0] is not bare:
        return _schema(among[0], limits, inner)
    origin, parts = get_origin(bare), get_args(bare)
    if bare is Any:
        return {}
    if bare in (int, float):
        return {**_limited(limits, "imum"), "type": "integer" if bare is int else "number"}
    if bare is str:
        return {**_limited(limits, "Length"), "type": "string"}
    if bare is bool:
        return {"type": "boolean"}
    if origin is Literal:
        return {"enum": list(parts), "type": "integer" if isinstance(parts[0], int) else "string"}
    if origin is tuple and parts[-1] is ...:
        return {"items": _schema(parts[0], FREE, inner), **_limited(limits, "Items"), "type": "array"}
    if origin is tuple:
        items = [_schema(one, FREE, inner) for one in parts]
        return {"maxItems": len(parts), "minItems": len(parts), "prefixItems": items, "type": "array"}
    if origin is dict:
        rule = {"additionalProperties": _schema(parts[1], FREE, inner) or True, **_limited(limits, "Properties")}
        names = {k: v for k, v in _schema(parts[0], FREE, inner).items() if k != "type"}
        return {**rule, **({"propertyNames": names} if names else {}), "type": "object"}
    if bare.__name__ not in inner:
        inner[bare.__name__] = {}
        inner[bare.__name__] = _described(bare, inner)
    return {"$ref": f"#/$defs/{bare.__name__}"}


def _limited(limits: Limits, what: str) -> dict[str, Any]:
    low, high = (limits.ge, limits.le) if what == "imum" else (limits.min_length, limits.max_length)
    rules = {f"max{what}": high, f"min{what}": low, "pattern": limits.pattern}
    return {name: value for name, value in rules.items() if value is not None}


def plain(value: Any) -> Any:
    """A value that was read as files would write it."""
    if isinstance(value, Table):
        found = {written: plain(getattr(value, key.name)) for written, key in keys(type(value)).items()}
        return {written: one for written, one in found.items() if one is not None}
    if isinstance(value, (tuple, list)):
        return [plain(one) for one in value]
    return {name: plain(one) for name, one in value.items()} if isinstance(value, dict) else value
