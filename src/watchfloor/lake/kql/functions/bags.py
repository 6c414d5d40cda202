"""Functions of bags: packed, taken apart, put together. Of a key that comes twice the first value stands."""

import json
import re
from collections.abc import Sequence

from sqlglot import exp

from watchfloor.lake.kql import convert
from watchfloor.lake.kql.errors import KqlError, Span, unsupported
from watchfloor.lake.kql.functions.registry import add, const, sql
from watchfloor.lake.kql.model import Typed
from watchfloor.lake.kql.templates import fill, own, text
from watchfloor.lake.kql.types import Type

B, D, S = Type.BOOL, Type.DYNAMIC, Type.STRING
IS_BAG = "JSON_TYPE(_0) = 'OBJECT'"
KEYS = f"CASE WHEN {IS_BAG} THEN JSON_KEYS(_0) ELSE [] END"
PLACE = "'$.\"' || REPLACE(REPLACE(key, '\\', '\\\\'), '\"', '\\\"') || '\"'"
"""Where a bag holds `key`."""
HELD = f"CASE WHEN key = '' THEN JSON_EXTRACT(_0, '/') ELSE JSON_EXTRACT(_0, {PLACE}) END"
"""What a bag holds there; no path of dots can name the empty key."""
PAIR = f"{{'k': key, 'v': {HELD}}}"
PAIRS = f"LIST_TRANSFORM({KEYS}, LAMBDA key : {PAIR})"


def of_pairs(pairs: str) -> str:
    """The bag of a list of pairs."""
    return f"TO_JSON(MAP_FROM_ENTRIES({pairs}))"


MERGED = (
    "COALESCE(LIST_TRANSFORM([LIST_SORT(_0)], LAMBDA pairs : "
    + of_pairs("LIST_FILTER(pairs, LAMBDA pair, place : place = 1 OR pairs[place - 1].k <> pair.k)")
    + ")[1], CAST('{}' AS JSON))"
)
"""A bag of many pairs, of which any stands where a key comes twice."""


WITHOUT_EMPTY = of_pairs(f"LIST_FILTER({PAIRS}, LAMBDA pair : COALESCE(pair.v ->> '$', '') <> '')")
"""A bag without its nulls and empty texts."""


def pack(args: Sequence[Typed], span: Span) -> Typed:
    """bag_pack(key, value, ...)."""
    if len(args) % 2:
        raise KqlError("bag_pack() takes pairs of key and value", span, kind="type")
    parts: list[exp.Expr] = []
    for key, value in zip(args[::2], args[1::2], strict=True):
        parts += [own(convert.to_text(key).sql), own(convert.to_dynamic(value).sql)]
    return Typed(exp.Anonymous(this="JSON_OBJECT", expressions=parts), D, null=False)


def _merge(args: Sequence[Typed], span: Span) -> Typed:
    other = PAIRS.replace("_0", "_1")
    both = f"LIST_CONCAT({PAIRS}, LIST_FILTER({other}, LAMBDA pair : NOT LIST_CONTAINS({KEYS}, pair.k)))"
    found = args[0].sql
    for arg in args[1:]:
        found = fill(of_pairs(both), found, arg.sql)
    return Typed(found, D)


def _is_path(key: object) -> bool:
    return isinstance(key, str) and key[:2] in ("$.", "$[")


def _has_key(args: Sequence[Typed], span: Span) -> Typed:
    key = const(args[1], "the key of bag_has_key()", span)
    if _is_path(key):
        return Typed(fill("COALESCE(JSON_EXISTS(_0, _1), FALSE)", args[0].sql, text(str(key))), B, null=False)
    return Typed(fill(f"COALESCE(LIST_CONTAINS({KEYS}, _1), FALSE)", args[0].sql, args[1].sql), B, null=False)


def _remove(args: Sequence[Typed], span: Span) -> Typed:
    keys = args[1].const if args[1].is_const else None
    if isinstance(keys, list) and any(map(_is_path, keys)):
        return _without_paths(args[0], keys, span)
    gone = "FROM_JSON(_1, '[\"VARCHAR\"]')"
    kept = f"LIST_FILTER(JSON_KEYS(_0), LAMBDA key : NOT LIST_CONTAINS({gone}, key))"
    shape = f"CASE WHEN {IS_BAG} THEN {of_pairs(f'LIST_TRANSFORM({kept}, LAMBDA key : {PAIR})')} END"
    return Typed(fill(shape, args[0].sql, args[1].sql), D)


def _steps_of(path: str, span: Span) -> list[str]:
    """The keys of a path such as $.a.b; one with places in arrays is refused."""
    if not re.fullmatch(r"\$(\.\w+)+", path):
        raise unsupported(f"the path “{path}”", span)
    return path[2:].split(".")


def _without_paths(bag: Typed, keys: Sequence[object], span: Span) -> Typed:
    """A bag without the places of some paths: each is taken out where it is there."""
    found = bag.sql
    for key in map(str, keys):
        steps = _steps_of(key, span) if _is_path(key) else [key]
        patch: object = None
        for step in reversed(steps):
            patch = {step: patch}
        place = text("$" + "".join('."' + step.replace("\\", "\\\\").replace('"', '\\"') + '"' for step in steps))
        gone = "CASE WHEN JSON_EXISTS(_0, _1) THEN JSON_MERGE_PATCH(_0, CAST(_2 AS JSON)) ELSE _0 END"
        found = fill(gone, found, place, text(json.dumps(patch)))
    return Typed(fill(f"CASE WHEN {IS_BAG} THEN _1 END", bag.sql, found), D)


def _with_path(args: Sequence[Typed], span: Span) -> Typed:
    """A bag with a value at a path; what is no bag on the way becomes one."""
    value = args[2]
    if value.type is D:
        raise unsupported("bag_set_key() with a path and a dynamic", span)
    patch = "_0"
    for step in reversed(_steps_of(str(args[1].const), span)):
        patch = f"JSON_OBJECT('{step}', {patch})"
    shape = f"CASE WHEN {IS_BAG} THEN JSON_MERGE_PATCH(_0, _1) END"
    return Typed(fill(shape, args[0].sql, fill(patch, convert.to_dynamic(value).sql)), D)


def _set_key(args: Sequence[Typed], span: Span) -> Typed:
    if _is_path(const(args[1], "the key of bag_set_key()", span)):
        return _with_path(args, span)
    others = f"LIST_FILTER({PAIRS}, LAMBDA pair : pair.k <> _1)"
    shape = f"CASE WHEN {IS_BAG} THEN {of_pairs(f'LIST_APPEND({others}, {{{{}}}})')} END".replace(
        "{{}}", "{'k': _1, 'v': _2}"
    )
    return Typed(fill(shape, args[0].sql, args[1].sql, convert.to_dynamic(args[2]).sql), D)


def _zip(args: Sequence[Typed], span: Span) -> Typed:
    """bag_zip(keys, values): keys that are no texts are left out, keys without a value hold null."""
    keys, values = (
        "FROM_JSON(_0, '[\"JSON\"]')",
        "CASE WHEN JSON_TYPE(_1) = 'ARRAY' THEN FROM_JSON(_1, '[\"JSON\"]') ELSE [] END",
    )
    pairs = (
        f"LIST_TRANSFORM(LIST_FILTER(LIST_TRANSFORM({keys}, LAMBDA one, place : "
        f"{{'j': one, 'v': COALESCE(LIST_EXTRACT({values}, place), CAST('null' AS JSON))}}), LAMBDA one : "
        "JSON_TYPE(one.j) = 'VARCHAR'), LAMBDA one : {'k': one.j ->> '$', 'v': one.v})"
    )
    shape = f"CASE WHEN JSON_TYPE(_0) = 'ARRAY' THEN {MERGED.replace('_0', pairs)} END"
    return Typed(fill(shape, args[0].sql, args[1].sql), D)


sql("bag_keys", "dynamic", D, f"CASE WHEN {IS_BAG} THEN TO_JSON(JSON_KEYS(_0)) END")
add("bag_pack pack pack_dictionary", "any*", pack)
add("bag_has_key", "dynamic string", _has_key)
add("bag_merge", "dynamic dynamic dynamic*", _merge)
add("bag_remove_keys", "dynamic dynamic", _remove)
add("bag_set_key", "dynamic string any", _set_key)
add("bag_zip", "dynamic dynamic", _zip)
