"""A column that came later reads as empty, 0 or false in files that are older than it, however they were rewritten since."""

import pytest
from deltalake import DeltaTable
from sqlglot import parse_one

from watchfloor.kernel.clock import utc_now
from watchfloor.lake import selectors, services, storage
from watchfloor.lake.arrow import to_arrow
from watchfloor.lake.engines import delta
from watchfloor.lake.models import RetentionSetting
from watchfloor.lake.snapshot import cold, engine, sources_for

from .conftest import DAY, NOON, asked, mail

MAILS = selectors.table("EmailEvents")
YOUNG = ["Tags", "EmailSize", "UrlCount", "OrgLevelAction"]


@pytest.fixture(params=["at home", "in a store"])
def old_file(request, in_store, lake):
    """Two commits of a version that did not know four of today's columns, then one of today's."""
    if request.param == "in a store":
        in_store()
    for number in range(2):
        rows = to_arrow(MAILS, [mail(number, Timestamp=NOON - 9 * DAY)]).drop_columns(YOUNG)
        cold("EmailEvents").append(rows, watermark=0)
    services.append("EmailEvents", [mail(7, Tags=["VIP"], EmailSize=5)])
    flush()


def flush() -> None:
    with storage.only_writer():
        storage.flush(MAILS, now=utc_now())


def maintain(now=None) -> None:
    with storage.only_writer():
        storage.maintain(MAILS, now=now or utc_now())


def counted(condition: str, days: int = 30) -> int:
    tree = parse_one(f"SELECT count(*) AS n FROM EmailEvents WHERE {condition}", dialect="duckdb")
    return engine().run(tree, sources_for(asked(days=days), ["EmailEvents"])).column("n")[0].as_py()


def everything_reads_as_it_should() -> None:
    assert counted("\"Tags\" = ''") == 2
    assert counted('"EmailSize" = 0 AND "UrlCount" = 0') == 2
    assert counted('"Tags" IS NULL OR "EmailSize" IS NULL OR "OrgLevelAction" IS NULL') == 0
    assert counted("\"OrgLevelAction\" <> 'Allow'") == 3


def test_rows_of_an_older_file_are_found_by_what_they_lack(old_file):
    assert set(cold("EmailEvents").snapshot().lacking) == set(YOUNG)
    everything_reads_as_it_should()
    assert selectors.rows(asked(days=30))[-1]["Tags"] == ""


def test_a_window_of_older_files_alone_has_the_columns_too(old_file):
    query = asked(days=30)
    alone = sources_for(query, ["EmailEvents"])
    alone = {"EmailEvents": alone["EmailEvents"].between(NOON - 20 * DAY, NOON - 5 * DAY)}
    tree = parse_one('SELECT count(*) AS n FROM EmailEvents WHERE "Tags" = \'\' AND "EmailSize" = 0', dialect="duckdb")
    assert engine().run(tree, alone).column("n")[0].as_py() == 2


def test_compaction_that_writes_nulls_into_the_new_file_changes_nothing_for_readers(old_file):
    maintain(utc_now() + 2 * DAY)
    assert len(cold("EmailEvents").snapshot(fresh=True).files) == 2
    assert set(cold("EmailEvents").snapshot().lacking) == set(YOUNG)
    everything_reads_as_it_should()


def test_when_the_last_old_day_is_gone_nothing_is_filled_in_any_more(old_file):
    RetentionSetting.objects.create(table="EmailEvents", days=5)
    maintain(NOON)
    assert cold("EmailEvents").snapshot(fresh=True).lacking == ()
    assert selectors.count(asked(days=30)) == 1


def test_a_table_of_a_version_that_noted_nothing_is_looked_through_once(old_file, monkeypatch):
    shelf = cold("EmailEvents").shelf
    DeltaTable(shelf.uri, storage_options=shelf.options).alter.set_table_description("")
    assert not cold("EmailEvents").snapshot(fresh=True).surveyed
    maintain()
    state = cold("EmailEvents").snapshot(fresh=True)
    assert state.surveyed
    assert set(state.lacking) == set(YOUNG)
    everything_reads_as_it_should()
    monkeypatch.setattr(delta, "unfilled", None)  # a second look would fail
    maintain()


def test_a_new_table_lacks_nothing_and_is_never_looked_through(lake, monkeypatch):
    monkeypatch.setattr(delta, "unfilled", None)
    services.append("EmailEvents", [mail(1)])
    flush()
    maintain()
    assert cold("EmailEvents").snapshot().lacking == ()


def test_what_every_table_has_to_note_fits_into_a_description():
    """deltalake takes 4,000 characters."""
    for table in selectors.tables():
        assert len(delta._told_filled(delta._never_null(table))) < 3500, table.name
