"""How often the values of a ranked column come in one segment (`ranks`), in a window, under conditions on columns of few values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from watchfloor.lake.engines.counting import SURE, met
from watchfloor.lake.engines.ranks import Numbered, Ranks

Condition = tuple[str, exp.Expr]
"""The column it is about, and what must hold."""
PLACE = 32
"""Bits of a number within a part: a place is the part's number above them."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """What is asked: the `most` values of `column` with the most rows, or rows of the split `by`; `without` are left out."""

    column: str
    start: datetime | None
    end: datetime | None
    conditions: tuple[Condition, ...]
    splits: tuple[Condition, ...]
    by: int | None
    most: int
    timed: bool = True
    without: tuple[str, ...] = ("",)


@dataclass(frozen=True, slots=True)
class Totals:
    """Of one segment: rows that count, those of them whose value is left out, and those whose value comes once in the segment."""

    rows: int
    empty: int
    once: int


@dataclass(frozen=True, slots=True)
class Splits:
    """What rows are told apart by: for each column, the bits that each of its values sets. `count` bits in all."""

    count: int
    weights: Mapping[str, pa.Array]


class Part:
    """One segment, asked about one column. `number` tells it from the others; `mask` of a span are the rows to count.

    Values are compared by their rows or by one split, `first`; all splits are counted of those of the page alone.
    """

    def __init__(
        self, ranks: Ranks, asked: Ranking, *, number: int, start: datetime | None, cursor: duckdb.DuckDBPyConnection
    ) -> None:
        self.ranks, self.number = ranks, number
        self.of: Numbered = ranks.column(asked.column)
        self.spans = ranks.between(start, asked.end)
        decided = [(name, ranks.decide(condition, name, cursor)) for name, condition in asked.conditions]
        self.masks = [self._mask(span, decided) for span in self.spans]
        self.splits = self._splits(asked.splits, cursor)
        self.first = self._splits(() if asked.by is None else (asked.splits[asked.by],), cursor)

    def _splits(self, conditions: Sequence[Condition], cursor: duckdb.DuckDBPyConnection) -> Splits:
        weights: dict[str, pa.Array] = {}
        for bit, (name, condition) in enumerate(conditions):
            holds = pc.multiply(self.ranks.decide(condition, name, cursor).cast(pa.int64()), 1 << bit)
            weights[name] = pc.add(weights[name], holds) if name in weights else holds
        return Splits(len(conditions), weights)

    @property
    def rows(self) -> int:
        """How many rows the window has."""
        return sum(span.stop - span.start for span in self.spans)

    def _mask(self, span: slice, decided: Iterable[tuple[str, pa.Array]]) -> pa.Array | None:
        """Which rows of a span meet all conditions, None for all."""
        masks = []
        for name, holds in decided:
            numbers = self.ranks.kind(name)[0]
            if pc.all(holds).as_py():
                continue
            if numbers is None or not pc.any(holds).as_py():
                return pa.repeat(pa.scalar(False), span.stop - span.start)
            masks.append(met(numbers[span], holds))
        return reduce(pc.and_, masks) if masks else None

    def totals(self, without: Sequence[int]) -> Totals:
        """`without` are hashes of values that are left out of rankings."""
        rows = once = 0
        for span, mask in zip(self.spans, self.masks, strict=True):
            numbers = self.of.numbers[span]
            rows += _count(pc.less_equal(numbers, pa.scalar(self.of.known, numbers.type)), mask)
            once += _count(pc.equal(numbers, pa.scalar(self.of.known, numbers.type)), mask)
        left_out = self.of_hashes(without, NO_SPLITS)
        single = int(pc.sum(pc.less(left_out.column("place"), 0)).as_py() or 0)
        return Totals(rows, int(pc.sum(left_out.column("n")).as_py() or 0), once - single)

    def between(self, low: int, high: int) -> pa.Table:
        """The counts of the known values with numbers in [low, high), as `schema_of` has them for the first split."""
        return self._known(self.first, [self._between(span, low, high) for span in self.spans])

    def _between(self, span: slice, low: int, high: int) -> pa.Array:
        numbers = self.of.numbers[span]
        wanted = pc.less(numbers, pa.scalar(high, numbers.type))
        return pc.and_(wanted, pc.greater_equal(numbers, pa.scalar(low, numbers.type))) if low else wanted

    def of_hashes(self, hashes: Sequence[int], splits: Splits) -> pa.Table:
        """The same for the values of these hashes, as far as the segment has them, once or more."""
        places = [(hash, place) for hash in hashes if (place := self.of.place(hash)) is not None]
        chosen = self._chosen(place for _, place in places if place >= 0)
        wanted = [] if chosen is None else [pc.take(chosen, self.of.numbers[span]) for span in self.spans]
        single = self._single(splits, [(hash, -1 - place) for hash, place in places if place < 0])
        return pa.concat_tables([self._known(splits, wanted), single])

    def times_of(self, hashes: Sequence[int]) -> pa.Table:
        """The first and the last time, `f` and `l` in microseconds, of the values of these hashes, `h`."""
        places = [(hash, place) for hash in hashes if (place := self.of.place(hash)) is not None]
        chosen = self._chosen(place for _, place in places if place >= 0)
        of = {place: hash for hash, place in places if place >= 0}
        tables = [_TIMES.empty_table()]
        for span, mask in zip(self.spans, self.masks, strict=True):
            if chosen is not None:
                wanted = pc.take(chosen, self.of.numbers[span])
                wanted = wanted if mask is None else pc.and_(wanted, mask)
                numbers = self.of.numbers[span].filter(wanted)
                rows = pa.table({"id": numbers, "t": self.ranks.times[span].filter(wanted)})
                edges = rows.group_by("id", use_threads=False).aggregate([("t", "min"), ("t", "max")])
                hashed = pa.array([of[id] for id in edges.column("id").to_pylist()], pa.int64())
                columns = [hashed, edges.column("t_min"), edges.column("t_max")]
                tables.append(pa.table(columns, schema=_TIMES))
        for hash, row in ((hash, -1 - place) for hash, place in places if place < 0 and self._counts(-1 - place)):
            at = self.ranks.times[row].as_py()
            tables.append(pa.table([[hash], [at], [at]], schema=_TIMES))
        return pa.concat_tables(tables)

    def _counts(self, row: int) -> bool:
        """Whether a row is in the window and meets the conditions."""
        for span, mask in zip(self.spans, self.masks, strict=True):
            if span.start <= row < span.stop:
                return mask is None or bool(mask[row - span.start].as_py())
        return False

    def _chosen(self, ids: Iterable[int]) -> pa.Array | None:
        """For each number whether it is one of these; None when there is none."""
        wanted = list(ids)
        if not wanted:
            return None
        body = bytearray((self.of.known + 2 + 7) // 8)
        for id in wanted:
            body[id >> 3] |= 1 << (id & 7)
        return pa.BooleanArray.from_buffers(pa.bool_(), self.of.known + 2, [None, pa.py_buffer(body)])

    def _known(self, splits: Splits, wanted: Sequence[pa.Array]) -> pa.Table:
        """Counts of the wanted rows of each span, all of known values: the splits a row meets are bits below its number."""
        pieces = []
        for span, mask, some in zip(self.spans, self.masks, wanted, strict=False):
            rows = some if mask is None else pc.and_(some, mask)
            numbers = self.of.numbers[span].filter(rows)
            if splits.count:
                numbers = pc.shift_left(numbers.cast(pa.int64()), splits.count)
                numbers = pc.add(numbers, self._bits(splits, span, rows))
            pieces.append(numbers)
        if not sum(map(len, pieces)):
            return schema_of(splits.count).empty_table()
        number, count = pc.value_counts(pa.chunked_array(pieces)).flatten()
        if not splits.count:
            return self._table(number, [count])
        counts = {"n": count} | {f"s{bit}": _where(number, bit, count) for bit in range(splits.count)}
        ids = pc.shift_right(number, splits.count)
        added = pa.table({"id": ids, **counts}).group_by("id", use_threads=False)
        added = added.aggregate([(name, "sum") for name in counts]).combine_chunks()
        return self._table(added.column("id"), [added.column(f"{name}_sum") for name in counts])

    def _bits(self, splits: Splits, span: slice, wanted: pa.Array) -> pa.Array:
        """Which splits each wanted row meets."""
        bits: pa.Array = pa.scalar(0, pa.int64())
        for name, weights in splits.weights.items():
            numbers = self.ranks.kind(name)[0]
            bits = pc.add(bits, weights[0] if numbers is None else pc.take(weights, numbers[span].filter(wanted)))
        return bits

    def _table(self, ids: pa.Array, counts: Sequence[pa.Array]) -> pa.Table:
        places = pc.add(ids.cast(pa.int64()), self.number << PLACE)
        seen = pa.repeat(pa.scalar(1 << self.number, pa.int64()), len(ids))
        columns = [pc.take(self.of.hashes, ids), places, seen, *counts]
        return pa.table(columns, schema=schema_of(len(counts) - 1))

    def _single(self, splits: Splits, places: Sequence[tuple[int, int]]) -> pa.Table:
        """Counts of values that come once, by hash and row."""
        found: list[list[int]] = []
        for hash, row in places:
            if self._counts(row):
                bits = sum(self._weight(splits, name, row) for name in splits.weights)
                found.append([hash, -1, 1 << self.number, 1, *(bits >> bit & 1 for bit in range(splits.count))])
        columns = list(zip(*found, strict=True)) or [()] * (4 + splits.count)
        return pa.table([pa.array(column, pa.int64()) for column in columns], schema=schema_of(splits.count))

    def _weight(self, splits: Splits, name: str, row: int) -> int:
        numbers = self.ranks.kind(name)[0]
        return int(splits.weights[name][0 if numbers is None else numbers[row].as_py()].as_py())


NO_SPLITS = Splits(0, {})


def schema_of(splits: int) -> pa.Schema:
    """Counts: hash, place (-1 for none), the segments that were read as bits, rows, rows of each split."""
    return pa.schema(
        [(name, pa.int64()) for name in ("h", "place", "seen", "n", *(f"s{bit}" for bit in range(splits)))]
    )


_TIMES = pa.schema([("h", pa.int64()), ("f", pa.int64()), ("l", pa.int64())])


def _where(number: pa.Array, bit: int, count: pa.Array) -> pa.Array:
    """The counts of those that have a bit."""
    return pc.multiply(pc.bit_wise_and(pc.shift_right(number, bit), 1), count)


def _count(wanted: pa.Array, mask: pa.Array | None) -> int:
    return int((wanted if mask is None else pc.and_(wanted, mask)).true_count)


def kinds_of(conditions: Iterable[exp.Expr]) -> list[Condition] | None:
    """Each condition with the one column it is about; None when one is about several, or may not give the same each time."""
    found = []
    for condition in conditions:
        names = {column.name for column in condition.find_all(exp.Column)}
        if len(names) != 1 or not all(isinstance(node, SURE) for node in condition.walk()):
            return None
        found.append((names.pop(), condition))
    return found


def knows(ranks: Ranks, column: str, conditions: Iterable[Condition]) -> bool:
    """Whether a segment can rank a column under these conditions."""
    return column in ranks.ranked and all(name in ranks.kinds for name, _ in conditions)
