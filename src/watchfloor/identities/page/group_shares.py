"""Files that reach a person because a group was given them, the group being theirs directly or by other groups."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from django.db.models import Q

from watchfloor.identities.contracts import PersonNames
from watchfloor.identities.models import FileShare, Group, StoredFile
from watchfloor.identities.page.memberships import GroupLine, groups_of

SENTENCE = "Through the group {}"


@dataclass(frozen=True, slots=True)
class Through:
    """The person's groups by the names that stores may call them by.

    A store that tells of groups itself means its own; any other (a disk, which knows names alone) may mean any directory's.
    """

    by_source: Mapping[str, Mapping[str, GroupLine]] = field(default_factory=dict)
    anywhere: Mapping[str, GroupLine] = field(default_factory=dict)
    telling: frozenset[str] = frozenset()

    def shared(self) -> Q:
        """Which files a group of theirs was given."""
        said = Q(pk__in=[])
        if self.anywhere:
            said |= Q(shares__group=True, shares__whom__in=list(self.anywhere)) & ~Q(source__in=self.telling)
        for source, names in self.by_source.items():
            said |= Q(source=source, shares__group=True, shares__whom__in=list(names))
        return said

    def sentence(self, file: StoredFile, shares: Iterable[FileShare]) -> str:
        """As “Through the group Sales, by way of Sales North”; "" when no group of theirs leads there."""
        known = self.by_source.get(file.source, {}) if file.source in self.telling else self.anywhere
        found = [known[one.whom] for one in shares if one.group and one.whom in known]
        if not found:
            return ""
        nearest = min(found, key=lambda one: (one.steps, one.name))
        way = f", by way of {nearest.through}" if nearest.through else ""
        return SENTENCE.format(nearest.name) + way


def through_groups(person: int, names: PersonNames) -> Through:
    """Their groups as stores name them; five queries at most, one where they are in none."""
    lines = {one.pk: one for one in groups_of(person)}
    if not lines:
        return Through()
    domains = {one.partition("@")[2] for one in names.addresses if "@" in one}
    realms = {one.partition("\\")[0] for one in names.logins if "\\" in one}
    by_source: dict[str, dict[str, GroupLine]] = defaultdict(dict)
    anywhere: dict[str, GroupLine] = {}
    rows = Group.objects.filter(pk__in=list(lines)).values_list("pk", "source", "name", "mail", "key")
    for pk, source, name, mail, key in sorted(
        rows, key=lambda row: -lines[row[0]].steps
    ):  # the nearest is written last
        for called in _called(name, mail, key, domains, realms):
            by_source[source][called] = anywhere[called] = lines[pk]
    telling = frozenset(Group.objects.order_by().values_list("source", flat=True).distinct())
    return Through(by_source, anywhere, telling)


def _called(name: str, mail: str, key: str, domains: Iterable[str], realms: Iterable[str]) -> Iterator[str]:
    """Every name a store may give the group, in lower case as shares are kept."""
    plain = name.lower()
    yield from (one for one in (plain, mail.lower(), key.lower()) if one)
    yield from (f"{plain}@{domain}" for domain in domains)
    yield from (f"{realm}\\{plain}" for realm in realms)
