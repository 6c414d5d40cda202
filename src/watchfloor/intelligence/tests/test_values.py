"""What people type becomes the one form that mail is looked up under, or is refused in words."""

import pytest

from watchfloor.inspection.entry_names import url_names
from watchfloor.inspection.urls import take_apart
from watchfloor.intelligence.contracts import Kind
from watchfloor.intelligence.values import entry_value, guess_kind, refuse_wide
from watchfloor.kernel.errors import BadInput

HASH = "A" * 64


@pytest.mark.parametrize(
    ("kind", "text", "stored"),
    [
        (Kind.SENDER, " Bo@Partner.Example ", "bo@partner.example"),
        (Kind.DOMAIN, "*.Evil.Example.", "evil.example"),
        (Kind.DOMAIN, "müller.example", "xn--mller-kva.example"),
        (Kind.URL, "https://Evil.example/Login/", "evil.example/login"),
        (Kind.URL, "http://bo@evil.example:8080/a#top", "evil.example/a"),
        (Kind.URL, "evil.example", "evil.example"),
        (Kind.URL, "*.evil.example/*", "*.evil.example/*"),
        (Kind.URL, "~evil.example~", "~evil.example~"),
        (Kind.URL, "evil.example/a/*", "evil.example/a/*"),
        (Kind.URL, "http://203.0.113.9/x", "203.0.113.9/x"),
        (Kind.FILE, HASH, HASH.lower()),
        (Kind.IP, "192.0.2.7", "192.0.2.7"),
        (Kind.IP, "192.0.2.7/24", "192.0.2.0/24"),
        (Kind.IP, "2001:DB8::1", "2001:db8::1"),
    ],
)
def test_a_value_has_one_form(kind, text, stored):
    assert entry_value(kind, text) == stored
    assert entry_value(kind, stored) == stored


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.SENDER, "bo"),
        (Kind.SENDER, "bo@partner"),
        (Kind.DOMAIN, "example"),
        (Kind.DOMAIN, "ev il.example"),
        (Kind.URL, "evil.*.example"),
        (Kind.URL, "*.evil.example/a"),
        (Kind.URL, "evil.example~"),
        (Kind.URL, "*"),
        (Kind.FILE, "abc"),
        (Kind.IP, "0.0.0.0/0"),
        (Kind.IP, "300.1.1.1"),
        (Kind.IP, ""),
        (Kind.URL, "evil.example/" + "a" * 300),
    ],
)
def test_what_is_no_such_value_is_refused_with_its_place(kind, text):
    with pytest.raises(BadInput) as error:
        entry_value(kind, text)
    assert error.value.place == "value"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("bo@partner.example", Kind.SENDER),
        ("evil.example", Kind.DOMAIN),
        ("evil.example/login", Kind.URL),
        ("https://evil.example", Kind.URL),
        ("192.0.2.7", Kind.IP),
        ("2001:db8::/32", Kind.IP),
        (HASH, Kind.FILE),
    ],
)
def test_the_kind_of_a_line_is_told_from_it(text, kind):
    assert guess_kind(text) is kind


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/Login?a=1", "https://evil.example", "http://evil.example?x=1", "https://evil.example/a/b/"],
)
def test_a_stored_url_covers_the_url_it_was_made_from(url):
    stored = entry_value(Kind.URL, url)
    assert f"url:{stored}" in set(url_names(url, take_apart(url).host, whole_host=True))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.DOMAIN, "co.uk"),
        (Kind.DOMAIN, "*.com.au"),
        (Kind.URL, "~co.uk~"),
        (Kind.URL, "*.co.uk/*"),
        (Kind.URL, "co.uk"),
        (Kind.DOMAIN, "corp.example"),
        (Kind.URL, "https://corp.example/"),
        (Kind.URL, "corp.example/*"),
        (Kind.URL, "~corp.example~"),
    ],
)
def test_what_covers_half_the_world_or_ourselves_is_refused(kind, text):
    with pytest.raises(BadInput, match=r"public suffix|own domain"):
        refuse_wide(kind, entry_value(kind, text), own_domains=["corp.example"])


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.DOMAIN, "evil.co.uk"),
        (Kind.DOMAIN, "github.io"),
        (Kind.DOMAIN, "notcorp.example"),
        (Kind.SENDER, "ceo@corp.example"),
        (Kind.URL, "corp.example/hacked/login"),
        (Kind.URL, "~evil.example~"),
        (Kind.URL, "203.0.113.9/x"),
        (Kind.URL, "https://[2001:db8::1]/x"),
        (Kind.IP, "192.0.2.1"),
    ],
)
def test_what_is_one_senders_is_not(kind, text):
    refuse_wide(kind, entry_value(kind, text), own_domains=["corp.example"])
