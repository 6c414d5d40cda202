"""Changes of accounts and groups in Windows' security log: rows of IdentityDirectoryEvents."""

from typing import Any

from watchfloor.connectors.records.activities import Activity
from watchfloor.connectors.records.source import Row
from watchfloor.connectors.records.windows_event import Event

APPLICATION = "Active Directory"
CHANGES = {
    4720: ("Account created", Activity.ACCOUNT),
    4722: ("Account enabled", Activity.ACCOUNT),
    4723: ("Account Password changed", Activity.PASSWORD),
    4724: ("Account Password reset", Activity.PASSWORD),
    4725: ("Account disabled", Activity.ACCOUNT),
    4726: ("Account deleted", Activity.ACCOUNT),
    4738: ("Account changed", Activity.ACCOUNT),
    4740: ("Account locked", Activity.ACCOUNT),
    4767: ("Account unlocked", Activity.ACCOUNT),
    4781: ("Account name changed", Activity.ACCOUNT),
    4727: ("Group created", Activity.GROUP),
    4728: ("Group Membership changed", Activity.GROUP),
    4729: ("Group Membership changed", Activity.GROUP),
    4732: ("Group Membership changed", Activity.GROUP),
    4733: ("Group Membership changed", Activity.GROUP),
    4756: ("Group Membership changed", Activity.GROUP),
    4757: ("Group Membership changed", Activity.GROUP),
}
JOINED = {4728, 4732, 4756}
LEFT = {4729, 4733, 4757}


def changed(event: Event) -> Row:
    """The row: who did it (Subject) to whom (Target); of groups the member is the target."""
    action, activity = CHANGES[event.id]
    more = {"EventID": str(event.id), "ActivityType": activity.value}
    target, domain = event.text("TargetUserName"), event.text("TargetDomainName")
    sid = event.text("TargetSid", "TargetUserSid")
    if event.id in JOINED | LEFT:
        more["TO.GROUP" if event.id in JOINED else "FROM.GROUP"] = target
        more["GroupSid"], more["GroupDomain"] = sid, domain
        target, sid = _member(event.text("MemberName")), event.text("MemberSid")
        more["MemberName"] = event.text("MemberName")
    more["TargetAccountSid"] = sid
    more["TargetAccountName"], more["TargetAccountDomain"] = target, domain
    if event.id == 4740:
        more["CallerComputer"] = domain
    # When an account is locked, nobody did it: the controller speaks of itself.
    row: dict[str, Any] = {
        "Timestamp": event.at,
        "ActionType": action,
        "Application": APPLICATION,
        "AccountName": event.text("SubjectUserName"),
        "AccountDomain": event.text("SubjectDomainName"),
        "AccountSid": event.text("SubjectUserSid"),
        "TargetAccountDisplayName": target or sid,
        "TargetAccountUpn": target if "@" in target else "",
        "TargetDeviceName": event.text("TargetDomainName") if event.id == 4740 else "",
        "DestinationDeviceName": event.host,
        "DeviceName": event.host,
        "ReportId": event.key,
        "AdditionalFields": {name: value for name, value in more.items() if value},
    }
    return "IdentityDirectoryEvents", row


def _member(dn: str) -> str:
    """The name in a distinguished name."""
    first = dn.split(",", 1)[0]
    return first.partition("=")[2] if "=" in first else dn
