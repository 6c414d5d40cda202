"""Dovecot's event exporter, JSON format: each finished authentication is a row of IdentityLogonEvents.

Shape: https://doc.dovecot.org/2.3/admin_manual/event_export/ ; the fields of `auth_request_finished` as Dovecot 2.3 and 2.4 send them.
A master user who opens a mailbox is the account that signs in, the mailbox what it was done to.
"""

from collections.abc import Mapping
from typing import Any

from watchfloor.connectors.records.activities import Activity
from watchfloor.connectors.records.fields import Fields
from watchfloor.connectors.records.known_by import fingerprint
from watchfloor.connectors.records.source import Row, Source

APPLICATION = "Dovecot"
SCRIPTS = frozenset({"PUTSCRIPT", "SETACTIVE", "DELETESCRIPT", "RENAMESCRIPT"})
POLICY = {"", "ok"}


def sniff(record: Mapping[str, Any]) -> bool:
    if not isinstance(record, Mapping):
        return False
    fields = Fields(record)
    return bool(fields.text("event")) and isinstance(fields.value("fields"), Mapping) and "categories" in fields


def parse(record: Mapping[str, Any]) -> tuple[Row, ...]:
    """Sign-ins and changes of Sieve scripts; other events tell nothing we keep. Raises BadInput for one without a time."""
    event = Fields(record)
    said = event.part("fields")
    name = event.text("event")
    if name == "auth_request_finished":
        return (("IdentityLogonEvents", _sign_in(record, event, said)),)
    if name == "managesieve_command_finished" and said.text("cmd_name").upper() in SCRIPTS:
        return (("CloudAppEvents", _script(record, event, said)),)
    return ()


def _sign_in(record: Mapping[str, Any], event: Fields, said: Fields) -> dict[str, Any]:
    user, master = said.text("user"), said.text("master_user")
    who = master or user
    well = said.switch("success") is True
    row: dict[str, Any] = {
        "Timestamp": event.time("end_time", "start_time"),
        "ActionType": "LogonSuccess" if well else "LogonFailed",
        "Application": APPLICATION,
        "LogonType": "Credentials validation",
        "Protocol": said.text("service", "protocol").upper(),
        "FailureReason": "" if well else _why(said),
        "AccountName": who,
        "AccountUpn": who if "@" in who else "",
        "IPAddress": said.address("remote_ip", "real_remote_ip"),
        "Port": said.whole("remote_port", "real_remote_port"),
        "DestinationDeviceName": event.text("hostname"),
        "DestinationIPAddress": said.address("local_ip"),
        "DestinationPort": said.whole("local_port"),
        "TargetAccountDisplayName": user if master else "",
        "ReportId": fingerprint(record),
    }
    more = {
        "Session": said.text("session"),
        "Mechanism": said.text("mechanism"),
        "Transport": said.text("transport"),
        "MasterUser": master,
        "Mailbox": user if master else "",
        "NameGiven": said.text("original_user") if said.text("original_user") != who else "",
        "Policy": said.text("policy_result") if said.text("policy_result") not in POLICY else "",
    }
    row["AdditionalFields"] = {key: value for key, value in more.items() if value}
    return row


def _why(said: Fields) -> str:
    policy = said.text("policy_result")
    if policy not in POLICY:
        return f"Refused by the authentication policy: {policy}"
    return said.text("error", "reason") or "Wrong password, unknown or locked account"


def _script(record: Mapping[str, Any], event: Fields, said: Fields) -> dict[str, Any]:
    return {
        "Timestamp": event.time("end_time", "start_time"),
        "ActionType": f"ManageSieve {said.text('cmd_name').upper()}",
        "ActivityType": Activity.INBOX_RULE.value,
        "Application": APPLICATION,
        "AccountId": said.text("user"),
        "IPAddress": said.address("remote_ip"),
        "ObjectName": said.text("script_name"),
        "ObjectType": "Sieve script",
        "AuditSource": "Dovecot event exporter",
        "RawEventData": dict(record),
        "ReportId": fingerprint(record),
    }


SOURCE = Source("dovecot", "Dovecot event exporter", parse, sniff)
