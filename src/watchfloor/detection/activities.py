"""The rows behind a finding as an alert lists them (AP-16): when, what, who, to what, from where."""

from collections.abc import Iterable, Sequence

from watchfloor.detection.contracts import Activity, Row

KEPT = 20
"""Of one finding; an alert keeps more, over its hits."""
WHAT = ("ActionType", "LogonType", "Action")
WHO = ("AccountUpn", "AccountDisplayName", "SenderFromAddress", "FileOwnerUpn", "AccountName")
TO_WHAT = ("ObjectName", "Url", "Subject", "FileName", "TargetAccountUpn", "TargetAccountDisplayName", "Application")
FROM_WHERE = ("IPAddress", "SenderIP")
SHOWN = frozenset({*WHAT, *WHO, *TO_WHAT, *FROM_WHERE, "EmailDirection", "ActionTrigger", "RecipientEmailAddress"})
"""Columns that tell an activity, beside a row's time and mail."""
MAIL = {"Inbound": "Mail received", "Outbound": "Mail sent", "Intra-org": "Mail inside the organisation"}
LONGEST = 300


def activities_of(rows: Sequence[Row]) -> tuple[Activity, ...]:
    """The newest rows, oldest first; rows of one mail to many people are one each."""
    newest = sorted(rows, key=lambda row: row["Timestamp"])[-KEPT:]
    return tuple(map(_activity, newest))


def _activity(row: Row) -> Activity:
    action = _first(row, ("Action",)) if row.get("ActionTrigger") else ""
    return Activity(
        at=row["Timestamp"],
        operation=MAIL.get(str(row.get("EmailDirection", "")), "") or action or _first(row, WHAT) or "Activity",
        user=_first(row, WHO),
        object=_first(row, TO_WHAT),
        ip=_first(row, FROM_WHERE),
        message=str(row.get("NetworkMessageId") or ""),
        recipient=str(row.get("RecipientEmailAddress") or "")[:LONGEST],
    )


def _first(row: Row, names: Iterable[str]) -> str:
    found = next((str(row[name]) for name in names if row.get(name)), "")
    return found.replace("\x00", "\ufffd")[:LONGEST]  # PostgreSQL stores no NUL


def as_json(found: Iterable[Activity]) -> list[list[str]]:
    """As a finding and an alert keep them."""
    return [
        [one.at.isoformat(), one.operation, one.user, one.object, one.ip, one.message, one.recipient] for one in found
    ]
