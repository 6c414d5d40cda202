"""What a person keeps of the queues: columns in an order, and filters under a name, alone or for everybody (IN-03, IN-06)."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from django.db.models import Q

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.selectors import person_of
from watchfloor.access.services import audit_verb, audited, authorise
from watchfloor.incidents.columns import COLUMNS, columns_of, preference_of
from watchfloor.incidents.models import SavedFilter
from watchfloor.kernel.errors import BadInput, NotFound

audit_verb("queue_filter.save", "{actor} saved the filter {target}")
audit_verb("queue_filter.delete", "{actor} deleted the saved filter {target}")

LEFT_OUT = {"page", "csrfmiddlewaretoken"}
LONGEST = 8000
MOST_KEPT = 200
"""Saved filters of one person in one queue."""


def choose_columns(*, queue: str, keys: Sequence[str], by: Actor) -> tuple[str, ...]:
    """Remember this person's columns in this order; none at all means the usual ones again. Returns what stands now."""
    authorise(by, Permission.INCIDENT_READ)
    if queue not in COLUMNS:
        raise BadInput(f"there is no queue “{queue}”", place="queue")
    person = person_of(by)
    kept = tuple(column.key for column in columns_of(queue, keys)) if keys else ()
    if person is not None:
        person.preferences = {**person.preferences, preference_of(queue): list(kept)}
        person.save(update_fields=["preferences"])
    return kept


def save_filter(*, queue: str, name: str, query: str, shared: bool, by: Actor, at: datetime) -> SavedFilter:
    """Keep a filter under a name; the same name of the same person is replaced. Sharing needs the right to manage incidents."""
    name, query = " ".join(name.replace("\x00", "").split())[:100], cleaned(query)
    if not name:
        raise BadInput("give the filter a name", place="name")
    if queue not in COLUMNS:
        raise BadInput(f"there is no queue “{queue}”", place="queue")
    needed = Permission.INCIDENT_MANAGE if shared else Permission.INCIDENT_READ
    with audited(by=by, permission=needed, verb="queue_filter.save", target_type="filter", target=name) as result:
        mine = SavedFilter.objects.filter(queue=queue, owner_id=by.id)
        if mine.count() >= MOST_KEPT and not mine.filter(name=name).exists():
            raise BadInput(f"at most {MOST_KEPT} filters each; delete one first", place="name")
        kept, _ = SavedFilter.objects.update_or_create(
            queue=queue,
            owner_id=by.id,
            name=name,
            defaults={"query": query, "shared": shared, "owner_name": by.name, "saved_at": at},
        )
        result["after"] = {"query": query, "shared": shared, "queue": queue}
    return kept


def cleaned(query: str) -> str:
    """A query string without its page."""
    pairs = parse_qsl(query.replace("\x00", "").lstrip("?")[:LONGEST], keep_blank_values=True)
    return urlencode([(name, value) for name, value in pairs if name not in LEFT_OUT])


def delete_filter(*, number: int, by: Actor) -> str:
    """Forget a filter of one's own, or, with the right to manage incidents, a shared one. Returns its queue."""
    kept = SavedFilter.objects.filter(pk=number).first()
    mine = kept is not None and kept.owner_id == by.id
    if kept is None or not (mine or kept.shared):
        raise NotFound("there is no such saved filter")
    needed = Permission.INCIDENT_READ if mine else Permission.INCIDENT_MANAGE
    with audited(
        by=by, permission=needed, verb="queue_filter.delete", target_type="filter", target=kept.name
    ) as result:
        result["before"] = {"query": kept.query, "shared": kept.shared}
        kept.delete()
    return kept.queue


def saved_filters(*, queue: str, by: Actor) -> list[SavedFilter]:
    """One's own and the shared ones, by name."""
    return list(SavedFilter.objects.filter(Q(owner_id=by.id) | Q(shared=True), queue=queue)[:200])
