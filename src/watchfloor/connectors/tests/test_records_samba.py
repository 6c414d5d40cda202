"""What a Samba domain controller writes to its audit logs becomes sign-ins and changes in the directory."""

import json
from collections import defaultdict
from datetime import UTC, datetime

import ldap3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs import wait_until
from labs.samba import BASE, PASSWORD, STAFF, Samba
from watchfloor.connectors.contracts import ObservedKind
from watchfloor.connectors.observing import observed_after
from watchfloor.connectors.records import recognised
from watchfloor.connectors.records.samba import SOURCE, parse, sniff
from watchfloor.connectors.registry import system
from watchfloor.kernel.errors import BadInput
from watchfloor.lake.schema.identity_directory_events import TABLE as CHANGES
from watchfloor.lake.schema.identity_logon_events import TABLE as SIGN_INS

NTLM = {
    "timestamp": "2026-11-22T14:35:16.570712+0100",
    "type": "Authentication",
    "Authentication": {
        "version": {"major": 1, "minor": 2},
        "eventId": 4625,
        "logonId": "7643dcdc9f8829dd",
        "logonType": 3,
        "status": "NT_STATUS_ACCOUNT_LOCKED_OUT",
        "localAddress": "ipv6:2001:db8::5:445",
        "remoteAddress": "ipv6:2001:db8::7:51234",
        "serviceDescription": "SMB2",
        "authDescription": None,
        "clientDomain": "CORP",
        "clientAccount": "CORP\\ada",
        "workstation": "\\\\ADA-LAPTOP",
        "becameAccount": None,
        "passwordType": "NTLMv2",
    },
}


def changed(kind="dsdbChange", **said):
    return {"timestamp": "2026-11-22T14:35:16.570712+0000", "type": kind, kind: {"status": "Success", **said}}


def the_row(record):
    ((table, row),) = parse(record)
    return table, row


@pytest.fixture(scope="module")
def told():
    """What a controller wrote while people came, failed, were changed and left: (sign-ins, changes)."""
    with Samba() as domain:
        dn = domain.add_person("ada")
        team = domain.add_group("team", members=(dn,))
        domain.bound("ada@corp.example", PASSWORD)
        domain.bound("ada@corp.example", "wrong")
        domain.bound("nobody@corp.example", "wrong")
        domain.kinit("ada", PASSWORD)
        with domain.admin() as admin:
            admin.modify(team, {"member": [(ldap3.MODIFY_DELETE, [dn])]})
            admin.modify(dn, {"title": [(ldap3.MODIFY_REPLACE, ["Chief"])]})
            admin.modify(dn, {"userAccountControl": [(ldap3.MODIFY_REPLACE, ["514"])]})
        domain.bound("ada@corp.example", PASSWORD)
        domain.kinit("ada", PASSWORD)
        with domain.admin() as admin:
            admin.delete(dn)
        wait_until(lambda: '"operation": "Delete"' in domain.directory_log.read_text(), what="the log of the deletion")
        records = [
            json.loads(line)
            for log in (domain.auth_log, domain.directory_log)
            for line in log.read_text().splitlines()
            if line.lstrip().startswith("{")
        ]
    rows = [found for record in records for found in parse(record)]
    return [row for table, row in rows if table == SIGN_INS.name], [row for table, row in rows if table == CHANGES.name]


@pytest.mark.lab
def test_sign_ins_tell_who_from_where_and_why_not(told):
    mine = [row for row in told[0] if row["AccountName"] == "ada"]
    said = [(row["Protocol"], row["ActionType"], row["FailureReason"]) for row in mine]
    assert ("LDAP", "LogonSuccess", "") in said
    assert ("LDAP", "LogonFailed", "WrongPassword") in said
    assert ("LDAP", "LogonFailed", "AccountDisabled") in said
    assert ("Kerberos", "LogonSuccess", "") in said
    assert ("Kerberos", "LogonFailed", "AccountDisabled") in said
    first = next(row for row in mine if row["Protocol"] == "LDAP" and not row["FailureReason"])
    assert (first["AccountDomain"], first["AccountUpn"]) == ("CORP", "ada@corp.example")
    assert first["AccountSid"].startswith("S-1-5-21-")
    assert (first["IPAddress"], first["DestinationIPAddress"], first["DestinationPort"]) == (
        "127.0.0.1",
        first["DestinationIPAddress"],
        636,
    )
    assert first["DeviceName"] == ""
    assert abs(datetime.now(UTC) - first["Timestamp"]).total_seconds() < 300


@pytest.mark.lab
def test_a_name_that_does_not_exist_is_told_as_it_was_typed(told):
    (row,) = [row for row in told[0] if row["FailureReason"] == "UserNotFound"]
    assert (row["AccountName"], row["AccountUpn"]) == ("nobody", "nobody@corp.example")


@pytest.mark.lab
def test_changes_tell_what_was_done_to_whom(told):
    mine = [row for row in told[1] if row["TargetAccountDisplayName"] == "ada"]
    assert [row["ActionType"] for row in mine] == [
        "Account created",
        "Account Password reset",
        "Account changed",
        "Group Membership changed",
        "Group Membership changed",
        "Account changed",
        "Account disabled",
        "Directory object deleted",
    ]
    joined, left = (row["AdditionalFields"] for row in mine if "Group" in row["ActionType"])
    assert (joined["TO.GROUP"], left["FROM.GROUP"]) == ("team", "team")
    assert mine[5]["AdditionalFields"]["TO.title"] == "Chief"
    assert all(row["AccountSid"].endswith("-500") and row["IPAddress"] == "127.0.0.1" for row in mine)
    assert PASSWORD not in json.dumps(told, default=str)
    assert "Group created" in [row["ActionType"] for row in told[1]]


@pytest.mark.lab
def test_every_row_fits_its_table_and_has_an_id_of_its_own(told):
    for table, rows in zip((SIGN_INS, CHANGES), told, strict=True):
        names = {column.name for column in table.columns}
        assert all(set(row) <= names for row in rows)
        assert len({row["ReportId"] for row in rows}) == len(rows)


@pytest.mark.lab
@pytest.mark.django_db
def test_a_controller_s_log_files_are_followed():
    with Samba() as domain:
        domain.add_person("ada")
        domain.bound("ada@corp.example", "wrong")
        wait_until(lambda: "WRONG_PASSWORD" in domain.auth_log.read_text(), what="the log of the sign-in")
        stops = iter([False] * 3 + [True] * 100)
        settings = {"path": str(domain.folder / "*.json"), "begin": "all", "records": "samba"}
        system("log_files").run(settings, name="dc1", stop=lambda: next(stops))
    tables = defaultdict(list)
    for batch in observed_after(0, kinds=(ObservedKind.EVENTS,), limit=100):
        tables[batch.table] += batch.items
    assert "WrongPassword" in {row["FailureReason"] for row in tables["IdentityLogonEvents"]}
    assert "Account created" in {row["ActionType"] for row in tables["IdentityDirectoryEvents"]}


def test_a_file_server_s_sign_in_names_the_computer():
    table, row = the_row(NTLM)
    assert table == "IdentityLogonEvents"
    assert (row["Protocol"], row["FailureReason"], row["DeviceName"]) == ("Ntlm", "AccountLocked", "ADA-LAPTOP")
    assert (row["AccountName"], row["AccountDomain"], row["AccountUpn"]) == ("ada", "CORP", "")
    assert (row["IPAddress"], row["Port"], row["DestinationPort"]) == ("2001:db8::7", 51234, 445)
    assert row["Timestamp"] == datetime(2026, 11, 22, 13, 35, 16, 570712, tzinfo=UTC)


def test_the_same_record_has_the_same_id_and_another_one_another():
    assert the_row(NTLM)[1]["ReportId"] == the_row(NTLM | {"_from": "syslog"})[1]["ReportId"]
    other = NTLM | {"timestamp": "2026-11-22T14:35:17.570712+0100"}
    assert the_row(NTLM)[1]["ReportId"] != the_row(other)[1]["ReportId"]


def test_a_session_by_ticket_is_a_sign_in_and_one_by_password_is_told_already():
    said = {"account": "ada", "domain": "CORP", "serviceDescription": "SMB2", "remoteAddress": "ipv4:192.0.2.7:4711"}
    by_ticket = changed("Authorization", **said, authType="krb5", logonServer="FILES")
    _, row = the_row(by_ticket)
    assert (row["LogonType"], row["TargetDeviceName"], row["IPAddress"]) == ("Resource access", "FILES", "192.0.2.7")
    assert parse(changed("Authorization", **said, authType="NTLMSSP")) == ()


def test_a_password_in_clear_is_told():
    said = {"status": "NT_STATUS_OK", "serviceDescription": "LDAP", "authDescription": "simple bind"}
    assert the_row(changed("Authentication", **said))[1]["LogonType"] == "LDAP cleartext"


def test_what_was_refused_is_no_change():
    _, row = the_row(
        changed("passwordChange", status="insufficient access rights", action="Reset", dn=f"CN=ada,{STAFF}")
    )
    assert row["ActionType"] == "Directory change refused"
    assert row["AdditionalFields"]["Attempted"] == "Account Password reset"


def test_a_change_of_one_s_own_password_is_no_reset():
    assert (
        the_row(changed("passwordChange", action="Change", dn=f"CN=ada,{STAFF}"))[1]["ActionType"]
        == "Account Password changed"
    )


def test_a_lock_that_is_lifted_is_told():
    attributes = {"lockoutTime": {"actions": [{"action": "replace", "values": [{"value": "0"}]}]}}
    assert the_row(changed(operation="Modify", dn="CN=a", attributes=attributes))[1]["ActionType"] == "Account unlocked"


def test_a_group_by_number_is_a_group_unless_everybody_is_in_it():
    hidden = {"action": "PrimaryGroup", "user": f"CN=mole,{STAFF}"}
    _, row = the_row(changed("groupChange", **hidden, group=f"CN=Domain Admins,CN=Users,{BASE}"))
    assert (row["AdditionalFields"]["TO.GROUP"], row["AdditionalFields"]["PrimaryGroup"]) == ("Domain Admins", "true")
    assert parse(changed("groupChange", **hidden, group=f"CN=Domain Users,CN=Users,{BASE}")) == ()


def test_names_with_commas_are_read_whole():
    said = changed("groupChange", action="Added", group="CN=team,DC=x", user=r"CN=Byron\, Ada,OU=Staff,DC=x")
    assert the_row(said)[1]["TargetAccountDisplayName"] == "Byron, Ada"


def test_the_controller_s_bookkeeping_is_no_change():
    attributes = {"lastLogonTimestamp": {"actions": [{"action": "replace", "values": [{"value": "1343"}]}]}}
    assert parse(changed(operation="Modify", dn="CN=a", attributes=attributes)) == ()
    assert parse({"type": "dsdbTransaction", "dsdbTransaction": {}}) == ()


def test_the_shape_is_told_from_others():
    assert recognised(NTLM) is SOURCE
    assert not sniff({"type": "Authentication"})
    assert not sniff({"type": ["Authentication"]})


def test_a_record_that_is_cut_is_refused():
    with pytest.raises(BadInput):
        parse({"type": "Authentication"})
    with pytest.raises(BadInput):
        parse({"type": "Authentication", "Authentication": {}})


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
KEYS = [
    "attributes",
    "status",
    "dn",
    "user",
    "group",
    "action",
    "operation",
    "remoteAddress",
    "clientAccount",
    "userSid",
]


@given(
    st.sampled_from(["Authentication", "Authorization", "dsdbChange", "passwordChange", "groupChange"]),
    st.dictionaries(st.sampled_from(KEYS), anything),
)
def test_whatever_a_record_holds_it_is_read_or_refused(kind, said):
    try:
        rows = parse({"timestamp": "2026-11-22T14:35:16+0000", "type": kind, kind: said})
    except BadInput:
        return
    assert all(isinstance(row["Timestamp"], datetime) for _, row in rows)
