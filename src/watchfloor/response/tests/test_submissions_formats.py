"""Reporting mails of every button and program, read the same way."""

from datetime import UTC, datetime

import pytest

from watchfloor.inspection.contracts import Header
from watchfloor.response.submissions.apart import read, read_apart
from watchfloor.response.submissions.contracts import Reason
from watchfloor.response.submissions.formats import is_automatic, reason_of, reported_from, without_forward
from watchfloor.response.submissions.forwarded import quoted_mail, when
from watchfloor.response.submissions.texts import DEFAULTS, filled, harmless
from watchfloor.response.tests.submitted import PHISH, forwarded, report_with

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CLEAN = PHISH.replace(b"bait-1", b"bait-2").replace(b"Your password ends today", b"Lunch?")

OUTLOOK = """I did not order this.

________________________________
From: The Boss <boss@bad.example>
Sent: Friday, November 20, 2026 10:00 AM
To: Ann Able <ann@corp.example>
Subject: Your password ends today

Your mailbox is full.
"""
OUTLOOK_DE = """Ist das echt?

Von: The Boss <boss@bad.example>
Gesendet: Freitag, 20. November 2026 10:00
An: Ann Able <ann@corp.example>
Betreff: Your password ends today

Your mailbox is full.
"""
GMAIL = """---------- Forwarded message ---------
From: The Boss <boss@bad.example>
Date: Fri, Nov 20, 2026 at 10:00 AM
Subject: Your password ends today
To: <ann@corp.example>


Your mailbox is full.
"""
GMAIL_DE = """---------- Forwarded message ---------
Von: The Boss <boss@bad.example>
Date: Fr., 20. Nov. 2026 um 10:00 Uhr
Subject: Your password ends today
To: <ann@corp.example>


Your mailbox is full.
"""
APPLE = """Sent from my phone

> Begin forwarded message:
>
> From: The Boss <boss@bad.example>
> Date: 20. November 2026 at 10:00:00 CET
> To: ann@corp.example
> Subject: Your password ends today
>
> Your mailbox is full.
"""
APPLE_DE = """Anfang der weitergeleiteten Nachricht:

*Von:* The Boss <boss@bad.example>
*Datum:* 20. November 2026 um 10:00:00 MEZ
*An:* ann@corp.example
*Betreff:* *Your password ends today*

Your mailbox is full.
"""
THUNDERBIRD = """

-------- Forwarded Message --------
Subject: \tYour password ends today
Date: \tFri, 20 Nov 2026 10:00:00 +0100
From: \tThe Boss <boss@bad.example>
To: \tann@corp.example


Your mailbox is full.
"""
THUNDERBIRD_DE = """-------- Weitergeleitete Nachricht --------
Betreff: \tYour password ends today
Datum: \tFri, 20 Nov 2026 10:00:00 +0100
Von: \tThe Boss <boss@bad.example>
An: \tann@corp.example

Your mailbox is full.
"""


@pytest.mark.parametrize("text", [OUTLOOK, OUTLOOK_DE, GMAIL, GMAIL_DE, APPLE, APPLE_DE, THUNDERBIRD, THUNDERBIRD_DE])
def test_an_inline_forward_names_the_mail_it_is_about(text):
    found = quoted_mail(text)
    assert found is not None
    assert (found.sender, found.sender_name, found.subject) == (
        "boss@bad.example",
        "The Boss",
        "Your password ends today",
    )
    assert found.sent_at is not None
    assert (found.sent_at.day, found.sent_at.month, found.sent_at.hour) == (20, 11, 10)
    assert found.body == "Your mailbox is full."


def test_prose_with_colons_is_no_forwarded_mail():
    assert quoted_mail("From: here on everything is fine.\nNote: buy milk.\n") is None
    assert quoted_mail("") is None
    assert quoted_mail("From: \n" * 10_000) is None


@pytest.mark.parametrize(
    ("text", "day", "hour"),
    [
        ("20.11.26, 16:05", 20, 16),
        ("2026-11-20 07:30", 20, 7),
        ("Friday, November 20, 2026 12:15 AM", 20, 0),
        ("Mittwoch, 4. März 2026 09:00", 4, 9),
        ("Nov 20, 2026", 20, 12),
    ],
)
def test_dates_of_mail_programs_are_read(text, day, hour):
    found = when(text)
    assert found is not None
    assert (found.day, found.hour) == (day, hour)


def test_words_that_are_no_date_are_none():
    assert when("") is None
    assert when("yesterday") is None
    assert when("99.99.9999 10:00") is None


@pytest.mark.parametrize(
    ("subject", "reason", "rest"),
    [
        ("3|Pay now", Reason.PHISH, "Pay now"),
        ("1|Pay now", Reason.SPAM, "Pay now"),
        ("2|Pay now", Reason.CLEAN, "Pay now"),
        ("Phishing: Pay now", Reason.PHISH, "Pay now"),
        ("Junk: Pay now", Reason.SPAM, "Pay now"),
        ("Not junk: Pay now", Reason.CLEAN, "Pay now"),
        ("[Phish Alert] Pay now", Reason.PHISH, "Pay now"),
        ("[Spam/Junk] Pay now", Reason.SPAM, "Pay now"),
        ("Pay now", Reason.PHISH, "Pay now"),
    ],
)
def test_subject_prefixes_say_as_what_a_mail_is_reported(subject, reason, rest):
    assert reason_of(subject, ()) == (reason, rest)


def test_a_header_says_it_too():
    assert reason_of("Pay", (Header("X-Phish-Report", "not junk", ""),))[0] is Reason.CLEAN
    assert reason_of("Pay", (Header("X-Reported-As", "junk", ""),))[0] is Reason.SPAM


def test_the_button_is_recognised():
    assert reported_from("3|x", (), []) == "Microsoft Report Message"
    assert reported_from("x", (), ["phish_alert_sp2_2.0.0.0.eml"]) == "KnowBe4 Phish Alert Button"
    assert reported_from("x", (Header("User-Agent", "Mozilla Thunderbird", ""),), []) == "Thunderbird"
    assert reported_from("x", (Header("X-Phish-Report", "1", ""),), []) == "Reporting add-in"
    assert reported_from("x", (), []) == "Forwarded mail"


def test_a_forward_is_told_from_its_subject():
    assert without_forward("WG: Fwd: AW it") == "AW it"
    assert without_forward("[Fwd: it]") == "it"


def test_machines_are_told_from_people():
    assert is_automatic((Header("Auto-Submitted", "auto-replied", ""),))
    assert is_automatic((Header("Precedence", "bulk", ""),))
    assert not is_automatic((Header("Auto-Submitted", "no", ""),))


def test_several_attached_originals_are_several_mails_byte_for_byte():
    found = read_apart(report_with(PHISH, CLEAN))
    assert (found.reporter, found.reporter_name, found.reason) == ("ann@corp.example", "Ann Able", Reason.PHISH)
    assert [one.internet_message_id for one in found.originals] == ["<bait-1@bad.example>", "<bait-2@bad.example>"]
    assert found.originals[0].raw.rstrip() == PHISH.rstrip()
    assert found.originals[0].fingerprint == read(PHISH, what="mail", now=NOW).originals[0].fingerprint
    assert found.comment == "This looks odd."


def test_an_original_attached_as_a_file_of_any_type_is_found():
    import base64

    body = base64.encodebytes(PHISH).decode().replace("\n", "\r\n")
    raw = (
        "From: ann@corp.example\r\nTo: phish@corp.example\r\nSubject: [Phish Alert] Your password\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=edge\r\n\r\n--edge\r\n"
        "Content-Type: application/octet-stream; name=phish_alert_sp2_2.0.0.0.eml\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\n{body}\r\n--edge--\r\n"
    ).encode()
    found = read(raw, what="report", now=NOW)
    assert found.reported_from == "KnowBe4 Phish Alert Button"
    assert [one.sender for one in found.originals] == ["boss@bad.example"]


def test_an_inline_forward_is_rebuilt_so_that_it_can_be_inspected():
    found = read(forwarded(OUTLOOK), what="report", now=NOW)
    [original] = found.originals
    assert original.form == "inline"
    assert b"From: The Boss <boss@bad.example>" in original.raw
    assert found.comment == "I did not order this."


def test_a_mail_that_brings_nothing_along_says_so():
    found = read(forwarded("Is the network slow today?", subject="Question"), what="report", now=NOW)
    assert not found.originals
    assert "neither attached nor forwarded" in found.trouble


def test_a_mail_that_breaks_its_reader_is_told_of_and_harms_nobody():
    found = read_apart(report_with(PHISH), memory=1 << 20)
    assert "more time or memory" in found.trouble


def test_every_text_is_there_in_both_languages():
    kinds = {key.split(" ")[1] for key in DEFAULTS}
    assert len(DEFAULTS) == 2 * len(kinds)


def test_what_strangers_wrote_is_no_link_and_no_placeholder_in_an_answer():
    subject, text = filled(
        ("About {subject}", "{name}: {sender}\n\n{note}"), {"subject": "{note} https://evil.example/a", "name": "Ann"}
    )
    assert "{note}" in subject
    assert "https://" not in subject
    assert "evil.example" not in subject
    assert text == "Ann:\n"
    assert harmless("www.bad.example") == "www[.]bad[.]example"
