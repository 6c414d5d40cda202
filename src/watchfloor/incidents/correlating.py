"""Asking the database which open incidents share something with an alert; a fixed number of queries per alert."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from watchfloor.detection.contracts import Evidence, EvidenceType, Finding
from watchfloor.incidents.contracts import Classification, Correlation, IncidentStatus
from watchfloor.incidents.correlation import (
    ACCOUNTS,
    ACTED,
    SPECIFIC,
    Candidate,
    Decision,
    Shared,
    decide,
    entity_key,
    is_ubiquitous,
    score,
)
from watchfloor.incidents.models import AlertEvidence, Incident

OPEN = (IncidentStatus.ACTIVE, IncidentStatus.IN_PROGRESS)
AT_ONCE = 900
COLUMNS = ("key", "role", "alert__title", "alert__incident", "alert__first_activity")
JUDGED_HARMLESS = (Classification.EXPECTED, Classification.FALSE_POSITIVE)


def find_incident(finding: Finding, rules: Correlation, *, restricted: str = "") -> Decision:
    """Where the alert of this finding belongs. IN-43: closed, judged harmless and full incidents take nothing more.

    Only incidents of the same restriction are looked at (seeing.py).
    """
    ours: dict[str, Evidence] = {}
    for item in finding.evidence:
        key = entity_key(item.type, item.value)
        if not is_ubiquitous(item) and (key not in ours or item.role == ACTED):
            ours[key] = item
    near = Q(
        alert__last_activity__gte=finding.first_activity - rules.window,
        alert__first_activity__lte=finding.last_activity + rules.window,
        alert__incident__restricted=restricted,
    )
    strong = [key for key, item in ours.items() if item.type not in ACCOUNTS or item.role == ACTED]
    received = [key for key, item in ours.items() if item.type in ACCOUNTS and item.role != ACTED]
    rows = list(_rows(_not_ubiquitous(strong, ours, near, rules), near))
    rows += list(_rows(received, near & Q(role=ACTED)))
    candidates = _candidates(rows, ours, finding, rules)
    almost = [
        one.incident for one in candidates if rules.enough - rules.received <= score(one.shared, rules) < rules.enough
    ]
    if almost:
        rows += list(_rows(received, near & Q(alert__incident__in=almost)))
        candidates = _candidates(rows, ours, finding, rules)
    return decide(candidates, rules)


def _chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for at in range(0, len(keys), AT_ONCE):
        yield keys[at : at + AT_ONCE]


def _not_ubiquitous(keys: Sequence[str], ours: dict[str, Evidence], near: Q, rules: Correlation) -> list[str]:
    """The keys that stand in few enough alerts of the window to mean something."""
    counts: dict[str, int] = {}
    for some in _chunks(keys):
        found = AlertEvidence.objects.filter(near, key__in=some).values("key").annotate(n=Count("id")).order_by()
        counts.update({row["key"]: row["n"] for row in found})
    return [
        key
        for key in keys
        if counts.get(key, 0) <= (rules.ubiquitous_specific if ours[key].type in SPECIFIC else rules.ubiquitous)
    ]


def _rows(keys: Sequence[str], condition: Q) -> Iterable[dict[str, Any]]:
    """Evidence of alerts in open incidents that has one of the keys."""
    for some in _chunks(keys):
        query: QuerySet[Any] = AlertEvidence.objects.filter(
            condition, key__in=some, alert__incident__status__in=OPEN
        ).exclude(alert__incident__classification__in=JUDGED_HARMLESS)
        yield from query.values(*COLUMNS)[:20_000]


def _candidates(
    rows: Sequence[dict[str, Any]], ours: dict[str, Evidence], finding: Finding, rules: Correlation
) -> list[Candidate]:
    shared: dict[int, list[Shared]] = defaultdict(list)
    for row in rows:
        item = ours[row["key"]]
        acted = item.type in ACCOUNTS and _acted(item, row, finding, rules)
        kind = EvidenceType.MAILBOX if item.type in ACCOUNTS else item.type
        shared[row["alert__incident"]].append(Shared(kind, item.value, item.label, acted, row["alert__title"]))
    incidents = Incident.objects.filter(pk__in=list(shared)[:AT_ONCE], alert_count__lt=rules.alerts_per_incident)
    return [
        Candidate(pk, last.timestamp(), tuple(shared[pk])) for pk, last in incidents.values_list("pk", "last_activity")
    ]


def _acted(item: Evidence, row: dict[str, Any], finding: Finding, rules: Correlation) -> bool:
    """Whether one account acted in both alerts, or acted in one soon after it received the other."""
    if item.role == ACTED and row["role"] == ACTED:
        return True
    if item.role == ACTED:
        received, acted = row["alert__first_activity"], finding.first_activity
    elif row["role"] == ACTED:
        received, acted = finding.first_activity, row["alert__first_activity"]
    else:
        return False
    return bool(timedelta(0) <= acted - received <= rules.acted_after)
