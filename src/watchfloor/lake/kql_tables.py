"""The tables KQL can name: ours and the views over them, each column typed and told how it is read.

Cells of our tables are never null texts or numbers, so that most of SQL's three-valued logic falls away. Both spellings of the
time can be named everywhere; what Defender's table does not have can be named too, but `*` leaves it out.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from sqlglot import exp, parse_one

from watchfloor.access.contracts import Actor, Permission
from watchfloor.kernel.errors import Forbidden
from watchfloor.kernel.registry import modules_in
from watchfloor.lake.catalogue import tables
from watchfloor.lake.contracts import Column, ColumnType, Table, View
from watchfloor.lake.kql.model import CatalogueColumn, CatalogueTable
from watchfloor.lake.kql.types import SQL_TYPES, Type
from watchfloor.lake.schema.workspace import ORDERS

TIMES = ("Timestamp", "TimeGenerated")
RECEIVED = "_TimeReceived"
"""When a workspace took a row in. The lake does not keep that: the row's own time is the nearest that is true, as in ingestion_time()."""
FORMER = {
    "EntraIdSignInEvents": {"RiskLevelDuringSignIn": "RiskLevelAggregated", "AadDeviceId": "EntraIdDeviceId"},
}
"""Names Microsoft has given up for others, which queries still say."""
NULLABLE = frozenset({Type.DATETIME, Type.DYNAMIC, Type.REAL})
WORKSPACE = {
    "TenantId": "string",
    "SourceSystem": "string",
    "Type": "string",
    "_IsBillable": "string",
    "_BilledSize": "real",
}
"""Columns every table has in a Log Analytics workspace; none costs anything here."""


@cache
def views() -> tuple[View, ...]:
    """Every view, by name."""
    found = [module.VIEW for module in modules_in("watchfloor.lake.schema.views") if hasattr(module, "VIEW")]
    return tuple(sorted(found, key=lambda view: view.name))


@cache
def _places() -> dict[str, Table | View]:
    found: dict[str, Table | View] = {view.name: view for view in views()}
    for table in tables():
        found |= dict.fromkeys((table.name, *table.aliases), table)
    return found


def place_of(name: str) -> Table | View | None:
    """The table or view of this name or alias."""
    return _places().get(name)


class KqlTables:
    """The catalogue as somebody sees it; without `reader` all of it.

    `held` names the tables that hold rows: `search` and `union *` pass over the others, which would cost and give nothing.
    """

    def __init__(self, reader: Actor | None = None, *, held: frozenset[str] | None = None) -> None:
        self.reader = reader
        self.held = held

    def table(self, name: str) -> CatalogueTable | None:
        """The table. Raises Forbidden when the reader may not read it."""
        place = place_of(name)
        if place is None:
            return None
        if self.reader is not None and not self.reader.may(place.permission):
            raise Forbidden(
                f"reading {name} needs the right “{Permission(place.permission).value}”", permission=place.permission
            )
        return _of_table(place, name) if isinstance(place, Table) else _of_view(place)

    def names(self) -> tuple[str, ...]:
        """What the reader may name, aliases left out. Where `held` is said, only tables: views would say their rows again."""
        found = tuple(
            name
            for name, place in _places().items()
            if name == place.name and (self.reader is None or self.reader.may(place.permission))
        )
        if self.held is None:
            return found
        own = tuple(name for name in found if isinstance(_places()[name], Table))
        return tuple(name for name in own if name in self.held) or own[:1]


@cache
def _of_table(table: Table, name: str) -> CatalogueTable:
    shown = _ordered(table) if table.name in ORDERS else _plain(table)
    have = {column.name for column in shown}
    columns = [*shown, *(one for one in _further(table) if one.name not in have)]
    return CatalogueTable(name, table.name, tuple(columns))


def _plain(table: Table) -> list[CatalogueColumn]:
    """The table's own columns, then the workspace's spelling of its time."""
    shown = [_read(column) for column in table.columns if column.name not in table.own]
    return shown if any(column.name == "TimeGenerated" for column in shown) else [*shown, _time("TimeGenerated")]


def _ordered(table: Table) -> list[CatalogueColumn]:
    """What a workspace lists of the table, in its order."""
    return [_word(table, word) for word in ORDERS[table.name].split()]


@cache
def _whole_tables() -> dict[frozenset[str], tuple[str, ...]]:
    """By what a table gives when no columns are chosen: the same names as its documentation lists them, the workspace's last."""
    found = {}
    for table in tables():
        names = [column.name for column in _of_table(table, table.name).columns if not column.extra]
        places = {column.name: place for place, column in enumerate(table.columns) if column.name not in WORKSPACE}
        found[frozenset(names)] = tuple(sorted(names, key=lambda name: places.get(name, len(places))))
    return found


def documented_order(names: Sequence[str]) -> list[int]:
    """Places of the columns of an answer as a person wants to read them: those of a whole table as documented, others as they are."""
    order = _whole_tables().get(frozenset(names))
    return [names.index(name) for name in order] if order and len(order) == len(names) else list(range(len(names)))


def _word(table: Table, word: str) -> CatalogueColumn:
    named, _, kind = word.partition(":")
    name, _, other = named.partition("=")
    if name in TIMES:
        return _time(name)
    if other or table.has(name):
        return _read(table.column(other or name), name=name, kind=kind)
    return _constant(table, name, Type(kind or WORKSPACE[name]))


def _further(table: Table) -> Iterator[CatalogueColumn]:
    """What can be named though it is not part of `*`."""
    for column in table.columns:
        if column.name not in TIMES:
            yield _read(column, extra=True)
    for name in (*TIMES, RECEIVED):
        yield _time(name, extra=True)
    for name, other in FORMER.get(table.name, {}).items():
        yield _read(table.column(other), name=name, extra=True)
    for name, kind in WORKSPACE.items():
        yield _constant(table, name, Type(kind), extra=True)


def _read(column: Column, *, name: str = "", kind: str = "", extra: bool = False) -> CatalogueColumn:
    """A column of our own; one kept as the text of JSON is read as such."""
    held = exp.column(column.name, quoted=True)
    type = Type(kind or column.type.value)
    sql: exp.Expr | None = held if name and name != column.name else None
    if column.type is ColumnType.DYNAMIC:
        sql = exp.TryCast(this=held, to=exp.DataType.build("JSON"))
    return CatalogueColumn(
        name or column.name,
        type,
        sql,
        extra,
        null=type in NULLABLE and column.name != "Timestamp",
        json=type is Type.STRING and "JSON" in column.description,
    )


def _time(name: str, *, extra: bool = False) -> CatalogueColumn:
    sql = None if name == "Timestamp" else exp.column("Timestamp", quoted=True)
    return CatalogueColumn(name, Type.DATETIME, sql, extra, null=False)


def _constant(table: Table | View, name: str, type: Type, *, extra: bool = False) -> CatalogueColumn:
    """A column nothing of ours tells: empty, but for the table's own name and what a workspace bills."""
    value: exp.Expr = exp.cast(exp.Null(), SQL_TYPES[type])
    if type is Type.STRING:
        value = exp.Literal.string({"Type": table.name, "_IsBillable": "False"}.get(name, ""))
    return CatalogueColumn(name, type, value, extra, null=type is not Type.STRING)


@cache
def _of_view(view: View) -> CatalogueTable:
    columns = [
        _constant(view, column.name, Type(column.type.value))
        if not column.reads
        else CatalogueColumn(
            column.name, Type(column.type.value), _filled(column.reads, column.type), null=_may_lack(column.type)
        )
        for column in view.columns
    ]
    have = {column.name for column in columns}
    time = exp.column("Timestamp" if view.over else "TimeGenerated", quoted=True)
    columns += [
        CatalogueColumn(name, Type.DATETIME, time, extra=True, null=False)
        for name in (*TIMES, RECEIVED)
        if name not in have
    ]
    columns += [_constant(view, name, Type(kind), extra=True) for name, kind in WORKSPACE.items() if name not in have]
    where = _bare(parse_one(view.where, dialect="duckdb")) if view.where else None
    return CatalogueTable(view.name, view.over or view.name, tuple(columns), where)


def _filled(reads: str, type: ColumnType) -> exp.Expr:
    tree = _bare(parse_one(reads, dialect="duckdb"))
    if type is ColumnType.DYNAMIC and isinstance(tree, exp.Column):
        return exp.TryCast(this=tree, to=exp.DataType.build("JSON"))
    return exp.func("COALESCE", tree, exp.Literal.string("")) if type is ColumnType.STRING else tree


def _bare(tree: exp.Expr) -> exp.Expr:
    """The tree without the places its words had in the text, which every query would copy along."""
    for node in tree.walk():
        node._meta = None
    return tree


def _may_lack(type: ColumnType) -> bool:
    return type is not ColumnType.STRING


def names_of(places: Iterable[str]) -> frozenset[str]:
    """Which of these names are ours."""
    return frozenset(name for name in places if place_of(name) is not None)
