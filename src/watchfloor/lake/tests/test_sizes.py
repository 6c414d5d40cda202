"""What a day of a table costs, and how large the table becomes: told from whole days, never from a part of one."""

from datetime import UTC, date, datetime, timedelta

import pytest

from watchfloor.lake.contracts import TableDay, TableState
from watchfloor.lake.sizes import OTHER, Cost, chart_of, chart_of_all, cost_of, days_of, leaves_on

TODAY = date(2026, 11, 22)


def ago(days):
    return TODAY - timedelta(days=days)


def state(*days, name="EmailEvents", kept=400):
    """A table whose days are (days ago, rows, bytes)."""
    held = tuple(sorted((TableDay(ago(age), rows, size, 1) for age, rows, size in days), key=lambda one: one.day))
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    return TableState(name, "", kept, 0, 0, 0, 0, moment, moment, None, days=held)


def test_a_table_without_rows_costs_nothing():
    assert cost_of(state(), today=TODAY) == Cost()
    assert leaves_on(state()) is None


def test_today_is_not_over_and_does_not_count():
    found = cost_of(state((0, 1, 1), (1, 100, 1000), (2, 300, 3000)), today=TODAY)
    assert (found.rows, found.bytes, found.full) == (200, 2000, 800_000)


def test_a_day_without_rows_counts_as_one():
    assert cost_of(state((1, 100, 1000), (4, 100, 1000)), today=TODAY).rows == 50


def test_only_the_last_thirty_days_count():
    found = cost_of(state((90, 9_000_000, 1), *((age, 10, 100) for age in range(1, 31))), today=TODAY)
    assert (found.rows, found.bytes) == (10, 100)


def test_of_old_rows_all_days_are_the_measure():
    assert cost_of(state((100, 30, 300), (109, 70, 700)), today=TODAY).bytes == 100


def test_of_a_table_that_began_today_today_is():
    assert cost_of(state((0, 7, 70)), today=TODAY).rows == 7


def test_files_and_waiting_batches_are_added_by_day():
    found = days_of([(ago(1), 5, 50), (ago(1), 5, 60), (ago(3), 1, 10)], [(ago(1), 2), (ago(0), 3)])
    assert found == (
        TableDay(ago(3), 1, 10, 1),
        TableDay(ago(1), 12, 110, 2),
        TableDay(ago(0), 3, 0, 0),
    )


@pytest.mark.parametrize(("kept", "left"), [(400, ago(-391)), (1, ago(8))])
def test_the_oldest_day_leaves_when_its_days_are_over(kept, left):
    assert leaves_on(state((10, 1, 1), kept=kept)) == left


def test_a_chart_has_the_empty_days_between():
    found = chart_of(state((1, 5, 0), (3, 7, 0)).days, today=TODAY)
    assert found["categories"] == ["2026-11-19", "2026-11-20", "2026-11-21"]
    assert found["series"][0]["values"] == [7, 0, 5]


def test_a_chart_ends_with_the_last_rows_and_leaves_out_the_future():
    assert chart_of(state((-3, 5, 0), (300, 7, 0)).days, today=TODAY)["categories"] == [ago(300).isoformat()]
    assert len(chart_of(state((1, 5, 0), (300, 7, 0)).days, today=TODAY)["categories"]) == 60
    assert chart_of((), today=TODAY)["categories"] == []


def test_the_largest_tables_have_their_own_series_and_the_others_share_one():
    states = [state((1, 10 * number, 0), name=f"T{number}") for number in range(8)]
    found = chart_of_all(states, today=TODAY)["series"]
    assert [one["name"] for one in found] == ["T7", "T6", "T5", "T4", "T3", OTHER]
    assert found[-1]["values"] == [10 + 20]
