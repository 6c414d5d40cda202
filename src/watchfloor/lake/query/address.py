"""A query as an address and back: stable, shareable, every part percent-encoded."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import quote, unquote, urlencode
from zoneinfo import ZoneInfo

from watchfloor.kernel.errors import BadInput
from watchfloor.lake.catalogue import resolve
from watchfloor.lake.catalogue import table as table_named
from watchfloor.lake.contracts import UNVALUED, Condition, Group, Operator, Part, Query
from watchfloor.lake.query.values import in_our_times, positive, typed
from watchfloor.lake.text import clean

LONGEST = timedelta(days=3660)
MOST_CONDITIONS = 100
TOO_MANY = f"at most {MOST_CONDITIONS} conditions; one may hold many values"
DEEPEST = 8
"""Groups inside groups that an address may hold."""
GROUP = re.compile(r"(!?)(all|any)\((.*)\)", re.DOTALL)
KEY = "NetworkMessageId"
EMPTY = "%"
"""The empty text as a value; encoding never gives a lone percent sign."""


def query_from_parameters(
    parameters: Mapping[str, Any], *, now: datetime, table: str = "EmailEvents", time_zone: str = "UTC"
) -> Query:
    """The query an address names; without `from` and `to`, yesterday and today (TE-004). Raises BadInput naming the part.

    A condition without values, or with every choice of a discrete column, filters nothing and is left out (TE-034).
    """
    zone = ZoneInfo(time_zone)
    midnight = datetime.combine(now.astimezone(zone).date(), time.min, zone)
    start = _moment(parameters.get("from"), "from", midnight - timedelta(days=1))
    end = _moment(parameters.get("to"), "to", midnight + timedelta(days=1))
    if not start < end or end - start > LONGEST:
        raise BadInput("the end must come after the start, within ten years", place="to")
    texts = _all(parameters, "f")
    if len(texts) + len(_all(parameters, "always")) > MOST_CONDITIONS:
        raise BadInput(TOO_MANY, place="f")
    conditions = tuple(part for text in texts if (part := _part_of(text, table, 0)) is not None)
    required = tuple(c for text in _all(parameters, "always") if (c := _condition(text, table)) is not None)
    query = Query(table, start, end, conditions, any_of=parameters.get("match") == "any", required=required)
    if len(query.every_condition) > MOST_CONDITIONS:
        raise BadInput(TOO_MANY, place="f")
    return query


def parameters_of(query: Query) -> str:
    """The querystring of a query, without the question mark."""
    parts = [("from", _iso(query.start)), ("to", _iso(query.end))]
    if query.any_of:
        parts.append(("match", "any"))
    parts += [("always", _encoded(condition)) for condition in query.required]
    parts += [("f", encoded(part)) for part in query.conditions]
    return urlencode(parts, quote_via=quote)


def encoded(part: Part) -> str:
    """A condition as column~operator~values; a group as all(part;part) or any(part;part), with ! before it where denied."""
    if isinstance(part, Condition):
        return _encoded(part)
    inside = ";".join(map(encoded, part.parts))
    return f"{'!' if part.negated else ''}{'any' if part.any_of else 'all'}({inside})"


def group_of(text: str) -> tuple[bool, bool, list[str]] | None:
    """Whether a group's text denies, whether it joins by “any”, and the texts of its parts; None for the text of a condition."""
    found = GROUP.fullmatch(text.strip())
    if found is None:
        return None
    parts, depth, start = [], 0, 0
    inside = found[3]
    for at, sign in enumerate(inside):
        depth += (sign == "(") - (sign == ")")
        if sign == ";" and depth == 0:
            parts.append(inside[start:at])
            start = at + 1
        if depth < 0 or depth > DEEPEST:
            break
    if depth:
        raise BadInput(f"the brackets of this group do not fit, or it is deeper than {DEEPEST}", place="f")
    last = inside[start:]
    return found[1] == "!", found[2] == "any", [*parts, last] if last or parts else []


def _part_of(text: str, table: str, depth: int) -> Part | None:
    """A condition or a group; None for what filters nothing."""
    group = group_of(text)
    if group is None:
        return _condition(text, table)
    if depth >= DEEPEST:
        raise BadInput(f"groups may stand at most {DEEPEST} deep in one another", place="f")
    negated, any_of, texts = group
    parts = tuple(part for one in texts if (part := _part_of(one, table, depth + 1)) is not None)
    return Group(parts, any_of, negated) if parts else None


def _encoded(condition: Condition) -> str:
    values = ",".join(_part(value) or EMPTY for value in condition.values)
    return f"{_part(condition.column)}~{_part(condition.operator.value)}~{values}"


def _part(text: str) -> str:
    return quote(clean(text), safe="").replace("~", "%7E")


def _condition(text: str, table: str) -> Condition | None:
    parts = text.split("~")
    if len(parts) != 3:
        raise BadInput("a condition is column~operator~values", place="f")
    try:
        operator = Operator(unquote(parts[1]))
    except ValueError:
        known = ", ".join(operator.value for operator in Operator)
        raise BadInput(f"there is no operator “{unquote(parts[1])}”; operators are {known}", place="f") from None
    values = tuple("" if value == EMPTY else unquote(value) for value in parts[2].split(",")) if parts[2] else ()
    condition = Condition(unquote(parts[0]), operator, values)
    owner, column = resolve(condition.column, base=table_named(table))
    if owner.name != table and not (owner.has(KEY) and table_named(table).has(KEY)):
        raise BadInput(f"{table} cannot be asked by {owner.name}: they have no message in common", place="f")
    typed(column, positive(condition)[0], values)
    chosen_all = bool(column.choices) and operator is Operator.EQUAL_ANY and set(values) >= set(column.choices)
    if operator in UNVALUED:
        return replace(condition, values=())
    return None if not values or chosen_all else condition


def _all(parameters: Mapping[str, Any], name: str) -> list[str]:
    if hasattr(parameters, "getlist"):
        return list(parameters.getlist(name))
    value = parameters.get(name, [])
    return [value] if isinstance(value, str) else list(value)


def _moment(text: str | None, place: str, default: datetime) -> datetime:
    if not text:
        return default.astimezone(UTC)
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=default.tzinfo)
        return in_our_times(moment).astimezone(UTC)
    except ValueError:
        raise BadInput(f"“{text[:80]}” is not a time such as 2026-11-20T14:00:00Z", place=place) from None


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
