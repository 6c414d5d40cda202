"""Groups: what they are, who is in them directly or through other groups, and how they nest. All members, not the first thousand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from watchfloor.identities.contracts import GroupDetail, GroupMember
from watchfloor.identities.models import Account, Group, Membership
from watchfloor.identities.nesting import Edges, nested_groups, reached

PAGE = 100
DEEPEST = 20
WIDEST = 500
"""Groups drawn in a tree; a larger one says how many it leaves out."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One group in the tree of those nested in another; `circle` when it stands above itself."""

    pk: int
    name: str
    sensitive: bool
    members: int
    circle: bool
    branches: "tuple[Branch, ...]" = ()

    @property
    def href(self) -> str:
        return f"/identities/groups/{self.pk}"


def group_by_id(pk: int) -> GroupDetail | None:
    """A group with its numbers of members; None when there is none. Five queries."""
    row = Group.objects.filter(pk=pk).first()
    if row is None:
        return None
    below, above = nested_groups()
    seats = Membership.objects.filter(group=pk, account__isnull=False, account__deleted_at__isnull=True)
    around = [one for one in reached([pk], above) if one != pk]
    return GroupDetail(
        pk=row.pk,
        name=row.name,
        source=row.source,
        description=row.description,
        mail=row.mail,
        dn=row.dn,
        sid=row.sid,
        sensitive=row.sensitive,
        why_sensitive=row.why_sensitive,
        created_at=row.created_at,
        deleted_at=row.deleted_at,
        seen_at=row.seen_at,
        direct=seats.count(),
        members=members_of(pk, below=below).count(),
        nested=len(below.get(pk, ())),
        inside=tuple(
            (one.name, f"/identities/groups/{one.pk}") for one in Group.objects.filter(pk__in=around).order_by("name")
        ),
    )


def members_of(pk: int, *, below: Edges | None = None, search: str = "") -> QuerySet[Account]:
    """Every account in a group or in one nested in it, each once, by name."""
    groups = reached([pk], below if below is not None else nested_groups()[0])
    seats = Membership.objects.filter(group__in=list(groups), account__isnull=False)
    found = Account.objects.filter(pk__in=seats.values("account_id"), deleted_at__isnull=True)
    return (found.filter(person__name__icontains=search) if search else found).order_by("display_name", "name", "pk")


def member_page(pk: int, *, page: int, search: str = "") -> tuple[GroupMember, ...]:
    """One page of members, from 1, each with how it got in. Five queries."""
    rows = members_of(pk, search=search).select_related("person")[(page - 1) * PAGE : page * PAGE]
    return _lines(pk, list(rows))


def every_member(pk: int) -> Iterator[GroupMember]:
    """All members, read piece by piece, for the export."""
    some: list[Account] = []
    for row in members_of(pk).select_related("person").iterator(PAGE * 5):
        some.append(row)
        if len(some) == PAGE * 5:
            yield from _lines(pk, some)
            some = []
    yield from _lines(pk, some)


def _lines(pk: int, rows: Sequence[Account]) -> tuple[GroupMember, ...]:
    steps = reached([pk], nested_groups()[0])
    seats = Membership.objects.filter(account__in=[row.pk for row in rows], group__in=list(steps))
    nearest: dict[int, tuple[int, str]] = {}
    for account, group, name in seats.values_list("account_id", "group_id", "group__name"):
        nearest[account] = min(nearest.get(account, (10**6, "")), (steps[group], "" if group == pk else name))
    return tuple(
        GroupMember(
            account=row.pk,
            person=row.person_id,
            name=row.person.name if row.person else row.display_name or row.name,
            address=row.person.address if row.person else row.upn or row.mail,
            label=row.upn or row.mail or row.name or row.key,
            provider=row.provider,
            enabled=row.enabled,
            through=nearest.get(row.pk, (0, ""))[1],
            department=str((row.facts or {}).get("department", "")),
        )
        for row in rows
    )


def tree_of(pk: int) -> Branch | None:
    """The groups nested in a group, as a tree; a group that contains itself ends there. Three queries."""
    below = nested_groups()[0]
    groups = list(reached([pk], below))[:WIDEST]
    rows = {row.pk: row for row in Group.objects.filter(pk__in=groups)}
    counts = dict(
        Membership.objects.filter(group__in=groups, account__isnull=False)
        .values_list("group_id")
        .annotate(members=Count("id"))
        .values_list("group_id", "members")
    )
    return _branch(pk, rows, counts, below, (), set()) if pk in rows else None


def _branch(
    pk: int, rows: Mapping[int, Group], counts: Mapping[int, int], below: Edges, path: tuple[int, ...], drawn: set[int]
) -> Branch:
    """A group reached on a second way is drawn without what is in it: otherwise groups that share groups would fill the page."""
    circle = pk in path
    deeper = pk not in drawn and len(path) < DEEPEST
    drawn.add(pk)
    further = tuple(one for one in below.get(pk, ()) if one in rows) if deeper else ()
    branches = tuple(_branch(one, rows, counts, below, (*path, pk), drawn) for one in further)
    row = rows[pk]
    return Branch(pk, row.name, row.sensitive, counts.get(pk, 0), circle, branches)
