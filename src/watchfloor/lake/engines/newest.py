"""A page of the newest rows read from a short time first: how short, the leading rows' numbers (`codes`) tell.

`SELECT ... WHERE DeliveryAction = 'Junked' AND Subject LIKE ... ORDER BY Timestamp DESC LIMIT 100`: where there are some 1,600 junked
mails, a hundred of them probably have the subject. When there are a hundred, they are the newest; otherwise all is read.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from watchfloor.lake.engines.access_paths import conjuncts
from watchfloor.lake.engines.codes import TIME, Codes
from watchfloor.lake.engines.counting import SURE, edges, met
from watchfloor.lake.engines.plain import NotPlain

PARTS = {"expressions", "from_", "where", "order", "limit", "kind", "hint"}
MOST_ROWS = 1000
TIMES = 16
"""So many times the page's rows must meet the conditions that numbers decide."""
WORTH = 4
"""The short time holds at most one part in so many of what the question looks at."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def page_of(tree: exp.Expr, name: str) -> int | None:
    """How many rows a tree asks for, when it asks for the newest rows of the source `name` and nothing else."""
    if not isinstance(tree, exp.Select) or any(part and key not in PARTS for key, part in tree.args.items()):
        return None
    source, order, limit = (tree.args.get(key) for key in ("from_", "order", "limit"))
    if source is None or order is None or limit is None or tree.args.get("where") is None:
        return None
    if not isinstance(source.this, exp.Table) or source.this.name != name:
        return None
    if any(part for key, part in source.this.args.items() if key != "this"):
        return None
    if not all(isinstance(one, exp.Column | exp.Star) for one in tree.expressions):
        return None
    first = order.expressions[0]
    newest = isinstance(first.this, exp.Column) and first.this.name == TIME and first.args.get("desc")
    number = limit.expression
    if not newest or not isinstance(number, exp.Literal) or number.is_string or int(number.this) > MOST_ROWS:
        return None
    return int(number.this)


def since(tree: exp.Expr, parts: Sequence[Codes], *, rows: int, cursor: duckdb.DuckDBPyConnection) -> datetime | None:
    """A moment since which the newest of these segments holds `rows` rows many times over; None when it would hardly be shorter."""
    newest = max((one for one in parts if one.rows), key=lambda one: one.times[0].as_py(), default=None)
    if newest is None:
        return None
    start, end, masks = None, None, []
    for part in conjuncts(tree.args["where"].this):
        names = {column.name for column in part.find_all(exp.Column)}
        if names == {TIME}:
            try:
                lower, upper = edges(part)
            except NotPlain:
                return None
            start = max((one for one in (start, lower) if one), default=None)
            end = min((one for one in (end, upper) if one), default=None)
        elif len(names) == 1 and all(isinstance(node, SURE) for node in part.walk()) and names <= newest.columns.keys():
            [name] = names
            masks.append((name, newest.decide(part, name, cursor)[0]))
    span = newest.between(start, end)
    return _moment(newest, span, masks, rows * TIMES) if masks else None


def _moment(codes: Codes, span: slice, masks: Sequence[tuple[str, pa.Array]], wanted: int) -> datetime | None:
    """When the row stands that is the `wanted`-th to meet all conditions."""
    at, size = span.start, max(wanted * 2, 4096)
    found = 0
    while at < span.stop and (at - span.start) * WORTH < span.stop - span.start:
        some = slice(at, min(at + size, span.stop))
        holds = [met(codes.columns[name].indices[some], values) for name, values in masks]
        mask = holds[0]
        for other in holds[1:]:
            mask = pc.and_(mask, other)
        places = pc.indices_nonzero(mask)
        if found + len(places) >= wanted:
            at += places[wanted - found - 1].as_py()
            inside = (at - span.start) * WORTH < span.stop - span.start
            return _EPOCH + timedelta(microseconds=codes.times[at].as_py()) if inside else None
        found += len(places)
        at = some.stop
    return None


def narrowed(tree: exp.Expr, moment: datetime) -> exp.Expr:
    """The same question of the rows since a moment."""
    narrow = tree.copy()
    at = exp.Cast(
        this=exp.Literal.string(moment.isoformat()), to=exp.DataType(this=exp.DType.TIMESTAMPTZ, nested=False)
    )
    column = exp.Column(this=exp.Identifier(this=TIME, quoted=True))
    where = narrow.args["where"]
    where.set("this", exp.And(this=exp.Paren(this=where.this), expression=exp.GTE(this=column, expression=at)))
    return narrow
