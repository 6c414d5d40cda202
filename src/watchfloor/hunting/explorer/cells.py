"""One row of the lake as a row of the grid: names and tags from the directory, hostile characters made visible."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

from watchfloor.hunting.explorer.columns import MAIL
from watchfloor.hunting.explorer.contracts import Cell, ExplorerView, GridColumn, GridRow
from watchfloor.hunting.explorer.entity_links import entity_link
from watchfloor.hunting.explorer.lookups import More, values_for
from watchfloor.identities.contracts import DirectoryEntry
from watchfloor.kernel.text import visible
from watchfloor.lake.selectors import values_of

Row = Mapping[str, Any]
People = Mapping[str, DirectoryEntry]
NO_ADDRESS = ("", "0.0.0.0")  # noqa: S104 -- what mail systems write for none
FLY_OUTS = {"ip": "ip", "url": "url", "document": "document", "file": "file"}
"""Kinds of columns whose cells open a fly-out, and which."""
TITLES = {MAIL: "Subject", "UrlClickEvents": "Url", "FileMaliciousContentInfo": "FileName"}
"""What a row is called by."""


def row_key(row: Row, *, view: ExplorerView) -> str:
    """What a tick in the grid sends: `<NetworkMessageId>|<recipient>`."""
    return f"{row['NetworkMessageId']}|{row[view.person]}" if view.mailed else str(row["ReportId"])


def address_of_mail(row: Row) -> str:
    """The email's own page for this recipient."""
    return f"/email/{quote(str(row['NetworkMessageId']))}?{urlencode({'recipient': row['RecipientEmailAddress']})}"


def summary_of_mail(row: Row, *, place: int, within: Sequence[tuple[str, str]]) -> str:
    """The fly-out of the row at `place` (from 0) of the query `within`, so that it knows its neighbours."""
    parameters = [("recipient", str(row["RecipientEmailAddress"])), ("place", str(place)), *within]
    return f"/email/{quote(str(row['NetworkMessageId']))}/summary?{urlencode(parameters)}"


def cell_of(column: GridColumn, row: Row, people: People, *, of: str, more: More) -> Cell:
    """What stands in one cell of a row of table `of`."""
    if column.looked_up:
        return Cell("names", items=tuple(map(visible, values_for(row, column=column, more=more))))
    value = row.get(column.sources[0])
    if column.kind == "time":
        return Cell("time", value=value)
    if column.kind in ("names", "threats"):
        return Cell(column.kind, items=tuple(map(visible, values_of(row, column.sources[0], of=of))))
    if column.kind in ("number", "size"):
        return Cell(column.kind, value=value or 0)
    if column.kind in ("person", "tags"):
        return _recipient_cell(column.kind, str(value or ""), people)
    if column.kind == "subject":
        return Cell("subject", visible(value) or "(no subject)", value=row, href=address_of_mail(row))
    if column.kind in FLY_OUTS and value not in (None, *NO_ADDRESS):
        kind = FLY_OUTS[column.kind]
        return Cell(
            "entity", visible(value), href=entity_link(kind, str(row["ReportId"] if kind == "document" else value))
        )
    return _plain_cell(column.kind, "" if value is None else visible(value))


def _plain_cell(kind: str, text: str) -> Cell:
    """Text; what seems to be missing says why (LM-27)."""
    if kind == "ip" and text in NO_ADDRESS:
        return Cell(
            "reason",
            "none",
            value="No sending address: an automatic reply, a failed mail or one of the mail service itself",
        )
    if kind == "location" and text == "Unknown":
        return Cell("reason", text, value="A rule moved it to an unusual folder, or an action could not find it")
    if kind == "yes-no":
        return Cell("text", "Yes" if text == "True" else "No")
    if kind == "mail" and text:
        return Cell(
            "mail", text, href=f"/explorer?{urlencode({'range': '400d', 'f': f'NetworkMessageId~equal any of~{text}'})}"
        )
    return Cell(kind, text)


def _recipient_cell(kind: str, address: str, people: People) -> Cell:
    known = people.get(address.lower())
    if kind == "tags":
        return Cell("tags", items=tuple(map(visible, known.tags)) if known else ())
    name, tags = (visible(known.name), tuple(map(visible, known.tags))) if known else ("", ())
    return Cell("person", name, visible(address), entity_link("recipient", address), items=tags)


def grid_row(
    row: Row,
    *,
    view: ExplorerView,
    columns: Sequence[GridColumn],
    people: People,
    more: More,
    place: int,
    within: Sequence[tuple[str, str]],
    left_out: frozenset[str],
    whole: bool,
) -> GridRow:
    """The whole row; in a whole-query selection it is ticked unless it was left out."""
    key = row_key(row, view=view)
    name = visible(row.get(TITLES[view.table])) or ("(no subject)" if view.table == MAIL else "(no name)")
    return GridRow(
        key=key,
        subject=name,
        cells=tuple(
            replace(cell_of(column, row, people, of=view.table, more=more), roomy=column.roomy) for column in columns
        ),
        summary=summary_of_mail(row, place=place, within=within) if view.table == MAIL else "",
        ticked=whole and key not in left_out,
    )
