"""Who may do more than others: an administrator's role, or a seat in a sensitive group, however deeply nested."""

from watchfloor.identities.models import Account, DirectoryPerson, Group, Membership
from watchfloor.identities.nesting import nested_groups, reached

AT_ONCE = 5000


def sensitive_groups() -> dict[int, int]:
    """The sensitive groups and all that are nested in them, with how deep. Two queries."""
    start = Group.objects.filter(sensitive=True, deleted_at__isnull=True).values_list("pk", flat=True)
    return reached(start, nested_groups()[0])


def privileged_people() -> set[int]:
    """The persons who hold an administrator's role or sit in a sensitive group. Four queries."""
    seats = Membership.objects.filter(group__in=list(sensitive_groups()), account__deleted_at__isnull=True)
    found = set(seats.filter(account__person__isnull=False).values_list("account__person_id", flat=True))
    roles = Account.objects.filter(deleted_at__isnull=True, person__isnull=False).exclude(roles=[])
    return found | set(roles.values_list("person_id", flat=True))


def mark_privileged() -> int:
    """Bring the mark `privileged` up to date; returns how many persons it changed for."""
    now = privileged_people()
    before = set(DirectoryPerson.objects.filter(privileged=True).values_list("pk", flat=True))
    for people, mark in ((now - before, True), (before - now, False)):
        numbers = sorted(people)
        for n in range(0, len(numbers), AT_ONCE):
            DirectoryPerson.objects.filter(pk__in=numbers[n : n + AT_ONCE]).update(privileged=mark)
    return len(now ^ before)
