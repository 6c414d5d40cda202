"""A query as an address and back: stable, shareable, every part percent-encoded."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import quote, unquote, urlencode
from zoneinfo import ZoneInfo

from watchfloor.kernel.errors import BadInput
from watchfloor.lake.catalogue import resolve
from watchfloor.lake.catalogue import table as table_named
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.lake.query.values import in_our_times, positive, typed
from watchfloor.lake.text import clean

LONGEST = timedelta(days=3660)
MOST_CONDITIONS = 100
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
        raise BadInput(f"at most {MOST_CONDITIONS} conditions; one may hold many values", place="f")
    conditions = tuple(c for text in texts if (c := _condition(text, table)) is not None)
    required = tuple(c for text in _all(parameters, "always") if (c := _condition(text, table)) is not None)
    return Query(table, start, end, conditions, any_of=parameters.get("match") == "any", required=required)


def parameters_of(query: Query) -> str:
    """The querystring of a query, without the question mark."""
    parts = [("from", _iso(query.start)), ("to", _iso(query.end))]
    if query.any_of:
        parts.append(("match", "any"))
    parts += [("always", _encoded(condition)) for condition in query.required]
    parts += [("f", _encoded(condition)) for condition in query.conditions]
    return urlencode(parts, quote_via=quote)


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
    _, column = resolve(condition.column, base=table_named(table))
    typed(column, positive(condition)[0], values)
    chosen_all = bool(column.choices) and operator is Operator.EQUAL_ANY and set(values) >= set(column.choices)
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
