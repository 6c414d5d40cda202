"""How Active Directory writes things, and what we read in it; without a server."""

import struct
import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.connectors.contracts import AccountFlag
from watchfloor.connectors.protocols.ldap_entry import Entry
from watchfloor.connectors.systems.active_directory.descriptors import (
    CHANGE_PASSWORD,
    RESET_PASSWORD,
    access_list,
    allowed,
    cannot_change_password,
)
from watchfloor.connectors.systems.active_directory.mapping import account, gone, group
from watchfloor.connectors.systems.active_directory.sensitive import GUARDED, why_sensitive
from watchfloor.connectors.systems.active_directory.values import (
    NEVER,
    dns_domain,
    filetime,
    guid,
    guid_of_name,
    plain_name,
    sid,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ADA = uuid.UUID("71f0a8a1-5903-4bbc-bd43-db0389fefd69")
DOMAIN = "S-1-5-21-1-2-3"
WORLD = bytes.fromhex("010100000000000100000000")


def entry(dn="CN=Ada,OU=Staff,DC=corp,DC=example", **values):
    """An entry whose names have underscores for dashes; a value is one or several texts or bytes."""
    lists = {name: value if isinstance(value, list) else [value] for name, value in values.items()}
    raw = {
        name.replace("_", "-").lower(): [one if isinstance(one, bytes) else str(one).encode() for one in value]
        for name, value in lists.items()
    }
    return Entry(dn, {"objectguid": [ADA.bytes_le]} | raw)


def raw_sid(*parts):
    return bytes([1, len(parts)]) + (5).to_bytes(6, "big") + b"".join(struct.pack("<I", part) for part in parts)


def descriptor(*aces):
    """A security descriptor of these lines: (kind, flags, mask, right or None, SID)."""
    lines = b""
    for kind, flags, mask, right, whom in aces:
        rest = (
            struct.pack("<I", 1) + right.bytes_le + whom
            if right
            else (struct.pack("<I", 0) if kind > 4 else b"") + whom
        )
        lines += struct.pack("<BBHI", kind, flags, 8 + len(rest), mask) + rest
    return (
        struct.pack("<BBHIIII", 1, 0, 4, 0, 0, 0, 20)
        + struct.pack("<BBHHH", 4, 0, 8 + len(lines), len(aces), 0)
        + lines
    )


@given(st.uuids())
def test_guids_are_read_as_windows_writes_them(made):
    assert guid(made.bytes_le) == str(made)
    assert guid_of_name(f"<GUID={str(made).upper()}>;<SID=S-1-5-18>;CN=x,DC=y") == str(made)


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=15))
def test_sids_are_read(parts):
    assert sid(raw_sid(*parts)) == "S-1-5-" + "-".join(map(str, parts))


@given(st.binary(max_size=80))
def test_bytes_that_are_no_id_are_none(raw):
    assert isinstance(sid(raw), str)
    assert isinstance(guid(raw), str)
    access_list(raw)
    cannot_change_password(raw)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("133000000000000000", datetime(2022, 6, 18, 4, 26, 40, tzinfo=UTC)),
        ("0", None),
        ("-1", None),
        (str(NEVER), None),
        (str(NEVER - 1), None),
        ("", None),
        ("soon", None),
    ],
)
def test_times_count_from_1601(text, moment):
    assert filetime(text) == moment


def test_names_are_read_with_and_without_ids_in_front():
    assert plain_name("<GUID=71f0a8a1-5903-4bbc-bd43-db0389fefd69>;<SID=S-1-5-18>;CN=x,DC=y") == "CN=x,DC=y"
    assert plain_name("CN=<GUID=>;x,DC=y") == "CN=<GUID=>;x,DC=y"
    assert guid_of_name("CN=x,DC=y") == "CN=x,DC=y"
    assert dns_domain("CN=x,DC=Corp,dc=example") == "corp.example"


@pytest.mark.parametrize(
    ("number", "words"),
    [(f"{DOMAIN}-512", "Domain Admins"), (f"{DOMAIN}-527", "Enterprise Key"), ("S-1-5-32-551", "Backup Operators")],
)
def test_sensitive_groups_are_known_whatever_they_are_called(number, words):
    assert why_sensitive(number, "Administradores", guarded=False).startswith(words)


def test_other_groups_are_sensitive_only_when_the_directory_guards_them():
    assert why_sensitive(f"{DOMAIN}-1104", "Team", guarded=False) == ""
    assert why_sensitive(f"{DOMAIN}-1104", "Team", guarded=True) == GUARDED
    assert "DNS service" in why_sensitive(f"{DOMAIN}-1101", "DnsAdmins", guarded=False)
    assert why_sensitive("S-1-5-32-512", "no", guarded=False) == ""
    assert why_sensitive("", "", guarded=False) == ""


def test_a_managed_service_account_is_a_service():
    made = account(
        entry(objectClass=["top", "computer", "msDS-GroupManagedServiceAccount"], sAMAccountName="svc$"), now=NOW
    )
    assert made.service
    assert made.name == "svc$"


@pytest.mark.parametrize(
    ("values", "flags"),
    [
        ({"userAccountControl": 512}, ()),
        ({"userAccountControl": 512, "pwdLastSet": "0"}, (AccountFlag.MUST_CHANGE_PASSWORD,)),
        ({"userAccountControl": 512 | 0x10000, "pwdLastSet": "0"}, (AccountFlag.PASSWORD_NEVER_EXPIRES,)),
        ({"msDS_User_Account_Control_Computed": 0x800000}, (AccountFlag.PASSWORD_EXPIRED,)),
        ({"msDS_User_Account_Control_Computed": 0x10}, (AccountFlag.LOCKED,)),
        ({"msDS_User_Account_Control_Computed": 0, "lockoutTime": "133000000000000000"}, ()),
        ({"lockoutTime": "133000000000000000"}, (AccountFlag.LOCKED,)),
        ({"accountExpires": "133000000000000000"}, (AccountFlag.EXPIRED,)),
        ({"accountExpires": str(NEVER)}, ()),
        ({"userAccountControl": 0x200000 | 0x4000000}, (AccountFlag.PARTIAL, AccountFlag.WEAK_ENCRYPTION)),
        ({"userAccountControl": "no number"}, ()),
        (
            {"nTSecurityDescriptor": descriptor((6, 0, 0x100, CHANGE_PASSWORD, WORLD))},
            (AccountFlag.CANNOT_CHANGE_PASSWORD,),
        ),
    ],
)
def test_flags_follow_from_what_the_directory_says(values, flags):
    assert account(entry(**values), now=NOW).flags == flags


def test_the_last_sign_in_is_the_latest_that_is_known():
    made = account(entry(lastLogon="133000000000000000", lastLogonTimestamp="132000000000000000"), now=NOW)
    assert made.last_sign_in_at == filetime("133000000000000000")


def test_who_has_no_name_to_show_is_shown_by_the_common_name():
    assert account(entry(cn="Ada B"), now=NOW).display_name == "Ada B"


def test_a_deleted_account_says_who_it_was():
    made = gone(entry(sAMAccountName="ada", isDeleted="TRUE"), netbios="CORP")
    assert (made.key, made.name, made.domain, made.deleted, made.enabled) == (str(ADA), "ada", "CORP", True, False)
    assert group(entry(sAMAccountName="team", isDeleted="TRUE")).deleted


def test_the_first_line_about_somebody_decides():
    ours, other = raw_sid(21, 7), raw_sid(21, 8)
    deny_then_allow = descriptor((6, 0, 0x100, RESET_PASSWORD, ours), (5, 0, 0x100, RESET_PASSWORD, ours))
    assert not allowed(deny_then_allow, RESET_PASSWORD, {sid(ours)})
    assert allowed(descriptor((5, 0, 0x100, RESET_PASSWORD, ours)), RESET_PASSWORD, {sid(ours)})
    assert not allowed(descriptor((5, 0, 0x100, CHANGE_PASSWORD, ours)), RESET_PASSWORD, {sid(ours)})
    assert not allowed(descriptor((5, 0, 0x100, RESET_PASSWORD, other)), RESET_PASSWORD, {sid(ours)})
    assert not allowed(descriptor((5, 8, 0x100, RESET_PASSWORD, ours)), RESET_PASSWORD, {sid(ours)})


@pytest.mark.parametrize("line", [(0, 0, 0x10000000, None), (0, 0, 0x100, None), (5, 0, 0x100, None)])
def test_a_right_to_everything_is_a_right_to_this(line):
    ours = raw_sid(21, 7)
    assert allowed(descriptor((*line, ours)), RESET_PASSWORD, {sid(ours)})


def test_a_list_that_is_cut_says_nothing():
    whole = descriptor((5, 0, 0x100, RESET_PASSWORD, raw_sid(21, 7)))
    assert access_list(whole[:30]) == ()
    assert access_list(b"") == ()
