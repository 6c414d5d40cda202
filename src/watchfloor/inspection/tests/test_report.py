"""An inspection speaks to people and to programs."""

import json

from watchfloor.inspection.contracts import Envelope
from watchfloor.inspection.report import as_json, as_text
from watchfloor.inspection.tests.letters import html_letter, letter, read, with_file
from watchfloor.inspection.tests.test_attachments import EICAR
from watchfloor.inspection.tests.test_verdict import PHISH
from watchfloor.inspection.unread import unread


def test_json_holds_everything_and_nothing_but_plain_values():
    found = json.loads(json.dumps(as_json(read(PHISH))))
    assert found["date"] == "2026-11-09T08:00:00+00:00"
    assert found["verdict"]["threat_types"] == ["Phish"]
    assert found["verdict"]["confidence"] == "High"
    assert found["headers"][1] == {
        "name": "From",
        "value": "PayPal Service <service@evil.example>",
        "raw": "PayPal Service <service@evil.example>",
    }
    assert found["urls"][0]["domain"] == "evil.example"


def test_text_says_the_verdict_first_and_each_reason_with_its_points():
    lines = as_text(read(PHISH)).splitlines()
    assert lines[0].startswith("Phish (High confidence): ")
    assert any("+3.00  Link text says www.paypal.com but goes to evil.example" in line for line in lines)
    assert any(line.startswith("From:        PayPal Service <service@evil.example>") for line in lines)
    assert "URLs (1)" in lines


def test_text_of_a_harmless_mail_is_short():
    lines = as_text(read(letter())).splitlines()
    assert lines[0] == "No threat found: 0 points of 5 needed"
    assert "URLs (1)" not in lines


def test_text_names_the_malware():
    assert "Malware EICAR-Test-File" in as_text(read(with_file(EICAR, "x.com")))


def test_many_recipients_are_not_all_listed():
    assert "and 5 more" in as_text(read(letter(to=", ".join(f"p{n}@corp.example" for n in range(15)))))


def test_no_mail_steers_the_terminal():
    shown = as_text(
        read(html_letter("x", subject="=?utf-8?B?G1syShtbMzFtcmVkIOKArg==?=", sender="\x1b]0;x\x07 <a@b.example>"))
    )
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\x07" not in shown


def test_the_unread_say_why():
    assert as_text(unread(letter(), envelope=Envelope(), reason="took longer than 10 s")).startswith(
        "Unparsable: took longer than 10 s"
    )
