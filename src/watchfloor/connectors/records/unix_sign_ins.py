"""Sign-ins and sudo on Linux and Unix, from syslog or journald: sshd, systemd-logind, sudo, su, login.

Shapes: OpenSSH's auth.c messages, linux-pam's pam_unix, sudo's log line (sudoers(5), LOG FORMAT).
"""

import re
from collections.abc import Mapping
from typing import Any

from watchfloor.connectors.records.fields import Fields
from watchfloor.connectors.records.known_by import fingerprint
from watchfloor.connectors.records.source import Row, Source
from watchfloor.connectors.records.syslog_line import Line, line_of

_SSH = re.compile(r"^(Accepted|Failed) ([\w/-]+) for (invalid user )?(\S*) from (\S+) port (\d+)")
_UNKNOWN = re.compile(r"^Invalid user (\S*) from (\S+)(?: port (\d+))?")
_PAM = re.compile(
    r"pam_unix\(([\w-]+):session\): session opened for user ([\w.@\\-]+)(?:\(uid=\d+\))?(?: by ([\w.@\\-]*))?"
)
_REFUSED = re.compile(r"pam_unix\(([\w-]+):auth\): authentication failure;.*?ruser=(\S*) rhost=(\S*)(?: +user=(\S+))?")
_SUDO = re.compile(
    r"^\s*(\S+) : (.*?)TTY=(\S+)\s*;?\s+PWD=(.*?)\s*;?\s+USER=(\S+)\s*;?\s+(?:ENV=.*? ;? )?COMMAND=(.*)$"
)
_SESSION = re.compile(r"^New session (\S+) of user (\S+?)\.?$")
LONGEST_SUDO = 4096
"""What is looked at of a line: sudo breaks longer ones itself, and any local user may write one in its name."""
_THEIRS = frozenset({"sshd", "sshd-session", "systemd-logind", "sudo", "su", "login", "gdm-password", "lightdm"})
_PAM_SPEAKS_FOR = {"login", "su", "su-l", "gdm-password", "lightdm", "cockpit", "xrdp-sesman"}
"""Of sshd and sudo their own lines are read; pam's would tell the same once more."""


def sniff(record: Mapping[str, Any]) -> bool:
    line = line_of(record)
    return line is not None and line.program in _THEIRS


def parse(record: Mapping[str, Any]) -> tuple[Row, ...]:
    """A row for a line that tells of a sign-in or a command run as somebody else; none for others."""
    line = line_of(record)
    if line is None:
        return ()
    for read in (_ssh, _sudo, _pam, _pam_refused, _session):
        if (row := read(line, record)) is not None:
            return (row,)
    return ()


def _base(line: Line, action: str) -> dict[str, Any]:
    row = {
        "DeviceId": line.host.lower(),
        "DeviceName": line.host,
        "ActionType": action,
        "ReportId": fingerprint({"at": str(line.at), "host": line.host, "program": line.program, "text": line.text}),
    }
    return row | ({"Timestamp": line.at} if line.at else {})


def _ssh(line: Line, record: Mapping[str, Any]) -> Row | None:
    if found := _SSH.match(line.text):
        well, method, unknown, user, peer, port = found.groups()
    elif found := _UNKNOWN.match(line.text):
        return None  # the line that refuses the same sign-in follows
    else:
        return None
    row = _base(line, "LogonSuccess" if well == "Accepted" else "LogonFailed")
    row |= {
        "LogonType": "RemoteInteractive",
        "Protocol": "SSH",
        "AccountName": user,
        "RemoteIP": Fields({"ip": peer}).address("ip"),
        "RemotePort": int(port),
        "FailureReason": "" if well == "Accepted" else "UserNotFound" if unknown else "InvalidUserNameOrPassword",
        "AdditionalFields": {"Method": method},
    }
    return "DeviceLogonEvents", row


def _sudo(line: Line, record: Mapping[str, Any]) -> Row | None:
    found = _SUDO.match(line.text[:LONGEST_SUDO])
    if found is None or line.program != "sudo":
        return None
    user, refused, terminal, folder, whom, command = found.groups()
    program = command.split(" ", 1)[0]
    row = _base(line, "ProcessCreated") | {
        "AccountName": whom,
        "InitiatingProcessAccountName": user,
        "InitiatingProcessFileName": "sudo",
        "FolderPath": program,
        "FileName": program.rpartition("/")[2],
        "ProcessCommandLine": command,
        "AdditionalFields": {"Terminal": terminal, "WorkingDirectory": folder, "Refused": refused.strip(" ;")},
    }
    return "DeviceProcessEvents", row


def _pam(line: Line, record: Mapping[str, Any]) -> Row | None:
    found = _PAM.search(line.text)
    if found is None or found[1] not in _PAM_SPEAKS_FOR:
        return None
    row = _base(line, "LogonSuccess") | {
        "LogonType": "NewCredentials" if found[1].startswith("su") else "Interactive",
        "AccountName": found[2],
        "InitiatingProcessAccountName": found[3] or "",
        "InitiatingProcessFileName": found[1],
    }
    return "DeviceLogonEvents", row


def _pam_refused(line: Line, record: Mapping[str, Any]) -> Row | None:
    found = _REFUSED.search(line.text)
    if found is None or found[1] not in _PAM_SPEAKS_FOR:
        return None
    row = _base(line, "LogonFailed") | {
        "LogonType": "Interactive",
        "AccountName": found[4] or "",
        "InitiatingProcessAccountName": found[2],
        "InitiatingProcessFileName": found[1],
        "RemoteIP": Fields({"ip": found[3]}).address("ip"),
        "FailureReason": "InvalidUserNameOrPassword",
    }
    return "DeviceLogonEvents", row


def _session(line: Line, record: Mapping[str, Any]) -> Row | None:
    """logind's line of a session; over SSH it comes beside sshd's own, so it is kept only where no user service began it."""
    found = _SESSION.match(line.text)
    if found is None or line.program != "systemd-logind" or not found[1].startswith("c"):
        return None
    row = _base(line, "LogonSuccess") | {"LogonType": "Interactive", "AccountName": found[2]}
    return "DeviceLogonEvents", row


SOURCE = Source("unix", "Linux and Unix sign-ins (sshd, sudo, su: syslog or journald)", parse, sniff)
