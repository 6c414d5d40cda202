"""Importing files: read, made durable in batches, what is refused onto the dead-letter page."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from watchfloor.connectors import intake
from watchfloor.connectors.burying import bury_unread
from watchfloor.connectors.contracts import ImportSummary, NewMail, Refused
from watchfloor.kernel.clock import utc_now

BATCH_MAILS = 200
BATCH_BYTES = 32 * 2**20


def nothing(_: int) -> None:
    """A progress that nobody watches."""


def import_paths(
    paths: Iterable[Path],
    *,
    source: str = "import",
    progress: Callable[[int], None] = nothing,
    exported: bool = False,
) -> ImportSummary:
    """Take in every mail below `paths`. `progress` is called with how many more mails are now durable or refused.

    `exported` vouches that they are exports of our own Microsoft 365 tenant, whose headers inspection then believes.
    """
    from watchfloor.connectors.systems.files.reading import read_paths

    accepted, refused = 0, []
    batch: list[NewMail] = []
    size = 0
    for found in read_paths(paths, source=source, now=utc_now()):
        if isinstance(found, Refused):
            bury_unread(source=source, place=found.place, reason=found.reason)
            refused.append(found)
            progress(1)
            continue
        batch.append(replace(found, facts=found.facts | {"exported": True}) if exported else found)
        size += len(found.raw)
        if len(batch) >= BATCH_MAILS or size >= BATCH_BYTES:
            accepted += _take_in(batch, progress)
            batch, size = [], 0
    accepted += _take_in(batch, progress)
    return ImportSummary(accepted, tuple(refused))


def _take_in(batch: list[NewMail], progress: Callable[[int], None]) -> int:
    if batch:
        intake.take_in(batch)
        progress(len(batch))
    return len(batch)
