"""Who may be the same person: what a rule found and did not join, for a person to decide."""

from watchfloor.identities.contracts import Suggestion
from watchfloor.identities.models import Account, DirectoryPerson


def suggestions_of(pk: int) -> tuple[Suggestion, ...]:
    """The people whom this person's accounts hint at, each once, without those merged meanwhile. Two queries."""
    hints: dict[int, tuple[Account, str]] = {}
    for row in Account.objects.filter(person=pk).order_by("pk"):
        for person, words in (row.joined or {}).get("suggested", ()):
            hints.setdefault(person, (row, words))
    people = DirectoryPerson.objects.select_related("merged_into").in_bulk(list(hints))
    found: dict[int, Suggestion] = {}
    for person, (row, words) in hints.items():
        other = people.get(person)
        other = (other.merged_into or other) if other else None
        if other is not None and other.pk != pk:
            found.setdefault(other.pk, Suggestion(row.pk, str(row), other.pk, other.name, other.address, words))
    return tuple(found.values())


def merged_into(pk: int) -> tuple[tuple[int, str, str], ...]:
    """The people who were merged into this one: number, name and why."""
    rows = DirectoryPerson.objects.filter(merged_into=pk).order_by("pk")
    return tuple((row.pk, row.name, str(row.merged.get("words", ""))) for row in rows)
