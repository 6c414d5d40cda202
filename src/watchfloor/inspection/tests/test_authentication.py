"""Only our own border's word on authentication counts."""

import pytest

from watchfloor.inspection.authentication import authserv_id, read_results, read_tenant_results
from watchfloor.inspection.contracts import Authentication
from watchfloor.inspection.headers import split_headers
from watchfloor.inspection.limits import Limits

IDS = frozenset({"mx.corp.example"})
INSIDE = "Received: from mx.corp.example ([10.0.0.5]) by store.corp.example with LMTP"
BORDER = "Received: from mail.sender.example ([203.0.113.7]) by mx.corp.example with ESMTPS"
BEFORE = "Received: from laptop ([198.51.100.9]) by mail.sender.example with ESMTPSA"


def _read(*lines: str, ids: frozenset[str] = IDS) -> Authentication:
    return read_results(split_headers("\r\n".join(lines).encode(), Limits()), ids)


def test_the_borders_results_are_read():
    found = _read(
        "Authentication-Results: mx.corp.example; spf=pass smtp.mailfrom=a@b.example;"
        " dkim=fail (bad body hash); dmarc=fail (p=none) header.from=b.example; arc=none",
        BORDER,
    )
    assert found == Authentication("pass", "fail", "fail", "none", "fail", "trusted hop mx.corp.example")


def test_results_may_stand_below_the_borders_own_received_line():
    assert _read(INSIDE, BORDER, "Authentication-Results: mx.corp.example; dmarc=pass", BEFORE).dmarc == "pass"


def test_results_below_the_second_outside_hop_are_a_strangers():
    assert _read(BORDER, BEFORE, "Authentication-Results: mx.corp.example; dmarc=pass") == Authentication()


@pytest.mark.parametrize("name", ["mail.sender.example", "mx.corp.example.evil.example", "spf=pass"])
def test_results_of_other_servers_count_for_nothing(name):
    assert _read(f"Authentication-Results: {name}; dmarc=pass", BORDER).source == "none"


def test_several_headers_of_the_border_are_one():
    found = _read(
        "Authentication-Results: mx.corp.example; spf=softfail",
        "Authentication-Results: MX.corp.example 1; dkim=fail; dkim=pass",
        BORDER,
    )
    assert (found.spf, found.dkim, found.composite) == ("softfail", "pass", "softpass")


def test_a_forged_header_below_the_borders_own_changes_no_result_of_it():
    found = _read(
        "Authentication-Results: mx.corp.example; spf=fail; dmarc=fail; compauth=fail",
        BORDER,
        "Authentication-Results: mx.corp.example; spf=pass; dkim=none; dmarc=pass; compauth=pass",
    )
    assert (found.spf, found.dmarc, found.composite) == ("fail", "fail", "fail")


def test_a_comment_cannot_smuggle_a_result():
    assert _read("Authentication-Results: mx.corp.example; spf=fail (dmarc=pass spf=pass)", BORDER).dmarc == "none"


MICROSOFT = (
    "Authentication-Results: spf=pass (sender IP is 203.0.113.7) smtp.mailfrom=b.example; dkim=none (message not signed)"
    " header.d=none;dmarc=bestguesspass action=none header.from=b.example;compauth=pass reason=109"
)


@pytest.mark.parametrize("ids", [IDS, frozenset({"protection.outlook.com"})])
def test_results_without_an_id_count_only_where_our_own_tenant_wrote_them(ids):
    assert _read(MICROSOFT, BORDER, ids=ids).source == "none"


def test_our_own_tenants_results_are_read_with_the_code_of_the_composite_result():
    headers = split_headers(f"Authentication-Results: mx.evil.example; dmarc=pass\r\n{MICROSOFT}".encode(), Limits())
    found = read_tenant_results(headers)
    assert (found.spf, found.dkim, found.dmarc, found.composite) == ("pass", "none", "bestguesspass", "pass")
    assert found.reason == "109"
    assert read_tenant_results(()) == Authentication()


@pytest.mark.parametrize(
    ("results", "composite"),
    [
        ("dmarc=pass; spf=fail", "pass"),
        ("dmarc=fail; spf=pass", "fail"),
        ("spf=pass", "softpass"),
        ("dkim=pass; spf=fail", "softpass"),
        ("spf=softfail", "fail"),
        ("spf=hardfail", "fail"),
        ("spf=none; dkim=none", "none"),
        ("spf=gibberish", "none"),
    ],
)
def test_one_word_sums_up_the_results(results, composite):
    assert _read(f"Authentication-Results: mx.corp.example; {results}", BORDER).composite == composite


@pytest.mark.parametrize(
    ("value", "name"),
    [("mx.example; none", "mx.example"), ("spf=pass; x", ""), ("", ""), ("(c) mx.example 1; x", "mx.example")],
)
def test_the_authserv_id_is_the_first_word(value, name):
    assert authserv_id(value) == name
