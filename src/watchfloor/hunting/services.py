"""What a person keeps of Explorer, and making it ready."""

from collections.abc import Sequence
from datetime import datetime

from django.http import QueryDict
from django.template.loader import get_template

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import authorise
from watchfloor.hunting.catalogue import grid_columns
from watchfloor.hunting.contracts import Prefers
from watchfloor.hunting.selectors import chart_part, grid_part
from watchfloor.hunting.state import read_state


def choose_columns(*, by: Actor, person: Prefers, keys: Sequence[str]) -> tuple[str, ...]:
    """Remember the table's columns for this person, in the catalogue's order; none at all means the default ones again."""
    authorise(by, Permission.EMAIL_METADATA_READ)
    kept = tuple(column.key for column in grid_columns() if column.key in set(keys))
    person.preferences = {**person.preferences, "explorer_columns": list(kept)}
    person.save(update_fields=["preferences"])
    return kept


def warm_up(*, now: datetime) -> None:
    """Ask the lake what the first Explorer page asks and read its templates, so that nobody waits for either."""
    for name in ("explorer", "chart", "results"):
        get_template(f"hunting/{name}.html")
    state = read_state(QueryDict(""), now=now)
    chart_part(state)
    grid_part(state, columns=tuple(column for column in grid_columns() if column.default), now=now)
