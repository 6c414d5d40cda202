"""Every row of a query as CSV, JSON lines or Parquet, column by column and batch by batch, so that it is fast and memory stays flat (TE-010, LM-02)."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from watchfloor.hunting.advanced.exports import TYPES, Sink
from watchfloor.hunting.explorer.contracts import GridColumn
from watchfloor.hunting.explorer.lookups import MAIL_KEY, MAILBOX, More, looked_up, values_for
from watchfloor.hunting.explorer.parts import sources_of
from watchfloor.hunting.explorer.state import ExplorerState
from watchfloor.identities.selectors import people_by_address
from watchfloor.kernel.text import FORMULA, UNSEEN, csv_line, spreadsheet_cell
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Query

REMEMBERED = 20_000
"""Values of a column and tags of people that an export keeps at hand; beyond it begins anew, so that memory stays flat."""
FEW_EVENTS = 100_000
_ODD = re.compile(f'^[{re.escape("".join(FORMULA))}]|"|{UNSEEN.pattern}')
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonlines; charset=utf-8",
    "parquet": TYPES["parquet"],
}
SEVERAL = frozenset({"names", "threats", "tags"})
"""Kinds of columns whose cells hold several texts."""


def pieces(state: ExplorerState, columns: Sequence[GridColumn], *, kind: str) -> Iterator[str] | Iterator[bytes]:
    """The file in pieces of a few thousand rows; `kind` is one of FORMATS."""
    return _parquet(state, columns) if kind == "parquet" else _lines(state, columns, kind=kind)


def _parquet(state: ExplorerState, columns: Sequence[GridColumn]) -> Iterator[bytes]:
    """Row groups as they come: times and numbers as such, cells of several values as lists."""
    export, sink = _Export(state, columns), Sink()
    with pq.ParquetWriter(sink, export.schema, compression="zstd") as writer:
        for batch in lake.stream_batches(state.query, columns=sources_of(columns, view=state.view)):
            writer.write_batch(export.arrow(batch))
            yield sink.taken()
    yield sink.taken()


def _lines(state: ExplorerState, columns: Sequence[GridColumn], *, kind: str) -> Iterator[str]:
    export = _Export(state, columns)
    write = export.csv if kind == "csv" else export.json
    if kind == "csv":
        yield csv_line(column.label for column in columns)
    for batch in lake.stream_batches(state.query, columns=sources_of(columns, view=state.view)):
        yield write(batch)


class _Export:
    """What one export remembers from batch to batch."""

    def __init__(self, state: ExplorerState, columns: Sequence[GridColumn]) -> None:
        self.state, self.columns = state, columns
        self.seen: dict[str, dict[Any, Any]] = defaultdict(dict)
        self.tags: dict[str, tuple[str, ...]] = {}
        self.known = self._few_events()

    def _few_events(self) -> dict[str, dict[tuple[str, str], list[str]]]:
        """By column, the values that another table gives mails, read once where they are few; otherwise each batch asks for its own."""
        found = {}
        for column in self.columns:
            table, _, name = column.looked_up.partition(".")
            if not table:
                continue
            asked = Query(table, self.state.start, self.state.end + timedelta(days=3660))
            has_mailbox = lake.table(table).has(MAILBOX)
            if lake.count(asked) <= FEW_EVENTS:
                kept: dict[tuple[str, str], list[str]] = {}
                wanted = (MAIL_KEY, name, *((MAILBOX,) if has_mailbox else ()))
                for row in lake.rows(asked, columns=wanted, descending=False, limit=FEW_EVENTS):
                    values = kept.setdefault((row[MAIL_KEY], row.get(MAILBOX, "")), [])
                    if row[name] and row[name] not in values:
                        values.append(row[name])
                found[column.key] = kept
        return found

    def csv(self, batch: pa.RecordBatch) -> str:
        cells = [self._texts(column, batch) for column in self.columns]
        return "".join(['"' + '","'.join(row) + '"\r\n' for row in zip(*cells, strict=True)])

    def json(self, batch: pa.RecordBatch) -> str:
        heads = [column.label for column in self.columns]
        cells = [self._values(column, batch) for column in self.columns]
        write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
        return "".join([write(dict(zip(heads, row, strict=True))) + "\n" for row in zip(*cells, strict=True)])

    @property
    def schema(self) -> pa.Schema:
        """The columns of a Parquet file, under the names the page has for them."""
        return pa.schema([(column.label, _type(column)) for column in self.columns])

    def arrow(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The same rows with the columns of `schema`."""
        arrays = [self._array(column, batch) for column in self.columns]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _array(self, column: GridColumn, batch: pa.RecordBatch) -> pa.Array:
        kind = _type(column)
        if column.kind in ("time", "number", "size") and not column.looked_up:
            return batch.column(column.sources[0]).cast(kind, safe=False)
        values = self._values(column, batch)
        return pa.array(values if pa.types.is_list(kind) else [_plain(value) for value in values], kind)

    def _texts(self, column: GridColumn, batch: pa.RecordBatch) -> list[str]:
        """A column's cells as they stand between the quotes of CSV."""
        if column.kind in ("number", "size", "time") and not column.looked_up:
            return ["" if value is None else str(value) for value in self._values(column, batch)]
        values = self._values(column, batch)
        return self._remembered(column.key, values, _csv_cell)

    def _remembered(self, key: str, values: list[Any], make: Callable[[Any], Any]) -> list[Any]:
        """Each value made once, as long as there is room."""
        known = self.seen[key]
        if len(known) > REMEMBERED:
            known.clear()
        made = []
        for value in values:
            found = known.get(value)
            if found is None:
                found = known[value] = make(value)
            made.append(found)
        return made

    def _values(self, column: GridColumn, batch: pa.RecordBatch) -> list[Any]:
        """A column's cells as plain values: text, numbers, ISO times, tuples of several."""
        if column.looked_up:
            return self._looked_up(column, batch)
        cells = batch.column(column.sources[0])
        if column.kind == "time":
            seconds = pc.cast(cells, pa.timestamp("s", tz="UTC"), safe=False)
            times: list[Any] = pc.strftime(seconds, "%Y-%m-%d %H:%M:%S").to_pylist()
            return times
        values: list[Any] = cells.to_pylist()
        if column.kind == "tags":
            return self._tags(values)
        if column.kind in ("names", "threats"):
            name, table = column.sources[0], self.state.view.table
            return self._remembered(
                f"{column.key}:", values, lambda value: lake.values_of({name: value}, name, of=table)
            )
        return values

    def _tags(self, addresses: list[Any]) -> list[tuple[str, ...]]:
        """Tags of these people; one question for those not met before."""
        if len(self.tags) > REMEMBERED:
            self.tags.clear()
        folded = [str(address or "").lower() for address in addresses]
        if new := {address for address in folded if address not in self.tags}:
            people = people_by_address(new)
            self.tags |= {address: tuple(people[address].tags) if address in people else () for address in new}
        return [self.tags[address] for address in folded]

    def _looked_up(self, column: GridColumn, batch: pa.RecordBatch) -> list[tuple[str, ...]]:
        mails, boxes = batch.column(MAIL_KEY).to_pylist(), batch.column(self.state.view.person).to_pylist()
        known = self.known.get(column.key)
        if known is not None:
            if not known:
                return [()] * len(mails)
            return [
                tuple(known.get((mail, box)) or known.get((mail, "")) or ())
                for mail, box in zip(mails, boxes, strict=True)
            ]
        rows = [{MAIL_KEY: mail, MAILBOX: box} for mail, box in zip(mails, boxes, strict=True)]
        more: More = looked_up(rows, columns=[column], query=self.state.query)
        return [tuple(values_for(row, column=column, more=more)) for row in rows]


def _type(column: GridColumn) -> pa.DataType:
    if column.looked_up or column.kind in SEVERAL:
        return pa.list_(pa.string())
    if column.kind == "time":
        return pa.timestamp("us", tz="UTC")
    return pa.int64() if column.kind in ("number", "size") else pa.string()


def _plain(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)


def _csv_cell(value: Any) -> str:
    text = ", ".join(value) if isinstance(value, tuple) else "" if value is None else str(value)
    return spreadsheet_cell(text).replace('"', '""') if _ODD.search(text) else text
