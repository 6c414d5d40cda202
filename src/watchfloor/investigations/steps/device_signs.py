"""What the lake's tables of devices and sign-ins tell of the device that clicked: each asked once for all clicks."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchfloor.investigations.case import Row, quoted

MOST_SHARING = 3
"""An address that more devices show to the world tells nothing of one of them."""
AT_THE_CLICK = timedelta(minutes=10)
SIGNED_IN = timedelta(hours=48)
"""Whoever signed in so long before a click may still have been at that device."""
RECORDED = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Clicked:
    """One click that reached a malicious link; `names` and `sids` are those of who clicked, in lower case."""

    person: str
    names: frozenset[str]
    sids: frozenset[str]
    at: datetime
    host: str
    ip: str

    def named_in(self, row: Row, name: str, sid: str) -> bool:
        """Whether a row is of who clicked: by SID where both have one, as the same login name may be somebody else's elsewhere."""
        told = str(row[sid] or "").lower()
        return told in self.sids if told and self.sids else str(row[name] or "").lower() in self.names


@dataclass(frozen=True, slots=True)
class Sign:
    """What speaks for a device as the one that clicked; only a connection to the link's host makes `sure`."""

    person: str
    device: str
    why: str
    sure: bool = False


def _between(clicked: Sequence[Clicked], before: timedelta, after: timedelta) -> str:
    first, last = min(one.at for one in clicked), max(one.at for one in clicked)
    return f"| where Timestamp between (datetime({(first - before).isoformat()}) .. datetime({(last + after).isoformat()}))\n"


def _all(clicked: Iterable[Clicked], name: str) -> str:
    """All names, SIDs, hosts or addresses of the clicks as KQL literals; never an empty list."""
    found = (getattr(one, name) for one in clicked)
    values = {value for each in found for value in ((each,) if isinstance(each, str) else each) if value}
    return quoted(sorted(values) or ["-"])


def _ask_network(clicked: Sequence[Clicked]) -> str:
    return (
        f"DeviceNetworkEvents\n{_between(clicked, AT_THE_CLICK, AT_THE_CLICK)}"
        f'| where DeviceName != "" and RemoteUrl has_any ({_all(clicked, "host")})\n'
        "| project Timestamp, DeviceName, RemoteUrl, LocalIP, Program = InitiatingProcessFileName, "
        "AccountName = InitiatingProcessAccountName, AccountSid = InitiatingProcessAccountSid\n| sort by Timestamp asc"
    )


def _read_network(clicked: Sequence[Clicked], rows: Iterable[Row]) -> Iterator[Sign]:
    """A connection to the host at the time of the click; one of another account than who clicked is another's."""
    for row in rows:
        for one in clicked:
            near = abs(row["Timestamp"] - one.at) <= AT_THE_CLICK
            whose = one.named_in(row, "AccountName", "AccountSid") or not (row["AccountName"] or row["AccountSid"])
            if near and whose and one.host and one.host in str(row["RemoteUrl"]).lower():
                words = f"connected to {one.host} at {row['Timestamp']:%Y-%m-%d %H:%M} UTC"
                yield Sign(one.person, row["DeviceName"], words, sure=True)


def _ask_logons(clicked: Sequence[Clicked]) -> str:
    return (
        f"DeviceLogonEvents\n{_between(clicked, SIGNED_IN, timedelta())}"
        f'| where DeviceName != "" and ActionType == "LogonSuccess"\n'
        f"| where AccountName in~ ({_all(clicked, 'names')}) or AccountSid in~ ({_all(clicked, 'sids')})\n"
        "| summarize Timestamp = max(Timestamp), Times = count() by DeviceName, AccountName, AccountSid\n| sort by Timestamp desc"
    )


def _read_logons(clicked: Sequence[Clicked], rows: Iterable[Row]) -> Iterator[Sign]:
    for row in rows:
        for person in {one.person: one for one in clicked if one.named_in(row, "AccountName", "AccountSid")}:
            yield Sign(person, row["DeviceName"], f"{person} signed in to it at {row['Timestamp']:%Y-%m-%d %H:%M} UTC")


def _ask_sign_ins(clicked: Sequence[Clicked]) -> str:
    return (
        f"union EntraIdSignInEvents, IdentityLogonEvents\n{_between(clicked, SIGNED_IN, SIGNED_IN)}"
        f'| where DeviceName != "" and IPAddress in ({_all(clicked, "ip")}) and AccountUpn in~ ({_all(clicked, "person")})\n'
        "| summarize Timestamp = max(Timestamp) by DeviceName, AccountUpn = tolower(AccountUpn), IPAddress = tolower(IPAddress)\n"
        "| sort by Timestamp desc"
    )


def _read_sign_ins(clicked: Sequence[Clicked], rows: Iterable[Row]) -> Iterator[Sign]:
    pairs = {(one.person, one.ip) for one in clicked}
    for row in rows:
        if (row["AccountUpn"], row["IPAddress"]) in pairs:
            words = f"{row['AccountUpn']} signed in with it from the address of the click, {row['IPAddress']}"
            yield Sign(row["AccountUpn"], row["DeviceName"], words)


def _ask_records(clicked: Sequence[Clicked]) -> str:
    return (
        f"DeviceInfo\n{_between(clicked, RECORDED, SIGNED_IN)}"
        f'| where DeviceName != "" and (PublicIP in ({_all(clicked, "ip")}) or LoggedOnUsers has_any ({_all(clicked, "names")}))\n'
        "| summarize arg_max(Timestamp, PublicIP, LoggedOnUsers, OSPlatform) by DeviceName\n| sort by Timestamp desc"
    )


def _read_records(clicked: Sequence[Clicked], rows: Iterable[Row]) -> Iterator[Sign]:
    """Who was signed in by the device's own record; the address of the click, where few devices share it."""
    found = list(rows)
    for person, of_person in _by_person(clicked):
        names, ips = of_person[0].names, {one.ip for one in of_person if one.ip}
        there = [row for row in found if str(row["PublicIP"] or "").lower() in ips]
        for row in found:
            if names & _logged_on(row["LoggedOnUsers"]):
                yield Sign(
                    person, row["DeviceName"], f"its record of {row['Timestamp']:%Y-%m-%d} names {person} as signed in"
                )
        for row in there if len(there) <= MOST_SHARING else ():
            yield Sign(person, row["DeviceName"], f"it has the address of the click, {row['PublicIP']}")


def _by_person(clicked: Iterable[Clicked]) -> Iterator[tuple[str, list[Clicked]]]:
    of_person: dict[str, list[Clicked]] = {}
    for one in clicked:
        of_person.setdefault(one.person, []).append(one)
    yield from of_person.items()


def _logged_on(text: object) -> frozenset[str]:
    """The login names of a record: [{"UserName": ...}, ...], or plain names."""
    try:
        told = json.loads(str(text or "[]"))
    except ValueError:
        return frozenset()
    listed = told if isinstance(told, list) else [told]
    names = (one.get("UserName", "") if isinstance(one, dict) else one for one in listed)
    return frozenset(str(name).lower() for name in names if name)


SOURCES = (
    (_ask_network, _read_network),
    (_ask_logons, _read_logons),
    (_ask_sign_ins, _read_sign_ins),
    (_ask_records, _read_records),
)
