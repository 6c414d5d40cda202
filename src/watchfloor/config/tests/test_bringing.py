"""`watchfloor lake append`: counts for each file, refused rows with their place, all of them in a file when one is named."""

import json

import pytest

from watchfloor.access.models import AuditEntry
from watchfloor.config.bringing import MOST_SHOWN, bring_files
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.selectors import hunt

TABLE = "EntraIdSignInEvents"


@pytest.fixture(autouse=True)
def home(db, settings, tmp_path):
    settings.HOME = tmp_path


@pytest.fixture
def file(tmp_path):
    """Writes sign-ins with these error codes."""

    def write(name, *codes):
        path = tmp_path / name
        rows = [{"Timestamp": utc_now().isoformat(), "ErrorCode": code} for code in codes]
        path.write_text("\n".join(json.dumps(row) for row in rows))
        return path

    return write


def bring(*paths, skip=(), again=False, refused_to=None):
    return bring_files(TABLE, list(paths), skip=list(skip), again=again, refused_to=refused_to, now=utc_now())


def test_each_file_says_what_it_brought(file, capsys):
    assert bring(file("a.jsonl", 1, 2), file("b.jsonl", 3))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"a.jsonl: 2 rows came into {TABLE}, 0 were known, 0 refused"
    assert lines[1] == f"b.jsonl: 1 rows came into {TABLE}, 0 were known, 0 refused"
    assert list(hunt(f"{TABLE} | summarize sum(ErrorCode)", now=utc_now()).rows) == [(6,)]
    assert AuditEntry.objects.filter(verb="rows.append", outcome="success").count() == 2


def test_refused_rows_are_told_with_their_place(file, capsys):
    assert not bring(file("a.jsonl", 1, "many", 3))
    said = capsys.readouterr()
    assert "2 rows came into" in said.out
    assert "a.jsonl, line 2: ErrorCode “many” is no int" in said.err


def test_of_many_refused_rows_the_first_are_shown_and_all_are_written(file, tmp_path, capsys):
    out = tmp_path / "refused.jsonl"
    assert not bring(file("a.jsonl", *(["many"] * 50)), refused_to=out)
    told = [json.loads(line) for line in out.read_text().splitlines()]
    assert [one["place"] for one in told] == [f"a.jsonl, line {number}" for number in range(1, 51)]
    said = capsys.readouterr().err
    assert said.count("is no int") == MOST_SHOWN
    assert "--refused FILE writes all of them" in said


def test_a_file_brought_again_is_known_until_somebody_insists(file, capsys):
    path = file("a.jsonl", 1, 2)
    bring(path)
    assert bring(path)
    assert "0 rows came into EntraIdSignInEvents, 2 were known" in capsys.readouterr().out
    assert bring(path, again=True)
    assert "2 rows came into" in capsys.readouterr().out


def test_columns_left_out_are_named(tmp_path, capsys):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"Timestamp": utc_now().isoformat(), "Weather": "rain", "TenantId": "t"}))
    assert bring(path, skip=["Weather"])
    assert "left out: TenantId, Weather" in capsys.readouterr().out
