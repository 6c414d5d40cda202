"""One condition of the address: read, put into words, checked; what cannot be used says why at its own place."""

import csv
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote, urlencode

from django.http import QueryDict

from watchfloor.hunting.explorer.columns import MAIL
from watchfloor.hunting.explorer.contracts import Filter
from watchfloor.hunting.explorer.properties import CLICKS, FILES, RECIPIENT_TAG, operators_for, properties
from watchfloor.identities.selectors import addresses_tagged
from watchfloor.kernel.errors import BadInput
from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query

LONGEST_FILTER = 8000
WHO = {MAIL: "RecipientEmailAddress", CLICKS: "AccountUpn", FILES: "FileOwnerUpn"}
"""The column that a tag of the directory is asked of."""
ANY_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)


def read_filter(raw: str, *, table: str = MAIL) -> Filter:
    """The condition that one `f` parameter holds, asked of the lake by itself so that its error is known to be its own."""
    if len(raw) > LONGEST_FILTER:
        return Filter(raw[:100], visible(raw[:100]), error=f"longer than {LONGEST_FILTER:,} characters")
    try:
        if raw.startswith(f"{RECIPIENT_TAG}~"):
            return _tag_filter(raw, table)
        parameters = QueryDict(urlencode({"f": raw}))
        found = lake.query_from_parameters(parameters, now=ANY_MOMENT, table=table).conditions
        if not found:
            return _filters_nothing(raw, table)
        condition = found[0]
    except BadInput as error:
        return Filter(raw, visible(unquote(raw.replace("~", " "))), error=error.message)
    return Filter(raw, words_of(condition, table=table), condition)


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
    words = words_of(Condition(RECIPIENT_TAG, operator, tags), table=MAIL)
    addresses = tuple(sorted({address for tag in tags for address in addresses_tagged(tag)}))
    if not addresses:
        raise BadInput("nobody in the directory carries this tag")
    return Filter(raw, words, Condition(WHO[table], operator, addresses))


def words_of(condition: Condition, *, table: str = MAIL) -> str:
    """“sender domain is any of “a.example” or “b.example””, hostile characters made visible."""
    return visible(lake.condition_sentence(condition, table=lake.table(table)))


def raw_of(condition: Condition) -> str:
    """A condition as the value of one `f` parameter, in the lake's own spelling."""
    if condition.column == RECIPIENT_TAG:
        return "~".join((RECIPIENT_TAG, quote(condition.operator), ",".join(map(quote, condition.values))))
    text = lake.parameters_of(Query(MAIL, ANY_MOMENT, ANY_MOMENT + timedelta(days=1), (condition,)))
    return dict(parse_qsl(text, keep_blank_values=True))["f"]


def moved_raw(raw: str, *, of: str, to: str) -> str:
    """A filter on rows of one table, as it reads among rows of another: columns of a table not its own carry its name."""
    name, sign, rest = raw.partition("~")
    owner, _, column = unquote(name).rpartition(".")
    if column == RECIPIENT_TAG and not owner:
        return raw
    owner = owner or of
    return f"{quote(column if owner == to else f'{owner}.{column}', safe='.')}{sign}{rest}"


def typed_condition(*, column: str, operator: str, typed: Sequence[str], table: str = MAIL) -> Condition:
    """The condition a person typed: values are separated by commas (TE-031); one in double quotes may hold commas.

    Raises BadInput naming the field when property or operator are not offered.
    """
    if column not in properties(table):
        raise BadInput("choose a property", place="property")
    try:
        chosen = Operator(operator)
    except ValueError:
        raise BadInput("choose an operator", place="operator") from None
    if chosen not in operators_for(column, table=table):
        raise BadInput(f"“{chosen.value}” does not fit {properties(table)[column].label}", place="operator")
    values = (value.strip() for line in csv.reader(typed, skipinitialspace=True) for value in line)
    return Condition(column, chosen, tuple(dict.fromkeys(value for value in values if value)))


def typed_words(values: Sequence[str]) -> str:
    """Values as one would type them, for editing a condition."""
    return ", ".join(f'"{value}"' if "," in value or '"' in value else value for value in values)
