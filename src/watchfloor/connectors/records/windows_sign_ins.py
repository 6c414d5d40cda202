"""Windows sign-ins: 4624, 4625 and 4648 at a device, 4768, 4769, 4771 and 4776 at a domain controller."""

from typing import Any

from watchfloor.connectors.records.source import Row
from watchfloor.connectors.records.windows_event import Event

LOGON_TYPES = {
    2: "Interactive",
    3: "Network",
    4: "Batch",
    5: "Service",
    7: "Unlock",
    8: "NetworkCleartext",
    9: "NewCredentials",
    10: "RemoteInteractive",
    11: "CachedInteractive",
    12: "CachedRemoteInteractive",
    13: "CachedUnlock",
}
STATUS = {
    0xC0000064: "UserNotFound",
    0xC000006A: "WrongPassword",
    0xC000006D: "WrongUsernameOrPassword",
    0xC000006F: "OutsideLogonHours",
    0xC0000070: "WorkstationRestriction",
    0xC0000071: "PasswordExpired",
    0xC0000072: "AccountDisabled",
    0xC0000133: "ClockSkew",
    0xC000015B: "LogonTypeNotGranted",
    0xC0000193: "AccountExpired",
    0xC0000224: "PasswordMustChange",
    0xC0000234: "AccountLocked",
}
"""NTSTATUS codes (MS-ERREF 2.3), in the words DeviceLogonEvents and IdentityLogonEvents use."""
KERBEROS = {
    0x6: "UserNotFound",
    0x7: "ServiceNotFound",
    0xC: "WorkstationRestriction",
    0x12: "AccountDisabledExpiredOrLocked",
    0x17: "PasswordExpired",
    0x18: "WrongPassword",
    0x1F: "IntegrityCheckFailed",
    0x20: "TicketExpired",
    0x25: "ClockSkew",
}
"""RFC 4120, 7.5.9."""
DC = "Active Directory"


def _device(event: Event, action: str) -> dict[str, Any]:
    return {
        "Timestamp": event.at,
        "DeviceId": event.host.lower(),
        "DeviceName": event.host,
        "ActionType": action,
        "AccountName": event.text("TargetUserName"),
        "AccountDomain": event.text("TargetDomainName"),
        "AccountSid": event.text("TargetUserSid", "TargetSid"),
        "LogonId": event.number("TargetLogonId"),
        "RemoteIP": event.said.address("IpAddress"),
        "RemotePort": event.number("IpPort"),
        "RemoteDeviceName": event.text("WorkstationName"),
        "Protocol": event.text("AuthenticationPackageName", "LmPackageName"),
        "InitiatingProcessAccountName": event.text("SubjectUserName"),
        "InitiatingProcessAccountDomain": event.text("SubjectDomainName"),
        "InitiatingProcessAccountSid": event.text("SubjectUserSid"),
        "InitiatingProcessFileName": event.text("ProcessName").rpartition("\\")[2],
        "InitiatingProcessFolderPath": event.text("ProcessName"),
        "ReportId": event.key,
    }


def _logged_on(event: Event) -> Row:
    row = _device(event, "LogonSuccess")
    row["LogonType"] = LOGON_TYPES.get(event.number("LogonType"), event.text("LogonType"))
    row["AdditionalFields"] = _said(
        LogonProcess=event.text("LogonProcessName").strip(),
        ElevatedToken=_yes(event.text("ElevatedToken")),
        LogonGuid=event.text("LogonGuid"),
        Package=event.text("LmPackageName"),
    )
    return "DeviceLogonEvents", row


def _refused(event: Event) -> Row:
    row = _device(event, "LogonFailed")
    row["LogonType"] = LOGON_TYPES.get(event.number("LogonType"), event.text("LogonType"))
    row["FailureReason"] = _reason(event, STATUS, "SubStatus", "Status")
    row["AdditionalFields"] = _said(Status=event.text("Status"), SubStatus=event.text("SubStatus"))
    return "DeviceLogonEvents", row


def _with_other_credentials(event: Event) -> Row:
    """4648: a process signed in as somebody else, by name and password; whether it worked is not said."""
    row = _device(event, "LogonAttempted")
    row["LogonType"] = "NewCredentials"
    row["AdditionalFields"] = _said(TargetServer=event.text("TargetServerName"), TargetInfo=event.text("TargetInfo"))
    return "DeviceLogonEvents", row


def _at_controller(event: Event, protocol: str, kind: str, failure: str) -> Row:
    name, _, realm = event.text("TargetUserName").partition("@")
    row = {
        "Timestamp": event.at,
        "ActionType": "LogonFailed" if failure else "LogonSuccess",
        "Application": DC,
        "Protocol": protocol,
        "LogonType": kind,
        "FailureReason": failure,
        "AccountName": name,
        "AccountDomain": event.text("TargetDomainName") or realm,
        "AccountSid": event.text("TargetSid", "TargetUserSid"),
        "IPAddress": event.said.address("IpAddress"),
        "Port": event.number("IpPort"),
        "DeviceName": event.text("Workstation", "WorkstationName"),
        "DestinationDeviceName": event.host,
        "TargetDeviceName": event.text("ServiceName").rstrip("$") if event.id == 4769 else "",
        "ReportId": event.key,
        "AdditionalFields": _said(
            EventID=str(event.id),
            Service=event.text("ServiceName"),
            TicketEncryptionType=event.text("TicketEncryptionType"),
            TicketOptions=event.text("TicketOptions"),
            PreAuthType=event.text("PreAuthType"),
            Certificate=event.text("CertThumbprint"),
            Status=event.text("Status"),
        ),
    }
    return "IdentityLogonEvents", row


def _ticket(event: Event) -> Row:
    kind = "Kerberos service ticket" if event.id == 4769 else "Kerberos sign-in"
    return _at_controller(event, "Kerberos", kind, _reason(event, KERBEROS, "Status", "FailureCode"))


def _ntlm(event: Event) -> Row:
    return _at_controller(event, "Ntlm", "Credentials validation", _reason(event, STATUS, "Status"))


def _reason(event: Event, known: dict[int, str], *names: str) -> str:
    """ "" when all is well; else the word for the first code that says anything, or the code."""
    for name in names:
        if code := event.number(name):
            return known.get(code, f"{code:#x}")
    return "Unknown" if event.id in {4625, 4771} else ""


def _yes(word: str) -> str:
    return {"%%1842": "true", "%%1843": "false"}.get(word, word)


def _said(**more: str) -> dict[str, str]:
    return {name: value for name, value in more.items() if value}


SIGN_INS = {
    4624: _logged_on,
    4625: _refused,
    4648: _with_other_credentials,
    4768: _ticket,
    4769: _ticket,
    4771: _ticket,
    4776: _ntlm,
}
