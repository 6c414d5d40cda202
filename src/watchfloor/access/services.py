"""The gates: `requires` for views, `authorise` for verbs, `audited` for what was attempted and how it ended."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.models import AuditEntry, Person, Role
from watchfloor.access.selectors import actor_of, system_actor
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, Forbidden

View = Callable[..., HttpResponse]

request_context: ContextVar[tuple[str, str]] = ContextVar("request_context", default=("", ""))
"""Request id and client address of the running request, set by middleware, so that audit entries carry both."""


def requires(permission: Permission) -> Callable[[View], View]:
    """Let only people with `permission` into a view; others read why not and who can grant it.

    The view gets `request.actor`. `view.permission` is what the house test reads.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def gate(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect(f"/sign-in?next={request.path}")
            actor = actor_of(request.user)
            if not actor.may(permission):
                return refused(request, permission)
            request.actor = actor  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

        gate.permission = permission  # type: ignore[attr-defined]
        return gate

    return decorate


def refused(request: HttpRequest, permission: Permission) -> HttpResponse:
    """The page that says which right is missing, which roles have it, and who can give them."""
    holders = [role.name for role in Role.objects.all() if permission.value in role.permissions]
    granters = sorted(
        {
            person.name
            for role in Role.objects.all()
            if Permission.PEOPLE_MANAGE.value in role.permissions
            for person in role.people.all()
        }
    )
    context = {"permission": permission, "roles": holders, "granters": granters}
    return render(request, "access/refused.html", context, status=403)


def authorise(by: Actor, permission: Permission) -> None:
    """Raise Forbidden unless `by` holds `permission`; the first line of every verb."""
    if not by.may(permission):
        raise Forbidden(f"{by.name} lacks the right “{permission.description}”", permission=permission.value)


def record(
    *,
    by: Actor,
    verb: str,
    outcome: str,
    target_type: str = "",
    target: str = "",
    before: Any = None,
    after: Any = None,
    reason: str = "",
) -> AuditEntry:
    """Append one entry to the chain. `outcome` is attempt, success or failure. Serialised by the database's write lock."""
    request_id, address = request_context.get()
    with transaction.atomic():
        last = AuditEntry.objects.select_for_update().order_by("-id").values_list("hash", flat=True).first() or ""
        entry = AuditEntry(
            at=utc_now(),
            actor_id=by.id,
            actor_name=by.name,
            verb=verb,
            outcome=outcome,
            target_type=target_type,
            target=target[:1000],
            before=before,
            after=after,
            reason=reason,
            request_id=request_id,
            address=address,
            previous_hash=last,
        )
        entry.hash = entry_hash(entry)
        entry.save()
    return entry


def entry_hash(entry: AuditEntry) -> str:
    """SHA-256 over the entry's fields and the previous hash, as canonical JSON."""
    content = [
        entry.at.isoformat(),
        entry.actor_id,
        entry.actor_name,
        entry.verb,
        entry.outcome,
        entry.target_type,
        entry.target,
        entry.before,
        entry.after,
        entry.reason,
        entry.request_id,
        entry.address,
        entry.previous_hash,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@contextmanager
def audited(
    *,
    by: Actor,
    permission: Permission,
    verb: str,
    target_type: str = "",
    target: str = "",
    before: Any = None,
    reason: str = "",
) -> Iterator[dict[str, Any]]:
    """Permission, attempt, effect, success or failure, in one place; put what changed into the yielded dict's "after"."""
    what = {"by": by, "verb": verb, "target_type": target_type, "target": target, "before": before, "reason": reason}
    if not by.may(permission):
        record(**what, outcome="refused")
        authorise(by, permission)
    record(**what, outcome="attempt")
    result: dict[str, Any] = {}
    try:
        yield result
    except Exception as error:
        record(**what, outcome="failure", after={"error": str(error)})
        raise
    record(**what, outcome="success", after=result.get("after"))


def ensure_built_in_roles() -> None:
    """Create or refresh the roles of RB-01..08 as `roles.BUILT_IN_ROLES` defines them."""
    from watchfloor.access.roles import BUILT_IN_ROLES

    for name, (description, permissions) in BUILT_IN_ROLES.items():
        values = sorted(permission.value for permission in permissions)
        Role.objects.update_or_create(
            name=name, defaults={"description": description, "permissions": values, "built_in": True}
        )


def add_person(*, email: str, name: str, password: str, roles: list[str], by: Actor | None) -> Person:
    """Add somebody who signs in. `by` is None only from the command line of the machine itself."""
    found = {role.name: role for role in Role.objects.filter(name__in=roles)}
    for wanted in roles:
        if wanted not in found:
            known = ", ".join(Role.objects.values_list("name", flat=True))
            raise BadInput(f"there is no role “{wanted}”; roles are {known}", place="role")
    operator = by or system_actor("command line", Permission.PEOPLE_MANAGE)
    with audited(
        by=operator, permission=Permission.PEOPLE_MANAGE, verb="person.add", target_type="person", target=email
    ) as result:
        with transaction.atomic():
            person = Person.objects.create_user(email, password, name=name)
            person.roles.set(found.values())
        result["after"] = {"name": name, "roles": roles}
    return person
