"""From what the steps wish for to proposals in the action center, or deeds within the policy (AI-50..58, the ladder of trust)."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.http import QueryDict

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.identities.selectors import people_of_names
from watchfloor.investigations import policy
from watchfloor.investigations.contracts import (
    Level,
    RecommendationStatus,
    Status,
    Verdict,
    Wish,
    WishKind,
    gravest,
)
from watchfloor.investigations.models import Investigation, Recommendation, TrustPolicy
from watchfloor.investigations.settling import settle
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.lake import selectors as lake
from watchfloor.response import services as response
from watchfloor.response.contracts import ActionSource, People, Row, Targets

MIND = system_actor(
    "automated investigation",
    Permission.EMAIL_ACTION_PROPOSE,
    Permission.EMAIL_ACTION_MANAGE,
    Permission.IDENTITY_ACTION_PROPOSE,
    Permission.INCIDENT_MANAGE,
)
R = RecommendationStatus
ENDED = (R.DONE, R.GONE)
LONGEST_KEY = 100


def conclude(pk: int, run: int, *, now: datetime) -> str:
    """Recommend once, judge the whole, say how it stands. A second call finds everything done and changes nothing."""
    with transaction.atomic():
        investigation = Investigation.objects.select_for_update().get(pk=pk)
        if investigation.status == Status.STOPPED:
            return investigation.status
        steps = list(investigation.steps.filter(run=run))
        wishes = chosen([Wish.read(one) for step in steps for one in step.wishes])
        if investigation.level == Level.AUTOMATIC:
            policy.hold()
        for wish in wishes:
            _recommend(investigation, wish, now=now)
        _judge(investigation, [Verdict(step.verdict) for step in steps])
        investigation.status = Status.PENDING.value  # no longer at work; settling says what it is
        settle(investigation, now=now)
    return investigation.status


def chosen(wishes: Sequence[Wish]) -> list[Wish]:
    """Each wish once; not what lies inside another one; single mails only while none of their clusters is to be removed."""
    once: dict[str, Wish] = {}
    for wish in wishes:
        once.setdefault(wish.key, wish)
    if any(key.startswith("cluster:") for key in once):
        once.pop("mails", None)
    kept: list[Wish] = []
    for wish in sorted(once.values(), key=lambda one: -len(one.members)):
        if not wish.members or not any(set(wish.members) <= set(other.members) for other in kept):
            kept.append(wish)
    return [wish for wish in once.values() if wish in kept]


def kept_key(key: str) -> str:
    """A wish's key as its row keeps it: a long one ends in a digest of the whole, so that two long URLs stay two."""
    if len(key) <= LONGEST_KEY:
        return key
    return f"{key[: LONGEST_KEY - 41]}~{hashlib.sha256(key.encode()).hexdigest()[:40]}"


def _judge(investigation: Investigation, verdicts: list[Verdict]) -> None:
    """The gravest verdict of the whole; a malicious cluster makes its first mail malicious (AI-42)."""
    clusters = [Verdict(one) for one in investigation.clusters.values_list("verdict", flat=True)]
    worst = gravest([*verdicts, *clusters])
    similar = investigation.clusters.filter(verdict=Verdict.MALICIOUS.value).exclude(kind__in=("url", "file", "sent"))
    if found := similar.first():
        mails = investigation.evidence.filter(type="analyzedMessage").exclude(verdict=Verdict.MALICIOUS.value)
        mails.update(verdict=Verdict.MALICIOUS.value, why=f"its cluster is malicious: {found.why}")
    investigation.verdict = worst.value
    bad = (Verdict.MALICIOUS.value, Verdict.SUSPICIOUS.value)
    investigation.threats = investigation.evidence.filter(verdict__in=bad).count()
    suspects = investigation.evidence.filter(type__in=("user", "mailbox")).values_list("value", flat=True)
    investigation.users = list(dict.fromkeys((*investigation.users, *suspects)))[:50]


def _recommend(investigation: Investigation, wish: Wish, *, now: datetime) -> None:
    """One recommendation; what was decided stays decided, and new copies of what was done are asked for anew."""
    key = kept_key(wish.key)
    known = investigation.recommendations.filter(key=key).first()
    if known is not None and known.status in ENDED and wish.kind is WishKind.MAIL:
        key = kept_key(f"{wish.key}@{investigation.run}")
        known = investigation.recommendations.filter(key=key).first()
    if known is not None:
        return
    one = Recommendation(
        investigation=investigation,
        key=key,
        kind=wish.kind.value,
        title=wish.title,
        why=wish.why,
        wish=wish.kept,
        created_at=now,
    )
    _place(one, wish, Level(investigation.level), now=now)
    one.save(force_insert=True)
    investigation.actions = investigation.recommendations.count()


def _place(one: Recommendation, wish: Wish, level: Level, *, now: datetime) -> None:
    """By the ladder: begun by hand already, advice, would be done, waits for a person, or done by itself."""
    if wish.done:
        one.status, one.remediation_id = R.RUNNING.value, wish.done
    elif wish.kind is WishKind.GUIDANCE:
        one.status = R.ADVICE.value
    elif level is Level.PASSIVE:
        one.status = R.WOULD.value
    elif wish.kind is WishKind.BLOCK:
        one.status = R.PENDING.value
        one.not_automatic = "a block entry is always for a person to add" if level is Level.AUTOMATIC else ""
    else:
        _ask_response(one, wish, level, now=now)


def _ask_response(one: Recommendation, wish: Wish, level: Level, *, now: datetime) -> None:
    in_force = policy.current()
    if level is Level.AUTOMATIC:
        one.not_automatic = policy.why_not_automatic(in_force, wish, _circumstances(in_force, wish, now))
        one.automatic = not one.not_automatic
    verb = response.start if one.automatic else response.propose
    try:
        remediation = verb(
            by=MIND,
            name=one.title[:200],
            reason=f"{one.why}. Investigation {one.investigation_id}.",
            action=wish.action,
            targets=targets_of(wish),
            source=ActionSource.AUTOMATED,
            alert_id=_first_alert(one.investigation),
            incident_id=one.investigation.incident_id,
            at=now,
        )
    except WatchfloorError as error:
        one.status, one.result, one.automatic = R.ADVICE.value, f"It cannot be proposed: {error.message}", False
        return
    one.remediation_id = str(remediation.pk)
    started = remediation.status != "Pending approval"
    one.status = R.RUNNING.value if started else R.PENDING.value
    if one.automatic and not started:
        one.automatic, one.not_automatic = False, "the response policy asks for a second person"
    if started:
        one.decided_at, one.decided_by_name = now, "Automation"


def targets_of(wish: Wish) -> Targets | People:
    if wish.kind is WishKind.ACCOUNTS:
        known = people_of_names(wish.names)
        return People(tuple(known.values()), tuple(one for one in wish.names if one not in known))
    return Targets(rows=tuple(map(Row.parse, wish.rows)), query=wish.query)


def _first_alert(investigation: Investigation) -> str:
    return investigation.alerts.values_list("alert_id", flat=True).first() or ""


def _circumstances(in_force: TrustPolicy, wish: Wish, now: datetime) -> policy.Circumstances:
    spared = policy.spared_people(in_force)
    recipients = _recipients(wish, now=now) if spared and wish.kind is WishKind.MAIL else frozenset()
    return policy.Circumstances(now, policy.done_today(now=now), spared, recipients)


def _recipients(wish: Wish, *, now: datetime) -> frozenset[str]:
    """Whose mailboxes a recommendation on mail concerns."""
    if not wish.query:
        return frozenset(Row.parse(one).recipient for one in wish.rows)
    query = lake.query_from_parameters(QueryDict(wish.query), now=now)
    return frozenset(
        value.lower() for value, _ in lake.top(query, column="RecipientEmailAddress", limit=policy.MOST_NAMED)
    )
