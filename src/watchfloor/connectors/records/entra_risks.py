"""What Entra ID Protection finds: a risk detection is a behaviour, a risky user a change of the account's state."""

from typing import Any

from watchfloor.connectors.records.fields import Fields, kept, opened
from watchfloor.connectors.records.source import Row
from watchfloor.kernel.errors import BadInput

SERVICE = "Microsoft Entra ID Protection"
_DETECTION = (
    "Activity",
    "CorrelationId",
    "DetectionTimingType",
    "IpAddress",
    "RequestId",
    "RiskDetail",
    "RiskEventType",
    "RiskLevel",
    "RiskState",
    "TokenIssuerType",
    "UserDisplayName",
)


def detection_rows(record: Fields) -> tuple[Row, ...]:
    """A row of BehaviorInfo; the AADUserRiskEvents view reads it. Raises BadInput for a record without time or kind."""
    kind = record.text("riskEventType")
    if not kind:
        raise BadInput("the detection does not say what was found", place="riskEventType")
    began = record.moment("activityDateTime")
    found = record.time("detectedDateTime", "lastUpdatedDateTime", "activityDateTime", "TimeGenerated", "time")
    more: dict[str, Any] = {name: record.text(name) for name in _DETECTION}
    more |= {name: opened(record.value(name)) for name in ("Location", "AdditionalInfo")}
    row = {
        "Timestamp": found,
        "BehaviorId": record.text("id"),
        "ActionType": kind,
        "Title": f"Risky sign-in or account: {kind}",
        "Description": f"{SERVICE} found “{kind}” at {record.text('userPrincipalName') or 'an account'}",
        "ServiceSource": SERVICE,
        "DetectionSource": record.text("source") or SERVICE,
        "AccountUpn": record.text("userPrincipalName"),
        "AccountObjectId": record.text("userId"),
        "StartTime": began or found,
        "EndTime": began or found,
        "AdditionalFields": kept({name: value for name, value in more.items() if value not in ("", None)}),
    }
    return (("BehaviorInfo", {name: value for name, value in row.items() if value}),)


def risky_user_rows(record: Fields) -> tuple[Row, ...]:
    """A row of IdentityDirectoryEvents. Raises BadInput for a record without time or account."""
    level, state, upn = record.text("riskLevel"), record.text("riskState"), record.text("userPrincipalName")
    if not upn and not record.text("id", "userId"):
        raise BadInput("the record names no account", place="userPrincipalName")
    changed = record.time("riskLastUpdatedDateTime", "TimeGenerated", "time")
    row = {
        "Timestamp": changed,
        "ActionType": "Account risk changed",
        "Application": SERVICE,
        "TargetAccountUpn": upn,
        "TargetAccountDisplayName": record.text("userDisplayName"),
        "ReportId": f"{record.text('id', 'userId')}:{changed.isoformat()}",
        "AdditionalFields": {
            "RiskLevel": level,
            "RiskState": state,
            "RiskDetail": record.text("riskDetail"),
            "TargetAccountObjectId": record.text("id", "userId"),
        },
    }
    return (("IdentityDirectoryEvents", {name: value for name, value in row.items() if value}),)
