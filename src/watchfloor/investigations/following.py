"""What became of recommendations, read from the remediations by tick: nothing waits in a thread, however many wait."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.http import QueryDict

from watchfloor.incidents import services as incidents
from watchfloor.incidents.contracts import AlertStatus
from watchfloor.incidents.selectors import alert as alert_of
from watchfloor.investigations import policy
from watchfloor.investigations.clusters import counted
from watchfloor.investigations.contracts import OPEN, RecommendationStatus, Status, WishKind
from watchfloor.investigations.models import Cluster, Investigation, Recommendation
from watchfloor.investigations.queueing import queue_after_commit
from watchfloor.investigations.recommending import MIND, targets_of
from watchfloor.investigations.settling import settle
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.lake import selectors as lake
from watchfloor.response import selectors as remediations
from watchfloor.response import services as response
from watchfloor.response.contracts import RUNNING, Listing, RemediationStatus, Targets

R = RecommendationStatus
CHUNK = 500
REFRESH = timedelta(minutes=10)
AGAIN = timedelta(seconds=60)
"""An investigation whose scope grew looks again at most once in so long, however many alerts join it."""
ALERTS_END = frozenset({Status.REMEDIATED, Status.NO_THREATS})


def follow(*, now: datetime) -> int:
    """Take over what was decided and done since; returns how many recommendations changed."""
    waiting = Recommendation.objects.filter(status__in=(R.PENDING.value, R.RUNNING.value)).exclude(remediation_id="")
    by_id = dict(waiting.values_list("remediation_id", "pk"))
    touched = set()
    changed = 0
    for one in _decided(tuple(by_id), now=now):
        row = Recommendation.objects.select_related("investigation").get(pk=by_id[str(one.pk)])
        if _taken_over(row, one):
            changed += 1
            touched.add(row.investigation_id)
    for pk in touched:
        settled(pk, now=now)
    return changed


def _decided(ids: Sequence[str], *, now: datetime) -> Iterator[Any]:
    """The remediations among these that no longer wait."""
    everything = remediations.listed(Listing(tab="history", period="all"), now=now)
    for start in range(0, len(ids), CHUNK):
        yield from everything.filter(pk__in=ids[start : start + CHUNK])


def _taken_over(row: Recommendation, one: Any) -> bool:
    status = _status_of(one)
    if row.status == status:
        return False
    row.status = status.value
    row.decided_at, row.decision_reason = one.decided_at, one.decision_reason
    row.decided_by_name = "Automation" if row.automatic else one.decided_by_name
    row.finished_at = one.finished_at
    if status in (R.DONE, R.FAILED):
        row.result = (
            one.why or f"{one.counts.moved + one.counts.deleted + one.counts.changed:,} done, {one.failed:,} failed"
        )
    row.save()
    return True


def _status_of(one: Any) -> RecommendationStatus:
    if one.status in RUNNING:
        return R.RUNNING
    if one.status == RemediationStatus.REJECTED:
        return R.REJECTED
    if one.status in (RemediationStatus.COMPLETED, RemediationStatus.UNDONE) and not one.failed:
        return R.DONE
    return R.FAILED


def settled(pk: int, *, now: datetime) -> None:
    """Say anew how an investigation stands, and end its alerts when everything is done."""
    with transaction.atomic():
        investigation = Investigation.objects.select_for_update().get(pk=pk)
        settle(investigation, now=now)
    end_alerts(investigation)


def end_alerts(investigation: Investigation) -> None:
    """Resolve the alerts of what is remediated, and reports of what is harmless (AI-31, AI-47)."""
    if investigation.status not in ALERTS_END or not policy.current().close_alerts:
        return
    if investigation.status == Status.NO_THREATS and investigation.playbook != "reported-phish":
        return
    for alert_id in investigation.alerts.values_list("alert_id", flat=True):
        try:
            if alert_of(alert_id).status != AlertStatus.RESOLVED:
                incidents.set_alert_status(alert=alert_id, status=AlertStatus.RESOLVED.value, by=MIND)
        except WatchfloorError:
            continue  # the alert is gone, or somebody changes it at this moment


def run_again(*, now: datetime, limit: int = 20) -> int:
    """Begin the next run of investigations whose scope grew since their last one began."""
    grown = Investigation.objects.filter(grown_at__isnull=False, looked_at__lt=now - AGAIN)
    again = 0
    for known in grown.exclude(status__in=(Status.QUEUED, Status.RUNNING, Status.STOPPED))[: limit * 5]:
        if (
            known.grown_at is not None
            and known.looked_at is not None
            and known.grown_at > known.looked_at
            and again < limit
        ):
            with transaction.atomic():
                one = Investigation.objects.select_for_update().get(pk=known.pk)
                if one.status != known.status or one.run != known.run:
                    continue  # somebody ended it at this moment, or another worker was faster
                one.run += 1
                one.status, one.changed_at = Status.QUEUED.value, now
                one.save()
                queue_after_commit(one)
            again += 1
    return again


def refresh_due(*, now: datetime, limit: int = 10) -> int:
    """Count the clusters of waiting investigations again; what has gone meanwhile is no longer asked for (AI-47)."""
    waiting = Investigation.objects.filter(status=Status.PENDING.value, waiting_since__lt=now - REFRESH)
    due = [
        one
        for one in waiting.order_by("refreshed_at", "id")[:limit]
        if (one.refreshed_at or one.created_at) < now - REFRESH
    ]
    for one in due:
        refresh(one, now=now)
    return len(due)


def refresh(investigation: Investigation, *, now: datetime) -> None:
    """Now's counters beside the first ones, and an end to what nothing is left of."""
    for cluster in investigation.clusters.all():
        counters, _ = counted(lake.query_from_parameters(QueryDict(cluster.parameters), now=now), now=now)
        Cluster.objects.filter(pk=cluster.pk).update(today=counters.kept, today_at=now)
    for one in investigation.recommendations.filter(status=R.PENDING.value, kind=WishKind.MAIL.value):
        if not _left(one, now=now):
            _no_longer_needed(one, now=now)
    if investigation.status in OPEN:
        Investigation.objects.filter(pk=investigation.pk).update(refreshed_at=now)
        settled(investigation.pk, now=now)


def _left(one: Recommendation, *, now: datetime) -> int:
    """Copies a pending removal still aims at."""
    targets = targets_of(one.wished)
    if not isinstance(targets, Targets) or not targets.query:
        return one.wished.copies
    return lake.count(lake.query_from_parameters(QueryDict(targets.query), now=now))


def _no_longer_needed(one: Recommendation, *, now: datetime) -> None:
    why = "no copy is left in a mailbox"
    try:
        response.reject(by=MIND, remediation_id=one.remediation_id, reason=why, at=now)
    except WatchfloorError:
        return  # somebody decided it at this moment; the next round takes that over
    one.status, one.result, one.finished_at = R.GONE.value, why, now
    one.decided_at, one.decided_by_name, one.decision_reason = now, "Automation", why
    one.save()
