"""URLs are found wherever they stand and taken apart as browsers do."""

import pytest

from watchfloor.inspection.limits import Limits
from watchfloor.inspection.urls import UrlCollector, registrable, take_apart, unwrapped, urls_in


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("see https://a.example/x?y=1, or (http://b.example).", ["https://a.example/x?y=1", "http://b.example"]),
        ("www.a.example/path and HTTP://B.example!", ["http://www.a.example/path", "HTTP://B.example"]),
        ("hxxps://evil.example/x", ["https://evil.example/x"]),
        ("<https://a.example/>", ["https://a.example/"]),
        ("nothing here: a.example", []),
        ("https://", []),
    ],
)
def test_urls_written_in_text_are_found(text, urls):
    assert urls_in(text) == urls


@pytest.mark.parametrize(
    ("url", "host", "domain"),
    [
        ("https://Login.Evil.co.uk/x", "login.evil.co.uk", "evil.co.uk"),
        ("http://paypal.com@evil.example/", "evil.example", "evil.example"),
        ("http:\\\\evil.example\\x", "evil.example", "evil.example"),
        ("//evil.example/x", "evil.example", "evil.example"),
        ("http://bücher.example/", "xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("http://10.0.0.1:8080/", "10.0.0.1", "10.0.0.1"),
        ("http://[2001:db8::1]/", "[2001:db8::1]", "[2001:db8::1]"),
        ("http://e%76il.example/", "evil.example", "evil.example"),
    ],
)
def test_hosts_are_what_a_browser_would_open(url, host, domain):
    parts = take_apart(url)
    assert (parts.host, parts.domain) == (host, domain)


@pytest.mark.parametrize(
    "url",
    ["", "relative/path", "http://", "http://[::1", "http://exa mple/", "javascript:alert(1)", "http://a:99999999999/"],
)
def test_what_has_no_host_is_no_url(url):
    parts = take_apart(url)
    assert parts is None or parts.host


@pytest.mark.parametrize(
    ("host", "ip"),
    [
        ("http://10.1.2.3/", True),
        ("http://0x7f000001/", True),
        ("http://2130706433/", True),
        ("http://a.example/", False),
    ],
)
def test_bare_addresses_are_recognised(host, ip):
    assert take_apart(host).is_ip is ip


def test_registrable_domains_follow_the_public_suffix_list():
    assert registrable("a.b.example.com.br") == "example.com.br"
    assert registrable("shop.github.io") == "shop.github.io"
    assert registrable("localhost") == "localhost"


@pytest.mark.parametrize(
    "wrapped",
    [
        "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fevil.example%2Fx&data=1",
        "https://urldefense.com/v3/__https://evil.example/x__;!!abc",
        "https://urldefense.proofpoint.com/v2/url?u=https-3A__evil.example_x&d=1",
        "https://www.google.com/url?q=https://evil.example/x&sa=D",
    ],
)
def test_rewritten_links_show_their_target(wrapped):
    assert unwrapped(wrapped, take_apart(wrapped)) == "https://evil.example/x"


def test_a_rewritten_link_is_kept_together_with_its_target():
    collector = UrlCollector(Limits())
    collector.add("https://www.google.com/url?q=https://evil.example/x", "Body", "offer")
    assert [(url.domain, url.text) for url in collector.found] == [
        ("www.google.com", "offer"),
        ("evil.example", "offer"),
    ]


def test_one_url_counts_once_per_place_and_keeps_its_text():
    collector = UrlCollector(Limits())
    for location, text in (("Body", ""), ("Body", "click"), ("QRCode", "")):
        collector.add("https://a.example/?x=1&amp;y=2", location, text)
    assert [(url.url, url.location, url.text) for url in collector.found] == [
        ("https://a.example/?x=1&y=2", "Body", "click"),
        ("https://a.example/?x=1&y=2", "QRCode", ""),
    ]


@pytest.mark.parametrize("url", ["mailto:a@b.example", "javascript:x", "tel:1", "cid:1", "#top", ""])
def test_only_web_addresses_are_kept(url):
    collector = UrlCollector(Limits())
    collector.add(url, "Body")
    assert collector.found == ()


def test_urls_are_cut_in_number_and_length():
    cuts = Limits()
    collector = UrlCollector(cuts)
    for number in range(1_500):
        collector.add(f"https://a.example/{number}", "Body")
    collector.add("https://a.example/" + "x" * 20_000, "Body")
    assert len(collector.found) == 1_000
    assert set(cuts.hit) == {"URLs cut at 1000", "URL cut at 8 kB"}
