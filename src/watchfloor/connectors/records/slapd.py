"""OpenLDAP's slapd in syslog (loglevel stats): each finished bind is a row of IdentityLogonEvents.

slapd writes the parts of one bind as lines of their own: ACCEPT with the address, BIND with the name, RESULT with the outcome.
`Connections` holds them together; what it gives for a RESULT is one record that `parse` reads.
Shape: slapd's statslog lines, `conn=1001 op=0 BIND dn="…" method=128`, `conn=1001 op=0 RESULT tag=97 err=49 …`.
"""

import json
import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from watchfloor.connectors.records.fields import Fields
from watchfloor.connectors.records.known_by import fingerprint
from watchfloor.connectors.records.source import Row, Source
from watchfloor.connectors.records.syslog_line import line_of
from watchfloor.kernel.errors import BadInput

APPLICATION = "OpenLDAP"
BIND_RESULT = "97"
MOST_CONNECTIONS = 10_000
_CONN = re.compile(r"\bconn=(\d+) ")
_OP = re.compile(r"\bop=(\d+) ")
_FROM = re.compile(r"ACCEPT from (?:IP|PATH)=(\S+)(?: \((?:IP|PATH)=(\S+)\))?")
_BIND = re.compile(r'BIND dn="((?:[^"\\]|\\.)*)" (?:method=(\d+)|mech=(\S+))')
_RESULT = re.compile(r"RESULT tag=(\d+) err=(\d+)(?:.*?\btext=(.*))?")
_NAME = re.compile(r"^(?:uid|cn|mail|sAMAccountName)=((?:[^,\\]|\\.)+)", re.I)
REASONS = {
    "7": "Authentication method not supported",
    "8": "Stronger authentication required",
    "13": "Encryption required",
    "32": "No such object",
    "48": "Inappropriate authentication",
    "49": "Wrong password, unknown or locked account",
    "50": "Insufficient access",
    "53": "Unwilling to perform",
}


class Connections:
    """What open connections said so far, by host and connection; the oldest go first when there are too many."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self.open: OrderedDict[str, dict[str, str]] = OrderedDict(state.get("open", {}))

    def state(self) -> dict[str, Any]:
        """To be kept, so that a bind begun before a restart is known after it."""
        return {"open": dict(self.open)}

    def feed(self, record: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
        """The records this line completes; a record that is no line of slapd comes back as it is."""
        line = line_of(record)
        found = _CONN.search(line.text) if line else None
        if line is None or found is None:
            return (record,)
        key = f"{line.host} {found[1]}"
        told = self.open.setdefault(key, {})
        self.open.move_to_end(key)
        while len(self.open) > MOST_CONNECTIONS:
            self.open.popitem(last=False)
        early = told.pop("early", "")
        if accepted := _FROM.search(line.text):
            told.update({"peer": accepted[1], "server": accepted[2] or ""})
        if early:  # only one line was waited for, whatever it says
            return (*self._addressed(json.loads(early), told), *self._said(key, told, record, line.text))
        return self._said(key, told, record, line.text)

    def _said(
        self, key: str, told: dict[str, str], record: Mapping[str, Any], text: str
    ) -> tuple[Mapping[str, Any], ...]:
        if bound := _BIND.search(text):
            self._begin(told, text, bound)
        elif text.endswith(" closed") or " closed (" in text:
            self.open.pop(key, None)
        elif (result := _RESULT.search(text)) and result[1] == BIND_RESULT:
            return self._finish(told, record, text)
        return ()

    def _begin(self, told: dict[str, str], text: str, bound: re.Match[str]) -> None:
        op = _OP.search(text)
        name = f"dn {op[1] if op else ''}"
        if bound[1] or name not in told:
            told[name] = bound[1]
            told[f"method {op[1] if op else ''}"] = bound[2] or bound[3] or ""

    def _finish(self, told: dict[str, str], record: Mapping[str, Any], text: str) -> tuple[Mapping[str, Any], ...]:
        op = _OP.search(text)
        number = op[1] if op else ""
        dn, method = told.pop(f"dn {number}", ""), told.pop(f"method {number}", "")
        whole = {**record, "slapd_dn": dn, "slapd_method": method}
        if number == "0" and "peer" not in told:
            # slapd's threads write as they come: of a fast bind the address may stand one line behind the result.
            told["early"] = json.dumps(whole, default=str)
            return ()
        return self._addressed(whole, told)

    def _addressed(self, whole: Mapping[str, Any], told: Mapping[str, str]) -> tuple[Mapping[str, Any], ...]:
        return ({**whole, "slapd_peer": told.get("peer", ""), "slapd_server": told.get("server", "")},)


def sniff(record: Mapping[str, Any]) -> bool:
    line = line_of(record)
    if line is None:
        return False
    return line.program == "slapd" or (
        "conn=" in line.text and bool(_RESULT.search(line.text) or _BIND.search(line.text))
    )


def parse(record: Mapping[str, Any]) -> tuple[Row, ...]:
    """A finished bind that is not anonymous. Raises BadInput for one without a time."""
    line = line_of(record)
    result = _RESULT.search(line.text) if line else None
    if line is None or result is None or result[1] != BIND_RESULT:
        return ()
    said = Fields(record)
    dn = said.text("slapd_dn")
    if not dn:
        return ()
    if line.at is None:
        raise BadInput("the line tells no time", place="Timestamp")
    name = _NAME.match(dn)
    well = result[2] == "0"
    conn, op = _CONN.search(line.text), _OP.search(line.text)
    row: dict[str, Any] = {
        "Timestamp": line.at,
        "ActionType": "LogonSuccess" if well else "LogonFailed",
        "Application": APPLICATION,
        "LogonType": "LDAP bind",
        "Protocol": "LDAP",
        "FailureReason": "" if well else _why(result),
        "AccountName": _plain(name[1]) if name else dn,
        "AccountUpn": _plain(name[1]) if name and "@" in name[1] else "",
        "AccountDomain": ".".join(re.findall(r"dc=([^,]+)", dn, re.I)),
        "DestinationDeviceName": line.host,
        "ReportId": fingerprint({"at": line.at.isoformat(), "text": line.text, "host": line.host, "dn": dn}),
        "AdditionalFields": {
            "DistinguishedName": dn,
            "Method": said.text("slapd_method"),
            "Connection": conn[1] if conn else "",
            "Operation": op[1] if op else "",
        },
    }
    row["IPAddress"], row["Port"] = _peer(said.text("slapd_peer"))
    row["DestinationIPAddress"], row["DestinationPort"] = _peer(said.text("slapd_server"))
    return (("IdentityLogonEvents", row),)


def _why(result: re.Match[str]) -> str:
    text = (result[3] or "").strip()
    return text or REASONS.get(result[2], f"LDAP error {result[2]}")


def _plain(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name).strip()


def _peer(text: str) -> tuple[str, int | None]:
    host, _, port = text.rpartition(":")
    return Fields({"ip": text}).address("ip") or host.strip("[]"), int(port) if port.isdigit() else None


SOURCE = Source("slapd", "OpenLDAP slapd (syslog)", parse, sniff, Connections)
