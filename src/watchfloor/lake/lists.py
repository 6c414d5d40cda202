"""Lists that administrators upload: what `_GetWatchlist` gives, and what `externaldata` gives for an address, never fetched."""

import csv
import io
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from watchfloor.kernel.errors import BadInput, NotFound
from watchfloor.lake.kql.model import Hosts, ListData
from watchfloor.lake.kql.types import Type
from watchfloor.lake.models import UploadedList

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 100_000
MOST_COLUMNS = 60
ALIAS = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ .()-]{0,119}")
SEARCH_KEY = "SearchKey"
GEO_IP = "GeoIP"
"""Says where networks lie."""
READ_BY = {"geo_info_from_ip_address": GEO_IP, "FileProfile": "FileProfile"}
"""Functions that answer from the list of this alias."""


@dataclass(frozen=True, slots=True)
class ListState:
    """One list as the settings page shows it."""

    alias: str
    address: str
    file_name: str
    columns: tuple[str, ...]
    rows: int
    uploaded_at: datetime
    uploaded_by: str


def read_csv(data: bytes) -> tuple[tuple[str, ...], list[list[str]]]:
    """The header and rows of an uploaded file. Raises BadInput saying what is wrong and in which line."""
    if len(data) > MOST_BYTES:
        raise BadInput(f"the file is larger than {MOST_BYTES // 1024 // 1024} MB", place="file")
    try:
        lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"the file is no CSV in UTF-8: {error}", place="file") from error
    lines = [line for line in lines if any(cell.strip() for cell in line)]
    header = tuple(cell.strip() for cell in lines[0]) if lines else ()
    if not header or not all(header) or len({name.lower() for name in header}) != len(header):
        raise BadInput("the first line must name every column, each once", place="file")
    if len(header) > MOST_COLUMNS or len(lines) - 1 > MOST_ROWS:
        raise BadInput(f"at most {MOST_COLUMNS} columns and {MOST_ROWS:,} rows fit", place="file")
    for number, line in enumerate(lines[1:], 2):
        if len(line) != len(header):
            raise BadInput(f"line {number} has {len(line)} cells, the header {len(header)}", place="file")
    return header, lines[1:]


def store(*, alias: str, address: str, file_name: str, data: bytes, by: str, now: datetime) -> UploadedList:
    """Keep the list, in the place of an older one of this alias. Raises BadInput."""
    if not ALIAS.fullmatch(alias):
        raise BadInput("an alias has letters, digits, blanks and _ . ( ) -", place="alias")
    if address and UploadedList.objects.filter(address=address).exclude(pk=alias).exists():
        raise BadInput("another list is pinned to this address already", place="address")
    header, rows = read_csv(data)
    kept, _ = UploadedList.objects.update_or_create(
        alias=alias,
        defaults={
            "address": address,
            "file_name": file_name[:255],
            "columns": list(header),
            "rows": zlib.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()),
            "length": len(rows),
            "uploaded_at": now,
            "uploaded_by": by,
        },
    )
    return kept


def remove(alias: str) -> None:
    """Forget a list. Raises NotFound."""
    if not UploadedList.objects.filter(pk=alias).delete()[0]:
        raise NotFound(f"there is no list “{alias}”")


def states() -> tuple[ListState, ...]:
    """Every list, without its rows."""
    found = UploadedList.objects.defer("rows").order_by("alias")
    return tuple(
        ListState(
            one.alias, one.address, one.file_name, tuple(one.columns), one.length, one.uploaded_at, one.uploaded_by
        )
        for one in found
    )


def hosts(text: str) -> Hosts:
    """The lists a query's text can name: read only when it says so at all."""
    needed = {alias for word, alias in READ_BY.items() if word in text}
    if not needed and not any(word in text for word in ("Watchlist", "external_data", "externaldata")):
        return Hosts()
    found = [
        one
        for one in UploadedList.objects.all()
        if one.alias in needed or one.alias in text or (one.address and one.address in text)
    ]
    return Hosts(
        watchlists={one.alias: _watchlist(one) for one in found},
        pinned={one.address: _pinned(one) for one in found if one.address},
    )


def rows_of(alias: str) -> list[dict[str, str]]:
    """The rows of a list as texts by column; none when there is no such list."""
    one = UploadedList.objects.filter(pk=alias).first()
    return [dict(zip(one.columns, row, strict=True)) for row in _rows(one)] if one else []


def _rows(one: UploadedList) -> Sequence[Sequence[str]]:
    rows: list[list[str]] = json.loads(zlib.decompress(one.rows))
    return rows


def _watchlist(one: UploadedList) -> ListData:
    """Sentinel's four columns, then the list's own, all texts; the first column is the search key."""
    own = [name for name in one.columns if name not in (SEARCH_KEY, "_DTItemId", "LastUpdatedTimeUTC", "WatchlistItem")]
    places = [one.columns.index(name) for name in own]
    columns = (
        ("_DTItemId", Type.STRING),
        ("LastUpdatedTimeUTC", Type.DATETIME),
        (SEARCH_KEY, Type.STRING),
        ("WatchlistItem", Type.DYNAMIC),
        *((name, Type.STRING) for name in own),
    )
    at = one.uploaded_at.astimezone(UTC)
    rows = tuple(
        (
            f"{one.alias}/{number}",
            at,
            row[0],
            dict(zip(one.columns, row, strict=True)),
            *(row[place] for place in places),
        )
        for number, row in enumerate(_rows(one))
    )
    return ListData(columns, rows)


def _pinned(one: UploadedList) -> ListData:
    """The rows under their header; a query gives them its own names and types by place."""
    rows: list[tuple[Any, ...]] = [tuple(row) for row in _rows(one)]
    return ListData(tuple((name, Type.STRING) for name in one.columns), tuple(rows))
