"""Microsoft 365's unified audit log: records of the Management Activity API, the portal's CSV with AuditData, and Sentinel's
OfficeActivity.

Each is a row of CloudAppEvents whose RawEventData has the API's own names, so that published queries and the OfficeActivity view
read it; a sign-in is a row of IdentityLogonEvents as well.
"""

from collections.abc import Mapping
from typing import Any

from watchfloor.connectors.records.activities import Activity, activity_of
from watchfloor.connectors.records.fields import Fields, kept, opened
from watchfloor.connectors.records.source import Row, Source
from watchfloor.connectors.records.unified_audit_names import native
from watchfloor.connectors.records.unified_audit_objects import concerned, what_rules_do
from watchfloor.kernel.errors import BadInput

_APPLICATIONS = {
    "exchange": "Microsoft Exchange Online",
    "sharepoint": "Microsoft SharePoint Online",
    "onedrive": "Microsoft OneDrive for Business",
    "microsoftteams": "Microsoft Teams",
    "azureactivedirectory": "Microsoft Entra ID",
}
_KINDS = {
    "0": "Regular",
    "1": "Reserved",
    "2": "Admin",
    "3": "DcAdmin",
    "4": "System",
    "5": "Application",
    "6": "ServicePrincipal",
}
_ADMINISTRATORS = frozenset({"Admin", "DcAdmin"})
_SIGN_INS = {"userloggedin": True, "userloginfailed": False, "mailboxlogin": True}


def sniff(record: Mapping[str, Any]) -> bool:
    if not isinstance(record, Mapping):
        return False
    fields = Fields(record)
    if "AuditData" in fields:
        return True
    if fields.text("Type").lower() == "officeactivity":
        return True
    told = "Workload" in fields or "RecordType" in fields or "OfficeWorkload" in fields
    return (
        "Operation" in fields
        and (told or "Parameters" in fields)
        and ("UserId" in fields or "UserKey" in fields or "OrganizationId" in fields or "Parameters" in fields)
    )


def parse(record: Mapping[str, Any]) -> tuple[Row, ...]:
    """A row of CloudAppEvents, for a sign-in one of IdentityLogonEvents too. Raises BadInput naming what is missing."""
    raw = native(_inner(record))
    fields = Fields(raw)
    operation = fields.text("Operation").strip()
    if not operation:
        raise BadInput("the record names no operation", place="Operation")
    row = _activity(fields, operation, raw)
    signed_in = _SIGN_INS.get(operation.rstrip(".").lower())
    rows: tuple[Row, ...] = (("CloudAppEvents", row),)
    return rows if signed_in is None else (*rows, ("IdentityLogonEvents", _logon(fields, row, signed_in)))


def _inner(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record itself, or the one that the portal's CSV keeps in AuditData."""
    if (said := Fields(record).value("AuditData")) is None:
        return record
    inner = opened(said)
    if not isinstance(inner, Mapping):
        raise BadInput("AuditData is no JSON object", place="AuditData")
    return inner


def _activity(fields: Fields, operation: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    parameters = {**fields.named("OperationProperties"), **fields.named("Parameters")}
    kind = activity_of(operation, parameters)
    account_type = _KINDS.get(fields.text("UserType"), fields.text("UserType"))
    name, what, key = concerned(fields)
    row = {
        "Timestamp": fields.time("CreationTime", "TimeGenerated", "StartTime"),
        "ActionType": operation,
        "ActivityType": kind.value,
        "Application": _application(fields),
        "AccountId": fields.text("UserId"),
        "AccountObjectId": _object_id(fields),
        "AccountDisplayName": fields.text("LogonUserDisplayName", "UserId"),
        "AccountType": account_type,
        "IsAdminOperation": account_type in _ADMINISTRATORS or fields.text("RecordType") in {"1", "ExchangeAdmin"},
        "IsExternalUser": "#ext#" in fields.text("UserId").lower(),
        "IPAddress": fields.address("ClientIP", "ClientIPAddress", "ActorIpAddress", "SenderIp"),
        "UserAgent": _user_agent(fields),
        "ActivityObjects": _objects(fields, name, what, key),
        "ObjectName": name,
        "ObjectType": what,
        "ObjectId": key,
        "ReportId": fields.text("Id"),
        "AuditSource": "Microsoft 365 unified audit log",
        "OAuthAppId": fields.text("AppId", "ApplicationId"),
        "RawEventData": kept(raw),
        "AdditionalFields": _more(kind, parameters, fields),
    }
    return {column: value for column, value in row.items() if value not in ("", None, [], {})}


def _application(fields: Fields) -> str:
    workload = fields.text("Workload")
    return _APPLICATIONS.get(workload.lower(), workload or "Microsoft 365")


def _object_id(fields: Fields) -> str:
    """The account's directory id: of the actor's ids the one that is a GUID, else a UserKey that is one."""
    candidates = [one.text("ID") for one in fields.parts("Actor")] + [
        fields.text("UserKey"),
        fields.text("UserObjectId"),
    ]
    return next((one.lower() for one in candidates if _is_guid(one)), "")


def _is_guid(text: str) -> bool:
    return len(text) == 36 and text.count("-") == 4 and all(c in "0123456789abcdefABCDEF-" for c in text)


def _user_agent(fields: Fields) -> str:
    return (
        fields.text("UserAgent")
        or fields.named("ExtendedProperties").get("useragent", "")
        or fields.text("ClientInfoString")
    )


def _objects(fields: Fields, name: str, what: str, key: str) -> list[dict[str, str]]:
    """As Defender lists them: the account that acts, and what it acts on."""
    actor = {"Type": "Account", "Role": "Actor", "Name": fields.text("UserId"), "Id": _object_id(fields)}
    target = {"Type": what, "Role": "Target object", "Name": name, "Id": key}
    return [one for one in (actor, target) if one["Name"] or one["Id"]]


def _more(kind: Activity, parameters: Mapping[str, str], fields: Fields) -> dict[str, Any]:
    more: dict[str, Any] = {"ResultStatus": fields.text("ResultStatus")}
    if kind in {Activity.INBOX_RULE, Activity.FORWARDING, Activity.DELEGATION}:
        more["Does"] = what_rules_do(parameters)
    for name in ("UserSharedWith", "TargetUserOrGroupName", "MailboxOwnerUPN", "SharingType", "LogonError"):
        more[name] = fields.text(name)
    more["MailAccessType"] = parameters.get("mailaccesstype", "")
    return {name: value for name, value in more.items() if value}


def _logon(fields: Fields, row: Mapping[str, Any], signed_in: bool) -> dict[str, Any]:
    """A failed sign-in is told by its operation; “UserLoggedIn” with a logon error is one too."""
    error = fields.text("LogonError")
    logon = {
        "Timestamp": row["Timestamp"],
        "ActionType": "LogonSuccess" if signed_in and not error else "LogonFailed",
        "Application": "Microsoft 365",
        "LogonType": fields.named("ExtendedProperties").get("requesttype", ""),
        "FailureReason": error,
        "AccountUpn": fields.text("UserId", "MailboxOwnerUPN"),
        "AccountObjectId": row.get("AccountObjectId", ""),
        "IPAddress": row.get("IPAddress", ""),
        "ReportId": row.get("ReportId", ""),
        "AdditionalFields": {"UserAgent": row["UserAgent"]} if "UserAgent" in row else {},
    }
    return {column: value for column, value in logon.items() if value not in ("", None, {})}


SOURCE = Source("unified-audit", "Microsoft 365 unified audit log", parse, sniff)
