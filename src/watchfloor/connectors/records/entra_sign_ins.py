"""One sign-in at Entra ID as a row of EntraIdSignInEvents."""

from datetime import datetime

from watchfloor.connectors.records.fields import Fields
from watchfloor.connectors.records.source import Row

_POLICY_RESULT = {"success": 0, "failure": 1, "notapplied": 2}
_RISK_LEVEL = {"none": 1, "hidden": 1, "low": 10, "medium": 50, "high": 100}
RISK_STATE = {"confirmedsafe": 1, "remediated": 2, "dismissed": 3, "atrisk": 4, "confirmedcompromised": 5}
"""The numbers by which Defender's table keeps Graph's words."""


def sign_in_rows(record: Fields) -> tuple[Row, ...]:
    """Raises BadInput for a record without time or account."""
    place, device, status = (
        record.part("location", "LocationDetails"),
        record.part("deviceDetail"),
        record.part("status"),
    )
    row = {
        "Timestamp": _when(record),
        "Application": record.text("appDisplayName"),
        "ApplicationId": record.text("appId"),
        "LogonType": _logon_type(record),
        "ErrorCode": _error_code(record, status),
        "ResultDescription": status.text("failureReason") or record.text("resultDescription"),
        **_texts(record),
        "AccountUpn": record.text("userPrincipalName"),
        "RequestId": record.text("id", "originalRequestId"),
        "ReportId": record.text("id", "originalRequestId"),
        "AlternateSignInName": record.text("alternateSignInName", "signInIdentifier"),
        "IsGuestUser": record.text("userType").lower() == "guest",
        "IsExternalUser": int(_external(record)),
        **_device(device),
        **_risk(record),
        "IPAddress": record.address("ipAddress", "callerIpAddress"),
        **_place(record, place),
    }
    return (("EntraIdSignInEvents", {name: value for name, value in row.items() if value not in ("", None)}),)


def _when(record: Fields) -> datetime:
    """Exports lose columns: the first step of the authentication has a time too."""
    step = record.part("authenticationDetails").moment("authenticationStepDateTime")
    return record.moment("createdDateTime", "TimeGenerated", "time") or step or record.time("createdDateTime")


_TEXTS = {
    "AccountDisplayName": ("userDisplayName", "identity"),
    "AccountObjectId": ("userId",),
    "CorrelationId": ("correlationId",),
    "SessionId": ("sessionId",),
    "ResourceDisplayName": ("resourceDisplayName",),
    "ResourceId": ("resourceIdentity", "servicePrincipalResourceId"),
    "ResourceTenantId": ("resourceTenantId",),
    "HomeTenantId": ("homeTenantId",),
    "ClientAppUsed": ("clientAppUsed",),
    "UserAgent": ("userAgent",),
    "AuthenticationDetails": ("authenticationDetails",),
    "AuthenticationRequirement": ("authenticationRequirement",),
    "AuthenticationProcessingDetails": ("authenticationProcessingDetails",),
    "AuthenticationProtocol": ("authenticationProtocol",),
    "AuthenticationContextClassReferences": ("authenticationContextClassReferences",),
    "ConditionalAccessPolicies": ("appliedConditionalAccessPolicies", "conditionalAccessPolicies"),
    "NetworkLocationDetails": ("networkLocationDetails",),
    "MfaDetail": ("mfaDetail",),
    "IncomingTokenType": ("incomingTokenType",),
    "AutonomousSystemNumber": ("autonomousSystemNumber",),
    "CrossTenantAccessType": ("crossTenantAccessType",),
    "TokenProtectionStatusDetails": ("tokenProtectionStatusDetails",),
    "SessionLifetimePolicies": ("sessionLifetimePolicies",),
    "RiskEventTypes": ("riskEventTypes_v2", "riskEventTypes"),
    "RiskDetail": ("riskDetail",),
}


def _texts(record: Fields) -> dict[str, object]:
    return {column: record.text(*names) for column, names in _TEXTS.items()}


def _error_code(record: Fields, status: Fields) -> int:
    """0 for success; a failure that has no number is 1."""
    for said in (status.whole("errorCode"), record.whole("resultType")):
        if said is not None:
            return said
    return int(record.text("resultType").lower() not in {"", "success"})


def _logon_type(record: Fields) -> str:
    """As Defender's table has it: a JSON list of one word."""
    interactive = record.switch("isInteractive")
    silent = (
        "noninteractive" in f"{record.text('category')} {record.text('Type')} {record.text('signInEventTypes')}".lower()
    )
    return '["nonInteractiveUser"]' if silent or interactive is False else '["interactiveUser"]'


def _external(record: Fields) -> bool:
    home, resource = record.text("homeTenantId"), record.text("resourceTenantId")
    return bool(home and resource) and home != resource and record.text("userType").lower() != "member"


def _device(device: Fields) -> dict[str, object]:
    return {
        "DeviceName": device.text("displayName"),
        "EntraIdDeviceId": device.text("deviceId"),
        "OSPlatform": device.text("operatingSystem"),
        "Browser": device.text("browser"),
        "DeviceTrustType": device.text("trustType"),
        "IsManaged": int(device.switch("isManaged") or False),
        "IsCompliant": int(device.switch("isCompliant") or False),
    }


def _risk(record: Fields) -> dict[str, object]:
    levels = (
        _RISK_LEVEL.get(record.text(name).lower(), 0) for name in ("riskLevelAggregated", "riskLevelDuringSignIn")
    )
    return {
        "RiskLevelAggregated": max(levels),
        "RiskState": RISK_STATE.get(record.text("riskState").lower(), 0),
        "ConditionalAccessStatus": _POLICY_RESULT.get(record.text("conditionalAccessStatus").lower(), 2),
    }


def _place(record: Fields, place: Fields) -> dict[str, object]:
    spot = place.part("geoCoordinates")
    country = place.text("countryOrRegion") or record.text("location")
    return {
        "Country": country if len(country) <= 3 else "",
        "State": place.text("state"),
        "City": place.text("city"),
        "Latitude": spot.text("latitude"),
        "Longitude": spot.text("longitude"),
    }
