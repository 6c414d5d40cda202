"""`watchfloor import-events`: records come in and are stored at once, refusals are shown with their places."""

import json
from datetime import timedelta

import pytest

from watchfloor.config.importing_events import MOST_SHOWN, import_with_progress
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.selectors import hunt


@pytest.fixture(autouse=True)
def home(db, settings, tmp_path):
    settings.HOME = tmp_path


def okta(number=0, days=0):
    at = (utc_now() - timedelta(days=days)).isoformat()
    return json.dumps(
        {
            "eventType": "user.session.start",
            "uuid": f"u{number}",
            "published": at,
            "actor": {"alternateId": "ada@corp.example"},
        }
    )


def bring(*paths, refused_to=None):
    return import_with_progress(
        list(paths), shape="auto", mapping=None, name="import", refused_to=refused_to, now=utc_now()
    )


def test_records_are_stored_when_the_command_ends_and_twice_brings_nothing_twice(tmp_path, capsys):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.jsonl").write_text(okta(1) + "\n" + okta(2))
    assert bring(tmp_path / "logs")
    assert bring(tmp_path / "logs")
    assert "2 records were read (2 okta), 4 rows came of them, 0 records were refused" in capsys.readouterr().out
    assert len(list(hunt("IdentityLogonEvents", now=utc_now()).rows)) == 2


def test_refusals_are_shown_and_all_of_them_written_to_a_file(tmp_path, capsys):
    (tmp_path / "a.jsonl").write_text(okta() + "\n" + '{"what": 1}\n' * (MOST_SHOWN + 5))
    assert not bring(tmp_path / "a.jsonl", refused_to=tmp_path / "refused.jsonl")
    said = capsys.readouterr()
    assert f"{MOST_SHOWN + 5} records were refused" in said.out
    assert "a.jsonl, line 2: this is no record of a known product" in said.err
    assert "and 5 more" in said.err
    assert len((tmp_path / "refused.jsonl").read_text().splitlines()) == MOST_SHOWN + 5


def test_rows_older_than_their_table_is_kept_are_refused_with_that_reason(tmp_path, capsys):
    (tmp_path / "a.jsonl").write_text(okta(days=900))
    assert not bring(tmp_path / "a.jsonl")
    assert "is older than this table is kept" in capsys.readouterr().err
