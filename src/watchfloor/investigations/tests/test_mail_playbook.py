"""A mail is looked into: its clusters, their verdicts, what is recommended."""

from datetime import timedelta

import pytest

from watchfloor.investigations.contracts import RecommendationStatus, Status, Verdict
from watchfloor.investigations.tests.conftest import NOW, PHISH, email_row
from watchfloor.lake import services as lake
from watchfloor.response.selectors import remediation

pytestmark = pytest.mark.django_db


def test_a_delivered_phish_is_malicious_and_its_removal_waits_for_a_person(phish, begun):
    found = begun(phish)
    assert (found.status, found.verdict) == (Status.PENDING, Verdict.MALICIOUS)
    removals = found.recommendations.filter(kind="mail")
    assert removals.count() == 1, "four clusters of the same copies are removed once"
    asked = remediation(removals.get().remediation_id)
    assert (asked.status, asked.expected, asked.source) == ("Pending approval", 3, "Automated email action")


def test_every_step_keeps_its_question_its_query_and_its_time(phish, begun):
    steps = list(begun(phish).steps.all())
    assert [one.place for one in steps] == list(range(len(steps)))
    similar = next(one for one in steps if one.key == "similar")
    assert len(similar.asked) == 4, "four pairs of traits"
    assert similar.asked[0]["text"].startswith("EmailEvents\n| where Timestamp >=")
    assert similar.asked[0]["count"] == 4
    assert all(not one.failed and one.answer for one in steps)


def test_a_cluster_counts_copies_by_threat_and_place(phish, begun):
    cluster = begun(phish).clusters.first()
    counters = cluster.counted_then
    assert (counters.copies, counters.mails, counters.recipients) == (4, 1, 4)
    assert (counters.sure_phish, counters.malicious, counters.mailbox, counters.external) == (4, 4, 3, 1)
    assert (counters.delivered, counters.junked) == (3, 1)
    assert "4 of 4 copies (100 %) are malicious" in cluster.why


def test_a_harmless_mail_ends_by_itself_with_nothing_recommended(phish, begun):
    found = begun("22222222-2222-4222-8222-222222222222")
    assert found.status == Status.NO_THREATS
    assert not found.recommendations.exists()
    assert found.ended_at is not None


def test_a_phish_of_normal_confidence_is_suspicious_and_nothing_is_done(db, begun):
    lake.append("EmailEvents", [email_row(PHISH, "ann@corp.example", ConfidenceLevel='{"Phish":"Normal"}')])
    found = begun(PHISH)
    assert (found.status, found.verdict) == (Status.PARTIALLY_INVESTIGATED, Verdict.SUSPICIOUS)
    assert not found.recommendations.exists()


def test_what_never_reached_a_mailbox_was_prevented(db, begun):
    lake.append(
        "EmailEvents",
        [email_row(PHISH, "ann@corp.example", DeliveryLocation="Quarantine", DeliveryAction="Blocked")],
    )
    found = begun(PHISH)
    assert (found.status, found.verdict) == (Status.REMEDIATED, Verdict.MALICIOUS)
    assert not found.recommendations.exists()


def test_one_bad_mail_does_not_condemn_the_newsletter_it_shares_a_subject_with(db, begun):
    good = [
        email_row(
            f"news-{number}",
            f"p{number}@corp.example",
            ThreatTypes=[],
            ConfidenceLevel="",
            EmailClusterId=900,
            Timestamp=NOW - timedelta(hours=number % 100 + 1),
        )
        for number in range(60)
    ]
    lake.append("EmailEvents", [*good, email_row(PHISH, "ann@corp.example", EmailClusterId=901)])
    found = begun(PHISH)
    verdicts = {one.kind: one.verdict for one in found.clusters.all()}
    assert verdicts["subject-ip"] == Verdict.CLEAN
    assert verdicts["likeness-ip"] == Verdict.MALICIOUS
    [removal] = found.recommendations.filter(kind="mail")
    assert removal.wished.copies == 1


def test_walking_a_step_twice_leaves_one_row_and_one_proposal(phish, begun):
    found = begun(phish)
    before = (found.steps.count(), found.clusters.count(), found.recommendations.count(), found.evidence.count())
    from watchfloor.investigations.tests.conftest import walked

    again = walked(found)
    after = (again.steps.count(), again.clusters.count(), again.recommendations.count(), again.evidence.count())
    assert after == before
    assert again.recommendations.first().status == RecommendationStatus.PENDING
