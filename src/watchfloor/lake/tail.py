"""What came in since: the rows of new hot batches for which a query holds. Nothing older is read, however much there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlglot import exp

from watchfloor.lake import ask
from watchfloor.lake.arrow import fitted, schema_of, to_rows, unpack
from watchfloor.lake.contracts import Query
from watchfloor.lake.engines.source import Source
from watchfloor.lake.models import HotBatch
from watchfloor.lake.query import compile as trees
from watchfloor.lake.snapshot import cold, engine

MOST_BATCHES = 500
"""Batches of one table that are looked at in one go; who stays further behind is told so."""


@dataclass(frozen=True, slots=True)
class Tail:
    """New rows, newest first, at most as many as asked for; `found` counts all. `position` is where to go on.

    `behind` says that more came in than is looked at in one go: ask the lake itself again.
    """

    rows: tuple[dict[str, Any], ...]
    found: int
    position: int
    behind: bool = False


def position(table: str) -> int:
    """The place of what came last; whatever is committed later lies above it."""
    last = HotBatch.objects.order_by("-id").values_list("id", flat=True).first() or 0
    return max(last, cold(table).watermark())


def tail(query: Query, *, after: int, columns: Sequence[str], limit: int) -> Tail:
    """Rows of batches above `after`. Two small questions of the register where nothing came in.

    One mail's rows of all tables become visible at once and ids rise with each commit, so the rows of other tables that a
    condition names lie above `after` too. What happens to a mail later, a click or an alert, does not bring it back here.
    """
    names = ask.checked(query, columns)
    upto = HotBatch.objects.order_by("-id").values_list("id", flat=True).first() or after
    if upto <= after:
        return Tail((), 0, after)
    own, behind = _batches(query.table, after, upto)
    if own is None:
        return Tail((), 0, upto, behind)
    others = set(trees.tables_of(query)) - {query.table}
    if trees.uses_latest(query):
        others.add(ask.EVENTS)
    sources = {name: _source(name, _batches(name, after, upto)[0]) for name in others}
    sources[query.table] = _source(query.table, own)
    found = _answered(query, names, sources, limit)
    return Tail(
        tuple(to_rows(found.drop_columns(["n"]))), found.column("n")[0].as_py() if len(found) else 0, upto, behind
    )


def _answered(query: Query, names: Sequence[str], sources: dict[str, Source], limit: int) -> pa.Table:
    """The newest rows with, in each, how many there are in all (`n`)."""
    whole = exp.Window(this=exp.Count(this=exp.Star())).as_("n")
    order = exp.Ordered(this=trees.column("Timestamp"), desc=True, nulls_first=False)
    tree = trees.select(query, *map(trees.column, names), whole).order_by(order).limit(limit)
    return engine().run(tree, sources)


def _batches(table: str, after: int, upto: int) -> tuple[pa.Table | None, bool]:
    """The rows of a table's newest batches in (after, upto], and whether there were more batches than that."""
    found = HotBatch.objects.filter(table=table, id__gt=after, id__lte=upto).order_by("-id")
    data = list(found.values_list("data", flat=True)[: MOST_BATCHES + 1])
    if not data:
        return None, False
    rows = pa.concat_tables([fitted(table, unpack(one)) for one in data[:MOST_BATCHES]])
    return rows.combine_chunks(), len(data) > MOST_BATCHES


def _source(table: str, rows: pa.Table | None) -> Source:
    return Source((), rows, schema_of(table).empty_table())
