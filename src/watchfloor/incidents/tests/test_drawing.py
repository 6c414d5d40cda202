"""How the queues draw their rows and the last day, what bulk changes carry along, and that old rows get their facets."""

import importlib
from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps

from watchfloor.incidents import cells, selectors, services
from watchfloor.incidents.filters import Filter
from watchfloor.incidents.models import Alert, Comment, Incident
from watchfloor.incidents.story import last_day
from watchfloor.incidents.wording import span
from watchfloor.kernel.clock import utc_now

HOSTILE = "<script>alert(1)</script>\u202egpj"


@pytest.fixture
def recent():
    return utc_now() - timedelta(hours=2)


@pytest.fixture
def alert(findings, make, recent):
    return findings.raised(make.message(1), make.sender(), make.mailbox(), at=recent)


# --- cells --------------------------------------------------------------------------------------------------------


def test_long_lists_are_cut_and_whole_in_their_title():
    text = cells.several([f"word{number}" for number in range(9)])
    assert "word3 and 5 more" in text
    assert 'title="word0, word1' in text
    assert "word8" in text


def test_nothing_is_a_dash():
    assert cells.several([]) == cells.NOTHING
    assert cells.words("") == cells.NOTHING


def test_hostile_words_stay_words_in_every_cell(alert, by_ada):
    Incident.objects.update(name=HOSTILE, categories=[HOSTILE], assigned_name=HOSTILE)
    services.tag(incident=alert.incident_id, texts=[f"{HOSTILE}{number}" for number in range(6)], by=by_ada)
    row = selectors.incident(alert.incident_id)
    drawn = [
        cells.incident_name(row),
        cells.incident_tags(row),
        cells.several(row.categories),
        cells.words(row.assigned_name),
    ]
    for text in drawn:
        assert "<script" not in text
        assert "\u202e" not in text
    assert "and 2 more" in cells.incident_tags(row)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [((1, 0, 0), "1 mailbox"), ((2, 1, 3), "2 mailboxes, 1 user, 3 devices"), ((0, 0, 1), "1 device")],
)
def test_who_is_impacted_is_counted_in_words(alert, numbers, words):
    mailboxes, users, devices = numbers
    Incident.objects.update(mailbox_count=mailboxes, user_count=users, device_count=devices)
    assert f">{words}<" in cells.impacted(selectors.incident(alert.incident_id))


def test_nobody_impacted_is_a_dash(alert):
    Incident.objects.update(mailbox_count=0, user_count=0, device_count=0)
    assert cells.impacted(selectors.incident(alert.incident_id)) == cells.NOTHING


def test_a_judgement_names_its_kind(alert, by_ada):
    services.classify(incident=alert.incident_id, classification="truePositive", determination="phishing", by=by_ada)
    assert cells.judged(selectors.incident(alert.incident_id)) == "True positive: phishing"


# --- the last day -------------------------------------------------------------------------------------------------


def test_the_last_day_counts_by_the_hour_and_nothing_older(alert):
    now = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
    Alert.objects.update(created_at=now - timedelta(hours=1))
    Incident.objects.update(created_at=now - timedelta(hours=40))
    data = last_day(now=now)
    assert len(data["categories"]) == 24
    assert data["categories"][-1] == "12:00"
    alerts, incidents = (series["values"] for series in data["series"])
    assert alerts[-2] == 1
    assert sum(alerts) == 1
    assert sum(incidents) == 0


# --- words of time ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"range": "7d"}, "1 week"),
        ({"range": "nonsense"}, "6 months"),
        ({"range": "custom", "start": datetime(2026, 11, 1, tzinfo=UTC)}, "2026-11-01 00:00 to now UTC"),
        (
            {"range": "custom", "start": datetime(2026, 11, 1, tzinfo=UTC), "end": datetime(2026, 11, 2, tzinfo=UTC)},
            "2026-11-01 00:00 to 2026-11-02 00:00 UTC",
        ),
    ],
)
def test_the_time_of_a_filter_in_words(fields, words):
    assert span(Filter(statuses=(), severities=(), **fields)) == words


# --- bulk ---------------------------------------------------------------------------------------------------------


def test_a_bulk_change_carries_note_comment_and_tags(as_ada, alert):
    data = {"row": [alert.incident_id], "status": "resolved", "note": "All gone", "comment": "Done", "tags": "a, b"}
    as_ada.post("/incidents/bulk", data)
    row = selectors.incident(alert.incident_id)
    assert (row.status, row.resolution_note) == ("resolved", "All gone")
    assert {text for text, _ in row.tags} == {"a", "b"}
    assert Comment.objects.get().text == "Done"


def test_a_bulk_change_of_nothing_changes_nothing(as_ada, alert):
    before = Incident.objects.get(pk=alert.incident_id).updated_at
    as_ada.post("/incidents/bulk", {"row": [alert.incident_id], "status": "keep", "assigned": "keep"})
    assert Incident.objects.get(pk=alert.incident_id).updated_at == before


# --- alerts -------------------------------------------------------------------------------------------------------


def test_an_address_finds_alerts_by_their_entities_and_words_by_their_title(as_ada, alert):
    for query, found in (
        ("billing%40x.example", True),
        ("Malicious", True),
        (alert.alert_id, True),
        ("no%40x.example", False),
    ):
        assert (alert.alert_id in as_ada.get(f"/alerts?q={query}").content.decode().split("<table")[-1]) is found


def test_an_alert_of_many_entities_shows_fifty_and_all_when_asked(as_ada, findings, make, recent):
    many = findings.raised(*(make.mailbox(f"p{number:03}@corp.example") for number in range(60)), at=recent)
    short = as_ada.get(f"/alerts/{many.alert_id}").content.decode()
    assert "Show all 60 entities" in short
    whole = as_ada.get(f"/alerts/{many.alert_id}?evidence=all").content.decode()
    assert whole.count("/identities/of/") > short.count("/identities/of/")
    assert "Show all" not in whole


# --- old rows -----------------------------------------------------------------------------------------------------


def test_incidents_from_before_get_their_facets(alert):
    stood = Incident.objects.get(pk=alert.incident_id)
    Incident.objects.update(facets="", detection_sources=[], device_count=7)
    importlib.import_module("watchfloor.incidents.migrations.0004_facets").fill(apps, None)
    row = Incident.objects.get(pk=alert.incident_id)
    assert row.facets == stood.facets
    assert row.detection_sources == ["Alert policies"]
    assert row.device_count == 0
