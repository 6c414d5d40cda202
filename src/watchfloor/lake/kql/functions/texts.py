"""Functions of texts."""

import re
from collections.abc import Sequence

from sqlglot import exp

from watchfloor.lake.kql import compare, convert, literals
from watchfloor.lake.kql.errors import KqlError, Span, unsupported
from watchfloor.lake.kql.functions.registry import add, const, sql
from watchfloor.lake.kql.model import Typed
from watchfloor.lake.kql.templates import cast, fill, own, text, whole
from watchfloor.lake.kql.types import Type

S, L, B, D, R = Type.STRING, Type.LONG, Type.BOOL, Type.DYNAMIC, Type.REAL

sql("tolower", "text", S, "LOWER(_0)")
sql("toupper", "text", S, "UPPER(_0)")
sql("reverse", "text", S, "REVERSE(_0)")
sql("strlen", "text", L, "CAST(LENGTH(_0) AS BIGINT)")
sql("string_size", "text", L, "CAST(STRLEN(_0) AS BIGINT)")
sql("url_decode", "text", S, "URL_DECODE(_0)")
ENCODED = (
    "ARRAY_TO_STRING(LIST_TRANSFORM(REGEXP_EXTRACT_ALL(URL_ENCODE(_0), '%..|[^%]'), LAMBDA one : "
    "CASE WHEN STARTS_WITH(one, '%') THEN LOWER(one) ELSE one END), '')"
)
sql("url_encode_component", "text", S, ENCODED)
sql("url_encode", "text", S, f"REPLACE({ENCODED}, '%20', '+')")
sql("base64_encode_tostring base64_encodestring", "text", S, "TO_BASE64(ENCODE(_0))")
sql("base64_decode_tostring base64_decodestring", "text", S, "TRY(DECODE(FROM_BASE64(_0)))")
for _hash in ("SHA256", "MD5", "SHA1"):
    # Of nothing there is no hash.
    sql(f"hash_{_hash.lower()}", "text", S, f"{_hash}(NULLIF(_0, ''))")
sql("strcmp", "text text", L, "CAST(CASE WHEN _0 < _1 THEN -1 WHEN _0 > _1 THEN 1 ELSE 0 END AS BIGINT)")
sql("regex_quote", "text", S, "REGEXP_ESCAPE(_0)")
sql("translate", "text text text", S, "TRANSLATE(_2, _0, _1)")
sql("isascii", "text", B, "REGEXP_FULL_MATCH(_0, '[\\x00-\\x7f]*')")
PATH = "REGEXP_REPLACE(REGEXP_REPLACE(_0, '^[a-z]+://', ''), ':[^\\\\/:]*$', '')"
_PATH_PARTS = (
    ("RootPath", "^([A-Za-z]:)"), ("DirectoryPath", "^(.*)[\\\\/][^\\\\/]*$"), ("DirectoryName", "([^\\\\/]*)[\\\\/][^\\\\/]*$"),
    ("Filename", "([^\\\\/]*)$"), ("Extension", "\\.([^.\\\\/]*)$"),
)  # fmt: skip
sql(
    "parse_path",
    "text",
    D,
    "JSON_OBJECT('Scheme', REGEXP_EXTRACT(_0, '^([a-z]+)://', 1), "
    + ", ".join(f"'{name}', REGEXP_EXTRACT({PATH}, '{pattern}', 1)" for name, pattern in _PATH_PARTS)
    + ", 'AlternateDataStreamName', REGEXP_EXTRACT(REGEXP_REPLACE(_0, '^[a-z]+://', ''), '[^\\\\/:]:([^\\\\/:]*)$', 1))",
)
QUERY = (
    "COALESCE(TO_JSON(MAP_FROM_ENTRIES(LIST_TRANSFORM([LIST_SORT(LIST_TRANSFORM(LIST_FILTER(STRING_SPLIT({}, '&'), "
    "LAMBDA pair : CONTAINS(pair, '=')), LAMBDA pair : {'k': SPLIT_PART(pair, '=', 1), "
    "'v': REGEXP_REPLACE(pair, '^[^=]*=', '')}))], LAMBDA pairs : LIST_FILTER(pairs, LAMBDA pair, place : "
    "place = 1 OR pairs[place - 1].k <> pair.k))[1])), CAST('{}' AS JSON))"
)
HOST = "^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/@?#]*@)?"
sql(
    "parse_url",
    "text",
    D,
    f"""JSON_OBJECT('Scheme', REGEXP_EXTRACT(_0, '^([A-Za-z][A-Za-z0-9+.-]*):', 1),
 'Host', REGEXP_EXTRACT(_0, '{HOST}(\\[[^\\]]*\\]|[^:/?#]*)', 1),
 'Port', REGEXP_EXTRACT(_0, '{HOST}(?:\\[[^\\]]*\\]|[^:/?#]*):(\\d+)', 1),
 'Path', REGEXP_EXTRACT(_0, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*([^?#]*)', 1),
 'Username', REGEXP_EXTRACT(_0, '://([^:@/?#]*)(?::[^@/?#]*)?@', 1),
 'Password', REGEXP_EXTRACT(_0, '://[^:@/?#]*:([^@/?#]*)@', 1),
 'Query Parameters', {QUERY.replace("{}", "REGEXP_EXTRACT(_0, '[?]([^#]*)', 1)", 1)},
 'Fragment', REGEXP_EXTRACT(_0, '#(.*)$', 1))""",
)
BARE = "REGEXP_REPLACE(_0, '^[?]', '')"
sql("parse_urlquery", "text", D, f"JSON_OBJECT('Query Parameters', {QUERY.replace('{}', BARE, 1)})")


LONGEST = 1_000_000


def _strcat(args: Sequence[Typed], span: Span) -> Typed:
    if all(isinstance(arg.const, str) for arg in args):
        joined = "".join(str(arg.const) for arg in args)
        if len(joined) > LONGEST:
            raise KqlError(f"this text is longer than {LONGEST} characters", span, kind="limit")
        return literals.string(joined)
    return Typed(exp.Anonymous(this="CONCAT", expressions=[own(arg.sql) for arg in args]), S, null=False)


def _strcat_delim(args: Sequence[Typed], span: Span) -> Typed:
    return Typed(exp.Anonymous(this="CONCAT_WS", expressions=[own(arg.sql) for arg in args]), S, null=False)


def _substring(args: Sequence[Typed], span: Span) -> Typed:
    start = fill("CASE WHEN _0 < 0 THEN GREATEST(LENGTH(_1) + _0, 0) ELSE _0 END", args[1].sql, args[0].sql)
    if isinstance(args[1].const, int) and args[1].const >= 0:
        start = args[1].sql
    shape = "COALESCE(SUBSTRING(_0, CAST(_1 + 1 AS BIGINT), CAST(GREATEST(_2, 0) AS BIGINT)), '')"
    if len(args) == 2:
        return Typed(fill("COALESCE(SUBSTRING(_0, CAST(_1 + 1 AS BIGINT)), '')", args[0].sql, start), S, null=False)
    return Typed(fill(shape, args[0].sql, start, args[2].sql), S, null=False)


def _indexof(args: Sequence[Typed], span: Span) -> Typed:
    """indexof(text, search, start?, length?, occurrence?): -1 when it does not stand there."""
    if len(args) == 2:
        return Typed(fill("CAST(STRPOS(_0, _1) - 1 AS BIGINT)", args[0].sql, args[1].sql), L)
    if len(args) > 4 and args[3].const != -1:
        raise unsupported("indexof() with a length and an occurrence", span)
    start = "CASE WHEN _2 < 0 THEN GREATEST(LENGTH(_0) + _2, 0) ELSE _2 END"
    length = args[3].sql if len(args) > 3 else whole(-1)
    nth = args[4].sql if len(args) > 4 else whole(1)
    held = f"i > {start} AND (_3 < 0 OR i - 1 + LENGTH(_1) <= {start} + _3) AND SUBSTRING(_0, CAST(i AS BIGINT), LENGTH(_1)) = _1"
    shape = f"COALESCE(LIST_EXTRACT(LIST_FILTER(RANGE(1, LENGTH(_0) + 1), LAMBDA i : {held}), _4), 0) - 1"
    return Typed(fill(f"CAST({shape} AS BIGINT)", args[0].sql, args[1].sql, args[2].sql, length, nth), L)


def _repeated(args: Sequence[Typed], span: Span) -> Typed:
    """strrep(text, count, between?): at most 1,024 times."""
    if len(args) == 2:
        return Typed(fill("REPEAT(_0, CAST(LEAST(_1, 1024) AS INT))", args[0].sql, args[1].sql), S, null=False)
    shape = "CASE WHEN _1 < 1 THEN '' ELSE REPEAT(_0 || _2, CAST(LEAST(_1, 1024) - 1 AS INT)) || _0 END"
    return Typed(fill(f"COALESCE({shape}, '')", *(arg.sql for arg in args)), S, null=False)


def _split(args: Sequence[Typed], span: Span) -> Typed:
    if len(args) == 3:
        shape = "TO_JSON([STRING_SPLIT(_0, _1)[CAST(_2 + 1 AS BIGINT)]])"
        return Typed(fill(shape, *(arg.sql for arg in args)), D)
    return Typed(fill("TO_JSON(STRING_SPLIT(_0, _1))", args[0].sql, args[1].sql), D)


def _replace_string(args: Sequence[Typed], span: Span) -> Typed:
    return Typed(fill("REPLACE(_0, _1, _2)", *(arg.sql for arg in args)), S, null=False)


def _replace_regex(args: Sequence[Typed], span: Span) -> Typed:
    pattern = compare.pattern_of(args[1], span)
    return Typed(fill("REGEXP_REPLACE(_0, _1, _2, 'g')", args[0].sql, pattern, args[2].sql), S, null=False)


def _old_replace(args: Sequence[Typed], span: Span) -> Typed:
    """replace(regex, rewrite, text), the old order."""
    return _replace_regex([args[2], args[0], args[1]], span)


def _trim(*, start: bool, end: bool) -> object:
    def make(args: Sequence[Typed], span: Span) -> Typed:
        pattern = args[0]
        if isinstance(pattern.const, str):
            compare.check_pattern(pattern.const, span)
            sides = [f"^(?:{pattern.const})"] * start + [f"(?:{pattern.const})$"] * end
            found = text("|".join(sides))
            return Typed(fill("REGEXP_REPLACE(_0, _1, '', 'g')", args[1].sql, found), S, null=False)
        shape = "_0"
        if start:
            shape = f"REGEXP_REPLACE({shape}, '^(' || _1 || ')', '')"
        if end:
            shape = f"REGEXP_REPLACE({shape}, '(' || _1 || ')$', '')"
        return Typed(fill(shape, args[1].sql, pattern.sql), S, null=False)

    return make


def _extract(args: Sequence[Typed], span: Span) -> Typed:
    pattern = compare.pattern_of(args[0], span)
    group = const(args[1], "the group of extract()", span)
    if not isinstance(group, int) or not 0 <= group <= 9:
        raise KqlError("the group of extract() is a number from 0 to 9", span, kind="type")
    if isinstance(args[0].const, str) and groups_of(args[0].const) < group:
        raise KqlError(f"the expression has no group {group}", span, kind="type")
    found = fill("COALESCE(REGEXP_EXTRACT(_0, _1, _2), '')", args[2].sql, pattern, whole(group))
    if len(args) < 4:
        return Typed(found, S, null=False)
    return convert.to(Typed(found, S, null=False), Type(str(const(args[3], "the type", span))))


def groups_of(pattern: str) -> int:
    """How many groups a pattern captures."""
    try:
        return re.compile(re.sub(r"\(\?P?<(\w+)>", "(", re.sub(r"\\[pP](?:\{\w+\}|\w)", "x", pattern))).groups
    except (re.error, OverflowError):
        return 9


def _extract_all(args: Sequence[Typed], span: Span) -> Typed:
    pattern, source = (args[0], args[-1])
    compare.pattern_of(pattern, span)
    written = str(const(pattern, "the expression of extract_all()", span))
    groups = _chosen(written, args[1], span) if len(args) == 3 else list(range(1, groups_of(written) + 1)) or [0]
    if len(groups) == 1:
        shape = "TO_JSON(NULLIF(REGEXP_EXTRACT_ALL(_0, _1, _2), []))"
        return Typed(fill(shape, source.sql, pattern.sql, whole(groups[0])), D)
    columns = [fill("REGEXP_EXTRACT_ALL(_0, _1, _2)", source.sql, pattern.sql, whole(n)) for n in groups]
    zipped = exp.Anonymous(this="LIST_ZIP", expressions=columns)
    parts = ", ".join(f"one[{n + 1}]" for n in range(len(groups)))
    return Typed(fill(f"TO_JSON(NULLIF(LIST_TRANSFORM(_0, LAMBDA one : [{parts}]), []))", zipped), D)


def _chosen(pattern: str, chosen: Typed, span: Span) -> list[int]:
    """The numbers of the groups a query asks for, by number or by name."""
    asked = const(chosen, "the groups of extract_all()", span)
    if not isinstance(asked, list) or not asked:
        raise KqlError("the groups of extract_all() are a list of numbers or names", span, kind="type")
    names = _group_names(pattern)
    found = [one if isinstance(one, int) else names.get(str(one), -1) for one in asked]
    if any(not 0 <= one <= groups_of(pattern) for one in found):
        raise KqlError("the expression of extract_all() has no such group", span, kind="type")
    return found


def _group_names(pattern: str) -> dict[str, int]:
    try:
        known = re.compile(re.sub(r"\(\?<(\w+)>", r"(?P<\1>", re.sub(r"\\[pP](?:\{\w+\}|\w)", "x", pattern))).groupindex
    except (re.error, OverflowError):
        return {}
    return dict(known)


def _has_index(args: Sequence[Typed], span: Span) -> Typed:
    """has_any_index(text, list): the place of the first term found, -1 when none is."""
    items = args[1].const
    if not isinstance(items, list):
        found = f"LIST_POSITION(LIST_TRANSFORM(FROM_JSON(_0, '[\"VARCHAR\"]'), LAMBDA one : {compare.HELD_TERM}), TRUE)"
        return Typed(fill(f"CAST(COALESCE({found}, 0) - 1 AS BIGINT)", args[1].sql, args[0].sql), L)
    if not items:
        return literals.long(-1)
    case = exp.Case()
    for number, item in enumerate(items):
        case = case.when(compare.term(args[0], literals.string(str(item))), whole(number), copy=False)
    return Typed(cast(case.else_(whole(-1), copy=False), "BIGINT"), L)


def _reg_trim(names: str, *, start: bool, end: bool) -> None:
    add(names, "text text", _trim(start=start, end=end))  # type: ignore[arg-type]


add("strcat", "text*", _strcat)
add("strcat_delim", "text text*", _strcat_delim)
add("substring", "text long long?", _substring)
add("indexof", "text text long? long? long?", _indexof)
add("strrep", "text long text?", _repeated)
add("split", "text text long?", _split)
add("replace_string", "text text text", _replace_string)
add("replace_regex", "text text text", _replace_regex)
add("replace", "text text text", _old_replace)
_reg_trim("trim", start=True, end=True)
_reg_trim("trim_start", start=True, end=False)
_reg_trim("trim_end", start=False, end=True)
add("extract", "text long text any?", _extract)
add("extract_all extractall", "text any text?", _extract_all)
add("has_any_index", "text dynamic", _has_index)


def _countof(args: Sequence[Typed], span: Span) -> Typed:
    """countof(text, search, kind): plain texts may overlap, matches of an expression may not."""
    kind = str(const(args[2], "the kind of countof()", span)) if len(args) > 2 else "normal"
    if kind == "regex":
        return Typed(
            fill("CAST(LEN(REGEXP_EXTRACT_ALL(_0, _1)) AS BIGINT)", args[0].sql, compare.pattern_of(args[1], span)), L
        )
    shape = (
        "CAST(CASE WHEN _1 = '' THEN 0 ELSE LEN(LIST_FILTER(RANGE(1, LENGTH(_0) + 1), LAMBDA place : "
        "SUBSTRING(_0, CAST(place AS BIGINT), LENGTH(_1)) = _1)) END AS BIGINT)"
    )
    return Typed(fill(shape, args[0].sql, args[1].sql), L)


def _indexof_regex(args: Sequence[Typed], span: Span) -> Typed:
    pattern = compare.pattern_of(args[1], span)
    before = fill("'(?s)^(.*?)(?:' || _0 || ')'", pattern)
    shape = "CAST(CASE WHEN REGEXP_MATCHES(_0, _1) THEN LENGTH(REGEXP_EXTRACT(_0, _2, 1)) ELSE -1 END AS BIGINT)"
    return Typed(fill(shape, args[0].sql, pattern, before), L)


MARK = 0xF0000
"""Where the private letters begin that stand for what is replaced: no text of the lake has them."""


def _replace_strings(args: Sequence[Typed], span: Span) -> Typed:
    """replace_strings(text, lookups, rewrites): all at once, so that what was put in is not replaced again."""
    lookups, rewrites = (const(arg, "the lists of replace_strings()", span) for arg in args[1:])
    if not isinstance(lookups, list) or not isinstance(rewrites, list) or len(lookups) != len(rewrites):
        raise KqlError("replace_strings() takes two lists of one length", span, kind="type")
    for number, one in enumerate(lookups):
        if any(number != place and str(one) in str(other) for place, other in enumerate(lookups)):
            raise KqlError("one of these texts holds another", span, kind="unsupported")
    found = args[0].sql
    for number, one in enumerate(lookups):
        found = fill("REPLACE(_0, _1, _2)", found, text(str(one)), text(chr(MARK + number)))
    for number, one in enumerate(rewrites):
        found = fill("REPLACE(_0, _1, _2)", found, text(chr(MARK + number)), text(str(one)))
    return Typed(found, S, null=False)


def _from_codepoints(args: Sequence[Typed], span: Span) -> Typed:
    letters = "ARRAY_TO_STRING(LIST_TRANSFORM(FROM_JSON(_0, '[\"INTEGER\"]'), LAMBDA one : CHR(one)), '')"
    parts = [
        fill(letters, arg.sql) if arg.type is D else fill("CHR(CAST(_0 AS INT))", convert.to_whole(arg, L).sql)
        for arg in args
    ]
    return Typed(exp.Anonymous(this="CONCAT", expressions=parts), S, null=False)


COMMAND = (
    "TO_JSON(LIST_TRANSFORM(REGEXP_EXTRACT_ALL(REPLACE(REPLACE(_0, '\\\\\"', CHR(2) || '\"'), '\\\"', CHR(1)), "
    '\'(?:[^\\s"]|"[^"]*(?:"|$))+\'), '
    "LAMBDA one : REPLACE(REPLACE(REPLACE(one, '\"', ''), CHR(1), '\"'), CHR(2), '\\')))"
)


def _command_line(args: Sequence[Typed], span: Span) -> Typed:
    """parse_command_line(text, "windows"): its words, as Windows takes a command apart."""
    if str(const(args[1], "the kind of parse_command_line()", span)).lower() != "windows":
        raise KqlError("parse_command_line() knows the kind windows only", span, kind="unsupported")
    return Typed(fill(f"CASE WHEN _0 = '' THEN NULL ELSE {COMMAND} END", args[0].sql), D)


VERSION = (
    "CASE WHEN REGEXP_FULL_MATCH(_0, '\\d{1,8}(\\.\\d{1,8}){0,3}') THEN CAST(ARRAY_TO_STRING(LIST_TRANSFORM(RANGE(1, 5), "
    "LAMBDA place : LPAD(SPLIT_PART(_0, '.', CAST(place AS INT)), 8, '0')), '') AS DECIMAL(38, 0)) END"
)
add("countof", "text text string?", _countof)
add("indexof_regex", "text text", _indexof_regex)
add("replace_strings", "text dynamic dynamic", _replace_strings)
sql(
    "unicode_codepoints_from_string to_utf8",
    "text",
    D,
    "TO_JSON(LIST_TRANSFORM(REGEXP_EXTRACT_ALL(_0, '(?s).'), LAMBDA one : UNICODE(one)))",
)
add("unicode_codepoints_to_string make_string", "any any*", _from_codepoints)
add("parse_command_line", "text any", _command_line)
sql("parse_version", "text", Type.DECIMAL, VERSION)
