"""What `watchfloor lake append` does: bring files of rows, show progress, print what was refused."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO

import typer
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.kernel.text import visible
from watchfloor.lake.contracts import Brought, Refused
from watchfloor.lake.services import append_file

MOST_SHOWN = 20


def bring_files(
    table: str, paths: list[Path], *, skip: list[str], again: bool, refused_to: Path | None, now: datetime
) -> bool:
    """Bring each file; True when nothing was refused. Every refused row goes to `refused_to` as a line of JSON."""
    console = Console(stderr=True)
    shown: list[Refused] = []
    by = system_actor("the command line", Permission.CONNECTION_MANAGE)
    good = True
    with (
        _writing(refused_to) as out,
        Progress(TextColumn("{task.description}"), TimeElapsedColumn(), console=console) as bar,
    ):
        for path in paths:
            line = bar.add_task(f"{path.name}", total=None)

            def refuse(one: Refused) -> None:
                if len(shown) < MOST_SHOWN:
                    shown.append(one)
                if out is not None:
                    out.write(json.dumps({"place": one.place, "reason": one.reason}, ensure_ascii=False) + "\n")

            def advance(rows: int, line: object = line, name: str = path.name) -> None:
                bar.update(line, description=f"{name}: {rows:,} rows")  # type: ignore[arg-type]

            brought = append_file(
                table=table, path=path, now=now, by=by, skip=skip, again=again, refused=refuse, progress=advance
            )
            good = good and not brought.refused
            typer.echo(_sentence(path, brought))
    for one in shown:
        typer.echo(f"  {visible(one.place)}: {visible(one.reason)}", err=True)
    if len(shown) == MOST_SHOWN:
        typer.echo("  and perhaps more; --refused FILE writes all of them", err=True)
    return good


def _sentence(path: Path, brought: Brought) -> str:
    left = f"; left out: {', '.join(brought.left_out)}" if brought.left_out else ""
    counts = f"{brought.accepted:,} rows came into {brought.table}, {brought.known:,} were known, {brought.refused:,} refused"
    return f"{path.name}: {counts}{left}"


@contextmanager
def _writing(path: Path | None) -> Iterator[TextIO | None]:
    if path is None:
        yield None
        return
    with path.open("w", encoding="utf-8") as handle:
        yield handle
