"""The Linux audit log: sign-ins, changes of accounts, and programs that were run.

auditd writes what one program start is as several records with one number: SYSCALL, EXECVE, CWD, PATH, PROCTITLE. `Starts` holds
them together. Shape: `type=USER_LOGIN msg=audit(1364481363.243:24287): pid=… msg='op=login acct="ada" … res=success'`.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from watchfloor.connectors.records.activities import Activity
from watchfloor.connectors.records.fields import Fields
from watchfloor.connectors.records.known_by import fingerprint
from watchfloor.connectors.records.source import Row, Source
from watchfloor.connectors.records.syslog_line import line_of, pairs_of

_HEAD = re.compile(r"(?:type=)?([A-Z][A-Z0-9_]+) (?:msg=)?audit\((\d+\.\d+):(\d+)\):\s*(.*)", re.S)
_INNER = re.compile(r"msg='(.*?)'\s*(?:$|[A-Z]+=|\x1d)", re.S)
SIGN_INS = frozenset({"USER_LOGIN", "USER_AUTH"})
CHANGES = {
    "ADD_USER": ("Account created", Activity.ACCOUNT),
    "DEL_USER": ("Account deleted", Activity.ACCOUNT),
    "USER_CHAUTHTOK": ("Account Password changed", Activity.PASSWORD),
    "USER_MGMT": ("Account changed", Activity.ACCOUNT),
    "ACCT_LOCK": ("Account locked", Activity.ACCOUNT),
    "ACCT_UNLOCK": ("Account unlocked", Activity.ACCOUNT),
    "ADD_GROUP": ("Group created", Activity.GROUP),
    "DEL_GROUP": ("Group deleted", Activity.GROUP),
    "GRP_MGMT": ("Group Membership changed", Activity.GROUP),
}
PARTS = frozenset({"SYSCALL", "EXECVE", "CWD", "PATH", "PROCTITLE", "EOE", "SOCKADDR"})
NOBODY = {"4294967295", "-1", ""}
MOST_OPEN = 5_000
MOST_WORDS = 200


class Starts:
    """Parts of program starts by host and number, until the last part is there; the oldest go first when too many wait."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self.open: OrderedDict[str, dict[str, str]] = OrderedDict(state.get("open", {}))

    def state(self) -> dict[str, Any]:
        """To be kept, so that a start seen in part before a restart is whole after it."""
        return {"open": dict(self.open)}

    def feed(self, record: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
        line = line_of(record)
        head = _HEAD.search(line.text) if line else None
        if line is None or head is None or head[1] not in PARTS:
            return (record,)
        key = f"{line.host} {head[3]}"
        told = self.open.setdefault(key, {})
        told.setdefault(head[1], head[0])
        while len(self.open) > MOST_OPEN:
            self.open.popitem(last=False)
        if head[1] not in {"PROCTITLE", "EOE"}:
            return ()
        self.open.pop(key, None)
        return ({**record, "audit_parts": told},) if "EXECVE" in told and "SYSCALL" in told else ()


def sniff(record: Mapping[str, Any]) -> bool:
    line = line_of(record)
    return line is not None and bool(_HEAD.match(line.text))


def parse(record: Mapping[str, Any]) -> tuple[Row, ...]:
    """A sign-in, a change of an account, or a program start that is whole; none for others."""
    line = line_of(record)
    head = _HEAD.search(line.text) if line else None
    if line is None or head is None:
        return ()
    said = pairs_of(head[4])
    if inner := _INNER.search(head[4] + " "):
        said |= pairs_of(inner[1])
    base = {
        "Timestamp": datetime.fromtimestamp(float(head[2]), UTC),
        "ReportId": fingerprint({"host": line.host, "audit": head[3], "at": head[2], "type": head[1]}),
    }
    if head[1] in SIGN_INS and (head[1] == "USER_LOGIN" or _failed(said)):
        return (("DeviceLogonEvents", base | _sign_in(line.host, said)),)
    if head[1] in CHANGES:
        return (("IdentityDirectoryEvents", base | _change(head[1], line.host, said)),)
    parts = record.get("audit_parts")
    return (("DeviceProcessEvents", base | _start(line.host, parts)),) if isinstance(parts, Mapping) else ()


def _failed(said: Mapping[str, str]) -> bool:
    return said.get("res", "") in {"failed", "0"}


def _account(said: Mapping[str, str]) -> str:
    name = said.get("acct", "") or said.get("id", "")
    return _unhex(name) if name not in NOBODY else said.get("auid", "")


def _unhex(text: str) -> str:
    """auditd writes in hexadecimal what holds blanks or worse, program arguments as well as names that somebody typed."""
    if len(text) >= 2 and len(text) % 2 == 0 and re.fullmatch(r"[0-9A-F]+", text) and not text.isdigit():
        return bytes.fromhex(text).decode("utf-8", "replace").replace("\0", " ").strip()
    return text


def _sign_in(host: str, said: Mapping[str, str]) -> dict[str, Any]:
    failed = _failed(said)
    terminal = said.get("terminal", "")
    return {
        "DeviceId": host.lower(),
        "DeviceName": host,
        "ActionType": "LogonFailed" if failed else "LogonSuccess",
        "LogonType": "RemoteInteractive" if terminal == "ssh" else "Interactive",
        "Protocol": "SSH" if terminal == "ssh" or "sshd" in said.get("exe", "") else "",
        "AccountName": _account(said),
        "RemoteIP": Fields({"ip": said.get("addr", "")}).address("ip"),
        "RemoteDeviceName": "" if said.get("hostname", "?") == "?" else said["hostname"],
        "FailureReason": "InvalidUserNameOrPassword" if failed else "",
        "InitiatingProcessFolderPath": said.get("exe", ""),
        "AdditionalFields": {"Session": said.get("ses", ""), "Terminal": terminal, "Operation": said.get("op", "")},
    }


def _change(kind: str, host: str, said: Mapping[str, str]) -> dict[str, Any]:
    action, activity = CHANGES[kind]
    return {
        "ActionType": action,
        "Application": "Linux",
        "AccountName": said.get("auid", ""),
        "TargetAccountDisplayName": _account(said),
        "DeviceName": host,
        "DestinationDeviceName": host,
        "AdditionalFields": {
            "ActivityType": activity.value,
            "Group": said.get("grp", ""),
            "Operation": said.get("op", ""),
            "Program": said.get("exe", ""),
            "Result": said.get("res", ""),
            "AuditUid": said.get("auid", ""),
        },
    }


def _start(host: str, parts: Mapping[str, str]) -> dict[str, Any]:
    call, run = pairs_of(str(parts.get("SYSCALL", ""))), pairs_of(str(parts.get("EXECVE", "")))
    words = [_unhex(run[f"a{number}"]) for number in range(MOST_WORDS) if f"a{number}" in run]
    path = _unhex(call.get("exe", ""))
    return {
        "DeviceId": host.lower(),
        "DeviceName": host,
        "ActionType": "ProcessCreated",
        "FolderPath": path,
        "FileName": path.rpartition("/")[2],
        "ProcessCommandLine": " ".join(words),
        "ProcessId": int(call.get("pid", "0") or 0) if call.get("pid", "0").isdigit() else 0,
        "InitiatingProcessId": int(call["ppid"]) if call.get("ppid", "").isdigit() else 0,
        "AccountName": call.get("AUID", "") or call.get("auid", ""),
        "AdditionalFields": {
            "AuditUid": call.get("auid", ""),
            "Uid": call.get("uid", ""),
            "EffectiveUid": call.get("euid", ""),
            "Terminal": call.get("tty", ""),
            "Key": call.get("key", ""),
            "WorkingDirectory": pairs_of(str(parts.get("CWD", ""))).get("cwd", ""),
        },
    }


SOURCE = Source("auditd", "Linux audit log", parse, sniff, Starts)
