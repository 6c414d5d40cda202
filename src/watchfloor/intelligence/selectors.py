"""Reads of intelligence: the facts of judging, entries, the verdict policy, a mail's reasons and labels."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet

from watchfloor.access.contracts import Actor, Permission
from watchfloor.inspection.contracts import TenantFacts
from watchfloor.inspection.services import THRESHOLD, WEIGHTS
from watchfloor.intelligence.contracts import (
    Effect,
    EntryLine,
    Kind,
    LabelKind,
    LabelLine,
    ShownReason,
    SilencedReason,
    VerdictPolicy,
)
from watchfloor.intelligence.facts import ONLY, facts_at, valid_at
from watchfloor.intelligence.models import Entry, Label, Policy, Silenced
from watchfloor.intelligence.uses import days_of
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.text import visible
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.lake.selectors import parameters_of

SOON = timedelta(days=7)
"""How long before its end an entry counts as ending soon (TB-07)."""


def tenant_facts() -> TenantFacts:
    """What is known of the organisation now; asked before each round of mail."""
    return facts_at(utc_now())


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """What the list shows: `kinds` empty means all; `state` is active, soon, ended or all; `text` matches a part."""

    kinds: tuple[Kind, ...] = ()
    effects: tuple[Effect, ...] = ()
    state: str = "active"
    text: str = ""


def entries(wanted: EntryFilter, *, now: datetime) -> QuerySet[Entry]:
    """Entries newest first."""
    found = Entry.objects.order_by("-added_at", "-id")
    if wanted.kinds:
        found = found.filter(kind__in=wanted.kinds)
    if wanted.effects:
        found = found.filter(effect__in=wanted.effects)
    if wanted.text:
        found = found.filter(
            Q(value__icontains=wanted.text) | Q(note__icontains=wanted.text) | Q(source__icontains=wanted.text)
        )
    states = {
        "active": valid_at(now),
        "ended": Q(expires_at__lte=now),
        "review": valid_at(now) & Q(review_at__lte=now),
        "soon": Q(expires_at__gt=now, expires_at__lte=now + SOON),
    }
    return found.filter(states[wanted.state]) if wanted.state in states else found


def entry_lines(rows: Iterable[Entry], *, now: datetime) -> Iterator[EntryLine]:
    """Rows as pages and exports show them; their days are asked for at once, 500 entries at a time."""
    for chunk in _chunks(rows, 500):
        days = days_of([str(row) for row in chunk if row.last_used_at], now=now)
        yield from (_line(row, days.get(str(row), ()), now) for row in chunk)


def _chunks(rows: Iterable[Entry], size: int) -> Iterator[list[Entry]]:
    waiting = iter(rows)
    while chunk := list(islice(waiting, size)):
        yield chunk


def _line(row: Entry, days: tuple[int, ...], now: datetime) -> EntryLine:
    return EntryLine(
        id=row.pk,
        kind=Kind(row.kind),
        effect=Effect(row.effect),
        value=row.value,
        note=row.note,
        source=row.source,
        confidence=row.confidence,
        added_by=row.added_by,
        added_at=row.added_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        uses=row.uses,
        explorer=_mails_that_met(str(row), now=now) if row.last_used_at else "",
        review_at=row.review_at,
        reviewed_at=row.reviewed_at,
        reviewed_by=row.reviewed_by,
        days=days,
    )


def _mails_that_met(name: str, *, now: datetime) -> str:
    query = Query(
        "EmailEvents", now - timedelta(days=30), now, (Condition("TenantEntries", Operator.EQUAL_ANY, (name,)),)
    )
    return f"/explorer?{parameters_of(query)}"


def entry_of(id: int) -> Entry | None:
    """One entry, None when it is gone."""
    return Entry.objects.filter(pk=id).first()


def entry_addresses(names: Iterable[str]) -> list[tuple[str, str]]:
    """(name, address of its page) of the entries of these names that are there, in the order asked for."""
    wanted = {}
    for name in dict.fromkeys(names):
        effect, _, rest = name.partition(" ")
        kind, _, value = rest.partition(":")
        wanted[effect, kind, value] = name
    rows = Entry.objects.filter(value__in=[value for _, _, value in wanted])
    known = {(row.effect, row.kind, row.value): row.pk for row in rows}
    return [(name, f"/settings/allow-block-list/{known[key]}") for key, name in wanted.items() if key in known]


# --- verdict policy -------------------------------------------------------------------------------------------------


def verdict_policy() -> VerdictPolicy:
    """The policy in force, in two queries."""
    row = Policy.objects.filter(pk=ONLY).first()
    return VerdictPolicy(
        threshold=(row.threshold if row else 0) or THRESHOLD,
        shipped=THRESHOLD,
        silenced=tuple(silenced_reasons().values()),
        changed_by=row.changed_by if row else "",
        changed_at=row.changed_at if row else None,
    )


def silenced_reasons() -> dict[str, SilencedReason]:
    """Signals that count nothing here, by name."""
    rows = Silenced.objects.order_by("signal")
    return {row.signal: SilencedReason(row.signal, row.by, row.at, row.note) for row in rows}


def known_signals() -> dict[str, tuple[float, str]]:
    """Every signal that may count, in the order of the weights: its points and what it means."""
    counting = ((name, one) for name, one in WEIGHTS.items() if not name.startswith("allowed_"))
    return {name: (one.points, one.means) for name, one in counting}


def shown_reasons(verdict: Mapping[str, Any], *, actor: Actor) -> tuple[ShownReason, ...]:
    """The reasons of a stored verdict, heaviest first, each with its silencing and whether `actor` may silence it."""
    silenced, may = silenced_reasons(), actor.may(Permission.DETECTION_TUNE)
    reasons = sorted(verdict.get("reasons") or (), key=lambda one: -abs(float(one["points"])))
    return tuple(
        ShownReason(
            signal=one["signal"],
            points=f"{float(one['points']):+.2f}",
            words=visible(one["words"]),
            method=visible(one.get("detection_method") or ""),
            counted=not one.get("silenced"),
            silenced=silenced.get(one["signal"]),
            may_silence=may and one["signal"] in WEIGHTS and one["signal"] not in silenced,
        )
        for one in reasons
    )


# --- labels ---------------------------------------------------------------------------------------------------------


def labels(*, kind: str = "", text: str = "") -> QuerySet[Label]:
    """Labels newest first; `text` matches a part of subject, sender, note or who said it."""
    found = Label.objects.order_by("-id")
    if kind in set(LabelKind):
        found = found.filter(kind=kind)
    if text:
        parts = Q(subject__icontains=text) | Q(sender__icontains=text) | Q(note__icontains=text) | Q(by__icontains=text)
        found = found.filter(parts)
    return found


def label_lines(rows: Iterable[Label]) -> Iterator[LabelLine]:
    """Rows as pages and exports show them."""
    for row in rows:
        yield LabelLine(
            row.pk,
            row.network_message_id,
            LabelKind(row.kind),
            row.by,
            row.at,
            row.note,
            row.subject,
            row.sender,
            row.said,
            row.score,
        )


def labels_of(network_message_id: str) -> tuple[LabelLine, ...]:
    """What people said about one email, newest first; the first counts."""
    return tuple(label_lines(Label.objects.filter(network_message_id=network_message_id).order_by("-id")))


def labels_between(start: datetime, end: datetime) -> dict[str, str]:
    """The newest label of each labelled email received in [start, end): id to kind."""
    rows = Label.objects.filter(received_at__gte=start, received_at__lt=end).order_by("id")
    return dict(rows.values_list("network_message_id", "kind"))
