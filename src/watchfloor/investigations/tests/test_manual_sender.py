"""An address from outside is looked into alone: what it sent, who wrote back, what is listed, whether it should be blocked."""

import pytest

from watchfloor.access.selectors import actor_of
from watchfloor.intelligence.contracts import Effect, Kind
from watchfloor.intelligence.models import Entry
from watchfloor.intelligence.services import add_entry
from watchfloor.investigations.contracts import Status, Verdict
from watchfloor.investigations.services import approve
from watchfloor.investigations.tests.conftest import NOW, PHISH, email_row
from watchfloor.lake import services as lake

pytestmark = pytest.mark.django_db
SENDER = "it-support@elsewhere.example"
CLEAN = {"ThreatTypes": [], "ConfidenceLevel": "", "EmailClusterId": 9, "Subject": "News", "SenderIP": "192.0.2.9"}


def mail(number: int, **facts):
    return email_row(f"{number:08}-1111-4111-8111-111111111111", f"p{number}@corp.example", **facts)


def looked(begun, *messages, senders=(SENDER,)):
    return begun(*messages, playbook="manual-sender", senders=senders)


def test_a_sender_of_malicious_mail_is_removed_and_proposed_for_the_block_list(phish, begun, max):
    found = looked(begun, PHISH)
    assert (found.status, found.verdict) == (Status.PENDING, Verdict.MALICIOUS)
    came = found.steps.get(key="came")
    assert came.answer.startswith(
        f"4 copies of 1 mail from {SENDER} to 4 people, 2026-11-20 to 2026-11-20; 4 were threats"
    )
    cluster = found.clusters.get(kind="sender")
    assert (cluster.counted.copies, cluster.verdict) == (4, Verdict.MALICIOUS)
    assert found.recommendations.get(kind="mail").wished.copies == 3
    block = found.recommendations.get(kind="block")
    assert block.title == f"Block the sender {SENDER}"
    approve(by=actor_of(max), recommendation=block.pk, at=NOW)
    assert (Entry.objects.get().kind, Entry.objects.get().value) == (Kind.SENDER, SENDER)
    assert found.evidence.get(type="sender").verdict == Verdict.MALICIOUS


def test_a_sender_of_mostly_good_mail_loses_the_bad_mails_alone(db, begun):
    lake.append("EmailEvents", [mail(1), *(mail(number, **CLEAN) for number in range(2, 9))])
    first = mail(1)["NetworkMessageId"]
    found = looked(begun, first)
    assert found.clusters.get(kind="sender").verdict == Verdict.CLEAN
    assert [one.wished.copies for one in found.recommendations.filter(kind="mail")] == [1]
    assert not found.recommendations.filter(kind="block").exists()


def test_an_address_that_others_put_on_is_not_blocked(db, begun):
    lake.append("EmailEvents", [mail(1, Dmarc="Fail", CompositeAuthentication="Fail")])
    found = looked(begun, mail(1)["NetworkMessageId"])
    assert not found.recommendations.filter(kind="block").exists()
    assert found.recommendations.get(key=f"forged:{SENDER}").title.startswith("Do not block")
    assert "1 did not prove who sent them" in found.steps.get(key="came").answer


def test_who_wrote_to_it_and_what_lets_it_in_is_told(phish, begun, max):
    answer = email_row(
        "99999999-1111-4111-8111-111111111111", SENDER, SenderFromAddress="Ann@corp.example", EmailDirection="Outbound", **CLEAN
    )  # fmt: skip
    lake.append("EmailEvents", [answer])
    add_entry(
        by=actor_of(max), kind=Kind.DOMAIN, effect=Effect.ALLOW, value="elsewhere.example", now=NOW, note="our partner writes from there, and was held back"
    )  # fmt: skip
    found = looked(begun, PHISH)
    assert found.steps.get(key="wrote").answer == "1 mail to it by ann@corp.example."
    assert found.evidence.get(type="mailbox", value="ann@corp.example").why == "wrote to the sender"
    assert found.steps.get(key="listed").answer.startswith("1 entry: Allow elsewhere.example by Max")
    assert found.recommendations.filter(title__startswith="Look whether allow domain:elsewhere.example").exists()


def test_an_address_nobody_knows_ends_without_threats(db, begun):
    found = looked(begun, senders=("nobody@elsewhere.example",))
    assert (found.status, found.verdict) == (Status.NO_THREATS, Verdict.CLEAN)
    assert found.steps.get(key="came").answer == "Nothing came from nobody@elsewhere.example."
    assert not found.steps.filter(failed=True).exists()
