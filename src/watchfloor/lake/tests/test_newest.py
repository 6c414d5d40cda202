"""A page of the newest rows from a short time is the page that all rows give, or is not taken."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import parse_one

from watchfloor.lake import selectors
from watchfloor.lake.contracts import Operator
from watchfloor.lake.engines import codes, newest

from .conftest import asked
from .test_counting import CONDITIONS, ROWS, sealed
from .test_sealing import months, plain  # noqa: F401 (a fixture)


@settings(max_examples=80, deadline=None)
@given(ROWS, st.sets(st.sampled_from(CONDITIONS), min_size=1), st.integers(1, 5), st.sampled_from([1, 2, 5]))
def test_a_full_page_of_a_short_time_is_the_page(tmp_path_factory, rows, conditions, limit, times):
    path = tmp_path_factory.mktemp("codes") / "a.codes"
    database = sealed(path, rows)
    held = codes._opened.__wrapped__(str(path))
    where = " AND ".join(f"({one})" for one in sorted(conditions))
    tree = parse_one(f"SELECT Timestamp FROM T WHERE {where} ORDER BY Timestamp DESC LIMIT {limit}", dialect="duckdb")
    assert newest.page_of(tree, "T") == limit
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(newest, "TIMES", times)
        patched.setattr(newest, "WORTH", 1)
        moment = newest.since(tree, [held], rows=limit, cursor=database.cursor())
    if moment is None:
        return

    def answered(one):
        return database.cursor().sql(one.sql("duckdb").replace("FROM T", "FROM made.main")).to_arrow_table()

    short = answered(newest.narrowed(tree, moment))
    assert len(short) < limit or short == answered(tree)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT Size FROM T WHERE Threat = 'Phish' ORDER BY Timestamp LIMIT 5",
        "SELECT Size FROM T WHERE Threat = 'Phish' ORDER BY Size DESC LIMIT 5",
        "SELECT Size FROM T WHERE Threat = 'Phish' ORDER BY Timestamp DESC",
        "SELECT Size FROM T WHERE Threat = 'Phish' ORDER BY Timestamp DESC LIMIT 5 OFFSET 5",
        "SELECT Size FROM T WHERE Threat = 'Phish' ORDER BY Timestamp DESC LIMIT 5000",
        "SELECT DISTINCT Size FROM T WHERE Threat = 'Phish' ORDER BY Timestamp DESC LIMIT 5",
        "SELECT count(*) FROM T WHERE Threat = 'Phish' ORDER BY Timestamp DESC LIMIT 5",
        "SELECT Size AS Timestamp FROM T WHERE Threat = 'Phish' ORDER BY Timestamp DESC LIMIT 5",
        "SELECT Size FROM T JOIN U ON true WHERE Threat = 'Phish' ORDER BY Timestamp DESC LIMIT 5",
        "SELECT Size FROM T ORDER BY Timestamp DESC LIMIT 5",
    ],
)
def test_other_questions_are_read_as_before(text):
    assert newest.page_of(parse_one(text, dialect="duckdb"), "T") is None


def test_pages_are_the_same_with_and_without_it(months, monkeypatch):  # noqa: F811
    monkeypatch.setattr(newest, "TIMES", 1)
    monkeypatch.setattr(newest, "WORTH", 1)
    narrowed, made = newest.narrowed, []
    monkeypatch.setattr(newest, "narrowed", lambda *args: made.append(args) or narrowed(*args))
    query = asked(("ThreatTypes", Operator.EQUAL_ANY, ("Phish",)), ("Subject", Operator.CONTAINS_ANY, ("3",)), days=40)
    for limit in (1, 2, 3, 50):
        found = selectors.rows(query, limit=limit)
        assert found == plain(lambda limit=limit: selectors.rows(query, limit=limit))
    assert found
    assert made
