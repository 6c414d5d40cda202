"""The values of one column in a query: how often each occurs, since when and until when, and how often under conditions of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pyarrow.compute as pc
from sqlglot import exp

from watchfloor.kernel.errors import BadInput
from watchfloor.lake import ask
from watchfloor.lake.catalogue import resolve
from watchfloor.lake.catalogue import table as table_named
from watchfloor.lake.contracts import Column, Condition, Query
from watchfloor.lake.engines.ranking import MOST as MOST_RANKED
from watchfloor.lake.engines.ranking import Ranked
from watchfloor.lake.engines.source import Source
from watchfloor.lake.engines.tallying import Ranking, kinds_of
from watchfloor.lake.query import compile as trees
from watchfloor.lake.snapshot import engine
from watchfloor.lake.text import elements_of, fold

MOST_CELLS = 200_000
"""Different cells of several values that are taken apart; a column has far fewer, or its values are no use as a list."""
ORDERS = ("rows", "first", "last", "value")


@dataclass(frozen=True, slots=True)
class ValueCount:
    """One value: its rows, when the first and the last of them were (UTC), and the rows of each split."""

    value: str
    rows: int
    first: datetime
    last: datetime
    splits: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Values:
    """A page of values. `distinct` counts different ones (the empty one left out), `rows` those with a value, `empty` those without.

    Rows of a listed column count once for each of their values. `partial` says that not every cell was taken apart, `at_least` that
    there may be more than `distinct`: those of several segments were not compared. `empty` counts every value that is left out.
    """

    found: tuple[ValueCount, ...]
    distinct: int
    rows: int
    empty: int
    partial: bool = False
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """The most frequent values, column by column: `splits` has a list for each split. The rest as in `Values`."""

    values: Sequence[str]
    rows: Sequence[int]
    splits: tuple[Sequence[int], ...]
    distinct: int
    all_rows: int
    empty: int
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """How values are ordered: by `rows`, `first`, `last`, `value` or the number of a split; the value itself breaks ties."""

    by: str | int = "rows"
    descending: bool = True


MOST = Order()


NOTHING = ("",)


def values(
    query: Query,
    *,
    column: str,
    order: Order,
    limit: int,
    offset: int,
    splits: Sequence[Condition],
    contains: str,
    without: Sequence[str] = NOTHING,
) -> Values:
    """One statement over the table that owns `column`, conditions on other tables as semi-joins; or from the segments' ranks."""
    owner, found = resolve(column, base=table_named(query.table))
    across = owner.name != query.table
    asked = ask.seen_from(query, owner.name) if across else query
    tests = [_test(asked, split) for split in splits]
    if isinstance(order.by, str) and order.by not in ORDERS:
        raise BadInput(f"values are ordered by {', '.join(ORDERS)} or a split", place="order")
    sources, latest = ask.sources(asked, latest=found.name in trees.LATEST)
    once = across and table_named(asked.table).has("ReportId")
    grouped = _mails(found, tests) if once else _grouped(found, tests)
    tree = trees.select(asked, *grouped, latest=latest).group_by(exp.Literal.number(1))
    tree = _mails_counted(tree.group_by(exp.Literal.number(2)), len(tests)) if once else tree
    if found.listed:
        rows = engine().run(tree.limit(MOST_CELLS + 1), sources).to_pylist()
        return _taken_apart(rows, found, order=order, limit=limit, offset=offset, contains=contains)
    if not (contains or latest) and order.descending and order.by not in ("first", "last", "value"):
        by = order.by if isinstance(order.by, int) else None
        wanted = _Wanted(asked, found, tests, by, limit + offset, once, tuple(without))
        if (ranked := _ranked(wanted, sources, tree)) is not None:
            return _of_ranks(ranked, len(tests), offset)
    page = _page(tree, order, limit=limit, offset=offset, contains=contains, without=without)
    return _read(engine().run(page, sources).to_pylist(), len(tests))


def tallied(query: Query, *, column: str, limit: int, splits: Sequence[Condition]) -> Tally:
    """The same for many values of a plain column of the query's table, without their times."""
    _, found = resolve(column, base=table_named(query.table))
    tests = [_test(query, split) for split in splits]
    sources, latest = ask.sources(query, latest=found.name in trees.LATEST)
    grouped = [one for one in _grouped(found, tests) if one.alias not in ("f", "l")]
    tree = trees.select(query, *grouped, latest=latest).group_by(exp.Literal.number(1))
    wanted = _Wanted(query, found, tests, None, limit, once=False, timed=False)
    ranked = None if latest else _ranked(wanted, sources, tree)
    if ranked is not None:
        columns = [ranked.found.column(name).to_pylist() for name in ("v", "n", *_split_names(tests))]
        values, rows, *counts = columns
        return Tally(values, rows, tuple(counts), ranked.distinct, ranked.rows, ranked.empty, at_least=not ranked.exact)
    table = engine().run(_page(tree, MOST, limit=limit, offset=0, contains="", without=NOTHING), sources)
    distinct, all_rows, empty = (int(table.column(name)[0].as_py()) for name in ("d", "t", "e"))
    page = table.filter(pc.is_valid(table.column("v")))
    values, rows, *counts = (page.column(name).to_pylist() for name in ("v", "n", *_split_names(tests)))
    return Tally(values, rows, tuple(counts), distinct, all_rows, empty)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is asked of the ranks: the first `most` values by rows or by the split `by`."""

    query: Query
    column: Column
    tests: Sequence[exp.Expr]
    by: int | None
    most: int
    once: bool
    without: tuple[str, ...] = NOTHING
    timed: bool = True


def _ranked(wanted: _Wanted, sources: Mapping[str, Source], rest: exp.Expr) -> Ranked | None:
    """The answer from ranks, where the table keeps them of this column and they tell; `rest` counts all values of other rows."""
    query, table = wanted.query, table_named(wanted.query.table)
    counted = wanted.once == bool(table.once)
    if wanted.column.name not in table.ranked or not counted or len(sources) != 1 or wanted.most > MOST_RANKED:
        return None
    conditions, splits = kinds_of(trees.conditions_of(query)), kinds_of(wanted.tests)
    if conditions is None or splits is None:
        return None
    asked = Ranking(
        column=wanted.column.name,
        start=query.start,
        end=query.end,
        conditions=tuple(conditions),
        splits=tuple(splits),
        by=wanted.by,
        most=wanted.most,
        timed=wanted.timed,
        without=wanted.without,
    )
    return engine().ranked(asked, table.name, sources[table.name], rest)


def _of_ranks(ranked: Ranked, splits: int, offset: int) -> Values:
    found = tuple(
        ValueCount(row["v"], row["n"], row["f"], row["l"], tuple(row[f"s{number}"] for number in range(splits)))
        for row in ranked.found.slice(offset).to_pylist()
    )
    return Values(found, ranked.distinct, ranked.rows, ranked.empty, at_least=not ranked.exact)


def _split_names(splits: Sequence[object]) -> list[str]:
    return [f"s{number}" for number in range(len(splits))]


def _test(query: Query, split: Condition) -> exp.Expr:
    return trees.conditions_of(replace(query, conditions=(split,), required=(), any_of=False))[0]


def _value(found: Column) -> exp.Expr:
    """Null and nothing written are the same to a reader."""
    return exp.func("COALESCE", exp.cast(trees.column(found.name), "VARCHAR"), trees.literal("")).as_("v")


def _grouped(found: Column, tests: Sequence[exp.Expr]) -> list[exp.Expr]:
    """Value, rows, first, last, and a count for each split."""
    stamp = trees.column("Timestamp")
    counts = [_where(exp.Count(this=exp.Star()), test) for test in tests]
    return [
        _value(found),
        exp.Count(this=exp.Star()).as_("n"),
        exp.Min(this=stamp).as_("f"),
        exp.Max(this=stamp.copy()).as_("l"),
        *(count.as_(name) for count, name in zip(counts, _split_names(tests), strict=True)),
    ]


def _mails(found: Column, tests: Sequence[exp.Expr]) -> list[exp.Expr]:
    """The same for each mail that holds the value, once or twice; 64 bits of its id tell mails apart, a third of the work."""
    value, _, *rest = _grouped(found, [])
    held = [exp.LogicalOr(this=test).as_(name) for test, name in zip(tests, _split_names(tests), strict=True)]
    return [value, exp.Anonymous(this="HASH", expressions=[trees.column("ReportId")]).as_("r"), *rest, *held]


def _mails_counted(mails: exp.Select, splits: int) -> exp.Select:
    """Values with their mails."""
    counts = [_where(exp.Count(this=exp.Star()), exp.column(f"s{n}")).as_(f"s{n}") for n in range(splits)]
    times = [exp.Min(this=exp.column("f")).as_("f"), exp.Max(this=exp.column("l")).as_("l")]
    chosen = (exp.column("v"), exp.Count(this=exp.Star()).as_("n"), *times, *counts)
    return exp.select(*chosen).from_(mails.subquery("m")).group_by(exp.Literal.number(1))


def _where(amount: exp.Expr, test: exp.Expr) -> exp.Expr:
    return exp.Filter(this=amount, expression=exp.Where(this=test))


def _page(
    tree: exp.Select, order: Order, *, limit: int, offset: int, contains: str, without: Sequence[str]
) -> exp.Select:
    """The groups' page, and beside each of its rows how many groups and rows there are in all."""
    groups = exp.select("*").from_(tree.subquery("g"))
    if contains:
        inside = exp.func("CONTAINS", exp.Lower(this=exp.column("v")), trees.literal(fold(contains)))
        groups = groups.where(inside)
    filled = exp.not_(exp.In(this=exp.column("v"), expressions=[trees.literal(value) for value in without]))
    name = {"rows": "n", "first": "f", "last": "l", "value": "v"}.get(str(order.by), f"s{order.by}")
    totals = exp.select(
        _total(exp.Count(this=exp.Star()), filled).as_("d"),
        _total(exp.Sum(this=exp.column("n")), filled).as_("t"),
        _total(exp.Sum(this=exp.column("n")), exp.not_(filled)).as_("e"),
    ).from_("g")
    page = (
        exp.select("*")
        .from_("g")
        .where(filled)
        .order_by(exp.Ordered(this=exp.column(name), desc=order.descending, nulls_first=False), "v")
        .limit(limit)
        .offset(offset)
    )
    return (
        exp.select("t.*", "p.*")
        .with_("g", as_=groups, materialized=True)
        .from_(totals.subquery("t"))
        .join(page.subquery("p"), join_type="left", on=exp.true())
    )


def _total(amount: exp.Expr, where: exp.Expr) -> exp.Expr:
    return exp.func("COALESCE", _where(amount, where.copy()), exp.Literal.number(0))


def _read(rows: Sequence[Mapping[str, Any]], splits: int) -> Values:
    """Where no value is left, the totals stand in one row alone."""
    found = tuple(
        ValueCount(row["v"], row["n"], row["f"], row["l"], tuple(row[f"s{number}"] for number in range(splits)))
        for row in rows
        if row["v"] is not None
    )
    return Values(found, int(rows[0]["d"]), int(rows[0]["t"]), int(rows[0]["e"]))


def _taken_apart(
    rows: Sequence[Mapping[str, Any]], column: Column, *, order: Order, limit: int, offset: int, contains: str
) -> Values:
    """The same for cells of several values: grouped by cell there, taken apart here."""
    tallies: dict[str, ValueCount] = {}
    empty = 0
    for row in rows[:MOST_CELLS]:
        splits = tuple(value for name, value in row.items() if name.startswith("s"))
        elements = elements_of(row["v"], column.shape)
        empty += 0 if elements else row["n"]
        for element in elements:
            one = ValueCount(element, row["n"], row["f"], row["l"], splits)
            tallies[element] = _joined(tallies[element], one) if element in tallies else one
    wanted = [one for one in tallies.values() if fold(contains) in fold(one.value)]
    wanted.sort(key=lambda one: one.value)
    wanted.sort(key=lambda one: _key(one, order), reverse=order.descending)
    page = tuple(wanted[offset : offset + limit])
    return Values(page, len(wanted), sum(one.rows for one in wanted), empty, partial=len(rows) > MOST_CELLS)


def _joined(one: ValueCount, other: ValueCount) -> ValueCount:
    splits = tuple(a + b for a, b in zip(one.splits, other.splits, strict=True))
    return ValueCount(one.value, one.rows + other.rows, min(one.first, other.first), max(one.last, other.last), splits)


def _key(one: ValueCount, order: Order) -> Any:
    return one.splits[order.by] if isinstance(order.by, int) else getattr(one, order.by)
