"""Cells that another table fills: what was done with a mail later, which alerts name it. One question for all rows of a page."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from watchfloor.hunting.explorer.contracts import GridColumn
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query

MAIL_KEY = "NetworkMessageId"
MAILBOX = "RecipientEmailAddress"
FAR = timedelta(days=3660)
MOST = 20_000

More = Mapping[tuple[str, str, str], Sequence[str]]
"""(key of the column, NetworkMessageId, mailbox or "" for any) to values, each once, oldest first."""


def looked_up(rows: Sequence[Mapping[str, Any]], *, columns: Sequence[GridColumn], query: Query) -> More:
    """What the other tables say about the mails of `rows`; nothing is asked when no column needs it."""
    wanted = [column for column in columns if column.looked_up]
    ids = tuple(dict.fromkeys(str(row[MAIL_KEY]) for row in rows)) if wanted else ()
    found: dict[tuple[str, str, str], list[str]] = {}
    for column in wanted if ids else ():
        table, _, name = column.looked_up.partition(".")
        has_mailbox = lake.table(table).has(MAILBOX)
        about = Query(table, query.start, query.end + FAR, (Condition(MAIL_KEY, Operator.EQUAL_ANY, ids),))
        for row in lake.all_rows(about, limit=MOST):
            kept = found.setdefault((column.key, row[MAIL_KEY], row[MAILBOX] if has_mailbox else ""), [])
            if row[name] and row[name] not in kept:
                kept.append(row[name])
    return found


def values_for(row: Mapping[str, Any], *, column: GridColumn, more: More) -> Sequence[str]:
    """What was found for one row."""
    mail, mailbox = str(row[MAIL_KEY]), str(row.get(MAILBOX, ""))
    return more.get((column.key, mail, mailbox)) or more.get((column.key, mail, "")) or ()
