"""What a person keeps of Explorer."""

from collections.abc import Sequence

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import authorise
from watchfloor.hunting.catalogue import grid_columns
from watchfloor.hunting.contracts import Prefers


def choose_columns(*, by: Actor, person: Prefers, keys: Sequence[str]) -> tuple[str, ...]:
    """Remember the table's columns for this person, in the catalogue's order; none at all means the default ones again."""
    authorise(by, Permission.EMAIL_METADATA_READ)
    kept = tuple(column.key for column in grid_columns() if column.key in set(keys))
    person.preferences = {**person.preferences, "explorer_columns": list(kept)}
    person.save(update_fields=["preferences"])
    return kept
