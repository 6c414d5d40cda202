"""The audit record's names as the Management Activity API writes them, whatever table or export it went through."""

from collections.abc import Mapping
from typing import Any

from watchfloor.connectors.records.fields import opened

_API = """
    AADGroupId Actor ActorContextId ActorIpAddress AffectedItems AppAccessContext AppId ApplicationId
    AzureActiveDirectoryEventType ClientAppId ClientIP ClientIPAddress ClientInfoString CreationTime
    CrossMailboxOperations DestFolder DestMailboxOwnerUPN ExtendedProperties ExternalAccess Folder Folders Id
    InternalLogonType InterSystemsId IntraSystemId Item ItemType LogonError LogonType LogonUserDisplayName
    LogonUserSid MailboxGuid MailboxOwnerSid MailboxOwnerUPN Members ModifiedProperties ObjectId Operation
    OperationProperties OrganizationId OrganizationName OriginatingServer Parameters RecordType ResultStatus
    SharingType Site SiteUrl SourceFileExtension SourceFileName SourceRelativeUrl Target TargetContextId
    TargetUserOrGroupName TargetUserOrGroupType TeamGuid TeamName UniqueSharingId UserAgent UserId UserKey
    UserSharedWith UserType Version Workload
"""
_SPELT = {name.lower(): name for name in _API.split()}
_RENAMED = {
    "officeworkload": "Workload",
    "officeobjectid": "ObjectId",
    "officeid": "Id",
    "client_ipaddress": "ClientIPAddress",
    "site_url": "SiteUrl",
    "site_": "Site",
    "source_name": "SourceName",
    "event_data": "EventData",
    "logon_type": "LogonType",
    "start_time": "StartTime",
    "start_time [utc]": "StartTime",
    "timegenerated": "CreationTime",
    "timegenerated [utc]": "CreationTime",
    "aadtarget": "Target",
    "azureactivedirectory_eventtype": "AzureActiveDirectoryEventType",
}
"""Column names of OfficeActivity, in small letters."""
_DROPPED = frozenset(
    {
        "userid_",
        "clientip_",
        "organizationid_",
        "site_url_",
        "officetenantid_",
        "sourcerecordid",
        "type",
        "tenantid",
        "sourcesystem",
    }
)
"""Columns that a table adds: copies, and what it says of itself."""
_LOGON_TYPES = {"owner": 0, "admin": 1, "delegated": 2}


def native(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record as the API would have written it: an API record with all spellings right is given back as it is."""
    if "CreationTime" in record and "Operation" in record:
        return record if "Workload" in record else {**record, "Workload": _workload(record)}
    table = any(
        str(key).strip().lower() in {"officeworkload", "timegenerated", "timegenerated [utc]"} for key in record
    )
    made: dict[str, Any] = {}
    for key, value in record.items():
        lower = str(key).strip().lower()
        if value in ("", None) or (table and lower in _DROPPED):
            continue
        made[_RENAMED.get(lower) or _SPELT.get(lower) or str(key)] = opened(value) if isinstance(value, str) else value
    if isinstance(made.get("LogonType"), str):
        made["LogonType"] = _LOGON_TYPES.get(made["LogonType"].lower(), made["LogonType"])
    made.setdefault("Workload", _workload(made))
    return made


def _workload(record: Mapping[str, Any]) -> str:
    """Where the record does not say: a cmdlet with parameters is Exchange's, an event type Entra's."""
    if record.get("AzureActiveDirectoryEventType") is not None:
        return "AzureActiveDirectory"
    return "Exchange" if record.get("Parameters") else ""
