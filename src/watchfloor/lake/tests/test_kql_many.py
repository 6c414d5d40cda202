"""Many queries asked at once, over hot and cold rows."""

from datetime import timedelta

import pytest

from watchfloor.kernel.clock import utc_now
from watchfloor.lake import kql_many, selectors, services, storage
from watchfloor.lake.contracts import TooSlow
from watchfloor.lake.engines.duck import DuckEngine

from .conftest import DAY, NOON, mail

QUERIES = {
    "invoice": 'EmailEvents | where Subject contains "invoice 1"',
    "evil0": 'EmailEvents | where SenderFromDomain == "evil0.example"',
    "both": 'EmailEvents | where SenderFromDomain == "evil0.example" | where Subject endswith "3"',
    "nothing": 'EmailEvents | where Subject == "not there"',
    "signin": 'SigninLogs | where ResultType == "50126"',
    "process": 'DeviceProcessEvents | where ProcessCommandLine contains "-enc"',
}


@pytest.fixture
def rows(lake):
    """Ten mails, six of them cold, and a sign-in."""
    services.append("EmailEvents", [mail(n) for n in range(6)])
    with storage.only_writer() as mine:
        assert mine
        for table in selectors.tables():
            storage.flush(table, now=utc_now())
    services.append("EmailEvents", [mail(n) for n in range(6, 10)])
    services.append("EntraIdSignInEvents", [{"Timestamp": NOON, "AccountUpn": "Ann@corp.example", "ErrorCode": 50126}])


def asked(queries, *, start=NOON - DAY, end=NOON + DAY, **options):
    return selectors.hunt_many(queries, start=start, end=end, **options)


def alone(text):
    """What one query finds by itself."""
    answer = selectors.hunt(text, now=NOON + DAY)
    names = [name for name, _ in answer.columns]
    return [dict(zip(names, row, strict=True)) for row in answer.rows]


def by_key(met, key):
    return sorted((row for found, row in met.rows if found == key), key=str)


def test_every_query_finds_what_it_finds_alone(rows):
    met = asked(QUERIES)
    assert met.alone == ()
    for key, text in QUERIES.items():
        assert by_key(met, key) == sorted(alone(text), key=str), key
    assert len(by_key(met, "evil0")) == 4
    assert [row["UserPrincipalName"] for row in by_key(met, "signin")] == ["ann@corp.example"]


def test_only_rows_of_the_time_asked_for_are_found(rows):
    met = asked(QUERIES, start=NOON + timedelta(seconds=3), end=NOON + timedelta(seconds=9))
    assert [row["Subject"] for row in by_key(met, "evil0")] == ["Invoice 3", "Invoice 6"]
    assert asked(QUERIES, start=NOON + DAY, end=NOON + 2 * DAY).rows == ()


@pytest.mark.parametrize(
    "text",
    [
        "EmailEvents | summarize count() by Subject",
        "EmailEvents | where Timestamp > ago(1h)",
        "EmailEvents | where LatestDeliveryLocation == 'Quarantine'",
        "SecurityIncident | where Title has 'x'",
        "Nothing | where x == 1",
        "EmailEvents | where",
    ],
)
def test_what_is_more_than_a_filter_is_left_to_be_asked_alone(rows, text):
    met = asked({**QUERIES, "odd": text})
    assert met.alone == ("odd",)
    assert len(by_key(met, "evil0")) == 4


def test_a_query_that_finds_too_much_is_left_to_be_asked_alone(rows):
    met = asked(QUERIES, limit=3)
    assert met.alone == ("evil0",)
    assert len(by_key(met, "signin")) == 1
    assert len(by_key(met, "both")) == 1


def test_a_query_that_fails_while_it_runs_takes_no_other_with_it(rows):
    met = asked({**QUERIES, "broken": 'EmailEvents | where Subject matches regex strcat("(", SenderFromDomain)'})
    assert met.alone == ("broken",)
    assert len(by_key(met, "signin")) == 1
    assert len(by_key(met, "evil0")) == 4


def test_queries_that_take_too_long_are_left_to_be_asked_alone(rows, monkeypatch):
    def slow(*given, **more):
        raise TooSlow("the query took too long")

    monkeypatch.setattr(DuckEngine, "run", slow)
    assert set(asked(QUERIES).alone) == {"invoice", "evil0", "both", "nothing", "signin"}


def test_the_same_queries_are_read_once(rows, monkeypatch):
    asked(QUERIES)
    monkeypatch.setattr(kql_many, "filter_of", lambda *given, **more: pytest.fail("it was read again"))
    assert len(by_key(asked(QUERIES), "evil0")) == 4


def test_no_query_finds_nothing(lake):
    assert asked({}) == selectors.Met((), ())
