"""SPF, DKIM, DMARC and ARC checked here, over DNS answers given by the test."""

from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from watchfloor.inspection.contracts import Envelope, TenantFacts
from watchfloor.inspection.inspect import inspect
from watchfloor.inspection.tests.letters import NOW, letter
from watchfloor.inspection.verification import verify
from watchfloor.kernel.errors import Unreachable

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
)
PUBLIC = KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


class Answers:
    """A resolver that knows a fixed zone; names in `dead` time out."""

    def __init__(self, zone: dict[tuple[str, str], list[Any]], dead: frozenset[str] = frozenset()) -> None:
        self.zone, self.dead, self.asked = zone, dead, []

    def ask(self, name: str, kind: str) -> list[Any]:
        self.asked.append((name, kind))
        if name in self.dead:
            raise Unreachable("no answer")
        return self.zone.get((name, kind), [])


def _zone() -> dict[tuple[str, str], list[Any]]:
    import base64

    return {
        ("sel._domainkey.partner.example", "TXT"): [b"v=DKIM1; k=rsa; p=" + base64.b64encode(PUBLIC)],
        ("partner.example", "TXT"): [b"v=spf1 a:out.partner.example include:more.example -all"],
        ("more.example", "TXT"): [b"v=spf1 ip4:198.51.100.0/24 ~all"],
        ("out.partner.example", "A"): ["203.0.113.7"],
        ("_dmarc.partner.example", "TXT"): [b"v=DMARC1; p=reject"],
    }


def _signed(raw: bytes) -> bytes:
    return dkim.sign(raw, b"sel", b"partner.example", PEM) + raw


def _verify(raw: bytes, resolver: Answers, ip: str = "203.0.113.7", mail_from: str = "bo@partner.example"):
    return verify(
        raw, ip=ip, mail_from=mail_from, helo="out.partner.example", from_domain="partner.example", resolver=resolver
    )


def test_an_honest_mail_passes_everything():
    found = _verify(_signed(letter()), Answers(_zone()))
    assert (found.spf, found.dkim, found.dmarc, found.composite) == ("pass", "pass", "pass", "pass")
    assert found.source == "verified here"


def test_a_changed_body_fails_dkim_but_dmarc_lives_by_spf():
    found = _verify(_signed(letter()) + b"P.S. new bank account", Answers(_zone()))
    assert (found.dkim, found.dmarc) == ("fail", "pass")


def test_a_forged_sender_fails_dmarc():
    found = _verify(letter(), Answers(_zone()), ip="192.0.2.66")
    assert (found.spf, found.dkim, found.dmarc, found.composite) == ("fail", "none", "fail", "fail")


def test_another_domains_pass_does_not_align():
    zone = _zone() | {("evil.example", "TXT"): [b"v=spf1 ip4:192.0.2.66 -all"]}
    found = _verify(letter(), Answers(zone), ip="192.0.2.66", mail_from="m@evil.example")
    assert (found.spf, found.dmarc) == ("pass", "fail")


def test_an_include_passes_too():
    assert _verify(letter(), Answers(_zone()), ip="198.51.100.20").spf == "pass"


@pytest.mark.parametrize(
    ("dead", "field"),
    [("partner.example", "spf"), ("sel._domainkey.partner.example", "dkim"), ("_dmarc.partner.example", "dmarc")],
)
def test_silent_dns_is_a_temporary_error(dead, field):
    assert getattr(_verify(_signed(letter()), Answers(_zone(), frozenset({dead}))), field) == "temperror"


def test_without_a_policy_an_aligned_pass_is_a_best_guess():
    zone = _zone()
    del zone["_dmarc.partner.example", "TXT"]
    assert _verify(_signed(letter()), Answers(zone)).dmarc == "bestguesspass"


@pytest.mark.parametrize(
    "record", [b"v=spf1 include:partner.example -all", b"v=spf1 ip4:nonsense", b"v=spf1 " + b"a:x.example " * 30]
)
def test_a_hostile_spf_record_ends_in_an_error(record):
    assert _verify(letter(), Answers({("partner.example", "TXT"): [record]})).spf == "permerror"


@pytest.mark.parametrize("value", ["", "v=1", "v=1; a=rsa-sha256; d=partner.example; s=sel; h=from; bh=x; b=y", "\x00"])
def test_a_broken_signature_never_passes(value):
    raw = f"DKIM-Signature: {value}\r\n".encode() + letter()
    assert _verify(raw, Answers(_zone())).dkim in ("permerror", "fail", "none")


def test_dns_is_asked_only_when_the_organisation_allows_it():
    resolver = Answers(_zone())
    for allowed in (False, True):
        facts = TenantFacts(own_domains=frozenset({"corp.example"}), lookups_allowed=allowed)
        found = inspect(
            _signed(letter()), envelope=Envelope(client_ip="203.0.113.7"), facts=facts, now=NOW, resolver=resolver
        )
        assert bool(resolver.asked) is allowed
    assert found.authentication.dkim == "pass"


def test_the_borders_word_makes_asking_needless():
    resolver = Answers(_zone())
    facts = TenantFacts(authserv_ids=frozenset({"mx.corp.example"}), lookups_allowed=True)
    raw = letter(top=("Authentication-Results: mx.corp.example; dmarc=pass",))
    assert inspect(raw, envelope=Envelope(), facts=facts, now=NOW, resolver=resolver).authentication.dmarc == "pass"
    assert resolver.asked == []
