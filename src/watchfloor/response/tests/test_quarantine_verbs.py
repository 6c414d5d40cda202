"""What people may do with what is held: the team's verbs and the recipients' own, retention, and the audit of all."""

import zlib
from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.models import AuditEntry
from watchfloor.connectors.selectors import raw_mail
from watchfloor.connectors.services import accept
from watchfloor.detection.models import FindingRecord
from watchfloor.detection.services import detect
from watchfloor.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from watchfloor.lake.contracts import Query
from watchfloor.lake.selectors import rows
from watchfloor.response.contracts import RemediationStatus
from watchfloor.response.models import Remediation
from watchfloor.response.quarantine import services
from watchfloor.response.quarantine.contracts import BORDER_DEFAULTS, BorderThreat, CopyStatus, Preset, UserMay
from watchfloor.response.quarantine.holding import PATIENCE, hold_pending
from watchfloor.response.quarantine.models import QuarantinedCopy, QuarantinedMail
from watchfloor.response.quarantine.policies import change_border_policy
from watchfloor.response.quarantine.retention import expire
from watchfloor.response.quarantine.selectors import held_copies, quarantined_copy, quarantined_of, recipient_may
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import move_cursor

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOW + PATIENCE
ANN, BOB = "ann@corp.example", "bob@corp.example"
BOSS = Actor("person:1", "Max", frozenset(Permission))
READER = Actor("person:2", "Eve", frozenset({Permission.QUARANTINE_READ}))
SUMMARY = zlib.compress(b"{}")
NMID = "55555555-5555-4555-8555-555555555555"


def hold(*people: str, reason: str = "Spam", days: int = 30, nmid: str = NMID) -> QuarantinedMail:
    """One mail that the border held for these people, in a lake that does not know it."""
    said = {"reason": reason, "days": days, "subject": "Win", "sender": "x@evil.example", "message_id": f"<{nmid}@x>"}
    accept(
        f"Subject: Win\r\nMessage-ID: <{nmid}@x>\r\n\r\nNow.\r\n".encode(),
        source="mx",
        received_at=NOW,
        mail_from="x@evil.example",
        recipients=people,
        facts={"disposition": "quarantine", "held": list(people), "verdict": "Spam: a list", "quarantine": said},
    )
    hold_pending(now=LATER)
    mail = QuarantinedMail.objects.latest("pk")
    mail.network_message_id = nmid
    mail.save()
    return mail


def copy_of(person: str) -> QuarantinedCopy:
    return QuarantinedCopy.objects.select_related("mail").get(recipient=person)


def outcomes(verb: str) -> list[str]:
    return list(AuditEntry.objects.filter(verb=verb).order_by("id").values_list("outcome", flat=True))


def test_what_the_border_held_is_listed_once_and_the_rest_is_passed_over(db):
    accept(b"Subject: fine\r\n\r\n", source="mx", received_at=NOW, recipients=[ANN], facts={"disposition": "accept"})
    accept(
        b"Subject: there\r\n\r\n", source="mx", received_at=NOW, recipients=[ANN], facts={"disposition": "quarantine"}
    )
    mail = hold(ANN, "Bob@corp.example")
    assert cursor_position("response.quarantine") == mail.position
    assert hold_pending(now=LATER) == 0
    assert (mail.recipients, mail.status, mail.words) == (2, CopyStatus.NEEDS_REVIEW, "Spam: a list")
    assert sorted(copy.recipient for copy in QuarantinedCopy.objects.all()) == [ANN, BOB]
    assert mail.expires_at == NOW + timedelta(days=30)
    assert quarantined_of(NMID) == [mail]


def test_a_mail_waits_for_its_name_from_the_lake_but_not_for_ever(db):
    accept(b"Subject: x\r\n\r\n", source="mx", received_at=NOW, recipients=[ANN], facts={"held": [ANN]})
    assert hold_pending(now=NOW + PATIENCE / 2) == 0
    assert hold_pending(now=LATER) == 1
    mail = QuarantinedMail.objects.get()
    assert (mail.network_message_id, mail.reason) == ("", "Admin action")
    with pytest.raises(Conflict, match="still being read"):
        services.release(by=BOSS, copies=held_copies([mail.pk]), at=LATER)


def test_a_denial_is_each_recipients_own(db):
    mail = hold(ANN, BOB, reason="Phishing")
    for person in (ANN, BOB):
        services.request_release(recipient=person, copy=copy_of(person).pk, why="mine", at=NOW)
    assert services.deny(by=BOSS, copies=[copy_of(BOB).pk], reason="no", at=NOW) == 1
    assert (copy_of(ANN).status, copy_of(BOB).status) == (CopyStatus.REQUESTED, CopyStatus.DENIED)
    assert (copy_of(BOB).decided_by_name, copy_of(BOB).decision_reason) == ("Max", "no")
    mail.refresh_from_db()
    assert mail.status == CopyStatus.REQUESTED
    assert outcomes("quarantine.deny") == ["attempt", "success"]


def test_an_approved_request_is_released_by_a_remediation(db):
    hold(ANN, reason="Phishing")
    services.request_release(recipient=ANN, copy=copy_of(ANN).pk, at=NOW)
    made = services.approve(by=BOSS, copies=[copy_of(ANN).pk], reason="fine", at=NOW)
    assert (made.action, made.rows) == ("release", [f"{NMID}|{ANN}"])
    assert (copy_of(ANN).status, copy_of(ANN).release) == (CopyStatus.APPROVED, made)
    assert recipient_may(copy_of(ANN)) == UserMay.NOTHING


def test_what_was_not_requested_is_neither_approved_nor_denied(db):
    hold(ANN)
    for verb in (services.approve, services.deny):
        with pytest.raises(Conflict, match="did not request"):
            verb(by=BOSS, copies=[copy_of(ANN).pk], at=NOW)
    assert outcomes("quarantine.deny") == ["attempt", "failure"]


def test_a_request_becomes_an_alert(db):
    mail = hold(ANN, reason="Malware")
    change_border_policy(
        by=BOSS,
        rules={
            **BORDER_DEFAULTS,
            BorderThreat.MALWARE: BORDER_DEFAULTS[BorderThreat.SPAM].__class__(may=UserMay.REQUEST_RELEASE),
        },
        exempt=[],
        at=NOW,
    )
    services.request_release(recipient=ANN, copy=copy_of(ANN).pk, why="I wait for it", at=NOW)
    (row,) = rows(Query("CloudAppEvents", NOW - timedelta(days=1), NOW + timedelta(days=1)))
    assert (row["ActionType"], row["AccountId"], row["ObjectId"]) == ("quarantine.request_release", ANN, NMID)
    assert "I wait for it" in row["RawEventData"]
    detect(now=NOW)
    (found,) = FindingRecord.objects.filter(rule_id="release-requested")
    assert [NMID in str(item) for item in found.body["evidence"]].count(True) == 1
    assert quarantined_of(NMID) == [mail]


def test_a_recipient_does_what_the_policy_lets_them_and_no_more(db):
    hold(ANN, reason="Phishing")
    copy = copy_of(ANN)
    assert recipient_may(copy) == Preset.LIMITED.may
    with pytest.raises(Forbidden, match="does not let recipients release it"):
        services.release_own(recipient=ANN, copy=copy.pk, at=NOW)
    with pytest.raises(NotFound):
        services.request_release(recipient=BOB, copy=copy.pk, at=NOW)
    services.request_release(recipient="ANN@corp.example", copy=copy.pk, at=NOW)
    with pytest.raises(Forbidden):
        services.request_release(recipient=ANN, copy=copy.pk, at=NOW)
    services.delete_own(recipient=ANN, copy=copy.pk, at=NOW)
    assert (copy_of(ANN).status, copy_of(ANN).ended_by) == (CopyStatus.DELETED, ANN)
    entry = AuditEntry.objects.filter(verb="quarantine.delete", outcome="success").get()
    assert (entry.actor_id, entry.actor_name) == (f"recipient:{ANN}", ANN)


def test_malware_is_never_released_by_its_recipient_whatever_is_stored(db):
    from watchfloor.response.quarantine.models import QuarantinePolicy

    hold(ANN, reason="Malware")
    QuarantinePolicy.objects.create(
        pk=1, rules={"Malware": ["quarantine", 255, 30, True]}, exempt=[], changed_at=NOW, changed_by="somebody"
    )
    assert not recipient_may(copy_of(ANN)) & UserMay.RELEASE
    with pytest.raises(Forbidden):
        services.release_own(recipient=ANN, copy=copy_of(ANN).pk, at=NOW)


def test_spam_is_released_by_its_recipient_in_their_own_name(db):
    hold(ANN)
    made = services.release_own(recipient=ANN, copy=copy_of(ANN).pk, at=NOW)
    assert (made.created_by, made.status) == (f"recipient:{ANN}", RemediationStatus.STARTED)
    with pytest.raises(Conflict, match="being released"):
        services.release_own(recipient=ANN, copy=copy_of(ANN).pk, at=NOW)


def test_what_was_deleted_is_gone_from_quarantine_and_stays_as_evidence(db):
    mail = hold(ANN, BOB)
    assert services.delete(by=BOSS, copies=[copy_of(ANN).pk], reason="junk", at=NOW) == 1
    with pytest.raises(Conflict, match="not in quarantine any more: it is Deleted"):
        services.release(by=BOSS, copies=[copy_of(ANN).pk], at=NOW)
    mail.refresh_from_db()
    assert mail.status == CopyStatus.NEEDS_REVIEW
    assert raw_mail(mail.sha256)
    services.delete(by=BOSS, copies=[copy_of(BOB).pk], at=NOW)
    mail.refresh_from_db()
    assert mail.status == CopyStatus.DELETED
    assert raw_mail(mail.sha256)


@pytest.mark.parametrize("verb", [services.release, services.approve, services.deny, services.delete])
def test_who_may_not_manage_the_quarantine_is_refused_and_that_is_audited(db, verb):
    hold(ANN)
    with pytest.raises(Forbidden):
        verb(by=READER, copies=[copy_of(ANN).pk], at=NOW)
    assert outcomes(f"quarantine.{verb.__name__}") == ["refused"]
    assert copy_of(ANN).status == CopyStatus.NEEDS_REVIEW


@pytest.mark.parametrize("copies", [[], [123456]])
def test_something_must_be_chosen(db, copies):
    with pytest.raises(BadInput):
        services.release(by=BOSS, copies=copies, at=NOW)
    assert not Remediation.objects.exists()


def test_what_is_kept_long_enough_ends_and_says_so(db):
    hold(ANN, days=30)
    hold(BOB, days=3650, nmid=NMID.replace("5", "6"))
    assert expire(now=NOW + timedelta(days=29)) == 0
    assert expire(now=NOW + timedelta(days=30)) == 1
    assert (copy_of(ANN).status, copy_of(BOB).status) == (CopyStatus.EXPIRED, CopyStatus.NEEDS_REVIEW)
    assert copy_of(ANN).mail.status == CopyStatus.EXPIRED
    assert outcomes("quarantine.expire") == ["success"]
    assert expire(now=NOW + timedelta(days=30)) == 0


def test_what_is_being_released_does_not_expire_under_its_release(db):
    hold(ANN)
    services.release(by=BOSS, copies=[copy_of(ANN).pk], at=NOW)
    assert expire(now=NOW + timedelta(days=31)) == 0
    Remediation.objects.update(status=RemediationStatus.FAILED.value)
    assert expire(now=NOW + timedelta(days=31)) == 1


def test_a_large_release_waits_for_a_second_person_and_the_copies_with_it(db):
    from watchfloor.response.models import ResponsePolicy

    ResponsePolicy.objects.create(pk=1, second_person_over=1)
    hold(ANN, BOB)
    made = services.release(by=BOSS, copies=[copy_of(ANN).pk, copy_of(BOB).pk], at=NOW)
    assert made.status == RemediationStatus.PENDING
    assert recipient_may(copy_of(ANN)) == UserMay.NOTHING
    with pytest.raises(Conflict):
        services.delete(by=BOSS, copies=[copy_of(ANN).pk], at=NOW)


def test_nobody_elses_copy_is_shown_to_a_recipient(db):
    hold(ANN)
    assert quarantined_copy(copy_of(ANN).pk, recipient=ANN).recipient == ANN
    with pytest.raises(NotFound):
        quarantined_copy(copy_of(ANN).pk, recipient=BOB)
    with pytest.raises(NotFound):
        quarantined_copy(999)


def test_a_permanent_deletion_takes_the_raw_mail_with_the_last_copy(db):
    from watchfloor.lake.models import Email, EmailRecipient
    from watchfloor.lake.services import append

    mail = hold(ANN, BOB)
    move_cursor("lake.ingest", position=cursor_position("response.quarantine"))
    Email.objects.create(
        network_message_id=NMID, fingerprint="f", sha256=mail.sha256, received_at=NOW, last_at=NOW, summary=SUMMARY
    )
    EmailRecipient.objects.create(email_id=NMID, address=ANN)
    append(
        "EmailEvents",
        [
            {"Timestamp": NOW, "NetworkMessageId": NMID, "RecipientEmailAddress": one, "ReportId": one}
            for one in (ANN, BOB)
        ],
    )
    services.delete(by=BOSS, copies=[copy_of(ANN).pk], permanent=True, at=NOW)
    assert raw_mail(mail.sha256), "Bob's copy is held still"
    services.delete(by=BOSS, copies=[copy_of(BOB).pk], permanent=True, at=NOW)
    with pytest.raises(NotFound):
        raw_mail(mail.sha256)


def test_a_permanent_deletion_leaves_what_somebody_got(db):
    from watchfloor.lake.models import Email
    from watchfloor.lake.services import append

    mail = hold(ANN)
    Email.objects.create(
        network_message_id=NMID, fingerprint="f", sha256=mail.sha256, received_at=NOW, last_at=NOW, summary=SUMMARY
    )
    append(
        "EmailEvents",
        [
            {"Timestamp": NOW, "NetworkMessageId": NMID, "RecipientEmailAddress": one, "ReportId": one}
            for one in (ANN, "cat@corp.example")
        ],
    )
    services.delete(by=BOSS, copies=[copy_of(ANN).pk], permanent=True, at=NOW)
    assert raw_mail(mail.sha256)
