"""What the email page offers beside a verdict: labels, entries prefilled from the mail, for whoever may."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.intelligence.contracts import LabelKind, LabelLine
from watchfloor.lake.contracts import EmailRecord
from watchfloor.mail.contracts import EmailEntity
from watchfloor.mail.judgement import block_sender, entry_links

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TUNER = system_actor("test", Permission.DETECTION_TUNE)
NOBODY = system_actor("nobody")


def entity(**row):
    said = {"SenderFromAddress": "bo@evil.example", "SenderFromDomain": "evil.example"} | row
    urls = tuple({"UrlDomain": f"h{number % 4}.example"} for number in range(20))
    files = ({"FileName": "invoice\u202efdp.exe", "SHA256": "a" * 64},)
    record = EmailRecord("id-1", "f", "s", NOW, {}, urls=urls, attachments=files)
    return EmailEntity(record, "ann@corp.example", said, ("ann@corp.example",), {})


def label(kind):
    return LabelLine(1, "id-1", kind, "Ada", NOW, "", "", "", "Phish", 7.0)


def asked(href):
    return {name: values[0] for name, values in parse_qs(urlsplit(href).query).items()}


def test_what_came_with_a_mail_can_be_blocked_a_few_of_each():
    links = list(entry_links(entity(), ()))
    kinds = [asked(href)["kind"] for _, href, _ in links]
    assert kinds == ["sender", "domain", "url", "url", "url", "sha256"]
    assert all(asked(href)["effect"] == "block" for _, href, _ in links)
    assert asked(links[0][1]) == {"kind": "sender", "value": "bo@evil.example", "effect": "block", "email": "id-1"}


def test_a_file_name_deceives_nobody():
    assert "Block file invoice⟨RLO⟩fdp.exe" in [words for words, _, _ in entry_links(entity(), ())]


def test_after_a_false_positive_the_same_can_be_allowed():
    links = list(entry_links(entity(), (label(LabelKind.FALSE_POSITIVE),)))
    assert links[0][0] == "Allow sender"
    assert {asked(href)["effect"] for _, href, _ in links} == {"allow"}
    newest = (label(LabelKind.SPAM), label(LabelKind.FALSE_POSITIVE))
    assert next(entry_links(entity(), newest))[0] == "Block sender"


def test_the_sender_is_blocked_by_whoever_may_and_only_when_there_is_one():
    assert asked(block_sender(entity(), actor=TUNER))["value"] == "bo@evil.example"
    assert block_sender(entity(), actor=NOBODY) == ""
    assert block_sender(entity(SenderFromAddress=""), actor=TUNER) == ""
