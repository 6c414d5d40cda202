"""Other stores with the same rows: DuckDB's own file, ClickHouse's MergeTree (through chDB), PostgreSQL with six indexes."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa
import sqlglot
from data import TABLES

from watchfloor.lake.arrow import schema_of
from watchfloor.lake.catalogue import table
from watchfloor.lake.engines.delta import ColdTable


class Peer(Protocol):
    """A store that was loaded with the home's rows and answers a question in DuckDB's SQL with rows."""

    name: str

    def load(self) -> None: ...
    def open(self) -> None: ...
    def said(self, text: str) -> str:
        """The question in this store's words."""
        ...

    def ask(self, text: str) -> Sequence[tuple[Any, ...]]: ...
    def close(self) -> None: ...


def files(home: Path, key: str) -> list[str]:
    """The table's Parquet files, oldest first."""
    return [file.path for file in reversed(ColdTable(home / "lake", table(TABLES[key])).snapshot().files)]


class DuckFile:
    """DuckDB over one file of its own, loaded in the order of the Parquet files."""

    name = "DuckDB"

    def __init__(self, home: Path) -> None:
        self.home, self.path = home, home / "native.duckdb"

    def load(self) -> None:
        with duckdb.connect(str(self.path), config={"memory_limit": "4GB"}) as native:
            native.execute("SET TimeZone = 'UTC'")
            for key in TABLES:
                names = ", ".join(field.name for field in fields_used(key))
                native.execute(
                    f"CREATE TABLE {key} AS SELECT {names} FROM read_parquet($1, hive_partitioning = false)",
                    [files(self.home, key)],
                )

    def open(self) -> None:
        self.held = duckdb.connect(str(self.path), read_only=True)
        self.held.execute("SET TimeZone = 'UTC'")

    def said(self, text: str) -> str:
        return in_utc(text)

    def ask(self, text: str) -> Sequence[tuple[Any, ...]]:
        return rows_of(self.held.sql(text).to_arrow_table())

    def close(self) -> None:
        self.held.close()


class ClickHouse:
    """MergeTree with a part for each day, sorted by time, a Bloom filter on the message's id."""

    name = "chDB"
    TYPES = {"string": "String", "int32": "Int32", "int64": "Int64", "double": "Float64", "bool": "Bool"}

    def __init__(self, home: Path) -> None:
        self.home, self.path = home, home / "clickhouse"

    def load(self) -> None:
        self.open()
        for key, name in TABLES.items():
            columns = ", ".join(f"{field.name} {self._type(field)}" for field in fields_used(key))
            index = "INDEX ids NetworkMessageId TYPE bloom_filter GRANULARITY 1"
            self.held.query(
                f"CREATE TABLE {key} ({columns}, {index}) ENGINE = MergeTree PARTITION BY toYYYYMMDD(Timestamp) ORDER BY Timestamp"
            )
            names = ", ".join(field.name for field in fields_used(key))
            folder = self.home / "lake" / name
            self.held.query(f"INSERT INTO {key} SELECT {names} FROM file('{folder}/day=*/*.parquet', Parquet)")
        self.close()

    def _type(self, field: pa.Field) -> str:
        if not pa.types.is_timestamp(field.type):
            return self.TYPES[str(field.type)]
        return "DateTime64(6, 'UTC')" if field.name == "Timestamp" else "Nullable(DateTime64(6, 'UTC'))"

    def open(self) -> None:
        from chdb.session import Session

        self.held = Session(str(self.path))

    def said(self, text: str) -> str:
        said = sqlglot.transpile(text, read="duckdb", write="clickhouse")[0]
        return f"{said} SETTINGS session_timezone = 'UTC', join_use_nulls = 1, use_query_condition_cache = 0"

    def ask(self, text: str) -> Sequence[tuple[Any, ...]]:
        data = self.held.query(text, "ArrowStream").bytes()
        return rows_of(pa.ipc.open_stream(data).read_all()) if data else []

    def close(self) -> None:
        self.held.close()


class Postgres:
    """Row by row, with the indexes that the questions would have a person make; a server of its own for the run."""

    name = "PostgreSQL"
    INDEXES = (
        "E (NetworkMessageId)", "E (ReportId)", "E (RecipientEmailAddress, Timestamp DESC)", "E (Timestamp)",
        "U (UrlDomain, Timestamp)", "C (Timestamp)",
    )  # fmt: skip

    def __init__(self, home: Path) -> None:
        from labs.postgres import postgres

        self.home, self.server = home, postgres()

    def load(self) -> None:
        import psycopg

        self.held = psycopg.connect(self.server.__enter__(), autocommit=True)
        self.held.execute("SET TimeZone = 'UTC'")
        for key in TABLES:
            fields = fields_used(key)
            self.held.execute(f"CREATE TABLE {key} ({', '.join(f'{one.name} {_postgres(one)}' for one in fields)})")
            names = ", ".join(field.name for field in fields)
            with duckdb.connect() as reader, self.held.cursor().copy(f"COPY {key} FROM STDIN (FORMAT csv)") as copy:
                for path in files(self.home, key):
                    part = self.home / "part.csv"
                    reader.execute(f"COPY (SELECT {names} FROM read_parquet('{path}')) TO '{part}' (HEADER false)")
                    copy.write(part.read_bytes())
                    part.unlink()
        for index in self.INDEXES:
            self.held.execute(f"CREATE INDEX ON {index}")
        self.held.execute("ANALYZE")

    def open(self) -> None:
        self.load()

    def said(self, text: str) -> str:
        return sqlglot.transpile(text, read="duckdb", write="postgres")[0]

    def ask(self, text: str) -> Sequence[tuple[Any, ...]]:
        return self.held.execute(text).fetchall()

    def close(self) -> None:
        self.held.close()
        self.server.__exit__(None, None, None)


def in_utc(text: str) -> str:
    """Moments with their zone, as the product writes them: DuckDB then compares without converting the column."""
    return re.sub(r"TIMESTAMP '([^']+)'", r"TIMESTAMPTZ '\1+00'", text)


def _postgres(field: pa.Field) -> str:
    if pa.types.is_timestamp(field.type):
        return "timestamptz"
    return {"int32": "integer", "int64": "bigint", "double": "double precision", "bool": "boolean"}.get(
        str(field.type), "text"
    )


def fields_used(key: str) -> list[pa.Field]:
    """The columns that some question names; the peers are spared the others, which no question would read."""
    words = frozenset(re.findall(r"\w+", (Path(__file__).parent / "explorer_queries.sql").read_text()))
    return [field for field in schema_of(TABLES[key]) if field.name in words]


_INSTANT = pa.timestamp("us", tz="UTC")


def rows_of(rows: pa.Table) -> list[tuple[Any, ...]]:
    """Rows as Python has them, times as microseconds: no store should pay for a time zone's library."""
    return [
        row
        for batch in rows.to_batches()
        for row in zip(*(_plain(column).to_pylist() for column in batch.columns), strict=True)
    ]


def _plain(column: pa.Array) -> pa.Array:
    if not pa.types.is_timestamp(column.type):
        return column
    return (column if column.type == _INSTANT else column.cast(_INSTANT)).view(pa.int64())


PEERS = {"duckdb": DuckFile, "clickhouse": ClickHouse, "postgres": Postgres}


def load_apart(home: Path, mails: int, part: str) -> None:
    """Load one of them in a process of its own, which gives its memory back."""
    subprocess.run([sys.executable, str(Path(__file__).with_name("data.py")), str(home), str(mails), part], check=True)
