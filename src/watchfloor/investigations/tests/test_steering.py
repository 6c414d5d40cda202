"""Whoever sends mail, or reports it, does not steer what is removed, what is hidden, or what happens without a person."""

import re
import time
from datetime import timedelta

import pytest

from watchfloor.identities.models import DirectoryPerson
from watchfloor.investigations import engine, recommending, starting, triggers
from watchfloor.investigations.contracts import Cause, Level, RecommendationStatus, Seeds, Status
from watchfloor.investigations.models import Investigation, TrustPolicy
from watchfloor.investigations.services import approve, start, switch_kill
from watchfloor.investigations.tests.conftest import NOW, PHISH, email_row, walked
from watchfloor.investigations.tests.test_triggers import cluster, mail, moved, raise_alert, read
from watchfloor.kernel.errors import Conflict
from watchfloor.lake import services as lake
from watchfloor.response import services as response
from watchfloor.response.contracts import Row, Targets
from watchfloor.response.models import Remediation

pytestmark = pytest.mark.django_db
LONE = "77777777-7777-4777-8777-777777777777"
HONEST = [f"8888888{number}-8888-4888-8888-888888888888" for number in range(4)]
OTHERS = {"Subject": "Newsletter", "EmailClusterId": 0, "SenderFromDomain": "news.example", "SenderIP": "192.0.2.9"}


def automatic(**facts):
    TrustPolicy.objects.create(pk=1, level=Level.AUTOMATIC.value, **facts)


def asked(analyst, *messages: str) -> Investigation:
    """An investigation that has asked its questions and recommended nothing yet."""
    cause = Cause("manual-mail", "by hand", "By hand", Seeds(messages=messages))
    found = start(by=analyst, cause=cause, at=NOW)
    for key in engine.begin(found.pk, now=NOW):
        engine.work(found.pk, 1, key, now=NOW)
    return found


def concluded(found: Investigation):
    recommending.conclude(found.pk, 1, now=NOW)
    return found.recommendations.get(kind="mail")


def test_what_is_removed_without_a_person_are_the_copies_that_were_weighed(phish, begun):
    automatic()
    one = begun(phish).recommendations.get(kind="mail")
    remediation = Remediation.objects.get(pk=one.remediation_id)
    assert remediation.query == ""
    assert {row.partition("|")[2] for row in remediation.rows} == {
        f"{name}@corp.example" for name in ("ann", "bob", "cat")
    }


def test_a_priority_account_that_is_reached_after_the_count_is_for_a_person(phish, analyst, queued):
    automatic()
    DirectoryPerson.objects.create(address="vip@corp.example", name="Vi", tags=["VIP"], imported_at=NOW, groups=[])
    found = asked(analyst, phish)
    lake.append("EmailEvents", [email_row(PHISH, "vip@corp.example")])
    assert concluded(found).not_automatic == "vip@corp.example is a priority account"


def test_copies_that_arrive_after_the_count_count_against_the_limit(phish, analyst, queued):
    automatic(most_copies=3)
    found = asked(analyst, phish)
    lake.append("EmailEvents", [email_row(PHISH, "late@corp.example")])
    assert concluded(found).not_automatic == "4 copies are more than 3"


def test_blocked_mail_under_a_good_senders_subject_removes_no_good_mail_by_itself(begun, queued):
    automatic()
    blocked = {"DeliveryAction": "Blocked", "DeliveryLocation": "Quarantine"}
    bad = [email_row(LONE, f"p{number}@corp.example", **OTHERS, **blocked) for number in range(9)]
    good = [email_row(one, "ann@corp.example", **OTHERS, ThreatTypes=[], ConfidenceLevel="") for one in HONEST]
    lake.append("EmailEvents", [*bad, *good])
    one = begun(LONE).recommendations.get(kind="mail")
    assert one.wished.share > 50
    assert (one.automatic, one.status) == (False, RecommendationStatus.PENDING)
    assert one.not_automatic == "0 % of the copies in mailboxes are malicious, less than 50 %"


def test_a_playbook_that_was_taken_down_the_ladder_while_it_ran_asks(phish, analyst, queued):
    automatic()
    found = asked(analyst, phish)
    TrustPolicy.objects.update(levels={"manual-mail": Level.APPROVE.value})
    one = concluded(found)
    assert (one.status, one.automatic) == (RecommendationStatus.PENDING, False)
    assert "no longer trusted" in one.not_automatic


def test_the_kill_switch_stops_what_runs_without_a_person(phish, begun, analyst):
    automatic()
    one = begun(phish).recommendations.get(kind="mail")
    by_hand = response.start(
        by=analyst,
        name="Mine",
        reason="",
        action="soft-delete",
        targets=Targets(rows=(Row(PHISH, "ann@corp.example"),)),
    )
    Remediation.objects.update(status="In progress")
    switch_kill(by=analyst, stopped=True, at=NOW)
    assert Remediation.objects.get(pk=one.remediation_id).status == "Stopping"
    assert Remediation.objects.get(pk=by_hand.pk).status == "In progress"


def test_a_condemned_mail_outside_of_the_clusters_is_proposed_beside_them(phish, begun):
    lake.append("EmailEvents", [email_row(LONE, "eve@corp.example", **OTHERS)])
    good = [
        email_row(one, f"p{n}@corp.example", **OTHERS, ThreatTypes=[], ConfidenceLevel="")
        for n, one in enumerate(HONEST)
    ]
    lake.append("EmailEvents", good)
    found = begun(phish, LONE)
    assert {one.verdict for one in found.clusters.filter(value__startswith="Newsletter")} == {"No threats found"}
    assert found.recommendations.get(key="mails").wished.rows == (f"{LONE}|eve@corp.example",)


def test_mails_that_join_later_are_proposed_beside_those_that_wait(begun, queued):
    lone = [f"9999999{number}-9999-4999-8999-999999999999" for number in range(2)]
    for number, one in enumerate(lone):
        facts = {"Subject": "", "EmailClusterId": 0, "SenderIP": f"192.0.2.{number}"}
        lake.append("EmailEvents", [email_row(one, "eve@corp.example", **facts)])
    found = begun(lone[0])
    first = found.recommendations.get(kind="mail")
    assert first.wished.rows == (f"{lone[0]}|eve@corp.example",)
    Investigation.objects.filter(pk=found.pk).update(run=2, seeds=Seeds(messages=tuple(lone)).kept)
    found = walked(Investigation.objects.get(), at=NOW + timedelta(minutes=5))
    second = found.recommendations.exclude(pk=first.pk).get(kind="mail")
    assert (second.key, second.wished.rows) == ("mails@2", (f"{lone[1]}|eve@corp.example",))
    recommending.conclude(found.pk, 2, now=NOW + timedelta(minutes=6))
    assert found.recommendations.filter(kind="mail").count() == 2


def test_a_mailbox_of_the_security_team_is_not_touched_by_name_either(begun, queued):
    TrustPolicy.objects.create(pk=1, exempt=["soc@corp.example"])
    facts = {"Subject": "", "EmailClusterId": 0}
    lake.append("EmailEvents", [email_row(LONE, f"{name}@corp.example", **facts) for name in ("soc", "eve")])
    assert begun(LONE).recommendations.get(kind="mail").wished.rows == (f"{LONE}|eve@corp.example",)


def test_a_recipient_that_is_no_mailbox_keeps_no_other_copy_from_being_removed(begun, queued):
    facts = {"Subject": "", "EmailClusterId": 0}
    lake.append("EmailEvents", [email_row(LONE, name, **facts) for name in ("postmaster", "eve@corp.example")])
    one = begun(LONE).recommendations.get(kind="mail")
    assert (one.status, one.wished.rows) == (RecommendationStatus.PENDING, (f"{LONE}|eve@corp.example",))


def test_a_clean_mail_is_not_condemned_by_another_mails_cluster(phish, begun):
    lake.append("EmailEvents", [email_row(LONE, "eve@corp.example", **OTHERS, ThreatTypes=[], ConfidenceLevel="")])
    found = begun(phish, LONE)
    assert {one.value: one.verdict for one in found.evidence.filter(type="analyzedMessage")} == {
        PHISH: "Malicious", LONE: "No threats found",
    }  # fmt: skip


def test_an_alert_that_cannot_be_read_holds_up_no_other(queued, monkeypatch):
    real = triggers.begin

    def breaks(touched, *, now):
        if touched.alert.title == "malicious-mail-removed":
            raise ValueError("weird")
        return real(touched, now=now)

    monkeypatch.setattr(triggers, "begin", breaks)
    raise_alert("malicious-mail-removed", mail(LONE), key="weird")
    raise_alert("reported-phish", mail(), cluster())
    read()
    assert Investigation.objects.get().playbook == "reported-phish"


def test_an_alert_with_one_mail_more_than_was_removed_is_looked_into(phish, begun):
    found = begun(phish)
    moved(found.recommendations.get(kind="mail").remediation_id)
    raise_alert("malicious-mail-removed", mail(), mail(LONE), cluster(), at=NOW + timedelta(minutes=2))
    read(NOW + timedelta(minutes=2))
    assert Investigation.objects.exclude(pk=found.pk).get().seeded.messages == (PHISH, LONE)


def test_an_alert_that_no_longer_fits_begins_another_investigation(queued, monkeypatch):
    monkeypatch.setattr(starting, "MOST_SEEDS", 2)
    for number, one in enumerate(HONEST):
        raise_alert("reported-phish", mail(one), cluster(), key=f"k{number}")
    read()
    assert sorted(found.seeded.messages for found in Investigation.objects.all()) == [
        tuple(HONEST[:2]),
        tuple(HONEST[2:]),
    ]


def test_what_others_added_to_a_proposal_is_not_approved_from_the_investigation(phish, begun, analyst):
    lone = email_row(LONE, "eve@corp.example", Subject="", EmailClusterId=0)
    lake.append("EmailEvents", [lone, email_row(PHISH, "boss@corp.example")])
    one = begun(LONE).recommendations.get(kind="mail")
    response.add_to_proposal(
        by=analyst, remediation_id=one.remediation_id, targets=Targets(rows=(Row(PHISH, "boss@corp.example"),)), at=NOW + timedelta(hours=1)
    )  # fmt: skip
    with pytest.raises(Conflict, match="look at it again"):
        approve(by=analyst, recommendation=one.pk, at=NOW + timedelta(hours=2))
    assert one.investigation.status == Status.PENDING


def test_all_are_those_that_stood_on_the_page(phish, begun, as_ada):
    found = begun(phish)
    one = found.recommendations.get(kind="mail")
    page = as_ada.get(f"{found.href}?tab=pending").content.decode()
    [seen] = re.findall(r'name="seen" value="(\d{13})"', page)
    assert abs(int(seen) / 1000 - time.time()) < 60, "milliseconds, as everywhere where somebody decides"
    recommended = int(one.created_at.timestamp() * 1000)
    later = {"scope": "all", "decision": "approve", "seen": str(recommended - 1)}
    as_ada.post(f"{found.href}/decide", later)
    one.refresh_from_db()
    assert one.status == RecommendationStatus.PENDING
    as_ada.post(f"{found.href}/decide", {**later, "seen": str(recommended + 1)})
    one.refresh_from_db()
    assert one.status == RecommendationStatus.RUNNING
