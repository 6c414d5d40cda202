"""Okta's users and groups as our Account and DirectoryGroup."""

from collections.abc import Iterable, Mapping
from typing import Any

from watchfloor.connectors.contracts import Account, AccountFlag, DirectoryGroup
from watchfloor.connectors.records.fields import Fields

PROVIDER = "Okta"
SHUT = frozenset({"SUSPENDED", "DEPROVISIONED", "STAGED"})
_FLAGS = {"LOCKED_OUT": AccountFlag.LOCKED, "PASSWORD_EXPIRED": AccountFlag.MUST_CHANGE_PASSWORD}


def account_of(user: Mapping[str, Any], roles: Iterable[str] = ()) -> Account:
    told, profile = Fields(user), Fields(user).part("profile")
    status, login, mail = told.text("status"), profile.text("login").lower(), profile.text("email").lower()
    given, surname = profile.text("firstName"), profile.text("lastName")
    return Account(
        key=told.text("id"),
        provider=PROVIDER,
        name=login.partition("@")[0],
        upn=login,
        mail=mail,
        other_mails=tuple(filter(None, (profile.text("secondEmail").lower(),))),
        display_name=profile.text("displayName") or f"{given} {surname}".strip(),
        given_name=given,
        surname=surname,
        department=profile.text("department"),
        title=profile.text("title"),
        company=profile.text("organization"),
        employee_id=profile.text("employeeNumber"),
        phone=profile.text("primaryPhone"),
        mobile=profile.text("mobilePhone"),
        city=profile.text("city"),
        country=profile.text("countryCode"),
        manager=profile.text("managerId"),
        enabled=status not in SHUT,
        flags=tuple(flag.value for name, flag in _FLAGS.items() if name == status),
        roles=tuple(sorted(roles)),
        created_at=told.moment("created"),
        last_sign_in_at=told.moment("lastLogin"),
        password_set_at=told.moment("passwordChanged"),
        facts={"Status at Okta": status},
    )


def group_of(group: Mapping[str, Any], members: Iterable[str]) -> DirectoryGroup:
    told, profile = Fields(group), Fields(group).part("profile")
    return DirectoryGroup(
        key=told.text("id"),
        name=profile.text("name"),
        description=profile.text("description"),
        members=tuple(members),
        created_at=told.moment("created"),
    )
