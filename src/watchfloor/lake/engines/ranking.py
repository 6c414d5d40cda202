"""The most frequent values of a column over all rows, exactly, without counting what is rare.

Each segment has its values numbered by how often they come in all of it (`ranks`), so a value beyond number n comes at most as
often as the n-th, in any window and under any condition. Segments are read from their most frequent values on until the values that
nobody has read cannot reach the page any more; values read in one segment are then looked up in the others. Rows that no segment
holds are counted by the engine, all of them. Where nothing decides (all come equally seldom) the answer is None, and the engine counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from watchfloor.lake.engines.rows import hash_of
from watchfloor.lake.engines.tallying import PLACE, Part, Ranking, schema_of

MOST = 20_000
"""Values of a page and before it."""
FIRST = 4096
"""Values read of each segment to begin with, or twice as many as are asked for."""
ALL_KNOWN = 1 << 16
"""All values of a segment that has no more, so that it is known how many there are."""
FEW_ROWS = 1_500_000
"""Of so many rows all known values are counted at once."""
ROUNDS = 12
MOST_LOOKED_UP = 60_000
MOST_TIES = 200_000
MOST_PARTS = 60
"""Segments at once: which of them were read is written in bits."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """The values `v` in their order with `n`, `s0`, ... and, when timed, `f` and `l`; how many different ones there are (`exact`, or
    at least), the rows that have one and those with an empty one."""

    found: pa.Table
    distinct: int
    exact: bool
    rows: int
    empty: int


def ranked(asked: Ranking, parts: Sequence[Part], rest: pa.Table) -> Ranked | None:
    """The page; `rest` has `v`, `n`, `s0`, ..., `f` and `l` of all values in rows of no segment. None when it cannot be told."""
    return _Search(asked, parts, rest).answer()


class _Search:
    def __init__(self, asked: Ranking, parts: Sequence[Part], rest: pa.Table) -> None:
        self.asked, self.parts, self.rest = asked, parts, rest
        self.read = [0] * len(parts)
        self.key = "n" if asked.by is None else "s0"
        self.tables = [self._of_rest()]
        self.left_out = [hash_of(value) for value in asked.without]

    def _of_rest(self) -> pa.Table:
        """What the engine counted, by hash; its place is its row, above those of all parts."""
        values = self.rest.column("v").to_pylist()
        places = pc.add(pa.array(range(len(values)), pa.int64()), len(self.parts) << PLACE)
        self.hashes_of_rest = pa.array([hash_of(value) for value in values], pa.int64())
        unseen = pa.repeat(pa.scalar(0, pa.int64()), len(values))
        names = ["n"] if self.asked.by is None else ["n", f"s{self.asked.by}"]
        columns = [self.hashes_of_rest, places, unseen, *(self.rest.column(name).cast(pa.int64()) for name in names)]
        return pa.table(columns, schema=schema_of(len(names) - 1))

    def answer(self) -> Ranked | None:
        found = self._leading()
        return None if found is None else self._finished(found)

    def _leading(self) -> pa.Table | None:
        """Exact counts of values among which are all of the page."""
        few = sum(part.rows for part in self.parts) <= FEW_ROWS
        first = max(FIRST, 2 * self.asked.most)
        goals = [part.of.known if few or part.of.known <= ALL_KNOWN else first for part in self.parts]
        for _ in range(ROUNDS):
            self._deepen(goals)
            merged = self._merged()
            bounds = [
                part.of.most_of(read) if part.rows else 0 for part, read in zip(self.parts, self.read, strict=True)
            ]
            least = self._least(merged)
            if not any(bounds):
                return merged
            if least > sum(bounds):
                wanted = self._possible(merged, bounds, least)
                if len(wanted) <= MOST_LOOKED_UP:
                    return self._looked_up(wanted)
            if all(read >= part.of.known for part, read in zip(self.parts, self.read, strict=True)):
                return None
            goals = self._goals(least, decided=least > sum(bounds))
        return None

    def _deepen(self, goals: Sequence[int]) -> None:
        for at, part in enumerate(self.parts):
            goal = min(goals[at], part.of.known)
            if goal > self.read[at] and part.rows:
                self.tables.append(part.between(self.read[at], goal))
            self.read[at] = max(goal, self.read[at])

    def _merged(self) -> pa.Table:
        whole = pa.concat_tables(self.tables)
        if len(self.tables) > 2 or len(self.tables[0]):
            self.tables = [whole]
            whole = _added(whole)
        return whole.filter(pc.invert(pc.is_in(whole.column("h"), pa.array(self.left_out, pa.int64()))))

    def _least(self, merged: pa.Table) -> int:
        """What the last of the page has at least; 0 when it is not full."""
        counts = merged.column(self.key)
        if len(counts) < self.asked.most:
            return 0
        return _kth(counts, self.asked.most)

    def _possible(self, merged: pa.Table, bounds: Sequence[int], least: int) -> pa.Table:
        """Those that may be on the page: what was read of them and what the other segments may add reach its last."""
        most = merged.column(self.key)
        for part, bound in zip(self.parts, bounds, strict=True):
            unseen = pc.subtract(1, pc.bit_wise_and(pc.shift_right(merged.column("seen"), part.number), 1))
            most = pc.add(most, pc.multiply(unseen, bound))
        return merged.filter(pc.greater_equal(most, least))

    def _looked_up(self, wanted: pa.Table) -> pa.Table:
        """The same with what each segment has of them beyond what was read."""
        if len(self.parts) < 2 and not len(self.rest):
            return wanted
        hashes: list[int] = wanted.column("h").to_pylist()
        more = [wanted]
        for part, read in zip(self.parts, self.read, strict=True):
            unread = []
            for hash in hashes:
                place = part.of.place(hash)
                if place is not None and not 0 <= place < read:
                    unread.append(hash)
            if unread and part.rows:
                more.append(part.of_hashes(unread, part.first))
        return _added(pa.concat_tables(more))

    def _goals(self, least: int, *, decided: bool) -> list[int]:
        """How far to read next: to where all segments together may give less than the page's last has (half, when there are several, so
        that few have to be looked up), or twice as far."""
        rows = sum(part.rows for part in self.parts) or 1
        most = least - 1 if len(self.parts) == 1 else least // 2
        goals = []
        for part, read in zip(self.parts, self.read, strict=True):
            share = max(1, most * part.rows // rows) if most > 0 and not decided else 0
            goals.append(max(part.of.first_below(share) if share else 0, read * 2))
        return goals

    def _finished(self, counts: pa.Table) -> Ranked | None:
        key, most = self.key, self.asked.most
        counts = counts.filter(pc.greater(counts.column("n"), 0))
        if len(counts) > most:
            counts = counts.filter(pc.greater_equal(counts.column(key), _kth(counts.column(key), most)))
        if len(counts) > MOST_TIES:
            return None
        named = counts.append_column("v", self._values(counts.column("place").combine_chunks()))
        page = named.sort_by([(key, "descending"), ("v", "ascending")]).slice(0, most).select(["v", "h", "n"])
        page = self._split(page) if self.asked.splits else page
        page = self._timed(page) if self.asked.timed else page
        return self._summed(page)

    def _split(self, page: pa.Table) -> pa.Table:
        """The page with the rows of each split."""
        hashes, names = page.column("h").to_pylist(), [f"s{bit}" for bit in range(len(self.asked.splits))]
        tables = [part.of_hashes(hashes, part.splits).select(["h", *names]) for part in self.parts]
        rest = [self.hashes_of_rest, *(self.rest.column(name).cast(pa.int64()) for name in names)]
        whole = pa.concat_tables([*tables, pa.table(rest, schema=tables[0].schema)])
        added = whole.group_by("h", use_threads=False).aggregate([(name, "sum") for name in names])
        at = pc.index_in(page.column("h"), added.column("h").combine_chunks())
        for name in names:
            page = page.append_column(name, added.column(f"{name}_sum").take(at))
        return page

    def _values(self, places: pa.Array) -> pa.Array:
        """What stands at these places, in their order."""
        owners = pc.shift_right(places, PLACE)
        numbers = pc.bit_wise_and(places, (1 << PLACE) - 1)
        rows = pa.array(range(len(places)), pa.int64())
        texts: list[pa.Array] = []
        order = []
        for at in range(len(self.parts) + 1):
            mine = pc.equal(owners, at)
            values = self.parts[at].of.values if at < len(self.parts) else self.rest.column("v").cast(pa.large_string())
            took = values.take(numbers.filter(mine))
            texts += took.chunks if isinstance(took, pa.ChunkedArray) else [took]
            order.append(rows.filter(mine))
        return pa.chunked_array(texts, pa.large_string()).take(pc.sort_indices(pa.concat_arrays(order)))

    def _timed(self, page: pa.Table) -> pa.Table:
        hashes = page.column("h").to_pylist()
        tables = [part.times_of(hashes) for part in self.parts]
        if len(self.rest):
            edges = [_micros(self.rest.column(name)) for name in ("f", "l")]
            tables.append(pa.table({"h": self.hashes_of_rest, "f": edges[0], "l": edges[1]}))
        whole = pa.concat_tables([table.select(["h", "f", "l"]).combine_chunks() for table in tables])
        found = whole.group_by("h", use_threads=False).aggregate([("f", "min"), ("l", "max")])
        at = pc.index_in(page.column("h"), found.column("h").combine_chunks())
        stamp = pa.timestamp("us", "UTC")
        for name, edge in (("f", "f_min"), ("l", "l_max")):
            page = page.append_column(name, found.column(edge).take(at).cast(stamp))
        return page

    def _summed(self, page: pa.Table) -> Ranked:
        totals = [part.totals(self.left_out) for part in self.parts]
        of_rest = pc.is_in(self.rest.column("v"), pa.array(self.asked.without, self.rest.column("v").type))
        counts = self.rest.column("n")
        empty = int(pc.sum(counts.filter(of_rest)).as_py() or 0) + sum(one.empty for one in totals)
        rows = int(pc.sum(counts).as_py() or 0) + sum(one.rows for one in totals)
        distinct, exact = self._distinct([one.once for one in totals])
        return Ranked(page, max(distinct, len(page)), exact, rows - empty, empty)

    def _distinct(self, once: Sequence[int]) -> tuple[int, bool]:
        """How many values there are, and whether that is all: values that come once in one segment may stand in another too."""
        met = int(pc.sum(pc.greater(self._merged().column("n"), 0)).as_py() or 0)
        whole = all(read >= part.of.known for part, read in zip(self.parts, self.read, strict=True))
        if whole and not any(once):
            return met, True
        if len(self.parts) > 1 or len(self.rest):
            return max(met, *once), False
        return met + sum(once), whole


def _kth(counts: pa.ChunkedArray, number: int) -> int:
    """The least of so many of the greatest."""
    return int(pc.min(counts.take(pc.select_k_unstable(counts, number, [("", "descending")]))).as_py())


def _added(counts: pa.Table) -> pa.Table:
    """One row for each value; a place is where its text stands, whoever knows."""
    names = [name for name in counts.schema.names if name not in ("h", "place")]
    added = counts.group_by("h", use_threads=False).aggregate([("place", "max"), *((name, "sum") for name in names)])
    columns = [added.column("h"), added.column("place_max"), *(added.column(f"{name}_sum") for name in names)]
    return pa.table(columns, schema=counts.schema).combine_chunks()


def _micros(times: pa.ChunkedArray) -> pa.ChunkedArray:
    return times.cast(pa.timestamp("us", "UTC")).cast(pa.int64())
