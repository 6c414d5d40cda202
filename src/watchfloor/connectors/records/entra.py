"""Entra ID: sign-ins, directory audits, risky users and risk detections.

Three outer shapes, told apart by their keys alone: Graph's JSON, the Azure Monitor export (`category`, `properties`), and tables of
Log Analytics and Sentinel as JSON or CSV (dynamic columns as JSON text).
"""

from collections.abc import Callable, Mapping
from typing import Any

from watchfloor.connectors.records.entra_audits import audit_rows
from watchfloor.connectors.records.entra_risks import detection_rows, risky_user_rows
from watchfloor.connectors.records.entra_sign_ins import sign_in_rows
from watchfloor.connectors.records.fields import Fields, opened
from watchfloor.connectors.records.source import Row, Source
from watchfloor.kernel.errors import BadInput


def _nothing(record: Fields) -> tuple[Row, ...]:
    """Sign-ins of programs, which no person makes."""
    return ()


_TABLES = {
    "signinlogs": sign_in_rows,
    "noninteractiveusersigninlogs": sign_in_rows,
    "aadnoninteractiveusersigninlogs": sign_in_rows,
    "auditlogs": audit_rows,
    "riskyusers": risky_user_rows,
    "aadriskyusers": risky_user_rows,
    "userriskevents": detection_rows,
    "aaduserriskevents": detection_rows,
    "serviceprincipalsigninlogs": _nothing,
    "aadserviceprincipalsigninlogs": _nothing,
    "managedidentitysigninlogs": _nothing,
    "aadmanagedidentitysigninlogs": _nothing,
}
"""By the name of the table or of the export's category."""


def merged(record: Mapping[str, Any]) -> Fields:
    """The record with what an export keeps in `properties` on the same level."""
    inner = opened(record.get("properties"))
    return Fields(record, inner) if isinstance(inner, Mapping) else Fields(record)


def _reader(record: Fields) -> Callable[[Fields], tuple[Row, ...]] | None:
    """Which of our readers fits, else None."""
    for name in (record.text("Type").lower(), record.text("$table").lower(), record.text("category").lower()):
        if name in _TABLES:
            return _TABLES[name]
    if "riskEventType" in record and "riskState" in record:
        return detection_rows
    if "riskLastUpdatedDateTime" in record and "riskState" in record:
        return risky_user_rows
    if "activityDisplayName" in record and ("targetResources" in record or "initiatedBy" in record):
        return audit_rows
    if "userPrincipalName" in record and "appDisplayName" in record and "status" in record:
        return sign_in_rows
    return None


def sniff(record: Mapping[str, Any]) -> bool:
    return isinstance(record, Mapping) and _reader(merged(record)) is not None


def parse(record: Mapping[str, Any]) -> tuple[Row, ...]:
    """Rows of EntraIdSignInEvents, IdentityDirectoryEvents or BehaviorInfo."""
    fields = merged(record)
    reader = _reader(fields)
    if reader is None:
        raise BadInput("this is no sign-in, audit or risk record of Entra ID", place="record")
    return reader(fields)


SOURCE = Source("entra", "Entra ID sign-ins, audits and risks", parse, sniff)
