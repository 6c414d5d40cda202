"""What a step may know of its investigation: where it begins, which time it looks at, and how to ask the lake on the record."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from watchfloor.investigations.contracts import Asked, ClusterKind, Seeds, Thresholds, Verdict
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query

LOOK_BACK = timedelta(days=10)
"""So far before the first mail mails like it, and how many there usually are, are looked for (AI-45)."""
LOOK_AHEAD = timedelta(days=30)
"""Late copies still belong to a cluster; a fixed end keeps its address the same."""
SAMPLE = 20
MOST = 5000
MAIL = (
    *("Timestamp", "NetworkMessageId", "RecipientEmailAddress", "Subject", "SenderFromAddress", "SenderFromDomain"),
    *("SenderDisplayName", "SenderIP", "EmailClusterId", "EmailDirection", "DeliveryAction", "DeliveryLocation"),
    *("LatestDeliveryLocation", "ThreatTypes", "ThreatNames", "ConfidenceLevel", "DetectionMethods", "Spf", "Dkim"),
    *("Dmarc", "CompositeAuthentication"),
)
SHOWN = ("Timestamp", "Subject", "SenderFromAddress", "RecipientEmailAddress", "LatestDeliveryLocation", "ThreatTypes")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """One investigation as its steps see it: `urls` and `files` those found malicious so far, with the seeds'; `alerts` those
    that set it off; `suspects` the people found suspicious or worse so far, `reporters` who
    reported the mails."""

    id: int
    playbook: str
    seeds: Seeds
    created_at: datetime
    now: datetime
    thresholds: Mapping[ClusterKind, Thresholds]
    exempt: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()
    suspects: Mapping[str, Verdict] = field(default_factory=dict)
    reporters: tuple[str, ...] = ()

    @cached_property
    def mails(self) -> list[dict[str, Any]]:
        """The mails it begins with, one row per recipient; where they are now is folded in."""
        return lake.rows(self.of_messages(self.seeds.messages), columns=MAIL, limit=MOST) if self.seeds.messages else []

    def of_messages(self, messages: Sequence[str]) -> Query:
        wanted = Condition("NetworkMessageId", Operator.EQUAL_ANY, tuple(messages))
        return Query("EmailEvents", self.created_at - timedelta(days=400), self.created_at + LOOK_AHEAD, (wanted,))

    @cached_property
    def start(self) -> datetime:
        first = min((row["Timestamp"] for row in self.mails), default=self.created_at)
        return min(first, self.created_at) - LOOK_BACK

    @property
    def end(self) -> datetime:
        return self.created_at + LOOK_AHEAD

    def within(self, *conditions: Condition) -> Query:
        """Mails received in the time looked at, less the mailboxes that are never searched; said in the query itself (LM-09)."""
        spared = (Condition("RecipientEmailAddress", Operator.EQUAL_NONE, self.exempt),) if self.exempt else ()
        return Query("EmailEvents", self.start, self.end, (*conditions, *spared))

    def values(self, column: str) -> tuple[str, ...]:
        """The different values of a column of the first mails, in order."""
        return tuple(dict.fromkeys(str(row[column]) for row in self.mails if row.get(column) not in (None, "", 0)))


def is_(column: str, *values: str) -> Condition:
    return Condition(column, Operator.EQUAL_ANY, values)


def asked(query: Query, rows: Iterable[Row], *, columns: Sequence[str] = SHOWN, count: int, seconds: float) -> Asked:
    """A question of Explorer's kind on the record, with Explorer's address when it is of mails."""
    sample = tuple(tuple(plain(row.get(name)) for name in columns) for row in list(rows)[:SAMPLE])
    explorer = lake.parameters_of(query) if query.table == "EmailEvents" else ""
    return Asked(lake.kql(query), tuple(columns), sample, count, seconds, explorer)


def hunted(text: str, *, now: datetime, limit: int = 1000) -> tuple[Asked, list[dict[str, Any]]]:
    """A question in KQL on the record, and its rows."""
    answer = lake.hunt(text, now=now, limit=limit)
    names = tuple(name for name, _ in answer.columns)
    rows = [dict(zip(names, row, strict=True)) for row in answer.rows]
    sample = tuple(tuple(plain(value) for value in row.values()) for row in rows[:SAMPLE])
    return Asked(text, names, sample, len(rows), answer.seconds), rows


def plain(value: Any) -> Any:
    """A cell as it can be kept as JSON."""
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float) else str(value)[:500]


def quoted(values: Iterable[str]) -> str:
    """Strings as KQL literals, comma between them."""
    return ", ".join('"' + "".join(map(_sign, value)) + '"' for value in values)


def _sign(sign: str) -> str:
    """A break in a line would end the literal, and the question would not be asked at all."""
    if sign in '\\"':
        return "\\" + sign
    return f"\\u{ord(sign):04x}" if ord(sign) < 32 or ord(sign) == 127 else sign
