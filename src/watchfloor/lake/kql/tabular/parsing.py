"""parse, parse-where, parse-kv: columns out of a text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from watchfloor.lake.kql import convert, literals
from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.compare import check_pattern, escaped
from watchfloor.lake.kql.errors import KqlError, unsupported
from watchfloor.lake.kql.functions.texts import groups_of
from watchfloor.lake.kql.model import Relation, Typed
from watchfloor.lake.kql.program import Row, Scope
from watchfloor.lake.kql.tabular.shaping import reshaped
from watchfloor.lake.kql.templates import every, fill, text, whole
from watchfloor.lake.kql.types import NUMBERS, Type

if TYPE_CHECKING:
    from watchfloor.lake.kql.tabular.binder import Binder

_CAPTURE = {
    Type.LONG: r"(-?\d+)", Type.INT: r"(-?\d+)", Type.REAL: r"(-?\d+(?:\.\d+)?)", Type.DECIMAL: r"(-?\d+(?:\.\d+)?)",
    Type.BOOL: r"(true|false|0|1)",
}  # fmt: skip
MOST_GROUPS = 9
"""Groups the engine gives out of one expression."""


def parse(binder: "Binder", relation: Relation, operator: s.Parse, scope: Scope) -> Relation:
    """Columns out of a text by a pattern. Of a row that does not fit all of them stay empty; parse-where drops it."""
    if operator.kind not in ("simple", "regex", "relaxed"):
        raise KqlError(f"there is no parse kind “{operator.kind}”", operator.span)
    source = convert.to_text(binder.scalars.bind(operator.value, Row(relation), scope))
    columns = [part for part in operator.parts if part.column]
    pattern = text(pattern_of(operator))
    fits = fill("REGEXP_MATCHES(_0, _1)", source.sql, pattern)
    found: list[tuple[str, Typed]] = []
    strict: list[exp.Expr] = []
    for number, part in enumerate(columns):
        kind = Type(part.type)
        value = convert.to(_captured(source, pattern, number), kind)
        found.append((part.column, value))
        if kind not in NUMBERS | {Type.STRING, Type.DYNAMIC} and operator.kind != "relaxed":
            strict.append(fill("_0 IS NOT NULL", value.sql))
    if strict:
        fits = every(fits, *strict)
        found = [(name, _only_where(fits, value)) for name, value in found]
    if operator.only_matches:
        relation = replace(relation, source=binder.program.step(relation.select(exp.Star()).where(fits, copy=False)))
    return _with(binder, relation, found)


def _captured(source: Typed, pattern: exp.Expr, number: int) -> Typed:
    if number >= MOST_GROUPS:
        shape = "COALESCE(REGEXP_EXTRACT_ALL(_0, _1, _2)[1], '')"
    else:
        shape = "COALESCE(REGEXP_EXTRACT(_0, _1, _2), '')"
    return Typed(fill(shape, source.sql, pattern, whole(number + 1)), Type.STRING, null=False)


def _only_where(fits: exp.Expr, value: Typed) -> Typed:
    other = literals.typed(value.type, None)
    return replace(value, sql=fill("CASE WHEN _0 THEN _1 ELSE _2 END", fits, value.sql, other.sql))


def _with(binder: "Binder", relation: Relation, found: Sequence[tuple[str, Typed]]) -> Relation:
    """The columns in their places, new ones last."""
    latest = dict(found)
    shown = [(column.name, latest.pop(column.name, column.typed())) for column in relation.columns]
    return reshaped(binder, relation, [*shown, *latest.items()], extras=relation.extras)


def pattern_of(operator: s.Parse) -> str:
    """One expression with a group for each column. Parts of the regex kind take as much as they can, the others as little."""
    greedy = operator.kind == "regex"
    parts: list[str] = ["^"] if operator.parts and not operator.parts[0].star else []
    last = len(operator.parts) - 1
    for number, part in enumerate(operator.parts):
        if part.text:
            parts.append(_own_groups_away(part) if greedy else escaped(part.text))
        elif part.star:
            parts.append(".*" if number == last or greedy else ".*?")
        elif Type(part.type) in _CAPTURE and operator.kind != "relaxed":
            parts.append(_CAPTURE[Type(part.type)])
        elif Type(part.type) in _CAPTURE and number < last and operator.parts[number + 1].star:
            parts.append(r"(-?[\d.]*)")
        else:
            parts.append("(.*)" if greedy or number == last else "(.*?)")
    if operator.parts and not operator.parts[-1].star:
        parts.append("$")
    flags = "s" + "".join(flag for flag in "imU" if flag in operator.flags)
    return f"(?{flags})" + "".join(parts)


def _own_groups_away(part: s.ParsePart) -> str:
    """A regular expression of the query, whose groups capture nothing."""
    check_pattern(part.text, part.span)
    return re.sub(r"(?<!\\)\((?!\?)|(?<!\\)\(\?P?<\w+>", "(?:", part.text)


# --- parse-kv -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pairs:
    """What stands between pairs, between key and value, around a value; `plain` when nothing is said: all but letters and digits."""

    pair: str
    key: str
    opening: str
    closing: str
    escape: str
    greedy: bool = False

    @property
    def plain(self) -> bool:
        return not self.pair and not self.key

    def pattern(self, name: str) -> str:
        """The expression that finds a key: its value is in the first group when quoted, else in the second."""
        opening, closing, sign = escaped(self.opening), escaped(self.closing), escaped(self.escape)
        inside = f"(?:{sign}.|[^{closing}{sign}])*" if sign else f"[^{closing}]*"
        quoted = f"{opening}({inside}){closing}" if opening else "(\\b\\B)"
        key = f"(?:{opening}{escaped(name)}{closing}|{escaped(name)})" if opening else escaped(name)
        if self.plain:
            return f"(?s)(?:^|[^\\pL\\pN]){key}[^\\pL\\pN{opening}]+(?:{quoted}|([\\pL\\pN]*))"
        pair = escaped(self.pair)
        if self.greedy:
            # The value goes on to the last delimiter before the next key.
            next_ = f"{pair}[^{pair}{escaped(self.key)}]+{escaped(self.key)}"
            return f"(?s)(?:^|{pair})\\s*{key}\\s*{escaped(self.key)}\\s*(?:{quoted}|(.*?))(?:{next_}|$)"
        return f"(?s)(?:^|{pair})\\s*{key}\\s*{escaped(self.key)}\\s*(?:{quoted}|(.*?))(?:{pair}|$)"


def _by_regex(
    binder: "Binder", relation: Relation, operator: s.ParseKv, regex: str, scope: Scope
) -> list[tuple[str, Typed]]:
    """Keys and values as the two groups of an expression."""
    check_pattern(regex, operator.span)
    if groups_of(regex) != 2:
        raise KqlError("the expression of parse-kv has two groups, the key and the value", operator.span, kind="type")
    source = convert.to_text(binder.scalars.bind(operator.value, Row(relation), scope))
    all_ = "REGEXP_EXTRACT_ALL(_0, _1, {})"
    shape = f"COALESCE(LIST_EXTRACT({all_.format(2)}, LIST_POSITION({all_.format(1)}, _2)), '')"
    return [
        (name, convert.to(Typed(fill(shape, source.sql, text(regex), text(name)), Type.STRING, null=False), Type(kind)))
        for name, kind in operator.columns
    ]


def parse_kv(binder: "Binder", relation: Relation, operator: s.ParseKv, scope: Scope) -> Relation:
    """Columns out of `key=value` pairs."""
    options = dict(operator.options)
    greedy = options.get("greedy", "").lower() == "true"
    if "regex" in options:
        return _with(binder, relation, _by_regex(binder, relation, operator, options["regex"], scope))
    pair, key = options.get("pair_delimiter", ""), options.get("kv_delimiter", "")
    if bool(pair) is not bool(key):
        raise unsupported("parse-kv with one delimiter of two", operator.span)
    quote = options.get("quote", "")
    pairs = Pairs(pair, key, quote[:1], quote[-1:], options.get("escape", ""), greedy)
    source = convert.to_text(binder.scalars.bind(operator.value, Row(relation), scope))
    found: list[tuple[str, Typed]] = []
    for name, kind in operator.columns:
        pattern = text(pairs.pattern(name))
        shape = "COALESCE(REGEXP_EXTRACT(_0, _1, 1), '')"
        quoted = fill(shape, source.sql, pattern)
        if pairs.escape:
            quoted = fill("REGEXP_REPLACE(_0, _1, '\\1', 'g')", quoted, text(f"(?s){escaped(pairs.escape)}(.)"))
        raw = fill("_0 || COALESCE(REGEXP_EXTRACT(_1, _2, 2), '')", quoted, source.sql, pattern)
        found.append((name, convert.to(Typed(raw, Type.STRING, null=False), Type(kind))))
    return _with(binder, relation, found)
