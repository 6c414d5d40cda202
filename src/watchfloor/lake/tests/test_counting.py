"""Counting by numbers changes how fast counts come, never the counts: any question, any rows, sealed, cold or hot."""

from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import parse_one

from watchfloor.lake import selectors, services
from watchfloor.lake.contracts import Operator, TooSlow
from watchfloor.lake.engines import codes, counting
from watchfloor.lake.engines.duck import DuckEngine
from watchfloor.lake.snapshot import segments

from .conftest import asked, mail
from .test_sealing import grown, months, plain  # noqa: F401 (a fixture)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SCHEMA = pa.schema(
    [("Timestamp", pa.timestamp("us", "UTC")), ("Threat", pa.string()), ("Domain", pa.string()), ("Size", pa.int32())]
)
CONDITIONS = [
    "Threat <> ''", "Threat LIKE '%Phish%'", "contains(lower(Threat), 'spam')", "Threat IN ('Phish', 'ß')",
    "NOT COALESCE(Threat = '', FALSE)", "Domain = 'a.example'", "lower(Domain) IN ('a.example', 'b.example')",
    "Domain <> ''", "Size > 2", "Size = 1 OR Size = 3", "Timestamp >= TIMESTAMPTZ '2026-11-20 11:00:00+00'",
    "Timestamp < TIMESTAMPTZ '2026-11-20 13:30:00+00'", "Timestamp > TIMESTAMPTZ '2026-11-20 12:00:00+00'",
    "Timestamp <= TIMESTAMPTZ '2026-11-20 12:00:00+00'",
]  # fmt: skip
GROUPS = ["Threat", "Domain", "Size", "CAST(Domain AS VARCHAR)", "epoch_us(Timestamp) // 3600000000",
          "date_trunc('hour', Timestamp)"]  # fmt: skip
ROWS = st.lists(
    st.tuples(
        st.integers(-7200, 7200),
        st.sampled_from(["", "", "Phish", "Spam, Phish", "ß"]),
        st.sampled_from(["a.example", "b.example", "B.example", ""]),
        st.integers(0, 4),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(
    ROWS, st.sets(st.sampled_from(CONDITIONS)), st.lists(st.sampled_from(GROUPS), min_size=1, max_size=3, unique=True)
)
def test_numbers_count_what_the_engine_counts(tmp_path_factory, rows, conditions, groups):
    path = tmp_path_factory.mktemp("codes") / "a.codes"
    database = sealed(path, rows)
    where = f" WHERE {' AND '.join(f'({one})' for one in sorted(conditions))}" if conditions else ""
    names = [f"{group} AS g{number}" for number, group in enumerate(groups)]
    text = f"SELECT {', '.join(names)}, count(*) AS n FROM T{where} GROUP BY {', '.join(map(str, range(1, len(groups) + 1)))}"
    question = counting.understood(parse_one(text, dialect="duckdb"), "T", SCHEMA)
    if question is None:
        assert {"Domain", "CAST(Domain AS VARCHAR)"} <= set(groups)
        return
    found = counting.count(
        question, codes._opened.__wrapped__(str(path)), since=None, schema=SCHEMA, cursor=database.cursor()
    )
    expected = database.cursor().sql(text.replace("FROM T", "FROM made.main")).to_arrow_table()
    if found is not None:
        assert found.schema.types == expected.schema.types
        assert sorted(map(str, found.to_pylist())) == sorted(map(str, expected.to_pylist()))


def sealed(path, rows) -> duckdb.DuckDBPyConnection:
    """The rows as a segment has them, and their codes beside."""
    made = pa.table(
        [[NOON + timedelta(seconds=at) for at, *_ in rows], *([row[n] for row in rows] for n in (1, 2, 3))],
        schema=SCHEMA,
    )
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'; ATTACH ':memory:' AS made")
    database.register("made_of", made)
    database.execute("CREATE TABLE made.main AS FROM made_of ORDER BY Threat = '', Timestamp DESC")
    codes.write(path, database, schema=SCHEMA, leads="Threat", left_out=set())
    return database


@pytest.mark.parametrize(
    "text",
    [
        "SELECT Domain, count(*) AS n FROM T WHERE Threat <> ''",
        "SELECT Domain, count(*) AS n FROM T WHERE Threat <> '' GROUP BY 1 HAVING count(*) > 1",
        "SELECT DISTINCT Domain, count(*) AS n FROM T WHERE Threat <> '' GROUP BY 1",
        "SELECT Domain, count(Size) AS n FROM T WHERE Threat <> '' GROUP BY 1",
        "SELECT Domain, sum(Size) AS n FROM T WHERE Threat <> '' GROUP BY 1",
        "SELECT Domain, count(*) AS n, count(*) AS m FROM T WHERE Threat <> '' GROUP BY 1",
        "SELECT count(*) AS n FROM T WHERE Threat <> '' GROUP BY Domain",
        "SELECT Domain, count(*) AS n FROM T WHERE Threat < Domain GROUP BY 1",
        "SELECT Domain, count(*) AS n FROM T WHERE random() < 0.5 AND Threat <> '' GROUP BY 1",
        "SELECT Domain, count(*) AS n FROM T WHERE Threat IN (SELECT Threat FROM T) GROUP BY 1",
        "SELECT Domain, count(*) AS n FROM T JOIN U ON true WHERE Threat <> '' GROUP BY 1",
        "SELECT lower(Domain) AS d, count(*) AS n FROM T WHERE Threat <> '' GROUP BY 1",
        "SELECT date_trunc('week', Timestamp) AS d, count(*) AS n FROM T WHERE Threat <> '' GROUP BY 1",
        "SELECT Domain, count(*) AS n FROM T WHERE hour(Timestamp) = 3 AND Threat <> '' GROUP BY 1",
        "SELECT Domain, count(*) AS n FROM T AS u WHERE Threat <> '' GROUP BY 1",
        "SELECT Domain, count(*) AS n FROM other WHERE Threat <> '' GROUP BY 1",
        "SELECT CAST(Size AS VARCHAR) AS s, count(*) AS n FROM T WHERE Threat <> '' GROUP BY 1",
        "SELECT Domain, count(*) AS n FROM T WHERE Unknown = 'x' AND Threat <> '' GROUP BY 1",
        "SELECT Domain, count(*) FILTER (WHERE Size > 1) AS n FROM T WHERE Threat <> '' GROUP BY 1",
        "SELECT Domain, count(*) AS n FROM T WHERE Threat <> '' GROUP BY ROLLUP (Domain)",
    ],
)
def test_whatever_says_more_is_left_to_the_engine(text):
    assert counting.understood(parse_one(text, dialect="duckdb"), "T", SCHEMA) is None


def test_what_rows_without_a_threat_may_meet_is_left_to_the_engine(tmp_path):
    rows = [(0, "Phish", "a.example", 1), (1, "", "a.example", 1), (2, "", "b.example", 2)]
    database = sealed(tmp_path / "a.codes", rows)
    held = codes.opened(str(tmp_path / "a.codes"))

    def counted(where: str):
        text = f"SELECT Domain, count(*) AS n FROM T WHERE {where} GROUP BY 1"
        question = counting.understood(parse_one(text, dialect="duckdb"), "T", SCHEMA)
        found = counting.count(question, held, since=None, schema=SCHEMA, cursor=database.cursor())
        return None if found is None else found.to_pylist()

    assert counted("Domain = 'a.example'") is None
    assert counted("Threat = ''") is None
    assert counted("Threat <> 'Spam'") is None
    assert counted("Threat = 'Phish' AND Domain = 'a.example'") == [{"Domain": "a.example", "n": 1}]
    assert counted("Threat = 'Malware'") == []


def test_a_file_that_is_gone_or_broken_counts_nothing(tmp_path):
    assert codes.opened(str(tmp_path / "none.codes")) is None
    (tmp_path / "broken.codes").write_bytes(b"no file of numbers")
    assert codes.opened(str(tmp_path / "broken.codes")) is None


PHISH = ("ThreatTypes", Operator.EQUAL_ANY, ("Phish",))


def test_counts_of_sealed_days_today_and_hot_rows_are_added_up(months, monkeypatch):  # noqa: F811
    grown(6, start=300)
    services.append("EmailEvents", [mail(number, ThreatTypes="Phish") for number in range(400, 403)])
    parts = []
    count = counting.count
    monkeypatch.setattr(counting, "count", lambda *args, **named: parts.append(count(*args, **named)) or parts[-1])
    query = asked(PHISH, days=40)
    for ask in (
        lambda: selectors.top(query, column="SenderFromDomain"),
        lambda: selectors.top(query, column="RecipientEmailAddress", limit=2),
        lambda: selectors.top(query, column="ThreatTypes"),
        lambda: selectors.over_time(query, pivot="DeliveryAction"),
    ):
        before = len(parts)
        found = ask()
        assert any(part is not None for part in parts[before:])
        assert found == plain(ask)


def test_counts_come_although_the_file_of_numbers_is_broken(months):  # noqa: F811
    def ask():
        return selectors.top(asked(PHISH, days=40), column="SenderFromDomain")

    for path in segments("EmailEvents").folder.glob("*.codes"):
        path.write_bytes(b"x" * path.stat().st_size)
    assert ask() == plain(ask)
    assert ask()


SLOW = "SELECT count(*) FROM range(100_000_000_000) AS t(n) WHERE n % 7 = 3"


@pytest.mark.parametrize(
    "ask",
    [lambda query: selectors.top(query, column="SenderFromDomain"), lambda query: selectors.rows(query, limit=5)],
    ids=["counting", "a page"],
)
def test_a_slow_pattern_ends_in_time_where_values_are_decided_too(months, monkeypatch, ask):  # noqa: F811
    """A regular expression over all values of a column may take minutes; the limit of a question holds there as well."""
    asked_for = []

    def slowly(self, condition, name, cursor):
        asked_for.append(name)
        return cursor.sql(SLOW).fetchall()

    monkeypatch.setattr(codes.Codes, "_decided", slowly)
    monkeypatch.setitem(DuckEngine.run.__kwdefaults__, "timeout", 0.3)
    with pytest.raises(TooSlow):
        ask(asked(PHISH, days=40))
    assert asked_for
