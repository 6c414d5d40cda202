"""Answers to the plainest questions over a few rows in memory: to plan a statement takes longer than to answer them.

`SELECT columns FROM source WHERE column = text AND Timestamp >= moment ORDER BY Timestamp LIMIT n`, or counts by columns in their
place, and nothing more; whatever else a tree says, the engine answers it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from watchfloor.lake.engines.access_paths import conjuncts

PARTS = {"expressions", "from_", "where", "group", "order", "limit", "offset", "kind", "hint"}
MOST_ROWS = 50_000
_COMPARED: dict[type[exp.Expr], Callable[[pa.ChunkedArray, pa.Scalar], pa.ChunkedArray]] = {
    exp.GTE: pc.greater_equal,
    exp.GT: pc.greater,
    exp.LTE: pc.less_equal,
    exp.LT: pc.less,
}


class NotPlain(Exception):
    """The engine has to answer this."""


@dataclass(frozen=True, slots=True)
class _Chosen:
    """One column of the answer: `column` of the rows as it is, or counted ("count_all", "count_distinct") in each group."""

    name: str
    column: str
    count: str = ""

    @property
    def made(self) -> str:
        """What Arrow calls it once counted."""
        return self.column if not self.count else self.count if not self.column else f"{self.column}_{self.count}"


def answered(tree: exp.Expr, name: str, rows: pa.Table) -> pa.Table | None:
    """The answer of `tree` over `rows` of the source `name`; None when the tree says more than is understood here."""
    if not isinstance(tree, exp.Select) or any(part and key not in PARTS for key, part in tree.args.items()):
        return None
    source = tree.args.get("from_")
    if source is None or not isinstance(source.this, exp.Table) or source.this.name != name or len(rows) > MOST_ROWS:
        return None
    if any(part for key, part in source.this.args.items() if key != "this"):
        return None
    try:
        return _answered(tree, rows)
    except NotPlain:
        return None


def _answered(tree: exp.Select, rows: pa.Table) -> pa.Table:
    chosen, groups = _chosen(tree, rows.schema), _groups(tree, rows.schema)
    order = _order(tree, chosen, counted=bool(groups))
    offset, limit = number_of(tree, "offset") or 0, number_of(tree, "limit")
    if any(bool(one.count) != bool(groups) for one in chosen if one.column not in groups):
        raise NotPlain
    mask = _mask(tree, rows)
    columns = [one.column for one in chosen if one.column] + groups + [name for name, _ in order if not groups]
    kept = rows.select(list(dict.fromkeys(columns)))
    kept = kept if mask is None else kept.filter(mask)
    if groups:
        kept = kept.group_by(groups, use_threads=False).aggregate([_counting(one) for one in chosen if one.count])
    kept = (kept.sort_by(order) if order else kept).slice(offset, limit)
    return kept.select([one.made for one in chosen]).rename_columns([one.name for one in chosen])


def _counting(one: _Chosen) -> tuple[Any, ...]:
    return (
        ([], "count_all") if one.count == "count_all" else (one.column, "count_distinct", pc.CountOptions("only_valid"))
    )


def _chosen(tree: exp.Select, schema: pa.Schema) -> list[_Chosen]:
    first = tree.expressions[0] if tree.expressions else None
    if isinstance(first, exp.Star) and len(tree.expressions) == 1 and not any(first.args.values()):
        return [_Chosen(name, name) for name in schema.names]
    return [_choice(one.unalias(), one.alias, schema) for one in tree.expressions]


def _choice(side: exp.Expr, name: str, schema: pa.Schema) -> _Chosen:
    if not isinstance(side, exp.Count):
        return _Chosen(name or side.name, _column(side, schema))
    if not name or side.expressions:
        raise NotPlain
    if isinstance(side.this, exp.Star) and not any(side.this.args.values()):
        return _Chosen(name, "", "count_all")
    if isinstance(side.this, exp.Distinct) and len(side.this.expressions) == 1 and not side.this.args.get("on"):
        return _Chosen(name, _column(side.this.expressions[0], schema), "count_distinct")
    raise NotPlain


def _groups(tree: exp.Select, schema: pa.Schema) -> list[str]:
    group = tree.args.get("group")
    if group is None:
        return []
    if any(part for key, part in group.args.items() if key != "expressions"):
        raise NotPlain
    return [_column(_meant(tree, one), schema) for one in group.expressions]


def _meant(tree: exp.Select, side: exp.Expr) -> exp.Expr:
    """What a number in GROUP BY or ORDER BY stands for."""
    if isinstance(side, exp.Literal) and not side.is_string and 1 <= int(side.this) <= len(tree.expressions):
        meant: exp.Expr = tree.expressions[int(side.this) - 1].unalias()
        return meant
    return side


def _column(side: exp.Expr, schema: pa.Schema) -> str:
    if not isinstance(side, exp.Column) or side.args.get("table") or side.name not in schema.names:
        raise NotPlain
    return side.name


def _mask(tree: exp.Select, rows: pa.Table) -> pa.ChunkedArray | None:
    """Which rows meet every condition; None when there is no condition."""
    where = tree.args.get("where")
    masks = [_holds(part, rows) for part in conjuncts(where.this)] if where else []
    return reduce(pc.and_kleene, masks) if masks else None


def _holds(part: exp.Expr, rows: pa.Table) -> pa.ChunkedArray:
    if isinstance(part, exp.EQ | exp.In):
        lower = isinstance(part.this, exp.Lower)
        texts = [part.expression] if isinstance(part, exp.EQ) else part.expressions
        column = rows.column(_column(part.this.this if lower else part.this, rows.schema))
        plain = all(isinstance(text, exp.Literal) and text.is_string for text in texts)
        if not texts or not plain or not pa.types.is_string(column.type):
            raise NotPlain
        if lower:
            if not pc.all(pc.string_is_ascii(column)).as_py():
                raise NotPlain
            column = pc.ascii_lower(column)
        return pc.is_in(column, value_set=pa.array([text.this for text in texts], pa.string()))
    compare = _COMPARED.get(type(part))
    if compare is None:
        raise NotPlain
    column = rows.column(_column(part.this, rows.schema))
    return compare(column, pa.scalar(moment(part.expression), pa.timestamp("us", "UTC")))


def moment(side: exp.Expr) -> datetime:
    """A moment written with its zone."""
    told = side.this if isinstance(side, exp.Cast) and side.to.this is exp.DType.TIMESTAMPTZ else None
    if not isinstance(told, exp.Literal) or not told.is_string:
        raise NotPlain
    try:
        moment = datetime.fromisoformat(told.this)
    except ValueError:
        raise NotPlain from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _order(tree: exp.Select, chosen: list[_Chosen], *, counted: bool) -> list[tuple[str, str]]:
    """By time for rows; by anything chosen for counts."""
    order = tree.args.get("order")
    return [_sorted_by(tree, one, chosen, counted) for one in order.expressions] if order else []


def _sorted_by(tree: exp.Select, one: exp.Expr, chosen: list[_Chosen], counted: bool) -> tuple[str, str]:
    way = "descending" if one.args.get("desc") else "ascending"
    side = one.this
    if not counted:
        if isinstance(side, exp.Column) and side.name == "Timestamp" and not side.args.get("table"):
            return "Timestamp", way
        raise NotPlain
    number = int(side.this) if isinstance(side, exp.Literal) and not side.is_string else 0
    named = [item for item in chosen if isinstance(side, exp.Column) and item.name == side.name]
    found = chosen[number - 1] if 1 <= number <= len(chosen) else named[0] if len(named) == 1 else None
    if found is None:
        raise NotPlain
    return found.made, way


def number_of(tree: exp.Select, name: str) -> int | None:
    """What LIMIT or OFFSET say, None without one. Raises NotPlain for anything but a number."""
    part = tree.args.get(name)
    if part is None:
        return None
    if not isinstance(part.expression, exp.Literal) or part.expression.is_string:
        raise NotPlain
    return int(part.expression.this)
