"""The rows behind a report's figures, page by page and as a file."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from watchfloor.kernel.text import csv_line, visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.portal.reports.catalogue import click_name
from watchfloor.portal.reports.contracts import Asked, Cell, Details, ReportTab

A_PAGE = 50
BEFORE = timedelta(days=400)
"""How long before an action its mail may have come."""
ADDED = ("Subject", "Sender", "Received", "Original threat")
Row = Mapping[str, Any]


def details(one: Asked, *, total: int, limit: int = A_PAGE) -> Details:
    """One page, newest first; of a later action also the mail it concerns."""
    rows = lake.rows(one.query, columns=_asked_columns(one.tab), limit=limit, offset=(one.page - 1) * limit)
    mails = _mails(rows, one) if _later(one.tab) else {}
    return Details(heads(one.tab), [_cells(one.tab, row, mails) for row in rows], total)


def heads(tab: ReportTab) -> tuple[str, ...]:
    """What the columns are called."""
    columns = lake.table(tab.table)
    named = [columns.column(name).label or name for name in tab.columns if name != "NetworkMessageId"]
    return tuple([named[0], *ADDED, *named[1:]] if _later(tab) else named)


def csv_of_rows(one: Asked) -> Iterator[str]:
    """Every row, streamed, with all that the page shows and the mail's id."""
    names = tuple(dict.fromkeys((*one.tab.columns, "NetworkMessageId"))) if _mailed(one.tab) else one.tab.columns
    yield "\ufeff" + csv_line(names)
    for rows in lake.stream(one.query, columns=names):
        yield "".join(csv_line(_plain(one.tab, row, name) for name in names) for row in rows)


def _plain(tab: ReportTab, row: Row, name: str) -> object:
    value = row[name]
    if isinstance(value, datetime):
        return value.isoformat()
    if lake.table(tab.table).column(name).listed:
        return ", ".join(lake.values_of(row, name, of=tab.table))
    return "" if value is None else value


def _later(tab: ReportTab) -> bool:
    """Whether its rows are things that happened to a mail."""
    return tab.table == "EmailPostDeliveryEvents"


def _mailed(tab: ReportTab) -> bool:
    return lake.table(tab.table).has("NetworkMessageId")


def _asked_columns(tab: ReportTab) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*tab.columns, *(("NetworkMessageId",) if _mailed(tab) else ()))))


def _mails(rows: Sequence[Row], one: Asked) -> dict[str, Row]:
    ids = tuple(sorted({row["NetworkMessageId"] for row in rows if row["NetworkMessageId"]}))
    if not ids:
        return {}
    wanted = Condition("NetworkMessageId", Operator.EQUAL_ANY, ids)
    query = Query("EmailEvents", one.start - BEFORE, one.end, (wanted,))
    names = ("NetworkMessageId", "Subject", "SenderFromAddress", "Timestamp", "ThreatTypes")
    return {row["NetworkMessageId"]: row for row in lake.rows(query, columns=names, limit=2000)}


def _cells(tab: ReportTab, row: Row, mails: Mapping[str, Row]) -> list[Cell]:
    cells = [_cell(tab, row, name) for name in tab.columns if name != "NetworkMessageId"]
    if not _later(tab):
        return cells
    mail = mails.get(row["NetworkMessageId"])
    subject = (mail["Subject"] or "(no subject)") if mail else "(the mail is no longer kept)"
    added = (
        Cell("link" if mail else "text", visible(subject), _email(row) if mail else ""),
        Cell("text", visible(mail["SenderFromAddress"]) if mail else ""),
        Cell("time", mail["Timestamp"] if mail else None),
        Cell("threat", lake.values_of(mail, "ThreatTypes") if mail else ()),
    )
    return [cells[0], *added, *cells[1:]]


def _cell(tab: ReportTab, row: Row, name: str) -> Cell:
    value = row[name]
    if isinstance(value, datetime):
        return Cell("time", value)
    if lake.table(tab.table).column(name).listed:
        found = lake.values_of(row, name, of=tab.table)
        return Cell("threat" if name == "ThreatTypes" else "text", found if name == "ThreatTypes" else ", ".join(found))
    if name == "ActionType" and tab.table == "UrlClickEvents":
        return Cell("text", click_name(row))
    if name == "Subject":
        return Cell("link", visible(value) or "(no subject)", _email(row))
    if isinstance(value, bool):
        return Cell("text", "Yes" if value else "No")
    return Cell("text", visible(value) if value is not None else "")


def _email(row: Row) -> str:
    recipient = quote(str(row["RecipientEmailAddress"] or ""), safe="")
    return f"/email/{quote(str(row['NetworkMessageId']), safe='')}?recipient={recipient}"
