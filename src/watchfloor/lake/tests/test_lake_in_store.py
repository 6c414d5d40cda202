"""The lake in an S3-compatible store: the same rows, once, through kills, compaction, eviction and a store that goes away."""

import gc
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from labs.s3 import S3
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import Conflict, NotConfigured, Unreachable
from watchfloor.lake import place as placing
from watchfloor.lake import selectors, services, storage
from watchfloor.lake.arrow import to_arrow
from watchfloor.lake.contracts import Operator, TooLarge
from watchfloor.lake.engines import delta, object_store
from watchfloor.lake.engines.delta import ColdTable
from watchfloor.lake.models import HotBatch, RetentionSetting
from watchfloor.lake.place import check_place, lake_folder, lake_place, place
from watchfloor.lake.query import compile as trees
from watchfloor.lake.snapshot import cold, engine, sources_for

from .conftest import DAY, NOON, asked, mail

MAILS = selectors.table("EmailEvents")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(object_store, "PAUSE", 0.01)
    monkeypatch.setattr(delta, "FAILED_SECONDS", 0.0)


def flush() -> int:
    with storage.only_writer() as mine:
        assert mine
        return storage.flush(MAILS, now=utc_now())


def append(count: int, *, start: int = 0, **fields) -> int:
    return services.append("EmailEvents", [mail(start + number, **fields) for number in range(count)])


def test_rows_are_found_whether_hot_or_in_the_store(in_store):
    home = in_store()
    append(5)
    assert flush() == 5
    append(2, start=10)
    assert selectors.count(asked()) == 7
    assert {row["NetworkMessageId"] for row in selectors.rows(asked())} == {
        f"id-{n:06}" for n in [0, 1, 2, 3, 4, 10, 11]
    }
    assert selectors.count(asked(("SenderFromDomain", Operator.EQUAL_ANY, ("evil1.example",)))) == 3
    assert not (home / "lake/EmailEvents").exists()
    assert storage.holding() == {"EmailEvents"}


def test_only_files_that_a_query_reads_are_fetched_and_each_once(in_store):
    in_store()
    for day in range(6):
        append(3, start=10 * day, Timestamp=NOON - day * DAY)
    flush()
    assert lake_place().cache_files == 0
    assert selectors.count(asked(("Subject", Operator.CONTAINS_ANY, ("Invoice",)), days=1)) == 6
    few = lake_place().cache_files
    assert 1 <= few <= 2
    newest = selectors.rows(asked(days=10), limit=2)
    assert len(newest) == 2
    assert lake_place().cache_files <= 3
    assert len(selectors.rows(asked(days=10), limit=100)) == 18
    state = lake_place()
    assert (state.cache_files, state.misses) == (6, 6)
    assert state.hits > 0
    assert state.where.startswith("s3://lake/")


def test_counting_everything_reads_no_file(in_store):
    in_store()
    append(30)
    flush()
    assert selectors.count(asked()) == 30
    assert lake_place().cache_files == 0


def test_of_two_flushers_at_the_same_batches_one_is_refused_however_close_they_are(in_store):
    in_store()
    append(3)
    flush()
    state = cold("EmailEvents").snapshot()
    tiers = [ColdTable(place(), MAILS) for _ in range(4)]
    rows = to_arrow(MAILS, [mail(number) for number in range(10)])

    def commit(tier: ColdTable) -> str:
        try:
            tier.append(rows, watermark=state.watermark + 1, after=state.watermark)
        except Conflict:
            return "conflict"
        return "committed"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(commit, tiers)) == ["committed", "conflict", "conflict", "conflict"]
    assert sum(file.rows for file in tiers[0].snapshot(fresh=True).files) == 13


def test_two_commits_of_one_watermark_on_one_state_meet(in_store, s3):
    """What the conditional write is for: the loser learns of it, whichever it is."""
    from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

    in_store()
    append(3)
    flush()
    shelf = cold("EmailEvents").shelf
    one, two = (DeltaTable(shelf.uri, storage_options=shelf.options) for _ in range(2))
    rows = one.to_pyarrow_table()
    properties = CommitProperties(app_transactions=[Transaction(delta.APP, 77)])
    write_deltalake(one, rows, mode="append", commit_properties=properties)
    with pytest.raises(Exception, match="Concurrent transaction"):
        write_deltalake(two, rows, mode="append", commit_properties=properties)
    assert sum(file.rows for file in cold("EmailEvents").snapshot(fresh=True).files) == 6


def test_batches_that_a_killed_flusher_committed_are_not_committed_again(in_store):
    in_store()
    append(4)
    flush()
    HotBatch.objects.update(flushed_at=None)
    assert flush() == 0
    assert HotBatch.objects.filter(flushed_at=None).count() == 0
    assert selectors.count(asked()) == 4


def test_compaction_retention_and_tidying_work_in_the_store(in_store):
    in_store()
    RetentionSetting.objects.create(table="EmailEvents", days=30)
    append(2, start=90, Timestamp=NOON - 60 * DAY)
    for turn in range(3):
        append(10, start=turn * 10)
        flush()
    assert len(cold("EmailEvents").snapshot(fresh=True).files) == 4
    assert storage.maintain(MAILS, now=max(utc_now(), NOON) + 2 * DAY) == 2
    assert len(cold("EmailEvents").snapshot(fresh=True).files) == 1
    assert selectors.count(asked(days=100)) == 30
    assert len(selectors.rows(asked(days=100), limit=100)) == 30


def test_a_running_answer_keeps_its_files_while_others_push_them_out(in_store):
    """The engine opens files only when it comes to them."""
    in_store(lake_cache_mb=1)
    for day in range(12):
        append(1500, start=2000 * day, Timestamp=NOON - day * DAY, Subject=f"Invoice {day}" * 20)
    flush()
    files = cold("EmailEvents").snapshot().files
    assert len(files) == 12
    query = asked(days=20)
    sources = sources_for(query, ["EmailEvents"])
    cache = place().cache
    stream = engine().stream(trees.select(query, trees.column("NetworkMessageId")), sources)
    seen = next(stream).num_rows
    cache.trim(coming=10**9)
    assert cache.state().files == 12
    seen += sum(batch.num_rows for batch in stream)
    assert seen == 18_000
    del stream, sources
    gc.collect()
    cache.trim(coming=10**9)
    assert cache.state().files == 0
    assert selectors.count(query) == 18_000


def test_a_window_larger_than_the_cache_is_refused_and_a_shorter_one_works(in_store, settings):
    from dataclasses import replace

    in_store()
    for day in range(3):
        append(50, start=100 * day, Timestamp=NOON - day * DAY)
    flush()
    largest = max(file.bytes for file in cold("EmailEvents").snapshot().files)
    settings.WATCHFLOOR = replace(settings.WATCHFLOOR, lake_cache_mb=0)
    cache = place().cache
    cache.most_bytes = largest
    text = ("Subject", Operator.CONTAINS_ANY, ("Invoice",))
    with pytest.raises(TooLarge, match="lake_cache_mb"):
        selectors.count(asked(text, days=5))
    assert len(selectors.rows(asked(days=5), limit=10)) == 10
    assert cache.state().bytes <= largest


def test_a_lost_cache_is_filled_again(in_store):
    home = in_store()
    append(8)
    flush()
    assert len(selectors.rows(asked())) == 8
    shutil.rmtree(home / "lake/cache/EmailEvents")
    assert len(selectors.rows(asked())) == 8


def test_mail_is_taken_in_while_the_store_is_away_and_readers_are_told(in_store, monkeypatch):
    with S3() as away:
        in_store(away.url)
        append(3)
        flush()
        assert len(selectors.rows(asked())) == 3
    append(2, start=10)
    assert HotBatch.objects.filter(flushed_at=None).count() == 1
    monkeypatch.setattr(delta.ColdTable, "_looked", -1e9, raising=False)
    cold("EmailEvents")._looked = -1e9
    with pytest.raises(Unreachable, match="object store does not answer"):
        selectors.count(asked())
    with pytest.raises(Unreachable):
        flush()
    assert HotBatch.objects.filter(flushed_at=None).count() == 1


def test_a_page_says_that_the_store_is_away_instead_of_failing(in_store, as_max):
    in_store("http://127.0.0.1:9")
    page = as_max.get("/settings/retention")
    assert page.status_code == 503
    assert "object store does not answer" in page.content.decode()


def test_nobody_waits_again_at_once_for_a_store_that_did_not_answer(in_store, monkeypatch):
    monkeypatch.setattr(delta, "FAILED_SECONDS", 60.0)
    in_store("http://127.0.0.1:9")
    with pytest.raises(Unreachable, match="does not answer"):
        cold("EmailEvents").snapshot()
    with pytest.raises(Unreachable, match="a moment ago"):
        cold("EmailEvents").snapshot()


def test_the_start_is_refused_without_conditional_writes_and_with_tables_left_at_home(in_store, lake, s3):
    append(2)
    flush()
    in_store()
    with pytest.raises(NotConfigured, match=r"1 tables still lie in .* run: watchfloor lake move"):
        check_place()
    shutil.rmtree(lake_folder() / "EmailEvents")
    check_place()
    with S3(conditional=False) as careless:
        in_store(careless.url)
        with pytest.raises(NotConfigured, match="ignores conditional writes"):
            check_place()


def test_a_sealed_secret_opens_the_store(in_store, s3):
    from labs.s3 import SECRET
    from watchfloor.runtime.services import seal

    in_store(lake_secret=seal(SECRET))
    assert placing.store_location().secret == SECRET
    append(1)
    assert flush() == 1


def test_a_snapshot_two_seconds_old_still_shows_each_row_once(in_store):
    in_store()
    append(4)
    flush()
    other = ColdTable(place(), MAILS)
    old = other.snapshot()
    append(3, start=10)
    flush()
    assert other.snapshot().version == old.version
    hot = sum(HotBatch.objects.filter(id__gt=old.watermark).values_list("rows", flat=True))
    assert sum(file.rows for file in old.files) + hot == 7
    assert timedelta(seconds=other.shelf.fresh_seconds) < storage.GRACE / 10
