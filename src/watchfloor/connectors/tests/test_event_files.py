"""Files of event records: read whatever they look like, imported by the command line's verb and on the page."""

import gzip
import io
import json
import zipfile
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from watchfloor.access.contracts import Permission
from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import system_actor
from watchfloor.connectors.contracts import ObservedKind
from watchfloor.connectors.event_files import records_of
from watchfloor.connectors.models import DeadLetter
from watchfloor.connectors.selectors import observed_after
from watchfloor.connectors.services import import_events
from watchfloor.kernel.errors import BadInput

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OKTA = {
    "eventType": "user.session.start",
    "published": "2026-11-22T12:00:00Z",
    "actor": {"alternateId": "ada@corp.example"},
}
PAGE = "/settings/import-events"


def write(path, data):
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def read(path):
    return [(found.place, found.record or found.wrong) for found in records_of(path, now=NOW)]


@pytest.mark.parametrize(
    ("name", "text", "places"),
    [
        ("a.jsonl", '{"a": 1}\n\n{"a": 2}\n', ["a.jsonl, line 1", "a.jsonl, line 3"]),
        ("a.json", '[{"a": 1}, {"a": 2}]', ["a.json, record 1", "a.json, record 2"]),
        ("a.json", '{\n "value": [{"a": 1},\n {"a": 2}]\n}', ["a.json, record 1", "a.json, record 2"]),
        ("a.json", '{\n "a": 1\n}', ["a.json, record 1"]),
        ("a.csv", '\ufeffa,b\n1,"x\ny"\n2,z\n', ["a.csv, line 3", "a.csv, line 4"]),
        ("export.txt", "Time,User,Operation\n1,2,3\n", ["export.txt, line 2"]),
    ],
)
def test_records_are_found_with_their_places(tmp_path, name, text, places):
    found = read(write(tmp_path / name, text))
    assert [place for place, _ in found] == places
    assert all(isinstance(record, dict) for _, record in found)


def test_packed_files_are_read_as_what_is_in_them(tmp_path):
    packed = write(tmp_path / "a.csv.gz", gzip.compress(b"a,b\n1,2\n"))
    assert read(packed) == [("a.csv, line 2", {"a": "1", "b": "2"})]
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as pack:
        pack.writestr("one.jsonl", '{"a": 1}\n')
        pack.writestr("deep/two.csv", "a,b\n1,2\n")
    assert [place for place, _ in read(tmp_path / "b.zip")] == ["b.zip/one.jsonl, line 1", "b.zip/deep/two.csv, line 2"]


def test_log_lines_and_event_xml_are_records_too(tmp_path):
    text = "Nov 22 11:00:00 web1 sshd[7]: Accepted password for ada from 198.51.100.7 port 22 ssh2\n<Event><System/></Event>\n"
    ((_, line), (_, event)) = read(write(tmp_path / "auth.log", text))
    assert (line["HostName"], line["AppName"], line["Timestamp"]) == ("web1", "sshd", "2026-11-22T11:00:00+00:00")
    assert event["xml"].startswith("<Event>")


def test_what_is_wrong_is_said_where_it_stands_and_the_rest_is_read(tmp_path):
    assert read(write(tmp_path / "a.jsonl", '{"a": 1}\n{"torn\n{"a": 2}\n'))[1] == (
        "a.jsonl, line 2",
        "this is no JSON",
    )
    assert read(write(tmp_path / "a.csv", "a,b\n1\n1,2\n"))[0] == ("a.csv, line 2", "there are 1 cells, and 2 columns")
    assert read(write(tmp_path / "a.json", '[{"a": 1}, 3]'))[1] == ("a.json, record 2", "this is no JSON object")
    assert read(write(tmp_path / "empty.json", "")) == []


@pytest.mark.parametrize("data", [b"[{]", b"\x1f\x8b\x08broken"], ids=["json", "gzip"])
def test_a_file_that_cannot_be_read_at_all_says_so(tmp_path, data):
    with pytest.raises(BadInput) as said:
        read(write(tmp_path / "a.json", data))
    assert said.value.place == "a.json"


def bring(*paths, **options):
    refused = []
    by = system_actor("the command line", Permission.CONNECTION_MANAGE)
    return import_events(paths=paths, by=by, now=NOW, refused=refused.append, **options), refused


def observed():
    return [
        (batch.table, item)
        for batch in observed_after(0, kinds=[ObservedKind.EVENTS], limit=1000)
        for item in batch.items
    ]


def test_an_import_counts_what_came_and_tells_of_each_refusal(db, tmp_path):
    good = write(
        tmp_path / "a.jsonl",
        json.dumps(OKTA) + '\n{"what": 1}\n{"torn\n' + json.dumps({"eventType": "x", "actor": {"alternateId": "a"}}),
    )
    bad = write(tmp_path / "b.json", "[{]")
    done, refused = bring(good, bad)
    assert (done.records, done.rows, done.refused, done.sources) == (3, 2, 4, {"okta": 2})
    assert {one.place: one.reason.split(";")[0] for one in refused} == {
        "a.jsonl, line 2": "this is no record of a known product",
        "a.jsonl, line 3": "this is no JSON",
        "a.jsonl, line 4": "published: there is no time that could be read",
        "b.json": refused[-1].reason,
    }
    assert [table for table, _ in observed()] == ["CloudAppEvents", "IdentityLogonEvents"]
    assert not DeadLetter.objects.exists()
    assert AuditEntry.objects.filter(verb="events.import").exists()


def test_an_import_may_name_its_source_or_a_mapping(db, tmp_path):
    path = write(tmp_path / "a.jsonl", '{"who": "ada"}')
    assert bring(path, shape="okta")[0].refused == 1
    done, _ = bring(path, shape="mapping", mapping="table = IdentityLogonEvents\nAccountName = who")
    assert (done.rows, observed()[0][1]["AccountName"]) == (1, "ada")
    with pytest.raises(BadInput, match="there is no source “shoes”"):
        bring(path, shape="shoes")


def test_the_page_takes_a_file_and_shows_what_it_refuses(as_max, as_eve, db):
    text = json.dumps(OKTA) + '\n{"what": "<b>"}\n'
    file = SimpleUploadedFile("okta.jsonl", text.encode())
    answer = as_max.post(PAGE, {"file": file, "records": "auto"})
    words = answer.content.decode()
    assert answer.status_code == 200
    assert "2 records read, 2 rows came of them (1 okta); 1 refused" in words
    assert "okta.jsonl, line 2" in words
    assert len(observed()) == 2
    assert as_eve.get(PAGE).status_code == 403


def test_the_page_says_what_is_wrong_with_file_and_mapping(as_max, db):
    assert as_max.get(PAGE).status_code == 200
    assert as_max.post(PAGE, {"records": "auto"}).status_code == 400
    file = io.BytesIO(b"{}")
    file.name = "a.json"
    answer = as_max.post(PAGE, {"file": file, "records": "mapping", "mapping": "table = Shoes\na = b"})
    assert answer.status_code == 400
    assert "there is no table “Shoes”" in answer.content.decode()


@pytest.mark.parametrize("kind", ["event_exporter", "syslog_events", "log_files"])
def test_each_door_of_events_has_a_form_that_tests_its_mapping(as_max, db, kind):
    assert as_max.get(f"/settings/connections/add/{kind}").status_code == 200
    given = {
        "name": "logs",
        "address": "127.0.0.1:0",
        "secret": "a-secret-long-enough",
        "path": "/var/log",
        "begin": "all",
    }
    given |= {"transport": "tcp", "clients": "127.0.0.1", "megabytes": "8", "connections": "5", "zone": "UTC"}
    answer = as_max.post(
        f"/settings/connections/test/{kind}", given | {"records": "mapping", "mapping": "table = Shoes\na = b"}
    )
    assert "there is no table “Shoes”" in answer.content.decode()
    answer = as_max.post(f"/settings/connections/add/{kind}", given | {"records": "auto", "mapping": ""})
    assert answer.status_code == 302
    assert as_max.get("/settings/connections").status_code == 200
