"""KQL over real rows, hot and cold: what it gives, what it costs, where it stops, and that nothing gets out of it."""

import json
import threading
from datetime import timedelta

import pyarrow as pa
import pytest
from sqlglot import exp, parse_one

from watchfloor.access.contracts import Actor, Permission
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, Forbidden, WatchfloorError
from watchfloor.lake import kql_run, selectors, services, storage
from watchfloor.lake.contracts import QueryFailed, TooLarge, TooMany, TooSlow
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql_answer import print_form
from watchfloor.lake.snapshot import hunting_engine
from watchfloor.lake.turns import Turn

from .conftest import DAY, NOON, mail

ANALYST = Actor("ada", "Ada", frozenset({Permission.EMAIL_METADATA_READ}))


def asked(text, **options):
    return list(selectors.hunt(text, now=NOON + DAY, **options).rows)


def flush():
    with storage.only_writer() as mine:
        assert mine
        for table in selectors.tables():
            storage.flush(table, now=utc_now())


@pytest.fixture
def mails(lake):
    """Six cold mails, four hot ones."""
    services.append("EmailEvents", [mail(n) for n in range(6)])
    flush()
    services.append("EmailEvents", [mail(n) for n in range(6, 10)])


def test_hot_and_cold_rows_are_counted_together(mails):
    assert asked("EmailEvents | count") == [(10,)]
    assert asked("EmailEvents | summarize n = count() by SenderFromDomain | sort by n desc | take 1") == [
        ("evil0.example", 4)
    ]


def test_both_spellings_of_the_time_are_the_same(mails):
    rows = asked(
        "EmailEvents | where TimeGenerated > ago(2d) | top 1 by TimeGenerated | project Timestamp, TimeGenerated"
    )
    assert rows == [(NOON + timedelta(seconds=9),) * 2]


def test_a_condition_on_the_time_reads_only_the_files_of_that_time(mails):
    everything = selectors.hunt("EmailEvents | count", now=NOON)
    nothing = selectors.hunt("EmailEvents | where Timestamp < ago(30d) | count", now=NOON)
    assert everything.cost.rows == 10
    assert (everything.cost.files, nothing.cost.files) == (1, 0)
    assert list(nothing.rows) == [(0,)]


def test_the_end_of_a_window_belongs_to_it(mails):
    last = f"datetime({(NOON + timedelta(seconds=9)).isoformat()})"
    assert asked(f"EmailEvents | where Timestamp <= {last} | count") == [(10,)]
    assert asked(f"EmailEvents | where Timestamp between ({last} .. {last}) | count") == [(1,)]


def test_the_newest_location_is_folded_in(mails):
    event = {
        "Timestamp": NOON + timedelta(hours=1), "NetworkMessageId": "id-000003", "RecipientEmailAddress": "person3@corp.example",
        "Action": "Moved", "ActionResult": "Success", "DeliveryLocation": "Quarantine",
    }  # fmt: skip
    services.append("EmailPostDeliveryEvents", [event])
    rows = asked(
        "EmailEvents | where LatestDeliveryLocation == 'Quarantine' | project NetworkMessageId, DeliveryLocation"
    )
    assert rows == [("id-000003", "Inbox/folder")]
    both = "EmailEvents | where LatestDeliveryLocation == 'Quarantine' | join (EmailEvents) on NetworkMessageId | count"
    assert asked(both) == [(1,)]


def test_an_answer_says_truthfully_whether_there_was_more(mails):
    assert not selectors.hunt("EmailEvents", now=NOON, limit=10).truncated
    answer = selectors.hunt("EmailEvents", now=NOON, limit=9)
    assert answer.truncated
    assert len(list(answer.rows)) == 9


def test_cells_come_as_values_and_print_as_kql_prints_them(lake):
    answer = selectors.hunt(
        "print a = 36h, b = dynamic({'x': [1, null]}), c = now(), d = 1.5, e = true, f = 'x', g = int(null)", now=NOON
    )
    (row,) = answer.rows
    assert row == (timedelta(hours=36), {"x": [1, None]}, NOON, 1.5, True, "x", None)
    (printed,) = answer.printed()
    assert printed[0] == "1.12:00:00"
    assert printed[2] == "2026-11-21T12:00:00.0000000Z"
    assert print_form(timedelta(milliseconds=-1500)) == "-00:00:01.5000000"


def test_json_kept_as_text_is_read_as_json(lake):
    record = {"Workload": "Exchange", "Operation": "New-InboxRule", "UserId": "ada", "ClientIP": "192.0.2.1"}
    services.append("CloudAppEvents", [{"Timestamp": NOON, "RawEventData": record}, {"Timestamp": NOON}])
    assert asked(
        "CloudAppEvents | where RawEventData.Workload == 'Exchange' | project tostring(RawEventData.UserId)"
    ) == [("ada",)]
    assert asked("OfficeActivity | project Operation, UserId, OfficeWorkload, ClientIP") == [
        ("New-InboxRule", "ada", "Exchange", "192.0.2.1")
    ]
    rows = asked(
        "CloudAppEvents | evaluate bag_unpack(RawEventData) | where Operation != '' | project Operation, Workload"
    )
    assert rows == [("New-InboxRule", "Exchange")]


def test_search_goes_over_tables_that_hold_rows_and_says_which(mails):
    services.append("AlertInfo", [{"Timestamp": NOON, "AlertId": "1", "Title": "Invoice 3 is phishing"}])
    rows = asked("search 'phishing' | project $table, Title")
    assert rows == [("AlertInfo", "Invoice 3 is phishing")]


def test_pasted_sign_in_queries_run_over_our_sign_ins(lake):
    signin = {
        "Timestamp": NOON,
        "AccountUpn": "Ada@corp.example",
        "ErrorCode": 50126,
        "City": "Bern",
        "LogonType": "[]",
    }
    services.append("EntraIdSignInEvents", [signin])
    rows = asked("SigninLogs | project UserPrincipalName, ResultType, tostring(LocationDetails.city)")
    assert rows == [("ada@corp.example", "50126", "Bern")]
    assert asked("AADSignInEventsBeta | count") == [(1,)]


def test_another_slice_gives_the_incidents(lake, monkeypatch):
    rows = [{"Title": "Phishing", "TimeGenerated": NOON, "Labels": ["vip"], "IncidentNumber": "7"}]
    monkeypatch.setitem(kql_run.given_rows.__globals__["_givers"], "SecurityIncident", lambda: rows)
    found = asked("SecurityIncident | where Timestamp <= now() | project Title, IncidentNumber, tostring(Labels[0])")
    assert found == [("Phishing", "7", "vip")]


def test_who_lacks_a_right_is_told_which(mails):
    assert asked("EmailEvents | count", by=ANALYST) == [(10,)]
    with pytest.raises(Forbidden, match=r"identity\.read"):
        asked("EmailEvents | join SigninLogs on $left.RecipientEmailAddress == $right.UserPrincipalName", by=ANALYST)
    with pytest.raises(Forbidden, match=r"email\.metadata\.read"):
        asked("let T = EmailEvents; T | count", by=Actor("eve", "Eve", frozenset()))
    with pytest.raises(Forbidden):
        asked("union isfuzzy=true AlertInfo, EmailEvents", by=ANALYST)


def test_an_export_gives_every_row(mails):
    columns, rows = selectors.hunt_stream("EmailEvents | project Subject | sort by Subject asc", now=NOON, by=ANALYST)
    assert [name for name, _ in columns] == ["Subject"]
    assert [row for batch in rows for row in batch] == [(f"Invoice {n}",) for n in range(10)]


def test_an_export_refuses_before_its_first_row(mails):
    with pytest.raises(KqlError):
        selectors.hunt_stream("EmailEvents | nonsense", now=NOON)


def test_a_third_query_of_one_person_waits_and_another_person_does_not(mails, lake):
    folder = lake / "scratch" / "turns"
    held = [Turn(folder, "ada"), Turn(folder, "ada")]
    with pytest.raises(TooMany):
        asked("EmailEvents | count", by=ANALYST)
    assert asked("EmailEvents | count") == [(10,)]
    held.pop().close()
    assert asked("EmailEvents | count", by=ANALYST) == [(10,)]


def test_a_place_is_given_back_when_a_query_fails_or_an_export_is_dropped(mails):
    for _ in range(5):
        with pytest.raises(KqlError):
            asked("EmailEvents | nonsense", by=ANALYST)
    for _ in range(5):
        selectors.hunt_stream("EmailEvents", now=NOON, by=ANALYST)
    assert asked("EmailEvents | count", by=ANALYST) == [(10,)]


def test_a_query_that_takes_too_long_is_stopped(lake):
    with pytest.raises(TooSlow):
        asked(
            "let side = range a from 1 to 2000000 step 1 | extend k = 1; "
            "side | join kind=inner (side) on k | summarize sum(a * a1)",
            timeout=0.5,
        )


def test_a_query_that_takes_too_much_memory_is_stopped(lake, settings):
    with pytest.raises((TooLarge, TooSlow, QueryFailed)):
        asked(
            "range a from 1 to 30000000 step 1 | extend b = strcat(tostring(a), '-', 'a long tail of text') "
            "| summarize make_list(b, 100000000)",
            timeout=60,
        )


def test_a_text_beyond_the_limit_is_refused(lake):
    with pytest.raises(KqlError, match="64,000"):
        asked("print 1 // " + "x" * 64_000)


ESCAPES = [
    "read_csv('/etc/passwd')",
    "read_text('/etc/passwd')",
    "glob('/*')",
    "getenv('HOME')",
    "'/etc/passwd'",
    "duckdb_settings()",
    "pragma_database_list",
    "information_schema.tables",
    "hot_scan1",
    "sqlite_master",
]


@pytest.mark.parametrize("name", ESCAPES)
def test_what_the_engine_could_do_has_no_name_in_kql(lake, name):
    for text in (name, f"EmailEvents | extend x = {name}", f"print x = {name}", f"union {name}"):
        if name.startswith("'") and not text.startswith(("'", "union")):
            continue
        with pytest.raises(WatchfloorError):
            asked(text)


@pytest.mark.parametrize(
    "statement",
    [
        "COPY (SELECT 1) TO '/tmp/out.csv'", "ATTACH '/tmp/x.db'", "INSTALL httpfs", "LOAD httpfs", "SET threads = 1",
        "CREATE TABLE t (a INT)", "PRAGMA database_list", "EXPORT DATABASE '/tmp/x'", "CALL duckdb_settings()",
    ],
)  # fmt: skip
def test_a_statement_is_no_query_and_inside_a_text_it_is_only_text(lake, statement):
    with pytest.raises(KqlError):
        asked(statement)
    hostile = f"a'); {statement}; --"
    assert asked(f'print x = "{hostile}"') == [(hostile,)]
    services.append("EmailEvents", [mail(1, Subject=hostile)])
    assert asked(f'EmailEvents | where Subject == "{hostile}" | project Subject') == [(hostile,)]
    assert asked(f'EmailEvents | extend ["{hostile[:20]}"] = 1 | count') == [(1,)]


@pytest.mark.parametrize(
    "statement", ["COPY t TO 'x'", "CREATE TABLE t (a INT)", "DROP TABLE t", "INSERT INTO t VALUES (1)"]
)
def test_the_engine_itself_runs_nothing_but_questions(lake, statement):
    with pytest.raises(BadInput, match="no question"):
        hunting_engine().run(parse_one(statement, dialect="duckdb"), {})


@pytest.mark.parametrize(
    "text",
    ["SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM glob('/*')"],
)
def test_even_a_tree_that_reads_files_is_refused_by_the_engine(lake, text):
    with pytest.raises(QueryFailed):
        hunting_engine().run(parse_one(text, dialect="duckdb"), {})


def test_a_tree_with_expressions_of_its_own_runs_beside_the_sources(mails):
    tree = parse_one('WITH "a" AS (SELECT 1 AS x) SELECT x FROM "a"', dialect="duckdb")
    rows = hunting_engine().run(tree, {"one": kql_run.Source((), pa.table({"y": [1]}), pa.table({"y": [1]}))})
    assert rows.to_pylist() == [{"x": 1}]
    assert isinstance(tree, exp.Query)


def test_remarks_say_where_a_query_is_wrong_and_which_list_is_missing(lake):
    (wrong,) = selectors.check_query("EmailEvents | where Sbject == 'x'", now=NOON)
    assert (wrong.start, wrong.end) == (20, 26)
    assert "Subject" in wrong.words
    (doubt,) = selectors.check_query("_GetWatchlist('x')", now=NOON)
    assert doubt.kind == "warning"
    assert selectors.check_query("EmailEvents | take 1", now=NOON) == []
    (right,) = selectors.check_query("SigninLogs", now=NOON, by=ANALYST)
    assert "identity.read" in right.words


def test_completion_knows_tables_columns_and_what_the_reader_may_see():
    text = "EmailEvents | where Sen"
    assert "SenderFromAddress" in [one.name for one in selectors.complete_query(text, len(text), now=NOON)]
    assert "SigninLogs" in [one.name for one in selectors.complete_query("Sig", 3, now=NOON)]
    assert not [one for one in selectors.complete_query("Sig", 3, now=NOON, by=ANALYST) if one.name == "SigninLogs"]


def test_files_folders_and_lines_are_checked_and_say_what_is_ours(tmp_path):
    (tmp_path / "good.kql").write_text("EmailEvents | take 1")
    (tmp_path / "bad.kql").write_text("EmailEvents\n| where Sbject == 'x'")
    lines = ["Foreign | take 1", "let A = () {AlertInfo}; A | count", "EmailEvents | | x", "imDns('x') | take 1"]
    (tmp_path / "many.jsonl").write_text("\n".join(json.dumps({"query": line}) for line in lines) + "\n")
    found = {one.name.rpartition("/")[2]: one for one in selectors.check_files([tmp_path], now=NOON)}
    assert [(one.parsed, one.in_scope, one.compiled) for one in found.values()] == [
        (True, True, False), (True, True, True), (True, False, False), (True, True, True), (False, False, False), (True, False, False),
    ]  # fmt: skip
    assert found["bad.kql"].place.endswith("bad.kql:2:9")
    assert found["many.jsonl:1"].unknown == ("Foreign",)
    assert found["good.kql"].columns[0] == ("TenantId", "string")
    (tmp_path / "wrong.jsonl").write_text('{"text": 1}\n')
    with pytest.raises(BadInput, match="line 1"):
        list(selectors.check_files([tmp_path / "wrong.jsonl"], now=NOON))


def test_tables_nobody_writes_to_make_no_folder(mails, lake):
    asked("DeviceProcessEvents | count")
    flush()
    assert {path.name for path in (lake / "lake").iterdir() if path.is_dir()} == {"EmailEvents"}
    assert storage.holding() == {"EmailEvents"}


def test_queries_run_beside_each_other(mails):
    found = []
    threads = [threading.Thread(target=lambda: found.append(_count())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [0, 0]


def _count():
    """A query that needs no database of the test's own transaction."""
    return hunting_engine().run(parse_one("SELECT 0 AS n", dialect="duckdb"), {}).column("n")[0].as_py()
