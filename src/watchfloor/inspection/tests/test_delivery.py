"""The way of a mail: hops, sender address and direction."""

import pytest

from watchfloor.inspection.contracts import TenantFacts
from watchfloor.inspection.delivery import hops_of, is_outside
from watchfloor.inspection.headers import split_headers
from watchfloor.inspection.limits import Limits
from watchfloor.inspection.tests.letters import RECEIVED, letter, read

INSIDE = "Received: from mx.corp.example (mx.corp.example [10.0.0.5]) by store.corp.example with LMTP; x"


@pytest.mark.parametrize(
    ("line", "host", "ip", "by", "protocol"),
    [
        (RECEIVED, "mail.sender.example", "203.0.113.7", "mx.corp.example", "ESMTPS"),
        (
            "Received: from [IPv6:2001:db8::7] (unknown) by mx.corp.example with ESMTPSA",
            "[ipv6:2001:db8::7]",
            "2001:db8::7",
            "mx.corp.example",
            "ESMTPSA",
        ),
        ("Received: from x ([::ffff:203.0.113.7]) by y", "x", "203.0.113.7", "y", ""),
        ("Received: by 2002:a05:6a10:b0 with SMTP id 1", "", "", "2002:a05:6a10:b0", "SMTP"),
        ("Received: from a.example (203.0.113.7) by b.example", "a.example", "203.0.113.7", "b.example", ""),
        ("Received: from x ([999.1.1.1]) by y", "x", "", "y", ""),
        ("Received: ", "", "", "", ""),
    ],
)
def test_a_hop_is_read_leniently(line, host, ip, by, protocol):
    hop = hops_of(split_headers(line.encode(), Limits()))[0]
    assert (hop.host, hop.ip, hop.by, hop.protocol) == (host, ip, by, protocol)


@pytest.mark.parametrize(
    ("ip", "outside"),
    [
        ("203.0.113.7", True),
        ("10.1.2.3", False),
        ("172.20.0.1", False),
        ("127.0.0.1", False),
        ("100.64.1.1", False),
        ("::1", False),
        ("fe80::1", False),
        ("2001:db8::1", True),
        ("x", False),
        ("", False),
    ],
)
def test_private_networks_are_inside(ip, outside):
    assert is_outside(ip) is outside


def test_the_sender_is_the_first_outside_hop():
    assert read(letter(top=(INSIDE, RECEIVED))).sender_ip == "203.0.113.7"


def test_the_transport_knows_the_sender_better():
    assert read(letter(), client_ip="192.0.2.1").sender_ip == "192.0.2.1"
    assert read(letter(), client_ip="10.0.0.1").sender_ip == "203.0.113.7"


@pytest.mark.parametrize(
    ("sender", "to", "top", "direction"),
    [
        ("bo@partner.example", "ada@corp.example", RECEIVED, "Inbound"),
        ("ada@corp.example", "max@corp.example", INSIDE, "Intra-org"),
        ("ada@corp.example", "bo@partner.example", INSIDE, "Outbound"),
        ("ada@dept.corp.example", "max@corp.example", INSIDE, "Intra-org"),
        ("ada@corp.example", "max@corp.example", RECEIVED, "Inbound"),
        ("ada@corp.example", "max@corp.example", RECEIVED.replace("ESMTPS", "ESMTPSA"), "Intra-org"),
        (
            "ada@corp.example",
            "max@corp.example",
            "Authentication-Results: mx.corp.example; dmarc=pass\n" + RECEIVED,
            "Intra-org",
        ),
        (
            "ada@corp.example",
            "max@corp.example",
            "Authentication-Results: mx.corp.example; dmarc=fail\n" + RECEIVED,
            "Inbound",
        ),
        ("ada@notcorp.example", "max@corp.example", INSIDE, "Inbound"),
    ],
)
def test_direction_believes_no_forged_sender(sender, to, top, direction):
    assert read(letter(sender=sender, to=to, top=(top,))).direction == direction


def test_without_own_domains_everything_comes_in():
    assert read(letter(sender="ada@corp.example"), facts=TenantFacts()).direction == "Inbound"
