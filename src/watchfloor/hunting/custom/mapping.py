"""Rows of an answer into findings: which columns are evidence, and what makes a row the same row again."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from watchfloor.detection.contracts import Evidence, EvidenceType, Finding
from watchfloor.hunting.models import CustomDetection
from watchfloor.kernel.errors import BadInput

Entities = Sequence[Sequence[str]]
"""Of [column, evidence type, role]."""

KNOWN: Mapping[str, tuple[EvidenceType, str]] = {
    "networkmessageid": (EvidenceType.ANALYZED_MESSAGE, "source"),
    "emailclusterid": (EvidenceType.MAIL_CLUSTER, "source"),
    "recipientemailaddress": (EvidenceType.MAILBOX, "impacted"),
    "mailboxownerupn": (EvidenceType.MAILBOX, "impacted"),
    "mailboxprimaryaddress": (EvidenceType.MAILBOX, "impacted"),
    "recipient": (EvidenceType.MAILBOX, "impacted"),
    "recipients": (EvidenceType.MAILBOX, "impacted"),
    "senderfromaddress": (EvidenceType.SENDER, "source"),
    "sendermailfromaddress": (EvidenceType.SENDER, "source"),
    "sender": (EvidenceType.SENDER, "source"),
    "senders": (EvidenceType.SENDER, "source"),
    "accountupn": (EvidenceType.USER, "impacted"),
    "userprincipalname": (EvidenceType.USER, "impacted"),
    "initiatingprocessaccountupn": (EvidenceType.USER, "impacted"),
    "accountcustomentity": (EvidenceType.USER, "impacted"),
    "userid": (EvidenceType.USER, "impacted"),
    "url": (EvidenceType.URL, "source"),
    "urls": (EvidenceType.URL, "source"),
    "urlcustomentity": (EvidenceType.URL, "source"),
    "remoteurl": (EvidenceType.URL, "source"),
    "sha256": (EvidenceType.FILE, "source"),
    "initiatingprocesssha256": (EvidenceType.FILE, "source"),
    "filehash": (EvidenceType.FILE, "source"),
    "filehashcustomentity": (EvidenceType.FILE, "source"),
    "ipaddress": (EvidenceType.IP, "source"),
    "ipaddresses": (EvidenceType.IP, "source"),
    "ipcustomentity": (EvidenceType.IP, "source"),
    "clientip": (EvidenceType.IP, "source"),
    "senderipv4": (EvidenceType.IP, "source"),
    "senderipv6": (EvidenceType.IP, "source"),
    "remoteip": (EvidenceType.IP, "source"),
}
"""What columns of these names, in lower case, are taken for when nobody says otherwise; Sentinel's own names among them."""

SENTINEL: Mapping[tuple[str, str], EvidenceType] = {
    ("account", "fullname"): EvidenceType.USER,
    ("account", "upn"): EvidenceType.USER,
    ("mailbox", "mailboxprimaryaddress"): EvidenceType.MAILBOX,
    ("mailbox", "upn"): EvidenceType.MAILBOX,
    ("mailmessage", "networkmessageid"): EvidenceType.ANALYZED_MESSAGE,
    ("mailmessage", "recipient"): EvidenceType.MAILBOX,
    ("mailmessage", "sender"): EvidenceType.SENDER,
    ("mailmessage", "p1sender"): EvidenceType.SENDER,
    ("mailmessage", "p2sender"): EvidenceType.SENDER,
    ("mailcluster", "clusterid"): EvidenceType.MAIL_CLUSTER,
    ("ip", "address"): EvidenceType.IP,
    ("url", "url"): EvidenceType.URL,
    ("filehash", "value"): EvidenceType.FILE,
}
"""Evidence by the entity and identifier of a Sentinel rule, in lower case."""

MOST_OF_A_LIST = 100
LONGEST_VALUE = 2000
LONGEST_LABEL = 500
_REPEATED = re.compile(r"\d+$")


def guessed(columns: Iterable[str]) -> list[list[str]]:
    """The mapping that the columns' names suggest; `AccountUpn1`, as a join names it, is AccountUpn."""
    found = []
    for name in columns:
        known = KNOWN.get(name.lower()) or KNOWN.get(_REPEATED.sub("", name.lower()))
        if known:
            found.append([name, str(known[0]), known[1]])
    return found


def of_sentinel(entities: Iterable[Mapping[str, Any]], columns: Iterable[str]) -> list[list[str]]:
    """The mapping of an imported rule, as far as its entities are evidence here and its columns are there."""
    there = set(columns)
    found = []
    for entity in entities:
        for part in entity.get("fields", ()):
            kind = SENTINEL.get((str(entity.get("type", "")).lower(), str(part.get("identifier", "")).lower()))
            if kind and part.get("column") in there:
                found.append([part["column"], str(kind), role_of(kind)])
    return found


def role_of(kind: EvidenceType) -> str:
    return "impacted" if kind in (EvidenceType.MAILBOX, EvidenceType.USER) else "source"


def read_mapping(text: str) -> list[list[str]]:
    """Lines of “Column: type”, the role by the type. Raises BadInput naming the line."""
    kinds = {str(kind).lower(): kind for kind in EvidenceType}
    found = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        column, _, word = (part.strip() for part in line.partition(":"))
        if not column or word.lower() not in kinds:
            raise BadInput(f"“{line}” must be a column and one of {', '.join(EvidenceType)}", place="entities")
        kind = kinds[word.lower()]
        found.append([column, str(kind), role_of(kind)])
    return found


def written(entities: Entities) -> str:
    """The mapping as lines that `read_mapping` reads."""
    return "\n".join(f"{column}: {kind}" for column, kind, _ in entities)


def evidence_of(row: Mapping[str, Any], entities: Entities) -> tuple[Evidence, ...]:
    """The entities that one row names, each once; a list names several. A mail is labelled with its subject."""
    found: dict[tuple[str, str], Evidence] = {}
    for column, kind, role in entities:
        for value in _values(row.get(column)):
            label = _text(row.get("Subject"))[:LONGEST_LABEL] if kind == EvidenceType.ANALYZED_MESSAGE else ""
            found.setdefault((kind, value), Evidence(EvidenceType(kind), value, label=label, role=role))
    return tuple(found.values())


def _values(cell: Any) -> Iterator[str]:
    for one in cell[:MOST_OF_A_LIST] if isinstance(cell, list) else [cell]:
        if text := _text(one):
            yield text[:LONGEST_VALUE]


def _text(value: Any) -> str:
    """A cell as a database keeps it: PostgreSQL holds no NUL."""
    return "" if value is None or isinstance(value, dict) else str(value).replace("\0", "").strip()


def moment_of(row: Mapping[str, Any], *, otherwise: datetime) -> datetime:
    """When a row happened, by its Timestamp or TimeGenerated: a time, or one in ISO form."""
    at = row.get("Timestamp") or row.get("TimeGenerated")
    if isinstance(at, str):
        try:
            at = datetime.fromisoformat(at)
        except ValueError:
            return otherwise
    if not isinstance(at, datetime):
        return otherwise
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def findings(detection: CustomDetection, rows: Iterable[Mapping[str, Any]], *, now: datetime) -> list[Finding]:
    """One finding for each different row; a row without any evidence is none."""
    made = (_finding(detection, row, now=now) for row in rows)
    return list({one.key: one for one in made if one is not None}.values())


def _finding(detection: CustomDetection, row: Mapping[str, Any], *, now: datetime) -> Finding | None:
    evidence = evidence_of(row, detection.entities)
    if not evidence:
        return None
    moment = moment_of(row, otherwise=now)
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
        aggregation_key=evidence[0].value[:400],
        source=f"Custom detection “{detection.title}”",
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
