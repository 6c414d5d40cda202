"""What response asks of the database while nothing happens, and that a purge leaves the collector as it found it."""

import gc

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from watchfloor.kernel.clock import utc_now
from watchfloor.response import late
from watchfloor.response.heap import settled_heap
from watchfloor.response.submissions.jobs import READER, reports
from watchfloor.runtime.selectors import cursor_position, cursor_positions
from watchfloor.runtime.services import move_cursor

pytestmark = pytest.mark.django_db


def test_an_idle_round_of_reports_asks_three_times() -> None:
    reports()
    with CaptureQueriesContext(connection) as asked:
        assert reports() == 0
    assert len(asked) <= 3


def test_an_idle_round_of_late_arrivals_asks_twice() -> None:
    with CaptureQueriesContext(connection) as asked:
        assert late.catch(now=utc_now()) == 0
    assert len(asked) <= 2


def test_a_round_that_finds_the_intake_ahead_follows_it() -> None:
    move_cursor("lake.ingest", position=7)
    reports()
    assert cursor_position(READER) == 7
    assert cursor_positions(READER, "nobody") == {READER: 7, "nobody": 0}


def test_a_purge_leaves_the_collector_as_it_found_it() -> None:
    before = gc.get_freeze_count()
    with settled_heap(), settled_heap():
        assert gc.get_freeze_count() > before
    assert gc.get_freeze_count() == before
