"""Groups within groups: walked in memory, as even large directories nest a few thousand; circles end where they close."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from watchfloor.identities.models import Membership

Edges = Mapping[int, tuple[int, ...]]
"""Group -> groups directly in it (or directly around it)."""


def nested_groups() -> tuple[Edges, Edges]:
    """(members of each group, groups around each group), between groups only. One query."""
    below: dict[int, list[int]] = defaultdict(list)
    above: dict[int, list[int]] = defaultdict(list)
    rows = Membership.objects.filter(
        member_group__isnull=False, group__deleted_at__isnull=True, member_group__deleted_at__isnull=True
    )
    for group, nested in rows.order_by("pk").values_list("group_id", "member_group_id"):
        below[group].append(nested)
        above[nested].append(group)
    return {one: tuple(many) for one, many in below.items()}, {one: tuple(many) for one, many in above.items()}


def reached(start: Iterable[int], edges: Edges) -> dict[int, int]:
    """Every group reached from `start`, which count too, with the number of steps; each is visited once."""
    steps = dict.fromkeys(start, 0)
    edge = list(steps)
    while edge:
        further = [nested for one in edge for nested in edges.get(one, ()) if nested not in steps]
        steps |= {one: steps[before] + 1 for before in edge for one in edges.get(before, ()) if one not in steps}
        edge = list(dict.fromkeys(further))
    return steps
