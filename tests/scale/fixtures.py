"""The grid of the language's own tests on every engine: its three small tables as rows of a lake, with values at the edges."""

from datetime import UTC, datetime

import pyarrow as pa
from sqlglot import exp

from watchfloor.lake.engines.duck import DuckEngine
from watchfloor.lake.engines.source import Source
from watchfloor.lake.kql.compiling import Compiled, assembled, compile_query
from watchfloor.lake.kql.model import CatalogueColumn, CatalogueTable
from watchfloor.lake.kql.tests import peer
from watchfloor.lake.kql.tests.tables import NOW, Tables
from watchfloor.lake.kql.types import Type

ARROW = {
    Type.LONG: pa.int64(), Type.INT: pa.int32(), Type.REAL: pa.float64(), Type.STRING: pa.string(), Type.BOOL: pa.bool_(),
    Type.DATETIME: pa.timestamp("us", tz="UTC"), Type.TIMESPAN: pa.int64(), Type.GUID: pa.string(), Type.DYNAMIC: pa.string(),
}  # fmt: skip


class Fixtures:
    """The tables T, L and R: what they hold, and how KQL names them."""

    def __init__(self) -> None:
        self.rows = {name: _arrow(peer.COLUMNS[name], rows) for name, rows in _held().items()}
        self.tables = Tables(*(_catalogued(name, columns) for name, columns in peer.COLUMNS.items()))

    def compiled(self, text: str, engine: DuckEngine) -> Compiled:
        """The query with its plugins asked of `engine`. Raises KqlError."""

        def probe(program, select):
            tree = assembled(program, select)
            found = engine.run(tree, {scan.name: self._source(scan.table) for scan in program.scans})
            return list(zip(*(column.to_pylist() for column in found.columns), strict=True))

        return compile_query(text, catalogue=self.tables, now=NOW, probe=probe)

    def sources(self, compiled: Compiled) -> dict[str, Source]:
        return {scan.name: self._source(scan.table) for scan in compiled.scans}

    def _source(self, table: str) -> Source:
        return Source((), self.rows[table], self.rows[table].slice(0, 0))


def _held() -> dict[str, list[tuple]]:
    return {"T": peer._rows(), "L": list(peer.LEFT), "R": list(peer.RIGHT)}


def _arrow(columns: dict[str, Type], rows: list[tuple]) -> pa.Table:
    cells = zip(*rows, strict=True)
    return pa.table(
        {
            name: pa.array([_cell(cell, kind) for cell in held], ARROW[kind])
            for (name, kind), held in zip(columns.items(), cells, strict=True)
        }
    )


def _cell(value: object, kind: Type) -> object:
    if kind is Type.DATETIME and value is not None:
        return datetime.fromisoformat(str(value)).replace(tzinfo=UTC)
    if kind is Type.TIMESPAN and value is not None:
        return int(str(value)) * 10
    return value


def _catalogued(name: str, columns: dict[str, Type]) -> CatalogueTable:
    return CatalogueTable(
        name,
        name,
        tuple(
            CatalogueColumn(
                column,
                kind,
                exp.TryCast(this=exp.column(column, quoted=True), to=exp.DataType.build("JSON"))
                if kind is Type.DYNAMIC
                else None,
                null=kind is not Type.STRING,
            )
            for column, kind in columns.items()
        ),
    )
