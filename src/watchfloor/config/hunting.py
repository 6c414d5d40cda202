"""The commands `query` and `kql check`: KQL from the command line."""

import csv
import getpass
import json
import os
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.parquet as pq
import typer

from watchfloor.config.slices import load
from watchfloor.hunting.services import note_command
from watchfloor.kernel.errors import BadInput, WatchfloorError
from watchfloor.kernel.text import visible
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.selectors import Answer, check_files, hunt

WIDEST = 60


def run_query(text: str, *, engine: str, form: str, out: Path | None, limit: int, now: datetime) -> None:
    """Answer a query in a form. Raises BadInput with line and column of what is refused."""
    if form not in WRITERS and form != "parquet":
        raise BadInput(f"a format is one of {', '.join((*WRITERS, 'parquet'))}", place="--format")
    load("panels")  # what slices above the lake give it, such as the incidents
    answer = _noted(text, engine=engine, limit=limit, now=now)
    if form == "parquet":
        _parquet(answer, out)
    elif out is None:
        WRITERS[form](answer, sys.stdout)
    else:
        with out.open("w", encoding="utf-8", newline="") as handle:
            WRITERS[form](answer, handle)
    more = f"; there are more than {limit:,}" if answer.truncated else ""
    typer.echo(f"{answer.table.num_rows:,} rows in {answer.seconds:.2f} s{more}", err=True)


def _noted(text: str, *, engine: str, limit: int, now: datetime) -> Answer:
    """The answer, and the run in the usage report, whatever became of it."""
    note = partial(note_command, text=text, name=_account(), now=now)
    try:
        answer = hunt(text, now=now, limit=limit, on=engine)
    except KqlError as error:
        line, column = error.position(text)
        note(error=error.words)
        raise BadInput(error.words, place=f"line {line}, column {column}") from None
    except WatchfloorError as error:
        note(error=error.message)
        raise
    note(
        seconds=answer.seconds,
        rows=answer.table.num_rows,
        truncated=answer.truncated,
        rows_read=answer.cost.rows,
        bytes_read=answer.cost.bytes,
    )
    return answer


def _account() -> str:
    """Whose shell it is; a container's number may have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _table(answer: Answer, out: TextIO) -> None:
    names = [name for name, _ in answer.columns]
    rows = [[visible(_text(value))[:WIDEST] for value in row] for row in answer.printed()]
    widths = [max(len(line[place]) for line in (names, *rows)) for place in range(len(names))]
    for line in (names, ["-" * width for width in widths], *rows):
        out.write("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n")


def _csv(answer: Answer, out: TextIO) -> None:
    writer = csv.writer(out)
    writer.writerow(name for name, _ in answer.columns)
    writer.writerows([_text(value) for value in row] for row in answer.printed())


def _json(answer: Answer, out: TextIO) -> None:
    names = [name for name, _ in answer.columns]
    json.dump([dict(zip(names, row, strict=True)) for row in answer.printed()], out, ensure_ascii=False, indent=1)
    out.write("\n")


WRITERS: dict[str, Callable[[Answer, TextIO], None]] = {"table": _table, "csv": _csv, "json": _json}


def _parquet(answer: Answer, out: Path | None) -> None:
    if out is None:
        raise BadInput("Parquet is not for a screen; name a file", place="--output")
    used: set[str] = set()
    names = []
    for name, _ in answer.columns:
        while name.lower() in used:
            name += "_"
        used.add(name.lower())
        names.append(name)
    columns = [column.cast(pa.string()) if pa.types.is_null(column.type) else column for column in answer.table.columns]
    pq.write_table(pa.table(columns, names=names), out, compression="zstd")


def check(paths: Iterable[Path], *, as_json: bool, now: datetime) -> bool:
    """Print what is refused and where, then the counts; whether all parses, and all that is ours binds."""
    counts = {"queries": 0, "in_scope": 0, "parsed": 0, "compiled": 0}
    for one in check_files(paths, now=now):
        counts["queries"] += 1
        for key in ("in_scope", "parsed", "compiled"):
            counts[key] += getattr(one, key)
        if as_json:
            typer.echo(json.dumps(_plain(one), ensure_ascii=False))
        elif one.reason:
            typer.echo(f"{one.place}: {one.reason}")
    typer.echo(json.dumps(counts))
    return counts["parsed"] == counts["queries"] and counts["compiled"] == counts["in_scope"]


def _plain(one: Any) -> dict[str, Any]:
    names = ("name", "parsed", "in_scope", "compiled", "reason", "line", "column", "tables", "columns")
    return {name: getattr(one, name) for name in names}
