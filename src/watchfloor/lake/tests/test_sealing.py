"""Segments change how fast an answer comes, never the answer: whatever happens to the files they were made of."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlglot import parse_one

from watchfloor.kernel.clock import utc_now
from watchfloor.lake import sealing, selectors, services, storage
from watchfloor.lake.catalogue import table
from watchfloor.lake.contracts import Operator
from watchfloor.lake.engines.duck import DuckEngine
from watchfloor.lake.models import RetentionSetting
from watchfloor.lake.query.compile import Window
from watchfloor.lake.snapshot import cold, engine, segments, source_of, sources_for

from .conftest import DAY, NOON, asked, mail

MAILS = table("EmailEvents")
LONG = asked(days=40)
EQUAL, CONTAINS = Operator.EQUAL_ANY, Operator.CONTAINS_ANY
QUESTIONS = {
    "one mailbox": asked(("RecipientEmailAddress", EQUAL, ("person3@corp.example",)), days=40),
    "two mailboxes": asked(("RecipientEmailAddress", EQUAL, ("person3@corp.example", "person1@corp.example")), days=40),
    "one id": asked(("NetworkMessageId", EQUAL, ("id-000002",)), days=40),
    "an id that is hot": asked(("NetworkMessageId", EQUAL, ("id-000091",)), days=40),
    "no such id": asked(("NetworkMessageId", EQUAL, ("id-none",)), days=40),
    "an id or a subject": asked(
        ("NetworkMessageId", EQUAL, ("id-000002",)), ("Subject", CONTAINS, ("Invoice 5",)), any_of=True, days=40
    ),
    "not this mailbox": asked(("RecipientEmailAddress", Operator.EQUAL_NONE, ("person3@corp.example",)), days=40),
    "phish": asked(("ThreatTypes", EQUAL, ("Phish",)), days=40),
    "one day": asked(days=1),
    "everything": LONG,
}


def grown(count: int, *, day: int = 0, start: int = 0, **fields) -> None:
    """Rows of one day before the test's day, flushed."""
    kinds = {number: "" if number % 3 else "Phish" for number in range(start, start + count)}
    rows = [mail(number, **{"ThreatTypes": kind} | fields) for number, kind in kinds.items()]
    services.append("EmailEvents", [row | {"Timestamp": row["Timestamp"] - day * DAY} for row in rows])
    flush()


def flush() -> None:
    with storage.only_writer() as mine:
        assert mine
        storage.flush(MAILS, now=utc_now())


def seal() -> int:
    return sealing.seal(MAILS, now=later())


def later():
    return utc_now() + timedelta(minutes=20)


@pytest.fixture
def months(lake):
    """Four sealed days, and ten hot rows."""
    for day in range(4):
        grown(10, day=day, start=day * 10)
    assert seal() == 1
    services.append("EmailEvents", [mail(number) for number in range(90, 100)])
    return lake


def plain(ask):
    """The same answer from the Parquet files alone."""
    held = segments("EmailEvents").folder
    away = held.with_name("away")
    held.rename(away)
    try:
        return ask()
    finally:
        away.rename(held)


def ids(query, **options) -> list[str]:
    return [row["NetworkMessageId"] for row in selectors.rows(query, limit=500, **options)]


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_has_the_same_answer_with_and_without_segments(months, name):
    query = QUESTIONS[name]
    assert sealing.state_of("EmailEvents").rows == 40
    for ask in (
        lambda: ids(query),
        lambda: ids(query, descending=False),
        lambda: selectors.count(query),
        lambda: selectors.top(query, column="SenderFromDomain"),
        lambda: selectors.over_time(query, pivot="DeliveryAction"),
    ):
        assert ask() == plain(ask)


def test_the_answers_are_not_empty(months):
    assert ids(QUESTIONS["one id"]) == ["id-000002"]
    assert ids(QUESTIONS["an id that is hot"]) == ["id-000091"]
    assert ids(QUESTIONS["no such id"]) == []
    assert selectors.count(LONG) == 50
    assert len(ids(QUESTIONS["one mailbox"])) == 10


def test_whole_rows_come_back_as_they_were_stored(months):
    rows = selectors.rows(QUESTIONS["one id"])
    assert rows == plain(lambda: selectors.rows(QUESTIONS["one id"]))
    assert rows[0]["Subject"] == "Invoice 2"


@pytest.mark.parametrize(
    "text",
    [
        "EmailEvents | where RecipientEmailAddress == 'person3@corp.example' | project NetworkMessageId | sort by NetworkMessageId",
        "EmailEvents | where NetworkMessageId in ('id-000002', 'id-000091') | project Subject | sort by Subject",
        "EmailEvents | summarize n = count() by ThreatTypes | sort by n",
        "EmailEvents | join kind=inner (EmailEvents | where NetworkMessageId == 'id-000002') on NetworkMessageId | count",
        "EmailEvents | top 5 by Timestamp desc | project NetworkMessageId",
        "EmailEvents | where NetworkMessageId == 'id-000003'",
        "EmailEvents | where RecipientEmailAddress == 'person3@corp.example' | summarize n = count() by Subject | sort by Subject",
    ],
)
def test_hunting_has_the_same_answer_with_and_without_segments(months, text):
    def ask():
        return selectors.hunt(text, now=utc_now()).rows

    assert list(ask()) == list(plain(ask))
    assert ask()


def test_one_row_is_found_by_its_own_id(months):
    def one(id):
        text = f"EmailEvents | where ReportId == '{id}' | project NetworkMessageId"
        return list(selectors.hunt(text, now=utc_now()).rows)

    for row in selectors.rows(LONG, limit=50)[::7]:
        assert one(row["ReportId"]) == [(row["NetworkMessageId"],)]
        assert one(row["ReportId"]) == plain(lambda id=row["ReportId"]: one(id))


def test_rows_whose_blocks_are_broken_come_from_the_segment(months):
    for path in segments("EmailEvents").folder.glob("*.blocks"):
        path.write_bytes(b"x" * path.stat().st_size)
    assert ids(QUESTIONS["one id"]) == ["id-000002"]
    assert len(ids(QUESTIONS["one mailbox"])) == 10


def test_rows_that_come_late_to_a_sealed_day_are_found_at_once(months):
    grown(3, day=2, start=200)
    assert selectors.count(LONG) == 53
    assert sealing.state_of("EmailEvents").rows == 40
    with storage.only_writer():
        storage.maintain(MAILS, now=later())
    assert sealing.state_of("EmailEvents").segments == 0, "a rewritten file makes its segment count no more"
    assert selectors.count(LONG) == 53
    assert len(ids(QUESTIONS["one id"])) == 1
    assert seal() == 1
    assert sealing.state_of("EmailEvents").rows == 53
    assert selectors.count(LONG) == 53


def test_days_past_retention_are_gone_and_the_rest_of_their_segment_stays(months, settings):
    RetentionSetting.objects.create(table="EmailEvents", days=(utc_now().date() - (NOON - 2 * DAY).date()).days)
    with storage.only_writer():
        storage.maintain(MAILS, now=utc_now())
    assert sealing.state_of("EmailEvents").segments == 1
    assert selectors.count(LONG) == 40
    assert len(ids(LONG)) == 40
    assert ids(asked(("NetworkMessageId", EQUAL, ("id-000035",)), days=40)) == []
    assert len(ids(QUESTIONS["one mailbox"])) == 8


def test_what_was_left_half_written_counts_nothing_and_is_swept_away(months):
    folder = segments("EmailEvents").folder
    whole = next(folder.glob("*.duckdb"))
    (folder / "a.part").write_bytes(b"half")
    (folder / "b.duckdb").write_bytes(b"without a manifest")
    (folder / "c.json").write_text('{"layout":')
    (folder / "d.duckdb").write_bytes(b"too short")
    (folder / "d.json").write_text(next(folder.glob(f"{whole.stem}.json")).read_text())
    assert sealing.state_of("EmailEvents").segments == 1
    assert selectors.count(LONG) == 50
    shelf, snapshot = segments("EmailEvents"), cold("EmailEvents").snapshot()
    shelf.tidy(snapshot, now=utc_now() + timedelta(minutes=11), since=NOON - 99 * DAY)
    assert {path.name for path in folder.iterdir()} == {
        f"{whole.stem}.{end}" for end in ("blocks", "codes", "duckdb", "json", "ranks", "words")
    }


def test_a_segment_that_goes_away_under_a_reader_is_read_from_the_tables(months):
    source = source_of("EmailEvents", Window(LONG.start, LONG.end))
    assert source.segments
    for path in segments("EmailEvents").folder.iterdir():
        path.write_bytes(b"no database")
    fresh = DuckEngine(lake=months / "lake", scratch=months / "other", memory="200MB")
    found = fresh.run(parse_one('SELECT count(*) AS n FROM "EmailEvents"', dialect="duckdb"), {"EmailEvents": source})
    assert found.to_pylist() == [{"n": 50}]


def test_an_engine_lets_go_of_segments_that_were_replaced(months):
    selectors.count(QUESTIONS["phish"])
    before = set(engine()._attached)
    for path in segments("EmailEvents").folder.iterdir():
        path.unlink()
    assert seal() == 1
    reader = engine().stream(
        parse_one('SELECT * FROM "EmailEvents"', dialect="duckdb"), sources_for(LONG, ["EmailEvents"])
    )
    assert next(reader).num_rows
    assert selectors.count(QUESTIONS["phish"]) == 14
    assert not before & set(engine()._attached)
    assert len(engine()._attached) == 1
    assert sum(batch.num_rows for batch in reader)


def test_many_small_segments_become_one(lake, monkeypatch):
    monkeypatch.setattr("watchfloor.lake.engines.segments.WORTH_FILES", 1)
    for day in range(9):
        grown(4, day=day, start=day * 10)
        assert seal() == 1
    assert sealing.state_of("EmailEvents").segments in range(1, 9)
    while seal():
        pass
    state = sealing.state_of("EmailEvents")
    assert (state.segments < 8, state.rows) == (True, 36)
    assert selectors.count(LONG) == 36
    assert len(ids(LONG)) == 36


def test_a_day_that_is_not_over_or_was_just_written_waits(lake):
    for day in range(5):
        grown(2, day=day, start=day * 10)
    assert sealing.seal(MAILS, now=utc_now()) == 0, "the files are minutes old"
    assert sealing.seal(MAILS, now=NOON - DAY + timedelta(hours=9)) == 0


def test_the_operator_decides_how_far_back_segments_reach(months, settings):
    settings.WATCHFLOOR = replace(settings.WATCHFLOOR, lake_fast_days=0)
    assert seal() == 0
    assert not list(segments("EmailEvents").folder.iterdir())
    assert selectors.count(LONG) == 50
    settings.WATCHFLOOR = replace(settings.WATCHFLOOR, lake_fast_days=400)
    assert seal() == 1


def test_files_older_than_a_column_hold_its_empty_value(months):
    import pyarrow as pa
    from deltalake import write_deltalake

    folder = months / "lake" / "EmailEvents"
    old = cold("EmailEvents").snapshot().files
    narrow = pa.table(
        {
            "Timestamp": pa.array([NOON - 9 * DAY], pa.timestamp("us", tz="UTC")),
            "NetworkMessageId": ["id-old"],
            "RecipientEmailAddress": ["person3@corp.example"],
            "day": pa.array([(NOON - 9 * DAY).date()]),
        }
    )
    write_deltalake(str(folder), narrow, mode="append", partition_by=["day"], schema_mode="merge")
    with storage.only_writer():
        cold("EmailEvents").survey()
    assert len(cold("EmailEvents").snapshot(fresh=True).files) == len(old) + 1
    for path in segments("EmailEvents").folder.iterdir():
        path.unlink()
    assert seal() == 1
    assert sealing.state_of("EmailEvents").rows == 41
    row = selectors.rows(asked(("NetworkMessageId", EQUAL, ("id-old",)), days=40))[0]
    assert (row["Subject"], row["UrlCount"]) == ("", 0)


def test_other_processes_read_the_same_segments_at_once(months):
    assert selectors.count(QUESTIONS["phish"]) == plain(lambda: selectors.count(QUESTIONS["phish"]))
    path = next(segments("EmailEvents").folder.glob("*.duckdb"))
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import duckdb; print(duckdb.connect({str(path)!r}, read_only=True).sql('SELECT count(*) FROM main.main').fetchall())",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "(40,)" in told.stdout


def test_only_one_process_seals(months):
    with storage.alone(sealing.SEALER) as first, storage.alone(sealing.SEALER) as second:
        assert (first, second) == (True, False)


def test_the_tables_page_says_what_lies_in_segments(months, settings, as_max):
    page = as_max.get("/settings/retention/table", {"name": "EmailEvents"}).content.decode()
    assert "40 rows of settled days in 1 segment" in page
    page = as_max.get("/settings/retention/table", {"name": "AlertInfo"}).content.decode()
    assert "the worker copies days once they are over" in page
    settings.WATCHFLOOR = replace(settings.WATCHFLOOR, lake_fast_days=0)
    page = as_max.get("/settings/retention/table", {"name": "AlertInfo"}).content.decode()
    assert "turned off with lake_fast_days" in page
