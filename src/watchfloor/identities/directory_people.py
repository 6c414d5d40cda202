"""Persons as their accounts describe them: the leading account's word counts, the next one fills the gaps.

Which account leads: a living account before a deleted one; then by provider in the order of PRECEDENCE, as a directory of the
organisation knows its people better than a mail server; then the one that was read last; then the one known longest.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from watchfloor.identities.finding import leading_key, status_of
from watchfloor.identities.models import Account, AccountAlias, DirectoryPerson, Membership
from watchfloor.identities.naming import spelt
from watchfloor.identities.ours import is_own_domain
from watchfloor.identities.writing import write_models

PRECEDENCE = (
    "ActiveDirectory",
    "EntraID",
    "OpenLDAP",
    "Okta",
    "GoogleWorkspace",
    "SCIM",
    "CSV",
    "Nextcloud",
    "Samba",
    "Dovecot",
)
SAID_BY_STRANGERS = frozenset({"Nextcloud", "Samba", "Dovecot", "CSV"})
"""Providers in which people of other organisations stand beside one's own, without a mark."""
COPIED = (
    *("given_name", "surname", "department", "title", "company", "employee_id"),
    *("phone", "mobile", "office", "city", "country"),
)
WRITTEN = (
    *("name", "manager", "groups", "tags", "source", "imported_at", "service", "created_at", "first_seen_at"),
    *("last_seen_at", "deleted_at", "external", "status", "domain", "leading"),
    *COPIED,
)
AT_ONCE = 2000


def order_of(row: Account) -> tuple[Any, ...]:
    """The key by which the accounts of a person are sorted: the smallest leads."""
    place = PRECEDENCE.index(row.provider) if row.provider in PRECEDENCE else len(PRECEDENCE)
    return row.deleted_at is not None, place, -row.seen_at.timestamp(), row.pk


def refresh(people: Iterable[int], *, at: datetime, own: frozenset[str]) -> int:
    """Bring the rows of these persons up to what their accounts say; returns how many changed. Six queries per 2,000."""
    numbers = sorted(set(people))
    return sum(_refresh(numbers[n : n + AT_ONCE], at=at, own=own) for n in range(0, len(numbers), AT_ONCE))


def _refresh(numbers: Sequence[int], *, at: datetime, own: frozenset[str]) -> int:
    rows = {row.pk: row for row in DirectoryPerson.objects.filter(pk__in=numbers)}
    accounts: dict[int, list[Account]] = defaultdict(list)
    for account in Account.objects.filter(person__in=numbers):
        accounts[account.person_id or 0].append(account)
    groups = _groups_of(numbers)
    managers = managers_of([one for several in accounts.values() for one in several])
    different: list[DirectoryPerson] = []
    for pk, row in rows.items():
        if accounts[pk]:
            mine = sorted(accounts[pk], key=order_of)
            fields = fields_of(row, mine, own=own) | {"groups": groups.get(pk, []), "manager": _manager(mine, managers)}
            if any(getattr(row, name) != value for name, value in fields.items()):
                for name, value in (fields | {"imported_at": at}).items():
                    setattr(row, name, value)
                different.append(row)
    write_models(different, unique=("address",), update=WRITTEN)
    _move_addresses([(rows[pk], accounts[pk]) for pk in rows if accounts[pk]])
    return len(different)


def fields_of(row: DirectoryPerson, accounts: Sequence[Account], *, own: frozenset[str]) -> dict[str, Any]:
    """The person's fields from accounts in order of precedence; what none of them says stays empty."""
    said = [one.facts or {} for one in accounts]
    leading = accounts[0]
    first = {name: next((str(one[name]) for one in said if one.get(name)), "") for name in COPIED}
    living = [one for one in accounts if one.deleted_at is None]
    fields: dict[str, Any] = {name: _cut(name, text) for name, text in first.items()}
    created = [one.created_at for one in accounts if one.created_at]
    seen = [one.last_sign_in_at for one in accounts if one.last_sign_in_at]
    return fields | {
        "name": _name(accounts, first) or row.address,
        "source": leading.source,
        "leading": leading_key(leading),
        "service": all(bool(one.get("service")) for one in said),
        "created_at": min(created, default=None),
        "first_seen_at": min((one.first_seen_at for one in accounts), default=row.first_seen_at),
        "last_seen_at": max([*seen, *([row.last_seen_at] if row.last_seen_at else [])], default=None),
        "deleted_at": None if living else max(one.deleted_at for one in accounts if one.deleted_at),
        "status": _status(living),
        "external": _is_external(living or accounts, own),
        "domain": _domain(row, accounts),
    }


LONG = frozenset({"department", "title", "company", "office"})


def _cut(name: str, text: str) -> str:
    return text[: 200 if name in LONG else 100]


def _name(accounts: Sequence[Account], first: dict[str, str]) -> str:
    shown = next((one.display_name.strip() for one in accounts if one.display_name.strip()), "")
    spelled = f"{first['given_name']} {first['surname']}".strip()
    return (shown or spelled or next((one.name for one in accounts if one.name), ""))[:200]


def _status(living: Sequence[Account]) -> str:
    states = {status_of(one) for one in living}
    return next((one for one in ("active", "suspended", "staged") if one in states), "deleted")


def _is_external(accounts: Sequence[Account], own: frozenset[str]) -> bool:
    """External: every account is a guest's, or only systems that hold strangers too know them, at somebody else's domain."""
    if all(bool((one.facts or {}).get("guest")) for one in accounts):
        return True
    if not own or any(one.provider not in SAID_BY_STRANGERS for one in accounts):
        return False
    domains = {one.partition("@")[2] for account in accounts for one in (account.mail, account.upn) if "@" in one}
    return bool(domains) and not any(is_own_domain(domain, own=own) for domain in domains)


def _domain(row: DirectoryPerson, accounts: Sequence[Account]) -> str:
    if "@" in row.address:
        return row.address.rpartition("@")[2][:255]
    return next((str(one.facts["domain"]).lower()[:255] for one in accounts if (one.facts or {}).get("domain")), "")


def _manager(accounts: Sequence[Account], managers: dict[tuple[str, str], str]) -> str:
    for one in accounts:
        if one.manager_key and (found := managers.get((one.source, one.manager_key))):
            return found
    return next((one.manager_key for one in accounts if "@" in one.manager_key and "=" not in one.manager_key), "")[
        :320
    ]


def managers_of(accounts: Iterable[Account]) -> dict[tuple[str, str], str]:
    """The manager's address by (source, key or distinguished name); those not known yet are left out."""
    wanted = sorted({one.manager_key for one in accounts if one.manager_key})
    if not wanted:
        return {}
    known = AccountAlias.objects.filter(value__in=wanted, kind__in=("object", "dn"))
    return {
        (source, value): address
        for source, value, address in known.values_list("account__source", "value", "account__person__address")
        if address
    }


def _groups_of(numbers: Sequence[int]) -> dict[int, list[str]]:
    rows = Membership.objects.filter(
        account__person__in=numbers, group__deleted_at__isnull=True, account__deleted_at__isnull=True
    )
    found: dict[int, list[str]] = defaultdict(list)
    for person, name in rows.order_by("pk").values_list("account__person_id", "group__name"):
        if name not in found[person]:
            found[person].append(name)
    return found


def _move_addresses(people: Iterable[tuple[DirectoryPerson, Sequence[Account]]]) -> None:
    """A person whose address is no account's any longer takes the leading one's, if nobody else has it."""
    for row, accounts in people:
        mine = sorted((one for one in accounts if one.deleted_at is None), key=order_of)
        named = [name for one in mine for name in (one.mail, one.upn) if "@" in name]
        others = {alias for one in mine for alias in (one.facts or {}).get("other_mails", ())}
        if not named or row.address in named or row.address in map(spelt, others):
            continue
        if not DirectoryPerson.objects.filter(address=named[0]).exists():
            DirectoryPerson.objects.filter(pk=row.pk).update(address=named[0], domain=named[0].rpartition("@")[2][:255])
            DirectoryPerson.objects.filter(manager=row.address).update(manager=named[0])


def manage(new_keys: dict[str, dict[str, int]]) -> None:
    """Give those their manager who named one before he was known: accounts just read, by source and key or name."""
    for source, keys in new_keys.items():
        names = sorted(keys)
        for n in range(0, len(names), AT_ONCE):
            _manage(source, {name: keys[name] for name in names[n : n + AT_ONCE]})


def _manage(source: str, keys: dict[str, int]) -> None:
    waiting = Account.objects.filter(source=source, manager_key__in=list(keys))
    people: dict[int, list[int]] = defaultdict(list)
    for person, name, manager in waiting.values_list("person_id", "manager_key", "person__manager"):
        if person is not None and not manager:
            people[keys[name]].append(person)
    if not people:
        return
    addresses = dict(Account.objects.filter(pk__in=list(people)).values_list("pk", "person__address"))
    for account, numbers in people.items():
        if addresses.get(account):
            DirectoryPerson.objects.filter(pk__in=numbers).update(manager=addresses[account])
