"""The other implementation beside ours: both compile a query, one engine runs both, and the answers become comparable.

The tables are made here, with values at the edges. Where the two hold a type in different ways (a timespan as ticks here, as an
interval there), each has its own table in a schema of its own.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import duckdb
import duckdb_kql
import pyarrow as pa

from watchfloor.lake.kql.compiling import assembled, compile_query
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql.model import CatalogueColumn, CatalogueTable
from watchfloor.lake.kql.tests.tables import NOW, Tables
from watchfloor.lake.kql.types import SQL_TYPES, Type

T, L, R = Type, "L", "R"
COLUMNS = {
    "T": {
        "id": T.LONG, "kind": T.STRING, "n": T.LONG, "m": T.LONG, "x": T.REAL, "s": T.STRING, "u": T.STRING, "b": T.BOOL,
        "t": T.DATETIME, "e": T.DATETIME, "p": T.TIMESPAN, "g": T.GUID, "d": T.DYNAMIC,
    },
    "L": {"k": T.STRING, "n": T.LONG, "v": T.STRING},
    "R": {"k": T.STRING, "n": T.LONG, "v": T.STRING},
}  # fmt: skip
KIND = ("alpha", "beta", "beta", "", "alpha", "gamma")
N = (None, 0, 1, -1, 7, -7, 3, 12, -20, 1_000_000, 5, 2)
M = (2, 0, -3, None, 7, 4, 3, 5, 0, -1, 10, 1)
X = (0.0, -0.5, 1.5, 2.5, -2.5, None, 0.3, 1e9, -7.25, 100.0, 0.999, 3.0)
S = (
    "", "fw-01 up", "FW-01 UP", "a.b", "ABC abc", "Café au lait", "中文 text", "100%_a", "it's", "x\\y", " pad ", "10.1.2.3",
)  # fmt: skip
U = (
    "a", "fw", "1.5", "-7", "true", "2007-01-03", "01:02:03", '{"a": 1, "b": [1, "x"]}', "[1, 2]", "74be27de-1e4e-49d9-b579-fe0b331d3642",
    "https://u:p@h.example:8080/p/a?q=1&r=2#f", "",
)  # fmt: skip
B = (True, False, None)
MOMENTS = (
    None, "2007-01-03 12:34:56.789012", "2007-12-31 23:59:59.999999", "2020-02-29 00:00:00", "1969-12-31 23:59:59", "1900-01-01 00:00:00",
    "2026-11-01 06:00:00", "2007-01-07 00:00:00", "2007-01-08 00:00:00", "2012-12-30 23:00:00", "1999-12-31 12:00:00", "2000-01-01 00:00:00",
)  # fmt: skip
SPANS = (
    None,
    0,
    3_600_000_000,
    -3_600_000_000,
    131_445_500_000,
    129_600_000_000,
    1,
    1_500_000,
    -90_061_000_001,
    59_999_999,
    86_400_000_000,
    5_400_000_000,
)
GUIDS = (None, "74be27de-1e4e-49d9-b579-fe0b331d3642", "00000000-0000-0000-0000-000000000000")
D = (
    None, "{}", "[]", '{"a":1,"b":[1,2,"x"],"c":{"e":"deep"}}', '[1,"x",null]', '"text"', "7", "true", "1.5",
    '{"A":"upper","a":"1","b":null}', '{"a":null,"b":[]}', '[[1,2],{"a":5}]',
)  # fmt: skip
LEFT = (("a", 1, "x"), ("a", 2, "y"), ("b", 1, "a"), ("", 3, ""), ("c", None, "b"), ("A", 1, "A"))
RIGHT = (("a", 1, "a"), ("a", 5, "fw up"), ("b", None, "b"), ("", 3, "z"), ("d", 1, "b"), ("c", None, "beta"))


@dataclass(frozen=True, slots=True)
class Answer:
    """`rows` with comparable cells under `columns`; `refused` is why there are none."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    refused: str = ""


class Moment(NamedTuple):
    """Microseconds since 1970."""

    at: int

    def __str__(self) -> str:
        try:
            return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self.at)).strftime("%Y-%m-%d %H:%M:%S.%f")
        except OverflowError:
            return f"{self.at} µs"


class Both:
    """One engine with the same tables in each one's own types."""

    def __init__(self) -> None:
        self.engine = duckdb.connect(config={"threads": "1"})
        self.engine.execute("SET TimeZone = 'UTC'")
        for schema in ("ours", "theirs"):
            self.engine.execute(f"CREATE SCHEMA {schema}")
            for table, rows in (("T", _rows()), ("L", LEFT), ("R", RIGHT)):
                self._make(schema, table, rows)
        self.catalogue = Tables(
            *(
                CatalogueTable(
                    name,
                    name,
                    tuple(CatalogueColumn(one, kind, null=kind is not T.STRING) for one, kind in columns.items()),
                )
                for name, columns in COLUMNS.items()
            )
        )

    def close(self) -> None:
        self.engine.close()

    def _make(self, schema: str, table: str, rows: Sequence[Sequence[Any]]) -> None:
        kinds = list(COLUMNS[table].values())
        other = {T.TIMESPAN: "INTERVAL", T.DATETIME: "TIMESTAMP", T.GUID: "UUID"} if schema == "theirs" else {}
        types = [other.get(kind, SQL_TYPES[kind]) for kind in kinds]
        shown = ", ".join(f'"{name}" {kind}' for name, kind in zip(COLUMNS[table], types, strict=True))
        self.engine.execute(f"CREATE TABLE {schema}.{table} ({shown})")
        holes = ", ".join("TO_MICROSECONDS(?)" if kind == "INTERVAL" else "?" for kind in types)
        scaled = [
            [
                value * 10 if kind is T.TIMESPAN and schema == "ours" and value is not None else value
                for kind, value in zip(kinds, row, strict=True)
            ]
            for row in rows
        ]
        self.engine.executemany(f"INSERT INTO {schema}.{table} VALUES ({holes})", scaled)

    def ours(self, text: str, *, ordered: bool = False) -> tuple[Answer, tuple[Type, ...]]:
        """Our rows, and the types of the columns."""
        try:
            found = compile_query(
                text,
                catalogue=self.catalogue,
                now=NOW,
                probe=lambda program, select: self._run(
                    "ours", assembled(program, select).sql("duckdb"), program.scans
                ),
            )
        except KqlError as error:
            return Answer(refused=error.words), ()
        kinds = tuple(kind for _, kind in found.columns)
        try:
            rows = self._run("ours", found.sql("duckdb", last=True), found.scans)
        except duckdb.Error as error:
            return Answer(refused=f"the engine: {error}"), kinds
        return _answer([name for name, _ in found.columns], kinds, rows, ordered), kinds

    def theirs(self, text: str, kinds: Sequence[Type], *, ordered: bool = False) -> Answer:
        """Their rows, read as the types that ours have."""
        try:
            made = duckdb_kql.to_sql(
                text, schema={name: list(columns) for name, columns in COLUMNS.items()}, query_now=NOW
            )
        except (duckdb_kql.KqlError, NotImplementedError, RecursionError) as error:
            return Answer(refused=f"{type(error).__name__}: {error}"[:200])
        try:
            self.engine.execute("SET search_path = 'theirs'")
            found = self.engine.sql(str(made))
            return _answer(found.columns, kinds, _tuples(found), ordered)
        except (duckdb.Error, ValueError) as error:
            return Answer(refused=f"the engine: {error}"[:200])

    def _run(self, schema: str, statement: str, scans: Sequence[Any]) -> list[tuple[Any, ...]]:
        self.engine.execute(f"SET search_path = '{schema}'")
        for scan in scans:
            self.engine.execute(f'CREATE OR REPLACE TEMP VIEW "{scan.name}" AS SELECT * FROM {schema}."{scan.table}"')
        return _tuples(self.engine.sql(statement))


def _tuples(found: duckdb.DuckDBPyRelation) -> list[tuple[Any, ...]]:
    return list(zip(*(_cells(column) for column in found.to_arrow_table().columns), strict=True))


def _cells(column: pa.ChunkedArray) -> list[Any]:
    """Python values; moments as microseconds in a wrapper, since the engine knows years that Python does not."""
    if pa.types.is_timestamp(column.type):
        held = column.cast(pa.timestamp("us", tz=column.type.tz)).cast(pa.int64()).to_pylist()
        return [None if one is None else Moment(one) for one in held]
    values: list[Any] = column.to_pylist()
    return values


def _rows() -> list[tuple[Any, ...]]:
    def at(values: Sequence[Any], number: int) -> Any:
        return values[number % len(values)]

    return [
        (
            number, at(KIND, number), at(N, number), at(M, number), at(X, number), at(S, number), at(U, number), at(B, number),
            at(MOMENTS, number), at(MOMENTS[1:], number * 5), at(SPANS, number), at(GUIDS, number), at(D, number),
        )
        for number in range(len(N))
    ]  # fmt: skip


def _answer(names: Sequence[str], kinds: Sequence[Type], rows: Sequence[Sequence[Any]], ordered: bool) -> Answer:
    if rows and len(rows[0]) != len(kinds):
        return Answer(refused=f"columns {', '.join(names)}")
    read = [tuple(comparable(value, kind) for value, kind in zip(row, kinds, strict=True)) for row in rows]
    return Answer(tuple(names), tuple(read if ordered else sorted(read, key=repr)))


def comparable(value: Any, kind: Type) -> Any:
    """One cell as a value that is the same however it was held."""
    if kind in (T.STRING, T.GUID):
        return "" if value is None else str(value)
    if value is None:
        return None
    if kind is T.TIMESPAN:
        return _micros(value)
    if kind is T.DATETIME:
        return _moment(value)
    if kind is T.DYNAMIC:
        return _plain(value)
    if kind in (T.REAL, T.DECIMAL):
        return _real(value)
    return value


def _real(value: Any) -> Any:
    if isinstance(value, bool | str):
        return value
    number = float(value)
    return repr(number) if math.isnan(number) or math.isinf(number) else float(f"{number:.9g}")


def _micros(value: Any) -> int:
    if isinstance(value, int):
        return value // 10
    if isinstance(value, timedelta):
        return value // timedelta(microseconds=1)
    if isinstance(value, tuple) and len(value) == 3:
        months, days, nanoseconds = value
        return (months * 30 + days) * 86_400_000_000 + nanoseconds // 1000
    raise ValueError(f"a timespan as {type(value).__name__}")


def _moment(value: Any) -> str:
    return f"{value} 00:00:00.000000" if isinstance(value, date) else str(value)


def _plain(value: Any) -> Any:
    """What a dynamic holds, as JSON with its keys sorted and its numbers alike."""
    if isinstance(value, str):
        value = _read(value)
    return json.dumps(_alike(value), sort_keys=True, ensure_ascii=False, default=str)


def _alike(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() else float(f"{value:.9g}")
    if isinstance(value, list):
        return [_alike(one) for one in value]
    if isinstance(value, dict):
        return {name: _alike(one) for name, one in value.items()}
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        found = _read(value)
        return value if isinstance(found, str) else _alike(found)
    return value


def _read(text: str) -> Any:
    """JSON where it is some, else the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text
