"""Links that gateways rewrote are read down to where they lead."""

import base64

import pytest

from watchfloor.inspection.limits import Limits
from watchfloor.inspection.urls import UrlCollector, take_apart, unwrapped

TARGET = "https://evil.example/a?b=1&c=2"


def ours(target=TARGET, who="ada@corp.example", version=1):
    payload = bytes([version]) + b"\xab" * 32 + len(who).to_bytes(2, "big") + who.encode() + target.encode()
    return "https://watch.example/click/" + base64.urlsafe_b64encode(payload + b"m" * 16).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("link", "target"),
    [
        (
            "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fevil.example%2Fa&data=5",
            "https://evil.example/a",
        ),
        ("https://urldefense.proofpoint.com/v2/url?u=https-3A__evil.example_a&d=x", "https://evil.example/a"),
        (
            "https://urldefense.proofpoint.com/v1/url?u=https%3A%2F%2Fevil-one.example%2Fa_b&k=x",
            "https://evil-one.example/a_b",
        ),
        ("https://urldefense.com/v3/__https://evil.example/a__;!!x", "https://evil.example/a"),
        ("https://urldefense.com/v3/__https://evil.example/a*b__;Iw!!x", "https://evil.example/a#b"),
        ("https://urldefense.com/v3/__https://evil.example/**Ax__;IyM!!x", "https://evil.example/##x"),
        ("https://urldefense.com/v3/__https:/evil.example/a__;!!x", "https://evil.example/a"),
        (ours(), TARGET),
        (ours(who=""), TARGET),
        (ours(target="javascript:alert(1)"), ""),
        (ours(version=2), ""),
        ("https://watch.example/click/" + "A" * 80, ""),
        ("https://watch.example/click/short", ""),
        ("https://fine.example/a", ""),
    ],
)
def test_the_target_inside_is_found(link, target):
    assert unwrapped(link, take_apart(link)) == target


def test_a_link_of_ours_in_a_mail_is_listed_with_its_target():
    collector = UrlCollector(Limits())
    collector.add(ours(), "Body", "Click")
    assert [one.url for one in collector.found] == [ours(), TARGET]
