"""Rows brought in files: what fits comes in, what does not is refused with its place, and nothing comes in twice."""

import csv
import gzip
import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from watchfloor.access.contracts import Permission
from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import actor_of, system_actor
from watchfloor.kernel.errors import BadInput, Forbidden
from watchfloor.lake import bringing, selectors, services
from watchfloor.lake.bringing_cells import Unfit, cell
from watchfloor.lake.catalogue import table

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
TABLE = "EntraIdSignInEvents"
SIGN_IN = {"Timestamp": "2026-11-10T10:00:00Z", "AccountUpn": "Ada@corp.example", "ErrorCode": "50126"}


@pytest.fixture
def by(db):
    return system_actor("test", Permission.CONNECTION_MANAGE)


@pytest.fixture
def write(tmp_path):
    """Writes rows into a file of the name's kind."""

    def writing(name, rows):
        path = tmp_path / name
        if path.suffix == ".csv":
            with path.open("w", newline="") as handle:
                writer = csv.DictWriter(handle, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
        elif path.suffix == ".parquet":
            pq.write_table(pa.Table.from_pylist(rows), path)
        elif path.suffix == ".json":
            path.write_text(json.dumps(rows))
        else:
            path.write_text("\n".join(json.dumps(row) for row in rows))
        return path

    return writing


def bring(path, by, *, into=TABLE, **options):
    refused = []
    brought = services.append_file(table=into, path=path, now=NOON, by=by, refused=refused.append, **options)
    return brought, [(one.place, one.reason) for one in refused]


def asked(text):
    return list(selectors.hunt(text, now=NOON).rows)


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl", "x.json", "x.parquet"])
def test_rows_come_in_from_every_kind_of_file(lake, by, write, name):
    brought, refused = bring(write(name, [SIGN_IN, SIGN_IN | {"ErrorCode": "0"}]), by)
    assert (brought.accepted, brought.refused, refused) == (2, 0, [])
    assert asked(f"{TABLE} | summarize count(), max(ErrorCode) by AccountUpn") == [("ada@corp.example", 2, 50126)]


def test_a_gzipped_text_is_read_too(lake, by, tmp_path):
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(SIGN_IN).encode()))
    assert bring(path, by)[0].accepted == 1


def test_parquet_keeps_its_own_types(lake, by, write):
    row = {"Timestamp": NOON, "AccountUpn": "ada@corp.example", "ErrorCode": 7, "IsGuestUser": True}
    assert bring(write("x.parquet", [row]), by)[0].accepted == 1
    assert asked(f"{TABLE} | project ErrorCode, IsGuestUser") == [(7, True)]


def test_a_row_that_does_not_fit_is_refused_with_its_place_and_the_others_come_in(lake, by, write):
    rows = [
        SIGN_IN,
        SIGN_IN | {"ErrorCode": "many"},
        SIGN_IN | {"Timestamp": "yesterday"},
        SIGN_IN | {"Timestamp": "2026-11-10T10:00:00"},
        SIGN_IN | {"Timestamp": ""},
        SIGN_IN | {"Timestamp": "2020-01-01T00:00:00Z"},
        SIGN_IN | {"Timestamp": "2027-01-01T00:00:00Z"},
        SIGN_IN | {"ErrorCode": "99999999999"},
    ]
    brought, refused = bring(write("x.csv", rows), by)
    assert (brought.accepted, brought.refused) == (1, 7)
    assert [place for place, _ in refused] == [f"x.csv, line {line}" for line in range(3, 10)]
    words = [reason for _, reason in refused]
    assert words[0] == "ErrorCode “many” is no int"
    assert words[1] == "Timestamp “yesterday” is no time"
    assert "has no time zone" in words[2]
    assert words[3] == "Timestamp is missing"
    assert "older than this table is kept" in words[4]
    assert "lies in the future" in words[5]
    assert "does not fit into 32 bits" in words[6]


def test_an_unknown_column_is_refused_until_somebody_leaves_it_out(lake, by, write):
    path = write("x.jsonl", [SIGN_IN | {"Weather": "rain"}])
    _, refused = bring(path, by)
    assert refused == [("x.jsonl, line 1", f"{TABLE} has no column “Weather”; --skip leaves it out")]
    brought, refused = bring(path, by, skip=["Weather"], again=True)
    assert (brought.accepted, refused, brought.left_out) == (1, [], ("Weather",))


def test_what_every_workspace_has_is_left_out_and_told(lake, by, write):
    row = {"TimeGenerated [UTC]": "11/10/2026, 10:00:00.000 AM", "TenantId": "t", "Type": TABLE, "ErrorCode": 1}
    brought, refused = bring(write("x.csv", [row]), by)
    assert (brought.accepted, refused, brought.left_out) == (1, [], ("TenantId", "Type"))
    assert asked(f"{TABLE} | project TimeGenerated") == [(NOON - timedelta(hours=2),)]


def test_a_workspaces_spelling_of_a_column_is_understood(lake, by, write):
    row = {"TimeGenerated": "2026-11-10T10:00:00Z", "AccountUPN": "ada@corp.example", "InvestigationPriority": 3}
    brought, _ = bring(write("x.jsonl", [row]), by, into="IdentityInfo")
    assert brought.left_out == ("InvestigationPriority",)
    assert asked("IdentityInfo | project AccountUPN") == [("ada@corp.example",)]


def test_a_file_that_is_in_already_brings_nothing_twice(lake, by, write):
    path = write("x.csv", [SIGN_IN] * 3)
    bring(path, by)
    brought, _ = bring(path, by)
    assert (brought.accepted, brought.known) == (0, 3)
    assert asked(f"{TABLE} | count") == [(3,)]


def test_a_file_that_was_interrupted_goes_on_where_it_stopped(lake, by, write, monkeypatch):
    monkeypatch.setattr(bringing, "BATCH", 10)
    path = write("x.jsonl", [SIGN_IN | {"ErrorCode": number} for number in range(35)])

    def killed(rows):
        if rows == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bring(path, by, progress=killed)
    brought, _ = bring(path, by)
    assert (brought.accepted, brought.known) == (15, 20)
    assert asked(f"{TABLE} | summarize count(), dcount(ErrorCode)") == [(35, 35)]


def test_who_brought_what_is_in_the_audit_log(lake, by, write):
    bring(write("x.csv", [SIGN_IN]), by)
    entry = AuditEntry.objects.filter(verb="rows.append", outcome="success").get()
    assert (entry.target, entry.after["rows"], entry.after["file"]) == (TABLE, 1, "x.csv")


def test_eve_may_not_bring_rows(lake, eve, write):
    with pytest.raises(Forbidden):
        bring(write("x.csv", [SIGN_IN]), actor_of(eve))
    assert AuditEntry.objects.filter(verb="rows.append", outcome="refused").exists()


def test_mail_is_not_brought_as_rows(lake, by, write):
    with pytest.raises(BadInput, match="watchfloor import"):
        bring(write("x.csv", [SIGN_IN]), by, into="EmailEvents")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.txt", b"a", r"ends in \.csv"),
        ("x.csv", b"", "must name every column"),
        ("x.csv", b"Timestamp,Timestamp\n", "each once"),
        ("x.csv", b"Timestamp\n\xff\n", "cannot be read"),
        ("x.json", b"[1,", "no JSON"),
        ("x.parquet", b"nothing", "cannot be read"),
        ("x.csv.gz", b"nothing", "cannot be read"),
    ],
)
def test_a_file_that_is_none_is_refused_whole(lake, by, tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput, match=said):
        bring(path, by)
    assert not selectors.since(0, tables={TABLE})


def test_lines_that_are_no_rows_are_refused_each(lake, by, tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"Timestamp": "2026-11-10T10:00:00Z"}\n\nnonsense\n[1]\n')
    brought, refused = bring(path, by)
    assert brought.accepted == 1
    assert refused == [("x.jsonl, line 3", "this is no JSON"), ("x.jsonl, line 4", "this is no JSON object")]
    path = tmp_path / "x.csv"
    path.write_text("Timestamp,AccountUpn\n2026-11-10T10:00:00Z\n")
    assert bring(path, by)[1] == [("x.csv, line 2", "there are 1 cells, and 2 columns")]


CELLS = [
    ("ErrorCode", "7.0", 7),
    ("ErrorCode", "", 0),
    ("IsGuestUser", "True", True),
    ("IsGuestUser", 0, False),
    ("AccountUpn", {"a": 1}, '{"a": 1}'),
    ("AccountUpn", True, "true"),
    ("LastPasswordChangeTimestamp", "", None),
    ("LastPasswordChangeTimestamp", "2026-11-10T10:00:00.1234567Z", NOON.replace(hour=10, microsecond=123456)),
    ("AccountUpn", float("nan"), None),
]


@pytest.mark.parametrize(("name", "given", "kept"), CELLS)
def test_a_cell_becomes_its_columns_type(name, given, kept):
    found = cell(given, table(TABLE).column(name))
    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize(("name", "given"), [("ErrorCode", "7.5"), ("IsGuestUser", "perhaps"), ("ErrorCode", [1])])
def test_a_cell_that_is_none_of_its_type_is_refused(name, given):
    with pytest.raises(Unfit, match=name):
        cell(given, table(TABLE).column(name))


def test_a_table_says_where_its_rows_come_from():
    assert table("MessageEvents").source == "Nothing here writes it: bring rows with “watchfloor lake append”."
    assert table("AlertInfo").source == "Written by the alerts raised here; rows can be brought too."
    assert table("EmailEvents").source == "Written by the mail that is taken in."
