"""The time picker of advanced hunting lays a window over what a query names, and over nothing else."""

from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.hunting.advanced.window import Window, narrowing, read_window
from watchfloor.kernel.errors import BadInput

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
WEEK = read_window({"range": "7d"}, now=NOW)
TIMES = {"EmailEvents": "Timestamp", "UrlClickEvents": "Timestamp", "SigninLogs": "TimeGenerated"}


def narrowed(text: str, window: Window = WEEK) -> str:
    return narrowing(text, window, TIMES.get)


def test_without_a_choice_the_last_thirty_days_are_asked():
    window = read_window({}, now=NOW)
    assert (window.key, window.start, window.end) == ("30d", NOW - timedelta(days=30), NOW)


def test_an_unknown_span_is_the_default_one():
    assert read_window({"range": "a-fortnight"}, now=NOW).key == "30d"


def test_a_time_of_ones_own_is_read_as_utc_and_kept_in_the_address():
    window = read_window({"range": "custom", "from": "2026-11-01T00:00", "to": "2026-11-02T12:00"}, now=NOW)
    assert window.start == datetime(2026, 11, 1, tzinfo=UTC)
    assert read_window(dict(window.parameters), now=NOW) == window


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"range": "custom", "from": "", "to": "2026-11-02T12:00"}, "from"),
        ({"range": "custom", "from": "2026-11-02T12:00", "to": "soon"}, "to"),
        ({"range": "custom", "from": "2026-11-02T12:00", "to": "2026-11-02T12:00"}, "to"),
    ],
)
def test_a_time_that_is_none_is_refused_where_it_stands(given, place):
    with pytest.raises(BadInput) as refused:
        read_window(given, now=NOW)
    assert refused.value.place == place


def test_each_table_that_a_query_names_is_narrowed_by_its_own_time_column():
    before = narrowed("EmailEvents | join SigninLogs on $left.a == $right.b")
    assert before.count("let ") == 2
    assert "let EmailEvents = EmailEvents | where Timestamp between (datetime(2026-11-15T09:30:00.000000Z)" in before
    assert "let SigninLogs = SigninLogs | where TimeGenerated between" in before


def test_names_in_texts_and_comments_are_no_tables():
    assert narrowed("print 'EmailEvents' // UrlClickEvents\n, \"EmailEvents\"") == ""


def test_a_name_that_the_query_binds_itself_is_left_alone():
    assert narrowed("let EmailEvents = datatable(a: int)[1]; EmailEvents") == ""


def test_a_name_behind_a_dot_is_a_property_and_no_table():
    assert narrowed("UrlClickEvents | extend x = d.EmailEvents").count("let ") == 1


def test_a_query_that_says_its_own_times_is_not_narrowed():
    assert narrowed("EmailEvents", read_window({"range": "query"}, now=NOW)) == ""


def test_what_is_set_before_a_query_stands_on_its_first_line_so_that_lines_keep_their_numbers():
    assert "\n" not in narrowed("EmailEvents\n| take 1")
