"""From hot to cold: when, in what shape, and what goes when."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from sqlglot import parse_one

from watchfloor.kernel.clock import utc_now
from watchfloor.lake import selectors, services, storage
from watchfloor.lake.catalogue import table
from watchfloor.lake.contracts import Operator, TooSlow
from watchfloor.lake.models import HotBatch, RetentionSetting
from watchfloor.lake.query import compile as trees
from watchfloor.lake.snapshot import cold, engine, sources_for
from watchfloor.runtime.services import move_cursor

from .conftest import DAY, NOON, asked, mail

MAILS = table("EmailEvents")


@pytest.fixture
def flush(lake):
    def run(now=None):
        with storage.only_writer() as mine:
            assert mine
            return storage.flush(MAILS, now=now or utc_now())

    return run


def append(count=3, *, start=0, **fields):
    return services.append("EmailEvents", [mail(start + n, **fields) for n in range(count)])


def test_a_few_fresh_rows_wait_and_old_or_many_do_not(lake):
    append()
    now = utc_now()
    assert MAILS not in storage.due(now=now)
    assert MAILS in storage.due(now=now + storage.FLUSH_AGE + timedelta(seconds=1))
    HotBatch.objects.update(rows=storage.FLUSH_ROWS)
    assert MAILS in storage.due(now=now)


def test_flushing_twice_stores_once(flush):
    append(5)
    assert flush() == 5
    assert flush() == 0
    assert selectors.count(asked()) == 5


def test_a_flush_that_died_before_marking_is_not_written_again(flush):
    append(5)
    assert flush() == 5
    HotBatch.objects.update(flushed_at=None)
    assert selectors.count(asked()) == 5
    assert flush() == 0
    assert not HotBatch.objects.filter(flushed_at=None).exists()
    assert selectors.count(asked()) == 5


def test_flushed_batches_stay_a_minute_and_until_read(flush):
    first = append()
    services.register_reader("rules", tables=["EmailEvents"])
    services.register_reader("others", tables=["AlertInfo"])
    now = utc_now()
    flush(now)
    assert storage.forget_flushed(now=now + timedelta(seconds=59)) == 0
    assert storage.forget_flushed(now=now + timedelta(seconds=61)) == 0
    move_cursor("rules", position=first)
    assert storage.forget_flushed(now=now + timedelta(seconds=61)) == 1
    assert selectors.count(asked()) == 3


def test_a_reader_that_never_comes_holds_nothing_beyond_a_week(flush):
    append()
    services.register_reader("asleep")
    now = utc_now()
    flush(now)
    assert storage.forget_flushed(now=now + timedelta(days=6)) == 0
    assert storage.forget_flushed(now=now + timedelta(days=8)) == 1


def test_only_one_process_writes_the_cold_tier(lake):
    with storage.only_writer() as mine, storage.only_writer() as other:
        assert mine
        assert not other


def test_days_are_folders_and_rows_lie_sorted_with_a_bloom_filter(flush, lake):
    for day in range(3):
        append(50, start=day * 50, Timestamp=NOON - day * DAY)
    flush()
    files = cold("EmailEvents").snapshot().files
    assert [file.day.isoformat() for file in files] == ["2026-11-21", "2026-11-20", "2026-11-19"]
    assert all("/day=" in file.path for file in files)
    recipients = pq.read_table(files[0].path, partitioning=None).column("RecipientEmailAddress").to_pylist()
    assert recipients == sorted(recipients)
    assert files[0].lo <= NOON <= files[0].hi


def test_only_files_of_the_window_are_opened(flush):
    for day in range(5):
        append(2, start=day * 2, Timestamp=NOON - day * DAY)
    flush()
    snapshot = cold("EmailEvents").snapshot()
    assert len(snapshot.within(NOON - timedelta(hours=30), NOON + DAY)) == 2
    assert snapshot.within(NOON + DAY, NOON + 2 * DAY) == ()


def test_compaction_leaves_one_file_a_day_and_every_row(flush, lake):
    for turn in range(4):
        append(10, start=turn * 10)
        flush()
    assert len(cold("EmailEvents").snapshot().files) == 4
    assert storage.maintain(MAILS, now=utc_now()) == 0
    assert storage.maintain(MAILS, now=max(utc_now(), NOON) + 2 * DAY) == 1
    assert len(cold("EmailEvents").snapshot().files) == 1
    assert selectors.count(asked()) == 40
    append(1, start=100)
    assert selectors.count(asked()) == 41
    assert flush() == 1


def test_days_past_retention_go_and_newer_ones_stay(flush):
    RetentionSetting.objects.create(table="EmailEvents", days=2)
    append(3, Timestamp=NOON - 3 * DAY)
    append(4, start=10, Timestamp=NOON)
    flush()
    storage.maintain(MAILS, now=NOON)
    assert selectors.count(asked(days=10)) == 4


def test_files_that_no_log_names_any_more_go_after_two_hours_and_not_before(flush, lake):
    for turn in range(3):
        append(5, start=turn * 10)
        flush()
    folder = lake / "lake/EmailEvents"
    merged = [Path(file.path) for file in cold("EmailEvents").snapshot().files]
    old, young = (folder / f"day=2026-11-21/part-of-a-killed-flush-{number}.parquet" for number in range(2))
    for path in (old, young):
        path.write_bytes(b"half a file")
    for path in (old, *merged):
        os.utime(path, (1000, 1000))
    storage.maintain(MAILS, now=max(utc_now(), NOON) + 2 * DAY)
    assert (old.exists(), young.exists()) == (False, True)
    assert all(path.exists() for path in merged), "a reader may still want what was merged just now"
    shelf = cold("EmailEvents").shelf
    DeltaTable(shelf.uri).alter.set_table_properties({"delta.deletedFileRetentionDuration": "interval 0 seconds"})
    cold("EmailEvents").tidy()
    cold("EmailEvents").tidy()
    assert not any(path.exists() for path in merged), "the checkpoint forgot them; they are gone all the same"
    assert selectors.count(asked()) == 15


@pytest.mark.parametrize("damage", ["empty entry", "short file", "missing file"])
def test_a_commit_that_power_loss_tore_is_written_again(flush, lake, damage):
    append(3)
    flush()
    append(4, start=10)
    newest = max(cold("EmailEvents").shelf.log.glob("*.json"))
    flush()
    newest = max(cold("EmailEvents").shelf.log.glob("*.json"))
    added = [line for line in newest.read_text().splitlines() if '"add"' in line]
    path = cold("EmailEvents").shelf.folder / added[0].split('"path":"')[1].split('"')[0].replace("%3D", "=")
    if damage == "empty entry":
        newest.write_text("")
    elif damage == "short file":
        path.write_bytes(path.read_bytes()[:-50])
    else:
        path.unlink()
    HotBatch.objects.filter(id__gt=HotBatch.objects.order_by("id").first().id).update(flushed_at=None)
    assert flush() == 4
    assert selectors.count(asked()) == 7


def test_a_snapshot_taken_before_a_flush_still_sees_each_row_once(flush):
    append(6)
    query = asked()
    before = sources_for(query, ["EmailEvents"])
    flush()
    tree = trees.select(query, trees.column("NetworkMessageId"))
    assert engine().run(tree, before).num_rows == 6
    assert selectors.count(query) == 6


def test_a_query_over_its_time_is_stopped_with_advice(lake):
    services.append("EmailEvents", [mail(n) for n in range(2000)])
    query = asked(("Subject", Operator.CONTAINS_ANY, ("e",)))
    endless = parse_one(
        'SELECT SUM(LENGTH(a."Subject" || b."Subject" || c."Subject")) FROM EmailEvents a, EmailEvents b, EmailEvents c'
    )
    with pytest.raises(TooSlow, match="shorter time"):
        engine().run(endless, sources_for(query, ["EmailEvents"]), timeout=0.2)
    assert selectors.count(query) == 2000


@pytest.mark.parametrize(
    "statement",
    ["read_csv('/etc/passwd')", "read_parquet('/tmp/x.parquet')", "read_text('{lake}/../secret.key')", "glob('/*')"],
)
def test_the_engine_reads_nothing_outside_the_lake(lake, statement):
    (lake / "secret.key").write_text("secret")
    text = statement.format(lake=lake / "lake")
    with pytest.raises(Exception, match=r"(?i)permission|disabled"):
        engine()._database.execute(f"SELECT * FROM {text}").fetchall()


def test_a_column_that_an_older_file_lacks_reads_as_empty(flush, monkeypatch):
    from watchfloor.lake.engines.delta import cold_table
    from watchfloor.lake.place import lake_folder

    old = cold_table(lake_folder(), MAILS)
    lake_folder().mkdir(exist_ok=True)
    from watchfloor.lake.arrow import to_arrow

    rows = to_arrow(MAILS, [mail(1)]).drop_columns(["Tags", "EmailSize"])
    old.append(rows, watermark=0)
    append(1, start=2)
    flush()
    found = selectors.rows(asked(), columns=["NetworkMessageId", "Tags", "EmailSize"])
    assert found[1] == {"NetworkMessageId": "id-000001", "Tags": "", "EmailSize": 0}
    assert selectors.count(asked(("Tags", Operator.EQUAL_NONE, ("vip",)))) == 2


def test_rows_of_the_last_moment_of_a_day_are_found(flush):
    last = datetime(2026, 11, 21, 23, 59, 59, 999_999, tzinfo=UTC)
    append(1, Timestamp=last)
    flush()
    assert cold("EmailEvents").snapshot().files[0].hi >= last
    assert selectors.rows(asked())[0]["Timestamp"] == last


def test_a_database_older_than_the_cold_tier_hides_no_new_rows(flush):
    append(2)
    HotBatch.objects.update(id=5000)
    flush()
    HotBatch.objects.all().delete()
    position = append(3, start=10)
    assert position > 5000
    assert selectors.count(asked()) == 5
    assert append(1, start=20) > position
    assert flush() == 4
    assert selectors.count(asked()) == 6


@pytest.mark.parametrize("offset", [0, 990, 1500, 2999])
def test_a_page_far_down_is_the_same_slice_of_the_same_order(flush, offset):
    append(2000)
    flush()
    append(1000, start=2000)
    page = selectors.rows(asked(), columns=["NetworkMessageId"], limit=20, offset=offset)
    assert [row["NetworkMessageId"] for row in page] == [
        f"id-{2999 - offset - n:06}" for n in range(20) if offset + n < 3000
    ]
    assert len(selectors.rows(asked(), limit=2500, order_by="Subject", descending=False)) == 2500


def test_a_reader_that_was_held_up_between_cold_and_hot_begins_again(flush, monkeypatch):
    """Meanwhile its batches were flushed, and forgotten after a minute."""
    from watchfloor.lake import snapshot

    append(4)
    flush()
    append(3, start=10)
    real, calls = snapshot.rows_after, []

    def held_up(*given, **more):
        if not calls:
            flush()
            HotBatch.objects.all().delete()
            monkeypatch.setattr(snapshot.time, "monotonic", lambda: 1e12)
        calls.append(1)
        return real(*given, **more)

    monkeypatch.setattr(snapshot, "rows_after", held_up)
    monkeypatch.setattr(snapshot, "time", type("Clock", (), {"monotonic": staticmethod(time.monotonic)}))
    assert selectors.count(asked()) == 7
    assert len(calls) == 2


def test_the_minute_that_readers_have_counts_from_the_end_of_a_long_commit(flush, monkeypatch):
    append(4)
    clock = iter([0.0, 100.0])
    monkeypatch.setattr(storage, "time", type("Clock", (), {"monotonic": staticmethod(lambda: next(clock))}))
    began = utc_now()
    flush(began)
    batch = HotBatch.objects.get()
    assert batch.flushed_at == began + timedelta(seconds=100)
    storage.forget_flushed(now=began + timedelta(seconds=120))
    assert HotBatch.objects.exists()
    storage.forget_flushed(now=began + timedelta(seconds=161))
    assert not HotBatch.objects.exists()


def test_what_compaction_replaced_is_deleted_although_nothing_else_happens_any_more(flush, lake):
    for turn in range(3):
        append(5, start=turn * 10)
        flush()
    later = max(utc_now(), NOON) + 2 * DAY
    storage.maintain(MAILS, now=later)
    files = list((lake / "lake/EmailEvents").glob("day=*/*.parquet"))
    assert len(files) == 4
    live = {file.path for file in cold("EmailEvents").snapshot().files}
    shelf = cold("EmailEvents").shelf
    DeltaTable(shelf.uri).alter.set_table_properties({"delta.deletedFileRetentionDuration": "interval 0 seconds"})
    cold("EmailEvents").tidy()
    for path in files:
        os.utime(path, (1000, 1000))
    storage.maintain(MAILS, now=later + timedelta(minutes=10))
    assert all(path.exists() for path in files)
    storage.maintain(MAILS, now=later + timedelta(hours=7))
    assert {str(path) for path in files if path.exists()} == live
