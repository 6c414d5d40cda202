"""The devices a person signs in to (US-20, US-27): from sign-ins to devices and those that name the client's device."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watchfloor.access.contracts import Permission
from watchfloor.identities.page import kql
from watchfloor.identities.page.known import Known
from watchfloor.identities.page.sources.device_logons import where as logons_of

LONGEST = timedelta(days=180)
MOST = 500


@dataclass(frozen=True, slots=True)
class Device:
    """One device: `logons` that worked, `failed` ones; `how` the kinds of sign-in; `admin` that they rule over it, `also` the short name it was joined with."""

    name: str
    logons: int
    failed: int
    first: datetime
    last: datetime
    how: str
    admin: bool = False
    platform: str = ""
    also: str = ""


def devices(known: Known, *, back: timedelta = LONGEST) -> tuple[Device, ...]:
    """The devices of the last `back`, most used first: one question."""
    since = f"Timestamp > {kql.moment(known.now - back)}"
    branches = [branch for branch in (_logons(known, since), _entra(known, since), _directory(known, since)) if branch]
    if not branches:
        return ()
    text = (
        f"union {', '.join(branches)} | summarize Good = countif(Good), Bad = countif(not(Good)), First = min(Timestamp), "
        "Last = max(Timestamp), How = make_set(How, 6), Admin = max(Admin), Platform = max(Platform) by Device = tolower(Device)"
        " | sort by Good desc, Bad desc"
    )
    return joined(tuple(_device(row) for row in known.asked(text, limit=MOST)))


def joined(found: tuple[Device, ...]) -> tuple[Device, ...]:
    """A short name and the one full name it is the first label of are one device; with two such full names it stays apart."""
    full: dict[str, list[Device]] = {}
    for one in found:
        label, _, domain = one.name.partition(".")
        if domain and not label.isdecimal():  # an address is no name
            full.setdefault(label, []).append(one)
    pairs = {one.name: full[one.name][0] for one in found if len(full.get(one.name, ())) == 1}
    names = {whole.name: short for short, whole in pairs.items()}
    by_name = {one.name: one for one in found}
    kept = (_together(one, by_name[names[one.name]]) if one.name in names else one for one in found)
    return tuple(sorted((one for one in kept if one.name not in pairs), key=lambda one: (-one.logons, -one.failed)))


def _together(whole: Device, short: Device) -> Device:
    how = ", ".join(dict.fromkeys(part for part in (*whole.how.split(", "), *short.how.split(", ")) if part))
    return Device(
        name=whole.name,
        logons=whole.logons + short.logons,
        failed=whole.failed + short.failed,
        first=min(whole.first, short.first),
        last=max(whole.last, short.last),
        how=how,
        admin=whole.admin or short.admin,
        platform=whole.platform or short.platform,
        also=short.name,
    )


def _device(row: Mapping[str, Any]) -> Device:
    how = ", ".join(str(one) for one in row["How"] or () if one)
    return Device(
        row["Device"], row["Good"], row["Bad"], row["First"], row["Last"], how, bool(row["Admin"]), row["Platform"]
    )


def _logons(known: Known, since: str) -> str:
    mine = logons_of(known.names)
    if not mine or not known.actor.may(Permission.INCIDENT_READ):
        return ""
    return (
        f'(DeviceLogonEvents | where {since} | where {mine} | where DeviceName != "" | project Timestamp, Device = DeviceName, '
        'Good = ActionType == "LogonSuccess", How = LogonType, Admin = iff(IsLocalAdmin, 1, 0), Platform = "")'
    )


def _entra(known: Known, since: str) -> str:
    if not known.names.addresses:
        return ""
    return (
        f"(EntraIdSignInEvents | where {since} | where {kql.one_of('AccountUpn', known.names.addresses)} "
        '| where DeviceName != "" | project Timestamp, Device = DeviceName, Good = ErrorCode == 0, How = ClientAppUsed, '
        "Admin = 0, Platform = OSPlatform)"
    )


def _directory(known: Known, since: str) -> str:
    if not known.names.addresses:
        return ""
    return (
        f"(IdentityLogonEvents | where {since} | where {kql.one_of('AccountUpn', known.names.addresses)} "
        '| where DeviceName != "" | project Timestamp, Device = DeviceName, Good = ActionType != "LogonFailed", How = Protocol, '
        "Admin = 0, Platform = OSPlatform)"
    )
