"""One directory audit of Entra ID as a row of IdentityDirectoryEvents, kept so that the AuditLogs view shows it whole."""

from typing import Any

from watchfloor.connectors.records.activities import activity_named
from watchfloor.connectors.records.fields import Fields, kept, opened
from watchfloor.connectors.records.source import Row
from watchfloor.kernel.errors import BadInput

APPLICATION = "Microsoft Entra ID"
_KEPT = (
    "Category",
    "LoggedByService",
    "Result",
    "ResultReason",
    "ResultType",
    "ResultSignature",
    "ResultDescription",
    "CorrelationId",
    "AADTenantId",
)


def audit_rows(record: Fields) -> tuple[Row, ...]:
    """Raises BadInput for a record without time or activity."""
    action = record.text("activityDisplayName", "operationName").strip()
    if not action:
        raise BadInput("the audit names no activity", place="activityDisplayName")
    who, target = _initiator(record), _target(record)
    row = {
        "Timestamp": record.time("activityDateTime", "TimeGenerated", "time"),
        "ActionType": action,
        "Application": APPLICATION,
        "AccountUpn": who.text("userPrincipalName") or _address(record.text("initiatingUserOrApp", "identity")),
        "AccountObjectId": who.text("id", "servicePrincipalId"),
        "AccountDisplayName": who.text("displayName", "servicePrincipalName") or record.text("identity"),
        "TargetAccountUpn": target.text("userPrincipalName"),
        "TargetAccountDisplayName": target.text("displayName") or record.text("targetDisplayName"),
        "IPAddress": _ip(record, who),
        "ReportId": record.text("id"),
        "AdditionalFields": kept(_more(record, action)),
    }
    return (("IdentityDirectoryEvents", {name: value for name, value in row.items() if value}),)


def _initiator(record: Fields) -> Fields:
    by = record.part("initiatedBy")
    user = by.part("user")
    return user if user.text("id", "userPrincipalName", "displayName") else by.part("app")


def _target(record: Fields) -> Fields:
    """The first person it was done to, else the first target of any kind."""
    targets = record.parts("targetResources")
    people = [one for one in targets if one.text("type").lower() == "user" or one.text("userPrincipalName")]
    return next(iter([*people, *targets]), Fields())


def _ip(record: Fields, who: Fields) -> str:
    return who.address("ipAddress") or record.address("callerIpAddress", "initiatingIpAddress", "ipAddress")


def _address(text: str) -> str:
    return text if "@" in text else ""


def _more(record: Fields, action: str) -> dict[str, Any]:
    said: dict[str, Any] = {name: record.text(name) for name in _KEPT}
    said["AADOperationType"] = record.text("AADOperationType", "operationType")
    said["UserAgent"] = record.text("userAgent") or record.named("additionalDetails").get("user-agent", "")
    for name in ("InitiatedBy", "TargetResources", "AdditionalDetails"):
        said[name] = opened(record.value(name))
    said["ActivityType"] = activity_named(action).value
    return {name: value for name, value in said.items() if value not in ("", None)}
