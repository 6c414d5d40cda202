"""Even a query that got past everything else reads nothing of the machine but the lake, changes no setting, and ends."""

import duckdb
import pytest
from sqlglot import exp, parse_one

from watchfloor.lake.contracts import TooSlow
from watchfloor.lake.engines.duck import DuckEngine


@pytest.fixture
def engine(tmp_path) -> DuckEngine:
    (tmp_path / "secret.csv").write_text("key\nopen sesame\n")
    return DuckEngine(lake=tmp_path / "lake", scratch=tmp_path / "scratch", memory="200MB")


def run(engine: DuckEngine, text: str, *, timeout: float = 10.0) -> object:
    tree = parse_one(text, dialect="duckdb")
    cursor = engine._new_cursor()
    with engine._limited(cursor, timeout):
        return cursor.sql(tree.sql(dialect="duckdb")).fetchall()


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_text('{home}/secret.csv')",
        "SELECT * FROM read_csv('{home}/secret.csv')",
        "SELECT * FROM '{home}/secret.csv'",
        "SELECT * FROM glob('{home}/*')",
        "SELECT * FROM read_parquet('https://evil.example/x.parquet')",
        "SELECT * FROM read_text('{home}/lake/../secret.csv')",
    ],
)
def test_files_and_hosts_beyond_the_lake_are_closed(engine, tmp_path, text):
    with pytest.raises(duckdb.Error, match=r"(?i)permission|disabled|not exist|access"):
        run(engine, text.replace("{home}", str(tmp_path)))


@pytest.mark.parametrize(
    "statement", ["SET enable_external_access = true", "SET memory_limit = '8GB'", "INSTALL httpfs", "LOAD httpfs"]
)
def test_no_statement_opens_the_engine_again(engine, statement):
    with pytest.raises(duckdb.Error):
        engine._new_cursor().execute(statement)


def test_a_query_without_end_is_stopped(engine):
    tree = exp.select("count(*)").from_("range(100000000000) AS a, range(100000) AS b")
    with pytest.raises(TooSlow):
        run(engine, tree.sql(dialect="duckdb"), timeout=0.3)


def test_names_of_python_are_no_tables(engine):
    import pyarrow as pa

    secret = pa.table({"key": [1]})
    assert secret.num_rows
    with pytest.raises(duckdb.Error, match="does not exist"):
        run(engine, "SELECT * FROM secret")
