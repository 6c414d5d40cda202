"""Outlook's message files are read as the mails they were, and nothing in them costs more than a mail may."""

import email
import email.policy
import struct
import time
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchfloor.inspection.contracts import Envelope, TenantFacts
from watchfloor.inspection.outlook.lzfu import unpacked
from watchfloor.inspection.outlook.message import is_outlook, outlook_mail
from watchfloor.inspection.outlook.properties import NotOutlook
from watchfloor.inspection.outlook.rtf import content_of
from watchfloor.inspection.services import embedded_mails, inspect
from watchfloor.inspection.tests.outlook_files import attachment, compound, embedded, message, recipient, storage

HEADER = (
    "Received: from mx.bad.example ([203.0.113.7]) by mail.corp.example; Fri, 20 Nov 2026 09:00:01 +0000\r\n"
    "From: The Boss <boss@bad.example>\r\nTo: ann@corp.example\r\nSubject: Your password\r\n ends today\r\n"
    "Message-ID: <bait-1@bad.example>\r\nDKIM-Signature: v=1; d=bad.example;\r\n\tbh=abc; b=def\r\n"
    'Content-Type: multipart/alternative;\r\n boundary="gone"\r\nMIME-Version: 1.0\r\nX-Mailer: Bait 1.0\r\n'
)
HTML = b"<p>Verify <a href='https://login.bad.example/now'>now</a></p>"
MOMENT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
TICKS = int((MOMENT - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000
UTF8 = {0x3FDE: (3, 65001)}


def read(data: bytes) -> email.message.EmailMessage:
    return email.message_from_bytes(outlook_mail(data).raw, policy=email.policy.default)


def test_a_mail_that_came_in_keeps_its_header_and_gets_the_content_outlook_has():
    mail = read(message(p007d=HEADER, p1000="Verify now", p1013=HTML, fixed=UTF8))
    assert mail["subject"] == "Your password ends today"
    assert mail["message-id"] == "<bait-1@bad.example>"
    assert mail["x-mailer"] == "Bait 1.0"
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert mail.get_body(("html",)).get_content().encode() == HTML


def test_what_was_signed_byte_by_byte_is_not_claimed_to_be_signed_still():
    raw = outlook_mail(message(p007d=HEADER, p1000="x")).raw.lower()
    assert b"dkim-signature" not in raw
    assert b"bh=abc" not in raw
    assert raw.count(b"content-type") == 1


def test_the_inspection_judges_it_as_the_mail_it_was():
    raw = outlook_mail(message(p007d=HEADER, p1013=HTML, fixed=UTF8)).raw
    found = inspect(raw, envelope=Envelope(), facts=TenantFacts(), now=MOMENT)
    assert (found.sender_address, found.internet_message_id) == ("boss@bad.example", "<bait-1@bad.example>")
    assert "https://login.bad.example/now" in {one.url for one in found.urls}


def test_a_mail_that_was_sent_gets_a_header_of_what_outlook_knows():
    people = (recipient("Bob Ö", "bob@corp.example"), recipient("carol@corp.example", "carol@corp.example", 2))
    given = {
        "p0037": "Grüße — heute",
        "p0042": "Ann Able",
        "p5d02": "ann@corp.example",
        "p1035": "<sent-1@corp.example>",
    }
    mail = read(message(people=people, p1000="Hello", fixed={0x0039: (0x40, TICKS)}, **given))
    assert str(mail["from"]) == "Ann Able <ann@corp.example>"
    assert str(mail["to"]) == "Bob Ö <bob@corp.example>"
    assert str(mail["cc"]) == "carol@corp.example"
    assert str(mail["subject"]) == "Grüße — heute"
    assert mail["date"].datetime == MOMENT
    assert outlook_mail(message(p1000="x")).kept_header is False


def test_an_address_of_exchanges_own_directory_is_not_taken_for_one_of_mail():
    mail = read(message(p0042="Ann Able", p0065="/O=CORP/OU=EXCHANGE/CN=RECIPIENTS/CN=ANN", p1000="x"))
    assert "CN=ANN" not in str(mail["from"])
    assert "Ann Able" in str(mail["from"])


def test_files_keep_their_bytes_names_and_types():
    parts = (
        attachment("Rechnung März.pdf", b"%PDF-1.4 " + b"x" * 9000, "application/pdf"),
        attachment("run.exe", b"MZ", "message/rfc822"),
        attachment('quo"te.txt', b"\xff\0", "nonsense\r\nX-Evil: 1"),
    )
    found = list(read(message(*parts, p007d=HEADER, p1000="x")).iter_attachments())
    assert [one.get_filename() for one in found] == ["Rechnung März.pdf", "run.exe", 'quo"te.txt']
    assert [one.get_content_type() for one in found] == ["application/pdf", *["application/octet-stream"] * 2]
    assert [len(one.get_content()) for one in found] == [9009, 2, 2]


def test_a_message_inside_a_message_is_a_mail_inside_a_mail():
    inner = embedded(p007d=HEADER, p1013=HTML, fixed=UTF8)
    outer = message(attachment("bait.msg", inner), p007d="From: ann@corp.example\r\nSubject: Look\r\n", p1000="odd")
    [mail] = embedded_mails(outlook_mail(outer).raw)
    assert b"<bait-1@bad.example>" in mail.raw


def test_messages_inside_one_another_end_at_a_depth():
    inner = embedded(p007d=HEADER, p1000="deepest")
    for _ in range(20):
        inner = embedded(attachment("more.msg", inner), p007d=HEADER, p1000="one more")
    raw = outlook_mail(message(attachment("more.msg", inner), p007d=HEADER, p1000="outermost")).raw
    assert raw.count(b"message/rfc822") == 3


def test_a_report_may_bring_the_original_as_outlooks_own_file():
    original = message(p007d=HEADER, p1013=HTML, fixed=UTF8)
    report = email.message.EmailMessage(policy=email.policy.SMTP)
    report["From"], report["Subject"] = "ann@corp.example", "3|Your password ends today"
    report.set_content("This looks odd.")
    report.add_attachment(original, maintype="application", subtype="vnd.ms-outlook", filename="bait.msg")
    [mail] = embedded_mails(report.as_bytes())
    assert b"Message-ID: <bait-1@bad.example>" in mail.raw


def test_text_of_before_unicode_is_read_in_its_code_page():
    data = storage(32, fixed={0x3FFD: (3, 1251)}, p001a="IPM.Note")
    data["__substg1.0_0037001E"] = "Привет".encode("cp1251")
    data["__substg1.0_1000001E"] = "Пароль".encode("cp1251")
    mail = read(compound(data))
    assert mail["subject"] == "Привет"
    assert mail.get_content().strip() == "Пароль"


def test_html_that_lies_in_rtf_is_found():
    rtf = (
        rb"{\rtf1\ansi\ansicpg1252\fromhtml1 {\fonttbl{\f0 Arial;}}{\*\htmltag18 <html>}\htmlrtf {\htmlrtf0 Hello "
        rb"{\*\htmltag84 <a href=\'22https://bad.example/?a=\'e4\'22>}\htmlrtf {\field{\*\fldinst{X}}{\fldrslt \htmlrtf0 "
        rb"click \'84here\'93 \u8364?\u-10179?\u-8704?\htmlrtf }\htmlrtf0 \htmlrtf }\htmlrtf0{\*\htmltag92 </a>}\par}}"
    )
    said = '<html>Hello <a href="https://bad.example/?a=ä">click „here“ €😀</a>\r\n'
    assert content_of(rtf) == (said, True)
    stored = struct.pack("<II4sI", len(rtf) + 12, len(rtf), b"MELA", 0) + rtf
    mail = read(message(p007d=HEADER, p1009=stored))
    assert "https://bad.example/?a=ä" in mail.get_body(("html",)).get_content()


def test_plain_text_that_lies_in_rtf_is_found():
    assert content_of(rb"{\rtf1\ansi\fromtext {\info x}Hello\par https://bad.example/}") == (
        "Hello\r\nhttps://bad.example/",
        False,
    )


def test_compressed_rtf_is_unpacked_as_the_specification_shows():
    """MS-OXRTFCP 3.1 and 3.2."""
    simple = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af862660e41b9060e00000a6c69000a0001801c0101"
    )
    assert unpacked(simple[:16] + simple[16:])[:11] == b"{\\rtf1\\ansi"
    run = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert unpacked(run) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


def test_a_clear_signed_mail_is_its_one_attachment():
    whole = b'Content-Type: multipart/signed; boundary="s"\r\n\r\n--s\r\n\r\nhello\r\n--s--\r\n'
    raw = outlook_mail(
        message(attachment("smime.p7m", whole), p001a="IPM.Note.SMIME.MultipartSigned", p007d=HEADER)
    ).raw
    assert raw.endswith(whole)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "no compound file"),
        (b"From: a@b.example\r\n\r\nx" * 40, "no compound file"),
        (compound({"WordDocument": b"x" * 5000}), "holds no message"),
        (message(p001a="IPM.Contact"), "no mail"),
        (message(p1000="x")[:700], "broken"),
    ],
)
def test_what_is_no_mail_of_outlook_is_refused_in_words(data, why):
    with pytest.raises(NotOutlook, match=why):
        outlook_mail(data)


@pytest.mark.parametrize("at", [40, 44, 64, 72])
def test_tables_that_claim_to_be_larger_than_the_file_are_refused_at_once(at):
    data = bytearray(message(p1000="x"))
    struct.pack_into("<I", data, at, 0x7FFFFFFF)
    begun = time.process_time()
    with pytest.raises(NotOutlook):
        outlook_mail(bytes(data))
    assert time.process_time() - begun < 1


def test_streams_that_share_their_bytes_are_not_read_without_end(monkeypatch):
    monkeypatch.setattr("watchfloor.inspection.outlook.properties.MOST_READ", 20_000)
    parts = [attachment(f"{n}.bin", b"x" * 6000) for n in range(4)]
    with pytest.raises(NotOutlook, match="larger together"):
        outlook_mail(message(*parts, p1000="x"))


def test_a_header_cannot_smuggle_a_body_or_a_frame():
    said = "From: a@b.example\r\nnot a field\r\n\r\nX-After: body\r\n"
    raw = outlook_mail(message(p007d="\r\n" + said, p1000="x", p0037="two\r\nlines: 1")).raw
    head = raw.partition(b"\r\n\r\n")[0]
    assert b"X-After" not in raw
    assert b"not a field" not in head
    assert b"\r\nlines:" not in head


WHOLE = message(attachment("a.bin", b"abc"), people=(recipient("Bob", "bob@x.example"),), p007d=HEADER, p1009=b"x" * 40)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=40))
def test_bytes_changed_anywhere_give_a_mail_or_a_refusal(changes):
    data = bytearray(WHOLE)
    for at, value in changes:
        data[at] = value
    try:
        assert outlook_mail(bytes(data)).raw
    except NotOutlook:
        assert not is_outlook(b"")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_some_rtf(data):
    content_of(data)
    content_of(b"{\\rtf1\\fromhtml1 " + data)
    assert len(unpacked(struct.pack("<II4sI", len(data) + 12, 5000, b"LZFu", 0) + data)) <= 5000
