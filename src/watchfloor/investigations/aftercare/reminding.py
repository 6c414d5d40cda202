"""What waits for people is brought to mind, then to others: nothing expires, and nothing is forgotten (AI-74, LM-08)."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, QuerySet

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.connectors.services import can_send, send_mail
from watchfloor.incidents import services as incidents
from watchfloor.investigations.aftercare.models import Aftercare, AftercarePolicy
from watchfloor.investigations.aftercare.policy import current
from watchfloor.investigations.contracts import RecommendationStatus, Status
from watchfloor.investigations.models import Investigation, Recommendation
from watchfloor.investigations.rendering import waited
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.kernel.text import some, visible

log = logging.getLogger(__name__)
MIND = system_actor("automated investigation", Permission.INCIDENT_MANAGE)
MOST = 500
NAMED = 50
PAUSE = timedelta(hours=1)
"""A circle gets at most one mail in so long, however many come due one after the other."""


def remind(*, now: datetime) -> int:
    """One mail for all that is due, to each of the two circles; returns how many investigations were brought to mind."""
    policy = current()
    return _escalate(policy, now=now) + _remind(policy, now=now)


def overdue(*, hours: int, now: datetime) -> "QuerySet[Investigation]":
    """Investigations that have waited for people that long, longest first."""
    waiting = Investigation.objects.filter(status=Status.PENDING.value, waiting_since__lte=now - timedelta(hours=hours))
    return waiting.order_by("waiting_since", "pk")


def _remind(policy: AftercarePolicy, *, now: datetime) -> int:
    """Again and again, as often as the settings say, until somebody decides."""
    if Aftercare.objects.filter(reminded_at__gt=now - PAUSE).exists():
        return 0
    again = now - timedelta(hours=policy.remind_hours)
    due = overdue(hours=policy.remind_hours, now=now).filter(
        Q(aftercare__reminded_at=None) | Q(aftercare__reminded_at__lte=again)
    )
    rows = list(due[:MOST])
    if rows:
        with transaction.atomic():
            _note(rows, reminded_at=now)
            _mail(policy.remind, rows, words="wait for a decision", key=f"remind {now.isoformat()}", now=now)
    return len(rows)


def _escalate(policy: AftercarePolicy, *, now: datetime) -> int:
    """Once: to others by mail, and as a comment on the incident, where whoever has it reads it."""
    if Aftercare.objects.filter(escalated_at__gt=now - PAUSE).exists():
        return 0
    rows = list(overdue(hours=policy.escalate_hours, now=now).filter(aftercare__escalated_at=None)[:MOST])
    if rows:
        with transaction.atomic():
            _note(rows, escalated_at=now)
            for one in rows:
                _comment(one, now=now)
            _mail(policy.escalate, rows, words="still wait for a decision", key=f"escalate {now.isoformat()}", now=now)
    return len(rows)


def _note(rows: Sequence[Investigation], **said: datetime) -> None:
    """Write down of all of them that they were brought to mind; one statement."""
    Aftercare.objects.bulk_create(
        [Aftercare(investigation=one, **said) for one in rows],
        update_conflicts=True,
        unique_fields=["investigation"],
        update_fields=list(said),
    )


def _comment(one: Investigation, *, now: datetime) -> None:
    if not one.incident_id.isdecimal():
        return
    text = f"Investigation {one.pk}, “{one.name}”, has waited {waited(one, now=now)} for somebody to approve or reject what it recommends: {one.href}"
    try:
        incidents.comment(incident=int(one.incident_id), text=text, by=MIND)
    except WatchfloorError as error:
        log.warning("incident %s could not be told of investigation %s: %s", one.incident_id, one.pk, error)


def _mail(to: Sequence[str], rows: Sequence[Investigation], *, words: str, key: str, now: datetime) -> None:
    if not to or not can_send():
        return
    number = len(rows)
    subject = f"{some(number, 'investigation')} {words if number > 1 else words.replace('wait', 'waits')}"
    try:
        send_mail(to=to, subject=subject, text="\n".join(_letter(rows, now=now)), dedup_key=key[:200], now=now)
    except WatchfloorError as error:
        log.warning("nobody could be reminded of %d investigations: %s", number, error)


def _letter(rows: Sequence[Investigation], *, now: datetime) -> list[str]:
    base = settings.WATCHFLOOR.address
    lines = ["What these investigations recommend is done only when somebody approves it; nothing expires.", ""]
    asked = _to_decide(rows[:NAMED])
    for one in rows[:NAMED]:
        lines += [
            f"{visible(one.name)}",
            f"  {one.verdict}, {asked.get(one.pk, 0)} to decide, waits {waited(one, now=now)}",
        ]
        lines += [f"  {base}{one.href}?tab=pending", ""]
    if len(rows) > NAMED:
        lines.append(f"and {len(rows) - NAMED} more: {base}/investigations?status=Pending%20action")
    return lines


def _to_decide(rows: Sequence[Investigation]) -> dict[int, int]:
    """How many recommendations wait in each; one query."""
    waiting = Recommendation.objects.filter(investigation__in=rows, status=RecommendationStatus.PENDING.value)
    return dict(waiting.order_by().values_list("investigation").annotate(number=Count("pk")))
