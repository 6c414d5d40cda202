"""The plainest questions answered in memory: as the engine would, or not at all."""

from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import parse_one

from watchfloor.lake.engines import at_hand
from watchfloor.lake.engines.plain import understood

START = datetime(2026, 11, 1, tzinfo=UTC)
ROWS = pa.table(
    {
        "Timestamp": pa.array([START + timedelta(hours=n) for n in range(60)], pa.timestamp("us", "UTC")),
        "Mailbox": [("ada", "max", "Eve", "özil")[n % 4] for n in range(60)],
        "Subject": [f"minutes {n % 7}" for n in range(60)],
        "Size": list(range(60)),
        "Share": [n / 7 for n in range(60)],
        "Opened": pa.array([START if n % 5 else None for n in range(60)], pa.timestamp("us", "UTC")),
    }
)
DAY = "TIMESTAMPTZ '2026-11-02 00:00:00+00'"
PLAIN = (
    "SELECT * FROM mails",
    "SELECT Subject, Size AS bytes FROM mails WHERE Mailbox = 'ada'",
    "SELECT Subject FROM mails WHERE Mailbox IN ('ada', 'nobody') AND Subject = 'minutes 4'",
    f"SELECT Subject, Timestamp FROM mails WHERE (Timestamp >= {DAY} AND (Mailbox = 'max')) ORDER BY Timestamp DESC LIMIT 5",
    f"SELECT Timestamp FROM mails WHERE Timestamp < {DAY} ORDER BY Timestamp LIMIT 5 OFFSET 3",
    f"SELECT Size FROM mails WHERE Opened > {DAY}",
    f"SELECT Size FROM mails WHERE Subject = 'minutes 3' AND Opened < {DAY} AND Timestamp > {DAY}",
    "SELECT Size FROM mails WHERE Mailbox = 'nobody'",
    "SELECT Size FROM mails WHERE Subject = 'minutes 3' ORDER BY Size DESC LIMIT 4 OFFSET 2",
    "SELECT Size AS bytes FROM mails ORDER BY Opened DESC, Mailbox, Size DESC",
    "SELECT Subject FROM mails ORDER BY Opened, Subject DESC LIMIT 30",
    "SELECT Mailbox, count(*) AS n FROM mails GROUP BY Mailbox ORDER BY n DESC, Mailbox",
    "SELECT Mailbox, Subject, count(*) AS n, count(DISTINCT Size) AS sizes, count(DISTINCT Opened) AS opened FROM mails "
    f"WHERE Timestamp <= {DAY} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 4",
    "SELECT count(*) AS n, Mailbox FROM mails WHERE Mailbox = 'nobody' GROUP BY Mailbox",
    "SELECT Subject FROM mails GROUP BY Subject ORDER BY Subject DESC",
)
BEYOND = (
    "SELECT upper(Subject) FROM mails",
    "SELECT count(*) AS n FROM mails",
    "SELECT Mailbox, count(*) FROM mails GROUP BY Mailbox",
    "SELECT Subject FROM mails WHERE Mailbox <> 'ada'",
    "SELECT Subject FROM mails WHERE Mailbox = 'ada' OR Size = 3",
    "SELECT Subject FROM mails WHERE Mailbox = Subject",
    "SELECT Subject FROM mails WHERE Size = '3'",
    "SELECT Subject FROM mails WHERE lower(Mailbox) = 'ada'",
    "SELECT Subject FROM mails WHERE Timestamp >= '2026-11-02'",
    "SELECT Subject FROM mails WHERE Timestamp >= TIMESTAMPTZ 'yesterday'",
    "SELECT Subject FROM mails ORDER BY Size + 1",
    "SELECT Subject FROM mails ORDER BY Share",
    "SELECT Subject FROM mails ORDER BY Opened NULLS FIRST",
    "SELECT Subject FROM mails ORDER BY Shoe",
    "SELECT Subject AS Size FROM mails ORDER BY Size",
    "SELECT Subject FROM mails WHERE Share >= TIMESTAMPTZ '2026-11-02 00:00:00+00'",
    "SELECT DISTINCT Subject FROM mails",
    "SELECT Subject, count(*) AS n FROM mails GROUP BY Subject HAVING count(*) > 3",
    "SELECT Subject, Size, count(*) AS n FROM mails GROUP BY Subject",
    "SELECT Subject, max(Size) AS most FROM mails GROUP BY Subject",
    "SELECT Subject FROM mails LIMIT 1 + 1",
    "SELECT m.Subject FROM mails AS m",
    "SELECT Subject FROM mails, mails AS again",
    "SELECT Shoe FROM mails",
    "SELECT * EXCLUDE (Size) FROM mails",
    "SELECT row_number() OVER () FROM mails",
    "SELECT Subject FROM mails UNION ALL SELECT Subject FROM mails",
)


def by_engine(text: str) -> pa.Table:
    with duckdb.connect(":memory:") as database:
        database.execute("SET TimeZone = 'UTC'")
        database.register("mails", ROWS)
        return database.sql(text).to_arrow_table()


def told(text: str, *pieces: pa.Table | pa.RecordBatch) -> pa.Table | None:
    asked = understood(parse_one(text, dialect="duckdb"))
    return asked and at_hand.answered(asked, pieces or [ROWS], ROWS.schema)


def sorted_rows(found: pa.Table) -> list[str]:
    return sorted(map(str, found.to_pylist()))


@pytest.mark.parametrize("pieces", [[ROWS], ROWS.to_batches()], ids=["many rows", "few rows"])
@pytest.mark.parametrize("text", PLAIN)
def test_a_plain_question_is_answered_as_the_engine_would(text, pieces):
    mine, engines = told(text, *pieces), by_engine(text)
    assert mine is not None
    assert mine.schema.names == engines.schema.names
    assert [field.type for field in mine.schema] == [field.type for field in engines.schema]
    assert sorted_rows(mine) == sorted_rows(engines)
    if "ORDER BY" in text:
        assert mine.to_pylist() == engines.to_pylist()


@pytest.mark.parametrize("text", BEYOND)
def test_anything_more_is_left_to_the_engine(text):
    assert told(text) is None


def test_comparing_in_lower_case_is_plain_only_among_plain_letters():
    text = "SELECT Size FROM mails WHERE lower(Mailbox) IN ('eve')"
    assert told(text, ROWS.slice(0, 3)).to_pylist() == [{"Size": 2}]
    assert told(text) is None


def test_rows_may_come_in_pieces_some_of_which_lack_columns_that_hold_nothing():
    pieces = [*ROWS.to_batches(max_chunksize=7), ROWS.slice(0, 0)]
    text = f"SELECT * FROM mails WHERE Mailbox = 'max' AND Timestamp >= {DAY} ORDER BY Timestamp"
    assert told(text, *pieces).to_pylist() == told(text).to_pylist() != []
    lacking = pa.RecordBatch.from_pydict({"Mailbox": ["ada", "max"], "Size": [1, 2]})
    found = told("SELECT Subject, Size, Opened FROM mails WHERE Mailbox = 'max'", lacking)
    assert found.to_pylist() == [{"Subject": "", "Size": 2, "Opened": None}]
    assert told("SELECT Size FROM mails WHERE Subject = ''", lacking, ROWS).to_pylist() == [{"Size": 1}, {"Size": 2}]
    assert told("SELECT Size FROM mails WHERE Mailbox = 'max'", ROWS.slice(0, 0)).schema.names == ["Size"]


def test_no_rows_at_all_have_the_columns_asked_for():
    asked = understood(parse_one("SELECT Size AS bytes FROM mails WHERE Mailbox = 'ada'", dialect="duckdb"))
    assert at_hand.answered(asked, [], ROWS.schema) == pa.table({"bytes": pa.array([], pa.int64())})


def test_very_many_rows_are_the_engines():
    asked = understood(parse_one("SELECT Size FROM mails", dialect="duckdb"))
    assert at_hand.answered(asked, [ROWS] * (at_hand.MOST_ROWS // len(ROWS) + 1), ROWS.schema) is None


names = st.sampled_from(["Timestamp", "Mailbox", "Subject", "Size"])
conditions = st.one_of(
    st.builds("Mailbox = '{}'".format, st.sampled_from(["ada", "max", "özil", "", "x"])),
    st.builds("Subject IN ('minutes {}', 'minutes {}')".format, st.integers(0, 9), st.integers(0, 9)),
    st.builds(
        "Timestamp {} TIMESTAMPTZ '2026-11-0{} 07:00:00+02'".format,
        st.sampled_from(["<", "<=", ">", ">="]),
        st.integers(1, 4),
    ),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(names, min_size=1, max_size=3, unique=True),
    st.lists(conditions, max_size=3),
    st.sampled_from(["", " DESC"]),
    st.integers(0, 70),
    st.booleans(),
    st.integers(1, 60),
)
def test_every_plain_question_has_the_engines_answer(columns, held, way, limit, counted, piece):
    where = f" WHERE {' AND '.join(held)}" if held else ""
    order = f"{', '.join(f'{n}{way}' for n in range(1, len(columns) + 1))}"
    if counted:
        text = f"SELECT {', '.join(columns)}, count(*) AS n FROM mails{where} GROUP BY {', '.join(columns)} ORDER BY {order}"
    else:
        text = f"SELECT {', '.join(columns)} FROM mails{where} ORDER BY Timestamp{way}"
    mine = told(f"{text} LIMIT {limit}", *ROWS.to_batches(max_chunksize=piece))
    assert mine is not None
    assert mine.to_pylist() == by_engine(f"{text} LIMIT {limit}").to_pylist()
