"""Rows that a rule found, into findings: which entities they name, what makes a row the same row again, whose rule it was."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from watchfloor.detection.contracts import Evidence, EvidenceType, Finding
from watchfloor.hunting.models import SigmaEntry
from watchfloor.hunting.sigma.rules import Kind

Row = Mapping[str, Any]

SEVERITIES = {"informational": "informational", "low": "low", "medium": "medium", "high": "high", "critical": "high"}
"""Of an alert, by the level of its rule; alerts know nothing above high. A rule without a level is medium."""
NO_TACTIC = "SuspiciousActivity"
KINDS: Mapping[str, tuple[EvidenceType, str]] = {
    "networkmessageid": (EvidenceType.ANALYZED_MESSAGE, "source"),
    "recipientemailaddress": (EvidenceType.MAILBOX, "impacted"),
    "senderfromaddress": (EvidenceType.SENDER, "source"),
    "accountupn": (EvidenceType.USER, "impacted"),
    "userprincipalname": (EvidenceType.USER, "impacted"),
    "initiatingprocessaccountupn": (EvidenceType.USER, "impacted"),
    "targetaccountupn": (EvidenceType.USER, "impacted"),
    "accountid": (EvidenceType.USER, "impacted"),
    "accountobjectid": (EvidenceType.USER, "impacted"),
    "accountname": (EvidenceType.USER, "impacted"),
    "devicename": (EvidenceType.DEVICE, "impacted"),
    "ipaddress": (EvidenceType.IP, "source"),
    "remoteip": (EvidenceType.IP, "source"),
    "senderipv4": (EvidenceType.IP, "source"),
    "sha256": (EvidenceType.FILE, "source"),
    "url": (EvidenceType.URL, "source"),
    "remoteurl": (EvidenceType.URL, "source"),
}
"""Columns that name an entity, in lower case; of users the first that is filled, as the others say the same one."""
OF_EVERY_MACHINE = {"system", "local service", "network service", "root"}
"""Accounts that say nothing of who it was."""
LABELS = {EvidenceType.ANALYZED_MESSAGE: "Subject", EvidenceType.FILE: "FileName"}
LONGEST_VALUE = 2000
LONGEST_LINE = 300
MOST_LINES = 12
WORD = re.compile(r"\w+")
TACTIC = re.compile(r"attack\.([a-z][a-z_-]{5,})")


def source_of(author: str) -> str:
    """Whose rule found it, as it stands with every match."""
    return f"Sigma rule by {' '.join(author.split())}" if author.strip() else "Sigma rule by an unnamed author"


def category_of(tags: Iterable[str]) -> str:
    """The first ATT&CK tactic, as alerts name it: DefenseEvasion."""
    for tag in tags:
        if found := TACTIC.fullmatch(tag.lower()):
            return "".join(part.capitalize() for part in re.split(r"[_-]", found[1]))
    return NO_TACTIC


def findings(rule: SigmaEntry, rows: Sequence[Row], *, now: datetime) -> list[Finding]:
    """One finding for each different row, the oldest first."""
    made = {one.key: one for one in (_finding(rule, row, now=now) for row in rows)}
    return sorted(made.values(), key=lambda one: (one.last_activity, one.key))


def _finding(rule: SigmaEntry, row: Row, *, now: datetime) -> Finding:
    moment = _moment(row, now)
    evidence = evidence_of(row, rule.entities)
    first = row.get("FirstEvent")
    return Finding(
        position=0,
        key=key_of(rule, row),
        rule_id=rule.rule_id,
        title=rule.title,
        severity=SEVERITIES.get(rule.level, "medium"),
        category=category_of(rule.tags),
        description=rule.description.strip() or f"The Sigma rule “{rule.title}” found this.",
        techniques=tuple(rule.techniques),
        first_activity=min(first, moment) if isinstance(first, datetime) else moment,
        last_activity=moment,
        evidence=evidence,
        # Without an entity the rule itself joins a day's findings, or each row would be an alert.
        aggregation_key=(evidence[0].value if evidence else rule.rule_id)[:400],
        explanation=tuple(_explanation(rule, row)),
        source=source_of(rule.author),
    )


def _moment(row: Row, now: datetime) -> datetime:
    for name in ("Timestamp", "TimeGenerated"):
        if isinstance(found := row.get(name), datetime):
            return found
    return now


def key_of(rule: SigmaEntry, row: Row) -> str:
    """The same event gives the same key, however often the look-back meets it.

    An event is known by its id and its time (a device counts its ids anew when it starts), else by all it says. What a
    correlation counted is known by its group and the slot of time its first event lies in, which a later look does not move.
    """
    if rule.kind == Kind.CORRELATION:
        first, length = row.get("FirstEvent"), max(rule.seconds, 1)
        slot = int(first.timestamp()) // length if isinstance(first, datetime) else 0
        group = {name: value for name, value in row.items() if name not in ("Timestamp", "FirstEvent", "Measure")}
        identity: Any = [slot, group]
    elif event := row.get("ReportId") or row.get("Id"):
        identity = [event, row.get("Timestamp") or row.get("TimeGenerated"), row.get("DeviceId")]
    else:
        identity = dict(row)
    text = json.dumps([rule.rule_id, identity], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def evidence_of(row: Row, named: Iterable[Sequence[str]]) -> tuple[Evidence, ...]:
    """The entities a row names: those of columns known by their names, in the role that the rule gives them."""
    roles = {column.lower(): role for column, role in named}
    values = {name.lower(): value for name, value in row.items()}
    found: dict[tuple[str, str], Evidence] = {}
    people = 0
    for column, (kind, role) in KINDS.items():
        value = _value(values.get(column))
        if not value or (kind == EvidenceType.USER and (people or value.lower() in OF_EVERY_MACHINE)):
            continue
        people += kind == EvidenceType.USER
        label = str(row.get(LABELS.get(kind, ""), "") or "")[:500]
        found.setdefault((kind, value), Evidence(kind, value, label=label, role=roles.get(column, role)))
    for one in _initiators(row) if not people else ():
        found.setdefault((one.type, one.value), one)
    order = {EvidenceType.USER: 0, EvidenceType.MAILBOX: 0, EvidenceType.DEVICE: 1}
    return tuple(sorted(found.values(), key=lambda one: order.get(one.type, 2)))


def _initiators(row: Row) -> Iterator[Evidence]:
    """Who a directory's audit record names, which holds them as JSON: {"user": {"userPrincipalName", "ipAddress"}}."""
    held = row.get("InitiatedBy")
    user = held.get("user") if isinstance(held, Mapping) else None
    if isinstance(user, Mapping):
        if name := _value(user.get("userPrincipalName")) or _value(user.get("id")):
            yield Evidence(EvidenceType.USER, name, role="impacted")
        if address := _value(user.get("ipAddress")):
            yield Evidence(EvidenceType.IP, address, role="source")


def _value(value: object) -> str:
    return value.strip().replace("\x00", "\ufffd")[:LONGEST_VALUE] if isinstance(value, str) else ""


def _explanation(rule: SigmaEntry, row: Row) -> Iterator[str]:
    """What the rule looks at comes first, then the rest, as far as there is room."""
    asked = set(WORD.findall(rule.kql))
    filled = [
        (name, value)
        for name, value in row.items()
        if value not in (None, "", [], {}) and (value or name in asked)  # a number of nought says little
    ]
    ordered = sorted(filled, key=lambda pair: pair[0] not in asked)
    for name, value in ordered[:MOST_LINES]:
        text = json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict) else str(value)
        yield f"{name}: {text}".replace("\x00", "\ufffd")[:LONGEST_LINE]
