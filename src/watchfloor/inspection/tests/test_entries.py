"""The organisation's entries: what each form covers, what the verdict says, what an allow entry takes out of sight."""

import hashlib

import pytest

from watchfloor.inspection.contracts import Envelope, TenantFacts, ThreatType
from watchfloor.inspection.entry_names import domains_above, ip_names, url_names
from watchfloor.inspection.inspect import inspect
from watchfloor.inspection.tests.letters import FACTS, NOW, letter, read
from watchfloor.inspection.urls import take_apart


def covered(entry: str, url: str, *, blocking: bool = True) -> bool:
    return f"url:{entry}" in set(url_names(url, take_apart(url).host, whole_host=blocking))


@pytest.mark.parametrize(
    ("entry", "urls"),
    [
        ("x.example", ("https://x.example", "http://x.example/a", "https://pay.x.example/b?c=1", "https://X.example/")),
        (
            "x.example/a",
            ("https://x.example/a", "https://x.example/a/", "https://x.example/A/b", "https://x.example/a?q=1"),
        ),
        ("x.example/*", ("https://x.example/a", "https://x.example/?q=joe", "https://x.example/a/b/c")),
        ("x.example/a/*", ("https://x.example/a/b", "https://x.example/a/b/c", "https://x.example/a?q=joe")),
        ("*.x.example", ("https://www.x.example", "https://a.b.x.example/")),
        ("*.x.example/*", ("https://www.x.example", "https://www.x.example/b?a=1")),
        ("~x.example", ("https://x.example", "https://www.x.example")),
        ("~x.example~", ("https://x.example/a", "https://www.x.example/b", "https://x.example")),
    ],
)
def test_an_entry_covers_the_urls_its_form_says(entry, urls):
    assert [url for url in urls if not covered(entry, url)] == []


@pytest.mark.parametrize(
    ("entry", "urls"),
    [
        ("x.example", ("https://abcx.example", "https://x.example.evil.test/")),
        ("x.example/a", ("https://x.example/", "https://x.example/ab", "https://www.x.example/a")),
        ("x.example/*", ("https://x.example", "https://www.x.example/a")),
        ("x.example/a/*", ("https://x.example/a", "https://x.example/ab/c")),
        ("*.x.example", ("https://x.example", "https://www.x.example/abc", "https://123x.example")),
        ("*.x.example/*", ("https://x.example/b",)),
        ("~x.example", ("https://www.x.example/abc", "https://123x.example")),
        ("~x.example~", ("https://123x.example/a/b",)),
    ],
)
def test_an_entry_covers_no_other_urls(entry, urls):
    assert [url for url in urls if covered(entry, url)] == []


def test_an_allow_entry_for_a_host_covers_no_host_below():
    assert covered("x.example", "https://x.example/a", blocking=False)
    assert not covered("x.example", "https://pay.x.example/a", blocking=False)


def test_a_url_of_very_many_parts_is_looked_up_under_few_names():
    url = "https://x.example/" + "a/" * 5000
    assert len(list(url_names(url, "x.example", whole_host=True))) < 100


def test_an_address_is_covered_by_its_networks():
    assert {"ip:192.0.2.7", "ip:192.0.2.0/24", "ip:192.0.0.0/8"} <= set(ip_names("192.0.2.7"))
    assert "ip:2001:db8::/32" in ip_names("2001:db8::1")
    assert ip_names("no address") == ()
    assert domains_above("a.b.example") == ["a.b.example", "b.example", "example"]


def facts(**known) -> TenantFacts:
    return TenantFacts(own_domains=FACTS.own_domains, authserv_ids=FACTS.authserv_ids, **known)


LINKED = letter("see https://www.evil.example/login now")


@pytest.mark.parametrize(
    ("entry", "signal"),
    [
        ("sender:bo@partner.example", "blocked_sender"),
        ("domain:partner.example", "blocked_domain"),
        ("url:*.evil.example/*", "blocked_url"),
        ("url:~evil.example~", "blocked_url"),
    ],
)
def test_a_block_entry_is_high_confidence_phish_and_the_reason_names_it(entry, signal):
    found = read(LINKED, facts=facts(blocked=frozenset({entry}))).verdict
    assert (found.threat_types, found.confidence) == ((ThreatType.PHISH,), "High")
    [reason] = [one for one in found.reasons if one.signal == signal]
    assert reason.entry == f"block {entry}"
    assert entry in reason.words


def from_ip(ip: str, **known):
    return inspect(LINKED, envelope=Envelope(client_ip=ip), facts=facts(**known), now=NOW)


def test_a_blocked_network_is_named():
    found = from_ip("198.51.100.7", blocked=frozenset({"ip:198.51.100.0/24"})).verdict
    assert found.threat_types == (ThreatType.SPAM,)
    assert "198.51.100.0/24" in found.reasons[0].words
    assert from_ip("198.51.101.7", blocked=frozenset({"ip:198.51.100.0/24"})).verdict.threat_types == ()


def test_an_allowed_address_sets_a_verdict_aside():
    known = {"indicators": {"domain:partner.example": "us"}, "allowed": frozenset({"ip:198.51.100.7"})}
    found = from_ip("198.51.100.7", **known).verdict
    assert found.threat_types == ()
    assert found.allowed == "ip:198.51.100.7"


def test_a_block_entry_precedes_an_allow_entry():
    known = {"blocked": frozenset({"domain:partner.example"}), "allowed": frozenset({"sender:bo@partner.example"})}
    found = read(LINKED, facts=facts(**known)).verdict
    assert found.threat_types == (ThreatType.PHISH,)
    assert found.allowed == ""


def test_an_allowed_url_counts_nothing_and_is_said():
    doubtful = letter("see http://203.0.113.9/login now")
    before = read(doubtful).verdict
    after = read(doubtful, facts=facts(allowed=frozenset({"url:203.0.113.9"}))).verdict
    assert "ip_url" in {one.signal for one in before.reasons}
    [said] = [one for one in after.reasons if one.signal == "allowed_url"]
    assert "ip_url" not in {one.signal for one in after.reasons}
    assert (said.points, said.entry) == (0, "allow url:203.0.113.9")


def test_an_indicator_says_who_says_so():
    found = read(LINKED, facts=facts(indicators={"domain:evil.example": "cert feed, high"})).verdict
    assert found.threat_types == (ThreatType.PHISH,)
    assert found.reasons[0].entry == "indicator domain:evil.example"
    assert "cert feed, high" in found.reasons[0].words


@pytest.mark.parametrize(
    ("name", "signal"),
    [("sender:bo@partner.example", "indicator_sender"), ("domain:partner.example", "indicator_sender")],
)
def test_an_indicator_covers_the_sender(name, signal):
    found = read(LINKED, facts=facts(indicators={name: "us"})).verdict
    assert [one.signal for one in found.reasons if one.entry] == [signal]


def test_mail_that_meets_no_entry_says_nothing_of_entries():
    known = facts(
        blocked=frozenset({"url:other.example", f"sha256:{hashlib.sha256(b'x').hexdigest()}"}),
        allowed=frozenset({"url:third.example"}),
        indicators={"ip:192.0.2.1": "us"},
    )
    assert [one for one in read(LINKED, facts=known).verdict.reasons if one.entry] == []
