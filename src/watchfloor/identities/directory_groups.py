"""Groups and who is in them, whichever of the two was heard of first."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from watchfloor.connectors.contracts import DirectoryGroup
from watchfloor.identities.directory_accounts import Touched
from watchfloor.identities.directory_changes import Change
from watchfloor.identities.models import Account, AccountAlias, Awaited, Group, Membership
from watchfloor.identities.naming import kept_key, spelt

BATCH = 2000
FIELDS = (
    "name",
    "description",
    "mail",
    "dn",
    "sid",
    "sensitive",
    "why_sensitive",
    "created_at",
    "deleted_at",
    "seen_at",
)
Member = tuple[int | None, int | None]
"""One end of a membership: (account, None) or (None, group)."""


def take_groups(said: Iterable[DirectoryGroup], *, source: str, at: datetime, touched: Touched) -> None:
    """Write what a connection says of these groups and their direct members. Runs inside the caller's transaction."""
    last = {kept_key(one.key): one for one in said}
    if not last:
        return
    known = set(Group.objects.filter(source=source).values_list("key", flat=True))
    rows = Group.objects.bulk_create(
        [_row(key, one, source=source, at=at) for key, one in last.items() if key in known or not one.deleted],
        500,
        update_conflicts=True,
        unique_fields=["source", "key"],
        update_fields=FIELDS,
    )
    stated = {row.pk: frozenset(map(spelt, last[row.key].members)) for row in rows if not last[row.key].deleted}
    gone = [row.pk for row in rows if last[row.key].deleted]
    _set_members(stated | dict.fromkeys(gone, frozenset()), source=source, at=at, touched=touched, new=known, rows=rows)
    _settle(
        {name: row.pk for row in rows for name in (spelt(row.key), spelt(row.dn)) if name},
        source=source,
        touched=touched,
    )
    touched.rights = True


def _row(key: str, one: DirectoryGroup, *, source: str, at: datetime) -> Group:
    return Group(
        source=source,
        key=key,
        name=(one.name or one.key)[:320],
        description=one.description,
        mail=one.mail.lower()[:320],
        dn=one.dn[:1000],
        sid=one.sid[:200],
        sensitive=one.sensitive,
        why_sensitive=one.why_sensitive[:200],
        created_at=one.created_at,
        deleted_at=at if one.deleted else None,
        seen_at=at,
    )


def names_of_groups(source: str) -> dict[str, int]:
    """Every group of a source by its key and its distinguished name."""
    rows = Group.objects.filter(source=source).values_list("pk", "key", "dn")
    return {name: pk for pk, key, dn in rows for name in (spelt(key), spelt(dn)) if name}


def _set_members(
    stated: Mapping[int, frozenset[str]],
    *,
    source: str,
    at: datetime,
    touched: Touched,
    new: set[str],
    rows: Iterable[Group],
) -> None:
    groups = names_of_groups(source)
    accounts = accounts_named(source, {name for names in stated.values() for name in names} - set(groups))
    before: dict[int, dict[Member, int]] = defaultdict(dict)
    for pk, group, account, nested in Membership.objects.filter(group__in=list(stated)).values_list(
        "pk", "group_id", "account_id", "member_group_id"
    ):
        before[group][account, nested] = pk
    known_groups = {row.pk for row in rows if row.key in new}
    awaited: list[Awaited] = []
    added: list[tuple[int, Member]] = []
    lost: list[tuple[int, Member]] = []
    Awaited.objects.filter(group__in=list(stated)).delete()
    for group, names in stated.items():
        wanted: set[Member] = {(None, groups[name]) for name in names if name in groups and groups[name] != group}
        wanted |= {(accounts[name], None) for name in names if name in accounts}
        awaited += [
            Awaited(source=source, named=name, group_id=group)
            for name in names
            if name not in groups and name not in accounts
        ]
        added += [(group, member) for member in wanted - set(before[group])]
        lost += [(group, member) for member in set(before[group]) - wanted]
    lost = _not_stated_by_accounts(lost, groups)
    Awaited.objects.bulk_create(awaited, BATCH)
    add_memberships(added, touched=touched)
    Membership.objects.filter(pk__in=[before[group][member] for group, member in lost]).delete()
    _touch([member for _, member in lost], touched)
    heard_of = [(group, member, True) for group, member in added if group in known_groups]
    note_changes([*heard_of, *((group, member, False) for group, member in lost)], at=at, touched=touched)


def accounts_named(source: str, names: Iterable[str]) -> dict[str, int]:
    """Accounts of a source by key, distinguished name or login name, as members are named.

    The source is looked at here: a database that filters by it begins with all accounts of the source.
    """
    wanted, found = sorted(names), {}
    for n in range(0, len(wanted), BATCH):
        known = AccountAlias.objects.filter(value__in=wanted[n : n + BATCH], kind__in=("object", "dn", "name"))
        for value, account, kind, of in known.values_list("value", "account_id", "kind", "account__source"):
            if of == source and (kind != "name" or value not in found):
                found[value] = account
    return found


def _not_stated_by_accounts(lost: list[tuple[int, Member]], groups: Mapping[str, int]) -> list[tuple[int, Member]]:
    """Leave those in whose account itself says that it is in the group."""
    numbers = sorted({account for _, (account, _) in lost if account is not None})
    stated: set[tuple[int, int]] = set()
    for n in range(0, len(numbers), BATCH):
        for pk, facts in Account.objects.filter(pk__in=numbers[n : n + BATCH]).values_list("pk", "facts"):
            stated |= {(groups.get(spelt(name), 0), pk) for name in (facts or {}).get("groups", ())}
    return [(group, (account, nested)) for group, (account, nested) in lost if (group, account) not in stated]


def add_memberships(pairs: Iterable[tuple[int, Member]], *, touched: Touched) -> None:
    """Write memberships that may be there already."""
    new = [Membership(group_id=group, account_id=account, member_group_id=nested) for group, (account, nested) in pairs]
    Membership.objects.bulk_create(new, BATCH, ignore_conflicts=True)
    _touch([(one.account_id, one.member_group_id) for one in new], touched)


def _touch(members: Iterable[Member], touched: Touched) -> None:
    numbers = sorted({account for account, _ in members if account is not None})
    for n in range(0, len(numbers), BATCH):
        people = Account.objects.filter(pk__in=numbers[n : n + BATCH], person__isnull=False)
        touched.people |= set(people.values_list("person_id", flat=True))
    touched.accounts |= set(numbers)
    touched.rights = True


def _settle(names: Mapping[str, int], *, source: str, touched: Touched) -> None:
    """Groups that others waited for are there now: as members of groups, and as groups that accounts said they are in."""
    waiting = list(Awaited.objects.filter(source=source, named__in=list(names)))
    pairs: list[tuple[int, Member]] = []
    for one in waiting:
        if one.group_id is not None:
            pairs.append((one.group_id, (None, names[one.named])))
        elif one.account_id is not None:
            pairs.append((names[one.named], (one.account_id, None)))
    _joined(waiting, pairs, touched)


def settle_accounts(new_keys: Mapping[str, Mapping[str, int]], *, touched: Touched) -> None:
    """Accounts that groups waited for are there now."""
    for source, keys in new_keys.items():
        if not Awaited.objects.filter(source=source, group__isnull=False).exists():
            continue
        names = sorted(keys)
        for n in range(0, len(names), BATCH):
            waiting = list(Awaited.objects.filter(source=source, named__in=names[n : n + BATCH], group__isnull=False))
            _joined(waiting, [(one.group_id or 0, (keys[one.named], None)) for one in waiting], touched)


def _joined(waiting: list[Awaited], pairs: list[tuple[int, Member]], touched: Touched) -> None:
    if waiting:
        Awaited.objects.filter(pk__in=[one.pk for one in waiting]).delete()
        add_memberships(pairs, touched=touched)


def settle_stated(*, at: datetime, touched: Touched) -> None:
    """What accounts say of their own groups: join, leave, or wait for a group that is not known yet."""
    for source, said in touched.stated.items():
        groups = names_of_groups(source)
        added: list[tuple[int, Member]] = []
        lost: list[tuple[int, int]] = []
        for account, (now, then) in said.items():
            added += [(groups[name], (account, None)) for name in now if name in groups and name not in then]
            lost += [(groups[name], account) for name in then if name in groups and name not in now]
        waits = [
            Awaited(source=source, named=name, account_id=account)
            for account, (now, _) in said.items()
            for name in now
            if name not in groups
        ]
        Awaited.objects.filter(account__in=list(said)).delete()
        Awaited.objects.bulk_create(waits, BATCH)
        add_memberships(added, touched=touched)
        for group, account in lost:
            Membership.objects.filter(group=group, account=account).delete()
        _touch([(account, None) for _, account in lost], touched)
        changed = {account for account, (_, then) in said.items() if then}
        noticed = [(group, member, True) for group, member in added if member[0] in changed]
        note_changes([*noticed, *((group, (account, None), False) for group, account in lost)], at=at, touched=touched)


def note_changes(pairs: Iterable[tuple[int, Member, bool]], *, at: datetime, touched: Touched) -> None:
    """Group membership changed: who came or went, with the group's name and whether it is sensitive."""
    noticed = [(group, account, came) for group, (account, _), came in pairs if account is not None]
    if not noticed:
        return
    groups = Group.objects.in_bulk({group for group, _, _ in noticed})
    accounts = Account.objects.in_bulk({account for _, account, _ in noticed})
    for group, account, came in noticed:
        name, row = groups[group].name, accounts[account]
        more = {
            "ActivityType": "Group membership changed",
            "TO.GROUP" if came else "FROM.GROUP": name,
            "GroupSensitive": groups[group].sensitive,
            "Change": "added" if came else "removed",
        }
        change = Change(
            (row.source, row.key), "Group Membership changed", at, "" if came else name, name if came else "", more
        )
        touched.changes.append(change)
