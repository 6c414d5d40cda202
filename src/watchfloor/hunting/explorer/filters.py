"""One filter of the address, a condition or a group of them: read, put into words, checked; what cannot be used says why at its place."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote, unquote, urlencode

from django.http import QueryDict

from watchfloor.hunting.explorer.columns import MAIL
from watchfloor.hunting.explorer.contracts import Filter
from watchfloor.hunting.explorer.properties import CLICKS, FILES, RECIPIENT_TAG, operators_for, properties
from watchfloor.identities.selectors import addresses_tagged
from watchfloor.kernel.errors import BadInput
from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import UNVALUED, Condition, Group, Operator

LONGEST_FILTER = 8000
WHO = {MAIL: "RecipientEmailAddress", CLICKS: "AccountUpn", FILES: "FileOwnerUpn"}
"""The column that a tag of the directory is asked of."""
ANY_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)


def read_filter(raw: str, *, table: str = MAIL) -> Filter:
    """What one `f` parameter holds, each condition asked of the lake by itself so that its error is known to be its own."""
    if len(raw) > LONGEST_FILTER:
        return Filter(raw[:100], visible(raw[:100]), error=f"longer than {LONGEST_FILTER:,} characters")
    try:
        group = lake.group_of(raw)
    except BadInput as error:
        return Filter(raw, visible(raw[:100]), error=error.message)
    if group is None:
        return _read_condition(raw, table)
    negated, any_of, texts = group
    return group_filter([read_filter(text, table=table) for text in texts], any_of=any_of, negated=negated)


def group_filter(parts: Sequence[Filter], *, any_of: bool, negated: bool = False) -> Filter:
    """Filters as one group. What cannot be used stays in it, shows its error and filters nothing."""
    usable = tuple(one.condition for one in parts if one.condition is not None)
    words = (" or " if any_of else " and ").join(one.words for one in parts if not one.error)
    return Filter(
        raw=f"{'!' if negated else ''}{'any' if any_of else 'all'}({';'.join(one.raw for one in parts)})",
        words=f"{'not ' if negated else ''}({words or 'anything'})",
        condition=Group(usable, any_of, negated) if usable else None,
        error="" if parts else "an empty group",
        parts=tuple(parts),
        any_of=any_of,
        negated=negated,
    )


def _read_condition(raw: str, table: str) -> Filter:
    try:
        if raw.startswith(f"{RECIPIENT_TAG}~"):
            return _tag_filter(raw, table)
        found = lake.query_from_parameters(QueryDict(urlencode({"f": raw})), now=ANY_MOMENT, table=table).conditions
    except BadInput as error:
        return Filter(raw, visible(unquote(raw.replace("~", " "))), error=error.message)
    if not found or not isinstance(found[0], Condition):
        return _filters_nothing(raw, table)
    condition = found[0]
    owner, _, name = condition.column.rpartition(".")
    notes = lake.normalised(condition, lake.table(owner or table).column(name))
    return Filter(raw, words_of(condition, table=table), condition, asked=condition, notes=notes)


def _filters_nothing(raw: str, table: str) -> Filter:
    """A condition without values is unfinished; one with every value of a property holds for all mail (TE-034)."""
    name = unquote(raw.partition("~")[0])
    known = properties(table)
    label = known[name].label if name in known else visible(name)
    if raw.endswith("~"):
        return Filter(raw, label, error="no value is given")
    return Filter(raw, f"{label} is anything")


def _tag_filter(raw: str, table: str) -> Filter:
    """A tag is the directory's, not the lake's: it becomes the addresses that carry it."""
    _, written, values = (*raw.split("~"), "", "")[:3]
    operator = Operator.EQUAL_NONE if unquote(written) == Operator.EQUAL_NONE else Operator.EQUAL_ANY
    tags = tuple(unquote(value) for value in values.split(",") if value)
    asked = Condition(RECIPIENT_TAG, operator, tags)
    addresses = tuple(sorted({address for tag in tags for address in addresses_tagged(tag)}))
    if not addresses:
        raise BadInput("nobody in the directory carries this tag")
    return Filter(raw, words_of(asked, table=MAIL), Condition(WHO[table], operator, addresses), asked=asked)


def words_of(condition: Condition, *, table: str = MAIL) -> str:
    """“sender domain is any of “a.example” or “b.example””, hostile characters made visible."""
    return visible(lake.condition_sentence(condition, table=lake.table(table)))


def raw_of(condition: Condition) -> str:
    """A condition as the value of one `f` parameter, in the lake's own spelling."""
    if condition.column == RECIPIENT_TAG:
        return "~".join((RECIPIENT_TAG, quote(condition.operator), ",".join(map(quote, condition.values))))
    return lake.encoded(condition)


def moved(one: Filter, *, of: str, to: str) -> Filter:
    """A filter on rows of one table, as it reads among rows of another: columns of a table not its own carry its name."""
    if one.parts:
        parts = [moved(part, of=of, to=to) for part in one.parts]
        return group_filter(parts, any_of=one.any_of, negated=one.negated)
    name, sign, rest = one.raw.partition("~")
    owner, _, column = unquote(name).rpartition(".")
    if column == RECIPIENT_TAG and not owner:
        return read_filter(one.raw, table=to)
    owner = owner or of
    named = column if owner == to else f"{owner}.{column}"
    return read_filter(f"{quote(named, safe='.')}{sign}{rest}", table=to)


def typed_condition(*, column: str, operator: str, typed: Sequence[str], table: str = MAIL) -> Condition:
    """The condition a person typed: values are separated by commas (TE-031); one in double quotes may hold commas.

    A regular expression is one value, commas and quotes included. Raises BadInput naming the field when property or operator
    are not offered.
    """
    if column not in properties(table):
        raise BadInput("choose a property", place="property")
    try:
        chosen = Operator(operator)
    except ValueError:
        raise BadInput("choose an operator", place="operator") from None
    if chosen not in operators_for(column, table=table):
        raise BadInput(f"“{chosen.value}” does not fit {properties(table)[column].label}", place="operator")
    if chosen in UNVALUED:
        return Condition(column, chosen, ())
    values = typed if chosen is Operator.REGEX else _separated(typed)
    return Condition(column, chosen, tuple(dict.fromkeys(value for value in values if value)))


def _separated(typed: Sequence[str]) -> list[str]:
    try:
        return [value.strip() for line in csv.reader(typed, skipinitialspace=True) for value in line]
    except csv.Error as error:
        raise BadInput(f"the values cannot be read ({error})", place="value") from None


def typed_words(values: Sequence[str], *, operator: Operator = Operator.EQUAL_ANY) -> str:
    """Values as one would type them, for editing a condition."""
    if operator is Operator.REGEX:
        return "|".join(values)
    return ", ".join(f'"{value}"' if "," in value or '"' in value else value for value in values)


def denied(one: Filter, *, table: str) -> Filter:
    """The filter turned round: “equal any of” becomes “equal none of”; what has no opposite becomes a group that denies."""
    if one.parts:
        return group_filter(one.parts, any_of=one.any_of, negated=not one.negated)
    if one.asked is not None and one.asked.operator in OPPOSITES:
        return read_filter(raw_of(replace(one.asked, operator=OPPOSITES[one.asked.operator])), table=table)
    return group_filter([one], any_of=False, negated=True)


_PAIRS = (
    (Operator.EQUAL_ANY, Operator.EQUAL_NONE),
    (Operator.CONTAINS_ANY, Operator.CONTAINS_NONE),
    (Operator.EMPTY, Operator.NOT_EMPTY),
)
OPPOSITES = {**dict(_PAIRS), **{second: first for first, second in _PAIRS}}
