"""Who is who, what they may do, and what was done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.models import AuditEntry, Person, Role

OUTCOMES = ("attempt", "success", "failure", "refused")


def actor_of(person: Person) -> Actor:
    """The actor a signed-in person is: one query for all roles. Unknown permission values in a role are left out."""
    held = rights_of(person.roles.values_list("permissions", flat=True))
    return Actor(id=f"person:{person.pk}", name=person.name, permissions=held)


def rights_of(permission_lists: Any) -> frozenset[Permission]:
    """The union of roles' permission lists as types."""
    known = {permission.value for permission in Permission}
    return frozenset(Permission(value) for values in permission_lists for value in values if value in known)


def system_actor(name: str, *permissions: Permission) -> Actor:
    """The product itself, doing a named job with exactly these rights."""
    return Actor(id=f"system:{name}", name=name, permissions=frozenset(permissions))


def person_of(actor: Actor) -> Person | None:
    """The person an actor is; None for the product itself."""
    kind, _, key = actor.id.partition(":")
    return Person.objects.filter(pk=key).first() if kind == "person" and key.isdecimal() else None


def rights_by_email() -> dict[str, frozenset[Permission]]:
    """What everybody who may sign in may do, by address. Two queries."""
    active = Person.objects.filter(is_active=True).prefetch_related("roles")
    return {person.email: rights_of(role.permissions for role in person.roles.all()) for person in active}


def roles_with(permission: Permission) -> list[str]:
    """Names of the roles that hold `permission`."""
    return [role.name for role in Role.objects.all() if permission.value in role.permissions]


def roles_holding(permission: Permission) -> list[tuple[int, str]]:
    """(number, name) of the roles that hold `permission`, by name."""
    return [(role.pk, role.name) for role in Role.objects.all() if permission.value in role.permissions]


def granters() -> list[str]:
    """Names of the active people who can give roles."""
    roles = [role.pk for role in Role.objects.all() if Permission.PEOPLE_MANAGE.value in role.permissions]
    return list(Person.objects.filter(is_active=True, roles__in=roles).values_list("name", flat=True).distinct())


def people() -> QuerySet[Person]:
    """Everybody with their roles, in two queries: active first, by name."""
    return Person.objects.prefetch_related("roles").order_by("-is_active", "name")


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What the audit page asks for; empty fields do not filter. Times are aware UTC, `to` is not included."""

    person: str = ""
    verb: str = ""
    outcome: str = ""
    target: str = ""
    after: datetime | None = None
    before: datetime | None = None


def audit_entries(wanted: AuditFilter) -> QuerySet[AuditEntry]:
    """Entries newest first. `person` and `target` match a part of it; `person` also an exact id as person:3."""
    found = AuditEntry.objects.all()
    if wanted.person:
        found = found.filter(Q(actor_name__icontains=wanted.person) | Q(actor_id=wanted.person))
    if wanted.target:
        found = found.filter(target__icontains=wanted.target)
    exact: Mapping[str, Any] = {"verb": wanted.verb, "outcome": wanted.outcome}
    found = found.filter(**{name: value for name, value in exact.items() if value})
    if wanted.after:
        found = found.filter(at__gte=wanted.after)
    if wanted.before:
        found = found.filter(at__lt=wanted.before)
    return found


def changes_of(entry: AuditEntry) -> Sequence[tuple[str, Any, Any]]:
    """(field, before, after) for every field that either side names; a plain value has the field “value”."""
    before, after = (
        {"value": side} if side is not None and not isinstance(side, dict) else side or {}
        for side in (entry.before, entry.after)
    )
    return [(name, before.get(name), after.get(name)) for name in sorted({*before, *after})]
