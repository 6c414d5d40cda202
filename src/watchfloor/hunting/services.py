"""What a person keeps of Explorer, making it ready, and Sigma rules from files."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from django.http import QueryDict
from django.template.loader import get_template

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import authorise
from watchfloor.hunting.explorer.charting import chart_part
from watchfloor.hunting.explorer.columns import MAIL, grid_columns
from watchfloor.hunting.explorer.contracts import Prefers
from watchfloor.hunting.explorer.parts import grid_part, preference_of
from watchfloor.hunting.explorer.state import read_state
from watchfloor.hunting.models import SigmaImport
from watchfloor.hunting.sigma.keeping import bring
from watchfloor.hunting.sigma.sources import from_paths


def choose_columns(*, by: Actor, person: Prefers, keys: Sequence[str], table: str = MAIL) -> tuple[str, ...]:
    """Remember the table's columns for this person, in the catalogue's order; none at all means the default ones again."""
    authorise(by, Permission.EMAIL_METADATA_READ)
    kept = tuple(column.key for column in grid_columns(table) if column.key in set(keys))
    person.preferences = {**person.preferences, preference_of(table): list(kept)}
    person.save(update_fields=["preferences"])
    return kept


def warm_up(*, now: datetime) -> None:
    """Ask the lake what the first Explorer page asks and read its templates, so that nobody waits for either."""
    for name in ("page", "chart", "results"):
        get_template(f"hunting/explorer/{name}.html")
    state = read_state(QueryDict(""), now=now)
    chart_part(state)
    grid_part(state, columns=tuple(column for column in grid_columns() if column.default), now=now)


def bring_sigma_rules(
    *, paths: Sequence[Path], by: Actor, now: datetime, switch_on: str = "none", everything: bool = False
) -> SigmaImport:
    """Keep the Sigma rules of files and folders (`sigma.keeping.bring`). Raises BadInput, Forbidden."""
    source = ", ".join(str(path) for path in paths)
    return bring(files=from_paths(paths), source=source, by=by, now=now, switch_on=switch_on, everything=everything)
