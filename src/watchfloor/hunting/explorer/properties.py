"""Everything one may filter by: read off the lake's schema, so that a column marked filterable there stands in the filter bar."""

from functools import cache

from watchfloor.hunting.explorer.columns import MAIL
from watchfloor.hunting.explorer.contracts import Property
from watchfloor.identities.contracts import PRIORITY
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Column, ColumnType, Operator

RECIPIENT_TAG = "Tags"
CLICKS = "UrlClickEvents"
FILES = "FileMaliciousContentInfo"

GROUPS = {
    MAIL: "Mail",
    "EmailUrlInfo": "URLs",
    "EmailAttachmentInfo": "Files",
    "EmailPostDeliveryEvents": "After delivery",
    CLICKS: "Clicks",
    "AlertEvidence": "Alerts",
    FILES: "Documents",
}
SEEN_FROM = {
    MAIL: (MAIL, "EmailUrlInfo", "EmailAttachmentInfo", "EmailPostDeliveryEvents", CLICKS, "AlertEvidence"),
    CLICKS: (CLICKS, MAIL, "EmailUrlInfo", "EmailAttachmentInfo", "AlertEvidence"),
    FILES: (FILES,),
}
"""The tables a question about rows of one table can ask, its own first; the others are joined by NetworkMessageId."""


@cache
def properties(table: str = MAIL) -> dict[str, Property]:
    """What rows of `table` can be filtered by, keyed by column, in the order of the filter bar."""
    found: list[Property] = []
    for name in SEEN_FROM[table]:
        prefix = "" if name == table else f"{name}."
        columns = (column for column in lake.table(name).columns if column.filterable)
        of_table = [_property(prefix + column.name, GROUPS[name], column) for column in columns]
        if not prefix:
            of_table = [one for one in of_table if one.column != RECIPIENT_TAG]
            said = "A tag that the directory gives the recipient, the person who clicked or the file's owner"
            of_table.append(Property(RECIPIENT_TAG, "Tags", GROUPS[name], said, (PRIORITY,)))
        found += sorted(of_table, key=lambda one: one.label)
    return {one.column: one for one in found}


def _property(name: str, group: str, column: Column) -> Property:
    return Property(
        column=name,
        label=column.label or column.name,
        group=group,
        description=column.description,
        choices=TRUTH if column.type is ColumnType.BOOL else column.choices,
        number=column.type in (ColumnType.INT, ColumnType.LONG, ColumnType.REAL),
        listed=column.listed,
    )


def operators_for(column: str, *, table: str = MAIL) -> tuple[Operator, ...]:
    """The operators that make sense for a property (TE-030)."""
    chosen = properties(table).get(column)
    if column == RECIPIENT_TAG:
        return (Operator.EQUAL_ANY, Operator.EQUAL_NONE)
    if chosen is not None and chosen.number:
        return (Operator.EQUAL_ANY, Operator.EQUAL_NONE, Operator.GREATER, Operator.LESS)
    if chosen is not None and chosen.choices == TRUTH:
        return (Operator.EQUAL_ANY, Operator.EQUAL_NONE)
    if chosen is not None and chosen.choices:
        return (Operator.EQUAL_ANY, Operator.EQUAL_NONE, Operator.EMPTY, Operator.NOT_EMPTY)
    return _OF_LISTS if chosen is not None and chosen.listed else _OF_TEXTS


TRUTH = ("true", "false")
_OF_TEXTS = tuple(one for one in Operator if one not in (Operator.GREATER, Operator.LESS))
_OF_LISTS = tuple(one for one in _OF_TEXTS if one is not Operator.REGEX)
