"""Processes, connections, files and names asked for, as Sysmon (1, 3, 11, 22) and the security log (4688) tell of them."""

from typing import Any

from watchfloor.connectors.records.source import Row
from watchfloor.connectors.records.windows_event import Event

INTEGRITY = {
    "S-1-16-4096": "Low",
    "S-1-16-8192": "Medium",
    "S-1-16-12288": "High",
    "S-1-16-16384": "System",
}


def _device(event: Event, action: str) -> dict[str, Any]:
    return {
        "Timestamp": event.at,
        "DeviceId": event.host.lower(),
        "DeviceName": event.host,
        "ActionType": action,
        "ReportId": event.key,
    }


def _split(path: str) -> tuple[str, str]:
    return path, path.replace("/", "\\").rpartition("\\")[2]


def _who(user: str) -> tuple[str, str]:
    domain, _, name = user.rpartition("\\")
    return domain, name


def _initiating(event: Event, row: dict[str, Any], *, image: str, user: str, guid: str, number: str) -> None:
    row["InitiatingProcessFolderPath"], row["InitiatingProcessFileName"] = _split(event.text(image))
    row["InitiatingProcessAccountDomain"], row["InitiatingProcessAccountName"] = _who(event.text(user))
    row["InitiatingProcessUniqueId"] = event.text(guid).strip("{}")
    row["InitiatingProcessId"] = event.number(number)


def _hashes(event: Event) -> dict[str, str]:
    """Sysmon writes SHA1=…,MD5=…,SHA256=…,IMPHASH=… in one text."""
    found = dict(part.partition("=")[::2] for part in event.text("Hashes", "Hash").split(","))
    return {name: found[name] for name in ("SHA1", "SHA256", "MD5") if found.get(name)}


def _created(event: Event) -> Row:
    row = _device(event, "ProcessCreated") | _hashes(event)
    row["FolderPath"], row["FileName"] = _split(event.text("Image"))
    row["AccountDomain"], row["AccountName"] = _who(event.text("User"))
    row |= {
        "ProcessId": event.number("ProcessId"),
        "ProcessCommandLine": event.text("CommandLine"),
        "ProcessCreationTime": event.at,
        "ProcessIntegrityLevel": event.text("IntegrityLevel"),
        "ProcessUniqueId": event.text("ProcessGuid").strip("{}"),
        "ProcessVersionInfoCompanyName": event.text("Company"),
        "ProcessVersionInfoProductName": event.text("Product"),
        "ProcessVersionInfoProductVersion": event.text("FileVersion"),
        "ProcessVersionInfoOriginalFileName": event.text("OriginalFileName"),
        "ProcessVersionInfoFileDescription": event.text("Description"),
        "LogonId": event.number("LogonId"),
        "InitiatingProcessCommandLine": event.text("ParentCommandLine"),
    }
    _initiating(event, row, image="ParentImage", user="ParentUser", guid="ParentProcessGuid", number="ParentProcessId")
    return "DeviceProcessEvents", row


def _started(event: Event) -> Row:
    """4688: here the new process has names of its own, and ProcessId is the one that started it."""
    row = _device(event, "ProcessCreated")
    row["FolderPath"], row["FileName"] = _split(event.text("NewProcessName"))
    row["InitiatingProcessFolderPath"], row["InitiatingProcessFileName"] = _split(event.text("ParentProcessName"))
    row |= {
        "ProcessId": event.number("NewProcessId"),
        "ProcessCommandLine": event.text("CommandLine"),
        "ProcessCreationTime": event.at,
        "ProcessIntegrityLevel": INTEGRITY.get(event.text("MandatoryLabel"), ""),
        "AccountName": event.text("TargetUserName") or event.text("SubjectUserName"),
        "AccountDomain": event.text("TargetDomainName") or event.text("SubjectDomainName"),
        "AccountSid": event.text("SubjectUserSid"),
        "LogonId": event.number("SubjectLogonId"),
        "InitiatingProcessId": event.number("ProcessId"),
        "InitiatingProcessAccountName": event.text("SubjectUserName"),
        "InitiatingProcessAccountDomain": event.text("SubjectDomainName"),
        "InitiatingProcessAccountSid": event.text("SubjectUserSid"),
    }
    return "DeviceProcessEvents", row


def _connected(event: Event) -> Row:
    outward = event.text("Initiated").lower() != "false"
    row = _device(event, "ConnectionSuccess" if outward else "InboundConnectionAccepted")
    here, there = ("Source", "Destination") if outward else ("Destination", "Source")
    row |= {
        "RemoteIP": event.said.address(f"{there}Ip"),
        "RemotePort": event.number(f"{there}Port"),
        "RemoteUrl": event.text(f"{there}Hostname"),
        "LocalIP": event.said.address(f"{here}Ip"),
        "LocalPort": event.number(f"{here}Port"),
        "Protocol": event.text("Protocol").capitalize(),
    }
    _initiating(event, row, image="Image", user="User", guid="ProcessGuid", number="ProcessId")
    return "DeviceNetworkEvents", row


def _file(event: Event) -> Row:
    row = _device(event, "FileCreated")
    row["FolderPath"], row["FileName"] = _split(event.text("TargetFilename"))
    _initiating(event, row, image="Image", user="User", guid="ProcessGuid", number="ProcessId")
    return "DeviceFileEvents", row


def _asked_for_name(event: Event) -> Row:
    row = _device(event, "DnsQueryResponse")
    row["RemoteUrl"] = event.text("QueryName")
    row["AdditionalFields"] = {
        "DnsQueryString": event.text("QueryName"),
        "DnsQueryResult": event.text("QueryResults"),
        "DnsQueryStatus": event.text("QueryStatus"),
    }
    _initiating(event, row, image="Image", user="User", guid="ProcessGuid", number="ProcessId")
    return "DeviceEvents", row


def _cleared(event: Event) -> Row:
    """1102: somebody emptied the security log; who it was stands in the one event that is left."""
    row = _device(event, "SecurityLogCleared")
    row |= {
        "AccountName": event.text("SubjectUserName"),
        "AccountDomain": event.text("SubjectDomainName"),
        "AccountSid": event.text("SubjectUserSid"),
        "InitiatingProcessAccountName": event.text("SubjectUserName"),
        "InitiatingProcessAccountDomain": event.text("SubjectDomainName"),
        "InitiatingProcessAccountSid": event.text("SubjectUserSid"),
    }
    return "DeviceEvents", row


SECURITY_EVENTS = {1102: _cleared, 4688: _started}
SYSMON_EVENTS = {1: _created, 3: _connected, 11: _file, 22: _asked_for_name}
