"""Zero-hour purge leaves alone what the organisation's simulations sent, and whom a recipient allows (ZP-04)."""

import json

import pytest

from watchfloor.access.selectors import actor_of
from watchfloor.lake import services as lake
from watchfloor.response.models import Remediation
from watchfloor.response.quarantine.page_models import MailboxSender
from watchfloor.response.quarantine.senders import allowed_pairs
from watchfloor.response.submissions.models import SubmissionPolicy
from watchfloor.response.zero_hour_kept import Kept
from watchfloor.response.zero_hour_tick import settle

from .conftest import NOW, email_row
from .test_zero_hour import LATER, decisions, late, switch

MAIL = "44444444-4444-4444-8444-444444444444"
SENDER = "it-support@elsewhere.example"
ANN, BOB = "ann@corp.example", "bob@corp.example"
PROVEN = json.dumps({"SPF": "pass", "DKIM": "pass", "DMARC": "pass", "CompAuth": "pass"})
FORGED = json.dumps({"SPF": "fail", "DKIM": "none", "DMARC": "fail", "CompAuth": "fail"})


def delivered(**facts):
    lake.append("EmailEvents", [email_row(MAIL, person, **facts) for person in (ANN, BOB)])


@pytest.fixture
def acting(max):
    switch(actor_of(max))


def allow(recipient=ANN, *, blocked=False):
    MailboxSender.objects.create(recipient=recipient, sender=SENDER, blocked=blocked, at=NOW, by=recipient)


def purged(**verdict):
    late(MAIL, **verdict)
    settle(now=LATER)
    return {row.recipient for one in Remediation.objects.all() for row in one.targets.rows}


@pytest.mark.parametrize(
    ("verdict", "proof", "left"),
    [
        ({"threats": ("Phish",), "confidence": "Normal"}, PROVEN, {BOB}),
        ({"threats": ("Phish",), "confidence": "Normal"}, FORGED, {ANN, BOB}),
        ({"threats": ("Phish",), "confidence": "Normal"}, "", {ANN, BOB}),
        ({"threats": ("Phish",), "confidence": "Normal"}, "not json", {ANN, BOB}),
        ({"threats": ("Phish",), "confidence": "High"}, PROVEN, {ANN, BOB}),
        ({"threats": ("Malware",)}, PROVEN, {ANN, BOB}),
    ],
)
def test_an_allowed_sender_counts_for_one_mailbox_when_proven_and_not_against_the_worst(
    db, acting, verdict, proof, left
):
    delivered(AuthenticationDetails=proof)
    allow()
    assert purged(**verdict) == left
    told = decisions()[0].left
    assert (["ann@corp.example", "its recipient allows the sender"] in told) is (ANN not in left)


def test_a_blocked_sender_is_not_an_allowed_one(db, acting):
    delivered(AuthenticationDetails=PROVEN)
    allow(blocked=True)
    assert purged(confidence="Normal") == {ANN, BOB}


@pytest.mark.parametrize(("ip", "purges"), [("192.0.2.7", set()), ("203.0.113.7", {ANN, BOB})])
def test_mail_of_the_organisations_own_simulation_stays_even_as_malware(db, acting, ip, purges):
    SubmissionPolicy.objects.update_or_create(
        pk=1, defaults={"simulations": ["elsewhere.example, 192.0.2.0/24"], "changed_at": NOW, "changed_by": "Max"}
    )
    delivered(SenderIP=ip)
    assert purged(threats=("Malware",)) == purges
    if not purges:
        assert "the organisation's own simulation" in decisions()[0].left[0][1]


def test_asking_costs_two_queries_however_many_copies_there_are(db, django_assert_num_queries):
    rows = [email_row(MAIL, f"p{number}@corp.example") for number in range(300)]
    with django_assert_num_queries(2):
        Kept(rows)
    allow("P7@corp.example".lower())
    assert allowed_pairs(recipients=["P7@CORP.example", BOB], senders=[SENDER.upper()]) == {("p7@corp.example", SENDER)}
