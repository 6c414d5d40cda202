"""The groups a person is in, directly and through other groups, with those that rule over others marked (US-21)."""

from dataclasses import dataclass

from watchfloor.identities.models import Group, Membership
from watchfloor.identities.nesting import nested_groups, reached

MOST = 1000


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One group: `through` names the direct group that leads there, "" when the person is a direct member."""

    pk: int
    name: str
    source: str
    description: str
    sensitive: bool
    why_sensitive: str
    steps: int
    through: str = ""

    @property
    def href(self) -> str:
        return f"/identities/groups/{self.pk}"


def groups_of(person: int) -> tuple[GroupLine, ...]:
    """Sensitive ones first, then by how near; at most 1,000. Three queries."""
    seats = Membership.objects.filter(account__person=person, account__deleted_at__isnull=True)
    direct = list(dict.fromkeys(seats.filter(group__deleted_at__isnull=True).values_list("group_id", flat=True)))
    if not direct:
        return ()
    above = nested_groups()[1]
    steps = reached(direct, above)
    through = {further: one for one in direct for further in reached([one], above)}
    rows = {row.pk: row for row in Group.objects.filter(pk__in=list(steps)[:MOST])}
    found = [_line(row, steps[pk], rows.get(through[pk])) for pk, row in rows.items()]
    return tuple(sorted(found, key=lambda one: (not one.sensitive, one.steps, one.name.lower())))


def _line(row: Group, steps: int, through: Group | None) -> GroupLine:
    lead = through.name if steps and through else ""
    return GroupLine(row.pk, row.name, row.source, row.description, row.sensitive, row.why_sensitive, steps, lead)
