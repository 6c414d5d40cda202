"""Functions of bags and arrays."""

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from watchfloor.lake.kql import convert, literals
from watchfloor.lake.kql.errors import KqlError, Span
from watchfloor.lake.kql.functions.registry import add, const, sql
from watchfloor.lake.kql.model import Typed
from watchfloor.lake.kql.templates import fill, own, text, whole
from watchfloor.lake.kql.types import NUMBERS, WHOLE, Type

S, L, B, D = Type.STRING, Type.LONG, Type.BOOL, Type.DYNAMIC
LIST = "FROM_JSON(_0, '[\"JSON\"]')"
TEXTS = "FROM_JSON(_0, '[\"VARCHAR\"]')"
IS_LIST = "JSON_TYPE(_0) = 'ARRAY'"

sql("array_length", "dynamic", L, f"CASE WHEN {IS_LIST} THEN CAST(JSON_ARRAY_LENGTH(_0) AS BIGINT) END")
sql("bag_keys", "dynamic", D, "CASE WHEN JSON_TYPE(_0) = 'OBJECT' THEN TO_JSON(JSON_KEYS(_0)) END")
sql("array_reverse", "dynamic", D, f"CASE WHEN {IS_LIST} THEN TO_JSON(LIST_REVERSE({LIST})) END")
sql("array_sum", "dynamic", Type.REAL, "LIST_SUM(FROM_JSON(_0, '[\"DOUBLE\"]'))")
sql("bag_has_key", "dynamic string", B, "COALESCE(LIST_CONTAINS(JSON_KEYS(_0), _1), FALSE)")
sql("gettype", "any", S, "'any'")
sql("treepath", "dynamic", D, "TO_JSON(JSON_KEYS(_0))")
sql("strcat_array", "dynamic text", S, f"ARRAY_TO_STRING({TEXTS}, _1)")
sql("array_index_of", "dynamic text", L, f"CAST(COALESCE(LIST_POSITION({TEXTS}, _1), 0) - 1 AS BIGINT)")


def path(value: Typed, keys: Sequence[str | int], name: str) -> Typed:
    """A place inside a dynamic; a path in a path becomes one longer path."""
    source, before = value.sql, ""
    if isinstance(source, exp.Anonymous) and source.name == "JSON_EXTRACT":
        inner, known = source.expressions
        if isinstance(known, exp.Literal):
            source, before = inner, str(known.this)[1:]
    step = "".join(_step(key) for key in keys)
    found = exp.Anonymous(this="JSON_EXTRACT", expressions=[source.copy(), text("$" + before + step)])
    return Typed(found, D, name)


def _step(key: str | int) -> str:
    if isinstance(key, int):
        return f"[{key}]" if key >= 0 else f"[#-{-key}]"
    return '."' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


def at(value: Typed, index: Typed, name: str, span: Span) -> Typed:
    """`d[i]`: by place for a number, by key for a text."""
    if isinstance(index.const, str | int) and not isinstance(index.const, bool):
        return path(value, [index.const], name)
    if index.type in WHOLE:
        shape = "JSON_EXTRACT(_0, CASE WHEN _1 < 0 THEN '$[#' || CAST(_1 AS TEXT) || ']' ELSE '$[' || CAST(_1 AS TEXT) || ']' END)"
        return Typed(fill(shape, value.sql, index.sql), D, name)
    if index.type in (S, D):
        key = convert.to_text(index).sql
        shape = "JSON_EXTRACT(_0, '$.\"' || REPLACE(REPLACE(_1, '\\', '\\\\'), '\"', '\\\"') || '\"')"
        return Typed(fill(shape, value.sql, key), D, name)
    raise KqlError(f"a dynamic is asked by a place or a key, not by a {index.type}", span, kind="type")


def _pack(args: Sequence[Typed], span: Span) -> Typed:
    if len(args) % 2:
        raise KqlError("bag_pack() takes pairs of key and value", span, kind="type")
    parts: list[exp.Expr] = []
    for number, arg in enumerate(args):
        parts.append(own(convert.to_text(arg).sql) if number % 2 == 0 else own(convert.to_dynamic(arg).sql))
    return Typed(exp.Anonymous(this="JSON_OBJECT", expressions=parts), D, null=False)


def _pack_array(args: Sequence[Typed], span: Span) -> Typed:
    parts = [own(convert.to_dynamic(arg).sql) for arg in args]
    return Typed(exp.Anonymous(this="JSON_ARRAY", expressions=parts), D, null=False)


def _array_concat(args: Sequence[Typed], span: Span) -> Typed:
    parts = [fill(f"CASE WHEN {IS_LIST} THEN {LIST} ELSE [] END", arg.sql) for arg in args]
    joined = parts[0]
    for part in parts[1:]:
        joined = fill("LIST_CONCAT(_0, _1)", joined, part)
    return Typed(fill("TO_JSON(_0)", joined), D)


def _slice(args: Sequence[Typed], span: Span) -> Typed:
    start = f"CASE WHEN _1 < 0 THEN LEN({LIST}) + _1 ELSE _1 END"
    end = f"CASE WHEN _2 < 0 THEN LEN({LIST}) + _2 ELSE _2 END"
    shape = f"TO_JSON(LIST_SLICE({LIST}, CAST({start} AS BIGINT) + 1, CAST({end} AS BIGINT) + 1))"
    return Typed(fill(shape, *(arg.sql for arg in args)), D)


def _sets(how: str) -> Any:
    shapes = {
        "union": f"LIST_DISTINCT(LIST_CONCAT({LIST}, {LIST.replace('_0', '_1')}))",
        "intersect": f"LIST_FILTER(LIST_DISTINCT({LIST}), LAMBDA one : LIST_CONTAINS({LIST.replace('_0', '_1')}, one))",
        "difference": f"LIST_FILTER(LIST_DISTINCT({LIST}), LAMBDA one : NOT LIST_CONTAINS({LIST.replace('_0', '_1')}, one))",
    }

    def make(args: Sequence[Typed], span: Span) -> Typed:
        found = args[0].sql
        for other in args[1:]:
            found = fill(f"TO_JSON({shapes[how]})", found, other.sql)
        return Typed(found, D)

    return make


def _has_element(args: Sequence[Typed], span: Span) -> Typed:
    value = args[1]
    if value.type in NUMBERS:
        shape = "COALESCE(LIST_CONTAINS(FROM_JSON(_0, '[\"DOUBLE\"]'), CAST(_1 AS DOUBLE)), FALSE)"
    else:
        value, shape = convert.to_text(value), f"COALESCE(LIST_CONTAINS({TEXTS}, _1), FALSE)"
    return Typed(fill(shape, args[0].sql, value.sql), B, null=False)


def _sorted(*, descending: bool) -> Any:
    order = "DESC" if descending else "ASC"

    def make(args: Sequence[Typed], span: Span) -> Typed:
        if len(args) > 1 and not args[1].is_const:
            raise KqlError("sorting several arrays together is not supported here", span, kind="unsupported")
        shape = (
            f"CASE WHEN {IS_LIST} THEN TO_JSON(LIST_TRANSFORM(LIST_SORT(LIST_TRANSFORM({LIST}, LAMBDA one : "
            f"{{'n': TRY_CAST(CASE WHEN JSON_TYPE(one) <> 'VARCHAR' THEN CAST(one AS TEXT) END AS DOUBLE), "
            f"'t': one ->> '$', 'j': one}}), '{order}'), LAMBDA one : one.j)) END"
        )
        return Typed(fill(shape, args[0].sql), D, args[0].name)

    return make


def _range(args: Sequence[Typed], span: Span) -> Typed:
    start, end = args[0], args[1]
    if start.type is Type.DATETIME:
        step = args[2].sql if len(args) > 2 else literals.typed(Type.TIMESPAN, 36_000_000_000).sql
        shape = (
            "TO_JSON(LIST_TRANSFORM(RANGE(EPOCH_US(_0), EPOCH_US(_1) + 1, CAST(_2 // 10 AS BIGINT)), LAMBDA one : "
            "STRFTIME(MAKE_TIMESTAMP(one), '%Y-%m-%dT%H:%M:%S.%f') || '0Z'))"
        )
        return Typed(fill(shape, start.sql, end.sql, step), D)
    step = args[2].sql if len(args) > 2 else whole(1)
    if all(arg.type in WHOLE for arg in args):
        return Typed(fill("TO_JSON(RANGE(_0, _1 + SIGN(_2), _2))", start.sql, end.sql, step), D)
    shape = "TO_JSON(LIST_TRANSFORM(RANGE(0, CAST(FLOOR((_1 - _0) / _2) AS BIGINT) + 1), LAMBDA one : _0 + one * _2))"
    return Typed(fill(shape, start.sql, end.sql, step), D)


def _repeat(args: Sequence[Typed], span: Span) -> Typed:
    value = convert.to_dynamic(args[0]).sql
    return Typed(fill("TO_JSON(LIST_TRANSFORM(RANGE(0, _1), LAMBDA one : _0))", value, args[1].sql), D)


def _bag_merge(args: Sequence[Typed], span: Span) -> Typed:
    """The first bag that has a key gives its value."""
    found = args[-1].sql
    for arg in reversed(args[:-1]):
        found = fill(
            "JSON_MERGE_PATCH(COALESCE(_0, CAST('{}' AS JSON)), COALESCE(_1, CAST('{}' AS JSON)))", found, arg.sql
        )
    return Typed(found, D)


def _bag_remove(args: Sequence[Typed], span: Span) -> Typed:
    shape = (
        "CASE WHEN JSON_TYPE(_0) = 'OBJECT' THEN TO_JSON(MAP_FROM_ENTRIES(LIST_TRANSFORM(LIST_FILTER(JSON_KEYS(_0), "
        "LAMBDA key : NOT LIST_CONTAINS(FROM_JSON(_1, '[\"VARCHAR\"]'), key)), LAMBDA key : "
        "{'k': key, 'v': JSON_EXTRACT(_0, '$.\"' || REPLACE(key, '\"', '\\\"') || '\"')}))) END"
    )
    return Typed(fill(shape, args[0].sql, args[1].sql), D)


def _bag_set(args: Sequence[Typed], span: Span) -> Typed:
    made = exp.Anonymous(this="JSON_OBJECT", expressions=[own(args[1].sql), own(convert.to_dynamic(args[2]).sql)])
    return Typed(fill("JSON_MERGE_PATCH(COALESCE(_0, CAST('{}' AS JSON)), _1)", args[0].sql, made), D)


def _zip(args: Sequence[Typed], span: Span) -> Typed:
    lists = [fill(LIST, arg.sql) for arg in args]
    parts = ", ".join(f"one[{number + 1}]" for number in range(len(args)))
    zipped = exp.Anonymous(this="LIST_ZIP", expressions=lists)
    return Typed(fill(f"TO_JSON(LIST_TRANSFORM(_0, LAMBDA one : [{parts}]))", zipped), D)


def _extract_json(args: Sequence[Typed], span: Span) -> Typed:
    found = str(const(args[0], "the path", span))
    source = convert.parsed(args[1])
    value = Typed(
        exp.Anonymous(
            this="JSON_EXTRACT", expressions=[own(source.sql), text(found if found[:1] == "$" else f"$.{found}")]
        ),
        D,
    )
    kind = Type(str(args[2].const)) if len(args) > 2 else S
    return convert.to(value, kind)


def _gettype(args: Sequence[Typed], span: Span) -> Typed:
    kind = args[0].type
    if kind is not D:
        return literals.string({Type.LONG: "long", Type.INT: "int"}.get(kind, str(kind)))
    shape = (
        "CASE JSON_TYPE(_0) WHEN 'OBJECT' THEN 'dictionary' WHEN 'ARRAY' THEN 'array' WHEN 'VARCHAR' THEN 'string' "
        "WHEN 'BOOLEAN' THEN 'bool' WHEN 'DOUBLE' THEN 'double' WHEN 'BIGINT' THEN 'long' WHEN 'UBIGINT' THEN 'long' ELSE 'null' END"
    )
    return Typed(fill(shape, args[0].sql), S, null=False)


def _pack_dictionary(args: Sequence[Typed], span: Span) -> Typed:
    return _pack(args, span)


add("bag_pack pack pack_dictionary", "any*", _pack)
add("pack_array", "any*", _pack_array)
add("array_concat", "dynamic*", _array_concat)
add("array_slice", "dynamic long long", _slice)
add("set_union", "dynamic dynamic dynamic*", _sets("union"))
add("set_intersect", "dynamic dynamic dynamic*", _sets("intersect"))
add("set_difference", "dynamic dynamic dynamic*", _sets("difference"))
add("set_has_element", "dynamic any", _has_element)
add("array_sort_asc", "dynamic any*", _sorted(descending=False))
add("array_sort_desc", "dynamic any*", _sorted(descending=True))
add("range", "any any any?", _range)
add("repeat", "any long", _repeat)
add("bag_merge", "dynamic dynamic dynamic*", _bag_merge)
add("bag_remove_keys", "dynamic dynamic", _bag_remove)
add("bag_set_key", "dynamic string any", _bag_set)
add("zip", "dynamic dynamic dynamic*", _zip)
add("extract_json extractjson", "any any any?", _extract_json)
add("gettype", "any", _gettype)
for _name in ("parse_json", "todynamic", "toobject"):
    add(_name, "any", lambda args, span: convert.parsed(args[0]), keeps_name=True)
