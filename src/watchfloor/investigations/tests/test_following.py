"""After the recommendation: what people and the worker did is taken over, and what is gone is no longer asked for."""

from datetime import timedelta

import pytest

from watchfloor.incidents.models import Alert
from watchfloor.investigations import following
from watchfloor.investigations.contracts import RecommendationStatus, Status
from watchfloor.investigations.models import Investigation
from watchfloor.investigations.tests.conftest import NOW, PHISH, email_row, walked
from watchfloor.investigations.tests.test_triggers import cluster, mail, raise_alert, read
from watchfloor.lake import services as lake
from watchfloor.response.models import Remediation
from watchfloor.response.services import approve, reject

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=30)


def removal(found):
    return found.recommendations.get(kind="mail")


def ended(remediation_id, status="Completed", **counts):
    """As the worker leaves a remediation it has carried out."""
    Remediation.objects.filter(pk=remediation_id).update(status=status, finished_at=LATER, **counts)


def test_what_was_approved_in_the_action_center_shows_in_the_investigation(phish, begun, analyst):
    found = begun(phish)
    approve(by=analyst, remediation_id=removal(found).remediation_id, reason="Yes", at=LATER)
    assert following.follow(now=LATER) == 1
    one = removal(found)
    assert (one.status, one.decided_by_name, one.decision_reason) == (RecommendationStatus.RUNNING, "Ada", "Yes")
    found.refresh_from_db()
    assert found.status == Status.PENDING


def test_once_everything_is_done_it_is_remediated_and_knows_how_long_it_waited(phish, begun, analyst):
    found = begun(phish)
    ended(removal(found).remediation_id, total=3, moved=3)
    following.follow(now=LATER)
    found.refresh_from_db()
    assert found.status == Status.REMEDIATED
    assert found.waited == pytest.approx(30 * 60 - 30)
    assert removal(found).result == "3 done, 0 failed"
    assert following.follow(now=LATER) == 0


def test_a_rejected_removal_leaves_it_partially_investigated(phish, begun, analyst):
    found = begun(phish)
    reject(by=analyst, remediation_id=removal(found).remediation_id, reason="A drill", at=LATER)
    following.follow(now=LATER)
    found.refresh_from_db()
    assert found.status == Status.PARTIALLY_INVESTIGATED
    assert removal(found).decision_reason == "A drill"


def test_a_failed_removal_is_said(phish, begun):
    found = begun(phish)
    ended(removal(found).remediation_id, total=3, moved=1, failed=2)
    following.follow(now=LATER)
    found.refresh_from_db()
    assert removal(found).status == RecommendationStatus.FAILED
    assert found.status == Status.PARTIALLY_INVESTIGATED


def test_a_cluster_keeps_its_first_count_beside_the_newest(phish, begun):
    found = begun(phish)
    lake.append("EmailEvents", [email_row("44444444-4444-4444-8444-444444444444", "eve@corp.example")])
    following.refresh(found, now=LATER)
    counted = found.clusters.first()
    assert (counted.counted_then.copies, counted.counted.copies) == (4, 5)
    assert counted.today_at == LATER


def test_a_removal_of_which_nothing_is_left_is_taken_back(phish, begun):
    found = begun(phish)
    gone = [
        {
            "Timestamp": NOW,
            "NetworkMessageId": PHISH,
            "RecipientEmailAddress": f"{name}@corp.example",
            "Action": "Soft delete",
            "ActionType": "Manual remediation",
            "ActionResult": "Success",
            "DeliveryLocation": "Recoverable items folder",
            "ReportId": f"gone-{name}",
        }
        for name in ("ann", "bob", "cat")
    ]
    lake.append("EmailPostDeliveryEvents", gone)
    assert following.refresh_due(now=LATER) == 1
    found.refresh_from_db()
    assert removal(found).status == RecommendationStatus.GONE
    assert Remediation.objects.get(pk=removal(found).remediation_id).status == "Rejected"
    assert found.status == Status.REMEDIATED
    assert found.clusters.first().counted.mailbox == 0


def test_the_alerts_of_what_is_remediated_are_resolved(phish, queued):
    alert = raise_alert("reported-phish", mail(), cluster())
    read()
    found = walked(Investigation.objects.get())
    ended(removal(found).remediation_id, total=3, moved=3)
    following.follow(now=LATER)
    alert.refresh_from_db()
    assert alert.status == "resolved"


def test_a_harmless_report_closes_its_alert_by_itself(phish, queued):
    clean = "22222222-2222-4222-8222-222222222222"
    raise_alert("reported-phish", mail(clean), cluster("5"))
    read()
    found = walked(Investigation.objects.get())
    following.end_alerts(found)
    assert found.status == Status.NO_THREATS
    assert Alert.objects.get().status == "resolved"


def test_thousands_may_wait_and_a_look_costs_a_few_queries(phish, begun, django_assert_max_num_queries):
    found = begun(phish)
    template = Remediation.objects.get(pk=removal(found).remediation_id)
    wish = removal(found)
    for number in range(40):
        template.pk = f"018f3b2c-0000-7000-8000-{number:012d}"
        template.save(force_insert=True)
        wish.pk, wish.key, wish.remediation_id = None, f"copy-{number}", template.pk
        wish.save(force_insert=True)
    with django_assert_max_num_queries(2):
        assert following.follow(now=LATER) == 0
