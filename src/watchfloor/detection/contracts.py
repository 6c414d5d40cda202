"""A finding: a rule held for these rows, and these are the entities it concerns."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EvidenceType(StrEnum):
    """Microsoft Graph security evidence, without the suffix."""

    ANALYZED_MESSAGE = "analyzedMessage"
    MAIL_CLUSTER = "mailCluster"
    MAILBOX = "mailbox"
    USER = "user"
    SENDER = "sender"
    URL = "url"
    FILE = "file"
    IP = "ip"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One entity of a finding. `value` identifies it (NetworkMessageId, address, URL, SHA256, IP); `role` is source or impacted."""

    type: EvidenceType
    value: str
    label: str = ""
    role: str = "impacted"
    verdict: str = "suspicious"


@dataclass(frozen=True, slots=True)
class Finding:
    """`key` makes it happen once: the same rule over the same rows gives the same key."""

    position: int
    key: str
    rule_id: str
    title: str
    severity: str
    category: str
    description: str
    techniques: tuple[str, ...]
    first_activity: datetime
    last_activity: datetime
    evidence: tuple[Evidence, ...]
