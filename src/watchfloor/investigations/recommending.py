"""From what the steps wish for to proposals in the action center, or deeds within the policy (AI-50..58, the ladder of trust)."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.http import QueryDict

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.identities.selectors import people_of_names
from watchfloor.investigations import policy
from watchfloor.investigations.clusters import member_of
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
from watchfloor.investigations.steps.message import judged_mail
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Group, Operator, Query
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
MOST_AIMED = 10_000
WEIGHED = ("NetworkMessageId", "RecipientEmailAddress", "ThreatTypes", "ConfidenceLevel")


def conclude(pk: int, run: int, *, now: datetime) -> str:
    """Recommend once, judge the whole, say how it stands. A second call finds everything done and changes nothing."""
    with transaction.atomic():
        investigation = Investigation.objects.select_for_update().get(pk=pk)
        if investigation.status == Status.STOPPED:
            return investigation.status
        steps = list(investigation.steps.filter(run=run))
        wishes = chosen(_sparing(Wish.read(one) for step in steps for one in step.wishes), now=now)
        if investigation.level == Level.AUTOMATIC:
            policy.hold()
        for wish in wishes:
            _recommend(investigation, wish, now=now)
        _judge(investigation, [Verdict(step.verdict) for step in steps], now=now)
        investigation.status = Status.PENDING.value  # no longer at work; settling says what it is
        settle(investigation, now=now)
    return investigation.status


def chosen(wishes: Sequence[Wish], *, now: datetime) -> list[Wish]:
    """Each wish once; not what lies inside another one; of single mails those in no cluster that is to be removed."""
    once: dict[str, Wish] = {}
    for wish in wishes:
        once.setdefault(wish.key, wish)
    mails = once.pop("mails", None)
    if mails is not None and (left := _outside(mails, once.values(), now=now)) is not None:
        once["mails"] = left
    kept: list[Wish] = []
    for wish in sorted(once.values(), key=lambda one: -one.copies):
        if not any(_lies_in(wish, other, now=now) for other in kept):
            kept.append(wish)
    return [wish for wish in once.values() if wish in kept]


def _of_cluster(wish: Wish) -> bool:
    return wish.key.startswith("cluster:")


def _named(wish: Wish) -> bool:
    """Whether each copy has its digest; of a large cluster the lake is asked instead, so that nothing is kept of its copies."""
    return len(wish.members) == wish.copies


def _lies_in(wish: Wish, other: Wish, *, now: datetime) -> bool:
    """Whether all copies of one cluster are in another one that is to be removed."""
    if not (_of_cluster(wish) and _of_cluster(other)):
        return False
    if wish.members and set(wish.members) <= set(other.members):
        return True
    if wish.copies > other.copies or (_named(wish) and _named(other)):
        return False
    both = _query(wish.query, now=now), _query(other.query, now=now)
    shared = Query("EmailEvents", max(one.start for one in both), min(one.end for one in both), _all_of(both))
    return lake.count(shared) == lake.count(both[0])


def _query(parameters: str, *, now: datetime) -> Query:
    return lake.query_from_parameters(QueryDict(parameters), now=now)


def _of_these(parameters: str, messages: Sequence[str], *, now: datetime) -> Query:
    """What a cluster's query finds of these mails."""
    query = _query(parameters, now=now)
    named = Condition("NetworkMessageId", Operator.EQUAL_ANY, tuple(messages))
    return Query(query.table, query.start, query.end, (*query.conditions, named))


def _all_of(queries: Iterable[Query]) -> tuple[Condition | Group, ...]:
    return tuple(dict.fromkeys(condition for one in queries for condition in one.conditions))


def _sparing(wishes: Iterable[Wish]) -> list[Wish]:
    """The wishes less mailboxes that are never touched, which queries leave out themselves, and recipients that are none."""
    exempt = frozenset(policy.current().exempt)

    def may(row: str) -> bool:
        recipient = row.partition("|")[2].strip().lower()
        return "@" in recipient and recipient not in exempt

    less = (_only(one, list(filter(may, one.rows))) for one in wishes)
    return [one for one in less if one is not None]


def _outside(mails: Wish, wishes: Iterable[Wish], *, now: datetime) -> Wish | None:
    """The condemned mails that no cluster removes; None for none."""
    clusters = list(filter(_of_cluster, wishes))
    covered = {member for one in clusters if _named(one) for member in one.members}
    left = [row for row in mails.rows if member_of(row) not in covered]
    for one in clusters:
        if left and not _named(one):
            inside = _copies_in(one, left, now=now)
            left = [row for row in left if row not in inside]
    return _only(mails, left)


def _copies_in(cluster: Wish, rows: Sequence[str], *, now: datetime) -> set[str]:
    """Which of these copies a cluster's query finds."""
    messages = tuple(dict.fromkeys(row.partition("|")[0] for row in rows))
    found = lake.rows(
        _of_these(cluster.query, messages, now=now),
        columns=("NetworkMessageId", "RecipientEmailAddress"),
        limit=MOST_AIMED,
    )
    return {f"{row['NetworkMessageId']}|{row['RecipientEmailAddress']}" for row in found}


def _only(wish: Wish, rows: Sequence[str]) -> Wish | None:
    """The same wish for some of its rows, None for none of them."""
    if len(rows) == len(wish.rows):
        return wish
    title = f"Soft delete {len(rows):,} cop{'y' if len(rows) == 1 else 'ies'} of condemned mail"
    return replace(wish, rows=tuple(rows), copies=len(rows), title=title) if rows else None


def kept_key(key: str) -> str:
    """A wish's key as its row keeps it: a long one ends in a digest of the whole, so that two long URLs stay two."""
    if len(key) <= LONGEST_KEY:
        return key
    return f"{key[: LONGEST_KEY - 41]}~{hashlib.sha256(key.encode()).hexdigest()[:40]}"


def _judge(investigation: Investigation, verdicts: list[Verdict], *, now: datetime) -> None:
    """The gravest verdict of the whole; a malicious cluster makes those first mails malicious that lie in it (AI-42)."""
    clusters = [Verdict(one) for one in investigation.clusters.values_list("verdict", flat=True)]
    worst = gravest([*verdicts, *clusters])
    similar = investigation.clusters.filter(verdict=Verdict.MALICIOUS.value).exclude(
        kind__in=("url", "file", "sent", "sender")
    )
    mails = investigation.evidence.filter(type="analyzedMessage").exclude(verdict=Verdict.MALICIOUS.value)
    for found in similar if mails.exists() else ():
        inside = _first_mails_in(found.parameters, investigation.seeded.messages, now=now)
        mails.filter(value__in=inside).update(
            verdict=Verdict.MALICIOUS.value, why=f"its cluster is malicious: {found.why}"
        )
    investigation.verdict = worst.value
    bad = (Verdict.MALICIOUS.value, Verdict.SUSPICIOUS.value)
    investigation.threats = investigation.evidence.filter(verdict__in=bad).count()
    suspects = investigation.evidence.filter(type__in=("user", "mailbox")).values_list("value", flat=True)
    investigation.users = list(dict.fromkeys((*investigation.users, *suspects)))[:50]


def _recommend(investigation: Investigation, wish: Wish, *, now: datetime) -> None:
    """One recommendation; what was decided stays decided, and what was done, or never asked for, is asked for anew."""
    due = _due(investigation, wish)
    if due is None or investigation.recommendations.filter(key=kept_key(due.key)).exists():
        return
    wish, key = due, kept_key(due.key)
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


def _first_mails_in(parameters: str, messages: Sequence[str], *, now: datetime) -> list[str]:
    """Which of these mails a cluster holds."""
    within = _of_these(parameters, messages, now=now)
    return [value for value, _ in lake.top(within, column="NetworkMessageId", limit=MOST_AIMED)] if messages else []


def _due(investigation: Investigation, wish: Wish) -> Wish | None:
    """The wish, or what of it was not asked for yet: a mail that joined later is no part of what was proposed before."""
    known = investigation.recommendations.filter(key=kept_key(wish.key)).first()
    if known is None:
        return wish
    if wish.kind is not WishKind.MAIL or not (wish.rows or known.status in ENDED):
        return None
    others = investigation.recommendations.filter(kind=wish.kind.value).exclude(status__in=ENDED)
    asked = {row for one in others for row in one.wished.rows}
    left = _only(wish, [row for row in wish.rows if row not in asked])
    return replace(left, key=f"{wish.key}@{investigation.run}") if left else None


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
    targets = targets_of(wish)
    if level is Level.AUTOMATIC:
        aimed = _aimed(wish, now=now)
        one.not_automatic = _why_not_automatic(one.investigation.playbook, wish, aimed, now=now)
        one.automatic = not one.not_automatic
    if one.automatic:
        # What was weighed is what is removed: a query would take in whatever arrives before it runs.
        targets, one.wish = Targets(rows=tuple(aimed)), one.wish | {"copies": len(aimed)}
    verb = response.start if one.automatic else response.propose
    try:
        remediation = verb(
            by=MIND,
            name=one.title[:200],
            reason=f"{one.why}. Investigation {one.investigation_id}.",
            action=wish.action,
            targets=targets,
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


def _why_not_automatic(playbook: str, wish: Wish, aimed: Mapping[Row, bool], *, now: datetime) -> str:
    """Why it is for a person, as everything stands now; empty when it may be done."""
    in_force = policy.current()
    if not in_force.stopped and policy.level_of(in_force, playbook) is not Level.AUTOMATIC:
        return "the playbook is no longer trusted to act by itself"
    spared = policy.spared_people(in_force)
    recipients = frozenset(row.recipient for row in aimed)
    around = policy.Circumstances(now, policy.done_today(now=now), spared, recipients)
    counted = replace(wish, copies=max(wish.copies, len(aimed)))
    return policy.why_not_automatic(in_force, counted, around) or _why_not_these(in_force, aimed)


def _why_not_these(in_force: TrustPolicy, aimed: Mapping[Row, bool]) -> str:
    """A cluster's share counts what was blocked, too: whoever sends much that is, under a good sender's subject, raises it."""
    if not aimed:
        return "no copy is left in a mailbox"
    if len(aimed) > MOST_AIMED:
        return f"more than {MOST_AIMED:,} copies are for a person"
    share = 100 * sum(aimed.values()) / len(aimed)
    if share < in_force.least_share:
        return f"{share:.0f} % of the copies in mailboxes are malicious, less than {in_force.least_share} %"
    return ""


def _aimed(wish: Wish, *, now: datetime) -> dict[Row, bool]:
    """The copies a recommendation on mail would remove now, and whether each is malicious; one more than `MOST_AIMED` at most."""
    if not wish.query:
        return dict.fromkeys(map(Row.parse, wish.rows), True)
    query = lake.query_from_parameters(QueryDict(wish.query), now=now)
    rows = lake.rows(query, columns=WEIGHED, limit=MOST_AIMED + 1)
    words = lake.late_verdicts_on({str(row["NetworkMessageId"]) for row in rows})
    late = {one.network_message_id: one for one in sorted(words, key=lambda one: one.position)}
    return {
        Row(row["NetworkMessageId"], row["RecipientEmailAddress"] or ""): judged_mail(
            row, late.get(row["NetworkMessageId"])
        )[0]
        is Verdict.MALICIOUS
        for row in rows
    }
