"""Sign-ins to devices."""

from watchfloor.access.contracts import Permission
from watchfloor.identities.contracts import PersonNames
from watchfloor.identities.page import kql
from watchfloor.identities.page.source_kinds import LakeSource, Row, after


def where(names: PersonNames) -> str:
    """By SID where the event has one; else by login name, which the organisation's devices share."""
    parts = [kql.some_case_of("AccountSid", names.sids)] if names.sids else []
    if names.account_names:
        own = f"{kql.some_case_of('AccountName', names.account_names)}"
        parts.append(f'(AccountSid == "" and {own})' if names.sids else own)
    return f"({' or '.join(parts)})" if parts else ""


def words(row: Row) -> str:
    done = "Signed in to" if row["Activity"] == "Device sign-in" else "Could not sign in to"
    return f"{done} {row['Target']}{after(' (', row['Object'], ')')}{after(': ', row['Detail'])}"


SOURCE = LakeSource(
    kind="Device sign-in",
    table="DeviceLogonEvents",
    permission=Permission.INCIDENT_READ,
    where=where,
    cells={
        "Activity": 'iff(ActionType == "LogonFailed", "Failed device sign-in", "Device sign-in")',
        "Protocol": "Protocol",
        "IP": "RemoteIP",
        "Device": "RemoteDeviceName",
        "Target": "DeviceName",
        "Object": "LogonType",
        "Detail": "FailureReason",
    },
    words=words,
    id="tostring(ReportId)",
)
