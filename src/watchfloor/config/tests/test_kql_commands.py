"""KQL from the command line: the same rows in four forms, refusals with their place, counts of whole folders."""

import csv
import io
import json

import pyarrow.parquet as pq
import pytest

from watchfloor.config import hunting
from watchfloor.hunting.models import QueryRun
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput

ROWS = "datatable(a: long, b: string, c: dynamic) [1, 'x', dynamic([1]), 2, '', dynamic(null)] | extend d = a * 1h"


@pytest.fixture(autouse=True)
def home(db, settings, tmp_path):
    settings.HOME = tmp_path


def run(text=ROWS, *, form="table", out=None, limit=100, engine="duckdb"):
    hunting.run_query(text, engine=engine, form=form, out=out, limit=limit, now=utc_now())


def test_a_table_is_for_eyes(capsys):
    run()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["a", "b", "c", "d"]
    assert lines[2].split() == ["1", "x", "[1]", "01:00:00"]


def test_csv_and_json_are_for_programs(capsys):
    run(form="csv")
    assert list(csv.reader(io.StringIO(capsys.readouterr().out))) == [
        ["a", "b", "c", "d"],
        ["1", "x", "[1]", "01:00:00"],
        ["2", "", "", "02:00:00"],
    ]
    run(form="json")
    assert json.loads(capsys.readouterr().out)[0] == {"a": 1, "b": "x", "c": [1], "d": "01:00:00"}


def test_parquet_needs_a_file(tmp_path):
    with pytest.raises(BadInput, match="name a file"):
        run(form="parquet")
    run("datatable(a: long, A: string) [1, 'x']", form="parquet", out=tmp_path / "x.parquet")
    assert pq.read_table(tmp_path / "x.parquet").to_pylist() == [{"a": 1, "A_": "x"}]


def test_a_form_is_written_to_a_file_and_more_rows_are_told(tmp_path, capsys):
    run(form="csv", out=tmp_path / "x.csv", limit=1)
    assert len((tmp_path / "x.csv").read_text().splitlines()) == 2
    assert "there are more than 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"text": "EmailEvents\n| wher x"}, "line 2, column 3"),
        ({"engine": "abacus"}, "engines are duckdb"),
        ({"form": "xml"}, "table, csv, json, parquet"),
    ],
)
def test_what_is_refused_says_where_and_what_to_do(options, said):
    with pytest.raises(BadInput, match=said):
        run(**options)


def test_a_folder_is_checked_and_the_last_line_counts(tmp_path, capsys):
    (tmp_path / "a.kql").write_text("EmailEvents | take 1")
    (tmp_path / "b.kql").write_text("EmailEvents | take 1 | project Nothing")
    (tmp_path / "c.kql").write_text("Elsewhere | take 1")
    assert not hunting.check([tmp_path], as_json=False, now=utc_now())
    lines = capsys.readouterr().out.splitlines()
    assert "b.kql:1:" in lines[0]
    assert "not our tables: Elsewhere" in lines[1]
    assert json.loads(lines[-1]) == {"queries": 3, "in_scope": 2, "parsed": 3, "compiled": 1}
    assert hunting.check([tmp_path / "a.kql"], as_json=True, now=utc_now())
    first, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["compiled"]
    assert first["columns"][0] == ["TenantId", "string"]
    assert last["compiled"] == 1


def test_what_the_command_line_asks_stands_in_the_usage_report(monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "otto")
    run()
    with pytest.raises(BadInput):
        run("EmailEvents | wher")
    failed, done = QueryRun.objects.order_by("-id")
    assert (done.person_name, done.interface, done.rows, done.error) == ("otto (command line)", "command", 2, "")
    assert "wher" in failed.error
    assert failed.tables == ["EmailEvents"]
