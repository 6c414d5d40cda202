"""Verbs on people and roles. Nobody raises their own rights, and somebody can always give roles.

A person who may give roles may give others any role, Preview and Search and Purge included, but a change that would add
a right to the one who makes it is refused: another administrator does that, or the machine's command line (`by=None`).
"""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from axes.utils import reset
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from watchfloor.access.chain import audit_verb, audited
from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.models import Person, Role
from watchfloor.access.roles import BUILT_IN_ROLES
from watchfloor.access.selectors import person_of, rights_of, system_actor
from watchfloor.kernel.errors import BadInput, Conflict, Forbidden, NotFound

COMMAND_LINE = system_actor("command line", Permission.PEOPLE_MANAGE)
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that are not mistaken for one another when read aloud."""

audit_verb("person.add", "{actor} added {target}")
audit_verb("person.roles", "{actor} changed the roles of {target}")
audit_verb("person.deactivate", "{actor} deactivated {target}")
audit_verb("person.reactivate", "{actor} reactivated {target}")
audit_verb("person.one_time_password", "{actor} gave {target} a one-time password")
audit_verb("person.unlock", "{actor} unlocked the sign-in of {target}")
audit_verb("role.add", "{actor} added the role {target}")
audit_verb("role.edit", "{actor} changed the role {target}")
audit_verb("role.delete", "{actor} deleted the role {target}")


def ensure_built_in_roles() -> None:
    """Create or refresh the roles of RB-01..08 as `roles.BUILT_IN_ROLES` defines them."""
    for name, (description, permissions) in BUILT_IN_ROLES.items():
        values = sorted(permission.value for permission in permissions)
        Role.objects.update_or_create(
            name=name, defaults={"description": description, "permissions": values, "built_in": True}
        )


def one_time_password() -> str:
    """Twenty random characters in groups of five: about 99 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(4))


def add_person(
    *, email: str, name: str, password: str, roles: list[str], by: Actor | None, must_change_password: bool = False
) -> Person:
    """Add somebody who signs in. `by` is None only from the command line of the machine itself.

    Raises BadInput for a malformed address, a weak password or an unknown role, Conflict when the address is taken.
    """
    email = email.strip().lower()
    found = _roles_named(roles)
    _checked_address(email)
    _checked_password(password, Person(email=email, name=name))
    with audited(
        by=by or COMMAND_LINE,
        permission=Permission.PEOPLE_MANAGE,
        verb="person.add",
        target_type="person",
        target=email,
    ) as result:
        with transaction.atomic():
            if Person.objects.filter(email=email).exists():
                raise Conflict(f"somebody signs in as {email} already", place="email")
            person = Person.objects.create_user(
                email, password, name=name.strip(), must_change_password=must_change_password
            )
            person.roles.set(found)
        result["after"] = {"name": name, "roles": roles}
    return person


def set_roles(*, person: Person, roles: list[str], by: Actor | None) -> None:
    """Give `person` exactly these roles.

    Raises Forbidden when it would raise the rights of `by`, Conflict when nobody were left who can give roles.
    """
    found = _roles_named(roles)
    with audited(
        by=by or COMMAND_LINE,
        permission=Permission.PEOPLE_MANAGE,
        verb="person.roles",
        target_type="person",
        target=person.email,
        before={"roles": _names(person)},
    ) as result:
        with _rights_change(by):
            person.roles.set(found)
        result["after"] = {"roles": _names(person)}


def deactivate_person(*, person: Person, by: Actor | None, reason: str = "") -> None:
    """End somebody's access at once; their name stays in the audit log. Raises Conflict like `set_roles`."""
    _set_active(person, by=by, verb="person.deactivate", active=False, reason=reason)


def reactivate_person(*, person: Person, by: Actor | None, reason: str = "") -> None:
    """Let somebody sign in again, with the roles they had."""
    _set_active(person, by=by, verb="person.reactivate", active=True, reason=reason)


def _set_active(person: Person, *, by: Actor | None, verb: str, active: bool, reason: str) -> None:
    with (
        audited(
            by=by or COMMAND_LINE,
            permission=Permission.PEOPLE_MANAGE,
            verb=verb,
            target_type="person",
            target=person.email,
            before={"active": person.is_active},
            reason=reason,
        ) as result,
        _rights_change(by),
    ):
        Person.objects.filter(pk=person.pk).update(is_active=active)
        person.is_active = active
        result["after"] = {"active": active}


def give_one_time_password(*, person: Person, by: Actor | None) -> str:
    """A new password that works until it is changed at the first sign-in; ends the person's sessions. Shown once."""
    if by is not None and by.id == f"person:{person.pk}":
        raise BadInput("change your own password on the password page", place="person")
    password = one_time_password()
    with audited(
        by=by or COMMAND_LINE,
        permission=Permission.PEOPLE_MANAGE,
        verb="person.one_time_password",
        target_type="person",
        target=person.email,
    ):
        person.set_password(password)
        person.must_change_password = True
        person.save(update_fields=["password", "must_change_password"])
        reset(username=person.email)
    return password


def unlock_person(*, person: Person, by: Actor | None) -> None:
    """Forget failed sign-ins, so that the person need not wait."""
    with audited(
        by=by or COMMAND_LINE,
        permission=Permission.PEOPLE_MANAGE,
        verb="person.unlock",
        target_type="person",
        target=person.email,
    ):
        reset(username=person.email)


def add_role(*, name: str, description: str, permissions: Iterable[Permission], by: Actor | None) -> Role:
    """A custom role, new or as a copy of another. Raises Conflict when the name is taken."""
    name = _checked_role_name(name)
    values = sorted(permission.value for permission in permissions)
    with audited(
        by=by or COMMAND_LINE, permission=Permission.PEOPLE_MANAGE, verb="role.add", target_type="role", target=name
    ) as result:
        if Role.objects.filter(name__iexact=name).exists():
            raise Conflict(f"there is a role “{name}” already", place="name")
        role = Role.objects.create(name=name, description=description, permissions=values)
        result["after"] = {"permissions": values}
    return role


def edit_role(*, role: Role, name: str, description: str, permissions: Iterable[Permission], by: Actor | None) -> None:
    """Change a custom role for everybody who holds it. Raises Forbidden for built-in ones, and like `set_roles`."""
    _refuse_built_in(role)
    name = _checked_role_name(name)
    values = sorted(permission.value for permission in permissions)
    with (
        audited(
            by=by or COMMAND_LINE,
            permission=Permission.PEOPLE_MANAGE,
            verb="role.edit",
            target_type="role",
            target=role.name,
            before={"name": role.name, "permissions": role.permissions},
        ) as result,
        _rights_change(by),
    ):
        if Role.objects.filter(name__iexact=name).exclude(pk=role.pk).exists():
            raise Conflict(f"there is a role “{name}” already", place="name")
        role.name, role.description, role.permissions = name, description, values
        role.save()
        result["after"] = {"name": name, "permissions": values}


def delete_role(*, role: Role, by: Actor | None) -> None:
    """Take a custom role away from everybody. Raises Forbidden for built-in ones, Conflict like `set_roles`."""
    _refuse_built_in(role)
    with (
        audited(
            by=by or COMMAND_LINE,
            permission=Permission.PEOPLE_MANAGE,
            verb="role.delete",
            target_type="role",
            target=role.name,
            before={"permissions": role.permissions, "people": [person.email for person in role.people.all()]},
        ),
        _rights_change(by),
    ):
        role.delete()


@contextmanager
def _rights_change(by: Actor | None) -> Iterator[None]:
    """A transaction that undoes itself when it raised the rights of `by` or left nobody who can give roles.

    Locks all roles, so that two administrators who deactivate each other at the same moment come one after the other.
    """
    with transaction.atomic():
        list(Role.objects.select_for_update().order_by("pk"))
        yield
        doer = person_of(by) if by else None
        if by and doer:
            gained = rights_of(doer.roles.values_list("permissions", flat=True)) - by.permissions
            if gained:
                words = ", ".join(sorted(f"“{permission.description}”" for permission in gained))
                raise Forbidden(
                    f"nobody raises their own rights; ask another administrator to give you {words}",
                    permission=min(gained).value,
                )
        if not _somebody_gives_roles():
            raise Conflict(f"nobody would be left with the right “{Permission.PEOPLE_MANAGE.description}”")


def _somebody_gives_roles() -> bool:
    holding = [role.pk for role in Role.objects.all() if Permission.PEOPLE_MANAGE.value in role.permissions]
    return Person.objects.filter(is_active=True, roles__in=holding).exists()


def _names(person: Person) -> list[str]:
    return list(person.roles.values_list("name", flat=True))


def _roles_named(names: list[str]) -> list[Role]:
    found = {role.name: role for role in Role.objects.filter(name__in=names)}
    for wanted in names:
        if wanted not in found:
            known = ", ".join(Role.objects.values_list("name", flat=True))
            raise BadInput(f"there is no role “{wanted}”; roles are {known}", place="role")
    return list(found.values())


def person_by_email(email: str) -> Person:
    """The person who signs in as `email`. Raises NotFound."""
    person = Person.objects.filter(email=email.strip().lower()).first()
    if person is None:
        raise NotFound(f"nobody signs in as {email}", place="email")
    return person


def _refuse_built_in(role: Role) -> None:
    if role.built_in:
        raise Forbidden(
            f"“{role.name}” is built in; copy it and change the copy", permission=Permission.PEOPLE_MANAGE.value
        )


def _checked_role_name(name: str) -> str:
    name = " ".join(name.split())
    if not 2 <= len(name) <= 100:
        raise BadInput("a role's name has 2 to 100 characters", place="name")
    return name


def _checked_address(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise BadInput(f"“{email}” is not an e-mail address", place="email") from None


def _checked_password(password: str, person: Person) -> None:
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise BadInput(" ".join(error.messages), place="password") from None
