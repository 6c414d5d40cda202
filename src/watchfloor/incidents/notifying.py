"""Telling people of incidents by mail: rules of who hears of what, each person once per incident (IN-19).

The notice and the mail in the outbox are one transaction: whoever is killed between them leaves neither, and the next tick
does both. The outbox hands over later, through restarts.
"""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.selectors import person_of, rights_by_email, system_actor
from watchfloor.access.services import audit_verb, audited
from watchfloor.connectors.services import can_send, checked_addresses, post_event, send_mail, webhooks
from watchfloor.incidents.contracts import SEVERITIES, WORDS, IncidentStatus
from watchfloor.incidents.facets import facet
from watchfloor.incidents.graph_shape import incident_resource
from watchfloor.incidents.history import note
from watchfloor.incidents.looking import OVERLAP, next_look, pages
from watchfloor.incidents.models import Alert, Incident, Notice, NotificationRule
from watchfloor.incidents.reading import incident_summary
from watchfloor.kernel.errors import BadInput, NotConfigured, NotFound
from watchfloor.kernel.text import spaced, visible
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import move_cursor

log = logging.getLogger(__name__)

audit_verb("incident_notification.save", "{actor} saved the notification rule {target}")
audit_verb("incident_notification.delete", "{actor} deleted the notification rule {target}")

READER = "incident-notices"
"""Its position is the moment up to which changed incidents were looked at, in milliseconds since 1970."""
SENDER = system_actor("Notifications")
OPEN = (IncidentStatus.ACTIVE, IncidentStatus.IN_PROGRESS)
DAY = timedelta(days=1)
LONGEST_AGO = DAY
"""What changed longer ago, while nothing could send, nobody needs a mail of."""
AT_ONCE = 500
NAMED_ALERTS = 5
LARGEST_CAP = 10_000
MOST_RULES = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """A rule as a person fills it in."""

    name: str
    severities: tuple[str, ...]
    sources: tuple[str, ...]
    tags: tuple[str, ...]
    recipients: tuple[str, ...]
    daily_cap: int
    enabled: bool = True
    webhooks: tuple[str, ...] = ()


def save_rule(*, wanted: Wanted, by: Actor, at: datetime, number: int | None = None) -> NotificationRule:
    """Make a rule, or change the one of this number. Raises BadInput naming what cannot be right, NotFound."""
    name = " ".join(wanted.name.replace("\x00", "").split())[:100]
    with audited(
        by=by, permission=Permission.INCIDENT_MANAGE, verb="incident_notification.save", target_type="rule", target=name
    ) as result:
        if not name:
            raise BadInput("give the rule a name", place="name")
        if not 1 <= wanted.daily_cap <= LARGEST_CAP:
            raise BadInput(f"at least 1 and at most {LARGEST_CAP:,} mails a day", place="daily_cap")
        if number is None and NotificationRule.objects.count() >= MOST_RULES:
            raise BadInput(f"at most {MOST_RULES} rules; delete one first", place="name")
        row = NotificationRule(created_at=at, created_by=by.name) if number is None else rule_of(number)
        row.name, row.enabled, row.daily_cap = name, wanted.enabled, wanted.daily_cap
        row.severities = [one for one in SEVERITIES if one in wanted.severities]
        row.sources, row.tags = list(wanted.sources), list(wanted.tags)
        for one in wanted.webhooks:
            if one not in {*webhooks(), *row.webhooks}:
                raise BadInput(f"there is no enabled webhook “{one}”", place="webhooks")
        row.webhooks = list(wanted.webhooks)
        alone = wanted.webhooks and not wanted.recipients
        row.recipients = [] if alone else list(checked_addresses(wanted.recipients))
        person = person_of(by)
        row.answers_for, row.trouble = person.email if person else "", ""
        row.save()
        result["after"] = {"recipients": row.recipients, "severities": row.severities, "enabled": row.enabled}
    return row


def rule_of(number: int) -> NotificationRule:
    row = NotificationRule.objects.filter(pk=number).first() if number < 2**31 else None
    if row is None:
        raise NotFound("there is no such notification rule")
    return row


def delete_rule(*, number: int, by: Actor) -> None:
    """Forget a rule; what it sent stays in the list of notices."""
    row = rule_of(number)
    with audited(
        by=by,
        permission=Permission.INCIDENT_MANAGE,
        verb="incident_notification.delete",
        target_type="rule",
        target=row.name,
    ) as result:
        result["before"] = {"recipients": row.recipients, "severities": row.severities}
        row.delete()


def words_of(rule: NotificationRule) -> str:
    """“High or medium severity, from Wazuh, tagged VIP”."""
    parts = [
        f"{' or '.join(WORDS[one].lower() for one in rule.severities)} severity" if rule.severities else "any severity"
    ]
    parts += [f"an alert from {' or '.join(rule.sources)}"] if rule.sources else []
    parts += [f"tagged {' or '.join(rule.tags)}"] if rule.tags else []
    return ", ".join(parts).capitalize()


def notify(*, now: datetime) -> int:
    """Tell of incidents that are new or changed since the last look; returns how many mails went to the outbox.

    While no connection can send, nothing is looked at: what happened in the last day is told once one can.
    """
    rules = _answered_for(list(NotificationRule.objects.filter(enabled=True)))
    mute = any(one.recipients for one in rules) and not can_send()
    rules = [one for one in rules if one.webhooks] if mute else rules
    if not rules:
        return 0
    seen = datetime.fromtimestamp(cursor_position(READER) / 1000, UTC)
    since = max(seen - OVERLAP, now - LONGEST_AGO)
    changed = Incident.objects.filter(updated_at__gte=since, updated_at__lte=now, status__in=OPEN, restricted="")
    tell, sent, looked = _post_all if mute else _tell, 0, now
    for rows in pages(changed.prefetch_related("tags"), by="updated_at", size=AT_ONCE):
        sent += sum(tell(incident, rule, now=now) for incident in rows for rule in rules if matches(rule, incident))
        looked = next_look(seen, rows[-1].updated_at) if len(rows) == AT_ONCE else now
    if not mute:
        move_cursor(READER, position=int(min(looked, now).timestamp() * 1000))
    return sent


def _answered_for(rules: Sequence[NotificationRule]) -> list[NotificationRule]:
    """The rules whose keepers may still manage incidents. Others rest: who has left is told nothing more."""
    rights = rights_by_email() if rules else {}
    kept = []
    for rule in rules:
        if not rule.answers_for or Permission.INCIDENT_MANAGE in rights.get(rule.answers_for, ()):
            kept.append(rule)
            continue
        rule.enabled = False
        rule.trouble = (
            f"Resting: {rule.answers_for} may no longer manage incidents. Save it again to answer for it yourself."
        )
        rule.save(update_fields=["enabled", "trouble"])
    return kept


def matches(rule: NotificationRule, incident: Incident) -> bool:
    """Whether a rule asks for this incident; incidents from before the rule are nobody's news."""
    if incident.created_at < rule.created_at:
        return False
    if rule.severities and incident.severity not in rule.severities:
        return False
    if rule.sources and not any(f"|{facet('source', one)}|" in incident.facets for one in rule.sources):
        return False
    tags = {tag.text.lower() for tag in incident.tags.all()}
    return not rule.tags or not tags.isdisjoint(one.lower() for one in rule.tags)


def _tell(incident: Incident, rule: NotificationRule, *, now: datetime) -> int:
    told = set(
        Notice.objects.filter(incident=incident, recipient__in=rule.recipients).values_list("recipient", flat=True)
    )
    _post_all(incident, rule, now=now)
    return sum(_tell_one(incident, rule, one, now=now) for one in rule.recipients if one not in told)


def _post_all(incident: Incident, rule: NotificationRule, *, now: datetime) -> int:
    for one in rule.webhooks:
        _post(incident, one, now=now)
    return 0


def _post(incident: Incident, webhook: str, *, now: datetime) -> None:
    """Into the outbox of a webhook, once per incident."""
    tags = tuple((tag.text, tag.kind) for tag in incident.tags.all())
    body = {"resource": incident_resource(incident_summary(incident, tags=tags), address=settings.WATCHFLOOR.address)}
    key = f"incident-{incident.pk}"
    try:
        post_event(
            connection=webhook, event="incident.created", subject=incident.name, body=body, dedup_key=key, now=now
        )
    except (BadInput, NotConfigured) as error:
        log.warning("incident %s could not be posted to %s: %s", incident.pk, webhook, error)


def _tell_one(incident: Incident, rule: NotificationRule, recipient: str, *, now: datetime) -> int:
    """1 when a mail went to the outbox, 0 when the rule's mails of the day are used up or nothing can send."""
    try:
        with transaction.atomic():
            today = Notice.objects.filter(rule=rule, state="sent", at__gt=now - DAY).count()
            state = "sent" if today < rule.daily_cap else "capped"
            _, fresh = Notice.objects.get_or_create(
                incident=incident, recipient=recipient, defaults={"rule": rule, "state": state, "at": now}
            )
            if not fresh or state == "capped":
                return 0
            last = today + 1 == rule.daily_cap
            send_mail(
                to=(recipient,),
                subject=f"{WORDS[incident.severity]}: {incident.name}"[:200],
                text=letter(incident, rule, last=last),
                dedup_key=f"incident-{incident.pk}-{hashlib.sha256(recipient.encode()).hexdigest()[:32]}",
                now=now,
            )
            note(
                by=SENDER,
                at=now,
                kind="notified",
                text=f"{recipient} was told by mail: rule “{rule.name}”",
                incident=incident,
            )
    except (BadInput, NotConfigured) as error:
        log.warning("incident %s could not be told to %s: %s", incident.pk, recipient, error)
        return 0
    return 1


def letter(incident: Incident, rule: NotificationRule, *, last: bool) -> str:
    """What the mail says: the incident, its first alerts, where to open it. Words of strangers are made visible."""
    return "\n".join(_lines(incident, rule, last=last))


def _lines(incident: Incident, rule: NotificationRule, *, last: bool) -> Iterator[str]:
    yield visible(incident.name)
    yield ""
    yield f"Incident {incident.pk}, {WORDS[incident.severity].lower()} severity, {WORDS[incident.status].lower()}"
    yield f"Categories: {', '.join(map(spaced, incident.categories)) or 'none'}"
    yield f"Mailboxes: {incident.mailbox_count:,}  Users: {incident.user_count:,}  Devices: {incident.device_count:,}"
    yield f"First activity: {incident.first_activity.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    yield ""
    alerts = Alert.objects.filter(incident=incident).order_by("-severity_rank", "first_activity", "pk")
    for one in alerts[:NAMED_ALERTS]:
        yield f"- {visible(one.title)} ({WORDS[one.severity].lower()}): {visible(one.description)[:300]}"
    if incident.alert_count > NAMED_ALERTS:
        yield f"- and {incident.alert_count - NAMED_ALERTS:,} more alerts"
    yield ""
    yield f"{settings.WATCHFLOOR.address}/incidents/{incident.pk}"
    yield ""
    yield f"You get this because of the rule “{visible(rule.name)}”; each incident is told once."
    if last:
        yield f"This is the last mail of this rule for 24 hours (at most {rule.daily_cap:,}); see the queue for the others."


def rules_with_counts(*, now: datetime) -> Sequence[NotificationRule]:
    """All rules; each with `sent_today` and `capped_today`. One query."""
    recent = Q(notices__at__gt=now - DAY)
    return list(
        NotificationRule.objects.annotate(
            sent_today=Count("notices", filter=recent & Q(notices__state="sent")),
            capped_today=Count("notices", filter=recent & Q(notices__state="capped")),
        )
    )


def latest_notices(*, limit: int = 100) -> Sequence[Notice]:
    """Who was told of what, newest first."""
    return list(Notice.objects.select_related("incident", "rule")[:limit])
