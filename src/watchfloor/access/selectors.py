"""Who is who, and what they may do."""

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.models import Person


def actor_of(person: Person) -> Actor:
    """The actor a signed-in person is: one query for all roles. Unknown permission values in a role are left out."""
    known = {permission.value for permission in Permission}
    held = {value for names in person.roles.values_list("permissions", flat=True) for value in names if value in known}
    return Actor(id=f"person:{person.pk}", name=person.name, permissions=frozenset(map(Permission, held)))


def system_actor(name: str, *permissions: Permission) -> Actor:
    """The product itself, doing a named job with exactly these rights."""
    return Actor(id=f"system:{name}", name=name, permissions=frozenset(permissions))
