"""Answers to plain questions over a few rows in memory, as the engine would give them.

Rows come in pieces of which most hold nothing that was asked for. Of each the rows that meet the conditions are cut out before
anything else is done with it: they mostly lie next to one another, and a stretch of a piece costs next to nothing.
"""

from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from watchfloor.lake.engines.plain import Chosen, NotPlain, Plain, Test
from watchfloor.lake.engines.rows import nothing

MOST_ROWS = 50_000
Piece: TypeAlias = pa.RecordBatch | pa.Table
"""Rows with some of the table's columns; those it lacks hold nothing in any of its rows."""
_COMPARE = {">=": pc.greater_equal, ">": pc.greater, "<=": pc.less_equal, "<": pc.less}


def answered(asked: Plain, pieces: Sequence[Piece], schema: pa.Schema) -> pa.Table | None:
    """The answer over rows of a table that has the columns of `schema`; None when it takes the engine."""
    if sum(map(len, pieces)) > MOST_ROWS:
        return None
    try:
        return _answered(asked, pieces, schema)
    except NotPlain:
        return None


def _answered(asked: Plain, pieces: Sequence[Piece], schema: pa.Schema) -> pa.Table:
    chosen = asked.chosen or tuple(Chosen(name, name) for name in schema.names)
    by = [] if asked.groups else [name for name, _ in asked.order]
    columns = list(dict.fromkeys([*(one.column for one in chosen if one.column), *asked.groups, *by]))
    for name in columns:
        if schema.get_field_index(name) < 0:
            raise NotPlain
    if any(not _sortable(schema.field(name).type) for name in by):
        raise NotPlain
    rows = _joined([one for piece in pieces for one in _kept(asked.tests, piece, columns, schema)], columns, schema)
    if asked.groups:
        counts = [_counting(one) for one in chosen if one.counted]
        rows = rows.group_by(list(asked.groups), use_threads=False).aggregate(counts)
    if asked.order and len(rows) > 1:
        rows = rows.take(pc.sort_indices(rows, sort_keys=list(asked.order)))
    if asked.offset or (asked.limit is not None and asked.limit < len(rows)):
        rows = rows.slice(asked.offset, asked.limit)
    made = [one.made for one in chosen]
    if made != rows.column_names:
        rows = rows.select(made)
    names = [one.name for one in chosen]
    return rows if names == made else rows.rename_columns(names)


def _sortable(type: pa.DataType) -> bool:
    """Whether Arrow sorts it as the engine does; numbers that are none are sorted otherwise."""
    return any(test(type) for test in (pa.types.is_string, pa.types.is_timestamp, pa.types.is_integer))


def _counting(one: Chosen) -> tuple[Any, ...]:
    return (
        ([], "count_all")
        if one.counted == "count_all"
        else (one.column, "count_distinct", pc.CountOptions("only_valid"))
    )


def _joined(pieces: Sequence[Piece], columns: Sequence[str], schema: pa.Schema) -> pa.Table:
    if not pieces:
        return schema.empty_table().select(columns)
    tables = [one if isinstance(one, pa.Table) else pa.Table.from_batches([one]) for one in pieces]
    return tables[0] if len(tables) == 1 else pa.concat_tables(tables)


def _kept(tests: Sequence[Test], piece: Piece, columns: Sequence[str], schema: pa.Schema) -> Iterator[Piece]:
    """The rows of a piece that meet all tests, with `columns`; nothing when none does."""
    masks = [_holds(one, _column(piece, one.column, schema)) for one in tests]
    if not masks:
        yield _with(piece, columns, schema)
        return
    mask = reduce(pc.and_kleene, masks)
    places = pc.indices_nonzero(mask)
    if not len(places):
        return
    first = places[0].as_py()
    if places[-1].as_py() - first + 1 == len(places):
        yield _with(piece.slice(first, len(places)), columns, schema)
    else:
        yield _with(piece, columns, schema).take(places)


def _column(piece: Piece, name: str, schema: pa.Schema) -> pa.Array | pa.ChunkedArray:
    at = piece.schema.get_field_index(name)
    if at >= 0:
        return piece.column(at)
    field = schema.get_field_index(name)
    if field < 0:
        raise NotPlain
    return nothing(schema.field(field).type, len(piece))


def _with(piece: Piece, columns: Sequence[str], schema: pa.Schema) -> Piece:
    have = set(piece.schema.names)
    if have.issuperset(columns):
        return piece.select(columns)
    arrays = [_column(piece, name, schema) for name in columns]
    return type(piece).from_arrays(arrays, names=list(columns))


def _holds(test: Test, column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    if test.compare:
        if not pa.types.is_timestamp(column.type):
            raise NotPlain
        return _COMPARE[test.compare](column, pa.scalar(test.moment, pa.timestamp("us", "UTC")))
    if not pa.types.is_string(column.type):
        raise NotPlain
    if test.lowered:
        if not pc.all(pc.string_is_ascii(column)).as_py():
            raise NotPlain
        column = pc.ascii_lower(column)
    if len(test.texts) == 1:
        return pc.equal(column, pa.scalar(test.texts[0], pa.string()))
    return pc.is_in(column, value_set=pa.array(test.texts, pa.string()))
