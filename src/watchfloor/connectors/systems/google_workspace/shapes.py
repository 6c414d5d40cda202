"""Google's users and groups as our Account and DirectoryGroup."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from watchfloor.connectors.contracts import Account, AccountFlag, DirectoryGroup
from watchfloor.connectors.records.fields import Fields

PROVIDER = "GoogleWorkspace"
_NEVER = datetime(1971, 1, 1, tzinfo=UTC)
"""Google writes 1970 for an account that never signed in."""


def account_of(user: Mapping[str, Any]) -> Account:
    told, name = Fields(user), Fields(user).part("name")
    mail = told.text("primaryEmail").lower()
    work, signed_in = _primary(told.parts("organizations")), told.moment("lastLoginTime")
    return Account(
        key=told.text("id"),
        provider=PROVIDER,
        name=mail.partition("@")[0],
        upn=mail,
        mail=mail,
        other_mails=tuple(one.lower() for one in _texts(user.get("aliases"))),
        display_name=name.text("fullName"),
        given_name=name.text("givenName"),
        surname=name.text("familyName"),
        department=work.text("department"),
        title=work.text("title"),
        company=work.text("name"),
        employee_id=_typed(told.parts("externalIds"), "organization"),
        phone=_typed(told.parts("phones"), "work"),
        mobile=_typed(told.parts("phones"), "mobile"),
        manager=_typed(told.parts("relations"), "manager").lower(),
        enabled=not (told.switch("suspended") or told.switch("archived")),
        flags=(AccountFlag.MUST_CHANGE_PASSWORD.value,) if told.switch("changePasswordAtNextLogin") else (),
        roles=_roles(told),
        created_at=told.moment("creationTime"),
        last_sign_in_at=signed_in if signed_in and signed_in > _NEVER else None,
        facts=_facts(told),
    )


def _texts(value: Any) -> list[str]:
    return [one for one in value[:1000] if isinstance(one, str)] if isinstance(value, list) else []


def _primary(listed: list[Fields]) -> Fields:
    return next((one for one in listed if one.switch("primary")), listed[0] if listed else Fields())


def _typed(listed: list[Fields], kind: str) -> str:
    return next((one.text("value") for one in listed if one.text("type") == kind), "")


def _roles(told: Fields) -> tuple[str, ...]:
    if told.switch("isAdmin"):
        return ("Super Administrator",)
    return ("Delegated Administrator",) if told.switch("isDelegatedAdmin") else ()


def _facts(told: Fields) -> dict[str, str]:
    factor = told.switch("isEnrolledIn2Sv")
    facts = {
        "Organisational unit": told.text("orgUnitPath"),
        "2-Step Verification": "" if factor is None else "enrolled" if factor else "not enrolled",
        "Suspended because": told.text("suspensionReason"),
    }
    return {name: value for name, value in facts.items() if value}


def group_of(group: Mapping[str, Any], members: Iterable[str]) -> DirectoryGroup:
    told = Fields(group)
    return DirectoryGroup(
        key=told.text("id"),
        name=told.text("name"),
        description=told.text("description"),
        mail=told.text("email").lower(),
        members=tuple(members),
    )
