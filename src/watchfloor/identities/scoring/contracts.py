"""The words of the risk score: a person's standing, one point with its factors, and how a rule of ours is set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from watchfloor.identities.scoring.formulas import LIFETIME, worth

RED = 90.0
"""From this percentile on, the bar is red (US-34)."""


class RiskLevel(StrEnum):
    """Graph's riskLevel."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class RiskState(StrEnum):
    """Graph's riskState."""

    NONE = "none"
    AT_RISK = "atRisk"
    CONFIRMED = "confirmedCompromised"
    REMEDIATED = "remediated"
    DISMISSED = "dismissed"


STATE_WORDS = {
    "none": "No risk",
    "atRisk": "At risk",
    "confirmedCompromised": "Confirmed compromised",
    "remediated": "Remediated",
    "dismissed": "Dismissed",
}
LEVEL_TONES = {"none": "neutral", "low": "info", "medium": "warning", "high": "danger"}


@dataclass(frozen=True, slots=True)
class Factor:
    """One part of why a point is worth what it is: `value` as shown (×1.5, 9.2 bits), `words` the reason."""

    name: str
    value: str
    words: str


@dataclass(frozen=True, slots=True)
class RiskSummary:
    """How risky a person is as of `scored_at`; `percentile` is the share of the other people who score lower, 0 to 100."""

    person: int
    score: float
    percentile: float
    level: str
    state: str
    scored_at: datetime | None = None
    state_at: datetime | None = None
    state_by: str = ""
    state_reason: str = ""
    address: str = ""
    name: str = ""

    @property
    def red(self) -> bool:
        return self.score > 0 and self.percentile >= RED

    @property
    def tone(self) -> str:
        return LEVEL_TONES.get(self.level, "neutral")

    @property
    def state_words(self) -> str:
        return STATE_WORDS.get(self.state, self.state)

    @property
    def confirmed(self) -> bool:
        return self.state == RiskState.CONFIRMED

    @property
    def href(self) -> str:
        return f"/identities/{self.person}"


@dataclass(frozen=True, slots=True)
class PointLine:
    """One thing that gave points. `points` is its weight at `at`, `worth(now)` what is left; `void` that it no longer counts.

    `kind` is alert or activity, `what` the rule's id or the signal's key, `title` that in words; `evidence` an address of ours.
    """

    id: int
    key: str
    kind: str
    what: str
    title: str
    at: datetime
    points: float
    words: str
    factors: tuple[Factor, ...] = ()
    evidence: str = ""
    techniques: tuple[str, ...] = ()
    void: bool = False
    void_by: str = ""

    @property
    def gone_at(self) -> datetime:
        return self.at + LIFETIME

    def worth(self, now: datetime) -> float:
        """What it still gives, 0 when void or gone."""
        return 0.0 if self.void else worth(self.points, age=now - self.at)

    @property
    def source(self) -> tuple[str, str]:
        """What it rests on: (table, ReportId) of an event, or ("alert", alert id)."""
        kind, *parts = self.key.split(":")
        return ("alert", parts[0]) if kind == "alert" else (parts[0], ":".join(parts[1:-3]))


@dataclass(frozen=True, slots=True)
class Scale:
    """What an operator may set. Points at which levels begin, and when a rise is one (docs/concepts/risk-score.md)."""

    low: float = 5.0
    medium: float = 30.0
    high: float = 60.0
    rise_least: float = 45.0
    rise_spread: float = 6.0
    rise_per_day: int = 20
    alert_weight: float = 1.0
    weights: Mapping[str, float] = field(default_factory=dict)
    off: frozenset[str] = frozenset()
    known_networks: tuple[str, ...] = ()


LEARNING = timedelta(days=7)
"""Until somebody was seen for so long, no rise is told, and they are compared with peers only (US-39)."""
