"""Alerts start investigations, join what looks into the same cause, and each is read once."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from watchfloor.access.contracts import Actor, Permission
from watchfloor.detection.models import FindingRecord
from watchfloor.detection.services import detect
from watchfloor.incidents.models import Alert
from watchfloor.incidents.promotion import promote
from watchfloor.investigations import known
from watchfloor.investigations.aftercare.restricting import restrict
from watchfloor.investigations.contracts import Kind, Level, Seeds, Status
from watchfloor.investigations.following import follow, run_again
from watchfloor.investigations.models import Investigation, TrustPolicy
from watchfloor.investigations.playbook import playbook_of
from watchfloor.investigations.services import stop
from watchfloor.investigations.tests.conftest import NOW, PHISH, email_row, walked
from watchfloor.investigations.triggers import read_alerts
from watchfloor.lake import services as lake
from watchfloor.response import services as response
from watchfloor.response.contracts import Row, Targets
from watchfloor.response.freezing import freeze
from watchfloor.response.models import Remediation

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
        ("url-verdict-change", "malicious-click"),
        ("malicious-mail-removed", "zapped"),
        ("malicious-mail-delivered", "not-removed"),
        ("malicious-mail-left", "not-removed"),
        ("malicious-mail-stays", "not-removed"),
        ("suspicious-sending", "user-compromise"),
        ("internal-phish", "user-compromise"),
        ("suspicious-forwarding", "user-compromise"),
        ("sending-limit", "user-restricted"),
        ("user-restricted", "user-restricted"),
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


def test_who_was_taken_over_is_the_cause_and_not_the_first_of_the_people_reached(queued):
    bela = ("user", "bela@corp.example", "", "compromised", "suspicious")
    raise_alert("suspicious-forwarding", bela, key="one")
    raise_alert("internal-phish", mail(), ("user", "ann@corp.example", "", "impacted", "unknown"), bela, key="two")
    read()
    found = Investigation.objects.get()
    assert found.name == "User compromised: bela@corp.example"
    assert found.alerts.count() == 2


FILE = ("file", "ab" * 32, "x.exe", "source", "malicious")
URL = ("url", "https://elsewhere.example/x", "", "source", "malicious")


@pytest.mark.parametrize(
    ("evidence", "methods", "kind"),
    [
        ([FILE], "", Kind.ZAPPED_FILE),
        ([URL], "", Kind.ZAPPED_URL),
        ([], '{"Malware":["File detonation"]}', Kind.ZAPPED_FILE),
        ([], '{"Phish":["URL malicious reputation"]}', Kind.ZAPPED_URL),
        ([], "", Kind.ZAPPED_MAIL),
    ],
)
def test_what_mail_was_removed_for_says_which_playbook(queued, evidence, methods, kind):
    lake.append("EmailEvents", [email_row(PHISH, "ann@corp.example", DetectionMethods=methods)])
    raise_alert("malicious-mail-removed", mail(), *evidence)
    read()
    found = Investigation.objects.get()
    assert (found.kind, playbook_of(found.playbook).kind) == (kind, kind)


def test_mail_of_a_campaign_has_a_playbook_of_its_own(queued, monkeypatch):
    monkeypatch.setattr(known.lake, "campaign_of", lambda message: SimpleNamespace(mails=7))
    raise_alert("malicious-mail-removed", mail())
    read()
    assert Investigation.objects.get().playbook == "zapped-campaign"


def removed(found_or_actor, *, at=NOW):
    """The phish as the worker leaves it: moved out of one mailbox."""
    aimed = Targets(rows=(Row(PHISH, "ann@corp.example"),))
    one = response.start(by=found_or_actor, name="By hand", reason="", action="soft-delete", targets=aimed, at=at)
    return moved(one.pk)


def moved(remediation):
    one = Remediation.objects.get(pk=remediation)
    freeze(one, now=NOW)
    one.lines.update(status="moved", at=NOW)
    Remediation.objects.filter(pk=one.pk).update(status="Completed", moved=one.lines.count(), finished_at=NOW)
    return one


def test_what_an_administrator_removed_by_hand_is_looked_into_as_approved_already(phish, queued, analyst):
    one = removed(analyst)
    raise_alert("malicious-mail-removed", mail(), cluster())
    read()
    found = walked(Investigation.objects.get())
    assert found.kind == Kind.ACTION
    done = found.recommendations.get(key=f"done:{one.pk}")
    assert (done.status, done.remediation_id) == ("In progress", str(one.pk))
    assert follow(now=NOW + timedelta(minutes=1)) == 1
    done.refresh_from_db()
    assert (done.status, done.decided_by_name) == ("Completed", "Ada")
    assert found.recommendations.exclude(pk=done.pk).filter(kind="mail").exists(), "two mailboxes hold a copy still"


def test_mail_that_an_investigation_had_removed_joins_it_and_starts_no_other(phish, begun):
    found = begun(phish)
    moved(found.recommendations.get(kind="mail").remediation_id)
    follow(now=NOW + timedelta(minutes=1))
    alert = raise_alert("malicious-mail-removed", mail(), cluster(), at=NOW + timedelta(minutes=2))
    read(NOW + timedelta(minutes=2))
    assert Investigation.objects.count() == 1
    assert [one.alert_id for one in found.alerts.all()] == [alert.alert_id]
    found.refresh_from_db()
    assert found.grown_at is None, "there is nothing to look at again"
    alert.refresh_from_db()
    assert alert.status == "resolved"


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


def test_restricting_somebody_from_sending_makes_the_alert_that_starts_its_playbook(queued):
    by = Actor("person:1", "Max", frozenset(Permission))
    restrict(by=by, address="bob@corp.example", why="too many mails", at=NOW)
    detect(now=NOW)
    promote(now=NOW)
    assert Alert.objects.get().title == "User restricted from sending email"
    read()
    found = Investigation.objects.get()
    assert (found.playbook, found.seeded.people) == ("user-restricted", ("bob@corp.example",))
