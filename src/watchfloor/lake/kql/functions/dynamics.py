"""Functions of arrays, and places inside a dynamic."""

from collections.abc import Sequence

from sqlglot import exp

from watchfloor.lake.kql import convert, literals
from watchfloor.lake.kql.errors import KqlError, Span, unsupported
from watchfloor.lake.kql.functions.registry import Make, add, const, sql
from watchfloor.lake.kql.model import Typed
from watchfloor.lake.kql.templates import fill, own, text, whole
from watchfloor.lake.kql.types import NUMBERS, WHOLE, Type

S, L, B, D = Type.STRING, Type.LONG, Type.BOOL, Type.DYNAMIC
LIST = "FROM_JSON(_0, '[\"JSON\"]')"
TEXTS = "FROM_JSON(_0, '[\"VARCHAR\"]')"
IS_LIST = "JSON_TYPE(_0) = 'ARRAY'"

sql("array_length", "dynamic", L, f"CASE WHEN {IS_LIST} THEN CAST(JSON_ARRAY_LENGTH(_0) AS BIGINT) END")
sql("array_reverse", "dynamic", D, f"CASE WHEN {IS_LIST} THEN TO_JSON(LIST_REVERSE({LIST})) END")
sql("array_sum", "dynamic", Type.REAL, "LIST_SUM(FROM_JSON(_0, '[\"DOUBLE\"]'))")
sql("strcat_array", "dynamic text", S, f"ARRAY_TO_STRING({TEXTS}, _1)")


def path(value: Typed, keys: Sequence[str | int], name: str) -> Typed:
    """A place inside a dynamic; a path in a path becomes one longer path."""
    if "" in keys:
        # No path of dots can name the empty key.
        first, rest = keys[: keys.index("")], keys[keys.index("") + 1 :]
        above = path(value, first, name) if first else value
        empty = Typed(exp.Anonymous(this="JSON_EXTRACT", expressions=[own(above.sql), text("/")]), D, name)
        return path(empty, rest, name) if rest else empty
    source, before = value.sql, ""
    if isinstance(source, exp.Anonymous) and source.name == "JSON_EXTRACT":
        inner, known = source.expressions
        if isinstance(known, exp.Literal) and known.this[:1] == "$":
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


def _index_of(args: Sequence[Typed], span: Span) -> Typed:
    """array_index_of(array, value, start?, length?, occurrence?): -1 when it does not stand there."""
    if len(args) == 2:
        return Typed(fill(f"CAST(COALESCE(LIST_POSITION({TEXTS}, _1), 0) - 1 AS BIGINT)", args[0].sql, args[1].sql), L)
    start = "CASE WHEN _2 < 0 THEN GREATEST(LEN(l) + _2, 0) ELSE _2 END"
    length = args[3].sql if len(args) > 3 else whole(-1)
    nth = args[4].sql if len(args) > 4 else whole(1)
    held = f"i > {start} AND (_3 < 0 OR i <= {start} + _3) AND LIST_EXTRACT(l, i) = _1"
    found = f"LIST_EXTRACT(LIST_FILTER(RANGE(1, LEN(l) + 1), LAMBDA i : {held}), _4)"
    shape = f"LIST_EXTRACT(LIST_TRANSFORM([{TEXTS}], LAMBDA l : COALESCE({found}, 0) - 1), 1)"
    return Typed(fill(f"CAST({shape} AS BIGINT)", args[0].sql, args[1].sql, args[2].sql, length, nth), L)


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


OTHER = LIST.replace("_0", "_1")
ONCE = "LIST_FILTER({}, LAMBDA one, place : LIST_POSITION({}, one) = place)"
"""The elements of a list, each where it first stands."""
_SETS = {
    "union": ONCE.replace("{}", f"LIST_CONCAT({LIST}, {OTHER})"),
    "intersect": f"LIST_FILTER({ONCE.replace('{}', LIST)}, LAMBDA one : LIST_CONTAINS({OTHER}, one))",
    "difference": f"LIST_FILTER({ONCE.replace('{}', LIST)}, LAMBDA one : NOT LIST_CONTAINS({OTHER}, one))",
}


def _sets(how: str) -> Make:
    def make(args: Sequence[Typed], span: Span) -> Typed:
        found = args[0].sql
        for other in args[1:]:
            found = fill(f"TO_JSON({_SETS[how]})", found, other.sql)
        return Typed(found, D)

    return make


def _has_element(args: Sequence[Typed], span: Span) -> Typed:
    value = args[1]
    if value.type in NUMBERS:
        shape = "COALESCE(LIST_CONTAINS(FROM_JSON(_0, '[\"DOUBLE\"]'), CAST(_1 AS DOUBLE)), FALSE)"
    else:
        value, shape = convert.to_text(value), f"COALESCE(LIST_CONTAINS({TEXTS}, _1), FALSE)"
    return Typed(fill(shape, args[0].sql, value.sql), B, null=False)


def _sorted(*, descending: bool) -> Make:
    order = "DESC" if descending else "ASC"

    def make(args: Sequence[Typed], span: Span) -> Typed:
        last = args[-1].const if len(args) > 1 and isinstance(args[-1].const, bool) else None
        arrays = args if last is None else args[:-1]
        nulls = "FIRST" if last is False else "LAST"
        if len(arrays) > 1:
            return _together([convert.fit(one, D, span) for one in arrays], order, nulls)
        struct = (
            "CASE WHEN JSON_TYPE(one) <> 'NULL' THEN "
            "{'n': TRY_CAST(CASE WHEN JSON_TYPE(one) <> 'VARCHAR' THEN CAST(one AS TEXT) END AS DOUBLE), "
            "'t': one ->> '$', 'j': one} END"
        )
        shape = (
            f"CASE WHEN {IS_LIST} THEN TO_JSON(LIST_TRANSFORM(LIST_SORT(LIST_TRANSFORM({LIST}, LAMBDA one : {struct}), "
            f"'{order}', 'NULLS {nulls}'), LAMBDA one : one.j)) END"
        )
        return Typed(fill(shape, args[0].sql), D, f"{args[0].name}_sorted")

    return make


def _together(arrays: Sequence[Typed], order: str, nulls: str) -> Typed:
    """The first array in order, the others in the order of it: a column each, or one array of them all inside an expression."""
    key = "{'n': TRY_CAST(CASE WHEN JSON_TYPE(one) <> 'VARCHAR' THEN CAST(one AS TEXT) END AS DOUBLE), 't': one ->> '$', 'i': place}"
    places = (
        f"LIST_TRANSFORM(LIST_SORT(LIST_TRANSFORM({LIST}, LAMBDA one, place : CASE WHEN JSON_TYPE(one) <> 'NULL' THEN {key} END), "
        f"'{order}', 'NULLS {nulls}'), LAMBDA one : one.i)"
    )
    sorted_ = [
        fill(
            f"CASE WHEN {IS_LIST} THEN TO_JSON(LIST_TRANSFORM({places}, LAMBDA at : {LIST.replace('_0', '_1')}[at])) END",
            arrays[0].sql,
            array.sql,
        )
        for array in arrays
    ]
    parts = tuple((f"{array.name}_sorted", Typed(found, D)) for array, found in zip(arrays, sorted_, strict=True))
    packed = exp.Anonymous(this="JSON_ARRAY", expressions=[own(found) for found in sorted_])
    return Typed(packed, D, parts=parts)


MOST_ELEMENTS = 1_048_576
"""Kusto's own bound of an array that range() or repeat() makes."""


def _counted(shape: str) -> str:
    """As many places as `shape` says, never more than an array may have."""
    return f"RANGE(0, CAST(GREATEST(LEAST({shape}, {MOST_ELEMENTS}), 0) AS BIGINT))"


def _range(args: Sequence[Typed], span: Span) -> Typed:
    start, end = args[0], args[1]
    if start.type in (Type.DATETIME, Type.TIMESPAN):
        step = args[2] if len(args) > 2 else literals.typed(Type.TIMESPAN, 36_000_000_000)
        return _range_of_times(start, convert.fit(end, start.type, span), convert.fit(step, Type.TIMESPAN, span))
    step_sql = args[2].sql if len(args) > 2 else whole(1)
    if all(arg.type in WHOLE for arg in args):
        count = _counted("(_1 - _0) // NULLIF(_2, 0) + 1")
        return Typed(
            fill(f"TO_JSON(LIST_TRANSFORM({count}, LAMBDA one : _0 + one * _2))", start.sql, end.sql, step_sql), D
        )
    count = _counted("FLOOR((_1 - _0) / NULLIF(_2, 0)) + 1")
    return Typed(fill(f"TO_JSON(LIST_TRANSFORM({count}, LAMBDA one : _0 + one * _2))", start.sql, end.sql, step_sql), D)


def _range_of_times(start: Typed, end: Typed, step: Typed) -> Typed:
    if start.type is Type.TIMESPAN:
        count = _counted("(_1 - _0) // NULLIF(_2, 0) + 1")
        written = convert.raw_text(Typed(fill("_0 + one * _2", start.sql, end.sql, step.sql), Type.TIMESPAN))
        return Typed(
            fill(f"TO_JSON(LIST_TRANSFORM({count}, LAMBDA one : _3))", start.sql, end.sql, step.sql, written), D
        )
    count = _counted("(EPOCH_US(_1) - EPOCH_US(_0)) // NULLIF(_2 // 10, 0) + 1")
    shape = (
        f"TO_JSON(LIST_TRANSFORM({count}, LAMBDA one : "
        "STRFTIME(MAKE_TIMESTAMP(CAST(EPOCH_US(_0) + one * (_2 // 10) AS BIGINT)), '%Y-%m-%dT%H:%M:%S.%f') || '0Z'))"
    )
    return Typed(fill(shape, start.sql, end.sql, step.sql), D)


def _repeat(args: Sequence[Typed], span: Span) -> Typed:
    value = convert.to_dynamic(args[0]).sql
    return Typed(fill(f"TO_JSON(LIST_TRANSFORM({_counted('_1')}, LAMBDA one : _0))", value, args[1].sql), D)


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
    kind = Type(str(const(args[2], "the type", span))) if len(args) > 2 else S
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


add("array_index_of", "dynamic text long? long? long?", _index_of)
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
add("zip", "dynamic dynamic dynamic*", _zip)
add("extract_json extractjson", "any any any?", _extract_json)
add("gettype", "any", _gettype)
for _name in ("parse_json", "todynamic", "toobject"):
    add(_name, "any", lambda args, span: convert.parsed(args[0]), keeps_name=True)


def _array_iff(args: Sequence[Typed], span: Span) -> Typed:
    """array_iff(conditions, a, b): element by element; a value that is no array stands for each."""
    sides = [
        f"CASE WHEN JSON_TYPE(_{n}) = 'ARRAY' THEN LIST_EXTRACT({LIST.replace('_0', f'_{n}')}, place) ELSE _{n} END"
        for n in (1, 2)
    ]
    shape = (
        f"CASE WHEN {IS_LIST} THEN TO_JSON(LIST_TRANSFORM({LIST}, LAMBDA one, place : CASE "
        f"WHEN JSON_TYPE(one) IN ('NULL', 'VARCHAR', 'OBJECT', 'ARRAY') THEN NULL WHEN LOWER(one ->> '$') IN ('false', '0', '0.0') THEN {sides[1]} ELSE {sides[0]} END)) END"
    )
    return Typed(fill(shape, args[0].sql, *(convert.to_dynamic(arg).sql for arg in args[1:])), D)


def _shifted(*, left: bool, rotate: bool) -> Make:
    """Elements moved by a count; what falls out comes in at the other end, or a value fills the gap."""

    def make(args: Sequence[Typed], span: Span) -> Typed:
        count = "_1" if left else "-_1"
        place = f"place + {count}"
        if rotate:
            found = f"LIST_EXTRACT({LIST}, CAST((((place - 1 + {count}) % LEN({LIST})) + LEN({LIST})) % LEN({LIST}) + 1 AS BIGINT))"
        else:
            found = f"CASE WHEN {place} BETWEEN 1 AND LEN({LIST}) THEN LIST_EXTRACT({LIST}, CAST({place} AS BIGINT)) ELSE _2 END"
        gap = convert.to_dynamic(args[2]) if len(args) > 2 else literals.typed(D, None)
        shape = f"CASE WHEN {IS_LIST} THEN TO_JSON(LIST_TRANSFORM({LIST}, LAMBDA one, place : {found})) END"
        return Typed(fill(shape, args[0].sql, args[1].sql, gap.sql), D)

    return make


def _split_array(args: Sequence[Typed], span: Span) -> Typed:
    """array_split(array, places): the pieces between the places."""
    places = args[1].const if isinstance(args[1].const, list) else [args[1].const]
    if not all(isinstance(place, int) for place in places):
        raise unsupported("array_split() at places that are no constants", span)
    ends = [*places, None]
    starts = [0, *places]
    pieces = []
    for start, end in zip(starts, ends, strict=True):
        low = _placed(start or 0)
        high = f"LEN({LIST})" if end is None else _placed(end)
        pieces.append(f"LIST_SLICE({LIST}, CAST({low} + 1 AS BIGINT), CAST({high} AS BIGINT))")
    return Typed(fill(f"CASE WHEN {IS_LIST} THEN TO_JSON([{', '.join(pieces)}]) END", args[0].sql), D)


def _placed(place: int) -> str:
    return str(place) if place >= 0 else f"GREATEST(LEN({LIST}) - {-place}, 0)"


add("array_iff array_iif", "dynamic any any", _array_iff)
add("array_shift_left", "dynamic long any?", _shifted(left=True, rotate=False))
add("array_shift_right", "dynamic long any?", _shifted(left=False, rotate=False))
add("array_rotate_left", "dynamic long", _shifted(left=True, rotate=True))
add("array_rotate_right", "dynamic long", _shifted(left=False, rotate=True))
add("array_split", "dynamic dynamic", _split_array)
