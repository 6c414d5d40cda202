"""What binding makes: typed scalars and typed relations over sqlglot trees."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, Protocol

from sqlglot import exp

from watchfloor.lake.kql.errors import KqlError, Span
from watchfloor.lake.kql.templates import cast, table_of
from watchfloor.lake.kql.types import SQL_TYPES, Type

UNKNOWN = object()
"""The constant of a scalar that is none."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A scalar. `name` is what its column is called when nobody says; `const` its value when it is a literal.

    `null` says whether it can be null: a text of our own tables cannot. `json` marks a text that a table keeps JSON in, so that
    its parts can be asked for as a workspace, where such a column is dynamic, allows it. `parts` are the columns, with names, of
    a function that gives several.
    """

    sql: exp.Expr
    type: Type
    name: str = ""
    const: Any = UNKNOWN
    null: bool = True
    json: bool = False
    parts: tuple[tuple[str, "Typed"], ...] = ()

    @property
    def is_const(self) -> bool:
        return self.const is not UNKNOWN

    def named(self, name: str) -> "Typed":
        return replace(self, name=name)


@dataclass(frozen=True, slots=True)
class Column:
    """`name` is KQL's; `sql` the identifier in the step's SELECT, which ignores case and so may differ.

    `made` is how a table's column is read where it is not simply there.
    """

    name: str
    type: Type
    sql: str
    null: bool = True
    made: exp.Expr | None = None
    json: bool = False

    def read(self, source: str = "") -> exp.Expr:
        if self.made is not None:
            return self.made.copy()
        this = exp.Identifier(this=self.sql, quoted=True)
        return (
            exp.Column(this=this, table=exp.Identifier(this=source, quoted=True)) if source else exp.Column(this=this)
        )

    def typed(self, source: str = "") -> Typed:
        return Typed(self.read(source), self.type, self.name, null=self.null, json=self.json)


@dataclass(frozen=True, slots=True)
class Order:
    """One key of the order rows stand in; `sql` names a column, shown or hidden."""

    sql: str
    descending: bool
    nulls_first: bool

    def expression(self) -> exp.Ordered:
        return exp.Ordered(this=exp.column(self.sql, quoted=True), desc=self.descending, nulls_first=self.nulls_first)


@dataclass(frozen=True, slots=True)
class Relation:
    """One step: the CTE or scan `source` with its columns.

    `extras` can be named but are not part of `*` (a table's other spelling of its time, our own columns).
    `open` says that its columns are not known before it runs, so that any name may be one: a dynamic, or a text with `texts`.
    `raw` says that the source may hold more than these columns, or hold them otherwise, so that `*` would not be they.
    `hidden` are carried for ourselves: keys of `order`, and `partition`, within which mv-apply's steps work.
    """

    source: str
    columns: tuple[Column, ...]
    extras: tuple[Column, ...] = ()
    hidden: tuple[Column, ...] = ()
    order: tuple[Order, ...] = ()
    partition: tuple[str, ...] = ()
    scan: "Scan | None" = None
    open: bool = False
    raw: bool = False
    texts: bool = False

    def column(self, name: str) -> Column | None:
        for column in (*self.columns, *self.extras):
            if column.name == name:
                return column
        if self.open:
            kind = Type.STRING if self.texts else Type.DYNAMIC
            return Column(name, kind, name, made=cast(exp.Null(), SQL_TYPES[kind]))
        return None

    def demand(self, name: str, span: Span) -> Column:
        found = self.column(name)
        if found is None:
            raise no_column(name, (column.name for column in self.columns), span)
        return found

    @property
    def everything(self) -> tuple[Column, ...]:
        return (*self.columns, *self.extras, *self.hidden)

    def select(self, *expressions: exp.Expr) -> exp.Select:
        return exp.Select(expressions=list(expressions), from_=exp.From(this=table_of(self.source)))


def no_column(name: str, known: Iterable[str], span: Span) -> KqlError:
    """The refusal for a column that is not there, with the nearest that is."""
    names = list(known)
    near = next((one for one in names if one.lower() == name.lower()), None)
    near = near or next(iter(get_close_matches(name, names, 1, 0.7)), None)
    hint = f"; did you mean “{near}”?" if near else ""
    return KqlError(f"there is no column “{name}” here{hint}", span, kind="name")


@dataclass(slots=True)
class Scan:
    """One reading of a table: `name` stands for it in the tree; rows outside [low, high] are not asked for.

    One of several tables put below one another has them as `parts`, and no name of its own.
    """

    name: str
    table: str
    low: Any = None
    high: Any = None
    parts: tuple["Scan", ...] = ()

    def since(self, moment: Any) -> None:
        """Nothing before `moment` is asked for."""
        self.low = moment if self.low is None else max(self.low, moment)
        for part in self.parts:
            part.since(moment)

    def until(self, moment: Any) -> None:
        """Nothing after `moment` is asked for."""
        self.high = moment if self.high is None else min(self.high, moment)
        for part in self.parts:
            part.until(moment)


@dataclass(frozen=True, slots=True)
class CatalogueColumn:
    """`sql` reads it from the physical table where it is not simply a column of that name; `extra` keeps it out of `*`."""

    name: str
    type: Type
    sql: exp.Expr | None = None
    extra: bool = False
    null: bool = True
    json: bool = False


@dataclass(frozen=True, slots=True)
class CatalogueTable:
    """A table people may name. `table` is the physical one it reads; `where` narrows it for a view; `time` is its time column."""

    name: str
    table: str
    columns: tuple[CatalogueColumn, ...]
    where: exp.Expr | None = None
    time: str = "Timestamp"


class Catalogue(Protocol):
    """The tables there are. Names are matched exactly; `names` is for suggestions."""

    def table(self, name: str) -> CatalogueTable | None: ...

    def names(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class ListData:
    """A list an administrator uploaded: column names with types, and rows."""

    columns: tuple[tuple[str, Type], ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Hosts:
    """What the surroundings give: lists by alias (`_GetWatchlist`) and by pinned address (`externaldata`); row guards by table."""

    watchlists: Mapping[str, ListData] = field(default_factory=dict)
    pinned: Mapping[str, ListData] = field(default_factory=dict)
    guards: Mapping[str, exp.Expr] = field(default_factory=dict)
