"""From a row of an event table to an `Activity`. Pure; a row that tells nothing of an account gives None."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from watchfloor.identities.scoring.activity import Activity, Kind

Row = Mapping[str, Any]
RISKS = {10: "low", 50: "medium", 100: "high"}
WORDS_OF_RISK = {"low", "medium", "high"}
SILENT = "noninteractiveuser"
BY_SOURCE = {"EntraIdSignInEvents": "Entra ID"}
INTERRUPTED = frozenset(
    {16000, 16001, 50055, 50058, 50072, 50074, 50076, 50078, 50079, 50097, 50125, 50140, 50144, 50203, 65001, 81010}
)
"""Entra's codes for a sign-in that only asks for something more: neither a success nor a failure."""
_NAMES = ("AccountUpn", "AccountObjectId", "AccountSid", "AccountId")


def read(table: str, row: Row) -> Activity | None:
    """The activity of one row; None for tables and rows that the score does not read."""
    reader = READERS.get(table)
    return reader(row) if reader is not None and row.get("Timestamp") is not None else None


def _entra(row: Row) -> Activity | None:
    code = int(row.get("ErrorCode") or 0)
    if code in INTERRUPTED:
        return None
    return Activity(
        at=row["Timestamp"],
        table="EntraIdSignInEvents",
        report=_report(row, "ReportId", "RequestId", "CorrelationId"),
        kind=Kind.FAILED if code else Kind.SIGN_IN,
        names=_names(row),
        ip=_text(row, "IPAddress"),
        country=_text(row, "Country").upper(),
        city=_text(row, "City"),
        network=_text(row, "AutonomousSystemNumber"),
        place=_place(row),
        device=_text(row, "EntraIdDeviceId") or _text(row, "DeviceName"),
        client=_client(row),
        agent=_text(row, "UserAgent"),
        protocol=_text(row, "AuthenticationProtocol") or _text(row, "ClientAppUsed"),
        application=_text(row, "Application"),
        action="Sign-in",
        object=_text(row, "ResourceDisplayName"),
        error=str(code) if code else "",
        risk=RISKS.get(int(row.get("RiskLevelAggregated") or 0), ""),
        risk_types=_list(row.get("RiskEventTypes")),
        single_factor="single" in _text(row, "AuthenticationRequirement").lower(),
        managed=bool(row.get("IsManaged") or row.get("IsCompliant")),
        trusted="trustednamedlocation" in _text(row, "NetworkLocationDetails").lower(),
        session=_text(row, "SessionId"),
        client_app=_text(row, "ClientAppUsed"),
        silent=SILENT in _text(row, "LogonType").lower().replace(" ", ""),
        raw=(row.get("AuthenticationDetails"),),
    )


def _logon(row: Row) -> Activity | None:
    failed = "fail" in _text(row, "ActionType").lower()
    return Activity(
        at=row["Timestamp"],
        table="IdentityLogonEvents",
        report=_report(row, "ReportId"),
        kind=Kind.FAILED if failed else Kind.SIGN_IN,
        names=_names(row),
        ip=_text(row, "IPAddress"),
        country=_text(row, "Location").upper() if len(_text(row, "Location")) == 2 else "",
        network=_text(row, "Isp"),
        device=_text(row, "DeviceName"),
        client=_text(row, "OSPlatform"),
        protocol=_text(row, "Protocol"),
        application=_text(row, "Application"),
        action=_text(row, "ActionType"),
        target=_text(row, "TargetDeviceName"),
        error=_text(row, "FailureReason") if failed else "",
        raw=(row.get("AdditionalFields"),),
    )


def _device_logon(row: Row) -> Activity | None:
    action = _text(row, "ActionType")
    if action not in ("LogonSuccess", "LogonFailed"):
        return None
    return Activity(
        at=row["Timestamp"],
        table="DeviceLogonEvents",
        report=_report(row, "ReportId"),
        kind=Kind.FAILED if action == "LogonFailed" else Kind.SIGN_IN,
        names=_names(row),
        ip=_text(row, "RemoteIP"),
        device=_text(row, "DeviceName"),
        protocol=_text(row, "Protocol"),
        application=_text(row, "DeviceName"),
        action=action,
        error=_text(row, "FailureReason") if action == "LogonFailed" else "",
        raw=(row.get("AdditionalFields"), {"LogonType": row.get("LogonType")}),
    )


def _cloud(row: Row) -> Activity | None:
    action, kind = _text(row, "ActionType"), _text(row, "ActivityType")
    return Activity(
        at=row["Timestamp"],
        table="CloudAppEvents",
        report=_report(row, "ReportId"),
        kind=_kind(kind, action),
        names=_names(row),
        ip=_text(row, "IPAddress"),
        country=_text(row, "CountryCode").upper(),
        city=_text(row, "City"),
        network=_text(row, "Isp"),
        client=_text(row, "OSPlatform"),
        agent=_text(row, "UserAgent"),
        application=_text(row, "Application"),
        action=action,
        object=_text(row, "ObjectName"),
        admin=bool(row.get("IsAdminOperation")) or _text(row, "AccountType").lower() == "admin",
        trusted=_text(row, "IPCategory").lower() in ("corporate", "vpn"),
        anonymous=bool(row.get("IsAnonymousProxy")),
        raw=({"ActivityType": kind}, row.get("RawEventData"), row.get("AdditionalFields"), row.get("ActivityObjects")),
    )


def _kind(kind: str, action: str) -> Kind:
    if kind != "Sign-in":
        return Kind.ACTION
    return Kind.FAILED if "fail" in action.lower() else Kind.SIGN_IN


def _directory(row: Row) -> Activity | None:
    return Activity(
        at=row["Timestamp"],
        table="IdentityDirectoryEvents",
        report=_report(row, "ReportId"),
        kind=Kind.ACTION,
        names=_names(row) or tuple(filter(None, (_text(row, "TargetAccountUpn").lower(),))),
        ip=_text(row, "IPAddress"),
        country=_text(row, "Location").upper() if len(_text(row, "Location")) == 2 else "",
        network=_text(row, "ISP"),
        device=_text(row, "DeviceName"),
        application=_text(row, "Application"),
        action=_text(row, "ActionType"),
        object=_text(row, "TargetAccountDisplayName"),
        target=_text(row, "TargetAccountUpn").lower(),
        raw=(row.get("AdditionalFields"), {"Initiator": "yes" if _names(row) else "no"}),
    )


def _behavior(row: Row) -> Activity | None:
    """What a source's own protection found about an account."""
    details = {**_object(row.get("AdditionalFields"))}
    level = str(details.get("RiskLevel") or details.get("riskLevel") or "medium").lower()
    return Activity(
        at=row["Timestamp"],
        table="BehaviorInfo",
        report=_report(row, "BehaviorId"),
        kind=Kind.ACTION,
        names=_names(row),
        application=_text(row, "ServiceSource"),
        action="Behavior",
        object=_text(row, "Title"),
        risk=level if level in WORDS_OF_RISK else "",
        risk_types=tuple(filter(None, (_text(row, "ActionType"),))),
        raw=(row.get("AdditionalFields"),),
    )


READERS: Mapping[str, Callable[[Row], Activity | None]] = {
    "EntraIdSignInEvents": _entra,
    "IdentityLogonEvents": _logon,
    "DeviceLogonEvents": _device_logon,
    "CloudAppEvents": _cloud,
    "IdentityDirectoryEvents": _directory,
    "BehaviorInfo": _behavior,
}


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value).strip()


def _names(row: Row) -> tuple[str, ...]:
    """The account's names as `people_of_names` takes them, best first."""
    found = [_text(row, name).lower() for name in _NAMES]
    name, domain = _text(row, "AccountName").lower(), _text(row, "AccountDomain").lower()
    if name and domain:
        found += [f"{domain}\\{name}"] if "." not in domain else [f"{name}@{domain}", f"{domain}\\{name}"]
    return tuple(dict.fromkeys(one for one in (*found, name) if one))


def _report(row: Row, *names: str) -> str:
    return next((text for text in (_text(row, name) for name in names) if text and text != "0"), "")


def _place(row: Row) -> tuple[float, float] | None:
    try:
        return float(row["Latitude"]), float(row["Longitude"])
    except (KeyError, TypeError, ValueError):
        return None


def _client(row: Row) -> str:
    browser = _text(row, "Browser").split(" ")[0]
    return " on ".join(part for part in (browser, _text(row, "OSPlatform")) if part)


def _list(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        try:
            value = json.loads(value) if value[:1] == "[" else [part for part in value.split(",") if part]
        except ValueError:
            return ()
    return tuple(str(one).strip() for one in value or () if str(one).strip())


def _object(value: Any) -> Mapping[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value) if value[:1] == "{" else {}
        except ValueError:
            return {}
    return value if isinstance(value, Mapping) else {}
