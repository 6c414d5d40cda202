"""A query's text to a typed SQL tree: the one way in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlglot import ErrorLevel, exp

from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql.model import Catalogue, Hosts, ListData, Relation, Scan
from watchfloor.lake.kql.parsing import parse
from watchfloor.lake.kql.program import Program
from watchfloor.lake.kql.tabular.binder import Binder
from watchfloor.lake.kql.types import Type


@dataclass(frozen=True, slots=True)
class Compiled:
    """`tree` gives `columns` (name, type) in order; `scans` say which table each of its sources is, and the times it needs.

    `open` marks answers whose columns are known only when they run; `missing` names lists nobody uploaded; `render` how to draw.
    """

    tree: exp.Expr
    columns: tuple[tuple[str, Type], ...]
    scans: tuple[Scan, ...]
    missing: tuple[str, ...] = ()
    given: Mapping[str, ListData] = field(default_factory=dict)
    open: bool = False
    render: s.Render | None = None

    def sql(self, dialect: str, *, last: bool = False) -> str:
        """The statement in an engine's own words; `last` says that the tree may be used up for it, which takes half the time."""
        try:
            return self.tree.sql(dialect=dialect, unsupported_level=ErrorLevel.IGNORE, copy=not last)
        except RecursionError:
            raise too_deep() from None

    @property
    def tables(self) -> frozenset[str]:
        return frozenset(scan.table for scan in self.scans)


def compile_query(
    text: str,
    *,
    catalogue: Catalogue,
    now: datetime,
    hosts: Hosts | None = None,
    probe: Callable[[Program, exp.Select], list[tuple[Any, ...]]] | None = None,
    limit: int | None = None,
) -> Compiled:
    """The tree of a query. Raises KqlError with the place of what is refused.

    `now` is what now() says throughout; `limit` bounds the rows; `probe` answers what plugins must ask of the data.
    """
    program = Program(catalogue, hosts or Hosts(), now, probe)
    try:
        relation = Binder(program).query(parse(text))
    except RecursionError:
        raise too_deep() from None
    return Compiled(
        tree=assembled(program, answer(relation, limit)),
        columns=tuple((column.name, column.type) for column in relation.columns),
        scans=tuple(program.scans),
        missing=tuple(dict.fromkeys(program.missing)),
        given=dict(program.given),
        open=relation.open,
        render=program.render,
    )


def too_deep() -> KqlError:
    return KqlError("the query is nested too deeply", kind="limit")


def answer(relation: Relation, limit: int | None) -> exp.Select:
    """The last SELECT: shown columns by place, in the order the rows stand."""
    columns = [
        exp.Alias(this=column.read(), alias=exp.Identifier(this=f"c{number}", quoted=False))
        for number, column in enumerate(relation.columns)
    ]
    select = relation.select(*columns)
    if relation.order:
        select = select.order_by(*(key.expression() for key in relation.order), copy=False)
    return select if limit is None else select.limit(limit, copy=False)


FEW_STEPS = 12
MOST_WORK = 10_000
"""Steps an engine may have to plan when every step is written out wherever it is read."""


def bounded_work(program: Program) -> None:
    """Refuse a query in which tables are named twice that name tables twice: its plan grows by a power with every step."""
    if len(program.steps) <= FEW_STEPS:
        return
    work: dict[str, int] = {}
    for name, step in program.steps:
        work[name] = 1 + sum(work.get(table.name, 0) for table in step.find_all(exp.Table))
        if work[name] > MOST_WORK:
            raise KqlError(
                f"this query comes to more than {MOST_WORK:,} steps when its names are written out", kind="limit"
            )


def assembled(program: Program, last: exp.Select) -> exp.Expr:
    """The steps as common table expressions before the last SELECT."""
    bounded_work(program)
    tree = last
    for name, step in program.steps:
        tree = tree.with_(exp.to_identifier(name, quoted=True), as_=step, copy=False)
    return tree
