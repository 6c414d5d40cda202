"""Rows of an answer into findings: which columns are evidence, and what makes a row the same row again."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from watchfloor.detection.contracts import Evidence, EvidenceType, Finding
from watchfloor.hunting.models import CustomDetection
from watchfloor.kernel.errors import BadInput

KNOWN: Mapping[str, tuple[EvidenceType, str]] = {
    "NetworkMessageId": (EvidenceType.ANALYZED_MESSAGE, "source"),
    "RecipientEmailAddress": (EvidenceType.MAILBOX, "impacted"),
    "SenderFromAddress": (EvidenceType.SENDER, "source"),
    "AccountUpn": (EvidenceType.USER, "impacted"),
    "UserPrincipalName": (EvidenceType.USER, "impacted"),
    "Url": (EvidenceType.URL, "source"),
    "SHA256": (EvidenceType.FILE, "source"),
    "IPAddress": (EvidenceType.IP, "source"),
    "SenderIPv4": (EvidenceType.IP, "source"),
    "RemoteIP": (EvidenceType.IP, "source"),
}
"""What columns of these names are taken for when nobody says otherwise."""


def guessed(columns: Iterable[str]) -> list[list[str]]:
    """The mapping that the columns' names suggest."""
    return [[name, str(KNOWN[name][0]), KNOWN[name][1]] for name in columns if name in KNOWN]


def read_mapping(text: str) -> list[list[str]]:
    """Lines of “Column: type”, the role by the type. Raises BadInput naming the line."""
    found = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        column, _, word = (part.strip() for part in line.partition(":"))
        kinds = {str(kind).lower(): kind for kind in EvidenceType}
        if not column or word.lower() not in kinds:
            raise BadInput(f"“{line}” must be a column and one of {', '.join(EvidenceType)}", place="entities")
        kind = kinds[word.lower()]
        impacted = kind in (EvidenceType.MAILBOX, EvidenceType.USER)
        found.append([column, str(kind), "impacted" if impacted else "source"])
    return found


def findings(detection: CustomDetection, rows: Sequence[Mapping[str, Any]], *, now: datetime) -> list[Finding]:
    """One finding for each different row; a row without any evidence is none."""
    made = (_finding(detection, row, now=now) for row in rows)
    return list({one.key: one for one in made if one is not None}.values())


def _finding(detection: CustomDetection, row: Mapping[str, Any], *, now: datetime) -> Finding | None:
    evidence = tuple(
        Evidence(EvidenceType(kind), str(row[column]), role=role)
        for column, kind, role in detection.entities
        if row.get(column)
    )
    if not evidence:
        return None
    at = row.get("Timestamp") or row.get("TimeGenerated")
    moment = at if isinstance(at, datetime) else now
    return Finding(
        position=0,
        key=key_of(detection.rule_id, row, evidence, moment),
        rule_id=detection.rule_id,
        title=detection.title,
        severity=detection.severity,
        category=detection.category,
        description=detection.description or f"The custom detection “{detection.title}” found this.",
        techniques=tuple(detection.techniques),
        first_activity=moment,
        last_activity=moment,
        evidence=evidence,
        aggregation_key=evidence[0].value[:500],
        explanation=tuple(f"{name}: {value}"[:300] for name, value in row.items() if value not in (None, ""))[:12],
    )


def key_of(rule_id: str, row: Mapping[str, Any], evidence: Sequence[Evidence], at: datetime) -> str:
    """The same event gives the same key, however often the look-back meets it.

    An event is known by its ReportId; a mail by its id and recipient; what was summarised by its evidence and its day.
    """
    if row.get("ReportId"):
        identity: list[str] = [str(row["ReportId"])]
    elif row.get("NetworkMessageId"):
        identity = [str(row["NetworkMessageId"]), str(row.get("RecipientEmailAddress") or "")]
    else:
        identity = [f"{at:%Y-%m-%d}", *(f"{one.type}={one.value}" for one in evidence)]
    return hashlib.sha256(json.dumps([rule_id, *identity]).encode()).hexdigest()
