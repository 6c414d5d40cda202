"""What one compilation gathers: steps, scans, names, limits. Scopes say what a name means where."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlglot import exp

from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.errors import KqlError, Span
from watchfloor.lake.kql.model import Catalogue, Column, Hosts, ListData, Relation, Scan, Typed
from watchfloor.lake.kql.templates import own

MOST_STEPS = 600
MOST_NODES = 300_000
MOST_CALLS = 4_000
MOST_SCANS = 200
MOST_COLUMNS = 2_000
FEW_ROWS = 50
"""Rows of a list that still stand in the statement as they are."""


@dataclass(frozen=True, slots=True)
class Closure:
    """A let function with the scope it was written in."""

    function: s.Function
    scope: "Scope"


@dataclass(frozen=True, slots=True)
class Unfit:
    """An argument that does not fit its parameter: `error` is for whoever reads it."""

    error: KqlError


Bound = Typed | Relation | Closure | Unfit


@dataclass(frozen=True, slots=True)
class Scope:
    """Names in force, innermost first."""

    names: dict[str, Bound] = field(default_factory=dict)
    outer: "Scope | None" = None
    depth: int = 0

    def find(self, name: str) -> Bound | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None

    def inner(self, **names: Bound) -> "Scope":
        if self.depth > 30:
            raise KqlError("functions call one another too deeply", kind="limit")
        return Scope(dict(names), self, self.depth + 1)


@dataclass(frozen=True, slots=True)
class Row:
    """Where a scalar stands: the columns it may name; `sides` for a join's condition; whether aggregates may be called."""

    relation: Relation | None = None
    sides: tuple[tuple[str, Relation], ...] = ()
    aggregates: bool = False
    of_rows: bool = True

    def find(self, name: str) -> Typed | None:
        if self.relation is not None and (column := self.relation.column(name)):
            return column.typed()
        return None


@dataclass(slots=True)
class Program:
    """Steps become common table expressions in order; `missing` names lists that nobody uploaded, `given` are sources of lists.

    `probe` runs a tree and gives its rows, for the plugins whose columns depend on data; without it they stay open.
    """

    catalogue: Catalogue
    hosts: Hosts
    now: datetime
    probe: Callable[["Program", exp.Select], list[tuple[Any, ...]]] | None = None
    steps: list[tuple[str, exp.Expr]] = field(default_factory=list)
    scans: list[Scan] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    given: dict[str, ListData] = field(default_factory=dict)
    render: s.Render | None = None
    nodes: int = 0
    calls: int = 0

    def spend(self, sql: exp.Expr) -> None:
        """Count a tree that a name stands for once more: names of names of names may grow beyond every bound."""
        for _ in sql.walk():
            self.nodes += 1
            if self.nodes > MOST_NODES:
                raise KqlError("the values of this query grow too large when their names are written out", kind="limit")

    def call(self) -> None:
        """Count one more call of a let function."""
        self.calls += 1
        if self.calls > MOST_CALLS:
            raise KqlError(f"the query calls its own functions more than {MOST_CALLS} times", kind="limit")

    def step(self, select: exp.Expr) -> str:
        """Name one more step."""
        if len(self.steps) >= MOST_STEPS:
            raise KqlError(f"the query has more than {MOST_STEPS} steps", kind="limit")
        name = f"s{len(self.steps) + 1}"
        self.steps.append((name, select))
        return name

    def give(self, found: ListData, *, always: bool = False) -> str:
        """The name of a source that holds a list's rows; "" for a short one, which can stand in the statement itself."""
        if len(found.rows) <= FEW_ROWS and not always:
            return ""
        for name, known in self.given.items():
            if known is found:
                return name
        self.given[f"given{len(self.given) + 1}"] = found
        return f"given{len(self.given)}"

    def scan(self, table: str) -> Scan:
        """One more reading of a table."""
        if len(self.scans) >= MOST_SCANS:
            raise KqlError(f"the query reads tables more than {MOST_SCANS} times", kind="limit")
        found = Scan(f"scan{len(self.scans) + 1}", table)
        self.scans.append(found)
        return found

    def make(self, source: Relation, shown: Sequence[tuple[str, Typed]], **changes: Any) -> Relation:
        """A step that shows exactly these columns of `source`, what is hidden carried along."""
        columns = columns_of([(name, value) for name, value in shown], taken=(hidden.sql for hidden in source.hidden))
        select = source.select(
            *(aliased(value.sql, column) for (_, value), column in zip(shown, columns, strict=True)),
            *(hidden.read() for hidden in source.hidden),
        )
        return replace(source, source=self.step(select), columns=columns, extras=(), scan=None, raw=False, **changes)


def beside(program: Program, relation: Relation, added: Mapping[str, Typed], *, replaced: bool = False) -> Relation:
    """The columns there are, and these beside them under identifiers of their own: nothing is written out again.

    What stood under a name that is added again stays below unseen, as does what the caller says is `replaced`.
    """
    raw = relation.raw or replaced or any(column.name in added for column in relation.everything)
    made = columns_of(added.items(), taken=(column.sql for column in relation.everything))
    if raw:
        made = tuple(replace(column, sql=f"{column.sql}~s{len(program.steps)}") for column in made)
    select = relation.select(
        exp.Star(), *(aliased(value.sql, column) for value, column in zip(added.values(), made, strict=True))
    )
    fresh = {column.name: column for column in made}
    columns = tuple(fresh.pop(column.name, column) for column in relation.columns)
    return replace(
        relation,
        source=program.step(select),
        columns=bounded((*columns, *fresh.values())),
        extras=tuple(column for column in relation.extras if column.name not in added),
        raw=raw,
    )


def aliased(sql: exp.Expr, column: Column) -> exp.Expr:
    """The expression under a column's identifier."""
    return exp.Alias(this=own(sql), alias=exp.Identifier(this=column.sql, quoted=True))


def bounded(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """The columns, unless they are more than an engine plans in time."""
    if len(columns) > MOST_COLUMNS:
        raise KqlError(f"a table may have {MOST_COLUMNS} columns, this one gets {len(columns)}", kind="limit")
    return columns


def columns_of(shown: Iterable[tuple[str, Typed]], *, taken: Iterable[str] = ()) -> tuple[Column, ...]:
    """Columns for values, each with an identifier of its own though SQL ignores case."""
    used = {name.lower() for name in taken}
    found: list[Column] = []
    for name, value in shown:
        identifier, number = name, 1
        while identifier.lower() in used or not identifier:
            number += 1
            identifier = f"{name}~{number}"
        used.add(identifier.lower())
        found.append(Column(name, value.type, identifier, value.null, json=value.json))
    return bounded(tuple(found))


def unique(name: str, used: set[str]) -> str:
    """The name, with the first number that makes it new."""
    if name not in used:
        used.add(name)
        return name
    base, number = name, 1
    for cut in range(len(name) - 1, len(name.rstrip("0123456789")) - 1, -1):
        if name[:cut] in used:
            # A name that was made in this way goes on counting, as the official binder does.
            base, number = name[:cut], int(name[cut:]) + 1
            break
    while f"{base}{number}" in used:
        number += 1
    used.add(f"{base}{number}")
    return f"{base}{number}"


def count_of(value: Typed, what: str, span: Span) -> int:
    """A constant count."""
    if not isinstance(value.const, int) or isinstance(value.const, bool) or value.const < 0:
        raise KqlError(f"{what} must be a constant number", span, kind="type")
    return value.const
