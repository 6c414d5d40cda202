"""Functions of lists: places count from 1, what lies outside is null, nulls sort last."""

from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types

from watchfloor.lake.engines.dialects.atoms import fitted
from watchfloor.lake.engines.dialects.kinds import (
    BIGINT,
    BOOL,
    DECIMAL,
    DOUBLE,
    NULL,
    NUMBERS,
    TEXT,
    Kind,
    list_of,
    sql_type,
    struct_of,
    wider,
)  # fmt: skip
from watchfloor.lake.engines.dialects.saying import Said, Saying, emits
from watchfloor.lake.engines.dialects.texts import sql_of

EMPTY = "array()"


@emits(exp.Array)
def array(say: Saying, node: exp.Array) -> Said:
    parts = say.all(node.expressions)
    kind = wider(*(part.kind for part in parts))
    if len(parts) == 1 and kind is not NULL:
        return Said(say.alone(parts[0].sql), list_of(kind))
    return Said(f"array({', '.join(fitted(part, kind) for part in parts)})", list_of(kind))


def listed(say: Saying, node: exp.Expr, part: exp.Expr) -> Said:
    """An argument that has to be a list."""
    held = say.say(part)
    if held.kind is NULL:
        return Said("CAST(NULL AS ARRAY<STRING>)", list_of(TEXT))
    if held.kind.name not in ("list", "pairs"):
        raise say.refusal(node, f"a {held.kind.name} where a list is wanted")
    return held


@emits(exp.Transform)
def transform(say: Saying, node: exp.Transform) -> Said:
    held = listed(say, node, node.this)
    variables, body = _lambda(say, node.expression, held.kind.element)
    return Said(f"transform({held.sql}, {variables} -> {body.sql})", list_of(body.kind))


@emits(exp.ArrayFilter)
def filtered(say: Saying, node: exp.ArrayFilter) -> Said:
    held = listed(say, node, node.this)
    variables, body = _lambda(say, node.expression, held.kind.element)
    return Said(f"filter({held.sql}, {variables} -> {body.sql})", held.kind)


def _lambda(say: Saying, node: exp.Expr, element: Kind) -> tuple[str, Said]:
    """The variables and the body; the second variable counts from 0 there and from 1 here."""
    names = [one.name for one in node.expressions]
    fresh = [say.fresh() for _ in names]
    meant = {names[0]: Said(fresh[0], element)}
    if len(names) > 1:
        meant[names[1]] = Said(f"({fresh[1]} + 1)", BIGINT)
    body = say.inside(meant, node.this)
    if body.kind is NULL:
        body = Said("CAST(NULL AS STRING)", TEXT)
    return (fresh[0] if len(fresh) == 1 else f"({', '.join(fresh)})"), body


@emits(exp.Bracket)
def bracket(say: Saying, node: exp.Bracket) -> Said:
    """The parser has counted from 0 what it knows to be a whole number, where it does not say that it left it as it was."""
    held = say.say(node.this)
    index = node.expressions[0]
    moved = 0 if node.args.get("offset") or not _is_whole(index) else 1
    if held.kind.name == "struct" and isinstance(index, exp.Literal) and not index.is_string:
        field, kind = held.kind.fields[int(index.this) + moved - 1]
        return Said(f"{held.sql}.`{field}`", kind)
    if held.kind.name != "list":
        raise say.refusal(node, f"a place in a {held.kind.name}")
    if isinstance(index, exp.Literal):
        return Said(f"get({held.sql}, {int(index.this) + moved - 1})", held.kind.element)
    place = say.say(index).sql
    return Said(_at(held.sql, f"({place} + 1)" if moved else place), held.kind.element)


def _is_whole(index: exp.Expr) -> bool:
    """Whether the parser knew it to be a whole number."""
    if isinstance(index, exp.Literal):
        return not index.is_string
    type = annotate_types(index.copy()).type
    return type is not None and type.this in exp.DataType.INTEGER_TYPES


def _at(sql: str, place: str) -> str:
    return f"try_element_at({sql}, CAST(nullif({place}, 0) AS INT))"


@emits("LIST_EXTRACT")
def extract(say: Saying, node: exp.Anonymous) -> Said:
    held = listed(say, node, node.expressions[0])
    return Said(_at(held.sql, say.say(node.expressions[1]).sql), held.kind.element)


@emits("STRUCT_EXTRACT", exp.StructExtract)
def field_of(say: Saying, node: exp.Expr) -> Said:
    """A field by its name, or by its place from 1."""
    struct, wanted = node.expressions if isinstance(node, exp.Anonymous) else (node.this, node.expression)
    held = say.say(struct)
    if held.kind.name != "struct" or not isinstance(wanted, exp.Literal):
        raise say.refusal(node, "this field")
    name = wanted.name if wanted.is_string else held.kind.fields[int(wanted.this) - 1][0]
    kind = held.kind.field(name)
    if kind is None:
        raise say.refusal(node, f"there is no field “{name}”")
    return Said(f"{held.sql}.`{name}`", kind)


@emits("LIST_SLICE")
def slice_of(say: Saying, node: exp.Anonymous) -> Said:
    """Both ends belong to it; places below 1 count from the end, and 0 is before the start."""
    held = listed(say, node, node.expressions[0])
    start, end = (f"CAST({part.sql} AS INT)" for part in say.all(node.expressions[1:3]))
    first = "CASE WHEN {a} < 0 THEN greatest(size({}) + {a} + 1, 1) WHEN {a} = 0 THEN 1 ELSE {a} END"
    last = "CASE WHEN {b} < 0 THEN size({}) + {b} + 1 ELSE {b} END"
    shape = f"slice({{}}, {first}, greatest(least({last}, size({{}})) - ({first}) + 1, 0))"
    return Said(say.once(held.sql, f"CASE WHEN {{}} IS NOT NULL THEN {shape} END", start, end), held.kind)


@emits(exp.Length)
def length(say: Saying, node: exp.Length) -> Said:
    held = say.say(node.this)
    if held.kind.name in ("list", "pairs"):
        return Said(say.once(held.sql, "CASE WHEN {} IS NOT NULL THEN CAST(size({}) AS BIGINT) END"), BIGINT)
    return Said(f"CAST(length({sql_of(say, node.this)}) AS BIGINT)", BIGINT)


@emits("LEN")
def length_by_name(say: Saying, node: exp.Anonymous) -> Said:
    return length(say, exp.Length(this=node.expressions[0].copy()))


@emits(exp.ArrayContains)
def contains(say: Saying, node: exp.ArrayContains) -> Said:
    held, wanted, one = listed(say, node, node.this), say.say(node.expression), say.fresh()
    return Said(f"exists({held.sql}, {one} -> {one} <=> {wanted.sql})", BOOL)


@emits("LIST_POSITION")
def position(say: Saying, node: exp.Anonymous) -> Said:
    held, wanted = listed(say, node, node.expressions[0]), say.say(node.expressions[1])
    return Said(f"nullif(array_position({held.sql}, {wanted.sql}), 0)", BIGINT)


@emits(exp.ArrayConcat)
def concatenated(say: Saying, node: exp.ArrayConcat) -> Said:
    parts = [listed(say, node, part) for part in (node.this, *node.expressions)]
    kind = wider(*(part.kind for part in parts))
    none = f"CAST({EMPTY} AS {sql_type(kind)})" if kind.element is not NULL else EMPTY
    return Said(f"concat({', '.join(f'coalesce({fitted(part, kind)}, {none})' for part in parts)})", kind)


@emits(exp.ArrayAppend)
def appended(say: Saying, node: exp.ArrayAppend) -> Said:
    held, added = listed(say, node, node.this), say.say(node.expression)
    return Said(f"concat({held.sql}, array({added.sql}))", wider(held.kind, list_of(added.kind)))


@emits(exp.ArrayReverse, "LIST_REVERSE")
def reverse(say: Saying, node: exp.Expr) -> Said:
    held = listed(say, node, node.expressions[0] if isinstance(node, exp.Anonymous) else node.this)
    return Said(f"reverse({held.sql})", held.kind)


@emits(exp.ArrayDistinct)
def distinct(say: Saying, node: exp.ArrayDistinct) -> Said:
    held, one = listed(say, node, node.this), say.fresh()
    return Said(f"array_distinct(filter({held.sql}, {one} -> {one} IS NOT NULL))", held.kind)


@emits(exp.Flatten)
def flattened(say: Saying, node: exp.Flatten) -> Said:
    held = listed(say, node, node.this)
    return Said(f"flatten({held.sql})", held.kind.element)


@emits(exp.ArraySort)
def sort(say: Saying, node: exp.Expr) -> Said:
    held = listed(say, node, node.this)
    order, nulls = node.args.get("asc"), node.args.get("nulls_first")
    descending = isinstance(order, exp.Boolean) and not order.this
    first = isinstance(nulls, exp.Boolean) and bool(nulls.this)
    if held.kind.element.name == "struct":
        return Said(_sorted_structs(say, held, descending=descending, first=first), held.kind)
    if descending:
        return Said(f"reverse(array_sort({held.sql}))" if first else f"sort_array({held.sql}, FALSE)", held.kind)
    return Said(f"sort_array({held.sql}, TRUE)" if first else f"array_sort({held.sql})", held.kind)


def _sorted_structs(say: Saying, held: Said, *, descending: bool, first: bool) -> str:
    """Structs by their fields, whose nulls come last too: each is sorted as (is null, value) pairs and then the struct."""
    one, two = say.fresh(), say.fresh()
    keys = [
        f"'n{number}', {one}.`{name}` IS NULL, 'f{number}', {one}.`{name}`"
        for number, (name, _) in enumerate(held.kind.element.fields)
    ]
    keyed = f"transform({held.sql}, {one} -> named_struct('z', {one} IS {'NOT ' if first != descending else ''}NULL, {', '.join(keys)}, 's', {one}))"
    return f"transform(sort_array({keyed}, {'FALSE' if descending else 'TRUE'}), {two} -> {two}.s)"


@emits(exp.ArrayToString)
def to_string(say: Saying, node: exp.ArrayToString) -> Said:
    held = listed(say, node, node.this)
    return Said(f"array_join({held.sql}, {sql_of(say, node.expression)})", TEXT)


@emits("LIST_ZIP")
def zipped(say: Saying, node: exp.Anonymous) -> Said:
    parts = [listed(say, node, part) for part in node.expressions]
    fields = [(str(number), part.kind.element) for number, part in enumerate(parts)]
    return Said(f"arrays_zip({', '.join(part.sql for part in parts)})", list_of(struct_of(*fields)))


@emits(exp.GenerateSeries)
def numbers(say: Saying, node: exp.GenerateSeries) -> Said:
    if not node.args.get("is_end_exclusive"):
        raise say.refusal(node, "a series with its end")
    start, end = (f"CAST({say.say(node.args[key]).sql} AS BIGINT)" for key in ("start", "end"))
    step = node.args.get("step")
    if say.flavour.own:
        stride = f"CAST({say.say(step).sql} AS BIGINT)" if step is not None else "CAST(1 AS BIGINT)"
        return Said(say.own("range", start, end, stride), list_of(BIGINT))
    if step is None:
        return Said(
            say.once(
                end, "CASE WHEN {} > {a} THEN sequence({a}, {} - 1) ELSE CAST(array() AS ARRAY<BIGINT>) END", start
            ),
            list_of(BIGINT),
        )
    stride = f"CAST({say.say(step).sql} AS BIGINT)"
    shape = "CASE WHEN {b} > 0 AND {} > {a} THEN sequence({a}, {} - 1, {b}) ELSE CAST(array() AS ARRAY<BIGINT>) END"
    return Said(say.once(end, shape, start, stride), list_of(BIGINT))


@emits("LIST_SUM", exp.ArraySum)
def total(say: Saying, node: exp.Expr) -> Said:
    held = listed(say, node, node.expressions[0] if isinstance(node, exp.Anonymous) else node.this)
    if held.kind.element not in NUMBERS:
        raise say.refusal(node, f"the sum of a list of {held.kind.element.name}")
    one, sum_, each = say.fresh(), say.fresh(), say.fresh()
    zero, kind = ("0D", DOUBLE) if held.kind.element in (DOUBLE, DECIMAL) else ("0L", BIGINT)
    known = f"filter({held.sql}, {one} -> {one} IS NOT NULL)"
    return Said(
        say.once(
            known, f"CASE WHEN size({{}}) > 0 THEN aggregate({{}}, {zero}, ({sum_}, {each}) -> {sum_} + {each}) END"
        ),
        kind,
    )
