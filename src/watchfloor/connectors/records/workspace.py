"""Google Workspace's Reports API: login, admin, token, drive and other audits; each event is a row of CloudAppEvents, a sign-in
one of IdentityLogonEvents as well.

Shape: https://developers.google.com/workspace/admin/reports/reference/rest/v1/activities (Activity). Also read: the same with one
event laid flat (`name`, `type`, `parameters`), and Sentinel's `event_name`, `event_type`.
"""

from collections.abc import Mapping
from typing import Any

from watchfloor.connectors.records.activities import Activity, activity_named
from watchfloor.connectors.records.fields import Fields, as_text, kept, opened
from watchfloor.connectors.records.source import Row, Source
from watchfloor.kernel.errors import BadInput

APPLICATION = "Google Workspace"
_SIGN_INS = {"login_success": "LogonSuccess", "login_failure": "LogonFailed", "suspicious_login": "LogonSuccess"}
_VALUES = ("value", "boolValue", "intValue", "multiValue", "multiIntValue", "messageValue", "multiMessageValue")
_ANYONE = frozenset({"people_with_link", "public_on_the_web", "public_in_the_domain_with_link", "all"})
_CHANGES_OTHERS = frozenset({"admin"})
MOST_EVENTS = 200
"""Events of one activity that are read; Google sends a handful."""


def sniff(record: Mapping[str, Any]) -> bool:
    if not isinstance(record, Mapping):
        return False
    key = record.get("id")
    if record.get("kind") == "admin#reports#activity":
        return True
    return isinstance(key, Mapping) and "applicationName" in key and ("events" in record or "name" in record)


def parse(record: Mapping[str, Any]) -> tuple[Row, ...]:
    """Raises BadInput for a record without time or event."""
    fields = Fields(record)
    events = _events(fields, record)
    if not events:
        raise BadInput("the record names no event", place="events")
    at = fields.part("id").moment("time") or fields.time("time", "p_event_time")
    rows: list[Row] = []
    for number, (name, parameters) in enumerate(events):
        row = _activity(fields, name, parameters, record)
        row |= {"Timestamp": at, "ReportId": _report_id(fields, number)}
        rows.append(("CloudAppEvents", row))
        if name in _SIGN_INS:
            rows.append(("IdentityLogonEvents", _logon(name, parameters, row)))
    return tuple(rows)


def _events(fields: Fields, record: Mapping[str, Any]) -> list[tuple[str, dict[str, str]]]:
    """(name, parameters) of each event."""
    said = fields.parts("events")[:MOST_EVENTS] or [fields]
    named = ((one.text("name", "event_name").strip(), one) for one in said)
    return [(name, _parameters(one)) for name, one in named if name]


def _parameters(event: Fields) -> dict[str, str]:
    """By lower-case name: a list of `{name, value}` as the API has it, or an object."""
    said = opened(event.value("parameters"))
    if isinstance(said, Mapping):
        return {str(name).lower()[:200]: as_text(value) for name, value in list(said.items())[:200]}
    return {one.text("name").lower(): one.text(*_VALUES) for one in event.parts("parameters")}


def _report_id(fields: Fields, number: int) -> str:
    key = fields.part("id")
    return ":".join(
        filter(None, (key.text("applicationName"), key.text("uniqueQualifier"), key.text("time"), str(number)))
    )


def _activity(fields: Fields, name: str, parameters: Mapping[str, str], record: Mapping[str, Any]) -> dict[str, Any]:
    actor, service = fields.part("actor"), fields.part("id").text("applicationName")
    who = actor.text("email") or parameters.get("affected_email_address", "")
    kind = _kind(name, parameters)
    what, label, key = _concerned(parameters)
    row = {
        "ActionType": name,
        "ActivityType": kind.value,
        "Application": APPLICATION,
        "AccountId": who,
        "AccountObjectId": actor.text("profileId"),
        "AccountDisplayName": who,
        "AccountType": actor.text("callerType"),
        "IsAdminOperation": service in _CHANGES_OTHERS,
        "IPAddress": fields.address("ipAddress"),
        "ActivityObjects": [{"Type": what, "Role": "Target object", "Name": label, "Id": key}] if label else [],
        "ObjectName": label,
        "ObjectType": what,
        "ObjectId": key,
        "AuditSource": f"Google Workspace {service} audit",
        "OAuthAppId": parameters.get("client_id", ""),
        "RawEventData": kept(record),
        "AdditionalFields": {"Service": service, "Parameters": parameters},
    }
    return {column: value for column, value in row.items() if value not in ("", None, [], {})}


def _kind(name: str, parameters: Mapping[str, str]) -> Activity:
    """A share with whoever has the link is told apart from a share with somebody."""
    kind = activity_named(name)
    if kind is Activity.SHARING and parameters.get("visibility", "") in _ANYONE:
        return Activity.ANONYMOUS_LINK
    return kind


def _concerned(parameters: Mapping[str, str]) -> tuple[str, str, str]:
    """(kind, name, id) of what the event is about."""
    if title := parameters.get("doc_title"):
        return parameters.get("doc_type", "File"), title, parameters.get("doc_id", "")
    for what, names in (
        ("Account", ("user_email", "target_user", "email_forwarding_destination_address")),
        ("Group", ("group_email",)),
    ):
        if found := next((parameters[one] for one in names if parameters.get(one)), ""):
            return what, found, ""
    if found := parameters.get("app_name") or parameters.get("application_name", ""):
        return "Application", found, parameters.get("client_id") or parameters.get("app_id", "")
    return ("Setting", parameters["setting_name"], "") if parameters.get("setting_name") else ("", "", "")


def _logon(name: str, parameters: Mapping[str, str], row: Mapping[str, Any]) -> dict[str, Any]:
    logon = {
        "Timestamp": row["Timestamp"],
        "ActionType": _SIGN_INS[name],
        "Application": APPLICATION,
        "LogonType": parameters.get("login_type", ""),
        "FailureReason": parameters.get("login_failure_type", "") if name == "login_failure" else "",
        "AccountUpn": row.get("AccountId", ""),
        **{column: row.get(column, "") for column in ("AccountObjectId", "IPAddress", "ReportId")},
        "AdditionalFields": {
            said: parameters[said]
            for said in ("is_suspicious", "is_second_factor", "login_challenge_method")
            if parameters.get(said)
        },
    }
    if name == "suspicious_login":
        logon["AdditionalFields"] = {"is_suspicious": "true"}
    return {column: value for column, value in logon.items() if value not in ("", None, {})}


SOURCE = Source("workspace", "Google Workspace audit", parse, sniff)
