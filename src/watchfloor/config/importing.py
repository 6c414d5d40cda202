"""What `watchfloor import` and `watchfloor inspect` do: call the slices, show progress, print the outcome."""

import json
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from watchfloor.config.options import options
from watchfloor.inspection.contracts import Envelope, TenantFacts
from watchfloor.inspection.services import as_json as inspection_as_json
from watchfloor.inspection.services import as_text, inspect_safely
from watchfloor.kernel.clock import utc_now

MOST_REFUSED_SHOWN = 20


def inspect_file(file: Path, *, as_json: bool, exported: bool = False) -> str:
    """The whole inspection of one mail, in a limited process, as words or JSON."""
    facts = TenantFacts(
        own_domains=frozenset(options().list_of("own_domains")),
        authserv_ids=frozenset(options().list_of("authserv_ids")),
        microsoft_tenants=frozenset(options().list_of("microsoft_tenants")),
    )
    found = inspect_safely(file.read_bytes(), envelope=Envelope(exported=exported), facts=facts, now=utc_now())
    return json.dumps(inspection_as_json(found), indent=2, ensure_ascii=False) if as_json else as_text(found)


def import_with_progress(paths: list[Path], *, source: str, exported: bool = False) -> int:
    """Import `paths`, then inspect what came in; exit code 1 when something was refused.

    `exported` vouches that they are exports of our own Microsoft 365 tenant.
    """
    from watchfloor.config.slices import load
    from watchfloor.connectors.services import import_paths
    from watchfloor.lake.selectors import emails_known
    from watchfloor.runtime.services import run_ticks

    load("jobs")
    known = emails_known()
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}"), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        reading = bar.add_task("Reading", total=None)
        named = [
            path.resolve() for path in paths
        ]  # a link that somebody names is meant; one that is found is not followed
        summary = import_paths(
            named, source=source, progress=lambda more: bar.advance(reading, more), exported=exported
        )
        bar.update(reading, total=summary.accepted, completed=summary.accepted)
        inspecting = bar.add_task("Inspecting", total=summary.accepted)
        run_ticks("lake.ingest", progress=lambda done: bar.update(inspecting, completed=done))
    again = max(0, summary.accepted - (emails_known() - known))
    console.print(f"{summary.accepted} accepted, of which {again} were known already; {len(summary.refused)} refused")
    for refused in summary.refused[:MOST_REFUSED_SHOWN]:
        console.print(f"  {refused.place}: {refused.reason}", markup=False, soft_wrap=True)  # a path stays whole
    if len(summary.refused) > MOST_REFUSED_SHOWN:
        console.print(f"  and {len(summary.refused) - MOST_REFUSED_SHOWN} more: see Settings, Dead letters")
    return 1 if summary.refused else 0
