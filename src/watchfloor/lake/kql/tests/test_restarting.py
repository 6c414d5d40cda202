"""Functions that go through the rows in their order, each by what Kusto's documentation prints for it."""

from datetime import UTC, datetime

import pytest

from watchfloor.lake.kql.errors import KqlError

ROWS = 'datatable(k: string, n: long) ["b", 5, "a", 10, "a", 5, "b", 7, "a", 10, "a", 20] | sort by k asc, n asc'


def test_numbers_begin_anew_where_the_restart_holds(ask):
    assert ask(f"{ROWS} | extend i = row_number(1, k != prev(k)) | project k, n, i") == [
        ("a", 5, 1), ("a", 10, 2), ("a", 10, 3), ("a", 20, 4), ("b", 5, 1), ("b", 7, 2),
    ]  # fmt: skip
    assert ask(f"{ROWS} | project tostring(row_number(0, k != prev(k)))")[3:] == [("3",), ("0",), ("1",)]


def test_sums_begin_anew_where_the_restart_holds(ask):
    assert [row[-1] for row in ask(f"{ROWS} | serialize s = row_cumsum(n, k != prev(k))")] == [5, 15, 25, 45, 5, 12]


def test_ranks_follow_the_changes_of_a_value(ask):
    assert [row[-1] for row in ask(f"{ROWS} | extend r = row_rank_min(n, k != prev(k))")] == [1, 2, 2, 4, 1, 2]
    assert [row[-1] for row in ask(f"{ROWS} | extend r = row_rank_dense(n, k != prev(k))")] == [1, 2, 2, 3, 1, 2]
    assert [row[-1] for row in ask(f"{ROWS} | extend r = row_rank_dense(k)")] == [1, 1, 1, 1, 2, 2]


def at(hour, minute=0):
    return datetime(2024, 4, 11, hour, minute, tzinfo=UTC)


def test_a_session_ends_at_a_restart_after_a_gap_and_when_it_has_lasted_too_long(ask):
    """The documentation's example, and a run without a gap that is cut by its length."""
    rows = """datatable (ID: string, Timestamp: datetime) [
        "1", datetime(2024-04-11 10:00), "2", datetime(2024-04-11 10:18), "1", datetime(2024-04-11 11:00),
        "3", datetime(2024-04-11 11:30), "2", datetime(2024-04-11 13:30), "2", datetime(2024-04-11 10:16)]
        | sort by ID asc, Timestamp asc | extend Started = row_window_session(Timestamp, 1h, 5m, ID != prev(ID))"""
    assert ask(rows) == [
        ("1", at(10), at(10)), ("1", at(11), at(11)), ("2", at(10, 16), at(10, 16)), ("2", at(10, 18), at(10, 16)),
        ("2", at(13, 30), at(13, 30)), ("3", at(11, 30), at(11, 30)),
    ]  # fmt: skip
    steps = "range x from 1 to 10 step 1 | sort by x asc | project x, row_window_session(x, 3, 1)"
    assert [row[1] for row in ask(steps)] == [1, 1, 1, 1, 5, 5, 5, 5, 9, 9]


def test_what_was_worked_out_beside_the_columns_is_not_shown(ask):
    assert ask(f"{ROWS} | extend i = row_number(1, k != prev(k)) | where i == 1 | getschema | count") == [(3,)]
    assert ask(f"{ROWS} | extend i = row_number(1, k != prev(k)), j = row_number() | summarize sum(i), sum(j) by k") in (
        [("a", 10, 10), ("b", 3, 11)], [("b", 3, 11), ("a", 10, 10)],
    )  # fmt: skip
    assert ask(f"{ROWS} | extend row_number(1, true) | project Column1 | distinct Column1") == [(1,)]


def test_outside_of_columns_they_are_refused(ask):
    with pytest.raises(KqlError, match="outside extend and project"):
        ask(f"{ROWS} | where row_number(1, k != prev(k)) == 1")
