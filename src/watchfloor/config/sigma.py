"""The command `sigma import`: rules from files and folders, and what became of them."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import typer

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.hunting.services import bring_sigma_rules
from watchfloor.kernel.text import visible

OPERATOR = system_actor("command line", *Permission)


def import_rules(paths: Sequence[Path], *, switch_on: str, again: bool, as_json: bool, now: datetime) -> None:
    """Import and print the outcome. Raises BadInput."""
    told = bring_sigma_rules(paths=paths, by=OPERATOR, now=now, switch_on=switch_on, everything=again)
    counts = {
        "new": told.new,
        "changed": len(told.changed),
        "same": told.same,
        "converted": told.converted,
        "refused": len(told.refused),
        "switched_on": told.switched_on,
        "skipped": told.skipped,
    }
    if as_json:
        typer.echo(json.dumps({**counts, "refusals": told.refused}, ensure_ascii=False))
        return
    for _, title, words in told.changed:
        typer.echo(f"changed: {visible(title)}: {visible(words)}")
    for one in told.refused:
        typer.echo(f"refused: {visible(one['place'])}: {visible(one['words'])}")
    typer.echo(", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in counts.items()))
