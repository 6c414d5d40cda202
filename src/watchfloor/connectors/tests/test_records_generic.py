"""Records of anything else, by a mapping of the administrator's."""

from datetime import UTC, datetime

import pytest

from watchfloor.connectors.records.generic import mapped
from watchfloor.kernel.errors import BadInput

KNOWN = {
    "IdentityLogonEvents": frozenset({"Timestamp", "AccountUpn", "ActionType", "Application", "IPAddress", "Port"})
}
SHOP = """
# sign-ins of the shop
table = IdentityLogonEvents
only event.kind = login, Logout
Timestamp = event.time
AccountUpn = $.user.emails.0
Application = "Shop = ours"
ActionType = event.outcome {ok: LogonSuccess, *: LogonFailed}
IPAddress = client.ip
"""
RECORD = {
    "event": {"kind": "Login", "time": "2026-11-22T12:00:00Z", "outcome": "OK"},
    "user": {"emails": ["ada@corp.example"]},
    "client.ip": "198.51.100.7",
}


def test_a_record_is_read_by_paths_constants_and_translations():
    ((table, row),) = mapped(SHOP, known=KNOWN).parse(RECORD)
    assert table == "IdentityLogonEvents"
    assert row.pop("ReportId")
    assert row == {
        "Timestamp": datetime(2026, 11, 22, 12, tzinfo=UTC),
        "AccountUpn": "ada@corp.example",
        "Application": "Shop = ours",
        "ActionType": "LogonSuccess",
        "IPAddress": "198.51.100.7",
    }


def test_every_other_value_is_translated_too_and_other_kinds_are_left_out():
    reader = mapped(SHOP, known=KNOWN)
    ((_, row),) = reader.parse(RECORD | {"event": RECORD["event"] | {"outcome": "bad"}})
    assert row["ActionType"] == "LogonFailed"
    assert reader.parse(RECORD | {"event": RECORD["event"] | {"kind": "view"}}) == ()


def test_a_line_is_taken_apart_by_a_pattern():
    reader = mapped(
        "table = IdentityLogonEvents\npattern Message = ^(?P<who>\\S+) came from (?P<ip>\\S+)$\nAccountUpn = who\nIPAddress = ip",
        known=KNOWN,
    )
    ((_, row),) = reader.parse({"Message": "ada came from 198.51.100.7"})
    assert (row["AccountUpn"], row["IPAddress"]) == ("ada", "198.51.100.7")
    assert reader.parse({"Message": "nothing"}) == ()


def test_a_time_that_is_none_is_refused_with_its_column():
    with pytest.raises(BadInput, match="is no time"):
        mapped(SHOP, known=KNOWN).parse(RECORD | {"event": {"kind": "login", "time": "yesterday"}})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no table"),
        ("table = Shoes\nAccountUpn = a", "there is no table “Shoes”"),
        ("table = IdentityLogonEvents", "fills no column"),
        ("table = IdentityLogonEvents\nShoe = a", "has no column “Shoe”"),
        ("table = IdentityLogonEvents\nAccountUpn", "line 2 of the mapping is no “name = value”"),
        ("table = IdentityLogonEvents\nAccountUpn =", "line 2 of the mapping says not where"),
        ('table = IdentityLogonEvents\nAccountUpn = "a', "no closing quote"),
        ("table = IdentityLogonEvents\nAccountUpn = a {x}", "translates “x” to nothing"),
        ("table = IdentityLogonEvents\npattern m = (", "cannot be read"),
        ("table = IdentityLogonEvents\npattern m = x", "without named groups"),
        ("x" * 30_000, "too long"),
    ],
)
def test_what_is_wrong_with_a_mapping_is_said_with_its_line(text, words):
    with pytest.raises(BadInput, match=words.replace("(", "\\(")):
        mapped(text, known=KNOWN)
