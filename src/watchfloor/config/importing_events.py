"""What `watchfloor import-events` does: bring the files, store their rows, show progress, print the outcome."""

import json
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.config.slices import load
from watchfloor.connectors.contracts import EventsImported, Refused
from watchfloor.connectors.selectors import dead_letters
from watchfloor.connectors.services import import_events
from watchfloor.kernel.text import visible
from watchfloor.runtime.services import run_ticks

MOST_SHOWN = 20


def import_with_progress(
    paths: list[Path], *, shape: str, mapping: Path | None, name: str, refused_to: Path | None, now: datetime
) -> bool:
    """Bring each file below `paths`; True when nothing was refused."""
    load("jobs")
    console = Console(stderr=True)
    shown: list[Refused] = []
    columns = (TextColumn("{task.description}"), TimeElapsedColumn())
    with (
        refused_to.open("w", encoding="utf-8") if refused_to else nullcontext() as out,
        Progress(*columns, console=console) as bar,
    ):
        line = bar.add_task("Reading", total=None)
        read = 0

        def refuse(one: Refused) -> None:
            if len(shown) < MOST_SHOWN:
                shown.append(one)
            if out is not None:
                out.write(json.dumps({"place": one.place, "reason": one.reason}, ensure_ascii=False) + "\n")

        def advance(records: int) -> None:
            nonlocal read
            read += records
            bar.update(line, description=f"{read:,} records read")

        done = import_events(
            paths=_files(paths),
            shape=shape,
            mapping=mapping.read_text(encoding="utf-8") if mapping else "",
            source=name,
            by=system_actor("the command line", Permission.CONNECTION_MANAGE),
            now=now,
            refused=refuse,
            progress=advance,
        )
        storing = bar.add_task("Storing", total=None)
        run_ticks("lake.observe", progress=lambda rows: bar.update(storing, description=f"{rows:,} rows stored"))
    buried = [Refused(letter.place, letter.reason) for letter in dead_letters().filter(source=name, at__gte=now)]
    typer.echo(_sentence(done))
    for one in [*shown, *buried[:MOST_SHOWN]]:
        typer.echo(f"  {visible(one.place)}: {visible(one.reason)}", err=True)
    if done.refused > MOST_SHOWN:
        typer.echo(f"  and {done.refused - MOST_SHOWN:,} more; --refused FILE writes all of them", err=True)
    return not done.refused and not buried


def _files(paths: list[Path]) -> list[Path]:
    """Named files as they are, and the files below named folders by name."""
    return [
        file
        for path in paths
        for file in (sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path])
    ]


def _sentence(done: EventsImported) -> str:
    kinds = ", ".join(f"{count:,} {source}" for source, count in sorted(done.sources.items()))
    known = f" ({kinds})" if kinds else ""
    return f"{done.records:,} records were read{known}, {done.rows:,} rows came of them, {done.refused:,} records were refused"
