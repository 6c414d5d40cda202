"""Relative times, initials, pages, tables of charts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.ui.charts import chart_table
from watchfloor.ui.paging import page_links
from watchfloor.ui.words import initials, relative

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=3), "just now"),
        (timedelta(seconds=45), "45 seconds ago"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=5, minutes=59), "5 hours ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=29), "29 days ago"),
        (timedelta(days=40), "2026-10-13"),
        (-timedelta(days=2), "in 2 days"),
    ],
)
def test_a_time_is_told_as_people_would(ago, words):
    assert relative(NOW - ago, now=NOW) == words


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Lovelace", "AL"),
        ("ada", "A"),
        ("max.planck@corp.example", "MP"),
        ("", "?"),
        ("<script>", "?"),
        ("日本 太郎", "日太"),
    ],
)
def test_initials_are_at_most_two_letters(name, letters):
    assert initials(name) == letters


@given(page=st.integers(-5, 500), total=st.integers(0, 5000), size=st.integers(1, 200))
def test_a_page_shows_rows_that_exist(page, total, size):
    links = page_links(page=page, total=total, size=size, href="/x")
    assert 0 <= links["first"] <= links["last"] <= total
    assert links["last"] - links["first"] < size
    assert bool(links["next"]) == (links["last"] < total)
    assert bool(links["previous"]) == (links["page"] > 1)


def test_a_page_keeps_the_query_of_its_address():
    assert page_links(page=1, total=50, size=20, href="/x?a=1")["next"] == "/x?a=1&page=2"
    assert page_links(page=1, total=50, size=20, href="/x")["next"] == "/x?page=2"


def test_a_charts_table_has_a_row_per_category_and_a_column_per_series():
    heads, rows = chart_table(
        {"categories": ["a", "b"], "series": [{"name": "x", "values": [1, 2]}, {"name": "y", "values": [3, 4]}]}
    )
    assert heads == ["", "x", "y"]
    assert rows == [["a", 1, 3], ["b", 2, 4]]


def test_the_table_of_a_flow_says_how_many_go_from_where_to_where():
    nodes = [{"id": "0 a", "name": "a", "column": 0}, {"id": "1 a", "name": "a", "column": 1}]
    heads, rows = chart_table({"nodes": nodes, "links": [{"source": "0 a", "target": "1 a", "value": 3}]})
    assert heads == ["From", "To", "Number"]
    assert rows == [["a", "a", 3]]
