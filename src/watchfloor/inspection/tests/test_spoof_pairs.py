"""Who may write under whose name, as the organisation decided."""

from datetime import UTC, datetime

import pytest

from watchfloor.inspection.contracts import Envelope, TenantFacts
from watchfloor.inspection.inspect import inspect

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
IP = "203.0.113.9"


def mail(
    *, signed="", name="out.mailer.example", results="spf=fail; dkim=none; dmarc=fail", sender="boss@corp.example"
):
    signature = f"DKIM-Signature: v=1; a=rsa-sha256; d={signed}; s=x; b=x\r\n" if signed else ""
    return (
        f"Authentication-Results: mx.corp.example; {results}\r\n"
        f"Received: from helo.example ({name} [{IP}]) by mx.corp.example; Sun, 22 Nov 2026 09:00:00 +0000\r\n"
        f"{signature}From: {sender}\r\nTo: ada@corp.example\r\nSubject: Hello\r\nMessage-ID: <1@x>\r\n"
        "Date: Sun, 22 Nov 2026 09:00:00 +0000\r\n\r\nHello\r\n"
    ).encode()


def verdict(raw=None, **facts):
    tenant = TenantFacts(
        own_domains=frozenset({"corp.example"}), authserv_ids=frozenset({"mx.corp.example"}),
        **{name: frozenset(values) for name, values in facts.items()},
    )  # fmt: skip
    envelope = Envelope("bounce@mailer.example", ("ada@corp.example",), IP, "helo.example")
    return inspect(raw or mail(), envelope=envelope, facts=tenant, now=NOW).verdict


def signals(found):
    return {reason.signal for reason in found.reasons}


PAIRS = [
    "boss@corp.example,203.0.113.0/24",
    "corp.example,203.0.113.9",
    "*,203.0.113.0/24",
    "corp.example,mailer.example",
    "boss@corp.example,out.mailer.example",
]


@pytest.mark.parametrize("pair", PAIRS)
def test_a_blocked_pair_makes_a_spoofed_mail_phish(pair):
    found = verdict(blocked=[f"spoof:{pair}"])
    assert "blocked_spoof" in signals(found)
    assert "Phish" in found.threat_types


@pytest.mark.parametrize("pair", PAIRS)
def test_an_allowed_pair_takes_spoofing_out_of_the_verdict(pair):
    assert {"own_domain_forged", "dmarc_fail"} & signals(verdict())
    found = verdict(allowed=[f"spoof:{pair}"])
    assert "allowed_spoof" in signals(found)
    assert not {"own_domain_forged", "dmarc_fail", "composite_fail", "spf_fail"} & signals(found)


@pytest.mark.parametrize(
    "pair", ["other.example,203.0.113.0/24", "corp.example,198.51.100.0/24", "corp.example,other.example"]
)
def test_another_pair_changes_nothing(pair):
    assert signals(verdict(allowed=[f"spoof:{pair}"], blocked=[f"spoof:{pair}"])) == signals(verdict())


def test_a_block_precedes_an_allow():
    found = verdict(blocked=[f"spoof:{PAIRS[0]}"], allowed=[f"spoof:{PAIRS[2]}", "domain:corp.example"])
    assert "blocked_spoof" in signals(found)
    assert found.allowed == ""


def test_a_signature_that_passed_names_what_sends():
    raw = mail(signed="news.mailer.example", results="spf=fail; dkim=pass; dmarc=fail", name="unknown")
    assert "allowed_spoof" in signals(verdict(raw, allowed=["spoof:corp.example,mailer.example"]))
    raw = mail(signed="mailer.example", name="unknown")
    assert "allowed_spoof" not in signals(verdict(raw, allowed=["spoof:corp.example,mailer.example"]))


def test_a_mail_that_authenticates_is_not_spoofed():
    raw = mail(results="spf=pass; dkim=pass; dmarc=pass", sender="a@partner.example")
    assert "blocked_spoof" not in signals(verdict(raw, blocked=["spoof:*,203.0.113.0/24"]))
