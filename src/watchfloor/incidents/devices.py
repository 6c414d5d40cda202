"""What the lake tells of a device: what it is, and who signed in to it around an incident (DV-07)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from watchfloor.incidents.contracts import IncidentSummary
from watchfloor.incidents.filters import Filter
from watchfloor.incidents.selectors import alert_queue
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query

AROUND = timedelta(days=7)
BACK = timedelta(days=30)
MOST = 5000
SHOWN = 50
LOGON_COLUMNS = ("Timestamp", "AccountDomain", "AccountName", "ActionType", "LogonType", "IsLocalAdmin", "RemoteIP")
ANY = ("new", "inProgress", "resolved")


def device_details(name: str, incident: IncidentSummary, *, now: datetime) -> Mapping[str, Any]:
    """Facts, logged-on users with first and last time, and alerts of half a year that name it."""
    alerts = alert_queue(Filter(statuses=ANY, severities=(), search=name, range="180d"), now=now, page=1)
    return {
        "facts": _facts(name, now),
        "users": logged_on(name, start=incident.first_activity - AROUND, end=incident.last_activity + AROUND),
        "alerts": alerts.rows[:10],
        "alert_count": alerts.total,
    }


def _facts(name: str, now: datetime) -> list[tuple[str, Any]]:
    """The newest record of the device; nothing when no sensor told of it in 30 days."""
    found = lake.rows(_of("DeviceInfo", name, now - BACK, now), limit=1)
    if not found:
        return []
    row = found[0]
    known = (
        ("System", f"{row['OSPlatform']} {row['OSVersion']}".strip()),
        ("Public IP", row["PublicIP"]),
        ("Group", row["MachineGroup"]),
        ("Model", f"{row['Vendor']} {row['Model']}".strip()),
        ("Exposure", row["ExposureLevel"]),
        ("Joined", row["JoinType"]),
        ("Last record", row["Timestamp"]),
    )
    return [(label, value) for label, value in known if value]


def _of(table: str, name: str, start: datetime, end: datetime) -> Query:
    return Query(table, start, end, (Condition("DeviceName", Operator.EQUAL_ANY, (name,)),))


def logged_on(name: str, *, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """Accounts that signed in to the device in [start, end), most often first."""
    found: dict[str, dict[str, Any]] = {}
    for row in lake.rows(_of("DeviceLogonEvents", name, start, end), columns=LOGON_COLUMNS, limit=MOST):
        account = "\\".join(part for part in (row["AccountDomain"], row["AccountName"]) if part)
        if not account:
            continue
        entry = found.setdefault(
            account,
            {"account": account, "good": 0, "failed": 0, "admin": False, "how": set(), "last": row["Timestamp"]},
        )
        entry["failed" if row["ActionType"] == "LogonFailed" else "good"] += 1
        entry["admin"] |= bool(row["IsLocalAdmin"])
        entry["how"] |= {row["LogonType"]} - {""}
        entry["first"] = row["Timestamp"]  # rows come newest first
    listed = sorted(found.values(), key=lambda one: -one["good"])[:SHOWN]
    return [{**one, "how": ", ".join(sorted(one["how"]))} for one in listed]
