"""Whole mails, read from end to end."""

from datetime import UTC, datetime
from pathlib import Path

from watchfloor.inspection.contracts import Confidence, ThreatType
from watchfloor.inspection.tests.letters import letter, read

FIXTURES = Path(__file__).parent / "fixtures"


def _file(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def test_a_credential_phish_is_taken_apart():
    found = read(_file("credential-phish.eml"))
    assert found.subject == "Action required: your password expires today"
    assert (found.sender_address, found.sender_name) == ("no-reply@parcel-notice.example", "Microsoft 365 Security")
    assert (found.mail_from, found.return_path) == ("bounce@mailer7.example", "bounce@mailer7.example")
    assert (found.sender_ip, found.direction, found.language) == ("203.0.113.45", "Inbound", "en")
    assert found.recipients == ("ada@corp.example",)
    assert found.date == datetime(2026, 11, 9, 6, 12, 40, tzinfo=UTC)
    assert found.internet_message_id == "<20261109061240.77A1@mailer7.example>"
    assert found.facts["reply_to"] == "desk.support88@gmail.com"
    assert [(url.domain, url.location, url.text) for url in found.urls] == [
        ("m365-login.web.app", "Body", "https://login.microsoft.com/")
    ]
    assert "garden club" not in found.text
    assert found.limits_hit == ()


def test_a_credential_phish_is_judged_with_its_evidence():
    verdict = read(_file("credential-phish.eml")).verdict
    assert verdict.threat_types == (ThreatType.PHISH,)
    assert verdict.confidence is Confidence.HIGH
    words = "\n".join(reason.words for reason in verdict.reasons)
    for evidence in (
        "claims Microsoft, but the address is at parcel-notice.example",
        "Link text says login.microsoft.com but goes to m365-login.web.app",
        "desk.support88@gmail.com",
        "DMARC failed for parcel-notice.example",
        "SPF softfail: mailer7.example does not send from this server",
        "carries the recipient's address ada@corp.example",
        "garden club",
    ):
        assert evidence in words


def test_an_ordinary_mail_is_taken_apart_and_left_alone():
    found = read(_file("ordinary.eml"))
    assert found.verdict.reasons == ()
    assert (found.to, found.cc) == (("ada@corp.example", "max@corp.example"), ("office@partner.example",))
    assert found.recipients == ("ada@corp.example", "max@corp.example", "office@partner.example")
    assert found.authentication.composite == "pass"
    assert found.authentication.source == "trusted hop mx.corp.example"
    assert found.language == "de"
    assert "Liste der Grüße" in found.text
    assert [(file.file_name, file.file_type, file.size) for file in found.attachments] == [("plan.csv", "text/csv", 39)]
    assert [url.domain for url in found.urls] == ["plan.partner.example"]


def test_a_newsletter_is_no_threat():
    found = read(_file("newsletter.eml"))
    assert found.verdict.threat_types == ()
    assert {reason.signal for reason in found.verdict.reasons} <= {"bulk", "hidden_text"}


def test_a_forwarded_mail_keeps_its_links_and_its_sender():
    found = read(_file("forwarded.eml"))
    assert (found.direction, found.sender_address) == ("Intra-org", "max@corp.example")
    assert [(url.domain, url.location) for url in found.urls] == [("bank-notice.example", "Attachment")]
    assert [(file.file_name, file.file_type) for file in found.attachments] == [("notice.eml", "message/rfc822")]
    assert "Ada, please have a look." in found.text
    assert "Dear customer" not in found.text


def test_the_envelope_knows_better_than_the_headers():
    found = read(letter(), mail_from="Other@Mailer.example", recipients=("MAX@corp.example",), client_ip="192.0.2.9")
    assert (found.mail_from, found.recipients, found.sender_ip) == (
        "other@mailer.example",
        ("max@corp.example",),
        "192.0.2.9",
    )
    assert found.facts["mail_from_domain"] == "mailer.example"


def test_the_mailbox_it_lay_in_is_the_recipient_when_nothing_else_is_known():
    raw = letter(to="list@lists.example", top=("Delivered-To: ada@corp.example",))
    assert read(raw).recipients == ("ada@corp.example",)


def test_nothing_at_all_is_still_a_mail():
    found = read(b"")
    assert (found.size, found.subject, found.cluster_id, found.unparsable) == (0, "", 0, "")
