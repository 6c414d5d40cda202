"""The lines of the list: a page of them with everything it shows, or all of them in a stream."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from watchfloor.identities.contracts import PersonLine
from watchfloor.identities.listing.filters import Filter, found_by
from watchfloor.identities.models import Account, DirectoryPerson
from watchfloor.identities.tags import STATES, tags_of_people

PAGE = 50
STREAMED = 500
USUAL, _, USUAL_WORDS = STATES["active"]


@dataclass(frozen=True, slots=True)
class Listing:
    """One page and how many people the filter leaves."""

    rows: tuple[PersonLine, ...]
    total: int
    page: int
    size: int = PAGE


def page_of(chosen: Filter, *, page: int, now: datetime) -> Listing:
    """Page `page`, from 1; a page behind the last is the last. As many queries for any number of rows.

    First the numbers, which an index alone gives however deep the page, then these fifty rows.
    """
    people = found_by(chosen, now=now)
    total = people.order_by().count()
    number = min(max(page, 1), max(1, -(-total // PAGE)))
    numbers = list(people.values_list("pk", flat=True)[(number - 1) * PAGE : number * PAGE])
    found = DirectoryPerson.objects.select_related("risk").in_bulk(numbers)
    rows = [found[one] for one in numbers if one in found]
    return Listing(lines_of(rows, now=now), total, number)


def every_line(chosen: Filter, *, now: datetime) -> Iterator[PersonLine]:
    """All lines in the order of the list, read piece by piece."""
    some: list[DirectoryPerson] = []
    for row in found_by(chosen, now=now).select_related("risk").iterator(STREAMED):
        some.append(row)
        if len(some) == STREAMED:
            yield from lines_of(some, now=now)
            some = []
    yield from lines_of(some, now=now)


def lines_of(rows: Sequence[DirectoryPerson], *, now: datetime) -> tuple[PersonLine, ...]:
    """The lines of these persons, in their order."""
    numbers = [row.pk for row in rows]
    if not numbers:
        return ()
    tags, providers = tags_of_people(numbers, now=now), _providers(numbers)
    return tuple(_line(row, tags.get(row.pk, ()), providers[row.pk]) for row in rows)


def _providers(numbers: Iterable[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    known = Account.objects.filter(person__in=numbers, deleted_at__isnull=True).order_by("provider")
    for person, provider in known.values_list("person_id", "provider").distinct():
        found[person or 0].append(provider)
    return found


def _line(row: DirectoryPerson, tags: tuple, providers: Sequence[str]) -> PersonLine:  # type: ignore[type-arg]
    risk = getattr(row, "risk", None)
    # That somebody may sign in is so of nearly everybody; beside each name it would only be noise.
    told = tuple(tag for tag in tags if tag.name != USUAL or tag.words != USUAL_WORDS)
    return PersonLine(
        pk=row.pk,
        name=row.name,
        address=row.address,
        department=row.department,
        title=row.title,
        company=row.company,
        manager=row.manager,
        status=row.status,
        external=row.external,
        service=row.service,
        providers=tuple(providers),
        tags=told,
        level=risk.level if risk else "none",
        score=risk.score if risk else 0.0,
        percentile=risk.percentile if risk else 0.0,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
    )
