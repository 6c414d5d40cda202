"""Asking the engine what a query answers."""

from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest

from watchfloor.lake.kql.compiling import assembled, compile_query
from watchfloor.lake.kql.tests.tables import NOW, Tables

Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": "1"}) as made:
        made.execute("SET TimeZone = 'UTC'")
        yield made


@pytest.fixture(scope="module")
def ask(engine: duckdb.DuckDBPyConnection) -> Ask:
    """Rows of a query that brings its own data."""

    def rows(statement: str) -> list[tuple[Any, ...]]:
        table = engine.sql(statement).to_arrow_table()
        return list(zip(*(column.to_pylist() for column in table.columns), strict=True))

    def run(text: str) -> list[tuple[Any, ...]]:
        found = compile_query(
            text,
            catalogue=Tables(),
            now=NOW,
            probe=lambda program, select: rows(assembled(program, select).sql(dialect="duckdb")),
        )
        return rows(found.sql("duckdb"))

    return run


@pytest.fixture(scope="module")
def value(ask: Ask) -> Callable[[str], Any]:
    """The value of one expression."""

    def run(expression: str) -> Any:
        [(found,)] = ask(f"print {expression}")
        return found

    return run
