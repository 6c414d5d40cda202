"""Addresses as mail programs show them."""

from datetime import UTC, datetime

import pytest

from watchfloor.inspection.addresses import Address, domain_of, parse_address, parse_addresses, parse_date
from watchfloor.inspection.limits import Limits


@pytest.mark.parametrize(
    ("value", "name", "address"),
    [
        ("Bo Berg <bo@Partner.Example>", "Bo Berg", "bo@partner.example"),
        ('"Berg, Bo" <bo@partner.example>', "Berg, Bo", "bo@partner.example"),
        ("bo@partner.example", "", "bo@partner.example"),
        ("bo@partner.example (Bo Berg)", "Bo Berg", "bo@partner.example"),
        ('"it@bank.example" <x@evil.example>', "it@bank.example", "x@evil.example"),
        ("A <a@one.example> B <b@two.example>", "A <a@one.example> B", "b@two.example"),
        ("Nobody", "Nobody", ""),
        ("", "", ""),
        ("<>", "<>", ""),
    ],
)
def test_one_sender_is_a_name_and_an_address(value, name, address):
    assert parse_address(value) == Address(name, address)


def test_recipients_are_distinct_and_in_order():
    values = ['"Lovelace, Ada" <ada@corp.example>, max@corp.example', "ADA@corp.example, undisclosed-recipients:;"]
    assert parse_addresses(values, Limits()) == ("ada@corp.example", "max@corp.example")


def test_recipients_are_cut_at_the_limit():
    cuts = Limits()
    found = parse_addresses([", ".join(f"a{n}@corp.example" for n in range(3_000))], cuts)
    assert len(found) == 2_000
    assert cuts.hit == ("recipients cut at 2000",)


@pytest.mark.parametrize(
    ("address", "domain"), [("a@B.example", "b.example"), ("none", ""), ("a@b@c.example.", "c.example")]
)
def test_the_domain_is_what_follows_the_last_at(address, domain):
    assert domain_of(address) == domain
    assert Address("", address).domain == domain


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("Mon, 9 Nov 2026 09:00:00 +0100", datetime(2026, 11, 9, 8, tzinfo=UTC)),
        ("9 Nov 2026 09:00:00 -0000", datetime(2026, 11, 9, 9, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        ("Mon, 99 Nov 2026 09:00:00 +0100", None),
        ("Mon, 9 Nov 9999 23:59:59 -2359", None),
    ],
)
def test_dates_are_utc_or_nothing(value, moment):
    assert parse_date(value) == moment
