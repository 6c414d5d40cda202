"""What follows an investigation: reporters answered, the lake told, people reminded, old ones forgotten."""

from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from watchfloor.access.selectors import actor_of
from watchfloor.connectors.models import Connection, Outgoing
from watchfloor.incidents.models import Comment, Incident
from watchfloor.investigations.aftercare import following, keeping, reminding
from watchfloor.investigations.aftercare import policy as settings
from watchfloor.investigations.contracts import RecommendationStatus, Status, Verdict
from watchfloor.investigations.models import Aftercare, Investigation
from watchfloor.investigations.tests.conftest import NOW, PHISH
from watchfloor.lake import selectors as lake
from watchfloor.response.models import UserReport
from watchfloor.response.submissions.models import ReportGroup

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def outbox(db):
    """A connection that sends mail; what waits in its outbox lies in Outgoing."""
    told = {"host": "127.0.0.1", "port": "25", "from_address": "soc@corp.example", "security": "none"}
    Connection.objects.create(name="out", kind="smtp_out", settings=told, created_at=NOW, changed_at=NOW)


@pytest.fixture
def reported(phish, begun, outbox):
    """Ann's report of the phish, and the investigation it set off, walked to its recommendations."""
    group = ReportGroup.objects.create(
        key=PHISH, network_message_id=PHISH, first_at=NOW, last_at=NOW, reports=1, reporters=1, subject="Your password"
    )
    UserReport.objects.create(
        group=group,
        position=1,
        reporter="ann@corp.example",
        reported_at=NOW,
        read_at=NOW,
        via="Report mailbox",
        reason="Phish",
        network_message_id=PHISH,
        subject="Your password",
        sender="it-support@elsewhere.example",
        state="Matched",
    )
    return begun(PHISH, playbook="reported-phish")


def ended(one: Investigation, status: Status, verdict: Verdict) -> Investigation:
    one.recommendations.all().delete()
    one.status, one.verdict, one.changed_at, one.ended_at = status.value, verdict.value, LATER, NOW
    one.save()
    return one


def letters() -> list[str]:
    mails = [message_from_bytes(bytes(one.raw), policy=policy.default) for one in Outgoing.objects.order_by("pk")]
    return [f"{one['To']}: {one['Subject']}\n{one.get_body(('plain',)).get_content()}" for one in mails]


def events() -> list[str]:
    return [
        row[0]
        for row in lake.hunt(
            "CloudAppEvents | where ActionType == 'AirInvestigationData' | project ReportId", now=LATER
        ).rows
    ]


def test_nobody_is_answered_while_a_decision_is_open(reported):
    following.care(now=LATER)
    assert not letters()
    assert not ReportGroup.objects.get().marked_as


def test_the_reporter_of_what_was_remediated_is_told_that_it_was_phishing(reported):
    ended(reported, Status.REMEDIATED, Verdict.MALICIOUS)
    following.care(now=LATER)
    following.care(now=LATER)
    [letter] = letters()
    assert letter.startswith("ann@corp.example: Your report: it was phishing")
    group = ReportGroup.objects.get()
    assert (group.marked_as, group.marked_by) == ("Phishing", "Automation")
    assert "Phishing, 1 told" in Aftercare.objects.get().answer


def test_that_nothing_was_found_is_only_said_where_the_settings_let_it(reported, max):

    ended(reported, Status.NO_THREATS, Verdict.CLEAN)
    following.care(now=LATER)
    assert not letters()
    settings.change(by=actor_of(max), at=NOW, answer_clean=True)
    Aftercare.objects.update(told="")
    following.care(now=LATER)
    assert "no threat found" in letters()[0]


def test_what_a_person_marked_stands(reported):
    ReportGroup.objects.update(marked_as="Spam", marked_by="Ada")
    ended(reported, Status.REMEDIATED, Verdict.MALICIOUS)
    following.care(now=LATER)
    assert not letters()
    assert ReportGroup.objects.get().marked_by == "Ada"
    assert Aftercare.objects.get().answer == "a person had answered already"


def test_a_passive_investigation_answers_nobody(reported):
    reported.level = "passive"
    ended(reported, Status.REMEDIATED, Verdict.MALICIOUS)
    following.care(now=LATER)
    assert not letters()


def test_each_status_is_told_to_the_lake_once(phish, begun):
    found = begun(phish)
    following.care(now=LATER)
    following.care(now=LATER)
    assert len(events()) == 1
    ended(found, Status.REMEDIATED, Verdict.MALICIOUS)
    following.care(now=LATER)
    assert len(events()) == 2


def test_people_are_reminded_of_what_waits_and_then_others_are(phish, begun, outbox, max):

    incident = Incident.objects.create(
        name="Phish", severity="high", first_activity=NOW, last_activity=NOW, created_at=NOW, updated_at=NOW
    )
    settings.change(by=actor_of(max), at=NOW, remind=["soc@corp.example"], escalate=["ciso@corp.example"])
    found = begun(phish)
    Investigation.objects.update(incident_id=str(incident.pk))
    assert reminding.remind(now=NOW + timedelta(hours=23)) == 0
    assert reminding.remind(now=NOW + timedelta(hours=25)) == 1
    assert reminding.remind(now=NOW + timedelta(hours=26)) == 0
    assert reminding.remind(now=NOW + timedelta(hours=73)) == 2
    first, ciso, again = letters()
    assert first.startswith("soc@corp.example: 1 investigation waits for a decision")
    assert f"{found.href}?tab=pending" in first
    assert ciso.startswith("ciso@corp.example: 1 investigation still waits for a decision")
    assert again.startswith("soc@corp.example")
    assert "has waited 3 d" in Comment.objects.get().text
    found.refresh_from_db()
    assert found.status == Status.PENDING
    assert found.recommendations.filter(status=RecommendationStatus.PENDING).exists()


def test_what_ended_long_ago_is_forgotten_and_what_waits_never(phish, begun):
    waits, past = begun(phish), begun(phish)
    ended(past, Status.REMEDIATED, Verdict.MALICIOUS)
    assert keeping.forget(now=NOW + timedelta(days=399)) == 0
    assert keeping.forget(now=NOW + timedelta(days=401)) == 1
    assert list(Investigation.objects.all()) == [waits]


def test_nothing_is_forgotten_where_it_is_kept_for_good(phish, begun, max):

    ended(begun(phish), Status.REMEDIATED, Verdict.MALICIOUS)
    settings.change(by=actor_of(max), at=NOW, keep_days=0)
    assert keeping.forget(now=NOW + timedelta(days=4000)) == 0


def test_a_harmless_mail_that_was_looked_into_with_a_phish_is_for_a_person_to_answer(reported):
    reported.evidence.filter(type="analyzedMessage").update(verdict=Verdict.CLEAN.value)
    ended(reported, Status.REMEDIATED, Verdict.MALICIOUS)
    following.care(now=LATER)
    assert not letters()
    assert ReportGroup.objects.get().marked_as == ""


def test_a_report_that_joined_later_is_answered_once_too(reported):
    ended(reported, Status.REMEDIATED, Verdict.MALICIOUS)
    following.care(now=LATER)
    ReportGroup.objects.update(marked_as="")
    Investigation.objects.update(run=2)
    following.care(now=LATER + timedelta(minutes=1))
    following.care(now=LATER + timedelta(minutes=2))
    assert len(letters()) == 2


def test_thousands_that_come_due_one_by_one_are_a_mail_an_hour(phish, begun, outbox, max):
    settings.change(by=actor_of(max), at=NOW, remind=["soc@corp.example"])
    found = begun(phish)
    for number in range(12):
        found.pk, found.waiting_since = None, NOW + timedelta(minutes=5 * number)
        found.save()
    for number in range(60):
        reminding.remind(now=NOW + timedelta(hours=24, minutes=2 * number))
    assert len(letters()) <= 3
    assert Aftercare.objects.exclude(reminded_at=None).count() == 13


def test_the_letter_asks_once_for_all_what_is_to_be_decided(phish, begun, django_assert_num_queries):
    rows = [begun(phish) for _ in range(3)]
    with django_assert_num_queries(1):
        words = "\n".join(reminding._letter(rows, now=LATER))
    assert words.count("Malicious, 1 to decide") == 3
