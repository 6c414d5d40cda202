"""A query in words: what every screen shows beside its filter."""

from collections.abc import Sequence
from datetime import UTC, datetime

from watchfloor.lake.catalogue import resolve
from watchfloor.lake.catalogue import table as table_named
from watchfloor.lake.contracts import UNVALUED, Condition, Operator, Part, Query, Table

VERBS = {
    Operator.EQUAL_ANY: ("is", "is any of"),
    Operator.EQUAL_NONE: ("is not", "is none of"),
    Operator.CONTAINS_ANY: ("contains", "contains any of"),
    Operator.CONTAINS_NONE: ("does not contain", "contains none of"),
    Operator.STARTS_WITH: ("starts with", "starts with any of"),
    Operator.ENDS_WITH: ("ends with", "ends with any of"),
    Operator.WILDCARD: ("matches", "matches any of"),
    Operator.REGEX: ("matches the regular expression", "matches any of the regular expressions"),
    Operator.EMPTY: ("is empty", "is empty"),
    Operator.NOT_EMPTY: ("is not empty", "is not empty"),
    Operator.GREATER: ("is greater than", "is greater than any of"),
    Operator.LESS: ("is less than", "is less than any of"),
}
MOST_VALUES = 5


def sentence(query: Query) -> str:
    """Such as: Mail received, ... from 20 Nov 2026 00:00 to 22 Nov 2026 00:00 UTC where sender domain is “evil.example”."""
    table = table_named(query.table)
    subject = table.description.split(":")[0]
    text = f"{subject} from {_moment(query.start)} to {_moment(query.end)} UTC"
    always = [condition_sentence(condition, table=table) for condition in query.required]
    parts = [part_sentence(part, table=table) for part in query.conditions]
    if query.any_of and always and len(parts) > 1:
        parts = [f"({' or '.join(parts)})"]
    joined = (" or " if query.any_of and not always else " and ").join([*always, *parts])
    return f"{text} where {joined}" if joined else text


def part_sentence(part: Part, *, table: Table) -> str:
    """A condition, or a group in brackets: not (subject contains “a” or sender domain is “b.example”)."""
    if isinstance(part, Condition):
        return condition_sentence(part, table=table)
    inside = (" or " if part.any_of else " and ").join(part_sentence(one, table=table) for one in part.parts)
    return f"{'not ' if part.negated else ''}({inside or 'anything'})"


def condition_sentence(condition: Condition, *, table: Table) -> str:
    """Such as: sender domain is any of “a.example” or “b.example”."""
    column = resolve(condition.column, base=table)[1]
    label = column.label or column.name
    words = label if label[:2].isupper() else label[:1].lower() + label[1:]
    one, many = VERBS[condition.operator]
    if condition.operator in UNVALUED:
        return f"{words} {one}"
    return f"{words} {one if len(condition.values) == 1 else many} {_listing(condition.values)}"


def _listing(values: Sequence[str]) -> str:
    shown = [f"“{value}”" if value else "nothing" for value in values[:MOST_VALUES]]
    if len(values) > MOST_VALUES:
        shown.append(f"{len(values) - MOST_VALUES} more")
    return " or ".join(shown) or "nothing"


def _moment(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    return f"{utc.day} {utc:%b %Y %H:%M}"
