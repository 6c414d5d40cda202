"""A rule as data, and a finding: a rule held for these rows, and these are the entities it concerns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from watchfloor.lake.contracts import Condition

Row = dict[str, Any]


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
    DEVICE = "device"


SEVERITIES = ("high", "medium", "low", "informational")
ROLES = ("source", "impacted", "compromised", "contextual")
VERDICTS = ("malicious", "suspicious", "noThreatsFound", "unknown")


@dataclass(frozen=True, slots=True)
class Group:
    """Parts that must all hold, or of which one must."""

    any_of: bool
    parts: tuple["Condition | Group", ...]


@dataclass(frozen=True, slots=True)
class Threshold:
    """At least `at_least` different values of `distinct` among rows that share `group_by`, within `window`."""

    distinct: str
    at_least: int
    group_by: str
    window: timedelta


@dataclass(frozen=True, slots=True)
class Aggregation:
    """Findings whose first filled column of `by` is the same, within `window`, are one alert with a hit count (AP-04)."""

    by: tuple[str, ...]
    window: timedelta


@dataclass(frozen=True, slots=True)
class Entity:
    """A column (or `OtherTable.Column`) that becomes evidence; `own` keeps only addresses of our own domains."""

    column: str
    type: EvidenceType
    role: str = "impacted"
    verdict: str = "suspicious"
    label: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """Rows of the rule's table, and rows of other tables that carry the same NetworkMessageId."""

    says: str
    rows: tuple[Row, ...]
    related: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """One file of content/detections. `story` is filled from the rows; `source` says what must be connected to feed it."""

    id: str
    title: str
    description: str
    story: str
    severity: str
    category: str
    policy_category: str
    techniques: tuple[str, ...]
    table: str
    where: Group
    threshold: Threshold | None
    aggregation: Aggregation
    entities: tuple[Entity, ...]
    source: str
    recommendations: tuple[str, ...]
    hits: tuple[Example, ...]
    misses: tuple[Example, ...]
    path: str = ""


@dataclass(frozen=True, slots=True)
class RuleState:
    """A rule as the settings page shows it: what it says in words, whether it is on, and its last hit."""

    rule: Rule
    words: tuple[str, ...]
    enabled: bool
    findings: int = 0
    last_hit: datetime | None = None
    changed_by: str = ""


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
    """`key` makes it happen once: the same rule over the same rows gives the same key.

    `aggregation_key` is the natural key of AP-04 (a cluster, a sender); findings of one rule with the same one, less than
    `aggregation_seconds` apart, are one alert. `hits` counts rows; `explanation` says which conditions held, with the values
    found; `omitted` counts evidence beyond the cap. `source` names whose rule it is, shown with the alert everywhere:
    “Sigma rule by Jane Doe”; empty for our own. `incident` is where a person wants it (0: a new one); None lets correlation say.
    """

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
    aggregation_key: str = ""
    aggregation_seconds: int = 86400
    hits: int = 1
    explanation: tuple[str, ...] = ()
    omitted: int = 0
    incident: int | None = None
    source: str = ""
