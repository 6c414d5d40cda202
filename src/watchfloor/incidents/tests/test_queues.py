"""What the queues of incidents and alerts show for an address: by status, severity, assignee, time, tag, judgement and words."""

from datetime import UTC, datetime, timedelta

import pytest
from django.http import QueryDict

from watchfloor.access.selectors import actor_of
from watchfloor.incidents import selectors, services
from watchfloor.incidents.filters import RANGES, read_filter
from watchfloor.incidents.models import Alert, Incident

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


def chosen(query="", *, statuses=("active", "inProgress"), range="180d"):
    return read_filter(QueryDict(query), statuses=statuses, range=range)


def incidents(query="", *, me=""):
    return {row.id for row in selectors.incident_queue(chosen(query), now=NOW, me=me).rows}


def alerts(query="", *, me=""):
    wanted = chosen(query, statuses=("new", "inProgress"), range="7d")
    return {row.alert_id for row in selectors.alert_queue(wanted, now=NOW, me=me).rows}


@pytest.fixture
def phish(findings, make):
    """An alert of its own incident, at the first moment."""
    return findings.raised(
        make.message(1, "Your parcel"), make.sender("a@one.example"), make.mailbox("ann@corp.example")
    )


@pytest.fixture
def malware(findings, make, phish):
    """Another incident, a medium one, an hour later."""
    return findings.raised(
        make.message(2, "Overdue invoice"),
        make.sender("b@two.example"),
        make.mailbox("bob@corp.example"),
        at=make.start + timedelta(hours=1),
        severity="medium",
        category="Execution",
        title="Malware attachment received",
    )


# --- reading an address -------------------------------------------------------------------------------------------


def test_an_empty_address_shows_what_is_open_and_worth_attention():
    found = chosen()
    assert found.statuses == ("active", "inProgress")
    assert found.severities == ("high", "medium", "low")
    assert found.range == "180d"


def test_any_status_is_every_status_and_any_severity_every_severity():
    found = chosen("status=any&severity=any")
    assert (found.statuses, found.severities) == ((), ())


@pytest.mark.parametrize(
    ("query", "field", "value"),
    [
        ("severity=worst", "severities", ("high", "medium", "low")),
        ("severity=low&severity=worst", "severities", ("low",)),
        ("from=yesterday", "start", None),
        ("from=2026-13-45", "start", None),
        ("q=%00%20abc%20", "search", "abc"),
        ("tag=%00vip", "tags", ("vip",)),
        ("tag=vip,%20vip&tag=night", "tags", ("vip", "night")),
        ("several=nonsense&several=source", "several", ("source",)),
        ("has=nonsense&has=device", "has", ("device",)),
    ],
)
def test_what_cannot_be_understood_in_an_address_filters_nothing(query, field, value):
    assert getattr(chosen(query), field) == value


def test_a_search_has_at_most_two_thousand_characters():
    assert len(chosen("q=" + "x" * 5000).search) == 2000


def test_a_moment_without_a_zone_is_utc():
    assert chosen("from=2026-11-02T10:00").start == datetime(2026, 11, 2, 10, tzinfo=UTC)
    assert chosen("from=2026-11-02T10:00%2B02:00").start == datetime(2026, 11, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize("key", RANGES)
def test_each_range_reaches_back_as_many_days_as_it_says(key):
    start, end = chosen(f"range={key}").since(NOW)
    assert (NOW - start, end) == (timedelta(days=RANGES[key][1]), None)


def test_an_own_range_needs_its_beginning_and_an_unknown_one_is_half_a_year():
    start, end = chosen("range=custom&from=2026-10-01T00:00&to=2026-10-05T00:00").since(NOW)
    assert (start.day, end.day) == (1, 5)
    assert chosen("range=custom").since(NOW)[0] == NOW - timedelta(days=180)
    assert chosen("range=century").since(NOW)[0] == NOW - timedelta(days=180)


@pytest.mark.django_db
@pytest.mark.parametrize("queue", ["incidents", "alerts"])
@pytest.mark.parametrize(
    "query",
    [
        "range=custom&from=0001-01-01T00:00%2B14:00",
        "range=custom&from=9999-12-31T23:59-12:00&to=0001-01-01T00:00",
        "range=custom&from=2026-11-02T10:00&to=9999-12-31T23:59-14:00",
        "page=999999",
        "page=-1",
        "status=nonsense&severity=nonsense&classification=nonsense&assigned=nonsense&category=nonsense",
        "q=%27%22%3B--&tag=%25_",
        "q=99999999999999999999",
    ],
)
def test_no_address_of_a_queue_breaks_its_page(as_ada, queue, query):
    assert as_ada.get(f"/{queue}?{query}").status_code == 200


# --- incidents ----------------------------------------------------------------------------------------------------


def test_incidents_are_filtered_by_severity_and_status(phish, malware, by_ada):
    assert incidents("severity=high") == {phish.incident_id}
    assert incidents("severity=medium") == {malware.incident_id}
    services.set_status(incident=phish.incident_id, status="resolved", by=by_ada)
    assert incidents() == {malware.incident_id}
    assert incidents("status=resolved") == {phish.incident_id}
    assert incidents("status=any") == {phish.incident_id, malware.incident_id}


def test_incidents_are_filtered_by_whose_they_are(phish, malware, by_ada):
    services.assign(incident=phish.incident_id, to=by_ada.id, name="Ada", by=by_ada)
    assert incidents("assigned=me", me=by_ada.id) == {phish.incident_id}
    assert incidents("assigned=nobody") == {malware.incident_id}
    assert incidents(f"assigned={by_ada.id}", me="person:0") == {phish.incident_id}


def test_incidents_are_filtered_by_judgement_and_tag(phish, malware, by_ada):
    services.classify(incident=phish.incident_id, classification="truePositive", determination="phishing", by=by_ada)
    services.tag(incident=malware.incident_id, texts=["Finance"], by=by_ada)
    assert incidents("classification=truePositive") == {phish.incident_id}
    assert incidents("classification=") == {malware.incident_id}
    assert incidents("tag=finance") == {malware.incident_id}, "capitals do not count"
    assert incidents("tag=fin") == set(), "a tag is a whole word"


def test_incidents_are_found_by_name_number_and_what_they_are_about(phish, malware):
    assert incidents("q=parcel") == {phish.incident_id}
    assert incidents(f"q={malware.incident_id}") == {malware.incident_id}
    assert incidents("q=BOB@corp.example") == {malware.incident_id}
    assert incidents("q=a@one.example") == {phish.incident_id}
    assert incidents("q=m-2") == {malware.incident_id}
    assert incidents("q=nothing") == set()


def test_incidents_are_filtered_by_when_something_happened_in_them(phish, malware):
    assert incidents("range=custom&from=2026-11-02T09:30") == {malware.incident_id}
    assert incidents("range=custom&from=2026-11-02T08:00&to=2026-11-02T09:30") == {phish.incident_id}
    assert incidents("range=custom&from=2026-11-02T11:00") == set()


def test_the_latest_activity_stands_first_and_the_last_page_is_the_last(phish, malware, monkeypatch):
    monkeypatch.setattr(selectors, "PAGE", 1)
    first = selectors.incident_queue(chosen(), now=NOW, page=1)
    last = selectors.incident_queue(chosen(), now=NOW, page=99)
    assert ([row.id for row in first.rows], first.total) == ([malware.incident_id], 2)
    assert ([row.id for row in last.rows], last.page) == ([phish.incident_id], 2)


def test_beyond_a_bound_a_queue_says_more_than_instead_of_counting(phish, malware, monkeypatch):
    monkeypatch.setattr(selectors, "COUNTED", 1)
    listing = selectors.incident_queue(chosen(), now=NOW)
    assert (listing.total, listing.more) == (1, True)


def test_the_export_follows_the_filter(as_ada, findings, make):
    now = datetime.now(UTC)
    findings.raised(make.message(1, "Your parcel"), make.sender(), at=now - timedelta(hours=2))
    findings.raised(make.message(2, "Overdue"), make.sender("b@y.example"), at=now - timedelta(hours=1), severity="low")
    sheet = as_ada.get("/incidents/export.csv?severity=low").getvalue().decode()
    assert "Overdue" in sheet
    assert "Your parcel" not in sheet
    assert "Your parcel" in as_ada.get("/incidents/export.csv").getvalue().decode()


# --- alerts -------------------------------------------------------------------------------------------------------


def test_alerts_are_filtered_by_status_severity_and_category(phish, malware, by_ada):
    assert alerts("severity=medium") == {malware.alert_id}
    assert alerts("category=Execution") == {malware.alert_id}
    services.set_alert_status(alert=phish.alert_id, status="inProgress", by=by_ada)
    assert alerts("status=inProgress") == {phish.alert_id}
    services.set_alert_status(alert=phish.alert_id, status="resolved", by=by_ada)
    assert alerts() == {malware.alert_id}


def test_alerts_are_found_by_title_number_and_what_they_are_about(phish, malware):
    assert alerts("q=attachment") == {malware.alert_id}
    assert alerts(f"q={phish.alert_id.upper()}") == {phish.alert_id}
    assert alerts("q=ann@corp.example") == {phish.alert_id}


def test_alerts_are_filtered_by_whose_they_are_and_what_they_were(phish, malware, by_ada):
    services.assign_alert(alert=phish.alert_id, to=by_ada.id, name="Ada", by=by_ada)
    services.classify_alert(
        alert=malware.alert_id, classification="falsePositive", determination="notMalicious", by=by_ada
    )
    assert alerts("assigned=me", me=by_ada.id) == {phish.alert_id}
    assert alerts("assigned=nobody") == {malware.alert_id}
    assert alerts("classification=falsePositive") == {malware.alert_id}


def test_the_alerts_of_a_mail_and_of_a_person_are_found_whatever_the_case(phish, malware):
    assert [row.alert_id for row in selectors.alerts_of_message("M-1")] == [phish.alert_id]
    assert [row.alert_id for row in selectors.alerts_of_person("Bob@Corp.Example")] == [malware.alert_id]
    assert selectors.alerts_of_person("nobody@corp.example") == ()


def test_what_is_open_is_counted_for_the_home_page(phish, malware, by_ada):
    counts = selectors.open_counts()
    assert (counts.incidents, counts.by_severity, counts.alerts, counts.unassigned) == (
        2,
        {"high": 1, "medium": 1},
        2,
        2,
    )
    services.assign(incident=phish.incident_id, to=by_ada.id, name="Ada", by=by_ada)
    services.set_status(incident=malware.incident_id, status="resolved", by=by_ada)
    counts = selectors.open_counts()
    assert (counts.incidents, counts.alerts, counts.unassigned) == (1, 1, 0)


def test_the_global_search_finds_resolved_incidents_too(phish, by_ada):
    services.set_status(incident=phish.incident_id, status="resolved", by=by_ada)
    assert [row.id for row in selectors.search("parcel")] == [phish.incident_id]
    assert [row.id for row in selectors.search("ann@corp.example", limit=1)] == [phish.incident_id]


# --- many at once (IN-10) -----------------------------------------------------------------------------------------


def test_one_change_goes_to_every_chosen_incident_and_what_was_refused_is_said(as_ada, ada, phish, malware, by_ada):
    services.merge(source=malware.incident_id, into=phish.incident_id, by=by_ada)
    rows = [phish.incident_id, malware.incident_id, 4242]
    answer = as_ada.post(
        "/incidents/bulk",
        {"row": rows, "assigned": actor_of(ada).id, "tags": "vip, finance", "severity": "low", "status": "inProgress"},
        follow=True,
    )
    page = answer.content.decode()
    assert "1 of 3 incidents changed." in page
    assert f"was merged into incident {phish.incident_id}" in page
    assert "there is no incident 4242" in page
    kept = selectors.incident(phish.incident_id)
    assert (kept.assigned_name, kept.severity, kept.status) == ("Ada", "low", "inProgress")
    assert dict(kept.tags) == {"vip": "custom", "finance": "custom"}
    assert set(Alert.objects.values_list("assigned_name", flat=True)) == {"Ada"}


def test_a_bulk_change_that_changes_nothing_leaves_no_trace(as_ada, phish):
    before = Incident.objects.get(pk=phish.incident_id).updated_at
    answer = as_ada.post("/incidents/bulk", {"row": phish.incident_id}, follow=True)
    assert "0 of 1 incidents changed." in answer.content.decode()
    assert Incident.objects.get(pk=phish.incident_id).updated_at == before


def test_a_reader_changes_no_incident_in_bulk(as_eve, phish):
    assert as_eve.post("/incidents/bulk", {"row": phish.incident_id, "status": "resolved"}).status_code == 403
    assert Incident.objects.get(pk=phish.incident_id).status == "active"
