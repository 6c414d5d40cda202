"""How a person could get at sensitive accounts (US-28): through groups within groups, and through devices where rights and sign-ins meet.

Two kinds of way, each edge with the fact it rests on:
a seat in a group, which lies in a group, which is sensitive; and a device on which this person has administrator's rights (or at
least signs in) and to which a sensitive account signed in, so that its credentials may lie there. Devices chain: an account
whose credentials lie on the first may rule the second. Shortest way to each target; `days` bounds the sign-ins looked at.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from watchfloor.access.contracts import Actor, Permission
from watchfloor.identities.contracts import Hop, SensitivePath
from watchfloor.identities.finding import people_of_names
from watchfloor.identities.models import Account, DirectoryPerson, Group, Membership
from watchfloor.identities.nesting import nested_groups
from watchfloor.identities.page import kql
from watchfloor.lake.selectors import hunt

MOST = 50
"""Ways given at most, the shortest first."""
MOST_DEVICES = 100
MOST_ACCOUNTS = 2000
ROUNDS = 2
"""Devices in a row: person, device, account, device, account."""
SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Seen:
    """Sign-ins of one person to one device: `admin` when any had administrator's rights there."""

    person: int
    device: str
    admin: bool
    last: datetime


@dataclass(slots=True)
class _Way:
    """A person reached so far, and over which edges."""

    person: int
    hops: tuple[Hop, ...] = ()


@dataclass(slots=True)
class _Search:
    """What the walk over devices has seen."""

    ways: dict[int, _Way]
    devices: set[str] = field(default_factory=set)


def paths_to_sensitive(pk: int, *, actor: Actor, now: datetime, days: int = 30) -> tuple[SensitivePath, ...]:
    """The shortest way from a person to each sensitive group and account, nearest first, at most 50.

    Ways over devices need the right to read device events; without it only those through groups are given.
    """
    found = list(_through_groups(pk))
    if actor.may(Permission.INCIDENT_READ):
        found += _over_devices(pk, now=now, since=now - timedelta(days=days))
    return tuple(sorted(found, key=lambda one: (one.hops, one.target.lower()))[:MOST])


def _through_groups(pk: int) -> Iterable[SensitivePath]:
    """From the person's own seats upwards, breadth first, so that the first way to a group is the shortest."""
    who = DirectoryPerson.objects.filter(pk=pk).first()
    if who is None:
        return
    seats = Membership.objects.filter(
        account__person=pk, account__deleted_at__isnull=True, group__deleted_at__isnull=True
    ).select_related("account", "group")
    first: dict[int, Account] = {}
    for seat in seats.order_by("pk"):
        if seat.account is not None:
            first.setdefault(seat.group_id, seat.account)
    above = nested_groups()[1]
    before = _steps(first, above)
    groups = Group.objects.in_bulk(list(before))
    start = ("person", who.name, who.href)
    for group in before:
        if groups[group].sensitive:
            chain = _chain(group, before)
            account = first[chain[0]]
            edges = [
                Hop(
                    *start, *_group_end(groups[chain[0]]), "member", f"{account} is a member of {groups[chain[0]].name}"
                )
            ]
            for lower, upper in pairwise(chain):
                words = f"{groups[lower].name} is itself a member of {groups[upper].name}"
                edges.append(Hop(*_group_end(groups[lower]), *_group_end(groups[upper]), "nested", words))
            row = groups[group]
            yield SensitivePath(row.name, f"/identities/groups/{row.pk}", "group", row.why_sensitive, tuple(edges))


def _group_end(row: Group) -> tuple[str, str, str]:
    return "group", row.name, f"/identities/groups/{row.pk}"


def _steps(start: Iterable[int], above: Mapping[int, Sequence[int]]) -> dict[int, int | None]:
    """Each group reached and the one before it, None for the first."""
    before: dict[int, int | None] = dict.fromkeys(start)
    edge = list(before)
    while edge:
        further: list[int] = []
        for one in edge:
            for upper in above.get(one, ()):
                if upper not in before:
                    before[upper] = one
                    further.append(upper)
        edge = further
    return before


def _chain(group: int, before: Mapping[int, int | None]) -> list[int]:
    chain = [group]
    while (lower := before[chain[-1]]) is not None:
        chain.append(lower)
    return chain[::-1]


def _over_devices(pk: int, *, now: datetime, since: datetime) -> list[SensitivePath]:
    search = _Search({pk: _Way(pk)})
    edge, found = [pk], []
    for _ in range(ROUNDS):
        mine = [one for one in _sign_ins_of(edge, now=now, since=since) if one.device not in search.devices]
        mine = [one for one in mine if one.admin or one.person == pk][:MOST_DEVICES]
        if not mine:
            break
        by_device: dict[str, Seen] = {}
        for one in sorted(mine, key=lambda seen: (not seen.admin, seen.device)):
            by_device.setdefault(one.device, one)
        search.devices |= set(by_device)
        others = [one for one in _sign_ins_on(sorted(by_device), now=now, since=since) if one.person not in search.ways]
        edge = _extend(search, by_device, others)
        found += _sensitive_ways(search, edge)
    return found


def _extend(search: _Search, by_device: Mapping[str, Seen], others: Sequence[Seen]) -> list[int]:
    people = DirectoryPerson.objects.in_bulk(
        {*(one.person for one in others), *(one.person for one in by_device.values())}
    )
    reached: list[int] = []
    for one in sorted(others, key=lambda seen: (not by_device[seen.device].admin, seen.device)):
        holder = by_device[one.device]
        if one.person in search.ways or one.person not in people or holder.person not in people:
            continue
        if not (holder.admin or _is_sensitive(people[one.person])):
            continue
        way = search.ways[holder.person]
        search.ways[one.person] = _Way(
            one.person, (*way.hops, *_hops(people[holder.person], holder, people[one.person], one))
        )
        reached.append(one.person)
    return reached


def _is_sensitive(row: DirectoryPerson) -> bool:
    return row.privileged or "Sensitive" in row.tags


def _hops(holder: DirectoryPerson, rights: Seen, other: DirectoryPerson, there: Seen) -> tuple[Hop, Hop]:
    day, their_day = f"{rights.last:%Y-%m-%d}", f"{there.last:%Y-%m-%d}"
    device = ("device", rights.device, "")
    words = (
        f"{holder.name} has administrator’s rights on {rights.device} (sign-in of {day})"
        if rights.admin
        else f"{holder.name} signs in to {rights.device} (last on {day}); administrator’s rights there were not seen"
    )
    return (
        Hop("person", holder.name, holder.href, *device, "admin" if rights.admin else "signs-in", words),
        Hop(
            *device, "person", other.name, other.href, "credentials",
            f"{other.name} signed in to {there.device} on {their_day}: whoever rules the device may take the credentials",
        ),
    )  # fmt: skip


def _sensitive_ways(search: _Search, people: Iterable[int]) -> list[SensitivePath]:
    found = []
    for row in DirectoryPerson.objects.filter(pk__in=list(people)).order_by("pk"):
        if _is_sensitive(row):
            why = (
                "Holds an administrator’s role or a seat in a sensitive group"
                if row.privileged
                else "Tagged as sensitive"
            )
            found.append(SensitivePath(row.name, row.href, "person", why, search.ways[row.pk].hops))
    return found


def _sign_ins_of(people: Sequence[int], *, now: datetime, since: datetime) -> list[Seen]:
    """The devices these people signed in to."""
    sids: dict[str, int] = {}
    logins: dict[str, int] = {}
    for person, sid, name in Account.objects.filter(person__in=people[:MOST_ACCOUNTS]).values_list(
        "person_id", "sid", "name"
    ):
        sids |= {sid.lower(): person or 0} if sid else {}
        logins |= {name.lower(): person or 0} if name else {}
    parts = [kql.one_of("tolower(AccountSid)", tuple(sids))] if sids else []
    parts += [kql.one_of("tolower(AccountName)", tuple(logins))] if logins else []
    if not parts:
        return []
    return _seen(f"({' or '.join(parts)})", now=now, since=since, only=set(people))


def _sign_ins_on(devices: Sequence[str], *, now: datetime, since: datetime) -> list[Seen]:
    """Who signed in to these devices."""
    return _seen(kql.one_of("tolower(DeviceName)", tuple(devices)), now=now, since=since, only=None)


def _seen(where: str, *, now: datetime, since: datetime, only: set[int] | None) -> list[Seen]:
    text = (
        f'DeviceLogonEvents | where Timestamp > {kql.moment(since)} | where ActionType == "LogonSuccess" and DeviceName != ""'
        f" | where {where} | summarize Last = max(Timestamp), Admin = max(iff(IsLocalAdmin, 1, 0))"
        " by Device = tolower(DeviceName), AccountSid, AccountDomain, AccountName"
    )
    answer = hunt(text, now=now, limit=MOST_ACCOUNTS, timeout=SECONDS)
    columns = [name for name, _ in answer.columns]
    rows = [dict(zip(columns, values, strict=True)) for values in answer.rows]
    known = people_of_names(name for row in rows for name in _names(row))
    found: dict[tuple[int, str], Seen] = {}
    for row in rows:
        person = next((known[name] for name in _names(row) if name in known), None)
        if person is not None and (only is None or person in only):
            one = Seen(person, row["Device"], bool(row["Admin"]), row["Last"])
            found[person, one.device] = _both(found.get((person, one.device)), one)
    return list(found.values())


def _both(before: Seen | None, one: Seen) -> Seen:
    if before is None:
        return one
    return Seen(one.person, one.device, before.admin or one.admin, max(before.last, one.last))


def _names(row: Mapping[str, str]) -> list[str]:
    """The row's account, best name first: SID, DOMAIN\\login, login; lower-case."""
    sid, domain, login = (str(row[name] or "").lower() for name in ("AccountSid", "AccountDomain", "AccountName"))
    full = f"{domain}\\{login}" if domain and login else ""
    return [name for name in (sid, full, login) if name]
