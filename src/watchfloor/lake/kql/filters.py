"""Queries that only pick rows of one table, as the predicate they are: what many of them need to be asked in one scan."""

from dataclasses import dataclass
from datetime import datetime

from sqlglot import exp

from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.model import Catalogue, Column, Hosts, Relation
from watchfloor.lake.kql.parsing import parse
from watchfloor.lake.kql.program import Program, Row, Scope
from watchfloor.lake.kql.tabular.binder import Binder
from watchfloor.lake.kql.templates import every


@dataclass(frozen=True, slots=True)
class Filter:
    """Rows of `table` for which `predicate` holds, over the columns as they are stored; `name` is what the query calls it."""

    name: str
    table: str
    predicate: exp.Expr


def filter_of(text: str, *, catalogue: Catalogue, now: datetime) -> Filter | None:
    """The query as a filter, None where it does anything else than `Table | where ...`. Raises KqlError for what is refused."""
    tree = parse(text)
    pipeline = tree.pipeline
    if pipeline is None or not isinstance(pipeline.source, s.Table):
        return None
    if not all(isinstance(operator, s.Where) for operator in pipeline.operators):
        return None
    program = Program(catalogue, Hosts(), now)
    binder, scope = Binder(program), Scope()
    for let in tree.lets:
        scope.names[let.name] = binder.scalars.let(let, scope)
    found = catalogue.table(pipeline.source.name)
    if found is None or scope.find(pipeline.source.name) is not None:
        return None
    columns = tuple(Column(one.name, one.type, one.name, one.null, one.sql) for one in found.columns)
    row = Row(Relation("rows", columns, raw=True))
    parts = [] if found.where is None else [found.where.copy()]
    parts += [
        binder.scalars.truth(operator.predicate, row, scope)
        for operator in pipeline.operators
        if isinstance(operator, s.Where)
    ]
    if program.steps or program.scans or program.missing:
        return None
    return Filter(found.name, found.table, every(*parts) if parts else exp.true())
