"""Google Workspace's audits as Cloud Logging exports them: a `protoPayload` whose metadata lists the events.

Read as the Reports API's activity; RawEventData keeps the record as it came, as Sigma's rules for Google Workspace ask for it.
"""

from collections.abc import Mapping
from typing import Any

from watchfloor.connectors.records.fields import Fields, kept
from watchfloor.connectors.records.source import Row, Source
from watchfloor.connectors.records.workspace import parse as parse_activity
from watchfloor.kernel.errors import BadInput

_SERVICES = frozenset(
    {"admin.googleapis.com", "login.googleapis.com", "oauth2.googleapis.com", "cloudidentity.googleapis.com"}
)
_APPLICATIONS = {"oauth2": "token", "cloudidentity": "groups_enterprise"}


def _payload(record: Mapping[str, Any]) -> Fields:
    return Fields(record).part("protoPayload")


def sniff(record: Mapping[str, Any]) -> bool:
    if not isinstance(record, Mapping):
        return False
    payload = _payload(record)
    return payload.text("serviceName") in _SERVICES and bool(payload.part("metadata").parts("event"))


def parse(record: Mapping[str, Any]) -> tuple[Row, ...]:
    """Raises BadInput for a record without time or event."""
    fields, payload = Fields(record), _payload(record)
    events = [_event(one) for one in payload.part("metadata").parts("event")]
    if not events:
        raise BadInput("the record names no event", place="protoPayload.metadata.event")
    service = payload.text("serviceName").partition(".")[0]
    activity = {
        "id": {
            "time": fields.time("timestamp", "receiveTimestamp"),
            "uniqueQualifier": fields.text("insertId"),
            "applicationName": _APPLICATIONS.get(service, service),
        },
        "actor": {"email": payload.part("authenticationInfo").text("principalEmail")},
        "ipAddress": payload.part("requestMetadata").text("callerIp"),
        "events": events,
    }
    whole = kept(record)
    return tuple(
        (table, {**row, "RawEventData": whole} if table == "CloudAppEvents" else row)
        for table, row in parse_activity(activity)
    )


def _event(event: Fields) -> dict[str, Any]:
    return {
        "name": event.text("eventName"),
        "type": event.text("eventType"),
        "parameters": [
            {"name": one.text("name"), "value": one.text("value", "boolValue", "intValue", "multiStrValue")}
            for one in event.parts("parameter")
        ],
    }


SOURCE = Source("workspace-logging", "Google Workspace audit from Cloud Logging", parse, sniff)
