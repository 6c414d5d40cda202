"""Entries that cover far more than whoever adds them means, and blocks that would lock ourselves out."""

import dataclasses

import pytest

from watchfloor.inspection.contracts import TenantFacts
from watchfloor.intelligence.contracts import Effect, Kind
from watchfloor.intelligence.sending import refusal_of_server, refusal_to_send
from watchfloor.intelligence.services import add_entry
from watchfloor.intelligence.tests.test_entries import NOW, TUNER
from watchfloor.kernel.errors import BadInput

pytestmark = pytest.mark.django_db
REASON = "our partner's newsletter is judged as spam"


@pytest.fixture(autouse=True)
def ours(settings):
    settings.WATCHFLOOR = dataclasses.replace(settings.WATCHFLOOR, own_domains="corp.example,mail.corp.example")


def add(effect, kind, value):
    return add_entry(by=TUNER, kind=kind, effect=effect, value=value, note=REASON, now=NOW)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.DOMAIN, "corp.example"),
        (Kind.DOMAIN, "*.mail.corp.example"),
        (Kind.IP, "40.0.0.0/8"),
        (Kind.IP, "40.92.0.0/15"),
        (Kind.IP, "2a01:110::/31"),
        (Kind.SPOOF, "*, 40.0.0.0/8"),
        (Kind.SPOOF, "partner.example, 2a00::/16"),
    ],
)
def test_what_would_let_anybody_in_is_not_allowed(kind, value):
    with pytest.raises(BadInput, match=r"own domain|wider"):
        add(Effect.ALLOW, kind, value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.IP, "2000::/8"),
        (Kind.IP, "2a00::/12"),
        (Kind.SPOOF, "*, corp.example"),
        (Kind.SPOOF, "corp.example, mail.corp.example"),
        (Kind.SPOOF, "*, 10.0.0.0/8"),
    ],
)
def test_what_would_keep_half_the_world_or_ourselves_out_is_not_blocked(kind, value):
    with pytest.raises(BadInput, match=r"own domain|wider"):
        add(Effect.BLOCK, kind, value)


@pytest.mark.parametrize(
    ("effect", "kind", "value"),
    [
        (Effect.ALLOW, Kind.IP, "192.0.2.0/24"),
        (Effect.ALLOW, Kind.IP, "2001:db8::/48"),
        (Effect.ALLOW, Kind.SPOOF, "corp.example, 192.0.2.0/24"),
        (Effect.ALLOW, Kind.SPOOF, "corp.example, mailer.example"),
        (Effect.ALLOW, Kind.URL, "corp.example/survey"),
        (Effect.ALLOW, Kind.URL, "corp.example"),
        (Effect.ALLOW, Kind.SENDER, "scanner@corp.example"),
        (Effect.BLOCK, Kind.IP, "10.0.0.0/8"),
        (Effect.BLOCK, Kind.SPOOF, "corp.example, mailer.example"),
    ],
)
def test_what_is_narrow_enough_is_taken(effect, kind, value):
    assert add(effect, kind, value)


def test_a_block_of_our_own_domain_from_before_it_was_named_ours_keeps_nobody_from_writing_to_colleagues():
    blocked = frozenset({"domain:corp.example", "domain:example", "sender:left@corp.example", "domain:evil.example"})
    facts = TenantFacts(own_domains=frozenset({"corp.example"}), blocked=blocked)

    def refused(to):
        return refusal_to_send(mail_from="ada@corp.example", recipients=[to], facts=facts)

    assert not refused("max@corp.example")
    assert refused("left@corp.example")
    assert refused("boss@evil.example")


@pytest.mark.parametrize("ip", ["203.0.113.9", "2001:db8:1::9"])
def test_what_a_blocked_server_hands_in_is_refused_at_the_border(ip):
    facts = TenantFacts(blocked=frozenset({"ip:203.0.113.0/24", "ip:2001:db8:1::/48"}))
    assert refusal_of_server(client_ip=ip, facts=facts).startswith("5.7.1 ")
    assert not refusal_of_server(client_ip="198.51.100.1", facts=facts)
    assert not refusal_of_server(client_ip=ip, facts=TenantFacts())


@pytest.mark.parametrize("ip", ["10.0.0.1", "127.0.0.1", "", "nonsense"])
def test_a_relay_of_our_own_is_not_refused_though_somebody_blocked_it(ip):
    assert not refusal_of_server(client_ip=ip, facts=TenantFacts(blocked=frozenset({"ip:10.0.0.1", "ip:127.0.0.1"})))
