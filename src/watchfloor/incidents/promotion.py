"""Findings become alerts, alerts find their incident: each finding in one transaction with the cursor, so that a kill repeats nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from django.db import transaction

from watchfloor.detection.contracts import Evidence, EvidenceType, Finding
from watchfloor.detection.selectors import as_json, findings_after
from watchfloor.incidents.contracts import SEVERITY_RANK, AlertStatus, Correlation, IncidentStatus, LinkKind
from watchfloor.incidents.correlating import find_incident
from watchfloor.incidents.correlation import ACTED, Decision, entity_key
from watchfloor.incidents.history import CORRELATION, POLICIES, note
from watchfloor.incidents.lake_rows import alert_evidence, alert_info
from watchfloor.incidents.models import Alert, AlertEvidence, HistoryEntry, Incident, IncidentLink
from watchfloor.incidents.seeing import restriction_of
from watchfloor.incidents.summing import refresh
from watchfloor.incidents.tuned import HIDE, count_hit, hide, resolve_as_tuned, tuning_of
from watchfloor.lake.services import append
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import move_cursor

READER = "incidents"
EVIDENCE_PER_ALERT = 5000
ACTIVITIES = 100
PREFIXES = {"custom": "wc", "hunt": "wh", "sigma": "ws", "policy": "wp"}
"""How the ids of alerts begin, by whose rule it is (AL-09); those of shipped policies with wf."""
NAMED = 4
TOUCHED = {EvidenceType.MAILBOX, EvidenceType.USER}
AFFECTED = {"impacted", ACTED}
ONE_LINE = timedelta(hours=1)
"""Hits within this time share a line of the history, so that a flood does not bury what people wrote."""


def promote(*, now: datetime, limit: int = 50, rules: Correlation | None = None) -> int:
    """Take the next findings; returns how many."""
    findings = findings_after(cursor_position(READER), limit=limit)
    for finding in findings:
        with transaction.atomic():
            if cursor_position(READER) >= finding.position:
                continue  # another worker was faster
            take(finding, now=now, rules=rules or Correlation())
            move_cursor(READER, position=finding.position)
    return len(findings)


def take(finding: Finding, *, now: datetime, rules: Correlation, untuned: bool = False) -> Alert | None:
    """One finding, inside the caller's transaction: a hit of an open alert (AP-04), or a new alert in its incident.

    None when a tuning rule hides it; `untuned` asks none (somebody wants to see it after all).
    """
    known = Alert.objects.filter(finding_key=finding.key).first()
    if known is not None:
        return known
    by = None if untuned or finding.incident is not None else tuning_of(finding, now=now)
    if by is not None:
        count_hit(by, now=now)
        if by.action == HIDE:
            hide(finding, by=by, now=now)
            return None
    alert = _same_alert(finding)
    if alert is not None:
        return _hit(alert, finding, now=now)
    alert = _raise_alert(finding, now=now, rules=rules)
    if by is not None:
        resolve_as_tuned(alert, by=by, now=now)
    return alert


def _same_alert(finding: Finding) -> Alert | None:
    """The open alert of the same rule and natural key, near enough in time."""
    window = timedelta(seconds=finding.aggregation_seconds)
    if not finding.aggregation_key or not window:
        return None
    return (
        Alert.objects.select_for_update()
        .filter(
            rule_id=finding.rule_id,
            aggregation_key=finding.aggregation_key,
            last_activity__gte=finding.first_activity - window,
            first_activity__lte=finding.last_activity + window,
        )
        .exclude(status=AlertStatus.RESOLVED, tuned_by=None)
        .order_by("-last_activity", "-id")
        .first()
    )


def _hit(alert: Alert, finding: Finding, *, now: datetime) -> Alert:
    alert.hit_count += finding.hits
    alert.first_activity = min(alert.first_activity, finding.first_activity)
    alert.last_activity = max(alert.last_activity, finding.last_activity)
    alert.updated_at = now
    alert.activities = (list(alert.activities) + as_json(finding.activities))[-ACTIVITIES:]
    added = _add_evidence(alert, finding, now=now)
    alert.save()
    _note_hit(alert, finding, len(added), now=now)
    if added and not alert.incident.restricted:
        append("AlertEvidence", alert_evidence(alert, added, at=now))
    refresh(Incident.objects.select_for_update().get(pk=alert.incident_id), now=now)
    return alert


def _note_hit(alert: Alert, finding: Finding, added: int, *, now: datetime) -> None:
    text = f"{finding.hits:,} more hit{'' if finding.hits == 1 else 's'} with {added:,} new entities; {alert.hit_count:,} in all"
    last = HistoryEntry.objects.filter(alert=alert).order_by("-at", "-id").first()
    if last is not None and last.kind == "hit" and now - last.at < ONE_LINE:
        HistoryEntry.objects.filter(pk=last.pk).update(
            text=f"More hits; {alert.hit_count:,} in all, the last added {added:,} entities"
        )
        return
    note(by=POLICIES, at=now, kind="hit", text=text, alert=alert)


def _raise_alert(finding: Finding, *, now: datetime, rules: Correlation) -> Alert:
    restricted = restriction_of(finding.rule_id)
    decision = find_incident(finding, rules, restricted=restricted) if finding.incident is None else _by_hand(finding)
    if decision.incident is None:
        incident = _new_incident(finding, restricted=restricted, now=now)
    else:
        incident = Incident.objects.select_for_update().get(pk=decision.incident)
    alert = Alert.objects.create(
        alert_id=f"{prefix_of(finding)}{uuid5(NAMESPACE_URL, finding.key).hex}",
        finding_key=finding.key,
        incident=incident,
        rule_id=finding.rule_id,
        source=finding.source[:300],
        aggregation_key=finding.aggregation_key,
        title=finding.title,
        description=finding.description,
        severity=finding.severity,
        severity_rank=SEVERITY_RANK[finding.severity],
        category=finding.category,
        techniques=list(finding.techniques),
        explanation=list(finding.explanation),
        assigned_to=incident.assigned_to,
        assigned_name=incident.assigned_name,
        hit_count=finding.hits,
        activities=as_json(finding.activities),
        first_activity=finding.first_activity,
        last_activity=finding.last_activity,
        created_at=now,
        updated_at=now,
    )
    _link(alert, incident, decision, now=now)
    added = _add_evidence(alert, finding, now=now)
    alert.save(update_fields=["evidence_omitted", "impacted", "impacted_count"])
    if not restricted:
        append("AlertInfo", [alert_info(alert)])
        append("AlertEvidence", alert_evidence(alert, added, at=now))
    refresh(incident, now=now)
    return alert


def prefix_of(finding: Finding) -> str:
    return PREFIXES.get(finding.rule_id.partition("-")[0], "wf")


def _by_hand(finding: Finding) -> Decision:
    return Decision(
        finding.incident or None, LinkKind.MANUAL if finding.incident else LinkKind.NEW, finding.description
    )


def _new_incident(finding: Finding, *, restricted: str, now: datetime) -> Incident:
    incident = Incident.objects.create(
        name=finding.title,
        restricted=restricted,
        status=IncidentStatus.ACTIVE,
        severity=finding.severity,
        severity_rank=SEVERITY_RANK[finding.severity],
        first_activity=finding.first_activity,
        last_activity=finding.last_activity,
        created_at=now,
        updated_at=now,
    )
    note(
        by=CORRELATION,
        at=now,
        kind="created",
        text=f"Incident opened by the alert “{finding.title}”",
        incident=incident,
    )
    return incident


def _link(alert: Alert, incident: Incident, decision: Decision, *, now: datetime) -> None:
    IncidentLink.objects.create(
        alert=alert,
        incident=incident,
        kind=decision.kind,
        reason=decision.reason,
        score=decision.score,
        also=[list(pair) for pair in decision.also],
        by=CORRELATION.name,
        at=now,
    )
    whose = alert.source or "the alert policy"
    note(by=POLICIES, at=now, kind="created", text=f"Raised by {whose}: “{alert.title}”", alert=alert)
    if decision.kind is not LinkKind.NEW:
        text = f"Alert “{alert.title}” joined: {decision.reason}"
        note(by=CORRELATION, at=now, kind="linked", text=text, incident=incident, alert=alert)


def _add_evidence(alert: Alert, finding: Finding, *, now: datetime) -> list[Evidence]:
    """Store the entities the alert has not got, up to its cap; those it has are seen again. Returns the new ones.

    A mailbox and its user share a key (one account in correlation) but are two entities on the page, told apart by type.
    """
    have = set(AlertEvidence.objects.filter(alert=alert).values_list("type", "key"))
    fresh = [item for item in finding.evidence if (item.type, entity_key(item.type, item.value)) not in have]
    room = max(0, EVIDENCE_PER_ALERT - len(have))
    alert.evidence_omitted += finding.omitted + max(0, len(fresh) - room)
    _see_again(alert, finding)
    fresh = fresh[:room]
    AlertEvidence.objects.bulk_create(
        [
            AlertEvidence(
                alert=alert,
                key=entity_key(item.type, item.value),
                type=item.type,
                value=item.value,
                label=item.label,
                role=item.role,
                verdict=item.verdict,
                first_seen=finding.first_activity,
                last_seen=finding.last_activity,
            )
            for item in fresh
        ],
        batch_size=500,
    )
    _touch(alert, fresh)
    return fresh


def _touch(alert: Alert, fresh: Sequence[Evidence]) -> None:
    """Keep the alert's own list of accounts: those that acted first, then those that received."""
    known = set(alert.impacted)
    new = sorted((item for item in fresh if item.type in TOUCHED), key=lambda item: item.role != ACTED)
    values = [
        value for value in dict.fromkeys(item.value for item in new if item.role in AFFECTED) if value not in known
    ]
    alert.impacted_count += len(values)
    alert.impacted = (list(alert.impacted) + values)[:NAMED]


def _see_again(alert: Alert, finding: Finding) -> None:
    keys: Sequence[str] = [entity_key(item.type, item.value) for item in finding.evidence]
    for at in range(0, len(keys), 900):
        AlertEvidence.objects.filter(
            alert=alert, key__in=keys[at : at + 900], last_seen__lt=finding.last_activity
        ).update(last_seen=finding.last_activity)
