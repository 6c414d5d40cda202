"""A resource as an account or a group, as everything that directories tell; pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from watchfloor.connectors.contracts import Account, DirectoryGroup

PROVIDER = "SCIM"
LONGEST = 300
"""Characters that are kept of a value."""
GUESTS = {"guest", "external", "b2b"}


def account(person: Any, *, key: str, created_at: datetime) -> Account:
    """One person, as the peer says; an address stands in for what is not said."""
    work = person.EnterpriseUser if hasattr(person, "EnterpriseUser") else None
    name, user_name = person.name, (person.user_name or "").strip()
    mails = _mails(person)
    full = name and (name.formatted or " ".join(filter(None, (name.given_name, name.family_name))))
    address = next(iter(_first(person.addresses, "work")), None)
    manager = work.manager.value if work and work.manager else ""
    return Account(
        key=key,
        provider=PROVIDER,
        name=user_name,
        upn=user_name.lower() if "@" in user_name else "",
        mail=mails[0] if mails else "",
        other_mails=tuple(mails[1:]),
        display_name=_cut(person.display_name or full),
        given_name=_cut(name and name.given_name),
        surname=_cut(name and name.family_name),
        department=_cut(work and work.department),
        title=_cut(person.title),
        company=_cut(work and work.organization),
        employee_id=_cut(work and work.employee_number),
        phone=_value(person.phone_numbers, "work"),
        mobile=_value(person.phone_numbers, "mobile"),
        city=_cut(address and address.locality),
        country=_cut(address and address.country),
        manager=_cut(manager),
        enabled=person.active is not False,
        guest=(person.user_type or "").lower() in GUESTS,
        roles=tuple(role.value or role.display for role in person.roles or () if role.value or role.display),
        created_at=created_at,
        facts=_facts(person),
    )


def group(group: Any, *, key: str, created_at: datetime) -> DirectoryGroup:
    """One group; its members are ids of people and groups of the same connection."""
    members = tuple(dict.fromkeys(one.value for one in group.members or () if one.value))
    return DirectoryGroup(key=key, name=group.display_name or key, members=members, created_at=created_at)


def _cut(text: str | None) -> str:
    return (text or "")[:LONGEST]


def _mails(person: Any) -> list[str]:
    """Addresses in lower case, the primary one first, then that of work; the user name where it is one and none is given."""
    given = sorted(person.emails or (), key=lambda one: (not one.primary, one.type != "work"))
    mails = [one.value.lower() for one in given if one.value and len(one.value) <= LONGEST]
    if not mails and "@" in (person.user_name or ""):
        mails = [person.user_name.strip().lower()]
    return list(dict.fromkeys(mails))


def _first(several: Iterable[Any] | None, kind: str) -> list[Any]:
    """Those of this kind, before those that name none."""
    all_of_them = list(several or ())
    return [one for one in all_of_them if one.type == kind] or [one for one in all_of_them if one.type is None]


def _value(several: Iterable[Any] | None, kind: str) -> str:
    return _cut(next((one.value for one in _first(several, kind) if one.value and (one.type or kind == "work")), ""))


def _facts(person: Any) -> dict[str, str]:
    said = {
        "externalId": person.external_id,
        "userType": person.user_type,
        "preferredLanguage": person.preferred_language,
        "timezone": person.timezone,
    }
    return {name: str(value) for name, value in said.items() if value}
