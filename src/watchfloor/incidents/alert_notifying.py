"""Telling people and programs of new alerts, as each alert policy says: mails with a daily cap, webhooks without.

A notice and its mail in the outbox are one transaction; a delivery to a webhook has a key of its own. So a look that was cut
off is simply made again, and nobody hears of an alert twice.
"""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Min

from watchfloor.connectors.services import can_send, post_event, send_mail
from watchfloor.detection.contracts import Delivery
from watchfloor.detection.selectors import deliveries
from watchfloor.incidents.contracts import WORDS, AlertSummary
from watchfloor.incidents.graph_shape import MOST_EVIDENCE, alert_resource
from watchfloor.incidents.history import note
from watchfloor.incidents.looking import OVERLAP, next_look, pages
from watchfloor.incidents.models import Alert, AlertNotice
from watchfloor.incidents.notifying import DAY, SENDER
from watchfloor.incidents.reading import alert_summary, evidence_items
from watchfloor.kernel.errors import BadInput, NotConfigured
from watchfloor.kernel.text import spaced, visible
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import move_cursor

log = logging.getLogger(__name__)

READER = "alert-notices"
"""Its position is the moment up to which new alerts were looked at, in milliseconds since 1970."""
AT_ONCE = 500
SENT, CAPPED, FAILED = "sent", "capped", "failed"
ACCOUNTS_NAMED = 4


def notify_of_alerts(*, now: datetime) -> int:
    """Tell of alerts raised since the last look; those that tuning resolved are nobody's news. Returns mails and deliveries."""
    seen = datetime.fromtimestamp(cursor_position(READER) / 1000, UTC)
    since = max(seen - OVERLAP, now - DAY)
    fresh = Alert.objects.filter(created_at__gte=since, created_at__lte=now, tuned_by=None).select_related("incident")
    told, looked = 0, now
    for rows in pages(fresh, by="created_at", size=AT_ONCE):
        wanted = deliveries({one.rule_id for one in rows})
        told += sum(_tell(one, wanted[one.rule_id], now=now) for one in rows if one.rule_id in wanted)
        looked = next_look(seen, rows[-1].created_at) if len(rows) == AT_ONCE else now
    move_cursor(READER, position=int(min(looked, now).timestamp() * 1000))
    return told


def _tell(alert: Alert, delivery: Delivery, *, now: datetime) -> int:
    known = set(AlertNotice.objects.filter(alert=alert).values_list("recipient", flat=True))
    mails = sum(_mail(alert, one, delivery, now=now) for one in delivery.recipients if one not in known)
    return mails + sum(_post(alert, one, now=now) for one in delivery.webhooks)


def _mail(alert: Alert, recipient: str, delivery: Delivery, *, now: datetime) -> int:
    """1 when a mail went to the outbox, 0 when the policy's mails of the day are used up or nothing can send."""
    try:
        with transaction.atomic():
            today = AlertNotice.objects.filter(rule_id=alert.rule_id, state=SENT, at__gt=now - DAY).count()
            state = SENT if today < delivery.daily_cap else CAPPED
            defaults = {"rule_id": alert.rule_id, "state": state, "at": now}
            _, fresh = AlertNotice.objects.get_or_create(alert=alert, recipient=recipient, defaults=defaults)
            if not fresh or state == CAPPED:
                return 0
            last = delivery.daily_cap if today + 1 == delivery.daily_cap else 0
            send_mail(
                to=(recipient,),
                subject=f"{WORDS[alert.severity]}: {alert.title}"[:200],
                text="\n".join(_letter(alert, last=last)),
                dedup_key=f"{alert.alert_id}-{_digest(recipient)}",
                now=now,
            )
            note(
                by=SENDER,
                at=now,
                kind="notified",
                text=f"{recipient} was told by mail, as the policy says",
                alert=alert,
            )
    except (BadInput, NotConfigured) as error:
        log.warning("alert %s could not be told to %s: %s", alert.alert_id, recipient, error)
        defaults = {"rule_id": alert.rule_id, "state": FAILED, "at": now}
        AlertNotice.objects.get_or_create(alert=alert, recipient=recipient, defaults=defaults)
        return 0
    return 1


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _letter(alert: Alert, *, last: int) -> Iterator[str]:
    """The alert, whom it touches, where to open it. Words of strangers are made visible."""
    yield visible(alert.title)
    yield ""
    yield visible(alert.description)[:1000]
    yield ""
    yield f"{WORDS[alert.severity]} severity, {spaced(alert.category)}; {alert.hit_count:,} hit{'' if alert.hit_count == 1 else 's'}"
    yield f"Last activity: {alert.last_activity.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if alert.impacted:
        more = alert.impacted_count - ACCOUNTS_NAMED
        named = ", ".join(map(visible, alert.impacted[:ACCOUNTS_NAMED]))
        yield f"Impacted: {named}{f' and {more:,} more' if more > 0 else ''}"
    yield f"Incident {alert.incident_id}: {visible(alert.incident.name)}"
    yield ""
    yield f"{settings.WATCHFLOOR.address}/alerts/{alert.alert_id}"
    yield ""
    yield "You get this because the alert policy names you; each alert is told once."
    if last:
        yield (
            f"This is the last mail of this policy for 24 hours (at most {last:,}); how many more alerts there were "
            "follows when they are over."
        )


def _post(alert: Alert, webhook: str, *, now: datetime) -> int:
    """1 when the event lies in the outbox of the webhook, as it does after the first time too."""
    summary: AlertSummary = alert_summary(alert, link=None)
    evidence = evidence_items(alert=alert.alert_id, limit=MOST_EVIDENCE)
    body = {"resource": alert_resource(summary, evidence, address=settings.WATCHFLOOR.address)}
    key = f"alert-{alert.alert_id}"
    try:
        post_event(connection=webhook, event="alert.created", subject=alert.title, body=body, dedup_key=key, now=now)
    except (BadInput, NotConfigured) as error:
        log.warning("alert %s could not be posted to %s: %s", alert.alert_id, webhook, error)
        return 0
    return 1


def tell_of_capped(*, now: datetime) -> int:
    """When the day of a used-up cap is over, one mail says how many alerts were not mailed (“3 more …”). Returns the mails."""
    if not can_send():
        return 0
    left = AlertNotice.objects.filter(state=CAPPED, summed=False).order_by()
    groups = left.values("rule_id", "recipient").annotate(number=Count("id"), first=Min("at"), oldest=Min("id"))
    done = 0
    for one in groups[:AT_ONCE]:
        if one["first"] <= now - DAY:
            done += _close(one["rule_id"], one["recipient"], one["first"], one["oldest"], now=now)
    return done


def _close(rule_id: str, recipient: str, first: datetime, oldest: int, *, now: datetime) -> int:
    with transaction.atomic():
        left = AlertNotice.objects.select_for_update().filter(
            state=CAPPED, summed=False, rule_id=rule_id, recipient=recipient
        )
        titles = list(left.values_list("alert__title", flat=True))
        if not titles:
            return 0
        link = f"{settings.WATCHFLOOR.address}/alerts?rule={quote(rule_id)}&status=any&severity=any&range=3d"
        try:
            send_mail(
                to=(recipient,),
                subject=f"{len(titles):,} more: {titles[0]}"[:200],
                text="\n".join(_closing(titles, first, link)),
                dedup_key=f"capped-{oldest}-{_digest(rule_id + recipient)}",
                now=now,
            )
        except (BadInput, NotConfigured) as error:
            log.warning("capped alerts of %s could not be told: %s", rule_id, error)
            return 0
        left.update(summed=True)
    return 1


def _closing(titles: Sequence[str], first: datetime, link: str) -> Iterator[str]:
    number = len(titles)
    yield f"{number:,} more alert{'' if number == 1 else 's'} since {first.astimezone(UTC):%Y-%m-%d %H:%M} UTC, see {link}"
    yield ""
    yield from (f"- {visible(one)}" for one in dict.fromkeys(titles[:20]))
    yield ""
    yield "They were not mailed one by one, as the policy's mails of 24 hours were used up."
