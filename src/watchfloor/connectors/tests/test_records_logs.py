"""What mail, directory and device logs say, as rows: each shape told from the others, read, and never the end of a feed."""

import json
from datetime import UTC, datetime

import pytest

from watchfloor.connectors.records import recognised, sources
from watchfloor.connectors.records.auditd import Starts
from watchfloor.connectors.records.slapd import Connections
from watchfloor.kernel.errors import BadInput

# --- Dovecot ------------------------------------------------------------------------------------------------------


def dovecot(**fields):
    said = {
        "duration": 569,
        "success": "yes",
        "policy_result": "ok",
        "mechanism": "PLAIN",
        "transport": "TLS",
        "service": "imap",
        "session": "ttNBgt5gosZ",
        "local_ip": "192.0.2.10",
        "remote_ip": "198.51.100.7",
        "local_port": 993,
        "remote_port": 50850,
        "original_user": "Ada@corp.example",
        "user": "ada@corp.example",
    } | fields
    return {
        "event": "auth_request_finished",
        "hostname": "mx1",
        "start_time": "2026-11-22T14:44:04.622341Z",
        "end_time": "2026-11-22T14:44:04.622919Z",
        "categories": ["service:auth", "auth"],
        "fields": {name: value for name, value in said.items() if value is not None},
    }


def parsed(record, key=""):
    source = recognised(record)
    assert source is not None
    if key:
        assert source.key == key
    return source.parse(record)


def test_a_sign_in_at_dovecot_is_a_logon_with_its_protocol_and_both_ends():
    ((table, row),) = parsed(dovecot(), "dovecot")
    assert table == "IdentityLogonEvents"
    assert (row["ActionType"], row["Application"], row["Protocol"]) == ("LogonSuccess", "Dovecot", "IMAP")
    assert (row["AccountUpn"], row["IPAddress"], row["Port"]) == ("ada@corp.example", "198.51.100.7", 50850)
    assert (row["DestinationDeviceName"], row["DestinationPort"]) == ("mx1", 993)
    assert row["Timestamp"] == datetime(2026, 11, 22, 14, 44, 4, 622919, tzinfo=UTC)
    assert row["AdditionalFields"]["NameGiven"] == "Ada@corp.example"


def test_a_refused_one_says_why_as_far_as_dovecot_tells():
    ((_, row),) = parsed(dovecot(success=None))
    assert (row["ActionType"], row["FailureReason"]) == ("LogonFailed", "Wrong password, unknown or locked account")
    ((_, row),) = parsed(dovecot(success=None, policy_result="delayed"))
    assert row["FailureReason"] == "Refused by the authentication policy: delayed"


def test_a_master_user_is_who_signs_in_and_the_mailbox_what_it_is_done_to():
    ((_, row),) = parsed(dovecot(master_user="wfadmin", original_user="wfadmin", login_user=""))
    assert (row["AccountName"], row["AccountUpn"]) == ("wfadmin", "")
    assert row["TargetAccountDisplayName"] == "ada@corp.example"
    assert row["AdditionalFields"]["MasterUser"] == "wfadmin"


def test_the_same_event_has_the_same_id_and_another_has_another():
    first, again, other = (parsed(dovecot(session=name))[0][1]["ReportId"] for name in ("a", "a", "b"))
    assert first == again != other


def test_other_events_of_dovecot_tell_nothing_and_a_changed_sieve_script_does():
    record = dovecot() | {"event": "imap_command_finished"}
    assert parsed(record, "dovecot") == ()
    record = dovecot(cmd_name="PUTSCRIPT", script_name="main") | {"event": "managesieve_command_finished"}
    ((table, row),) = parsed(record)
    assert (table, row["ActivityType"], row["ObjectName"]) == ("CloudAppEvents", "New or changed inbox rule", "main")


# --- slapd --------------------------------------------------------------------------------------------------------


def slapd(text, **more):
    return {"AppName": "slapd", "HostName": "ldap1", "Timestamp": "2026-11-22T12:00:00Z", "Message": text} | more


CONVERSATION = (
    "conn=1001 fd=12 ACCEPT from IP=198.51.100.7:43210 (IP=192.0.2.5:389)",
    "conn=1001 op=0 STARTTLS",
    "conn=1001 op=0 RESULT oid= err=0 text=",
    'conn=1001 op=1 BIND dn="uid=ada,ou=people,dc=corp,dc=example" method=128',
    'conn=1002 op=0 BIND dn="" method=128',
    "conn=1001 op=1 RESULT tag=97 err=49 text=",
    'conn=1001 op=2 BIND dn="uid=ada,ou=people,dc=corp,dc=example" method=128',
    'conn=1001 op=2 BIND dn="uid=ada,ou=people,dc=corp,dc=example" mech=SIMPLE ssf=0',
    "conn=1001 op=2 RESULT tag=97 err=0 text=",
    "conn=1002 op=0 RESULT tag=97 err=0 text=",
    "conn=1001 fd=12 closed",
)


def rows_of_slapd(lines, holder=None):
    holder = holder or Connections({})
    return [row for line in lines for whole in holder.feed(slapd(line)) for _, row in sources()["slapd"].parse(whole)]


def test_the_parts_of_an_ldap_bind_make_one_row_each_with_address_and_name():
    refused, accepted = rows_of_slapd(CONVERSATION)
    assert (refused["ActionType"], accepted["ActionType"]) == ("LogonFailed", "LogonSuccess")
    assert refused["FailureReason"] == "Wrong password, unknown or locked account"
    assert (accepted["AccountName"], accepted["AccountDomain"]) == ("ada", "corp.example")
    assert (accepted["IPAddress"], accepted["Port"], accepted["DestinationPort"]) == ("198.51.100.7", 43210, 389)
    assert accepted["AdditionalFields"]["DistinguishedName"] == "uid=ada,ou=people,dc=corp,dc=example"


def test_a_bind_begun_before_a_restart_is_whole_after_it():
    before = Connections({})
    rows_of_slapd(CONVERSATION[:4], before)
    kept = json.loads(json.dumps(before.state()))
    (refused,) = rows_of_slapd(CONVERSATION[5:6], Connections(kept))
    assert (refused["AccountName"], refused["IPAddress"]) == ("ada", "198.51.100.7")


def test_an_address_that_slapd_writes_after_the_outcome_is_known_all_the_same():
    lines = (
        'conn=7 op=0 BIND dn="uid=ada,dc=corp,dc=example" method=128',
        "conn=7 op=0 RESULT tag=97 err=0 qtime=0.000014 etime=0.000140 text=",
        "conn=7 fd=11 ACCEPT from IP=198.51.100.7:53299 (IP=192.0.2.5:389)",
    )
    assert rows_of_slapd(lines[:2]) == []
    (row,) = rows_of_slapd(lines)
    assert (row["AccountName"], row["IPAddress"]) == ("ada", "198.51.100.7")
    (row,) = rows_of_slapd((*lines[:2], "conn=7 op=1 UNBIND"))
    assert (row["AccountName"], row["IPAddress"]) == ("ada", "")


def test_connections_that_never_close_do_not_pile_up():
    holder = Connections({})
    for number in range(10_500):
        holder.feed(slapd(f"conn={number} fd=1 ACCEPT from IP=198.51.100.7:1 (IP=192.0.2.5:389)"))
    assert len(holder.open) == 10_000
    assert recognised(slapd(CONVERSATION[3])).key == "slapd"


# --- Windows ------------------------------------------------------------------------------------------------------

DATA = {
    "SubjectUserName": "PC1$",
    "SubjectDomainName": "CORP",
    "TargetUserName": "ada",
    "TargetDomainName": "CORP",
    "TargetUserSid": "S-1-5-21-1-2-3-1104",
    "TargetLogonId": "0xae3a35",
    "LogonType": "10",
    "LogonProcessName": "User32 ",
    "AuthenticationPackageName": "Negotiate",
    "WorkstationName": "LAPTOP7",
    "IpAddress": "198.51.100.7",
    "IpPort": "54362",
    "ElevatedToken": "%%1842",
}
AT = "2026-11-22T12:00:00.123Z"


def winlogbeat(number, data=DATA, channel="Security"):
    winlog = {
        "event_id": number,
        "channel": channel,
        "computer_name": "PC1.corp.example",
        "record_id": 77,
        "event_data": data,
    }
    return {"@timestamp": AT, "host": {"name": "collector"}, "winlog": winlog, "event": {"code": number}}


def nxlog(number, data=DATA, channel="Security"):
    outer = {
        "EventID": number,
        "Channel": channel,
        "Hostname": "PC1.corp.example",
        "RecordNumber": 77,
        "@timestamp": AT,
    }
    return {"EventTime": "2026-11-22 07:00:00", "SourceModuleType": "im_msvistalog", **outer, **data}


def splunk(number, data=DATA, channel="Security"):
    outer = {
        "EventCode": str(number),
        "LogName": channel,
        "ComputerName": "PC1.corp.example",
        "RecordNumber": "77",
        "_time": AT,
    }
    return {"preview": False, "result": {**outer, **data}}


def evtx(number, data=DATA, channel="Security"):
    system = {
        "EventID": {"#text": number},
        "Channel": channel,
        "Computer": "PC1.corp.example",
        "EventRecordID": 77,
        "TimeCreated": {"#attributes": {"SystemTime": AT}},
    }
    return {"Event": {"System": system, "EventData": data}}


def xml(number, data=DATA, channel="Security"):
    fields = "".join(f"<Data Name='{name}'>{value}</Data>" for name, value in data.items())
    text = (
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
        f"<Provider Name='Microsoft-Windows-Security-Auditing'/><EventID>{number}</EventID>"
        f"<TimeCreated SystemTime='{AT}'/><EventRecordID>77</EventRecordID><Channel>{channel}</Channel>"
        f"<Computer>PC1.corp.example</Computer></System><EventData>{fields}</EventData></Event>"
    )
    return {"xml": text}


SHAPES = pytest.mark.parametrize("shape", [winlogbeat, nxlog, splunk, evtx, xml], ids=lambda shape: shape.__name__)


@SHAPES
def test_a_windows_sign_in_is_read_however_it_was_carried(shape):
    ((table, row),) = parsed(shape(4624), "windows")
    assert table == "DeviceLogonEvents"
    assert (row["DeviceName"], row["ActionType"], row["LogonType"]) == (
        "PC1.corp.example",
        "LogonSuccess",
        "RemoteInteractive",
    )
    assert (row["AccountName"], row["AccountDomain"], row["AccountSid"]) == ("ada", "CORP", "S-1-5-21-1-2-3-1104")
    assert (row["RemoteIP"], row["RemotePort"], row["RemoteDeviceName"]) == ("198.51.100.7", 54362, "LAPTOP7")
    assert row["LogonId"] == 0xAE3A35
    assert row["Timestamp"] == datetime(2026, 11, 22, 12, 0, 0, 123000, tzinfo=UTC)
    assert row["ReportId"] == "pc1.corp.example security 77 2026-11-22T12:00:00.123000+00:00"


@SHAPES
def test_a_windows_refusal_says_why(shape):
    ((_, row),) = parsed(shape(4625, DATA | {"Status": "0xc000006d", "SubStatus": "0xC000006A"}))
    assert (row["ActionType"], row["FailureReason"]) == ("LogonFailed", "WrongPassword")


def test_a_sign_in_with_other_credentials_is_an_attempt():
    ((_, row),) = parsed(winlogbeat(4648, DATA | {"TargetServerName": "files"}))
    assert (row["ActionType"], row["AdditionalFields"]["TargetServer"]) == ("LogonAttempted", "files")


@pytest.mark.parametrize(
    ("number", "more", "action", "failure", "kind"),
    [
        (4768, {"Status": "0x0"}, "LogonSuccess", "", "Kerberos sign-in"),
        (4768, {"Status": "0x6"}, "LogonFailed", "UserNotFound", "Kerberos sign-in"),
        (4769, {"Status": "0x0", "ServiceName": "FILES$"}, "LogonSuccess", "", "Kerberos service ticket"),
        (4771, {"Status": "0x18"}, "LogonFailed", "WrongPassword", "Kerberos sign-in"),
        (4776, {"Status": "0xc0000234"}, "LogonFailed", "AccountLocked", "Credentials validation"),
    ],
)
def test_a_domain_controller_tells_of_tickets(number, more, action, failure, kind):
    data = {"TargetUserName": "ada@CORP.EXAMPLE", "TargetSid": "S-1-5-21-9", "IpAddress": "::ffff:198.51.100.7"} | more
    ((table, row),) = parsed(nxlog(number, data))
    assert table == "IdentityLogonEvents"
    assert (row["ActionType"], row["FailureReason"], row["LogonType"]) == (action, failure, kind)
    assert (row["AccountName"], row["AccountDomain"], row["IPAddress"]) == ("ada", "CORP.EXAMPLE", "198.51.100.7")


@pytest.mark.parametrize(
    ("number", "action"),
    [
        (4720, "Account created"),
        (4722, "Account enabled"),
        (4723, "Account Password changed"),
        (4724, "Account Password reset"),
        (4725, "Account disabled"),
        (4726, "Account deleted"),
        (4740, "Account locked"),
    ],
)
def test_a_change_of_an_account_names_who_did_it_to_whom(number, action):
    data = {"SubjectUserName": "max", "SubjectDomainName": "CORP", "TargetUserName": "eve", "TargetSid": "S-1-5-21-7"}
    ((table, row),) = parsed(winlogbeat(number, data))
    assert (table, row["ActionType"]) == ("IdentityDirectoryEvents", action)
    assert (row["AccountName"], row["TargetAccountDisplayName"]) == ("max", "eve")
    assert row["AdditionalFields"]["TargetAccountSid"] == "S-1-5-21-7"


@pytest.mark.parametrize("number", [4728, 4732])
def test_who_joins_a_group_is_the_target_and_the_group_is_named(number):
    data = {
        "SubjectUserName": "max",
        "TargetUserName": "Domain Admins",
        "TargetSid": "S-1-5-21-1-512",
        "MemberName": "CN=Eve,CN=Users,DC=corp,DC=example",
        "MemberSid": "S-1-5-21-7",
    }
    ((_, row),) = parsed(evtx(number, data))
    assert (row["ActionType"], row["TargetAccountDisplayName"]) == ("Group Membership changed", "Eve")
    assert row["AdditionalFields"]["TO.GROUP"] == "Domain Admins"


SYSMON = "Microsoft-Windows-Sysmon/Operational"
IMAGE = {
    "UtcTime": "2026-11-22 11:59:59.500",
    "ProcessGuid": "{b34bc01c-22ae-5f69-b600-000000000900}",
    "ProcessId": "3112",
    "Image": "C:\\Windows\\System32\\curl.exe",
    "User": "CORP\\ada",
}


def test_a_process_comes_with_hashes_parent_and_account():
    more = {
        "CommandLine": "curl http://x.example",
        "Hashes": "SHA1=AA,MD5=BB,SHA256=CC,IMPHASH=DD",
        "ParentImage": "C:\\Windows\\System32\\cmd.exe",
        "ParentProcessId": "8692",
        "ParentCommandLine": "cmd",
        "IntegrityLevel": "High",
    }
    ((table, row),) = parsed(winlogbeat(1, IMAGE | more, SYSMON))
    assert (table, row["FileName"], row["SHA256"]) == ("DeviceProcessEvents", "curl.exe", "CC")
    assert (row["AccountDomain"], row["AccountName"], row["InitiatingProcessFileName"]) == ("CORP", "ada", "cmd.exe")
    assert row["Timestamp"] == datetime(2026, 11, 22, 11, 59, 59, 500000, tzinfo=UTC)


def test_a_connection_says_which_end_is_the_device():
    ends = {"SourceIp": "192.0.2.5", "SourcePort": "5000", "DestinationIp": "198.51.100.7", "DestinationPort": "443"}
    ((table, out),) = parsed(nxlog(3, IMAGE | ends | {"Protocol": "tcp", "Initiated": "true"}, SYSMON))
    ((_, back),) = parsed(nxlog(3, IMAGE | ends | {"Protocol": "tcp", "Initiated": "false"}, SYSMON))
    assert (table, out["RemoteIP"], out["RemotePort"]) == ("DeviceNetworkEvents", "198.51.100.7", 443)
    assert (back["RemoteIP"], back["LocalPort"], back["ActionType"]) == ("192.0.2.5", 443, "InboundConnectionAccepted")


def test_files_made_names_asked_for_and_the_security_logs_own_processes_are_kept():
    assert parsed(xml(11, IMAGE | {"TargetFilename": "C:\\a\\b.ps1"}, SYSMON))[0][1]["FileName"] == "b.ps1"
    ((table, row),) = parsed(xml(22, IMAGE | {"QueryName": "evil.example", "QueryResults": "-"}, SYSMON))
    assert (table, row["RemoteUrl"]) == ("DeviceEvents", "evil.example")
    ((table, row),) = parsed(
        winlogbeat(4688, {"NewProcessName": "C:\\x\\a.exe", "ProcessId": "0x1f", "SubjectUserName": "ada"})
    )
    assert (table, row["FileName"], row["InitiatingProcessId"]) == ("DeviceProcessEvents", "a.exe", 31)


def test_numbers_nobody_asked_for_give_no_row_and_one_channels_numbers_are_not_anothers():
    assert parsed(winlogbeat(5156)) == ()
    assert parsed(winlogbeat(4624, DATA, SYSMON)) == ()
    assert sources()["windows"].parse(winlogbeat(1, IMAGE, "System")) == ()


@pytest.mark.parametrize(
    "text",
    ["<Event><System>", "<Event><!DOCTYPE x [<!ENTITY a 'b'>]></Event>", "<Event>" + "x" * 300_000 + "</Event>"],
    ids=["torn", "declares", "huge"],
)
def test_hostile_xml_is_refused_with_words(text):
    assert not sources()["windows"].sniff({"xml": text})
    with pytest.raises(BadInput):
        sources()["windows"].parse({"xml": text})


# --- osquery, Wazuh, Unix, audit ----------------------------------------------------------------------------------


def osquery(columns, name="pack_users_last", **more):
    decorations = {"hostname": "mac7", "host_uuid": "4C4C-77"}
    return {
        "name": name,
        "action": "added",
        "unixTime": 1795348800,
        "hostIdentifier": "x",
        "decorations": decorations,
        "columns": columns,
    } | more


def test_osquery_tells_of_sign_ins_by_the_columns_of_the_query():
    columns = {
        "username": "ada",
        "tty": "pts/0",
        "pid": "64",
        "type": "7",
        "time": "1795348000",
        "host": "198.51.100.7",
    }
    ((table, row),) = parsed(osquery(columns), "osquery")
    assert (table, row["AccountName"], row["RemoteIP"], row["DeviceId"]) == (
        "DeviceLogonEvents",
        "ada",
        "198.51.100.7",
        "4c4c-77",
    )
    assert row["LogonType"] == "RemoteInteractive"
    assert parsed(osquery(columns | {"type": "8"})) == ()
    assert parsed(osquery(columns, action="removed")) == ()


def test_osquery_tells_what_a_device_is_what_it_runs_and_whom_it_talks_to():
    ((table, row),) = parsed(
        osquery({"hostname": "mac7", "uuid": "4C", "hardware_model": "Mac14,2", "cpu_brand": "M2"})
    )
    assert (table, row["Model"], row["OnboardingStatus"]) == ("DeviceInfo", "Mac14,2", "Onboarded")
    ((_, row),) = parsed(
        osquery({"name": "macOS", "version": "15.1", "major": "15", "platform": "darwin", "arch": "arm64"})
    )
    assert (row["OSPlatform"], row["OSVersion"]) == ("macOS", "15.1")
    ((table, _),) = parsed(osquery({"pid": "9", "path": "/bin/sh", "cmdline": "sh -c x", "uid": "0"}))
    assert table == "DeviceProcessEvents"
    ((table, row),) = parsed(
        osquery({"pid": "9", "remote_address": "198.51.100.7", "remote_port": "443", "protocol": "6"})
    )
    assert (table, row["Protocol"]) == ("DeviceNetworkEvents", "Tcp")
    assert parsed(osquery({"path": "/etc/crontab", "command": "x"})) == ()


def test_a_snapshot_of_osquery_is_a_row_for_each_line():
    snapshot = osquery(
        {}, snapshot=[{"user": name, "host": "", "tty": "console", "type": "user"} for name in ("ada", "max")]
    )
    del snapshot["columns"]
    assert [row["AccountName"] for _, row in parsed(snapshot, "osquery")] == ["ada", "max"]


def wazuh(rule, **more):
    return {
        "timestamp": "2026-11-22T12:00:00.000+0000",
        "id": "1795348800.49",
        "rule": rule,
        "agent": {"id": "003", "name": "web1", "ip": "192.0.2.9"},
        "manager": {"name": "wz"},
    } | more


def test_wazuh_tells_of_sign_ins_in_the_words_of_the_log_it_read():
    alert = wazuh(
        {"id": "5715", "description": "sshd: authentication success.", "groups": ["sshd", "authentication_success"]},
        full_log="Nov 22 12:00:00 web1 sshd[77]: Accepted publickey for ada from 198.51.100.7 port 5022 ssh2",
        predecoder={"program_name": "sshd", "hostname": "web1"},
        decoder={"name": "sshd"},
        data={"srcip": "198.51.100.7", "dstuser": "ada"},
    )
    ((table, row),) = parsed(alert, "wazuh")
    assert (table, row["ActionType"], row["AccountName"], row["RemoteIP"]) == (
        "DeviceLogonEvents",
        "LogonSuccess",
        "ada",
        "198.51.100.7",
    )
    assert row["AdditionalFields"]["WazuhRule"] == "5715"


def test_wazuh_tells_of_sign_ins_by_its_own_groups_where_the_log_is_not_known():
    rule = {"id": "9", "description": "Portal: login failed", "groups": ["authentication_failed"]}
    ((_, row),) = parsed(wazuh(rule, full_log="portal: nope", data={"srcip": "198.51.100.7", "dstuser": "ada"}))
    assert (row["ActionType"], row["FailureReason"], row["DeviceName"]) == (
        "LogonFailed",
        "Portal: login failed",
        "web1",
    )


def test_wazuh_carries_windows_events_and_says_how_an_agent_does():
    system = {"eventID": "4625", "channel": "Security", "computer": "PC1", "systemTime": AT, "eventRecordID": "5"}
    win = {"system": system, "eventdata": {"targetUserName": "ada", "subStatus": "0xc000006a", "logonType": "3"}}
    ((table, row),) = parsed(wazuh({"id": "60122", "groups": ["windows"]}, data={"win": win}))
    assert (table, row["FailureReason"], row["DeviceName"]) == ("DeviceLogonEvents", "WrongPassword", "PC1")
    ((table, row),) = parsed(wazuh({"id": "503", "description": "Wazuh agent started.", "groups": ["wazuh"]}))
    assert (table, row["DeviceName"], row["SensorHealthState"]) == ("DeviceInfo", "web1", "Active")


def line(text, program, **more):
    return {
        "MESSAGE": text,
        "SYSLOG_IDENTIFIER": program,
        "_HOSTNAME": "web1",
        "__REALTIME_TIMESTAMP": "1795348800000000",
    } | more


@pytest.mark.parametrize(
    ("text", "program", "action", "account", "ip"),
    [
        ("Accepted password for ada from 198.51.100.7 port 22 ssh2", "sshd", "LogonSuccess", "ada", "198.51.100.7"),
        ("Failed password for ada from 2001:db8::7 port 22 ssh2", "sshd", "LogonFailed", "ada", "2001:db8::7"),
        (
            "Failed password for invalid user oracle from 198.51.100.7 port 2 ssh2",
            "sshd-session",
            "LogonFailed",
            "oracle",
            "198.51.100.7",
        ),
        (
            "pam_unix(su:session): session opened for user root(uid=0) by ada(uid=1000)",
            "su",
            "LogonSuccess",
            "root",
            "",
        ),
        (
            "pam_unix(login:auth): authentication failure; logname= uid=0 euid=0 tty=tty1 ruser= rhost=  user=ada",
            "login",
            "LogonFailed",
            "ada",
            "",
        ),
    ],
)
def test_unix_sign_ins_are_read_from_journald(text, program, action, account, ip):
    ((table, row),) = parsed(line(text, program), "unix")
    assert table == "DeviceLogonEvents"
    assert (row["ActionType"], row["AccountName"], row.get("RemoteIP", "")) == (
        action,
        account,
        ip,
    )
    assert row["Timestamp"] == datetime.fromtimestamp(1795348800, UTC)


def test_a_command_run_as_somebody_else_is_a_process_and_chatter_is_nothing():
    text = "     ada : TTY=pts/0 ; PWD=/home/ada ; USER=root ; COMMAND=/usr/bin/apt install x"
    ((table, row),) = parsed(line(text, "sudo"))
    assert (table, row["AccountName"], row["InitiatingProcessAccountName"]) == ("DeviceProcessEvents", "root", "ada")
    assert (row["FileName"], row["ProcessCommandLine"]) == ("apt", "/usr/bin/apt install x")
    assert parsed(line("Connection closed by 198.51.100.7 port 22 [preauth]", "sshd")) == ()
    assert parsed(line("pam_unix(sshd:session): session opened for user ada(uid=1) by ada(uid=0)", "sshd")) == ()
    assert recognised(line("(root) CMD (run-parts)", "CRON")) is None


AUDIT = "type={} msg=audit(1795348800.243:{}): "


def test_the_audit_log_tells_of_sign_ins_and_changed_accounts():
    inner = 'pid=5 uid=0 auid=1000 ses=1 msg=\'op=login acct="ada" exe="/usr/sbin/sshd" hostname=? addr=198.51.100.7 terminal=ssh res={}\''
    ((table, row),) = parsed(
        {"Message": AUDIT.format("USER_LOGIN", 7) + inner.format("success"), "HostName": "web1"}, "auditd"
    )
    assert (table, row["ActionType"], row["AccountName"], row["RemoteIP"]) == (
        "DeviceLogonEvents",
        "LogonSuccess",
        "ada",
        "198.51.100.7",
    )
    ((_, row),) = parsed({"Message": AUDIT.format("USER_LOGIN", 8) + inner.format("failed")})
    assert row["ActionType"] == "LogonFailed"
    assert parsed({"Message": AUDIT.format("USER_AUTH", 9) + inner.format("success")}) == ()
    text = (
        AUDIT.format("ADD_USER", 9)
        + "pid=9 uid=0 auid=1000 msg='op=adding user acct=657665 exe=\"/usr/sbin/useradd\" res=success'"
    )
    ((table, row),) = parsed({"Message": text.replace("acct=657665", 'acct="eve"'), "HostName": "web1"})
    assert (table, row["ActionType"], row["TargetAccountDisplayName"]) == (
        "IdentityDirectoryEvents",
        "Account created",
        "eve",
    )


def test_the_parts_of_a_program_start_make_one_row():
    parts = (
        (
            "SYSCALL",
            'arch=c000003e syscall=59 success=yes ppid=10 pid=11 auid=1000 uid=0 tty=pts0 exe="/usr/bin/curl" key="exec"',
        ),
        ("EXECVE", 'argc=2 a0="curl" a1=687474703A2F2F78'),
        ("CWD", 'cwd="/root"'),
        ("PROCTITLE", "proctitle=6375726C"),
    )
    holder = Starts({})
    whole = [
        one
        for kind, text in parts
        for one in holder.feed({"Message": AUDIT.format(kind, 9) + text, "HostName": "web1"})
    ]
    ((table, row),) = sources()["auditd"].parse(whole[0])
    assert len(whole) == 1
    assert (table, row["FileName"], row["ProcessCommandLine"]) == ("DeviceProcessEvents", "curl", "curl http://x")
    assert (row["ProcessId"], row["InitiatingProcessId"], row["AdditionalFields"]["WorkingDirectory"]) == (
        11,
        10,
        "/root",
    )
    assert not holder.open


@pytest.mark.parametrize(
    "record", [{}, {"a": 1}, {"Message": ""}, [], None, "text", {"name": 3}, {"rule": 1, "agent": {}}]
)
def test_what_is_none_of_these_is_nobodys_and_hurts_nobody(record):
    assert recognised(record) is None
