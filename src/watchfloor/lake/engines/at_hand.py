"""Answers to plain questions over a few rows in memory, as the engine would give them.

Rows come in pieces of which most hold nothing that was asked for. Of each the rows that meet the conditions are cut out before
anything else is done with it: they mostly lie next to one another, and a stretch of a piece costs next to nothing. A
hundred rows are gone through in Python, since to call Arrow once takes as long; thousands, which come as tables, by Arrow.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import ge, gt, le, lt
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from watchfloor.lake.engines.plain import Chosen, NotPlain, Plain, Test
from watchfloor.lake.engines.rows import nothing

MOST_ROWS = 50_000
FEW_PLACES = 10
FEW_ROWS = 500
"""Rows up to which Python sorts and counts sooner than Arrow."""
Piece: TypeAlias = pa.RecordBatch | pa.Table
"""Rows with some of the table's columns; those it lacks hold nothing in any of its rows. Few are a batch."""
TEXT, INSTANT = pa.string(), pa.timestamp("us", "UTC")
_COMPARE: dict[str, tuple[Callable[[int, int], bool], Callable[..., Any]]] = {
    ">=": (ge, pc.greater_equal), ">": (gt, pc.greater), "<=": (le, pc.less_equal), "<": (lt, pc.less),
}  # fmt: skip
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


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
    by = () if asked.groups else [name for name, _ in asked.order]
    columns = list(dict.fromkeys([*[one.column for one in chosen if one.column], *asked.groups, *by]))
    if any(not _sortable(_type(name, schema)) for name in by):
        raise NotPlain
    kept = [one for piece in pieces for one in _kept(asked.tests, piece, columns, schema)]
    rows = _joined(kept, columns, schema)
    rows = (
        _counted(rows, asked, [one for one in chosen if one.counted]) if asked.groups else _ordered(rows, asked.order)
    )
    if asked.offset or (asked.limit is not None and asked.limit < len(rows)):
        rows = rows.slice(asked.offset, asked.limit)
    made = [one.made for one in chosen]
    if made != columns or asked.groups:
        rows = rows.select(made)
    names = [one.name for one in chosen]
    return rows if names == made else rows.rename_columns(names)


def _type(name: str, schema: pa.Schema) -> pa.DataType:
    at = schema.get_field_index(name)
    if at < 0:
        raise NotPlain
    return schema.field(at).type


def _sortable(type: pa.DataType) -> bool:
    """Whether it is sorted here as the engine does; numbers that are none are sorted otherwise."""
    return any(test(type) for test in (pa.types.is_string, pa.types.is_timestamp, pa.types.is_integer))


def _joined(pieces: Sequence[Piece], columns: Sequence[str], schema: pa.Schema) -> pa.Table:
    if not pieces:
        return pa.schema([(name, _type(name, schema)) for name in columns]).empty_table()
    tables = [one if isinstance(one, pa.Table) else pa.Table.from_batches([one]) for one in pieces]
    return tables[0] if len(tables) == 1 else pa.concat_tables(tables)


def _kept(tests: Sequence[Test], piece: Piece, columns: Sequence[str], schema: pa.Schema) -> Iterator[Piece]:
    """The rows of a piece that meet all tests, with `columns`; nothing when none does."""
    if not tests:
        yield _with(piece, columns, schema)
        return
    places = _masked(tests, piece, schema) if isinstance(piece, pa.Table) else _places(tests, piece, schema)
    if not places:
        return
    if places[-1] - places[0] + 1 == len(places):
        yield _with(piece, columns, schema).slice(places[0], len(places))
    else:
        yield _with(piece, columns, schema).take(pa.array(places))


def _with(piece: Piece, columns: Sequence[str], schema: pa.Schema) -> Piece:
    try:
        return piece.select(columns)
    except KeyError:
        arrays = [_column(piece, name, schema) for name in columns]
        return type(piece).from_arrays(arrays, names=list(columns))


def _column(piece: Piece, name: str, schema: pa.Schema) -> pa.Array | pa.ChunkedArray:
    at = piece.schema.get_field_index(name)
    return piece.column(at) if at >= 0 else nothing(_type(name, schema), len(piece))


def _places(tests: Sequence[Test], piece: pa.RecordBatch, schema: pa.Schema) -> Sequence[int]:
    """The numbers of the rows that meet all tests, texts first: times are mostly those of all rows."""
    places: Sequence[int] = range(len(piece))
    for test in sorted(tests, key=_is_time):
        column = _column(piece, test.column, schema)
        _check(test, column)
        if test.texts:
            told = _lowered(column.to_pylist()) if test.lowered else column.to_pylist()
            places = _standing(test.texts, told, places)
        elif places:
            holds, edge = _COMPARE[test.compare][0], _micros(test)
            times = zip(places, _numbers_at(column, places), strict=True)
            places = [n for n, time in times if time is not None and holds(time, edge)]
    return places


def _standing(texts: tuple[str, ...], told: list[str | None], places: Sequence[int]) -> Sequence[int]:
    """The places at which one of the texts stands; one text among all is sought by the list itself."""
    if len(texts) > 1 or not isinstance(places, range):
        return [n for n in places if told[n] in texts]
    found, after = list[int](), 0
    for _ in range(told.count(texts[0])):
        found.append(told.index(texts[0], after))
        after = found[-1] + 1
    return found


def _numbers_at(column: pa.Array, places: Sequence[int]) -> list[Any]:
    """A column of times at these places; of few rows only theirs are read."""
    if len(places) > FEW_PLACES:
        told = _numbers(column)
        return [told[n] for n in places]
    whole = column.view(pa.int64())
    return [whole[n].as_py() for n in places]


def _is_time(test: Test) -> bool:
    return not test.texts


def _check(test: Test, column: pa.Array | pa.ChunkedArray) -> None:
    """Raise NotPlain for a comparison of other kinds."""
    if column.type != (INSTANT if test.compare else TEXT):
        raise NotPlain


def _lowered(texts: list[str | None]) -> list[str | None]:
    if not all(text is None or text.isascii() for text in texts):
        raise NotPlain
    return [text and text.lower() for text in texts]


def _micros(test: Test) -> int:
    assert test.moment is not None
    return (test.moment - _EPOCH) // _MICROSECOND


def _numbers(column: pa.Array | pa.ChunkedArray) -> list[Any]:
    """A column in Python, times as microseconds since 1970."""
    if not pa.types.is_timestamp(column.type):
        values: list[Any] = column.to_pylist()
        return values
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    return [value for chunk in chunks for value in chunk.view(pa.int64()).to_pylist()]


def _masked(tests: Sequence[Test], rows: pa.Table, schema: pa.Schema) -> Sequence[int]:
    """The same as `_places`, of many rows."""
    mask = reduce(pc.and_kleene, [_holds(one, _column(rows, one.column, schema)) for one in tests])
    places: Sequence[int] = pc.indices_nonzero(mask).to_pylist()
    return places


def _holds(test: Test, column: pa.ChunkedArray) -> pa.ChunkedArray:
    _check(test, column)
    if test.compare:
        return _COMPARE[test.compare][1](column, pa.scalar(test.moment, INSTANT))
    if test.lowered:
        if not pc.all(pc.string_is_ascii(column)).as_py():
            raise NotPlain
        column = pc.ascii_lower(column)
    return pc.is_in(column, value_set=pa.array(test.texts, TEXT))


def _counted(rows: pa.Table, asked: Plain, counts: Sequence[Chosen]) -> pa.Table:
    """A row for each group, with its counts under the names that Arrow gives them, in the order asked for."""
    values = {*asked.groups, *(one.column for one in counts if one.column)}
    if len(rows) > FEW_ROWS or any(pa.types.is_floating(rows.column(name).type) for name in values):
        made = rows.group_by(list(asked.groups), use_threads=False).aggregate([_counting(one) for one in counts])
        return _ordered(made, asked.order)
    told = {name: rows.column(name).to_pylist() for name in values}
    found: dict[tuple[Any, ...], list[int]] = {}
    for n, group in enumerate(zip(*(told[name] for name in asked.groups), strict=True)):
        found.setdefault(group, []).append(n)
    columns = {name: [group[at] for group in found] for at, name in enumerate(asked.groups)}
    columns |= {one.made: [_count(one, held, told) for held in found.values()] for one in counts}
    places = _places_by([columns[name] for name, _ in asked.order], asked.order, range(len(found)))
    types = {name: rows.column(name).type for name in asked.groups}
    made = {name: _array(column, places, types.get(name, pa.int64())) for name, column in columns.items()}
    return _ordered(pa.table(made), asked.order) if places is None else pa.table(made)


def _array(values: Sequence[Any], places: Sequence[int] | None, type: pa.DataType) -> pa.Array:
    return pa.array(values if places is None else [values[n] for n in places], type)


def _counting(one: Chosen) -> tuple[Any, ...]:
    if one.counted == "count_all":
        return [], one.counted
    return one.column, one.counted, pc.CountOptions("only_valid")


def _count(one: Chosen, places: Sequence[int], told: dict[str, list[Any]]) -> int:
    """Of one group: its rows, or the different values of a column in them."""
    if one.counted == "count_all":
        return len(places)
    values = told[one.column]
    return len({values[n] for n in places} - {None})


def _ordered(rows: pa.Table, order: Sequence[tuple[str, str]]) -> pa.Table:
    """Sorted by these columns, what has no value last; as they are when they stand so, as a mailbox's mail mostly does."""
    if not order or len(rows) < 2:
        return rows
    stand = range(len(rows))
    few = len(rows) <= FEW_ROWS
    places = _places_by([_numbers(rows.column(name)) for name, _ in order], order, stand) if few else None
    if places is None:
        return rows.take(pc.sort_indices(rows, sort_keys=list(order)))
    return rows if places == list(stand) else rows.take(pa.array(places))


def _places_by(
    keys: Sequence[Sequence[Any]], order: Sequence[tuple[str, str]], places: Sequence[int]
) -> Sequence[int] | None:
    """The numbers of rows in the order of their keys; None when a key lacks a value."""
    if any(None in key for key in keys):
        return None
    for key, (_, way) in reversed(list(zip(keys, order, strict=True))):
        places = sorted(places, key=key.__getitem__, reverse=way == "descending")
    return places
