"""The words of alerts and incidents: Microsoft Graph security's names, and what pages are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from watchfloor.access.contracts import Actor, Permission
from watchfloor.detection.contracts import Activity


class IncidentStatus(StrEnum):
    """`redirected` is an incident merged into another one (IN-42)."""

    ACTIVE = "active"
    IN_PROGRESS = "inProgress"
    RESOLVED = "resolved"
    REDIRECTED = "redirected"


class AlertStatus(StrEnum):
    NEW = "new"
    IN_PROGRESS = "inProgress"
    RESOLVED = "resolved"


class Classification(StrEnum):
    """Empty is not set (IN-15)."""

    NOT_SET = ""
    TRUE_POSITIVE = "truePositive"
    EXPECTED = "informationalExpectedActivity"
    FALSE_POSITIVE = "falsePositive"


WORDS = {
    "": "Not set",
    "source": "Source",
    "impacted": "Impacted",
    "compromised": "Clicked or sent",
    "contextual": "Context",
    "active": "Active",
    "new": "New",
    "inProgress": "In progress",
    "resolved": "Resolved",
    "redirected": "Merged",
    "truePositive": "True positive",
    "informationalExpectedActivity": "Informational, expected activity",
    "falsePositive": "False positive",
    "multiStagedAttack": "Multi-staged attack",
    "malware": "Malware",
    "maliciousUserActivity": "Malicious user activity",
    "unwantedSoftware": "Unwanted software",
    "phishing": "Phishing",
    "compromisedAccount": "Compromised account",
    "securityTesting": "Security testing",
    "confirmedActivity": "Confirmed activity",
    "lineOfBusinessApplication": "Line-of-business application",
    "notMalicious": "Not malicious",
    "notEnoughDataToValidate": "Not enough data to validate",
    "other": "Other",
    "comment": "Comment",
    "status": "Status",
    "assigned": "Assignment",
    "classified": "Classification",
    "severity": "Severity",
    "renamed": "Name",
    "tagged": "Tag added",
    "untagged": "Tag removed",
    "created": "Opened or raised",
    "linked": "Alert linked",
    "unlinked": "Alert unlinked",
    "merged": "Merge",
    "unmerged": "Merge taken back",
    "hit": "More hits",
    "notified": "Mail notification",
    "exported": "Export",
    "tuned": "Tuning",
    "analyzedMessage": "Mail message",
    "mailCluster": "Mail cluster",
    "mailbox": "Mailbox",
    "user": "User",
    "sender": "Sender",
    "url": "URL",
    "file": "File",
    "ip": "IP address",
    "device": "Device",
    "cloudApplication": "Application",
    "noThreatsFound": "Clean",
    "malicious": "Malicious",
    "suspicious": "Suspicious",
    "unknown": "Unknown",
    "high": "High",
    "medium": "Medium",
    "low": "Low",
    "informational": "Informational",
}
"""What people read for each value that is stored."""

DETERMINATIONS: dict[Classification, tuple[str, ...]] = {
    Classification.NOT_SET: (),
    Classification.TRUE_POSITIVE: (
        *("multiStagedAttack", "phishing", "compromisedAccount", "malware"),
        *("maliciousUserActivity", "unwantedSoftware", "other"),
    ),
    Classification.EXPECTED: ("securityTesting", "confirmedActivity", "lineOfBusinessApplication", "other"),
    Classification.FALSE_POSITIVE: ("notMalicious", "notEnoughDataToValidate", "other"),
}

SEVERITY_RANK = {"informational": 0, "low": 1, "medium": 2, "high": 3}
SEVERITIES = ("high", "medium", "low", "informational")
COMMENT_LIMIT = 30_000


class LinkKind(StrEnum):
    """Why an alert is in its incident."""

    NEW = "new"
    SHARED = "shared"
    MULTISTAGE = "multistage"
    MANUAL = "manual"
    MERGE = "merge"


@dataclass(frozen=True, slots=True)
class Correlation:
    """How alerts find their incident; the page “why linked” and the tests read the same numbers.

    An alert joins the open incident with the highest sum of weights of what they share, if it reaches `enough`. An account
    that both merely received mail weighs `received`; one that acted weighs `acted` if it acted in both, or received the one at
    most `acted_after` before it acted in the other (click or send after phish; not the next phish that a victim gets).
    An entity in more alerts than its cap within the window is ubiquitous and weighs nothing.
    """

    window: timedelta = timedelta(days=7)
    enough: float = 3.0
    acted: float = 3.0
    acted_after: timedelta = timedelta(days=2)
    received: float = 1.0
    weights: dict[str, float] = field(
        default_factory=lambda: {
            "analyzedMessage": 5.0,
            "mailCluster": 4.0,
            "file": 4.0,
            "sender": 3.0,
            "url": 3.0,
            "ip": 2.0,
            "device": 2.0,
        }
    )
    ubiquitous: int = 30
    ubiquitous_specific: int = 500
    alerts_per_incident: int = 1000


@dataclass(frozen=True, slots=True)
class AlertSummary:
    """One alert as lists show it; `tuned` is the number and name of the tuning rule that resolved it as it was raised."""

    alert_id: str
    title: str
    severity: str
    status: str
    category: str
    rule_id: str
    hits: int
    first_activity: datetime
    last_activity: datetime
    created_at: datetime
    incident_id: int
    incident_name: str
    classification: str = ""
    determination: str = ""
    assigned_to: str = ""
    assigned_name: str = ""
    description: str = ""
    impacted: tuple[str, ...] = ()
    impacted_count: int = 0
    reason: str = ""
    link_kind: str = ""
    also: tuple[tuple[int, str], ...] = ()
    techniques: tuple[str, ...] = ()
    omitted: int = 0
    explanation: tuple[str, ...] = ()
    source: str = ""
    activities: tuple[Activity, ...] = ()
    tuned: tuple[int, str] | None = None

    @property
    def href(self) -> str:
        return f"/alerts/{self.alert_id}"


@dataclass(frozen=True, slots=True)
class IncidentSummary:
    """One incident as the queue shows it."""

    id: int
    name: str
    severity: str
    status: str
    categories: tuple[str, ...]
    alerts: int
    active_alerts: int
    users: int
    mailboxes: int
    first_activity: datetime
    last_activity: datetime
    created_at: datetime
    updated_at: datetime
    assigned_to: str = ""
    assigned_name: str = ""
    classification: str = ""
    determination: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    redirected_to: int | None = None
    resolution_note: str = ""
    custom_name: bool = False
    severity_by_hand: bool = False
    devices: int = 0
    sources: tuple[str, ...] = ()

    @property
    def href(self) -> str:
        return f"/incidents/{self.id}"

    @property
    def open(self) -> bool:
        return self.status in (IncidentStatus.ACTIVE, IncidentStatus.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """One entity of an incident or alert, over all the alerts it stands in; `lies` is where a mail's copies lie now (IN-36)."""

    type: str
    value: str
    label: str
    role: str
    verdict: str
    first_seen: datetime
    last_seen: datetime
    alerts: int
    href: str = ""
    lies: str = ""

    @property
    def shown(self) -> str:
        return self.label or self.value


@dataclass(frozen=True, slots=True)
class AssetFacts:
    """What is known of one asset: `key` tells who it is whatever name was used, `href` its page, `summary` its fly-out.

    `cells` are (words, tone) under the heads of who told it; `critical` says that its takeover would be costly.
    """

    key: str = ""
    name: str = ""
    href: str = ""
    summary: str = ""
    cells: tuple[tuple[str, str], ...] = ()
    critical: bool = False


class AssetKnowledge(Protocol):
    """What a slice above knows of an incident's assets of one kind (users, devices), for people with `permission`.

    `tell` gives facts by lower-case value; those of nobody are left out. One query or two, however many values.
    """

    @property
    def kind(self) -> str: ...

    @property
    def heads(self) -> tuple[str, ...]: ...

    @property
    def permission(self) -> Permission: ...

    def tell(self, values: Sequence[str], actor: Actor, /) -> Mapping[str, AssetFacts]: ...


@dataclass(frozen=True, slots=True)
class AttackPath:
    """A way from an account of an incident to a critical asset (IN-23): `edges` are (from, to, fact), `certain` that each was seen.

    Ends are (kind, name, address of its page): kinds are person, group, device.
    """

    entry: tuple[str, str, str]
    target: tuple[str, str, str]
    criticality: str
    edges: tuple[tuple[tuple[str, str, str], tuple[str, str, str], str], ...]
    certain: bool = True


class AttackPathKnowledge(Protocol):
    """What a slice above knows of ways from accounts to critical assets, for people with `permission`."""

    @property
    def permission(self) -> Permission: ...

    def paths(self, values: Sequence[str], actor: Actor, now: datetime, /) -> Sequence[AttackPath]: ...


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One line of the activity log; `origin` is person or system."""

    at: datetime
    actor: str
    origin: str
    kind: str
    text: str
    target: str = ""
    href: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """What of the activity log is asked for; `target` is alert or incident, `words` stand in the line or the alert's title."""

    origin: str = ""
    kind: str = ""
    by: str = ""
    target: str = ""
    words: str = ""
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenCounts:
    """For the home page."""

    incidents: int
    by_severity: dict[str, int]
    alerts: int
    unassigned: int


@dataclass(frozen=True, slots=True)
class NamedIn:
    """How much names one person: all alerts, those not resolved by severity, all incidents, those still open."""

    alerts: int
    active: dict[str, int]
    incidents: int
    open_incidents: int

    @property
    def active_alerts(self) -> int:
        return sum(self.active.values())


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a queue. `total` counts at most `limit` rows; `more` says there are more than that."""

    rows: tuple[Any, ...]
    total: int
    more: bool
    page: int
    size: int


@dataclass(frozen=True, slots=True)
class TouchedAlert:
    """An alert that is new or changed; `people` are (evidence type, address or name, role) of the accounts it names."""

    alert: AlertSummary
    number: int
    people: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Touched:
    """What changed, and the positions to go on from."""

    evidence: int
    history: int
    alerts: tuple[TouchedAlert, ...]


@dataclass(frozen=True, slots=True)
class Popularity:
    """How common the alerts of some rules are: alerts and accounts by rule, and all alerts together."""

    alerts: dict[str, int]
    people: dict[str, int]
    all_alerts: int
