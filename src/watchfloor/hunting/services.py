"""What a person keeps of Explorer, making it ready, and Sigma rules from files."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.http import QueryDict
from django.template.loader import get_template

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.selectors import system_actor
from watchfloor.access.services import authorise
from watchfloor.hunting.advanced.recording import remember
from watchfloor.hunting.advanced.window import Window
from watchfloor.hunting.explorer.charting import chart_part
from watchfloor.hunting.explorer.columns import MAIL, grid_columns
from watchfloor.hunting.explorer.contracts import GridColumn, Prefers
from watchfloor.hunting.explorer.parts import chosen_columns, grid_part, preference_of
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


def choose_density(*, by: Actor, person: Prefers, dense: bool) -> None:
    """Remember for this person whether rows stand close together."""
    authorise(by, Permission.EMAIL_METADATA_READ)
    person.preferences = {**person.preferences, "explorer_dense": dense}
    person.save(update_fields=["preferences"])


def keep_export(*, by: Actor, person: Prefers, keys: Sequence[str], kind: str, table: str) -> tuple[GridColumn, ...]:
    """Remember what this person exports of rows of `table`, and as which kind of file; the columns, all of the table's when none is named."""
    authorise(by, Permission.EMAIL_METADATA_READ)
    wanted = set(keys)
    columns = tuple(one for one in grid_columns(table) if one.key in wanted) or chosen_columns(person, table=table)
    kept = person.preferences.get("explorer_exports") or {}
    exports = {**kept, table: {"kind": kind, "columns": [one.key for one in columns]}}
    person.preferences = {**person.preferences, "explorer_exports": exports}
    person.save(update_fields=["preferences"])
    return columns


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


def note_command(*, text: str, name: str, now: datetime, **outcome: Any) -> None:
    """A query that `name`, an account of this machine, asked from the command line stands in the usage report as others do.

    `outcome` as of a QueryRun: seconds, rows, truncated, rows_read, bytes_read, or the error.
    """
    by = system_actor(f"{name} (command line)"[:180])
    remember(text=text, window=Window.between(None, None), by=by, now=now, interface="command", **outcome)
