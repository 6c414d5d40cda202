"""Who people are, as the scoring needs them: their circles, and what makes them important."""

from collections import defaultdict
from collections.abc import Collection

from watchfloor.connectors.selectors import tenant_facts
from watchfloor.identities.contracts import PRIORITY
from watchfloor.identities.models import Account, DirectoryPerson, Membership
from watchfloor.identities.scoring.past import Who

MOST_GROUPS = 5
HONEYTOKEN = "honeytoken"
VIP = ("vip", PRIORITY.lower())
SENSITIVE = ("sensitive", "privileged account", "privileged")


def whom(pks: Collection[int]) -> dict[int, Who]:
    """These people by number; three queries."""
    people = DirectoryPerson.objects.in_bulk(list(pks))
    roles: dict[int, list[str]] = defaultdict(list)
    enabled: dict[int, bool] = {}
    accounts = Account.objects.filter(person__in=people, deleted_at=None).order_by("pk")
    for person, provider, held, on in accounts.values_list("person_id", "provider", "roles", "enabled"):
        if person is not None:
            roles[person] += [f"{role} in {provider}" for role in held or ()]
            enabled[person] = enabled.get(person, False) or on
    members = Membership.objects.filter(account__person__in=people, group__sensitive=True, group__deleted_at=None)
    named = members.values_list("account__person_id", "group__name").order_by("-pk")
    groups = {person: name for person, name in named if person is not None}
    domains = frozenset(tenant_facts().own_domains)
    return {
        pk: _who(row, roles.get(pk, []), groups.get(pk, ""), enabled=enabled.get(pk, True), domains=domains)
        for pk, row in people.items()
    }


def _who(row: DirectoryPerson, roles: list[str], group: str, *, enabled: bool, domains: frozenset[str]) -> Who:
    tags = {tag.lower(): tag for tag in row.tags}
    importance, why = _importance(row, tags, roles, group)
    return Who(
        pk=row.pk,
        name=row.name,
        address=row.address,
        circles=circles_of(row),
        importance=importance,
        why=why,
        honeytoken=HONEYTOKEN in tags,
        enabled=enabled,
        domains=domains,
    )


def _importance(row: DirectoryPerson, tags: dict[str, str], roles: list[str], group: str) -> tuple[str, str]:
    """The one that weighs most, and why in words."""
    if roles or row.privileged:
        return "privileged", f"{row.name} holds {', '.join(roles[:3]) or 'a privileged account'}"
    if group:
        return "sensitive", f"{row.name} is a member of the sensitive group “{group}”"
    if marked := next((tags[tag] for tag in SENSITIVE if tag in tags), ""):
        return "sensitive", f"{row.name} is tagged “{marked}”"
    if marked := next((tags[tag] for tag in VIP if tag in tags), ""):
        return "vip", f"{row.name} is tagged “{marked}”"
    return "", ""


def circles_of(row: DirectoryPerson) -> tuple[str, ...]:
    """The scopes of a person's peers: department, title and the first few groups."""
    found = [f"department:{row.department}"] if row.department else []
    found += [f"title:{row.title}"] if row.title else []
    found += [f"group:{name}" for name in sorted(row.groups)[:MOST_GROUPS]]
    return tuple(scope[:300] for scope in found)
