"""JSON: parts, types, lists of it, and values written as it. DuckDB keeps it as text, and so do we."""

import json as codec
import re

from sqlglot import exp

from watchfloor.lake.engines.dialects.casts import converted, valid, written
from watchfloor.lake.engines.dialects.kinds import (
    BIGINT,
    BOOL,
    DOUBLE,
    INT,
    JSON,
    NULL,
    NUMBERS,
    TEXT,
    UUID,
    Kind,
    list_of,
    struct_of,
)  # fmt: skip
from watchfloor.lake.engines.dialects.saying import Said, Saying, Step, emits, json, text

_STEP = re.compile(r'\.("(?:[^"\\]|\\.)*"|[^.\[]+)|\[(#?-?\d+)\]')


def steps_of(say: Saying, node: exp.Expr, path: exp.Expr) -> tuple[Step, ...]:
    """The steps of a path that is written in the query."""
    if isinstance(path, exp.JSONPath):
        found: list[Step] = []
        for part in path.expressions:
            if isinstance(part, exp.JSONPathRoot):
                continue
            held = part.this
            if not isinstance(part, exp.JSONPathKey | exp.JSONPathSubscript) or not isinstance(held, str | int):
                raise say.refusal(node, "this path into a dynamic")
            found.append(held)
        return tuple(found)
    if not isinstance(path, exp.Literal):
        raise say.refusal(node, "a path into a dynamic that comes from the data")
    if not path.is_string:
        return (int(path.this),)
    return _read(say, node, str(path.this))


def _read(say: Saying, node: exp.Expr, path: str) -> tuple[Step, ...]:
    if path[:1] == "/":
        return tuple(
            int(one) if one.isdecimal() else one.replace("~1", "/").replace("~0", "~") for one in path[1:].split("/")
        )
    if path[:1] != "$":
        return (path,)
    found: list[Step] = []
    at = 1
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None or match[1] == "*":
            raise say.refusal(node, f"the path “{path}”")
        if match[2] is not None:
            found.append(int(match[2].lstrip("#")))
        else:
            name = match[1]
            found.append(re.sub(r"\\(.)", r"\1", name[1:-1]) if name[0] == '"' else name)
        at = match.end()
    return tuple(found)


def _spark_path(say: Saying, node: exp.Expr, base: str, steps: tuple[Step, ...]) -> str:
    """The path as an expression; places from the end are counted, as Spark's paths know none."""
    parts: list[str] = []
    for number, step in enumerate(steps):
        if isinstance(step, str):
            if step in ("", "*"):
                parts += [f"raise_error({text(f'Spark cannot look for the key “{step}” of a bag')})"]
            elif not re.search(r"[.\[]", step):
                parts.append(text(f".{step}"))
            elif not re.search(r"['?]", step):
                parts.append(text(f"['{step}']"))
            else:
                raise say.refusal(node, f"the key “{step}”")
        elif step >= 0:
            parts.append(text(f"[{step}]"))
        else:
            above = part_text(say, node, base, steps[:number])
            parts += ["'['", f"CAST(json_array_length({above}) + ({step}) AS STRING)", "']'"]
    if not parts:
        return ""
    return parts[0] if len(parts) == 1 else f"concat({', '.join(parts)})"


def _steps_text(steps: tuple[Step, ...]) -> str:
    return text(codec.dumps(list(steps), ensure_ascii=False))


def part_text(say: Saying, node: exp.Expr, base: str, steps: tuple[Step, ...]) -> str:
    """A part as text: what a text holds, the JSON of anything else, null for JSON's null."""
    if say.flavour.own:
        return say.own("json_text", base, _steps_text(steps))
    path = _spark_path(say, node, base, steps)
    return f"get_json_object({base}, {_prefixed('$', path)})"


def part_json(say: Saying, node: exp.Expr, base: str, steps: tuple[Step, ...]) -> str:
    """A part as JSON. Spark gives a text without its quotes, except where it stands for one of several."""
    if not steps:
        return base
    if say.flavour.own:
        return say.own("json_part", base, _steps_text(steps))
    path = _spark_path(say, node, base, steps)
    return f"get_json_object(concat('[', {base}, ']'), {_prefixed('$[*]', path)})"


def _prefixed(root: str, path: str) -> str:
    if not path:
        return text(root)
    if path.startswith("'"):
        return text(root)[:-1] + path[1:]
    return f"concat({text(root)}, {path})"


def part(say: Saying, node: exp.Expr, held: Said, steps: tuple[Step, ...]) -> Said:
    if held.kind not in (JSON, TEXT, NULL):
        raise say.refusal(node, f"a part of a {held.kind.name}")
    base, all_steps = (held.base, held.steps + steps) if held.base else (held.sql, steps)
    return Said(part_json(say, node, base, all_steps), JSON, part_text(say, node, base, all_steps), base, all_steps)


def text_of(say: Saying, node: exp.Expr, held: Said) -> str:
    """JSON as text."""
    if held.kind in (TEXT, UUID):
        held = Said(held.sql, JSON)
    if held.kind is NULL:
        return "CAST(NULL AS STRING)"
    return held.text or part_text(say, node, held.sql, ())


@emits(exp.JSONExtract)
def extract(say: Saying, node: exp.JSONExtract) -> Said:
    return _extracted(say, node, node.this, node.expression)


@emits("JSON_EXTRACT")
def extract_by_name(say: Saying, node: exp.Anonymous) -> Said:
    return _extracted(say, node, *node.expressions)


def _extracted(say: Saying, node: exp.Expr, base: exp.Expr, path: exp.Expr) -> Said:
    held = say.say(base)
    key = _key_of(path)
    if key is not None:
        return json(_by_key(say, held, say.say(key).sql))
    return part(say, node, held, steps_of(say, node, path))


@emits(exp.JSONExtractScalar)
def extract_text(say: Saying, node: exp.JSONExtractScalar) -> Said:
    return _text_at(say, node, node.this, node.expression)


@emits("JSON_EXTRACT_STRING")
def extract_text_by_name(say: Saying, node: exp.Anonymous) -> Said:
    return _text_at(say, node, *node.expressions)


def _text_at(say: Saying, node: exp.Expr, base: exp.Expr, path: exp.Expr) -> Said:
    held = say.say(base)
    key = _key_of(path)
    if key is not None:
        return Said(part_text(say, node, _by_key(say, held, say.say(key).sql), ()), TEXT)
    steps = steps_of(say, node, path)
    return Said(part(say, node, held, steps).text if steps else text_of(say, node, held), TEXT)


def _key_of(path: exp.Expr) -> exp.Expr | None:
    """The key in `'$."' || REPLACE(REPLACE(key, ...), ...) || '"'`, which is how a key of the data is asked for."""
    if not isinstance(path, exp.DPipe):
        return None
    parts = list(path.flatten())
    if len(parts) != 3 or parts[0].name != '$."' or parts[2].name != '"':
        return None
    inner: exp.Expr = parts[1]
    while isinstance(inner, exp.Replace | exp.Paren):
        inner = inner.this
    return inner


def _by_key(say: Saying, held: Said, key: str) -> str:
    if say.flavour.own:
        return say.own("json_part", held.sql, f"to_json(array({key}))")
    shape = (
        "CASE WHEN {} IN ('', '*') OR ({} RLIKE '[\\'?]' AND {} RLIKE '[.\\\\[]') THEN "
        "CAST(raise_error('Spark cannot look for this key of a bag') AS STRING) "
        "WHEN {} RLIKE '[\\'?]' THEN get_json_object(concat('[', {a}, ']'), concat('$[*].', {})) ELSE get_json_object(concat('[', {a}, ']'), concat('$[*][\\'', {}, '\\']')) END"
    )
    return say.once(key, shape, held.sql)


# --- what it is -----------------------------------------------------------------------------------------------------

_TYPE = (
    "CASE left(ltrim({}), 1) WHEN '{' THEN 'OBJECT' WHEN '[' THEN 'ARRAY' WHEN '\"' THEN 'VARCHAR' WHEN 't' THEN 'BOOLEAN' "
    "WHEN 'f' THEN 'BOOLEAN' WHEN 'n' THEN 'NULL' WHEN '-' THEN CASE WHEN {} RLIKE '[.eE]' THEN 'DOUBLE' ELSE 'BIGINT' END "
    "ELSE CASE WHEN {} IS NULL THEN NULL WHEN {} RLIKE '[.eE]' THEN 'DOUBLE' ELSE 'UBIGINT' END END"
)


@emits(exp.JSONType, "JSON_TYPE")
def json_type(say: Saying, node: exp.Expr) -> Said:
    held = say.say(node.this if isinstance(node, exp.JSONType) else node.expressions[0])
    return Said(say.once(held.sql, _TYPE), TEXT)


@emits("JSON_VALID")
def json_valid(say: Saying, node: exp.Anonymous) -> Said:
    return Said(valid(say, say.say(node.expressions[0]).sql), BOOL)


@emits("JSON_ARRAY_LENGTH")
def array_length(say: Saying, node: exp.Anonymous) -> Said:
    held = say.say(node.expressions[0])
    return Said(f"CAST(json_array_length({held.sql}) AS BIGINT)", BIGINT)


@emits(exp.JSONKeys)
def keys(say: Saying, node: exp.JSONKeys) -> Said:
    held = say.say(node.this)
    if say.flavour.own:
        return Said(say.own("json_keys", held.sql), list_of(TEXT))
    shape = "CASE WHEN {} IS NOT NULL THEN coalesce(json_object_keys({}), CAST(array() AS ARRAY<STRING>)) END"
    return Said(say.once(held.sql, shape), list_of(TEXT))


@emits(exp.JSONExists)
def json_exists(say: Saying, node: exp.JSONExists) -> Said:
    held = part(say, node, say.say(node.this), steps_of(say, node, node.args["path"]))
    return Said(f"({held.sql} IS NOT NULL)", BOOL)


# --- lists of it ----------------------------------------------------------------------------------------------------

_ELEMENTS = (
    "CASE WHEN json_array_length({}) > 0 THEN transform(sequence(0, json_array_length({}) - 1), "
    "PLACE -> nullif(get_json_object(concat('[', {}, ']'), concat('$[*][', CAST(PLACE AS STRING), ']')), 'null')) "
    "WHEN json_array_length({}) = 0 THEN CAST(array() AS ARRAY<STRING>) END"
)
_NUMBERS = {"DOUBLE": DOUBLE, "INTEGER": INT, "BIGINT": BIGINT}


@emits(exp.FromJson)
def from_json(say: Saying, node: exp.FromJson) -> Said:
    held = say.say(node.this)
    wanted = re.fullmatch(r'\["(\w+)"\]', node.expression.name)
    if wanted is None:
        raise say.refusal(node, f"JSON read as {node.expression.name}")
    element = wanted[1]
    if held.kind is NULL:
        return Said("CAST(NULL AS ARRAY<STRING>)", list_of(JSON if element == "JSON" else TEXT))
    if element == "JSON":
        return Said(_listed(say, held.sql), list_of(JSON))
    texts = _texts(say, held.sql)
    if element == "VARCHAR":
        return Said(texts, list_of(TEXT))
    if element not in _NUMBERS:
        raise say.refusal(node, f"JSON read as {node.expression.name}")
    kind, one = _NUMBERS[element], say.fresh()
    number = converted(say, node, Said(one, TEXT), kind, gently=True)
    return Said(f"transform({texts}, {one} -> {number.sql})", list_of(kind))


def _listed(say: Saying, sql: str) -> str:
    if say.flavour.own:
        return say.own("json_list", sql)
    return say.once(sql, _ELEMENTS.replace("PLACE", say.fresh()))


def _texts(say: Saying, sql: str) -> str:
    return say.own("json_texts", sql) if say.flavour.own else f"from_json({sql}, 'array<string>')"


# --- values as JSON -------------------------------------------------------------------------------------------------


@emits("TO_JSON")
def to_json(say: Saying, node: exp.Anonymous) -> Said:
    held = say.say(node.expressions[0])
    return json(json_of(say, node, held), held.sql if held.kind in (TEXT, UUID) else "")


def json_of(say: Saying, node: exp.Expr, held: Said) -> str:
    """A value as JSON, null where it is null."""
    if held.kind is NULL:
        return "CAST(NULL AS STRING)"
    if held.kind is JSON:
        return held.sql
    if held.kind in (TEXT, UUID):
        return say.once(
            held.sql, "CASE WHEN {} IS NOT NULL THEN regexp_extract(to_json(array({})), '(?s)^.(.*).$', 1) END"
        )
    if held.kind in (*NUMBERS, BOOL):
        number = written(say, node, held)
        return number.sql if number else ""
    if held.kind.name == "list":
        one = say.fresh()
        inner = json_of(say, node, Said(one, held.kind.element))
        return f"concat('[', array_join(transform({held.sql}, {one} -> coalesce({inner}, 'null')), ','), ']')"
    if held.kind.name == "pairs":
        return _bag_of_pairs(say, node, held)
    if held.kind.name == "struct":
        one = say.fresh()
        parts = [
            f"{text(codec.dumps(name, ensure_ascii=False) + ':')}, coalesce({json_of(say, node, Said(f'{one}.`{name}`', kind))}, 'null')"
            for name, kind in held.kind.fields
        ]
        made = "concat('{', " + ", ',', ".join(parts) + ", '}')"
        return f"element_at(transform(array({held.sql}), {one} -> CASE WHEN {one} IS NOT NULL THEN {made} END), 1)"
    raise say.refusal(node, f"a {held.kind.name} as JSON")


def _bag_of_pairs(say: Saying, node: exp.Expr, held: Said) -> str:
    """A bag; keys that are null have no place in one."""
    one = say.fresh()
    value = held.kind.element.field("v") or JSON
    key_json = json_of(say, node, Said(f"{one}.`k`", TEXT))
    value_json = json_of(say, node, Said(f"{one}.`v`", value))
    pair = f"concat({key_json}, ':', coalesce({value_json}, 'null'))"
    return f"concat('{{', array_join(transform({held.sql}, {one} -> {pair}), ','), '}}')"


@emits(exp.MapFromEntries)
def of_pairs(say: Saying, node: exp.MapFromEntries) -> Said:
    held = say.say(node.this)
    if held.kind.name != "list" or held.kind.element.field("k") is None:
        raise say.refusal(node, "this bag")
    return Said(held.sql, Kind("pairs", held.kind.element))


@emits(exp.JSONArray)
def json_array(say: Saying, node: exp.JSONArray) -> Said:
    return _array(say, node, node.expressions)


@emits("JSON_ARRAY")
def json_array_by_name(say: Saying, node: exp.Anonymous) -> Said:
    return _array(say, node, node.expressions)


def _array(say: Saying, node: exp.Expr, parts: list[exp.Expr]) -> Said:
    made = [f"coalesce({json_of(say, node, held)}, 'null')" for held in say.all(parts)]
    return json("concat('[', " + ", ',', ".join(made) + ", ']')" if made else "'[]'")


@emits(exp.JSONObject)
def json_object(say: Saying, node: exp.JSONObject) -> Said:
    pairs = [part for pair in node.expressions for part in (pair.this, pair.expression)]
    return _object(say, node, pairs)


@emits("JSON_OBJECT")
def json_object_by_name(say: Saying, node: exp.Anonymous) -> Said:
    return _object(say, node, node.expressions)


def _object(say: Saying, node: exp.Expr, parts: list[exp.Expr]) -> Said:
    made: list[str] = []
    for key, value in zip(parts[::2], parts[1::2], strict=True):
        name = (
            text(codec.dumps(key.name, ensure_ascii=False))
            if isinstance(key, exp.Literal)
            else json_of(say, node, say.say(key))
        )
        made.append(f"{name}, ':', coalesce({json_of(say, node, say.say(value))}, 'null')")
    return json("concat('{', " + ", ',', ".join(made) + ", '}')" if made else "'{}'")


@emits(exp.Struct)
def struct(say: Saying, node: exp.Struct) -> Said:
    fields: list[tuple[str, Kind]] = []
    parts: list[str] = []
    for one in node.expressions:
        held = say.say(one.expression)
        fields.append((one.this.name, held.kind if held.kind is not NULL else TEXT))
        parts.append(f"{text(one.this.name)}, {held.sql if held.kind is not NULL else 'CAST(NULL AS STRING)'}")
    return Said(f"named_struct({', '.join(parts)})", struct_of(*fields))
