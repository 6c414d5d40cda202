"""Alerts that are new or changed, read by cursor, with the accounts they name; and how common a rule's alerts are.

New people of an alert are rows of its evidence, what people decide about it a line of the history: two cursors see both.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from itertools import takewhile

from django.db.models import Count, Max, Q

from watchfloor.incidents.contracts import AlertSummary, Popularity, Touched, TouchedAlert
from watchfloor.incidents.models import Alert, AlertEvidence, HistoryEntry
from watchfloor.incidents.reading import alert_summary

ACCOUNTS = ("mailbox", "user", "sender")
KEPT = "An alert that some roles alone see"
DECIDED = ("status", "classified", "created", "linked", "unlinked", "merged", "unmerged")


def touched_after(*, evidence: int, history: int, before: datetime, limit: int = 200) -> Touched:
    """The alerts whose evidence or history grew after these positions; history written since `before` waits for the next time.

    People write history at the same time as the product: `before` a moment ago keeps the cursor from passing a line whose
    transaction has not ended yet. Evidence has one writer. Five queries.
    """
    grown = AlertEvidence.objects.filter(pk__gt=evidence).order_by("pk")
    grown_rows = list(grown.values_list("pk", "alert_id")[: limit * 20])
    lines = (
        HistoryEntry.objects.filter(pk__gt=history)
        .order_by("pk")
        .values_list("pk", "alert_id", "incident_id", "kind", "at")
    )
    line_rows = [line[:4] for line in takewhile(lambda line: line[4] < before, lines[:limit])]
    alerts = {alert for _, alert in grown_rows} | {alert for _, alert, _, _ in line_rows if alert}
    incidents = {incident for _, alert, incident, kind in line_rows if incident and not alert and kind in DECIDED}
    return Touched(
        evidence=max((pk for pk, _ in grown_rows), default=evidence),
        history=max((pk for pk, *_ in line_rows), default=history),
        alerts=tuple(_with_people(Q(pk__in=alerts) | Q(incident__in=incidents))) if alerts or incidents else (),
    )


def _with_people(condition: Q) -> list[TouchedAlert]:
    rows = list(Alert.objects.filter(condition).select_related("incident", "tuned_by").order_by("pk"))
    people: dict[int, list[tuple[str, str, str]]] = defaultdict(list)
    evidence = AlertEvidence.objects.filter(alert__in=rows, type__in=ACCOUNTS).order_by("pk")
    for alert, kind, value, role in evidence.values_list("alert_id", "type", "value", "role"):
        people[alert].append((kind, value, role))
    return [TouchedAlert(_for_everybody(row), row.pk, tuple(people[row.pk])) for row in rows]


def _for_everybody(row: Alert) -> AlertSummary:
    """Readers show what they make of alerts (points of risk, investigations) to people who may not see the alert itself."""
    found = alert_summary(row, link=None)
    if not row.incident.restricted:
        return found
    return replace(found, title=KEPT, incident_name=KEPT, description="", explanation=(), activities=())


def last_touched() -> tuple[int, int]:
    """The newest (evidence, history) positions, for a reader that begins now."""
    evidence = AlertEvidence.objects.aggregate(last=Max("pk"))["last"]
    history = HistoryEntry.objects.aggregate(last=Max("pk"))["last"]
    return evidence or 0, history or 0


def popularity_of(rule_ids: Iterable[str], *, since: datetime) -> Popularity:
    """How many alerts and accounts each of these rules had since then, and how many alerts there were at all. Three queries."""
    wanted = list(rule_ids)
    recent = Alert.objects.filter(last_activity__gte=since)
    alerts = recent.filter(rule_id__in=wanted).order_by().values("rule_id").annotate(n=Count("pk"))
    accounts = AlertEvidence.objects.filter(
        alert__rule_id__in=wanted, alert__last_activity__gte=since, type__in=ACCOUNTS
    )
    people = accounts.order_by().values("alert__rule_id").annotate(n=Count("value", distinct=True))
    return Popularity(
        alerts={row["rule_id"]: row["n"] for row in alerts},
        people={row["alert__rule_id"]: row["n"] for row in people},
        all_alerts=recent.count(),
    )
