"""Okta's System Log: every event is a row of CloudAppEvents, a sign-in one of IdentityLogonEvents as well.

Shape: https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog (LogEvent).
"""

from collections.abc import Mapping
from typing import Any

from watchfloor.connectors.records.activities import Activity, activity_named
from watchfloor.connectors.records.fields import Fields, kept
from watchfloor.connectors.records.source import Row, Source
from watchfloor.kernel.errors import BadInput

APPLICATION = "Okta"
_SIGN_INS = frozenset({"user.session.start", "user.authentication.sso", "user.authentication.auth_via_mfa"})
_WELL = frozenset({"SUCCESS", "ALLOW", ""})
_ACCOUNTS = frozenset({"user", "systemprincipal", "appuser"})


def sniff(record: Mapping[str, Any]) -> bool:
    if not isinstance(record, Mapping):
        return False
    fields = Fields(record)
    actor = fields.value("actor")
    return "eventType" in fields and isinstance(actor, Mapping) and ("published" in fields or "alternateId" in actor)


def parse(record: Mapping[str, Any]) -> tuple[Row, ...]:
    """Raises BadInput for a record without time or event type."""
    fields = Fields(record)
    event = fields.text("eventType").strip()
    if not event:
        raise BadInput("the record names no event type", place="eventType")
    row = _activity(fields, event, record)
    rows: tuple[Row, ...] = (("CloudAppEvents", row),)
    return (*rows, ("IdentityLogonEvents", _logon(fields, row))) if event in _SIGN_INS else rows


def _activity(fields: Fields, event: str, record: Mapping[str, Any]) -> dict[str, Any]:
    actor, client, outcome = fields.part("actor"), fields.part("client"), fields.part("outcome")
    place, agent, security = (
        client.part("geographicalContext"),
        client.part("userAgent"),
        fields.part("securityContext"),
    )
    target = _target(fields)
    country = place.text("country")
    row = {
        "Timestamp": fields.time("published", "eventTime", "p_event_time"),
        "ActionType": event,
        "ActivityType": activity_named(event).value,
        "Application": APPLICATION,
        "AccountId": actor.text("alternateId"),
        "AccountObjectId": actor.text("id"),
        "AccountDisplayName": actor.text("displayName"),
        "AccountType": actor.text("type"),
        "IsAdminOperation": _by_administrator(event, actor, target),
        "IPAddress": client.address("ipAddress"),
        "IsAnonymousProxy": bool(security.switch("isProxy")),
        "Isp": security.text("isp", "asOrg"),
        "CountryCode": country if len(country) == 2 else "",
        "City": place.text("city"),
        "UserAgent": agent.text("rawUserAgent"),
        "OSPlatform": agent.text("os"),
        "DeviceType": client.text("device"),
        "ActivityObjects": [
            _object("Actor", actor),
            *(_object("Target object", one) for one in fields.parts("target")),
        ],
        "ObjectName": target.text("alternateId", "displayName"),
        "ObjectType": target.text("type"),
        "ObjectId": target.text("id"),
        "ReportId": fields.text("uuid"),
        "AuditSource": "Okta System Log",
        "SessionData": _said({"SessionId": fields.part("authenticationContext").text("externalSessionId")}),
        "RawEventData": kept(record),
        "AdditionalFields": _said(
            {
                "Result": outcome.text("result"),
                "Reason": outcome.text("reason"),
                "Message": fields.text("displayMessage"),
                "Country": country,
            }
        ),
    }
    return {column: value for column, value in row.items() if value not in ("", None, [], {})}


def _by_administrator(event: str, actor: Fields, target: Fields) -> bool:
    """Whether one account changed another, or the organisation's settings."""
    kind = activity_named(event)
    if kind in {Activity.POLICY, Activity.FEDERATION, Activity.TOKEN, Activity.ROLE}:
        return True
    changes = kind in {Activity.ACCOUNT, Activity.PASSWORD, Activity.SECOND_FACTOR, Activity.GROUP}
    return changes and bool(target.text("id")) and target.text("id") != actor.text("id")


def _target(fields: Fields) -> Fields:
    """The first account it was done to, else the first target of any kind."""
    targets = fields.parts("target")
    accounts = [one for one in targets if one.text("type").lower() in _ACCOUNTS]
    return next(iter([*accounts, *targets]), Fields())


def _object(role: str, one: Fields) -> dict[str, str]:
    name = one.text("alternateId", "displayName")
    return {"Type": one.text("type"), "Role": role, "Name": name, "Id": one.text("id")}


def _said(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _logon(fields: Fields, row: Mapping[str, Any]) -> dict[str, Any]:
    outcome = fields.part("outcome")
    place = fields.part("client").part("geographicalContext")
    application = next((one for one in fields.parts("target") if one.text("type").lower() == "appinstance"), Fields())
    logon = {
        "Timestamp": row["Timestamp"],
        "ActionType": "LogonSuccess" if outcome.text("result").upper() in _WELL else "LogonFailed",
        "Application": APPLICATION,
        "LogonType": row["ActionType"],
        "FailureReason": "" if outcome.text("result").upper() in _WELL else outcome.text("reason", "result"),
        "AccountUpn": row.get("AccountId", ""),
        "AccountObjectId": row.get("AccountObjectId", ""),
        "AccountDisplayName": row.get("AccountDisplayName", ""),
        "TargetDeviceName": application.text("displayName"),
        "Location": ", ".join(filter(None, (place.text("city"), place.text("country")))),
        **{name: row.get(name, "") for name in ("IPAddress", "Isp", "DeviceType", "OSPlatform", "ReportId")},
        "AdditionalFields": _said(
            {
                "UserAgent": row.get("UserAgent", ""),
                "Factor": fields.part("authenticationContext").text("credentialType"),
                "Behaviors": fields.part("debugContext").part("debugData").text("behaviors"),
            }
        ),
    }
    return {column: value for column, value in logon.items() if value not in ("", None, {})}


SOURCE = Source("okta", "Okta System Log", parse, sniff)
