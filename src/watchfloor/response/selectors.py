"""Reads of remediations, their ledger and the action center; each in a number of queries that does not grow with the rows."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet, Sum
from django.http import QueryDict

from watchfloor.kernel.errors import NotFound
from watchfloor.response.alerted import alerts_of
from watchfloor.response.catalogue import account_actions, actions, any_action_of
from watchfloor.response.contracts import (
    DONE,
    RUNNING,
    ActionSource,
    LineStatus,
    Listing,
    MessageRemediation,
    RemediationStatus,
    Row,
    TargetKind,
)
from watchfloor.response.events import report_id
from watchfloor.response.models import LateWatch, LedgerLine, Remediation, ResponsePolicy

PERIODS = {
    "day": ("Last day", timedelta(days=1)),
    "week": ("Last week", timedelta(days=7)),
    "30d": ("Last 30 days", timedelta(days=30)),
    "6m": ("Last 6 months", timedelta(days=182)),
    "all": ("Any time", None),
}
SORTS = {
    "created_at": "Created",
    "name": "Name",
    "action": "Action",
    "status": "Status",
    "expected": "Messages",
    "created_by_name": "Created by",
    "decided_by_name": "Decided by",
    "finished_at": "Ended",
}
OPENED: dict[str, bool | None] = {"yes": True, "no": False, "unknown": None}
OPENED_LABELS = {"yes": "Opened", "no": "Unread", "unknown": "Not known"}
SIZES = (25, 50, 100, 200)
SUBMIT = "submit"
ALONE_WITHIN = timedelta(hours=1)


def remediation(remediation_id: UUID | str) -> Remediation:
    """One remediation; raises NotFound."""
    try:
        return Remediation.objects.select_related("undo_of").get(pk=remediation_id)
    except (Remediation.DoesNotExist, ValidationError, ValueError):
        raise NotFound("there is no such remediation", place=str(remediation_id)) from None


def alerts_of_remediation(remediation_id: UUID | str) -> tuple[str, ...]:
    """The ids of the alert it was begun from and of the one that says it was done; raises NotFound."""
    return alerts_of(remediation(remediation_id))


def remediations_of_message(*, network_message_id: str, recipient: str = "") -> tuple[MessageRemediation, ...]:
    """What was done to one message (in one mailbox, or in all), oldest first: one query."""
    lines = LedgerLine.objects.filter(network_message_id=network_message_id).select_related("remediation")
    if recipient:
        lines = lines.filter(recipient=recipient.lower())
    return tuple(_of_message(line) for line in lines.order_by("remediation__created_at", "id"))


def remediations_of_messages(
    messages: Sequence[str], *, failed: bool = False, by_hand: bool = False
) -> list[MessageRemediation]:
    """What was done to these messages in all mailboxes, oldest first; only what failed, or what a person began."""
    lines = LedgerLine.objects.filter(network_message_id__in=messages).select_related("remediation")
    if failed:
        lines = lines.filter(status=LineStatus.FAILED.value)
    if by_hand:
        lines = lines.exclude(remediation__source=ActionSource.AUTOMATED)
    return [_of_message(line) for line in lines.order_by("remediation__created_at", "id")]


def removers_of_messages(messages: Sequence[str]) -> dict[str, dict[str, bool]]:
    """Of each of these messages the remediations that did something to a copy, by id: whether it began by itself.

    The database goes through the copies: there may be a thousand of each message.
    """
    done = LedgerLine.objects.filter(network_message_id__in=messages, status__in=[one.value for one in DONE])
    found: dict[str, dict[str, bool]] = {one: {} for one in messages}
    for message, id, source in (
        done.order_by().values_list("network_message_id", "remediation_id", "remediation__source").distinct()
    ):
        found[message][str(id)] = source == ActionSource.AUTOMATED
    return found


def tab_counts() -> dict[str, int]:
    """How many wait for a decision, and how many run now."""
    waiting = Remediation.objects.filter(status=RemediationStatus.PENDING.value).count()
    return {"pending": waiting, "running": Remediation.objects.filter(status__in=RUNNING).count()}


def read_listing(parameters: QueryDict) -> Listing:
    """The action center's filters from its URL; what cannot be understood falls back to the default."""
    size = parameters.get("size", "")
    page = parameters.get("page", "")
    sort = parameters.get("sort", "-created_at")
    period = parameters.get("period", "")
    return Listing(
        tab="pending" if parameters.get("tab") == "pending" else "history",
        action=parameters.get("action", ""),
        status=parameters.get("status", ""),
        decided_by=parameters.get("decided_by", ""),
        source=parameters.get("source", ""),
        period=period if period in PERIODS else "30d",
        search=parameters.get("q", "").strip(),
        sort=sort if sort.lstrip("-") in SORTS else "-created_at",
        page=max(1, int(page)) if page.isdecimal() and len(page) < 7 else 1,
        size=int(size) if size in map(str, SIZES) else 50,
    )


def listed(listing: Listing, *, now: datetime) -> "QuerySet[Remediation]":
    """The remediations of one tab under these filters, sorted. Pending ones are never hidden by the period (AC-11, LM-08)."""
    found = Remediation.objects.all()
    waiting = Q(status=RemediationStatus.PENDING.value)
    found = found.filter(waiting) if listing.tab == "pending" else found.exclude(waiting)
    span = PERIODS[listing.period][1]
    if span is not None and listing.tab == "history":
        found = found.filter(created_at__gte=now - span)
    wanted = {"action": listing.action, "status": listing.status, "source": listing.source}
    found = found.filter(**{name: value for name, value in wanted.items() if value})
    if listing.decided_by:
        found = found.filter(decided_by_name=listing.decided_by)
    if listing.search:
        found = found.filter(
            Q(name__icontains=listing.search)
            | Q(approval_id__iexact=listing.search)
            | Q(reason__icontains=listing.search)
        )
    return found.order_by(listing.sort, "-id")


def choices() -> dict[str, list[tuple[str, str]]]:
    """What the filters of the action center offer: (value, label)."""
    deciders = Remediation.objects.exclude(decided_by_name="").order_by("decided_by_name")
    sources = Remediation.objects.order_by("source").values_list("source", flat=True).distinct()
    return {
        "action": [(key, action.label) for key, action in {**actions(), **account_actions()}.items()],
        "status": [(status.value, status.value) for status in RemediationStatus if status != RemediationStatus.PENDING],
        "decided_by": [(name, name) for name in deciders.values_list("decided_by_name", flat=True).distinct()],
        "source": [(name, name) for name in sources],
        "period": [(key, label) for key, (label, _) in PERIODS.items()],
    }


def ledger(owner: Remediation, *, status: str = "", opened: str = "") -> "QuerySet[Any]":
    """The lines of a remediation (LedgerLine or AccountLine), of one status or all, in the order they were frozen.

    `opened` is a key of OPENED: only messages that had been read, had not, or of which nobody knows.
    """
    lines = owner.ledger.order_by("id")
    if opened in OPENED and not owner.on_accounts:
        lines = lines.filter(opened=OPENED[opened])
    return lines.filter(status=status) if status in {known.value for known in LineStatus} else lines


def ledger_stream(owner: Remediation, *, status: str = "", opened: str = "") -> Iterator[Any]:
    """The same, streamed for an export of any length."""
    return ledger(owner, status=status, opened=opened).iterator(chunk_size=2000)


def opened_choices(owner: Remediation) -> list[tuple[str, str, int]]:
    """(key, words, lines) of who had opened it, those without lines left out; one query."""
    if owner.on_accounts or not owner.frozen_at:
        return []
    counted = dict(owner.lines.order_by().values_list("opened").annotate(Count("id")))
    return [(key, OPENED_LABELS[key], counted[value]) for key, value in OPENED.items() if counted.get(value)]


def siblings(owner: Remediation) -> list[Remediation]:
    """What else the same run of the wizard made."""
    if owner.plan is None:
        return []
    return list(Remediation.objects.filter(plan=owner.plan).exclude(pk=owner.pk).order_by("created_at"))


def watch_of(owner: Remediation) -> LateWatch | None:
    """Its catching of late copies, running, ended or stopped."""
    return LateWatch.objects.filter(remediation=owner).first() if owner.late_days else None


def undone_lines(owner: Remediation, lines: Iterable[LedgerLine]) -> set[int]:
    """Which of these lines (by pk) an undo put back already, or has in hand; one query."""
    shown = {line.row: line.pk for line in lines}
    back = LedgerLine.objects.filter(
        remediation__undo_of=owner, network_message_id__in={row.network_message_id for row in shown}
    ).exclude(status__in=[LineStatus.FAILED.value, LineStatus.MISSING.value, LineStatus.SKIPPED.value])
    rows = {Row(*names) for names in back.values_list("network_message_id", "recipient")}
    return {pk for row, pk in shown.items() if row in rows}


def why_no_undo(remediation: Remediation, *, partly: bool = False) -> str:
    """Why this remediation cannot be undone now; empty when it can. `partly`: some of its lines, beside undos of others."""
    if remediation.running or remediation.status in {RemediationStatus.PENDING, RemediationStatus.REJECTED}:
        return f"it is {remediation.status.lower()}"
    if not any_action_of(remediation.action).undoable:
        return f"“{any_action_of(remediation.action).label}” cannot be undone"
    if not remediation.moved and not remediation.changed:
        return f"it {'changed' if remediation.on_accounts else 'moved'} nothing"
    later = remediation.undos.filter(
        status__in=[*RUNNING, RemediationStatus.PENDING, RemediationStatus.COMPLETED], rows=[]
    ).first()
    if later is not None:
        return f"an undo of it is {later.status.lower()}"
    return ""


def policy() -> ResponsePolicy:
    """The one policy; its defaults while nobody changed it."""
    return ResponsePolicy.objects.filter(pk=1).first() or ResponsePolicy()


def alone_lately(actor_id: str, *, kind: str, now: datetime) -> int:
    """At how many messages (or people) a person has aimed within the last hour without a second person, undoing left out."""
    own = Remediation.objects.exclude(action=SUBMIT).filter(
        target_kind=kind, created_by=actor_id, created_at__gte=now - ALONE_WITHIN, second_person=False, undo_of=None
    )
    found: int | None = own.exclude(status=RemediationStatus.REJECTED).aggregate(all=Sum("expected"))["all"]
    return found or 0


def needs_second_person(
    actor_id: str, expected: int, *, now: datetime, kind: str = TargetKind.MAIL.value, action: str = ""
) -> bool:
    """Whether the policy wants a second person: many small actions of one person within an hour count as one large.

    An action on mail may have a number of its own. What only says something of mail never needs one.
    """
    said = policy()
    limit = said.second_person_over_people if kind == TargetKind.ACCOUNTS else said.second_person_over
    limit = int(said.second_person_by_action.get(action, limit))
    if not limit or action == SUBMIT:
        return False
    before = alone_lately(actor_id, kind=kind, now=now) if actor_id.startswith("person:") else 0
    return before + expected > limit


def _of_message(line: LedgerLine) -> MessageRemediation:
    owner = line.remediation
    return MessageRemediation(
        remediation_id=str(owner.id),
        name=owner.name,
        action=owner.action,
        action_label=any_action_of(owner.action).label,
        remediation_status=owner.status,
        by=owner.decided_by_name or owner.created_by_name,
        line_status=line.status,
        sentence=line.result,
        found_where=line.found_where,
        moved_where=line.moved_where,
        at=line.at or owner.created_at,
        href=owner.href,
        report_id=report_id(line),
        kind=owner.event_type or "Remediation",
        automatic=owner.source == ActionSource.AUTOMATED,
        recipient=line.recipient,
    )
