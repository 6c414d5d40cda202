"""What the worker does for the lake, tick by tick, with real inspection processes."""

from datetime import timedelta

import pytest

from watchfloor.connectors.services import accept
from watchfloor.kernel.clock import utc_now
from watchfloor.lake import jobs, selectors, storage
from watchfloor.lake.models import HotBatch
from watchfloor.runtime.services import registered_ticks

from .conftest import NOON, asked


@pytest.fixture
def accepted(lake):
    raw = (
        b"From: a@evil.example\r\nTo: ann@corp.example\r\nSubject: Hello\r\nMessage-ID: <1@evil.example>\r\n\r\nHi\r\n"
    )
    return accept(raw, source="journal", received_at=NOON, recipients=("ann@corp.example",))


def test_the_worker_knows_the_lakes_ticks():
    assert {"lake.ingest", "lake.flush", "lake.maintain"} <= {tick.name for tick in registered_ticks()}


def test_accepted_mail_is_seen_after_one_tick_and_the_next_has_nothing_to_do(accepted):
    assert jobs.ingest() == 1
    assert [row["Subject"] for row in selectors.rows(asked())] == ["Hello"]
    assert jobs.ingest() == 0


def test_rows_that_waited_go_cold_and_stay_visible(accepted, monkeypatch):
    jobs.ingest()
    monkeypatch.setattr(jobs, "_flushing", jobs.Turn(first=0, seconds=0))
    jobs.flush()
    assert HotBatch.objects.filter(flushed_at=None).exists()
    HotBatch.objects.update(written_at=utc_now() - storage.FLUSH_AGE)
    jobs.flush()
    assert not HotBatch.objects.filter(flushed_at=None).exists()
    assert selectors.count(asked()) == 1
    HotBatch.objects.update(flushed_at=utc_now() - storage.GRACE - timedelta(seconds=1))
    jobs.flush()
    assert not HotBatch.objects.exists()
    assert selectors.count(asked()) == 1


def test_another_writer_at_work_is_left_alone(accepted, monkeypatch):
    monkeypatch.setattr(jobs, "_flushing", jobs.Turn(first=0, seconds=0))
    jobs.ingest()
    HotBatch.objects.update(written_at=utc_now() - storage.FLUSH_AGE)
    with storage.only_writer():
        assert jobs.flush() == 0
    assert HotBatch.objects.filter(flushed_at=None).exists()


def test_a_worker_that_just_began_leaves_the_cold_tier_alone(accepted, monkeypatch):
    monkeypatch.setattr(jobs, "_flushing", jobs.Turn(first=60, seconds=0))
    jobs.ingest()
    HotBatch.objects.update(written_at=utc_now() - storage.FLUSH_AGE)
    jobs.flush()
    assert HotBatch.objects.filter(flushed_at=None).exists()


def test_a_turn_comes_after_its_first_pause_and_then_not_at_once():
    turn = jobs.Turn(first=0, seconds=60)
    assert (turn.is_due(), turn.is_due()) == (True, False)
    assert not jobs.Turn(first=60, seconds=0).is_due()


def test_maintenance_of_an_empty_lake_does_nothing(lake, monkeypatch):
    monkeypatch.setattr(jobs, "_maintenance", jobs.Turn(first=0, seconds=0))
    assert jobs.maintain() == 0
