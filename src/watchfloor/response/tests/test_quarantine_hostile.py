"""What must not happen to held mail: lost bytes, text of deleted mail that is found, digests to strangers, malware let out."""

import pytest

from watchfloor.connectors.contracts import Disposition, InlineAnswer
from watchfloor.connectors.selectors import raw_mail
from watchfloor.connectors.services import accept, set_judge
from watchfloor.connectors.systems.milter import listening, protocol
from watchfloor.connectors.systems.milter.protocol import Client, Seen
from watchfloor.inspection.contracts import TenantFacts
from watchfloor.kernel.errors import Forbidden
from watchfloor.lake.contracts import LateVerdict
from watchfloor.lake.models import Email, EmailRecipient
from watchfloor.lake.services import append, note_late_verdicts
from watchfloor.response.quarantine import digest, indexing, services
from watchfloor.response.quarantine.contracts import CopyStatus
from watchfloor.response.quarantine.page_models import QuarantineText
from watchfloor.response.tests.quarantined import ANN, BOB, NOW, copy_of, hold, lure, name
from watchfloor.response.tests.test_quarantine_digest import say, sending  # noqa: F401 - a fixture
from watchfloor.response.tests.test_quarantine_verbs import BOSS, NMID, SUMMARY


@pytest.mark.parametrize(
    ("disposition", "fails", "said"),
    [
        (Disposition.HOLD, True, protocol.TEMPFAIL),
        (Disposition.TAG, True, protocol.ACCEPT),
        (Disposition.HOLD, False, protocol.DISCARD),
    ],
)
def test_what_is_to_be_held_and_cannot_be_kept_is_not_delivered_but_asked_for_again(
    db, monkeypatch, disposition, fails, said
):
    """“Let mail pass when we fail” is for mail of which nothing is known."""

    def full(mails):
        raise OSError(28, "No space left on device")

    if fails:
        monkeypatch.setattr(listening, "take_in", full)
    set_judge(lambda raw, **how: InlineAnswer(disposition, "Malware", (ANN,)))
    try:
        seen = Seen("x@evil.example", [ANN], headers=[(b"Subject", b" x")], body=[b"hello"])
        answer = listening.Milter("mx", "127.0.0.1:1", enforce=True).decide(Client(), seen)
    finally:
        set_judge(None)
    assert answer[-1] == said


def test_text_of_a_mail_deleted_while_it_was_read_is_not_found_afterwards(db, monkeypatch):
    mail = hold(ANN, read=False)
    real = indexing._raw

    def deleted_meanwhile(one):
        raw = real(one)
        services.delete(by=BOSS, copies=[copy_of(ANN).pk], at=NOW)
        return raw

    monkeypatch.setattr(indexing, "_raw", deleted_meanwhile)
    indexing.complete(now=NOW)
    assert copy_of(ANN).status == CopyStatus.DELETED
    assert "enclosed" not in QuarantineText.objects.get(mail=mail).text


def test_strangers_to_whom_our_people_wrote_get_no_digest(sending, monkeypatch):  # noqa: F811
    ours = TenantFacts(own_domains=frozenset({"corp.example"}))
    monkeypatch.setattr(digest, "tenant_facts", lambda: ours, raising=False)
    say()
    hold(ANN, "someone@partner.example")
    assert digest.send_digests(now=NOW) == 1
    assert copy_of(ANN).notified_at
    assert copy_of("someone@partner.example").notified_at is None


def test_bytes_that_came_again_meanwhile_outlive_a_permanent_deletion(db):
    """The second mail stands in no list yet: only among what was accepted."""
    mail = hold(ANN)
    Email.objects.create(
        network_message_id=NMID, fingerprint="f", sha256=mail.sha256, received_at=NOW, last_at=NOW, summary=SUMMARY
    )
    EmailRecipient.objects.create(email_id=NMID, address=ANN)
    mail.network_message_id = NMID
    mail.save()
    append("EmailEvents", [{"Timestamp": NOW, "NetworkMessageId": NMID, "RecipientEmailAddress": ANN, "ReportId": "1"}])
    accept(
        lure(),
        source="mx",
        received_at=NOW,
        mail_from="x@evil.example",
        recipients=(BOB,),
        facts={"disposition": "quarantine", "held": [BOB]},
    )
    services.delete(by=BOSS, copies=[copy_of(ANN).pk], permanent=True, at=NOW)
    assert raw_mail(mail.sha256)


@pytest.mark.parametrize(
    ("threats", "confidence", "may"), [(("Malware",), "High", False), (("Phish",), "High", False), ((), "", True)]
)
def test_nobody_lets_out_himself_what_turned_out_to_be_harmful_since(db, threats, confidence, may):
    mail = name(hold(ANN))
    note_late_verdicts([LateVerdict(NOW, mail.network_message_id, threats, confidence, "campaign", "harmful")])
    if may:
        assert services.release_own(recipient=ANN, copy=copy_of(ANN).pk, at=NOW)
    else:
        with pytest.raises(Forbidden):
            services.release_own(recipient=ANN, copy=copy_of(ANN).pk, at=NOW)
        assert copy_of(ANN).release is None
