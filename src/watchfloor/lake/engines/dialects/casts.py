"""From one kind to another as DuckDB does it: what it rounds, what it reads as a number or a moment, how it writes them."""

from sqlglot import exp

from watchfloor.lake.engines.dialects.atoms import micros_of
from watchfloor.lake.engines.dialects.kinds import (
    BIGINT,
    BOOL,
    DATE,
    DECIMAL,
    DOUBLE,
    INT,
    JSON,
    NULL,
    STAMP,
    TEXT,
    UUID,
    WHOLE,
    WRITTEN,
    Kind,
    list_of,
    sql_type,
)  # fmt: skip
from watchfloor.lake.engines.dialects.saying import Said, Saying, emits, text

NUMBER = "^\\s*([+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?|[+-]?([iI][nN][fF]([iI][nN][iI][tT][yY])?)|[nN][aA][nN])\\s*$"
MOMENT = (
    "^\\s*[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([T ][0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}([.][0-9]{1,9})?)?"
    "\\s*(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?\\s*$"
)
GUID = "^\\s*[{]?[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}[}]?\\s*$"
_KINDS = {
    "TEXT": TEXT, "VARCHAR": TEXT, "JSON": JSON, "BOOLEAN": BOOL, "INT": INT, "INTEGER": INT, "BIGINT": BIGINT,
    "DOUBLE": DOUBLE, "TIMESTAMPTZ": STAMP, "TIMESTAMP": STAMP,
    "TIMESTAMPNTZ": STAMP, "DATE": DATE, "UUID": UUID, "SMALLINT": INT, "FLOAT": DOUBLE,
    "HUGEINT": DECIMAL, "INT128": DECIMAL, "DECIMAL": DECIMAL,
}  # fmt: skip


def named(say: Saying, node: exp.Expr, type: exp.DataType) -> Kind:
    """The kind a type of the tree stands for."""
    word = type.this.value if hasattr(type.this, "value") else str(type.this)
    if word in ("LIST", "ARRAY") and type.expressions:
        return list_of(named(say, node, type.expressions[0]))
    if word == "DECIMAL" and type.expressions and [one.name for one in type.expressions] != ["38", "0"]:
        raise say.refusal(node, "a decimal of this size")
    if word not in _KINDS:
        raise say.refusal(node, f"a value of type {word}")
    return _KINDS[word]


@emits(exp.Cast, exp.TryCast)
def cast(say: Saying, node: exp.Cast) -> Said:
    wanted = named(say, node, node.args["to"])
    inner = node.this
    if wanted is STAMP and isinstance(inner, exp.Literal) and inner.is_string:
        micros = micros_of(inner.this)
        if micros is not None:
            return Said(f"timestamp_micros({micros})", STAMP)
    held = say.say(inner)
    return converted(say, node, held, wanted, gently=isinstance(node, exp.TryCast))


def converted(say: Saying, node: exp.Expr, held: Said, wanted: Kind, *, gently: bool) -> Said:
    if held.kind is wanted or held.kind == wanted:
        return held
    if held.kind is NULL:
        return Said(f"CAST(NULL AS {sql_type(wanted)})", wanted)
    made = _converted(say, node, held, wanted, gently)
    if made is None:
        raise say.refusal(node, f"a {held.kind.name} as a {wanted.name}")
    return made


def _converted(say: Saying, node: exp.Expr, held: Said, wanted: Kind, gently: bool) -> Said | None:
    if wanted is TEXT:
        return written(say, node, held)
    if wanted is JSON:
        return as_json(say, held, gently)
    if held.kind is JSON:
        held = Said(held.text or held.sql, TEXT)
    if wanted in WHOLE:
        return _whole(say, held, wanted, gently)
    if wanted is DOUBLE:
        return _double(say, held)
    if wanted is STAMP:
        return _moment(say, held)
    if wanted is BOOL:
        return _truth(held, gently)
    if wanted is UUID and held.kind in WRITTEN:
        return Said(say.once(held.sql, _guid()), UUID)
    if wanted is DATE and held.kind in (STAMP, TEXT):
        return Said(f"{'try_cast' if gently else 'CAST'}({held.sql} AS DATE)", DATE)
    if wanted is DECIMAL and held.kind in (*WHOLE, TEXT):
        return Said(f"CAST({held.sql} AS DECIMAL(38, 0))", DECIMAL)
    return None


def as_json(say: Saying, held: Said, gently: bool) -> Said | None:
    """A text that is JSON, null when it is none and nobody knows."""
    if held.kind is not TEXT:
        return None
    if not gently:
        return Said(held.sql, JSON)
    return Said(say.once(held.sql, f"CASE WHEN {valid(say, '{}')} THEN {{}} END"), JSON)


def valid(say: Saying, sql: str) -> str:
    """Whether a text is JSON."""
    return say.own("json_valid", sql) if say.flavour.own else f"(try_parse_json({sql}) IS NOT NULL)"


def written(say: Saying, node: exp.Expr, held: Said) -> Said | None:
    """A value as text."""
    if held.kind in WRITTEN:
        return Said(held.sql, TEXT)
    if held.kind is DOUBLE:
        return Said(say.own("number", held.sql) if say.flavour.own else say.once(held.sql, _DOUBLE_TEXT), TEXT)
    if held.kind in (BOOL, INT, BIGINT, DECIMAL, DATE):
        return Said(f"CAST({held.sql} AS STRING)", TEXT)
    return None


_SCIENCE = (
    "regexp_replace(regexp_replace(regexp_replace(regexp_replace(CAST({} AS STRING), '\\\\.0E', 'E'), 'E([0-9])', 'e+$1'), "
    "'E-', 'e-'), 'e([+-])([0-9])$', 'e$10$2')"
)
_DOUBLE_TEXT = (
    "CASE WHEN isnan({}) THEN 'nan' WHEN {} = double('Infinity') THEN 'inf' WHEN {} = double('-Infinity') THEN '-inf' "
    "WHEN abs({}) >= 1e16D OR (abs({}) < 1e-4D AND {} <> 0) THEN " + _SCIENCE + " "
    "WHEN {} = floor({}) AND abs({}) >= 1e7D THEN concat(CAST(CAST({} AS BIGINT) AS STRING), '.0') "
    "WHEN abs({}) >= 1e7D OR (abs({}) < 1e-3D AND {} <> 0) THEN regexp_replace(CAST(CAST({} AS DECIMAL(38, 20)) AS STRING), '0+$', '') "
    "ELSE CAST({} AS STRING) END"
)
"""A double as DuckDB writes it: no exponent between 1e-4 and 1e16."""


def _word(gently: bool) -> str:
    return "try_cast" if gently else "CAST"


def _whole(say: Saying, held: Said, wanted: Kind, gently: bool) -> Said | None:
    """Halves go to the even neighbour, as DuckDB rounds them."""
    name = sql_type(wanted)
    if held.kind in WHOLE:
        return Said(f"{_word(gently)}({held.sql} AS {name})", wanted)
    if held.kind is BOOL:
        return Said(f"CAST({held.sql} AS {name})", wanted)
    if held.kind is DOUBLE:
        return Said(f"try_cast(rint({held.sql}) AS {name})", wanted)
    if held.kind is DECIMAL:
        return Said(f"CAST(round({held.sql}) AS {name})", wanted)
    if held.kind in WRITTEN and not gently and not say.flavour.own:
        return Said(f"CAST(trim({held.sql}) AS {name})", wanted)
    if held.kind in WRITTEN and not gently:
        # Sail works out both arms where it knows the value: only what cannot be read at all may fail.
        shape = f"CASE WHEN try_cast(trim({{}}) AS {name}) IS NULL AND {{}} IS NOT NULL THEN CAST(raise_error(concat('no number: ', {{}})) AS {name}) ELSE try_cast(trim({{}}) AS {name}) END"
        return Said(say.once(held.sql, shape), wanted)
    if held.kind in WRITTEN:
        hexed = "try_cast(conv(substring(trim({}), 3), 16, 10) AS " + name + ")"
        number = f"try_cast(round(try_cast(trim({{}}) AS DECIMAL(38, 10))) AS {name})"
        shape = (
            "CASE WHEN {} RLIKE '^\\\\s*[+-]?[0-9]{1,18}\\\\s*$' THEN try_cast(trim({}) AS " + name + ") "
            "WHEN {} RLIKE '^\\\\s*0[xX][0-9a-fA-F]{1,15}\\\\s*$' THEN " + hexed + " "
            "WHEN {} RLIKE '^\\\\s*[+-]?[0-9]{1,18}[.]?[0-9]{0,9}\\\\s*$' THEN "
            + number
            + " ELSE try_cast(trim({}) AS "
            + name
            + ") END"
        )
        return Said(say.once(held.sql, shape), wanted)
    return None


def _double(say: Saying, held: Said) -> Said | None:
    if held.kind in (*WHOLE, DECIMAL, BOOL):
        return Said(f"CAST({held.sql} AS DOUBLE)", DOUBLE)
    if held.kind in WRITTEN:
        return Said(
            say.once(held.sql, f"CASE WHEN {{}} RLIKE {text(NUMBER)} THEN try_cast(trim({{}}) AS DOUBLE) END"), DOUBLE
        )
    return None


def _moment(say: Saying, held: Said) -> Said | None:
    if held.kind is DATE:
        return Said(f"CAST({held.sql} AS TIMESTAMP)", STAMP)
    if held.kind in WRITTEN:
        # A zone of two or four digits is written as one of hours and minutes, which is all that others read.
        zoned = "regexp_replace(regexp_replace(trim({}), '([0-9]:[0-9.]+)\\\\s*([+-][0-9]{2})$', '$1$2:00'), '([+-][0-9]{2})([0-9]{2})$', '$1:$2')"
        if say.flavour.own:
            return Said(say.own("moment", held.sql), STAMP)
        return Said(
            say.once(held.sql, f"CASE WHEN {{}} RLIKE {text(MOMENT)} THEN try_cast({zoned} AS TIMESTAMP) END"), STAMP
        )
    return None


def _truth(held: Said, gently: bool) -> Said | None:
    if held.kind in (*WHOLE, DOUBLE):
        return Said(f"({held.sql} <> 0)", BOOL)
    if held.kind in WRITTEN:
        return Said(f"{'try_cast' if gently else 'CAST'}({held.sql} AS BOOLEAN)", BOOL)
    return None


def _guid() -> str:
    digits = "lower(regexp_replace({}, '[^0-9a-fA-F]', ''))"
    parts = (f"substring({digits}, {at}, {size})" for at, size in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12)))
    return f"CASE WHEN {{}} RLIKE {text(GUID)} THEN concat_ws('-', {', '.join(parts)}) END"
