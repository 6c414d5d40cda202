"""People's own alert policies as rules: the same shape and the same evaluation as those that are shipped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from watchfloor.detection.contracts import (
    POLICY_CATEGORIES,
    SEVERITIES,
    Aggregation,
    Entity,
    EvidenceType,
    Group,
    Rule,
    Threshold,
    Unusual,
)
from watchfloor.detection.models import Policy
from watchfloor.kernel.errors import BadInput
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Operator, Part, leaves

ANY_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
WINDOWS = {
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
}
AGGREGATIONS = {"0m": timedelta(0), "1m": timedelta(minutes=1), **WINDOWS}
"""AP-04: hits within this time are one alert; none: each its own."""
TRIGGERS = ("every", "threshold", "unusual")
SHORTEST_BASELINE, LONGEST_BASELINE = 7, 28
MOST = 100_000


@dataclass(frozen=True, slots=True)
class Watched:
    """A table that a policy may watch: what its rows are called, how the policy is sorted in, what its rows name."""

    table: str
    label: str
    category: str
    group_by: tuple[str, ...]
    entities: tuple[Entity, ...]


_T = EvidenceType
_MAIL = (
    Entity("NetworkMessageId", _T.ANALYZED_MESSAGE, "source", label="Subject"),
    Entity("EmailClusterId", _T.MAIL_CLUSTER, "source", label="Subject"),
    Entity("SenderFromAddress", _T.SENDER, "source", label="SenderDisplayName"),
    Entity("SenderIP", _T.IP, "source"),
    Entity("RecipientEmailAddress", _T.MAILBOX, "impacted", "unknown", own=True),
    Entity("RecipientEmailAddress", _T.USER, "impacted", "unknown", own=True),
)
_LATER = (
    Entity("NetworkMessageId", _T.ANALYZED_MESSAGE, "source", label="EmailEvents.Subject"),
    Entity("EmailEvents.SenderFromAddress", _T.SENDER, "source"),
    Entity("RecipientEmailAddress", _T.MAILBOX, "impacted", "unknown", own=True),
    Entity("RecipientEmailAddress", _T.USER, "impacted", "unknown", own=True),
)
_ACCOUNT = (
    Entity("AccountUpn", _T.USER, "compromised", "unknown"),
    Entity("IPAddress", _T.IP, "contextual", "unknown"),
)
_APPLICATION = Entity("Application", _T.APPLICATION, "contextual", "unknown")
WATCHED = {
    one.table: one
    for one in (
        Watched("EmailEvents", "A mail is sent or received", "InitialAccess",
                ("SenderFromAddress", "SenderFromDomain", "RecipientEmailAddress", "SenderIP", "EmailClusterId"), _MAIL),
        Watched("EmailPostDeliveryEvents", "Something happens to a mail after delivery", "InitialAccess",
                ("RecipientEmailAddress", "ActionType"), _LATER),
        Watched("UrlClickEvents", "A link is opened", "InitialAccess", ("AccountUpn", "Url"),
                (Entity("Url", _T.URL, "source"), *_ACCOUNT)),
        Watched("CloudAppEvents", "An activity in an application, or in Watchfloor itself", "SuspiciousActivity",
                ("AccountDisplayName", "AccountObjectId", "ActionType", "IPAddress"),
                (Entity("AccountDisplayName", _T.USER, "compromised", "unknown"), _ACCOUNT[1], _APPLICATION)),
        Watched("EntraIdSignInEvents", "Somebody signs in (Microsoft Entra)", "InitialAccess",
                ("AccountUpn", "IPAddress"), _ACCOUNT),
        Watched("IdentityLogonEvents", "Somebody signs in (directory, mail, applications)", "InitialAccess",
                ("AccountUpn", "IPAddress"), _ACCOUNT),
        Watched("IdentityDirectoryEvents", "The directory changes", "Persistence", ("AccountUpn", "ActionType"), _ACCOUNT),
        Watched("FileMaliciousContentInfo", "Malware is found in a stored file", "Malware", ("SHA256",),
                (Entity("SHA256", _T.FILE, "source", "malicious", label="FileName"),)),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draft:
    """A policy as a person fills it in. `parts` are conditions and groups as they stand in an address (`f`)."""

    title: str = ""
    description: str = ""
    severity: str = "medium"
    policy_category: str = "Threat management"
    table: str = "EmailEvents"
    parts: tuple[str, ...] = ()
    any_of: bool = False
    trigger: str = "every"
    at_least: int = 10
    group_by: str = ""
    distinct: str = ""
    window: str = "1h"
    baseline_days: int = 14
    aggregate: str = "15m"

    def rule(self, rule_id: str = "draft") -> Rule:
        """The rule this would be. Raises BadInput naming the field that cannot be."""
        self._check()
        watched, where = WATCHED[self.table], Group(parts_of(self.parts, self.table), self.any_of)
        threshold = unusual = None
        if self.trigger == "threshold":
            threshold = Threshold(self.distinct, self.at_least, self.group_by, WINDOWS[self.window])
        if self.trigger == "unusual":
            unusual = Unusual(WINDOWS[self.window], self.baseline_days, self.at_least, self.group_by)
        key = self.group_by
        return Rule(
            id=rule_id,
            title=" ".join(self.title.split())[:200] or "Without a name yet",
            description=self.description.strip(),
            story=self.description.strip()
            or "{count} hits of the alert policy “" + self.title.replace("{", "(") + "”.",
            severity=self.severity,
            category=watched.category,
            policy_category=self.policy_category,
            techniques=(),
            table=self.table,
            where=where,
            threshold=threshold,
            aggregation=Aggregation((key,) if key else (), AGGREGATIONS[self.aggregate]),
            entities=watched.entities,
            source=lake.table(self.table).source,
            recommendations=(),
            hits=(),
            misses=(),
            unusual=unusual,
        )

    def _check(self) -> None:
        _one_of("severity", self.severity, SEVERITIES)
        _one_of("policy_category", self.policy_category, POLICY_CATEGORIES)
        _one_of("table", self.table, WATCHED)
        _one_of("trigger", self.trigger, TRIGGERS)
        _one_of("window", self.window, ("1h", "1d") if self.trigger == "unusual" else WINDOWS)
        _one_of("aggregate", self.aggregate, AGGREGATIONS)
        for field in ("group_by", "distinct"):
            if (name := getattr(self, field)) and not lake.table(self.table).has(name):
                raise BadInput(f"{self.table} has no column “{name}”", place=field)
        if self.trigger != "every" and not 1 <= self.at_least <= MOST:
            raise BadInput(f"a number between 1 and {MOST:,}", place="at_least")
        if self.trigger == "unusual" and not SHORTEST_BASELINE <= self.baseline_days <= LONGEST_BASELINE:
            raise BadInput(f"the baseline has {SHORTEST_BASELINE} to {LONGEST_BASELINE} days", place="baseline_days")


def _one_of(field: str, value: str, allowed: Sequence[str] | Mapping[str, Any]) -> None:
    if value not in allowed:
        raise BadInput(f"“{value}” is not one of {', '.join(allowed)}", place=field)


def parts_of(texts: Sequence[str], table: str) -> tuple[Part, ...]:
    """Conditions and groups of an address, checked. Raises BadInput for what cannot be asked of new rows in memory."""
    query = lake.query_from_parameters({"f": list(texts)}, now=ANY_MOMENT, table=table)
    for one in leaves(query.conditions):
        if one.operator is Operator.REGEX:
            raise BadInput("a policy matches wildcards (* and ?), not regular expressions", place="f")
        if "." in one.column and one.operator in (Operator.EQUAL_NONE, Operator.CONTAINS_NONE):
            raise BadInput(
                f"a condition on {one.column.partition('.')[0]} asks whether such a row exists; deny a group of it instead",
                place="f",
            )
    return query.conditions


def draft_of(row: Policy) -> Draft:
    """A kept policy as the form shows it."""
    document = {**row.document, "parts": tuple(row.document.get("parts", ()))}
    return Draft(row.title, row.description, row.severity, row.policy_category, **document)


def document_of(draft: Draft) -> dict[str, Any]:
    """What of a draft is kept as JSON."""
    apart = {"title", "description", "severity", "policy_category"}
    found = {name: getattr(draft, name) for name in Draft.__dataclass_fields__ if name not in apart}
    return {**found, "parts": list(draft.parts)}


def rule_of_policy(row: Policy) -> Rule | None:
    """The rule, or None when a newer version no longer knows what the policy asks for; it then rests and its page says so."""
    try:
        return draft_of(row).rule(row.rule_id)
    except (BadInput, TypeError):
        return None
