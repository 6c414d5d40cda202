"""Where the lake lies: the look at it before the start, and moving it."""

import logging
from collections.abc import Callable, Iterator

import typer
from rich.progress import Progress, TaskID

from watchfloor.kernel.errors import Unreachable
from watchfloor.lake.contracts import MovedTable
from watchfloor.lake.services import check_place, move, move_home

log = logging.getLogger(__name__)


def check_lake() -> None:
    """Raise NotConfigured when the lake's place cannot be used; one that is only away now does not stop the start."""
    try:
        check_place()
    except Unreachable as error:
        log.warning("%s: mail is taken in, events of before the last minutes cannot be read until it answers", error)


def move_lake() -> None:
    """Bring the lake into the object store, table by table, and say what went."""
    moved = _shown(move)
    typer.echo("Nothing lay here." if not moved else "The copies left here, in lake/moved, can be deleted.")


def move_lake_back() -> None:
    """Bring the lake home from the object store, table by table, and say what came."""
    moved = _shown(move_home)
    typer.echo("Nothing was left to bring." if not moved else "The copies in the object store are left as they are.")
    typer.echo("Take lake_location out of the settings now; the server does not start before that.")


def _shown(moving: Callable[..., Iterator[MovedTable]]) -> list[MovedTable]:
    with Progress(transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def heard(table: str, done: int, total: int) -> None:
            if table not in tasks:
                tasks[table] = bar.add_task(table, total=total)
            bar.update(tasks[table], completed=done)

        moved = list(moving(progress=heard))
    for one in moved:
        typer.echo(f"{one.name}: {one.rows:,} rows in {one.files:,} files, {one.bytes / 1e6:,.1f} MB")
    return moved
