"""What ran and what it cost, kept: each run of a person, an export or a detection, and the rows of a person's newest ones."""

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchfloor.access.contracts import Actor
from watchfloor.hunting.advanced.cells import Head
from watchfloor.hunting.advanced.window import Window, tables_named
from watchfloor.hunting.advanced.words import time_column
from watchfloor.hunting.models import KeptAnswer, QueryRun
from watchfloor.kernel.errors import NotFound

KEPT_RUNS = 2000
"""Runs of one person, or of one detection, that are remembered."""
KEPT_ANSWERS = 5
"""Answers of one person whose rows are kept."""
FAST = 1
"""Of zlib: the rows are kept while somebody waits for the page."""
Rows = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Kept:
    """A run with its rows: plain values in the order of `heads`."""

    run: QueryRun
    heads: tuple[Head, ...]
    rows: Rows

    @property
    def window(self) -> Window:
        return Window.between(self.run.start, self.run.end)


def remember(
    *,
    text: str,
    window: Window,
    now: datetime,
    by: Actor,
    interface: str = "portal",
    tables: Iterable[str] | None = None,
    **outcome: Any,
) -> QueryRun:
    """One line of history; the oldest of this person, or of this detection, go beyond the limit. `outcome` is QueryRun's own.

    `tables` are those that the text names unless they are told.
    """
    run = QueryRun.objects.create(
        person_id=by.id,
        person_name=by.name,
        interface=interface,
        at=now,
        text=text,
        tables=sorted(tables_named(text, time_column) if tables is None else tables),
        span=window.label,
        start=window.start,
        end=window.end,
        **outcome,
    )
    whose = {"rule_id": run.rule_id} if run.rule_id else {"rule_id": "", "person_id": by.id}
    own = QueryRun.objects.filter(**whose).order_by("-id")
    last = own.values_list("pk", flat=True)[KEPT_RUNS : KEPT_RUNS + 1].first()
    if last is not None:
        own.filter(pk__lte=last).delete()
    return run


def keep(run: QueryRun, heads: Sequence[Head], rows: Rows) -> None:
    """Keep the rows of this run; of its person's earlier ones only the newest few stay."""
    columns = [[head.name, head.type] for head in heads]
    data = zlib.compress(json.dumps([list(row) for row in rows], separators=(",", ":")).encode(), FAST)
    KeptAnswer.objects.create(run=run, columns=columns, data=data)
    kept = KeptAnswer.objects.filter(run__person_id=run.person_id).order_by("-run_id")
    last = kept.values_list("run_id", flat=True)[KEPT_ANSWERS : KEPT_ANSWERS + 1].first()
    if last is not None:
        kept.filter(run_id__lte=last).delete()


def kept(run_id: int, *, by: Actor) -> Kept:
    """An answer that this person got. Raises NotFound once its rows went."""
    found = KeptAnswer.objects.filter(run_id=run_id, run__person_id=by.id).select_related("run").first()
    if found is None:
        raise NotFound("the rows of this answer are no longer kept; run the query again and choose once more")
    rows = json.loads(zlib.decompress(bytes(found.data)))
    return Kept(found.run, tuple(Head(name, kind) for name, kind in found.columns), rows)
