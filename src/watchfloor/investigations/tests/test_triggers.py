"""Alerts start investigations, join what looks into the same cause, and each is read once."""

from datetime import timedelta

import pytest

from watchfloor.detection.models import FindingRecord
from watchfloor.incidents.models import Alert
from watchfloor.incidents.promotion import promote
from watchfloor.investigations.contracts import Kind, Level, Seeds, Status
from watchfloor.investigations.following import run_again
from watchfloor.investigations.models import Investigation, TrustPolicy
from watchfloor.investigations.services import stop
from watchfloor.investigations.tests.conftest import NOW, PHISH, walked
from watchfloor.investigations.triggers import read_alerts

pytestmark = pytest.mark.django_db
OTHER = "33333333-3333-4333-8333-333333333333"


def raise_alert(rule_id: str, *evidence, key: str = "one", at=NOW) -> Alert:
    """A finding as detection would make it, promoted to an alert."""
    body = {
        "title": rule_id,
        "severity": "low",
        "category": "InitialAccess",
        "description": "",
        "techniques": [],
        "aggregation_key": key,
        "aggregation_seconds": 0,
        "hits": 1,
        "explanation": [],
        "omitted": 0,
        "evidence": [list(one) for one in evidence],
    }
    FindingRecord.objects.create(key=key, rule_id=rule_id, made_at=at, first_activity=at, last_activity=at, body=body)
    promote(now=at)
    return Alert.objects.get(finding_key=key)


def mail(message=PHISH):
    return ("analyzedMessage", message, "Your password ends today", "source", "malicious")


def cluster(number="71"):
    return ("mailCluster", number, "Your password ends today", "source", "suspicious")


def read(at=NOW):
    return read_alerts(now=at + timedelta(seconds=10))


def test_a_report_of_a_user_starts_an_investigation(queued):
    alert = raise_alert("reported-phish", mail(), cluster())
    assert read() == 1
    found = Investigation.objects.get()
    assert (found.kind, found.playbook, found.created_by_name) == (
        Kind.REPORTED, "reported-phish", "automated investigation",
    )  # fmt: skip
    assert found.incident_id == str(alert.incident_id)
    assert found.seeded == Seeds(messages=(PHISH,))
    assert [one.alert_id for one in found.alerts.all()] == [alert.alert_id]
    assert read() == 0, "each alert is read once"


def test_the_durable_job_is_asked_for_once_the_row_is_committed(queued, django_capture_on_commit_callbacks):
    raise_alert("reported-phish", mail(), cluster())
    with django_capture_on_commit_callbacks(execute=True):
        read()
    found = Investigation.objects.get()
    [(arguments, options)] = queued
    assert arguments == ("investigations.investigate", found.pk, 1)
    assert options == {"id": f"investigate-{found.pk}-1", "queue": "investigations"}


def test_an_alert_of_the_same_cause_joins_and_widens_the_scope(queued):
    raise_alert("reported-phish", mail(), cluster())
    raise_alert("reported-phish", mail(OTHER), cluster(), key="two")
    read()
    found = Investigation.objects.get()
    assert found.seeded.messages == (PHISH, OTHER)
    assert found.alerts.count() == 2


def test_what_grew_is_looked_at_again_but_not_for_every_alert(phish, queued):
    raise_alert("reported-phish", mail(), cluster())
    read()
    found = walked(Investigation.objects.get(), at=NOW + timedelta(seconds=20))
    raise_alert("reported-phish", mail(OTHER), cluster(), key="two", at=NOW + timedelta(seconds=40))
    read(NOW + timedelta(seconds=40))
    assert run_again(now=NOW + timedelta(seconds=60)) == 0, "at most once a minute"
    assert run_again(now=NOW + timedelta(minutes=5)) == 1
    found.refresh_from_db()
    assert (found.run, found.status) == (2, Status.QUEUED)
    walked(found, at=NOW + timedelta(minutes=5))
    assert run_again(now=NOW + timedelta(minutes=10)) == 0


def test_another_cause_is_another_investigation(queued):
    raise_alert("reported-phish", mail(), cluster())
    raise_alert("reported-phish", mail(OTHER), cluster("72"), key="two")
    read()
    assert Investigation.objects.count() == 2


def test_after_a_person_ended_it_the_next_alert_begins_anew(queued, analyst):
    raise_alert("reported-phish", mail(), cluster())
    read()
    stop(by=analyst, investigation=Investigation.objects.get().pk, at=NOW)
    raise_alert("reported-phish", mail(OTHER), cluster(), key="two")
    read()
    assert Investigation.objects.count() == 2


@pytest.mark.parametrize(
    ("rule", "playbook"),
    [
        ("malicious-url-click", "malicious-click"),
        ("malicious-mail-removed", "zapped"),
        ("malicious-mail-delivered", "not-removed"),
        ("suspicious-sending", "user-compromise"),
        ("internal-phish", "user-compromise"),
    ],
)
def test_each_rule_starts_its_playbook(queued, rule, playbook):
    raise_alert(rule, mail(), ("user", "ann@corp.example", "", "compromised", "suspicious"))
    read()
    assert Investigation.objects.get().playbook == playbook


def test_whoever_reported_is_no_suspect(queued):
    raise_alert("reported-phish", mail(), ("user", "ann@corp.example", "", "contextual", "unknown"))
    read()
    assert Investigation.objects.get().seeded.people == ()


def test_a_removed_file_is_another_type_than_a_removed_url(queued):
    raise_alert("malicious-mail-removed", mail(), ("file", "ab" * 32, "x.exe", "source", "malicious"))
    read()
    assert Investigation.objects.get().kind == Kind.ZAPPED_FILE


def test_other_rules_and_old_alerts_start_nothing(queued):
    raise_alert("campaign-delivered", mail())
    raise_alert("reported-phish", mail(), key="old", at=NOW - timedelta(days=5))
    read()
    assert not Investigation.objects.exists()


def test_at_the_level_off_alerts_start_nothing(queued):
    TrustPolicy.objects.create(pk=1, levels={"reported-phish": Level.OFF.value})
    raise_alert("reported-phish", mail())
    read()
    assert not Investigation.objects.exists()
