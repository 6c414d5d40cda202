"""Functions of texts, and regular expressions."""

from sqlglot import exp

from watchfloor.lake.engines.dialects.casts import written
from watchfloor.lake.engines.dialects.kinds import BIGINT, BOOL, INT, NULL, TEXT, UUID, WRITTEN, Kind, list_of
from watchfloor.lake.engines.dialects.patterns import NoPattern, replacement, rewritten
from watchfloor.lake.engines.dialects.saying import Said, Saying, emits, text


def sql_of(say: Saying, node: exp.Expr) -> str:
    """An argument as text."""
    held = say.say(node)
    if held.kind in WRITTEN or held.kind is NULL:
        return held.sql
    made = written(say, node, held)
    if made is None:
        raise say.refusal(node, f"a {held.kind.name} as text")
    return made.sql


def _call(what: object, shape: str, kind: Kind, *keys: str) -> None:
    """One call: `{0}`, `{1}` ... are the arguments, which stand under `keys` or, of a function by name, in their order."""

    def make(say: Saying, node: exp.Expr) -> Said:
        parts = node.expressions if isinstance(node, exp.Anonymous) else [node.args.get(key) for key in keys]
        return Said(shape.format(*(sql_of(say, part) for part in parts if isinstance(part, exp.Expr))), kind)

    emits(what)(make)


for _row in (
    (exp.Lower, "lower({0})", TEXT, "this"),
    (exp.Upper, "upper({0})", TEXT, "this"),
    (exp.Reverse, "reverse({0})", TEXT, "this"),
    (exp.Contains, "contains({0}, {1})", BOOL, "this", "expression"),
    (exp.StartsWith, "startswith({0}, {1})", BOOL, "this", "expression"),
    (exp.EndsWith, "endswith({0}, {1})", BOOL, "this", "expression"),
    ("SUFFIX", "endswith({0}, {1})", BOOL),
    (exp.Replace, "replace({0}, {1}, {2})", TEXT, "this", "expression", "replacement"),
    (exp.StrPosition, "CAST(instr({0}, {1}) AS BIGINT)", BIGINT, "this", "substr"),
    (exp.MD5, "md5({0})", TEXT, "this"),
    (exp.SHA, "sha1({0})", TEXT, "this"),
    ("STRLEN", "CAST(octet_length({0}) AS BIGINT)", BIGINT),
    (exp.Unicode, "CAST(ascii({0}) AS INT)", INT, "this"),
    (exp.Uuid, "uuid()", UUID),
    (exp.ToBase64, "base64({0})", TEXT, "this"),
    (exp.Like, "({0} LIKE {1})", BOOL, "this", "expression"),
    (exp.ILike, "({0} ILIKE {1})", BOOL, "this", "expression"),
):
    _call(*_row)


@emits(exp.Encode)
def encoded(say: Saying, node: exp.Encode) -> Said:
    return Said(f"encode({sql_of(say, node.this)}, 'UTF-8')", TEXT)


@emits(exp.SHA2)
def sha2(say: Saying, node: exp.SHA2) -> Said:
    return Said(f"sha2({sql_of(say, node.this)}, 256)", TEXT)


@emits(exp.Substring)
def substring(say: Saying, node: exp.Substring) -> Said:
    """DuckDB counts from 1 and takes 0 as the place before the text; others take 0 as 1."""
    source, start = sql_of(say, node.this), node.args["start"]
    length = say.say(node.args["length"]).sql if node.args.get("length") else ""
    first = start.this if isinstance(start, exp.Literal) else None
    place = f"CAST({say.say(start).sql} AS INT)"
    if first is not None and int(first) > 0:
        tail = f", CAST({length} AS INT)" if length else ""
        return Said(f"substring({source}, {place}{tail})", TEXT)
    if not length:
        return Said(f"substring({source}, {place})", TEXT)
    shape = "substring({a}, CASE WHEN {} = 0 THEN 1 ELSE {} END, CASE WHEN {} = 0 THEN {b} - 1 ELSE {b} END)"
    return Said(say.once(place, shape, source, f"CAST({length} AS INT)"), TEXT)


@emits(exp.Left)
def left(say: Saying, node: exp.Left) -> Said:
    return Said(f"left({sql_of(say, node.this)}, CAST({say.say(node.expression).sql} AS INT))", TEXT)


@emits(exp.Right)
def right(say: Saying, node: exp.Right) -> Said:
    return Said(f"right({sql_of(say, node.this)}, CAST({say.say(node.expression).sql} AS INT))", TEXT)


@emits(exp.Repeat)
def repeat(say: Saying, node: exp.Repeat) -> Said:
    return Said(f"repeat({sql_of(say, node.this)}, CAST({say.say(node.args['times']).sql} AS INT))", TEXT)


@emits(exp.Pad)
def pad(say: Saying, node: exp.Pad) -> Said:
    word = "lpad" if node.args.get("is_left", True) else "rpad"
    size, fill = say.say(node.expression).sql, node.args.get("fill_pattern")
    return Said(
        f"{word}({sql_of(say, node.this)}, CAST({size} AS INT), {sql_of(say, fill) if fill else text(' ')})", TEXT
    )


@emits(exp.Trim)
def trim(say: Saying, node: exp.Trim) -> Said:
    side = (node.args.get("position") or "BOTH").upper()
    what = node.args.get("expression")
    held = sql_of(say, what) if what else text(" ")
    word = {"BOTH": "btrim", "LEADING": "ltrim", "TRAILING": "rtrim"}[side]
    if word == "btrim":
        return Said(f"btrim({sql_of(say, node.this)}, {held})", TEXT)
    kept = {"LEADING": "LEADING", "TRAILING": "TRAILING"}[side]
    return Said(f"trim({kept} {held} FROM {sql_of(say, node.this)})", TEXT)


@emits("LTRIM", "RTRIM", "TRIM")
def trim_by_name(say: Saying, node: exp.Anonymous) -> Said:
    side = {"LTRIM": "LEADING", "RTRIM": "TRAILING", "TRIM": "BOTH"}[node.name.upper()]
    parts = node.expressions
    return trim(
        say, exp.Trim(this=parts[0].copy(), expression=parts[1].copy() if len(parts) > 1 else None, position=side)
    )


@emits(exp.DPipe)
def joined(say: Saying, node: exp.DPipe) -> Said:
    """Null when a part is; lists are put together."""
    parts = say.all(node.flatten())
    if any(part.kind.name == "list" for part in parts):
        return Said(f"concat({', '.join(part.sql for part in parts)})", parts[0].kind)
    return Said(f"concat({', '.join(sql_of(say, part) for part in node.flatten())})", TEXT)


@emits(exp.Concat, "CONCAT")
def concat(say: Saying, node: exp.Expr) -> Said:
    """Nulls are left out."""
    parts = [
        f"coalesce({sql_of(say, part)}, '')" if not isinstance(part, exp.Literal) else sql_of(say, part)
        for part in node.expressions
    ]
    return Said(f"concat({', '.join(parts)})" if parts else "''", TEXT)


@emits(exp.ConcatWs, "CONCAT_WS")
def concat_with(say: Saying, node: exp.Expr) -> Said:
    return Said(f"concat_ws({', '.join(sql_of(say, part) for part in node.expressions)})", TEXT)


@emits(exp.SplitPart)
def split_part(say: Saying, node: exp.SplitPart) -> Said:
    place = say.say(node.args["part_index"]).sql
    return Said(
        f"split_part({sql_of(say, node.this)}, {sql_of(say, node.args['delimiter'])}, CAST({place} AS INT))", TEXT
    )


@emits(exp.Split)
def split(say: Saying, node: exp.Split) -> Said:
    mark = node.expression
    if not isinstance(mark, exp.Literal) or not mark.is_string:
        raise say.refusal(node, "a text split at what the data says")
    pattern = "".join(f"\\x{{{ord(sign):x}}}" for sign in str(mark.this))
    return Said(
        f"split({sql_of(say, node.this)}, {text(pattern)}, -1)" if pattern else _letters(say, node), list_of(TEXT)
    )


def _letters(say: Saying, node: exp.Split) -> str:
    return f"regexp_extract_all({sql_of(say, node.this)}, '(?s).', 0)"


@emits(exp.Chr)
def character(say: Saying, node: exp.Chr) -> Said:
    code = say.literal_int(node.expressions[0])
    if code is not None:
        return Said(text(chr(code)), TEXT)
    raise say.refusal(node, "a character by a number of the data")


@emits("URL_ENCODE")
def url_encoded(say: Saying, node: exp.Anonymous) -> Said:
    """As a form is encoded there, as a part of an address here."""
    held = sql_of(say, node.expressions[0])
    return Said(f"replace(replace(replace(url_encode({held}), '+', '%20'), '*', '%2A'), '%7E', '~')", TEXT)


@emits("URL_DECODE")
def url_decoded(say: Saying, node: exp.Anonymous) -> Said:
    """What is no code stays as it is, and so does a plus."""
    held = sql_of(say, node.expressions[0])
    if say.flavour.own:
        return Said(say.own("url_decode", held), TEXT)
    return Said(f"url_decode(regexp_replace(replace({held}, '+', '%2B'), '%(?![0-9a-fA-F]{{2}})', '%25'))", TEXT)


@emits(exp.Translate)
def translate(say: Saying, node: exp.Translate) -> Said:
    return Said(
        f"translate({sql_of(say, node.this)}, {sql_of(say, node.args['from_'])}, {sql_of(say, node.args['to'])})", TEXT
    )


# --- regular expressions --------------------------------------------------------------------------------------------


def pattern_of(say: Saying, node: exp.Expr, pattern: exp.Expr) -> str:
    """A pattern as SQL: one written in the query, or one put together from such and quoted texts of the data."""
    while isinstance(pattern, exp.Paren):
        pattern = pattern.this
    if isinstance(pattern, exp.Literal) and pattern.is_string:
        try:
            return text(rewritten(str(pattern.this), say.flavour.grammar))
        except NoPattern as error:
            raise say.refusal(node, f"{error} in a regular expression means something else there") from None
    if isinstance(pattern, exp.DPipe):
        return f"concat({', '.join(pattern_of(say, node, part) for part in pattern.flatten())})"
    if isinstance(pattern, exp.Anonymous) and pattern.name.upper() == "REGEXP_ESCAPE":
        return say_escaped(say, pattern)
    if isinstance(pattern, exp.Case) and pattern.this is None:
        arms = [
            f"WHEN {say.say(one.this).sql} THEN {pattern_of(say, node, one.args['true'])}"
            for one in pattern.args["ifs"]
        ]
        return f"CASE {' '.join(arms)} ELSE {pattern_of(say, node, pattern.args['default'])} END"
    raise say.refusal(node, "a regular expression that comes from the data")


_SPECIAL = text("[.+*?()|^$&~#{}\\[\\]\\\\-]")
_QUOTED = {"iu": text("\\\\$0"), "i": text("\\${0}")}
"""A backslash before what was found, as Java and Rust write that."""


def say_escaped(say: Saying, node: exp.Anonymous) -> str:
    return f"regexp_replace({sql_of(say, node.expressions[0])}, {_SPECIAL}, {_QUOTED[say.flavour.grammar.fold]})"


@emits("REGEXP_ESCAPE")
def escaped(say: Saying, node: exp.Anonymous) -> Said:
    raise say.refusal(node, "a text quoted as a pattern, other than inside one")


@emits(exp.RegexpLike)
def regexp_like(say: Saying, node: exp.RegexpLike) -> Said:
    return Said(f"({sql_of(say, node.this)} RLIKE {pattern_of(say, node, node.expression)})", BOOL)


@emits(exp.RegexpFullMatch)
def full_match(say: Saying, node: exp.RegexpFullMatch) -> Said:
    pattern = node.expression
    if not isinstance(pattern, exp.Literal):
        raise say.refusal(node, "a regular expression that comes from the data")
    whole = exp.Literal.string(f"^(?:{pattern.this})$")
    return Said(f"({sql_of(say, node.this)} RLIKE {pattern_of(say, node, whole)})", BOOL)


@emits(exp.RegexpExtract)
def regexp_extract(say: Saying, node: exp.RegexpExtract) -> Said:
    group = node.args.get("group")
    place = group.name if group is not None else "0"
    return Said(f"regexp_extract({sql_of(say, node.this)}, {pattern_of(say, node, node.expression)}, {place})", TEXT)


@emits(exp.RegexpExtractAll)
def regexp_extract_all(say: Saying, node: exp.RegexpExtractAll) -> Said:
    group = node.args.get("group")
    place = group.name if group is not None else "0"
    made = f"regexp_extract_all({sql_of(say, node.this)}, {pattern_of(say, node, node.expression)}, {place})"
    return Said(made, list_of(TEXT))


@emits(exp.RegexpReplace)
def regexp_replace(say: Saying, node: exp.RegexpReplace) -> Said:
    """All matches, or the first where an anchor leaves no other."""
    modifiers = node.args.get("modifiers")
    everywhere = modifiers is not None and modifiers.name == "g"
    written_pattern = str(node.expression.this) if isinstance(node.expression, exp.Literal) else ""
    if not everywhere and not written_pattern.startswith("^") and not written_pattern.endswith("$"):
        raise say.refusal(node, "the first match of an expression replaced")
    put_in = node.args["replacement"]
    if not isinstance(put_in, exp.Literal):
        raise say.refusal(node, "a replacement that comes from the data")
    try:
        made = replacement(str(put_in.this), say.flavour.grammar)
    except NoPattern as error:
        raise say.refusal(node, f"{error}") from None
    return Said(
        f"regexp_replace({sql_of(say, node.this)}, {pattern_of(say, node, node.expression)}, {text(made)})", TEXT
    )
