"""One row of the lake as a row of the grid: names and tags from the directory, hostile characters made visible."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

from watchfloor.hunting.explorer.contracts import Cell, GridColumn, GridRow
from watchfloor.identities.contracts import DirectoryEntry
from watchfloor.kernel.text import visible
from watchfloor.lake.selectors import values_of

Row = Mapping[str, Any]
People = Mapping[str, DirectoryEntry]


def row_key(row: Row) -> str:
    """What a tick in the grid sends: `<NetworkMessageId>|<recipient>`."""
    return f"{row['NetworkMessageId']}|{row['RecipientEmailAddress']}"


def address_of_mail(row: Row) -> str:
    """The email's own page for this recipient."""
    return f"/email/{quote(str(row['NetworkMessageId']))}?{urlencode({'recipient': row['RecipientEmailAddress']})}"


def summary_of_mail(row: Row, *, place: int, within: Sequence[tuple[str, str]]) -> str:
    """The fly-out of the row at `place` (from 0) of the query `within`, so that it knows its neighbours."""
    parameters = [("recipient", str(row["RecipientEmailAddress"])), ("place", str(place)), *within]
    return f"/email/{quote(str(row['NetworkMessageId']))}/summary?{urlencode(parameters)}"


def cell_of(column: GridColumn, row: Row, people: People) -> Cell:
    """What stands in one cell."""
    value = row.get(column.sources[0])
    if column.kind == "time":
        return Cell("time", value=value)
    if column.kind in ("names", "threats"):
        return Cell(column.kind, items=tuple(map(visible, values_of(row, column.sources[0]))))
    if column.kind in ("number", "size"):
        return Cell(column.kind, value=value or 0)
    if column.kind in ("person", "tags"):
        return _recipient_cell(column.kind, str(value or ""), people)
    if column.kind == "subject":
        return Cell("subject", visible(value) or "(no subject)", value=row, href=address_of_mail(row))
    return Cell(column.kind, "" if value is None else visible(value))


def _recipient_cell(kind: str, address: str, people: People) -> Cell:
    known = people.get(address.lower())
    if kind == "tags":
        return Cell("tags", items=tuple(map(visible, known.tags)) if known else ())
    return Cell("person", visible(known.name) if known else "", value=visible(address))


def grid_row(
    row: Row,
    *,
    columns: Sequence[GridColumn],
    people: People,
    place: int,
    within: Sequence[tuple[str, str]],
    left_out: frozenset[str],
    whole: bool,
) -> GridRow:
    """The whole row; in a whole-query selection it is ticked unless it was left out."""
    key = row_key(row)
    return GridRow(
        key=key,
        subject=visible(row.get("Subject")) or "(no subject)",
        cells=tuple(replace(cell_of(column, row, people), roomy=column.roomy) for column in columns),
        summary=summary_of_mail(row, place=place, within=within),
        ticked=whole and key not in left_out,
    )
