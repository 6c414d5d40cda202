"""The product tags incidents by itself: what kind of attack it is, and that a critical asset is touched (IN-13)."""

from datetime import timedelta

import pytest

from watchfloor.identities import panels as _panels  # noqa: F401  # what is known of people
from watchfloor.identities.models import DirectoryPerson
from watchfloor.incidents import services
from watchfloor.incidents.models import AlertEvidence, HistoryEntry, Incident, Tag
from watchfloor.incidents.tagging import tag_changed
from watchfloor.kernel.clock import utc_now
from watchfloor.lake import services as lake

MAIL = "11111111-1111-4111-8111-111111111111"


def look(at):
    """Some minutes later, until there is nothing more to look at."""
    return sum(iter(lambda: tag_changed(now=at + timedelta(minutes=10)), 0))


def tags_of(alert):
    return set(Tag.objects.filter(incident=alert.incident_id).values_list("text", "kind"))


def mail(make, **facts):
    """One mail of the lake, as inspection judged it."""
    row = {
        "Timestamp": make.start, "NetworkMessageId": MAIL, "RecipientEmailAddress": "ann@corp.example", "ReportId": MAIL,
        "SenderFromAddress": "boss@elsewhere.example", "ThreatTypes": ["Phish"], "UrlCount": 0, "AttachmentCount": 0, **facts,
    }  # fmt: skip
    lake.append("EmailEvents", [row])
    return ["analyzedMessage", MAIL, "A favour", "source", "malicious"]


@pytest.mark.parametrize(
    ("facts", "tag"),
    [
        ({"ThreatClassification": "Gift card"}, "BEC"),
        ({"ThreatClassification": "Invoice"}, "BEC"),
        ({"ThreatClassification": "Invoice", "UrlCount": 1}, ""),
        ({"ThreatClassification": "Invoice", "AttachmentCount": 1}, ""),
        ({"ThreatClassification": "PII gathering", "UrlCount": 1}, "Credential phishing"),
        ({"ThreatClassification": "PII gathering", "ThreatTypes": []}, ""),
        ({"ThreatTypes": ["Malware"], "AttachmentCount": 1}, "Malware"),
        ({}, ""),
    ],
)
def test_what_its_mails_are_after_is_the_type_of_attack(findings, make, facts, tag):
    alert = findings.raised(mail(make, **facts), make.mailbox("ann@corp.example"))
    assert look(make.start) == 1
    assert tags_of(alert) == ({(tag, "system")} if tag else set())


@pytest.mark.parametrize(
    ("fields", "tag"),
    [
        ({"category": "CredentialAccess", "techniques": ["T1566.002"]}, "Credential phishing"),
        ({"category": "LateralMovement", "techniques": ["T1534", "T1078"]}, "Account takeover"),
        ({"category": "Execution", "techniques": ["T1204.002"]}, "Malware"),
        ({"category": "Impact", "techniques": ["T1078"]}, ""),
    ],
)
def test_what_its_alerts_are_tells_it_too(findings, make, fields, tag):
    alert = findings.raised(make.mailbox(), **fields)
    look(make.start)
    assert tags_of(alert) == ({(tag, "system")} if tag else set())


def test_a_priority_account_among_those_touched_is_a_critical_asset(findings, make):
    DirectoryPerson.objects.create(
        address="ada@corp.example", name="Ada", tags=["Priority account"], source="test", imported_at=make.start
    )
    DirectoryPerson.objects.create(address="ann@corp.example", name="Ann", source="test", imported_at=make.start)
    touched = findings.raised(make.mailbox("ada@corp.example"))
    other = findings.raised(make.mailbox("ann@corp.example"))
    beside = findings.raised(make.mailbox("bob@corp.example"), make.user("ada@corp.example", role="contextual"))
    look(make.start)
    assert tags_of(touched) == {("Critical asset", "system")}
    assert not tags_of(other)
    assert beside.incident_id == touched.incident_id or not tags_of(beside)


def test_a_tag_goes_when_what_it_told_is_gone_and_both_are_in_the_log(findings, make):
    alert = findings.raised(make.mailbox(), category="CredentialAccess")
    look(make.start)
    assert tags_of(alert) == {("Credential phishing", "system")}
    assert look(make.start) == 0
    type(alert).objects.filter(pk=alert.pk).update(category="InitialAccess")
    Incident.objects.filter(pk=alert.incident_id).update(updated_at=make.start + timedelta(minutes=5))
    assert look(make.start) == 1
    assert tags_of(alert) == set()
    told = set(HistoryEntry.objects.filter(incident=alert.incident_id).values_list("kind", "text"))
    assert {("tagged", "Tagged Credential phishing"), ("untagged", "No longer Credential phishing")} <= told


def test_a_persons_own_tag_of_that_name_stays_theirs(findings, make, by_ada):
    alert = findings.raised(make.mailbox())
    services.tag(incident=alert.incident_id, texts=["BEC"], by=by_ada)
    Incident.objects.filter(pk=alert.incident_id).update(updated_at=make.start)
    look(make.start)
    assert tags_of(alert) == {("BEC", "custom")}


def test_incidents_of_one_moment_are_looked_at_together_and_fresh_ones_later(findings, make, monkeypatch):
    from watchfloor.incidents import tagging

    monkeypatch.setattr(tagging, "AT_ONCE", 1)
    for name in ("ann", "bob", "cat"):
        findings.raised(make.mailbox(f"{name}@corp.example"))
    Incident.objects.update(updated_at=make.start)
    assert tag_changed(now=make.start + timedelta(seconds=9)) == 0
    assert tag_changed(now=make.start + timedelta(seconds=10)) == 3
    assert tag_changed(now=make.start + timedelta(seconds=10)) == 0
    assert AlertEvidence.objects.count() == 3


def test_tags_are_drawn_as_badges_whatever_they_say(findings, make, by_ada, as_ada):
    alert = findings.raised(make.mailbox(), category="CredentialAccess", at=utc_now() - timedelta(hours=1))
    services.tag(incident=alert.incident_id, texts=["<b>vip</b>"], by=by_ada)
    look(utc_now())
    page = as_ada.get("/incidents").content.decode()
    assert '<span class="badge badge-info">Credential phishing</span>' in page
    assert "&lt;b&gt;vip&lt;/b&gt;</span>" in page
