"""A rule as data, and a finding: a rule held for these rows, and these are the entities it concerns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from watchfloor.lake.contracts import Group

__all__ = [
    "POLICY_CATEGORIES",
    "ROLES",
    "SEVERITIES",
    "VERDICTS",
    "Activity",
    "Aggregation",
    "Delivery",
    "Entity",
    "Evidence",
    "EvidenceType",
    "Example",
    "Finding",
    "Group",
    "OwnActivity",
    "Row",
    "Rule",
    "RuleState",
    "Threshold",
    "Unusual",
]

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
    APPLICATION = "cloudApplication"


SEVERITIES = ("high", "medium", "low", "informational")
ROLES = ("source", "impacted", "compromised", "contextual")
VERDICTS = ("malicious", "suspicious", "noThreatsFound", "unknown")
POLICY_CATEGORIES = (
    *("Threat management", "Mail flow", "Permissions", "Data loss prevention", "Information governance", "Others"),
)
"""AP-02."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """At least `at_least` different values of `distinct` (empty: rows) among rows that share `group_by` (empty: all), within `window`."""

    distinct: str
    at_least: int
    group_by: str
    window: timedelta


@dataclass(frozen=True, slots=True)
class Unusual:
    """More rows within `window` (an hour or a day) than the `baseline_days` before let expect, and `least` at least (AP-01).

    With `group_by` (a column) each of its values is held against its own past: an account, a person, a domain.
    """

    window: timedelta = timedelta(hours=1)
    baseline_days: int = 14
    least: int = 20
    group_by: str = ""


@dataclass(frozen=True, slots=True)
class Aggregation:
    """Findings whose first filled column of `by` is the same, within `window`, are one alert with a hit count (AP-04).

    Without `by` all findings of the rule are.
    """

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
    unusual: Unusual | None = None

    @property
    def built_in(self) -> bool:
        """Shipped with the product (AP-03), not made by people here."""
        return bool(self.path)

    @property
    def trigger(self) -> str:
        """What sets it off: every, threshold or unusual."""
        return "unusual" if self.unusual else "threshold" if self.threshold else "every"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Who is told of a rule's alerts: mail addresses, at most `daily_cap` mails in 24 hours, and names of webhooks."""

    recipients: tuple[str, ...] = ()
    daily_cap: int = 10
    webhooks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleState:
    """A rule as the settings page shows it: what it says in words, whether it is on, and its last hit.

    `rule` carries the severity that is set here; `shipped_severity` what it was shipped with.
    """

    rule: Rule
    words: tuple[str, ...]
    enabled: bool
    findings: int = 0
    last_hit: datetime | None = None
    changed_by: str = ""
    delivery: Delivery = Delivery()
    shipped_severity: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One entity of a finding. `value` identifies it (NetworkMessageId, address, URL, SHA256, IP); `role` is source or impacted."""

    type: EvidenceType
    value: str
    label: str = ""
    role: str = "impacted"
    verdict: str = "suspicious"


@dataclass(frozen=True, slots=True)
class Activity:
    """One row behind a finding, as an alert lists it (AP-16): when, what, who, done to what, from where; `message` when it is mail."""

    at: datetime
    operation: str
    user: str = ""
    object: str = ""
    ip: str = ""
    message: str = ""
    recipient: str = ""


@dataclass(frozen=True, slots=True)
class OwnActivity:
    """Something the product did, or saw of itself, that alert policies and hunts may ask for: a row of CloudAppEvents.

    `verb` is its ActionType, `id` makes it happen once; `account` is whom it concerns, `object_id` what (a NetworkMessageId).
    """

    id: str
    at: datetime
    verb: str
    object: str
    object_id: str = ""
    object_type: str = ""
    account: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


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
    activities: tuple[Activity, ...] = ()
