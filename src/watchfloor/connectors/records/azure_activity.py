"""Azure's activity log (Resource Manager): what accounts did to resources, as rows of CloudAppEvents.

Read as Azure Monitor exports it (`operationName`, `identity`) and as the AzureActivity table has it (`OperationNameValue`, `Caller`).
"""

from collections.abc import Mapping
from typing import Any

from watchfloor.connectors.records.fields import Fields, kept
from watchfloor.connectors.records.source import Row, Source
from watchfloor.kernel.errors import BadInput

APPLICATION = "Microsoft Azure"
_NAME = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"
_UPN = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"
_OBJECT = "http://schemas.microsoft.com/identity/claims/objectidentifier"


def sniff(record: Mapping[str, Any]) -> bool:
    if not isinstance(record, Mapping):
        return False
    fields = Fields(record)
    if fields.text("Type", "$table").lower() == "azureactivity":
        return True
    resource = fields.text("resourceId", "_ResourceId").lower()
    return "operationName" in fields and resource.startswith("/subscriptions/")


def parse(record: Mapping[str, Any]) -> tuple[Row, ...]:
    """Raises BadInput for a record without time or operation."""
    fields = Fields(record)
    operation = (
        fields.text("OperationNameValue") or fields.part("operationName").text("value") or fields.text("operationName")
    )
    if not operation:
        raise BadInput("the record names no operation", place="operationName")
    claims = _claims(fields)
    resource = fields.text("resourceId", "_ResourceId")
    row = {
        "Timestamp": fields.time("time", "eventTimestamp", "TimeGenerated", "EventSubmissionTimestamp"),
        "ActionType": operation,
        "Application": APPLICATION,
        "AccountId": fields.text("Caller") or claims.text(_UPN, _NAME) or fields.part("identity").text("upn"),
        "AccountObjectId": claims.text(_OBJECT),
        "AccountDisplayName": claims.text("name") or fields.text("Caller"),
        "IsAdminOperation": True,
        "IPAddress": fields.address("callerIpAddress") or claims.address("ipaddr"),
        "ObjectName": resource.rsplit("/", 1)[-1],
        "ObjectType": "Azure resource" if resource else "",
        "ObjectId": resource,
        "ReportId": fields.text("eventDataId"),
        "AuditSource": "Azure activity log",
        "OAuthAppId": claims.text("appid"),
        "RawEventData": kept(record),
        "AdditionalFields": _result(fields),
    }
    return (("CloudAppEvents", {column: value for column, value in row.items() if value not in ("", None, {})}),)


def _claims(fields: Fields) -> Fields:
    return fields.part("identity").part("claims") if "identity" in fields else fields.part("Claims_d", "Claims")


def _result(fields: Fields) -> dict[str, str]:
    said = {
        "Status": fields.text("ActivityStatusValue", "resultType"),
        "Category": fields.text("CategoryValue", "category"),
        "CorrelationId": fields.text("correlationId"),
    }
    return {name: value for name, value in said.items() if value}


SOURCE = Source("azure-activity", "Azure activity log", parse, sniff)
