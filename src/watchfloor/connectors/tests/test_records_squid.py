"""Squid's access.log in its shapes: who asked for which page, and what the proxy did."""

from datetime import UTC, datetime

import pytest

from watchfloor.access.contracts import Actor, Permission
from watchfloor.connectors.contracts import ObservedKind
from watchfloor.connectors.records import recognised
from watchfloor.connectors.records.squid import parse, sniff
from watchfloor.connectors.selectors import observed_after
from watchfloor.connectors.services import import_events
from watchfloor.kernel.errors import BadInput

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BY = Actor("ada", "Ada", frozenset(Permission))
NATIVE = "1795348800.250    412 10.0.0.5 TCP_MISS/200 18231 GET http://login.evil.example/a?x=1 ada HIER_DIRECT/203.0.113.9 text/html"
DENIED = "1795348801.000      0 10.0.0.6 TCP_DENIED/403 3921 GET http://evil.example/ - HIER_NONE/- text/html"
TUNNEL = "1795348802.100  90321 2001:db8::7 TCP_TUNNEL/200 99999 CONNECT evil.example:443 max%40corp.example HIER_DIRECT/203.0.113.9 -"
COMMON = '10.0.0.5 - ada [22/Nov/2026:13:00:00 +0100] "GET http://evil.example/p HTTP/1.1" 200 512'
COMBINED = (
    '10.0.0.5 - - [22/Nov/2026:12:00:00 +0000] "POST http://evil.example/p HTTP/1.1" 502 512 "http://x.example/" '
    '"Mozilla/5.0 (X11)" TCP_MISS:HIER_DIRECT'
)
PARTS = [
    "1795348800.250 1 10.0.0.5 TCP_MISS/200 1 GET http://evil.example/logo.png ada HIER_DIRECT/203.0.113.9 image/png",
    "1795348800.250 1 10.0.0.5 TCP_MISS/200 1 GET http://evil.example/api ada HIER_DIRECT/203.0.113.9 application/json",
    '10.0.0.5 - ada [22/Nov/2026:12:00:00 +0000] "GET http://evil.example/a.css HTTP/1.1" 200 512',
    "1795348800.250 1 10.0.0.5 NONE/000 0 GET error:transaction-end-before-headers - HIER_NONE/- -",
    "1795348800.250 1 10.0.0.5 TCP_MISS/200 1 OPTIONS http://evil.example/ ada HIER_DIRECT/203.0.113.9 -",
]


def row(text):
    ((table, found),) = parse({"Message": text})
    assert table == "UrlClickEvents"
    return found


def test_the_native_format_tells_who_what_and_when():
    found = row(NATIVE)
    assert found["Timestamp"] == datetime(2026, 11, 22, 12, 0, 0, 250_000, tzinfo=UTC)
    assert (found["Url"], found["AccountUpn"]) == ("http://login.evil.example/a?x=1", "ada")
    assert (found["IPAddress"], found["ActionType"], found["IsClickedThrough"]) == ("10.0.0.5", "Allowed", True)
    assert found["SourceSystem"] == "TCP_MISS/200 GET"


def test_what_the_proxy_refused_was_not_reached():
    found = row(DENIED)
    assert (found["ActionType"], found["IsClickedThrough"], found["AccountUpn"]) == ("Block page", False, "")


def test_a_tunnel_tells_its_host_alone():
    found = row(TUNNEL)
    assert (found["Url"], found["AccountUpn"], found["IPAddress"]) == (
        "https://evil.example/",
        "max@corp.example",
        "2001:db8::7",
    )
    assert row(TUNNEL.replace(":443", ":8443"))["Url"] == "https://evil.example:8443/"


def test_common_and_combined_tell_the_same_and_times_have_their_zone():
    found = row(COMMON)
    assert found["Timestamp"] == NOW
    assert (found["AccountUpn"], found["ActionType"]) == ("ada", "Allowed")
    assert row(COMBINED)["ActionType"] == "Error page"
    assert row(COMMON.replace(" 200 ", " 403 "))["ActionType"] == "Block page"


@pytest.mark.parametrize("text", PARTS)
def test_parts_of_a_page_are_nobodys_click(text):
    assert parse({"Message": text}) == ()


@pytest.mark.parametrize("text", [NATIVE, DENIED, TUNNEL, COMMON, COMBINED])
def test_its_lines_are_recognised_by_themselves(text):
    assert recognised({"Message": text, "Timestamp": NOW.isoformat()}).key == "squid"


@pytest.mark.parametrize(
    "text",
    [
        '10.0.0.5 - - [22/Nov/2026:12:00:00 +0000] "GET /index.html HTTP/1.1" 200 512',
        "Accepted password for ada from 198.51.100.7 port 22 ssh2",
        "1795348800.250 nonsense",
        "",
    ],
)
def test_a_web_servers_own_log_and_others_are_not_taken_for_it(text):
    assert not sniff({"Message": text})
    assert not sniff(None)
    with pytest.raises(BadInput):
        parse({"Message": text})


def test_a_time_that_is_none_is_refused():
    with pytest.raises(BadInput, match="time"):
        parse({"Message": COMMON.replace("22/Nov", "32/Nov")})


@pytest.mark.django_db
def test_a_file_is_imported_and_a_second_import_has_the_same_ids(tmp_path):
    path = tmp_path / "access.log"
    path.write_text("\n".join([NATIVE, DENIED, TUNNEL, *PARTS]) + "\n")
    done = import_events(paths=[path], by=BY, now=NOW)
    assert (done.records, done.rows, done.refused, done.sources) == (8, 3, 0, {"squid": 8})
    import_events(paths=[path], by=BY, now=NOW)
    first, second = observed_after(0, kinds=[ObservedKind.CLICKS])
    assert [one["ReportId"] for one in first.items] == [one["ReportId"] for one in second.items]
    assert not observed_after(0, kinds=[ObservedKind.EVENTS])


@pytest.mark.django_db
def test_another_proxy_is_read_by_a_mapping(tmp_path):
    path = tmp_path / "proxy.json"
    path.write_text('{"t": "2026-11-22T12:00:00Z", "who": "ada", "to": "http://evil.example/", "verdict": "blocked"}\n')
    mapping = "table = UrlClickEvents\nTimestamp = t\nAccountUpn = who\nUrl = to\nActionType = verdict {blocked: Block page, *: Allowed}\n"
    done = import_events(paths=[path], by=BY, now=NOW, shape="mapping", mapping=mapping)
    assert done.rows == 1
    (batch,) = observed_after(0, kinds=[ObservedKind.CLICKS])
    assert batch.items[0]["ActionType"] == "Block page"
